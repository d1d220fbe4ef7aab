//! Signed meter values ("Signed Meter Values" paper, 1.0): the one structure of all editions, and the meter's public key.

use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::v2::SignedMeterValue;
use crate::{Text, Version, Violation, decode, text_of};

/// Alone it is the value of a 1.6 sample.
impl crate::table::Payload for SignedMeterValue {}

impl SignedMeterValue {
    /// The text that stands as the value of a 1.6 sample of format `SignedData`: the same structure as JSON (§3.2.1).
    pub fn to_16_value(&self) -> Text {
        text_of(self).into()
    }

    /// Reads the value of such a sample.
    ///
    /// # Errors
    /// It is another structure: the signed data alone, as stations sent it before the paper, is none.
    pub fn from_16_value(value: &str) -> Result<Self, Violation> {
        // As in 2.1, method and key may be left out; the paper writes them empty.
        decode(value, Version::V21)
    }

    /// The meter's public key, if it came along.
    ///
    /// # Errors
    /// It is not written as §3.2.2 asks for.
    pub fn key(&self) -> Result<Option<PublicKey>, BadPublicKey> {
        match self.public_key.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => PublicKey::parse(text).map(Some),
        }
    }
}

/// How a public key is printed on its meter (§3.2.2, table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEncoding {
    /// Hexadecimal; prefixes (`0x`) and whatever is no hexadecimal digit are left out.
    Base16,
    /// Base64.
    Base64,
}

/// A meter's public key, as it is printed on it (§3.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// How it is printed.
    pub encoding: KeyEncoding,
    /// What the decoded bytes are: `asn1`, or a vendor's own word.
    pub content_type: Text,
    /// As it stands on the meter.
    pub printed: String,
}

/// The text is no public key in the form `oca:encoding:content type:key`, in Base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no public key in the form oca:<encoding>:<content type>:<key>, in Base64")]
pub struct BadPublicKey;

impl PublicKey {
    /// Reads the `publicKey` of signed meter data, or the variable `MeterPublicKey`.
    ///
    /// # Errors
    /// It has another form.
    pub fn parse(text: &str) -> Result<Self, BadPublicKey> {
        let bytes = BASE64.decode(text).map_err(|_| BadPublicKey)?;
        let inner = String::from_utf8(bytes).map_err(|_| BadPublicKey)?;
        let mut parts = inner.splitn(4, ':');
        let [Some("oca"), Some(encoding), Some(content_type), Some(printed)] = core::array::from_fn(|_| parts.next())
        else {
            return Err(BadPublicKey);
        };
        let encoding = match encoding {
            "base16" => KeyEncoding::Base16,
            "base64" => KeyEncoding::Base64,
            _ => return Err(BadPublicKey),
        };
        Ok(Self { encoding, content_type: content_type.into(), printed: printed.into() })
    }

    /// The text that goes out.
    pub fn to_text(&self) -> Text {
        let encoding = match self.encoding {
            KeyEncoding::Base16 => "base16",
            KeyEncoding::Base64 => "base64",
        };
        BASE64.encode(alloc::format!("oca:{encoding}:{}:{}", self.content_type, self.printed)).into()
    }

    /// The key's bytes.
    ///
    /// # Errors
    /// What is printed is not in its encoding.
    pub fn bytes(&self) -> Result<alloc::vec::Vec<u8>, BadPublicKey> {
        match self.encoding {
            KeyEncoding::Base64 => BASE64.decode(&self.printed).map_err(|_| BadPublicKey),
            KeyEncoding::Base16 => from_hex(&self.printed),
        }
    }
}

/// Prefixes and whatever is no hexadecimal digit are left out (§3.2.2, table 2).
fn from_hex(printed: &str) -> Result<alloc::vec::Vec<u8>, BadPublicKey> {
    let mut digits = alloc::vec::Vec::with_capacity(printed.len());
    let mut group = 0;
    for character in printed.chars() {
        match character.to_digit(16) {
            Some(digit) => {
                digits.push(digit);
                group += 1;
            }
            // The zero of a prefix is none of the key's.
            None if matches!(character, 'x' | 'X') && digits.last() == Some(&0) && group > 0 => {
                digits.pop();
                // Behind other digits of its group the zero may be one of them, and half a byte may lack its other half.
                if group > 1 || digits.len() % 2 == 1 {
                    return Err(BadPublicKey);
                }
                group = 0;
            }
            None => group = 0,
        }
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    match rest {
        [] => Ok(pairs.iter().map(|[high, low]| (high * 16 + low) as u8).collect()),
        _ => Err(BadPublicKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> PublicKey {
        PublicKey { encoding: KeyEncoding::Base16, content_type: "asn1".into(), printed: "0x30:59 ff".into() }
    }

    #[test]
    fn a_public_key_comes_back_as_it_is_printed() {
        let text = key().to_text();
        assert_eq!(PublicKey::parse(&text), Ok(key()));
        assert_eq!(key().bytes().unwrap(), [0x30, 0x59, 0xFF]);
        let base64 = PublicKey { encoding: KeyEncoding::Base64, printed: "MFk=".into(), ..key() };
        assert_eq!(base64.bytes().unwrap(), [0x30, 0x59]);
    }

    /// §3.2.2, table 2.
    #[test]
    fn prefixes_and_signs_between_the_digits_are_left_out() {
        let bytes = |printed: &str| PublicKey { printed: printed.into(), ..key() }.bytes();
        for printed in ["3059ff", "0X30 59 FF", "0x30 0x59 0xff", "0x30,0x59\n0XFF", "30:59:FF", " 0x3059\r\n\tff "] {
            assert_eq!(bytes(printed), Ok([0x30, 0x59, 0xFF].into()), "{printed}");
        }
        assert_eq!(bytes("00 0x00"), Ok([0, 0].into()));
        for unclear in ["300x59", "0x300x59ff", "30 0x5", "0x5 0x3"] {
            assert_eq!(bytes(unclear), Err(BadPublicKey), "{unclear}");
        }
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        for inner in ["", "oca", "oca:base16:asn1", "abc:base16:asn1:00", "oca:base32:asn1:00"] {
            assert_eq!(PublicKey::parse(&BASE64.encode(inner)), Err(BadPublicKey), "{inner}");
        }
        assert_eq!(PublicKey::parse("not base64!"), Err(BadPublicKey));
        assert_eq!(PublicKey { printed: "abc".into(), ..key() }.bytes(), Err(BadPublicKey));
    }

    /// §3.2.1: in 1.6 the structure is the value of a sample, as text.
    #[test]
    fn signed_data_goes_through_a_1_6_value_unchanged() {
        let mut signed = SignedMeterValue::new("T0NNRg==", "OCMF");
        signed.signing_method = Some("".into());
        signed.public_key = Some(key().to_text());
        let value = signed.to_16_value();
        assert_eq!(SignedMeterValue::from_16_value(&value), Ok(signed.clone()));
        assert_eq!(signed.key(), Ok(Some(key())));
        assert!(SignedMeterValue::from_16_value("OCMF|{}|{}").is_err());
        signed.public_key = Some("".into());
        assert_eq!(signed.key(), Ok(None));
    }
}
