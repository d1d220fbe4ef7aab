//! The profiles of a station: what is installed, where, and in which order it counts (K01, K09, K10; 1.6 §3.13, §5.5, §5.16).

use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::v2::{ChargingLimitSource, ChargingProfile, ChargingProfilePurpose};
use pilotwire_messages::{DateTime, Text};

use super::compile::{Coming, compile, seconds};
use super::keys::Keys;
use super::layers::{Asked, Memory};
use super::limit::Held;
use super::order::Order;
use super::purpose::Purpose;
use super::rating::Rating;
use super::rules::{Reason, Refusal, Rules};
use super::slot::{Installed, Slot};
use super::units::{RateUnit, Supply};
use crate::domain::{EvseId, ProfileCriteria};

/// The charging profiles of one station, and the answers that follow from them.
///
/// A station asks for [`limit`](Self::limit) and its next change, anybody for a [`composite`](Self::composite) schedule.
/// Nothing is installed that cannot be answered for, and a profile that is refused changes nothing.
#[derive(Debug)]
pub struct Profiles {
    rules: Rules,
    pub(super) supply: Supply,
    pub(super) slots: Vec<Slot>,
    pub(super) order: Order,
    /// Of the station, then of each EVSE.
    pub(super) ratings: Vec<Option<Rating>>,
    /// Memory of answers, so that none is taken while answering.
    keys: Vec<i32>,
    memory: Memory,
    /// The limit of the station and of each EVSE, as long as it holds.
    pub(super) held: Vec<Option<Held>>,
}

impl Profiles {
    /// None yet, for EVSEs 1 to `evses`.
    pub fn new(rules: Rules, supply: Supply, evses: usize) -> Self {
        let mut profiles = Self {
            rules,
            supply,
            slots: Vec::new(),
            order: Order::new(evses),
            ratings: (0..=evses).map(|_| None).collect(),
            keys: Vec::new(),
            memory: Memory::default(),
            held: (0..=evses).map(|_| None).collect(),
        };
        profiles.rank();
        profiles
    }

    /// The rules that new profiles must keep.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Other rules, for what comes from now on: another edition is spoken.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
        self.rank();
    }

    /// What the hardware of an EVSE, or of the station as a whole (0), can deliver.
    pub fn set_rating(&mut self, evse: EvseId, rating: Rating) {
        let place = usize::try_from(evse.0).ok().and_then(|place| self.ratings.get_mut(place));
        if let Some(place) = place {
            *place = Some(rating);
        }
        self.held.fill(None);
    }

    /// Every profile, in the order of their coming.
    pub fn iter(&self) -> impl Iterator<Item = &Installed> {
        self.slots.iter().map(|slot| &slot.installed)
    }

    /// The unit that every profile uses; amperes if they differ, or the only one that is taken.
    pub fn usual_unit(&self) -> RateUnit {
        let mut units = self.slots.iter().flat_map(|slot| slot.tracks.iter().map(|track| track.unit));
        let all_watts = !self.slots.is_empty() && units.all(|unit| unit == RateUnit::W);
        if (all_watts || !self.rules.amperes) && self.rules.watts { RateUnit::W } else { RateUnit::A }
    }

    /// Takes a profile of a CSMS (K01).
    ///
    /// Gives back the ids of the profiles that it replaces: the one with its id, and in editions that say so the one of
    /// its purpose and level.
    ///
    /// # Errors
    /// Why it is not taken; then nothing is changed.
    pub fn set(&mut self, evse: EvseId, profile: ChargingProfile, now: DateTime) -> Result<Vec<i32>, Refusal> {
        let installed = Installed { evse, source: ChargingLimitSource::CSO, since: now, profile };
        if !self.order.has(evse) {
            return Err(Refusal::new(Reason::UnknownEvse, format!("there is no EVSE {evse} (K01.FR.28)")));
        }
        let slot = self.slot(installed, true)?;
        self.check_transaction(&slot)?;
        self.put(slot)
    }

    /// Takes a limit of somebody else than the CSMS (K11, K12, K27), or a profile that was kept through a power cut; it
    /// replaces the one with its id.
    ///
    /// # Errors
    /// Why it is not taken; then nothing is changed.
    pub fn restore(&mut self, installed: Installed) -> Result<Vec<i32>, Refusal> {
        let evse = installed.evse;
        if !self.order.has(evse) {
            return Err(Refusal::new(Reason::UnknownEvse, format!("there is no EVSE {evse}")));
        }
        let from_csms = installed.source == ChargingLimitSource::CSO;
        let slot = self.slot(installed, from_csms)?;
        self.put(slot)
    }

    /// Whether a profile would be taken with a transaction that is about to begin (K05.FR.05).
    ///
    /// # Errors
    /// Why it would not.
    pub fn check_for_start(&self, evse: EvseId, profile: &ChargingProfile, now: DateTime) -> Result<(), Refusal> {
        let mut profile = profile.clone();
        if profile.charging_profile_purpose != ChargingProfilePurpose::TxProfile {
            let text = "a remote start brings a TxProfile only (K05.FR.02)";
            return Err(Refusal::new(Reason::InvalidProfile, text));
        }
        if profile.transaction_id.is_some() {
            let text = "the transaction does not exist yet (K05 remarks; 1.6 §5.16.2)";
            return Err(Refusal::new(Reason::InvalidProfile, text));
        }
        profile.transaction_id = Some(Text::default());
        let installed = Installed { evse, source: ChargingLimitSource::CSO, since: now, profile };
        let slot = self.slot(installed, true)?;
        let mut without = self.slots.iter().filter(|other| other.id() != slot.id());
        self.check_room(&slot).and_then(|()| without.try_for_each(|other| check_phases(&slot, other)))
    }

    fn slot(&self, installed: Installed, from_csms: bool) -> Result<Slot, Refusal> {
        let (evse, now) = (installed.evse, seconds(installed.since));
        let coming = Coming { evse, rules: &self.rules, now, from_csms };
        let (purpose, tracks) = compile(&installed.profile, coming)?;
        Ok(Slot { installed, purpose, tracks })
    }

    /// K01.FR.09, K01.FR.33.
    fn check_transaction(&self, slot: &Slot) -> Result<(), Refusal> {
        if slot.purpose != Purpose::Tx {
            return Ok(());
        }
        let evse = slot.installed.evse;
        let Some(transaction) = self.order.transaction(evse) else {
            let text = format!("there is no transaction at EVSE {evse} (K01.FR.09)");
            return Err(Refusal::new(Reason::TxNotFound, text));
        };
        match &slot.installed.profile.transaction_id {
            Some(named) if !transaction.is(named) => {
                let text = format!("transaction {named} is not the one at EVSE {evse} (K01.FR.33)");
                Err(Refusal::new(Reason::TxNotFound, text))
            }
            _ => Ok(()),
        }
    }

    fn check_room(&self, slot: &Slot) -> Result<(), Refusal> {
        let others = self.slots.iter().filter(|other| !self.replaces(slot, other)).count();
        let most = self.rules.max_profiles;
        if others < most {
            return Ok(());
        }
        Err(Refusal::new(Reason::OutOfStorage, format!("{most} profiles are installed, and no more fit")))
    }

    /// K01.FR.05; 1.6 §5.16.3, §5.16.4.
    fn replaces(&self, slot: &Slot, other: &Slot) -> bool {
        slot.id() == other.id() || (self.rules.edition.same_level_replaces && clash(slot, other, false))
    }

    fn put(&mut self, slot: Slot) -> Result<Vec<i32>, Refusal> {
        let of_csms = slot.installed.source == ChargingLimitSource::CSO;
        for other in self.slots.iter().filter(|other| !self.replaces(&slot, other)) {
            check_against(&slot, other, self.rules.edition.same_level_replaces)?;
        }
        let same_id = self.slots.iter().find(|other| other.id() == slot.id());
        let kept = |other: &Slot| match other.installed.source {
            ChargingLimitSource::CSO => !of_csms,
            _ => of_csms && other.purpose == Purpose::External,
        };
        if same_id.is_some_and(kept) {
            let text = "the profile with this id is somebody else's, who alone may replace it (K01.FR.05)";
            return Err(Refusal::new(Reason::DuplicateProfile, text));
        }
        self.check_room(&slot)?;
        let replaced = self.slots.iter().filter(|other| self.replaces(&slot, other)).map(Slot::id).collect();
        let mut slots = core::mem::take(&mut self.slots);
        slots.retain(|other| !self.replaces(&slot, other));
        slots.push(slot);
        self.slots = slots;
        self.rank();
        Ok(replaced)
    }

    /// Removes profiles (K10; 1.6 §5.5), but for those that are not the CSMS's to remove (K10.FR.04, K10.FR.09). Gives back
    /// their ids.
    pub fn clear(&mut self, criteria: &ProfileCriteria) -> Vec<i32> {
        let is_of_site = |slot: &Slot| matches!(slot.purpose, Purpose::External | Purpose::LocalGeneration);
        self.remove(|slot| slot.installed.is_meant(criteria) && !is_of_site(slot))
    }

    /// Removes what somebody else than the CSMS set (K13). Gives back the ids.
    pub fn release(&mut self, criteria: &ProfileCriteria) -> Vec<i32> {
        self.remove(|slot| slot.installed.is_meant(criteria) && slot.installed.source != ChargingLimitSource::CSO)
    }

    fn remove(&mut self, goes: impl Fn(&Slot) -> bool) -> Vec<i32> {
        let gone: Vec<i32> = self.slots.iter().filter(|slot| goes(slot)).map(Slot::id).collect();
        if !gone.is_empty() {
            self.slots.retain(|slot| !goes(slot));
            self.rank();
        }
        gone
    }

    /// A transaction runs at an EVSE. `charging` is since when energy may flow, if it may already: relative schedules count
    /// from there (K01.FR.42).
    pub fn transaction_runs(&mut self, evse: EvseId, transaction: Text, charging: Option<DateTime>) {
        self.order.begin(evse, transaction, charging.map(seconds));
        self.rank();
    }

    /// The CSMS has another name for the transaction of an EVSE (1.6).
    pub fn transaction_is_named(&mut self, evse: EvseId, name: Text) {
        self.order.name(evse, name);
        self.rank();
    }

    /// The transaction of an EVSE is over, and its profiles with it (K02.FR.05). Gives back their ids.
    pub fn transaction_ended(&mut self, evse: EvseId) -> Vec<i32> {
        self.order.end(evse);
        let gone = self.remove(|slot| slot.purpose == Purpose::Tx && slot.installed.evse == evse);
        self.rank();
        gone
    }

    /// Switches the transaction of an EVSE to its profile for priority charging, or back (K21.FR.03, K21.FR.04); `false` if
    /// it has none, or no transaction.
    pub fn use_priority(&mut self, evse: EvseId, active: bool) -> bool {
        let here = |slot: &&Slot| slot.installed.evse == evse || slot.installed.evse == EvseId(0);
        let has = self.slots.iter().filter(here).any(|slot| slot.purpose == Purpose::Priority);
        let done = has && self.order.set_priority(evse, active);
        self.rank();
        done
    }

    /// What a question is put to, and memory for its layers.
    pub(super) fn asked(&mut self) -> (Asked<'_>, &mut Memory) {
        let Self { slots, order, supply, ratings, keys, memory, .. } = self;
        (Asked { slots, order, supply: *supply, ratings, keys }, memory)
    }

    fn rank(&mut self) {
        self.order.rank(&self.slots, self.rules.edition.tx_profile_hides_defaults);
        self.keys.resize(self.order.sizes().map(Keys::room).sum(), 0);
        self.memory.reserve(self.order.sizes().count());
        self.held.fill(None);
    }
}

/// Whether two profiles are of one purpose, level and place; `apart` takes the station for each of its EVSEs.
fn clash(slot: &Slot, other: &Slot, apart: bool) -> bool {
    let (evse, of) = (slot.installed.evse, other.installed.evse);
    let same_place = evse == of || (apart && (evse == EvseId(0) || of == EvseId(0)));
    slot.purpose == other.purpose && slot.level() == other.level() && same_place
}

fn check_against(slot: &Slot, other: &Slot, same_level_replaces: bool) -> Result<(), Refusal> {
    // K01.FR.52, K01.FR.53: whenever the two are valid; in 1.6 the EVSE's own goes over the station's (§3.13.1). K01.FR.06,
    // K01.FR.39: only at the same time.
    let of_csms = slot.purpose != Purpose::External;
    let apart = clash(slot, other, true) && !clash(slot, other, false);
    let across = slot.purpose == Purpose::TxDefault && apart && !same_level_replaces;
    let beside = of_csms && clash(slot, other, false) && slot.is_valid_with(other);
    if across || beside {
        let (id, level) = (other.id(), slot.level());
        let text = format!("profile {id} has stack level {level} for the same purpose (K01.FR.06, K01.FR.52)");
        return Err(Refusal::new(Reason::DuplicateProfile, text));
    }
    check_phases(slot, other)
}

/// Part 2 §3.7 (errata 2.36): two profiles that count at the same time must not choose different phases. Whether they ever
/// meet is not certain while schedules are relative, so that they could is enough.
fn check_phases(slot: &Slot, other: &Slot) -> Result<(), Refusal> {
    let (evse, of) = (slot.installed.evse, other.installed.evse);
    let meet = evse == of || evse == EvseId(0) || of == EvseId(0);
    // Of two in the same stack only one counts.
    let same_stack = slot.purpose.is_of_transactions() && other.purpose.is_of_transactions();
    if !meet || same_stack || slot.purpose == other.purpose || !slot.is_valid_with(other) {
        return Ok(());
    }
    let choices = |slot: &Slot| {
        let steps = slot.tracks.iter().flat_map(|track| track.steps.iter());
        steps.filter(|step| step.tag.phase_to_use() > 0).fold(0_u8, |set, step| set | 1 << step.tag.phase_to_use())
    };
    let (ours, theirs) = (choices(slot), choices(other));
    if ours != 0 && theirs != 0 && (ours != theirs || ours.count_ones() > 1) {
        let text = format!("profile {} chooses another phase (K01.FR.141)", other.id());
        return Err(Refusal::new(Reason::PhaseConflict, text));
    }
    Ok(())
}
