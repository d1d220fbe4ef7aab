//! Who may use the API.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use pilotwire_wire::{Password, same_bytes};

use super::error::ApiError;

/// With a token: who presents it. Without: whoever is on this computer, but no page of somewhere else in a browser here.
pub(super) async fn guard(State(token): State<Arc<Option<Password>>>, request: Request, next: Next) -> Response {
    let verdict = match &*token {
        Some(token) => bearer(request.headers(), token),
        None => from_here(request.headers()),
    };
    match verdict {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn bearer(headers: &HeaderMap, token: &Password) -> Result<(), ApiError> {
    let presented = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let presented = presented.and_then(|value| {
        let (scheme, token) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
    });
    match presented {
        Some(presented) if same_bytes(presented, token.reveal()) => Ok(()),
        _ => Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Authorization: Bearer with the API token is required",
        )),
    }
}

/// A name that somebody made point to this computer is not ours (DNS rebinding), nor is a foreign page's request.
fn from_here(headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name| headers.get(name).map(|value: &header::HeaderValue| value.to_str().unwrap_or_default());
    let host = text(header::HOST);
    let origin = text(header::ORIGIN);
    let foreign_host = host.is_some_and(|host| !is_loopback(host));
    let foreign_page = origin.is_some_and(|origin| origin.strip_prefix("http://") != host);
    if foreign_host || foreign_page {
        let message = "without an API token, requests must come from this computer and go to a loopback address";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_ours() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.9.9.9", "[::1]:80", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "localhost.evil"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_foreign_page_is_refused() {
        let check = |host: &'static str, origin: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            from_here(&headers).is_ok()
        };
        assert!(check("localhost:8080", "http://localhost:8080"));
        assert!(!check("localhost:8080", "http://localhost:9090"));
        assert!(!check("localhost:8080", "https://evil.example"));
        assert!(!check("localhost:8080", "null"));
    }
}
