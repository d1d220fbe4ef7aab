//! Whatever bytes a peer sends, the answer is an error and never a panic.
#![allow(clippy::unwrap_used)]

mod common;

use common::Direction::Request as Req;
use common::{Direction, actions, example, through};
use pilotwire_messages::{Frame, Version};

/// Reads a frame as a peer would, as far as it goes.
fn receive(text: &str, version: Version) -> bool {
    match Frame::parse(text, version) {
        Ok(Frame::Call { action, payload, .. }) => through(version, &action, Req, payload).is_ok(),
        Ok(_) | Err(_) => false,
    }
}

const RICH: [(Version, &str); 3] =
    [(Version::V16, "StopTransaction"), (Version::V201, "TransactionEvent"), (Version::V21, "TransactionEvent")];

fn frame(version: Version, action: &str) -> String {
    format!(r#"[2,"id-1","{action}",{}]"#, example(version, action, Req))
}

#[test]
fn a_frame_that_breaks_off_anywhere_is_refused() {
    for (version, action) in RICH {
        let whole = frame(version, action);
        assert!(receive(&whole, version));
        for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            assert!(!receive(&whole[..end], version), "{version}: {}", &whole[..end]);
        }
    }
}

#[test]
fn a_frame_with_any_byte_lost_or_replaced_never_panics() {
    for (version, action) in RICH {
        let whole = frame(version, action);
        let payload = whole.find('{').unwrap();
        for at in payload..whole.len() {
            for byte in ["", "\"", "{", "]", ",", ":", "0", "-", "\\", "\u{0}", "😀"] {
                let mut hurt = whole.clone();
                hurt.replace_range(at..=at, byte);
                receive(&hurt, version);
            }
        }
    }
}

#[test]
fn deep_nesting_is_no_bomb_wherever_it_stands() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    for bomb in [deep("[", "]"), deep(r#"{"a":"#, "}"), "[".repeat(200_000), r#"{"a":"#.repeat(100_000)] {
        for version in Version::ALL {
            assert!(!receive(&bomb, version));
            assert!(!receive(&format!(r#"[2,"id","Heartbeat",{bomb}]"#), version));
            assert!(!receive(&format!(r#"[2,"id","Heartbeat",{{"unknown":{bomb}}}]"#), version));
            assert!(!receive(&format!(r#"[2,"id","Reset",{{"type":{bomb}}}]"#), version));
            // Opaque where an edition has it: carried as text, without descending into it.
            receive(&format!(r#"[2,"id","DataTransfer",{{"vendorId":"a","data":{bomb}}}]"#), version);
            receive(&format!(r#"[2,"id","Heartbeat",{{"customData":{{"vendorId":"a","b":{bomb}}}}}]"#), version);
        }
    }
}

#[test]
fn an_endless_number_or_text_is_refused() {
    let digits = "9".repeat(100_000);
    for version in Version::ALL {
        let payload = format!(r#"{{"currentTime":"2026-01-31T12:00:00Z","status":"Accepted","interval":{digits}}}"#);
        assert!(through(version, "BootNotification", Direction::Response, &payload).is_err());
        for number in [format!("0.{digits}"), format!("1e{digits}"), "1e-99999".into(), "-".into(), digits.clone()] {
            let payload = format!(
                r#"{{"evseId":1,"meterValue":[{{"timestamp":"2026-01-31T12:00:00Z","sampledValue":[{{"value":{number}}}]}}]}}"#
            );
            assert!(through(version, "MeterValues", Req, &payload).is_err(), "{version}");
        }
    }
}

#[test]
fn every_action_refuses_what_is_no_payload() {
    for version in Version::ALL {
        for action in actions(version) {
            for direction in [Req, Direction::Response] {
                for payload in ["", "0", "null", "[]", "\"{}\"", "{\"\":{}}", "{}{}", "{},{}", "\u{feff}{}"] {
                    assert!(through(version, action.name, direction, payload).is_err(), "{version} {payload}");
                }
            }
        }
    }
}

/// One frame of every action: cut at every byte it is refused, and with one bit turned it is whatever it is, but no panic.
#[test]
fn every_cut_and_every_turned_bit_of_every_action_has_an_answer() {
    for version in Version::ALL {
        for action in actions(version) {
            let whole = frame(version, action.name);
            for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
                assert!(!receive(&whole[..end], version), "{version}: {}", &whole[..end]);
            }
            for at in 0..whole.len() {
                for bit in [1, 2, 32] {
                    let mut bytes = whole.clone().into_bytes();
                    bytes[at] ^= bit;
                    let _ = String::from_utf8(bytes).map(|hurt| hears(&hurt, version));
                }
            }
        }
    }
}

/// As `receive`, for actions whose names were hurt, too.
fn hears(text: &str, version: Version) -> bool {
    match Frame::parse(text, version) {
        Ok(Frame::Call { action, payload, .. } | Frame::Send { action, payload, .. }) => {
            let known = actions(version).iter().any(|known| known.name == action);
            known && through(version, &action, Req, payload).is_ok()
        }
        Ok(_) | Err(_) => false,
    }
}

#[test]
fn a_megabyte_of_vendor_data_is_carried_and_a_million_members_are_no_burden() {
    let long = format!(r#"{{"customData":{{"vendorId":"v","blob":"{}"}}}}"#, "x".repeat(1 << 20));
    assert_eq!(through(Version::V201, "Heartbeat", Req, &long).unwrap(), long);
    let members: String = (0..1_000_000).map(|at| format!(r#","m{at}":0"#)).collect();
    let many = format!(r#"{{"customData":{{"vendorId":"v"{members}}}}}"#);
    assert_eq!(through(Version::V201, "Heartbeat", Req, &many).unwrap(), many);
    let unknown = format!(r#"{{"type":"Hard"{members}}}"#);
    assert_eq!(through(Version::V16, "Reset", Req, &unknown).unwrap_err().path, "/m0");
}

#[test]
fn odd_characters_and_numbers_get_the_answer_that_json_gives_them() {
    let tag = |text: &str| through(Version::V16, "Authorize", Req, &format!(r#"{{"idTag":"{text}"}}"#));
    assert!(tag(r"\ud83d").is_err(), "half of a pair");
    assert!(tag(r"\ude00\ud83d").is_err(), "the halves the wrong way round");
    assert_eq!(tag(r"\ud83d\ude00").unwrap(), r#"{"idTag":"😀"}"#);
    assert_eq!(tag(r"a\u0000b").unwrap(), r#"{"idTag":"a\u0000b"}"#);
    assert!(tag("a\u{0}b").is_err(), "a bare control character");
    let start = |meter: &str| {
        let payload =
            format!(r#"{{"connectorId":1,"idTag":"A","meterStart":{meter},"timestamp":"2026-01-31T12:00:00.000Z"}}"#);
        through(Version::V16, "StartTransaction", Req, &payload)
    };
    assert!(start("-0").unwrap().contains(r#""meterStart":0,"#));
    assert!(start("1e3").unwrap().contains(r#""meterStart":1000,"#));
    assert!(start("10.0").unwrap().contains(r#""meterStart":10,"#));
    for meter in ["1e400", "1e-1", "10.5", "9223372036854775808", "01", "+1", "0x10", "NaN"] {
        assert!(start(meter).is_err(), "{meter}");
    }
}
