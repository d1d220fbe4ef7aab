//! Commands for the station: they wait for their turn, are sent one at a time (I-8), and end exactly once (C-11).

use alloc::boxed::Box;
use core::time::Duration;

use pilotwire_messages::{Failure, Json, Text, Version, frame};

use super::api::{Outcome, Output};
use super::credentials::fate_of;
use super::gate::Permission;
use super::order::Order;
use super::{Csms, Out};
use crate::dialect::Refusal;
use crate::domain::{Command, MessageTrigger};
use crate::time::Instant;

/// Characters of a description of an error that are passed on: as many as the specification allows (Part 4 §4.2.3).
const MAX_DESCRIPTION: usize = 255;

/// An order that waits, or whose CALL is open.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    /// The host's number; `None` for what we want ourselves.
    number: Option<u64>,
    pub(super) order: Order,
    /// How long it may wait for a station that is away.
    away_until: Instant,
    /// How long it may wait for its turn while the station is connected.
    busy_until: Instant,
}

impl Operation {
    fn waits_until(&self, connected: bool) -> Instant {
        if connected { self.busy_until } else { self.away_until }
    }
}

impl Csms {
    /// The host wants something.
    pub(super) fn on_order(&mut self, number: u64, order: Order, wait_s: u32, out: &mut Out) {
        let waiting = self.waiting.iter().filter(|operation| operation.number.is_some()).count();
        if waiting >= self.config.limits.commands {
            let done = Output::Done { operation: number, outcome: Outcome::Busy };
            out.push(crate::Action::Output(done));
            return self.limit_hit("too many commands wait: the new one is not taken", out);
        }
        let until = |seconds: u32| self.now + Duration::from_secs(seconds.into());
        let away_until = until(wait_s);
        let busy_until = until(wait_s.max(self.config.limits.call_timeout_s));
        self.waiting.push(Operation { number: Some(number), order, away_until, busy_until });
        self.send_next(out);
        self.end_overdue(out);
    }

    /// What the station was answered is no longer what it would be answered.
    pub(super) fn tell_to_boot_if_outdated(&mut self, out: &mut Out) {
        if self.gate.is_outdated() {
            self.tell_to_boot(out);
        }
    }

    /// Tells the connected station to boot, before anything else.
    pub(super) fn tell_to_boot(&mut self, out: &mut Out) {
        let waits = self.waiting.first().is_some_and(|operation| operation.number.is_none());
        if waits || self.link.version().is_none() {
            return;
        }
        self.gate.told_to_boot = true;
        let trigger = Command::Trigger { message: MessageTrigger::BootNotification, place: None };
        let order = Order::Command(Box::new(trigger));
        // It is of no use to the next connection, which begins as it likes.
        let (away_until, busy_until) = (self.now, self.now + self.call_timeout());
        self.waiting.insert(0, Operation { number: None, order, away_until, busy_until });
        self.send_next(out);
    }

    /// Sends what may be sent. An order that has to wait for the boot is overtaken by one that has not.
    pub(super) fn send_next(&mut self, out: &mut Out) {
        while self.link.is_free() {
            let permission = |operation: &Operation| self.gate.permits(&operation.order);
            let first = self.waiting.iter().position(|operation| permission(operation) != Permission::Later);
            let Some(at) = first else { return };
            let operation = self.waiting.remove(at);
            match self.gate.permits(&operation.order) {
                Permission::Granted => self.send(operation, out),
                Permission::Denied | Permission::Later => done(operation, Outcome::NotAccepted, out),
            }
        }
    }

    fn send(&mut self, operation: Operation, out: &mut Out) {
        let Some(version) = self.link.version() else { return };
        let id = self.link.next_id();
        match operation.order.write(version, &id) {
            Ok(text) => {
                self.gate.on_sent(&operation.order);
                out.push(crate::Action::Send(text));
                self.link.sent(self.now, id, operation, self.call_timeout());
            }
            Err(refusal) => done(operation, Outcome::Invalid(refusal.text.into()), out),
        }
    }

    /// The station replied to `operation`.
    pub(super) fn on_reply(&mut self, operation: Operation, id: &str, payload: &str, out: &mut Out) {
        let Some(version) = self.link.version() else { return };
        let outcome = match operation.order.read(version, payload) {
            Ok(outcome) => outcome,
            Err(Refusal { code, text }) => {
                // 2.1 has a word for answers that cannot be processed (2.1 Part 4 §4.2.4).
                if version == Version::V21 {
                    out.push(crate::Action::Send(frame::result_error_text(id, code, &text, version)));
                }
                self.violation(&text, out);
                Outcome::Invalid(text.into())
            }
        };
        self.on_profile_reply(&operation, &outcome, version, out);
        done(operation, outcome, out);
        self.send_next(out);
    }

    /// The station could not process `operation`.
    pub(super) fn on_failure(&mut self, operation: Operation, failure: Failure, out: &mut Out) {
        let outcome = Outcome::CallError {
            code: Text::truncated(&failure.code, MAX_DESCRIPTION),
            description: Text::truncated(&failure.description, MAX_DESCRIPTION),
            details: Json::parse(&failure.details).unwrap_or_else(|_| Json::string("")),
        };
        done(operation, outcome, out);
        self.send_next(out);
    }

    pub(super) fn on_call_timeout(&mut self, out: &mut Out) {
        if let Some(operation) = self.link.take_timed_out(self.now) {
            done(operation, Outcome::TimedOut, out);
        }
        self.send_next(out);
    }

    /// The connection is gone: what was sent is lost, and what may not wait has failed.
    pub(super) fn on_orders_cut_off(&mut self, open: Option<Operation>, out: &mut Out) {
        if let Some(operation) = open {
            done(operation, Outcome::Lost, out);
        }
        self.end_overdue(out);
    }

    /// Ends the orders that waited too long.
    pub(super) fn end_overdue(&mut self, out: &mut Out) {
        let connected = self.link.version().is_some();
        let outcome = match (connected, self.gate.answered.is_some()) {
            (false, _) => Outcome::Offline,
            (true, true) => Outcome::Busy,
            (true, false) => Outcome::NotAccepted,
        };
        let is_overdue = |operation: &Operation| operation.waits_until(connected) <= self.now;
        while let Some(at) = self.waiting.iter().position(is_overdue) {
            done(self.waiting.remove(at), outcome.clone(), out);
        }
    }

    pub(super) fn next_overdue(&self) -> Option<Instant> {
        let connected = self.link.version().is_some();
        self.waiting.iter().map(|operation| operation.waits_until(connected)).min()
    }

    fn call_timeout(&self) -> Duration {
        Duration::from_secs(self.config.limits.call_timeout_s.into())
    }
}

/// The one place where an operation ends.
fn done(operation: Operation, outcome: Outcome, out: &mut Out) {
    if let Some(number) = operation.number {
        if let Some(fate) = fate_of(&operation.order, &outcome) {
            Csms::tell_fate(number, fate, out);
        }
        let operation = number;
        out.push(crate::Action::Output(Output::Done { operation, outcome }));
    }
}
