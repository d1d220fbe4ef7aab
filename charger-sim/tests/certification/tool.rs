//! A test system in the place of the CSMS. It stands on rustls and tungstenite alone: nothing of the charger is below it.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use csms_lite::pki;
use pilotwire::domain::Subject;
use pilotwire_pki::Csr;
use pilotwire_pki::authority::{Authority, Issued, Validity};
use pilotwire_tokio::Clock;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{Acceptor, WebPkiClientVerifier};
use rustls::{CipherSuite, ProtocolVersion, RootCertStore, ServerConfig, StreamOwned, SupportedProtocolVersion};
use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::handshake::server::{Request, Response};
use tungstenite::{Message, WebSocket};
use x509_cert::Certificate;
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Decode, EncodePem};

/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often chargers tell that they live, in seconds of their time.
const HEARTBEATS_S: u32 = 10;
/// A charger that has said so much will not say what it has not said yet.
const MOST_FRAMES: u32 = 40;
/// The operator: whose authority signs all that is good.
pub(crate) const OPERATOR: &str = "Operator";

/// Authorities, and where chargers come to.
pub(crate) struct Tool {
    folder: TempDir,
    pub(crate) authority: Authority,
    pub(crate) address: SocketAddr,
    came: Receiver<TcpStream>,
}

/// What the CSMS shows in a TLS handshake.
pub(crate) struct Greeting {
    pub(crate) server: Issued,
    pub(crate) versions: Vec<&'static SupportedProtocolVersion>,
    /// All that rustls has if it is empty.
    pub(crate) suites: Vec<CipherSuite>,
    /// Whether it wants to see a certificate of the operator.
    pub(crate) asks: bool,
}

/// What was seen of a TLS handshake.
pub(crate) struct Met {
    pub(crate) offered: Vec<CipherSuite>,
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: CipherSuite,
    /// The charger's certificate with those above it, in PEM.
    pub(crate) shown: Option<String>,
}

pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

pub(crate) fn validity() -> Validity {
    pki::validity(Clock::of_this_computer(1).wall(), 1)
}

pub(crate) fn root(name: &str) -> Authority {
    root_until(name, 400 * 24 * 3_600_000)
}

/// One that ends so long from now.
pub(crate) fn root_until(name: &str, more_ms: i64) -> Authority {
    let subject = Subject { organization: name.into(), common_name: format!("{name} Root").into() };
    let not_after = Clock::of_this_computer(1).wall().saturating_add_millis(more_ms);
    Authority::root(&subject, Validity { not_after, ..validity() }).unwrap()
}

impl Tool {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        pki::init(folder.path(), OPERATOR, &["127.0.0.1"], validity()).unwrap();
        pki::station(folder.path(), "CS001", validity()).unwrap();
        let authority = Authority::load(folder.path()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (comes, came) = channel();
        std::thread::spawn(move || listener.incoming().map_while(Result::ok).try_for_each(|socket| comes.send(socket)));
        Self { folder, authority, address, came }
    }

    /// `ca.pem`, `CS001.pem` and `CS001.key` are in it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn good(&mut self, asks: bool) -> Greeting {
        let server = self.authority.server(OPERATOR, &["127.0.0.1"], validity()).unwrap();
        Greeting { server, versions: vec![&rustls::version::TLS12, &rustls::version::TLS13], suites: Vec::new(), asks }
    }

    pub(crate) fn sign(&mut self, csr: &Value) -> String {
        self.authority.sign(&Csr::read(csr.as_str().unwrap()).unwrap(), validity()).unwrap()
    }

    /// The next one that comes.
    pub(crate) fn accept(&self) -> TcpStream {
        let socket = self.came.recv_timeout(PATIENCE).expect("the charger comes again");
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// Greets the next one as it expects it with this security profile.
    pub(crate) fn greet(&mut self, profile: u8) -> Session {
        if profile < 2 {
            return Session::upgrade(Box::new(self.accept()), None);
        }
        let greeting = self.good(profile == 3);
        self.secure(&greeting)
    }

    /// Greets the next one by TLS.
    pub(crate) fn secure(&self, greeting: &Greeting) -> Session {
        let (stream, met) = self.meet(greeting).expect("the handshake comes to its end");
        Session::upgrade(stream, Some(met))
    }

    /// The next one hears a ServerHello of TLS 1.1. Gives back the TLS record that it answers with.
    pub(crate) fn answers_old_tls(&self) -> Vec<u8> {
        let mut socket = self.accept();
        let mut head = [0; 5];
        socket.read_exact(&mut head).unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        socket.read_exact(&mut hello).unwrap();
        // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, no session, no compression, no extensions.
        let body = [&[3, 2][..], &[7; 32], &[0, 0xC0, 0x09, 0]].concat();
        let length = u8::try_from(body.len()).unwrap();
        socket.write_all(&[&[22, 3, 2, 0, length + 4, 2, 0, 0, length][..], &body].concat()).unwrap();
        let mut said = Vec::new();
        socket.read_to_end(&mut said).unwrap();
        said
    }

    /// The next one does not like what it is shown.
    pub(crate) fn is_refused(&self, greeting: &Greeting) -> rustls::Error {
        self.meet(greeting).map(drop).expect_err("the charger hangs up")
    }

    fn meet(&self, greeting: &Greeting) -> Result<(Box<dyn Stream>, Met), rustls::Error> {
        let mut socket = self.accept();
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            acceptor.read_tls(&mut socket).unwrap();
            if let Some(accepted) = acceptor.accept().map_err(|(error, _)| error)? {
                break accepted;
            }
        };
        let offered = accepted.client_hello().cipher_suites().to_vec();
        let mut tls = accepted.into_connection(Arc::new(self.server(greeting))).map_err(|(error, _)| error)?;
        while tls.is_handshaking() {
            if let Err(error) = tls.complete_io(&mut socket) {
                return Err(error.downcast().expect("an error of TLS"));
            }
        }
        let shown = tls.peer_certificates().map(|chain| chain.iter().map(|one| pem(one)).collect());
        let (version, suite) = (tls.protocol_version().unwrap(), tls.negotiated_cipher_suite().unwrap().suite());
        Ok((Box::new(StreamOwned::new(tls, socket)), Met { offered, version, suite, shown }))
    }

    fn server(&self, greeting: &Greeting) -> ServerConfig {
        let mut provider = ring::default_provider();
        provider.cipher_suites.retain(|one| greeting.suites.is_empty() || greeting.suites.contains(&one.suite()));
        let provider = Arc::new(provider);
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_protocol_versions(&greeting.versions).unwrap();
        let config = if greeting.asks {
            let mut roots = RootCertStore::empty();
            let root = CertificateDer::from_pem_slice(self.authority.root_pem().as_bytes()).unwrap();
            roots.add(root).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        } else {
            config.with_no_client_auth()
        };
        let chain = CertificateDer::pem_slice_iter(greeting.server.chain_pem.as_bytes()).map(Result::unwrap).collect();
        config.with_single_cert(chain, PrivateKeyDer::from(greeting.server.private_key.clone_key())).unwrap()
    }
}

fn pem(der: &[u8]) -> String {
    Certificate::from_der(der).unwrap().to_pem(LineEnding::LF).unwrap()
}

/// A charger that is connected.
pub(crate) struct Session {
    socket: WebSocket<Box<dyn Stream>>,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    /// Nothing without TLS.
    pub(crate) met: Option<Met>,
    /// What a request for a certificate is answered.
    pub(crate) signing: &'static str,
    /// What the charger said and nobody asked for yet.
    said: VecDeque<(String, Value)>,
    calls: u32,
}

impl Session {
    fn upgrade(stream: Box<dyn Stream>, met: Option<Met>) -> Self {
        let (mut path, mut authorization) = (String::new(), None);
        #[allow(clippy::result_large_err, reason = "tungstenite has it so")]
        let greet = |request: &Request, mut response: Response| {
            request.uri().path().clone_into(&mut path);
            let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            authorization = header("authorization");
            let protocol = header("sec-websocket-protocol").expect("a version of OCPP");
            response.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
            Ok(response)
        };
        let socket = tungstenite::accept_hdr(stream, greet).map_err(|error| error.to_string()).unwrap();
        Self { socket, path, authorization, met, signing: "Accepted", said: VecDeque::new(), calls: 0 }
    }

    /// The next frame; a CALL is answered at once. `None`: the charger hung up.
    fn frame(&mut self) -> Option<Value> {
        let text = loop {
            match self.socket.read().ok()? {
                Message::Text(text) => break text,
                Message::Close(_) => return None,
                _ => {}
            }
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame[0] == 2 {
            let action = frame[2].as_str().unwrap().to_owned();
            let answer = self.answer(&action);
            self.said.push_back((action, frame[3].clone()));
            self.send(json!([3, frame[1], answer]));
        }
        Some(frame)
    }

    fn answer(&self, action: &str) -> Value {
        let now = Clock::of_this_computer(1).wall();
        match action {
            "BootNotification" => json!({ "status": "Accepted", "interval": HEARTBEATS_S, "currentTime": now }),
            "Heartbeat" => json!({ "currentTime": now }),
            "SignCertificate" => json!({ "status": self.signing }),
            _ => json!({}),
        }
    }

    fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).unwrap();
    }

    /// The payload of the CALLRESULT.
    pub(crate) fn call(&mut self, action: &str, payload: Value) -> Value {
        self.calls += 1;
        let id = format!("tool-{}", self.calls);
        self.send(json!([2, id, action, payload]));
        loop {
            let frame = self.frame().expect("the charger answers");
            if frame[0] != 2 && frame[1] == *id {
                assert_eq!(frame[0], 3, "{action}: {frame}");
                return frame[2].clone();
            }
        }
    }

    /// The first CALL like this that nobody asked for yet.
    pub(crate) fn hears(&mut self, action: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..MOST_FRAMES {
            let found = self.said.iter().position(|(said, payload)| said == action && wanted(payload));
            if let Some((_, payload)) = found.and_then(|at| self.said.remove(at)) {
                return payload;
            }
            assert!(self.frame().is_some(), "the charger hung up instead of {action}");
        }
        panic!("{action} never came, but {:?}", self.said);
    }

    /// Whether this was said and nobody asked for it yet.
    pub(crate) fn has_heard(&self, action: &str) -> bool {
        self.said.iter().any(|(said, _)| said == action)
    }

    /// The charger lives on until so many more heartbeats were told, and says nothing of this meanwhile.
    pub(crate) fn does_not_hear(&mut self, action: &str, heartbeats: usize) {
        for _ in 0..heartbeats {
            assert!(!self.has_heard(action), "{action}");
            self.said.retain(|(said, _)| said != "Heartbeat");
            self.hears("Heartbeat", |_| true);
        }
        assert!(!self.has_heard(action), "{action}");
    }

    /// The charger boots, and tells that its connector is free.
    pub(crate) fn boots(mut self) -> Self {
        self.hears("BootNotification", |_| true);
        self.hears("StatusNotification", |payload| {
            payload["connectorStatus"] == "Available" || payload["status"] == "Available"
        });
        self
    }

    /// The charger tells a security event of this type, or has told one already.
    pub(crate) fn hears_event(&mut self, kind: &str) {
        self.hears("SecurityEventNotification", |payload| payload["type"] == kind);
    }

    /// The charger hangs up; until then it is answered.
    pub(crate) fn ends(mut self) {
        assert!((0..MOST_FRAMES).any(|_| self.frame().is_none()), "the charger stays");
    }

    /// Ends in a restart that the CSMS asked for.
    pub(crate) fn restarts(mut self, kind: &str) {
        assert_eq!(self.call("Reset", json!({ "type": kind }))["status"], "Accepted");
        self.ends();
    }

    /// Sets a variable of 2.0.1, and gives back its status.
    pub(crate) fn set(&mut self, component: &str, variable: &str, value: &str) -> Value {
        let (component, variable) = (json!({ "name": component }), json!({ "name": variable }));
        let setting = json!({ "component": component, "variable": variable, "attributeValue": value });
        let answer = self.call("SetVariables", json!({ "setVariableData": [setting] }));
        answer["setVariableResult"][0]["attributeStatus"].clone()
    }

    /// The value of a variable of 2.0.1.
    pub(crate) fn get(&mut self, component: &str, variable: &str) -> Value {
        let names = json!({ "component": { "name": component }, "variable": { "name": variable } });
        let answer = self.call("GetVariables", json!({ "getVariableData": [names] }));
        answer["getVariableResult"][0]["attributeValue"].clone()
    }

    /// Sets a key of 1.6, and gives back its status.
    pub(crate) fn configure(&mut self, key: &str, value: &str) -> Value {
        self.call("ChangeConfiguration", json!({ "key": key, "value": value }))["status"].clone()
    }
}
