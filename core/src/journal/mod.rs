//! Runs as lines of text: record, replay, compare, and show their frames.
//!
//! A machine's behaviour is a function of its configuration and its events, so these are all that a journal holds; of the
//! actions it keeps a digest, to tell whether a replay did the same. JSON Lines:
//!
//! ```text
//! {"journal":"pilotwire","format":1,"role":"station","name":"CS001","config":{…},"sum":"…"}
//! {"at":0,"event":{"power_up":{…}},"actions":"a36bd2cd38a0c1f2","sum":"…"}
//! {"at":57,"event":{"received":"[3,…]"},"actions":"cbf29ce484222325","sum":"…"}
//! ```
//!
//! `sum` is the digest of the line before it, so that a line that was changed is found even if the machine does the same
//! about it. A line without `sum` is taken as it is: remove it to try what another event would have led to.
//!
//! Nothing here reads or writes a file: lines come in and go out as text.

mod lines;
mod replay;
mod trace;

use alloc::format;
use alloc::string::String;

use pilotwire_messages::Text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use lines::{Damage, Limits};
pub use replay::{Difference, Replayed, replay, replay_within};
pub use trace::{Trace, TraceOf};

use crate::machine::{Action, Event, Machine};
use crate::time::Instant;
use crate::{Csms, Station};

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Whose run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A [`Station`].
    Station,
    /// A [`Csms`].
    Csms,
}

/// A machine that can be made again from what the journal's first line says.
pub trait Recorded: Machine {
    /// What it is made with.
    type Config: Serialize + DeserializeOwned;
    /// What the first line calls it.
    const ROLE: Role;

    /// A new machine.
    fn from_config(config: Self::Config) -> Self;
}

impl Recorded for Station {
    type Config = crate::station::Config;
    const ROLE: Role = Role::Station;

    fn from_config(config: Self::Config) -> Self {
        Self::new(config)
    }
}

impl Recorded for Csms {
    type Config = crate::csms::Config;
    const ROLE: Role = Role::Csms;

    fn from_config(config: Self::Config) -> Self {
        Self::new(config)
    }
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<C> {
    journal: Text,
    format: u32,
    role: Role,
    /// The identity under which the station is known.
    name: Text,
    config: C,
    #[serde(default, skip_serializing)]
    #[expect(dead_code, reason = "checked against the text of the line, not here")]
    sum: Option<serde::de::IgnoredAny>,
}

const NAME: &str = "pilotwire";

/// What a journal's first line tells, without its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Whose run it is.
    pub role: Role,
    /// The identity under which the station is known.
    pub name: Text,
}

/// Reads a journal's first line.
///
/// # Errors
/// Why it is none that this version can read.
pub fn about(line: &str) -> Result<About, Damage> {
    let header: Header<serde::de::IgnoredAny> = read_header(line)?;
    Ok(About { role: header.role, name: header.name })
}

fn read_header<C: DeserializeOwned>(line: &str) -> Result<Header<C>, Damage> {
    #[derive(Deserialize)]
    struct Start {
        journal: Text,
        format: u32,
    }
    let damaged = |text: String| Damage { line: 1, text };
    let start: Start = serde_json::from_str(line).map_err(|error| damaged(format!("not a journal: {error}")))?;
    if start.journal != NAME {
        return Err(damaged(format!("a journal of \"{}\", not of {NAME}", Text::truncated(&start.journal, 40))));
    }
    if start.format > FORMAT {
        let format = start.format;
        return Err(damaged(format!("written in format {format}; this version reads up to {FORMAT}")));
    }
    let header =
        serde_json::from_str(line).map_err(|error| damaged(format!("the configuration cannot be read: {error}")))?;
    if lines::is_changed(line) {
        return Err(damaged(lines::CHANGED.into()));
    }
    Ok(header)
}

/// Writes a journal: the caller keeps the lines.
#[derive(Debug, Default)]
pub struct Recorder {
    /// The beginning of the line of the event that is being handled.
    begun: Option<String>,
    /// Whether actions are kept beside their digest.
    with_actions: bool,
}

impl Recorder {
    /// A recorder that keeps the actions themselves, too: for people, and to compare with. Journals become some three
    /// times as long.
    pub const fn with_actions() -> Self {
        Self { begun: None, with_actions: true }
    }

    /// The first line of the journal of a machine that will be made with `config`.
    pub fn first_line<M: Recorded>(name: &str, config: &M::Config) -> String {
        let (journal, name) = (NAME.into(), name.into());
        let header = Header { journal, format: FORMAT, role: M::ROLE, name, config, sum: None };
        let mut line = pilotwire_messages::encode(&header);
        line.pop();
        lines::seal(line)
    }

    /// Before a machine handles `event`.
    pub fn before<I: Serialize>(&mut self, now: Instant, event: &Event<I>) {
        let event = pilotwire_messages::encode(event);
        self.begun = Some(format!("{{\"at\":{},\"event\":{event}", now.as_millis()));
    }

    /// After it did: the event's line.
    pub fn after<O: Serialize>(&mut self, actions: &[Action<O>]) -> Option<String> {
        let mut line = self.begun.take()?;
        line.push_str(",\"actions\":\"");
        line.push_str(&digest(actions));
        line.push('"');
        if self.with_actions {
            line.push_str(",\"did\":");
            line.push_str(&pilotwire_messages::encode(actions));
        }
        Some(lines::seal(line))
    }
}

/// FNV-1a, 64 bits, over the JSON text of each action and a line feed behind it: 16 hexadecimal digits.
pub fn digest<O: Serialize>(actions: &[Action<O>]) -> Text {
    let mut hash = lines::BASIS;
    for action in actions {
        let text = pilotwire_messages::encode(action);
        hash = lines::fnv(lines::fnv(hash, text.as_bytes()), b"\n");
    }
    Text::from(format!("{hash:016x}"))
}

#[cfg(test)]
mod tests;
