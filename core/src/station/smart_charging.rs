//! Block K as the CSMS and the site talk about it: profiles, composite schedules, external limits, vehicles' needs.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use pilotwire_messages::{Text, Version};

use super::api::Output;
use super::limits::{self, keep, key};
use super::shared::Cx;
use crate::charging::{Installed, Query, RateUnit, Reason, Refusal};
use crate::device_model::Known;
use crate::domain::{
    ChargingLimitSource, ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, CompositeQuery,
    CompositeSchedule, EvSchedule, EvseId, ExternalLimit, ProfileCriteria, ProfilesReport, Reply, Request, StatusInfo,
};

/// Profiles in one report, and periods of all of them together.
const REPORT_PROFILES: usize = 8;
const REPORT_PERIODS: usize = 256;

fn why(refusal: &Refusal) -> Option<StatusInfo> {
    let mut info = StatusInfo::new(refusal.reason.code());
    info.additional_info = Some(Text::truncated(&refusal.text, 512));
    Some(info)
}

/// K01; 1.6 §5.16.
pub(crate) fn set_profile(cx: &mut Cx<'_>, evse: EvseId, profile: &ChargingProfile) -> Reply {
    let since = cx.utc();
    match cx.charging.profiles.set(evse, profile.clone(), since) {
        Ok(replaced) => {
            let installed = Installed { evse, source: ChargingLimitSource::CSO, since, profile: profile.clone() };
            keep(cx, &installed, &replaced);
            Reply::SetChargingProfile { accepted: true, why: None }
        }
        Err(refusal) => Reply::SetChargingProfile { accepted: false, why: why(&refusal) },
    }
}

/// K10; 1.6 §5.5.
pub(crate) fn clear_profiles(cx: &mut Cx<'_>, criteria: &ProfileCriteria) -> Reply {
    let gone = cx.charging.profiles.clear(criteria);
    for id in &gone {
        cx.delete(key(*id));
    }
    if !gone.is_empty() {
        limits::changed(cx);
    }
    Reply::ClearChargingProfile { any: !gone.is_empty() }
}

/// K09: reports follow, each of one source and one EVSE.
pub(crate) fn get_profiles(cx: &mut Cx<'_>, request_id: i32, criteria: &ProfileCriteria) -> Reply {
    let mut meant: Vec<Installed> =
        cx.charging.profiles.iter().filter(|installed| installed.is_meant(criteria)).cloned().collect();
    meant.sort_by(|a, b| (a.evse, &a.source).cmp(&(b.evse, &b.source)));
    let mut reports: Vec<ProfilesReport> = Vec::new();
    for Installed { evse, source, profile, .. } in meant {
        let fits = |report: &ProfilesReport| {
            let periods = report.profiles.iter().chain([&profile]).map(periods).sum::<usize>();
            (report.evse, &report.source) == (evse, &source)
                && report.profiles.len() < REPORT_PROFILES
                && periods <= REPORT_PERIODS
        };
        match reports.last_mut().filter(|report| fits(report)) {
            Some(report) => report.profiles.push(profile),
            None => {
                if let Some(report) = reports.last_mut() {
                    report.to_be_continued = true;
                }
                reports.push(ProfilesReport {
                    request_id,
                    source,
                    evse,
                    profiles: vec![profile],
                    to_be_continued: false,
                });
            }
        }
    }
    let any = !reports.is_empty();
    if cx.waiting.len() + reports.len() > cx.config.limits.waiting_calls {
        let parts = reports.len();
        cx.limit_hit(format!("a report of {parts} parts does not fit among the messages that wait"));
        return Reply::GetChargingProfiles { any: false };
    }
    for report in reports {
        cx.call_as_asked(Request::ChargingProfiles(report));
    }
    Reply::GetChargingProfiles { any }
}

fn periods(profile: &ChargingProfile) -> usize {
    profile.charging_schedule.iter().map(|schedule| schedule.charging_schedule_period.len()).sum()
}

/// K08; 1.6 §5.7.
pub(crate) fn composite(cx: &mut Cx<'_>, query: &CompositeQuery) -> Reply {
    match try_composite(cx, query) {
        Ok(schedule) => Reply::GetCompositeSchedule { schedule: Some(Box::new(schedule)), why: None },
        Err(refusal) => Reply::GetCompositeSchedule { schedule: None, why: why(&refusal) },
    }
}

fn refused(reason: Reason, text: &str) -> Refusal {
    Refusal { reason, text: text.into() }
}

fn try_composite(cx: &mut Cx<'_>, query: &CompositeQuery) -> Result<CompositeSchedule, Refusal> {
    let rules = *cx.charging.profiles.rules();
    let is_taken = |unit: RateUnit| match unit {
        RateUnit::A => rules.amperes,
        RateUnit::W => rules.watts,
    };
    let unit = match &query.unit {
        Some(word) => RateUnit::of(word),
        None => Some(cx.charging.profiles.usual_unit()),
    };
    let Some(unit) = unit.filter(|unit| is_taken(*unit)) else {
        return Err(refused(Reason::UnsupportedRateUnit, "this unit is not used here (K08.FR.07)"));
    };
    let Ok(duration_s) = u32::try_from(query.duration_s) else {
        return Err(refused(Reason::InvalidSchedule, "the duration is negative"));
    };
    let (most, longest) = (cx.config.limits.composite_periods, cx.config.limits.composite_s);
    let covered_s = duration_s.min(longest);
    let asked = Query { rated: true, max_periods: most, ..Query::new(query.evse, cx.utc(), covered_s, unit) };
    let Some(composite) = cx.charging.profiles.composite(&asked) else {
        return Err(refused(Reason::UnknownEvse, "there is no such EVSE (K08.FR.05)"));
    };
    if composite.is_cut {
        let covered = composite.duration_s;
        cx.limit_hit(format!("a composite schedule of more than {most} periods was cut after {covered} s"));
    } else if covered_s < duration_s {
        cx.limit_hit(format!("a composite schedule of {duration_s} s was cut after {longest} s"));
    }
    Ok(composite.to_wire())
}

/// K11, K12, K27: somebody else than the CSMS set a limit.
pub(crate) fn on_external_limit(cx: &mut Cx<'_>, limit: ExternalLimit) {
    if let Err(why) = try_external_limit(cx, limit) {
        cx.refuse(format!("the external limit is not taken: {}", why.text));
    }
}

fn try_external_limit(cx: &mut Cx<'_>, limit: ExternalLimit) -> Result<(), Refusal> {
    if !cx.variables.flag(Known::ExternalControlSignals) {
        return Err(refused(Reason::InvalidProfile, "ExternalControlSignalsEnabled is false"));
    }
    if limit.source == ChargingLimitSource::CSO {
        return Err(refused(Reason::InvalidProfile, "its source cannot be CSO (K11.FR.05)"));
    }
    if limit.is_local_generation && cx.version() != Version::V21 {
        return Err(refused(Reason::InvalidProfile, "local generation exists since OCPP 2.1"));
    }
    let [schedule] = limit.schedules.as_slice() else {
        return Err(refused(Reason::InvalidSchedule, "it has one schedule"));
    };
    let purpose = if limit.is_local_generation {
        ChargingProfilePurpose::LocalGeneration
    } else {
        ChargingProfilePurpose::ChargingStationExternalConstraints
    };
    let is_same = |installed: &&Installed| {
        (installed.evse, &installed.source) == (limit.evse, &limit.source)
            && installed.profile.charging_profile_purpose == purpose
    };
    let known = cx.charging.profiles.iter().find(is_same).cloned();
    // K11.FR.06: negative ids are out of a CSMS's way; an update keeps its own (errata 2.37).
    let lowest = cx.charging.profiles.iter().map(|installed| installed.profile.id).min().unwrap_or(0).min(0);
    let id = known.as_ref().map_or(lowest - 1, |known| known.profile.id);
    let is_timed = schedule.start_schedule.is_some();
    let kind = if is_timed { ChargingProfileKind::Absolute } else { ChargingProfileKind::Relative };
    let profile = ChargingProfile::new(id, 0, purpose, kind, vec![schedule.clone()]);
    let installed = Installed { evse: limit.evse, source: limit.source.clone(), since: cx.utc(), profile };
    let replaced = cx.charging.profiles.restore(installed.clone())?;
    keep(cx, &installed, &replaced);
    let is_news = known.is_none_or(|known| differs(cx, &known.profile, &installed.profile));
    if is_news {
        let with_schedules = cx.variables.flag(Known::NotifyLimitWithSchedules);
        let schedules = if with_schedules { limit.schedules } else { Vec::new() };
        report(cx, Request::ChargingLimit(ExternalLimit { schedules, ..limit }));
    }
    Ok(())
}

/// K11.FR.02, K13.FR.02: the CSMS hears of it, once there is a link; of one limit only the last that happened to it.
fn report(cx: &mut Cx<'_>, news: Request) {
    cx.charging.untold.retain(|older| !is_outdated(older, &news));
    cx.charging.untold.push(news);
}

/// Whether one message about an external limit says all that another said before.
fn is_outdated(older: &Request, newer: &Request) -> bool {
    let about = |request: &Request| match request {
        Request::ChargingLimit(limit) => Some((limit.evse, limit.source.clone(), Some(limit.is_local_generation))),
        Request::ChargingLimitCleared { evse, source } => Some((*evse, source.clone(), None)),
        _ => None,
    };
    about(older).zip(about(newer)).is_some_and(|((evse, source, kind), (newer_evse, newer_source, newer_kind))| {
        let same_kind = newer_kind.is_none() || kind.is_none() || kind == newer_kind;
        (evse, source) == (newer_evse, newer_source) && same_kind
    })
}

/// Sends what the CSMS has not heard yet.
pub(crate) fn send_untold(cx: &mut Cx<'_>) {
    if cx.charging.untold.is_empty() || !cx.is_online() {
        return;
    }
    let room = cx.config.limits.waiting_calls.saturating_sub(cx.waiting.len());
    let now = room.min(cx.charging.untold.len());
    for news in cx.shared.charging.untold.drain(..now).collect::<Vec<_>>() {
        cx.call(news);
    }
}

/// The link broke before the CSMS answered: it may not have heard.
pub(crate) fn on_link_lost(cx: &mut Cx<'_>, request: &Request) {
    let is_limit = matches!(request, Request::ChargingLimit(_) | Request::ChargingLimitCleared { .. });
    let untold = &mut cx.charging.untold;
    if is_limit && !untold.iter().any(|newer| is_outdated(request, newer)) {
        untold.push(request.clone());
    }
}

/// K11.FR.02, SC.03: by more than LimitChangeSignificance, at any time of the schedule.
fn differs(cx: &Cx<'_>, before: &ChargingProfile, after: &ChargingProfile) -> bool {
    let (before, after) = (&before.charging_schedule[0], &after.charging_schedule[0]);
    let shape = |schedule: &crate::domain::ChargingSchedule| {
        let starts = schedule.charging_schedule_period.iter().map(|period| period.start_period);
        (schedule.charging_rate_unit.clone(), schedule.duration, starts.collect::<Vec<_>>())
    };
    let mut limits = before.charging_schedule_period.iter().zip(&after.charging_schedule_period);
    shape(before) != shape(after) || limits.any(|(before, after)| limits::is_significant(cx, before.limit, after.limit))
}

/// K13: a limit from outside is gone.
pub(crate) fn on_external_limit_cleared(cx: &mut Cx<'_>, evse: EvseId, source: &ChargingLimitSource) {
    let criteria = ProfileCriteria { evse: Some(evse), sources: vec![source.clone()], ..ProfileCriteria::default() };
    let gone = cx.charging.profiles.release(&criteria);
    if gone.is_empty() {
        return cx.refuse(format!("{source} has set no limit for EVSE {evse}"));
    }
    for id in &gone {
        cx.delete(key(*id));
    }
    limits::changed(cx);
    report(cx, Request::ChargingLimitCleared { evse, source: source.clone() });
}

/// K15.FR.01, K17.FR.01; the answer is told, or that there is none.
pub(crate) fn ask(cx: &mut Cx<'_>, request: Request, unanswered: Output) {
    if !cx.is_online() || !cx.call(request) {
        cx.tell(unanswered);
    }
}

/// K15.FR.09, K16.FR.04, K17.FR.09: a plan that exceeds the limits goes back to the vehicle; the CSMS hears of those alone that
/// keep them (K15.FR.10).
pub(crate) fn on_ev_schedule(cx: &mut Cx<'_>, plan: EvSchedule) {
    let evse = plan.evse;
    if !cx.charging.profiles.keeps_limits(evse, &plan) {
        return cx.tell(Output::EvScheduleAnswered { evse, accepted: Some(false) });
    }
    ask(cx, Request::EvSchedule(plan), Output::EvScheduleAnswered { evse, accepted: None });
}
