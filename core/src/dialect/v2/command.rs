//! What a CSMS wants, and what the station replies.

use alloc::boxed::Box;
use alloc::string::String;

use pilotwire_messages::{Version, decode, v2};

use super::super::{Refusal, call, is_action, result};
use super::certificates;
use super::files;
use super::request::{data_answer_in, data_answer_out, data_in, data_out};
use super::values::{
    outcome_in, outcome_out, place_in, place_out, query_in, query_out, setting_in, setting_out, value_in, value_out,
};
use crate::domain::{Command, CompositeQuery, EvseId, ProfileCriteria, Reply, ResetKind, Secret};

pub(crate) fn write_command(version: Version, id: &str, command: &Command) -> Result<String, Refusal> {
    match command {
        Command::RequestStart { evse, token, remote_start_id, profile } => {
            // 2.x requires a number; a host that gives none does not wait for it.
            let mut payload = v2::RequestStartTransactionRequest::new(token.clone(), remote_start_id.unwrap_or(0));
            payload.evse_id = evse.map(|evse| evse.0);
            payload.charging_profile = profile.clone();
            call(version, id, &payload)
        }
        Command::RequestStop { transaction } => {
            call(version, id, &v2::RequestStopTransactionRequest::new(transaction.clone()))
        }
        Command::Trigger { message, place } => {
            let mut payload = v2::TriggerMessageRequest::new(message.clone());
            payload.evse = place.map(place_out);
            call(version, id, &payload)
        }
        Command::Reset { kind, evse } => {
            let kind = match kind {
                // 2.x ends transactions in good order whenever it resets (B12.FR.04).
                ResetKind::Immediate | ResetKind::Graceful => v2::Reset::Immediate,
                ResetKind::OnIdle => v2::Reset::OnIdle,
            };
            let mut payload = v2::ResetRequest::new(kind);
            payload.evse_id = evse.map(|evse| evse.0);
            call(version, id, &payload)
        }
        Command::ChangeAvailability { place, operative } => {
            let status = if *operative { v2::OperationalStatus::Operative } else { v2::OperationalStatus::Inoperative };
            let mut payload = v2::ChangeAvailabilityRequest::new(status);
            payload.evse = place.map(place_out);
            call(version, id, &payload)
        }
        Command::Unlock { evse, connector, end_transaction: _ } => {
            call(version, id, &v2::UnlockConnectorRequest::new(evse.0, *connector))
        }
        Command::GetVariables(queries) => {
            let data: alloc::vec::Vec<_> = queries.iter().map(query_out).collect();
            call(version, id, &v2::GetVariablesRequest::new(data))
        }
        Command::GetAllVariables => Err(Refusal::unsupported("2.x asks for all variables by a report")),
        Command::SetVariables(settings) => {
            let data: alloc::vec::Vec<_> = settings.iter().map(setting_out).collect();
            call(version, id, &v2::SetVariablesRequest::new(data))
        }
        Command::GetReport { request_id, base } => {
            call(version, id, &v2::GetBaseReportRequest::new(*request_id, base.clone()))
        }
        Command::DataTransfer(message) => call(version, id, &data_out(message)),
        Command::SetChargingProfile { evse, profile } => {
            call(version, id, &v2::SetChargingProfileRequest::new(evse.0, (**profile).clone()))
        }
        Command::ClearChargingProfile(criteria) => call(version, id, &clear_out(criteria)?),
        Command::GetChargingProfiles { request_id, criteria } => {
            call(version, id, &get_profiles_out(*request_id, criteria))
        }
        Command::GetCompositeSchedule(query) => {
            let mut payload = v2::GetCompositeScheduleRequest::new(query.duration_s, query.evse.0);
            payload.charging_rate_unit = query.unit.clone();
            call(version, id, &payload)
        }
        Command::SetNetworkProfile { slot, way, password } => {
            let mut way = (**way).clone();
            way.basic_auth_password = password.as_ref().map(|password| password.reveal().into());
            call(version, id, &v2::SetNetworkProfileRequest::new(*slot, way))
        }
        Command::CertificateSigned { .. }
        | Command::InstallCertificate { .. }
        | Command::InstalledCertificates { .. }
        | Command::DeleteCertificate(_) => certificates::write_command(version, id, command),
        Command::GetLog(log) => call(version, id, &files::log_out(log)),
        Command::UpdateFirmware(update) => call(version, id, &files::firmware_out(update)),
    }
}

pub(crate) fn read_command(version: Version, action: &str, payload: &str) -> Result<Command, Refusal> {
    Ok(match action {
        "RequestStartTransaction" => {
            let start: v2::RequestStartTransactionRequest = decode(payload, version)?;
            Command::RequestStart {
                evse: start.evse_id.map(EvseId),
                token: start.id_token,
                remote_start_id: Some(start.remote_start_id),
                profile: start.charging_profile,
            }
        }
        "RequestStopTransaction" => {
            let stop: v2::RequestStopTransactionRequest = decode(payload, version)?;
            Command::RequestStop { transaction: stop.transaction_id }
        }
        "TriggerMessage" => {
            let trigger: v2::TriggerMessageRequest = decode(payload, version)?;
            Command::Trigger { message: trigger.requested_message, place: trigger.evse.as_ref().map(place_in) }
        }
        "Reset" => {
            let reset: v2::ResetRequest = decode(payload, version)?;
            Command::Reset { kind: reset_in(&reset.kind)?, evse: reset.evse_id.map(EvseId) }
        }
        "ChangeAvailability" => {
            let change: v2::ChangeAvailabilityRequest = decode(payload, version)?;
            let operative = change.operational_status == v2::OperationalStatus::Operative;
            Command::ChangeAvailability { place: change.evse.as_ref().map(place_in), operative }
        }
        "UnlockConnector" => {
            let unlock: v2::UnlockConnectorRequest = decode(payload, version)?;
            let evse = EvseId(unlock.evse_id);
            Command::Unlock { evse, connector: unlock.connector_id, end_transaction: false }
        }
        "GetVariables" => {
            let data = decode::<v2::GetVariablesRequest>(payload, version)?.get_variable_data;
            Command::GetVariables(data.into_iter().map(query_in).collect())
        }
        "SetVariables" => {
            let data = decode::<v2::SetVariablesRequest>(payload, version)?.set_variable_data;
            Command::SetVariables(data.into_iter().map(setting_in).collect())
        }
        "GetBaseReport" => {
            let report: v2::GetBaseReportRequest = decode(payload, version)?;
            Command::GetReport { request_id: report.request_id, base: report.report_base }
        }
        "DataTransfer" => Command::DataTransfer(data_in(decode(payload, version)?)),
        "SetChargingProfile" => {
            let set: v2::SetChargingProfileRequest = decode(payload, version)?;
            Command::SetChargingProfile { evse: EvseId(set.evse_id), profile: Box::new(set.charging_profile) }
        }
        "ClearChargingProfile" => Command::ClearChargingProfile(clear_in(decode(payload, version)?)),
        "GetChargingProfiles" => get_profiles_in(decode(payload, version)?),
        "GetCompositeSchedule" => {
            let get: v2::GetCompositeScheduleRequest = decode(payload, version)?;
            let (evse, unit) = (EvseId(get.evse_id), get.charging_rate_unit);
            Command::GetCompositeSchedule(CompositeQuery { evse, duration_s: get.duration, unit })
        }
        "SetNetworkProfile" => {
            let set: v2::SetNetworkProfileRequest = decode(payload, version)?;
            let mut way = Box::new(set.connection_data);
            let password = way.basic_auth_password.take().map(Secret::new);
            Command::SetNetworkProfile { slot: set.configuration_slot, way, password }
        }
        "CertificateSigned" => certificates::signed_in(decode(payload, version)?),
        "InstallCertificate" => certificates::install_in(decode(payload, version)?),
        "GetInstalledCertificateIds" => {
            let list: v2::GetInstalledCertificateIdsRequest = decode(payload, version)?;
            Command::InstalledCertificates { usages: list.certificate_type.unwrap_or_default() }
        }
        "DeleteCertificate" => {
            let delete: v2::DeleteCertificateRequest = decode(payload, version)?;
            Command::DeleteCertificate(Box::new(delete.certificate_hash_data))
        }
        "GetLog" => Command::GetLog(Box::new(files::log_in(decode(payload, version)?))),
        "UpdateFirmware" => Command::UpdateFirmware(Box::new(files::firmware_in(decode(payload, version)?))),
        _ => return Err(Refusal::unknown_action(action, is_action(version, v2::ACTIONS, action))),
    })
}

fn reset_in(kind: &v2::Reset) -> Result<ResetKind, Refusal> {
    match kind {
        v2::Reset::Immediate => Ok(ResetKind::Immediate),
        v2::Reset::OnIdle => Ok(ResetKind::OnIdle),
        v2::Reset::ImmediateAndResume | v2::Reset::Unlisted(_) => {
            Err(Refusal::unsupported("/type: transactions cannot be resumed"))
        }
    }
}

fn start_stop_out(accepted: bool) -> v2::RequestStartStopStatus {
    if accepted { v2::RequestStartStopStatus::Accepted } else { v2::RequestStartStopStatus::Rejected }
}

pub(crate) fn write_reply(version: Version, id: &str, command: &Command, reply: &Reply) -> Result<String, Refusal> {
    match (command, reply) {
        (Command::RequestStart { .. }, Reply::RequestStart { accepted, transaction }) => {
            let mut payload = v2::RequestStartTransactionResponse::new(start_stop_out(*accepted));
            payload.transaction_id = transaction.clone();
            result(version, id, &payload)
        }
        (Command::RequestStop { .. }, Reply::RequestStop { accepted }) => {
            result(version, id, &v2::RequestStopTransactionResponse::new(start_stop_out(*accepted)))
        }
        (Command::Trigger { .. }, Reply::Trigger(status)) => {
            result(version, id, &v2::TriggerMessageResponse::new(status.clone()))
        }
        (Command::Reset { .. }, Reply::Reset { status, why }) => {
            let mut payload = v2::ResetResponse::new(status.clone());
            payload.status_info = why.clone();
            result(version, id, &payload)
        }
        (Command::ChangeAvailability { .. }, Reply::ChangeAvailability(status)) => {
            result(version, id, &v2::ChangeAvailabilityResponse::new(status.clone()))
        }
        (Command::Unlock { .. }, Reply::Unlock(status)) => {
            result(version, id, &v2::UnlockConnectorResponse::new(status.clone()))
        }
        (Command::GetVariables(_), Reply::GetVariables(values)) => {
            let results: alloc::vec::Vec<_> = values.iter().map(value_out).collect();
            result(version, id, &v2::GetVariablesResponse::new(results))
        }
        (Command::SetVariables(_), Reply::SetVariables(outcomes)) => {
            let results: alloc::vec::Vec<_> = outcomes.iter().map(outcome_out).collect();
            result(version, id, &v2::SetVariablesResponse::new(results))
        }
        (Command::GetReport { .. }, Reply::GetReport(status)) => {
            result(version, id, &v2::GetBaseReportResponse::new(status.clone()))
        }
        (Command::DataTransfer(_), Reply::DataTransfer(answer)) => result(version, id, &data_answer_out(answer)),
        (Command::SetChargingProfile { .. }, Reply::SetChargingProfile { accepted, why }) => {
            let status =
                if *accepted { v2::ChargingProfileStatus::Accepted } else { v2::ChargingProfileStatus::Rejected };
            let mut payload = v2::SetChargingProfileResponse::new(status);
            payload.status_info = why.clone();
            result(version, id, &payload)
        }
        (Command::ClearChargingProfile(_), Reply::ClearChargingProfile { any }) => {
            let known = v2::ClearChargingProfileStatus::Accepted;
            let status = if *any { known } else { v2::ClearChargingProfileStatus::Unknown };
            result(version, id, &v2::ClearChargingProfileResponse::new(status))
        }
        (Command::GetChargingProfiles { .. }, Reply::GetChargingProfiles { any }) => {
            let found = v2::GetChargingProfileStatus::Accepted;
            let status = if *any { found } else { v2::GetChargingProfileStatus::NoProfiles };
            result(version, id, &v2::GetChargingProfilesResponse::new(status))
        }
        (Command::GetCompositeSchedule(_), Reply::GetCompositeSchedule { schedule, why }) => {
            let status = if schedule.is_some() { v2::GenericStatus::Accepted } else { v2::GenericStatus::Rejected };
            let mut payload = v2::GetCompositeScheduleResponse::new(status);
            payload.schedule = schedule.as_deref().cloned();
            payload.status_info = why.clone();
            result(version, id, &payload)
        }
        (Command::SetNetworkProfile { .. }, Reply::SetNetworkProfile { status, why }) => {
            let mut payload = v2::SetNetworkProfileResponse::new(status.clone());
            payload.status_info = why.clone();
            result(version, id, &payload)
        }
        (
            Command::CertificateSigned { .. }
            | Command::InstallCertificate { .. }
            | Command::InstalledCertificates { .. }
            | Command::DeleteCertificate(_),
            reply,
        ) => certificates::write_reply(version, id, command, reply),
        (Command::GetLog(_), Reply::GetLog { status, name, why }) => {
            let mut payload = v2::GetLogResponse::new(status.clone());
            (payload.filename, payload.status_info) = (name.clone(), why.as_deref().cloned());
            result(version, id, &payload)
        }
        (Command::UpdateFirmware(_), Reply::UpdateFirmware { status, why }) => {
            let mut payload = v2::UpdateFirmwareResponse::new(status.clone());
            payload.status_info = why.clone();
            result(version, id, &payload)
        }
        _ => Err(Refusal::mismatch()),
    }
}

pub(crate) fn read_reply(version: Version, command: &Command, payload: &str) -> Result<Reply, Refusal> {
    Ok(match command {
        Command::RequestStart { .. } => {
            let reply: v2::RequestStartTransactionResponse = decode(payload, version)?;
            let accepted = reply.status == v2::RequestStartStopStatus::Accepted;
            Reply::RequestStart { accepted, transaction: reply.transaction_id }
        }
        Command::RequestStop { .. } => {
            let reply: v2::RequestStopTransactionResponse = decode(payload, version)?;
            Reply::RequestStop { accepted: reply.status == v2::RequestStartStopStatus::Accepted }
        }
        Command::Trigger { .. } => Reply::Trigger(decode::<v2::TriggerMessageResponse>(payload, version)?.status),
        Command::Reset { .. } => {
            let reply: v2::ResetResponse = decode(payload, version)?;
            Reply::Reset { status: reply.status, why: reply.status_info }
        }
        Command::ChangeAvailability { .. } => {
            Reply::ChangeAvailability(decode::<v2::ChangeAvailabilityResponse>(payload, version)?.status)
        }
        Command::Unlock { .. } => Reply::Unlock(decode::<v2::UnlockConnectorResponse>(payload, version)?.status),
        Command::GetVariables(_) => {
            let results = decode::<v2::GetVariablesResponse>(payload, version)?.get_variable_result;
            Reply::GetVariables(results.into_iter().map(value_in).collect())
        }
        Command::GetAllVariables => return Err(Refusal::mismatch()),
        Command::SetVariables(_) => {
            let results = decode::<v2::SetVariablesResponse>(payload, version)?.set_variable_result;
            Reply::SetVariables(results.into_iter().map(outcome_in).collect())
        }
        Command::GetReport { .. } => Reply::GetReport(decode::<v2::GetBaseReportResponse>(payload, version)?.status),
        Command::DataTransfer(_) => Reply::DataTransfer(data_answer_in(decode(payload, version)?)),
        Command::SetChargingProfile { .. } => {
            let reply: v2::SetChargingProfileResponse = decode(payload, version)?;
            let accepted = reply.status == v2::ChargingProfileStatus::Accepted;
            Reply::SetChargingProfile { accepted, why: reply.status_info }
        }
        Command::ClearChargingProfile(_) => {
            let status = decode::<v2::ClearChargingProfileResponse>(payload, version)?.status;
            Reply::ClearChargingProfile { any: status == v2::ClearChargingProfileStatus::Accepted }
        }
        Command::GetChargingProfiles { .. } => {
            let status = decode::<v2::GetChargingProfilesResponse>(payload, version)?.status;
            Reply::GetChargingProfiles { any: status == v2::GetChargingProfileStatus::Accepted }
        }
        Command::GetCompositeSchedule(_) => {
            let reply: v2::GetCompositeScheduleResponse = decode(payload, version)?;
            let accepted = reply.status == v2::GenericStatus::Accepted;
            let schedule = reply.schedule.filter(|_| accepted).map(Box::new);
            Reply::GetCompositeSchedule { schedule, why: reply.status_info }
        }
        Command::SetNetworkProfile { .. } => {
            let reply: v2::SetNetworkProfileResponse = decode(payload, version)?;
            Reply::SetNetworkProfile { status: reply.status, why: reply.status_info }
        }
        Command::CertificateSigned { .. }
        | Command::InstallCertificate { .. }
        | Command::InstalledCertificates { .. }
        | Command::DeleteCertificate(_) => certificates::read_reply(version, command, payload)?,
        Command::GetLog(_) => {
            let reply: v2::GetLogResponse = decode(payload, version)?;
            Reply::GetLog { status: reply.status, name: reply.filename, why: reply.status_info.map(Box::new) }
        }
        Command::UpdateFirmware(_) => {
            let reply: v2::UpdateFirmwareResponse = decode(payload, version)?;
            Reply::UpdateFirmware { status: reply.status, why: reply.status_info }
        }
    })
}

/// K10.FR.02: an id, or criteria.
fn clear_out(criteria: &ProfileCriteria) -> Result<v2::ClearChargingProfileRequest, Refusal> {
    let mut payload = v2::ClearChargingProfileRequest::new();
    match criteria.ids.as_slice() {
        [] => {}
        [id] => payload.charging_profile_id = Some(*id),
        _ => return Err(Refusal::unsupported("profiles are cleared by one id at a time")),
    }
    if criteria.evse.is_some() || criteria.purpose.is_some() || criteria.stack_level.is_some() {
        let mut meant = v2::ClearChargingProfile::new();
        meant.evse_id = criteria.evse.map(|evse| evse.0);
        meant.charging_profile_purpose = criteria.purpose.clone();
        meant.stack_level = criteria.stack_level;
        payload.charging_profile_criteria = Some(meant);
    }
    Ok(payload)
}

/// K10.FR.03: an id says it all.
fn clear_in(payload: v2::ClearChargingProfileRequest) -> ProfileCriteria {
    if let Some(id) = payload.charging_profile_id {
        return ProfileCriteria::id(id);
    }
    let Some(meant) = payload.charging_profile_criteria else { return ProfileCriteria::default() };
    ProfileCriteria {
        evse: meant.evse_id.map(EvseId),
        purpose: meant.charging_profile_purpose,
        stack_level: meant.stack_level,
        ..ProfileCriteria::default()
    }
}

fn get_profiles_out(request_id: i32, criteria: &ProfileCriteria) -> v2::GetChargingProfilesRequest {
    let mut meant = v2::ChargingProfileCriterion::new();
    meant.charging_profile_id = Some(criteria.ids.clone()).filter(|ids| !ids.is_empty());
    meant.charging_profile_purpose = criteria.purpose.clone();
    meant.stack_level = criteria.stack_level;
    meant.charging_limit_source = Some(criteria.sources.clone()).filter(|sources| !sources.is_empty());
    let mut payload = v2::GetChargingProfilesRequest::new(request_id, meant);
    payload.evse_id = criteria.evse.map(|evse| evse.0);
    payload
}

fn get_profiles_in(payload: v2::GetChargingProfilesRequest) -> Command {
    let meant = payload.charging_profile;
    let criteria = ProfileCriteria {
        ids: meant.charging_profile_id.unwrap_or_default(),
        evse: payload.evse_id.map(EvseId),
        purpose: meant.charging_profile_purpose,
        stack_level: meant.stack_level,
        sources: meant.charging_limit_source.unwrap_or_default(),
    };
    Command::GetChargingProfiles { request_id: payload.request_id, criteria }
}
