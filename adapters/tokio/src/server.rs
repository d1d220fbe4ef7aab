//! The CSMS's listener: handshakes under limits, authentication, and handing over to the station's machine.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pilotwire::{DateTime, Event, Instant};
use pilotwire_wire::tls::ServerTls;
use pilotwire_wire::{Admission, Gatekeeper, Refusal, Rejection, ServerConfig, ServerHandshake, Upgrade};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::registry::{InputOf, Registry};
use crate::session::{linger, linger_with, read_chunk};
use crate::{Clock, Factory, NoStation, Socket};

/// How long a shutdown waits for the stations' tasks, in real time.
const SHUTDOWN: Duration = Duration::from_secs(10);
/// Rest after the operating system refused us a socket, such as for want of file descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Decides who may come in.
pub trait Authenticator: Send + Sync + 'static {
    /// Looks at a well-formed upgrade request. Compare the password by
    /// [`Password::matches`](pilotwire_wire::Password::matches) or by a password hash, and the user with the identity.
    fn admit(&self, upgrade: &Upgrade, peer: SocketAddr) -> impl Future<Output = Admission> + Send;

    /// Somebody was turned away, by the verdict or before it: for security logs (A00.FR.408).
    fn turned_away(&self, why: &Rejection, peer: SocketAddr) {
        let _ = (why, peer);
    }
}

/// A port that stations may come to.
#[derive(Debug)]
pub struct Gate {
    /// Where they come in.
    pub listener: TcpListener,
    /// By TLS: `wss`, security profiles 2 and 3. `None`: `ws`.
    pub tls: Option<ServerTls>,
}

impl From<TcpListener> for Gate {
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }
}

/// A CSMS: an authenticator, and a machine for each station.
///
/// A newer connection of a station that is authenticated takes over: the machine is told
/// [`Disconnected`](pilotwire::Event::Disconnected) and then `Connected`, and the older socket is closed with code
/// [`REPLACED`](pilotwire_wire::close_code::REPLACED), apart from the machine. How often is limited by
/// [`ThrottleConfig::takeovers`](pilotwire_wire::ThrottleConfig::takeovers).
pub struct Server<A, F: Factory> {
    inner: Arc<Inner<A, F>>,
    ended: mpsc::Receiver<()>,
}

/// Speaks to the stations of a [`Server`]. Cheap to clone.
pub struct ServerHandle<F: Factory>(Arc<Registry<F>>);

impl<F: Factory> Clone for ServerHandle<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: Factory> ServerHandle<F> {
    /// Gives an event to the machine of a station, connected or not. Waits while the station has too many before it.
    ///
    /// # Errors
    /// There is no such station.
    pub async fn send(&self, key: &str, event: Event<InputOf<F>>) -> Result<(), NoStation> {
        self.0.send(key, event).await
    }

    /// Powers up the machine of a station if it is not running: its timers run from then on.
    ///
    /// # Errors
    /// There is no room.
    pub fn open(&self, key: &str) -> Result<(), NoStation> {
        self.0.open(key)
    }

    /// Whether the station has a connection at this moment.
    pub fn is_connected(&self, key: &str) -> bool {
        self.0.is_connected(key)
    }

    /// The keys of all stations whose machines are running, in order.
    pub fn keys(&self) -> Vec<Arc<str>> {
        self.0.keys()
    }
}

impl<A: Authenticator, F: Factory> Server<A, F> {
    /// A server that does not listen yet.
    pub fn new(authenticator: A, factory: F, config: ServerConfig, clock: Clock) -> Self {
        let (registry, ended) = Registry::new(factory, clock, config.stations);
        let inner = Inner {
            authenticator,
            registry,
            gatekeeper: Gatekeeper::new(config.throttle),
            half_open: HalfOpen::new(config.handshakes),
            // Attackers do not speed up with the machines' clock.
            real: Clock::starting_at(DateTime::UNIX_EPOCH, 1),
            config,
        };
        Self { inner: Arc::new(inner), ended }
    }

    /// To speak to the stations.
    pub fn handle(&self) -> ServerHandle<F> {
        ServerHandle(Arc::clone(&self.inner.registry))
    }

    /// To hand over sockets that were accepted elsewhere, such as by TLS.
    pub fn door(&self) -> Door<A, F> {
        Door(Arc::clone(&self.inner))
    }

    /// Accepts connections at all gates until `shutdown` is ready; then closes all of them in good order with code 1001, and
    /// returns when every machine has come to rest, or after 10 s.
    pub async fn serve(mut self, gates: impl IntoIterator<Item = Gate>, shutdown: impl Future<Output = ()>) {
        let mut keepers = JoinSet::new();
        for gate in gates {
            keepers.spawn(keep(self.door(), gate));
        }
        shutdown.await;
        keepers.shutdown().await;
        self.inner.half_open.clear();
        self.inner.registry.stop();
        let _ = tokio::time::timeout(SHUTDOWN, self.ended.recv()).await;
    }
}

async fn keep<A: Authenticator, F: Factory>(door: Door<A, F>, gate: Gate) {
    loop {
        match gate.listener.accept().await {
            Ok((stream, peer)) => {
                // Without it small answers wait for acknowledgements; nothing breaks.
                let _ = stream.set_nodelay(true);
                door.enter(Box::new(stream), peer, gate.tls.as_ref());
            }
            Err(_) => tokio::time::sleep(ACCEPT_REST).await,
        }
    }
}

/// A server that is dropped without a shutdown leaves no machine running behind it.
impl<A, F: Factory> Drop for Server<A, F> {
    fn drop(&mut self) {
        self.inner.registry.stop();
    }
}

/// Where sockets come in.
pub struct Door<A, F: Factory>(Arc<Inner<A, F>>);

impl<A: Authenticator, F: Factory> Door<A, F> {
    /// Does the handshakes on this socket, of TLS too if it is given, and gives it to the station's machine if it is admitted.
    pub fn enter(&self, socket: Socket, peer: SocketAddr, tls: Option<&ServerTls>) {
        let limits = self.0.config.limits;
        let handshake = match tls {
            None => ServerHandshake::new(Instant::ZERO, limits),
            Some(tls) => match ServerHandshake::by_tls(Instant::ZERO, limits, tls) {
                Ok(handshake) => handshake,
                Err(error) => return self.0.authenticator.turned_away(&error.into(), peer),
            },
        };
        let inner = Arc::clone(&self.0);
        self.0.half_open.spawn(move |ticket| async move {
            inner.receive(socket, handshake, peer).await;
            inner.half_open.done(ticket);
        });
    }
}

struct Inner<A, F: Factory> {
    authenticator: A,
    registry: Arc<Registry<F>>,
    gatekeeper: Gatekeeper,
    half_open: HalfOpen,
    real: Clock,
    config: ServerConfig,
}

impl<A: Authenticator, F: Factory> Inner<A, F> {
    async fn receive(&self, mut socket: Socket, mut handshake: ServerHandshake, peer: SocketAddr) {
        let greeting = greet(&mut socket, &mut handshake);
        let greeted = tokio::time::timeout(self.config.limits.handshake, greeting).await;
        let rejection = match greeted.unwrap_or(Some(Err(Refusal::TooSlow.into()))) {
            None => return,
            Some(Ok(upgrade)) => return self.decide(socket, upgrade, peer).await,
            Some(Err(rejection)) => rejection,
        };
        self.authenticator.turned_away(&rejection, peer);
        linger_with(socket, handshake.farewell(&rejection)).await;
    }

    async fn decide(&self, socket: Socket, upgrade: Upgrade, peer: SocketAddr) {
        match self.admit(&upgrade, peer).await {
            Ok(key) => self.hand_over(socket, &key, upgrade).await,
            Err(refusal) => {
                self.authenticator.turned_away(&refusal.into(), peer);
                linger_with(socket, upgrade.refuse(refusal)).await;
            }
        }
    }

    async fn admit(&self, upgrade: &Upgrade, peer: SocketAddr) -> Result<String, Refusal> {
        let (identity, address) = (upgrade.identity(), peer.ip());
        self.gatekeeper.knock(self.real.now(), address, identity)?;
        let verdict = self.authenticator.admit(upgrade, peer).await;
        let is_connected = |key: &str| self.registry.is_connected(key);
        self.gatekeeper.decide(self.real.now(), address, identity, verdict, is_connected)
    }

    async fn hand_over(&self, socket: Socket, key: &str, upgrade: Upgrade) {
        let Some(version) = upgrade.version(&self.config.versions) else {
            return linger(socket, Box::new(upgrade.accept_without_subprotocol())).await;
        };
        // Asked before the handshake is completed: a station that finds no machine should hear 503, not a broken socket.
        if self.registry.open(key).is_err() {
            return linger_with(socket, upgrade.refuse(Refusal::Unavailable)).await;
        }
        // If it fails, the server is shutting down, and the socket is dropped with the command.
        let _ = self.registry.connected(key, socket, upgrade, version).await;
    }
}

/// Reads the request; `None` if the socket ended.
async fn greet(socket: &mut Socket, handshake: &mut ServerHandshake) -> Option<Result<Upgrade, Rejection>> {
    loop {
        let progress = read_chunk(socket, |chunk| match chunk {
            [] => None,
            chunk => Some(handshake.receive(chunk)),
        });
        match progress.await.ok()?? {
            Ok(None) => {}
            Ok(Some(upgrade)) => return Some(Ok(upgrade)),
            Err(rejection) => return Some(Err(rejection)),
        }
        let pending = handshake.pending();
        if !pending.is_empty() {
            let count = pending.len();
            socket.write_all(pending).await.ok()?;
            handshake.sent(count);
        }
    }
}

/// The handshakes that are under way.
struct HalfOpen {
    capacity: usize,
    tasks: Mutex<(u64, BTreeMap<u64, AbortHandle>)>,
}

impl HalfOpen {
    fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), tasks: Mutex::default() }
    }

    fn spawn<T: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(u64) -> T) {
        // Held while spawning, so that a task cannot be done before it is in the table.
        let mut tasks = lock(&self.tasks);
        let (next, running) = &mut *tasks;
        if running.len() >= self.capacity
            && let Some((_, oldest)) = running.pop_first()
        {
            oldest.abort();
        }
        let ticket = *next;
        *next += 1;
        running.insert(ticket, tokio::spawn(task(ticket)).abort_handle());
    }

    fn done(&self, ticket: u64) {
        lock(&self.tasks).1.remove(&ticket);
    }

    fn clear(&self) {
        let running = std::mem::take(&mut lock(&self.tasks).1);
        running.into_values().for_each(|task| task.abort());
    }
}

/// No code that holds one of these locks can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
