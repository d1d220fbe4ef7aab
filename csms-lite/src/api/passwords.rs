//! `/v1/stations/{id}/password`: the station is told to use another password (A01).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pilotwire::Version;
use pilotwire::csms::{Outcome, PasswordFate};
use pilotwire::domain::{Command, Reply, Secret, SetVariableStatus, VariableId, VariableSetting};
use pilotwire_wire::Password;
use serde::Serialize;

use super::calls::{Wait, answer, unavailable};
use super::error::ApiError;
use super::stations::Settings;
use super::{Api, Asked, At, Body, body_text, read_json};
use crate::store::{Change, PasswordStep, StationRow};

/// Bytes of a password that is made here: 40 hexadecimal digits are a password in every version (A00.FR.205).
const BYTES: usize = 20;

#[derive(Serialize)]
pub(super) struct Changed {
    status: SetVariableStatus,
}

/// The new password is known here before the station is asked: whenever something fails, the one that the station uses is
/// let in (A01.FR.03, A01.FR.04).
pub(super) async fn change(
    State(api): State<Api>,
    At(id): At<String>,
    Asked(wait): Asked<Wait>,
    body: Body,
) -> Result<Json<Changed>, ApiError> {
    let station = api.known(&id).await?;
    let wait_s = wait.checked()?;
    let text = body_text(body)?;
    let settings: Settings = read_json(if text.trim().is_empty() { "{}" } else { &text })?;
    let password = match settings.secret()? {
        Some(password) => password,
        None => random()?,
    };
    let value = value(&station, settings.password.as_deref(), &password)?;
    let hash = api.shared.hasher.hash(password).await.map_err(|_| unavailable())?;
    let step = |step| Change::Password(id.as_str().into(), step);
    if api.shared.store.write(vec![step(PasswordStep::Offer(hash))]).await? == 0 {
        return Err(pending(&station));
    }
    let id_of_variable = VariableId::new("SecurityCtrlr", "BasicAuthPassword");
    let setting = VariableSetting { id: id_of_variable, attribute: None, value: value.reveal().into() };
    let outcome = match api.command(&id, Command::SetVariables(vec![setting]), wait_s).await {
        Ok(outcome) => outcome,
        Err(error) => {
            // The machine has not heard of it, or cannot tell any more: nobody knows.
            api.shared.store.write(vec![step(PasswordStep::Settle(PasswordFate::Unknown))]).await?;
            return Err(error);
        }
    };
    match outcome {
        Outcome::Reply(Reply::SetVariables(results)) => {
            let status = results.into_iter().next().map_or(SetVariableStatus::Rejected, |result| result.status);
            tracing::info!(station = ?id, ?status, "a new password was given to a station");
            Ok(Json(Changed { status }))
        }
        other => Err(answer(other).err().unwrap_or_else(unavailable)),
    }
}

fn random() -> Result<Password, ApiError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|_| unavailable())?;
    Ok(Password::new(bytes))
}

/// What the station is told to use, if it may be that. Bytes are told in the digits of 1.6 to every station: in 2.x those are
/// a password too, and who shows them shows those bytes.
fn value(station: &StationRow, text: Option<&str>, password: &Password) -> Result<Secret, ApiError> {
    let version = station.version.as_deref().and_then(|version| version.parse().ok());
    let Some(version): Option<Version> = version else {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "not_seen",
            "the station was never connected: what its passwords may be is not known; set one with PUT",
        ));
    };
    let value = match text {
        Some(text) => Secret::of_password(text.as_bytes(), version),
        None => {
            let digits: String = password.reveal().iter().map(|byte| format!("{byte:02x}")).collect();
            Some(Secret::new(digits)).filter(|digits| digits.is_password(version))
        }
    };
    let rule = match (version, text) {
        (Version::V16, _) => "a password of a 1.6 station has 16 to 20 bytes",
        (_, None) => "the digits of a password are 16 to 40",
        _ => "a password has 16 to 40 letters, digits or characters of *-_=:+|@.",
    };
    value.ok_or_else(|| ApiError::bad_request(rule))
}

fn pending(station: &StationRow) -> ApiError {
    let text = match station.passwords {
        None => "the station has no password that could be changed; set one with PUT",
        Some(_) => "what became of another change is not known yet; the station tells when it connects again",
    };
    ApiError::new(StatusCode::CONFLICT, "pending", text)
}
