//! The wall clock as an offset to the monotonic one (DESIGN: two clocks).

use pilotwire_messages::DateTime;

use crate::time::Instant;

/// Knows what time it is as long as somebody told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// UTC milliseconds at the origin of the monotonic clock.
    origin_ms: Option<i64>,
    /// The latest time that was ever on record: the best guess while nobody told.
    floor: Option<DateTime>,
}

impl Clock {
    pub(crate) const fn is_known(&self) -> bool {
        self.origin_ms.is_some()
    }

    /// It is `time` now.
    pub(crate) fn set(&mut self, now: Instant, time: DateTime) {
        self.origin_ms = Some(time.unix_millis() - signed(now));
    }

    /// It cannot be earlier than this: a record says so.
    pub(crate) fn not_before(&mut self, time: DateTime) {
        self.floor = self.floor.max(Some(time));
    }

    /// The time at `instant`; a guess that is never later than the truth while the clock is not known.
    pub(crate) fn at(&self, instant: Instant) -> DateTime {
        match (self.origin_ms, self.floor) {
            (Some(origin), _) => DateTime::from_unix_millis(origin.saturating_add(signed(instant))),
            (None, Some(floor)) => floor.saturating_add_millis(signed(instant)),
            (None, None) => DateTime::UNIX_EPOCH.saturating_add_millis(signed(instant)),
        }
    }
}

fn signed(instant: Instant) -> i64 {
    i64::try_from(instant.as_millis()).unwrap_or(i64::MAX)
}
