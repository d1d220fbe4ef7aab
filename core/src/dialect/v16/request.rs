//! What a station says, and how it is answered.

use alloc::boxed::Box;
use alloc::string::String;

use pilotwire_messages::{Text, Version, decode, v16};

use super::super::{Names, Refusal, call, is_action, result};
use super::certificates;
use super::files;
use super::transaction::{measured_in, start_answer_in, start_answer_out, started_in, stopped_in, write_event};
use super::values::values_out;
use super::{data_in, data_out, info_in, info_out, status, token_in};
use crate::domain::{
    Answer, Boot, BootReason, DataTransfer, DataTransferAnswer, DataTransferStatus, RegistrationStatus, Request,
    StationIdentity, TransactionAnswer, TransactionEvent, TransactionStage,
};

const V: Version = Version::V16;

pub(crate) fn write_request(id: &str, request: &Request, names: Names<'_>) -> Result<Option<String>, Refusal> {
    match request {
        Request::Boot(boot) => call(V, id, &boot_out(boot)).map(Some),
        Request::Heartbeat => call(V, id, &v16::HeartbeatRequest::new()).map(Some),
        // A second connector of an EVSE does not exist for the central system.
        Request::Status(report) if report.connector > 1 => Ok(None),
        Request::Status(report) => call(V, id, &status::status_out(report)).map(Some),
        Request::Authorize(token) => call(V, id, &v16::AuthorizeRequest::new(token.id_token.clone())).map(Some),
        Request::Transaction(event) => write_event(id, event, names),
        Request::MeterValues { evse, values } => match values_out(values) {
            values if values.is_empty() => Ok(None),
            values => call(V, id, &v16::MeterValuesRequest::new(evse.0, values)).map(Some),
        },
        Request::Report(_) => Err(Refusal::unsupported("1.6 has no reports")),
        Request::Events(_) => Err(Refusal::unsupported("1.6 tells no events of variables")),
        Request::DataTransfer(message) => call(V, id, &message_out(message)).map(Some),
        // The central system of 1.6 hears nothing of limits that it did not set, nor of vehicles.
        Request::ChargingLimit(_) | Request::ChargingLimitCleared { .. } => Ok(None),
        Request::ChargingProfiles(_) | Request::EvNeeds(_) | Request::EvSchedule(_) | Request::CertificateStatus(_) => {
            Err(Refusal::unsupported("1.6 has no such message"))
        }
        Request::SecurityEvent { kind, at, info } => {
            let mut payload = v16::SecurityEventNotificationRequest::new(event_out(kind), *at);
            payload.tech_info = info.clone();
            call(V, id, &payload).map(Some)
        }
        Request::SignCertificate { csr, usage, request_id: _ } => {
            call(V, id, &certificates::sign_out(csr, usage.as_ref())?).map(Some)
        }
        Request::LogStatus { status, request_id } => files::write_log_status(id, status, *request_id),
        Request::FirmwareStatus { status, request_id } => {
            call(V, id, &files::firmware_status_out(status, *request_id)).map(Some)
        }
    }
}

pub(crate) fn read_request(action: &str, payload: &str) -> Result<Request, Refusal> {
    Ok(match action {
        "BootNotification" => Request::Boot(boot_in(decode(payload, V)?)),
        "Heartbeat" => {
            decode::<v16::HeartbeatRequest>(payload, V)?;
            Request::Heartbeat
        }
        "StatusNotification" => Request::Status(status::status_in(decode(payload, V)?)),
        "Authorize" => Request::Authorize(token_in(decode::<v16::AuthorizeRequest>(payload, V)?.id_tag)),
        "StartTransaction" => Request::Transaction(Box::new(started_in(decode(payload, V)?)?)),
        "MeterValues" => measured_in(decode(payload, V)?),
        "StopTransaction" => Request::Transaction(Box::new(stopped_in(decode(payload, V)?)?)),
        "DataTransfer" => Request::DataTransfer(message_in(decode(payload, V)?)),
        "SecurityEventNotification" => {
            let event: v16::SecurityEventNotificationRequest = decode(payload, V)?;
            Request::SecurityEvent { kind: event_in(event.kind), at: event.timestamp, info: event.tech_info }
        }
        "SignCertificate" => certificates::sign_in(decode(payload, V)?),
        "LogStatusNotification" => files::log_status_in(&decode(payload, V)?)?,
        "SignedFirmwareStatusNotification" => files::firmware_status_in(&decode(payload, V)?)?,
        _ => return Err(Refusal::unknown_action(action, is_action(V, v16::ACTIONS, action))),
    })
}

/// The security events that 1.6 has another name for (whitepaper §8): its own, then that of 2.x.
const EVENTS: [(&str, &str); 4] = [
    ("CentralSystemFailedToAuthenticate", "CsmsFailedToAuthenticate"),
    ("FailedToAuthenticateAtCentralSystem", "FailedToAuthenticateAtCsms"),
    ("InvalidCentralSystemCertificate", "InvalidCsmsCertificate"),
    ("InvalidChargePointCertificate", "InvalidChargingStationCertificate"),
];

fn event_out(kind: &Text) -> Text {
    let known = EVENTS.iter().find(|(_, domain)| *domain == kind.as_str());
    known.map_or_else(|| kind.clone(), |(own, _)| Text::new(own))
}

fn event_in(kind: Text) -> Text {
    let known = EVENTS.iter().find(|(own, _)| *own == kind.as_str());
    known.map_or(kind, |(_, domain)| Text::new(domain))
}

pub(crate) fn write_answer(id: &str, request: &Request, answer: &Answer) -> Result<String, Refusal> {
    match (request, answer) {
        (Request::Boot(_), Answer::Boot { status, time, interval_s }) => {
            let status = v16::RegistrationStatus::from_word(status.as_str());
            result(V, id, &v16::BootNotificationResponse::new(status, *time, *interval_s))
        }
        (Request::Heartbeat, Answer::Heartbeat { time }) => result(V, id, &v16::HeartbeatResponse::new(*time)),
        (Request::Authorize(_), Answer::Authorize(info)) => result(V, id, &v16::AuthorizeResponse::new(info_out(info))),
        (Request::Transaction(event), Answer::Transaction(answer)) => write_transaction_answer(id, event, answer),
        (Request::DataTransfer(_), Answer::DataTransfer(answer)) => result(V, id, &message_answer_out(answer)),
        (Request::Status(_), Answer::Done) => result(V, id, &v16::StatusNotificationResponse::new()),
        (Request::MeterValues { .. }, Answer::Done) => result(V, id, &v16::MeterValuesResponse::new()),
        (Request::SecurityEvent { .. }, Answer::Done) => result(V, id, &v16::SecurityEventNotificationResponse::new()),
        (Request::SignCertificate { .. }, Answer::SignCertificate { accepted }) => {
            let status = if *accepted { v16::GenericStatus::Accepted } else { v16::GenericStatus::Rejected };
            result(V, id, &v16::SignCertificateResponse::new(status))
        }
        (Request::LogStatus { .. }, Answer::Done) => result(V, id, &v16::LogStatusNotificationResponse::new()),
        (Request::FirmwareStatus { .. }, Answer::Done) => {
            result(V, id, &v16::SignedFirmwareStatusNotificationResponse::new())
        }
        _ => Err(Refusal::mismatch()),
    }
}

fn write_transaction_answer(id: &str, event: &TransactionEvent, answer: &TransactionAnswer) -> Result<String, Refusal> {
    match event.stage {
        TransactionStage::Started => result(V, id, &start_answer_out(answer)?),
        TransactionStage::Updated => result(V, id, &v16::MeterValuesResponse::new()),
        TransactionStage::Ended => {
            let mut payload = v16::StopTransactionResponse::new();
            payload.id_tag_info = answer.id_token_info.as_ref().map(info_out);
            result(V, id, &payload)
        }
    }
}

pub(crate) fn read_answer(request: &Request, payload: &str) -> Result<Answer, Refusal> {
    Ok(match request {
        Request::ChargingProfiles(_)
        | Request::ChargingLimit(_)
        | Request::ChargingLimitCleared { .. }
        | Request::EvNeeds(_)
        | Request::EvSchedule(_)
        | Request::CertificateStatus(_) => return Err(Refusal::mismatch()),
        Request::Boot(_) => {
            let boot: v16::BootNotificationResponse = decode(payload, V)?;
            let status = RegistrationStatus::from_word(boot.status.as_str());
            Answer::Boot { status, time: boot.current_time, interval_s: boot.interval }
        }
        Request::Heartbeat => Answer::Heartbeat { time: decode::<v16::HeartbeatResponse>(payload, V)?.current_time },
        Request::Status(_) => decode::<v16::StatusNotificationResponse>(payload, V).map(|_| Answer::Done)?,
        Request::Authorize(_) => Answer::Authorize(info_in(decode::<v16::AuthorizeResponse>(payload, V)?.id_tag_info)),
        Request::Transaction(event) => Answer::Transaction(match event.stage {
            TransactionStage::Started => start_answer_in(decode(payload, V)?),
            TransactionStage::Updated => {
                decode::<v16::MeterValuesResponse>(payload, V).map(|_| TransactionAnswer::default())?
            }
            TransactionStage::Ended => {
                let answer: v16::StopTransactionResponse = decode(payload, V)?;
                TransactionAnswer { id_token_info: answer.id_tag_info.map(info_in), transaction: None }
            }
        }),
        Request::MeterValues { .. } => decode::<v16::MeterValuesResponse>(payload, V).map(|_| Answer::Done)?,
        Request::Report(_) | Request::Events(_) => return Err(Refusal::mismatch()),
        Request::DataTransfer(_) => Answer::DataTransfer(message_answer_in(decode(payload, V)?)),
        Request::SecurityEvent { .. } => {
            decode::<v16::SecurityEventNotificationResponse>(payload, V).map(|_| Answer::Done)?
        }
        Request::SignCertificate { .. } => {
            let status = decode::<v16::SignCertificateResponse>(payload, V)?.status;
            Answer::SignCertificate { accepted: status == v16::GenericStatus::Accepted }
        }
        Request::LogStatus { .. } => decode::<v16::LogStatusNotificationResponse>(payload, V).map(|_| Answer::Done)?,
        Request::FirmwareStatus { .. } => {
            decode::<v16::SignedFirmwareStatusNotificationResponse>(payload, V).map(|_| Answer::Done)?
        }
    })
}

fn boot_out(boot: &Boot) -> v16::BootNotificationRequest {
    let identity = &boot.identity;
    let mut payload = v16::BootNotificationRequest::new(identity.vendor.clone(), identity.model.clone());
    payload.charge_point_serial_number = identity.serial_number.clone();
    payload.firmware_version = identity.firmware_version.clone();
    payload.iccid = identity.iccid.clone();
    payload.imsi = identity.imsi.clone();
    payload
}

fn boot_in(payload: v16::BootNotificationRequest) -> Boot {
    let identity = StationIdentity {
        model: payload.charge_point_model,
        vendor: payload.charge_point_vendor,
        // Older stations tell the box's number only (§6.3).
        serial_number: payload.charge_point_serial_number.or(payload.charge_box_serial_number),
        firmware_version: payload.firmware_version,
        iccid: payload.iccid,
        imsi: payload.imsi,
    };
    Boot { identity, reason: BootReason::Unknown }
}

pub(super) fn message_out(message: &DataTransfer) -> v16::DataTransferRequest {
    let mut payload = v16::DataTransferRequest::new(message.vendor_id.clone());
    payload.message_id = message.message_id.clone();
    payload.data = message.data.as_ref().map(data_out);
    payload
}

pub(super) fn message_in(payload: v16::DataTransferRequest) -> DataTransfer {
    DataTransfer {
        vendor_id: payload.vendor_id,
        message_id: payload.message_id,
        data: payload.data.as_ref().map(data_in),
    }
}

pub(super) fn message_answer_out(answer: &DataTransferAnswer) -> v16::DataTransferResponse {
    let mut payload = v16::DataTransferResponse::new(v16::DataTransferStatus::from_word(answer.status.as_str()));
    payload.data = answer.data.as_ref().map(data_out);
    payload
}

pub(super) fn message_answer_in(payload: v16::DataTransferResponse) -> DataTransferAnswer {
    DataTransferAnswer {
        status: DataTransferStatus::from_word(payload.status.as_str()),
        data: payload.data.as_ref().map(data_in),
    }
}
