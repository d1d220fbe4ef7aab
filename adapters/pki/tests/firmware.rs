//! Signatures of firmware (L01.FR.04, L01.FR.12).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::io::{self, Read};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use common::{Link, at, authority, leaf, now};
use pilotwire::messages::Text;
use pilotwire_pki::signature::{Scheme, SignatureError, Signed, Verified, verify};
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SigningKey};

const FIRMWARE: &[u8] = b"firmware of a station\n";
const RSA_ROOT: &str = include_str!("data/rsa-root.pem");
const RSA_LEAF: &str = include_str!("data/rsa-leaf.pem");
const PSS: &str = include_str!("data/firmware-rsa-pss.b64");
const PKCS1: &str = include_str!("data/firmware-rsa-pkcs1.b64");

fn by_rsa(firmware: &[u8], signature: &str, max_bytes: usize) -> Result<Verified, SignatureError> {
    let roots = [Text::new(RSA_ROOT)];
    verify(firmware, &Signed { signature, chain: RSA_LEAF, roots: &roots, at: at("2026-11-25T00:00:00Z"), max_bytes })
}

fn by_link(firmware: &[u8], signer: &Link, root: &Link) -> Result<Verified, SignatureError> {
    let signature = BASE64_STANDARD.encode(signer.key.sign(FIRMWARE).unwrap());
    let (chain, roots) = (signer.pem(), [Text::from(root.pem())]);
    verify(firmware, &Signed { signature: &signature, chain: &chain, roots: &roots, at: now(), max_bytes: 1_000 })
}

#[test]
fn rsa_with_both_paddings_as_openssl_makes_them() {
    for (signature, scheme) in [(PSS, Scheme::RsaPss), (PKCS1, Scheme::RsaPkcs1)] {
        let verified = by_rsa(FIRMWARE, signature, FIRMWARE.len()).unwrap();
        assert_eq!((verified.scheme, verified.content.as_slice()), (scheme, FIRMWARE));
        assert_eq!(verified.sha256, ring::digest::digest(&ring::digest::SHA256, FIRMWARE).as_ref());
    }
}

#[test]
fn ecdsa() {
    let root = Link::root();
    let signer = root.sign(leaf("Firmware Signing"));
    assert_eq!(by_link(FIRMWARE, &signer, &root).unwrap().scheme, Scheme::Ecdsa);
}

#[test]
fn other_bytes_fewer_bytes_more_bytes_and_none() {
    let longer = [FIRMWARE, b"\0"].concat();
    let mut other = FIRMWARE.to_vec();
    other[0] ^= 1;
    let root = Link::root();
    let signer = root.sign(leaf("Firmware Signing"));
    for firmware in [&FIRMWARE[1..], &FIRMWARE[..21], &longer, &other, &[]] {
        assert!(matches!(by_rsa(firmware, PSS, 1_000), Err(SignatureError::Wrong)));
        assert!(matches!(by_rsa(firmware, PKCS1, 1_000), Err(SignatureError::Wrong)));
        assert!(matches!(by_link(firmware, &signer, &root), Err(SignatureError::Wrong)));
    }
}

#[test]
fn another_key_another_manufacturer_and_another_time() {
    let (root, other) = (Link::root(), Link::root());
    let mut signer = root.sign(leaf("Firmware Signing"));
    assert!(matches!(by_link(FIRMWARE, &signer, &other), Err(SignatureError::Untrusted(_))));
    signer.key = KeyPair::generate().unwrap();
    assert!(matches!(by_link(FIRMWARE, &signer, &root), Err(SignatureError::Wrong)));
    let mut params = leaf("Firmware Signing");
    params.not_after = rcgen::date_time_ymd(2026, 2, 1);
    assert!(matches!(by_link(FIRMWARE, &root.sign(params), &root), Err(SignatureError::Untrusted(_))));
}

#[test]
fn keys_without_a_scheme_of_sha_256() {
    let root = Link::root();
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let params = leaf("Firmware Signing");
    let der = root.sign_key(&params, &key);
    let signer = Link { params, key, der };
    assert!(matches!(by_link(FIRMWARE, &signer, &root), Err(SignatureError::Key)));
    // P-384 is fine, but not with SHA-384.
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let params = leaf("Firmware Signing");
    let der = root.sign_key(&params, &key);
    let signer = Link { params, key, der };
    assert!(matches!(by_link(FIRMWARE, &signer, &root), Err(SignatureError::Wrong)));
}

#[test]
fn limits_broken_texts_and_broken_disks() {
    assert!(matches!(by_rsa(FIRMWARE, PSS, FIRMWARE.len() - 1), Err(SignatureError::TooLong(21))));
    assert!(matches!(by_rsa(FIRMWARE, "***", 1_000), Err(SignatureError::Unreadable(_))));
    assert!(matches!(by_rsa(FIRMWARE, "", 1_000), Err(SignatureError::Wrong)));
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is broken"))
        }
    }
    let roots = [Text::new(RSA_ROOT)];
    let mut signed =
        Signed { signature: PSS, chain: RSA_LEAF, roots: &roots, at: at("2026-11-25T00:00:00Z"), max_bytes: 1_000 };
    assert!(matches!(verify(Broken, &signed), Err(SignatureError::Read(_))));
    signed.chain = "";
    assert!(matches!(verify(FIRMWARE, &signed), Err(SignatureError::Chain(_))));
}

#[test]
fn a_sub_ca_may_stand_between() {
    let root = Link::root();
    let sub = root.sign(authority("Sub"));
    let signer = sub.sign(leaf("Firmware Signing"));
    let signature = BASE64_STANDARD.encode(signer.key.sign(FIRMWARE).unwrap());
    let (chain, roots) = (common::chain(&[&signer, &sub]), [Text::from(root.pem())]);
    let signed = Signed { signature: &signature, chain: &chain, roots: &roots, at: now(), max_bytes: 1_000 };
    assert!(verify(FIRMWARE, &signed).is_ok());
}
