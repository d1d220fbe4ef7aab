//! What is asked for.

use pilotwire_messages::{DateTime, Decimal};

use super::units::RateUnit;
use crate::domain::EvseId;

/// Which composite schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// The EVSE; 0 for what the station draws from the grid (K08.FR.03).
    pub evse: EvseId,
    /// From when on; a fraction of a second is cut.
    pub from: DateTime,
    /// Seconds; 0 asks for the limit at `from` alone.
    pub duration_s: u32,
    /// What limits are to be counted in.
    pub unit: RateUnit,
    /// What stands where nothing limits, in this unit; `None` leaves it open.
    pub fill: Option<Decimal>,
    /// Whether the ratings of the hardware limit, too (SC.04).
    pub rated: bool,
    /// The most periods to give; beyond it the schedule is cut, and says so.
    pub max_periods: usize,
    /// Which of the schedules of a profile that has several: 0 for the first (K15.FR.22).
    pub choice: usize,
}

impl Query {
    /// The whole schedule of an EVSE, with open gaps.
    pub const fn new(evse: EvseId, from: DateTime, duration_s: u32, unit: RateUnit) -> Self {
        Self { evse, from, duration_s, unit, fill: None, rated: false, max_periods: usize::MAX, choice: 0 }
    }
}
