//! The open WebSocket.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{Frame as RawFrame, FrameHeader};
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Bytes, Error, Message as Frame};

use crate::Limits;
use crate::compression::Agreed;
use crate::deflate::{Broken, Compressor};
use crate::frames::Frames;
use crate::side::Side;
use crate::transport::{CHUNK, Plain, Transport};

/// Close codes that we send (RFC 6455 §7.4.1, and its private range).
pub mod close_code {
    /// All is well.
    pub const NORMAL: u16 = 1000;
    /// This end shuts down.
    pub const AWAY: u16 = 1001;
    /// The peer broke the WebSocket protocol, or no subprotocol fits.
    pub const PROTOCOL: u16 = 1002;
    /// A binary frame: OCPP-J is text.
    pub const UNSUPPORTED: u16 = 1003;
    /// A text that is not UTF-8.
    pub const NOT_UTF8: u16 = 1007;
    /// A flood.
    pub const POLICY: u16 = 1008;
    /// A message over the limits.
    pub const TOO_BIG: u16 = 1009;
    /// The same station opened a newer connection, which is the one that counts now.
    pub const REPLACED: u16 = 4001;
}

/// What the read buffer of an idle connection holds. Texts that need more get more, until they are delivered.
const IDLE_BUFFER: usize = 256;
/// Longest reason in a close frame (RFC 6455 §5.5).
const MAX_REASON: usize = 123;
/// Longest header of a frame (RFC 6455 §5.2).
const MAX_HEADER: usize = 14;

/// What came out of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text, whole.
    Text(String),
    /// The answer to a ping of ours. Pongs that nobody asked for are dropped (RFC 6455 §5.5.3 allows them).
    Pong,
    /// The connection is over; nothing follows. Write what is [pending](Connection::pending), then hang up.
    Closed(Closed),
}

/// Why a WebSocket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The close code; `None` if the peer gave none.
    pub code: Option<u16>,
    /// For people.
    pub reason: String,
    /// Whether the peer closed. Otherwise it was us, because of what the peer sent (see [`close_code`]).
    pub by_peer: bool,
}

impl std::error::Error for Closed {}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.by_peer { "the peer closed the WebSocket" } else { "we closed the WebSocket" })?;
        match self.code {
            Some(code) => write!(f, " with code {code}")?,
            None => f.write_str(" without a code")?,
        }
        if self.reason.is_empty() { Ok(()) } else { write!(f, ": {}", self.reason) }
    }
}

/// The text cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// More than [`Limits::unsent_bytes`] would wait for the socket: the peer does not read, or the network does not
    /// carry. The connection is over, and what waited is dropped.
    #[error("the peer does not take what is sent to it; raise Limits::unsent_bytes if it is only slow")]
    PeerTooSlow,
    /// The WebSocket is closed or closing. Misuse by the caller, harmless.
    #[error("the WebSocket is closed")]
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close frame is out, that of the peer is awaited.
    Closing,
    Over,
}

/// An open WebSocket without a socket: bytes in by [`receive`](Self::receive), bytes out by [`pending`](Self::pending).
///
/// Pings are answered here. The masks of a client's frames are tungstenite's own random numbers (RFC 6455 §5.3 wants them
/// unpredictable): the one thing here that differs between two equal runs, and it never leaves the byte stream.
#[derive(Debug)]
pub struct Connection {
    context: WebSocketContext,
    frames: Frames,
    /// Apart, so that a connection without it does not pay for it.
    compressor: Option<Box<Compressor>>,
    transport: Transport,
    messages: VecDeque<Message>,
    phase: Phase,
    pings_unanswered: u32,
    pings_open: u32,
    frames_seen: u64,
    grown: bool,
    side: Side,
    limits: Limits,
}

impl Connection {
    pub(crate) fn new(side: Side, limits: Limits, transport: Transport, compression: Option<Agreed>) -> Self {
        Self {
            context: context(side, &limits),
            frames: Frames::default(),
            compressor: compression.map(|agreed| Box::new(Compressor::new(side, agreed))),
            transport,
            messages: VecDeque::new(),
            phase: Phase::Open,
            pings_unanswered: 0,
            pings_open: 0,
            frames_seen: 0,
            grown: false,
            side,
            limits,
        }
    }

    /// Takes what arrived. What it means comes out of [`poll_message`](Self::poll_message); it does not depend on how the
    /// bytes were cut.
    pub fn receive(&mut self, mut bytes: &[u8]) {
        if !self.transport.is_secure() {
            return self.receive_plain(bytes);
        }
        while !bytes.is_empty() && self.phase != Phase::Over {
            let fed = self.transport.feed(&mut bytes);
            self.receive_decrypted();
            if let Err(error) = fed {
                return self.end(None, &error.to_string(), false);
            }
        }
    }

    fn receive_decrypted(&mut self) {
        let mut chunk = [0; CHUNK];
        while self.phase != Phase::Over {
            match self.transport.read(&mut chunk) {
                Ok(Plain::Bytes(count)) => self.receive_plain(&chunk[..count]),
                Ok(Plain::NoMore) => return,
                Ok(Plain::Ended) => return self.end(None, "TLS was closed without a close frame", true),
                Err(error) => return self.end(None, &error.to_string(), false),
            }
        }
    }

    /// What the frames say themselves.
    pub(crate) fn receive_plain(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.phase != Phase::Over {
            let starts = self.frames.between_frames();
            let (used, seen) = self.frames.advance(bytes);
            let (mut frame, rest) = bytes.split_at(used);
            if let Some(seen) = seen {
                self.frames_seen += 1;
                self.grown |= seen.payload > IDLE_BUFFER as u64 || seen.fragments > 1;
                self.pings_unanswered += u32::from(seen.ping);
                if seen.fragments > self.limits.fragments {
                    return self.fail(close_code::TOO_BIG, "too many fragments");
                }
                if self.pings_unanswered > self.limits.unanswered_pings {
                    return self.fail(close_code::POLICY, "too many pings");
                }
            }
            if starts && let Some(first) = self.compressor.as_mut().and_then(|compressor| compressor.unmark(frame[0])) {
                self.decode(&[first]);
                frame = &frame[1..];
            }
            self.decode(frame);
            bytes = rest;
        }
        self.shrink();
    }

    /// What arrived, in order; `None`: nothing more for now.
    pub fn poll_message(&mut self) -> Option<Message> {
        let message = self.messages.pop_front();
        if self.messages.is_empty() {
            self.messages = VecDeque::new();
        }
        message
    }

    /// Queues a text.
    ///
    /// # Errors
    /// The peer does not read, or the WebSocket is closed.
    pub fn send(&mut self, text: String) -> Result<(), SendError> {
        if self.phase != Phase::Open {
            return Err(SendError::Closed);
        }
        let compressed = self.compressor.as_mut().and_then(|compressor| compressor.compress(&text));
        let length = compressed.as_ref().map_or(text.len(), Vec::len);
        if self.pending().len() + length + MAX_HEADER > self.limits.unsent_bytes {
            self.abandon();
            return Err(SendError::PeerTooSlow);
        }
        self.write(compressed.map_or_else(|| Frame::Text(text.into()), compressed_text));
        Ok(())
    }

    /// Queues a ping, unless the WebSocket is closed. Its pong comes as [`Message::Pong`].
    pub fn ping(&mut self) {
        if self.phase == Phase::Open && self.pending().len() < self.limits.unsent_bytes {
            self.pings_open = self.pings_open.saturating_add(1);
            self.write(Frame::Ping(Bytes::new()));
        }
    }

    /// Queues a close frame behind all that was sent. What the peer sent in the meantime is dropped; its answer comes as
    /// [`Message::Closed`]. The reason is for people, and is cut to what fits into the frame.
    pub fn close(&mut self, code: u16, reason: &str) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            self.write_close(code, reason);
        }
    }

    /// Whether nothing more comes in: all that is left is to write what is pending, and to hang up.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Bytes to write.
    pub fn pending(&self) -> &[u8] {
        self.transport.pending()
    }

    /// The first `count` bytes of [`pending`](Self::pending) are written.
    pub fn sent(&mut self, count: usize) {
        if self.transport.sent(count) {
            self.pings_unanswered = 0;
        }
    }

    /// All that is still to be written before hanging up, the end of TLS included. Nothing is pending afterwards.
    pub fn farewell(&mut self) -> Vec<u8> {
        self.transport.close();
        let bytes = self.pending().to_vec();
        self.transport.abandon();
        bytes
    }

    /// Whether reading should pause because the peer does not take what was answered: half of
    /// [`Limits::unsent_bytes`] waits.
    pub fn is_clogged(&self) -> bool {
        self.pending().len() > self.limits.unsent_bytes / 2
    }

    /// How many frames have begun to arrive, ever.
    pub(crate) const fn frames_seen(&self) -> u64 {
        self.frames_seen
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Gives up at once: nothing comes in any more, and nothing waits to go out.
    pub(crate) fn abandon(&mut self) {
        self.phase = Phase::Over;
        self.transport.abandon();
    }

    fn decode(&mut self, mut frame: &[u8]) {
        while self.phase != Phase::Over {
            let mut pipe = Pipe { input: &mut frame, output: &mut self.transport };
            match self.context.read(&mut pipe) {
                Ok(message) => {
                    // What comes is cut at the ends of frames: behind a text nothing is left, and nothing waits to be answered.
                    let is_last = matches!(message, Frame::Text(_)) && frame.is_empty();
                    self.on_frame(message);
                    if is_last {
                        return;
                    }
                }
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => return self.on_error(&error),
            }
        }
    }

    fn on_frame(&mut self, frame: Frame) {
        let open = self.phase == Phase::Open;
        match frame {
            Frame::Text(text) if open => self.messages.push_back(Message::Text(text.as_str().to_owned())),
            Frame::Pong(_) if open && self.pings_open > 0 => {
                self.pings_open -= 1;
                self.messages.push_back(Message::Pong);
            }
            Frame::Binary(payload) if open => self.on_binary(&payload),
            Frame::Close(close) => self.on_close(close),
            Frame::Text(_) | Frame::Binary(_) | Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => {}
        }
    }

    fn on_binary(&mut self, payload: &[u8]) {
        let Some(compressor) = self.compressor.as_mut().filter(|compressor| compressor.arriving) else {
            return self.fail(close_code::UNSUPPORTED, "OCPP-J is text, not binary");
        };
        match compressor.inflate(payload, self.limits.message_bytes).map(String::from_utf8) {
            Ok(Ok(text)) => self.messages.push_back(Message::Text(text)),
            Ok(Err(_)) => self.fail(close_code::NOT_UTF8, "a compressed text is not UTF-8"),
            Err(Broken::TooBig(reason)) => self.fail(close_code::TOO_BIG, reason),
            Err(Broken::Malformed) => self.fail(close_code::PROTOCOL, "a compressed message is not DEFLATE"),
        }
    }

    fn on_close(&mut self, close: Option<CloseFrame>) {
        let mut none: &[u8] = &[];
        // The answer to the peer's close frame; the result only says that the connection is over, which we know.
        let _ = self.context.flush(&mut Pipe { input: &mut none, output: &mut self.transport });
        let code = close.as_ref().map(|frame| frame.code.into());
        let reason = close.as_ref().map_or("", |frame| frame.reason.as_str());
        self.end(code, reason, true);
    }

    fn on_error(&mut self, error: &Error) {
        let code = match error {
            Error::Capacity(_) => close_code::TOO_BIG,
            Error::Utf8(_) => close_code::NOT_UTF8,
            _ => close_code::PROTOCOL,
        };
        self.fail(code, &error.to_string());
    }

    fn fail(&mut self, code: u16, reason: &str) {
        if self.phase == Phase::Open {
            self.write_close(code, reason);
        }
        self.end(Some(code), reason, false);
    }

    fn end(&mut self, code: Option<u16>, reason: &str, by_peer: bool) {
        self.phase = Phase::Over;
        self.messages.push_back(Message::Closed(Closed { code, reason: reason.to_owned(), by_peer }));
    }

    fn write_close(&mut self, code: u16, reason: &str) {
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        self.write(Frame::Close(Some(CloseFrame { code: CloseCode::from(code), reason: reason[..end].into() })));
    }

    fn write(&mut self, frame: Frame) {
        let mut none: &[u8] = &[];
        // tungstenite keeps the room of the longest frame that it ever wrote.
        self.grown |= frame.len() > IDLE_BUFFER;
        // Memory takes every byte, and the phase was checked: there is no error to expect.
        let result = self.context.write(&mut Pipe { input: &mut none, output: &mut self.transport }, frame);
        debug_assert!(result.is_ok(), "{result:?}");
        self.shrink();
    }

    /// A context between messages has no memory of the past, so a new one goes on where the grown one stood.
    fn shrink(&mut self) {
        if self.grown && self.phase == Phase::Open && self.frames.between_messages() {
            self.context = context(self.side, &self.limits);
            self.grown = false;
        }
    }
}

/// RFC 7692 §6: the first bit that RFC 6455 reserved marks a compressed message.
fn compressed_text(payload: Vec<u8>) -> Frame {
    let header = FrameHeader { rsv1: true, opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
    Frame::Frame(RawFrame::from_payload(header, payload.into()))
}

fn context(side: Side, limits: &Limits) -> WebSocketContext {
    let role = match side {
        Side::Client => Role::Client,
        Side::Server => Role::Server,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(IDLE_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(usize::MAX)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes))
        .accept_unmasked_frames(false);
    WebSocketContext::new(role, Some(config))
}

/// A stream for one call: what arrived, and where to put what is to be sent. It takes every byte at once, so
/// tungstenite's own write buffer stays empty, and [`Limits::unsent_bytes`] is the one bound.
struct Pipe<'a, 'b> {
    input: &'a mut &'b [u8],
    output: &'a mut Transport,
}

impl Read for Pipe<'_, '_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.input.read(room)
    }
}

impl Write for Pipe<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.send(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
