//! An attempt of a station to connect: what it needs, and why it failed.

use std::io;

use pilotwire::Version;
use pilotwire::domain::ConnectionFault;

use crate::tls::ClientTls;
use crate::{Call, Endpoint, HandshakeError, Identity, Password};

/// Whom a station calls, and as whom. Read anew for every attempt, so that a host that was told to use another URL or
/// password only has to put it here, and to let the machine reconnect.
#[derive(Clone, Debug)]
pub struct Target {
    /// The CSMS.
    pub endpoint: Endpoint,
    /// The station.
    pub identity: Identity,
    /// For Basic authentication; `None` sends no `Authorization`.
    pub password: Option<Password>,
    /// For `wss`: whom to trust, and what to show. `None` is enough for `ws`.
    pub tls: Option<ClientTls>,
}

impl Target {
    /// The call in this version.
    pub fn call(self, version: Version) -> Call {
        let Self { endpoint, identity, password, tls } = self;
        Call { endpoint, identity, version, password, tls }
    }
}

/// Why an attempt to connect failed.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// No byte stream to the CSMS, or it broke in the handshake. The environment's fault.
    #[error("the CSMS cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    /// The handshake failed.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// It took longer than [`Limits::handshake`](crate::Limits::handshake). The environment's fault, or the CSMS's.
    #[error("the CSMS did not complete the handshake in time")]
    TooSlow,
    /// The network was switched off, by whoever runs the station.
    #[error("the network is switched off")]
    NetworkDown,
}

impl AttemptError {
    /// What the station has to know of it.
    pub fn fault(&self) -> ConnectionFault {
        match self {
            Self::Handshake(error) => error.fault(),
            Self::Unreachable(_) | Self::TooSlow | Self::NetworkDown => ConnectionFault::Unreachable,
        }
    }
}
