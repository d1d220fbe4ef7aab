//! An attempt of a station to connect: what it needs, and why it failed.

use std::io;

use pilotwire::Version;
use pilotwire::domain::{ClientCertificate, ConnectionFault, KeyId, NetworkTarget};

use crate::tls::{ClientTls, KeyedChain, TimeSource, TlsSetupError};
use crate::{Call, Endpoint, EndpointError, HandshakeError, Identity, IdentityError, Password};

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

/// Why a station cannot call whom it wants to call. The configuration's fault, or that of whoever keeps the keys.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TargetError {
    /// The URL cannot be used.
    #[error("{0}")]
    Endpoint(#[from] EndpointError),
    /// The identity cannot be used.
    #[error("{0}")]
    Identity(#[from] IdentityError),
    /// The password is not written as the version writes it.
    #[error("the password is not written as the version writes it")]
    Password,
    /// The private key of the station's certificate is not there.
    #[error("private key {0} of the station's certificate is not there")]
    NoKey(KeyId),
    /// Certificates cannot be used.
    #[error("{0}")]
    Tls(#[from] TlsSetupError),
}

impl Target {
    /// Whom a station wants to call (`station::Output::UseNetwork`), in the version that the station speaks. `identity` is
    /// who it is unless the target says otherwise; `private_key` gives keys in DER (PKCS #8); certificates are judged by
    /// `time`.
    ///
    /// # Errors
    /// What cannot be used. Let the attempt fail then ([`AttemptError::NoTarget`]), and the station tries another way.
    pub fn of_network(
        network: &NetworkTarget,
        version: Version,
        identity: &Identity,
        private_key: impl Fn(KeyId) -> Option<Vec<u8>>,
        time: TimeSource,
    ) -> Result<Self, TargetError> {
        let endpoint: Endpoint = network.way.ocpp_csms_url.parse()?;
        let identity = match &network.identity {
            Some(identity) => Identity::new(identity)?,
            None => identity.clone(),
        };
        let bytes = network.password.as_ref().map(|secret| secret.password_bytes(version).ok_or(TargetError::Password));
        let password = bytes.transpose()?.map(Password::new);
        let own = network.client.as_ref().map(|client| keyed(client, private_key)).transpose()?;
        let tls = match network.security.has_tls() {
            true => Some(ClientTls::new(&network.roots, own.as_ref(), time)?),
            false => None,
        };
        Ok(Self { endpoint, identity, password, tls })
    }

    /// The call in this version.
    pub fn call(self, version: Version) -> Call {
        let Self { endpoint, identity, password, tls } = self;
        Call { endpoint, identity, version, password, tls }
    }
}

fn keyed(
    client: &ClientCertificate,
    private_key: impl Fn(KeyId) -> Option<Vec<u8>>,
) -> Result<KeyedChain, TargetError> {
    let key = private_key(client.key).ok_or(TargetError::NoKey(client.key))?;
    Ok(KeyedChain::from_pem_and_pkcs8(&client.chain, &key)?)
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
    /// There is nobody to call: the host could not make a target of what the station wants.
    #[error("there is nobody to call: what the station wants to use cannot be used")]
    NoTarget,
}

impl AttemptError {
    /// What the station has to know of it.
    pub fn fault(&self) -> ConnectionFault {
        match self {
            Self::Handshake(error) => error.fault(),
            // What the station has to show does not work: what it had before may.
            Self::NoTarget => ConnectionFault::Refused,
            Self::Unreachable(_) | Self::TooSlow | Self::NetworkDown => ConnectionFault::Unreachable,
        }
    }
}
