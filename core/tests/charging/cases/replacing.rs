//! What replaces what, and what is cleared.

use crate::build::{Site, external, generation, noon, station_max, tx, tx_default, v16, v21, v201};
use pilotwire::charging::Reason;
use pilotwire::domain::{EvseId, ProfileCriteria};
use pilotwire::messages::v2::ChargingProfilePurpose;

/// K01.FR.05.
#[test]
fn a_profile_replaces_the_one_with_its_id() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]).id(1));
    assert_eq!(site.set(tx_default(1, &[(0, 10)]).id(1)), Ok(vec![1]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
    assert_eq!(site.ids(), [1]);
}

/// K01.FR.05: an id is the station's, not an EVSE's or a purpose's.
#[test]
fn a_profile_replaces_the_one_with_its_id_wherever_it_was() {
    let mut site = v201(2).with(tx_default(1, &[(0, 16)]).id(1));
    assert_eq!(site.set(tx_default(2, &[(0, 10)]).level(3).id(1)), Ok(vec![1]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: none");
    assert_eq!(site.set(station_max(&[(0, 8)]).id(1)), Ok(vec![1]));
    assert_eq!(site.amperes(2, noon(0), 600), "0: 8");
    assert_eq!(site.ids(), [1]);
}

/// K01.FR.05 with errata 2.38: not by the CSMS, but by whoever set it. Libocpp finds such a profile in conflict with itself.
#[test]
fn external_constraints_are_replaced_by_their_own_system_only() {
    let mut site = v201(1).with(external(0, &[(0, 20)]).id(1));
    assert_eq!(site.refusal(tx_default(1, &[(0, 32)]).id(1)), Reason::DuplicateProfile);
    assert_eq!(site.set(external(0, &[(0, 10)]).id(1)), Ok(vec![1]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
}

/// K01.FR.05: only external constraints are exempt.
#[test]
fn local_generation_is_replaced_by_a_profile_with_its_id() {
    let mut site = v21(1).with(generation(0, &[(0, 20)]).id(1));
    assert_eq!(site.set(tx_default(1, &[(0, 32)]).id(1)), Ok(vec![1]));
}

/// 1.6 §5.16.4, §3.13.2. Ocpp-kit keeps both.
#[test]
fn in_16_a_profile_replaces_the_one_of_its_purpose_and_level() {
    let mut site = v16(1).with(tx_default(1, &[(0, 16)]).id(1)).with(tx_default(1, &[(0, 8)]).level(1).lasts(60).id(2));
    assert_eq!(site.set(tx_default(1, &[(0, 10)]).id(3)), Ok(vec![1]));
    assert_eq!(site.ids(), [2, 3]);
    assert_eq!(site.amperes(1, noon(0), 600), "0: 8, 60: 10");
}

/// 1.6 §5.16.4: by its id and by its level two may go at once.
#[test]
fn in_16_a_profile_may_replace_two() {
    let mut site = v16(1).with(tx_default(1, &[(0, 16)]).id(1)).with(tx_default(1, &[(0, 8)]).level(1).id(2));
    assert_eq!(site.set(tx_default(1, &[(0, 10)]).level(1).id(1)), Ok(vec![1, 2]));
    assert_eq!(site.ids(), [1]);
}

/// 1.6 §5.16.3.
#[test]
fn in_16_a_tx_profile_replaces_the_one_of_its_level() {
    let mut site = v16(1).charging(1, noon(0)).with(tx(1, &[(0, 16)]).id(1));
    assert_eq!(site.set(tx(1, &[(0, 10)]).id(2)), Ok(vec![1]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10");
}

/// 1.6 §3.13.2: the old one is gone already, and default behaviour holds until the new one is valid.
#[test]
fn in_16_a_profile_replaces_even_if_it_is_valid_later() {
    let mut site = v16(1).with(tx_default(1, &[(0, 16)]).id(1));
    assert_eq!(site.set(tx_default(1, &[(0, 10)]).valid_from(noon(300)).id(2)), Ok(vec![1]));
    assert_eq!(site.amperes(1, noon(0), 600), "0: none, 300: 10");
}

/// K01.FR.06.
#[test]
fn a_second_profile_of_a_purpose_and_level_is_refused() {
    let mut site = v201(2).with(tx_default(1, &[(0, 16)])).with(station_max(&[(0, 32)]));
    assert_eq!(site.refusal(tx_default(1, &[(0, 10)])), Reason::DuplicateProfile);
    assert_eq!(site.refusal(station_max(&[(0, 10)])), Reason::DuplicateProfile);
    site.set(tx_default(2, &[(0, 10)])).unwrap();
}

/// K01.FR.06: unless they are never valid at the same time; one may begin where the other ends (K01.FR.36, K01.FR.37).
#[test]
fn profiles_of_a_purpose_and_level_may_be_valid_one_after_the_other() {
    let mut site = v201(1).with(tx_default(1, &[(0, 16)]).valid_to(noon(300)));
    assert_eq!(site.refusal(tx_default(1, &[(0, 10)]).valid_from(noon(299))), Reason::DuplicateProfile);
    site.set(tx_default(1, &[(0, 10)]).valid_from(noon(300))).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16, 300: 10");
}

/// K01.FR.39.
#[test]
fn a_second_tx_profile_of_a_level_is_refused() {
    let mut site = v201(1).charging(1, noon(0)).with(tx(1, &[(0, 16)]));
    assert_eq!(site.refusal(tx(1, &[(0, 10)])), Reason::DuplicateProfile);
    site.set(tx(1, &[(0, 10)]).level(1)).unwrap();
}

/// K01.FR.52.
#[test]
fn a_default_of_evse_0_is_refused_if_an_evse_has_one_of_its_level() {
    let mut site = v201(2).with(tx_default(2, &[(0, 16)]).id(1));
    assert_eq!(site.refusal(tx_default(0, &[(0, 10)]).id(2)), Reason::DuplicateProfile);
    assert_eq!(site.set(tx_default(0, &[(0, 10)]).id(1)), Ok(vec![1]), "unless it has the same id");
}

/// K01.FR.53.
#[test]
fn a_default_of_an_evse_is_refused_if_evse_0_has_one_of_its_level() {
    let mut site = v201(2).with(tx_default(0, &[(0, 16)]).id(1));
    assert_eq!(site.refusal(tx_default(2, &[(0, 10)]).id(2)), Reason::DuplicateProfile);
    site.set(tx_default(2, &[(0, 10)]).level(1).id(2)).unwrap();
    assert_eq!(site.set(tx_default(2, &[(0, 10)]).id(1)), Ok(vec![1]), "unless it has the same id");
}

/// K01.FR.52, K01.FR.53: other than K01.FR.06, whenever they are valid.
#[test]
fn defaults_of_an_evse_and_of_evse_0_have_different_levels_even_if_valid_one_after_the_other() {
    let mut site = v201(1).with(tx_default(0, &[(0, 16)]).valid_to(noon(300)));
    assert_eq!(site.refusal(tx_default(1, &[(0, 10)]).valid_from(noon(300))), Reason::DuplicateProfile);
}

/// A maximum (1), defaults of both EVSEs (2, 3, and 4 of level 1), and constraints (5).
fn full() -> Site {
    let defaults = v201(2).with(station_max(&[(0, 32)]).id(1)).with(tx_default(1, &[(0, 16)]).id(2));
    let defaults = defaults.with(tx_default(2, &[(0, 10)]).id(3)).with(tx_default(2, &[(0, 8)]).level(1).id(4));
    defaults.with(external(0, &[(0, 20)]).id(5))
}

#[track_caller]
fn cleared(criteria: ProfileCriteria, ids: &[i32], left: &[i32]) {
    let mut site = full();
    assert_eq!(site.profiles.clear(&criteria), ids);
    assert_eq!(site.ids(), left);
}

/// K10.FR.03, K10.FR.01.
#[test]
fn a_profile_is_cleared_by_its_id() {
    cleared(ProfileCriteria::id(3), &[3], &[1, 2, 4, 5]);
    cleared(ProfileCriteria::id(9), &[], &[1, 2, 3, 4, 5]);
}

/// K10.FR.04: all that is given must match.
#[test]
fn profiles_are_cleared_by_evse_purpose_and_level() {
    let any = ProfileCriteria::default;
    let defaults = Some(ChargingProfilePurpose::TxDefaultProfile);
    cleared(ProfileCriteria { evse: Some(EvseId(2)), ..any() }, &[3, 4], &[1, 2, 5]);
    cleared(ProfileCriteria { purpose: defaults.clone(), ..any() }, &[2, 3, 4], &[1, 5]);
    cleared(ProfileCriteria { stack_level: Some(0), purpose: defaults.clone(), ..any() }, &[2, 3], &[1, 4, 5]);
    let one = ProfileCriteria { evse: Some(EvseId(2)), purpose: defaults, stack_level: Some(1), ..any() };
    cleared(one.clone(), &[4], &[1, 2, 3, 5]);
    cleared(ProfileCriteria { evse: Some(EvseId(1)), ..one }, &[], &[1, 2, 3, 4, 5]);
}

/// K10.FR.04: EVSE 0 is a place like any other, not all of them.
#[test]
fn profiles_of_evse_0_are_cleared_alone() {
    cleared(ProfileCriteria { evse: Some(EvseId(0)), ..ProfileCriteria::default() }, &[1], &[2, 3, 4, 5]);
}

/// K10.FR.04: all, but for external constraints.
#[test]
fn everything_is_cleared_but_external_constraints() {
    cleared(ProfileCriteria::default(), &[1, 2, 3, 4], &[5]);
}

/// K10.FR.08, K10.FR.09.
#[test]
fn external_constraints_are_not_cleared() {
    cleared(ProfileCriteria::id(5), &[], &[1, 2, 3, 4, 5]);
    let purpose = Some(ChargingProfilePurpose::ChargingStationExternalConstraints);
    cleared(ProfileCriteria { purpose, ..ProfileCriteria::default() }, &[], &[1, 2, 3, 4, 5]);
}

/// K10.FR.09 of 2.1.
#[test]
fn local_generation_is_not_cleared() {
    let mut site = v21(1).with(generation(0, &[(0, 10)]).id(1));
    assert!(site.profiles.clear(&ProfileCriteria::id(1)).is_empty());
    assert!(site.profiles.clear(&ProfileCriteria::default()).is_empty());
    assert_eq!(site.ids(), [1]);
}

/// K10.FR.05, K10.FR.07: the transaction goes on as if there had been no default.
#[test]
fn without_its_default_a_transaction_goes_on() {
    let mut site = v201(1).charging(1, noon(-600)).with(tx_default(1, &[(0, 6)]).id(1)).with(station_max(&[(0, 20)]));
    site.profiles.clear(&ProfileCriteria::id(1));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 20");
}

/// K13: what an external system set, and only that.
#[test]
fn external_constraints_are_released_by_the_site() {
    let mut site = full();
    assert_eq!(site.profiles.release(&ProfileCriteria::default()), [5]);
    assert_eq!(site.ids(), [1, 2, 3, 4]);
}
