//! What may flow, and how long.

use pilotwire_messages::{DateTime, Decimal};
use serde::{Deserialize, Serialize};

/// A limit that hardware can keep: everything in it holds at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Amperes on each phase; `None` where nothing limits.
    pub current_a: Option<Decimal>,
    /// Watts on all phases together; `None` where nothing limits.
    pub power_w: Option<Decimal>,
    /// How many phases may be used; `None` where nobody names any.
    pub number_phases: Option<u8>,
    /// Which phase, where there is one only.
    pub phase_to_use: Option<u8>,
}

/// A limit, and how long it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Now {
    /// What holds.
    pub limit: Limit,
    /// When to ask again: the limit's next change, or a moment before it if that is far away. `None`: not within 68 years.
    pub until: Option<DateTime>,
}

/// What holds from one second to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) now: Now,
}
