//! Time as the machines see it, for adapters whose runtime has no clock of its own.
#![expect(clippy::disallowed_methods, reason = "time has to come from somewhere")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::TimeScale;
use pilotwire::{DateTime, Instant};

/// Maps this computer's clock to that of the machines, which may run faster: a day of charging in two minutes.
///
/// One clock per run and for all machines of that run; [`Instant::ZERO`] is when it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: std::time::Instant,
    scale: TimeScale,
}

impl Clock {
    /// A clock that starts now, shows `wall` as the time of day, and runs `speed` times as fast as real time; 0 counts
    /// as 1.
    pub fn starting_at(wall: DateTime, speed: u32) -> Self {
        Self { origin: std::time::Instant::now(), scale: TimeScale::new(wall, speed) }
    }

    /// A clock that starts now, with the time of day of this computer.
    pub fn of_this_computer(speed: u32) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Self::starting_at(DateTime::from_unix_millis(millis), speed)
    }

    /// Now, in milliseconds of the machines' time.
    pub fn now(&self) -> Instant {
        self.scale.instant(self.origin.elapsed())
    }

    /// The time of day now, as the machines are to see it.
    pub fn wall(&self) -> DateTime {
        self.scale.wall(self.origin.elapsed())
    }

    /// How many times as fast as real time it runs.
    pub const fn speed(&self) -> u32 {
        self.scale.speed()
    }

    /// Real time until then, or a day if that is less or there is no deadline.
    pub fn span_until(&self, deadline: Option<Instant>) -> Duration {
        let never = Instant::from_millis(u64::MAX);
        self.scale.span_until(deadline.unwrap_or(never), self.origin.elapsed())
    }
}
