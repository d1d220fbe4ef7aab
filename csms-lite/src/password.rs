//! Passwords of stations: what they may be, and how they are kept.

use std::fmt;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use pilotwire_wire::Password;
use tokio::sync::Semaphore;

/// Hashes that are computed at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Characters of a password that is text (2.0.1: A00.FR.205, A00.FR.304).
const CHARS: std::ops::RangeInclusive<usize> = 16..=40;
/// Hexadecimal digits of an AuthorizationKey of 1.6: 20 bytes.
const KEY_DIGITS: usize = 40;

/// A salted hash (Argon2id) with its parameters, as text. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash that was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// The password cannot be used. The caller's fault, but for `Failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password is text of 16 to 40 characters, or 40 hexadecimal digits that stand for 20 bytes")]
    Length,
    /// Not to be typed.
    #[error("a password must not contain control characters")]
    Control,
    /// Not hexadecimal.
    #[error("password_hex must be 40 hexadecimal digits")]
    Hex,
    /// It could not be hashed.
    #[error("the password could not be hashed")]
    Failed,
}

/// A password that is text.
///
/// # Errors
/// It breaks a rule.
pub(crate) fn from_text(text: &str) -> Result<Password, PasswordError> {
    if text.contains(char::is_control) {
        return Err(PasswordError::Control);
    }
    if !CHARS.contains(&text.chars().count()) {
        return Err(PasswordError::Length);
    }
    Ok(Password::new(text))
}

/// A password that is bytes, as an AuthorizationKey of 1.6 is.
///
/// # Errors
/// It breaks a rule.
pub(crate) fn from_hex(digits: &str) -> Result<Password, PasswordError> {
    key_bytes(digits.as_bytes()).map(Password::new).ok_or(PasswordError::Hex)
}

/// Hashes and verifies, a few at once and apart from the tasks that serve stations.
#[derive(Clone, Debug)]
pub struct Hasher(Arc<Semaphore>);

impl Default for Hasher {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hasher {
    /// Hashes a password, with a salt of its own.
    ///
    /// # Errors
    /// [`PasswordError::Failed`].
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordError> {
        let hash = move || {
            let phc = Argon2::default().hash_password(&canonical(&password)).ok()?;
            Some(PasswordHash(phc.to_string()))
        };
        self.run(hash).await.flatten().ok_or(PasswordError::Failed)
    }

    /// Whether this is the password.
    pub async fn verify(&self, password: Password, hash: PasswordHash) -> bool {
        let verify = move || {
            Phc::new(&hash.0).is_ok_and(|phc| Argon2::default().verify_password(&canonical(&password), &phc).is_ok())
        };
        self.run(verify).await.unwrap_or(false)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let work = move || {
            let result = work();
            drop(permit);
            result
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}

/// 1.6 gives a station its key as 40 hexadecimal digits; some stations send the 20 bytes that they stand for (1.6J §6.2.2),
/// some the digits. Both are the same password.
fn canonical(password: &Password) -> Vec<u8> {
    key_bytes(password.reveal()).unwrap_or_else(|| password.reveal().to_vec())
}

fn key_bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok(),
        _ => None,
    };
    if digits.len() != KEY_DIGITS {
        return None;
    }
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_16_to_40_characters() {
        // A00.FR.205
        for (text, expected) in [
            ("", Err(PasswordError::Length)),
            ("fifteen-letters", Err(PasswordError::Length)),
            ("sixteen-letters!", Ok(())),
            ("a line\nfeed in it", Err(PasswordError::Control)),
        ] {
            assert_eq!(from_text(text).map(drop), expected, "{text:?}");
        }
        assert!(from_text(&"ä".repeat(40)).is_ok());
        assert_eq!(from_text(&"a".repeat(41)).map(drop), Err(PasswordError::Length));
    }

    #[test]
    fn a_key_is_40_hexadecimal_digits() {
        let key = from_hex("000102030405060708090A0b0c0d0e0f10111213").unwrap();
        assert_eq!(key.reveal(), (0..20).collect::<Vec<u8>>());
        for digits in ["", "00", &"0".repeat(38), &"g".repeat(40), &"0".repeat(42)] {
            assert_eq!(from_hex(digits).map(drop), Err(PasswordError::Hex));
        }
    }

    #[tokio::test]
    async fn a_key_is_known_by_its_digits_and_by_its_bytes() {
        let hasher = Hasher::default();
        let digits = "000102030405060708090a0b0c0d0e0f10111213";
        let hash = hasher.hash(from_hex(digits).unwrap()).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$") && !format!("{hash:?}").contains("argon2"));
        assert!(hasher.verify(Password::new(digits), hash.clone()).await);
        assert!(hasher.verify(Password::new((0..20).collect::<Vec<u8>>()), hash.clone()).await);
        assert!(!hasher.verify(Password::new((1..21).collect::<Vec<u8>>()), hash.clone()).await);
        let again = hasher.hash(from_hex(digits).unwrap()).await.unwrap();
        assert_ne!(again, hash, "every hash has a salt of its own");
    }
}
