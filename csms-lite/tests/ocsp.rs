//! The status of certificates, which a CSMS asks for in the name of stations (M06): from the station to a responder and back.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Peer, soon};
use csms_lite::{Options, Running, serve};
use pilotwire::Version;
use pilotwire::domain::{CertificateFacts, CryptoResult, CryptoTask, OcspStatus, Subject};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_pki::{Keys, ocsp, perform};
use pilotwire_tokio::Clock;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers one question after the other as this authority does.
async fn responder(authority: Arc<Mutex<Authority>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            answer(socket, &authority).await;
        }
    });
    address
}

async fn answer(mut socket: TcpStream, authority: &Mutex<Authority>) {
    let (mut read, mut chunk) = (Vec::new(), [0; 4_096]);
    let question = loop {
        let count = socket.read(&mut chunk).await.unwrap();
        assert!(count > 0, "the question breaks off");
        read.extend_from_slice(&chunk[..count]);
        let head = String::from_utf8_lossy(&read).to_lowercase();
        let Some((head, _)) = head.split_once("\r\n\r\n") else { continue };
        assert!(head.contains("content-type: application/ocsp-request"), "{head}");
        let length: usize = head.split_once("content-length: ").unwrap().1.lines().next().unwrap().parse().unwrap();
        if read.len() >= head.len() + 4 + length {
            break read.split_off(head.len() + 4);
        }
    };
    let now = Clock::of_this_computer(1).wall();
    let said = authority.lock().unwrap().ocsp_response(&question, now, Duration::from_secs(60));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", said.len());
    socket.write_all(&[head.as_bytes(), &said].concat()).await.unwrap();
}

/// An authority, and the chain of a certificate of it.
fn world() -> (Authority, String) {
    let validity = Validity::days(Clock::of_this_computer(1).wall(), 10);
    let subject = Subject { organization: "Operator".into(), common_name: "Root".into() };
    let mut authority = Authority::root(&subject, validity).unwrap();
    let chain = authority.station("SECC1", validity).unwrap().chain_pem + &authority.root_pem();
    (authority, chain)
}

fn facts(chain: &str) -> CertificateFacts {
    let at = Clock::of_this_computer(1).wall();
    let task = CryptoTask::Examine { chain: chain.into(), key: None, roots: Vec::new(), at };
    match perform(&mut Keys::in_memory(), &task) {
        Some(CryptoResult::Examined(mut facts)) => facts.certificates.swap_remove(0),
        other => panic!("{other:?}"),
    }
}

async fn csms(data: &Path, responders: Vec<String>) -> Running {
    let options = Options { insecure: true, seed: Some(7), responders, ..Options::new(data.join("store")) };
    serve(options).await.unwrap()
}

/// What a station is told that asks for the status of this certificate.
async fn asks(csms: &Running, chain: &str, responder: &str) -> Value {
    let mut peer = Peer::booted(csms, "CS-1", Version::V201).await;
    let mut data = serde_json::to_value(&facts(chain).names[0]).unwrap();
    data["responderURL"] = responder.into();
    soon(peer.call("GetCertificateStatus", json!({ "ocspRequestData": data }))).await
}

/// M06.FR.02, M06.FR.03: what the responder says is passed on, good or bad; the station judges it.
#[tokio::test]
async fn what_a_responder_says_is_passed_on() {
    let (authority, chain) = world();
    let authority = Arc::new(Mutex::new(authority));
    let url = format!("http://{}/ocsp", responder(Arc::clone(&authority)).await);
    let data = tempfile::tempdir().unwrap();
    let csms = csms(data.path(), vec![url.clone()]).await;
    for status in [OcspStatus::Good, OcspStatus::Revoked] {
        let now = Clock::of_this_computer(1).wall();
        if status == OcspStatus::Revoked {
            authority.lock().unwrap().revoke(&chain, now).unwrap();
        }
        let told = asks(&csms, &chain, &url).await;
        assert_eq!(told["status"], "Accepted", "{told}");
        let read = ocsp::read(told["ocspResult"].as_str().unwrap(), &chain, now).unwrap();
        assert_eq!(read.status, status);
    }
    csms.shutdown().await;
}

/// M06.FR.04; S-15: nobody is called but whom the operator named, and who is not there makes no status.
#[tokio::test]
async fn a_status_that_cannot_be_found_out_has_failed() {
    let (authority, chain) = world();
    let url = format!("http://{}/ocsp", responder(Arc::new(Mutex::new(authority))).await);
    let nobody = "http://127.0.0.1:9/".to_owned();
    for (allowed, named) in [(vec![], &url), (vec![nobody.clone()], &url), (vec![nobody.clone()], &nobody)] {
        let data = tempfile::tempdir().unwrap();
        let csms = csms(data.path(), allowed).await;
        let told = asks(&csms, &chain, named).await;
        assert_eq!((&told["status"], told.get("ocspResult")), (&json!("Failed"), None), "{told}");
        csms.shutdown().await;
    }
}
