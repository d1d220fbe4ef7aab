//! The server's side of the handshakes of TLS and HTTP.

use pilotwire::domain::SecurityProfile;
use pilotwire::{Instant, Version};

use crate::connection::{Connection, close_code};
use crate::http::{HeadBuffer, Request, switching_protocols};
use crate::side::Side;
use crate::tls::{PeerCertificate, ServerTls, TlsError};
use crate::transport::Transport;
use crate::{Credentials, Identity, Limits, Refusal};

/// Why a handshake came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// HTTP: this is the answer.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// TLS: the peer was told by an alert.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Waits for the upgrade request of a charging station, by TLS or without.
///
/// Feed it with [`receive`](Self::receive) and write what is [`pending`](Self::pending), until there is an [`Upgrade`] or a
/// [`Rejection`]; give up at [`poll_timeout`](Self::poll_timeout) with [`Refusal::TooSlow`]. Who is not let in gets the
/// [`farewell`](Self::farewell).
#[derive(Debug)]
pub struct ServerHandshake {
    transport: Transport,
    head: HeadBuffer,
    limits: Limits,
    deadline: Instant,
}

impl ServerHandshake {
    /// A handshake without TLS that begins now, when the socket was accepted.
    pub fn new(now: Instant, limits: Limits) -> Self {
        Self::over(now, limits, Transport::plain())
    }

    /// The same by TLS.
    ///
    /// # Errors
    /// TLS cannot begin. Our own configuration's fault.
    pub fn by_tls(now: Instant, limits: Limits, tls: &ServerTls) -> Result<Self, TlsError> {
        Ok(Self::over(now, limits, Transport::server(tls)?))
    }

    fn over(now: Instant, limits: Limits, transport: Transport) -> Self {
        Self { transport, head: HeadBuffer::new(&limits), deadline: now + limits.handshake, limits }
    }

    /// When the handshakes have failed, unless they are complete by then.
    pub const fn poll_timeout(&self) -> Instant {
        self.deadline
    }

    /// Bytes to write.
    pub fn pending(&self) -> &[u8] {
        self.transport.pending()
    }

    /// The first `count` bytes of [`pending`](Self::pending) are written.
    pub fn sent(&mut self, count: usize) {
        self.transport.sent(count);
    }

    /// Takes what arrived. `None`: more is needed. The result does not depend on how the bytes were cut.
    ///
    /// # Errors
    /// Why the peer is not let in; say so by the [`farewell`](Self::farewell). The peer's fault.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<Upgrade>, Rejection> {
        let text = self.transport.decrypt(bytes)?;
        let complete = self.head.push(&text).map_err(|_| Refusal::HeadTooLarge);
        // A TLS hello on the plain port would otherwise wait for an empty line until the deadline.
        let first = self.head.first_byte();
        if first.is_some_and(|byte| !byte.is_ascii_alphabetic()) {
            return Err(Refusal::BadRequest("the head of the request is no HTTP/1.1").into());
        }
        let Some(head) = complete? else {
            return Ok(None);
        };
        let request = Request::parse(&head.bytes, &self.limits)?;
        let identity = Identity::from_target(&request.target).map_err(|error| error.refusal())?;
        let certificate = self.transport.certificate().transpose()?;
        let transport = std::mem::take(&mut self.transport);
        Ok(Some(Upgrade { identity, request, rest: head.rest, limits: self.limits, certificate, transport }))
    }

    /// The last bytes to write, before hanging up.
    pub fn farewell(self, why: &Rejection) -> Vec<u8> {
        match why {
            Rejection::Refused(refusal) => refusing(self.transport, *refusal),
            Rejection::Tls(_) => self.transport.pending().to_vec(),
        }
    }
}

/// A refusal cannot be read before TLS is up: then the end of TLS has to do.
fn refusing(mut transport: Transport, refusal: Refusal) -> Vec<u8> {
    if !transport.is_handshaking() {
        transport.send(&refusal.response());
    }
    transport.close();
    transport.pending().to_vec()
}

/// A well-formed upgrade request, waiting for a decision: [`accept`](Self::accept),
/// [`accept_without_subprotocol`](Self::accept_without_subprotocol) or [`refuse`](Self::refuse).
#[derive(Debug)]
pub struct Upgrade {
    identity: Identity,
    request: Request,
    rest: Vec<u8>,
    limits: Limits,
    certificate: Option<PeerCertificate>,
    transport: Transport,
}

impl Upgrade {
    /// Who the station says it is; not yet proven.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The target of the request as it was sent, for deciding by prefix (such as a tenant).
    pub fn path(&self) -> &str {
        &self.request.target
    }

    /// The subprotocols that the station offers, the preferred one first; they may be of any kind.
    pub fn offered(&self) -> &[String] {
        &self.request.protocols
    }

    /// What the station presented by Basic authentication, if it did.
    pub const fn credentials(&self) -> Option<&Credentials> {
        self.request.credentials.as_ref()
    }

    /// The certificate that the station showed, if it did. It leads to one of our roots; whose it is, is still to be judged
    /// (A00.FR.404, A00.FR.405).
    pub const fn certificate(&self) -> Option<&PeerCertificate> {
        self.certificate.as_ref()
    }

    /// The security profile that this connection could be of, if what the station shows is found right.
    pub const fn security_profile(&self) -> SecurityProfile {
        match (self.transport.is_secure(), &self.certificate, &self.request.credentials) {
            (true, Some(_), _) => SecurityProfile::TlsClient,
            (true, None, Some(_)) => SecurityProfile::TlsBasic,
            (false, _, Some(_)) => SecurityProfile::Basic,
            _ => SecurityProfile::Unsecured,
        }
    }

    /// Says no: the last bytes to write, before hanging up.
    pub fn refuse(self, refusal: Refusal) -> Vec<u8> {
        refusing(self.transport, refusal)
    }

    /// The first version that the station offers and that is in `supported` (Part 4 §3.1.2: the station's order counts).
    pub fn version(&self, supported: &[Version]) -> Option<Version> {
        let known = self.offered().iter();
        known.filter_map(|name| Version::from_subprotocol(name)).find(|version| supported.contains(version))
    }

    /// Opens the WebSocket with this version, compressed if that was offered and [`Limits::compression`] allows it. The
    /// response is the first thing in [`Connection::pending`].
    pub fn accept(mut self, version: Version) -> Connection {
        let (agreed, extension) = self.request.compression.unzip();
        let response = switching_protocols(&self.request.key, Some(version.subprotocol()), extension.as_deref());
        self.transport.send(&response);
        let mut connection = Connection::new(Side::Server, self.limits, self.transport, agreed);
        connection.receive_plain(&self.rest);
        connection
    }

    /// Completes the handshake without a subprotocol and closes at once: what Part 4 §3.3 and 1.6J §3.2 demand when no
    /// offered version fits. To be hung up as soon as its [`farewell`](Connection::farewell) is written.
    pub fn accept_without_subprotocol(mut self) -> Connection {
        self.transport.send(&switching_protocols(&self.request.key, None, None));
        let mut connection = Connection::new(Side::Server, self.limits, self.transport, None);
        connection.close(close_code::PROTOCOL, "none of the offered subprotocols is supported");
        connection
    }
}
