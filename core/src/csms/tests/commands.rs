//! Commands: in order, one at a time, each with one end.

use super::super::api::Limits;
use super::*;
use crate::rng::Rng;

/// The message id of the CALL that was sent.
fn call_id(actions: &[Action<Output>]) -> String {
    let frame = answer(actions);
    assert_eq!(frame[0], 2, "{frame}");
    frame[1].as_str().unwrap().to_string()
}

fn accept(id: &str) -> String {
    format!(r#"[3,"{id}",{{"status":"Accepted"}}]"#)
}

fn raw(operation: u64, action: &str, payload: &str) -> Input {
    let payload = pilotwire_messages::Json::parse(payload).unwrap();
    Input::RawCall { operation, action: action.into(), payload, wait_s: 0 }
}

/// I-8: one CALL is open; the others wait in their order.
#[test]
fn commands_are_sent_one_after_the_other() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let first = call_id(&desk.command(1, reset(), 9));
        assert_eq!(desk.command(2, remote_stop(), 9), []);
        assert_eq!(desk.command(3, reset(), 9), []);
        let actions = desk.receive(&accept(&first));
        assert!(matches!(done(&actions)[..], [(1, Outcome::Reply(_))]), "{actions:?}");
        let second = call_id(&actions);
        let actions = desk.receive(&accept(&second));
        assert!(matches!(done(&actions)[..], [(2, Outcome::Reply(_))]), "{actions:?}");
        assert!(sent(&actions)[0].contains("\"Reset\""));
    }
}

#[test]
fn a_command_waits_for_a_station_that_is_away_as_long_as_it_may() {
    let mut desk = Desk::accepted(Version::V201);
    desk.tell(Event::Disconnected);
    assert_eq!(done(&desk.command(1, reset(), 0)), [(1, &Outcome::Offline)]);
    assert_eq!(desk.command(2, reset(), 10), []);
    assert_eq!(desk.command(3, reset(), 100), []);
    assert_eq!(desk.wait(9), []);
    assert_eq!(done(&desk.wait(1)), [(2, &Outcome::Offline)]);
    let id = call_id(&desk.tell(Event::Connected(Version::V21)));
    assert!(matches!(done(&desk.receive(&accept(&id)))[..], [(3, Outcome::Reply(_))]));
}

/// One that the driver would no longer want is not sent late.
#[test]
fn a_command_whose_turn_does_not_come_in_time_is_not_sent() {
    let mut desk = Desk::accepted(Version::V201);
    desk.command(1, reset(), 0);
    assert_eq!(desk.command(2, reset(), 90), []);
    assert_eq!(desk.command(3, reset(), 0), []);
    let actions = desk.wait(30);
    assert_eq!(done(&actions), [(1, &Outcome::TimedOut), (3, &Outcome::Busy)]);
    assert_eq!(sent(&actions).len(), 1, "the second is sent");
}

/// C-11: the late answer changes nothing.
#[test]
fn a_command_that_is_not_answered_has_timed_out() {
    let mut desk = Desk::accepted(Version::V16);
    let id = call_id(&desk.command(1, reset(), 0));
    assert_eq!(desk.wait(29), []);
    assert_eq!(done(&desk.wait(1)), [(1, &Outcome::TimedOut)]);
    let actions = desk.receive(&accept(&id));
    assert_eq!((violations(&actions).len(), actions.len()), (1, 1));
}

/// S-5, C-10: what was open on the old connection is not delivered from the new one.
#[test]
fn a_takeover_ends_what_was_open() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let id = call_id(&desk.command(1, remote_stop(), 90));
        desk.command(2, reset(), 90);
        let actions = desk.tell(Event::Connected(version));
        assert_eq!(done(&actions), [(1, &Outcome::Lost)]);
        let states: Vec<_> =
            outputs(&actions).into_iter().filter(|output| !matches!(output, Output::Done { .. })).collect();
        assert_eq!(states, [&Output::Disconnected, &Output::Connected(version)]);
        assert_ne!(call_id(&actions), id, "the second is sent on the new connection, with an id of its own");
        assert_eq!(done(&desk.receive(&accept(&id))), []);
    }
}

#[test]
fn a_lost_connection_ends_what_was_open_and_keeps_what_waits() {
    let mut desk = Desk::accepted(Version::V201);
    desk.command(1, reset(), 90);
    desk.command(2, reset(), 90);
    desk.command(3, reset(), 0);
    let actions = desk.tell(Event::Disconnected);
    assert_eq!(done(&actions), [(1, &Outcome::Lost), (3, &Outcome::Offline)]);
    assert_eq!(desk.tell(Event::Disconnected), []);
    assert_eq!(sent(&desk.tell(Event::Connected(Version::V201))).len(), 1);
}

#[test]
fn too_many_commands_are_refused() {
    let limits = Limits { commands: 2, ..Limits::default() };
    let mut desk = Desk::new(Config { limits, ..config() });
    assert_eq!(desk.command(1, reset(), 9), []);
    assert_eq!(desk.command(2, reset(), 9), []);
    let actions = desk.command(3, reset(), 9);
    assert_eq!((done(&actions), hit_limits(&actions)), ([(3, &Outcome::Busy)].into(), 1));
}

#[test]
fn an_error_of_the_station_is_passed_on() {
    let mut desk = Desk::accepted(Version::V201);
    let id = call_id(&desk.command(1, reset(), 0));
    let actions = desk.receive(&format!(r#"[4,"{id}","NotSupported","no",{{"why":1}}]"#));
    let [(1, Outcome::CallError { code, description, details })] = done(&actions)[..] else { panic!("{actions:?}") };
    assert_eq!((code.as_str(), description.as_str(), details.as_str()), ("NotSupported", "no", r#"{"why":1}"#));
}

#[test]
fn a_raw_call_goes_out_and_comes_back_as_it_is() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let actions = desk.input(raw(1, "Whatever", r#"{"b":1.50,"a":[ ]}"#));
        let id = call_id(&actions);
        assert_eq!(sent(&actions)[0], format!(r#"[2,"{id}","Whatever",{{"b":1.50,"a":[ ]}}]"#));
        let actions = desk.receive(&format!(r#"[3,"{id}",{{"x":0.10}}]"#));
        let [(1, Outcome::Payload(payload))] = done(&actions)[..] else { panic!("{actions:?}") };
        assert_eq!(payload.as_str(), r#"{"x":0.10}"#);
    }
    let mut desk = Desk::accepted(Version::V201);
    assert!(matches!(done(&desk.input(raw(1, "Whatever", "[1]")))[..], [(1, Outcome::Invalid(_))]));
}

/// 2.1 tells the station that its answer was of no use.
#[test]
fn a_reply_that_cannot_be_read_is_invalid() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let id = call_id(&desk.command(1, reset(), 0));
        let actions = desk.receive(&format!(r#"[3,"{id}",{{"status":7}}]"#));
        assert!(matches!(done(&actions)[..], [(1, Outcome::Invalid(_))]));
        assert_eq!(violations(&actions).len(), 1);
        if version == Version::V21 {
            let frame = answer(&actions);
            assert_eq!((&frame[0], &frame[1]), (&5.into(), &Value::from(id)));
        } else {
            assert_eq!(sent(&actions).len(), 0);
        }
    }
}

/// 1.6 does not know reports of a device model.
#[test]
fn a_command_that_the_version_does_not_have_is_invalid() {
    let mut desk = Desk::accepted(Version::V16);
    let report = Command::GetReport { request_id: 1, base: crate::domain::ReportBase::from_word("FullInventory") };
    assert!(matches!(done(&desk.command(1, report, 0))[..], [(1, Outcome::Invalid(_))]));
    assert_eq!(sent(&desk.command(2, reset(), 0)).len(), 1, "the next one is not held up");
}

/// C-11, I-8: whatever happens, an operation ends once, and no CALL is sent while one is open.
#[test]
fn every_operation_ends_exactly_once() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut desk = Desk::accepted(Version::V201);
        let (mut actions, mut open, mut operations) = (Vec::new(), Vec::<String>::new(), 0);
        for _ in 0..60 {
            let happened = match rng.up_to(6) {
                0 | 1 => {
                    operations += 1;
                    desk.command(operations, reset(), rng.up_to(40) as u32)
                }
                2 => desk.tell(Event::Disconnected),
                3 => desk.tell(Event::Connected(Version::V201)),
                4 => desk.wait(rng.up_to(20)),
                _ => open.first().cloned().map_or_else(Vec::new, |id| desk.receive(&accept(&id))),
            };
            for text in sent(&happened) {
                open = [serde_json::from_str::<Value>(text).unwrap()[1].as_str().unwrap().to_string()].into();
            }
            actions.extend(happened);
        }
        actions.extend(desk.tell(Event::Disconnected));
        actions.extend(desk.wait(1_000));
        let mut ended: Vec<u64> = done(&actions).iter().map(|(operation, _)| *operation).collect();
        ended.sort_unstable();
        assert_eq!(ended, (1..=operations).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(desk.csms.poll_timeout(), None);
    }
}
