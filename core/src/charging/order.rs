//! Which profiles count at which EVSE, and which of them goes over which.

use alloc::vec::Vec;

use pilotwire_messages::Text;

use super::purpose::Purpose;
use super::slot::Slot;
use crate::domain::EvseId;

/// What runs at an EVSE.
#[derive(Clone, Debug)]
pub(super) struct Transaction {
    id: Text,
    /// 1.6: what the CSMS calls it.
    name: Option<Text>,
    /// Since when energy may flow.
    pub(super) charging: Option<i64>,
    priority: bool,
}

impl Transaction {
    pub(super) fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id) || self.name.as_deref() == Some(id)
    }
}

/// The stacks of one EVSE, or of the station: slots, the one that goes over the others first.
#[derive(Clone, Debug, Default)]
pub(super) struct Stacks {
    pub(super) transaction: Option<Transaction>,
    /// Priority charging, TxProfiles, TxDefaultProfiles.
    pub(super) session: Vec<u32>,
    /// One of each external system: none may be exceeded, whatever another says (K11.FR.01, K12.FR.01).
    pub(super) external: Vec<Vec<u32>>,
    pub(super) generation: Vec<u32>,
}

/// The stacks of all EVSEs.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// By number; 0 is the station.
    pub(super) evses: Vec<Stacks>,
    pub(super) station_max: Vec<u32>,
}

impl Order {
    pub(super) fn new(evses: usize) -> Self {
        Self { evses: (0..=evses).map(|_| Stacks::default()).collect(), station_max: Vec::new() }
    }

    pub(super) fn has(&self, evse: EvseId) -> bool {
        self.stacks(evse).is_some()
    }

    pub(super) fn stacks(&self, evse: EvseId) -> Option<&Stacks> {
        self.evses.get(usize::try_from(evse.0).ok()?)
    }

    fn transaction_mut(&mut self, evse: EvseId) -> Option<&mut Option<Transaction>> {
        let place = usize::try_from(evse.0).ok().filter(|place| *place > 0)?;
        self.evses.get_mut(place).map(|stacks| &mut stacks.transaction)
    }

    pub(super) fn transaction(&self, evse: EvseId) -> Option<&Transaction> {
        self.stacks(evse)?.transaction.as_ref()
    }

    /// EVSEs at which no energy may flow yet.
    pub(super) fn evses_waiting(&self) -> impl Iterator<Item = EvseId> {
        let waits = |stacks: &Stacks| stacks.transaction.as_ref().is_none_or(|running| running.charging.is_none());
        let evses = (0..).map(EvseId).zip(&self.evses).skip(1);
        evses.filter(move |(_, stacks)| waits(stacks)).map(|(evse, _)| evse)
    }

    /// The same transaction may be told again, when energy begins to flow.
    pub(super) fn begin(&mut self, evse: EvseId, id: Text, charging: Option<i64>) {
        let Some(place) = self.transaction_mut(evse) else { return };
        let known = place.take().filter(|known| known.id == id);
        let known = known.unwrap_or(Transaction { id, name: None, charging: None, priority: false });
        *place = Some(Transaction { charging: known.charging.or(charging), ..known });
    }

    pub(super) fn name(&mut self, evse: EvseId, name: Text) {
        if let Some(Some(transaction)) = self.transaction_mut(evse) {
            transaction.name = Some(name);
        }
    }

    pub(super) fn end(&mut self, evse: EvseId) {
        if let Some(place) = self.transaction_mut(evse) {
            *place = None;
        }
    }

    pub(super) fn set_priority(&mut self, evse: EvseId, active: bool) -> bool {
        match self.transaction_mut(evse) {
            Some(Some(transaction)) => transaction.priority = active,
            _ => return false,
        }
        true
    }

    /// Ranks all profiles anew.
    pub(super) fn rank(&mut self, slots: &[Slot], tx_profile_hides_defaults: bool) {
        self.station_max = ranked(slots, |slot| slot.purpose == Purpose::StationMax);
        for (number, stacks) in self.evses.iter_mut().enumerate() {
            let evse = EvseId(i32::try_from(number).unwrap_or(i32::MAX));
            let here = |slot: &Slot| slot.installed.evse == evse;
            stacks.external = by_source(slots, |slot| slot.purpose == Purpose::External && here(slot));
            stacks.generation = ranked(slots, |slot| slot.purpose == Purpose::LocalGeneration && here(slot));
            let transaction = stacks.transaction.as_ref();
            let own = |slot: &&Slot| slot.purpose == Purpose::TxDefault && here(slot);
            let own_levels: Vec<i32> = slots.iter().filter(own).map(Slot::level).collect();
            stacks.session = ranked(slots, |slot| counts(slot, evse, transaction, &own_levels));
            let first = stacks.session.first().and_then(|slot| slots.get(*slot as usize));
            if tx_profile_hides_defaults && first.is_some_and(|slot| slot.purpose != Purpose::TxDefault) {
                stacks.session.retain(|slot| slots[*slot as usize].purpose != Purpose::TxDefault);
            }
        }
    }

    /// Every stack that is not empty, by its size.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> {
        let of = |stacks: &Stacks| {
            let external: Vec<usize> = stacks.external.iter().map(Vec::len).collect();
            external.into_iter().chain([stacks.session.len(), stacks.generation.len()])
        };
        let all = self.evses.iter().flat_map(of).chain([self.station_max.len()]);
        all.filter(|size| *size > 0)
    }
}

/// Whether a profile counts for the vehicle at an EVSE, which has TxDefaultProfiles of its own at `own_levels`.
fn counts(slot: &Slot, evse: EvseId, transaction: Option<&Transaction>, own_levels: &[i32]) -> bool {
    let (here, station) = (slot.installed.evse == evse, slot.installed.evse == EvseId(0));
    match slot.purpose {
        // 1.6 §3.13.1: one of the EVSE's own replaces the station's there. 2.x has no two of one level (K01.FR.52).
        Purpose::TxDefault => here || (station && !own_levels.contains(&slot.level())),
        Purpose::Priority => (here || station) && transaction.is_some_and(|transaction| transaction.priority),
        Purpose::Tx => {
            let named = slot.installed.profile.transaction_id.as_deref();
            here && transaction.is_some_and(|transaction| named.is_none_or(|named| transaction.is(named)))
        }
        _ => false,
    }
}

/// The slots that are meant, ranked for each of those that set them.
fn by_source(slots: &[Slot], is_meant: impl Fn(&Slot) -> bool) -> Vec<Vec<u32>> {
    let mut sources: Vec<_> = slots.iter().filter(|slot| is_meant(slot)).map(|slot| &slot.installed.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.into_iter().map(|source| ranked(slots, |slot| is_meant(slot) && slot.installed.source == *source)).collect()
}

/// The slots that are meant, the one that goes over the others first: by purpose, by level, the EVSE's own before the
/// station's, the newest first.
fn ranked(slots: &[Slot], is_meant: impl Fn(&Slot) -> bool) -> Vec<u32> {
    let meant = slots.iter().zip(0_u32..).filter(|(slot, _)| is_meant(slot));
    let mut order: Vec<u32> = meant.map(|(_, place)| place).collect();
    let rank = |place: &u32| {
        let slot = &slots[*place as usize];
        (slot.purpose, slot.level(), slot.installed.evse, *place)
    };
    order.sort_unstable_by_key(|place| core::cmp::Reverse(rank(place)));
    order
}

/// What a stack does to the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Limits one EVSE; where the station is asked for, its limits are summed.
    Session(usize),
    External(usize, usize),
    /// Limits all that was asked for.
    StationMax,
    StationExternal(usize),
    /// Is added on top (K08.FR.04 of 2.1).
    Generation(usize),
}

impl Part {
    pub(super) fn order(self, order: &Order) -> &[u32] {
        let of = |evse: usize| order.evses.get(evse);
        let external = |evse: usize, source: usize| {
            of(evse).and_then(|stacks| stacks.external.get(source)).map_or(&[][..], Vec::as_slice)
        };
        match self {
            Self::Session(evse) => of(evse).map_or(&[], |stacks: &Stacks| &stacks.session),
            Self::External(evse, source) => external(evse, source),
            Self::Generation(evse) => of(evse).map_or(&[], |stacks| &stacks.generation),
            Self::StationMax => &order.station_max,
            Self::StationExternal(source) => external(0, source),
        }
    }

    /// The EVSE whose own limit this is.
    pub(super) const fn evse(self) -> Option<usize> {
        match self {
            Self::Session(evse) | Self::External(evse, _) => Some(evse),
            _ => None,
        }
    }
}
