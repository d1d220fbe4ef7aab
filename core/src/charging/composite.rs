//! The composite schedule (K08; 1.6 §5.7): all stacks that concern an EVSE or the station, merged over time.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use pilotwire_messages::v2::{ChargingSchedule, ChargingSchedulePeriod, CompositeSchedule};
use pilotwire_messages::{DateTime, Decimal};

use super::compile::seconds;
use super::layers::Layers;
use super::more;
use super::query::Query;
use super::slot::Installed;
use super::store::Profiles;
use super::sweep::Cell;
use super::units::{NO_LIMIT, RateUnit, decimal, milli};
use crate::domain::{ChargingProfilePurpose, EvSchedule, EvseId};

/// A composite schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Composite {
    /// What it is for.
    pub evse: EvseId,
    /// What periods count from: the whole second that was asked for.
    pub start: DateTime,
    /// Seconds that it covers: as many as were asked for, unless it is [cut](Self::is_cut).
    pub duration_s: u32,
    /// What limits are counted in.
    pub unit: RateUnit,
    /// In order, the first at 0; neighbours differ.
    pub periods: Vec<CompositePeriod>,
    /// More follows: more periods than the query wanted, or more seconds than messages can count (2^31 - 1).
    pub is_cut: bool,
}

/// From here on this holds.
#[derive(Clone, Debug, PartialEq)]
pub struct CompositePeriod {
    /// The limit; `None` where there is none.
    pub limit: Option<Decimal>,
    /// The rest of what 2.1 says, merged: setpoints, discharge limits, limits of single phases. Its own limit and phases
    /// are those beside it.
    pub more: Option<Box<ChargingSchedulePeriod>>,
    /// Seconds after the start.
    pub start_s: u32,
    /// How many phases may be used: the least that any profile names (Part 2 §3.7).
    pub number_phases: Option<u8>,
    /// Which phase, where there is one only.
    pub phase_to_use: Option<u8>,
}

impl CompositePeriod {
    /// The period as messages have it; without a limit where there is none, which 2.0.1 and 1.6 cannot say.
    pub fn to_wire(&self) -> ChargingSchedulePeriod {
        let start = i32::try_from(self.start_s).unwrap_or(i32::MAX);
        let rest = match &self.more {
            Some(more) => ChargingSchedulePeriod { start_period: start, ..(**more).clone() },
            None => ChargingSchedulePeriod::new(start),
        };
        ChargingSchedulePeriod {
            limit: self.limit,
            number_phases: self.number_phases.map(i32::from),
            phase_to_use: self.phase_to_use.map(i32::from),
            ..rest
        }
    }
}

/// Periods for which there is room from the beginning: a day of hours and a bit.
const USUAL_PERIODS: usize = 32;
/// Periods of the limits that a vehicle's plan is held against.
const PLAN_PERIODS: usize = 4_096;

impl Composite {
    /// The schedule as messages have it. A period without a limit has none there, which 1.6 and 2.0.1 cannot say: ask with
    /// [`fill`](Query::fill) or [`rated`](Query::rated) for one that they can.
    pub fn to_wire(&self) -> CompositeSchedule {
        let duration = i32::try_from(self.duration_s).unwrap_or(i32::MAX);
        let periods: Vec<_> = self.periods.iter().map(CompositePeriod::to_wire).collect();
        CompositeSchedule::new(self.evse.0, duration, self.start, self.unit, periods)
    }
}

impl Profiles {
    /// The composite schedule; `None` if there is no such EVSE.
    ///
    /// Time grows with the periods that can be seen from the top of each stack, not with those that are installed.
    /// Nothing is allocated but the answer.
    pub fn composite(&mut self, query: &Query) -> Option<Composite> {
        let (asked, memory) = self.asked();
        let mut layers = Layers::new(asked, mem::take(memory), query)?;
        let composite = compose(&mut layers, query);
        *memory = layers.into_memory();
        Some(composite)
    }

    /// Whether the plan of the vehicle at `evse` keeps the limits of the profiles (K15.FR.09, K15.FR.11). What is not known
    /// to keep them does not.
    pub fn keeps_limits(&mut self, evse: EvseId, plan: &EvSchedule) -> bool {
        let Some(unit) = RateUnit::of(&plan.schedule.charging_rate_unit) else { return false };
        let start = plan.schedule.start_schedule.unwrap_or(plan.time_base);
        let periods = plan.schedule.charging_schedule_period.iter();
        let last = periods.filter_map(|period| u32::try_from(period.start_period).ok()).max().unwrap_or(0);
        let duration_s = plan.schedule.duration.and_then(|duration| u32::try_from(duration).ok()).unwrap_or(last + 1);
        let choice = plan.selected.and_then(|id| self.choice_of(evse, id)).unwrap_or(0);
        let query = Query { choice, max_periods: PLAN_PERIODS, ..Query::new(evse, start, duration_s, unit) };
        let limits = self.composite(&query).filter(|limits| !limits.is_cut);
        limits.is_some_and(|limits| exceeds(&plan.schedule, &limits).is_none())
    }

    /// Where the schedule with this id stands among those that the vehicle chose from.
    fn choice_of(&self, evse: EvseId, schedule: i32) -> Option<usize> {
        let of_vehicle = |installed: &&Installed| {
            installed.evse == evse && installed.profile.charging_profile_purpose == ChargingProfilePurpose::TxProfile
        };
        let mut of_vehicle = self.iter().filter(of_vehicle);
        of_vehicle
            .find_map(|installed| installed.profile.charging_schedule.iter().position(|known| known.id == schedule))
    }
}

fn compose(layers: &mut Layers<'_>, query: &Query) -> Composite {
    let duration_s = query.duration_s.min(i32::MAX.unsigned_abs());
    let end = duration_s.cast_signed();
    let fill = query.fill.and_then(milli).unwrap_or(NO_LIMIT);
    let mut periods: Vec<CompositePeriod> = Vec::with_capacity(USUAL_PERIODS.min(query.max_periods));
    let mut last = None;
    let (mut now, mut cut) = (0_i32, None);
    let (mut merged, mut next) = layers.now();
    loop {
        if merged.limit == NO_LIMIT {
            merged.limit = fill;
        }
        if last != Some(merged) || merged.tag.more() > 0 {
            let more = if merged.tag.more() > 0 { Some(layers.more(&mut merged)) } else { None };
            last = Some(merged);
            let same = more.as_ref().is_some_and(|more| is_same(periods.last(), merged, more.as_deref()));
            if !same {
                if periods.len() == query.max_periods {
                    cut = Some(now.unsigned_abs());
                    break;
                }
                periods.push(period(merged, now, more.flatten()));
            }
        }
        if next >= end {
            break;
        }
        now = next;
        (merged, next) = layers.advance(now);
    }
    let start = DateTime::from_unix_millis(seconds(query.from).saturating_mul(1_000));
    let (is_cut, duration_s) = (cut.is_some() || duration_s < query.duration_s, cut.unwrap_or(duration_s));
    Composite { evse: query.evse, start, duration_s, unit: query.unit, periods, is_cut }
}

#[inline]
fn period(merged: Cell, now: i32, more: Option<Box<ChargingSchedulePeriod>>) -> CompositePeriod {
    let named = |phase: u8| (phase > 0).then_some(phase);
    CompositePeriod {
        limit: (merged.limit != NO_LIMIT).then(|| decimal(merged.limit)),
        more,
        start_s: now.unsigned_abs(),
        number_phases: named(merged.tag.phases()),
        phase_to_use: named(merged.tag.phase_to_use()),
    }
}

/// Whether the last period says the same (TC_K_41_CS wants neighbours merged).
#[cold]
#[inline(never)]
fn is_same(last: Option<&CompositePeriod>, merged: Cell, more: Option<&ChargingSchedulePeriod>) -> bool {
    let next = period(merged, 0, None);
    let key = |period: &CompositePeriod| (period.limit, period.number_phases, period.phase_to_use);
    last.is_some_and(|last| key(last) == key(&next) && more::is_same(last.more.as_deref(), more))
}

/// The second after the composite's start in which a vehicle's plan first asks for more than the composite allows; `None`
/// if it never does (K15.FR.09, K15.FR.11). Both count from the same start, in the same unit.
pub fn exceeds(plan: &ChargingSchedule, limits: &Composite) -> Option<u32> {
    let steps = plan.charging_schedule_period.iter();
    let steps = steps.filter_map(|step| Some((u32::try_from(step.start_period).ok()?, step.limit)));
    let planned =
        |second: u32| steps.clone().take_while(|(start, _)| *start <= second).last().and_then(|(_, limit)| limit);
    let allowed = |second: u32| {
        let after = limits.periods.partition_point(|period| period.start_s <= second);
        after.checked_sub(1).and_then(|place| limits.periods[place].limit)
    };
    let mut moments: Vec<u32> = steps.clone().map(|(start, _)| start).collect();
    moments.extend(limits.periods.iter().map(|period| period.start_s));
    moments.sort_unstable();
    let too_much = |second: &u32| match (planned(*second), allowed(*second)) {
        (Some(planned), Some(allowed)) => planned > allowed,
        // A plan without bound is within no limit.
        (None, Some(_)) => steps.clone().next().is_some_and(|(first, _)| first <= *second),
        _ => false,
    };
    moments.into_iter().filter(|second| *second < limits.duration_s.max(1)).find(too_much)
}
