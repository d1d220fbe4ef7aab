//! Four deeds for one machine: read, sleep, write, perform.

use std::future::{Future, poll_fn};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pilotwire::{Event, Instant, Machine, Version};
use pilotwire_wire::{AttemptError, Connection, Driver, Effect};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::task::JoinHandle;

use crate::{Clock, Host, Node};

/// Bytes that are read at once. The buffer is on the stack while it is used, and nowhere while nothing arrives.
const CHUNK: usize = 4 * 1024;
/// Who always has something keeps the others waiting for so many turns at most.
pub(crate) const TURNS: u32 = 16;
/// How long a connection that is over may take to carry what is still to be written, in real time.
const LINGER: Duration = Duration::from_secs(2);
/// What a connection that is over may still send to us, to be thrown away.
const LINGER_BYTES: usize = 256 * 1024;

/// A byte stream in both directions: TCP, or a pipe. TLS is spoken over it by `pilotwire-wire`.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// Any stream.
pub type Socket = Box<dyn Stream>;

/// One machine, its host and its socket.
pub(crate) struct Session<M: Machine, H> {
    pub(crate) driver: Driver<M, H>,
    pub(crate) clock: Clock,
    /// When something happened last: asking for the time costs more than most of what else is done for a frame.
    now: Instant,
    socket: Option<Socket>,
    /// The end of the last connection, which a shutdown waits for.
    farewell: Option<JoinHandle<()>>,
}

impl<M, H> Session<M, H>
where
    M: Machine,
    M::Output: Send,
    H: Host<M>,
{
    pub(crate) fn power_up(node: Node<M, H>, clock: Clock) -> Self {
        let (mut driver, now) = (Driver::new(node.machine, node.host), clock.now());
        driver.handle(now, Event::PowerUp(node.power_up));
        Self { driver, clock, now, socket: None, farewell: None }
    }

    /// Performs all there is to perform. Returns the version if the machine wants a connection.
    pub(crate) async fn settle(&mut self) -> Option<Version> {
        let mut wanted = None;
        let mut deeds = Vec::new();
        loop {
            match self.driver.next_effect(self.now) {
                Some(Effect::Deed(deed)) => deeds.push(deed),
                Some(Effect::Connect(version)) => wanted = Some(version),
                Some(Effect::Disconnect(connection)) => self.hang_up(connection),
                None if deeds.is_empty() => return wanted,
                None => {
                    let run = std::mem::take(&mut deeds);
                    let answers = self.driver.observer_mut().perform(self.now, run).await;
                    self.driver.performed();
                    self.now = self.clock.now();
                    for event in answers {
                        self.driver.handle(self.now, event);
                    }
                }
            }
        }
    }

    /// Tells the machine of something that happens now.
    pub(crate) fn handle(&mut self, event: Event<M::Input>) {
        self.now = self.clock.now();
        self.driver.handle(self.now, event);
    }

    /// Takes a new socket; the one before is closed by its own close frame, apart from this session.
    pub(crate) fn connected(&mut self, socket: Socket, connection: Connection, version: Version) {
        self.now = self.clock.now();
        let old = self.driver.connected(self.now, connection, version);
        let old_socket = self.socket.replace(socket);
        if let (Some(old), Some(old_socket)) = (old, old_socket) {
            tokio::spawn(linger(old_socket, old));
        }
    }

    /// The network is gone.
    pub(crate) fn lost(&mut self) {
        self.socket = None;
        self.now = self.clock.now();
        self.driver.lost(self.now);
    }

    /// An attempt to connect failed.
    pub(crate) fn attempt_failed(&mut self, error: &AttemptError) {
        let now = self.clock.now();
        if let Some(input) = self.driver.observer_mut().attempt_failed(now, error) {
            self.driver.handle(now, Event::Input(input));
        }
        self.lost();
    }

    /// When to call [`on_deadline`](Self::on_deadline).
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let pause = match self.driver.may_read(self.now) {
            Err(until) => until,
            Ok(()) => None,
        };
        [self.driver.poll_timeout(), pause].into_iter().flatten().min()
    }

    /// Whether the deadline has come. To be asked now and then: a sleep that is always begun anew, because something else is
    /// ready, never comes to its end.
    pub(crate) fn is_due(&self) -> bool {
        self.deadline().is_some_and(|at| at <= self.clock.now())
    }

    pub(crate) fn on_deadline(&mut self) {
        self.now = self.clock.now();
        self.driver.handle_timeout(self.now);
    }

    /// Writes what is to be written, until bytes have come in. May be dropped at any time without losing any.
    pub(crate) fn move_bytes(&mut self) -> impl Future<Output = ()> {
        poll_fn(|context| self.poll_bytes(context))
    }

    /// Says goodbye and performs what is left. The connection gets its time to end well.
    pub(crate) async fn shut_down(mut self, code: u16, reason: &str) -> (M, H) {
        self.now = self.clock.now();
        self.driver.close(self.now, code, reason);
        // A machine that wants to connect again is not heard any more.
        let _ = self.settle().await;
        if let Some(farewell) = self.farewell.take() {
            // It cannot fail but by a panic, and nothing depends on it.
            let _ = farewell.await;
        }
        self.driver.into_parts()
    }

    fn hang_up(&mut self, connection: Box<Connection>) {
        if let Some(socket) = self.socket.take() {
            self.farewell = Some(tokio::spawn(linger(socket, connection)));
        }
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(socket) = &mut self.socket else {
            return Poll::Pending;
        };
        self.now = self.clock.now();
        match poll_exchange(Pin::new(socket), &mut self.driver, self.now, context) {
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(Broken)) => {
                self.lost();
                Poll::Ready(())
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// The stream ended, with or without an error.
struct Broken;

fn poll_exchange<M: Machine, H: Host<M>>(
    mut socket: Pin<&mut Socket>,
    driver: &mut Driver<M, H>,
    now: Instant,
    context: &mut Context<'_>,
) -> Poll<Result<(), Broken>> {
    let mut has_written = false;
    while !driver.pending().is_empty() {
        match socket.as_mut().poll_write(context, driver.pending()) {
            Poll::Ready(Ok(count)) if count > 0 => driver.sent(count),
            Poll::Ready(_) => return Poll::Ready(Err(Broken)),
            Poll::Pending => break,
        }
        has_written = true;
    }
    // A stream of the host's own may keep bytes; for TCP this costs nothing.
    if driver.pending().is_empty()
        && let Poll::Ready(Err(_)) = socket.as_mut().poll_flush(context)
    {
        return Poll::Ready(Err(Broken));
    }
    match driver.may_read(now) {
        Ok(()) => {}
        // There is a deadline now that was not there while the writing held us up.
        Err(Some(_)) if has_written => return Poll::Ready(Ok(())),
        Err(_) => return Poll::Pending,
    }
    let mut chunk = [const { MaybeUninit::uninit() }; CHUNK];
    let mut chunk = ReadBuf::uninit(&mut chunk);
    Poll::Ready(match ready!(socket.poll_read(context, &mut chunk)) {
        Ok(()) if !chunk.filled().is_empty() => {
            driver.receive(now, chunk.filled());
            Ok(())
        }
        _ => Err(Broken),
    })
}

/// Writes what is left, ends our side, and waits for the end of the other: a socket that is dropped with unread bytes in it
/// resets the connection, and our close frame would be lost with it.
pub(crate) async fn linger(socket: Socket, mut connection: Box<Connection>) {
    linger_with(socket, connection.farewell()).await;
}

/// The same for bytes that are no WebSocket's.
pub(crate) async fn linger_with(mut socket: Socket, bytes: Vec<u8>) {
    let goodbye = async {
        socket.write_all(&bytes).await?;
        socket.shutdown().await?;
        let mut room = LINGER_BYTES;
        while room > 0 {
            match read_chunk(&mut socket, |chunk| chunk.len()).await? {
                0 => break,
                count => room = room.saturating_sub(count),
            }
        }
        Ok::<_, std::io::Error>(())
    };
    // Whatever fails here fails on a connection that nobody waits for.
    let _ = tokio::time::timeout(LINGER, goodbye).await;
}

/// Reads once, through the stack.
pub(crate) async fn read_chunk<T>(socket: &mut Socket, mut take: impl FnMut(&[u8]) -> T) -> std::io::Result<T> {
    poll_fn(|context| {
        let mut chunk = [const { MaybeUninit::uninit() }; CHUNK];
        let mut chunk = ReadBuf::uninit(&mut chunk);
        ready!(Pin::new(&mut *socket).poll_read(context, &mut chunk))?;
        Poll::Ready(Ok(take(chunk.filled())))
    })
    .await
}
