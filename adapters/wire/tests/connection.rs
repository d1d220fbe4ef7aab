//! The open WebSocket against good and bad peers.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use pilotwire::{Instant, Version};
use pilotwire_wire::{
    Call, ClientHandshake, Closed, Connection, Identity, Limits, Message, SendError, ServerHandshake, close_code,
};

/// Both ends of an open WebSocket; what the server has under `limits` is what is tested.
fn pair(limits: Limits) -> (Connection, Connection) {
    let call = Call {
        endpoint: "ws://127.0.0.1:9000".parse().unwrap(),
        identity: Identity::new("CS1").unwrap(),
        version: Version::V21,
        password: None,
        tls: None,
    };
    let mut client = ClientHandshake::new(Instant::ZERO, &call, [7; 16], Limits::default()).unwrap();
    let request = client.pending().to_vec();
    client.sent(request.len());
    let upgrade = ServerHandshake::new(Instant::ZERO, limits).receive(&request);
    let mut server = upgrade.unwrap().unwrap().accept(Version::V21);
    let client = client.receive(server.pending()).unwrap().unwrap();
    let count = server.pending().len();
    server.sent(count);
    (client, server)
}

fn carry(from: &mut Connection, to: &mut Connection, chunk: usize) {
    let bytes = from.pending().to_vec();
    from.sent(bytes.len());
    bytes.chunks(chunk).for_each(|part| to.receive(part));
}

fn drain(connection: &mut Connection) -> Vec<Message> {
    std::iter::from_fn(|| connection.poll_message()).collect()
}

/// A frame of a client, with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..126) => bytes.push(0x80 | length.to_be_bytes()[1]),
        Ok(length) => {
            bytes.push(0x80 | 126);
            bytes.extend(length.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// What the server makes of these bytes, however they are cut, and the code of its close frame.
fn verdict(limits: Limits, bytes: &[u8]) -> (Vec<Message>, Option<u16>) {
    let run = |chunk: usize| {
        let (_, mut server) = pair(limits);
        bytes.chunks(chunk).for_each(|part| server.receive(part));
        let output = server.pending();
        let close = output.windows(4).rev().find(|four| four[0] == 0x88);
        let code = close.map(|four| u16::from_be_bytes([four[2], four[3]]));
        (drain(&mut server), code)
    };
    let whole = run(usize::MAX);
    for chunk in [1, 3, 1000] {
        assert_eq!(run(chunk), whole, "{chunk}");
    }
    whole
}

fn closed_by_us(messages: &[Message]) -> Option<u16> {
    match messages.last() {
        Some(Message::Closed(Closed { code, by_peer: false, .. })) => *code,
        _ => None,
    }
}

#[test]
fn texts_pass_both_ways_however_the_stream_is_cut() {
    for chunk in [1, 2, 7, 4096] {
        let (mut client, mut server) = pair(Limits::default());
        let texts = ["", "a", "äöü€𝄞", &"x".repeat(126), &"y".repeat(65_536)];
        for text in texts {
            client.send(text.to_owned()).unwrap();
            server.send(text.to_owned()).unwrap();
        }
        carry(&mut client, &mut server, chunk);
        carry(&mut server, &mut client, chunk);
        let expected: Vec<_> = texts.map(|text| Message::Text(text.to_owned())).into();
        assert_eq!(drain(&mut server), expected);
        assert_eq!(drain(&mut client), expected);
    }
}

#[test]
fn a_ping_is_answered_and_only_an_awaited_pong_is_told() {
    let (mut client, mut server) = pair(Limits::default());
    server.receive(&frame(0x8a, b"unasked"));
    assert_eq!(drain(&mut server), []);
    server.ping();
    carry(&mut server, &mut client, 1);
    carry(&mut client, &mut server, 1);
    server.receive(&frame(0x8a, b"again"));
    assert_eq!(drain(&mut server), [Message::Pong]);
    assert_eq!(drain(&mut client), []);
}

#[test]
fn a_close_is_answered_and_ends_both_ends() {
    let (mut client, mut server) = pair(Limits::default());
    client.send("before".into()).unwrap();
    client.close(close_code::NORMAL, &"ü".repeat(100));
    assert_eq!(client.send("after".into()), Err(SendError::Closed));
    carry(&mut client, &mut server, 5);
    let messages = drain(&mut server);
    assert_eq!(messages[0], Message::Text("before".into()));
    assert!(matches!(&messages[1], Message::Closed(Closed { code: Some(1000), by_peer: true, .. })));
    assert!(server.is_over() && !client.is_over());
    carry(&mut server, &mut client, 5);
    assert!(matches!(drain(&mut client)[..], [Message::Closed(Closed { code: Some(1000), by_peer: true, .. })]));
    assert!(client.is_over());
}

#[test]
fn what_arrives_after_our_close_frame_is_dropped() {
    let (mut client, mut server) = pair(Limits::default());
    client.close(close_code::NORMAL, "");
    server.send("late".into()).unwrap();
    carry(&mut server, &mut client, 100);
    assert_eq!(drain(&mut client), []);
}

#[test]
fn a_bad_frame_closes_with_its_code() {
    let limits = Limits { message_bytes: 1000, fragments: 10, unanswered_pings: 5, ..Limits::default() };
    let tiny: Vec<u8> = [frame(0x01, b"a"), frame(0x00, b"b").repeat(1000)].concat();
    let growing = [frame(0x01, &[b'a'; 600]), frame(0x00, &[b'b'; 600])].concat();
    let mut endless = frame(0x81, b"");
    endless.splice(1..2, [0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    let cases = [
        ("binary", frame(0x82, b"x"), close_code::UNSUPPORTED),
        ("fragmented binary", [frame(0x02, b"x"), frame(0x80, b"x")].concat(), close_code::UNSUPPORTED),
        ("oversize", frame(0x81, &[b'x'; 1001]), close_code::TOO_BIG),
        ("oversize in fragments", growing, close_code::TOO_BIG),
        ("endless", endless, close_code::TOO_BIG),
        ("tiny fragments", tiny, close_code::TOO_BIG),
        ("empty fragments", [frame(0x01, b""), frame(0x00, b"").repeat(1000)].concat(), close_code::TOO_BIG),
        ("ping flood", frame(0x89, b"").repeat(1000), close_code::POLICY),
        ("long ping", frame(0x89, &[0; 126]), close_code::PROTOCOL),
        ("not UTF-8", frame(0x81, b"\xff\xfe"), close_code::NOT_UTF8),
        ("half a character", frame(0x81, b"\xc3"), close_code::NOT_UTF8),
        ("unmasked", vec![0x81, 1, b'x'], close_code::PROTOCOL),
        ("reserved bit", frame(0xc1, b"x"), close_code::PROTOCOL),
        ("reserved opcode", frame(0x83, b"x"), close_code::PROTOCOL),
        ("continuation of nothing", frame(0x80, b"x"), close_code::PROTOCOL),
        ("text in text", [frame(0x01, b"x"), frame(0x81, b"x")].concat(), close_code::PROTOCOL),
        ("fragmented ping", frame(0x09, b""), close_code::PROTOCOL),
        ("short close", frame(0x88, b"x"), close_code::PROTOCOL),
    ];
    for (name, bytes, code) in cases {
        let bytes = [frame(0x81, b"good"), bytes].concat();
        let (messages, on_wire) = verdict(limits, &bytes);
        assert_eq!(messages.first(), Some(&Message::Text("good".into())), "{name}");
        assert_eq!(closed_by_us(&messages), Some(code), "{name}: {messages:?}");
        assert_eq!(on_wire, Some(code), "{name}");
    }
}

#[test]
fn a_close_code_that_must_not_be_on_the_wire_is_a_violation() {
    let (messages, on_wire) = verdict(Limits::default(), &frame(0x88, &1005_u16.to_be_bytes()));
    assert!(matches!(&messages[..], [Message::Closed(_)]), "{messages:?}");
    assert_eq!(on_wire, Some(close_code::PROTOCOL));
}

#[test]
fn a_peer_that_does_not_read_is_cut_off_at_the_limit() {
    let limits = Limits { unsent_bytes: 10_000, ..Limits::default() };
    let (_, mut server) = pair(limits);
    let sent = (0..).take_while(|_| server.send("x".repeat(1000)).is_ok()).count();
    assert_eq!(sent, 9);
    assert!(server.is_over());
    assert_eq!(server.pending(), b"");
}

#[test]
fn bytes_sent_in_pieces_arrive_in_order_while_more_are_queued() {
    let (mut client, mut server) = pair(Limits::default());
    let mut expected = Vec::new();
    for n in 0..200 {
        let text = format!("{n}-{}", "z".repeat(n * 13 % 700));
        client.send(text.clone()).unwrap();
        expected.push(Message::Text(text));
        let count = client.pending().len().min(97);
        server.receive(&client.pending()[..count]);
        client.sent(count);
    }
    carry(&mut client, &mut server, 1000);
    assert_eq!(drain(&mut server), expected);
}
