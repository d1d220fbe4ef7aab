//! The CSMS: real machines, and hosts that keep nothing.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use pilotwire::csms::{self, Csms};
use pilotwire::domain::Subject;
use pilotwire::{DateTime, Event, Instant, PowerUp};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_tokio::{Admission, Authenticator, Clock, Factory, Gate, Host, Node, Server, ServerConfig};
use pilotwire_wire::tls::{ClientCertificates, KeyedChain, ServerTls, ServerTlsConfig, TimeSource};
use pilotwire_wire::{Deed, Observer, Upgrade};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// Forgets everything.
struct Nobody;

impl Observer<csms::Input, csms::Output> for Nobody {}

impl Host<Csms> for Nobody {
    async fn perform(&mut self, _: Instant, _: Vec<Deed<csms::Output>>) -> Vec<Event<csms::Input>> {
        Vec::new()
    }
}

struct Everybody;

impl Authenticator for Everybody {
    async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
        Admission::Accept(upgrade.identity().as_str().to_owned())
    }
}

struct Fresh(Clock);

impl Factory for Fresh {
    type Machine = Csms;
    type Host = Nobody;

    async fn open(&self, key: &str) -> Option<Node<Csms, Nobody>> {
        let seed = key.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let power_up = PowerUp { records: Vec::new(), clock: Some(self.0.wall()) };
        Some(Node { machine: Csms::new(csms::Config::new(key, seed)), host: Nobody, power_up })
    }
}

/// Leaves the root in the folder, for the client.
fn tls(folder: &Path, clock: Clock) -> Result<ServerTls, Box<dyn Error>> {
    let validity = Validity::days(clock.wall().saturating_add_millis(-86_400_000), 3);
    let subject = Subject { organization: "Load".into(), common_name: "Load Root".into() };
    let mut authority = Authority::root(&subject, validity)?;
    let shown = authority.server("Load", &["127.0.0.1"], validity)?;
    std::fs::write(folder.join("root.pem"), authority.root_pem())?;
    let chains = vec![KeyedChain::from_pem_and_pkcs8(&shown.chain_pem, shown.private_key.secret_pkcs8_der())?];
    let time = TimeSource::new(DateTime::UNIX_EPOCH, move || clock.wall());
    Ok(ServerTls::new(&ServerTlsConfig { chains, clients: ClientCertificates::None, time })?)
}

pub(crate) fn serve(listen: SocketAddr, folder: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let clock = Clock::of_this_computer(1);
    let tls = folder.map(|folder| tls(folder, clock)).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        let server = Server::new(Everybody, Fresh(clock), ServerConfig::default(), clock);
        let end = async {
            // Whatever ends the input ends us.
            let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
        };
        server.serve([Gate { listener, tls }], end).await;
        Ok(())
    })
}
