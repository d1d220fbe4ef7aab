//! A charging station: the client's side.

use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_channel::{Receiver, Sender, unbounded};
use futures_lite::future::{or, race};
use futures_lite::io::AsyncWriteExt;
use pilotwire::{Event, Instant, Machine, Version};
use pilotwire_wire::{AttemptError, Call, ClientHandshake, Connection, Limits, Target, close_code};

use crate::runtime::{Runtime, within};
use crate::session::{Session, read_chunk};
use crate::{Clock, Host, Node};

#[derive(Debug)]
enum Wake<I> {
    Event(Event<I>),
    Network(bool),
    Stop,
}

/// Speaks to a station that runs in another task. Cheap to clone.
#[derive(Debug)]
pub struct Remote<I> {
    wakes: Sender<Wake<I>>,
    target: Arc<Mutex<Option<Target>>>,
}

impl<I> Clone for Remote<I> {
    fn clone(&self) -> Self {
        Self { wakes: self.wakes.clone(), target: Arc::clone(&self.target) }
    }
}

impl<I> Remote<I> {
    /// Tells the machine; nothing happens when it runs no more.
    pub fn send(&self, event: Event<I>) {
        let _ = self.wakes.try_send(Wake::Event(event));
    }

    /// From the next attempt on, the station calls this. With `None`, attempts fail at once ([`AttemptError::NoTarget`]).
    pub fn set_target(&self, target: Option<Target>) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// While it is off, the network is cut: the socket is dropped, and attempts fail at once.
    pub fn set_network(&self, on: bool) {
        let _ = self.wakes.try_send(Wake::Network(on));
    }

    /// Lets [`run_station`] return, after a goodbye in good order.
    pub fn stop(&self) {
        let _ = self.wakes.try_send(Wake::Stop);
    }
}

/// The other end of a [`Remote`].
#[derive(Debug)]
pub struct Inputs<I> {
    received: Receiver<Wake<I>>,
    target: Arc<Mutex<Option<Target>>>,
}

/// A way to speak to a station that calls this target, and the end that the station needs.
pub fn remote<I>(target: Target) -> (Remote<I>, Inputs<I>) {
    let (wakes, received) = unbounded();
    let target = Arc::new(Mutex::new(Some(target)));
    (Remote { wakes, target: Arc::clone(&target) }, Inputs { received, target })
}

/// How to run a station.
#[derive(Clone, Copy, Debug, Default)]
pub struct StationConfig {
    /// What the CSMS may cost it. The handshake is timed in real time, however fast the clock runs.
    pub limits: Limits,
}

type Attempt<S> = Pin<Box<dyn Future<Output = Attempted<S>> + Send>>;
/// What came of an attempt.
type Attempted<S> = Result<(S, Box<Connection>), AttemptError>;

enum Next<S, I> {
    Moved,
    Deadline,
    Wake(Wake<I>),
    Attempted(Version, Attempted<S>),
}

/// Runs a charging station until somebody [stops](Remote::stop) it: powers it up, connects when it asks for it, and performs
/// what it wants done. When every [`Remote`] is gone, it runs on without.
///
/// Returns machine and host after a shutdown in good order. To cut the power instead, drop the future.
pub async fn run_station<R, M, H>(
    runtime: R,
    node: Node<M, H>,
    config: StationConfig,
    inputs: Inputs<M::Input>,
    clock: Clock,
) -> (M, H)
where
    R: Runtime,
    M: Machine,
    M::Output: Send,
    H: Host<M>,
{
    let mut session = Session::power_up(runtime, node, clock);
    let mut attempt: Option<(Version, Attempt<R::Stream>)> = None;
    let mut network = true;
    loop {
        if let Some(version) = session.settle().await {
            let target = inputs.target.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let call = target.map(|target| target.call(version));
            attempt = Some((version, Box::pin(dial(runtime, call, config.limits, network))));
        }
        if !session.driver.is_connecting() {
            attempt = None;
        }
        match next(&mut session, &inputs.received, &mut attempt).await {
            Next::Moved => {}
            Next::Deadline => session.on_deadline(),
            Next::Wake(Wake::Event(event)) => session.handle(event),
            Next::Wake(Wake::Network(on)) => {
                network = on;
                if !on {
                    attempt = None;
                    session.lost();
                }
            }
            Next::Wake(Wake::Stop) => return session.shut_down(close_code::AWAY, "shutting down").await,
            Next::Attempted(version, result) => {
                attempt = None;
                match result {
                    Ok((socket, connection)) => session.connected(socket, *connection, version),
                    Err(error) => session.attempt_failed(&error),
                }
            }
        }
    }
}

/// Whatever comes first.
async fn next<R, M, H>(
    session: &mut Session<R, M, H>,
    received: &Receiver<Wake<M::Input>>,
    attempt: &mut Option<(Version, Attempt<R::Stream>)>,
) -> Next<R::Stream, M::Input>
where
    R: Runtime,
    M: Machine,
    M::Output: Send,
    H: Host<M>,
{
    let sleep = session.sleep();
    let deadline = async {
        sleep.await;
        Next::Deadline
    };
    let wake = async {
        match received.recv().await {
            Ok(wake) => Next::Wake(wake),
            Err(_) => pending().await,
        }
    };
    let attempted = async {
        match attempt {
            Some((version, attempt)) => Next::Attempted(*version, attempt.await),
            None => pending().await,
        }
    };
    let moved = async {
        session.move_bytes().await;
        Next::Moved
    };
    or(wake, race(moved, race(deadline, attempted))).await
}

async fn dial<R: Runtime>(runtime: R, call: Option<Call>, limits: Limits, network: bool) -> Attempted<R::Stream> {
    if !network {
        return Err(AttemptError::NetworkDown);
    }
    let call = call.ok_or(AttemptError::NoTarget)?;
    let attempt = open(runtime, &call, limits);
    within(runtime, limits.handshake, attempt).await.unwrap_or(Err(AttemptError::TooSlow))
}

async fn open<R: Runtime>(runtime: R, call: &Call, limits: Limits) -> Attempted<R::Stream> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    // Timed from outside, so the handshake's own deadline is not looked at. Made first: what cannot work need not be dialled.
    let mut handshake = ClientHandshake::new(Instant::ZERO, call, key, limits)?;
    let mut socket = runtime.connect(call.endpoint.host.clone(), call.endpoint.port).await?;
    loop {
        flush(&mut socket, &mut handshake).await?;
        let progress = read_chunk(&mut socket, |chunk| match chunk {
            [] => Err(AttemptError::Unreachable(io::ErrorKind::UnexpectedEof.into())),
            chunk => Ok(handshake.receive(chunk)?),
        });
        match progress.await? {
            Ok(Some(connection)) => return Ok((socket, Box::new(connection))),
            Ok(None) => {}
            Err(error) => {
                // An alert of TLS, for the peer's log; if it does not arrive, so be it.
                let _ = flush(&mut socket, &mut handshake).await;
                return Err(error);
            }
        }
    }
}

async fn flush(socket: &mut (impl AsyncWriteExt + Unpin), handshake: &mut ClientHandshake) -> io::Result<()> {
    let count = handshake.pending().len();
    socket.write_all(handshake.pending()).await?;
    handshake.sent(count);
    socket.flush().await
}
