//! Certification cases of block K for a station of 2.0.1, with their errata. Those that are not here are in
//! `station_charging.rs`.

use pilotwire::Version;
use pilotwire::station::Input;
use pilotwire_tests::charging::{
    T0, accepts, amperes, composite, lasting, of_transaction, on_three_phases, profile, relative, reported, reports,
    steps, told, valid,
};
use pilotwire_tests::transcript::{EVSE, Transcript};
use serde_json::{Value, json};

/// What may pass between a profile and the question for its effect, in seconds.
const DEVIATION_S: u64 = 20;

fn idle() -> Transcript {
    Transcript::accepted(Version::V201, &[])
}

fn charging() -> Transcript {
    let mut station = idle();
    station.charge();
    station
}

/// A station with a ChargingStationMaxProfile of level 1 and, for EVSE 1, a TxDefaultProfile of level 2, which is given.
fn with_two_profiles(mut station: Transcript) -> (Transcript, [Value; 2]) {
    let max = on_three_phases(lasting(profile(11, 1, "ChargingStationMaxProfile", &[(0, 16)]), 86_400));
    let default = on_three_phases(lasting(profile(12, 2, "TxDefaultProfile", &[(0, 6)]), 300));
    accepts(&mut station, 0, &max);
    accepts(&mut station, 1, &default);
    (station, [max, default])
}

/// One report must tell this profile of this EVSE as it was set, and nothing else.
fn tells(station: &mut Transcript, criterion: Value, asked: Option<i32>, evse: i32, profile: &Value) {
    let reports = reports(station, criterion, asked);
    let [report] = reports.as_slice() else { panic!("one report: {reports:?}") };
    assert_eq!((&report["evseId"], &report["chargingLimitSource"]), (&json!(evse), &json!("CSO")));
    assert_ne!(report["tbc"], true, "K09.FR.02");
    assert_eq!(reported(&reports), std::slice::from_ref(profile));
}

fn clear(station: &mut Transcript, purpose: &str, level: i32) -> Value {
    let criteria = json!({ "chargingProfilePurpose": purpose, "stackLevel": level });
    station.call("ClearChargingProfile", json!({ "chargingProfileCriteria": criteria }))[2]["status"].clone()
}

/// TC_K_06_CS, K10.FR.04.
#[test]
fn tc_k_06_cs_a_profile_is_cleared_by_level_and_purpose() {
    let mut station = charging();
    accepts(&mut station, 1, &profile(1, 2, "TxDefaultProfile", &[(0, 6)]));
    assert_eq!(clear(&mut station, "TxDefaultProfile", 2), "Accepted");
    let criterion = json!({ "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2 });
    assert_eq!(reports(&mut station, criterion, None), [Value::Null; 0]);
    assert_eq!(told(&station, EVSE), amperes(32), "what it limited is free again");
}

/// TC_K_07_CS, K10.FR.01.
#[test]
fn tc_k_07_cs_an_unknown_level_and_purpose_clears_nothing() {
    let mut station = idle();
    let default = profile(1, 1, "TxDefaultProfile", &[(0, 6)]);
    accepts(&mut station, 1, &default);
    assert_eq!(clear(&mut station, "ChargingStationMaxProfile", 0), "Unknown");
    tells(&mut station, json!({ "chargingProfileId": [1] }), None, 1, &default);
}

/// TC_K_13_CS, K01.FR.27.
#[test]
fn tc_k_13_cs_a_profile_survives_a_reboot() {
    let mut station = idle();
    let default = on_three_phases(lasting(profile(1, 0, "TxDefaultProfile", &[(0, 6)]), 300));
    accepts(&mut station, 1, &default);
    station.power_up();
    station.connect();
    station.accept();
    tells(&mut station, json!({ "chargingProfileId": [1] }), None, 1, &default);
    assert_eq!(told(&station, EVSE), amperes(6));
}

/// TC_K_19_CS, K01.FR.40.
#[test]
fn tc_k_19_cs_a_recurring_profile_is_accepted() {
    const DAY_S: i64 = 86_400;
    for (kind, again) in [("Daily", DAY_S), ("Weekly", 7 * DAY_S)] {
        let mut station = idle();
        let mut recurring = lasting(profile(1, 0, "TxDefaultProfile", &[(0, 6)]), 3_600);
        recurring["chargingProfileKind"] = "Recurring".into();
        recurring["recurrencyKind"] = kind.into();
        accepts(&mut station, 1, &recurring);
        let expected = [(0, 6.0), (3_600, 32.0), (again, 6.0), (again + 3_600, 32.0)];
        let asked = i32::try_from(again + 7_200).unwrap();
        assert_eq!(composite(&mut station, 1, asked), expected, "{kind}");
    }
}

/// TC_K_21_CS, K01.FR.36.
#[test]
fn tc_k_21_cs_a_profile_limits_from_when_it_is_valid() {
    let mut station = idle();
    let later = valid(profile(1, 0, "TxDefaultProfile", &[(0, 6)]), Some("2026-03-01T10:05:00Z"), None);
    accepts(&mut station, 1, &on_three_phases(relative(later)));
    station.advance(DEVIATION_S);
    assert_eq!(composite(&mut station, 1, 400), [(0, 32.0), (280, 6.0)]);
}

/// TC_K_22_CS, K01.FR.37; K01.FR.14: the station takes as much as its EVSEs together.
#[test]
fn tc_k_22_cs_a_profile_limits_until_it_is_no_longer_valid() {
    let mut station = idle();
    let (from, to) = (Some("2026-03-01T09:59:40Z"), Some("2026-03-01T10:05:00Z"));
    let passing = valid(profile(1, 0, "TxDefaultProfile", &[(0, 6)]), from, to);
    accepts(&mut station, 0, &on_three_phases(passing));
    station.advance(DEVIATION_S);
    for (evse, limit, local) in [(0, 12.0, 64.0), (1, 6.0, 32.0), (2, 6.0, 32.0)] {
        assert_eq!(composite(&mut station, evse, 400), [(0, limit), (280, local)], "EVSE {evse}");
    }
}

/// TC_K_23_CS, K01.FR.30, errata 6.2.67.
#[test]
fn tc_k_23_cs_a_schedule_limits_from_its_start() {
    let mut station = idle();
    let mut later = on_three_phases(profile(1, 0, "TxDefaultProfile", &[(0, 6)]));
    later["chargingSchedule"][0]["startSchedule"] = "2026-03-01T10:01:00Z".into();
    accepts(&mut station, 1, &later);
    station.advance(DEVIATION_S);
    assert_eq!(composite(&mut station, 1, 300), [(0, 32.0), (40, 6.0)]);
}

/// TC_K_30_CS, K09.FR.04.
#[test]
fn tc_k_30_cs_profiles_of_an_evse_are_reported() {
    let (mut station, [_, default]) = with_two_profiles(idle());
    tells(&mut station, json!({}), Some(1), 1, &default);
}

/// TC_K_31_CS, K09.FR.02, K09.FR.06.
#[test]
fn tc_k_31_cs_without_an_evse_all_profiles_are_reported() {
    let (mut station, [max, default]) = with_two_profiles(idle());
    let reports = reports(&mut station, json!({}), None);
    let about: Vec<_> = reports.iter().map(|report| (report["evseId"].as_i64(), report["tbc"].as_bool())).collect();
    assert_eq!(about, [(Some(0), Some(true)), (Some(1), Some(false))]);
    assert_eq!(reported(&reports), [max, default]);
}

/// TC_K_32_CS, K09.FR.01.
#[test]
fn tc_k_32_cs_a_profile_is_reported_by_its_id() {
    let (mut station, [max, _]) = with_two_profiles(idle());
    tells(&mut station, json!({ "chargingProfileId": [11] }), None, 0, &max);
}

/// TC_K_33_CS, K09.FR.04.
#[test]
fn tc_k_33_cs_profiles_of_an_evse_are_reported_by_level() {
    let (mut station, [_, default]) = with_two_profiles(idle());
    tells(&mut station, json!({ "stackLevel": 2 }), Some(1), 1, &default);
    assert_eq!(reports(&mut station, json!({ "stackLevel": 1 }), Some(1)), [Value::Null; 0], "that of the station");
}

/// TC_K_34_CS, K09.FR.04.
#[test]
fn tc_k_34_cs_profiles_of_an_evse_are_reported_by_source() {
    let (mut station, [_, default]) = with_two_profiles(idle());
    tells(&mut station, json!({ "chargingLimitSource": ["CSO"] }), Some(1), 1, &default);
    assert_eq!(reports(&mut station, json!({ "chargingLimitSource": ["EMS"] }), Some(1)), [Value::Null; 0]);
}

/// TC_K_35_CS, K09.FR.04, errata 6.2.70.
#[test]
fn tc_k_35_cs_profiles_of_an_evse_are_reported_by_purpose() {
    let (mut station, [_, default]) = with_two_profiles(charging());
    let tx = of_transaction(relative(profile(13, 2, "TxProfile", &[(0, 8)])), &station);
    accepts(&mut station, 1, &tx);
    tells(&mut station, json!({ "chargingProfilePurpose": "TxDefaultProfile" }), Some(1), 1, &default);
    tells(&mut station, json!({ "chargingProfilePurpose": "TxProfile" }), Some(1), 1, &tx);
}

/// A vehicle is connected, and the CSMS starts a transaction with this profile, which is authorized and then charges.
fn starts_with(station: &mut Transcript, profile: &Value) {
    station.plug();
    station.answer_all("StatusNotification");
    let token = json!({ "idToken": "REMOTE", "type": "Central" });
    let start = json!({ "evseId": 1, "remoteStartId": 7, "idToken": token, "chargingProfile": profile });
    assert_eq!(station.call("RequestStartTransaction", start)[2]["status"], "Accepted");
    let asked = station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
    assert_eq!(asked["idToken"], token);
    let event = station.exchange("TransactionEvent", json!({ "idTokenInfo": { "status": "Accepted" } }));
    assert_eq!((&event["triggerReason"], &event["idToken"]), (&json!("RemoteStart"), &token));
    assert_eq!(event["transactionInfo"]["remoteStartId"], 7);
    station.fact(Input::EvReady { evse: EVSE });
    let states = station.answer_all("TransactionEvent");
    assert_eq!(states.last().map(|event| &event["transactionInfo"]["chargingState"]), Some(&json!("Charging")));
}

const AUTHORIZED_FIRST: (&str, &str, &str, &str) = ("AuthCtrlr", "AuthorizeRemoteStart", "", "true");

/// TC_K_37_CS, K05.FR.03, F01.FR.10, F01.FR.13.
#[test]
fn tc_k_37_cs_a_remote_start_brings_a_profile() {
    let mut station = Transcript::accepted(Version::V201, &[AUTHORIZED_FIRST]);
    let tx = on_three_phases(relative(profile(1, 0, "TxProfile", &[(0, 6)])));
    starts_with(&mut station, &tx);
    let tx = of_transaction(tx, &station);
    tells(&mut station, json!({ "chargingProfileId": [1] }), None, 1, &tx);
    assert_eq!(told(&station, EVSE), amperes(6));
}

/// TC_K_38_CS, F01.FR.12, F01.FR.13.
#[test]
fn tc_k_38_cs_without_smart_charging_the_profile_of_a_remote_start_is_passed_over() {
    let disabled = ("SmartChargingCtrlr", "Enabled", "", "false");
    let mut station = Transcript::accepted(Version::V201, &[AUTHORIZED_FIRST, disabled]);
    starts_with(&mut station, &on_three_phases(relative(profile(1, 0, "TxProfile", &[(0, 6)]))));
    assert_eq!(told(&station, EVSE), amperes(32));
}

/// TC_K_40_CS, K08.FR.02, K08.FR.06, errata 6.2.72 and 6.2.74.
#[test]
fn tc_k_40_cs_the_highest_level_covers_the_others_while_it_lasts() {
    let mut station = idle();
    station.advance(DEVIATION_S);
    let place = |profile: Value| on_three_phases(valid(profile, Some(T0), Some("2026-03-01T10:07:21Z")));
    let low = lasting(profile(1, 0, "TxDefaultProfile", &[(0, 6), (100, 8), (200, 10)]), 420);
    let high = lasting(profile(2, 1, "TxDefaultProfile", &[(0, 7), (100, 9)]), 170);
    accepts(&mut station, 1, &place(low));
    accepts(&mut station, 1, &place(high));
    let asked = json!({ "evseId": 1, "duration": 350, "chargingRateUnit": "A" });
    let start = station.call("GetCompositeSchedule", asked)[2]["schedule"]["scheduleStart"].clone();
    assert_eq!(start, "2026-03-01T10:00:20.000Z");
    assert_eq!(composite(&mut station, 1, 350), [(0, 7.0), (80, 9.0), (150, 8.0), (180, 10.0)]);
}

fn has_no_composite(station: &mut Transcript, evse: i32, unit: &str) {
    let asked = json!({ "evseId": evse, "duration": 300, "chargingRateUnit": unit });
    let answer = station.call("GetCompositeSchedule", asked)[2].clone();
    assert_eq!((&answer["status"], &answer["schedule"]), (&json!("Rejected"), &Value::Null));
}

/// TC_K_42_CS, K08.FR.07.
#[test]
fn tc_k_42_cs_there_is_no_composite_schedule_in_a_unit_that_is_not_supported() {
    let mut station = Transcript::configured(Version::V201, |config| config.charging.watts = false);
    has_no_composite(&mut station, 0, "W");
    let mut station = Transcript::configured(Version::V201, |config| config.charging.amperes = false);
    has_no_composite(&mut station, 0, "A");
}

/// TC_K_47_CS, K08.FR.05: of two EVSEs, the third.
#[test]
fn tc_k_47_cs_there_is_no_composite_schedule_of_an_unknown_evse() {
    has_no_composite(&mut idle(), 3, "A");
}

/// TC_K_52_CS, K12.FR.05.
#[test]
fn tc_k_52_cs_a_limit_of_the_site_is_reported() {
    let mut station = idle();
    let limit = json!({ "external_limit": {
        "evse": 0, "source": "EMS", "is_grid_critical": null, "is_local_generation": false,
        "schedules": [{ "id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 10 }] }],
    }});
    station.fact(serde_json::from_value(limit).expect("an input"));
    station.exchange("NotifyChargingLimit", json!({}));
    let criterion = json!({ "chargingProfilePurpose": "ChargingStationExternalConstraints" });
    let reports = reports(&mut station, criterion, None);
    let sources: Vec<&Value> = reports.iter().map(|report| &report["chargingLimitSource"]).collect();
    assert_eq!(sources, ["EMS"]);
    let profiles = reported(&reports);
    assert_eq!(profiles[0]["chargingProfilePurpose"], "ChargingStationExternalConstraints");
    assert_eq!(steps(&profiles[0]["chargingSchedule"][0]), [(0, 10.0)]);
}

/// TC_K_60_CS, K01.FR.04, K01.FR.07, K01.FR.15.
#[test]
fn tc_k_60_cs_a_profile_for_the_running_transaction_is_accepted() {
    let mut station = charging();
    let tx = on_three_phases(relative(profile(1, 0, "TxProfile", &[(0, 6)])));
    let tx = of_transaction(tx, &station);
    accepts(&mut station, 1, &tx);
    assert_eq!(told(&station, EVSE), amperes(6));
    tells(&mut station, json!({ "chargingProfileId": [1] }), None, 1, &tx);
}
