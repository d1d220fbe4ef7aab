//! Boot, registration and heartbeat (B01–B03, G02).

use core::time::Duration;

use pilotwire_messages::{DateTime, Text};
use serde::{Deserialize, Serialize};

use super::api::Output;
use super::reset;
use super::security;
use super::shared::{Cx, Signal, Timer};
use crate::device_model::Known;
use crate::dialect;
use crate::domain::{Boot, BootReason, RegistrationStatus, Request};
use crate::time::Instant;

/// The wait that we choose when the CSMS leaves it to us (B02.FR.07).
const OWN_WAIT_S: u64 = 30;

/// A wait that a CSMS can impose at most: a day. Beyond that a typing mistake would silence a station for ever.
const MAX_WAIT_S: u64 = 86_400;

/// The heartbeat that keeps the clock right at least once a day (G02.FR.07).
const DAY: Duration = Duration::from_secs(86_400);

/// The durable record of the registration.
pub(crate) const RECORD: &str = "registration";

/// What is known of the station's registration in later lives.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) accepted_once: bool,
}

/// Announces the station and keeps it known.
#[derive(Debug)]
pub(crate) struct Provisioning {
    reason: BootReason,
    /// Whether a boot is due on this or the next connection.
    boot_due: bool,
    /// The reason stands in a record, until the CSMS has heard it.
    recorded: bool,
    /// We announced ourselves because of a SecurityError, and nothing else was answered since.
    doubted: bool,
    /// When the CSMS was asked for the time last, or told it in its answer to the boot.
    synchronized: Instant,
}

impl Provisioning {
    pub(crate) const fn new(reason: BootReason) -> Self {
        Self { reason, boot_due: true, recorded: false, doubted: false, synchronized: Instant::ZERO }
    }

    /// After a restart that somebody asked for.
    pub(crate) const fn restarted(reason: BootReason) -> Self {
        Self { reason, boot_due: true, recorded: true, doubted: false, synchronized: Instant::ZERO }
    }

    /// Part 4 §5.4: no BootNotification on a reconnect, if the CSMS accepted us since power came.
    pub(crate) fn on_connected(&mut self, cx: &mut Cx<'_>) {
        if cx.is_accepted() {
            self.schedule_heartbeat(cx);
            let away = cx.offline_since.take().map(|since| cx.now.saturating_since(since));
            let long = away.is_none_or(|away| away > cx.seconds(Known::OfflineThreshold));
            // B04.FR.01, B04.FR.02.
            cx.signal(if long { Signal::Accepted } else { Signal::StatusChanged });
        } else if !cx.timers.is_set(Timer::Boot) {
            // B02.FR.04: a reconnect does not shorten the wait that the CSMS gave.
            self.boot_due = true;
        }
    }

    pub(crate) fn on_disconnected(&mut self, cx: &mut Cx<'_>) {
        cx.timers.clear(Timer::Heartbeat);
    }

    /// The BootNotification that must go out before everything else.
    pub(crate) fn take_due(&mut self, cx: &mut Cx<'_>) -> Option<Request> {
        if !core::mem::take(&mut self.boot_due) {
            return None;
        }
        // What it is answered sets the next one's time.
        cx.timers.clear(Timer::Boot);
        let mut identity = cx.config.identity.clone();
        // The host may have told another one: firmware can change from life to life.
        identity.firmware_version =
            Some(Text::new(cx.variables.text(Known::FirmwareVersion))).filter(|v| !v.is_empty());
        Some(Request::Boot(Boot { identity, reason: self.reason.clone() }))
    }

    pub(crate) fn on_boot_timer(&mut self) {
        self.boot_due = true;
    }

    pub(crate) fn on_boot_answer(
        &mut self,
        cx: &mut Cx<'_>,
        status: RegistrationStatus,
        time: DateTime,
        interval_s: i32,
    ) {
        self.set_clock(cx, time);
        self.synchronized = cx.now;
        cx.registration = Some(status.clone());
        cx.tell(Output::Registered(status.clone()));
        if status == RegistrationStatus::Accepted {
            self.accept(cx, interval_s);
        } else {
            let asked = u64::try_from(interval_s).unwrap_or(0);
            let wait = if asked == 0 { OWN_WAIT_S } else { asked.min(MAX_WAIT_S) };
            cx.after(Timer::Boot, wait);
        }
    }

    fn accept(&mut self, cx: &mut Cx<'_>, interval_s: i32) {
        cx.timers.clear(Timer::Boot);
        self.boot_due = false;
        // G02.FR.01; 1.6 §4.2: 0 leaves the interval to us.
        if interval_s > 0 {
            cx.variables.put(Known::HeartbeatInterval, &alloc::format!("{interval_s}"));
        }
        if core::mem::take(&mut self.recorded) {
            cx.delete(reset::RECORD.into());
        }
        if !cx.known_to_csms {
            cx.known_to_csms = true;
            cx.put(RECORD.into(), &Saved { accepted_once: true });
        }
        self.schedule_heartbeat(cx);
        cx.signal(Signal::Accepted);
    }

    /// The boot was not answered, or with an error: try again as if the CSMS had left the wait to us.
    pub(crate) fn on_boot_failed(&mut self, cx: &mut Cx<'_>) {
        cx.after(Timer::Boot, OWN_WAIT_S);
    }

    /// B02.FR.09: a CSMS that accepted us and now says SecurityError may have lost its record of us. We announce ourselves
    /// again, though not at once, and once only: it may also mean just the message that it refused.
    pub(crate) fn on_security_error(&mut self, cx: &mut Cx<'_>) {
        if cx.is_accepted() && !self.doubted && !cx.timers.is_set(Timer::Boot) {
            self.doubted = true;
            self.reason = BootReason::Unknown;
            cx.after(Timer::Boot, OWN_WAIT_S);
        }
    }

    /// The CSMS processed something else than a boot: it knows us.
    pub(crate) const fn on_processed(&mut self) {
        self.doubted = false;
    }

    /// F06; 1.6 §5.17.
    pub(crate) fn trigger_boot(&mut self, cx: &Cx<'_>) -> bool {
        if cx.is_accepted() && !cx.online.is_some_and(dialect::boots_when_accepted) {
            return false;
        }
        self.reason = BootReason::Triggered;
        self.boot_due = true;
        true
    }

    /// G02.FR.05: any message that we send shows that we are alive.
    pub(crate) fn on_sent(&self, cx: &mut Cx<'_>) {
        if cx.timers.is_set(Timer::Heartbeat) {
            self.schedule_heartbeat(cx);
        }
    }

    /// G02.FR.07: however much else is sent, the time is asked for once a day.
    pub(crate) fn schedule_heartbeat(&self, cx: &mut Cx<'_>) {
        let interval = cx.seconds(Known::HeartbeatInterval);
        if interval.is_zero() {
            cx.timers.clear(Timer::Heartbeat);
            return;
        }
        let at = (cx.now + interval).min(self.synchronized + DAY);
        cx.timers.set(Timer::Heartbeat, at);
    }

    pub(crate) fn on_heartbeat_timer(&mut self, cx: &mut Cx<'_>) {
        let waits = cx.waiting.iter().any(|waiting| matches!(waiting.request, Request::Heartbeat));
        if !waits {
            cx.call(Request::Heartbeat);
        }
        self.synchronized = cx.now;
        self.schedule_heartbeat(cx);
    }

    /// The CSMS's clock becomes ours (B01.FR.06, G02.FR.06). Differences of less than a second are left alone: the answer
    /// travelled for a while, and a clock that is set all the time is no better than one that is not.
    pub(crate) fn set_clock(&self, cx: &mut Cx<'_>, time: DateTime) {
        let now = cx.now;
        let off_ms = cx.clock.at(now).millis_since(time).unsigned_abs();
        if cx.clock.is_known() && off_ms < 1_000 {
            return;
        }
        let before = cx.clock.is_known().then(|| cx.utc());
        cx.clock.set(now, time);
        if let Some(before) = before {
            security::on_clock_set(cx, before, time);
        }
        cx.tell(Output::SetClock(time));
        cx.variables.put(Known::ClockDateTime, &alloc::format!("{time}"));
    }
}
