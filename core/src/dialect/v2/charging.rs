//! What a station tells about profiles, limits and vehicles (block K).

use alloc::boxed::Box;

use pilotwire_messages::{Version, v2};

use crate::domain::{ChargingLimitSource, EvNeeds, EvSchedule, EvseId, ExternalLimit, ProfilesReport, Request};

pub(super) fn profiles_out(report: &ProfilesReport) -> v2::ReportChargingProfilesRequest {
    let (source, profiles) = (report.source.clone(), report.profiles.clone());
    let mut payload = v2::ReportChargingProfilesRequest::new(report.request_id, source, profiles, report.evse.0);
    payload.tbc = Some(report.to_be_continued);
    payload
}

pub(super) fn profiles_in(payload: v2::ReportChargingProfilesRequest) -> ProfilesReport {
    ProfilesReport {
        request_id: payload.request_id,
        source: payload.charging_limit_source,
        evse: EvseId(payload.evse_id),
        profiles: payload.charging_profile,
        to_be_continued: payload.tbc.unwrap_or(false),
    }
}

pub(super) fn limit_out(limit: &ExternalLimit) -> v2::NotifyChargingLimitRequest {
    let mut about = v2::ChargingLimit::new(limit.source.clone());
    about.is_grid_critical = limit.is_grid_critical;
    about.is_local_generation = limit.is_local_generation.then_some(true);
    let mut payload = v2::NotifyChargingLimitRequest::new(about);
    payload.charging_schedule = Some(limit.schedules.clone()).filter(|schedules| !schedules.is_empty());
    payload.evse_id = Some(limit.evse.0);
    payload
}

pub(super) fn limit_in(payload: v2::NotifyChargingLimitRequest) -> ExternalLimit {
    let about = payload.charging_limit;
    ExternalLimit {
        evse: EvseId(payload.evse_id.unwrap_or(0)),
        source: about.charging_limit_source,
        is_grid_critical: about.is_grid_critical,
        is_local_generation: about.is_local_generation.unwrap_or(false),
        schedules: payload.charging_schedule.unwrap_or_default(),
    }
}

pub(super) fn cleared_out(evse: EvseId, source: &ChargingLimitSource) -> v2::ClearedChargingLimitRequest {
    let mut payload = v2::ClearedChargingLimitRequest::new(source.clone());
    payload.evse_id = Some(evse.0);
    payload
}

pub(super) fn cleared_in(payload: v2::ClearedChargingLimitRequest) -> Request {
    let evse = EvseId(payload.evse_id.unwrap_or(0));
    Request::ChargingLimitCleared { evse, source: payload.charging_limit_source }
}

pub(super) fn needs_out(needs: &EvNeeds) -> v2::NotifyEVChargingNeedsRequest {
    let mut payload = v2::NotifyEVChargingNeedsRequest::new(needs.evse.0, (*needs.needs).clone());
    payload.max_schedule_tuples = needs.max_schedule_tuples;
    payload
}

pub(super) fn needs_in(payload: v2::NotifyEVChargingNeedsRequest) -> EvNeeds {
    EvNeeds {
        evse: EvseId(payload.evse_id),
        needs: Box::new(payload.charging_needs),
        max_schedule_tuples: payload.max_schedule_tuples,
    }
}

/// 2.0.1 has no word for the schedule that was chosen.
pub(super) fn plan_out(version: Version, plan: &EvSchedule) -> v2::NotifyEVChargingScheduleRequest {
    let schedule = (*plan.schedule).clone();
    let mut payload = v2::NotifyEVChargingScheduleRequest::new(plan.time_base, schedule, plan.evse.0);
    payload.selected_charging_schedule_id = plan.selected.filter(|_| version == Version::V21);
    payload
}

pub(super) fn plan_in(payload: v2::NotifyEVChargingScheduleRequest) -> EvSchedule {
    EvSchedule {
        evse: EvseId(payload.evse_id),
        time_base: payload.time_base,
        schedule: Box::new(payload.charging_schedule),
        selected: payload.selected_charging_schedule_id,
    }
}
