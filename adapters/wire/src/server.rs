//! The server's side of the HTTP handshake.

use pilotwire::{Instant, Version};

use crate::connection::{Connection, Side, close_code};
use crate::http::{HeadBuffer, Request, switching_protocols};
use crate::{Credentials, Identity, Limits, Refusal};

/// Waits for the upgrade request of a charging station.
///
/// Feed it with [`receive`](Self::receive) until it yields an [`Upgrade`] or a [`Refusal`]; give up at
/// [`poll_timeout`](Self::poll_timeout) with [`Refusal::TooSlow`].
#[derive(Debug)]
pub struct ServerHandshake {
    head: HeadBuffer,
    limits: Limits,
    deadline: Instant,
}

impl ServerHandshake {
    /// A handshake that begins now, when the socket was accepted.
    pub fn new(now: Instant, limits: Limits) -> Self {
        Self { head: HeadBuffer::new(&limits), deadline: now + limits.handshake, limits }
    }

    /// When the handshake has failed, unless it is complete by then.
    pub const fn poll_timeout(&self) -> Instant {
        self.deadline
    }

    /// Takes what arrived. `None`: more is needed. The result does not depend on how the bytes were cut.
    ///
    /// # Errors
    /// What to answer before hanging up, by [`Refusal::response`]. The peer's fault.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<Upgrade>, Refusal> {
        let complete = self.head.push(bytes).map_err(|_| Refusal::HeadTooLarge);
        // A TLS hello on the plain port would otherwise wait for an empty line until the deadline.
        let first = self.head.first_byte();
        if first.is_some_and(|byte| !byte.is_ascii_alphabetic()) {
            return Err(Refusal::BadRequest("the head of the request is no HTTP/1.1"));
        }
        let Some(head) = complete? else {
            return Ok(None);
        };
        let request = Request::parse(&head.bytes, &self.limits)?;
        let identity = Identity::from_target(&request.target).map_err(|error| error.refusal())?;
        Ok(Some(Upgrade { identity, request, rest: head.rest, limits: self.limits }))
    }
}

/// A well-formed upgrade request, waiting for a decision: [`accept`](Self::accept),
/// [`accept_without_subprotocol`](Self::accept_without_subprotocol), or drop it and send a [`Refusal::response`].
#[derive(Debug)]
pub struct Upgrade {
    identity: Identity,
    request: Request,
    rest: Vec<u8>,
    limits: Limits,
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

    /// The first version that the station offers and that is in `supported` (Part 4 §3.1.2: the station's order counts).
    pub fn version(&self, supported: &[Version]) -> Option<Version> {
        let known = self.offered().iter();
        known.filter_map(|name| Version::from_subprotocol(name)).find(|version| supported.contains(version))
    }

    /// Opens the WebSocket with this version. The response is the first thing in [`Connection::pending`].
    pub fn accept(self, version: Version) -> Connection {
        let response = switching_protocols(&self.request.key, Some(version.subprotocol()));
        let mut connection = Connection::new(Side::Server, self.limits, response);
        connection.receive(&self.rest);
        connection
    }

    /// Completes the handshake without a subprotocol and closes at once: what Part 4 §3.3 and 1.6J §3.2 demand when no
    /// offered version fits. To be hung up as soon as [`Connection::pending`] is written.
    pub fn accept_without_subprotocol(self) -> Connection {
        let response = switching_protocols(&self.request.key, None);
        let mut connection = Connection::new(Side::Server, self.limits, response);
        connection.close(close_code::PROTOCOL, "none of the offered subprotocols is supported");
        connection
    }
}
