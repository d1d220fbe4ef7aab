//! Certification cases. Requests come 20 s after the schedules begin, which is the time deviation that is allowed.

use crate::build::{Draft, Site, noon, station_max, tx, tx_default, v16, v201};
use pilotwire::charging::Reason;

/// K08.FR.02.
#[test]
fn tc_k_39_cs_no_profile_is_one_period_without_a_limit() {
    let mut site = v201(2);
    assert_eq!(site.amperes(0, noon(0), 300), "0: none");
    assert_eq!(site.amperes(1, noon(0), 300), "0: none");
}

fn stacked(site: Site, allowance: i32) -> Site {
    let valid = |draft: Draft| draft.starts(noon(-20)).valid_from(noon(-20)).valid_to(noon(421)).phases(3);
    let low = tx_default(1, &[(0, 6), (100, 8), (200, 10)]).lasts(400 + allowance);
    let high = tx_default(1, &[(0, 7), (100, 9)]).level(1).lasts(150 + allowance);
    site.with(valid(low)).with(valid(high))
}

/// K08.FR.02, K08.FR.06; errata 6.2.72.
#[test]
fn tc_k_40_cs_stacking_profiles() {
    let mut site = stacked(v201(1), 20);
    assert_eq!(site.amperes(1, noon(0), 350), "0: 7 on 3, 80: 9 on 3, 150: 8 on 3, 180: 10 on 3");
}

/// 1.6 §3.13.2.
#[test]
fn tc_072_cs_stacking_profiles() {
    let mut site = stacked(v16(1), 0);
    assert_eq!(site.amperes(1, noon(0), 350), "0: 7 on 3, 80: 9 on 3, 130: 8 on 3, 180: 10 on 3");
}

fn combined(site: Site, allowance: i32) -> Site {
    let valid = |draft: Draft| draft.starts(noon(-20)).valid_from(noon(-20)).valid_to(noon(421)).phases(3);
    let default = tx_default(1, &[(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)]).lasts(300 + allowance);
    let own = tx(1, &[(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)]).lasts(260 + allowance);
    let most = station_max(&[(0, 10)]).starts(noon(-20)).lasts(86_400).phases(3);
    site.charging(1, noon(-60)).with(most).with(valid(default)).with(valid(own))
}

/// K08.FR.04, K02.FR.08; errata 6.2.73, 6.2.74: the default returns when the TxProfile ends.
#[test]
fn tc_k_41_cs_combining_purposes() {
    let mut site = combined(v201(1), 20);
    assert_eq!(
        site.amperes(1, noon(0), 400),
        "0: 8 on 3, 30: 10 on 3, 180: 6 on 3, 220: 10 on 3, 260: 8 on 3, 300: 10 on 3"
    );
}

/// 1.6 §3.13.1: the default does not return within the transaction. Libocpp lets it through.
#[test]
fn tc_066_cs_combining_purposes() {
    let mut site = combined(v16(1), 0);
    assert_eq!(site.amperes(1, noon(0), 400), "0: 8 on 3, 30: 10 on 3, 180: 6 on 3, 220: 10 on 3");
}

/// K01.FR.36.
#[test]
fn tc_k_21_cs_valid_from() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).relative().valid_from(noon(300)));
    assert_eq!(site.amperes(1, noon(0), 400), "0: none, 300: 6");
}

/// K01.FR.37, K01.FR.14: for EVSE 0 the limit is multiplied by the number of EVSEs.
#[test]
fn tc_k_22_cs_valid_to() {
    let mut site = v201(2).with(tx_default(0, &[(0, 6)]).valid_from(noon(-20)).valid_to(noon(300)));
    assert_eq!(site.amperes(0, noon(0), 400), "0: 12, 300: none");
    assert_eq!(site.amperes(1, noon(0), 400), "0: 6, 300: none");
    assert_eq!(site.amperes(2, noon(0), 400), "0: 6, 300: none");
}

/// K01.FR.30; errata 6.2.67.
#[test]
fn tc_k_23_cs_start_schedule() {
    let mut site = v201(1).with(tx_default(1, &[(0, 6)]).starts(noon(60)));
    assert_eq!(site.amperes(1, noon(0), 300), "0: none, 60: 6");
}

/// 1.6 §3.13.1; K01.FR.09. In libocpp those that name no transaction count without one.
#[test]
fn tc_058_1_cs_a_tx_profile_without_a_transaction() {
    assert_eq!(v16(1).refusal(tx(1, &[(0, 6)])), Reason::TxNotFound);
    assert_eq!(v201(1).refusal(tx(1, &[(0, 6)])), Reason::TxNotFound);
    let nameless = tx(1, &[(0, 6)]).profile(|profile| profile.transaction_id = None);
    assert_eq!(v16(1).refusal(nameless), Reason::TxNotFound);
}

/// K01.FR.33.
#[test]
fn tc_058_2_cs_a_tx_profile_for_another_transaction() {
    assert_eq!(v16(1).charging(1, noon(0)).refusal(tx(1, &[(0, 6)]).of("T2")), Reason::TxNotFound);
    assert_eq!(v201(1).charging(1, noon(0)).refusal(tx(1, &[(0, 6)]).of("T2")), Reason::TxNotFound);
}
