//! A signed message on its way: framed, taken apart, verified, and read as the message that it carries (Part 4 §7).
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;

use pilotwire_messages::signed::{
    Claim, SUFFIX, SignedPayload, Signer, Verifier, WrongSignature, sign, unsigned_action,
};
use pilotwire_messages::{Frame, Version, decode, frame, text_of, v2};

/// No cryptography: a checksum stands in for the caller's key.
struct Key(u8);

impl Key {
    fn sum(&self, input: &[u8]) -> Vec<u8> {
        vec![input.iter().fold(self.0, |sum, byte| sum.rotate_left(3) ^ byte)]
    }
}

impl Signer for Key {
    type Error = Infallible;

    fn algorithm(&self) -> &str {
        "ES256"
    }

    fn certificate_hash(&self) -> Option<[u8; 32]> {
        Some([self.0; 32])
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Infallible> {
        Ok(self.sum(input))
    }
}

impl Verifier for Key {
    fn verify(&self, claim: &Claim, input: &[u8], signature: &[u8]) -> bool {
        claim.certificate_hash == Some([self.0; 32]) && self.sum(input) == signature
    }
}

#[test]
fn a_signed_call_is_the_message_that_it_carries() {
    let reset = v2::ResetRequest::new(v2::Reset::OnIdle);
    let Ok(payload) = sign("Reset", 2, &text_of(&reset), &Key(7));
    let text = frame::call_text("id-1", &format!("Reset{SUFFIX}"), &payload);

    let Ok(Frame::Call { action, payload, .. }) = Frame::parse(&text, Version::V201) else { panic!("{text}") };
    let action = unsigned_action(&action).unwrap();
    let signed = SignedPayload::read_from(payload).unwrap();
    assert_eq!(signed.verify(action, 2, &Key(7)).unwrap().algorithm, "ES256");
    assert_eq!(decode::<v2::ResetRequest>(&signed.content().unwrap(), Version::V201), Ok(reset));
    assert_eq!(signed.verify(action, 2, &Key(8)), Err(WrongSignature::Refused));
}

/// A result has no action in its frame: the one that was asked for stands in the signature.
#[test]
fn a_signed_result_belongs_to_its_request() {
    let Ok(payload) = sign("Heartbeat", 3, r#"{"currentTime":"2026-01-31T12:00:00.000Z"}"#, &Key(7));
    let text = frame::result_text("id-1", &payload);
    let Ok(Frame::CallResult { payload, .. }) = Frame::parse(&text, Version::V21) else { panic!("{text}") };
    let signed = SignedPayload::read_from(payload).unwrap();
    assert!(signed.verify("Heartbeat", 3, &Key(7)).is_ok());
    let misplaced = WrongSignature::Misplaced { action: "Heartbeat".into(), message_type: 3 };
    assert_eq!(signed.verify("Reset", 3, &Key(7)), Err(misplaced));
}
