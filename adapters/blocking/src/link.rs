//! A socket with a thread that reads it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::time::Duration;

use pilotwire::{Event, Version};
use pilotwire_wire::{AttemptError, Connection, Upgrade};

/// Bytes that are read at once.
const CHUNK: usize = 4 * 1024;
/// How long a write may keep a machine from its work; what is left is tried again.
const WRITE: Duration = Duration::from_millis(5);
/// When to try again to write.
pub(crate) const RETRY: Duration = Duration::from_millis(20);
/// How long a connection that is over may take to carry what is still to be written.
const LINGER: Duration = Duration::from_secs(2);
/// What a connection that is over may still send to us, to be thrown away.
const LINGER_BYTES: usize = 256 * 1024;

/// What wakes the thread of a machine.
pub(crate) enum Wake<I> {
    Event(Event<I>),
    /// Bytes of the link with this number, which reads no more until it is allowed to.
    Bytes(u64, Vec<u8>),
    /// The link with this number broke or ended.
    Ended(u64),
    /// The attempt with this number came to an end.
    Attempted(u64, Result<(TcpStream, Box<Connection>), AttemptError>),
    /// A station came, and was let in.
    Connected(TcpStream, Box<Upgrade>, Version),
    /// The network was switched on or off.
    Network(bool),
    Stop,
}

/// The socket of a machine.
pub(crate) struct Link {
    pub(crate) number: u64,
    socket: TcpStream,
    allow: SyncSender<()>,
    /// Bytes came, and the reader waits.
    pub(crate) reader_waits: bool,
}

impl Link {
    /// Begins to read; `None` if the operating system has no thread or no descriptor left.
    pub(crate) fn open<I: Send + 'static>(number: u64, socket: TcpStream, wakes: Sender<Wake<I>>) -> Option<Self> {
        socket.set_read_timeout(None).ok()?;
        socket.set_write_timeout(Some(WRITE)).ok()?;
        // Small answers would wait for acknowledgements otherwise.
        socket.set_nodelay(true).ok()?;
        let reader = socket.try_clone().ok()?;
        let (allow, allowed) = sync_channel(1);
        let read = move || read_all(number, reader, &allowed, &wakes);
        std::thread::Builder::new().name("pilotwire-read".into()).spawn(read).ok()?;
        Some(Self { number, socket, allow, reader_waits: false })
    }

    /// Lets the reader go on.
    pub(crate) fn read_on(&mut self) {
        self.reader_waits = false;
        // A reader that has ended has said so.
        let _ = self.allow.try_send(());
    }

    /// Writes as much as the socket takes now.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.socket.write(bytes) {
            Ok(0) => Err(ErrorKind::WriteZero.into()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(0),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
            result => result,
        }
    }

    /// Drops the socket as if the network had gone.
    pub(crate) fn cut(self) {
        // Wakes the reader, too; if the socket is gone already, so much the better.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    pub(crate) fn into_socket(self) -> TcpStream {
        self.socket
    }
}

fn read_all<I>(number: u64, mut socket: TcpStream, allowed: &Receiver<()>, wakes: &Sender<Wake<I>>) {
    let mut chunk = [0; CHUNK];
    loop {
        let wake = match socket.read(&mut chunk) {
            Ok(count) if count > 0 => Wake::Bytes(number, chunk[..count].to_vec()),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            _ => Wake::Ended(number),
        };
        let over = matches!(wake, Wake::Ended(_));
        // Nobody to tell, or nobody who allows more: the link is over.
        if wakes.send(wake).is_err() || over || allowed.recv().is_err() {
            return;
        }
    }
}

/// Writes what is left, ends our side, and waits for the end of the other, in a thread of its own: a socket that is dropped
/// with unread bytes in it resets the connection, and our last words would be lost with it.
pub(crate) fn linger(socket: TcpStream, bytes: Vec<u8>) {
    let goodbye = move || {
        // Whatever fails here fails on a connection that nobody waits for.
        let _ = say_goodbye(socket, &bytes);
    };
    let _ = std::thread::Builder::new().name("pilotwire-goodbye".into()).spawn(goodbye);
}

fn say_goodbye(mut socket: TcpStream, bytes: &[u8]) -> io::Result<()> {
    socket.set_write_timeout(Some(LINGER))?;
    socket.set_read_timeout(Some(LINGER))?;
    socket.write_all(bytes)?;
    socket.shutdown(Shutdown::Write)?;
    let (mut chunk, mut room) = ([0; CHUNK], LINGER_BYTES);
    while room > 0 {
        match socket.read(&mut chunk)? {
            0 => break,
            count => room = room.saturating_sub(count),
        }
    }
    socket.shutdown(Shutdown::Both)
}
