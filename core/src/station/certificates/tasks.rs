//! What the files of this block do alike: tasks for the host, the record, the timer.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use pilotwire_messages::Text;

use super::super::api::Output;
use super::super::response::{Awaited, Response};
use super::super::security;
use super::super::shared::{Cx, Signal, Timer};
use super::state::{Certificates, Open, Purpose, Signing, Status};
use crate::device_model::Known;
use crate::domain::{CryptoTask, KeyId, Reply, StatusInfo};
use crate::time::Instant;

/// The durable record of all of it.
pub(crate) const RECORD: &str = "certificates";

/// What depends on the date is looked at so often at least: the clock may have been set meanwhile.
const LOOK: Duration = Duration::from_secs(3_600);

/// Operations that are open at once; the CSMS can only start as many as may wait for an answer.
const MAX_OPEN: usize = 32;

/// Keys that no certificate and no request needs are deleted by the host: those that a power cut left behind, too.
pub(super) fn keep_keys(cx: &mut Cx<'_>, certificates: &Certificates) {
    if certificates.unreadable {
        return;
    }
    let saved = &certificates.saved;
    let factory = cx.config.security.client.as_ref().map(|client| client.key);
    let keys = saved.own.iter().map(|own| own.key).chain(saved.signing.iter().map(|signing| signing.key));
    // The factory's certificate is what is left if the record is ever lost.
    let mut keys: Vec<KeyId> = keys.chain(factory).collect();
    keys.sort_unstable();
    keys.dedup();
    let task = CryptoTask::KeepKeys { keys };
    cx.tell(Output::Crypto { operation: 0, task });
}

/// Makes all of it durable.
pub(super) fn save(cx: &mut Cx<'_>, certificates: &Certificates) {
    cx.put(RECORD.into(), &certificates.saved);
}

/// Gives a task to the host; `None` if too many are open.
pub(super) fn ask(cx: &mut Cx<'_>, certificates: &mut Certificates, purpose: Purpose, task: CryptoTask) -> Option<u64> {
    if certificates.open.len() >= MAX_OPEN {
        cx.limit_hit(format!("{MAX_OPEN} cryptographic operations are open already; one more was not asked for"));
        return None;
    }
    let operation = certificates.next_operation;
    certificates.next_operation += 1;
    certificates.open.push(Open { operation, purpose });
    cx.tell(Output::Crypto { operation, task });
    Some(operation)
}

pub(super) fn later(operation: Option<u64>, otherwise: Reply) -> Response {
    operation.map_or(Response::Now(otherwise), |operation| Response::Later(Awaited::Crypto(operation)))
}

pub(super) fn info(code: &str, text: &str) -> StatusInfo {
    let mut info = StatusInfo::new(code);
    info.additional_info = Some(Text::truncated(text, 500));
    info
}

/// Sets the timer for what comes next.
pub(crate) fn schedule(cx: &mut Cx<'_>) {
    let Some(certificates) = cx.certificates.as_ref() else { return };
    let now = cx.utc();
    let ahead_ms = i64::from(cx.config.certificates.renew_days) * 86_400_000;
    let in_ms = |millis: i64| u64::try_from(millis).ok().filter(|millis| *millis > 0).map(Duration::from_millis);
    let known = || certificates.saved.own.iter().filter_map(|own| own.facts.as_ref());
    let begins = known().filter_map(|facts| in_ms(facts.not_before.millis_since(now)));
    let renewals = known().filter_map(|facts| in_ms(facts.not_after.millis_since(now) - ahead_ms + 1));
    let retries = certificates.saved.signing.iter().filter_map(Signing::due);
    let dates = begins.chain(renewals).map(|wait| cx.now + wait);
    // A status waits for the CSMS; that it is there calls for it.
    let statuses = certificates.statuses.iter().filter_map(Status::due).filter(|_| cx.is_online());
    let at = retries.chain(dates).chain(statuses).fold(cx.now + LOOK, Instant::min);
    cx.timers.set(Timer::Certificates, at);
}

/// Tells the rest of the station that other credentials are to be used, and the CSMS's log what changed.
pub(super) fn changed(cx: &mut Cx<'_>, what: String) {
    security::event(cx, "ReconfigurationOfSecurityParameters", Some(what.into()));
    cx.signal(Signal::CredentialsChanged);
}
/// Tells the device model how many there are.
pub(super) fn count(cx: &mut Cx<'_>, certificates: &Certificates) {
    cx.variables.put(Known::CertificateEntries, &format!("{}", certificates.saved.roots.len()));
}
