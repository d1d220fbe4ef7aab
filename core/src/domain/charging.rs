//! Charging profiles, limits and the needs of vehicles, as station and CSMS talk about them (block K).

use alloc::boxed::Box;
use alloc::vec::Vec;

use pilotwire_messages::DateTime;
use serde::{Deserialize, Serialize};

use super::{
    ChargingLimitSource, ChargingNeeds, ChargingProfile, ChargingProfilePurpose, ChargingRateUnit, ChargingSchedule,
    EvseId,
};

/// Which profiles are meant; all that is given must match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProfileCriteria {
    /// With one of these ids; any if empty.
    pub ids: Vec<i32>,
    /// Of this EVSE; 0 is the station.
    pub evse: Option<EvseId>,
    /// For this purpose.
    pub purpose: Option<ChargingProfilePurpose>,
    /// Of this stack level.
    pub stack_level: Option<i32>,
    /// Set by one of these; by anybody if empty.
    pub sources: Vec<ChargingLimitSource>,
}

impl ProfileCriteria {
    /// The profile with this id.
    pub fn id(id: i32) -> Self {
        Self { ids: alloc::vec![id], ..Self::default() }
    }

    /// Whether these criteria mean this profile, which `source` set for `evse`.
    pub fn matches(&self, evse: EvseId, source: &ChargingLimitSource, profile: &ChargingProfile) -> bool {
        (self.ids.is_empty() || self.ids.contains(&profile.id))
            && self.evse.is_none_or(|meant| meant == evse)
            && self.purpose.as_ref().is_none_or(|purpose| *purpose == profile.charging_profile_purpose)
            && self.stack_level.is_none_or(|level| level == profile.stack_level)
            && (self.sources.is_empty() || self.sources.contains(source))
    }
}

/// Which composite schedule (K08).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositeQuery {
    /// The EVSE; 0 for what is drawn from the grid.
    pub evse: EvseId,
    /// How many seconds it shall cover.
    pub duration_s: i32,
    /// The unit wanted; the station chooses if absent.
    pub unit: Option<ChargingRateUnit>,
}

/// Profiles that were asked for, from one source and for one EVSE (K09).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfilesReport {
    /// The number of the request that it answers.
    pub request_id: i32,
    /// Who set these profiles.
    pub source: ChargingLimitSource,
    /// The EVSE that they are for; 0 is the station.
    pub evse: EvseId,
    /// The profiles.
    pub profiles: Vec<ChargingProfile>,
    /// Whether more reports follow.
    pub to_be_continued: bool,
}

/// A limit that somebody else than the CSMS set (K11, K12), or capacity that is generated locally (K27).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalLimit {
    /// The EVSE; 0 is the station.
    pub evse: EvseId,
    /// Who set it; never `CSO`.
    pub source: ChargingLimitSource,
    /// Whether the grid depends on it.
    pub is_grid_critical: Option<bool>,
    /// Whether it is capacity on top of all limits; since 2.1.
    pub is_local_generation: bool,
    /// The limits over time. From their start; at once and as it is told if they have none.
    pub schedules: Vec<ChargingSchedule>,
}

/// What a vehicle needs, and by when (K15, K17; ISO 15118).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvNeeds {
    /// Where it is.
    pub evse: EvseId,
    /// What it needs.
    pub needs: Box<ChargingNeeds>,
    /// How many periods it can take in one schedule (K15.FR.07).
    pub max_schedule_tuples: Option<i32>,
}

/// What a vehicle plans to do (K15.FR.10).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvSchedule {
    /// Where it is.
    pub evse: EvseId,
    /// What the schedule's periods count from.
    pub time_base: DateTime,
    /// The plan.
    pub schedule: Box<ChargingSchedule>,
    /// Which of the schedules that it was given it chose (K15.FR.21); 2.0.1 does not tell.
    pub selected: Option<i32>,
}
