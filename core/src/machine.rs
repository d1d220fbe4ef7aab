//! The contract between a machine and whoever runs it: one door in, one door out, one deadline.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use pilotwire_messages::Version;
use serde::{Deserialize, Serialize};

use crate::time::{DateTime, Instant};

/// A pure state machine: `Station` or `Csms`.
///
/// The caller calls [`handle`](Machine::handle) for everything that happens, performs the actions that it finds in its
/// outbox in their order, and calls again with [`Event::Timeout`] when [`poll_timeout`](Machine::poll_timeout) is due.
/// Nothing else makes a machine move. `now` must not go backwards between calls; a machine that is told an earlier time
/// keeps the later one.
pub trait Machine {
    /// What this machine is told beside the events of every machine: facts and commands.
    type Input: Clone + fmt::Debug + Serialize + serde::de::DeserializeOwned;
    /// What this machine wants done or known beside the actions of every machine: deeds and reports.
    type Output: Clone + fmt::Debug + Serialize;
    /// Names the reason of a deadline.
    type Timer: fmt::Debug + Copy;

    /// Takes one event and appends what must be done to `out`.
    ///
    /// Never panics and never fails, whatever a peer sent: that becomes an answer on the wire, a report, or both.
    fn handle(&mut self, now: Instant, event: Event<Self::Input>, out: &mut Outbox<Self::Output>);

    /// When to call with [`Event::Timeout`] at the latest, and why. May change with every call of `handle`.
    fn poll_timeout(&self) -> Option<(Instant, Self::Timer)>;
}

/// Everything that can happen to a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event<I> {
    /// Power came (back), or the process (re)started. Must be the first event, and forgets all that was not persisted.
    PowerUp(PowerUp),
    /// The deadline of [`Machine::poll_timeout`] has come. Too early is harmless.
    Timeout,
    /// The hardware's clock, or someone in charge of time, says that it is this time now.
    Clock(DateTime),
    /// A WebSocket is open and this version was negotiated.
    Connected(Version),
    /// The WebSocket is gone, or the attempt that [`Action::Connect`] asked for failed.
    Disconnected,
    /// A text frame arrived.
    Received(String),
    /// A WebSocket pong arrived.
    Pong,
    /// The write to this key could not be made durable.
    PersistFailed(String),
    /// A fact or a command of the role.
    Input(I),
}

/// What a machine finds when it wakes up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PowerUp {
    /// All records that [`Action::Persist`] wrote and did not delete, in any order.
    pub records: Vec<Record>,
    /// The time that the hardware's clock shows, if it has one that survived.
    pub clock: Option<DateTime>,
}

/// One durable record: a key of at most 64 ASCII characters (`a-z 0-9 / . - _`), and a value in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Unique; safe as a file name but for the `/`.
    pub key: String,
    /// A JSON text without line breaks.
    pub value: String,
}

/// A change of the durable records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// Creates the record, or replaces the one with this key.
    Put(Record),
    /// Deletes the record with this key, if there is one.
    Delete(String),
}

impl Write {
    /// The key that this write touches.
    pub fn key(&self) -> &str {
        match self {
            Self::Put(record) => &record.key,
            Self::Delete(key) => key,
        }
    }
}

/// What a machine wants done. To be performed in order; what a [`Persist`](Action::Persist) wrote must be durable before
/// the next action that is not a `Persist` is performed. That is the whole durability contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action<O> {
    /// Make this durable. If that fails, leave out the [`Send`](Action::Send)s that stand behind it in this outbox (what
    /// could not be kept is not acknowledged), go on with the rest, and tell [`Event::PersistFailed`].
    Persist(Write),
    /// Open a WebSocket to the CSMS and offer this version; answered by `Connected` or `Disconnected`.
    Connect(Version),
    /// Send this text frame.
    Send(String),
    /// Send a WebSocket ping.
    Ping,
    /// Close the WebSocket; answered by `Disconnected`. What was sent before goes out first.
    Close,
    /// A deed or a report of the role.
    Output(O),
}

/// Where a machine puts its actions. The caller owns it and empties it; its memory is reused.
#[derive(Clone, Debug)]
pub struct Outbox<O>(Vec<Action<O>>);

impl<O> Default for Outbox<O> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<O> Outbox<O> {
    /// An empty outbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an action.
    pub fn push(&mut self, action: Action<O>) {
        self.0.push(action);
    }

    /// Appends an action if there is one.
    pub fn push_some(&mut self, action: Option<Action<O>>) {
        self.0.extend(action);
    }

    /// Takes all actions, in order, and keeps the memory.
    pub fn drain(&mut self) -> impl Iterator<Item = Action<O>> + '_ {
        self.0.drain(..)
    }

    /// All actions, in order, with their memory.
    pub fn into_actions(self) -> Vec<Action<O>> {
        self.0
    }

    /// The actions that wait, in order.
    pub fn as_slice(&self) -> &[Action<O>] {
        &self.0
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
