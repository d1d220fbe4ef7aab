//! A disk that fails, and a process that dies.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Peer, event, get, get_from, soon};
use csms_lite::{Options, Running, serve};
use pilotwire::Version;
use pilotwire_tokio::Clock;
use serde_json::{Value, json};
use sqlx::SqlitePool;

/// Fast, because the machine rests for seconds after a failure.
async fn start_fast(data: &Path) -> Running {
    let options = Options { insecure: true, clock: Clock::of_this_computer(100), ..Options::new(data) };
    serve(options).await.unwrap()
}

/// Breaks and mends the table of events, from outside.
async fn saboteur(data: &Path) -> SqlitePool {
    SqlitePool::connect(&format!("sqlite:{}", data.join("csms-lite.db").display())).await.unwrap()
}

const BREAK: &str = "CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'disk full'); END";
const MEND: &str = "DROP TRIGGER broken";

/// C-7
#[tokio::test]
async fn an_event_that_cannot_be_stored_is_answered_with_an_error() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_fast(data.path()).await;
    let mut peer = Peer::booted(&csms, "CS1", Version::V201).await;
    let disk = saboteur(data.path()).await;
    sqlx::query(BREAK).execute(&disk).await.unwrap();
    let started = event("Started", 0, "2026-01-31T12:00:00Z", 100, Some("card"));
    let refused = peer.ask("TransactionEvent", started.clone()).await;
    assert_eq!((&refused[0], &refused[2]), (&json!(4), &json!("InternalError")));
    assert_eq!(get(&csms, "/v1/transactions").await["transactions"], json!([]));

    sqlx::query(MEND).execute(&disk).await.unwrap();
    // The machine trusts its store again after a while.
    let taken = async { while peer.ask("TransactionEvent", started.clone()).await[0] != 3 {} };
    soon(taken).await;
    assert_eq!(get(&csms, "/v1/transactions/CS1/T-1").await["events"].as_array().unwrap().len(), 1);
    disk.close().await;
    csms.shutdown().await;
}

/// C-7: the machine acknowledges an event without a token by itself, so nothing may be said before it is stored.
#[tokio::test]
async fn an_event_that_cannot_be_stored_is_not_acknowledged_before_it_can() {
    let data = tempfile::tempdir().unwrap();
    let csms = start_fast(data.path()).await;
    let mut peer = Peer::booted(&csms, "CS1", Version::V201).await;
    let mut other = Peer::booted(&csms, "CS2", Version::V201).await;
    let disk = saboteur(data.path()).await;
    sqlx::query(BREAK).execute(&disk).await.unwrap();
    let ended = event("Ended", 1, "2026-01-31T13:00:00Z", 900, None);
    peer.send(&json!([2, "1", "TransactionEvent", ended]).to_string()).await;
    // Longer than all attempts at what may be refused.
    let early = tokio::time::timeout(Duration::from_secs(2), peer.next()).await;
    assert!(early.is_err(), "{early:?}");
    other.call("Heartbeat", json!({})).await;

    sqlx::query(MEND).execute(&disk).await.unwrap();
    assert_eq!(peer.next_frame().await, json!([3, "1", {}]));
    assert_eq!(get(&csms, "/v1/transactions/CS1/T-1").await["events"].as_array().unwrap().len(), 1);
    disk.close().await;
    csms.shutdown().await;
}

/// The program, with its log.
struct Program {
    child: Child,
    ocpp: SocketAddr,
    http: SocketAddr,
}

impl Program {
    fn start(data: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_csms-lite"))
            .args(["serve", "--ocpp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--insecure", "--data"])
            .arg(data)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let address = |name: &str| ready[name].as_str().unwrap().parse().unwrap();
        Self { ocpp: address("ocpp"), http: address("http"), child }
    }

    fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    fn log(&mut self) -> String {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// C-8: killed at any moment, it has what it acknowledged.
#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let data = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for life in 0..3 {
        let mut program = Program::start(data.path(), &[]);
        let mut peer = Peer::dial(program.ocpp, "CS1", Version::V201, "").await.unwrap();
        if life == 0 {
            assert_eq!(peer.boot(Version::V201).await["status"], "Accepted");
        }
        for _ in 0..20 {
            let kind = if acknowledged == 0 { "Started" } else { "Updated" };
            let at = format!("2026-01-31T12:{acknowledged:02}:00Z");
            let wh = u32::try_from(acknowledged).unwrap() * 10;
            peer.call("TransactionEvent", event(kind, acknowledged, &at, wh, None)).await;
            acknowledged += 1;
        }
        program.child.kill().unwrap();
    }
    let program = Program::start(data.path(), &[]);
    let row = get_from(program.http, "/v1/transactions/CS1/T-1").await;
    assert_eq!(row["events"].as_array().unwrap().len(), 60);
    assert_eq!((&row["last_wh"], &row["missing"]), (&json!(590), &json!([])));
    // The ledger knows where it was, too.
    let mut peer = Peer::dial(program.ocpp, "CS1", Version::V201, "").await.unwrap();
    peer.call("TransactionEvent", event("Ended", 60, "2026-01-31T13:00:00Z", 600, None)).await;
    let row = get_from(program.http, "/v1/transactions/CS1/T-1").await;
    assert_eq!((&row["energy_wh"], &row["complete"]), (&json!(600), &json!(true)));
}

/// S-18: one event, one line, whatever a station says; and no secret in any.
#[tokio::test]
async fn the_log_has_a_line_for_each_event() {
    for format in ["plain", "json"] {
        let data = tempfile::tempdir().unwrap();
        let mut program = Program::start(data.path(), &["--log-format", format]);
        let mut peer = Peer::dial(program.ocpp, "CS\u{202e}1", Version::V16, "a secret of mine!").await.unwrap();
        let evil = json!({ "chargePointVendor": "V\r\n\u{1b}[31m", "chargePointModel": "M\nfake line\u{202e}" });
        peer.call("BootNotification", evil).await;
        peer.call("Authorize", json!({ "idTag": "SECRETTAG" })).await;
        peer.ask("Evil\r\nAction\u{1b}[31m", json!({})).await;
        peer.send("not a frame\r\n\u{1b}[31m at all").await;
        peer.call("Heartbeat", json!({})).await;
        program.terminate();
        let log = program.log();
        assert!(program.child.wait().unwrap().success());
        assert!(log.lines().count() > 4, "{log}");
        for line in log.lines() {
            let whole = match format {
                "json" => serde_json::from_str::<Value>(line).is_ok_and(|event| event["level"].is_string()),
                _ => line.starts_with("20") && [" INFO ", " WARN "].iter().any(|level| line.contains(level)),
            };
            assert!(whole && !line.contains(['\r', '\u{1b}', '\u{202e}']), "{line:?}");
            assert!(!line.contains("secret of mine") && !line.contains("SECRETTAG"), "{line:?}");
        }
    }
}

#[test]
fn an_api_without_a_token_is_not_opened_to_the_world() {
    let data = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_csms-lite"))
        .args(["serve", "--ocpp", "127.0.0.1:0", "--http", "0.0.0.0:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("API token") && text.lines().count() == 1, "{text}");
}
