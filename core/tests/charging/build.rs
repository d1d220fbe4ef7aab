//! Profiles in few words, and in few words what a station makes of them.

use pilotwire::Version;
use pilotwire::charging::{Composite, Installed, Now, Profiles, Query, RateUnit, Reason, Refusal, Rules, Supply};
use pilotwire::domain::EvseId;
use pilotwire::messages::v2::{
    ChargingLimitSource, ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit,
    ChargingSchedule, ChargingSchedulePeriod, RecurrencyKind,
};
use pilotwire::messages::{DateTime, Decimal};

pub(crate) const DAY: u32 = 86_400;
/// A day before today's noon, in seconds.
pub(crate) const YESTERDAY: i64 = -86_400;

const NOON: i64 = 1_772_366_400;

/// So many seconds after 2026-03-01T12:00:00Z, a Sunday: most of what is tested happens then.
pub(crate) fn noon(seconds: i64) -> DateTime {
    DateTime::from_unix_millis((NOON + seconds) * 1_000)
}

pub(crate) fn at(time: &str) -> DateTime {
    time.parse().expect("a time")
}

pub(crate) fn rate(text: &str) -> Option<Decimal> {
    Some(text.parse().expect("a rate"))
}

/// A profile before it is installed: absolute from noon on, in amperes, of stack level 0, unless it says otherwise.
#[derive(Clone)]
pub(crate) struct Draft {
    evse: EvseId,
    source: ChargingLimitSource,
    profile: ChargingProfile,
}

pub(crate) fn tx_default(evse: i32, periods: &[(i32, i32)]) -> Draft {
    Draft::new(ChargingProfilePurpose::TxDefaultProfile, evse, periods)
}

/// For transaction `T1` of EVSE 1, `T2` of EVSE 2, and so on.
pub(crate) fn tx(evse: i32, periods: &[(i32, i32)]) -> Draft {
    Draft::new(ChargingProfilePurpose::TxProfile, evse, periods).of(&format!("T{evse}"))
}

pub(crate) fn station_max(periods: &[(i32, i32)]) -> Draft {
    Draft::new(ChargingProfilePurpose::ChargingStationMaxProfile, 0, periods)
}

/// Constraints of an energy management system.
pub(crate) fn external(evse: i32, periods: &[(i32, i32)]) -> Draft {
    Draft::new(ChargingProfilePurpose::ChargingStationExternalConstraints, evse, periods).by(ChargingLimitSource::EMS)
}

/// What an energy management system generates.
pub(crate) fn generation(evse: i32, periods: &[(i32, i32)]) -> Draft {
    Draft::new(ChargingProfilePurpose::LocalGeneration, evse, periods).by(ChargingLimitSource::EMS)
}

pub(crate) fn priority(evse: i32, periods: &[(i32, i32)]) -> Draft {
    Draft::new(ChargingProfilePurpose::PriorityCharging, evse, periods)
}

fn schedule(periods: &[(i32, i32)]) -> ChargingSchedule {
    let periods = periods.iter().map(|(start, limit)| {
        let mut period = ChargingSchedulePeriod::new(*start);
        period.limit = Some(Decimal::from_int(*limit));
        period
    });
    let mut schedule = ChargingSchedule::new(1, ChargingRateUnit::A, periods.collect::<Vec<_>>());
    schedule.start_schedule = Some(noon(0));
    schedule
}

impl Draft {
    fn new(purpose: ChargingProfilePurpose, evse: i32, periods: &[(i32, i32)]) -> Self {
        let profile = ChargingProfile::new(0, 0, purpose, ChargingProfileKind::Absolute, vec![schedule(periods)]);
        Self { evse: EvseId(evse), source: ChargingLimitSource::CSO, profile }
    }

    pub(crate) fn profile(mut self, change: impl FnOnce(&mut ChargingProfile)) -> Self {
        change(&mut self.profile);
        self
    }

    pub(crate) fn schedule(self, change: impl FnMut(&mut ChargingSchedule)) -> Self {
        self.profile(|profile| profile.charging_schedule.iter_mut().for_each(change))
    }

    pub(crate) fn period(self, mut change: impl FnMut(&mut ChargingSchedulePeriod)) -> Self {
        self.schedule(|schedule| schedule.charging_schedule_period.iter_mut().for_each(&mut change))
    }

    pub(crate) fn id(self, id: i32) -> Self {
        self.profile(|profile| profile.id = id)
    }

    pub(crate) fn level(self, level: i32) -> Self {
        self.profile(|profile| profile.stack_level = level)
    }

    pub(crate) fn of(self, transaction: &str) -> Self {
        self.profile(|profile| profile.transaction_id = Some(transaction.into()))
    }

    pub(crate) fn by(self, source: ChargingLimitSource) -> Self {
        Self { source, ..self }
    }

    pub(crate) fn kind(self, kind: ChargingProfileKind) -> Self {
        self.profile(|profile| profile.charging_profile_kind = kind)
    }

    pub(crate) fn relative(self) -> Self {
        self.kind(ChargingProfileKind::Relative).without_start()
    }

    pub(crate) fn dynamic(self) -> Self {
        self.kind(ChargingProfileKind::Dynamic).without_start()
    }

    pub(crate) fn daily(self) -> Self {
        self.kind(ChargingProfileKind::Recurring)
            .profile(|profile| profile.recurrency_kind = Some(RecurrencyKind::Daily))
    }

    pub(crate) fn weekly(self) -> Self {
        self.kind(ChargingProfileKind::Recurring)
            .profile(|profile| profile.recurrency_kind = Some(RecurrencyKind::Weekly))
    }

    pub(crate) fn starts(self, start: DateTime) -> Self {
        self.schedule(|schedule| schedule.start_schedule = Some(start))
    }

    pub(crate) fn without_start(self) -> Self {
        self.schedule(|schedule| schedule.start_schedule = None)
    }

    pub(crate) fn lasts(self, seconds: i32) -> Self {
        self.schedule(|schedule| schedule.duration = Some(seconds))
    }

    pub(crate) fn valid_from(self, time: DateTime) -> Self {
        self.profile(|profile| profile.valid_from = Some(time))
    }

    pub(crate) fn valid_to(self, time: DateTime) -> Self {
        self.profile(|profile| profile.valid_to = Some(time))
    }

    pub(crate) fn watts(self) -> Self {
        self.schedule(|schedule| schedule.charging_rate_unit = ChargingRateUnit::W)
    }

    pub(crate) fn phases(self, phases: i32) -> Self {
        self.period(|period| period.number_phases = Some(phases))
    }

    /// One phase only, and this one.
    pub(crate) fn on_phase(self, phase: i32) -> Self {
        self.phases(1).period(|period| period.phase_to_use = Some(phase))
    }

    /// One more schedule for the vehicle to choose.
    pub(crate) fn or(self, periods: &[(i32, i32)]) -> Self {
        self.profile(|profile| profile.charging_schedule.push(schedule(periods)))
    }

    /// As it is handed over to [`Profiles::check_for_start`].
    pub(crate) fn into_profile(self) -> ChargingProfile {
        self.profile
    }
}

/// The profiles of one station, which come at noon.
pub(crate) struct Site {
    pub(crate) profiles: Profiles,
    last_id: i32,
}

pub(crate) fn v16(evses: usize) -> Site {
    Site::new(Rules::of(Version::V16), evses)
}

pub(crate) fn v201(evses: usize) -> Site {
    Site::new(Rules::of(Version::V201), evses)
}

pub(crate) fn v21(evses: usize) -> Site {
    Site::new(Rules::of(Version::V21), evses)
}

impl Site {
    pub(crate) fn new(rules: Rules, evses: usize) -> Self {
        Self { profiles: Profiles::new(rules, Supply::default(), evses), last_id: 100 }
    }

    /// Transaction `T1` at EVSE 1, `T2` at EVSE 2 and so on, in which energy may flow since then.
    pub(crate) fn charging(mut self, evse: i32, since: DateTime) -> Self {
        self.profiles.transaction_runs(EvseId(evse), format!("T{evse}").into(), Some(since));
        self
    }

    /// With one more profile, which is taken.
    #[track_caller]
    pub(crate) fn with(mut self, draft: Draft) -> Self {
        self.set(draft).expect("taken");
        self
    }

    /// The ids that are replaced. A profile without an id gets one of its own.
    pub(crate) fn set(&mut self, draft: Draft) -> Result<Vec<i32>, Refusal> {
        let Draft { evse, source, mut profile } = draft;
        if profile.id == 0 {
            self.last_id += 1;
            profile.id = self.last_id;
        }
        if source == ChargingLimitSource::CSO {
            return self.profiles.set(evse, profile, noon(0));
        }
        self.profiles.restore(Installed { evse, source, since: noon(0), profile })
    }

    /// Why a profile is not taken; what was installed stays as it was.
    #[track_caller]
    pub(crate) fn refusal(&mut self, draft: Draft) -> Reason {
        let installed = |site: &Self| site.profiles.iter().cloned().collect::<Vec<_>>();
        let before = installed(self);
        let refusal = self.set(draft).expect_err("refused");
        assert_eq!(installed(self), before, "a refused profile changes nothing");
        refusal.reason
    }

    pub(crate) fn ids(&self) -> Vec<i32> {
        self.profiles.iter().map(|installed| installed.profile.id).collect()
    }

    pub(crate) fn composite(&mut self, query: &Query) -> Composite {
        self.profiles.composite(query).expect("an EVSE")
    }

    /// The composite schedule in amperes, as [`shown`] writes it.
    pub(crate) fn amperes(&mut self, evse: i32, from: DateTime, duration_s: u32) -> String {
        shown(&self.composite(&Query::new(EvseId(evse), from, duration_s, RateUnit::A)))
    }

    /// The composite schedule in watts, as [`shown`] writes it.
    pub(crate) fn watts(&mut self, evse: i32, from: DateTime, duration_s: u32) -> String {
        shown(&self.composite(&Query::new(EvseId(evse), from, duration_s, RateUnit::W)))
    }

    /// What messages say of EVSE 1 at noon.
    pub(crate) fn wire_at_noon(&mut self, unit: RateUnit) -> ChargingSchedulePeriod {
        self.composite(&Query::new(EvseId(1), noon(0), 0, unit)).periods[0].to_wire()
    }

    /// The limit of a moment: `16 A, 11040 W, until 600` in seconds after noon.
    pub(crate) fn now(&mut self, evse: i32, at: DateTime) -> String {
        let Now { limit, until } = self.profiles.limit(EvseId(evse), at).expect("an EVSE");
        let mut text = match limit.current_a.zip(limit.power_w) {
            Some((current, power)) => format!("{current} A, {power} W"),
            None => "none".into(),
        };
        if let Some(phases) = limit.number_phases {
            text += &format!(" on {phases}");
        }
        if let Some(until) = until {
            text += &format!(", until {}", until.millis_since(noon(0)) / 1_000);
        }
        text
    }
}

/// `0: 16 on 3, 300: none`: from when on, how much, on how many phases if that is said, and `(L2)` if that one is chosen.
pub(crate) fn shown(composite: &Composite) -> String {
    let periods = composite.periods.iter().map(|period| {
        let mut text = format!("{}: ", period.start_s);
        match period.limit {
            Some(limit) => text += &format!("{limit}"),
            None => text += "none",
        }
        if let Some(phases) = period.number_phases {
            text += &format!(" on {phases}");
        }
        if let Some(phase) = period.phase_to_use {
            text += &format!(" (L{phase})");
        }
        text
    });
    periods.collect::<Vec<_>>().join(", ")
}

/// Why a site with a transaction at EVSE 1 does not take a profile. It has the id of one that is installed, which a hasty
/// station would lose.
#[track_caller]
pub(crate) fn refused_by(mut site: Site, draft: Draft) -> Reason {
    site.profiles.transaction_runs(EvseId(1), "T1".into(), Some(noon(0)));
    site.with(tx_default(1, &[(0, 10)]).id(1)).refusal(draft.id(1))
}
