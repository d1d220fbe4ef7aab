//! Handshakes, in a thread that may wait.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant as RealTime};

use pilotwire::Instant;
use pilotwire_wire::{
    AttemptError, Call, ClientHandshake, Connection, Limits, Refusal, Rejection, ServerHandshake, Upgrade,
};

/// Bytes that are read at once.
const CHUNK: usize = 4 * 1024;

/// Real time that is left.
struct Patience(RealTime);

impl Patience {
    #[expect(clippy::disallowed_methods, reason = "an adapter is where time comes from")]
    fn new(span: Duration) -> Self {
        Self(RealTime::now() + span)
    }

    #[expect(clippy::disallowed_methods, reason = "an adapter is where time comes from")]
    fn left(&self) -> io::Result<Duration> {
        let left = self.0.saturating_duration_since(RealTime::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    fn read<'a>(&self, socket: &mut TcpStream, chunk: &'a mut [u8]) -> io::Result<&'a [u8]> {
        socket.set_read_timeout(Some(self.left()?))?;
        let count = socket.read(chunk)?;
        Ok(&chunk[..count])
    }

    fn write(&self, socket: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        socket.set_write_timeout(Some(self.left()?))?;
        socket.write_all(bytes)
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// Connects to a CSMS: TCP, TLS, HTTP.
pub(crate) fn dial(call: &Call, limits: Limits) -> Result<(TcpStream, Box<Connection>), AttemptError> {
    let result = try_to_dial(call, limits);
    match result {
        Err(AttemptError::Unreachable(error)) if is_timeout(&error) => Err(AttemptError::TooSlow),
        result => result,
    }
}

fn try_to_dial(call: &Call, limits: Limits) -> Result<(TcpStream, Box<Connection>), AttemptError> {
    let patience = Patience::new(limits.handshake);
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    // Timed by the socket, so the handshake's own deadline is not looked at. Made first: what cannot work need not be dialled.
    let mut handshake = ClientHandshake::new(Instant::ZERO, call, key, limits)?;
    let mut socket = open(call, &patience)?;
    let mut chunk = [0; CHUNK];
    loop {
        let count = handshake.pending().len();
        patience.write(&mut socket, handshake.pending())?;
        handshake.sent(count);
        let bytes = patience.read(&mut socket, &mut chunk)?;
        if bytes.is_empty() {
            return Err(AttemptError::Unreachable(ErrorKind::UnexpectedEof.into()));
        }
        match handshake.receive(bytes) {
            Ok(Some(connection)) => return Ok((socket, Box::new(connection))),
            Ok(None) => {}
            Err(error) => {
                // An alert of TLS, for the peer's log; if it does not arrive, so be it.
                let _ = patience.write(&mut socket, handshake.pending());
                return Err(error.into());
            }
        }
    }
}

/// The first address of the host that answers.
fn open(call: &Call, patience: &Patience) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(ErrorKind::NotFound, "the host has no address");
    for address in (call.endpoint.host.as_str(), call.endpoint.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience.left()?) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Reads the request of a station; `None` if the socket ended.
pub(crate) fn greet(
    socket: &mut TcpStream,
    handshake: &mut ServerHandshake,
    limits: Limits,
) -> Option<Result<Upgrade, Rejection>> {
    let patience = Patience::new(limits.handshake);
    let mut chunk = [0; CHUNK];
    loop {
        let bytes = match patience.read(socket, &mut chunk) {
            Ok([]) => return None,
            Ok(bytes) => bytes,
            Err(error) if is_timeout(&error) => return Some(Err(Refusal::TooSlow.into())),
            Err(_) => return None,
        };
        match handshake.receive(bytes) {
            Ok(None) => {}
            Ok(Some(upgrade)) => return Some(Ok(upgrade)),
            Err(rejection) => return Some(Err(rejection)),
        }
        let count = handshake.pending().len();
        patience.write(socket, handshake.pending()).ok()?;
        handshake.sent(count);
    }
}
