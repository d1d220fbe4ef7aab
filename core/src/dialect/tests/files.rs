//! Logs and firmware (N01, L01).

use alloc::boxed::Box;
use alloc::format;

use pilotwire_messages::Version;

use super::{ID, answered, commanded, heard, noon, replied, time, written};
use crate::dialect::{read_command, read_request, write_command};
use crate::domain::{
    Answer, Command, FirmwareSignature, FirmwareStatus, FirmwareUpdate, LogKind, LogRequest, LogStatus, MessageTrigger,
    Reply, Request, UpdateFirmwareStatus, UploadLogStatus,
};

fn log(kind: LogKind) -> Command {
    Command::GetLog(Box::new(LogRequest {
        request_id: 5,
        kind,
        location: "https://logs.example/1".into(),
        oldest: Some(noon()),
        latest: Some(time("2026-02-01T12:00:00Z")),
        retries: Some(3),
        retry_interval_s: Some(60),
    }))
}

fn update(certificate: Option<&str>, signature: Option<&str>) -> Command {
    let (certificate, signature) = (certificate.map(Into::into), signature.map(Into::into));
    let is_signed = certificate.is_some() || signature.is_some();
    Command::UpdateFirmware(Box::new(FirmwareUpdate {
        request_id: 6,
        location: "https://maker.example/1".into(),
        retrieve_at: noon(),
        install_at: Some(time("2026-02-01T12:00:00Z")),
        signed: is_signed.then(|| Box::new(FirmwareSignature { certificate, signature })),
        retries: None,
        retry_interval_s: Some(10),
    }))
}

/// N01.
#[test]
fn a_request_for_a_log_is_heard_as_it_was_made() {
    for version in Version::ALL {
        for kind in [LogKind::SecurityLog, LogKind::DiagnosticsLog] {
            let command = log(kind);
            assert_eq!(commanded(version, &command), command, "{version}");
            for (status, name) in [
                (LogStatus::Accepted, Some("security-5.txt".into())),
                (LogStatus::Rejected, None),
                (LogStatus::AcceptedCanceled, Some("security-5.txt".into())),
            ] {
                let reply = Reply::GetLog { status, name, why: None };
                assert_eq!(replied(version, &command, &reply), reply);
            }
        }
    }
    let command = log(LogKind::DataCollectorLog);
    assert_eq!(commanded(Version::V21, &command), command);
    assert!(write_command(Version::V16, ID, &command).is_err());
}

/// N01.FR.13.
#[test]
fn statuses_of_an_upload_are_heard_as_they_were_told() {
    for version in Version::ALL {
        for status in [
            UploadLogStatus::BadMessage,
            UploadLogStatus::NotSupportedOperation,
            UploadLogStatus::PermissionDenied,
            UploadLogStatus::Uploaded,
            UploadLogStatus::UploadFailure,
            UploadLogStatus::Uploading,
        ] {
            let request = Request::LogStatus { status, request_id: Some(5) };
            assert_eq!(heard(version, &request), request, "{version}");
            assert_eq!(answered(version, &request, &Answer::Done), Answer::Done);
        }
        let idle = Request::LogStatus { status: UploadLogStatus::Idle, request_id: None };
        assert_eq!(heard(version, &idle), idle);
        let nameless = read_request(version, "LogStatusNotification", r#"{"status":"Uploaded"}"#);
        assert!(nameless.unwrap_err().text.contains("requestId"));
    }
    let canceled = Request::LogStatus { status: UploadLogStatus::AcceptedCanceled, request_id: Some(5) };
    assert_eq!(heard(Version::V201, &canceled), canceled);
    assert_eq!(written(Version::V16, &canceled), None, "1.6 has no such word");
}

/// L01, L02.
#[test]
fn firmware_is_heard_as_it_was_offered() {
    let signed = update(Some("pem"), Some("c2ln"));
    for version in Version::ALL {
        assert_eq!(commanded(version, &signed), signed, "{version}");
        for status in [
            UpdateFirmwareStatus::Accepted,
            UpdateFirmwareStatus::Rejected,
            UpdateFirmwareStatus::AcceptedCanceled,
            UpdateFirmwareStatus::InvalidCertificate,
            UpdateFirmwareStatus::RevokedCertificate,
        ] {
            let reply = Reply::UpdateFirmware { status, why: None };
            assert_eq!(replied(version, &signed, &reply), reply);
        }
    }
    for other in [update(None, None), update(Some("pem"), None), update(None, Some("c2ln"))] {
        assert_eq!(commanded(Version::V201, &other), other);
        assert!(write_command(Version::V16, ID, &other).is_err(), "1.6 has another message for it");
    }
    assert!(write_command(Version::V16, ID, &signed).unwrap().contains("SignedUpdateFirmware"));
    assert_eq!(read_command(Version::V16, "UpdateFirmware", "{}").unwrap_err().code.name(Version::V16), "NotSupported");
}

/// L01.FR.20.
#[test]
fn statuses_of_firmware_are_heard_as_they_were_told() {
    for version in Version::ALL {
        for word in FirmwareStatus::WORDS.iter().filter(|word| **word != "Idle") {
            let request = Request::FirmwareStatus { status: FirmwareStatus::from_word(word), request_id: Some(6) };
            assert_eq!(heard(version, &request), request, "{version}");
            assert_eq!(answered(version, &request, &Answer::Done), Answer::Done);
        }
        let idle = Request::FirmwareStatus { status: FirmwareStatus::Idle, request_id: None };
        assert_eq!(heard(version, &idle), idle);
        let action =
            if version == Version::V16 { "SignedFirmwareStatusNotification" } else { "FirmwareStatusNotification" };
        assert!(written(version, &idle).unwrap().contains(&format!("\"{action}\"")));
        assert!(read_request(version, action, r#"{"status":"Installed"}"#).unwrap_err().text.contains("requestId"));
    }
}

/// Whitepaper of 1.6: statuses of logs and of signed firmware are asked for by the extended trigger; the one of §5.17 means
/// others.
#[test]
fn triggers_of_1_6_tell_two_kinds_of_statuses_apart() {
    for message in [MessageTrigger::LogStatusNotification, MessageTrigger::FirmwareStatusNotification] {
        let trigger = Command::Trigger { message: message.clone(), place: None };
        assert!(write_command(Version::V16, ID, &trigger).unwrap().contains("ExtendedTriggerMessage"));
        assert_eq!(commanded(Version::V16, &trigger), trigger);
    }
    for word in ["DiagnosticsStatusNotification", "FirmwareStatusNotification"] {
        let payload = format!(r#"{{"requestedMessage":"{word}"}}"#);
        let Command::Trigger { message, .. } = read_command(Version::V16, "TriggerMessage", &payload).unwrap() else {
            panic!("another command")
        };
        assert_eq!(message, MessageTrigger::Unlisted(word.into()));
    }
}
