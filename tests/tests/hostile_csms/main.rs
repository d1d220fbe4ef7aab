//! Hostile CSMSs against the station of every adapter: whatever answers at its URL, the station gives up on it, goes on
//! charging, and finds the honest one when that is back. What each attack is has a number (S-8 and so on) that other tests
//! share.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[allow(dead_code, reason = "the tests of TLS without a network need more")]
#[path = "../../../adapters/wire/tests/common/mod.rs"]
mod certificates;
mod clocks;
mod frames;
mod handshakes;
mod port;
#[allow(dead_code, reason = "the attacks on servers do more with a station")]
mod stations;
mod talk;
mod trust;

macro_rules! on_every_adapter {
    ($($room:ident::$case:ident)*) => {
        mod tokio_adapter { $(#[test] fn $case() { crate::$room::$case(crate::stations::on_tokio); })* }
        mod blocking { $(#[test] fn $case() { crate::$room::$case(crate::stations::on_threads); })* }
        mod smol_adapter { $(#[test] fn $case() { crate::$room::$case(crate::stations::on_smol); })* }
        mod async_std_adapter { $(#[test] fn $case() { crate::$room::$case(crate::stations::on_async_std); })* }
    };
}

on_every_adapter! {
    trust::s_07_a_weak_password_is_neither_shown_nor_taken
    trust::s_08_no_redirect_and_no_command_leads_to_a_lower_profile
    trust::s_09_old_versions_of_tls_are_refused_and_told
    trust::s_09_weak_suites_are_refused_and_told
    trust::s_10_whoever_shows_a_bad_chain_is_refused_and_the_good_one_is_found
    trust::s_10_charging_goes_on_while_nobody_good_answers
    clocks::s_12_a_clock_that_lies_revives_no_certificate_and_moves_no_energy
    clocks::s_12_a_time_that_is_none_is_not_believed
    handshakes::s_23_slow_and_silent_handshakes_are_given_up
    handshakes::s_23_a_response_that_is_odd_or_too_long_is_refused
    handshakes::s_25_what_is_no_tls_is_refused
    handshakes::s_25_honest_tls_in_pieces_is_understood
    frames::s_19_frames_that_break_rules_or_limits_end_their_connection
    frames::s_20_deep_and_wide_json_gets_an_error_and_nothing_breaks
    frames::s_21_who_floods_and_does_not_read_is_read_no_further
    frames::s_21_answers_that_nobody_asked_for_are_passed_over
    frames::s_21_who_never_answers_is_given_up
    frames::s_22_a_compressed_bomb_ends_its_connection
    frames::s_24_pings_without_end_or_sense_end_their_connection
    frames::s_26_the_same_call_is_executed_once
    frames::s_26_an_answer_counts_once
}
