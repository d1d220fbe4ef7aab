//! ocpp-kit's side: its profiles made of ours, and its answers in our words.

use ocpp_kit::station::smart_charging::{
    CompositeSchedule, Period, Profile, ProfileKind, ProfileStore, Purpose, RateUnit as KitUnit, Recurrency, Schedule,
};
use ocpp_kit::types::{DateTime as KitTime, Decimal as KitDecimal};
use pilotwire::charging::{Composite, Installed, RateUnit};
use pilotwire::messages::v2::{
    ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit, ChargingSchedule, RecurrencyKind,
};
use pilotwire::messages::{DateTime, Decimal};

/// What a schedule says about a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// In thousandths.
    pub limit: Option<i64>,
    pub phases: Option<i32>,
}

/// Both schedules as one: what holds from which second on, without a gap at the beginning, which ocpp-kit leaves out.
pub type Steps = Vec<(i64, Said)>;

/// What holds at a second after the start.
pub fn at(steps: &Steps, second: i64) -> Said {
    let after = steps.partition_point(|(start, _)| *start <= second);
    after.checked_sub(1).map_or(Said::default(), |place| steps[place].1)
}

pub fn ours(composite: &Composite) -> Steps {
    let steps = composite.periods.iter().map(|period| {
        let limit = period.limit.map(|limit| limit.scaled(3));
        (i64::from(period.start_s), Said { limit, phases: period.number_phases.map(i32::from) })
    });
    steps.skip_while(|(_, said)| said.limit.is_none()).collect()
}

pub fn theirs(composite: &CompositeSchedule) -> Steps {
    let milli = |limit: KitDecimal| {
        let milli = limit.rescale(3).expect("three digits after the point suffice");
        milli.mantissa()
    };
    let steps = composite
        .periods
        .iter()
        .map(|period| (period.start_period, Said { limit: period.limit.map(milli), phases: period.number_phases }));
    steps.collect()
}

pub fn unit(unit: RateUnit) -> KitUnit {
    match unit {
        RateUnit::A => KitUnit::A,
        RateUnit::W => KitUnit::W,
    }
}

pub fn time(time: DateTime) -> KitTime {
    KitTime::parse(&time.to_string()).expect("a time")
}

fn decimal(decimal: Decimal) -> KitDecimal {
    decimal.to_string().parse().expect("a decimal")
}

fn schedule(schedule: &ChargingSchedule) -> Schedule {
    let unit = if schedule.charging_rate_unit == ChargingRateUnit::A { KitUnit::A } else { KitUnit::W };
    let periods = schedule.charging_schedule_period.iter().map(|period| Period {
        start_period: i64::from(period.start_period),
        limit: decimal(period.limit.expect("every period has a limit")),
        number_phases: period.number_phases,
        phase_to_use: period.phase_to_use,
    });
    let mut made = Schedule::new(schedule.id, unit, periods.collect());
    made.start = schedule.start_schedule.map(time);
    made.duration = schedule.duration.map(i64::from);
    made
}

fn profile(installed: &Installed) -> Profile {
    let from = &installed.profile;
    let purpose = match from.charging_profile_purpose {
        ChargingProfilePurpose::ChargingStationMaxProfile => Purpose::ChargingStationMaxProfile,
        ChargingProfilePurpose::ChargingStationExternalConstraints => Purpose::ChargingStationExternalConstraints,
        ChargingProfilePurpose::TxDefaultProfile => Purpose::TxDefaultProfile,
        ChargingProfilePurpose::TxProfile => Purpose::TxProfile,
        ChargingProfilePurpose::PriorityCharging => Purpose::PriorityCharging,
        _ => Purpose::LocalGeneration,
    };
    let kind = match from.charging_profile_kind {
        ChargingProfileKind::Recurring => ProfileKind::Recurring,
        ChargingProfileKind::Relative => ProfileKind::Relative,
        _ => ProfileKind::Absolute,
    };
    let mut made = Profile::new(from.id, from.stack_level, purpose, kind, schedule(&from.charging_schedule[0]));
    made.recurrency = from.recurrency_kind.as_ref().map(|kind| match kind {
        RecurrencyKind::Weekly => Recurrency::Weekly,
        _ => Recurrency::Daily,
    });
    made.valid_from = from.valid_from.map(time);
    made.valid_to = from.valid_to.map(time);
    made.transaction_id = from.transaction_id.as_ref().map(ToString::to_string);
    made.evse_id = u32::try_from(installed.evse.0).expect("an EVSE");
    made
}

pub fn store<'a>(installed: impl Iterator<Item = &'a Installed>) -> ProfileStore {
    let mut store = ProfileStore::new();
    installed.for_each(|one| store.install(profile(one)));
    store
}
