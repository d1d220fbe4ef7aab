//! A test tool in the place of the station. It stands on rustls and tungstenite alone: nothing of the CSMS is below it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, ClientConnection, ProtocolVersion, StreamOwned};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::Request;
use tungstenite::{Error, HandshakeError, WebSocket};

use crate::certificates::{Own, trust};
use crate::csms::{Csms, HOST, PASSWORD, STATION, validity};
use crate::session::Session;

/// Nothing here takes longer than this, or it will never come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edition {
    V16,
    V201,
}

impl Edition {
    const fn subprotocol(self) -> &'static str {
        match self {
            Self::V16 => "ocpp1.6",
            Self::V201 => "ocpp2.0.1",
        }
    }
}

/// A station that is to come.
pub(crate) struct Station<'a> {
    pub(crate) csms: &'a Csms,
    pub(crate) edition: Edition,
    /// The security profile that it comes with.
    pub(crate) profile: u8,
    /// What it shows with security profiles 1 and 2.
    pub(crate) user: String,
    pub(crate) password: String,
    /// What it shows with security profile 3.
    pub(crate) own: Own,
    /// The only one that it offers, which says the version of TLS too; all that rustls has if absent.
    pub(crate) suite: Option<CipherSuite>,
}

/// What was seen of a TLS handshake.
pub(crate) struct Met {
    pub(crate) version: ProtocolVersion,
    pub(crate) suite: CipherSuite,
    /// The certificates of the CSMS.
    pub(crate) shown: Vec<CertificateDer<'static>>,
}

pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

type Tls = StreamOwned<ClientConnection, TcpStream>;

impl<'a> Station<'a> {
    /// With what the CSMS knows of it.
    pub(crate) fn new(csms: &'a Csms, edition: Edition, profile: u8) -> Self {
        let own = csms.factory(STATION, validity());
        Self { csms, edition, profile, user: STATION.into(), password: PASSWORD.into(), own, suite: None }
    }

    /// It is let in.
    pub(crate) fn comes(&self) -> Session {
        let (stream, met): (Box<dyn Stream>, _) = if self.profile < 2 {
            (Box::new(self.dial()), None)
        } else {
            let tls = self.greets().unwrap();
            let met = met(&tls);
            (Box::new(tls), Some(met))
        };
        let socket = self.upgrades(stream).unwrap_or_else(|status| panic!("refused with {status}"));
        Session::new(socket, self.edition, met)
    }

    /// It is told this status in the place of the upgrade, and the connection ends.
    pub(crate) fn is_refused(&self) -> u16 {
        let socket = self.dial();
        let mut watched = socket.try_clone().unwrap();
        let stream: Box<dyn Stream> =
            if self.profile < 2 { Box::new(socket) } else { Box::new(self.greets_by(socket).unwrap()) };
        let status = self.upgrades(stream).map(drop).expect_err("it is let in");
        assert!(has_ended(&mut watched), "the connection stays open");
        status
    }

    /// The handshake of TLS ends like this, and so does the connection; nothing was sent through it.
    pub(crate) fn is_refused_by_tls(&self) -> rustls::Error {
        let socket = self.dial();
        let mut watched = socket.try_clone().unwrap();
        let error = match self.greets_by(socket) {
            Err(error) => error,
            // The client of TLS 1.3 has done its part before it hears what the server makes of that.
            Ok(mut tls) => match tls.read(&mut [0]) {
                Err(error) => error.downcast().expect("an error of TLS"),
                Ok(count) => panic!("{count} bytes in the place of an alert"),
            },
        };
        assert!(has_ended(&mut watched), "the connection stays open");
        error
    }

    fn dial(&self) -> TcpStream {
        let socket = TcpStream::connect(self.csms.address(self.profile)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    fn greets(&self) -> Result<Tls, rustls::Error> {
        self.greets_by(self.dial())
    }

    fn greets_by(&self, mut socket: TcpStream) -> Result<Tls, rustls::Error> {
        let name = ServerName::try_from(HOST).unwrap();
        let mut tls = ClientConnection::new(Arc::new(self.config()), name).unwrap();
        while tls.is_handshaking() {
            if let Err(error) = tls.complete_io(&mut socket) {
                return Err(error.downcast().expect("an error of TLS"));
            }
        }
        Ok(StreamOwned::new(tls, socket))
    }

    fn config(&self) -> ClientConfig {
        let mut provider = default_provider();
        provider.cipher_suites.retain(|one| self.suite.is_none_or(|suite| one.suite() == suite));
        let config = ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions();
        let config = config.unwrap().with_root_certificates(trust(&self.csms.root()));
        if self.profile < 3 {
            return config.with_no_client_auth();
        }
        config.with_client_auth_cert(self.own.chain.clone(), self.own.key.clone_key()).unwrap()
    }

    fn upgrades(&self, stream: Box<dyn Stream>) -> Result<WebSocket<Box<dyn Stream>>, u16> {
        match tungstenite::client(self.request(), stream) {
            Ok((socket, response)) => {
                assert_eq!(response.headers()["sec-websocket-protocol"], self.edition.subprotocol());
                Ok(socket)
            }
            Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    fn request(&self) -> Request {
        let scheme = if self.profile < 2 { "ws" } else { "wss" };
        let mut request = format!("{scheme}://{HOST}/ocpp/{STATION}").into_client_request().unwrap();
        let mut add = |name: &'static str, value: &str| request.headers_mut().insert(name, value.parse().unwrap());
        add("sec-websocket-protocol", self.edition.subprotocol());
        if self.profile < 3 {
            let credentials = BASE64_STANDARD.encode(format!("{}:{}", self.user, self.password));
            add("authorization", &format!("Basic {credentials}"));
        }
        request
    }
}

fn met(tls: &Tls) -> Met {
    Met {
        version: tls.conn.protocol_version().unwrap(),
        suite: tls.conn.negotiated_cipher_suite().unwrap().suite(),
        shown: tls.conn.peer_certificates().unwrap().to_vec(),
    }
}

/// What was not read yet may come first. A CSMS that does not read all of what it refuses resets the connection.
fn has_ended(socket: &mut TcpStream) -> bool {
    match socket.read_to_end(&mut Vec::new()) {
        Ok(_) => true,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}
