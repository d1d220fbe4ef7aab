//! `/v1/tokens`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pilotwire::DateTime;
use pilotwire::domain::{AuthorizationStatus, IdTokenKind};
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::{Api, Asked, At, Body, Page, next_of, page_limit, read_body};
use crate::store::{Change, Token};

/// Characters of a token (2.0.1: idToken), of a group and of a language.
const TOKEN: usize = 36;
const LANGUAGE: usize = 8;

#[derive(Serialize)]
pub(super) struct List {
    tokens: Vec<Token>,
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    token: Option<String>,
    kind: Option<IdTokenKind>,
    status: Option<AuthorizationStatus>,
    group: Option<String>,
    expiry: Option<DateTime>,
    language: Option<String>,
}

pub(super) async fn list(State(api): State<Api>, Asked(page): Asked<Page>) -> Result<Json<List>, ApiError> {
    let limit = page_limit(page.limit);
    let tokens = api.shared.store.tokens(&page.after, limit).await?;
    let next = next_of(&tokens, limit, |token| token.token.clone());
    Ok(Json(List { tokens, next }))
}

pub(super) async fn show(State(api): State<Api>, At(token): At<String>) -> Result<Json<Token>, ApiError> {
    let found = api.shared.store.token(&token).await?;
    found.map(Json).ok_or_else(|| ApiError::not_found("token"))
}

pub(super) async fn add(State(api): State<Api>, body: Body) -> Result<(StatusCode, Json<Token>), ApiError> {
    let mut settings: Settings = read_body(body)?;
    let name = settings.token.take().ok_or_else(|| ApiError::bad_request("token is missing"))?;
    let token = settings.token(name)?;
    if api.shared.store.write(vec![Change::AddToken(token.clone())]).await? == 0 {
        return Err(ApiError::new(StatusCode::CONFLICT, "exists", "there is such a token already"));
    }
    Ok((StatusCode::CREATED, Json(token)))
}

pub(super) async fn put(
    State(api): State<Api>,
    At(name): At<String>,
    body: Body,
) -> Result<(StatusCode, Json<Token>), ApiError> {
    let mut settings: Settings = read_body(body)?;
    if settings.token.take().is_some_and(|token| token != name) {
        return Err(ApiError::bad_request("token in the body differs from that in the path"));
    }
    let token = settings.token(name)?;
    let is_new = api.shared.store.token(&token.token).await?.is_none();
    api.shared.store.write(vec![Change::PutToken(token.clone())]).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(token)))
}

pub(super) async fn remove(State(api): State<Api>, At(token): At<String>) -> Result<StatusCode, ApiError> {
    match api.shared.store.write(vec![Change::RemoveToken(token)]).await? {
        0 => Err(ApiError::not_found("token")),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

impl Settings {
    fn token(self, token: String) -> Result<Token, ApiError> {
        let within = |text: &str, max| (1..=max).contains(&text.chars().count());
        if !within(&token, TOKEN) || self.group.as_ref().is_some_and(|group| !within(group, TOKEN)) {
            return Err(ApiError::bad_request("a token and a group have 1 to 36 characters"));
        }
        if self.language.as_ref().is_some_and(|language| !within(language, LANGUAGE)) {
            return Err(ApiError::bad_request("a language has 1 to 8 characters"));
        }
        let kind = self.kind.unwrap_or(IdTokenKind::ISO14443);
        let status = self.status.unwrap_or(AuthorizationStatus::Accepted);
        if matches!(kind, IdTokenKind::Unlisted(_)) || matches!(status, AuthorizationStatus::Unlisted(_)) {
            return Err(ApiError::bad_request("kind and status are words of OCPP 2.0.1"));
        }
        Ok(Token { token, kind, status, group: self.group, expiry: self.expiry, language: self.language })
    }
}
