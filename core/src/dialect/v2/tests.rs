//! The exact texts of the messages that matter most.

use alloc::boxed::Box;
use alloc::vec;

use pilotwire_messages::{Version, v2};

use super::super::tests::{ID, card, event, measured, noon, sample, written};
use super::{read_command, read_request, write_command, write_reply};
use crate::domain::{
    ChargingState, Command, ConnectorReport, ConnectorStatus, EvseId, GetVariableStatus, Measurand, Occupation,
    ReadingContext, Reply, ReportPart, ReportedVariable, Request, ResetKind, StoppedReason, TransactionEvent,
    TransactionStage, TriggerReason, VariableId, VariableQuery, VariableValue,
};

const V: Version = Version::V201;

/// E01, E02.
#[test]
fn a_start_tells_what_is_known() {
    let mut register = sample("1234.5", Some(Measurand::EnergyActiveImportRegister), "Wh");
    register.context = Some(ReadingContext::TransactionBegin);
    let started = TransactionEvent {
        seq_no: Some(0),
        offline: true,
        charging_state: Some(ChargingState::EVConnected),
        id_token: Some(card("AB12")),
        remote_start_id: Some(5),
        meter_values: measured(vec![register]),
        ..event(TransactionStage::Started, TriggerReason::RemoteStart)
    };
    let expected = concat!(
        r#"[2,"1","TransactionEvent",{"eventType":"Started","timestamp":"2026-01-31T12:00:00.000Z","#,
        r#""triggerReason":"RemoteStart","seqNo":0,"transactionInfo":{"transactionId":"tx-1","#,
        r#""chargingState":"EVConnected","remoteStartId":5},"meterValue":[{"timestamp":"2026-01-31T12:00:00.000Z","#,
        r#""sampledValue":[{"value":1234.5,"measurand":"Energy.Active.Import.Register","context":"Transaction.Begin","#,
        r#""unitOfMeasure":{"unit":"Wh"}}]}],"offline":true,"evse":{"id":2,"connectorId":1},"#,
        r#""idToken":{"idToken":"AB12","type":"ISO14443"}}]"#,
    );
    assert_eq!(written(V, &Request::Transaction(Box::new(started))).unwrap(), expected);
}

/// E06: the register is in the meter values alone, and how 1.6 would name the reset is not told.
#[test]
fn an_end_tells_its_reason() {
    let ended = TransactionEvent {
        stopped_reason: Some(StoppedReason::ImmediateReset),
        reset: Some(ResetKind::Graceful),
        ..event(TransactionStage::Ended, TriggerReason::ResetCommand)
    };
    let expected = concat!(
        r#"[2,"1","TransactionEvent",{"eventType":"Ended","timestamp":"2026-01-31T12:00:00.000Z","#,
        r#""triggerReason":"ResetCommand","seqNo":3,"#,
        concat!(
            r#""transactionInfo":{"transactionId":"tx-1","stoppedReason":"ImmediateReset"},"evse":{"id":2,"#,
            r#""connectorId":1}}]"#
        ),
    );
    assert_eq!(written(V, &Request::Transaction(Box::new(ended))).unwrap(), expected);
}

/// G01.
#[test]
fn every_status_of_a_connector_is_told() {
    for word in ConnectorStatus::WORDS {
        let report = ConnectorReport {
            evse: EvseId(1),
            connector: 2,
            at: Some(noon()),
            status: ConnectorStatus::from_word(word),
            occupation: Occupation::Charging,
            problem: None,
        };
        let expected = alloc::format!(
            concat!(
                r#"[2,"1","StatusNotification",{{"timestamp":"2026-01-31T12:00:00.000Z","connectorStatus":"{}","#,
                r#""evseId":1,"connectorId":2}}]"#
            ),
            word
        );
        assert_eq!(written(V, &Request::Status(report)).unwrap(), expected);
    }
}

/// B07.
#[test]
fn a_part_of_a_report_tells_actual_values() {
    let variable = ReportedVariable {
        id: VariableId::new("OCPPCommCtrlr", "HeartbeatInterval"),
        value: Some("300".into()),
        mutability: v2::Mutability::ReadWrite,
        data_type: v2::DataKind::Integer,
        unit: Some("s".into()),
        persistent: true,
        values_list: None,
        max_limit: None,
    };
    let part = ReportPart {
        request_id: 4,
        seq_no: 0,
        to_be_continued: false,
        generated_at: noon(),
        variables: vec![variable],
    };
    let expected = concat!(
        r#"[2,"1","NotifyReport",{"requestId":4,"generatedAt":"2026-01-31T12:00:00.000Z","seqNo":0,"tbc":false,"#,
        r#""reportData":[{"component":{"name":"OCPPCommCtrlr"},"variable":{"name":"HeartbeatInterval"},"#,
        r#""variableAttribute":[{"type":"Actual","value":"300","mutability":"ReadWrite","persistent":true,"#,
        concat!(
            r#""constant":false}],"variableCharacteristics":{"dataType":"integer","supportsMonitoring":false,"#,
            r#""unit":"s"}}]}]"#
        ),
    );
    assert_eq!(written(V, &Request::Report(part)).unwrap(), expected);
}

#[test]
fn of_a_reported_variable_the_actual_value_is_taken() {
    let payload = |attributes: &str| {
        alloc::format!(
            concat!(
                r#"{{"requestId":1,"generatedAt":"2026-01-31T12:00:00Z","seqNo":0,"#,
                r#""reportData":[{{"component":{{"name":"C"}},"variable":{{"name":"V"}},"#,
                r#""variableAttribute":[{}]}}]}}"#
            ),
            attributes
        )
    };
    let read = |attributes: &str| match read_request(V, "NotifyReport", &payload(attributes)).unwrap() {
        Request::Report(mut part) => part.variables.remove(0),
        other => panic!("{other:?}"),
    };
    let several = read(r#"{"type":"Target","value":"1"},{"value":"2","persistent":true}"#);
    assert_eq!((several.value.as_deref(), several.persistent), (Some("2"), true));
    assert_eq!((several.mutability, several.data_type), (v2::Mutability::ReadWrite, v2::DataKind::String));
    let without = read(r#"{"type":"Target","value":"1","mutability":"ReadOnly"}"#);
    assert_eq!((without.value, without.mutability), (None, v2::Mutability::ReadOnly));
}

/// Part 2, GetVariableResultType.
#[test]
fn a_variable_has_a_value_only_if_it_was_accepted() {
    let value = |status, value: Option<&str>| VariableValue {
        query: VariableQuery { id: VariableId::new("C", "V").instance("I"), attribute: None },
        status,
        value: value.map(Into::into),
        read_only: true,
    };
    let command = Command::GetVariables(vec![]);
    let reply = Reply::GetVariables(vec![
        value(GetVariableStatus::Accepted, None),
        value(GetVariableStatus::Rejected, Some("hush")),
    ]);
    let address = r#""component":{"name":"C"},"variable":{"name":"V","instance":"I"}"#;
    let expected = alloc::format!(
        concat!(
            r#"[3,"1",{{"getVariableResult":[{{"attributeStatus":"Accepted",{},"attributeValue":""}},"#,
            r#"{{"attributeStatus":"Rejected",{}}}]}}]"#
        ),
        address,
        address
    );
    assert_eq!(write_reply(V, ID, &command, &reply).unwrap(), expected);
}

/// F01.
#[test]
fn a_remote_start_tells_for_whom_and_where() {
    let start =
        Command::RequestStart { evse: Some(EvseId(1)), token: card("AB12"), remote_start_id: Some(9), profile: None };
    assert_eq!(
        write_command(V, ID, &start).unwrap(),
        concat!(
            r#"[2,"1","RequestStartTransaction",{"idToken":{"idToken":"AB12","type":"ISO14443"},"remoteStartId":9,"#,
            r#""evseId":1}]"#
        )
    );
}

#[test]
fn what_2_1_adds_is_read_there() {
    let payload = r#"{"requestedMessage":"CustomTrigger","customTrigger":"x"}"#;
    assert!(read_command(Version::V21, "TriggerMessage", payload).is_ok());
    assert!(read_command(Version::V201, "TriggerMessage", payload).is_err());
}
