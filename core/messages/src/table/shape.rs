//! What a payload should look like: read only to explain one that did not decode.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::Rule;
use crate::{DateTime, Decimal, ErrorCode, Json, Text, Violation};

/// The JSON form of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// One of these strings.
    Words {
        /// The words that the table knows.
        words: &'static [Word],
        /// How long words may be that the table does not know, if 2.1 allows them.
        others_since_21: Option<i64>,
    },
    /// An integer of 32 bits.
    Integer,
    /// An integer of 64 bits.
    Long,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An RFC 3339 timestamp.
    DateTime,
    /// Anything.
    Any,
    /// An array of these.
    List(&'static Self),
    /// An object with these members and, if it is vendor data, any others.
    Object {
        /// The members that the table knows.
        members: &'static [Member],
        /// Whether other members may stand there.
        open: bool,
    },
}

/// One member of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name on the wire.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Its limits and editions.
    pub rule: Rule,
    /// What it looks like.
    pub shape: &'static Shape,
}

/// One word of an enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word on the wire.
    pub text: &'static str,
    /// Whether it does not exist before 2.1.
    pub since_21: bool,
}

/// A type with a JSON form.
pub trait Shaped {
    /// The form.
    const SHAPE: &'static Shape;
}

macro_rules! shaped {
    ($($type:ty: $shape:expr),* $(,)?) => {
        $(impl Shaped for $type {
            const SHAPE: &'static Shape = &$shape;
        })*
    };
}

shaped! {
    Text: Shape::Text,
    i32: Shape::Integer,
    i64: Shape::Long,
    Decimal: Shape::Number,
    bool: Shape::Boolean,
    DateTime: Shape::DateTime,
    Json: Shape::Any,
}

impl<T: Shaped> Shaped for Vec<T> {
    const SHAPE: &'static Shape = &Shape::List(T::SHAPE);
}

impl<T: Shaped> Shaped for Box<T> {
    const SHAPE: &'static Shape = T::SHAPE;
}

impl Shape {
    /// The first place where `value` does not have this form.
    pub fn explain(&self, value: &Value) -> Result<(), Violation> {
        match (self, value) {
            (Self::Any, _) | (Self::Text | Self::Words { .. }, Value::String(_)) | (Self::Boolean, Value::Bool(_)) => {
                Ok(())
            }
            (Self::Integer, Value::Number(number)) => {
                integer(number.as_i64(), i64::from(i32::MIN)..=i64::from(i32::MAX), value)
            }
            (Self::Long, Value::Number(number)) => integer(number.as_i64(), i64::MIN..=i64::MAX, value),
            (Self::Number, Value::Number(number)) => number
                .as_str_lossy()
                .parse::<Decimal>()
                .map(|_| ())
                .map_err(|error| Violation::here(ErrorCode::PropertyConstraintViolation, format!("{error}"))),
            (Self::DateTime, Value::String(text)) => text
                .parse::<DateTime>()
                .map(|_| ())
                .map_err(|error| Violation::here(ErrorCode::FormatViolation, format!("{} is {error}", excerpt(value)))),
            (Self::List(item), Value::Array(values)) => values
                .iter()
                .enumerate()
                .try_for_each(|(at, value)| item.explain(value).map_err(|violation| violation.under(at))),
            (Self::Object { members, open }, Value::Object(map)) => object(members, *open, map),
            _ => Err(Violation::here(
                ErrorCode::TypeConstraintViolation,
                format!("{} is not {}", excerpt(value), self.name()),
            )),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Text | Self::Words { .. } => "a string",
            Self::Integer | Self::Long => "an integer",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::DateTime => "a timestamp",
            Self::Any => "a value",
            Self::List(_) => "an array",
            Self::Object { .. } => "an object",
        }
    }
}

/// The shortest text of a parsed number; digits beyond a float's are lost, which only an explanation may do.
trait LossyText {
    fn as_str_lossy(&self) -> String;
}

impl LossyText for serde_json::Number {
    fn as_str_lossy(&self) -> String {
        format!("{self}")
    }
}

fn integer(found: Option<i64>, range: core::ops::RangeInclusive<i64>, value: &Value) -> Result<(), Violation> {
    match found {
        Some(number) if range.contains(&number) => Ok(()),
        Some(number) => {
            let text = format!("{number} is not in {} to {}", range.start(), range.end());
            Err(Violation::here(ErrorCode::PropertyConstraintViolation, text))
        }
        None => {
            let text = format!("{} is not an integer", excerpt(value));
            Err(Violation::here(ErrorCode::TypeConstraintViolation, text))
        }
    }
}

fn object(members: &[Member], open: bool, map: &serde_json::Map<String, Value>) -> Result<(), Violation> {
    for member in members {
        match map.get(member.name) {
            Some(value) => member.shape.explain(value).map_err(|violation| violation.under(member.name))?,
            None if member.required => {
                let missing = Violation::here(ErrorCode::OccurrenceConstraintViolation, "is missing".into());
                return Err(missing.under(member.name));
            }
            None => {}
        }
    }
    let unknown = map.keys().find(|name| members.iter().all(|member| member.name != name.as_str()));
    match unknown {
        Some(name) if !open => {
            let text = "is no member of this message".into();
            Err(Violation::here(ErrorCode::FormatViolation, text).under(escape(name)))
        }
        _ => Ok(()),
    }
}

/// A member name of the peer's as a segment of a JSON pointer, cut to a length that fits an error text.
fn escape(name: &str) -> String {
    name.chars().take(50).collect::<String>().replace('~', "~0").replace('/', "~1")
}

/// The beginning of a value, so that an error text stays short whatever was sent.
fn excerpt(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".into(),
        Value::Array(_) => "an array".into(),
        scalar => {
            let text = format!("{scalar}");
            let short: String = text.chars().take(40).collect();
            if short.len() < text.len() { format!("{short}…") } else { text }
        }
    }
}
