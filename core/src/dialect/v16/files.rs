//! Logs and signed firmware of the security whitepaper (N01, L01).

use alloc::boxed::Box;
use alloc::string::String;

use pilotwire_messages::{Version, decode, v16};

use super::super::{Refusal, call, result};
use crate::domain::{
    Command, FirmwareSignature, FirmwareStatus, FirmwareUpdate, Location, LogKind, LogRequest, LogStatus, Reply,
    Request, UpdateFirmwareStatus, UploadLogStatus,
};

const V: Version = Version::V16;

pub(super) fn log_out(log: &LogRequest) -> Result<v16::GetLogRequest, Refusal> {
    let mut meant = v16::LogParameters::new(log.location.reveal());
    (meant.oldest_timestamp, meant.latest_timestamp) = (log.oldest, log.latest);
    match v16::LogKind::from_word(log.kind.as_str()) {
        v16::LogKind::Unlisted(_) => {
            Err(Refusal::unsupported("1.6 has two logs: that of diagnostics and that of security"))
        }
        kind => {
            let mut payload = v16::GetLogRequest::new(meant, kind, log.request_id);
            (payload.retries, payload.retry_interval) = (log.retries, log.retry_interval_s);
            Ok(payload)
        }
    }
}

pub(super) fn log_in(payload: v16::GetLogRequest) -> Command {
    Command::GetLog(Box::new(LogRequest {
        request_id: payload.request_id,
        kind: LogKind::from_word(payload.log_type.as_str()),
        location: Location::new(payload.log.remote_location),
        oldest: payload.log.oldest_timestamp,
        latest: payload.log.latest_timestamp,
        retries: payload.retries,
        retry_interval_s: payload.retry_interval,
    }))
}

/// What became of a former upload is not told by itself: its word is one of 2.x.
pub(super) fn write_log_status(
    id: &str,
    status: &UploadLogStatus,
    request_id: Option<i32>,
) -> Result<Option<String>, Refusal> {
    match v16::UploadLogStatus::from_word(status.as_str()) {
        v16::UploadLogStatus::Unlisted(_) => Ok(None),
        known => {
            let mut payload = v16::LogStatusNotificationRequest::new(known);
            payload.request_id = request_id;
            call(V, id, &payload).map(Some)
        }
    }
}

/// N01.FR.13.
pub(super) fn log_status_in(payload: &v16::LogStatusNotificationRequest) -> Result<Request, Refusal> {
    let status = UploadLogStatus::from_word(payload.status.as_str());
    if payload.request_id.is_none() && status != UploadLogStatus::Idle {
        return Err(Refusal::missing("requestId"));
    }
    Ok(Request::LogStatus { status, request_id: payload.request_id })
}

/// Firmware without a signature goes another way in 1.6, without numbers and with fewer statuses (§5.19).
pub(super) fn firmware_out(update: &FirmwareUpdate) -> Result<v16::SignedUpdateFirmwareRequest, Refusal> {
    let signed = update.signed.as_deref().ok_or_else(|| Refusal::missing("firmware/signingCertificate"))?;
    let certificate = signed.certificate.clone().ok_or_else(|| Refusal::missing("firmware/signingCertificate"))?;
    let signature = signed.signature.clone().ok_or_else(|| Refusal::missing("firmware/signature"))?;
    let mut firmware = v16::Firmware::new(update.location.reveal(), update.retrieve_at, certificate, signature);
    firmware.install_date_time = update.install_at;
    let mut payload = v16::SignedUpdateFirmwareRequest::new(update.request_id, firmware);
    (payload.retries, payload.retry_interval) = (update.retries, update.retry_interval_s);
    Ok(payload)
}

pub(super) fn firmware_in(payload: v16::SignedUpdateFirmwareRequest) -> Command {
    let firmware = payload.firmware;
    let (certificate, signature) = (Some(firmware.signing_certificate), Some(firmware.signature));
    Command::UpdateFirmware(Box::new(FirmwareUpdate {
        request_id: payload.request_id,
        location: Location::new(firmware.location),
        retrieve_at: firmware.retrieve_date_time,
        install_at: firmware.install_date_time,
        signed: Some(Box::new(FirmwareSignature { certificate, signature })),
        retries: payload.retries,
        retry_interval_s: payload.retry_interval,
    }))
}

pub(super) fn firmware_status_out(
    status: &FirmwareStatus,
    request_id: Option<i32>,
) -> v16::SignedFirmwareStatusNotificationRequest {
    let status = v16::SignedFirmwareStatus::from_word(status.as_str());
    let mut payload = v16::SignedFirmwareStatusNotificationRequest::new(status);
    payload.request_id = request_id;
    payload
}

/// L01.FR.20.
pub(super) fn firmware_status_in(payload: &v16::SignedFirmwareStatusNotificationRequest) -> Result<Request, Refusal> {
    let status = FirmwareStatus::from_word(payload.status.as_str());
    if payload.request_id.is_none() && status != FirmwareStatus::Idle {
        return Err(Refusal::missing("requestId"));
    }
    Ok(Request::FirmwareStatus { status, request_id: payload.request_id })
}

pub(super) fn write_reply(id: &str, reply: &Reply) -> Result<String, Refusal> {
    match reply {
        Reply::GetLog { status, name, why: _ } => {
            let mut payload = v16::GetLogResponse::new(v16::LogStatus::from_word(status.as_str()));
            payload.filename = name.clone();
            result(V, id, &payload)
        }
        Reply::UpdateFirmware { status, why: _ } => {
            let status = v16::UpdateFirmwareStatus::from_word(status.as_str());
            result(V, id, &v16::SignedUpdateFirmwareResponse::new(status))
        }
        _ => Err(Refusal::mismatch()),
    }
}

pub(super) fn read_log_reply(payload: &str) -> Result<Reply, Refusal> {
    let reply: v16::GetLogResponse = decode(payload, V)?;
    let status = LogStatus::from_word(reply.status.as_str());
    Ok(Reply::GetLog { status, name: reply.filename, why: None })
}

pub(super) fn read_firmware_reply(payload: &str) -> Result<Reply, Refusal> {
    let status = decode::<v16::SignedUpdateFirmwareResponse>(payload, V)?.status;
    Ok(Reply::UpdateFirmware { status: UpdateFirmwareStatus::from_word(status.as_str()), why: None })
}
