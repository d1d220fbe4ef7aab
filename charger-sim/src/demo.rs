//! Two chargers, one of each version, and a CSMS: a whole session over real sockets, recorded and replayed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use csms_lite::Running;
use csms_lite::store::{Change, Token, TransactionFilter, TransactionRow};
use pilotwire::Version;
use pilotwire::csms::Outcome;
use pilotwire::domain::{
    AuthorizationStatus, Command, EvseId, IdToken, IdTokenKind, MessageTrigger, Reply, SecurityProfile,
    StationIdentity, TriggerMessageStatus,
};
use pilotwire::journal::Limits;
use pilotwire::messages::Decimal;
use pilotwire::station::{Config, Input};
use pilotwire_pki::Keys;
use pilotwire_tokio::Clock;
use pilotwire_wire::Identity;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::charger::{Charger, Settings};
use crate::journal::{replay_file, verdict};
use crate::say;
use crate::site::Site;
use crate::storage::Storage;
use crate::timeline::Timeline;

/// The driver's token.
const TOKEN: &str = "04A1B2C3D4";
/// The one EVSE.
const EVSE: EvseId = EvseId(1);
/// How long the vehicle charges, in seconds of its time.
const CHARGING_S: u64 = 300;
/// How long anything may take in real time before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to run the demo.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many times as fast as real time the chargers live.
    pub speed: u32,
    /// Where journals and the database are kept; below the system's temporary directory if `None`.
    pub journals: Option<PathBuf>,
    /// How chargers and CSMS are secured.
    pub profile: SecurityProfile,
}

type Failure = Box<dyn Error>;

/// What a charger brought home.
struct Session {
    station: &'static str,
    version: Version,
    /// What the meter counted from start to end.
    metered_wh: Decimal,
    /// How long that took, by the hardware's clock.
    lasted_s: u64,
    missing: Vec<String>,
    errors: Vec<String>,
}

/// Runs the demo; `true` if every step happened, bills and meters agree, and all journals replay identically.
///
/// # Errors
/// Something that the demo stands on could not be started.
pub async fn demo(options: Options) -> Result<bool, Failure> {
    let temporary = std::env::temp_dir().join(format!("pilotwire-demo-{}", std::process::id()));
    let directory = options.journals.unwrap_or(temporary);
    std::fs::create_dir_all(&directory)?;
    let clock = Clock::of_this_computer(options.speed);
    let site = Site::build(clock, options.profile)?;
    let csms = start_csms(&directory, clock, &site).await?;
    let (url, speed) = (site.endpoint(&csms)?, options.speed);
    say(&format!("CSMS at {url}, security profile {}, chargers {speed} times as fast as real time\n", options.profile));
    let (first, second) = tokio::join!(
        session(&csms, &site, &directory, clock, ("DEMO16", Version::V16)),
        session(&csms, &site, &directory, clock, ("DEMO201", Version::V201)),
    );
    let sessions = [first?, second?];
    let bills = bills(&csms).await?;
    csms.shutdown().await;
    say("");
    let mut well = true;
    for session in &sessions {
        well &= report(session, bills.iter().find(|bill| bill.station == session.station), options.speed);
    }
    say("");
    well &= replay_all(&directory)?;
    say(&format!(
        "\n{}",
        if well { "everything happened, and every journal replays identically" } else { "NOT as it should be" }
    ));
    Ok(well)
}

async fn start_csms(directory: &Path, clock: Clock, site: &Site) -> Result<Running, Failure> {
    let data = directory.join("csms");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let mut options = csms_lite::Options::new(data);
    site.open(&mut options);
    options.clock = clock;
    options.journals = Some(directory.join("csms-journals"));
    if directory.join("csms-journals").exists() {
        std::fs::remove_dir_all(directory.join("csms-journals"))?;
    }
    let csms = csms_lite::serve(options).await?;
    let token = Token {
        token: TOKEN.into(),
        kind: IdTokenKind::ISO14443,
        status: AuthorizationStatus::Accepted,
        group: None,
        expiry: None,
        language: None,
    };
    csms.store.write(vec![Change::PutToken(token)]).await?;
    for station in ["DEMO16", "DEMO201"] {
        site.register(&csms, station, clock).await?;
    }
    Ok(csms)
}

/// One charger's session, from power-up to the bill.
async fn session(
    csms: &Running,
    site: &Site,
    directory: &Path,
    clock: Clock,
    (station, version): (&'static str, Version),
) -> Result<Session, Failure> {
    let timeline = Arc::new(Timeline::new(station, version));
    let (told, mut events) = mpsc::unbounded_channel();
    let listener = Arc::clone(&timeline);
    let (mut config, mut keys) = (Config::new(version, identity(station), seed(version), 1), Keys::in_memory());
    site.factory(csms, station, clock.speed())?.fit(&mut config, &mut keys, station)?;
    let settings = Settings {
        config,
        identity: Identity::new(station)?,
        keys,
        clock,
        storage: Storage::memory(),
        security_log: None,
        file_roots: Vec::new(),
        hardware: None,
        meter_interval_s: 1,
        journal: Some(directory.join(format!("{station}.jsonl"))),
        journal_actions: false,
        frames: true,
        tell: Box::new(move |event: Value| {
            listener.event(&event);
            // Nobody listens any more when the session is over.
            let _ = told.send(event);
        }),
    };
    let mut charger = Charger::start(settings)?;
    let mut player = Player { charger: &mut charger, events: &mut events, timeline: &timeline };
    let (started, ended) =
        player.play(csms, station, site.renews()).await.map_err(|error| format!("{station}: {error}"))?;
    player.until_billed(csms, station).await?;
    let missing = player.until_answered(&expected(version, site.renews())).await?;
    charger.stop().await;
    Ok(Session {
        station,
        version,
        metered_wh: ended.register_wh.checked_sub(started.register_wh).unwrap_or_default(),
        lasted_s: (ended.at_ms.saturating_sub(started.at_ms) + 500) / 1_000,
        missing,
        errors: timeline.errors(),
    })
}

fn identity(station: &str) -> StationIdentity {
    StationIdentity {
        model: "Virtual charger".into(),
        vendor: "Pilotwire".into(),
        serial_number: Some(station.into()),
        ..StationIdentity::default()
    }
}

const fn seed(version: Version) -> u64 {
    match version {
        Version::V16 => 16,
        Version::V201 | Version::V21 => 201,
    }
}

/// Every step of a session, as the CSMS must have answered it.
fn expected(version: Version, renews: bool) -> Vec<&'static str> {
    let mut steps = vec!["BootNotification", "StatusNotification", "Authorize"];
    steps.extend(match version {
        Version::V16 => ["StartTransaction", "MeterValues", "StopTransaction"],
        Version::V201 | Version::V21 => {
            ["TransactionEvent Started", "TransactionEvent Updated", "TransactionEvent Ended"]
        }
    });
    steps.extend(renews.then_some("SignCertificate"));
    steps
}

/// What the hardware showed when something happened.
struct Shown {
    at_ms: u64,
    register_wh: Decimal,
}

impl Shown {
    fn in_event(event: &Value) -> Result<Self, Failure> {
        let at_ms = event.get("at_ms").and_then(Value::as_u64).unwrap_or_default();
        let register_wh = event.get("register_wh").ok_or("an event without a register")?;
        Ok(Self { at_ms, register_wh: register_wh.to_string().parse()? })
    }
}

/// The driver, and the charger in front of him.
struct Player<'a> {
    charger: &'a mut Charger,
    events: &'a mut mpsc::UnboundedReceiver<Value>,
    timeline: &'a Timeline,
}

impl Player<'_> {
    /// Gives back what the hardware showed when the transaction started and when it ended.
    async fn play(&mut self, csms: &Running, station: &str, renews: bool) -> Result<(Shown, Shown), Failure> {
        self.until("registered").await?;
        self.pass(5).await?;
        self.deed("the driver plugs in");
        self.charger.with_hardware(|hardware| hardware.evse(EVSE).map(|evse| evse.plugged = Some(1)));
        self.charger.fact(Input::CablePlugged { evse: EVSE, connector: 1 })?;
        self.pass(5).await?;
        self.present_token("the driver presents a token")?;
        let started = self.until("transaction_started").await?;
        self.pass(5).await?;
        self.deed("the vehicle asks for energy");
        self.charger.with_hardware(|hardware| hardware.evse(EVSE).map(|evse| evse.ready = true));
        self.charger.fact(Input::EvReady { evse: EVSE })?;
        self.pass(CHARGING_S / 2).await?;
        if renews {
            self.renew(csms, station).await?;
        }
        self.pass(CHARGING_S - CHARGING_S / 2).await?;
        self.present_token("the driver presents the token again")?;
        let ended = self.until("transaction_ended").await?;
        self.pass(5).await?;
        self.deed("the driver unplugs");
        self.charger
            .with_hardware(|hardware| hardware.evse(EVSE).map(|evse| (evse.plugged, evse.ready) = (None, false)));
        self.charger.fact(Input::CableUnplugged { evse: EVSE })?;
        self.pass(5).await?;
        Ok((Shown::in_event(&started)?, Shown::in_event(&ended)?))
    }

    /// The CSMS has the charger's certificate renewed while the vehicle charges (A02); the next connection shows it.
    async fn renew(&mut self, csms: &Running, station: &str) -> Result<(), Failure> {
        self.deed("the CSMS asks for a new certificate");
        let message = MessageTrigger::SignChargingStationCertificate;
        let command = Command::Trigger { message, place: None };
        let outcome = self.charger.live(csms.command(station, command)).await?;
        if outcome != Outcome::Reply(Reply::Trigger(TriggerMessageStatus::Accepted)) {
            return Err(format!("the charger does not renew its certificate: {outcome:?}").into());
        }
        while self.until("use_network").await?.get("key").and_then(Value::as_u64).is_none_or(|key| key == 0) {}
        let outcome = self.until_any(&["connected", "connect_failed"]).await?;
        if outcome.get("error").is_some() {
            return Err(format!("the new certificate does not connect: {outcome}").into());
        }
        self.deed("the charger is connected again, and has shown its new certificate");
        Ok(())
    }

    fn deed(&self, what: &str) {
        self.timeline.deed(self.charger.clock().wall(), what);
    }

    fn present_token(&self, what: &str) -> Result<(), Failure> {
        self.deed(what);
        let reading = self.charger.with_hardware(|hardware| hardware.evse(EVSE).map(|evse| evse.reading()));
        if let Some(reading) = reading {
            self.charger.fact(Input::Meter { evse: EVSE, reading })?;
        }
        let token = IdToken::new(TOKEN, IdTokenKind::ISO14443);
        Ok(self.charger.fact(Input::Token { evse: Some(EVSE), token })?)
    }

    /// Lets seconds of the charger's time pass.
    async fn pass(&mut self, seconds: u64) -> Result<(), Failure> {
        let span = Duration::from_secs(seconds) / self.charger.clock().speed();
        Ok(self.charger.live(tokio::time::sleep(span)).await?)
    }

    /// Waits for an event of the charger.
    async fn until(&mut self, name: &str) -> Result<Value, Failure> {
        self.until_any(&[name]).await
    }

    async fn until_any(&mut self, names: &[&str]) -> Result<Value, Failure> {
        let events = &mut *self.events;
        let heard = async {
            while let Some(event) = events.recv().await {
                if event.get("event").and_then(Value::as_str).is_some_and(|name| names.contains(&name)) {
                    return Some(event);
                }
            }
            None
        };
        match self.charger.live(tokio::time::timeout(PATIENCE, heard)).await? {
            Ok(Some(event)) => Ok(event),
            _ => Err(format!("no {} within {PATIENCE:?}", names.join(" or ")).into()),
        }
    }

    /// Waits until the CSMS has the whole transaction.
    async fn until_billed(&mut self, csms: &Running, station: &str) -> Result<(), Failure> {
        let filter = TransactionFilter { station: Some(station.into()), open: Some(false), after: 0, limit: 10 };
        let billed = async {
            loop {
                if csms.store.transactions(&filter).await?.iter().any(|bill| bill.complete) {
                    return Ok::<(), Failure>(());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match self.charger.live(tokio::time::timeout(PATIENCE, billed)).await? {
            Ok(result) => result,
            Err(_) => Err(format!("{station}: the CSMS has no complete bill within {PATIENCE:?}").into()),
        }
    }

    /// Waits until the CSMS has answered all of these steps; gives back those that it never did. It has a bill before its last
    /// answer arrives.
    async fn until_answered(&mut self, steps: &[&str]) -> Result<Vec<String>, Failure> {
        let timeline = self.timeline;
        let missing = || {
            let answered = timeline.answered();
            let missing = steps.iter().filter(|step| !answered.iter().any(|known| known == *step));
            missing.map(|step| (*step).to_owned()).collect::<Vec<_>>()
        };
        let answered = async {
            while !missing().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // What is missing when patience is over is told.
        let _ = self.charger.live(tokio::time::timeout(PATIENCE, answered)).await?;
        Ok(missing())
    }
}

async fn bills(csms: &Running) -> Result<Vec<TransactionRow>, Failure> {
    let filter = TransactionFilter { station: None, open: None, after: 0, limit: 10 };
    Ok(csms.store.transactions(&filter).await?)
}

/// Prints a session's bill beside what the charger's meter and clock showed; `true` if all is well.
fn report(session: &Session, bill: Option<&TransactionRow>, speed: u32) -> bool {
    let Some(bill) = bill else {
        say(&format!("{}: no bill", session.station));
        return false;
    };
    let (billed, metered) = (bill.energy_wh.unwrap_or_default(), session.metered_wh);
    // 1.6 bills whole watt-hours.
    let tolerance = if session.version == Version::V16 { Decimal::from_int(1) } else { Decimal::ZERO };
    let same_energy = billed <= metered.checked_add(tolerance).unwrap_or(metered)
        && metered <= billed.checked_add(tolerance).unwrap_or(billed);
    let duration_s = bill.duration_s.unwrap_or_default();
    // The charger's second is short: what is told a moment later is told seconds later.
    let same_duration = duration_s.abs_diff(session.lasted_s.cast_signed()) <= 1 + u64::from(speed) / 10;
    let kwh = |energy: Decimal| energy.shifted(-3).unwrap_or_default();
    let agree = same_energy && same_duration;
    say(&format!("{} (OCPP {}), transaction {}", session.station, session.version, bill.transaction));
    let token = bill.id_token.as_deref().unwrap_or("?");
    say(&format!("  the CSMS bills      {} kWh, {duration_s} s, to token {token}", kwh(billed)));
    say(&format!("  the charger showed  {} kWh, {} s", kwh(metered), session.lasted_s));
    say(if agree { "  they agree" } else { "  THEY DIFFER" });
    for step in &session.missing {
        say(&format!("  MISSING: {step}"));
    }
    for error in &session.errors {
        say(&format!("  ERROR: {error}"));
    }
    agree && billed > Decimal::ZERO && session.missing.is_empty() && session.errors.is_empty()
}

/// Replays the journals of both sides.
fn replay_all(directory: &Path) -> Result<bool, Failure> {
    let mut files = Vec::new();
    for folder in [directory.to_path_buf(), directory.join("csms-journals")] {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut well = files.len() >= 4;
    for file in files {
        let (about, replayed) = replay_file(&file, Limits::default())?;
        say(&format!("journal {} ({:?} {}): {}", file.display(), about.role, about.name, verdict(&replayed)));
        well &= replayed.is_identical();
    }
    Ok(well)
}
