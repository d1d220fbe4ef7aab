//! The CSMS: real machines, and hosts that keep nothing, on each of the adapters.

mod futures;
mod threads;
mod tokio;

use std::error::Error;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;

use clap::ValueEnum;
use pilotwire::csms::{self, Csms};
use pilotwire::domain::Subject;
use pilotwire::{DateTime, PowerUp};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_wire::tls::{ClientCertificates, KeyedChain, ServerTls, ServerTlsConfig, TimeSource};
use pilotwire_wire::{Clock, Observer, ServerConfig};

/// Whose sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Adapter {
    Tokio,
    Smol,
    AsyncStd,
    Blocking,
}

/// Forgets everything.
struct Nobody;

impl Observer<csms::Input, csms::Output> for Nobody {}

struct Everybody;

/// Makes machines that know nothing.
struct Fresh(Clock);

impl Fresh {
    fn machine(&self, key: &str) -> (Csms, PowerUp) {
        let seed = key.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let power_up = PowerUp { records: Vec::new(), clock: Some(self.0.wall()) };
        (Csms::new(csms::Config::new(key, seed)), power_up)
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

/// Room for all that a run may have.
fn config(adapter: Adapter) -> ServerConfig {
    match adapter {
        Adapter::Blocking => ServerConfig { stations: 60_000, handshakes: 256, ..ServerConfig::of_threads() },
        _ => ServerConfig::default(),
    }
}

pub(crate) fn serve(adapter: Adapter, listen: SocketAddr, folder: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let clock = Clock::of_this_computer(1);
    let tls = folder.map(|folder| tls(folder, clock)).transpose()?;
    match adapter {
        Adapter::Tokio => tokio::serve(clock, listen, tls),
        Adapter::Smol => futures::on_smol(clock, listen, tls),
        Adapter::AsyncStd => futures::on_async_std(clock, listen, tls),
        Adapter::Blocking => threads::serve(clock, listen, tls),
    }
}

/// Says where we listen.
fn ready(address: SocketAddr) -> std::io::Result<()> {
    println!("{address}");
    std::io::stdout().flush()
}

/// Whatever ends the input ends us.
fn input_ended() {
    // If it cannot be read, it has ended.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
