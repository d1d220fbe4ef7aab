//! The engine against the clauses, second by second, on random stations. `PROPTEST_CASES` makes the run longer.

#[path = "charging/oracle.rs"]
mod oracle;
#[path = "charging/strategies.rs"]
mod strategies;

use oracle::{Said, World};
use pilotwire::Version;
use pilotwire::charging::{Composite, CompositePeriod, Installed, Profiles, Query, RateUnit, Rating, Rules, Supply};
use pilotwire::domain::EvseId;
use pilotwire::messages::Decimal;
use pilotwire::messages::v2::{ChargingLimitSource, ChargingProfileKind};
use proptest::prelude::*;
use strategies::{Scale, T0, at, installed};

/// Installs what is taken, and tells the oracle the same.
fn station(version: Version, evses: i32, candidates: Vec<Installed>, charging: Vec<Option<i64>>) -> (Profiles, World) {
    let mut profiles = Profiles::new(Rules::of(version), Supply::default(), evses as usize);
    let transactions =
        charging.into_iter().zip(1..).filter_map(|(since, evse)| Some((EvseId(evse), format!("T{evse}"), T0 + since?)));
    let mut world =
        World { version, voltage_v: 230, evses, profiles: Vec::new(), transactions: transactions.collect() };
    for (evse, id, since) in &world.transactions {
        profiles.transaction_runs(*evse, id.as_str().into(), Some(at(*since)));
    }
    for (mut candidate, id) in candidates.into_iter().zip(1..) {
        candidate.profile.id = id;
        let taken = if candidate.source == ChargingLimitSource::CSO {
            profiles.set(candidate.evse, candidate.profile.clone(), candidate.since)
        } else {
            profiles.restore(candidate.clone())
        };
        if let Ok(replaced) = taken {
            world.profiles.retain(|one| !replaced.contains(&one.profile.id));
            world.profiles.push(candidate);
        }
    }
    (profiles, world)
}

/// What a composite schedule says about a second after its start.
fn said(composite: &Composite, second: u32) -> Said {
    let after = composite.periods.partition_point(|period| period.start_s <= second);
    let period = &composite.periods[after - 1];
    let limit = period.limit.map(|limit| limit.scaled(3));
    Said { limit, phases: period.number_phases.map(i32::from) }
}

fn agree(
    composite: &Composite,
    world: &World,
    window: i64,
    seconds: impl Iterator<Item = u32>,
) -> Result<(), TestCaseError> {
    for second in seconds {
        let truth = world.at(composite.evse, window, window + i64::from(second), composite.unit);
        prop_assert_eq!(said(composite, second), truth, "second {} of {:#?}", second, composite);
    }
    for pair in composite.periods.windows(2) {
        prop_assert!(pair[0].start_s < pair[1].start_s, "in order");
        let key = |place: usize| (pair[place].limit, pair[place].number_phases, pair[place].phase_to_use);
        prop_assert_ne!(key(0), key(1), "neighbours differ");
    }
    Ok(())
}

fn unit() -> impl Strategy<Value = RateUnit> {
    prop_oneof![Just(RateUnit::A), Just(RateUnit::W)]
}

fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V16), Just(Version::V201), Just(Version::V21)]
}

fn charging(evses: usize, spread: i64) -> impl Strategy<Value = Vec<Option<i64>>> {
    prop::collection::vec(prop_oneof![1 => Just(None), 2 => (-spread..=spread).prop_map(Some)], evses)
}

fn cases(usual: u32) -> ProptestConfig {
    let asked = ProptestConfig::default().cases;
    ProptestConfig {
        cases: if asked == 256 { usual } else { asked },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const DENSE: Scale = Scale { step: 40, spread: 150 };
const DAYS: Scale = Scale { step: 30_000, spread: 700_000 };

proptest! {
    #![proptest_config(cases(120_000))]

    /// K08, 1.6 §5.7: every second of a short window, one EVSE.
    #[test]
    fn every_second_of_a_dense_window_is_as_the_clauses_say(
        version in version(),
        candidates in prop::collection::vec(installed(DENSE, 1), 0..8),
        charging in charging(1, 100),
        unit in unit(),
        begin in -200..200_i64,
        duration in 0..160_u32,
    ) {
        let (mut profiles, world) = station(version, 1, candidates, charging);
        let window = T0 + begin;
        let composite = profiles.composite(&Query::new(EvseId(1), at(window), duration, unit)).unwrap();
        agree(&composite, &world, window, 0..duration.max(1))?;
    }
}

proptest! {
    #![proptest_config(cases(60_000))]

    /// The same over days, weeks and up to two years: at every boundary, beside it, and here and there.
    #[test]
    fn days_weeks_and_years_are_as_the_clauses_say(
        version in version(),
        candidates in prop::collection::vec(installed(DAYS, 1), 0..8),
        charging in charging(1, 700_000),
        unit in unit(),
        begin in -1_400_000..1_400_000_i64,
        duration in prop_oneof![6 => 1..700_000_u32, 1 => 1..63_158_400_u32],
        samples in prop::collection::vec(any::<prop::sample::Index>(), 24),
    ) {
        let (mut profiles, world) = station(version, 1, candidates, charging);
        let window = T0 + begin;
        let composite = profiles.composite(&Query::new(EvseId(1), at(window), duration, unit)).unwrap();
        let near = composite.periods.iter().take(40).flat_map(|period| [period.start_s.saturating_sub(1), period.start_s]);
        let here_and_there = samples.iter().map(|sample| sample.index(duration as usize) as u32);
        agree(&composite, &world, window, near.chain(here_and_there))?;
    }
}

proptest! {
    #![proptest_config(cases(30_000))]

    /// K08.FR.03: a station of three EVSEs, as a whole and one by one.
    #[test]
    fn a_station_of_three_evses_is_as_the_clauses_say(
        version in version(),
        candidates in prop::collection::vec(installed(DENSE, 3), 0..14),
        charging in charging(3, 100),
        unit in unit(),
        begin in -200..200_i64,
        duration in 1..100_u32,
        evse in 0..=3,
    ) {
        let (mut profiles, world) = station(version, 3, candidates, charging);
        let window = T0 + begin;
        let composite = profiles.composite(&Query::new(EvseId(evse), at(window), duration, unit)).unwrap();
        agree(&composite, &world, window, 0..duration)?;
    }
}

/// The limit of a second, by itself.
fn limit_at(profiles: &mut Profiles, evse: EvseId, second: i64, unit: RateUnit) -> CompositePeriod {
    let query = Query { rated: true, ..Query::new(evse, at(second), 0, unit) };
    profiles.composite(&query).expect("the EVSE exists").periods.remove(0)
}

proptest! {
    #![proptest_config(cases(20_000))]

    /// Rule 4: what the control loop hears is what the composite schedule says, whichever way the clock goes, until it was
    /// told to ask again.
    #[test]
    fn the_limit_now_is_that_of_the_composite_schedule_until_it_changes(
        version in version(),
        candidates in prop::collection::vec(installed(DENSE, 2), 0..8),
        charging in charging(2, 100),
        moments in prop::collection::vec(-300..300_i64, 1..6),
        evse in 0..=2,
        inside in any::<prop::sample::Index>(),
    ) {
        let (mut profiles, _) = station(version, 2, candidates, charging);
        let evse = EvseId(evse);
        profiles.set_rating(EvseId(1), Rating { current_a: Decimal::from_int(20), phases: 3 });
        for moment in moments {
            let second = T0 + moment;
            let now = profiles.limit(evse, at(second)).unwrap();
            let until = now.until.map_or(second + 500, |until| until.unix_millis() / 1_000);
            prop_assert!(until > second);
            // Relative schedules without a transaction begin whenever it is asked for.
            let anchored = profiles.iter().all(|one| one.profile.charging_profile_kind != ChargingProfileKind::Relative);
            let inside = if anchored { second + inside.index((until - second) as usize) as i64 } else { second };
            for (unit, limit) in [(RateUnit::A, now.limit.current_a), (RateUnit::W, now.limit.power_w)] {
                let truth = limit_at(&mut profiles, evse, inside, unit);
                prop_assert_eq!(limit, truth.limit);
                prop_assert_eq!(now.limit.number_phases, truth.number_phases);
            }
            prop_assert_eq!(profiles.limit(evse, at(inside)), Some(now), "only looked up");
        }
    }
}
