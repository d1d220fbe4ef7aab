//! Security profiles 1 to 3 at the door (A00, A05), over real TLS on loopback.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::net::SocketAddr;
use std::path::Path;

use common::{Peer, get, http, start};
use csms_lite::pki::{self, keyed_chain, validity};
use csms_lite::{Options, Running, TlsOptions, serve};
use pilotwire::domain::SecurityProfile;
use pilotwire::{DateTime, Version};
use pilotwire_tokio::Clock;
use pilotwire_wire::tls::{ClientTls, KeyedChain, TimeSource};
use pilotwire_wire::{Call, HandshakeError, Identity, Password};

const PASSWORD: &str = "a password of mine";

/// A CSMS with both ports, and its authority.
struct Site {
    data: tempfile::TempDir,
    csms: Running,
}

impl Site {
    async fn start(change: impl FnOnce(&mut Options)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let validity = validity(Clock::of_this_computer(1).wall(), 1);
        pki::init(&data.path().join("pki"), "Operator", &["127.0.0.1"], validity).unwrap();
        let csms = serve(options(data.path(), change)).await.unwrap();
        let site = Self { data, csms };
        site.knows("CS-1").await;
        site
    }

    async fn restarted(self) -> Self {
        self.csms.shutdown().await;
        let csms = serve(options(self.data.path(), |_| ())).await.unwrap();
        Self { data: self.data, csms }
    }

    async fn knows(&self, identity: &str) {
        let body = format!(r#"{{"password":"{PASSWORD}"}}"#);
        let (status, _) = http(&self.csms, "PUT", &format!("/v1/stations/{identity}"), &body).await;
        assert!((200..300).contains(&status), "{status}");
    }

    fn own(&self, serial_number: &str) -> KeyedChain {
        let validity = validity(Clock::of_this_computer(1).wall(), 1);
        let (certificate, key) = pki::station(&self.data.path().join("pki"), serial_number, validity).unwrap();
        keyed_chain(&certificate, &key).unwrap()
    }

    /// Dials as a station of this profile would.
    async fn dial(&self, profile: i32, own: Option<&KeyedChain>, password: &str) -> Result<Peer, HandshakeError> {
        let root = pki::read(&self.data.path().join("pki/ca.pem")).unwrap();
        let clock = Clock::of_this_computer(1);
        let time = TimeSource::new(DateTime::UNIX_EPOCH, move || clock.wall());
        let (scheme, address): (_, SocketAddr) =
            if profile < 2 { ("ws", self.csms.ocpp) } else { ("wss", self.csms.wss.unwrap()) };
        let call = Call {
            endpoint: format!("{scheme}://{address}/ocpp").parse().unwrap(),
            identity: Identity::new("CS-1").unwrap(),
            version: Version::V201,
            password: (!password.is_empty()).then(|| Password::new(password)),
            tls: Some(ClientTls::new(&[root], own, time).unwrap()),
        };
        Peer::call_up(address, &call).await
    }
}

fn options(data: &Path, change: impl FnOnce(&mut Options)) -> Options {
    let folder = data.join("pki");
    let tls = TlsOptions {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        chains: vec![keyed_chain(&folder.join("server.pem"), &folder.join("server.key")).unwrap()],
        client_roots: vec![pki::read(&folder.join("ca.pem")).unwrap()],
        revoked: Vec::new(),
        operator: Some("Operator".into()),
    };
    let mut options = Options { seed: Some(7), tls: Some(tls), ..Options::new(data.join("store")) };
    change(&mut options);
    options
}

fn refusal(result: Result<Peer, HandshakeError>) -> HandshakeError {
    result.map(drop).unwrap_err()
}

/// TC_A_01_CSMS, TC_A_04_CSMS, TC_A_07_CSMS: each profile comes in and boots; TC_A_02_CSMS, TC_A_03_CSMS: without the right
/// password nobody does.
#[tokio::test]
async fn stations_of_profiles_1_to_3_come_in() {
    for profile in [1, 2, 3] {
        let site = Site::start(|_| ()).await;
        let own = (profile == 3).then(|| site.own("CS-1"));
        let password = if profile == 3 { "" } else { PASSWORD };
        let mut peer = site.dial(profile, own.as_ref(), password).await.unwrap();
        assert_eq!(peer.boot(Version::V201).await["status"], "Accepted");
        let row = get(&site.csms, "/v1/stations/CS-1").await;
        assert_eq!(row["security_profile"], profile, "{row}");
        for wrong in ["", "another password"] {
            if profile < 3 {
                assert_eq!(refusal(site.dial(profile, None, wrong).await), HandshakeError::Refused(401));
            }
        }
    }
}

/// S-8, A05.FR.06, TC_A_22, 1.6 TC_084: the profile that was reached is the lowest from then on, also after a restart.
#[tokio::test]
async fn a_station_never_comes_in_with_less_than_it_reached() {
    let site = Site::start(|_| ()).await;
    let own = site.own("CS-1");
    assert!(site.dial(1, None, PASSWORD).await.is_ok());
    assert!(site.dial(2, None, PASSWORD).await.is_ok());
    assert_eq!(refusal(site.dial(1, None, PASSWORD).await), HandshakeError::Refused(403));
    assert!(site.dial(3, Some(&own), "").await.is_ok());
    assert_eq!(refusal(site.dial(2, None, PASSWORD).await), HandshakeError::Refused(403));
    let site = site.restarted().await;
    assert_eq!(refusal(site.dial(1, None, PASSWORD).await), HandshakeError::Refused(403));
    assert!(site.dial(3, Some(&own), "").await.is_ok());
    // The operator knows why a station begins anew.
    http(&site.csms, "DELETE", "/v1/stations/CS-1", "").await;
    site.knows("CS-1").await;
    assert!(site.dial(1, None, PASSWORD).await.is_ok());
}

/// A00.FR.404, A00.FR.405, A00.FR.427, TC_A_08_CSMS: the certificate of another station, or of another operator.
#[tokio::test]
async fn the_certificate_of_another_station_does_not_do() {
    let site = Site::start(|_| ()).await;
    let other = site.own("CS-2");
    assert_eq!(refusal(site.dial(3, Some(&other), "").await), HandshakeError::Refused(403));
    assert_eq!(refusal(site.dial(3, Some(&other), PASSWORD).await), HandshakeError::Refused(403));
    let own = site.own("CS-1");
    assert!(site.dial(3, Some(&own), "").await.is_ok());
    let site = Site::start(|options| {
        options.tls.as_mut().unwrap().operator = Some("Another".into());
    })
    .await;
    let own = site.own("CS-1");
    assert_eq!(refusal(site.dial(3, Some(&own), "").await), HandshakeError::Refused(403));
}

/// A00.FR.704, A00.FR.705: a certificate that was taken back lets nobody in, from the moment on that the list is read; who is
/// not on it comes in as before.
#[tokio::test]
async fn a_revoked_certificate_does_not_come_in() {
    let site = Site::start(|_| ()).await;
    let (old, new) = (site.own("CS-1"), site.own("CS-1"));
    let folder = site.data.path().join("pki");
    // What `own` has written last is the new one's.
    std::fs::copy(folder.join("CS-1.pem"), folder.join("new.pem")).unwrap();
    assert!(site.dial(3, Some(&old), "").await.is_ok());
    assert!(site.dial(3, Some(&new), "").await.is_ok());
    pki::revoke(&folder, &folder.join("new.pem"), Clock::of_this_computer(1).wall()).unwrap();
    let mut tls = options(site.data.path(), |_| ()).tls.unwrap();
    tls.revoked.extend(pki::revoked(&folder).unwrap());
    site.csms.reload_tls(&tls).unwrap();
    assert!(site.dial(3, Some(&new), "").await.is_err());
    assert!(site.dial(3, Some(&old), "").await.is_ok());
    // Nothing is changed by what cannot be used.
    tls.revoked.push("no list".into());
    assert!(site.csms.reload_tls(&tls).is_err());
    assert!(site.dial(3, Some(&new), "").await.is_err());
    assert!(site.dial(3, Some(&old), "").await.is_ok());
}

/// Where a profile is asked for, nobody comes with less.
#[tokio::test]
async fn a_lowest_profile_holds_for_all() {
    let site = Site::start(|options| options.lowest = SecurityProfile::TlsBasic).await;
    assert_eq!(refusal(site.dial(1, None, PASSWORD).await), HandshakeError::Refused(403));
    assert!(site.dial(2, None, PASSWORD).await.is_ok());
    let data = tempfile::tempdir().unwrap();
    let impossible = Options { lowest: SecurityProfile::TlsBasic, ..Options::new(data.path()) };
    assert!(serve(impossible).await.unwrap_err().to_string().contains("needs TLS"));
}

/// A CSMS without a port for TLS goes on as before.
#[tokio::test]
async fn tls_is_no_duty() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(start(data.path()).await.wss, None);
}
