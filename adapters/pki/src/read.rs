//! Certificates, and what stands in them.

use std::fmt::Write;

use pilotwire::DateTime;
use pilotwire::domain::CertificateFacts;
use pilotwire::messages::v2::{CertificateHashData, HashAlgorithm};
use ring::digest::{self, SHA256, SHA384, SHA512};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_cert::attr::AttributeValue;
use x509_cert::der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::pem::{LineEnding, encode_string};
use x509_cert::der::{Decode, Encode, Tag, Tagged};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AuthorityInfoAccessSyntax, BasicConstraints};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::signature::is_signed_by;

/// Certificates that are read at once, at most: a longer chain is nobody's in OCPP, and costs.
pub const MAX_CHAIN: usize = 10;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A certificate, read and as it came.
pub(crate) struct Certificate {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) read: x509_cert::Certificate,
}

/// All certificates of a PEM, at most [`MAX_CHAIN`]; at least one.
pub(crate) fn certificates(pem: &str) -> Result<Vec<Certificate>, String> {
    let mut found = Vec::new();
    for der in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        if found.len() == MAX_CHAIN {
            return Err(format!("there are more than {MAX_CHAIN} certificates"));
        }
        let number = found.len() + 1;
        let der = der.map_err(|error| format!("the PEM of certificate {number} cannot be read: {error:?}"))?;
        let read = x509_cert::Certificate::from_der(&der)
            .map_err(|error| format!("certificate {number} cannot be read: {error}"))?;
        found.push(Certificate { der: der.into_owned(), read });
    }
    if found.is_empty() { Err("there is no certificate in the PEM".to_owned()) } else { Ok(found) }
}

impl Certificate {
    pub(crate) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        self.read.tbs_certificate().subject_public_key_info()
    }

    /// Whether it may sign others.
    pub(crate) fn is_ca(&self) -> bool {
        let found = self.read.tbs_certificate().get_extension::<BasicConstraints>();
        matches!(found, Ok(Some((_, constraints))) if constraints.ca)
    }

    /// Whether this one signed that one; both may be the same.
    pub(crate) fn signed(&self, other: &Self) -> bool {
        let Some(message) = other.signed_part() else { return false };
        let (algorithm, signature) = (other.read.signature_algorithm(), other.read.signature().raw_bytes());
        self.read.tbs_certificate().subject() == other.read.tbs_certificate().issuer()
            && is_signed_by(self.key(), algorithm, message, signature)
    }

    /// The bytes that the issuer signed, as they came.
    fn signed_part(&self) -> Option<&[u8]> {
        let (_, content) = element(&self.der)?;
        let (whole, _) = element(content)?;
        Some(whole)
    }

    pub(crate) fn not_before(&self) -> DateTime {
        moment(self.read.tbs_certificate().validity().not_before)
    }

    pub(crate) fn not_after(&self) -> DateTime {
        moment(self.read.tbs_certificate().validity().not_after)
    }

    pub(crate) fn is_valid(&self, at: DateTime) -> bool {
        self.not_before() <= at && at <= self.not_after()
    }

    /// What stands in it. `issuer` is who signed it, if that is known: without it the certificate has no name by hash.
    pub(crate) fn facts(&self, issuer: Option<&Self>) -> CertificateFacts {
        let fields = self.read.tbs_certificate();
        CertificateFacts {
            pem: pem(&self.der).into(),
            common_name: only(fields.subject(), COMMON_NAME).map(Into::into),
            organization: only(fields.subject(), ORGANIZATION).map(Into::into),
            not_before: self.not_before(),
            not_after: self.not_after(),
            is_ca: self.is_ca(),
            is_self_signed: self.signed(self),
            is_strong: is_strong(self.key()),
            names: issuer.map_or(Vec::new(), |issuer| self.names(issuer)),
            ocsp_url: self.ocsp_url().map(Into::into),
        }
    }

    /// RFC 6960 §4.1.1: hashes of the issuer's name and of its key's bits, and the number, which is the same in all.
    fn names(&self, issuer: &Self) -> Vec<CertificateHashData> {
        let name = self.read.tbs_certificate().issuer().to_der().unwrap_or_default();
        let key = issuer.key().subject_public_key.raw_bytes();
        let serial = hex(self.read.tbs_certificate().serial_number().as_bytes());
        let serial = serial.trim_start_matches('0');
        let serial = if serial.is_empty() { "0" } else { serial };
        let algorithms =
            [(HashAlgorithm::SHA256, &SHA256), (HashAlgorithm::SHA384, &SHA384), (HashAlgorithm::SHA512, &SHA512)];
        let named = |(word, algorithm): (HashAlgorithm, &'static digest::Algorithm)| {
            let hash = |bytes: &[u8]| hex(digest::digest(algorithm, bytes).as_ref());
            CertificateHashData::new(word, hash(&name), hash(key), serial)
        };
        algorithms.into_iter().map(named).collect()
    }

    fn ocsp_url(&self) -> Option<String> {
        let (_, access) = self.read.tbs_certificate().get_extension::<AuthorityInfoAccessSyntax>().ok()??;
        access.0.into_iter().filter(|way| way.access_method == OCSP).find_map(|way| match way.access_location {
            GeneralName::UniformResourceIdentifier(url) => Some(url.as_str().to_owned()),
            _ => None,
        })
    }
}

/// The first element of these bytes, whole, and its content.
fn element(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = *bytes.get(1)?;
    let (head, length) = match first {
        0..=0x7F => (2, usize::from(first)),
        0x81..=0x84 => {
            let count = usize::from(first - 0x80);
            let digits = bytes.get(2..2 + count)?;
            (2 + count, digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)))
        }
        _ => return None,
    };
    let whole = bytes.get(..head.checked_add(length)?)?;
    Some((whole, &whole[head..]))
}

fn moment(time: x509_cert::time::Time) -> DateTime {
    DateTime::from_unix_millis(i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX))
}

/// The one value of this name; `None` if there is none, or more than one.
pub(crate) fn only(name: &Name, oid: ObjectIdentifier) -> Option<String> {
    let mut values = name.iter().filter(|part| part.oid == oid).map(|part| text(&part.value));
    match (values.next(), values.next()) {
        (Some(only), None) => only,
        _ => None,
    }
}

pub(crate) fn common_name(name: &Name) -> Option<String> {
    only(name, COMMON_NAME)
}

pub(crate) fn organization(name: &Name) -> Option<String> {
    only(name, ORGANIZATION)
}

fn text(value: &AttributeValue) -> Option<String> {
    let read = match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>().ok()?.as_str().to_owned(),
        _ => return None,
    };
    Some(read)
}

/// A00.FR.502, A00.FR.503.
pub(crate) fn is_strong(key: &SubjectPublicKeyInfoOwned) -> bool {
    let bits = key.subject_public_key.raw_bytes();
    match key.algorithm.oid {
        RSA => rsa_modulus(bits).is_some_and(|modulus| modulus.len() >= 256),
        // An uncompressed point: a byte, and two numbers.
        ELLIPTIC => bits.len() > 2 * 224 / 8,
        ED25519 => true,
        _ => false,
    }
}

/// Without leading zeros.
fn rsa_modulus(key: &[u8]) -> Option<&[u8]> {
    let (_, numbers) = element(key)?;
    let (_, modulus) = element(numbers)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    modulus.get(zeros..)
}

pub(crate) fn pem(der: &[u8]) -> String {
    // It fails on lengths beyond memory alone.
    encode_string("CERTIFICATE", LineEnding::LF, der).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
