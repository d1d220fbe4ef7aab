//! Logs and firmware (N01, L01, L02).

use alloc::boxed::Box;

use pilotwire_messages::v2;

use super::super::Refusal;
use crate::domain::{
    FirmwareSignature, FirmwareStatus, FirmwareUpdate, Location, LogRequest, Request, UploadLogStatus,
};

pub(super) fn log_out(log: &LogRequest) -> v2::GetLogRequest {
    let mut meant = v2::LogParameters::new(log.location.reveal());
    (meant.oldest_timestamp, meant.latest_timestamp) = (log.oldest, log.latest);
    let mut payload = v2::GetLogRequest::new(meant, log.kind.clone(), log.request_id);
    (payload.retries, payload.retry_interval) = (log.retries, log.retry_interval_s);
    payload
}

pub(super) fn log_in(payload: v2::GetLogRequest) -> LogRequest {
    LogRequest {
        request_id: payload.request_id,
        kind: payload.log_type,
        location: Location::new(payload.log.remote_location),
        oldest: payload.log.oldest_timestamp,
        latest: payload.log.latest_timestamp,
        retries: payload.retries,
        retry_interval_s: payload.retry_interval,
    }
}

pub(super) fn log_status_out(status: &UploadLogStatus, request_id: Option<i32>) -> v2::LogStatusNotificationRequest {
    let mut payload = v2::LogStatusNotificationRequest::new(status.clone());
    payload.request_id = request_id;
    payload
}

/// N01.FR.13.
pub(super) fn log_status_in(payload: v2::LogStatusNotificationRequest) -> Result<Request, Refusal> {
    if payload.request_id.is_none() && payload.status != UploadLogStatus::Idle {
        return Err(Refusal::missing("requestId"));
    }
    Ok(Request::LogStatus { status: payload.status, request_id: payload.request_id })
}

pub(super) fn firmware_out(update: &FirmwareUpdate) -> v2::UpdateFirmwareRequest {
    let mut firmware = v2::Firmware::new(update.location.reveal(), update.retrieve_at);
    firmware.install_date_time = update.install_at;
    if let Some(signed) = &update.signed {
        (firmware.signing_certificate, firmware.signature) = (signed.certificate.clone(), signed.signature.clone());
    }
    let mut payload = v2::UpdateFirmwareRequest::new(update.request_id, firmware);
    (payload.retries, payload.retry_interval) = (update.retries, update.retry_interval_s);
    payload
}

pub(super) fn firmware_in(payload: v2::UpdateFirmwareRequest) -> FirmwareUpdate {
    let firmware = payload.firmware;
    let (certificate, signature) = (firmware.signing_certificate, firmware.signature);
    let is_signed = certificate.is_some() || signature.is_some();
    FirmwareUpdate {
        request_id: payload.request_id,
        location: Location::new(firmware.location),
        retrieve_at: firmware.retrieve_date_time,
        install_at: firmware.install_date_time,
        signed: is_signed.then(|| Box::new(FirmwareSignature { certificate, signature })),
        retries: payload.retries,
        retry_interval_s: payload.retry_interval,
    }
}

pub(super) fn firmware_status_out(
    status: &FirmwareStatus,
    request_id: Option<i32>,
) -> v2::FirmwareStatusNotificationRequest {
    let mut payload = v2::FirmwareStatusNotificationRequest::new(status.clone());
    payload.request_id = request_id;
    payload
}

/// L01.FR.20.
pub(super) fn firmware_status_in(payload: v2::FirmwareStatusNotificationRequest) -> Result<Request, Refusal> {
    if payload.request_id.is_none() && payload.status != FirmwareStatus::Idle {
        return Err(Refusal::missing("requestId"));
    }
    Ok(Request::FirmwareStatus { status: payload.status, request_id: payload.request_id })
}
