//! What a station is told, and what it wants done.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::{Decimal, Text, Version};
use serde::{Deserialize, Serialize};

use super::files::FilesConfig;
use crate::charging::{Limit, Rating, Supply};
use crate::device_model::{Known, Variables};
use crate::domain::{
    AuthorizationStatus, ChargingLimitSource, ClientCertificate, ConnectionFault, ConnectorReport, CryptoResult,
    CryptoTask, DataTransfer, DataTransferAnswer, EvNeeds, EvSchedule, EvseId, ExternalLimit, FileResult, FileTask,
    IdToken, KeyId, NetworkConnectionProfile, NetworkTarget, NotifyEvChargingNeedsStatus, OcspStatus, Problem, Reading,
    RegistrationStatus, Secret, StationIdentity, StoppedReason, VariableId,
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
    /// What it can do about charging profiles.
    #[serde(default)]
    pub charging: ChargingConfig,
    /// What protects it.
    #[serde(default)]
    pub security: SecurityConfig,
    /// The ways to the CSMS that the factory set, in the order in which they are tried, and the slots that are free (B09). If
    /// there is none, the host chooses whom [`Action::Connect`](crate::Action::Connect) calls, and with which credentials.
    #[serde(default)]
    pub network: Vec<NetworkSlot>,
    /// What it can do about certificates.
    #[serde(default)]
    pub certificates: CertificatesConfig,
    /// What its host can do about logs and firmware.
    #[serde(default)]
    pub files: FilesConfig,
}

impl Config {
    /// A station with `evses` EVSEs of one connector each and default limits.
    pub fn new(version: Version, identity: StationIdentity, seed: u64, evses: usize) -> Self {
        Self {
            version,
            identity,
            seed,
            evses: (0..evses).map(|_| EvseConfig::default()).collect(),
            variables: Vec::new(),
            limits: Limits::default(),
            charging: ChargingConfig::default(),
            security: SecurityConfig::default(),
            network: Vec::new(),
            certificates: CertificatesConfig::default(),
            files: FilesConfig::default(),
        }
    }
}

/// What protects a station (block A; security whitepaper of 1.6).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SecurityConfig {
    /// Security profile 0 may be used: for trying things out.
    pub allow_unsecured: bool,
    /// The CSMS is told of the critical events of a station's daily life, too: `StartupOfTheDevice`, `ResetOrReboot`,
    /// `SettingSystemTime`, `MemoryExhaustion` (A04.FR.01). Not unless it is set: a central system of 1.6 without the security
    /// whitepaper answers each of them with an error. All other critical events are always told.
    pub device_events: bool,
    /// The certificate of security profile 3 that the factory gave it.
    pub client: Option<ClientCertificate>,
    /// What the factory lets the CSMS's certificate descend from, in PEM.
    pub roots: Vec<Text>,
}

/// What a station can do about certificates (A02, A03, M03–M05). What the factory gave stands in [`SecurityConfig`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificatesConfig {
    /// The host answers [`Output::Crypto`], and the station has [`Config::network`]. Without either, the CSMS is told that
    /// certificates are not supported.
    pub enabled: bool,
    /// Roots that may be installed at once (M05.FR.06), the temporary fallback among them.
    pub entries: usize,
    /// O of signing requests until the CSMS sets `OrganizationName` (A00.FR.509). Without it none can be made, nor without
    /// [`StationIdentity::serial_number`], which is their CN (A00.FR.511).
    pub organization: Text,
    /// CN of certificates for vehicles (ISO15118Ctrlr.SeccId); none if it has no such certificates.
    pub secc_id: Option<Text>,
    /// Days before its end at which a certificate is renewed by itself (A03.FR.02); 0: only when the CSMS asks.
    pub renew_days: u32,
}

impl Default for CertificatesConfig {
    /// Off; 16 roots; renewal 30 days ahead.
    fn default() -> Self {
        Self { enabled: false, entries: 16, organization: Text::default(), secc_id: None, renew_days: 30 }
    }
}

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

/// A place for a way to the CSMS (B09).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkSlot {
    /// Its number; each stands in one place only.
    pub slot: i32,
    /// The way that the factory set; none if the slot is free.
    pub way: Option<NetworkConnectionProfile>,
    /// The password of profiles 1 and 2. In 1.6 it is raw bytes, written as hexadecimal digits.
    pub password: Option<Secret>,
}

impl NetworkSlot {
    /// A slot with a way in it.
    pub const fn new(slot: i32, way: NetworkConnectionProfile, password: Option<Secret>) -> Self {
        Self { slot, way: Some(way), password }
    }

    /// A slot for the CSMS to fill (SetNetworkProfile).
    pub const fn free(slot: i32) -> Self {
        Self { slot, way: None, password: None }
    }
}

/// What an EVSE has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EvseConfig {
    /// The number of its connectors; one is used at a time.
    pub connectors: i32,
    /// Drivers bring their own cables, which are locked in while they are used; otherwise its cables are fixed to it.
    pub socket: bool,
    /// What it can deliver.
    pub rating: Rating,
    /// Less than this cannot be offered: then it offers nothing. 6 A unless told otherwise, as IEC 61851-1 signals it.
    pub minimum_a: Decimal,
}

impl EvseConfig {
    /// 6 A to 32 A on three phases.
    pub const fn new(connectors: i32, socket: bool) -> Self {
        let rating = Rating { current_a: Decimal::from_int(32), phases: 3 };
        Self { connectors, socket, rating, minimum_a: Decimal::from_int(6) }
    }
}

impl Default for EvseConfig {
    /// One connector with a fixed cable.
    fn default() -> Self {
        Self::new(1, false)
    }
}

/// What a station can do about charging profiles (SmartChargingCtrlr; 1.6 §9.4).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChargingConfig {
    /// The grid in front of it.
    pub supply: Supply,
    /// What all EVSEs together can draw, if that is less than the sum of their ratings (K04.FR.02).
    pub rating: Option<Rating>,
    /// The highest stack level.
    pub max_stack_level: i32,
    /// Profiles that are installed at once.
    pub max_profiles: usize,
    /// Periods of a schedule.
    pub max_periods: usize,
    /// Schedules may be in amperes.
    pub amperes: bool,
    /// Schedules may be in watts.
    pub watts: bool,
    /// The phase that a vehicle gets can be chosen.
    pub phase_switching: bool,
}

impl Default for ChargingConfig {
    /// 230 V; 32 profiles of 96 periods on levels 0 to 31; both units; no choice of a phase.
    fn default() -> Self {
        Self {
            supply: Supply::default(),
            rating: None,
            max_stack_level: 31,
            max_profiles: 32,
            max_periods: 96,
            amperes: true,
            watts: true,
            phase_switching: false,
        }
    }
}

impl ChargingConfig {
    /// Tells it as variables.
    pub(crate) fn describe(&self, variables: &mut Variables) {
        let (units, legacy) = match (self.amperes, self.watts) {
            (true, true) => ("A,W", "Current,Power"),
            (true, false) => ("A", "Current"),
            (false, true) => ("W", "Power"),
            (false, false) => ("", ""),
        };
        variables.put(Known::RateUnit, units);
        variables.put(Known::LegacyRateUnits, legacy);
        variables.put(Known::ProfileStackLevel, &format!("{}", self.max_stack_level));
        variables.put(Known::PeriodsPerSchedule, &format!("{}", self.max_periods));
        variables.put(Known::LegacyMaxProfiles, &format!("{}", self.max_profiles));
        variables.put(Known::PhaseSwitching, if self.phase_switching { "true" } else { "false" });
    }
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
    /// Security events that wait for delivery (A04.FR.02). Beyond it no new one is kept.
    #[serde(default = "security_events")]
    pub security_events: usize,
    /// Variables of the host's own.
    pub custom_variables: usize,
    /// Variables in one part of a report (B07).
    pub report_part: usize,
    /// Periods of a composite schedule that the CSMS asks for; beyond it the schedule covers less time (K08).
    #[serde(default = "composite_periods")]
    pub composite_periods: usize,
    /// Seconds of a composite schedule that the CSMS asks for; beyond it the schedule covers less time (K08).
    #[serde(default = "composite_s")]
    pub composite_s: u32,
}

const fn security_events() -> usize {
    100
}

/// A year.
const fn composite_s() -> u32 {
    366 * 86_400
}

const fn composite_periods() -> usize {
    1_024
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queued_events: 1_000,
            waiting_calls: 64,
            waiting_replies: 8,
            security_events: security_events(),
            custom_variables: 64,
            report_part: 20,
            composite_periods: composite_periods(),
            composite_s: composite_s(),
        }
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
    /// told by a station with [`Config::network`].
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
