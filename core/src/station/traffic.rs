//! The station's side of the link: what goes out next, what comes in, and who gets the answer.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use pilotwire_messages::{ErrorCode, Text, Version, frame};

use super::Station;
use super::api::Output;
use super::certificates;
use super::commands::waits_for_host;
use super::connection::Connection;
use super::limits;
use super::response::{Awaited, Response};
use super::security;
use super::shared::{Cx, Timer, Waiting};
use super::smart_charging;
use crate::device_model::Known;
use crate::dialect::{self, Names, Refusal};
use crate::domain::{Answer, Command, DataTransferAnswer, EvseId, RegistrationStatus, Reply, Request, UnlockStatus};
use crate::link::{Ids, Incoming, Link};
use crate::machine::{Action, Outbox};
use crate::rng::Rng;
use crate::time::Instant;

/// How long hardware and host may take to answer for us: less than a CSMS waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is under way on the link.
#[derive(Debug)]
pub(crate) struct Traffic {
    link: Link<Sent>,
    /// Something came from the peer since our open CALL was sent: it is there, whether it answers or not.
    heard: bool,
    /// CALLs of the CSMS that wait for the host.
    deferred: Vec<Deferred>,
}

/// What our open CALL is about.
#[derive(Clone, Debug)]
enum Sent {
    /// A request, and the EVSE that its answer is about.
    Live(Request),
    /// The first event of the delivery queue.
    Event,
    /// The first security event.
    Security,
}

#[derive(Debug)]
struct Deferred {
    id: Text,
    fingerprint: u64,
    command: Command,
    awaits: Awaited,
    /// When it is answered without the host.
    until: Instant,
}

impl Traffic {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self { link: Link::new(Ids::new(rng)), heard: false, deferred: Vec::new() }
    }

    /// Whether no CALL is open and no answer is owed.
    fn is_idle(&self) -> bool {
        self.link.is_free() && self.deferred.is_empty()
    }

    /// The host told how an unlocking ended.
    pub(crate) fn unlocked(&mut self, cx: &mut Cx<'_>, evse: EvseId, connector: i32, success: bool) {
        let status = if success { UnlockStatus::Unlocked } else { UnlockStatus::UnlockFailed };
        self.finish(cx, |awaits| *awaits == Awaited::Unlocked(evse, connector), &Reply::Unlock(status));
    }

    /// The host did not tell in time: every CALL is answered all the same (rule 6).
    pub(crate) fn on_reply_timer(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now;
        while let Some(at) = self.deferred.iter().position(|deferred| deferred.until <= now) {
            let Deferred { id, fingerprint, command, awaits, .. } = self.deferred.remove(at);
            let Some(version) = self.link.version() else { continue };
            match awaits {
                Awaited::Unlocked(..) => {
                    let failed = Reply::Unlock(UnlockStatus::UnlockFailed);
                    self.answer(cx, &id, fingerprint, &command, &failed);
                }
                Awaited::Crypto(operation) => {
                    let failed = certificates::give_up(cx, operation);
                    self.answer(cx, &id, fingerprint, &command, &failed);
                }
                Awaited::DataTransferred(_) => {
                    let text = String::from("nobody answered the message in time");
                    let refusal = Refusal { code: ErrorCode::InternalError, text };
                    self.refuse(cx, (version, &id), fingerprint, &refusal);
                }
            }
        }
        self.expect_replies(cx);
    }

    fn expect_replies(&self, cx: &mut Cx<'_>) {
        match self.deferred.iter().map(|deferred| deferred.until).min() {
            Some(until) => cx.timers.set(Timer::Reply, until),
            None => cx.timers.clear(Timer::Reply),
        }
    }

    pub(crate) fn data_transferred(&mut self, cx: &mut Cx<'_>, question: u64, answer: DataTransferAnswer) {
        self.finish(cx, |awaits| *awaits == Awaited::DataTransferred(question), &Reply::DataTransfer(answer));
    }

    /// The host has looked at a certificate.
    pub(crate) fn examined(&mut self, cx: &mut Cx<'_>, operation: u64, reply: &Reply) {
        self.finish(cx, |awaits| *awaits == Awaited::Crypto(operation), reply);
    }

    fn finish(&mut self, cx: &mut Cx<'_>, meant: impl Fn(&Awaited) -> bool, reply: &Reply) {
        // Two questions that wait for the same fact are both answered by it.
        while let Some(at) = self.deferred.iter().position(|deferred| meant(&deferred.awaits)) {
            let Deferred { id, fingerprint, command, .. } = self.deferred.remove(at);
            self.answer(cx, &id, fingerprint, &command, reply);
        }
        self.expect_replies(cx);
    }

    fn answer(&mut self, cx: &mut Cx<'_>, id: &Text, fingerprint: u64, command: &Command, reply: &Reply) {
        let Some(version) = self.link.version() else { return };
        match dialect::write_reply(version, id, command, reply) {
            Ok(text) => self.send_answer(cx, fingerprint, text),
            Err(refusal) => self.refuse(cx, (version, id), fingerprint, &refusal),
        }
    }

    fn refuse(&mut self, cx: &mut Cx<'_>, (version, id): (Version, &Text), fingerprint: u64, refusal: &Refusal) {
        cx.tell(Output::Violation { text: Text::truncated(&refusal.text, frame::MAX_DESCRIPTION) });
        let text = frame::error_text(id, refusal.code, &refusal.text, version);
        self.send_answer(cx, fingerprint, text);
    }

    fn send_answer(&mut self, cx: &mut Cx<'_>, fingerprint: u64, text: String) {
        self.link.answered(fingerprint, &text);
        cx.out.push(Action::Send(text));
    }
}

impl Station {
    pub(super) fn on_connected(&mut self, version: Version, out: &mut Outbox<Output>) {
        if self.traffic.link.version().is_some() {
            self.connection.forget_renewal();
            self.on_disconnected(out);
        }
        self.traffic.link.connected(version);
        let mut cx = Cx { shared: &mut self.shared, out };
        cx.online = Some(version);
        self.connection.on_connected(&mut cx);
        self.provisioning.on_connected(&mut cx);
        limits::on_connected(&mut cx);
    }

    pub(super) fn on_disconnected(&mut self, out: &mut Outbox<Output>) {
        let open = self.traffic.link.disconnected();
        let deferred = core::mem::take(&mut self.traffic.deferred);
        let mut cx = Cx { shared: &mut self.shared, out };
        for Deferred { awaits, .. } in deferred {
            // What nobody hears the answer of must not be done either: the CSMS asks again.
            if let Awaited::Crypto(operation) = awaits {
                certificates::give_up(&mut cx, operation);
            }
        }
        let was_online = cx.online.take().is_some();
        if was_online {
            cx.offline_since = Some(cx.now);
        }
        cx.timers.clear(Timer::CallTimeout);
        cx.timers.clear(Timer::Reply);
        self.connection.on_disconnected(&mut cx, was_online);
        self.provisioning.on_disconnected(&mut cx);
        self.delivery.on_disconnected(&mut cx);
        security::on_disconnected(&mut cx);
        // What waits is about now, and now will be over when the link is back.
        let waiting = core::mem::take(&mut self.shared.waiting);
        let open = match open {
            Some(Sent::Live(request)) => Some(request),
            _ => None,
        };
        for request in open.into_iter().chain(waiting.into_iter().map(|waiting| waiting.request)) {
            smart_charging::on_link_lost(&mut self.cx(out), &request);
            self.on_request_lost(&request, out);
        }
    }

    /// A request got no answer: the block that made it decides what that means.
    fn on_request_lost(&mut self, request: &Request, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        match request {
            Request::Boot(_) => self.provisioning.on_boot_failed(&mut cx),
            Request::Authorize(_) => self.authorization.on_lost(&mut cx),
            Request::Status(report) => self.availability.on_lost(report),
            Request::DataTransfer(_) => cx.tell(Output::DataTransferAnswered(None)),
            Request::EvNeeds(needs) => cx.tell(Output::EvNeedsAnswered { evse: needs.evse, status: None }),
            Request::EvSchedule(plan) => cx.tell(Output::EvScheduleAnswered { evse: plan.evse, accepted: None }),
            Request::SignCertificate { csr, .. } => certificates::on_lost(&mut cx, csr),
            Request::CertificateStatus(about) => certificates::on_status_lost(&mut cx, about),
            Request::LogStatus { status, request_id } => {
                if let Some(logs) = &mut self.logs {
                    logs.on_lost(&mut cx, status, *request_id);
                }
            }
            Request::FirmwareStatus { status, request_id } => {
                if let Some(firmware) = &mut self.firmware {
                    firmware.on_lost(&mut cx, status, *request_id);
                }
            }
            Request::Heartbeat
            | Request::Transaction(_)
            | Request::MeterValues { .. }
            | Request::Report(_)
            | Request::Events(_)
            | Request::ChargingProfiles(_)
            | Request::ChargingLimit(_)
            | Request::ChargingLimitCleared { .. }
            | Request::SecurityEvent { .. } => {}
        }
    }

    /// A peer that is silent altogether is not one that fails to process a message (E13): it is asked for a sign of life
    /// first, and if none comes, the link is given up and nothing is counted.
    pub(super) fn on_call_timeout(&mut self, out: &mut Outbox<Output>) {
        let now = self.shared.now;
        if !self.traffic.heard {
            return Connection::probe(&mut self.cx(out));
        }
        match self.traffic.link.take_timed_out(now) {
            Some(Sent::Live(request)) => self.on_request_lost(&request, out),
            Some(Sent::Event) => {
                let mut cx = Cx { shared: &mut self.shared, out };
                self.delivery.on_failed(&mut cx, "not answered in time");
            }
            Some(Sent::Security) => security::on_failed(&mut self.cx(out), "not answered in time"),
            None => {}
        }
    }

    /// Sends what may be sent next, if the link is free: the boot, then what is live, then the queue of events.
    pub(super) fn pump(&mut self, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        if self.connection.is_ending(&mut cx, self.traffic.is_idle()) {
            return;
        }
        // Requests that this edition cannot say are passed over; the rest of a long row is due at once, not now (rule 2).
        for _ in 0..16 {
            if !self.traffic.link.is_free() || !self.send_next(out) {
                return;
            }
        }
        let now = self.shared.now;
        self.shared.timers.set(Timer::Now, now);
    }

    fn send_next(&mut self, out: &mut Outbox<Output>) -> bool {
        let mut cx = Cx { shared: &mut self.shared, out };
        if let Some(boot) = self.provisioning.take_due(&mut cx) {
            self.send_live(boot, out);
            return true;
        }
        let accepted = cx.is_accepted();
        // B02.FR.02, I-9: before it is accepted, a station sends what it was asked for and nothing else.
        if let Some(at) = cx.waiting.iter().position(|waiting| accepted || waiting.asked_for)
            && let Some(waiting) = cx.waiting.remove(at)
        {
            if cx.registration != Some(RegistrationStatus::Rejected) {
                self.send_live(waiting.request, out);
            }
            return true;
        }
        accepted && (self.send_security(out) || self.send_event(out))
    }

    fn send_security(&mut self, out: &mut Outbox<Output>) -> bool {
        let mut cx = Cx { shared: &mut self.shared, out };
        let (Some(version), Some(event)) = (self.traffic.link.version(), security::next(&cx)) else {
            return false;
        };
        let id = self.traffic.link.next_id();
        match dialect::write_request(version, &id, &event, Names::default()) {
            Ok(Some(text)) => {
                security::on_sent(&mut cx);
                self.send_call(id, Sent::Security, text, out);
            }
            Ok(None) => security::on_answer(&mut cx),
            Err(refusal) => security::on_failed(&mut cx, &refusal.text),
        }
        true
    }

    fn send_live(&mut self, request: Request, out: &mut Outbox<Output>) {
        let Some(version) = self.traffic.link.version() else {
            return;
        };
        let id = self.traffic.link.next_id();
        match dialect::write_request(version, &id, &request, Names::default()) {
            Ok(Some(text)) => self.send_call(id, Sent::Live(request), text, out),
            Ok(None) => self.on_heard(&request, out),
            Err(refusal) => {
                self.cx(out).limit_hit(format!("a message could not be written: {}", refusal.text));
                self.on_request_lost(&request, out);
            }
        }
    }

    fn send_event(&mut self, out: &mut Outbox<Output>) -> bool {
        let Some(version) = self.traffic.link.version() else {
            return false;
        };
        let mut cx = Cx { shared: &mut self.shared, out };
        let Some((request, name)) = self.delivery.next(&cx) else {
            return false;
        };
        let id = self.traffic.link.next_id();
        let names = Names { csms_transaction: name.map(Text::as_str) };
        match dialect::write_request(version, &id, request, names) {
            Ok(Some(text)) => {
                self.delivery.on_sent();
                self.send_call(id, Sent::Event, text, out);
            }
            Ok(None) => self.delivery.on_unsaid(&mut cx),
            Err(refusal) => self.delivery.discard_first(&mut cx, &refusal.text),
        }
        true
    }

    fn send_call(&mut self, id: Text, sent: Sent, text: String, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        let timeout = cx.seconds(Known::MessageTimeout);
        let now = cx.now;
        self.traffic.link.sent(now, id, sent, timeout);
        self.traffic.heard = false;
        cx.timers.set(Timer::CallTimeout, now + timeout);
        cx.out.push(Action::Send(text));
        self.provisioning.on_sent(&mut cx);
    }

    pub(super) fn on_pong(&mut self, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        Connection::on_pong(&mut cx);
        self.traffic.heard = true;
        if self.traffic.link.deadline().is_some_and(|deadline| deadline <= self.shared.now) {
            self.on_call_timeout(out);
        }
    }

    pub(super) fn on_received(&mut self, text: &str, out: &mut Outbox<Output>) {
        self.traffic.heard = true;
        match self.traffic.link.receive(text) {
            Incoming::Call { id, action, payload, fingerprint } => {
                self.on_command(&id, &action, payload, fingerprint, out);
            }
            Incoming::Result { what, id, payload } => {
                self.shared.timers.clear(Timer::CallTimeout);
                self.on_result(what, &id, payload, out);
            }
            Incoming::Error { what, failure } => {
                self.shared.timers.clear(Timer::CallTimeout);
                // The same word in every edition.
                if failure.code == ErrorCode::SecurityError.name(Version::V201) {
                    self.provisioning.on_security_error(&mut Cx { shared: &mut self.shared, out });
                }
                let why = format!("{}: {}", failure.code, failure.description);
                self.on_error(what, &why, out);
            }
            Incoming::Nothing { answer, why } => {
                let mut cx = self.cx(out);
                cx.tell(Output::Violation { text: Text::truncated(&why, frame::MAX_DESCRIPTION) });
                if answer.is_some() {
                    security::on_invalid_message(&mut cx, &why);
                }
                out.push_some(answer.map(Action::Send));
            }
            Incoming::Again { answer, allowed } => {
                // S-26.
                if !allowed {
                    security::event(&mut self.cx(out), "AttemptedReplayAttacks", None);
                }
                out.push(Action::Send(answer));
            }
        }
    }

    fn on_result(&mut self, what: Sent, id: &Text, payload: &str, out: &mut Outbox<Output>) {
        let Some(version) = self.traffic.link.version() else {
            return;
        };
        let request = match &what {
            Sent::Live(request) => request,
            Sent::Event => match self.delivery.in_flight() {
                Some(request) => request,
                None => return,
            },
            Sent::Security => match self.shared.security.in_flight() {
                Some(request) => request,
                None => return,
            },
        };
        match dialect::read_answer(version, request, payload) {
            Ok(answer) => self.on_answer(&what, answer, out),
            Err(refusal) => {
                self.cx(out).tell(Output::Violation { text: Text::truncated(&refusal.text, frame::MAX_DESCRIPTION) });
                if version == Version::V21 {
                    // Part 4 §4.2.3: 2.1 tells its peer, the editions before have no way to.
                    let text = frame::result_error_text(id, refusal.code, &refusal.text, version);
                    out.push(Action::Send(text));
                }
                self.on_error(what, &refusal.text, out);
            }
        }
    }

    fn on_answer(&mut self, what: &Sent, answer: Answer, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        let clock_was_known = cx.clock.is_known();
        let is_boot = matches!(answer, Answer::Boot { .. });
        match answer {
            Answer::Boot { status, time, interval_s } => {
                self.provisioning.on_boot_answer(&mut cx, status, time, interval_s);
            }
            Answer::Heartbeat { time } => self.provisioning.set_clock(&mut cx, time),
            Answer::Authorize(info) => self.authorization.on_answer(&mut cx, info),
            Answer::Transaction(answer) if matches!(what, Sent::Event) => self.delivery.on_answer(&mut cx, answer),
            Answer::DataTransfer(answer) => cx.tell(Output::DataTransferAnswered(Some(answer))),
            Answer::EvNeeds(status) => {
                if let Sent::Live(Request::EvNeeds(needs)) = what {
                    cx.tell(Output::EvNeedsAnswered { evse: needs.evse, status: Some(status) });
                }
            }
            Answer::EvSchedule { accepted } => {
                if let Sent::Live(Request::EvSchedule(plan)) = what {
                    cx.tell(Output::EvScheduleAnswered { evse: plan.evse, accepted: Some(accepted) });
                }
            }
            Answer::SignCertificate { accepted } => {
                if let Sent::Live(Request::SignCertificate { csr, .. }) = what {
                    certificates::on_answer(&mut cx, csr, accepted);
                }
            }
            Answer::CertificateStatus { response } => {
                if let Sent::Live(Request::CertificateStatus(about)) = what {
                    certificates::on_status(&mut cx, about, response);
                }
            }
            Answer::Done if matches!(what, Sent::Security) => security::on_answer(&mut cx),
            Answer::Done => {
                if let Sent::Live(request) = what {
                    self.on_heard(request, out);
                }
            }
            Answer::Transaction(_) => {}
        }
        let accepted = self.shared.is_accepted();
        if is_boot && !accepted {
            self.drop_waiting(out);
        } else if !is_boot {
            self.provisioning.on_processed();
        }
        let mut cx = Cx { shared: &mut self.shared, out };
        if !clock_was_known && cx.clock.is_known() {
            self.delivery.on_clock_known(&mut cx);
            security::on_clock_known(&mut cx);
            super::schedule_aligned(&mut cx);
        }
    }

    /// The CSMS knows it now, or need not: its edition has no words for it.
    fn on_heard(&mut self, request: &Request, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        match (request, &mut self.logs, &mut self.firmware) {
            (Request::LogStatus { status, request_id }, Some(logs), _) => logs.on_heard(&mut cx, status, *request_id),
            (Request::FirmwareStatus { status, request_id }, _, Some(firmware)) => {
                firmware.on_heard(&mut cx, status, *request_id);
            }
            _ => {}
        }
    }

    /// B02.FR.02: while it is not accepted the station sends only what it is asked for; who waits for more is told.
    fn drop_waiting(&mut self, out: &mut Outbox<Output>) {
        let waiting = core::mem::take(&mut self.shared.waiting).into_iter();
        let (kept, dropped): (VecDeque<Waiting>, VecDeque<Waiting>) = waiting.partition(|waiting| waiting.asked_for);
        self.shared.waiting = kept;
        for waiting in dropped {
            self.on_request_lost(&waiting.request, out);
        }
    }

    fn on_error(&mut self, what: Sent, why: &str, out: &mut Outbox<Output>) {
        match what {
            Sent::Event => {
                let mut cx = Cx { shared: &mut self.shared, out };
                self.delivery.on_failed(&mut cx, why);
            }
            Sent::Live(request) => self.on_request_lost(&request, out),
            Sent::Security => security::on_failed(&mut self.cx(out), why),
        }
    }

    fn on_command(&mut self, id: &Text, action: &str, payload: &str, fingerprint: u64, out: &mut Outbox<Output>) {
        let Some(version) = self.traffic.link.version() else {
            return;
        };
        if self.traffic.deferred.iter().any(|deferred| deferred.fingerprint == fingerprint) {
            // The same CALL again, while its answer is on the way (S-26).
            return;
        }
        let rejected = self.shared.registration == Some(RegistrationStatus::Rejected);
        let command = if rejected {
            // B03.FR.03: a CSMS that rejected us has nothing to say.
            let text = String::from("the station was rejected, and takes no messages until it is accepted");
            Err(Refusal { code: ErrorCode::SecurityError, text })
        } else {
            dialect::read_command(version, action, payload)
        };
        let (shared, traffic, mut blocks) = self.blocks();
        let mut cx = Cx { shared, out };
        let command = match command {
            Ok(command) => command,
            Err(refusal) => {
                if refusal.is_invalid() {
                    security::on_invalid_message(&mut cx, &refusal.text);
                }
                return traffic.refuse(&mut cx, (version, id), fingerprint, &refusal);
            }
        };
        if waits_for_host(&command) && traffic.deferred.len() >= cx.config.limits.waiting_replies {
            let text = String::from("too many requests wait for an answer already");
            cx.limit_hit(format!("{action}: {text}"));
            return traffic.refuse(
                &mut cx,
                (version, id),
                fingerprint,
                &Refusal { code: ErrorCode::InternalError, text },
            );
        }
        match blocks.perform(&mut cx, &command) {
            Response::Now(reply) => traffic.answer(&mut cx, id, fingerprint, &command, &reply),
            Response::Unsupported => {
                let refusal =
                    Refusal::unsupported(format!("{action} is not supported: its functional block is switched off"));
                traffic.refuse(&mut cx, (version, id), fingerprint, &refusal);
            }
            Response::Later(awaits) => {
                let until = cx.now + PATIENCE;
                traffic.deferred.push(Deferred { id: id.clone(), fingerprint, command, awaits, until });
                traffic.expect_replies(&mut cx);
            }
        }
    }
}
