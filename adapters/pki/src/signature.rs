//! Signatures of firmware (L01.FR.04, L01.FR.12).
//!
//! OCPP, in all versions, asks for RSA-PSS or ECSchnorr, with SHA-256. ECSchnorr is BSI's own and in no TLS library's reach;
//! what manufacturers who have keys on elliptic curves use is ECDSA, and that is what is taken here for such keys. RSA
//! signatures of the older padding (PKCS #1 v1.5) are what many tools make unless they are told otherwise; [`Verified::scheme`]
//! says so, and a host that wants the letter of OCPP refuses them there. The salt of RSA-PSS is 32 bytes, as long as the
//! hash (RFC 8017 §9.1).

use std::io::Read;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pilotwire::DateTime;
use pilotwire::messages::Text;
use ring::digest::{SHA256, digest};
use rustls_pki_types::SignatureVerificationAlgorithm;
use webpki::ring::{
    ECDSA_P256_SHA256, ECDSA_P384_SHA256, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
};

use crate::pem::ChainError;
use crate::{chain, seal};

/// All with SHA-256 (L01.FR.04).
const SCHEMES: [(Scheme, &dyn SignatureVerificationAlgorithm); 4] = [
    (Scheme::RsaPss, RSA_PSS_2048_8192_SHA256_LEGACY_KEY),
    (Scheme::RsaPkcs1, RSA_PKCS1_2048_8192_SHA256),
    (Scheme::Ecdsa, ECDSA_P256_SHA256),
    (Scheme::Ecdsa, ECDSA_P384_SHA256),
];

/// How a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    RsaPss,
    /// RSASSA-PKCS1-v1_5 with SHA-256. OCPP does not ask for it.
    RsaPkcs1,
    /// ECDSA with SHA-256, in DER.
    Ecdsa,
}

/// What a signature has to prove, and by whom it has to be.
#[derive(Clone, Debug)]
pub struct Signed<'a> {
    /// The signature in Base64.
    pub signature: &'a str,
    /// The certificate of who signed, in PEM. Manufacturers do not use sub-CAs for it (L01); if there are any, they follow.
    pub chain: &'a str,
    /// The manufacturer's certificates that are trusted, in PEM.
    pub roots: &'a [Text],
    /// When the certificate has to be valid.
    pub at: DateTime,
    /// How long the firmware may be, in bytes. It is held in memory.
    pub max_bytes: usize,
}

/// Firmware whose signature was found right.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    /// The bytes that were verified. Install these: a file can be another one the next time it is read.
    pub content: Vec<u8>,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// How they were signed.
    pub scheme: Scheme,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verified({} bytes, {:?})", self.content.len(), self.scheme)
    }
}

/// Why firmware is not to be installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The certificates cannot be read. The fault of who sent the firmware: `InvalidCertificate`.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The certificate does not descend from a manufacturer's that is trusted: `InvalidCertificate`.
    #[error("the signing certificate is not trusted: {0}")]
    Untrusted(String),
    /// The certificate's key is too short, or no signature of its kind is known here: `InvalidCertificate`.
    #[error("no signature by such a key is accepted: RSA of 2048 bits or more, P-256 and P-384 are")]
    Key,
    /// The signature is no Base64: `InvalidSignature`.
    #[error("the signature is no Base64: {0}")]
    Unreadable(String),
    /// The signature is over other bytes, or by another key: `InvalidSignature`.
    #[error("the signature is wrong")]
    Wrong,
    /// The firmware is longer than allowed.
    #[error("the firmware is longer than {0} bytes")]
    TooLong(usize),
    /// It could not be read. The environment's fault.
    #[error("the firmware cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

/// Reads firmware and checks that the owner of a trusted certificate signed all of it.
///
/// # Errors
/// Why it is not to be installed.
pub fn verify(firmware: impl Read, signed: &Signed<'_>) -> Result<Verified, SignatureError> {
    let facts = chain::examine(signed.chain, None, signed.roots, signed.at)?;
    if facts.trusted_by.is_none() {
        return Err(SignatureError::Untrusted(facts.flaw.unwrap_or_default().into()));
    }
    let signer = chain::read(signed.chain)?.swap_remove(0);
    let kind = seal::contents(&signer.key().algorithm).ok_or(SignatureError::Key)?;
    let mut schemes =
        SCHEMES.into_iter().filter(|(_, algorithm)| algorithm.public_key_alg_id().as_ref() == kind).peekable();
    if schemes.peek().is_none() {
        return Err(SignatureError::Key);
    }
    let signature =
        BASE64_STANDARD.decode(signed.signature.trim_ascii()).map_err(|e| SignatureError::Unreadable(e.to_string()))?;
    let mut content = Vec::new();
    let most = u64::try_from(signed.max_bytes).unwrap_or(u64::MAX);
    firmware.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() > signed.max_bytes {
        return Err(SignatureError::TooLong(signed.max_bytes));
    }
    let key = signer.key().subject_public_key.raw_bytes();
    let (scheme, _) = schemes
        .find(|(_, algorithm)| algorithm.verify_signature(key, &content, &signature).is_ok())
        .ok_or(SignatureError::Wrong)?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, &content).as_ref());
    Ok(Verified { content, sha256, scheme })
}
