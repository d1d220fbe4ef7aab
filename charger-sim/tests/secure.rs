//! The program with security profiles 1 to 3, against a CSMS over real sockets.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{self, Child, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use csms_lite::pki::{self, keyed_chain, validity};
use csms_lite::store::{Change, NewStation};
use csms_lite::{Hasher, Options, Running, Signer, TlsOptions, serve};
use pilotwire::csms::Outcome;
use pilotwire::domain::{
    Command, MessageTrigger, Reply, SetVariableStatus, TriggerMessageStatus, VariableId, VariableSetting,
};
use pilotwire_pki::authority::Authority;
use pilotwire_tokio::Clock;
use pilotwire_wire::Password;

/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(30);
const PASSWORD: &str = "correct-horse-bat";

/// A CSMS with both ports, whose authority is in `folder` and signs what stations ask for.
async fn csms(folder: &Path) -> Running {
    let now = Clock::of_this_computer(1).wall();
    pki::init(folder, "Operator", &["127.0.0.1"], validity(now, 1)).unwrap();
    pki::station(folder, "CS001", validity(now, 1)).unwrap();
    let tls = TlsOptions {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        chains: vec![keyed_chain(&folder.join("server.pem"), &folder.join("server.key")).unwrap()],
        client_roots: vec![pki::read(&folder.join("ca.pem")).unwrap()],
        revoked: Vec::new(),
        operator: Some("Operator".into()),
    };
    let authority = Arc::new(Mutex::new(Authority::load(folder).unwrap()));
    let signer = Some(Arc::new(Signer::Authority { authority, days: 90 }));
    let running = serve(Options { tls: Some(tls), signer, ..Options::new(folder.join("data")) }).await.unwrap();
    let password = Some(Hasher::default().hash(Password::new(PASSWORD)).await.unwrap());
    let station = NewStation { identity: "CS001".into(), password, registration: None, at: now };
    running.store.write(vec![Change::PutStation(station)]).await.unwrap();
    running
}

fn sim(url: &str, more: &[String]) -> process::Command {
    let mut command = process::Command::new(env!("CARGO_BIN_EXE_charger-sim"));
    command.args(["run", "--csms", url, "--id", "CS001", "--control"]).args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program, and what it says.
struct Sim {
    child: Child,
    lines: Receiver<String>,
}

impl Sim {
    fn start(url: &str, more: &[String]) -> Self {
        let mut child = sim(url, more).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The next line with these words in it.
    fn says(&mut self, wanted: &[&str]) -> String {
        let mut lines = std::iter::from_fn(|| self.lines.recv_timeout(PATIENCE).ok());
        let found = lines.find(|line| wanted.iter().all(|word| line.contains(word)));
        found.unwrap_or_else(|| panic!("{wanted:?} never came"))
    }

    /// As a power cut would end it.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn quit(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

/// The first line that the program says with this in it.
fn says(url: &str, more: &[String], wanted: &str) -> String {
    let mut sim = Sim::start(url, more);
    let line = sim.says(&[wanted]);
    sim.quit();
    line
}

fn refuses(url: &str, more: &[String]) -> Output {
    sim(url, more).output().unwrap()
}

fn words(text: &str, folder: &Path) -> Vec<String> {
    text.split(' ').map(|word| word.replace("DIR", &folder.to_string_lossy())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charger_boots_with_each_security_profile() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("pki");
    let csms = csms(&folder).await;
    let (ws, wss) = (format!("ws://{}/ocpp", csms.ocpp), format!("wss://{}/ocpp", csms.wss.unwrap()));
    std::fs::write(folder.join("password"), PASSWORD).unwrap();
    for (url, arguments) in [
        (&ws, "--security-profile 1 --password-file DIR/password"),
        (&wss, "--security-profile 2 --password-file DIR/password --tls-ca DIR/ca.pem"),
        (&wss, "--security-profile 3 --tls-ca DIR/ca.pem --tls-cert DIR/CS001.pem --tls-key DIR/CS001.key"),
    ] {
        let line = says(url, &words(arguments, &folder), "registered");
        assert!(line.contains("Accepted"), "{arguments}: {line}");
    }
    let row = csms.store.station("CS001").await.unwrap().unwrap();
    assert_eq!(i32::from(row.security_profile), 3);
    csms.shutdown().await;
}

/// S-10: a CSMS that nobody vouches for is not spoken to, and the reason is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_charger_does_not_speak_to_a_csms_that_it_cannot_verify() {
    let folder = tempfile::tempdir().unwrap();
    let csms = csms(&folder.path().join("pki")).await;
    let stranger = folder.path().join("stranger");
    let now = Clock::of_this_computer(1).wall();
    pki::init(&stranger, "Operator", &["127.0.0.1"], validity(now, 1)).unwrap();
    let wss = format!("wss://{}/ocpp", csms.wss.unwrap());
    let arguments = format!("--password {PASSWORD} --tls-ca DIR/ca.pem");
    let line = says(&wss, &words(&arguments, &stranger), "connect_failed");
    assert!(line.contains("certificate"), "{line}");
    csms.shutdown().await;
}

async fn told(csms: &Running, command: Command) -> Reply {
    match csms.command("CS001", command).await {
        Outcome::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

/// A02, A03, R-6: the certificate is renewed while the charger is connected, the next connection shows it, and so does the
/// next life: the factory's is not asked for any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_outlives_the_process() {
    for version in ["1.6", "2.0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("pki");
        let csms = csms(&folder).await;
        let wss = format!("wss://{}/ocpp", csms.wss.unwrap());
        let arguments = format!(
            "--tls-ca DIR/ca.pem --tls-cert DIR/CS001.pem --tls-key DIR/CS001.key --state DIR/state --version {version}"
        );
        let arguments = words(&arguments, &folder);
        let mut first = Sim::start(&wss, &arguments);
        first.says(&["registered", "Accepted"]);
        let message = MessageTrigger::SignChargingStationCertificate;
        let reply = told(&csms, Command::Trigger { message, place: None }).await;
        assert_eq!(reply, Reply::Trigger(TriggerMessageStatus::Accepted));
        first.says(&[r#""event":"use_network""#, r#""key":1"#]);
        first.says(&[r#""event":"connected""#]);
        first.kill();
        let mut second = Sim::start(&wss, &arguments);
        second.says(&[r#""event":"use_network""#, r#""key":1"#]);
        second.says(&["registered", "Accepted"]);
        second.quit();
        csms.shutdown().await;
    }
}

/// A01, R-6: a password that the CSMS gave goes before the factory's, in the next life too.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_outlives_the_process() {
    for (version, value) in [("1.6", "61".repeat(18)), ("2.0.1", "another-password".into())] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("pki");
        let csms = csms(&folder).await;
        let ws = format!("ws://{}/ocpp", csms.ocpp);
        let arguments = words(&format!("--password {PASSWORD} --state DIR/state --version {version}"), &folder);
        let mut first = Sim::start(&ws, &arguments);
        first.says(&["registered", "Accepted"]);
        let revealed = if version == "1.6" { "a".repeat(18) } else { value.clone() };
        let password = Some(Hasher::default().hash(Password::new(revealed)).await.unwrap());
        let at = Clock::of_this_computer(1).wall();
        let station = NewStation { identity: "CS001".into(), password, registration: None, at };
        csms.store.write(vec![Change::PutStation(station)]).await.unwrap();
        let id = VariableId::new("SecurityCtrlr", "BasicAuthPassword");
        let setting = VariableSetting { id, attribute: None, value: value.as_str().into() };
        let Reply::SetVariables(results) = told(&csms, Command::SetVariables(vec![setting])).await else {
            panic!("another reply");
        };
        assert_eq!(results[0].status, SetVariableStatus::Accepted);
        first.says(&[r#""event":"disconnected""#]);
        first.says(&[r#""event":"connected""#]);
        first.kill();
        let mut second = Sim::start(&ws, &arguments);
        second.says(&["registered", "Accepted"]);
        second.quit();
        csms.shutdown().await;
    }
}

#[test]
fn a_security_profile_that_does_not_fit_is_refused_before_anything_is_dialled() {
    for (url, arguments) in [
        ("ws://127.0.0.1:9/", "--speed 1"),
        ("ws://127.0.0.1:9/", "--security-profile 1"),
        ("ws://127.0.0.1:9/", "--security-profile 2 --password x"),
        ("ws://127.0.0.1:9/", "--security-profile 0 --password x"),
        ("wss://127.0.0.1:9/", "--password x"),
    ] {
        let output = refuses(url, &words(arguments, Path::new("")));
        assert!(!output.status.success() && !output.stderr.is_empty(), "{arguments}");
    }
}
