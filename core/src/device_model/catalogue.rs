//! The standardized variables that a station of ours has: Part 2, appendices; 1.6 keys are a view on them.

use pilotwire_messages::v2::{DataKind, Mutability};

/// A variable of the catalogue: what a block asks for by name instead of by text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Known {
    AlignedEndedMeasurands,
    AlignedInterval,
    AlignedMeasurands,
    AlignedSendDuringIdle,
    AuthorizeRemoteStart,
    LocalAuthorizeOffline,
    LocalPreAuthorize,
    OfflineTxForUnknownId,
    AllowNewSessionsPendingUpdate,
    FirmwareVersion,
    Model,
    SerialNumber,
    VendorName,
    ClockDateTime,
    TimeAdjustmentThreshold,
    TimeSource,
    ReportItems,
    VariablesPerMessage,
    FileTransferProtocols,
    HeartbeatInterval,
    MessageAttempts,
    MessageAttemptInterval,
    MessageTimeout,
    OfflineThreshold,
    PingInterval,
    ResetRetries,
    BackOffRandomRange,
    BackOffRepeatTimes,
    BackOffWaitMinimum,
    UnlockOnEvSideDisconnect,
    ActiveNetworkProfile,
    NetworkPriority,
    NetworkAttempts,
    SampledEndedMeasurands,
    SampledStartedMeasurands,
    SampledUpdatedInterval,
    SampledUpdatedMeasurands,
    AdditionalRootCheck,
    AllowSecurityProfileDowngrade,
    BasicAuthPassword,
    CertSigningRepeatTimes,
    CertSigningWaitMinimum,
    CertificateEntries,
    MaxCertificateChainSize,
    OrganizationName,
    SecurityProfile,
    PhaseSwitching,
    SmartChargingAvailable,
    SmartChargingEnabled,
    ProfileEntries,
    ExternalControlSignals,
    LimitChangeSignificance,
    NotifyLimitWithSchedules,
    PeriodsPerSchedule,
    ProfileStackLevel,
    RateUnit,
    EvConnectionTimeOut,
    StopTxOnEvSideDisconnect,
    StopTxOnInvalidId,
    TxBeforeAccepted,
    TxStartPoint,
    TxStopPoint,
    LegacyCertificateStore,
    LegacyFeatureProfiles,
    LegacyMaxKeys,
    LegacyMaxProfiles,
    LegacyNumberOfConnectors,
    LegacyPhaseRotation,
    LegacyRateUnits,
}

/// One row of the catalogue.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) known: Known,
    pub(crate) component: &'static str,
    pub(crate) variable: &'static str,
    pub(crate) instance: Option<&'static str>,
    pub(crate) unit: Option<&'static str>,
    pub(crate) writable: bool,
    /// Can be set and never read (B06.FR.09). The value is not kept here: its owner has it.
    pub(crate) write_only: bool,
    /// Only there if the station chooses its way to the CSMS itself (B09).
    pub(crate) of_network: bool,
    /// Only there if the station's certificates are managed (A02, M05).
    pub(crate) of_certificates: bool,
    /// Only there if the host uploads logs or installs firmware (N01, L01).
    pub(crate) of_files: bool,
    pub(crate) default: &'static str,
    pub(crate) values: Values,
}

/// What a variable may be.
#[derive(Debug)]
pub(crate) enum Values {
    Integer(i64, i64),
    Boolean,
    Text(usize),
    /// A comma-separated list of these words.
    Members(&'static [&'static str]),
    DateTime,
    /// A decimal number that is not negative.
    Decimal,
    /// The slots of network connection profiles, in an order; which there are is the station's affair.
    Slots,
}

/// What a station samples; also what its meter facts tell.
const MEASURANDS: &[&str] =
    &["Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage", "SoC", "Power.Factor"];

/// Ways to transfer files (Part 2, FileTransferProtocols).
const PROTOCOLS: &[&str] = &["FTP", "FTPS", "HTTP", "HTTPS", "SFTP"];

/// The points at which a transaction can start or stop (E01, E06) that the hardware facts can tell.
const POINTS: &[&str] = &["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"];

impl Row {
    const fn new(known: Known, component: &'static str, variable: &'static str, values: Values) -> Self {
        Self {
            known,
            component,
            variable,
            instance: None,
            unit: None,
            writable: true,
            write_only: false,
            of_network: false,
            of_certificates: false,
            of_files: false,
            default: "",
            values,
        }
    }

    const fn of(self, instance: &'static str) -> Self {
        Self { instance: Some(instance), ..self }
    }

    const fn seconds(self) -> Self {
        Self { unit: Some("s"), ..self }
    }

    const fn percent(self) -> Self {
        Self { unit: Some("Percent"), ..self }
    }

    const fn fixed(self) -> Self {
        Self { writable: false, ..self }
    }

    const fn write_only(self) -> Self {
        Self { write_only: true, ..self }
    }

    const fn of_network(self) -> Self {
        Self { of_network: true, ..self }
    }

    const fn of_certificates(self) -> Self {
        Self { of_certificates: true, ..self }
    }

    const fn of_files(self) -> Self {
        Self { of_files: true, ..self }
    }

    const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    pub(crate) const fn mutability(&self) -> Mutability {
        match (self.write_only, self.writable) {
            (true, _) => Mutability::WriteOnly,
            (false, true) => Mutability::ReadWrite,
            (false, false) => Mutability::ReadOnly,
        }
    }

    pub(crate) const fn data_kind(&self) -> DataKind {
        match self.values {
            Values::Integer(..) => DataKind::Integer,
            Values::Boolean => DataKind::Boolean,
            Values::Text(_) => DataKind::String,
            Values::Members(_) => DataKind::MemberList,
            Values::DateTime => DataKind::DateTime,
            Values::Decimal => DataKind::Decimal,
            Values::Slots => DataKind::SequenceList,
        }
    }

    /// Whether its value is kept by another part of the station, and set there.
    pub(crate) fn is_owned(&self) -> bool {
        use Known::{ActiveNetworkProfile, BasicAuthPassword, NetworkPriority, SecurityProfile};
        matches!(self.known, ActiveNetworkProfile | BasicAuthPassword | NetworkPriority | SecurityProfile)
    }

    /// Whether `value` is one that this variable can have.
    pub(crate) fn admits(&self, value: &str) -> bool {
        match &self.values {
            Values::Integer(min, max) => value.parse().is_ok_and(|number| (*min..=*max).contains(&number)),
            Values::Boolean => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            // Its owner judges it.
            Values::Slots => true,
            Values::Text(max) => value.chars().count() <= *max,
            Values::Members(words) => {
                value.is_empty() || value.split(',').all(|word| words.iter().any(|known| *known == word.trim()))
            }
            Values::DateTime => value.parse::<pilotwire_messages::DateTime>().is_ok(),
            Values::Decimal => value.parse::<pilotwire_messages::Decimal>().is_ok_and(|number| !number.is_negative()),
        }
    }
}

const DAY: i64 = 86_400;
const SMART: &str = "SmartChargingCtrlr";
const SECURITY: &str = "SecurityCtrlr";
const I32: (i64, i64) = (i32::MIN as i64, i32::MAX as i64);

/// All rows, in the order of [`Known`].
pub(crate) static ROWS: &[Row] = &[
    // No clock-aligned samples are put into the last event of a transaction: there is nothing to choose.
    Row::new(Known::AlignedEndedMeasurands, "AlignedDataCtrlr", "TxEndedMeasurands", Values::Members(&[])),
    Row::new(Known::AlignedInterval, "AlignedDataCtrlr", "Interval", Values::Integer(0, DAY)).seconds().default("0"),
    Row::new(Known::AlignedMeasurands, "AlignedDataCtrlr", "Measurands", Values::Members(MEASURANDS))
        .default("Energy.Active.Import.Register"),
    Row::new(Known::AlignedSendDuringIdle, "AlignedDataCtrlr", "SendDuringIdle", Values::Boolean).default("false"),
    Row::new(Known::AuthorizeRemoteStart, "AuthCtrlr", "AuthorizeRemoteStart", Values::Boolean).default("false"),
    Row::new(Known::LocalAuthorizeOffline, "AuthCtrlr", "LocalAuthorizeOffline", Values::Boolean).default("true"),
    // Without a list or a cache there is nobody whom it lets charge at once.
    Row::new(Known::LocalPreAuthorize, "AuthCtrlr", "LocalPreAuthorize", Values::Boolean).default("false"),
    Row::new(Known::OfflineTxForUnknownId, "AuthCtrlr", "OfflineTxForUnknownIdEnabled", Values::Boolean)
        .default("false"),
    Row::new(
        Known::AllowNewSessionsPendingUpdate,
        "ChargingStation",
        "AllowNewSessionsPendingFirmwareUpdate",
        Values::Boolean,
    )
    .of_files()
    .default("false"),
    Row::new(Known::FirmwareVersion, "ChargingStation", "FirmwareVersion", Values::Text(50)).fixed(),
    Row::new(Known::Model, "ChargingStation", "Model", Values::Text(20)).fixed(),
    Row::new(Known::SerialNumber, "ChargingStation", "SerialNumber", Values::Text(25)).fixed(),
    Row::new(Known::VendorName, "ChargingStation", "VendorName", Values::Text(50)).fixed(),
    Row::new(Known::ClockDateTime, "ClockCtrlr", "DateTime", Values::DateTime).fixed(),
    Row::new(Known::TimeAdjustmentThreshold, "ClockCtrlr", "TimeAdjustmentReportingThreshold", Values::Integer(1, DAY))
        .seconds()
        .default("20"),
    Row::new(Known::TimeSource, "ClockCtrlr", "TimeSource", Values::Members(&["Heartbeat", "RealTimeClock"]))
        .fixed()
        .default("Heartbeat,RealTimeClock"),
    Row::new(Known::ReportItems, "DeviceDataCtrlr", "ItemsPerMessage", Values::Integer(1, 10_000))
        .of("GetReport")
        .fixed()
        .default("4"),
    Row::new(Known::VariablesPerMessage, "DeviceDataCtrlr", "ItemsPerMessage", Values::Integer(1, 10_000))
        .of("GetVariables")
        .fixed()
        .default("64"),
    Row::new(Known::FileTransferProtocols, "OCPPCommCtrlr", "FileTransferProtocols", Values::Members(PROTOCOLS))
        .fixed()
        .of_files(),
    Row::new(Known::HeartbeatInterval, "OCPPCommCtrlr", "HeartbeatInterval", Values::Integer(0, i32::MAX as i64))
        .seconds()
        .default("300"),
    Row::new(Known::MessageAttempts, "OCPPCommCtrlr", "MessageAttempts", Values::Integer(1, 100))
        .of("TransactionEvent")
        .default("3"),
    Row::new(Known::MessageAttemptInterval, "OCPPCommCtrlr", "MessageAttemptInterval", Values::Integer(0, DAY))
        .of("TransactionEvent")
        .seconds()
        .default("60"),
    Row::new(Known::MessageTimeout, "OCPPCommCtrlr", "MessageTimeout", Values::Integer(1, 3_600))
        .of("Default")
        .seconds()
        .default("30"),
    Row::new(Known::OfflineThreshold, "OCPPCommCtrlr", "OfflineThreshold", Values::Integer(0, DAY))
        .seconds()
        .default("300"),
    Row::new(Known::PingInterval, "OCPPCommCtrlr", "WebSocketPingInterval", Values::Integer(0, DAY))
        .seconds()
        .default("60"),
    Row::new(Known::ResetRetries, "OCPPCommCtrlr", "ResetRetries", Values::Integer(0, 100)).default("1"),
    Row::new(Known::BackOffRandomRange, "OCPPCommCtrlr", "RetryBackOffRandomRange", Values::Integer(0, DAY))
        .seconds()
        .default("10"),
    Row::new(Known::BackOffRepeatTimes, "OCPPCommCtrlr", "RetryBackOffRepeatTimes", Values::Integer(0, 20))
        .default("5"),
    Row::new(Known::BackOffWaitMinimum, "OCPPCommCtrlr", "RetryBackOffWaitMinimum", Values::Integer(1, DAY))
        .seconds()
        .default("10"),
    Row::new(Known::UnlockOnEvSideDisconnect, "OCPPCommCtrlr", "UnlockOnEVSideDisconnect", Values::Boolean)
        .default("true"),
    Row::new(Known::ActiveNetworkProfile, "OCPPCommCtrlr", "ActiveNetworkProfile", Values::Integer(I32.0, I32.1))
        .fixed()
        .of_network(),
    Row::new(Known::NetworkPriority, "OCPPCommCtrlr", "NetworkConfigurationPriority", Values::Slots).of_network(),
    Row::new(Known::NetworkAttempts, "OCPPCommCtrlr", "NetworkProfileConnectionAttempts", Values::Integer(1, 100))
        .of_network()
        .default("3"),
    Row::new(Known::SampledEndedMeasurands, "SampledDataCtrlr", "TxEndedMeasurands", Values::Members(MEASURANDS))
        .default("Energy.Active.Import.Register"),
    Row::new(Known::SampledStartedMeasurands, "SampledDataCtrlr", "TxStartedMeasurands", Values::Members(MEASURANDS))
        .default("Energy.Active.Import.Register"),
    Row::new(Known::SampledUpdatedInterval, "SampledDataCtrlr", "TxUpdatedInterval", Values::Integer(0, DAY))
        .seconds()
        .default("60"),
    Row::new(Known::SampledUpdatedMeasurands, "SampledDataCtrlr", "TxUpdatedMeasurands", Values::Members(MEASURANDS))
        .default("Energy.Active.Import.Register,Power.Active.Import"),
    // Only the factory decides on it: a CSMS that may switch it off is not held by it (M05.FR.09).
    Row::new(Known::AdditionalRootCheck, SECURITY, "AdditionalRootCertificateCheck", Values::Boolean)
        .fixed()
        .of_certificates()
        .default("false"),
    // The CSMS may not: whoever holds it could weaken every connection after this one (A00.FR.005).
    Row::new(Known::AllowSecurityProfileDowngrade, SECURITY, "AllowSecurityProfileDowngrade", Values::Boolean)
        .fixed()
        .of_network()
        .default("false"),
    Row::new(Known::BasicAuthPassword, SECURITY, "BasicAuthPassword", Values::Text(64)).write_only().of_network(),
    Row::new(Known::CertSigningRepeatTimes, SECURITY, "CertSigningRepeatTimes", Values::Integer(0, 20))
        .of_certificates()
        .default("3"),
    Row::new(Known::CertSigningWaitMinimum, SECURITY, "CertSigningWaitMinimum", Values::Integer(0, 30 * DAY))
        .seconds()
        .of_certificates()
        .default("3600"),
    Row::new(Known::CertificateEntries, SECURITY, "CertificateEntries", Values::Integer(0, i32::MAX as i64))
        .fixed()
        .of_certificates()
        .default("0"),
    Row::new(Known::MaxCertificateChainSize, SECURITY, "MaxCertificateChainSize", Values::Integer(0, 10_000))
        .fixed()
        .of_certificates()
        .default("10000"),
    Row::new(Known::OrganizationName, SECURITY, "OrganizationName", Values::Text(64)).of_certificates(),
    // 1.6 may raise it, 2.x reads it only; its owner judges.
    Row::new(Known::SecurityProfile, SECURITY, "SecurityProfile", Values::Integer(0, 3)).fixed().of_network(),
    Row::new(Known::PhaseSwitching, SMART, "ACPhaseSwitchingSupported", Values::Boolean).fixed().default("false"),
    Row::new(Known::SmartChargingAvailable, SMART, "Available", Values::Boolean).fixed().default("true"),
    Row::new(Known::SmartChargingEnabled, SMART, "Enabled", Values::Boolean).default("true"),
    Row::new(Known::ProfileEntries, SMART, "Entries", Values::Integer(0, i32::MAX as i64))
        .of("ChargingProfiles")
        .fixed()
        .default("0"),
    Row::new(Known::ExternalControlSignals, SMART, "ExternalControlSignalsEnabled", Values::Boolean).default("true"),
    Row::new(Known::LimitChangeSignificance, SMART, "LimitChangeSignificance", Values::Decimal)
        .percent()
        .default("1.0"),
    Row::new(Known::NotifyLimitWithSchedules, SMART, "NotifyChargingLimitWithSchedules", Values::Boolean)
        .default("true"),
    Row::new(Known::PeriodsPerSchedule, SMART, "PeriodsPerSchedule", Values::Integer(1, 1_024)).fixed().default("96"),
    Row::new(Known::ProfileStackLevel, SMART, "ProfileStackLevel", Values::Integer(0, i32::MAX as i64))
        .fixed()
        .default("31"),
    Row::new(Known::RateUnit, SMART, "RateUnit", Values::Members(&["A", "W"])).fixed().default("A,W"),
    Row::new(Known::EvConnectionTimeOut, "TxCtrlr", "EVConnectionTimeOut", Values::Integer(1, DAY))
        .seconds()
        .default("60"),
    Row::new(Known::StopTxOnEvSideDisconnect, "TxCtrlr", "StopTxOnEVSideDisconnect", Values::Boolean).default("true"),
    Row::new(Known::StopTxOnInvalidId, "TxCtrlr", "StopTxOnInvalidId", Values::Boolean).default("true"),
    Row::new(Known::TxBeforeAccepted, "TxCtrlr", "TxBeforeAcceptedEnabled", Values::Boolean).default("false"),
    Row::new(Known::TxStartPoint, "TxCtrlr", "TxStartPoint", Values::Members(POINTS)).default("PowerPathClosed"),
    Row::new(Known::TxStopPoint, "TxCtrlr", "TxStopPoint", Values::Members(POINTS)).default("EVConnected,Authorized"),
    Row::new(Known::LegacyCertificateStore, LEGACY, "CertificateStoreMaxLength", Values::Integer(0, i32::MAX as i64))
        .fixed()
        .of_certificates()
        .default("0"),
    Row::new(Known::LegacyFeatureProfiles, LEGACY, "SupportedFeatureProfiles", Values::Text(500))
        .fixed()
        .default("Core,RemoteTrigger,SmartCharging"),
    Row::new(Known::LegacyMaxKeys, LEGACY, "GetConfigurationMaxKeys", Values::Integer(1, 10_000)).fixed().default("64"),
    Row::new(Known::LegacyMaxProfiles, LEGACY, "MaxChargingProfilesInstalled", Values::Integer(0, i32::MAX as i64))
        .fixed()
        .default("32"),
    Row::new(Known::LegacyNumberOfConnectors, LEGACY, "NumberOfConnectors", Values::Integer(0, 10_000)).fixed(),
    Row::new(Known::LegacyPhaseRotation, LEGACY, "ConnectorPhaseRotation", Values::Text(500)).default("NotApplicable"),
    Row::new(Known::LegacyRateUnits, LEGACY, "ChargingScheduleAllowedChargingRateUnit", Values::Text(20))
        .fixed()
        .default("Current,Power"),
];

/// The component of the keys that 2.x has no variable for, by the key's own name: never reported in 2.x.
pub(crate) const LEGACY: &str = "OCPP16";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_their_names() {
        assert!(ROWS.iter().enumerate().all(|(at, row)| row.known as usize == at));
    }

    #[test]
    fn every_default_is_a_value_that_the_variable_can_have() {
        for row in ROWS.iter().filter(|row| !row.default.is_empty()) {
            assert!(row.admits(row.default), "{row:?}");
        }
    }
}
