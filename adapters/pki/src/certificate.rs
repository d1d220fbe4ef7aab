//! One certificate: what stands in it, and the bytes it stands in.

use der::asn1::{ObjectIdentifier, Uint};
use der::{Any, AnyRef, Decode, Encode, Tag, Tagged};
use pilotwire::DateTime;
use pilotwire::domain::CertificateFacts;
use pilotwire::messages::Text;
use pilotwire::messages::v2::{CertificateHashData, HashAlgorithm};
use ring::digest;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints, SubjectAltName,
};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::pem;
use crate::seal::{self, Unsealed};

const RSA: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"), ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10")];
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const EDWARDS: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.3.101.112"), ObjectIdentifier::new_unwrap("1.3.101.113")];
/// secp224r1, P-256, secp256k1, P-384, P-521.
const LONG_CURVES: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("1.3.132.0.33"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
    ObjectIdentifier::new_unwrap("1.3.132.0.10"),
    ObjectIdentifier::new_unwrap("1.3.132.0.34"),
    ObjectIdentifier::new_unwrap("1.3.132.0.35"),
];
/// brainpoolP160r1 is 1 in this arc, brainpoolP224r1 is 5, brainpoolP512t1 is 14.
const BRAINPOOL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1");
const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
pub(crate) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
pub(crate) const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
/// Extensions that are understood here or in webpki; any other that is critical spoils a certificate (RFC 5280 §4.2).
const UNDERSTOOD: [ObjectIdentifier; 6] = [
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.30"),
    ObjectIdentifier::new_unwrap("2.5.29.31"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
];

/// How certificates are named, in the order of [`CertificateFacts::names`].
pub(crate) const ALGORITHMS: [HashAlgorithm; 3] = [HashAlgorithm::SHA256, HashAlgorithm::SHA384, HashAlgorithm::SHA512];

/// A certificate that was read. Names and what is signed are kept as they were written, because hashes and signatures are
/// over those bytes.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) not_before: DateTime,
    pub(crate) not_after: DateTime,
    /// Without leading zeroes.
    pub(crate) serial: Vec<u8>,
    pub(crate) basic_constraints: BasicConstraints,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) has_other_names: bool,
    /// A critical extension that nobody here understands.
    pub(crate) strange: Option<ObjectIdentifier>,
    pub(crate) signs_ocsp: bool,
    to_be_signed: Vec<u8>,
    parts: x509_cert::Certificate,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, der::Error> {
        let parts = x509_cert::Certificate::from_der(der)?;
        let [to_be_signed, ..] = &Vec::<AnyRef<'_>>::from_der(der)?[..] else {
            return Err(Tag::Sequence.value_error().into());
        };
        let to_be_signed = to_be_signed.to_der()?;
        let fields = Vec::<AnyRef<'_>>::from_der(&to_be_signed)?;
        // The version is left out by certificates of version 1.
        let first = usize::from(fields.first().is_some_and(|field| field.tag() != Tag::Integer));
        let (Some(issuer), Some(subject)) = (fields.get(first + 2), fields.get(first + 4)) else {
            return Err(Tag::Sequence.value_error().into());
        };
        // RFC 5280 §4.1.2.2. A longer number fits no message, and a negative one has the same digits as another one.
        let serial = fields[first].value();
        if serial.first().is_none_or(|sign| sign & 0x80 != 0) || bare(serial).len() > 20 {
            return Err(Tag::Integer.value_error().into());
        }
        let tbs = parts.tbs_certificate();
        let extensions = tbs.extensions().map(Vec::as_slice).unwrap_or_default();
        let strange = extensions.iter().find(|one| one.critical && !UNDERSTOOD.contains(&one.extn_id));
        let has_twins =
            (1..extensions.len()).any(|at| extensions[..at].iter().any(|e| e.extn_id == extensions[at].extn_id));
        if has_twins {
            return Err(Tag::Sequence.value_error().into());
        }
        let none = BasicConstraints { ca: false, path_len_constraint: None };
        let time = |time: x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
            DateTime::from_unix_millis(seconds.saturating_mul(1_000))
        };
        Ok(Self {
            issuer: issuer.to_der()?,
            subject: subject.to_der()?,
            not_before: time(tbs.validity().not_before),
            not_after: time(tbs.validity().not_after),
            serial: bare(serial).to_vec(),
            basic_constraints: tbs.get_extension()?.map_or(none, |(_, constraints)| constraints),
            key_usage: tbs.get_extension()?.map(|(_, usage)| usage),
            name_constraints: tbs.get_extension()?.map(|(_, constraints)| constraints),
            has_other_names: tbs.get_extension::<SubjectAltName>()?.is_some(),
            strange: strange.map(|extension| extension.extn_id),
            signs_ocsp: tbs
                .get_extension::<ExtendedKeyUsage>()?
                .is_some_and(|(_, usage)| usage.0.contains(&OCSP_SIGNING)),
            der: der.to_vec(),
            to_be_signed,
            parts,
        })
    }

    /// Whether `issuer`'s key made this certificate's signature.
    pub(crate) fn check_signature(&self, issuer: &Self) -> Result<(), Unsealed> {
        if self.parts.signature_algorithm() != self.parts.tbs_certificate().signature() {
            return Err(Unsealed::Wrong);
        }
        let signature = self.parts.signature();
        seal::check(issuer.key(), self.parts.signature_algorithm(), &self.to_be_signed, signature)
    }

    /// Whether `issuer` made this certificate, by its name and by its key.
    pub(crate) fn is_issued_by(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject && self.check_signature(issuer).is_ok()
    }

    pub(crate) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        self.parts.tbs_certificate().subject_public_key_info()
    }

    /// Whether it may sign others: it says that it is an authority, and does not restrict its key to other uses.
    pub(crate) fn may_sign(&self) -> bool {
        self.basic_constraints.ca && self.key_usage.is_none_or(|usage| usage.key_cert_sign())
    }

    pub(crate) fn is_valid_at(&self, at: DateTime) -> bool {
        (self.not_before..=self.not_after).contains(&at)
    }

    /// A text of its subject. One that stands there twice is none, because two readers could take different ones.
    pub(crate) fn subject_text(&self, kind: ObjectIdentifier) -> Option<Text> {
        text_of(self.parts.tbs_certificate().subject(), kind)
    }

    /// Whom to ask for its status: the first HTTP address that it names.
    fn ocsp_url(&self) -> Option<Text> {
        let access = self.parts.tbs_certificate().get_extension::<AuthorityInfoAccessSyntax>().ok()??.1;
        access.0.iter().find_map(|one| match &one.access_location {
            GeneralName::UniformResourceIdentifier(url) if one.access_method == OCSP => Some(Text::new(url.as_str())),
            _ => None,
        })
    }

    /// Its names, which need the key of whoever issued it (RFC 6960 §4.1.1).
    pub(crate) fn names(&self, issuer: &Self) -> Vec<CertificateHashData> {
        let key = issuer.key().subject_public_key.raw_bytes();
        let name = |algorithm: &HashAlgorithm| CertificateHashData {
            issuer_name_hash: hex(&hash(algorithm, &self.issuer)).into(),
            issuer_key_hash: hex(&hash(algorithm, key)).into(),
            serial_number: serial_text(&self.serial).into(),
            hash_algorithm: algorithm.clone(),
            custom_data: None,
        };
        ALGORITHMS.iter().map(name).collect()
    }

    /// What stands in it; its names are known if `issuer` is.
    pub(crate) fn facts(&self, issuer: Option<&Self>) -> CertificateFacts {
        CertificateFacts {
            pem: pem::certificate(&self.der).into(),
            common_name: self.subject_text(COMMON_NAME),
            organization: self.subject_text(ORGANIZATION),
            not_before: self.not_before,
            not_after: self.not_after,
            is_ca: self.may_sign(),
            is_self_signed: self.is_issued_by(self),
            is_strong: is_strong(self.key()),
            names: issuer.map(|issuer| self.names(issuer)).unwrap_or_default(),
            ocsp_url: self.ocsp_url(),
        }
    }
}

/// The text of this kind in a name, if there is exactly one.
pub(crate) fn text_of(name: &Name, kind: ObjectIdentifier) -> Option<Text> {
    let mut found = name.iter().filter(|attribute| attribute.oid == kind);
    match (found.next(), found.next()) {
        (Some(one), None) => read_text(&one.value),
        _ => None,
    }
}

fn read_text(value: &Any) -> Option<Text> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String => {
            std::str::from_utf8(value.value()).ok().map(Text::new)
        }
        // Latin-1 is what Teletex strings hold in practice.
        Tag::TeletexString => Some(value.value().iter().map(|&byte| char::from(byte)).collect::<String>().into()),
        Tag::BmpString => {
            let units =
                value.value().chunks(2).map(|pair| pair.iter().fold(0, |unit, &byte| unit << 8 | u16::from(byte)));
            String::from_utf16(&units.collect::<Vec<u16>>()).ok().map(Text::from)
        }
        _ => None,
    }
}

/// Whether a key is long enough: 2048 bits of RSA (A00.FR.502), 224 bits of an elliptic curve (A00.FR.503). What is of
/// another kind is not.
pub(crate) fn is_strong(key: &SubjectPublicKeyInfoOwned) -> bool {
    let kind = key.algorithm.oid;
    if RSA.contains(&kind) {
        return Vec::<Uint>::from_der(key.subject_public_key.raw_bytes())
            .is_ok_and(|numbers| numbers.first().is_some_and(|modulus| bits(modulus.as_bytes()) >= 2_048));
    }
    if kind == ELLIPTIC {
        let curve = key.algorithm.parameters.as_ref().and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        return curve.is_some_and(|curve| {
            let is_long_brainpool = curve.parent() == Some(BRAINPOOL) && curve.arcs().last() >= Some(5);
            LONG_CURVES.contains(&curve) || is_long_brainpool
        });
    }
    EDWARDS.contains(&kind)
}

fn bits(number: &[u8]) -> usize {
    let number = bare(number);
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

/// A number without its leading zeroes.
pub(crate) fn bare(number: &[u8]) -> &[u8] {
    let zeroes = number.iter().take_while(|&&byte| byte == 0).count();
    &number[zeroes..]
}

pub(crate) fn hash(algorithm: &HashAlgorithm, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match algorithm {
        HashAlgorithm::SHA384 => &digest::SHA384,
        HashAlgorithm::SHA512 => &digest::SHA512,
        _ => &digest::SHA256,
    };
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| if let [high, low] = pair { Some(digit(high)? << 4 | digit(low)?) } else { None }).collect()
}

/// The bytes of a serial number as OCPP writes it; `None` if it is none.
pub(crate) fn serial_bytes(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() {
        return None;
    }
    if digits.len().is_multiple_of(2) { unhex(digits) } else { unhex(&format!("0{digits}")) }
}

/// A serial number as OCPP writes it: no prefix, no leading zeroes, not even half a byte of them.
pub(crate) fn serial_text(serial: &[u8]) -> String {
    let digits = hex(serial);
    match digits.trim_start_matches('0') {
        "" => "0".into(),
        digits => digits.into(),
    }
}

#[cfg(test)]
mod tests {
    use der::asn1::BitString;
    use x509_cert::spki::AlgorithmIdentifierOwned;

    use super::*;

    fn key(kind: &str, curve: Option<&str>, bits: &[u8]) -> SubjectPublicKeyInfoOwned {
        let parameters = curve.map(|curve| Any::from(ObjectIdentifier::new_unwrap(curve)));
        SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned { oid: ObjectIdentifier::new_unwrap(kind), parameters },
            subject_public_key: BitString::from_bytes(bits).unwrap(),
        }
    }

    #[test]
    fn keys_of_elliptic_curves_have_224_bits() {
        // A00.FR.503
        let is_strong = |curve| is_strong(&key("1.2.840.10045.2.1", Some(curve), &[4]));
        for (curve, bits) in [
            ("1.2.840.10045.3.1.1", 192),
            ("1.3.132.0.8", 160),
            ("1.3.36.3.3.2.8.1.1.1", 160),
            ("1.3.36.3.3.2.8.1.1.4", 192),
            ("1.3.132.0.33", 224),
            ("1.3.36.3.3.2.8.1.1.5", 224),
            ("1.2.840.10045.3.1.7", 256),
            ("1.3.36.3.3.2.8.1.1.14", 512),
            ("1.3.132.0.35", 521),
        ] {
            assert_eq!(is_strong(curve), bits >= 224, "{curve}");
        }
        assert!(!super::is_strong(&key("1.2.840.10045.2.1", None, &[4])));
    }

    #[test]
    fn keys_of_rsa_have_2048_bits() {
        // A00.FR.502
        let is_strong = |modulus: &[u8]| {
            let numbers = vec![Uint::new(modulus).unwrap(), Uint::new(&[1, 0, 1]).unwrap()];
            is_strong(&key("1.2.840.113549.1.1.1", None, &numbers.to_der().unwrap()))
        };
        let (full, half) = ([&[0x80][..], &[1; 255]].concat(), [&[0x7f][..], &[1; 255]].concat());
        assert!(is_strong(&full) && is_strong(&[&[1][..], &full].concat()));
        // A zero in front makes no key longer.
        assert!(!is_strong(&half) && !is_strong(&[&[0][..], &half].concat()) && !is_strong(&[0]));
        assert!(!super::is_strong(&key("1.2.840.113549.1.1.1", None, b"no numbers")));
        // DSA, and kinds that nobody knows
        assert!(!super::is_strong(&key("1.2.840.10040.4.1", None, &full)));
        assert!(!super::is_strong(&key("1.2.3.4", None, &full)));
    }

    #[test]
    fn texts_of_old_certificates_are_read() {
        let read = |tag, bytes: &[u8]| read_text(&Any::new(tag, bytes).unwrap());
        assert_eq!(read(Tag::Utf8String, "Ladesäule".as_bytes()).as_deref(), Some("Ladesäule"));
        assert_eq!(read(Tag::TeletexString, b"Lades\xe4ule").as_deref(), Some("Ladesäule"));
        assert_eq!(read(Tag::BmpString, &[0, b'C', 0, b'S', 0x7a, 0xd9]).as_deref(), Some("CS站"));
        assert_eq!(read(Tag::BmpString, &[0xd8, 0]), None);
        assert_eq!(read(Tag::Utf8String, &[0xff]), None);
        assert_eq!(read(Tag::Integer, &[1]), None);
    }
}
