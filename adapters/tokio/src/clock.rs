//! Time as the machines see it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pilotwire::{DateTime, Instant};
use pilotwire_wire::TimeScale;

/// Maps tokio's clock to that of the machines, which may run faster: a day of charging in two minutes.
///
/// One clock per run and for all machines of that run; [`Instant::ZERO`] is when it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: tokio::time::Instant,
    scale: TimeScale,
}

impl Clock {
    /// A clock that starts now, shows `wall` as the time of day, and runs `speed` times as fast as real time; 0 counts
    /// as 1.
    pub fn starting_at(wall: DateTime, speed: u32) -> Self {
        Self { origin: tokio::time::Instant::now(), scale: TimeScale::new(wall, speed) }
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

    /// Sleeps until then, or for a day; for ever if there is no deadline.
    pub fn sleep_until(&self, deadline: Option<Instant>) -> impl Future<Output = ()> + use<> {
        let clock = *self;
        async move {
            match deadline {
                Some(deadline) => tokio::time::sleep(clock.span_until(deadline)).await,
                None => std::future::pending().await,
            }
        }
    }

    fn span_until(&self, deadline: Instant) -> Duration {
        self.scale.span_until(deadline, self.origin.elapsed())
    }
}
