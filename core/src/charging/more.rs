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

use super::layers::Part;
use super::sweep::{Cell, Question};
use super::track::{Step, Track};
use super::units::{NO_LIMIT, RateUnit, converted, decimal, milli};

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
            return Some(if unit == RateUnit::W { all / phases_of(phases) / TENTH * TENTH } else { all });
        };
        self.rate([period.limit, period.limit_l2, period.limit_l3][phase], 1)
    }
}

/// The rest of the merged period; sets the limit of the first phase where phases differ.
pub(super) fn merged<'a>(
    leading: impl Iterator<Item = (Part, &'a Track, &'a Step)> + Clone,
    merged: &mut Cell,
    question: Question<'a>,
) -> Box<ChargingSchedulePeriod> {
    let says = leading.filter(|(part, ..)| !matches!(part, Part::Generation(_))).map(|(part, track, step)| {
        let period = usize::from(step.tag.more()).checked_sub(1).and_then(|place| track.more.get(place));
        Says { part, track, step, period, question }
    });
    let mut rest = rest_of_session(says.clone());
    if says.clone().any(|says| says.is_by_phase()) {
        let least = |phase: usize| says.clone().filter_map(|says| says.limit_of(phase)).min();
        merged.limit = least(0).unwrap_or(NO_LIMIT);
        (rest.limit_l2, rest.limit_l3) = (least(1).map(decimal), least(2).map(decimal));
    }
    let discharge = |phase: usize| {
        let limits = says.clone().filter_map(|says| {
            let period = says.period?;
            let of = [period.discharge_limit, period.discharge_limit_l2, period.discharge_limit_l3];
            says.rate(of[phase], if phase == 0 { says.step.tag.phases() } else { 1 })
        });
        limits.max()
    };
    let discharges = [discharge(0), discharge(1), discharge(2)];
    let setpoint = |phase: usize| {
        let of_part = |external: bool| {
            says.clone().filter(move |says| matches!(says.part, Part::Session(_)) != external).find_map(|says| {
                let period = says.period?;
                let of = [period.setpoint, period.setpoint_l2, period.setpoint_l3];
                says.rate(of[phase], if phase == 0 { says.step.tag.phases() } else { 1 })
            })
        };
        of_part(true).or_else(|| of_part(false))
    };
    let limits = [Some(merged.limit), rest.limit_l2.and_then(milli), rest.limit_l3.and_then(milli)];
    let capped = |phase: usize| {
        let most = limits[phase].unwrap_or(merged.limit);
        // Without a discharge limit a setpoint below zero stands as it is.
        let least = discharges[phase].or(discharges[0]).unwrap_or(i64::MIN);
        setpoint(phase).map(|setpoint| decimal(setpoint.min(most).max(least)))
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
