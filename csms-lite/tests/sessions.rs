//! Stations on sockets, and what the HTTP API knows of them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use common::{Peer, event, get, http, raw, soon, start, start_insecure};
use csms_lite::{Options, serve};
use pilotwire::Version;
use pilotwire_wire::{HandshakeError, Message};
use serde_json::json;

const PASSWORD: &str = "a password of mine";

#[tokio::test]
async fn a_session_of_16_is_billed() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    http(&csms, "POST", "/v1/tokens", r#"{"token":"Card1"}"#).await;
    let mut peer = Peer::booted(&csms, "CP16", Version::V16).await;

    let known = peer.call("Authorize", json!({ "idTag": "cARD1" })).await;
    assert_eq!(known["idTagInfo"]["status"], "Accepted");
    let unknown = peer.call("Authorize", json!({ "idTag": "card2" })).await;
    assert_eq!(unknown["idTagInfo"]["status"], "Invalid");

    let start = json!({ "connectorId": 1, "idTag": "CARD1", "meterStart": 1000, "timestamp": "2026-01-31T12:00:00Z" });
    let answer = peer.call("StartTransaction", start).await;
    assert_eq!(answer["idTagInfo"]["status"], "Accepted");
    let id = answer["transactionId"].as_i64().unwrap();
    assert!(id > 0);
    assert_eq!(get(&csms, "/v1/transactions?open=true").await["transactions"].as_array().unwrap().len(), 1);

    let stop =
        json!({ "transactionId": id, "meterStop": 3500, "timestamp": "2026-01-31T12:30:00Z", "reason": "Local" });
    peer.call("StopTransaction", stop.clone()).await;
    // C-2
    peer.call("StopTransaction", stop).await;

    let row = get(&csms, &format!("/v1/transactions/CP16/{id}")).await;
    assert_eq!((&row["energy_wh"], &row["duration_s"]), (&json!(2500), &json!(1800)), "{row}");
    assert_eq!((&row["complete"], &row["id_token"]), (&json!(true), &json!("CARD1")), "{row}");
    assert_eq!(row["events"].as_array().unwrap().len(), 2, "{row}");
    let station = get(&csms, "/v1/stations/CP16").await;
    assert_eq!((&station["model"], &station["connected"]), (&json!("One"), &json!(true)));
    csms.shutdown().await;
}

#[tokio::test]
async fn transaction_ids_of_16_are_unique_among_stations() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    let mut ids = Vec::new();
    for identity in ["A", "B"] {
        let mut peer = Peer::booted(&csms, identity, Version::V16).await;
        let start = json!({ "connectorId": 1, "idTag": "X", "meterStart": 0, "timestamp": "2026-01-31T12:00:00Z" });
        ids.push(peer.call("StartTransaction", start).await["transactionId"].as_i64().unwrap());
    }
    assert_eq!(ids, [1, 65_537]);
    csms.shutdown().await;
}

#[tokio::test]
async fn a_session_of_201_is_billed_once_and_survives_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    http(&csms, "PUT", "/v1/tokens/CARD", r#"{"group":"family","language":"de"}"#).await;
    let mut peer = Peer::booted(&csms, "CS201", Version::V201).await;
    let started = event("Started", 0, "2026-01-31T12:00:00Z", 100, Some("card"));
    let answer = peer.call("TransactionEvent", started.clone()).await;
    assert_eq!(answer["idTokenInfo"]["status"], "Accepted");
    assert_eq!(answer["idTokenInfo"]["groupIdToken"]["idToken"], "family");
    // C-3: the second of three is missing for a while
    let ended = event("Ended", 2, "2026-01-31T13:00:00Z", 900, None);
    peer.call("TransactionEvent", ended.clone()).await;
    let row = get(&csms, "/v1/transactions/CS201/T-1").await;
    assert_eq!((&row["complete"], &row["missing"]), (&json!(false), &json!([[1, 1]])), "{row}");
    csms.shutdown().await;
    drop(peer);

    let csms = start_insecure(data.path()).await;
    let mut peer = Peer::dial(csms.ocpp, "CS201", Version::V201, "").await.unwrap();
    // C-8: the answers may have been lost, so the station repeats itself
    peer.call("TransactionEvent", started).await;
    peer.call("TransactionEvent", ended.clone()).await;
    peer.call("TransactionEvent", event("Updated", 1, "2026-01-31T12:30:00Z", 500, None)).await;
    peer.call("TransactionEvent", ended).await;
    let row = get(&csms, "/v1/transactions/CS201/T-1").await;
    assert_eq!((&row["energy_wh"], &row["complete"]), (&json!(800), &json!(true)), "{row}");
    let seen: Vec<_> = row["events"].as_array().unwrap().iter().map(|event| &event["seq_no"]).collect();
    assert_eq!(seen, [0, 2, 1], "{row}");
    let all = get(&csms, "/v1/transactions?station=CS201").await;
    assert_eq!(all["transactions"].as_array().unwrap().len(), 1);
    csms.shutdown().await;
}

/// S-3
#[tokio::test]
async fn only_who_knows_the_password_comes_in() {
    let data = tempfile::tempdir().unwrap();
    let csms = start(data.path()).await;
    let refusal =
        async |identity: &str, password: &str| match Peer::dial(csms.ocpp, identity, Version::V201, password).await {
            Err(HandshakeError::Refused(status)) => status,
            Err(error) => panic!("{error:?}"),
            Ok(_) => 101,
        };
    let body = json!({ "password": PASSWORD }).to_string();
    assert_eq!(refusal("CS1", PASSWORD).await, 404);
    let (status, station) = http(&csms, "PUT", "/v1/stations/CS1", &body).await;
    assert_eq!((status, &station["has_password"]), (201, &json!(true)));
    assert!(!station.to_string().contains("argon2") && !station.to_string().contains(PASSWORD));
    http(&csms, "PUT", "/v1/stations/bare", "{}").await;
    for (identity, password, expected) in [
        ("CS1", "", 401),
        ("CS1", "another password!", 401),
        ("bare", PASSWORD, 401),
        ("cs1", PASSWORD, 404),
        ("CS1", PASSWORD, 101),
    ] {
        assert_eq!(refusal(identity, password).await, expected, "{identity} {password}");
    }
    // The user is another one: "CS2:" and the password.
    let request = "GET /CS1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: ocpp2.0.1\r\nAuthorization: Basic Q1MyOmEgcGFzc3dvcmQgb2YgbWluZQ==\r\n\r\n";
    assert!(raw(csms.ocpp, request.as_bytes()).await.starts_with("HTTP/1.1 401"));

    assert_eq!(http(&csms, "DELETE", "/v1/stations/CS1", "").await.0, 204);
    assert_eq!(refusal("CS1", PASSWORD).await, 404);
    csms.shutdown().await;
}

/// S-5
#[tokio::test]
async fn the_newest_connection_takes_over() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    let mut old = Peer::booted(&csms, "CS1", Version::V201).await;
    let mut new = Peer::booted(&csms, "CS1", Version::V201).await;
    assert!(matches!(old.next().await, Some(Message::Closed(_))));
    drop(old);
    let trigger = r#"{"requestedMessage":"Heartbeat"}"#;
    let asking = http(&csms, "POST", "/v1/stations/CS1/call/TriggerMessage", trigger);
    let answering = async {
        let call = new.next_frame().await;
        assert_eq!((&call[0], &call[2]), (&json!(2), &json!("TriggerMessage")));
        new.send(&json!([3, call[1], { "status": "Accepted" }]).to_string()).await;
    };
    let ((status, body), ()) = tokio::join!(asking, answering);
    assert_eq!((status, body), (200, json!({ "status": "Accepted" })));
    assert_eq!(get(&csms, "/v1/stations/CS1").await["connected"], true);
    csms.shutdown().await;
}

#[tokio::test]
async fn a_call_has_one_of_many_ends() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    let mut peer = Peer::booted(&csms, "CS1", Version::V201).await;
    let path = "/v1/stations/CS1/call/Reset";

    let refusing = async {
        let call = peer.next_frame().await;
        peer.send(&json!([4, call[1], "NotSupported", "no reset here", { "why": 1 }]).to_string()).await;
    };
    let ((status, body), ()) = tokio::join!(http(&csms, "POST", path, r#"{"type":"Immediate"}"#), refusing);
    assert_eq!((status, &body["error"], &body["code"]), (502, &json!("call_error"), &json!("NotSupported")));
    assert_eq!((&body["description"], &body["details"]), (&json!("no reset here"), &json!({ "why": 1 })));

    let leaving = async {
        peer.next_frame().await;
        drop(peer);
    };
    let ((status, body), ()) = tokio::join!(http(&csms, "POST", path, r#"{"type":"OnIdle"}"#), leaving);
    assert_eq!((status, &body["error"]), (504, &json!("lost")));
    let (status, body) = http(&csms, "POST", path, r#"{"type":"OnIdle"}"#).await;
    assert_eq!((status, &body["error"]), (503, &json!("offline")));

    // Commands wait for a station that is away.
    let waiting = http(&csms, "POST", "/v1/stations/CS1/call/Reset?wait_s=50", r#"{"type":"OnIdle"}"#);
    let returning = async {
        let mut peer = Peer::dial(csms.ocpp, "CS1", Version::V201, "").await.unwrap();
        let call = peer.next_frame().await;
        peer.send(&json!([3, call[1], { "status": "Scheduled" }]).to_string()).await;
    };
    let ((status, body), ()) = tokio::join!(waiting, returning);
    assert_eq!((status, &body["status"]), (200, &json!("Scheduled")));
    csms.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_says_goodbye_and_ends_what_waits() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    let mut peer = Peer::booted(&csms, "CS1", Version::V16).await;
    soon(csms.shutdown()).await;
    match peer.next().await {
        Some(Message::Closed(closed)) => assert_eq!(closed.code, Some(1001)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_may_be_blocked_or_too_old() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    http(&csms, "PUT", "/v1/tokens/blocked", r#"{"status":"Blocked"}"#).await;
    http(&csms, "PUT", "/v1/tokens/old", r#"{"expiry":"2020-01-01T00:00:00Z"}"#).await;
    http(&csms, "PUT", "/v1/tokens/new", r#"{"expiry":"2999-01-01T00:00:00Z"}"#).await;
    let mut peer = Peer::booted(&csms, "CS1", Version::V201).await;
    for (token, kind, expected) in [
        ("blocked", "ISO14443", "Blocked"),
        ("old", "ISO14443", "Expired"),
        ("new", "ISO14443", "Accepted"),
        ("none", "ISO14443", "Invalid"),
        // C02.FR.02
        ("", "NoAuthorization", "Accepted"),
    ] {
        let answer = peer.call("Authorize", json!({ "idToken": { "idToken": token, "type": kind } })).await;
        assert_eq!(answer["idTokenInfo"]["status"], expected, "{token}");
    }
    csms.shutdown().await;
}

#[tokio::test]
async fn a_registration_that_changes_is_told() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    let mut peer = Peer::booted(&csms, "CS1", Version::V201).await;
    assert_eq!(http(&csms, "PUT", "/v1/stations/CS1", r#"{"registration":"Rejected"}"#).await.0, 200);
    let trigger = peer.next_frame().await;
    assert_eq!((&trigger[2], &trigger[3]["requestedMessage"]), (&json!("TriggerMessage"), &json!("BootNotification")));
    peer.send(&json!([3, trigger[1], { "status": "Accepted" }]).to_string()).await;
    assert_eq!(peer.boot(Version::V201).await["status"], "Rejected");
    let (status, body) = http(&csms, "POST", "/v1/stations/CS1/call/Reset", r#"{"type":"OnIdle"}"#).await;
    assert_eq!((status, &body["error"]), (409, &json!("not_accepted")));
    csms.shutdown().await;
}

#[tokio::test]
async fn a_journal_replays_identically() {
    let data = tempfile::tempdir().unwrap();
    let journals = data.path().join("journals");
    let options = Options { insecure: true, journals: Some(journals.clone()), ..Options::new(data.path()) };
    let csms = serve(options).await.unwrap();
    let mut peer = Peer::booted(&csms, "..CS1 ?", Version::V201).await;
    peer.call("TransactionEvent", event("Started", 0, "2026-01-31T12:00:00Z", 100, Some("card"))).await;
    peer.ask("Nonsense", json!({})).await;
    csms.shutdown().await;
    let files: Vec<_> = std::fs::read_dir(journals).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let replayed = pilotwire::journal::replay::<pilotwire::Csms>(text.lines()).unwrap();
    assert!(replayed.is_identical() && replayed.steps > 5, "{replayed:?}");
}

/// S-17: whatever the texts say, they are texts.
#[tokio::test]
async fn hostile_texts_round_trip() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_insecure(data.path()).await;
    let texts = ["' OR 1=1--", "x\u{0}y", "\u{202e}<script>", "⚡\r\n\u{1b}[31m", "\"; DROP TABLE"];
    let mut peer = Peer::booted(&csms, "'; DROP TABLE stations--", Version::V16).await;
    for text in texts {
        let body = json!({ "token": text }).to_string();
        assert_eq!(http(&csms, "POST", "/v1/tokens", &body).await.0, 201);
        let start = json!({ "connectorId": 1, "idTag": text, "meterStart": 0, "timestamp": "2026-01-31T12:00:00Z" });
        let answer = peer.call("StartTransaction", start).await;
        assert_eq!(answer["idTagInfo"]["status"], "Accepted", "{text:?}");
        let vendor = peer.call("DataTransfer", json!({ "vendorId": text, "data": text })).await;
        assert_eq!(vendor["status"], "UnknownVendorId");
    }
    let rows = get(&csms, "/v1/transactions?station=%27%3B%20DROP%20TABLE%20stations--").await;
    let stored: Vec<_> = rows["transactions"].as_array().unwrap().iter().map(|row| &row["id_token"]).collect();
    assert_eq!(stored, texts);
    let tokens = get(&csms, "/v1/tokens").await;
    assert_eq!(tokens["tokens"].as_array().unwrap().len(), texts.len());
    csms.shutdown().await;
}
