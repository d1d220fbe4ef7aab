//! CSMSs that never come to an end, or say what nobody expects: TLS and HTTP.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use pilotwire::domain::{ConnectionFault, SecurityProfile};
use pilotwire_wire::Limits;

use crate::certificates::hostile::handshake_record;
use crate::port::{Caller, Port, Script, rest, server_config};
use crate::stations::{Go, Plan, Told};
use crate::talk::{Talk, greet, response};

use ConnectionFault::{Refused, Unreachable, Version};

/// As long as handshakes wait that wait in vain.
const SOON: Duration = Duration::from_millis(700);

/// As long as they wait otherwise.
const PATIENT: Duration = Duration::from_secs(10);

/// A station that waits for a handshake as long as this.
fn patient(port: &Port, handshake: Duration) -> Plan {
    let mut plan = Plan::new(port.address, &port.root.pem(), SecurityProfile::TlsBasic);
    plan.limits.handshake = handshake;
    plan
}

/// Answers the ClientHello with these bytes, and then says no more, for as long as the station likes.
pub(crate) fn silent_after(bytes: Vec<u8>) -> Script {
    Box::new(move |mut caller: Caller| {
        let hello = caller.socket.read(&mut [0; 4_096]);
        assert!(hello.is_ok_and(|count| count > 0));
        // The station may hang up before all of it is sent.
        let _ = caller.socket.write_all(&bytes);
        rest(&mut caller.socket);
    })
}

/// The same inside TLS, in the place of a response.
pub(crate) fn responding(bytes: Vec<u8>) -> Script {
    Box::new(move |caller: Caller| {
        let mut line = caller.line();
        if greet(&mut line, Limits::default()).is_ok() {
            let _ = line.write_all(&bytes);
            rest(&mut line);
        }
    })
}

pub(crate) fn s_23_slow_and_silent_handshakes_are_given_up(go: Go) {
    let port = Port::open();
    port.then([silent_after(Vec::new()), responding(b"HTTP/1.1 101 Sw".to_vec())]);
    let station = go(patient(&port, SOON));
    for (fault, text) in station.failures(2) {
        assert_eq!(fault, Unreachable);
        assert!(text.contains("in time"), "{text}");
    }
    port.boots();
}

/// Lets the station in, but for this change of the response.
fn changed(change: impl FnOnce(&str) -> String + Send + 'static) -> Script {
    Box::new(move |caller: Caller| {
        let mut line = caller.line();
        if let Ok(upgrade) = greet(&mut line, Limits::default()) {
            let (good, _) = response(upgrade);
            let head = change(&good);
            assert_ne!(head, good);
            let _ = line.write_all(head.as_bytes());
            rest(&mut line);
        }
    })
}

fn replaced(from: &'static str, to: impl Into<String>) -> Script {
    let to = to.into();
    changed(move |good| good.replace(from, &to))
}

/// More lines before the end of the head.
fn longer(lines: impl Into<String>) -> Script {
    let lines = lines.into();
    changed(move |good| good.replacen("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"), 1))
}

/// Part 4 §3.2; RFC 6455 §4.1.
pub(crate) fn s_23_a_response_that_is_odd_or_too_long_is_refused(go: Go) {
    const PROTOCOL: &str = "Sec-WebSocket-Protocol: ocpp2.0.1\r\n";
    let ok = "101 Switching Protocols";
    let many = "X: y\r\n".repeat(100);
    let attacks: Vec<(&str, Script, ConnectionFault)> = vec![
        ("no upgrade", replaced(ok, "200 OK"), Unreachable),
        ("no entry", replaced(ok, "401 Unauthorized"), Refused),
        ("no room", replaced(ok, "503 Service Unavailable"), Unreachable),
        ("no status", replaced(ok, "HELLO"), Unreachable),
        ("another protocol", replaced("HTTP/1.1", "SPDY/1.1"), Unreachable),
        ("HTTP of long ago", replaced("HTTP/1.1", "HTTP/1.0"), Unreachable),
        ("another upgrade", replaced("websocket", "h2c"), Unreachable),
        ("another key's answer", replaced("Accept: ", "Accept: A"), Unreachable),
        ("no key's answer", replaced("Sec-WebSocket-Accept", "X-Accept"), Unreachable),
        ("two answers", longer("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), Unreachable),
        ("another version", replaced("ocpp2.0.1", "ocpp1.6"), Version),
        ("no version", replaced(PROTOCOL, ""), Version),
        ("two versions", replaced("ocpp2.0.1", "ocpp2.0.1, ocpp1.6"), Version),
        ("compression that nobody offered", longer("Sec-WebSocket-Extensions: permessage-deflate"), Unreachable),
        ("too many lines", longer(many.trim_end()), Unreachable),
        ("a line that is too long", longer(format!("X: {}", "y".repeat(9_000))), Unreachable),
        ("a head without an end", responding(b"HTTP/1.1 101 Switching Protocols\r\n".repeat(1_000)), Unreachable),
        ("no HTTP", responding(vec![0xFF; 10_000]), Unreachable),
    ];
    let port = Port::open();
    let mut expected = Vec::new();
    for (what, script, fault) in attacks {
        port.then([script]);
        expected.push((what, fault));
    }
    let station = go(patient(&port, Duration::from_secs(5)));
    for ((fault, text), (what, expected)) in station.failures(expected.len()).into_iter().zip(expected) {
        assert_eq!(fault, expected, "{what}: {text}");
        assert!(!text.contains("in time"), "{what}: {text}");
    }
    port.boots();
}

/// What a station is answered that cannot be TLS, or never becomes it: some of it is refused at once, and some is waited for.
pub(crate) fn noise() -> Vec<(&'static str, Vec<u8>, bool)> {
    let tiny = |bytes: &[u8]| bytes.iter().flat_map(|byte| [22, 3, 3, 0, 1, *byte]).collect::<Vec<u8>>();
    let hello = handshake_record(2, &[3, 3]);
    vec![
        ("the end of TLS (CVE-2024-32650)", vec![21, 3, 3, 0, 2, 1, 0], false),
        ("a record that never ends", vec![22, 3, 3, 0x40, 0, 2], false),
        ("a message that never ends", tiny(&[2, 0, 0xFF, 0xFF, 3, 3]), false),
        ("a message of 16 MiB", tiny(&[&[2, 0xFF, 0xFF, 0xFF][..], &[0; 2_000]].concat()), true),
        ("empty records", [22, 3, 3, 0, 0].repeat(2_000), true),
        ("half a ServerHello", hello, true),
        ("a record that is too long", vec![22, 3, 3, 0xFF, 0xFF], true),
        ("data before its time", vec![23, 3, 3, 0, 2, 1, 2], true),
        ("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), true),
        ("noise", vec![0xFF; 400], true),
    ]
}

pub(crate) fn s_25_what_is_no_tls_is_refused(go: Go) {
    // What is refused at once needs no short patience, which a loaded machine would not keep.
    for (at_once, patience) in [(true, PATIENT), (false, SOON)] {
        let (names, all): (Vec<_>, Vec<_>) =
            noise().into_iter().filter(|noise| noise.2 == at_once).map(|(what, bytes, _)| (what, bytes)).unzip();
        let port = Port::open();
        port.then(all.into_iter().map(silent_after));
        let station = go(patient(&port, patience));
        for (what, (fault, text)) in names.iter().zip(station.failures(names.len())) {
            assert_eq!((fault, text.contains("in time")), (Unreachable, !at_once), "{what}: {text}");
        }
        port.boots();
    }
}

/// CVE-2024-11738's relatives: records of 32 bytes, and sockets that carry one byte at a time.
pub(crate) fn s_25_honest_tls_in_pieces_is_understood(go: Go) {
    let port = Port::open();
    let cut = |record: Option<usize>, most: usize| -> Script {
        let tls = server_config(&port.root, record);
        Box::new(move |caller: Caller| {
            let book = Arc::clone(&caller.book);
            let line = caller.with(tls).line_of(most);
            let _ = Talk::over(line, Limits::default(), book).and_then(Talk::serve);
        })
    };
    port.then([cut(Some(32), usize::MAX), cut(None, 1), cut(Some(32), 7)]);
    let station = go(patient(&port, PATIENT));
    for _ in 0..4 {
        let told = station.until("a connection", |told| matches!(told, Told::Connected));
        assert!(!told.iter().any(|told| matches!(told, Told::Failed(..))), "{told:?}");
        port.cut();
    }
}
