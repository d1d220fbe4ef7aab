//! What profiles are for.

use pilotwire_messages::v2::ChargingProfilePurpose;

/// What a profile is for (Part 2 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Purpose {
    StationMax,
    External,
    LocalGeneration,
    // The three that share one place, the one that gives way first: §3.5, K21.FR.04.
    TxDefault,
    Tx,
    Priority,
}

impl Purpose {
    pub(super) fn of(word: &ChargingProfilePurpose) -> Option<Self> {
        Some(match word {
            ChargingProfilePurpose::ChargingStationMaxProfile => Self::StationMax,
            ChargingProfilePurpose::ChargingStationExternalConstraints => Self::External,
            ChargingProfilePurpose::LocalGeneration => Self::LocalGeneration,
            ChargingProfilePurpose::TxDefaultProfile => Self::TxDefault,
            ChargingProfilePurpose::TxProfile => Self::Tx,
            ChargingProfilePurpose::PriorityCharging => Self::Priority,
            ChargingProfilePurpose::Unlisted(_) => return None,
        })
    }

    /// Whether the profile limits one vehicle's transaction.
    pub(super) const fn is_of_transactions(self) -> bool {
        matches!(self, Self::TxDefault | Self::Tx | Self::Priority)
    }
}
