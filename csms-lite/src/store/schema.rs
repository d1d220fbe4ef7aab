//! The tables, and how they came to be.

use sqlx::{Row, SqlitePool};

use super::StoreError;

/// Every step is done once, in this order, and never changed after its release.
const STEPS: [&str; 4] = [
    include_str!("../../migrations/0001.sql"),
    include_str!("../../migrations/0002.sql"),
    include_str!("../../migrations/0003.sql"),
    include_str!("../../migrations/0004.sql"),
];

/// Brings the database to the latest version, all or nothing.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut work = pool.begin().await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)").execute(&mut *work).await?;
    let row = sqlx::query("SELECT MAX(version) AS version FROM schema_version").fetch_one(&mut *work).await?;
    let found = row.try_get::<Option<i64>, _>("version")?.unwrap_or(0);
    let known = STEPS.len() as i64;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (step, number) in STEPS.iter().zip(1_i64..).filter(|(_, number)| *number > found) {
        sqlx::raw_sql(step).execute(&mut *work).await?;
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)").bind(number).execute(&mut *work).await?;
    }
    work.commit().await?;
    Ok(())
}
