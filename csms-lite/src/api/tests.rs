//! Requests without a socket.

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use pilotwire_tokio::{Server, ServerConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::Options;
use crate::doorkeeper::Doorkeeper;
use crate::store::Store;

struct Desk {
    router: Router,
    // Both end what depends on them.
    _server: Server<Doorkeeper, StationFactory>,
    _data: TempDir,
}

impl Desk {
    async fn new(token: Option<&str>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let options = Options::new(data.path());
        let store = Store::open(data.path()).await.unwrap();
        let shared = Arc::new(Shared::new(&options, store, 1));
        let factory = StationFactory(Arc::clone(&shared));
        let server = Server::new(Doorkeeper(Arc::clone(&shared)), factory, ServerConfig::default(), options.clock);
        let api = Api { shared, stations: server.handle() };
        Self { router: router(api, token.map(Password::new)), _server: server, _data: data }
    }

    async fn send(&self, request: Request<Body>) -> (u16, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let body = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).unwrap(),
        };
        if status >= 400 {
            assert!(body["error"].is_string() && body["message"].is_string(), "{body}");
        }
        (status, body)
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path);
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn refusal(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (status, body) = self.ask(method, path, body).await;
        (status, body["error"].as_str().unwrap_or_default().to_owned())
    }
}

#[tokio::test]
async fn stations_are_made_changed_and_removed() {
    let desk = Desk::new(None).await;
    let (status, made) = desk.ask("PUT", "/v1/stations/CS%201", r#"{"registration":"Pending"}"#).await;
    assert_eq!(status, 201);
    assert_eq!(
        (&made["identity"], &made["registration"], &made["has_password"], &made["connected"]),
        (&json!("CS 1"), &json!("Pending"), &json!(false), &json!(false))
    );
    let (status, changed) = desk.ask("PUT", "/v1/stations/CS%201", "{}").await;
    assert_eq!((status, &changed["registration"]), (200, &json!("Pending")), "what is not given stays");
    assert_eq!(desk.ask("GET", "/v1/stations/CS%201", "").await.1["connectors"], json!([]));

    assert_eq!(desk.ask("DELETE", "/v1/stations/CS%201", "").await, (204, Value::Null));
    assert_eq!(desk.ask("DELETE", "/v1/stations/CS%201", "").await.0, 404);
    assert_eq!(desk.ask("GET", "/v1/stations/CS%201", "").await.0, 404);
    assert_eq!(desk.ask("GET", "/v1/stations", "").await.1, json!({ "stations": [], "next": null }));
    assert_eq!(desk.ask("PUT", "/v1/stations/CS%201", "{}").await.0, 201);
}

#[tokio::test]
async fn lists_have_pages() {
    let desk = Desk::new(None).await;
    for identity in ["a", "b", "c"] {
        desk.ask("PUT", &format!("/v1/stations/{identity}"), "{}").await;
        desk.ask("PUT", &format!("/v1/tokens/{}", identity.to_uppercase()), "{}").await;
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let (_, page) = desk.ask("GET", &format!("/v1/stations?limit=2&after={after}"), "").await;
        seen.extend(page["stations"].as_array().unwrap().iter().map(|station| station["identity"].clone()));
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["a", "b", "c"]);
    let (_, page) = desk.ask("GET", "/v1/tokens?after=a&limit=1", "").await;
    assert_eq!((&page["tokens"][0]["token"], &page["next"]), (&json!("B"), &json!("B")));
}

#[tokio::test]
async fn tokens_are_made_once_and_changed_at_will() {
    let desk = Desk::new(None).await;
    let body = r#"{"token":"Card","status":"Blocked","expiry":"2030-01-01T00:00:00Z","group":"g","language":"de"}"#;
    let (status, made) = desk.ask("POST", "/v1/tokens", body).await;
    assert_eq!((status, &made["status"], &made["kind"]), (201, &json!("Blocked"), &json!("ISO14443")));
    assert_eq!(desk.refusal("POST", "/v1/tokens", r#"{"token":"cARD"}"#).await, (409, "exists".into()));
    assert_eq!(desk.ask("PUT", "/v1/tokens/CARD", "{}").await.0, 200);
    let (_, shown) = desk.ask("GET", "/v1/tokens/card", "").await;
    assert_eq!((&shown["token"], &shown["status"]), (&json!("CARD"), &json!("Accepted")));
    assert_eq!(desk.ask("DELETE", "/v1/tokens/card", "").await.0, 204);
    assert_eq!(desk.ask("GET", "/v1/tokens/card", "").await.0, 404);
}

/// A01.FR.03: it would be locked out. Without a password here there is nothing that could differ.
#[tokio::test]
async fn a_call_changes_no_password_behind_the_back_of_the_doorkeeper() {
    let desk = Desk::new(None).await;
    let change = |name: &str| {
        let setting =
            json!({ "component": { "name": "SecurityCtrlr" }, "variable": { "name": name }, "attributeValue": "x" });
        let other =
            json!({ "component": { "name": "ClockCtrlr" }, "variable": { "name": "TimeZone" }, "attributeValue": "x" });
        json!({ "setVariableData": [other, setting] }).to_string()
    };
    let key = |name: &str| json!({ "key": name, "value": "x" }).to_string();
    let cases = [
        ("SetVariables", change("basicAuthPassword"), 400),
        ("ChangeConfiguration", key("authorizationkey"), 400),
        ("SetNetworkProfile", json!({ "connectionData": { "basicAuthPassword": "x" } }).to_string(), 400),
        ("SetVariables", change("Identity"), 503),
        ("ChangeConfiguration", key("HeartbeatInterval"), 503),
    ];
    for (is_known, body) in [(false, "{}"), (true, r#"{"password":"a password of mine"}"#)] {
        desk.ask("PUT", "/v1/stations/CS1", body).await;
        for (action, payload, expected) in &cases {
            let (status, told) = desk.refusal("POST", &format!("/v1/stations/CS1/call/{action}"), payload).await;
            let expected = if is_known { *expected } else { 503 };
            assert_eq!(status, expected, "{action} {payload}: {told}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_one_shape() {
    let desk = Desk::new(None).await;
    desk.ask("PUT", "/v1/stations/CS1", "{}").await;
    let long = format!(r#"{{"password":"{}"}}"#, "a".repeat(BODY));
    let bad = "bad_request";
    for (method, path, body, status, error) in [
        ("GET", "/", "", 404, "not_found"),
        ("GET", "/v2/stations", "", 404, "not_found"),
        ("GET", "/v1/nothing", "", 404, "not_found"),
        ("GET", "/v1/stations/CS2", "", 404, "not_found"),
        ("GET", "/v1/transactions/CS1/1", "", 404, "not_found"),
        ("POST", "/v1/stations", "{}", 405, "method_not_allowed"),
        ("GET", "/v1/stations?limit=many", "", 400, bad),
        ("GET", "/v1/stations?page=1", "", 400, bad),
        ("GET", "/v1/transactions?open=perhaps", "", 400, bad),
        ("GET", "/v1/stations/%FF", "", 400, bad),
        ("PUT", "/v1/stations/CS1", "", 400, bad),
        ("PUT", "/v1/stations/CS1", "\u{0}", 400, bad),
        ("PUT", "/v1/stations/CS1", r#"{"passwort":"sixteen letters!"}"#, 400, bad),
        ("PUT", "/v1/stations/CS1", r#"{"password":"short"}"#, 400, bad),
        ("PUT", "/v1/stations/CS1", r#"{"password_hex":"00"}"#, 400, bad),
        ("PUT", "/v1/stations/CS1", r#"{"registration":"Perhaps"}"#, 400, bad),
        ("PUT", "/v1/stations/a:b", "{}", 400, bad),
        ("PUT", "/v1/stations/..%2F..", "{}", 400, bad),
        ("PUT", "/v1/stations/CS1", &long, 413, "too_large"),
        ("POST", "/v1/tokens", "{}", 400, bad),
        ("POST", "/v1/tokens", r#"{"token":""}"#, 400, bad),
        ("POST", "/v1/tokens", r#"{"token":"x","status":"Fine"}"#, 400, bad),
        ("POST", "/v1/tokens", r#"{"token":"x","expiry":"222222017-10-27T19:10:11Z"}"#, 400, bad),
        ("PUT", "/v1/tokens/x", r#"{"token":"y"}"#, 400, bad),
        ("POST", "/v1/stations/CS2/call/Reset", "{}", 404, "not_found"),
        ("POST", "/v1/stations/CS1/call/Reset", "[]", 400, bad),
        ("POST", "/v1/stations/CS1/call/Reset", "{", 400, bad),
        ("POST", "/v1/stations/CS1/call/Re%20set", "{}", 400, bad),
        ("POST", "/v1/stations/CS1/call/Reset?wait_s=-1", "{}", 400, bad),
        ("POST", "/v1/stations/CS1/call/Reset?wait_s=4000", "{}", 400, bad),
        ("POST", "/v1/stations/CS1/call/Reset", "{}", 503, "offline"),
    ] {
        let refusal = desk.refusal(method, path, body).await;
        assert_eq!(refusal, (status, error.to_owned()), "{method} {path} {body:.40}");
    }
}

#[tokio::test]
async fn a_token_protects_everything_but_health() {
    let desk = Desk::new(Some("0123456789abcdef")).await;
    assert_eq!(desk.ask("GET", "/health", "").await, (200, json!({ "status": "ok" })));
    for (header, expected) in [
        (None, 401),
        (Some("Bearer 0123456789abcde"), 401),
        (Some("Basic 0123456789abcdef"), 401),
        (Some("Bearer 0123456789abcdef"), 200),
        (Some("bearer 0123456789abcdef"), 200),
    ] {
        let mut request = Request::builder().uri("/v1/stations");
        if let Some(header) = header {
            request = request.header(header::AUTHORIZATION, header);
        }
        let (status, _) = desk.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, expected, "{header:?}");
    }
}

#[tokio::test]
async fn without_a_token_foreign_pages_are_refused() {
    let desk = Desk::new(None).await;
    let rebound = Request::builder().uri("/v1/stations").header(header::HOST, "evil.example");
    assert_eq!(desk.send(rebound.body(Body::empty()).unwrap()).await.0, 403);
}
