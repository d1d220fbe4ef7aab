//! Logs that the CSMS wants (N01; whitepaper of 1.6, N01), on a host whose transfers are a script.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use pilotwire::domain::{FileFault, FileTask, LogKind, SecurityProfile};
use pilotwire::station::{Config, Output, Timer};
use pilotwire::{Machine, Version};
use pilotwire_tests::site::{Site, slot};
use serde_json::{Value, json};

fn both(config: &mut Config) {
    (config.files.security_log, config.files.diagnostics_log) = (true, true);
}

fn site(version: Version) -> Site {
    Site::connected(version, vec![slot(1, "one", SecurityProfile::Basic)], both)
}

fn log(kind: &str, request_id: i32) -> Value {
    json!({
        "logType": kind, "requestId": request_id, "retries": 3, "retryInterval": 30,
        "log": { "remoteLocation": "http://logs/1" },
    })
}

/// The statuses so far, with the numbers of their requests.
fn statuses(site: &Site) -> Vec<(String, Value)> {
    let sent = site.requests.iter().filter(|(action, _)| action == "LogStatusNotification");
    sent.map(|(_, payload)| (payload["status"].as_str().unwrap().into(), payload["requestId"].clone())).collect()
}

fn words(site: &Site) -> Vec<String> {
    statuses(site).into_iter().map(|(status, _)| status).collect()
}

fn uploads(site: &Site) -> Vec<&FileTask> {
    site.files.log.iter().filter(|task| matches!(task, FileTask::Upload { .. })).collect()
}

fn trigger(site: &mut Site, version: Version) -> Value {
    let action = if version == Version::V16 { "ExtendedTriggerMessage" } else { "TriggerMessage" };
    site.call(action, json!({ "requestedMessage": "LogStatusNotification" }))["status"].clone()
}

/// TC_079_CS, TC_N_25_CS, TC_N_35_CS; N01.FR.01–N01.FR.04, N01.FR.07–N01.FR.09.
#[test]
fn tc_079_tc_n_25_tc_n_35_a_log_is_uploaded() {
    for version in Version::ALL {
        for (word, kind) in [("SecurityLog", LogKind::SecurityLog), ("DiagnosticsLog", LogKind::DiagnosticsLog)] {
            let mut site = site(version);
            let mut asked = log(word, 5);
            asked["log"]["oldestTimestamp"] = "2026-01-01T00:00:00.000Z".into();
            let answer = site.call("GetLog", asked);
            assert_eq!(answer["status"], "Accepted", "{version}");
            assert_eq!(statuses(&site), [("Uploading".into(), json!(5)), ("Uploaded".into(), json!(5))]);
            let [FileTask::Upload { kind: uploaded, name, location, oldest, latest }] = uploads(&site)[..] else {
                panic!("{:?}", site.files.log)
            };
            assert_eq!((uploaded, location.reveal()), (&kind, "http://logs/1"));
            assert_eq!(answer["filename"], name.as_str());
            assert_eq!((oldest.map(|at| at.to_string()), *latest), (Some("2026-01-01T00:00:00.000Z".into()), None));
            site.run(1_000);
            assert_eq!(uploads(&site).len(), 1);
        }
    }
}

/// TC_N_26_CS; N01.FR.10: so many attempts, so far apart; each failure is told.
#[test]
fn tc_n_26_an_upload_that_fails_is_tried_again() {
    for version in Version::ALL {
        for (fault, status) in [
            (FileFault::Broken, "UploadFailure"),
            (FileFault::Denied, "PermissionDenied"),
            (FileFault::Malformed, "BadMessage"),
        ] {
            let mut site = site(version);
            site.files.faults = [fault; 9].into();
            site.call("GetLog", log("DiagnosticsLog", 5));
            site.run(89);
            assert_eq!(words(&site), ["Uploading", status].repeat(3), "{version}");
            site.run(1);
            assert_eq!(words(&site), ["Uploading", status].repeat(4));
            site.run(1_000);
            assert_eq!(uploads(&site).len(), 4);
        }
    }
}

/// TC_N_26_CS: three times the interval from the first attempt to the last failure, however slowly each fails.
#[test]
fn the_interval_counts_from_the_start_of_an_attempt() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.faults = [FileFault::Broken; 9].into();
        site.files.is_held = true;
        site.call("GetLog", log("DiagnosticsLog", 5));
        site.run(20);
        site.files.is_held = false;
        site.run(9);
        assert_eq!(words(&site), ["Uploading", "UploadFailure"], "{version}");
        site.run(1);
        assert_eq!(words(&site), ["Uploading", "UploadFailure"].repeat(2), "{version}");
    }
}

#[test]
fn an_outage_costs_no_attempts_to_upload() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        site.call("GetLog", log("SecurityLog", 7));
        site.world.faults.push(("one", pilotwire::domain::ConnectionFault::Unreachable));
        site.power_up();
        site.files.is_held = false;
        site.files.faults = [FileFault::Broken; 3].into();
        site.run(600);
        assert_eq!(uploads(&site).len(), 1, "{version}");
        assert_ne!(site.station.poll_timeout().map(|(_, timer)| timer), Some(Timer::Logs), "{version}");
        site.world.faults.clear();
        site.run(600);
        assert_eq!(words(&site).last().unwrap(), "Uploaded", "{version}");
    }
}

/// N01.FR.10.
#[test]
fn what_can_never_work_is_not_tried_again() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.faults = [FileFault::Unsupported].into();
        site.call("GetLog", log("DiagnosticsLog", 5));
        site.run(1_000);
        assert_eq!(words(&site), ["Uploading", "NotSupportedOperation"], "{version}");
    }
}

/// TC_N_34_CS; N01.FR.05.
#[test]
fn tc_n_34_a_log_that_is_not_there_is_rejected() {
    for version in Version::ALL {
        let mut site =
            Site::connected(version, vec![slot(1, "one", SecurityProfile::Basic)], |c| c.files.security_log = true);
        let mut ahead = log("SecurityLog", 2);
        ahead["log"]["oldestTimestamp"] = site.clock_in(60).into();
        let mut backwards = log("SecurityLog", 3);
        backwards["log"]["oldestTimestamp"] = "2026-02-02T00:00:00Z".into();
        backwards["log"]["latestTimestamp"] = "2026-02-01T00:00:00Z".into();
        for asked in [log("DiagnosticsLog", 1), ahead, backwards] {
            let answer = site.call("GetLog", asked);
            assert_eq!((&answer["status"], &answer["filename"]), (&json!("Rejected"), &Value::Null), "{version}");
        }
        site.run(1_000);
        assert_eq!((uploads(&site).len(), words(&site).len()), (0, 0));
    }
}

/// TC_N_36_CS; N01.FR.12, N01.FR.20. 1.6 has no word for the end of the first.
#[test]
fn tc_n_36_a_second_request_ends_the_first() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        site.call("GetLog", log("DiagnosticsLog", 1));
        assert_eq!(site.call("GetLog", log("SecurityLog", 2))["status"], "AcceptedCanceled", "{version}");
        assert!(site.files.log.contains(&FileTask::Stop { operation: 1 }));
        site.files.is_held = false;
        site.run(1);
        let told: Vec<(String, i64)> =
            statuses(&site).into_iter().map(|(status, id)| (status, id.as_i64().unwrap())).collect();
        let told: Vec<(&str, i64)> = told.iter().map(|(status, id)| (status.as_str(), *id)).collect();
        let (first, canceled) = (("Uploading", 1), ("AcceptedCanceled", 1));
        let second = [("Uploading", 2), ("Uploaded", 2)];
        match version {
            Version::V16 => assert_eq!(told, [&[first][..], &second].concat()),
            _ => assert_eq!(told, [&[first, canceled][..], &second].concat()),
        }
    }
}

/// F06.FR.14, F06.FR.15; N01.FR.13.
#[test]
fn a_triggered_status_tells_whether_something_is_uploaded() {
    for version in Version::ALL {
        let mut site = site(version);
        assert_eq!(trigger(&mut site, version), "Accepted");
        assert_eq!(statuses(&site), [("Idle".into(), Value::Null)], "{version}");
        site.files.is_held = true;
        site.call("GetLog", log("SecurityLog", 7));
        site.requests.clear();
        assert_eq!(trigger(&mut site, version), "Accepted");
        assert_eq!(statuses(&site), [("Uploading".into(), json!(7))], "{version}");
    }
}

/// 1.6 §5.17: the older trigger means messages that are not sent.
#[test]
fn the_older_trigger_of_1_6_is_not_implemented() {
    let mut site = site(Version::V16);
    for message in ["DiagnosticsStatusNotification", "FirmwareStatusNotification"] {
        let answer = site.call("TriggerMessage", json!({ "requestedMessage": message }));
        assert_eq!(answer["status"], "NotImplemented");
    }
}

#[test]
fn statuses_of_an_outage_are_told_after_it() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        site.call("GetLog", log("SecurityLog", 7));
        site.break_off();
        site.files.is_held = false;
        site.world.faults.push(("one", pilotwire::domain::ConnectionFault::Unreachable));
        site.run(100);
        assert_eq!(words(&site), ["Uploading"], "{version}");
        site.world.faults.clear();
        site.run(600);
        assert_eq!(words(&site), ["Uploading", "Uploaded"], "{version}");
    }
}

#[test]
fn a_csms_that_does_not_take_a_status_hears_the_next_one_later() {
    for version in Version::ALL {
        let mut site = site(version);
        site.world.errors.push("LogStatusNotification");
        site.call("GetLog", log("SecurityLog", 7));
        site.run(1_000);
        assert_eq!(words(&site), ["Uploading", "Uploading", "Uploading", "Uploaded", "Uploaded", "Uploaded"]);
    }
}

#[test]
fn a_status_that_is_told_again_waits_for_the_link() {
    for version in Version::ALL {
        let mut site = site(version);
        site.world.errors.push("LogStatusNotification");
        site.call("GetLog", log("SecurityLog", 7));
        site.world.faults.push(("one", pilotwire::domain::ConnectionFault::Unreachable));
        site.break_off();
        site.run(600);
        let timer = site.station.poll_timeout().map(|(_, timer)| timer);
        assert!(!matches!(timer, Some(Timer::Logs | Timer::Now)), "{version}: {timer:?}");
        site.world.errors.clear();
        site.world.faults.clear();
        site.run(600);
        assert_eq!(words(&site), ["Uploading", "Uploading", "Uploaded"], "{version}");
    }
}

/// Rule 7.
#[test]
fn a_csms_that_takes_no_status_fills_no_memory() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        site.world.errors.push("LogStatusNotification");
        for request_id in 0..100 {
            site.call("GetLog", log("SecurityLog", request_id));
        }
        let told = |output: &Output| matches!(output, Output::LimitHit { text } if text.contains("32 statuses"));
        assert!(site.outputs.iter().any(told), "{version}");
        assert!(site.disk["logs"].len() < 3_000, "{version}: {}", site.disk["logs"].len());
    }
}

#[test]
fn an_upload_that_a_power_cut_interrupted_begins_anew() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        site.call("GetLog", log("SecurityLog", 7));
        site.power_up();
        site.files.is_held = false;
        site.run(10);
        assert_eq!(words(&site), ["Uploading", "Uploading", "Uploaded"], "{version}");
        assert!(!site.disk.contains_key("logs"));
    }
}

#[test]
fn a_host_without_logs_supports_none() {
    for version in Version::ALL {
        let mut site = Site::connected(version, vec![slot(1, "one", SecurityProfile::Basic)], |_| {});
        let id = site.ask("GetLog", log("SecurityLog", 7));
        assert_eq!(site.answer_to(&id), None, "{version}");
        assert_eq!(trigger(&mut site, version), "NotImplemented");
        if version != Version::V16 {
            assert_eq!(site.get("OCPPCommCtrlr", "FileTransferProtocols").0, "UnknownVariable");
        }
    }
}

/// N01, remarks.
#[test]
fn the_protocols_are_told() {
    let mut station = site(Version::V201);
    assert_eq!(station.get("OCPPCommCtrlr", "FileTransferProtocols"), ("Accepted".into(), json!("HTTP,HTTPS")));
    let mut station = site(Version::V16);
    let answer = station.call("GetConfiguration", json!({ "key": ["SupportedFileTransferProtocols"] }));
    assert_eq!(answer["configurationKey"][0]["value"], "HTTP,HTTPS");
}

#[test]
fn what_the_host_says_of_an_operation_that_nobody_waits_for_changes_nothing() {
    use pilotwire::Event;
    use pilotwire::domain::FileResult;
    use pilotwire::station::Input;
    let mut site = site(Version::V201);
    site.files.is_held = true;
    site.call("GetLog", log("DiagnosticsLog", 1));
    site.call("GetLog", log("DiagnosticsLog", 2));
    site.run(1);
    site.requests.clear();
    site.tell(Event::Input(Input::FileDone { operation: 1, result: FileResult::Done }));
    assert_eq!(words(&site).len(), 0);
    site.tell(Event::Input(Input::FileDone { operation: 9, result: FileResult::Done }));
    assert!(matches!(site.outputs.last(), Some(Output::Refused { .. })));
}
