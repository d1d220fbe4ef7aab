//! What the parts of a running CSMS share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pilotwire::DateTime;
use pilotwire::csms::Outcome;
use pilotwire::domain::{CertificateSigningUse, SecurityProfile};
use pilotwire::messages::Text;
use pilotwire_tokio::Clock;
use tokio::sync::{mpsc, oneshot};

use crate::password::Hasher;
use crate::responders::Responders;
use crate::store::Store;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) hasher: Hasher,
    pub(crate) calls: Calls,
    pub(crate) seen: Seen,
    pub(crate) insecure: bool,
    /// Stations come with this security profile or a higher one.
    pub(crate) lowest: SecurityProfile,
    /// Whose name stands in the certificates of our stations (A00.FR.404).
    pub(crate) operator: Option<String>,
    pub(crate) heartbeat_s: i32,
    pub(crate) seed: u64,
    pub(crate) journals: Option<PathBuf>,
    /// Takes the certificates that stations want signed, if somebody signs.
    pub(crate) signing: Option<mpsc::Sender<Wanted>>,
    pub(crate) responders: Responders,
}

/// A certificate that a station wants signed.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) station: Arc<str>,
    /// The request, in PEM.
    pub(crate) csr: Text,
    pub(crate) usage: Option<CertificateSigningUse>,
    pub(crate) request_id: Option<i32>,
}

/// API calls that wait for the end of an operation.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    last: AtomicU64,
    waiting: Mutex<BTreeMap<u64, oneshot::Sender<Outcome>>>,
}

impl Calls {
    /// A new operation. It is forgotten when the result is dropped.
    pub(crate) fn begin(&self) -> Waiting<'_> {
        let operation = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, outcome) = oneshot::channel();
        lock(&self.waiting).insert(operation, sender);
        Waiting { operation, outcome, calls: self }
    }

    /// An operation ended. Nobody may be waiting any more.
    pub(crate) fn done(&self, operation: u64, outcome: Outcome) {
        if let Some(sender) = lock(&self.waiting).remove(&operation) {
            let _ = sender.send(outcome);
        }
    }

    /// Nothing ends any more: whoever waits shall know.
    pub(crate) fn give_up(&self) {
        lock(&self.waiting).clear();
    }
}

/// An operation that somebody waits for.
pub(crate) struct Waiting<'a> {
    pub(crate) operation: u64,
    pub(crate) outcome: oneshot::Receiver<Outcome>,
    calls: &'a Calls,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.calls.waiting).remove(&self.operation);
    }
}

/// When stations showed that they are alive. Kept in memory, because nothing that is durable depends on it and it changes
/// with every frame.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<BTreeMap<Arc<str>, Arc<AtomicI64>>>);

impl Seen {
    /// The place of one station, which is written without a lock.
    pub(crate) fn place(&self, station: &Arc<str>) -> Arc<AtomicI64> {
        let mut places = lock(&self.0);
        let place = places.entry(Arc::clone(station)).or_insert_with(|| Arc::new(AtomicI64::new(i64::MIN)));
        Arc::clone(place)
    }

    /// When it was, if since the start of this process.
    pub(crate) fn latest(&self, station: &str) -> Option<DateTime> {
        let millis = lock(&self.0).get(station)?.load(Ordering::Relaxed);
        (millis != i64::MIN).then(|| DateTime::from_unix_millis(millis))
    }
}

/// No code that holds one of these locks can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
