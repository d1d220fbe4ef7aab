//! What a CSMS's side of a station is told, and what it tells.

use alloc::boxed::Box;
use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Json, Text, Version};
use serde::{Deserialize, Serialize};

use crate::domain::{
    Boot, CertificateSigningUse, ChargingLimitSource, Command, ConnectorReport, DataTransfer, DataTransferAnswer,
    EvNeeds, EvSchedule, EventsPart, EvseId, ExternalLimit, FirmwareStatus, IdToken, IdTokenInfo, MeterValue,
    NotifyEvChargingNeedsStatus, OCSPRequestData, ProfilesReport, RegistrationStatus, Reply, ReportPart,
    SecurityProfile, TransactionEvent, UploadLogStatus,
};

/// How a CSMS deals with one station.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The station's identity, as in its URL.
    pub identity: Text,
    /// Makes the ids of our CALLs. Must be another one whenever the process starts anew, or ids come twice.
    pub seed: u64,
    /// What a booting station is answered.
    pub registration: RegistrationStatus,
    /// Seconds between heartbeats; if not accepted, until the next attempt.
    pub interval_s: i32,
    /// The first id that is given to a transaction of 1.6; later ones count up from it. At least 1. A host that wants ids
    /// that are unique among its stations gives each of them a range of its own.
    pub first_transaction_id: i32,
    /// Whether the host has certificates signed that the station asks for: [`Output::SigningRequested`] (A02.FR.11). If not,
    /// the station is answered `Rejected` (A02.FR.12).
    #[serde(default)]
    pub signs_certificates: bool,
    /// Whether the host asks OCSP responders: [`Output::CertificateStatus`] (M06). If not, the station is answered `Failed`.
    #[serde(default)]
    pub asks_responders: bool,
    /// Limits.
    pub limits: Limits,
}

impl Config {
    /// Accepts the station, with heartbeats every five minutes and default limits.
    pub fn new(identity: &str, seed: u64) -> Self {
        Self {
            identity: identity.into(),
            seed,
            registration: RegistrationStatus::Accepted,
            interval_s: 300,
            first_transaction_id: 1,
            signs_certificates: false,
            asks_responders: false,
            limits: Limits::default(),
        }
    }
}

/// Every bound of a [`Csms`](crate::Csms); each is reported when it is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Seconds until an unanswered CALL of ours has timed out.
    pub call_timeout_s: u32,
    /// Seconds until a CALL of the station is answered with an error because the host did not answer its question.
    pub answer_timeout_s: u32,
    /// Seconds between WebSocket pings of ours; 0 sends none. A station that showed no sign of life from one ping to the
    /// next is disconnected.
    pub ping_interval_s: u32,
    /// Commands that wait for their turn.
    pub commands: usize,
    /// CALLs of the station that wait for an answer of the host.
    pub questions: usize,
    /// Transactions that are remembered after they ended, so that repeated events are recognised. The one that ended first
    /// is forgotten beyond that, which is reported if events of it are missing.
    pub ended_transactions: usize,
    /// Transactions that are open at once; the oldest is set aside beyond that, which is reported.
    pub open_transactions: usize,
    /// Charging profiles in the station that are remembered.
    #[serde(default = "profiles")]
    pub profiles: usize,
    /// Signing requests within an hour that are passed on to the host; those beyond are rejected (A02.FR.12).
    #[serde(default = "signing_requests")]
    pub signing_requests: usize,
}

const fn signing_requests() -> usize {
    16
}

const fn profiles() -> usize {
    256
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call_timeout_s: 30,
            answer_timeout_s: 20,
            ping_interval_s: 0,
            commands: 64,
            questions: 8,
            ended_transactions: 8,
            open_transactions: 64,
            profiles: profiles(),
            signing_requests: signing_requests(),
        }
    }
}

/// What the host tells a CSMS's side of a station.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Send this command, in whatever version the station speaks. Ends in one [`Output::Done`] with the same number.
    Command {
        /// The host's number of this operation.
        operation: u64,
        /// What the station shall do.
        command: Command,
        /// Seconds that the command may wait for a station that is away or busy; 0 fails at once if it is away. A station
        /// that is connected gets at least [`Limits::call_timeout_s`] to become free.
        wait_s: u32,
    },
    /// Send this CALL as it is. Ends in one [`Output::Done`] with the same number.
    RawCall {
        /// The host's number of this operation.
        operation: u64,
        /// The name of the action.
        action: Text,
        /// The payload, of the station's version.
        payload: Json,
        /// As for a command.
        wait_s: u32,
    },
    /// The host's answer to [`Output::Authorize`].
    Authorized {
        /// The question's number.
        question: u64,
        /// What the host knows of the token.
        info: Box<IdTokenInfo>,
    },
    /// The host's answer to [`Output::DataTransfer`].
    DataTransferred {
        /// The question's number.
        question: u64,
        /// The answer.
        answer: DataTransferAnswer,
    },
    /// The host's answer to [`Output::EvNeeds`].
    EvNeedsAnswered {
        /// The question's number.
        question: u64,
        /// Whether a schedule will come.
        status: NotifyEvChargingNeedsStatus,
    },
    /// The host's answer to [`Output::CertificateStatus`].
    CertificateStatus {
        /// The question's number.
        question: u64,
        /// What the responder said, in DER and Base64; `None` if it could not be asked, or said nothing (M06.FR.04). At
        /// most 5500 characters, in 2.1 18000.
        response: Option<Text>,
    },
    /// From now on, answer a booting station like this. A station that is connected and was answered otherwise is told to
    /// boot, unless it was rejected: then nothing may be sent to it (B03.FR.03).
    Registration {
        /// The status.
        status: RegistrationStatus,
        /// Seconds between heartbeats or attempts.
        interval_s: i32,
    },
    /// The connection that was opened last is protected like this. What is higher than all before is kept durably, and lower
    /// ones are closed from then on (A05.FR.07; 1.6: A05.FR.09). Ask [`Csms::admits`](crate::Csms::admits) before the
    /// connection is opened, and tell this right after [`Event::Connected`](crate::Event::Connected).
    Secured(SecurityProfile),
}

/// What a CSMS's side of a station tells the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// What is this token? To be answered with [`Input::Authorized`]; the station waits for it.
    Authorize {
        /// The question's number.
        question: u64,
        /// The transaction whose event carries the token; it was reported just before. `None`: a mere Authorize.
        transaction: Option<Text>,
        /// The token.
        token: Box<IdToken>,
    },
    /// A vendor's message. To be answered with [`Input::DataTransferred`]; the station waits for it.
    DataTransfer {
        /// The question's number.
        question: u64,
        /// The message.
        message: DataTransfer,
    },
    /// How an operation ended.
    Done {
        /// The host's number.
        operation: u64,
        /// The station's reply, or why there is none.
        outcome: Outcome,
    },
    /// The station is connected.
    Connected(Version),
    /// It no longer is.
    Disconnected,
    /// The station booted, and was answered with this status.
    Booted {
        /// What it said.
        boot: Box<Boot>,
        /// What it was answered.
        status: RegistrationStatus,
    },
    /// The station showed that it is alive.
    Heartbeat,
    /// The state of a connector.
    Status(Box<ConnectorReport>),
    /// An event of a transaction, with the ledger's verdict.
    Transaction(Box<Entry>),
    /// Measurements outside of transactions.
    MeterValues {
        /// Whose meter.
        evse: EvseId,
        /// What it showed.
        values: Vec<MeterValue>,
    },
    /// A part of a report of the device model.
    Report(ReportPart),
    /// What variables of the station did. States of connectors among it have been told as [`Status`](Self::Status).
    Events(EventsPart),
    /// A part of a report of charging profiles.
    ChargingProfiles(ProfilesReport),
    /// A report of charging profiles is complete, and was compared with what this CSMS has set.
    ProfilesCompared(ProfileDifferences),
    /// Somebody else limits charging at the station (K11, K12).
    ChargingLimit(ExternalLimit),
    /// A limit from elsewhere is gone (K13).
    ChargingLimitCleared {
        /// The EVSE; 0 is the station.
        evse: EvseId,
        /// Who had set it.
        source: ChargingLimitSource,
    },
    /// What a vehicle needs (K15). To be answered with [`Input::EvNeedsAnswered`], and with a TxProfile within a minute
    /// (K15.FR.08).
    EvNeeds {
        /// The question's number.
        question: u64,
        /// The needs.
        needs: EvNeeds,
    },
    /// What a vehicle plans. If it was not accepted, it exceeds its limits, and a new profile is due (K15.FR.13).
    EvSchedule {
        /// The plan.
        plan: EvSchedule,
        /// How it was answered.
        accepted: bool,
    },
    /// Something happened at the station that concerns security (A04). Answered already.
    SecurityEvent {
        /// Which, by the name of 2.x, whatever the station's version.
        kind: Text,
        /// When, by the station's clock.
        at: DateTime,
        /// Details.
        info: Option<Text>,
        /// Whether the specification calls it critical; `None` if it does not know it.
        critical: Option<bool>,
    },
    /// How far the upload of a log is that the command [`GetLog`](Command::GetLog) asked for (N01). Answered already.
    LogStatus {
        /// How far.
        status: UploadLogStatus,
        /// The number of the request; absent only for `Idle`.
        request_id: Option<i32>,
    },
    /// How far an update of the firmware is that the command [`UpdateFirmware`](Command::UpdateFirmware) asked for (L01).
    /// Answered already; what concerns security comes as an event of its own.
    FirmwareStatus {
        /// How far.
        status: FirmwareStatus,
        /// The number of the request; absent only for `Idle`.
        request_id: Option<i32>,
    },
    /// The station wants a certificate signed, and was answered that it will be (A02.FR.11). Have it signed by who may
    /// (A02.FR.04), check what stands in it before, and give it back by the command
    /// [`CertificateSigned`](Command::CertificateSigned) with the same usage and number. A station that waits for long
    /// asks again with the same request or with another one; the latest counts.
    SigningRequested {
        /// The signing request (PKCS #10) in PEM: a peer's text that nobody has looked at.
        csr: Text,
        /// What the certificate is for; for the CSMS and for vehicles alike if absent.
        usage: Option<CertificateSigningUse>,
        /// The station's number of the request; only 2.1 has it.
        request_id: Option<i32>,
    },
    /// What is the status of this certificate (M06)? To be answered with [`Input::CertificateStatus`]; a station that waits
    /// for too long is told that it failed. The address of the responder is a peer's word: judge it before you call there.
    CertificateStatus {
        /// The question's number.
        question: u64,
        /// The certificate, and its responder.
        about: Box<OCSPRequestData>,
    },
    /// What became of a password that a command set; told before the command's [`Output::Done`]. Give it to
    /// [`Passwords::settle`](super::Passwords::settle), and keep the outcome before the station connects again.
    PasswordChange {
        /// The command's number.
        operation: u64,
        /// What is known.
        fate: PasswordFate,
    },
    /// The station broke a rule, and this is how it was answered. Nothing was stored.
    Violation {
        /// What was wrong.
        text: Text,
    },
    /// A limit was hit.
    LimitHit {
        /// Which, and what became of what was too much.
        text: Text,
    },
}

/// What is known of a password that the station was told to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordFate {
    /// The station uses it from now on, and the old one no more (A01.FR.03).
    Accepted,
    /// The station keeps the old one (A01.FR.04).
    Refused,
    /// Nobody can tell: the answer was lost.
    Unknown,
}

/// How the profiles in a station differ from those that the CSMS set there, by their ids. What the station says is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileDifferences {
    /// The request whose report was compared.
    pub request_id: i32,
    /// Set, and not there any more.
    pub missing: Vec<i32>,
    /// There, with other content or for another EVSE.
    pub changed: Vec<i32>,
    /// There, and not set by this CSMS.
    pub unexpected: Vec<i32>,
}

/// How an operation ended.
///
/// After `Lost` and `TimedOut` the station may have acted or not: whoever tries again may do it twice. After `Offline`,
/// `NotAccepted` and `Busy` it was never asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The station replied to a command.
    Reply(Reply),
    /// The station's CALLRESULT to a raw call: its payload.
    Payload(Json),
    /// The station answered with a CALLERROR.
    CallError {
        /// The code, as the station wrote it.
        code: Text,
        /// The description.
        description: Text,
        /// The details.
        details: Json,
    },
    /// The station was not connected in time; nothing was sent.
    Offline,
    /// The connection was lost before the station replied. It may have acted or not.
    Lost,
    /// The station did not answer in time. It may have acted or not.
    TimedOut,
    /// The command cannot be written in the station's version, or its answer cannot be read.
    Invalid(Text),
    /// The station is not accepted, and may not be asked this (B02.FR.05, B03.FR.03); nothing was sent.
    NotAccepted,
    /// Too many commands wait already, or its turn did not come in time; nothing was sent.
    Busy,
}

/// An event of a transaction as the ledger took it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was received: the station's clock may be wrong (S-27).
    pub received: DateTime,
    /// What the ledger thinks of it.
    pub verdict: Verdict,
    /// The event; in 1.6 with the id that the CSMS gave.
    pub event: TransactionEvent,
    /// The transaction as it stands after this event.
    pub state: TransactionState,
}

/// What the ledger knows of a transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransactionState {
    /// The station's id of the transaction; 1.6: the CSMS's.
    pub transaction: Text,
    /// Where.
    pub evse: Option<EvseId>,
    /// Who started it.
    pub id_token: Option<IdToken>,
    /// When it started, by the station's clock.
    pub started: Option<DateTime>,
    /// When it ended, by the station's clock.
    pub ended: Option<DateTime>,
    /// The energy register at its start, in Wh.
    pub start_wh: Option<pilotwire_messages::Decimal>,
    /// The energy register at its end or at the latest measurement, in Wh.
    pub last_wh: Option<pilotwire_messages::Decimal>,
    /// Why it ended.
    pub stopped_reason: Option<crate::domain::StoppedReason>,
    /// Sequence numbers that are missing between the first and the last one that came, as inclusive ranges.
    pub missing: Vec<(i32, i32)>,
}

impl TransactionState {
    /// The energy so far by the register's difference (S-27), in Wh.
    pub fn energy_wh(&self) -> Option<pilotwire_messages::Decimal> {
        self.last_wh?.checked_sub(self.start_wh?)
    }

    /// Whether start and end are known and nothing is missing between them.
    pub fn is_complete(&self) -> bool {
        self.started.is_some() && self.ended.is_some() && self.missing.is_empty()
    }
}

/// What the ledger thinks of an event (C-2, C-3, C-4). Billing data is never refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum Verdict {
    /// New, and the one that was to come next; without sequence numbers (1.6): new.
    InOrder,
    /// New, but others before it are missing.
    Gap,
    /// New, and fills a gap.
    Late,
    /// Seen before, with the same content as far as is remembered: nothing changed. A host that restarted may have lost
    /// the first report: it should store whatever it does not have.
    Duplicate,
    /// An event with this sequence number (1.6: another end of this transaction) was seen before with other content; this
    /// one was not taken.
    Conflict,
    /// The first event of the transaction that came is not its start: kept, and the rest is awaited.
    Orphan,
    /// New, but the transaction had ended already; kept.
    AfterEnd,
}
