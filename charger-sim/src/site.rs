//! What the demo's CSMS and chargers know of each other: passwords, or certificates of an authority made for the day.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use csms_lite::store::{Change, NewStation};
use csms_lite::{Hasher, Running, Signer, TlsOptions};
use pilotwire::domain::{SecurityProfile, Subject};
use pilotwire_pki::authority::{Authority, Issued, Validity};
use pilotwire_tokio::Clock;
use pilotwire_wire::tls::KeyedChain;
use pilotwire_wire::{Endpoint, Password};

use crate::factory::{Factory, message_timeout_s};

type Failure = Box<dyn Error>;

/// Chargers live fast: their certificates are good for longer than the demo takes.
const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1_000;

/// Renewed ones are good for as long as chargers need not renew them by themselves.
const RENEWED_DAYS: u32 = 90;

/// Who stands in all certificates.
const OPERATOR: &str = "Demo";

pub(crate) struct Site {
    profile: SecurityProfile,
    validity: Validity,
    authority: Option<Arc<Mutex<Authority>>>,
    root: String,
    shown: Option<KeyedChain>,
}

impl Site {
    pub(crate) fn build(clock: Clock, profile: SecurityProfile) -> Result<Self, Failure> {
        let now = clock.wall();
        let validity =
            Validity { not_before: now.saturating_add_millis(-YEAR_MS), not_after: now.saturating_add_millis(YEAR_MS) };
        if !profile.has_tls() {
            return Ok(Self { profile, validity, authority: None, root: String::new(), shown: None });
        }
        let subject = Subject { organization: OPERATOR.into(), common_name: "Demo Root".into() };
        let mut authority = Authority::root(&subject, validity)?;
        let root = authority.root_pem();
        let shown = Some(keyed(&authority.server(OPERATOR, &["127.0.0.1"], validity)?)?);
        Ok(Self { profile, validity, authority: Some(Arc::new(Mutex::new(authority))), root, shown })
    }

    /// Whether chargers have certificates to renew.
    pub(crate) fn renews(&self) -> bool {
        self.profile == SecurityProfile::TlsClient
    }

    /// Opens the CSMS's doors for this profile, and for no lower one.
    pub(crate) fn open(&self, options: &mut csms_lite::Options) {
        options.insecure = self.profile == SecurityProfile::Unsecured;
        options.lowest = self.profile.max(SecurityProfile::Basic);
        let Some(shown) = &self.shown else { return };
        options.tls = Some(TlsOptions {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            chains: vec![shown.clone()],
            client_roots: vec![self.root.clone()],
            revoked: Vec::new(),
            operator: Some(OPERATOR.into()),
        });
        let signer = |authority| Signer::Authority { authority: Arc::clone(authority), days: RENEWED_DAYS };
        options.signer = self.authority.as_ref().map(signer).map(Arc::new);
    }

    /// Makes a charger known to the CSMS.
    pub(crate) async fn register(&self, csms: &Running, station: &str, clock: Clock) -> Result<(), Failure> {
        if self.profile == SecurityProfile::Unsecured {
            return Ok(());
        }
        let password = match self.password(station) {
            Some(password) => Some(Hasher::default().hash(password).await?),
            None => None,
        };
        let station = NewStation { identity: station.into(), password, registration: None, at: clock.wall() };
        csms.store.write(vec![Change::PutStation(station)]).await?;
        Ok(())
    }

    pub(crate) fn endpoint(&self, csms: &Running) -> Result<Endpoint, Failure> {
        let url = match csms.wss.filter(|_| self.profile.has_tls()) {
            Some(address) => format!("wss://{address}/ocpp"),
            None => format!("ws://{}/ocpp", csms.ocpp),
        };
        Ok(url.parse()?)
    }

    /// What a charger leaves the factory with.
    pub(crate) fn factory(&self, csms: &Running, station: &str, speed: u32) -> Result<Factory, Failure> {
        let own = match (self.profile, &self.authority) {
            (SecurityProfile::TlsClient, Some(authority)) => {
                let mut authority = authority.lock().unwrap_or_else(PoisonError::into_inner);
                let issued = authority.station(station, self.validity)?;
                Some((issued.chain_pem, issued.private_key))
            }
            _ => None,
        };
        Ok(Factory {
            endpoint: self.endpoint(csms)?,
            message_timeout_s: message_timeout_s(speed),
            profile: self.profile,
            password: self.password(station),
            roots: self.authority.is_some().then(|| self.root.clone()).into_iter().collect(),
            own,
        })
    }

    /// Short and long enough for both editions (A00.FR.205), and nobody's but the demo's.
    fn password(&self, station: &str) -> Option<Password> {
        self.profile.has_password().then(|| Password::new(format!("password-{station:*<10}")))
    }
}

fn keyed(issued: &Issued) -> Result<KeyedChain, Failure> {
    Ok(KeyedChain::from_pem_and_pkcs8(&issued.chain_pem, issued.private_key.secret_pkcs8_der())?)
}
