//! Holding the plug, and keeping a cable for its owner (E05.FR.11, E09.FR.02, E09.FR.03, E10.FR.01; 1.6 §4.10).
//!
//! A cable that is not fixed to the station is the driver's own. If he is not beside it when the charging ends, it stays
//! locked until he presents his token, or the CSMS unlocks it: nobody else can take it away meanwhile.

use alloc::format;
use alloc::string::String;

use super::api::Output;
use super::session::Authorized;
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

/// Releases the plug when nobody may charge and nobody's cable is kept.
pub(crate) fn let_go(cx: &mut Cx<'_>, evse: EvseId, authorized: bool) {
    let when_unplugged = cx.variables.flag(Known::UnlockOnEvSideDisconnect);
    let Some(facts) = cx.evse_mut(evse) else { return };
    let is_wanted = authorized && (facts.plugged.is_some() || !when_unplugged);
    if is_wanted || facts.contactor_closed || facts.kept.is_some() {
        return;
    }
    if let Some(connector) = facts.locked.take() {
        cx.tell(Output::UnlockConnector { evse, connector, confirm: false });
    }
}

/// A transaction ended for this reason: whether its cable waits for the one who began it.
pub(crate) fn keep(cx: &mut Cx<'_>, evse: EvseId, reason: &StoppedReason, owner: Option<Authorized>) {
    let owner_is_away = match reason {
        StoppedReason::DeAuthorized => true,
        StoppedReason::EVDisconnected | StoppedReason::Remote => {
            let unplugged = cx.evse(evse).is_some_and(|facts| facts.plugged.is_none());
            unplugged && !cx.variables.flag(Known::UnlockOnEvSideDisconnect)
        }
        _ => false,
    };
    let Some(facts) = cx.evse_mut(evse).filter(|facts| owner_is_away && facts.socket) else {
        return;
    };
    let (Some(connector), Some(owner)) = (facts.locked, owner) else {
        return;
    };
    let kept = Kept { evse, connector, token: owner.token, group: owner.group };
    facts.kept = Some(kept.clone());
    cx.put(key(evse), &kept);
}

/// After a power cut the cable is where it was.
pub(crate) fn restore(cx: &mut Cx<'_>, kept: Kept) {
    let Some(facts) = cx.evse_mut(kept.evse) else { return };
    facts.locked = Some(kept.connector);
    facts.session.token = Some(kept.token.clone());
    facts.session.group.clone_from(&kept.group);
    facts.session.finishing = true;
    facts.kept = Some(kept);
}

/// The owner came, or somebody unlocks it for him. `false`: no cable was kept there.
pub(crate) fn release(cx: &mut Cx<'_>, evse: EvseId) -> bool {
    let kept = cx.evse_mut(evse).and_then(|facts| facts.kept.take()).is_some();
    if kept {
        cx.delete(key(evse));
        // A vehicle at its other end is one that has just come.
        cx.signal(Signal::Changed(evse, TriggerReason::CablePluggedIn));
    }
    kept
}
