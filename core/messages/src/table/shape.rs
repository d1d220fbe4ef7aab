//! What a payload should look like: read only to explain one that did not decode.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Rule;
use crate::{DateTime, Decimal, Json, Text, Version};

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

impl Word {
    /// Whether an edition has it.
    pub const fn exists_in(&self, version: Version) -> bool {
        !self.since_21 || matches!(version, Version::V21)
    }
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
    /// What a value of this form is called.
    pub(super) const fn name(&self) -> &'static str {
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
