//! Time as machines see it, which may pass faster than real time.

use core::time::Duration;

use pilotwire::{DateTime, Instant};

/// Longest sleep at once. Waking too early is harmless, and timers have an end of their range.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// Maps real time, counted from when a run began, to that of its machines. Every adapter's clock is one of these and the
/// moment at which it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeScale {
    wall: DateTime,
    speed: u32,
}

impl TimeScale {
    /// `wall` is the time of day at the beginning; 0 counts as a speed of 1.
    pub fn new(wall: DateTime, speed: u32) -> Self {
        Self { wall, speed: speed.max(1) }
    }

    /// How many times as fast as real time it runs.
    pub const fn speed(&self) -> u32 {
        self.speed
    }

    /// The machines' time when so much real time has passed.
    pub fn instant(&self, passed: Duration) -> Instant {
        let speed = u64::from(self.speed);
        // Whole seconds are whole milliseconds; the product of the rest fits.
        let millis = passed.as_secs().saturating_mul(1_000).saturating_mul(speed);
        let rest = u64::from(passed.subsec_nanos()) * speed / 1_000_000;
        Instant::from_millis(millis.saturating_add(rest))
    }

    /// The time of day then, as the machines are to see it.
    pub fn wall(&self, passed: Duration) -> DateTime {
        let millis = i64::try_from(self.instant(passed).as_millis()).unwrap_or(i64::MAX);
        self.wall.saturating_add_millis(millis)
    }

    /// Real time from then until this deadline, or a day; rounded up, so that who slept that long finds it passed.
    pub fn span_until(&self, deadline: Instant, passed: Duration) -> Duration {
        let nanos = deadline.as_millis().saturating_mul(1_000_000).div_ceil(u64::from(self.speed));
        let since_origin = Duration::from_nanos(nanos);
        since_origin.saturating_sub(passed).min(LONGEST_SLEEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_shows_a_day_in_minutes() {
        let midnight = DateTime::from_unix_millis(1_700_000_000_000);
        let scale = TimeScale::new(midnight, 600);
        let passed = Duration::from_secs(144);
        assert_eq!(scale.instant(passed), Instant::from_millis(86_400_000));
        assert_eq!(scale.wall(passed), midnight.saturating_add_millis(86_400_000));
    }

    #[test]
    fn time_is_exact_at_every_speed() {
        for (speed, nanos, millis) in
            [(1, 999_999, 0), (1, 1_000_000, 1), (7, 1_999_999_999, 13_999), (u32::MAX, 1, 4_294)]
        {
            let scale = TimeScale::new(DateTime::UNIX_EPOCH, speed);
            assert_eq!(scale.instant(Duration::from_nanos(nanos)), Instant::from_millis(millis), "{speed} {nanos}");
        }
        let late = TimeScale::new(DateTime::UNIX_EPOCH, u32::MAX).instant(Duration::MAX);
        assert_eq!(late, Instant::from_millis(u64::MAX));
    }

    #[test]
    fn after_sleeping_until_a_deadline_it_has_passed() {
        for speed in [0, 1, 7, 600, 1_000_000] {
            let scale = TimeScale::new(DateTime::UNIX_EPOCH, speed);
            for millis in [1, 999, 12_345] {
                let deadline = Instant::from_millis(millis);
                for passed in [Duration::ZERO, Duration::from_micros(700), Duration::from_secs(1)] {
                    assert!(scale.instant(passed + scale.span_until(deadline, passed)) >= deadline, "{speed} {millis}");
                }
            }
        }
    }
}
