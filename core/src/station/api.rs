//! What a station is told, and what it wants done.

use alloc::boxed::Box;

use pilotwire_messages::{Decimal, Text};
use serde::{Deserialize, Serialize};

use crate::charging::Limit;
use crate::domain::{
    AuthorizationStatus, ChargingLimitSource, ConnectionFault, ConnectorReport, CryptoResult, CryptoTask, DataTransfer,
    DataTransferAnswer, EvNeeds, EvSchedule, EvseId, ExternalLimit, FileResult, FileTask, IdToken, KeyId,
    NetworkTarget, NotifyEvChargingNeedsStatus, OcspStatus, Problem, Reading, RegistrationStatus, StoppedReason,
    VariableId,
};

/// What is known of a certificate for vehicles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// The key of the certificate that the chain is for.
    pub key: KeyId,
    /// Which certificate of the chain, by number from 0.
    pub position: usize,
    /// Whether it is good, by its responder's word.
    pub status: OcspStatus,
    /// What the responder said, in DER and Base64: what a vehicle is shown.
    pub response: Text,
}

/// What the hardware, people and the host tell a station.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A cable connects a vehicle.
    CablePlugged {
        /// Where.
        evse: EvseId,
        /// On which of its connectors.
        connector: i32,
    },
    /// The cable is out. Tell the last [`Meter`](Input::Meter) before it.
    CableUnplugged {
        /// Where.
        evse: EvseId,
    },
    /// The vehicle asks for energy (IEC 61851 state C or D).
    EvReady {
        /// Where.
        evse: EvseId,
    },
    /// The vehicle is there and wants no energy (IEC 61851 state B).
    EvSuspended {
        /// Where.
        evse: EvseId,
    },
    /// The meter shows this. To be told at least every second while energy flows, and before every fact that ends the
    /// flow; readings are used as they are when an event needs one.
    Meter {
        /// Whose meter.
        evse: EvseId,
        /// What it shows.
        reading: Reading,
    },
    /// Someone presents a token.
    Token {
        /// At which EVSE, if it has a reader of its own.
        evse: Option<EvseId>,
        /// The token.
        token: IdToken,
    },
    /// Something is wrong; energy stops there.
    Fault {
        /// Where; 0 is the whole station.
        evse: EvseId,
        /// What is wrong.
        problem: Problem,
    },
    /// Nothing is wrong any more.
    FaultCleared {
        /// Where; 0 is the whole station.
        evse: EvseId,
    },
    /// How an [`Output::UnlockConnector`] ended.
    Unlocked {
        /// Where.
        evse: EvseId,
        /// Which connector.
        connector: i32,
        /// Whether it is open now.
        success: bool,
    },
    /// The host sets a variable, whatever its mutability for the CSMS. Unknown ones are created, up to a limit. It is kept, but
    /// for `ChargingStation.FirmwareVersion`, which is a fact of one life.
    Variable {
        /// Which.
        id: VariableId,
        /// The new value.
        value: Text,
    },
    /// The host sends a vendor's message; answered by [`Output::DataTransferAnswered`].
    SendDataTransfer(DataTransfer),
    /// The host's answer to [`Output::DataTransfer`].
    DataTransferred {
        /// The question's number.
        question: u64,
        /// The answer.
        answer: DataTransferAnswer,
    },
    /// Someone in charge of the hardware wants the station restarted; transactions end with reason Reboot.
    LocalReset,
    /// Somebody else than the CSMS limits charging: a grid operator, an energy management (K11, K12). It replaces what the
    /// same source said of the same EVSE, is kept through power cuts, and holds beside the limits of other sources.
    ExternalLimit(ExternalLimit),
    /// A limit from outside is gone (K13).
    ExternalLimitCleared {
        /// The EVSE; 0 is the station.
        evse: EvseId,
        /// Who had set it.
        source: ChargingLimitSource,
    },
    /// A vehicle told what it needs (K15, K17); answered by [`Output::EvNeedsAnswered`].
    EvNeeds(EvNeeds),
    /// A vehicle told what it plans (K15.FR.10); answered by [`Output::EvScheduleAnswered`].
    EvSchedule(EvSchedule),
    /// Why the attempt to connect failed; to be told right before [`Event::Disconnected`](crate::Event::Disconnected). Without
    /// it nobody knows: after a change of the password, the one before is tried then, too.
    ConnectionFailed(ConnectionFault),
    /// Something happened that concerns security and that only the host can know (A04): an opened housing, a login of a
    /// technician, a firmware that was updated.
    SecurityEvent {
        /// Which, by the name of 2.x; [`SECURITY_EVENTS`](crate::domain::SECURITY_EVENTS) are standardized. Others count as
        /// critical.
        kind: Text,
        /// What a technician may need to know.
        info: Option<Text>,
    },
    /// The host did what [`Output::Crypto`] asked for.
    CryptoDone {
        /// The operation's number.
        operation: u64,
        /// How it ended.
        result: CryptoResult,
    },
    /// The host did what [`Output::File`] asked for, or could not.
    FileDone {
        /// The operation's number.
        operation: u64,
        /// How it ended.
        result: FileResult,
    },
}

/// What a station wants done, or tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Let energy flow.
    CloseContactor {
        /// Where.
        evse: EvseId,
    },
    /// Let no energy flow.
    OpenContactor {
        /// Where.
        evse: EvseId,
    },
    /// Let no more flow than this, from now on: for the pilot signal of an AC charger, or the power stage of a DC one.
    SetLimit {
        /// Where.
        evse: EvseId,
        /// How much; zero for nothing.
        limit: Limit,
    },
    /// Charging profiles came or went: a schedule that was negotiated with a vehicle may be outdated (K16.FR.02).
    ProfilesChanged,
    /// What the CSMS said to a vehicle's needs; `None` if it could not be asked.
    EvNeedsAnswered {
        /// Where the vehicle is.
        evse: EvseId,
        /// Whether a schedule will come.
        status: Option<NotifyEvChargingNeedsStatus>,
    },
    /// Whether a vehicle's plan keeps its limits, by the station's own count (K15.FR.09) and by the CSMS's; `None` if it
    /// could not be asked.
    EvScheduleAnswered {
        /// Where the vehicle is.
        evse: EvseId,
        /// Whether it keeps the limits.
        accepted: Option<bool>,
    },
    /// Hold the plug.
    LockConnector {
        /// Where.
        evse: EvseId,
        /// Which connector.
        connector: i32,
    },
    /// Release the plug. If `confirm` is set, answer with [`Input::Unlocked`].
    UnlockConnector {
        /// Where.
        evse: EvseId,
        /// Which connector.
        connector: i32,
        /// Whether somebody waits for the result.
        confirm: bool,
    },
    /// It is this time now: set the hardware's clock. Do not tell it back as an event.
    SetClock(pilotwire_messages::DateTime),
    /// Restart: the next event must be a power-up. Nothing that comes before it has an effect.
    Reboot,
    /// Restart the electronics of one EVSE.
    RebootEvse {
        /// Which.
        evse: EvseId,
    },
    /// A vendor's message came. To be answered with [`Input::DataTransferred`], within the CSMS's patience.
    DataTransfer {
        /// The question's number.
        question: u64,
        /// The message.
        message: DataTransfer,
    },
    /// The CSMS answered our vendor's message; `None` if it could not be delivered.
    DataTransferAnswered(Option<DataTransferAnswer>),
    /// What the CSMS said to our boot.
    Registered(RegistrationStatus),
    /// What became of a token: for a display, a light or a beep.
    TokenChecked {
        /// Where, once that was clear.
        evse: Option<EvseId>,
        /// The token.
        token: IdToken,
        /// Whether it may charge.
        status: AuthorizationStatus,
    },
    /// The state of a connector changed.
    Status(ConnectorReport),
    /// A transaction started.
    TransactionStarted {
        /// Where.
        evse: EvseId,
        /// Its id.
        transaction: Text,
        /// The energy register in Wh.
        register_wh: Decimal,
    },
    /// A transaction ended.
    TransactionEnded {
        /// Where.
        evse: EvseId,
        /// Its id.
        transaction: Text,
        /// The energy register in Wh.
        register_wh: Decimal,
        /// Why.
        reason: StoppedReason,
    },
    /// Whom the next [`Action::Connect`](crate::Action::Connect) calls, and all those after it until this is told again. Only
    /// told by a station with [`Config::network`](super::Config::network).
    UseNetwork(Box<NetworkTarget>),
    /// Something happened that concerns security: for the security log (A04.FR.04). It holds no secret (A01.FR.12).
    SecurityEvent {
        /// Which, by the name of 2.x.
        kind: Text,
        /// When.
        at: pilotwire_messages::DateTime,
        /// Details.
        info: Option<Text>,
        /// Whether the CSMS has to be told.
        critical: bool,
    },
    /// Do this, and answer with [`Input::CryptoDone`] and the same number, unless the task says that it is not answered. A
    /// CSMS that waits for the outcome is told after 10 s that it failed; numbers begin anew when power comes.
    Crypto {
        /// The operation's number.
        operation: u64,
        /// What to do.
        task: CryptoTask,
    },
    /// Do this with a file, beside everything else, and answer with [`Input::FileDone`] and the same number, unless the task
    /// says that it is not answered. Numbers begin anew when power comes.
    File {
        /// The operation's number.
        operation: u64,
        /// What to do.
        task: FileTask,
    },
    /// The status of a certificate for vehicles was found out, or found out again (M06).
    CertificateStatus(Box<CertificateStatus>),
    /// A transaction event was not processed by the CSMS in the number of attempts that the specification gives it, and
    /// was discarded (E13.FR.04). The host's own records are now the only ones.
    Discarded {
        /// The transaction.
        transaction: Text,
        /// The event's number.
        seq_no: i32,
        /// What the CSMS said last.
        why: Text,
    },
    /// The CSMS broke a rule, and this is how it was answered.
    Violation {
        /// What was wrong.
        text: Text,
    },
    /// A fact or a command of the host made no sense, and changed nothing.
    Refused {
        /// Why.
        text: Text,
    },
    /// A limit was hit, or a record could not be read or written.
    LimitHit {
        /// Which, and what became of what was too much.
        text: Text,
    },
}
