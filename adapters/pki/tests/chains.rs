//! Chains of certificates, good and bad (A02.FR.06, A00.FR.412).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use common::{Link, at, authority, certificate_pem, chain, der_of, examine, flaw, leaf, now, root, try_examine};
use pilotwire::domain::{CryptoResult, CryptoTask, KeyId};
use pilotwire_pki::{Keys, MAX_CERTIFICATES, MAX_CHAIN_BYTES, perform};
use rcgen::{
    BasicConstraints, CustomExtension, DnType, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData, SanType, SignatureAlgorithm,
};

const RSA_ROOT: &str = include_str!("data/rsa-root.pem");
const RSA_LEAF: &str = include_str!("data/rsa-leaf.pem");
const RSA_LEAF_PSS: &str = include_str!("data/rsa-leaf-pss.pem");
const RSA_ROOT_SHA1: &str = include_str!("data/rsa-root-sha1.pem");
const RSA_TIME: &str = "2026-11-25T00:00:00Z";

#[test]
fn a_chain_descends_from_its_root_by_number() {
    let (stranger, root) = (Link::root(), Link::root());
    let sub = root.sign(authority("Sub"));
    let station = sub.sign(leaf("CS1"));
    let roots = [&stranger.pem(), "no PEM at all", &root.pem()];
    let (whole, flat) = (chain(&[&station, &sub]), chain(&[&station, &sub]).replace('\n', ""));
    let with_root = chain(&[&station, &sub, &root]);
    let with_notes = format!("a note\n{}and another\n{}", station.pem(), sub.pem());
    for text in [whole.replace('\n', "\r\n"), whole, flat, with_root, with_notes] {
        let facts = examine(&text, &roots, now());
        assert_eq!((facts.trusted_by, facts.flaw), (Some(2), None));
        assert!(facts.certificates.iter().all(|one| one.names.len() == 3));
    }
}

#[test]
fn facts_are_what_stands_in_a_certificate() {
    let root = Link::root();
    let mut params = leaf("CS1");
    params.serial_number = Some(vec![0, 0x0f, 0xff].into());
    let station = root.sign(params);
    let facts = &examine(&chain(&[&station, &root]), &[&root.pem()], now()).certificates;
    assert_eq!(facts[0].common_name.as_deref(), Some("CS1"));
    assert_eq!(facts[0].organization.as_deref(), Some("Operator"));
    assert_eq!((facts[0].not_before, facts[0].not_after), (at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z")));
    assert_eq!((facts[0].is_ca, facts[0].is_self_signed, facts[0].is_strong), (false, false, true));
    assert_eq!((facts[1].is_ca, facts[1].is_self_signed, facts[1].is_strong), (true, true, true));
    assert_eq!(facts[0].pem.as_str(), station.pem());
    assert_eq!(facts[0].names[0].serial_number.as_str(), "fff");
    assert_eq!(facts[0].ocsp_url, None);
}

#[test]
fn a_certificate_of_rsa_is_read_and_followed_with_both_paddings() {
    for text in [RSA_LEAF, RSA_LEAF_PSS] {
        let facts = examine(text, &[RSA_ROOT], at(RSA_TIME));
        assert_eq!(facts.trusted_by, Some(0), "{:?}", facts.flaw);
        assert!(facts.certificates[0].is_strong);
    }
    assert!(flaw(RSA_LEAF, &[RSA_ROOT_SHA1], at(RSA_TIME)).contains("not trusted"));
}

#[test]
fn a_trusted_certificate_descends_from_itself_while_it_is_valid() {
    let root = Link::root();
    assert_eq!(examine(&root.pem(), &[&root.pem()], now()).trusted_by, Some(0));
    assert!(flaw(&root.pem(), &[&root.pem()], at("2027-01-01T00:00:00Z")).contains("not valid after"));
    // Its names need its own key alone.
    assert_eq!(examine(&root.pem(), &[], now()).certificates[0].names.len(), 3);
}

#[test]
fn a_new_root_may_descend_from_an_old_one() {
    // M05.FR.09: AdditionalRootCertificateCheck
    let old = Link::root();
    let new = old.sign(authority("New Root"));
    assert_eq!(examine(&new.pem(), &[&old.pem()], now()).trusted_by, Some(0));
    assert!(flaw(&new.pem(), &[&Link::root().pem()], now()).contains("not signed with the key"));
}

#[test]
fn a_root_that_was_renewed_with_its_key_counts_while_one_of_the_two_is_valid() {
    let new = Link::root();
    let mut old_params = new.params.clone();
    old_params.not_after = rcgen::date_time_ymd(2026, 2, 1);
    let old = certificate_pem(old_params.self_signed(&new.key).unwrap().der());
    let station = new.sign(leaf("CS1"));
    assert_eq!(examine(&station.pem(), &[&old, &new.pem()], now()).trusted_by, Some(1));
    assert!(flaw(&station.pem(), &[&old], now()).contains("trusted certificate 1 is not valid after"));
}

#[test]
fn keys_of_other_trusted_kinds_are_followed() {
    for algorithm in [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let params = authority("Other Root");
        let root = Link { der: params.self_signed(&key).unwrap().der().to_vec(), params, key };
        let station = root.sign(leaf("CS1"));
        assert_eq!(examine(&station.pem(), &[&root.pem()], now()).trusted_by, Some(0), "{algorithm:?}");
    }
}

#[test]
fn whether_a_certificate_is_for_a_key() {
    let (mut authority, mut keys) = (root(), Keys::in_memory());
    let text = common::station(&mut authority, &mut keys, KeyId(1), "CS1");
    keys.make(KeyId(2)).unwrap();
    let mut fits = |key| {
        let roots = vec![authority.root_pem().into()];
        match perform(&mut keys, &CryptoTask::Examine { chain: text.as_str().into(), key, roots, at: now() }) {
            Some(CryptoResult::Examined(facts)) => facts.fits_key,
            other => panic!("{other:?}"),
        }
    };
    assert!(fits(Some(KeyId(1))));
    assert!(!fits(Some(KeyId(2))) && !fits(Some(KeyId(3))) && !fits(None));
}

#[test]
fn the_wrong_authority() {
    let station = Link::root().sign(leaf("CS1"));
    let other = Link::root_with(|params| params.distinguished_name.push(DnType::CommonName, "Other Root"));
    assert_eq!(flaw(&station.pem(), &[&other.pem()], now()), "the issuer of certificate 1 is not trusted");
    assert_eq!(flaw(&station.pem(), &[], now()), "the issuer of certificate 1 is not trusted");
    // Nobody knows the key that its names are made with.
    assert!(examine(&station.pem(), &[&other.pem()], now()).certificates[0].names.is_empty());
}

#[test]
fn the_wrong_authority_with_the_right_name() {
    let station = Link::root().sign(leaf("CS1"));
    let flaw = flaw(&station.pem(), &[&Link::root().pem()], now());
    assert_eq!(flaw, "certificate 1 is not signed with the key of the issuer that it names");
}

#[test]
fn expired_or_not_yet_valid() {
    let root = Link::root();
    let mut params = leaf("CS1");
    params.not_before = rcgen::date_time_ymd(2026, 3, 1);
    params.not_after = rcgen::date_time_ymd(2026, 4, 1);
    let station = root.sign(params);
    let verdict = |moment: &str| examine(&station.pem(), &[&root.pem()], at(moment)).trusted_by;
    assert_eq!(verdict("2026-02-28T23:59:59Z"), None);
    assert_eq!(verdict("2026-03-01T00:00:00Z"), Some(0));
    assert_eq!(verdict("2026-04-01T00:00:00Z"), Some(0));
    assert_eq!(verdict("2026-04-01T00:00:01Z"), None);
    assert_eq!(
        flaw(&station.pem(), &[&root.pem()], at("2025-06-01T00:00:00Z")),
        "certificate 1 is not valid before 2026-03-01T00:00:00.000Z; \
         trusted certificate 1 is not valid before 2026-01-01T00:00:00.000Z"
    );
    for moment in ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        assert_eq!(verdict(moment), None, "{moment}");
    }
}

#[test]
fn an_authority_on_the_way_that_expired() {
    let root = Link::root();
    let mut params = authority("Sub");
    params.not_after = rcgen::date_time_ymd(2026, 2, 1);
    let sub = root.sign(params);
    let station = sub.sign(leaf("CS1"));
    let flaw = flaw(&chain(&[&station, &sub]), &[&root.pem()], now());
    assert_eq!(flaw, "certificate 2 is not valid after 2026-02-01T00:00:00.000Z");
}

#[test]
fn signed_by_itself() {
    let key = KeyPair::generate().unwrap();
    let station = certificate_pem(leaf("CS1").self_signed(&key).unwrap().der());
    assert_eq!(flaw(&station, &[&Link::root().pem()], now()), "certificate 1 is signed by itself and not trusted");
    assert!(examine(&station, &[], now()).certificates[0].is_self_signed);
}

#[test]
fn signed_by_a_certificate_that_is_no_authority() {
    let root = Link::root();
    for (is_ca, uses, expected) in [
        (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::KeyCertSign], "signed another one and is no certificate authority"),
        (IsCa::NoCa, vec![], "signed another one and is no certificate authority"),
        (
            IsCa::Ca(BasicConstraints::Unconstrained),
            vec![KeyUsagePurpose::DigitalSignature],
            "signed another one, and its key is for other uses",
        ),
    ] {
        let mut params = leaf("CS0");
        (params.is_ca, params.key_usages) = (is_ca, uses);
        let station = root.sign(params);
        let other = station.sign(leaf("CS1"));
        assert_eq!(flaw(&chain(&[&other, &station]), &[&root.pem()], now()), format!("certificate 2 {expected}"));
        // Nor if it is trusted itself.
        let flaw = flaw(&other.pem(), &[&station.pem()], now());
        assert_eq!(flaw, format!("trusted certificate 1 {expected}"));
    }
}

#[test]
fn more_authorities_than_one_allows() {
    let root = Link::root();
    let mut params = authority("Sub 1");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let first = root.sign(params);
    let second = first.sign(authority("Sub 2"));
    let station = second.sign(leaf("CS1"));
    let flaw = flaw(&chain(&[&station, &second, &first]), &[&root.pem()], now());
    assert_eq!(flaw, "certificate 3 has more authorities below it than it may");
    let station = first.sign(leaf("CS1"));
    assert_eq!(examine(&chain(&[&station, &first]), &[&root.pem()], now()).trusted_by, Some(0));
}

#[test]
fn names_that_an_authority_may_not_certify() {
    let root = Link::root();
    let mut params = authority("Sub");
    let permitted_subtrees = vec![GeneralSubtree::DnsName("good.example".into())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: vec![] });
    let sub = root.sign(params);
    let server = |name: &str| {
        let mut params = leaf(name);
        params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        chain(&[&sub.sign(params), &sub])
    };
    assert_eq!(examine(&server("csms.good.example"), &[&root.pem()], now()).trusted_by, Some(0));
    let outside = flaw(&server("csms.bad.example"), &[&root.pem()], now());
    assert!(outside.contains("outside of what an authority above it may certify"), "{outside}");
    // An authority below one with constraints: fine without names of its own, and refused with them.
    let below = sub.sign(authority("Sub Sub"));
    assert_eq!(examine(&chain(&[&below, &sub]), &[&root.pem()], now()).trusted_by, Some(0));
    let mut named = authority("Sub Sub");
    named.subject_alt_names = vec![SanType::DnsName("bad.example".try_into().unwrap())];
    let below = sub.sign(named);
    assert!(flaw(&chain(&[&below, &sub]), &[&root.pem()], now()).contains("cannot be judged"));
}

#[test]
fn a_signature_that_was_changed() {
    let root = Link::root();
    let mut station = root.sign(leaf("CS1"));
    let end = station.der.len() - 1;
    station.der[end] ^= 1;
    let text = station.pem();
    assert!(flaw(&text, &[&root.pem()], now()).contains("not signed with the key of the issuer"));
}

#[test]
fn a_name_that_was_changed_after_signing() {
    let root = Link::root();
    let mut station = root.sign(leaf("CS1"));
    let place = station.der.windows(3).position(|window| window == b"CS1").unwrap();
    station.der[place + 2] = b'2';
    let facts = examine(&station.pem(), &[&root.pem()], now());
    assert_eq!(facts.certificates[0].common_name.as_deref(), Some("CS2"));
    assert_eq!(facts.trusted_by, None);
}

/// A key of RSA with 1024 bits; nobody knows its private half.
struct ShortKey(Vec<u8>);

impl ShortKey {
    fn new() -> Self {
        let modulus = [&[0x02, 0x81, 0x81, 0x00][..], &[0xc5; 128]].concat();
        let numbers = [modulus, vec![0x02, 0x03, 0x01, 0x00, 0x01]].concat();
        Self([vec![0x30, 0x81, u8::try_from(numbers.len()).unwrap()], numbers].concat())
    }
}

impl PublicKeyData for ShortKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

#[test]
fn a_key_that_is_too_short_is_told() {
    // A00.FR.502
    let root = Link::root();
    let text = certificate_pem(&root.sign_key(&leaf("CS1"), &ShortKey::new()));
    let facts = examine(&text, &[&root.pem()], now());
    assert!(!facts.certificates[0].is_strong);
}

#[test]
fn a_critical_extension_that_nobody_understands() {
    let root = Link::root();
    let mut params = leaf("CS1");
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions = vec![extension];
    let flaw = flaw(&root.sign(params).pem(), &[&root.pem()], now());
    assert_eq!(flaw, "certificate 1 has the critical extension 1.2.3.4, which is not understood");
}

#[test]
fn a_name_that_stands_there_twice_is_none() {
    let root = Link::root();
    let mut params = leaf("CS1");
    // Two readers could take different ones.
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 3]), "CS2");
    let facts = examine(&root.sign(params).pem(), &[&root.pem()], now());
    assert_eq!(facts.certificates[0].common_name, None);
    assert_eq!(facts.certificates[0].organization.as_deref(), Some("Operator"));
}

#[test]
fn certificates_out_of_order() {
    let root = Link::root();
    let sub = root.sign(authority("Sub"));
    let lower = sub.sign(authority("Sub Sub"));
    let station = lower.sign(leaf("CS1"));
    let flaw = flaw(&chain(&[&station, &sub, &lower]), &[&root.pem()], now());
    assert_eq!(flaw, "certificate 1 is not issued by the one behind it, nor by a trusted one");
}

#[test]
fn huge_chains_and_no_chains() {
    let root = Link::root();
    let mut links = vec![root.sign(authority("Sub 0"))];
    for number in 1..MAX_CERTIFICATES {
        let next = links[number - 1].sign(authority(&format!("Sub {number}")));
        links.push(next);
    }
    let text: String = links.iter().rev().map(Link::pem).collect();
    assert_eq!(examine(&text, &[&root.pem()], now()).trusted_by, Some(0));
    let one_more = text + &root.pem();
    assert_eq!(try_examine(&one_more, &[&root.pem()], now()), Err("more than 10 certificates".into()));
    let long = "x".repeat(MAX_CHAIN_BYTES + 1);
    assert_eq!(try_examine(&long, &[], now()), Err("65537 bytes of certificates, more than 65536".into()));
    assert_eq!(try_examine("", &[], now()), Err("no certificate in PEM".into()));
}

#[test]
fn broken_certificates_are_told_by_number() {
    let root = Link::root();
    let station = root.sign(leaf("CS1"));
    let cut = certificate_pem(&station.der[..station.der.len() - 1]);
    let error = try_examine(&(station.pem() + &cut), &[&root.pem()], now()).unwrap_err();
    assert!(error.starts_with("certificate 2 is broken: "), "{error}");
    let error = try_examine(&station.pem().replace("MII", "M*I"), &[&root.pem()], now()).unwrap_err();
    assert_eq!(error, "certificate 1 is broken PEM: it is no Base64");
    let text = station.pem() + root.pem().trim_end_matches("-\n");
    let error = try_examine(&text, &[&root.pem()], now()).unwrap_err();
    assert_eq!(error, "certificate 2 is broken PEM: it has no end");
    let longer = certificate_pem(&[der_of(&station.pem()), vec![0]].concat());
    assert!(try_examine(&longer, &[&root.pem()], now()).unwrap_err().starts_with("certificate 1 is broken"));
}

#[test]
fn no_byte_of_a_certificate_can_be_changed() {
    let root = Link::root();
    let station = root.sign(leaf("CS1"));
    for index in 0..station.der.len() {
        for bit in [1, 2, 0x20, 0x80] {
            let mut changed = station.der.clone();
            changed[index] ^= bit;
            let verdict = try_examine(&certificate_pem(&changed), &[&root.pem()], now());
            assert!(verdict.is_err() || verdict.unwrap().trusted_by.is_none(), "byte {index}, bit {bit}");
        }
    }
}
