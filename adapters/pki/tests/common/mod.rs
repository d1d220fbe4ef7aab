//! Chains of every kind, good and bad.
#![allow(dead_code, clippy::unwrap_used, reason = "helpers of tests are tests, and no file needs all of them")]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use der::pem::LineEnding;
use pilotwire::DateTime;
use pilotwire::domain::{ChainFacts, CryptoResult, CryptoTask, KeyId, OcspFacts, Subject};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_pki::{Csr, Keys, perform};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData};

pub(crate) fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

/// The moment of nearly all tests.
pub(crate) fn now() -> DateTime {
    at("2026-06-01T12:00:00Z")
}

pub(crate) fn subject(common_name: &str) -> Subject {
    Subject { organization: "Operator".into(), common_name: common_name.into() }
}

/// A root that is valid in 2026.
pub(crate) fn root() -> Authority {
    Authority::root(&subject("Root"), Validity::days(at("2026-01-01T00:00:00Z"), 365)).unwrap()
}

/// A certificate for a new key of `keys`.
pub(crate) fn station(authority: &mut Authority, keys: &mut Keys, key: KeyId, name: &str) -> String {
    let csr = csr(keys, key, &subject(name));
    authority.sign(&Csr::read(&csr).unwrap(), Validity::days(now(), 30)).unwrap()
}

pub(crate) fn csr(keys: &mut Keys, key: KeyId, subject: &Subject) -> String {
    match perform(keys, &CryptoTask::MakeCsr { key, subject: subject.clone() }) {
        Some(CryptoResult::Csr(csr)) => csr.to_string(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn try_examine(chain: &str, roots: &[&str], at: DateTime) -> Result<ChainFacts, String> {
    let roots = roots.iter().map(|root| (*root).into()).collect();
    let task = CryptoTask::Examine { chain: chain.into(), key: None, roots, at };
    match perform(&mut Keys::in_memory(), &task) {
        Some(CryptoResult::Examined(facts)) => Ok(facts),
        Some(CryptoResult::Failed { why }) => Err(why.to_string()),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn examine(chain: &str, roots: &[&str], at: DateTime) -> ChainFacts {
    try_examine(chain, roots, at).unwrap()
}

/// Why the chain does not hold.
pub(crate) fn flaw(chain: &str, roots: &[&str], at: DateTime) -> String {
    let facts = examine(chain, roots, at);
    assert_eq!(facts.trusted_by, None);
    facts.flaw.unwrap().to_string()
}

pub(crate) fn read_ocsp(response: &[u8], chain: &str, at: DateTime) -> Result<OcspFacts, String> {
    let task = CryptoTask::ReadOcsp { response: BASE64_STANDARD.encode(response).into(), chain: chain.into(), at };
    match perform(&mut Keys::in_memory(), &task) {
        Some(CryptoResult::Ocsp(facts)) => Ok(facts),
        Some(CryptoResult::Failed { why }) => Err(why.to_string()),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn der_of(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
    BASE64_STANDARD.decode(body).unwrap()
}

pub(crate) fn pem_of(label: &str, der: &[u8]) -> String {
    der::pem::encode_string(label, LineEnding::LF, der).unwrap()
}

pub(crate) fn certificate_pem(der: &[u8]) -> String {
    pem_of("CERTIFICATE", der)
}

/// One certificate of a hand-made chain, which may be as bad as rcgen can make it.
pub(crate) struct Link {
    pub(crate) params: CertificateParams,
    pub(crate) key: KeyPair,
    pub(crate) der: Vec<u8>,
}

impl Link {
    pub(crate) fn root() -> Self {
        Self::root_with(|_| {})
    }

    pub(crate) fn root_with(edit: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = authority("Root");
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { params, key, der }
    }

    pub(crate) fn sign(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let der = self.sign_key(&params, &key);
        Self { params, key, der }
    }

    pub(crate) fn sign_key(&self, params: &CertificateParams, key: &impl PublicKeyData) -> Vec<u8> {
        params.signed_by(key, &Issuer::from_params(&self.params, &self.key)).unwrap().der().to_vec()
    }

    pub(crate) fn pem(&self) -> String {
        certificate_pem(&self.der)
    }
}

/// A leaf's first certificate, and those above it.
pub(crate) fn chain(links: &[&Link]) -> String {
    links.iter().map(|link| link.pem()).collect()
}

pub(crate) fn leaf(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2026, 12, 31);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Operator");
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

pub(crate) fn authority(name: &str) -> CertificateParams {
    let mut params = leaf(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}
