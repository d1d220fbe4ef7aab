//! Files over HTTP: logs go out, firmware comes in, each on a thread of its own and within limits of size and time.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pilotwire::domain::FileFault;
use pilotwire::messages::Text;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, SendBody, http};

/// The longest firmware, in bytes. It is held in memory.
pub(crate) const MAX_FIRMWARE: usize = 64 << 20;

/// How long a transfer may take, in real time.
const LONGEST: Duration = Duration::from_secs(600);

/// How long the other side may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// How often a download is sent elsewhere.
const REDIRECTS: u32 = 3;

/// Why a transfer ends that was stopped.
const UNWANTED: &str = "nobody waits for it any more";

/// Why a file was not transferred.
pub(crate) type Failure = (FileFault, Text);

/// Set when nobody waits for a transfer any more.
pub(crate) type Stopped = Arc<AtomicBool>;

/// Where a file goes to or comes from: `http` and `https` alone. Nothing else can ever work.
fn check(location: &str) -> Result<(), Failure> {
    let scheme = location.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err((FileFault::Unsupported, "the location is neither an http nor an https URL".into()));
    }
    match location.parse::<http::Uri>() {
        Ok(_) => Ok(()),
        Err(_) => Err((FileFault::Unsupported, "the location is no URL".into())),
    }
}

/// A client that trusts these certificates and no others, and may be sent elsewhere so often.
fn agent(roots: &[Text], redirects: u32) -> Agent {
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
        .max_redirects(redirects)
        .timeout_global(Some(LONGEST))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .timeout_connect(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .user_agent(concat!("charger-sim/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// A file on its way out, until nobody waits for that any more.
struct Outgoing<'a> {
    left: &'a [u8],
    stopped: &'a Stopped,
}

impl Read for Outgoing<'_> {
    fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(io::Error::other(UNWANTED));
        }
        self.left.read(part)
    }
}

/// Sends a file by PUT, and by POST to a server that does not take the other (N01.FR.18, N01.FR.19). A location that ends with
/// a slash is a folder: the name is put behind it. Nothing is sent elsewhere: a redirection makes a GET of it.
///
/// # Errors
/// Why the server does not have it.
pub(crate) fn upload(
    location: &str,
    name: &str,
    content: &[u8],
    roots: &[Text],
    stopped: &Stopped,
) -> Result<(), Failure> {
    check(location)?;
    let agent = agent(roots, 0);
    let disposition = format!("form-data; name=\"uploadfile\"; filename=\"{name}\"");
    let target = if location.ends_with('/') { format!("{location}{name}") } else { location.to_owned() };
    let send = |request: ureq::RequestBuilder<ureq::typestate::WithBody>| {
        let request = request.header("Content-Type", "application/octet-stream");
        let request = request.header("Content-Disposition", disposition.as_str());
        let request = request.header("Content-Length", content.len());
        request.send(SendBody::from_reader(&mut Outgoing { left: content, stopped }))
    };
    let sent = match send(agent.put(&target)) {
        Err(ureq::Error::StatusCode(405 | 501)) if stopped.load(Ordering::Relaxed) => {
            return Err((FileFault::Broken, UNWANTED.into()));
        }
        Err(ureq::Error::StatusCode(405 | 501)) => send(agent.post(location)),
        sent => sent,
    };
    succeeded(sent).map(drop)
}

/// Fetches a file.
///
/// # Errors
/// Why it is not here.
pub(crate) fn download(location: &str, roots: &[Text], stopped: &Stopped) -> Result<Vec<u8>, Failure> {
    check(location)?;
    let mut response = succeeded(agent(roots, REDIRECTS).get(location).call())?;
    let mut reader = response.body_mut().with_config().limit(MAX_FIRMWARE as u64 + 1).reader();
    let (mut content, mut part) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        if stopped.load(Ordering::Relaxed) {
            return Err((FileFault::Broken, UNWANTED.into()));
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

/// Only 2xx is a success: nobody follows what is sent elsewhere.
fn succeeded(answer: Result<http::Response<Body>, ureq::Error>) -> Result<http::Response<Body>, Failure> {
    match answer {
        Ok(response) if response.status().is_success() => Ok(response),
        Ok(response) => Err((FileFault::Broken, format!("http status: {}", response.status().as_u16()).into())),
        Err(error) => Err(failure(&error)),
    }
}

/// What an error means; its text names no URL, for there may be a password in it.
fn failure(error: &ureq::Error) -> Failure {
    let fault = match error {
        ureq::Error::StatusCode(401 | 403 | 407) => FileFault::Denied,
        // Another time the server may speak another way: no verdict for ever.
        ureq::Error::StatusCode(400 | 405 | 411 | 413 | 415 | 422 | 501) | ureq::Error::Protocol(_) => {
            FileFault::Malformed
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            return (FileFault::Malformed, "the server names a place that is no URL".into());
        }
        _ => FileFault::Broken,
    };
    (fault, error.to_string().into())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    use super::*;

    /// A server that answers the first line of a request with a head, and tells which lines came.
    fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> (String, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let line = head.lines().next().unwrap_or_default().to_owned();
                let answer = answer(&line);
                let _ = sender.send(line);
                let _ = write!(&stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        (address, lines)
    }

    fn send(address: &str, stopped: &Stopped) -> Result<(), Failure> {
        upload(&format!("http://{address}/log"), "log.txt", b"what happened", &[], stopped)
    }

    fn fault<T: std::fmt::Debug>(result: Result<T, Failure>) -> FileFault {
        result.unwrap_err().0
    }

    #[test]
    fn an_upload_that_is_sent_elsewhere_did_not_arrive() {
        let (address, lines) = serve(|line| match line.starts_with("PUT /log ") {
            true => "302 -\r\nLocation: /elsewhere".into(),
            false => "200 -".into(),
        });
        assert_eq!(fault(send(&address, &Stopped::default())), FileFault::Broken);
        assert_eq!(lines.try_iter().count(), 1);
    }

    #[test]
    fn what_is_stopped_does_not_arrive() {
        let (address, lines) = serve(|_| "200 -".into());
        let stopped = Stopped::default();
        stopped.store(true, Ordering::Relaxed);
        assert_eq!(fault(send(&address, &stopped)), FileFault::Broken);
        assert_eq!(lines.try_iter().count(), 0);
    }

    #[test]
    fn what_is_stopped_while_put_is_refused_is_not_posted() {
        let stopped = Stopped::default();
        let stop = stopped.clone();
        let (address, lines) = serve(move |_| {
            stop.store(true, Ordering::Relaxed);
            "405 -".into()
        });
        assert_eq!(fault(send(&address, &stopped)), FileFault::Broken);
        assert_eq!(lines.try_iter().collect::<Vec<_>>(), ["PUT /log HTTP/1.1"]);
    }

    #[test]
    fn only_a_wrong_scheme_is_hopeless() {
        let (address, lines) = serve(|line| match line.split(' ').next() {
            Some("PUT") => "405 -".into(),
            Some("POST") => "501 -".into(),
            _ => "302 -\r\nLocation: http://[nowhere".into(),
        });
        assert_eq!(fault(send(&address, &Stopped::default())), FileFault::Malformed);
        assert_eq!(lines.try_iter().count(), 2);
        let location = format!("http://{address}/firmware");
        assert_ne!(fault(download(&location, &[], &Stopped::default())), FileFault::Unsupported);
        for location in ["ftp://127.0.0.1/firmware", "http://[nowhere", ""] {
            assert_eq!(fault(download(location, &[], &Stopped::default())), FileFault::Unsupported, "{location}");
        }
    }
}
