//! JSON that is carried, not read.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use crate::reader::Reader;
use crate::writer;

/// Any JSON value, kept as the text that it came in: vendor data, error details, whole payloads of raw calls.
///
/// Line breaks between its parts become spaces, so that it fits into a line of a journal and into a record.
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
        // Bytes, and all of them, as compilers look at many at once then.
        let broken = text.bytes().fold(false, |broken, byte| broken | is_line_break(byte));
        if broken { on_one_line(text) } else { Self(text.into()) }
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

const fn is_line_break(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// In valid JSON a line break never stands inside a string (RFC 8259 §7): there it is white space, and a space as well.
#[cold]
fn on_one_line(text: &str) -> Json {
    Json(text.replace(['\n', '\r'], " ").into())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Wire;

    const BROKEN: &str = "{\"a\":\r\n[1,\n\t\"b\\n\"]\r}";
    const WHOLE: &str = "{\"a\":  [1, \t\"b\\n\"] }";

    #[test]
    fn a_value_is_one_line_whichever_way_it_comes() {
        assert_eq!(Json::parse(BROKEN).map(|json| json.as_str().into()), Ok(String::from(WHOLE)));
        assert_eq!(serde_json::from_str::<Json>(BROKEN).ok(), Json::parse(WHOLE).ok());
        assert_eq!(Json::read(&mut Reader::new(BROKEN)), Json::parse(WHOLE).map_err(|_| crate::reader::Bad));
        assert_eq!(Json::string("a\r\nb").as_str(), r#""a\r\nb""#);
    }
}
