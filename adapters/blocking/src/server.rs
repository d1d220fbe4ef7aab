//! The CSMS's listeners: handshakes under limits, authentication, and handing over to the station's machine.

use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use pilotwire::{DateTime, Event, Instant};
use pilotwire_wire::tls::ServerTls;
use pilotwire_wire::{Admission, Gatekeeper, Refusal, Rejection, ServerConfig, ServerHandshake, Upgrade};

use crate::dial::greet;
use crate::link::{Wake, linger};
use crate::registry::{InputOf, Registry};
use crate::{Clock, Factory, NoStation};

/// Rest after the operating system refused us a socket, such as for want of file descriptors.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Decides who may come in.
pub trait Authenticator: Send + Sync + 'static {
    /// Looks at a well-formed upgrade request. Compare the password by
    /// [`Password::matches`](pilotwire_wire::Password::matches) or by a password hash, and the user with the identity.
    fn admit(&self, upgrade: &Upgrade, peer: SocketAddr) -> Admission;

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

/// A CSMS: an authenticator, and a machine for each station. Stops when it is dropped.
///
/// A newer connection of a station that is authenticated takes over: the machine is told
/// [`Disconnected`](Event::Disconnected) and then `Connected`, and the older socket is closed with code
/// [`REPLACED`](pilotwire_wire::close_code::REPLACED), apart from the machine.
pub struct Server<A, F: Factory> {
    inner: Arc<Inner<A, F>>,
    keepers: Vec<(SocketAddr, JoinHandle<()>)>,
}

/// Speaks to the stations of a [`Server`]. Cheap to clone.
pub struct ServerHandle<F: Factory>(Arc<Registry<F>>);

impl<F: Factory> Clone for ServerHandle<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: Factory> ServerHandle<F> {
    /// Gives an event to the machine of a station, connected or not.
    ///
    /// # Errors
    /// There is no such station.
    pub fn send(&self, key: &str, event: Event<InputOf<F>>) -> Result<(), NoStation> {
        self.0.send(key, event)
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
    /// Accepts connections at all gates from now on, in threads of its own.
    ///
    /// # Errors
    /// A gate has no address, or the operating system has no thread left.
    pub fn start(
        authenticator: A,
        factory: F,
        config: ServerConfig,
        clock: Clock,
        gates: impl IntoIterator<Item = Gate>,
    ) -> std::io::Result<Self> {
        let inner = Arc::new(Inner {
            authenticator,
            registry: Registry::new(factory, clock, config.stations),
            gatekeeper: Gatekeeper::new(config.throttle),
            half_open: Mutex::default(),
            // Attackers do not speed up with the machines' clock.
            real: Clock::starting_at(DateTime::UNIX_EPOCH, 1),
            stopping: AtomicBool::new(false),
            config,
        });
        let mut server = Self { inner, keepers: Vec::new() };
        for gate in gates {
            let address = gate.listener.local_addr()?;
            let inner = Arc::clone(&server.inner);
            let keeper =
                std::thread::Builder::new().name("pilotwire-gate".into()).spawn(move || keep(&inner, &gate))?;
            server.keepers.push((address, keeper));
        }
        Ok(server)
    }

    /// To speak to the stations.
    pub fn handle(&self) -> ServerHandle<F> {
        ServerHandle(Arc::clone(&self.inner.registry))
    }
}

impl<A, F: Factory> Server<A, F> {
    /// Closes all connections in good order with code 1001, and returns when every machine has come to rest.
    pub fn shut_down(self) {
        drop(self);
    }
}

impl<A, F: Factory> Drop for Server<A, F> {
    fn drop(&mut self) {
        self.inner.stopping.store(true, Ordering::Relaxed);
        for (address, keeper) in self.keepers.drain(..) {
            // A listener that waits is woken by a connection; if that is impossible, it has ended.
            let _ = TcpStream::connect_timeout(&reachable(address), Duration::from_secs(1));
            let _ = keeper.join();
        }
        for (_, socket) in std::mem::take(&mut lock(&self.inner.half_open).1) {
            let _ = socket.shutdown(Shutdown::Both);
        }
        self.inner.registry.stop();
    }
}

/// Where we can call ourselves.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn keep<A: Authenticator, F: Factory>(inner: &Arc<Inner<A, F>>, gate: &Gate) {
    loop {
        let accepted = gate.listener.accept();
        if inner.stopping.load(Ordering::Relaxed) {
            return;
        }
        match accepted {
            Ok((socket, peer)) => enter(inner, socket, peer, gate.tls.as_ref()),
            #[expect(clippy::disallowed_methods, reason = "a thread of its own, which has nothing else to do")]
            Err(_) => std::thread::sleep(ACCEPT_REST),
        }
    }
}

/// Does the handshakes on this socket in a thread of their own.
fn enter<A: Authenticator, F: Factory>(
    inner: &Arc<Inner<A, F>>,
    socket: TcpStream,
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
    let Some(ticket) = inner.begin(&socket) else { return };
    let worker = Arc::clone(inner);
    let work = move || {
        worker.receive(socket, handshake, peer);
        lock(&worker.half_open).1.remove(&ticket);
    };
    if std::thread::Builder::new().name("pilotwire-handshake".into()).spawn(work).is_err() {
        lock(&inner.half_open).1.remove(&ticket);
    }
}

struct Inner<A, F: Factory> {
    authenticator: A,
    registry: Arc<Registry<F>>,
    gatekeeper: Gatekeeper,
    /// The handshakes that are under way, so that the oldest can be ended.
    half_open: Mutex<(u64, BTreeMap<u64, TcpStream>)>,
    real: Clock,
    stopping: AtomicBool,
    config: ServerConfig,
}

impl<A: Authenticator, F: Factory> Inner<A, F> {
    /// Makes room for a handshake; `None` if the operating system has no descriptor left.
    fn begin(&self, socket: &TcpStream) -> Option<u64> {
        let socket = socket.try_clone().ok()?;
        let mut half_open = lock(&self.half_open);
        let (next, running) = &mut *half_open;
        if running.len() >= self.config.handshakes.max(1)
            && let Some((_, oldest)) = running.pop_first()
        {
            let _ = oldest.shutdown(Shutdown::Both);
        }
        *next += 1;
        running.insert(*next, socket);
        Some(*next)
    }

    fn receive(&self, mut socket: TcpStream, mut handshake: ServerHandshake, peer: SocketAddr) {
        let rejection = match greet(&mut socket, &mut handshake, self.config.limits) {
            None => return,
            Some(Ok(upgrade)) => return self.decide(socket, upgrade, peer),
            Some(Err(rejection)) => rejection,
        };
        self.authenticator.turned_away(&rejection, peer);
        linger(socket, handshake.farewell(&rejection));
    }

    fn decide(&self, socket: TcpStream, upgrade: Upgrade, peer: SocketAddr) {
        match self.admit(&upgrade, peer) {
            Ok(key) => self.hand_over(socket, &key, upgrade),
            Err(refusal) => {
                self.authenticator.turned_away(&refusal.into(), peer);
                linger(socket, upgrade.refuse(refusal));
            }
        }
    }

    fn admit(&self, upgrade: &Upgrade, peer: SocketAddr) -> Result<String, Refusal> {
        let (identity, address) = (upgrade.identity(), peer.ip());
        self.gatekeeper.knock(self.real.now(), address, identity)?;
        let verdict = self.authenticator.admit(upgrade, peer);
        let is_connected = |key: &str| self.registry.is_connected(key);
        self.gatekeeper.decide(self.real.now(), address, identity, verdict, is_connected)
    }

    fn hand_over(&self, socket: TcpStream, key: &str, upgrade: Upgrade) {
        let Some(version) = upgrade.version(&self.config.versions) else {
            return linger(socket, upgrade.accept_without_subprotocol().farewell());
        };
        let wake = Wake::Connected(socket, Box::new(upgrade), version);
        if let Err(unsent) = self.registry.wake(key, wake)
            && let Wake::Connected(socket, upgrade, _) = *unsent
        {
            linger(socket, upgrade.refuse(Refusal::Unavailable));
        }
    }
}

/// No code that holds this lock can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
