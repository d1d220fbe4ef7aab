use alloc::vec;

use pilotwire_messages::{Version, v2, v16};

use super::super::super::Names;
use super::super::super::tests::{ID, card, decimal, event, heard, info, measured, sample, written};
use super::super::{write_answer, write_request};
use super::{read_event, text, transaction};
use crate::domain::{
    Answer, Measurand, Request, ResetKind, StoppedReason, TransactionAnswer, TransactionEvent, TransactionStage,
    TriggerReason,
};

/// §4.8.
#[test]
fn a_start_is_a_start_transaction() {
    let started = TransactionEvent {
        id_token: Some(card("AB12")),
        ..event(TransactionStage::Started, TriggerReason::Authorized)
    };
    assert_eq!(
        text(&transaction(started)),
        concat!(
            concat!(r#"[2,"1","StartTransaction",{"connectorId":2,"idTag":"AB12","meterStart":1235,"#),
            r#""timestamp":"2026-01-31T12:00:00.000Z"}]"#
        )
    );
}

/// §4.10.
#[test]
fn an_end_is_a_stop_transaction() {
    let ended = TransactionEvent {
        id_token: Some(card("AB12")),
        stopped_reason: Some(StoppedReason::Local),
        meter_values: measured(vec![sample("1234.567", None, "Wh")]),
        ..event(TransactionStage::Ended, TriggerReason::StopAuthorized)
    };
    let expected = concat!(
        r#"[2,"1","StopTransaction",{"meterStop":1235,"timestamp":"2026-01-31T12:00:00.000Z","transactionId":7,"#,
        r#""idTag":"AB12","reason":"Local","transactionData":[{"timestamp":"2026-01-31T12:00:00.000Z","#,
        r#""sampledValue":[{"value":"1234.567","context":"Sample.Periodic","unit":"Wh"}]}]}]"#,
    );
    assert_eq!(text(&transaction(ended)), expected);
    let bare = event(TransactionStage::Ended, TriggerReason::StopAuthorized);
    assert_eq!(
        text(&transaction(bare)),
        r#"[2,"1","StopTransaction",{"meterStop":1235,"timestamp":"2026-01-31T12:00:00.000Z","transactionId":7}]"#
    );
}

/// The reason on the wire, and reason, trigger and kind of reset that are read from it.
type Heard = (&'static str, StoppedReason, TriggerReason, Option<ResetKind>);

fn ended_by(reason: StoppedReason, trigger: TriggerReason, reset: Option<ResetKind>) -> Request {
    transaction(TransactionEvent { stopped_reason: Some(reason), reset, ..event(TransactionStage::Ended, trigger) })
}

fn assert_heard(request: &Request, (word, reason, trigger, reset): Heard) {
    assert!(text(request).contains(&alloc::format!(r#""reason":"{word}""#)), "{word}: {}", text(request));
    let Request::Transaction(read) = heard(Version::V16, request) else { panic!() };
    assert_eq!((read.stopped_reason, read.trigger, read.reset), (Some(reason), trigger, reset), "{word}");
}

/// §7.36.
#[test]
fn every_reason_of_1_6_is_written_and_read_again() {
    use {StoppedReason as Reason, TriggerReason as Trigger};
    let rows: [Heard; 11] = [
        ("DeAuthorized", Reason::DeAuthorized, Trigger::Deauthorized, None),
        ("EmergencyStop", Reason::EmergencyStop, Trigger::AbnormalCondition, None),
        ("EVDisconnected", Reason::EVDisconnected, Trigger::EVCommunicationLost, None),
        ("HardReset", Reason::ImmediateReset, Trigger::ResetCommand, Some(ResetKind::Immediate)),
        ("Local", Reason::Local, Trigger::StopAuthorized, None),
        ("Other", Reason::Other, Trigger::AbnormalCondition, None),
        ("PowerLoss", Reason::PowerLoss, Trigger::AbnormalCondition, None),
        ("Reboot", Reason::Reboot, Trigger::AbnormalCondition, None),
        ("Remote", Reason::Remote, Trigger::RemoteStop, None),
        ("SoftReset", Reason::ImmediateReset, Trigger::ResetCommand, Some(ResetKind::Graceful)),
        ("UnlockCommand", Reason::Other, Trigger::UnlockCommand, None),
    ];
    assert_eq!(rows.len(), v16::StopReason::WORDS.len());
    for row in rows {
        let (_, reason, trigger, reset) = row.clone();
        assert_heard(&ended_by(reason, trigger, reset), row);
    }
}

#[test]
fn reasons_that_only_2x_has_are_written_as_other() {
    for word in StoppedReason::WORDS {
        let reason = StoppedReason::from_word(word);
        let request = ended_by(reason.clone(), TriggerReason::AbnormalCondition, None);
        let same = v16::StopReason::WORDS.contains(word);
        let expected = match reason {
            StoppedReason::ImmediateReset => "HardReset",
            _ if same => *word,
            _ => "Other",
        };
        assert!(text(&request).contains(&alloc::format!(r#""reason":"{expected}""#)), "{word}");
    }
    let waited = ended_by(StoppedReason::ImmediateReset, TriggerReason::ResetCommand, Some(ResetKind::OnIdle));
    assert!(text(&waited).contains(r#""reason":"SoftReset""#));
}

/// Part 2, StoppedReasonEnumType has no word for it, so 2.x must not see one.
#[test]
fn an_unlocked_transaction_ends_for_another_reason_in_2x() {
    let request = ended_by(StoppedReason::Other, TriggerReason::UnlockCommand, None);
    let text = written(Version::V201, &request).unwrap();
    assert!(text.contains(r#""triggerReason":"UnlockCommand""#) && text.contains(r#""stoppedReason":"Other""#));
}

/// §4.7.
#[test]
fn measurements_in_a_transaction_are_meter_values_and_other_updates_are_not_told() {
    let mut power = sample("7360", Some(Measurand::PowerActiveImport), "W");
    power.phase = Some(v2::Phase::L1);
    power.location = Some(v2::Location::Outlet);
    let updated = TransactionEvent {
        meter_values: measured(vec![power]),
        ..event(TransactionStage::Updated, TriggerReason::MeterValuePeriodic)
    };
    let expected = concat!(
        r#"[2,"1","MeterValues",{"connectorId":2,"meterValue":[{"timestamp":"2026-01-31T12:00:00.000Z","#,
        r#""sampledValue":[{"value":"7360","context":"Sample.Periodic","measurand":"Power.Active.Import","#,
        r#""phase":"L1","location":"Outlet","unit":"W"}]}],"transactionId":7}]"#,
    );
    assert_eq!(text(&transaction(updated)), expected);
    let silent = transaction(event(TransactionStage::Updated, TriggerReason::ChargingStateChanged));
    assert_eq!(write_request(ID, &silent, Names::default()), Ok(None));
}

#[test]
fn meter_values_of_the_main_meter_do_not_move_a_transaction() {
    let payload = concat!(
        concat!(r#"{"connectorId":0,"transactionId":7,"meterValue":[{"timestamp":"2026-01-31T12:00:00Z","#),
        r#""sampledValue":[{"value":"1"}]}]}"#
    );
    let event = read_event("MeterValues", payload);
    assert_eq!((event.evse, event.connector, event.register_wh), (None, None, Some(decimal("1"))));
}

#[test]
fn a_start_is_answered_with_its_id() {
    let started = transaction(event(TransactionStage::Started, TriggerReason::Authorized));
    let answer =
        Answer::Transaction(TransactionAnswer { id_token_info: Some(info("Accepted")), transaction: Some("7".into()) });
    assert_eq!(
        write_answer(ID, &started, &answer).unwrap(),
        concat!(
            concat!(r#"[3,"1",{"idTagInfo":{"status":"Accepted","expiryDate":"2026-01-31T12:00:00.000Z","#),
            r#""parentIdTag":"GROUP"},"transactionId":7}]"#
        )
    );
}
