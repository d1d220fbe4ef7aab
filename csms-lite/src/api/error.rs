//! The one shape of every error: `{"error": code, "message": text, ...}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::store::StoreError;

/// An error as the client sees it.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    body: Box<Body>,
}

#[derive(Debug, Default, Serialize)]
struct Body {
    error: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Box<RawValue>>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, body: Box::new(Body { error, message, ..Body::default() }) }
    }

    /// The client's request cannot be read.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// The station's CALLERROR.
    pub(super) fn call_error(code: &str, description: &str, details: &str) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            body: Box::new(Body {
                error: "call_error",
                message: format!("the station answered with the error {code}"),
                code: Some(code.to_owned()),
                description: Some(description.to_owned()),
                details: RawValue::from_string(details.to_owned()).ok(),
            }),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request cannot be answered");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the database cannot be used now")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
