//! A CSMS on each adapter: real machines, hosts that keep nothing, and a doorkeeper who knows two stations.

use std::net::SocketAddr;
use std::sync::Arc;

use pilotwire::csms::{self, Csms};
use pilotwire::{DateTime, PowerUp};
use pilotwire_wire::tls::ServerTls;
use pilotwire_wire::{Admission, Clock, Observer, Password, Refusal, ServerConfig, Upgrade};

/// Who is known.
pub(crate) const STATIONS: [&str; 2] = ["CS001", "CS002"];
pub(crate) const PASSWORD: &str = "a-password-of-mine";

/// How a CSMS is to be started.
pub(crate) struct Setup {
    pub(crate) tls: Option<ServerTls>,
    pub(crate) config: ServerConfig,
}

/// One that runs until it is dropped.
pub(crate) struct Standing {
    pub(crate) address: SocketAddr,
    pub(crate) is_connected: Box<dyn Fn(&str) -> bool>,
    /// Whose machines there are.
    pub(crate) keys: Box<dyn Fn() -> Vec<Arc<str>>>,
    stop: Option<Box<dyn FnOnce()>>,
}

impl Drop for Standing {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

/// Starts one on an adapter.
pub(crate) type Start = fn(Setup) -> Standing;

pub(crate) fn now() -> DateTime {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

/// Forgets everything.
struct Nobody;

impl Observer<csms::Input, csms::Output> for Nobody {}

struct Doorkeeper;

impl Doorkeeper {
    fn judge(upgrade: &Upgrade) -> Admission {
        let identity = upgrade.identity().as_str();
        if !STATIONS.contains(&identity) {
            return Admission::Refuse(Refusal::NotFound);
        }
        let is_right = |shown: &pilotwire_wire::Credentials| {
            shown.user == identity && shown.password.matches(&Password::new(PASSWORD))
        };
        match upgrade.credentials().is_some_and(is_right) {
            true => Admission::Accept(identity.to_owned()),
            false => Admission::Refuse(Refusal::Unauthorized),
        }
    }
}

/// Makes machines that know nothing.
struct Fresh;

impl Fresh {
    fn machine(key: &str) -> (Csms, PowerUp) {
        let power_up = PowerUp { records: Vec::new(), clock: Some(now()) };
        (Csms::new(csms::Config::new(key, 7)), power_up)
    }
}

mod of_tokio {
    use pilotwire::{Event, Instant};
    use pilotwire_tokio::{Authenticator, Clock, Factory, Gate, Host, Node, Server};
    use pilotwire_wire::Deed;

    use super::*;

    impl Host<Csms> for Nobody {
        async fn perform(&mut self, _: Instant, _: Vec<Deed<csms::Output>>) -> Vec<Event<csms::Input>> {
            Vec::new()
        }
    }

    impl Authenticator for Doorkeeper {
        async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            Self::judge(upgrade)
        }
    }

    impl Factory for Fresh {
        type Machine = Csms;
        type Host = Nobody;

        async fn open(&self, key: &str) -> Option<Node<Csms, Nobody>> {
            let (machine, power_up) = Self::machine(key);
            Some(Node { machine, host: Nobody, power_up })
        }
    }

    pub(crate) fn start(setup: Setup) -> Standing {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new(Doorkeeper, Fresh, setup.config, Clock::starting_at(now(), 1));
        let [handle, keys] = [server.handle(), server.handle()];
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = runtime.spawn(server.serve([Gate { listener, tls: setup.tls }], async {
            let _ = stopped.await;
        }));
        Standing {
            address,
            is_connected: Box::new(move |key| handle.is_connected(key)),
            keys: Box::new(move || keys.keys()),
            stop: Some(Box::new(move || {
                let _ = stop.send(());
                runtime.block_on(serving).unwrap();
            })),
        }
    }
}

mod of_threads {
    use pilotwire::{Event, Instant};
    use pilotwire_blocking::{Authenticator, Factory, Gate, Host, Node, Server};
    use pilotwire_wire::Deed;

    use super::*;

    impl Host<Csms> for Nobody {
        fn perform(&mut self, _: Instant, _: Vec<Deed<csms::Output>>) -> Vec<Event<csms::Input>> {
            Vec::new()
        }
    }

    impl Authenticator for Doorkeeper {
        fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            Self::judge(upgrade)
        }
    }

    impl Factory for Fresh {
        type Machine = Csms;
        type Host = Nobody;

        fn open(&self, key: &str) -> Option<Node<Csms, Nobody>> {
            let (machine, power_up) = Self::machine(key);
            Some(Node { machine, host: Nobody, power_up })
        }
    }

    pub(crate) fn start(setup: Setup) -> Standing {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let threads = ServerConfig::of_threads();
        let config = ServerConfig { handshakes: threads.handshakes, stations: threads.stations, ..setup.config };
        let gate = Gate { listener, tls: setup.tls };
        let server = Server::start(Doorkeeper, Fresh, config, Clock::starting_at(now(), 1), [gate]).unwrap();
        let [handle, keys] = [server.handle(), server.handle()];
        Standing {
            address,
            is_connected: Box::new(move |key| handle.is_connected(key)),
            keys: Box::new(move || keys.keys()),
            stop: Some(Box::new(move || server.shut_down())),
        }
    }
}

mod of_futures {
    use std::sync::mpsc::channel;

    use pilotwire::{Event, Instant};
    use pilotwire_futures::{Authenticator, Factory, Gate, Host, Node, Runtime, Server};
    use pilotwire_wire::Deed;

    use super::*;

    impl Host<Csms> for Nobody {
        async fn perform(&mut self, _: Instant, _: Vec<Deed<csms::Output>>) -> Vec<Event<csms::Input>> {
            Vec::new()
        }
    }

    impl Authenticator for Doorkeeper {
        async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            Self::judge(upgrade)
        }
    }

    impl Factory for Fresh {
        type Machine = Csms;
        type Host = Nobody;

        async fn open(&self, key: &str) -> Option<Node<Csms, Nobody>> {
            let (machine, power_up) = Self::machine(key);
            Some(Node { machine, host: Nobody, power_up })
        }
    }

    fn start<R: Runtime>(runtime: R, (listener, address): (R::Listener, SocketAddr), setup: Setup) -> Standing {
        let server = Server::new(runtime, Doorkeeper, Fresh, setup.config, Clock::starting_at(now(), 1));
        let [handle, keys] = [server.handle(), server.handle()];
        let (stop, stopped) = smol::channel::bounded::<()>(1);
        let (ended, end) = channel();
        let gate = Gate { listener, tls: setup.tls };
        runtime.spawn(async move {
            let shutdown = async {
                let _ = stopped.recv().await;
            };
            server.serve([gate], shutdown).await;
            let _ = ended.send(());
        });
        Standing {
            address,
            is_connected: Box::new(move |key| handle.is_connected(key)),
            keys: Box::new(move || keys.keys()),
            stop: Some(Box::new(move || {
                drop(stop);
                let _ = end.recv_timeout(crate::peer::PATIENCE);
            })),
        }
    }

    pub(crate) fn on_smol(setup: Setup) -> Standing {
        let listener = smol::block_on(smol::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        start(pilotwire_smol::Smol, (listener, address), setup)
    }

    pub(crate) fn on_async_std(setup: Setup) -> Standing {
        let listener = async_std::task::block_on(async_std::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        start(pilotwire_async_std::AsyncStd, (listener, address), setup)
    }
}

pub(crate) use of_futures::{on_async_std, on_smol};
pub(crate) use of_threads::start as on_threads;
pub(crate) use of_tokio::start as on_tokio;
