//! The status of the certificates for vehicles (M06): asked for, judged by the host, and kept until there is something newer.
//!
//! What is kept is gone with the power, and asked for again when the CSMS is there.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

use pilotwire_messages::{Text, Version};

use super::super::api::Output;
use super::super::shared::Cx;
use super::state::{Certificates, Own, Purpose, Root, Status, StatusStep};
use super::tasks::{ask, schedule};
use crate::domain::{
    CertificateHashData, CertificateSigningUse, CryptoResult, CryptoTask, InstallCertificateUse, OCSPRequestData,
    Request,
};

/// After this it is asked for again (M06.FR.10: at least once a week).
const LONGEST: Duration = Duration::from_secs(6 * 86_400);

/// Before this it is not: neither when there was no status, nor when its responder will soon have a newer one.
const SHORTEST: Duration = Duration::from_secs(3_600);

/// What begins a certificate in PEM.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Whether vehicles see it.
fn is_for_vehicles(own: &Own) -> bool {
    own.usage != Some(CertificateSigningUse::ChargingStationCertificate)
}

/// M06.FR.06, M06.FR.07: one for each certificate of a vehicle's chain that says who can be asked.
pub(super) fn sync(cx: &Cx<'_>, certificates: &mut Certificates) {
    if cx.version() == Version::V16 {
        return;
    }
    let mut before = core::mem::take(&mut certificates.statuses);
    for own in certificates.saved.own.iter().filter(|own| is_for_vehicles(own)) {
        for (position, about) in own.facts.iter().flat_map(|facts| &facts.responders) {
            let known = before.iter().position(|status| (status.key, status.position) == (own.key, *position));
            let new = || {
                let (key, position, about) = (own.key, *position, about.clone());
                Status { key, position, about, step: StatusStep::Due(cx.now), held: None }
            };
            certificates.statuses.push(known.map_or_else(new, |at| before.swap_remove(at)));
        }
    }
}

/// Asks for what is due.
pub(super) fn on_timer(cx: &mut Cx<'_>, certificates: &mut Certificates) {
    let now = cx.now;
    if !cx.is_online() {
        return;
    }
    for status in certificates.statuses.iter_mut().filter(|status| status.due().is_some_and(|at| at <= now)) {
        let asked = cx.call(Request::CertificateStatus(Box::new(status.about.clone())));
        status.step = if asked { StatusStep::Asked } else { StatusStep::Due(now + SHORTEST) };
    }
}

/// The CSMS answered. Whatever a responder says is judged before it counts.
pub(crate) fn on_status(cx: &mut Cx<'_>, about: &OCSPRequestData, response: Option<Text>) {
    let Some(mut certificates) = cx.certificates.take() else { return };
    let asked =
        certificates.statuses.iter().position(|status| status.step == StatusStep::Asked && status.about == *about);
    if let Some(at) = asked {
        let operation = response.and_then(|response| read(cx, &mut certificates, at, response));
        let again = StatusStep::Due(cx.now + SHORTEST);
        certificates.statuses[at].step = operation.map_or(again, StatusStep::Reading);
    }
    cx.certificates = Some(certificates);
    schedule(cx);
}

fn read(cx: &mut Cx<'_>, certificates: &mut Certificates, at: usize, response: Text) -> Option<u64> {
    let status = &certificates.statuses[at];
    let own = certificates.saved.own.iter().find(|own| own.key == status.key)?;
    let issuer = certificates.saved.roots.iter().find(|root| is_issuer(root, &status.about));
    let chain = chain_from(&own.chain, status.position, issuer.map(|root| &root.pem));
    let task = CryptoTask::ReadOcsp { response: response.clone(), chain: chain.into(), at: cx.utc() };
    ask(cx, certificates, Purpose::Ocsp(response), task)
}

/// Whether a root signed the certificate: it signed itself, too.
fn is_issuer(root: &Root, about: &OCSPRequestData) -> bool {
    let name = root.facts.as_ref().and_then(|facts| facts.names.first());
    let signed = |name: &CertificateHashData| {
        (&name.hash_algorithm, &name.issuer_name_hash, &name.issuer_key_hash)
            == (&about.hash_algorithm, &about.issuer_name_hash, &about.issuer_key_hash)
    };
    root.usage == InstallCertificateUse::V2GRootCertificate && name.is_some_and(signed)
}

/// The certificate at this position and those above it, with the root that a chain leaves out.
fn chain_from(chain: &str, position: usize, root: Option<&Text>) -> String {
    let start = chain.match_indices(BEGIN).nth(position).map_or(0, |(at, _)| at);
    let mut from = String::from(&chain[start..]);
    if let Some(root) = root {
        if !from.ends_with('\n') {
            from.push('\n');
        }
        from.push_str(root);
    }
    from
}

/// There was no answer: the CSMS is asked again when it is there.
pub(crate) fn on_status_lost(cx: &mut Cx<'_>, about: &OCSPRequestData) {
    let again = if cx.online.is_some() { cx.now + SHORTEST } else { cx.now };
    let Some(certificates) = cx.certificates.as_mut() else { return };
    let asked =
        certificates.statuses.iter_mut().find(|status| status.step == StatusStep::Asked && status.about == *about);
    if let Some(status) = asked {
        status.step = StatusStep::Due(again);
    }
    schedule(cx);
}

/// The host has judged it.
pub(super) fn on_read(
    cx: &mut Cx<'_>,
    certificates: &mut Certificates,
    operation: u64,
    response: Text,
    result: CryptoResult,
) {
    let reading = StatusStep::Reading(operation);
    let Some(status) = certificates.statuses.iter_mut().find(|status| status.step == reading) else { return };
    let (now, utc) = (cx.now, cx.utc());
    let why = match result {
        CryptoResult::Ocsp(facts) => {
            let until_next = facts.next_update.map(|next| next.millis_since(utc));
            let until_next = until_next.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
            status.step = StatusStep::Due(now + until_next.unwrap_or(LONGEST).clamp(SHORTEST, LONGEST));
            status.held = Some((response, facts));
            if let Some(held) = status.held() {
                cx.tell(Output::CertificateStatus(Box::new(held)));
            }
            return;
        }
        CryptoResult::Failed { why } => why,
        CryptoResult::Csr(_) | CryptoResult::Examined(_) => "the host did something else".into(),
    };
    status.step = StatusStep::Due(now + SHORTEST);
    let position = status.position;
    cx.refuse(format!("the status of certificate {position} of a vehicle's chain is not used: {why}"));
}
