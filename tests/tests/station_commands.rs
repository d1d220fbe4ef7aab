//! What a CSMS wants from a station: remote control, availability, unlocking, variables, vendors' messages.

use pilotwire::domain::{DataTransfer, DataTransferStatus, EvseId, Problem};
use pilotwire::station::{Input, Output};
use pilotwire::{Event, Version};
use pilotwire_tests::transcript::{EVSE, Transcript, boot_answer, remote_start, status_of};
use serde_json::{Value, json};

const VERSIONS: [Version; 2] = [Version::V16, Version::V201];

/// F01, F02; TC_F_01_CS, TC_010_CS.
#[test]
fn a_remote_start_charges_for_its_token_and_is_told_as_such() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.plug();
        station.answer_all("StatusNotification");
        let answer = remote_start(&mut station, version, 1);
        assert_eq!(answer[2]["status"], "Accepted");
        station.answer_all("StatusNotification");
        if version == Version::V16 {
            assert_eq!(station.expect("StartTransaction")["idTag"], "REMOTE");
        } else {
            let event = station.expect("TransactionEvent");
            assert_eq!(event["triggerReason"], "RemoteStart", "F01.FR.19");
            assert_eq!(event["transactionInfo"]["remoteStartId"], 4711, "F01.FR.25");
            assert_eq!(event["idToken"]["idToken"], "REMOTE");
        }
    }
}

/// F01.FR.01; 1.6 §9.1.2: AuthorizeRemoteStart.
#[test]
fn a_remote_start_is_authorized_first_if_the_variable_says_so() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[("AuthCtrlr", "AuthorizeRemoteStart", "", "true")]);
        assert_eq!(remote_start(&mut station, version, 1)[2]["status"], "Accepted");
        station.expect("Authorize");
    }
}

/// F01.FR.23, F01.FR.24.
#[test]
fn a_remote_start_where_none_can_be_is_rejected() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.charge();
        assert_eq!(remote_start(&mut station, version, 1)[2]["status"], "Rejected", "in use");
        station.fact(Input::Fault { evse: EvseId(2), problem: Problem { code: "OtherError".into(), info: None } });
        assert_eq!(remote_start(&mut station, version, 2)[2]["status"], "Rejected", "faulted");
        assert_eq!(remote_start(&mut station, version, 9)[2]["status"], "Rejected", "not there");
    }
}

/// F03; TC_F_08_CS; 1.6 §5.12: by the name that the CSMS knows.
#[test]
fn a_remote_stop_ends_the_transaction_that_it_names() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    station.charge();
    assert_eq!(station.call("RemoteStopTransaction", json!({ "transactionId": 78 }))[2]["status"], "Rejected");
    assert_eq!(station.call("RemoteStopTransaction", json!({ "transactionId": 77 }))[2]["status"], "Accepted");
    station.answer_all("StatusNotification");
    let stop = station.expect("StopTransaction");
    assert_eq!(
        (&stop["reason"], &stop["transactionId"], &stop["meterStop"]),
        (&json!("Remote"), &json!(77), &json!(100))
    );

    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    let id = station.outputs.iter().find_map(|output| match output {
        Output::TransactionStarted { transaction, .. } => Some(transaction.to_string()),
        _ => None,
    });
    let answer = station.call("RequestStopTransaction", json!({ "transactionId": id }));
    assert_eq!(answer[2]["status"], "Accepted");
    let event = station.expect("TransactionEvent");
    assert_eq!((&event["eventType"], &event["triggerReason"]), (&json!("Ended"), &json!("RemoteStop")));
    assert_eq!(event["transactionInfo"]["stoppedReason"], "Remote");
}

/// F06; TC_F_11_CS and following: the answer comes first, then the message.
#[test]
fn triggered_messages_follow_the_answer() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        let trigger = |station: &mut Transcript, message: &str| {
            let answer = station.call("TriggerMessage", json!({ "requestedMessage": message }));
            answer[2]["status"].as_str().unwrap().to_owned()
        };
        assert_eq!(trigger(&mut station, "FirmwareStatusNotification"), "NotImplemented", "F06.FR.08");
        assert_eq!(trigger(&mut station, "Heartbeat"), "Accepted");
        station.exchange("Heartbeat", json!({ "currentTime": "2026-03-01T10:00:00Z" }));
        assert_eq!(trigger(&mut station, "MeterValues"), "Accepted");
        assert_eq!(station.answer_all("MeterValues").len(), 2, "F06.FR.11: of every EVSE");
        assert_eq!(trigger(&mut station, "StatusNotification"), "Accepted");
        assert!(station.answer_all("StatusNotification").len() >= 2);
        station.expect_nothing();
    }
}

fn change_availability(version: Version, connector: i32, operative: bool) -> Value {
    let word = if operative { "Operative" } else { "Inoperative" };
    match version {
        Version::V16 => json!({ "connectorId": connector, "type": word }),
        _ if connector == 0 => json!({ "operationalStatus": word }),
        _ => json!({ "operationalStatus": word, "evse": { "id": connector } }),
    }
}

/// G03, G04; B11.FR.02: it stays so after a reboot.
#[test]
fn what_is_out_of_service_stays_so_after_a_power_cut() {
    for version in VERSIONS {
        for connector in [0, 1] {
            let mut station = Transcript::accepted(version, &[]);
            let answer = station.call("ChangeAvailability", change_availability(version, connector, false));
            assert_eq!(answer[2]["status"], "Accepted");
            assert!(station.answer_all("StatusNotification").iter().any(|told| status_of(told) == "Unavailable"));
            station.power_up();
            station.connect();
            station.exchange("BootNotification", boot_answer("Accepted", 300));
            let told = station.answer_all("StatusNotification");
            assert!(told.iter().any(|told| status_of(told) == "Unavailable"), "{version} {connector}: {told:?}");
            assert_eq!(remote_start(&mut station, version, 1)[2]["status"], "Rejected");
            let answer = station.call("ChangeAvailability", change_availability(version, connector, true));
            assert_eq!(answer[2]["status"], "Accepted");
            assert_eq!(remote_start(&mut station, version, 1)[2]["status"], "Accepted");
        }
    }
}

/// G03.FR.05: a transaction is not disturbed.
#[test]
fn taking_a_connector_out_of_service_waits_for_its_transaction() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.charge();
        let answer = station.call("ChangeAvailability", change_availability(version, 1, false));
        assert_eq!(answer[2]["status"], "Scheduled");
        station.expect_nothing();
        station.token("A");
        station.answer_all("TransactionEvent");
        let mut told = station.answer_all("StatusNotification");
        if version == Version::V16 {
            station.exchange("StopTransaction", json!({}));
        }
        told.extend(station.answer_all("StatusNotification"));
        assert_eq!(told.last().map(status_of), Some("Unavailable"), "{version}: {told:?}");
    }
}

fn unlock(station: &mut Transcript, version: Version, connector: i32) {
    let payload = match version {
        Version::V16 => json!({ "connectorId": connector }),
        _ => json!({ "evseId": connector, "connectorId": 1 }),
    };
    station.event(Event::Received(json!([2, "unlock", "UnlockConnector", payload]).to_string()));
}

/// F05; TC_F_05_CS; 1.6 §5.18.
#[test]
fn an_unlocking_is_answered_when_the_hardware_has_told() {
    for version in VERSIONS {
        for (success, word) in [(true, "Unlocked"), (false, "UnlockFailed")] {
            let mut station = Transcript::accepted(version, &[]);
            unlock(&mut station, version, 1);
            station.expect_nothing();
            station.fact(Input::Unlocked { evse: EVSE, connector: 1, success });
            assert_eq!(station.pop_answer("unlock")["status"], word);
        }
        let mut station = Transcript::accepted(version, &[]);
        unlock(&mut station, version, 1);
        station.advance(15);
        assert_eq!(station.pop_answer("unlock")["status"], "UnlockFailed", "silent hardware");
        unlock(&mut station, version, 7);
        let unknown = if version == Version::V16 { "NotSupported" } else { "UnknownConnector" };
        assert_eq!(station.pop_answer("unlock")["status"], unknown);
    }
}

/// S-26: the same CALL twice is executed once, and answered.
#[test]
fn a_repeated_unlocking_is_one_unlocking() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        unlock(&mut station, version, 1);
        unlock(&mut station, version, 1);
        let unlocking = |output: &&Output| matches!(output, Output::UnlockConnector { confirm: true, .. });
        assert_eq!(station.outputs.iter().filter(unlocking).count(), 1, "{version}");
        station.fact(Input::Unlocked { evse: EVSE, connector: 1, success: true });
        assert_eq!(station.pop_answer("unlock")["status"], "Unlocked");
        station.expect_nothing();
        unlock(&mut station, version, 1);
        assert_eq!(station.pop_answer("unlock")["status"], "Unlocked");
    }
}

/// F05.FR.02 against 1.6 §5.18: 2.x refuses, 1.6 ends the transaction first.
#[test]
fn an_unlocking_during_a_transaction_differs_between_the_versions() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    unlock(&mut station, Version::V201, 1);
    assert_eq!(station.pop_answer("unlock")["status"], "OngoingAuthorizedTransaction");
    let mut station = Transcript::accepted(Version::V16, &[]);
    station.charge();
    unlock(&mut station, Version::V16, 1);
    station.answer_all("StatusNotification");
    assert_eq!(station.expect("StopTransaction")["reason"], "UnlockCommand");
}

/// 1.6 §5.3, §5.8.
#[test]
fn configuration_keys_are_read_changed_and_kept() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    let change = |station: &mut Transcript, key: &str, value: &str| {
        let answer = station.call("ChangeConfiguration", json!({ "key": key, "value": value }));
        answer[2]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(change(&mut station, "MeterValueSampleInterval", "17"), "Accepted");
    assert_eq!(change(&mut station, "MeterValueSampleInterval", "-1"), "Rejected");
    assert_eq!(change(&mut station, "NumberOfConnectors", "9"), "Rejected");
    assert_eq!(change(&mut station, "NoSuchKey", "9"), "NotSupported");
    station.power_up();
    station.connect();
    station.accept();
    let keys = json!({ "key": ["MeterValueSampleInterval", "NumberOfConnectors", "NoSuchKey"] });
    let answer = station.call("GetConfiguration", keys);
    let known = &answer[2]["configurationKey"];
    assert_eq!((&known[0]["value"], &known[0]["readonly"]), (&json!("17"), &json!(false)), "{answer}");
    assert_eq!((&known[1]["value"], &known[1]["readonly"]), (&json!("2"), &json!(true)), "{answer}");
    assert_eq!(answer[2]["unknownKey"], json!(["NoSuchKey"]));
    let all = station.call("GetConfiguration", json!({}));
    assert!(all[2]["configurationKey"].as_array().unwrap().len() > 15, "{all}");
}

/// B05, B06, B07.
#[test]
fn variables_are_read_changed_kept_and_reported() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let interval = json!({ "component": { "name": "SampledDataCtrlr" }, "variable": { "name": "TxUpdatedInterval" } });
    let mut setting = interval.clone();
    setting["attributeValue"] = json!("17");
    let answer = station.call("SetVariables", json!({ "setVariableData": [setting] }));
    assert_eq!(answer[2]["setVariableResult"][0]["attributeStatus"], "Accepted");
    station.power_up();
    station.connect();
    station.accept();
    let nowhere = json!({ "component": { "name": "Nowhere" }, "variable": { "name": "X" } });
    let answer = station.call("GetVariables", json!({ "getVariableData": [interval, nowhere] }));
    let results = &answer[2]["getVariableResult"];
    assert_eq!(results[0]["attributeValue"], "17");
    assert_eq!(results[1]["attributeStatus"], "UnknownComponent");
    let answer = station.call("GetBaseReport", json!({ "requestId": 5, "reportBase": "FullInventory" }));
    assert_eq!(answer[2]["status"], "Accepted");
    let parts = station.answer_all("NotifyReport");
    let last = parts.len() - 1;
    for (at, part) in parts.iter().enumerate() {
        assert_eq!((&part["requestId"], &part["seqNo"]), (&json!(5), &json!(at)));
        assert_eq!(part["tbc"].as_bool().unwrap_or(false), at < last);
    }
}

/// P01, P02.
#[test]
fn vendors_messages_go_both_ways() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.event(Event::Received(json!([2, "dt", "DataTransfer", { "vendorId": "v" }]).to_string()));
        let question = station.outputs.iter().find_map(|output| match output {
            Output::DataTransfer { question, .. } => Some(*question),
            _ => None,
        });
        let answer = pilotwire::domain::DataTransferAnswer { status: DataTransferStatus::UnknownVendorId, data: None };
        station.fact(Input::DataTransferred { question: question.unwrap(), answer });
        assert_eq!(station.pop_answer("dt")["status"], "UnknownVendorId");
        station.fact(Input::SendDataTransfer(DataTransfer { vendor_id: "v".into(), message_id: None, data: None }));
        assert_eq!(station.exchange("DataTransfer", json!({ "status": "Accepted" }))["vendorId"], "v");
        let answered = |output: &Output| matches!(output, Output::DataTransferAnswered(Some(_)));
        assert!(station.outputs.iter().any(answered), "{version}");
    }
}

/// F05.FR.01: two requests that one unlocking answers.
#[test]
fn two_unlockings_of_one_connector_are_both_answered() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        let place = if version == Version::V16 {
            json!({ "connectorId": 1 })
        } else {
            json!({ "evseId": 1, "connectorId": 1 })
        };
        for id in ["u1", "u2"] {
            station.event(Event::Received(json!([2, id, "UnlockConnector", place]).to_string()));
        }
        station.fact(Input::Unlocked { evse: EVSE, connector: 1, success: true });
        for id in ["u1", "u2"] {
            assert_eq!(station.pop_answer(id)["status"], "Unlocked", "{version}");
        }
    }
}

/// TC_F_17_CS, F06.FR.03: the message is leading, and a place that it does not have is ignored.
#[test]
fn tc_f_17_a_place_that_is_not_relevant_keeps_no_message_from_being_sent() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        let member = if version == Version::V16 { "connectorId" } else { "evse" };
        let place = if version == Version::V16 { json!(9) } else { json!({ "id": 9 }) };
        let answer = station.call("TriggerMessage", json!({ "requestedMessage": "Heartbeat", member: place }));
        assert_eq!(answer[2]["status"], "Accepted", "{version}");
        station.expect("Heartbeat");
    }
}

/// Rule 6: a host that says nothing leaves no CALL without an answer, and shuts out no other command.
#[test]
fn a_silent_host_leaves_no_message_unanswered_and_no_command_refused() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        for at in 0..8 {
            station
                .event(Event::Received(json!([2, format!("dt{at}"), "DataTransfer", { "vendorId": "v" }]).to_string()));
        }
        station.expect_nothing();
        let ninth = station.call("DataTransfer", json!({ "vendorId": "v" }));
        assert_eq!(ninth[2], "InternalError", "{version}: the limit holds for what waits");
        let trigger = station.call("TriggerMessage", json!({ "requestedMessage": "FirmwareStatusNotification" }));
        assert_eq!(trigger[2]["status"], "NotImplemented", "{version}: and for nothing else");
        station.advance(10);
        for at in 0..8 {
            assert_eq!(station.pop_error(&format!("dt{at}")), "InternalError", "{version}");
        }
        station.event(Event::Received(json!([2, "later", "DataTransfer", { "vendorId": "v" }]).to_string()));
        station.expect_nothing();
    }
}

/// F01.FR.01: Accepted means that it will be tried.
#[test]
fn a_remote_start_that_cannot_be_checked_now_is_rejected() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[("AuthCtrlr", "AuthorizeRemoteStart", "", "true")]);
        station.token("A");
        station.expect("Authorize");
        assert_eq!(remote_start(&mut station, version, 2)[2]["status"], "Rejected", "{version}");
    }
}

/// Part 4 §4.3, 1.6J §4.2.3: a request that the version has and this station does not serve, and one that nobody has.
#[test]
fn a_known_request_is_not_supported_and_an_unknown_one_not_implemented() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        let refused = |station: &mut Transcript, action: &str| station.call(action, json!({}))[2].clone();
        assert_eq!(refused(&mut station, "ReserveNow"), "NotSupported", "{version}");
        assert_eq!(refused(&mut station, "NoSuchRequest"), "NotImplemented", "{version}");
        assert_eq!(refused(&mut station, "SetDERControl"), "NotImplemented", "{version}: of 2.1 only");
    }
}
