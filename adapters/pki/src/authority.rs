//! A small certificate authority, for trying things out and for tests. A network of stations deserves a real one.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pilotwire::DateTime;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData, SanType,
    SerialNumber, SignatureAlgorithm, date_time_ymd,
};
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::csr::SigningRequest;
use crate::keys::write_private;
use crate::read;

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca.key";

/// From when to when a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Its first moment; fractions of a second are cut.
    pub from: DateTime,
    /// Its last moment.
    pub until: DateTime,
}

/// Why the authority cannot do it.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// There is one already, and its certificates would be worth nothing without it.
    #[error("{0} holds an authority already; it is not overwritten")]
    Exists(PathBuf),
    /// A file cannot be read or written. The environment's fault.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file of the authority cannot be understood. The environment's fault.
    #[error("{0} is not what it should be: {1}")]
    Broken(PathBuf, String),
    /// The operating system gives no randomness for a serial number. The environment's fault.
    #[error("there is no randomness for a serial number")]
    NoRandom,
    /// A name cannot stand in a certificate, or the cryptography failed.
    #[error("the certificate cannot be made: {0}")]
    Crypto(#[from] rcgen::Error),
}

/// A root with its key, which signs certificates of servers and stations.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    organization: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("organization", &self.organization).finish_non_exhaustive()
    }
}

impl Authority {
    /// Makes one, in memory.
    ///
    /// # Errors
    /// The name cannot stand in a certificate, or there is no randomness.
    pub fn new(organization: &str, validity: Validity) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate()?;
        let params = root(organization, validity)?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem, organization: organization.to_owned() })
    }

    /// Makes one, in a folder: `ca.pem` may be given to everybody, `ca.key` to nobody.
    ///
    /// # Errors
    /// There is one already, or the folder cannot be written.
    pub fn init(folder: &Path, organization: &str, validity: Validity) -> Result<Self, AuthorityError> {
        let file = |path: &Path| {
            let path = path.to_owned();
            move |error| AuthorityError::File { path, error }
        };
        fs::create_dir_all(folder).map_err(file(folder))?;
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        if certificate.exists() || key.exists() {
            return Err(AuthorityError::Exists(folder.to_owned()));
        }
        let authority = Self::new(organization, validity)?;
        write_private(&key, &authority.issuer.key().serialize_pem()).map_err(file(&key))?;
        fs::write(&certificate, &authority.pem).map_err(file(&certificate))?;
        Ok(authority)
    }

    /// Opens the one in this folder.
    ///
    /// # Errors
    /// A file is missing or broken.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        let load = |path: &Path| {
            fs::read_to_string(path).map_err(|error| AuthorityError::File { path: path.to_owned(), error })
        };
        let (pem, key_pem) = (load(&certificate)?, load(&key)?);
        let broken = |path: &Path, why: &str| AuthorityError::Broken(path.to_owned(), why.to_owned());
        let read = read::certificates(&pem).map_err(|why| broken(&certificate, &why))?;
        let pair = KeyPair::from_pem(&key_pem).map_err(|error| broken(&key, &error.to_string()))?;
        let own = &read[0];
        if own.key().subject_public_key.raw_bytes() != pair.der_bytes() {
            return Err(broken(&key, "it is not the key of ca.pem"));
        }
        let organization = read::organization(own.read.tbs_certificate().subject())
            .ok_or_else(|| broken(&certificate, "it names no organization"))?;
        let params = root(&organization, Validity { from: own.not_before(), until: own.not_after() })?;
        Ok(Self { issuer: Issuer::new(params, pair), pem, organization })
    }

    /// Its own certificate in PEM: what others have to trust.
    pub fn certificate(&self) -> &str {
        &self.pem
    }

    /// The organization that stands in its certificates.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// A certificate for a server, and its key, both in PEM. The names are DNS names or addresses; the first is the common
    /// name too (A00.FR.510).
    ///
    /// # Errors
    /// A name cannot stand in a certificate.
    pub fn server(&self, names: &[&str], validity: Validity) -> Result<(String, String), AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = self.leaf(names.first().copied().unwrap_or_default(), validity)?;
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*name).try_into()?),
            });
        }
        Ok((params.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }

    /// A station's certificate and its key, both in PEM: what a factory would put in.
    ///
    /// # Errors
    /// The name cannot stand in a certificate.
    pub fn station(&self, serial_number: &str, validity: Validity) -> Result<(String, String), AuthorityError> {
        let key = KeyPair::generate()?;
        let certificate = self.leaf(serial_number, validity)?.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// Signs what a station requested: its key, its common name, and our organization. Who may have which name is for the
    /// caller to judge. Gives the chain in PEM, without the root.
    ///
    /// # Errors
    /// The key is of a kind that cannot stand in a certificate of ours.
    pub fn sign(&self, request: &SigningRequest, validity: Validity) -> Result<String, AuthorityError> {
        let key = Requested::of(&request.key).ok_or(rcgen::Error::UnsupportedSignatureAlgorithm)?;
        Ok(self.leaf(&request.common_name, validity)?.signed_by(&key, &self.issuer)?.pem())
    }

    /// A00.FR.512, A00.FR.514: key usage, and no extended one.
    fn leaf(&self, common_name: &str, validity: Validity) -> Result<CertificateParams, AuthorityError> {
        let mut params = named(&self.organization, common_name, validity)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }
}

/// The public key of a request.
struct Requested {
    bits: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl Requested {
    fn of(der: &[u8]) -> Option<Self> {
        let key = SubjectPublicKeyInfoOwned::from_der(der).ok()?;
        let bits = key.subject_public_key.raw_bytes().to_vec();
        let algorithm = match (key.algorithm.oid.to_string().as_str(), bits.len()) {
            ("1.2.840.10045.2.1", 65) => &PKCS_ECDSA_P256_SHA256,
            ("1.2.840.10045.2.1", 97) => &PKCS_ECDSA_P384_SHA384,
            ("1.3.101.112", _) => &PKCS_ED25519,
            ("1.2.840.113549.1.1.1", _) => &PKCS_RSA_SHA256,
            _ => return None,
        };
        Some(Self { bits, algorithm })
    }
}

impl PublicKeyData for Requested {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

fn root(organization: &str, validity: Validity) -> Result<CertificateParams, AuthorityError> {
    let mut params = named(organization, &format!("{organization} Root"), validity)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn named(organization: &str, common_name: &str, validity: Validity) -> Result<CertificateParams, AuthorityError> {
    let mut serial = [0; 16];
    getrandom::fill(&mut serial).map_err(|_| AuthorityError::NoRandom)?;
    // Positive, and as long as all others.
    serial[0] = serial[0] & 0x7F | 0x40;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let moment = |at: DateTime| {
        let seconds = u64::try_from(at.unix_millis() / 1_000).unwrap_or(0);
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    params.not_before = moment(validity.from);
    params.not_after = moment(validity.until);
    Ok(params)
}
