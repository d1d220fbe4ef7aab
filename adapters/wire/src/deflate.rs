//! Compressing and inflating whole messages (RFC 7692 §7.2).
//!
//! Compressors live for one call only. What a direction with context takeover has to remember is the window, and that is
//! kept as bytes and given to the next compressor as its dictionary: 32 KiB at most instead of the 300 KiB of its tables.

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

use crate::compression::{Agreed, Window};
use crate::side::Side;

/// What the sender cuts off and the receiver puts back (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// The same, and an empty last block: only a message whose blocks are whole ends right behind it.
const ENDING: [u8; 6] = [0x00, 0x00, 0xff, 0xff, 0x03, 0x00];
/// zlib's middle way between speed and size.
const LEVEL: i32 = 6;
/// The compressor of zlib knows no smaller window. With 512 bytes it refers back 250 at most, so it serves for 256, too.
const SMALLEST_WINDOW: u8 = 9;
/// How many blocks of a message may say that they are its last; each costs a fresh start with the whole window.
const MAX_LAST_BLOCKS: usize = 32;

/// Why a message cannot be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// More than the limit comes out of it, or it has too many parts.
    TooBig(&'static str),
    /// It is not DEFLATE.
    Malformed,
}

/// The compression of one connection, both ways.
#[derive(Debug)]
pub(crate) struct Compressor {
    outgoing: Memory,
    incoming: Memory,
    threshold_bytes: usize,
    /// The data message that is arriving is a compressed text.
    pub(crate) arriving: bool,
}

impl Compressor {
    pub(crate) const fn new(side: Side, agreed: Agreed) -> Self {
        let (outgoing, incoming) = match side {
            Side::Client => (agreed.from_client, agreed.from_server),
            Side::Server => (agreed.from_server, agreed.from_client),
        };
        Self {
            outgoing: Memory::new(outgoing),
            incoming: Memory::new(incoming),
            threshold_bytes: agreed.threshold_bytes,
            arriving: false,
        }
    }

    /// Looks at the first byte of a frame. tungstenite knows no reserved bits, so a compressed text goes through it as the
    /// plain binary message that it is to tungstenite; `None`: the byte may stay as it is. A reserved bit on any other frame
    /// stays, and is refused (RFC 7692 §6.1).
    pub(crate) fn unmark(&mut self, first: u8) -> Option<u8> {
        const RSV1: u8 = 0x40;
        const OPCODE: u8 = 0x0f;
        let opcode = first & OPCODE;
        if !matches!(opcode, 1 | 2) {
            return None;
        }
        let marked = first & RSV1 != 0;
        self.arriving = marked && opcode == 1;
        marked.then_some(first & !(RSV1 | OPCODE) | 2)
    }

    /// The text, compressed; `None`: it is sent as it is, because it is short or would not become shorter.
    pub(crate) fn compress(&mut self, text: &str) -> Option<Vec<u8>> {
        if text.len() < self.threshold_bytes {
            return None;
        }
        let payload = self.outgoing.deflate(text.as_bytes())?;
        self.outgoing.remember(text.as_bytes());
        Some(payload)
    }

    /// What was compressed; never makes room for more than `limit` bytes.
    pub(crate) fn inflate(&mut self, payload: &[u8], limit: usize) -> Result<Vec<u8>, Broken> {
        let inflated = self.incoming.inflate(payload, limit)?;
        self.incoming.remember(&inflated);
        Ok(inflated)
    }
}

/// What one direction remembers between messages.
#[derive(Debug)]
struct Memory {
    window: Window,
    bytes: Vec<u8>,
}

impl Memory {
    const fn new(window: Window) -> Self {
        Self { window, bytes: Vec::new() }
    }

    const fn size(&self) -> usize {
        1 << self.window.bits
    }

    fn remember(&mut self, message: &[u8]) {
        if self.window.takeover {
            self.bytes = newest(&self.bytes, message, self.size());
        }
    }

    /// The smallest window that this message can make use of: tables for more would be made for nothing.
    fn needed_bits(&self, length: usize) -> u8 {
        const LOOKAHEAD: usize = 262;
        let reach = self.bytes.len().saturating_add(length).saturating_add(LOOKAHEAD);
        let largest = self.window.bits.max(SMALLEST_WINDOW);
        (SMALLEST_WINDOW..largest).find(|&bits| reach <= 1 << bits).unwrap_or(largest)
    }

    fn deflate(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut engine = Deflate::new(LEVEL, false, self.needed_bits(text.len()));
        if !self.bytes.is_empty() {
            engine.set_dictionary(&self.bytes).ok()?;
        }
        // With room left, the flush is complete; without, the result is no shorter than the text.
        let mut payload = vec![0; text.len() + TAIL.len()];
        engine.compress(text, &mut payload, DeflateFlush::SyncFlush).ok()?;
        let length = usize::try_from(engine.total_out()).ok().filter(|&length| length < payload.len())?;
        payload.truncate(length);
        let shortened = payload.strip_suffix(&TAIL)?.len();
        payload.truncate(shortened);
        (shortened > 0).then_some(payload)
    }

    fn inflate(&self, payload: &[u8], limit: usize) -> Result<Vec<u8>, Broken> {
        let mut output = Output { bytes: Vec::new(), limit };
        let mut rest = payload;
        for _ in 0..MAX_LAST_BLOCKS {
            // Behind a last block others may follow, from the next whole byte on (RFC 7692 §7.2.1). A sender that ends with
            // one without the padding of RFC 7692 §7.2.3.4 is understood, too.
            if rest.is_empty() {
                return Ok(output.bytes);
            }
            let mut engine = Inflate::new(false, self.window.bits.max(SMALLEST_WINDOW));
            let window = newest(&self.bytes, &output.bytes, self.size());
            if !window.is_empty() {
                engine.set_dictionary(&window).map_err(|_| Broken::Malformed)?;
            }
            if output.fill(&mut engine, &mut rest)? {
                continue;
            }
            let mut ending = ENDING.as_slice();
            return match output.fill(&mut engine, &mut ending)? && ending.is_empty() {
                true => Ok(output.bytes),
                false => Err(Broken::Malformed),
            };
        }
        Err(Broken::TooBig("too many last blocks in a compressed message"))
    }
}

/// The newest `size` bytes of two pieces, without room for more.
fn newest(old: &[u8], new: &[u8], size: usize) -> Vec<u8> {
    let new = &new[new.len().saturating_sub(size)..];
    let old = &old[old.len().saturating_sub(size - new.len())..];
    [old, new].concat()
}

/// What was inflated so far.
struct Output {
    bytes: Vec<u8>,
    limit: usize,
}

impl Output {
    /// Inflates until a last block has ended (true) or there is no more input (false).
    fn fill(&mut self, engine: &mut Inflate, input: &mut &[u8]) -> Result<bool, Broken> {
        const STEP: usize = 1024;
        // One byte more than the limit is enough to know that it is exceeded.
        let mut step = [0; STEP];
        loop {
            let left = self.limit - self.bytes.len();
            let room = (left + 1).min(STEP);
            let (before_in, before_out) = (engine.total_in(), engine.total_out());
            let status = engine.decompress(input, &mut step[..room], InflateFlush::SyncFlush);
            let status = status.map_err(|_| Broken::Malformed)?;
            let taken = (engine.total_in() - before_in) as usize;
            let made = (engine.total_out() - before_out) as usize;
            *input = &input[taken..];
            if made > left {
                return Err(Broken::TooBig("more than the limit comes out of a compressed message"));
            }
            self.keep(&step[..made]);
            if status == Status::StreamEnd {
                return Ok(true);
            }
            // A full step may have more behind it, even when all input is taken.
            if made < room && (input.is_empty() || taken == 0) {
                return Ok(false);
            }
        }
    }

    /// Doubles its room as a `Vec` does, but never beyond the limit.
    fn keep(&mut self, more: &[u8]) {
        let needed = self.bytes.len() + more.len();
        if needed > self.bytes.capacity() {
            let wanted = needed.max(self.bytes.capacity() * 2).min(self.limit);
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 000 bytes in which the same words come again at every distance.
    fn text() -> Vec<u8> {
        let word =
            |n: u32| format!("{{\"context\":\"Sample.Periodic\",\"value\":{}}}", n.wrapping_mul(2_654_435_761) % 977);
        (0..).flat_map(|n| word(n).into_bytes()).take(20_000).collect()
    }

    /// DEFLATE bit by bit (RFC 1951 §3.2), as far as it takes to see how far back a payload refers: zlib-rs itself always
    /// remembers 32 KiB, so it would not notice.
    struct Bits {
        bytes: Vec<u8>,
        at: usize,
    }

    impl Bits {
        fn take(&mut self, count: usize) -> usize {
            let bit = |at: usize| usize::from(self.bytes[at / 8] >> (at % 8) & 1);
            let value = (0..count).map(|n| bit(self.at + n) << n).sum();
            self.at += count;
            value
        }

        fn symbol(&mut self, lengths: &[usize]) -> usize {
            let (mut code, mut first) = (0, 0);
            for length in 1..=15 {
                code = code << 1 | self.take(1);
                first <<= 1;
                let mut symbols = (0..lengths.len()).filter(|&symbol| lengths[symbol] == length);
                let count = symbols.clone().count();
                if code - first < count {
                    return symbols.nth(code - first).unwrap();
                }
                first += count;
            }
            panic!("no such code");
        }

        fn tables(&mut self) -> (Vec<usize>, Vec<usize>) {
            const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
            let (literals, distances, codes) = (self.take(5) + 257, self.take(5) + 1, self.take(4) + 4);
            let mut of_codes = [0; 19];
            ORDER[..codes].iter().for_each(|&code| of_codes[code] = self.take(3));
            let mut lengths = Vec::new();
            while lengths.len() < literals + distances {
                let (times, length) = match self.symbol(&of_codes) {
                    16 => (3 + self.take(2), lengths[lengths.len() - 1]),
                    17 => (3 + self.take(3), 0),
                    18 => (11 + self.take(7), 0),
                    length => (1, length),
                };
                lengths.extend(std::iter::repeat_n(length, times));
            }
            let of_distances = lengths.split_off(literals);
            (lengths, of_distances)
        }
    }

    /// The farthest that a payload refers back.
    fn reach(payload: &[u8]) -> usize {
        let mut bits = Bits { bytes: [payload, &TAIL].concat(), at: 0 };
        let mut farthest = 0;
        while bits.at < bits.bytes.len() * 8 {
            bits.take(1);
            let (literals, distances) = match bits.take(2) {
                0 => {
                    bits.at = bits.at.next_multiple_of(8);
                    let length = bits.take(16);
                    bits.at += 16 + 8 * length;
                    continue;
                }
                1 => ([vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat(), vec![5; 30]),
                _ => bits.tables(),
            };
            loop {
                match bits.symbol(&literals) {
                    0..256 => continue,
                    256 => break,
                    code @ 265..285 => bits.take((code - 261) / 4),
                    _ => 0,
                };
                let code = bits.symbol(&distances);
                let more = (code / 2).saturating_sub(1);
                let base = if code < 4 { code + 1 } else { ((2 + code % 2) << more) + 1 };
                farthest = farthest.max(base + bits.take(more));
            }
        }
        farthest
    }

    #[test]
    fn nothing_refers_back_beyond_the_agreed_window() {
        // RFC 7692 §7.1.2: 8 is allowed, though the compressor of zlib begins at 9.
        for bits in 8..=15 {
            let mut memory = Memory::new(Window { bits, takeover: true });
            for round in 1..=2 {
                let payload = memory.deflate(&text()).unwrap();
                assert!(reach(&payload) <= 1 << bits, "{bits}: {}", reach(&payload));
                assert!(reach(&payload) > 1 << bits >> 2, "{bits}: {}", reach(&payload));
                memory.remember(&text());
                assert_eq!(memory.bytes.len(), (round * text().len()).min(1 << bits));
            }
        }
    }

    #[test]
    fn the_window_is_the_newest_bytes_of_all_messages() {
        assert_eq!(newest(b"abc", b"de", 4), b"bcde");
        assert_eq!(newest(b"abc", b"defgh", 4), b"efgh");
        assert_eq!(newest(b"abc", b"", 4), b"abc");
        assert_eq!(newest(b"", b"", 4), b"");
    }

    #[test]
    fn what_does_not_become_shorter_is_not_compressed() {
        let memory = Memory::new(Window { bits: 15, takeover: false });
        assert_eq!(memory.deflate(b""), None);
        assert_eq!(memory.deflate(b"abc"), None);
        let next = |state: &u32| {
            Some([13, -17, 5].iter().fold(*state, |x, &by: &i32| match by {
                0.. => x ^ (x << by),
                _ => x ^ (x >> -by),
            }))
        };
        let noise: Vec<u8> = std::iter::successors(Some(1_u32), next).take(4_000).map(|state| state as u8).collect();
        assert_eq!(memory.deflate(&noise), None);
        assert!(memory.deflate(&[b'a'; 20]).is_some());
    }

    #[test]
    fn output_is_held_at_the_limit_to_the_byte() {
        let memory = Memory::new(Window { bits: 15, takeover: false });
        for length in [1, 1023, 1024, 1025, 65_536] {
            let payload = memory.deflate(&vec![b'x'; length.max(20)]).unwrap();
            let length = length.max(20);
            assert_eq!(memory.inflate(&payload, length).map(|bytes| bytes.len()), Ok(length));
            assert!(matches!(memory.inflate(&payload, length - 1), Err(Broken::TooBig(_))), "{length}");
            assert!(memory.inflate(&payload, length).unwrap().capacity() <= length);
        }
    }
}
