use alloc::boxed::Box;

use pilotwire_messages::Version;

use super::{answered, commanded, heard, noon, replied, written};
use crate::domain::{
    Answer, Command, MessageTrigger, NetworkConnectionProfile, Reply, Request, Secret, SetNetworkProfileStatus,
    StatusInfo, TriggerMessageStatus,
};

fn way() -> NetworkConnectionProfile {
    serde_json::from_str(
        r#"{"ocppVersion":"OCPP20","ocppInterface":"Wired0","ocppTransport":"JSON","messageTimeout":30,
            "ocppCsmsUrl":"wss://csms.example","securityProfile":2}"#,
    )
    .unwrap()
}

#[test]
fn security_events_are_heard_as_they_were_told() {
    let kinds = ["FailedToAuthenticateAtCsms", "CsmsFailedToAuthenticate", "InvalidCsmsCertificate"];
    for version in Version::ALL {
        for kind in kinds.into_iter().chain(["InvalidChargingStationCertificate", "TamperDetectionActivated", "Own"]) {
            let request = Request::SecurityEvent { kind: kind.into(), at: noon(), info: Some("why".into()) };
            assert_eq!(heard(version, &request), request, "{version}");
            assert_eq!(answered(version, &request, &Answer::Done), Answer::Done);
        }
    }
    let request = Request::SecurityEvent { kind: kinds[0].into(), at: noon(), info: None };
    assert!(written(Version::V16, &request).unwrap().contains("FailedToAuthenticateAtCentralSystem"));
}

#[test]
fn a_way_to_the_csms_is_heard_as_it_was_given() {
    let set = |password: Option<&str>| Command::SetNetworkProfile {
        slot: 2,
        way: Box::new(way()),
        password: password.map(Secret::new),
    };
    assert_eq!(commanded(Version::V201, &set(None)), set(None));
    assert_eq!(commanded(Version::V21, &set(Some("0123456789abcdef"))), set(Some("0123456789abcdef")));
    let refused = crate::dialect::write_command(Version::V16, "1", &set(None));
    assert!(refused.is_err());
    for status in
        [SetNetworkProfileStatus::Accepted, SetNetworkProfileStatus::Rejected, SetNetworkProfileStatus::Failed]
    {
        let reply = Reply::SetNetworkProfile { status, why: Some(StatusInfo::new("InvalidConfSlot")) };
        assert_eq!(replied(Version::V21, &set(None), &reply), reply);
    }
}

/// A02; whitepaper of 1.6: what the trigger of 1.6 cannot ask for, its extension can.
#[test]
fn the_extended_trigger_of_1_6_is_a_trigger() {
    let sign = Command::Trigger { message: MessageTrigger::SignChargingStationCertificate, place: None };
    for version in Version::ALL {
        assert_eq!(commanded(version, &sign), sign, "{version}");
        let reply = Reply::Trigger(TriggerMessageStatus::NotImplemented);
        assert_eq!(replied(version, &sign, &reply), reply);
    }
    let read = |message: &str| {
        let payload = alloc::format!(r#"{{"requestedMessage":"{message}"}}"#);
        crate::dialect::read_command(Version::V16, "ExtendedTriggerMessage", &payload).unwrap()
    };
    for message in [MessageTrigger::BootNotification, MessageTrigger::Heartbeat, MessageTrigger::StatusNotification] {
        assert_eq!(read(message.as_str()), Command::Trigger { message, place: None });
    }
}
