//! Taking EVSEs out of service while others are busy, and faults beside each other (G03, G04; 1.6 §5.2).

use pilotwire::Version;
use pilotwire::domain::{EvseId, Problem};
use pilotwire::station::{Input, Output};
use pilotwire_tests::transcript::{EVSE, Transcript, boot_answer, status_of};
use serde_json::{Value, json};

const VERSIONS: [Version; 2] = [Version::V16, Version::V201];

/// Changes the availability of an EVSE, 0 being the station; gives the status of the answer.
fn change(station: &mut Transcript, version: Version, evse: i32, word: &str) -> Value {
    let payload = match (version, evse) {
        (Version::V16, _) => json!({ "connectorId": evse, "type": word }),
        (_, 0) => json!({ "operationalStatus": word }),
        _ => json!({ "operationalStatus": word, "evse": { "id": evse } }),
    };
    station.call("ChangeAvailability", payload)[2]["status"].clone()
}

fn take_out(station: &mut Transcript, version: Version, evse: i32) -> Value {
    change(station, version, evse, "Inoperative")
}

/// What the CSMS is told next about connectors.
fn told(station: &mut Transcript) -> Vec<(i64, String)> {
    let place = |payload: &Value| payload.get("evseId").or(payload.get("connectorId")).and_then(Value::as_i64);
    let payloads = station.answer_all("StatusNotification");
    payloads.iter().filter_map(|payload| Some((place(payload)?, status_of(payload).to_owned()))).collect()
}

fn problem(evse: i32, code: &str) -> Input {
    Input::Fault { evse: EvseId(evse), problem: Problem { code: code.into(), info: None } }
}

/// TC_G_14_CS, G04.FR.06, G04.FR.07: those that are idle go at once.
#[test]
fn tc_g_14_an_idle_evse_goes_at_once_though_another_is_busy() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.charge();
        assert_eq!(take_out(&mut station, version, 0), "Scheduled", "{version}");
        assert_eq!(told(&mut station), [(2, "Unavailable".to_owned())], "{version}");
    }
}

/// G03.FR.05: an answer is about the place that was named.
#[test]
fn a_change_that_waits_elsewhere_does_not_delay_this_one() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.charge();
        assert_eq!(take_out(&mut station, version, 1), "Scheduled", "{version}");
        assert_eq!(take_out(&mut station, version, 2), "Accepted", "{version}");
        assert_eq!(told(&mut station), [(2, "Unavailable".to_owned())], "{version}");
    }
}

/// 1.6 §5.2: connector 0 is the charge point and all its connectors; G03, G04: in 2.x each keeps its own state.
#[test]
fn a_station_that_comes_back_brings_its_connectors_with_it_in_1_6_only() {
    for (version, still_off) in [(Version::V16, 0), (Version::V201, 1)] {
        let mut station = Transcript::accepted(version, &[]);
        change(&mut station, version, 1, "Inoperative");
        change(&mut station, version, 0, "Inoperative");
        station.answer_all("StatusNotification");
        change(&mut station, version, 0, "Operative");
        station.answer_all("StatusNotification");
        station.power_up();
        station.connect();
        station.exchange("BootNotification", boot_answer("Accepted", 300));
        let off = told(&mut station).iter().filter(|(_, status)| status == "Unavailable").count();
        assert_eq!(off, still_off, "{version}");
    }
}

/// 1.6 §5.2: what was done to all can be undone for one.
#[test]
fn in_1_6_one_connector_comes_back_alone() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    change(&mut station, Version::V16, 0, "Inoperative");
    told(&mut station);
    assert_eq!(change(&mut station, Version::V16, 1, "Operative"), "Accepted");
    assert_eq!(told(&mut station), [(1, "Available".to_owned())]);
}

/// G03.FR.06: an authorization that has not become a transaction is no reason to wait, and does not outlive the change.
#[test]
fn who_has_not_plugged_in_yet_does_not_charge_out_of_service() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.token("A");
        let info = if version == Version::V16 { "idTagInfo" } else { "idTokenInfo" };
        station.exchange("Authorize", json!({ info: { "status": "Accepted" } }));
        told(&mut station);
        assert_eq!(take_out(&mut station, version, 1), "Accepted", "{version}");
        assert_eq!(told(&mut station), [(1, "Unavailable".to_owned())], "{version}");
        station.plug();
        station.fact(Input::EvReady { evse: EVSE });
        station.expect_nothing();
        assert!(!station.outputs.contains(&Output::CloseContactor { evse: EVSE }), "{version}");
    }
}

/// 1.6 §4.9: a notification tells a change of the status.
#[test]
fn a_cable_at_a_connector_that_is_prepared_already_is_no_news_to_1_6() {
    let points = [("TxCtrlr", "TxStartPoint", "", "EnergyTransfer")];
    let mut station = Transcript::accepted(Version::V16, &points);
    station.token("A");
    station.exchange("Authorize", json!({ "idTagInfo": { "status": "Accepted" } }));
    assert_eq!(told(&mut station), [(1, "Preparing".to_owned())]);
    station.plug();
    station.expect_nothing();
}

/// E01.FR.02 is about a connector that can be used.
#[test]
fn a_cable_out_of_service_starts_its_transaction_when_the_evse_is_back() {
    let mut station = Transcript::accepted(Version::V201, &[("TxCtrlr", "TxStartPoint", "", "EVConnected")]);
    take_out(&mut station, Version::V201, 1);
    told(&mut station);
    station.plug();
    station.expect_nothing();
    station.call("ChangeAvailability", json!({ "operationalStatus": "Operative", "evse": { "id": 1 } }));
    told(&mut station);
    assert_eq!(station.expect("TransactionEvent")["eventType"], "Started");
}

/// The end of the station's fault is not that of an EVSE's own.
#[test]
fn a_fault_of_an_evse_outlives_one_of_the_station() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.fact(problem(1, "GroundFailure"));
        station.fact(problem(0, "InternalError"));
        told(&mut station);
        station.fact(Input::FaultCleared { evse: EvseId(0) });
        let after = told(&mut station);
        assert!(after.contains(&(2, "Available".to_owned())), "{version}: {after:?}");
        assert!(!after.contains(&(1, "Available".to_owned())), "{version}: {after:?}");
        station.fact(Input::FaultCleared { evse: EVSE });
        assert_eq!(told(&mut station), [(1, "Available".to_owned())], "{version}");
    }
}
