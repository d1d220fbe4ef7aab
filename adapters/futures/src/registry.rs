//! The CSMS's machines: one task for each charging station, which outlives its connections.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_channel::{Receiver, Recv, Sender, bounded};
use futures_lite::future::{or, yield_now};
use pilotwire::{Event, Machine, Version};
use pilotwire_wire::{Refusal, Upgrade, close_code};

use crate::runtime::Runtime;
use crate::session::{Session, linger};
use crate::{Clock, Host, Node};

/// Commands that may wait for one station before senders have to.
const WAITING_COMMANDS: usize = 16;
/// Who always has something keeps the others waiting for so many turns at most, those of other stations among them.
const TURNS: u32 = 16;

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
pub(crate) enum Command<S, I> {
    Event(Event<I>),
    /// The handshake is completed here, once there is a machine to speak to.
    Connected(S, Box<Upgrade>, Version),
}

struct Entry<S, I> {
    queue: Sender<Command<S, I>>,
    connected: Arc<AtomicBool>,
}

type CommandOf<R, F> = Command<<R as Runtime>::Stream, InputOf<F>>;
type Stations<R, F> = BTreeMap<Arc<str>, Entry<<R as Runtime>::Stream, InputOf<F>>>;

pub(crate) struct Registry<R: Runtime, F: Factory> {
    runtime: R,
    factory: F,
    clock: Clock,
    max_stations: usize,
    stations: Mutex<Stations<R, F>>,
    /// Nothing is ever sent: every task has a clone, and when ours is gone, all are to end.
    stop: Mutex<Option<Sender<()>>>,
    stopped: Receiver<()>,
    /// Every task holds a clone; when the last is gone, all have ended.
    alive: Mutex<Option<Sender<()>>>,
}

impl<R: Runtime, F: Factory> Registry<R, F> {
    pub(crate) fn new(runtime: R, factory: F, clock: Clock, max_stations: usize) -> (Arc<Self>, Receiver<()>) {
        let (alive, ended) = bounded(1);
        let (stop, stopped) = bounded(1);
        let registry = Self {
            runtime,
            factory,
            clock,
            max_stations,
            stations: Mutex::default(),
            stop: Mutex::new(Some(stop)),
            stopped,
            alive: Mutex::new(Some(alive)),
        };
        (Arc::new(registry), ended)
    }

    pub(crate) fn is_connected(&self, key: &str) -> bool {
        let stations = lock(&self.stations);
        stations.get(key).is_some_and(|entry| entry.connected.load(Ordering::Relaxed))
    }

    pub(crate) fn keys(&self) -> Vec<Arc<str>> {
        lock(&self.stations).keys().cloned().collect()
    }

    /// Every task says goodbye to its station and ends; no new one begins.
    pub(crate) fn stop(&self) {
        lock(&self.alive).take();
        lock(&self.stop).take();
    }

    /// Gives a command to the station's task, which is begun if it does not run; gives it back if there is none. Waits while
    /// the station has too many before it.
    pub(crate) async fn command(
        self: &Arc<Self>,
        key: &str,
        command: CommandOf<R, F>,
    ) -> Result<(), Box<CommandOf<R, F>>> {
        match self.queue(key) {
            Ok(queue) => queue.send(command).await.map_err(|unsent| Box::new(unsent.0)),
            Err(NoStation) => Err(Box::new(command)),
        }
    }

    fn queue(self: &Arc<Self>, key: &str) -> Result<Sender<CommandOf<R, F>>, NoStation> {
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
        let (queue, commands) = bounded(WAITING_COMMANDS);
        let connected = Arc::new(AtomicBool::new(false));
        let entry = Entry { queue: queue.clone(), connected: Arc::clone(&connected) };
        stations.insert(Arc::clone(&key), entry);
        self.runtime.spawn(run(Arc::clone(self), key, commands, connected, alive));
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

enum Next<S, I> {
    Moved,
    Deadline,
    Command(Command<S, I>),
    Stop,
}

/// The life of one station's machine.
async fn run<R: Runtime, F: Factory>(
    registry: Arc<Registry<R, F>>,
    key: Arc<str>,
    commands: Receiver<Command<R::Stream, InputOf<F>>>,
    connected: Arc<AtomicBool>,
    _alive: Sender<()>,
) {
    let Some(node) = registry.factory.open(&key).await else {
        registry.forget(&key, &connected);
        return turn_away(registry.runtime, &commands);
    };
    let mut session = Session::power_up(registry.runtime, node, registry.clock);
    let (mut command, mut stop) = (pin!(commands.recv()), pin!(registry.stopped.recv()));
    let mut turns = 0_u32;
    loop {
        while session.settle().await.is_some() {
            // A CSMS waits for its stations; it calls none.
            session.lost();
        }
        connected.store(session.driver.is_connected(), Ordering::Relaxed);
        turns = turns.wrapping_add(1);
        let socket_last = turns.is_multiple_of(TURNS);
        if socket_last {
            // Executors of this kind let a task run for as long as it can.
            yield_now().await;
        }
        match next(&mut session, command.as_mut(), stop.as_mut(), socket_last).await {
            Next::Moved => {}
            Next::Deadline => session.on_deadline(),
            Next::Command(next) => {
                command.set(commands.recv());
                match next {
                    Command::Event(event) => session.handle(event),
                    Command::Connected(socket, upgrade, version) => {
                        session.connected(socket, upgrade.accept(version), version);
                    }
                }
            }
            Next::Stop => break,
        }
    }
    session.shut_down(close_code::AWAY, "the CSMS is shutting down").await;
    registry.forget(&key, &connected);
}

/// Whatever comes first. If more than one is there, the socket goes first and the deadline last, or the other way round. What is
/// waited for stands outside of this, so that nobody has to get in line anew for each frame.
async fn next<R: Runtime, M, H>(
    session: &mut Session<R, M, H>,
    mut command: Pin<&mut Recv<'_, Command<R::Stream, M::Input>>>,
    mut stop: Pin<&mut Recv<'_, ()>>,
    socket_last: bool,
) -> Next<R::Stream, M::Input>
where
    M: Machine,
    M::Output: Send,
    H: Host<M>,
{
    let sleep = session.sleep();
    let deadline = async {
        sleep.await;
        Next::Deadline
    };
    let told = poll_fn(|context| {
        // Nothing is ever sent: it fails when the server stops.
        if stop.as_mut().poll(context).is_ready() {
            return Poll::Ready(Next::Stop);
        }
        command.as_mut().poll(context).map(|command| command.map_or(Next::Stop, Next::Command))
    });
    let moved = async {
        session.move_bytes().await;
        Next::Moved
    };
    match socket_last {
        true => or(deadline, or(told, moved)).await,
        false => or(moved, or(told, deadline)).await,
    }
}

/// There is no machine to speak to.
fn turn_away<R: Runtime, I>(runtime: R, commands: &Receiver<Command<R::Stream, I>>) {
    commands.close();
    while let Ok(command) = commands.try_recv() {
        if let Command::Connected(socket, upgrade, _) = command {
            runtime.spawn(linger(runtime, socket, upgrade.refuse(Refusal::Unavailable)));
        }
    }
}

/// No code that holds one of these locks can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
