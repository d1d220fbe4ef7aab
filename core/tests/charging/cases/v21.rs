//! What 2.1 added.

use crate::build::{Draft, external, generation, noon, priority, rate, refused_by, station_max, tx, tx_default, v21};
use pilotwire::charging::{Query, RateUnit, Rating, Reason};
use pilotwire::domain::EvseId;
use pilotwire::messages::v2::{ChargingSchedulePeriod, LimitAtSoC, OperationMode};
use pilotwire::messages::{DateTime, Decimal};

/// K21.FR.03, K21.FR.04, K21.FR.07: over both, and back; the station's maximum stays.
#[test]
fn priority_charging_overrules_both_as_long_as_it_is_on() {
    let mut site = v21(1).charging(1, noon(0)).with(tx_default(1, &[(0, 6)])).with(tx(1, &[(0, 16)]).level(9));
    site.set(priority(0, &[(0, 32)])).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16");
    assert!(site.profiles.use_priority(EvseId(1), true));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 32");
    let mut site = site.with(station_max(&[(0, 20)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 20");
    assert!(site.profiles.use_priority(EvseId(1), false));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16");
}

/// K21.FR.01, K21.FR.02.
#[test]
fn priority_charging_needs_a_profile_and_a_transaction() {
    let mut site = v21(2).charging(1, noon(0));
    assert!(!site.profiles.use_priority(EvseId(1), true), "no profile");
    let mut site = site.with(priority(2, &[(0, 32)]));
    assert!(!site.profiles.use_priority(EvseId(1), true), "none for this EVSE");
    assert!(!site.profiles.use_priority(EvseId(2), true), "no transaction");
}

/// K21.FR.04: for that transaction.
#[test]
fn priority_charging_ends_with_its_transaction() {
    let mut site = v21(1).charging(1, noon(0)).with(tx_default(1, &[(0, 6)])).with(priority(1, &[(0, 32)]));
    assert!(site.profiles.use_priority(EvseId(1), true));
    site.profiles.transaction_ended(EvseId(1));
    let mut site = site.charging(1, noon(0));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 6");
}

/// K01.FR.70, K01.FR.111.
#[test]
fn priority_charging_has_no_duration_and_only_charges() {
    assert_eq!(refused_by(v21(2), priority(1, &[(0, 16)]).lasts(600)), Reason::InvalidSchedule);
    assert_eq!(refused_by(v21(2), mode(priority(1, &[(0, 16)]), OperationMode::Idle)), Reason::InvalidOperationMode);
}

fn mode(draft: Draft, mode: OperationMode) -> Draft {
    draft.period(|period| period.operation_mode = Some(mode.clone()))
}

/// K01.FR.111 to K01.FR.114.
#[test]
fn an_operation_mode_that_the_purpose_does_not_have_is_refused() {
    let setpoint = OperationMode::CentralSetpoint;
    assert_eq!(refused_by(v21(2), mode(station_max(&[(0, 16)]), setpoint)), Reason::InvalidOperationMode);
    let limits = mode(station_max(&[(0, 16)]), OperationMode::ExternalLimits);
    assert_eq!(refused_by(v21(2), limits), Reason::InvalidOperationMode);
    let of_site = mode(external(0, &[(0, 16)]), OperationMode::CentralFrequency);
    assert_eq!(v21(2).refusal(of_site), Reason::InvalidOperationMode);
    let of_sun = mode(generation(0, &[(0, 16)]), OperationMode::ExternalSetpoint);
    assert_eq!(v21(2).refusal(of_sun), Reason::InvalidOperationMode);
    v21(2).set(mode(external(0, &[(0, 16)]), OperationMode::ExternalSetpoint)).unwrap();
}

/// K27, its example: 5 kW of the grid, and first 2 kW, then 1 kW of the sun.
#[test]
fn local_generation_comes_on_top() {
    let mut site = v21(1).with(tx_default(1, &[(0, 5_000)]).relative().watts());
    site.set(generation(0, &[(0, 2_000), (1_800, 1_000)]).watts()).unwrap();
    assert_eq!(site.watts(1, noon(0), 3_600), "0: 7000, 1800: 6000");
}

/// K04.FR.05 of 2.1: on top of the maximum, too.
#[test]
fn local_generation_comes_on_top_of_the_maximum() {
    let mut site = v21(2).with(station_max(&[(0, 20)])).with(tx_default(0, &[(0, 16)])).with(generation(0, &[(0, 5)]));
    assert_eq!(site.amperes(0, noon(0), 600), "0: 25");
}

/// SC.04: no cable carries more because the sun shines.
#[test]
fn local_generation_does_not_exceed_the_hardware() {
    let mut site = v21(1).with(tx_default(1, &[(0, 30)])).with(generation(0, &[(0, 10)]));
    site.profiles.set_rating(EvseId(1), Rating { current_a: Decimal::from_int(32), phases: 3 });
    assert_eq!(site.amperes(1, noon(0), 600), "0: 40");
    assert_eq!(site.now(1, noon(0)), "32 A, 22080 W on 3");
}

/// K08.FR.04 of 2.1: nothing is added to no limit.
#[test]
fn local_generation_limits_nothing() {
    let mut site = v21(1).with(generation(0, &[(0, 2_000)]).watts());
    assert_eq!(site.watts(1, noon(0), 600), "0: none");
}

/// K28.FR.05, K28.FR.13: its duration counts from its last update, here its coming at noon.
#[test]
fn a_dynamic_profile_that_is_not_updated_gives_way() {
    let dynamic = tx_default(1, &[(0, 20)]).level(1).dynamic().lasts(300);
    let mut site = v21(1).with(tx_default(1, &[(0, 10)])).with(dynamic);
    assert_eq!(site.amperes(1, noon(299), 0), "0: 20");
    assert_eq!(site.amperes(1, noon(301), 0), "0: 10");
}

/// K28.FR.09, K28.FR.13, K28.FR.14.
#[test]
fn a_dynamic_profile_counts_from_its_update() {
    let dynamic = |limit, time: DateTime| {
        let draft = tx_default(1, &[(0, limit)]).id(7).level(1).dynamic().lasts(300);
        draft.profile(|profile| profile.dyn_update_time = Some(time))
    };
    let mut site = v21(1).with(tx_default(1, &[(0, 10)])).with(dynamic(20, noon(-200)));
    assert_eq!(site.amperes(1, noon(0), 0), "0: 20");
    assert_eq!(site.amperes(1, noon(101), 0), "0: 10");
    let mut site = site.with(dynamic(25, noon(0)));
    assert_eq!(site.amperes(1, noon(101), 0), "0: 25");
}

/// K28.FR.01 to K28.FR.03, K01.FR.122.
#[test]
fn a_dynamic_profile_has_one_period_and_others_are_not_updated() {
    assert_eq!(refused_by(v21(2), tx_default(1, &[(0, 16), (60, 10)]).dynamic()), Reason::InvalidSchedule);
    assert_eq!(refused_by(v21(2), tx_default(1, &[(60, 16)]).dynamic()), Reason::InvalidSchedule);
    assert_eq!(refused_by(v21(2), tx_default(1, &[(0, 16)]).or(&[(0, 10)]).dynamic()), Reason::InvalidSchedule);
    let updated = tx_default(1, &[(0, 16)]).profile(|profile| profile.dyn_update_interval = Some(60));
    assert_eq!(refused_by(v21(2), updated), Reason::InvalidProfile);
}

/// K01.FR.123 to K01.FR.126.
#[test]
fn members_of_a_schedule_that_are_not_supported_are_refused() {
    let draft = || tx_default(1, &[(0, 16)]);
    let local_time = draft().schedule(|schedule| schedule.use_local_time = Some(true));
    let random = draft().schedule(|schedule| schedule.randomized_delay = Some(600));
    let charge = draft().schedule(|schedule| {
        schedule.limit_at_soc = Some(Box::new(LimitAtSoC::new(80, Decimal::from_int(6))));
    });
    let sleep = draft().period(|period| period.evse_sleep = Some(true));
    for draft in [local_time, random, charge, sleep] {
        assert_eq!(refused_by(v21(2), draft), Reason::InvalidSchedule);
    }
    let neither = draft().schedule(|schedule| {
        (schedule.use_local_time, schedule.randomized_delay) = (Some(false), Some(0));
    });
    v21(1).set(neither).unwrap();
}

fn by_phase(draft: Draft, l2: &str, l3: &str) -> Draft {
    draft.period(|period| (period.limit_l2, period.limit_l3) = (rate(l2), rate(l3)))
}

/// K08.FR.09, K08.FR.04: phase by phase.
#[test]
fn limits_of_single_phases_are_merged() {
    let mut site =
        v21(1).charging(1, noon(0)).with(station_max(&[(0, 12)])).with(by_phase(tx(1, &[(0, 16)]), "10", "8"));
    let period = site.wire_at_noon(RateUnit::A);
    assert_eq!((period.limit, period.limit_l2, period.limit_l3), (rate("12"), rate("10"), rate("8")));
}

/// K08.FR.09: with L2 and L3 beside it a limit is one of L1.
#[test]
fn limits_of_single_phases_are_converted_by_one_phase() {
    let mut site = v21(1).charging(1, noon(0)).with(by_phase(tx(1, &[(0, 16)]), "10", "8"));
    let period = site.wire_at_noon(RateUnit::W);
    assert_eq!((period.limit, period.limit_l2, period.limit_l3), (rate("3680"), rate("2300"), rate("1840")));
}

/// K01.FR.147: what every phase keeps is the lowest of the three.
#[test]
fn the_limit_of_each_phase_is_the_lowest_of_single_phases() {
    let mut site = v21(1).charging(1, noon(0)).with(by_phase(tx(1, &[(0, 16)]), "10", "8"));
    let limit = site.profiles.limit(EvseId(1), noon(0)).unwrap().limit;
    assert_eq!(limit.current_a, rate("8"));
}

/// While nobody knows the time, the least that any phase ever may take.
#[test]
fn the_lowest_limit_is_that_of_single_phases_too() {
    let site = v21(1).charging(1, noon(0)).with(by_phase(tx(1, &[(0, 16)]), "10", "8"));
    let limit = site.profiles.lowest(EvseId(1));
    assert_eq!((limit.current_a, limit.power_w), (rate("8"), rate("7820")), "3680 W, 2300 W and 1840 W");
}

/// K01.FR.147: the change of one phase only is one, too.
#[test]
fn the_limit_changes_with_that_of_one_phase() {
    let later = |period: &mut ChargingSchedulePeriod| {
        if period.start_period == 100 {
            period.limit_l2 = rate("6");
        }
    };
    let own = by_phase(tx(1, &[(0, 16), (100, 16)]), "10", "8").period(later);
    let mut site = v21(1).charging(1, noon(0)).with(own);
    assert_eq!(site.now(1, noon(0)), "8 A, 7820 W, until 100");
    assert_eq!(site.now(1, noon(100)), "6 A, 6900 W");
}

/// K08.FR.03: the total, so 3000 W and 2000 W and 2500 W.
#[test]
fn the_station_takes_what_single_phases_take_together() {
    let mut site = v21(1).charging(1, noon(0)).with(by_phase(tx(1, &[(0, 3_000)]).watts(), "2000", "2500"));
    assert_eq!(site.watts(0, noon(0), 600), "0: 7500");
}

/// K08.FR.04, K08.FR.09 of 2.1: what is generated on three phases comes on top of each.
#[test]
fn local_generation_comes_on_top_of_single_phases() {
    let own = by_phase(tx(1, &[(0, 16)]), "10", "8");
    let mut site = v21(1).charging(1, noon(0)).with(generation(0, &[(0, 5)])).with(own);
    let period = site.wire_at_noon(RateUnit::A);
    assert_eq!((period.limit, period.limit_l2, period.limit_l3), (rate("21"), rate("15"), rate("13")));
}

/// K08.FR.09: libocpp drops periods that differ in `limit_L2` only.
#[test]
fn periods_that_differ_on_one_phase_stay_apart() {
    let later = |period: &mut ChargingSchedulePeriod| {
        if period.start_period == 100 {
            period.limit_l2 = rate("12");
        }
    };
    let own = by_phase(tx(1, &[(0, 16), (100, 16), (200, 16)]), "10", "10").period(later);
    let mut site = v21(1).charging(1, noon(0)).with(own);
    let composite = site.composite(&Query::new(EvseId(1), noon(0), 600, RateUnit::A));
    let l2 = composite.periods.iter().map(|period| (period.start_s, period.to_wire().limit_l2));
    assert_eq!(l2.collect::<Vec<_>>(), [(0, rate("10")), (100, rate("12")), (200, rate("10"))]);
}

/// K01.FR.144, K01.FR.146.
#[test]
fn limits_of_single_phases_are_for_a_tx_profile_with_one_of_l1() {
    assert_eq!(refused_by(v21(2), by_phase(tx_default(1, &[(0, 16)]), "10", "8")), Reason::PhaseConflict);
    let without_l1 = by_phase(tx(1, &[(0, 16)]), "10", "8").period(|period| period.limit = None);
    assert_eq!(refused_by(v21(2), without_l1), Reason::PhaseConflict);
}

/// A TxProfile in watts that says what the vehicle shall take.
fn setpoint(watts: &str) -> Draft {
    let draft = mode(tx(1, &[(0, 0)]).watts(), OperationMode::CentralSetpoint);
    draft.period(|period| (period.limit, period.setpoint) = (None, rate(watts)))
}

fn discharge(draft: Draft, limit: &str) -> Draft {
    draft.period(|period| period.discharge_limit = rate(limit))
}

/// K08.FR.04: of two the one that lets less flow.
#[test]
fn the_discharge_limit_that_allows_least_holds() {
    let of_site = discharge(mode(external(1, &[(0, 20)]), OperationMode::ExternalLimits), "-6");
    let own = discharge(mode(tx(1, &[(0, 16)]), OperationMode::CentralSetpoint), "-10");
    let mut site = v21(1).charging(1, noon(0)).with(of_site).with(own);
    let period = site.wire_at_noon(RateUnit::A);
    assert_eq!((period.limit, period.discharge_limit), (rate("16"), rate("-6")));
}

/// K08.FR.08, V2X.03, its example.
#[test]
fn a_setpoint_is_capped_by_the_limit() {
    let mut site = v21(1).charging(1, noon(0)).with(station_max(&[(0, 1_000)]).watts()).with(setpoint("2000"));
    let period = site.wire_at_noon(RateUnit::W);
    assert_eq!((period.limit, period.setpoint), (rate("1000"), rate("1000")));
    assert_eq!(period.operation_mode, Some(OperationMode::CentralSetpoint));
}

/// K08.FR.08, V2X.04, its example.
#[test]
fn a_negative_setpoint_is_capped_by_the_discharge_limit() {
    let of_site = discharge(mode(external(1, &[(0, 5_000)]).watts(), OperationMode::ExternalLimits), "-1000");
    let mut site = v21(1).charging(1, noon(0)).with(of_site).with(setpoint("-2000"));
    let period = site.wire_at_noon(RateUnit::W);
    assert_eq!((period.setpoint, period.discharge_limit), (rate("-1000"), rate("-1000")));
}

/// K08.FR.08: what lies within stays.
#[test]
fn a_setpoint_within_the_limits_stays() {
    let mut site = v21(1).charging(1, noon(0)).with(station_max(&[(0, 5_000)]).watts()).with(setpoint("-2000"));
    let period = site.wire_at_noon(RateUnit::W);
    assert_eq!((period.limit, period.setpoint), (rate("5000"), rate("-2000")));
}

/// V2X.03: one setpoint for all phases is within the sum of what they may take.
#[test]
fn a_setpoint_for_all_phases_is_capped_by_all_of_them() {
    let of_site = by_phase(external(1, &[(0, 3_000)]).watts(), "2000", "2500");
    let mut site = v21(1).charging(1, noon(0)).with(of_site).with(setpoint("9000"));
    let period = site.wire_at_noon(RateUnit::W);
    assert_eq!((period.limit, period.setpoint), (rate("3000"), rate("7500")));
}

/// Part 2 of 2.1 §3.2.
#[test]
fn an_external_setpoint_takes_precedence() {
    let of_site = mode(external(1, &[(0, 0)]).watts(), OperationMode::ExternalSetpoint);
    let of_site = of_site.period(|period| (period.limit, period.setpoint) = (None, rate("1500")));
    let mut site = v21(1).charging(1, noon(0)).with(of_site).with(setpoint("3000"));
    let period = site.wire_at_noon(RateUnit::W);
    assert_eq!((period.limit, period.setpoint), (None, rate("1500")));
    assert_eq!(period.operation_mode, Some(OperationMode::ExternalSetpoint));
}

/// V2X.05, its example.
#[test]
fn a_setpoint_outside_of_its_own_limits_is_refused() {
    let with_limits = |watts| discharge(setpoint(watts).period(|period| period.limit = rate("1000")), "-500");
    assert_eq!(refused_by(v21(2), with_limits("-750")), Reason::InvalidSchedule);
    assert_eq!(refused_by(v21(2), with_limits("1001")), Reason::InvalidSchedule);
    v21(1).charging(1, noon(0)).set(with_limits("-500")).unwrap();
}
