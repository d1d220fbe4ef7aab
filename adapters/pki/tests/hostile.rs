//! Whatever a peer sends is read or refused, and never the end of the program.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use common::{
    Link, authority, certificate_pem, chain, csr, der_of, leaf, now, pem_of, read_ocsp, subject, try_examine,
};
use pilotwire::domain::{CryptoResult, CryptoTask, KeyId};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_pki::{Csr, Keys, perform};
use rcgen::{GeneralSubtree, NameConstraints, SanType};

/// A certificate with every extension that is read here.
fn rich() -> (Link, Link) {
    let root = Link::root();
    let mut params = authority("Sub");
    let permitted_subtrees = vec![GeneralSubtree::DnsName("example".into())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: vec![] });
    params.subject_alt_names = vec![SanType::DnsName("csms.example".try_into().unwrap())];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::OcspSigning];
    (root.sign(params), root)
}

/// All cuts, and all bytes replaced by some that mean something in DER.
fn spoiled(good: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let cuts = (0..good.len()).map(|end| good[..end].to_vec());
    let changes = (0..good.len()).flat_map(move |index| {
        [0x00, 0x02, 0x30, 0x7f, 0x80, 0x84, 0xa0, 0xff].map(|byte| {
            let mut changed = good.to_vec();
            changed[index] = byte;
            changed
        })
    });
    let doubled = (0..good.len()).map(|index| [&good[..index], &good[index.saturating_sub(1)..]].concat());
    cuts.chain(changes).chain(doubled)
}

#[test]
fn certificates() {
    let (sub, root) = rich();
    let station = sub.sign(leaf("CS1"));
    let (mut read, mut refused) = (0, 0);
    for der in spoiled(&sub.der) {
        for text in [certificate_pem(&der), station.pem() + &certificate_pem(&der)] {
            match try_examine(&text, &[&root.pem(), &text], now()) {
                Ok(_) => read += 1,
                Err(why) => {
                    assert!(why.starts_with("certificate "), "{why}");
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} {refused}");
}

#[test]
fn pem() {
    let (sub, root) = rich();
    let text = chain(&[&sub, &root]);
    let mut good = 0;
    for bytes in spoiled(text.as_bytes()) {
        good += usize::from(try_examine(&String::from_utf8_lossy(&bytes), &[&root.pem()], now()).is_ok());
    }
    assert!(good > 0);
}

#[test]
fn requests_for_certificates() {
    let good = csr(&mut Keys::in_memory(), KeyId(1), &subject("CS1"));
    let der = der_of(&good);
    for changed in spoiled(&der).filter(|changed| *changed != der) {
        let verdict = Csr::read(&pem_of("CERTIFICATE REQUEST", &changed));
        assert!(verdict.is_err(), "{changed:?}");
    }
}

#[test]
fn questions_and_answers_of_ocsp() {
    let (root, text, request) = {
        let mut root = common::root();
        let text = common::station(&mut root, &mut Keys::in_memory(), KeyId(1), "CS1") + &root.root_pem();
        root.delegate_ocsp(Validity::days(now(), 10)).unwrap();
        let facts = common::examine(&text, &[], now());
        let name = facts.certificates[0].names[0].clone();
        let data = pilotwire::messages::v2::OCSPRequestData {
            hash_algorithm: name.hash_algorithm,
            issuer_name_hash: name.issuer_name_hash,
            issuer_key_hash: name.issuer_key_hash,
            serial_number: name.serial_number,
            responder_url: "http://127.0.0.1/".into(),
            custom_data: None,
        };
        (root, text, pilotwire_pki::ocsp::request(&data).unwrap())
    };
    let answer = |request: &[u8]| root.ocsp_response(request, now(), Duration::from_secs(60));
    let good = answer(&request);
    assert!(read_ocsp(&good, &text, now()).is_ok());
    for changed in spoiled(&request) {
        assert_eq!(answer(&changed).first(), Some(&0x30));
    }
    for changed in spoiled(&good).filter(|changed| *changed != good) {
        assert!(read_ocsp(&changed, &text, now()).is_err());
    }
}

#[test]
fn an_answer_that_is_too_long_or_no_base64() {
    let root = common::root().root_pem();
    let read = |response: &str| {
        let task = CryptoTask::ReadOcsp { response: response.into(), chain: root.as_str().into(), at: now() };
        match perform(&mut Keys::in_memory(), &task) {
            Some(CryptoResult::Failed { why }) => why.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(read(&"A".repeat(65_537)).contains("more than 65536"));
    for response in ["", "*", "A", &BASE64_STANDARD.encode([0x30, 0x80]), &BASE64_STANDARD.encode([0x30; 1_000])] {
        assert!(read(response).starts_with("the answer cannot be read"), "{response}");
    }
    for (status, why) in
        [(1, "could not read"), (2, "failed"), (3, "try later"), (5, "signed requests"), (6, "not answer us")]
    {
        assert!(read(&BASE64_STANDARD.encode([0x30, 3, 0x0a, 1, status])).contains(why));
    }
}

#[test]
fn nesting_does_not_eat_the_stack() {
    let mut deep = vec![0x05, 0x00];
    while deep.len() < 40_000 {
        let length = u32::try_from(deep.len()).unwrap().to_be_bytes();
        deep = [&[0x30, 0x84][..], &length, &deep].concat();
    }
    assert!(try_examine(&certificate_pem(&deep), &[], now()).is_err());
    assert!(Csr::read(&pem_of("CERTIFICATE REQUEST", &deep[..10_000])).is_err());
    let authority: Authority = common::root();
    assert_eq!(authority.ocsp_response(&deep, now(), Duration::ZERO), [0x30, 3, 0x0a, 1, 1]);
}
