//! Charging profiles of 1.6 (§7.8): those of 2.x with other names, one schedule, and nothing about single phases.

use alloc::vec;
use alloc::vec::Vec;

use pilotwire_messages::{Decimal, v16};

use super::super::Refusal;
use super::{transaction_in, transaction_out};
use crate::domain::{
    ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit, ChargingSchedule,
    ChargingSchedulePeriod, CompositeSchedule, EvseId, ProfileCriteria,
};

pub(super) fn purpose_out(purpose: &ChargingProfilePurpose) -> Result<v16::ChargingProfilePurpose, Refusal> {
    Ok(match purpose {
        ChargingProfilePurpose::ChargingStationMaxProfile => v16::ChargingProfilePurpose::ChargePointMaxProfile,
        ChargingProfilePurpose::TxDefaultProfile => v16::ChargingProfilePurpose::TxDefaultProfile,
        ChargingProfilePurpose::TxProfile => v16::ChargingProfilePurpose::TxProfile,
        other => return Err(Refusal::unsupported(alloc::format!("1.6 has no {other}"))),
    })
}

pub(super) fn purpose_in(purpose: &v16::ChargingProfilePurpose) -> ChargingProfilePurpose {
    match purpose {
        v16::ChargingProfilePurpose::ChargePointMaxProfile => ChargingProfilePurpose::ChargingStationMaxProfile,
        other => ChargingProfilePurpose::from_word(other.as_str()),
    }
}

pub(super) fn profile_out(profile: &ChargingProfile) -> Result<v16::ChargingProfile, Refusal> {
    let [schedule] = profile.charging_schedule.as_slice() else {
        return Err(Refusal::unsupported("a profile of 1.6 has one schedule"));
    };
    let kind = match v16::ChargingProfileKind::from_word(profile.charging_profile_kind.as_str()) {
        v16::ChargingProfileKind::Unlisted(kind) => {
            return Err(Refusal::unsupported(alloc::format!("1.6 has no {kind} profiles")));
        }
        kind => kind,
    };
    let purpose = purpose_out(&profile.charging_profile_purpose)?;
    let schedule = schedule_out(schedule)?;
    let mut out = v16::ChargingProfile::new(profile.id, profile.stack_level, purpose, kind, schedule);
    out.transaction_id =
        match &profile.transaction_id {
            Some(id) => Some(transaction_out(id).ok_or_else(|| {
                Refusal::value("csChargingProfiles/transactionId", "1.6 names transactions by integers")
            })?),
            None => None,
        };
    out.recurrency_kind = profile.recurrency_kind.as_ref().map(|kind| v16::RecurrencyKind::from_word(kind.as_str()));
    (out.valid_from, out.valid_to) = (profile.valid_from, profile.valid_to);
    Ok(out)
}

pub(super) fn profile_in(profile: v16::ChargingProfile) -> ChargingProfile {
    let purpose = purpose_in(&profile.charging_profile_purpose);
    let kind = ChargingProfileKind::from_word(profile.charging_profile_kind.as_str());
    let schedule = vec![schedule_in(profile.charging_schedule)];
    let mut known = ChargingProfile::new(profile.charging_profile_id, profile.stack_level, purpose, kind, schedule);
    known.transaction_id = profile.transaction_id.map(transaction_in);
    known.recurrency_kind =
        profile.recurrency_kind.map(|kind| pilotwire_messages::v2::RecurrencyKind::from_word(kind.as_str()));
    (known.valid_from, known.valid_to) = (profile.valid_from, profile.valid_to);
    known
}

fn unit_out(unit: &ChargingRateUnit) -> v16::ChargingRateUnit {
    v16::ChargingRateUnit::from_word(unit.as_str())
}

/// At most one digit after the point, and never more than it was.
fn tenths(rate: Decimal) -> Decimal {
    let cut = Decimal::new(rate.scaled(1), 1).unwrap_or(rate);
    if cut == rate { rate } else { cut }
}

fn period_out(period: &ChargingSchedulePeriod) -> Result<v16::ChargingSchedulePeriod, Refusal> {
    let limit = period.limit.ok_or_else(|| Refusal::unsupported("a period of 1.6 has a limit"))?;
    if period.phase_to_use.is_some() {
        return Err(Refusal::unsupported("1.6 does not choose a phase"));
    }
    let mut out = v16::ChargingSchedulePeriod::new(period.start_period, tenths(limit));
    out.number_phases = period.number_phases;
    Ok(out)
}

fn period_in(period: &v16::ChargingSchedulePeriod) -> ChargingSchedulePeriod {
    let mut known = ChargingSchedulePeriod::new(period.start_period);
    known.limit = Some(period.limit);
    known.number_phases = period.number_phases;
    known
}

fn schedule_out(schedule: &ChargingSchedule) -> Result<v16::ChargingSchedule, Refusal> {
    let periods: Result<Vec<_>, Refusal> = schedule.charging_schedule_period.iter().map(period_out).collect();
    let mut out = v16::ChargingSchedule::new(unit_out(&schedule.charging_rate_unit), periods?);
    out.duration = schedule.duration;
    out.start_schedule = schedule.start_schedule;
    out.min_charging_rate = schedule.min_charging_rate.map(tenths);
    Ok(out)
}

fn schedule_in(schedule: v16::ChargingSchedule) -> ChargingSchedule {
    let unit = ChargingRateUnit::from_word(schedule.charging_rate_unit.as_str());
    let periods: Vec<_> = schedule.charging_schedule_period.iter().map(period_in).collect();
    // 1.6 does not number its only one.
    let mut known = ChargingSchedule::new(1, unit, periods);
    known.duration = schedule.duration;
    known.start_schedule = schedule.start_schedule;
    known.min_charging_rate = schedule.min_charging_rate;
    known
}

/// Errata 3.57: without a start of its own.
pub(super) fn composite_out(composite: &CompositeSchedule) -> Result<v16::GetCompositeScheduleResponse, Refusal> {
    let periods = composite.charging_schedule_period.iter().map(|period| {
        // A report: what 1.6 cannot say of it is left out.
        period_out(&ChargingSchedulePeriod { phase_to_use: None, ..period.clone() })
    });
    let periods: Result<Vec<_>, Refusal> = periods.collect();
    let mut schedule = v16::ChargingSchedule::new(unit_out(&composite.charging_rate_unit), periods?);
    schedule.duration = Some(composite.duration);
    let mut payload = v16::GetCompositeScheduleResponse::new(v16::GetCompositeScheduleStatus::Accepted);
    payload.connector_id = Some(composite.evse_id);
    payload.schedule_start = Some(composite.schedule_start);
    payload.charging_schedule = Some(schedule);
    Ok(payload)
}

/// What is missing was asked for.
pub(super) fn composite_in(
    payload: v16::GetCompositeScheduleResponse,
    evse: EvseId,
    duration_s: i32,
) -> Option<CompositeSchedule> {
    let schedule = payload.charging_schedule?;
    let start = payload.schedule_start.or(schedule.start_schedule)?;
    let known = schedule_in(schedule);
    let evse = payload.connector_id.unwrap_or(evse.0);
    let duration = known.duration.unwrap_or(duration_s);
    Some(CompositeSchedule::new(evse, duration, start, known.charging_rate_unit, known.charging_schedule_period))
}

pub(super) fn clear_out(criteria: &ProfileCriteria) -> Result<v16::ClearChargingProfileRequest, Refusal> {
    let mut payload = v16::ClearChargingProfileRequest::new();
    match criteria.ids.as_slice() {
        [] => {}
        [id] => payload.id = Some(*id),
        _ => return Err(Refusal::unsupported("profiles are cleared by one id at a time")),
    }
    payload.connector_id = criteria.evse.map(|evse| evse.0);
    payload.charging_profile_purpose = criteria.purpose.as_ref().map(purpose_out).transpose()?;
    payload.stack_level = criteria.stack_level;
    Ok(payload)
}

/// Errata 3.26: an id says it all.
pub(super) fn clear_in(payload: &v16::ClearChargingProfileRequest) -> ProfileCriteria {
    if let Some(id) = payload.id {
        return ProfileCriteria::id(id);
    }
    ProfileCriteria {
        evse: payload.connector_id.map(EvseId),
        purpose: payload.charging_profile_purpose.as_ref().map(purpose_in),
        stack_level: payload.stack_level,
        ..ProfileCriteria::default()
    }
}
