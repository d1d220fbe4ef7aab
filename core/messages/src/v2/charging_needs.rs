//! Functional block K: what the car needs, offers and plans (ISO 15118).

use alloc::vec::Vec;

use super::{ChargingSchedule, EnergyTransferMode, GenericStatus, StatusInfo};
use crate::{DateTime, Decimal, Text};

enums! {
    /// A control function for distributed energy resources (block R).
    DerControl {
        EnterService, FreqDroop, FreqWatt, FixedPFAbsorb, FixedPFInject, FixedVar, Gradients, HFMustTrip, HFMayTrip,
        HVMustTrip, HVMomCess, HVMayTrip, LimitMaxDischarge, LFMustTrip, LVMustTrip, LVMomCess, LVMayTrip,
        PowerMonitoringMustTrip, VoltVar, VoltWatt, WattPF, WattVar,
    }

    /// How an inverter notices that the grid around it is gone.
    IslandingDetection {
        NoAntiIslandingSupport, RoCoF, UVPOVP = "UVP_OVP", UFPOFP = "UFP_OFP", VoltageVectorShift,
        ZeroCrossingDetection, OtherPassive, ImpedanceMeasurement, ImpedanceAtFrequency, SlipModeFrequencyShift,
        SandiaFrequencyShift, SandiaVoltageShift, FrequencyJump, RCLQFactor, OtherActive,
    }

    /// Whether the car follows schedules, or setpoints as they come.
    ControlMode { ScheduledControl, DynamicControl }

    /// Who sets the car's goals: itself alone, or the station and CSMS with it.
    MobilityNeedsMode { EVCC, EVCCSECC = "EVCC_SECC" }

    /// What the CSMS makes of the car's needs (K15 to K20).
    NotifyEvChargingNeedsStatus { Accepted, Rejected, Processing, NoChargingProfile [V21] }
}

structs! {
    /// The needs of a car that charges from alternating current (ISO 15118-2).
    AcChargingParameters {
        /// Wh that it wants, preconditioning included.
        energy_amount: Decimal [V201 whole],
        /// A in each phase, at least.
        ev_min_current: Decimal [V201 whole],
        /// A in each phase at most, with its cable.
        ev_max_current: Decimal [V201 whole],
        /// V at most.
        ev_max_voltage: Decimal [V201 whole],
    }

    /// The needs of a car that charges from direct current (ISO 15118-2).
    DcChargingParameters {
        /// A at most, with its cable.
        ev_max_current: Decimal [V201 whole],
        /// V at most.
        ev_max_voltage: Decimal [V201 whole];
        /// W at most.
        ev_max_power: Decimal [V201 whole],
        /// Wh that the battery holds.
        ev_energy_capacity: Decimal [V201 whole],
        /// Wh that it wants, preconditioning included.
        energy_amount: Decimal [V201 whole],
        /// Percent of charge now.
        state_of_charge: i32 [0..=100],
        /// Percent at which the car counts as full.
        full_soc: i32 [0..=100] = "fullSoC",
        /// Percent at which fast charging ends.
        bulk_soc: i32 [0..=100] = "bulkSoC",
    }

    /// What bounds the inverter's grid services (ISO 15118-20), never negative: `ev_` the car alone, else both sides.
    DerChargingParameters {
        ;
        /// The control functions that the car has.
        ev_supported_der_control: Vec<DerControl> [1..] = "evSupportedDERControl",
        /// W that the car gives at most at its over-excited power factor.
        ev_over_excited_max_discharge_power: Decimal,
        /// The power factor when it gives the least reactive power.
        ev_over_excited_power_factor: Decimal,
        /// W that the car gives at most at its under-excited power factor.
        ev_under_excited_max_discharge_power: Decimal,
        /// The power factor when it takes the least reactive power.
        ev_under_excited_power_factor: Decimal,
        /// VA at most, both sides considered.
        max_apparent_power: Decimal,
        /// VA taken at most: of all phases, or of the first if the others follow.
        max_charge_apparent_power: Decimal,
        /// Of phase L2.
        max_charge_apparent_power_l2: Decimal = "maxChargeApparentPower_L2",
        /// Of phase L3.
        max_charge_apparent_power_l3: Decimal = "maxChargeApparentPower_L3",
        /// VA given at most: of all phases, or of the first if the others follow.
        max_discharge_apparent_power: Decimal,
        /// Of phase L2.
        max_discharge_apparent_power_l2: Decimal = "maxDischargeApparentPower_L2",
        /// Of phase L3.
        max_discharge_apparent_power_l3: Decimal = "maxDischargeApparentPower_L3",
        /// var taken at most: of all phases, or of the first if the others follow.
        max_charge_reactive_power: Decimal,
        /// Of phase L2.
        max_charge_reactive_power_l2: Decimal = "maxChargeReactivePower_L2",
        /// Of phase L3.
        max_charge_reactive_power_l3: Decimal = "maxChargeReactivePower_L3",
        /// var taken at least: of all phases, or of the first if the others follow.
        min_charge_reactive_power: Decimal,
        /// Of phase L2.
        min_charge_reactive_power_l2: Decimal = "minChargeReactivePower_L2",
        /// Of phase L3.
        min_charge_reactive_power_l3: Decimal = "minChargeReactivePower_L3",
        /// var given at most: of all phases, or of the first if the others follow.
        max_discharge_reactive_power: Decimal,
        /// Of phase L2.
        max_discharge_reactive_power_l2: Decimal = "maxDischargeReactivePower_L2",
        /// Of phase L3.
        max_discharge_reactive_power_l3: Decimal = "maxDischargeReactivePower_L3",
        /// var given at least: of all phases, or of the first if the others follow.
        min_discharge_reactive_power: Decimal,
        /// Of phase L2.
        min_discharge_reactive_power_l2: Decimal = "minDischargeReactivePower_L2",
        /// Of phase L3.
        min_discharge_reactive_power_l3: Decimal = "minDischargeReactivePower_L3",
        /// V of the line that both sides work with.
        nominal_voltage: Decimal,
        /// V by which the station's voltage differs from that at the point of common coupling.
        nominal_voltage_offset: Decimal,
        /// V at most.
        max_nominal_voltage: Decimal,
        /// V at least.
        min_nominal_voltage: Decimal,
        /// Who built the car's inverter.
        ev_inverter_manufacturer: Text [..=50],
        /// Its model.
        ev_inverter_model: Text [..=50],
        /// Its number.
        ev_inverter_serial_number: Text [..=50],
        /// Its software.
        ev_inverter_sw_version: Text [..=50],
        /// Its hardware.
        ev_inverter_hw_version: Text [..=50],
        /// How it notices that the grid is gone.
        ev_islanding_detection_method: Vec<IslandingDetection> [1..],
        /// Seconds until it switches off then.
        ev_islanding_trip_time: Decimal,
        /// A of direct current that it may let into the grid at level 1.
        ev_maximum_level1_dc_injection: Decimal = "evMaximumLevel1DCInjection",
        /// Seconds that this may last.
        ev_duration_level1_dc_injection: Decimal = "evDurationLevel1DCInjection",
        /// A of direct current that it may let into the grid at level 2.
        ev_maximum_level2_dc_injection: Decimal = "evMaximumLevel2DCInjection",
        /// Seconds that this may last.
        ev_duration_level2_dc_injection: Decimal = "evDurationLevel2DCInjection",
        /// Siemens of reactive susceptance.
        ev_reactive_susceptance: Decimal,
        /// Wh that the car is ready to give in the whole session.
        ev_session_total_discharge_energy_available: Decimal,
    }

    /// A price that the car asks from one power on.
    EvPriceRule {
        /// Per kWh.
        energy_fee: Decimal,
        /// W from which on it holds, up to the next rule's; negative when the car gives.
        power_range_start: Decimal,
    }

    /// The prices of one span.
    EvAbsolutePriceScheduleEntry {
        /// Seconds.
        duration: i32,
        /// Prices by power.
        ev_price_rule: Vec<EvPriceRule> [1..=8],
    }

    /// What the car asks for its energy.
    EvAbsolutePriceSchedule {
        /// When the first span begins.
        time_anchor: DateTime,
        /// ISO 4217.
        currency: Text [..=3],
        /// The spans, one after the other.
        ev_absolute_price_schedule_entries: Vec<EvAbsolutePriceScheduleEntry> [1..=1024],
        /// How prices are made from the entries, as ISO 15118-20 names it.
        price_algorithm: Text [..=2000],
    }

    /// The power of one span.
    EvPowerScheduleEntry {
        /// Seconds.
        duration: i32,
        /// W at most; negative when the car gives, positive when it offers nothing.
        power: Decimal,
    }

    /// The power that the car offers over time.
    EvPowerSchedule {
        /// The spans, one after the other.
        ev_power_schedule_entries: Vec<EvPowerScheduleEntry> [1..=1024],
        /// When the first span begins.
        time_anchor: DateTime,
    }

    /// What a car offers to give, and for how much.
    EvEnergyOffer {
        /// The power over time.
        ev_power_schedule: EvPowerSchedule;
        /// The prices over time.
        ev_absolute_price_schedule: EvAbsolutePriceSchedule,
    }

    /// The limits of charging and discharging on which car and EVSE agreed (ISO 15118-20).
    V2XChargingParameters {
        ;
        /// W taken at least: of all phases, or of the first if the others follow.
        min_charge_power: Decimal,
        /// Of phase L2.
        min_charge_power_l2: Decimal = "minChargePower_L2",
        /// Of phase L3.
        min_charge_power_l3: Decimal = "minChargePower_L3",
        /// W taken at most: of all phases, or of the first if the others follow.
        max_charge_power: Decimal,
        /// Of phase L2.
        max_charge_power_l2: Decimal = "maxChargePower_L2",
        /// Of phase L3.
        max_charge_power_l3: Decimal = "maxChargePower_L3",
        /// W given at least, as a positive number: of all phases, or of the first if the others follow.
        min_discharge_power: Decimal,
        /// Of phase L2.
        min_discharge_power_l2: Decimal = "minDischargePower_L2",
        /// Of phase L3.
        min_discharge_power_l3: Decimal = "minDischargePower_L3",
        /// W given at most, as a positive number: of all phases, or of the first if the others follow.
        max_discharge_power: Decimal,
        /// Of phase L2.
        max_discharge_power_l2: Decimal = "maxDischargePower_L2",
        /// Of phase L3.
        max_discharge_power_l3: Decimal = "maxDischargePower_L3",
        /// A taken at least.
        min_charge_current: Decimal,
        /// A taken at most.
        max_charge_current: Decimal,
        /// A given at least, as a positive number.
        min_discharge_current: Decimal,
        /// A given at most, as a positive number.
        max_discharge_current: Decimal,
        /// V at least.
        min_voltage: Decimal,
        /// V at most.
        max_voltage: Decimal,
        /// Wh until the charge that the driver wants.
        ev_target_energy_request: Decimal,
        /// Wh until the least charge that is allowed.
        ev_min_energy_request: Decimal,
        /// Wh until the battery is full.
        ev_max_energy_request: Decimal,
        /// Wh until the range that may be cycled begins; positive below it.
        ev_min_v2x_energy_request: Decimal = "evMinV2XEnergyRequest",
        /// Wh until the range that may be cycled ends; negative above it.
        ev_max_v2x_energy_request: Decimal = "evMaxV2XEnergyRequest",
        /// Percent of charge at departure.
        target_soc: i32 [0..=100] = "targetSoC",
    }

    /// What a car needs, and by when (K15 to K20).
    ChargingNeeds {
        /// The kind of energy transfer that it asks for.
        requested_energy_transfer: EnergyTransferMode;
        /// Of alternating current.
        ac_charging_parameters: AcChargingParameters,
        /// Of the inverter's grid services.
        der_charging_parameters: DerChargingParameters [V21],
        /// What it offers to give.
        ev_energy_offer: EvEnergyOffer [V21],
        /// Of direct current.
        dc_charging_parameters: DcChargingParameters,
        /// In both directions.
        v2x_charging_parameters: V2XChargingParameters [V21],
        /// The kinds that it could use.
        available_energy_transfer: Vec<EnergyTransferMode> [V21 1..],
        /// Whether it follows schedules or setpoints; schedules if absent.
        control_mode: ControlMode [V21],
        /// Who sets its goals.
        mobility_needs_mode: MobilityNeedsMode [V21],
        /// When it wants to leave.
        departure_time: DateTime,
    }
}

messages! { structs:
    /// Tells what a car needs (K15 to K20).
    NotifyEVChargingNeeds (Station, "Smart Charging")
    NotifyEVChargingNeedsRequest {
        /// Where it is.
        evse_id: i32 [1..] [V201 ..],
        /// What it needs.
        charging_needs: ChargingNeeds;
        /// How many steps of power or price it can take in one schedule (K15.FR.07).
        max_schedule_tuples: i32 [0..] [V201 ..],
        /// When it told; for needs that came while there was no connection (K15.FR.20).
        timestamp: DateTime [V21],
    }
    NotifyEVChargingNeedsResponse {
        /// Whether the CSMS will answer with a schedule.
        status: NotifyEvChargingNeedsStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// Tells what a car plans to do (K15 to K19).
    NotifyEVChargingSchedule (Station, "Smart Charging")
    NotifyEVChargingScheduleRequest {
        /// The time that the schedule's times are counted from.
        time_base: DateTime,
        /// The plan.
        charging_schedule: ChargingSchedule,
        /// Where the car is.
        evse_id: i32 [1..] [V201 ..];
        /// Which of the schedules that it was given it chose.
        selected_charging_schedule_id: i32 [V21 0..],
        /// Whether the car accepts the schedule's tolerance of power (ISO 15118-20).
        power_tolerance_acceptance: bool [V21],
    }
    NotifyEVChargingScheduleResponse { => GenericStatus }
}
