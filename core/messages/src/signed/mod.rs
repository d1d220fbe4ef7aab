//! Signed data: messages that carry a signature of their sender, and meter values that carry one of the meter.

mod jws;
mod meter;

pub use jws::{ALGORITHMS, Claim, SUFFIX, SignedPayload, Signer, Verifier, WrongSignature, sign, unsigned_action};
pub use meter::{BadPublicKey, KeyEncoding, PublicKey};
