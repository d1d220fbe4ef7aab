//! The station's side: whom it trusts, and what it shows.

use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::{KeyedChain, TimeSource, TlsError, TlsFault, TlsSetupError, provider, roots};

/// What a station needs to call a CSMS by TLS. Cheap to clone.
///
/// The CSMS's certificate has to lead to one of the roots, to be valid by the [`TimeSource`], and to name the host of the
/// endpoint: a DNS name, or an address where the endpoint is one. Names are looked for where they belong, among the subject
/// alternative names; a common name alone, which A00.FR.309 speaks of, has not been enough since RFC 6125.
#[derive(Clone, Debug)]
pub struct ClientTls(Arc<ClientConfig>);

impl ClientTls {
    /// Trusts what leads to one of `trusted` (in PEM); shows `own` if the CSMS asks for a certificate (security profile 3).
    ///
    /// # Errors
    /// Something cannot be read or does not fit together, or there is no root.
    pub fn new(trusted: &[impl AsRef<str>], own: Option<&KeyedChain>, time: TimeSource) -> Result<Self, TlsSetupError> {
        let provider = provider();
        let verifier = WebPkiServerVerifier::builder_with_provider(roots(trusted)?, Arc::clone(&provider))
            .build()
            .map_err(|error| TlsSetupError::new("the root certificates", &error.to_string()))?;
        let builder = ClientConfig::builder_with_details(provider, Arc::new(time))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsSetupError::new("TLS", &error.to_string()))?
            .with_webpki_verifier(verifier);
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => builder
                .with_client_auth_cert(own.chain.clone(), own.key.clone_key())
                .map_err(|error| TlsSetupError::new("our certificate", &error.to_string()))?,
        };
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn connect(&self, host: &str) -> Result<ClientConnection, TlsError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError {
            fault: TlsFault::Certificate,
            text: format!("{host} is no name that a certificate could have"),
        })?;
        Ok(ClientConnection::new(Arc::clone(&self.0), name)?)
    }
}
