//! Signing requests and what comes back (A02, A03).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

use pilotwire_messages::{DateTime, Text};

use super::super::api::Output;
use super::super::response::Response;
use super::super::security;
use super::super::shared::Cx;
use super::choice;
use super::state::{Certificates, Facts, Open, Own, Purpose, Signing, SigningStep, begin, client_use};
use super::tasks::{ask, changed, info, keep_keys, later, save, schedule};
use crate::device_model::Known;
use crate::domain::{
    CertificateSigningUse, ChainFacts, CryptoResult, CryptoTask, InstallCertificateUse, KeyId, MessageTrigger, Reply,
    Subject, TriggerMessageStatus,
};

/// Certificates of the station's own that are kept at once.
const MAX_OWN: usize = 6;

/// Characters of a signing request (SignCertificate, `csr`).
const MAX_CSR: usize = 5_500;

/// F06; whitepaper, ExtendedTriggerMessage: `None` if the message is about no certificate.
pub(crate) fn trigger(cx: &mut Cx<'_>, message: &MessageTrigger) -> Option<TriggerMessageStatus> {
    let usage = match message {
        MessageTrigger::SignChargingStationCertificate => client_use(),
        MessageTrigger::SignV2GCertificate => Some(CertificateSigningUse::V2GCertificate),
        MessageTrigger::SignV2G20Certificate => Some(CertificateSigningUse::V2G20Certificate),
        MessageTrigger::SignCombinedCertificate => None,
        _ => return None,
    };
    let for_vehicles = usage != client_use();
    let is_known = !for_vehicles || cx.config.certificates.secc_id.is_some();
    if !is_known {
        return Some(TriggerMessageStatus::NotImplemented);
    }
    let Some(mut certificates) = cx.certificates.take() else { return Some(TriggerMessageStatus::NotImplemented) };
    let started = start(cx, &mut certificates, usage, true);
    cx.certificates = Some(certificates);
    Some(match started {
        Ok(()) => TriggerMessageStatus::Accepted,
        Err(why) => {
            cx.refuse(why);
            TriggerMessageStatus::Rejected
        }
    })
}

/// A02.FR.02, A03.FR.02: a new key, whose number is durable before the host uses it.
fn start(
    cx: &mut Cx<'_>,
    certificates: &mut Certificates,
    usage: Option<CertificateSigningUse>,
    asked_for: bool,
) -> Result<(), String> {
    let before = certificates.saved.signing.iter().find(|signing| signing.usage == usage);
    if before.is_some_and(|before| matches!(before.step, SigningStep::Asked { .. })) {
        return Ok(());
    }
    let before = before.map(|before| before.key);
    if cx.storage_failed {
        return Err("no certificate can be asked for: nothing can be kept".into());
    }
    let subject = subject(cx, usage.as_ref())?;
    let key = KeyId(certificates.saved.next_key);
    certificates.saved.next_key += 1;
    let request_id = i32::try_from(key.0).ok();
    let step = SigningStep::Making { asked_for };
    certificates.saved.signing.retain(|signing| signing.usage != usage);
    certificates.open.retain(|open| !matches!(open.purpose, Purpose::Csr(key) if Some(key) == before));
    certificates.saved.signing.push(Signing { usage, key, subject, request_id, quiet: false, step });
    save(cx, certificates);
    keep_keys(cx, certificates);
    make(cx, certificates, key);
    Ok(())
}

/// A00.FR.509, A00.FR.511: both must be set (A02, prerequisites).
fn subject(cx: &Cx<'_>, usage: Option<&CertificateSigningUse>) -> Result<Subject, String> {
    let organization = Text::new(cx.variables.text(Known::OrganizationName));
    let is_v2g = usage.is_some() && usage != client_use().as_ref();
    let common_name = match is_v2g {
        true => cx.config.certificates.secc_id.clone(),
        false => cx.config.identity.serial_number.clone(),
    };
    let common_name = common_name.unwrap_or_default();
    if organization.is_empty() || common_name.is_empty() {
        return Err("no certificate can be asked for without OrganizationName and a serial number or SECC id".into());
    }
    Ok(Subject { organization, common_name })
}

fn make(cx: &mut Cx<'_>, certificates: &mut Certificates, key: KeyId) {
    let Some(signing) = certificates.saved.signing.iter().find(|signing| signing.key == key) else { return };
    let task = CryptoTask::MakeCsr { key, subject: signing.subject.clone() };
    ask(cx, certificates, Purpose::Csr(key), task);
}

/// Power came: what was interrupted goes on, with the same key.
pub(super) fn resume(cx: &mut Cx<'_>, certificates: &mut Certificates) {
    let open = certificates.saved.signing.iter_mut().filter(|signing| !signing.quiet);
    let keys: Vec<KeyId> = open
        .map(|signing| {
            signing.step = SigningStep::Making { asked_for: false };
            signing.key
        })
        .collect();
    for key in keys {
        make(cx, certificates, key);
    }
}

/// The host made the request.
pub(super) fn on_csr(cx: &mut Cx<'_>, certificates: &mut Certificates, key: KeyId, result: CryptoResult) {
    let Some(at) = certificates.saved.signing.iter().position(|signing| signing.key == key) else { return };
    let SigningStep::Making { asked_for } = certificates.saved.signing[at].step else { return };
    let why = match result {
        CryptoResult::Csr(csr) if csr.chars().count() <= MAX_CSR => {
            let signing = &mut certificates.saved.signing[at];
            let request = signing.request(&csr);
            signing.step = match (cx.online.is_some() && asked_for, cx.is_online()) {
                (false, false) => SigningStep::Waiting { csr, repeats: 0, due: None },
                (true, _) => {
                    cx.call_as_asked(request);
                    SigningStep::Asked { csr, repeats: 0 }
                }
                (false, true) if cx.call(request) => SigningStep::Asked { csr, repeats: 0 },
                (false, true) => SigningStep::Waiting { csr, repeats: 0, due: None },
            };
            return;
        }
        CryptoResult::Csr(_) => Text::from("it is longer than a message can carry"),
        CryptoResult::Failed { why } => why,
        CryptoResult::Examined(_) | CryptoResult::Ocsp(_) => "the host did something else".into(),
    };
    cx.refuse(format!("no signing request could be made: {why}"));
    quiet(cx, certificates, at);
}

fn quiet(cx: &mut Cx<'_>, certificates: &mut Certificates, at: usize) {
    let signing = &mut certificates.saved.signing[at];
    (signing.quiet, signing.step) = (true, SigningStep::Idle);
    save(cx, certificates);
}

/// The CSMS answered.
pub(crate) fn on_answer(cx: &mut Cx<'_>, csr: &Text, accepted: bool) {
    let Some(mut certificates) = cx.certificates.take() else { return };
    if let Some((at, repeats)) = asked(&certificates, csr) {
        if accepted {
            wait(cx, &mut certificates, at, repeats);
        } else {
            // Nobody can sign it: asking again is for who changes that (A02, error handling).
            quiet(cx, &mut certificates, at);
        }
    }
    cx.certificates = Some(certificates);
    schedule(cx);
}

/// The request got no answer.
pub(crate) fn on_lost(cx: &mut Cx<'_>, csr: &Text) {
    let Some(mut certificates) = cx.certificates.take() else { return };
    if let Some((at, repeats)) = asked(&certificates, csr) {
        if cx.online.is_some() {
            wait(cx, &mut certificates, at, repeats);
        } else {
            let step = SigningStep::Waiting { csr: csr.clone(), repeats, due: None };
            certificates.saved.signing[at].step = step;
        }
    }
    cx.certificates = Some(certificates);
    schedule(cx);
}

fn asked(certificates: &Certificates, csr: &Text) -> Option<(usize, u64)> {
    certificates.saved.signing.iter().enumerate().find_map(|(at, signing)| match &signing.step {
        SigningStep::Asked { csr: sent, repeats } if sent == csr => Some((at, *repeats)),
        _ => None,
    })
}

/// A02.FR.17–A02.FR.19. `CertSigningRepeatTimes` counts how often the time is doubled (TC_A_23_CS): it is sent once more
/// than that. 0 sends nothing again.
fn wait(cx: &mut Cx<'_>, certificates: &mut Certificates, at: usize, repeats: u64) {
    let doublings = cx.variables.number(Known::CertSigningRepeatTimes);
    let most = if doublings == 0 { 0 } else { doublings + 1 };
    let minimum_s = cx.variables.number(Known::CertSigningWaitMinimum);
    if minimum_s == 0 || repeats >= most {
        return quiet(cx, certificates, at);
    }
    let factor = 1_u64 << repeats.min(30);
    let due = Some(cx.now + Duration::from_secs(minimum_s.saturating_mul(factor)));
    let signing = &mut certificates.saved.signing[at];
    if let SigningStep::Asked { csr, .. } = &signing.step {
        signing.step = SigningStep::Waiting { csr: csr.clone(), repeats, due };
    }
}

/// What is due is sent again, and what expires soon is renewed.
pub(super) fn on_timer(cx: &mut Cx<'_>, certificates: &mut Certificates) {
    let (now, online) = (cx.now, cx.is_online());
    for signing in &mut certificates.saved.signing {
        let SigningStep::Waiting { csr, repeats, due } = &signing.step else { continue };
        if due.is_some_and(|due| due > now) {
            continue;
        }
        // What was never answered is not a repetition.
        let (csr, repeats) = (csr.clone(), repeats + u64::from(due.is_some()));
        let sent = online && cx.call(signing.request(&csr));
        signing.step = if sent {
            SigningStep::Asked { csr, repeats }
        } else {
            SigningStep::Waiting { csr, repeats: repeats.max(1) - 1, due: None }
        };
    }
    if online && cx.clock.is_known() {
        renew(cx, certificates);
    }
}

/// A03.FR.02: in good time before it expires.
fn renew(cx: &mut Cx<'_>, certificates: &mut Certificates) {
    let days = cx.config.certificates.renew_days;
    let (now, ahead_ms) = (cx.utc(), i64::from(days) * 86_400_000);
    if days == 0 {
        return;
    }
    let saved = &certificates.saved;
    let mut newest: Vec<&Own> = saved.own.iter().collect();
    newest.sort_by_key(|own| Reverse((begin(own), own.key)));
    let mut due: Vec<Option<CertificateSigningUse>> = Vec::new();
    for (at, own) in newest.iter().enumerate() {
        let is_newest = newest.iter().take(at).all(|newer| newer.usage != own.usage);
        let expires = own.facts.as_ref().is_some_and(|facts| facts.not_after.millis_since(now) < ahead_ms);
        // A02.FR.20: one that went wrong waits for the CSMS.
        let is_asked = saved.signing.iter().any(|signing| signing.usage == own.usage);
        if is_newest && expires && !is_asked {
            due.push(own.usage.clone());
        }
    }
    for usage in due {
        if let Err(why) = start(cx, certificates, usage, false)
            && !core::mem::replace(&mut certificates.told, true)
        {
            cx.refuse(why);
        }
    }
}

/// A signed certificate came.
pub(super) fn on_signed(
    cx: &mut Cx<'_>,
    certificates: &mut Certificates,
    chain: &Text,
    usage: Option<&CertificateSigningUse>,
    request_id: Option<i32>,
) -> Response {
    let most = cx.variables.number(Known::MaxCertificateChainSize);
    if u64::try_from(chain.chars().count()).unwrap_or(u64::MAX) > most {
        // A02.FR.16.
        return Response::Now(refused("InvalidCertificate", "the chain is longer than MaxCertificateChainSize"));
    }
    let signing = &certificates.saved.signing;
    let is_meant = |signing: &&Signing| match (request_id, signing.request_id) {
        (Some(given), Some(own)) => given == own,
        _ => signing.usage.as_ref() == usage,
    };
    let only = signing.first().filter(|_| signing.len() == 1);
    let Some(signing) = signing.iter().find(is_meant).or(only) else {
        return Response::Now(discard(cx, "no certificate was asked for"));
    };
    let (key, at) = (signing.key, cx.utc());
    let roots = trusted(certificates, signing.usage.as_ref());
    let task = CryptoTask::Examine { chain: chain.clone(), key: Some(key), roots, at };
    let operation = ask(cx, certificates, Purpose::Signed { key, chain: chain.clone(), is_later: false }, task);
    later(operation, refused("InternalError", "too much is examined at once"))
}

/// Whom a certificate of the station may descend from (A02.FR.06; TC_A_13).
fn trusted(certificates: &Certificates, usage: Option<&CertificateSigningUse>) -> Vec<Text> {
    let (csms, v2g) = (InstallCertificateUse::CSMSRootCertificate, InstallCertificateUse::V2GRootCertificate);
    let fits = |root: &InstallCertificateUse| match usage {
        Some(CertificateSigningUse::ChargingStationCertificate) => *root == csms,
        Some(_) => *root == v2g,
        None => *root == csms || *root == v2g,
    };
    certificates.saved.roots.iter().filter(|root| fits(&root.usage)).map(|root| root.pem.clone()).collect()
}

/// The host has read the certificate. `None` if it is asked once more.
pub(super) fn on_examined(
    cx: &mut Cx<'_>,
    certificates: &mut Certificates,
    operation: u64,
    (key, chain, is_later): (KeyId, Text, bool),
    examined: Result<&ChainFacts, Text>,
) -> Option<Reply> {
    let Some(at) = certificates.saved.signing.iter().position(|signing| signing.key == key) else {
        return Some(discard(cx, "another certificate was asked for meanwhile"));
    };
    let facts = match examined {
        Ok(facts) => facts,
        Err(why) => return Some(spoil(cx, certificates, at, &why)),
    };
    let begin = facts.certificates.first().map(|first| first.not_before).filter(|begin| *begin > cx.utc());
    if let Some(begin) = begin.filter(|_| !is_later) {
        // A02.FR.08: it is for later; whether it is good is a question of then.
        let roots = trusted(certificates, certificates.saved.signing[at].usage.as_ref());
        let task = CryptoTask::Examine { chain: chain.clone(), key: Some(key), roots, at: begin };
        certificates.open.push(Open { operation, purpose: Purpose::Signed { key, chain, is_later: true } });
        cx.tell(Output::Crypto { operation, task });
        return None;
    }
    let judged = judge(facts, &certificates.saved.signing[at].subject, cx.utc());
    let (Ok(kept), false) = (&judged, cx.storage_failed) else {
        let why = judged.err().unwrap_or_else(|| "it cannot be kept".into());
        return Some(spoil(cx, certificates, at, &why));
    };
    let signing = certificates.saved.signing.remove(at);
    let own = Own { usage: signing.usage, key, chain, facts: Some(kept.clone()), proven: false, retired: None };
    certificates.saved.own.push(own);
    drop_oldest(cx, certificates);
    // Before the answer that promises it, and before the keys that nobody needs any more go.
    save(cx, certificates);
    keep_keys(cx, certificates);
    changed(cx, format!("a certificate with key {key} was installed"));
    (certificates.with_previous, certificates.refused) = (false, false);
    choice::apply(cx, certificates);
    Some(Reply::CertificateSigned { accepted: true, why: None })
}

/// A02.FR.06; A00.FR.501–A00.FR.511.
fn judge(facts: &ChainFacts, subject: &Subject, now: DateTime) -> Result<Facts, Text> {
    let Some(first) = facts.certificates.first() else { return Err("there is no certificate in it".into()) };
    let flaws = [
        (!facts.fits_key, "it is for another key"),
        (first.common_name.as_ref() != Some(&subject.common_name), "its common name is not the one that was asked for"),
        (
            first.organization.as_ref() != Some(&subject.organization),
            "its organization is not the one that was asked for",
        ),
        (first.is_ca, "it is one that signs others"),
        (!first.is_strong, "its key is too short"),
        (first.not_after < now, "it has expired"),
    ];
    if let Some((_, why)) = flaws.iter().find(|(is_so, _)| *is_so) {
        return Err(Text::new(why));
    }
    if facts.trusted_by.is_none() {
        return Err(facts.flaw.clone().unwrap_or_else(|| "it descends from no root that is trusted".into()));
    }
    Facts::new(facts).ok_or_else(|| "there is no certificate in it".into())
}

/// Old ones make room, but never the one in use.
fn drop_oldest(cx: &Cx<'_>, certificates: &mut Certificates) {
    let used = cx.credentials.client.as_ref().map(|client| client.key);
    while certificates.saved.own.len() > MAX_OWN {
        let own = certificates.saved.own.iter().enumerate().filter(|(_, own)| Some(own.key) != used);
        let Some((oldest, _)) = own.min_by_key(|(_, own)| (begin(own), own.key)) else { return };
        certificates.saved.own.remove(oldest);
    }
}

/// A02.FR.07, A02.FR.20: it is discarded, told, and not asked for again. Its request stays open for a better one.
fn spoil(cx: &mut Cx<'_>, certificates: &mut Certificates, at: usize, why: &str) -> Reply {
    quiet(cx, certificates, at);
    discard(cx, why)
}

fn discard(cx: &mut Cx<'_>, why: &str) -> Reply {
    security::event(cx, "InvalidChargingStationCertificate", Some(why.into()));
    refused("InvalidCertificate", why)
}

fn refused(code: &str, why: &str) -> Reply {
    Reply::CertificateSigned { accepted: false, why: Some(info(code, why)) }
}
