//! What a station takes in, and why it does not.

use alloc::string::String;
use core::fmt;

use pilotwire_messages::Version;
use serde::{Deserialize, Serialize};

use crate::dialect;

/// What may be installed, and what editions settle differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The highest stack level (SmartChargingCtrlr.ProfileStackLevel; ChargeProfileMaxStackLevel).
    pub max_stack_level: i32,
    /// Profiles that are installed at once (Entries\[ChargingProfiles\]; MaxChargingProfilesInstalled).
    pub max_profiles: usize,
    /// Periods of a schedule (PeriodsPerSchedule; ChargingScheduleMaxPeriods).
    pub max_periods: usize,
    /// Schedules may be in amperes (RateUnit; ChargingScheduleAllowedChargingRateUnit).
    pub amperes: bool,
    /// Schedules may be in watts.
    pub watts: bool,
    /// A phase can be chosen (ACPhaseSwitchingSupported, K01.FR.48).
    pub phase_switching: bool,
    /// Edition by edition: see [`Edition`].
    pub edition: Edition,
}

/// What the editions settle differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// A profile of the same purpose and level replaces the older one (1.6 §3.13.2), instead of being refused (K01.FR.06,
    /// K01.FR.39, K01.FR.52, K01.FR.53).
    pub same_level_replaces: bool,
    /// A TxProfile overrules TxDefaultProfiles for its whole transaction (1.6 §3.13.1, TC_066_CS), instead of only while it
    /// has a period (K02.FR.08, TC_K_41_CS).
    pub tx_profile_hides_defaults: bool,
    /// An absolute or recurring schedule without a start counts from the start of charging (1.6 §7.13), instead of being
    /// refused (K01.FR.40); a relative one may have a start, which says nothing.
    pub start_is_optional: bool,
    /// A TxProfile must name its transaction (K01.FR.03).
    pub transaction_is_named: bool,
}

impl Rules {
    /// The rules of an edition, for a station that takes whatever the edition has: 1,000 stack levels, 1,000 profiles of
    /// 1,024 periods, both units, any phase.
    pub const fn of(version: Version) -> Self {
        Self {
            max_stack_level: 1_000,
            max_profiles: 1_000,
            max_periods: 1_024,
            amperes: true,
            watts: true,
            phase_switching: true,
            edition: dialect::charging_edition(version),
        }
    }
}

/// The reason of a refusal, as 2.x has words for it (Part 2, appendix 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// A profile of the same purpose and level is valid at the same time (K01.FR.06), or the id is one that the CSMS cannot
    /// replace (K01.FR.05).
    DuplicateProfile,
    /// An operation mode that the purpose cannot have (K01.FR.111–K01.FR.114).
    InvalidOperationMode,
    /// The profile says what it cannot say.
    InvalidProfile,
    /// A schedule says what it cannot say.
    InvalidSchedule,
    /// A stack level below 0 or above the highest.
    InvalidStackLevel,
    /// Every place for a profile is taken.
    OutOfStorage,
    /// Profiles choose different phases for the same vehicle (K01.FR.141).
    PhaseConflict,
    /// More periods than a schedule may have.
    TooManyElements,
    /// No such transaction (K01.FR.09, K01.FR.33).
    TxNotFound,
    /// No such EVSE (K01.FR.28).
    UnknownEvse,
    /// Schedules in this unit are not taken (K01.FR.26).
    UnsupportedRateUnit,
}

impl Reason {
    /// The reasonCode.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DuplicateProfile => "DuplicateProfile",
            Self::InvalidOperationMode => "InvalidOperationMode",
            Self::InvalidProfile => "InvalidProfile",
            Self::InvalidSchedule => "InvalidSchedule",
            Self::InvalidStackLevel => "InvalidStackLevel",
            Self::OutOfStorage => "OutOfStorage",
            Self::PhaseConflict => "PhaseConflict",
            Self::TooManyElements => "TooManyElements",
            Self::TxNotFound => "TxNotFound",
            Self::UnknownEvse => "UnknownEvse",
            Self::UnsupportedRateUnit => "UnsupportedRateUnit",
        }
    }
}

/// A profile was not taken, and nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, as a code.
    pub reason: Reason,
    /// Why, for people, with the clause.
    pub text: String,
}

impl Refusal {
    pub(super) fn new(reason: Reason, text: impl Into<String>) -> Self {
        Self { reason, text: text.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.text)
    }
}

impl core::error::Error for Refusal {}
