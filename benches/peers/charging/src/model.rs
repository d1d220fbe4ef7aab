//! What follows from a set at one second, in the simplest way there is: by ocpp-kit's reading, and for each point where ours
//! is another one, by either.

use pilotwire::charging::{Installed, RateUnit};
use pilotwire::domain::EvseId;
use pilotwire::messages::DateTime;
use pilotwire::messages::v2::{
    ChargingLimitSource, ChargingProfileKind, ChargingProfilePurpose as Purpose, ChargingRateUnit, RecurrencyKind,
};

use crate::kit::Said;
use crate::random::Set;

/// A point where the readings part, by its place in [`REASONS`].
pub type Reason = usize;

pub const TENTH: Reason = 0;
pub const LEAST_PHASES: Reason = 1;
pub const ALL_CONSTRAINTS: Reason = 2;
pub const ALL_SYSTEMS: Reason = 3;
pub const TX_HIDES_DEFAULTS: Reason = 4;
pub const AS_IF_IT_BEGAN: Reason = 5;
pub const FROM_ITS_COMING: Reason = 6;
pub const GENERATION_ALONE: Reason = 7;
pub const ALL_GENERATION: Reason = 8;
pub const GENERATION_BY_PHASE: Reason = 9;
pub const OWN_BEFORE_STATION: Reason = 10;

/// Ours first, then theirs.
pub const REASONS: [&str; 11] = [
    "what was converted is cut to a tenth, not rounded to a thousandth (K01.FR.50; the messages' one digit)",
    "the least phases of all, not those of the lowest limit (K01.FR.140, Part 2 §3.7)",
    "external constraints of the station and of the EVSE both hold (K11.FR.01, K12.FR.01), not the higher level",
    "external constraints of one system and of another both hold (K11.FR.01, K12.FR.01), not the higher level",
    "1.6: a TxProfile hides the defaults for its whole transaction (§3.13.1, TC_066_CS), not while it has a period",
    "without a transaction as if one began now (K08.FR.06), relative profiles included",
    "relative and not of a transaction: from its coming, not from the transaction's start (K01.FR.42)",
    "local generation is no limit where nothing else limits (K08.FR.04 of 2.1)",
    "local generation of the station and of the EVSE add up (K08.FR.04 of 2.1), not the higher level's alone",
    "local generation on no phase more than is generated there (K08.FR.04 of 2.1)",
    "of equal levels the EVSE's own goes over the station's, not the newest (as 1.6 §3.13.1 has it for defaults)",
];

/// Which of the readings are ours: bit by bit.
pub type Ours = u32;
pub const ALL: Ours = (1 << REASONS.len()) - 1;

/// A set that was installed, and a reading.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    pub set: &'a Set,
    pub installed: &'a [Installed],
    pub ours: Ours,
}

fn second(time: DateTime) -> i64 {
    time.unix_millis() / 1_000
}

impl<'a> Model<'a> {
    fn is_ours(&self, reason: Reason) -> bool {
        self.ours & (1 << reason) > 0
    }

    /// What holds at a second since 1970.
    pub fn said(&self, at: i64) -> Said {
        let mut limits =
            vec![self.session(at), self.leading(at, |one| is_for(one, Purpose::ChargingStationMaxProfile))];
        limits.extend(self.constraints(at));
        let merged = limits.into_iter().flatten().reduce(|merged, next| self.lowest(merged, next));
        let made = self.of_places(at, ALL_GENERATION, |one| is_for(one, Purpose::LocalGeneration));
        made.into_iter().flatten().fold(merged, |merged, made| self.with_generation(merged, made)).unwrap_or_default()
    }

    /// One stack of the station and the EVSE, or one of each.
    fn of_places(&self, at: i64, apart: Reason, is_meant: impl Fn(&Installed) -> bool) -> Vec<Option<Said>> {
        let of = |evse: i32| self.leading(at, |one| is_meant(one) && one.evse == EvseId(evse));
        if self.is_ours(apart) { vec![of(1), of(0)] } else { vec![self.leading(at, &is_meant)] }
    }

    /// One of all external systems, or one of each.
    fn constraints(&self, at: i64) -> Vec<Option<Said>> {
        let is_external = |one: &Installed| is_for(one, Purpose::ChargingStationExternalConstraints);
        if !self.is_ours(ALL_SYSTEMS) {
            return self.of_places(at, ALL_CONSTRAINTS, is_external);
        }
        let of = |system| self.of_places(at, ALL_CONSTRAINTS, move |one| is_external(one) && one.source == system);
        [ChargingLimitSource::EMS, ChargingLimitSource::SO].into_iter().flat_map(of).collect()
    }

    fn session(&self, at: i64) -> Option<Said> {
        let runs = self.set.charging.is_some();
        let of_transaction = |one: &Installed| {
            let named = one.profile.transaction_id.as_deref();
            runs && named.is_none_or(|named| named == "T1")
        };
        let priority = |one: &Installed| is_for(one, Purpose::PriorityCharging) && of_transaction(one);
        let tx = |one: &Installed| is_for(one, Purpose::TxProfile) && of_transaction(one);
        let mut own = self.installed.iter().filter(|one| is_here(one));
        let hidden = self.is_ours(TX_HIDES_DEFAULTS)
            && self.set.version == pilotwire::Version::V16
            && own.any(|one| priority(one) || tx(one));
        let replaces = self.is_ours(OWN_BEFORE_STATION) && self.set.version == pilotwire::Version::V16;
        let own_levels: Vec<i32> = (self.installed.iter())
            .filter(|one| is_for(one, Purpose::TxDefaultProfile) && one.evse == EvseId(1))
            .map(|one| one.profile.stack_level)
            .collect();
        let replaced =
            |one: &Installed| replaces && one.evse == EvseId(0) && own_levels.contains(&one.profile.stack_level);
        let default = |one: &Installed| is_for(one, Purpose::TxDefaultProfile) && !hidden && !replaced(one);
        self.leading(at, priority).or_else(|| self.leading(at, tx)).or_else(|| self.leading(at, default))
    }

    /// What the highest level says that says anything.
    fn leading(&self, at: i64, is_meant: impl Fn(&Installed) -> bool) -> Option<Said> {
        let meant = self.installed.iter().enumerate().filter(|(_, one)| is_here(one) && is_meant(one));
        let says = meant.filter_map(|(place, one)| {
            let own = self.is_ours(OWN_BEFORE_STATION) && one.evse == EvseId(1);
            Some(((one.profile.stack_level, own, place), self.says(one, at)?))
        });
        says.max_by_key(|(rank, _)| *rank).map(|(_, said)| said)
    }

    fn start(&self, one: &Installed) -> Option<i64> {
        if one.profile.charging_profile_kind != ChargingProfileKind::Relative {
            return one.profile.charging_schedule[0].start_schedule.map(second);
        }
        let is_of_site = matches!(
            one.profile.charging_profile_purpose,
            Purpose::ChargingStationMaxProfile | Purpose::ChargingStationExternalConstraints | Purpose::LocalGeneration
        );
        if is_of_site && self.is_ours(FROM_ITS_COMING) {
            return Some(second(one.since));
        }
        let zero = second(pilotwire_benches::charging::at(0));
        let now = self.is_ours(AS_IF_IT_BEGAN).then_some(self.set.from);
        self.set.charging.or(now).map(|start| zero + start)
    }

    /// What one profile says, in the unit that is asked for.
    fn says(&self, one: &Installed, at: i64) -> Option<Said> {
        let profile = &one.profile;
        let is_valid = profile.valid_from.is_none_or(|from| second(from) <= at)
            && profile.valid_to.is_none_or(|to| at < second(to));
        let schedule = &profile.charging_schedule[0];
        let since = at.checked_sub(self.start(one)?).filter(|since| is_valid && *since >= 0)?;
        let offset = match &profile.recurrency_kind {
            Some(RecurrencyKind::Weekly) => since % (7 * 86_400),
            Some(_) => since % 86_400,
            None => since,
        };
        if schedule.duration.is_some_and(|duration| offset >= i64::from(duration)) {
            return None;
        }
        let mut begun = schedule.charging_schedule_period.iter();
        let period = begun.rfind(|period| i64::from(period.start_period) <= offset)?;
        let unit = if schedule.charging_rate_unit == ChargingRateUnit::A { RateUnit::A } else { RateUnit::W };
        let limit = self.converted(period.limit?.scaled(3), unit, period.number_phases);
        Some(Said { limit: Some(limit), phases: period.number_phases })
    }

    fn converted(&self, milli: i64, from: RateUnit, phases: Option<i32>) -> i64 {
        let volts = 230 * i64::from(phases.unwrap_or(3));
        let cut = |milli: i64| if self.is_ours(TENTH) { milli / 100 * 100 } else { milli };
        match (from, self.set.unit) {
            (RateUnit::A, RateUnit::W) => cut(milli * volts),
            (RateUnit::W, RateUnit::A) if self.is_ours(TENTH) => cut(milli / volts),
            (RateUnit::W, RateUnit::A) => {
                let (whole, rest) = (milli / volts, milli % volts);
                let up = rest * 2 > volts || (rest * 2 == volts && whole % 2 == 1);
                whole + i64::from(up)
            }
            _ => milli,
        }
    }

    fn lowest(&self, one: Said, next: Said) -> Said {
        let lower = if one.limit <= next.limit { one } else { next };
        let least = [one.phases, next.phases].into_iter().flatten().min();
        Said { phases: if self.is_ours(LEAST_PHASES) { least } else { lower.phases }, ..lower }
    }

    fn with_generation(&self, merged: Option<Said>, made: Said) -> Option<Said> {
        let Some(merged) = merged else {
            return (!self.is_ours(GENERATION_ALONE)).then_some(made);
        };
        let amount = made.limit.unwrap_or_default();
        let (on, used) = (i64::from(made.phases.unwrap_or(3)), i64::from(merged.phases.unwrap_or(3)));
        let amount = match self.set.unit {
            _ if !self.is_ours(GENERATION_BY_PHASE) => amount,
            // Amperes that are generated on fewer phases are spread over all that are used.
            RateUnit::A if on < used => amount / used * on / 100 * 100,
            // Watts on phases that are not used are no use.
            RateUnit::W if on > used => amount / on * used / 100 * 100,
            _ => amount,
        };
        Some(Said { limit: merged.limit.map(|limit| limit + amount), ..merged })
    }
}

fn is_for(one: &Installed, purpose: Purpose) -> bool {
    one.profile.charging_profile_purpose == purpose
}

fn is_here(one: &Installed) -> bool {
    one.evse == EvseId(0) || one.evse == EvseId(1)
}
