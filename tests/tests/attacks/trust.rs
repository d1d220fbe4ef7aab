//! Attacks on credentials and on TLS.

use std::io::Write;
use std::time::Duration;

use pilotwire_wire::tls::{ClientCertificates, ClientTls, KeyedChain, ServerTls};
use pilotwire_wire::{HandshakeError, Limits, ServerConfig, ThrottleConfig};
use rcgen::{CertificateParams, DnType};

use crate::certificates::hostile::{bad_stations, hello};
use crate::certificates::{Authority, client, leaf, required, server};
use crate::peer::{Peer, Who, connect, rest};
use crate::stands::{Setup, Standing, Start};

const HOST: &str = "127.0.0.1";

fn standing(start: Start, root: &Authority, clients: ClientCertificates) -> Standing {
    let tls: ServerTls = server(root.sign(&leaf(HOST)), clients);
    let throttle = ThrottleConfig { per_address: 10_000, takeovers: 10_000, ..ThrottleConfig::default() };
    let limits = Limits { handshake: Duration::from_secs(1), ..Limits::default() };
    start(Setup { tls: Some(tls), config: ServerConfig { limits, throttle, ..ServerConfig::default() } })
}

fn by_tls(identity: &str, tls: ClientTls) -> Who<'_> {
    Who { tls: Some(tls), ..Who::honest(identity) }
}

/// A05.FR.06: who came by TLS does not come without it any more, whatever it knows.
pub(crate) fn s_08_nobody_comes_back_with_a_lower_profile(start: Start) {
    let root = Authority::root("Root");
    let csms = standing(start, &root, ClientCertificates::Optional(crate::certificates::roots(&root)));
    let mut honest = Peer::booted(csms.plain, Who::honest("CS002"));
    let own = root.sign(&leaf("CS001"));
    let dial = |address, tls| Peer::dial(address, Who { tls, ..Who::honest("CS001") }).map(drop);
    assert_eq!(dial(csms.plain, None), Ok(()));
    assert_eq!(dial(csms.address, Some(client(&root, None))), Ok(()));
    assert_eq!(dial(csms.plain, None), Err(HandshakeError::Refused(403)), "1 after 2");
    assert_eq!(dial(csms.address, Some(client(&root, Some(&own)))), Ok(()));
    assert_eq!(dial(csms.plain, None), Err(HandshakeError::Refused(403)), "1 after 3");
    assert_eq!(dial(csms.address, Some(client(&root, None))), Err(HandshakeError::Refused(403)), "2 after 3");
    assert_eq!(dial(csms.address, Some(client(&root, Some(&own)))), Ok(()), "3 goes on");
    honest.heartbeat();
}

/// A00.FR.313, A00.FR.315, A00.FR.320, A00.FR.322.
pub(crate) fn s_09_old_versions_and_weak_suites_get_an_alert(start: Start) {
    let root = Authority::root("Root");
    let csms = standing(start, &root, ClientCertificates::None);
    let mut honest = Peer::booted(csms.address, by_tls("CS002", client(&root, None)));
    let null_rc4_3des = [0, 0, 0, 2, 0, 5, 0, 10];
    for (version, suites, alert) in [
        ([3, 0], &null_rc4_3des[..], 70),
        ([3, 1], &[0xC0, 0x09], 70),
        ([3, 2], &[0xC0, 0x09], 70),
        ([3, 3], &null_rc4_3des, 40),
    ] {
        let mut socket = connect(csms.address);
        socket.write_all(&hello(version, suites, [4, 3])).unwrap();
        let said = rest(&mut socket);
        assert_eq!((said[0], &said[5..7]), (21, &[2, alert][..]), "{version:?}: {said:?}");
        honest.heartbeat();
    }
}

fn of_another(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = leaf("CS001");
    change(&mut params);
    params
}

/// A00.FR.403 to A00.FR.407, A00.FR.427; TC_A_08: not by TLS, or not by what the certificate says.
pub(crate) fn s_11_stations_with_bad_certificates_stay_outside(start: Start) {
    let root = Authority::root("Root");
    let csms = standing(start, &root, required(&root, false));
    let mut honest = Peer::booted(csms.address, by_tls("CS002", client(&root, Some(&root.sign(&leaf("CS002"))))));
    let come = |own: Option<&KeyedChain>| Peer::come(csms.address, by_tls("CS001", client(&root, own))).map(drop);
    for (what, own) in bad_stations(&root, "CS001") {
        let said = come(Some(&own));
        assert!(matches!(said, Err(Some(HandshakeError::Tls(_)) | None)), "{what}: {said:?}");
        honest.heartbeat();
    }
    assert!(come(None).is_err(), "none at all");
    let operator = of_another(|params| params.distinguished_name.push(DnType::OrganizationName, "Another"));
    for (what, own) in [("of another station", leaf("CS002")), ("of another operator", operator)] {
        let own = root.sign(&own);
        assert_eq!(come(Some(&own)), Err(Some(HandshakeError::Refused(403))), "{what}");
        honest.heartbeat();
    }
    assert_eq!((csms.keys)(), ["CS002".into()], "and no machine is made");
    assert_eq!(come(Some(&root.sign(&leaf("CS001")))), Ok(()));
}
