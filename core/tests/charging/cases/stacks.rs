//! Which profile leads, and purposes together.

use crate::build::{Draft, external, noon, rate, shown, station_max, tx, tx_default, v16, v201};
use pilotwire::charging::{Query, RateUnit, Rating};
use pilotwire::domain::EvseId;
use pilotwire::messages::Decimal;
use pilotwire::messages::v2::ChargingLimitSource;

/// K01.FR.17: it overrules, also where it allows more.
#[test]
fn a_higher_level_overrules_a_lower_one() {
    let mut site = v201(1).with(tx_default(1, &[(0, 32)]).level(1)).with(tx_default(1, &[(0, 6)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 32");
}

/// K01.FR.17. Peers lose this boundary (MicroOcpp sees a higher level that begins between two periods too late).
#[test]
fn levels_interleave() {
    let low = tx_default(1, &[(0, 6), (400, 7)]);
    let middle = tx_default(1, &[(0, 10), (180, 12)]).level(1).starts(noon(100)).lasts(250);
    let high = tx_default(1, &[(0, 8)]).level(2).starts(noon(150)).lasts(100);
    let mut site = v201(1).with(middle).with(high).with(low);
    assert_eq!(site.amperes(1, noon(0), 600), "0: 6, 100: 10, 150: 8, 250: 10, 280: 12, 350: 6, 400: 7");
}

/// Part 2 §3.5: only one that has a period now.
#[test]
fn a_higher_level_that_has_not_begun_does_not_lead() {
    let high = tx_default(1, &[(0, 32)]).level(9).starts(noon(300));
    let mut site = v201(1).with(tx_default(1, &[(0, 6)])).with(high);
    assert_eq!(site.amperes(1, noon(0), 600), "0: 6, 300: 32");
}

/// K01.FR.14.
#[test]
fn a_default_of_evse_0_is_for_every_evse() {
    let mut site = v201(2).with(tx_default(0, &[(0, 16)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16");
    assert_eq!(site.amperes(2, noon(0), 600), "0: 16");
}

/// K01.FR.15.
#[test]
fn a_default_of_an_evse_is_for_that_evse_only() {
    let mut site = v201(2).with(tx_default(1, &[(0, 16)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16");
    assert_eq!(site.amperes(2, noon(0), 600), "0: none");
}

/// K01.FR.14, K01.FR.17: MicroOcpp looks through an EVSE's own stack first, whatever the levels.
#[test]
fn defaults_of_an_evse_and_of_evse_0_are_one_stack() {
    let mut site = v201(2).with(tx_default(0, &[(0, 20)]).level(1)).with(tx_default(1, &[(0, 6)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 20");
    let mut site = v201(2).with(tx_default(0, &[(0, 20)])).with(tx_default(1, &[(0, 6)]).level(1).lasts(300));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 6, 300: 20");
    assert_eq!(site.amperes(2, noon(0), 600), "0: 20");
}

/// 1.6 §3.13.1: replaced for that connector only.
#[test]
fn in_16_a_default_of_a_connector_replaces_that_of_connector_0_there() {
    let mut site = v16(2).with(tx_default(0, &[(0, 16)])).with(tx_default(1, &[(0, 10)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
    assert_eq!(site.amperes(2, noon(0), 600), "0: 16");
}

/// 1.6 §3.13.1: whichever comes first.
#[test]
fn in_16_a_default_of_connector_0_leaves_that_of_a_connector() {
    let mut site = v16(2).with(tx_default(1, &[(0, 10)])).with(tx_default(0, &[(0, 16)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
    assert_eq!(site.amperes(2, noon(0), 600), "0: 16");
}

/// K02.FR.04: it overrules, also where it allows more.
#[test]
fn a_tx_profile_overrules_a_default() {
    let mut site = v201(1).charging(1, noon(0)).with(tx_default(1, &[(0, 6)]).level(9)).with(tx(1, &[(0, 32)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 32");
}

/// K02.FR.08, Part 2 §3.5: around the TxProfile the default holds.
#[test]
fn a_default_returns_where_a_tx_profile_has_no_period() {
    let mut site = v201(1).charging(1, noon(0)).with(tx_default(1, &[(0, 10)]));
    site.set(tx(1, &[(0, 16)]).starts(noon(100)).lasts(200)).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10, 100: 16, 300: 10");
}

/// K02.FR.08: its validity counts as its duration does.
#[test]
fn a_default_returns_when_a_tx_profile_is_no_longer_valid() {
    let mut site = v201(1).charging(1, noon(0)).with(tx_default(1, &[(0, 10)]));
    site.set(tx(1, &[(0, 16)]).valid_to(noon(200))).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 200: 10");
}

/// 1.6 §3.13.1: for the duration of the transaction, even where it says nothing. Libocpp lets the default through.
#[test]
fn in_16_a_default_does_not_return_in_a_gap_of_a_tx_profile() {
    let mut site = v16(1).charging(1, noon(0)).with(tx_default(1, &[(0, 10)]));
    site.set(tx(1, &[(0, 16)]).starts(noon(100)).lasts(200)).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: none, 100: 16, 300: none");
}

/// Part 2 §3.5: the lower TxProfile comes before the default.
#[test]
fn a_gap_of_a_tx_profile_is_filled_by_the_next_tx_profile() {
    let mut site = v201(1).charging(1, noon(0)).with(tx_default(1, &[(0, 6)]).level(9));
    site.set(tx(1, &[(0, 16)]).level(2).lasts(100)).unwrap();
    site.set(tx(1, &[(0, 10)]).lasts(200)).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 100: 10, 200: 6");
}

/// K02.FR.05.
#[test]
fn a_tx_profile_ends_with_its_transaction() {
    let mut site = v201(1).charging(1, noon(0)).with(tx_default(1, &[(0, 10)]).id(1)).with(tx(1, &[(0, 16)]).id(2));
    assert_eq!(site.profiles.transaction_ended(EvseId(1)), [2]);
    assert_eq!(site.ids(), [1]);
    let mut site = site.charging(1, noon(0));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
}

/// K01.FR.09, K02.FR.04: one that outlived a power cut counts for its own transaction only.
#[test]
fn a_tx_profile_counts_for_no_other_transaction() {
    let own = tx(1, &[(0, 16)]).of("another").by(ChargingLimitSource::Other);
    let mut site = v201(1).with(own);
    assert_eq!(site.amperes(1, noon(0), 600), "0: none");
    let mut site = site.charging(1, noon(0));
    assert_eq!(site.amperes(1, noon(0), 600), "0: none");
    site.profiles.transaction_runs(EvseId(1), "another".into(), Some(noon(0)));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16");
}

/// K01.FR.04.
#[test]
fn a_tx_profile_is_for_its_evse_only() {
    let mut site = v201(2).charging(1, noon(0)).charging(2, noon(0)).with(tx(2, &[(0, 16)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: none");
    assert_eq!(site.amperes(2, noon(0), 600), "0: 16");
}

/// 1.6 §5.16.3: the transaction may be left out, and else has the name that the Central System gave it.
#[test]
fn in_16_a_tx_profile_is_for_the_transaction_that_runs() {
    let mut site = v16(1).charging(1, noon(0)).with(tx(1, &[(0, 16)]).profile(|profile| profile.transaction_id = None));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16");
    site.profiles.transaction_is_named(EvseId(1), "4711".into());
    let mut site = site.with(tx(1, &[(0, 10)]).of("4711"));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
}

/// K01.FR.32: the transaction goes on with the new default.
#[test]
fn a_new_default_holds_for_a_transaction_that_runs() {
    let mut site = v201(1).charging(1, noon(-600)).with(tx_default(0, &[(0, 16)]).id(1));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16");
    assert_eq!(site.set(tx_default(0, &[(0, 10)]).id(1)), Ok(vec![1]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
}

/// K08.FR.04, SC.01.
#[test]
fn the_lowest_limit_of_all_purposes_holds() {
    let most = station_max(&[(0, 20), (300, 8)]);
    let mut site = v201(1).with(most).with(external(1, &[(0, 25), (100, 10)])).with(tx_default(1, &[(0, 16)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 100: 10, 300: 8");
}

/// K08.FR.04: peers lose this boundary (MicroOcpp misses a default's period where the maximum has a later one).
#[test]
fn a_period_of_a_default_shows_before_a_later_one_of_the_maximum() {
    let mut site = v201(1).with(station_max(&[(0, 32), (500, 20)])).with(tx_default(1, &[(0, 16), (100, 10)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 100: 10");
}

/// K11.FR.01, K12.FR.01: none may be exceeded, whatever the levels of another system.
#[test]
fn constraints_of_two_systems_hold_both() {
    let grid = external(0, &[(0, 10)]).by(ChargingLimitSource::SO);
    let mut site = v201(1).with(external(0, &[(0, 20), (300, 6)]).level(9)).with(grid);
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10, 300: 6");
}

/// Part 2 §3.4: within one system levels rank.
#[test]
fn constraints_of_one_system_are_a_stack() {
    let mut site = v201(1).with(external(0, &[(0, 20)]).level(1).lasts(300)).with(external(0, &[(0, 10)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 20, 300: 10");
}

/// K11.FR.01: one for an EVSE limits that EVSE, one for the station all.
#[test]
fn constraints_of_an_evse_do_not_limit_another() {
    let mut site = v201(2).with(external(1, &[(0, 10)])).with(external(0, &[(0, 20)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
    assert_eq!(site.amperes(2, noon(0), 600), "0: 20");
}

/// 1.6 §5.16.4 with errata 3.43, K06.FR.02: no number stands for "no limit". MicroOcpp answers -1.
#[test]
fn a_gap_has_no_limit_unless_the_query_fills_it() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).starts(noon(100)).lasts(300));
    let query = Query::new(EvseId(1), noon(0), 600, RateUnit::A);
    let gap = &site.composite(&query).periods[0];
    assert_eq!((gap.limit, gap.to_wire().limit), (None, None));
    assert_eq!(shown(&site.composite(&Query { fill: rate("32"), ..query })), "0: 32, 100: 6, 400: 32");
}

/// K02.FR.08: the fallback is the local limit.
#[test]
fn ratings_limit_if_they_are_asked_for() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6), (300, 63)]));
    site.profiles.set_rating(EvseId(1), Rating { current_a: Decimal::from_int(32), phases: 3 });
    let query = Query { rated: true, ..Query::new(EvseId(1), noon(-100), 600, RateUnit::A) };
    assert_eq!(shown(&site.composite(&query)), "0: 32 on 3, 100: 6 on 3, 400: 32 on 3");
    assert_eq!(site.amperes(1, noon(-100), 600), "0: none, 100: 6, 400: 63");
}

/// K08.FR.04.
#[test]
fn a_limit_of_zero_is_a_limit() {
    let mut site = v201(1).with(station_max(&[(0, 20)])).with(tx_default(1, &[(0, 0), (300, 16)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 0, 300: 16");
    assert_eq!(site.watts(1, noon(0), 300), "0: 0");
}

/// K01.FR.21: a hint. MicroOcpp raises limits to it, so that a pause charges.
#[test]
fn min_charging_rate_raises_nothing() {
    let hint = |draft: Draft| draft.schedule(|schedule| schedule.min_charging_rate = rate("500"));
    let mut site = v201(1).with(hint(tx_default(1, &[(0, 0), (300, 400)]).watts()));
    assert_eq!(site.watts(1, noon(0), 600), "0: 0, 300: 400");
}

/// TC_K_41_CS. MicroOcpp never merges.
#[test]
fn neighbours_that_say_the_same_are_one_period() {
    let mut site = v201(1).with(tx_default(1, &[(0, 10), (100, 10), (200, 12)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10, 200: 12");
}

/// TC_K_41_CS: where a limit comes from is not what it says. Libocpp keeps levels apart in 1.6.
#[test]
fn neighbours_of_different_levels_and_purposes_are_one_period() {
    let high = tx_default(1, &[(0, 10)]).level(1).lasts(100);
    let mut site = v16(1).with(high).with(tx_default(1, &[(0, 10), (200, 32)])).with(station_max(&[(0, 10)]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
}
