//! Security events (A04; whitepaper of 1.6, §8): the host logs all of them, and the CSMS is told of the critical ones,
//! through outages and power cuts.

use alloc::format;

use pilotwire_messages::{DateTime, Text};

use super::api::Output;
use super::events::{Queued, Saved, key};
use super::shared::{Cx, Timer};
use crate::device_model::Known;
use crate::domain::{ConnectionFault, Request, is_critical};

/// Characters of an event's details (SecurityEventNotification, `techInfo`).
const MAX_INFO: usize = 255;

/// Characters of an event's name.
const MAX_KIND: usize = 50;

/// What a station tells of its own daily life if it is told to: see [`SecurityConfig`](super::SecurityConfig).
const OF_THE_DEVICE: [&str; 4] = ["MemoryExhaustion", "ResetOrReboot", "SettingSystemTime", "StartupOfTheDevice"];

/// Something happened that concerns security: `kind` is the name of 2.x.
pub(crate) fn event(cx: &mut Cx<'_>, kind: &'static str, info: Option<Text>) {
    raise(cx, Text::new(kind), info);
}

/// The same, whoever names it; a name that is not standardized is taken for critical.
pub(crate) fn raise(cx: &mut Cx<'_>, kind: Text, info: Option<Text>) {
    let kind = Text::truncated(&kind, MAX_KIND);
    let info = info.map(|info| Text::truncated(&info, MAX_INFO));
    let (at, critical) = (cx.utc(), is_critical(&kind).unwrap_or(true));
    let of_the_device = OF_THE_DEVICE.contains(&kind.as_str());
    if critical && (cx.config.security.device_events || !of_the_device) {
        keep(cx, Saved { kind: kind.clone(), at, info: info.clone() });
    }
    // A04.FR.04: the host keeps the log.
    cx.tell(Output::SecurityEvent { kind, at, info, critical });
}

/// A04.FR.01, A04.FR.02: durable before anything that follows.
fn keep(cx: &mut Cx<'_>, event: Saved) {
    let limit = cx.config.limits.security_events;
    if cx.security.queue.len() >= limit {
        let kind = &event.kind;
        // The first ones tell how it began; an attacker must not be able to wash them out.
        let text = format!("{limit} security events wait for the CSMS already; it will not be told of {kind}");
        return cx.limit_hit(text);
    }
    let number = cx.security.next_number;
    cx.security.next_number += 1;
    cx.put(key(number), &event);
    let guessed_at = (!cx.clock.is_known()).then_some(cx.now);
    let Saved { kind, at, info } = event;
    let request = Request::SecurityEvent { kind, at, info };
    cx.security.queue.push_back(Queued { number, request, attempts: 0, guessed_at });
}

/// The flash or the memory for what must be kept runs out; told once in a life.
pub(crate) fn on_memory_exhausted(cx: &mut Cx<'_>, info: &str) {
    if !core::mem::replace(&mut cx.security.exhausted, true) {
        event(cx, "MemoryExhaustion", Some(info.into()));
    }
}

/// Somebody set the clock (S-12). What changes is the wall clock alone: no timer runs on it.
pub(crate) fn on_clock_set(cx: &mut Cx<'_>, from: DateTime, to: DateTime) {
    let threshold_s = cx.variables.number(Known::TimeAdjustmentThreshold);
    let by_s = to.millis_since(from) / 1_000;
    if threshold_s > 0 && by_s.unsigned_abs() > threshold_s {
        event(cx, "SettingSystemTime", Some(format!("{by_s:+} s").into()));
    }
}

/// The CSMS sent what is no OCPP.
pub(crate) fn on_invalid_message(cx: &mut Cx<'_>, why: &str) {
    event(cx, "InvalidMessages", Some(why.into()));
}

/// The host tells why it could not connect.
pub(crate) fn on_connection_fault(cx: &mut Cx<'_>, fault: ConnectionFault) {
    let kind = match fault {
        ConnectionFault::Unreachable | ConnectionFault::Version => return,
        // A00.FR.310, A00.FR.413.
        ConnectionFault::InvalidCsmsCertificate => "InvalidCsmsCertificate",
        // A00.FR.316, A00.FR.419.
        ConnectionFault::InvalidTlsVersion => "InvalidTLSVersion",
        // A00.FR.323, A00.FR.426.
        ConnectionFault::InvalidTlsCipherSuite => "InvalidTLSCipherSuite",
        ConnectionFault::Refused => "FailedToAuthenticateAtCsms",
    };
    if cx.security.told.replace(fault) != Some(fault) {
        if fault == ConnectionFault::InvalidCsmsCertificate {
            event(cx, "CsmsFailedToAuthenticate", None);
        }
        event(cx, kind, None);
    }
}

/// The event to send now.
pub(crate) fn next(cx: &Cx<'_>) -> Option<Request> {
    if cx.security.in_flight || cx.timers.is_set(Timer::SecurityRetry) {
        return None;
    }
    cx.security.queue.front().map(|first| first.request.clone())
}

pub(crate) fn on_sent(cx: &mut Cx<'_>) {
    cx.security.in_flight = true;
    if let Some(first) = cx.security.queue.front_mut() {
        first.attempts += 1;
    }
}

/// A04.FR.03: the CSMS has it.
pub(crate) fn on_answer(cx: &mut Cx<'_>) {
    remove_first(cx);
}

/// The link went away: the attempt does not count, for nobody refused it.
pub(crate) fn on_disconnected(cx: &mut Cx<'_>) {
    cx.timers.clear(Timer::SecurityRetry);
    if core::mem::take(&mut cx.security.in_flight)
        && let Some(first) = cx.security.queue.front_mut()
    {
        first.attempts = first.attempts.saturating_sub(1);
    }
}

/// The CSMS is there and did not take it: again as often as an event of a transaction, and then told to the host. A CSMS
/// that does not know the message (1.6 without the whitepaper) must not stop the events behind it for ever.
pub(crate) fn on_failed(cx: &mut Cx<'_>, why: &str) {
    cx.security.in_flight = false;
    let Some(first) = cx.security.queue.front() else { return };
    let attempts = first.attempts;
    if attempts < cx.variables.number(Known::MessageAttempts) {
        let wait = cx.variables.number(Known::MessageAttemptInterval).saturating_mul(attempts);
        return cx.after(Timer::SecurityRetry, wait);
    }
    let text = format!("a security event was not taken by the CSMS in {attempts} attempts, and is discarded: {why}");
    cx.limit_hit(text);
    remove_first(cx);
}

fn remove_first(cx: &mut Cx<'_>) {
    cx.security.in_flight = false;
    if let Some(first) = cx.security.queue.pop_front() {
        cx.delete(key(first.number));
    }
}

/// The time became known: what was stamped with a guess in this life gets its true time.
pub(crate) fn on_clock_known(cx: &mut Cx<'_>) {
    let mut queue = core::mem::take(&mut cx.security.queue);
    for queued in &mut queue {
        let (Some(instant), Request::SecurityEvent { kind, at, info }) =
            (queued.guessed_at.take(), &mut queued.request)
        else {
            continue;
        };
        *at = cx.clock.at(instant);
        let saved = Saved { kind: kind.clone(), at: *at, info: info.clone() };
        cx.put(key(queued.number), &saved);
    }
    cx.security.queue = queue;
}
