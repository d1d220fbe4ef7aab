//! Logs and firmware over real sockets (N01, L01): a file server on the loopback interface, a CSMS, and the program.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "common/file_server.rs"]
mod file_server;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use csms_lite::pki::{self, validity};
use csms_lite::store::{Change, NewStation, StationRow};
use csms_lite::{Hasher, Options, Running, serve};
use file_server::{Server, signature};
use pilotwire::DateTime;
use pilotwire::csms::Outcome;
use pilotwire::domain::{
    Command, FirmwareSignature, FirmwareUpdate, LogKind, LogRequest, LogStatus, Reply, UpdateFirmwareStatus,
};
use pilotwire_tokio::Clock;
use pilotwire_wire::Password;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;

/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(30);
const PASSWORD: &str = "correct-horse-bat";
const FIRMWARE: &[u8] = b"2.0-test\nall that a virtual charger needs\n";

/// A CSMS that lets CS001 in with a password, and an authority in `folder` that also plays the manufacturer.
async fn csms(folder: &Path) -> Running {
    let now = Clock::of_this_computer(1).wall();
    pki::init(folder, "Operator", &["127.0.0.1"], validity(now, 1)).unwrap();
    pki::station(folder, "Signer", validity(now, 1)).unwrap();
    let running = serve(Options::new(folder.join("data"))).await.unwrap();
    let password = Some(Hasher::default().hash(Password::new(PASSWORD)).await.unwrap());
    let station = NewStation { identity: "CS001".into(), password, registration: None, at: now };
    running.store.write(vec![Change::PutStation(station)]).await.unwrap();
    running
}

/// The program, and what it tells.
struct Sim {
    child: Child,
    lines: Arc<Mutex<Receiver<Value>>>,
}

impl Sim {
    fn start(csms: &Running, folder: &Path, version: &str) -> Self {
        let url = format!("ws://{}/ocpp", csms.ocpp);
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let mut child = Process::new(env!("CARGO_BIN_EXE_charger-sim"))
            .args(["run", "--csms", &url, "--id", "CS001", "--version", version, "--control", "--password", PASSWORD])
            .args(["--firmware", "1.0", "--firmware-ca", &path("ca.pem"), "--files-ca", &path("ca.pem")])
            .args(["--state", &path("state"), "--set", "OCPPCommCtrlr.RetryBackOffWaitMinimum=1"])
            .args(["--journal", &path("journal.jsonl")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let read = |line: String| serde_json::from_str(&line).unwrap_or(Value::String(line));
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(read(line)))
        });
        Self { child, lines: Arc::new(Mutex::new(lines)) }
    }

    /// Waits for an event that has these members.
    async fn until(&self, event: &'static str, members: Value) -> Value {
        let lines = Arc::clone(&self.lines);
        let wait = move || {
            let lines = lines.lock().unwrap();
            let is_meant = |line: &Value| {
                let same = |(name, value): (&String, &Value)| line[name] == *value;
                line["event"] == event && members.as_object().unwrap().iter().all(same)
            };
            let mut told = Vec::new();
            while let Ok(line) = lines.recv_timeout(PATIENCE) {
                if is_meant(&line) {
                    return line;
                }
                told.push(line);
            }
            panic!("no {event} {members}: {told:?}")
        };
        tokio::task::spawn_blocking(wait).await.unwrap()
    }

    fn quit(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

async fn told(csms: &Running, command: Command) -> Reply {
    match csms.command("CS001", command).await {
        Outcome::Reply(reply) => reply,
        other => panic!("{other:?}"),
    }
}

/// Waits until the CSMS knows this of the station.
async fn known(csms: &Running, is_so: impl Fn(&StationRow) -> bool) -> StationRow {
    let wait = async {
        loop {
            let row = csms.store.station("CS001").await.unwrap().unwrap();
            if is_so(&row) {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap()
}

fn log(kind: LogKind, location: String) -> Command {
    Command::GetLog(Box::new(LogRequest {
        request_id: 5,
        kind,
        location: location.into(),
        oldest: None,
        latest: None,
        retries: Some(0),
        retry_interval_s: None,
    }))
}

/// Firmware that the authority's station signs.
fn update(folder: &Path, location: String, content: &[u8]) -> Command {
    let key = std::fs::read(folder.join("Signer.key")).unwrap();
    let key = PrivatePkcs8KeyDer::from_pem_slice(&key).unwrap();
    let signature = signature(&key, content);
    let certificate = std::fs::read_to_string(folder.join("Signer.pem")).unwrap();
    let certificate = Some(certificate.split_inclusive("-----END CERTIFICATE-----").next().unwrap().into());
    Command::UpdateFirmware(Box::new(FirmwareUpdate {
        request_id: 6,
        location: location.into(),
        retrieve_at: DateTime::UNIX_EPOCH,
        install_at: None,
        signed: Some(Box::new(FirmwareSignature { certificate, signature: Some(signature.into()) })),
        retries: Some(0),
        retry_interval_s: None,
    }))
}

/// TC_079, TC_N_25, TC_N_35: the logs arrive, by PUT with a password of their own, and by POST where nothing else is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_arrive_at_a_server() {
    for version in ["1.6", "2.0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("pki");
        let csms = csms(&folder).await;
        let server = Server::start(None, |line| if line.starts_with("PUT /post/") { (405, b"") } else { (201, b"") });
        let sim = Sim::start(&csms, &folder, version);
        sim.until("registered", serde_json::json!({ "status": "Accepted" })).await;
        let reply = told(&csms, log(LogKind::DiagnosticsLog, format!("http://u:p@{}/put/", server.address))).await;
        let Reply::GetLog { status: LogStatus::Accepted, name: Some(name), .. } = reply else { panic!("{reply:?}") };
        let asked = server.next();
        assert_eq!(asked.line, format!("PUT /put/{name} HTTP/1.1"));
        assert!(asked.head.to_ascii_lowercase().contains("authorization: basic dtpw"), "{}", asked.head);
        assert!(asked.body.contains("\"event\":\"registered\""), "{}", asked.body);
        known(&csms, |row| row.log_status.as_deref() == Some("Uploaded")).await;
        let Command::UpdateFirmware(mut nonsense) = update(&folder, "http://127.0.0.1:9/".into(), b"") else {
            panic!()
        };
        nonsense.signed =
            Some(Box::new(FirmwareSignature { certificate: Some("pem".into()), signature: Some("".into()) }));
        told(&csms, Command::UpdateFirmware(nonsense)).await;
        told(&csms, log(LogKind::SecurityLog, format!("http://{}/post/", server.address))).await;
        assert!(server.next().line.starts_with("PUT /post/security-5.txt "));
        let asked = server.next();
        assert_eq!(asked.line, "POST /post/ HTTP/1.1");
        assert!(asked.head.contains("name=\"uploadfile\"; filename=\"security-5.txt\""), "{}", asked.head);
        assert!(asked.body.contains("\"kind\":\"InvalidFirmwareSigningCertificate\""), "{}", asked.body);
        sim.quit();
        csms.shutdown().await;
    }
}

/// TC_N_26: what the server says becomes the status.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_a_server_refuses_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("pki");
    let csms = csms(&folder).await;
    let server = Server::start(None, |line| (if line.contains("denied") { 403 } else { 500 }, b""));
    let sim = Sim::start(&csms, &folder, "2.0.1");
    sim.until("registered", serde_json::json!({ "status": "Accepted" })).await;
    for (location, status) in [
        (format!("http://{}/denied", server.address), "PermissionDenied"),
        ("file:///etc/passwd".into(), "NotSupportedOperation"),
        (format!("http://{}/broken", server.address), "UploadFailure"),
        ("ftp://127.0.0.1/log".into(), "NotSupportedOperation"),
        ("http://127.0.0.1:9/nobody".into(), "UploadFailure"),
    ] {
        told(&csms, log(LogKind::DiagnosticsLog, location)).await;
        known(&csms, |row| row.log_status.as_deref() == Some(status)).await;
    }
    sim.quit();
    csms.shutdown().await;
}

/// S-15: a CSMS that wants one log after the other sent to where nobody answers gets no more than a few threads for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_that_nobody_ends_are_few() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("pki");
    let csms = csms(&folder).await;
    let server = Server::start(None, |_| (200, b""));
    let sim = Sim::start(&csms, &folder, "2.0.1");
    sim.until("registered", serde_json::json!({ "status": "Accepted" })).await;
    let slow = || log(LogKind::DiagnosticsLog, format!("http://{}/slow", server.address));
    for _ in 0..8 {
        told(&csms, slow()).await;
        server.next();
    }
    told(&csms, slow()).await;
    let why = "8 transfers are alive already";
    sim.until("file_done", serde_json::json!({ "task": "upload", "result": "broken", "why": why })).await;
    known(&csms, |row| row.log_status.as_deref() == Some("UploadFailure")).await;
    sim.quit();
    csms.shutdown().await;
}

/// TC_080, TC_L_01: fetched over https, verified, installed, told after the restart; and the journal of it replays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firmware_is_fetched_verified_installed_and_told_after_the_restart() {
    for version in ["1.6", "2.0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("pki");
        let csms = csms(&folder).await;
        let chain = CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let server = Server::start(Some(config), |_| (200, FIRMWARE));
        let sim = Sim::start(&csms, &folder, version);
        sim.until("registered", serde_json::json!({ "status": "Accepted" })).await;
        known(&csms, |row| row.firmware_version.as_deref() == Some("1.0")).await;
        let reply = told(&csms, update(&folder, format!("https://{}/firmware", server.address), FIRMWARE)).await;
        assert_eq!(reply, Reply::UpdateFirmware { status: UpdateFirmwareStatus::Accepted, why: None }, "{version}");
        assert_eq!(server.next().line, "GET /firmware HTTP/1.1");
        sim.until("file_done", serde_json::json!({ "task": "install", "result": "needs_reboot" })).await;
        let row = known(&csms, |row| row.firmware_status.as_deref() == Some("Installed")).await;
        assert_eq!(row.firmware_version.as_deref(), Some("2.0-test"), "{version}");
        sim.quit();
        let journal = folder.join("journal.jsonl");
        let replay = Process::new(env!("CARGO_BIN_EXE_charger-sim")).arg("replay").arg(journal).output().unwrap();
        assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stdout));
        // The next process runs it, too.
        let sim = Sim::start(&csms, &folder, version);
        sim.until("registered", serde_json::json!({ "status": "Accepted" })).await;
        let row = known(&csms, |_| true).await;
        assert_eq!(row.firmware_version.as_deref(), Some("2.0-test"), "{version}");
        sim.quit();
        csms.shutdown().await;
    }
}

/// TC_081, TC_L_05, TC_L_06; S-14: a signature over another file, and a stranger's certificate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firmware_that_is_not_the_manufacturers_is_not_installed() {
    for version in ["1.6", "2.0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let stranger = folder.path().join("stranger");
        let folder = folder.path().join("pki");
        let csms = csms(&folder).await;
        let now = Clock::of_this_computer(1).wall();
        pki::init(&stranger, "Operator", &["127.0.0.1"], validity(now, 1)).unwrap();
        pki::station(&stranger, "Signer", validity(now, 1)).unwrap();
        let server = Server::start(None, |_| (200, FIRMWARE));
        let location = || format!("http://{}/firmware", server.address);
        let sim = Sim::start(&csms, &folder, version);
        sim.until("registered", serde_json::json!({ "status": "Accepted" })).await;
        let Reply::UpdateFirmware { status, .. } = told(&csms, update(&stranger, location(), FIRMWARE)).await else {
            panic!("another reply")
        };
        assert_eq!(status, UpdateFirmwareStatus::InvalidCertificate, "{version}");
        sim.until("security_event", serde_json::json!({ "kind": "InvalidFirmwareSigningCertificate" })).await;
        told(&csms, update(&folder, location(), b"another file")).await;
        sim.until("security_event", serde_json::json!({ "kind": "InvalidFirmwareSignature" })).await;
        let row = known(&csms, |row| row.firmware_status.as_deref() == Some("InvalidSignature")).await;
        assert_eq!(row.firmware_version.as_deref(), Some("1.0"));
        sim.quit();
        csms.shutdown().await;
    }
}

/// TC_L_07, TC_L_08: what cannot be fetched, and what is no firmware.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firmware_that_is_not_there_or_does_not_fit_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("pki");
    let csms = csms(&folder).await;
    let server = Server::start(None, |line| (if line.contains("empty") { 200 } else { 404 }, b""));
    let sim = Sim::start(&csms, &folder, "2.0.1");
    sim.until("registered", serde_json::json!({ "status": "Accepted" })).await;
    for (path, status) in [("gone", "DownloadFailed"), ("empty", "InstallVerificationFailed")] {
        told(&csms, update(&folder, format!("http://{}/{path}", server.address), b"")).await;
        known(&csms, |row| row.firmware_status.as_deref() == Some(status)).await;
    }
    sim.quit();
    csms.shutdown().await;
}

/// TC_L_10, TC_N_36: what takes too long is ended by another request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_never_ends_is_ended_by_another() {
    for version in ["1.6", "2.0.1"] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("pki");
        let csms = csms(&folder).await;
        let server = Server::start(None, |_| (200, FIRMWARE));
        let sim = Sim::start(&csms, &folder, version);
        sim.until("registered", serde_json::json!({ "status": "Accepted" })).await;
        let place = |name: &str| format!("http://{}/{name}", server.address);
        told(&csms, update(&folder, place("slow"), FIRMWARE)).await;
        told(&csms, log(LogKind::DiagnosticsLog, place("slow"))).await;
        for _ in 0..2 {
            assert!(server.next().line.contains("/slow"));
        }
        let Reply::GetLog { status, .. } = told(&csms, log(LogKind::DiagnosticsLog, place("log"))).await else {
            panic!()
        };
        assert_eq!(status, LogStatus::AcceptedCanceled, "{version}");
        let Reply::UpdateFirmware { status, .. } = told(&csms, update(&folder, place("good"), FIRMWARE)).await else {
            panic!()
        };
        assert_eq!(status, UpdateFirmwareStatus::AcceptedCanceled, "{version}");
        known(&csms, |row| row.log_status.as_deref() == Some("Uploaded")).await;
        known(&csms, |row| row.firmware_status.as_deref() == Some("Installed")).await;
        sim.quit();
        csms.shutdown().await;
    }
}
