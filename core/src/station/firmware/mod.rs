//! Updates of the firmware (L01, L02; whitepaper of 1.6, L01). The host fetches, verifies and installs; when, in which order,
//! and what the CSMS hears of it is decided here.
//!
//! Every step stands in one record before the host is told to do it. A power cut repeats a download and a verification, and
//! after one in an installation the host is asked what runs (I-11, R-5). What was given with a certificate is only installed
//! after its signature was found right in the same life (S-14).
//!
//! | file | holds |
//! | --- | --- |
//! | `state` | how far an update is |
//! | `request` | what the CSMS asks for, and how it is answered |
//! | `steps` | what is done next, and what came of it |

mod request;
mod state;
mod steps;

use alloc::boxed::Box;

use super::config::Config;
use super::shared::Cx;
use state::Step;
pub(crate) use state::{Firmware, Saved};

use crate::domain::{FileTask, FirmwareStatus, Request};

/// The durable record of the update that is under way, and of what the CSMS was not told.
pub(crate) const RECORD: &str = "firmware";

impl Firmware {
    /// `None` if the host installs none.
    pub(crate) fn new(config: &Config) -> Option<Box<Self>> {
        config.files.firmware.then(Box::default)
    }

    pub(crate) fn restore(&mut self, saved: Saved) {
        self.saved = saved;
    }

    /// Power came.
    pub(crate) fn wake(&mut self, cx: &mut Cx<'_>) {
        match self.step() {
            // What a power cut left behind is of no use.
            None => cx.file_unanswered(FileTask::Discard),
            Some(Step::Installing | Step::Restart) => {
                self.confirming = true;
                self.open = Some(cx.file(FileTask::Confirm { number: self.saved.installations }));
            }
            Some(Step::Fetch | Step::Verify | Step::Install) => {}
        }
    }

    /// Whether an operation of the host is about firmware.
    pub(crate) fn owns(&self, operation: u64) -> bool {
        self.open == Some(operation)
    }

    /// L01.FR.25, L01.FR.26: what was sent last. The trigger's own use case would have Idle after a failure, too, and hide it. What the CSMS has
    /// still to hear comes from the front, so that it hears nothing too early.
    pub(crate) fn trigger(&self, cx: &mut Cx<'_>) -> bool {
        let (last, is_sent) = match self.saved.untold.first() {
            Some((first, in_flight)) => (Some(first), in_flight),
            None => (self.saved.last.as_ref(), true),
        };
        let (status, request_id) = match last {
            Some((FirmwareStatus::Installed, _)) if is_sent => (FirmwareStatus::Idle, None),
            Some((status, request_id)) => (status.clone(), Some(*request_id)),
            None => (FirmwareStatus::Idle, None),
        };
        cx.call_as_asked(Request::FirmwareStatus { status, request_id });
        true
    }

    pub(crate) fn on_heard(&mut self, cx: &mut Cx<'_>, status: &FirmwareStatus, request_id: Option<i32>) {
        if self.saved.untold.on_heard(status, request_id) {
            self.save(cx);
        }
    }

    pub(crate) fn on_lost(&mut self, cx: &mut Cx<'_>, status: &FirmwareStatus, request_id: Option<i32>) {
        if self.saved.untold.on_lost(cx, status, request_id) {
            self.save(cx);
        }
    }

    /// L01.FR.01: a status is entered once, and told; the caller makes it durable.
    fn enter(&mut self, cx: &mut Cx<'_>, status: FirmwareStatus) -> bool {
        let Some(request_id) = self.saved.current.as_ref().map(|current| current.update.request_id) else {
            return false;
        };
        let entered = Some((status.clone(), request_id));
        if self.saved.last == entered {
            return false;
        }
        self.saved.last = entered;
        self.saved.untold.push(cx, status, request_id);
        true
    }

    fn save(&self, cx: &mut Cx<'_>) {
        cx.put(RECORD.into(), &self.saved);
    }
}
