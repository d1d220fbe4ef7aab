//! Units and phases, and the station as a whole.

use crate::build::{external, noon, rate, shown, station_max, tx_default, v16, v201};
use pilotwire::Version;
use pilotwire::charging::{Claim, Profiles, Query, RateUnit, Rules, Supply, share};
use pilotwire::domain::EvseId;
use pilotwire::messages::Decimal;
use pilotwire::messages::v2::ChargingSchedulePeriod;

/// K01.FR.49.
#[test]
fn without_number_phases_there_are_three() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]));
    assert_eq!(site.watts(1, noon(0), 600), "0: 11040");
}

/// K01.FR.50: P / (V · phases).
#[test]
fn watts_become_amperes_by_the_phases_of_their_period() {
    let one = |period: &mut ChargingSchedulePeriod| period.number_phases = (period.start_period == 0).then_some(1);
    let mut site = v201(1).with(tx_default(1, &[(0, 3_680), (300, 11_040)]).watts().period(one));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16 on 1, 300: 16");
}

/// 1.6 §7.12 with errata 3.69: the voltage that is set for the area.
#[test]
fn watts_become_amperes_by_the_nominal_voltage() {
    let mut profiles = Profiles::new(Rules::of(Version::V16), Supply { voltage_v: 110 }, 1);
    let draft = tx_default(1, &[(0, 1_760)]).watts().phases(1).id(1);
    profiles.set(EvseId(1), draft.into_profile(), noon(0)).unwrap();
    let query = Query::new(EvseId(1), noon(0), 600, RateUnit::A);
    assert_eq!(shown(&profiles.composite(&query).unwrap()), "0: 16 on 1");
}

/// 1.6 §7.14, at most one digit after the point; K08.FR.04, never more than 11 000 W (15.94 A) allow.
#[test]
fn what_is_converted_is_cut_to_one_digit() {
    let mut site = v201(1).with(tx_default(1, &[(0, 11_000)]).watts());
    assert_eq!(site.amperes(1, noon(0), 600), "0: 15.9");
    assert_eq!(site.watts(1, noon(0), 600), "0: 11000");
}

/// K01.FR.50: libocpp divides by the merged phases and gives 9 A, 6210 W on the three phases that were meant.
#[test]
fn three_phase_watts_under_a_one_phase_maximum_keep_their_phases() {
    let mut site = v201(1).with(station_max(&[(0, 16)]).phases(1)).with(tx_default(1, &[(0, 2_070)]).watts().phases(3));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 3 on 1");
}

/// Part 2 §3.5, "taking the different chargingRateUnits into account": 5000 W are 7.2 A, 10 A are 6900 W. MicroOcpp drops
/// the profile of the other unit.
#[test]
fn limits_in_different_units_are_compared() {
    let mut site = v201(1).with(station_max(&[(0, 10)])).with(tx_default(1, &[(0, 5_000), (300, 9_000)]).watts());
    assert_eq!(site.amperes(1, noon(0), 600), "0: 7.2, 300: 10");
    assert_eq!(site.watts(1, noon(0), 600), "0: 5000, 300: 6900");
}

/// 1.6 errata 3.34: no new limit follows from fewer phases.
#[test]
fn amperes_stay_as_they_are_on_fewer_phases() {
    let mut site = v16(1).with(station_max(&[(0, 32)]).phases(1)).with(tx_default(1, &[(0, 16)]).phases(3));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16 on 1");
}

/// K01.FR.140, Part 2 §3.7: by itself, whoever has the lowest limit.
#[test]
fn the_lowest_number_of_phases_holds() {
    let mut site = v201(1).with(station_max(&[(0, 20)]).phases(1)).with(tx_default(1, &[(0, 16)]).phases(3));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16 on 1");
    let mut site = v201(1).with(station_max(&[(0, 10)]).phases(3)).with(tx_default(1, &[(0, 16)]).phases(2));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10 on 2");
}

/// K08.FR.04: the same amperes on fewer phases are another limit.
#[test]
fn neighbours_on_different_phases_stay_apart() {
    let phases =
        |period: &mut ChargingSchedulePeriod| period.number_phases = Some(if period.start_period == 0 { 3 } else { 1 });
    let mut site = v201(1).with(tx_default(1, &[(0, 10), (100, 10)]).period(phases));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10 on 3, 100: 10 on 1");
}

/// K01.FR.46: libocpp loses it.
#[test]
fn phase_to_use_is_told() {
    let mut site = v201(1).with(tx_default(1, &[(0, 10)]).on_phase(2)).with(station_max(&[(0, 32)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10 on 1 (L2)");
    assert_eq!(site.wire_at_noon(RateUnit::A).phase_to_use, Some(2));
}

/// K08.FR.03, K04.FR.05.
#[test]
fn the_station_takes_what_its_evses_take_within_its_maximum() {
    let mut site = v201(2).with(tx_default(1, &[(0, 16), (100, 6)])).with(tx_default(2, &[(0, 10), (50, 20)]));
    assert_eq!(site.amperes(0, noon(0), 600), "0: 26, 50: 36, 100: 26");
    let mut site = site.with(station_max(&[(0, 30), (300, 20)]));
    assert_eq!(site.amperes(0, noon(0), 600), "0: 26, 50: 30, 100: 26, 300: 20");
}

/// K08.FR.03, K08.FR.06: each EVSE counts from its own transaction, or from the request.
#[test]
fn relative_schedules_of_the_sum_count_for_each_evse_by_itself() {
    let mut site = v201(2).charging(1, noon(-100)).with(tx_default(0, &[(0, 16), (300, 6)]).relative());
    assert_eq!(site.amperes(0, noon(0), 600), "0: 32, 200: 22, 300: 12");
}

/// K08.FR.03: one EVSE without a limit may take anything, or all that the station may.
#[test]
fn an_evse_without_a_limit_is_limited_by_the_station_only() {
    let mut site = v201(2).with(tx_default(1, &[(0, 16)]));
    assert_eq!(site.amperes(0, noon(0), 600), "0: none");
    let mut site = site.with(station_max(&[(0, 63)]));
    assert_eq!(site.amperes(0, noon(0), 600), "0: 63");
    assert_eq!(site.amperes(2, noon(0), 600), "0: 63");
}

/// Part 2 §3.5, K01.FR.49: each EVSE keeps its phases, all share one maximum.
#[test]
fn one_and_three_phases_under_one_maximum() {
    let mut site = v201(2).with(station_max(&[(0, 25)]).phases(3));
    site.set(tx_default(1, &[(0, 16)]).phases(1)).unwrap();
    site.set(tx_default(2, &[(0, 16)]).phases(3)).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16 on 1");
    assert_eq!(site.amperes(2, noon(0), 600), "0: 16 on 3");
    assert_eq!(site.amperes(0, noon(0), 600), "0: 25 on 3");
    assert_eq!(site.watts(0, noon(0), 600), "0: 14720 on 3", "3680 W and 11040 W, under 17250 W");
}

/// K08.FR.03: 3680 W on three phases are 5.3 A. Libocpp gives 53.3 A.
#[test]
fn sixteen_amperes_and_3680_watts_are_21_3_amperes() {
    let mut site = v201(2).with(tx_default(1, &[(0, 16)])).with(tx_default(2, &[(0, 3_680)]).watts());
    assert_eq!(site.amperes(0, noon(0), 600), "0: 21.3");
    assert_eq!(site.watts(0, noon(0), 600), "0: 14720");
}

/// K08.FR.03: libocpp gives 58 A.
#[test]
fn ten_amperes_and_6900_watts_are_20_amperes() {
    let mut site = v201(2).with(tx_default(1, &[(0, 10)])).with(tx_default(2, &[(0, 6_900)]).watts());
    assert_eq!(site.amperes(0, noon(0), 600), "0: 20");
    assert_eq!(site.watts(0, noon(0), 600), "0: 13800");
}

/// K12.FR.01: the load of all EVSEs together.
#[test]
fn constraints_of_the_station_limit_the_sum() {
    let mut site = v201(2).with(tx_default(0, &[(0, 16)])).with(external(0, &[(0, 20)]));
    assert_eq!(site.amperes(0, noon(0), 600), "0: 20");
}

/// K08.FR.05.
#[test]
fn there_is_no_schedule_of_an_unknown_evse() {
    let mut site = v201(2);
    for evse in [3, -1, i32::MAX, i32::MIN] {
        assert_eq!(site.profiles.composite(&Query::new(EvseId(evse), noon(0), 600, RateUnit::A)), None);
        assert_eq!(site.profiles.limit(EvseId(evse), noon(0)), None);
    }
}

/// K04.FR.05: what the EVSEs get is never more than the station's maximum.
#[test]
fn evses_share_the_maximum() {
    let claim = |most| Claim { most: rate(most), least: Decimal::from_int(6) };
    assert_eq!(share(rate("32"), &[claim("16"), claim("32")]), [rate("16"), rate("16")]);
    assert_eq!(share(rate("32"), &[claim("10"), claim("32")]), [rate("10"), rate("22")]);
    assert_eq!(share(rate("10"), &[claim("16"), claim("32")]), [rate("10"), rate("0")]);
}
