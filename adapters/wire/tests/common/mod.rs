//! Certificates of every kind, good and bad, and both ends of TLS without a network.

pub(crate) mod hostile;

use pilotwire::{DateTime, Instant, Version};
use pilotwire_wire::tls::{
    ClientCertificates, ClientRoots, ClientTls, KeyedChain, ServerTls, ServerTlsConfig, TimeSource,
};
use pilotwire_wire::{
    Call, ClientHandshake, Connection, HandshakeError, Identity, Limits, Password, Rejection, ServerHandshake, Upgrade,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, RevokedCertParams, SignatureAlgorithm,
    date_time_ymd,
};

pub(crate) const HOST: &str = "csms.example.com";
pub(crate) const STATION: &str = "CS-1";

pub(crate) fn now() -> DateTime {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

pub(crate) fn time() -> TimeSource {
    TimeSource::new(DateTime::UNIX_EPOCH, now)
}

/// A certificate authority, or one that pretends to be.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Its own certificate, and those above it that are no roots.
    above: Vec<String>,
}

/// A certificate that is valid in 2026, for this name.
pub(crate) fn leaf(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2028, 1, 1);
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "Operator");
    params
}

pub(crate) fn ca(name: &str) -> CertificateParams {
    let mut params = leaf(name);
    params.subject_alt_names.clear();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        Self::of(ca(name))
    }

    pub(crate) fn of(params: CertificateParams) -> Self {
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, above: Vec::new() }
    }

    /// An authority below this one.
    pub(crate) fn sub(&self, params: CertificateParams) -> Self {
        let issuer = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.issuer).unwrap();
        let above = [vec![issuer.pem()], self.above.clone()].concat();
        Self { issuer, above }
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate with its chain and its key.
    pub(crate) fn sign(&self, params: &CertificateParams) -> KeyedChain {
        self.sign_with(params, &PKCS_ECDSA_P256_SHA256)
    }

    /// The list of what it revoked: these serial numbers.
    pub(crate) fn revocation_list(&self, serials: &[u64]) -> String {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: (*serial).into(),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2026, 1, 2),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }

    /// The same, with a key of this kind.
    pub(crate) fn sign_with(&self, params: &CertificateParams, kind: &'static SignatureAlgorithm) -> KeyedChain {
        let [chain, key] = self.issue(params, kind);
        KeyedChain::from_pem(&chain, &key).unwrap()
    }

    /// A certificate with its chain, and its key: both in PEM.
    pub(crate) fn issue(&self, params: &CertificateParams, kind: &'static SignatureAlgorithm) -> [String; 2] {
        let key = KeyPair::generate_for(kind).unwrap();
        [self.certify(params, &key), key.serialize_pem()]
    }

    /// A certificate with its chain in PEM, for a key whose private half may be elsewhere.
    pub(crate) fn certify(&self, params: &CertificateParams, key: &impl PublicKeyData) -> String {
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        [vec![certificate.pem()], self.above.clone()].concat().concat()
    }
}

pub(crate) fn server(shown: KeyedChain, clients: ClientCertificates) -> ServerTls {
    ServerTls::new(&ServerTlsConfig { chains: vec![shown], clients, time: time() }).unwrap()
}

pub(crate) fn roots(root: &Authority) -> ClientRoots {
    ClientRoots { trusted: vec![root.pem()], ..ClientRoots::default() }
}

pub(crate) fn required(root: &Authority, let_expired_through: bool) -> ClientCertificates {
    ClientCertificates::Required(ClientRoots { let_expired_through, ..roots(root) })
}

pub(crate) fn client(root: &Authority, own: Option<&KeyedChain>) -> ClientTls {
    ClientTls::new(&[root.pem()], own, time()).unwrap()
}

pub(crate) fn call(tls: ClientTls) -> Call {
    Call {
        endpoint: format!("wss://{HOST}/ocpp").parse().unwrap(),
        identity: Identity::new(STATION).unwrap(),
        version: Version::V201,
        password: Some(Password::new("a-password-of-16")),
        tls: Some(tls),
    }
}

/// How two handshakes ended.
pub(crate) struct Met {
    pub(crate) client: Result<(), HandshakeError>,
    pub(crate) server: Result<(), Rejection>,
    pub(crate) ends: Option<(Connection, Connection)>,
}

/// Lets both ends speak to each other, in pieces of this size, until both have come to an end. `judge` sees the upgrade.
pub(crate) fn meet(call: &Call, tls: &ServerTls, chunk: usize, judge: impl Fn(&Upgrade)) -> Met {
    let limits = Limits::default();
    let mut client = ClientHandshake::new(Instant::ZERO, call, [7; 16], limits).unwrap();
    let mut server = ServerHandshake::by_tls(Instant::ZERO, limits, tls).unwrap();
    let mut met = Met { client: Ok(()), server: Ok(()), ends: None };
    loop {
        let bytes = client.pending().to_vec();
        client.sent(bytes.len());
        let mut upgrade = None;
        for piece in bytes.chunks(chunk) {
            match server.receive(piece) {
                Ok(None) => {}
                Ok(Some(found)) => upgrade = Some(found),
                Err(why) => {
                    met.client = last_words(&mut client, &server.farewell(&why));
                    met.server = Err(why);
                    return met;
                }
            }
        }
        if let Some(upgrade) = upgrade {
            judge(&upgrade);
            let mut at_server = upgrade.accept(call.version);
            let bytes = at_server.pending().to_vec();
            at_server.sent(bytes.len());
            match bytes.chunks(chunk).find_map(|piece| client.receive(piece).transpose()) {
                Some(Ok(at_client)) => met.ends = Some((at_client, at_server)),
                Some(Err(why)) => met.client = Err(why),
                None => panic!("the response is not complete"),
            }
            return met;
        }
        let bytes = server.pending().to_vec();
        server.sent(bytes.len());
        assert!(!bytes.is_empty(), "both wait");
        for piece in bytes.chunks(chunk) {
            if let Err(why) = client.receive(piece).map(drop) {
                met.client = Err(why);
                let alert = client.pending().to_vec();
                met.server = server.receive(&alert).map(drop);
                return met;
            }
        }
    }
}

fn last_words(client: &mut ClientHandshake, bytes: &[u8]) -> Result<(), HandshakeError> {
    client.receive(bytes).map(drop)
}
