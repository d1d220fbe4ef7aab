//! Who may come in: security profile 1 (Basic authentication) on a plain socket.

use std::net::SocketAddr;
use std::sync::Arc;

use pilotwire_tokio::{Admission, Authenticator};
use pilotwire_wire::{Refusal, Upgrade};

use crate::shared::Shared;
use crate::store::{Change, NewStation, StationRow, StoreError};

/// Asks the store.
pub(crate) struct Doorkeeper(pub(crate) Arc<Shared>);

impl Authenticator for Doorkeeper {
    async fn admit(&self, upgrade: &Upgrade, peer: SocketAddr) -> Admission {
        let identity = upgrade.identity().as_str();
        let verdict = match self.0.store.station(identity).await {
            Ok(known) if self.0.insecure => self.admit_anyone(identity, known).await,
            Ok(Some(station)) => self.admit_known(station, upgrade).await,
            Ok(None) => Err(Refusal::NotFound),
            Err(error) => Err(unavailable(&error)),
        };
        match verdict {
            Ok(()) => Admission::Accept(identity.to_owned()),
            Err(refusal) => {
                tracing::info!(station = ?identity, %peer, status = refusal.status(), "a connection was refused");
                Admission::Refuse(refusal)
            }
        }
    }
}

impl Doorkeeper {
    async fn admit_anyone(&self, identity: &str, known: Option<StationRow>) -> Result<(), Refusal> {
        if known.is_some() {
            return Ok(());
        }
        let new = NewStation { identity: identity.into(), password: None, registration: None, at: self.0.clock.wall() };
        let written = self.0.store.write(vec![Change::PutStation(new)]).await;
        written.map(drop).map_err(|error| unavailable(&error))
    }

    /// A00.FR.204: the user is the identity. A station without a password does not get in.
    async fn admit_known(&self, station: StationRow, upgrade: &Upgrade) -> Result<(), Refusal> {
        let presented = upgrade.credentials().filter(|credentials| credentials.user == station.identity);
        let (Some(credentials), Some(hash)) = (presented, station.password) else {
            return Err(Refusal::Unauthorized);
        };
        let password = credentials.password.clone();
        match !password.is_empty() && self.0.hasher.verify(password, hash).await {
            true => Ok(()),
            false => Err(Refusal::Unauthorized),
        }
    }
}

fn unavailable(error: &StoreError) -> Refusal {
    tracing::error!(%error, "a station cannot be looked up");
    Refusal::Unavailable
}
