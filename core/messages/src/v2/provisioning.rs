//! Functional block B: provisioning, and the addresses of the device model.

use alloc::vec::Vec;

use super::Evse;
use crate::{DateTime, Decimal, Text};

enums! {
    /// Why the station announces itself (B01).
    BootReason {
        ApplicationReset, FirmwareUpdate, LocalReset, PowerUp, RemoteReset, ScheduledReset, Triggered, Unknown,
        Watchdog,
    }

    /// Whether the CSMS takes the station in (B01, B02, B03).
    RegistrationStatus { Accepted, Pending, Rejected }

    /// Which of a variable's values is meant.
    AttributeKind { Actual, Target, MinSet, MaxSet }

    /// The fate of one variable's new value (B05).
    SetVariableStatus {
        Accepted, Rejected, UnknownComponent, UnknownVariable, NotSupportedAttributeType, RebootRequired,
    }

    /// Whether one variable could be read (B06).
    GetVariableStatus { Accepted, Rejected, UnknownComponent, UnknownVariable, NotSupportedAttributeType }

    /// How much of the device model is asked for (B07).
    ReportBase { ConfigurationInventory, FullInventory, SummaryInventory }

    /// Whether a report of the device model will follow.
    GenericDeviceModelStatus { Accepted, Rejected, NotSupported, EmptyResultSet }

    /// Who may do what with a variable's value.
    Mutability { ReadOnly, WriteOnly, ReadWrite }

    /// How a variable's text is to be read.
    DataKind {
        String = "string", Decimal = "decimal", Integer = "integer", DateTime = "dateTime", Boolean = "boolean",
        OptionList, SequenceList, MemberList,
    }

    /// When the reset happens, and what becomes of transactions (B11, B12).
    Reset { Immediate, OnIdle, ImmediateAndResume [V21] }

    /// What the station makes of a reset.
    ResetStatus { Accepted, Rejected, Scheduled }
}

structs! {
    /// Why a status is what it is.
    StatusInfo {
        /// A code of the standardized or the vendor's own list.
        reason_code: Text [..=20];
        /// A text for people.
        additional_info: Text [..=1024] [V201 ..=512],
    }

    /// The SIM card's numbers.
    Modem {
        ;
        /// The card's number.
        iccid: Text [..=20],
        /// The subscriber's number.
        imsi: Text [..=20],
    }

    /// What the station is.
    ChargingStation {
        /// The vendor's name of the product.
        model: Text [..=20],
        /// Who built it.
        vendor_name: Text [..=50];
        /// The vendor's number of this one station.
        serial_number: Text [..=25],
        /// Its cellular modem.
        modem: Modem,
        /// What it runs.
        firmware_version: Text [..=50],
    }

    /// A part of the station, physical or logical; names compare without case.
    Component {
        /// One of the standardized names, or the vendor's own.
        name: Text [..=50];
        /// Tells parts of one name apart.
        instance: Text [..=50],
        /// The EVSE or connector that it belongs to; absent for the station as a whole.
        evse: Evse,
    }

    /// A property of a component; names compare without case.
    Variable {
        /// One of the standardized names, or the vendor's own.
        name: Text [..=50];
        /// Tells properties of one name apart.
        instance: Text [..=50],
    }

    /// One variable to set (B05).
    SetVariableData {
        /// The new value, as text.
        attribute_value: Text [..=2500] [V201 ..=1000],
        /// Where the variable is.
        component: Component,
        /// The variable.
        variable: Variable;
        /// `Actual` if absent.
        attribute_type: AttributeKind,
    }

    /// What became of one variable (B05).
    SetVariableResult {
        /// The verdict.
        attribute_status: SetVariableStatus,
        /// As asked.
        component: Component,
        /// As asked.
        variable: Variable;
        /// As asked; `Actual` if absent.
        attribute_type: AttributeKind,
        /// Why.
        attribute_status_info: StatusInfo,
    }

    /// One variable to read (B06).
    GetVariableData {
        /// Where the variable is.
        component: Component,
        /// The variable.
        variable: Variable;
        /// `Actual` if absent.
        attribute_type: AttributeKind,
    }

    /// One variable's value, or why there is none (B06).
    GetVariableResult {
        /// The verdict.
        attribute_status: GetVariableStatus,
        /// As asked.
        component: Component,
        /// As asked.
        variable: Variable;
        /// Why.
        attribute_status_info: StatusInfo,
        /// As asked; `Actual` if absent.
        attribute_type: AttributeKind,
        /// The value as text; there if and only if the status is `Accepted` (B06.FR.10).
        attribute_value: Text [..=2500],
    }

    /// One value of a variable in a report.
    VariableAttribute {
        ;
        /// `Actual` if absent.
        kind: AttributeKind = "type",
        /// The value as text; absent if it may not be read.
        value: Text [..=2500],
        /// `ReadWrite` if absent.
        mutability: Mutability,
        /// Whether it survives a reboot; `false` if absent.
        persistent: bool,
        /// Whether it never changes; `false` if absent.
        constant: bool,
    }

    /// What values a variable can have.
    VariableCharacteristics {
        /// How its text is to be read.
        data_type: DataKind,
        /// Whether monitors may be put on it (block N).
        supports_monitoring: bool;
        /// The standardized name of its unit.
        unit: Text [..=16],
        /// The smallest value.
        min_limit: Decimal,
        /// The largest value; of texts and lists, the longest.
        max_limit: Decimal,
        /// How many elements a list may have.
        max_elements: i32 [V21 1..],
        /// The words of a list, with commas between them.
        values_list: Text [..=1000],
    }

    /// One variable in a report.
    ReportData {
        /// Where the variable is.
        component: Component,
        /// The variable.
        variable: Variable,
        /// Its values, one of a kind.
        variable_attribute: Vec<VariableAttribute> [1..=4];
        /// What values it can have.
        variable_characteristics: VariableCharacteristics,
    }
}

messages! { structs:
    /// Announces the station after it started (B01).
    BootNotification (Station, "Provisioning")
    BootNotificationRequest {
        /// What the station is.
        charging_station: ChargingStation,
        /// Why it started, or why it says so again.
        reason: BootReason,
    }
    BootNotificationResponse {
        /// The CSMS's clock.
        current_time: DateTime,
        /// Seconds: heartbeats if accepted, the next attempt otherwise.
        interval: i32,
        /// The verdict.
        status: RegistrationStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// Gives variables new values (B05).
    SetVariables (Csms, "Provisioning")
    SetVariablesRequest {
        /// The variables and their values.
        set_variable_data: Vec<SetVariableData> [1..],
    }
    SetVariablesResponse {
        /// A verdict for each of them, in any order.
        set_variable_result: Vec<SetVariableResult> [1..],
    }

    /// Reads variables (B06).
    GetVariables (Csms, "Provisioning")
    GetVariablesRequest {
        /// The variables.
        get_variable_data: Vec<GetVariableData> [1..],
    }
    GetVariablesResponse {
        /// A value or a verdict for each of them.
        get_variable_result: Vec<GetVariableResult> [1..],
    }

    /// Asks for one of the predefined reports (B07).
    GetBaseReport (Csms, "Provisioning")
    GetBaseReportRequest {
        /// Comes back in every part of the report.
        request_id: i32,
        /// Which report.
        report_base: ReportBase,
    }
    GetBaseReportResponse {
        /// Whether it follows.
        status: GenericDeviceModelStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// One part of a report (B07, B08).
    NotifyReport (Station, "Provisioning")
    NotifyReportRequest {
        /// The request that it answers.
        request_id: i32,
        /// When the values were read.
        generated_at: DateTime,
        /// The part's number, from 0.
        seq_no: i32 [0..] [V201 ..];
        /// Whether another part follows; `false` if absent.
        tbc: bool,
        /// The variables.
        report_data: Vec<ReportData> [1..],
    }
    NotifyReportResponse {}

    /// Restarts the station or one EVSE (B11, B12).
    Reset (Csms, "Provisioning")
    ResetRequest {
        /// When.
        kind: Reset = "type";
        /// The EVSE; absent for the whole station.
        evse_id: i32 [0..] [V201 ..],
    }
    ResetResponse { => ResetStatus }
}
