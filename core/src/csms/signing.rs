//! Signing requests of the station (A02, A03): answered at once, signed by the host, limited in number.

use core::time::Duration;

use super::{Csms, Out};
use crate::domain::Answer;
use crate::time::Instant;

/// The time in which [`Limits::signing_requests`](super::Limits::signing_requests) are passed on.
const WINDOW: Duration = Duration::from_secs(3_600);

/// How many signing requests came lately.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signing {
    since: Option<Instant>,
    count: usize,
}

impl Signing {
    /// Whether one more is passed on.
    fn admits(&mut self, now: Instant, limit: usize) -> bool {
        if self.since.is_none_or(|since| now >= since + WINDOW) {
            *self = Self { since: Some(now), count: 0 };
        }
        self.count += 1;
        self.count <= limit
    }
}

impl Csms {
    /// A02.FR.11, A02.FR.12: whether the host can see to it is known beforehand. A station that repeats a request is told
    /// the same: the host may have had no time to answer (A02.FR.17).
    pub(super) fn judge_signing(&mut self, out: &mut Out) -> Answer {
        let limit = self.config.limits.signing_requests;
        let accepted = self.config.signs_certificates && self.signing.admits(self.now, limit);
        if self.config.signs_certificates && !accepted {
            self.limit_hit("too many signing requests within an hour: one was rejected", out);
        }
        Answer::SignCertificate { accepted }
    }
}
