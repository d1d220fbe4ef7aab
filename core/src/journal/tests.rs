use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use pilotwire_messages::Json;

use super::*;
use crate::csms;
use crate::domain::{EvseId, IdToken, IdTokenKind, StationIdentity};
use crate::machine::{Outbox, PowerUp};
use crate::station::{Config, Input};
use crate::{Version, time::DateTime};

/// A short run, recorded: power-up, connection, boot, a token.
fn journal() -> Vec<String> {
    let identity = StationIdentity { model: "M".into(), vendor: "V".into(), ..StationIdentity::default() };
    let config = Config::new(Version::V16, identity, 5, 1);
    let mut lines = Vec::from([Recorder::first_line::<Station>("CS001", &config)]);
    let mut station = Station::new(config);
    let (mut recorder, mut outbox) = (Recorder::default(), Outbox::new());
    let clock = Some(DateTime::from_unix_millis(1_700_000_000_000));
    let boot = r#"{"currentTime":"2026-03-01T10:00:00Z","interval":300,"status":"Accepted"}"#;
    let mut events = Vec::from([
        Event::Input(Input::Token { evse: Some(EvseId(1)), token: IdToken::new("A", IdTokenKind::Local) }),
        Event::Connected(Version::V16),
        Event::PowerUp(PowerUp { records: Vec::new(), clock }),
    ]);
    let mut at = 0;
    while let Some(event) = events.pop() {
        at += 10;
        let now = Instant::from_millis(at);
        recorder.before(now, &event);
        station.handle(now, event, &mut outbox);
        lines.extend(recorder.after(outbox.as_slice()));
        for action in outbox.drain() {
            if let Action::Send(text) = action
                && text.contains("BootNotification")
            {
                let id = text.split('"').nth(1).unwrap().to_string();
                events.push(Event::Received(format!("[3,\"{id}\",{boot}]")));
            }
        }
    }
    lines
}

fn replayed(lines: &[String]) -> Replayed {
    replay::<Station>(lines.iter().map(String::as_str)).unwrap()
}

#[test]
fn a_run_replays_identically() {
    let lines = journal();
    let result = replayed(&lines);
    assert!(result.is_identical(), "{result:?}");
    assert_eq!(result.steps, lines.len() - 1);
}

#[test]
fn a_changed_event_is_found_with_its_line() {
    let mut lines = journal();
    let at = lines.iter().position(|line| line.contains("\\\"interval\\\":300")).unwrap();
    lines[at] = lines[at].replace("Accepted", "Rejected");
    let difference = replayed(&lines).difference.unwrap();
    assert_eq!(difference.line, at + 1);
    assert_ne!(difference.recorded, difference.found);
    assert_eq!(replayed(&lines).damage.unwrap().line, at + 1);
    assert!(difference.actions.iter().any(|action| action.contains("Rejected")), "{difference:?}");
}

#[test]
fn what_precedes_a_damage_is_replayed_wherever_the_journal_was_cut_off() {
    let text = journal().join("\n");
    let first = text.find('\n').unwrap();
    for end in first + 1..text.len() {
        let Some(cut) = text.get(..end) else { continue };
        let lines: Vec<&str> = cut.split('\n').collect();
        let result = replay::<Station>(lines.iter().copied()).unwrap();
        assert_eq!(result.difference, None, "cut at {end}");
        let whole = lines.len() - 2;
        let last_is_whole = lines.last().is_some_and(|line| text[..].lines().nth(whole + 1) == Some(line));
        match result.damage {
            Some(damage) => assert_eq!((damage.line, result.steps), (lines.len(), whole), "cut at {end}"),
            None => assert!(lines.last() == Some(&"") || last_is_whole, "cut at {end}"),
        }
    }
}

#[test]
fn what_is_no_journal_is_refused_with_the_reason() {
    let refusal = |lines: &[&str]| replay::<Station>(lines.iter().copied()).unwrap_err().to_string();
    assert_eq!(refusal(&[]), "line 1: the journal is empty");
    assert!(refusal(&["{\"a\":1}"]).contains("not a journal"));
    let newer = journal()[0].replace("\"format\":1", "\"format\":2");
    assert_eq!(refusal(&[&newer]), "line 1: written in format 2; this version reads up to 1");
    let other = unsealed(&journal()[0]).replace("\"role\":\"station\"", "\"role\":\"csms\"");
    assert!(refusal(&[&other]).contains("line 1: "));
    let edited = journal()[0].replace("\"seed\":5", "\"seed\":6");
    assert_eq!(refusal(&[&edited]), "line 1: the line was changed after it was written");
}

/// A host may write its JSON as it likes; the journal stays one line an event.
#[test]
fn a_raw_call_on_several_lines_replays_identically() {
    let payload = Json::parse("{\n  \"type\": \"Hard\"\r\n}").unwrap();
    let config = csms::Config::new("CS001", 7);
    let mut lines = Vec::from([Recorder::first_line::<Csms>("CS001", &config)]);
    let mut csms = Csms::new(config);
    let (mut recorder, mut outbox) = (Recorder::default(), Outbox::new());
    let raw = csms::Input::RawCall { operation: 1, action: "Reset".into(), payload, wait_s: 60 };
    for event in [Event::PowerUp(PowerUp { records: Vec::new(), clock: None }), Event::Input(raw)] {
        recorder.before(Instant::ZERO, &event);
        csms.handle(Instant::ZERO, event, &mut outbox);
        lines.extend(recorder.after(outbox.as_slice()));
        outbox.drain().for_each(drop);
    }
    let text = lines.join("\n");
    assert_eq!(text.lines().count(), 3, "{text}");
    let result = replay::<Csms>(text.lines()).unwrap();
    assert!(result.is_identical(), "{result:?}");
}

/// A line without its sum.
fn unsealed(line: &str) -> String {
    format!("{}}}", line.rsplit_once(",\"sum\":").unwrap().0)
}

#[test]
fn a_line_without_a_sum_may_be_changed_at_will() {
    let mut lines = journal();
    let power_up = lines.iter_mut().find(|line| line.contains("power_up")).unwrap();
    *power_up = unsealed(power_up).replace("\"at\":10", "\"at\":11");
    assert!(replayed(&lines).is_identical());
    lines[0] = unsealed(&lines[0]).replace("\"seed\":5", "\"seed\":6");
    let result = replayed(&lines);
    // The first message id comes from the seed.
    assert_eq!((result.difference.unwrap().line, result.damage), (3, None));
}

#[test]
fn every_changed_byte_is_found_with_its_line() {
    let lines = journal();
    for (at, line) in lines.iter().enumerate() {
        for index in 0..line.len() {
            let mut bytes = line.clone().into_bytes();
            bytes[index] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            let mut lines = lines.clone();
            lines[at] = changed;
            let found = match replay::<Station>(&lines) {
                Ok(result) => {
                    assert!(!result.is_identical(), "line {} byte {index}", at + 1);
                    let difference = result.difference.map(|difference| difference.line);
                    result.damage.map(|damage| damage.line).or(difference).unwrap()
                }
                Err(damage) => damage.line,
            };
            assert_eq!(found, at + 1, "byte {index} of {line}");
        }
    }
}

#[test]
fn a_journal_that_was_cut_off_anywhere_never_panics() {
    let text = journal().join("\n");
    for end in 0..text.len() {
        let Some(cut) = text.get(..end) else { continue };
        if end < text.find('\n').unwrap() {
            assert_eq!(replay::<Station>(cut.split('\n')).unwrap_err().line, 1, "cut at {end}");
        }
        for line in Trace::of_journal::<Station, _>(cut.split('\n'), Limits::default()).into_iter().flatten() {
            assert!(line.is_ok_and(|line| line.starts_with('{')) || cut.lines().count() > 1);
        }
    }
}

#[test]
fn limits_are_told_when_they_are_hit() {
    let mut lines = journal();
    let room = " ".repeat(lines[0].len());
    lines[2].push_str(&room);
    let within = |limits| replay_within::<Station>(&lines, limits).map(|result| (result.steps, result.damage));
    let few = within(Limits { lines: 2, ..Limits::default() }).unwrap();
    assert_eq!((few.0, few.1.unwrap().to_string()), (1, "line 3: at most 2 lines are read; the rest was not".into()));
    let long = within(Limits { line_bytes: lines[2].len() - 1, ..Limits::default() }).unwrap();
    assert_eq!((long.0, long.1.unwrap().line), (1, 3));
    assert_eq!(within(Limits { line_bytes: 10, ..Limits::default() }).unwrap_err().line, 1);
}

#[test]
fn digests_are_those_of_their_definition() {
    assert_eq!(digest::<u8>(&[]), "cbf29ce484222325");
    // FNV-1a of `"ping"` and a line feed, and of `{"output":1}` and a line feed behind that.
    assert_eq!(digest::<u8>(&[Action::Ping]), "04e0a8fae1fced01");
    assert_eq!(digest(&[Action::Ping, Action::Output(1)]), "2f7ca7f2ee4754b7");
    assert_ne!(digest(&[Action::Output(1), Action::Ping]), digest(&[Action::Ping, Action::Output(1)]));
}

#[test]
fn a_recorder_may_keep_the_actions_to_compare_with() {
    let mut recorder = Recorder::with_actions();
    recorder.before(Instant::ZERO, &Event::<Input>::Timeout);
    let line = recorder.after(&[Action::<u8>::Ping]).unwrap();
    assert!(line.contains(r#""did":["ping"]"#), "{line}");
    let mut lines = journal();
    lines.truncate(1);
    lines.push(line);
    let difference = replayed(&lines).difference.unwrap();
    assert_eq!((difference.line, difference.recorded_actions), (2, Vec::from([String::from("\"ping\"")])));
}

#[test]
fn frames_are_exported_with_the_action_of_their_request() {
    let lines = journal();
    let trace = Trace::of_journal::<Station, _>(&lines, Limits::default()).unwrap();
    let trace: Vec<String> = trace.map(Result::unwrap).collect();
    let boot: serde_json::Value = serde_json::from_str(&trace[0]).unwrap();
    assert_eq!((&boot["direction"], &boot["messageType"]), (&"cp-to-csms".into(), &"CALL".into()));
    assert_eq!((&boot["action"], &boot["chargePointId"]), (&"BootNotification".into(), &"CS001".into()));
    assert_eq!(boot["ocppVersion"], "1.6");
    assert_eq!(boot["payload"]["chargePointModel"], "M");
    let answer: serde_json::Value = serde_json::from_str(&trace[1]).unwrap();
    assert_eq!((&answer["direction"], &answer["messageType"]), (&"csms-to-cp".into(), &"CALLRESULT".into()));
    assert_eq!(answer["action"], "BootNotification");
    assert!(answer["raw"].as_str().unwrap().starts_with("[3,"));
}

#[test]
fn a_trace_tells_requests_of_both_sides_apart() {
    let mut trace = Trace::new(Role::Station, "CS001");
    let at = Instant::ZERO;
    let connected: Event<Input> = Event::Connected(Version::V16);
    assert_eq!(trace.event(at, &connected), None);
    let action = |text: &str| Action::<u8>::Send(text.into());
    let received = |text: &str| Event::<Input>::Received(text.into());
    trace.action(at, &action(r#"[2,"1","Heartbeat",{}]"#)).unwrap();
    trace.event(at, &received(r#"[2,"1","ClearCache",{}]"#)).unwrap();
    let ours = trace.action(at, &action(r#"[4,"1","NotSupported","no cache",{}]"#)).unwrap();
    assert!(ours.contains(r#""action":"ClearCache""#) && ours.contains(r#""errorCode":"NotSupported""#), "{ours}");
    let theirs = trace.event(at, &received(r#"[3,"1",{}]"#)).unwrap();
    assert!(theirs.contains(r#""action":"Heartbeat""#), "{theirs}");
    let garbage = trace.event(at, &received("[9]")).unwrap();
    assert!(garbage.contains(r#""messageType":"UNKNOWN""#) && garbage.contains(r#""raw":"[9]""#), "{garbage}");
}
