//! Amperes and watts. Inside of the engine every rate is an integer: thousandths of its unit.

use pilotwire_messages::Decimal;
use pilotwire_messages::v2::ChargingRateUnit;
use serde::{Deserialize, Serialize};

/// What limits are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RateUnit {
    /// Amperes on each phase (K01.FR.51; 1.6 §7.12).
    A,
    /// Watts on all phases together (1.6 §7.12).
    W,
}

impl RateUnit {
    /// The unit that a message names; `None` if it is none of the two.
    pub fn of(word: &ChargingRateUnit) -> Option<Self> {
        match word {
            ChargingRateUnit::A => Some(Self::A),
            ChargingRateUnit::W => Some(Self::W),
            ChargingRateUnit::Unlisted(_) => None,
        }
    }
}

impl From<RateUnit> for ChargingRateUnit {
    fn from(unit: RateUnit) -> Self {
        match unit {
            RateUnit::A => Self::A,
            RateUnit::W => Self::W,
        }
    }
}

/// The grid in front of the station, as far as units need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supply {
    /// The nominal voltage between a phase and neutral, in volts: what is set for the area, not what is measured
    /// (K01.FR.50). At least 1.
    pub voltage_v: u16,
}

impl Default for Supply {
    /// 230 V.
    fn default() -> Self {
        Self { voltage_v: 230 }
    }
}

/// The largest rate that a schedule may name, in its unit: beyond it a number is a mistake, or overflows when it is
/// converted.
pub const MAX_RATE: i64 = 10_000_000_000;

/// "No limit", as a rate. Greater than every other one, so that a minimum needs no special case.
pub(super) const NO_LIMIT: i64 = i64::MAX;

/// Phases of a period that does not name any (K01.FR.49).
const DEFAULT_PHASES: i64 = 3;

/// A rate of a message in thousandths, cut towards zero; `None` beyond [`MAX_RATE`].
pub(super) fn milli(rate: Decimal) -> Option<i64> {
    let milli = rate.scaled(3);
    (milli.unsigned_abs() <= MAX_RATE.unsigned_abs() * 1_000).then_some(milli)
}

/// A rate as messages have it: without digits that say nothing.
pub(super) fn decimal(milli: i64) -> Decimal {
    // Nearly all rates are small and have one digit after the point at most: short divisions.
    if let Ok(small) = u32::try_from(milli)
        && small.is_multiple_of(100)
    {
        let tenths = small / 100;
        let (mantissa, scale) = if tenths.is_multiple_of(10) { (tenths / 10, 0) } else { (tenths, 1) };
        return Decimal::new(i64::from(mantissa), scale).unwrap_or_default();
    }
    let (mantissa, scale) = match milli {
        _ if milli % 1_000 == 0 => (milli / 1_000, 0),
        _ if milli % 100 == 0 => (milli / 100, 1),
        _ if milli % 10 == 0 => (milli / 10, 2),
        _ => (milli, 3),
    };
    Decimal::new(mantissa, scale).unwrap_or_default()
}

/// The same rate in another unit, by `phases` of its own period (0: not named): I = P / (V · phases), K01.FR.50. What was
/// converted has at most one digit after the point, as the messages want it, and is never more than it was.
pub(super) fn converted(milli: i64, from: RateUnit, to: RateUnit, phases: u8, supply: Supply) -> i64 {
    const TENTH: i64 = 100;
    let phases = if phases == 0 { DEFAULT_PHASES } else { i64::from(phases) };
    let watts_per_ampere = i64::from(supply.voltage_v.max(1)) * phases;
    match (from, to) {
        (RateUnit::A, RateUnit::W) => milli.saturating_mul(watts_per_ampere) / TENTH * TENTH,
        (RateUnit::W, RateUnit::A) => milli / (watts_per_ampere * TENTH) * TENTH,
        _ => milli,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_converted_by_the_phases_of_its_own_period() {
        let supply = Supply::default();
        assert_eq!(converted(3_680_000, RateUnit::W, RateUnit::A, 1, supply), 16_000);
        assert_eq!(converted(2_070_000, RateUnit::W, RateUnit::A, 3, supply), 3_000);
        assert_eq!(converted(16_000, RateUnit::A, RateUnit::W, 0, supply), 11_040_000, "K01.FR.49: three phases");
        assert_eq!(converted(11_000_000, RateUnit::W, RateUnit::A, 0, supply), 15_900, "15.94 A, cut");
        assert_eq!(converted(-1_000_000, RateUnit::W, RateUnit::A, 1, supply), -4_300, "discharging, cut as well");
        let most = MAX_RATE * 1_000;
        assert!(converted(most, RateUnit::A, RateUnit::W, 3, Supply { voltage_v: u16::MAX }) < NO_LIMIT);
    }

    #[test]
    fn a_rate_is_written_without_empty_digits() {
        for (milli, text) in [(16_000, "16"), (8_100, "8.1"), (8_120, "8.12"), (1, "0.001"), (-500, "-0.5"), (0, "0")] {
            assert_eq!(decimal(milli), text.parse().unwrap());
        }
    }
}
