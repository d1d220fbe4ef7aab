//! Restarting (B11, B12; 1.6 §5.14).

use pilotwire_messages::Text;
use serde::{Deserialize, Serialize};

use super::api::Output;
use super::delivery::Delivery;
use super::security;
use super::shared::{Cx, Signal, Timer};
use super::transactions::Transactions;
use crate::device_model::Known;
use crate::domain::{BootReason, ResetKind, ResetStatus, StoppedReason, TriggerReason};

/// The durable record of the reason of the restart that is under way.
pub(crate) const RECORD: &str = "reset";

/// Why the station was restarted, for the boot after it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) reason: BootReason,
}

/// A restart that waits for its moment.
#[derive(Debug, Default)]
pub(crate) struct Reset {
    pending: Option<ResetKind>,
    /// Transactions were ended; the restart follows their last events.
    ending: bool,
    local: bool,
    /// Why, if neither the CSMS nor somebody here asked for it.
    own: Option<BootReason>,
}

impl Reset {
    /// The CSMS asks for a restart; it happens after the answer is sent.
    pub(crate) fn request(&mut self, cx: &mut Cx<'_>, kind: ResetKind, transactions: &Transactions) -> ResetStatus {
        let busy = transactions.is_any_open();
        if self.ending {
            return ResetStatus::Accepted;
        }
        self.pending = Some(kind);
        cx.closing = true;
        // B12.FR.01: an idle station restarts at once, whatever was asked.
        if kind == ResetKind::OnIdle && busy { ResetStatus::Scheduled } else { ResetStatus::Accepted }
    }

    /// Someone at the station asks for it.
    pub(crate) fn request_locally(&mut self, cx: &mut Cx<'_>) {
        self.pending = Some(ResetKind::Immediate);
        self.local = true;
        cx.closing = true;
    }

    /// The station needs it itself, once no transaction is open.
    pub(crate) fn request_for(&mut self, cx: &mut Cx<'_>, reason: BootReason) {
        self.pending.get_or_insert(ResetKind::OnIdle);
        self.own = Some(reason);
        cx.closing = true;
    }

    /// Goes on as far as it can: called when nothing else is left to do. `held`: the host is at something that no power cut
    /// may interrupt.
    pub(crate) fn advance(
        &mut self,
        cx: &mut Cx<'_>,
        held: bool,
        transactions: &Transactions,
        delivery: &Delivery,
    ) -> bool {
        let Some(kind) = self.pending.filter(|_| !held) else { return false };
        let open = transactions.is_any_open();
        if open && kind == ResetKind::OnIdle {
            return false;
        }
        if !self.ending {
            self.ending = true;
            self.end_transactions(cx, kind);
            let patience = cx.variables.number(Known::MessageTimeout);
            cx.after(Timer::Reset, patience);
        }
        // B12.FR.04, B12.FR.05: the last events first, if the CSMS takes them in time.
        let delivered = delivery.is_empty() || !cx.is_online();
        if open || (!delivered && cx.timers.is_set(Timer::Reset)) {
            return false;
        }
        self.reboot(cx);
        true
    }

    fn end_transactions(&self, cx: &mut Cx<'_>, kind: ResetKind) {
        let local = self.local;
        for at in 0..cx.evses.len() {
            let evse = cx.evses[at].id;
            let (trigger, reason, reset) = if local {
                (TriggerReason::AbnormalCondition, StoppedReason::Reboot, None)
            } else {
                (TriggerReason::ResetCommand, StoppedReason::ImmediateReset, Some(kind))
            };
            cx.signal(Signal::Stop { evse, trigger, reason, reset });
        }
    }

    fn reboot(&mut self, cx: &mut Cx<'_>) {
        let reason = match (self.own.take(), self.local, self.pending) {
            (Some(own), ..) => own,
            (None, true, _) => BootReason::LocalReset,
            (None, false, Some(ResetKind::OnIdle)) => BootReason::ScheduledReset,
            (None, false, _) => BootReason::RemoteReset,
        };
        let info = Text::new(reason.as_str());
        cx.put(RECORD.into(), &Saved { reason });
        security::event(cx, "ResetOrReboot", Some(info));
        cx.tell(Output::Reboot);
        self.pending = None;
    }
}
