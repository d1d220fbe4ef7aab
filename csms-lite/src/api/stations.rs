//! `/v1/stations`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pilotwire::Event;
use pilotwire::csms::Input;
use pilotwire::domain::RegistrationStatus;
use pilotwire_wire::{Identity, Password};
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::{Api, Asked, At, Body, Page, next_of, page_limit, read_body};
use crate::password::{self, PasswordError};
use crate::store::{Change, ConnectorRow, NewStation, StationRow};

/// How long to wait for the machine of a station that is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// A station as clients see it.
#[derive(Serialize)]
pub(super) struct View {
    #[serde(flatten)]
    row: StationRow,
    connected: bool,
    has_password: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    connectors: Option<Vec<ConnectorRow>>,
}

#[derive(Serialize)]
pub(super) struct List {
    stations: Vec<View>,
    next: Option<String>,
}

/// What a client may set. No `Debug`: there is a secret in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) password: Option<String>,
    password_hex: Option<String>,
    registration: Option<RegistrationStatus>,
}

impl Api {
    fn view(&self, mut row: StationRow, connectors: Option<Vec<ConnectorRow>>) -> View {
        row.last_seen = self.shared.seen.latest(&row.identity).max(row.last_seen);
        View {
            connected: self.stations.is_connected(&row.identity),
            has_password: row.passwords.is_some(),
            row,
            connectors,
        }
    }

    pub(super) async fn known(&self, id: &str) -> Result<StationRow, ApiError> {
        self.shared.store.station(id).await?.ok_or_else(|| ApiError::not_found("station"))
    }

    /// Tells the machine, if there is one: it may have been made before the change.
    async fn tell_registration(&self, id: &str, status: RegistrationStatus) {
        if self.stations.keys().binary_search_by(|key| (**key).cmp(id)).is_err() {
            return;
        }
        let interval_s = self.shared.heartbeat_s;
        let event = Event::Input(Input::Registration { status, interval_s });
        // If it cannot be told now, it is made anew from what is stored, or stands still with its store.
        let told = tokio::time::timeout(PATIENCE, self.stations.send(id, event)).await;
        if !matches!(told, Ok(Ok(()))) {
            tracing::warn!(station = ?id, "a station's new registration reaches it at its next connection only");
        }
    }
}

pub(super) async fn list(State(api): State<Api>, Asked(page): Asked<Page>) -> Result<Json<List>, ApiError> {
    let limit = page_limit(page.limit);
    let rows = api.shared.store.stations(&page.after, limit).await?;
    let next = next_of(&rows, limit, |row| row.identity.clone());
    let stations = rows.into_iter().map(|row| api.view(row, None)).collect();
    Ok(Json(List { stations, next }))
}

pub(super) async fn show(State(api): State<Api>, At(id): At<String>) -> Result<Json<View>, ApiError> {
    let row = api.known(&id).await?;
    let connectors = api.shared.store.connectors(&id).await?;
    Ok(Json(api.view(row, Some(connectors))))
}

pub(super) async fn put(
    State(api): State<Api>,
    At(id): At<String>,
    body: Body,
) -> Result<(StatusCode, Json<View>), ApiError> {
    let identity = Identity::new(&id).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let settings: Settings = read_body(body)?;
    if let Some(RegistrationStatus::Unlisted(_)) = settings.registration {
        return Err(ApiError::bad_request("registration is Accepted, Pending or Rejected"));
    }
    let password = match settings.secret()? {
        Some(password) => Some(api.shared.hasher.hash(password).await.map_err(|_| unhashed())?),
        None => None,
    };
    let is_new = api.shared.store.station(&id).await?.is_none();
    let station = NewStation {
        identity: identity.as_str().into(),
        password,
        registration: settings.registration,
        at: api.shared.clock.wall(),
    };
    api.shared.store.write(vec![Change::PutStation(station)]).await?;
    let row = api.known(&id).await?;
    api.tell_registration(&id, row.registration.clone()).await;
    tracing::info!(station = ?id, is_new, "a station was set");
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(api.view(row, None))))
}

/// A connected station is told to boot, and rejected then.
pub(super) async fn remove(State(api): State<Api>, At(id): At<String>) -> Result<StatusCode, ApiError> {
    let change = Change::RemoveStation(id.as_str().into(), api.shared.clock.wall());
    if api.shared.store.write(vec![change]).await? == 0 {
        return Err(ApiError::not_found("station"));
    }
    api.tell_registration(&id, RegistrationStatus::Rejected).await;
    tracing::info!(station = ?id, "a station was removed");
    Ok(StatusCode::NO_CONTENT)
}

impl Settings {
    pub(super) fn secret(&self) -> Result<Option<Password>, ApiError> {
        let secret = match (&self.password, &self.password_hex) {
            (Some(_), Some(_)) => return Err(ApiError::bad_request("either password or password_hex")),
            (Some(text), None) => password::from_text(text),
            (None, Some(digits)) => password::from_hex(digits),
            (None, None) => return Ok(None),
        };
        secret.map(Some).map_err(|error: PasswordError| ApiError::bad_request(error.to_string()))
    }
}

fn unhashed() -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", PasswordError::Failed.to_string())
}
