//! Random profiles, dense enough that they meet.

use pilotwire::charging::Installed;
use pilotwire::domain::EvseId;
use pilotwire::messages::v2::{
    ChargingLimitSource, ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit,
    ChargingSchedule, ChargingSchedulePeriod, RecurrencyKind,
};
use pilotwire::messages::{DateTime, Decimal};
use proptest::prelude::*;

/// 2026-03-01T00:00:00Z.
pub(crate) const T0: i64 = 1_772_323_200;

pub(crate) fn at(seconds: i64) -> DateTime {
    DateTime::from_unix_millis(seconds * 1_000)
}

/// How far apart things are, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// From one period to the next, at most.
    pub(crate) step: i32,
    /// From T0 to where something begins, at most, in both directions.
    pub(crate) spread: i64,
}

pub(crate) fn purpose() -> impl Strategy<Value = ChargingProfilePurpose> {
    prop_oneof![
        3 => Just(ChargingProfilePurpose::TxDefaultProfile),
        3 => Just(ChargingProfilePurpose::TxProfile),
        2 => Just(ChargingProfilePurpose::ChargingStationMaxProfile),
        2 => Just(ChargingProfilePurpose::ChargingStationExternalConstraints),
        1 => Just(ChargingProfilePurpose::LocalGeneration),
    ]
}

fn period(scale: Scale) -> impl Strategy<Value = (i32, ChargingSchedulePeriod)> {
    let limit = prop_oneof![1 => Just(0), 6 => 0..400_i64, 1 => 0..200_000_i64];
    (1..=scale.step, limit, prop_oneof![Just(None), (1..=3).prop_map(Some)]).prop_map(|(gap, tenths, phases)| {
        let mut period = ChargingSchedulePeriod::new(0);
        period.limit = Decimal::new(tenths, 1);
        period.number_phases = phases;
        (gap, period)
    })
}

fn schedule(scale: Scale) -> impl Strategy<Value = ChargingSchedule> {
    let periods = (prop_oneof![4 => Just(0), 1 => 1..=scale.step], prop::collection::vec(period(scale), 1..6));
    let unit = prop_oneof![Just(ChargingRateUnit::A), Just(ChargingRateUnit::W)];
    let duration =
        prop_oneof![Just(None), (0..=scale.step * 5).prop_map(Some), Just(Some(86_400)), Just(Some(700_000))];
    (periods, unit, duration).prop_map(|((first, periods), unit, duration)| {
        let mut start = first;
        let periods = periods.into_iter().map(|(gap, mut period)| {
            period.start_period = start;
            start += gap;
            period
        });
        let mut schedule = ChargingSchedule::new(1, unit, periods.collect::<Vec<_>>());
        schedule.duration = duration;
        schedule
    })
}

/// A profile for one of `evses` EVSEs, or the station. What its purpose does not allow is left for the engine to refuse.
pub(crate) fn installed(scale: Scale, evses: i32) -> impl Strategy<Value = Installed> {
    let kind = prop_oneof![
        3 => Just((ChargingProfileKind::Absolute, None)),
        2 => Just((ChargingProfileKind::Recurring, Some(RecurrencyKind::Daily))),
        1 => Just((ChargingProfileKind::Recurring, Some(RecurrencyKind::Weekly))),
        2 => Just((ChargingProfileKind::Relative, None)),
    ];
    let moment = move || (-scale.spread..=scale.spread).prop_map(|offset| at(T0 + offset));
    let maybe = move || prop_oneof![2 => Just(None), 1 => moment().prop_map(Some)];
    // Recurring schedules begin anew near T0 if they began whole weeks before.
    let weeks = prop_oneof![2 => Just(0_i64), 1 => -3_i64..=0];
    (schedule(scale), kind, purpose(), 0..6_i32, 0..=evses, (moment(), weeks), (maybe(), maybe(), moment())).prop_map(
        move |(mut schedule, (kind, recurrency), purpose, level, evse, (start, weeks), (from, to, since))| {
            if kind != ChargingProfileKind::Relative {
                schedule.start_schedule = Some(start.saturating_add_millis(weeks * 604_800_000));
            }
            let evse = match purpose {
                ChargingProfilePurpose::ChargingStationMaxProfile => 0,
                ChargingProfilePurpose::TxProfile => evse.max(1),
                _ => evse,
            };
            let source = match purpose {
                ChargingProfilePurpose::ChargingStationExternalConstraints
                | ChargingProfilePurpose::LocalGeneration => ChargingLimitSource::EMS,
                _ => ChargingLimitSource::CSO,
            };
            let mut profile = ChargingProfile::new(0, level, purpose.clone(), kind, vec![schedule]);
            profile.recurrency_kind = recurrency;
            (profile.valid_from, profile.valid_to) = (from, to);
            if purpose == ChargingProfilePurpose::TxProfile {
                profile.transaction_id = Some(format!("T{evse}").into());
            }
            Installed { evse: EvseId(evse), source, since, profile }
        },
    )
}
