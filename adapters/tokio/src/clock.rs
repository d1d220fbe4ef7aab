//! Time as the machines see it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pilotwire::{DateTime, Instant};

/// Longest sleep at once. Waking too early is harmless, and timers have an end of their range.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// Maps tokio's clock to that of the machines, which may run faster: a day of charging in two minutes.
///
/// One clock per run and for all machines of that run; [`Instant::ZERO`] is when it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: tokio::time::Instant,
    wall: DateTime,
    speed: u32,
}

impl Clock {
    /// A clock that starts now, shows `wall` as the time of day, and runs `speed` times as fast as real time; 0 counts
    /// as 1.
    pub fn starting_at(wall: DateTime, speed: u32) -> Self {
        Self { origin: tokio::time::Instant::now(), wall, speed: speed.max(1) }
    }

    /// A clock that starts now, with the time of day of this computer.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the world for the time of day")]
    pub fn of_this_computer(speed: u32) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Self::starting_at(DateTime::from_unix_millis(millis), speed)
    }

    /// Now, in milliseconds of the machines' time.
    pub fn now(&self) -> Instant {
        let nanos = self.origin.elapsed().as_nanos().saturating_mul(u128::from(self.speed));
        Instant::from_millis(u64::try_from(nanos / 1_000_000).unwrap_or(u64::MAX))
    }

    /// The time of day now, as the machines are to see it.
    pub fn wall(&self) -> DateTime {
        let passed = i64::try_from(self.now().as_millis()).unwrap_or(i64::MAX);
        self.wall.saturating_add_millis(passed)
    }

    /// How many times as fast as real time it runs.
    pub const fn speed(&self) -> u32 {
        self.speed
    }

    /// Sleeps until then, or for a day; for ever if there is no deadline.
    pub async fn sleep_until(&self, deadline: Option<Instant>) {
        match deadline {
            Some(deadline) => tokio::time::sleep(self.span_until(deadline)).await,
            None => std::future::pending().await,
        }
    }

    /// Real time until then; rounded up, so that who slept that long finds the deadline passed.
    fn span_until(&self, deadline: Instant) -> Duration {
        let nanos = (u128::from(deadline.as_millis()) * 1_000_000).div_ceil(u128::from(self.speed));
        let since_origin = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        since_origin.saturating_sub(self.origin.elapsed()).min(LONGEST_SLEEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_fast_clock_shows_a_day_in_minutes() {
        let midnight = DateTime::from_unix_millis(1_700_000_000_000);
        let clock = Clock::starting_at(midnight, 600);
        tokio::time::advance(Duration::from_secs(144)).await;
        assert_eq!(clock.now(), Instant::from_millis(86_400_000));
        assert_eq!(clock.wall(), midnight.saturating_add_millis(86_400_000));
    }

    #[tokio::test(start_paused = true)]
    async fn after_sleeping_until_a_deadline_it_has_passed() {
        for speed in [1, 7, 600, 1_000_000] {
            let clock = Clock::starting_at(DateTime::UNIX_EPOCH, speed);
            for millis in [1, 999, 12_345] {
                let deadline = Instant::from_millis(millis);
                clock.sleep_until(Some(deadline)).await;
                assert!(clock.now() >= deadline, "{speed} {millis}");
            }
        }
    }
}
