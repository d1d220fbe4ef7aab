//! Starting and stopping all of it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pilotwire::Version;
use pilotwire::csms::Outcome;
use pilotwire::domain::{Command, SecurityProfile};
use pilotwire_tokio::{Clock, Gate, Server, ServerConfig};
use pilotwire_wire::tls::{
    ClientCertificates, ClientRoots, KeyedChain, ServerTls, ServerTlsConfig, TimeSource, TlsSetupError, WRITTEN,
};
use pilotwire_wire::{Compression, Limits, Password};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::api::{self, Api};
use crate::doorkeeper::Doorkeeper;
use crate::password::Hasher;
use crate::responders::Responders;
use crate::shared::Shared;
use crate::signer::{self, Signer};
use crate::station::StationFactory;
use crate::store::{Change, Store, StoreError, make_private_directory};

/// The versions that are offered.
const VERSIONS: [Version; 2] = [Version::V16, Version::V201];
/// Certificates that wait for a signature; a station whose request finds no place asks again.
const WAITING_REQUESTS: usize = 1_024;
/// How long HTTP requests under way may take to end at a shutdown, in real time.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// How to run the CSMS.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where stations connect; port 0 picks a free one.
    pub ocpp: SocketAddr,
    /// Where stations connect by TLS, beside the plain port. Default: nowhere.
    pub tls: Option<TlsOptions>,
    /// The lowest security profile that stations may come with. Default: 1, a password.
    pub lowest: SecurityProfile,
    /// Where the HTTP API listens; port 0 picks a free one.
    pub http: SocketAddr,
    /// The directory of the database.
    pub data: PathBuf,
    /// Lets every station in, known or not, without a password. Default: no.
    pub insecure: bool,
    /// Seconds between heartbeats, by the clock of [`Options::clock`]. Default 300.
    pub heartbeat_s: i32,
    /// What clients of the HTTP API have to present (`Authorization: Bearer`). Without it the API listens on loopback
    /// addresses only.
    pub api_token: Option<Password>,
    /// The stations' time. May run faster than real time; the HTTP API's waits are in real time all the same.
    pub clock: Clock,
    /// Makes the ids of the CALLs. `None` takes one from the operating system; another one for each run, or ids come twice.
    pub seed: Option<u64>,
    /// The directory of journals: a file for each life of a station's machine. There are tokens in them. Default: none.
    pub journals: Option<PathBuf>,
    /// Who signs the certificates that stations ask for. Default: nobody, and stations are told so.
    pub signer: Option<Arc<Signer>>,
    /// The OCSP responders that may be asked for the status of certificates (M06), by the beginning of their URLs. Default:
    /// none, and stations that ask are told that it failed.
    pub responders: Vec<String>,
    /// Limits of sockets and handshakes, and of who guesses passwords. Its versions are not heeded.
    pub server: ServerConfig,
}

/// How stations connect by TLS (security profiles 2 and 3).
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// The port; 0 picks a free one.
    pub address: SocketAddr,
    /// What the CSMS shows; several, if some stations verify RSA alone (A00.FR.318).
    pub chains: Vec<KeyedChain>,
    /// What stations' certificates have to lead to, in PEM. None: no certificate is asked for, and nobody comes with security
    /// profile 3.
    pub client_roots: Vec<String>,
    /// Lists of stations' certificates that were revoked, in PEM: who is on one is not let in (A00.FR.705).
    pub revoked: Vec<String>,
    /// The organization that stations' certificates have to name (A00.FR.404). None: whoever the roots vouch for.
    pub operator: Option<String>,
}

impl TlsOptions {
    fn config(&self, clock: Clock) -> ServerTlsConfig {
        let (trusted, revoked) = (self.client_roots.clone(), self.revoked.clone());
        let roots = ClientRoots { trusted, revoked, let_expired_through: false };
        let clients = match roots.trusted.is_empty() {
            true => ClientCertificates::None,
            false => ClientCertificates::Optional(roots),
        };
        let time = TimeSource::new(WRITTEN, move || clock.wall());
        ServerTlsConfig { chains: self.chains.clone(), clients, time }
    }
}

impl Options {
    /// Free loopback ports, nobody let in without a password, real time.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            ocpp: loopback,
            tls: None,
            lowest: SecurityProfile::Basic,
            http: loopback,
            data: data.into(),
            insecure: false,
            heartbeat_s: 300,
            api_token: None,
            clock: Clock::of_this_computer(1),
            seed: None,
            journals: None,
            signer: None,
            responders: Vec::new(),
            // Part 4 §3.3 asks a CSMS for it (errata 4.3); stations that do not offer it get none.
            server: ServerConfig {
                limits: Limits { compression: Some(Compression::default()), ..Limits::default() },
                ..ServerConfig::default()
            },
        }
    }
}

/// The CSMS cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Our caller's fault: everyone who reaches that address would be the operator.
    #[error("the HTTP API may listen on {0}, which is no loopback address, only with an API token")]
    Unprotected(SocketAddr),
    /// Our caller's fault: nobody must guess it.
    #[error("an API token has at least 16 characters, all of them visible ASCII")]
    WeakToken,
    /// The environment's fault.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// Our caller's fault: certificates or keys.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    /// Our caller's fault: nobody could come.
    #[error("security profile {0} needs TLS: name a certificate and a port for it")]
    NoTls(SecurityProfile),
    /// The environment's fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The environment's fault.
    #[error("the operating system gives no random numbers")]
    NoRandom,
}

/// A CSMS that runs. Dropping it stops it at once; [`shutdown`](Self::shutdown) does it in good order.
#[derive(Debug)]
pub struct Running {
    /// Where stations connect.
    pub ocpp: SocketAddr,
    /// Where stations connect by TLS.
    pub wss: Option<SocketAddr>,
    /// Where the HTTP API listens.
    pub http: SocketAddr,
    /// What is stored. It is closed by the shutdown.
    pub store: Store,
    stop: watch::Sender<bool>,
    stations: JoinHandle<()>,
    requests: JoinHandle<io::Result<()>>,
    signing: Option<JoinHandle<()>>,
    api: Api,
    tls: Option<ServerTls>,
}

/// Starts a CSMS in the present tokio runtime. Both ports are open when this returns.
///
/// # Errors
/// Says why it cannot be started.
pub async fn serve(options: Options) -> Result<Running, ServeError> {
    check(&options)?;
    if let Some(directory) = &options.journals {
        make_private_directory(directory).map_err(StoreError::Directory)?;
    }
    let seed = match options.seed {
        Some(seed) => seed,
        None => getrandom::u64().map_err(|_| ServeError::NoRandom)?,
    };
    let ocpp = listen(options.ocpp).await?;
    let (mut gates, mut wss, mut server_tls) = (Vec::new(), None, None);
    if let Some(tls) = &options.tls {
        let server = ServerTls::new(&tls.config(options.clock))?;
        let listener = listen(tls.address).await?;
        wss = Some(address(&listener)?);
        server_tls = Some(server.clone());
        gates.push(Gate { listener, tls: Some(server) });
    }
    let http = listen(options.http).await?;
    let store = Store::open(&options.data).await?;
    store.write(vec![Change::Restarted]).await?;
    let (signing, wanted) = mpsc::channel(WAITING_REQUESTS);
    let signing = options.signer.is_some().then_some(signing);
    let shared = Arc::new(Shared { signing, ..Shared::new(&options, store.clone(), seed) });
    let config = ServerConfig { versions: VERSIONS.to_vec(), ..options.server };
    let factory = StationFactory(Arc::clone(&shared));
    let server = Server::new(Doorkeeper(Arc::clone(&shared)), factory, config, options.clock);
    let api = Api { shared: Arc::clone(&shared), stations: server.handle() };
    let router = api::router(api.clone(), options.api_token);
    let signing =
        options.signer.map(|signer| tokio::spawn(signer::run(signer, wanted, Arc::clone(&shared), server.handle())));
    let stop = watch::channel(false).0;
    let (ocpp_address, http_address) = (address(&ocpp)?, address(&http)?);
    gates.push(ocpp.into());
    let stations = tokio::spawn(server.serve(gates, stopped(&stop)));
    let requests = tokio::spawn(axum::serve(http, router).with_graceful_shutdown(stopped(&stop)).into_future());
    Ok(Running {
        ocpp: ocpp_address,
        wss,
        http: http_address,
        store,
        stop,
        stations,
        requests,
        signing,
        api,
        tls: server_tls,
    })
}

impl Running {
    /// Shows and takes other certificates from now on; connections that are open go on. The address and the operator stay as
    /// they are. Without a port for TLS nothing changes.
    ///
    /// # Errors
    /// Something cannot be used; then all of it stays as it was.
    pub fn reload_tls(&self, options: &TlsOptions) -> Result<(), TlsSetupError> {
        match &self.tls {
            Some(tls) => tls.reload(&options.config(self.api.shared.clock)),
            None => Ok(()),
        }
    }

    /// Lets a station do something, if it is there, and tells how that ended. A station that cannot be spoken to is offline.
    pub async fn command(&self, station: &str, command: Command) -> Outcome {
        self.api.command_now(station, command).await
    }

    /// Closes the connections in good order, lets requests end, and closes the database.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // They fail by a panic alone, and then there is nothing left to end.
        let _ = (&mut self.stations).await;
        self.api.shared.calls.give_up();
        let _ = tokio::time::timeout(LAST_REQUESTS, &mut self.requests).await;
        self.store.close().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.stations.abort();
        self.requests.abort();
        if let Some(signing) = &self.signing {
            signing.abort();
        }
    }
}

fn check(options: &Options) -> Result<(), ServeError> {
    if options.lowest.has_tls() && options.tls.is_none() {
        return Err(ServeError::NoTls(options.lowest));
    }
    match &options.api_token {
        Some(token) if token.reveal().len() < 16 || !token.reveal().iter().all(u8::is_ascii_graphic) => {
            Err(ServeError::WeakToken)
        }
        None if !options.http.ip().is_loopback() => Err(ServeError::Unprotected(options.http)),
        _ => Ok(()),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|error| ServeError::Listen(address, error))
}

fn address(listener: &TcpListener) -> Result<SocketAddr, ServeError> {
    let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
    listener.local_addr().map_err(|error| ServeError::Listen(unknown, error))
}

/// Ready when the shutdown begins, or when the [`Running`] is gone.
fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + use<> {
    let mut stop = stop.subscribe();
    async move {
        let _ = stop.wait_for(|stopping| *stopping).await;
    }
}

impl Shared {
    pub(crate) fn new(options: &Options, store: Store, seed: u64) -> Self {
        Self {
            store,
            clock: options.clock,
            hasher: Hasher::default(),
            calls: crate::shared::Calls::default(),
            seen: crate::shared::Seen::default(),
            insecure: options.insecure,
            lowest: options.lowest,
            operator: options.tls.as_ref().and_then(|tls| tls.operator.clone()),
            heartbeat_s: options.heartbeat_s,
            seed,
            journals: options.journals.clone(),
            signing: None,
            responders: Responders::new(options.responders.clone()),
        }
    }
}
