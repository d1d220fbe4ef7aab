//! What a central system wants, and what the station replies.

use alloc::string::String;

use pilotwire_messages::{Text, Version, decode, v16};

use super::super::{Refusal, call, is_action, result};
use super::configuration::{
    outcome_in, outcome_out, queries_out, query_in, setting_in, setting_out, values_in, values_out,
};
use super::request::{message_answer_in, message_answer_out, message_in, message_out};
use super::{connector_of, connector_out, token_in, transaction_in, transaction_out};
use crate::domain::{
    ChangeAvailabilityStatus, Command, EvseId, MessageTrigger, Place, Reply, ResetKind, ResetStatus,
    TriggerMessageStatus, UnlockStatus,
};

const V: Version = Version::V16;

pub(crate) fn write_command(id: &str, command: &Command) -> Result<String, Refusal> {
    match command {
        Command::RequestStart { evse, token, remote_start_id: _ } => {
            let mut payload = v16::RemoteStartTransactionRequest::new(token.id_token.clone());
            payload.connector_id = evse.map(|evse| evse.0);
            call(V, id, &payload)
        }
        Command::RequestStop { transaction } => {
            let number = transaction_out(transaction)
                .ok_or_else(|| Refusal::value("transactionId", "1.6 names transactions by integers"))?;
            call(V, id, &v16::RemoteStopTransactionRequest::new(number))
        }
        Command::Trigger { message, place } => {
            let mut payload = v16::TriggerMessageRequest::new(trigger_out(message)?);
            payload.connector_id = place.map(connector_out).transpose()?;
            call(V, id, &payload)
        }
        Command::Reset { evse: Some(evse), .. } if *evse != EvseId(0) => {
            Err(Refusal::unsupported("1.6 resets the whole station only"))
        }
        Command::Reset { kind, evse: _ } => {
            let kind = match kind {
                ResetKind::Immediate => v16::ResetKind::Hard,
                // 1.6 cannot wait for transactions to end; Soft at least ends them in good order.
                ResetKind::Graceful | ResetKind::OnIdle => v16::ResetKind::Soft,
            };
            call(V, id, &v16::ResetRequest::new(kind))
        }
        Command::ChangeAvailability { place, operative } => {
            let connector = place.map_or(Ok(0), connector_out)?;
            let kind = if *operative { v16::AvailabilityKind::Operative } else { v16::AvailabilityKind::Inoperative };
            call(V, id, &v16::ChangeAvailabilityRequest::new(connector, kind))
        }
        Command::Unlock { evse, connector, end_transaction: _ } => {
            let connector = connector_out(Place::connector(*evse, *connector))?;
            call(V, id, &v16::UnlockConnectorRequest::new(connector))
        }
        Command::GetVariables(queries) => call(V, id, &queries_out(queries)?),
        Command::GetAllVariables => call(V, id, &v16::GetConfigurationRequest::new()),
        Command::SetVariables(settings) => call(V, id, &setting_out(settings)?),
        Command::GetReport { .. } => Err(Refusal::unsupported("1.6 has no reports")),
        Command::DataTransfer(message) => call(V, id, &message_out(message)),
    }
}

pub(crate) fn read_command(action: &str, payload: &str) -> Result<Command, Refusal> {
    Ok(match action {
        "RemoteStartTransaction" => start_in(decode(payload, V)?),
        "RemoteStopTransaction" => {
            let stop: v16::RemoteStopTransactionRequest = decode(payload, V)?;
            Command::RequestStop { transaction: transaction_in(stop.transaction_id) }
        }
        "TriggerMessage" => {
            let trigger: v16::TriggerMessageRequest = decode(payload, V)?;
            let place = trigger.connector_id.map(EvseId).map(|evse| Place::connector(evse, connector_of(evse)));
            Command::Trigger { message: trigger_in(&trigger.requested_message), place }
        }
        "Reset" => {
            let is_hard = decode::<v16::ResetRequest>(payload, V)?.kind == v16::ResetKind::Hard;
            Command::Reset { kind: if is_hard { ResetKind::Immediate } else { ResetKind::Graceful }, evse: None }
        }
        "ChangeAvailability" => {
            let change: v16::ChangeAvailabilityRequest = decode(payload, V)?;
            let place = Some(EvseId(change.connector_id)).filter(|evse| *evse != EvseId(0)).map(Place::evse);
            Command::ChangeAvailability { place, operative: change.kind == v16::AvailabilityKind::Operative }
        }
        "UnlockConnector" => {
            let evse = EvseId(decode::<v16::UnlockConnectorRequest>(payload, V)?.connector_id);
            // §5.18: a transaction there is ended first.
            Command::Unlock { evse, connector: connector_of(evse), end_transaction: true }
        }
        "GetConfiguration" => queries_in(decode(payload, V)?),
        "ChangeConfiguration" => Command::SetVariables(alloc::vec![setting_in(decode(payload, V)?)]),
        "DataTransfer" => Command::DataTransfer(message_in(decode(payload, V)?)),
        _ => return Err(Refusal::unknown_action(action, is_action(V, v16::ACTIONS, action))),
    })
}

/// A profile for the transaction is ignored, as §5.11 wants it from those that do not support smart charging.
fn start_in(payload: v16::RemoteStartTransactionRequest) -> Command {
    Command::RequestStart {
        evse: payload.connector_id.map(EvseId),
        token: token_in(payload.id_tag),
        remote_start_id: None,
    }
}

/// §5.8: no key means every key.
fn queries_in(payload: v16::GetConfigurationRequest) -> Command {
    match payload.key.unwrap_or_default() {
        keys if keys.is_empty() => Command::GetAllVariables,
        keys => Command::GetVariables(keys.iter().map(query_in).collect()),
    }
}

/// 1.6's diagnostics are what 2.x calls logs.
fn trigger_out(message: &MessageTrigger) -> Result<v16::MessageTrigger, Refusal> {
    match message {
        MessageTrigger::LogStatusNotification => Ok(v16::MessageTrigger::DiagnosticsStatusNotification),
        message => match v16::MessageTrigger::from_word(message.as_str()) {
            v16::MessageTrigger::Unlisted(word) => {
                Err(Refusal::unsupported(alloc::format!("1.6 cannot trigger {}", Text::truncated(&word, 50))))
            }
            known => Ok(known),
        },
    }
}

fn trigger_in(message: &v16::MessageTrigger) -> MessageTrigger {
    match message {
        v16::MessageTrigger::DiagnosticsStatusNotification => MessageTrigger::LogStatusNotification,
        message => MessageTrigger::from_word(message.as_str()),
    }
}

fn start_stop_out(accepted: bool) -> v16::RemoteStartStopStatus {
    if accepted { v16::RemoteStartStopStatus::Accepted } else { v16::RemoteStartStopStatus::Rejected }
}

/// §7.46: `NotSupported` is for connectors that have no lock or do not exist.
fn unlock_out(status: &UnlockStatus) -> v16::UnlockStatus {
    match status {
        UnlockStatus::Unlocked => v16::UnlockStatus::Unlocked,
        UnlockStatus::UnknownConnector => v16::UnlockStatus::NotSupported,
        UnlockStatus::UnlockFailed | UnlockStatus::OngoingAuthorizedTransaction | UnlockStatus::Unlisted(_) => {
            v16::UnlockStatus::UnlockFailed
        }
    }
}

fn unlock_in(status: &v16::UnlockStatus) -> UnlockStatus {
    match status {
        v16::UnlockStatus::Unlocked => UnlockStatus::Unlocked,
        v16::UnlockStatus::NotSupported => UnlockStatus::UnknownConnector,
        v16::UnlockStatus::UnlockFailed | v16::UnlockStatus::Unlisted(_) => UnlockStatus::UnlockFailed,
    }
}

pub(crate) fn write_reply(id: &str, command: &Command, reply: &Reply) -> Result<String, Refusal> {
    match (command, reply) {
        (Command::RequestStart { .. }, Reply::RequestStart { accepted, transaction: _ }) => {
            result(V, id, &v16::RemoteStartTransactionResponse::new(start_stop_out(*accepted)))
        }
        (Command::RequestStop { .. }, Reply::RequestStop { accepted }) => {
            result(V, id, &v16::RemoteStopTransactionResponse::new(start_stop_out(*accepted)))
        }
        (Command::Trigger { .. }, Reply::Trigger(status)) => {
            let status = v16::TriggerMessageStatus::from_word(status.as_str());
            result(V, id, &v16::TriggerMessageResponse::new(status))
        }
        (Command::Reset { .. }, Reply::Reset(status)) => {
            let status = match status {
                // A reset that waits is one that comes.
                ResetStatus::Accepted | ResetStatus::Scheduled => v16::ResetStatus::Accepted,
                ResetStatus::Rejected | ResetStatus::Unlisted(_) => v16::ResetStatus::Rejected,
            };
            result(V, id, &v16::ResetResponse::new(status))
        }
        (Command::ChangeAvailability { .. }, Reply::ChangeAvailability(status)) => {
            let status = v16::AvailabilityStatus::from_word(status.as_str());
            result(V, id, &v16::ChangeAvailabilityResponse::new(status))
        }
        (Command::Unlock { .. }, Reply::Unlock(status)) => {
            result(V, id, &v16::UnlockConnectorResponse::new(unlock_out(status)))
        }
        (Command::GetVariables(_) | Command::GetAllVariables, Reply::GetVariables(values)) => {
            result(V, id, &values_out(values))
        }
        (Command::SetVariables(_), Reply::SetVariables(outcomes)) => result(V, id, &outcome_out(outcomes)?),
        (Command::DataTransfer(_), Reply::DataTransfer(answer)) => result(V, id, &message_answer_out(answer)),
        _ => Err(Refusal::mismatch()),
    }
}

pub(crate) fn read_reply(command: &Command, payload: &str) -> Result<Reply, Refusal> {
    Ok(match command {
        Command::RequestStart { .. } => {
            let status = decode::<v16::RemoteStartTransactionResponse>(payload, V)?.status;
            Reply::RequestStart { accepted: status == v16::RemoteStartStopStatus::Accepted, transaction: None }
        }
        Command::RequestStop { .. } => {
            let status = decode::<v16::RemoteStopTransactionResponse>(payload, V)?.status;
            Reply::RequestStop { accepted: status == v16::RemoteStartStopStatus::Accepted }
        }
        Command::Trigger { .. } => {
            let status = decode::<v16::TriggerMessageResponse>(payload, V)?.status;
            Reply::Trigger(TriggerMessageStatus::from_word(status.as_str()))
        }
        Command::Reset { .. } => {
            Reply::Reset(ResetStatus::from_word(decode::<v16::ResetResponse>(payload, V)?.status.as_str()))
        }
        Command::ChangeAvailability { .. } => {
            let status = decode::<v16::ChangeAvailabilityResponse>(payload, V)?.status;
            Reply::ChangeAvailability(ChangeAvailabilityStatus::from_word(status.as_str()))
        }
        Command::Unlock { .. } => Reply::Unlock(unlock_in(&decode::<v16::UnlockConnectorResponse>(payload, V)?.status)),
        Command::GetVariables(queries) => Reply::GetVariables(values_in(queries, decode(payload, V)?)),
        Command::GetAllVariables => Reply::GetVariables(values_in(&[], decode(payload, V)?)),
        Command::SetVariables(settings) => {
            let status = decode::<v16::ChangeConfigurationResponse>(payload, V)?.status;
            Reply::SetVariables(outcome_in(settings, &status))
        }
        Command::GetReport { .. } => return Err(Refusal::mismatch()),
        Command::DataTransfer(_) => Reply::DataTransfer(message_answer_in(decode(payload, V)?)),
    })
}
