//! The control loop's question: what is the limit now, and when does it change (K02, K04)?

use core::mem;

use pilotwire_messages::DateTime;

use super::compile::seconds;
use super::keys::NEVER;
use super::layers::Layers;
use super::limit::{Held, Limit, Now};
use super::more;
use super::purpose::Purpose;
use super::query::Query;
use super::slot::Slot;
use super::store::Profiles;
use super::sweep::Cell;
use super::track::{Begin, Tag};
use super::units::{NO_LIMIT, RateUnit, decimal};
use crate::domain::EvseId;

/// Boundaries that are looked at in search of the next change.
const LOOK_AHEAD: usize = 64;

impl Profiles {
    /// What limits an EVSE now, its rating included; of EVSE 0 what limits the station as a whole. `None` if there is no
    /// such EVSE.
    ///
    /// Between two changes the answer is only looked up; any order of times may be asked for, as clocks jump.
    pub fn limit(&mut self, evse: EvseId, at: DateTime) -> Option<Now> {
        let (place, second) = (usize::try_from(evse.0).ok()?, seconds(at));
        match self.held.get(place)? {
            Some(held) if (held.from..held.until).contains(&second) => return Some(held.now),
            _ => {}
        }
        let held = self.hold(evse, second)?;
        self.held[place] = (!self.floats(evse)).then_some(held);
        Some(held.now)
    }

    /// K08.FR.06: where nobody charges yet, what is relative to a transaction begins whenever somebody asks.
    fn floats(&self, evse: EvseId) -> bool {
        let asked = |at: EvseId| evse == EvseId(0) || at == evse;
        let waits = self.order.evses_waiting().any(asked);
        let relative = |slot: &Slot| slot.tracks().iter().any(|track| track.begin == Begin::Charging);
        let here = |slot: &Slot| slot.installed.evse == EvseId(0) || asked(slot.installed.evse);
        waits && self.slots.iter().any(|slot| relative(slot) && here(slot))
    }

    /// The lowest limit that any profile ever has for an EVSE; of EVSE 0 for the station. What holds while nobody knows what
    /// time it is.
    pub fn lowest(&self, evse: EvseId) -> Limit {
        let least = |unit: RateUnit| {
            let meant = self.slots.iter().filter(|slot| {
                let at = slot.installed.evse;
                slot.purpose != Purpose::LocalGeneration
                    && (at == evse || (at == EvseId(0) && slot.purpose != Purpose::Priority))
                    && !(evse == EvseId(0) && slot.purpose.is_of_transactions())
            });
            let tracks = meant.flat_map(|slot| slot.tracks());
            let steps = tracks.flat_map(|track| track.steps.iter().map(move |step| (track, step)));
            steps.fold(self.rating_of(evse, unit), |least, (track, step)| {
                let limit = more::together(track, step, unit, self.supply);
                least.lowest(Cell { limit, tag: step.tag })
            })
        };
        limit(least(RateUnit::A), least(RateUnit::W))
    }

    fn rating_of(&self, evse: EvseId, unit: RateUnit) -> Cell {
        let rating = usize::try_from(evse.0).ok().and_then(|place| self.ratings.get(place).copied().flatten());
        rating.map_or(Cell::OPEN, |rating| Cell {
            limit: rating.limit(unit, self.supply),
            tag: Tag::new(rating.phases, 0, 0),
        })
    }

    fn hold(&mut self, evse: EvseId, from: i64) -> Option<Held> {
        let (current, ampere_change) = self.cell(evse, from, RateUnit::A)?;
        let (power, watt_change) = self.cell(evse, from, RateUnit::W)?;
        let change = ampere_change.min(watt_change);
        // What comes later than anybody counts may come after all, where a clock jumps.
        let until = from.saturating_add(i64::from(change));
        let when = (change != NEVER).then(|| moment(until));
        Some(Held { from, until, now: Now { limit: limit(current, power), until: when } })
    }

    /// What holds in this unit, and for how many seconds.
    fn cell(&mut self, evse: EvseId, from: i64, unit: RateUnit) -> Option<(Cell, i32)> {
        let query = Query { rated: true, ..Query::new(evse, moment(from), 0, unit) };
        let (asked, memory) = self.asked();
        let mut layers = Layers::new(asked, mem::take(memory), &query)?;
        let (now, mut change) = layers.now();
        let told = layers.together(now);
        for _ in 0..LOOK_AHEAD {
            if change == NEVER {
                break;
            }
            let (then, next) = layers.advance(change);
            // Periods that say more may differ in what they say.
            if then != now || then.tag.more() > 0 {
                break;
            }
            change = next;
        }
        *memory = layers.into_memory();
        Some((told, change))
    }
}

fn limit(current: Cell, power: Cell) -> Limit {
    let known = |rate: i64| (rate != NO_LIMIT).then(|| decimal(rate));
    let named = |phase: u8| (phase > 0).then_some(phase);
    Limit {
        current_a: known(current.limit),
        power_w: known(power.limit),
        number_phases: named(current.tag.phases()),
        phase_to_use: named(current.tag.phase_to_use()),
    }
}

const fn moment(second: i64) -> DateTime {
    DateTime::from_unix_millis(second.saturating_mul(1_000))
}
