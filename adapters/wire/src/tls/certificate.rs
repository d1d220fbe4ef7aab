//! What a station's certificate says of it.

use pilotwire::DateTime;
use x509_cert::Certificate;
use x509_cert::attr::AttributeValue;
use x509_cert::der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Decode, Tagged};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// The certificate that a station showed; verified already, but for what is told here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// CN: the station's serial number (A00.FR.511). `None` if there is none, or more than one.
    pub common_name: Option<String>,
    /// O: the station's operator (A00.FR.509). `None` if there is none, or more than one.
    pub organization: Option<String>,
    /// Its last moment.
    pub not_after: DateTime,
}

/// The certificate cannot be read, though its signatures are right. The peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate cannot be read")]
pub struct UnreadableCertificate;

impl PeerCertificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn from_der(der: &[u8]) -> Result<Self, UnreadableCertificate> {
        let certificate = Certificate::from_der(der).map_err(|_| UnreadableCertificate)?;
        let fields = certificate.tbs_certificate();
        let named = |oid: ObjectIdentifier| {
            let mut values = fields.subject().iter().filter(|name| name.oid == oid).map(|name| text(&name.value));
            match (values.next(), values.next()) {
                (Some(only), None) => only,
                _ => None,
            }
        };
        let not_after = fields.validity().not_after.to_unix_duration().as_millis();
        Ok(Self {
            common_name: named(COMMON_NAME),
            organization: named(ORGANIZATION),
            not_after: DateTime::from_unix_millis(i64::try_from(not_after).unwrap_or(i64::MAX)),
        })
    }

    /// Whether it is out of date (see
    /// [`let_expired_through`](super::server::ClientRoots::let_expired_through)).
    pub fn is_expired(&self, now: DateTime) -> bool {
        self.not_after < now
    }

    /// Whether it belongs to the station of this identity (A00.FR.405) and, if one is named, to this operator (A00.FR.404).
    /// Compared byte by byte.
    pub fn belongs_to(&self, identity: &str, operator: Option<&str>) -> bool {
        self.common_name.as_deref() == Some(identity)
            && operator.is_none_or(|operator| self.organization.as_deref() == Some(operator))
    }
}

fn text(value: &AttributeValue) -> Option<String> {
    use x509_cert::der::Tag;
    let read = match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>().ok()?.as_str().to_owned(),
        _ => return None,
    };
    Some(read)
}
