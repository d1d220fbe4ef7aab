//! What logs and firmware do alike: tasks for the host, and the patience with transfers.

use alloc::vec::Vec;
use core::time::Duration;

use pilotwire_messages::Text;
use serde::{Deserialize, Serialize};

use super::api::Output;
use super::shared::Cx;
use crate::domain::FileTask;

/// The most retries that a CSMS gets.
const MAX_RETRIES: u32 = 100;

/// The longest time between two of them: a day.
const MAX_INTERVAL_S: u32 = 86_400;

/// What a station's host can do about logs and firmware (N01, L01). What it cannot, the CSMS is told to be not supported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilesConfig {
    /// The host keeps a security log ([`Output::SecurityEvent`](super::Output::SecurityEvent)) and uploads it.
    pub security_log: bool,
    /// The host has something to diagnose with, and uploads it.
    pub diagnostics_log: bool,
    /// The host fetches, verifies and installs firmware. Signed firmware also needs [`Config::certificates`](super::Config::certificates).
    pub firmware: bool,
    /// Firmware without a signature is taken, too (L02).
    pub unsigned_firmware: bool,
    /// The manufacturer's certificates from the factory, in PEM: what firmware may be signed by, beside those that the CSMS
    /// installs (ManufacturerRootCertificate).
    pub firmware_roots: Vec<Text>,
    /// Firmware can be installed while vehicles charge (L01.FR.06). A restart always waits for them (L01.FR.33).
    pub installs_while_charging: bool,
    /// The protocols, of `FTP`, `FTPS`, `HTTP`, `HTTPS` and `SFTP`, with commas between them (FileTransferProtocols).
    pub protocols: Text,
    /// How often a transfer is tried again if the CSMS does not say.
    pub retries: u32,
    /// Seconds between two tries if the CSMS does not say.
    pub retry_interval_s: u32,
}

impl Default for FilesConfig {
    /// Nothing; HTTP and HTTPS; 3 retries, a minute apart.
    fn default() -> Self {
        Self {
            security_log: false,
            diagnostics_log: false,
            firmware: false,
            unsigned_firmware: false,
            firmware_roots: Vec::new(),
            installs_while_charging: false,
            protocols: Text::new("HTTP,HTTPS"),
            retries: 3,
            retry_interval_s: 60,
        }
    }
}

impl FilesConfig {
    /// Whether the host does anything with files.
    pub(crate) const fn any(&self) -> bool {
        self.security_log || self.diagnostics_log || self.firmware
    }
}

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
