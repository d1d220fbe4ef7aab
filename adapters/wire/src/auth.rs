//! HTTP Basic authentication, as OCPP uses it: the user is the identity, the password is bytes.

use std::fmt;
use std::hint::black_box;

use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

/// Reads with and without padding, because stations send both.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A password: any bytes. OCPP 1.6 sends 20 raw ones (1.6J §6.2.2), 2.x sends text. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Vec<u8>);

impl Password {
    /// Takes the bytes as they are.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The secret itself; for hashing and comparing, not for showing.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no byte in it. No station should be let in with such a password.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are the same, in a time that depends on the lengths alone (see [`same_bytes`]).
    pub fn matches(&self, expected: &Self) -> bool {
        same_bytes(&self.0, &expected.0)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a station presented in its `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// To be compared with the identity (Part 2 A00: they must be equal).
    pub user: String,
    /// The secret.
    pub password: Password,
}

/// The `Authorization` header says `Basic`, and what follows cannot be read. The peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Authorization header must be `Basic` and the base64 of user:password")]
pub struct UnreadableCredentials;

impl Credentials {
    /// Reads the value of an `Authorization` header. `None` for another scheme than Basic (RFC 7617).
    ///
    /// # Errors
    /// The value is no base64, holds no colon, or its user is not UTF-8.
    pub fn parse(value: &[u8]) -> Result<Option<Self>, UnreadableCredentials> {
        let Some((scheme, token)) = value.split_at_checked(5) else {
            return Ok(None);
        };
        if !scheme.eq_ignore_ascii_case(b"basic") || !token.starts_with(b" ") {
            return Ok(None);
        }
        let plain = BASE64.decode(token.trim_ascii()).map_err(|_| UnreadableCredentials)?;
        let colon = plain.iter().position(|&byte| byte == b':').ok_or(UnreadableCredentials)?;
        let user = std::str::from_utf8(&plain[..colon]).map_err(|_| UnreadableCredentials)?;
        Ok(Some(Self { user: user.to_owned(), password: Password::new(&plain[colon + 1..]) }))
    }

    /// The value of an `Authorization` header.
    pub fn header(&self) -> String {
        let plain = [self.user.as_bytes(), b":", self.password.reveal()].concat();
        format!("Basic {}", BASE64.encode(plain))
    }
}

/// Compares without telling by its duration where the first difference is. The lengths are no secret: that of the
/// presented bytes is known to who sent them, and the loop runs over those alone.
pub fn same_bytes(presented: &[u8], expected: &[u8]) -> bool {
    let mut difference = u8::from(presented.len() != expected.len());
    for (index, byte) in presented.iter().enumerate() {
        difference |= black_box(byte ^ expected.get(index).copied().unwrap_or(0));
    }
    black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_raw_bytes_survives_the_header() {
        // 1.6J §6.2.2, the example
        let key = [0, 1, 2, 3, 4, 5, 6, 7, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255];
        let credentials = Credentials { user: "AL1000".into(), password: Password::new(key) };
        assert_eq!(credentials.header(), "Basic QUwxMDAwOgABAgMEBQYH////////////////");
        assert_eq!(Credentials::parse(credentials.header().as_bytes()), Ok(Some(credentials)));
    }

    #[test]
    fn a_password_may_hold_colons_and_padding_may_be_missing() {
        let parsed = Credentials::parse(b"basic YTpiOmM").unwrap().unwrap();
        assert_eq!((parsed.user.as_str(), parsed.password.reveal()), ("a", b"b:c".as_slice()));
    }

    #[test]
    fn what_is_not_basic_or_not_readable_gives_no_credentials() {
        assert_eq!(Credentials::parse(b"Bearer abc"), Ok(None));
        assert_eq!(Credentials::parse(b"Basi"), Ok(None));
        for value in [&b"Basic !!!!"[..], b"Basic YWJj", b"Basic /zph", b"Basic ", b"Basic \xff\xfe"] {
            assert_eq!(Credentials::parse(value), Err(UnreadableCredentials), "{value:?}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let credentials = Credentials { user: "CS1".into(), password: Password::new("hunter2") };
        let shown = format!("{credentials:?} {credentials:#?}");
        assert!(!shown.contains("hunter2") && !shown.contains("104"), "{shown}");
    }

    #[test]
    fn only_equal_bytes_compare_equal() {
        assert!(same_bytes(b"", b""));
        assert!(same_bytes(b"abc", b"abc"));
        for (a, b) in [("abc", "abd"), ("abc", "ab"), ("ab", "abc"), ("", "a"), ("a\0", "a")] {
            assert!(!same_bytes(a.as_bytes(), b.as_bytes()));
        }
    }
}
