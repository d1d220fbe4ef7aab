//! Files over HTTP: logs go out, firmware comes in, each on a thread of its own and within limits of size and time.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pilotwire::domain::FileFault;
use pilotwire::messages::Text;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The longest firmware, in bytes. It is held in memory.
pub(crate) const MAX_FIRMWARE: usize = 64 << 20;

/// How long a transfer may take, in real time.
const LONGEST: Duration = Duration::from_secs(600);

/// How long the other side may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// How often a download is sent elsewhere.
const REDIRECTS: u32 = 3;

/// Why a file was not transferred.
pub(crate) type Failure = (FileFault, Text);

/// Set when nobody waits for a transfer any more.
pub(crate) type Stopped = Arc<AtomicBool>;

/// Where a file goes to or comes from: `http` and `https` alone.
fn check(location: &str) -> Result<(), Failure> {
    let scheme = location.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    if matches!(scheme.as_str(), "http" | "https") {
        return Ok(());
    }
    Err((FileFault::Unsupported, "the location is neither an http nor an https URL".into()))
}

/// A client that trusts these certificates and no others.
fn agent(roots: &[Text]) -> Agent {
    let read = |pem: &Text| {
        let found = CertificateDer::pem_slice_iter(pem.as_bytes()).flatten();
        found.map(|der| Certificate::from_der(&der).to_owned()).collect::<Vec<_>>()
    };
    let roots: Vec<Certificate<'static>> = roots.iter().flat_map(read).collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(provider)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .max_redirects(REDIRECTS)
        .timeout_global(Some(LONGEST))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .timeout_connect(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .user_agent(concat!("charger-sim/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Sends a file by PUT, and by POST to a server that does not take the other (N01.FR.18, N01.FR.19). A location that ends with
/// a slash is a folder: the name is put behind it.
///
/// # Errors
/// Why the server does not have it.
pub(crate) fn upload(location: &str, name: &str, content: &[u8], roots: &[Text]) -> Result<(), Failure> {
    check(location)?;
    let agent = agent(roots);
    let disposition = format!("form-data; name=\"uploadfile\"; filename=\"{name}\"");
    let target = if location.ends_with('/') { format!("{location}{name}") } else { location.to_owned() };
    let send = |request: ureq::RequestBuilder<ureq::typestate::WithBody>| {
        let request = request.header("Content-Type", "application/octet-stream");
        request.header("Content-Disposition", disposition.as_str()).send(content)
    };
    let sent = match send(agent.put(&target)) {
        Err(ureq::Error::StatusCode(405 | 501)) => send(agent.post(location)),
        sent => sent,
    };
    sent.map(drop).map_err(|error| failure(&error))
}

/// Fetches a file.
///
/// # Errors
/// Why it is not here.
pub(crate) fn download(location: &str, roots: &[Text], stopped: &Stopped) -> Result<Vec<u8>, Failure> {
    check(location)?;
    let mut response = agent(roots).get(location).call().map_err(|error| failure(&error))?;
    let mut reader = response.body_mut().with_config().limit(MAX_FIRMWARE as u64 + 1).reader();
    let (mut content, mut part) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        if stopped.load(Ordering::Relaxed) {
            return Err((FileFault::Broken, "nobody waits for it any more".into()));
        }
        let read = reader.read(&mut part).map_err(|error| (FileFault::Broken, Text::from(error.to_string())))?;
        if read == 0 {
            return Ok(content);
        }
        content.extend_from_slice(&part[..read]);
        if content.len() > MAX_FIRMWARE {
            return Err((FileFault::Invalid, format!("it has more than {MAX_FIRMWARE} bytes").into()));
        }
    }
}

/// What an error means; its text names no URL, for there may be a password in it.
fn failure(error: &ureq::Error) -> Failure {
    let fault = match error {
        ureq::Error::StatusCode(401 | 403 | 407) => FileFault::Denied,
        ureq::Error::StatusCode(405 | 501) => FileFault::Unsupported,
        ureq::Error::StatusCode(400 | 411 | 413 | 415 | 422) | ureq::Error::Protocol(_) => FileFault::Malformed,
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            return (FileFault::Unsupported, "the location is no URL".into());
        }
        _ => FileFault::Broken,
    };
    (fault, error.to_string().into())
}
