//! The smart charging profile. A remote start, too, may bring a charging profile.

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

    /// Whether the charge point uses the new profile (§7.11).
    ChargingProfileStatus { Accepted, Rejected, NotSupported }

    /// Whether any profile matched and goes (§7.21).
    ClearChargingProfileStatus { Accepted, Unknown }

    /// Whether a schedule could be computed (§7.26).
    GetCompositeScheduleStatus { Accepted, Rejected }
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

messages! { objects:
    /// Removes the profiles that match every member given; all profiles if none is (§5.5).
    ClearChargingProfile (Csms, "Smart Charging")
    ClearChargingProfileRequest {
        ;
        /// The one profile to remove; the other members are ignored then.
        id: i32,
        /// Of which connector; 0 is the charge point as a whole.
        connector_id: i32,
        /// For which purpose.
        charging_profile_purpose: ChargingProfilePurpose,
        /// Of which rank.
        stack_level: i32,
    }
    ClearChargingProfileResponse { => ClearChargingProfileStatus }

    /// Asks which limits follow from all profiles together, from now on (§5.7).
    GetCompositeSchedule (Csms, "Smart Charging")
    GetCompositeScheduleRequest {
        /// The connector; 0 for what the charge point draws from the grid.
        connector_id: i32,
        /// How many seconds it shall cover.
        duration: i32;
        /// The unit wanted; the charge point chooses if absent.
        charging_rate_unit: ChargingRateUnit,
    }
    GetCompositeScheduleResponse {
        /// Whether there is a schedule.
        status: GetCompositeScheduleStatus;
        /// The connector that it is for.
        connector_id: i32,
        /// What its steps count from; may be absent if rejected.
        schedule_start: DateTime,
        /// The limits, without a start of their own; may be absent if rejected.
        charging_schedule: ChargingSchedule,
    }

    /// Gives a profile; it replaces one of equal id, or equal purpose and level (§5.16).
    SetChargingProfile (Csms, "Smart Charging")
    SetChargingProfileRequest {
        /// The connector; 0 for the whole charge point, or as default for each connector.
        connector_id: i32,
        /// The profile itself.
        cs_charging_profiles: ChargingProfile,
    }
    SetChargingProfileResponse { => ChargingProfileStatus }
}
