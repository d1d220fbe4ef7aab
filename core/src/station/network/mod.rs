//! The ways to the CSMS (B09, B10; A05): slots, priorities, attempts, and which one is used.
//!
//! What the CSMS sets is durable at once, and a connection is what proves it: until then the way, the profile and the
//! password that worked last are kept beside the new ones. What was proven wins over what was not, whenever the new
//! one does not get through.

mod records;
mod report;
mod rules;
mod settings;
pub(super) mod state;

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::api::Output;
use super::shared::{Cx, Timer};
use crate::device_model::Known;
use crate::domain::{ConnectionFault, Secret};
use records::{describe, put_slot, put_state};
pub(crate) use report::{get, refuse, report};
pub(crate) use settings::{owns, set_profile, set_variable};
use state::{Entry, Network, security_of};
pub(crate) use state::{SLOT_PREFIX, STATE};

/// Power came: makes the plan of this life out of the records.
pub(crate) fn wake(cx: &mut Cx<'_>) {
    let Some(mut network) = cx.network.take() else { return };
    let floor = network.saved.profile;
    drop_weak_passwords(cx, &mut network);
    for slot in &mut network.slots {
        let Some(way) = &slot.way else { continue };
        // A05.FR.06: one that is too low was to be removed when the power was cut, or came back with the factory's setting.
        if let Err((_, why)) = rules::check_way(cx, floor, way) {
            cx.refuse(format!("the way in network slot {} is not used: {why}", slot.slot));
            slot.way = None;
        }
    }
    let is_set = |slot: &i32| network.slot(*slot).is_some_and(|slot| slot.way.is_some());
    let mut priority: Vec<i32> = network.saved.priority.iter().copied().filter(is_set).collect();
    if priority.is_empty() {
        priority = network.slots.iter().map(|slot| slot.slot).filter(is_set).collect();
    }
    network.saved.priority = priority;
    let ways = network.saved.priority.iter().filter_map(|number| {
        let way = network.slot(*number)?.way.clone()?;
        Some(Entry { slot: *number, way })
    });
    network.plan = network.saved.trial.iter().cloned().chain(ways).collect();
    describe(cx, &network);
    cx.network = Some(network);
}

/// S-7: the factory's passwords are held to the same rules as those of the CSMS. What the CSMS set was judged when it did.
fn drop_weak_passwords(cx: &mut Cx<'_>, network: &mut Network) {
    let version = cx.config.version;
    let factory = Network::new(&cx.config).map(|factory| factory.slots).unwrap_or_default();
    for slot in &mut network.slots {
        let is_weak = |password: &Secret| !password.is_password(version);
        let own = factory.iter().find(|known| known.slot == slot.slot).and_then(|known| known.password.as_ref());
        if own.is_some_and(is_weak) && slot.password.as_ref() == own {
            cx.refuse(format!("the factory's password of network slot {} is too weak, and is not used", slot.slot));
            slot.password = None;
        }
    }
}

/// Tells the host whom to connect to, if it was told something else before. `false` if there is nobody.
pub(crate) fn announce(cx: &mut Cx<'_>) -> bool {
    let Some(network) = cx.network.as_ref() else { return true };
    let Some(target) = network.target(&cx.credentials) else {
        cx.limit_hit("no network connection profile can be used: there is nobody to connect to".into());
        return false;
    };
    if network.told.as_deref() == Some(&target) {
        return true;
    }
    let timeout_s = target.way.message_timeout;
    cx.variables.put(Known::MessageTimeout, &format!("{timeout_s}"));
    let told = Box::new(target);
    if let Some(network) = cx.network.as_mut() {
        network.told = Some(told.clone());
    }
    cx.tell(Output::UseNetwork(told));
    true
}

/// A password, a certificate or what is trusted changed. While there is a connection the host needs the new target for the
/// next one only.
pub(crate) fn on_credentials_changed(cx: &mut Cx<'_>) {
    let was_told = cx.network.as_ref().is_some_and(|network| network.told.is_some());
    if cx.online.is_none() && was_told {
        announce(cx);
    }
}

/// An attempt to connect failed (B10.FR.03).
pub(crate) fn on_failed(cx: &mut Cx<'_>, fault: Option<ConnectionFault>) {
    let limit = cx.variables.number(Known::NetworkAttempts);
    let Some(network) = cx.network.as_mut() else { return };
    let has_previous = network.active().and_then(|slot| network.slot(slot)).is_some_and(|slot| slot.previous.is_some());
    if matches!(fault, None | Some(ConnectionFault::Refused)) && has_previous {
        // The CSMS may not have heard that the password was taken (A01): its old one is tried, then the new one again.
        // A host that does not know why it failed may have been refused.
        network.with_previous = !network.with_previous;
        if network.with_previous {
            return;
        }
    }
    network.attempts += 1;
    if network.attempts < limit {
        return;
    }
    if network.at == 0 && network.saved.trial.is_some() {
        return give_up_trial(cx);
    }
    network.advance();
}

/// A05.FR.08 of 1.6: back to the security profile that worked.
fn give_up_trial(cx: &mut Cx<'_>) {
    let Some(mut network) = cx.network.take() else { return };
    network.saved.trial = None;
    network.plan.remove(0);
    (network.attempts, network.with_previous) = (0, false);
    put_state(cx, &network);
    cx.network = Some(network);
    let text = "the higher security profile did not connect, and is given up";
    super::security::event(cx, "ReconfigurationOfSecurityParameters", Some(text.into()));
}

/// The way, the password and the security profile in use have proven themselves.
pub(crate) fn on_connected(cx: &mut Cx<'_>) {
    let Some(mut network) = cx.network.take() else { return };
    if let Some(entry) = network.entry().cloned() {
        settle_password(cx, &mut network, entry.slot);
        settle_way(cx, &mut network, &entry);
        if network.connected.replace(entry.slot).is_some_and(|slot| slot != entry.slot) {
            // B10.FR.10: whoever is there has not accepted us, as far as we know.
            cx.registration = None;
            cx.timers.clear(Timer::Boot);
        }
        network.attempts = 0;
        describe(cx, &network);
    }
    cx.network = Some(network);
}

/// The password that was let in stays; the other one is forgotten.
fn settle_password(cx: &mut Cx<'_>, network: &mut Network, number: i32) {
    let with_previous = core::mem::take(&mut network.with_previous);
    let has_password = network.entry().is_some_and(|entry| entry.security().has_password());
    let Some(slot) = network.slot_mut(number).filter(|slot| slot.previous.is_some() && has_password) else { return };
    let previous = slot.previous.take();
    if with_previous {
        slot.password = previous;
    }
    put_slot(cx, network, number);
}

/// A05.FR.06: the profile is the new one, and what is lower is removed.
fn settle_way(cx: &mut Cx<'_>, network: &mut Network, entry: &Entry) {
    let before = network.saved.clone();
    let security = entry.security();
    network.saved.profile = Some(security);
    network.saved.last = Some(entry.clone());
    let mut changed = Vec::new();
    if network.saved.trial.take_if(|trial| trial == entry).is_some() {
        if let Some(slot) = network.slot_mut(entry.slot) {
            slot.way = Some(entry.way.clone());
        }
        changed.push(entry.slot);
        network.saved.priority.retain(|slot| *slot != entry.slot);
        network.saved.priority.insert(0, entry.slot);
    }
    for slot in &mut network.slots {
        let lower = slot.way.as_ref().is_some_and(|way| security_of(way) < security);
        if lower {
            slot.way = None;
            changed.push(slot.slot);
            network.saved.priority.retain(|kept| *kept != slot.slot);
        }
    }
    network.plan.retain(|planned| planned.security() >= security);
    network.at = network.plan.iter().position(|planned| planned == entry).unwrap_or(network.plan.len());
    if network.saved != before {
        // The state first: what it forbids is not used, even if a power cut leaves it in its slot.
        put_state(cx, network);
    }
    for slot in changed {
        put_slot(cx, network, slot);
    }
}
