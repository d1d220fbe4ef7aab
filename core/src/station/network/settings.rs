//! What the CSMS may change: passwords (A01), priorities (B10), ways (B09), and in 1.6 the security profile (A05).

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::{Text, Version};

use super::super::security;
use super::super::shared::{Cx, Signal};
use super::records::{describe, put_slot, put_state};
use super::rules::{self, Why};
use super::state::{Entry, Network, security_of};
use crate::device_model::Known;
use crate::domain::{
    AttributeKind, NetworkConnectionProfile, Reply, Secret, SecurityProfile, SetNetworkProfileStatus,
    SetVariableStatus, StatusInfo, VariableSetting,
};

/// Whether a variable is set here.
pub(crate) const fn owns(known: Known) -> bool {
    matches!(known, Known::BasicAuthPassword | Known::NetworkPriority | Known::SecurityProfile)
}

/// Sets a variable that is owned here.
pub(crate) fn set_variable(cx: &mut Cx<'_>, known: Known, setting: &VariableSetting) -> SetVariableStatus {
    if setting.attribute.as_ref().is_some_and(|kind| *kind != AttributeKind::Actual) {
        return SetVariableStatus::NotSupportedAttributeType;
    }
    let Some(mut network) = cx.network.take() else { return SetVariableStatus::Rejected };
    let status = match known {
        Known::BasicAuthPassword => set_password(cx, &mut network, &setting.value),
        Known::NetworkPriority => set_priority(cx, &mut network, &setting.value),
        // 2.x reads it only.
        Known::SecurityProfile if cx.version() == Version::V16 => raise(cx, &mut network, &setting.value),
        _ => SetVariableStatus::Rejected,
    };
    cx.network = Some(network);
    if matches!(status, SetVariableStatus::Accepted | SetVariableStatus::RebootRequired) {
        // A01.FR.11, A01.FR.12: that it changed, not to what.
        let name = Text::from(format!("{}", setting.id));
        security::event(cx, "ReconfigurationOfSecurityParameters", Some(name));
    }
    status
}

/// A01; B09.FR.27: the password of every slot. The one that worked is kept beside it until the new one was let in.
fn set_password(cx: &mut Cx<'_>, network: &mut Network, value: &str) -> SetVariableStatus {
    let is_used = network.entry().is_some_and(|entry| entry.security().has_password());
    let active = network.active().and_then(|slot| network.slot(slot));
    // Two changes without a connection between them: the CSMS knows the one in the middle, perhaps.
    let is_pending = is_used && active.is_some_and(|slot| slot.previous.is_some());
    let password = Secret::new(value);
    if is_pending || cx.storage_failed || !password.is_password(cx.version()) {
        return SetVariableStatus::Rejected;
    }
    let numbers: Vec<i32> = network.slots.iter().map(|slot| slot.slot).collect();
    for number in numbers {
        change_password(cx, network, number, password.clone());
    }
    network.with_previous = false;
    cx.signal(Signal::CredentialsChanged);
    if is_used {
        cx.signal(Signal::Reconnect);
    }
    SetVariableStatus::Accepted
}

fn change_password(cx: &mut Cx<'_>, network: &mut Network, number: i32, password: Secret) {
    let Some(slot) = network.slot_mut(number) else { return };
    if slot.password.as_ref() == Some(&password) {
        return;
    }
    let replaced = slot.password.replace(password);
    slot.previous = slot.previous.take().or(replaced);
    put_slot(cx, network, number);
}

/// B10.FR.01, B10.FR.02; A05.FR.02–A05.FR.04. In use after the next start (B10.FR.04).
fn set_priority(cx: &mut Cx<'_>, network: &mut Network, value: &str) -> SetVariableStatus {
    let Some(numbers) = slots_in(value) else { return SetVariableStatus::Rejected };
    if numbers.iter().any(|number| check_slot(cx, network, *number).is_err()) {
        return SetVariableStatus::Rejected;
    }
    let before = core::mem::replace(&mut network.saved.priority, numbers);
    let now = &network.saved.priority;
    if *now == before {
        return SetVariableStatus::Accepted;
    }
    // B09.FR.20: what only goes out takes nothing to come in.
    let mut rest = before.iter();
    let only_removes = now.iter().all(|number| rest.any(|old| old == number)) && now.first() == before.first();
    put_state(cx, network);
    describe(cx, network);
    if only_removes { SetVariableStatus::Accepted } else { SetVariableStatus::RebootRequired }
}

/// Numbers of slots, each of them once.
fn slots_in(value: &str) -> Option<Vec<i32>> {
    let mut numbers: Vec<i32> = Vec::new();
    for word in value.split(',') {
        let number = word.trim().parse().ok()?;
        if numbers.contains(&number) {
            return None;
        }
        numbers.push(number);
    }
    Some(numbers)
}

fn check_slot(cx: &Cx<'_>, network: &Network, number: i32) -> Result<(), Why> {
    let unset = ("InvalidNetworkConf", "there is no way to the CSMS in the slot");
    let slot = network.slot(number).ok_or(unset)?;
    let security = security_of(slot.way.as_ref().ok_or(unset)?);
    if rules::is_downgrade(cx, network.profile(), security) {
        return Err(("NoSecurityDowngrade", "the security profile is lower than the one in use"));
    }
    rules::check_means(cx, security, slot.password.as_ref())
}

/// 1.6: A05. The same central system over a better protected way, from now on.
fn raise(cx: &mut Cx<'_>, network: &mut Network, value: &str) -> SetVariableStatus {
    let Some(entry) = raised(cx, network, value) else { return SetVariableStatus::Rejected };
    if network.saved.trial.take().is_some() {
        network.plan.remove(0);
    }
    network.plan.insert(0, entry.clone());
    (network.at, network.attempts, network.with_previous) = (0, 0, false);
    network.saved.trial = Some(entry);
    put_state(cx, network);
    // A05.FR.06, A05.FR.07 of 1.6.
    cx.signal(Signal::Reconnect);
    SetVariableStatus::Accepted
}

/// The way with the security profile that is wanted; `None` if it must not or cannot be used.
fn raised(cx: &Cx<'_>, network: &Network, value: &str) -> Option<Entry> {
    let security = SecurityProfile::try_from(value.trim().parse::<i32>().ok()?).ok()?;
    // A05.FR.01 of 1.6.
    if security <= network.profile() {
        return None;
    }
    let prepared = network.slots.iter().find(|slot| slot.way.as_ref().is_some_and(|way| security_of(way) == security));
    let entry = match prepared {
        Some(slot) => Entry { slot: slot.slot, way: slot.way.clone()? },
        None => with_security(network.entry()?, security),
    };
    let password = network.slot(entry.slot)?.password.as_ref();
    rules::check_means(cx, security, password).ok()?;
    Some(entry)
}

/// The same host, protected otherwise: 1.6 has no message for another URL.
fn with_security(entry: &Entry, security: SecurityProfile) -> Entry {
    let mut way = entry.way.clone();
    way.security_profile = security.into();
    if let Some((_, rest)) = way.ocpp_csms_url.split_once("://") {
        let scheme = if security.has_tls() { "wss" } else { "ws" };
        way.ocpp_csms_url = format!("{scheme}://{rest}").into();
    }
    Entry { slot: entry.slot, way }
}

/// B09: kept durably, and in use after the next start, if its slot is among the priorities.
pub(crate) fn set_profile(
    cx: &mut Cx<'_>,
    number: i32,
    way: &NetworkConnectionProfile,
    password: Option<&Secret>,
) -> Reply {
    if cx.storage_failed {
        // B09.FR.03.
        return Reply::SetNetworkProfile { status: SetNetworkProfileStatus::Failed, why: None };
    }
    let outcome = match cx.network.take() {
        Some(mut network) => {
            let outcome = keep_way(cx, &mut network, number, way, password);
            cx.network = Some(network);
            outcome
        }
        None => Err(("InvalidConfSlot", "the station's host chooses the way to the CSMS")),
    };
    match outcome {
        Ok(()) => {
            let text = Text::from(format!("network connection profile of slot {number}"));
            security::event(cx, "ReconfigurationOfSecurityParameters", Some(text));
            Reply::SetNetworkProfile { status: SetNetworkProfileStatus::Accepted, why: None }
        }
        Err((code, text)) => {
            let mut info = StatusInfo::new(code);
            info.additional_info = Some(text.into());
            Reply::SetNetworkProfile { status: SetNetworkProfileStatus::Rejected, why: Some(info) }
        }
    }
}

fn keep_way(
    cx: &mut Cx<'_>,
    network: &mut Network,
    number: i32,
    way: &NetworkConnectionProfile,
    password: Option<&Secret>,
) -> Result<(), Why> {
    // B09.FR.05.
    if network.slot(number).is_none() {
        return Err(("InvalidConfSlot", "there is no such slot"));
    }
    rules::check_way(cx, Some(network.profile()), way)?;
    if password.is_some_and(|password| !password.is_password(cx.version())) {
        return Err(("InvalidNetworkConf", "basicAuthPassword is too short or too long"));
    }
    // Without one of its own the usual one is used, which is that of the way in use.
    let usual = network.active().and_then(|slot| network.slot(slot)).and_then(|slot| slot.password.clone());
    let Some(slot) = network.slot_mut(number) else { return Ok(()) };
    slot.way = Some(Box::new(way.clone()));
    match password {
        Some(password) if slot.password.as_ref() != Some(password) => {
            let replaced = slot.password.replace(password.clone());
            slot.previous = slot.previous.take().or(replaced);
        }
        Some(_) => {}
        None => slot.password = slot.password.take().or(usual),
    }
    put_slot(cx, network, number);
    Ok(())
}
