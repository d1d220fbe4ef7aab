//! What logs and firmware do alike: tasks for the host, and the patience with transfers.

use core::time::Duration;

use super::api::Output;
use super::shared::Cx;
use crate::domain::FileTask;

/// The most retries that a CSMS gets.
const MAX_RETRIES: u32 = 100;

/// The longest time between two of them: a day.
const MAX_INTERVAL_S: u32 = 86_400;

impl Cx<'_> {
    /// Gives a task to the host; the operation's number.
    pub(crate) fn file(&mut self, task: FileTask) -> u64 {
        let operation = self.next_file;
        self.next_file += 1;
        self.tell(Output::File { operation, task });
        operation
    }

    /// Gives a task to the host that it does not answer.
    pub(crate) fn file_unanswered(&mut self, task: FileTask) {
        self.tell(Output::File { operation: 0, task });
    }
}

/// How often a transfer is tried again, and how long it rests before that: what the CSMS says, within limits.
pub(super) fn patience(cx: &Cx<'_>, retries: Option<i32>, interval_s: Option<i32>) -> (u32, Duration) {
    let files = &cx.config.files;
    let retries = retries.map_or(files.retries, |retries| u32::try_from(retries).unwrap_or(0));
    let interval_s = interval_s.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(files.retry_interval_s);
    (retries.min(MAX_RETRIES), Duration::from_secs(interval_s.clamp(1, MAX_INTERVAL_S).into()))
}
