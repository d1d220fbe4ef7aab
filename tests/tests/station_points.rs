//! What the events of a transaction say at its start and stop points (E01, E05, E06, F01).

use pilotwire::Version;
use pilotwire::station::{Input, Output};
use pilotwire_tests::transcript::{EVSE, Transcript, remote_start};
use serde_json::{Value, json};

/// A station of 2.0.1 with these points.
fn station(start: &str, stop: &str) -> Transcript {
    let points = [("TxCtrlr", "TxStartPoint", "", start), ("TxCtrlr", "TxStopPoint", "", stop)];
    Transcript::accepted(Version::V201, &points)
}

/// The next transaction event, answered with what is known of its token, after statuses.
fn event_answered(station: &mut Transcript, status: &str) -> Value {
    station.answer_all("StatusNotification");
    let known = station.expect("TransactionEvent").get("idToken").is_some();
    let answer = if known { json!({ "idTokenInfo": { "status": status } }) } else { json!({}) };
    station.exchange("TransactionEvent", answer)
}

fn event(station: &mut Transcript) -> Value {
    event_answered(station, "Accepted")
}

fn authorize(station: &mut Transcript) {
    station.token("A");
    station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
}

fn unlocked(station: &Transcript) -> bool {
    station.outputs.contains(&Output::UnlockConnector { evse: EVSE, connector: 1, confirm: false })
}

/// TC_E_02_CS, E01.FR.06.
#[test]
fn tc_e_02_a_transaction_that_starts_with_the_energy_starts_charging() {
    let mut station = station("EnergyTransfer", "EVConnected");
    station.plug();
    station.answer_all("StatusNotification");
    authorize(&mut station);
    station.expect_nothing();
    station.fact(Input::EvReady { evse: EVSE });
    let started = event(&mut station);
    assert_eq!(started["eventType"], "Started");
    assert_eq!(started["triggerReason"], "ChargingStateChanged");
    assert_eq!(started["transactionInfo"]["chargingState"], "Charging");
    assert_eq!(started["idToken"]["idToken"], "A");
    station.expect_nothing();
}

/// TC_E_14_CS, E06.FR.02, E06.FR.10: the driver can pull the cable, and that is what ends the transaction.
#[test]
fn tc_e_14_a_stopped_session_lets_go_of_the_cable_and_ends_when_it_is_out() {
    let mut station = station("EVConnected", "EVConnected");
    station.plug();
    event(&mut station);
    authorize(&mut station);
    event(&mut station);
    station.fact(Input::EvReady { evse: EVSE });
    event(&mut station);
    assert!(!unlocked(&station));
    station.token("A");
    let stopped = event(&mut station);
    assert_eq!((&stopped["eventType"], &stopped["triggerReason"]), (&json!("Updated"), &json!("StopAuthorized")));
    assert!(unlocked(&station));
    station.fact(Input::CableUnplugged { evse: EVSE });
    let ended = event(&mut station);
    assert_eq!((&ended["eventType"], &ended["triggerReason"]), (&json!("Ended"), &json!("EVCommunicationLost")));
    assert_eq!(ended["transactionInfo"]["stoppedReason"], "Local");
    assert_eq!(ended["transactionInfo"]["chargingState"], "Idle");
    assert_eq!(ended.get("idToken"), None);
}

/// TC_E_21_CS, TC_E_14_CS: a remote stop stays the reason.
#[test]
fn tc_e_14_a_remote_stop_is_the_reason_of_the_end_that_the_cable_makes() {
    let mut station = station("EVConnected", "EVConnected");
    station.plug();
    let transaction = event(&mut station)["transactionInfo"]["transactionId"].clone();
    authorize(&mut station);
    event(&mut station);
    let answer = station.call("RequestStopTransaction", json!({ "transactionId": transaction }));
    assert_eq!(answer[2]["status"], "Accepted");
    assert_eq!(event(&mut station)["triggerReason"], "RemoteStop");
    station.fact(Input::CableUnplugged { evse: EVSE });
    let ended = event(&mut station);
    assert_eq!(ended["triggerReason"], "EVCommunicationLost");
    assert_eq!(ended["transactionInfo"]["stoppedReason"], "Remote");
}

/// TC_C_17_CS, E05.FR.02: StopTxOnInvalidId is false.
#[test]
fn tc_c_17_an_invalid_token_suspends_the_energy_and_not_the_transaction() {
    let mut station = Transcript::accepted(Version::V201, &[("TxCtrlr", "StopTxOnInvalidId", "", "false")]);
    station.plug();
    station.answer_all("StatusNotification");
    authorize(&mut station);
    assert_eq!(event_answered(&mut station, "Invalid")["eventType"], "Started");
    let suspended = event(&mut station);
    assert_eq!(suspended["eventType"], "Updated");
    assert_eq!(suspended["triggerReason"], "ChargingStateChanged");
    assert_eq!(suspended["transactionInfo"]["chargingState"], "SuspendedEVSE");
    station.fact(Input::EvReady { evse: EVSE });
    assert!(!station.outputs.contains(&Output::CloseContactor { evse: EVSE }));
}

/// E05.FR.02, note: with the stop point EnergyTransfer, suspending the energy ends the transaction, and says why.
#[test]
fn an_invalid_token_ends_a_transaction_that_ends_with_the_energy() {
    let points = [
        ("TxCtrlr", "StopTxOnInvalidId", "", "false"),
        ("TxCtrlr", "TxStartPoint", "", "EnergyTransfer"),
        ("TxCtrlr", "TxStopPoint", "", "EnergyTransfer"),
    ];
    let mut station = Transcript::accepted(Version::V201, &points);
    station.plug();
    station.answer_all("StatusNotification");
    authorize(&mut station);
    station.fact(Input::EvReady { evse: EVSE });
    assert_eq!(event_answered(&mut station, "Blocked")["eventType"], "Started");
    let ended = event(&mut station);
    assert_eq!(ended["eventType"], "Ended");
    assert_eq!(ended["transactionInfo"]["stoppedReason"], "DeAuthorized");
}

/// TC_F_03_CS, F01.FR.19, F01.FR.25: remote start first, cable afterwards.
#[test]
fn tc_f_03_the_first_event_after_a_remote_start_is_about_it() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    assert_eq!(remote_start(&mut station, Version::V201, 1)[2]["status"], "Accepted");
    station.expect_nothing();
    station.plug();
    let started = event(&mut station);
    assert_eq!(started["triggerReason"], "RemoteStart");
    assert_eq!(started["transactionInfo"]["remoteStartId"], 4711);
    station.fact(Input::EvReady { evse: EVSE });
    assert_eq!(event(&mut station)["triggerReason"], "ChargingStateChanged");
}

/// TC_J_06_CS: nothing to sample, nothing to send.
#[test]
fn tc_j_06_without_measurands_no_samples_are_sent() {
    for (interval, measurands) in [("TxUpdatedInterval", "TxUpdatedMeasurands"), ("Interval", "Measurands")] {
        let component = if interval == "Interval" { "AlignedDataCtrlr" } else { "SampledDataCtrlr" };
        let sampled = [(component, interval, "", "30"), (component, measurands, "", "")];
        let mut station = Transcript::accepted(Version::V201, &sampled);
        if component == "AlignedDataCtrlr" {
            station.call(
                "SetVariables",
                json!({ "setVariableData": [{ "component": { "name": "SampledDataCtrlr" },
                    "variable": { "name": "TxUpdatedInterval" }, "attributeValue": "0" }] }),
            );
        }
        station.charge();
        station.advance(95);
        station.expect_nothing();
    }
}
