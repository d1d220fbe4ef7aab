//! Who a charging station says it is: the last segment of the path of its connection URL.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::Refusal;

/// Longest identity, in characters (Part 4 §3.1.1).
pub const MAX_IDENTITY_CHARS: usize = 48;

/// All but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The identity of a charging station, decoded.
///
/// Compared byte by byte: no case folding, no Unicode normalization, so that two stations never share one. Free of path
/// separators, dot segments, colons and control characters, yet still text from outside: bind it, do not paste it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(String);

/// Why a text cannot be the identity of a charging station. The peer's fault, unless the text came from our own
/// configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The path names no station.
    #[error("the path must end with the identity of the charging station, such as /ocpp/CS001")]
    Empty,
    /// More than [`MAX_IDENTITY_CHARS`] (Part 4 §3.1.1).
    #[error("an identity has at most 48 characters")]
    TooLong,
    /// A colon, which separates user and password in Basic authentication (Part 4 §3.1.1).
    #[error("an identity must not contain a colon")]
    Colon,
    /// `.`, `..` or a slash, which would be an identity to us and a path to whoever stores it.
    #[error("an identity must not be a dot segment or contain a slash")]
    PathLike,
    /// A control character, NUL among them.
    #[error("an identity must not contain control characters")]
    Control,
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("a % in the path must be followed by two hexadecimal digits")]
    BadEscape,
    /// The decoded bytes are not UTF-8.
    #[error("an identity must be UTF-8 when its percent-encoding is undone")]
    NotUtf8,
}

impl IdentityError {
    /// What the server answers. What is no well-formed URL is a bad request; what is one, but can name no station, gets
    /// the same 404 as every station that we do not know (Part 4 §3.3), so that probing teaches nothing.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::BadEscape | Self::NotUtf8 | Self::Control => Refusal::BadRequest("the path is not well-formed"),
            Self::Empty | Self::TooLong | Self::Colon | Self::PathLike => Refusal::NotFound,
        }
    }
}

impl Identity {
    /// Checks an identity that is already decoded.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn new(text: &str) -> Result<Self, IdentityError> {
        if text.is_empty() {
            return Err(IdentityError::Empty);
        }
        if text == "." || text == ".." || text.contains('/') {
            return Err(IdentityError::PathLike);
        }
        if text.contains(char::is_control) {
            return Err(IdentityError::Control);
        }
        if text.contains(':') {
            return Err(IdentityError::Colon);
        }
        if text.chars().count() > MAX_IDENTITY_CHARS {
            return Err(IdentityError::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes the identity from the target of a request: the last segment of the path, whatever stands before it. One
    /// trailing slash and a query are tolerated, because stations in the field send them.
    ///
    /// # Errors
    /// Says which rule the path breaks.
    pub fn from_target(target: &str) -> Result<Self, IdentityError> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_suffix('/').unwrap_or(path);
        let (_, segment) = path.rsplit_once('/').ok_or(IdentityError::Empty)?;
        if !escapes_are_complete(segment) {
            return Err(IdentityError::BadEscape);
        }
        let text = percent_decode_str(segment).decode_utf8().map_err(|_| IdentityError::NotUtf8)?;
        Self::new(&text)
    }

    /// The identity, decoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identity as a path segment, percent-encoded (Part 4 §3.1.1, RFC 3986).
    pub fn to_segment(&self) -> String {
        utf8_percent_encode(&self.0, RESERVED).to_string()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Identity {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The decoder would pass broken escapes through as they are, and two spellings would then name one station.
fn escapes_are_complete(segment: &str) -> bool {
    segment.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes();
        digits.len() >= 2 && digits[0].is_ascii_hexdigit() && digits[1].is_ascii_hexdigit()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(target: &str) -> Result<String, IdentityError> {
        Identity::from_target(target).map(|identity| identity.0)
    }

    #[test]
    fn the_last_segment_names_the_station_whatever_stands_before_it() {
        assert_eq!(of("/CS1").unwrap(), "CS1");
        assert_eq!(of("/steve/websocket/CentralSystemService/CS1").unwrap(), "CS1");
        assert_eq!(of("/ocppj/RDAM%7C123").unwrap(), "RDAM|123");
        assert_eq!(of("/a/../CS1/").unwrap(), "CS1");
        assert_eq!(of("/CS1?token=1/2").unwrap(), "CS1");
        assert_eq!(of("/cs1").unwrap(), "cs1");
        assert_eq!(of("/%43S1").unwrap(), "CS1");
    }

    #[test]
    fn what_cannot_name_a_station_is_refused() {
        for (target, error) in [
            ("", IdentityError::Empty),
            ("/", IdentityError::Empty),
            ("//", IdentityError::Empty),
            ("/ocpp/CS1//", IdentityError::Empty),
            ("*", IdentityError::Empty),
            ("/ocpp/..", IdentityError::PathLike),
            ("/ocpp/%2e%2E", IdentityError::PathLike),
            ("/ocpp/.", IdentityError::PathLike),
            ("/ocpp/a%2Fb", IdentityError::PathLike),
            ("/ocpp/a%00", IdentityError::Control),
            ("/ocpp/a%0d%0a", IdentityError::Control),
            ("/ocpp/a:b", IdentityError::Colon),
            ("/ocpp/a%3Ab", IdentityError::Colon),
            ("/ocpp/a%", IdentityError::BadEscape),
            ("/ocpp/a%4", IdentityError::BadEscape),
            ("/ocpp/a%+1", IdentityError::BadEscape),
            ("/ocpp/%ff", IdentityError::NotUtf8),
        ] {
            assert_eq!(of(target), Err(error), "{target}");
        }
        assert_eq!(of(&format!("/{}", "x".repeat(200))), Err(IdentityError::TooLong));
        assert!(of(&format!("/{}", "%C3%A9".repeat(48))).is_ok());
    }

    #[test]
    fn encoding_and_decoding_an_identity_gives_it_back() {
        for text in ["CS001", "RDAM|123", "a b%", "é", "~x-y_z.", "a?b#c"] {
            let identity = Identity::new(text).unwrap();
            assert_eq!(of(&format!("/ocpp/{}", identity.to_segment())).unwrap(), text);
        }
        assert_eq!(Identity::new("RDAM|123").unwrap().to_segment(), "RDAM%7C123");
    }
}
