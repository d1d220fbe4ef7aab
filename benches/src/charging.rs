//! Profiles to measure the charging engine with.

use pilotwire::Version;
use pilotwire::charging::{Installed, Profiles, Query, RateUnit, Rules, Supply};
use pilotwire::domain::EvseId;
use pilotwire::messages::v2::{
    ChargingLimitSource, ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit,
    ChargingSchedule, ChargingSchedulePeriod, RecurrencyKind,
};
use pilotwire::messages::{DateTime, Decimal};

/// 2026-03-02T00:00:00Z, a Monday.
pub const T0: i64 = 1_772_409_600;
const DAY_S: i32 = 86_400;

/// The second after [`T0`].
pub fn at(seconds: i64) -> DateTime {
    DateTime::from_unix_millis((T0 + seconds) * 1_000)
}

/// How profiles lie above each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All begin at midnight, recur daily and cover the day; boundaries coincide.
    Aligned,
    /// The same, but each begins at another minute, so that no boundary coincides.
    Staggered,
    /// The higher the level the shorter the stretch that it covers, so that every profile is visible somewhere.
    Nested,
    /// The day is cut into as many slots as there are profiles; each has the first half of its own and is silent else, so
    /// that all of them are visible, with gaps between.
    Gaps,
}

/// A set of profiles, and the window that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// What tables call it.
    pub name: &'static str,
    /// How many profiles.
    pub profiles: usize,
    /// Periods of each.
    pub periods: usize,
    /// How they lie.
    pub shape: Shape,
    /// Days that are asked for.
    pub days: u32,
}

/// The workloads that others were measured with.
pub const WORKLOADS: [Workload; 8] = [
    Workload { name: "3x24 over 24 h, aligned", profiles: 3, periods: 24, shape: Shape::Aligned, days: 1 },
    Workload { name: "3x24 over 24 h, staggered", profiles: 3, periods: 24, shape: Shape::Staggered, days: 1 },
    Workload { name: "20x96 daily over 7 d, aligned", profiles: 20, periods: 96, shape: Shape::Aligned, days: 7 },
    Workload { name: "20x96 daily over 7 d, staggered", profiles: 20, periods: 96, shape: Shape::Staggered, days: 7 },
    Workload { name: "100x300 over 24 h, aligned", profiles: 100, periods: 300, shape: Shape::Aligned, days: 1 },
    Workload { name: "100x300 over 24 h, staggered", profiles: 100, periods: 300, shape: Shape::Staggered, days: 1 },
    Workload { name: "20x96 over 7 d, nested", profiles: 20, periods: 96, shape: Shape::Nested, days: 7 },
    Workload { name: "100x300 over 7 d, nested", profiles: 100, periods: 300, shape: Shape::Nested, days: 7 },
];

/// Hard on purpose: `profiles` of one period, every one of them visible once a day between two gaps.
pub const fn gaps(profiles: usize) -> Workload {
    Workload { name: "gaps", profiles, periods: 1, shape: Shape::Gaps, days: 1 }
}

/// A limit that depends on its place, in tenths of an ampere: 6 to 45.9 A.
fn limit(profile: usize, period: usize) -> Decimal {
    let tenths = 60 + (profile * 7 + period * 13 + (period * period) % 101) % 400;
    Decimal::new(tenths as i64, 1).unwrap_or_default()
}

fn purpose(place: usize) -> ChargingProfilePurpose {
    match place {
        0 => ChargingProfilePurpose::ChargingStationMaxProfile,
        1 => ChargingProfilePurpose::ChargingStationExternalConstraints,
        _ if place.is_multiple_of(2) => ChargingProfilePurpose::TxDefaultProfile,
        _ => ChargingProfilePurpose::TxProfile,
    }
}

fn nested_purpose(place: usize) -> ChargingProfilePurpose {
    match place % 3 {
        0 => ChargingProfilePurpose::ChargingStationMaxProfile,
        1 => ChargingProfilePurpose::TxDefaultProfile,
        _ => ChargingProfilePurpose::TxProfile,
    }
}

impl Workload {
    /// Seconds of the window.
    pub const fn duration_s(&self) -> u32 {
        self.days * 86_400
    }

    /// The composite schedule that is asked for.
    pub fn query(&self) -> Query {
        Query::new(EvseId(1), at(0), self.duration_s(), RateUnit::A)
    }

    /// The profiles, each for its EVSE: 0 for the station, or 1.
    pub fn installed(&self) -> Vec<Installed> {
        (0..self.profiles).map(|place| self.profile(place)).collect()
    }

    fn profile(&self, place: usize) -> Installed {
        let purpose = if self.shape == Shape::Nested { nested_purpose(place) } else { purpose(place) };
        let step = DAY_S / self.periods as i32;
        let (start, covered) = self.stretch(place, &purpose);
        let step = (covered / self.periods as i32).clamp(1, step);
        let periods = (0..self.periods).map(|period| {
            let mut made = ChargingSchedulePeriod::new(period as i32 * step);
            made.limit = Some(limit(place, period));
            made
        });
        let mut schedule = ChargingSchedule::new(1, ChargingRateUnit::A, periods.collect::<Vec<_>>());
        schedule.start_schedule = Some(at(start));
        schedule.duration = Some(covered);
        let is_tx = purpose == ChargingProfilePurpose::TxProfile;
        let absolute = self.shape == Shape::Nested && is_tx;
        let kind = if absolute { ChargingProfileKind::Absolute } else { ChargingProfileKind::Recurring };
        let of_station = matches!(
            purpose,
            ChargingProfilePurpose::ChargingStationMaxProfile
                | ChargingProfilePurpose::ChargingStationExternalConstraints
        );
        let source = if purpose == ChargingProfilePurpose::ChargingStationExternalConstraints {
            ChargingLimitSource::EMS
        } else {
            ChargingLimitSource::CSO
        };
        let mut profile = ChargingProfile::new(place as i32 + 1, place as i32, purpose, kind, vec![schedule]);
        profile.recurrency_kind = (!absolute).then_some(RecurrencyKind::Daily);
        profile.transaction_id = is_tx.then(|| "T1".into());
        Installed { evse: EvseId(i32::from(!of_station)), source, since: at(0), profile }
    }

    /// Where a profile begins, and how many seconds it covers in each cycle, or once.
    fn stretch(&self, place: usize, purpose: &ChargingProfilePurpose) -> (i64, i32) {
        let (number, count) = (place as i64, self.profiles as i64);
        let window = i64::from(self.duration_s());
        match self.shape {
            Shape::Aligned => (-7 * i64::from(DAY_S), DAY_S),
            Shape::Staggered => (-7 * i64::from(DAY_S) + number * 61, DAY_S),
            Shape::Nested => {
                let whole = if *purpose == ChargingProfilePurpose::TxProfile { window } else { i64::from(DAY_S) };
                let covered = whole * (count - number) / count;
                let begin = (whole - covered) / 2;
                (begin, covered as i32)
            }
            Shape::Gaps => {
                let slot = i64::from(DAY_S) / count;
                (number * slot, (slot / 2).max(1) as i32)
            }
        }
    }

    /// A store that has them all.
    pub fn store(&self) -> Profiles {
        store(self.installed())
    }

    /// The same store with `count` further profiles of the same purposes, each on a level below all others of its purpose.
    pub fn store_with_hidden(&self, count: usize) -> Profiles {
        let more = Self { profiles: self.profiles + count, ..*self };
        let mut all = self.installed();
        for one in &mut all {
            one.profile.stack_level += count as i32;
        }
        let hidden = (0..count).map(|place| {
            let like = self.profile(place % self.profiles);
            let mut profile = more.profile(self.profiles + place).profile;
            profile.stack_level = place as i32;
            profile.charging_profile_purpose = like.profile.charging_profile_purpose;
            profile.transaction_id = like.profile.transaction_id;
            Installed { profile, ..like }
        });
        all.extend(hidden);
        store(all)
    }
}

/// A profile for the transaction at EVSE 1, of `periods` periods, each of a minute.
pub fn long_profile(periods: usize) -> ChargingProfile {
    let one = Workload { name: "long", profiles: 4, periods: 1_440, shape: Shape::Aligned, days: 1 };
    let mut profile = one.profile(3).profile;
    let all = &mut profile.charging_schedule[0].charging_schedule_period;
    all.truncate(periods);
    all.shrink_to_fit();
    profile
}

/// A store with these profiles and a transaction that runs.
pub fn store(installed: Vec<Installed>) -> Profiles {
    let rules = Rules { max_stack_level: i32::MAX, max_profiles: usize::MAX, ..Rules::of(Version::V201) };
    let mut profiles = Profiles::new(rules, Supply::default(), 1);
    profiles.transaction_runs(EvseId(1), "T1".into(), Some(at(0)));
    for one in installed {
        if let Err(why) = profiles.restore(one) {
            unreachable!("a profile to measure with is not taken: {why}");
        }
    }
    profiles
}
