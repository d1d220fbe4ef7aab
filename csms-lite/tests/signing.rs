//! Certificates that stations ask for (A02, A03), and passwords that they are given (A01).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::path::Path;
use std::sync::{Arc, Mutex};

use common::{Peer, http, soon, start};
use csms_lite::pki::{self, validity};
use csms_lite::{Options, Running, Signer, serve};
use pilotwire::domain::{CryptoResult, CryptoTask, KeyId, Subject};
use pilotwire::{DateTime, Version};
use pilotwire_pki::authority::Authority;
use pilotwire_pki::{Keys, perform};
use pilotwire_tokio::Clock;
use pilotwire_wire::HandshakeError;
use serde_json::{Value, json};

const OLD: &str = "the.old.password";
const NEW: &str = "the.new.password";

/// A CSMS that lets everybody in, and this one sign.
async fn signed_by(data: &Path, signer: Option<Signer>) -> Running {
    let options =
        Options { insecure: true, seed: Some(7), signer: signer.map(Arc::new), ..Options::new(data.join("store")) };
    serve(options).await.unwrap()
}

fn authority(data: &Path) -> (Signer, String) {
    let folder = data.join("pki");
    pki::init(&folder, "Operator", &["127.0.0.1"], validity(Clock::of_this_computer(1).wall(), 1)).unwrap();
    let authority = Arc::new(Mutex::new(Authority::load(&folder).unwrap()));
    (Signer::Authority { authority, days: 30 }, pki::read(&folder.join("ca.pem")).unwrap())
}

fn csr(keys: &mut Keys, name: &str) -> String {
    let subject = Subject { organization: "Operator".into(), common_name: name.into() };
    match perform(keys, &CryptoTask::MakeCsr { key: KeyId(1), subject }) {
        Some(CryptoResult::Csr(csr)) => csr.into(),
        other => panic!("{other:?}"),
    }
}

/// Answers the next CALL; gives its action and payload back.
async fn answer(peer: &mut Peer, payload: Value) -> (String, Value) {
    let frame = peer.next_frame().await;
    assert_eq!(frame[0], 2, "{frame}");
    peer.send(&json!([3, frame[1], payload]).to_string()).await;
    (frame[2].as_str().unwrap().to_owned(), frame[3].clone())
}

/// TC_A_11_CSMS, TC_A_14_CSMS, 1.6 TC_074: what comes back is for the station's key, and from the authority.
#[tokio::test]
async fn a_station_gets_the_certificate_that_it_asks_for() {
    for (version, usage) in [(Version::V16, Value::Null), (Version::V201, "ChargingStationCertificate".into())] {
        let data = tempfile::tempdir().unwrap();
        let (signer, root) = authority(data.path());
        let csms = signed_by(data.path(), Some(signer)).await;
        let mut peer = Peer::booted(&csms, "CS-1", version).await;
        let mut keys = Keys::in_memory();
        let mut request = json!({ "csr": csr(&mut keys, "CS-1") });
        if !usage.is_null() {
            request["certificateType"] = usage.clone();
        }
        assert_eq!(peer.call("SignCertificate", request).await["status"], "Accepted");
        let (action, payload) = answer(&mut peer, json!({ "status": "Accepted" })).await;
        assert_eq!((action.as_str(), &payload["certificateType"]), ("CertificateSigned", &usage));
        let at: DateTime = Clock::of_this_computer(1).wall();
        let chain = payload["certificateChain"].as_str().unwrap().into();
        let task = CryptoTask::Examine { chain, key: Some(KeyId(1)), roots: vec![root.into()], at };
        let Some(CryptoResult::Examined(facts)) = perform(&mut keys, &task) else { panic!("not read") };
        assert!(facts.fits_key && facts.trusted_by == Some(0), "{facts:?}");
        assert_eq!(facts.certificates[0].common_name.as_deref(), Some("CS-1"));
        csms.shutdown().await;
    }
}

/// A02.FR.04: nobody gets a certificate in another station's name. What comes next is signed all the same.
#[tokio::test]
async fn a_request_in_the_name_of_another_station_is_not_signed() {
    let data = tempfile::tempdir().unwrap();
    let (signer, _) = authority(data.path());
    let csms = signed_by(data.path(), Some(signer)).await;
    let mut peer = Peer::booted(&csms, "CS-1", Version::V16).await;
    let mut keys = Keys::in_memory();
    for name in ["CS-2", "CS-1"] {
        let request = json!({ "csr": csr(&mut keys, name) });
        assert_eq!(peer.call("SignCertificate", request).await["status"], "Accepted");
    }
    let (_, payload) = answer(&mut peer, json!({ "status": "Accepted" })).await;
    let chain = payload["certificateChain"].as_str().unwrap().into();
    let task = CryptoTask::Examine { chain, key: None, roots: vec![], at: DateTime::UNIX_EPOCH };
    let Some(CryptoResult::Examined(facts)) = perform(&mut keys, &task) else { panic!("not read") };
    assert_eq!(facts.certificates[0].common_name.as_deref(), Some("CS-1"));
    csms.shutdown().await;
}

/// A02.FR.12.
#[tokio::test]
async fn where_nobody_signs_a_station_is_told_so() {
    let data = tempfile::tempdir().unwrap();
    let csms = signed_by(data.path(), None).await;
    let mut peer = Peer::booted(&csms, "CS-1", Version::V201).await;
    let request = json!({ "csr": csr(&mut Keys::in_memory(), "CS-1") });
    assert_eq!(peer.call("SignCertificate", request).await["status"], "Rejected");
    csms.shutdown().await;
}

/// A real authority by configuration: the command is told who asks and what for, and its words are taken as they are.
#[cfg(unix)]
#[tokio::test]
async fn a_command_signs_in_the_place_of_any_authority() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    let program = data.path().join("sign");
    let text = "#!/bin/sh\nread first\necho \"$first for $PILOTWIRE_STATION, $PILOTWIRE_CERTIFICATE_USE\"\n";
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let csms = signed_by(data.path(), Some(Signer::Command(program))).await;
    let mut peer = Peer::booted(&csms, "CS-1", Version::V201).await;
    let csr = csr(&mut Keys::in_memory(), "emobility.example");
    let request = json!({ "csr": csr, "certificateType": "V2GCertificate" });
    assert_eq!(peer.call("SignCertificate", request).await["status"], "Accepted");
    let (_, payload) = answer(&mut peer, json!({ "status": "Accepted" })).await;
    let expected = "-----BEGIN CERTIFICATE REQUEST----- for CS-1, V2GCertificate\n";
    assert_eq!(payload["certificateChain"], expected);
    csms.shutdown().await;
}

/// What a script for `--sign-command` runs: the certificate is for the key of the request, and nothing else is signed.
#[test]
fn an_authority_in_a_folder_signs_what_it_is_given() {
    let data = tempfile::tempdir().unwrap();
    let now = Clock::of_this_computer(1).wall();
    let folder = data.path().join("v2g");
    pki::init(&folder, "V2G", &["127.0.0.1"], validity(now, 1)).unwrap();
    let mut keys = Keys::in_memory();
    let csr = csr(&mut keys, "DE*OPE*E1");
    let chain = pki::sign(&folder, &csr, validity(now, 1)).unwrap();
    let roots = vec![pki::read(&folder.join("ca.pem")).unwrap().into()];
    let task = CryptoTask::Examine { chain: chain.into(), key: Some(KeyId(1)), roots, at: now };
    let Some(CryptoResult::Examined(facts)) = perform(&mut keys, &task) else { panic!("not read") };
    assert!(facts.fits_key && facts.trusted_by == Some(0), "{facts:?}");
    assert_eq!(facts.certificates[0].common_name.as_deref(), Some("DE*OPE*E1"));
    assert!(pki::sign(&folder, "no request", validity(now, 1)).is_err());
    assert!(pki::sign(data.path(), &csr, validity(now, 1)).is_err(), "there is no authority");
}

/// With a certificate for vehicles in another station's name, that one's door might open (A00.FR.405).
#[cfg(unix)]
#[tokio::test]
async fn a_certificate_for_vehicles_does_not_name_another_station() {
    let data = tempfile::tempdir().unwrap();
    let csms = signed_by(data.path(), Some(Signer::Command("/bin/cat".into()))).await;
    drop(Peer::booted(&csms, "CS-2", Version::V201).await);
    let mut peer = Peer::booted(&csms, "CS-1", Version::V201).await;
    let mut keys = Keys::in_memory();
    for name in ["CS-2", "CS-1", "DE*OPE*E1"] {
        let csr = csr(&mut keys, name);
        let request = json!({ "csr": csr, "certificateType": "V2GCertificate" });
        assert_eq!(peer.call("SignCertificate", request).await["status"], "Accepted");
        if name != "CS-2" {
            let (_, payload) = answer(&mut peer, json!({ "status": "Accepted" })).await;
            assert_eq!(payload["certificateChain"], csr, "{name}");
        }
    }
    csms.shutdown().await;
}

async fn with_password(data: &Path) -> Running {
    let csms = start(data).await;
    let (status, _) = http(&csms, "PUT", "/v1/stations/CS-1", &json!({ "password": OLD }).to_string()).await;
    assert!((200..300).contains(&status));
    csms
}

async fn boot(csms: &Running, password: &str, version: Version) -> Peer {
    let mut peer = Peer::dial(csms.ocpp, "CS-1", version, password).await.unwrap();
    assert_eq!(peer.boot(version).await["status"], "Accepted");
    peer
}

async fn lets_in(csms: &Running, password: &str) -> bool {
    match Peer::dial(csms.ocpp, "CS-1", Version::V201, password).await {
        Ok(_) => true,
        Err(HandshakeError::Refused(401)) => false,
        Err(other) => panic!("{other}"),
    }
}

/// The station answers the command like this, or goes away instead.
async fn change(csms: &Running, peer: Peer, version: Version, status: Option<&str>) -> (u16, Value, Value) {
    let mut peer = peer;
    let station = async {
        let frame = peer.next_frame().await;
        if let Some(status) = status {
            let result = match version {
                Version::V16 => json!({ "status": status }),
                _ => {
                    let wanted = &frame[3]["setVariableData"][0];
                    json!({ "setVariableResult": [{ "attributeStatus": status, "component": wanted["component"],
                        "variable": wanted["variable"] }] })
                }
            };
            peer.send(&json!([3, frame[1], result]).to_string()).await;
        } else {
            drop(peer);
        }
        frame
    };
    let body = json!({ "password": NEW }).to_string();
    let ((status, told), frame) =
        soon(async { tokio::join!(http(csms, "POST", "/v1/stations/CS-1/password", &body), station) }).await;
    (status, told, frame)
}

/// TC_A_09_CSMS, TC_A_10_CSMS, 1.6 TC_073; A01.FR.03, A01.FR.04.
#[tokio::test]
async fn a_new_password_counts_when_the_station_has_taken_it() {
    for (version, action) in [(Version::V16, "ChangeConfiguration"), (Version::V201, "SetVariables")] {
        for taken in [true, false] {
            let data = tempfile::tempdir().unwrap();
            let csms = with_password(data.path()).await;
            let peer = boot(&csms, OLD, version).await;
            let answer = if taken { "Accepted" } else { "Rejected" };
            let (status, told, frame) = change(&csms, peer, version, Some(answer)).await;
            assert_eq!((status, &told["status"]), (200, &json!(answer)), "{told}");
            assert_eq!(frame[2], action);
            assert_eq!(lets_in(&csms, NEW).await, taken);
            assert_eq!(lets_in(&csms, OLD).await, !taken);
            csms.shutdown().await;
        }
    }
}

/// while nobody knows whether the station has taken it, it gets in with either; the first that it shows is the one. So
/// it is after a restart of the CSMS.
#[tokio::test]
async fn a_station_whose_answer_was_lost_gets_in_with_either() {
    for (restart, shown, other) in [(false, NEW, OLD), (false, OLD, NEW), (true, NEW, OLD), (true, OLD, NEW)] {
        let data = tempfile::tempdir().unwrap();
        let mut csms = with_password(data.path()).await;
        let peer = boot(&csms, OLD, Version::V201).await;
        let (status, told, _) = change(&csms, peer, Version::V201, None).await;
        assert_eq!((status, &told["error"]), (504, &json!("lost")));
        let (status, told) = http(&csms, "POST", "/v1/stations/CS-1/password", "").await;
        assert_eq!((status, &told["error"]), (409, &json!("pending")));
        if restart {
            csms.shutdown().await;
            csms = start(data.path()).await;
        }
        assert!(lets_in(&csms, shown).await);
        assert!(!lets_in(&csms, other).await);
        csms.shutdown().await;
    }
}

/// a CSMS that shuts down while a station changes its password lets it in with either when it is back.
#[tokio::test]
async fn a_shutdown_in_the_middle_of_a_change_locks_nobody_out() {
    for shown in [NEW, OLD] {
        let data = tempfile::tempdir().unwrap();
        let csms = with_password(data.path()).await;
        let mut peer = boot(&csms, OLD, Version::V201).await;
        let address = csms.http;
        let body = json!({ "password": NEW }).to_string();
        let change =
            tokio::spawn(async move { common::request(address, "POST", "/v1/stations/CS-1/password", &body).await });
        assert_eq!(peer.next_frame().await[2], "SetVariables");
        csms.shutdown().await;
        let (status, told) = soon(change).await.unwrap();
        assert!(matches!(status, 503 | 504), "{status}: {told}");
        let csms = start(data.path()).await;
        assert!(lets_in(&csms, shown).await, "{shown}");
        csms.shutdown().await;
    }
}

/// A station that has not heard of the new password yet goes on with the old one, and the new one still counts when it has.
#[tokio::test]
async fn a_password_that_waits_for_its_station_is_not_forgotten() {
    let data = tempfile::tempdir().unwrap();
    let csms = with_password(data.path()).await;
    drop(boot(&csms, OLD, Version::V201).await);
    let body = json!({ "password": NEW }).to_string();
    let station = async {
        while csms.store.station("CS-1").await.unwrap().unwrap().passwords.unwrap().offered().is_none() {
            tokio::task::yield_now().await;
        }
        let mut peer = Peer::dial(csms.ocpp, "CS-1", Version::V201, OLD).await.unwrap();
        let frame = peer.next_frame().await;
        let wanted = &frame[3]["setVariableData"][0];
        let result = json!({ "attributeStatus": "Accepted", "component": wanted["component"],
            "variable": wanted["variable"] });
        peer.send(&json!([3, frame[1], { "setVariableResult": [result] }]).to_string()).await;
        peer
    };
    let change = http(&csms, "POST", "/v1/stations/CS-1/password?wait_s=60", &body);
    let ((status, told), _peer) = soon(async { tokio::join!(change, station) }).await;
    assert_eq!((status, &told["status"]), (200, &json!("Accepted")), "{told}");
    assert!(lets_in(&csms, NEW).await);
    assert!(!lets_in(&csms, OLD).await);
    csms.shutdown().await;
}

/// A00.FR.205: made here, if nobody names one; nobody is shown it.
#[tokio::test]
async fn a_password_may_be_made_by_the_csms() {
    let data = tempfile::tempdir().unwrap();
    let csms = with_password(data.path()).await;
    let mut peer = boot(&csms, OLD, Version::V16).await;
    let station = async {
        let frame = peer.next_frame().await;
        peer.send(&json!([3, frame[1], { "status": "Accepted" }]).to_string()).await;
        frame[3].clone()
    };
    let change = http(&csms, "POST", "/v1/stations/CS-1/password", "");
    let ((_, told), payload) = soon(async { tokio::join!(change, station) }).await;
    assert_eq!((&payload["key"], told), (&json!("AuthorizationKey"), json!({ "status": "Accepted" })));
    let digits = payload["value"].as_str().unwrap();
    assert!(digits.len() == 40 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
    assert!(lets_in(&csms, digits).await);
    csms.shutdown().await;
}

/// A password that the station's version does not allow is refused before anything is changed.
#[tokio::test]
async fn a_password_that_breaks_the_rules_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let csms = with_password(data.path()).await;
    let ask = async |body: Value| http(&csms, "POST", "/v1/stations/CS-1/password", &body.to_string()).await;
    let (status, told) = ask(json!({ "password": NEW })).await;
    assert_eq!((status, &told["error"]), (409, &json!("not_seen")));
    drop(boot(&csms, OLD, Version::V16).await);
    let (status, _) = ask(json!({ "password": "more-than-twenty-bytes-of-text" })).await;
    assert_eq!(status, 400);
    drop(boot(&csms, OLD, Version::V201).await);
    let (status, _) = ask(json!({ "password": "with spaces, not allowed" })).await;
    assert_eq!(status, 400);
    assert!(lets_in(&csms, OLD).await);
    csms.shutdown().await;
}
