//! `/v1/stations/{id}/call/{Action}`.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use pilotwire::Event;
use pilotwire::csms::{Input, Limits, Outcome};
use pilotwire::domain::Command;
use pilotwire::messages::{Json, encode};
use serde::Deserialize;
use serde_json::Value;

use super::error::ApiError;
use super::{Api, Asked, At, Body, body_text};

/// The longest wait for a station that is away, in real seconds.
const LONGEST_WAIT_S: u32 = 3600;
/// What an operation may take beyond its own limits before something is wrong here.
const GRACE: Duration = Duration::from_secs(10);
/// Characters of the name of an action; the longest of OCPP has fewer.
const ACTION: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    #[serde(default)]
    wait_s: u32,
}

pub(super) async fn call(
    State(api): State<Api>,
    At((id, action)): At<(String, String)>,
    Asked(wait): Asked<Wait>,
    body: Body,
) -> Result<Response, ApiError> {
    let station = api.known(&id).await?;
    let wait_s = wait.checked()?;
    if action.len() > ACTION || !action.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ApiError::bad_request("an action is a word such as TriggerMessage"));
    }
    let text = body_text(body)?;
    let payload = match text.trim_start().starts_with('{') {
        true => Json::parse(&text).map_err(|error| ApiError::bad_request(error.to_string()))?,
        false => return Err(ApiError::bad_request("the body is the call's payload, a JSON object")),
    };
    if station.passwords.is_some() && sets_password(&action, &text)? {
        let path = "a password is changed at /v1/stations/{id}/password, so that the station is let in with it";
        return Err(ApiError::bad_request(path));
    }
    let outcome = api.ask(&id, &action, payload, wait_s).await?;
    tracing::info!(station = ?id, ?action, outcome = name_of(&outcome), "a call ended");
    answer(outcome)
}

/// Whether the station would use a password that is not known here, and be locked out by it (A01.FR.03).
///
/// # Errors
/// It cannot be told.
fn sets_password(action: &str, payload: &str) -> Result<bool, ApiError> {
    let payload: Value = serde_json::from_str(payload).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let is = |name: &Value, wanted: &str| name.as_str().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
    Ok(match action {
        "SetVariables" => {
            let settings = payload["setVariableData"].as_array().map_or(&[][..], Vec::as_slice);
            settings.iter().any(|setting| is(&setting["variable"]["name"], "BasicAuthPassword"))
        }
        "ChangeConfiguration" => is(&payload["key"], "AuthorizationKey"),
        // 2.1: that of one way to the CSMS.
        "SetNetworkProfile" => !payload["connectionData"]["basicAuthPassword"].is_null(),
        _ => false,
    })
}

impl Wait {
    /// # Errors
    /// It is too long.
    pub(super) fn checked(&self) -> Result<u32, ApiError> {
        match self.wait_s {
            wait_s @ 0..=LONGEST_WAIT_S => Ok(wait_s),
            _ => Err(ApiError::bad_request(format!("wait_s is {LONGEST_WAIT_S} at most"))),
        }
    }
}

impl Api {
    async fn ask(&self, id: &str, action: &str, payload: Json, wait_s: u32) -> Result<Outcome, ApiError> {
        let action = action.into();
        let raw = |operation, wait_s| Input::RawCall { operation, action, payload, wait_s };
        self.operate(id, wait_s, raw).await
    }

    pub(super) async fn command(&self, id: &str, command: Command, wait_s: u32) -> Result<Outcome, ApiError> {
        self.operate(id, wait_s, |operation, wait_s| Input::Command { operation, command, wait_s }).await
    }

    /// The same for callers without HTTP: a station that cannot be spoken to is offline.
    pub(crate) async fn command_now(&self, id: &str, command: Command) -> Outcome {
        self.command(id, command, 0).await.unwrap_or(Outcome::Offline)
    }

    /// Starts an operation at a station, and waits for its end.
    async fn operate(&self, id: &str, wait_s: u32, input: impl FnOnce(u64, u32) -> Input) -> Result<Outcome, ApiError> {
        let mut waiting = self.shared.calls.begin();
        let input = input(waiting.operation, wait_s.saturating_mul(self.shared.clock.speed()));
        let asking = async {
            if self.stations.send(id, Event::Input(input)).await.is_err() {
                return Err(unavailable());
            }
            (&mut waiting.outcome).await.map_err(|_| unavailable())
        };
        // Waiting for a turn and for the answer may take a call's time each.
        let call = u64::from(Limits::default().call_timeout_s);
        let patience = Duration::from_secs(u64::from(wait_s) + 2 * call) + GRACE;
        tokio::time::timeout(patience, asking).await.unwrap_or(Ok(Outcome::TimedOut))
    }
}

pub(super) fn answer(outcome: Outcome) -> Result<Response, ApiError> {
    let error = |status, error, message: &str| Err(ApiError::new(status, error, message));
    match outcome {
        Outcome::Payload(payload) => Ok(json(payload.as_str().to_owned())),
        // Raw calls end with a payload; a reply would be told in our own words.
        Outcome::Reply(reply) => Ok(json(encode(&reply))),
        Outcome::CallError { code, description, details } => {
            Err(ApiError::call_error(&code, &description, details.as_str()))
        }
        Outcome::Offline => {
            error(StatusCode::SERVICE_UNAVAILABLE, "offline", "the station is not connected; it was not asked")
        }
        Outcome::Lost => error(
            StatusCode::GATEWAY_TIMEOUT,
            "lost",
            "the connection was lost before the station answered; it may have acted or not",
        ),
        Outcome::TimedOut => error(
            StatusCode::GATEWAY_TIMEOUT,
            "timed_out",
            "the station did not answer in time; it may have acted or not",
        ),
        Outcome::Invalid(text) => error(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &text),
        Outcome::NotAccepted => {
            error(StatusCode::CONFLICT, "not_accepted", "the station's registration is not accepted; it was not asked")
        }
        Outcome::Busy => {
            error(StatusCode::TOO_MANY_REQUESTS, "busy", "too many calls wait for this station; it was not asked")
        }
    }
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

pub(super) fn unavailable() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "unavailable",
        "the station's records cannot be read, or the server is full or shutting down",
    )
}

const fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Reply(_) | Outcome::Payload(_) => "answered",
        Outcome::CallError { .. } => "call_error",
        Outcome::Offline => "offline",
        Outcome::Lost => "lost",
        Outcome::TimedOut => "timed_out",
        Outcome::Invalid(_) => "invalid",
        Outcome::NotAccepted => "not_accepted",
        Outcome::Busy => "busy",
    }
}
