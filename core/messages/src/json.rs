//! JSON that is carried, not read.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use crate::reader::Reader;
use crate::writer;

/// Any JSON value, kept as the text that it came in: vendor data, error details, whole payloads of raw calls.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(Box<str>);

/// The text is no JSON value, or one that is nested deeper than 128 levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no valid JSON value of at most 128 levels")]
pub struct BadJson;

impl Json {
    /// Takes `text` if it is one valid JSON value.
    ///
    /// # Errors
    /// It is none, or nested deeper than 128 levels.
    pub fn parse(text: &str) -> Result<Self, BadJson> {
        let mut reader = Reader::new(text);
        let value = reader.any().map_err(|_| BadJson)?;
        reader.end().map_err(|_| BadJson)?;
        Ok(Self::checked(value))
    }

    /// `text`, which is known to be one valid value.
    pub(crate) fn checked(text: &str) -> Self {
        Self(text.into())
    }

    /// `text` as a JSON string.
    pub fn string(text: &str) -> Self {
        let mut quoted = String::new();
        writer::string(text, &mut quoted);
        Self(quoted.into())
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.as_str()).map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(de::Error::custom)
    }
}
