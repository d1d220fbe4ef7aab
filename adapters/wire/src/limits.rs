//! What a peer may cost us.

use core::time::Duration;

use crate::Compression;

/// Upper bounds of everything that a peer can make us keep or wait for. All of them are enforced, and each that is hit is
/// reported: in the handshake as a [`Refusal`](crate::Refusal), later as a close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an HTTP head, request or response; more is answered with 431. Default 8 KiB.
    pub head_bytes: usize,
    /// Header lines in an HTTP head, at most 128; more is answered with 431. Default 64.
    pub headers: usize,
    /// Bytes of the text of one message, over all of its fragments; more closes with 1009. Of a compressed message, both what
    /// travels and what comes out of it. Default 64 KiB.
    pub message_bytes: usize,
    /// Frames that one message may be cut into; more closes with 1009. Default 1024.
    pub fragments: u32,
    /// Pings that arrived and whose pongs have not left yet; more closes with 1008. Default 64.
    pub unanswered_pings: u32,
    /// Bytes that wait for the socket. A peer that lets more pile up is cut off. Default 1 MiB.
    pub unsent_bytes: usize,
    /// Text, binary and control frames per second that are read from one connection in the long run; a peer that sends
    /// faster is not cut off, but read more slowly. Default 2000; at least 1.
    pub frames_per_s: u32,
    /// Frames that are read at once before [`frames_per_s`](Self::frames_per_s) slows reading down. Default 4000.
    pub frame_burst: u32,
    /// From the first byte to the end of the HTTP handshake. Default 10 s.
    pub handshake: Duration,
    /// From our close frame to the answer of the peer; after that the socket is dropped. Default 5 s.
    pub closing: Duration,
    /// Whether to compress messages, if the peer does it too, and what that may cost. Default: never.
    pub compression: Option<Compression>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 8 * 1024,
            headers: 64,
            message_bytes: 64 * 1024,
            fragments: 1024,
            unanswered_pings: 64,
            unsent_bytes: 1024 * 1024,
            frames_per_s: 2_000,
            frame_burst: 4_000,
            handshake: Duration::from_secs(10),
            closing: Duration::from_secs(5),
            compression: None,
        }
    }
}
