//! One stack, from the top down: at every moment the period of the highest profile that has one (Part 2 §3.4, §3.5).
//!
//! Only what can be seen from above is looked at. A profile below the leader is not touched before the leader ends, and the
//! ones above it are known by nothing but the second in which they begin.

use super::keys::{Keys, NEVER};
use super::store::Slot;
use super::track::{Position, Step, Tag, Track};
use super::units::{NO_LIMIT, RateUnit, Supply, converted};

/// What all sweeps of one question share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) slots: &'a [Slot],
    /// The first second of the window.
    pub(super) from: i64,
    pub(super) unit: RateUnit,
    pub(super) supply: Supply,
    /// Which schedule of profiles that have several.
    pub(super) choice: usize,
}

impl Question<'_> {
    /// Seconds after the window's start; [`NEVER`] for what comes long after its end.
    fn relative(&self, at: i64) -> i32 {
        i32::try_from(at - self.from).unwrap_or(NEVER)
    }

    /// When a track begins, as its [`Position`] tells.
    fn next_start(&self, position: Position) -> i32 {
        match position {
            Position::From(at) => self.relative(at),
            Position::Never | Position::Active { .. } => NEVER,
        }
    }
}

/// What holds at a moment, in the unit that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// [`NO_LIMIT`] where there is none.
    pub(super) limit: i64,
    pub(super) tag: Tag,
}

impl Cell {
    /// Nobody says anything.
    pub(super) const OPEN: Self = Self { limit: NO_LIMIT, tag: Tag::NONE };

    /// The lowest of both in everything (SC.01).
    pub(super) fn lowest(self, other: Self) -> Self {
        Self { limit: self.limit.min(other.limit), tag: self.tag.lowest(other.tag) }
    }
}

/// A stack's way through the window.
#[derive(Debug)]
pub(super) struct Sweep<'a> {
    order: &'a [u32],
    keys: Keys<'a>,
    /// When energy may flow at the EVSE of this stack.
    charging: i64,
    /// The profile that leads, its rank, and the period of it that holds.
    leader: Option<&'a Track>,
    rank: usize,
    step: usize,
    /// When the leader's cycle began, and when it has nothing more to say in it: seconds after the window's start.
    base: i64,
    stop: i32,
    /// Ranks that were looked at.
    explored: usize,
    /// When a higher profile than the leader begins.
    higher: i32,
    /// What the stack says until [`until`](Self::until).
    pub(super) cell: Cell,
    /// Seconds after the window's start.
    pub(super) until: i32,
}

impl<'a> Sweep<'a> {
    /// Begins at the start of the window.
    pub(super) fn new(question: &Question<'a>, order: &'a [u32], keys: Keys<'a>, charging: i64) -> Self {
        let mut sweep = Self {
            order,
            keys,
            charging,
            leader: None,
            rank: 0,
            step: 0,
            base: 0,
            stop: 0,
            explored: 0,
            higher: NEVER,
            cell: Cell::OPEN,
            until: 0,
        };
        sweep.descend(question, 0, 0);
        sweep
    }

    /// Goes on at [`until`](Self::until).
    pub(super) fn advance(&mut self, question: &Question<'a>) {
        let now = self.until;
        let Some(track) = self.leader else { return self.descend(question, 0, now) };
        if self.higher <= now {
            // The leader may hold still below the one that begins: to be looked at when that one ends.
            self.keys.set(self.rank, now);
            self.descend(question, 0, now);
        } else if now < self.stop {
            self.hold(question, track, self.step + 1);
        } else {
            self.begin_anew(question, track, now);
        }
    }

    /// The leader has nothing more to say in this cycle.
    fn begin_anew(&mut self, question: &Question<'a>, track: &'a Track, now: i32) {
        match track.seek(track.start(self.charging), question.from + i64::from(now)) {
            Position::Active { base, step } => self.lead(question, track, base, step),
            ended => {
                self.keys.set(self.rank, question.next_start(ended));
                self.descend(question, self.rank + 1, now);
            }
        }
    }

    /// Finds the leader among the ranks from `top` down; those above have nothing now.
    fn descend(&mut self, question: &Question<'a>, top: usize, now: i32) {
        let at = question.from + i64::from(now);
        let mut rank = top;
        while let Some(next) = self.candidate(rank, now) {
            rank = next;
            let Some(track) = self.track(question, rank) else { continue };
            match track.seek(track.start(self.charging), at) {
                Position::Active { base, step } => {
                    (self.leader, self.rank) = (Some(track), rank);
                    self.higher = self.keys.earliest_before(rank);
                    self.lead(question, track, base, step);
                    return;
                }
                other => self.keys.set(rank, question.next_start(other)),
            }
        }
        self.leader = None;
        self.higher = self.keys.earliest_before(self.explored);
        (self.cell, self.until) = (Cell::OPEN, self.higher);
    }

    /// The next rank that may have something now.
    fn candidate(&mut self, from: usize, now: i32) -> Option<usize> {
        let due = self.keys.first_due(from..self.explored, now);
        if due.is_some() || self.explored == self.order.len() {
            return due;
        }
        self.keys.explore(self.explored);
        self.explored += 1;
        Some(self.explored - 1)
    }

    /// This track leads, in this cycle.
    fn lead(&mut self, question: &Question<'a>, track: &'a Track, base: i64, step: usize) {
        self.base = base - question.from;
        self.stop = question.relative((base + track.active).min(track.valid_to));
        self.hold(question, track, step);
    }

    /// This period of the leader holds until the next begins, or the track ends.
    fn hold(&mut self, question: &Question<'a>, track: &'a Track, step: usize) {
        let Some(Step { limit, tag, end }) = track.steps.get(step).copied() else {
            // A track says something until it stops.
            return self.begin_anew(question, track, self.stop);
        };
        let limit = if track.unit == question.unit || limit == NO_LIMIT {
            limit
        } else {
            converted(limit, track.unit, question.unit, tag.phases(), question.supply)
        };
        self.step = step;
        self.cell = Cell { limit, tag };
        let end = i32::try_from(self.base + i64::from(end)).unwrap_or(NEVER);
        self.until = end.min(self.stop).min(self.higher);
    }

    fn track(&self, question: &Question<'a>, rank: usize) -> Option<&'a Track> {
        let slot = *self.order.get(rank)?;
        question.slots.get(slot as usize)?.track(question.choice)
    }

    /// The track and the period that lead.
    pub(super) fn leading(&self) -> Option<(&'a Track, &'a Step)> {
        let track = self.leader?;
        track.steps.get(self.step).map(|step| (track, step))
    }
}
