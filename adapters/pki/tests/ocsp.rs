//! The status of certificates, end to end: the station's names, the question, the responder, the answer (M06).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use common::{at, der_of, examine, now, read_ocsp, root, station, subject};
use pilotwire::domain::{CertificateFacts, KeyId, OcspStatus};
use pilotwire::messages::v2::{HashAlgorithm, OCSPRequestData};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_pki::{Keys, ocsp};

const DAY: Duration = Duration::from_secs(86_400);

/// The question about a certificate, by its name of this number.
fn question(facts: &CertificateFacts, name: usize) -> OCSPRequestData {
    let name = facts.names[name].clone();
    OCSPRequestData {
        hash_algorithm: name.hash_algorithm,
        issuer_name_hash: name.issuer_name_hash,
        issuer_key_hash: name.issuer_key_hash,
        serial_number: name.serial_number,
        responder_url: facts.ocsp_url.clone().unwrap_or_default(),
        custom_data: None,
    }
}

/// An authority, a certificate of it with the root behind it, and the question about it.
fn world() -> (Authority, String, Vec<u8>) {
    let mut authority = root();
    let text = station(&mut authority, &mut Keys::in_memory(), KeyId(1), "CS1") + &authority.root_pem();
    let request = ocsp::request(&question(&examine(&text, &[], now()).certificates[0], 0)).unwrap();
    (authority, text, request)
}

#[test]
fn good_by_every_hash_algorithm() {
    let mut authority = root();
    authority.set_ocsp_url(Some("http://127.0.0.1:8080/ocsp"));
    let text = station(&mut authority, &mut Keys::in_memory(), KeyId(1), "CS1") + &authority.root_pem();
    let facts = examine(&text, &[&authority.root_pem()], now());
    assert_eq!(facts.certificates[0].ocsp_url.as_deref(), Some("http://127.0.0.1:8080/ocsp"));
    for name in 0..3 {
        let request = ocsp::request(&question(&facts.certificates[0], name)).unwrap();
        let answer = read_ocsp(&authority.ocsp_response(&request, now(), DAY), &text, now()).unwrap();
        assert_eq!((answer.status, answer.next_update), (OcspStatus::Good, Some(at("2026-06-02T12:00:00Z"))));
    }
}

#[test]
fn revoked() {
    let (mut authority, text, request) = world();
    authority.revoke(&text, now()).unwrap();
    let answer = read_ocsp(&authority.ocsp_response(&request, now(), DAY), &text, now()).unwrap();
    assert_eq!(answer.status, OcspStatus::Revoked);
}

#[test]
fn unknown() {
    let (authority, text, request) = world();
    // The same authority, which has lost its register.
    let folder = tempfile::tempdir().unwrap();
    let mut authority = authority;
    authority.save(folder.path()).unwrap();
    std::fs::write(folder.path().join("register"), "").unwrap();
    let authority = Authority::load(folder.path()).unwrap();
    let answer = read_ocsp(&authority.ocsp_response(&request, now(), DAY), &text, now()).unwrap();
    assert_eq!(answer.status, OcspStatus::Unknown);
}

#[test]
fn stale_or_from_the_future() {
    let (authority, text, request) = world();
    let response = authority.ocsp_response(&request, now(), DAY);
    let verdict = |moment: &str| read_ocsp(&response, &text, at(moment)).map(|facts| facts.status);
    // Clocks may be five minutes apart.
    assert_eq!(verdict("2026-06-01T11:55:00Z"), Ok(OcspStatus::Good));
    assert_eq!(verdict("2026-06-02T12:05:00Z"), Ok(OcspStatus::Good));
    for moment in ["2026-06-01T11:54:59Z", "2026-06-02T12:05:01Z", "1970-01-01T00:00:00Z", "2050-01-01T00:00:00Z"] {
        let error = verdict(moment).unwrap_err();
        let times = "the answer is of 2026-06-01T12:00:00.000Z and good until 2026-06-02T12:00:00.000Z, not now";
        assert_eq!(error, times, "{moment}");
    }
}

#[test]
fn signed_by_somebody_else() {
    let (_, text, request) = world();
    // Another authority with the same name: it does not even answer to the key's hash.
    let other = root();
    let refused = read_ocsp(&other.ocsp_response(&request, now(), DAY), &text, now()).unwrap_err();
    assert!(refused.contains("does not answer us"), "{refused}");
    // And its answers about its own are not about this one.
    let (other, other_text, request) = world();
    let response = other.ocsp_response(&request, now(), DAY);
    assert_eq!(read_ocsp(&response, &other_text, now()).unwrap().status, OcspStatus::Good);
    let error = read_ocsp(&response, &text, now()).unwrap_err();
    assert_eq!(error, "the answer is not signed by the issuer, nor for it");
}

#[test]
fn about_another_certificate_of_the_same_issuer() {
    let (mut authority, text, _) = world();
    let other = station(&mut authority, &mut Keys::in_memory(), KeyId(1), "CS2") + &authority.root_pem();
    let request = ocsp::request(&question(&examine(&other, &[], now()).certificates[0], 0)).unwrap();
    let response = authority.ocsp_response(&request, now(), DAY);
    assert_eq!(read_ocsp(&response, &text, now()).unwrap_err(), "the answer is not about this certificate");
}

#[test]
fn signed_by_a_delegate() {
    let (mut authority, text, request) = world();
    authority.delegate_ocsp(Validity::days(now(), 1)).unwrap();
    let answer = |moment| authority.ocsp_response(&request, moment, 3 * DAY);
    assert_eq!(read_ocsp(&answer(now()), &text, now()).unwrap().status, OcspStatus::Good);
    // The delegate's own certificate has ended.
    let later = at("2026-06-03T12:00:00Z");
    let error = read_ocsp(&answer(later), &text, later).unwrap_err();
    assert_eq!(error, "the answer is not signed by the issuer, nor for it");
}

#[test]
fn the_status_of_a_sub_ca() {
    // M06.FR.07: the intermediate certificates too
    let mut root = root();
    let mut sub = root.sub(&subject("Sub"), Validity::days(now(), 60)).unwrap();
    let text = station(&mut sub, &mut Keys::in_memory(), KeyId(1), "CS1");
    let facts = examine(&text, &[&root.root_pem()], now());
    assert_eq!(facts.trusted_by, Some(0), "{:?}", facts.flaw);
    let request = ocsp::request(&question(&facts.certificates[1], 1)).unwrap();
    let chain = sub.chain_pem();
    let answer = read_ocsp(&root.ocsp_response(&request, now(), DAY), &chain, now()).unwrap();
    assert_eq!(answer.status, OcspStatus::Good);
    root.revoke(&chain, now()).unwrap();
    let answer = read_ocsp(&root.ocsp_response(&request, now(), DAY), &chain, now()).unwrap();
    assert_eq!(answer.status, OcspStatus::Revoked);
}

#[test]
fn without_the_issuer_an_answer_says_nothing() {
    let (authority, text, request) = world();
    let alone = text.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    let error = read_ocsp(&authority.ocsp_response(&request, now(), DAY), alone, now()).unwrap_err();
    assert_eq!(error, "the issuer of the certificate is missing behind it");
}

#[test]
fn a_changed_answer_is_refused() {
    let (authority, text, request) = world();
    let response = authority.ocsp_response(&request, now(), DAY);
    for index in 0..response.len() {
        let mut changed = response.clone();
        changed[index] ^= 1;
        if let Ok(facts) = read_ocsp(&changed, &text, now()) {
            panic!("byte {index} is not protected: {facts:?}");
        }
    }
}

#[test]
fn any_question_gets_an_answer() {
    let (authority, text, request) = world();
    for end in 0..request.len() {
        let error = read_ocsp(&authority.ocsp_response(&request[..end], now(), DAY), &text, now()).unwrap_err();
        assert_eq!(error, "the responder gave no answer: it could not read the request");
    }
    let mut answered = 0;
    for index in 0..request.len() {
        let mut changed = request.clone();
        changed[index] ^= 0x10;
        answered += usize::from(!authority.ocsp_response(&changed, now(), DAY).is_empty());
    }
    assert_eq!(answered, request.len());
}

#[test]
fn what_openssl_asks_and_answers() {
    let (root, leaf) = (include_str!("data/rsa-root.pem"), include_str!("data/rsa-leaf.pem"));
    let moment = at("2026-11-25T00:00:00Z");
    let facts = examine(leaf, &[root], moment);
    let request = ocsp::request(&question(&facts.certificates[0], 0)).unwrap();
    assert_eq!(BASE64_STANDARD.encode(request), include_str!("data/ocsp-request.b64").trim());
    let response = BASE64_STANDARD.decode(include_str!("data/ocsp-response.b64").trim()).unwrap();
    let answer = read_ocsp(&response, &format!("{leaf}{root}"), moment).unwrap();
    assert_eq!((answer.status, answer.next_update), (OcspStatus::Good, Some(at("2026-12-03T20:52:47Z"))));
    assert!(der_of(leaf).windows(2).any(|window| window == [0x0f, 0xff]));
}

#[test]
fn a_question_must_be_well_formed() {
    let good = OCSPRequestData {
        hash_algorithm: HashAlgorithm::SHA256,
        issuer_name_hash: "ab".repeat(32).into(),
        issuer_key_hash: "AB".repeat(32).into(),
        serial_number: "fff".into(),
        responder_url: "http://127.0.0.1/".into(),
        custom_data: None,
    };
    assert!(ocsp::request(&good).is_ok());
    let edited = |edit: fn(&mut OCSPRequestData)| {
        let mut data = good.clone();
        edit(&mut data);
        ocsp::request(&data).unwrap_err()
    };
    use ocsp::RequestError::{Algorithm, Hash, Serial};
    assert_eq!(edited(|data| data.hash_algorithm = HashAlgorithm::from_word("MD5")), Algorithm);
    assert_eq!(edited(|data| data.hash_algorithm = HashAlgorithm::SHA384), Hash("issuerNameHash"));
    assert_eq!(edited(|data| data.issuer_name_hash = "xy".repeat(32).into()), Hash("issuerNameHash"));
    assert_eq!(edited(|data| data.issuer_key_hash = "é".repeat(32).into()), Hash("issuerKeyHash"));
    for serial in ["", "0x1", "-1", "+1", "12 3", &"f".repeat(41)] {
        let mut data = good.clone();
        data.serial_number = serial.into();
        assert_eq!(ocsp::request(&data).unwrap_err(), Serial, "{serial}");
    }
    for serial in ["0", "00", "80", "FF", &"f".repeat(40)] {
        let mut data = good.clone();
        data.serial_number = serial.into();
        assert!(ocsp::request(&data).is_ok(), "{serial}");
    }
}
