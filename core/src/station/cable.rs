//! Holding the plug, and keeping a cable for its owner (E05.FR.11, E09.FR.02, E09.FR.03, E10.FR.01; 1.6 §4.10).
//!
//! A cable that is not fixed to the station is the driver's own. If he is not beside it when the charging ends, it stays
//! locked until he presents his token, or the CSMS unlocks it: nobody else can take it away meanwhile.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::api::Output;
use super::session::{Authorized, Ending};
use super::shared::{Cx, Kept, Signal};
use crate::device_model::Known;
use crate::domain::{EvseId, StoppedReason, TriggerReason};

/// The prefix of the records of cables that wait for their owners.
pub(crate) const RECORD_PREFIX: &str = "cable/";

fn key(evse: EvseId) -> String {
    format!("{RECORD_PREFIX}{evse}")
}

/// Holds the plug while somebody may charge.
pub(crate) fn hold(cx: &mut Cx<'_>, evse: EvseId, authorized: bool) {
    let Some(facts) = cx.evse_mut(evse).filter(|facts| authorized && facts.locked.is_none()) else {
        return;
    };
    let Some(connector) = facts.plugged else { return };
    facts.locked = Some(connector);
    cx.tell(Output::LockConnector { evse, connector });
}

/// Whether a driver's own cable stays locked when its other end is pulled: a transaction that goes on keeps it in any
/// case (1.6 §4.10, E10.FR.01).
fn stays_locked(cx: &Cx<'_>) -> bool {
    !cx.variables.flag(Known::UnlockOnEvSideDisconnect) || !cx.variables.flag(Known::StopTxOnEvSideDisconnect)
}

/// Releases the plug when nobody may charge and nobody's cable is kept.
pub(crate) fn let_go(cx: &mut Cx<'_>, evse: EvseId, authorized: bool) {
    let stays = stays_locked(cx);
    let Some(facts) = cx.evse_mut(evse) else { return };
    let is_wanted = authorized && (facts.plugged.is_some() || stays);
    if is_wanted || facts.contactor_closed || facts.kept.is_some() {
        return;
    }
    if let Some(connector) = facts.locked.take() {
        cx.tell(Output::UnlockConnector { evse, connector, confirm: false });
    }
}

/// A transaction is about to end: whether its cable waits for the one who began it, because he is not beside it.
pub(crate) fn keep(cx: &mut Cx<'_>, evse: EvseId, ending: &Ending, vehicle_is_gone: bool, owner: Option<Authorized>) {
    let deauthorized = ending.trigger == TriggerReason::Deauthorized;
    let by_driver = matches!(ending.reason, StoppedReason::Local | StoppedReason::Timeout);
    let unlocked = ending.trigger == TriggerReason::UnlockCommand;
    let waits = deauthorized || (vehicle_is_gone && !by_driver && !unlocked && stays_locked(cx));
    let Some(facts) = cx.evse_mut(evse).filter(|facts| waits && facts.socket) else {
        return;
    };
    let (Some(connector), Some(owner)) = (facts.locked, owner) else {
        return;
    };
    let kept = Kept { evse, connector, token: owner.token, group: owner.group };
    facts.kept = Some(kept.clone());
    cx.put(key(evse), &kept);
}

/// After a power cut the cable is where it was, and its lock as the host left it.
pub(crate) fn restore(cx: &mut Cx<'_>, kept: Kept) {
    let (evse, connector) = (kept.evse, kept.connector);
    let Some(facts) = cx.evse_mut(evse) else { return };
    facts.locked = Some(connector);
    facts.session.token = Some(kept.token.clone());
    facts.session.group.clone_from(&kept.group);
    facts.session.finishing = true;
    facts.kept = Some(kept);
    cx.tell(Output::LockConnector { evse, connector });
}

/// Power came: sockets that hold nothing are open, whatever a cut interrupted.
pub(crate) fn open_the_others(cx: &mut Cx<'_>) {
    let free: Vec<(EvseId, i32)> =
        cx.evses.iter().filter(|facts| facts.socket && facts.locked.is_none()).map(|f| (f.id, f.connectors)).collect();
    for (evse, connectors) in free {
        for connector in 1..=connectors {
            cx.tell(Output::UnlockConnector { evse, connector, confirm: false });
        }
    }
}

/// The owner came, or the CSMS had the connector unlocked. `false`: no cable was kept there.
pub(crate) fn release(cx: &mut Cx<'_>, evse: EvseId) -> bool {
    let kept = cx.evse_mut(evse).and_then(|facts| facts.kept.take()).is_some();
    if kept {
        cx.delete(key(evse));
        // A vehicle at its other end is one that has just come.
        cx.signal(Signal::Changed(evse, TriggerReason::CablePluggedIn));
    }
    kept
}

/// The hardware told that a connector is unlocked.
pub(crate) fn on_unlocked(cx: &mut Cx<'_>, evse: EvseId, connector: i32) {
    let Some(facts) = cx.evse_mut(evse).filter(|facts| facts.locked == Some(connector)) else {
        return;
    };
    facts.locked = None;
    release(cx, evse);
    cx.signal(Signal::StatusChanged);
}
