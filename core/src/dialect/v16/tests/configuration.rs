use alloc::vec;

use pilotwire_messages::Version;

use super::super::super::tests::{ID, replied};
use super::super::keys::{KEYS, key_of, variable_of};
use super::super::{read_command, read_reply, write_command, write_reply};
use crate::domain::{Command, GetVariableStatus, Reply, VariableId, VariableQuery, VariableSetting, VariableValue};

fn known(key: &str, value: Option<&str>, read_only: bool) -> VariableValue {
    VariableValue {
        query: VariableQuery { id: variable_of(key), attribute: None },
        status: GetVariableStatus::Accepted,
        value: value.map(Into::into),
        read_only,
    }
}

/// §5.8.
#[test]
fn keys_are_asked_for_and_answered_by_name() {
    let command = read_command("GetConfiguration", r#"{"key":["heartbeatinterval","Own.Key","Käse"]}"#).unwrap();
    let Command::GetVariables(queries) = &command else { panic!() };
    assert!(queries[0].id.names(&VariableId::new("OCPPCommCtrlr", "HeartbeatInterval")));
    let mut unknown = known("Käse", None, false);
    unknown.status = GetVariableStatus::UnknownVariable;
    let reply = Reply::GetVariables(vec![
        known("HeartbeatInterval", Some("300"), false),
        known("Own.Key", Some("1"), true),
        unknown,
    ]);
    let expected = concat!(
        r#"[3,"1",{"configurationKey":[{"key":"HeartbeatInterval","readonly":false,"value":"300"},"#,
        r#"{"key":"Own.Key","readonly":true,"value":"1"}],"unknownKey":["Käse"]}]"#,
    );
    assert_eq!(write_reply(ID, &command, &reply).unwrap(), expected);
    let Reply::GetVariables(read) = replied(Version::V16, &command, &reply) else { panic!() };
    assert_eq!(read[1], known("Own.Key", Some("1"), true));
    assert_eq!((read.len(), &read[2].status), (3, &GetVariableStatus::UnknownVariable));
}

#[test]
fn all_keys_are_listed_secrets_without_their_values_and_variables_without_keys_not_at_all() {
    let mut secret = known("AuthorizationKey", Some("hush"), false);
    secret.status = GetVariableStatus::Rejected;
    let mut modern = known("X", Some("1"), false);
    modern.query.id = VariableId::new("TxCtrlr", "TxStartPoint");
    let reply = Reply::GetVariables(vec![secret, modern, known("NumberOfConnectors", Some("2"), true)]);
    assert_eq!(
        write_reply(ID, &Command::GetAllVariables, &reply).unwrap(),
        concat!(
            r#"[3,"1",{"configurationKey":[{"key":"AuthorizationKey","readonly":false},"#,
            r#"{"key":"NumberOfConnectors","readonly":true,"value":"2"}]}]"#,
        )
    );
    let read = read_reply(&Command::GetAllVariables, r#"{"configurationKey":[{"key":"CpoName","readonly":false}]}"#);
    assert_eq!(read, Ok(Reply::GetVariables(vec![known("CpoName", None, false)])));
    assert_eq!(read_command("GetConfiguration", r#"{"key":[]}"#), Ok(Command::GetAllVariables));
}

#[test]
fn a_station_that_lists_keys_in_another_order_is_understood() {
    let command = Command::GetVariables(vec![
        known("ResetRetries", None, false).query,
        known("HeartbeatInterval", None, false).query,
    ]);
    let payload = concat!(
        r#"{"configurationKey":[{"key":"More","readonly":true},"#,
        r#"{"key":"HEARTBEATINTERVAL","readonly":false,"value":"1"}]}"#,
    );
    let Ok(Reply::GetVariables(read)) = read_reply(&command, payload) else { panic!() };
    assert_eq!(read[0].status, GetVariableStatus::UnknownVariable);
    assert_eq!(read[1], known("HeartbeatInterval", Some("1"), false));
    assert_eq!(read[2], known("More", None, true));
}

/// §9: every key of the table names its own variable, and the variable its key.
#[test]
fn keys_and_variables_name_each_other() {
    for (key, ..) in KEYS {
        let id = variable_of(&key.to_ascii_uppercase());
        assert_eq!(key_of(&id).as_deref(), Some(*key));
    }
    let attempts = variable_of("TransactionMessageAttempts");
    assert_eq!(alloc::format!("{attempts}"), "OCPPCommCtrlr.MessageAttempts[TransactionEvent]");
    assert_eq!(key_of(&VariableId::new("OCPPCommCtrlr", "MessageAttempts")), None);
    let own = variable_of("SupportedFeatureProfiles");
    assert_eq!(alloc::format!("{own}"), "OCPP16.SupportedFeatureProfiles");
}

/// §5.3.
#[test]
fn one_key_is_set_at_a_time() {
    let command = Command::SetVariables(vec![VariableSetting {
        id: VariableId::new("SampledDataCtrlr", "TxUpdatedInterval"),
        attribute: None,
        value: "60".into(),
    }]);
    assert_eq!(
        write_command(ID, &command).unwrap(),
        r#"[2,"1","ChangeConfiguration",{"key":"MeterValueSampleInterval","value":"60"}]"#
    );
}
