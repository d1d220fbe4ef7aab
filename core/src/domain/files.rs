//! Logs and firmware, and what a host does with files for a machine (N01, L01).
//!
//! Core never fetches, reads or installs anything: it says what is to be done by a [`FileTask`], and the host's [`FileResult`]
//! tells how that ended. What follows (another attempt, a status for the CSMS, a restart) is decided in core.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use pilotwire_messages::v2::LogKind;
use pilotwire_messages::{DateTime, Text};
use serde::{Deserialize, Serialize};

/// The URL of a file. `Debug` hides the user and the password that may stand in it; records and journals hold them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Location(Text);

impl Location {
    /// Takes a URL.
    pub fn new(url: impl Into<Text>) -> Self {
        Self(url.into())
    }

    /// All of it; for calling there and for storing, not for showing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Location {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<String> for Location {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.reveal();
        // Passwords that are not escaped hold anything; so nothing is shown up to the last sign that may end one.
        let Some((hidden, shown)) = url.rsplit_once('@') else { return fmt::Debug::fmt(url, f) };
        let scheme = hidden.split_once("://").map_or("", |(scheme, _)| scheme);
        write!(f, "\"{}://..@{}\"", scheme.escape_debug(), shown.escape_debug())
    }
}

/// A log that the CSMS wants (GetLog).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogRequest {
    /// Comes back in every status of this upload.
    pub request_id: i32,
    /// Which log.
    pub kind: LogKind,
    /// The URL that it goes to, at most 512 characters (2.1: 2000). There may be a password in it.
    pub location: Location,
    /// Nothing older is wanted.
    pub oldest: Option<DateTime>,
    /// Nothing newer is wanted.
    pub latest: Option<DateTime>,
    /// How often uploading is tried again; up to the station if absent.
    pub retries: Option<i32>,
    /// Seconds between two tries; up to the station if absent.
    pub retry_interval_s: Option<i32>,
}

/// Firmware that the CSMS wants installed (UpdateFirmware; 1.6: SignedUpdateFirmware).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirmwareUpdate {
    /// Comes back in every status of this update.
    pub request_id: i32,
    /// The URL that it comes from, at most 512 characters (2.1: 2000). There may be a password in it.
    pub location: Location,
    /// When it may be fetched at the earliest.
    pub retrieve_at: DateTime,
    /// When it may be installed at the earliest; as soon as possible if absent (L01.FR.05).
    pub install_at: Option<DateTime>,
    /// How it is signed; not at all if absent (L02). 1.6: never absent.
    pub signed: Option<Box<FirmwareSignature>>,
    /// How often fetching is tried again; up to the station if absent.
    pub retries: Option<i32>,
    /// Seconds between two tries; up to the station if absent.
    pub retry_interval_s: Option<i32>,
}

/// Who vouches for firmware.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirmwareSignature {
    /// The certificate of who signed, in PEM, at most 5500 characters; absent if only a signature was given.
    pub certificate: Option<Text>,
    /// The signature in Base64, at most 800 characters; absent if only a certificate was given.
    pub signature: Option<Text>,
}

/// What a host shall do with a file. It may take its time; the machine goes on meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileTask {
    /// Upload a log as one file (N01.FR.02). Answered by [`FileResult::Done`] or [`FileResult::Failed`].
    Upload {
        /// Which log.
        kind: LogKind,
        /// How the file is called, as the CSMS was told.
        name: Text,
        /// The URL that it goes to: a peer's word. Judge it before you call there.
        location: Location,
        /// Leave out what is older.
        oldest: Option<DateTime>,
        /// Leave out what is newer.
        latest: Option<DateTime>,
    },
    /// Fetch firmware, and keep it until it is installed or to be discarded; a part that a former life fetched may be used.
    /// Answered by [`FileResult::Done`] or [`FileResult::Failed`].
    Download {
        /// The URL that it comes from: a peer's word. Judge it before you call there.
        location: Location,
    },
    /// Check the signature over all of what was fetched, and hold on to the very bytes that were checked (L01.FR.04).
    /// Answered by [`FileResult::Done`]; by [`FileResult::Failed`] with [`FileFault::Invalid`] if it is wrong, and with another
    /// fault if what was fetched is not there.
    Verify {
        /// The certificate of who signed, in PEM.
        certificate: Text,
        /// The signature in Base64.
        signature: Text,
        /// The manufacturer's certificates that are trusted, in PEM.
        roots: Vec<Text>,
        /// When the certificate has to be valid.
        at: DateTime,
    },
    /// Install what was fetched: if it was signed, the bytes that were verified and no others (S-14). Keep `number` durably
    /// with it. Answered by [`FileResult::Done`] if it runs, by [`FileResult::NeedsReboot`], or by [`FileResult::Failed`], with
    /// [`FileFault::Invalid`] if the file is no firmware for this hardware.
    Install {
        /// The number of the installation; never used twice.
        number: u64,
    },
    /// Power came after an installation had begun: say whether it is what runs now. Answered by [`FileResult::Done`] or
    /// [`FileResult::Failed`].
    Confirm {
        /// The number of the installation.
        number: u64,
    },
    /// Delete what was fetched. Not answered; comes at every power-up without an update, too.
    Discard,
    /// Nobody waits for this operation any more: stop it. Not answered, and what is told of it later has no effect.
    Stop {
        /// The operation's number.
        operation: u64,
    },
}

/// How a [`FileTask`] ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileResult {
    /// It is done.
    Done,
    /// It is installed, and will run after a restart.
    NeedsReboot,
    /// It could not be done.
    Failed {
        /// What kind of failure.
        fault: FileFault,
        /// Why, for people. No password of a URL may stand in it.
        why: Text,
    },
}

/// Why something could not be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFault {
    /// The other side cannot be reached, broke off, or failed; or the host did.
    Broken,
    /// The other side does not let us.
    Denied,
    /// The protocol or the operation is not supported: it will never work.
    Unsupported,
    /// The other side did not understand us, or we did not understand it.
    Malformed,
    /// The file is not what it must be: too long, wrongly signed, no firmware.
    Invalid,
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_location_shows_no_password() {
        let location = Location::new("https://user:s3cret@logs.example/1");
        let upload = FileTask::Upload {
            kind: LogKind::SecurityLog,
            name: "security-1.txt".into(),
            location: location.clone(),
            oldest: None,
            latest: None,
        };
        for shown in [
            format!("{upload:?}"),
            format!("{:?}", FileTask::Download { location: location.clone() }),
            format!("{:?}", Location::new("https://user:s3/cr@et@logs.example/1")),
            format!("{:?}", Location::new("user:s3cret@logs.example/1")),
        ] {
            assert!(shown.contains("..@logs.example/1\""), "{shown}");
            assert!(!shown.contains("user") && !shown.contains("s3"), "{shown}");
        }
        assert_eq!(format!("{:?}", Location::new("https://logs.example/1")), "\"https://logs.example/1\"");
        assert_eq!(pilotwire_messages::encode(&location), "\"https://user:s3cret@logs.example/1\"");
    }
}
