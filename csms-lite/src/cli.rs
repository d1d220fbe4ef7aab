//! The command line.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use clap::{Args, Parser, Subcommand, ValueEnum};
use csms_lite::pki::{self, PkiError};
use csms_lite::{Options, Running, ServeError, Signer, TlsOptions};
use pilotwire::domain::NoSecurityProfile;
use pilotwire_pki::MAX_CSR_BYTES;
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_tokio::Clock;
use pilotwire_wire::Password;
use tracing_subscriber::filter::LevelFilter;

/// A small, real CSMS for OCPP 1.6 and 2.0.1.
#[derive(Parser)]
#[command(name = "csms-lite", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve charging stations and the HTTP API until SIGINT or SIGTERM.
    ///
    /// Prints one line of JSON when it is ready: {"ocpp":"127.0.0.1:9000","http":"127.0.0.1:9080"}, with "wss" if there is
    /// a port for TLS.
    Serve(Box<Serve>),
    /// A certificate authority for trying things out. A network of stations deserves a real one.
    #[command(subcommand)]
    Pki(Pki),
}

#[derive(Subcommand)]
pub(crate) enum Pki {
    /// Make an authority in a folder, and a certificate for `serve --pki`.
    Init {
        /// The folder; it is made if it is not there.
        folder: PathBuf,
        /// The operator of the stations, who stands in all certificates.
        #[arg(long, value_name = "NAME", default_value = "Trying Things Out")]
        organization: String,
        /// What stations call the server: a DNS name or an address. May be given several times.
        #[arg(long, value_name = "HOST", default_values = ["localhost", "127.0.0.1", "::1"])]
        server: Vec<String>,
        /// How long the server's certificate is good; the authority's is twice as long.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=50))]
        years: u16,
    },
    /// Revoke a station's certificate: it is put on the list `crl.pem`. A server with this --pki reads it when it starts, and
    /// at SIGHUP.
    Revoke {
        /// The folder of the authority.
        folder: PathBuf,
        /// The certificate in PEM.
        certificate: PathBuf,
    },
    /// Sign a request (PKCS #10 in PEM) that comes on standard input; the certificate and those above it go to standard
    /// output. This is what a script for `serve --sign-command` may run, with an authority for vehicles in a folder of its
    /// own. Nobody is asked whether the one who is named in it may have it.
    Sign {
        /// The folder of the authority.
        folder: PathBuf,
        /// How long the certificate is good, in days.
        #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=18_250))]
        days: u32,
    },
    /// Make a certificate and a key for a station, as its factory would.
    Station {
        /// The folder of the authority.
        folder: PathBuf,
        /// The station's serial number, which is its identity here.
        serial_number: String,
        /// How long the certificate is good.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=50))]
        years: u16,
    },
}

#[derive(Args, Clone)]
pub(crate) struct Tls {
    /// Where stations connect by TLS: wss://ADDR/<any path>/<identity>. Needs --pki, or --tls-cert and --tls-key.
    #[arg(long, value_name = "ADDR")]
    wss: Option<SocketAddr>,
    /// The folder of `pki init`: its server's certificate is shown, and its stations' certificates are taken.
    #[arg(long, value_name = "DIR", requires = "wss", conflicts_with_all = ["tls_cert", "tls_key", "client_ca", "client_crl"])]
    pki: Option<PathBuf>,
    /// The certificate to show, with those above it, in PEM.
    #[arg(long, value_name = "F", requires_all = ["wss", "tls_key"])]
    tls_cert: Option<PathBuf>,
    /// Its private key in PEM.
    #[arg(long, value_name = "F", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// What stations' certificates have to lead to, in PEM; without it no station comes with security profile 3.
    #[arg(long, value_name = "F", requires = "tls_cert")]
    client_ca: Option<PathBuf>,
    /// Lists of stations' certificates that were revoked, in PEM; with --pki that of `pki revoke`. May be given several times.
    #[arg(long, value_name = "F", requires = "client_ca")]
    client_crl: Vec<PathBuf>,
    /// The organization that stations' certificates have to name; any that their authority vouches for if absent.
    #[arg(long, value_name = "NAME", requires = "wss")]
    operator: Option<String>,
}

impl Pki {
    pub(crate) fn run(self) -> Result<(), PkiError> {
        let now = Clock::of_this_computer(1).wall();
        match self {
            Self::Init { folder, organization, server, years } => {
                let names: Vec<&str> = server.iter().map(String::as_str).collect();
                pki::init(&folder, &organization, &names, pki::validity(now, years))
            }
            Self::Revoke { folder, certificate } => pki::revoke(&folder, &certificate, now).map(drop),
            Self::Sign { folder, days } => {
                let file = |error| PkiError::File("standard input or output".into(), error);
                let mut csr = String::new();
                io::stdin().take(MAX_CSR_BYTES as u64 + 1).read_to_string(&mut csr).map_err(file)?;
                let chain = pki::sign(&folder, &csr, Validity::days(now, days))?;
                io::stdout().write_all(chain.as_bytes()).map_err(file)
            }
            Self::Station { folder, serial_number, years } => {
                pki::station(&folder, &serial_number, pki::validity(now, years)).map(drop)
            }
        }
    }
}

#[derive(Args)]
pub(crate) struct Serve {
    /// Where stations connect: ws://ADDR/<any path>/<identity>. Port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    ocpp: SocketAddr,
    #[command(flatten)]
    pub(crate) tls: Tls,
    /// A program that signs the certificates that stations ask for, in the place of any authority: it gets the request in
    /// PEM on its standard input, and writes the certificate and those above it to its standard output. Its environment
    /// says who asks (PILOTWIRE_STATION) and what for (PILOTWIRE_CERTIFICATE_USE). With --pki, the authority there signs.
    #[arg(long, value_name = "PROGRAM")]
    sign_command: Option<PathBuf>,
    /// How long the authority of --pki lets stations' certificates be good, in days.
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=18_250))]
    certificate_days: u32,
    /// An OCSP responder that may be asked for the status of certificates (M06), by the beginning of its URL; may be given
    /// several times. Whom stations name beside these is not called.
    #[arg(long = "ocsp-responder", value_name = "URL", value_parser = responder)]
    ocsp_responders: Vec<String>,
    /// The lowest security profile that stations may come with: 1, 2 or 3. 0 is --insecure.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=3))]
    security_profile: i32,
    /// Where the HTTP API listens; other than loopback only with --api-token-file.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9080")]
    http: SocketAddr,
    /// The directory of the database; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Let every station in, known or not, without a password.
    #[arg(long)]
    insecure: bool,
    /// Seconds between heartbeats.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(i32).range(1..))]
    heartbeat_s: i32,
    /// Keep a journal of every station in this directory, to be replayed elsewhere. There are tokens in it.
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// The log on standard error: one line for each event.
    #[arg(long, value_enum, default_value_t = LogFormat::Plain)]
    log_format: LogFormat,
    /// What to log: off, error, warn, info, debug or trace.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: LevelFilter,
    /// A file with the token that clients of the HTTP API have to present: `Authorization: Bearer <token>`.
    #[arg(long, value_name = "F")]
    api_token_file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Plain,
    Json,
}

/// The program cannot do what it was started for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("cannot read the API token from {0}: {1}")]
    TokenFile(PathBuf, #[source] io::Error),
    #[error("cannot listen to signals: {0}")]
    Signal(#[source] io::Error),
    #[error("--wss needs --pki, or --tls-cert and --tls-key")]
    NoCertificate,
    #[error(transparent)]
    Profile(#[from] NoSecurityProfile),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Tls {
    /// What is shown at the port for TLS, and whose certificates are taken there: read anew each time.
    pub(crate) fn read(&self) -> Result<Option<TlsOptions>, CliError> {
        let Some(address) = self.wss else { return Ok(None) };
        let (certificate, key, roots) = match (&self.pki, &self.tls_cert, &self.tls_key) {
            (Some(folder), ..) => (folder.join("server.pem"), folder.join("server.key"), Some(folder.join("ca.pem"))),
            (None, Some(certificate), Some(key)) => (certificate.clone(), key.clone(), self.client_ca.clone()),
            _ => return Err(CliError::NoCertificate),
        };
        let client_roots = roots.map(|file| pki::read(&file)).transpose()?.into_iter().collect();
        let mut revoked: Vec<String> = self.client_crl.iter().map(|file| pki::read(file)).collect::<Result<_, _>>()?;
        revoked.extend(self.pki.as_ref().and_then(|folder| pki::revoked(folder).transpose()).transpose()?);
        let chains = vec![pki::keyed_chain(&certificate, &key)?];
        Ok(Some(TlsOptions { address, chains, client_roots, revoked, operator: self.operator.clone() }))
    }
}

impl Serve {
    /// Logs to standard error from now on. Values from outside are fields, and fields are escaped.
    pub(crate) fn install_log(&self) {
        let log = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(self.log_level).with_ansi(false);
        match self.log_format {
            LogFormat::Plain => log.init(),
            LogFormat::Json => log.json().flatten_event(true).init(),
        }
    }

    /// Who signs the certificates that stations ask for.
    fn signer(&self) -> Result<Option<Arc<Signer>>, CliError> {
        let signer = match (&self.sign_command, &self.tls.pki) {
            (Some(program), _) => Signer::Command(program.clone()),
            (None, Some(folder)) => {
                let authority = Authority::load(folder).map_err(PkiError::from)?;
                Signer::Authority { authority: Arc::new(Mutex::new(authority)), days: self.certificate_days }
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Arc::new(signer)))
    }

    pub(crate) fn options(self) -> Result<Options, CliError> {
        Ok(Options {
            tls: self.tls.read()?,
            signer: self.signer()?,
            responders: self.ocsp_responders,
            lowest: self.security_profile.try_into()?,
            ocpp: self.ocpp,
            http: self.http,
            insecure: self.insecure,
            heartbeat_s: self.heartbeat_s,
            journals: self.journal,
            api_token: self.api_token_file.map(read_token).transpose()?,
            ..Options::new(self.data)
        })
    }
}

/// What they say is signed: TLS would add nothing (RFC 6960, A.1).
fn responder(url: &str) -> Result<String, String> {
    match url.strip_prefix("http://") {
        Some(host) if !host.is_empty() => Ok(url.into()),
        _ => Err("use http://HOST or http://HOST/PATH".into()),
    }
}

fn read_token(file: PathBuf) -> Result<Password, CliError> {
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Password::new(text.trim())),
        Err(error) => Err(CliError::TokenFile(file, error)),
    }
}

/// What a program that started us has to know.
pub(crate) fn ready_line(running: &Running) -> String {
    let mut line = serde_json::json!({ "ocpp": running.ocpp.to_string(), "http": running.http.to_string() });
    if let Some(wss) = running.wss {
        line["wss"] = wss.to_string().into();
    }
    line.to_string()
}

/// Reads certificates, keys and lists anew whenever SIGHUP asks for it. What cannot be used is logged, and changes nothing.
#[cfg(unix)]
pub(crate) async fn reload_on_signal(tls: &Tls, running: &Running) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        let reloaded = tls.read().and_then(|fresh| match fresh {
            Some(fresh) => running.reload_tls(&fresh).map_err(|error| ServeError::from(error).into()),
            None => Ok(()),
        });
        match reloaded {
            Ok(()) => tracing::info!("certificates were read anew"),
            Err(error) => tracing::error!(%error, "certificates could not be read anew; the old ones stay"),
        }
    }
}

/// Reads certificates anew when it is asked to: there are no signals for that here.
#[cfg(not(unix))]
pub(crate) async fn reload_on_signal(_: &Tls, _: &Running) {}

/// Ready when somebody asks us to stop. Listens from now on.
#[cfg(not(unix))]
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>, CliError> {
    Ok(async {
        // Where there are no signals to wait for, only an end by force is left.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}

/// Ready when somebody asks us to stop. Listens from now on.
#[cfg(unix)]
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>, CliError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CliError::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
