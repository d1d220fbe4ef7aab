//! Being connected: attempts, back-off, pings (Part 4 §5.3, §5.4).

use super::certificates;
use super::network;
use super::shared::{Cx, Timer};
use crate::device_model::Known;
use crate::domain::ConnectionFault;
use crate::link::BackOff;
use crate::machine::Action;

/// Keeps the station connected.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    failures: u32,
    /// Why the attempt that is under way failed, as far as the host told.
    fault: Option<ConnectionFault>,
    renewal: Renewal,
}

/// A link that is to be opened anew, for credentials that only a new one uses (A01, A02).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Renewal {
    #[default]
    Not,
    /// As soon as nothing is open on the link.
    Wanted,
    /// It was closed.
    Closing,
}

impl Connection {
    pub(crate) fn connect(cx: &mut Cx<'_>) {
        if !network::announce(cx) {
            let wait = cx.variables.number(Known::BackOffWaitMinimum);
            return cx.after(Timer::Reconnect, wait);
        }
        certificates::on_connect(cx);
        let version = cx.config.version;
        cx.out.push(Action::Connect(version));
    }

    pub(crate) fn on_connected(&mut self, cx: &mut Cx<'_>) {
        self.failures = 0;
        (self.fault, self.renewal) = (None, Renewal::Not);
        cx.security.on_connected();
        network::on_connected(cx);
        certificates::on_connected(cx);
        cx.timers.clear(Timer::Reconnect);
        Self::schedule_ping(cx);
    }

    /// The link is gone, or an attempt failed: `was_online` tells which.
    pub(crate) fn on_disconnected(&mut self, cx: &mut Cx<'_>, was_online: bool) {
        cx.timers.clear(Timer::Ping);
        cx.timers.clear(Timer::Pong);
        let fault = self.fault.take();
        if !was_online {
            if !certificates::on_failed(cx, fault) {
                network::on_failed(cx, fault);
            }
        } else if core::mem::take(&mut self.renewal) == Renewal::Closing {
            // It was our wish: nobody has to be spared (Part 4 §5.3 is about connections that were lost).
            cx.timers.clear(Timer::Reconnect);
            return Self::connect(cx);
        }
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

    pub(crate) fn on_connect_failed(&mut self, fault: ConnectionFault) {
        self.fault = Some(fault);
    }

    /// The link shall be opened anew; one that is not there will be, anyway.
    pub(crate) fn renew(&mut self, cx: &Cx<'_>) {
        if cx.online.is_some() && self.renewal == Renewal::Not {
            self.renewal = Renewal::Wanted;
        }
    }

    /// The host opened another link by itself.
    pub(crate) fn forget_renewal(&mut self) {
        self.renewal = Renewal::Not;
    }

    /// Whether nothing new may begin on the link; closes it when all that was begun is done.
    pub(crate) fn is_ending(&mut self, cx: &mut Cx<'_>, is_idle: bool) -> bool {
        if self.renewal == Renewal::Wanted && is_idle {
            self.renewal = Renewal::Closing;
            cx.out.push(Action::Close);
        }
        self.renewal != Renewal::Not
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
