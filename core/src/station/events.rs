//! Security events that wait for the CSMS. Nothing here acts.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;

use pilotwire_messages::{DateTime, Text};
use serde::{Deserialize, Serialize};

use crate::domain::{ConnectionFault, Request};
use crate::time::Instant;

/// The prefix of the records of events that the CSMS was not told yet.
pub(crate) const RECORD_PREFIX: &str = "security/";

/// The events that wait for the CSMS, and what was reported already.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(super) queue: VecDeque<Queued>,
    pub(super) next_number: u64,
    pub(super) in_flight: bool,
    /// A fault of connecting is told once, however often it is met again before a connection (A00.FR.316).
    pub(super) told: Option<ConnectionFault>,
    /// That memory runs out was told in this life.
    pub(super) exhausted: bool,
}

#[derive(Debug)]
pub(super) struct Queued {
    pub(super) number: u64,
    pub(super) request: Request,
    pub(super) attempts: u64,
    /// When it happened, if nobody had told the time yet: its stamp is a guess that can be mended in this life.
    pub(super) guessed_at: Option<Instant>,
}

/// An event's durable record.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) kind: Text,
    pub(super) at: DateTime,
    pub(super) info: Option<Text>,
}

pub(super) fn key(number: u64) -> String {
    format!("{RECORD_PREFIX}{number:020}")
}

impl Events {
    /// Takes an event back; records must come in the order of their keys.
    ///
    /// # Errors
    /// A text that says what is wrong with the record.
    pub(crate) fn restore(&mut self, key: &str, value: &str) -> Result<(), String> {
        let number: Option<u64> = key.strip_prefix(RECORD_PREFIX).and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| String::from("the key is no number"))?;
        let Saved { kind, at, info } = serde_json::from_str(value).map_err(|error| format!("{error}"))?;
        let request = Request::SecurityEvent { kind, at, info };
        self.queue.push_back(Queued { number, request, attempts: 0, guessed_at: None });
        self.next_number = self.next_number.max(number.saturating_add(1));
        Ok(())
    }

    pub(crate) fn on_connected(&mut self) {
        self.told = None;
    }

    /// The request that the open CALL carries.
    pub(crate) fn in_flight(&self) -> Option<&Request> {
        self.queue.front().filter(|_| self.in_flight).map(|first| &first.request)
    }
}
