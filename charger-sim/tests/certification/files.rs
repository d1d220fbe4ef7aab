//! The security log, and firmware that is signed (1.6: TC_079 to TC_081).

use serde_json::{Value, json};

use crate::charger::Charger;
use crate::file_server::{Server, signature};
use crate::tool::{Session, Tool, validity};

const FIRMWARE: &[u8] = b"2.0-test\nall that a virtual charger needs\n";

/// The next statuses of this kind, all of the request with number 7.
fn hears(session: &mut Session, action: &str, statuses: &[&str]) {
    for status in statuses {
        let told = session.hears(action, |_| true);
        assert_eq!((&told["status"], &told["requestId"]), (&json!(status), &json!(7)));
    }
}

#[test]
fn tc_079_cs_the_security_log_is_uploaded() {
    for profile in [1, 2, 3] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "1.6", profile, "");
        let mut session = tool.greet(profile).boots();
        session.hears_event("StartupOfTheDevice");
        let server = Server::start(None, |_| (201, b""));
        let log = json!({ "remoteLocation": format!("http://{}/logs/", server.address) });
        let answer = session.call("GetLog", json!({ "logType": "SecurityLog", "requestId": 7, "log": log }));
        assert_eq!(answer["status"], "Accepted");
        hears(&mut session, "LogStatusNotification", &["Uploading", "Uploaded"]);
        let asked = server.next();
        let name = answer["filename"].as_str().unwrap();
        assert_eq!(asked.line, format!("PUT /logs/{name} HTTP/1.1"), "{}", asked.head);
        assert!(asked.body.contains("StartupOfTheDevice"), "{}", asked.body);
    }
}

/// Has the charger fetch firmware; the signature is that over `signed`.
fn updates(tool: &mut Tool, session: &mut Session, server: &Server, signed: &[u8]) -> Value {
    let signer = tool.authority.station("Signer", validity()).unwrap();
    let firmware = json!({
        "location": format!("http://{}/firmware", server.address),
        "retrieveDateTime": "2026-01-01T00:00:00Z",
        "signingCertificate": signer.chain_pem,
        "signature": signature(&signer.private_key, signed),
    });
    let answer = session.call("SignedUpdateFirmware", json!({ "requestId": 7, "firmware": firmware }));
    assert_eq!(server.next().line, "GET /firmware HTTP/1.1");
    answer["status"].clone()
}

const STATUS: &str = "SignedFirmwareStatusNotification";

#[test]
fn tc_080_cs_signed_firmware_is_installed() {
    for profile in [1, 2, 3] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "1.6", profile, "--firmware-ca DIR/ca.pem");
        let mut session = tool.greet(profile).boots();
        let server = Server::start(None, |_| (200, FIRMWARE));
        assert_eq!(updates(&mut tool, &mut session, &server, FIRMWARE), "Accepted");
        hears(&mut session, STATUS, &["Downloading", "Downloaded", "SignatureVerified", "Installing"]);
        session.ends();
        let mut session = tool.greet(profile);
        let boot = session.hears("BootNotification", |_| true);
        assert_eq!(boot["firmwareVersion"], "2.0-test");
        session.hears_event("FirmwareUpdated");
        for connector in [0, 1] {
            session
                .hears("StatusNotification", |told| told["connectorId"] == connector && told["status"] == "Available");
        }
        hears(&mut session, STATUS, &["Installed"]);
    }
}

#[test]
fn tc_081_cs_a_wrong_signature_is_told_and_nothing_installed() {
    for profile in [1, 2, 3] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "1.6", profile, "--firmware-ca DIR/ca.pem");
        let mut session = tool.greet(profile).boots();
        let server = Server::start(None, |_| (200, FIRMWARE));
        assert_eq!(updates(&mut tool, &mut session, &server, b"another file"), "Accepted");
        hears(&mut session, STATUS, &["Downloading", "Downloaded", "InvalidSignature"]);
        session.does_not_hear(STATUS, 3);
    }
}
