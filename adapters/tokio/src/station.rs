//! A charging station on tokio: the client's side.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use pilotwire::{Event, Instant, Machine, Version};
use pilotwire_wire::{AttemptError, Call, ClientHandshake, Connection, Endpoint, Limits, Target, close_code};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use crate::session::{Session, TURNS, read_chunk};
use crate::{Clock, Host, Node, Socket};

/// Opens byte streams to an endpoint. TLS comes on top of them, for an endpoint that is secure.
pub trait Connector: Send + Sync + 'static {
    /// Opens one.
    ///
    /// # Errors
    /// Whatever the environment has to say.
    fn connect(&self, endpoint: Endpoint) -> Pin<Box<dyn Future<Output = io::Result<Socket>> + Send>>;
}

/// TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Connector for Tcp {
    fn connect(&self, endpoint: Endpoint) -> Pin<Box<dyn Future<Output = io::Result<Socket>> + Send>> {
        Box::pin(async move {
            let stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Socket)
        })
    }
}

/// How to run a station.
pub struct StationConfig {
    /// Whom it calls; may change while it runs. While it is `None`, attempts fail at once ([`AttemptError::NoTarget`]).
    pub target: watch::Receiver<Option<Target>>,
    /// What the CSMS may cost it. The handshake is timed in real time, however fast the clock runs.
    pub limits: Limits,
    /// How byte streams are opened; usually [`Tcp`].
    pub connector: Arc<dyn Connector>,
    /// While this is false, the network is cut: the socket is dropped, and attempts fail at once.
    pub network: watch::Receiver<bool>,
}

impl StationConfig {
    /// TCP, default limits, a fixed target, and a network that is always there.
    pub fn plain(target: Target) -> Self {
        Self {
            target: watch::channel(Some(target)).1,
            limits: Limits::default(),
            connector: Arc::new(Tcp),
            network: watch::channel(true).1,
        }
    }
}

type Attempt = Pin<Box<dyn Future<Output = Result<(Socket, Connection), AttemptError>> + Send>>;

/// Runs a charging station until `cancel` is ready: powers it up, connects when it asks for it, and performs what it wants
/// done. Inputs may come from many places; when all senders are gone, it runs on without.
///
/// Returns machine and host after a shutdown in good order. To cut the power instead, drop the future.
pub async fn run_station<M, H>(
    node: Node<M, H>,
    mut config: StationConfig,
    mut inputs: mpsc::Receiver<Event<M::Input>>,
    clock: Clock,
    cancel: impl Future<Output = ()>,
) -> (M, H)
where
    M: Machine,
    M::Output: Send,
    H: Host<M>,
{
    let mut cancel = std::pin::pin!(cancel);
    let mut session = Session::power_up(node, clock);
    let mut attempt: Option<(Version, Attempt)> = None;
    let mut inputs_open = true;
    let mut turns = 0_u32;
    loop {
        if let Some(version) = session.settle().await {
            attempt = Some((version, start(&config, version)));
        }
        if !session.driver.is_connecting() {
            attempt = None;
        }
        turns = turns.wrapping_add(1);
        if turns.is_multiple_of(TURNS) && session.is_due() {
            session.on_deadline();
            continue;
        }
        let deadline = session.deadline();
        tokio::select! {
            () = &mut cancel => return session.shut_down(close_code::AWAY, "shutting down").await,
            () = session.move_bytes() => {}
            () = clock.sleep_until(deadline) => session.on_deadline(),
            event = inputs.recv(), if inputs_open => match event {
                Some(event) => session.handle(event),
                None => inputs_open = false,
            },
            up = switched(&mut config.network) => if !up {
                attempt = None;
                session.lost();
            },
            (version, result) = outcome(&mut attempt) => {
                attempt = None;
                match result {
                    Ok((socket, connection)) => session.connected(socket, connection, version),
                    Err(error) => session.attempt_failed(&error),
                }
            }
        }
    }
}

/// The new position of the switch.
async fn switched(network: &mut watch::Receiver<bool>) -> bool {
    match network.changed().await {
        Ok(()) => *network.borrow_and_update(),
        // Nobody can switch it any more.
        Err(_) => std::future::pending().await,
    }
}

async fn outcome(attempt: &mut Option<(Version, Attempt)>) -> (Version, Result<(Socket, Connection), AttemptError>) {
    match attempt {
        Some((version, attempt)) => (*version, attempt.await),
        None => std::future::pending().await,
    }
}

fn start(config: &StationConfig, version: Version) -> Attempt {
    let target = config.target.borrow().clone();
    let connector = Arc::clone(&config.connector);
    let limits = config.limits;
    let up = *config.network.borrow();
    Box::pin(async move {
        if !up {
            return Err(AttemptError::NetworkDown);
        }
        let call = target.ok_or(AttemptError::NoTarget)?.call(version);
        let open = open(connector.connect(call.endpoint.clone()), &call, limits);
        let result = tokio::time::timeout(limits.handshake, open).await;
        result.unwrap_or(Err(AttemptError::TooSlow))
    })
}

async fn open(
    connecting: impl Future<Output = io::Result<Socket>>,
    call: &Call,
    limits: Limits,
) -> Result<(Socket, Connection), AttemptError> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    // Timed from outside, so the handshake's own deadline is not looked at. Made first: what cannot work need not be dialled.
    let mut handshake = ClientHandshake::new(Instant::ZERO, call, key, limits)?;
    let mut socket = connecting.await?;
    loop {
        flush(&mut socket, &mut handshake).await?;
        let progress = read_chunk(&mut socket, |chunk| match chunk {
            [] => Err(AttemptError::Unreachable(io::ErrorKind::UnexpectedEof.into())),
            chunk => Ok(handshake.receive(chunk)?),
        });
        match progress.await? {
            Ok(Some(connection)) => return Ok((socket, connection)),
            Ok(None) => {}
            Err(error) => {
                // An alert of TLS, for the peer's log; if it does not arrive, so be it.
                let _ = flush(&mut socket, &mut handshake).await;
                return Err(error);
            }
        }
    }
}

async fn flush(socket: &mut Socket, handshake: &mut ClientHandshake) -> io::Result<()> {
    let count = handshake.pending().len();
    socket.write_all(handshake.pending()).await?;
    handshake.sent(count);
    socket.flush().await
}
