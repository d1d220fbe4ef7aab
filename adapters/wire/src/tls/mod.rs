//! TLS: whom we trust, what we show, by which time, and what went wrong (A00; security whitepaper of 1.6, §2).
//!
//! rustls does the protocol. TLS 1.2 and 1.3 are spoken, nothing older (A00.FR.313), without compression, renegotiation or
//! early data. Of the four cipher suites that a CSMS has to have (A00.FR.318), the two with ephemeral keys are there; those of
//! `TLS_RSA` are not in rustls, for they have no forward secrecy. A station may use either pair (A00.FR.319).
//!
//! Sessions are not resumed: connections last for days, and each of them shows its certificate.

mod certificate;
mod client;
mod error;
mod server;

pub use certificate::{PeerCertificate, UnreadableCertificate};
pub use client::ClientTls;
pub use error::{TlsError, TlsFault, TlsSetupError};
pub use server::{ClientCertificates, ClientRoots, ServerTls, ServerTlsConfig};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use pilotwire::DateTime;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::time_provider::TimeProvider;

/// A floor for whoever knows no later moment that has passed: when this was written, 2026-11-01 (S-12).
pub const WRITTEN: DateTime = DateTime::from_unix_millis(1_793_491_200_000);

/// The time by which certificates are judged; that of the machines, never this computer's behind their back.
///
/// A clock that was lost or turned back revives no certificate: nothing is judged by an earlier time than the floor, which
/// should be the latest moment that is known to have passed, and no earlier than when the firmware was built (S-12).
#[derive(Clone)]
pub struct TimeSource {
    now: Arc<dyn Fn() -> DateTime + Send + Sync>,
    floor: DateTime,
}

impl TimeSource {
    /// Asks `now` whenever a certificate is judged.
    pub fn new(floor: DateTime, now: impl Fn() -> DateTime + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), floor }
    }

    /// The time by which a certificate is judged now.
    pub fn now(&self) -> DateTime {
        (self.now)().max(self.floor)
    }
}

impl fmt::Debug for TimeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeSource").field("floor", &self.floor).finish_non_exhaustive()
    }
}

impl TimeProvider for TimeSource {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.now().unix_millis() / 1_000).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// What we show: a certificate with those above it, and its private key. The key is never shown by `Debug`.
#[derive(Clone)]
pub struct KeyedChain {
    chain: Vec<CertificateDer<'static>>,
    key: Arc<PrivateKeyDer<'static>>,
}

impl KeyedChain {
    /// Reads both from PEM; the certificate itself stands first. The key may be PKCS #8, PKCS #1 or SEC 1.
    ///
    /// # Errors
    /// One of them cannot be read, or is not there.
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, TlsSetupError> {
        let chain = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|error| TlsSetupError::new("the private key", &format!("{error:?}")))?;
        Ok(Self { chain, key: Arc::new(key) })
    }

    /// The same, with a key in DER (PKCS #8), as it comes out of a key store.
    ///
    /// # Errors
    /// One of them cannot be read, or is not there.
    pub fn from_pem_and_pkcs8(chain: &str, key: &[u8]) -> Result<Self, TlsSetupError> {
        let chain = certificates(chain)?;
        Ok(Self { chain, key: Arc::new(PrivateKeyDer::Pkcs8(key.to_vec().into())) })
    }
}

impl fmt::Debug for KeyedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedChain").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}

/// At least one.
fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let read = read.map_err(|error| TlsSetupError::new("a certificate", &format!("{error:?}")))?;
    if read.is_empty() {
        return Err(TlsSetupError::new("a certificate", "there is none in this PEM"));
    }
    Ok(read)
}

fn roots(pem: &[impl AsRef<str>]) -> Result<Arc<RootCertStore>, TlsSetupError> {
    let mut roots = RootCertStore::empty();
    for text in pem {
        for certificate in certificates(text.as_ref())? {
            roots.add(certificate).map_err(|error| TlsSetupError::new("a root certificate", &error.to_string()))?;
        }
    }
    if roots.is_empty() {
        return Err(TlsSetupError::new("the root certificates", "there is none, so nobody could be trusted"));
    }
    Ok(Arc::new(roots))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
