//! Both kinds of stations: honest ones, and sockets that send whatever they like.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pilotwire::{Instant, Version};
use pilotwire_wire::tls::ClientTls;
use pilotwire_wire::{Call, ClientHandshake, Connection, HandshakeError, Identity, Limits, Message, Password};

use crate::stands::PASSWORD;

/// Nothing here takes longer than this, or it will never come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An honest station.
pub(crate) struct Peer {
    socket: TcpStream,
    connection: Connection,
    calls: u32,
}

/// As whom, and how.
pub(crate) struct Who<'a> {
    pub(crate) identity: &'a str,
    pub(crate) password: &'a str,
    pub(crate) tls: Option<ClientTls>,
    pub(crate) limits: Limits,
}

impl<'a> Who<'a> {
    pub(crate) fn honest(identity: &'a str) -> Self {
        Self { identity, password: PASSWORD, tls: None, limits: Limits::default() }
    }

    fn handshake(self, address: SocketAddr) -> Result<ClientHandshake, HandshakeError> {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        let call = Call {
            endpoint: format!("{scheme}://{address}/ocpp").parse().unwrap(),
            identity: Identity::new(self.identity).unwrap(),
            version: Version::V201,
            password: (!self.password.is_empty()).then(|| Password::new(self.password)),
            tls: self.tls,
        };
        ClientHandshake::new(Instant::ZERO, &call, [3; 16], self.limits)
    }
}

impl Peer {
    /// # Errors
    /// The handshake's.
    pub(crate) fn dial(address: SocketAddr, who: Who<'_>) -> Result<Self, HandshakeError> {
        Self::come(address, who).map_err(|why| why.expect("the server hung up in the handshake"))
    }

    /// # Errors
    /// The handshake's; `None` if the server hung up before it said anything.
    pub(crate) fn come(address: SocketAddr, who: Who<'_>) -> Result<Self, Option<HandshakeError>> {
        let mut socket = connect(address);
        let mut handshake = who.handshake(address)?;
        loop {
            let count = handshake.pending().len();
            socket.write_all(handshake.pending()).map_err(|_| None)?;
            handshake.sent(count);
            let mut chunk = [0; 4_096];
            let count = socket.read(&mut chunk).map_err(|_| None)?;
            if count == 0 {
                return Err(None);
            }
            if let Some(connection) = handshake.receive(&chunk[..count])? {
                return Ok(Self { socket, connection, calls: 0 });
            }
        }
    }

    /// Connected, and taken in.
    pub(crate) fn booted(address: SocketAddr, who: Who<'_>) -> Self {
        let mut peer = Self::dial(address, who).unwrap();
        peer.boot();
        peer
    }

    pub(crate) fn boot(&mut self) {
        let payload = r#"{"reason":"PowerUp","chargingStation":{"vendorName":"Wire","model":"One"}}"#;
        assert!(self.call("BootNotification", payload).contains("Accepted"));
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.connection.send(text.to_owned()).unwrap();
        self.socket.write_all(self.connection.pending()).unwrap();
        self.connection.sent(self.connection.pending().len());
    }

    pub(crate) fn next(&mut self) -> Message {
        loop {
            if let Some(message) = self.connection.poll_message() {
                return message;
            }
            let mut chunk = [0; 4_096];
            match self.socket.read(&mut chunk) {
                Ok(count) if count > 0 => self.connection.receive(&chunk[..count]),
                other => panic!("the server hung up: {other:?}"),
            }
        }
    }

    /// The frame that comes next.
    pub(crate) fn frame(&mut self) -> String {
        match self.next() {
            Message::Text(text) => text,
            other => panic!("no frame: {other:?}"),
        }
    }

    /// A CALL and its answer.
    pub(crate) fn call(&mut self, action: &str, payload: &str) -> String {
        self.calls += 1;
        let id = format!("{action}-{}", self.calls);
        self.send(&format!(r#"[2,"{id}","{action}",{payload}]"#));
        let frame = self.frame();
        assert!(frame.contains(&id), "{frame}");
        frame
    }

    /// An honest station is served, whatever happens around it.
    pub(crate) fn heartbeat(&mut self) {
        let answer = self.call("Heartbeat", "{}");
        assert!(answer.starts_with("[3,"), "{answer}");
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// Sends these bytes, and gives all that comes back until the server hangs up. A reset is an answer, too.
pub(crate) fn answer(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut socket = connect(address);
    // The server may hang up before all of it is sent.
    let _ = socket.write_all(bytes);
    rest(&mut socket)
}

/// All that comes until the server hangs up.
pub(crate) fn rest(socket: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut chunk) = (Vec::new(), [0; 4_096]);
    loop {
        match socket.read(&mut chunk) {
            Ok(0) => return all,
            Ok(count) => all.extend_from_slice(&chunk[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the server does not hang up: {}", String::from_utf8_lossy(&all))
            }
            Err(_) => return all,
        }
    }
}

/// The status of an HTTP response.
pub(crate) fn status(response: &[u8]) -> u16 {
    let text = String::from_utf8_lossy(response);
    text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// The request of a station, with more lines in its head.
pub(crate) fn upgrade(path: &str, more: &str) -> String {
    let login = BASE64_STANDARD.encode(format!("CS001:{PASSWORD}"));
    format!(
        "GET {path} HTTP/1.1\r\nHost: csms\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n\
         Authorization: Basic {login}\r\n{more}\r\n"
    )
}

/// A WebSocket of CS001 without anybody who minds the rules.
pub(crate) fn raw(address: SocketAddr) -> TcpStream {
    raw_at(address, "/ocpp/CS001")
}

/// The same by another path.
pub(crate) fn raw_at(address: SocketAddr, path: &str) -> TcpStream {
    let mut socket = connect(address);
    socket.write_all(upgrade(path, "").as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert_eq!(status(&head), 101, "{}", String::from_utf8_lossy(&head));
    socket
}

/// The code of the close frame at the end of what a server sent.
pub(crate) fn close_code(bytes: &[u8]) -> Option<u16> {
    let mut rest = bytes;
    let mut code = None;
    while let [first, length, more @ ..] = rest {
        let length = usize::from(length & 0x7F);
        if first & 0x0F == 8 && length >= 2 {
            code = more.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
        }
        // Longer frames are texts here; a close frame comes alone.
        rest = if length < 126 { more.get(length..).unwrap_or_default() } else { &[] };
    }
    code
}
