//! Being connected: attempts, back-off, pings (Part 4 §5.3, §5.4).

use super::shared::{Cx, Timer};
use crate::device_model::Known;
use crate::link::BackOff;
use crate::machine::Action;

/// Keeps the station connected.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    failures: u32,
}

impl Connection {
    pub(crate) fn connect(cx: &mut Cx<'_>) {
        let version = cx.config.version;
        cx.out.push(Action::Connect(version));
    }

    pub(crate) fn on_connected(&mut self, cx: &mut Cx<'_>) {
        self.failures = 0;
        cx.timers.clear(Timer::Reconnect);
        Self::schedule_ping(cx);
    }

    pub(crate) fn on_disconnected(&mut self, cx: &mut Cx<'_>) {
        cx.timers.clear(Timer::Ping);
        cx.timers.clear(Timer::Pong);
        let back_off = BackOff {
            minimum_s: cx.variables.number(Known::BackOffWaitMinimum),
            doublings: u32::try_from(cx.variables.number(Known::BackOffRepeatTimes)).unwrap_or(0),
            random_s: cx.variables.number(Known::BackOffRandomRange),
        };
        let wait = back_off.wait(self.failures, &mut cx.rng);
        self.failures = self.failures.saturating_add(1);
        let at = cx.now + wait;
        cx.timers.set(Timer::Reconnect, at);
    }

    pub(crate) fn schedule_ping(cx: &mut Cx<'_>) {
        match cx.variables.number(Known::PingInterval) {
            0 => cx.timers.clear(Timer::Ping),
            interval_s => cx.after(Timer::Ping, interval_s),
        }
    }

    pub(crate) fn on_ping_timer(cx: &mut Cx<'_>) {
        Self::probe(cx);
        Self::schedule_ping(cx);
    }

    /// Asks the peer for a sign of life.
    pub(crate) fn probe(cx: &mut Cx<'_>) {
        cx.out.push(Action::Ping);
        if !cx.timers.is_set(Timer::Pong) {
            let patience = cx.variables.number(Known::MessageTimeout);
            cx.after(Timer::Pong, patience);
        }
    }

    /// a peer that answers no ping is gone, whatever TCP thinks.
    pub(crate) fn on_pong_missing(cx: &mut Cx<'_>) {
        cx.out.push(Action::Close);
    }

    pub(crate) fn on_pong(cx: &mut Cx<'_>) {
        cx.timers.clear(Timer::Pong);
    }
}
