//! permessage-deflate (RFC 7692) against good and bad peers.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use pilotwire::{Instant, Version};
use pilotwire_wire::{
    Call, ClientHandshake, Closed, Compression, Connection, HandshakeError, Identity, Limits, Message, SendError,
    ServerHandshake, close_code,
};
use proptest::prelude::*;

const ALONE: Compression = Compression { takeover: false, window_bits: 15, threshold_bytes: 128 };
const TOGETHER: Compression = Compression { takeover: true, ..ALONE };
/// RFC 7692 §7.2.3.1.
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

fn limits(compression: impl Into<Option<Compression>>) -> Limits {
    Limits { compression: compression.into(), ..Limits::default() }
}

fn client(limits: Limits) -> ClientHandshake {
    let call = Call {
        endpoint: "ws://127.0.0.1:9000".parse().unwrap(),
        identity: Identity::new("CS1").unwrap(),
        version: Version::V21,
        password: None,
        tls: None,
    };
    ClientHandshake::new(Instant::ZERO, &call, [7; 16], limits).unwrap()
}

/// The values of `Sec-WebSocket-Extensions` in a head.
fn extensions(head: &[u8]) -> Option<String> {
    let head = String::from_utf8(head.to_vec()).unwrap();
    let mut lines = head.lines().filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    let value = lines.next().map(str::to_owned);
    assert_eq!(lines.next(), None, "{head}");
    value
}

/// A server that got this offer, with the answer already taken from it, and the answer.
fn server(limits: Limits, offer: Option<&str>) -> (Connection, Option<String>) {
    let head = String::from_utf8(client(Limits::default()).pending().to_vec()).unwrap();
    let line = offer.map_or(String::new(), |offer| format!("Sec-WebSocket-Extensions: {offer}\r\n"));
    let head = head.replace("\r\n\r\n", &format!("\r\n{line}\r\n"));
    let upgrade = ServerHandshake::new(Instant::ZERO, limits).receive(head.as_bytes()).unwrap().unwrap();
    let mut server = upgrade.accept(Version::V21);
    let answer = extensions(server.pending());
    server.sent(usize::MAX / 2);
    (server, answer)
}

/// Both ends of an open WebSocket.
fn pair(of_client: Limits, of_server: Limits) -> (Connection, Connection) {
    let mut client = client(of_client);
    let upgrade = ServerHandshake::new(Instant::ZERO, of_server).receive(client.pending());
    let mut server = upgrade.unwrap().unwrap().accept(Version::V21);
    let client = client.receive(server.pending()).unwrap().unwrap();
    server.sent(usize::MAX / 2);
    (client, server)
}

fn carry(from: &mut Connection, to: &mut Connection, chunk: usize) -> usize {
    let bytes = from.pending().to_vec();
    from.sent(bytes.len());
    bytes.chunks(chunk).for_each(|part| to.receive(part));
    bytes.len()
}

fn drain(connection: &mut Connection) -> Vec<Message> {
    std::iter::from_fn(|| connection.poll_message()).collect()
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

/// A frame of a client, masked.
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
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// What a server makes of these bytes, however they are cut, and the code of its close frame.
fn verdict(limits: Limits, bytes: &[u8]) -> (Vec<Message>, Option<u16>) {
    let run = |chunk: usize| {
        let (mut server, answer) = server(limits, Some("permessage-deflate; client_max_window_bits"));
        assert!(answer.is_some());
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

/// `length` zeros as zlib would write them: a thousandth of it.
fn zeros(length: usize) -> Vec<u8> {
    let mut engine = zlib_rs::Deflate::new(9, false, 15);
    let mut payload = vec![0; length / 100 + 100];
    engine.compress(&vec![0; length], &mut payload, zlib_rs::DeflateFlush::SyncFlush).unwrap();
    payload.truncate(engine.total_out() as usize - 4);
    payload
}

#[test]
fn a_server_answers_the_first_offer_that_it_can_accept() {
    let small = Compression { window_bits: 10, ..TOGETHER };
    let both = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let cases = [
        (ALONE, "permessage-deflate", Some(both)),
        (ALONE, "permessage-deflate; client_max_window_bits", Some(both)),
        (TOGETHER, "permessage-deflate", Some("permessage-deflate")),
        (TOGETHER, "Permessage-Deflate", Some("permessage-deflate")),
        (TOGETHER, "permessage-deflate; client_max_window_bits", Some("permessage-deflate")),
        (
            TOGETHER,
            "permessage-deflate; client_max_window_bits=\"10\"",
            Some("permessage-deflate; client_max_window_bits=10"),
        ),
        (
            TOGETHER,
            "permessage-deflate;server_max_window_bits=8;client_max_window_bits=8",
            Some("permessage-deflate; server_max_window_bits=8; client_max_window_bits=8"),
        ),
        (
            TOGETHER,
            "permessage-deflate; server_no_context_takeover",
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        (
            TOGETHER,
            "permessage-deflate; client_no_context_takeover",
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        (
            TOGETHER,
            "permessage-deflate; server_max_window_bits=15",
            Some("permessage-deflate; server_max_window_bits=15"),
        ),
        (
            small,
            "permessage-deflate",
            Some("permessage-deflate; client_no_context_takeover; server_max_window_bits=10"),
        ),
        (
            small,
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits",
            Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=10"),
        ),
        // Declined, each for itself.
        (TOGETHER, "x-webkit-deflate-frame", None),
        (TOGETHER, "permessage-deflate; level=9", None),
        (TOGETHER, "permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        (TOGETHER, "permessage-deflate; client_max_window_bits; client_max_window_bits=10", None),
        (TOGETHER, "permessage-deflate; server_no_context_takeover=1", None),
        (TOGETHER, "permessage-deflate; server_max_window_bits", None),
        (TOGETHER, "permessage-deflate; server_max_window_bits=7", None),
        (TOGETHER, "permessage-deflate; server_max_window_bits=16", None),
        (TOGETHER, "permessage-deflate; server_max_window_bits=010", None),
        (TOGETHER, "permessage-deflate; client_max_window_bits=+9", None),
        (TOGETHER, "permessage-deflate; client_max_window_bits=\"9", None),
        (TOGETHER, "", None),
        // The next one counts (RFC 7692 §5.1).
        (
            TOGETHER,
            "x-foo, permessage-deflate; level=9, permessage-deflate; server_max_window_bits=9, permessage-deflate",
            Some("permessage-deflate; server_max_window_bits=9"),
        ),
        (TOGETHER, "a b\r\nSec-WebSocket-Extensions: permessage-deflate", Some("permessage-deflate")),
    ];
    for (compression, offer, answer) in cases {
        assert_eq!(server(limits(compression), Some(offer)).1.as_deref(), answer, "{offer}");
    }
    assert_eq!(server(limits(None), Some("permessage-deflate")).1, None);
    assert_eq!(server(limits(TOGETHER), None).1, None);
}

#[test]
fn a_client_offers_what_it_is_configured_for() {
    let offer = |compression: Option<Compression>| extensions(client(limits(compression)).pending());
    assert_eq!(offer(None), None);
    assert_eq!(
        offer(Some(ALONE)).unwrap(),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
    );
    assert_eq!(offer(Some(TOGETHER)).unwrap(), "permessage-deflate; client_max_window_bits");
    let small = Compression { window_bits: 0, ..TOGETHER };
    assert_eq!(offer(Some(small)).unwrap(), "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9");
}

#[test]
fn a_client_takes_no_answer_that_its_offer_does_not_allow() {
    let answer = |compression: Option<Compression>, lines: &str| {
        let mut client = client(limits(compression));
        let upgrade = ServerHandshake::new(Instant::ZERO, Limits::default()).receive(client.pending());
        let head = upgrade.unwrap().unwrap().accept(Version::V21).pending().to_vec();
        let head = String::from_utf8(head).unwrap().replace("\r\n\r\n", &format!("\r\n{lines}\r\n"));
        client.receive(head.as_bytes()).map(|connection| connection.is_some())
    };
    let small = Compression { window_bits: 10, ..TOGETHER };
    let good = [
        (TOGETHER, "permessage-deflate"),
        (TOGETHER, "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8"),
        (TOGETHER, "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        (ALONE, "permessage-deflate; server_no_context_takeover"),
        (small, "permessage-deflate; server_max_window_bits=9"),
    ];
    for (compression, value) in good {
        let line = format!("Sec-WebSocket-Extensions: {value}\r\n");
        assert_eq!(answer(Some(compression), &line), Ok(true), "{value}");
        assert!(matches!(answer(None, &line), Err(HandshakeError::Invalid(_))), "{value}");
    }
    assert_eq!(answer(Some(TOGETHER), ""), Ok(true));
    let bad = [
        (TOGETHER, "permessage-deflate, permessage-deflate"),
        (TOGETHER, "x-foo"),
        (TOGETHER, "permessage-deflate; x-foo"),
        (TOGETHER, "permessage-deflate; client_max_window_bits"),
        (TOGETHER, "permessage-deflate; client_max_window_bits=7"),
        (TOGETHER, "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9"),
        (TOGETHER, "permessage-deflate;"),
        (ALONE, "permessage-deflate"),
        (small, "permessage-deflate"),
        (small, "permessage-deflate; server_max_window_bits=11"),
    ];
    for (compression, value) in bad {
        let answer = answer(Some(compression), &format!("Sec-WebSocket-Extensions: {value}\r\n"));
        assert!(matches!(answer, Err(HandshakeError::Invalid(_))), "{value}: {answer:?}");
    }
}

#[test]
fn the_examples_of_the_specification_are_understood() {
    let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    let two_blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    let hello = [
        ("one block", frame(0xc1, &HELLO)),
        ("two frames", [frame(0x41, &HELLO[..3]), frame(0x80, &HELLO[3..])].concat()),
        ("no compression", frame(0xc1, &stored)),
        ("a last block", frame(0xc1, &last)),
        ("a last block without padding", frame(0xc1, &last[..7])),
        ("two blocks", frame(0xc1, &two_blocks)),
    ];
    for (name, bytes) in hello {
        for compression in [ALONE, TOGETHER] {
            assert_eq!(verdict(limits(compression), &bytes), (vec![text("Hello")], None), "{name}");
        }
    }
    // RFC 7692 §7.2.3.2: the second one refers to the first.
    let shared = [frame(0xc1, &HELLO), frame(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00])].concat();
    assert_eq!(verdict(limits(TOGETHER), &shared), (vec![text("Hello"), text("Hello")], None));
    let (messages, code) = verdict(limits(ALONE), &shared);
    assert_eq!((messages.first(), code), (Some(&text("Hello")), Some(close_code::PROTOCOL)));
    // RFC 7692 §7.2.3.6
    assert_eq!(verdict(limits(ALONE), &frame(0xc1, &[0x00])), (vec![text("")], None));
    assert_eq!(verdict(limits(ALONE), &frame(0xc1, &[])), (vec![text("")], None));
}

#[test]
fn what_is_in_between_does_not_disturb_a_compressed_message() {
    let parts = [
        frame(0x41, &HELLO[..1]),
        frame(0x89, b"ping"),
        frame(0x00, &[]),
        frame(0x8a, b""),
        frame(0x00, &HELLO[1..5]),
        frame(0x80, &HELLO[5..]),
        frame(0x81, b"plain"),
        frame(0x01, b"pl"),
        frame(0x89, b""),
        frame(0x80, b"ain"),
        frame(0xc1, &[0xf2, 0x00, 0x11, 0x00, 0x00]),
    ];
    let stream = parts.concat();
    let check = |cut: &mut dyn Iterator<Item = &[u8]>| {
        let (mut server, _) = server(limits(TOGETHER), Some("permessage-deflate"));
        server.ping();
        server.sent(usize::MAX / 2);
        cut.for_each(|part| server.receive(part));
        let expected = [Message::Pong, text("Hello"), text("plain"), text("plain"), text("Hello")];
        assert_eq!(drain(&mut server), expected);
        assert_eq!(server.pending(), [&[0x8a, 4][..], b"ping", &[0x8a, 0]].concat());
    };
    check(&mut stream.chunks(1));
    for at in 0..=stream.len() {
        check(&mut [&stream[..at], &stream[at..]].into_iter());
    }
}

#[test]
fn a_bad_compressed_frame_closes_with_its_code() {
    let limits = Limits { message_bytes: 1000, fragments: 10, unanswered_pings: 5, ..limits(TOGETHER) };
    let garbage = [&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], b"garbage"].concat();
    let trickle = [frame(0x41, &HELLO[..1]), frame(0x00, b"").repeat(1000)].concat();
    let cases = [
        ("bomb", frame(0xc1, &zeros(1_000_000)[..900]), close_code::TOO_BIG),
        ("long on the wire", frame(0xc1, &[0; 1001]), close_code::TOO_BIG),
        ("long in fragments", [frame(0x41, &[0; 600]), frame(0, &[0; 600])].concat(), close_code::TOO_BIG),
        ("tiny fragments", trickle, close_code::TOO_BIG),
        ("many last blocks", frame(0xc1, &[0x03, 0x00].repeat(400)), close_code::TOO_BIG),
        ("pings between", [frame(0x41, &HELLO), frame(0x89, b"").repeat(1000)].concat(), close_code::POLICY),
        ("not UTF-8", frame(0xc1, &[0x00, 0x01, 0x00, 0xfe, 0xff, 0xff, 0x00]), close_code::NOT_UTF8),
        ("binary", frame(0xc2, &HELLO), close_code::UNSUPPORTED),
        ("plain binary", frame(0x82, &HELLO), close_code::UNSUPPORTED),
        ("reserved block type", frame(0xc1, &[0x07]), close_code::PROTOCOL),
        ("garbage", frame(0xc1, b"Hello, this is not DEFLATE"), close_code::PROTOCOL),
        ("garbage after the end", frame(0xc1, &garbage), close_code::PROTOCOL),
        ("cut off", frame(0xc1, &HELLO[..4]), close_code::PROTOCOL),
        ("tail not cut off and more", frame(0xc1, &[&HELLO[..], &[0, 0, 0xff]].concat()), close_code::PROTOCOL),
        ("back before the beginning", frame(0xc1, &[0x02, 0x13, 0x00, 0x00]), close_code::PROTOCOL),
        ("unmasked", [&[0xc1, 7][..], &HELLO].concat(), close_code::PROTOCOL),
        ("RSV2", frame(0xa1, b"x"), close_code::PROTOCOL),
        ("RSV3", frame(0x91, b"x"), close_code::PROTOCOL),
        ("RSV1 and RSV2", frame(0xe1, &HELLO), close_code::PROTOCOL),
        ("RSV1 on a ping", frame(0xc9, b""), close_code::PROTOCOL),
        ("RSV1 on a close", frame(0xc8, b""), close_code::PROTOCOL),
        ("RSV1 on a continuation", [frame(0x41, &HELLO), frame(0xc0, b"")].concat(), close_code::PROTOCOL),
        ("RSV1 in a plain message", [frame(0x01, b"x"), frame(0xc0, b"")].concat(), close_code::PROTOCOL),
        ("plain in compressed", [frame(0x41, &HELLO), frame(0x81, b"x")].concat(), close_code::PROTOCOL),
        ("compressed in plain", [frame(0x01, b"x"), frame(0xc1, &HELLO)].concat(), close_code::PROTOCOL),
        ("compressed in compressed", [frame(0x41, &HELLO), frame(0xc1, &HELLO)].concat(), close_code::PROTOCOL),
        ("reserved opcode", frame(0xc3, b"x"), close_code::PROTOCOL),
    ];
    for (name, bytes, code) in cases {
        let bytes = [frame(0x81, b"good"), bytes].concat();
        let (messages, on_wire) = verdict(limits, &bytes);
        assert_eq!(messages.first(), Some(&text("good")), "{name}");
        let closed = matches!(&messages[1..], [Message::Closed(Closed { code: Some(found), by_peer: false, .. })]
            if *found == code);
        assert!(closed, "{name}: {messages:?}");
        assert_eq!(on_wire, Some(code), "{name}");
    }
}

#[test]
fn a_compressed_frame_is_a_violation_unless_compression_was_agreed_on() {
    for (compression, offer) in [(None, Some("permessage-deflate")), (Some(TOGETHER), None)] {
        let (mut server, answer) = server(limits(compression), offer);
        assert_eq!(answer, None);
        server.receive(&frame(0xc1, &HELLO));
        assert!(matches!(drain(&mut server)[..], [Message::Closed(Closed { code: Some(1002), .. })]));
    }
}

#[test]
fn a_bomb_in_the_second_message_is_held_at_the_limit_too() {
    // The shared window makes the second one as small as a window of repetitions can be.
    let limits = Limits { message_bytes: 65_536, ..limits(TOGETHER) };
    let (messages, code) = verdict(limits, &[frame(0xc1, &zeros(60_000)), frame(0xc1, &zeros(10_000_000))].concat());
    assert_eq!(messages.len(), 2);
    assert_eq!(code, Some(close_code::TOO_BIG));
}

#[test]
fn a_message_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
    for compression in [ALONE, TOGETHER] {
        let bounded = Limits { message_bytes: 5_000, ..limits(compression) };
        for (length, passes) in [(4_999, true), (5_000, true), (5_001, false)] {
            let (mut client, mut server) = pair(limits(compression), bounded);
            client.send("x".repeat(length)).unwrap();
            assert!(carry(&mut client, &mut server, 1) < 100);
            let messages = drain(&mut server);
            assert_eq!(messages == [text(&"x".repeat(length))], passes, "{length}: {messages:?}");
        }
    }
}

#[test]
fn only_what_becomes_shorter_is_marked_and_control_frames_never_are() {
    let (mut client, mut server) = pair(limits(TOGETHER), limits(TOGETHER));
    let mut first_byte = |text: &str| {
        server.send(text.to_owned()).unwrap();
        let first = server.pending()[0];
        let length = carry(&mut server, &mut client, 7);
        assert_eq!(drain(&mut client), [Message::Text(text.to_owned())]);
        (first, length)
    };
    assert_eq!(first_byte(&"a".repeat(127)).0, 0x81);
    let (marked, first_length) = first_byte(&"ab".repeat(64));
    assert_eq!(marked, 0xc1);
    let printable = |step: u8| (0..95_u8).map(move |n| char::from(b' ' + (u16::from(n) * u16::from(step) % 95) as u8));
    let noise: String = printable(37).chain(printable(61).take(40)).collect();
    assert_eq!(first_byte(&noise).0, 0x81);
    // What went out plain is not in the window of the peer; what went out compressed is.
    let (marked, second_length) = first_byte(&"ab".repeat(64));
    assert_eq!(marked, 0xc1);
    assert!(second_length < first_length, "{second_length} {first_length}");
    server.ping();
    server.close(close_code::AWAY, &"a".repeat(123));
    assert_eq!(server.pending()[..3], [0x89, 0, 0x88]);
}

#[test]
fn what_is_compressed_counts_as_what_it_is_against_the_unsent_bytes() {
    let (_, mut server) = pair(limits(ALONE), Limits { unsent_bytes: 1_000, ..limits(ALONE) });
    let sent = (0..).take_while(|_| server.send("x".repeat(10_000)).is_ok()).count();
    assert!(sent > 10, "{sent}");
    assert_eq!(server.send(String::new()), Err(SendError::Closed));
}

#[test]
fn what_arrives_after_our_close_frame_is_dropped_unread() {
    let (mut server, _) = server(limits(ALONE), Some("permessage-deflate"));
    server.close(close_code::NORMAL, "");
    server.receive(&[frame(0xc1, b"no DEFLATE"), frame(0xc1, &zeros(10_000_000))].concat());
    assert_eq!(drain(&mut server), []);
    server.receive(&frame(0x88, &1000_u16.to_be_bytes()));
    assert!(matches!(drain(&mut server)[..], [Message::Closed(Closed { by_peer: true, .. })]));
}

fn settings() -> impl Strategy<Value = Option<Compression>> {
    let some = (any::<bool>(), 8..=15_u8, prop_oneof![Just(0), Just(1), Just(128)])
        .prop_map(|(takeover, window_bits, threshold_bytes)| Compression { takeover, window_bits, threshold_bytes });
    proptest::option::weighted(0.9, some)
}

fn texts() -> impl Strategy<Value = Vec<(bool, String)>> {
    let repeated = ("[a-zäß€𝄞{}\",:]{1,40}", 0..900_usize).prop_map(|(word, times)| word.repeat(times));
    let call = (any::<u32>(), any::<u16>()).prop_map(|(id, value)| {
        format!("[2,\"{id}\",\"MeterValues\",{{\"evseId\":1,\"meterValue\":[{{\"sampledValue\":[{{\"value\":{value}}}]}}]}}]")
    });
    let one = prop_oneof![2 => repeated, 1 => "\\PC{0,300}", 3 => call];
    proptest::collection::vec((any::<bool>(), one), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn texts_pass_both_ways_under_all_settings(
        of_client in settings(), of_server in settings(), texts in texts(), chunk in 1..5_000_usize,
    ) {
        let room = |compression| Limits { message_bytes: 1 << 18, unsent_bytes: 1 << 24, ..limits(compression) };
        let (mut client, mut server) = pair(room(of_client), room(of_server));
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        for (up, sent) in texts {
            let (from, expected) = if up { (&mut client, &mut to_server) } else { (&mut server, &mut to_client) };
            from.send(sent.clone()).unwrap();
            from.ping();
            expected.push(Message::Text(sent));
        }
        carry(&mut client, &mut server, chunk);
        carry(&mut server, &mut client, chunk);
        let texts_of = |connection: &mut Connection| -> Vec<Message> {
            drain(connection).into_iter().filter(|message| *message != Message::Pong).collect()
        };
        prop_assert_eq!(texts_of(&mut server), to_server);
        prop_assert_eq!(texts_of(&mut client), to_client);
    }

    #[test]
    fn no_payload_makes_more_than_the_limit_or_a_panic(
        first in proptest::collection::vec(any::<u8>(), 0..300), second in proptest::collection::vec(any::<u8>(), 0..300),
        cut in 0..300_usize,
    ) {
        let (mut server, _) = server(Limits { message_bytes: 2_000, ..limits(TOGETHER) }, Some("permessage-deflate"));
        let at = cut.min(second.len());
        server.receive(&[frame(0xc1, &first), frame(0x41, &second[..at]), frame(0x80, &second[at..])].concat());
        for message in drain(&mut server) {
            prop_assert!(!matches!(message, Message::Text(text) if text.len() > 2_000));
        }
    }
}
