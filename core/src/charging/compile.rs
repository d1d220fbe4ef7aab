//! From a profile as the messages have it to tracks that can be asked: every check that needs nothing but the profile.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::v2::{
    ChargingProfile, ChargingProfileKind, ChargingSchedule, ChargingSchedulePeriod, OperationMode, RecurrencyKind,
};
use pilotwire_messages::{DateTime, Decimal};

use super::purpose::Purpose;
use super::rules::{Reason, Refusal, Rules};
use super::track::{Begin, FOR_EVER, Step, Tag, Track};
use super::units::{MAX_RATE, NO_LIMIT, RateUnit, milli};
use crate::domain::EvseId;

const DAY_S: i64 = 86_400;
const WEEK_S: i64 = 7 * DAY_S;

/// Who brings a profile, when and where to.
#[derive(Clone, Copy)]
pub(super) struct Coming<'a> {
    pub(super) evse: EvseId,
    pub(super) rules: &'a Rules,
    /// The second in which it comes.
    pub(super) now: i64,
    /// By SetChargingProfile, not from the site.
    pub(super) from_csms: bool,
}

/// Seconds since 1970; a fraction of a second is cut.
pub(super) const fn seconds(time: DateTime) -> i64 {
    time.unix_millis().div_euclid(1_000)
}

/// The purpose of a profile and its schedules, ready to be asked.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn compile(profile: &ChargingProfile, coming: Coming<'_>) -> Result<(Purpose, Vec<Track>), Refusal> {
    let purpose = check(profile, coming)?;
    let mut tracks = Vec::with_capacity(profile.charging_schedule.len());
    for schedule in &profile.charging_schedule {
        tracks.push(track(profile, purpose, schedule, coming)?);
    }
    Ok((purpose, tracks))
}

fn invalid(text: &str) -> Refusal {
    Refusal::new(Reason::InvalidProfile, text)
}

fn bad_schedule(text: &str) -> Refusal {
    Refusal::new(Reason::InvalidSchedule, text)
}

/// What concerns the profile as a whole.
fn check(profile: &ChargingProfile, coming: Coming<'_>) -> Result<Purpose, Refusal> {
    let Some(purpose) = Purpose::of(&profile.charging_profile_purpose) else {
        return Err(invalid("its purpose is unknown"));
    };
    let at_station = coming.evse == EvseId(0);
    let relative = profile.charging_profile_kind == ChargingProfileKind::Relative;
    match purpose {
        Purpose::Tx if at_station => return Err(invalid("a TxProfile is for one EVSE (K01.FR.16)")),
        Purpose::StationMax if !at_station => {
            return Err(invalid("a ChargingStationMaxProfile is for the whole station, EVSE 0 (K04.FR.03)"));
        }
        Purpose::StationMax if relative && !coming.rules.edition.start_is_optional => {
            return Err(invalid("a ChargingStationMaxProfile cannot be relative (K01.FR.38)"));
        }
        Purpose::External if coming.from_csms => {
            return Err(invalid("ChargingStationExternalConstraints are not set by a CSMS (K01.FR.22)"));
        }
        Purpose::Tx if profile.transaction_id.is_none() && coming.rules.edition.transaction_is_named => {
            return Err(invalid("a TxProfile names its transaction (K01.FR.03)"));
        }
        _ => {}
    }
    let (level, highest) = (profile.stack_level, coming.rules.max_stack_level);
    if !(0..=highest).contains(&level) {
        let text = format!("stack level {level} is not from 0 to {highest}");
        return Err(Refusal::new(Reason::InvalidStackLevel, text));
    }
    if profile.valid_from.zip(profile.valid_to).is_some_and(|(from, to)| from >= to) {
        return Err(invalid("it ceases to be valid before it begins to be"));
    }
    if !(1..=3).contains(&profile.charging_schedule.len()) {
        return Err(invalid("a profile has one to three schedules"));
    }
    check_21(profile)?;
    Ok(purpose)
}

/// Members that 2.1 added.
fn check_21(profile: &ChargingProfile) -> Result<(), Refusal> {
    let dynamic = profile.charging_profile_kind == ChargingProfileKind::Dynamic;
    if !dynamic && (profile.dyn_update_interval.is_some() || profile.dyn_update_time.is_some()) {
        return Err(invalid("only a dynamic profile is updated (K01.FR.122)"));
    }
    if profile.max_offline_duration.is_some() {
        return Err(invalid("maxOfflineDuration is not supported (K01.FR.101)"));
    }
    let lone = |schedule: &ChargingSchedule| {
        schedule.charging_schedule_period.len() == 1 && schedule.charging_schedule_period[0].start_period == 0
    };
    if dynamic && !(profile.charging_schedule.len() == 1 && profile.charging_schedule.iter().all(lone)) {
        return Err(bad_schedule("a dynamic profile has one schedule with one period from 0 (K28.FR.01, K28.FR.02)"));
    }
    for schedule in &profile.charging_schedule {
        let refused = if schedule.use_local_time == Some(true) {
            "useLocalTime is not supported (K01.FR.123)"
        } else if schedule.randomized_delay.is_some_and(|delay| delay > 0) {
            "randomizedDelay is not supported (K01.FR.124)"
        } else if schedule.limit_at_soc.is_some() {
            "limitAtSoC is not supported (K01.FR.125)"
        } else {
            continue;
        };
        return Err(bad_schedule(refused));
    }
    Ok(())
}

fn track(
    profile: &ChargingProfile,
    purpose: Purpose,
    schedule: &ChargingSchedule,
    coming: Coming<'_>,
) -> Result<Track, Refusal> {
    let rules = coming.rules;
    let unit = match RateUnit::of(&schedule.charging_rate_unit) {
        Some(RateUnit::A) if rules.amperes => RateUnit::A,
        Some(RateUnit::W) if rules.watts => RateUnit::W,
        _ => {
            let text = format!("schedules in {} are not taken (K01.FR.26)", schedule.charging_rate_unit);
            return Err(Refusal::new(Reason::UnsupportedRateUnit, text));
        }
    };
    if purpose == Purpose::Priority && schedule.duration.is_some() {
        return Err(bad_schedule("priority charging has no duration (K01.FR.70)"));
    }
    let duration = match schedule.duration.map(i64::from) {
        Some(duration) if duration < 0 => return Err(bad_schedule("its duration is negative")),
        Some(duration) => duration,
        None => FOR_EVER,
    };
    let cycle = cycle(profile)?;
    let active = duration.min(cycle);
    let (first, steps, more) = steps(purpose, schedule, active, rules)?;
    Ok(Track {
        begin: begin(profile, purpose, schedule, coming)?,
        cycle,
        active,
        valid_from: profile.valid_from.map_or(i64::MIN, seconds),
        // A limit that ends within a second holds for all of it.
        valid_to: profile.valid_to.map_or(i64::MAX, |to| -(-to.unix_millis()).div_euclid(1_000)),
        unit,
        first,
        steps,
        more,
    })
}

/// K01.FR.13; 1.6 errata 3.44, 3.79: every 24 hours, or every seven days.
fn cycle(profile: &ChargingProfile) -> Result<i64, Refusal> {
    if profile.charging_profile_kind != ChargingProfileKind::Recurring {
        return Ok(FOR_EVER);
    }
    match profile.recurrency_kind {
        Some(RecurrencyKind::Daily) => Ok(DAY_S),
        Some(RecurrencyKind::Weekly) => Ok(WEEK_S),
        _ => Err(invalid("a recurring profile tells whether it recurs daily or weekly")),
    }
}

fn begin(
    profile: &ChargingProfile,
    purpose: Purpose,
    schedule: &ChargingSchedule,
    coming: Coming<'_>,
) -> Result<Begin, Refusal> {
    let edition = coming.rules.edition;
    // What no transaction begins, its coming does.
    let activation = if purpose.is_of_transactions() { Begin::Charging } else { Begin::At(coming.now) };
    match &profile.charging_profile_kind {
        ChargingProfileKind::Absolute | ChargingProfileKind::Recurring => match schedule.start_schedule {
            Some(start) => Ok(Begin::At(seconds(start))),
            None if edition.start_is_optional => Ok(activation),
            None => Err(bad_schedule("startSchedule is missing (K01.FR.40)")),
        },
        ChargingProfileKind::Relative if schedule.start_schedule.is_some() && !edition.start_is_optional => {
            Err(bad_schedule("a relative schedule has no startSchedule (K01.FR.41)"))
        }
        ChargingProfileKind::Relative => Ok(activation),
        // K28.FR.13: its duration counts from its last update.
        ChargingProfileKind::Dynamic => Ok(Begin::At(profile.dyn_update_time.map_or(coming.now, seconds))),
        ChargingProfileKind::Unlisted(_) => Err(invalid("its kind is unknown")),
    }
}

/// Where the first period begins, all that are executed, and those that say more.
type Steps = (u32, Box<[Step]>, Box<[ChargingSchedulePeriod]>);

fn steps(purpose: Purpose, schedule: &ChargingSchedule, active: i64, rules: &Rules) -> Result<Steps, Refusal> {
    let periods = &schedule.charging_schedule_period;
    if periods.is_empty() {
        return Err(bad_schedule("it has no period"));
    }
    if periods.len() > rules.max_periods {
        let text = format!("{} periods are more than {}", periods.len(), rules.max_periods);
        return Err(Refusal::new(Reason::TooManyElements, text));
    }
    let mut steps: Vec<Step> = Vec::with_capacity(periods.len());
    let mut more = Vec::new();
    let (mut first, mut last) = (0, None);
    for period in periods {
        let start = u32::try_from(period.start_period).map_err(|_| bad_schedule("a period starts before 0"))?;
        if last.is_some_and(|last| last >= start) {
            return Err(bad_schedule("its periods are not in order (K01.FR.35)"));
        }
        last = Some(start);
        let mut step = step(purpose, period, rules)?;
        // K01.FR.11; 1.6 §5.16.4: what begins after the end is not executed.
        if i64::from(start) >= active {
            continue;
        }
        if says_more(period) {
            more.push(period.clone());
            let place = u16::try_from(more.len()).unwrap_or(u16::MAX);
            step.tag = Tag::new(step.tag.phases(), step.tag.phase_to_use(), place);
        }
        match steps.last_mut() {
            Some(before) => before.end = start,
            None => first = start,
        }
        steps.push(step);
    }
    Ok((first, steps.into(), more.into()))
}

/// A period that goes on for as long as it may.
fn step(purpose: Purpose, period: &ChargingSchedulePeriod, rules: &Rules) -> Result<Step, Refusal> {
    let limit = match period.limit {
        Some(limit) if limit.is_negative() => return Err(bad_schedule("a limit is negative")),
        Some(limit) => milli(limit).ok_or_else(|| bad_schedule(&format!("a limit is beyond {MAX_RATE}")))?,
        None => NO_LIMIT,
    };
    let phases = phase(period.number_phases, "numberPhases")?;
    let phase_to_use = phase(period.phase_to_use, "phaseToUse")?;
    if phase_to_use != 0 && phases != 1 {
        return Err(bad_schedule("phaseToUse is for numberPhases 1 only (K01.FR.19)"));
    }
    if phase_to_use != 0 && !rules.phase_switching {
        return Err(bad_schedule("the phase cannot be chosen here (K01.FR.48)"));
    }
    check_period_21(purpose, period)?;
    Ok(Step { limit, tag: Tag::new(phases, phase_to_use, 0), end: u32::MAX })
}

fn phase(number: Option<i32>, member: &str) -> Result<u8, Refusal> {
    match number {
        None => Ok(0),
        Some(number @ 1..=3) => Ok(number.unsigned_abs() as u8),
        Some(number) => Err(bad_schedule(&format!("{member} {number} is not from 1 to 3"))),
    }
}

fn check_period_21(purpose: Purpose, period: &ChargingSchedulePeriod) -> Result<(), Refusal> {
    let of_phases = period.limit_l2.is_some() || period.limit_l3.is_some();
    if of_phases && !matches!(purpose, Purpose::Tx | Purpose::External) {
        return Err(Refusal::new(Reason::PhaseConflict, "limits of L2 and L3 are for a TxProfile (K01.FR.144)"));
    }
    if of_phases && period.limit.is_none() {
        return Err(Refusal::new(Reason::PhaseConflict, "limits of L2 and L3 need one of L1 (K01.FR.146)"));
    }
    if [period.limit_l2, period.limit_l3].into_iter().flatten().any(|limit| limit.is_negative()) {
        return Err(bad_schedule("a limit is negative"));
    }
    if period.setpoint.or(period.setpoint_l2).or(period.setpoint_l3).is_some() {
        check_setpoints(period)?;
    }
    if period.evse_sleep == Some(true) {
        return Err(bad_schedule("evseSleep is not supported (K01.FR.126)"));
    }
    let fits = match &period.operation_mode {
        None | Some(OperationMode::ChargingOnly) => true,
        Some(OperationMode::ExternalLimits) => !matches!(purpose, Purpose::StationMax | Purpose::Priority),
        Some(OperationMode::ExternalSetpoint) => {
            matches!(purpose, Purpose::Tx | Purpose::TxDefault | Purpose::External)
        }
        Some(OperationMode::Unlisted(_)) => false,
        Some(_) => matches!(purpose, Purpose::Tx | Purpose::TxDefault),
    };
    if !fits {
        let text = "the purpose does not have this operation mode (K01.FR.111 to K01.FR.114)";
        return Err(Refusal::new(Reason::InvalidOperationMode, text));
    }
    Ok(())
}

/// V2X.05 of 2.1: within the limits of the same period.
fn check_setpoints(period: &ChargingSchedulePeriod) -> Result<(), Refusal> {
    let phases = [
        (period.setpoint, period.limit, period.discharge_limit),
        (period.setpoint_l2, period.limit_l2, period.discharge_limit_l2),
        (period.setpoint_l3, period.limit_l3, period.discharge_limit_l3),
    ];
    // One setpoint for all phases is not compared with limits of the first.
    let alone = period.setpoint_l2.or(period.setpoint_l3).is_none() && period.limit_l2.or(period.limit_l3).is_some();
    let outside = |(setpoint, most, least): (Option<Decimal>, Option<Decimal>, Option<Decimal>)| {
        setpoint.is_some_and(|setpoint| {
            most.is_some_and(|most| setpoint > most && !alone) || least.is_some_and(|least| setpoint < least)
        })
    };
    match phases.into_iter().any(outside) {
        true => Err(bad_schedule("a setpoint lies outside of the limits of its period (V2X.05)")),
        false => Ok(()),
    }
}

/// Whether there is more than a limit and phases. "Charging only" is what a period without a mode does, too (Part 2 of
/// 2.1, §3.4).
fn says_more(period: &ChargingSchedulePeriod) -> bool {
    // Every member is named, so that a new one cannot be forgotten.
    let ChargingSchedulePeriod {
        start_period: _,
        limit: _,
        number_phases: _,
        phase_to_use: _,
        // A vendor's own members are not merged.
        custom_data: _,
        limit_l2,
        limit_l3,
        discharge_limit,
        discharge_limit_l2,
        discharge_limit_l3,
        setpoint,
        setpoint_l2,
        setpoint_l3,
        setpoint_reactive,
        setpoint_reactive_l2,
        setpoint_reactive_l3,
        preconditioning_request,
        evse_sleep,
        v2x_baseline,
        operation_mode,
        v2x_freq_watt_curve,
        v2x_signal_watt_curve,
    } = period;
    let rates = [
        limit_l2,
        limit_l3,
        discharge_limit,
        discharge_limit_l2,
        discharge_limit_l3,
        setpoint,
        setpoint_l2,
        setpoint_l3,
        setpoint_reactive,
        setpoint_reactive_l2,
        setpoint_reactive_l3,
        v2x_baseline,
    ];
    let curves = v2x_freq_watt_curve.is_some() || v2x_signal_watt_curve.is_some();
    let wishes = preconditioning_request.is_some() || evse_sleep.is_some();
    let mode = operation_mode.as_ref().is_some_and(|mode| *mode != OperationMode::ChargingOnly);
    rates.into_iter().any(Option::is_some) || curves || wishes || mode
}
