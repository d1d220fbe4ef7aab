//! The CSMS's machines: one thread for each charging station, which outlives its connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use pilotwire::{Event, Machine};
use pilotwire_wire::{Refusal, close_code};

use crate::link::{Wake, linger};
use crate::session::Session;
use crate::{Clock, Host, Node};

/// Makes the CSMS's side of a charging station, when it connects or is spoken to for the first time since the start.
pub trait Factory: Send + Sync + 'static {
    /// The machine of one station.
    type Machine: Machine<Input: Send + 'static> + Send + 'static;
    /// Its host.
    type Host: Host<Self::Machine> + Send + 'static;

    /// Makes it, with the records that were persisted under this key. `None` if there is no such station, or if its
    /// records cannot be read now: then connections are refused with 503, and the next one asks again.
    fn open(&self, key: &str) -> Option<Node<Self::Machine, Self::Host>>;
}

/// What the machine of a station takes.
pub(crate) type InputOf<F> = <<F as Factory>::Machine as Machine>::Input;

/// The station cannot be spoken to. The environment's fault: its records cannot be read, there is no room, or the server
/// is shutting down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the station cannot be opened: its records cannot be read, the server is full or shutting down")]
pub struct NoStation;

struct Entry<I> {
    wakes: Sender<Wake<I>>,
    connected: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

type Stations<F> = BTreeMap<Arc<str>, Entry<InputOf<F>>>;

pub(crate) struct Registry<F: Factory> {
    factory: F,
    clock: Clock,
    max_stations: usize,
    /// `None` when the server shuts down.
    stations: Mutex<Option<Stations<F>>>,
}

impl<F: Factory> Registry<F> {
    pub(crate) fn new(factory: F, clock: Clock, max_stations: usize) -> Arc<Self> {
        Arc::new(Self { factory, clock, max_stations, stations: Mutex::new(Some(BTreeMap::new())) })
    }

    pub(crate) fn send(self: &Arc<Self>, key: &str, event: Event<InputOf<F>>) -> Result<(), NoStation> {
        self.wake(key, Wake::Event(event)).map_err(|_| NoStation)
    }

    pub(crate) fn is_connected(&self, key: &str) -> bool {
        let stations = lock(&self.stations);
        let entry = stations.as_ref().and_then(|stations| stations.get(key));
        entry.is_some_and(|entry| entry.connected.load(Ordering::Relaxed))
    }

    pub(crate) fn keys(&self) -> Vec<Arc<str>> {
        lock(&self.stations).iter().flatten().map(|(key, _)| Arc::clone(key)).collect()
    }

    /// Gives a wake to the station's thread, which is begun if it does not run; gives the wake back if there is none.
    pub(crate) fn wake(self: &Arc<Self>, key: &str, wake: Wake<InputOf<F>>) -> Result<(), Box<Wake<InputOf<F>>>> {
        let mut stations = lock(&self.stations);
        let Some(running) = stations.as_mut() else { return Err(Box::new(wake)) };
        let mut wake = wake;
        if let Some(entry) = running.get(key) {
            match entry.wakes.send(wake) {
                Ok(()) => return Ok(()),
                // Its thread ended before its time; it gets a successor.
                Err(unsent) => wake = unsent.0,
            }
        } else if running.len() >= self.max_stations {
            return Err(Box::new(wake));
        }
        let key: Arc<str> = key.into();
        let (wakes, received) = channel();
        let connected = Arc::new(AtomicBool::new(false));
        let life = Life { key: Arc::clone(&key), wakes: wakes.clone(), received, connected: Arc::clone(&connected) };
        let registry = Arc::clone(self);
        let thread = std::thread::Builder::new().name("pilotwire-station".into()).spawn(move || run(&registry, &life));
        let Ok(thread) = thread else { return Err(Box::new(wake)) };
        // The thread holds the other end.
        let sent = wakes.send(wake);
        running.insert(key, Entry { wakes, connected, thread });
        sent.map_err(|unsent| Box::new(unsent.0))
    }

    /// Every machine says goodbye to its station and ends; no new one begins. Returns when all have.
    pub(crate) fn stop(&self) {
        let running = lock(&self.stations).take().unwrap_or_default();
        for entry in running.values() {
            let _ = entry.wakes.send(Wake::Stop);
        }
        for entry in running.into_values() {
            // It fails by a panic alone, and then there is nothing left to end.
            let _ = entry.thread.join();
        }
    }

    /// Removes the entry of a thread that ends, unless it has a successor already.
    fn forget(&self, key: &str, connected: &Arc<AtomicBool>) {
        let mut stations = lock(&self.stations);
        let Some(running) = stations.as_mut() else { return };
        if running.get(key).is_some_and(|entry| Arc::ptr_eq(&entry.connected, connected)) {
            running.remove(key);
        }
    }
}

/// What the thread of a station has.
struct Life<I> {
    key: Arc<str>,
    wakes: Sender<Wake<I>>,
    received: Receiver<Wake<I>>,
    connected: Arc<AtomicBool>,
}

/// The life of one station's machine.
fn run<F: Factory>(registry: &Arc<Registry<F>>, life: &Life<InputOf<F>>) {
    let Some(node) = registry.factory.open(&life.key) else {
        registry.forget(&life.key, &life.connected);
        return turn_away(&life.received);
    };
    let mut session = Session::power_up(node, registry.clock, life.wakes.clone());
    loop {
        while session.settle().is_some() {
            // A CSMS waits for its stations; it calls none.
            session.lost();
        }
        life.connected.store(session.driver.is_connected(), Ordering::Relaxed);
        match session.wait(&life.received) {
            None | Some(Wake::Attempted(..) | Wake::Network(_)) => {}
            Some(Wake::Event(event)) => session.driver.handle(registry.clock.now(), event),
            Some(Wake::Bytes(link, bytes)) => session.on_link(link, Some(&bytes)),
            Some(Wake::Ended(link)) => session.on_link(link, None),
            Some(Wake::Connected(socket, upgrade, version)) => {
                session.connected(socket, upgrade.accept(version), version);
            }
            Some(Wake::Stop) => break,
        }
    }
    session.shut_down(close_code::AWAY, "the CSMS is shutting down");
    registry.forget(&life.key, &life.connected);
}

/// There is no machine to speak to.
fn turn_away<I>(received: &Receiver<Wake<I>>) {
    while let Ok(wake) = received.try_recv() {
        if let Wake::Connected(socket, upgrade, _) = wake {
            linger(socket, upgrade.refuse(Refusal::Unavailable));
        }
    }
}

/// No code that holds this lock can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
