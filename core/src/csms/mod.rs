//! The CSMS's side of one charging station: what is durable of it outlives its connections.
//!
//! ```text
//!   Received ──► link ──► gate (B02, B03) ──► dialect ──► requests ──► ledger ──► Persist, Output, Send
//!   Command  ──► commands: wait for the station, one open CALL ──► dialect ──► Send … Done
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `api` | what the host says and hears |
//! | `gate` | who may say what before the station is accepted |
//! | `requests`, `questions` | CALLs of the station; those that the host has to answer |
//! | `commands` | CALLs to the station |
//! | `credentials` | passwords that change, security profiles that only rise |
//! | `ledger`, `seen` | transactions: a verdict for every event, none refused |
//! | `profiles` | charging profiles: what is in the station, and whether it says the same |
//! | `events` | states of connectors among what variables did |
//! | `signing` | certificates that the station wants signed |
//! | `records` | what survives a restart, and what to do if it cannot be written |

mod api;
mod commands;
mod credentials;
mod events;
mod gate;
mod ledger;
mod order;
mod profiles;
mod questions;
mod records;
mod requests;
mod seen;
mod signing;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use pilotwire_messages::{Text, Version};
use serde::Serialize;

use crate::clock::Clock;
use crate::domain::SecurityProfile;
use crate::link::{Ids, Incoming, Link};
use crate::machine::{Action, Event, Machine, Outbox, PowerUp};
use crate::rng::Rng;
use crate::time::Instant;
use crate::timers::Timers;
pub use api::{
    Config, Entry, Input, Limits, Outcome, Output, PasswordFate, ProfileDifferences, TransactionState, Verdict,
};
use commands::Operation;
pub use credentials::Passwords;
use gate::Gate;
use ledger::Ledger;
use order::Order;
use profiles::Book;
use questions::{Call, Questions};
use records::Store;
use signing::Signing;

/// Characters of a report that was made from what a station sent.
const MAX_REPORT: usize = 300;

type Out = Outbox<Output>;

/// The CSMS's durable side of one charging station, as a pure machine.
///
/// One exists per station, connected or not. [`Event::Connected`] while it is connected already is a takeover: the newest
/// connection wins, whatever was open on the older one ends as [`Outcome::Lost`], and nothing is
/// carried over (S-5). The driver closes the older socket and does not tell of its end.
///
/// The wall clock ([`Event::Clock`], or the one in [`PowerUp`]) must be known before the first CALL can be answered.
///
/// Work per event is bounded by [`Limits`]: nothing is put off.
#[derive(Clone, Debug)]
pub struct Csms {
    config: Config,
    now: Instant,
    clock: Clock,
    rng: Rng,
    timers: Timers<Timer>,
    link: Link<Operation>,
    gate: Gate,
    questions: Questions,
    /// Orders that wait for their turn, in the order of their coming.
    waiting: Vec<Operation>,
    ledger: Ledger,
    book: Book,
    store: Store,
    /// The highest security profile that the station ever had.
    secured: Option<SecurityProfile>,
    signing: Signing,
    /// Whether the station showed a sign of life since the last ping.
    heard: bool,
}

/// Why a [`Csms`] wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// The station has not answered our CALL in time.
    Call,
    /// A command has waited long enough for its turn.
    Waiting,
    /// The host has not answered a question in time.
    Question,
    /// The next WebSocket ping is due; or the last one was not answered.
    Ping,
    /// Writes that failed are tried again.
    Rewrite,
}

impl Csms {
    /// The CSMS's side of a station. Wants [`Event::PowerUp`] first.
    pub fn new(config: Config) -> Self {
        let rng = Rng::new(config.seed);
        Self::with(config, rng)
    }

    fn with(config: Config, mut rng: Rng) -> Self {
        Self {
            now: Instant::ZERO,
            clock: Clock::default(),
            timers: Timers::new(),
            link: Link::new(Ids::new(&mut rng)),
            gate: Gate::new(config.registration.clone(), config.interval_s),
            questions: Questions::new(rng.bits() >> 16),
            waiting: Vec::new(),
            ledger: Ledger::default(),
            book: Book::default(),
            store: Store::new(config.first_transaction_id),
            secured: None,
            signing: Signing::default(),
            heard: true,
            config,
            rng,
        }
    }

    fn on_power_up(&mut self, power_up: PowerUp, out: &mut Out) {
        // The ids of the new life must not be those of the last.
        *self = Self { now: self.now, ..Self::with(self.config.clone(), self.rng.clone()) };
        if let Some(time) = power_up.clock {
            self.clock.set(self.now, time);
        }
        self.restore(&power_up.records, out);
    }

    fn on_connected(&mut self, version: Version, out: &mut Out) {
        self.on_disconnected(out);
        self.link.connected(version);
        self.gate.on_new_connection();
        out.push(Action::Output(Output::Connected(version)));
        self.heard = true;
        self.expect_ping();
        self.tell_to_boot_if_outdated(out);
        self.send_next(out);
    }

    fn on_disconnected(&mut self, out: &mut Out) {
        if self.link.version().is_none() {
            return;
        }
        let open = self.link.disconnected();
        self.gate.on_new_connection();
        self.questions.clear();
        self.timers.clear(Timer::Ping);
        out.push(Action::Output(Output::Disconnected));
        self.on_orders_cut_off(open, out);
    }

    fn on_received(&mut self, text: &str, out: &mut Out) {
        self.heard = true;
        match self.link.receive(text) {
            Incoming::Call { id, action, payload, fingerprint } => {
                let Some(version) = self.link.version() else { return };
                self.on_call(Call { id, fingerprint, version }, &action, payload, out);
            }
            Incoming::Result { what, id, payload } => self.on_reply(what, &id, payload, out),
            Incoming::Error { what, failure } => self.on_failure(what, failure, out),
            Incoming::Again { answer, allowed } => {
                if !allowed {
                    self.violation("a CALL came again with its id; it was answered the same", out);
                }
                out.push(Action::Send(answer));
            }
            Incoming::Nothing { answer, why } => {
                self.violation(&why, out);
                if let Some(answer) = answer {
                    out.push(Action::Send(answer));
                }
            }
        }
    }

    fn on_input(&mut self, input: Input, out: &mut Out) {
        match input {
            Input::Command { operation, command, wait_s } => {
                self.on_order(operation, Order::Command(Box::new(command)), wait_s, out);
            }
            Input::RawCall { operation, action, payload, wait_s } => {
                self.on_order(operation, Order::Raw { action, payload }, wait_s, out);
            }
            Input::Authorized { question, info } => self.on_authorized(question, *info, out),
            Input::DataTransferred { question, answer } => self.on_data_transferred(question, answer, out),
            Input::CertificateStatus { question, response } => self.on_certificate_status(question, response, out),
            Input::EvNeedsAnswered { question, status } => self.on_needs_answered(question, status, out),
            Input::Secured(profile) => self.on_secured(profile, out),
            Input::Registration { status, interval_s } => {
                self.gate.status = status;
                self.gate.interval_s = interval_s;
                self.gate.told_to_boot = false;
                self.tell_to_boot_if_outdated(out);
            }
        }
    }

    fn on_timeout(&mut self, out: &mut Out) {
        while let Some(timer) = self.timers.take_due(self.now) {
            match timer {
                Timer::Call => self.on_call_timeout(out),
                Timer::Waiting => self.end_overdue(out),
                Timer::Question => self.on_questions_due(out),
                Timer::Ping => self.on_ping_due(out),
                Timer::Rewrite => self.on_rewrite(out),
            }
        }
    }

    fn on_ping_due(&mut self, out: &mut Out) {
        if self.heard {
            self.heard = false;
            out.push(Action::Ping);
            self.expect_ping();
        } else {
            out.push(Action::Close);
        }
    }

    fn expect_ping(&mut self) {
        let interval_s = self.config.limits.ping_interval_s;
        if interval_s > 0 {
            self.timers.set(Timer::Ping, self.now + Duration::from_secs(interval_s.into()));
        }
    }

    /// Reads the deadlines that follow from the state into the table.
    fn rearm(&mut self) {
        let deadlines = [
            (Timer::Call, self.link.deadline()),
            (Timer::Waiting, self.next_overdue()),
            (Timer::Question, self.questions.next_deadline()),
        ];
        for (timer, deadline) in deadlines {
            match deadline {
                Some(at) => self.timers.set(timer, at),
                None => self.timers.clear(timer),
            }
        }
    }

    fn violation(&self, text: &str, out: &mut Out) {
        out.push(Action::Output(Output::Violation { text: Text::truncated(text, MAX_REPORT) }));
    }

    fn limit_hit(&self, text: &str, out: &mut Out) {
        out.push(Action::Output(Output::LimitHit { text: Text::truncated(text, MAX_REPORT) }));
    }
}

impl Machine for Csms {
    type Input = Input;
    type Output = Output;
    type Timer = Timer;

    fn handle(&mut self, now: Instant, event: Event<Input>, out: &mut Out) {
        self.now = self.now.max(now);
        match event {
            Event::PowerUp(power_up) => self.on_power_up(power_up, out),
            Event::Timeout => self.on_timeout(out),
            Event::Clock(time) => self.clock.set(self.now, time),
            Event::Connected(version) => self.on_connected(version, out),
            Event::Disconnected => self.on_disconnected(out),
            Event::Received(text) => self.on_received(&text, out),
            Event::Pong => self.heard = true,
            Event::PersistFailed(key) => self.on_persist_failed(key, out),
            Event::Input(input) => self.on_input(input, out),
        }
        self.rearm();
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.timers.next()
    }
}
