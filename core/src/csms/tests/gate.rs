//! Before and after a station is accepted.

use super::*;

/// Actions of stations and of CSMSs alike, and words that are none: nothing gets through.
const ACTIONS: &str = "Authorize ClearedChargingLimit DataTransfer DiagnosticsStatusNotification \
    FirmwareStatusNotification Get15118EVCertificate GetCertificateStatus GetTariffs Heartbeat LogStatusNotification \
    MeterValues NotifyChargingLimit NotifyCustomerInformation NotifyDisplayMessages NotifyEVChargingNeeds \
    NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport NotifyReport NotifySettlement \
    PublishFirmwareStatusNotification PullDynamicScheduleUpdate ReportChargingProfiles ReservationStatusUpdate \
    SecurityEventNotification SignCertificate StartTransaction StatusNotification StopTransaction TransactionEvent \
    VatNumberValidation Reset TriggerMessage RemoteStartTransaction Nonsense bootnotification";

fn call(action: &str) -> String {
    format!(r#"[2,"id-{action}","{action}",{{}}]"#)
}

/// A station that was answered `status` at its boot.
fn booted(version: Version, status: RegistrationStatus) -> Desk {
    let mut desk = Desk::new(Config { registration: status, ..config() });
    desk.tell(Event::Connected(version));
    desk.boot(version);
    desk
}

/// TC_B_01_CSMS, B01.FR.02; and the answer is on record before it is sent.
#[test]
fn a_boot_is_answered_with_status_time_and_interval() {
    for version in VERSIONS {
        let mut desk = Desk::new(config());
        desk.tell(Event::Connected(version));
        desk.wait(90);
        let actions = desk.boot(version);
        assert_durable_before_sent(&actions);
        let frame = answer(&actions);
        assert_eq!((&frame[0], &frame[1]), (&Value::from(3), &Value::from("b")));
        assert_eq!(frame[2]["status"], "Accepted");
        assert_eq!(frame[2]["interval"], 300);
        assert_eq!(frame[2]["currentTime"], "2026-03-01T12:01:30.000Z");
        let [Output::Booted { boot, status }] = outputs(&actions)[..] else { panic!("{actions:?}") };
        assert_eq!((boot.identity.model.as_str(), boot.identity.vendor.as_str()), ("M", "V"));
        assert_eq!(*status, RegistrationStatus::Accepted);
        assert_eq!(desk.disk["boot"], r#"{"status":"Accepted"}"#);
        let again = desk.receive(&boot_with_id(version, "b2"));
        assert!(!again.iter().any(|action| matches!(action, Action::Persist(_))), "nothing changed");
    }
}

fn boot_with_id(version: Version, id: &str) -> String {
    boot(version).replacen("\"b\"", &format!("\"{id}\""), 1)
}

/// TC_B_30_CSMS, B02.FR.09, B03.FR.07, S-29.
#[test]
fn nothing_gets_through_before_acceptance_and_nothing_has_effect() {
    for version in VERSIONS {
        for status in [RegistrationStatus::Pending, RegistrationStatus::Rejected] {
            let mut desk = booted(version, status.clone());
            let before = desk.disk.clone();
            for action in ACTIONS.split(' ').chain([""]) {
                let actions = desk.receive(&call(action));
                assert_eq!(error_code(&actions), "SecurityError", "{version} {status} {action}");
                assert!(matches!(outputs(&actions)[..], [Output::Violation { .. }]), "{actions:?}");
            }
            assert_eq!(desk.disk, before);
            assert_eq!(answer(&desk.receive(&boot_with_id(version, "b3")))[2]["status"], status.as_str());
        }
    }
}

/// B02.FR.09: neither a new connection nor a restart of ours is a way around the gate.
#[test]
fn the_gate_is_not_escaped_by_connecting_again() {
    let version = Version::V201;
    let mut desk = booted(version, RegistrationStatus::Pending);
    desk.tell(Event::Disconnected);
    desk.tell(Event::Connected(version));
    assert_eq!(error_code(&desk.receive(&call("Heartbeat"))), "SecurityError");
    let mut desk = Desk::restarted(Config { seed: 8, ..config() }, desk.disk);
    desk.tell(Event::Connected(version));
    assert_eq!(error_code(&desk.receive(&call("Heartbeat"))), "SecurityError");
}

#[test]
fn an_accepted_station_need_not_boot_again_after_a_restart_of_ours() {
    for version in VERSIONS {
        let desk = Desk::accepted(version);
        let mut desk = Desk::restarted(Config { seed: 8, ..config() }, desk.disk);
        desk.tell(Event::Connected(version));
        assert_eq!(answer(&desk.receive(&call("Heartbeat")))[0], 3);
    }
}

/// A station that is not known here is told to boot, once per connection.
#[test]
fn a_station_that_never_booted_is_told_to() {
    for version in VERSIONS {
        let mut desk = Desk::new(config());
        for _ in 0..2 {
            desk.tell(Event::Connected(version));
            let actions = desk.receive(&call("Heartbeat"));
            let [error, trigger] = sent(&actions)[..] else { panic!("{actions:?}") };
            assert!(error.starts_with(r#"[4,"id-Heartbeat","SecurityError""#), "{error}");
            assert!(trigger.contains(r#""TriggerMessage",{"requestedMessage":"BootNotification"}"#), "{trigger}");
            assert_eq!(error_code(&desk.receive(&call("StatusNotification"))), "SecurityError");
        }
    }
}

/// TC_B_31_CSMS: what was asked for passes the gate, for a pending station in this connection only.
#[test]
fn a_pending_station_may_send_what_it_was_asked_for() {
    let version = Version::V201;
    let mut desk = booted(version, RegistrationStatus::Pending);
    let asked = desk.command(1, trigger(MessageTrigger::StatusNotification), 0);
    assert!(sent(&asked)[0].contains("TriggerMessage"));
    let status = r#"[2,"s","StatusNotification",{"timestamp":"2026-03-01T12:00:00Z","connectorStatus":"Available","evseId":1,"connectorId":1}]"#;
    let actions = desk.receive(status);
    assert_eq!(answer(&actions)[0], 3);
    assert!(matches!(outputs(&actions)[..], [Output::Status(_)]));
    assert_eq!(error_code(&desk.receive(&call("Heartbeat"))), "SecurityError");
    desk.tell(Event::Connected(version));
    assert_eq!(error_code(&desk.receive(&status.replacen("\"s\"", "\"s2\"", 1))), "SecurityError");
}

/// B02.FR.02: the same for reports, however they were asked for.
#[test]
fn a_pending_station_may_send_the_report_it_was_asked_for() {
    let raw = |action: &str, payload: &str| Input::RawCall {
        operation: 1,
        action: action.into(),
        payload: pilotwire_messages::Json::parse(payload).unwrap(),
        wait_s: 0,
    };
    let report = r#"[2,"r","NotifyReport",{"requestId":5,"generatedAt":"2026-03-01T12:00:00Z","seqNo":0}]"#;
    for (input, passes) in [
        (raw("GetBaseReport", r#"{"requestId":5,"reportBase":"FullInventory"}"#), true),
        (raw("GetReport", r#"{"requestId":5}"#), true),
        (raw("TriggerMessage", r#"{"requestedMessage":"Heartbeat"}"#), false),
    ] {
        let mut desk = booted(Version::V201, RegistrationStatus::Pending);
        assert_eq!(sent(&desk.input(input)).len(), 1);
        assert_eq!(answer(&desk.receive(report))[0] == 3, passes);
        assert_eq!(answer(&desk.receive(&call("Heartbeat")))[0] == 3, !passes);
    }
}

/// B02.FR.01, B02.FR.05: while pending everything but remote starts and stops; B03.FR.03: while rejected nothing.
#[test]
fn commands_pass_the_gate_too() {
    let raw = Input::RawCall {
        operation: 3,
        action: "RequestStopTransaction".into(),
        payload: pilotwire_messages::Json::parse(r#"{"transactionId":"1"}"#).unwrap(),
        wait_s: 9,
    };
    for version in VERSIONS {
        let mut desk = booted(version, RegistrationStatus::Pending);
        assert_eq!(done(&desk.command(1, remote_stop(), 9)), [(1, &Outcome::NotAccepted)]);
        assert_eq!(done(&desk.input(raw.clone())), [(3, &Outcome::NotAccepted)]);
        assert_eq!(sent(&desk.command(2, reset(), 9)).len(), 1);
        let mut desk = booted(version, RegistrationStatus::Rejected);
        assert_eq!(desk.command(2, reset(), 9).len(), 1, "B03.FR.03: nothing is sent");
        assert_eq!(desk.registration(RegistrationStatus::Accepted), []);
    }
}

#[test]
fn a_command_for_a_station_that_never_booted_waits_for_its_boot() {
    let mut desk = Desk::new(config());
    desk.tell(Event::Connected(Version::V201));
    assert_eq!(desk.command(1, reset(), 60), []);
    let actions = desk.boot(Version::V201);
    assert!(sent(&actions)[0].starts_with("[3,\"b\""));
    assert!(sent(&actions)[1].contains("\"Reset\""));

    let mut desk = Desk::new(config());
    desk.tell(Event::Connected(Version::V201));
    desk.command(1, reset(), 60);
    assert_eq!(done(&desk.wait(60)), [(1, &Outcome::NotAccepted)]);
}

/// B02, F06: the station learns of its acceptance at once, and what waited goes out.
#[test]
fn a_pending_station_that_is_accepted_now_is_told_to_boot() {
    for version in VERSIONS {
        let mut desk = booted(version, RegistrationStatus::Pending);
        let actions = desk.registration(RegistrationStatus::Accepted);
        assert!(sent(&actions)[0].contains("BootNotification"), "{actions:?}");
        assert_eq!(error_code(&desk.receive(&call("Heartbeat"))), "SecurityError", "not before it booted");
        let frame = answer(&desk.receive(&boot_with_id(version, "b4")));
        assert_eq!((&frame[2]["status"], &frame[2]["interval"]), (&"Accepted".into(), &60.into()));
        assert_eq!(answer(&desk.receive(&call("Heartbeat").replace("id-", "later-")))[0], 3);
    }
}

#[test]
fn an_accepted_station_that_no_longer_is_is_told_to_boot() {
    let mut desk = Desk::accepted(Version::V201);
    assert_eq!(desk.registration(RegistrationStatus::Accepted), [], "no change");
    let actions = desk.registration(RegistrationStatus::Rejected);
    assert!(sent(&actions)[0].contains("BootNotification"));
    desk.receive(&boot_with_id(Version::V201, "b5"));
    assert_eq!(error_code(&desk.receive(&call("Heartbeat"))), "SecurityError");
}

#[test]
fn a_status_that_changed_while_the_station_was_away_is_told_when_it_comes_back() {
    let mut desk = Desk::accepted(Version::V201);
    desk.tell(Event::Disconnected);
    assert_eq!(desk.registration(RegistrationStatus::Pending), []);
    let actions = desk.tell(Event::Connected(Version::V201));
    assert!(sent(&actions)[0].contains("BootNotification"));
    let restarted = Config { seed: 8, registration: RegistrationStatus::Rejected, ..config() };
    let mut desk = Desk::restarted(restarted, desk.disk);
    let actions = desk.tell(Event::Connected(Version::V201));
    assert!(sent(&actions)[0].contains("BootNotification"));
}

/// What cannot be read leaves the gate closed, and the rest is not lost (C-13).
#[test]
fn a_damaged_record_is_reported_and_fails_closed() {
    let mut csms = Csms::new(config());
    let mut out = Outbox::new();
    let record = |key: &str, value: &str| Record { key: key.into(), value: value.into() };
    let records = ["boot", "ids", "tx/1", "tx/x", "other"].map(|key| record(key, "{\"damaged")).into();
    csms.handle(Instant::ZERO, Event::PowerUp(PowerUp { records, clock: NOW.parse().ok() }), &mut out);
    let actions: Actions = out.drain().collect();
    assert_eq!((hit_limits(&actions), actions.len()), (5, 5));
    let mut desk = Desk { csms, now: Instant::ZERO, disk: BTreeMap::new() };
    desk.tell(Event::Connected(Version::V16));
    assert_eq!(sent(&desk.receive(&call("Heartbeat"))).len(), 2);
    desk.boot(Version::V16);
    let start =
        r#"[2,"t","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":1,"timestamp":"2026-03-01T12:00:00Z"}]"#;
    assert_eq!(error_code(&desk.receive(start)), "InternalError", "an id might be given twice");
}
