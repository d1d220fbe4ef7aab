//! How fast one connection may be read.

use pilotwire::Instant;

use crate::Limits;

/// A token bucket, in thousandths of a frame: whole numbers, so that nothing is lost to rounding. It may be owed some.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    level_milli: i64,
    per_ms_milli: i64,
    full_milli: i64,
    at: Instant,
}

impl Pace {
    pub(crate) fn new(now: Instant, limits: &Limits) -> Self {
        let full_milli = i64::from(limits.frame_burst.max(1)) * 1_000;
        Self {
            level_milli: full_milli,
            // One frame per second is one thousandth of a frame per millisecond.
            per_ms_milli: i64::from(limits.frames_per_s.max(1)),
            full_milli,
            at: now,
        }
    }

    /// These frames arrived. More than there was room for is owed by what comes next: otherwise small frames, of which many
    /// come in one chunk, would pass at any rate. The chunk is bounded by the reader, and with it the debt.
    pub(crate) fn spend(&mut self, now: Instant, frames: u64) {
        let frames = i64::try_from(frames).unwrap_or(i64::MAX);
        self.level_milli = self.level(now).saturating_sub(frames.saturating_mul(1_000));
        self.at = self.at.max(now);
    }

    /// `None`: read on. Otherwise when to read again.
    pub(crate) fn pause_until(&self, now: Instant) -> Option<Instant> {
        let level = self.level(now);
        let missing = u64::try_from(1_000_i64.saturating_sub(level)).unwrap_or(0);
        let wait_ms = missing.div_ceil(self.per_ms_milli.unsigned_abs());
        (missing > 0).then(|| Instant::from_millis(now.as_millis().saturating_add(wait_ms)))
    }

    fn level(&self, now: Instant) -> i64 {
        let passed = now.as_millis().saturating_sub(self.at.as_millis());
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let gained = passed.saturating_mul(self.per_ms_milli);
        self.level_milli.saturating_add(gained).min(self.full_milli)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_counts() {
        let limits = Limits { frames_per_s: 10, frame_burst: 3, ..Limits::default() };
        let at = Instant::from_millis;
        let mut pace = Pace::new(at(0), &limits);
        pace.spend(at(0), 2);
        assert_eq!(pace.pause_until(at(0)), None);
        pace.spend(at(0), 1);
        assert_eq!(pace.pause_until(at(0)), Some(at(100)));
        assert_eq!(pace.pause_until(at(100)), None);
        // What one chunk brought beyond that is owed: 50 frames take five seconds, whenever they came.
        pace.spend(at(100), 50);
        assert_eq!(pace.pause_until(at(150)), Some(at(5_100)));
        assert_eq!(pace.pause_until(at(5_099)), Some(at(5_100)));
        assert_eq!(pace.pause_until(at(10_000)), None);
    }
}
