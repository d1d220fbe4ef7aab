//! The charger's firmware: what runs, what will run after the next start, and what was fetched.
//!
//! A virtual charger runs any file. What becomes of it is its version: the file's first line if that can be one, otherwise the
//! beginning of its SHA-256. A file without a byte is none for this hardware.

use std::fmt::Write as _;
use std::sync::Arc;

use pilotwire::domain::{FileFault, FileResult, VariableId};
use pilotwire::messages::Text;
use pilotwire::station::Input;
use pilotwire_pki::signature::{SignatureError, Signed, Verified, verify};
use serde::{Deserialize, Serialize};

use crate::transfer::{Failure, MAX_FIRMWARE};

/// The longest version, in characters (BootNotification, `firmwareVersion`).
const MAX_VERSION: usize = 50;

/// Firmware that was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The number of the installation.
    pub number: u64,
    /// Its version.
    pub version: String,
}

/// The charger's memory for firmware; it keeps without power.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// What runs, unless it is that of the factory.
    pub running: Option<Installed>,
    /// What will run after the next start.
    pub next: Option<Installed>,
}

impl Slots {
    /// Power came: what was installed runs.
    pub fn boot(&mut self) {
        if let Some(next) = self.next.take() {
            self.running = Some(next);
        }
    }

    /// What the station is told of it.
    pub fn fact(&self) -> Option<Input> {
        let running = self.running.as_ref()?;
        let id = VariableId::new("ChargingStation", "FirmwareVersion");
        Some(Input::Variable { id, value: running.version.as_str().into() })
    }
}

/// Firmware on its way into the charger; gone with the process.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) fetched: Option<Arc<Vec<u8>>>,
    /// The bytes that were checked (S-14).
    pub(crate) verified: Option<Verified>,
}

impl Incoming {
    /// What was fetched is not needed any more.
    pub(crate) fn discard(&mut self) {
        *self = Self::default();
    }

    /// A power cut leaves the file, and not the knowledge that it is good.
    pub(crate) fn lose_power(&mut self) {
        self.verified = None;
    }

    /// Installs what was verified.
    pub(crate) fn install(&mut self, number: u64, slots: &mut Slots) -> FileResult {
        let Some(verified) = self.verified.take() else {
            return failed(FileFault::Broken, "no firmware was verified");
        };
        if verified.content.is_empty() {
            return failed(FileFault::Invalid, "the file is empty");
        }
        slots.next = Some(Installed { number, version: version(&verified) });
        FileResult::NeedsReboot
    }
}

/// Checks the signature of what was fetched. It takes its time.
///
/// # Errors
/// Why it is not to be installed.
pub(crate) fn check(fetched: Option<Arc<Vec<u8>>>, signed: &Signed<'_>) -> Result<Verified, Failure> {
    let Some(fetched) = fetched else {
        return Err((FileFault::Broken, "what was fetched is not there any more".into()));
    };
    verify(fetched.as_slice(), signed).map_err(|error| match error {
        SignatureError::Read(_) => (FileFault::Broken, error.to_string().into()),
        _ => (FileFault::Invalid, error.to_string().into()),
    })
}

/// How long firmware may be, and what else its signature has to prove.
pub(crate) fn signed<'a>(
    certificate: &'a str,
    signature: &'a str,
    roots: &'a [Text],
    at: pilotwire::DateTime,
) -> Signed<'a> {
    Signed { signature, chain: certificate, roots, at, max_bytes: MAX_FIRMWARE }
}

/// Whether an installation is what runs.
pub(crate) fn confirm(number: u64, slots: &Slots) -> FileResult {
    match &slots.running {
        Some(running) if running.number == number => FileResult::Done,
        _ => failed(FileFault::Broken, "other firmware runs"),
    }
}

fn version(verified: &Verified) -> String {
    let line = verified.content.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let fits = (1..=MAX_VERSION).contains(&line.len()) && line.iter().all(|byte| matches!(byte, b' '..=b'~'));
    match str::from_utf8(line).ok().filter(|_| fits) {
        Some(line) => line.into(),
        None => verified.sha256.iter().take(8).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }),
    }
}

fn failed(fault: FileFault, why: &str) -> FileResult {
    FileResult::Failed { fault, why: why.into() }
}
