//! Functional block N: monitors and events.

use alloc::vec::Vec;

use super::{Component, ComponentVariable, GenericDeviceModelStatus, GenericStatus, StatusInfo, Variable};
use crate::{DateTime, Decimal, Text};

enums! {
    /// DOC
    MonitorKind {
        UpperThreshold, LowerThreshold, Delta, Periodic, PeriodicClockAligned, TargetDelta [V21], TargetDeltaRelative
        [V21],
    }

    /// DOC
    SetMonitoringStatus { Accepted, UnknownComponent, UnknownVariable, UnsupportedMonitorType, Rejected, Duplicate }

    /// DOC
    ClearMonitoringStatus { Accepted, Rejected, NotFound }

    /// DOC
    MonitoringBase { All, FactoryDefault, HardWiredOnly }

    /// DOC
    MonitoringCriterion { ThresholdMonitoring, DeltaMonitoring, PeriodicMonitoring }

    /// DOC
    EventNotificationKind { HardWiredNotification, HardWiredMonitor, PreconfiguredMonitor, CustomMonitor }

    /// DOC
    EventTrigger { Alerting, Delta, Periodic }
}

structs! {
    /// DOC
    PeriodicEventStreamParams {
        ;
        /// DOC
        interval: i32 [0..],
        /// DOC
        values: i32 [0..],
    }

    /// DOC
    SetMonitoringData {
        /// DOC
        value: Decimal,
        /// DOC
        kind: MonitorKind = "type",
        /// DOC
        severity: i32 [0..] [V201 ..],
        /// DOC
        component: Component,
        /// DOC
        variable: Variable;
        /// DOC
        id: i32 [0..] [V201 ..],
        /// DOC
        periodic_event_stream: PeriodicEventStreamParams [V21],
        /// DOC
        transaction: bool,
    }

    /// DOC
    SetMonitoringResult {
        /// DOC
        status: SetMonitoringStatus,
        /// DOC
        kind: MonitorKind = "type",
        /// DOC
        component: Component,
        /// DOC
        variable: Variable,
        /// DOC
        severity: i32 [0..] [V201 ..];
        /// DOC
        id: i32 [0..] [V201 ..],
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    ClearMonitoringResult {
        /// DOC
        status: ClearMonitoringStatus,
        /// DOC
        id: i32 [0..] [V201 ..];
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    VariableMonitoring {
        /// DOC
        id: i32 [0..] [V201 ..],
        /// DOC
        transaction: bool,
        /// DOC
        value: Decimal,
        /// DOC
        kind: MonitorKind = "type",
        /// DOC
        severity: i32 [0..] [V201 ..];
        /// DOC
        event_notification_type: EventNotificationKind [V21 required],
    }

    /// DOC
    MonitoringData {
        /// DOC
        component: Component,
        /// DOC
        variable: Variable,
        /// DOC
        variable_monitoring: Vec<VariableMonitoring> [1..],
    }

    /// DOC
    EventData {
        /// DOC
        event_id: i32 [0..] [V201 ..],
        /// DOC
        timestamp: DateTime,
        /// DOC
        trigger: EventTrigger,
        /// DOC
        actual_value: Text [..=2500],
        /// DOC
        component: Component,
        /// DOC
        event_notification_type: EventNotificationKind,
        /// DOC
        variable: Variable;
        /// DOC
        cause: i32 [0..] [V201 ..],
        /// DOC
        tech_code: Text [..=50],
        /// DOC
        tech_info: Text [..=500],
        /// DOC
        cleared: bool,
        /// DOC
        transaction_id: Text [..=36],
        /// DOC
        variable_monitoring_id: i32 [0..] [V201 ..],
        /// DOC
        severity: i32 [V21 0..],
    }
}

messages! { structs:
    /// DOC
    SetVariableMonitoring (Csms, "Diagnostics")
    SetVariableMonitoringRequest {
        /// DOC
        set_monitoring_data: Vec<SetMonitoringData> [1..],
    }
    SetVariableMonitoringResponse {
        /// DOC
        set_monitoring_result: Vec<SetMonitoringResult> [1..],
    }

    /// DOC
    ClearVariableMonitoring (Csms, "Diagnostics")
    ClearVariableMonitoringRequest {
        /// DOC
        id: Vec<i32> [1..; 0..] [V201 1..],
    }
    ClearVariableMonitoringResponse {
        /// DOC
        clear_monitoring_result: Vec<ClearMonitoringResult> [1..],
    }

    /// DOC
    SetMonitoringBase (Csms, "Diagnostics")
    SetMonitoringBaseRequest {
        /// DOC
        monitoring_base: MonitoringBase,
    }
    SetMonitoringBaseResponse {
        /// DOC
        status: GenericDeviceModelStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    SetMonitoringLevel (Csms, "Diagnostics")
    SetMonitoringLevelRequest {
        /// DOC
        severity: i32 [0..] [V201 ..],
    }
    SetMonitoringLevelResponse {
        /// DOC
        status: GenericStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    GetMonitoringReport (Csms, "Diagnostics")
    GetMonitoringReportRequest {
        /// DOC
        request_id: i32;
        /// DOC
        component_variable: Vec<ComponentVariable> [1..],
        /// DOC
        monitoring_criteria: Vec<MonitoringCriterion> [1..=3],
    }
    GetMonitoringReportResponse {
        /// DOC
        status: GenericDeviceModelStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    NotifyMonitoringReport (Station, "Diagnostics")
    NotifyMonitoringReportRequest {
        /// DOC
        request_id: i32,
        /// DOC
        seq_no: i32 [0..] [V201 ..],
        /// DOC
        generated_at: DateTime;
        /// DOC
        monitor: Vec<MonitoringData> [1..],
        /// DOC
        tbc: bool,
    }
    NotifyMonitoringReportResponse {}

    /// DOC
    NotifyEvent (Station, "Diagnostics")
    NotifyEventRequest {
        /// DOC
        generated_at: DateTime,
        /// DOC
        seq_no: i32 [0..] [V201 ..],
        /// DOC
        event_data: Vec<EventData> [1..];
        /// DOC
        tbc: bool,
    }
    NotifyEventResponse {}
}
