//! The lines of a journal: sealed when they are written, checked and counted when they are read.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::{Json, Text};
use serde::Deserialize;

use super::{Recorded, read_header};
use crate::machine::Event;
use crate::time::Instant;

/// What an empty text has as its hash.
pub(super) const BASIS: u64 = 0xCBF2_9CE4_8422_2325;

/// What is said of a line whose sum is not its own.
pub(super) const CHANGED: &str = "the line was changed after it was written";

/// What stands between a line and its sum.
const SUM: &str = ",\"sum\":\"";

/// FNV-1a, 64 bits.
pub(super) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// Ends an object that lacks its last brace.
pub(super) fn seal(line: String) -> String {
    let sum = fnv(BASIS, line.as_bytes());
    format!("{line}{SUM}{sum:016x}\"}}")
}

/// Whether a line's sum is that of another line. A line without a sum is as it is.
pub(super) fn is_changed(line: &str) -> bool {
    let Some((body, rest)) = line.trim_end().rsplit_once(SUM) else {
        return false;
    };
    let sum = rest.strip_suffix("\"}").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    sum != Some(fnv(BASIS, body.as_bytes()))
}

/// A line that cannot be read, or not be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text}")]
pub struct Damage {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub text: String,
}

/// How much of a journal is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line, in bytes.
    pub line_bytes: usize,
    /// The number of lines.
    pub lines: usize,
}

impl Default for Limits {
    /// 16 MiB, a power-up with some ten thousand records; a hundred million lines, a year of a busy station.
    fn default() -> Self {
        Self { line_bytes: 16 * 1024 * 1024, lines: 100_000_000 }
    }
}

/// A line of an event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step<E> {
    pub(super) at: Instant,
    pub(super) event: E,
    /// The digest of the actions.
    pub(super) actions: Text,
    /// The actions, if the recorder kept them.
    #[serde(default)]
    pub(super) did: Vec<Json>,
    #[serde(default)]
    #[expect(dead_code, reason = "checked against the text of the line, not here")]
    sum: Option<serde::de::IgnoredAny>,
}

/// An event, and where it stood.
pub(super) struct Numbered<E> {
    pub(super) line: usize,
    pub(super) step: Step<E>,
    /// The sum of its line is that of another one.
    pub(super) changed: bool,
}

impl<E> Numbered<E> {
    pub(super) fn damage(&self) -> Damage {
        Damage { line: self.line, text: CHANGED.into() }
    }
}

/// The lines of a journal that has been opened.
#[derive(Debug)]
pub(super) struct Lines<I> {
    rest: I,
    limits: Limits,
    /// The number of the line that was read last.
    line: usize,
}

impl<I: Iterator<Item: AsRef<str>>> Lines<I> {
    /// Reads the first line of a journal of this role: the station's name, and the machine that it describes.
    pub(super) fn open<M: Recorded>(mut rest: I, limits: Limits) -> Result<(Self, Text, M), Damage> {
        let first = rest.next().ok_or_else(|| Damage { line: 1, text: "the journal is empty".into() })?;
        check_length(first.as_ref(), 1, limits)?;
        let header = read_header::<M::Config>(first.as_ref())?;
        if header.role != M::ROLE {
            return Err(Damage { line: 1, text: format!("a run of a {:?}, not of a {:?}", header.role, M::ROLE) });
        }
        Ok((Self { rest, limits, line: 1 }, header.name, M::from_config(header.config)))
    }

    /// The next event; empty lines are passed over.
    pub(super) fn next_step<M: Recorded>(&mut self) -> Option<Result<Numbered<Event<M::Input>>, Damage>> {
        loop {
            let text = self.rest.next()?;
            let text = text.as_ref();
            self.line += 1;
            let line = self.line;
            if line > self.limits.lines {
                let most = self.limits.lines;
                return Some(Err(Damage { line, text: format!("at most {most} lines are read; the rest was not") }));
            }
            if !text.trim_ascii().is_empty() {
                return Some(read_step(text, line, self.limits));
            }
        }
    }
}

fn check_length(text: &str, line: usize, limits: Limits) -> Result<(), Damage> {
    let (length, most) = (text.len(), limits.line_bytes);
    if length <= most {
        return Ok(());
    }
    Err(Damage { line, text: format!("a line of {length} bytes or more; at most {most} are read") })
}

fn read_step<E: serde::de::DeserializeOwned>(text: &str, line: usize, limits: Limits) -> Result<Numbered<E>, Damage> {
    check_length(text, line, limits)?;
    match serde_json::from_str(text) {
        Ok(step) => Ok(Numbered { line, step, changed: is_changed(text) }),
        Err(error) if error.is_eof() => Err(Damage { line, text: format!("the line is cut off: {error}") }),
        Err(error) => Err(Damage { line, text: format!("not an event: {error}") }),
    }
}
