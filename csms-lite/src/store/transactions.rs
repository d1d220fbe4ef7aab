//! Transactions, and every event of them.

use pilotwire::DateTime;
use pilotwire::csms::{Entry, TransactionState, Verdict};
use pilotwire::messages::{Decimal, Json, encode};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::rows::{Columns, decimal_text, millis, word};
use super::{Store, StoreError};

/// A transaction as it stands. Times are the station's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TransactionRow {
    /// Counts the transactions of all stations, in the order in which they became known.
    pub number: i64,
    /// Whose it is.
    pub station: String,
    /// The station's id of it; 1.6: ours.
    pub transaction: String,
    /// Where.
    pub evse: Option<i32>,
    /// Who started it.
    pub id_token: Option<String>,
    /// What that token is made of.
    pub id_token_kind: Option<String>,
    /// When it started.
    pub started: Option<DateTime>,
    /// When it ended.
    pub ended: Option<DateTime>,
    /// When the latest event happened.
    pub latest: Option<DateTime>,
    /// From start to end, in seconds.
    pub duration_s: Option<i64>,
    /// The energy register at its start, in Wh.
    pub start_wh: Option<Decimal>,
    /// The energy register at its end or at the latest measurement, in Wh.
    pub last_wh: Option<Decimal>,
    /// The register's difference, in Wh.
    pub energy_wh: Option<Decimal>,
    /// Why it ended.
    pub stopped_reason: Option<String>,
    /// Sequence numbers that are missing, as inclusive ranges.
    pub missing: Vec<(i32, i32)>,
    /// Whether start and end are known and nothing is missing between them.
    pub complete: bool,
    /// Events that contradict earlier ones.
    pub conflicts: i64,
}

/// An event as it came.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    /// Counts the transaction's events in the order of their coming.
    pub number: i64,
    /// The station's count.
    pub seq_no: Option<i32>,
    /// By our clock.
    pub received: Option<DateTime>,
    /// By the station's clock.
    pub happened: Option<DateTime>,
    /// Started, updated or ended.
    pub stage: String,
    /// What the ledger thought of it.
    pub verdict: String,
    /// All of it.
    pub event: Option<Json>,
}

/// Which transactions to list.
#[derive(Clone, Debug, Default)]
pub struct TransactionFilter {
    /// Only those of this station.
    pub station: Option<String>,
    /// Only those that have ended, or have not.
    pub open: Option<bool>,
    /// Only those behind this number.
    pub after: i64,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// The transactions that a filter lets through, in the order of their numbers.
    ///
    /// # Errors
    /// The database failed.
    pub async fn transactions(&self, filter: &TransactionFilter) -> Result<Vec<TransactionRow>, StoreError> {
        let sql = "SELECT * FROM transactions WHERE number > $1
            AND (CAST($2 AS TEXT) IS NULL OR station = $2)
            AND (CAST($3 AS BIGINT) IS NULL OR (CASE WHEN ended IS NULL THEN 1 ELSE 0 END) = $3)
            ORDER BY number LIMIT $4";
        let rows = sqlx::query(sql)
            .bind(filter.after)
            .bind(&filter.station)
            .bind(filter.open.map(i64::from))
            .bind(i64::from(filter.limit))
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(read).collect())
    }

    /// One transaction.
    ///
    /// # Errors
    /// The database failed.
    pub async fn transaction(&self, station: &str, id: &str) -> Result<Option<TransactionRow>, StoreError> {
        let mut connection = self.readers.acquire().await?;
        Ok(find(&mut connection, station, id).await?)
    }

    /// At most `limit` events of a transaction behind `after`, in the order of their coming.
    ///
    /// # Errors
    /// The database failed.
    pub async fn events(&self, station: &str, id: &str, after: i64, limit: u32) -> Result<Vec<EventRow>, StoreError> {
        let sql = "SELECT * FROM events WHERE station = $1 AND transaction_id = $2 AND number > $3
            ORDER BY number LIMIT $4";
        let rows =
            sqlx::query(sql).bind(station).bind(id).bind(after).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        Ok(rows.iter().map(read_event).collect())
    }
}

/// Takes an event, once: one that is stored already changes nothing, whatever the ledger remembers of it (C-2).
pub(super) async fn event(work: &mut SqliteConnection, station: &str, entry: &Entry) -> Result<u64, sqlx::Error> {
    if is_stored(work, station, entry).await? {
        return Ok(0);
    }
    let known = find(work, station, &entry.state.transaction).await?;
    let row = project(known.unwrap_or_default(), entry);
    put(work, station, &row).await?;
    append(work, station, entry).await
}

async fn is_stored(work: &mut SqliteConnection, station: &str, entry: &Entry) -> Result<bool, sqlx::Error> {
    let sql = "SELECT number FROM events WHERE station = $1 AND transaction_id = $2 AND happened = $3
        AND (event = $4 OR (stage = $5 AND $6 = 1)) LIMIT 1";
    let is_duplicate = entry.verdict == Verdict::Duplicate;
    let row = sqlx::query(sql)
        .bind(station)
        .bind(entry.state.transaction.as_str())
        .bind(entry.event.at.unix_millis())
        .bind(encode(&entry.event))
        .bind(word(&entry.event.stage))
        .bind(i64::from(is_duplicate))
        .fetch_optional(work)
        .await?;
    Ok(row.is_some())
}

/// What is known now. A transaction that the ledger had to forget, and that is spoken of again, keeps what was known.
fn project(known: TransactionRow, entry: &Entry) -> TransactionRow {
    let state = &entry.state;
    let forgotten = known.ended.is_some() && state.ended.is_none();
    let token = state.id_token.as_ref();
    let newer = |new: Option<DateTime>, old: Option<DateTime>| new.or(old);
    let mut row = TransactionRow {
        transaction: state.transaction.as_str().to_owned(),
        evse: state.evse.map(|evse| evse.0).or(known.evse),
        id_token: token.map(|token| token.id_token.as_str().to_owned()).or(known.id_token),
        id_token_kind: token.map(|token| token.kind.as_str().to_owned()).or(known.id_token_kind),
        started: newer(state.started, known.started),
        ended: newer(state.ended, known.ended),
        latest: known.latest.max(Some(entry.event.at)),
        start_wh: state.start_wh.or(known.start_wh),
        last_wh: state.last_wh.or(known.last_wh),
        stopped_reason: reason(state).or(known.stopped_reason),
        missing: state.missing.clone(),
        conflicts: known.conflicts + i64::from(entry.verdict == Verdict::Conflict),
        ..TransactionRow::default()
    };
    if forgotten {
        row.last_wh = known.last_wh;
        row.missing = known.missing;
    }
    row.energy_wh = row.last_wh.zip(row.start_wh).and_then(|(last, start)| last.checked_sub(start));
    row.complete = row.started.is_some() && row.ended.is_some() && row.missing.is_empty();
    row
}

fn reason(state: &TransactionState) -> Option<String> {
    state.stopped_reason.as_ref().map(|reason| reason.as_str().to_owned())
}

async fn put(work: &mut SqliteConnection, station: &str, row: &TransactionRow) -> Result<(), sqlx::Error> {
    let sql =
        "INSERT INTO transactions (number, station, transaction_id, evse, id_token, id_token_kind, started, ended,
            latest, start_wh, last_wh, energy_wh, stopped_reason, missing, complete, conflicts)
        SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
        FROM transactions WHERE 1 = 1
        ON CONFLICT (station, transaction_id) DO UPDATE SET evse = excluded.evse, id_token = excluded.id_token,
            id_token_kind = excluded.id_token_kind, started = excluded.started, ended = excluded.ended,
            latest = excluded.latest, start_wh = excluded.start_wh, last_wh = excluded.last_wh,
            energy_wh = excluded.energy_wh, stopped_reason = excluded.stopped_reason, missing = excluded.missing,
            complete = excluded.complete, conflicts = excluded.conflicts";
    sqlx::query(sql)
        .bind(station)
        .bind(&row.transaction)
        .bind(row.evse.map(i64::from))
        .bind(&row.id_token)
        .bind(&row.id_token_kind)
        .bind(millis(row.started))
        .bind(millis(row.ended))
        .bind(millis(row.latest))
        .bind(decimal_text(row.start_wh))
        .bind(decimal_text(row.last_wh))
        .bind(decimal_text(row.energy_wh))
        .bind(&row.stopped_reason)
        .bind(encode(&row.missing))
        .bind(i64::from(row.complete))
        .bind(row.conflicts)
        .execute(work)
        .await?;
    Ok(())
}

async fn append(work: &mut SqliteConnection, station: &str, entry: &Entry) -> Result<u64, sqlx::Error> {
    let sql = "INSERT INTO events (number, station, transaction_id, seq_no, happened, received, stage, verdict, event)
        SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8
        FROM events WHERE station = $1 AND transaction_id = $2";
    let done = sqlx::query(sql)
        .bind(station)
        .bind(entry.state.transaction.as_str())
        .bind(entry.event.seq_no.map(i64::from))
        .bind(entry.event.at.unix_millis())
        .bind(entry.received.unix_millis())
        .bind(word(&entry.event.stage))
        .bind(word(&entry.verdict))
        .bind(encode(&entry.event))
        .execute(work)
        .await?;
    Ok(done.rows_affected())
}

async fn find(work: &mut SqliteConnection, station: &str, id: &str) -> Result<Option<TransactionRow>, sqlx::Error> {
    let row = sqlx::query("SELECT * FROM transactions WHERE station = $1 AND transaction_id = $2")
        .bind(station)
        .bind(id)
        .fetch_optional(work)
        .await?;
    Ok(row.as_ref().map(read))
}

fn read(row: &SqliteRow) -> TransactionRow {
    let missing = row.text("missing").unwrap_or_default();
    let (started, ended) = (row.time("started"), row.time("ended"));
    TransactionRow {
        duration_s: ended.zip(started).map(|(ended, started)| ended.millis_since(started) / 1_000),
        number: row.integer("number").unwrap_or_default(),
        station: row.text("station").unwrap_or_default(),
        transaction: row.text("transaction_id").unwrap_or_default(),
        evse: row.number("evse"),
        id_token: row.text("id_token"),
        id_token_kind: row.text("id_token_kind"),
        started,
        ended,
        latest: row.time("latest"),
        start_wh: row.decimal("start_wh"),
        last_wh: row.decimal("last_wh"),
        energy_wh: row.decimal("energy_wh"),
        stopped_reason: row.text("stopped_reason"),
        missing: serde_json::from_str(&missing).unwrap_or_default(),
        complete: row.integer("complete") == Some(1),
        conflicts: row.integer("conflicts").unwrap_or_default(),
    }
}

fn read_event(row: &SqliteRow) -> EventRow {
    EventRow {
        number: row.integer("number").unwrap_or_default(),
        seq_no: row.number("seq_no"),
        received: row.time("received"),
        happened: row.time("happened"),
        stage: row.text("stage").unwrap_or_default(),
        verdict: row.text("verdict").unwrap_or_default(),
        event: row.text("event").and_then(|text| Json::parse(&text).ok()),
    }
}
