//! A station with its hardware and its link, through all its lives.

use std::future::{Future, pending};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use pilotwire::domain::EvseId;
use pilotwire::journal::Recorder;
use pilotwire::messages::Text;
use pilotwire::station::{Config, Input};
use pilotwire::{DateTime, Event, PowerUp, Station};
use pilotwire_pki::Keys;
use pilotwire_tokio::{Clock, Node, StationConfig, Tcp, run_station};
use pilotwire_wire::{Identity, Limits};
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use crate::files::Files;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::journal::JournalFile;
use crate::logbook::Logbook;
use crate::seen::Seen;
use crate::storage::{HardwareFile, Storage};
use crate::world::{Shared, World};

/// How long a restart takes, in seconds of the hardware's time.
const RESTART_S: u64 = 2;

/// How long a connection may take to be closed, in real time.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Inputs that wait for the station: far more than a person or a test can play at once.
const INPUTS: usize = 1_024;

/// The most facts that one command tells.
const AT_ONCE: usize = 8;

/// What a charger is made with.
pub struct Settings {
    /// The station, with the ways to its CSMS ([`Factory`](crate::factory::Factory)).
    pub config: Config,
    /// Who it is.
    pub identity: Identity,
    /// Its private keys.
    pub keys: Keys,
    /// How many times as fast as real time the hardware lives.
    pub clock: Clock,
    /// Where its records are kept.
    pub storage: Storage,
    /// Where its security log is written, so that it outlives the process.
    pub security_log: Option<PathBuf>,
    /// What servers of logs and firmware have to prove themselves by, in PEM, beside the CSMS's roots.
    pub file_roots: Vec<Text>,
    /// Where its hardware is written down, so that it outlives the process.
    pub hardware: Option<PathBuf>,
    /// How often meters are read while energy flows, in seconds of the hardware's time. The station expects 1.
    pub meter_interval_s: u32,
    /// Where its journal is written.
    pub journal: Option<PathBuf>,
    /// Whether the journal holds the station's actions beside their digest.
    pub journal_actions: bool,
    /// Whether frames are told as events.
    pub frames: bool,
    /// Takes events, one JSON object each.
    pub tell: Box<dyn FnMut(Value) + Send>,
}

/// A charger that runs.
pub struct Charger {
    shared: Shared,
    config: Config,
    network: watch::Sender<bool>,
    meter_interval: Duration,
    journal_actions: bool,
    inputs: mpsc::Sender<Event<Input>>,
    life: Life,
    /// Ends the life in good order.
    end: Option<oneshot::Sender<()>>,
}

type Life = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why nothing could be told to the station.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// Too much waits for it already.
    #[error("{INPUTS} facts wait for the station already; slow down")]
    TooMany,
}

impl Charger {
    /// Switches the charger on.
    ///
    /// # Errors
    /// The journal or the records cannot be opened.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let first_line = Recorder::first_line::<Station>(settings.identity.as_str(), &settings.config);
        let journal = settings
            .journal
            .map(|path| JournalFile::create(&path, &first_line).map_err(|error| named("the journal", &path, &error)));
        let count = settings.config.evses.len();
        let (hardware_file, hardware) = match settings.hardware {
            Some(path) => {
                HardwareFile::open(&path).map(|(file, known)| (Some(file), known)).map_err(io::Error::other)?
            }
            None => (None, None),
        };
        let logbook = Logbook::open(settings.security_log.as_deref())?;
        let world = World {
            hardware: hardware.unwrap_or_else(|| Hardware::new(count)).with_evses(count),
            hardware_file,
            seen: Seen::default(),
            storage: settings.storage,
            keys: settings.keys,
            files: Files::default(),
            file_roots: settings.file_roots,
            logbook,
            journal: journal.transpose()?,
            tell: settings.tell,
            frames: settings.frames,
        };
        let (inputs, _) = mpsc::channel(1);
        let mut charger = Self {
            meter_interval: Duration::from_secs(settings.meter_interval_s.max(1).into()) / settings.clock.speed(),
            journal_actions: settings.journal_actions,
            shared: Shared::new(world, settings.clock, settings.identity),
            config: settings.config,
            network: watch::channel(true).0,
            inputs,
            life: Box::pin(pending()),
            end: None,
        };
        charger.switch_on()?;
        Ok(charger)
    }

    /// The clock of its hardware.
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Its hardware, as it is now. What happened to it by itself is told to the station first, and what is done to it is
    /// written down before this returns.
    pub fn with_hardware<T>(&self, look: impl FnOnce(&mut Hardware) -> T) -> T {
        let result = {
            let mut world = self.shared.world();
            world.hardware.advance(self.shared.clock.now());
            // A station that is far behind is told later.
            if self.inputs.capacity() > INPUTS / 2 {
                for fact in world.hardware.take_news() {
                    let _ = self.inputs.try_send(Event::Input(fact));
                }
            }
            look(&mut world.hardware)
        };
        self.shared.save_hardware();
        result
    }

    /// The rest of what can be seen from outside: the station as a whole, and each EVSE by what the station told of it.
    pub(crate) fn look(&self) -> (Value, impl Fn(EvseId) -> Map<String, Value>) {
        let world = self.shared.world();
        let station = json!({
            "network": *self.network.borrow(),
            "connected": world.seen.connected.is_some(),
            "version": world.seen.connected,
            "registration": world.seen.registration,
            "problem": world.hardware.problem,
            "clock": world.hardware.clock(self.shared.clock.wall()),
            "time": self.shared.clock.wall(),
            "at_ms": self.shared.clock.now().as_millis(),
        });
        drop(world);
        let shared = self.shared.clone();
        (station, move |evse| shared.world().seen.evse(evse))
    }

    /// Tells an event of its own to whoever listens.
    pub fn tell(&self, event: &str, details: Value) {
        self.shared.tell(event, details);
    }

    /// Whether the station can take what a command tells it; to be asked before anything is changed.
    ///
    /// # Errors
    /// Too many facts wait already.
    pub fn check_room(&self) -> Result<(), Unheard> {
        if self.inputs.capacity() < AT_ONCE { Err(Unheard::TooMany) } else { Ok(()) }
    }

    /// Tells the station a fact.
    ///
    /// # Errors
    /// Too many facts wait already.
    pub fn fact(&self, input: Input) -> Result<(), Unheard> {
        self.event(Event::Input(input))
    }

    /// Sets the station's clock, as somebody with a screwdriver would.
    ///
    /// # Errors
    /// Too many facts wait already.
    pub fn set_clock(&self, time: DateTime) -> Result<(), Unheard> {
        self.event(Event::Clock(time))?;
        let wall = self.shared.clock.wall();
        self.with_hardware(|hardware| hardware.set_clock(wall, time));
        Ok(())
    }

    fn event(&self, event: Event<Input>) -> Result<(), Unheard> {
        self.inputs.try_send(event).map_err(|_| Unheard::TooMany)
    }

    /// Cuts the network, or mends it.
    pub fn set_network(&self, up: bool) {
        self.network.send_replace(up);
    }

    /// Lives until `until` is ready: the station runs, meters are read, restarts happen. What is dropped here
    /// is only the waiting; call it again to live on.
    ///
    /// # Errors
    /// The records cannot be read at a restart.
    pub async fn live<T>(&mut self, until: impl Future<Output = T>) -> io::Result<T> {
        let mut until = std::pin::pin!(until);
        let mut reading = tokio::time::interval(self.meter_interval);
        reading.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let reboot = self.shared.reboot.clone();
        loop {
            tokio::select! {
                biased;
                done = &mut until => return Ok(done),
                () = reboot.notified() => self.cut_power(Duration::from_secs(RESTART_S)).await?,
                _ = reading.tick() => self.read_meters(),
                () = &mut self.life => return Err(io::Error::other("the station stopped by itself")),
            }
        }
    }

    fn read_meters(&self) {
        let readings = self.with_hardware(|hardware| hardware.live_readings());
        for reading in readings {
            // A station that is behind gets the next one.
            let _ = self.fact(reading);
        }
    }

    /// Everything that is not durable is gone; the power comes back after `off`, in the hardware's time.
    ///
    /// # Errors
    /// The records cannot be read.
    pub async fn cut_power(&mut self, off: Duration) -> io::Result<()> {
        self.life = Box::pin(pending());
        {
            let mut world = self.shared.world();
            world.hardware.lose_power(self.shared.clock.now());
            world.seen.power_off();
            world.files.lose_power();
        }
        self.shared.save_hardware();
        self.tell("power_off", json!({}));
        tokio::time::sleep(off / self.shared.clock.speed()).await;
        self.switch_on()
    }

    fn switch_on(&mut self) -> io::Result<()> {
        let (records, foreign) = self.shared.world().storage.load()?;
        for name in foreign {
            self.tell("foreign_file", json!({ "file": name }));
        }
        self.tell("power_on", json!({ "records": records.len() }));
        let clock = self.with_hardware(|hardware| {
            hardware.firmware.boot();
            hardware.clock(self.shared.clock.wall())
        });
        let power_up = PowerUp { records, clock: Some(clock) };
        let (inputs, received) = mpsc::channel(INPUTS);
        self.inputs = inputs;
        let recorder = if self.journal_actions { Recorder::with_actions() } else { Recorder::default() };
        // The station says whom to call before it wants to be connected.
        let (target, targets) = watch::channel(None);
        let (shared, version) = (self.shared.clone(), self.config.version);
        let host = Host { shared, version, recorder, inputs: self.inputs.clone(), target };
        let node = Node { machine: Station::new(self.config.clone()), host, power_up };
        let config = StationConfig {
            target: targets,
            limits: Limits::default(),
            connector: Arc::new(Tcp),
            network: self.network.subscribe(),
        };
        for fact in self.with_hardware(|hardware| hardware.waking_facts()) {
            self.fact(fact).map_err(io::Error::other)?;
        }
        let clock = self.shared.clock;
        let (end, ended) = oneshot::channel();
        self.end = Some(end);
        self.life = Box::pin(async move {
            let end = async {
                // Without its sender nobody will end this life: the power is cut instead.
                if ended.await.is_err() {
                    pending::<()>().await;
                }
            };
            run_station(node, config, received, clock, end).await;
        });
        Ok(())
    }

    /// Switches the charger off in good order: what was told is heard, what is under way is performed, and the connection
    /// is closed.
    pub async fn stop(mut self) {
        let heard = async {
            while self.inputs.capacity() < INPUTS {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        // A CSMS that does not answer, or does not close its side, must not keep us.
        let _ = tokio::time::timeout(LAST_WORDS, async {
            tokio::select! {
                () = heard => {}
                () = &mut self.life => {}
            }
        })
        .await;
        if self.end.take().is_some_and(|end| end.send(()).is_ok()) {
            let _ = tokio::time::timeout(LAST_WORDS, &mut self.life).await;
        }
        self.shared.save_hardware();
    }
}

fn named(what: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what} {} cannot be written: {error}", path.display()))
}
