//! Functional block N: monitors on variables, and the events that they and the firmware make.

use alloc::vec::Vec;

use super::{Component, ComponentVariable, GenericDeviceModelStatus, GenericStatus, StatusInfo, Variable};
use crate::{DateTime, Decimal, Text};

enums! {
    /// What a monitor looks for (N04).
    MonitorKind {
        UpperThreshold, LowerThreshold, Delta, Periodic, PeriodicClockAligned, TargetDelta [V21],
        TargetDeltaRelative [V21],
    }

    /// What became of a monitor that was to be set (N04).
    SetMonitoringStatus { Accepted, UnknownComponent, UnknownVariable, UnsupportedMonitorType, Rejected, Duplicate }

    /// What became of a monitor that was to be removed (N06).
    ClearMonitoringStatus { Accepted, Rejected, NotFound }

    /// Which monitors are active from now on; all but `All` remove the custom ones (N03).
    MonitoringBase { All, FactoryDefault, HardWiredOnly }

    /// Which kinds of monitors are asked for (N02).
    MonitoringCriterion { ThresholdMonitoring, DeltaMonitoring, PeriodicMonitoring }

    /// What made an event: the vendor's firmware by itself, or whose monitor (N07).
    EventNotificationKind { HardWiredNotification, HardWiredMonitor, PreconfiguredMonitor, CustomMonitor }

    /// What a variable did when the event came.
    EventTrigger { Alerting, Delta, Periodic }
}

structs! {
    /// How often a stream sends; at least one of both.
    PeriodicEventStreamParams {
        ;
        /// Seconds between two messages.
        interval: i32 [0..],
        /// Values that go out together.
        values: i32 [0..],
    }

    /// A monitor to set (N04).
    SetMonitoringData {
        /// The threshold, the difference (a share of the target if relative), or the period in seconds, after its kind.
        value: Decimal,
        /// What it looks for.
        kind: MonitorKind = "type",
        /// From 0, danger, to 9, debugging.
        severity: i32 [0..] [V201 ..],
        /// Where the variable is.
        component: Component,
        /// The variable.
        variable: Variable;
        /// The monitor that it replaces; a new one if absent.
        id: i32 [0..] [V201 ..],
        /// Sends its values by a stream from now on.
        periodic_event_stream: PeriodicEventStreamParams [V21],
        /// Whether it works during transactions only; `false` if absent.
        transaction: bool,
    }

    /// What became of one monitor (N04).
    SetMonitoringResult {
        /// The verdict.
        status: SetMonitoringStatus,
        /// As asked.
        kind: MonitorKind = "type",
        /// As asked.
        component: Component,
        /// As asked.
        variable: Variable,
        /// As asked.
        severity: i32 [0..] [V201 ..];
        /// The number that the station gave it; there if the status is `Accepted`.
        id: i32 [0..] [V201 ..],
        /// Why.
        status_info: StatusInfo,
    }

    /// What became of one monitor (N06).
    ClearMonitoringResult {
        /// The verdict.
        status: ClearMonitoringStatus,
        /// The monitor.
        id: i32 [0..] [V201 ..];
        /// Why.
        status_info: StatusInfo,
    }

    /// A monitor in a report (N02).
    VariableMonitoring {
        /// Its number.
        id: i32 [0..] [V201 ..],
        /// Whether it works during transactions only.
        transaction: bool,
        /// The threshold, the difference (a share of the target if relative), or the period in seconds, after its kind.
        value: Decimal,
        /// What it looks for.
        kind: MonitorKind = "type",
        /// From 0, danger, to 9, debugging.
        severity: i32 [0..] [V201 ..];
        /// Where it comes from.
        event_notification_type: EventNotificationKind [V21 required],
    }

    /// The monitors on one variable.
    MonitoringData {
        /// Where the variable is.
        component: Component,
        /// The variable.
        variable: Variable,
        /// The monitors.
        variable_monitoring: Vec<VariableMonitoring> [1..],
    }

    /// Something that happened (N07, N08).
    EventData {
        /// Its number.
        event_id: i32 [0..] [V201 ..],
        /// When it happened.
        timestamp: DateTime,
        /// What the variable did.
        trigger: EventTrigger,
        /// The variable's value then; empty if it may not be read (N07.FR.10).
        actual_value: Text [..=2500],
        /// Where the variable is.
        component: Component,
        /// What made the event.
        event_notification_type: EventNotificationKind,
        /// The variable.
        variable: Variable;
        /// The event that it is the consequence of.
        cause: i32 [0..] [V201 ..],
        /// The component's own code.
        tech_code: Text [..=50],
        /// The component's own explanation.
        tech_info: Text [..=500],
        /// Whether the state that an event before told of is over.
        cleared: bool,
        /// The transaction that it happened in.
        transaction_id: Text [..=36],
        /// The monitor that made it.
        variable_monitoring_id: i32 [0..] [V201 ..],
        /// From 0, danger, to 9, debugging: the monitor's, or the station's choice without one (N07.FR.20, N07.FR.21).
        severity: i32 [V21 0..],
    }
}

messages! { structs:
    /// Puts monitors on variables (N04).
    SetVariableMonitoring (Csms, "Diagnostics")
    SetVariableMonitoringRequest {
        /// The monitors.
        set_monitoring_data: Vec<SetMonitoringData> [1..],
    }
    SetVariableMonitoringResponse {
        /// A verdict for each of them.
        set_monitoring_result: Vec<SetMonitoringResult> [1..],
    }

    /// Removes monitors (N06).
    ClearVariableMonitoring (Csms, "Diagnostics")
    ClearVariableMonitoringRequest {
        /// Their numbers.
        id: Vec<i32> [1..; 0..] [V201 1..],
    }
    ClearVariableMonitoringResponse {
        /// A verdict for each of them.
        clear_monitoring_result: Vec<ClearMonitoringResult> [1..],
    }

    /// Chooses which monitors are active from now on (N03).
    SetMonitoringBase (Csms, "Diagnostics")
    SetMonitoringBaseRequest {
        /// Which.
        monitoring_base: MonitoringBase,
    }
    SetMonitoringBaseResponse { => GenericDeviceModelStatus }

    /// Chooses how severe an event must be to be told (N05).
    SetMonitoringLevel (Csms, "Diagnostics")
    SetMonitoringLevelRequest {
        /// The least severe that is told, from 0 to 9.
        severity: i32 [0..] [V201 ..],
    }
    SetMonitoringLevelResponse { => GenericStatus }

    /// Asks for the monitors that are set, by criteria (N02).
    GetMonitoringReport (Csms, "Diagnostics")
    GetMonitoringReportRequest {
        /// Comes back in every part of the report.
        request_id: i32;
        /// On these variables only; on all if absent.
        component_variable: Vec<ComponentVariable> [1..],
        /// Of these kinds only; of all if absent.
        monitoring_criteria: Vec<MonitoringCriterion> [1..=3],
    }
    GetMonitoringReportResponse {
        /// Whether a report follows.
        status: GenericDeviceModelStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// One part of the report of monitors (N02).
    NotifyMonitoringReport (Station, "Diagnostics")
    NotifyMonitoringReportRequest {
        /// The request that it answers.
        request_id: i32,
        /// The part's number, from 0.
        seq_no: i32 [0..] [V201 ..],
        /// When the station made it.
        generated_at: DateTime;
        /// The monitors, by variable.
        monitor: Vec<MonitoringData> [1..],
        /// Whether another part follows; `false` if absent.
        tbc: bool,
    }
    NotifyMonitoringReportResponse {}

    /// Tells events (N07, N08).
    NotifyEvent (Station, "Diagnostics")
    NotifyEventRequest {
        /// When the station made this message.
        generated_at: DateTime,
        /// The part's number, from 0.
        seq_no: i32 [0..] [V201 ..],
        /// The events.
        event_data: Vec<EventData> [1..];
        /// Whether another part follows; `false` if absent.
        tbc: bool,
    }
    NotifyEventResponse {}
}
