//! On threads.

use std::error::Error;
use std::net::{SocketAddr, TcpListener};

use pilotwire::csms::{Csms, Input, Output};
use pilotwire::{Event, Instant};
use pilotwire_blocking::{Admission, Authenticator, Clock, Factory, Gate, Host, Node, Server};
use pilotwire_wire::tls::ServerTls;
use pilotwire_wire::{Deed, Upgrade};

use super::{Adapter, Everybody, Fresh, Nobody, config, input_ended, ready};

impl Host<Csms> for Nobody {
    fn perform(&mut self, _: Instant, _: Vec<Deed<Output>>) -> Vec<Event<Input>> {
        Vec::new()
    }
}

impl Authenticator for Everybody {
    fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
        Admission::Accept(upgrade.identity().as_str().to_owned())
    }
}

impl Factory for Fresh {
    type Machine = Csms;
    type Host = Nobody;

    fn open(&self, key: &str) -> Option<Node<Csms, Nobody>> {
        let (machine, power_up) = self.machine(key);
        Some(Node { machine, host: Nobody, power_up })
    }
}

pub(super) fn serve(clock: Clock, listen: SocketAddr, tls: Option<ServerTls>) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let server = Server::start(Everybody, Fresh(clock), config(Adapter::Blocking), clock, [Gate { listener, tls }])?;
    ready(address)?;
    input_ended();
    server.shut_down();
    Ok(())
}
