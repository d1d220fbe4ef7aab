//! Certification cases of smart charging in 1.6, for both roles.

use pilotwire::Version;
use pilotwire::csms::Outcome;
use pilotwire::domain::{
    ChargingProfile, ChargingProfilePurpose, ChargingRateUnit, Command, CompositeQuery, EvseId, IdToken, IdTokenKind,
    ProfileCriteria, Reply,
};
use pilotwire::station::Input;
use pilotwire_tests::charging::{T0, amperes, lasting, on_three_phases, profile, relative, steps, told, valid};
use pilotwire_tests::desk::Desk;
use pilotwire_tests::transcript::{EVSE, Transcript, status_of};
use serde_json::{Value, json};

/// What may pass between a profile and the question for its effect, in seconds.
const DEVIATION_S: u64 = 20;
/// The transaction that [`Transcript::charge`] starts.
const TRANSACTION: i32 = 77;

/// The profile in the words of 1.6.
fn v16(profile: &Value) -> Value {
    let purpose = match profile["chargingProfilePurpose"].as_str() {
        Some("ChargingStationMaxProfile") => json!("ChargePointMaxProfile"),
        _ => profile["chargingProfilePurpose"].clone(),
    };
    let mut schedule = profile["chargingSchedule"][0].clone();
    schedule.as_object_mut().map(|schedule| schedule.remove("id"));
    let mut words = json!({
        "chargingProfileId": profile["id"], "stackLevel": profile["stackLevel"], "chargingProfilePurpose": purpose,
        "chargingProfileKind": profile["chargingProfileKind"], "chargingSchedule": schedule,
    });
    for member in ["validFrom", "validTo"] {
        if !profile[member].is_null() {
            words[member] = profile[member].clone();
        }
    }
    words
}

fn of(transaction: i32, mut profile: Value) -> Value {
    profile["transactionId"] = transaction.into();
    profile
}

fn idle() -> Transcript {
    Transcript::accepted(Version::V16, &[])
}

fn charging() -> Transcript {
    let mut station = idle();
    station.charge();
    station
}

fn set(station: &mut Transcript, connector: i32, profile: &Value) -> Value {
    let asked = json!({ "connectorId": connector, "csChargingProfiles": profile });
    station.call("SetChargingProfile", asked)[2]["status"].clone()
}

fn accepts(station: &mut Transcript, connector: i32, profile: &Value) {
    assert_eq!(set(station, connector, profile), "Accepted", "{profile}");
}

/// The composite schedule of connector 1 in amperes, which begins now: starts and limits.
fn composite(station: &mut Transcript, duration: i32, now: &str) -> Vec<(i64, f64)> {
    let asked = json!({ "connectorId": 1, "duration": duration, "chargingRateUnit": "A" });
    let answer = station.call("GetCompositeSchedule", asked)[2].clone();
    let about = (&answer["status"], &answer["connectorId"], &answer["scheduleStart"]);
    assert_eq!(about, (&json!("Accepted"), &json!(1), &json!(now)));
    let schedule = &answer["chargingSchedule"];
    let covered = (&schedule["duration"], &schedule["chargingRateUnit"]);
    assert_eq!(covered, (&json!(duration), &json!("A")));
    steps(schedule)
}

/// A profile of five minutes on three phases, at 6 A.
fn short(purpose: &str) -> Value {
    on_three_phases(lasting(profile(1, 0, purpose, &[(0, 6)]), 300))
}

/// Twenty seconds after the start of every profile.
const LATER: &str = "2026-03-01T10:00:20.000Z";

/// TC_056_CS, §5.16, §5.7.
#[test]
fn tc_056_cs_a_default_profile_is_accepted() {
    let mut station = idle();
    accepts(&mut station, 1, &v16(&short("TxDefaultProfile")));
    station.advance(DEVIATION_S);
    assert_eq!(composite(&mut station, 300, LATER), [(0, 6.0), (280, 32.0)]);
}

/// TC_082_CS, §3.13.1.
#[test]
fn tc_082_cs_a_default_profile_limits_a_running_transaction() {
    let mut station = charging();
    accepts(&mut station, 1, &v16(&short("TxDefaultProfile")));
    assert_eq!(told(&station, EVSE), amperes(6));
    station.advance(DEVIATION_S);
    assert_eq!(composite(&mut station, 300, LATER), [(0, 6.0), (280, 32.0)]);
}

/// TC_057_CS, §3.13.1.
#[test]
fn tc_057_cs_a_profile_for_the_running_transaction_is_accepted() {
    let mut station = charging();
    accepts(&mut station, 1, &of(TRANSACTION, v16(&short("TxProfile"))));
    assert_eq!(told(&station, EVSE), amperes(6));
    station.advance(DEVIATION_S);
    assert_eq!(composite(&mut station, 300, LATER), [(0, 6.0), (280, 32.0)]);
}

/// TC_058_1_CS, §3.13.1, §5.16.
#[test]
fn tc_058_1_cs_a_profile_for_a_transaction_is_rejected_without_one() {
    let mut station = idle();
    assert_eq!(set(&mut station, 1, &of(TRANSACTION, v16(&short("TxProfile")))), "Rejected");
    assert_eq!(composite(&mut station, 300, T0), [(0, 32.0)]);
}

/// TC_058_2_CS, §5.16.
#[test]
fn tc_058_2_cs_a_profile_for_another_transaction_is_rejected() {
    let mut station = charging();
    assert_eq!(set(&mut station, 1, &of(TRANSACTION + 1, v16(&short("TxProfile")))), "Rejected");
    assert_eq!(composite(&mut station, 300, T0), [(0, 32.0)]);
}

/// TC_059_CS, §5.11, §5.16.2.
#[test]
fn tc_059_cs_a_remote_start_brings_a_profile() {
    let mut station = idle();
    station.plug();
    station.answer_all("StatusNotification");
    let tx = v16(&relative(short("TxProfile")));
    let start = json!({ "connectorId": 1, "idTag": "REMOTE", "chargingProfile": tx });
    assert_eq!(station.call("RemoteStartTransaction", start)[2]["status"], "Accepted");
    station.answer_all("StatusNotification");
    let started = json!({ "idTagInfo": { "status": "Accepted" }, "transactionId": TRANSACTION });
    let start = station.exchange("StartTransaction", started);
    assert_eq!((&start["connectorId"], &start["idTag"]), (&json!(1), &json!("REMOTE")));
    station.fact(Input::EvReady { evse: EVSE });
    let statuses = station.answer_all("StatusNotification");
    assert_eq!(statuses.last().map(status_of), Some("Charging"));
    assert_eq!(told(&station, EVSE), amperes(6));
    station.advance(DEVIATION_S);
    assert_eq!(composite(&mut station, 300, LATER), [(0, 6.0), (280, 32.0)]);
}

/// TC_060_CS, §5.11.
#[test]
fn tc_060_cs_a_remote_start_with_another_kind_of_profile_is_rejected() {
    let mut station = idle();
    station.plug();
    station.answer_all("StatusNotification");
    for purpose in ["TxDefaultProfile", "ChargingStationMaxProfile"] {
        let start = json!({ "connectorId": 1, "idTag": "REMOTE", "chargingProfile": v16(&short(purpose)) });
        assert_eq!(station.call("RemoteStartTransaction", start)[2]["status"], "Rejected");
        station.expect_nothing();
    }
}

/// A profile that is valid for 401 s.
fn passing(profile: Value) -> Value {
    v16(&on_three_phases(valid(profile, Some(T0), Some("2026-03-01T10:06:41.000Z"))))
}

/// TC_066_CS, §3.13.1: the default does not return within the transaction.
#[test]
fn tc_066_cs_purposes_are_combined() {
    let mut station = charging();
    station.advance(DEVIATION_S);
    let max = lasting(profile(1, 0, "ChargingStationMaxProfile", &[(0, 10)]), 86_400);
    let default = profile(2, 0, "TxDefaultProfile", &[(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)]);
    let tx = profile(3, 0, "TxProfile", &[(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)]);
    accepts(&mut station, 0, &v16(&on_three_phases(max)));
    accepts(&mut station, 1, &passing(lasting(default, 300)));
    accepts(&mut station, 1, &of(TRANSACTION, passing(lasting(tx, 260))));
    assert_eq!(composite(&mut station, 400, LATER), [(0, 8.0), (30, 10.0), (180, 6.0), (220, 10.0)]);
}

/// TC_067_CS, §5.5.
#[test]
fn tc_067_cs_profiles_are_cleared_by_id_by_criteria_and_all() {
    let mut station = idle();
    station.advance(DEVIATION_S);
    let high = lasting(profile(1, 1, "TxDefaultProfile", &[(0, 6), (60, 8), (200, 10)]), 400);
    let low = lasting(profile(2, 0, "TxDefaultProfile", &[(0, 7), (100, 9)]), 400);
    let max = lasting(profile(3, 0, "ChargingStationMaxProfile", &[(0, 11), (200, 12)]), 86_400);
    accepts(&mut station, 1, &v16(&on_three_phases(high)));
    accepts(&mut station, 1, &passing(low));
    accepts(&mut station, 0, &passing(max));
    let second = json!({ "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0 });
    for (asked, left) in [
        (json!({ "id": 1 }), vec![(0, 7.0), (80, 9.0)]),
        (second, vec![(0, 11.0), (180, 12.0)]),
        (json!({}), vec![(0, 32.0)]),
    ] {
        assert_eq!(station.call("ClearChargingProfile", asked.clone())[2]["status"], "Accepted", "{asked}");
        assert_eq!(composite(&mut station, 350, LATER), left, "{asked}");
    }
}

/// TC_072_CS, §3.13.2.
#[test]
fn tc_072_cs_the_highest_level_covers_the_others_while_it_lasts() {
    let mut station = idle();
    station.advance(DEVIATION_S);
    let low = lasting(profile(1, 0, "TxDefaultProfile", &[(0, 6), (100, 8), (200, 10)]), 400);
    let high = lasting(profile(2, 1, "TxDefaultProfile", &[(0, 7), (100, 9)]), 150);
    accepts(&mut station, 1, &passing(low));
    accepts(&mut station, 1, &passing(high));
    assert_eq!(composite(&mut station, 350, LATER), [(0, 7.0), (80, 9.0), (130, 8.0), (180, 10.0)]);
}

fn desk() -> Desk {
    Desk::accepted(Version::V16)
}

fn domain(profile: &Value) -> ChargingProfile {
    serde_json::from_value(profile.clone()).expect("a profile")
}

/// The CSMS sets a profile for connector 1, and remembers that the station took it; `words` is how it says so.
fn sets(desk: &mut Desk, profile: &Value, words: &Value) {
    let command = Command::SetChargingProfile { evse: EvseId(1), profile: Box::new(domain(profile)) };
    let sent = desk.command("SetChargingProfile", command);
    assert_eq!(sent, json!({ "connectorId": 1, "csChargingProfiles": words }));
    let outcome = desk.answer(json!({ "status": "Accepted" }));
    assert_eq!(outcome, Outcome::Reply(Reply::SetChargingProfile { accepted: true, why: None }));
    assert!(desk.profiles().contains(&(EvseId(1), domain(profile))));
}

/// TC_056_CSMS: what it sends is what a station takes.
#[test]
fn tc_056_csms_a_default_profile_is_set() {
    let default = valid(short("TxDefaultProfile"), Some(T0), Some("2026-03-01T10:05:00.000Z"));
    accepts(&mut idle(), 1, &v16(&default));
    sets(&mut desk(), &default, &v16(&default));
}

/// TC_057_CSMS: the transaction has the number that the CSMS gave it.
#[test]
fn tc_057_csms_a_profile_is_set_for_the_running_transaction() {
    let mut desk = desk();
    let transaction: i32 = desk.charge().parse().unwrap();
    let words = of(transaction, v16(&short("TxProfile")));
    let mut tx = short("TxProfile");
    tx["transactionId"] = transaction.to_string().into();
    sets(&mut desk, &tx, &words);
}

/// TC_059_CSMS, §5.11, §5.16.2.
#[test]
fn tc_059_csms_a_remote_start_brings_a_profile() {
    let mut desk = desk();
    let tx = relative(short("TxProfile"));
    let start = Command::RequestStart {
        evse: Some(EvseId(1)),
        token: IdToken::new("A", IdTokenKind::Central),
        remote_start_id: None,
        profile: Some(Box::new(domain(&tx))),
    };
    let sent = desk.command("RemoteStartTransaction", start);
    assert_eq!(sent, json!({ "connectorId": 1, "idTag": "A", "chargingProfile": v16(&tx) }));
    let outcome = desk.answer(json!({ "status": "Accepted" }));
    assert!(matches!(outcome, Outcome::Reply(Reply::RequestStart { accepted: true, .. })), "{outcome:?}");
    assert_eq!(desk.call("Authorize", json!({ "idTag": "A" }))["idTagInfo"]["status"], "Accepted");
    let status = |status: &str| json!({ "connectorId": 1, "errorCode": "NoError", "status": status });
    assert_eq!(desk.call("StatusNotification", status("Preparing")), json!({}));
    let start = json!({ "connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": T0 });
    let started = desk.call("StartTransaction", start);
    assert_eq!(started["idTagInfo"]["status"], "Accepted");
    assert_eq!(desk.call("StatusNotification", status("Charging")), json!({}));
    let mut its_own = tx;
    its_own["transactionId"] = started["transactionId"].to_string().into();
    assert_eq!(desk.profiles(), [(EvseId(1), domain(&its_own))]);
}

/// TC_066_CSMS, §5.7.
#[test]
fn tc_066_csms_a_composite_schedule_is_asked_for() {
    let mut desk = desk();
    let query = CompositeQuery { evse: EvseId(1), duration_s: 300, unit: Some(ChargingRateUnit::A) };
    let sent = desk.command("GetCompositeSchedule", Command::GetCompositeSchedule(query));
    assert_eq!(sent, json!({ "connectorId": 1, "duration": 300, "chargingRateUnit": "A" }));
    let periods = json!([{ "startPeriod": 0, "limit": 8 }, { "startPeriod": 100, "limit": 10 }]);
    let outcome = desk.answer(json!({
        "status": "Accepted", "connectorId": 1, "scheduleStart": T0,
        "chargingSchedule": { "duration": 300, "chargingRateUnit": "A", "chargingSchedulePeriod": periods },
    }));
    let Outcome::Reply(Reply::GetCompositeSchedule { schedule: Some(schedule), .. }) = outcome else {
        panic!("{outcome:?}")
    };
    let schedule = serde_json::to_value(&*schedule).expect("JSON");
    assert_eq!((&schedule["evseId"], &schedule["scheduleStart"]), (&json!(1), &json!(T0)));
    assert_eq!(steps(&schedule), [(0, 8.0), (100, 10.0)]);
}

/// TC_067_CSMS, §5.5.
#[test]
fn tc_067_csms_profiles_are_cleared_by_id_by_criteria_and_all() {
    let mut desk = desk();
    for (id, level) in [(1, 1), (2, 2), (3, 3)] {
        let profile = on_three_phases(lasting(profile(id, level, "TxDefaultProfile", &[(0, 6)]), 300));
        sets(&mut desk, &profile, &v16(&profile));
    }
    let second = ProfileCriteria {
        evse: Some(EvseId(1)),
        purpose: Some(ChargingProfilePurpose::TxDefaultProfile),
        stack_level: Some(2),
        ..ProfileCriteria::default()
    };
    let in_words = json!({ "connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2 });
    for (criteria, expected, left) in [
        (ProfileCriteria::id(1), json!({ "id": 1 }), vec![2, 3]),
        (second, in_words, vec![3]),
        (ProfileCriteria::default(), json!({}), vec![]),
    ] {
        let sent = desk.command("ClearChargingProfile", Command::ClearChargingProfile(criteria));
        assert_eq!(sent, expected);
        let outcome = desk.answer(json!({ "status": "Accepted" }));
        assert_eq!(outcome, Outcome::Reply(Reply::ClearChargingProfile { any: true }));
        let ids: Vec<i32> = desk.profiles().iter().map(|(_, profile)| profile.id).collect();
        assert_eq!(ids, left);
    }
}
