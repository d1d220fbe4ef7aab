//! Signing requests, as an authority has to judge them.

use rustls_pki_types::CertificateSigningRequestDer;
use rustls_pki_types::pem::PemObject;
use x509_cert::der::{Decode, Encode};
use x509_cert::request::CertReq;

use crate::read::{common_name, is_strong, organization};
use crate::signature::is_signed_by;

/// Bytes of a signing request, at most: what OCPP carries (SignCertificateRequest.csr).
const MAX_BYTES: usize = 5_500;

/// A signing request whose signature is right: who sent it has the private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningRequest {
    /// CN: the station's serial number (A00.FR.511).
    pub common_name: String,
    /// O: the operator (A00.FR.509).
    pub organization: Option<String>,
    /// The public key in DER, with its algorithm.
    pub(crate) key: Vec<u8>,
}

/// Why a signing request is refused. The station's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// It is no PKCS #10 in PEM (A02.FR.03).
    #[error("the signing request cannot be read: it must be a PKCS #10 in PEM of at most 5500 bytes")]
    Unreadable,
    /// Its signature is not that of its key.
    #[error("the signing request was not signed with its own key")]
    Signature,
    /// The key is too short (A00.FR.502, A00.FR.503), or of a kind that is not known.
    #[error("the key must be RSA of 2048 bits or elliptic of 224 bits, at least")]
    WeakKey,
    /// There is no common name, or more than one.
    #[error("the subject must have one common name: the station's serial number")]
    NoName,
}

impl SigningRequest {
    /// Reads and judges a request in PEM.
    ///
    /// # Errors
    /// It must not be signed.
    pub fn read(pem: &str) -> Result<Self, BadRequest> {
        if pem.len() > MAX_BYTES {
            return Err(BadRequest::Unreadable);
        }
        let der = CertificateSigningRequestDer::from_pem_slice(pem.as_bytes()).map_err(|_| BadRequest::Unreadable)?;
        let request = CertReq::from_der(&der).map_err(|_| BadRequest::Unreadable)?;
        let signed = request.info.to_der().map_err(|_| BadRequest::Unreadable)?;
        if !is_strong(&request.info.public_key) {
            return Err(BadRequest::WeakKey);
        }
        if !is_signed_by(&request.info.public_key, &request.algorithm, &signed, request.signature.raw_bytes()) {
            return Err(BadRequest::Signature);
        }
        Ok(Self {
            common_name: common_name(&request.info.subject)
                .filter(|name| !name.is_empty())
                .ok_or(BadRequest::NoName)?,
            organization: organization(&request.info.subject),
            key: request.info.public_key.to_der().map_err(|_| BadRequest::Unreadable)?,
        })
    }
}
