//! What a period of 2.1 says beside a limit: limits of single phases, discharge limits, setpoints, modes.
//!
//! * Limits of single phases are merged phase by phase (K08.FR.09). A period without them limits every phase alike: by its
//!   amperes, or by its share of its watts.
//! * Of discharge limits the one counts that lets the least flow (K08.FR.04): they are negative, so it is the greatest.
//! * A setpoint of an external system goes over one of the session (2.1 §3.2; SetpointPriority), and both are capped by the
//!   merged limits (K08.FR.08).
//! * All the rest is the session's.

use alloc::boxed::Box;

use pilotwire_messages::Decimal;
use pilotwire_messages::v2::{ChargingSchedulePeriod, OperationMode};

use super::order::Part;
use super::sweep::{Cell, Question};
use super::track::{Step, Track};
use super::units::{NO_LIMIT, RateUnit, Supply, converted, decimal, milli};

const TENTH: i64 = 100;

const fn phases_of(named: u8) -> i64 {
    if named == 0 { 3 } else { named as i64 }
}

/// What local generation adds to a limit: on no phase more than is generated there, nor more than all of it in sum.
pub(super) fn generated(amount: i64, phases: u8, limited: u8, unit: RateUnit) -> i64 {
    let (made, used) = (phases_of(phases), phases_of(limited));
    match unit {
        RateUnit::A if made < used => amount / used * made / TENTH * TENTH,
        RateUnit::W if made > used => amount / made * used / TENTH * TENTH,
        _ => amount,
    }
}

/// Whether two neighbours say the same.
pub(super) fn is_same(last: Option<&ChargingSchedulePeriod>, next: Option<&ChargingSchedulePeriod>) -> bool {
    match (last, next) {
        (None, None) => true,
        (Some(last), Some(next)) => *last == ChargingSchedulePeriod { start_period: last.start_period, ..next.clone() },
        _ => false,
    }
}

/// A leading period, and what it says in the unit that was asked for.
struct Says<'a> {
    part: Part,
    track: &'a Track,
    step: &'a Step,
    period: Option<&'a ChargingSchedulePeriod>,
    question: Question<'a>,
}

impl Says<'_> {
    /// A rate of one phase or of all, converted as the period's limit would be.
    fn rate(&self, rate: Option<Decimal>, phases: u8) -> Option<i64> {
        Some(converted(milli(rate?)?, self.track.unit, self.question.unit, phases, self.question.supply))
    }

    fn is_by_phase(&self) -> bool {
        self.period.is_some_and(|period| period.limit_l2.is_some() || period.limit_l3.is_some())
    }

    /// The limit of one phase.
    fn limit_of(&self, phase: usize) -> Option<i64> {
        let Some(period) = self.period.filter(|_| self.is_by_phase()) else {
            let all = (self.step.limit != NO_LIMIT).then_some(self.step.limit)?;
            let (unit, phases) = (self.question.unit, self.step.tag.phases());
            let all = converted(all, self.track.unit, unit, phases, self.question.supply);
            return Some(share_of(all, phases, unit));
        };
        self.rate([period.limit, period.limit_l2, period.limit_l3][phase], 1)
    }

    /// What the vehicle shall take on one phase; of the first phase on all of them, where it is the only one.
    fn setpoint_of(&self, phase: usize) -> Option<i64> {
        let period = self.period?;
        let of = [period.setpoint, period.setpoint_l2, period.setpoint_l3];
        self.rate(of[phase], if phase == 0 { self.step.tag.phases() } else { 1 })
    }

    fn discharge_limit_of(&self, phase: usize) -> Option<i64> {
        let period = self.period?;
        let of = [period.discharge_limit, period.discharge_limit_l2, period.discharge_limit_l3];
        self.rate(of[phase], if phase == 0 { self.step.tag.phases() } else { 1 })
    }
}

/// What one phase has of a rate for all of them: all of the amperes, but of the watts a share.
fn share_of(rate: i64, phases: u8, unit: RateUnit) -> i64 {
    match unit {
        RateUnit::A => rate,
        RateUnit::W => rate / phases_of(phases) / TENTH * TENTH,
    }
}

/// What a period lets flow on all phases together, whatever else holds.
pub(super) fn together(track: &Track, step: &Step, unit: RateUnit, supply: Supply) -> i64 {
    let period = usize::from(step.tag.more()).checked_sub(1).and_then(|place| track.more.get(place));
    let of_phase = |rate: Decimal| milli(rate).map(|rate| converted(rate, track.unit, unit, 1, supply));
    match period {
        Some(period) if period.limit_l2.or(period.limit_l3).is_some() => {
            let limits = [period.limit, period.limit_l2, period.limit_l3];
            Phases(limits.map(|limit| limit.and_then(of_phase))).together(unit)
        }
        _ if step.limit == NO_LIMIT => NO_LIMIT,
        _ => converted(step.limit, track.unit, unit, step.tag.phases(), supply),
    }
}

/// The leading periods, but for those of local generation, which limit nothing.
fn that_limit<'a>(
    leading: impl Iterator<Item = (Part, &'a Track, &'a Step)> + Clone,
    question: Question<'a>,
) -> impl Iterator<Item = Says<'a>> + Clone {
    leading.filter(|(part, ..)| !matches!(part, Part::Generation(_))).map(move |(part, track, step)| {
        let period = usize::from(step.tag.more()).checked_sub(1).and_then(|place| track.more.get(place));
        Says { part, track, step, period, question }
    })
}

/// The lowest limit of each single phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phases([Option<i64>; 3]);

impl Phases {
    /// `None` where nobody tells phases apart.
    pub(super) fn of<'a>(
        leading: impl Iterator<Item = (Part, &'a Track, &'a Step)> + Clone,
        question: Question<'a>,
    ) -> Option<Self> {
        let says = that_limit(leading, question);
        let least = |phase: usize| says.clone().filter_map(|says| says.limit_of(phase)).min();
        says.clone().any(|says| says.is_by_phase()).then(|| Self([least(0), least(1), least(2)]))
    }

    /// With what is generated locally on top, for all phases together.
    pub(super) fn with(self, generated: i64, unit: RateUnit) -> Self {
        let count = self.0.iter().flatten().count() as u8;
        Self(self.0.map(|limit| limit.map(|limit| limit.saturating_add(share_of(generated, count, unit)))))
    }

    /// Within what hardware can deliver.
    pub(super) fn within(self, rating: Cell, unit: RateUnit) -> Self {
        let most = share_of(rating.limit, rating.tag.phases(), unit);
        let phases =
            if rating.limit == NO_LIMIT { self.0 } else { self.0.map(|limit| limit.map(|rate| rate.min(most))) };
        Self(phases)
    }

    /// What no phase exceeds: the least amperes, or all watts together.
    pub(super) fn together(self, unit: RateUnit) -> i64 {
        let limits = self.0.into_iter().flatten();
        match unit {
            RateUnit::A => limits.min().unwrap_or(NO_LIMIT),
            RateUnit::W => limits.reduce(i64::saturating_add).unwrap_or(NO_LIMIT),
        }
    }

    /// What the line to the grid sees: the most amperes of one phase, or all watts together.
    pub(super) fn seen_from_grid(self, unit: RateUnit) -> i64 {
        let limits = self.0.into_iter().flatten();
        match unit {
            RateUnit::A => limits.max().unwrap_or(NO_LIMIT),
            RateUnit::W => self.together(unit),
        }
    }
}

/// The rest of the merged period, where single phases have these limits; sets the limit of the first of them.
pub(super) fn merged<'a>(
    leading: impl Iterator<Item = (Part, &'a Track, &'a Step)> + Clone,
    phases: Option<Phases>,
    merged: &mut Cell,
    question: Question<'a>,
) -> Box<ChargingSchedulePeriod> {
    let says = that_limit(leading, question);
    let mut rest = rest_of_session(says.clone());
    let all = phases.map_or(merged.limit, |phases| phases.together(question.unit));
    let share = share_of(merged.limit, merged.tag.phases(), question.unit);
    if let Some(Phases(limits)) = phases {
        merged.limit = limits[0].unwrap_or(NO_LIMIT);
        (rest.limit_l2, rest.limit_l3) = (limits[1].map(decimal), limits[2].map(decimal));
    }
    let discharge = |phase: usize| says.clone().filter_map(|says| says.discharge_limit_of(phase)).max();
    let discharges = [discharge(0), discharge(1), discharge(2)];
    let setpoint = |phase: usize| {
        let of_part = |external: bool| {
            let of = says.clone().filter(move |says| matches!(says.part, Part::Session(_)) != external);
            of.filter_map(|says| says.setpoint_of(phase)).next()
        };
        of_part(true).or_else(|| of_part(false))
    };
    let setpoints = [setpoint(0), setpoint(1), setpoint(2)];
    let is_of_phases = setpoints[1].or(setpoints[2]).is_some();
    let capped = |phase: usize| {
        let most = match phases {
            _ if !is_of_phases => all,
            Some(Phases(limits)) => limits[phase].unwrap_or(NO_LIMIT),
            None => share,
        };
        // Without a discharge limit a setpoint below zero stands as it is.
        let least = discharges[phase].or(discharges[0]).unwrap_or(i64::MIN);
        setpoints[phase].map(|setpoint| decimal(setpoint.min(most).max(least)))
    };
    [rest.setpoint, rest.setpoint_l2, rest.setpoint_l3] = [capped(0), capped(1), capped(2)];
    [rest.discharge_limit, rest.discharge_limit_l2, rest.discharge_limit_l3] =
        discharges.map(|limit| limit.map(decimal));
    Box::new(rest)
}

/// What is nobody's but the session's; an external setpoint's mode goes over its own.
fn rest_of_session<'a>(mut says: impl Iterator<Item = Says<'a>> + Clone) -> ChargingSchedulePeriod {
    let modes = says.clone().filter_map(|says| Some((says.part, says.period?.operation_mode.clone()?)));
    let external = modes.filter(|(part, _)| !matches!(part, Part::Session(_))).map(|(_, mode)| mode);
    let external = external.last().filter(|mode| *mode != OperationMode::ChargingOnly);
    let session = says.find(|says| matches!(says.part, Part::Session(_))).and_then(|says| says.period);
    let mut rest = session.map_or_else(|| ChargingSchedulePeriod::new(0), Clone::clone);
    rest.operation_mode = external.or(rest.operation_mode.take());
    (rest.start_period, rest.custom_data) = (0, None);
    (rest.limit, rest.number_phases, rest.phase_to_use) = (None, None, None);
    rest
}
