//! Hostile peers against the server of every adapter: an honest station stays served throughout. What each attack is has a
//! number (S-3 and so on) that other tests share.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod cases;
#[allow(dead_code, reason = "the tests of TLS without a network need more")]
#[path = "../../../adapters/wire/tests/common/mod.rs"]
mod certificates;
mod money;
mod peer;
mod rotation;
mod stands;
#[allow(dead_code, reason = "the tests of hostile CSMSs do more with a station")]
#[path = "../hostile_csms/stations.rs"]
mod stations;
mod trust;

macro_rules! on_every_adapter {
    ($($room:ident::$case:ident)*) => {
        mod tokio_adapter { $(#[test] fn $case() { crate::$room::$case(crate::stands::on_tokio); })* }
        mod blocking { $(#[test] fn $case() { crate::$room::$case(crate::stands::on_threads); })* }
        mod smol_adapter { $(#[test] fn $case() { crate::$room::$case(crate::stands::on_smol); })* }
        mod async_std_adapter { $(#[test] fn $case() { crate::$room::$case(crate::stands::on_async_std); })* }
    };
}

macro_rules! between_both_ends {
    ($($room:ident::$case:ident)*) => {
        mod both_on_tokio { $(#[test] fn $case() { crate::$room::$case(crate::stands::on_tokio, crate::stations::on_tokio); })* }
        mod both_on_threads { $(#[test] fn $case() { crate::$room::$case(crate::stands::on_threads, crate::stations::on_threads); })* }
        mod both_on_smol { $(#[test] fn $case() { crate::$room::$case(crate::stands::on_smol, crate::stations::on_smol); })* }
        mod both_on_async_std { $(#[test] fn $case() { crate::$room::$case(crate::stands::on_async_std, crate::stations::on_async_std); })* }
    };
}

between_both_ends! {
    rotation::s_07_a_weak_password_is_set_by_nobody
    rotation::s_13_a_certificate_that_is_not_good_leaves_the_old_one_in_use
    rotation::s_13_a_root_that_the_old_one_did_not_sign_is_rejected
}

on_every_adapter! {
    cases::s_03_nobody_comes_in_without_the_right_credentials
    cases::s_04_guessing_is_slowed_down_and_locks_nobody_out
    cases::s_05_who_cannot_authenticate_throws_nobody_out
    cases::s_05_the_newest_connection_wins_and_the_old_one_is_closed
    cases::s_05_a_storm_of_takeovers_is_slowed_down
    cases::s_06_an_identity_is_what_it_is_byte_by_byte
    cases::s_07_no_default_and_no_weak_password_lets_anybody_in
    trust::s_08_nobody_comes_back_with_a_lower_profile
    trust::s_09_old_versions_and_weak_suites_get_an_alert
    trust::s_11_stations_with_bad_certificates_stay_outside
    trust::s_12_no_clock_revives_a_certificate
    cases::s_19_frames_that_break_rules_or_limits_end_their_connection_alone
    cases::s_20_deep_and_wide_json_gets_an_error_and_nothing_breaks
    cases::s_21_who_floods_and_does_not_read_is_slowed_down_alone
    cases::s_21_who_never_pauses_keeps_nobody_else_waiting
    cases::s_21_answers_that_nobody_asked_for_are_passed_over
    cases::s_22_a_compressed_bomb_ends_its_connection
    cases::s_23_slow_and_silent_handshakes_are_dropped
    cases::s_23_heads_that_are_too_long_or_odd_are_refused
    cases::s_24_pings_without_end_or_sense_end_their_connection
    cases::s_25_what_is_no_tls_is_refused_and_honest_tls_goes_on
    money::s_26_what_is_sent_again_is_not_executed_again
    money::s_27_a_clock_that_lies_changes_no_bill
}
