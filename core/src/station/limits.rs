//! What each EVSE may offer (K01, K02, K04–K07, K11–K13): profiles and limits in, [`SetLimit`](Output::SetLimit) out.
//!
//! The hardware hears of every change, before a contactor closes and at the second in which a schedule steps. While nobody
//! knows what time it is, the lowest limit of every schedule holds: none is exceeded for want of a clock (I-5).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use pilotwire_messages::{DateTime, Decimal, Text};

use super::api::Output;
use super::offers::{Span, rules};
use super::shared::{Cx, Signal, Timer};
use crate::charging::{Claim, Installed, Limit, Now, share};
use crate::domain::{ChargingLimitSource, ChargingProfile, ChargingProfilePurpose, EvseId, IdToken, TriggerReason};

/// The prefix of the records of profiles.
pub(crate) const RECORD_PREFIX: &str = "profile/";

pub(crate) fn key(id: i32) -> String {
    format!("{RECORD_PREFIX}{id}")
}

/// Another edition may be spoken now.
pub(crate) fn on_connected(cx: &mut Cx<'_>) {
    let rules = rules(&cx.config, cx.version());
    if *cx.charging.profiles.rules() != rules {
        cx.charging.profiles.set_rules(rules);
        cx.charging.touch();
    }
}

/// A record of the last life. TxProfiles are not kept: their transactions end with the power (K02.FR.05).
pub(crate) fn restore(cx: &mut Cx<'_>, installed: Installed) -> Result<(), String> {
    cx.charging.touch();
    cx.charging.profiles.restore(installed).map(|_| ()).map_err(|why| format!("{why}"))
}

/// Makes a profile durable before it is acknowledged (K01.FR.27), and what it replaced vanish.
pub(crate) fn keep(cx: &mut Cx<'_>, installed: &Installed, replaced: &[i32]) {
    let id = installed.profile.id;
    for gone in replaced.iter().filter(|gone| **gone != id) {
        cx.delete(key(*gone));
    }
    if installed.profile.charging_profile_purpose == ChargingProfilePurpose::TxProfile {
        if replaced.contains(&id) {
            cx.delete(key(id));
        }
    } else {
        cx.put(key(id), installed);
    }
    changed(cx);
}

/// Profiles came or went.
pub(crate) fn changed(cx: &mut Cx<'_>) {
    cx.charging.touch();
    let count = cx.charging.profiles.iter().count();
    cx.variables.put(crate::device_model::Known::ProfileEntries, &format!("{count}"));
    cx.tell(Output::ProfilesChanged);
}

/// K05: a profile for the transaction that `token` is about to begin.
pub(crate) fn set_ahead(cx: &mut Cx<'_>, evse: EvseId, ahead: Option<(IdToken, Box<ChargingProfile>)>) {
    if let Some(offer) = cx.charging.offer(evse) {
        offer.ahead = ahead;
    }
}

/// A transaction runs; `flows` once its vehicle is connected and its driver authorized (K01.FR.42).
pub(crate) fn on_transaction(cx: &mut Cx<'_>, evse: EvseId, id: &Text, flows: bool, token: Option<&IdToken>) {
    let now = cx.utc();
    let edition = cx.charging.profiles.rules().edition;
    let Some(offer) = cx.charging.offer(evse) else { return };
    if offer.transaction.as_ref().is_some_and(|(known, flowed)| known == id && (*flowed || !flows)) {
        return;
    }
    offer.transaction = Some((id.clone(), flows));
    let ahead = offer.ahead.take_if(|(meant, _)| token.is_some_and(|token| token == meant));
    cx.charging.profiles.transaction_runs(evse, id.clone(), flows.then_some(now));
    cx.charging.touch();
    let Some((_, mut profile)) = ahead else { return };
    profile.transaction_id = edition.transaction_is_named.then(|| id.clone());
    match cx.charging.profiles.set(evse, *profile, now) {
        Ok(_) => changed(cx),
        Err(why) => cx.limit_hit(format!("the profile of a remote start does not fit any more: {why}")),
    }
}

/// 1.6: the CSMS gave the transaction a number.
pub(crate) fn on_named(cx: &mut Cx<'_>, evse: EvseId, name: Text) {
    cx.charging.profiles.transaction_is_named(evse, name);
    cx.charging.touch();
}

/// K02.FR.05: its profiles end with a transaction.
pub(crate) fn on_transaction_ended(cx: &mut Cx<'_>, evse: EvseId) {
    let Some(offer) = cx.charging.offer(evse) else { return };
    (offer.transaction, offer.ahead) = (None, None);
    if !cx.charging.profiles.transaction_ended(evse).is_empty() {
        changed(cx);
    }
    cx.charging.touch();
}

/// A vehicle wants energy, or does so no longer: limits are found before a contactor moves.
pub(crate) fn claim(cx: &mut Cx<'_>, evse: EvseId, wants: bool) {
    let now = cx.now;
    let Some(offer) = cx.charging.offer(evse) else { return };
    if offer.wants.is_some() == wants {
        return;
    }
    offer.wants = wants.then_some(now);
    cx.charging.touch();
    settle(cx);
}

/// Tells the hardware what has changed.
pub(crate) fn settle(cx: &mut Cx<'_>) {
    let known = cx.clock.is_known();
    let now = cx.utc();
    let holds = cx.charging.holds.is_some_and(|span| span.contains(known, now));
    if !cx.charging.stale && holds {
        return;
    }
    cx.charging.stale = false;
    let until = if known { tell_limits(cx, now) } else { tell_lowest(cx) };
    cx.charging.holds = Some(if known { Span::Between(now, until) } else { Span::Untimed });
    match until {
        Some(until) => {
            let wait = u64::try_from(until.millis_since(now)).unwrap_or(0);
            let at = cx.now + Duration::from_millis(wait);
            cx.timers.set(Timer::Limit, at);
        }
        None => cx.timers.clear(Timer::Limit),
    }
}

/// The limits of a moment; gives back when they change.
fn tell_limits(cx: &mut Cx<'_>, now: DateTime) -> Option<DateTime> {
    let evses: Vec<EvseId> = cx.evses.iter().map(|facts| facts.id).collect();
    let profiles = &mut cx.charging.profiles;
    let open = Now { limit: Limit::default(), until: None };
    let station = profiles.limit(EvseId(0), now).unwrap_or(open);
    let own: Vec<Now> = evses.iter().map(|evse| profiles.limit(*evse, now).unwrap_or(open)).collect();
    let limits: Vec<Limit> = own.iter().map(|now| now.limit).collect();
    tell(cx, station.limit, &limits);
    own.iter().chain([&station]).filter_map(|now| now.until).min()
}

/// What no schedule ever goes below.
fn tell_lowest(cx: &mut Cx<'_>) -> Option<DateTime> {
    let evses: Vec<EvseId> = cx.evses.iter().map(|facts| facts.id).collect();
    let profiles = &cx.charging.profiles;
    let station = profiles.lowest(EvseId(0));
    let limits: Vec<Limit> = evses.iter().map(|evse| profiles.lowest(*evse)).collect();
    tell(cx, station, &limits);
    None
}

/// K04.FR.05: what the station may take is shared by those who want it; who wants nothing hears what it would get alone.
fn tell(cx: &mut Cx<'_>, station: Limit, own: &[Limit]) {
    let mut order: Vec<usize> = (0..own.len()).filter(|at| cx.charging.evses[*at].wants.is_some()).collect();
    order.sort_by_key(|at| cx.charging.evses[*at].wants);
    let claims = |most: fn(&Limit) -> Option<Decimal>, least: &dyn Fn(usize) -> Decimal| -> Vec<Claim> {
        order.iter().map(|at| Claim { most: most(&own[*at]), least: least(*at) }).collect()
    };
    let config = &cx.config;
    let least = |at: usize| config.evses.get(at).map_or(Decimal::ZERO, |evse| evse.minimum_a);
    let currents = share(station.current_a, &claims(|limit| limit.current_a, &least));
    let powers = share(station.power_w, &claims(|limit| limit.power_w, &|_| Decimal::ZERO));
    let mut given: Vec<Limit> = own.iter().map(|own| lower(*own, station)).collect();
    for (at, (current_a, power_w)) in order.iter().zip(currents.into_iter().zip(powers)) {
        given[*at] = Limit { current_a, power_w, ..given[*at] };
    }
    let mut news: Vec<(usize, Limit)> = given.into_iter().map(usable(cx)).enumerate().collect();
    news.retain(|(at, limit)| cx.charging.evses[*at].told != Some(*limit));
    // Who gets less hears it first, so that the sum is never too much.
    news.sort_by_key(|(at, limit)| is_more(cx.charging.evses[*at].told, *limit));
    for (at, limit) in news {
        tell_one(cx, at, limit, own[at]);
    }
}

fn lower(own: Limit, station: Limit) -> Limit {
    let least = |one: Option<Decimal>, other: Option<Decimal>| match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Limit { current_a: least(own.current_a, station.current_a), power_w: least(own.power_w, station.power_w), ..own }
}

/// Less than an EVSE can offer is nothing (IEC 61851-1).
fn usable(cx: &Cx<'_>) -> impl FnMut(Limit) -> Limit + use<> {
    let least: Vec<Decimal> = cx.config.evses.iter().map(|evse| evse.minimum_a).collect();
    let mut at = 0;
    move |limit| {
        let too_little = limit.current_a.is_some_and(|current| current < least[at]) || is_zero(&limit);
        at += 1;
        let nothing = Some(Decimal::ZERO);
        if too_little { Limit { current_a: nothing, power_w: nothing, ..limit } } else { limit }
    }
}

fn is_zero(limit: &Limit) -> bool {
    [limit.current_a, limit.power_w].into_iter().flatten().any(|rate| rate <= Decimal::ZERO)
}

fn is_more(told: Option<Limit>, limit: Limit) -> bool {
    let rate = |limit: Limit| limit.current_a.unwrap_or(Decimal::from_int(i32::MAX));
    told.is_some_and(|told| rate(limit) > rate(told))
}

fn tell_one(cx: &mut Cx<'_>, at: usize, limit: Limit, own: Limit) {
    let before = cx.charging.evses[at].told.replace(limit);
    let Some(facts) = cx.shared.evses.get_mut(at) else { return };
    let evse = facts.id;
    let nothing = is_zero(&limit);
    let switches = facts.offers_nothing != nothing;
    facts.offers_nothing = nothing;
    let flows = facts.contactor_closed;
    cx.tell(Output::SetLimit { evse, limit });
    if switches {
        cx.signal(Signal::Changed(evse, TriggerReason::ChargingStateChanged));
    } else if flows && before.is_some_and(|before| is_news(cx, before, limit, own)) {
        cx.signal(Signal::RateChanged(evse));
    }
}

/// SC.02, SC.03, K11.FR.04: a rate that the CSMS did not set itself changed by more than LimitChangeSignificance.
fn is_news(cx: &Cx<'_>, before: Limit, limit: Limit, own: Limit) -> bool {
    let is_shared = limit.current_a != own.current_a;
    let is_external = cx.charging.profiles.iter().any(|installed| installed.source != ChargingLimitSource::CSO);
    (is_shared || is_external) && is_significant(cx, before.current_a, limit.current_a)
}

/// Whether a rate changed by more than LimitChangeSignificance, in percent of what it was.
pub(crate) fn is_significant(cx: &Cx<'_>, before: Option<Decimal>, after: Option<Decimal>) -> bool {
    let known = crate::device_model::Known::LimitChangeSignificance;
    let percent: Decimal = cx.variables.text(known).parse().unwrap_or_default();
    match (before, after) {
        (Some(before), Some(after)) => {
            let (before, after) = (i128::from(before.scaled(3)), i128::from(after.scaled(3)));
            (after - before).abs() * 100_000 > before.abs() * i128::from(percent.scaled(3))
        }
        (before, after) => before != after,
    }
}
