//! What a station says, and how it is answered.

use alloc::boxed::Box;
use alloc::string::String;

use pilotwire_messages::{Version, decode, v2};

use super::super::register::register_wh;
use super::super::{Refusal, call, is_action, result};
use super::certificates;
use super::charging;
use super::files;
use super::values::{evse_out, reported_in, reported_out};
use crate::domain::{
    Answer, Boot, ConnectorReport, DataTransfer, DataTransferAnswer, EventsPart, EvseId, ReportPart, Request,
    StationIdentity, TransactionAnswer, TransactionEvent, TransactionStage,
};

pub(crate) fn write_request(version: Version, id: &str, request: &Request) -> Result<String, Refusal> {
    match request {
        Request::Boot(boot) => call(version, id, &boot_out(boot)),
        Request::Heartbeat => call(version, id, &v2::HeartbeatRequest::new()),
        Request::Status(report) => call(version, id, &status_out(report)?),
        Request::Authorize(token) => call(version, id, &v2::AuthorizeRequest::new(token.clone())),
        Request::Transaction(event) => call(version, id, &event_out(event)?),
        Request::MeterValues { evse, values } => {
            call(version, id, &v2::MeterValuesRequest::new(evse.0, values.clone()))
        }
        Request::Report(part) => call(version, id, &report_out(part)),
        Request::Events(part) => call(version, id, &events_out(part)),
        Request::DataTransfer(message) => call(version, id, &data_out(message)),
        Request::ChargingProfiles(report) => call(version, id, &charging::profiles_out(report)),
        Request::ChargingLimit(limit) => call(version, id, &charging::limit_out(limit)),
        Request::ChargingLimitCleared { evse, source } => call(version, id, &charging::cleared_out(*evse, source)),
        Request::EvNeeds(needs) => call(version, id, &charging::needs_out(needs)),
        Request::EvSchedule(plan) => call(version, id, &charging::plan_out(version, plan)),
        Request::SecurityEvent { kind, at, info } => {
            let mut payload = v2::SecurityEventNotificationRequest::new(kind.clone(), *at);
            payload.tech_info = info.clone();
            call(version, id, &payload)
        }
        Request::SignCertificate { csr, usage, request_id } => {
            call(version, id, &certificates::sign_out(version, csr, usage.as_ref(), *request_id))
        }
        Request::CertificateStatus(about) => {
            call(version, id, &v2::GetCertificateStatusRequest::new((**about).clone()))
        }
        Request::LogStatus { status, request_id } => call(version, id, &files::log_status_out(status, *request_id)),
        Request::FirmwareStatus { status, request_id } => {
            call(version, id, &files::firmware_status_out(status, *request_id))
        }
    }
}

pub(crate) fn read_request(version: Version, action: &str, payload: &str) -> Result<Request, Refusal> {
    Ok(match action {
        "BootNotification" => Request::Boot(boot_in(decode(payload, version)?)),
        "Heartbeat" => {
            decode::<v2::HeartbeatRequest>(payload, version)?;
            Request::Heartbeat
        }
        "StatusNotification" => Request::Status(status_in(decode(payload, version)?)),
        "Authorize" => Request::Authorize(decode::<v2::AuthorizeRequest>(payload, version)?.id_token),
        "TransactionEvent" => Request::Transaction(Box::new(event_in(decode(payload, version)?)?)),
        "MeterValues" => {
            let values: v2::MeterValuesRequest = decode(payload, version)?;
            Request::MeterValues { evse: EvseId(values.evse_id), values: values.meter_value }
        }
        "NotifyReport" => Request::Report(report_in(decode(payload, version)?)),
        "NotifyEvent" => Request::Events(events_in(decode(payload, version)?)),
        "DataTransfer" => Request::DataTransfer(data_in(decode(payload, version)?)),
        "ReportChargingProfiles" => Request::ChargingProfiles(charging::profiles_in(decode(payload, version)?)),
        "NotifyChargingLimit" => Request::ChargingLimit(charging::limit_in(decode(payload, version)?)),
        "ClearedChargingLimit" => charging::cleared_in(decode(payload, version)?),
        "NotifyEVChargingNeeds" => Request::EvNeeds(charging::needs_in(decode(payload, version)?)),
        "NotifyEVChargingSchedule" => Request::EvSchedule(charging::plan_in(decode(payload, version)?)),
        "SecurityEventNotification" => {
            let event: v2::SecurityEventNotificationRequest = decode(payload, version)?;
            Request::SecurityEvent { kind: event.kind, at: event.timestamp, info: event.tech_info }
        }
        "SignCertificate" => certificates::sign_in(decode(payload, version)?),
        "GetCertificateStatus" => {
            let about = decode::<v2::GetCertificateStatusRequest>(payload, version)?.ocsp_request_data;
            Request::CertificateStatus(Box::new(about))
        }
        "LogStatusNotification" => files::log_status_in(decode(payload, version)?)?,
        "FirmwareStatusNotification" => files::firmware_status_in(decode(payload, version)?)?,
        _ => return Err(Refusal::unknown_action(action, is_action(version, v2::ACTIONS, action))),
    })
}

pub(crate) fn write_answer(version: Version, id: &str, request: &Request, answer: &Answer) -> Result<String, Refusal> {
    match (request, answer) {
        (Request::Boot(_), Answer::Boot { status, time, interval_s }) => {
            result(version, id, &v2::BootNotificationResponse::new(*time, *interval_s, status.clone()))
        }
        (Request::Heartbeat, Answer::Heartbeat { time }) => result(version, id, &v2::HeartbeatResponse::new(*time)),
        (Request::Authorize(_), Answer::Authorize(info)) => {
            result(version, id, &v2::AuthorizeResponse::new(info.clone()))
        }
        (Request::Transaction(_), Answer::Transaction(answer)) => {
            let mut payload = v2::TransactionEventResponse::new();
            payload.id_token_info = answer.id_token_info.clone();
            result(version, id, &payload)
        }
        (Request::DataTransfer(_), Answer::DataTransfer(answer)) => result(version, id, &data_answer_out(answer)),
        (Request::Status(_), Answer::Done) => result(version, id, &v2::StatusNotificationResponse::new()),
        (Request::MeterValues { .. }, Answer::Done) => result(version, id, &v2::MeterValuesResponse::new()),
        (Request::Report(_), Answer::Done) => result(version, id, &v2::NotifyReportResponse::new()),
        (Request::Events(_), Answer::Done) => result(version, id, &v2::NotifyEventResponse::new()),
        (Request::ChargingProfiles(_), Answer::Done) => result(version, id, &v2::ReportChargingProfilesResponse::new()),
        (Request::ChargingLimit(_), Answer::Done) => result(version, id, &v2::NotifyChargingLimitResponse::new()),
        (Request::ChargingLimitCleared { .. }, Answer::Done) => {
            result(version, id, &v2::ClearedChargingLimitResponse::new())
        }
        (Request::EvNeeds(_), Answer::EvNeeds(status)) => {
            result(version, id, &v2::NotifyEVChargingNeedsResponse::new(status.clone()))
        }
        (Request::EvSchedule(_), Answer::EvSchedule { accepted }) => {
            let status = if *accepted { v2::GenericStatus::Accepted } else { v2::GenericStatus::Rejected };
            result(version, id, &v2::NotifyEVChargingScheduleResponse::new(status))
        }
        (Request::SecurityEvent { .. }, Answer::Done) => {
            result(version, id, &v2::SecurityEventNotificationResponse::new())
        }
        (Request::SignCertificate { .. }, Answer::SignCertificate { accepted }) => {
            let status = if *accepted { v2::GenericStatus::Accepted } else { v2::GenericStatus::Rejected };
            result(version, id, &v2::SignCertificateResponse::new(status))
        }
        (Request::CertificateStatus(_), Answer::CertificateStatus { response }) => {
            result(version, id, &certificates::status_out(response.as_ref()))
        }
        (Request::LogStatus { .. }, Answer::Done) => result(version, id, &v2::LogStatusNotificationResponse::new()),
        (Request::FirmwareStatus { .. }, Answer::Done) => {
            result(version, id, &v2::FirmwareStatusNotificationResponse::new())
        }
        _ => Err(Refusal::mismatch()),
    }
}

pub(crate) fn read_answer(version: Version, request: &Request, payload: &str) -> Result<Answer, Refusal> {
    Ok(match request {
        Request::Boot(_) => {
            let boot: v2::BootNotificationResponse = decode(payload, version)?;
            Answer::Boot { status: boot.status, time: boot.current_time, interval_s: boot.interval }
        }
        Request::Heartbeat => {
            Answer::Heartbeat { time: decode::<v2::HeartbeatResponse>(payload, version)?.current_time }
        }
        Request::Status(_) => decode::<v2::StatusNotificationResponse>(payload, version).map(|_| Answer::Done)?,
        Request::Authorize(_) => Answer::Authorize(decode::<v2::AuthorizeResponse>(payload, version)?.id_token_info),
        Request::Transaction(_) => {
            let answer: v2::TransactionEventResponse = decode(payload, version)?;
            Answer::Transaction(TransactionAnswer { id_token_info: answer.id_token_info, transaction: None })
        }
        Request::MeterValues { .. } => decode::<v2::MeterValuesResponse>(payload, version).map(|_| Answer::Done)?,
        Request::Report(_) => decode::<v2::NotifyReportResponse>(payload, version).map(|_| Answer::Done)?,
        Request::Events(_) => decode::<v2::NotifyEventResponse>(payload, version).map(|_| Answer::Done)?,
        Request::DataTransfer(_) => Answer::DataTransfer(data_answer_in(decode(payload, version)?)),
        Request::ChargingProfiles(_) => {
            decode::<v2::ReportChargingProfilesResponse>(payload, version).map(|_| Answer::Done)?
        }
        Request::ChargingLimit(_) => {
            decode::<v2::NotifyChargingLimitResponse>(payload, version).map(|_| Answer::Done)?
        }
        Request::ChargingLimitCleared { .. } => {
            decode::<v2::ClearedChargingLimitResponse>(payload, version).map(|_| Answer::Done)?
        }
        Request::EvNeeds(_) => Answer::EvNeeds(decode::<v2::NotifyEVChargingNeedsResponse>(payload, version)?.status),
        Request::EvSchedule(_) => {
            let status = decode::<v2::NotifyEVChargingScheduleResponse>(payload, version)?.status;
            Answer::EvSchedule { accepted: status == v2::GenericStatus::Accepted }
        }
        Request::SecurityEvent { .. } => {
            decode::<v2::SecurityEventNotificationResponse>(payload, version).map(|_| Answer::Done)?
        }
        Request::SignCertificate { .. } => {
            let status = decode::<v2::SignCertificateResponse>(payload, version)?.status;
            Answer::SignCertificate { accepted: status == v2::GenericStatus::Accepted }
        }
        Request::CertificateStatus(_) => certificates::status_in(decode(payload, version)?),
        Request::LogStatus { .. } => {
            decode::<v2::LogStatusNotificationResponse>(payload, version).map(|_| Answer::Done)?
        }
        Request::FirmwareStatus { .. } => {
            decode::<v2::FirmwareStatusNotificationResponse>(payload, version).map(|_| Answer::Done)?
        }
    })
}

fn boot_out(boot: &Boot) -> v2::BootNotificationRequest {
    let identity = &boot.identity;
    let mut station = v2::ChargingStation::new(identity.model.clone(), identity.vendor.clone());
    station.serial_number = identity.serial_number.clone();
    station.firmware_version = identity.firmware_version.clone();
    if identity.iccid.is_some() || identity.imsi.is_some() {
        let mut modem = v2::Modem::new();
        modem.iccid = identity.iccid.clone();
        modem.imsi = identity.imsi.clone();
        station.modem = Some(modem);
    }
    v2::BootNotificationRequest::new(station, boot.reason.clone())
}

fn boot_in(payload: v2::BootNotificationRequest) -> Boot {
    let station = payload.charging_station;
    let (iccid, imsi) = station.modem.map_or((None, None), |modem| (modem.iccid, modem.imsi));
    let identity = StationIdentity {
        model: station.model,
        vendor: station.vendor_name,
        serial_number: station.serial_number,
        firmware_version: station.firmware_version,
        iccid,
        imsi,
    };
    Boot { identity, reason: payload.reason }
}

fn status_out(report: &ConnectorReport) -> Result<v2::StatusNotificationRequest, Refusal> {
    let at = report.at.ok_or_else(|| Refusal::missing("timestamp"))?;
    Ok(v2::StatusNotificationRequest::new(at, report.status.clone(), report.evse.0, report.connector))
}

fn status_in(payload: v2::StatusNotificationRequest) -> ConnectorReport {
    let evse = EvseId(payload.evse_id);
    ConnectorReport::of_status(evse, payload.connector_id, payload.timestamp, payload.connector_status)
}

fn event_out(event: &TransactionEvent) -> Result<v2::TransactionEventRequest, Refusal> {
    let stage = match event.stage {
        TransactionStage::Started => v2::TransactionEventKind::Started,
        TransactionStage::Updated => v2::TransactionEventKind::Updated,
        TransactionStage::Ended => v2::TransactionEventKind::Ended,
    };
    let seq_no = event.seq_no.ok_or_else(|| Refusal::missing("seqNo"))?;
    let mut info = v2::Transaction::new(event.transaction.clone());
    info.charging_state = event.charging_state.clone();
    info.stopped_reason = event.stopped_reason.clone();
    info.remote_start_id = event.remote_start_id;
    let mut payload = v2::TransactionEventRequest::new(stage, event.at, event.trigger.clone(), seq_no, info);
    payload.meter_value = Some(event.meter_values.clone()).filter(|values| !values.is_empty());
    payload.offline = event.offline.then_some(true);
    payload.evse = event.evse.map(|evse| evse_out(evse, event.connector));
    payload.id_token = event.id_token.clone();
    Ok(payload)
}

fn event_in(payload: v2::TransactionEventRequest) -> Result<TransactionEvent, Refusal> {
    let stage = match payload.event_type {
        v2::TransactionEventKind::Started => TransactionStage::Started,
        v2::TransactionEventKind::Updated => TransactionStage::Updated,
        v2::TransactionEventKind::Ended => TransactionStage::Ended,
        v2::TransactionEventKind::Unlisted(_) => return Err(Refusal::value("eventType", "is unknown")),
    };
    let info = payload.transaction_info;
    let meter_values = payload.meter_value.unwrap_or_default();
    Ok(TransactionEvent {
        stage,
        transaction: info.transaction_id,
        seq_no: Some(payload.seq_no),
        at: payload.timestamp,
        trigger: payload.trigger_reason,
        offline: payload.offline.unwrap_or(false),
        evse: payload.evse.as_ref().map(|evse| EvseId(evse.id)),
        connector: payload.evse.and_then(|evse| evse.connector_id),
        charging_state: info.charging_state,
        stopped_reason: info.stopped_reason,
        reset: None,
        id_token: payload.id_token,
        remote_start_id: info.remote_start_id,
        register_wh: register_wh(stage, &meter_values),
        meter_values,
    })
}

fn report_out(part: &ReportPart) -> v2::NotifyReportRequest {
    let mut payload = v2::NotifyReportRequest::new(part.request_id, part.generated_at, part.seq_no);
    payload.tbc = Some(part.to_be_continued);
    if !part.variables.is_empty() {
        payload.report_data = Some(part.variables.iter().map(reported_out).collect());
    }
    payload
}

fn report_in(payload: v2::NotifyReportRequest) -> ReportPart {
    ReportPart {
        request_id: payload.request_id,
        seq_no: payload.seq_no,
        to_be_continued: payload.tbc.unwrap_or(false),
        generated_at: payload.generated_at,
        variables: payload.report_data.unwrap_or_default().into_iter().map(reported_in).collect(),
    }
}

fn events_out(part: &EventsPart) -> v2::NotifyEventRequest {
    let mut payload = v2::NotifyEventRequest::new(part.generated_at, part.seq_no, part.events.clone());
    payload.tbc = Some(part.to_be_continued);
    payload
}

fn events_in(payload: v2::NotifyEventRequest) -> EventsPart {
    EventsPart {
        seq_no: payload.seq_no,
        to_be_continued: payload.tbc.unwrap_or(false),
        generated_at: payload.generated_at,
        events: payload.event_data,
    }
}

pub(super) fn data_out(message: &DataTransfer) -> v2::DataTransferRequest {
    let mut payload = v2::DataTransferRequest::new(message.vendor_id.clone());
    payload.message_id = message.message_id.clone();
    payload.data = message.data.clone();
    payload
}

pub(super) fn data_in(payload: v2::DataTransferRequest) -> DataTransfer {
    DataTransfer { vendor_id: payload.vendor_id, message_id: payload.message_id, data: payload.data }
}

pub(super) fn data_answer_out(answer: &DataTransferAnswer) -> v2::DataTransferResponse {
    let mut payload = v2::DataTransferResponse::new(answer.status.clone());
    payload.data = answer.data.clone();
    payload
}

pub(super) fn data_answer_in(payload: v2::DataTransferResponse) -> DataTransferAnswer {
    DataTransferAnswer { status: payload.status, data: payload.data }
}
