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
//! | `choice` | which certificate and which roots the next connection uses, and the way back |

mod choice;
mod ocsp;
mod roots;
mod signing;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use pilotwire_messages::{DateTime, Text};
use serde::{Deserialize, Serialize};

use super::api::{CertificateStatus, Config, Output};
use super::commands::{Awaited, Response};
use super::shared::{Cx, Signal, Timer};
use crate::device_model::Known;
use crate::domain::{
    CertificateFacts, CertificateHashData, CertificateSigningUse, ChainFacts, ClientCertificate, Command, CryptoResult,
    CryptoTask, InstallCertificateStatus, InstallCertificateUse, KeyId, OCSPRequestData, Reply, StatusInfo,
};
use crate::time::Instant;
pub(crate) use choice::{on_connect, on_connected, on_failed};
pub(crate) use ocsp::{on_status, on_status_lost};
use signing::Signing;
pub(crate) use signing::{on_answer, on_lost, trigger};

/// The durable record of all of it.
pub(crate) const RECORD: &str = "certificates";

/// What depends on the date is looked at so often at least: the clock may have been set meanwhile.
const LOOK: Duration = Duration::from_secs(3_600);

/// Operations that are open at once; the CSMS can only start as many as may wait for an answer.
const MAX_OPEN: usize = 32;

/// All certificates, and what is under way with them.
#[derive(Debug)]
pub(crate) struct Certificates {
    saved: Saved,
    open: Vec<Open>,
    next_operation: u64,
    /// What is known of certificates for vehicles.
    statuses: Vec<ocsp::Status>,
    /// The record could not be read: keys that nobody seems to use may be in use all the same.
    unreadable: bool,
    /// That it cannot renew its certificate was told in this life.
    told: bool,
    /// The certificate before the newest is tried.
    with_previous: bool,
    /// The root before the newest is tried (M05.FR.14).
    with_fallback: bool,
    /// The newest certificate was refused by the CSMS since the last connection.
    refused: bool,
    /// What the attempt that is under way shows, and whether it trusts the fallback.
    attempt: (Option<KeyId>, bool),
}

/// The durable record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Saved {
    next_key: u64,
    own: Vec<Own>,
    roots: Vec<Root>,
    signing: Vec<Signing>,
}

/// A certificate of the station.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Own {
    /// What for; for the CSMS and for vehicles alike if absent.
    usage: Option<CertificateSigningUse>,
    key: KeyId,
    chain: Text,
    /// `None` while the host has not read it.
    facts: Option<Facts>,
    /// The CSMS let the station in with it.
    proven: bool,
    /// When a newer one had proven itself (A02.FR.10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired: Option<DateTime>,
}

impl Own {
    /// Whether it is one for the CSMS.
    fn is_client(&self) -> bool {
        matches!(self.usage, None | Some(CertificateSigningUse::ChargingStationCertificate))
    }
}

/// A certificate that is trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Root {
    usage: InstallCertificateUse,
    pem: Text,
    facts: Option<Facts>,
    /// It was replaced by one that has not proven itself (M05.FR.12).
    fallback: bool,
}

/// What is kept of what the host found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Facts {
    not_before: DateTime,
    not_after: DateTime,
    /// The certificate's names by each algorithm.
    names: Vec<CertificateHashData>,
    /// Those of the ones above it, by the first algorithm.
    above: Vec<CertificateHashData>,
    /// Whom to ask for the status of which of them, by number from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    responders: Vec<(usize, OCSPRequestData)>,
}

impl Facts {
    fn new(chain: &ChainFacts) -> Option<Self> {
        let (first, above) = chain.certificates.split_first()?;
        Some(Self {
            not_before: first.not_before,
            not_after: first.not_after,
            names: first.names.clone(),
            above: above.iter().filter_map(|facts| facts.names.first().cloned()).collect(),
            responders: chain.certificates.iter().enumerate().filter_map(responder).collect(),
        })
    }

    fn is_valid(&self, at: DateTime) -> bool {
        self.not_before <= at && at <= self.not_after
    }
}

/// Whom to ask for the status of a certificate, if it says so.
fn responder((position, facts): (usize, &CertificateFacts)) -> Option<(usize, OCSPRequestData)> {
    let (name, url) = (facts.names.first()?, facts.ocsp_url.as_ref()?);
    let (algorithm, serial) = (name.hash_algorithm.clone(), name.serial_number.clone());
    let (issuer, key) = (name.issuer_name_hash.clone(), name.issuer_key_hash.clone());
    Some((position, OCSPRequestData::new(algorithm, issuer, key, serial, url.clone())))
}

/// A task of the host that is not answered.
#[derive(Debug)]
struct Open {
    operation: u64,
    purpose: Purpose,
}

/// What a task is for.
#[derive(Clone, Debug)]
enum Purpose {
    /// A signing request with this key.
    Csr(KeyId),
    /// What the factory gave: a certificate with this key.
    ReadOwn(KeyId),
    /// What the factory gave: this root.
    ReadRoot(Text),
    /// A certificate that the CSMS sent, for this key.
    Signed {
        key: KeyId,
        chain: Text,
        /// It is for later, and examined as of then.
        is_later: bool,
    },
    /// What a responder said of a certificate.
    Ocsp(Text),
    /// A root that the CSMS sent.
    Install { usage: InstallCertificateUse, pem: Text },
}

impl Certificates {
    /// What the factory gave; `None` if the host does no cryptography.
    pub(crate) fn new(config: &Config) -> Option<Box<Self>> {
        if !config.certificates.enabled || config.network.is_empty() {
            return None;
        }
        let client = config.security.client.as_ref();
        let own = client.map(|client| Own {
            usage: Some(CertificateSigningUse::ChargingStationCertificate),
            key: client.key,
            chain: client.chain.clone(),
            facts: None,
            proven: true,
            retired: None,
        });
        let usage = InstallCertificateUse::CSMSRootCertificate;
        let root = |pem: &Text| Root { usage: usage.clone(), pem: pem.clone(), facts: None, fallback: false };
        Some(Box::new(Self {
            saved: Saved {
                next_key: client.map_or(1, |client| client.key.0.saturating_add(1)),
                own: own.into_iter().collect(),
                roots: config.security.roots.iter().map(root).collect(),
                signing: Vec::new(),
            },
            open: Vec::new(),
            next_operation: 1,
            statuses: Vec::new(),
            unreadable: false,
            told: false,
            with_previous: false,
            with_fallback: false,
            refused: false,
            attempt: (None, false),
        }))
    }

    /// Takes the record back: it goes before what the factory gave.
    ///
    /// # Errors
    /// A text that says what is wrong with the record.
    pub(crate) fn restore(&mut self, value: &str) -> Result<(), String> {
        match serde_json::from_str(value) {
            Ok(saved) => {
                self.saved = saved;
                Ok(())
            }
            Err(error) => {
                self.unreadable = true;
                Err(format!("{error}"))
            }
        }
    }

    /// The certificates for vehicles, the newest first.
    pub(crate) fn of_vehicles(&self) -> Vec<ClientCertificate> {
        let mut found: Vec<&Own> = self.saved.own.iter().filter(|own| own.usage != client_use()).collect();
        found.sort_by_key(|own| core::cmp::Reverse(choice::begin(own)));
        found.into_iter().map(|own| ClientCertificate { key: own.key, chain: own.chain.clone() }).collect()
    }

    /// What is known of their status.
    pub(crate) fn statuses(&self) -> Vec<CertificateStatus> {
        ocsp::held(self)
    }

    /// What is trusted for this use, in PEM.
    pub(crate) fn roots(&self, usage: &InstallCertificateUse) -> impl Iterator<Item = &Text> {
        self.saved.roots.iter().filter(move |root| root.usage == *usage).map(|root| &root.pem)
    }
}

const fn client_use() -> Option<CertificateSigningUse> {
    Some(CertificateSigningUse::ChargingStationCertificate)
}

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
    roots::count(cx, &certificates);
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

/// Keys that no certificate and no request needs are deleted by the host: those that a power cut left behind, too.
fn keep_keys(cx: &mut Cx<'_>, certificates: &Certificates) {
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
fn save(cx: &mut Cx<'_>, certificates: &Certificates) {
    cx.put(RECORD.into(), &certificates.saved);
}

/// Gives a task to the host; `None` if too many are open.
fn ask(cx: &mut Cx<'_>, certificates: &mut Certificates, purpose: Purpose, task: CryptoTask) -> Option<u64> {
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
        _ => Reply::CertificateSigned { accepted: false, why },
    }
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

fn later(operation: Option<u64>, otherwise: Reply) -> Response {
    operation.map_or(Response::Now(otherwise), |operation| Response::Later(Awaited::Crypto(operation)))
}

fn info(code: &str, text: &str) -> StatusInfo {
    let mut info = StatusInfo::new(code);
    info.additional_info = Some(Text::truncated(text, 500));
    info
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
    let statuses = certificates.statuses.iter().filter_map(ocsp::Status::due).filter(|_| cx.is_online());
    let at = retries.chain(dates).chain(statuses).fold(cx.now + LOOK, Instant::min);
    cx.timers.set(Timer::Certificates, at);
}

/// Tells the rest of the station that other credentials are to be used, and the CSMS's log what changed.
fn changed(cx: &mut Cx<'_>, what: String) {
    super::security::event(cx, "ReconfigurationOfSecurityParameters", Some(what.into()));
    cx.signal(Signal::CredentialsChanged);
}
