//! How far an update of the firmware is. Nothing here acts.

use alloc::boxed::Box;

use serde::{Deserialize, Serialize};

use super::super::notices::Notices;
use crate::domain::{FirmwareStatus, FirmwareUpdate};
use crate::time::Instant;

/// The update that is under way, and what the CSMS was not told.
#[derive(Debug, Default)]
pub(crate) struct Firmware {
    pub(super) saved: Saved,
    /// The operation that the host is at.
    pub(super) open: Option<u64>,
    /// When the download is tried again.
    pub(super) due: Option<Instant>,
    /// It was fetched in this life, or is fetched once more.
    pub(super) fetched: bool,
    /// The host holds bytes whose signature was found right in this life.
    pub(super) verified: bool,
    /// The host says whether the installation of the life before is what runs.
    pub(super) confirming: bool,
    /// Until when the restart waits for the CSMS to take the last statuses.
    pub(super) patience: Option<Instant>,
    /// The restart was asked for.
    pub(super) restarting: bool,
}

/// The durable record.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(super) current: Option<Box<Current>>,
    /// The number of the last installation.
    pub(super) installations: u64,
    /// The status that was entered last, of whichever update.
    pub(super) last: Option<(FirmwareStatus, i32)>,
    pub(super) untold: Notices<FirmwareStatus>,
}

/// An update.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Current {
    pub(super) update: FirmwareUpdate,
    pub(super) step: Step,
    /// Downloads that failed.
    pub(super) failures: u32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// It is to be fetched.
    Fetch,
    /// It was fetched; its signature is to be checked.
    Verify,
    /// It may be installed, once it is time.
    Install,
    /// The host installs it.
    Installing,
    /// It is installed, and runs after a restart.
    Restart,
}

impl Firmware {
    /// The step of the update that is under way.
    pub(super) fn step(&self) -> Option<Step> {
        self.saved.current.as_ref().map(|current| current.step)
    }

    /// The host writes new firmware: no restart may interrupt it.
    pub(crate) fn is_installing(&self) -> bool {
        self.step() == Some(Step::Installing) && !self.confirming
    }
}
