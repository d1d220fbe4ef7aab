//! What a station is, and what its hardware and its host can do.

use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::{Decimal, Text, Version};
use serde::{Deserialize, Serialize};

use crate::charging::{Rating, Supply};
use crate::device_model::{Known, Variables};
use crate::domain::{ClientCertificate, NetworkConnectionProfile, Secret, StationIdentity, VariableId};

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
    /// The host answers [`Output::Crypto`](super::Output::Crypto), and the station has [`Config::network`]. Without either, the
    /// CSMS is told that certificates are not supported.
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

/// What a station's host can do about logs and firmware (N01, L01). What it cannot, the CSMS is told to be not supported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilesConfig {
    /// The host keeps a security log ([`Output::SecurityEvent`](super::Output::SecurityEvent)) and uploads it.
    pub security_log: bool,
    /// The host has something to diagnose with, and uploads it.
    pub diagnostics_log: bool,
    /// The host fetches, verifies and installs firmware. Signed firmware also needs [`Config::certificates`].
    pub firmware: bool,
    /// Firmware without a signature is taken, too (L02).
    pub unsigned_firmware: bool,
    /// The manufacturer's certificates from the factory, in PEM: what firmware may be signed by, beside those that the CSMS
    /// installs (ManufacturerRootCertificate).
    pub firmware_roots: Vec<Text>,
    /// Firmware can be installed while vehicles charge (L01.FR.06). A restart always waits for them (L01.FR.33).
    pub installs_while_charging: bool,
    /// The protocols, of `FTP`, `FTPS`, `HTTP`, `HTTPS` and `SFTP`, with commas between them (FileTransferProtocols).
    pub protocols: Text,
    /// How often a transfer is tried again if the CSMS does not say.
    pub retries: u32,
    /// Seconds between two tries if the CSMS does not say.
    pub retry_interval_s: u32,
}

impl Default for FilesConfig {
    /// Nothing; HTTP and HTTPS; 3 retries, a minute apart.
    fn default() -> Self {
        Self {
            security_log: false,
            diagnostics_log: false,
            firmware: false,
            unsigned_firmware: false,
            firmware_roots: Vec::new(),
            installs_while_charging: false,
            protocols: Text::new("HTTP,HTTPS"),
            retries: 3,
            retry_interval_s: 60,
        }
    }
}

impl FilesConfig {
    /// Whether the host does anything with files.
    pub(crate) const fn any(&self) -> bool {
        self.security_log || self.diagnostics_log || self.firmware
    }
}
