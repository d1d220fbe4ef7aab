//! How a station reaches its CSMS, and how the way is protected.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use pilotwire_messages::v2::NetworkConnectionProfile;
use pilotwire_messages::{Text, Version};
use serde::{Deserialize, Serialize};

use super::KeyId;

/// How the way to the CSMS is protected (A00; security whitepaper of 1.6, §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
#[repr(u8)]
pub enum SecurityProfile {
    /// 0: not at all. Only for trying things out: no edition allows it in the field.
    Unsecured = 0,
    /// 1: a password, and no TLS. For trusted networks only (A00.FR.201).
    Basic = 1,
    /// 2: a password over TLS; the CSMS shows a certificate.
    TlsBasic = 2,
    /// 3: certificates on both sides.
    TlsClient = 3,
}

/// The number is no security profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no security profile {0}; there are 0 to 3")]
pub struct NoSecurityProfile(pub i32);

impl SecurityProfile {
    /// Whether there is TLS between TCP and HTTP: the URL begins with `wss` then.
    pub const fn has_tls(self) -> bool {
        matches!(self, Self::TlsBasic | Self::TlsClient)
    }

    /// Whether the station shows a password.
    pub const fn has_password(self) -> bool {
        matches!(self, Self::Basic | Self::TlsBasic)
    }
}

impl TryFrom<i32> for SecurityProfile {
    type Error = NoSecurityProfile;

    fn try_from(number: i32) -> Result<Self, NoSecurityProfile> {
        match number {
            0 => Ok(Self::Unsecured),
            1 => Ok(Self::Basic),
            2 => Ok(Self::TlsBasic),
            3 => Ok(Self::TlsClient),
            other => Err(NoSecurityProfile(other)),
        }
    }
}

impl From<SecurityProfile> for i32 {
    fn from(profile: SecurityProfile) -> Self {
        profile as Self
    }
}

impl fmt::Display for SecurityProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        i32::from(*self).fmt(f)
    }
}

/// A text that must not be shown: `Debug` hides it, records and journals hold it. Keep those where only their owner reads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Text);

impl Secret {
    /// Takes a secret.
    pub fn new(text: impl Into<Text>) -> Self {
        Self(text.into())
    }

    /// The secret itself; for sending and storing, not for showing.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The password of a station as this version writes it: text, and in 1.6 hexadecimal digits. `None` if it may not be one
    /// ([`is_password`](Self::is_password)).
    pub fn of_password(bytes: &[u8], version: Version) -> Option<Self> {
        let text = match version {
            Version::V16 => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Version::V201 | Version::V21 => core::str::from_utf8(bytes).ok()?.to_owned(),
        };
        Some(Self::new(text)).filter(|secret| secret.is_password(version))
    }

    /// The bytes of a password that this version has written; `None` if they are none, which 1.6 can tell.
    pub fn password_bytes(&self, version: Version) -> Option<Vec<u8>> {
        let text = self.reveal().as_bytes();
        if version != Version::V16 {
            return Some(text.to_vec());
        }
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        let byte = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok(),
            _ => None,
        };
        text.chunks(2).map(byte).collect()
    }

    /// Whether it may be the password of a station (A00.FR.205, A00.FR.304; whitepaper of 1.6, §7.2). In 1.6 it is 16 to 20
    /// bytes, in hexadecimal digits.
    pub fn is_password(&self, version: Version) -> bool {
        let text = self.reveal();
        let length = text.chars().count();
        match version {
            Version::V16 => {
                (32..=longest_password(version)).contains(&length)
                    && length.is_multiple_of(2)
                    && text.bytes().all(|digit| digit.is_ascii_hexdigit())
            }
            // passwordString of 2.0.1.
            Version::V201 => {
                (16..=longest_password(version)).contains(&length)
                    && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"*-_=:+|@.".contains(&c))
            }
            // passwordString of 2.1: any text; HTTP has no place for control characters in it (RFC 7617).
            Version::V21 => (16..=longest_password(version)).contains(&length) && !text.chars().any(char::is_control),
        }
    }
}

/// Characters of the longest password: 2.0.1 had 40 from the beginning, the later texts leave us up to 64 (A00.FR.205).
pub(crate) const fn longest_password(version: Version) -> usize {
    match version {
        Version::V16 | Version::V201 => 40,
        Version::V21 => 64,
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The certificate that a station shows, and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    /// The key, which the host has.
    pub key: KeyId,
    /// The certificate in PEM, and those between it and the root.
    pub chain: Text,
}

/// Whom a station calls from now on, and with what: complete, so that nothing of an earlier target is needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkTarget {
    /// The slot of the network connection profile (B09).
    pub slot: i32,
    /// The way: URL, interface, mobile network, private network. Its password, if it has one, stands in `password` instead.
    pub way: NetworkConnectionProfile,
    /// How it is protected.
    pub security: SecurityProfile,
    /// Who the station is there, if not who it always is (2.1).
    pub identity: Option<Text>,
    /// The password of profiles 1 and 2. In 1.6 it is raw bytes, written as hexadecimal digits.
    pub password: Option<Secret>,
    /// The certificate of profile 3.
    pub client: Option<ClientCertificate>,
    /// What the CSMS's certificate may descend from, in PEM: of profiles 2 and 3.
    pub roots: Vec<Text>,
}

/// Why an attempt to connect failed, as far as it matters to the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionFault {
    /// The CSMS cannot be reached, or it broke off.
    Unreachable,
    /// The CSMS's certificate is not good: wrong root, wrong name, out of date, revoked (A00.FR.310, A00.FR.413).
    InvalidCsmsCertificate,
    /// The CSMS offers no version of TLS that is allowed (A00.FR.316, A00.FR.419).
    InvalidTlsVersion,
    /// The CSMS offers no cipher suite that is allowed (A00.FR.323, A00.FR.426).
    InvalidTlsCipherSuite,
    /// The CSMS does not let us in: password, certificate or identity are not what it expects.
    Refused,
    /// The CSMS does not speak the version that was offered.
    Version,
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn a_password_is_written_as_its_version_writes_it() {
        let bytes = b"\x00\xffbytes of a key!";
        let written = Secret::of_password(bytes, Version::V16).unwrap();
        assert_eq!(written.reveal(), "00ff6279746573206f662061206b657921");
        assert_eq!(written.password_bytes(Version::V16).unwrap(), bytes);
        assert_eq!(Secret::of_password(bytes, Version::V201), None, "no text");
        let text = Secret::of_password(b"correct-horse-bat", Version::V201).unwrap();
        assert_eq!(text.password_bytes(Version::V201).unwrap(), b"correct-horse-bat");
        for weak in [&b"short"[..], b"twenty-one bytes long"] {
            assert_eq!(Secret::of_password(weak, Version::V16), None);
        }
        for odd in ["0", "0g", "correct-horse-bat"] {
            assert_eq!(Secret::new(odd).password_bytes(Version::V16), None, "{odd}");
        }
    }

    /// S-7; A00.FR.205, A00.FR.304; whitepaper of 1.6, §7.2.
    #[test]
    fn passwords_have_their_length_and_their_characters() {
        let is_password = |version, text: &str| Secret::new(text).is_password(version);
        let long = |letters: &str, count| letters.chars().cycle().take(count).collect::<String>();
        let text = |version| [15, 16, 40, 41, 64, 65].map(|n| is_password(version, &long("aB3*-_=:+|@.", n)));
        assert_eq!(text(Version::V201), [false, true, true, false, false, false]);
        assert_eq!(text(Version::V21), [false, true, true, true, true, false]);
        assert!(!is_password(Version::V201, "0123456789abcde#"));
        assert!(is_password(Version::V21, "Schlüssel 123456") && !is_password(Version::V21, "0123456789abcde\n"));
        let digits = [30, 31, 32, 33, 38, 40, 42].map(|n| is_password(Version::V16, &long("0123456789aBcDeF", n)));
        assert_eq!(digits, [false, false, true, false, true, true, false]);
        assert!(!is_password(Version::V16, &long("g", 32)));
    }
}
