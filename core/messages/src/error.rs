//! What was wrong with a message, in the exact words of its edition.

use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::Version;

/// The error codes of CALLERROR and CALLRESULTERROR (1.6J §4.2.3; Part 4 §4.3), under their 2.x names.
///
/// 1.6 spells two of them differently and lacks two others: see [`name`](ErrorCode::name).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The payload is syntactically wrong; 1.6 says `FormationViolation`.
    FormatViolation,
    /// No more specific code fits.
    GenericError,
    /// The receiver failed to process a valid request.
    InternalError,
    /// The number of the message type is unknown; 1.6 has no such code and ignores such messages.
    MessageTypeNotSupported,
    /// The action is unknown to the receiver.
    NotImplemented,
    /// The action is known but not supported.
    NotSupported,
    /// A member is missing, or a list has too few or too many items; 1.6 spells it `OccurenceConstraintViolation`.
    OccurrenceConstraintViolation,
    /// A member has a value that is not allowed.
    PropertyConstraintViolation,
    /// The payload does not conform to the PDU's structure.
    ProtocolError,
    /// The frame is no valid RPC request; 1.6 has no such code and says `FormationViolation`.
    RpcFrameworkError,
    /// A security issue prevented the action.
    SecurityError,
    /// A member has the wrong data type.
    TypeConstraintViolation,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 12] = [
        Self::FormatViolation,
        Self::GenericError,
        Self::InternalError,
        Self::MessageTypeNotSupported,
        Self::NotImplemented,
        Self::NotSupported,
        Self::OccurrenceConstraintViolation,
        Self::PropertyConstraintViolation,
        Self::ProtocolError,
        Self::RpcFrameworkError,
        Self::SecurityError,
        Self::TypeConstraintViolation,
    ];

    /// The word on the wire.
    pub const fn name(self, version: Version) -> &'static str {
        match (self, version) {
            (Self::FormatViolation | Self::RpcFrameworkError, Version::V16) => "FormationViolation",
            (Self::MessageTypeNotSupported, Version::V16) => "NotSupported",
            (Self::OccurrenceConstraintViolation, Version::V16) => "OccurenceConstraintViolation",
            (Self::FormatViolation, _) => "FormatViolation",
            (Self::GenericError, _) => "GenericError",
            (Self::InternalError, _) => "InternalError",
            (Self::MessageTypeNotSupported, _) => "MessageTypeNotSupported",
            (Self::NotImplemented, _) => "NotImplemented",
            (Self::NotSupported, _) => "NotSupported",
            (Self::OccurrenceConstraintViolation, _) => "OccurrenceConstraintViolation",
            (Self::PropertyConstraintViolation, _) => "PropertyConstraintViolation",
            (Self::ProtocolError, _) => "ProtocolError",
            (Self::RpcFrameworkError, _) => "RpcFrameworkError",
            (Self::SecurityError, _) => "SecurityError",
            (Self::TypeConstraintViolation, _) => "TypeConstraintViolation",
        }
    }

    /// The code with this name in any edition; peers mix them up. A name of 2.x goes before the same name in 1.6.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |version| Self::ALL.into_iter().find(|code| code.name(version) == name);
        named(Version::V201).or_else(|| named(Version::V16))
    }
}

/// A rule of a message's table that a payload breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The code that the edition prescribes for this kind of violation.
    pub code: ErrorCode,
    /// JSON pointer (RFC 6901) of the offending member; empty for the payload as a whole.
    pub path: String,
    /// What was found, and what is allowed.
    pub text: String,
}

impl Violation {
    /// A violation at the value that is being looked at; whoever looks adds the path on the way up.
    pub(crate) fn here(code: ErrorCode, text: String) -> Self {
        Self { code, path: String::new(), text }
    }

    #[must_use]
    pub(crate) fn under(mut self, segment: impl fmt::Display) -> Self {
        self.path = format!("/{segment}{}", self.path);
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.path, self.text) }
    }
}

impl core::error::Error for Violation {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_its_name_wherever_no_other_has_that_name() {
        for version in Version::ALL {
            for code in ErrorCode::ALL {
                let name = code.name(version);
                let bearers = ErrorCode::ALL.iter().filter(|other| other.name(version) == name).count();
                let found = ErrorCode::from_name(name);
                assert!(found == Some(code) || bearers > 1, "{version} {name}: {found:?}");
            }
        }
    }

    /// 1.6 has `NotSupported`, too, and no name of its own for an unknown type of message.
    #[test]
    fn a_name_that_two_codes_share_means_the_code_that_2x_calls_so() {
        assert_eq!(ErrorCode::from_name("NotSupported"), Some(ErrorCode::NotSupported));
        assert_eq!(ErrorCode::from_name("FormationViolation"), Some(ErrorCode::FormatViolation));
        assert_eq!(ErrorCode::from_name("notsupported"), None);
    }
}
