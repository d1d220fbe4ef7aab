//! Attacks on what is billed: what comes twice, and clocks that lie.

use pilotwire::csms::{Entry, Verdict};
use pilotwire_wire::{ServerConfig, ThrottleConfig};

use crate::peer::{Peer, Who};
use crate::stands::{Setup, Standing, Start, now};

fn plain(start: Start) -> Standing {
    let throttle = ThrottleConfig { takeovers: 10_000, ..ThrottleConfig::default() };
    start(Setup { tls: None, config: ServerConfig { throttle, ..ServerConfig::default() } })
}

fn event(kind: &str, seq_no: u32, at: &str, wh: u32) -> String {
    format!(
        r#"{{"eventType":"{kind}","timestamp":"{at}","triggerReason":"Trigger","seqNo":{seq_no},
            "transactionInfo":{{"transactionId":"T1"}},"evse":{{"id":1,"connectorId":1}},
            "meterValue":[{{"timestamp":"{at}","sampledValue":[{{"value":{wh}}}]}}]}}"#
    )
}

/// What the ledger said since the last time.
fn verdicts(csms: &Standing) -> Vec<Verdict> {
    csms.entries.lock().unwrap().drain(..).map(|entry: Entry| entry.verdict).collect()
}

fn is_result(answer: &str) -> bool {
    answer.starts_with("[3,")
}

/// On the same connection it is not even looked at; on another one, or with another id, it changes nothing.
pub(crate) fn s_26_what_is_sent_again_is_not_executed_again(start: Start) {
    let csms = plain(start);
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let mut station = Peer::booted(csms.address, Who::honest("CS001"));
    let started = event("Started", 0, "2026-03-01T10:00:00Z", 100);
    let call = format!(r#"[2,"same","TransactionEvent",{started}]"#);
    let mut answers = Vec::new();
    for _ in 0..3 {
        station.send(&call);
        answers.push(station.frame());
    }
    assert!(is_result(&answers[0]) && answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    assert_eq!(verdicts(&csms), [Verdict::InOrder]);
    assert!(is_result(&station.call("TransactionEvent", &started)), "with another id");
    assert_eq!(verdicts(&csms), [Verdict::Duplicate]);
    // The station's only connection is that of who recorded the other one.
    let mut thief = Peer::booted(csms.address, Who::honest("CS001"));
    thief.send(&call);
    assert!(is_result(&thief.frame()));
    assert_eq!(verdicts(&csms), [Verdict::Duplicate]);
    let forged = event("Started", 0, "2026-03-01T10:00:00Z", 1);
    assert!(is_result(&thief.call("TransactionEvent", &forged)), "billing data is never refused");
    assert_eq!(verdicts(&csms), [Verdict::Conflict]);
    assert!(is_result(&thief.call("TransactionEvent", &event("Ended", 1, "2026-03-01T11:00:00Z", 900))));
    let energy = csms.entries.lock().unwrap()[0].state.energy_wh();
    assert_eq!(energy, Some(800.into()));
    honest.heartbeat();
}

/// Energy is the difference of the register, whatever the station's clock says; the CSMS's own time stands beside it.
pub(crate) fn s_27_a_clock_that_lies_changes_no_bill(start: Start) {
    let csms = plain(start);
    let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
    let mut station = Peer::booted(csms.address, Who::honest("CS001"));
    let told = [
        ("Started", "2036-03-01T10:00:00Z", 1_000),
        ("Updated", "1970-01-01T00:00:00Z", 2_500),
        ("Updated", "2099-12-31T23:59:59Z", 3_000),
        ("Ended", "2016-03-01T10:00:00Z", 4_250),
    ];
    for (seq_no, (kind, at, wh)) in (0..).zip(told) {
        assert!(is_result(&station.call("TransactionEvent", &event(kind, seq_no, at, wh))));
        honest.heartbeat();
    }
    let entries = csms.entries.lock().unwrap();
    for (entry, (_, at, _)) in entries.iter().zip(told) {
        assert_eq!((entry.verdict, entry.event.at), (Verdict::InOrder, at.parse().unwrap()));
        let late_ms = entry.received.unix_millis() - now().unix_millis();
        assert!((0..60_000).contains(&late_ms), "{:?}", entry.received);
    }
    let last = &entries.last().unwrap().state;
    assert_eq!((entries.len(), last.is_complete(), last.energy_wh()), (4, true, Some(3_250.into())));
}
