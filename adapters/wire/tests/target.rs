//! What a station wants to call, made into what an adapter can call.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use pilotwire::domain::{
    ClientCertificate, ConnectionFault, KeyId, NetworkConnectionProfile, NetworkTarget, Secret, SecurityProfile,
};
use pilotwire::messages::v2::{OcppInterface, OcppTransport};
use pilotwire::{DateTime, Version};
use pilotwire_wire::tls::TimeSource;
use pilotwire_wire::{AttemptError, Identity, Target, TargetError};
use rcgen::{CertificateParams, KeyPair};

const STATION: &str = "CS-1";

fn network(url: &str, security: SecurityProfile) -> NetworkTarget {
    let way = NetworkConnectionProfile::new(OcppInterface::Wired0, OcppTransport::JSON, 30, url, i32::from(security));
    NetworkTarget { slot: 1, way, security, identity: None, password: None, client: None, roots: Vec::new() }
}

fn target(network: &NetworkTarget, version: Version, key: Option<&[u8]>) -> Result<Target, TargetError> {
    let identity = Identity::new(STATION).unwrap();
    let time = TimeSource::new(DateTime::UNIX_EPOCH, || DateTime::UNIX_EPOCH);
    Target::of_network(network, version, &identity, |_| key.map(<[u8]>::to_vec), time)
}

/// A00.FR.205; the whitepaper of 1.6, §7.2.
#[test]
fn a_password_is_text_and_in_1_6_bytes_in_hexadecimal_digits() {
    let mut network = network("ws://127.0.0.1:1/ocpp", SecurityProfile::Basic);
    let digits = "00ff".repeat(8);
    network.password = Some(Secret::new(digits.as_str()));
    let revealed = |version| target(&network, version, None).unwrap().password.unwrap().reveal().to_vec();
    assert_eq!(revealed(Version::V16), [0x00, 0xff].repeat(8));
    assert_eq!(revealed(Version::V201), digits.as_bytes());
    for odd in ["0", "0g", "correct-horse-battery"] {
        network.password = Some(Secret::new(odd));
        assert!(matches!(target(&network, Version::V16, None), Err(TargetError::Password)), "{odd}");
    }
}

#[test]
fn a_target_may_have_an_identity_of_its_own() {
    let mut network = network("ws://127.0.0.1:1/ocpp", SecurityProfile::Unsecured);
    assert_eq!(target(&network, Version::V21, None).unwrap().identity.as_str(), STATION);
    network.identity = Some("CS-2".into());
    assert_eq!(target(&network, Version::V21, None).unwrap().identity.as_str(), "CS-2");
    network.identity = Some("".into());
    assert!(matches!(target(&network, Version::V21, None), Err(TargetError::Identity(_))));
}

#[test]
fn tls_needs_roots_and_a_certificate_its_own_key() {
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec![STATION.to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let mut network = network("wss://localhost:1/ocpp", SecurityProfile::TlsClient);
    network.client = Some(ClientCertificate { key: KeyId(7), chain: certificate.as_str().into() });
    let refused = |network: &NetworkTarget, key: Option<&[u8]>| target(network, Version::V201, key).unwrap_err();
    assert!(matches!(refused(&network, None), TargetError::NoKey(KeyId(7))));
    assert!(matches!(refused(&network, Some(key.serialized_der())), TargetError::Tls(_)), "no root");
    network.roots = vec![certificate.into()];
    assert!(matches!(refused(&network, Some(other.serialized_der())), TargetError::Tls(_)), "another key");
    assert!(target(&network, Version::V201, Some(key.serialized_der())).unwrap().tls.is_some());
}

#[test]
fn a_url_that_cannot_be_called_is_told() {
    for url in ["ws://127.0.0.1:99999/", "http://127.0.0.1/", "ws://user@127.0.0.1/"] {
        let refused = target(&network(url, SecurityProfile::Basic), Version::V201, None).unwrap_err();
        assert!(matches!(refused, TargetError::Endpoint(_)), "{url}");
    }
    // The station goes back to what it had before.
    assert_eq!(AttemptError::NoTarget.fault(), ConnectionFault::Refused);
}
