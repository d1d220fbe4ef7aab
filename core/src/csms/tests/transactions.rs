//! Events of transactions on the wire: stored, reported, answered, in this order.

use super::super::api::Verdict;
use super::*;

/// A TransactionEvent of 2.x with the energy register in Wh.
fn event(kind: &str, seq_no: u32, wh: u32, extra: &str) -> String {
    format!(
        r#"[2,"{kind}{seq_no}{wh}","TransactionEvent",{{"eventType":"{kind}","timestamp":"2026-03-01T11:59:00Z","triggerReason":"MeterValuePeriodic","seqNo":{seq_no},"transactionInfo":{{"transactionId":"T1"}},"evse":{{"id":1,"connectorId":1}},"meterValue":[{{"timestamp":"2026-03-01T11:59:00Z","sampledValue":[{{"value":{wh}}}]}}]{extra}}}]"#
    )
}

fn start(id: &str, connector: u32) -> String {
    format!(
        r#"[2,"{id}","StartTransaction",{{"connectorId":{connector},"idTag":"ABC","meterStart":100,"timestamp":"2026-03-01T11:59:00Z"}}]"#
    )
}

fn stop(id: &str, transaction: i32, meter: u32) -> String {
    format!(
        r#"[2,"{id}","StopTransaction",{{"transactionId":{transaction},"meterStop":{meter},"timestamp":"2026-03-01T12:59:00Z"}}]"#
    )
}

/// Starts a transaction of 1.6 and gives its id.
fn started(desk: &mut Desk, text: &str) -> i64 {
    let actions = desk.receive(text);
    let actions = desk.input(authorized(question(&actions), "Accepted"));
    answer(&actions)[2]["transactionId"].as_i64().unwrap()
}

#[test]
fn a_session_of_2x_is_stored_reported_and_answered() {
    for version in [Version::V201, Version::V21] {
        let mut desk = Desk::accepted(version);
        for (text, expected) in [
            (event("Started", 0, 100, ""), Verdict::InOrder),
            (event("Updated", 1, 150, ""), Verdict::InOrder),
            (event("Ended", 3, 180, ""), Verdict::Gap),
            (event("Updated", 2, 170, ""), Verdict::Late),
        ] {
            let actions = desk.receive(&text);
            assert_durable_before_sent(&actions);
            assert!(matches!(actions[0], Action::Persist(_)));
            assert_eq!(answer(&actions)[2], Value::Object(serde_json::Map::new()));
            assert_eq!(entry(&actions).verdict, expected);
            assert_eq!(entry(&actions).received, time(NOW));
        }
        let again = desk.receive(&event("Ended", 3, 180, "").replacen("\"Ended3180\"", "\"other\"", 1));
        assert_eq!((entry(&again).verdict, again.len()), (Verdict::Duplicate, 2), "no write");
        let state = &entry(&again).state;
        assert_eq!(state.energy_wh().map(|wh| wh.round()), Some(80));
        assert!(state.is_complete());
    }
}

/// E01.FR.11, E01.FR.12: the host judges the token, and knows for which transaction. The event is safe before.
#[test]
fn the_token_of_an_event_is_judged_by_the_host() {
    let mut desk = Desk::accepted(Version::V201);
    let token = r#","idToken":{"idToken":"ABC","type":"Central"}"#;
    let actions = desk.receive(&event("Started", 0, 100, token));
    let [Output::Transaction(_), Output::Authorize { question, transaction: Some(transaction), .. }] =
        outputs(&actions)[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!(transaction.as_str(), "T1");
    assert!(matches!(actions[0], Action::Persist(_)) && sent(&actions).is_empty());
    let frame = answer(&desk.input(authorized(*question, "Blocked")));
    assert_eq!(frame[2]["idTokenInfo"]["status"], "Blocked");
}

#[test]
fn a_repeated_event_with_a_token_is_judged_again() {
    let mut desk = Desk::accepted(Version::V201);
    let text = event("Started", 0, 100, r#","idToken":{"idToken":"ABC","type":"Central"}"#);
    desk.receive(&text);
    desk.tell(Event::Connected(Version::V201));
    let actions = desk.receive(&text);
    assert_eq!(entry(&actions).verdict, Verdict::Duplicate);
    assert_eq!(answer(&desk.input(authorized(question(&actions), "Accepted")))[0], 3);
}

/// C-12: ids are positive and rise, also across restarts.
#[test]
fn ids_of_1_6_are_never_given_twice() {
    let mut desk = Desk::new(Config { first_transaction_id: 500, ..config() });
    desk.tell(Event::Connected(Version::V16));
    desk.boot(Version::V16);
    assert_eq!(started(&mut desk, &start("1", 1)), 500);
    assert_eq!(started(&mut desk, &start("2", 2)), 501, "both stay open");
    let restarted = Config { seed: 8, first_transaction_id: 500, ..config() };
    let mut desk = Desk::restarted(restarted, desk.disk);
    desk.tell(Event::Connected(Version::V16));
    assert_eq!(started(&mut desk, &start("3", 3)), 502);
}

#[test]
fn the_last_id_is_given_and_then_no_more() {
    for first in [0, -5] {
        let mut desk = Desk::new(Config { first_transaction_id: first, ..config() });
        desk.tell(Event::Connected(Version::V16));
        desk.boot(Version::V16);
        assert_eq!(started(&mut desk, &start("1", 1)), 1);
    }
    let mut desk = Desk::new(Config { first_transaction_id: i32::MAX, ..config() });
    desk.tell(Event::Connected(Version::V16));
    desk.boot(Version::V16);
    assert_eq!(started(&mut desk, &start("1", 1)), i64::from(i32::MAX));
    let actions = desk.receive(&start("2", 2));
    assert_eq!((error_code(&actions).as_str(), hit_limits(&actions)), ("InternalError", 1));
    let mut desk = Desk::restarted(config(), desk.disk);
    desk.tell(Event::Connected(Version::V16));
    assert_eq!(error_code(&desk.receive(&start("3", 2))), "InternalError");
}

/// R-11, C-2: the answer was lost; the station asks again, with a new message id, over a new connection.
#[test]
fn a_repeated_start_of_1_6_gets_the_same_id() {
    let mut desk = Desk::accepted(Version::V16);
    let id = started(&mut desk, &start("1", 1));
    desk.tell(Event::Disconnected);
    desk.tell(Event::Connected(Version::V16));
    let actions = desk.receive(&start("other", 1));
    assert_eq!(entry(&actions).verdict, Verdict::Duplicate);
    assert_eq!(entry(&actions).event.transaction.as_str(), format!("{id}"));
    let frame = answer(&desk.input(authorized(question(&actions), "Accepted")));
    assert_eq!(frame[2]["transactionId"], id);
    desk.receive(&stop("s", id as i32, 180));
    assert_eq!(started(&mut desk, &start("late", 1)), id, "also after its end");
    assert_eq!(desk.disk["ids"], format!(r#"{{"next":{}}}"#, id + 1));
}

#[test]
fn a_session_of_1_6_is_billed_and_its_repeated_end_changes_nothing() {
    let mut desk = Desk::accepted(Version::V16);
    let id = started(&mut desk, &start("1", 1));
    let meter = format!(
        r#"[2,"m","MeterValues",{{"connectorId":1,"transactionId":{id},"meterValue":[{{"timestamp":"2026-03-01T12:10:00Z","sampledValue":[{{"value":"150"}}]}}]}}]"#
    );
    let actions = desk.receive(&meter);
    assert_eq!(entry(&actions).verdict, Verdict::InOrder);
    assert_durable_before_sent(&actions);
    for (message, verdict) in [("2", Verdict::InOrder), ("3", Verdict::Duplicate)] {
        let actions = desk.receive(&stop(message, id as i32, 180));
        assert_durable_before_sent(&actions);
        assert_eq!(answer(&actions)[0], 3);
        assert_eq!(entry(&actions).verdict, verdict);
        assert_eq!(entry(&actions).state.energy_wh().map(|wh| wh.round()), Some(80));
    }
}

/// C-4: billing data is never refused.
#[test]
fn the_end_of_an_unknown_transaction_of_1_6_is_accepted() {
    for id in [4711, 0, -1] {
        let mut desk = Desk::accepted(Version::V16);
        let actions = desk.receive(&stop("1", id, 180));
        assert_eq!((answer(&actions)[0].clone(), entry(&actions).verdict), (3.into(), Verdict::Orphan));
        assert_durable_before_sent(&actions);
    }
}

/// C-7: what cannot be stored is not acknowledged, until a later write succeeds.
#[test]
fn a_disk_that_fails_is_not_hidden_from_the_station() {
    let mut desk = Desk::accepted(Version::V201);
    let actions = desk.tell_only(Event::Received(event("Started", 0, 100, "")));
    let Some(Action::Persist(write)) = actions.first() else { panic!("{actions:?}") };
    let key = String::from(write.key());
    assert_eq!(hit_limits(&desk.tell(Event::PersistFailed(key.clone()))), 1);
    let refused = desk.receive(&event("Updated", 1, 150, ""));
    assert_eq!((error_code(&refused).as_str(), refused.len()), ("InternalError", 1));
    assert_eq!(answer(&desk.receive(r#"[2,"h","Heartbeat",{}]"#))[0], 3, "what needs no write goes on");
    let retry = desk.wait(5);
    assert!(matches!(&retry[..], [Action::Persist(Write::Put(record))] if record.key == key), "{retry:?}");
    assert_eq!(hit_limits(&desk.tell(Event::PersistFailed(key))), 1);
    assert_eq!(error_code(&desk.receive(&event("Updated", 1, 151, ""))), "InternalError");
    desk.wait(5);
    let taken = desk.receive(&event("Updated", 1, 152, ""));
    assert_eq!((answer(&taken)[0].clone(), entry(&taken).verdict), (3.into(), Verdict::InOrder));
    assert_eq!(desk.wait(1_000), []);
}

/// C-7: the host may be faster than its disk.
#[test]
fn an_event_that_could_not_be_stored_is_not_acknowledged_when_its_token_is() {
    let mut desk = Desk::accepted(Version::V16);
    let number = question(&desk.receive(&start("1", 1)));
    desk.tell(Event::PersistFailed("tx/1".into()));
    assert_eq!(error_code(&desk.input(authorized(number, "Accepted"))), "InternalError");
    desk.wait(5);
    let actions = desk.receive(&start("2", 1));
    assert_eq!(entry(&actions).verdict, Verdict::Duplicate);
    assert_eq!(answer(&desk.input(authorized(question(&actions), "Accepted")))[2]["transactionId"], 1);
}

/// TC_E_53_CSMS: every transaction counts from 0.
#[test]
fn every_transaction_has_numbers_of_its_own() {
    let mut desk = Desk::accepted(Version::V201);
    desk.receive(&event("Started", 0, 100, ""));
    desk.receive(&event("Ended", 1, 180, ""));
    let other = event("Started", 0, 180, "").replace("\"T1\"", "\"T2\"");
    assert_eq!(entry(&desk.receive(&other)).verdict, Verdict::InOrder);
}
