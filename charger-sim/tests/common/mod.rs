//! The program `charger-sim run` under test, and a CSMS for it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![allow(dead_code, unreachable_pub, reason = "each test uses what it needs")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use csms_lite::store::{Change, Token, TransactionFilter, TransactionRow};
use csms_lite::{Options, Running, serve};
use pilotwire::domain::{AuthorizationStatus, IdTokenKind};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const SIM: &str = env!("CARGO_BIN_EXE_charger-sim");
/// Nobody listens there.
pub const NOWHERE: &str = "ws://127.0.0.1:9/ocpp";
/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A CSMS that lets everybody in and knows one token.
pub struct Csms {
    pub url: String,
    runtime: Runtime,
    running: Option<Running>,
    _folder: TempDir,
}

impl Csms {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let mut options = Options::new(folder.path().join("csms"));
        options.insecure = true;
        let token = Token {
            token: "04A1B2C3".into(),
            kind: IdTokenKind::ISO14443,
            status: AuthorizationStatus::Accepted,
            group: None,
            expiry: None,
            language: None,
        };
        let running = runtime.block_on(async {
            let running = serve(options).await.unwrap();
            running.store.write(vec![Change::PutToken(token)]).await.unwrap();
            running
        });
        Self { url: format!("ws://{}/ocpp", running.ocpp), runtime, running: Some(running), _folder: folder }
    }
}

impl Csms {
    /// All bills, as soon as all of them are complete and enough, or as they are when patience is over.
    pub fn bills(&self, enough: impl Fn(&[TransactionRow]) -> bool) -> Vec<TransactionRow> {
        let filter = TransactionFilter { station: None, open: None, after: 0, limit: 500 };
        self.runtime.block_on(async {
            let mut bills = Vec::new();
            for _ in 0..PATIENCE.as_millis() / 50 {
                bills = self.running.as_ref().unwrap().store.transactions(&filter).await.unwrap();
                if bills.iter().all(|bill| bill.complete) && enough(&bills) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            bills
        })
    }
}

impl Drop for Csms {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}

pub struct Sim {
    pub child: Child,
    input: ChildStdin,
    lines: Receiver<Value>,
    events: Vec<Value>,
}

pub fn command(url: &str, more: &[&str]) -> Command {
    let mut command = Command::new(SIM);
    command.args(["run", "--csms", url, "--id", "CS001", "--control", "--speed", "30"]);
    command.args(["--security-profile", "0"]);
    command.args(["--set", "OCPPCommCtrlr.MessageTimeout[Default]=120"]).args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Sim {
    pub fn start(url: &str, more: &[&str]) -> Self {
        let mut child = command(url, more).stderr(Stdio::inherit()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap_or_else(|_| json!({ "no_json": line })));
            }
        });
        Self { child, input, lines, events: Vec::new() }
    }

    pub fn in_directory(url: &str, path: &Path) -> Self {
        Self::start(url, &["--state", path.to_str().unwrap()])
    }

    pub fn line(&mut self) -> Value {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    pub fn reply(&mut self, command: Value) -> Value {
        writeln!(self.input, "{command}").unwrap();
        loop {
            let line = self.line();
            if line.get("reply").is_some() {
                return line;
            }
            self.events.push(line);
        }
    }

    pub fn play(&mut self, command: Value) -> Value {
        let reply = self.reply(command);
        assert_eq!(reply["ok"], true, "{reply}");
        reply
    }

    pub fn refused(&mut self, command: Value) -> String {
        let reply = self.reply(command);
        assert_eq!(reply["ok"], false, "{reply}");
        reply["error"].as_str().unwrap().to_owned()
    }

    pub fn until(&mut self, event: &str) -> Value {
        let known = self.events.iter().position(|known| known["event"] == event);
        if let Some(at) = known {
            return self.events.drain(..=at).next_back().unwrap();
        }
        self.events.clear();
        loop {
            let line = self.line();
            if line["event"] == event {
                return line;
            }
        }
    }

    pub fn evse(&mut self) -> Value {
        self.play(json!({ "command": "status" }))["evses"][0].clone()
    }

    pub fn charge(&mut self, vehicle: Value) {
        self.until("registered");
        let mut plug = vehicle;
        plug["command"] = "plug".into();
        plug["evse"] = 1.into();
        self.play(plug);
        self.play(json!({ "command": "token", "token": "04A1B2C3", "evse": 1 }));
        self.until("transaction_started");
        self.play(json!({ "command": "ev_ready", "evse": 1 }));
        assert_eq!(self.until("contactor")["closed"], true);
    }

    pub fn quit(mut self) {
        self.play(json!({ "command": "quit" }));
        assert!(self.child.wait().unwrap().success());
    }
}
