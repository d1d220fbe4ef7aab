//! What can be said on the command line.

use std::path::PathBuf;

use charger_sim::{check, demo, schedule};
use clap::{Args, Parser, Subcommand};
use pilotwire::charging::RateUnit;
use pilotwire::domain::{SecurityProfile, VariableId};
use pilotwire::messages::{Decimal, Text};
use pilotwire::{DateTime, Version};
use pilotwire_wire::{Endpoint, Identity};

/// A virtual charging station that speaks OCPP 1.6 and 2.0.1.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Two chargers, one of each version, live through a charging session with a CSMS on this computer.
    Demo(DemoOptions),
    /// One charger against any CSMS.
    Run(Box<RunOptions>),
    /// Replay a journal; exits with 0 only if everything comes out as recorded.
    Replay {
        /// The journal.
        file: PathBuf,
    },
    /// Print the frames of a journal, one JSON line each, in the open trace form.
    Trace {
        /// The journal.
        file: PathBuf,
    },
    /// Check payloads or frames, one a line: prints `ok`, or the error code, the JSON pointer and the reason.
    Check(CheckOptions),
    /// Compute the composite schedule of charging profiles, as a station would answer it; with a plot if wanted.
    Schedule(Box<ScheduleOptions>),
    /// List the actions, who sends them, and their functional blocks.
    Actions {
        /// Of this version only: 1.6, 2.0.1 or 2.1.
        #[arg(long)]
        version: Option<Version>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// 1.6, 2.0.1 or 2.1.
    #[arg(long)]
    version: Version,
    /// The lines are payloads of this action.
    #[arg(long, required_unless_present = "frames", conflicts_with = "frames")]
    action: Option<String>,
    /// The payloads answer the action.
    #[arg(long, requires = "action")]
    response: bool,
    /// The lines are whole frames.
    #[arg(long)]
    frames: bool,
    /// Forgive what field devices really send, and tell what was forgiven.
    #[arg(long)]
    lenient: bool,
    /// The file to read; standard input if absent.
    pub(crate) file: Option<PathBuf>,
}

impl From<CheckOptions> for check::Options {
    fn from(options: CheckOptions) -> Self {
        let CheckOptions { version, action, response, lenient, .. } = options;
        let lines = action.map_or(check::Lines::Frames, |action| check::Lines::Payloads { action, response });
        Self { version, lines, lenient }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ScheduleOptions {
    /// A JSON array of SetChargingProfile requests; external constraints among them count as set by the site.
    #[arg(long)]
    pub(crate) profiles: PathBuf,
    /// The EVSE; 0 for the whole station.
    #[arg(long)]
    evse: i32,
    /// Where the schedule begins: 2026-03-01T07:00:00Z.
    #[arg(long)]
    from: DateTime,
    /// How many seconds it covers.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=2_147_483_647))]
    duration: u32,
    /// 1.6, 2.0.1 or 2.1.
    #[arg(long, default_value = "2.0.1")]
    version: Version,
    /// A or W; that of the profiles if absent, A if they differ.
    #[arg(long, value_parser = unit)]
    unit: Option<RateUnit>,
    /// The nominal voltage of a phase, in volts.
    #[arg(long, default_value_t = 230, value_parser = clap::value_parser!(u16).range(1..))]
    voltage: u16,
    /// What stands where nothing limits, in the unit of the schedule; `null` stands there if absent.
    #[arg(long, value_parser = rate)]
    rated: Option<Decimal>,
    /// A transaction at the EVSE and since when energy may flow in it: ID,START.
    #[arg(long, value_parser = transaction)]
    transaction: Option<(Text, DateTime)>,
    /// The transaction uses its profile for priority charging (2.1).
    #[arg(long, requires = "transaction")]
    priority: bool,
    /// Draw profiles and schedule into this file.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Repeat the calculation so often, and print the median time of one instead of the schedule.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    bench: Option<u32>,
}

impl From<ScheduleOptions> for schedule::Options {
    fn from(options: ScheduleOptions) -> Self {
        Self {
            version: options.version,
            evse: options.evse,
            from: options.from,
            duration_s: options.duration,
            unit: options.unit,
            voltage_v: options.voltage,
            rated: options.rated,
            transaction: options.transaction,
            priority: options.priority,
            svg: options.svg,
            bench: options.bench,
        }
    }
}

fn unit(text: &str) -> Result<RateUnit, String> {
    match text {
        "A" => Ok(RateUnit::A),
        "W" => Ok(RateUnit::W),
        _ => Err("use A or W".into()),
    }
}

fn rate(text: &str) -> Result<Decimal, String> {
    let rate: Decimal = text.parse().map_err(|error| format!("{error}"))?;
    if rate.is_negative() { Err("a limit is not negative".into()) } else { Ok(rate) }
}

fn transaction(text: &str) -> Result<(Text, DateTime), String> {
    let (id, start) = text.rsplit_once(',').ok_or("use ID,START")?;
    if id.is_empty() {
        return Err("the transaction has an id".into());
    }
    Ok((id.into(), start.parse().map_err(|error| format!("{start}: {error}"))?))
}

#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// How many times as fast as real time the chargers live.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: u32,
    /// Where the journals are written; a new directory below the system's temporary one if absent.
    #[arg(long)]
    journals: Option<PathBuf>,
    /// The security profile of the chargers: 0 nothing, 1 a password, 2 a password by TLS, 3 a certificate by TLS. The
    /// certificates are those of an authority that the demo makes.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(0..=3))]
    security_profile: i32,
}

impl From<DemoOptions> for demo::Options {
    fn from(options: DemoOptions) -> Self {
        // The range was checked.
        let profile = options.security_profile.try_into().unwrap_or(SecurityProfile::Basic);
        Self { speed: options.speed, journals: options.journals, profile }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// Where the CSMS listens: ws://host:port/path or wss://host:port/path, without the identity.
    #[arg(long)]
    pub(crate) csms: Endpoint,
    /// The station's identity, as it will stand at the end of the URL.
    #[arg(long, value_parser = Identity::new)]
    pub(crate) id: Identity,
    /// The version to offer.
    #[arg(long, default_value = "2.0.1", value_parser = version)]
    pub(crate) version: Version,
    /// The number of EVSEs, with one connector each.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) evses: u8,
    /// Their connectors are sockets: drivers bring their own cables, which are locked in. Otherwise cables are fixed.
    #[arg(long)]
    pub(crate) sockets: bool,
    /// What each EVSE delivers at most, in amperes on each phase.
    #[arg(long, default_value = "32", value_parser = rate)]
    pub(crate) max_current: Decimal,
    /// What an EVSE delivers at least; limits below it suspend charging. IEC 61851-1 signals 6 A at least.
    #[arg(long, default_value = "6", value_parser = rate)]
    pub(crate) min_current: Decimal,
    /// How many phases EVSEs have.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) phases: u8,
    /// What all EVSEs together may draw, in amperes on each phase; the sum of what they deliver if absent.
    #[arg(long, value_parser = rate)]
    pub(crate) grid_current: Option<Decimal>,
    /// The password for Basic authentication.
    #[arg(long, conflicts_with = "password_file")]
    pub(crate) password: Option<String>,
    /// A file with the password; one line feed at its end is left out.
    #[arg(long)]
    pub(crate) password_file: Option<PathBuf>,
    /// The security profile to come with: 0 nothing, 1 a password, 2 a password by TLS, 3 a certificate by TLS. Checked
    /// against what else is given; follows from it if absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..=3))]
    pub(crate) security_profile: Option<i32>,
    /// What the CSMS's certificate has to lead to, in PEM; for wss://.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// The station's certificate with those above it, in PEM: security profile 3.
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "tls_ca"])]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// What firmware may be signed by, from the factory, in PEM; the CSMS can install others.
    #[arg(long, value_name = "FILE")]
    pub(crate) firmware_ca: Option<PathBuf>,
    /// What https servers of logs and firmware have to prove themselves by, in PEM, beside what the CSMS's certificate leads
    /// to.
    #[arg(long, value_name = "FILE")]
    pub(crate) files_ca: Option<PathBuf>,
    /// The name by which vehicles know the charger (ISO15118Ctrlr.SeccId): with it, it asks for a certificate for them when
    /// the CSMS wants that.
    #[arg(long, value_name = "NAME")]
    pub(crate) secc_id: Option<String>,
    /// A directory for the station's records and hardware, so that they survive this process.
    #[arg(long)]
    pub(crate) state: Option<PathBuf>,
    /// A file for the journal; what was there is replaced.
    #[arg(long)]
    pub(crate) journal: Option<PathBuf>,
    /// Keep the station's actions in the journal beside their digest.
    #[arg(long, requires = "journal")]
    pub(crate) journal_actions: bool,
    /// Play the physical world through JSON lines on standard input; see docs/control-interface.md.
    #[arg(long)]
    pub(crate) control: bool,
    /// Tell every frame as an event, too.
    #[arg(long)]
    pub(crate) frames: bool,
    /// How many times as fast as real time the charger lives.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) speed: u32,
    /// How often meters are read while energy flows, in seconds of the charger's time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub(crate) meter_interval: u32,
    /// The vendor that BootNotification tells.
    #[arg(long, default_value = "Pilotwire")]
    pub(crate) vendor: String,
    /// The model that BootNotification tells.
    #[arg(long, default_value = "Virtual charger")]
    pub(crate) model: String,
    /// The serial number that BootNotification tells.
    #[arg(long)]
    pub(crate) serial: Option<String>,
    /// The firmware version that BootNotification tells.
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    pub(crate) firmware: String,
    /// Makes ids and jitter; made from the identity if absent.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// A variable's value from the factory: Component.Variable=value, or Component.Variable[instance]=value.
    #[arg(long = "set", value_parser = variable)]
    pub(crate) variables: Vec<(VariableId, String)>,
}

fn version(text: &str) -> Result<Version, String> {
    match text.parse() {
        Ok(version @ (Version::V16 | Version::V201)) => Ok(version),
        _ => Err("use 1.6 or 2.0.1".into()),
    }
}

fn variable(text: &str) -> Result<(VariableId, String), String> {
    let parts = text.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
    let Some(((component, variable), value)) = parts else {
        return Err("use Component.Variable=value".into());
    };
    let id = match variable.strip_suffix(']').and_then(|variable| variable.split_once('[')) {
        Some((variable, instance)) => VariableId::new(component, variable).instance(instance),
        None => VariableId::new(component, variable),
    };
    Ok((id, value.into()))
}
