//! From text to checked values; looks for the reason only when that failed.

use alloc::string::String;
use alloc::vec::Vec;

use super::judge::judge;
use super::{Leniency, Payload, Policy, Rule, Wire};
use crate::reader::Reader;
use crate::{ErrorCode, Version, Violation};

/// Decodes a payload and checks every rule of its table, as `version` has them.
///
/// # Errors
/// The first rule that the payload breaks, with the error code that answers it.
pub fn decode<T: Payload>(payload: &str, version: Version) -> Result<T, Violation> {
    decode_with(&mut Reader::new(payload), payload, version)
}

/// The same; what the reader noticed stays with it.
#[inline]
fn decode_with<T: Payload>(reader: &mut Reader<'_>, payload: &str, version: Version) -> Result<T, Violation> {
    let read = T::read(reader).and_then(|value| reader.end().map(|()| value));
    let value = read.map_err(|_| why::<T>(payload, version))?;
    value.check(&Rule::ANY, version)?;
    Ok(value)
}

#[cold]
fn why<T: Payload>(payload: &str, version: Version) -> Violation {
    let unexplained = || Violation::here(ErrorCode::FormatViolation, "the payload cannot be read".into());
    judge(T::SHAPE, payload, version, &Policy::STRICT).err().unwrap_or_else(unexplained)
}

/// A value, and what was forgiven to get it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lenient<T> {
    /// The value. It may break the rules that were forgiven: checked again, it would be refused.
    pub value: T,
    /// What was forgiven, in the order of the tables; mostly nothing.
    pub leniencies: Vec<Leniency>,
}

/// Decodes a payload, and forgives what `policy` says. A payload that needs no forgiveness costs what [`decode`] costs.
///
/// # Errors
/// The first rule that is broken and not forgiven.
pub fn decode_leniently<T: Payload>(payload: &str, version: Version, policy: &Policy) -> Result<Lenient<T>, Violation> {
    let mut reader = Reader::new(payload);
    let strict = match decode_with(&mut reader, payload, version) {
        Ok(value) if !reader.saw_fine_time => return Ok(Lenient { value, leniencies: Vec::new() }),
        Ok(value) => {
            let told = judge(T::SHAPE, payload, version, policy);
            return Ok(Lenient { value, leniencies: told.map_or(Vec::new(), |mended| mended.leniencies) });
        }
        Err(violation) => violation,
    };
    let mended = judge(T::SHAPE, payload, version, policy)?;
    let value = T::read(&mut Reader::new(&mended.text)).map_err(|_| strict)?;
    Ok(Lenient { value, leniencies: mended.leniencies })
}

/// The JSON text of a payload that keeps every rule of its table, as `version` has them: a member or word of 2.1 does not
/// leave for a peer of 2.0.1.
///
/// # Errors
/// The first rule that it breaks.
pub fn encode_checked<T: Payload>(value: &T, version: Version) -> Result<String, Violation> {
    value.check(&Rule::ANY, version)?;
    Ok(text_of(value))
}

/// The JSON text of a value of the tables, whatever rules it keeps.
pub fn text_of<T: Wire>(value: &T) -> String {
    let mut text = String::with_capacity(256);
    value.write(&mut text);
    text
}
