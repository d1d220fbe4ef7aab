//! The certificate authority for trying things out, and TLS with what it issues.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use common::{at, csr, examine, now, root, station, subject};
use pilotwire::domain::KeyId;
use pilotwire_pki::authority::{Authority, AuthorityError, Validity};
use pilotwire_pki::{Csr, Keys};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{CertificateError, Error, RootCertStore};

fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect()
}

fn trust(authority: &Authority) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(certificates(&authority.root_pem()).remove(0)).unwrap();
    Arc::new(roots)
}

fn unix_now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(now().unix_millis().unsigned_abs()))
}

#[test]
fn tls_takes_a_stations_certificate_that_does_not_say_what_it_is_for() {
    // A00.FR.514: no extended key usage
    let mut root = root();
    let mut sub = root.sub(&subject("Sub"), Validity::days(now(), 60)).unwrap();
    let mut keys = Keys::in_memory();
    let pem = station(&mut sub, &mut keys, KeyId(1), "CS1");
    let verify = |authority: &Authority| {
        let provider = Arc::new(default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(trust(authority), provider).build().unwrap();
        let chain = certificates(&pem);
        verifier.verify_client_cert(&chain[0], &chain[1..], unix_now()).map(|_| ())
    };
    assert_eq!(verify(&root), Ok(()));
    assert!(verify(&common::root()).is_err());
    // And the key is one that TLS can sign with.
    let key = keys.private_key(KeyId(1)).unwrap().into();
    rustls::sign::CertifiedKey::from_der(certificates(&pem), key, &default_provider()).unwrap().keys_match().unwrap();
}

#[test]
fn tls_takes_a_servers_certificate_for_its_names_and_addresses() {
    // A00.FR.412, A00.FR.510
    let mut root = root();
    let names = ["csms.example", "127.0.0.1", "::1"];
    let server = root.server("Operator", &names, Validity::days(now(), 30)).unwrap();
    let chain = certificates(&server.chain_pem);
    let provider = Arc::new(default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(trust(&root), provider).build().unwrap();
    let verify = |name: &str| {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], unix_now()).map(|_| ())
    };
    for name in names {
        assert_eq!(verify(name), Ok(()), "{name}");
    }
    for name in ["other.example", "127.0.0.2"] {
        let error = verify(name).unwrap_err();
        assert!(
            matches!(error, Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })),
            "{error:?}"
        );
    }
    let facts = examine(&server.chain_pem, &[&root.root_pem()], now());
    assert_eq!((facts.trusted_by, facts.certificates[0].common_name.as_deref()), (Some(0), Some("csms.example")));
    assert!(!format!("{server:?}").contains("private_key"));
    rustls::sign::CertifiedKey::from_der(chain, server.private_key.into(), &default_provider())
        .unwrap()
        .keys_match()
        .unwrap();
}

#[test]
fn a_server_needs_names() {
    let mut root = root();
    let mut server = |names: &[&str]| root.server("Operator", names, Validity::days(now(), 1)).map(|_| ());
    assert!(matches!(server(&[]), Err(AuthorityError::Name(_))));
    for name in ["", "a b", "wss://csms.example", "csms.example/ocpp", "ü.example"] {
        assert!(matches!(server(&["csms.example", name]), Err(AuthorityError::Name(wrong)) if wrong == name));
    }
}

#[test]
fn nothing_outlives_its_authority() {
    let mut root = root();
    let request = csr(&mut Keys::in_memory(), KeyId(1), &subject("CS1"));
    let request = Csr::read(&request).unwrap();
    let (begin, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let mut sign = |not_before, not_after| root.sign(&request, Validity { not_before, not_after }).map(|_| ());
    assert!(sign(begin, end).is_ok());
    assert!(matches!(sign(begin, at("2027-01-01T00:00:01Z")), Err(AuthorityError::Validity { .. })));
    assert!(matches!(sign(at("2025-12-31T23:59:59Z"), end), Err(AuthorityError::Validity { .. })));
    assert!(matches!(sign(end, begin), Err(AuthorityError::Validity { .. })));
    let backwards = Validity { not_before: end, not_after: begin };
    assert!(matches!(Authority::root(&subject("Root"), backwards), Err(AuthorityError::Validity { .. })));
}

#[test]
fn every_serial_number_is_another_and_long_enough() {
    let mut root = root();
    let mut keys = Keys::in_memory();
    let mut serials: Vec<String> = (0..20)
        .map(|_| {
            let pem = station(&mut root, &mut keys, KeyId(1), "CS1");
            examine(&pem, &[&root.root_pem()], now()).certificates[0].names[0].serial_number.to_string()
        })
        .collect();
    assert!(serials.iter().all(|serial| serial.len() == 32));
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 20);
}

#[test]
fn an_authority_is_saved_once_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("ca");
    let mut root = root();
    let mut sub = root.sub(&subject("Sub"), Validity::days(now(), 60)).unwrap();
    let mut keys = Keys::in_memory();
    let before = station(&mut sub, &mut keys, KeyId(1), "CS1");
    sub.save(&folder).unwrap();
    let after = station(&mut sub, &mut keys, KeyId(2), "CS2");
    sub.revoke(&before, now()).unwrap();
    let mut again = Authority::load(&folder).unwrap();
    let third = station(&mut again, &mut keys, KeyId(3), "CS3");
    for pem in [&before, &after, &third] {
        assert_eq!(examine(pem, &[&root.root_pem()], now()).trusted_by, Some(0));
    }
    let register = fs::read_to_string(folder.join("register")).unwrap();
    assert_eq!(register.lines().filter(|line| line.starts_with("issued ")).count(), 3);
    assert_eq!(register.lines().filter(|line| line.starts_with("revoked ")).count(), 1);
    assert!(matches!(common::root().save(&folder), Err(AuthorityError::Exists(_))));
    assert_eq!(Authority::load(&folder).unwrap().chain_pem(), sub.chain_pem());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_an_authoritys_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    root().save(folder.path()).unwrap();
    let mode = fs::metadata(folder.path().join("authority.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_authority_that_was_damaged_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = root();
    first.save(folder.path()).unwrap();
    let spoiled = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        let good = fs::read(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        let verdict = Authority::load(folder.path()).map(|_| ());
        fs::write(&path, good).unwrap();
        verdict
    };
    for (name, bytes) in [
        ("authority.key", &b"no key"[..]),
        ("authority.pem", root().root_pem().as_bytes()),
        ("authority.pem", b"no PEM"),
        ("register", b"issued\n"),
        ("register", b"issued 1 2\n"),
        ("register", b"revoked 1 yesterday\n"),
    ] {
        assert!(matches!(spoiled(name, bytes), Err(AuthorityError::Unreadable { .. })), "{name}");
    }
    assert!(Authority::load(folder.path()).is_ok());
    assert!(matches!(Authority::load(&folder.path().join("none")), Err(AuthorityError::Storage { .. })));
}

#[test]
fn a_line_of_the_register_that_a_power_cut_tore_off_was_never_promised() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = root();
    first.save(folder.path()).unwrap();
    let kept = station(&mut first, &mut Keys::in_memory(), KeyId(1), "CS1");
    let path = folder.path().join("register");
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}issued 4f")).unwrap();
    let mut again = Authority::load(folder.path()).unwrap();
    again.revoke(&kept, now()).unwrap();
    let lines = fs::read_to_string(&path).unwrap();
    assert!(lines.starts_with(&whole) && lines.lines().count() == 2 && lines.ends_with("2026-06-01T12:00:00.000Z\n"));
    Authority::load(folder.path()).unwrap();
}

#[test]
fn a_certificate_that_cannot_be_noted_is_not_issued() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = root();
    first.save(folder.path()).unwrap();
    fs::remove_file(folder.path().join("register")).unwrap();
    fs::create_dir(folder.path().join("register")).unwrap();
    let request = csr(&mut Keys::in_memory(), KeyId(1), &subject("CS1"));
    let verdict = first.sign(&Csr::read(&request).unwrap(), Validity::days(now(), 1));
    assert!(matches!(verdict, Err(AuthorityError::Storage { .. })));
}

#[test]
fn tls_refuses_a_station_that_is_on_the_revocation_list() {
    // A00.FR.705
    let mut root = root();
    let mut keys = Keys::in_memory();
    let [good, bad] = [1, 2].map(|key| station(&mut root, &mut keys, KeyId(key), "CS1"));
    root.revoke(&bad, now()).unwrap();
    let list = root.revocation_list(now(), Duration::from_secs(3_600)).unwrap();
    let lists = [CertificateRevocationListDer::from_pem_slice(list.as_bytes()).unwrap()];
    let builder = WebPkiClientVerifier::builder_with_provider(trust(&root), Arc::new(default_provider()));
    let verifier = builder.with_crls(lists).build().unwrap();
    let verify = |pem: &str| verifier.verify_client_cert(&certificates(pem)[0], &[], unix_now()).map(|_| ());
    assert_eq!(verify(&good), Ok(()));
    assert_eq!(verify(&bad), Err(Error::InvalidCertificate(CertificateError::Revoked)));
}

#[test]
fn a_revocation_that_cannot_be_read_is_not_left_out() {
    let folder = tempfile::tempdir().unwrap();
    root().save(folder.path()).unwrap();
    fs::write(folder.path().join("register"), "revoked xyz 2026-06-01T12:00:00.000Z\n").unwrap();
    let list = Authority::load(folder.path()).unwrap().revocation_list(now(), Duration::from_secs(3_600));
    assert!(list.unwrap_err().to_string().contains("xyz"));
}

#[test]
fn only_its_own_certificates_are_revoked() {
    let (mut first, mut second) = (root(), root());
    let pem = station(&mut first, &mut Keys::in_memory(), KeyId(1), "CS1");
    assert!(matches!(second.revoke(&pem, now()), Err(AuthorityError::NotOurs)));
    assert!(matches!(second.revoke("", now()), Err(AuthorityError::Chain(_))));
}
