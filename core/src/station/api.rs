//! What a station is told, and what it wants done.

use alloc::vec::Vec;

use pilotwire_messages::{Decimal, Text, Version};
use serde::{Deserialize, Serialize};

use crate::domain::{
    AuthorizationStatus, ConnectorReport, DataTransfer, DataTransferAnswer, EvseId, IdToken, Problem, Reading,
    RegistrationStatus, StationIdentity, StoppedReason, VariableId,
};

/// What a station is. Given once; what the CSMS may change are variables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The version to offer to the CSMS.
    pub version: Version,
    /// What BootNotification tells.
    pub identity: StationIdentity,
    /// Makes message ids, transaction ids and jitter. Should differ from station to station.
    pub seed: u64,
    /// The EVSEs, numbered from 1 in this order.
    pub evses: Vec<EvseConfig>,
    /// Values of variables that differ from the catalogue's defaults, as the factory set them.
    pub variables: Vec<(VariableId, Text)>,
    /// Limits.
    pub limits: Limits,
}

impl Config {
    /// A station with `evses` EVSEs of one connector each and default limits.
    pub fn new(version: Version, identity: StationIdentity, seed: u64, evses: usize) -> Self {
        Self {
            version,
            identity,
            seed,
            evses: (0..evses).map(|_| EvseConfig { connectors: 1, socket: false }).collect(),
            variables: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// What an EVSE has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvseConfig {
    /// The number of its connectors; one is used at a time.
    pub connectors: i32,
    /// Drivers bring their own cables, which are locked in while they are used; otherwise its cables are fixed to it.
    #[serde(default)]
    pub socket: bool,
}

/// Every bound of a [`Station`](crate::Station); each is reported when it is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Transaction events that wait for delivery. Beyond it every second intermediate event is dropped (E04.FR.08), and
    /// then no transaction is started; starts and ends of transactions are never dropped.
    pub queued_events: usize,
    /// Other messages that wait for their turn.
    pub waiting_calls: usize,
    /// CALLs of the CSMS that wait for hardware or host.
    pub waiting_replies: usize,
    /// Variables of the host's own.
    pub custom_variables: usize,
    /// Variables in one part of a report (B07).
    pub report_part: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { queued_events: 1_000, waiting_calls: 64, waiting_replies: 8, custom_variables: 64, report_part: 20 }
    }
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
    /// The host sets a variable, whatever its mutability for the CSMS. Unknown ones are created, up to a limit.
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
