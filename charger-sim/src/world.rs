//! Everything around the station, for whoever plays a part of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pilotwire::messages::Text;
use pilotwire_pki::Keys;
use pilotwire_tokio::Clock;
use pilotwire_wire::Identity;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::files::Files;
use crate::hardware::Hardware;
use crate::journal::JournalFile;
use crate::logbook::Logbook;
use crate::seen::Seen;
use crate::storage::{HardwareFile, Storage};

/// Everything around the station that outlives its power.
pub(crate) struct World {
    pub(crate) hardware: Hardware,
    pub(crate) hardware_file: Option<HardwareFile>,
    pub(crate) seen: Seen,
    pub(crate) storage: Storage,
    pub(crate) keys: Keys,
    pub(crate) files: Files,
    /// What servers of logs and firmware have to prove themselves by, beside the CSMS's roots.
    pub(crate) file_roots: Vec<Text>,
    pub(crate) logbook: Logbook,
    pub(crate) journal: Option<JournalFile>,
    /// Takes events, one JSON object each.
    pub(crate) tell: Box<dyn FnMut(Value) + Send>,
    /// Whether frames are told, too.
    pub(crate) frames: bool,
}

/// The world, shared by the station's host and by whoever plays the physical side.
#[derive(Clone)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    pub(crate) clock: Clock,
    pub(crate) identity: Arc<Identity>,
    /// The station wants to be restarted.
    pub(crate) reboot: Arc<Notify>,
}

impl Shared {
    pub(crate) fn new(world: World, clock: Clock, identity: Identity) -> Self {
        let (world, reboot) = (Arc::new(Mutex::new(world)), Arc::new(Notify::new()));
        Self { world, clock, identity: Arc::new(identity), reboot }
    }

    /// A panic elsewhere does not make the hardware disappear.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the hardware down.
    pub(crate) fn save_hardware(&self) {
        let failure = {
            let world = &mut *self.world();
            world.hardware_file.as_mut().and_then(|file| file.save(&world.hardware).err())
        };
        if let Some(error) = failure {
            self.tell("storage_failed", json!({ "key": "hardware.json", "error": error.to_string() }));
        }
    }

    /// Tells an event, with the hardware's time of day and milliseconds.
    pub(crate) fn tell(&self, event: &str, mut details: Value) {
        if let Value::Object(map) = &mut details {
            map.insert("event".into(), event.into());
            map.insert("time".into(), self.clock.wall().to_string().into());
            map.insert("at_ms".into(), self.clock.now().as_millis().into());
        }
        let world = &mut *self.world();
        world.logbook.note(self.clock.wall(), &details);
        (world.tell)(details);
    }
}
