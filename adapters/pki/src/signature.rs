//! Whether a signature is that of a key.

use webpki::ALL_VERIFICATION_ALGS;
use x509_cert::der::Encode;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// The content of an algorithm identifier: without tag and length, which are short enough to have one byte each.
fn content(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<u8>> {
    let der = algorithm.to_der().ok()?;
    der.get(2..).map(<[u8]>::to_vec)
}

/// Whether `signature` is that of `key` over `message`. An algorithm that ring does not know, or a key that is too weak for
/// it (RSA below 2048 bits), makes no signature.
pub(crate) fn is_signed_by(
    key: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let (Some(of_key), Some(of_signature)) = (content(&key.algorithm), content(algorithm)) else {
        return false;
    };
    let fits = ALL_VERIFICATION_ALGS.iter().filter(|known| {
        known.public_key_alg_id().as_ref() == of_key && known.signature_alg_id().as_ref() == of_signature
    });
    let public = key.subject_public_key.raw_bytes();
    fits.into_iter().any(|known| known.verify_signature(public, message, signature).is_ok())
}
