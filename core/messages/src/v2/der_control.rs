//! Functional block R: DER

use alloc::vec::Vec;

use super::{DerControl, StatusInfo};
use crate::{DateTime, Decimal, Text};

enums! {
    /// DOC
    PowerDuringCessation { Active, Reactive }

    /// DOC
    DerUnit { NotApplicable = "Not_Applicable", PctMaxW, PctMaxVar, PctWAvail, PctVarAvail, PctEffectiveV }

    /// DOC
    DerControlStatus { Accepted, Rejected, NotSupported, NotFound }

    /// DOC
    GridEventFault {
        CurrentImbalance, LocalEmergency, LowInputPower, OverCurrent, OverFrequency, OverVoltage, PhaseRotation,
        RemoteEmergency, UnderFrequency, UnderVoltage, VoltageImbalance,
    }
}

structs! {
    /// DOC
    DerCurvePoints {
        /// DOC
        x: Decimal,
        /// DOC
        y: Decimal,
    }

    /// DOC
    Hysteresis {
        ;
        /// DOC
        hysteresis_high: Decimal,
        /// DOC
        hysteresis_low: Decimal,
        /// DOC
        hysteresis_delay: Decimal,
        /// DOC
        hysteresis_gradient: Decimal,
    }

    /// DOC
    ReactivePowerParams {
        ;
        /// DOC
        v_ref: Decimal,
        /// DOC
        autonomous_v_ref_enable: bool,
        /// DOC
        autonomous_v_ref_time_constant: Decimal,
    }

    /// DOC
    VoltageParams {
        ;
        /// DOC
        hv10_min_mean_value: Decimal,
        /// DOC
        hv10_min_mean_trip_delay: Decimal,
        /// DOC
        power_during_cessation: PowerDuringCessation,
    }

    /// DOC
    DerCurve {
        /// DOC
        curve_data: Vec<DerCurvePoints> [1..=10],
        /// DOC
        priority: i32 [0..],
        /// DOC
        y_unit: DerUnit;
        /// DOC
        hysteresis: Hysteresis,
        /// DOC
        reactive_power_params: ReactivePowerParams,
        /// DOC
        voltage_params: VoltageParams,
        /// DOC
        response_time: Decimal,
        /// DOC
        start_time: DateTime,
        /// DOC
        duration: Decimal,
    }

    /// DOC
    EnterService {
        /// DOC
        priority: i32 [0..],
        /// DOC
        high_voltage: Decimal,
        /// DOC
        low_voltage: Decimal,
        /// DOC
        high_freq: Decimal,
        /// DOC
        low_freq: Decimal;
        /// DOC
        delay: Decimal,
        /// DOC
        random_delay: Decimal,
        /// DOC
        ramp_rate: Decimal,
    }

    /// DOC
    FixedPf {
        /// DOC
        priority: i32 [0..],
        /// DOC
        displacement: Decimal,
        /// DOC
        excitation: bool;
        /// DOC
        start_time: DateTime,
        /// DOC
        duration: Decimal,
    }

    /// DOC
    FixedVar {
        /// DOC
        priority: i32 [0..],
        /// DOC
        setpoint: Decimal,
        /// DOC
        unit: DerUnit;
        /// DOC
        start_time: DateTime,
        /// DOC
        duration: Decimal,
    }

    /// DOC
    FreqDroop {
        /// DOC
        priority: i32 [0..],
        /// DOC
        over_freq: Decimal,
        /// DOC
        under_freq: Decimal,
        /// DOC
        over_droop: Decimal,
        /// DOC
        under_droop: Decimal,
        /// DOC
        response_time: Decimal;
        /// DOC
        start_time: DateTime,
        /// DOC
        duration: Decimal,
    }

    /// DOC
    Gradient {
        /// DOC
        priority: i32 [0..],
        /// DOC
        gradient: Decimal,
        /// DOC
        soft_gradient: Decimal,
    }

    /// DOC
    LimitMaxDischarge {
        /// DOC
        priority: i32 [0..];
        /// DOC
        pct_max_discharge_power: Decimal,
        /// DOC
        power_monitoring_must_trip: DerCurve,
        /// DOC
        start_time: DateTime,
        /// DOC
        duration: Decimal,
    }

    /// DOC
    DerCurveGet {
        /// DOC
        curve: DerCurve,
        /// DOC
        id: Text [..=36],
        /// DOC
        curve_type: DerControl,
        /// DOC
        is_default: bool,
        /// DOC
        is_superseded: bool,
    }

    /// DOC
    EnterServiceGet {
        /// DOC
        enter_service: EnterService,
        /// DOC
        id: Text [..=36],
    }

    /// DOC
    FixedPfGet {
        /// DOC
        fixed_pf: FixedPf = "fixedPF",
        /// DOC
        id: Text [..=36],
        /// DOC
        is_default: bool,
        /// DOC
        is_superseded: bool,
    }

    /// DOC
    FixedVarGet {
        /// DOC
        fixed_var: FixedVar,
        /// DOC
        id: Text [..=36],
        /// DOC
        is_default: bool,
        /// DOC
        is_superseded: bool,
    }

    /// DOC
    FreqDroopGet {
        /// DOC
        freq_droop: FreqDroop,
        /// DOC
        id: Text [..=36],
        /// DOC
        is_default: bool,
        /// DOC
        is_superseded: bool,
    }

    /// DOC
    GradientGet {
        /// DOC
        gradient: Gradient,
        /// DOC
        id: Text [..=36],
    }

    /// DOC
    LimitMaxDischargeGet {
        /// DOC
        id: Text [..=36],
        /// DOC
        is_default: bool,
        /// DOC
        is_superseded: bool,
        /// DOC
        limit_max_discharge: LimitMaxDischarge,
    }
}

messages! { structs:
    /// DOC
    SetDERControl (Csms, "DERControl", V21)
    SetDERControlRequest {
        /// DOC
        is_default: bool,
        /// DOC
        control_id: Text [..=36],
        /// DOC
        control_type: DerControl;
        /// DOC
        curve: DerCurve,
        /// DOC
        enter_service: EnterService,
        /// DOC
        fixed_pf_absorb: FixedPf = "fixedPFAbsorb",
        /// DOC
        fixed_pf_inject: FixedPf = "fixedPFInject",
        /// DOC
        fixed_var: FixedVar,
        /// DOC
        freq_droop: FreqDroop,
        /// DOC
        gradient: Gradient,
        /// DOC
        limit_max_discharge: LimitMaxDischarge,
    }
    SetDERControlResponse {
        /// DOC
        status: DerControlStatus;
        /// DOC
        status_info: StatusInfo,
        /// DOC
        superseded_ids: Vec<Text> [1..=24; ..=36],
    }

    /// DOC
    GetDERControl (Csms, "DERControl", V21)
    GetDERControlRequest {
        /// DOC
        request_id: i32;
        /// DOC
        is_default: bool,
        /// DOC
        control_type: DerControl,
        /// DOC
        control_id: Text [..=36],
    }
    GetDERControlResponse {
        /// DOC
        status: DerControlStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    ReportDERControl (Station, "DERControl", V21)
    ReportDERControlRequest {
        /// DOC
        request_id: i32;
        /// DOC
        curve: Vec<DerCurveGet> [1..=24],
        /// DOC
        enter_service: Vec<EnterServiceGet> [1..=24],
        /// DOC
        fixed_pf_absorb: Vec<FixedPfGet> [1..=24] = "fixedPFAbsorb",
        /// DOC
        fixed_pf_inject: Vec<FixedPfGet> [1..=24] = "fixedPFInject",
        /// DOC
        fixed_var: Vec<FixedVarGet> [1..=24],
        /// DOC
        freq_droop: Vec<FreqDroopGet> [1..=24],
        /// DOC
        gradient: Vec<GradientGet> [1..=24],
        /// DOC
        limit_max_discharge: Vec<LimitMaxDischargeGet> [1..=24],
        /// DOC
        tbc: bool,
    }
    ReportDERControlResponse {}

    /// DOC
    ClearDERControl (Csms, "DERControl", V21)
    ClearDERControlRequest {
        /// DOC
        is_default: bool;
        /// DOC
        control_type: DerControl,
        /// DOC
        control_id: Text [..=36],
    }
    ClearDERControlResponse {
        /// DOC
        status: DerControlStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    NotifyDERStartStop (Station, "DERControl", V21)
    NotifyDERStartStopRequest {
        /// DOC
        control_id: Text [..=36],
        /// DOC
        started: bool,
        /// DOC
        timestamp: DateTime;
        /// DOC
        superseded_ids: Vec<Text> [1..=24; ..=36],
    }
    NotifyDERStartStopResponse {}

    /// DOC
    NotifyDERAlarm (Station, "DERControl", V21)
    NotifyDERAlarmRequest {
        /// DOC
        control_type: DerControl,
        /// DOC
        timestamp: DateTime;
        /// DOC
        grid_event_fault: GridEventFault,
        /// DOC
        alarm_ended: bool,
        /// DOC
        extra_info: Text [..=200],
    }
    NotifyDERAlarmResponse {}
}
