//! One stack, from the top down: at every moment the period of the highest profile that has one (Part 2 §3.4, §3.5).
//!
//! Only what can be seen from above is looked at. A profile below the leader is not touched before the leader ends, and the
//! ones above it are known by nothing but the second in which they begin.

use super::keys::{Keys, NEVER};
use super::slot::Slot;
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

    /// What two EVSEs take together; the phases of the one that uses the most (K08.FR.03).
    pub(super) fn sum(self, other: Self) -> Self {
        Self { limit: self.limit.saturating_add(other.limit), tag: self.tag.most(other.tag) }
    }
}

/// What a stack says, and until when: seconds after the window's start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice {
    /// [`NO_LIMIT`] where there is none.
    pub(super) limit: i64,
    pub(super) tag: Tag,
    pub(super) until: i32,
}

impl Voice {
    pub(super) const fn cell(self) -> Cell {
        Cell { limit: self.limit, tag: self.tag }
    }
}

/// A stack's way through the window.
#[derive(Debug)]
pub(super) struct Sweep<'a> {
    /// The periods of the profile that leads, and the one that holds; none in a gap.
    steps: &'a [Step],
    step: usize,
    /// When the leader's cycle began: seconds after the window's start.
    base: i64,
    /// When something else happens than the leader's next period: it has no more, or a higher profile begins.
    cap: i32,
    /// The leader's limits are in the unit that was asked for.
    as_asked: bool,
    leader: Option<&'a Track>,
    rank: usize,
    /// When a higher profile than the leader begins.
    higher: i32,
    order: &'a [u32],
    keys: Keys<'a>,
    /// Ranks that were looked at.
    explored: usize,
    /// When energy may flow at the EVSE of this stack.
    charging: i64,
}

impl<'a> Sweep<'a> {
    /// Through these profiles, where energy may flow from `charging` on.
    #[inline]
    pub(super) fn new(order: &'a [u32], memory: &'a mut [i32], charging: i64) -> Self {
        Self {
            steps: &[],
            step: 0,
            base: 0,
            cap: 0,
            as_asked: true,
            leader: None,
            rank: 0,
            higher: NEVER,
            order,
            keys: Keys::new(memory, order.len()),
            explored: 0,
            charging,
        }
    }

    /// What it says at the start of the window.
    pub(super) fn begin(&mut self, question: &Question<'a>) -> Voice {
        self.descend(question, 0, 0)
    }

    /// Goes on at `now`, which is when this voice of it ends.
    #[inline]
    pub(super) fn advance(&mut self, question: &Question<'a>, now: i32, voice: &mut Voice) {
        if now < self.cap {
            self.step += 1;
            *voice = self.voice(question);
        } else {
            *voice = self.turn(question, now);
        }
    }

    /// Another profile leads, or the same one in another cycle.
    #[inline(never)]
    fn turn(&mut self, question: &Question<'a>, now: i32) -> Voice {
        let Some(track) = self.leader else { return self.descend(question, 0, now) };
        if self.higher <= now {
            // The leader may hold still below the one that begins: to be looked at when that one ends.
            self.keys.set(self.rank, now);
            return self.descend(question, 0, now);
        }
        match track.seek(track.start(self.charging), question.from + i64::from(now)) {
            Position::Active { base, step } => self.lead(question, track, base, step),
            ended => {
                self.keys.set(self.rank, question.next_start(ended));
                self.descend(question, self.rank + 1, now)
            }
        }
    }

    /// Finds the leader among the ranks from `top` down; those above have nothing now.
    fn descend(&mut self, question: &Question<'a>, top: usize, now: i32) -> Voice {
        let at = question.from + i64::from(now);
        let mut rank = top;
        while let Some(next) = self.candidate(rank, now) {
            rank = next;
            let Some(track) = self.track(question, rank) else { continue };
            match track.seek(track.start(self.charging), at) {
                Position::Active { base, step } => {
                    (self.leader, self.rank) = (Some(track), rank);
                    self.higher = self.keys.earliest_before(rank);
                    return self.lead(question, track, base, step);
                }
                other => self.keys.set(rank, question.next_start(other)),
            }
        }
        (self.leader, self.steps, self.step) = (None, &[], 0);
        self.higher = self.keys.earliest_before(self.explored);
        self.cap = self.higher;
        Voice { limit: NO_LIMIT, tag: Tag::NONE, until: self.higher }
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
    fn lead(&mut self, question: &Question<'a>, track: &'a Track, base: i64, step: usize) -> Voice {
        (self.steps, self.step) = (&track.steps, step);
        self.base = base - question.from;
        let stop = question.relative((base + track.active).min(track.valid_to));
        self.cap = stop.min(self.higher);
        self.as_asked = track.unit == question.unit;
        self.voice(question)
    }

    /// What the period says that holds.
    #[inline]
    fn voice(&self, question: &Question<'a>) -> Voice {
        // A leader says something until it is capped.
        let Some(Step { limit, tag, end }) = self.steps.get(self.step).copied() else {
            return Voice { limit: NO_LIMIT, tag: Tag::NONE, until: self.cap };
        };
        let limit = if self.as_asked { limit } else { self.converted(question, limit, tag) };
        let end = (self.base + i64::from(end)).min(i64::from(self.cap));
        Voice { limit, tag, until: i32::try_from(end).unwrap_or(self.cap) }
    }

    #[inline(never)]
    fn converted(&self, question: &Question<'a>, limit: i64, tag: Tag) -> i64 {
        match (self.leader, limit) {
            (_, NO_LIMIT) | (None, _) => limit,
            (Some(track), limit) => converted(limit, track.unit, question.unit, tag.phases(), question.supply),
        }
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
