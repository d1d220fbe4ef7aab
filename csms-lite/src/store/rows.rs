//! Reading columns.

use pilotwire::DateTime;
use pilotwire::messages::Decimal;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Columns by their meaning. What is not as it should be reads as absent, so that one damaged field hides no row.
pub(super) trait Columns {
    fn text(&self, column: &str) -> Option<String>;
    fn integer(&self, column: &str) -> Option<i64>;

    fn number(&self, column: &str) -> Option<i32> {
        self.integer(column).and_then(|value| i32::try_from(value).ok())
    }

    fn time(&self, column: &str) -> Option<DateTime> {
        self.integer(column).map(DateTime::from_unix_millis)
    }

    fn decimal(&self, column: &str) -> Option<Decimal> {
        self.text(column).and_then(|text| text.parse().ok())
    }
}

impl Columns for SqliteRow {
    fn text(&self, column: &str) -> Option<String> {
        self.try_get(column).ok().flatten()
    }

    fn integer(&self, column: &str) -> Option<i64> {
        self.try_get(column).ok().flatten()
    }
}

/// The word that serde writes for a variant without content.
pub(super) fn word<T: serde::Serialize>(value: &T) -> String {
    pilotwire::messages::encode(value).trim_matches('"').to_owned()
}

pub(super) fn decimal_text(value: Option<Decimal>) -> Option<String> {
    value.map(|value| value.to_string())
}

pub(super) fn millis(value: Option<DateTime>) -> Option<i64> {
    value.map(DateTime::unix_millis)
}
