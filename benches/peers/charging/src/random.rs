//! Random stations, the same on every run.

use pilotwire::Version;
use pilotwire::charging::{Installed, RateUnit};
use pilotwire::domain::EvseId;
use pilotwire::messages::Decimal;
use pilotwire::messages::v2::{
    ChargingLimitSource, ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, ChargingSchedule,
    ChargingSchedulePeriod, RecurrencyKind,
};
use pilotwire_benches::charging::at;

const DAY_S: i64 = 86_400;

/// SplitMix64.
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `least` to below `end`.
    pub fn within(&mut self, least: i64, end: i64) -> i64 {
        least + (self.next() % (end - least).unsigned_abs()) as i64
    }

    /// One time in `times`.
    pub fn rarely(&mut self, times: i64) -> bool {
        self.within(0, times) == 0
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.within(0, choices.len() as i64) as usize].clone()
    }

    /// Seconds after the beginning of all, mostly at a quarter of an hour.
    fn moment(&mut self, least_day: i64, end_day: i64) -> i64 {
        let second = self.within(least_day * DAY_S, end_day * DAY_S);
        if self.rarely(4) { second } else { second.div_euclid(900) * 900 }
    }
}

/// Profiles, what runs, and what is asked for.
#[derive(Clone, Debug)]
pub struct Set {
    pub version: Version,
    /// In the order of their coming; not all need to be taken.
    pub profiles: Vec<Installed>,
    /// Since when transaction T1 charges at EVSE 1.
    pub charging: Option<i64>,
    pub from: i64,
    pub duration: i64,
    pub unit: RateUnit,
    /// Profiles are in both units.
    pub mixed: bool,
}

pub fn set(random: &mut Random) -> Set {
    let (unit, mixed) = (random.one_of(&[RateUnit::A, RateUnit::W]), random.rarely(2));
    let version = random.one_of(&[Version::V16, Version::V201, Version::V21, Version::V21]);
    let charging = (!random.rarely(4)).then(|| random.moment(-2, 2));
    let count = random.within(1, 11);
    let profiles = (1..=count).map(|id| {
        let unit = if mixed { random.one_of(&[RateUnit::A, RateUnit::W]) } else { unit };
        installed(random, id as i32, unit)
    });
    let profiles = profiles.collect();
    let duration = if random.rarely(3) { random.within(1, 7_200) } else { random.within(7_200, 10 * DAY_S) };
    Set { version, profiles, charging, from: random.moment(-1, 3), duration, unit, mixed }
}

fn installed(random: &mut Random, id: i32, unit: RateUnit) -> Installed {
    use ChargingProfilePurpose as Purpose;
    let purpose = random.one_of(&[
        Purpose::TxDefaultProfile,
        Purpose::TxDefaultProfile,
        Purpose::TxDefaultProfile,
        Purpose::TxProfile,
        Purpose::TxProfile,
        Purpose::ChargingStationMaxProfile,
        Purpose::ChargingStationExternalConstraints,
        Purpose::ChargingStationExternalConstraints,
        Purpose::PriorityCharging,
        Purpose::LocalGeneration,
    ]);
    let evse = match purpose {
        Purpose::ChargingStationMaxProfile => 0,
        Purpose::TxProfile => 1,
        _ => random.one_of(&[0, 0, 1, 1, 2]),
    };
    let kind = random.one_of(&[
        ChargingProfileKind::Absolute,
        ChargingProfileKind::Recurring,
        ChargingProfileKind::Recurring,
        ChargingProfileKind::Relative,
    ]);
    let is_of_site = matches!(purpose, Purpose::ChargingStationExternalConstraints | Purpose::LocalGeneration);
    let system = random.one_of(&[ChargingLimitSource::EMS, ChargingLimitSource::SO]);
    let source = if is_of_site { system } else { ChargingLimitSource::CSO };
    let schedule = schedule(random, unit, &kind, purpose == Purpose::PriorityCharging);
    let transaction = (purpose == Purpose::TxProfile).then(|| random.one_of(&["T1", "T1", "T1", "T9"]).into());
    let recurrency = (kind == ChargingProfileKind::Recurring)
        .then(|| random.one_of(&[RecurrencyKind::Daily, RecurrencyKind::Daily, RecurrencyKind::Weekly]));
    let mut profile = ChargingProfile::new(id, random.within(0, 4) as i32, purpose, kind, vec![schedule]);
    profile.transaction_id = transaction;
    profile.recurrency_kind = recurrency;
    if random.rarely(4) {
        let from = random.moment(-1, 4);
        profile.valid_from = random.rarely(2).then(|| at(from));
        profile.valid_to = random.rarely(2).then(|| at(from + random.within(1, 4 * DAY_S)));
    }
    Installed { evse: EvseId(evse), source, since: at(random.moment(-2, 2)), profile }
}

fn schedule(random: &mut Random, unit: RateUnit, kind: &ChargingProfileKind, is_open: bool) -> ChargingSchedule {
    let mut start = 0;
    let count = random.within(1, 8);
    let periods = (0..count).map(|_| {
        let mut period = ChargingSchedulePeriod::new(start);
        period.limit = Some(limit(random, unit));
        period.number_phases = random.one_of(&[None, None, Some(1), Some(2), Some(3)]);
        start += if random.rarely(3) { random.within(1, 90) } else { random.within(1, 16) * 1_800 } as i32;
        period
    });
    let mut schedule = ChargingSchedule::new(1, unit, periods.collect::<Vec<_>>());
    schedule.start_schedule = (*kind != ChargingProfileKind::Relative).then(|| at(random.moment(-9, 3)));
    schedule.duration = (!is_open && random.rarely(2)).then(|| random.within(1, 60) as i32 * 1_800);
    schedule
}

/// Whole numbers and tenths mostly.
fn limit(random: &mut Random, unit: RateUnit) -> Decimal {
    let (most, scale) = (if unit == RateUnit::A { 64 } else { 22_000 }, random.one_of(&[0, 0, 1, 3]));
    let mantissa = random.within(0, most * 10_i64.pow(u32::from(scale)));
    Decimal::new(mantissa, scale).expect("few digits")
}
