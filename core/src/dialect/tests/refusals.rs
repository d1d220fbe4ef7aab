use alloc::boxed::Box;
use alloc::vec;

use pilotwire_messages::{Text, Version};

use super::super::{
    Names, Refusal, read_command, read_reply, read_request, write_answer, write_command, write_request,
};
use super::{ID, NAMES, card, event, info, measured, sample};
use crate::domain::{
    Answer, Command, ConnectorReport, ConnectorStatus, EvseId, Measurand, MessageTrigger, Occupation, Place,
    ReportBase, Request, ResetKind, StoppedReason, TransactionAnswer, TransactionStage, TriggerReason, VariableId,
    VariableQuery, VariableSetting,
};

/// The code as this edition spells it, and the text.
fn code<T: core::fmt::Debug>(version: Version, outcome: Result<T, Refusal>) -> (&'static str, alloc::string::String) {
    let refusal = outcome.unwrap_err();
    (refusal.code.name(version), refusal.text)
}

#[test]
fn actions_that_the_edition_has_are_not_supported_and_others_not_implemented() {
    for version in Version::ALL {
        let name = |action: &str| code(version, read_request(version, action, "{}")).0;
        let unsaid = if version == Version::V16 { "FirmwareStatusNotification" } else { "NotifyMonitoringReport" };
        assert_eq!(name(unsaid), "NotSupported");
        assert_eq!(name("Reset"), "NotSupported", "it is the CSMS that sends it");
        assert_eq!(name("MakeCoffee"), "NotImplemented");
        assert_eq!(code(version, read_command(version, "Heartbeat", "{}")).0, "NotSupported");
        let long = "x".repeat(500);
        assert!(code(version, read_command(version, &long, "{}")).1.len() < 100);
    }
    assert_eq!(code(Version::V16, read_request(Version::V16, "TransactionEvent", "{}")).0, "NotImplemented");
    assert_eq!(code(Version::V21, read_request(Version::V21, "StartTransaction", "{}")).0, "NotImplemented");
}

#[test]
fn bad_payloads_get_the_code_that_the_edition_spells() {
    let start = r#"{"connectorId":"1","idTag":"A","meterStart":0,"timestamp":"2026-01-31T12:00:00Z"}"#;
    let read = |action, payload| code(Version::V16, read_request(Version::V16, action, payload));
    let (name, text) = read("StartTransaction", start);
    assert_eq!(name, "TypeConstraintViolation");
    assert!(text.starts_with("/connectorId"), "{text}");
    assert_eq!(read("Authorize", "{}").0, "OccurenceConstraintViolation");
    assert_eq!(read("Authorize", r#"{"idTag":"123456789012345678901"}"#).0, "PropertyConstraintViolation");
    assert_eq!(read("Authorize", r#"{"idTag":"1","more":1}"#).0, "FormationViolation");

    for version in [Version::V201, Version::V21] {
        let read = |action, payload| code(version, read_request(version, action, payload));
        assert_eq!(read("Authorize", "{}").0, "OccurrenceConstraintViolation");
        let number = r#"{"idToken":{"idToken":1,"type":"ISO14443"}}"#;
        assert_eq!(read("Authorize", number).0, "TypeConstraintViolation");
        let (name, text) = read("MeterValues", r#"{"evseId":1,"meterValue":[]}"#);
        assert_eq!(name, "OccurrenceConstraintViolation");
        assert!(text.starts_with("/meterValue"), "{text}");
        assert_eq!(read("Heartbeat", r#"{"more":1}"#).0, "FormatViolation");
    }
}

#[test]
fn a_bad_answer_is_told_from_a_good_one() {
    let command = Command::RequestStop { transaction: "7".into() };
    for version in Version::ALL {
        let outcome = read_reply(version, &command, r#"{"status":"Perhaps"}"#);
        assert_eq!(code(version, outcome).0, "PropertyConstraintViolation");
    }
}

#[test]
fn what_does_not_fit_the_edition_never_leaves() {
    let tag = "1".repeat(21);
    let authorize = Request::Authorize(card(&tag));
    let (name, text) = code(Version::V16, write_request(Version::V16, ID, &authorize, NAMES));
    assert_eq!(name, "PropertyConstraintViolation");
    assert!(text.contains("/idTag"), "{text}");
    assert!(write_request(Version::V201, ID, &authorize, NAMES).is_ok());

    let mut limited = event(TransactionStage::Updated, TriggerReason::CostLimitReached);
    limited.stopped_reason = Some(StoppedReason::Local);
    let limited = Request::Transaction(Box::new(limited));
    let (_, text) = code(Version::V201, write_request(Version::V201, ID, &limited, NAMES));
    assert!(text.contains("/triggerReason"), "{text}");
    assert!(write_request(Version::V21, ID, &limited, NAMES).is_ok());
}

/// 1.6 may leave out the time of a status, 2.x may not.
#[test]
fn a_status_without_a_time_is_no_status_of_2x() {
    let report = Request::Status(ConnectorReport {
        evse: EvseId(1),
        connector: 1,
        at: None,
        status: ConnectorStatus::Available,
        occupation: Occupation::Free,
        problem: None,
    });
    let (_, text) = code(Version::V201, write_request(Version::V201, ID, &report, NAMES));
    assert_eq!(text, "/timestamp: is missing");
    assert_eq!(super::heard(Version::V16, &report), report);
}

#[test]
fn an_event_without_what_the_edition_requires_is_refused() {
    let refused = |version, event: crate::domain::TransactionEvent, names| {
        code(version, write_request(version, ID, &Request::Transaction(Box::new(event)), names)).1
    };
    let mut unnumbered = event(TransactionStage::Started, TriggerReason::Authorized);
    unnumbered.seq_no = None;
    assert_eq!(refused(Version::V201, unnumbered, NAMES), "/seqNo: is missing");

    let started = event(TransactionStage::Started, TriggerReason::Authorized);
    assert_eq!(refused(Version::V16, started.clone(), NAMES), "/idTag: is missing");
    let nowhere = crate::domain::TransactionEvent { evse: None, ..started };
    assert_eq!(refused(Version::V16, nowhere, NAMES), "/connectorId: is missing");

    let mut updated = event(TransactionStage::Updated, TriggerReason::MeterValuePeriodic);
    updated.meter_values = measured(vec![sample("1", None, "Wh")]);
    let ended = event(TransactionStage::Ended, TriggerReason::StopAuthorized);
    for event in [updated, ended] {
        // Errata 4.0 §3.18: billing data is told even if its start was not.
        let request = Request::Transaction(Box::new(event.clone()));
        let unnamed = write_request(Version::V16, ID, &request, Names::default()).ok().flatten();
        assert!(unnamed.as_ref().is_some_and(|text| text.contains("\"transactionId\":-1")), "{unnamed:?}");
        let names = Names { csms_transaction: Some("tx-7") };
        assert_eq!(refused(Version::V16, event, names), "/transactionId: tx-7 is no integer");
    }
}

#[test]
fn the_answer_to_a_start_of_1_6_needs_an_integer_id_and_a_verdict() {
    let mut started = event(TransactionStage::Started, TriggerReason::Authorized);
    started.id_token = Some(card("A"));
    let request = Request::Transaction(Box::new(started));
    let refused = |id_token_info, transaction: Option<&str>| {
        let transaction = transaction.map(Text::new);
        let answer = Answer::Transaction(TransactionAnswer { id_token_info, transaction });
        code(Version::V16, write_answer(Version::V16, ID, &request, &answer)).1
    };
    assert_eq!(refused(Some(info("Accepted")), None), "/transactionId: is missing");
    assert_eq!(refused(Some(info("Accepted")), Some("x")), "/transactionId: is no integer");
    assert_eq!(refused(None, Some("7")), "/idTagInfo: is missing");
}

#[test]
fn commands_that_an_edition_does_not_have_are_refused() {
    let refused = |version, command: Command| code(version, write_command(version, ID, &command)).0;
    let id = || VariableId::new("OCPPCommCtrlr", "HeartbeatInterval");
    let setting = || VariableSetting { id: id(), attribute: None, value: "1".into() };
    for version in [Version::V201, Version::V21] {
        assert_eq!(refused(version, Command::GetAllVariables), "NotSupported");
        assert_eq!(refused(version, Command::GetVariables(vec![])), "OccurrenceConstraintViolation");
    }
    for command in [
        Command::GetReport { request_id: 1, base: ReportBase::FullInventory },
        Command::Trigger { message: MessageTrigger::TransactionEvent, place: None },
        Command::Trigger { message: MessageTrigger::MeterValues, place: Some(Place::connector(EvseId(1), 2)) },
        Command::Reset { kind: ResetKind::Immediate, evse: Some(EvseId(1)) },
        Command::SetVariables(vec![setting(), setting()]),
        Command::GetVariables(vec![VariableQuery { id: VariableId::new("TxCtrlr", "TxStartPoint"), attribute: None }]),
    ] {
        assert_eq!(refused(Version::V16, command), "NotSupported");
    }
    assert_eq!(refused(Version::V16, Command::GetVariables(vec![])), "OccurenceConstraintViolation");
    let stop = Command::RequestStop { transaction: "tx-1".into() };
    assert_eq!(refused(Version::V16, stop), "PropertyConstraintViolation");
}

/// 2.1 can resume transactions after a reset; this build cannot (B13).
#[test]
fn a_reset_with_resumption_is_refused() {
    let payload = r#"{"type":"ImmediateAndResume"}"#;
    assert_eq!(code(Version::V21, read_command(Version::V21, "Reset", payload)).0, "NotSupported");
    assert_eq!(code(Version::V201, read_command(Version::V201, "Reset", payload)).0, "PropertyConstraintViolation");
}

#[test]
fn an_answer_to_another_question_is_our_mistake() {
    for version in Version::ALL {
        let outcome = write_answer(version, ID, &Request::Heartbeat, &Answer::Done);
        assert_eq!(code(version, outcome).0, "InternalError");
    }
}

#[test]
fn a_measurand_of_2_1_does_not_go_to_a_2_0_1_csms() {
    let request = Request::MeterValues {
        evse: EvseId(1),
        values: measured(vec![sample("1", Some(Measurand::PowerImportOffered), "W")]),
    };
    let (name, text) = code(Version::V201, write_request(Version::V201, ID, &request, NAMES));
    assert_eq!(name, "PropertyConstraintViolation");
    assert!(text.contains("/meterValue/0/sampledValue/0/measurand"), "{text}");
    assert!(write_request(Version::V21, ID, &request, NAMES).is_ok());
}
