//! Certification cases of smart charging, step by step, against a station.

use pilotwire::station::{Input, Output};
use pilotwire::{Event, Version};
use pilotwire_tests::charging::{
    accepts, amperes, composite, ids, lasting, of_transaction, profile, reports, steps, told, transaction,
};
use pilotwire_tests::transcript::{EVSE, Transcript};
use serde_json::{Value, json};

fn cleared(station: &mut Transcript, criteria: Value) -> Value {
    station.call("ClearChargingProfile", json!({ "chargingProfileCriteria": criteria }))[2]["status"].clone()
}

/// A station with a maximum (id 1, level 2) and a default for EVSE 1 (id 2, level 3).
fn with_two_profiles() -> Transcript {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 0, &profile(1, 2, "ChargingStationMaxProfile", &[(0, 20)]));
    accepts(&mut station, 1, &profile(2, 3, "TxDefaultProfile", &[(0, 6)]));
    station
}

/// K10.FR.04.
#[test]
fn tc_k_06_cs_one_profile_is_cleared_by_its_level_and_purpose() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 1, &profile(1, 2, "TxDefaultProfile", &[(0, 6)]));
    station.charge();
    let criteria = json!({ "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2 });
    assert_eq!(cleared(&mut station, criteria.clone()), "Accepted");
    assert!(reports(&mut station, criteria, None).is_empty());
}

/// K10.FR.01.
#[test]
fn tc_k_07_cs_nothing_is_cleared_where_nothing_fits() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 1, &profile(1, 1, "TxDefaultProfile", &[(0, 6)]));
    let criteria = json!({ "chargingProfilePurpose": "ChargingStationMaxProfile", "stackLevel": 0 });
    assert_eq!(cleared(&mut station, criteria), "Unknown");
    assert_eq!(ids(&reports(&mut station, json!({}), None)), [1]);
}

/// K01.FR.40: a recurring schedule has a recurrency and a start.
#[test]
fn tc_k_19_cs_a_recurring_profile_is_accepted() {
    for recurrency in ["Daily", "Weekly"] {
        let mut station = Transcript::accepted(Version::V201, &[]);
        let mut recurring = profile(1, 0, "TxDefaultProfile", &[(0, 6)]);
        recurring["chargingProfileKind"] = "Recurring".into();
        recurring["recurrencyKind"] = recurrency.into();
        accepts(&mut station, 1, &recurring);
        assert_eq!(composite(&mut station, 1, 300), [(0, 6.0)]);
    }
}

/// K01.FR.36.
#[test]
fn tc_k_21_cs_a_profile_holds_from_its_first_moment() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let mut late = profile(1, 0, "TxDefaultProfile", &[(0, 6)]);
    late["validFrom"] = "2026-03-01T10:05:00Z".into();
    accepts(&mut station, 1, &late);
    assert_eq!(composite(&mut station, 1, 400), [(0, 32.0), (300, 6.0)]);
    station.charge();
    assert_eq!(told(&station, EVSE), amperes(32));
    station.advance(300);
    assert_eq!(told(&station, EVSE), amperes(6));
}

/// K01.FR.37.
#[test]
fn tc_k_22_cs_a_profile_holds_to_its_last_moment() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let mut brief = profile(1, 0, "TxDefaultProfile", &[(0, 6)]);
    brief["validTo"] = "2026-03-01T10:05:00Z".into();
    accepts(&mut station, 1, &brief);
    assert_eq!(composite(&mut station, 1, 400), [(0, 6.0), (300, 32.0)]);
    station.charge();
    assert_eq!(told(&station, EVSE), amperes(6));
    station.advance(300);
    assert_eq!(told(&station, EVSE), amperes(32));
}

/// K01.FR.30.
#[test]
fn tc_k_23_cs_a_schedule_begins_when_it_says() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let mut later = profile(1, 0, "TxDefaultProfile", &[(0, 6)]);
    later["chargingSchedule"][0]["startSchedule"] = "2026-03-01T10:01:00Z".into();
    accepts(&mut station, 1, &later);
    assert_eq!(composite(&mut station, 1, 300), [(0, 32.0), (60, 6.0)]);
}

/// K09.FR.02, K09.FR.04.
#[test]
fn tc_k_30_cs_profiles_of_an_evse_are_reported() {
    let reports = reports(&mut with_two_profiles(), json!({}), Some(1));
    assert_eq!(ids(&reports), [2]);
    assert_eq!((&reports[0]["requestId"], &reports[0]["evseId"]), (&json!(5), &json!(1)));
}

/// K09.FR.02, K09.FR.06.
#[test]
fn tc_k_31_cs_all_profiles_are_reported() {
    let mut reported = ids(&reports(&mut with_two_profiles(), json!({}), None));
    reported.sort_unstable();
    assert_eq!(reported, [1, 2]);
}

/// K09.FR.01, K09.FR.02.
#[test]
fn tc_k_32_cs_a_profile_is_reported_by_its_id() {
    assert_eq!(ids(&reports(&mut with_two_profiles(), json!({ "chargingProfileId": [1] }), None)), [1]);
}

/// K09.FR.02, K09.FR.04.
#[test]
fn tc_k_33_cs_profiles_of_an_evse_are_reported_by_their_level() {
    let mut station = with_two_profiles();
    assert_eq!(ids(&reports(&mut station, json!({ "stackLevel": 3 }), Some(1))), [2]);
    assert!(reports(&mut station, json!({ "stackLevel": 2 }), Some(1)).is_empty());
}

/// K09.FR.02, K09.FR.04.
#[test]
fn tc_k_34_cs_profiles_of_an_evse_are_reported_by_their_source() {
    let mut station = with_two_profiles();
    assert_eq!(ids(&reports(&mut station, json!({ "chargingLimitSource": ["CSO"] }), Some(1))), [2]);
    assert!(reports(&mut station, json!({ "chargingLimitSource": ["EMS"] }), Some(1)).is_empty());
}

/// K09.FR.02, K09.FR.04.
#[test]
fn tc_k_35_cs_profiles_of_an_evse_are_reported_by_their_purpose() {
    let mut station = with_two_profiles();
    assert_eq!(ids(&reports(&mut station, json!({ "chargingProfilePurpose": "TxDefaultProfile" }), Some(1))), [2]);
    assert!(reports(&mut station, json!({ "chargingProfilePurpose": "TxProfile" }), Some(1)).is_empty());
}

/// K08.FR.02, K08.FR.06.
#[test]
fn tc_k_40_cs_levels_are_stacked() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 1, &lasting(profile(1, 0, "TxDefaultProfile", &[(0, 6), (100, 8), (200, 10)]), 400));
    accepts(&mut station, 1, &lasting(profile(2, 1, "TxDefaultProfile", &[(0, 7), (100, 9)]), 150));
    assert_eq!(composite(&mut station, 1, 350), [(0, 7.0), (100, 9.0), (150, 8.0), (200, 10.0)]);
}

/// K15.FR.15, K17.FR.15: without a connection a vehicle charges under the default, and the event tells that it was so.
#[test]
fn tc_k_56_cs_a_vehicle_charges_offline_under_the_default() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 1, &lasting(profile(1, 0, "TxDefaultProfile", &[(0, 6)]), 400));
    station.plug();
    station.answer_all("StatusNotification");
    station.token("A");
    station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
    station.answer_all("TransactionEvent");
    station.event(Event::Disconnected);
    station.fact(Input::EvReady { evse: EVSE });
    assert_eq!(told(&station, EVSE), amperes(6));
    station.advance(90);
    station.connect();
    let events = station.answer_all("TransactionEvent");
    let charging = events.iter().find(|event| event["transactionInfo"]["chargingState"] == "Charging");
    let charging = charging.expect("energy flows");
    assert_eq!((&charging["triggerReason"], &charging["offline"]), (&json!("ChargingStateChanged"), &json!(true)));
}

/// K16.FR.02, K16.FR.04: the CSMS lowers the limit; who negotiates with the vehicle hears of it, the new limit holds, and
/// the vehicle's new plan is told.
#[test]
fn tc_k_58_cs_the_csms_renegotiates() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    let changes = |station: &Transcript| station.outputs.iter().filter(|o| **o == Output::ProfilesChanged).count();
    let before = changes(&station);
    let tx = of_transaction(profile(3, 0, "TxProfile", &[(0, 8)]), &station);
    accepts(&mut station, 1, &tx);
    assert_eq!(changes(&station), before + 1);
    assert_eq!(told(&station, EVSE), amperes(8));
    let plan = json!({ "ev_schedule": { "evse": 1, "time_base": "2026-03-01T10:00:00Z", "selected": 1, "schedule": {
        "id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 8 }],
    }}});
    station.fact(serde_json::from_value(plan).expect("an input"));
    assert_eq!(station.exchange("NotifyEVChargingSchedule", json!({ "status": "Accepted" }))["evseId"], 1);
    let accepted = |output: &Output| matches!(output, Output::EvScheduleAnswered { accepted: Some(true), .. });
    assert!(station.outputs.iter().any(accepted));
}

/// K01.FR.03, K01.FR.04.
#[test]
fn tc_k_60_cs_a_profile_of_the_transaction_is_taken_and_reported() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    let mut tx = of_transaction(profile(4, 0, "TxProfile", &[(0, 6)]), &station);
    tx["chargingProfileKind"] = "Relative".into();
    tx["chargingSchedule"][0].as_object_mut().map(|schedule| schedule.remove("startSchedule"));
    tx["chargingSchedule"][0]["chargingSchedulePeriod"][0]["numberPhases"] = 3.into();
    accepts(&mut station, 1, &tx);
    let reports = reports(&mut station, json!({ "chargingProfileId": [4] }), None);
    let reported = &reports[0]["chargingProfile"][0];
    assert_eq!(reported["transactionId"], transaction(&station));
    assert_eq!(reported["chargingProfileKind"], "Relative");
    let period = &reported["chargingSchedule"][0]["chargingSchedulePeriod"][0];
    assert_eq!((&period["limit"], &period["numberPhases"]), (&json!(6), &json!(3)));
}

/// A profile of 1.6 from the station's first second on, in amperes.
fn profile_16(id: i32, level: i32, purpose: &str, duration: i32, periods: &[(i32, i32)]) -> Value {
    let periods: Vec<Value> = periods
        .iter()
        .map(|(start, limit)| json!({ "startPeriod": start, "limit": limit, "numberPhases": 3 }))
        .collect();
    json!({
        "chargingProfileId": id, "stackLevel": level, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": "2026-03-01T10:00:00Z", "duration": duration, "chargingRateUnit": "A",
            "chargingSchedulePeriod": periods,
        },
    })
}

fn accepts_16(station: &mut Transcript, connector: i32, profile: &Value) {
    let asked = json!({ "connectorId": connector, "csChargingProfiles": profile });
    assert_eq!(station.call("SetChargingProfile", asked)[2]["status"], "Accepted", "{profile}");
}

fn composite_16(station: &mut Transcript, connector: i32, duration: i32) -> Vec<(i64, f64)> {
    let asked = json!({ "connectorId": connector, "duration": duration, "chargingRateUnit": "A" });
    let answer = station.call("GetCompositeSchedule", asked)[2].clone();
    assert_eq!((&answer["status"], &answer["connectorId"]), (&json!("Accepted"), &json!(connector)), "{answer}");
    let schedule = &answer["chargingSchedule"];
    assert_eq!((&schedule["duration"], &schedule["chargingRateUnit"]), (&json!(duration), &json!("A")));
    steps(schedule)
}

/// 1.6 §3.13.
#[test]
fn tc_056_cs_a_default_for_new_transactions() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    accepts_16(&mut station, 1, &profile_16(1, 0, "TxDefaultProfile", 300, &[(0, 6)]));
    assert_eq!(composite_16(&mut station, 1, 300), [(0, 6.0)]);
}

/// 1.6 §5.16.2.
#[test]
fn tc_059_cs_a_remote_start_brings_its_profile() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    let tx = profile_16(5, 0, "TxProfile", 300, &[(0, 6)]);
    let start = json!({ "connectorId": 1, "idTag": "REMOTE", "chargingProfile": tx });
    assert_eq!(station.call("RemoteStartTransaction", start)[2]["status"], "Accepted");
    station.answer_all("StatusNotification");
    station.plug();
    station.answer_all("StatusNotification");
    station.exchange("StartTransaction", json!({ "idTagInfo": { "status": "Accepted" }, "transactionId": 77 }));
    assert_eq!(told(&station, EVSE), amperes(6));
    assert_eq!(composite_16(&mut station, 1, 300), [(0, 6.0)]);
}

/// 1.6 §5.11: only a TxProfile may come with a remote start.
#[test]
fn tc_060_cs_a_remote_start_with_another_profile_is_rejected() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    let wrong = profile_16(5, 0, "TxDefaultProfile", 300, &[(0, 6)]);
    let start = json!({ "connectorId": 1, "idTag": "REMOTE", "chargingProfile": wrong });
    assert_eq!(station.call("RemoteStartTransaction", start)[2]["status"], "Rejected");
    station.plug();
    assert_eq!(station.answer_all("StatusNotification").len(), 1);
    station.expect_nothing();
}

/// 1.6 §5.2: by id, by level and purpose, and all at once; the composite schedule follows.
#[test]
fn tc_067_cs_profiles_are_cleared_one_after_the_other() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    accepts_16(&mut station, 1, &profile_16(1, 1, "TxDefaultProfile", 400, &[(0, 6), (60, 8), (200, 10)]));
    accepts_16(&mut station, 1, &profile_16(2, 0, "TxDefaultProfile", 400, &[(0, 7), (100, 9)]));
    accepts_16(&mut station, 0, &profile_16(3, 0, "ChargePointMaxProfile", 86_400, &[(0, 11), (200, 12)]));
    let mut clears = |asked: Value, expected: &[(i64, f64)]| {
        assert_eq!(station.call("ClearChargingProfile", asked)[2]["status"], "Accepted");
        assert_eq!(composite_16(&mut station, 1, 350), expected);
    };
    clears(json!({ "id": 1 }), &[(0, 7.0), (100, 9.0)]);
    let by_level = json!({ "connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0 });
    clears(by_level, &[(0, 11.0), (200, 12.0)]);
    clears(json!({}), &[(0, 32.0)]);
}

/// 1.6 §3.13.2.
#[test]
fn tc_072_cs_levels_are_stacked() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    accepts_16(&mut station, 1, &profile_16(1, 0, "TxDefaultProfile", 400, &[(0, 6), (100, 8), (200, 10)]));
    accepts_16(&mut station, 1, &profile_16(2, 1, "TxDefaultProfile", 150, &[(0, 7), (100, 9)]));
    assert_eq!(composite_16(&mut station, 1, 350), [(0, 7.0), (100, 9.0), (150, 8.0), (200, 10.0)]);
}

/// 1.6 §3.13.1: a default holds for the transaction that runs, too.
#[test]
fn tc_082_cs_a_default_reaches_the_transaction_that_runs() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    station.charge();
    accepts_16(&mut station, 1, &profile_16(1, 0, "TxDefaultProfile", 300, &[(0, 6)]));
    assert_eq!(told(&station, EVSE), amperes(6));
    assert_eq!(composite_16(&mut station, 1, 300), [(0, 6.0)]);
}
