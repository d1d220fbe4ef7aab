//! Statuses of logs and firmware that the CSMS has to hear: each once it was entered, in their order, through outages and
//! power cuts. Their owner keeps them in its record.

use alloc::collections::VecDeque;
use alloc::format;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::shared::Cx;
use crate::device_model::Known;
use crate::time::Instant;

/// Statuses that wait at once: a CSMS that takes none of them gets no more than that.
const MOST: usize = 32;

/// Statuses that the CSMS was not told yet, with the numbers of their requests.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Notices<S> {
    queue: VecDeque<(S, i32)>,
    #[serde(skip)]
    in_flight: bool,
    #[serde(skip)]
    attempts: u64,
    /// When the first one is told again.
    #[serde(skip)]
    due: Option<Instant>,
}

impl<S> Default for Notices<S> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), in_flight: false, attempts: 0, due: None }
    }
}

impl<S: Clone + PartialEq> Notices<S> {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The first one that the CSMS has not heard, and whether it is on its way.
    pub(super) fn first(&self) -> Option<(&(S, i32), bool)> {
        self.queue.front().map(|first| (first, self.in_flight))
    }

    /// When the first one is to be told again; a CSMS that is away calls for it when it is back.
    pub(super) fn due(&self, cx: &Cx<'_>) -> Option<Instant> {
        self.due.filter(|due| *due > cx.now && cx.is_online())
    }

    /// One more is to be told.
    pub(super) fn push(&mut self, cx: &mut Cx<'_>, status: S, request_id: i32) {
        if self.queue.len() >= MOST {
            cx.limit_hit(format!("{MOST} statuses of logs or firmware wait already; an old one is not told"));
            // The first one may be on its way.
            self.queue.remove(1);
        }
        self.queue.push_back((status, request_id));
    }

    /// The one to tell now, if the CSMS can be told.
    pub(super) fn next(&self, cx: &Cx<'_>) -> Option<(S, i32)> {
        let rests = self.due.is_some_and(|due| due > cx.now);
        if self.in_flight || rests || !cx.is_online() { None } else { self.queue.front().cloned() }
    }

    /// It was queued on the link, or found no room there.
    pub(super) fn on_queued(&mut self, cx: &Cx<'_>, queued: bool) {
        self.in_flight = queued;
        self.due = (!queued).then(|| cx.now + Duration::from_secs(1));
    }

    /// The CSMS knows a status. Whether that is news.
    pub(super) fn on_heard(&mut self, status: &S, request_id: Option<i32>) -> bool {
        if !self.is_first(status, request_id) {
            return false;
        }
        self.queue.pop_front();
        (self.in_flight, self.attempts, self.due) = (false, 0, None);
        true
    }

    /// A status got no answer. A CSMS that is there and does not take it is asked as often as about an event of a
    /// transaction. Whether it was given up.
    pub(super) fn on_lost(&mut self, cx: &mut Cx<'_>, status: &S, request_id: Option<i32>) -> bool {
        if !self.is_first(status, request_id) {
            return false;
        }
        self.in_flight = false;
        if cx.online.is_none() {
            return false;
        }
        self.attempts += 1;
        if self.attempts < cx.variables.number(Known::MessageAttempts) {
            let wait = cx.variables.number(Known::MessageAttemptInterval).saturating_mul(self.attempts);
            self.due = Some(cx.now + Duration::from_secs(wait));
            return false;
        }
        cx.limit_hit(format!("a status was not taken by the CSMS in {} attempts, and is given up", self.attempts));
        self.on_given_up();
        true
    }

    fn on_given_up(&mut self) {
        self.queue.pop_front();
        (self.attempts, self.due) = (0, None);
    }

    fn is_first(&self, status: &S, request_id: Option<i32>) -> bool {
        let is_meant = |(known, number): &(S, i32)| known == status && Some(*number) == request_id;
        self.in_flight && self.queue.front().is_some_and(is_meant)
    }
}
