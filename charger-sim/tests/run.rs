//! The program `charger-sim run` against a CSMS, over real sockets: what the control interface promises.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use csms_lite::store::{Change, NewStation, Token, TransactionFilter, TransactionRow};
use csms_lite::{Hasher, Options, Running, serve};
use pilotwire::domain::{AuthorizationStatus, IdTokenKind};
use pilotwire_tokio::Clock;
use pilotwire_wire::Password;
use serde_json::{Value, json};

const PASSWORD: &str = "correct-horse-bat";
/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test.
struct Sim {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    /// Events that came while a reply was awaited.
    events: Vec<Value>,
}

impl Sim {
    fn start(csms: &Running, version: &str, more: &[&str]) -> Self {
        let url = format!("ws://{}/ocpp", csms.ocpp);
        let mut child = Command::new(env!("CARGO_BIN_EXE_charger-sim"))
            .args(["run", "--csms", &url, "--id", "CS001", "--version", version, "--control", "--speed", "20"])
            .args(["--set", "OCPPCommCtrlr.RetryBackOffWaitMinimum=1"])
            .args(["--set", "OCPPCommCtrlr.RetryBackOffRandomRange=1"])
            .args(["--set", "OCPPCommCtrlr.MessageTimeout[Default]=120"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("standard output"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "no_json": line }));
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, input, lines, events: Vec::new() }
    }

    /// Sends a line; gives its reply back.
    fn raw(&mut self, line: &str) -> Value {
        let input = self.input.as_mut().expect("standard input");
        writeln!(input, "{line}").expect("the program reads");
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a reply");
            if line.get("reply").is_some() {
                return line;
            }
            self.events.push(line);
        }
    }

    fn play(&mut self, command: Value) {
        let reply = self.raw(&command.to_string());
        assert_eq!(reply["ok"], true, "{command}: {reply}");
    }

    /// Waits for an event that has these members; those before it are forgotten.
    fn until(&mut self, event: &str, members: Value) -> Value {
        let mut waiting = std::mem::take(&mut self.events).into_iter();
        loop {
            let line = match waiting.next() {
                Some(line) => line,
                None => self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {event} {members}")),
            };
            let same =
                members.as_object().is_none_or(|members| members.iter().all(|(name, value)| line[name] == *value));
            if line["event"] == event && same {
                self.events = waiting.collect();
                return line;
            }
        }
    }

    fn quit(mut self) {
        self.play(json!({ "command": "quit" }));
        assert!(self.child.wait().expect("an end").success());
    }

    /// As a power cut would end the process.
    fn kill(mut self) {
        self.child.kill().expect("a process");
        self.child.wait().expect("an end");
    }

    fn plug_and_charge(&mut self) {
        self.play(json!({ "command": "plug", "evse": 1 }));
        self.play(json!({ "command": "token", "token": "04A1B2C3", "evse": 1 }));
        self.until("transaction_started", json!({ "evse": 1 }));
        self.play(json!({ "command": "ev_ready", "evse": 1 }));
        self.until("contactor", json!({ "closed": true }));
    }

    fn stop_and_unplug(&mut self) {
        self.play(json!({ "command": "token", "token": "04A1B2C3", "evse": 1 }));
        self.until("transaction_ended", json!({ "evse": 1 }));
        self.play(json!({ "command": "unplug", "evse": 1 }));
    }

    fn register_wh(&mut self) -> f64 {
        self.raw(r#"{"command":"status"}"#)["evses"][0]["register_wh"].as_f64().expect("a register")
    }
}

/// A CSMS that lets in one station with a password, and knows one token.
async fn csms(folder: &Path) -> Running {
    let mut options = Options::new(folder.join("csms"));
    options.clock = Clock::of_this_computer(20);
    let csms = serve(options).await.expect("a CSMS");
    let hasher = Hasher::default();
    let station = NewStation {
        identity: "CS001".into(),
        password: Some(hasher.hash(Password::new(PASSWORD)).await.expect("a hash")),
        registration: None,
        at: Clock::of_this_computer(1).wall(),
    };
    let token = Token {
        token: "04A1B2C3".into(),
        kind: IdTokenKind::ISO14443,
        status: AuthorizationStatus::Accepted,
        group: None,
        expiry: None,
        language: None,
    };
    csms.store.write(vec![Change::PutStation(station), Change::PutToken(token)]).await.expect("a write");
    csms
}

/// Waits until the CSMS has so many complete bills.
async fn bills(csms: &Running, count: usize) -> Vec<TransactionRow> {
    let filter = TransactionFilter { station: Some("CS001".into()), open: None, after: 0, limit: 10 };
    let complete = async {
        loop {
            let bills = csms.store.transactions(&filter).await.expect("a database");
            if bills.len() >= count && bills.iter().all(|bill| bill.complete) {
                return bills;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, complete).await.expect("complete bills")
}

/// The control interface blocks, so it has a thread of its own while the CSMS runs.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

fn billed_wh(bill: &TransactionRow) -> f64 {
    bill.energy_wh.expect("an energy").to_string().parse().expect("a number")
}

/// 1.6 bills whole watt-hours.
fn assert_billed(bills: &[TransactionRow], metered_wh: f64, version: &str) {
    let billed: f64 = bills.iter().map(billed_wh).sum();
    let tolerance = if version == "1.6" { bills.len() as f64 } else { 0.000_5 };
    assert!(metered_wh > 0.0 && (billed - metered_wh).abs() <= tolerance, "{version}: {billed} of {metered_wh}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_with_a_password_is_billed_and_its_journal_replays() {
    for version in ["1.6", "2.0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let csms = csms(folder.path()).await;
        let journal = folder.path().join("journal.jsonl");
        let file = journal.to_str().unwrap().to_owned();
        let mut sim = Sim::start(&csms, version, &["--password", PASSWORD, "--journal", &file]);
        let metered = aside(move || {
            sim.until("registered", json!({ "status": "Accepted" }));
            sim.plug_and_charge();
            sim.play(json!({ "command": "meter", "evse": 1, "power_w": 11_000 }));
            while sim.register_wh() < 20.0 {}
            sim.stop_and_unplug();
            let metered = sim.register_wh();
            sim.until("status", json!({ "status": "Available" }));
            (metered, sim)
        });
        let (metered, sim) = metered.await;
        let bills = bills(&csms, 1).await;
        assert_billed(&bills, metered, version);
        aside(move || sim.quit()).await;
        let replay = Command::new(env!("CARGO_BIN_EXE_charger-sim")).arg("replay").arg(&journal).output().unwrap();
        assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stdout));
        csms.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_without_a_network_and_with_a_power_cut_is_billed_when_the_network_is_back() {
    for version in ["1.6", "2.0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let csms = csms(folder.path()).await;
        let offline = "AuthCtrlr.OfflineTxForUnknownIdEnabled=true";
        let mut sim = Sim::start(&csms, version, &["--password", PASSWORD, "--set", offline]);
        let played = aside(move || {
            sim.until("registered", json!({ "status": "Accepted" }));
            sim.play(json!({ "command": "net_down" }));
            sim.until("disconnected", json!({}));
            sim.plug_and_charge();
            sim.play(json!({ "command": "power_cut", "off_s": 10 }));
            sim.until("transaction_ended", json!({ "reason": "PowerLoss" }));
            let metered = sim.register_wh();
            sim.play(json!({ "command": "unplug", "evse": 1 }));
            sim.play(json!({ "command": "net_up" }));
            (metered, sim)
        });
        let (metered, sim) = played.await;
        let bills = bills(&csms, 1).await;
        assert_billed(&bills, metered, version);
        assert_eq!(bills[0].stopped_reason.as_deref(), Some("PowerLoss"));
        aside(move || sim.quit()).await;
        csms.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_had_not_delivered_is_delivered_by_the_next_one() {
    for version in ["1.6", "2.0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let csms = csms(folder.path()).await;
        let state = folder.path().join("state").to_str().unwrap().to_owned();
        let options =
            ["--password", PASSWORD, "--state", &state, "--set", "AuthCtrlr.OfflineTxForUnknownIdEnabled=true"];
        let mut sim = Sim::start(&csms, version, &options);
        aside(move || {
            sim.until("registered", json!({ "status": "Accepted" }));
            sim.play(json!({ "command": "net_down" }));
            sim.until("disconnected", json!({}));
            sim.plug_and_charge();
            sim.stop_and_unplug();
            sim.kill();
        })
        .await;
        let sim = Sim::start(&csms, version, &options);
        let bills = bills(&csms, 1).await;
        assert_eq!(bills[0].stopped_reason.as_deref(), Some("Local"));
        aside(move || sim.quit()).await;
        csms.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_told_and_the_station_goes_on_trying() {
    let folder = tempfile::tempdir().unwrap();
    let csms = csms(folder.path()).await;
    let mut sim = Sim::start(&csms, "2.0.1", &["--password", "not-the-right-one"]);
    aside(move || {
        for _ in 0..2 {
            let failed = sim.until("connect_failed", json!({}));
            assert!(failed["error"].as_str().unwrap_or_default().contains("401"), "{failed}");
        }
        sim.quit();
    })
    .await;
    csms.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_makes_no_sense_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let csms = csms(folder.path()).await;
    let mut sim = Sim::start(&csms, "1.6", &["--password", PASSWORD, "--evses", "2"]);
    aside(move || {
        sim.until("registered", json!({}));
        for line in [
            "nonsense",
            "{}",
            "[]",
            r#"{"command":"dance"}"#,
            r#"{"command":"plug"}"#,
            r#"{"command":"plug","evse":"one"}"#,
            r#"{"command":"plug","evse":3}"#,
            r#"{"command":"plug","evse":1,"connector":2}"#,
            r#"{"command":"unplug","evse":1}"#,
            r#"{"command":"ev_ready","evse":1}"#,
            r#"{"command":"token","token":"A","kind":"Stone"}"#,
            r#"{"command":"meter","evse":1,"energy_wh":-5}"#,
            r#"{"command":"clock","time":"yesterday"}"#,
        ] {
            let reply = sim.raw(line);
            assert_eq!(reply["ok"], false, "{line}: {reply}");
            assert!(reply["error"].as_str().is_some_and(|error| error.len() > 5), "{line}: {reply}");
        }
        let long = format!("{{\"command\":\"status\",\"pad\":\"{}\"}}", "x".repeat(70_000));
        assert_eq!(sim.raw(&long)["ok"], false);
        let status = sim.raw(r#"{"command":"status","id":{"any":1}}"#);
        assert_eq!((&status["ok"], &status["id"]), (&json!(true), &json!({ "any": 1 })));
        assert!(status["evses"].as_array().is_some_and(|evses| evses.iter().all(|evse| evse["plugged"].is_null())));
        sim.quit();
    })
    .await;
    csms.shutdown().await;
}
