//! The host of one station's machine, and how it comes to be.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use pilotwire::csms::{Config, Input, Limits, Output};
use pilotwire::domain::{
    AuthorizationStatus, DataTransferAnswer, DataTransferStatus, IdToken, IdTokenInfo, IdTokenKind,
    NotifyEvChargingNeedsStatus,
};
use pilotwire::messages::Text;
use pilotwire::{Action, Csms, Event, Instant, PowerUp, Version};
use pilotwire_tokio::{Factory, Host, Node};
use pilotwire_wire::{Deed, LinkEnd, Observer};

use crate::journal::Journal;
use crate::shared::{Shared, Wanted};
use crate::store::{Change, PasswordStep, StoreError, Token};

/// Ids of transactions of 1.6 that each station has for itself; see [`first_transaction_id`].
const IDS_PER_STATION: i64 = 1 << 16;
/// Stations that have such a range.
const RANGES: i64 = (i32::MAX as i64 + 1) / IDS_PER_STATION - 1;
/// Seconds of real time between WebSocket pings.
const PING_S: u32 = 60;
/// Rests between attempts to write what failed to be written, in real time.
const FIRST_REST: Duration = Duration::from_millis(50);
const LONGEST_REST: Duration = Duration::from_secs(2);
/// Attempts to write what may be refused in the end.
const ATTEMPTS: u32 = 5;
/// Characters of a group that fit into a parentIdTag of 1.6.
const GROUP_OF_16: usize = 20;

/// Makes the machines from what is stored.
pub(crate) struct StationFactory(pub(crate) Arc<Shared>);

impl Factory for StationFactory {
    type Machine = Csms;
    type Host = StationHost;

    async fn open(&self, key: &str) -> Option<Node<Csms, StationHost>> {
        match self.read(key).await {
            Ok(node) => node,
            Err(error) => {
                tracing::error!(station = ?key, %error, "a station cannot be read");
                None
            }
        }
    }
}

impl StationFactory {
    async fn read(&self, key: &str) -> Result<Option<Node<Csms, StationHost>>, StoreError> {
        let shared = &self.0;
        let Some(row) = shared.store.station(key).await? else {
            return Ok(None);
        };
        let records = shared.store.records(key).await?;
        let config = Config {
            registration: row.registration,
            interval_s: shared.heartbeat_s,
            first_transaction_id: first_transaction_id(row.number),
            limits: limits(shared.clock.speed()),
            signs_certificates: shared.signing.is_some(),
            asks_responders: shared.responders.is_any(),
            ..Config::new(key, seed_of(shared.seed, key))
        };
        let station: Arc<str> = key.into();
        let host = StationHost {
            seen: shared.seen.place(&station),
            journal: self.journal(row.number, &config),
            station,
            version: Version::V201,
            shared: Arc::clone(shared),
        };
        let clock = Some(shared.clock.wall());
        Ok(Some(Node { machine: Csms::new(config), host, power_up: PowerUp { records, clock } }))
    }
}

impl StationFactory {
    /// A station is served with or without its journal.
    fn journal(&self, number: i64, config: &Config) -> Option<Journal> {
        let directory = self.0.journals.as_ref()?;
        let begun = Journal::begin(directory, number, self.0.clock.wall().unix_millis(), config);
        begun.inspect_err(|error| tracing::error!(station = ?config.identity, %error, "no journal is kept")).ok()
    }
}

/// Station `n` counts from `65536 (n - 1) + 1`, so that the transaction ids of 1.6 are unique among 32766 stations as long as
/// none of them has more than 65536 transactions. Beyond that they stay unique within a station, which is all that the
/// ledger and the database rely on.
fn first_transaction_id(number: i64) -> i32 {
    let range = number.saturating_sub(1).rem_euclid(RANGES);
    i32::try_from(range * IDS_PER_STATION + 1).unwrap_or(1)
}

/// What takes its time on a network and on a disk does not become faster with the clock.
fn limits(speed: u32) -> Limits {
    let defaults = Limits::default();
    Limits {
        call_timeout_s: defaults.call_timeout_s.saturating_mul(speed),
        answer_timeout_s: defaults.answer_timeout_s.saturating_mul(speed),
        ping_interval_s: PING_S.saturating_mul(speed),
        ..defaults
    }
}

/// Another one for each station, and the same again for the same seed (FNV-1a).
fn seed_of(seed: u64, identity: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    identity.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix)
}

/// Stores what a machine wants stored, and answers what it asks.
pub(crate) struct StationHost {
    station: Arc<str>,
    version: Version,
    seen: Arc<AtomicI64>,
    journal: Option<Journal>,
    shared: Arc<Shared>,
}

/// A run of deeds, sorted by when they are due.
#[derive(Default)]
struct Run {
    /// To be stored first, together.
    changes: Vec<Change>,
    /// Records among them.
    keys: Vec<String>,
    /// Transactions whose events will be acknowledged without asking us again.
    acknowledged: Vec<Text>,
    /// To be done once all of it is stored.
    rest: Vec<Output>,
}

impl Observer<Input, Output> for StationHost {
    fn before(&mut self, now: Instant, event: &Event<Input>) {
        if let Some(journal) = &mut self.journal {
            journal.before(now, event);
        }
    }

    fn after(&mut self, _: Instant, actions: &[Action<Output>]) {
        let written = self.journal.as_mut().map_or(Ok(()), |journal| journal.after(actions));
        if let Err(error) = written {
            tracing::error!(station = ?self.station, %error, "the journal ends here");
            self.journal = None;
        }
    }

    fn link_ended(&mut self, _: Instant, end: &LinkEnd) {
        tracing::info!(station = ?self.station, reason = ?end.to_string(), "a connection ended");
    }
}

impl Host<Csms> for StationHost {
    async fn perform(&mut self, _: Instant, deeds: Vec<Deed<Output>>) -> Vec<Event<Input>> {
        let now = self.shared.clock.wall().unix_millis();
        let mut run = Run::default();
        for deed in deeds {
            self.sort(deed, &mut run);
        }
        if run.alive() {
            self.seen.store(now, Ordering::Relaxed);
        }
        let mut events = Vec::new();
        if !self.store(run.changes, run.acknowledged.is_empty()).await {
            events.extend(run.keys.into_iter().map(Event::PersistFailed));
        }
        for output in run.rest {
            events.extend(self.answer(output).await.map(Event::Input));
        }
        events
    }
}

impl Run {
    /// Whether the station did something; that it is gone is not among that.
    fn alive(&self) -> bool {
        let gone = |output: &Output| matches!(output, Output::Disconnected | Output::Done { .. });
        !self.changes.is_empty() || !self.rest.iter().all(gone)
    }
}

impl StationHost {
    fn sort(&mut self, deed: Deed<Output>, run: &mut Run) {
        let station = Arc::clone(&self.station);
        let at = self.shared.clock.wall();
        match deed {
            Deed::Persist(write) => {
                run.keys.push(write.key().to_owned());
                run.changes.push(Change::Record(station, write));
            }
            Deed::Output(Output::Connected(version)) => {
                tracing::info!(station = ?self.station, %version, "connected");
                self.version = version;
                run.changes.push(Change::Connected(station, version, at));
            }
            Deed::Output(Output::Booted { boot, status }) => {
                tracing::info!(station = ?self.station, %status, model = ?boot.identity.model, "booted");
                run.changes.push(Change::Booted(station, boot, at));
            }
            Deed::Output(Output::Status(mut report)) => {
                report.at.get_or_insert(at);
                run.changes.push(Change::Status(station, report));
            }
            Deed::Output(Output::LogStatus { status, request_id }) => {
                tracing::info!(station = ?self.station, %status, ?request_id, "the upload of a log");
                run.changes.push(Change::LogStatus(station, status));
            }
            Deed::Output(Output::FirmwareStatus { status, request_id }) => {
                tracing::info!(station = ?self.station, %status, ?request_id, "an update of the firmware");
                run.changes.push(Change::FirmwareStatus(station, status));
            }
            Deed::Output(Output::Transaction(entry)) => {
                let (transaction, verdict) = (entry.state.transaction.clone(), entry.verdict);
                tracing::debug!(station = ?self.station, ?transaction, ?verdict, "an event of a transaction");
                run.acknowledged.push(transaction);
                run.changes.push(Change::Event(station, entry));
            }
            Deed::Output(Output::PasswordChange { fate, .. }) => {
                tracing::info!(station = ?self.station, ?fate, "a password was to be changed");
                run.changes.push(Change::Password(station, PasswordStep::Settle(fate)));
            }
            Deed::Output(Output::Disconnected) => run.changes.push(Change::Seen(station, at)),
            Deed::Output(output) => {
                if let Output::Authorize { transaction: Some(id), .. } = &output {
                    run.acknowledged.retain(|transaction| transaction != id);
                }
                run.rest.push(output);
            }
        }
    }

    /// Returns whether the changes are durable.
    ///
    /// An event that the machine acknowledges by itself must not be lost (C-7). A failed record takes the acknowledgement
    /// back, but a repeated event comes without one, and may still be new to the store. So this station waits, unanswered,
    /// until the store works again; it will repeat what it said.
    /// What the machine can still refuse is given up after a while.
    async fn store(&self, changes: Vec<Change>, may_fail: bool) -> bool {
        if changes.is_empty() {
            return true;
        }
        let mut rest = FIRST_REST;
        for attempt in 1_u32.. {
            let Err(error) = self.shared.store.write(changes.clone()).await else {
                return true;
            };
            tracing::error!(station = ?self.station, %error, attempt, "what a station said cannot be stored");
            if may_fail && attempt >= ATTEMPTS {
                break;
            }
            if matches!(error, StoreError::Closed) {
                if may_fail {
                    break;
                }
                // The process ends. That the station hears nothing is the only true answer.
                return std::future::pending().await;
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(LONGEST_REST);
        }
        false
    }

    /// Does what needs the store no more, and answers questions. A question that cannot be answered stays open: the machine
    /// refuses the station's CALL when its time is over.
    async fn answer(&self, output: Output) -> Option<Input> {
        match output {
            Output::Authorize { question, token, .. } => {
                let info = Box::new(self.authorize(&token).await?);
                Some(Input::Authorized { question, info })
            }
            Output::DataTransfer { question, message } => {
                tracing::debug!(station = ?self.station, vendor = ?message.vendor_id, "a vendor's message is not understood");
                let answer = DataTransferAnswer { status: DataTransferStatus::UnknownVendorId, data: None };
                Some(Input::DataTransferred { question, answer })
            }
            Output::Done { operation, outcome } => {
                self.shared.calls.done(operation, outcome);
                None
            }
            Output::Violation { text } => {
                tracing::warn!(station = ?self.station, ?text, "the station broke a rule");
                None
            }
            Output::LimitHit { text } => {
                tracing::warn!(station = ?self.station, ?text, "a limit was hit");
                None
            }
            Output::MeterValues { evse, .. } => {
                tracing::debug!(station = ?self.station, %evse, "measurements outside of transactions are not kept");
                None
            }
            Output::EvNeeds { question, needs } => {
                // Nobody plans here: the vehicle takes what its station offers (K15.FR.04).
                tracing::info!(station = ?self.station, evse = %needs.evse, "a vehicle asks for a schedule");
                let status = NotifyEvChargingNeedsStatus::Rejected;
                Some(Input::EvNeedsAnswered { question, status })
            }
            Output::EvSchedule { plan, accepted } => {
                tracing::info!(station = ?self.station, evse = %plan.evse, accepted, "a vehicle told its plan");
                None
            }
            Output::ChargingLimit(limit) => {
                tracing::info!(station = ?self.station, evse = %limit.evse, source = %limit.source, "limited from outside");
                None
            }
            Output::ChargingLimitCleared { evse, source } => {
                tracing::info!(station = ?self.station, %evse, %source, "no longer limited from outside");
                None
            }
            Output::ProfilesCompared(differences) => {
                let clean = differences.missing.is_empty() && differences.changed.is_empty();
                if clean && differences.unexpected.is_empty() {
                    tracing::info!(station = ?self.station, "its charging profiles are those that were set");
                } else {
                    tracing::warn!(station = ?self.station, ?differences, "its charging profiles are not those that were set");
                }
                None
            }
            Output::SecurityEvent { kind, at, info, critical } => {
                tracing::warn!(station = ?self.station, %kind, %at, ?info, ?critical, "a security event");
                None
            }
            Output::SigningRequested { csr, usage, request_id } => {
                self.sign(Wanted { station: Arc::clone(&self.station), csr, usage, request_id });
                None
            }
            Output::CertificateStatus { question, about } => {
                let response = match self.shared.responders.ask(&about).await {
                    Ok(response) => Some(response),
                    Err(error) => {
                        tracing::warn!(station = ?self.station, %error, "the status of a certificate is not known");
                        None
                    }
                };
                Some(Input::CertificateStatus { question, response })
            }
            Output::Events(part) => {
                tracing::debug!(station = ?self.station, events = part.events.len(), "events of variables are not kept");
                None
            }
            Output::Report(part) => {
                tracing::debug!(station = ?self.station, request = part.request_id, "reports are not kept");
                None
            }
            _ => None,
        }
    }

    /// A station whose request finds no place asks again (A02.FR.17).
    fn sign(&self, wanted: Wanted) {
        tracing::info!(station = ?self.station, usage = ?wanted.usage, "a certificate is to be signed");
        let full = self.shared.signing.as_ref().is_some_and(|signing| signing.try_send(wanted).is_err());
        if full {
            tracing::warn!(station = ?self.station, "too many certificates wait for a signature: this one was dropped");
        }
    }

    async fn authorize(&self, token: &IdToken) -> Option<IdTokenInfo> {
        if token.kind == IdTokenKind::NoAuthorization {
            // C02.FR.02
            return Some(IdTokenInfo::new(AuthorizationStatus::Accepted));
        }
        match self.shared.store.token(&token.id_token).await {
            Ok(Some(known)) => Some(self.judge(known)),
            Ok(None) => Some(IdTokenInfo::new(AuthorizationStatus::Invalid)),
            Err(error) => {
                tracing::error!(station = ?self.station, %error, "a token cannot be looked up");
                None
            }
        }
    }

    fn judge(&self, token: Token) -> IdTokenInfo {
        let expired = token.expiry.is_some_and(|expiry| expiry <= self.shared.clock.wall());
        let status = match token.status {
            AuthorizationStatus::Accepted if expired => AuthorizationStatus::Expired,
            status => status,
        };
        let fits = |group: &String| self.version != Version::V16 || group.chars().count() <= GROUP_OF_16;
        IdTokenInfo {
            cache_expiry_date_time: token.expiry,
            group_id_token: token.group.filter(fits).map(|group| IdToken::new(group, IdTokenKind::Central)),
            language1: token.language.map(Text::from),
            ..IdTokenInfo::new(status)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_transaction_ids_do_not_overlap() {
        let starts = [1, 2, 3, RANGES].map(first_transaction_id);
        assert_eq!(starts[..3], [1, 65_537, 131_073]);
        assert!(i64::from(starts[3]) + IDS_PER_STATION <= i64::from(i32::MAX));
        assert_eq!(first_transaction_id(RANGES + 1), 1);
        assert_eq!(first_transaction_id(i64::MIN).signum(), 1);
    }

    #[test]
    fn every_station_has_a_seed_of_its_own() {
        assert_eq!(seed_of(7, "CS1"), seed_of(7, "CS1"));
        assert_ne!(seed_of(7, "CS1"), seed_of(7, "CS2"));
        assert_ne!(seed_of(7, "CS1"), seed_of(8, "CS1"));
    }
}
