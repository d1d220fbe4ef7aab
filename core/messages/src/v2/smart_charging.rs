//! Functional block K: charging profiles. What 2.1 added for bidirectional charging belongs to block Q.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{AbsolutePriceSchedule, PriceLevelSchedule, SalesTariff};
use crate::{DateTime, Decimal, Text};

enums! {
    /// What a profile is for (K01).
    ChargingProfilePurpose {
        ChargingStationExternalConstraints, ChargingStationMaxProfile, LocalGeneration [V21], PriorityCharging [V21],
        TxDefaultProfile, TxProfile,
    }

    /// What a profile's time is counted from.
    ChargingProfileKind { Absolute, Dynamic [V21], Recurring, Relative }

    /// How often a profile begins anew.
    RecurrencyKind { Daily, Weekly }

    /// What limits are counted in.
    ChargingRateUnit { W, A }

    /// Who controls energy in both directions, and how (Q).
    OperationMode {
        Idle, ChargingOnly, CentralSetpoint, ExternalSetpoint, ExternalLimits, CentralFrequency, LocalFrequency,
        LocalLoadBalancing,
    }
}

structs! {
    /// A point of the curve from the grid's frequency to power (Q08).
    V2XFreqWattPoint {
        /// Hz.
        frequency: Decimal,
        /// W; negative when the car gives.
        power: Decimal,
    }

    /// A point of the curve from the frequency service's signal to power (Q08).
    V2XSignalWattPoint {
        /// The signal.
        signal: i32,
        /// W; negative when the car gives.
        power: Decimal,
    }

    /// A lower limit for a battery that is nearly full.
    LimitAtSoC {
        /// From this percentage on.
        soc: i32 [0..=100],
        /// In the schedule's unit.
        limit: Decimal,
    }

    /// One step of a schedule. All rates are in the schedule's unit; `_l2` and `_l3` differ from the first phase's.
    ChargingSchedulePeriod {
        /// Seconds after the schedule's start.
        start_period: i32;
        /// The most that the car may take; since 2.1 absent where a setpoint says it all.
        limit: Decimal [V201 required],
        /// Of phase L2.
        limit_l2: Decimal [V21] = "limit_L2",
        /// Of phase L3.
        limit_l3: Decimal [V21] = "limit_L3",
        /// How many phases may be used; 3 if absent.
        number_phases: i32 [0..=3] [V201 ..],
        /// Which phase, where there is one only.
        phase_to_use: i32 [0..=3] [V201 ..],
        /// The most that the car may give, as a negative number.
        discharge_limit: Decimal [V21 ..=0],
        /// Of phase L2.
        discharge_limit_l2: Decimal [V21 ..=0] = "dischargeLimit_L2",
        /// Of phase L3.
        discharge_limit_l3: Decimal [V21 ..=0] = "dischargeLimit_L3",
        /// What the car shall take, or give if negative.
        setpoint: Decimal [V21],
        /// Of phase L2.
        setpoint_l2: Decimal [V21] = "setpoint_L2",
        /// Of phase L3.
        setpoint_l3: Decimal [V21] = "setpoint_L3",
        /// Reactive power (var) or current (A).
        setpoint_reactive: Decimal [V21],
        /// Of phase L2.
        setpoint_reactive_l2: Decimal [V21] = "setpointReactive_L2",
        /// Of phase L3.
        setpoint_reactive_l3: Decimal [V21] = "setpointReactive_L3",
        /// Whether the car shall warm its battery.
        preconditioning_request: bool [V21],
        /// Whether the station's power electronics shall sleep.
        evse_sleep: bool [V21],
        /// W that frequency curves are laid upon.
        v2x_baseline: Decimal [V21],
        /// Who controls energy, and how; charging only if absent.
        operation_mode: OperationMode [V21],
        /// From the grid's frequency to power.
        v2x_freq_watt_curve: Vec<V2XFreqWattPoint> [V21 1..=20],
        /// From the frequency service's signal to power.
        v2x_signal_watt_curve: Vec<V2XSignalWattPoint> [V21 1..=20],
    }

    /// Limits over time.
    ChargingSchedule {
        /// Unique in the profile.
        id: i32,
        /// What limits are counted in.
        charging_rate_unit: ChargingRateUnit,
        /// The steps, in order; the first begins at 0.
        charging_schedule_period: Vec<ChargingSchedulePeriod> [1..=1024];
        /// Where an absolute or recurring schedule begins.
        start_schedule: DateTime,
        /// Seconds; the last step goes on if absent.
        duration: i32,
        /// Below this the car cannot charge well.
        min_charging_rate: Decimal,
        /// Percentage by which a setpoint may be missed.
        power_tolerance: Decimal [V21],
        /// Which signature belongs to it (ISO 15118-20).
        signature_id: i32 [V21 0..],
        /// The digest that is signed, Base64.
        digest_value: Text [V21 ..=88],
        /// Whether its times are local ones; `false` if absent.
        use_local_time: bool [V21],
        /// Seconds by which each step may be late at random, so that not all cars start at once.
        randomized_delay: i32 [V21 0..],
        /// Prices for the car (ISO 15118-2).
        sales_tariff: Box<SalesTariff>,
        /// A lower limit for a battery that is nearly full.
        limit_at_soc: Box<LimitAtSoC> [V21] = "limitAtSoC",
        /// Prices for the car (ISO 15118-20).
        absolute_price_schedule: Box<AbsolutePriceSchedule> [V21],
        /// Price levels for the car (ISO 15118-20).
        price_level_schedule: Box<PriceLevelSchedule> [V21],
    }

    /// Limits over time, for something, with a rank (K01).
    ChargingProfile {
        /// Unique in the station; a profile with the same id is replaced.
        id: i32,
        /// Among profiles of one purpose the highest level wins.
        stack_level: i32 [0..] [V201 ..],
        /// What it is for.
        charging_profile_purpose: ChargingProfilePurpose,
        /// What its time is counted from.
        charging_profile_kind: ChargingProfileKind,
        /// The limits; the car chooses if there are several (ISO 15118).
        charging_schedule: Vec<ChargingSchedule> [1..=3];
        /// How often it begins anew.
        recurrency_kind: RecurrencyKind,
        /// When it begins to count; at once if absent.
        valid_from: DateTime,
        /// When it ceases to count; never if absent.
        valid_to: DateTime,
        /// The transaction that it is for.
        transaction_id: Text [..=36],
        /// Seconds without a connection after which it no longer counts.
        max_offline_duration: i32 [V21],
        /// Whether it is gone for good then; `false` if absent.
        invalid_after_offline_duration: bool [V21],
        /// Seconds between two requests for new values of a dynamic profile.
        dyn_update_interval: i32 [V21],
        /// When its values were new.
        dyn_update_time: DateTime [V21],
        /// The signature of its prices, Base64 (ISO 15118-20).
        price_schedule_signature: Text [V21 ..=256],
    }
}
