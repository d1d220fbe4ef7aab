//! Cables: fixed ones and the driver's own, unplugged at the vehicle and kept for their owners (E05, E09, E10; 1.6 §4.10).

use pilotwire::Version;
use pilotwire::station::{EvseConfig, Input, Output};
use pilotwire_tests::transcript::{EVSE, Pick, Transcript, boot_answer, remote_start, status_of};
use serde_json::{Value, json};

const VERSIONS: [Version; 2] = [Version::V16, Version::V201];
const SOCKET: EvseConfig = EvseConfig::new(1, true);
const FIXED_CABLE: EvseConfig = EvseConfig::new(1, false);
const TWO_CONNECTORS: EvseConfig = EvseConfig::new(2, true);

/// A session that charges, at a station where a pulled cable stops the transaction or not, and stays locked.
fn charging(version: Version, evse: EvseConfig, stops: &str) -> Transcript {
    let variables = [
        ("TxCtrlr", "StopTxOnEVSideDisconnect", "", stops),
        ("TxCtrlr", "EVConnectionTimeOut", "", "60"),
        ("OCPPCommCtrlr", "UnlockOnEVSideDisconnect", "", "false"),
        ("SampledDataCtrlr", "TxUpdatedInterval", "", "0"),
    ];
    let mut station = Transcript::of(version, evse, &variables);
    station.connect();
    station.accept();
    station.charge();
    station
}

fn unplug(station: &mut Transcript) {
    station.fact(Input::CableUnplugged { evse: EVSE });
}

fn told(station: &mut Transcript) -> Vec<String> {
    station.answer_all("StatusNotification").iter().map(|payload| status_of(payload).to_owned()).collect()
}

fn end(station: &mut Transcript, version: Version) -> Value {
    let action = if version == Version::V16 { "StopTransaction" } else { "TransactionEvent" };
    station.exchange(action, json!({}))
}

/// What EVSE 1 was last told to do with the plug, in what the host heard from the `from`th word on.
fn held_since(station: &Transcript, from: usize) -> Option<bool> {
    station.outputs[from..].iter().rev().find_map(|output| match output {
        Output::LockConnector { evse: EVSE, .. } => Some(true),
        Output::UnlockConnector { evse: EVSE, .. } => Some(false),
        _ => None,
    })
}

fn is_held(station: &Transcript) -> bool {
    held_since(station, 0) == Some(true)
}

/// TC_E_25_CS, TC_005_2_CS: E09.FR.01, E09.FR.03.
#[test]
fn tc_e_25_a_cable_that_was_pulled_at_the_vehicle_waits_for_its_owner() {
    for version in VERSIONS {
        let mut station = charging(version, SOCKET, "true");
        unplug(&mut station);
        let busy = if version == Version::V16 { vec!["Finishing"] } else { vec![] };
        assert_eq!(told(&mut station), busy, "{version}: the cable is still there");
        end(&mut station, version);
        assert!(is_held(&station), "{version}");
        assert_eq!(remote_start(&mut station, version, 1)[2]["status"], "Rejected", "{version}");
        station.token("A");
        assert!(!is_held(&station), "{version}");
        assert_eq!(told(&mut station), ["Available"], "{version}");
        station.expect_nothing();
    }
}

#[test]
fn a_cable_that_waits_is_nobody_elses() {
    let mut station = charging(Version::V201, SOCKET, "true");
    unplug(&mut station);
    end(&mut station, Version::V201);
    station.token("B");
    station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
    assert!(is_held(&station));
    station.expect_nothing();
}

/// B11.FR.02 asks no less of other states: the lock outlives the power, and so does whose it is.
#[test]
fn a_cable_waits_through_a_power_cut() {
    for version in VERSIONS {
        let mut station = charging(version, SOCKET, "true");
        unplug(&mut station);
        told(&mut station);
        end(&mut station, version);
        let life = station.outputs.len();
        station.power_up();
        assert_eq!(held_since(&station, life), Some(true), "{version}: the host may have let go");
        station.connect();
        station.exchange("BootNotification", boot_answer("Accepted", 300));
        assert!(!told(&mut station).iter().all(|status| status == "Available"), "{version}");
        station.token("A");
        assert!(!is_held(&station));
        assert_eq!(told(&mut station), ["Available"], "{version}");
        assert!(station.disk.keys().all(|key| !key.starts_with("cable/")), "{version}");
    }
}

/// A cut came between the end of the keeping and the deed.
#[test]
fn a_socket_that_keeps_nothing_is_open_when_power_comes() {
    let mut station = charging(Version::V201, SOCKET, "true");
    unplug(&mut station);
    station.disk.retain(|key, _| !key.starts_with("cable/"));
    let life = station.outputs.len();
    station.power_up();
    assert_eq!(held_since(&station, life), Some(false));
}

/// E10.FR.01, E09.FR.03: nor does a power cut or a reset give away a cable whose vehicle was gone.
#[test]
fn a_cable_without_its_vehicle_is_kept_when_the_power_or_a_reset_ends_its_transaction() {
    for (version, stops) in [(Version::V16, "false"), (Version::V201, "false"), (Version::V201, "true")] {
        let mut station = charging(version, SOCKET, stops);
        unplug(&mut station);
        // The meter's last reading comes two seconds after the cut.
        station.power_up();
        let life = station.outputs.len();
        station.advance(3);
        let key = station.disk.keys().find(|key| key.starts_with("cable/"));
        assert!(key.is_some(), "{version} {stops}");
        assert_ne!(held_since(&station, life), Some(false), "{version} {stops}");
    }
    let mut station = charging(Version::V201, SOCKET, "false");
    unplug(&mut station);
    end(&mut station, Version::V201);
    station.call("Reset", json!({ "type": "Immediate" }));
    assert!(is_held(&station));
}

/// 1.6 §4.10: a transaction that goes on keeps its cable, whatever UnlockConnectorOnEVSideDisconnect says.
#[test]
fn a_transaction_that_goes_on_keeps_its_cable() {
    for version in VERSIONS {
        let mut station = Transcript::of(version, SOCKET, &[("TxCtrlr", "StopTxOnEVSideDisconnect", "", "false")]);
        station.connect();
        station.accept();
        station.charge();
        unplug(&mut station);
        assert!(is_held(&station), "{version}");
    }
}

/// E09.FR.01: energy flows again for who is authorized again, whatever ends the transaction.
#[test]
fn who_left_is_not_authorized_when_he_comes_back() {
    let points = [("TxCtrlr", "TxStopPoint", "", "Authorized"), ("TxCtrlr", "TxStartPoint", "", "Authorized")];
    let mut station = Transcript::of(Version::V201, FIXED_CABLE, &points);
    station.connect();
    station.accept();
    station.charge();
    unplug(&mut station);
    let ended = loop {
        station.answer_all("StatusNotification");
        let event = station.exchange("TransactionEvent", json!({}));
        if event["eventType"] == "Ended" {
            break event;
        }
    };
    assert_eq!(ended["transactionInfo"]["stoppedReason"], "EVDisconnected");
    let closed = |station: &Transcript| {
        station.outputs.iter().filter(|output| matches!(output, Output::CloseContactor { .. })).count()
    };
    assert_eq!(closed(&station), 1);
    station.plug();
    station.fact(Input::EvReady { evse: EVSE });
    assert_eq!(closed(&station), 1);
}

/// F05: hardware that could not unlock it leaves it as it is; and the connector beside it is another one.
#[test]
fn an_unlocking_that_failed_or_was_elsewhere_leaves_the_cable_kept() {
    let sockets = EvseConfig::new(2, true);
    for (connector, success) in [(1, false), (2, true)] {
        let mut station = charging(Version::V201, sockets, "true");
        unplug(&mut station);
        told(&mut station);
        end(&mut station, Version::V201);
        let payload = json!({ "evseId": 1, "connectorId": connector });
        station.event(pilotwire::Event::Received(json!([2, "u", "UnlockConnector", payload]).to_string()));
        station.fact(Input::Unlocked { evse: EVSE, connector, success });
        station.pop_answer("u");
        assert!(station.disk.keys().any(|key| key.starts_with("cable/")), "{connector} {success}");
        station.token("A");
        assert_eq!(held_since(&station, 0), Some(false), "its owner gets it");
        assert!(station.disk.keys().all(|key| !key.starts_with("cable/")));
    }
}

/// E09.FR.02: a suspended driver who leaves takes his cable with him.
#[test]
fn a_suspended_drivers_cable_is_let_go_when_he_unplugs() {
    let mut station = Transcript::of(Version::V201, SOCKET, &[("TxCtrlr", "StopTxOnInvalidId", "", "false")]);
    station.connect();
    station.accept();
    station.plug();
    told(&mut station);
    station.token("A");
    station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
    station.exchange("TransactionEvent", json!({ "idTokenInfo": { "status": "Invalid" } }));
    told(&mut station);
    end(&mut station, Version::V201);
    unplug(&mut station);
    assert_eq!(held_since(&station, 0), Some(false));
}

/// TC_005_2_CS, step 5.
#[test]
fn tc_005_2_the_csms_can_unlock_a_cable_that_waits() {
    for version in VERSIONS {
        let mut station = charging(version, SOCKET, "true");
        unplug(&mut station);
        told(&mut station);
        end(&mut station, version);
        let place = json!({ "evseId": 1, "connectorId": 1 });
        let payload = if version == Version::V16 { json!({ "connectorId": 1 }) } else { place };
        station.event(pilotwire::Event::Received(json!([2, "u", "UnlockConnector", payload]).to_string()));
        station.fact(Input::Unlocked { evse: EVSE, connector: 1, success: true });
        assert_eq!(station.pop_answer("u")["status"], "Unlocked");
        assert_eq!(told(&mut station), ["Available"], "{version}");
        assert_eq!(remote_start(&mut station, version, 1)[2]["status"], "Accepted", "{version}");
    }
}

/// E05.FR.10, E05.FR.11.
#[test]
fn the_cable_of_a_token_that_turns_out_invalid_waits_for_its_owner() {
    for version in VERSIONS {
        let mut station = Transcript::of(version, SOCKET, &[("TxCtrlr", "StopTxOnInvalidId", "", "true")]);
        station.connect();
        station.accept();
        station.plug();
        told(&mut station);
        station.token("A");
        let info = |status: &str| {
            let info = json!({ "status": status });
            json!({ "idTagInfo": info, "idTokenInfo": info }).pick(version)
        };
        station.exchange("Authorize", info("Accepted"));
        told(&mut station);
        let mut answer = info("Invalid");
        if version == Version::V16 {
            answer["transactionId"] = json!(4);
            station.exchange("StartTransaction", answer);
        } else {
            station.exchange("TransactionEvent", answer);
        }
        told(&mut station);
        end(&mut station, version);
        assert!(is_held(&station), "{version}");
        station.token("A");
        assert!(!is_held(&station), "{version}");
    }
}

/// TC_E_26_CS, E10.FR.01.
#[test]
fn tc_e_26_a_pulled_cable_suspends_the_transaction_until_it_is_back() {
    for evse in [SOCKET, FIXED_CABLE] {
        let mut station = charging(Version::V201, evse, "false");
        unplug(&mut station);
        let statuses = if evse.socket { vec![] } else { vec!["Available"] };
        assert_eq!(told(&mut station), statuses);
        let away = station.exchange("TransactionEvent", json!({}));
        assert_eq!(away["triggerReason"], "EVCommunicationLost");
        assert_eq!(
            (&away["eventType"], &away["transactionInfo"]["chargingState"]),
            (&json!("Updated"), &json!("Idle"))
        );
        station.advance(50);
        station.plug();
        told(&mut station);
        let back = station.exchange("TransactionEvent", json!({}));
        assert_eq!(back["triggerReason"], "CablePluggedIn");
        station.fact(Input::EvReady { evse: EVSE });
        let charges = station.exchange("TransactionEvent", json!({}));
        assert_eq!(charges["transactionInfo"]["chargingState"], "Charging");
        station.advance(50);
        assert!(is_held(&station));
    }
}

/// TC_005_3_CS.
#[test]
fn tc_005_3_a_vehicle_that_left_its_transaction_is_told_as_such() {
    let mut station = charging(Version::V16, SOCKET, "false");
    unplug(&mut station);
    let status = station.exchange("StatusNotification", json!({}));
    assert_eq!((&status["status"], &status["info"]), (&json!("SuspendedEV"), &json!("EV side disconnected")));
    assert_eq!(status["errorCode"], "NoError");
    let answer = station.call("RemoteStopTransaction", json!({ "transactionId": 77 }));
    assert_eq!(answer[2]["status"], "Accepted");
    let mut statuses = told(&mut station);
    assert_eq!(end(&mut station, Version::V16)["reason"], "Remote");
    statuses.extend(told(&mut station));
    assert_eq!(statuses, ["Finishing"]);
    station.token("A");
    assert!(!is_held(&station));
    assert_eq!(told(&mut station), ["Available"]);
}

/// TC_E_27_CS, E10.FR.02.
#[test]
fn tc_e_27_a_fixed_cable_that_does_not_come_back_ends_the_transaction() {
    for version in VERSIONS {
        let mut station = charging(version, FIXED_CABLE, "false");
        unplug(&mut station);
        told(&mut station);
        if version == Version::V201 {
            end(&mut station, version);
        }
        station.advance(59);
        station.expect_nothing();
        station.advance(1);
        told(&mut station);
        let ended = end(&mut station, version);
        if version == Version::V201 {
            assert_eq!((&ended["eventType"], &ended["triggerReason"]), (&json!("Ended"), &json!("EVConnectTimeout")));
            assert_eq!(ended["transactionInfo"]["stoppedReason"], "Timeout");
        }
        assert!(station.outputs.iter().any(|output| matches!(output, Output::TransactionEnded { .. })), "{version}");
    }
}

/// E10.FR.01: a driver's own cable waits as long as it takes.
#[test]
fn a_cable_of_the_drivers_own_waits_for_him() {
    let mut station = charging(Version::V201, SOCKET, "false");
    unplug(&mut station);
    end(&mut station, Version::V201);
    station.advance(250);
    station.expect_nothing();
    station.token("A");
    assert_eq!(told(&mut station), ["Available"]);
    assert_eq!(station.expect("TransactionEvent")["triggerReason"], "StopAuthorized");
    assert!(!is_held(&station));
}

/// The vehicle is at the second connector of its EVSE, and after it was pulled too.
#[test]
fn events_name_the_connector_of_their_transaction() {
    let mut station = Transcript::of(Version::V201, TWO_CONNECTORS, &[("TxCtrlr", "TxStartPoint", "", "EVConnected")]);
    station.connect();
    station.accept();
    station.fact(Input::CablePlugged { evse: EVSE, connector: 2 });
    let status = station.exchange("StatusNotification", json!({}));
    assert_eq!((&status["connectorId"], &status["connectorStatus"]), (&json!(2), &json!("Occupied")));
    let started = station.exchange("TransactionEvent", json!({}));
    assert_eq!((&started["evse"]["id"], &started["evse"]["connectorId"]), (&json!(1), &json!(2)));
    unplug(&mut station);
    assert_eq!(told(&mut station), ["Available"]);
    let ended = station.exchange("TransactionEvent", json!({}));
    assert_eq!(ended["eventType"], "Ended");
    assert_eq!(ended["evse"].get("connectorId").unwrap_or(&json!(2)), &json!(2));
}

/// G03: one of two connectors is out of service, the other one charges.
#[test]
fn a_connector_out_of_service_leaves_the_other_one() {
    let mut station = Transcript::of(Version::V201, TWO_CONNECTORS, &[]);
    station.connect();
    station.accept();
    let evse = json!({ "id": 1, "connectorId": 1 });
    let change = json!({ "operationalStatus": "Inoperative", "evse": evse });
    assert_eq!(station.call("ChangeAvailability", change)[2]["status"], "Accepted");
    let status = station.exchange("StatusNotification", json!({}));
    assert_eq!((&status["connectorId"], &status["connectorStatus"]), (&json!(1), &json!("Unavailable")));
    assert_eq!(remote_start(&mut station, Version::V201, 1)[2]["status"], "Accepted");
    station.fact(Input::CablePlugged { evse: EVSE, connector: 1 });
    station.answer_all("StatusNotification");
    station.expect_nothing();
    unplug(&mut station);
    station.answer_all("StatusNotification");
}

/// 1.6 §6.45: a start names a token, whatever the factory set as its point.
#[test]
fn in_1_6_a_vehicle_alone_starts_no_transaction() {
    let mut station = Transcript::accepted(Version::V16, &[("TxCtrlr", "TxStartPoint", "", "EVConnected")]);
    for session in 1..=2 {
        station.plug();
        told(&mut station);
        station.expect_nothing();
        station.token("A");
        station.exchange("Authorize", json!({ "idTagInfo": { "status": "Accepted" } }));
        told(&mut station);
        let answer = json!({ "idTagInfo": { "status": "Accepted" }, "transactionId": session });
        assert_eq!(station.exchange("StartTransaction", answer)["idTag"], "A");
        told(&mut station);
        unplug(&mut station);
        told(&mut station);
        end(&mut station, Version::V16);
        told(&mut station);
    }
}
