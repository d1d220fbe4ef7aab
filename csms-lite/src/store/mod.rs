//! What outlives the process: stations, their records, transactions with every event, and tokens.
//!
//! Reads go through a pool; all writes go through one task, so that stations share the cost of making
//! things durable. The SQL is portable and holds nothing that came from outside: every value is bound.

mod change;
mod rows;
mod schema;
mod stations;
mod tokens;
mod transactions;
mod writer;

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};

pub use change::{Change, NewStation, PasswordStep};
pub use stations::{ConnectorRow, StationRow};
pub use tokens::Token;
pub use transactions::{EventRow, TransactionFilter, TransactionRow};
use writer::Writer;

/// The database's name in the data directory.
const FILE: &str = "csms-lite.db";
/// The name of an empty database that whoever has the directory open keeps locked.
const LOCK: &str = "lock.db";
/// Connections that read at the same time.
const READERS: u32 = 4;
/// How long to wait for a process that is just ending.
const LOCK_PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
/// How long a statement waits for a lock of another process, in real time.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    readers: SqlitePool,
    writer: Writer,
}

/// What was asked of the store cannot be done. The environment's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The directory of the data, or of journals, cannot be made.
    #[error("a directory cannot be made: {0}")]
    Directory(#[from] std::io::Error),
    /// A later version of this program wrote the database.
    #[error("the database has version {found}, and this program knows {known} at most")]
    TooNew {
        /// The database's version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Another process, or another store of this one, has the directory open.
    #[error("the data directory is in use by another process")]
    InUse,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl Store {
    /// Opens the database in this directory. Both are made if they are not there.
    ///
    /// # Errors
    /// It cannot be opened, is of a later version, or is in use.
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        make_private_directory(directory)?;
        let lock = take_lock(&directory.join(LOCK)).await?;
        let options = connect_options(&directory.join(FILE));
        let writing = pool_of(1).connect_with(options.clone()).await?;
        schema::migrate(&writing).await?;
        let reading = options.read_only(true).create_if_missing(false);
        let readers = pool_of(READERS).connect_with(reading).await?;
        Ok(Self { readers, writer: Writer::start(writing, lock) })
    }

    /// Makes these changes durable, all or none, in this order. Returns how many rows the last of them touched.
    ///
    /// # Errors
    /// None of them was made, or it is not known: all are of a kind that may be repeated.
    pub async fn write(&self, changes: Vec<Change>) -> Result<u64, StoreError> {
        self.writer.write(changes).await
    }

    /// Waits for what is being written, and closes. Later calls fail.
    pub async fn close(&self) {
        // The last connection to go tidies up, which a reader may not.
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Makes a directory that only its owner can look into; one that exists is left as it is.
pub(crate) fn make_private_directory(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Connections to a local file do not go stale: to try each before its use would double the work.
fn pool_of(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false)
}

/// Two processes would each have a machine for the same station, and each would overwrite the other's records (C-9). The
/// operating system lets go of the lock when the process ends, however it does.
async fn take_lock(file: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).busy_timeout(LOCK_PATIENCE);
    let mut connection = options.connect().await?;
    match sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut connection).await {
        Ok(_) => Ok(connection),
        Err(error) if error.as_database_error().and_then(|error| error.code()).as_deref() == Some("5") => {
            Err(StoreError::InUse)
        }
        Err(error) => Err(error.into()),
    }
}

/// The one place that knows which database this is.
fn connect_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // WAL alone may lose the latest commits with the power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
}
