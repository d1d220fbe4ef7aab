//! The system under test, as its operator starts and uses it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use csms_lite::pki::{self, keyed_chain};
use csms_lite::{Options, Running, Signer, TlsOptions, serve};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_tokio::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::certificates::Own;
use crate::tool::PATIENCE;

pub(crate) const STATION: &str = "CS001";
pub(crate) const PASSWORD: &str = "correct-horse-bat";
pub(crate) const OPERATOR: &str = "Operator";
/// The name of the server, which stands in its certificate (A00.FR.510).
pub(crate) const HOST: &str = "localhost";

/// Runs until it is dropped, and knows one station with its password.
pub(crate) struct Csms {
    running: Running,
    // After what runs in it.
    _runtime: Runtime,
    folder: TempDir,
}

pub(crate) fn validity() -> Validity {
    pki::validity(Clock::of_this_computer(1).wall(), 1)
}

impl Csms {
    /// Its own authority signs what stations ask for.
    pub(crate) fn start() -> Self {
        Self::start_with(|options, folder| {
            let authority = Arc::new(Mutex::new(Authority::load(folder).unwrap()));
            options.signer = Some(Arc::new(Signer::Authority { authority, days: 30 }));
        })
    }

    /// The operator chose otherwise; the folder is that of the authority.
    pub(crate) fn start_with(choose: impl FnOnce(&mut Options, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        pki::init(at, OPERATOR, &[HOST], validity()).unwrap();
        let tls = TlsOptions {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            chains: vec![keyed_chain(&at.join("server.pem"), &at.join("server.key")).unwrap()],
            client_roots: vec![pki::read(&at.join("ca.pem")).unwrap()],
            revoked: Vec::new(),
            operator: Some(OPERATOR.into()),
        };
        let mut options = Options { tls: Some(tls), ..Options::new(at.join("store")) };
        choose(&mut options, at);
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(serve(options)).unwrap();
        let csms = Self { running, _runtime: runtime, folder };
        let known = json!({ "password": PASSWORD }).to_string();
        let (status, told) = request(csms.running.http, "PUT", &format!("/v1/stations/{STATION}"), &known);
        assert_eq!(status, 201, "{told}");
        csms
    }

    /// Where stations of this security profile come to.
    pub(crate) fn address(&self, profile: u8) -> SocketAddr {
        if profile < 2 { self.running.ocpp } else { self.running.wss.unwrap() }
    }

    /// What the operator gives to stations, so that they know the CSMS.
    pub(crate) fn root(&self) -> String {
        pki::read(&self.folder.path().join("ca.pem")).unwrap()
    }

    /// A certificate from the factory.
    pub(crate) fn factory(&self, serial_number: &str, validity: Validity) -> Own {
        let (certificate, key): (PathBuf, PathBuf) = pki::station(self.folder.path(), serial_number, validity).unwrap();
        Own::read(&pki::read(&certificate).unwrap(), &pki::read(&key).unwrap())
    }

    /// What the operator sees of the station.
    pub(crate) fn station(&self) -> Value {
        let (status, told) = request(self.running.http, "GET", &format!("/v1/stations/{STATION}"), "");
        assert_eq!(status, 200, "{told}");
        told
    }

    /// The operator has the station told something; it is to answer meanwhile.
    pub(crate) fn call(&self, action: &str, payload: &Value) -> Asked {
        self.post(&format!("call/{action}"), payload)
    }

    /// The operator has the station told another password.
    pub(crate) fn change_password(&self, password: &str) -> Asked {
        self.post("password", &json!({ "password": password }))
    }

    fn post(&self, what: &str, body: &Value) -> Asked {
        let (address, path) = (self.running.http, format!("/v1/stations/{STATION}/{what}"));
        let body = body.to_string();
        Asked(thread::spawn(move || request(address, "POST", &path, &body)))
    }
}

/// What the operator waits for.
pub(crate) struct Asked(JoinHandle<(u16, Value)>);

impl Asked {
    /// What he is told when the station has answered.
    pub(crate) fn told(self) -> Value {
        let (status, told) = self.0.join().unwrap();
        assert_eq!(status, 200, "{told}");
        told
    }
}

fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}");
    socket.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}
