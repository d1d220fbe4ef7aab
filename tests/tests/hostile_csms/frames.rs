//! CSMSs that got the connection, and make something else of it.

use std::io::{self, ErrorKind, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use pilotwire::domain::SecurityProfile;
use pilotwire::station::Output;
use pilotwire_tests::frames::{frame, head};
use pilotwire_wire::{Closed, Compression, Limits, LinkEnd, close_code as code};
use serde_json::{Value, json};

use crate::port::{PATIENCE, Port, Script, position, rest};
use crate::stations::{Go, Plan, Told, is_output, kinds};
use crate::talk::Talk;
use crate::trust::talking;

fn plan(port: &Port) -> Plan {
    Plan::new(port.address, &port.root.pem(), SecurityProfile::TlsBasic)
}

/// Sends these bytes over an open WebSocket, and reads until the station has hung up.
pub(crate) fn sending(bytes: Vec<u8>) -> Script {
    talking(move |mut talk| {
        // The station may hang up before all of it is sent.
        let _ = talk.line.write_all(&bytes);
        rest(&mut talk.line);
        Ok(())
    })
}

/// Each of them ends its connection with this code, by the station's own decision, and the honest CSMS is found.
fn each_is_closed(go: Go, attacks: Vec<(&str, Vec<u8>, u16)>) {
    let port = Port::open();
    port.then(attacks.iter().map(|(_, bytes, _)| sending(bytes.clone())));
    let station = go(plan(&port));
    for (end, (what, _, expected)) in station.ends(attacks.len()).into_iter().zip(attacks) {
        match end {
            LinkEnd::Closed(Closed { code: Some(code), .. }) => assert_eq!(code, expected, "{what}"),
            other => panic!("{what}: {other}"),
        }
    }
    port.boots();
}

pub(crate) fn s_19_frames_that_break_rules_or_limits_end_their_connection(go: Go) {
    let fragments = std::iter::once(frame(0x01, b"[")).chain(std::iter::repeat_n(frame(0x00, b" "), 2_000));
    let halves = [frame(0x01, &[b' '; 40_000]), frame(0x80, &[b' '; 40_000])].concat();
    let masked = [&[0x81, 0x82, 0, 0, 0, 0][..], b"[]"].concat();
    each_is_closed(
        go,
        vec![
            ("one byte too many", frame(0x81, &vec![b' '; 64 * 1024 + 1]), code::TOO_BIG),
            ("64 MiB, by its head", head(0x81, 64 << 20), code::TOO_BIG),
            ("more than there are", head(0x81, usize::MAX >> 1), code::TOO_BIG),
            ("tiny fragments", fragments.flatten().collect(), code::TOO_BIG),
            ("two halves of too much", halves, code::TOO_BIG),
            ("binary", frame(0x82, b"[]"), code::UNSUPPORTED),
            ("masked", masked, code::PROTOCOL),
            ("compressed, and nobody agreed", frame(0xC1, b"[]"), code::PROTOCOL),
            ("no UTF-8", frame(0x81, &[0xFF, 0xFE]), code::NOT_UTF8),
        ],
    );
}

/// A CALL that nothing is wrong with, and that is answered so.
fn good(talk: &mut Talk) -> io::Result<String> {
    let data = json!([{ "component": { "name": "OCPPCommCtrlr" }, "variable": { "name": "HeartbeatInterval" } }]);
    talk.send(&json!([2, "good", "GetVariables", { "getVariableData": data }]).to_string())?;
    loop {
        let answer = talk.frame()?;
        if answer.contains(r#""good""#) {
            assert!(answer.starts_with("[3,") && answer.contains("Accepted"), "{answer}");
            return Ok(answer);
        }
    }
}

/// As CALLs, and as the answer to a boot.
pub(crate) fn s_20_deep_and_wide_json_gets_an_error_and_nothing_breaks(go: Go) {
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let wide: String = (0..5_000).map(|key| format!(r#","k{key}":1"#)).collect();
    let payloads = [deep, format!(r#"{{"a":1{wide}}}"#), format!(r#"{{"a":{}}}"#, "9".repeat(60_000))];
    let port = Port::open();
    let answer = payloads[0].clone();
    port.then([talking(move |mut talk| {
        let boot: Value = serde_json::from_str(&talk.text()?)?;
        talk.send(&format!("[3,{},{answer}]", boot[1]))?;
        // What is behind it is understood.
        good(&mut talk)?;
        Ok(())
    })]);
    let (tell, told) = channel();
    port.then([talking(move |mut talk| {
        for (number, payload) in payloads.into_iter().enumerate() {
            tell.send(talk.ask(&format!(r#"[2,"{number}","GetVariables",{payload}]"#))?).unwrap();
        }
        tell.send(good(&mut talk)?).unwrap();
        talk.serve()
    })]);
    let station = go(plan(&port));
    station.registered();
    for _ in 0..3 {
        let answer = told.recv_timeout(PATIENCE).unwrap();
        assert!(answer.starts_with("[4,"), "{}", &answer[..answer.len().min(200)]);
    }
    told.recv_timeout(PATIENCE).unwrap();
}

/// Back-pressure: the CSMS cannot even send on, and when it is gone the station is as it was.
pub(crate) fn s_21_who_floods_and_does_not_read_is_read_no_further(go: Go) {
    let port = Port::open();
    let (tell, told) = channel();
    port.then([talking(move |mut talk| {
        talk.line.sock.socket.set_write_timeout(Some(Duration::from_millis(300)))?;
        let data = json!({ "component": { "name": "OCPPCommCtrlr" }, "variable": { "name": "HeartbeatInterval" } });
        let data = json!({ "getVariableData": vec![data; 20] }).to_string();
        for number in 0..40_000 {
            let call = format!(r#"[2,"{number}","GetVariables",{data}]"#);
            if let Err(error) = talk.line.write_all(&frame(0x81, call.as_bytes())) {
                tell.send((number, error.kind())).unwrap();
                return Ok(());
            }
        }
        panic!("the station reads whatever comes");
    })]);
    let mut plan = plan(&port);
    plan.limits.unsent_bytes = 64 * 1024;
    let _station = go(plan);
    let (number, kind) = told.recv_timeout(PATIENCE).unwrap();
    assert!(number > 100, "{number}");
    assert!(matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{kind}");
    port.boots();
}

pub(crate) fn s_21_answers_that_nobody_asked_for_are_passed_over(go: Go) {
    let port = Port::open();
    let (tell, told) = channel();
    port.then([talking(move |mut talk| {
        talk.serve_until("BootNotification")?;
        for number in 0..500 {
            talk.send(&format!(r#"[3,"{number}",{{}}]"#))?;
            talk.send(&format!(r#"[4,"{number}","GenericError","",{{}}]"#))?;
        }
        tell.send(good(&mut talk)?).unwrap();
        talk.serve()
    })]);
    let station = go(plan(&port));
    told.recv_timeout(PATIENCE).unwrap();
    let ends = station.so_far().into_iter().filter(|told| matches!(told, Told::Ended(_)));
    assert_eq!(ends.count(), 0, "and the connection is still that one");
}

/// R-9: neither CALLs nor pings are answered, and not even the close frame is.
pub(crate) fn s_21_who_never_answers_is_given_up(go: Go) {
    let port = Port::open();
    let (wake, woken) = channel::<()>();
    port.then([talking(move |_silent| {
        // Held until the station has given up.
        let _ = woken.recv_timeout(PATIENCE);
        Ok(())
    })]);
    let mut plan = plan(&port);
    if let Some(way) = &mut plan.config.network[0].way {
        way.message_timeout = 60;
    }
    let station = go(plan);
    assert_eq!(station.ends(1), [LinkEnd::CloseUnanswered]);
    drop(wake);
    port.boots();
}

pub(crate) fn s_22_a_compressed_bomb_ends_its_connection(go: Go) {
    let port = Port::open();
    let compression = Some(Compression::default());
    port.then([Box::new(move |caller| {
        let generous = Limits { compression, message_bytes: 64 << 20, unsent_bytes: 64 << 20, ..Limits::default() };
        // 1 MiB that travels as some KiB.
        let bomb = |mut talk: Talk| {
            talk.send(&" ".repeat(1 << 20))?;
            talk.frame()
        };
        let said = Talk::under(caller, generous).and_then(bomb);
        assert!(said.is_err(), "{said:?}");
    }) as Script]);
    let mut plan = plan(&port);
    plan.limits.compression = compression;
    let station = go(plan);
    match station.ends(1).remove(0) {
        LinkEnd::Closed(closed) => assert_eq!((closed.code, closed.by_peer), (Some(code::TOO_BIG), false)),
        other => panic!("{other}"),
    }
    port.boots();
}

pub(crate) fn s_24_pings_without_end_or_sense_end_their_connection(go: Go) {
    // Pongs that nobody asked for are nothing.
    let pongs = frame(0x8A, b"x").repeat(10);
    let close = |payload: &[u8]| [pongs.clone(), frame(0x88, payload)].concat();
    each_is_closed(
        go,
        vec![
            ("pings in heaps", [pongs.clone(), frame(0x89, b"").repeat(5_000)].concat(), code::POLICY),
            ("a ping of 126 bytes", frame(0x89, &[7; 126]), code::PROTOCOL),
            ("a ping in pieces", frame(0x09, b"x"), code::PROTOCOL),
            ("a close code that must not travel", close(&1005_u16.to_be_bytes()), code::PROTOCOL),
            ("a close code that is none", close(&999_u16.to_be_bytes()), code::PROTOCOL),
            ("a close frame of one byte", close(&[3]), code::PROTOCOL),
            ("a close frame of 126 bytes", close(&[&[3, 232][..], &[b'x'; 124]].concat()), code::PROTOCOL),
        ],
    );
}

/// Part 4 §4.1.4: neither at once nor later, and the answer is the same.
pub(crate) fn s_26_the_same_call_is_executed_once(go: Go) {
    let port = Port::open();
    let (tell, told) = channel();
    port.then([talking(move |mut talk| {
        talk.serve_until("BootNotification")?;
        let heartbeat = json!([2, "same", "TriggerMessage", { "requestedMessage": "Heartbeat" }]).to_string();
        let unlock = json!([2, "lock", "UnlockConnector", { "evseId": 1, "connectorId": 1 }]).to_string();
        for call in [&heartbeat, &heartbeat, &heartbeat, &unlock, &unlock] {
            tell.send(talk.ask(call)?).unwrap();
        }
        // Behind all that was asked for.
        let status =
            json!([2, "last", "TriggerMessage", { "requestedMessage": "StatusNotification", "evse": { "id": 1 } }]);
        talk.ask(&status.to_string())?;
        talk.serve()
    })]);
    let station = go(plan(&port));
    let answers: Vec<String> = (0..5).map(|_| told.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(answers[0].starts_with(r#"[3,"same","#) && answers[3].starts_with(r#"[3,"lock","#), "{answers:?}");
    assert!(answers[..3].iter().all(|answer| *answer == answers[0]) && answers[3] == answers[4], "{answers:?}");
    port.until("a heartbeat", |heard| position(heard, "Heartbeat"));
    port.cut();
    let all = station.until("the end", |told| matches!(told, Told::Ended(_)));
    let unlocked = all.iter().filter(|told| is_output(told, |output| matches!(output, Output::UnlockConnector { .. })));
    assert_eq!(unlocked.count(), 1, "{all:?}");
    assert_eq!(kinds(&all), ["AttemptedReplayAttacks"; 3]);
    assert_eq!(port.heard(|heard| heard.requests.iter().filter(|(action, _)| action == "Heartbeat").count()), 1);
}

/// An answer to what was answered already says nothing, be it on the same connection or on another one.
pub(crate) fn s_26_an_answer_counts_once(go: Go) {
    let port = Port::open();
    let reject = |id: &Value| {
        let rejected = json!({ "currentTime": "2026-03-01T10:00:00Z", "interval": 1, "status": "Rejected" });
        json!([3, id, rejected]).to_string()
    };
    let (first, second) = channel();
    let (tell, told) = channel();
    port.then([
        talking(move |mut talk| {
            let boot: Value = serde_json::from_str(&talk.text()?)?;
            let accepted = json!({ "currentTime": "2026-03-01T10:00:00Z", "interval": 3_600, "status": "Accepted" });
            talk.send(&json!([3, boot[1], accepted]).to_string())?;
            talk.send(&reject(&boot[1]))?;
            good(&mut talk)?;
            first.send(boot[1].clone()).map_err(io::Error::other)
        }),
        talking(move |mut talk| {
            talk.send(&reject(&second.recv().unwrap()))?;
            good(&mut talk)?;
            tell.send(()).unwrap();
            talk.serve()
        }),
    ]);
    let station = go(plan(&port));
    told.recv_timeout(PATIENCE).unwrap();
    let told = station.so_far();
    let answers = told.iter().filter(|told| is_output(told, |output| matches!(output, Output::Registered(_))));
    assert_eq!(answers.count(), 1, "{told:?}");
}
