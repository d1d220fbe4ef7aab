//! A station and its connection: boot, heartbeat, statuses, restarts.

use pilotwire::domain::{BootReason, EvseId, Problem};
use pilotwire::station::{Input, Output};
use pilotwire::{Event, Version};
use pilotwire_tests::transcript::{EVSE, Pick, Transcript, boot_answer, status_of};
use serde_json::{Value, json};

const VERSIONS: [Version; 2] = [Version::V16, Version::V201];

/// TC_B_02_CS, TC_002_CS; B02.FR.02, B02.FR.04, B02.FR.08.
#[test]
fn a_pending_station_says_nothing_but_its_boot_after_the_interval() {
    for version in VERSIONS {
        let mut station = Transcript::new(version);
        station.connect();
        station.exchange("BootNotification", boot_answer("Pending", 40));
        station.plug();
        station.advance(39);
        station.expect_nothing();
        station.advance(1);
        station.accept();
    }
}

/// TC_B_03_CS, TC_003_CS; B03.FR.02, B03.FR.03.
#[test]
fn a_rejected_station_is_silent_and_takes_no_orders() {
    for version in VERSIONS {
        let mut station = Transcript::new(version);
        station.connect();
        station.exchange("BootNotification", boot_answer("Rejected", 40));
        let answer = station.call("TriggerMessage", json!({ "requestedMessage": "Heartbeat" }));
        assert_eq!((&answer[0], &answer[2]), (&json!(4), &json!("SecurityError")), "{version}");
        station.advance(39);
        station.expect_nothing();
        station.advance(1);
        station.accept();
    }
}

/// B02.FR.07, R-12: the CSMS leaves the wait to us, or makes a typing mistake.
#[test]
fn a_wait_that_makes_no_sense_is_replaced() {
    for (interval, at_least, at_most) in [(0, 5, 120), (-5, 5, 120), (i64::from(i32::MAX), 3_600, 100_000)] {
        let mut station = Transcript::new(Version::V201);
        station.connect();
        station.exchange("BootNotification", boot_answer("Rejected", interval));
        station.advance(at_least);
        station.expect_nothing();
        station.advance(at_most - at_least);
        station.expect("BootNotification");
    }
}

/// B02.FR.04: a reconnect is no way around the wait; Part 4 §5.4: an accepted station does not boot again.
#[test]
fn a_reconnect_neither_shortens_the_wait_nor_repeats_the_boot() {
    for version in VERSIONS {
        let mut station = Transcript::new(version);
        station.connect();
        station.exchange("BootNotification", boot_answer("Pending", 1_000));
        station.event(Event::Disconnected);
        station.connect();
        station.expect_nothing();
        station.advance(1_000);
        station.accept();
        station.event(Event::Disconnected);
        station.connect();
        station.answer_all("StatusNotification");
        station.expect_nothing();
    }
}

/// B02.FR.02, F06: what the CSMS asks for may be sent while it has not decided.
#[test]
fn a_pending_station_sends_what_it_is_asked_for() {
    for version in VERSIONS {
        let mut station = Transcript::new(version);
        station.connect();
        station.exchange("BootNotification", boot_answer("Pending", 1_000));
        let answer = station.call("TriggerMessage", json!({ "requestedMessage": "Heartbeat" }));
        assert_eq!(answer[2]["status"], "Accepted");
        station.exchange("Heartbeat", json!({ "currentTime": "2026-03-01T10:00:00Z" }));
        let answer = station.call("TriggerMessage", json!({ "requestedMessage": "BootNotification" }));
        assert_eq!(answer[2]["status"], "Accepted");
        let boot = station.exchange("BootNotification", boot_answer("Accepted", 300));
        if version == Version::V201 {
            assert_eq!(boot["reason"], "Triggered");
        }
    }
}

/// F06.FR.17: in 2.x an accepted station does not boot again; 1.6 §5.17 knows no such limit.
#[test]
fn an_accepted_station_boots_again_in_1_6_only() {
    let trigger = json!({ "requestedMessage": "BootNotification" });
    let mut station = Transcript::accepted(Version::V201, &[]);
    assert_eq!(station.call("TriggerMessage", trigger.clone())[2]["status"], "Rejected");
    station.expect_nothing();
    let mut station = Transcript::accepted(Version::V16, &[]);
    assert_eq!(station.call("TriggerMessage", trigger)[2]["status"], "Accepted");
    station.accept();
    station.expect_nothing();
}

#[test]
fn a_boot_that_is_triggered_while_one_is_open_is_that_one() {
    for version in VERSIONS {
        let mut station = Transcript::new(version);
        station.connect();
        station.expect("BootNotification");
        let answer = station.call("TriggerMessage", json!({ "requestedMessage": "BootNotification" }));
        assert_eq!(answer[2]["status"], "Accepted");
        station.accept();
        station.expect_nothing();
    }
}

/// B02.FR.09: the CSMS lost its record of the station. Nothing of the bill is lost with it (I-4).
#[test]
fn a_csms_that_forgot_the_station_hears_its_boot_and_then_its_events() {
    for version in VERSIONS {
        let end = if version == Version::V16 { "StopTransaction" } else { "TransactionEvent" };
        let mut station = Transcript::accepted(version, &[]);
        station.charge();
        station.token("A");
        station.answer_all("StatusNotification");
        station.expect(end);
        station.answer_error("SecurityError");
        station.advance(29);
        station.expect_nothing();
        station.advance(1);
        station.accept();
        station.expect_nothing();
        station.advance(30);
        station.expect(end);
    }
}

/// A CSMS that answers everything but boots with SecurityError is not asked for ever.
#[test]
fn a_csms_that_refuses_everything_is_not_booted_at_again_and_again() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let mut boots = 0;
    for _ in 0..200 {
        station.advance(15);
        while let Some(action) = station.next_action() {
            match action.as_str() {
                "BootNotification" => {
                    boots += 1;
                    station.exchange("BootNotification", boot_answer("Accepted", 30));
                }
                _ => station.answer_error("SecurityError"),
            }
        }
    }
    assert_eq!(boots, 1);
}

/// B02.FR.02: what waits for an answer is told when there will be none.
#[test]
fn a_token_that_waits_when_the_station_becomes_pending_is_decided_and_the_next_one_heard() {
    let mut station = Transcript::accepted(Version::V16, &[]);
    station.call("TriggerMessage", json!({ "requestedMessage": "BootNotification" }));
    station.token("A");
    station.exchange("BootNotification", boot_answer("Pending", 3_600));
    let checked = |station: &Transcript| {
        station.outputs.iter().filter(|output| matches!(output, Output::TokenChecked { .. })).count()
    };
    assert_eq!(checked(&station), 1);
    station.token("B");
    assert_eq!(checked(&station), 2);
}

/// B02.FR.04: the answer to the last boot says when the next one comes.
#[test]
fn a_boot_that_was_triggered_replaces_the_one_that_was_due() {
    let mut station = Transcript::new(Version::V201);
    station.connect();
    station.exchange("BootNotification", boot_answer("Pending", 20));
    station.advance(19);
    station.call("TriggerMessage", json!({ "requestedMessage": "BootNotification" }));
    station.advance(2);
    station.exchange("BootNotification", boot_answer("Pending", 300));
    station.expect_nothing();
}

/// B02.FR.05.
#[test]
fn a_pending_station_starts_nothing_for_the_csms() {
    let mut station = Transcript::new(Version::V201);
    station.connect();
    station.exchange("BootNotification", boot_answer("Pending", 1_000));
    let token = json!({ "idToken": "A", "type": "Central" });
    let start = station.call("RequestStartTransaction", json!({ "remoteStartId": 1, "idToken": token }));
    assert_eq!(start[2]["status"], "Rejected");
    let stop = station.call("RequestStopTransaction", json!({ "transactionId": "x" }));
    assert_eq!(stop[2]["status"], "Rejected");
}

/// G02.FR.01, G02.FR.02, G02.FR.05.
#[test]
fn a_heartbeat_follows_the_interval_after_the_last_message() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.advance(200);
        station.plug();
        station.answer_all("StatusNotification");
        station.advance(299);
        station.expect_nothing();
        station.advance(1);
        station.exchange("Heartbeat", json!({ "currentTime": "2026-03-01T12:34:56Z" }));
        let set = |output: &Output| matches!(output, Output::SetClock(time) if time.to_string().starts_with("2026-03-01T12:34"));
        assert!(station.outputs.iter().any(set), "G02.FR.06");
    }
}

/// B01.FR.05; 1.6 §4.9: connector 0 is the station itself.
#[test]
fn every_connector_is_told_after_the_boot() {
    for (version, connectors) in [(Version::V16, vec![0, 1, 2]), (Version::V201, vec![1, 2])] {
        let mut station = Transcript::new(version);
        station.connect();
        station.exchange("BootNotification", boot_answer("Accepted", 300));
        let told = station.answer_all("StatusNotification");
        let number = |payload: &Value| payload.get("evseId").unwrap_or(&payload["connectorId"]).as_i64().unwrap();
        assert_eq!(told.iter().map(number).collect::<Vec<_>>(), connectors);
        assert!(told.iter().all(|payload| status_of(payload) == "Available"));
    }
}

/// B04.FR.01: what changed while there was no connection is told, and nothing else.
#[test]
fn after_an_outage_only_what_has_changed_is_told() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        station.event(Event::Disconnected);
        station.plug();
        station.fact(Input::Fault { evse: EvseId(2), problem: Problem { code: "GroundFailure".into(), info: None } });
        station.fact(Input::CableUnplugged { evse: EVSE });
        station.connect();
        let told = station.answer_all("StatusNotification");
        assert_eq!(told.iter().map(status_of).collect::<Vec<_>>(), ["Faulted"], "{version}");
        station.expect_nothing();
    }
}

/// B04.FR.01: after a long outage everything is told.
#[test]
fn after_a_long_outage_every_connector_is_told() {
    for (version, count) in [(Version::V16, 3), (Version::V201, 2)] {
        let mut station = Transcript::accepted(version, &[("OCPPCommCtrlr", "OfflineThreshold", "", "60")]);
        station.event(Event::Disconnected);
        station.advance(61);
        station.connect();
        assert_eq!(station.answer_all("StatusNotification").len(), count, "{version}");
    }
}

/// A burst of changes leaves the CSMS with the truth, and a driver with an answer.
#[test]
fn a_burst_of_changes_loses_neither_the_last_status_nor_the_token_behind_it() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        for _ in 0..200 {
            station.plug();
            station.fact(Input::CableUnplugged { evse: EVSE });
        }
        station.plug();
        station.token("A");
        let mut last = Value::Null;
        while let Some(payload) = station.answer_all("StatusNotification").pop() {
            last = payload;
        }
        let now = if version == Version::V16 { "Preparing" } else { "Occupied" };
        assert_eq!(status_of(&last), now, "{version}");
        let info = json!({ "status": "Blocked" });
        station.exchange("Authorize", json!({ "idTagInfo": info, "idTokenInfo": info }).pick(version));
        let checked = |output: &&Output| matches!(output, Output::TokenChecked { .. });
        assert!(station.outputs.iter().any(|output| checked(&output)), "{version}");
    }
}

/// B12; 1.6 §5.14: transactions end with the reason of the reset, and the next boot tells it once.
#[test]
fn a_reset_ends_transactions_and_is_told_by_the_next_boot() {
    let cases = [
        (Version::V16, json!({ "type": "Hard" }), "HardReset"),
        (Version::V16, json!({ "type": "Soft" }), "SoftReset"),
        (Version::V201, json!({ "type": "Immediate" }), "ImmediateReset"),
    ];
    for (version, request, reason) in cases {
        let mut station = Transcript::accepted(version, &[]);
        station.charge();
        assert_eq!(station.call("Reset", request)[2]["status"], "Accepted");
        station.answer_all("StatusNotification");
        if version == Version::V16 {
            assert_eq!(station.exchange("StopTransaction", json!({}))["reason"], reason);
        } else {
            let event = station.exchange("TransactionEvent", json!({}));
            assert_eq!(event["transactionInfo"]["stoppedReason"], reason);
        }
        station.answer_all("StatusNotification");
        assert_eq!(station.outputs.last(), Some(&Output::Reboot), "{version}");
        for expected in ["RemoteReset", "PowerUp"] {
            station.power_up();
            station.connect();
            let boot = station.expect("BootNotification");
            assert!(version == Version::V16 || boot["reason"] == expected, "{expected}: {boot}");
            station.accept();
        }
    }
}

/// B12.FR.01, B12.FR.03.
#[test]
fn a_reset_on_idle_waits_for_the_transaction() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.charge();
    assert_eq!(station.call("Reset", json!({ "type": "OnIdle" }))[2]["status"], "Scheduled");
    station.advance(100);
    station.answer_all("TransactionEvent");
    assert!(!station.outputs.contains(&Output::Reboot));
    station.token("A");
    station.answer_all("TransactionEvent");
    station.answer_all("StatusNotification");
    assert!(station.outputs.contains(&Output::Reboot));
    assert_eq!(station.call_at_rest("Reset"), None, "no one is at home until the power is back");
}

trait AtRest {
    fn call_at_rest(&mut self, action: &str) -> Option<Value>;
}

impl AtRest for Transcript {
    fn call_at_rest(&mut self, action: &str) -> Option<Value> {
        self.event(Event::Received(json!([2, "late", action, { "type": "OnIdle" }]).to_string()));
        self.expect_nothing();
        None
    }
}

/// B11.FR.09.
#[test]
fn a_single_evse_is_not_reset() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    assert_eq!(station.call("Reset", json!({ "type": "Immediate", "evseId": 1 }))[2]["status"], "Rejected");
}

/// B05 and after: an operator at the station.
#[test]
fn a_local_reset_is_told_as_such() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    station.fact(Input::LocalReset);
    assert!(station.outputs.contains(&Output::Reboot));
    station.power_up();
    station.connect();
    assert_eq!(station.expect("BootNotification")["reason"], BootReason::LocalReset.as_str());
}

/// a peer that answers no ping is gone.
#[test]
fn a_missing_pong_closes_the_link() {
    let mut station = Transcript::accepted(Version::V201, &[("OCPPCommCtrlr", "WebSocketPingInterval", "", "60")]);
    station.advance(60);
    assert_eq!(station.link.last(), Some(&"ping"));
    station.event(Event::Pong);
    station.advance(59);
    assert!(!station.link.contains(&"close"));
    station.advance(61);
    assert!(station.link.contains(&"close"));
}

/// Part 4 §5.4.
#[test]
fn attempts_to_connect_come_at_growing_intervals() {
    let back_off = [
        ("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "", "10"),
        ("OCPPCommCtrlr", "RetryBackOffRandomRange", "", "0"),
        ("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "", "2"),
    ];
    let mut station = Transcript::with(Version::V201, &back_off);
    for wait in [10, 20, 40, 40] {
        station.link.clear();
        station.event(Event::Disconnected);
        station.advance(wait - 1);
        assert!(station.link.is_empty(), "{wait}");
        station.advance(1);
        assert_eq!(station.link, ["connect"], "{wait}");
    }
}

/// G02.FR.07: the clock is set at least once a day, however much there is to say.
#[test]
fn a_station_that_never_stops_talking_asks_for_the_time_once_a_day() {
    for version in VERSIONS {
        let mut station = Transcript::accepted(version, &[]);
        let mut heartbeats = 0;
        // Something is said every four minutes, and heartbeats come after five.
        for _ in 0..400 {
            station.advance(240);
            while station.answer_all("Heartbeat").pop().is_some() {
                heartbeats += 1;
            }
            station.plug();
            station.fact(Input::CableUnplugged { evse: EVSE });
            station.answer_all("StatusNotification");
        }
        assert_eq!(heartbeats, 1, "{version}: 400 times 240 s are a day and some hours");
    }
}
