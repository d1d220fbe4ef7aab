//! The HTTP handshake against every kind of peer.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use pilotwire::{Instant, Version};
use pilotwire_wire::{
    Call, ClientHandshake, Connection, HandshakeError, Identity, Limits, Message, Password, Refusal, Rejection,
    ServerHandshake, Upgrade,
};

const T0: Instant = Instant::ZERO;

/// A good request, with `edit` applied to its lines.
fn request(edit: impl Fn(&mut Vec<String>)) -> Vec<u8> {
    let mut lines: Vec<String> = [
        "GET /ocpp/CS1 HTTP/1.1",
        "Host: 127.0.0.1:9000",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: ocpp2.1, ocpp1.6",
    ]
    .map(str::to_owned)
    .to_vec();
    edit(&mut lines);
    (lines.join("\r\n") + "\r\n\r\n").into_bytes()
}

fn with(name: &str, line: &str) -> Vec<u8> {
    request(|lines| {
        lines.retain(|old| !old.starts_with(name));
        lines.extend((!line.is_empty()).then(|| line.to_owned()));
    })
}

fn target(path: &str) -> Vec<u8> {
    request(|lines| lines[0] = format!("GET {path} HTTP/1.1"))
}

/// Without TLS there is no other reason.
fn refusal(why: Rejection) -> Refusal {
    match why {
        Rejection::Refused(refusal) => refusal,
        Rejection::Tls(error) => panic!("{error}"),
    }
}

fn whole(bytes: &[u8]) -> Result<Option<Upgrade>, Refusal> {
    ServerHandshake::new(T0, Limits::default()).receive(bytes).map_err(refusal)
}

fn by_bytes(bytes: &[u8]) -> Result<Option<Upgrade>, Refusal> {
    let mut handshake = ServerHandshake::new(T0, Limits::default());
    for byte in bytes {
        if let Some(upgrade) = handshake.receive(&[*byte]).map_err(refusal)? {
            return Ok(Some(upgrade));
        }
    }
    Ok(None)
}

fn corpus() -> Vec<(Vec<u8>, Option<Refusal>)> {
    let headers = |count: usize| request(|lines| lines.extend((0..count).map(|n| format!("X-{n}: y"))));
    let bad = |reason| Some(Refusal::BadRequest(reason));
    let no_http = bad("the head of the request is no HTTP/1.1");
    let malformed = bad("the path is not well-formed");
    let key = bad("Sec-WebSocket-Key must be the base64 of 16 bytes");
    let mut cases = vec![
        (request(|_| {}), None),
        (b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), no_http),
        (b"GET / HTTP/1.1\r\nBroken\r\n\r\n".to_vec(), no_http),
        (b"GET /\xff HTTP/9\r\n\r\n".to_vec(), no_http),
        (request(|lines| lines[0] = "POST /ocpp/CS1 HTTP/1.1".into()), Some(Refusal::MethodNotAllowed)),
        (request(|lines| lines[0] = "GET /ocpp/CS1 HTTP/1.0".into()), bad("HTTP/1.1 is required")),
        (target("http://x/CS1"), bad("the target of the request must be a path")),
        (with("Upgrade", ""), Some(Refusal::UpgradeRequired)),
        (with("Upgrade", "Upgrade: h2c"), Some(Refusal::UpgradeRequired)),
        (with("Connection", "Connection: close"), Some(Refusal::UpgradeRequired)),
        (with("Sec-WebSocket-Version", ""), Some(Refusal::UpgradeRequired)),
        (with("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"), Some(Refusal::UpgradeRequired)),
        (with("Sec-WebSocket-Key", ""), key),
        (with("Sec-WebSocket-Key", "Sec-WebSocket-Key: YWJj"), key),
        (with("Sec-WebSocket-Key", "Sec-WebSocket-Key: \u{ff}\u{fe}"), key),
        (with("X", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), bad("a header that may come once came twice")),
        (with("Host", ""), bad("the Host header is missing")),
        (with("X", "Content-Length: 5"), bad("an upgrade request has no body")),
        (with("X", "Transfer-Encoding: chunked"), bad("an upgrade request has no body")),
        (with("X", "Authorization: Basic !!!"), bad("the Authorization header must be `Basic` and base64")),
        (with("X", "X-Text: \u{e9}\u{ff}\u{80}"), None),
        (with("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: \u{e9}, ocpp1.6"), None),
        (with("X", &format!("X: b{}x", " ".repeat(7000))), None),
        (with("X", &format!("X: b{}x", " ".repeat(32_000))), Some(Refusal::HeadTooLarge)),
        (headers(2000), Some(Refusal::HeadTooLarge)),
        (headers(100), Some(Refusal::HeadTooLarge)),
        (headers(50), None),
        (vec![b'G'; 100_000], Some(Refusal::HeadTooLarge)),
    ];
    for path in ["/", "/ocpp/", "/ocpp/..", "/ocpp/%2e%2e", "/ocpp/a%2fb", "/ocpp/a:b"] {
        cases.push((target(path), (path != "/ocpp/").then_some(Refusal::NotFound)));
    }
    cases.push((target(&format!("/{}", "x".repeat(200))), Some(Refusal::NotFound)));
    for path in ["/ocpp/%00", "/ocpp/a%0a", "/ocpp/%zz", "/ocpp/%ff"] {
        cases.push((target(path), malformed));
    }
    cases
}

#[test]
fn every_request_gets_its_verdict_and_it_does_not_depend_on_how_the_bytes_were_cut() {
    for (bytes, refusal) in corpus() {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
        let whole = whole(&bytes).map(|upgrade| upgrade.map(|upgrade| format!("{upgrade:?}")));
        let by_bytes = by_bytes(&bytes).map(|upgrade| upgrade.map(|upgrade| format!("{upgrade:?}")));
        assert_eq!(whole, by_bytes, "{shown}");
        match refusal {
            Some(refusal) => assert_eq!(whole, Err(refusal), "{shown}"),
            None => assert!(matches!(whole, Ok(Some(_))), "{whole:?} {shown}"),
        }
    }
}

#[test]
fn a_request_that_is_cut_off_is_waited_for_until_the_deadline() {
    let bytes = request(|_| {});
    for length in 0..bytes.len() {
        assert!(matches!(whole(&bytes[..length]), Ok(None)), "{length}");
    }
    let handshake = ServerHandshake::new(Instant::from_millis(5), Limits::default());
    assert_eq!(handshake.poll_timeout(), Instant::from_millis(10_005));
}

#[test]
fn the_first_offered_version_that_is_supported_is_chosen() {
    let upgrade = whole(&request(|_| {})).unwrap().unwrap();
    assert_eq!(upgrade.identity().as_str(), "CS1");
    assert_eq!(upgrade.path(), "/ocpp/CS1");
    assert_eq!(upgrade.offered(), ["ocpp2.1", "ocpp1.6"]);
    assert_eq!(upgrade.version(&[Version::V16, Version::V21]), Some(Version::V21));
    assert_eq!(upgrade.version(&[Version::V16, Version::V201]), Some(Version::V16));
    assert_eq!(upgrade.version(&[Version::V201]), None);
    let split = with("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: soap\r\nSec-WebSocket-Protocol: ,ocpp2.0.1,");
    let split = whole(&split).unwrap().unwrap();
    assert_eq!(split.version(&Version::ALL), Some(Version::V201));
}

#[test]
fn without_a_fitting_subprotocol_the_handshake_completes_without_one_and_closes_at_once() {
    // Part 4 §3.3
    let upgrade = whole(&with("Sec-WebSocket-Protocol", "")).unwrap().unwrap();
    assert_eq!(upgrade.version(&Version::ALL), None);
    let connection = upgrade.accept_without_subprotocol();
    let (head, frames) = split_head(connection.pending());
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(!head.to_ascii_lowercase().contains("sec-websocket-protocol"), "{head}");
    assert_eq!(frames[0], 0x88);
    assert_eq!(frames[2..4], 1002_u16.to_be_bytes());
}

fn split_head(bytes: &[u8]) -> (String, Vec<u8>) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end..].to_vec())
}

fn call(password: Option<Password>) -> Call {
    Call {
        endpoint: "ws://127.0.0.1:9000/ocppj/".parse().unwrap(),
        identity: Identity::new("RDAM|123").unwrap(),
        version: Version::V16,
        password,
        tls: None,
    }
}

fn client(password: Option<Password>) -> ClientHandshake {
    ClientHandshake::new(T0, &call(password), *b"the sample nonce", Limits::default()).unwrap()
}

fn answer(client: &mut ClientHandshake, response: &[u8]) -> Result<Option<Connection>, HandshakeError> {
    client.receive(response)
}

#[test]
fn client_and_server_understand_each_other_byte_by_byte() {
    let password = Password::new([0, 255, b':', 1]);
    let mut client = client(Some(password.clone()));
    let mut server = ServerHandshake::new(T0, Limits::default());
    let mut upgrade = None;
    while let Some(&byte) = client.pending().first() {
        client.sent(1);
        upgrade = server.receive(&[byte]).unwrap();
    }
    let upgrade = upgrade.unwrap();
    assert_eq!(upgrade.path(), "/ocppj/RDAM%7C123");
    let credentials = upgrade.credentials().unwrap();
    assert_eq!(credentials.user, "RDAM|123");
    assert!(credentials.password.matches(&password));

    let mut at_server = upgrade.accept(Version::V16);
    at_server.send("first".into()).unwrap();
    let response = at_server.pending().to_vec();
    let mut opened = None;
    let mut at = 0;
    while opened.is_none() {
        opened = client.receive(&response[at..=at]).unwrap();
        at += 1;
    }
    let mut at_client = opened.unwrap();
    at_client.receive(&response[at..]);
    assert_eq!(at_client.poll_message(), Some(Message::Text("first".into())));
}

#[test]
fn frames_that_come_with_the_response_are_not_lost() {
    let mut client = client(None);
    let upgrade = whole(client.pending()).unwrap().unwrap();
    let mut server = upgrade.accept(Version::V16);
    server.send("early".into()).unwrap();
    let mut connection = client.receive(server.pending()).unwrap().unwrap();
    assert_eq!(connection.poll_message(), Some(Message::Text("early".into())));
}

#[test]
fn a_response_that_does_not_fit_says_whose_fault_it_is() {
    let good = |client: &ClientHandshake| {
        let upgrade = whole(client.pending()).unwrap().unwrap();
        String::from_utf8(upgrade.accept(Version::V16).pending().to_vec()).unwrap()
    };
    let invalid = |reason| HandshakeError::Invalid(reason);
    let chosen = |chosen: &str| HandshakeError::Subprotocol { offered: Version::V16, chosen: chosen.into() };
    let cases = [
        ("ocpp1.6", "ocpp2.1", chosen("ocpp2.1")),
        ("Sec-WebSocket-Protocol: ocpp1.6\r\n", "", chosen("")),
        ("websocket\r\n", "h2c\r\n", invalid("it upgrades to something else")),
        ("Accept: ", "Accept: x", invalid("Sec-WebSocket-Accept does not fit our key")),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n", invalid("it uses an extension that was not offered")),
        ("HTTP/1.1 101", "HTTP/1.1 404", HandshakeError::Refused(404)),
        ("HTTP/1.1 101", "HTTP/1.0 401", HandshakeError::Refused(401)),
        ("HTTP/1.1", "SIP/2.0", invalid("it is no HTTP/1.1")),
        ("HTTP/1.1", "HTTP/1.0", invalid("it is no HTTP/1.1")),
    ];
    for (old, new, error) in cases {
        let mut client = client(None);
        let response = good(&client).replacen(old, new, 1);
        assert_eq!(answer(&mut client, response.as_bytes()).map(drop), Err(error), "{response}");
    }
    let flood = vec![b'x'; 100_000];
    assert_eq!(answer(&mut client(None), &flood).map(drop), Err(HandshakeError::HeadTooLarge));
    let refused = answer(&mut client(None), &Refusal::Unauthorized.response()).map(drop);
    assert_eq!(refused, Err(HandshakeError::Refused(401)));
    assert!(refused.unwrap_err().to_string().contains("check identity and password"));
}
