//! What OCPP talks about, in the words of 2.x. The rules of the functional blocks know these types alone; how 1.6 and 2.x
//! write them is a matter of the dialects.
//!
//! Words that a whole family shares (reasons, states, statuses) are those of the 2.x message tables.

mod call;
mod certificate;
mod charging;
mod files;
mod network;
mod security;
mod transaction;
mod variable;

pub use call::{
    Answer, Boot, Command, ConnectorReport, DataTransfer, DataTransferAnswer, EventsPart, Occupation, Problem, Reply,
    ReportPart, Request, ResetKind, StationIdentity, TransactionAnswer,
};
pub use certificate::{CertificateFacts, ChainFacts, CryptoResult, CryptoTask, KeyId, OcspFacts, OcspStatus, Subject};
pub use charging::{CompositeQuery, EvNeeds, EvSchedule, ExternalLimit, ProfileCriteria, ProfilesReport};
pub use files::{FileFault, FileResult, FileTask, FirmwareSignature, FirmwareUpdate, Location, LogRequest};
pub(crate) use network::longest_password;
pub use network::{ClientCertificate, ConnectionFault, NetworkTarget, NoSecurityProfile, Secret, SecurityProfile};
pub use pilotwire_messages::v2::{
    AttributeKind, AuthorizationStatus, BootReason, CertificateHashData, CertificateHashDataChain,
    CertificateSigningUse, ChangeAvailabilityStatus, ChargingLimitSource, ChargingNeeds, ChargingProfile,
    ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit, ChargingSchedule, ChargingSchedulePeriod,
    ChargingState, CompositeSchedule, ConnectorStatus, DataTransferStatus, DeleteCertificateStatus, EventData,
    FirmwareStatus, GenericDeviceModelStatus, GetCertificateIdUse, GetVariableStatus, IdToken, IdTokenInfo,
    IdTokenKind, InstallCertificateStatus, InstallCertificateUse, LogKind, LogStatus, Measurand, MessageTrigger,
    MeterValue, NetworkConnectionProfile, NotifyEvChargingNeedsStatus, OCSPRequestData, ReadingContext,
    RegistrationStatus, ReportBase, RequestStartStopStatus, ResetStatus, SampledValue, SetNetworkProfileStatus,
    SetVariableStatus, StatusInfo, StoppedReason, TriggerMessageStatus, TriggerReason, UnlockStatus,
    UpdateFirmwareStatus, UploadLogStatus,
};
pub use security::{SECURITY_EVENTS, is_critical};
pub use transaction::{PhaseReading, Reading, TransactionEvent, TransactionStage};
pub use variable::{ReportedVariable, VariableId, VariableQuery, VariableResult, VariableSetting, VariableValue};

use serde::{Deserialize, Serialize};

/// The number of an EVSE: 1 and up; 0 is the station as a whole. A number of a peer's may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EvseId(pub i32);

impl core::fmt::Display for EvseId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// An EVSE, or one of its connectors (1 and up within the EVSE).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The EVSE; 0 is the station.
    pub evse: EvseId,
    /// One of its connectors; `None` means all of it.
    pub connector: Option<i32>,
}

impl Place {
    /// A whole EVSE.
    pub const fn evse(evse: EvseId) -> Self {
        Self { evse, connector: None }
    }

    /// One connector.
    pub const fn connector(evse: EvseId, connector: i32) -> Self {
        Self { evse, connector: Some(connector) }
    }
}
