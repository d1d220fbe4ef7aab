//! A profile in its place.

use alloc::vec::Vec;

use pilotwire_messages::DateTime;
use pilotwire_messages::v2::{ChargingLimitSource, ChargingProfile};
use serde::{Deserialize, Serialize};

use super::purpose::Purpose;
use super::track::Track;
use crate::domain::{EvseId, ProfileCriteria};

/// A profile in its place; also its durable record (K01.FR.27).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Installed {
    /// The EVSE; 0 is the station, or each EVSE for a TxDefaultProfile (K01.FR.14).
    pub evse: EvseId,
    /// Who set it: `CSO` for a CSMS.
    pub source: ChargingLimitSource,
    /// When it came: what begins with its coming counts from here.
    pub since: DateTime,
    /// The profile, as it came.
    pub profile: ChargingProfile,
}

impl Installed {
    /// Whether these criteria mean this profile.
    pub fn is_meant(&self, criteria: &ProfileCriteria) -> bool {
        criteria.matches(self.evse, &self.source, &self.profile)
    }
}

/// A profile, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) installed: Installed,
    pub(super) purpose: Purpose,
    pub(super) tracks: Vec<Track>,
}

impl Slot {
    /// The schedule that counts where `choice` does: with several, the others keep out (K15.FR.22).
    pub(super) fn track(&self, choice: usize) -> Option<&Track> {
        match self.tracks.as_slice() {
            [only] => Some(only),
            several => several.get(choice),
        }
    }

    pub(super) fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    pub(super) fn level(&self) -> i32 {
        self.installed.profile.stack_level
    }

    pub(super) fn id(&self) -> i32 {
        self.installed.profile.id
    }

    pub(super) fn is_valid_with(&self, other: &Self) -> bool {
        let validity = |slot: &Self| slot.tracks.first().map_or((0, 0), |track| (track.valid_from, track.valid_to));
        let ((from, to), (other_from, other_to)) = (validity(self), validity(other));
        from < other_to && other_from < to
    }
}
