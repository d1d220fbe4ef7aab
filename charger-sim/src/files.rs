//! Files of the charger.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pilotwire::domain::FileFault;
use pilotwire::messages::Text;

use crate::firmware::Incoming;
use crate::transfer::{Failure, Stopped};

/// Transfers that are alive at once. One that was stopped lives until it notices.
const MOST: usize = 8;

/// Files of the charger, and the transfers that are under way.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) incoming: Incoming,
    /// By the number of the operation.
    pub(crate) under_way: BTreeMap<u64, Stopped>,
    /// Held by every transfer that is alive.
    alive: Arc<()>,
    /// What servers have to prove themselves by: the CSMS's roots and others (N01.FR.15).
    pub(crate) roots: Vec<Text>,
}

impl Files {
    /// What a new transfer holds as long as it is alive.
    ///
    /// # Errors
    /// Too many are alive.
    pub(crate) fn admit(&self) -> Result<Arc<()>, Failure> {
        if Arc::strong_count(&self.alive) > MOST {
            return Err((FileFault::Broken, format!("{MOST} transfers are alive already").into()));
        }
        Ok(Arc::clone(&self.alive))
    }

    /// Power is off: nobody waits for a transfer any more.
    pub(crate) fn lose_power(&mut self) {
        let all: Vec<u64> = self.under_way.keys().copied().collect();
        all.into_iter().for_each(|operation| self.stop(operation));
        self.incoming.lose_power();
    }

    /// Nobody waits for this transfer any more.
    pub(crate) fn stop(&mut self, operation: u64) {
        if let Some(stopped) = self.under_way.remove(&operation) {
            stopped.store(true, Ordering::Relaxed);
        }
    }
}
