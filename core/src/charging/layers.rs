//! All stacks that concern one question, side by side, and what follows from them at a moment.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use pilotwire_messages::v2::ChargingSchedulePeriod;

use super::compile::seconds;
use super::composite::Query;
use super::keys::{Keys, NEVER};
use super::more;
use super::order::{Order, Stacks};
use super::rating::Rating;
use super::store::Slot;
use super::sweep::{Cell, Question, Sweep};
use super::track::{Step, Tag, Track};
use super::units::{NO_LIMIT, Supply};

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
    fn order(self, order: &Order) -> &[u32] {
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
    const fn evse(self) -> Option<usize> {
        match self {
            Self::Session(evse) | Self::External(evse, _) => Some(evse),
            _ => None,
        }
    }
}

/// What a question is put to.
pub(super) struct Asked<'a> {
    pub(super) slots: &'a [Slot],
    pub(super) order: &'a Order,
    pub(super) supply: Supply,
    pub(super) ratings: &'a [Option<Rating>],
    pub(super) memory: &'a mut [i32],
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
    /// Where those of EVSEs end.
    own: usize,
    /// Where those that limit end.
    limits: usize,
    /// How many EVSEs there are; the station is not one of them.
    evses: usize,
    /// The hardware, if it counts: of the station first, then of each EVSE.
    ratings: &'a [Option<Rating>],
    evse: usize,
}

impl<'a> Layers<'a> {
    /// Begins at the start of the window; `None` if there is no such EVSE. `layers` is memory.
    pub(super) fn new(asked: Asked<'a>, layers: Vec<Layer<'static>>, query: &Query) -> Option<Self> {
        let evse = usize::try_from(query.evse.0).ok()?;
        let Asked { slots, order, supply, ratings, mut memory } = asked;
        order.evses.get(evse)?;
        let from = seconds(query.from);
        let question = Question { slots, from, unit: query.unit, supply, choice: query.choice };
        let mut layers = recycled(layers);
        let mut add = |part: Part, layers: &mut Vec<Layer<'a>>| {
            let stack = part.order(order);
            if stack.is_empty() {
                return;
            }
            let (keys, rest) = mem::take(&mut memory).split_at_mut(Keys::room(stack.len()));
            memory = rest;
            let own = part.evse().and_then(|evse| order.evses.get(evse));
            let charging = own.and_then(|stacks| stacks.transaction.as_ref()).and_then(|running| running.charging);
            // K08.FR.06: where nobody charges yet, as if somebody began now.
            let sweep = Sweep::new(&question, stack, Keys::new(keys), charging.unwrap_or(from));
            layers.push(Layer { part, sweep });
        };
        let evses = order.evses.len() - 1;
        let all = if evse == 0 { 1..=evses } else { evse..=evse };
        for evse in all.clone() {
            add(Part::Session(evse), &mut layers);
            for source in 0..order.evses.get(evse).map_or(0, |stacks| stacks.external.len()) {
                add(Part::External(evse, source), &mut layers);
            }
        }
        let own = layers.len();
        add(Part::StationMax, &mut layers);
        for source in 0..order.evses.first().map_or(0, |stacks| stacks.external.len()) {
            add(Part::StationExternal(source), &mut layers);
        }
        let limits = layers.len();
        for evse in core::iter::once(0).chain(all) {
            add(Part::Generation(evse), &mut layers);
        }
        let ratings = if query.rated { ratings } else { &[] };
        Some(Self { question, layers, own, limits, evses, ratings, evse })
    }

    /// Gives the memory back.
    pub(super) fn into_memory(self) -> Vec<Layer<'static>> {
        recycled(self.layers)
    }

    /// Goes on to `now`, which is [`next`](Self::next).
    pub(super) fn advance(&mut self, now: i32) {
        for layer in self.layers.iter_mut().filter(|layer| layer.sweep.until == now) {
            layer.sweep.advance(&self.question);
        }
    }

    /// When something may change next; [`NEVER`] if nothing does.
    pub(super) fn next(&self) -> i32 {
        self.layers.iter().fold(NEVER, |next, layer| next.min(layer.sweep.until))
    }

    /// What follows from all layers now.
    pub(super) fn merged(&self) -> Cell {
        let (limits, generation) = self.layers.split_at(self.limits);
        let mut merged = if self.evse == 0 { self.total() } else { self.rating(self.evse) };
        let (own, station) = limits.split_at(self.own);
        if self.evse > 0 {
            merged = own.iter().fold(merged, |merged, layer| merged.lowest(layer.sweep.cell));
        }
        merged = station.iter().fold(merged, |merged, layer| merged.lowest(layer.sweep.cell));
        if !self.ratings.is_empty() {
            merged = merged.lowest(self.rating(0));
        }
        if generation.is_empty() { merged } else { self.with_generation(merged, generation) }
    }

    fn of_evse(&self, evse: usize) -> Cell {
        let own = self.layers[..self.own].iter().filter(|layer| layer.part.evse() == Some(evse));
        own.fold(self.rating(evse), |merged, layer| merged.lowest(layer.sweep.cell))
    }

    /// What all EVSEs together may take; the phases of the one that uses the most.
    fn total(&self) -> Cell {
        let evses = (1..=self.evses).map(|evse| self.of_evse(evse));
        let sum =
            evses.reduce(|sum, evse| Cell { limit: sum.limit.saturating_add(evse.limit), tag: sum.tag.most(evse.tag) });
        sum.unwrap_or(Cell::OPEN)
    }

    fn rating(&self, evse: usize) -> Cell {
        let rating = self.ratings.get(evse).copied().flatten();
        rating.map_or(Cell::OPEN, |rating| Cell {
            limit: rating.limit(self.question.unit, self.question.supply),
            tag: Tag::new(rating.phases, 0, 0),
        })
    }

    /// K27; K08.FR.04 of 2.1: what is generated locally comes on top of all limits, never more on a phase than was generated
    /// there or spread evenly.
    fn with_generation(&self, merged: Cell, generation: &[Layer<'_>]) -> Cell {
        if merged.limit == NO_LIMIT {
            return merged;
        }
        let made = generation.iter().filter(|layer| layer.sweep.cell.limit != NO_LIMIT);
        let amount = made.map(|layer| {
            let cell = layer.sweep.cell;
            more::generated(cell.limit, cell.tag.phases(), merged.tag.phases(), self.question.unit)
        });
        Cell { limit: amount.fold(merged.limit, i64::saturating_add).min(NO_LIMIT - 1), ..merged }
    }

    /// The rest of what 2.1 says, where a period says more than a limit. That is a matter of one vehicle: a station as a
    /// whole has no setpoint.
    pub(super) fn more(&self, merged: &mut Cell) -> Option<Box<ChargingSchedulePeriod>> {
        (merged.tag.more() > 0 && self.evse > 0).then(|| more::merged(self.leading(), merged, self.question))
    }

    /// The leading periods.
    fn leading(&self) -> impl Iterator<Item = (Part, &'a Track, &'a Step)> + Clone {
        self.layers.iter().filter_map(|layer| layer.sweep.leading().map(|(track, step)| (layer.part, track, step)))
    }
}
