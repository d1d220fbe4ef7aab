//! The ways to the CSMS (B09, B10; A05): slots, priorities, attempts, and which one is used.
//!
//! What the CSMS sets is durable at once, and a connection is what proves it: until then the way, the profile and the
//! password that worked last are kept beside the new ones. What was proven wins over what was not, whenever the new
//! one does not get through.

mod report;
mod rules;
mod settings;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::{Text, Version};
use serde::{Deserialize, Serialize};

use super::api::{Config, Output};
use super::shared::{Cx, Timer};
use crate::device_model::{Known, Variables};
use crate::domain::{
    ClientCertificate, ConnectionFault, NetworkConnectionProfile, NetworkTarget, Secret, SecurityProfile,
    longest_password,
};
pub(crate) use report::{get, refuse, report};
pub(crate) use settings::{owns, set_profile, set_variable};

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
    slots: Vec<Slot>,
    saved: Saved,
    /// What is tried in this life, in this order: changes of priorities and ways take effect with the next (B10.FR.04).
    plan: Vec<Entry>,
    /// Where in the plan; behind its end stands the way that worked last (B10.FR.07).
    at: usize,
    /// Attempts that failed with this entry.
    attempts: u64,
    /// The password before the last change is tried.
    with_previous: bool,
    /// What the host was told last since power came.
    told: Option<Box<NetworkTarget>>,
    /// The slot of the last connection of this life.
    connected: Option<i32>,
}

/// A slot; also its durable record.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Slot {
    slot: i32,
    way: Option<Box<NetworkConnectionProfile>>,
    password: Option<Secret>,
    /// The password that worked, while the new one was not used yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Secret>,
}

/// A way that is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    slot: i32,
    way: Box<NetworkConnectionProfile>,
}

impl Entry {
    fn security(&self) -> SecurityProfile {
        rules::security_of(&self.way)
    }
}

/// The durable state beside the slots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Saved {
    priority: Vec<i32>,
    /// The security profile of the last connection: no lower one is used any more (A05.FR.06).
    profile: Option<SecurityProfile>,
    /// The way of the last connection (B10.FR.07).
    last: Option<Entry>,
    /// 1.6: the same station with a higher security profile, until it is connected (A05.FR.07 there).
    trial: Option<Entry>,
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

    fn slot(&self, number: i32) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.slot == number)
    }

    fn slot_mut(&mut self, number: i32) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.slot == number)
    }

    /// The way that is used, or tried now.
    fn entry(&self) -> Option<&Entry> {
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
    fn active(&self) -> Option<i32> {
        self.entry().map(|entry| entry.slot)
    }

    /// The security profile in use: what nothing may go below.
    fn profile(&self) -> SecurityProfile {
        let planned = || self.entry().map(Entry::security);
        self.saved.profile.or_else(planned).unwrap_or(SecurityProfile::Unsecured)
    }

    fn target(&self, credentials: &Credentials) -> Option<NetworkTarget> {
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
    fn advance(&mut self) {
        self.attempts = 0;
        self.with_previous = false;
        let end = self.plan.len() + usize::from(self.saved.last.is_some());
        self.at = if self.at + 1 < end { self.at + 1 } else { 0 };
    }
}

fn slot_key(slot: i32) -> String {
    format!("{SLOT_PREFIX}{slot}")
}

fn put_slot(cx: &mut Cx<'_>, network: &Network, number: i32) {
    if let Some(slot) = network.slot(number) {
        cx.put(slot_key(number), slot);
    }
}

fn put_state(cx: &mut Cx<'_>, network: &Network) {
    cx.put(STATE.into(), &network.saved);
}

/// Power came: makes the plan of this life out of the records.
pub(crate) fn wake(cx: &mut Cx<'_>) {
    let Some(mut network) = cx.network.take() else { return };
    let floor = network.saved.profile;
    drop_weak_passwords(cx, &mut network);
    for slot in &mut network.slots {
        let Some(way) = &slot.way else { continue };
        // A05.FR.06: one that is too low was to be removed when the power was cut, or came back with the factory's setting.
        if let Err((_, why)) = rules::check_way(cx, floor, way) {
            cx.refuse(format!("the way in network slot {} is not used: {why}", slot.slot));
            slot.way = None;
        }
    }
    let is_set = |slot: &i32| network.slot(*slot).is_some_and(|slot| slot.way.is_some());
    let mut priority: Vec<i32> = network.saved.priority.iter().copied().filter(is_set).collect();
    if priority.is_empty() {
        priority = network.slots.iter().map(|slot| slot.slot).filter(is_set).collect();
    }
    network.saved.priority = priority;
    let ways = network.saved.priority.iter().filter_map(|number| {
        let way = network.slot(*number)?.way.clone()?;
        Some(Entry { slot: *number, way })
    });
    network.plan = network.saved.trial.iter().cloned().chain(ways).collect();
    describe(cx, &network);
    cx.network = Some(network);
}

/// S-7: the factory's passwords are held to the same rules as those of the CSMS. What the CSMS set was judged when it did.
fn drop_weak_passwords(cx: &mut Cx<'_>, network: &mut Network) {
    let version = cx.config.version;
    let factory = Network::new(&cx.config).map(|factory| factory.slots).unwrap_or_default();
    for slot in &mut network.slots {
        let is_weak = |password: &Secret| !password.is_password(version);
        let own = factory.iter().find(|known| known.slot == slot.slot).and_then(|known| known.password.as_ref());
        if own.is_some_and(is_weak) && slot.password.as_ref() == own {
            cx.refuse(format!("the factory's password of network slot {} is too weak, and is not used", slot.slot));
            slot.password = None;
        }
    }
}

/// Tells the device model where the station is.
fn describe(cx: &mut Cx<'_>, network: &Network) {
    let numbers: Vec<String> = network.saved.priority.iter().map(|slot| format!("{slot}")).collect();
    cx.variables.put(Known::NetworkPriority, &numbers.join(","));
    cx.variables.put(Known::SecurityProfile, &format!("{}", network.profile()));
    if let Some(slot) = network.active() {
        cx.variables.put(Known::ActiveNetworkProfile, &format!("{slot}"));
    }
}

/// Tells the host whom to connect to, if it was told something else before. `false` if there is nobody.
pub(crate) fn announce(cx: &mut Cx<'_>) -> bool {
    let Some(network) = cx.network.as_ref() else { return true };
    let Some(target) = network.target(&cx.credentials) else {
        cx.limit_hit("no network connection profile can be used: there is nobody to connect to".into());
        return false;
    };
    if network.told.as_deref() == Some(&target) {
        return true;
    }
    let timeout_s = target.way.message_timeout;
    cx.variables.put(Known::MessageTimeout, &format!("{timeout_s}"));
    let told = Box::new(target);
    if let Some(network) = cx.network.as_mut() {
        network.told = Some(told.clone());
    }
    cx.tell(Output::UseNetwork(told));
    true
}

/// A password, a certificate or what is trusted changed. While there is a connection the host needs the new target for the
/// next one only.
pub(crate) fn on_credentials_changed(cx: &mut Cx<'_>) {
    let was_told = cx.network.as_ref().is_some_and(|network| network.told.is_some());
    if cx.online.is_none() && was_told {
        announce(cx);
    }
}

/// An attempt to connect failed (B10.FR.03).
pub(crate) fn on_failed(cx: &mut Cx<'_>, fault: Option<ConnectionFault>) {
    let limit = cx.variables.number(Known::NetworkAttempts);
    let Some(network) = cx.network.as_mut() else { return };
    let has_previous = network.active().and_then(|slot| network.slot(slot)).is_some_and(|slot| slot.previous.is_some());
    if matches!(fault, None | Some(ConnectionFault::Refused)) && has_previous {
        // The CSMS may not have heard that the password was taken (A01): its old one is tried, then the new one again.
        // A host that does not know why it failed may have been refused.
        network.with_previous = !network.with_previous;
        if network.with_previous {
            return;
        }
    }
    network.attempts += 1;
    if network.attempts < limit {
        return;
    }
    if network.at == 0 && network.saved.trial.is_some() {
        return give_up_trial(cx);
    }
    network.advance();
}

/// A05.FR.08 of 1.6: back to the security profile that worked.
fn give_up_trial(cx: &mut Cx<'_>) {
    let Some(mut network) = cx.network.take() else { return };
    network.saved.trial = None;
    network.plan.remove(0);
    (network.attempts, network.with_previous) = (0, false);
    put_state(cx, &network);
    cx.network = Some(network);
    let text = "the higher security profile did not connect, and is given up";
    super::security::event(cx, "ReconfigurationOfSecurityParameters", Some(text.into()));
}

/// The way, the password and the security profile in use have proven themselves.
pub(crate) fn on_connected(cx: &mut Cx<'_>) {
    let Some(mut network) = cx.network.take() else { return };
    if let Some(entry) = network.entry().cloned() {
        settle_password(cx, &mut network, entry.slot);
        settle_way(cx, &mut network, &entry);
        if network.connected.replace(entry.slot).is_some_and(|slot| slot != entry.slot) {
            // B10.FR.10: whoever is there has not accepted us, as far as we know.
            cx.registration = None;
            cx.timers.clear(Timer::Boot);
        }
        network.attempts = 0;
        describe(cx, &network);
    }
    cx.network = Some(network);
}

/// The password that was let in stays; the other one is forgotten.
fn settle_password(cx: &mut Cx<'_>, network: &mut Network, number: i32) {
    let with_previous = core::mem::take(&mut network.with_previous);
    let has_password = network.entry().is_some_and(|entry| entry.security().has_password());
    let Some(slot) = network.slot_mut(number).filter(|slot| slot.previous.is_some() && has_password) else { return };
    let previous = slot.previous.take();
    if with_previous {
        slot.password = previous;
    }
    put_slot(cx, network, number);
}

/// A05.FR.06: the profile is the new one, and what is lower is removed.
fn settle_way(cx: &mut Cx<'_>, network: &mut Network, entry: &Entry) {
    let before = network.saved.clone();
    let security = entry.security();
    network.saved.profile = Some(security);
    network.saved.last = Some(entry.clone());
    let mut changed = Vec::new();
    if network.saved.trial.take_if(|trial| trial == entry).is_some() {
        if let Some(slot) = network.slot_mut(entry.slot) {
            slot.way = Some(entry.way.clone());
        }
        changed.push(entry.slot);
        network.saved.priority.retain(|slot| *slot != entry.slot);
        network.saved.priority.insert(0, entry.slot);
    }
    for slot in &mut network.slots {
        let lower = slot.way.as_ref().is_some_and(|way| rules::security_of(way) < security);
        if lower {
            slot.way = None;
            changed.push(slot.slot);
            network.saved.priority.retain(|kept| *kept != slot.slot);
        }
    }
    network.plan.retain(|planned| planned.security() >= security);
    network.at = network.plan.iter().position(|planned| planned == entry).unwrap_or(network.plan.len());
    if network.saved != before {
        // The state first: what it forbids is not used, even if a power cut leaves it in its slot.
        put_state(cx, network);
    }
    for slot in changed {
        put_slot(cx, network, slot);
    }
}
