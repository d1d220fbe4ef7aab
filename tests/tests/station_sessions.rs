//! Sessions at a station: tokens, transactions, delivery.

use pilotwire::domain::{AuthorizationStatus, EvseId, IdToken, IdTokenKind, Problem, StoppedReason};
use pilotwire::messages::{Json, v2::CustomData};
use pilotwire::station::{Input, Output};
use pilotwire::{Event, Version};
use pilotwire_tests::transcript::{EVSE, Pick, Transcript, boot_answer, status_of};
use serde_json::json;

const VERSIONS: [Version; 2] = [Version::V16, Version::V201];

fn checked(station: &Transcript) -> Option<AuthorizationStatus> {
    station.outputs.iter().rev().find_map(|output| match output {
        Output::TokenChecked { status, .. } => Some(status.clone()),
        _ => None,
    })
}

/// C01.FR.02; 1.6 §4.1: refused by the CSMS, by an error, or by silence.
#[test]
fn a_token_that_is_not_accepted_starts_nothing() {
    for version in VERSIONS {
        for answer in ["Invalid", "Blocked", "Expired"] {
            let mut station = Transcript::accepted(version, &[]);
            station.plug();
            station.answer_all("StatusNotification");
            station.token("A");
            let info = json!({ "status": answer });
            station.exchange("Authorize", json!({ "idTagInfo": info, "idTokenInfo": info }).pick(version));
            station.expect_nothing();
            assert_eq!(checked(&station).unwrap().as_str(), answer);
        }
        let mut station = Transcript::accepted(version, &[]);
        station.token("A");
        station.expect("Authorize");
        station.answer_error("InternalError");
        station.expect_nothing();
        assert_eq!(checked(&station), Some(AuthorizationStatus::Invalid));
    }
}

/// Files and journals want a record on one line, however the host breaks its JSON.
#[test]
fn vendor_data_on_several_lines_makes_a_record_of_one_line() {
    let json = Json::parse("{\n  \"vendorId\": \"v\",\r\n  \"kept\": [1]\n}").unwrap();
    let mut token = IdToken::new("A", IdTokenKind::Local);
    token.custom_data = CustomData::new(json).map(Box::new);
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.plug();
    station.answer_all("StatusNotification");
    station.event(Event::Input(Input::Token { evse: Some(EVSE), token }));
    station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
    let kept: Vec<&String> = station.disk.values().filter(|value| value.contains("\"kept\"")).collect();
    assert!(!kept.is_empty());
    assert!(kept.iter().all(|value| value.lines().count() == 1), "{kept:?}");
}

/// E07.FR.01: a token of the same group may stop, another one may not.
#[test]
fn only_the_same_token_or_group_stops_a_session() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.plug();
        station.answer_all("StatusNotification");
        let group = |status: &str, name: &str| {
            let token = json!({ "status": status, "groupIdToken": { "idToken": name, "type": "Central" } });
            json!({ "idTagInfo": { "status": status, "parentIdTag": name }, "idTokenInfo": token }).pick(version)
        };
        station.token("A");
        station.exchange("Authorize", group("Accepted", "FAMILY"));
        station.answer_all("StatusNotification");
        start_answered(&mut station, version);
        station.token("STRANGER");
        station.exchange("Authorize", group("Accepted", "OTHERS"));
        assert_eq!(checked(&station), Some(AuthorizationStatus::ConcurrentTx));
        station.expect_nothing();
        station.token("B");
        station.exchange("Authorize", group("Accepted", "family"));
        let ended = |output: &Output| matches!(output, Output::TransactionEnded { reason: StoppedReason::Local, .. });
        assert!(station.outputs.iter().any(ended), "{version}");
    }
}

fn start_answered(station: &mut Transcript, version: Version) {
    match version {
        Version::V16 => {
            let answer = json!({ "idTagInfo": { "status": "Accepted" }, "transactionId": 77 });
            station.exchange("StartTransaction", answer);
        }
        _ => {
            station.exchange("TransactionEvent", json!({}));
        }
    }
    station.answer_all("TransactionEvent");
    station.answer_all("StatusNotification");
}

/// C10, E05.FR.02; 1.6 §5.14 (StopTransactionOnInvalidId).
#[test]
fn a_token_that_turns_out_invalid_ends_or_suspends_the_transaction() {
    for version in VERSIONS {
        for (stop, ended) in [("true", 1), ("false", 0)] {
            let mut station = Transcript::accepted(version, &[("TxCtrlr", "StopTxOnInvalidId", "", stop)]);
            station.plug();
            station.answer_all("StatusNotification");
            station.token("A");
            let info = json!({ "status": "Accepted" });
            station.exchange("Authorize", json!({ "idTagInfo": info, "idTokenInfo": info }).pick(version));
            station.answer_all("StatusNotification");
            let info = json!({ "status": "Invalid" });
            let action = if version == Version::V16 { "StartTransaction" } else { "TransactionEvent" };
            let mut answer = json!({ "idTagInfo": info, "idTokenInfo": info }).pick(version);
            if version == Version::V16 {
                answer["transactionId"] = json!(5);
            }
            station.exchange(action, answer);
            station.fact(Input::EvReady { evse: EVSE });
            let reason = |output: &&Output| {
                matches!(output, Output::TransactionEnded { reason: StoppedReason::DeAuthorized, .. })
            };
            assert_eq!(station.outputs.iter().filter(reason).count(), ended, "{version} {stop}");
            let closed = station.outputs.iter().any(|output| matches!(output, Output::CloseContactor { .. }));
            assert!(!closed, "{version} {stop}: no energy for nobody");
        }
    }
}

/// 1.6 §4.8: the name survives a power cut between start and stop (MicroOcpp and others lost it).
#[test]
fn the_csms_name_of_a_transaction_survives_a_power_cut() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    station.charge();
    station.power_up();
    station.connect();
    station.advance(3);
    station.exchange("BootNotification", boot_answer("Accepted", 300));
    station.answer_all("StatusNotification");
    let stop = station.expect("StopTransaction");
    assert_eq!((&stop["transactionId"], &stop["reason"]), (&json!(77), &json!("PowerLoss")));
}

/// E13.FR.02–E13.FR.04; 1.6 §3.7.1: again after a growing time, then discarded and reported.
#[test]
fn an_event_that_is_not_processed_is_retried_and_then_discarded() {
    for version in VERSIONS {
        let attempts = [
            ("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent", "3"),
            ("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent", "10"),
        ];
        let mut station = Transcript::accepted(version, &attempts);
        station.plug();
        station.answer_all("StatusNotification");
        station.token("A");
        let info = json!({ "status": "Accepted" });
        station.exchange("Authorize", json!({ "idTagInfo": info, "idTokenInfo": info }).pick(version));
        station.answer_all("StatusNotification");
        let action = if version == Version::V16 { "StartTransaction" } else { "TransactionEvent" };
        for wait in [10, 20] {
            station.expect(action);
            station.answer_error("InternalError");
            station.advance(wait - 1);
            station.expect_nothing();
            station.advance(1);
        }
        station.expect(action);
        station.answer_error("InternalError");
        let discarded = |output: &Output| matches!(output, Output::Discarded { seq_no: 0, .. });
        assert!(station.outputs.iter().any(discarded), "{version}");
        assert_eq!(station.station.queued_events(), 0, "{version}");
    }
}

/// A changed interval counts at once (B05.FR.03).
#[test]
fn a_changed_sample_interval_counts_at_once() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    station.charge();
    let change = json!({ "key": "MeterValueSampleInterval", "value": "7" });
    assert_eq!(station.call("ChangeConfiguration", change)[2]["status"], "Accepted");
    station.advance(7);
    let values = station.exchange("MeterValues", json!({}));
    assert_eq!(values["transactionId"], 77);
    assert_eq!(values["meterValue"][0]["sampledValue"][0]["context"], "Sample.Periodic");
}

/// E02, E06: TxStartPoint and TxStopPoint decide, and sequence numbers have no gaps.
#[test]
fn start_and_stop_points_decide_when_a_transaction_is() {
    let cases = [("EVConnected", "EVConnected", "CablePluggedIn"), ("Authorized", "Authorized", "Authorized")];
    for (start, stop, trigger) in cases {
        let points = [("TxCtrlr", "TxStartPoint", "", start), ("TxCtrlr", "TxStopPoint", "", stop)];
        let mut station = Transcript::accepted(Version::V201, &points);
        if start == "EVConnected" {
            station.plug();
            station.answer_all("StatusNotification");
        } else {
            station.token("A");
            station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
        }
        let started = station.exchange("TransactionEvent", json!({}));
        assert_eq!((&started["eventType"], &started["triggerReason"]), (&json!("Started"), &json!(trigger)), "{start}");
        if start == "EVConnected" {
            station.token("A");
            station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
        } else {
            station.plug();
            station.answer_all("StatusNotification");
        }
        station.fact(Input::EvReady { evse: EVSE });
        let mut events = station.answer_all("TransactionEvent");
        station.token("A");
        events.extend(station.answer_all("TransactionEvent"));
        let open = events.iter().all(|event| event["eventType"] == "Updated");
        assert_eq!(open, stop == "EVConnected", "{stop}: {events:?}");
        station.fact(Input::CableUnplugged { evse: EVSE });
        station.answer_all("StatusNotification");
        events.extend(station.answer_all("TransactionEvent"));
        assert_eq!(events.last().unwrap()["eventType"], "Ended");
        let numbers: Vec<i64> = events.iter().map(|event| event["seqNo"].as_i64().unwrap()).collect();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    }
}

/// A stop point that ends the transaction while the vehicle stays: the next token starts the next one.
#[test]
fn a_second_transaction_can_follow_without_unplugging() {
    let points = [("TxCtrlr", "TxStopPoint", "", "EnergyTransfer")];
    let mut station = Transcript::accepted(Version::V201, &points);
    station.charge();
    station.fact(Input::EvSuspended { evse: EVSE });
    assert_eq!(station.answer_all("TransactionEvent").last().unwrap()["eventType"], "Ended");
    station.token("A");
    station.exchange("Authorize", json!({ "idTokenInfo": { "status": "Accepted" } }));
    assert_eq!(station.expect("TransactionEvent")["eventType"], "Started");
}

/// I-6: a fault stops the energy, and the transaction waits.
#[test]
fn a_fault_opens_the_contactor_and_its_end_closes_it() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.charge();
        station.fact(Input::Fault { evse: EVSE, problem: Problem { code: "GroundFailure".into(), info: None } });
        assert!(station.outputs.iter().any(|output| matches!(output, Output::OpenContactor { .. })));
        let closed = |station: &Transcript| {
            station.outputs.iter().filter(|output| matches!(output, Output::CloseContactor { .. })).count()
        };
        assert_eq!(closed(&station), 1);
        station.fact(Input::FaultCleared { evse: EVSE });
        assert_eq!(closed(&station), 2, "{version}");
    }
}

/// R-3, I-6: the write of a start fails after the fact: no energy flows any more, and nothing goes on in secret.
#[test]
fn a_transaction_whose_start_could_not_be_kept_is_ended() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.plug();
        station.fact(Input::EvReady { evse: EVSE });
        station.answer_all("StatusNotification");
        station.token("A");
        let info = json!({ "status": "Accepted" });
        station.exchange("Authorize", json!({ "idTagInfo": info, "idTokenInfo": info }).pick(version));
        assert!(station.outputs.iter().any(|output| matches!(output, Output::CloseContactor { .. })));
        station.event(Event::PersistFailed("event/00000000000000000000".into()));
        let last = station
            .outputs
            .iter()
            .rev()
            .find(|output| matches!(output, Output::CloseContactor { .. } | Output::OpenContactor { .. }));
        assert!(matches!(last, Some(Output::OpenContactor { .. })), "{version}: {last:?}");
        assert!(station.outputs.iter().any(|output| matches!(output, Output::TransactionEnded { .. })), "{version}");
    }
}

/// I-6: an authorization does not outlive the vehicle that it was for.
#[test]
fn who_leaves_without_having_charged_leaves_nothing_to_the_next_vehicle() {
    for start in ["EnergyTransfer", "EVConnected", "PowerPathClosed"] {
        let points = [("TxCtrlr", "TxStartPoint", "", start), ("TxCtrlr", "TxStopPoint", "", "EVConnected,Authorized")];
        let mut station = Transcript::accepted(Version::V201, &points);
        let settle = |station: &mut Transcript| {
            station.answer_all("TransactionEvent");
            station.answer_all("StatusNotification");
            station.answer_all("TransactionEvent");
        };
        let accepted = json!({ "idTokenInfo": { "status": "Accepted" } });
        station.plug();
        settle(&mut station);
        station.token("A");
        station.exchange("Authorize", accepted.clone());
        settle(&mut station);
        if start == "EVConnected" {
            // The first transaction ends with the cable in; the second token finds none to start.
            station.token("A");
            settle(&mut station);
            station.token("A");
            station.exchange("Authorize", accepted);
            settle(&mut station);
        }
        station.fact(Input::CableUnplugged { evse: EVSE });
        settle(&mut station);
        station.outputs.clear();
        station.plug();
        station.fact(Input::EvReady { evse: EVSE });
        let closed = station.outputs.iter().any(|output| matches!(output, Output::CloseContactor { .. }));
        assert!(!closed, "{start}: a stranger's vehicle was charged");
    }
}

/// I-6: two faults, and the end of one of them.
#[test]
fn the_contactor_stays_open_until_every_fault_is_cleared() {
    let problem = || Problem { code: "GroundFailure".into(), info: None };
    for version in VERSIONS {
        for (first, second) in [(EvseId(0), EVSE), (EVSE, EvseId(0))] {
            let mut station = Transcript::accepted(version, &[]);
            station.charge();
            for evse in [EvseId(0), EVSE] {
                station.fact(Input::Fault { evse, problem: problem() });
            }
            station.outputs.clear();
            let closed = |station: &Transcript| {
                station.outputs.iter().any(|output| matches!(output, Output::CloseContactor { .. }))
            };
            station.fact(Input::FaultCleared { evse: first });
            assert!(!closed(&station), "{version}: {first} is cleared, {second} is not");
            station.fact(Input::FaultCleared { evse: second });
            assert!(closed(&station), "{version}");
        }
    }
}

/// what cannot be kept is not begun.
#[test]
fn a_station_whose_storage_fails_begins_no_transaction() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.event(Event::PersistFailed("event/1".into()));
        station.plug();
        station.answer_all("StatusNotification");
        station.fact(Input::Token { evse: Some(EVSE), token: IdToken::new("A", IdTokenKind::Local) });
        let info = json!({ "status": "Accepted" });
        station.exchange("Authorize", json!({ "idTagInfo": info, "idTokenInfo": info }).pick(version));
        assert!(!station.outputs.iter().any(|output| matches!(output, Output::TransactionStarted { .. })));
        assert!(station.outputs.iter().any(|output| matches!(output, Output::LimitHit { .. })));
    }
}

/// TC_004_1_CS and others: the statuses of a session in 1.6 (§4.9).
#[test]
fn the_statuses_of_16_tell_the_whole_session() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    let mut told = Vec::new();
    station.plug();
    told.extend(station.answer_all("StatusNotification"));
    station.token("A");
    station.exchange("Authorize", json!({ "idTagInfo": { "status": "Accepted" } }));
    told.extend(station.answer_all("StatusNotification"));
    station.exchange("StartTransaction", json!({ "idTagInfo": { "status": "Accepted" }, "transactionId": 1 }));
    for fact in [Input::EvReady { evse: EVSE }, Input::EvSuspended { evse: EVSE }] {
        station.fact(fact);
        told.extend(station.answer_all("StatusNotification"));
    }
    station.token("A");
    told.extend(station.answer_all("StatusNotification"));
    station.exchange("StopTransaction", json!({}));
    station.fact(Input::CableUnplugged { evse: EVSE });
    told.extend(station.answer_all("StatusNotification"));
    let words: Vec<&str> = told.iter().map(status_of).collect();
    assert_eq!(words, ["Preparing", "SuspendedEV", "Charging", "SuspendedEV", "Finishing", "Available"]);
}

/// Errata 4.0 of 1.6, §3.18: the bill is told even if the start was given up.
#[test]
fn a_stop_whose_start_was_given_up_is_told_with_the_id_that_stands_for_none() {
    let mut station =
        Transcript::accepted(Version::V16, &[("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent", "1")]);
    station.plug();
    station.answer_all("StatusNotification");
    station.token("A");
    station.exchange("Authorize", json!({ "idTagInfo": { "status": "Accepted" } }));
    station.answer_all("StatusNotification");
    station.expect("StartTransaction");
    station.answer_error("InternalError");
    assert!(station.outputs.iter().any(|output| matches!(output, Output::Discarded { seq_no: 0, .. })));
    station.fact(Input::EvReady { evse: EVSE });
    station.answer_all("StatusNotification");
    station.token("A");
    station.answer_all("StatusNotification");
    let stop = station.exchange("StopTransaction", json!({}));
    assert_eq!((&stop["transactionId"], &stop["meterStop"]), (&json!(-1), &json!(100)), "{stop}");
    assert_eq!(station.station.queued_events(), 0);
}

/// power was cut between the last event of a transaction and the name that the CSMS gave it.
#[test]
fn the_name_of_a_transaction_does_not_outlive_it() {
    let mut station = Transcript::accepted(Version::V16, &[("TxCtrlr", "TxStartPoint", "", "Authorized")]);
    station.token("A");
    station.exchange("Authorize", json!({ "idTagInfo": { "status": "Accepted" } }));
    station.answer_all("StatusNotification");
    station.exchange("StartTransaction", json!({ "idTagInfo": { "status": "Accepted" }, "transactionId": 7 }));
    let name = station.disk.iter().find(|(key, _)| key.starts_with("name/")).map(|(k, v)| (k.clone(), v.clone()));
    let (key, value) = name.expect("a name that is kept");
    station.token("A");
    station.answer_all("StatusNotification");
    assert_eq!(station.exchange("StopTransaction", json!({}))["transactionId"], 7);
    assert!(!station.disk.contains_key(&key));
    station.disk.insert(key.clone(), value);
    station.power_up();
    assert!(!station.disk.contains_key(&key), "left over for ever");
}

/// I-4: power was cut after the last event was kept and before the record of its transaction was deleted, and once more.
#[test]
fn a_transaction_that_ended_ends_once() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.charge();
        let record = |(key, value): (&String, &String)| (key.clone(), value.clone());
        let open = station.disk.iter().find(|(key, _)| key.starts_with("transaction/")).map(record);
        let (key, value) = open.expect("the record of the open transaction");
        station.token("A");
        station.disk.insert(key.clone(), value);
        let end = if version == Version::V16 { "StopTransaction" } else { "TransactionEvent" };
        station.power_up();
        station.connect();
        station.accept();
        station.exchange(end, json!({}));
        station.power_up();
        station.connect();
        station.accept();
        station.advance(5);
        station.answer_all("StatusNotification");
        station.expect_nothing();
    }
}
