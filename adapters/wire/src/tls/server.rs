//! The CSMS's side: what it shows, and which stations' certificates it takes.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, ServerConnection, SignatureScheme,
};

use super::{KeyedChain, TimeSource, TlsError, TlsSetupError, provider, roots};

/// Which certificates of stations are taken.
#[derive(Clone, Debug, Default)]
pub enum ClientCertificates {
    /// None is asked for: security profile 2.
    #[default]
    None,
    /// Stations may show one, which then has to be good: security profiles 2 and 3 on one port.
    Optional(ClientRoots),
    /// Stations have to show a good one: security profile 3.
    Required(ClientRoots),
}

/// Whose certificates are good.
#[derive(Clone, Debug, Default)]
pub struct ClientRoots {
    /// What they have to lead to, in PEM.
    pub trusted: Vec<String>,
    /// Lists of certificates that were revoked (RFC 5280, §5), in PEM: who is on one is not let in (A00.FR.705). Authorities
    /// without a list here are not asked. A list counts on when it is out of date, for want of a newer one.
    pub revoked: Vec<String>,
    /// Whether one that is out of date is let through, and [said](super::PeerCertificate::is_expired) to be, so that the
    /// host can take in stations that it was told to (A00.FR.429). Everybody else it has to refuse (A00.FR.407).
    pub let_expired_through: bool,
}

/// What a CSMS needs to be called by TLS.
#[derive(Clone, Debug)]
pub struct ServerTlsConfig {
    /// What it shows: of several the first that the station can verify, so that one may have an elliptic key and another
    /// an RSA one (A00.FR.318). At least one.
    pub chains: Vec<KeyedChain>,
    /// Which stations' certificates it takes.
    pub clients: ClientCertificates,
    /// By which time.
    pub time: TimeSource,
}

/// TLS of a CSMS, ready to accept. Clones share what [`reload`](Self::reload) changes.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<RwLock<Arc<ServerConfig>>>);

impl ServerTls {
    /// Reads and checks all of it.
    ///
    /// # Errors
    /// Something cannot be read or does not fit together.
    pub fn new(config: &ServerTlsConfig) -> Result<Self, TlsSetupError> {
        Ok(Self(Arc::new(RwLock::new(build(config)?))))
    }

    /// Uses other certificates for connections that come from now on; those that are open go on.
    ///
    /// # Errors
    /// Something cannot be read or does not fit together; then the old ones stay.
    pub fn reload(&self, config: &ServerTlsConfig) -> Result<(), TlsSetupError> {
        let fresh = build(config)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(crate) fn accept(&self) -> Result<ServerConnection, TlsError> {
        let config = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        Ok(ServerConnection::new(config)?)
    }
}

fn build(config: &ServerTlsConfig) -> Result<Arc<ServerConfig>, TlsSetupError> {
    let provider = provider();
    let mut shown = Vec::new();
    for chain in &config.chains {
        let keyed = CertifiedKey::from_der(chain.chain.clone(), chain.key.clone_key(), &provider)
            .map_err(|error| TlsSetupError::new("the server's certificate", &error.to_string()))?;
        shown.push(Arc::new(keyed));
    }
    if shown.is_empty() {
        return Err(TlsSetupError::new("the server's certificate", "there is none"));
    }
    let mut server = ServerConfig::builder_with_details(provider, Arc::new(config.time.clone()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsSetupError::new("TLS", &error.to_string()))?
        .with_client_cert_verifier(verifier(&config.clients)?)
        .with_cert_resolver(Arc::new(Shown(shown)));
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    Ok(Arc::new(server))
}

/// The first certificate whose signatures the client understands.
#[derive(Debug)]
struct Shown(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let understood = |keyed: &&Arc<CertifiedKey>| keyed.key.choose_scheme(hello.signature_schemes()).is_some();
        // If none is understood, rustls finds out what is missing, and says so.
        self.0.iter().find(understood).or(self.0.first()).cloned()
    }
}

fn verifier(clients: &ClientCertificates) -> Result<Arc<dyn ClientCertVerifier>, TlsSetupError> {
    let (asked, optional) = match clients {
        ClientCertificates::None => return Ok(WebPkiClientVerifier::no_client_auth()),
        ClientCertificates::Optional(asked) => (asked, true),
        ClientCertificates::Required(asked) => (asked, false),
    };
    let builder = WebPkiClientVerifier::builder_with_provider(roots(&asked.trusted)?, provider());
    let builder = if optional { builder.allow_unauthenticated() } else { builder };
    let builder = builder.with_crls(revocation_lists(&asked.revoked)?).allow_unknown_revocation_status();
    let strict =
        builder.build().map_err(|error| TlsSetupError::new("the stations' root certificates", &error.to_string()))?;
    Ok(if asked.let_expired_through { Arc::new(ExpiredToo(strict)) } else { strict })
}

fn revocation_lists(pem: &[String]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsSetupError> {
    let mut lists = Vec::new();
    for text in pem {
        let read: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(text.as_bytes()).collect();
        let read = read.map_err(|error| TlsSetupError::new("a revocation list", &format!("{error:?}")))?;
        if read.is_empty() {
            return Err(TlsSetupError::new("a revocation list", "there is none in this PEM"));
        }
        lists.extend(read);
    }
    Ok(lists)
}

/// Judges a certificate that is out of date by its last second; all else about it has to be right.
#[derive(Debug)]
struct ExpiredToo(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for ExpiredToo {
    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.0.verify_client_cert(certificate, above, now) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                self.0.verify_client_cert(certificate, above, not_after)
            }
            verdict => verdict,
        }
    }

    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
