//! The CSMS's listeners: handshakes under limits, authentication, and handing over to the station's machine.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_channel::{Receiver, Sender, bounded};
use futures_lite::future::or;
use futures_lite::io::AsyncWriteExt;
use pilotwire::{DateTime, Event, Instant};
use pilotwire_wire::tls::ServerTls;
use pilotwire_wire::{Admission, Gatekeeper, Refusal, Rejection, ServerConfig, ServerHandshake, Upgrade};

use crate::registry::{Command, InputOf, Registry};
use crate::runtime::{Runtime, within};
use crate::session::{linger, read_chunk};
use crate::{Clock, Factory, NoStation};

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
pub struct Gate<L> {
    /// Where they come in.
    pub listener: L,
    /// By TLS: `wss`, security profiles 2 and 3. `None`: `ws`.
    pub tls: Option<ServerTls>,
}

/// A CSMS: an authenticator, and a machine for each station.
///
/// A newer connection of a station that is authenticated takes over: the machine is told
/// [`Disconnected`](Event::Disconnected) and then `Connected`, and the older socket is closed with code
/// [`REPLACED`](pilotwire_wire::close_code::REPLACED), apart from the machine.
pub struct Server<R: Runtime, A, F: Factory> {
    inner: Arc<Inner<R, A, F>>,
    ended: Receiver<()>,
}

/// Speaks to the stations of a [`Server`]. Cheap to clone.
pub struct ServerHandle<R: Runtime, F: Factory>(Arc<Registry<R, F>>);

impl<R: Runtime, F: Factory> Clone for ServerHandle<R, F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Runtime, F: Factory> ServerHandle<R, F> {
    /// Gives an event to the machine of a station, connected or not. Waits while the station has too many before it.
    ///
    /// # Errors
    /// There is no such station.
    pub async fn send(&self, key: &str, event: Event<InputOf<F>>) -> Result<(), NoStation> {
        self.0.command(key, Command::Event(event)).await.map_err(|_| NoStation)
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

impl<R: Runtime, A: Authenticator, F: Factory> Server<R, A, F> {
    /// A server that does not listen yet.
    pub fn new(runtime: R, authenticator: A, factory: F, config: ServerConfig, clock: Clock) -> Self {
        let (registry, ended) = Registry::new(runtime, factory, clock, config.stations);
        let inner = Inner {
            runtime,
            authenticator,
            registry,
            gatekeeper: Gatekeeper::new(config.throttle),
            half_open: Mutex::default(),
            // Attackers do not speed up with the machines' clock.
            real: Clock::starting_at(DateTime::UNIX_EPOCH, 1),
            config,
        };
        Self { inner: Arc::new(inner), ended }
    }

    /// To speak to the stations.
    pub fn handle(&self) -> ServerHandle<R, F> {
        ServerHandle(Arc::clone(&self.inner.registry))
    }

    /// Accepts connections at all gates until `shutdown` is ready; then closes all of them in good order with code 1001, and
    /// returns when every machine has come to rest, or after 10 s.
    pub async fn serve(self, gates: impl IntoIterator<Item = Gate<R::Listener>>, shutdown: impl Future<Output = ()>) {
        // Nothing is ever sent: the keepers end when this is gone.
        let (open, closed) = bounded::<()>(1);
        for gate in gates {
            self.inner.runtime.spawn(keep(Arc::clone(&self.inner), gate, closed.clone()));
        }
        shutdown.await;
        drop(open);
        lock(&self.inner.half_open).1.clear();
        self.inner.registry.stop();
        let _ = within(self.inner.runtime, SHUTDOWN, self.ended.recv()).await;
    }
}

/// A server that is dropped without a shutdown leaves no machine running behind it.
impl<R: Runtime, A, F: Factory> Drop for Server<R, A, F> {
    fn drop(&mut self) {
        self.inner.registry.stop();
    }
}

async fn keep<R: Runtime, A: Authenticator, F: Factory>(
    inner: Arc<Inner<R, A, F>>,
    gate: Gate<R::Listener>,
    closed: Receiver<()>,
) {
    let accepting = async {
        loop {
            match inner.runtime.accept(&gate.listener).await {
                Ok((socket, peer)) => enter(&inner, socket, peer, gate.tls.as_ref()),
                Err(_) => inner.runtime.sleep(ACCEPT_REST).await,
            }
        }
    };
    let end = async {
        let _ = closed.recv().await;
    };
    or(end, accepting).await;
}

/// Does the handshakes on this socket in a task of their own.
fn enter<R: Runtime, A: Authenticator, F: Factory>(
    inner: &Arc<Inner<R, A, F>>,
    socket: R::Stream,
    peer: SocketAddr,
    tls: Option<&ServerTls>,
) {
    let limits = inner.config.limits;
    let handshake = match tls {
        None => ServerHandshake::new(Instant::ZERO, limits),
        Some(tls) => match ServerHandshake::by_tls(Instant::ZERO, limits, tls) {
            Ok(handshake) => handshake,
            Err(error) => return inner.authenticator.turned_away(&error.into(), peer),
        },
    };
    let (ticket, dropped) = inner.begin();
    let worker = Arc::clone(inner);
    inner.runtime.spawn(async move {
        let end = async {
            let _ = dropped.recv().await;
        };
        or(worker.receive(socket, handshake, peer), end).await;
        lock(&worker.half_open).1.remove(&ticket);
    });
}

/// The handshakes that are under way, by number: one whose sender is dropped ends.
type HalfOpen = (u64, BTreeMap<u64, Sender<()>>);

struct Inner<R: Runtime, A, F: Factory> {
    runtime: R,
    authenticator: A,
    registry: Arc<Registry<R, F>>,
    gatekeeper: Gatekeeper,
    half_open: Mutex<HalfOpen>,
    real: Clock,
    config: ServerConfig,
}

impl<R: Runtime, A: Authenticator, F: Factory> Inner<R, A, F> {
    fn begin(&self) -> (u64, Receiver<()>) {
        let (sender, dropped) = bounded(1);
        let mut half_open = lock(&self.half_open);
        let (next, running) = &mut *half_open;
        if running.len() >= self.config.handshakes.max(1) {
            running.pop_first();
        }
        *next += 1;
        running.insert(*next, sender);
        (*next, dropped)
    }

    async fn receive(&self, mut socket: R::Stream, mut handshake: ServerHandshake, peer: SocketAddr) {
        let greeting = greet(&mut socket, &mut handshake);
        let greeted = within(self.runtime, self.config.limits.handshake, greeting).await;
        let rejection = match greeted.unwrap_or(Some(Err(Refusal::TooSlow.into()))) {
            None => return,
            Some(Ok(upgrade)) => return self.decide(socket, upgrade, peer).await,
            Some(Err(rejection)) => rejection,
        };
        self.authenticator.turned_away(&rejection, peer);
        linger(self.runtime, socket, handshake.farewell(&rejection)).await;
    }

    async fn decide(&self, socket: R::Stream, upgrade: Upgrade, peer: SocketAddr) {
        match self.admit(&upgrade, peer).await {
            Ok(key) => self.hand_over(socket, &key, upgrade).await,
            Err(refusal) => {
                self.authenticator.turned_away(&refusal.into(), peer);
                linger(self.runtime, socket, upgrade.refuse(refusal)).await;
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

    async fn hand_over(&self, socket: R::Stream, key: &str, upgrade: Upgrade) {
        let Some(version) = upgrade.version(&self.config.versions) else {
            return linger(self.runtime, socket, upgrade.accept_without_subprotocol().farewell()).await;
        };
        let command = Command::Connected(socket, Box::new(upgrade), version);
        if let Err(unsent) = self.registry.command(key, command).await
            && let Command::Connected(socket, upgrade, _) = *unsent
        {
            linger(self.runtime, socket, upgrade.refuse(Refusal::Unavailable)).await;
        }
    }
}

/// Reads the request; `None` if the socket ended.
async fn greet(
    socket: &mut (impl futures_lite::AsyncRead + futures_lite::AsyncWrite + Unpin),
    handshake: &mut ServerHandshake,
) -> Option<Result<Upgrade, Rejection>> {
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
        let count = handshake.pending().len();
        socket.write_all(handshake.pending()).await.ok()?;
        handshake.sent(count);
    }
}

/// No code that holds this lock can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
