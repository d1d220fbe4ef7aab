//! Which certificate and which roots a connection uses (A02.FR.08–A02.FR.10, M05.FR.12–M05.FR.16), and the way back if it
//! is not made with them.

use core::cmp::Reverse;
use core::time::Duration;

use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::Text;

use super::super::security;
use super::super::shared::{Cx, Signal};
use super::state::{Certificates, Own, begin, is_of_csms};
use super::tasks::{count, keep_keys, save};
use crate::domain::{ClientCertificate, ConnectionFault, KeyId};

/// A02.FR.10: how long a certificate is kept after a newer one has worked.
const RETIREMENT: Duration = Duration::from_secs(30 * 86_400);

/// The certificates for the CSMS that are valid now, the newest first (A02.FR.09). Of those that begin at the same moment the
/// one that came last is newer. If none is valid, the clock may be the reason: all of them, then.
fn candidates(cx: &Cx<'_>, certificates: &Certificates) -> Vec<Own> {
    let now = cx.utc();
    let is_valid = |own: &&Own| own.facts.as_ref().is_none_or(|facts| !cx.clock.is_known() || facts.is_valid(now));
    let clients = || certificates.saved.own.iter().filter(|own| own.is_client());
    let mut found: Vec<Own> = clients().filter(is_valid).cloned().collect();
    if found.is_empty() {
        found = clients().cloned().collect();
    }
    found.sort_by_key(|own| Reverse((begin(own), own.key)));
    found
}

/// The roots of the CSMS that the next connection trusts.
fn trusted(certificates: &Certificates) -> Vec<Text> {
    let of_csms = certificates.saved.roots.iter().filter(|root| is_of_csms(&root.usage));
    of_csms.filter(|root| root.fallback == certificates.with_fallback).map(|root| root.pem.clone()).collect()
}

fn has_fallback(certificates: &Certificates) -> bool {
    certificates.saved.roots.iter().any(|root| root.fallback)
}

/// Puts in use what is to be used now; a link that shows another certificate is opened anew (A02.FR.08).
pub(super) fn apply(cx: &mut Cx<'_>, certificates: &mut Certificates) {
    let found = candidates(cx, certificates);
    let chosen = match certificates.with_previous {
        true => found.get(1).or(found.first()),
        false => found.first(),
    };
    let client = chosen.map(|own| ClientCertificate { key: own.key, chain: own.chain.clone() });
    let roots = trusted(certificates);
    let is_other = client.as_ref().map(|client| client.key) != cx.credentials.client.as_ref().map(|client| client.key);
    if cx.credentials.client == client && cx.credentials.roots == roots {
        return;
    }
    (cx.credentials.client, cx.credentials.roots) = (client, roots);
    cx.signal(Signal::CredentialsChanged);
    let shows_it = cx.network.as_ref().is_some_and(|network| network.shows_certificate());
    if is_other && shows_it {
        cx.signal(Signal::Reconnect);
    }
}

/// An attempt to connect begins.
pub(crate) fn on_connect(cx: &mut Cx<'_>) {
    let key = cx.credentials.client.as_ref().map(|client| client.key);
    if let Some(certificates) = cx.certificates.as_mut() {
        certificates.attempt = (key, certificates.with_fallback);
    }
}

/// An attempt failed. `true` if the next one goes the same way with the certificate or the root that worked before: what is
/// new must not lock the station out.
pub(crate) fn on_failed(cx: &mut Cx<'_>, fault: Option<ConnectionFault>) -> bool {
    let Some(mut certificates) = cx.certificates.take() else { return false };
    let turned = turn(cx, &mut certificates, fault);
    apply(cx, &mut certificates);
    cx.certificates = Some(certificates);
    turned
}

fn turn(cx: &Cx<'_>, certificates: &mut Certificates, fault: Option<ConnectionFault>) -> bool {
    let network = cx.network.as_ref();
    let shows_it = network.is_some_and(|network| network.shows_certificate());
    let found = candidates(cx, certificates);
    let is_new = found.first().is_some_and(|own| !own.proven);
    let has_previous = shows_it && found.len() > 1 && (is_new || fault == Some(ConnectionFault::Refused));
    // M05.FR.15: another CSMS has its own attempts; the way back to the one that worked has the fallback.
    let has_fallback = has_fallback(certificates) && !network.is_some_and(|network| network.is_migrating());
    match fault {
        Some(ConnectionFault::Refused) if has_previous => {
            certificates.refused |= !certificates.with_previous;
            certificates.with_previous = !certificates.with_previous;
            certificates.with_previous
        }
        // M05.FR.14.
        Some(ConnectionFault::InvalidCsmsCertificate) if has_fallback => {
            certificates.with_fallback = !certificates.with_fallback;
            certificates.with_fallback
        }
        // A host that cannot tell: one after the other.
        None if has_previous && !certificates.with_previous => {
            certificates.with_previous = true;
            true
        }
        None if has_fallback => {
            certificates.with_previous = false;
            certificates.with_fallback = !certificates.with_fallback;
            certificates.with_fallback
        }
        None => {
            certificates.with_previous = false;
            false
        }
        // What is not there any more is not waited for.
        Some(_) => false,
    }
}

/// What was used has worked.
pub(crate) fn on_connected(cx: &mut Cx<'_>) {
    let Some(mut certificates) = cx.certificates.take() else { return };
    let before = certificates.saved.clone();
    let (key, with_fallback) = certificates.attempt;
    let (shows_it, has_tls) =
        cx.network.as_ref().map_or((false, false), |network| (network.shows_certificate(), network.uses_tls()));
    if shows_it && let Some(key) = key {
        settle_client(cx, &mut certificates, key);
    }
    if has_tls && !with_fallback {
        // M05.FR.13.
        certificates.saved.roots.retain(|root| !root.fallback);
    }
    (certificates.with_previous, certificates.with_fallback, certificates.refused) = (false, false, false);
    if certificates.saved != before {
        save(cx, &certificates);
        keep_keys(cx, &certificates);
        count(cx, &certificates);
    }
    apply_later(cx, &certificates);
    cx.certificates = Some(certificates);
}

/// The next connection begins with the newest again; the one that was just made stays.
fn apply_later(cx: &mut Cx<'_>, certificates: &Certificates) {
    let newest = candidates(cx, certificates).into_iter().next();
    cx.credentials.client = newest.map(|own| ClientCertificate { key: own.key, chain: own.chain });
    cx.credentials.roots = trusted(certificates);
}

fn settle_client(cx: &mut Cx<'_>, certificates: &mut Certificates, key: KeyId) {
    let now = cx.utc();
    let newest = candidates(cx, certificates).into_iter().next();
    if let Some(newest) = newest.filter(|newest| newest.key != key && !newest.proven && certificates.refused) {
        // The CSMS refuses the new one and lets in the old one.
        certificates.saved.own.retain(|own| own.key != newest.key);
        let text = format!("the certificate with key {} was refused by the CSMS", newest.key);
        security::event(cx, "DiscardedRenewedClientCertificate", Some(text.into()));
    }
    let used = certificates.saved.own.iter_mut().find(|own| own.key == key);
    let Some(begins) = used.map(|own| {
        (own.proven, own.retired) = (true, None);
        (begin(own), own.key)
    }) else {
        return;
    };
    for older in &mut certificates.saved.own {
        if older.is_client() && older.retired.is_none() && (begin(older), older.key) < begins {
            older.retired = Some(now);
        }
    }
}

/// A02.FR.10: a month after a newer one has worked, the old one goes.
pub(super) fn on_timer(cx: &mut Cx<'_>, certificates: &mut Certificates) {
    if !cx.clock.is_known() {
        return;
    }
    let now = cx.utc();
    let month_ms = i64::try_from(RETIREMENT.as_millis()).unwrap_or(i64::MAX);
    let used = cx.credentials.client.as_ref().map(|client| client.key);
    let count = certificates.saved.own.len();
    certificates.saved.own.retain(|own| {
        let is_over = own.retired.is_some_and(|since| now.millis_since(since) >= month_ms);
        !is_over || Some(own.key) == used
    });
    if certificates.saved.own.len() < count {
        save(cx, certificates);
        keep_keys(cx, certificates);
    }
}
