//! Decode plainly first; look for the reason only when that failed.

use alloc::format;
use alloc::string::ToString;
use core::fmt;

use serde::de::{self, DeserializeSeed, Deserializer};
use serde_json::Value;

use super::{Payload, Rule};
use crate::{ErrorCode, Version, Violation};

/// Decodes a payload and checks every rule of its table, as `version` has them.
///
/// # Errors
/// The first rule that the payload breaks, with the error code that answers it.
pub fn decode<T: Payload>(payload: &str, version: Version) -> Result<T, Violation> {
    let value: T = serde_json::from_str(payload).map_err(|error| explain::<T>(payload, &error))?;
    value.check(&Rule::ANY, version)?;
    Ok(value)
}

#[cold]
fn explain<T: Payload>(payload: &str, error: &serde_json::Error) -> Violation {
    let fallback = || Violation::here(ErrorCode::FormatViolation, error.to_string());
    let mut values = serde_json::Deserializer::from_str(payload).into_iter::<Value>();
    if values.next().is_some_and(|first| first.is_ok()) && values.next().is_some() {
        // The frame was cut at its first and last bracket only: there were more elements than a frame has.
        return Violation::here(ErrorCode::RpcFrameworkError, "something stands behind the payload".into());
    }
    match serde_json::from_str::<Value>(payload) {
        Ok(value) => T::SHAPE.explain(&value).err().unwrap_or_else(fallback),
        Err(error) => Violation::here(ErrorCode::FormatViolation, format!("not JSON: {error}")),
    }
}

/// Reads a member's name as its place in the table, looking first where the table goes on.
pub struct Key<'a> {
    /// The names of the table.
    pub names: &'static [&'static str],
    /// Where the next name is expected.
    pub next: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl de::Visitor<'_> for Key<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member of this message")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<usize, E> {
        let after = self.names.iter().skip(*self.next).position(|known| *known == name).map(|at| at + *self.next);
        let found = after.or_else(|| self.names.iter().position(|known| *known == name));
        let place = found.ok_or_else(|| E::custom("unknown member"))?;
        *self.next = place + 1;
        Ok(place)
    }
}

/// The error of a member that stands there twice.
#[cold]
pub fn duplicate<E: de::Error>(name: &'static str) -> E {
    E::custom(format_args!("member {name} stands there twice"))
}

/// The error of a required member that is not there.
#[cold]
pub fn missing<E: de::Error>(name: &'static str) -> E {
    E::missing_field(name)
}
