//! How certificates are named (CertificateHashDataType), by a path of its own: bytes cut out of the DER by hand.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use common::{Link, at, authority, chain, der_of, examine, leaf, now, try_examine};
use pilotwire::messages::v2::HashAlgorithm;
use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

/// One TLV: where its content starts and where it ends.
fn tlv(der: &[u8], at: usize) -> (usize, usize) {
    let first = usize::from(der[at + 1]);
    if first < 0x80 {
        return (at + 2, at + 2 + first);
    }
    let count = first - 0x80;
    let length = der[at + 2..at + 2 + count].iter().fold(0, |length, &byte| length << 8 | usize::from(byte));
    (at + 2 + count, at + 2 + count + length)
}

/// The fields of a TBSCertificate, as they stand there.
fn fields(der: &[u8]) -> Vec<&[u8]> {
    let (tbs, _) = tlv(der, 0);
    let (mut place, end) = tlv(der, tbs);
    let mut fields = Vec::new();
    while place < end {
        let (_, next) = tlv(der, place);
        fields.push(&der[place..next]);
        place = next;
    }
    fields
}

/// The content of the BIT STRING in a SubjectPublicKeyInfo, behind the count of unused bits.
fn key_bits(der: &[u8]) -> &[u8] {
    let spki = fields(der)[6];
    let (algorithm, _) = tlv(spki, 0);
    let (_, bits) = tlv(spki, algorithm);
    let (content, end) = tlv(spki, bits);
    &spki[content + 1..end]
}

fn hex(algorithm: &'static Algorithm, bytes: &[u8]) -> String {
    digest(algorithm, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn names_are_hashes_over_the_issuers_name_and_key() {
    let root = Link::root();
    let sub = root.sign(authority("Sub"));
    let station = sub.sign(leaf("CS1"));
    let facts = examine(&chain(&[&station, &sub]), &[&root.pem()], now());
    let links = [(&station, &sub), (&sub, &root)];
    for ((link, issuer), facts) in links.into_iter().zip(&facts.certificates) {
        let (own, above) = (fields(&link.der), key_bits(&issuer.der));
        let algorithms =
            [(HashAlgorithm::SHA256, &SHA256), (HashAlgorithm::SHA384, &SHA384), (HashAlgorithm::SHA512, &SHA512)];
        for (name, (word, algorithm)) in facts.names.iter().zip(algorithms) {
            assert_eq!(name.hash_algorithm, word);
            assert_eq!(name.issuer_name_hash.as_str(), hex(algorithm, own[3]));
            assert_eq!(name.issuer_key_hash.as_str(), hex(algorithm, above));
            let digits: String = own[1][2..].iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(name.serial_number.as_str(), digits.trim_start_matches('0'));
        }
    }
}

#[test]
fn names_are_those_that_openssl_computes() {
    let (root, leaf) = (include_str!("data/rsa-root.pem"), include_str!("data/rsa-leaf.pem"));
    let facts = examine(leaf, &[root], at("2026-11-25T00:00:00Z"));
    let [sha256, sha384, _] = &facts.certificates[0].names[..] else { panic!("{facts:?}") };
    assert_eq!(sha256.issuer_name_hash.as_str(), "741a029ba533f3a62c8a6bd2d1a78bd0ef340ed9f8ec0eec0fb611126b26c233");
    assert_eq!(sha256.issuer_key_hash.as_str(), "05dd9bc4de0ce68fcb03e69d6989a7d9788a6b1b55aadd53b8af10ffdfd57989");
    assert_eq!(sha256.serial_number.as_str(), "fff");
    assert_eq!(
        sha384.issuer_key_hash.as_str(),
        "6a1d1414282f62aadb8f74f2cbe5f2bdb667099682734661f4a823b86d3c7319818f3d639affbf5040e97cc795457c76"
    );
}

#[test]
fn serial_numbers_have_no_leading_zeroes() {
    let root = Link::root();
    for (serial, expected) in [
        (vec![0x01], "1"),
        (vec![0x0a, 0x00], "a00"),
        // Written with a zero in front, which keeps it from being negative.
        (vec![0xff; 20], "ffffffffffffffffffffffffffffffffffffffff"),
        (vec![0x7f, 0x00], "7f00"),
    ] {
        let mut params = leaf("CS1");
        params.serial_number = Some(serial.into());
        let facts = examine(&root.sign(params).pem(), &[&root.pem()], now());
        assert!(facts.certificates[0].names.iter().all(|name| name.serial_number.as_str() == expected), "{expected}");
    }
}

#[test]
fn serial_numbers_that_no_message_can_hold_are_refused() {
    let root = Link::root();
    let signed = |serial: Vec<u8>| {
        let mut params = leaf("CS1");
        params.serial_number = Some(serial.into());
        root.sign(params)
    };
    assert!(try_examine(&signed(vec![0x7f; 20]).pem(), &[], now()).is_ok());
    assert!(try_examine(&signed(vec![1; 21]).pem(), &[], now()).unwrap_err().starts_with("certificate 1 is broken"));
    let mut negative = signed(vec![0x7f, 0x5a, 0x5a]);
    let place = negative.der.windows(3).position(|window| window == [0x7f, 0x5a, 0x5a]).unwrap();
    negative.der[place] = 0x80;
    assert!(try_examine(&negative.pem(), &[], now()).unwrap_err().starts_with("certificate 1 is broken"));
}

#[test]
fn the_der_in_facts_is_the_der_that_was_given() {
    let root = Link::root();
    let facts = examine(&root.pem(), &[&root.pem()], now());
    assert_eq!(der_of(&facts.certificates[0].pem), root.der);
}
