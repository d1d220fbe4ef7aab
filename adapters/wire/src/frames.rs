//! Where frames begin and end in the stream: for the limits that are counted in frames, and for knowing when a connection
//! is between messages and its buffers can go. What a frame means is tungstenite's business.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// Longest header (RFC 6455 §5.2).
const MAX_HEAD: usize = 14;

/// How long a header is that begins like this, as far as that can be told (RFC 6455 §5.2): its second byte says it.
fn head_length(head: &[u8]) -> usize {
    let Some(second) = head.get(1) else { return 2 };
    let (mask, length) = (usize::from(second >> 7) * 4, second & 0x7F);
    match length {
        126 => 4 + mask,
        127 => 10 + mask,
        _ => 2 + mask,
    }
}

/// Follows the frames of one direction.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    head: [u8; MAX_HEAD],
    head_len: usize,
    /// Bytes of the payload that are still to come, once the header is complete.
    left: Option<u64>,
    fragments: u32,
    unfinished: bool,
}

/// A header was just completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) ping: bool,
    /// How many frames the message has so far that this one belongs to; zero for a control frame.
    pub(crate) fragments: u32,
    pub(crate) payload: u64,
}

impl Frames {
    /// Consumes at most up to the end of the current frame; says how many bytes that were.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> (usize, Option<Seen>) {
        let mut used = 0;
        let mut seen = None;
        while self.left.is_none() && used < bytes.len() {
            let missing = head_length(&self.head[..self.head_len]) - self.head_len;
            let taken = missing.min(bytes.len() - used);
            self.head[self.head_len..][..taken].copy_from_slice(&bytes[used..][..taken]);
            self.head_len += taken;
            used += taken;
            if self.head_len < head_length(&self.head[..self.head_len]) {
                continue;
            }
            match FrameHeader::parse(&mut Cursor::new(&self.head[..self.head_len])) {
                Ok(Some((header, payload))) => {
                    self.left = Some(payload);
                    seen = Some(self.note(&header, payload));
                }
                // The WebSocket comes to the same result and ends the connection.
                Ok(None) | Err(_) => return (bytes.len(), None),
            }
        }
        let Some(left) = self.left else {
            return (used, seen);
        };
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - used);
        let left = left - taken as u64;
        self.left = (left > 0).then_some(left);
        if left == 0 {
            self.head_len = 0;
        }
        (used + taken, seen)
    }

    /// Whether the next byte is the first one of a frame.
    pub(crate) const fn between_frames(&self) -> bool {
        self.head_len == 0
    }

    /// Whether no frame and no message is half received.
    pub(crate) const fn between_messages(&self) -> bool {
        self.head_len == 0 && !self.unfinished
    }

    fn note(&mut self, header: &FrameHeader, payload: u64) -> Seen {
        match header.opcode {
            OpCode::Data(Data::Continue) => self.fragments = self.fragments.saturating_add(1),
            OpCode::Data(_) => self.fragments = 1,
            OpCode::Control(_) => {}
        }
        let control = matches!(header.opcode, OpCode::Control(_));
        if !control {
            self.unfinished = !header.is_final;
        }
        Seen {
            ping: header.opcode == OpCode::Control(Control::Ping),
            fragments: if control { 0 } else { self.fragments },
            payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text of 300 bytes in two fragments with an empty ping between them, then a masked text.
    fn stream() -> Vec<u8> {
        let mut bytes = vec![0x01, 126, 0, 200];
        bytes.extend([b'a'; 200]);
        bytes.extend([0x89, 0, 0x80, 100]);
        bytes.extend([b'b'; 100]);
        bytes.extend([0x81, 0x82, 1, 2, 3, 4, b'h', b'i']);
        bytes
    }

    fn walk(bytes: &[u8], chunk: usize) -> (Vec<Seen>, Vec<bool>) {
        let mut frames = Frames::default();
        let (mut seen, mut between) = (Vec::new(), Vec::new());
        for mut part in bytes.chunks(chunk) {
            while !part.is_empty() {
                let (used, found) = frames.advance(part);
                assert!(used > 0);
                part = &part[used..];
                seen.extend(found);
                if frames.head_len == 0 {
                    between.push(frames.between_messages());
                }
            }
        }
        (seen, between)
    }

    #[test]
    fn the_longest_header_is_found_at_every_cut() {
        let head = [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4];
        let bytes = [&head[..], &[0; 65_536], &[0x81, 0x80, 0, 0, 0, 0]].concat();
        let (whole, _) = walk(&bytes, usize::MAX);
        assert_eq!(whole.iter().map(|seen| seen.payload).collect::<Vec<_>>(), [65_536, 0]);
        for cut in 1..head.len() + 2 {
            let mut frames = Frames::default();
            let mut seen = Vec::new();
            for mut part in [&bytes[..cut], &bytes[cut..]] {
                while !part.is_empty() {
                    let (used, found) = frames.advance(part);
                    part = &part[used..];
                    seen.extend(found);
                }
            }
            assert_eq!(seen, whole, "{cut}");
        }
    }

    /// The WebSocket judges it; here it only has to come to an end.
    #[test]
    fn a_header_that_is_none_takes_what_there_is() {
        for head in [[0x83, 0x80, 0, 0, 0, 0], [0x8B, 0x80, 0, 0, 0, 0]] {
            assert_eq!(Frames::default().advance(&head), (6, None));
        }
    }

    #[test]
    fn frames_are_found_however_the_stream_is_cut() {
        let (whole, between) = walk(&stream(), usize::MAX);
        let counts: Vec<_> = whole.iter().map(|seen| (seen.ping, seen.fragments, seen.payload)).collect();
        assert_eq!(counts, [(false, 1, 200), (true, 0, 0), (false, 2, 100), (false, 1, 2)]);
        assert_eq!(between, [false, false, true, true]);
        for chunk in [1, 2, 3, 5, 7, 100, 203, 204, 205] {
            assert_eq!(walk(&stream(), chunk), (whole.clone(), between.clone()), "{chunk}");
        }
    }
}
