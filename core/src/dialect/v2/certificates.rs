//! Certificates: signed, installed, listed and deleted (A02, A03, M03–M05).

use alloc::string::String;

use pilotwire_messages::{Text, Version, decode, v2};

use super::super::{Refusal, call, result};
use crate::domain::{Answer, CertificateSigningUse, Command, Reply, Request};

/// The number of a signing request goes where the edition has it.
const fn number(version: Version, number: Option<i32>) -> Option<i32> {
    if matches!(version, Version::V21) { number } else { None }
}

pub(super) fn sign_out(
    version: Version,
    csr: &Text,
    usage: Option<&CertificateSigningUse>,
    request_id: Option<i32>,
) -> v2::SignCertificateRequest {
    let mut payload = v2::SignCertificateRequest::new(csr.clone());
    payload.certificate_type = usage.cloned();
    payload.request_id = number(version, request_id);
    payload
}

pub(super) fn sign_in(payload: v2::SignCertificateRequest) -> Request {
    Request::SignCertificate { csr: payload.csr, usage: payload.certificate_type, request_id: payload.request_id }
}

/// M06.FR.02–M06.FR.04.
pub(super) fn status_out(response: Option<&Text>) -> v2::GetCertificateStatusResponse {
    let status = match response {
        Some(_) => v2::GetCertificateStatus::Accepted,
        None => v2::GetCertificateStatus::Failed,
    };
    let mut payload = v2::GetCertificateStatusResponse::new(status);
    payload.ocsp_result = response.cloned();
    payload
}

/// What was asked for and is not there failed, whatever the status says.
pub(super) fn status_in(payload: v2::GetCertificateStatusResponse) -> Answer {
    let accepted = payload.status == v2::GetCertificateStatus::Accepted;
    Answer::CertificateStatus { response: payload.ocsp_result.filter(|_| accepted) }
}

pub(super) fn write_command(version: Version, id: &str, command: &Command) -> Result<String, Refusal> {
    match command {
        Command::CertificateSigned { chain, usage, request_id } => {
            let mut payload = v2::CertificateSignedRequest::new(chain.clone());
            payload.certificate_type = usage.clone();
            payload.request_id = number(version, *request_id);
            call(version, id, &payload)
        }
        Command::InstallCertificate { usage, certificate } => {
            call(version, id, &v2::InstallCertificateRequest::new(usage.clone(), certificate.clone()))
        }
        Command::InstalledCertificates { usages } => {
            let mut payload = v2::GetInstalledCertificateIdsRequest::new();
            payload.certificate_type = Some(usages.clone()).filter(|usages| !usages.is_empty());
            call(version, id, &payload)
        }
        Command::DeleteCertificate(name) => call(version, id, &v2::DeleteCertificateRequest::new((**name).clone())),
        _ => Err(Refusal::mismatch()),
    }
}

pub(super) fn signed_in(payload: v2::CertificateSignedRequest) -> Command {
    Command::CertificateSigned {
        chain: payload.certificate_chain,
        usage: payload.certificate_type,
        request_id: payload.request_id,
    }
}

pub(super) fn install_in(payload: v2::InstallCertificateRequest) -> Command {
    Command::InstallCertificate { usage: payload.certificate_type, certificate: payload.certificate }
}

pub(super) fn write_reply(version: Version, id: &str, command: &Command, reply: &Reply) -> Result<String, Refusal> {
    match (command, reply) {
        (Command::CertificateSigned { .. }, Reply::CertificateSigned { accepted, why }) => {
            let status =
                if *accepted { v2::CertificateSignedStatus::Accepted } else { v2::CertificateSignedStatus::Rejected };
            let mut payload = v2::CertificateSignedResponse::new(status);
            payload.status_info = why.clone();
            result(version, id, &payload)
        }
        (Command::InstallCertificate { .. }, Reply::InstallCertificate { status, why }) => {
            let mut payload = v2::InstallCertificateResponse::new(status.clone());
            payload.status_info = why.clone();
            result(version, id, &payload)
        }
        (Command::InstalledCertificates { .. }, Reply::InstalledCertificates(certificates)) => {
            let status = match certificates.is_empty() {
                true => v2::GetInstalledCertificateStatus::NotFound,
                false => v2::GetInstalledCertificateStatus::Accepted,
            };
            let mut payload = v2::GetInstalledCertificateIdsResponse::new(status);
            payload.certificate_hash_data_chain = Some(certificates.clone()).filter(|chains| !chains.is_empty());
            result(version, id, &payload)
        }
        (Command::DeleteCertificate(_), Reply::DeleteCertificate(status)) => {
            result(version, id, &v2::DeleteCertificateResponse::new(status.clone()))
        }
        _ => Err(Refusal::mismatch()),
    }
}

pub(super) fn read_reply(version: Version, command: &Command, payload: &str) -> Result<Reply, Refusal> {
    Ok(match command {
        Command::CertificateSigned { .. } => {
            let reply: v2::CertificateSignedResponse = decode(payload, version)?;
            let accepted = reply.status == v2::CertificateSignedStatus::Accepted;
            Reply::CertificateSigned { accepted, why: reply.status_info }
        }
        Command::InstallCertificate { .. } => {
            let reply: v2::InstallCertificateResponse = decode(payload, version)?;
            Reply::InstallCertificate { status: reply.status, why: reply.status_info }
        }
        Command::InstalledCertificates { .. } => {
            let reply: v2::GetInstalledCertificateIdsResponse = decode(payload, version)?;
            let accepted = reply.status == v2::GetInstalledCertificateStatus::Accepted;
            let found = reply.certificate_hash_data_chain.filter(|_| accepted);
            Reply::InstalledCertificates(found.unwrap_or_default())
        }
        Command::DeleteCertificate(_) => {
            Reply::DeleteCertificate(decode::<v2::DeleteCertificateResponse>(payload, version)?.status)
        }
        _ => return Err(Refusal::mismatch()),
    })
}
