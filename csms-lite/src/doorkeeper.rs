//! Who may come in: passwords (security profiles 1 and 2) and certificates (3), and no profile below the one that a station
//! has reached.

use std::net::SocketAddr;
use std::sync::Arc;

use pilotwire::domain::SecurityProfile;
use pilotwire_tokio::{Admission, Authenticator};
use pilotwire_wire::{Refusal, Rejection, Upgrade};

use crate::shared::Shared;
use crate::store::{Change, NewStation, PasswordStep, StationRow, StoreError};

/// Asks the store.
pub(crate) struct Doorkeeper(pub(crate) Arc<Shared>);

impl Authenticator for Doorkeeper {
    async fn admit(&self, upgrade: &Upgrade, _peer: SocketAddr) -> Admission {
        let identity = upgrade.identity().as_str();
        let verdict = match self.0.store.station(identity).await {
            Ok(known) if self.0.insecure => self.admit_anyone(identity, known).await,
            Ok(Some(station)) => self.admit_known(station, upgrade).await,
            Ok(None) => Err(Refusal::NotFound),
            Err(error) => Err(unavailable(&error)),
        };
        match verdict {
            Ok(()) => Admission::Accept(identity.to_owned()),
            Err(refusal) => Admission::Refuse(refusal),
        }
    }

    fn turned_away(&self, why: &Rejection, peer: SocketAddr) {
        tracing::info!(%peer, %why, "a connection was refused");
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

    async fn admit_known(&self, station: StationRow, upgrade: &Upgrade) -> Result<(), Refusal> {
        let profile = upgrade.security_profile();
        let (lowest, reached) = (self.0.lowest.max(station.security_profile), station.security_profile);
        let identity: Arc<str> = station.identity.as_str().into();
        match profile {
            SecurityProfile::TlsClient => self.check_certificate(&station, upgrade)?,
            SecurityProfile::Basic | SecurityProfile::TlsBasic => self.check_password(station, upgrade).await?,
            SecurityProfile::Unsecured => return Err(Refusal::Unauthorized),
        }
        if profile < lowest {
            return Err(Refusal::Forbidden("a higher security profile is required of this station"));
        }
        if profile == reached {
            return Ok(());
        }
        // A05.FR.06: from now on nothing below it.
        let written = self.0.store.write(vec![Change::Secured(identity, profile)]).await;
        written.map(drop).map_err(|error| unavailable(&error))
    }

    /// A00.FR.404, A00.FR.405: the certificate is this station's, and our operator's.
    fn check_certificate(&self, station: &StationRow, upgrade: &Upgrade) -> Result<(), Refusal> {
        match upgrade.certificate() {
            Some(shown) if shown.belongs_to(&station.identity, self.0.operator.as_deref()) => Ok(()),
            _ => Err(Refusal::Forbidden("the certificate is not that of this station")),
        }
    }

    /// A00.FR.204: the user is the identity. A station without a password does not get in.
    async fn check_password(&self, station: StationRow, upgrade: &Upgrade) -> Result<(), Refusal> {
        let presented = upgrade.credentials().filter(|credentials| credentials.user == station.identity);
        let (Some(credentials), Some(passwords)) = (presented, station.passwords) else {
            return Err(Refusal::Unauthorized);
        };
        if credentials.password.is_empty() {
            return Err(Refusal::Unauthorized);
        }
        for known in passwords.offered().into_iter().chain([passwords.current()]) {
            if !self.0.hasher.verify(credentials.password.clone(), known.clone()).await {
                continue;
            }
            if passwords.offered().is_none() {
                return Ok(());
            }
            let shown = Change::Password(station.identity.into(), PasswordStep::Shown(known.clone()));
            return self.0.store.write(vec![shown]).await.map(drop).map_err(|error| unavailable(&error));
        }
        Err(Refusal::Unauthorized)
    }
}

fn unavailable(error: &StoreError) -> Refusal {
    tracing::error!(%error, "a station cannot be looked up");
    Refusal::Unavailable
}
