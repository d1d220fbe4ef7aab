//! Certification cases of a station of 2.0.1 whose vehicles tell what they need and plan (K15 to K17), with their errata.

use pilotwire::domain::NotifyEvChargingNeedsStatus;
use pilotwire::station::{Input, Output};
use pilotwire::{Event, Version};
use pilotwire_tests::charging::{
    T0, accepts, amperes, lasting, of_transaction, on_three_phases, profile, steps, told, valid,
};
use pilotwire_tests::transcript::{EVSE, Transcript};
use serde_json::{Value, json};

/// A vehicle that is connected and authorized, and does not charge yet.
fn authorized() -> Transcript {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.authorize();
    station.expect_nothing();
    station
}

fn needs() -> Input {
    let needs = json!({ "ev_needs": { "evse": 1, "max_schedule_tuples": 3, "needs": {
        "requestedEnergyTransfer": "AC_three_phase",
        "acChargingParameters": { "energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 400 },
    }}});
    serde_json::from_value(needs).expect("an input")
}

fn plan(limit: i32) -> Input {
    let plan = json!({ "ev_schedule": { "evse": 1, "time_base": T0, "selected": null, "schedule": {
        "id": 1, "duration": 300, "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": limit }],
    }}});
    serde_json::from_value(plan).expect("an input")
}

/// A vehicle tells its needs, and the CSMS answers with this status.
fn tell_needs(station: &mut Transcript, status: &str) {
    station.fact(needs());
    let told = station.exchange("NotifyEVChargingNeeds", json!({ "status": status }));
    assert_eq!(told["evseId"], 1);
    let needs = &told["chargingNeeds"];
    assert!(needs["acChargingParameters"].is_object() && needs["dcChargingParameters"].is_null(), "K15.FR.06: {needs}");
    let status = Some(NotifyEvChargingNeedsStatus::from_word(status));
    assert_eq!(station.outputs.last(), Some(&Output::EvNeedsAnswered { evse: EVSE, status }));
}

/// The CSMS limits the transaction; the vehicle has to hear of it (K16.FR.02).
fn limit(station: &mut Transcript, limit: i32) {
    let tx = of_transaction(lasting(profile(1, 0, "TxProfile", &[(0, limit)]), 300), station);
    let before = station.outputs.len();
    accepts(station, 1, &tx);
    assert!(station.outputs[before..].contains(&Output::ProfilesChanged));
    assert_eq!(told(station, EVSE), amperes(limit));
}

/// The vehicle plans within its limit, and the CSMS agrees.
fn tell_plan(station: &mut Transcript, limit: i32) {
    station.fact(plan(limit));
    let told = station.exchange("NotifyEVChargingSchedule", json!({ "status": "Accepted" }));
    assert_eq!((&told["evseId"], &told["timeBase"]), (&json!(1), &json!(T0)));
    assert_eq!(steps(&told["chargingSchedule"]), [(0, f64::from(limit))]);
    assert_eq!(station.outputs.last(), Some(&Output::EvScheduleAnswered { evse: EVSE, accepted: Some(true) }));
}

/// Energy flows, and the CSMS hears of it; gives what it heard.
fn start_charging(station: &mut Transcript) -> Value {
    station.fact(Input::EvReady { evse: EVSE });
    let event = station.exchange("TransactionEvent", json!({}));
    station.expect_nothing();
    is_charging(&event);
    event
}

fn is_charging(event: &Value) {
    assert_eq!(event["triggerReason"], "ChargingStateChanged", "{event}");
    assert_eq!(event["transactionInfo"]["chargingState"], "Charging", "{event}");
}

/// A transaction that charges within a limit of 10 A that was negotiated.
fn renegotiated() -> Transcript {
    let mut station = authorized();
    tell_needs(&mut station, "Accepted");
    limit(&mut station, 10);
    tell_plan(&mut station, 10);
    start_charging(&mut station);
    station
}

/// TC_K_53_CS, K15.FR.01, K15.FR.06, K15.FR.09, K15.FR.10, errata 6.2.76.
#[test]
fn tc_k_53_cs_a_vehicle_charges_as_it_was_negotiated() {
    let mut station = authorized();
    tell_needs(&mut station, "Accepted");
    limit(&mut station, 6);
    station.fact(plan(7));
    station.expect_nothing();
    assert_eq!(station.outputs.last(), Some(&Output::EvScheduleAnswered { evse: EVSE, accepted: Some(false) }));
    tell_plan(&mut station, 6);
    start_charging(&mut station);
}

/// TC_K_54_CS, K15.FR.01, K17.FR.04, errata 6.2.77.
#[test]
fn tc_k_54_cs_a_vehicle_charges_without_a_schedule_of_the_csms() {
    let mut station = authorized();
    tell_needs(&mut station, "Rejected");
    tell_plan(&mut station, 16);
    start_charging(&mut station);
}

/// TC_K_56_CS, K15.FR.15, K17.FR.15, errata 6.2.78 and 6.2.80.
#[test]
fn tc_k_56_cs_offline_the_default_profile_limits_the_vehicle() {
    let mut station = Transcript::accepted(Version::V201, &[("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "", "10")]);
    let default = lasting(profile(1, 0, "TxDefaultProfile", &[(0, 6)]), 400);
    accepts(&mut station, 1, &on_three_phases(valid(default, Some(T0), Some("2026-03-01T10:07:21Z"))));
    station.authorize();
    station.event(Event::Disconnected);
    station.fact(needs());
    assert_eq!(station.outputs.last(), Some(&Output::EvNeedsAnswered { evse: EVSE, status: None }));
    assert_eq!(told(&station, EVSE), amperes(6));
    station.fact(Input::EvReady { evse: EVSE });
    station.advance(90);
    station.expect_nothing();
    assert!(station.link.contains(&"connect"), "it tries again");
    station.connect();
    let event = station.exchange("TransactionEvent", json!({}));
    is_charging(&event);
    assert_eq!(event["offline"], true);
    station.answer_all("TransactionEvent");
    station.expect_nothing();
    tell_plan(&mut station, 6);
}

/// TC_K_57_CS, K17.FR.01, K17.FR.06, K17.FR.09, K17.FR.10, errata 6.2.79. To the CSMS, a rate that it changed itself is
/// no news (errata 6.2.80).
#[test]
fn tc_k_57_cs_a_vehicle_renegotiates() {
    let mut station = renegotiated();
    tell_needs(&mut station, "Accepted");
    limit(&mut station, 15);
    tell_plan(&mut station, 15);
    station.expect_nothing();
}

/// TC_K_58_CS, K16.FR.02 to K16.FR.05, errata 6.2.81.
#[test]
fn tc_k_58_cs_the_csms_renegotiates() {
    let mut station = renegotiated();
    limit(&mut station, 8);
    station.fact(plan(10));
    station.expect_nothing();
    assert_eq!(station.outputs.last(), Some(&Output::EvScheduleAnswered { evse: EVSE, accepted: Some(false) }));
    tell_plan(&mut station, 8);
    station.expect_nothing();
}
