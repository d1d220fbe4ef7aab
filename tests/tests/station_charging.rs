//! Smart charging at the station (block K; 1.6 §3.13): what it takes, what it reports, and what its hardware is told.

use pilotwire::domain::{ChargingLimitSource, EvseId, ExternalLimit};
use pilotwire::messages::Decimal;
use pilotwire::messages::v2::{ChargingRateUnit, ChargingSchedule, ChargingSchedulePeriod};
use pilotwire::station::{Input, Output};
use pilotwire::{Event, Version};
use pilotwire_tests::charging::{
    T0, accepts, amperes, composite, ids, lasting, of_transaction, profile, refuses, relative, reports, steps, told,
    transaction,
};
use pilotwire_tests::transcript::{EVSE, Transcript, remote_start};
use serde_json::{Value, json};

/// TC_K_01_CS, TC_K_03_CS, TC_K_10_CS: the same profile is reported as was set, for its EVSE.
#[test]
fn a_profile_is_reported_as_it_was_set() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    for (evse, purpose) in [(1, "TxDefaultProfile"), (0, "ChargingStationMaxProfile"), (0, "TxDefaultProfile")] {
        let one = profile(7, 3, purpose, &[(0, 6), (100, 8)]);
        accepts(&mut station, evse, &one);
        let reports = reports(&mut station, json!({ "chargingProfileId": [7] }), None);
        let [report] = reports.as_slice() else { panic!("{reports:?}") };
        assert_eq!((&report["requestId"], &report["evseId"], &report["tbc"]), (&json!(5), &json!(evse), &json!(false)));
        assert_eq!(report["chargingLimitSource"], "CSO");
        let reported = &report["chargingProfile"][0];
        assert_eq!(reported["chargingSchedule"][0]["startSchedule"], "2026-03-01T10:00:00.000Z");
        assert_eq!(steps(&reported["chargingSchedule"][0]), [(0, 6.0), (100, 8.0)]);
        assert_eq!(reported["chargingProfilePurpose"], purpose);
    }
    assert_eq!(ids(&reports(&mut station, json!({ "chargingProfileId": [7] }), None)), [7], "TC_K_04_CS: replaced");
}

/// TC_K_02_CS, TC_K_11_CS, TC_K_14_CS, TC_K_16_CS; K01.FR.09, K01.FR.16, K01.FR.28, K01.FR.33.
#[test]
fn what_cannot_be_installed_is_rejected_with_its_reason() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let mut tx = profile(1, 0, "TxProfile", &[(0, 6)]);
    tx["transactionId"] = "UNKNOWN".into();
    refuses(&mut station, 1, &tx, "TxNotFound");
    refuses(&mut station, 0, &tx, "InvalidProfile");
    refuses(&mut station, 9, &profile(1, 0, "TxDefaultProfile", &[(0, 6)]), "UnknownEvse");
    refuses(&mut station, 1, &profile(1, 99, "TxDefaultProfile", &[(0, 6)]), "InvalidStackLevel");
    refuses(&mut station, 0, &profile(1, 0, "ChargingStationExternalConstraints", &[(0, 6)]), "InvalidProfile");
    station.charge();
    refuses(&mut station, 1, &tx, "TxNotFound");
    assert_eq!(ids(&reports(&mut station, json!({}), None)), [0_i64; 0]);
}

/// TC_K_12_CS, TC_K_42_CS; K01.FR.26, K08.FR.07.
#[test]
fn a_unit_that_is_not_configured_is_rejected() {
    let mut station = Transcript::configured(Version::V201, |config| config.charging.watts = false);
    let mut in_watts = profile(1, 0, "TxDefaultProfile", &[(0, 6_000)]);
    in_watts["chargingSchedule"][0]["chargingRateUnit"] = "W".into();
    refuses(&mut station, 1, &in_watts, "UnsupportedRateUnit");
    let asked = json!({ "evseId": 1, "duration": 60, "chargingRateUnit": "W" });
    assert_eq!(station.call("GetCompositeSchedule", asked)[2]["status"], "Rejected");
}

/// TC_K_13_CS, K01.FR.27, I-7: durable before it is acknowledged; a TxProfile ends with its transaction.
#[test]
fn profiles_survive_a_power_cut_and_those_of_transactions_do_not() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    accepts(&mut station, 1, &profile(1, 0, "TxDefaultProfile", &[(0, 12)]));
    let tx = of_transaction(profile(2, 0, "TxProfile", &[(0, 8)]), &station);
    accepts(&mut station, 1, &tx);
    assert_eq!(told(&station, EVSE), amperes(8));
    station.power_up();
    assert_eq!(told(&station, EVSE), amperes(12), "before anything is connected");
    station.connect();
    station.accept();
    station.advance(5);
    station.answer_all("StatusNotification");
    station.answer_all("TransactionEvent");
    assert_eq!(ids(&reports(&mut station, json!({}), None)), [1]);
}

/// TC_K_15_CS, K01.FR.29; 1.6 errata 3.39.
#[test]
fn without_smart_charging_its_messages_are_not_supported() {
    let mut station = Transcript::accepted(Version::V201, &[("SmartChargingCtrlr", "Enabled", "", "false")]);
    let asked = json!({ "evseId": 1, "chargingProfile": profile(1, 0, "TxDefaultProfile", &[(0, 6)]) });
    assert_eq!(station.call("SetChargingProfile", asked)[2], "NotSupported");
    assert_eq!(station.call("GetCompositeSchedule", json!({ "evseId": 1, "duration": 60 }))[2], "NotSupported");
}

/// TC_K_05_CS to TC_K_08_CS, TC_K_24_CS; K10.FR.01, K10.FR.03, K10.FR.04.
#[test]
fn profiles_are_cleared_by_id_or_by_what_they_have_in_common() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let cleared =
        |station: &mut Transcript, asked: Value| station.call("ClearChargingProfile", asked)[2]["status"].clone();
    let levels = |station: &mut Transcript| ids(&reports(station, json!({}), None));
    for (id, level) in [(1, 0), (2, 1), (3, 2)] {
        accepts(&mut station, 1, &profile(id, level, "TxDefaultProfile", &[(0, 6)]));
    }
    accepts(&mut station, 0, &profile(4, 1, "ChargingStationMaxProfile", &[(0, 6)]));
    assert_eq!(cleared(&mut station, json!({ "chargingProfileId": 9 })), "Unknown");
    assert_eq!(cleared(&mut station, json!({ "chargingProfileId": 3 })), "Accepted");
    let both = json!({ "chargingProfileCriteria": { "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1 } });
    assert_eq!(cleared(&mut station, both.clone()), "Accepted");
    assert_eq!(cleared(&mut station, both), "Unknown");
    assert_eq!(levels(&mut station), [4, 1]);
    assert_eq!(cleared(&mut station, json!({ "chargingProfileCriteria": { "evseId": 1 } })), "Accepted");
    assert_eq!(levels(&mut station), [4]);
    assert!(!station.disk.keys().any(|key| key == "profile/1") && station.disk.contains_key("profile/4"));
}

/// TC_K_09_CS, TC_K_28_CS; K01.FR.32, K10.FR.05, K10.FR.07.
#[test]
fn a_default_profile_that_comes_or_goes_changes_what_runs() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    assert_eq!(told(&station, EVSE), amperes(32));
    accepts(&mut station, 1, &profile(1, 0, "TxDefaultProfile", &[(0, 6)]));
    assert_eq!(told(&station, EVSE), amperes(6));
    assert_eq!(composite(&mut station, 1, 300), [(0, 6.0)]);
    let by_purpose = json!({ "chargingProfileCriteria": { "chargingProfilePurpose": "TxDefaultProfile" } });
    assert_eq!(station.call("ClearChargingProfile", by_purpose)[2]["status"], "Accepted");
    assert_eq!(told(&station, EVSE), amperes(32));
    assert_eq!(composite(&mut station, 1, 300), [(0, 32.0)], "the station's own limit");
    station.expect_nothing();
}

/// TC_K_29_CS to TC_K_36_CS; K09.FR.04 to K09.FR.06.
#[test]
fn reports_tell_what_all_criteria_mean() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 0, &profile(1, 0, "ChargingStationMaxProfile", &[(0, 30)]));
    accepts(&mut station, 0, &profile(2, 1, "TxDefaultProfile", &[(0, 20)]));
    accepts(&mut station, 1, &profile(3, 2, "TxDefaultProfile", &[(0, 10)]));
    accepts(&mut station, 2, &profile(4, 3, "TxDefaultProfile", &[(0, 10)]));
    for (criterion, evse, meant) in [
        (json!({}), None, vec![1, 2, 3, 4]),
        (json!({}), Some(0), vec![1, 2]),
        (json!({}), Some(1), vec![3]),
        (json!({ "stackLevel": 2 }), Some(1), vec![3]),
        (json!({ "stackLevel": 2 }), Some(2), vec![]),
        (json!({ "chargingLimitSource": ["CSO"] }), Some(1), vec![3]),
        (json!({ "chargingLimitSource": ["EMS", "SO"] }), None, vec![]),
        (json!({ "chargingProfilePurpose": "TxDefaultProfile" }), None, vec![2, 3, 4]),
        (json!({ "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 3 }), Some(2), vec![4]),
        (json!({ "chargingProfileId": [1, 4, 9] }), None, vec![1, 4]),
    ] {
        let reports = reports(&mut station, criterion.clone(), evse);
        assert_eq!(ids(&reports), meant, "{criterion} {evse:?}");
        let continued: Vec<bool> = reports.iter().filter_map(|report| report["tbc"].as_bool()).collect();
        assert_eq!(continued.iter().rposition(|more| *more), continued.len().checked_sub(2), "K09.FR.02");
    }
}

/// TC_K_37_CS, TC_059_CS; K05.FR.03, 1.6 §5.16.2.
#[test]
fn a_remote_start_brings_a_profile_for_its_transaction() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.plug();
    station.answer_all("StatusNotification");
    let tx = relative(profile(5, 0, "TxProfile", &[(0, 9)]));
    let token = json!({ "idToken": "REMOTE", "type": "Central" });
    let start = json!({ "evseId": 1, "remoteStartId": 7, "idToken": token, "chargingProfile": tx });
    assert_eq!(station.call("RequestStartTransaction", start)[2]["status"], "Accepted");
    assert_eq!(told(&station, EVSE), amperes(9));
    station.answer_all("TransactionEvent");
    let reports = reports(&mut station, json!({ "chargingProfilePurpose": "TxProfile" }), None);
    assert_eq!(reports[0]["chargingProfile"][0]["transactionId"], transaction(&station));
    station.fact(Input::CableUnplugged { evse: EVSE });
    assert_eq!(told(&station, EVSE), amperes(32), "K02.FR.05: it ends with its transaction");
}

/// K05.FR.02, K05.FR.05, TC_060_CS.
#[test]
fn a_remote_start_with_a_profile_that_cannot_be_is_rejected() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let token = json!({ "idToken": "REMOTE", "type": "Central" });
    for wrong in [profile(5, 0, "TxDefaultProfile", &[(0, 9)]), profile(5, 99, "TxProfile", &[(0, 9)])] {
        let start = json!({ "evseId": 1, "remoteStartId": 7, "idToken": token, "chargingProfile": wrong });
        assert_eq!(station.call("RequestStartTransaction", start)[2]["status"], "Rejected");
    }
    station.expect_nothing();
}

/// TC_K_38_CS, K05.FR.04.
#[test]
fn without_smart_charging_the_profile_of_a_remote_start_is_passed_over() {
    let mut station = Transcript::accepted(Version::V201, &[("SmartChargingCtrlr", "Enabled", "", "false")]);
    let token = json!({ "idToken": "REMOTE", "type": "Central" });
    let tx = profile(5, 99, "TxProfile", &[(0, 9)]);
    let start = json!({ "evseId": 1, "remoteStartId": 7, "idToken": token, "chargingProfile": tx });
    assert_eq!(station.call("RequestStartTransaction", start)[2]["status"], "Accepted");
}

/// TC_K_39_CS: the station's own limits are part of it (SC.04).
#[test]
fn tc_k_39_without_profiles_the_hardware_limits() {
    let mut station = Transcript::configured(Version::V201, |config| {
        config.charging.rating = Some(pilotwire::charging::Rating { current_a: Decimal::from_int(40), phases: 3 });
    });
    assert_eq!(composite(&mut station, 1, 300), [(0, 32.0)]);
    assert_eq!(composite(&mut station, 0, 300), [(0, 40.0)], "not the sum of both");
    let asked = json!({ "evseId": 0, "duration": 300, "chargingRateUnit": "W" });
    let answer = station.call("GetCompositeSchedule", asked)[2].clone();
    assert_eq!(steps(&answer["schedule"]), [(0, 27_600.0)]);
    assert_eq!(answer["schedule"]["scheduleStart"], "2026-03-01T10:00:00.000Z");
}

/// TC_K_41_CS with its errata: maximum, default and transaction together; the default returns.
#[test]
fn tc_k_41_purposes_are_combined() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    accepts(&mut station, 0, &lasting(profile(1, 0, "ChargingStationMaxProfile", &[(0, 10)]), 86_400));
    let default = [(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)];
    accepts(&mut station, 1, &lasting(profile(2, 0, "TxDefaultProfile", &default), 300));
    let tx = [(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)];
    let tx = of_transaction(lasting(profile(3, 0, "TxProfile", &tx), 260), &station);
    accepts(&mut station, 1, &tx);
    let expected = [(0, 8.0), (50, 10.0), (200, 6.0), (240, 10.0), (260, 8.0), (300, 10.0)];
    assert_eq!(composite(&mut station, 1, 400), expected);
}

/// TC_066_CS: in 1.6 a TxProfile overrules the default for the whole transaction.
#[test]
fn tc_066_purposes_are_combined_in_1_6() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    station.charge();
    let sets = |id: i32, purpose: &str, duration: i32, periods: &[(i32, i32)]| {
        let periods: Vec<Value> =
            periods.iter().map(|(start, limit)| json!({ "startPeriod": start, "limit": limit })).collect();
        json!({
            "chargingProfileId": id, "stackLevel": 0, "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Absolute",
            "chargingSchedule": { "startSchedule": T0, "duration": duration, "chargingRateUnit": "A",
                "chargingSchedulePeriod": periods },
        })
    };
    let max = sets(1, "ChargePointMaxProfile", 86_400, &[(0, 10)]);
    let default = sets(2, "TxDefaultProfile", 300, &[(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)]);
    let tx = sets(3, "TxProfile", 260, &[(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)]);
    for (connector, profile) in [(0, max), (1, default), (1, tx)] {
        let asked = json!({ "connectorId": connector, "csChargingProfiles": profile });
        assert_eq!(station.call("SetChargingProfile", asked)[2]["status"], "Accepted");
    }
    let asked = json!({ "connectorId": 1, "duration": 400, "chargingRateUnit": "A" });
    let answer = station.call("GetCompositeSchedule", asked)[2].clone();
    assert_eq!(steps(&answer["chargingSchedule"]), [(0, 8.0), (50, 10.0), (200, 6.0), (240, 10.0)]);
    assert_eq!(answer["chargingSchedule"]["startSchedule"], Value::Null, "errata 3.57");
    assert_eq!(answer["scheduleStart"], "2026-03-01T10:00:00.000Z");
}

/// TC_057_CS, TC_058_1_CS, TC_058_2_CS: by the number that the central system gave.
#[test]
fn a_tx_profile_of_1_6_is_for_the_transaction_that_it_names() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    let tx = |id: Option<i32>| {
        let mut profile = json!({
            "chargingProfileId": 3, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": { "chargingRateUnit": "A", "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 7 }] },
        });
        if let Some(id) = id {
            profile["transactionId"] = id.into();
        }
        json!({ "connectorId": 1, "csChargingProfiles": profile })
    };
    assert_eq!(station.call("SetChargingProfile", tx(None))[2]["status"], "Rejected", "no transaction");
    station.charge();
    assert_eq!(station.call("SetChargingProfile", tx(Some(78)))[2]["status"], "Rejected", "another transaction");
    assert_eq!(station.call("SetChargingProfile", tx(Some(77)))[2]["status"], "Accepted");
    assert_eq!(told(&station, EVSE), amperes(7));
    let elsewhere = json!({ "connectorId": 9, "csChargingProfiles": tx(None)["csChargingProfiles"] });
    assert_eq!(station.call("SetChargingProfile", elsewhere)[2], "PropertyConstraintViolation", "errata 3.39");
}

/// TC_K_47_CS, K08.FR.05; peers crash or answer for another EVSE.
#[test]
fn a_composite_schedule_that_cannot_be_is_rejected() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    for (evse, duration) in [(9, 60), (1, -1)] {
        let answer = station.call("GetCompositeSchedule", json!({ "evseId": evse, "duration": duration }));
        assert_eq!(answer[2]["status"], "Rejected");
    }
    assert_eq!(composite(&mut station, 1, 0), [(0, 32.0)], "of no length: what holds now");
}

/// Rule 7: nothing is cut silently.
#[test]
fn a_composite_schedule_that_is_too_long_covers_less_and_says_so() {
    let mut station = Transcript::configured(Version::V201, |config| config.limits.composite_periods = 2);
    accepts(&mut station, 1, &profile(1, 0, "TxDefaultProfile", &[(0, 6), (60, 7), (120, 8)]));
    let answer = station.call("GetCompositeSchedule", json!({ "evseId": 1, "duration": 300 }))[2].clone();
    assert_eq!((steps(&answer["schedule"]), &answer["schedule"]["duration"]), (vec![(0, 6.0), (60, 7.0)], &json!(120)));
    assert!(
        station.outputs.iter().any(|output| matches!(output, Output::LimitHit { text } if text.contains("was cut")))
    );
}

/// K02.FR.02, I-5: the limit is told before the contactor closes, and again in the second in which it changes.
#[test]
fn the_hardware_hears_limits_before_energy_flows_and_when_they_change() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 0, &profile(1, 0, "TxDefaultProfile", &[(0, 16), (90, 10), (150, 20)]));
    station.charge();
    let limit = |output: &Output| matches!(output, Output::SetLimit { evse, limit } if *evse == EVSE && limit.current_a == amperes(16));
    let closed = |output: &Output| *output == Output::CloseContactor { evse: EVSE };
    let at = |found: &dyn Fn(&Output) -> bool| station.outputs.iter().position(found);
    assert!(at(&limit) < at(&closed) && at(&limit).is_some());
    station.advance(89);
    assert_eq!(told(&station, EVSE), amperes(16));
    station.answer_all("TransactionEvent");
    station.advance(1);
    assert_eq!(told(&station, EVSE), amperes(10));
    station.advance(60);
    assert_eq!(told(&station, EVSE), amperes(20));
}

/// A limit of zero suspends: SuspendedEVSE, contactor open, and back at the schedule's second. libocpp #582: not even for
/// a moment at the first session.
#[test]
fn a_limit_of_zero_suspends_until_the_schedule_goes_on() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 1, &profile(1, 0, "TxDefaultProfile", &[(0, 0), (60, 16), (120, 0), (150, 5)]));
    station.charge();
    let closed = |station: &Transcript| {
        let moves = |output: &&Output| matches!(output, Output::CloseContactor { .. } | Output::OpenContactor { .. });
        matches!(station.outputs.iter().rev().find(moves), Some(Output::CloseContactor { .. }))
    };
    let state = |station: &mut Transcript| {
        let events = station.answer_all("TransactionEvent");
        events.last().map(|event| event["transactionInfo"]["chargingState"].clone()).unwrap_or_default()
    };
    assert!(!station.outputs.iter().any(|output| matches!(output, Output::CloseContactor { .. })));
    station.advance(60);
    assert!(closed(&station));
    assert_eq!(state(&mut station), "Charging");
    station.advance(60);
    assert!(!closed(&station));
    assert_eq!(state(&mut station), "SuspendedEVSE");
    station.advance(60);
    assert_eq!((closed(&station), told(&station, EVSE)), (false, amperes(0)), "5 A cannot be offered (IEC 61851-1)");
}

/// go-e #155: a limit holds for a session that resumes after zero.
#[test]
fn a_session_that_resumes_keeps_the_limit() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    accepts(&mut station, 0, &profile(1, 0, "ChargingStationMaxProfile", &[(0, 0), (60, 8)]));
    station.answer_all("TransactionEvent");
    station.advance(60);
    let resumed = station.outputs.iter().rposition(|output| *output == Output::CloseContactor { evse: EVSE });
    let limited = station.outputs.iter().rposition(|output| matches!(output, Output::SetLimit { evse: EVSE, .. }));
    assert!(limited.is_some() && limited < resumed, "told before the contactor closes");
    assert_eq!(told(&station, EVSE), amperes(8));
}

/// K04.FR.05, MicroOcppSimulator #21: the station's limit is for all EVSEs together.
#[test]
fn two_vehicles_share_what_the_station_may_take() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 0, &profile(1, 0, "ChargingStationMaxProfile", &[(0, 20), (60, 9)]));
    station.charge();
    assert_eq!(told(&station, EVSE), amperes(20), "alone");
    let token = json!({ "idToken": "REMOTE", "type": "Central" });
    station.fact(Input::CablePlugged { evse: EvseId(2), connector: 1 });
    station.answer_all("StatusNotification");
    let start = json!({ "evseId": 2, "remoteStartId": 7, "idToken": token });
    assert_eq!(station.call("RequestStartTransaction", start)[2]["status"], "Accepted");
    station.answer_all("TransactionEvent");
    station.fact(Input::EvReady { evse: EvseId(2) });
    assert_eq!((told(&station, EVSE), told(&station, EvseId(2))), (amperes(10), amperes(10)));
    let rated = station.answer_all("TransactionEvent");
    assert!(rated.iter().any(|event| event["triggerReason"] == "ChargingRateChanged"), "SC.02: {rated:?}");
    station.advance(60);
    let both = (told(&station, EVSE), told(&station, EvseId(2)));
    assert_eq!(both, (amperes(9), amperes(0)), "less than 6 A each is of no use: the first goes first");
}

/// A limit of the site: one schedule in amperes without a start, so from now on.
fn external(evse: i32, limit: i32, source: ChargingLimitSource) -> Input {
    let mut period = ChargingSchedulePeriod::new(0);
    period.limit = amperes(limit);
    let schedules = vec![ChargingSchedule::new(1, ChargingRateUnit::A, vec![period])];
    let (evse, is_grid_critical) = (EvseId(evse), Some(true));
    Input::ExternalLimit(ExternalLimit { evse, source, is_grid_critical, is_local_generation: false, schedules })
}

/// K11.FR.01 to K11.FR.06, K12, TC_K_52_CS.
#[test]
fn a_limit_of_the_site_holds_at_once_and_is_told() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    station.fact(external(0, 8, ChargingLimitSource::EMS));
    assert_eq!(told(&station, EVSE), amperes(8));
    let told_csms = station.exchange("NotifyChargingLimit", json!({}));
    let about = json!({ "chargingLimitSource": "EMS", "isGridCritical": true });
    assert_eq!((&told_csms["chargingLimit"], &told_csms["evseId"]), (&about, &json!(0)));
    assert_eq!(steps(&told_csms["chargingSchedule"][0]), [(0, 8.0)], "K11.FR.03");
    let event = station.exchange("TransactionEvent", json!({}));
    assert_eq!(event["triggerReason"], "ChargingRateChanged", "K11.FR.04");
    let reports = reports(&mut station, json!({ "chargingLimitSource": ["EMS"] }), None);
    let reported = &reports[0]["chargingProfile"][0];
    assert_eq!(reported["chargingProfilePurpose"], "ChargingStationExternalConstraints", "K11.FR.06");
    assert!(reported["id"].as_i64() < Some(0), "out of a CSMS's way");
    let id = reported["id"].clone();
    assert_eq!(
        station.call("ClearChargingProfile", json!({ "chargingProfileId": id }))[2]["status"],
        "Unknown",
        "K10.FR.09"
    );
}

/// SC.03, K11.FR.02: small changes hold and are not told; K11.FR.01: of two sources the lower one holds.
#[test]
fn what_is_not_significant_is_not_told_and_no_source_overrules_another() {
    let mut station =
        Transcript::accepted(Version::V201, &[("SmartChargingCtrlr", "LimitChangeSignificance", "", "15")]);
    station.fact(external(1, 20, ChargingLimitSource::EMS));
    station.exchange("NotifyChargingLimit", json!({}));
    station.fact(external(1, 18, ChargingLimitSource::EMS));
    station.expect_nothing();
    assert_eq!(told(&station, EVSE), amperes(18));
    station.fact(external(1, 25, ChargingLimitSource::SO));
    station.exchange("NotifyChargingLimit", json!({}));
    assert_eq!(told(&station, EVSE), amperes(18));
    station.fact(Input::ExternalLimitCleared { evse: EVSE, source: ChargingLimitSource::EMS });
    let cleared = station.exchange("ClearedChargingLimit", json!({}));
    assert_eq!(cleared, json!({ "chargingLimitSource": "EMS", "evseId": 1 }), "K13.FR.02");
    assert_eq!(told(&station, EVSE), amperes(25));
}

/// K11.FR.02, K13.FR.02: what happened without a link is told when there is one; of each limit only the last.
#[test]
fn limits_of_the_site_are_told_after_a_reconnect() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.event(Event::Disconnected);
    station.fact(external(0, 8, ChargingLimitSource::EMS));
    station.fact(external(0, 10, ChargingLimitSource::EMS));
    station.fact(external(1, 20, ChargingLimitSource::SO));
    station.fact(Input::ExternalLimitCleared { evse: EVSE, source: ChargingLimitSource::SO });
    station.connect();
    let told_csms = station.exchange("NotifyChargingLimit", json!({}));
    assert_eq!(steps(&told_csms["chargingSchedule"][0]), [(0, 10.0)]);
    let cleared = station.exchange("ClearedChargingLimit", json!({}));
    assert_eq!(cleared, json!({ "chargingLimitSource": "SO", "evseId": 1 }));
    station.expect_nothing();
}

/// K11.FR.02: a CSMS that did not answer may not have heard.
#[test]
fn a_limit_of_the_site_that_was_not_answered_is_told_again() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.fact(external(0, 8, ChargingLimitSource::EMS));
    station.expect("NotifyChargingLimit");
    station.event(Event::Disconnected);
    station.connect();
    station.exchange("NotifyChargingLimit", json!({}));
    station.event(Event::Disconnected);
    station.connect();
    station.expect_nothing();
}

/// S-30: no question occupies the station for long.
#[test]
fn a_composite_schedule_of_decades_is_cut_and_says_so() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 1, &profile(1, 0, "TxDefaultProfile", &[(0, 16)]));
    let answer = station.call("GetCompositeSchedule", json!({ "evseId": 1, "duration": i32::MAX }));
    assert_eq!(answer[2]["schedule"]["duration"], 366 * 86_400);
    let hit =
        |output: &Output| matches!(output, Output::LimitHit { text } if text.contains("was cut after 31622400 s"));
    assert!(station.outputs.iter().any(hit));
}

/// E06: the vehicle did not wish to stop.
#[test]
fn a_transaction_that_ends_because_of_a_zero_limit_was_not_stopped_by_the_vehicle() {
    let variables = [("TxCtrlr", "TxStopPoint", "", "EnergyTransfer")];
    let mut station = Transcript::accepted(Version::V201, &variables);
    station.charge();
    let set = json!({ "evseId": 1, "chargingProfile": profile(1, 0, "TxDefaultProfile", &[(0, 0)]) });
    assert_eq!(station.call("SetChargingProfile", set)[2]["status"], "Accepted");
    let ended = station.answer_all("TransactionEvent").pop().expect("it ends");
    assert_eq!((&ended["eventType"], &ended["transactionInfo"]["stoppedReason"]), (&json!("Ended"), &json!("Other")));
}

/// I-5 through boot: nobody needs to tell it again.
#[test]
fn a_limit_of_the_site_survives_a_power_cut() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.fact(external(0, 8, ChargingLimitSource::EMS));
    station.power_up();
    assert_eq!(told(&station, EVSE), amperes(8));
    station.fact(Input::ExternalLimitCleared { evse: EvseId(0), source: ChargingLimitSource::SO });
    let refused = |output: &Output| matches!(output, Output::Refused { text } if text.contains("has set no limit"));
    assert!(station.outputs.iter().any(refused));
}

/// I-5, R-7: without a clock the lowest limit of all times holds; a clock that jumps moves limits, not timers.
#[test]
fn without_a_clock_the_lowest_limit_holds() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 1, &profile(1, 0, "TxDefaultProfile", &[(0, 16), (3_600, 7)]));
    assert_eq!(told(&station, EVSE), amperes(16));
    station.event(Event::Clock("2026-03-01T11:30:00Z".parse().expect("a time")));
    assert_eq!(told(&station, EVSE), amperes(7), "an hour and a half later");
    station.event(Event::Clock("2026-03-01T10:10:00Z".parse().expect("a time")));
    assert_eq!(told(&station, EVSE), amperes(16), "and back");
    station.power_up_without_clock();
    assert_eq!(told(&station, EVSE), amperes(7));
    station.connect();
    station.accept();
    assert_eq!(told(&station, EVSE), amperes(16), "the CSMS told the time");
}

/// K06.FR.01, K07.FR.01: what is installed goes on without a connection.
#[test]
fn profiles_hold_without_a_connection() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    accepts(&mut station, 1, &profile(1, 0, "TxDefaultProfile", &[(0, 16), (60, 7)]));
    station.event(Event::Disconnected);
    station.advance(60);
    assert_eq!(told(&station, EVSE), amperes(7));
}

/// K15.FR.01, TC_K_53_CS, TC_K_54_CS, TC_K_57_CS: what vehicles need and plan goes to the CSMS, its verdict to the host.
#[test]
fn needs_and_plans_of_vehicles_are_told_and_answered() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    station.fact(serde_json::from_value(json!({ "ev_needs": { "evse": 1, "max_schedule_tuples": 3, "needs": {
        "requestedEnergyTransfer": "AC_three_phase",
        "acChargingParameters": { "energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400 },
    }}})).expect("an input"));
    let needs = station.exchange("NotifyEVChargingNeeds", json!({ "status": "Processing" }));
    assert_eq!((&needs["evseId"], &needs["maxScheduleTuples"]), (&json!(1), &json!(3)));
    let answered = |output: &Output| matches!(output, Output::EvNeedsAnswered { status: Some(status), .. } if status.as_str() == "Processing");
    assert!(station.outputs.iter().any(answered));
    let plan = json!({ "ev_schedule": { "evse": 1, "time_base": T0, "selected": 1, "schedule": {
        "id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 16 }],
    }}});
    station.fact(serde_json::from_value(plan.clone()).expect("an input"));
    let told = station.exchange("NotifyEVChargingSchedule", json!({ "status": "Rejected" }));
    assert_eq!(told["timeBase"], "2026-03-01T10:00:00.000Z");
    let rejected = |output: &Output| matches!(output, Output::EvScheduleAnswered { accepted: Some(false), .. });
    assert!(station.outputs.iter().any(rejected));
    station.event(Event::Disconnected);
    station.fact(serde_json::from_value(plan).expect("an input"));
    let unanswered = |output: &Output| matches!(output, Output::EvScheduleAnswered { accepted: None, .. });
    assert!(station.outputs.iter().any(unanswered), "K15.FR.15: offline");
}

/// K15.FR.09, K16.FR.04, K17.FR.09: the station checks before it asks.
#[test]
fn a_plan_beyond_the_limits_goes_back_to_the_vehicle() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    let tx = of_transaction(profile(1, 0, "TxProfile", &[(0, 16), (600, 10)]), &station);
    accepts(&mut station, 1, &tx);
    let plan = |limit: i32| {
        let plan = json!({ "ev_schedule": { "evse": 1, "time_base": T0, "selected": null, "schedule": {
            "id": 1, "duration": 900, "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": limit }],
        }}});
        serde_json::from_value(plan).expect("an input")
    };
    station.fact(plan(11));
    station.expect_nothing();
    let answered = station.outputs.last();
    assert_eq!(answered, Some(&Output::EvScheduleAnswered { evse: EVSE, accepted: Some(false) }));
    station.fact(plan(10));
    station.exchange("NotifyEVChargingSchedule", json!({ "status": "Accepted" }));
    let answered = station.outputs.last();
    assert_eq!(answered, Some(&Output::EvScheduleAnswered { evse: EVSE, accepted: Some(true) }));
}

/// B06, 1.6 §9.4: what a CSMS must know before it sends profiles.
#[test]
fn capabilities_are_told_as_variables_and_as_keys() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    let keys = [
        "ChargeProfileMaxStackLevel",
        "ChargingScheduleAllowedChargingRateUnit",
        "ChargingScheduleMaxPeriods",
        "MaxChargingProfilesInstalled",
    ];
    let answer = station.call("GetConfiguration", json!({ "key": keys }));
    let values: Vec<&Value> =
        answer[2]["configurationKey"].as_array().into_iter().flatten().map(|key| &key["value"]).collect();
    assert_eq!(values, [&json!("31"), &json!("Current,Power"), &json!("96"), &json!("32")], "{answer}");
}

/// A remote start without a profile leaves no other one's behind.
#[test]
fn a_profile_for_a_start_that_never_came_is_forgotten() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let token = json!({ "idToken": "REMOTE", "type": "Central" });
    let start = json!({ "evseId": 1, "remoteStartId": 7, "idToken": token, "chargingProfile": profile(5, 0, "TxProfile", &[(0, 9)]) });
    assert_eq!(station.call("RequestStartTransaction", start)[2]["status"], "Accepted");
    station.advance(61);
    station.answer_all("StatusNotification");
    station.answer_all("TransactionEvent");
    station.plug();
    station.answer_all("StatusNotification");
    assert_eq!(remote_start(&mut station, Version::V201, 1)[2]["status"], "Accepted");
    assert_eq!(told(&station, EVSE), amperes(32));
}
