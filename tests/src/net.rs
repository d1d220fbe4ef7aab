//! A wire that delays, and that can be cut.

use std::collections::VecDeque;
use std::time::Duration;

use pilotwire::Instant;

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The charging station.
    Station,
    /// The CSMS.
    Csms,
}

/// What travels. A cut loses everything that is under way.
#[derive(Debug)]
pub struct Net {
    /// Whether a connection can be made.
    pub up: bool,
    /// Whether one exists.
    pub connected: bool,
    seed: u64,
    max_delay_ms: u64,
    under_way: VecDeque<(Instant, Side, String)>,
    /// Frames that were sent since the beginning, by either side.
    pub frames: u64,
    /// Cut the connection instead of carrying the frame of this number (from 1).
    pub cut_at_frame: Option<u64>,
    /// Whether that frame arrives before the cut: then its answer is what gets lost.
    pub cut_after_arrival: bool,
}

impl Net {
    /// A wire whose delays come from `seed`, up to `max_delay_ms`; order is kept in each direction.
    pub fn new(seed: u64, max_delay_ms: u64) -> Self {
        Self {
            up: true,
            connected: false,
            seed,
            max_delay_ms,
            under_way: VecDeque::new(),
            frames: 0,
            cut_at_frame: None,
            cut_after_arrival: false,
        }
    }

    fn delay(&mut self) -> Duration {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(1 + (self.seed >> 33) % self.max_delay_ms.max(1))
    }

    /// Takes a frame; returns `false` if the wire broke over it.
    pub fn send(&mut self, now: Instant, from: Side, text: String) -> bool {
        if !self.connected {
            return true;
        }
        self.frames += 1;
        let breaks = self.cut_at_frame == Some(self.frames);
        if breaks && !self.cut_after_arrival {
            return false;
        }
        let earliest = self.under_way.iter().filter(|(_, side, _)| *side == from).map(|(at, ..)| *at).max();
        let at = (now + self.delay()).max(earliest.unwrap_or(Instant::ZERO));
        self.under_way.push_back((at, from, text));
        true
    }

    /// When the next frame arrives.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.iter().map(|(at, ..)| *at).min()
    }

    /// Takes a frame that has arrived.
    pub fn take_arrived(&mut self, now: Instant) -> Option<(Side, String)> {
        let at = self.under_way.iter().position(|(at, ..)| *at <= now)?;
        self.under_way.remove(at).map(|(_, from, text)| (from, text))
    }

    /// Loses the connection and everything under way.
    pub fn cut(&mut self) {
        self.connected = false;
        self.under_way.clear();
    }
}
