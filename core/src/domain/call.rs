//! What station and CSMS ask each other, and how they answer.

use alloc::boxed::Box;
use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Json, Text};
use serde::{Deserialize, Serialize};

use super::{
    BootReason, CertificateHashData, CertificateHashDataChain, CertificateSigningUse, ChangeAvailabilityStatus,
    ChargingLimitSource, ChargingProfile, CompositeQuery, CompositeSchedule, ConnectorStatus, DataTransferStatus,
    DeleteCertificateStatus, EvNeeds, EvSchedule, EventData, EvseId, ExternalLimit, FirmwareStatus, FirmwareUpdate,
    GenericDeviceModelStatus, GetCertificateIdUse, IdToken, IdTokenInfo, InstallCertificateStatus,
    InstallCertificateUse, LogRequest, LogStatus, MessageTrigger, MeterValue, NetworkConnectionProfile,
    NotifyEvChargingNeedsStatus, OCSPRequestData, Place, ProfileCriteria, ProfilesReport, RegistrationStatus,
    ReportBase, ReportedVariable, ResetStatus, Secret, SetNetworkProfileStatus, StatusInfo, TransactionEvent,
    TriggerMessageStatus, UnlockStatus, UpdateFirmwareStatus, UploadLogStatus, VariableQuery, VariableResult,
    VariableSetting, VariableValue,
};

/// What a station is: the content of BootNotification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StationIdentity {
    /// The model, at most 20 characters.
    pub model: Text,
    /// The vendor, at most 20 characters in 1.6 and 50 in 2.x.
    pub vendor: Text,
    /// The serial number, at most 25 characters.
    pub serial_number: Option<Text>,
    /// The firmware's version, at most 50 characters.
    pub firmware_version: Option<Text>,
    /// The SIM card's number.
    pub iccid: Option<Text>,
    /// The SIM card's subscriber.
    pub imsi: Option<Text>,
}

/// A station's first words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    /// What it is.
    pub identity: StationIdentity,
    /// Why it started; 1.6 does not tell.
    pub reason: BootReason,
}

/// How a connector is used: 1.6 has a status for each, 2.x knows `Occupied` and the transaction's charging state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occupation {
    /// Nobody there.
    Free,
    /// A cable or a token, and no transaction yet.
    Preparing,
    /// Energy flows, or may.
    Charging,
    /// The vehicle takes nothing.
    SuspendedEv,
    /// The station offers nothing.
    SuspendedEvse,
    /// The vehicle's end of the cable is out, and the transaction waits for it (E10).
    Disconnected,
    /// The transaction is over, the cable still there.
    Finishing,
}

/// What is wrong with a connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// A code: one of 1.6's ChargePointErrorCode, or the vendor's own.
    pub code: Text,
    /// A text for people, at most 50 characters.
    pub info: Option<Text>,
}

/// The state of a connector, or of the station as a whole (EVSE 0, 1.6 only).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectorReport {
    /// The EVSE.
    pub evse: EvseId,
    /// Its connector.
    pub connector: i32,
    /// Since when; a station of 1.6 may leave it out: since this came.
    pub at: Option<DateTime>,
    /// The status of 2.x.
    pub status: ConnectorStatus,
    /// The details that 1.6 puts into the status.
    pub occupation: Occupation,
    /// What is wrong, if `status` is `Faulted`.
    pub problem: Option<Problem>,
}

impl ConnectorReport {
    /// As 2.x tells it: no more than that a connector is occupied. What for, the transaction's events tell.
    pub fn of_status(evse: EvseId, connector: i32, at: DateTime, status: ConnectorStatus) -> Self {
        let is_occupied = status == ConnectorStatus::Occupied;
        let occupation = if is_occupied { Occupation::Preparing } else { Occupation::Free };
        Self { evse, connector, at: Some(at), status, occupation, problem: None }
    }
}

/// A vendor's own message (P01, P02).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataTransfer {
    /// Whose message, at most 255 characters.
    pub vendor_id: Text,
    /// Which of the vendor's messages, at most 50 characters.
    pub message_id: Option<Text>,
    /// Anything; 1.6 carries a string only, other values go out as their JSON text.
    pub data: Option<Json>,
}

/// The answer to a [`DataTransfer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataTransferAnswer {
    /// Whether it was understood.
    pub status: DataTransferStatus,
    /// Anything.
    pub data: Option<Json>,
}

/// A part of a report of the device model (B07).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportPart {
    /// The number of the request that it answers.
    pub request_id: i32,
    /// Counts the parts from 0.
    pub seq_no: i32,
    /// Whether more parts follow.
    pub to_be_continued: bool,
    /// When the report was made.
    pub generated_at: DateTime,
    /// The variables.
    pub variables: Vec<ReportedVariable>,
}

/// A part of what variables of the station did (N07, N08; of connectors: G01).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventsPart {
    /// Counts the parts from 0.
    pub seq_no: i32,
    /// Whether more parts follow.
    pub to_be_continued: bool,
    /// When the station made it.
    pub generated_at: DateTime,
    /// What happened; at least one.
    pub events: Vec<EventData>,
}

/// What a station asks or tells its CSMS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// BootNotification.
    Boot(Boot),
    /// Heartbeat.
    Heartbeat,
    /// StatusNotification.
    Status(ConnectorReport),
    /// Authorize.
    Authorize(IdToken),
    /// TransactionEvent; in 1.6 StartTransaction, MeterValues or StopTransaction.
    Transaction(Box<TransactionEvent>),
    /// MeterValues outside of a transaction.
    MeterValues {
        /// Whose meter; 0 is the main meter.
        evse: EvseId,
        /// What it showed.
        values: Vec<MeterValue>,
    },
    /// NotifyReport; 1.6 does not have it.
    Report(ReportPart),
    /// NotifyEvent; 1.6 does not have it.
    Events(EventsPart),
    /// DataTransfer.
    DataTransfer(DataTransfer),
    /// ReportChargingProfiles; 1.6 does not have it, nor the following ones.
    ChargingProfiles(ProfilesReport),
    /// NotifyChargingLimit.
    ChargingLimit(ExternalLimit),
    /// ClearedChargingLimit.
    ChargingLimitCleared {
        /// The EVSE; 0 is the station.
        evse: EvseId,
        /// Who had set it.
        source: ChargingLimitSource,
    },
    /// NotifyEVChargingNeeds.
    EvNeeds(EvNeeds),
    /// NotifyEVChargingSchedule.
    EvSchedule(EvSchedule),
    /// SecurityEventNotification (A04).
    SecurityEvent {
        /// Which, by the name of 2.x, at most 50 characters; [`SECURITY_EVENTS`](super::SECURITY_EVENTS) are standardized.
        kind: Text,
        /// When it happened.
        at: DateTime,
        /// What a technician may need to know, at most 255 characters.
        info: Option<Text>,
    },
    /// SignCertificate (A02, A03).
    SignCertificate {
        /// The signing request (PKCS #10) in PEM, at most 5500 characters.
        csr: Text,
        /// What the certificate is for; for the CSMS and for vehicles alike if absent. 1.6: always for the CSMS.
        usage: Option<CertificateSigningUse>,
        /// The number to repeat in [`Command::CertificateSigned`]; only 2.1 has it.
        request_id: Option<i32>,
    },
    /// GetCertificateStatus (M06); 1.6 does not have it.
    CertificateStatus(Box<OCSPRequestData>),
    /// LogStatusNotification (N01).
    LogStatus {
        /// How far the upload is.
        status: UploadLogStatus,
        /// The number of the request; absent only for `Idle` (N01.FR.13).
        request_id: Option<i32>,
    },
    /// FirmwareStatusNotification; 1.6: SignedFirmwareStatusNotification (L01).
    FirmwareStatus {
        /// How far the update is.
        status: FirmwareStatus,
        /// The number of the request; absent only for `Idle` (L01.FR.20).
        request_id: Option<i32>,
    },
}

/// The answer to a [`Request`], of the same kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To a boot.
    Boot {
        /// Whether the station is taken in.
        status: RegistrationStatus,
        /// The CSMS's clock.
        time: DateTime,
        /// Seconds between heartbeats, or until the next attempt.
        interval_s: i32,
    },
    /// To a heartbeat.
    Heartbeat {
        /// The CSMS's clock.
        time: DateTime,
    },
    /// To an authorization.
    Authorize(IdTokenInfo),
    /// To an event of a transaction.
    Transaction(TransactionAnswer),
    /// To a vendor's message.
    DataTransfer(DataTransferAnswer),
    /// To the needs of a vehicle.
    EvNeeds(NotifyEvChargingNeedsStatus),
    /// To the plan of a vehicle.
    EvSchedule {
        /// Whether it keeps the limits (K15.FR.11, K15.FR.12).
        accepted: bool,
    },
    /// To a signing request.
    SignCertificate {
        /// Whether it is seen to (A02.FR.11, A02.FR.12).
        accepted: bool,
    },
    /// To a question for the status of a certificate.
    CertificateStatus {
        /// What the responder said, in DER and Base64; `None` if it could not be asked (M06.FR.04).
        response: Option<Text>,
    },
    /// To everything whose answer says nothing.
    Done,
}

/// What a CSMS answers to an event of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TransactionAnswer {
    /// What it thinks of the token, if there was one.
    pub id_token_info: Option<IdTokenInfo>,
    /// 1.6: the id that it gave to the transaction.
    pub transaction: Option<Text>,
}

/// How a station is to be reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetKind {
    /// Now; transactions end. 1.6: Hard.
    Immediate,
    /// Now, after the transactions were ended as if their drivers had. 1.6: Soft; 2.x does not have it.
    Graceful,
    /// As soon as no transaction is left.
    OnIdle,
}

/// What a CSMS wants from a station.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// RequestStartTransaction; 1.6: RemoteStartTransaction.
    RequestStart {
        /// Where; the station chooses if absent.
        evse: Option<EvseId>,
        /// For whom.
        token: IdToken,
        /// The number to repeat in the transaction's events; 1.6 does not have it.
        remote_start_id: Option<i32>,
        /// A TxProfile for the transaction (K05).
        profile: Option<Box<ChargingProfile>>,
    },
    /// RequestStopTransaction; 1.6: RemoteStopTransaction.
    RequestStop {
        /// The station's id of the transaction; 1.6: the CSMS's.
        transaction: Text,
    },
    /// TriggerMessage.
    Trigger {
        /// What to send.
        message: MessageTrigger,
        /// About what; everything if absent.
        place: Option<Place>,
    },
    /// Reset.
    Reset {
        /// When and how.
        kind: ResetKind,
        /// Only this EVSE.
        evse: Option<EvseId>,
    },
    /// ChangeAvailability.
    ChangeAvailability {
        /// What; the station if absent.
        place: Option<Place>,
        /// In service or not.
        operative: bool,
    },
    /// UnlockConnector.
    Unlock {
        /// Which.
        evse: EvseId,
        /// Which of the EVSE's.
        connector: i32,
        /// Whether a transaction there is ended first (1.6 §5.18) or prevents it (F05.FR.02).
        end_transaction: bool,
    },
    /// GetVariables; 1.6: GetConfiguration with keys.
    GetVariables(Vec<VariableQuery>),
    /// 1.6: GetConfiguration without keys.
    GetAllVariables,
    /// SetVariables; 1.6: ChangeConfiguration.
    SetVariables(Vec<VariableSetting>),
    /// GetBaseReport; 1.6 does not have it.
    GetReport {
        /// The number that the report repeats.
        request_id: i32,
        /// Which variables.
        base: ReportBase,
    },
    /// DataTransfer.
    DataTransfer(DataTransfer),
    /// SetChargingProfile.
    SetChargingProfile {
        /// The EVSE; 0 is the station, or each EVSE for a TxDefaultProfile.
        evse: EvseId,
        /// The profile.
        profile: Box<ChargingProfile>,
    },
    /// ClearChargingProfile.
    ClearChargingProfile(ProfileCriteria),
    /// GetChargingProfiles; 1.6 does not have it.
    GetChargingProfiles {
        /// The number that the reports repeat.
        request_id: i32,
        /// Which.
        criteria: ProfileCriteria,
    },
    /// GetCompositeSchedule.
    GetCompositeSchedule(CompositeQuery),
    /// SetNetworkProfile (B09); 1.6 does not have it.
    SetNetworkProfile {
        /// The slot that the way is kept in.
        slot: i32,
        /// The way. A password stands beside it.
        way: Box<NetworkConnectionProfile>,
        /// The password that is used there (2.1); the usual one if absent.
        password: Option<Secret>,
    },
    /// CertificateSigned (A02, A03).
    CertificateSigned {
        /// The certificate in PEM, then those between it and its root; at most 10000 characters.
        chain: Text,
        /// What it is for, as it was asked for.
        usage: Option<CertificateSigningUse>,
        /// The number of the request; only 2.1 has it.
        request_id: Option<i32>,
    },
    /// InstallCertificate (M05).
    InstallCertificate {
        /// What the root vouches for; 1.6 knows those of the CSMS and of the manufacturer.
        usage: InstallCertificateUse,
        /// The root in PEM, at most 5500 characters (2.1: 10000).
        certificate: Text,
    },
    /// GetInstalledCertificateIds (M03).
    InstalledCertificates {
        /// Of these kinds; of all if empty. 1.6: exactly one.
        usages: Vec<GetCertificateIdUse>,
    },
    /// DeleteCertificate (M04).
    DeleteCertificate(Box<CertificateHashData>),
    /// GetLog (N01).
    GetLog(Box<LogRequest>),
    /// UpdateFirmware; 1.6: SignedUpdateFirmware (L01, L02).
    UpdateFirmware(Box<FirmwareUpdate>),
}

/// The answer to a [`Command`], of the same kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To a request to start.
    RequestStart {
        /// Whether it will be tried.
        accepted: bool,
        /// The transaction, if it exists already (F01.FR.13).
        transaction: Option<Text>,
    },
    /// To a request to stop.
    RequestStop {
        /// Whether it will be done.
        accepted: bool,
    },
    /// To a trigger.
    Trigger(TriggerMessageStatus),
    /// To a reset.
    Reset {
        /// Whether and when it will be done.
        status: ResetStatus,
        /// Why not.
        why: Option<StatusInfo>,
    },
    /// To a change of availability.
    ChangeAvailability(ChangeAvailabilityStatus),
    /// To an unlock.
    Unlock(UnlockStatus),
    /// To a question for variables.
    GetVariables(Vec<VariableValue>),
    /// To a change of variables.
    SetVariables(Vec<VariableResult>),
    /// To a request for a report.
    GetReport(GenericDeviceModelStatus),
    /// To a vendor's message.
    DataTransfer(DataTransferAnswer),
    /// To a profile.
    SetChargingProfile {
        /// Whether it is installed.
        accepted: bool,
        /// Why not.
        why: Option<StatusInfo>,
    },
    /// To a request to clear profiles.
    ClearChargingProfile {
        /// Whether any was cleared.
        any: bool,
    },
    /// To a question for profiles.
    GetChargingProfiles {
        /// Whether reports follow.
        any: bool,
    },
    /// To a question for a composite schedule.
    GetCompositeSchedule {
        /// The schedule; none if it is rejected.
        schedule: Option<Box<CompositeSchedule>>,
        /// Why it is rejected.
        why: Option<StatusInfo>,
    },
    /// To a network connection profile.
    SetNetworkProfile {
        /// Whether it is kept.
        status: SetNetworkProfileStatus,
        /// Why not.
        why: Option<StatusInfo>,
    },
    /// To a signed certificate.
    CertificateSigned {
        /// Whether it is used.
        accepted: bool,
        /// Why not.
        why: Option<StatusInfo>,
    },
    /// To a root.
    InstallCertificate {
        /// Whether it is installed.
        status: InstallCertificateStatus,
        /// Why not.
        why: Option<StatusInfo>,
    },
    /// To a question for certificates: all that were found.
    InstalledCertificates(Vec<CertificateHashDataChain>),
    /// To a deletion.
    DeleteCertificate(DeleteCertificateStatus),
    /// To a request for a log.
    GetLog {
        /// Whether it will be uploaded.
        status: LogStatus,
        /// How the file is called, if it will.
        name: Option<Text>,
        /// Why not.
        why: Option<Box<StatusInfo>>,
    },
    /// To firmware.
    UpdateFirmware {
        /// Whether it will be fetched and installed.
        status: UpdateFirmwareStatus,
        /// Why not.
        why: Option<StatusInfo>,
    },
}
