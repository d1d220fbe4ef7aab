//! Values as JSON text, without a detour.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::reader::{Bad, Reader};
use crate::{DateTime, Decimal, Json, Text, time, writer};

/// A value that is read from, and written as, JSON text. No limit of the tables is looked at here.
pub trait Wire: Sized {
    /// Reads the value that stands next.
    ///
    /// # Errors
    /// Something else stands there.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad>;

    /// Writes the value behind `out`.
    fn write(&self, out: &mut String);
}

/// How many items a list is given room for before they are seen.
const MOST_EXPECTED: usize = 32;

/// Reads one member of an object; one that stands there twice is none of ours.
#[inline]
pub(crate) fn read_member<T: Wire>(place: &mut Option<T>, reader: &mut Reader<'_>) -> Result<(), Bad> {
    match place.replace(T::read(reader)?) {
        None => Ok(()),
        Some(_) => Err(Bad),
    }
}

/// Writes one member of an object.
pub(crate) fn write_member<T: Wire>(name: &str, value: &T, first: &mut bool, out: &mut String) {
    out.push(if core::mem::replace(first, false) { '{' } else { ',' });
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
    value.write(out);
}

/// Writes the end of an object.
pub(crate) fn write_end(first: bool, out: &mut String) {
    out.push_str(if first { "{}" } else { "}" });
}

impl Wire for Text {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        reader.string().map(Self::from)
    }

    fn write(&self, out: &mut String) {
        writer::string(self, out);
    }
}

impl Wire for i64 {
    /// JSON has one kind of number: `10.0` is the integer 10.
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        match reader.short_number() {
            Some((digits, 0)) => Ok(digits),
            Some((digits, scale)) => Decimal::new(digits, scale).and_then(Decimal::whole).ok_or(Bad),
            None => integer(reader.number()?).ok_or(Bad),
        }
    }

    fn write(&self, out: &mut String) {
        writer::number(*self, 0, out);
    }
}

/// The integer that a number of any notation is.
pub(crate) fn integer(number: &str) -> Option<i64> {
    number.parse().ok().or_else(|| number.parse::<Decimal>().ok().and_then(Decimal::whole))
}

impl Wire for i32 {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        i64::read(reader)?.try_into().map_err(|_| Bad)
    }

    fn write(&self, out: &mut String) {
        writer::number(i64::from(*self), 0, out);
    }
}

impl Wire for Decimal {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        match reader.short_number() {
            Some((digits, scale)) => Self::new(digits, scale).ok_or(Bad),
            None => reader.number()?.parse().map_err(|_| Bad),
        }
    }

    fn write(&self, out: &mut String) {
        let (digits, scale) = self.parts();
        writer::number(digits, scale, out);
    }
}

impl Wire for bool {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        reader.boolean()
    }

    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Wire for DateTime {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        let text = reader.string()?;
        if text.len() > time::WRITTEN && time::is_fine(&text) {
            reader.saw_fine_time = true;
        }
        text.parse().map_err(|_| Bad)
    }

    fn write(&self, out: &mut String) {
        out.push('"');
        out.push_str(self.write_to(&mut [0; time::WRITTEN]));
        out.push('"');
    }
}

impl Wire for Json {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        reader.any().map(Self::checked)
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.as_str());
    }
}

impl<T: Wire> Wire for Vec<T> {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        reader.open(b'[')?;
        let (mut first, start) = (true, reader.left());
        if !reader.more(&mut first, b']')? {
            return Ok(Self::new());
        }
        let item = T::read(reader)?;
        let length = (start - reader.left()).max(1);
        if !reader.more(&mut first, b']')? {
            return Ok(alloc::vec![item]);
        }
        // The others are mostly as long as the first; what is behind the list makes no more than a handful too many.
        let mut items = Self::with_capacity((reader.left() / length).clamp(2, MOST_EXPECTED));
        items.push(item);
        items.push(T::read(reader)?);
        while reader.more(&mut first, b']')? {
            items.push(T::read(reader)?);
        }
        Ok(items)
    }

    fn write(&self, out: &mut String) {
        out.push('[');
        for (at, item) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            item.write(out);
        }
        out.push(']');
    }
}

impl<T: Wire> Wire for Box<T> {
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Bad> {
        T::read(reader).map(Self::new)
    }

    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}
