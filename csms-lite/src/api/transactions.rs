//! `/v1/transactions`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::{Api, Asked, At, next_of, page_limit};
use crate::store::{EventRow, TransactionFilter, TransactionRow};

#[derive(Serialize)]
pub(super) struct List {
    transactions: Vec<TransactionRow>,
    next: Option<i64>,
}

#[derive(Serialize)]
pub(super) struct View {
    #[serde(flatten)]
    row: TransactionRow,
    events: Vec<EventRow>,
    next: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    station: Option<String>,
    open: Option<bool>,
    #[serde(default)]
    after: i64,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    #[serde(default)]
    after: i64,
    limit: Option<u32>,
}

pub(super) async fn list(State(api): State<Api>, Asked(asked): Asked<Filter>) -> Result<Json<List>, ApiError> {
    let filter = TransactionFilter {
        station: asked.station,
        open: asked.open,
        after: asked.after,
        limit: page_limit(asked.limit),
    };
    let transactions = api.shared.store.transactions(&filter).await?;
    let next = next_of(&transactions, filter.limit, |row| row.number);
    Ok(Json(List { transactions, next }))
}

pub(super) async fn show(
    State(api): State<Api>,
    At((station, id)): At<(String, String)>,
    Asked(asked): Asked<Events>,
) -> Result<Json<View>, ApiError> {
    let found = api.shared.store.transaction(&station, &id).await?;
    let row = found.ok_or_else(|| ApiError::not_found("transaction"))?;
    let limit = page_limit(asked.limit);
    let events = api.shared.store.events(&station, &id, asked.after, limit).await?;
    let next = next_of(&events, limit, |event| event.number);
    Ok(Json(View { row, events, next }))
}
