//! PEM, under limits.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use der::pem::{LineEnding, encode_string};

/// How many certificates a chain may have. Real ones have four: the root, two sub-CAs, the leaf.
pub const MAX_CERTIFICATES: usize = 10;

/// How long a chain may be, in bytes of PEM. OCPP 2.x allows 10,000 characters in a message.
pub const MAX_CHAIN_BYTES: usize = 65_536;

/// Why certificates could not be read. The fault of whoever made them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// There is no certificate in the text.
    #[error("no certificate in PEM")]
    Empty,
    /// The text is longer than [`MAX_CHAIN_BYTES`].
    #[error("{0} bytes of certificates, more than {MAX_CHAIN_BYTES}")]
    TooLong(usize),
    /// There are more than [`MAX_CERTIFICATES`].
    #[error("more than {MAX_CERTIFICATES} certificates")]
    TooMany,
    /// The armour or the Base64 is broken.
    #[error("certificate {number} is broken PEM: {why}")]
    Pem {
        /// Which one, from 1.
        number: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// What the armour holds is no X.509 certificate.
    #[error("certificate {number} is broken: {why}")]
    Der {
        /// Which one, from 1.
        number: usize,
        /// What is wrong.
        why: String,
    },
}

/// The certificates in a text, at least one. Other things between them are passed over.
pub(crate) fn certificates(text: &str) -> Result<Vec<Vec<u8>>, ChainError> {
    if text.len() > MAX_CHAIN_BYTES {
        return Err(ChainError::TooLong(text.len()));
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(section) = section(&mut rest, "CERTIFICATE") {
        let number = found.len() + 1;
        if number > MAX_CERTIFICATES {
            return Err(ChainError::TooMany);
        }
        found.push(section.map_err(|why| ChainError::Pem { number, why })?);
    }
    if found.is_empty() { Err(ChainError::Empty) } else { Ok(found) }
}

/// What stands in the next section with this label; `rest` begins behind it then. Line breaks may be anywhere or nowhere:
/// texts that went through JSON by hand have lost theirs.
pub(crate) fn section(rest: &mut &str, label: &str) -> Option<Result<Vec<u8>, &'static str>> {
    let (_, behind) = rest.split_once(&format!("-----BEGIN {label}-----"))?;
    let Some((body, behind)) = behind.split_once(&format!("-----END {label}-----")) else {
        *rest = "";
        return Some(Err("it has no end"));
    };
    *rest = behind;
    let digits: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    Some(BASE64_STANDARD.decode(digits).map_err(|_| "it is no Base64"))
}

/// One certificate as PEM writes it.
pub(crate) fn certificate(der: &[u8]) -> String {
    encode("CERTIFICATE", der)
}

/// Anything as PEM writes it. Fails for none of the labels and lengths that occur here, and is empty if it did.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    encode_string(label, LineEnding::LF, der).unwrap_or_default()
}
