//! Security events (A04; Part 2, appendix 1; security whitepaper of 1.6, §8).

/// The standardized events, by the names of 2.x, and whether the CSMS must be told of them.
///
/// 1.6 calls fewer of them critical, and its test cases expect those of 2.x all the same (TC_077_CS, TC_078_CS): so the
/// table of 2.x holds for all editions.
pub const SECURITY_EVENTS: [(&str, bool); 21] = [
    ("FirmwareUpdated", true),
    ("FailedToAuthenticateAtCsms", false),
    ("CsmsFailedToAuthenticate", false),
    ("SettingSystemTime", true),
    ("StartupOfTheDevice", true),
    ("ResetOrReboot", true),
    ("SecurityLogWasCleared", true),
    ("ReconfigurationOfSecurityParameters", false),
    ("MemoryExhaustion", true),
    ("InvalidMessages", false),
    ("AttemptedReplayAttacks", false),
    ("TamperDetectionActivated", true),
    ("InvalidFirmwareSignature", true),
    ("InvalidFirmwareSigningCertificate", true),
    ("InvalidCsmsCertificate", true),
    ("InvalidChargingStationCertificate", true),
    ("InvalidTLSVersion", true),
    ("InvalidTLSCipherSuite", true),
    ("MaintenanceLoginAccepted", true),
    ("MaintenanceLoginFailed", true),
    ("DiscardedRenewedClientCertificate", true),
];

/// Whether a security event is critical; `None` if it is not a standardized one.
pub fn is_critical(kind: &str) -> Option<bool> {
    SECURITY_EVENTS.iter().find(|(known, _)| *known == kind).map(|(_, critical)| *critical)
}
