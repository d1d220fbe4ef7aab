//! What is refused.

use crate::build::{Draft, Site, external, noon, rate, refused_by, station_max, tx, tx_default, v16, v201};
use pilotwire::Version;
use pilotwire::charging::{MAX_RATE, Reason, Rules};
use pilotwire::domain::EvseId;
use pilotwire::messages::v2::{ChargingLimitSource, ChargingProfileKind, ChargingProfilePurpose};

#[track_caller]
fn refused(draft: Draft) -> Reason {
    refused_by(v201(2), draft)
}

/// K01.FR.28.
#[test]
fn a_profile_for_an_unknown_evse_is_refused() {
    assert_eq!(refused(tx_default(3, &[(0, 16)])), Reason::UnknownEvse);
    assert_eq!(refused(tx_default(-1, &[(0, 16)])), Reason::UnknownEvse);
}

/// K01.FR.16; 1.6 §3.13.1.
#[test]
fn a_tx_profile_for_evse_0_is_refused() {
    assert_eq!(refused(tx(0, &[(0, 16)]).of("T1")), Reason::InvalidProfile);
    assert_eq!(refused_by(v16(2), tx(0, &[(0, 16)]).of("T1")), Reason::InvalidProfile);
}

/// K01.FR.03.
#[test]
fn a_tx_profile_that_names_no_transaction_is_refused() {
    assert_eq!(refused(tx(1, &[(0, 16)]).profile(|profile| profile.transaction_id = None)), Reason::InvalidProfile);
}

/// K01.FR.09: there is a transaction, but at another EVSE.
#[test]
fn a_tx_profile_for_an_evse_without_a_transaction_is_refused() {
    assert_eq!(refused(tx(2, &[(0, 16)]).of("T1")), Reason::TxNotFound);
}

/// K04.FR.03; 1.6 §3.13.1.
#[test]
fn a_maximum_for_one_evse_is_refused() {
    let for_evse_1 = || {
        let purpose = ChargingProfilePurpose::ChargingStationMaxProfile;
        tx_default(1, &[(0, 16)]).profile(|profile| profile.charging_profile_purpose = purpose)
    };
    assert_eq!(refused(for_evse_1()), Reason::InvalidProfile);
    assert_eq!(refused_by(v16(2), for_evse_1()), Reason::InvalidProfile);
}

/// K01.FR.38.
#[test]
fn a_relative_maximum_is_refused() {
    assert_eq!(refused(station_max(&[(0, 16)]).relative()), Reason::InvalidProfile);
}

/// K01.FR.22.
#[test]
fn external_constraints_from_the_csms_are_refused() {
    assert_eq!(refused(external(0, &[(0, 16)]).by(ChargingLimitSource::CSO)), Reason::InvalidProfile);
}

/// K01.FR.26.
#[test]
fn a_unit_that_is_not_taken_is_refused() {
    let amperes_only = Rules { watts: false, ..Rules::of(Version::V201) };
    let watts_only = Rules { amperes: false, ..Rules::of(Version::V201) };
    assert_eq!(Site::new(amperes_only, 1).refusal(tx_default(1, &[(0, 16)]).watts()), Reason::UnsupportedRateUnit);
    assert_eq!(Site::new(watts_only, 1).refusal(tx_default(1, &[(0, 16)])), Reason::UnsupportedRateUnit);
}

/// K01.FR.35: increasing, so not equal either.
#[test]
fn periods_out_of_order_are_refused() {
    assert_eq!(refused(tx_default(1, &[(0, 16), (200, 10), (100, 6)])), Reason::InvalidSchedule);
    assert_eq!(refused(tx_default(1, &[(0, 16), (100, 10), (100, 6)])), Reason::InvalidSchedule);
    assert_eq!(refused(tx_default(1, &[(-1, 16)])), Reason::InvalidSchedule);
}

/// K01.FR.35: also where periods are not executed (K01.FR.11).
#[test]
fn periods_out_of_order_past_the_duration_are_refused() {
    assert_eq!(refused(tx_default(1, &[(0, 16), (200, 10), (150, 6)]).lasts(100)), Reason::InvalidSchedule);
}

/// Part 2, ChargingSchedulePeriodType: a limit is what may be taken.
#[test]
fn limits_that_mean_nothing_are_refused() {
    let limit = |limit: &str| tx_default(1, &[(0, 0)]).period(|period| period.limit = rate(limit));
    assert_eq!(refused(limit("-0.1")), Reason::InvalidSchedule);
    assert_eq!(refused(limit(&(MAX_RATE + 1).to_string())), Reason::InvalidSchedule);
    let mut site = v201(1).with(limit(&MAX_RATE.to_string()));
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10000000000");
}

/// K01.FR.12: no time passes backwards.
#[test]
fn a_negative_duration_is_refused() {
    assert_eq!(refused(tx_default(1, &[(0, 16)]).lasts(-1)), Reason::InvalidSchedule);
}

/// K01.FR.36, K01.FR.37: never valid.
#[test]
fn a_validity_that_ends_before_it_begins_is_refused() {
    assert_eq!(refused(tx_default(1, &[(0, 16)]).valid_from(noon(300)).valid_to(noon(300))), Reason::InvalidProfile);
}

/// K01.FR.40.
#[test]
fn an_absolute_or_recurring_schedule_without_a_start_is_refused() {
    assert_eq!(refused(tx_default(1, &[(0, 16)]).without_start()), Reason::InvalidSchedule);
    assert_eq!(refused(tx_default(1, &[(0, 16)]).daily().without_start()), Reason::InvalidSchedule);
}

/// Part 2 §3.3: how often is not to be guessed. MicroOcpp takes days.
#[test]
fn a_recurring_profile_that_does_not_say_how_often_is_refused() {
    let draft = tx_default(1, &[(0, 16)]).kind(ChargingProfileKind::Recurring);
    assert_eq!(refused(draft), Reason::InvalidProfile);
}

/// K01.FR.41.
#[test]
fn a_relative_schedule_with_a_start_is_refused() {
    assert_eq!(refused(tx_default(1, &[(0, 16)]).relative().starts(noon(0))), Reason::InvalidSchedule);
}

/// SmartChargingCtrlr.ProfileStackLevel; 1.6 ChargeProfileMaxStackLevel.
#[test]
fn a_stack_level_above_the_highest_is_refused() {
    let mut site = Site::new(Rules { max_stack_level: 3, ..Rules::of(Version::V201) }, 1);
    assert_eq!(site.refusal(tx_default(1, &[(0, 16)]).level(4)), Reason::InvalidStackLevel);
    assert_eq!(site.refusal(tx_default(1, &[(0, 16)]).level(-1)), Reason::InvalidStackLevel);
    site.set(tx_default(1, &[(0, 16)]).level(3)).unwrap();
}

/// SmartChargingCtrlr.Entries; 1.6 MaxChargingProfilesInstalled.
#[test]
fn a_profile_too_many_is_refused_but_one_that_replaces_is_none_too_many() {
    let mut site = Site::new(Rules { max_profiles: 2, ..Rules::of(Version::V201) }, 1);
    site.set(tx_default(1, &[(0, 16)]).id(1)).unwrap();
    site.set(tx_default(1, &[(0, 16)]).level(1).id(2)).unwrap();
    assert_eq!(site.refusal(tx_default(1, &[(0, 16)]).level(2).id(3)), Reason::OutOfStorage);
    assert_eq!(site.set(tx_default(1, &[(0, 10)]).level(2).id(2)), Ok(vec![2]));
}

/// SmartChargingCtrlr.PeriodsPerSchedule; 1.6 ChargingScheduleMaxPeriods.
#[test]
fn a_period_too_many_is_refused() {
    let mut site = Site::new(Rules { max_periods: 2, ..Rules::of(Version::V201) }, 1);
    assert_eq!(site.refusal(tx_default(1, &[(0, 16), (1, 10), (2, 6)])), Reason::TooManyElements);
    site.set(tx_default(1, &[(0, 16), (1, 10)])).unwrap();
}

/// K01.FR.19.
#[test]
fn a_phase_to_use_of_several_is_refused() {
    assert_eq!(refused(tx_default(1, &[(0, 16)]).on_phase(2).phases(3)), Reason::InvalidSchedule);
    let of_default = tx_default(1, &[(0, 16)]).period(|period| period.phase_to_use = Some(2));
    assert_eq!(refused(of_default), Reason::InvalidSchedule);
}

/// K01.FR.48.
#[test]
fn a_phase_to_use_is_refused_where_phases_cannot_be_switched() {
    let fixed = Rules { phase_switching: false, ..Rules::of(Version::V201) };
    assert_eq!(refused_by(Site::new(fixed, 2), tx_default(1, &[(0, 16)]).on_phase(2)), Reason::InvalidSchedule);
}

/// K01.FR.141; errata 2.36, its example.
#[test]
fn profiles_that_choose_different_phases_are_refused() {
    let mut site = v201(1).charging(1, noon(0)).with(station_max(&[(0, 16)]).on_phase(1));
    assert_eq!(site.refusal(tx(1, &[(0, 10)]).on_phase(3)), Reason::PhaseConflict);
    assert_eq!(site.refusal(tx(1, &[(0, 10)]).relative().on_phase(3)), Reason::PhaseConflict);
    site.set(tx(1, &[(0, 10)]).on_phase(1)).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: 10 on 1 (L1)");
}

/// K01.FR.141: only among profiles that apply together.
#[test]
fn profiles_that_are_never_valid_together_may_choose_different_phases() {
    let mut site = v201(1).with(station_max(&[(0, 16)]).on_phase(1).valid_to(noon(300)));
    site.set(tx_default(1, &[(0, 10)]).on_phase(3).valid_from(noon(300))).unwrap();
    assert_eq!(site.amperes(1, noon(0), 600), "0: 16 on 1 (L1), 300: 10 on 1 (L3)");
}

/// K15.FR.07.
#[test]
fn a_fourth_schedule_is_refused() {
    let four = tx(1, &[(0, 16)]).or(&[(0, 10)]).or(&[(0, 8)]).or(&[(0, 6)]);
    assert_eq!(refused(four), Reason::InvalidProfile);
    assert_eq!(refused(tx(1, &[(0, 16)]).profile(|profile| profile.charging_schedule.clear())), Reason::InvalidProfile);
}

/// K05.FR.02; K05 remarks, 1.6 §5.16.2: a remote start brings a TxProfile that names no transaction.
#[test]
fn a_profile_of_a_remote_start_is_a_tx_profile_without_a_transaction() {
    let site = v201(1);
    let check = |draft: Draft| site.profiles.check_for_start(EvseId(1), &draft.id(1).into_profile(), noon(0));
    let nameless = tx(1, &[(0, 16)]).profile(|profile| profile.transaction_id = None);
    assert_eq!(check(nameless), Ok(()));
    assert_eq!(check(tx(1, &[(0, 16)])).unwrap_err().reason, Reason::InvalidProfile);
    assert_eq!(check(tx_default(1, &[(0, 16)])).unwrap_err().reason, Reason::InvalidProfile);
}
