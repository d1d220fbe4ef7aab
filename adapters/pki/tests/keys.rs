//! Private keys and the requests that are signed with them (A02.FR.02, A02.FR.03, A02.FR.05).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{csr, der_of, pem_of, subject};
use pilotwire::domain::{CryptoResult, CryptoTask, KeyId, Subject};
use pilotwire_pki::{Csr, CsrError, Keys, KeysError, MAX_CSR_BYTES, perform};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_key_is_made_once_and_survives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let first = {
        let mut keys = Keys::open(folder.path()).unwrap();
        csr(&mut keys, KeyId(7), &subject("CS1"));
        keys.private_key(KeyId(7)).unwrap()
    };
    let mut keys = Keys::open(folder.path()).unwrap();
    csr(&mut keys, KeyId(7), &subject("CS1"));
    assert_eq!(keys.private_key(KeyId(7)).unwrap(), first);
    assert_eq!(keys.private_key(KeyId(8)), None);
    assert_eq!(keys.take_oddities(), []);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_a_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("deeper/keys");
    Keys::open(&folder).unwrap().make(KeyId(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("1.key"))), (0o700, 0o600));
    fs::set_permissions(folder.join("1.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut keys = Keys::open(&folder).unwrap();
    assert!(keys.private_key(KeyId(1)).is_some());
    assert!(keys.take_oddities()[0].what.contains("others may read"));
}

#[test]
fn a_crash_between_writing_and_renaming_costs_nothing_that_was_promised() {
    let folder = tempfile::tempdir().unwrap();
    let kept = {
        let mut keys = Keys::open(folder.path()).unwrap();
        keys.make(KeyId(1)).unwrap();
        keys.make(KeyId(2)).unwrap();
        keys.private_key(KeyId(1)).unwrap()
    };
    // The second one never got its name; the third was cut off while it was written.
    fs::rename(folder.path().join("2.key"), folder.path().join("2.key.unfinished")).unwrap();
    fs::write(folder.path().join("3.key.unfinished"), b"0\x81").unwrap();
    let mut keys = Keys::open(folder.path()).unwrap();
    assert_eq!(keys.private_key(KeyId(1)), Some(kept));
    assert_eq!(keys.names().collect::<Vec<_>>(), [KeyId(1)]);
    assert_eq!(keys.take_oddities().len(), 2);
    assert_eq!(names(folder.path()), ["1.key"]);
    keys.make(KeyId(2)).unwrap();
    keys.make(KeyId(3)).unwrap();
    assert_eq!(Keys::open(folder.path()).unwrap().names().count(), 3);
}

#[test]
fn what_cannot_be_read_is_told_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("1.key", "damaged"), ("01.key", "foreign"), ("notes.txt", "foreign"), ("x.key", "foreign")] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::create_dir(folder.path().join("5.key")).unwrap();
    let mut keys = Keys::open(folder.path()).unwrap();
    assert_eq!(keys.take_oddities().len(), 5);
    assert!(matches!(keys.make(KeyId(1)), Err(KeysError::Unreadable(KeyId(1)))));
    assert!(matches!(keys.make(KeyId(5)), Err(KeysError::Unreadable(KeyId(5)))));
    let failed = perform(&mut keys, &CryptoTask::MakeCsr { key: KeyId(1), subject: subject("CS1") });
    assert!(matches!(failed, Some(CryptoResult::Failed { .. })));
    keys.keep_only(&[]);
    assert_eq!(names(folder.path()), ["01.key", "1.key", "5.key", "notes.txt", "x.key"]);
    assert_eq!(fs::read_to_string(folder.path().join("1.key")).unwrap(), "damaged");
}

#[test]
fn a_key_that_cannot_be_kept_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = Keys::open(folder.path().join("keys")).unwrap();
    fs::remove_dir(folder.path().join("keys")).unwrap();
    assert!(matches!(keys.make(KeyId(1)), Err(KeysError::Storage { .. })));
    assert_eq!(keys.private_key(KeyId(1)), None);
}

#[test]
fn all_keys_but_those_in_use_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = Keys::open(folder.path()).unwrap();
    for key in 1..=4 {
        keys.make(KeyId(key)).unwrap();
    }
    let wanted = CryptoTask::KeepKeys { keys: vec![KeyId(2), KeyId(4), KeyId(9)] };
    assert_eq!(perform(&mut keys, &wanted), None);
    assert_eq!(keys.names().collect::<Vec<_>>(), [KeyId(2), KeyId(4)]);
    assert_eq!(names(folder.path()), ["2.key", "4.key"]);
    assert_eq!(keys.take_oddities(), []);
}

#[test]
fn a_factory_key_can_be_brought_and_not_replaced() {
    let mut keys = Keys::in_memory();
    let factory = || KeyPair::generate().unwrap().serialize_der().into();
    keys.put(KeyId(0), factory()).unwrap();
    keys.put(KeyId(0), keys.private_key(KeyId(0)).unwrap()).unwrap();
    assert!(matches!(keys.put(KeyId(0), factory()), Err(KeysError::Taken(KeyId(0)))));
    assert!(matches!(keys.put(KeyId(1), vec![1, 2, 3].into()), Err(KeysError::NotAKey(_))));
}

#[test]
fn a_key_is_never_shown() {
    let mut keys = Keys::in_memory();
    keys.make(KeyId(42)).unwrap();
    assert_eq!(format!("{keys:?}"), "{KeyId(42)}");
}

#[test]
fn a_request_names_who_asks_and_proves_the_key() {
    let mut keys = Keys::in_memory();
    let text = csr(&mut keys, KeyId(1), &subject("CS1"));
    assert!(text.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n") && text.len() < 5_500);
    let csr = Csr::read(&text).unwrap();
    assert_eq!(*csr.subject(), subject("CS1"));
    assert_eq!(csr.check_subject(&subject("CS1")), Ok(()));
    let error = csr.check_subject(&subject("CS2")).unwrap_err();
    assert_eq!(error.to_string(), "the subject is O=Operator, CN=CS1 and should be O=Operator, CN=CS2");
}

#[test]
fn a_request_that_was_changed_is_refused() {
    let text = csr(&mut Keys::in_memory(), KeyId(1), &subject("CS1"));
    let mut der = der_of(&text);
    let name = der.windows(3).position(|window| window == b"CS1").unwrap();
    der[name + 2] = b'2';
    let error = Csr::read(&pem_of("CERTIFICATE REQUEST", &der)).unwrap_err();
    assert_eq!(error, CsrError::Signature);
}

fn request(subject: &[(DnType, &str)]) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, text) in subject {
        params.distinguished_name.push(kind.clone(), *text);
    }
    let request = params.serialize_request(&KeyPair::generate().unwrap()).unwrap();
    pem_of("CERTIFICATE REQUEST", request.der())
}

#[test]
fn a_request_with_a_subject_that_does_not_do() {
    let read = |parts: &[(DnType, &str)]| Csr::read(&request(parts)).map(drop);
    let (o, cn) = (DnType::OrganizationName, DnType::CommonName);
    assert_eq!(read(&[(o.clone(), "Operator"), (cn.clone(), "CS1")]), Ok(()));
    assert_eq!(read(&[(cn.clone(), "CS1")]), Err(CsrError::NoOrganization));
    assert_eq!(read(&[(o.clone(), "Operator")]), Err(CsrError::NoCommonName));
    let twice = [(o.clone(), "Operator"), (cn.clone(), "CS1"), (DnType::CustomDnType(vec![2, 5, 4, 3]), "CS2")];
    assert_eq!(read(&twice), Err(CsrError::NoCommonName));
    // A00.FR.511
    for address in ["127.0.0.1", "::1", "wss://csms.example"] {
        assert_eq!(read(&[(o.clone(), "Operator"), (cn.clone(), address)]), Err(CsrError::Address(address.into())));
    }
}

/// TC_A_12_CSMS: its request need not name the station.
#[test]
fn a_request_for_vehicles_may_name_nobody() {
    let read = |parts: &[(DnType, &str)]| {
        Csr::read_for_vehicles(&request(parts)).map(|csr| {
            let Subject { organization, common_name } = csr.subject().clone();
            [organization, common_name].map(|text| text.to_string())
        })
    };
    let (o, cn) = (DnType::OrganizationName, DnType::CommonName);
    let parts = |organization: &str, common_name: &str| Ok([organization, common_name].map(String::from));
    assert_eq!(read(&[(o.clone(), "Operator"), (cn.clone(), "DE*OPE*E1")]), parts("Operator", "DE*OPE*E1"));
    assert_eq!(read(&[(DnType::CountryName, "NL"), (o, "Operator")]), parts("Operator", ""));
    assert_eq!(read(&[]), parts("", ""));
    // Two readers could take different ones.
    assert_eq!(read(&[(cn, "CS1"), (DnType::CustomDnType(vec![2, 5, 4, 3]), "CS2")]), Err(CsrError::NoCommonName));
    let mut der = der_of(&request(&[(DnType::OrganizationName, "Operator")]));
    let name = der.windows(8).position(|window| window == b"Operator").unwrap();
    der[name] = b'P';
    let changed = Csr::read_for_vehicles(&pem_of("CERTIFICATE REQUEST", &der)).map(drop);
    assert_eq!(changed, Err(CsrError::Signature));
}

#[test]
fn what_is_no_request_is_refused() {
    assert!(matches!(Csr::read(""), Err(CsrError::Unreadable(_))));
    assert!(matches!(Csr::read(&pem_of("CERTIFICATE REQUEST", &[0x30, 0])), Err(CsrError::Unreadable(_))));
    assert_eq!(Csr::read(&"x".repeat(MAX_CSR_BYTES + 1)).unwrap_err(), CsrError::TooLong(MAX_CSR_BYTES + 1));
}

#[test]
fn a_subject_may_hold_any_text() {
    let strange = Subject { organization: "Ladesäulen, O=x/CN=y\n".into(), common_name: "站1".into() };
    let text = csr(&mut Keys::in_memory(), KeyId(1), &strange);
    assert_eq!(*Csr::read(&text).unwrap().subject(), strange);
}
