//! Whose signature it is.

use der::asn1::BitString;
use der::{AnyRef, Decode, Encode};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// Why a signature counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsealed {
    #[error("the signature is wrong")]
    Wrong,
    /// SHA-1, RSA under 2048 bits, and curves other than P-256, P-384 and Ed25519 (A00.FR.504).
    #[error("the signature's algorithm is not trusted, or not known")]
    Unsupported,
}

/// Whether `signature` over `message` was made with the private half of this key.
pub(crate) fn check(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &BitString,
) -> Result<(), Unsealed> {
    let (Some(wanted), Some(key_kind)) = (contents(algorithm), contents(&key.algorithm)) else {
        return Err(Unsealed::Unsupported);
    };
    let known = webpki::ALL_VERIFICATION_ALGS
        .iter()
        .find(|known| known.signature_alg_id().as_ref() == wanted && known.public_key_alg_id().as_ref() == key_kind);
    let known = known.ok_or(Unsealed::Unsupported)?;
    // Bits that do not fill a byte would be left out of the check, so that they could be changed.
    let (Some(key), Some(signature)) = (key.subject_public_key.as_bytes(), signature.as_bytes()) else {
        return Err(Unsealed::Wrong);
    };
    known.verify_signature(key, message, signature).map_err(|_| Unsealed::Wrong)
}

/// An algorithm's identifier as the tables of webpki write it.
pub(crate) fn contents(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<u8>> {
    let der = algorithm.to_der().ok()?;
    AnyRef::from_der(&der).ok().map(|any| any.value().to_vec())
}
