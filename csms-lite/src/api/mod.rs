//! The HTTP API.
//!
//! | request | answers |
//! | --- | --- |
//! | `GET /health` | 200 if the database can be read; needs no token |
//! | `GET /v1/stations?after=&limit=` | stations by identity |
//! | `GET`, `PUT`, `DELETE /v1/stations/{id}` | one; `PUT` takes `password` or `password_hex`, and `registration` |
//! | `POST /v1/stations/{id}/password?wait_s=` | tells the station to use another `password` or `password_hex`; one that nobody sees if there is no body |
//! | `POST /v1/stations/{id}/call/{Action}?wait_s=` | the station's answer to a CALL, see below |
//! | `GET /v1/transactions?station=&open=&after=&limit=` | transactions in the order in which they became known |
//! | `GET /v1/transactions/{station}/{id}?after=&limit=` | one, with its events |
//! | `GET`, `POST /v1/tokens` | id tokens; `POST` answers 409 if there is one already |
//! | `GET`, `PUT`, `DELETE /v1/tokens/{token}` | one |
//!
//! Bodies are JSON. `limit` is 100 unless given, 1000 at most; `next` in a list is the `after` of its next page, and `null`
//! at the end. Every error is `{"error": code, "message": text, ...}`:
//!
//! | status | `error` | meaning |
//! | --- | --- | --- |
//! | 400 | `bad_request` | the request cannot be read or breaks a rule |
//! | 401 | `unauthorized` | the API token is missing or wrong |
//! | 403 | `forbidden` | without an API token: the request comes from a page of somewhere else |
//! | 404 | `not_found` | no such path, station, transaction or token |
//! | 405 | `method_not_allowed` | |
//! | 409 | `exists` | the token exists already |
//! | 409 | `pending`, `not_seen` | the station's password cannot be changed now |
//! | 413 | `too_large` | the body has more than 64 KiB |
//! | 503 | `unavailable` | the database, the station's records or the process cannot serve now |
//!
//! A call ends with 200 and the payload of the station's CALLRESULT, or with one of these. `wait_s` (real seconds, 0 unless
//! given) is how long it may wait for a station that is away.
//!
//! | status | `error` | the station was asked |
//! | --- | --- | --- |
//! | 502 | `call_error`, with `code`, `description`, `details` | yes: its CALLERROR |
//! | 504 | `timed_out` | yes, and did not answer: it may have acted or not |
//! | 504 | `lost` | yes, and the connection was lost: it may have acted or not |
//! | 503 | `offline` | no: it was away for all of `wait_s` |
//! | 409 | `not_accepted` | no: its registration is not accepted |
//! | 429 | `busy` | no: too many calls wait before this one |
//! | 422 | `invalid` | yes, and its answer cannot be read |
//!
//! A change of a password ends in the same ways, or with `{"status": ...}` of SetVariables. Until it is known what became of
//! it, the station is let in with both.
//!
//! A call that would set the station's password is refused with 400: it would not be let in with one that is not known here.
//!
//! An action that the station's version does not know goes out all the same: the station says so, as 502.

mod calls;
mod error;
mod guard;
mod passwords;
mod stations;
#[cfg(test)]
mod tests;
mod tokens;
mod transactions;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware;
use axum::routing::{get, post};
use pilotwire_tokio::ServerHandle;
use pilotwire_wire::Password;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shared::Shared;
use crate::station::StationFactory;
use error::ApiError;

/// Bytes of a body; a frame of OCPP has no more.
const BODY: usize = 64 * 1024;
/// Rows of a page, unless the client says otherwise.
const PAGE: u32 = 100;
/// The longest page.
const LONGEST_PAGE: u32 = 1000;

/// What requests are answered from.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stations: ServerHandle<StationFactory>,
}

/// All paths.
pub(crate) fn router(api: Api, token: Option<Password>) -> Router {
    let v1 = Router::new()
        .route("/stations", get(stations::list))
        .route("/stations/{id}", get(stations::show).put(stations::put).delete(stations::remove))
        .route("/stations/{id}/password", post(passwords::change))
        .route("/stations/{id}/call/{action}", post(calls::call))
        .route("/transactions", get(transactions::list))
        .route("/transactions/{station}/{id}", get(transactions::show))
        .route("/tokens", get(tokens::list).post(tokens::add))
        .route("/tokens/{token}", get(tokens::show).put(tokens::put).delete(tokens::remove));
    Router::new()
        .nest("/v1", v1)
        .layer(middleware::from_fn_with_state(Arc::new(token), guard::guard))
        .route("/health", get(health))
        .fallback(async || ApiError::not_found("path"))
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path has other methods")
        })
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(api)
}

async fn health(State(api): State<Api>) -> Result<axum::Json<Health>, ApiError> {
    api.shared.store.station("").await?;
    Ok(axum::Json(Health { status: "ok" }))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

/// A page of a list.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: String,
    limit: Option<u32>,
}

fn page_limit(limit: Option<u32>) -> u32 {
    limit.unwrap_or(PAGE).clamp(1, LONGEST_PAGE)
}

/// The `after` of the next page, if this one is full.
fn next_of<T, N>(rows: &[T], limit: u32, key: impl Fn(&T) -> N) -> Option<N> {
    let is_full = rows.len() >= limit as usize;
    rows.last().filter(|_| is_full).map(key)
}

/// Parts of the path.
struct At<T>(T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::bad_request(rejection.body_text())),
        }
    }
}

/// The query.
struct Asked<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::bad_request(rejection.body_text())),
        }
    }
}

/// The body, whatever its content type claims: people type these requests by hand.
type Body = Result<Bytes, BytesRejection>;

fn body_text(body: Body) -> Result<String, ApiError> {
    let bytes = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("a body has at most {BODY} bytes"))
        }
        _ => ApiError::bad_request("the body cannot be read"),
    })?;
    String::from_utf8(bytes.into()).map_err(|_| ApiError::bad_request("the body is not UTF-8"))
}

fn read_body<T: DeserializeOwned>(body: Body) -> Result<T, ApiError> {
    read_json(&body_text(body)?)
}

fn read_json<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|error| ApiError::bad_request(error.to_string()))
}
