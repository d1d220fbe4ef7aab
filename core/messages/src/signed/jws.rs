//! Signed messages (Part 4 §7): the payload inside a flattened JSON Web Signature (RFC 7515), the action with `-Signed`.
//!
//! Keys and algorithms stay with the caller: a [`Signer`] signs bytes, a [`Verifier`] judges them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

use crate::reader::{Bad, Reader};
use crate::table::{Policy, decode_leniently, read_member};
use crate::{ErrorCode, Json, Text, Version, Violation, text_of, writer};

/// What the name of a signed message's action ends with.
pub const SUFFIX: &str = "-Signed";

/// The algorithms that may sign (Part 4 §7.3).
pub const ALGORITHMS: [&str; 3] = ["ES256", "RS256", "RS384"];

/// The action inside a signed message's action; `None` if it is not signed.
pub fn unsigned_action(action: &str) -> Option<&str> {
    action.strip_suffix(SUFFIX).filter(|action| !action.is_empty())
}

/// Signs bytes with a key of the caller's.
pub trait Signer {
    /// Why it cannot sign now.
    type Error;

    /// The algorithm's name in JWS: one of [`ALGORITHMS`].
    fn algorithm(&self) -> &str;

    /// SHA-256 of the DER form of the certificate whose key signs (Part 4 §7.4).
    fn certificate_hash(&self) -> Option<[u8; 32]>;

    /// The signature of `input`, in the algorithm's JWS form.
    ///
    /// # Errors
    /// The key is not at hand.
    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Self::Error>;
}

/// Judges signatures by keys of the caller's.
pub trait Verifier {
    /// Whether `signature` is that of `input`, by the key that the claim names.
    ///
    /// The key decides the algorithm: a claim that names another one than the key was made for is refused, never followed
    /// (RFC 8725 §3.1). Only [`ALGORITHMS`] and signatures that are not empty come here.
    fn verify(&self, claim: &Claim, input: &[u8], signature: &[u8]) -> bool;
}

/// What a signature says of itself: its protected header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The algorithm.
    pub algorithm: Text,
    /// The action whose payload is signed.
    pub action: Text,
    /// The type of the frame: 2 for a CALL, 3 for its result.
    pub message_type: i64,
    /// SHA-256 of the certificate, if the sender names it.
    pub certificate_hash: Option<[u8; 32]>,
}

objects! {
    /// The payload of a signed message.
    SignedPayload {
        /// The normal message's payload, in Base64url.
        payload: Text,
        /// What the signature says of itself, in Base64url.
        protected: Text,
        /// The signature, in Base64url.
        signature: Text;
        /// Members of the header that are not signed.
        header: Json,
    }
}

impl crate::table::Payload for SignedPayload {}

/// Why a signed message is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongSignature {
    /// The envelope is not what Part 4 §7.1 asks for.
    #[error("the signed message cannot be read: {0}")]
    Unreadable(String),
    /// The signature is that of another action or type of message.
    #[error("the signature is that of {action} with message type {message_type}")]
    Misplaced {
        /// The action that was signed.
        action: Text,
        /// The message type that was signed.
        message_type: i64,
    },
    /// The algorithm is none that Part 4 §7.3 allows.
    #[error("{0} is none of the algorithms that may sign")]
    Algorithm(Text),
    /// The verifier does not know the key, or the signature is not that of this payload.
    #[error("the signature does not belong to this payload")]
    Refused,
}

/// Signs a payload: gives the payload of the message `action` + [`SUFFIX`], or of its result.
///
/// # Errors
/// Those of the signer.
pub fn sign<S: Signer>(action: &str, message_type: i64, payload: &str, signer: &S) -> Result<Json, S::Error> {
    let protected = BASE64URL.encode(header(action, message_type, signer));
    let payload = BASE64URL.encode(payload);
    let signature = BASE64URL.encode(signer.sign(format!("{protected}.{payload}").as_bytes())?);
    let signed = SignedPayload::new(payload, protected, signature);
    Ok(Json::checked(&text_of(&signed)))
}

fn header<S: Signer>(action: &str, message_type: i64, signer: &S) -> String {
    let mut text = String::from("{\"alg\":");
    writer::string(signer.algorithm(), &mut text);
    text.push_str(",\"OCPPAction\":");
    writer::string(action, &mut text);
    // The d is the specification's own.
    text.push_str(",\"OCPPMessageTypedId\":");
    writer::number(message_type, 0, &mut text);
    if let Some(hash) = signer.certificate_hash() {
        text.push_str(",\"x5t#S256\":");
        writer::string(&BASE64URL.encode(hash), &mut text);
    }
    text.push('}');
    text
}

impl SignedPayload {
    /// Reads the envelope; members that it need not have are passed over (RFC 7515 §7.2.1).
    ///
    /// # Errors
    /// The first member that is not as it should be.
    pub fn read_from(payload: &str) -> Result<Self, Violation> {
        let policy = Policy { unknown_members: true, ..Policy::STRICT };
        let envelope: Self = decode_leniently(payload, Version::V21, &policy)?.value;
        match &envelope.header {
            Some(header) if !header.as_str().starts_with('{') => {
                let text = String::from("is not an object");
                Err(Violation::here(ErrorCode::TypeConstraintViolation, text).under("header"))
            }
            _ => Ok(envelope),
        }
    }

    /// The normal message's payload, whoever signed it (Part 4 §7.2).
    ///
    /// # Errors
    /// It is no text in Base64url.
    pub fn content(&self) -> Result<String, WrongSignature> {
        let bytes = BASE64URL.decode(&*self.payload).map_err(|error| unreadable("payload", &error))?;
        String::from_utf8(bytes).map_err(|error| unreadable("payload", &error))
    }

    /// What the signature says of itself. Nothing of it is believed before it is verified.
    ///
    /// # Errors
    /// The protected header is not what Part 4 §7.1 asks for.
    pub fn claim(&self) -> Result<Claim, WrongSignature> {
        let bytes = BASE64URL.decode(&*self.protected).map_err(|error| unreadable("protected", &error))?;
        let text = String::from_utf8(bytes).map_err(|error| unreadable("protected", &error))?;
        if self.header.as_ref().is_some_and(|header| !is_plain(header)) {
            return Err(unreadable("header", &"no object, or one with crit, which must be signed"));
        }
        read_claim(&text).map_err(|_| {
            unreadable("protected", &"a member is missing, has the wrong type, contradicts another or is crit")
        })
    }

    /// Whether the signature belongs to this payload, and the payload to this action and type of message.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn verify(&self, action: &str, message_type: i64, verifier: &impl Verifier) -> Result<Claim, WrongSignature> {
        let claim = self.claim()?;
        if claim.action != *action || claim.message_type != message_type {
            return Err(WrongSignature::Misplaced { action: claim.action, message_type: claim.message_type });
        }
        if !ALGORITHMS.contains(&&*claim.algorithm) {
            return Err(WrongSignature::Algorithm(claim.algorithm));
        }
        let signature = BASE64URL.decode(&*self.signature).map_err(|error| unreadable("signature", &error))?;
        if signature.is_empty() {
            return Err(WrongSignature::Refused);
        }
        let input = format!("{}.{}", self.protected, self.payload);
        match verifier.verify(&claim, input.as_bytes(), &signature) {
            true => Ok(claim),
            false => Err(WrongSignature::Refused),
        }
    }
}

fn unreadable(member: &str, why: &dyn core::fmt::Display) -> WrongSignature {
    WrongSignature::Unreadable(format!("{member}: {why}"))
}

/// RFC 7515 §4.1.11: an extension that must be understood is signed, and none is understood here.
const CRITICAL: &str = "crit";

/// Whether the header that is not signed leaves alone what must be signed.
fn is_plain(header: &Json) -> bool {
    let mut reader = Reader::new(header.as_str());
    let mut names = || {
        let mut first = true;
        reader.open(b'{')?;
        while reader.more(&mut first, b'}')? {
            if reader.name()? == CRITICAL {
                return Err(Bad);
            }
            reader.any()?;
        }
        Ok(())
    };
    names().is_ok()
}

fn read_claim(text: &str) -> Result<Claim, Bad> {
    let (mut algorithm, mut action, mut hash) = (None, None, None);
    let (mut type_id, mut typed_id) = (None, None);
    let mut reader = Reader::new(text);
    let mut first = true;
    reader.open(b'{')?;
    while reader.more(&mut first, b'}')? {
        match &*reader.name()? {
            "alg" => read_member(&mut algorithm, &mut reader)?,
            "OCPPAction" => read_member(&mut action, &mut reader)?,
            "OCPPMessageTypedId" => read_member(&mut typed_id, &mut reader)?,
            // Some leave the d out, as all other texts do.
            "OCPPMessageTypeId" => read_member(&mut type_id, &mut reader)?,
            "x5t#S256" => read_member::<Text>(&mut hash, &mut reader)?,
            CRITICAL => return Err(Bad),
            _ => drop(reader.any()?),
        }
    }
    reader.end()?;
    if typed_id.is_some() && type_id.is_some() && typed_id != type_id {
        return Err(Bad);
    }
    Ok(Claim {
        algorithm: algorithm.ok_or(Bad)?,
        action: action.ok_or(Bad)?,
        message_type: typed_id.or(type_id).ok_or(Bad)?,
        certificate_hash: hash.map(|hash| sha_256(&hash)).transpose()?,
    })
}

fn sha_256(text: &str) -> Result<[u8; 32], Bad> {
    BASE64URL.decode(text).map_err(|_| Bad)?.try_into().map_err(|_| Bad)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// Adds bytes up: no cryptography, but any change shows.
    struct Sum(u8);

    impl Sum {
        fn of(&self, input: &[u8]) -> Vec<u8> {
            let weighed = input.iter().zip(1_u32..).map(|(byte, at)| u32::from(*byte).wrapping_mul(at));
            weighed.fold(u32::from(self.0), u32::wrapping_add).to_be_bytes().to_vec()
        }
    }

    impl Signer for Sum {
        type Error = core::convert::Infallible;

        fn algorithm(&self) -> &str {
            "ES256"
        }

        fn certificate_hash(&self) -> Option<[u8; 32]> {
            Some([self.0; 32])
        }

        fn sign(&self, input: &[u8]) -> Result<Vec<u8>, Self::Error> {
            Ok(self.of(input))
        }
    }

    impl Verifier for Sum {
        fn verify(&self, claim: &Claim, input: &[u8], signature: &[u8]) -> bool {
            claim.algorithm == "ES256" && claim.certificate_hash == Some([self.0; 32]) && self.of(input) == signature
        }
    }

    fn signed(payload: &str) -> SignedPayload {
        let Ok(json) = sign("Reset", 2, payload, &Sum(7));
        SignedPayload::read_from(json.as_str()).unwrap()
    }

    #[test]
    fn what_was_signed_comes_out_and_is_believed() {
        let payload = r#"{"type":"OnIdle","customData":{"vendorId":"é"}}"#;
        let signed = signed(payload);
        assert_eq!(signed.content().unwrap(), payload);
        let claim = signed.verify("Reset", 2, &Sum(7)).unwrap();
        assert_eq!((claim.action, claim.message_type), ("Reset".into(), 2));
        assert_eq!(unsigned_action("Reset-Signed"), Some("Reset"));
        assert_eq!(unsigned_action("Reset"), None);
        assert_eq!(unsigned_action("-Signed"), None);
    }

    #[test]
    fn another_key_payload_action_or_type_is_not_believed() {
        let good = signed("{}");
        assert_eq!(good.verify("Reset", 2, &Sum(8)), Err(WrongSignature::Refused));
        let forged = SignedPayload { payload: signed(r#"{"a":1}"#).payload, ..good.clone() };
        assert_eq!(forged.verify("Reset", 2, &Sum(7)), Err(WrongSignature::Refused));
        for (action, message_type) in [("UnlockConnector", 2), ("Reset", 3)] {
            let verdict = good.verify(action, message_type, &Sum(7));
            assert!(matches!(verdict, Err(WrongSignature::Misplaced { .. })), "{verdict:?}");
        }
    }

    #[test]
    fn an_envelope_that_is_none_is_an_error_and_never_a_panic() {
        let good = signed("{}");
        let encoded = |text: &str| Text::from(BASE64URL.encode(text));
        let headers = ["", "[]", "{", r#"{"alg":"ES256"}"#, r#"{"alg":1,"OCPPAction":"Reset","OCPPMessageTypeId":2}"#];
        let mut broken: Vec<SignedPayload> =
            headers.iter().map(|header| SignedPayload { protected: encoded(header), ..good.clone() }).collect();
        broken.extend(vec![
            SignedPayload { protected: "!".into(), ..good.clone() },
            SignedPayload { signature: "!".into(), ..good.clone() },
        ]);
        for envelope in broken {
            let verdict = envelope.verify("Reset", 2, &Sum(7));
            assert!(matches!(verdict, Err(WrongSignature::Unreadable(_))), "{verdict:?}");
        }
        assert!(SignedPayload { payload: "/w".into(), ..good }.content().is_err());
        assert!(SignedPayload::read_from(r#"{"payload":"e30","protected":"e30"}"#).is_err());
    }

    #[test]
    fn the_message_type_is_read_in_both_spellings() {
        let header = r#"{"alg":"ES256","OCPPAction":"Reset","OCPPMessageTypeId":2,"more":["x"]}"#;
        let claim = SignedPayload { protected: BASE64URL.encode(header).into(), ..signed("{}") }.claim().unwrap();
        assert_eq!((claim.message_type, claim.certificate_hash), (2, None));
    }

    /// The same message under another header, which the signature belongs to.
    fn under(header: &str) -> SignedPayload {
        let (good, protected) = (signed("{}"), BASE64URL.encode(header));
        let signature = BASE64URL.encode(Sum(7).of(format!("{protected}.{}", good.payload).as_bytes()));
        SignedPayload { protected: protected.into(), signature: signature.into(), ..good }
    }

    /// Believes everything.
    struct Gullible;

    impl Verifier for Gullible {
        fn verify(&self, _: &Claim, _: &[u8], _: &[u8]) -> bool {
            true
        }
    }

    /// RFC 7515 §4.1.11.
    #[test]
    fn an_extension_that_must_be_understood_is_not() {
        let signed = under(r#"{"alg":"ES256","OCPPAction":"Reset","OCPPMessageTypeId":2,"crit":["exp"],"exp":1}"#);
        assert!(matches!(signed.verify("Reset", 2, &Gullible), Err(WrongSignature::Unreadable(_))));
        let good = under(r#"{"alg":"ES256","OCPPAction":"Reset","OCPPMessageTypeId":2}"#);
        assert!(good.verify("Reset", 2, &Gullible).is_ok());
        let unsigned = SignedPayload { header: Json::parse(r#"{"crit":["exp"]}"#).ok(), ..good };
        assert!(matches!(unsigned.verify("Reset", 2, &Gullible), Err(WrongSignature::Unreadable(_))));
    }

    /// RFC 7515 §4: a name stands there once.
    #[test]
    fn a_header_that_contradicts_itself_is_unreadable() {
        for more in [
            r#""OCPPAction":"Reset","OCPPMessageTypedId":2,"OCPPMessageTypeId":3"#,
            r#""OCPPAction":"Reset","OCPPAction":"Reset","OCPPMessageTypeId":2"#,
            r#""OCPPAction":"Reset","OCPPMessageTypeId":2,"alg":"none""#,
        ] {
            let verdict = under(&format!(r#"{{"alg":"ES256",{more}}}"#)).verify("Reset", 2, &Gullible);
            assert!(matches!(verdict, Err(WrongSignature::Unreadable(_))), "{more}: {verdict:?}");
        }
        let both = r#"{"alg":"ES256","OCPPAction":"Reset","OCPPMessageTypedId":2,"OCPPMessageTypeId":2}"#;
        assert!(under(both).verify("Reset", 2, &Gullible).is_ok());
    }

    /// Part 4 §7.3; the verifier is not asked about others.
    #[test]
    fn only_three_algorithms_may_sign() {
        for algorithm in ALGORITHMS.iter().chain(&["none", "HS256", "es256", ""]) {
            let header = format!(r#"{{"alg":"{algorithm}","OCPPAction":"Reset","OCPPMessageTypeId":2}}"#);
            let verdict = under(&header).verify("Reset", 2, &Gullible).map(|claim| claim.algorithm);
            let refused = Err(WrongSignature::Algorithm((*algorithm).into()));
            let expected = if ALGORITHMS.contains(algorithm) { Ok((*algorithm).into()) } else { refused };
            assert_eq!(verdict, expected);
        }
    }

    #[test]
    fn an_empty_signature_is_none() {
        let empty = SignedPayload { signature: "".into(), ..signed("{}") };
        assert_eq!(empty.verify("Reset", 2, &Gullible), Err(WrongSignature::Refused));
    }

    /// RFC 7515 §7.2.1.
    #[test]
    fn an_envelope_may_have_more_members_and_its_header_is_an_object() {
        let read = |more: &str| {
            let text = text_of(&signed("{}"));
            SignedPayload::read_from(&format!("{},{more}}}", text.trim_end_matches('}')))
        };
        let extended = read(r#""iat":1,"header":{"kid":"1"}"#).unwrap();
        assert_eq!(extended.header.as_ref().map(Json::as_str), Some(r#"{"kid":"1"}"#));
        assert!(extended.verify("Reset", 2, &Sum(7)).is_ok());
        for header in ["1", "[]", "null", r#""{}""#] {
            let refused = read(&format!(r#""header":{header}"#)).unwrap_err();
            assert_eq!((refused.code, refused.path.as_str()), (ErrorCode::TypeConstraintViolation, "/header"));
        }
    }
}
