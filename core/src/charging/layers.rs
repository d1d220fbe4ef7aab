//! All stacks that concern one question, side by side, and what follows from them at a moment.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use pilotwire_messages::v2::ChargingSchedulePeriod;

use super::compile::seconds;
use super::keys::{Keys, NEVER};
use super::more::{self, Phases};
use super::order::{Order, Part};
use super::query::Query;
use super::rating::Rating;
use super::slot::Slot;
use super::sweep::{Cell, Question, Sweep, Voice};
use super::track::{Step, Tag, Track};
use super::units::{NO_LIMIT, Supply};

/// Memory of answers, kept between them.
#[derive(Debug, Default)]
pub(super) struct Memory {
    layers: Vec<Layer<'static>>,
    voices: Vec<Voice>,
}

impl Memory {
    /// Makes room for so many layers, so that no answer has to.
    pub(super) fn reserve(&mut self, layers: usize) {
        self.layers.reserve(layers);
        self.voices.reserve(layers);
    }
}

/// What a question is put to.
pub(super) struct Asked<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) order: &'a Order,
    pub(super) supply: Supply,
    pub(super) ratings: &'a [Option<Rating>],
    pub(super) keys: &'a mut [i32],
}

/// A stack on its way.
#[derive(Debug)]
pub(super) struct Layer<'a> {
    part: Part,
    sweep: Sweep<'a>,
}

/// An empty list with the memory of this one, for layers of another question: nothing is allocated for a second one.
fn recycled<'a>(mut layers: Vec<Layer<'_>>) -> Vec<Layer<'a>> {
    layers.clear();
    layers.into_iter().map_while(|_| None).collect()
}

/// All layers of a question.
pub(super) struct Layers<'a> {
    question: Question<'a>,
    /// Those of EVSEs, those of the station, and those that are added on top.
    layers: Vec<Layer<'a>>,
    /// What each of them says.
    voices: Vec<Voice>,
    /// Where those of EVSEs end.
    own: usize,
    /// Where those that limit end.
    limits: usize,
    /// How many EVSEs there are; the station is not one of them.
    evses: usize,
    /// The hardware, if it counts: of the station first, then of each EVSE.
    ratings: &'a [Option<Rating>],
    evse: usize,
    /// The lowest of all voices is all there is to it.
    plain: bool,
}

impl<'a> Layers<'a> {
    /// Begins at the start of the window; `None` if there is no such EVSE. `memory` is for the layers.
    #[inline]
    pub(super) fn new(asked: Asked<'a>, memory: Memory, query: &Query) -> Option<Self> {
        let evse = usize::try_from(query.evse.0).ok()?;
        let Asked { slots, order, supply, ratings, keys } = asked;
        order.evses.get(evse)?;
        let from = seconds(query.from);
        let mut layers = Self {
            question: Question { slots, from, unit: query.unit, supply, choice: query.choice },
            layers: recycled(memory.layers),
            voices: memory.voices,
            own: 0,
            limits: 0,
            evses: order.evses.len() - 1,
            ratings: if query.rated { ratings } else { &[] },
            evse,
            plain: false,
        };
        layers.voices.clear();
        layers.begin(order, keys);
        Some(layers)
    }

    fn begin(&mut self, order: &'a Order, keys: &'a mut [i32]) {
        let mut keys = keys;
        let all = if self.evse == 0 { 1..=self.evses } else { self.evse..=self.evse };
        for evse in all.clone() {
            self.add(Part::Session(evse), order, &mut keys);
            for source in 0..order.evses[evse].external.len() {
                self.add(Part::External(evse, source), order, &mut keys);
            }
        }
        self.own = self.layers.len();
        self.add(Part::StationMax, order, &mut keys);
        for source in 0..order.evses[0].external.len() {
            self.add(Part::StationExternal(source), order, &mut keys);
        }
        self.limits = self.layers.len();
        for evse in core::iter::once(0).chain(all) {
            self.add(Part::Generation(evse), order, &mut keys);
        }
        self.plain = self.evse > 0 && self.ratings.is_empty() && self.limits == self.layers.len();
    }

    fn add(&mut self, part: Part, order: &'a Order, keys: &mut &'a mut [i32]) {
        let stack = part.order(order);
        if stack.is_empty() {
            return;
        }
        let (memory, rest) = mem::take(keys).split_at_mut(Keys::room(stack.len()));
        *keys = rest;
        let own = part.evse().and_then(|evse| order.evses.get(evse));
        let charging = own.and_then(|stacks| stacks.transaction.as_ref()).and_then(|running| running.charging);
        // K08.FR.06: where nobody charges yet, as if somebody began now.
        let charging = charging.unwrap_or(self.question.from);
        self.layers.push(Layer { part, sweep: Sweep::new(stack, memory, charging) });
        if let Some(layer) = self.layers.last_mut() {
            self.voices.push(layer.sweep.begin(&self.question));
        }
    }

    /// Gives the memory back.
    pub(super) fn into_memory(self) -> Memory {
        Memory { layers: recycled(self.layers), voices: self.voices }
    }

    /// Goes on to `now`, which is when something may change next.
    #[inline]
    pub(super) fn advance(&mut self, now: i32) -> (Cell, i32) {
        let (mut lowest, mut next) = (Cell::OPEN, NEVER);
        for (layer, voice) in self.layers.iter_mut().zip(&mut self.voices) {
            if voice.until == now {
                layer.sweep.advance(&self.question, now, voice);
            }
            lowest = lowest.lowest(voice.cell());
            next = next.min(voice.until);
        }
        if self.plain { (lowest, next) } else { (self.merged(), next) }
    }

    /// What follows from all layers now, and when something may change next; [`NEVER`] if nothing does.
    pub(super) fn now(&self) -> (Cell, i32) {
        let next = self.voices.iter().fold(NEVER, |next, voice| next.min(voice.until));
        (self.merged(), next)
    }

    fn merged(&self) -> Cell {
        let (limits, generation) = self.voices.split_at(self.limits);
        let evses = if self.evse == 0 { self.total() } else { self.of_evse(self.evse) };
        let station = limits[self.own..].iter().fold(self.rating(0), |merged, voice| merged.lowest(voice.cell()));
        let merged = evses.lowest(station);
        if generation.is_empty() { merged } else { self.with_generation(merged, generation) }
    }

    fn of_evse(&self, evse: usize) -> Cell {
        let own = self.layers[..self.own].iter().zip(&self.voices).filter(|(layer, _)| layer.part.evse() == Some(evse));
        let merged = own.fold(self.rating(evse), |merged, (_, voice)| merged.lowest(voice.cell()));
        if self.evse > 0 || merged.tag.more() == 0 {
            return merged;
        }
        let leading = self.leading().filter(|(part, ..)| part.evse() == Some(evse));
        let (rating, unit) = (self.rating(evse), self.question.unit);
        let phases = Phases::of(leading, self.question).map(|phases| phases.within(rating, unit).seen_from_grid(unit));
        Cell { limit: phases.unwrap_or(merged.limit), ..merged }
    }

    /// What all EVSEs together may take; the phases of the one that uses the most.
    fn total(&self) -> Cell {
        (1..=self.evses).map(|evse| self.of_evse(evse)).reduce(Cell::sum).unwrap_or(Cell::OPEN)
    }

    fn rating(&self, evse: usize) -> Cell {
        let rating = self.ratings.get(evse).copied().flatten();
        rating.map_or(Cell::OPEN, |rating| Cell {
            limit: rating.limit(self.question.unit, self.question.supply),
            tag: Tag::new(rating.phases, 0, 0),
        })
    }

    /// What is generated locally comes on top of all limits (K27; K08.FR.04 of 2.1).
    fn with_generation(&self, merged: Cell, generation: &[Voice]) -> Cell {
        if merged.limit == NO_LIMIT {
            return merged;
        }
        let limit = merged.limit.saturating_add(self.generated(merged.tag, generation));
        Cell { limit: limit.min(NO_LIMIT - 1).min(self.deliverable().limit), ..merged }
    }

    /// What the hardware can deliver here, if it counts.
    fn deliverable(&self) -> Cell {
        let evses = if self.evse == 0 { 1..=self.evses } else { self.evse..=self.evse };
        self.rating(0).lowest(evses.map(|evse| self.rating(evse)).reduce(Cell::sum).unwrap_or(Cell::OPEN))
    }

    /// Never more on a phase than is generated there, or spread evenly.
    fn generated(&self, limited: Tag, generation: &[Voice]) -> i64 {
        let made = generation.iter().filter(|voice| voice.limit != NO_LIMIT);
        let amounts =
            made.map(|voice| more::generated(voice.limit, voice.tag.phases(), limited.phases(), self.question.unit));
        amounts.fold(0, i64::saturating_add)
    }

    /// The rest of what 2.1 says, where a period says more than a limit. That is a matter of one vehicle: a station as a
    /// whole has no setpoint.
    pub(super) fn more(&self, merged: &mut Cell) -> Option<Box<ChargingSchedulePeriod>> {
        let of_vehicle = merged.tag.more() > 0 && self.evse > 0;
        of_vehicle.then(|| more::merged(self.leading(), self.phases(merged.tag), merged, self.question))
    }

    /// What holds on all phases together, where limits of single ones are merged.
    pub(super) fn together(&self, merged: Cell) -> Cell {
        if merged.tag.more() == 0 || self.evse == 0 {
            return merged;
        }
        let limit = self.phases(merged.tag).map(|phases| phases.together(self.question.unit));
        Cell { limit: limit.unwrap_or(merged.limit), ..merged }
    }

    fn phases(&self, tag: Tag) -> Option<Phases> {
        let (generated, unit) = (self.generated(tag, &self.voices[self.limits..]), self.question.unit);
        let phases = Phases::of(self.leading(), self.question)?;
        Some(phases.with(generated, unit).within(self.deliverable(), unit))
    }

    /// The leading periods.
    fn leading(&self) -> impl Iterator<Item = (Part, &'a Track, &'a Step)> + Clone {
        self.layers.iter().filter_map(|layer| layer.sweep.leading().map(|(track, step)| (layer.part, track, step)))
    }
}
