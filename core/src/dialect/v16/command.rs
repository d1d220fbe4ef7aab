//! What a central system wants, and what the station replies.

use alloc::boxed::Box;
use alloc::string::String;

use pilotwire_messages::{Text, Version, decode, v16};

use super::super::{Refusal, call, is_action, result};
use super::certificates;
use super::charging::{clear_in, clear_out, composite_in, composite_out, profile_in, profile_out};
use super::configuration::{
    outcome_in, outcome_out, queries_out, query_in, setting_in, setting_out, values_in, values_out,
};
use super::files;
use super::request::{message_answer_in, message_answer_out, message_in, message_out};
use super::{connector_of, connector_out, token_in, transaction_in, transaction_out};
use crate::charging::Reason;
use crate::domain::{
    ChangeAvailabilityStatus, ChargingRateUnit, Command, CompositeQuery, EvseId, MessageTrigger, Place, Reply,
    ResetKind, ResetStatus, TriggerMessageStatus, UnlockStatus,
};

const V: Version = Version::V16;

pub(crate) fn write_command(id: &str, command: &Command) -> Result<String, Refusal> {
    match command {
        Command::RequestStart { evse, token, remote_start_id: _, profile } => {
            let mut payload = v16::RemoteStartTransactionRequest::new(token.id_token.clone());
            payload.connector_id = evse.map(|evse| evse.0);
            payload.charging_profile = profile.as_deref().map(profile_out).transpose()?.map(Box::new);
            call(V, id, &payload)
        }
        Command::RequestStop { transaction } => {
            let number = transaction_out(transaction)
                .ok_or_else(|| Refusal::value("transactionId", "1.6 names transactions by integers"))?;
            call(V, id, &v16::RemoteStopTransactionRequest::new(number))
        }
        Command::Trigger { message, place: _ } if extended_trigger_out(message).is_some() => {
            let message = extended_trigger_out(message).ok_or_else(Refusal::mismatch)?;
            call(V, id, &v16::ExtendedTriggerMessageRequest::new(message))
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
        Command::SetChargingProfile { evse, profile } => {
            call(V, id, &v16::SetChargingProfileRequest::new(evse.0, profile_out(profile)?))
        }
        Command::ClearChargingProfile(criteria) => call(V, id, &clear_out(criteria)?),
        Command::GetChargingProfiles { .. } => Err(Refusal::unsupported("1.6 does not report profiles")),
        Command::GetCompositeSchedule(query) => {
            let mut payload = v16::GetCompositeScheduleRequest::new(query.evse.0, query.duration_s);
            payload.charging_rate_unit =
                query.unit.as_ref().map(|unit| v16::ChargingRateUnit::from_word(unit.as_str()));
            call(V, id, &payload)
        }
        Command::SetNetworkProfile { .. } => Err(Refusal::unsupported("1.6 has no network connection profiles")),
        Command::CertificateSigned { .. }
        | Command::InstallCertificate { .. }
        | Command::InstalledCertificates { .. }
        | Command::DeleteCertificate(_) => certificates::write_command(id, command),
        Command::GetLog(log) => call(V, id, &files::log_out(log)?),
        Command::UpdateFirmware(update) => call(V, id, &files::firmware_out(update)?),
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
        "ExtendedTriggerMessage" => {
            let trigger: v16::ExtendedTriggerMessageRequest = decode(payload, V)?;
            let place = trigger.connector_id.map(EvseId).map(|evse| Place::connector(evse, connector_of(evse)));
            Command::Trigger { message: extended_trigger_in(&trigger.requested_message), place }
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
        "SetChargingProfile" => {
            let set: v16::SetChargingProfileRequest = decode(payload, V)?;
            let profile = Box::new(profile_in(set.cs_charging_profiles));
            Command::SetChargingProfile { evse: EvseId(set.connector_id), profile }
        }
        "ClearChargingProfile" => Command::ClearChargingProfile(clear_in(&decode(payload, V)?)),
        "GetCompositeSchedule" => {
            let get: v16::GetCompositeScheduleRequest = decode(payload, V)?;
            let unit = get.charging_rate_unit.map(|unit| ChargingRateUnit::from_word(unit.as_str()));
            Command::GetCompositeSchedule(CompositeQuery {
                evse: EvseId(get.connector_id),
                duration_s: get.duration,
                unit,
            })
        }
        "CertificateSigned" => certificates::signed_in(decode(payload, V)?),
        "InstallCertificate" => certificates::install_in(decode(payload, V)?),
        "GetInstalledCertificateIds" => certificates::list_in(&decode(payload, V)?),
        "DeleteCertificate" => certificates::delete_in(decode(payload, V)?),
        "GetLog" => files::log_in(decode(payload, V)?),
        "SignedUpdateFirmware" => files::firmware_in(decode(payload, V)?),
        _ => return Err(Refusal::unknown_action(action, is_action(V, v16::ACTIONS, action))),
    })
}

fn start_in(payload: v16::RemoteStartTransactionRequest) -> Command {
    Command::RequestStart {
        evse: payload.connector_id.map(EvseId),
        token: token_in(payload.id_tag),
        remote_start_id: None,
        profile: payload.charging_profile.map(|profile| Box::new(profile_in(*profile))),
    }
}

/// §5.8: no key means every key.
fn queries_in(payload: v16::GetConfigurationRequest) -> Command {
    match payload.key.unwrap_or_default() {
        keys if keys.is_empty() => Command::GetAllVariables,
        keys => Command::GetVariables(keys.iter().map(query_in).collect()),
    }
}

fn trigger_out(message: &MessageTrigger) -> Result<v16::MessageTrigger, Refusal> {
    match v16::MessageTrigger::from_word(message.as_str()) {
        v16::MessageTrigger::Unlisted(word) => {
            Err(Refusal::unsupported(alloc::format!("1.6 cannot trigger {}", Text::truncated(&word, 50))))
        }
        known => Ok(known),
    }
}

/// The trigger of §5.17 asks for messages of diagnostics and of unsigned firmware, which are others than those of the
/// whitepaper, and which nobody here sends.
fn trigger_in(message: &v16::MessageTrigger) -> MessageTrigger {
    match message {
        v16::MessageTrigger::DiagnosticsStatusNotification | v16::MessageTrigger::FirmwareStatusNotification => {
            MessageTrigger::Unlisted(message.as_str().into())
        }
        message => MessageTrigger::from_word(message.as_str()),
    }
}

/// What only the whitepaper's trigger has (A02, L01, N01).
fn extended_trigger_out(message: &MessageTrigger) -> Option<v16::ExtendedMessageTrigger> {
    match message {
        MessageTrigger::SignChargingStationCertificate => Some(v16::ExtendedMessageTrigger::SignChargePointCertificate),
        MessageTrigger::LogStatusNotification => Some(v16::ExtendedMessageTrigger::LogStatusNotification),
        MessageTrigger::FirmwareStatusNotification => Some(v16::ExtendedMessageTrigger::FirmwareStatusNotification),
        _ => None,
    }
}

fn extended_trigger_in(message: &v16::ExtendedMessageTrigger) -> MessageTrigger {
    match message {
        v16::ExtendedMessageTrigger::SignChargePointCertificate => MessageTrigger::SignChargingStationCertificate,
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
        (Command::Reset { .. }, Reply::Reset { status, why: _ }) => {
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
        (Command::SetChargingProfile { .. }, Reply::SetChargingProfile { accepted, why }) => {
            // Errata 3.39: a connector that does not exist is an error, not a rejection.
            if why.as_ref().is_some_and(|why| why.reason_code == Reason::UnknownEvse.code()) {
                return Err(Refusal::value("connectorId", "there is no such connector"));
            }
            let status =
                if *accepted { v16::ChargingProfileStatus::Accepted } else { v16::ChargingProfileStatus::Rejected };
            result(V, id, &v16::SetChargingProfileResponse::new(status))
        }
        (Command::ClearChargingProfile(_), Reply::ClearChargingProfile { any }) => {
            let known = v16::ClearChargingProfileStatus::Accepted;
            let status = if *any { known } else { v16::ClearChargingProfileStatus::Unknown };
            result(V, id, &v16::ClearChargingProfileResponse::new(status))
        }
        (Command::GetCompositeSchedule(_), Reply::GetCompositeSchedule { schedule, why: _ }) => match schedule {
            Some(schedule) => result(V, id, &composite_out(schedule)?),
            None => {
                let rejected = v16::GetCompositeScheduleStatus::Rejected;
                result(V, id, &v16::GetCompositeScheduleResponse::new(rejected))
            }
        },
        (
            Command::CertificateSigned { .. }
            | Command::InstallCertificate { .. }
            | Command::InstalledCertificates { .. }
            | Command::DeleteCertificate(_),
            reply,
        ) => certificates::write_reply(id, command, reply),
        (Command::GetLog(_), reply @ Reply::GetLog { .. })
        | (Command::UpdateFirmware(_), reply @ Reply::UpdateFirmware { .. }) => files::write_reply(id, reply),
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
            let status = decode::<v16::ResetResponse>(payload, V)?.status;
            Reply::Reset { status: ResetStatus::from_word(status.as_str()), why: None }
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
        Command::GetReport { .. } | Command::GetChargingProfiles { .. } | Command::SetNetworkProfile { .. } => {
            return Err(Refusal::mismatch());
        }
        Command::DataTransfer(_) => Reply::DataTransfer(message_answer_in(decode(payload, V)?)),
        Command::SetChargingProfile { .. } => {
            let status = decode::<v16::SetChargingProfileResponse>(payload, V)?.status;
            Reply::SetChargingProfile { accepted: status == v16::ChargingProfileStatus::Accepted, why: None }
        }
        Command::ClearChargingProfile(_) => {
            let status = decode::<v16::ClearChargingProfileResponse>(payload, V)?.status;
            Reply::ClearChargingProfile { any: status == v16::ClearChargingProfileStatus::Accepted }
        }
        Command::GetCompositeSchedule(query) => {
            let reply: v16::GetCompositeScheduleResponse = decode(payload, V)?;
            let accepted = reply.status == v16::GetCompositeScheduleStatus::Accepted;
            let schedule = composite_in(reply, query.evse, query.duration_s).filter(|_| accepted);
            Reply::GetCompositeSchedule { schedule: schedule.map(Box::new), why: None }
        }
        Command::CertificateSigned { .. }
        | Command::InstallCertificate { .. }
        | Command::InstalledCertificates { .. }
        | Command::DeleteCertificate(_) => certificates::read_reply(command, payload)?,
        Command::GetLog(_) => files::read_log_reply(payload)?,
        Command::UpdateFirmware(_) => files::read_firmware_reply(payload)?,
    })
}
