//! Everything that is ever written, as values.

use std::sync::Arc;

use pilotwire::csms::{Entry, PasswordFate};
use pilotwire::domain::{Boot, ConnectorReport, FirmwareStatus, RegistrationStatus, SecurityProfile, UploadLogStatus};
use pilotwire::{DateTime, Version, Write};
use sqlx::sqlite::SqliteConnection;

use super::{StoreError, Token, stations, tokens, transactions};
use crate::password::PasswordHash;

/// One change. Each may be repeated without harm, because the outcome of a commit may be unknown.
#[derive(Clone, Debug)]
pub enum Change {
    /// A record of the station's machine.
    Record(Arc<str>, Write),
    /// The station is connected, in this version.
    Connected(Arc<str>, Version, DateTime),
    /// The station showed that it is alive.
    Seen(Arc<str>, DateTime),
    /// The station booted.
    Booted(Arc<str>, Box<Boot>, DateTime),
    /// The state of a connector.
    Status(Arc<str>, Box<ConnectorReport>),
    /// How far the upload of a log is.
    LogStatus(Arc<str>, UploadLogStatus),
    /// How far an update of the firmware is.
    FirmwareStatus(Arc<str>, FirmwareStatus),
    /// An event of a transaction.
    Event(Arc<str>, Box<Entry>),
    /// Creates a station, or changes what is given.
    PutStation(NewStation),
    /// The station came with this security profile, and was let in. Touches one row, or none.
    Secured(Arc<str>, SecurityProfile),
    /// A step in the change of the station's password. Touches one row, or none if nothing is changed by it.
    Password(Arc<str>, PasswordStep),
    /// A process begins: nobody will tell what became of passwords that were on their way to stations.
    Restarted,
    /// Forgets the station's password and security profile, and hides it; its transactions are kept. Touches one row, or
    /// none.
    RemoveStation(Arc<str>, DateTime),
    /// Creates a token, unless there is one already. Touches one row, or none.
    AddToken(Token),
    /// Creates or replaces a token.
    PutToken(Token),
    /// Deletes a token. Touches one row, or none.
    RemoveToken(String),
}

/// What is known of a station before it says anything.
#[derive(Clone, Debug)]
pub struct NewStation {
    /// Its identity.
    pub identity: Arc<str>,
    /// The hash of its password; `None` changes nothing.
    pub password: Option<PasswordHash>,
    /// What it is answered when it boots; `None` changes nothing, and means `Accepted` for a new one.
    pub registration: Option<RegistrationStatus>,
    /// Now.
    pub at: DateTime,
}

/// A step in the change of a password; see [`Passwords`](pilotwire::csms::Passwords).
#[derive(Clone, Debug)]
pub enum PasswordStep {
    /// A command will set this one. Touches nothing if the station has no password, or if the fate of another one is not
    /// known yet.
    Offer(PasswordHash),
    /// What became of it.
    Settle(PasswordFate),
    /// The station was let in with this one.
    Shown(PasswordHash),
}

impl Change {
    pub(super) async fn apply(&self, work: &mut SqliteConnection) -> Result<u64, StoreError> {
        let touched = match self {
            Self::Record(station, write) => stations::write_record(work, station, write).await?,
            Self::Connected(station, version, at) => stations::connected(work, station, *version, *at).await?,
            Self::Seen(station, at) => stations::seen(work, station, *at).await?,
            Self::Booted(station, boot, at) => stations::booted(work, station, boot, *at).await?,
            Self::Status(station, report) => stations::status(work, station, report).await?,
            Self::LogStatus(station, status) => stations::log_status(work, station, status).await?,
            Self::FirmwareStatus(station, status) => stations::firmware_status(work, station, status).await?,
            Self::Event(station, entry) => transactions::event(work, station, entry).await?,
            Self::PutStation(station) => stations::put(work, station).await?,
            Self::Secured(station, profile) => stations::secured(work, station, *profile).await?,
            Self::Password(station, step) => stations::password(work, station, step).await?,
            Self::Restarted => stations::restarted(work).await?,
            Self::RemoveStation(station, at) => stations::remove(work, station, *at).await?,
            Self::AddToken(token) => tokens::add(work, token).await?,
            Self::PutToken(token) => tokens::put(work, token).await?,
            Self::RemoveToken(token) => tokens::remove(work, token).await?,
        };
        Ok(touched)
    }
}
