//! What survives a restart: `boot`, `ids`, `security`, `tx/<number>` for every transaction of the ledger, and `profile/<id>` for every
//! charging profile in the station.
//!
//! If a write fails, CALLs that need one are answered with an error instead of a promise (C-7), until the writes were
//! tried again. That happens every [`RETRY_AFTER`]; if no failure is told then, all is well again.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use pilotwire_messages::encode;
use serde::{Deserialize, Serialize};

use super::ledger::Taken;
use super::{Csms, Out, Timer, profiles};
use crate::Action;
use crate::domain::{RegistrationStatus, SecurityProfile};
use crate::machine::{Record, Write};

/// How long to wait until writes that failed are tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

const BOOT: &str = "boot";
const IDS: &str = "ids";
const SECURITY: &str = "security";
const TRANSACTION: &str = "tx/";

/// What the last boot was answered.
#[derive(Serialize, Deserialize)]
struct BootRecord {
    status: RegistrationStatus,
}

/// The next id of a transaction of 1.6.
#[derive(Serialize, Deserialize)]
struct IdsRecord {
    next: Option<i32>,
}

/// The highest security profile that the station ever had.
#[derive(Serialize, Deserialize)]
struct SecurityRecord {
    profile: SecurityProfile,
}

/// The state of the records, beside their content.
#[derive(Clone, Debug)]
pub(super) struct Store {
    /// The next id of 1.6. `None` if all are used up, or if the record that tells cannot be read: an id that was given
    /// twice would mix up two bills.
    next_id: Option<i32>,
    /// Keys of the records that are not as they should be.
    failed: Vec<String>,
}

impl Store {
    pub(super) fn new(first_id: i32) -> Self {
        Self { next_id: Some(first_id.max(1)), failed: Vec::new() }
    }

    /// Whether what is written now can be relied on.
    pub(super) fn is_trusted(&self) -> bool {
        self.failed.is_empty()
    }

    /// Gives an id: positive, and greater than all before (C-12).
    pub(super) fn take_id(&mut self) -> Option<i32> {
        let id = self.next_id?;
        self.next_id = id.checked_add(1);
        Some(id)
    }
}

impl Csms {
    /// Takes back what was stored. What cannot be read is reported and left alone (C-13).
    pub(super) fn restore(&mut self, records: &[Record], out: &mut Out) {
        for record in records {
            if !self.restore_one(record) {
                self.limit_hit(&format!("the record {} cannot be read, and is left out", record.key), out);
            }
        }
    }

    fn restore_one(&mut self, record: &Record) -> bool {
        if record.key == BOOT {
            let boot = serde_json::from_str::<BootRecord>(&record.value);
            self.gate.answered = boot.ok().map(|boot| boot.status);
            return self.gate.answered.is_some();
        }
        if record.key == IDS {
            let ids = serde_json::from_str::<IdsRecord>(&record.value);
            let next = ids.as_ref().ok().and_then(|ids| ids.next);
            self.store.next_id = next.max(next.and(self.store.next_id));
            return ids.is_ok();
        }
        if record.key == SECURITY {
            let security = serde_json::from_str::<SecurityRecord>(&record.value);
            self.secured = security.ok().map(|security| security.profile);
            return self.secured.is_some();
        }
        if record.key.starts_with(profiles::PREFIX) {
            return self.book.restore(&record.value);
        }
        transaction_number(&record.key).is_some_and(|number| self.ledger.restore(number, &record.value))
    }

    pub(super) fn persist_boot(&mut self, out: &mut Out) {
        self.persist(BOOT.into(), out);
    }

    pub(super) fn persist_secured(&mut self, out: &mut Out) {
        self.persist(SECURITY.into(), out);
    }

    pub(super) fn persist_ids(&mut self, out: &mut Out) {
        self.persist(IDS.into(), out);
    }

    /// Makes durable what the ledger took, and tells the host what it had to give up for it.
    pub(super) fn persist_taken(&mut self, taken: &Taken, out: &mut Out) {
        if let Some(number) = taken.changed {
            self.persist(transaction_key(number), out);
        }
        if let Some(gone) = &taken.set_aside {
            self.persist(transaction_key(gone.number), out);
            if !gone.complete {
                let id = &gone.id;
                self.limit_hit(&format!("too many transactions: {id} is set aside, and is not complete"), out);
            }
        }
        if let Some((from, to)) = taken.given_up {
            let id = &taken.state.transaction;
            self.limit_hit(&format!("transaction {id} has too many gaps: {from} to {to} are no longer awaited"), out);
        }
    }

    /// Writes the record with this key as it should be now.
    pub(super) fn persist(&mut self, key: String, out: &mut Out) {
        let value = match key.as_str() {
            BOOT => self.gate.answered.clone().map(|status| encode(&BootRecord { status })),
            IDS => Some(encode(&IdsRecord { next: self.store.next_id })),
            SECURITY => self.secured.map(|profile| encode(&SecurityRecord { profile })),
            profile if profile.starts_with(profiles::PREFIX) => self.book.record(profile),
            other => transaction_number(other).and_then(|number| self.ledger.record(number)),
        };
        out.push(Action::Persist(match value {
            Some(value) => Write::Put(Record { key, value }),
            None => Write::Delete(key),
        }));
    }

    pub(super) fn on_persist_failed(&mut self, key: String, out: &mut Out) {
        self.limit_hit(&format!("the record {key} could not be written: what needs it is refused"), out);
        let is_ours = key == BOOT
            || key == IDS
            || key == SECURITY
            || key.starts_with(profiles::PREFIX)
            || transaction_number(&key).is_some();
        if is_ours && !self.store.failed.contains(&key) {
            self.store.failed.push(key);
        }
        if !self.store.is_trusted() && !self.timers.is_set(Timer::Rewrite) {
            self.timers.set(Timer::Rewrite, self.now + RETRY_AFTER);
        }
    }

    /// Tries again, and trusts the outcome until the opposite is told.
    pub(super) fn on_rewrite(&mut self, out: &mut Out) {
        for key in mem::take(&mut self.store.failed) {
            self.persist(key, out);
        }
    }
}

fn transaction_key(number: u32) -> String {
    format!("{TRANSACTION}{number}")
}

fn transaction_number(key: &str) -> Option<u32> {
    key.strip_prefix(TRANSACTION)?.parse().ok()
}
