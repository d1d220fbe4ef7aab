//! Waking up: everything that lasts comes from the records, nothing from the life before.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::Text;
use serde::de::DeserializeOwned;

use super::api::Output;
use super::connection::Connection;
use super::session::Transaction;
use super::shared::{Cx, Signal};
use super::{
    Station, availability, cable, certificates, delivery, events, firmware, limits, logs, network, provisioning, reset,
    security, transactions,
};
use crate::device_model::{self, Known};
use crate::domain::TransactionStage;
use crate::machine::{Outbox, PowerUp, Record};
use crate::rng::Rng;
use crate::time::{DateTime, Instant};

/// The durable count of this station's lives: no id of one life comes again in another (Part 4 §4.1.4, E02.FR.08).
const LIVES: &str = "lives";

impl Station {
    pub(super) fn power_up(&mut self, now: Instant, power_up: PowerUp, out: &mut Outbox<Output>) {
        *self = Self::new(self.shared.config.clone());
        self.powered = true;
        self.shared.now = now;
        let mut records = power_up.records;
        records.sort_by(|a, b| a.key.cmp(&b.key));
        self.begin_life(&records, power_up.clock, out);
        self.set_factory_values(out);
        let open = self.restore(&records, out);
        let mut cx = Cx { shared: &mut self.shared, out };
        if let Some(time) = power_up.clock {
            cx.clock.set(now, time);
        }
        if cx.config.security.device_events {
            // Nobody else needs to be told: the host knows that it woke the station up.
            security::event(&mut cx, "StartupOfTheDevice", None);
        }
        certificates::wake(&mut cx);
        network::wake(&mut cx);
        if let Some(logs) = &mut self.logs {
            logs.wake(&cx);
        }
        if let Some(firmware) = &mut self.firmware {
            firmware.wake(&mut cx);
        }
        self.delivery.drop_names(&mut cx, &open);
        self.transactions.restore(&mut cx, open);
        let profiles = cx.charging.profiles.iter().count();
        cx.variables.put(Known::ProfileEntries, &format!("{profiles}"));
        cable::open_the_others(&mut cx);
        cx.signal(Signal::StatusChanged);
        Connection::connect(&mut cx);
    }

    fn begin_life(&mut self, records: &[Record], clock: Option<DateTime>, out: &mut Outbox<Output>) {
        let lives = records.iter().find(|record| record.key == LIVES);
        let life: u64 = lives.and_then(|record| serde_json::from_str(&record.value).ok()).unwrap_or(0) + 1;
        let mut seeds = Rng::new(self.shared.config.seed);
        let base = seeds.bits();
        // The clock tells lives apart whose count was lost.
        let moment = clock.map_or(0, |time| time.unix_millis().cast_unsigned());
        self.shared.rng = Rng::new(base ^ Rng::new(life).bits() ^ Rng::new(!moment).bits());
        self.traffic = super::Traffic::new(&mut self.shared.rng);
        self.cx(out).put(LIVES.into(), &life);
    }

    fn set_factory_values(&mut self, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        let config = cx.config.clone();
        let text = |value: &Option<Text>| value.clone().unwrap_or_default();
        cx.variables.put(Known::Model, &config.identity.model);
        cx.variables.put(Known::VendorName, &config.identity.vendor);
        cx.variables.put(Known::SerialNumber, &text(&config.identity.serial_number));
        cx.variables.put(Known::FirmwareVersion, &text(&config.identity.firmware_version));
        cx.variables.put(Known::LegacyNumberOfConnectors, &format!("{}", config.evses.len()));
        cx.variables.put(Known::ReportItems, &format!("{}", config.limits.report_part));
        config.charging.describe(&mut cx.variables);
        for (id, value) in &config.variables {
            if let Err(why) = cx.variables.force(id, value) {
                cx.refuse(why);
            }
        }
    }

    /// Reads the records; gives back the transactions that the power cut interrupted.
    fn restore(&mut self, records: &[Record], out: &mut Outbox<Output>) -> Vec<Transaction> {
        let mut open: Vec<Transaction> = Vec::new();
        for record in records {
            let result = self.restore_one(record, &mut open, out);
            if let Err(why) = result {
                // one record that cannot be read costs no other.
                let text = format!("record {} cannot be read and is left alone: {why}", record.key);
                self.cx(out).limit_hit(text);
            }
        }
        let mut ended = Vec::new();
        for event in self.delivery.events() {
            self.shared.clock.not_before(event.at);
            let known = open.iter().position(|transaction| Some(transaction.evse) == event.evse);
            let before = known.map(|at| open.swap_remove(at));
            let after = Transaction::caught_up(before, event);
            // The Ended event is kept already, the record of the transaction not yet deleted.
            let is_over = |open: &Transaction| event.stage == TransactionStage::Ended && open.id == event.transaction;
            ended.extend(after.as_ref().filter(|transaction| is_over(transaction)).map(|over| over.evse));
            open.extend(after.filter(|transaction| !is_over(transaction)));
        }
        for evse in ended {
            self.cx(out).delete(transactions::key(evse));
        }
        open.sort_by_key(|transaction| transaction.evse);
        open
    }

    fn restore_one(
        &mut self,
        record: &Record,
        open: &mut Vec<Transaction>,
        out: &mut Outbox<Output>,
    ) -> Result<(), String> {
        let (key, value) = (record.key.as_str(), record.value.as_str());
        if key.starts_with(delivery::EVENT_PREFIX) {
            self.delivery.restore_event(key, value)
        } else if key.starts_with(delivery::NAME_PREFIX) {
            self.delivery.restore_name(value)
        } else if key.starts_with(device_model::RECORD_PREFIX) {
            self.shared.variables.restore(value)
        } else if key.starts_with(cable::RECORD_PREFIX) {
            cable::restore(&mut Cx { shared: &mut self.shared, out }, read(value)?);
            Ok(())
        } else if key.starts_with(limits::RECORD_PREFIX) {
            limits::restore(&mut Cx { shared: &mut self.shared, out }, read(value)?)
        } else if key.starts_with(events::RECORD_PREFIX) {
            self.shared.security.restore(key, value)
        } else if key == network::STATE || key.starts_with(network::SLOT_PREFIX) {
            let network = self.shared.network.as_mut().ok_or("the host chooses the way to the CSMS")?;
            network.restore(key, value)
        } else if key.starts_with(transactions::RECORD_PREFIX) {
            open.push(read(value)?);
            Ok(())
        } else {
            self.restore_single(key, value, out)
        }
    }

    fn restore_single(&mut self, key: &str, value: &str, out: &mut Outbox<Output>) -> Result<(), String> {
        match key {
            LIVES => read::<u64>(value).map(|_| ()),
            availability::RECORD => {
                let saved = read(value)?;
                self.availability.restore(&mut Cx { shared: &mut self.shared, out }, &saved);
                Ok(())
            }
            provisioning::RECORD => {
                let saved: provisioning::Saved = read(value)?;
                self.shared.known_to_csms = saved.accepted_once;
                Ok(())
            }
            certificates::RECORD => {
                let certificates = self.shared.certificates.as_mut().ok_or("certificates are not managed any more")?;
                certificates.restore(value)
            }
            firmware::RECORD => {
                let firmware = self.firmware.as_mut().ok_or("firmware is not installed by this host any more")?;
                firmware.restore(read(value)?);
                Ok(())
            }
            logs::RECORD => {
                let logs = self.logs.as_mut().ok_or("logs are not uploaded by this host any more")?;
                logs.restore(read(value)?);
                Ok(())
            }
            reset::RECORD => {
                let saved: reset::Saved = read(value)?;
                self.provisioning = provisioning::Provisioning::restarted(saved.reason);
                Ok(())
            }
            _ => Err("no part of this version knows it".into()),
        }
    }
}

fn read<T: DeserializeOwned>(value: &str) -> Result<T, String> {
    serde_json::from_str(value).map_err(|error| format!("{error}"))
}
