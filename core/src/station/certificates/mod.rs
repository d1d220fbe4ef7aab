//! Certificates of the station and those that it trusts (A02, A03; M03–M05; security whitepaper of 1.6).
//!
//! Core judges, the host computes: every task is an operation with a number, answered by an event. All that lasts stands in
//! one record, which is written before anything that follows from it: a power cut leaves the certificates from before or
//! those from after, never a mixture (R-6, S-13).
//!
//! | file | holds |
//! | --- | --- |
//! | `signing` | signing requests and their answers (A02, A03) |
//! | `roots` | what is trusted: installed, listed, deleted (M03–M05) |
//! | `ocsp` | the status of certificates for vehicles (M06) |
//! | `state` | all that is known of them |
//! | `tasks` | what the others do alike |
//! | `choice` | which certificate and which roots the next connection uses, and the way back |

mod choice;
mod ocsp;
mod roots;
mod signing;
pub(super) mod state;
mod tasks;

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::Text;

use super::response::Response;
use super::shared::{Cx, Signal};
use crate::device_model::Known;
use crate::domain::{
    ChainFacts, Command, CryptoResult, CryptoTask, FirmwareUpdate, InstallCertificateStatus, InstallCertificateUse,
    Reply, UpdateFirmwareStatus,
};
pub(crate) use choice::{on_connect, on_connected, on_failed};
pub(crate) use ocsp::{on_status, on_status_lost};
pub(crate) use signing::{on_answer, on_lost, trigger};
use state::{Certificates, Facts, Open, Purpose};
pub(crate) use tasks::{RECORD, schedule};
use tasks::{ask, count, info, keep_keys};

/// Power came: what was read from the record is used, what the host has not read is given to it, and a signing that the
/// power cut interrupted goes on.
pub(crate) fn wake(cx: &mut Cx<'_>) {
    let Some(mut certificates) = cx.certificates.take() else { return };
    let most = cx.config.certificates.entries;
    cx.variables.put(Known::LegacyCertificateStore, &format!("{most}"));
    if cx.variables.text(Known::OrganizationName).is_empty() {
        let organization = cx.config.certificates.organization.clone();
        cx.variables.put(Known::OrganizationName, &organization);
    }
    count(cx, &certificates);
    keep_keys(cx, &certificates);
    read_factory(cx, &mut certificates);
    signing::resume(cx, &mut certificates);
    choice::apply(cx, &mut certificates);
    ocsp::sync(cx, &mut certificates);
    cx.certificates = Some(certificates);
    schedule(cx);
}

fn read_factory(cx: &mut Cx<'_>, certificates: &mut Certificates) {
    let own = certificates.saved.own.iter().filter(|own| own.facts.is_none());
    let own = own.map(|own| (Purpose::ReadOwn(own.key), own.chain.clone(), Some(own.key)));
    let roots = certificates.saved.roots.iter().filter(|root| root.facts.is_none());
    let roots = roots.map(|root| (Purpose::ReadRoot(root.pem.clone()), root.pem.clone(), None));
    for (purpose, chain, key) in own.chain(roots).collect::<Vec<_>>() {
        let task = CryptoTask::Examine { chain, key, roots: Vec::new(), at: cx.utc() };
        ask(cx, certificates, purpose, task);
    }
}

/// The host did what it was asked to. Gives what the CSMS is answered, if it waits for that.
pub(crate) fn on_done(cx: &mut Cx<'_>, operation: u64, result: CryptoResult) -> Option<Reply> {
    let mut certificates = cx.certificates.take()?;
    let at = certificates.open.iter().position(|open| open.operation == operation);
    let reply = match at {
        Some(at) => {
            let open = certificates.open.remove(at);
            let reply = finish(cx, &mut certificates, open, result);
            ocsp::sync(cx, &mut certificates);
            ocsp::on_timer(cx, &mut certificates);
            reply
        }
        None => {
            cx.refuse(format!("no cryptographic operation {operation} is open"));
            None
        }
    };
    cx.certificates = Some(certificates);
    schedule(cx);
    reply
}

fn finish(cx: &mut Cx<'_>, certificates: &mut Certificates, open: Open, result: CryptoResult) -> Option<Reply> {
    let examined = match &result {
        CryptoResult::Examined(facts) => Ok(facts),
        CryptoResult::Failed { why } => Err(why.clone()),
        CryptoResult::Csr(_) | CryptoResult::Ocsp(_) => Err("this is no answer to that question".into()),
    };
    match open.purpose {
        Purpose::Csr(key) => {
            signing::on_csr(cx, certificates, key, result);
            None
        }
        Purpose::ReadOwn(key) => {
            let known = certificates.saved.own.iter_mut().find(|own| own.key == key);
            on_factory(cx, known.map(|own| &mut own.facts), examined);
            choice::apply(cx, certificates);
            None
        }
        Purpose::ReadRoot(pem) => {
            let known = certificates.saved.roots.iter_mut().find(|root| root.pem == pem);
            on_factory(cx, known.map(|root| &mut root.facts), examined);
            None
        }
        Purpose::Signed { key, chain, is_later } => {
            signing::on_examined(cx, certificates, open.operation, (key, chain, is_later), examined)
        }
        Purpose::Ocsp(response) => {
            ocsp::on_read(cx, certificates, open.operation, response, result);
            None
        }
        Purpose::Firmware(update) => {
            let (operation, examined) = (open.operation, Box::new(examined.cloned()));
            cx.signal(Signal::SignerExamined { operation, update, examined });
            None
        }
        Purpose::Install { usage, pem } => Some(roots::on_examined(cx, certificates, (usage, pem), examined)),
    }
}

/// What the factory gave is used even if the host cannot read it: there is nothing else.
fn on_factory(cx: &mut Cx<'_>, place: Option<&mut Option<Facts>>, examined: Result<&ChainFacts, Text>) {
    match (place, examined) {
        (Some(place), Ok(facts)) => *place = Facts::new(facts),
        (_, Err(why)) => cx.refuse(format!("a certificate of the factory cannot be read: {why}")),
        (None, Ok(_)) => {}
    }
}

/// The host has not answered in time: what it says later has no effect. Gives the answer for the CSMS.
pub(crate) fn give_up(cx: &mut Cx<'_>, operation: u64) -> Reply {
    let mut purpose = None;
    if let Some(certificates) = cx.certificates.as_mut()
        && let Some(at) = certificates.open.iter().position(|open| open.operation == operation)
    {
        purpose = Some(certificates.open.remove(at).purpose);
    }
    let why = Some(info("InternalError", "the certificate was not examined in time"));
    match purpose {
        Some(Purpose::Install { .. }) => Reply::InstallCertificate { status: InstallCertificateStatus::Failed, why },
        Some(Purpose::Firmware(_)) => Reply::UpdateFirmware { status: UpdateFirmwareStatus::Rejected, why },
        _ => Reply::CertificateSigned { accepted: false, why },
    }
}

/// What firmware may be signed by: what the CSMS installed, and what the factory gave.
pub(crate) fn manufacturers(cx: &Cx<'_>) -> Vec<Text> {
    let usage = InstallCertificateUse::ManufacturerRootCertificate;
    let installed = cx.certificates.iter().flat_map(|certificates| certificates.roots(&usage));
    installed.chain(&cx.config.files.firmware_roots).cloned().collect()
}

/// L01.FR.21: has the host look at the certificate that firmware is signed with; [`Signal::SignerExamined`] tells what it
/// is. `None` if that cannot be done.
pub(crate) fn examine_signer(cx: &mut Cx<'_>, update: &FirmwareUpdate, certificate: &Text) -> Option<u64> {
    let roots = manufacturers(cx);
    let mut certificates = cx.certificates.take()?;
    let task = CryptoTask::Examine { chain: certificate.clone(), key: None, roots, at: cx.utc() };
    let operation = ask(cx, &mut certificates, Purpose::Firmware(Box::new(update.clone())), task);
    cx.certificates = Some(certificates);
    operation
}

/// A command of the CSMS that concerns certificates.
pub(crate) fn perform(cx: &mut Cx<'_>, command: &Command) -> Response {
    let Some(mut certificates) = cx.certificates.take() else { return Response::Unsupported };
    let response = match command {
        Command::CertificateSigned { chain, usage, request_id } => {
            signing::on_signed(cx, &mut certificates, chain, usage.as_ref(), *request_id)
        }
        Command::InstallCertificate { usage, certificate } => roots::install(cx, &mut certificates, usage, certificate),
        Command::InstalledCertificates { usages } => {
            Response::Now(Reply::InstalledCertificates(roots::list(&certificates, usages)))
        }
        Command::DeleteCertificate(name) => {
            Response::Now(Reply::DeleteCertificate(roots::delete(cx, &mut certificates, name)))
        }
        _ => Response::Unsupported,
    };
    cx.certificates = Some(certificates);
    schedule(cx);
    response
}

/// Certificates come of age, expire, and are asked for again.
pub(crate) fn on_timer(cx: &mut Cx<'_>) {
    let Some(mut certificates) = cx.certificates.take() else { return };
    signing::on_timer(cx, &mut certificates);
    choice::on_timer(cx, &mut certificates);
    choice::apply(cx, &mut certificates);
    ocsp::sync(cx, &mut certificates);
    ocsp::on_timer(cx, &mut certificates);
    cx.certificates = Some(certificates);
    schedule(cx);
}

/// The CSMS accepted the station: a certificate that expires soon can be renewed.
pub(crate) fn on_accepted(cx: &mut Cx<'_>) {
    on_timer(cx);
}
