//! What the block keeps durably, and tells the device model.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::shared::Cx;
use super::state::{Network, SLOT_PREFIX, STATE};
use crate::device_model::Known;

pub(super) fn slot_key(slot: i32) -> String {
    format!("{SLOT_PREFIX}{slot}")
}

pub(super) fn put_slot(cx: &mut Cx<'_>, network: &Network, number: i32) {
    if let Some(slot) = network.slot(number) {
        cx.put(slot_key(number), slot);
    }
}

pub(super) fn put_state(cx: &mut Cx<'_>, network: &Network) {
    cx.put(STATE.into(), &network.saved);
}

/// Tells the device model where the station is.
pub(super) fn describe(cx: &mut Cx<'_>, network: &Network) {
    let numbers: Vec<String> = network.saved.priority.iter().map(|slot| format!("{slot}")).collect();
    cx.variables.put(Known::NetworkPriority, &numbers.join(","));
    cx.variables.put(Known::SecurityProfile, &format!("{}", network.profile()));
    if let Some(slot) = network.active() {
        cx.variables.put(Known::ActiveNetworkProfile, &format!("{slot}"));
    }
}
