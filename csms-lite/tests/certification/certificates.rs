//! What the tool knows of certificates: it makes keys and requests, and looks at what comes back, by itself.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use ring::digest::{SHA256, digest};
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::asn1::{ObjectIdentifier, Utf8StringRef};
use x509_cert::der::{Decode, Encode};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// A certificate with those above it, and its key: what a station shows.
pub(crate) struct Own {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Own {
    pub(crate) fn read(chain: &str, key: &str) -> Self {
        Self { chain: read(chain), key: PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap() }
    }
}

/// A new key pair, and the request for its certificate.
pub(crate) struct Request {
    key: KeyPair,
    pub(crate) csr: String,
}

impl Request {
    pub(crate) fn new(subject: &[(DnType, &str)]) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = name(subject);
        let csr = params.serialize_request(&key).unwrap().pem().unwrap();
        Self { key, csr }
    }

    /// The certificate that came back is for this key.
    pub(crate) fn granted(self, chain: &str) -> Own {
        let own = Own::read(chain, &self.key.serialize_pem());
        let leaf = Facts::of(&own.chain[0]);
        assert_eq!(leaf.key, self.key.public_key_raw(), "it is for the key of the request");
        own
    }
}

fn name(subject: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    subject.iter().for_each(|(kind, text)| name.push(kind.clone(), *text));
    name
}

/// An authority that nobody knows yet.
pub(crate) fn root(organization: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name =
        name(&[(DnType::OrganizationName, organization), (DnType::CommonName, &format!("{organization} Root"))]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A station's certificate from there.
pub(crate) fn issued(issuer: &CertifiedIssuer<'static, KeyPair>, subject: &[(DnType, &str)]) -> Own {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = name(subject);
    let certificate = params.signed_by(&key, issuer).unwrap();
    Own::read(&certificate.pem(), &key.serialize_pem())
}

/// PEM, and nothing else (A00.FR.507).
pub(crate) fn read(pem: &str) -> Vec<CertificateDer<'static>> {
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"), "{pem}");
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect();
    assert!(!chain.is_empty());
    chain
}

/// What stands in a certificate.
pub(crate) struct Facts {
    pub(crate) common_name: Option<String>,
    pub(crate) serial: Vec<u8>,
    /// Bits of its key.
    pub(crate) bits: usize,
    key: Vec<u8>,
}

impl Facts {
    pub(crate) fn of(der: &CertificateDer<'_>) -> Self {
        let certificate = Certificate::from_der(der).unwrap();
        let tbs = certificate.tbs_certificate();
        let names: Vec<_> = tbs.subject().iter().filter(|attribute| attribute.oid == COMMON_NAME).collect();
        assert!(names.len() < 2, "two commonNames");
        let info = tbs.subject_public_key_info();
        assert_eq!(info.algorithm.oid, ELLIPTIC, "the tool knows elliptic curves alone");
        let key = info.subject_public_key.raw_bytes().to_vec();
        Self {
            common_name: names.first().map(|name| name.value.decode_as::<Utf8StringRef<'_>>().unwrap().as_str().into()),
            serial: tbs.serial_number().as_bytes().to_vec(),
            // A point in two coordinates, and a byte that says so.
            bits: (key.len() - 1) / 2 * 8,
            key,
        }
    }
}

/// Whether a station's certificates lead to this root.
pub(crate) fn leads_to(chain: &[CertificateDer<'_>], root: &str) -> bool {
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(trust(root)), provider).build().unwrap();
    verifier.verify_client_cert(&chain[0], &chain[1..], UnixTime::now()).is_ok()
}

pub(crate) fn trust(root: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(read(root).remove(0)).unwrap();
    roots
}

/// How a station names a root that it has: by the hashes of its issuer, which is itself (2.0.1 M03, RFC 6960 §4.1.1).
pub(crate) fn hash_data(root: &str) -> Value {
    let certificate = Certificate::from_der(&read(root)[0]).unwrap();
    let tbs = certificate.tbs_certificate();
    let hash = |bytes: &[u8]| hex(digest(&SHA256, bytes).as_ref());
    json!({
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hash(&tbs.issuer().to_der().unwrap()),
        "issuerKeyHash": hash(tbs.subject_public_key_info().subject_public_key.raw_bytes()),
        "serialNumber": hex(tbs.serial_number().as_bytes()).trim_start_matches('0'),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
