//! What the station trusts: installed, listed and deleted by the CSMS (M03–M05).

use alloc::vec::Vec;

use pilotwire_messages::Text;

use super::super::response::Response;
use super::super::security;
use super::super::shared::Cx;
use super::choice;
use super::state::{Certificates, Facts, Own, Purpose, Root, client_use, is_of_csms};
use super::tasks::{ask, changed, count, info, keep_keys, later, save};
use crate::device_model::Known;
use crate::domain::{
    CertificateHashData, CertificateHashDataChain, ChainFacts, CryptoTask, DeleteCertificateStatus,
    GetCertificateIdUse, InstallCertificateStatus, InstallCertificateUse, Reply,
};

/// The reason code of a certificate that nobody should trust.
const INVALID: &str = "InvalidCertificate";

/// The most certificates above a V2G certificate that an answer can carry (CertificateHashDataChainType).
const MAX_ABOVE: usize = 4;

/// A root that is taken, or why not.
type Verdict = Result<Facts, (InstallCertificateStatus, &'static str, Text)>;

/// M05: the host reads it first.
pub(super) fn install(
    cx: &mut Cx<'_>,
    certificates: &mut Certificates,
    usage: &InstallCertificateUse,
    pem: &Text,
) -> Response {
    if matches!(usage, InstallCertificateUse::Unlisted(_)) {
        return Response::Now(refused(InstallCertificateStatus::Rejected, "UnsupportedParam", "its use is unknown"));
    }
    // M05.FR.10: the one that is replaced must have signed it.
    let of_csms = certificates.saved.roots.iter().filter(|root| is_of_csms(&root.usage));
    let roots = of_csms.map(|root| root.pem.clone()).collect();
    let task = CryptoTask::Examine { chain: pem.clone(), key: None, roots, at: cx.utc() };
    let purpose = Purpose::Install { usage: usage.clone(), pem: pem.clone() };
    let operation = ask(cx, certificates, purpose, task);
    later(operation, refused(InstallCertificateStatus::Failed, "InternalError", "too much is examined at once"))
}

fn refused(status: InstallCertificateStatus, code: &str, why: &str) -> Reply {
    Reply::InstallCertificate { status, why: Some(info(code, why)) }
}

/// The host has read it.
pub(super) fn on_examined(
    cx: &mut Cx<'_>,
    certificates: &mut Certificates,
    (usage, pem): (InstallCertificateUse, Text),
    examined: Result<&ChainFacts, Text>,
) -> Reply {
    let invalid = |why: Text| (InstallCertificateStatus::Rejected, INVALID, why);
    let verdict = examined.map_err(invalid).and_then(|facts| judge(cx, certificates, &usage, facts));
    let facts = match verdict {
        Ok(facts) => facts,
        Err((status, code, why)) => {
            // TC_078_CS: what might have let a false CSMS in is told.
            if code == INVALID && is_of_csms(&usage) {
                security::event(cx, "InvalidCsmsCertificate", Some(why.clone()));
            }
            return refused(status, code, &why);
        }
    };
    let known = position(certificates, &usage, &facts);
    let replaces = is_checked(cx, &usage) && known.is_none_or(|at| certificates.saved.roots[at].fallback);
    let root = Root { usage, pem, facts: Some(facts), fallback: false };
    match known {
        _ if replaces => replace(certificates, root),
        // M05.FR.17.
        Some(at) => certificates.saved.roots[at] = root,
        None => certificates.saved.roots.push(root),
    }
    save(cx, certificates);
    count(cx, certificates);
    certificates.with_fallback = false;
    changed(cx, "a root certificate was installed".into());
    choice::apply(cx, certificates);
    Reply::InstallCertificate { status: InstallCertificateStatus::Accepted, why: None }
}

fn is_checked(cx: &Cx<'_>, usage: &InstallCertificateUse) -> bool {
    is_of_csms(usage) && cx.variables.flag(Known::AdditionalRootCheck)
}

fn judge(cx: &Cx<'_>, certificates: &Certificates, usage: &InstallCertificateUse, chain: &ChainFacts) -> Verdict {
    let (rejected, invalid) = (InstallCertificateStatus::Rejected, INVALID);
    // M05.FR.07.
    let [only] = chain.certificates.as_slice() else {
        return Err((rejected, invalid, "it is not one certificate".into()));
    };
    let Some(facts) = Facts::new(chain) else { return Err((rejected, invalid, "there is none in it".into())) };
    if !only.is_ca || !only.is_strong {
        return Err((rejected, invalid, "it may not sign others, or its key is too short".into()));
    }
    if cx.clock.is_known() && !facts.is_valid(cx.utc()) {
        return Err((rejected, invalid, "it is not valid now".into()));
    }
    let has_others = certificates.saved.roots.iter().any(|root| is_of_csms(&root.usage));
    // M05.FR.11.
    if is_checked(cx, usage) && has_others && chain.trusted_by.is_none() {
        return Err((rejected, invalid, "it is not signed by the one that it would replace".into()));
    }
    let room = certificates.saved.roots.len() < cx.config.certificates.entries;
    // M05.FR.06.
    if !room && position(certificates, usage, &facts).is_none() {
        return Err((rejected, "MaxEntries", "as many certificates are installed as there may be".into()));
    }
    if cx.storage_failed {
        // M05.FR.03.
        return Err((InstallCertificateStatus::Failed, "InternalError", "nothing can be kept".into()));
    }
    Ok(facts)
}

/// M05.FR.09, M05.FR.12: the new one, and beside it what worked last. One that was never used gives its place up.
fn replace(certificates: &mut Certificates, root: Root) {
    let roots = &mut certificates.saved.roots;
    let new_names = root.facts.as_ref().map(|facts| facts.names.clone()).unwrap_or_default();
    if roots.iter().any(|root| root.fallback) {
        roots.retain(|root| !is_of_csms(&root.usage) || root.fallback);
    }
    for old in roots.iter_mut().filter(|old| is_of_csms(&old.usage)) {
        old.fallback = true;
    }
    // The one that worked is wanted back.
    roots.retain(|old| !is_of_csms(&old.usage) || !has_name(old, &new_names));
    roots.push(root);
}

fn position(certificates: &Certificates, usage: &InstallCertificateUse, facts: &Facts) -> Option<usize> {
    certificates.saved.roots.iter().position(|root| root.usage == *usage && has_name(root, &facts.names))
}

fn has_name(root: &Root, names: &[CertificateHashData]) -> bool {
    root.facts.as_ref().is_some_and(|facts| names.iter().any(|name| is_named(&facts.names, name)))
}

/// Names are hexadecimal digits, which have two cases; a number may be padded.
fn is_named(names: &[CertificateHashData], asked: &CertificateHashData) -> bool {
    let number = |text: &str| text.trim_start_matches('0').to_ascii_lowercase();
    names.iter().any(|name| {
        name.hash_algorithm == asked.hash_algorithm
            && name.issuer_name_hash.eq_ignore_ascii_case(&asked.issuer_name_hash)
            && name.issuer_key_hash.eq_ignore_ascii_case(&asked.issuer_key_hash)
            && number(&name.serial_number) == number(&asked.serial_number)
    })
}

/// M03: all that are of these kinds, or all. One that the host has not read yet has no name.
pub(super) fn list(certificates: &Certificates, usages: &[GetCertificateIdUse]) -> Vec<CertificateHashDataChain> {
    let is_asked = |usage: &GetCertificateIdUse| usages.is_empty() || usages.contains(usage);
    let mut found = Vec::new();
    for root in &certificates.saved.roots {
        let usage = GetCertificateIdUse::from_word(root.usage.as_str());
        let name = root.facts.as_ref().and_then(|facts| facts.names.first());
        if let Some(name) = name.filter(|_| is_asked(&usage)) {
            found.push(CertificateHashDataChain::new(name.clone(), usage));
        }
    }
    let v2g = GetCertificateIdUse::V2GCertificateChain;
    // M03.FR.05.
    for own in certificates.saved.own.iter().filter(|own| own.usage != client_use() && is_asked(&v2g)) {
        let Some(facts) = &own.facts else { continue };
        let Some(name) = facts.names.first() else { continue };
        let mut chain = CertificateHashDataChain::new(name.clone(), v2g.clone());
        let above: Vec<CertificateHashData> = facts.above.iter().take(MAX_ABOVE).cloned().collect();
        chain.child_certificate_hash_data = Some(above).filter(|above| !above.is_empty());
        found.push(chain);
    }
    found
}

/// M04.
pub(super) fn delete(
    cx: &mut Cx<'_>,
    certificates: &mut Certificates,
    name: &CertificateHashData,
) -> DeleteCertificateStatus {
    let asked = core::slice::from_ref(name);
    let is_leaf = |own: &Own| own.facts.as_ref().is_some_and(|facts| is_named(&facts.names, name));
    let is_above = |own: &Own| own.facts.as_ref().is_some_and(|facts| is_named(&facts.above, name));
    let own = &certificates.saved.own;
    let has_root = certificates.saved.roots.iter().any(|root| has_name(root, asked));
    let has_own = own.iter().any(|own| own.usage != client_use() && is_leaf(own));
    // M04.FR.06; what stands above a certificate in use goes with it alone.
    let is_needed = own.iter().any(|own| own.is_client() && is_leaf(own)) || own.iter().any(is_above);
    if is_needed && !has_root {
        return DeleteCertificateStatus::Failed;
    }
    if !has_root && !has_own {
        // M04.FR.04.
        return DeleteCertificateStatus::NotFound;
    }
    // M04.FR.03, S-13.
    if cx.storage_failed || (has_root && leaves_nothing(cx, certificates, asked)) {
        return DeleteCertificateStatus::Failed;
    }
    certificates.saved.roots.retain(|root| !has_name(root, asked));
    certificates.saved.own.retain(|own| own.is_client() || !is_leaf(own));
    save(cx, certificates);
    if has_own {
        keep_keys(cx, certificates);
    }
    count(cx, certificates);
    changed(cx, "a certificate was deleted".into());
    choice::apply(cx, certificates);
    DeleteCertificateStatus::Accepted
}

/// Whether no root would be left that is known to verify the CSMS: while a new one has not been used, neither it nor the
/// one before it may go.
fn leaves_nothing(cx: &Cx<'_>, certificates: &Certificates, asked: &[CertificateHashData]) -> bool {
    let of_csms = || certificates.saved.roots.iter().filter(|root| is_of_csms(&root.usage));
    if !of_csms().any(|root| has_name(root, asked)) {
        return false;
    }
    let now = cx.utc();
    let is_usable = |root: &Root| root.facts.as_ref().is_none_or(|facts| !cx.clock.is_known() || facts.is_valid(now));
    let is_settling = of_csms().any(|root| root.fallback);
    is_settling || !of_csms().any(|root| !has_name(root, asked) && is_usable(root))
}
