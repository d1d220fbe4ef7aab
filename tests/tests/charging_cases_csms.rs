//! Certification cases of block K for a CSMS of 2.0.1, with their errata. Those about vehicles' needs are in
//! `charging_cases_needs_csms.rs`.

use pilotwire::Version;
use pilotwire::csms::{Outcome, Output, ProfileDifferences};
use pilotwire::domain::{
    ChargingLimitSource, ChargingProfile, ChargingProfilePurpose, ChargingRateUnit, Command, CompositeQuery, EvseId,
    IdToken, IdTokenKind, ProfileCriteria, Reply,
};
use pilotwire_tests::charging::{
    T0, accepts, lasting, of_transaction, on_three_phases, profile, relative, steps, transaction, valid,
};
use pilotwire_tests::desk::{Desk, updated};
use pilotwire_tests::transcript::Transcript;
use serde_json::{Value, json};

const END: &str = "2026-03-01T10:05:00.000Z";

fn desk() -> Desk {
    Desk::accepted(Version::V201)
}

/// A profile of five minutes on three phases.
fn short(id: i32, level: i32, purpose: &str, limit: i32) -> Value {
    on_three_phases(lasting(profile(id, level, purpose, &[(0, limit)]), 300))
}

fn domain(profile: &Value) -> ChargingProfile {
    serde_json::from_value(profile.clone()).expect("a profile")
}

/// The CSMS sets a profile: it must go out as it was given. The CALL stays open.
fn sends(desk: &mut Desk, evse: i32, profile: &Value) {
    let command = Command::SetChargingProfile { evse: EvseId(evse), profile: Box::new(domain(profile)) };
    let sent = desk.command("SetChargingProfile", command);
    assert_eq!(sent, json!({ "evseId": evse, "chargingProfile": profile }));
}

/// The CSMS sets a profile that a station takes, and remembers it.
fn sets(desk: &mut Desk, evse: i32, profile: &Value) {
    accepts(&mut Transcript::accepted(Version::V201, &[]), evse, profile);
    sends(desk, evse, profile);
    let outcome = desk.answer(json!({ "status": "Accepted" }));
    assert_eq!(outcome, Outcome::Reply(Reply::SetChargingProfile { accepted: true, why: None }));
    assert!(desk.profiles().contains(&(EvseId(evse), domain(profile))));
}

/// TC_K_01_CSMS, K01.FR.31, errata 6.3.13.
#[test]
fn tc_k_01_csms_a_default_profile_is_set_for_one_evse() {
    sets(&mut desk(), 1, &valid(short(1, 0, "TxDefaultProfile", 6), Some(T0), Some(END)));
}

/// TC_K_02_CSMS, K01.FR.03, errata 6.3.13.
#[test]
fn tc_k_02_csms_a_profile_without_its_transaction_is_rejected() {
    let mut desk = desk();
    let mut tx = relative(short(1, 0, "TxProfile", 7));
    tx["transactionId"] = "UNKNOWN".into();
    sends(&mut desk, 1, &tx);
    let outcome = desk.answer(json!({ "status": "Rejected" }));
    assert_eq!(outcome, Outcome::Reply(Reply::SetChargingProfile { accepted: false, why: None }));
    assert_eq!(desk.profiles(), []);
}

/// TC_K_03_CSMS, K01.FR.31, K01.FR.38, errata 6.3.14.
#[test]
fn tc_k_03_csms_a_maximum_is_set_for_the_station() {
    sets(&mut desk(), 0, &short(1, 0, "ChargingStationMaxProfile", 8));
}

/// TC_K_04_CSMS, errata 6.3.13.
#[test]
fn tc_k_04_csms_a_profile_replaces_the_one_with_its_id() {
    let mut desk = desk();
    sets(&mut desk, 1, &short(1, 0, "TxDefaultProfile", 8));
    let second = short(1, 0, "TxDefaultProfile", 6);
    sets(&mut desk, 1, &second);
    assert_eq!(desk.profiles(), [(EvseId(1), domain(&second))]);
}

/// TC_K_10_CSMS, K01.FR.31, errata 6.3.15.
#[test]
fn tc_k_10_csms_a_default_profile_is_set_for_every_evse() {
    sets(&mut desk(), 0, &short(1, 0, "TxDefaultProfile", 6));
}

/// TC_K_15_CSMS, errata 6.3.16.
#[test]
fn tc_k_15_csms_a_station_may_not_support_profiles() {
    let mut desk = desk();
    sends(&mut desk, 1, &short(1, 0, "TxDefaultProfile", 6));
    let outcome = desk.answer_error("NotSupported");
    assert!(matches!(&outcome, Outcome::CallError { code, .. } if code.as_str() == "NotSupported"), "{outcome:?}");
    assert_eq!(desk.profiles(), []);
}

/// TC_K_19_CSMS, K01.FR.40.
#[test]
fn tc_k_19_csms_a_recurring_profile_is_set() {
    let mut desk = desk();
    for (id, kind) in [(1, "Daily"), (2, "Weekly")] {
        let mut recurring = short(id, id, "TxDefaultProfile", 6);
        recurring["chargingProfileKind"] = "Recurring".into();
        recurring["recurrencyKind"] = kind.into();
        sets(&mut desk, 1, &recurring);
    }
}

/// TC_K_60_CSMS, K01.FR.03, K01.FR.31, errata 6.3.13.
#[test]
fn tc_k_60_csms_a_profile_is_set_for_the_running_transaction() {
    let mut desk = desk();
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    let tx = of_transaction(relative(short(1, 0, "TxProfile", 6)), &station);
    sends(&mut desk, 1, &tx);
    let taken = station.call("SetChargingProfile", json!({ "evseId": 1, "chargingProfile": tx }));
    let outcome = desk.answer(taken[2].clone());
    assert_eq!(outcome, Outcome::Reply(Reply::SetChargingProfile { accepted: true, why: None }));
    assert_eq!(desk.profiles(), [(EvseId(1), domain(&tx))]);
}

/// TC_K_70_CSMS, errata 6.3.13 and 6.3.19.
#[test]
fn tc_k_70_csms_several_profiles_are_set() {
    let mut desk = desk();
    desk.charge();
    let (default, max) = (short(1, 0, "TxDefaultProfile", 6), short(2, 0, "ChargingStationMaxProfile", 6));
    sets(&mut desk, 1, &default);
    sets(&mut desk, 0, &max);
    assert_eq!(desk.profiles(), [(EvseId(1), domain(&default)), (EvseId(0), domain(&max))]);
}

fn clears(desk: &mut Desk, criteria: ProfileCriteria, expected: &Value, status: &str) {
    let sent = desk.command("ClearChargingProfile", Command::ClearChargingProfile(criteria));
    assert_eq!(sent, *expected);
    let outcome = desk.answer(json!({ "status": status }));
    assert_eq!(outcome, Outcome::Reply(Reply::ClearChargingProfile { any: status == "Accepted" }));
}

/// The TxDefaultProfile of level 1 at EVSE 1.
fn default_of_level_1() -> (ProfileCriteria, Value) {
    let criteria = ProfileCriteria {
        evse: Some(EvseId(1)),
        purpose: Some(ChargingProfilePurpose::TxDefaultProfile),
        stack_level: Some(1),
        ..ProfileCriteria::default()
    };
    let words = json!({ "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1, "evseId": 1 });
    (criteria, json!({ "chargingProfileCriteria": words }))
}

/// TC_K_05_CSMS, K10.FR.02, errata 6.3.13: the id is one that the station reported.
#[test]
fn tc_k_05_csms_a_profile_is_cleared_by_its_id() {
    let mut desk = desk();
    let by_id = json!({ "requestId": 7, "chargingProfile": { "chargingProfileId": [9] } });
    asks(&mut desk, ProfileCriteria::id(9), &by_id);
    hears(&mut desk, 1, &short(9, 0, "TxDefaultProfile", 6), false);
    assert_eq!(desk.profiles().len(), 1);
    clears(&mut desk, ProfileCriteria::id(9), &json!({ "chargingProfileId": 9 }), "Accepted");
    assert_eq!(desk.profiles(), []);
}

/// TC_K_06_CSMS, K10.FR.02, errata 6.3.13.
#[test]
fn tc_k_06_csms_a_profile_is_cleared_by_level_and_purpose() {
    let mut desk = desk();
    let stays = short(2, 2, "TxDefaultProfile", 8);
    sets(&mut desk, 1, &short(1, 1, "TxDefaultProfile", 6));
    sets(&mut desk, 1, &stays);
    let (criteria, expected) = default_of_level_1();
    clears(&mut desk, criteria, &expected, "Accepted");
    assert_eq!(desk.profiles(), [(EvseId(1), domain(&stays))]);
}

/// TC_K_08_CSMS, errata 6.3.13.
#[test]
fn tc_k_08_csms_a_station_may_have_nothing_to_clear() {
    let (criteria, expected) = default_of_level_1();
    clears(&mut desk(), criteria, &expected, "Unknown");
}

/// The CSMS asks for profiles, and the station has some.
fn asks(desk: &mut Desk, criteria: ProfileCriteria, expected: &Value) {
    let sent = desk.command("GetChargingProfiles", Command::GetChargingProfiles { request_id: 7, criteria });
    assert_eq!(sent, *expected);
    let outcome = desk.answer(json!({ "status": "Accepted" }));
    assert_eq!(outcome, Outcome::Reply(Reply::GetChargingProfiles { any: true }));
}

/// The station reports a profile that the CSMS set.
fn hears(desk: &mut Desk, evse: i32, profile: &Value, more: bool) {
    hears_from(desk, "CSO", evse, profile, more);
}

fn hears_from(desk: &mut Desk, source: &str, evse: i32, profile: &Value, more: bool) {
    let report = json!({
        "requestId": 7, "chargingLimitSource": source, "evseId": evse, "tbc": more, "chargingProfile": [profile],
    });
    assert_eq!(desk.call("ReportChargingProfiles", report), json!({}));
    let told = desk.outputs.iter().rev().find_map(|output| match output {
        Output::ChargingProfiles(report) => Some((report.request_id, report.evse, report.profiles.clone())),
        _ => None,
    });
    assert_eq!(told, Some((7, EvseId(evse), vec![domain(profile)])));
}

/// The report is complete, and says what the CSMS set.
fn agrees(desk: &Desk) {
    let same = ProfileDifferences { request_id: 7, ..ProfileDifferences::default() };
    assert_eq!(desk.outputs.last(), Some(&Output::ProfilesCompared(same)));
}

/// The CSMS asks by these criteria for the profile that it set; `expected` is how it says so.
fn asks_for_its_own(evse: i32, profile: &Value, criteria: ProfileCriteria, expected: Value) {
    let mut desk = desk();
    sets(&mut desk, evse, profile);
    let mut asked = expected;
    asked["requestId"] = 7.into();
    asks(&mut desk, criteria, &asked);
    hears(&mut desk, evse, profile, false);
    agrees(&desk);
}

fn criteria(evse: Option<i32>, purpose: Option<ChargingProfilePurpose>, stack_level: Option<i32>) -> ProfileCriteria {
    ProfileCriteria { evse: evse.map(EvseId), purpose, stack_level, ..ProfileCriteria::default() }
}

/// TC_K_29_CSMS, K09.FR.03, errata 6.3.13.
#[test]
fn tc_k_29_csms_profiles_of_the_station_are_asked_for() {
    let mut desk = desk();
    desk.charge();
    let max = short(1, 0, "ChargingStationMaxProfile", 6);
    sets(&mut desk, 0, &max);
    let by_purpose = json!({ "chargingProfilePurpose": "ChargingStationMaxProfile" });
    let asked = json!({ "requestId": 7, "evseId": 0, "chargingProfile": by_purpose });
    asks(&mut desk, criteria(Some(0), Some(ChargingProfilePurpose::ChargingStationMaxProfile), None), &asked);
    hears(&mut desk, 0, &max, false);
    agrees(&desk);
}

/// TC_K_30_CSMS, K09.FR.03, errata 6.3.13.
#[test]
fn tc_k_30_csms_profiles_of_an_evse_are_asked_for() {
    let asked = criteria(Some(1), Some(ChargingProfilePurpose::TxDefaultProfile), None);
    let words = json!({ "evseId": 1, "chargingProfile": { "chargingProfilePurpose": "TxDefaultProfile" } });
    asks_for_its_own(1, &short(1, 0, "TxDefaultProfile", 6), asked, words);
}

/// TC_K_31_CSMS, K09.FR.03, errata 6.3.13.
#[test]
fn tc_k_31_csms_profiles_of_every_evse_are_asked_for() {
    let mut desk = desk();
    let both = [short(1, 0, "TxDefaultProfile", 6), short(2, 0, "TxDefaultProfile", 8)];
    sets(&mut desk, 1, &both[0]);
    sets(&mut desk, 2, &both[1]);
    let asked = json!({ "requestId": 7, "chargingProfile": { "chargingProfilePurpose": "TxDefaultProfile" } });
    asks(&mut desk, criteria(None, Some(ChargingProfilePurpose::TxDefaultProfile), None), &asked);
    hears(&mut desk, 1, &both[0], true);
    assert!(!desk.outputs.iter().any(|output| matches!(output, Output::ProfilesCompared(_))), "more follows");
    hears(&mut desk, 2, &both[1], false);
    agrees(&desk);
}

/// TC_K_32_CSMS, K09.FR.03, errata 6.3.13.
#[test]
fn tc_k_32_csms_a_profile_is_asked_for_by_its_id() {
    let words = json!({ "chargingProfile": { "chargingProfileId": [4] } });
    asks_for_its_own(1, &short(4, 0, "TxDefaultProfile", 6), ProfileCriteria::id(4), words);
}

/// TC_K_33_CSMS, K09.FR.03, errata 6.3.13.
#[test]
fn tc_k_33_csms_profiles_are_asked_for_by_level() {
    let words = json!({ "evseId": 1, "chargingProfile": { "stackLevel": 3 } });
    asks_for_its_own(1, &short(1, 3, "TxDefaultProfile", 6), criteria(Some(1), None, Some(3)), words);
}

/// TC_K_34_CSMS, K09.FR.03, errata 6.3.13.
#[test]
fn tc_k_34_csms_profiles_are_asked_for_by_source() {
    let sources = vec![ChargingLimitSource::CSO];
    let asked = ProfileCriteria { evse: Some(EvseId(1)), sources, ..ProfileCriteria::default() };
    let words = json!({ "evseId": 1, "chargingProfile": { "chargingLimitSource": ["CSO"] } });
    asks_for_its_own(1, &short(1, 0, "TxDefaultProfile", 6), asked, words);
}

/// TC_K_35_CSMS, K09.FR.03, errata 6.3.13.
#[test]
fn tc_k_35_csms_profiles_are_asked_for_by_purpose() {
    let asked = criteria(Some(2), Some(ChargingProfilePurpose::TxDefaultProfile), None);
    let words = json!({ "evseId": 2, "chargingProfile": { "chargingProfilePurpose": "TxDefaultProfile" } });
    asks_for_its_own(2, &short(1, 0, "TxDefaultProfile", 6), asked, words);
}

/// TC_K_36_CSMS, K09.FR.03, errata 6.3.13.
#[test]
fn tc_k_36_csms_profiles_are_asked_for_by_purpose_and_level() {
    let asked = criteria(Some(1), Some(ChargingProfilePurpose::TxDefaultProfile), Some(3));
    let meant = json!({ "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 3 });
    let words = json!({ "evseId": 1, "chargingProfile": meant });
    asks_for_its_own(1, &short(1, 3, "TxDefaultProfile", 6), asked, words);
}

/// TC_K_52_CSMS: what others limit is told, and is not taken for a profile of the CSMS.
#[test]
fn tc_k_52_csms_limits_of_the_site_are_reported() {
    let mut desk = desk();
    let purpose = "ChargingStationExternalConstraints";
    let meant = criteria(None, Some(ChargingProfilePurpose::ChargingStationExternalConstraints), None);
    let asked = json!({ "requestId": 7, "chargingProfile": { "chargingProfilePurpose": purpose } });
    asks(&mut desk, meant, &asked);
    hears_from(&mut desk, "EMS", 0, &short(-1, 0, purpose, 10), false);
    agrees(&desk);
    assert_eq!(desk.profiles(), []);
}

/// TC_K_37_CSMS, K05.FR.02, F01.FR.08, F01.FR.09, F01.FR.11, errata 6.3.13: a station starts with it.
#[test]
fn tc_k_37_csms_a_remote_start_brings_a_profile() {
    let (mut desk, mut station) = (desk(), Transcript::accepted(Version::V201, &[]));
    station.plug();
    station.answer_all("StatusNotification");
    let tx = relative(short(1, 0, "TxProfile", 6));
    let token = IdToken::new("REMOTE", IdTokenKind::Central);
    let start = Command::RequestStart {
        evse: Some(EvseId(1)),
        token,
        remote_start_id: Some(4711),
        profile: Some(Box::new(domain(&tx))),
    };
    let sent = desk.command("RequestStartTransaction", start);
    let token = json!({ "idToken": "REMOTE", "type": "Central" });
    assert_eq!(sent, json!({ "evseId": 1, "remoteStartId": 4711, "idToken": token, "chargingProfile": tx }));
    let taken = station.call("RequestStartTransaction", sent)[2].clone();
    let outcome = desk.answer(taken);
    assert!(matches!(outcome, Outcome::Reply(Reply::RequestStart { accepted: true, .. })), "{outcome:?}");
    let event = station.expect("TransactionEvent");
    let about = (&event["triggerReason"], &event["transactionInfo"]["remoteStartId"]);
    assert_eq!(about, (&json!("RemoteStart"), &json!(4711)));
    let answer = desk.call("TransactionEvent", event);
    assert_eq!(answer["idTokenInfo"]["status"], "Accepted");
    station.answer(answer);
    assert_eq!(desk.profiles(), [(EvseId(1), domain(&of_transaction(tx, &station)))], "{}", transaction(&station));
}

/// The CSMS asks for a composite schedule of five minutes, and its host gets the one that the station answers.
fn asks_for_composite(evse: i32) {
    let mut desk = desk();
    let query = CompositeQuery { evse: EvseId(evse), duration_s: 300, unit: Some(ChargingRateUnit::A) };
    let sent = desk.command("GetCompositeSchedule", Command::GetCompositeSchedule(query));
    assert_eq!(sent, json!({ "evseId": evse, "duration": 300, "chargingRateUnit": "A" }));
    let period = json!({ "startPeriod": 0, "limit": 10 });
    let outcome = desk.answer(json!({ "status": "Accepted", "schedule": {
        "evseId": evse, "duration": 300, "scheduleStart": T0, "chargingRateUnit": "A",
        "chargingSchedulePeriod": [period],
    }}));
    let Outcome::Reply(Reply::GetCompositeSchedule { schedule: Some(schedule), .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((schedule.evse_id, schedule.duration, schedule.charging_rate_unit), (evse, 300, ChargingRateUnit::A));
    let periods = serde_json::to_value(&schedule.charging_schedule_period).expect("JSON");
    assert_eq!(steps(&json!({ "chargingSchedulePeriod": periods })), [(0, 10.0)]);
}

/// TC_K_43_CSMS, K08.FR.01.
#[test]
fn tc_k_43_csms_the_composite_schedule_of_an_evse_is_asked_for() {
    asks_for_composite(1);
}

/// TC_K_44_CSMS, K08.FR.01.
#[test]
fn tc_k_44_csms_the_composite_schedule_of_the_station_is_asked_for() {
    asks_for_composite(0);
}

/// TC_K_48_CSMS, K12.
#[test]
fn tc_k_48_csms_a_limit_of_the_site_is_told_to_the_host() {
    let mut desk = desk();
    let limit = json!({ "chargingLimit": { "chargingLimitSource": "EMS" } });
    assert_eq!(desk.call("NotifyChargingLimit", limit), json!({}));
    let told = desk.outputs.last();
    assert!(matches!(told, Some(Output::ChargingLimit(limit)) if limit.source == ChargingLimitSource::EMS), "{told:?}");
}

fn hears_that_the_limit_is_gone(desk: &mut Desk) {
    assert_eq!(desk.call("ClearedChargingLimit", json!({ "chargingLimitSource": "EMS" })), json!({}));
    let cleared = Output::ChargingLimitCleared { evse: EvseId(0), source: ChargingLimitSource::EMS };
    assert_eq!(desk.outputs.last(), Some(&cleared));
}

/// TC_K_50_CSMS, K13.
#[test]
fn tc_k_50_csms_the_end_of_a_limit_of_the_site_is_told_to_the_host() {
    hears_that_the_limit_is_gone(&mut desk());
}

/// TC_K_51_CSMS, K13.
#[test]
fn tc_k_51_csms_a_limit_of_the_site_ends_during_a_transaction() {
    let mut desk = desk();
    let transaction = desk.charge();
    hears_that_the_limit_is_gone(&mut desk);
    assert_eq!(desk.call("TransactionEvent", updated(&transaction, 2, "ChargingRateChanged")), json!({}));
    let told = desk.outputs.last();
    assert!(matches!(told, Some(Output::Transaction(entry)) if entry.event.seq_no == Some(2)), "{told:?}");
}
