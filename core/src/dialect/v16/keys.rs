//! Configuration keys (§9) and the variables of 2.x that they are names of.

use pilotwire_messages::Text;

use crate::device_model::LEGACY;
use crate::domain::VariableId;

/// Key, component, variable, instance. The security keys are those of the security whitepaper.
pub(super) const KEYS: &[(&str, &str, &str, Option<&str>)] = &[
    ("AdditionalRootCertificateCheck", "SecurityCtrlr", "AdditionalRootCertificateCheck", None),
    ("AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", None),
    ("AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled", None),
    ("AuthorizationKey", "SecurityCtrlr", "BasicAuthPassword", None),
    ("AuthorizeRemoteTxRequests", "AuthCtrlr", "AuthorizeRemoteStart", None),
    ("CertificateSignedMaxChainSize", "SecurityCtrlr", "MaxCertificateChainSize", None),
    ("ChargeProfileMaxStackLevel", "SmartChargingCtrlr", "ProfileStackLevel", None),
    ("ChargingScheduleMaxPeriods", "SmartChargingCtrlr", "PeriodsPerSchedule", None),
    ("ClockAlignedDataInterval", "AlignedDataCtrlr", "Interval", None),
    ("ConnectionTimeOut", "TxCtrlr", "EVConnectionTimeOut", None),
    ("CpoName", "SecurityCtrlr", "OrganizationName", None),
    ("HeartbeatInterval", "OCPPCommCtrlr", "HeartbeatInterval", None),
    ("LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled", None),
    ("LocalAuthorizeOffline", "AuthCtrlr", "LocalAuthorizeOffline", None),
    ("LocalPreAuthorize", "AuthCtrlr", "LocalPreAuthorize", None),
    ("MaxEnergyOnInvalidId", "TxCtrlr", "MaxEnergyOnInvalidId", None),
    ("MeterValueSampleInterval", "SampledDataCtrlr", "TxUpdatedInterval", None),
    ("MeterValuesAlignedData", "AlignedDataCtrlr", "Measurands", None),
    ("MeterValuesSampledData", "SampledDataCtrlr", "TxUpdatedMeasurands", None),
    ("ResetRetries", "OCPPCommCtrlr", "ResetRetries", None),
    ("SecurityProfile", "SecurityCtrlr", "SecurityProfile", None),
    ("SendLocalListMaxLength", "LocalAuthListCtrlr", "ItemsPerMessage", None),
    ("StopTransactionOnEVSideDisconnect", "TxCtrlr", "StopTxOnEVSideDisconnect", None),
    ("StopTransactionOnInvalidId", "TxCtrlr", "StopTxOnInvalidId", None),
    ("StopTxnAlignedData", "AlignedDataCtrlr", "TxEndedMeasurands", None),
    ("StopTxnSampledData", "SampledDataCtrlr", "TxEndedMeasurands", None),
    ("TransactionMessageAttempts", "OCPPCommCtrlr", "MessageAttempts", Some("TransactionEvent")),
    ("TransactionMessageRetryInterval", "OCPPCommCtrlr", "MessageAttemptInterval", Some("TransactionEvent")),
    ("SupportedFileTransferProtocols", "OCPPCommCtrlr", "FileTransferProtocols", None),
    ("UnlockConnectorOnEVSideDisconnect", "OCPPCommCtrlr", "UnlockOnEVSideDisconnect", None),
    ("WebSocketPingInterval", "OCPPCommCtrlr", "WebSocketPingInterval", None),
];

/// The variable that a key names; keys are compared without regard to case (§9).
pub(super) fn variable_of(key: &str) -> VariableId {
    let row = KEYS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(key));
    match row {
        Some((_, component, variable, Some(instance))) => VariableId::new(component, variable).instance(instance),
        Some((_, component, variable, None)) => VariableId::new(component, variable),
        None => VariableId::new(LEGACY, key),
    }
}

/// The key that names a variable; `None` if 1.6 has none for it.
pub(super) fn key_of(id: &VariableId) -> Option<Text> {
    if id.component_instance.is_some() || id.evse.is_some() || id.connector.is_some() {
        return None;
    }
    if id.component.eq_ignore_ascii_case(LEGACY) && id.instance.is_none() {
        return Some(id.variable.clone());
    }
    let row = KEYS.iter().find(|(_, component, variable, instance)| {
        let same_instance = match (id.instance.as_deref(), instance) {
            (Some(asked), Some(known)) => asked.eq_ignore_ascii_case(known),
            (asked, known) => asked.is_none() && known.is_none(),
        };
        same_instance && component.eq_ignore_ascii_case(&id.component) && variable.eq_ignore_ascii_case(&id.variable)
    });
    row.map(|(key, ..)| Text::new(key))
}
