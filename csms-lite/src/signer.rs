//! Who signs the certificates that stations ask for (A02, A03), and the way there and back.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pilotwire::Event;
use pilotwire::csms::{Input, Outcome};
use pilotwire::domain::{CertificateSigningUse, Command, Reply, Subject};
use pilotwire::messages::Text;
use pilotwire_pki::authority::{Authority, AuthorityError, Validity};
use pilotwire_pki::{Csr, CsrError, MAX_CHAIN_BYTES};
use pilotwire_tokio::ServerHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process;
use tokio::sync::{Semaphore, mpsc};

use crate::shared::{Shared, Wanted};
use crate::station::StationFactory;
use crate::store::StoreError;

/// Requests that are signed at once.
const AT_ONCE: usize = 4;
/// How long a command may take, in real time.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a certificate may wait for a station that is away, in real seconds. One that comes later asks again.
const DELIVERY_S: u32 = 3_600;
/// A certificate is good from a while ago, because clocks differ.
const BEFORE_MS: i64 = 60 * 60 * 1_000;

/// Who signs what stations ask for.
#[derive(Debug)]
pub enum Signer {
    /// An authority of our own: for trying things out. It signs for stations, not for vehicles' sake.
    Authority {
        /// The authority.
        authority: Arc<Mutex<Authority>>,
        /// How long certificates are good, in days.
        days: u32,
    },
    /// A program, which stands for any authority: it reads the request in PEM from its standard input and writes the
    /// certificate with those above it to its standard output. `PILOTWIRE_STATION` tells it who asks, and
    /// `PILOTWIRE_CERTIFICATE_USE` what for, as 2.x names it; it is empty if that is for the CSMS and for vehicles alike.
    Command(PathBuf),
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
enum Unsigned {
    #[error("the request cannot be used: {0}")]
    Csr(#[from] CsrError),
    #[error("the request is for {0:?}, which is not the station's identity")]
    OtherStation(Text),
    #[error("the request is for the organization {0:?}, which is not the operator")]
    OtherOperator(Text),
    #[error("a certificate for {0} is not ours to sign; name a command that can")]
    NotOurs(CertificateSigningUse),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("the command: {0}")]
    Command(#[from] io::Error),
    #[error("the command took longer than {PATIENCE:?}")]
    TooSlow,
    #[error("the command failed: {0}")]
    Failed(std::process::ExitStatus),
    #[error("the command wrote nothing, more than {MAX_CHAIN_BYTES} bytes, or no text")]
    NoChain,
    #[error("the signer ended by itself")]
    Gone,
}

/// Signs until nobody can ask any more.
pub(crate) async fn run(
    signer: Arc<Signer>,
    mut wanted: mpsc::Receiver<Wanted>,
    shared: Arc<Shared>,
    stations: ServerHandle<StationFactory>,
) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(wanted) = wanted.recv().await {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let (signer, shared, stations) = (Arc::clone(&signer), Arc::clone(&shared), stations.clone());
        tokio::spawn(async move {
            let signed = sign(&signer, &wanted, &shared).await;
            drop(turn);
            match signed {
                Ok(chain) => deliver(wanted, chain, &shared, &stations).await,
                Err(why) => tracing::warn!(station = ?wanted.station, %why, "no certificate was signed"),
            }
        });
    }
}

async fn sign(signer: &Signer, wanted: &Wanted, shared: &Shared) -> Result<String, Unsigned> {
    let csr = check(wanted, shared).await?;
    match signer {
        Signer::Authority { authority, days } => {
            let for_vehicles =
                |usage: &&CertificateSigningUse| **usage != CertificateSigningUse::ChargingStationCertificate;
            if let Some(other) = wanted.usage.as_ref().filter(for_vehicles) {
                return Err(Unsigned::NotOurs(other.clone()));
            }
            let (authority, now) = (Arc::clone(authority), shared.clock.wall());
            let validity = Validity { not_before: now.saturating_add_millis(-BEFORE_MS), ..Validity::days(now, *days) };
            // The authority notes what it signs in a file.
            let work = move || authority.lock().unwrap_or_else(PoisonError::into_inner).sign(&csr, validity);
            Ok(tokio::task::spawn_blocking(work).await.map_err(|_| Unsigned::Gone)??)
        }
        Signer::Command(program) => {
            let asked = ask(program, wanted);
            tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(Unsigned::TooSlow))
        }
    }
}

/// A02.FR.04: a station gets a certificate for itself, and for our operator (A00.FR.404, A00.FR.405). Vehicles know it by
/// another name, which is for the authority to judge; but not by that of another station, which could come in with it.
async fn check(wanted: &Wanted, shared: &Shared) -> Result<Csr, Unsigned> {
    let is_own = matches!(wanted.usage, None | Some(CertificateSigningUse::ChargingStationCertificate));
    let csr = if is_own { Csr::read(&wanted.csr)? } else { Csr::read_for_vehicles(&wanted.csr)? };
    let Subject { organization, common_name } = csr.subject();
    let is_other = *common_name != *wanted.station && (is_own || shared.store.station(common_name).await?.is_some());
    if is_other {
        return Err(Unsigned::OtherStation(common_name.clone()));
    }
    if is_own && shared.operator.as_deref().is_some_and(|operator| *organization != *operator) {
        return Err(Unsigned::OtherOperator(organization.clone()));
    }
    Ok(csr)
}

async fn ask(program: &Path, wanted: &Wanted) -> Result<String, Unsigned> {
    let usage = wanted.usage.as_ref().map(CertificateSigningUse::as_str).unwrap_or_default();
    let mut child = process::Command::new(program)
        .env("PILOTWIRE_STATION", &*wanted.station)
        .env("PILOTWIRE_CERTIFICATE_USE", usage)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Unsigned::Gone);
    };
    let write = async {
        // Who knows the request already need not read it.
        let _ = input.write_all(wanted.csr.as_bytes()).await;
        drop(input);
    };
    let mut chain = String::new();
    let mut output = output.take(MAX_CHAIN_BYTES as u64 + 1);
    let ((), read) = tokio::join!(write, output.read_to_string(&mut chain));
    let is_chain = read.is_ok() && !chain.trim().is_empty() && chain.len() <= MAX_CHAIN_BYTES;
    // Nobody reads on: a command that writes more is stopped by that.
    drop(output);
    let status = child.wait().await?;
    match (is_chain, status.success()) {
        (_, false) => Err(Unsigned::Failed(status)),
        (false, true) => Err(Unsigned::NoChain),
        (true, true) => Ok(chain),
    }
}

async fn deliver(wanted: Wanted, chain: String, shared: &Shared, stations: &ServerHandle<StationFactory>) {
    let mut waiting = shared.calls.begin();
    let Wanted { station, usage, request_id, .. } = wanted;
    let command = Command::CertificateSigned { chain: chain.into(), usage, request_id };
    let wait_s = DELIVERY_S.saturating_mul(shared.clock.speed());
    let input = Input::Command { operation: waiting.operation, command, wait_s };
    if let Err(error) = stations.send(&station, Event::Input(input)).await {
        tracing::warn!(?station, %error, "a signed certificate cannot be delivered");
        return;
    }
    match (&mut waiting.outcome).await {
        Ok(Outcome::Reply(Reply::CertificateSigned { accepted: true, .. })) => {
            tracing::info!(?station, "the station took its new certificate");
        }
        Ok(outcome) => tracing::warn!(?station, ?outcome, "the station did not take its new certificate"),
        // The process ends.
        Err(_) => {}
    }
}
