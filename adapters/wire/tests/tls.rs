//! TLS on both sides, without a network (A00; S-9 to S-12, S-23, S-25).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use common::hostile::{bad, bad_servers, bad_stations, handshake_record, hello};
use common::{Authority, HOST, Met, STATION, ca, call, client, leaf, meet, now, required, server, time};
use pilotwire::domain::{ConnectionFault, SecurityProfile};
use pilotwire::{DateTime, Instant};
use pilotwire_wire::tls::{
    ClientCertificates, ClientRoots, ClientTls, ServerTls, ServerTlsConfig, TimeSource, TlsFault,
};
use pilotwire_wire::{
    ClientHandshake, Connection, HandshakeError, Limits, Message, Refusal, Rejection, ServerHandshake,
};
use rcgen::{DnType, PKCS_ECDSA_P384_SHA384, date_time_ymd};

fn carry(from: &mut Connection, to: &mut Connection) {
    let bytes = from.pending().to_vec();
    from.sent(bytes.len());
    to.receive(&bytes);
}

fn at_client(met: &Met) -> Option<ConnectionFault> {
    met.client.as_ref().err().map(HandshakeError::fault)
}

fn at_server(met: &Met) -> Option<TlsFault> {
    match &met.server {
        Err(Rejection::Tls(error)) => Some(error.fault),
        _ => None,
    }
}

/// Security profiles 2 and 3, however the bytes are cut.
#[test]
fn both_ends_meet_by_tls_however_the_stream_is_cut() {
    let root = Authority::root("Root");
    let own = root.sub(ca("Stations")).sign(&leaf(STATION));
    for chunk in [1, 7, 1_000, usize::MAX] {
        let tls = server(root.sign(&leaf(HOST)), ClientCertificates::None);
        let met = meet(&call(client(&root, None)), &tls, chunk, |upgrade| {
            assert_eq!(upgrade.security_profile(), SecurityProfile::TlsBasic);
            assert_eq!(upgrade.certificate(), None);
        });
        let (mut station, mut csms) = met.ends.unwrap();
        for text in ["hello", &"x".repeat(60_000)] {
            station.send(text.into()).unwrap();
            carry(&mut station, &mut csms);
            assert_eq!(csms.poll_message(), Some(Message::Text(text.into())));
            csms.send(text.into()).unwrap();
            carry(&mut csms, &mut station);
            assert_eq!(station.poll_message(), Some(Message::Text(text.into())));
        }
        let tls = server(root.sign(&leaf(HOST)), required(&root, false));
        let met = meet(&call(client(&root, Some(&own))), &tls, chunk, |upgrade| {
            assert_eq!(upgrade.security_profile(), SecurityProfile::TlsClient);
            let shown = upgrade.certificate().unwrap();
            assert!(shown.belongs_to(STATION, Some("Operator")) && !shown.is_expired(now()));
            assert!(!shown.belongs_to("CS-2", None) && !shown.belongs_to(STATION, Some("Another")));
        });
        assert!(met.ends.is_some());
    }
}

/// S-10; A00.FR.308 to A00.FR.311: refused, told as what it is, and the CSMS hears why by an alert.
#[test]
fn a_csms_whose_certificate_is_not_good_is_refused() {
    let root = Authority::root("Root");
    for (what, shown) in bad_servers(&root, HOST) {
        let tls = server(shown, ClientCertificates::None);
        let met = meet(&call(client(&root, None)), &tls, usize::MAX, |_| panic!("{what}"));
        assert_eq!(at_client(&met), Some(ConnectionFault::InvalidCsmsCertificate), "{what}: {:?}", met.client);
        assert_eq!(at_server(&met), Some(TlsFault::Refused), "{what}: {:?}", met.server);
    }
    let wildcard = server(root.sign(&leaf("*.example.com")), ClientCertificates::None);
    assert!(meet(&call(client(&root, None)), &wildcard, usize::MAX, |_| ()).ends.is_some());
}

/// S-11; A00.FR.403, A00.FR.407.
#[test]
fn a_station_whose_certificate_is_not_good_is_refused() {
    let root = Authority::root("Root");
    for (what, own) in bad_stations(&root, STATION) {
        let tls = server(root.sign(&leaf(HOST)), required(&root, false));
        let met = meet(&call(client(&root, Some(&own))), &tls, usize::MAX, |_| panic!("{what}"));
        assert_eq!(at_server(&met), Some(TlsFault::Certificate), "{what}: {:?}", met.server);
    }
    let tls = server(root.sign(&leaf(HOST)), required(&root, false));
    let met = meet(&call(client(&root, None)), &tls, usize::MAX, |_| panic!("none"));
    assert_eq!(at_server(&met), Some(TlsFault::Certificate), "no certificate: {:?}", met.server);
}

/// A00.FR.429: let through where the host wants that, and said to be out of date; nothing else is let through by it.
#[test]
fn an_expired_certificate_of_a_station_may_be_let_through() {
    let root = Authority::root("Root");
    let tls = server(root.sign(&leaf(HOST)), required(&root, true));
    let expired = |root: &Authority| root.sign(&bad(STATION, |params| params.not_after = date_time_ymd(2026, 2, 1)));
    let met = meet(&call(client(&root, Some(&expired(&root)))), &tls, usize::MAX, |upgrade| {
        assert!(upgrade.certificate().unwrap().is_expired(now()));
    });
    assert!(met.ends.is_some());
    let stranger = Authority::root("Root");
    let met = meet(&call(client(&root, Some(&expired(&stranger)))), &tls, usize::MAX, |_| panic!("a stranger"));
    assert_eq!(at_server(&met), Some(TlsFault::Certificate));
}

/// A00.FR.705: what the authority took back does not come in, also with a list that is no longer fresh. Who is not on it does,
/// and so do those of authorities without a list.
#[test]
fn a_revoked_certificate_of_a_station_is_refused() {
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let roots = |revoked| ClientRoots { trusted: vec![root.pem(), other.pem()], revoked, ..ClientRoots::default() };
    let shown = root.sign(&leaf(HOST));
    let strict = server(shown.clone(), ClientCertificates::Required(roots(vec![root.revocation_list(&[7])])));
    let comes_in = |authority: &Authority, serial: u64| {
        let mut params = leaf(STATION);
        params.serial_number = Some(serial.into());
        let own = authority.sign(&params);
        at_server(&meet(&call(client(&root, Some(&own))), &strict, 1_000, |_| ()))
    };
    assert_eq!(comes_in(&root, 7), Some(TlsFault::Certificate));
    assert_eq!(comes_in(&root, 8), None);
    assert_eq!(comes_in(&other, 7), None);
    let broken = ClientCertificates::Required(roots(vec!["no list".into()]));
    let config = ServerTlsConfig { chains: vec![shown], clients: broken, time: time() };
    assert!(ServerTls::new(&config).unwrap_err().to_string().contains("revocation list"));
}

/// S-12: a clock that was lost does not bring a certificate back, and one far ahead lets none live.
#[test]
fn certificates_are_judged_by_the_time_that_is_given() {
    let root = Authority::root("Root");
    let tls = server(root.sign(&leaf(HOST)), ClientCertificates::None);
    let at = |time: &str, floor: &str| {
        let (time, floor): (DateTime, DateTime) = (time.parse().unwrap(), floor.parse().unwrap());
        let source = TimeSource::new(floor, move || time);
        let trusting = ClientTls::new(&[root.pem()], None, source).unwrap();
        meet(&call(trusting), &tls, usize::MAX, |_| ())
    };
    assert!(at("2026-03-01T10:00:00Z", "1970-01-01T00:00:00Z").ends.is_some());
    assert!(at("1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z").ends.is_some(), "the floor counts");
    for (time, floor) in
        [("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"), ("2026-03-01T10:00:00Z", "2029-01-01T00:00:00Z")]
    {
        assert_eq!(at_client(&at(time, floor)), Some(ConnectionFault::InvalidCsmsCertificate), "{time} {floor}");
    }
}

const ECDSA_SHA256: [u8; 2] = [4, 3];
const ECDSA_SHA384: [u8; 2] = [5, 3];

fn listening() -> ServerHandshake {
    let root = Authority::root("Root");
    let tls = server(root.sign(&leaf(HOST)), ClientCertificates::None);
    ServerHandshake::by_tls(Instant::ZERO, Limits::default(), &tls).unwrap()
}

/// S-9; A00.FR.313, A00.FR.315, A00.FR.320, A00.FR.322: with an alert, and without a word of HTTP.
#[test]
fn old_versions_and_bad_suites_are_refused() {
    let rc4_and_3des = [0, 5, 0, 10, 0, 1];
    for (version, suites, fault) in [
        ([3, 1], &[0xC0, 0x09][..], TlsFault::Version),
        ([3, 2], &[0xC0, 0x09], TlsFault::Version),
        ([3, 0], &rc4_and_3des, TlsFault::Version),
        ([3, 3], &rc4_and_3des, TlsFault::CipherSuite),
    ] {
        let mut handshake = listening();
        let why = handshake.receive(&hello(version, suites, ECDSA_SHA256)).unwrap_err();
        assert!(matches!(&why, Rejection::Tls(error) if error.fault == fault), "{version:?}: {why:?}");
        let farewell = handshake.farewell(&why);
        assert_eq!((farewell[0], farewell[5]), (21, 2), "a fatal alert");
    }
}

/// S-9; A00.FR.316, A00.FR.323: a CSMS that takes what nobody offered has nothing better.
#[test]
fn a_csms_with_old_versions_or_bad_suites_alone_is_told_by_its_fault() {
    let root = Authority::root("Root");
    for (version, suite, fault) in [
        ([3, 0], [0xC0, 0x2B], ConnectionFault::InvalidTlsVersion),
        ([3, 2], [0xC0, 0x2B], ConnectionFault::InvalidTlsVersion),
        ([3, 3], [0, 0], ConnectionFault::InvalidTlsCipherSuite),
        ([3, 3], [0, 10], ConnectionFault::InvalidTlsCipherSuite),
        ([3, 3], [0, 0x9C], ConnectionFault::InvalidTlsCipherSuite),
        ([3, 3], [0x13, 1], ConnectionFault::InvalidTlsCipherSuite),
    ] {
        let call = call(client(&root, None));
        let mut handshake = ClientHandshake::new(Instant::ZERO, &call, [7; 16], Limits::default()).unwrap();
        handshake.sent(handshake.pending().len());
        let hello = handshake_record(2, &[&version[..], &[7; 32], &[0], &suite, &[0]].concat());
        let error = handshake.receive(&hello).map(drop).unwrap_err();
        assert_eq!(error.fault(), fault, "{version:?} {suite:?}: {error}");
        assert_eq!(handshake.pending()[0], 21, "and with an alert");
    }
}

/// S-23, S-25 (CVE-2024-11738, CVE-2024-32650): what is no TLS, ends too early or never ends is refused at once.
#[test]
fn what_breaks_tls_is_refused_and_never_loops() {
    let good = hello([3, 3], &[0xC0, 0x2B], ECDSA_SHA256);
    let close_notify = [21, 3, 3, 0, 2, 1, 0];
    let mut handshake = listening();
    assert_eq!(handshake.receive(&close_notify).map(|found| found.is_some()), Ok(false));
    assert_eq!(
        handshake.receive(b"").map(|found| found.is_some()),
        Ok(false),
        "over, and waited for no longer than others"
    );
    for hostile in [b"GET / HTTP/1.1\r\n\r\n".to_vec(), vec![0; 64], vec![22, 3, 1, 255, 255]] {
        let mut handshake = listening();
        assert!(matches!(handshake.receive(&hostile), Err(Rejection::Tls(_))), "{hostile:?}");
    }
    // A handshake message that announces 16 MiB, in records of one byte.
    let mut handshake = listening();
    let mut result = handshake.receive(&[22, 3, 1, 0, 4, 1, 255, 255, 255]).map(drop);
    for _ in 0..100_000 {
        if result.is_err() {
            break;
        }
        result = handshake.receive(&[22, 3, 1, 0, 1, 0]).map(drop);
    }
    assert!(matches!(result, Err(Rejection::Tls(_))));
    // A hello in records of one byte each.
    let mut handshake = listening();
    for byte in &good[5..] {
        assert!(handshake.receive(&[22, 3, 1, 0, 1, *byte]).is_ok());
    }
    assert!(!handshake.pending().is_empty(), "it was understood");
}

/// A refusal of HTTP arrives by TLS, and TLS is closed in good order behind it.
#[test]
fn a_refusal_is_told_by_tls() {
    let root = Authority::root("Root");
    let tls = server(root.sign(&leaf(HOST)), ClientCertificates::None);
    let mut client =
        ClientHandshake::new(Instant::ZERO, &call(client(&root, None)), [7; 16], Limits::default()).unwrap();
    let mut server = ServerHandshake::by_tls(Instant::ZERO, Limits::default(), &tls).unwrap();
    loop {
        let bytes = client.pending().to_vec();
        client.sent(bytes.len());
        if let Some(upgrade) = server.receive(&bytes).unwrap() {
            let result = client.receive(&upgrade.refuse(Refusal::Unauthorized)).map(drop);
            return assert_eq!(result, Err(HandshakeError::Refused(401)));
        }
        let bytes = server.pending().to_vec();
        server.sent(bytes.len());
        assert!(client.receive(&bytes).unwrap().is_none());
    }
}

/// Whoever cuts TLS behind the WebSocket's back ends the connection, and so does whoever garbles it.
#[test]
fn tls_that_ends_or_breaks_ends_the_connection() {
    let root = Authority::root("Root");
    let tls = server(root.sign(&leaf(HOST)), ClientCertificates::None);
    let open = || meet(&call(client(&root, None)), &tls, usize::MAX, |_| ()).ends.unwrap();
    let (mut station, mut csms) = open();
    csms.receive(&station.farewell());
    let Some(Message::Closed(closed)) = csms.poll_message() else { panic!() };
    assert_eq!((closed.code, closed.by_peer), (None, true));
    let (mut station, mut csms) = open();
    station.send("hello".into()).unwrap();
    let mut bytes = station.pending().to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    csms.receive(&bytes);
    let Some(Message::Closed(closed)) = csms.poll_message() else { panic!() };
    assert_eq!((closed.code, closed.by_peer), (None, false));
    assert!(csms.is_over());
}

/// A00.FR.318: with two certificates each station gets the one that it can verify.
#[test]
fn of_two_certificates_the_one_is_shown_that_the_station_understands() {
    let root = Authority::root("Root");
    let chains =
        vec![root.sign(&leaf("first.example")), root.sign_with(&leaf("second.example"), &PKCS_ECDSA_P384_SHA384)];
    let config = ServerTlsConfig { chains, clients: ClientCertificates::None, time: time() };
    let tls = ServerTls::new(&config).unwrap();
    for (signature, name) in [(ECDSA_SHA256, "first.example"), (ECDSA_SHA384, "second.example")] {
        let mut handshake = ServerHandshake::by_tls(Instant::ZERO, Limits::default(), &tls).unwrap();
        handshake.receive(&hello([3, 3], &[0xC0, 0x2B], signature)).unwrap();
        let shown = handshake.pending().windows(name.len()).any(|part| part == name.as_bytes());
        assert!(shown, "{name}");
    }
}

#[test]
fn a_server_without_roots_or_certificates_does_not_start() {
    let root = Authority::root("Root");
    let nobody: [String; 0] = [];
    assert!(ClientTls::new(&nobody, None, time()).is_err());
    assert!(ClientTls::new(&["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"], None, time()).is_err());
    let none = ServerTlsConfig { chains: Vec::new(), clients: ClientCertificates::None, time: time() };
    assert!(ServerTls::new(&none).is_err());
    let mut without = call(client(&root, None));
    without.tls = None;
    let refused = ClientHandshake::new(Instant::ZERO, &without, [7; 16], Limits::default());
    assert_eq!(refused.map(drop), Err(HandshakeError::NoTls));
}

/// Certificates change while the server runs; a bad one changes nothing.
#[test]
fn certificates_are_reloaded_while_the_server_runs() {
    let (old, new) = (Authority::root("Old"), Authority::root("New"));
    let tls = server(old.sign(&leaf(HOST)), ClientCertificates::None);
    let shown = |root: &Authority| ServerTlsConfig {
        chains: vec![root.sign(&leaf(HOST))],
        clients: ClientCertificates::None,
        time: time(),
    };
    let none = ServerTlsConfig { chains: Vec::new(), ..shown(&new) };
    assert!(tls.reload(&none).is_err());
    assert!(meet(&call(client(&old, None)), &tls, usize::MAX, |_| ()).ends.is_some());
    tls.reload(&shown(&new)).unwrap();
    assert!(meet(&call(client(&new, None)), &tls, usize::MAX, |_| ()).ends.is_some());
    assert!(meet(&call(client(&old, None)), &tls, usize::MAX, |_| ()).ends.is_none());
}

/// A00.FR.405: other names beside it change nothing.
#[test]
fn a_certificate_belongs_to_the_station_of_its_common_name() {
    let root = Authority::root("Root");
    let mut params = leaf(STATION);
    params.distinguished_name.push(DnType::OrganizationalUnitName, "Fleet");
    let tls = server(root.sign(&leaf(HOST)), required(&root, false));
    let met = meet(&call(client(&root, Some(&root.sign(&params)))), &tls, usize::MAX, |upgrade| {
        assert!(upgrade.certificate().unwrap().belongs_to(STATION, None));
    });
    assert!(met.ends.is_some());
}
