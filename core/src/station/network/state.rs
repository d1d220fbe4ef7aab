//! All slots, and where the station is with them. Nothing here acts.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::{Text, Version};
use serde::{Deserialize, Serialize};

use super::super::config::Config;
use crate::device_model::Variables;
use crate::domain::{
    ClientCertificate, NetworkConnectionProfile, NetworkTarget, Secret, SecurityProfile, longest_password,
};

/// The prefix of the records of slots.
pub(crate) const SLOT_PREFIX: &str = "network/slot/";

/// The durable record of priorities, and of what worked.
pub(crate) const STATE: &str = "network/state";

/// What the station shows to the CSMS, and what it expects from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Credentials {
    /// The station's own certificate.
    pub(crate) client: Option<ClientCertificate>,
    /// What the CSMS's certificate may descend from, in PEM.
    pub(crate) roots: Vec<Text>,
}

/// All slots, and where the station is with them.
#[derive(Debug)]
pub(crate) struct Network {
    pub(super) slots: Vec<Slot>,
    pub(super) saved: Saved,
    /// What is tried in this life, in this order: changes of priorities and ways take effect with the next (B10.FR.04).
    pub(super) plan: Vec<Entry>,
    /// Where in the plan; behind its end stands the way that worked last (B10.FR.07).
    pub(super) at: usize,
    /// Attempts that failed with this entry.
    pub(super) attempts: u64,
    /// The password before the last change is tried.
    pub(super) with_previous: bool,
    /// What the host was told last since power came.
    pub(super) told: Option<Box<NetworkTarget>>,
    /// The slot of the last connection of this life.
    pub(super) connected: Option<i32>,
}

/// A slot; also its durable record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) slot: i32,
    pub(super) way: Option<Box<NetworkConnectionProfile>>,
    pub(super) password: Option<Secret>,
    /// The password that worked, while the new one was not used yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) previous: Option<Secret>,
}

/// A way that is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) slot: i32,
    pub(super) way: Box<NetworkConnectionProfile>,
}

impl Entry {
    pub(super) fn security(&self) -> SecurityProfile {
        security_of(&self.way)
    }
}

/// The durable state beside the slots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) priority: Vec<i32>,
    /// The security profile of the last connection: no lower one is used any more (A05.FR.06).
    pub(super) profile: Option<SecurityProfile>,
    /// The way of the last connection (B10.FR.07).
    pub(super) last: Option<Entry>,
    /// 1.6: the same station with a higher security profile, until it is connected (A05.FR.07 there).
    pub(super) trial: Option<Entry>,
}

impl Network {
    /// The ways that the factory set; `None` if the host chooses.
    pub(crate) fn new(config: &Config) -> Option<Box<Self>> {
        if config.network.is_empty() {
            return None;
        }
        let slots = config.network.iter().map(|factory| {
            let mut way = factory.way.clone().map(Box::new);
            let inside = way.as_mut().and_then(|way| way.basic_auth_password.take()).map(Secret::new);
            Slot { slot: factory.slot, way, password: factory.password.clone().or(inside), previous: None }
        });
        let slots: Vec<Slot> = slots.collect();
        let priority = slots.iter().filter(|slot| slot.way.is_some()).map(|slot| slot.slot).collect();
        Some(Box::new(Self {
            slots,
            saved: Saved { priority, ..Saved::default() },
            plan: Vec::new(),
            at: 0,
            attempts: 0,
            with_previous: false,
            told: None,
            connected: None,
        }))
    }

    /// Tells the device model which slots there are.
    pub(crate) fn describe_slots(&self, version: Version, variables: &mut Variables) {
        let numbers: Vec<String> = self.slots.iter().map(|slot| format!("{}", slot.slot)).collect();
        let longest = longest_password(version);
        variables.set_slots(numbers.join(",").into(), i32::try_from(longest).unwrap_or(i32::MAX));
    }

    /// Takes a record back.
    ///
    /// # Errors
    /// A text that says what is wrong with the record.
    pub(crate) fn restore(&mut self, key: &str, value: &str) -> Result<(), String> {
        let unreadable = |error: serde_json::Error| format!("{error}");
        if key == STATE {
            self.saved = serde_json::from_str(value).map_err(unreadable)?;
            return Ok(());
        }
        let read: Slot = serde_json::from_str(value).map_err(unreadable)?;
        let known = self.slots.iter_mut().find(|slot| slot.slot == read.slot);
        // Records go before the factory's setting: a new firmware does not bring old passwords back (S-7).
        match known {
            Some(slot) => *slot = read,
            None => return Err(format!("there is no slot {} any more", read.slot)),
        }
        Ok(())
    }

    pub(super) fn slot(&self, number: i32) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.slot == number)
    }

    pub(super) fn slot_mut(&mut self, number: i32) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.slot == number)
    }

    /// The way that is used, or tried now.
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.plan.get(self.at).or(self.saved.last.as_ref())
    }

    /// Whether the way in use shows the station's certificate.
    pub(crate) fn shows_certificate(&self) -> bool {
        self.entry().is_some_and(|entry| entry.security() == SecurityProfile::TlsClient)
    }

    /// Whether the way in use verifies the CSMS's certificate.
    pub(crate) fn uses_tls(&self) -> bool {
        self.entry().is_some_and(|entry| entry.security().has_tls())
    }

    /// Whether the way that is tried is another one than that of the last connection (B10).
    pub(crate) fn is_migrating(&self) -> bool {
        self.saved.last.as_ref().is_some_and(|last| self.entry() != Some(last))
    }

    /// The slot that a password or a raised profile is about.
    pub(super) fn active(&self) -> Option<i32> {
        self.entry().map(|entry| entry.slot)
    }

    /// The security profile in use: what nothing may go below.
    pub(super) fn profile(&self) -> SecurityProfile {
        let planned = || self.entry().map(Entry::security);
        self.saved.profile.or_else(planned).unwrap_or(SecurityProfile::Unsecured)
    }

    pub(super) fn target(&self, credentials: &Credentials) -> Option<NetworkTarget> {
        let entry = self.entry()?;
        let security = entry.security();
        let slot = self.slot(entry.slot);
        let password = slot.and_then(|slot| match self.with_previous {
            true => slot.previous.clone(),
            false => slot.password.clone(),
        });
        Some(NetworkTarget {
            slot: entry.slot,
            way: (*entry.way).clone(),
            security,
            identity: entry.way.identity.clone(),
            password: password.filter(|_| security.has_password()),
            client: credentials.client.clone().filter(|_| security == SecurityProfile::TlsClient),
            roots: if security.has_tls() { credentials.roots.clone() } else { Vec::new() },
        })
    }

    /// Goes on to the next entry: the rest of the plan, then the way that worked last, then all again (B10.FR.07, B10.FR.08).
    pub(super) fn advance(&mut self) {
        self.attempts = 0;
        self.with_previous = false;
        let end = self.plan.len() + usize::from(self.saved.last.is_some());
        self.at = if self.at + 1 < end { self.at + 1 } else { 0 };
    }
}

/// The protection of a way that was checked.
pub(super) fn security_of(way: &NetworkConnectionProfile) -> SecurityProfile {
    SecurityProfile::try_from(way.security_profile).unwrap_or(SecurityProfile::Unsecured)
}
