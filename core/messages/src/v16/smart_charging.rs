//! Charging profiles, as a remote start may bring one.

use alloc::vec::Vec;

use crate::{DateTime, Decimal};

enums! {
    /// What a profile is for (§7.10).
    ChargingProfilePurpose { ChargePointMaxProfile, TxDefaultProfile, TxProfile }

    /// What a profile's time is counted from (§7.9).
    ChargingProfileKind { Absolute, Recurring, Relative }

    /// How often a profile begins anew (§7.37).
    RecurrencyKind { Daily, Weekly }

    /// What limits are counted in (§7.12).
    ChargingRateUnit { A, W }
}

objects! {
    /// One step of a schedule.
    ChargingSchedulePeriod {
        /// Seconds after the schedule's start.
        start_period: i32,
        /// The most that the car may take.
        limit: Decimal [tenths];
        /// How many phases may be used; 3 if absent.
        number_phases: i32,
    }

    /// Limits over time.
    ChargingSchedule {
        /// What limits are counted in.
        charging_rate_unit: ChargingRateUnit,
        /// The steps, in order; the first begins at 0.
        charging_schedule_period: Vec<ChargingSchedulePeriod>;
        /// Seconds; the last step goes on if absent.
        duration: i32,
        /// Where an absolute schedule begins.
        start_schedule: DateTime,
        /// Below this the car cannot charge well.
        min_charging_rate: Decimal [tenths],
    }

    /// Limits over time, for something, with a rank.
    ChargingProfile {
        /// Unique in the charge point.
        charging_profile_id: i32,
        /// Among profiles of one purpose the highest level wins.
        stack_level: i32,
        /// What it is for.
        charging_profile_purpose: ChargingProfilePurpose,
        /// What its time is counted from.
        charging_profile_kind: ChargingProfileKind,
        /// The limits.
        charging_schedule: ChargingSchedule;
        /// The transaction that it is for.
        transaction_id: i32,
        /// How often it begins anew.
        recurrency_kind: RecurrencyKind,
        /// When it begins to count; at once if absent.
        valid_from: DateTime,
        /// When it ceases to count; never if absent.
        valid_to: DateTime,
    }
}
