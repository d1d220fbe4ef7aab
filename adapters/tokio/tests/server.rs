//! The server over real sockets.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::time::Duration;

use common::{Csms, Do, Peer, config, raw, soon};
use pilotwire::{Event, Version};
use pilotwire_tokio::{ServerConfig, ThrottleConfig};
use pilotwire_wire::{HandshakeError, Limits, Message, close_code};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn request(path: &str, protocol: &str) -> Vec<u8> {
    // Q1MxOnNlY3JldA== is CS1:secret.
    format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {protocol}\r\n\
         Authorization: Basic Q1MxOnNlY3JldA==\r\n\r\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn a_message_is_persisted_before_its_answer_leaves() {
    let mut csms = Csms::start(config()).await;
    let mut peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    csms.expect(&["CS1 power 0", "CS1 connected 2.1"]).await;
    for n in 0..50 {
        peer.send(&n.to_string()).await;
        peer.expect_text(&format!("echo {n}")).await;
        // Already there: it was told before the answer was written.
        assert_eq!(csms.seen.try_recv().unwrap(), format!("CS1 persist {n}"));
    }
    assert!(csms.handle.is_connected("CS1"));
}

#[tokio::test]
async fn a_write_that_fails_is_told_to_the_machine_at_once() {
    let mut csms = Csms::start(config()).await;
    let mut peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    csms.expect(&["CS1 power 0", "CS1 connected 2.1"]).await;
    peer.send("bad").await;
    csms.expect(&["CS1 failed bad"]).await;
}

#[tokio::test]
async fn who_is_not_admitted_leaves_no_trace() {
    let csms = Csms::start(config()).await;
    for (identity, password, status) in
        [("CS1", "", 401), ("CS1", "wrong", 401), ("CS1", "secre", 401), ("unknown", "secret", 404)]
    {
        let refused = Peer::dial(csms.address, identity, password).await.map(drop);
        assert_eq!(refused, Err(HandshakeError::Refused(status)), "{identity} {password}");
    }
    assert!(csms.handle.keys().is_empty());
}

#[tokio::test]
async fn broken_requests_are_answered_and_hung_up_on() {
    let csms = Csms::start(config()).await;
    let flood = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(2000));
    for (bytes, status) in [
        (b"\x16\x03\x01\x00\x05hello".to_vec(), 400),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 426),
        (b"PUT /CS1 HTTP/1.1\r\n\r\n".to_vec(), 405),
        (flood.into_bytes(), 431),
        (request("/ocpp/..", "ocpp1.6"), 404),
        (request("/ocpp/%00", "ocpp1.6"), 400),
        (request(&format!("/ocpp/{}", "x".repeat(200)), "ocpp1.6"), 404),
    ] {
        let answer = raw(csms.address, &bytes).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    assert!(csms.handle.keys().is_empty());
}

#[tokio::test]
async fn an_unknown_subprotocol_completes_the_handshake_and_closes() {
    let csms = Csms::start(config()).await;
    let answer = raw(csms.address, &request("/CS1", "ocpp9.9")).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(!answer.contains("Sec-WebSocket-Protocol"), "{answer}");
    assert!(answer.contains("none of the offered subprotocols"), "{answer}");
    assert!(csms.handle.keys().is_empty());
}

#[tokio::test]
async fn only_the_configured_versions_are_spoken() {
    let versions = vec![Version::V16];
    let csms = Csms::start(ServerConfig { versions, ..config() }).await;
    let refused = Peer::dial(csms.address, "CS1", "secret").await.map(drop);
    assert!(matches!(refused, Err(HandshakeError::Subprotocol { .. })), "{refused:?}");
}

#[tokio::test]
async fn bad_frames_end_the_connection_and_not_the_machine() {
    let mut csms = Csms::start(config()).await;
    let oversize = [&[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1][..], &[0; 70_000]].concat();
    for (n, (bytes, code)) in [
        (vec![0x82, 0x80, 0, 0, 0, 0], close_code::UNSUPPORTED),
        (oversize, close_code::TOO_BIG),
        ([0x89, 0x80, 0, 0, 0, 0].repeat(100_000), close_code::POLICY),
        ([&[0x01, 0x80, 0, 0, 0, 0][..], &[0x00, 0x80, 0, 0, 0, 0].repeat(100_000)].concat(), close_code::TOO_BIG),
        (vec![0x81, 0], close_code::PROTOCOL),
    ]
    .into_iter()
    .enumerate()
    {
        let mut peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
        // The server may have hung up before it took everything.
        let _ = peer.stream.write_all(&bytes).await;
        if n == 0 {
            csms.expect(&["CS1 power 0"]).await;
        }
        csms.expect(&["CS1 connected 2.1", "CS1 disconnected"]).await;
        if n != 2 {
            // Behind the pongs of a flood the close frame may be lost with the socket.
            peer.expect_close(code).await;
        }
    }
    let mut peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    peer.send("still").await;
    peer.expect_text("echo still").await;
}

#[tokio::test]
async fn who_floods_does_not_keep_its_machine_from_commands_and_timers() {
    let limits = Limits { frames_per_s: u32::MAX, frame_burst: u32::MAX, ..Limits::default() };
    let mut csms = Csms::start(ServerConfig { limits, ..config() }).await;
    let mut peer = Peer::dial(csms.address, "CS 1", "secret").await.unwrap();
    (0..1_000).for_each(|_| peer.connection.send("echo".to_owned()).unwrap());
    let flood = peer.connection.pending().to_vec();
    let flooding = tokio::spawn(async move { while peer.stream.write_all(&flood).await.is_ok() {} });
    csms.handle.send("CS 1", Event::Input(Do::Sleep(1))).await.unwrap();
    csms.handle.send("CS 1", Event::Input(Do::Tell("heard".into()))).await.unwrap();
    let mut awaited = vec!["CS 1 timeout", "CS 1 heard"];
    while !awaited.is_empty() {
        let line = csms.next().await;
        awaited.retain(|awaited| *awaited != line);
    }
    assert!(!flooding.is_finished(), "it is read on");
    flooding.abort();
}

#[tokio::test]
async fn a_newer_connection_takes_over_and_the_end_of_the_old_one_changes_nothing() {
    let mut csms = Csms::start(config()).await;
    let mut old = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    csms.expect(&["CS1 power 0", "CS1 connected 2.1"]).await;

    let attacker = Peer::dial(csms.address, "CS1", "guess").await.map(drop);
    assert_eq!(attacker, Err(HandshakeError::Refused(401)));
    old.send("unharmed").await;
    old.expect_text("echo unharmed").await;
    csms.expect(&["CS1 persist unharmed"]).await;

    let mut new = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    csms.expect(&["CS1 disconnected", "CS1 connected 2.1"]).await;
    old.expect_close(close_code::REPLACED).await;
    assert_eq!(old.next().await, None);
    drop(old);
    let input = Event::Input(Do::Send("for the new one".into()));
    csms.handle.send("CS1", input).await.unwrap();
    new.expect_text("for the new one").await;
    new.send("alive").await;
    new.expect_text("echo alive").await;
    csms.expect(&["CS1 persist alive"]).await;
    assert!(csms.handle.is_connected("CS1"));
}

#[tokio::test]
async fn two_stations_with_one_identity_cannot_throw_each_other_out_for_ever() {
    let throttle = ThrottleConfig { takeovers: 2, ..ThrottleConfig::default() };
    let mut csms = Csms::start(ServerConfig { throttle, ..config() }).await;
    let mut peers = Vec::new();
    for _ in 0..3 {
        peers.push(Peer::dial(csms.address, "CS1", "secret").await.unwrap());
        while csms.next().await != "CS1 connected 2.1" {}
    }
    let refused = Peer::dial(csms.address, "CS1", "secret").await.map(drop);
    assert_eq!(refused, Err(HandshakeError::Refused(503)));
    let last = peers.last_mut().unwrap();
    last.send("mine").await;
    last.expect_text("echo mine").await;
}

#[tokio::test]
async fn a_machine_outlives_its_connections_and_can_be_spoken_to_without_one() {
    let mut csms = Csms::start(config()).await;
    csms.handle.send("CS1", Event::Input(Do::Sleep(1))).await.unwrap();
    csms.expect(&["CS1 power 0", "CS1 timeout"]).await;
    assert!(!csms.handle.is_connected("CS1"));
    for _ in 0..3 {
        let mut peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
        csms.expect(&["CS1 connected 2.1"]).await;
        peer.connection.close(close_code::NORMAL, "");
        peer.flush().await;
        csms.expect(&["CS1 disconnected"]).await;
        peer.expect_close(close_code::NORMAL).await;
    }
    let peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    csms.expect(&["CS1 connected 2.1"]).await;
    drop(peer);
    csms.expect(&["CS1 disconnected"]).await;
    assert_eq!(csms.handle.keys().len(), 1);
}

#[tokio::test]
async fn a_close_by_the_machine_is_answered_and_told() {
    let mut csms = Csms::start(config()).await;
    let mut peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    csms.expect(&["CS1 power 0", "CS1 connected 2.1"]).await;
    csms.handle.send("CS1", Event::Input(Do::Send("last".into()))).await.unwrap();
    csms.handle.send("CS1", Event::Input(Do::Close)).await.unwrap();
    peer.expect_text("last").await;
    peer.expect_close(close_code::NORMAL).await;
    csms.expect(&["CS1 disconnected"]).await;
}

#[tokio::test]
async fn a_station_that_cannot_be_opened_is_refused_and_asked_for_again() {
    let csms = Csms::start(config()).await;
    for _ in 0..2 {
        let refused = Peer::dial(csms.address, "broken", "secret").await.map(drop);
        assert_eq!(refused, Err(HandshakeError::Refused(503)));
    }
}

#[tokio::test]
async fn over_the_number_of_stations_there_is_no_room() {
    let csms = Csms::start(ServerConfig { stations: 1, ..config() }).await;
    let _peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    let refused = Peer::dial(csms.address, "CS2", "secret").await.map(drop);
    assert_eq!(refused, Err(HandshakeError::Refused(503)));
}

#[tokio::test]
async fn who_guesses_is_refused_while_the_station_itself_gets_in() {
    let throttle = ThrottleConfig { per_address: 5, ..ThrottleConfig::default() };
    let csms = Csms::start(ServerConfig { throttle, ..config() }).await;
    let mut statuses = Vec::new();
    for n in 0..10 {
        let refused = Peer::dial(csms.address, "CS1", &format!("guess {n}")).await.map(drop);
        statuses.push(refused);
    }
    let expected = [401, 401, 401, 401, 401, 429, 429, 429, 429, 429];
    assert_eq!(statuses, expected.map(|status| Err(HandshakeError::Refused(status))));
    let station = Peer::dial_from([127, 0, 0, 2].into(), csms.address, "CS1", "secret").await;
    station.unwrap().send("in").await;
}

#[tokio::test]
async fn half_open_handshakes_give_way_to_the_honest() {
    let csms = Csms::start(ServerConfig { handshakes: 3, ..config() }).await;
    let mut slow = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(csms.address).await.unwrap();
        stream.write_all(b"GET /").await.unwrap();
        slow.push(stream);
    }
    let mut peer = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    peer.send("in").await;
    peer.expect_text("echo in").await;
    assert!(matches!(soon(slow[0].read(&mut [0; 1])).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_is_ended() {
    let limits = Limits { handshake: Duration::from_millis(20), ..Limits::default() };
    let csms = Csms::start(ServerConfig { limits, ..config() }).await;
    let answer = raw(csms.address, b"GET /CS1 HTTP/1.1\r\nHost:").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_shutdown_says_goodbye_to_every_station_and_ends() {
    let mut csms = Csms::start(config()).await;
    let mut first = Peer::dial(csms.address, "CS1", "secret").await.unwrap();
    csms.expect(&["CS1 power 0", "CS1 connected 2.1"]).await;
    let mut second = Peer::dial(csms.address, "CS2", "secret").await.unwrap();
    csms.expect(&["CS2 power 0", "CS2 connected 2.1"]).await;
    let handle = csms.handle.clone();
    let goodbyes = async {
        first.expect_close(close_code::AWAY).await;
        second.expect_close(close_code::AWAY).await;
        assert_eq!(first.next().await, None);
        // Only when both are gone has every task ended.
        drop((first, second));
    };
    let (mut seen, ()) = tokio::join!(csms.shut_down(), goodbyes);
    let mut last = [seen.recv().await.unwrap(), seen.recv().await.unwrap()];
    last.sort();
    assert_eq!(last, ["CS1 disconnected", "CS2 disconnected"]);
    assert!(handle.send("CS1", Event::Input(Do::Close)).await.is_err());
    assert!(handle.keys().is_empty());
}

#[tokio::test]
async fn many_stations_at_once_keep_their_messages_apart() {
    let csms = Csms::start(config()).await;
    let address = csms.address;
    let tasks = (0..100).map(|n| {
        tokio::spawn(async move {
            let mut peer = Peer::dial(address, &format!("CS{n}"), "secret").await.unwrap();
            for round in 0..10 {
                peer.send(&format!("{n}/{round}")).await;
                assert_eq!(peer.next().await, Some(Message::Text(format!("echo {n}/{round}"))));
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        soon(task).await.unwrap();
    }
    assert_eq!(csms.handle.keys().len(), 100);
}
