//! What nobody should accept: chains that lead to nothing, and hellos of TLS from long ago.

use pilotwire_wire::tls::KeyedChain;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints,
    SanType, date_time_ymd,
};

use super::{Authority, ca, leaf};

/// A certificate for this name, with something wrong about it.
pub(crate) fn bad(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = leaf(name);
    change(&mut params);
    params
}

fn bad_ca(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = ca("Sub");
    change(&mut params);
    params
}

/// Chains that lead to nothing, for the certificate of this name; the other usage is not its own.
fn bad_chains(root: &Authority, name: &str, other: ExtendedKeyUsagePurpose) -> Vec<(&'static str, KeyedChain)> {
    let constrained = |params: &mut CertificateParams| {
        let elsewhere = CidrSubnet::from_v4_prefix([192, 0, 2, 0], 24);
        let permitted_subtrees =
            vec![GeneralSubtree::DnsName("elsewhere.example".into()), GeneralSubtree::IpAddress(elsewhere)];
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    };
    let short = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let expired_ca = bad_ca(|params| params.not_after = date_time_ymd(2026, 1, 1));
    let no_ca = bad_ca(|params| params.is_ca = IsCa::ExplicitNoCa);
    let deep = (0..8).fold(root.sub(ca("Level")), |above, _| above.sub(ca("Level")));
    vec![
        ("another root", Authority::root("Root").sign(&leaf(name))),
        ("another root's sub-CA", Authority::root("Root").sub(ca("Sub")).sign(&leaf(name))),
        ("its own root", Authority::of(leaf(name)).sign(&leaf(name))),
        ("expired", root.sign(&bad(name, |params| params.not_after = date_time_ymd(2026, 2, 1)))),
        ("not yet valid", root.sign(&bad(name, |params| params.not_before = date_time_ymd(2027, 1, 1)))),
        ("an expired sub-CA", root.sub(expired_ca).sign(&leaf(name))),
        ("a sub-CA that is none", root.sub(no_ca).sign(&leaf(name))),
        ("a sub-CA for other names", root.sub(bad_ca(constrained)).sign(&leaf(name))),
        ("a path that is too long", root.sub(bad_ca(short)).sub(ca("Below")).sign(&leaf(name))),
        ("a path without an end", deep.sign(&leaf(name))),
        ("a usage that is not this", root.sign(&bad(name, |params| params.extended_key_usages = vec![other]))),
        ("a CA itself", root.sign(&bad(name, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)))),
    ]
}

/// What a CSMS at this host might show, and no station should take (S-10).
pub(crate) fn bad_servers(root: &Authority, host: &str) -> Vec<(&'static str, KeyedChain)> {
    let by_address = root.sign(&bad("x.example", |params| {
        params.subject_alt_names = vec![SanType::IpAddress("192.0.2.1".parse().unwrap())];
    }));
    let common_name_only = root.sign(&bad(host, |params| params.subject_alt_names.clear()));
    let mut chains = bad_chains(root, host, ExtendedKeyUsagePurpose::ClientAuth);
    chains.extend([("another name", root.sign(&leaf("csms.example.org"))), ("an address", by_address)]);
    chains.extend([("a common name alone", common_name_only), ("a wildcard above", root.sign(&leaf("*.com")))]);
    chains
}

/// What a station of this name might show, and no CSMS should take (S-11).
pub(crate) fn bad_stations(root: &Authority, name: &str) -> Vec<(&'static str, KeyedChain)> {
    bad_chains(root, name, ExtendedKeyUsagePurpose::ServerAuth)
}

/// A ClientHello with this version, these cipher suites, and this kind of signature; nothing else is missing in it.
pub(crate) fn hello(version: [u8; 2], suites: &[u8], signature: [u8; 2]) -> Vec<u8> {
    let mut body = [version.as_slice(), &[1; 32], &[0]].concat();
    body.extend((suites.len() as u16).to_be_bytes());
    body.extend(suites);
    body.extend([1, 0]);
    // Signature algorithms and curves.
    let [hash, kind] = signature;
    let extensions = [0, 13, 0, 4, 0, 2, hash, kind, 0, 10, 0, 4, 0, 2, 0, 24, 0, 11, 0, 2, 1, 0, 0, 23, 0, 0];
    body.extend((extensions.len() as u16).to_be_bytes());
    body.extend(extensions);
    handshake_record(1, &body)
}

/// A message of the handshake in a record of its own.
pub(crate) fn handshake_record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, 0];
    message.extend((body.len() as u16).to_be_bytes());
    message.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend((message.len() as u16).to_be_bytes());
    record.extend(message);
    record
}
