//! The ledger by itself: every event has a verdict, and the bill follows from registers.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Decimal, Text};

use crate::csms::api::{Limits, Verdict};
use crate::csms::ledger::{Ledger, Taken};
use crate::domain::{EvseId, IdToken, StoppedReason, TransactionEvent, TransactionStage, TriggerReason};

use TransactionStage::{Ended, Started, Updated};

fn event(stage: TransactionStage, seq_no: impl Into<Option<i32>>, wh: i32) -> TransactionEvent {
    let seq_no = seq_no.into();
    TransactionEvent {
        stage,
        transaction: "T1".into(),
        seq_no,
        at: DateTime::from_unix_millis(i64::from(wh) * 1_000),
        trigger: TriggerReason::from_word("MeterValuePeriodic"),
        offline: false,
        evse: Some(EvseId(1)),
        connector: Some(1),
        charging_state: None,
        stopped_reason: (stage == Ended).then(|| StoppedReason::from_word("Local")),
        reset: None,
        id_token: (stage == Started).then(|| token("ABC")),
        remote_start_id: None,
        register_wh: Some(Decimal::from_int(wh)),
        meter_values: Vec::new(),
    }
}

fn token(id: &str) -> IdToken {
    serde_json::from_str(&format!(r#"{{"idToken":"{id}","type":"Central"}}"#)).unwrap()
}

fn take(ledger: &mut Ledger, event: &TransactionEvent) -> Taken {
    ledger.take(event, &Limits::default())
}

fn verdicts(ledger: &mut Ledger, events: &[TransactionEvent]) -> Vec<Verdict> {
    events.iter().map(|event| take(ledger, event).verdict).collect()
}

fn wh(taken: &Taken) -> Option<i64> {
    taken.state.energy_wh().map(Decimal::round)
}

#[test]
fn a_session_in_order_is_billed_by_its_registers() {
    let mut ledger = Ledger::default();
    let events = [event(Started, 0, 100), event(Updated, 1, 150), event(Ended, 2, 180)];
    assert_eq!(verdicts(&mut ledger, &events[..2]), [Verdict::InOrder, Verdict::InOrder]);
    let last = take(&mut ledger, &events[2]);
    assert_eq!(last.verdict, Verdict::InOrder);
    assert_eq!(wh(&last), Some(80));
    assert!(last.state.is_complete());
    assert_eq!(last.state.id_token, Some(token("ABC")));
    assert_eq!(last.state.stopped_reason, Some(StoppedReason::from_word("Local")));
}

/// C-2: the same event again, later told as having been offline, changes nothing.
#[test]
fn a_repeated_event_is_a_duplicate_and_needs_no_write() {
    let mut ledger = Ledger::default();
    for original in [event(Started, 0, 100), event(Updated, 1, 150), event(Ended, 2, 180)] {
        let first = take(&mut ledger, &original);
        let again = take(&mut ledger, &TransactionEvent { offline: true, ..original });
        assert_eq!(again.verdict, Verdict::Duplicate);
        assert_eq!(again.state, first.state);
        assert_eq!(again.changed, None);
    }
}

/// C-2: changed content under a known number is flagged and not taken.
#[test]
fn other_content_with_a_known_number_is_a_conflict() {
    let mut ledger = Ledger::default();
    let _ = take(&mut ledger, &event(Started, 0, 100));
    let ended = take(&mut ledger, &event(Ended, 1, 180));
    let forged = take(&mut ledger, &event(Ended, 1, 990));
    assert_eq!(forged.verdict, Verdict::Conflict);
    assert_eq!(forged.state, ended.state);
    assert_eq!(take(&mut ledger, &event(Started, 0, 1)).verdict, Verdict::Conflict);
}

/// C-3: I-3, the gap is known until it is filled.
#[test]
fn missing_events_are_known_and_fill_their_gap_late() {
    let mut ledger = Ledger::default();
    let _ = take(&mut ledger, &event(Started, 0, 100));
    let gap = take(&mut ledger, &event(Ended, 4, 180));
    assert_eq!((gap.verdict, gap.state.missing.as_slice()), (Verdict::Gap, [(1, 3)].as_slice()));
    assert!(!gap.state.is_complete());
    let late = take(&mut ledger, &event(Updated, 2, 150));
    assert_eq!((late.verdict, late.state.missing.as_slice()), (Verdict::Late, [(1, 1), (3, 3)].as_slice()));
    assert_eq!(wh(&late), Some(80), "the register at the end counts, not the one that came last");
    assert_eq!(verdicts(&mut ledger, &[event(Updated, 1, 120), event(Updated, 3, 170)]), [Verdict::Late; 2]);
    assert!(take(&mut ledger, &event(Ended, 4, 180)).state.is_complete());
}

/// C-3: Ended before Started.
#[test]
fn a_transaction_that_begins_with_its_end_is_kept_until_its_start_comes() {
    let mut ledger = Ledger::default();
    let orphan = take(&mut ledger, &event(Ended, 2, 180));
    assert_eq!((orphan.verdict, wh(&orphan)), (Verdict::Orphan, None));
    assert_eq!(take(&mut ledger, &event(Updated, 1, 150)).verdict, Verdict::Late);
    let start = take(&mut ledger, &event(Started, 0, 100));
    assert_eq!((start.verdict, wh(&start)), (Verdict::Late, Some(80)));
    assert!(start.state.is_complete());
}

#[test]
fn an_event_after_the_end_is_kept_and_does_not_change_the_bill() {
    let mut ledger = Ledger::default();
    let _ = verdicts(&mut ledger, &[event(Started, 0, 100), event(Ended, 1, 180)]);
    let after = take(&mut ledger, &event(Updated, 2, 500));
    assert_eq!((after.verdict, wh(&after)), (Verdict::AfterEnd, Some(80)));
    assert!(after.changed.is_some());
    assert_eq!(take(&mut ledger, &event(Updated, 2, 500)).verdict, Verdict::Duplicate);
}

/// S-27, C-5: a clock that jumps moves neither order nor energy.
#[test]
fn the_clock_of_the_station_does_not_matter() {
    let mut ledger = Ledger::default();
    let at = |year: i64, event| TransactionEvent { at: DateTime::from_unix_millis(year * 31_556_952_000), ..event };
    let events = [at(56, event(Started, 0, 100)), at(66, event(Updated, 1, 150)), at(46, event(Ended, 2, 180))];
    assert_eq!(verdicts(&mut ledger, &events), [Verdict::InOrder; 3]);
    assert_eq!(wh(&take(&mut ledger, &events[2])), Some(80));
}

/// E01.FR.17: the EVSE, and with it the first register, may be known later only.
#[test]
fn the_bill_begins_with_the_first_register_of_a_transaction_that_started_without() {
    let mut ledger = Ledger::default();
    let start = TransactionEvent { register_wh: None, evse: None, ..event(Started, 0, 0) };
    assert_eq!(take(&mut ledger, &start).state.evse, None);
    let _ = take(&mut ledger, &event(Updated, 1, 100));
    let ended = take(&mut ledger, &event(Ended, 2, 180));
    assert_eq!((wh(&ended), ended.state.evse), (Some(80), Some(EvseId(1))));
}

#[test]
fn sequence_numbers_may_be_anything() {
    let mut ledger = Ledger::default();
    let numbers = [i32::MAX, i32::MIN, -1, 0, i32::MAX - 1, i32::MAX];
    let events: Vec<_> = numbers.iter().map(|number| event(Updated, *number, 5)).collect();
    let expected = [Verdict::Orphan, Verdict::Late, Verdict::Late, Verdict::Late, Verdict::Late, Verdict::Duplicate];
    assert_eq!(verdicts(&mut ledger, &events), expected);
}

/// I-10: gaps are bounded, and what is no longer awaited is told.
#[test]
fn a_station_that_skips_every_second_number_hits_a_limit() {
    let mut ledger = Ledger::default();
    let given_up: Vec<_> = (0..200).filter_map(|at| take(&mut ledger, &event(Updated, at * 2, at)).given_up).collect();
    assert_eq!(given_up.first(), Some(&(1, 1)));
    assert_eq!(given_up.len(), 200 - 32);
}

/// R-11: 1.6. A start whose answer was lost is the same start.
#[test]
fn a_start_without_number_is_recognised_by_what_it_says() {
    let mut ledger = Ledger::default();
    let start = event(Started, None, 100);
    let _ = take(&mut ledger, &TransactionEvent { transaction: "7".into(), ..start.clone() });
    let nameless = TransactionEvent { transaction: Text::default(), ..start };
    assert_eq!(ledger.id_of_start(&nameless).map(Text::as_str), Some("7"));
    let other = [
        TransactionEvent { connector: Some(2), ..nameless.clone() },
        TransactionEvent { id_token: Some(token("XYZ")), ..nameless.clone() },
        TransactionEvent { at: DateTime::UNIX_EPOCH, ..nameless.clone() },
        TransactionEvent { register_wh: Some(Decimal::from_int(101)), ..nameless },
    ];
    assert!(other.iter().all(|event| ledger.id_of_start(event).is_none()));
}

#[test]
fn a_session_without_numbers_is_billed_too() {
    let mut ledger = Ledger::default();
    let events =
        [event(Started, None, 100), event(Updated, None, 150), event(Updated, None, 150), event(Ended, None, 180)];
    let expected = [Verdict::InOrder, Verdict::InOrder, Verdict::Duplicate, Verdict::InOrder];
    assert_eq!(verdicts(&mut ledger, &events), expected);
    let again = take(&mut ledger, &events[3]);
    assert_eq!((again.verdict, wh(&again)), (Verdict::Duplicate, Some(80)));
    let forged = take(&mut ledger, &event(Ended, None, 990));
    assert_eq!((forged.verdict, wh(&forged)), (Verdict::Conflict, Some(80)));
    let after = take(&mut ledger, &event(Updated, None, 170));
    assert_eq!((after.verdict, wh(&after)), (Verdict::AfterEnd, Some(80)));
}

/// C-4: a station of 1.6 that never learned its ids sends -1 for every transaction: none of them is lost.
#[test]
fn ends_without_start_share_an_id_without_conflict() {
    let mut ledger = Ledger::default();
    let ends = [event(Ended, None, 100), event(Ended, None, 200), event(Ended, None, 100), event(Ended, None, 200)];
    let expected = [Verdict::Orphan, Verdict::Orphan, Verdict::Duplicate, Verdict::Duplicate];
    assert_eq!(verdicts(&mut ledger, &ends), expected);
}

#[test]
fn the_oldest_open_transaction_is_set_aside_and_the_first_that_ended_is_forgotten() {
    let limits = Limits { open_transactions: 2, ended_transactions: 1, ..Limits::default() };
    let mut ledger = Ledger::default();
    let mut take = |id: &str, event: TransactionEvent| {
        let taken = ledger.take(&TransactionEvent { transaction: id.into(), ..event }, &limits);
        taken.set_aside.map(|gone| (String::from(gone.id), gone.complete))
    };
    assert_eq!(take("a", event(Started, 0, 1)), None);
    assert_eq!(take("b", event(Started, 0, 1)), None);
    assert_eq!(take("c", event(Started, 0, 1)), Some(("a".into(), false)));
    assert_eq!(take("c", event(Ended, 1, 2)), None);
    assert_eq!(take("b", event(Ended, 2, 2)), Some(("c".into(), true)), "c ended first, though b is older");
    assert_eq!(take("d", event(Started, 0, 1)), None);
    assert_eq!(take("d", event(Ended, 1, 1)), Some(("b".into(), false)), "an event of b is missing");
}

/// C-8: what was written is all that is needed.
#[test]
fn a_restored_ledger_judges_like_the_one_before() {
    let events = [event(Started, 0, 100), event(Updated, 3, 150), event(Ended, 4, 180)];
    for cut in 0..=events.len() {
        let mut before = Ledger::default();
        let numbers: Vec<u32> = events[..cut].iter().filter_map(|event| take(&mut before, event).changed).collect();
        let mut after = Ledger::default();
        if let Some(number) = numbers.last() {
            assert!(after.restore(*number, &before.record(*number).unwrap()));
        }
        for event in events.iter().rev().chain(&[event(Updated, 9, 1)]) {
            let (expected, found) = (take(&mut before, event), take(&mut after, event));
            assert_eq!((found.verdict, found.state), (expected.verdict, expected.state));
            assert_eq!(found.changed, expected.changed);
        }
    }
}

/// C-13: one damaged record is neither read nor overwritten.
#[test]
fn a_record_that_cannot_be_read_keeps_its_number() {
    let mut ledger = Ledger::default();
    assert!(!ledger.restore(7, "{\"id\":"));
    assert_eq!(take(&mut ledger, &event(Started, 0, 1)).changed, Some(8));
}
