//! On tokio, with two threads.

use std::error::Error;
use std::net::SocketAddr;

use pilotwire::csms::{Csms, Input, Output};
use pilotwire::{Event, Instant};
use pilotwire_tokio::{Admission, Authenticator, Clock, Factory, Gate, Host, Node, Server};
use pilotwire_wire::tls::ServerTls;
use pilotwire_wire::{Clock as Wall, Deed, Upgrade};
use tokio::net::TcpListener;

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

pub(super) fn serve(wall: Wall, listen: SocketAddr, tls: Option<ServerTls>) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        ready(listener.local_addr()?)?;
        let server = Server::new(Everybody, Fresh(wall), config(Adapter::Tokio), Clock::of_this_computer(1));
        let end = async {
            // A panic there ends us, too.
            let _ = tokio::task::spawn_blocking(input_ended).await;
        };
        server.serve([Gate { listener, tls }], end).await;
        Ok(())
    })
}
