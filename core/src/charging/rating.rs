//! What the hardware can do: a limit that nobody sets.

use pilotwire_messages::Decimal;
use serde::{Deserialize, Serialize};

use super::units::{NO_LIMIT, RateUnit, Supply, converted, milli};

/// What an EVSE, or the station as a whole, can deliver at most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// Amperes on each phase.
    pub current_a: Decimal,
    /// 1 to 3.
    pub phases: u8,
}

impl Rating {
    pub(super) fn limit(self, unit: RateUnit, supply: Supply) -> i64 {
        let current = milli(self.current_a).filter(|current| *current >= 0);
        current.map_or(NO_LIMIT, |current| converted(current, RateUnit::A, unit, self.phases, supply))
    }
}
