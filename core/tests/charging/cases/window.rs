//! The window of a composite schedule, and the limit now.

use crate::build::{DAY, at, noon, rate, shown, station_max, tx_default, v201};
use pilotwire::charging::{Query, RateUnit, Rating};
use pilotwire::domain::{EvseId, ProfileCriteria};
use pilotwire::messages::Decimal;

/// K08.FR.02: its first moment.
#[test]
fn a_window_of_no_duration_has_one_period() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (1, 10)]));
    let composite = site.composite(&Query::new(EvseId(1), noon(0), 0, RateUnit::A));
    assert_eq!((shown(&composite).as_str(), composite.duration_s), ("0: 16", 0));
}

/// K08.FR.02: up to the duration, which is no part of it.
#[test]
fn a_window_ends_before_its_duration() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (600, 10)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16");
    assert_eq!(site.amperes(1, noon(0), 601), "0: 16, 600: 10");
}

/// K08.FR.02: as long as a request can ask for.
#[test]
fn a_window_of_the_longest_duration_is_covered() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (i32::MAX - 1, 10)]));
    let longest = i32::MAX.unsigned_abs();
    let composite = site.composite(&Query::new(EvseId(1), noon(0), longest, RateUnit::A));
    assert_eq!(shown(&composite), "0: 16, 2147483646: 10");
    assert_eq!((composite.duration_s, composite.is_cut), (longest, false));
}

/// K08.FR.02.
#[test]
fn a_window_may_begin_in_the_middle_of_a_period_and_of_a_second() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (300, 10)]));
    let from = noon(200).saturating_add_millis(999);
    let composite = site.composite(&Query::new(EvseId(1), from, 600, RateUnit::A));
    assert_eq!((shown(&composite).as_str(), composite.start), ("0: 16, 100: 10", noon(200)));
}

/// K08.FR.02: ocpp-charge-point cuts at 512 and reports the full duration.
#[test]
fn a_schedule_that_is_cut_says_so() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (100, 10), (200, 8)]));
    let query = Query { max_periods: 2, ..Query::new(EvseId(1), noon(0), 600, RateUnit::A) };
    let cut = site.composite(&query);
    assert_eq!((shown(&cut).as_str(), cut.duration_s, cut.is_cut), ("0: 16, 100: 10", 200, true));
    let whole = site.composite(&Query { max_periods: 3, ..query });
    assert_eq!((whole.duration_s, whole.is_cut), (600, false));
}

/// K08.FR.02: 96 periods a day for a week are 672; ocpp-charge-point gives 512.
#[test]
fn a_week_of_quarters_of_an_hour_is_complete() {
    let quarters: Vec<_> = (0..96).map(|quarter| (quarter * 900, 6 + quarter % 2)).collect();
    let mut site = v201(1).with(tx_default(1, &quarters).daily());
    let week = site.composite(&Query::new(EvseId(1), noon(0), 7 * DAY, RateUnit::A));
    assert_eq!((week.periods.len(), week.duration_s, week.is_cut), (672, 7 * DAY, false));
    assert_eq!(week.periods[671].start_s, 671 * 900);
}

/// K01.FR.12: 16 A are 11040 W.
#[test]
fn a_limit_holds_until_its_next_change() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (600, 10)]));
    assert_eq!(site.now(1, noon(-60)), "none, until 0");
    assert_eq!(site.now(1, noon(0)), "16 A, 11040 W, until 600");
    assert_eq!(site.now(1, noon(599)), "16 A, 11040 W, until 600");
    assert_eq!(site.now(1, noon(600)), "10 A, 6900 W");
}

/// K01.FR.12: what holds follows from the time alone.
#[test]
fn a_clock_that_jumps_back_gets_the_limit_of_then() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16), (600, 10)]).lasts(900));
    assert_eq!(site.now(1, noon(700)), "10 A, 6900 W, until 900");
    assert_eq!(site.now(1, noon(100)), "16 A, 11040 W, until 600");
    assert_eq!(site.now(1, noon(-1)), "none, until 0");
    assert_eq!(site.now(1, noon(900)), "none");
    assert_eq!(site.now(1, noon(899)), "10 A, 6900 W, until 900");
}

/// K01.FR.30: a clock that was never set is a clock, too.
#[test]
fn a_clock_that_jumps_from_1900_gets_the_limit_of_today() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]));
    assert_eq!(site.profiles.limit(EvseId(1), at("1900-01-01T00:00:00Z")).unwrap().limit.current_a, None);
    assert_eq!(site.now(1, noon(0)), "16 A, 11040 W");
}

/// K08.FR.04: boundaries that change nothing are not changes.
#[test]
fn a_change_that_a_lower_limit_hides_is_no_change() {
    let mut site =
        v201(1).with(station_max(&[(0, 10)])).with(tx_default(1, &[(0, 16), (100, 20), (200, 12), (300, 6)]));
    assert_eq!(site.now(1, noon(0)), "10 A, 6900 W, until 300");
}

/// K01.FR.07, K10.FR.05.
#[test]
fn a_new_profile_and_a_cleared_one_change_the_limit_at_once() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]));
    assert_eq!(site.now(1, noon(0)), "16 A, 11040 W");
    let mut site = site.with(station_max(&[(0, 10)]).id(7));
    assert_eq!(site.now(1, noon(0)), "10 A, 6900 W");
    site.profiles.clear(&ProfileCriteria::id(7));
    assert_eq!(site.now(1, noon(0)), "16 A, 11040 W");
}

/// K01.FR.50: 2070 W on three phases are 3 A, and both hold.
#[test]
fn a_limit_tells_amperes_and_watts() {
    let mut site = v201(1).with(station_max(&[(0, 10)]).phases(1)).with(tx_default(1, &[(0, 2_070)]).watts().phases(3));
    assert_eq!(site.now(1, noon(0)), "3 A, 2070 W on 1");
}

/// K02.FR.08: the local limit holds where no profile does.
#[test]
fn a_limit_is_within_the_rating() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).phases(1).lasts(300));
    site.profiles.set_rating(EvseId(1), Rating { current_a: Decimal::from_int(32), phases: 1 });
    assert_eq!(site.now(1, noon(0)), "6 A, 1380 W on 1, until 300");
    assert_eq!(site.now(1, noon(300)), "32 A, 7360 W on 1");
}

/// K08.FR.04: while the time is unknown no limit may be exceeded that might hold.
#[test]
fn the_lowest_limit_is_that_of_any_profile_at_any_time() {
    let site = v201(2).with(tx_default(1, &[(0, 16), (100, 6)])).with(station_max(&[(0, 20), (300, 8)]));
    assert_eq!(site.profiles.lowest(EvseId(1)).current_a, rate("6"));
    assert_eq!(site.profiles.lowest(EvseId(2)).current_a, rate("8"));
    assert_eq!(site.profiles.lowest(EvseId(0)).current_a, rate("8"));
}
