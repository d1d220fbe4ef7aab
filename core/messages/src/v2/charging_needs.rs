//! Functional block K: what the car needs and plans (ISO 15118).

use alloc::vec::Vec;

use super::{ChargingSchedule, EnergyTransferMode, GenericStatus, StatusInfo};
use crate::{DateTime, Decimal, Text};

enums! {
    /// DOC
    DerControl {
        EnterService, FreqDroop, FreqWatt, FixedPFAbsorb, FixedPFInject, FixedVar, Gradients, HFMustTrip, HFMayTrip,
        HVMustTrip, HVMomCess, HVMayTrip, LimitMaxDischarge, LFMustTrip, LVMustTrip, LVMomCess, LVMayTrip,
        PowerMonitoringMustTrip, VoltVar, VoltWatt, WattPF, WattVar,
    }

    /// DOC
    IslandingDetection {
        NoAntiIslandingSupport, RoCoF, UVPOVP = "UVP_OVP", UFPOFP = "UFP_OFP", VoltageVectorShift,
        ZeroCrossingDetection, OtherPassive, ImpedanceMeasurement, ImpedanceAtFrequency, SlipModeFrequencyShift,
        SandiaFrequencyShift, SandiaVoltageShift, FrequencyJump, RCLQFactor, OtherActive,
    }

    /// DOC
    ControlMode { ScheduledControl, DynamicControl }

    /// DOC
    MobilityNeedsMode { EVCC, EVCCSECC = "EVCC_SECC" }

    /// DOC
    NotifyEvChargingNeedsStatus { Accepted, Rejected, Processing, NoChargingProfile [V21] }
}

structs! {
    /// DOC
    AcChargingParameters {
        /// DOC
        energy_amount: Decimal [V201 whole],
        /// DOC
        ev_min_current: Decimal [V201 whole],
        /// DOC
        ev_max_current: Decimal [V201 whole],
        /// DOC
        ev_max_voltage: Decimal [V201 whole],
    }

    /// DOC
    DcChargingParameters {
        /// DOC
        ev_max_current: Decimal [V201 whole],
        /// DOC
        ev_max_voltage: Decimal [V201 whole];
        /// DOC
        ev_max_power: Decimal [V201 whole],
        /// DOC
        ev_energy_capacity: Decimal [V201 whole],
        /// DOC
        energy_amount: Decimal [V201 whole],
        /// DOC
        state_of_charge: i32 [0..=100],
        /// DOC
        full_so_c: i32 [0..=100],
        /// DOC
        bulk_so_c: i32 [0..=100],
    }

    /// DOC
    DerChargingParameters {
        ;
        /// DOC
        ev_supported_der_control: Vec<DerControl> [1..] = "evSupportedDERControl",
        /// DOC
        ev_over_excited_max_discharge_power: Decimal,
        /// DOC
        ev_over_excited_power_factor: Decimal,
        /// DOC
        ev_under_excited_max_discharge_power: Decimal,
        /// DOC
        ev_under_excited_power_factor: Decimal,
        /// DOC
        max_apparent_power: Decimal,
        /// DOC
        max_charge_apparent_power: Decimal,
        /// DOC
        max_charge_apparent_power_l2: Decimal = "maxChargeApparentPower_L2",
        /// DOC
        max_charge_apparent_power_l3: Decimal = "maxChargeApparentPower_L3",
        /// DOC
        max_discharge_apparent_power: Decimal,
        /// DOC
        max_discharge_apparent_power_l2: Decimal = "maxDischargeApparentPower_L2",
        /// DOC
        max_discharge_apparent_power_l3: Decimal = "maxDischargeApparentPower_L3",
        /// DOC
        max_charge_reactive_power: Decimal,
        /// DOC
        max_charge_reactive_power_l2: Decimal = "maxChargeReactivePower_L2",
        /// DOC
        max_charge_reactive_power_l3: Decimal = "maxChargeReactivePower_L3",
        /// DOC
        min_charge_reactive_power: Decimal,
        /// DOC
        min_charge_reactive_power_l2: Decimal = "minChargeReactivePower_L2",
        /// DOC
        min_charge_reactive_power_l3: Decimal = "minChargeReactivePower_L3",
        /// DOC
        max_discharge_reactive_power: Decimal,
        /// DOC
        max_discharge_reactive_power_l2: Decimal = "maxDischargeReactivePower_L2",
        /// DOC
        max_discharge_reactive_power_l3: Decimal = "maxDischargeReactivePower_L3",
        /// DOC
        min_discharge_reactive_power: Decimal,
        /// DOC
        min_discharge_reactive_power_l2: Decimal = "minDischargeReactivePower_L2",
        /// DOC
        min_discharge_reactive_power_l3: Decimal = "minDischargeReactivePower_L3",
        /// DOC
        nominal_voltage: Decimal,
        /// DOC
        nominal_voltage_offset: Decimal,
        /// DOC
        max_nominal_voltage: Decimal,
        /// DOC
        min_nominal_voltage: Decimal,
        /// DOC
        ev_inverter_manufacturer: Text [..=50],
        /// DOC
        ev_inverter_model: Text [..=50],
        /// DOC
        ev_inverter_serial_number: Text [..=50],
        /// DOC
        ev_inverter_sw_version: Text [..=50],
        /// DOC
        ev_inverter_hw_version: Text [..=50],
        /// DOC
        ev_islanding_detection_method: Vec<IslandingDetection> [1..],
        /// DOC
        ev_islanding_trip_time: Decimal,
        /// DOC
        ev_maximum_level1_dc_injection: Decimal = "evMaximumLevel1DCInjection",
        /// DOC
        ev_duration_level1_dc_injection: Decimal = "evDurationLevel1DCInjection",
        /// DOC
        ev_maximum_level2_dc_injection: Decimal = "evMaximumLevel2DCInjection",
        /// DOC
        ev_duration_level2_dc_injection: Decimal = "evDurationLevel2DCInjection",
        /// DOC
        ev_reactive_susceptance: Decimal,
        /// DOC
        ev_session_total_discharge_energy_available: Decimal,
    }

    /// DOC
    EvPriceRule {
        /// DOC
        energy_fee: Decimal,
        /// DOC
        power_range_start: Decimal,
    }

    /// DOC
    EvAbsolutePriceScheduleEntry {
        /// DOC
        duration: i32,
        /// DOC
        ev_price_rule: Vec<EvPriceRule> [1..=8],
    }

    /// DOC
    EvAbsolutePriceSchedule {
        /// DOC
        time_anchor: DateTime,
        /// DOC
        currency: Text [..=3],
        /// DOC
        ev_absolute_price_schedule_entries: Vec<EvAbsolutePriceScheduleEntry> [1..=1024],
        /// DOC
        price_algorithm: Text [..=2000],
    }

    /// DOC
    EvPowerScheduleEntry {
        /// DOC
        duration: i32,
        /// DOC
        power: Decimal,
    }

    /// DOC
    EvPowerSchedule {
        /// DOC
        ev_power_schedule_entries: Vec<EvPowerScheduleEntry> [1..=1024],
        /// DOC
        time_anchor: DateTime,
    }

    /// DOC
    EvEnergyOffer {
        /// DOC
        ev_power_schedule: EvPowerSchedule;
        /// DOC
        ev_absolute_price_schedule: EvAbsolutePriceSchedule,
    }

    /// DOC
    V2XChargingParameters {
        ;
        /// DOC
        min_charge_power: Decimal,
        /// DOC
        min_charge_power_l2: Decimal = "minChargePower_L2",
        /// DOC
        min_charge_power_l3: Decimal = "minChargePower_L3",
        /// DOC
        max_charge_power: Decimal,
        /// DOC
        max_charge_power_l2: Decimal = "maxChargePower_L2",
        /// DOC
        max_charge_power_l3: Decimal = "maxChargePower_L3",
        /// DOC
        min_discharge_power: Decimal,
        /// DOC
        min_discharge_power_l2: Decimal = "minDischargePower_L2",
        /// DOC
        min_discharge_power_l3: Decimal = "minDischargePower_L3",
        /// DOC
        max_discharge_power: Decimal,
        /// DOC
        max_discharge_power_l2: Decimal = "maxDischargePower_L2",
        /// DOC
        max_discharge_power_l3: Decimal = "maxDischargePower_L3",
        /// DOC
        min_charge_current: Decimal,
        /// DOC
        max_charge_current: Decimal,
        /// DOC
        min_discharge_current: Decimal,
        /// DOC
        max_discharge_current: Decimal,
        /// DOC
        min_voltage: Decimal,
        /// DOC
        max_voltage: Decimal,
        /// DOC
        ev_target_energy_request: Decimal,
        /// DOC
        ev_min_energy_request: Decimal,
        /// DOC
        ev_max_energy_request: Decimal,
        /// DOC
        ev_min_v2_x_energy_request: Decimal,
        /// DOC
        ev_max_v2_x_energy_request: Decimal,
        /// DOC
        target_so_c: i32 [0..=100],
    }

    /// DOC
    ChargingNeeds {
        /// DOC
        requested_energy_transfer: EnergyTransferMode;
        /// DOC
        ac_charging_parameters: AcChargingParameters,
        /// DOC
        der_charging_parameters: DerChargingParameters [V21],
        /// DOC
        ev_energy_offer: EvEnergyOffer [V21],
        /// DOC
        dc_charging_parameters: DcChargingParameters,
        /// DOC
        v2x_charging_parameters: V2XChargingParameters [V21],
        /// DOC
        available_energy_transfer: Vec<EnergyTransferMode> [V21 1..],
        /// DOC
        control_mode: ControlMode [V21],
        /// DOC
        mobility_needs_mode: MobilityNeedsMode [V21],
        /// DOC
        departure_time: DateTime,
    }
}

messages! { structs:
    /// DOC
    NotifyEVChargingNeeds (Station, "SmartCharging")
    NotifyEVChargingNeedsRequest {
        /// DOC
        evse_id: i32 [1..] [V201 ..],
        /// DOC
        charging_needs: ChargingNeeds;
        /// DOC
        max_schedule_tuples: i32 [0..] [V201 ..],
        /// DOC
        timestamp: DateTime [V21],
    }
    NotifyEVChargingNeedsResponse {
        /// DOC
        status: NotifyEvChargingNeedsStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    NotifyEVChargingSchedule (Station, "SmartCharging")
    NotifyEVChargingScheduleRequest {
        /// DOC
        time_base: DateTime,
        /// DOC
        charging_schedule: ChargingSchedule,
        /// DOC
        evse_id: i32 [1..] [V201 ..];
        /// DOC
        selected_charging_schedule_id: i32 [V21 0..],
        /// DOC
        power_tolerance_acceptance: bool [V21],
    }
    NotifyEVChargingScheduleResponse {
        /// DOC
        status: GenericStatus;
        /// DOC
        status_info: StatusInfo,
    }
}
