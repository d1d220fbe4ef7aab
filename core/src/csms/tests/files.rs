//! Logs that the CSMS asks for (N01), and firmware that it offers (L01).

use alloc::boxed::Box;

use super::*;
use crate::domain::{
    FirmwareSignature, FirmwareStatus, FirmwareUpdate, LogKind, LogRequest, LogStatus, Reply, UpdateFirmwareStatus,
    UploadLogStatus,
};

fn log() -> Command {
    Command::GetLog(Box::new(LogRequest {
        request_id: 5,
        kind: LogKind::SecurityLog,
        location: "https://logs.example/1".into(),
        oldest: None,
        latest: None,
        retries: None,
        retry_interval_s: None,
    }))
}

fn update() -> Command {
    Command::UpdateFirmware(Box::new(FirmwareUpdate {
        request_id: 6,
        location: "https://maker.example/1".into(),
        retrieve_at: NOW.parse().unwrap(),
        install_at: None,
        signed: Some(Box::new(FirmwareSignature { certificate: Some("pem".into()), signature: Some("c2ln".into()) })),
        retries: None,
        retry_interval_s: None,
    }))
}

/// Sends a command, has it answered, and gives its payload and its end.
fn ordered(desk: &mut Desk, command: Command, answered: &str) -> (Value, Outcome) {
    let sent = desk.command(1, command, 0);
    let id = answer(&sent)[1].as_str().unwrap().to_string();
    let done = desk.receive(&format!(r#"[3,"{id}",{answered}]"#));
    let [Output::Done { operation: 1, outcome }] = outputs(&done)[..] else { panic!("{done:?}") };
    (answer(&sent)[3].clone(), outcome.clone())
}

fn status(desk: &mut Desk, action: &str, payload: &str) -> Output {
    let told = desk.receive(&format!(r#"[2,"s","{action}",{payload}]"#));
    assert_eq!(answer(&told)[2], serde_json::json!({}));
    outputs(&told)[0].clone()
}

/// TC_079_CSMS, TC_N_25_CSMS, TC_N_34_CSMS, TC_N_35_CSMS, TC_N_36_CSMS.
#[test]
fn tc_079_tc_n_25_a_log_is_asked_for_and_its_statuses_are_told() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        for status in [LogStatus::Accepted, LogStatus::Rejected, LogStatus::AcceptedCanceled] {
            let (asked, end) = ordered(&mut desk, log(), &format!(r#"{{"status":"{status}"}}"#));
            assert_eq!((&asked["logType"], &asked["requestId"]), (&"SecurityLog".into(), &5.into()), "{version}");
            assert_eq!(end, Outcome::Reply(Reply::GetLog { status, name: None, why: None }));
        }
        for word in ["Uploading", "Uploaded", "UploadFailure"] {
            let payload = format!(r#"{{"status":"{word}","requestId":5}}"#);
            let told = status(&mut desk, "LogStatusNotification", &payload);
            assert_eq!(told, Output::LogStatus { status: UploadLogStatus::from_word(word), request_id: Some(5) });
        }
    }
}

/// TC_080_CSMS, TC_081_CSMS, TC_L_01_CSMS to TC_L_11_CSMS; L01.FR.11.
#[test]
fn tc_080_tc_081_tc_l_01_to_11_firmware_is_offered_and_its_statuses_are_told() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        for word in ["Accepted", "Rejected", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"] {
            let (asked, end) = ordered(&mut desk, update(), &format!(r#"{{"status":"{word}"}}"#));
            assert_eq!(asked["firmware"]["signingCertificate"], "pem", "{version}");
            let status = UpdateFirmwareStatus::from_word(word);
            assert_eq!(end, Outcome::Reply(Reply::UpdateFirmware { status, why: None }));
        }
        let action =
            if version == Version::V16 { "SignedFirmwareStatusNotification" } else { "FirmwareStatusNotification" };
        for word in FirmwareStatus::WORDS {
            let told = status(&mut desk, action, &format!(r#"{{"status":"{word}","requestId":6}}"#));
            assert_eq!(told, Output::FirmwareStatus { status: FirmwareStatus::from_word(word), request_id: Some(6) });
        }
    }
}

/// L01.FR.20, N01.FR.13.
#[test]
fn a_status_of_no_request_is_refused() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let told = desk.receive(r#"[2,"1","LogStatusNotification",{"status":"Uploaded"}]"#);
        assert_eq!(answer(&told)[0], 4, "{version}");
        assert!(matches!(outputs(&told)[..], [Output::Violation { .. }]));
    }
}
