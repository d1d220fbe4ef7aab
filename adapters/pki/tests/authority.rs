//! The authority, signing requests, keys and what a machine asks for, from end to end.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use pilotwire::DateTime;
use pilotwire::domain::{ChainFacts, CryptoResult, CryptoTask, KeyId, Subject};
use pilotwire_pki::{Authority, AuthorityError, BadRequest, KeyError, Keys, SigningRequest, Validity, perform};
use ring::digest::{SHA256, digest};

const KEY: KeyId = KeyId(7);

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn years() -> Validity {
    Validity { from: at("2025-01-01T00:00:00Z"), until: at("2030-01-01T00:00:00Z") }
}

fn authority() -> Authority {
    Authority::new("Operator", years()).unwrap()
}

fn csr(keys: &mut Keys, name: &str) -> String {
    let subject = Subject { organization: "Operator".into(), common_name: name.into() };
    match perform(keys, &CryptoTask::MakeCsr { key: KEY, subject }) {
        Some(CryptoResult::Csr(csr)) => csr.to_string(),
        other => panic!("{other:?}"),
    }
}

fn examine(keys: &mut Keys, chain: &str, roots: &[&str], when: &str) -> Result<ChainFacts, String> {
    let roots = roots.iter().map(|root| (*root).into()).collect();
    match perform(keys, &CryptoTask::Examine { chain: chain.into(), key: Some(KEY), roots, at: at(when) }) {
        Some(CryptoResult::Examined(facts)) => Ok(facts),
        Some(CryptoResult::Failed { why }) => Err(why.to_string()),
        other => panic!("{other:?}"),
    }
}

const NOW: &str = "2026-03-01T10:00:00Z";

/// A02: request, signature, examination.
#[test]
fn a_requested_certificate_fits_its_key_and_descends_from_the_root() {
    let (mut keys, ca) = (Keys::in_memory(), authority());
    let request = SigningRequest::read(&csr(&mut keys, "CS-1")).unwrap();
    assert_eq!((request.common_name.as_str(), request.organization.as_deref()), ("CS-1", Some("Operator")));
    let chain = ca.sign(&request, years()).unwrap();
    let stranger = authority();
    let facts = examine(&mut keys, &chain, &[stranger.certificate(), ca.certificate()], NOW).unwrap();
    assert!(facts.fits_key);
    assert_eq!((facts.trusted_by, facts.flaw), (Some(1), None));
    let [leaf] = facts.certificates.as_slice() else { panic!("one certificate") };
    assert_eq!((leaf.common_name.as_deref(), leaf.organization.as_deref()), (Some("CS-1"), Some("Operator")));
    assert_eq!((leaf.not_before, leaf.not_after), (years().from, years().until));
    assert_eq!((leaf.is_ca, leaf.is_self_signed, leaf.is_strong), (false, false, true));
}

#[test]
fn the_same_key_serves_a_request_that_is_made_again() {
    let mut keys = Keys::in_memory();
    let (first, second) = (csr(&mut keys, "CS-1"), csr(&mut keys, "CS-1"));
    let chain = authority().sign(&SigningRequest::read(&first).unwrap(), years()).unwrap();
    assert!(SigningRequest::read(&second).is_ok());
    assert!(examine(&mut keys, &chain, &[], NOW).unwrap().fits_key);
}

/// S-11, S-13.
#[test]
fn what_is_wrong_with_a_chain_is_told() {
    let (mut keys, ca) = (Keys::in_memory(), authority());
    let request = SigningRequest::read(&csr(&mut keys, "CS-1")).unwrap();
    let chain = ca.sign(&request, years()).unwrap();
    let trusted = |keys: &mut Keys, chain: &str, roots: &[&str], when: &str| {
        let facts = examine(keys, chain, roots, when).unwrap();
        assert_eq!(facts.trusted_by.is_none(), facts.flaw.is_some());
        facts.trusted_by
    };
    assert_eq!(trusted(&mut keys, &chain, &[ca.certificate()], NOW), Some(0));
    assert_eq!(trusted(&mut keys, &chain, &[authority().certificate()], NOW), None, "another root of the same name");
    assert_eq!(trusted(&mut keys, &chain, &[], NOW), None);
    assert_eq!(trusted(&mut keys, &chain, &[ca.certificate()], "2024-12-31T23:59:59Z"), None, "not yet");
    assert_eq!(trusted(&mut keys, &chain, &[ca.certificate()], "2030-01-01T00:00:01Z"), None, "no longer");
    assert_eq!(trusted(&mut keys, &chain, &["no PEM at all"], NOW), None);
    let foreign = ca.station("CS-1", years()).unwrap().0;
    assert!(!examine(&mut keys, &foreign, &[ca.certificate()], NOW).unwrap().fits_key, "another key");
}

/// M05: a root descends from itself, and from the one that signed it.
#[test]
fn a_root_is_judged_as_an_authority() {
    let (mut keys, ca) = (Keys::in_memory(), authority());
    let facts = examine(&mut keys, ca.certificate(), &[ca.certificate()], NOW).unwrap();
    let [root] = facts.certificates.as_slice() else { panic!("one certificate") };
    assert_eq!((root.is_ca, root.is_self_signed, facts.trusted_by), (true, true, Some(0)));
    let facts = examine(&mut keys, ca.certificate(), &[authority().certificate()], NOW).unwrap();
    assert_eq!(facts.trusted_by, None);
}

/// M04.FR.07, RFC 6960 §4.1.1: of a root the issuer is itself, so name and key stand in its own bytes.
#[test]
fn certificates_are_named_by_hashes() {
    let (mut keys, ca) = (Keys::in_memory(), authority());
    let facts = examine(&mut keys, ca.certificate(), &[], NOW).unwrap();
    let names = &facts.certificates[0].names;
    assert_eq!(names.iter().map(|name| name.issuer_key_hash.len()).collect::<Vec<_>>(), [64, 96, 128]);
    let der = der_of(ca.certificate());
    let hashes = |length: usize, wanted: &str| {
        der.windows(length).any(|part| {
            let hash: String = digest(&SHA256, part).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            hash == wanted
        })
    };
    assert!(hashes(65, &names[0].issuer_key_hash), "an uncompressed point of P-256");
    assert!((20..100).any(|length| hashes(length, &names[0].issuer_name_hash)), "the name");
    assert!(names.iter().all(|name| name.serial_number.len() == 32), "16 bytes of serial number");
}

fn der_of(pem: &str) -> Vec<u8> {
    use rustls_pki_types::pem::PemObject;
    rustls_pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

/// A02.FR.04: nothing is signed that the station could not have meant.
#[test]
fn a_request_that_was_tampered_with_is_refused() {
    let good = csr(&mut Keys::in_memory(), "CS-1");
    let lines: Vec<&str> = good.lines().collect();
    let (mut unreadable, mut forged) = (0, 0);
    for line in 1..lines.len() - 1 {
        for at in 0..lines[line].len() {
            let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            let old = changed[line].as_bytes()[at];
            changed[line].replace_range(at..=at, if old == b'A' { "B" } else { "A" });
            match SigningRequest::read(&changed.join("\n")) {
                Err(BadRequest::Signature) => forged += 1,
                Err(_) => unreadable += 1,
                Ok(request) => {
                    assert_eq!(request, SigningRequest::read(&good).unwrap(), "unused bits at the end alone");
                }
            }
        }
    }
    assert!(unreadable > 0 && forged > 0, "{unreadable} {forged}");
    assert_eq!(SigningRequest::read(&"x".repeat(6_000)), Err(BadRequest::Unreadable));
    assert_eq!(SigningRequest::read(&csr(&mut Keys::in_memory(), "")), Err(BadRequest::NoName));
}

/// S-25: no text makes it panic, and a long chain is refused before it costs.
#[test]
fn hostile_certificates_are_refused() {
    let (mut keys, ca) = (Keys::in_memory(), authority());
    let good = ca.station("CS-1", years()).unwrap().0;
    for cut in (0..good.len()).step_by(3) {
        let _ = examine(&mut keys, &good[..cut], &[ca.certificate()], NOW);
        let mut bytes = good.clone().into_bytes();
        bytes[cut] = if bytes[cut] == b'Q' { b'R' } else { b'Q' };
        let facts = examine(&mut keys, &String::from_utf8(bytes).unwrap(), &[ca.certificate()], NOW);
        let is_good = facts.as_ref().is_ok_and(|facts| facts.trusted_by.is_some());
        assert!(!is_good || facts.unwrap().certificates[0].pem.as_str() == good, "byte {cut}");
    }
    let why = examine(&mut keys, &good.repeat(11), &[ca.certificate()], NOW).unwrap_err();
    assert!(why.contains("more than 10"), "{why}");
    assert!(examine(&mut keys, "", &[], NOW).is_err());
}

/// a key is complete or not there; what is no longer used goes.
#[test]
fn keys_survive_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let request = csr(&mut Keys::in_folder(folder.path()).unwrap(), "CS-1");
    std::fs::write(folder.path().join("8.part"), "-----BEGIN PRIV").unwrap();
    let mut keys = Keys::in_folder(folder.path()).unwrap();
    assert_eq!(keys.names().collect::<Vec<_>>(), [KEY]);
    let chain = authority().sign(&SigningRequest::read(&request).unwrap(), years()).unwrap();
    assert!(examine(&mut keys, &chain, &[], NOW).unwrap().fits_key, "the same key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("7.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    perform(&mut keys, &CryptoTask::KeepKeys { keys: vec![KeyId(9)] });
    assert_eq!(Keys::in_folder(folder.path()).unwrap().names().count(), 0);
    std::fs::write(folder.path().join("9.key"), "something else").unwrap();
    assert!(matches!(Keys::in_folder(folder.path()), Err(KeyError::Foreign { .. })));
}

#[test]
fn keys_and_authorities_are_never_shown() {
    let (mut keys, ca) = (Keys::in_memory(), authority());
    csr(&mut keys, "CS-1");
    let shown = format!("{keys:?} {ca:?}");
    assert!(!shown.contains("PRIVATE") && shown.contains("KeyId(7)"), "{shown}");
}

/// An authority is made once, and opened as it was.
#[test]
fn an_authority_is_opened_again_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let made = Authority::init(folder.path(), "Operator", years()).unwrap();
    assert!(matches!(Authority::init(folder.path(), "Operator", years()), Err(AuthorityError::Exists(_))));
    let opened = Authority::open(folder.path()).unwrap();
    assert_eq!((opened.certificate(), opened.organization()), (made.certificate(), "Operator"));
    let mut keys = Keys::in_memory();
    let request = SigningRequest::read(&csr(&mut keys, "CS-1")).unwrap();
    let chain = opened.sign(&request, years()).unwrap();
    assert_eq!(examine(&mut keys, &chain, &[made.certificate()], NOW).unwrap().trusted_by, Some(0));
    std::fs::write(folder.path().join("ca.key"), authority().station("X", years()).unwrap().1).unwrap();
    assert!(matches!(Authority::open(folder.path()), Err(AuthorityError::Broken(..))));
}
