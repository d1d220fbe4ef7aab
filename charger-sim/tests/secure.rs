//! The program with security profiles 1 to 3, against a CSMS over real sockets.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use csms_lite::pki::{self, keyed_chain, validity};
use csms_lite::store::{Change, NewStation};
use csms_lite::{Hasher, Options, Running, TlsOptions, serve};
use pilotwire_tokio::Clock;
use pilotwire_wire::Password;

/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(30);
const PASSWORD: &str = "correct-horse-bat";

/// A CSMS with both ports, whose authority is in `folder`.
async fn csms(folder: &Path) -> Running {
    let now = Clock::of_this_computer(1).wall();
    pki::init(folder, "Operator", &["127.0.0.1"], validity(now, 1)).unwrap();
    pki::station(folder, "CS001", validity(now, 1)).unwrap();
    let tls = TlsOptions {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        chains: vec![keyed_chain(&folder.join("server.pem"), &folder.join("server.key")).unwrap()],
        client_roots: vec![pki::read(&folder.join("ca.pem")).unwrap()],
        operator: Some("Operator".into()),
    };
    let running = serve(Options { tls: Some(tls), ..Options::new(folder.join("data")) }).await.unwrap();
    let password = Some(Hasher::default().hash(Password::new(PASSWORD)).await.unwrap());
    let station = NewStation { identity: "CS001".into(), password, registration: None, at: now };
    running.store.write(vec![Change::PutStation(station)]).await.unwrap();
    running
}

fn sim(url: &str, more: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charger-sim"));
    command.args(["run", "--csms", url, "--id", "CS001", "--control"]).args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The first line that the program says with this in it.
fn says(url: &str, more: &[String], wanted: &str) -> String {
    let mut child = sim(url, more).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let found = std::iter::from_fn(|| lines.recv_timeout(PATIENCE).ok()).find(|line| line.contains(wanted));
    drop(child.stdin.take());
    child.wait().unwrap();
    found.unwrap_or_else(|| panic!("{wanted} never came"))
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

#[test]
fn a_security_profile_that_does_not_fit_is_refused_before_anything_is_dialled() {
    for (url, arguments) in [
        ("ws://127.0.0.1:9/", "--security-profile 1"),
        ("ws://127.0.0.1:9/", "--security-profile 2 --password x"),
        ("ws://127.0.0.1:9/", "--security-profile 0 --password x"),
        ("wss://127.0.0.1:9/", "--password x"),
    ] {
        let output = refuses(url, &words(arguments, Path::new("")));
        assert!(!output.status.success() && !output.stderr.is_empty(), "{arguments}");
    }
}
