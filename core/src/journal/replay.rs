//! Doing it again, and the first place where it comes out differently.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use pilotwire_messages::{Json, Text};

use super::lines::{Lines, Numbered};
use super::{Damage, Limits, Recorded, digest};
use crate::machine::{Action, Event, Outbox};

/// The first event whose actions are not those of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Counted from 1.
    pub line: usize,
    /// The event, as it stands there.
    pub event: String,
    /// The digest of the recording.
    pub recorded: Text,
    /// The digest of this run.
    pub found: Text,
    /// What the recorded run did, one JSON text an action; empty if the recorder kept digests alone.
    pub recorded_actions: Vec<String>,
    /// What this run did, one JSON text an action.
    pub actions: Vec<String>,
}

/// What a replay brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Events that came out as they were recorded.
    pub steps: usize,
    /// Where it came out differently; the rest was not replayed.
    pub difference: Option<Difference>,
    /// Where the journal cannot be read, or was changed; what precedes it was replayed. The line of a difference may be a
    /// changed one, too: then both are here.
    pub damage: Option<Damage>,
}

impl Replayed {
    /// Whether everything came out as recorded, to the last line.
    pub fn is_identical(&self) -> bool {
        self.difference.is_none() && self.damage.is_none()
    }
}

/// Replays a journal within default limits; see [`replay_within`].
///
/// # Errors
/// The first line is none of a journal of this role, or in a newer format.
pub fn replay<M: Recorded>(lines: impl IntoIterator<Item: AsRef<str>>) -> Result<Replayed, Damage> {
    replay_within::<M>(lines, Limits::default())
}

/// Replays a journal, up to the first difference or damage. `lines` come without their line feeds; empty ones are passed
/// over.
///
/// # Errors
/// The first line is none of a journal of this role, or in a newer format.
pub fn replay_within<M: Recorded>(
    lines: impl IntoIterator<Item: AsRef<str>>,
    limits: Limits,
) -> Result<Replayed, Damage> {
    let (mut lines, _, mut machine) = Lines::open::<M>(lines.into_iter(), limits)?;
    let mut outbox = Outbox::new();
    let mut result = Replayed { steps: 0, difference: None, damage: None };
    while let Some(read) = lines.next_step::<M>() {
        let numbered = match read {
            Ok(numbered) => numbered,
            Err(damage) => {
                result.damage = Some(damage);
                break;
            }
        };
        result.damage = numbered.changed.then(|| numbered.damage());
        result.difference = difference(&mut machine, numbered, &mut outbox);
        if !result.is_identical() {
            break;
        }
        result.steps += 1;
    }
    Ok(result)
}

/// Does one step, and leaves its actions in `outbox` until the next one.
pub(super) fn difference<M: Recorded>(
    machine: &mut M,
    numbered: Numbered<Event<M::Input>>,
    outbox: &mut Outbox<M::Output>,
) -> Option<Difference> {
    outbox.drain().for_each(drop);
    let Numbered { line, step, .. } = numbered;
    // A copy costs less than the event's text, which is wanted only if there is something to show.
    let event = step.event.clone();
    machine.handle(step.at, step.event, outbox);
    let found = digest(outbox.as_slice());
    if found == step.actions {
        return None;
    }
    Some(Difference {
        line,
        event: pilotwire_messages::encode(&event),
        recorded: step.actions,
        found,
        recorded_actions: step.did.iter().map(Json::as_str).map(ToString::to_string).collect(),
        actions: outbox.as_slice().iter().map(text).collect(),
    })
}

fn text<O: serde::Serialize>(action: &Action<O>) -> String {
    pilotwire_messages::encode(action)
}
