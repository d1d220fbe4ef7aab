//! Bytes on their way to the socket, and what protects them: nothing, or TLS.

use std::io::{self, Read, Write};

use rustls::Connection as Tls;

use crate::tls::{ClientTls, PeerCertificate, ServerTls, TlsError, TlsFault};

/// Bytes of plain text that are taken from TLS at once, through the stack.
pub(crate) const CHUNK: usize = 4 * 1024;
/// So much of what is written already may stand before what is not.
const WRITTEN: usize = 128;

/// One end of a byte stream, without its socket.
#[derive(Debug, Default)]
pub(crate) struct Transport {
    tls: Option<Box<Tls>>,
    output: Vec<u8>,
    written: usize,
}

/// What [`Transport::read`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    /// So many bytes.
    Bytes(usize),
    /// No more for now.
    NoMore,
    /// The peer ended the stream in good order, by TLS's own means.
    Ended,
}

impl Transport {
    /// No protection.
    pub(crate) fn plain() -> Self {
        Self::default()
    }

    pub(crate) fn client(tls: &ClientTls, host: &str) -> Result<Self, TlsError> {
        Ok(Self::over(tls.connect(host)?.into()))
    }

    pub(crate) fn server(tls: &ServerTls) -> Result<Self, TlsError> {
        Ok(Self::over(tls.accept()?.into()))
    }

    fn over(tls: Tls) -> Self {
        let mut transport = Self { tls: Some(Box::new(tls)), ..Self::default() };
        transport.collect();
        transport
    }

    pub(crate) const fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether TLS is still being agreed upon.
    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    /// Takes as much of what arrived as TLS wants at once, and cuts it off. [`read`](Self::read) what became of it before
    /// the rest follows. After an error nothing more may be given; what is pending tells the peer why.
    pub(crate) fn feed(&mut self, bytes: &mut &[u8]) -> Result<(), TlsError> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        // Its buffers are emptied after every step, so that only an endless message of the handshake fills them.
        let fed = tls.read_tls(bytes).map_err(|error| TlsError { fault: TlsFault::Protocol, text: error.to_string() });
        let result = fed.and_then(|_| tls.process_new_packets().map_err(TlsError::from));
        self.collect();
        result.map(drop)
    }

    /// Plain text that came of what was fed.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> Result<Plain, TlsError> {
        let Some(tls) = &mut self.tls else { return Ok(Plain::NoMore) };
        match tls.reader().read(room) {
            Ok(0) => Ok(Plain::Ended),
            Ok(count) => Ok(Plain::Bytes(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Plain::NoMore),
            Err(error) => Err(TlsError { fault: TlsFault::Protocol, text: error.to_string() }),
        }
    }

    /// All plain text in what arrived: for handshakes, which need no speed.
    pub(crate) fn decrypt(&mut self, mut bytes: &[u8]) -> Result<Vec<u8>, TlsError> {
        if self.tls.is_none() {
            return Ok(bytes.to_vec());
        }
        let (mut text, mut chunk) = (Vec::new(), [0; CHUNK]);
        while !bytes.is_empty() {
            self.feed(&mut bytes)?;
            loop {
                match self.read(&mut chunk)? {
                    Plain::Bytes(count) => text.extend_from_slice(&chunk[..count]),
                    Plain::NoMore => break,
                    // Who hangs up in the handshake has nothing more to say: what is missing is missing.
                    Plain::Ended => return Ok(text),
                }
            }
        }
        Ok(text)
    }

    /// Queues plain text.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        if self.written > WRITTEN {
            self.output.drain(..self.written);
            self.written = 0;
        }
        match &mut self.tls {
            None => self.output.extend_from_slice(bytes),
            Some(tls) => {
                // In pieces, so that TLS's own buffer never holds more than one.
                for piece in bytes.chunks(CHUNK * 4) {
                    let taken = tls.writer().write_all(piece);
                    debug_assert!(taken.is_ok(), "{taken:?}");
                }
                self.collect();
            }
        }
    }

    /// Ends our side of TLS in good order. Nothing may be sent after it.
    pub(crate) fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            self.collect();
        }
    }

    /// What the peer showed, once the handshake is through; an error if it cannot be read.
    pub(crate) fn certificate(&self) -> Option<Result<PeerCertificate, TlsError>> {
        let shown = self.tls.as_ref()?.peer_certificates()?.first()?;
        let read = PeerCertificate::from_der(shown);
        Some(read.map_err(|error| TlsError { fault: TlsFault::Certificate, text: error.to_string() }))
    }

    pub(crate) fn pending(&self) -> &[u8] {
        &self.output[self.written..]
    }

    /// The first `count` bytes of what is pending are written; `true` if that was all.
    pub(crate) fn sent(&mut self, count: usize) -> bool {
        self.written = (self.written + count).min(self.output.len());
        let all = self.written == self.output.len();
        if all {
            self.abandon();
        }
        all
    }

    /// Forgets what is pending.
    pub(crate) fn abandon(&mut self) {
        self.output = Vec::new();
        self.written = 0;
    }

    /// Moves what TLS has to send into the output, so that nothing piles up inside it.
    fn collect(&mut self) {
        let Some(tls) = &mut self.tls else { return };
        while tls.wants_write() {
            // Memory takes every byte.
            if tls.write_tls(&mut self.output).is_err() {
                return;
            }
        }
    }
}
