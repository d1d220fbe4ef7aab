//! The clauses, one second at a time: no state, no order, no speed. What the engine must agree with.

use pilotwire::charging::{Installed, RateUnit};
use pilotwire::domain::EvseId;
use pilotwire::messages::v2::{
    ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, ChargingSchedulePeriod, RecurrencyKind,
};
use pilotwire::messages::{DateTime, Version};

/// A station, as the clauses see it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) version: Version,
    pub(crate) voltage_v: i64,
    pub(crate) evses: i32,
    /// In the order of their coming.
    pub(crate) profiles: Vec<Installed>,
    /// EVSE, id, and the second since when energy may flow.
    pub(crate) transactions: Vec<(EvseId, String, i64)>,
}

/// A limit in thousandths, and the number of phases; `None` for what nobody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) limit: Option<i64>,
    pub(crate) phases: Option<i32>,
}

fn seconds(time: DateTime) -> i64 {
    time.unix_millis().div_euclid(1_000)
}

/// The period that a profile has defined for a second.
fn period(profile: &ChargingProfile, since: i64, charging: i64, now: i64) -> Option<&ChargingSchedulePeriod> {
    // K01.FR.36, K01.FR.37.
    let from = profile.valid_from.map_or(i64::MIN, seconds);
    let to = profile
        .valid_to
        .map_or(i64::MAX, |to| to.unix_millis().div_euclid(1_000) + i64::from(to.unix_millis() % 1_000 != 0));
    if now < from || now >= to {
        return None;
    }
    let schedule = &profile.charging_schedule[0];
    let of_transaction = matches!(
        profile.charging_profile_purpose,
        ChargingProfilePurpose::TxProfile | ChargingProfilePurpose::TxDefaultProfile
    );
    let activation = if of_transaction { charging } else { since };
    let start = match profile.charging_profile_kind {
        ChargingProfileKind::Relative => activation,
        ChargingProfileKind::Dynamic => profile.dyn_update_time.map_or(since, seconds),
        _ => schedule.start_schedule.map_or(activation, seconds),
    };
    // K01.FR.30.
    if now < start {
        return None;
    }
    let mut offset = now - start;
    if profile.charging_profile_kind == ChargingProfileKind::Recurring {
        let day = 24 * 60 * 60;
        let again = if profile.recurrency_kind == Some(RecurrencyKind::Weekly) { 7 * day } else { day };
        while offset >= again {
            offset -= again * (offset / again).min(1 << 20);
        }
    }
    // K01.FR.11 to K01.FR.13.
    if schedule.duration.is_some_and(|duration| offset >= i64::from(duration)) {
        return None;
    }
    schedule.charging_schedule_period.iter().rfind(|period| i64::from(period.start_period) <= offset)
}

impl World {
    fn charging(&self, evse: EvseId, window: i64) -> i64 {
        // K08.FR.06.
        self.transactions.iter().find(|(at, ..)| *at == evse).map_or(window, |(.., since)| *since)
    }

    fn applies_to_transaction(&self, evse: EvseId, profile: &ChargingProfile) -> bool {
        let running = self.transactions.iter().find(|(at, ..)| *at == evse);
        running.is_some_and(|(_, id, _)| {
            profile.transaction_id.as_ref().is_none_or(|named| named.eq_ignore_ascii_case(id))
        })
    }

    /// Of these profiles the one with the highest level that has a period; 2.x §3.5, 1.6 §3.13.2 with errata 3.43.
    fn leading<'a>(
        &self,
        of: impl Iterator<Item = &'a Installed>,
        charging: i64,
        now: i64,
    ) -> Option<(&'a Installed, &'a ChargingSchedulePeriod)> {
        let defined = of.filter_map(|one| Some((one, period(&one.profile, seconds(one.since), charging, now)?)));
        // Of equal levels the EVSE's own, then the newest.
        defined.max_by_key(|(one, _)| (one.profile.stack_level, one.evse))
    }

    fn said(&self, (one, period): (&Installed, &ChargingSchedulePeriod), unit: RateUnit) -> Said {
        let own = RateUnit::of(&one.profile.charging_schedule[0].charging_rate_unit).expect("A or W");
        // K01.FR.49, K01.FR.50.
        let watts_per_ampere = self.voltage_v * i64::from(period.number_phases.unwrap_or(3));
        let limit = period.limit.map(|limit| limit.scaled(3)).map(|limit| match (own, unit) {
            (RateUnit::A, RateUnit::W) => limit * watts_per_ampere / 100 * 100,
            (RateUnit::W, RateUnit::A) => limit / watts_per_ampere / 100 * 100,
            _ => limit,
        });
        Said { limit, phases: period.number_phases }
    }

    fn of_purpose(&self, purpose: ChargingProfilePurpose, evse: EvseId) -> impl Iterator<Item = &Installed> {
        let meant = move |one: &&Installed| one.profile.charging_profile_purpose == purpose && one.evse == evse;
        self.profiles.iter().filter(meant)
    }

    /// What limits the vehicle at an EVSE beside the station's own limits.
    fn of_evse(&self, evse: EvseId, window: i64, now: i64, unit: RateUnit) -> Said {
        let charging = self.charging(evse, window);
        let tx = self.of_purpose(ChargingProfilePurpose::TxProfile, evse);
        let tx: Vec<_> = tx.filter(|one| self.applies_to_transaction(evse, &one.profile)).collect();
        let hidden = self.version == Version::V16 && !tx.is_empty();
        let own: Vec<_> = self.of_purpose(ChargingProfilePurpose::TxDefaultProfile, evse).collect();
        let replaced = |one: &&Installed| own.iter().any(|own| own.profile.stack_level == one.profile.stack_level);
        let shared = self.of_purpose(ChargingProfilePurpose::TxDefaultProfile, EvseId(0)).filter(|one| !replaced(one));
        let session = self.leading(tx.into_iter(), charging, now).or_else(|| {
            let defaults = own.iter().copied().chain(shared).filter(|_| !hidden);
            self.leading(defaults, charging, now)
        });
        let external = self.of_purpose(ChargingProfilePurpose::ChargingStationExternalConstraints, evse);
        let external = self.leading(external, window, now);
        let all = [session, external].into_iter().flatten().map(|leading| self.said(leading, unit));
        all.fold(Said { limit: None, phases: None }, lowest)
    }

    /// The composite limit of a second, in a window that begins at `window`.
    pub(crate) fn at(&self, evse: EvseId, window: i64, now: i64, unit: RateUnit) -> Said {
        let mut said = if evse == EvseId(0) {
            let evses = (1..=self.evses).map(|evse| self.of_evse(EvseId(evse), window, now, unit));
            evses.reduce(sum).expect("a station has EVSEs")
        } else {
            self.of_evse(evse, window, now, unit)
        };
        for purpose in [
            ChargingProfilePurpose::ChargingStationMaxProfile,
            ChargingProfilePurpose::ChargingStationExternalConstraints,
        ] {
            let leading = self.leading(self.of_purpose(purpose, EvseId(0)), window, now);
            said = leading.map(|leading| self.said(leading, unit)).into_iter().fold(said, lowest);
        }
        let Some(limit) = said.limit else { return said };
        let places = if evse == EvseId(0) { 0..=self.evses } else { 0..=0 };
        let places = places.map(EvseId).chain((evse != EvseId(0)).then_some(evse));
        let added = places.filter_map(|place| {
            let leading = self.leading(self.of_purpose(ChargingProfilePurpose::LocalGeneration, place), window, now)?;
            let made = self.said(leading, unit);
            let (amount, of) = (made.limit?, i64::from(made.phases.unwrap_or(3)));
            let used = i64::from(said.phases.unwrap_or(3));
            Some(match unit {
                RateUnit::A if of < used => amount / used * of / 100 * 100,
                RateUnit::W if of > used => amount / of * used / 100 * 100,
                _ => amount,
            })
        });
        Said { limit: Some(limit + added.sum::<i64>()), ..said }
    }
}

/// SC.01; Part 2 §3.7.
fn lowest(one: Said, other: Said) -> Said {
    let least = |one: Option<i64>, other: Option<i64>| [one, other].into_iter().flatten().min();
    let phases = [one.phases, other.phases].into_iter().flatten().min();
    Said { limit: least(one.limit, other.limit), phases }
}

/// K08.FR.03.
fn sum(one: Said, other: Said) -> Said {
    let limit = one.limit.zip(other.limit).map(|(one, other)| one + other);
    Said { limit, phases: one.phases.zip(other.phases).map(|(one, other)| one.max(other)) }
}
