//! The CSMS's machines: one task for each charging station, which outlives its connections.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pilotwire::{Event, Machine, Version};
use pilotwire_wire::{Refusal, Upgrade, close_code};
use tokio::sync::mpsc;

use crate::session::{Session, TURNS, linger_with};
use crate::{Clock, Host, Node, Socket};

/// Commands that may wait for one station before senders have to.
const WAITING_COMMANDS: usize = 16;

/// Makes the CSMS's side of a charging station, when it connects or is spoken to for the first time since the start.
pub trait Factory: Send + Sync + 'static {
    /// The machine of one station.
    type Machine: Machine<Input: Send, Output: Send> + Send + 'static;
    /// Its host.
    type Host: Host<Self::Machine>;

    /// Makes it, with the records that were persisted under this key. `None` if there is no such station, or if its
    /// records cannot be read now: then connections are refused with 503, and the next one asks again.
    fn open(&self, key: &str) -> impl Future<Output = Option<Node<Self::Machine, Self::Host>>> + Send;
}

/// What the machine of a station takes.
pub(crate) type InputOf<F> = <<F as Factory>::Machine as Machine>::Input;

/// The station cannot be spoken to. The environment's fault: its records cannot be read, there is no room, or the server
/// is shutting down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the station cannot be opened: its records cannot be read, the server is full or shutting down")]
pub struct NoStation;

/// What a station's task is told.
enum Command<I> {
    Event(Event<I>),
    /// The handshake is completed here, once there is a machine to speak to.
    Connected(Socket, Box<Upgrade>, Version),
}

/// Boxed, so that the queue of an idle station is small.
type Queue<I> = mpsc::Sender<Box<Command<I>>>;

struct Entry<I> {
    queue: Queue<I>,
    connected: Arc<AtomicBool>,
}

pub(crate) struct Registry<F: Factory> {
    factory: F,
    clock: Clock,
    max_stations: usize,
    stations: Mutex<BTreeMap<Arc<str>, Entry<InputOf<F>>>>,
    /// Every task holds a clone; when the last is gone, all have ended.
    alive: Mutex<Option<mpsc::Sender<()>>>,
}

impl<F: Factory> Registry<F> {
    pub(crate) fn new(factory: F, clock: Clock, max_stations: usize) -> (Arc<Self>, mpsc::Receiver<()>) {
        let (alive, ended) = mpsc::channel(1);
        let registry =
            Self { factory, clock, max_stations, stations: Mutex::default(), alive: Mutex::new(Some(alive)) };
        (Arc::new(registry), ended)
    }

    pub(crate) async fn send(self: &Arc<Self>, key: &str, event: Event<InputOf<F>>) -> Result<(), NoStation> {
        self.command(key, Command::Event(event)).await
    }

    pub(crate) async fn connected(
        self: &Arc<Self>,
        key: &str,
        socket: Socket,
        upgrade: Upgrade,
        version: Version,
    ) -> Result<(), NoStation> {
        self.command(key, Command::Connected(socket, Box::new(upgrade), version)).await
    }

    pub(crate) fn is_connected(&self, key: &str) -> bool {
        let stations = lock(&self.stations);
        stations.get(key).is_some_and(|entry| entry.connected.load(Ordering::Relaxed))
    }

    pub(crate) fn keys(&self) -> Vec<Arc<str>> {
        lock(&self.stations).keys().cloned().collect()
    }

    /// Makes sure that the station's task runs.
    pub(crate) fn open(self: &Arc<Self>, key: &str) -> Result<(), NoStation> {
        self.queue(key).map(drop)
    }

    /// Every task says goodbye to its station and ends; no new one begins.
    pub(crate) fn stop(&self) {
        lock(&self.alive).take();
        // Without senders the queues end.
        lock(&self.stations).clear();
    }

    async fn command(self: &Arc<Self>, key: &str, command: Command<InputOf<F>>) -> Result<(), NoStation> {
        let queue = self.queue(key)?;
        queue.send(Box::new(command)).await.map_err(|_| NoStation)
    }

    fn queue(self: &Arc<Self>, key: &str) -> Result<Queue<InputOf<F>>, NoStation> {
        let mut stations = lock(&self.stations);
        // A closed queue belongs to a task that ended before its time; it gets a successor.
        if let Some(entry) = stations.get(key).filter(|entry| !entry.queue.is_closed()) {
            return Ok(entry.queue.clone());
        }
        if stations.len() >= self.max_stations && !stations.contains_key(key) {
            return Err(NoStation);
        }
        let alive = lock(&self.alive).clone().ok_or(NoStation)?;
        let key: Arc<str> = key.into();
        let (queue, commands) = mpsc::channel(WAITING_COMMANDS);
        let connected = Arc::new(AtomicBool::new(false));
        let entry = Entry { queue: queue.clone(), connected: Arc::clone(&connected) };
        stations.insert(Arc::clone(&key), entry);
        tokio::spawn(run(Arc::clone(self), key, commands, connected, alive));
        Ok(queue)
    }

    /// Removes the entry of a task that ended, unless it has a successor already.
    fn forget(&self, key: &str, connected: &Arc<AtomicBool>) {
        let mut stations = lock(&self.stations);
        if stations.get(key).is_some_and(|entry| Arc::ptr_eq(&entry.connected, connected)) {
            stations.remove(key);
        }
    }
}

/// The life of one station's machine.
async fn run<F: Factory>(
    registry: Arc<Registry<F>>,
    key: Arc<str>,
    mut commands: mpsc::Receiver<Box<Command<InputOf<F>>>>,
    connected: Arc<AtomicBool>,
    _alive: mpsc::Sender<()>,
) {
    let Some(node) = registry.factory.open(&key).await else {
        registry.forget(&key, &connected);
        return turn_away(commands).await;
    };
    let mut session = Session::power_up(node, registry.clock);
    let mut turns = 0_u32;
    loop {
        while session.settle().await.is_some() {
            // A CSMS waits for its stations; it calls none.
            session.lost();
        }
        connected.store(session.driver.is_connected(), Ordering::Relaxed);
        turns = turns.wrapping_add(1);
        match next(&mut session, &mut commands, turns.is_multiple_of(TURNS)).await {
            Next::Moved => {}
            Next::Deadline => session.on_deadline(),
            Next::Command(command) => match *command {
                Command::Event(event) => session.handle(event),
                Command::Connected(socket, upgrade, version) => {
                    session.connected(socket, upgrade.accept(version), version);
                }
            },
            Next::Stop => break,
        }
    }
    session.shut_down(close_code::AWAY, "the CSMS is shutting down").await;
    registry.forget(&key, &connected);
}

enum Next<I> {
    Moved,
    Deadline,
    Command(Box<Command<I>>),
    Stop,
}

/// Whatever comes first. If more than one is there, the socket goes first and the deadline last, or the other way round.
async fn next<M, H>(
    session: &mut Session<M, H>,
    commands: &mut mpsc::Receiver<Box<Command<M::Input>>>,
    socket_last: bool,
) -> Next<M::Input>
where
    M: Machine,
    M::Output: Send,
    H: Host<M>,
{
    if socket_last && session.is_due() {
        return Next::Deadline;
    }
    let deadline = session.clock.sleep_until(session.deadline());
    if socket_last {
        tokio::select! {
            biased;
            () = deadline => Next::Deadline,
            command = commands.recv() => command.map_or(Next::Stop, Next::Command),
            () = session.move_bytes() => Next::Moved,
        }
    } else {
        tokio::select! {
            biased;
            () = session.move_bytes() => Next::Moved,
            command = commands.recv() => command.map_or(Next::Stop, Next::Command),
            () = deadline => Next::Deadline,
        }
    }
}

/// There is no machine to speak to.
async fn turn_away<I>(mut commands: mpsc::Receiver<Box<Command<I>>>) {
    commands.close();
    while let Some(command) = commands.recv().await {
        if let Command::Connected(socket, upgrade, _) = *command {
            tokio::spawn(linger_with(socket, upgrade.refuse(Refusal::Unavailable)));
        }
    }
}

/// No code that holds one of these locks can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
