//! Stations, their connectors, and the durable records of their machines.

use pilotwire::csms::{PasswordFate, Passwords};
use pilotwire::domain::{Boot, ConnectorReport, FirmwareStatus, RegistrationStatus, SecurityProfile, UploadLogStatus};
use pilotwire::{DateTime, Record, Version, Write};
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::rows::{Columns, millis, word};
use super::{NewStation, PasswordStep, Store, StoreError};
use crate::password::PasswordHash;

/// Connectors that are kept for one station; the ids that a station tells may be anything.
const CONNECTORS: i64 = 256;

/// A station as it is known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StationRow {
    /// Its identity.
    pub identity: String,
    /// Counts the stations from 1.
    #[serde(skip)]
    pub number: i64,
    /// The hashes of its password, and of one that it may use already.
    #[serde(skip)]
    pub passwords: Option<Passwords<PasswordHash>>,
    /// The highest security profile that it came with: with a lower one it is not let in (A05.FR.06).
    pub security_profile: SecurityProfile,
    /// What it is answered when it boots.
    pub registration: RegistrationStatus,
    /// When it was made known.
    pub created: Option<DateTime>,
    /// The version that it spoke last.
    pub version: Option<String>,
    /// From its BootNotification, as is all that follows.
    pub model: Option<String>,
    /// The vendor.
    pub vendor: Option<String>,
    /// The serial number.
    pub serial_number: Option<String>,
    /// The firmware's version.
    pub firmware_version: Option<String>,
    /// The SIM card's number.
    pub iccid: Option<String>,
    /// The SIM card's subscriber.
    pub imsi: Option<String>,
    /// When it booted last.
    pub booted: Option<DateTime>,
    /// Why.
    pub boot_reason: Option<String>,
    /// What it told last of the upload of a log (N01).
    pub log_status: Option<String>,
    /// What it told last of an update of its firmware (L01).
    pub firmware_status: Option<String>,
    /// When something of it was written last; a process that runs knows better.
    pub last_seen: Option<DateTime>,
}

/// The state of a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectorRow {
    /// The EVSE.
    pub evse: i32,
    /// Its connector.
    pub connector: i32,
    /// The status of 2.x.
    pub status: String,
    /// The details that 1.6 puts into the status.
    pub occupation: String,
    /// What is wrong.
    pub problem_code: Option<String>,
    /// The same for people.
    pub problem_info: Option<String>,
    /// Since when, by the station's clock; by ours if it does not tell.
    pub since: Option<DateTime>,
}

impl Store {
    /// The station with this identity, unless it was removed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn station(&self, identity: &str) -> Result<Option<StationRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM stations WHERE identity = $1 AND removed IS NULL")
            .bind(identity)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(read_station))
    }

    /// At most `limit` stations behind `after`, in the order of their identities.
    ///
    /// # Errors
    /// The database failed.
    pub async fn stations(&self, after: &str, limit: u32) -> Result<Vec<StationRow>, StoreError> {
        let sql = "SELECT * FROM stations WHERE identity > $1 AND removed IS NULL ORDER BY identity LIMIT $2";
        let rows = sqlx::query(sql).bind(after).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(read_station).collect())
    }

    /// The connectors of a station, in the order of their numbers.
    ///
    /// # Errors
    /// The database failed.
    pub async fn connectors(&self, station: &str) -> Result<Vec<ConnectorRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM connectors WHERE station = $1 ORDER BY evse, connector")
            .bind(station)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(read_connector).collect())
    }

    /// The durable records of a station's machine.
    ///
    /// # Errors
    /// The database failed.
    pub async fn records(&self, station: &str) -> Result<Vec<Record>, StoreError> {
        let rows = sqlx::query("SELECT record_key, content FROM records WHERE station = $1 ORDER BY record_key")
            .bind(station)
            .fetch_all(&self.readers)
            .await?;
        let record = |row: &SqliteRow| Ok(Record { key: row.try_get("record_key")?, value: row.try_get("content")? });
        rows.iter().map(record).collect()
    }
}

pub(super) async fn write_record(
    work: &mut SqliteConnection,
    station: &str,
    write: &Write,
) -> Result<u64, sqlx::Error> {
    let done = match write {
        Write::Put(record) => {
            let sql = "INSERT INTO records (station, record_key, content) VALUES ($1, $2, $3)
                ON CONFLICT (station, record_key) DO UPDATE SET content = excluded.content";
            sqlx::query(sql).bind(station).bind(&record.key).bind(&record.value).execute(work).await?
        }
        Write::Delete(key) => {
            sqlx::query("DELETE FROM records WHERE station = $1 AND record_key = $2")
                .bind(station)
                .bind(key)
                .execute(work)
                .await?
        }
    };
    Ok(done.rows_affected())
}

pub(super) async fn connected(
    work: &mut SqliteConnection,
    station: &str,
    version: Version,
    at: DateTime,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("UPDATE stations SET version = $1, last_seen = $2 WHERE identity = $3")
        .bind(version.name())
        .bind(at.unix_millis())
        .bind(station)
        .execute(work)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn seen(work: &mut SqliteConnection, station: &str, at: DateTime) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("UPDATE stations SET last_seen = $1 WHERE identity = $2")
        .bind(at.unix_millis())
        .bind(station)
        .execute(work)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn booted(
    work: &mut SqliteConnection,
    station: &str,
    boot: &Boot,
    at: DateTime,
) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE stations SET model = $1, vendor = $2, serial_number = $3, firmware_version = $4, iccid = $5,
        imsi = $6, boot_reason = $7, booted = $8, last_seen = $8 WHERE identity = $9";
    let identity = &boot.identity;
    let done = sqlx::query(sql)
        .bind(identity.model.as_str())
        .bind(identity.vendor.as_str())
        .bind(identity.serial_number.as_deref())
        .bind(identity.firmware_version.as_deref())
        .bind(identity.iccid.as_deref())
        .bind(identity.imsi.as_deref())
        .bind(boot.reason.as_str())
        .bind(at.unix_millis())
        .bind(station)
        .execute(work)
        .await?;
    Ok(done.rows_affected())
}

/// A station that tells of more connectors than anyone has is not believed beyond [`CONNECTORS`].
pub(super) async fn status(
    work: &mut SqliteConnection,
    station: &str,
    report: &ConnectorReport,
) -> Result<u64, sqlx::Error> {
    let sql = "INSERT INTO connectors
            (station, evse, connector, status, occupation, problem_code, problem_info, since)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8
        WHERE (SELECT COUNT(*) FROM connectors WHERE station = $1) < $9
            OR EXISTS (SELECT 1 FROM connectors WHERE station = $1 AND evse = $2 AND connector = $3)
        ON CONFLICT (station, evse, connector) DO UPDATE SET status = excluded.status,
            occupation = excluded.occupation, problem_code = excluded.problem_code,
            problem_info = excluded.problem_info, since = excluded.since";
    let problem = report.problem.as_ref();
    let done = sqlx::query(sql)
        .bind(station)
        .bind(i64::from(report.evse.0))
        .bind(i64::from(report.connector))
        .bind(report.status.as_str())
        .bind(word(&report.occupation))
        .bind(problem.map(|problem| problem.code.as_str()))
        .bind(problem.and_then(|problem| problem.info.as_deref()))
        .bind(millis(report.at))
        .bind(CONNECTORS)
        .execute(work)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn log_status(
    work: &mut SqliteConnection,
    station: &str,
    status: &UploadLogStatus,
) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE stations SET log_status = $1 WHERE identity = $2";
    Ok(sqlx::query(sql).bind(status.as_str()).bind(station).execute(work).await?.rows_affected())
}

pub(super) async fn firmware_status(
    work: &mut SqliteConnection,
    station: &str,
    status: &FirmwareStatus,
) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE stations SET firmware_status = $1 WHERE identity = $2";
    Ok(sqlx::query(sql).bind(status.as_str()).bind(station).execute(work).await?.rows_affected())
}

/// Never lower than before.
pub(super) async fn secured(
    work: &mut SqliteConnection,
    station: &str,
    profile: SecurityProfile,
) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE stations SET security_profile = $1 WHERE identity = $2 AND security_profile < $1";
    let done = sqlx::query(sql).bind(i64::from(i32::from(profile))).bind(station).execute(work).await?;
    Ok(done.rows_affected())
}

pub(super) async fn put(work: &mut SqliteConnection, station: &NewStation) -> Result<u64, sqlx::Error> {
    let sql = "INSERT INTO stations (identity, number, password, registration, created)
        SELECT $1, COALESCE(MAX(number), 0) + 1, $2, COALESCE($3, 'Accepted'), $4 FROM stations WHERE 1 = 1
        ON CONFLICT (identity) DO UPDATE SET removed = NULL, password = COALESCE($2, stations.password),
            offered_password = CASE WHEN $2 IS NULL THEN stations.offered_password END,
            registration = COALESCE($3, stations.registration)";
    let done = sqlx::query(sql)
        .bind(&*station.identity)
        .bind(station.password.as_ref().map(PasswordHash::as_str))
        .bind(station.registration.as_ref().map(RegistrationStatus::as_str))
        .bind(station.at.unix_millis())
        .execute(work)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn password(
    work: &mut SqliteConnection,
    station: &str,
    step: &PasswordStep,
) -> Result<u64, sqlx::Error> {
    let sql = "SELECT password, offered_password, offer_under_way FROM stations WHERE identity = $1";
    let row = sqlx::query(sql).bind(station).fetch_optional(&mut *work).await?;
    let Some(mut passwords) = row.as_ref().and_then(read_passwords) else { return Ok(0) };
    let before = passwords.clone();
    match step {
        // The same once more is the same offer.
        PasswordStep::Offer(hash) if passwords.offered() == Some(hash) => return Ok(1),
        PasswordStep::Offer(hash) if !passwords.offer(hash.clone()) => return Ok(0),
        PasswordStep::Offer(_) => {}
        PasswordStep::Settle(fate) => passwords.settle(*fate),
        PasswordStep::Shown(hash) => drop(passwords.admit(|known| known == hash)),
    }
    if passwords == before {
        return Ok(0);
    }
    let sql = "UPDATE stations SET password = $1, offered_password = $2, offer_under_way = $3 WHERE identity = $4";
    let done = sqlx::query(sql)
        .bind(passwords.current().as_str())
        .bind(passwords.offered().map(PasswordHash::as_str))
        .bind(i64::from(passwords.is_under_way()))
        .bind(station)
        .execute(work)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn restarted(work: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE stations SET offer_under_way = 0 WHERE offer_under_way = 1";
    Ok(sqlx::query(sql).execute(work).await?.rows_affected())
}

/// The row stays: bills refer to it, and a number must not be given twice.
pub(super) async fn remove(work: &mut SqliteConnection, station: &str, at: DateTime) -> Result<u64, sqlx::Error> {
    let sql = "UPDATE stations SET removed = $1, password = NULL, offered_password = NULL, security_profile = 0
        WHERE identity = $2 AND removed IS NULL";
    let done = sqlx::query(sql).bind(at.unix_millis()).bind(station).execute(work).await?;
    Ok(done.rows_affected())
}

fn read_station(row: &SqliteRow) -> StationRow {
    StationRow {
        identity: row.text("identity").unwrap_or_default(),
        number: row.integer("number").unwrap_or_default(),
        passwords: read_passwords(row),
        // One that cannot be read lets nobody in with less than all.
        security_profile: i32::try_from(row.integer("security_profile").unwrap_or_default())
            .ok()
            .and_then(|number| number.try_into().ok())
            .unwrap_or(SecurityProfile::TlsClient),
        // A status that cannot be read lets nobody in.
        registration: match row.text("registration").as_deref() {
            Some("Accepted") => RegistrationStatus::Accepted,
            Some("Pending") => RegistrationStatus::Pending,
            _ => RegistrationStatus::Rejected,
        },
        created: row.time("created"),
        version: row.text("version"),
        model: row.text("model"),
        vendor: row.text("vendor"),
        serial_number: row.text("serial_number"),
        firmware_version: row.text("firmware_version"),
        iccid: row.text("iccid"),
        imsi: row.text("imsi"),
        booted: row.time("booted"),
        boot_reason: row.text("boot_reason"),
        log_status: row.text("log_status"),
        firmware_status: row.text("firmware_status"),
        last_seen: row.time("last_seen"),
    }
}

fn read_passwords(row: &SqliteRow) -> Option<Passwords<PasswordHash>> {
    let mut passwords = Passwords::new(PasswordHash::from_stored(row.text("password")?));
    if let Some(offered) = row.text("offered_password") {
        let _first = passwords.offer(PasswordHash::from_stored(offered));
        if row.integer("offer_under_way") != Some(1) {
            passwords.settle(PasswordFate::Unknown);
        }
    }
    Some(passwords)
}

fn read_connector(row: &SqliteRow) -> ConnectorRow {
    ConnectorRow {
        evse: row.number("evse").unwrap_or_default(),
        connector: row.number("connector").unwrap_or_default(),
        status: row.text("status").unwrap_or_default(),
        occupation: row.text("occupation").unwrap_or_default(),
        problem_code: row.text("problem_code"),
        problem_info: row.text("problem_info"),
        since: row.time("since"),
    }
}
