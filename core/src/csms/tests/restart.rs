//! The power fails between any two actions: what the station repeats then is known, or new exactly once (C-8).

use super::super::api::Verdict;
use super::*;

const STEPS_16: &[&str] = &[
    r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"ABC","meterStart":100,"timestamp":"2026-03-01T11:59:00Z"}]"#,
    r#"[2,"2","MeterValues",{"connectorId":1,"transactionId":1,"meterValue":[{"timestamp":"2026-03-01T12:10:00Z","sampledValue":[{"value":"150"}]}]}]"#,
    r#"[2,"3","StopTransaction",{"transactionId":1,"meterStop":180,"timestamp":"2026-03-01T12:59:00Z"}]"#,
];

const STEPS_2X: &[&str] = &[
    r#"[2,"1","TransactionEvent",{"eventType":"Started","timestamp":"2026-03-01T11:59:00Z","triggerReason":"Authorized","seqNo":0,"transactionInfo":{"transactionId":"T1"},"idToken":{"idToken":"ABC","type":"Central"},"meterValue":[{"timestamp":"2026-03-01T11:59:00Z","sampledValue":[{"value":100}]}]}]"#,
    r#"[2,"2","TransactionEvent",{"eventType":"Updated","timestamp":"2026-03-01T12:10:00Z","triggerReason":"MeterValuePeriodic","seqNo":1,"transactionInfo":{"transactionId":"T1"},"meterValue":[{"timestamp":"2026-03-01T12:10:00Z","sampledValue":[{"value":150}]}]}]"#,
    r#"[2,"3","TransactionEvent",{"eventType":"Ended","timestamp":"2026-03-01T12:59:00Z","triggerReason":"StopAuthorized","seqNo":2,"transactionInfo":{"transactionId":"T1"},"meterValue":[{"timestamp":"2026-03-01T12:59:00Z","sampledValue":[{"value":180}]}]}]"#,
];

/// Delivers one event to its acknowledgement; gives its verdict.
fn deliver(desk: &mut Desk, text: &str) -> Verdict {
    let actions = desk.receive(text);
    let verdict = entry(&actions).verdict;
    let answered = outputs(&actions).iter().any(|output| matches!(output, Output::Authorize { .. }));
    let last = if answered { desk.input(authorized(question(&actions), "Accepted")) } else { actions };
    assert_eq!(answer(&last)[0], 3);
    verdict
}

fn reborn(desk: &Desk, version: Version, seed: u64) -> Desk {
    let mut desk = Desk::restarted(Config { seed, ..config() }, desk.disk.clone());
    desk.tell(Event::Connected(version));
    desk
}

#[test]
fn a_power_cut_between_any_two_actions_loses_no_event_and_takes_none_twice() {
    for (version, steps) in [(Version::V16, STEPS_16), (Version::V201, STEPS_2X), (Version::V21, STEPS_2X)] {
        for cut_step in 0..steps.len() {
            let mut before = Desk::accepted(version);
            steps[..cut_step].iter().for_each(|text| assert_eq!(deliver(&mut before, text), Verdict::InOrder));
            let actions = before.clone().tell_only(Event::Received(steps[cut_step].into()));
            for cut in 0..=actions.len() {
                let mut disk_at_cut = before.clone();
                actions[..cut].iter().for_each(|action| disk_at_cut.perform(action));
                let mut desk = reborn(&disk_at_cut, version, 100 + cut as u64);
                assert_event_is_taken_once(&mut desk, &actions[..cut], steps, cut_step);
            }
        }
    }
}

fn assert_event_is_taken_once(desk: &mut Desk, performed: &[Action<Output>], steps: &[&str], cut_step: usize) {
    let stored = performed
        .iter()
        .any(|action| matches!(action, Action::Persist(Write::Put(record)) if record.key.starts_with("tx/")));
    let acknowledged = performed.iter().any(|action| matches!(action, Action::Send(_)));
    assert!(stored || !acknowledged);
    let expected = if stored { Verdict::Duplicate } else { Verdict::InOrder };
    assert_eq!(deliver(desk, steps[cut_step]), expected, "{performed:?}");
    for text in &steps[cut_step + 1..] {
        // The id of 1.6 is another one if the cut came between the two writes; then 1 belongs to nobody.
        let text = text.replace("\"transactionId\":1,", &format!("\"transactionId\":{},", desk.disk_id()));
        assert_eq!(deliver(desk, &text), Verdict::InOrder);
    }
    let last = steps[steps.len() - 1].replacen("\"3\"", "\"again\"", 1);
    let last = last.replace("\"transactionId\":1,", &format!("\"transactionId\":{},", desk.disk_id()));
    let actions = desk.receive(&last);
    assert_eq!(entry(&actions).verdict, Verdict::Duplicate);
    assert_eq!(entry(&actions).state.energy_wh().map(|wh| wh.round()), Some(80));
    assert!(entry(&actions).state.is_complete());
    assert_eq!(desk.disk.keys().filter(|key| key.starts_with("tx/")).count(), 1);
}

impl Desk {
    /// The id of 1.6 of the only transaction: ids are counted, so it is the one before the next.
    fn disk_id(&self) -> i64 {
        let next = self.disk.get("ids").map(|ids| serde_json::from_str::<Value>(ids).unwrap());
        next.map_or(1, |ids| ids["next"].as_i64().unwrap() - 1)
    }
}

/// A cut while the station boots leaves it where it was, or where it is going.
#[test]
fn a_power_cut_while_booting_is_harmless() {
    for version in VERSIONS {
        let mut desk = Desk::new(config());
        desk.tell(Event::Connected(version));
        let actions = desk.tell_only(Event::Received(boot(version).into()));
        for cut in 0..=actions.len() {
            let mut disk_at_cut = desk.clone();
            actions[..cut].iter().for_each(|action| disk_at_cut.perform(action));
            let mut reborn = reborn(&disk_at_cut, version, 9);
            let passes = sent(&reborn.receive(r#"[2,"h","Heartbeat",{}]"#))[0].starts_with("[3,");
            assert_eq!(passes, cut > 0);
            assert_eq!(answer(&reborn.boot(version))[2]["status"], "Accepted");
        }
    }
}

/// Rule 3: everything that was not persisted is forgotten, also by a machine that is powered up again.
#[test]
fn power_up_forgets_what_was_not_persisted() {
    let mut desk = Desk::accepted(Version::V201);
    let before = sent(&desk.command(1, reset(), 9))[0].to_string();
    desk.command(2, reset(), 9);
    desk.registration(RegistrationStatus::Rejected);
    let records = desk.disk.iter().map(|(key, value)| Record { key: key.clone(), value: value.clone() }).collect();
    assert_eq!(desk.tell(Event::PowerUp(PowerUp { records, clock: NOW.parse().ok() })), []);
    assert_eq!(desk.wait(1_000), []);
    assert_eq!(outputs(&desk.tell(Event::Connected(Version::V201))), [&Output::Connected(Version::V201)]);
    let after = sent(&desk.command(1, reset(), 9))[0].to_string();
    assert_ne!(before, after, "no message id comes twice");
    assert_eq!(answer(&desk.receive(boot(Version::V201)))[2]["status"], "Accepted");
}
