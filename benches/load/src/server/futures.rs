//! On the runtimes with futures' I/O traits, with two threads each.

use std::error::Error;
use std::net::SocketAddr;

use pilotwire::csms::{Csms, Input, Output};
use pilotwire::{Event, Instant};
use pilotwire_smol::{Admission, Authenticator, Clock, Factory, Gate, Host, Node, Runtime, Server};
use pilotwire_wire::tls::ServerTls;
use pilotwire_wire::{Deed, Upgrade};

use super::{Adapter, Everybody, Fresh, Nobody, config, input_ended, ready};

impl Host<Csms> for Nobody {
    async fn perform(&mut self, _: Instant, _: Vec<Deed<Output>>) -> Vec<Event<Input>> {
        Vec::new()
    }
}

impl Authenticator for Everybody {
    async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
        Admission::Accept(upgrade.identity().as_str().to_owned())
    }
}

impl Factory for Fresh {
    type Machine = Csms;
    type Host = Nobody;

    async fn open(&self, key: &str) -> Option<Node<Csms, Nobody>> {
        let (machine, power_up) = self.machine(key);
        Some(Node { machine, host: Nobody, power_up })
    }
}

/// `SMOL_THREADS` says how many threads there are.
pub(super) fn on_smol(clock: Clock, listen: SocketAddr, tls: Option<ServerTls>) -> Result<(), Box<dyn Error>> {
    smol::block_on(async {
        let listener = smol::net::TcpListener::bind(listen).await?;
        ready(listener.local_addr()?)?;
        serve(pilotwire_smol::Smol, Adapter::Smol, clock, Gate { listener, tls }).await;
        Ok(())
    })
}

/// `ASYNC_STD_THREAD_COUNT` says how many threads there are.
pub(super) fn on_async_std(clock: Clock, listen: SocketAddr, tls: Option<ServerTls>) -> Result<(), Box<dyn Error>> {
    async_std::task::block_on(async {
        let listener = async_std::net::TcpListener::bind(listen).await?;
        ready(listener.local_addr()?)?;
        serve(pilotwire_async_std::AsyncStd, Adapter::AsyncStd, clock, Gate { listener, tls }).await;
        Ok(())
    })
}

async fn serve<R: Runtime>(runtime: R, adapter: Adapter, clock: Clock, gate: Gate<R::Listener>) {
    let server = Server::new(runtime, Everybody, Fresh(clock), config(adapter), clock);
    server.serve([gate], smol::unblock(input_ended)).await;
}
