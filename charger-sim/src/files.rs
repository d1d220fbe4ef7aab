//! Files of the charger.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use pilotwire::messages::Text;

use crate::firmware::Incoming;
use crate::transfer::Stopped;

/// Files of the charger, and the transfers that are under way.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) incoming: Incoming,
    /// By the number of the operation.
    pub(crate) under_way: BTreeMap<u64, Stopped>,
    /// What servers have to prove themselves by: the CSMS's roots and others (N01.FR.15).
    pub(crate) roots: Vec<Text>,
}

impl Files {
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
