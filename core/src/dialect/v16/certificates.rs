//! Certificates of the security whitepaper: signed, installed, listed and deleted (A02, A03, M03–M05).

use alloc::string::String;

use pilotwire_messages::{Text, Version, decode, v2, v16};

use super::super::{Refusal, call, result};
use crate::domain::{
    CertificateHashData, CertificateHashDataChain, CertificateSigningUse, Command, DeleteCertificateStatus,
    GetCertificateIdUse, InstallCertificateStatus, InstallCertificateUse, Reply, Request,
};

const V: Version = Version::V16;

/// The only certificate that 1.6 knows of its own is that for the central system.
fn check_use(usage: Option<&CertificateSigningUse>) -> Result<(), Refusal> {
    match usage {
        None | Some(CertificateSigningUse::ChargingStationCertificate) => Ok(()),
        Some(_) => Err(Refusal::unsupported("1.6 knows no certificates for vehicles")),
    }
}

pub(super) fn sign_out(
    csr: &Text,
    usage: Option<&CertificateSigningUse>,
) -> Result<v16::SignCertificateRequest, Refusal> {
    check_use(usage)?;
    Ok(v16::SignCertificateRequest::new(csr.clone()))
}

pub(super) fn sign_in(payload: v16::SignCertificateRequest) -> Request {
    let usage = Some(CertificateSigningUse::ChargingStationCertificate);
    Request::SignCertificate { csr: payload.csr, usage, request_id: None }
}

/// Both words for the roots that both editions have.
fn use_out(word: &str) -> Result<v16::CertificateUse, Refusal> {
    if word == InstallCertificateUse::CSMSRootCertificate.as_str() {
        Ok(v16::CertificateUse::CentralSystemRootCertificate)
    } else if word == InstallCertificateUse::ManufacturerRootCertificate.as_str() {
        Ok(v16::CertificateUse::ManufacturerRootCertificate)
    } else {
        Err(Refusal::unsupported("1.6 has two kinds of roots: the central system's and the manufacturer's"))
    }
}

/// The word of 2.x; one that nobody knows stays as it is.
fn use_in(usage: &v16::CertificateUse) -> &str {
    match usage {
        v16::CertificateUse::CentralSystemRootCertificate => "CSMSRootCertificate",
        other => other.as_str(),
    }
}

fn name_out(name: &CertificateHashData) -> v16::CertificateHashData {
    v16::CertificateHashData::new(
        v16::HashAlgorithm::from_word(name.hash_algorithm.as_str()),
        name.issuer_name_hash.clone(),
        name.issuer_key_hash.clone(),
        name.serial_number.clone(),
    )
}

fn name_in(name: v16::CertificateHashData) -> CertificateHashData {
    CertificateHashData::new(
        v2::HashAlgorithm::from_word(name.hash_algorithm.as_str()),
        name.issuer_name_hash,
        name.issuer_key_hash,
        name.serial_number,
    )
}

pub(super) fn write_command(id: &str, command: &Command) -> Result<String, Refusal> {
    match command {
        Command::CertificateSigned { chain, usage, request_id: _ } => {
            check_use(usage.as_ref())?;
            call(V, id, &v16::CertificateSignedRequest::new(chain.clone()))
        }
        Command::InstallCertificate { usage, certificate } => {
            call(V, id, &v16::InstallCertificateRequest::new(use_out(usage.as_str())?, certificate.clone()))
        }
        Command::InstalledCertificates { usages } => {
            let [usage] = usages.as_slice() else {
                return Err(Refusal::unsupported("1.6 lists one kind of certificates at a time"));
            };
            call(V, id, &v16::GetInstalledCertificateIdsRequest::new(use_out(usage.as_str())?))
        }
        Command::DeleteCertificate(name) => call(V, id, &v16::DeleteCertificateRequest::new(name_out(name))),
        _ => Err(Refusal::mismatch()),
    }
}

pub(super) fn signed_in(payload: v16::CertificateSignedRequest) -> Command {
    let usage = Some(CertificateSigningUse::ChargingStationCertificate);
    Command::CertificateSigned { chain: payload.certificate_chain, usage, request_id: None }
}

pub(super) fn install_in(payload: v16::InstallCertificateRequest) -> Command {
    let usage = InstallCertificateUse::from_word(use_in(&payload.certificate_type));
    Command::InstallCertificate { usage, certificate: payload.certificate }
}

pub(super) fn list_in(payload: &v16::GetInstalledCertificateIdsRequest) -> Command {
    let usage = GetCertificateIdUse::from_word(use_in(&payload.certificate_type));
    Command::InstalledCertificates { usages: alloc::vec![usage] }
}

pub(super) fn delete_in(payload: v16::DeleteCertificateRequest) -> Command {
    Command::DeleteCertificate(alloc::boxed::Box::new(name_in(payload.certificate_hash_data)))
}

pub(super) fn write_reply(id: &str, command: &Command, reply: &Reply) -> Result<String, Refusal> {
    match (command, reply) {
        (Command::CertificateSigned { .. }, Reply::CertificateSigned { accepted, why: _ }) => {
            let status =
                if *accepted { v16::CertificateSignedStatus::Accepted } else { v16::CertificateSignedStatus::Rejected };
            result(V, id, &v16::CertificateSignedResponse::new(status))
        }
        (Command::InstallCertificate { .. }, Reply::InstallCertificate { status, why: _ }) => {
            let status = v16::InstallCertificateStatus::from_word(status.as_str());
            result(V, id, &v16::InstallCertificateResponse::new(status))
        }
        (Command::InstalledCertificates { .. }, Reply::InstalledCertificates(certificates)) => {
            let status = match certificates.is_empty() {
                true => v16::GetInstalledCertificateStatus::NotFound,
                false => v16::GetInstalledCertificateStatus::Accepted,
            };
            let names = certificates.iter().map(|found| name_out(&found.certificate_hash_data)).collect();
            let mut payload = v16::GetInstalledCertificateIdsResponse::new(status);
            payload.certificate_hash_data = Some(names).filter(|names: &alloc::vec::Vec<_>| !names.is_empty());
            result(V, id, &payload)
        }
        (Command::DeleteCertificate(_), Reply::DeleteCertificate(status)) => {
            let status = v16::DeleteCertificateStatus::from_word(status.as_str());
            result(V, id, &v16::DeleteCertificateResponse::new(status))
        }
        _ => Err(Refusal::mismatch()),
    }
}

pub(super) fn read_reply(command: &Command, payload: &str) -> Result<Reply, Refusal> {
    Ok(match command {
        Command::CertificateSigned { .. } => {
            let status = decode::<v16::CertificateSignedResponse>(payload, V)?.status;
            Reply::CertificateSigned { accepted: status == v16::CertificateSignedStatus::Accepted, why: None }
        }
        Command::InstallCertificate { .. } => {
            let status = decode::<v16::InstallCertificateResponse>(payload, V)?.status;
            Reply::InstallCertificate { status: InstallCertificateStatus::from_word(status.as_str()), why: None }
        }
        Command::InstalledCertificates { usages } => {
            let reply: v16::GetInstalledCertificateIdsResponse = decode(payload, V)?;
            let accepted = reply.status == v16::GetInstalledCertificateStatus::Accepted;
            let names = reply.certificate_hash_data.filter(|_| accepted).unwrap_or_default();
            let usage = usages.first().cloned().unwrap_or(GetCertificateIdUse::CSMSRootCertificate);
            let found = |name| CertificateHashDataChain::new(name_in(name), usage.clone());
            Reply::InstalledCertificates(names.into_iter().map(found).collect())
        }
        Command::DeleteCertificate(_) => {
            let status = decode::<v16::DeleteCertificateResponse>(payload, V)?.status;
            Reply::DeleteCertificate(DeleteCertificateStatus::from_word(status.as_str()))
        }
        _ => return Err(Refusal::mismatch()),
    })
}
