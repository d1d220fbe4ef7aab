//! GetConfiguration and ChangeConfiguration (§5.3, §5.8): variables by their keys.

use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::{ErrorCode, Text, v16};

use super::super::Refusal;
use super::keys::{key_of, variable_of};
use crate::domain::{
    AttributeKind, GetVariableStatus, SetVariableStatus, VariableId, VariableQuery, VariableResult, VariableSetting,
    VariableValue,
};

/// The key of what is asked for or set.
fn key_for(id: &VariableId, attribute: Option<&AttributeKind>) -> Result<Text, Refusal> {
    if attribute.is_some_and(|kind| *kind != AttributeKind::Actual) {
        return Err(Refusal::unsupported("1.6 knows actual values only"));
    }
    key_of(id).ok_or_else(|| Refusal::unsupported(format!("1.6 has no key for {id}")))
}

pub(super) fn queries_out(queries: &[VariableQuery]) -> Result<v16::GetConfigurationRequest, Refusal> {
    if queries.is_empty() {
        // An empty list of keys asks for all of them.
        return Err(Refusal { code: ErrorCode::OccurrenceConstraintViolation, text: "/key: is empty".into() });
    }
    let keys: Result<Vec<_>, _> = queries.iter().map(|query| key_for(&query.id, query.attribute.as_ref())).collect();
    let mut payload = v16::GetConfigurationRequest::new();
    payload.key = Some(keys?);
    Ok(payload)
}

pub(super) fn query_in(key: &Text) -> VariableQuery {
    VariableQuery { id: variable_of(key), attribute: None }
}

/// §5.8. Variables without a key are not listed: 1.6 does not know them. What may not be read (B06.FR.09) is listed
/// without its value.
pub(super) fn values_out(values: &[VariableValue]) -> v16::GetConfigurationResponse {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for value in values {
        let Some(key) = key_of(&value.query.id) else { continue };
        match value.status {
            GetVariableStatus::Accepted | GetVariableStatus::Rejected => {
                // Whitepaper §7.6: 1.6 raises by a key what 2.x derives from the network connection profile.
                let read_only = value.read_only && key != "SecurityProfile";
                let mut entry = v16::KeyValue::new(key, read_only);
                entry.value = value.value.clone().filter(|_| value.status == GetVariableStatus::Accepted);
                known.push(entry);
            }
            _ => unknown.push(key),
        }
    }
    let mut payload = v16::GetConfigurationResponse::new();
    payload.configuration_key = Some(known).filter(|known| !known.is_empty());
    payload.unknown_key = Some(unknown).filter(|unknown| !unknown.is_empty());
    payload
}

/// The answers to `queries`, in their order; what the station tells beyond them follows.
pub(super) fn values_in(queries: &[VariableQuery], payload: v16::GetConfigurationResponse) -> Vec<VariableValue> {
    let mut listed: Vec<VariableValue> =
        payload.configuration_key.unwrap_or_default().into_iter().map(value_in).collect();
    let mut values: Vec<VariableValue> = Vec::with_capacity(queries.len().max(listed.len()));
    for query in queries {
        let found = listed.iter().position(|value| value.query.id.names(&query.id));
        values.push(match found {
            Some(at) => VariableValue { query: query.clone(), ..listed.remove(at) },
            None => VariableValue {
                query: query.clone(),
                status: GetVariableStatus::UnknownVariable,
                value: None,
                read_only: false,
            },
        });
    }
    values.append(&mut listed);
    values
}

fn value_in(entry: v16::KeyValue) -> VariableValue {
    VariableValue {
        query: query_in(&entry.key),
        status: GetVariableStatus::Accepted,
        value: entry.value,
        read_only: entry.readonly,
    }
}

/// §5.3: one key at a time.
pub(super) fn setting_out(settings: &[VariableSetting]) -> Result<v16::ChangeConfigurationRequest, Refusal> {
    let [setting] = settings else {
        return Err(Refusal::unsupported("1.6 sets one variable at a time"));
    };
    let key = key_for(&setting.id, setting.attribute.as_ref())?;
    Ok(v16::ChangeConfigurationRequest::new(key, setting.value.clone()))
}

pub(super) fn setting_in(payload: v16::ChangeConfigurationRequest) -> VariableSetting {
    VariableSetting { id: variable_of(&payload.key), attribute: None, value: payload.value }
}

pub(super) fn outcome_out(outcomes: &[VariableResult]) -> Result<v16::ChangeConfigurationResponse, Refusal> {
    let [outcome] = outcomes else {
        return Err(Refusal::mismatch());
    };
    let status = match outcome.status {
        SetVariableStatus::Accepted => v16::ConfigurationStatus::Accepted,
        SetVariableStatus::RebootRequired => v16::ConfigurationStatus::RebootRequired,
        SetVariableStatus::UnknownComponent
        | SetVariableStatus::UnknownVariable
        | SetVariableStatus::NotSupportedAttributeType => v16::ConfigurationStatus::NotSupported,
        SetVariableStatus::Rejected | SetVariableStatus::Unlisted(_) => v16::ConfigurationStatus::Rejected,
    };
    Ok(v16::ChangeConfigurationResponse::new(status))
}

pub(super) fn outcome_in(settings: &[VariableSetting], status: &v16::ConfigurationStatus) -> Vec<VariableResult> {
    let status = match status {
        v16::ConfigurationStatus::Accepted => SetVariableStatus::Accepted,
        v16::ConfigurationStatus::RebootRequired => SetVariableStatus::RebootRequired,
        v16::ConfigurationStatus::NotSupported => SetVariableStatus::UnknownVariable,
        v16::ConfigurationStatus::Rejected | v16::ConfigurationStatus::Unlisted(_) => SetVariableStatus::Rejected,
    };
    let outcome = |setting: &VariableSetting| VariableResult {
        id: setting.id.clone(),
        attribute: setting.attribute.clone(),
        status: status.clone(),
    };
    settings.iter().map(outcome).collect()
}
