//! Objects of the tables inside values that are written and read by `serde_json`: records, journals, a host's own API.

use alloc::boxed::Box;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use super::{Wire, text_of};
use crate::reader::Reader;

/// Writes the object as its own text. Works with `serde_json` only, as its raw values do.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn serialize<T: Wire, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let text = text_of(value);
    let raw: &RawValue = serde_json::from_str(&text).map_err(ser::Error::custom)?;
    raw.serialize(serializer)
}

/// Reads the object; no rule of the tables is looked at.
///
/// # Errors
/// Something else stands there.
pub(crate) fn deserialize<'de, T: Wire, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let mut reader = Reader::new(raw.get());
    T::read(&mut reader).map_err(|_| de::Error::custom("not the object that belongs here"))
}
