//! Id tokens. Their texts are compared without regard to case, as identifiers of OCPP are.

use pilotwire::DateTime;
use pilotwire::domain::{AuthorizationStatus, IdTokenKind};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::rows::{Columns, millis};
use super::{Store, StoreError};

/// A token, and what its bearer may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// The token as it was given.
    pub token: String,
    /// What it is made of.
    pub kind: IdTokenKind,
    /// Whether it may charge, or why not.
    pub status: AuthorizationStatus,
    /// The group it belongs to; another of the group may stop its transaction.
    pub group: Option<String>,
    /// Until when it may charge.
    pub expiry: Option<DateTime>,
    /// The bearer's language (RFC 5646).
    pub language: Option<String>,
}

impl Store {
    /// The token with this text.
    ///
    /// # Errors
    /// The database failed.
    pub async fn token(&self, token: &str) -> Result<Option<Token>, StoreError> {
        let row = sqlx::query("SELECT * FROM tokens WHERE token_key = $1")
            .bind(key(token))
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(read))
    }

    /// At most `limit` tokens behind the token `after`, in the order of their keys.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tokens(&self, after: &str, limit: u32) -> Result<Vec<Token>, StoreError> {
        let rows = sqlx::query("SELECT * FROM tokens WHERE token_key > $1 ORDER BY token_key LIMIT $2")
            .bind(key(after))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(read).collect())
    }
}

pub(super) async fn add(work: &mut SqliteConnection, token: &Token) -> Result<u64, sqlx::Error> {
    let sql = "INSERT INTO tokens (token_key, token, kind, status, token_group, expiry, language)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (token_key) DO NOTHING";
    write(work, sql, token).await
}

pub(super) async fn put(work: &mut SqliteConnection, token: &Token) -> Result<u64, sqlx::Error> {
    let sql = "INSERT INTO tokens (token_key, token, kind, status, token_group, expiry, language)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (token_key) DO UPDATE SET token = excluded.token, kind = excluded.kind, status = excluded.status,
            token_group = excluded.token_group, expiry = excluded.expiry, language = excluded.language";
    write(work, sql, token).await
}

pub(super) async fn remove(work: &mut SqliteConnection, token: &str) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("DELETE FROM tokens WHERE token_key = $1").bind(key(token)).execute(work).await?;
    Ok(done.rows_affected())
}

async fn write(work: &mut SqliteConnection, sql: &'static str, token: &Token) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(sql)
        .bind(key(&token.token))
        .bind(&token.token)
        .bind(token.kind.as_str())
        .bind(token.status.as_str())
        .bind(&token.group)
        .bind(millis(token.expiry))
        .bind(&token.language)
        .execute(work)
        .await?;
    Ok(done.rows_affected())
}

fn key(token: &str) -> String {
    token.to_lowercase()
}

fn read(row: &SqliteRow) -> Token {
    Token {
        token: row.text("token").unwrap_or_default(),
        kind: IdTokenKind::from_word(&row.text("kind").unwrap_or_default()),
        // A status that cannot be read lets nobody charge.
        status: row.text("status").map_or(AuthorizationStatus::Invalid, |word| AuthorizationStatus::from_word(&word)),
        group: row.text("token_group"),
        expiry: row.time("expiry"),
        language: row.text("language"),
    }
}
