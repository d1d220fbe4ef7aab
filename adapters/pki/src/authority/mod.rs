//! A small certificate authority, for trying things out.
//!
//! It issues certificates as OCPP wants them (A00.FR.501 to A00.FR.514), revokes them, and answers questions of OCSP about
//! them. Its key lies in a file: a real one belongs into hardware of its own (A02.FR.04).

mod register;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs, io};

use der::Encode;
use der::asn1::{Ia5String, ObjectIdentifier};
use pilotwire::DateTime;
use pilotwire::domain::Subject;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    PKCS_RSA_SHA256, PublicKeyData, RevokedCertParams, SanType, SerialNumber, SignatureAlgorithm,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AccessDescription, AuthorityInfoAccessSyntax};

use crate::certificate::{COMMON_NAME, Certificate, ORGANIZATION, serial_bytes, serial_text};
use crate::csr::Csr;
use crate::keys::key_pair;
use crate::ocsp::answer::{self, Responder};
use crate::pem::ChainError;
use crate::{chain, files, host, pem};
use register::{BadLine, Register};

const KEY_FILE: &str = "authority.key";
const CHAIN_FILE: &str = "authority.pem";
const REGISTER_FILE: &str = "register";
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");

/// From when until when a certificate is valid; both moments belong to it. Certificates know whole seconds only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Its first moment.
    pub not_before: DateTime,
    /// Its last moment.
    pub not_after: DateTime,
}

impl Validity {
    /// So many days from this moment on.
    pub fn days(from: DateTime, days: u32) -> Self {
        Self { not_before: from, not_after: from.saturating_add_millis(i64::from(days) * 86_400_000) }
    }
}

/// A certificate, and its key, which was made here.
pub struct Issued {
    /// The certificate and the sub-CAs above it, in PEM, without the root.
    pub chain_pem: String,
    /// The private key.
    pub private_key: PrivatePkcs8KeyDer<'static>,
}

impl Issued {
    /// Writes both as files in PEM that their owner alone can read, each whole or not at all; the key first.
    ///
    /// # Errors
    /// The storage failed.
    pub fn save(&self, chain: &Path, key: &Path) -> Result<(), AuthorityError> {
        let storage = |path: &Path, error| AuthorityError::Storage { path: path.to_owned(), error };
        let text = pem::encode("PRIVATE KEY", self.private_key.secret_pkcs8_der());
        files::write(key, text.as_bytes()).map_err(|error| storage(key, error))?;
        files::write(chain, self.chain_pem.as_bytes()).map_err(|error| storage(chain, error))
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
}

/// Why an authority did not do what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The storage failed. The environment's fault. Nothing was issued or revoked.
    #[error("{}: {error}", path.display())]
    Storage {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is an authority in that folder, or a part of one. It is not overwritten: its key is nowhere else.
    #[error("{} is there already; move it away, or take another folder", .0.display())]
    Exists(PathBuf),
    /// What is in the folder is no authority that was saved from here.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The certificate would be valid before or after the authority is, or never. The caller's fault.
    #[error("valid from {} to {}, and the authority from {} to {}",
        wanted.not_before, wanted.not_after, own.not_before, own.not_after)]
    Validity {
        /// What was asked for.
        wanted: Validity,
        /// When the authority's own certificate is valid.
        own: Validity,
    },
    /// No name for a server, or one that is neither an address nor a name of DNS. The caller's fault.
    #[error("{0:?} is neither an IP address nor a name of DNS")]
    Name(String),
    /// The key in a request is of a kind that cannot be certified here: RSA, P-256, P-384 and Ed25519 can.
    #[error("the key in the request is of a kind that cannot be certified here")]
    Key,
    /// The certificate to revoke cannot be read. The caller's fault.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The certificate to revoke is somebody else's. The caller's fault.
    #[error("the certificate was not issued here")]
    NotOurs,
    /// There is no randomness, or signing failed. The environment's fault.
    #[error("cryptography failed: {0}")]
    Cryptography(String),
}

fn cryptography(error: impl fmt::Display) -> AuthorityError {
    AuthorityError::Cryptography(error.to_string())
}

/// A certificate authority: a root, or a sub-CA below one.
pub struct Authority {
    subject: Subject,
    key: KeyPair,
    /// Its own certificate first, the root last.
    chain: Vec<Certificate>,
    register: Register,
    ocsp_url: Option<String>,
    delegate: Option<(Certificate, KeyPair)>,
}

impl Authority {
    /// A new root.
    ///
    /// # Errors
    /// There is no randomness, or it would never be valid.
    pub fn root(subject: &Subject, validity: Validity) -> Result<Self, AuthorityError> {
        let key = new_key()?;
        let own = params(subject, validity, authority_use())?;
        if validity.not_before > validity.not_after {
            return Err(AuthorityError::Validity { wanted: validity, own: validity });
        }
        let certificate = own.self_signed(&key).map_err(cryptography)?;
        Self::of(subject, key, vec![certificate.der().to_vec()])
    }

    /// A new sub-CA below this one.
    ///
    /// # Errors
    /// It would outlive this one, there is no randomness, or it cannot be noted.
    pub fn sub(&mut self, subject: &Subject, validity: Validity) -> Result<Self, AuthorityError> {
        let key = new_key()?;
        let certificate = self.issue(params(subject, validity, authority_use())?, validity, &key)?;
        let above = self.chain.iter().map(|one| one.der.clone());
        Self::of(subject, key, [certificate].into_iter().chain(above).collect())
    }

    fn of(subject: &Subject, key: KeyPair, chain: Vec<Vec<u8>>) -> Result<Self, AuthorityError> {
        let chain: Result<_, _> = chain.iter().map(|der| Certificate::from_der(der)).collect();
        let chain = chain.map_err(cryptography)?;
        let subject = subject.clone();
        Ok(Self { subject, key, chain, register: Register::default(), ocsp_url: None, delegate: None })
    }

    /// Writes into the certificates that are issued from now on where their status can be asked for. It is not saved.
    pub fn set_ocsp_url(&mut self, url: Option<&str>) {
        self.ocsp_url = url.map(str::to_owned);
    }

    /// Its own certificate and those above it, in PEM, the root last.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|one| pem::certificate(&one.der)).collect()
    }

    /// The root above it, in PEM: what others are to trust.
    pub fn root_pem(&self) -> String {
        self.chain.last().map(|root| pem::certificate(&root.der)).unwrap_or_default()
    }

    /// A certificate for who asked for it, with its subject and nothing else that it asks for, followed by the sub-CAs
    /// above it, in PEM: what a `CertificateSigned` brings. Whether the subject is right is for the caller to
    /// [check](Csr::check_subject).
    ///
    /// The certificate says that its key signs (A00.FR.512), and nothing about who may use it (A00.FR.514).
    ///
    /// # Errors
    /// It would outlive the authority, its key is of another kind, or it cannot be noted.
    pub fn sign(&mut self, csr: &Csr, validity: Validity) -> Result<String, AuthorityError> {
        let key = RequestedKey::of(csr)?;
        let params = params(csr.subject(), validity, vec![KeyUsagePurpose::DigitalSignature])?;
        let certificate = self.issue(params, validity, &key)?;
        Ok(self.with_sub_cas(&certificate))
    }

    /// A key and a certificate for a server that is reached by these names and addresses. The first one becomes its CN
    /// (A00.FR.510); all of them are alternative names, which is where TLS looks.
    ///
    /// # Errors
    /// No name, or one that is none; it would outlive the authority, or cannot be noted.
    pub fn server(&mut self, organization: &str, names: &[&str], validity: Validity) -> Result<Issued, AuthorityError> {
        let first = names.first().ok_or_else(|| AuthorityError::Name(String::new()))?;
        let subject = Subject { organization: organization.into(), common_name: (*first).into() };
        let mut params = params(&subject, validity, vec![KeyUsagePurpose::DigitalSignature])?;
        params.subject_alt_names = names.iter().map(|name| alternative_name(name)).collect::<Result<_, _>>()?;
        let key = new_key()?;
        let certificate = self.issue(params, validity, &key)?;
        Ok(Issued { chain_pem: self.with_sub_cas(&certificate), private_key: key.serialize_der().into() })
    }

    /// A key and a certificate for a station, as its factory would put them in (A00.FR.511); its operator is ours.
    ///
    /// # Errors
    /// It would outlive the authority, or cannot be noted.
    pub fn station(&mut self, serial_number: &str, validity: Validity) -> Result<Issued, AuthorityError> {
        let subject = Subject { organization: self.subject.organization.clone(), common_name: serial_number.into() };
        let params = params(&subject, validity, vec![KeyUsagePurpose::DigitalSignature])?;
        let key = new_key()?;
        let certificate = self.issue(params, validity, &key)?;
        Ok(Issued { chain_pem: self.with_sub_cas(&certificate), private_key: key.serialize_der().into() })
    }

    /// The organization that it belongs to.
    pub fn organization(&self) -> &str {
        &self.subject.organization
    }

    fn with_sub_cas(&self, certificate: &[u8]) -> String {
        let sub_cas = self.chain.iter().take(self.chain.len() - 1).map(|one| one.der.as_slice());
        [certificate].into_iter().chain(sub_cas).map(pem::certificate).collect()
    }

    fn issue(
        &mut self,
        mut wanted: CertificateParams,
        validity: Validity,
        key: &impl PublicKeyData,
    ) -> Result<Vec<u8>, AuthorityError> {
        let own = Validity { not_before: self.chain[0].not_before, not_after: self.chain[0].not_after };
        // Certificates know whole seconds only.
        let whole = |at: DateTime| at.unix_millis().div_euclid(1_000);
        let is_inside = whole(own.not_before) <= whole(validity.not_before)
            && validity.not_before <= validity.not_after
            && whole(validity.not_after) <= whole(own.not_after);
        if !is_inside {
            return Err(AuthorityError::Validity { wanted: validity, own });
        }
        wanted.use_authority_key_identifier_extension = true;
        wanted.custom_extensions.extend(self.ocsp_url.as_deref().map(ocsp_access).transpose()?);
        let issuer = params(&self.subject, own, authority_use())?;
        let issuer = Issuer::from_params(&issuer, &self.key);
        let certificate = wanted.signed_by(key, &issuer).map_err(cryptography)?.der().to_vec();
        let serial = wanted.serial_number.map(|serial| serial_text(&serial.to_bytes())).unwrap_or_default();
        self.note(&serial, None)?;
        Ok(certificate)
    }

    fn note(&mut self, serial: &str, revoked: Option<DateTime>) -> Result<(), AuthorityError> {
        let noted = self.register.note(serial, revoked);
        noted.map_err(|error| AuthorityError::Storage { path: self.register.file(), error })
    }

    /// Revokes the first certificate in this PEM, from this moment on.
    ///
    /// # Errors
    /// It cannot be read, was not issued here, or that cannot be noted.
    pub fn revoke(&mut self, certificate_pem: &str, at: DateTime) -> Result<(), AuthorityError> {
        let certificate = chain::read(certificate_pem)?.swap_remove(0);
        if !certificate.is_issued_by(&self.chain[0]) {
            return Err(AuthorityError::NotOurs);
        }
        self.note(&serial_text(&certificate.serial), Some(at))
    }

    /// All that it revoked, in PEM (RFC 5280, §5), signed at this moment: for servers that let nobody in who is on it.
    ///
    /// # Errors
    /// It could not be signed, or what is noted as revoked is no serial number: none is left out in silence.
    pub fn revocation_list(&self, at: DateTime, good_for: Duration) -> Result<String, AuthorityError> {
        let own = Validity { not_before: self.chain[0].not_before, not_after: self.chain[0].not_after };
        let time = |at| rcgen::date_time_ymd(1970, 1, 1) + since_1970(at);
        let revoked = |(serial, since): (&str, DateTime)| match serial_bytes(serial) {
            Some(bytes) => Ok(RevokedCertParams {
                serial_number: SerialNumber::from_slice(&bytes),
                revocation_time: time(since),
                reason_code: None,
                invalidity_date: None,
            }),
            None => {
                let why = format!("{serial} is no serial number");
                Err(AuthorityError::Unreadable { path: self.register.file(), why })
            }
        };
        let list = CertificateRevocationListParams {
            this_update: time(at),
            next_update: time(at) + good_for,
            // Later ones have greater numbers.
            crl_number: SerialNumber::from_slice(&since_1970(at).as_secs().to_be_bytes()),
            issuing_distribution_point: None,
            revoked_certs: self.register.revoked().map(revoked).collect::<Result<_, _>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let issuer = params(&self.subject, own, authority_use())?;
        let signed = list.signed_by(&Issuer::from_params(&issuer, &self.key)).map_err(cryptography)?;
        Ok(pem::encode("X509 CRL", signed.der()))
    }

    /// Lets a new key sign the answers of OCSP from now on, so that this one can be put away. It is not saved.
    ///
    /// # Errors
    /// It would outlive the authority, there is no randomness, or it cannot be noted.
    pub fn delegate_ocsp(&mut self, validity: Validity) -> Result<(), AuthorityError> {
        let subject = Subject { common_name: "OCSP".into(), ..self.subject.clone() };
        let mut params = params(&subject, validity, vec![KeyUsagePurpose::DigitalSignature])?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
        let key = new_key()?;
        let certificate = Certificate::from_der(&self.issue(params, validity, &key)?).map_err(cryptography)?;
        self.delegate = Some((certificate, key));
        Ok(())
    }

    /// Answers a question of OCSP, in DER, with an answer in DER that may be used for so long. Whatever the question is, there
    /// is an answer; what cannot be read gets one that says so.
    pub fn ocsp_response(&self, request: &[u8], at: DateTime, good_for: Duration) -> Vec<u8> {
        let issuer = &self.chain[0];
        let (signer, key) = self.delegate.as_ref().map_or((issuer, &self.key), |(one, key)| (one, key));
        let responder = Responder { issuer, signer, key, at, good_for };
        answer::answer(&responder, request, |serial| self.register.known(&serial_text(serial)))
    }

    /// Saves it in a folder, and everything that it issues and revokes from now on.
    ///
    /// # Errors
    /// There is one already, or the storage failed.
    pub fn save(&mut self, folder: &Path) -> Result<(), AuthorityError> {
        let [key, chain, register] = [KEY_FILE, CHAIN_FILE, REGISTER_FILE].map(|name| folder.join(name));
        let storage = |path: &Path, error| AuthorityError::Storage { path: path.to_owned(), error };
        files::make_folder(folder).map_err(|error| storage(folder, error))?;
        for path in [&key, &chain, &register] {
            if path.try_exists().map_err(|error| storage(path, error))? {
                return Err(AuthorityError::Exists(path.clone()));
            }
        }
        files::write(&key, self.key.serialized_der()).map_err(|error| storage(&key, error))?;
        self.register.save(&register).map_err(|error| storage(&register, error))?;
        files::write(&chain, self.chain_pem().as_bytes()).map_err(|error| storage(&chain, error))
    }

    /// The authority that was saved in this folder.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn load(folder: &Path) -> Result<Self, AuthorityError> {
        let [key_file, chain_file, register_file] = [KEY_FILE, CHAIN_FILE, REGISTER_FILE].map(|name| folder.join(name));
        let storage = |path: &Path| {
            let path = path.to_owned();
            move |error| AuthorityError::Storage { path, error }
        };
        let unreadable = |path: &Path, why: String| AuthorityError::Unreadable { path: path.to_owned(), why };
        let key = fs::read(&key_file).map_err(storage(&key_file))?;
        let key = key_pair(key.into()).map_err(|error| unreadable(&key_file, error.to_string()))?;
        let text = fs::read_to_string(&chain_file).map_err(storage(&chain_file))?;
        let chain = chain::read(&text).map_err(|error| unreadable(&chain_file, error.to_string()))?;
        let register = Register::load(&register_file).map_err(storage(&register_file))?;
        let register =
            register.map_err(|BadLine(number)| unreadable(&register_file, format!("line {number} says nothing")))?;
        let subject = Subject {
            organization: chain[0].subject_text(ORGANIZATION).unwrap_or_default(),
            common_name: chain[0].subject_text(COMMON_NAME).unwrap_or_default(),
        };
        let authority = Self { subject, key, chain: chain.clone(), register, ocsp_url: None, delegate: None };
        // Certificates name their issuer byte for byte, and this one knows its name as text.
        let own = Validity { not_before: chain[0].not_before, not_after: chain[0].not_after };
        let again = params(&authority.subject, own, authority_use())?.self_signed(&authority.key);
        let again = Certificate::from_der(again.map_err(cryptography)?.der()).map_err(cryptography)?;
        if again.subject != chain[0].subject || again.key() != chain[0].key() {
            return Err(unreadable(&chain_file, "is not of this key, or was not made here".into()));
        }
        Ok(authority)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// The key in a request, for rcgen.
struct RequestedKey<'a> {
    bits: &'a [u8],
    algorithm: &'static SignatureAlgorithm,
}

impl<'a> RequestedKey<'a> {
    fn of(csr: &'a Csr) -> Result<Self, AuthorityError> {
        let bits = csr.key().subject_public_key.raw_bytes();
        let wanted = csr.key().to_der().map_err(cryptography)?;
        let kinds = [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_RSA_SHA256, &PKCS_ED25519];
        let mut keys = kinds.into_iter().map(|algorithm| Self { bits, algorithm });
        keys.find(|key| key.subject_public_key_info() == wanted).ok_or(AuthorityError::Key)
    }
}

impl PublicKeyData for RequestedKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

fn new_key() -> Result<KeyPair, AuthorityError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(cryptography)
}

/// An authority signs certificates, lists of revoked ones, and answers of OCSP.
fn authority_use() -> Vec<KeyUsagePurpose> {
    vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature]
}

/// What all certificates have in common. The serial number is random (A00.FR.508), so that nobody can tell in advance what
/// will be signed.
fn params(
    subject: &Subject,
    validity: Validity,
    uses: Vec<KeyUsagePurpose>,
) -> Result<CertificateParams, AuthorityError> {
    let mut serial = [0; 16];
    getrandom::fill(&mut serial).map_err(cryptography)?;
    // Neither negative nor shorter than it looks.
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut params = CertificateParams::default();
    params.is_ca = match uses.contains(&KeyUsagePurpose::KeyCertSign) {
        true => IsCa::Ca(BasicConstraints::Unconstrained),
        false => IsCa::ExplicitNoCa,
    };
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_1970(validity.not_before);
    params.not_after = epoch + since_1970(validity.not_after);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = host::name(subject);
    params.key_usages = uses;
    Ok(params)
}

/// Whole seconds since 1970, before which no certificate of this authority begins.
fn since_1970(at: DateTime) -> Duration {
    Duration::from_secs(u64::try_from(at.unix_millis() / 1_000).unwrap_or(0))
}

fn alternative_name(name: &str) -> Result<SanType, AuthorityError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let wrong = || AuthorityError::Name(name.into());
    rustls_pki_types::DnsName::try_from(name).map_err(|_| wrong())?;
    name.try_into().map(SanType::DnsName).map_err(|_| wrong())
}

fn ocsp_access(url: &str) -> Result<CustomExtension, AuthorityError> {
    let url = Ia5String::new(url).map_err(|_| AuthorityError::Name(url.into()))?;
    let access_location = GeneralName::UniformResourceIdentifier(url);
    let access = AuthorityInfoAccessSyntax(vec![AccessDescription { access_method: OCSP, access_location }]);
    Ok(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], access.to_der().map_err(cryptography)?))
}
