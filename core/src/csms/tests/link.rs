//! Questions to the host, repeated CALLs, time, liveness, and peers that misbehave.

use super::super::api::Limits;
use super::*;
use crate::domain::DataTransferAnswer;
use crate::rng::Rng;

const HEARTBEAT: &str = r#"[2,"h","Heartbeat",{}]"#;

fn authorize(version: Version) -> &'static str {
    match version {
        Version::V16 => r#"[2,"a","Authorize",{"idTag":"ABC"}]"#,
        _ => r#"[2,"a","Authorize",{"idToken":{"idToken":"ABC","type":"ISO14443"}}]"#,
    }
}

fn status_of(version: Version, frame: &Value) -> Value {
    let info = if version == Version::V16 { "idTagInfo" } else { "idTokenInfo" };
    frame[2][info]["status"].clone()
}

#[test]
fn a_heartbeat_is_answered_with_the_time() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        desk.wait(60);
        desk.tell(Event::Clock(time("2030-01-01T00:00:00Z")));
        desk.wait(5);
        let actions = desk.receive(HEARTBEAT);
        assert_eq!(answer(&actions)[2]["currentTime"], "2030-01-01T00:00:05.000Z");
        assert_eq!(outputs(&actions), [&Output::Heartbeat]);
    }
}

/// A guess would become the station's clock.
#[test]
fn without_a_clock_nothing_is_answered_but_an_error() {
    let mut desk = Desk { csms: Csms::new(config()), now: Instant::ZERO, disk: BTreeMap::new() };
    desk.tell(Event::PowerUp(PowerUp::default()));
    desk.tell(Event::Connected(Version::V201));
    let actions = desk.boot(Version::V201);
    assert_eq!((error_code(&actions).as_str(), hit_limits(&actions)), ("InternalError", 1));
    assert!(desk.disk.is_empty());
    desk.tell(Event::Clock(time(NOW)));
    assert_eq!(answer(&desk.boot(Version::V201))[0], 3);
}

#[test]
fn a_token_is_judged_by_the_host() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let actions = desk.receive(authorize(version));
        let [Output::Authorize { question, transaction: None, token }] = outputs(&actions)[..] else {
            panic!("{actions:?}")
        };
        assert_eq!(token.id_token.as_str(), "ABC");
        assert_eq!(sent(&actions).len(), 0);
        let frame = answer(&desk.input(authorized(*question, "Blocked")));
        assert_eq!((&frame[1], status_of(version, &frame)), (&"a".into(), "Blocked".into()));
        assert_eq!(desk.input(authorized(*question, "Accepted")), [], "a question is answered once");
    }
}

#[test]
fn an_answer_whose_connection_is_gone_is_dropped() {
    let mut desk = Desk::accepted(Version::V201);
    let first = question(&desk.receive(authorize(Version::V201)));
    desk.tell(Event::Connected(Version::V201));
    assert_eq!(desk.input(authorized(first, "Accepted")), []);
    let second = question(&desk.receive(authorize(Version::V201)));
    assert_ne!(first, second);
    assert_eq!(desk.input(authorized(first, "Accepted")), []);
    assert_eq!(answer(&desk.input(authorized(second, "Accepted")))[0], 3);
}

#[test]
fn an_answer_of_the_wrong_kind_is_dropped() {
    let mut desk = Desk::accepted(Version::V201);
    let number = question(&desk.receive(authorize(Version::V201)));
    let answer_of_other_kind = DataTransferAnswer { status: crate::domain::DataTransferStatus::Accepted, data: None };
    assert_eq!(desk.input(Input::DataTransferred { question: number, answer: answer_of_other_kind }), []);
    assert_eq!(answer(&desk.input(authorized(number, "Accepted")))[0], 3);
}

/// P02.
#[test]
fn a_message_of_a_vendor_is_answered_by_the_host() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let actions = desk.receive(r#"[2,"d","DataTransfer",{"vendorId":"com.x","messageId":"m","data":"1"}]"#);
        let [Output::DataTransfer { question, message }] = outputs(&actions)[..] else { panic!("{actions:?}") };
        assert_eq!(message.vendor_id.as_str(), "com.x");
        let status = crate::domain::DataTransferStatus::from_word("UnknownMessageId");
        let answer_of_host = DataTransferAnswer { status, data: None };
        let actions = desk.input(Input::DataTransferred { question: *question, answer: answer_of_host });
        assert_eq!(answer(&actions)[2]["status"], "UnknownMessageId");
    }
}

/// Rule 6: a CALL never goes unanswered.
#[test]
fn a_host_that_does_not_answer_does_not_keep_the_station_waiting() {
    let mut desk = Desk::accepted(Version::V201);
    let number = question(&desk.receive(authorize(Version::V201)));
    let actions = desk.wait(20);
    assert_eq!((error_code(&actions).as_str(), hit_limits(&actions)), ("InternalError", 1));
    assert_eq!(desk.input(authorized(number, "Accepted")), []);
}

/// S-21.
#[test]
fn questions_are_bounded() {
    let limits = Limits { questions: 2, ..Limits::default() };
    let mut desk = Desk::new(Config { limits, ..config() });
    desk.tell(Event::Connected(Version::V201));
    desk.boot(Version::V201);
    let ask = |id: u32| authorize(Version::V201).replacen("\"a\"", &format!("\"{id}\""), 1);
    let (first, second) = (question(&desk.receive(&ask(1))), question(&desk.receive(&ask(2))));
    let actions = desk.receive(&ask(3));
    assert_eq!((error_code(&actions).as_str(), hit_limits(&actions)), ("InternalError", 1));
    assert_eq!(answer(&desk.input(authorized(second, "Accepted")))[1], "2", "several CALLs at once are tolerated");
    assert_eq!(answer(&desk.input(authorized(first, "Accepted")))[1], "1");
    let refused = desk.receive(&ask(3));
    assert_eq!(sent(&refused).len(), 0, "what was refused may be tried again");
}

/// S-26: the same CALL again, before and after its answer.
#[test]
fn a_repeated_call_is_not_executed_again() {
    let mut desk = Desk::accepted(Version::V201);
    let number = question(&desk.receive(authorize(Version::V201)));
    let actions = desk.receive(authorize(Version::V201));
    assert_eq!((violations(&actions).len(), actions.len()), (1, 1));
    let actions = desk.input(authorized(number, "Accepted"));
    let again = desk.receive(authorize(Version::V201));
    assert_eq!((violations(&again).len(), again.len()), (1, 2));
    assert_eq!(sent(&again), sent(&actions), "the same answer, and no question");
}

/// 2.1 Part 4 §4.1.4: a retry may have the id of what it repeats.
#[test]
fn a_retry_of_2_1_is_no_violation() {
    let mut desk = Desk::accepted(Version::V21);
    let answered = desk.receive(HEARTBEAT);
    let again = desk.receive(HEARTBEAT);
    assert_eq!((sent(&again), again.len()), (sent(&answered), 1));
}

#[test]
fn a_silent_station_is_pinged_and_then_disconnected() {
    let limits = Limits { ping_interval_s: 10, ..Limits::default() };
    let mut desk = Desk::new(Config { limits, ..config() });
    assert_eq!(desk.wait(100), []);
    desk.tell(Event::Connected(Version::V201));
    assert_eq!(desk.wait(10), [Action::Ping]);
    desk.tell(Event::Pong);
    assert_eq!(desk.wait(10), [Action::Ping]);
    desk.boot(Version::V201);
    assert_eq!(desk.wait(10), [Action::Ping], "every frame is a sign of life");
    assert_eq!(desk.wait(10), [Action::Close]);
    assert_eq!(desk.wait(1_000), []);
    desk.tell(Event::Disconnected);
    desk.tell(Event::Connected(Version::V201));
    assert_eq!(desk.wait(10), [Action::Ping]);
}

#[test]
fn results_that_nobody_asked_for_are_ignored_and_reported() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        for text in [r#"[3,"x",{}]"#, r#"[4,"x","InternalError","",{}]"#] {
            let actions = desk.receive(text);
            assert_eq!((violations(&actions).len(), actions.len()), (1, 1));
        }
    }
}

#[test]
fn a_call_that_breaks_a_rule_is_answered_with_its_code() {
    let mut desk = Desk::accepted(Version::V201);
    for (text, code) in [
        (r#"[2,"1","Authorize",{}]"#, "OccurrenceConstraintViolation"),
        (r#"[2,"2","Authorize",{"idToken":7}]"#, "TypeConstraintViolation"),
        (r#"[2,"3","Nonsense",{}]"#, "NotImplemented"),
        (r#"[2,"4","Heartbeat"]"#, "RpcFrameworkError"),
    ] {
        let actions = desk.receive(text);
        assert_eq!(error_code(&actions), code, "{text}");
        assert_eq!(violations(&actions).len(), 1);
    }
    let long = format!(r#"[2,"5","{}",{{}}]"#, "x".repeat(9_000));
    let actions = desk.receive(&long);
    assert!(violations(&actions).iter().all(|text| text.chars().count() <= 300));
    assert!(sent(&actions)[0].len() < 400);
}

/// S-1: cuts and flips of valid frames. A text that was a CALL is answered at most once, and nothing panics.
#[test]
fn damaged_frames_never_go_unnoticed() {
    for version in VERSIONS {
        for text in [boot(version), authorize(version), HEARTBEAT] {
            let mut desk = Desk::accepted(version);
            let mut rng = Rng::new(3);
            for at in 0..text.len() {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= 1 << rng.up_to(7);
                for damaged in [text.get(..at).map(String::from), String::from_utf8(bytes).ok()].into_iter().flatten() {
                    let actions = desk.receive(&damaged);
                    assert!(sent(&actions).len() <= 1, "{damaged}");
                    assert!(!actions.is_empty() || damaged.is_empty(), "{damaged}");
                    desk.tell(Event::Connected(version));
                }
            }
        }
    }
}

/// Same seed, same events: the same actions, byte for byte (I-14).
#[test]
fn a_run_is_repeated_exactly() {
    let run = || {
        let mut desk = Desk::new(config());
        let mut actions = desk.tell(Event::Connected(Version::V21));
        actions.extend(desk.boot(Version::V21));
        actions.extend(desk.receive(authorize(Version::V21)));
        actions.extend(desk.command(1, reset(), 5));
        actions.extend(desk.wait(100));
        format!("{actions:?}")
    };
    assert_eq!(run(), run());
}

/// Rule 6: every CALL is answered exactly once, whatever the host does, and however many come at once.
#[test]
fn every_call_is_answered_exactly_once() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut desk = Desk::accepted(Version::V201);
        let (mut asked, mut answered, mut questions) = (Vec::new(), Vec::<String>::new(), Vec::new());
        for number in 0..80_u32 {
            let kind = rng.up_to(6);
            let actions = match kind {
                0..=3 => {
                    let text = [authorize(Version::V201), HEARTBEAT, boot(Version::V201), r#"[2,"h","Nonsense",{}]"#];
                    let (head, tail) = text[kind as usize].split_at(4);
                    let text = format!("{head}{number}{tail}");
                    asked.push(id_of(&text));
                    desk.receive(&text)
                }
                4 if !questions.is_empty() => desk.input(authorized(questions.remove(0), "Accepted")),
                5 => desk.tell(Event::PersistFailed("boot".into())),
                _ => desk.wait(rng.up_to(8)),
            };
            answered.extend(sent(&actions).iter().map(|text| id_of(text)));
            let is_question = |output: &&Output| matches!(output, Output::Authorize { .. });
            questions.extend(outputs(&actions).into_iter().filter(is_question).map(|_| question(&actions)));
        }
        answered.extend(sent(&desk.wait(100)).iter().map(|text| id_of(text)));
        asked.sort_unstable();
        answered.sort_unstable();
        assert_eq!(answered, asked, "seed {seed}");
        assert_eq!(desk.csms.poll_timeout(), None);
    }
}

fn id_of(text: &str) -> String {
    serde_json::from_str::<Value>(text).unwrap()[1].as_str().unwrap().to_string()
}

/// Every frame costs moves of these: what is large and rare is boxed.
#[test]
fn actions_and_events_are_small() {
    assert!(size_of::<Action<Output>>() <= 96, "{}", size_of::<Action<Output>>());
    assert!(size_of::<Event<Input>>() <= 120, "{}", size_of::<Event<Input>>());
}
