//! Functional block R: control of distributed energy resources, such as cars that feed the grid.

use alloc::vec::Vec;

use super::{DerControl, StatusInfo};
use crate::{DateTime, Decimal, Text};

enums! {
    /// Which power goes on while a car rides through a voltage fault.
    PowerDuringCessation { Active, Reactive }

    /// What a control's value is a percentage of.
    DerUnit { NotApplicable = "Not_Applicable", PctMaxW, PctMaxVar, PctWAvail, PctVarAvail, PctEffectiveV }

    /// What the station makes of a control (R04).
    DerControlStatus { Accepted, Rejected, NotSupported, NotFound }

    /// The fault of the grid that an alarm is about.
    GridEventFault {
        CurrentImbalance, LocalEmergency, LowInputPower, OverCurrent, OverFrequency, OverVoltage, PhaseRotation,
        RemoteEmergency, UnderFrequency, UnderVoltage, VoltageImbalance,
    }
}

structs! {
    /// A point of a curve; what x counts follows from the kind of control.
    DerCurvePoints {
        /// Voltage, frequency, power or time.
        x: Decimal,
        /// In the curve's unit; of a power factor, positive where reactive power is taken.
        y: Decimal,
    }

    /// How to come back to normal after a fault.
    Hysteresis {
        ;
        /// The upper value for it, in the curve's unit.
        hysteresis_high: Decimal,
        /// The lower value for it, in the curve's unit.
        hysteresis_low: Decimal,
        /// Seconds between both values before it happens.
        hysteresis_delay: Decimal,
        /// Percent per second at which power comes back.
        hysteresis_gradient: Decimal,
    }

    /// What belongs to a `VoltVar` curve alone.
    ReactivePowerParams {
        ;
        /// Percent by which the curve's voltages are shifted.
        v_ref: Decimal,
        /// Whether the car shifts them by itself.
        autonomous_v_ref_enable: bool,
        /// The time constant of that shift.
        autonomous_v_ref_time_constant: Decimal,
    }

    /// What belongs to voltage curves alone (EN 50549-1).
    VoltageParams {
        ;
        /// The mean voltage of ten minutes that must not be exceeded for long.
        hv10_min_mean_value: Decimal,
        /// Seconds that it may be exceeded; then the car must switch off.
        hv10_min_mean_trip_delay: Decimal,
        /// The power that goes on while it rides through a fault.
        power_during_cessation: PowerDuringCessation,
    }

    /// A control that is a curve.
    DerCurve {
        /// Its points.
        curve_data: Vec<DerCurvePoints> [1..=10],
        /// Its rank; 0 is the highest.
        priority: i32 [0..],
        /// What y counts.
        y_unit: DerUnit;
        /// How to come back to normal.
        hysteresis: Hysteresis,
        /// What belongs to `VoltVar`.
        reactive_power_params: ReactivePowerParams,
        /// What belongs to voltage curves.
        voltage_params: VoltageParams,
        /// Seconds to come within a tenth of a new value; 0 is no limit, the car's own if absent.
        response_time: Decimal,
        /// From when on it holds; absent for defaults.
        start_time: DateTime,
        /// Seconds that it holds; absent for defaults.
        duration: Decimal,
    }

    /// When the inverter may feed the grid again after it switched off; a default only.
    EnterService {
        /// Its rank; 0 is the highest.
        priority: i32 [0..],
        /// V at most.
        high_voltage: Decimal,
        /// V at least.
        low_voltage: Decimal,
        /// Hz at most.
        high_freq: Decimal,
        /// Hz at least.
        low_freq: Decimal;
        /// Seconds to wait.
        delay: Decimal,
        /// Seconds at most that are waited by chance besides.
        random_delay: Decimal,
        /// Seconds to come back to full power.
        ramp_rate: Decimal,
    }

    /// A fixed power factor.
    FixedPf {
        /// Its rank; 0 is the highest.
        priority: i32 [0..],
        /// The power factor, from 0 to 1.
        displacement: Decimal,
        /// Whether reactive power is taken (under-excited) or given (over-excited).
        excitation: bool;
        /// From when on it holds; absent for defaults.
        start_time: DateTime,
        /// Seconds that it holds; absent for defaults.
        duration: Decimal,
    }

    /// A fixed reactive power.
    FixedVar {
        /// Its rank; 0 is the highest.
        priority: i32 [0..],
        /// Percent, from -100 to 100; negative when charging.
        setpoint: Decimal,
        /// Of what.
        unit: DerUnit;
        /// From when on it holds; absent for defaults.
        start_time: DateTime,
        /// Seconds that it holds; absent for defaults.
        duration: Decimal,
    }

    /// Power that follows the frequency once it leaves its range.
    FreqDroop {
        /// Its rank; 0 is the highest.
        priority: i32 [0..],
        /// Hz from which on power falls.
        over_freq: Decimal,
        /// Hz below which power rises.
        under_freq: Decimal,
        /// How steeply above, per unit.
        over_droop: Decimal,
        /// How steeply below, per unit.
        under_droop: Decimal,
        /// Seconds to follow.
        response_time: Decimal;
        /// From when on it holds; absent for defaults.
        start_time: DateTime,
        /// Seconds that it holds; absent for defaults.
        duration: Decimal,
    }

    /// How fast power may change; a default only.
    Gradient {
        /// Its rank; 0 is the highest.
        priority: i32 [0..],
        /// Seconds of a change; 0 if it does not apply.
        gradient: Decimal,
        /// Seconds of a soft start; 0 if it does not apply.
        soft_gradient: Decimal,
    }

    /// A limit of what the car gives.
    LimitMaxDischarge {
        /// Its rank; 0 is the highest.
        priority: i32 [0..];
        /// Percent of the rated power from which on the curve below holds.
        pct_max_discharge_power: Decimal,
        /// Percent of the rated power over seconds; beyond it the car must switch off.
        power_monitoring_must_trip: DerCurve,
        /// From when on it holds; absent for defaults.
        start_time: DateTime,
        /// Seconds that it holds; absent for defaults.
        duration: Decimal,
    }

    /// A curve, as the station keeps it.
    DerCurveGet {
        /// The curve.
        curve: DerCurve,
        /// Its number.
        id: Text [..=36],
        /// Which kind of control.
        curve_type: DerControl,
        /// Whether it is a default.
        is_default: bool,
        /// Whether one of a higher rank has taken its place.
        is_superseded: bool,
    }

    /// When the car may feed again, as the station keeps it.
    EnterServiceGet {
        /// The setting.
        enter_service: EnterService,
        /// Its number.
        id: Text [..=36],
    }

    /// A fixed power factor, as the station keeps it.
    FixedPfGet {
        /// The setting.
        fixed_pf: FixedPf = "fixedPF",
        /// Its number.
        id: Text [..=36],
        /// Whether it is a default.
        is_default: bool,
        /// Whether one of a higher rank has taken its place.
        is_superseded: bool,
    }

    /// A fixed reactive power, as the station keeps it.
    FixedVarGet {
        /// The setting.
        fixed_var: FixedVar,
        /// Its number.
        id: Text [..=36],
        /// Whether it is a default.
        is_default: bool,
        /// Whether one of a higher rank has taken its place.
        is_superseded: bool,
    }

    /// A droop, as the station keeps it.
    FreqDroopGet {
        /// The setting.
        freq_droop: FreqDroop,
        /// Its number.
        id: Text [..=36],
        /// Whether it is a default.
        is_default: bool,
        /// Whether one of a higher rank has taken its place.
        is_superseded: bool,
    }

    /// A gradient, as the station keeps it.
    GradientGet {
        /// The setting.
        gradient: Gradient,
        /// Its number.
        id: Text [..=36],
    }

    /// A limit of discharging, as the station keeps it.
    LimitMaxDischargeGet {
        /// Its number.
        id: Text [..=36],
        /// Whether it is a default.
        is_default: bool,
        /// Whether one of a higher rank has taken its place.
        is_superseded: bool,
        /// The setting.
        limit_max_discharge: LimitMaxDischarge,
    }
}

messages! { structs:
    /// Sets a control, one of the settings by its kind (R04).
    SetDERControl (Csms, "DER Control", V21)
    SetDERControlRequest {
        /// Whether it holds when no other does.
        is_default: bool,
        /// Its number, unique for ever.
        control_id: Text [..=36],
        /// Which kind of control; says which of the settings is there.
        control_type: DerControl;
        /// A curve.
        curve: DerCurve,
        /// When the car may feed again.
        enter_service: EnterService,
        /// The power factor while the car takes power.
        fixed_pf_absorb: FixedPf = "fixedPFAbsorb",
        /// The power factor while the car gives power.
        fixed_pf_inject: FixedPf = "fixedPFInject",
        /// The reactive power.
        fixed_var: FixedVar,
        /// The droop.
        freq_droop: FreqDroop,
        /// How fast power may change.
        gradient: Gradient,
        /// The limit of discharging.
        limit_max_discharge: LimitMaxDischarge,
    }
    SetDERControlResponse {
        /// The verdict.
        status: DerControlStatus;
        /// Why.
        status_info: StatusInfo,
        /// The controls whose place it takes; its own number if one of a higher rank holds (R04.FR.08).
        superseded_ids: Vec<Text> [1..=24; ..=36],
    }

    /// Asks for the controls that are set (R04).
    GetDERControl (Csms, "DER Control", V21)
    GetDERControlRequest {
        /// Comes back in every part of the report.
        request_id: i32;
        /// Of defaults, or of others, only.
        is_default: bool,
        /// Of this kind only.
        control_type: DerControl,
        /// This one only.
        control_id: Text [..=36],
    }
    GetDERControlResponse {
        /// Whether a report follows.
        status: DerControlStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// One part of the report of controls (R04).
    ReportDERControl (Station, "DER Control", V21)
    ReportDERControlRequest {
        /// The request that it answers.
        request_id: i32;
        /// Curves.
        curve: Vec<DerCurveGet> [1..=24],
        /// When the car may feed again.
        enter_service: Vec<EnterServiceGet> [1..=24],
        /// Power factors while the car takes power.
        fixed_pf_absorb: Vec<FixedPfGet> [1..=24] = "fixedPFAbsorb",
        /// Power factors while the car gives power.
        fixed_pf_inject: Vec<FixedPfGet> [1..=24] = "fixedPFInject",
        /// Reactive powers.
        fixed_var: Vec<FixedVarGet> [1..=24],
        /// Droops.
        freq_droop: Vec<FreqDroopGet> [1..=24],
        /// How fast power may change.
        gradient: Vec<GradientGet> [1..=24],
        /// Limits of discharging.
        limit_max_discharge: Vec<LimitMaxDischargeGet> [1..=24],
        /// Whether another part follows; `false` if absent.
        tbc: bool,
    }
    ReportDERControlResponse {}

    /// Removes controls (R04).
    ClearDERControl (Csms, "DER Control", V21)
    ClearDERControlRequest {
        /// Whether defaults are meant, or others.
        is_default: bool;
        /// Of this kind only.
        control_type: DerControl,
        /// This one only.
        control_id: Text [..=36],
    }
    ClearDERControlResponse { => DerControlStatus }

    /// Tells that a control began or ceased to hold (R04).
    NotifyDERStartStop (Station, "DER Control", V21)
    NotifyDERStartStopRequest {
        /// The control.
        control_id: Text [..=36],
        /// Whether it began.
        started: bool,
        /// When.
        timestamp: DateTime;
        /// The controls whose place it took.
        superseded_ids: Vec<Text> [1..=24; ..=36],
    }
    NotifyDERStartStopResponse {}

    /// Tells a fault of the grid (R05).
    NotifyDERAlarm (Station, "DER Control", V21)
    NotifyDERAlarmRequest {
        /// The kind of control that makes the station leave its profile.
        control_type: DerControl,
        /// When.
        timestamp: DateTime;
        /// The fault behind it, told at the end as well (R05.FR.02).
        grid_event_fault: GridEventFault,
        /// Whether the alarm is over; `false` if absent.
        alarm_ended: bool,
        /// What else is known.
        extra_info: Text [..=200],
    }
    NotifyDERAlarmResponse {}
}
