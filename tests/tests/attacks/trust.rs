//! Attacks on credentials and on TLS.

use std::io::Write;
use std::time::Duration;

use pilotwire::DateTime;
use pilotwire_wire::tls::{ClientCertificates, ClientTls, KeyedChain, ServerTls, ServerTlsConfig, TimeSource};
use pilotwire_wire::{HandshakeError, Limits, ServerConfig, ThrottleConfig};
use rcgen::{CertificateParams, DnType, date_time_ymd};

use crate::certificates::hostile::{bad_stations, hello};
use crate::certificates::{Authority, client, leaf, required, server};
use crate::peer::{Peer, Who, connect, rest};
use crate::stands::{Setup, Standing, Start};

const HOST: &str = "127.0.0.1";

fn standing(start: Start, root: &Authority, clients: ClientCertificates) -> Standing {
    secured(start, server(root.sign(&leaf(HOST)), clients))
}

fn secured(start: Start, tls: ServerTls) -> Standing {
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

/// Neither the station's nor the CSMS's own: certificates are judged by the time of the machines, and never below its floor.
pub(crate) fn s_12_no_clock_revives_a_certificate(start: Start) {
    let root = Authority::root("Root");
    let valid = |from: i32, until: i32| {
        root.sign(&of_another(|params| {
            (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        }))
    };
    let (old, good, late) = (valid(1969, 1972), valid(2025, 2028), valid(2049, 2052));
    let floor = crate::stands::now();
    for (clock, comes_in) in
        [("2026-03-01T10:00:00Z", true), ("1970-06-01T00:00:00Z", true), ("2050-06-01T00:00:00Z", false)]
    {
        let clock: DateTime = clock.parse().unwrap();
        let time = || TimeSource::new(floor, move || clock);
        let mut shown = leaf(HOST);
        shown.not_after = date_time_ymd(2060, 1, 1);
        let chains = vec![root.sign(&shown)];
        let tls = ServerTls::new(&ServerTlsConfig { chains, clients: required(&root, false), time: time() }).unwrap();
        let csms = secured(start, tls);
        let come = |own: &KeyedChain| {
            let tls = ClientTls::new(&[root.pem()], Some(own), time()).unwrap();
            Peer::come(csms.address, by_tls("CS001", tls)).map(drop)
        };
        let expired = if comes_in { &old } else { &good };
        assert!(matches!(come(expired), Err(Some(HandshakeError::Tls(_)) | None)), "{clock}: what has expired");
        assert_eq!(come(&good).is_ok(), comes_in, "{clock}");
        assert_eq!(come(&late).is_ok(), !comes_in, "{clock}: what is not valid yet");
    }
}
