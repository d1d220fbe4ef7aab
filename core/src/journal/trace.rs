//! Frames in the open trace form: one JSON line a frame, as simulators and analysers exchange them.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::{Frame, Text, Version};
use serde::Serialize;
use serde_json::value::RawValue;

use super::lines::Lines;
use super::replay::difference;
use super::{Damage, Limits, Recorded, Role};
use crate::clock::Clock;
use crate::machine::{Action, Event, Outbox};
use crate::time::{DateTime, Instant};

/// The version of the trace form.
const SCHEMA_VERSION: &str = "1.1";

/// Requests whose answers are still awaited: enough for peers that have several CALLs in flight.
const OPEN: usize = 16;

/// Makes trace lines of what passes by.
#[derive(Clone, Debug)]
pub struct Trace {
    role: Role,
    name: Text,
    version: Option<Version>,
    clock: Clock,
    /// Requests whose answers will not name their action.
    open: Vec<Open>,
}

/// A request that was not answered yet. Both sides choose ids of their own, so they may be the same.
#[derive(Clone, Debug)]
struct Open {
    from_station: bool,
    id: Text,
    action: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    schema_version: &'static str,
    timestamp: DateTime,
    transport: &'static str,
    direction: &'static str,
    message_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ocpp_version: Option<Version>,
    charge_point_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<Text>,
    raw: &'a str,
}

impl Trace {
    /// A trace of a machine of this role; `name` is the station's identity.
    pub fn new(role: Role, name: &str) -> Self {
        Self { role, name: name.into(), version: None, clock: Clock::default(), open: Vec::new() }
    }

    /// The lines of a journal, by replaying it.
    ///
    /// # Errors
    /// The first line is none of a journal of this role, or in a newer format.
    pub fn of_journal<M: Recorded, L: IntoIterator<Item: AsRef<str>>>(
        lines: L,
        limits: Limits,
    ) -> Result<TraceOf<M, L::IntoIter>, Damage> {
        let (lines, name, machine) = Lines::open::<M>(lines.into_iter(), limits)?;
        let trace = Self::new(M::ROLE, &name);
        Ok(TraceOf { lines, machine, outbox: Outbox::new(), trace, ready: VecDeque::new(), over: false })
    }

    /// Before a machine handles `event`: the line of a received frame.
    pub fn event<I>(&mut self, now: Instant, event: &Event<I>) -> Option<String> {
        match event {
            Event::PowerUp(power_up) => {
                self.clock = Clock::default();
                if let Some(time) = power_up.clock {
                    self.clock.set(now, time);
                }
                None
            }
            Event::Clock(time) => {
                self.clock.set(now, *time);
                None
            }
            Event::Connected(version) => {
                self.version = Some(*version);
                self.open.clear();
                None
            }
            Event::Received(text) => Some(self.line(now, text, self.role == Role::Csms)),
            _ => None,
        }
    }

    /// For each action after that: the line of a sent frame.
    pub fn action<O>(&mut self, now: Instant, action: &Action<O>) -> Option<String> {
        match action {
            Action::Send(text) => Some(self.line(now, text, self.role == Role::Station)),
            _ => None,
        }
    }

    fn line(&mut self, now: Instant, raw: &str, from_station: bool) -> String {
        let mut line = Line {
            schema_version: SCHEMA_VERSION,
            timestamp: self.clock.at(now),
            transport: "json",
            direction: if from_station { "cp-to-csms" } else { "csms-to-cp" },
            message_type: "UNKNOWN",
            ocpp_version: self.version,
            charge_point_id: &self.name,
            message_id: None,
            action: None,
            payload: None,
            error_code: None,
            error_description: None,
            raw,
        };
        let frame = Frame::parse(raw, self.version.unwrap_or(Version::V21)).ok();
        let (kind, id, action, payload) = match frame {
            Some(Frame::Call { id, action, payload }) => {
                ("CALL", Text::from(id), Some(String::from(action)), Some(payload))
            }
            Some(Frame::Send { id, action, payload }) => {
                ("SEND", Text::from(id), Some(String::from(action)), Some(payload))
            }
            Some(Frame::CallResult { id, payload }) => ("CALLRESULT", Text::from(id), None, Some(payload)),
            Some(Frame::CallError(failure)) => {
                line.error_code = Some(failure.code);
                line.error_description = Some(failure.description);
                ("CALLERROR", failure.id, None, None)
            }
            Some(Frame::CallResultError(failure)) => {
                line.error_code = Some(failure.code);
                line.error_description = Some(failure.description);
                ("CALLRESULTERROR", failure.id, None, None)
            }
            None => return pilotwire_messages::encode(&line),
        };
        line.message_type = kind;
        line.payload = payload.and_then(|payload| serde_json::from_str(payload).ok());
        line.action = match action {
            Some(action) => {
                if kind == "CALL" {
                    remember(&mut self.open, Open { from_station, id: id.clone(), action: action.clone() });
                }
                Some(action)
            }
            // The error of a result goes the way of the request; every other answer the opposite one.
            None => recall(&self.open, from_station == (kind == "CALLRESULTERROR"), &id),
        };
        line.message_id = Some(id);
        pilotwire_messages::encode(&line)
    }
}

fn remember(open: &mut Vec<Open>, request: Open) {
    if open.len() == OPEN {
        open.remove(0);
    }
    open.push(request);
}

/// The latest request of that side with this id: a peer may use one again.
fn recall(open: &[Open], from_station: bool, id: &Text) -> Option<String> {
    let asked = |open: &&Open| open.from_station == from_station && open.id == *id;
    open.iter().rev().find(asked).map(|open| open.action.clone())
}

/// The trace of a journal, line by line. Ends with an error at the first damage or difference: what this version would
/// have sent is not what was sent.
#[derive(Debug)]
pub struct TraceOf<M: Recorded, I> {
    lines: Lines<I>,
    machine: M,
    outbox: Outbox<M::Output>,
    trace: Trace,
    /// What was found and not yet told.
    ready: VecDeque<Result<String, Damage>>,
    over: bool,
}

impl<M: Recorded, I: Iterator<Item: AsRef<str>>> TraceOf<M, I> {
    /// Does one step; an error is the last thing to tell.
    fn step(&mut self) -> Result<(), Damage> {
        let Some(read) = self.lines.next_step::<M>() else {
            self.over = true;
            return Ok(());
        };
        let numbered = read?;
        if numbered.changed {
            return Err(numbered.damage());
        }
        let at = numbered.step.at;
        self.ready.extend(self.trace.event(at, &numbered.step.event).map(Ok));
        if let Some(difference) = difference(&mut self.machine, numbered, &mut self.outbox) {
            let text = "this version acts differently here; replay the journal to see how".into();
            return Err(Damage { line: difference.line, text });
        }
        for action in self.outbox.as_slice() {
            self.ready.extend(self.trace.action(at, action).map(Ok));
        }
        Ok(())
    }
}

impl<M: Recorded, I: Iterator<Item: AsRef<str>>> Iterator for TraceOf<M, I> {
    type Item = Result<String, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.over {
            if let Err(damage) = self.step() {
                self.over = true;
                self.ready.push_back(Err(damage));
            }
        }
        self.ready.pop_front()
    }
}
