//! Requests for certificates, read before anybody signs them.

use std::net::IpAddr;

use der::{AnyRef, Decode, Encode};
use pilotwire::domain::Subject;
use pilotwire::messages::Text;
use x509_cert::name::Name;
use x509_cert::request::CertReq;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::certificate::{COMMON_NAME, ORGANIZATION, is_strong, text_of};
use crate::pem;
use crate::seal::{self, Unsealed};

/// How long a request may be, in bytes of PEM. OCPP allows 5,500 characters in a message.
pub const MAX_CSR_BYTES: usize = 16_384;

/// What is wrong with a request. The station's fault, all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrError {
    /// It is longer than [`MAX_CSR_BYTES`].
    #[error("a request of {0} bytes, more than {MAX_CSR_BYTES}")]
    TooLong(usize),
    /// It is no PKCS #10 in PEM (A02.FR.03).
    #[error("no certificate signing request in PEM: {0}")]
    Unreadable(String),
    /// It was not signed with the key that it holds, or was changed since: whoever sent it need not have that key.
    #[error("the request is not signed with the key in it")]
    Signature,
    /// Its key or its signature is of a kind that is not trusted.
    #[error("the request is signed with an algorithm that is not trusted, or not known")]
    Algorithm,
    /// Its key is too short (A00.FR.502, A00.FR.503).
    #[error("the key in the request is too short: 2048 bits of RSA or 224 of an elliptic curve are the least")]
    WeakKey,
    /// Its subject has no O, or more than one (A00.FR.509).
    #[error("the subject must have exactly one O, the organization")]
    NoOrganization,
    /// Its subject has no CN, or more than one (A00.FR.511).
    #[error("the subject must have exactly one CN, the serial number")]
    NoCommonName,
    /// Its CN could be taken for the name of a server (A00.FR.511).
    #[error("the CN {0} is an address, and no serial number")]
    Address(String),
    /// Its subject is not what this station may ask for.
    #[error("the subject is O={}, CN={} and should be O={}, CN={}",
        found.organization.as_str(), found.common_name.as_str(),
        expected.organization.as_str(), expected.common_name.as_str())]
    Subject {
        /// What the request says.
        found: Box<Subject>,
        /// What it should say.
        expected: Box<Subject>,
    },
}

/// A request that was signed with the key in it, for a key that is long enough.
#[derive(Clone, Debug)]
pub struct Csr {
    subject: Subject,
    key: SubjectPublicKeyInfoOwned,
}

impl Csr {
    /// Reads a request in PEM and checks its signature, the length of its key, and that its subject names an organization and
    /// a serial number. Extensions that it asks for are not looked at; nobody here grants any.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, CsrError> {
        let (name, key) = signed(text)?;
        let subject = Subject {
            organization: text_of(&name, ORGANIZATION).ok_or(CsrError::NoOrganization)?,
            common_name: text_of(&name, COMMON_NAME).ok_or(CsrError::NoCommonName)?,
        };
        let name = subject.common_name.as_str();
        if name.is_empty() || name.parse::<IpAddr>().is_ok() || name.contains("://") {
            return Err(CsrError::Address(name.into()));
        }
        Ok(Self { subject, key })
    }

    /// The same for a certificate that vehicles ask to see: they know a station by another name, or by none. O and CN may be
    /// missing, and are empty in the subject then; whether that will do is for their authority to judge.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_for_vehicles(text: &str) -> Result<Self, CsrError> {
        let (name, key) = signed(text)?;
        let part = |kind, wrong| match name.iter().any(|attribute| attribute.oid == kind) {
            true => text_of(&name, kind).ok_or(wrong),
            false => Ok(Text::default()),
        };
        let organization = part(ORGANIZATION, CsrError::NoOrganization)?;
        let common_name = part(COMMON_NAME, CsrError::NoCommonName)?;
        Ok(Self { subject: Subject { organization, common_name }, key })
    }

    /// Whose certificate it asks for.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Whether the station that asks may have a certificate with this subject.
    ///
    /// # Errors
    /// [`CsrError::Subject`] if it is another one.
    pub fn check_subject(&self, expected: &Subject) -> Result<(), CsrError> {
        if self.subject == *expected {
            return Ok(());
        }
        Err(CsrError::Subject { found: Box::new(self.subject.clone()), expected: Box::new(expected.clone()) })
    }

    pub(crate) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        &self.key
    }
}

/// The subject and the key of a request that was signed with that key.
fn signed(text: &str) -> Result<(Name, SubjectPublicKeyInfoOwned), CsrError> {
    if text.len() > MAX_CSR_BYTES {
        return Err(CsrError::TooLong(text.len()));
    }
    let der = pem::section(&mut &*text, "CERTIFICATE REQUEST")
        // The label of old tools; what stands in it is the same.
        .or_else(|| pem::section(&mut &*text, "NEW CERTIFICATE REQUEST"))
        .unwrap_or(Err("there is none"))
        .map_err(|why| CsrError::Unreadable(why.into()))?;
    let unreadable = |error: der::Error| CsrError::Unreadable(error.to_string());
    let request = CertReq::from_der(&der).map_err(unreadable)?;
    let parts = Vec::<AnyRef<'_>>::from_der(&der).map_err(unreadable)?;
    let signed = parts[0].to_der().map_err(unreadable)?;
    let key = request.info.public_key;
    if !is_strong(&key) {
        return Err(CsrError::WeakKey);
    }
    seal::check(&key, &request.algorithm, &signed, &request.signature).map_err(|why| match why {
        Unsealed::Wrong => CsrError::Signature,
        Unsealed::Unsupported => CsrError::Algorithm,
    })?;
    Ok((request.info.subject, key))
}
