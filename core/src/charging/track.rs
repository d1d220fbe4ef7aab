//! A schedule made ready to be asked: whole seconds, integer rates, and nothing that is never executed.

use alloc::boxed::Box;

use pilotwire_messages::v2::ChargingSchedulePeriod;

use super::units::RateUnit;

/// From where a schedule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// From this second on.
    At(i64),
    /// From the moment that energy may flow in a transaction (K01.FR.42).
    Charging,
}

/// "For ever", as a number of seconds that can be added to any time.
pub(super) const FOR_EVER: i64 = 1 << 60;

/// What a period says beside its limit, in one word: phases, the phase to use, and one more than the place in
/// [`Track::more`]; each 0 if nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag(u32);

impl Tag {
    pub(super) const NONE: Self = Self(0);

    pub(super) const fn new(phases: u8, phase_to_use: u8, more: u16) -> Self {
        Self(phases as u32 | (phase_to_use as u32) << 8 | (more as u32) << 16)
    }

    /// 1 to 3, or 0 if not named.
    pub(super) const fn phases(self) -> u8 {
        self.0.to_le_bytes()[0]
    }

    /// 1 to 3, or 0 if not named.
    pub(super) const fn phase_to_use(self) -> u8 {
        self.0.to_le_bytes()[1]
    }

    /// One more than the place in [`Track::more`]; of merged periods only whether there is one.
    pub(super) const fn more(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The least phases (K01.FR.140).
    pub(super) fn lowest(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        let phases = match (self.phases(), other.phases()) {
            (0, phases) | (phases, 0) => phases,
            (one, another) => one.min(another),
        };
        let chosen = if self.phase_to_use() > 0 { self.phase_to_use() } else { other.phase_to_use() };
        Self::new(phases, if phases == 1 { chosen } else { 0 }, self.more() | other.more())
    }

    /// The most phases, where not to be named is the most (K08.FR.03).
    pub(super) fn most(self, other: Self) -> Self {
        let (one, another) = (self.phases(), other.phases());
        let phases = if one == 0 || another == 0 { 0 } else { one.max(another) };
        let same = self.phase_to_use() == other.phase_to_use();
        Self::new(phases, if same { self.phase_to_use() } else { 0 }, 0)
    }
}

/// One period of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// In thousandths of the track's unit; [`NO_LIMIT`](super::units::NO_LIMIT) if there is none.
    pub(super) limit: i64,
    pub(super) tag: Tag,
    /// Seconds from the beginning of the cycle to where the next period begins, if the track is active for so long.
    pub(super) end: u32,
}

/// One schedule of a profile.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) begin: Begin,
    /// Seconds from one repetition to the next; [`FOR_EVER`] if there is none.
    pub(super) cycle: i64,
    /// Seconds of a cycle in which periods are executed.
    pub(super) active: i64,
    /// The first second in which the profile is valid (K01.FR.36).
    pub(super) valid_from: i64,
    /// The first second in which it is no longer valid (K01.FR.37).
    pub(super) valid_to: i64,
    pub(super) unit: RateUnit,
    /// Seconds from the beginning of the cycle to the first period.
    pub(super) first: u32,
    /// In order; those that begin after `active` are left out (K01.FR.11).
    pub(super) steps: Box<[Step]>,
    /// Periods as they came, if they say more (2.1).
    pub(super) more: Box<[ChargingSchedulePeriod]>,
}

/// What a track has to say about a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// This period holds; `base` is the beginning of its cycle.
    Active { base: i64, step: usize },
    /// Nothing before this second.
    From(i64),
    /// Nothing ever again.
    Never,
}

impl Track {
    /// When the schedule begins, if energy may flow from `charging` on.
    pub(super) const fn start(&self, charging: i64) -> i64 {
        match self.begin {
            Begin::At(start) => start,
            Begin::Charging => charging,
        }
    }

    /// What holds at `now`.
    pub(super) fn seek(&self, start: i64, now: i64) -> Position {
        let first = i64::from(self.first);
        let at = now.max(self.valid_from).max(start + first);
        if at >= self.valid_to || self.steps.is_empty() {
            return Position::Never;
        }
        let base = start + (at - start) / self.cycle * self.cycle;
        let offset = at - base;
        let next = if offset < first {
            base + first
        } else if offset >= self.active {
            base + self.cycle + first
        } else if at > now {
            at
        } else {
            let step = self.steps.partition_point(|step| i64::from(step.end) <= offset);
            return Position::Active { base, step: step.min(self.steps.len() - 1) };
        };
        if next < self.valid_to.min(FOR_EVER) { Position::From(next) } else { Position::Never }
    }
}
