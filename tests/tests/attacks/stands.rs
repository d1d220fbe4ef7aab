//! A CSMS on each adapter: real machines, hosts that keep what the ledger says, and a doorkeeper who knows two stations.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use pilotwire::csms::{self, Csms, Entry};
use pilotwire::domain::SecurityProfile;
use pilotwire::{DateTime, PowerUp};
use pilotwire_wire::tls::ServerTls;
use pilotwire_wire::{Admission, Clock, Deed, Observer, Password, Refusal, ServerConfig, Upgrade};

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
    /// By TLS, if the setup says so.
    pub(crate) address: SocketAddr,
    /// Never by TLS.
    pub(crate) plain: SocketAddr,
    pub(crate) is_connected: Box<dyn Fn(&str) -> bool>,
    /// Whose machines there are.
    pub(crate) keys: Box<dyn Fn() -> Vec<Arc<str>>>,
    pub(crate) entries: Entries,
    /// What stations want signed, and how commands ended.
    pub(crate) told: Receiver<csms::Output>,
    pub(crate) tell: Tell,
    stop: Option<Box<dyn FnOnce()>>,
}

impl Drop for Standing {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

/// Tells the machine of a station.
type Tell = Box<dyn Fn(&str, csms::Input)>;

/// Starts one on an adapter.
pub(crate) type Start = fn(Setup) -> Standing;

pub(crate) fn now() -> DateTime {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

/// What the ledgers took.
type Entries = Arc<Mutex<Vec<Entry>>>;

/// Keeps entries of the ledger, passes on what somebody has to answer or waits for, and forgets all else.
struct Clerk {
    entries: Entries,
    tell: Sender<csms::Output>,
}

impl Observer<csms::Input, csms::Output> for Clerk {}

impl Clerk {
    fn keep(&self, deeds: Vec<Deed<csms::Output>>) {
        for deed in deeds {
            match deed {
                Deed::Output(csms::Output::Transaction(entry)) => self.entries.lock().unwrap().push(*entry),
                Deed::Output(output @ (csms::Output::SigningRequested { .. } | csms::Output::Done { .. })) => {
                    // Whoever listens may have gone.
                    let _ = self.tell.send(output);
                }
                _ => {}
            }
        }
    }
}

/// Knows the stations, and the highest profile that each of them came by.
#[derive(Default)]
struct Doorkeeper(Mutex<BTreeMap<String, SecurityProfile>>);

impl Doorkeeper {
    fn judge(&self, upgrade: &Upgrade) -> Admission {
        let (identity, profile) = (upgrade.identity().as_str(), upgrade.security_profile());
        if !STATIONS.contains(&identity) {
            return Admission::Refuse(Refusal::NotFound);
        }
        let is_right = |shown: &pilotwire_wire::Credentials| {
            shown.user == identity && shown.password.matches(&Password::new(PASSWORD))
        };
        match profile {
            SecurityProfile::TlsClient => {
                // A00.FR.404, A00.FR.405.
                let shown = upgrade.certificate().unwrap();
                if !shown.belongs_to(identity, Some("Operator")) {
                    return Admission::Refuse(Refusal::Forbidden("the certificate of somebody else"));
                }
            }
            _ if upgrade.credentials().is_some_and(is_right) => {}
            _ => return Admission::Refuse(Refusal::Unauthorized),
        }
        let mut reached = self.0.lock().unwrap();
        let reached = reached.entry(identity.to_owned()).or_insert(profile);
        if profile < *reached {
            return Admission::Refuse(Refusal::Forbidden("a lower security profile than before"));
        }
        *reached = profile;
        Admission::Accept(identity.to_owned())
    }
}

/// Makes machines that know nothing.
struct Fresh {
    entries: Entries,
    tell: Sender<csms::Output>,
}

impl Fresh {
    fn new() -> (Self, Entries, Receiver<csms::Output>) {
        let ((tell, told), entries) = (channel(), Entries::default());
        (Self { entries: Arc::clone(&entries), tell }, entries, told)
    }

    fn machine(key: &str) -> (Csms, PowerUp) {
        let power_up = PowerUp { records: Vec::new(), clock: Some(now()) };
        let config = csms::Config { signs_certificates: true, ..csms::Config::new(key, 7) };
        (Csms::new(config), power_up)
    }

    fn clerk(&self) -> Clerk {
        Clerk { entries: Arc::clone(&self.entries), tell: self.tell.clone() }
    }
}

mod of_tokio {
    use pilotwire::{Event, Instant};
    use pilotwire_tokio::{Authenticator, Clock, Factory, Gate, Host, Node, Server};

    use super::*;

    impl Host<Csms> for Clerk {
        async fn perform(&mut self, _: Instant, deeds: Vec<Deed<csms::Output>>) -> Vec<Event<csms::Input>> {
            self.keep(deeds);
            Vec::new()
        }
    }

    impl Authenticator for Doorkeeper {
        async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            self.judge(upgrade)
        }
    }

    impl Factory for Fresh {
        type Machine = Csms;
        type Host = Clerk;

        async fn open(&self, key: &str) -> Option<Node<Csms, Clerk>> {
            let (machine, power_up) = Self::machine(key);
            Some(Node { machine, host: self.clerk(), power_up })
        }
    }

    pub(crate) fn start(setup: Setup) -> Standing {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listen = || runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let gates = [Gate { listener: listen(), tls: setup.tls }, Gate { listener: listen(), tls: None }];
        let [address, plain] = gates.each_ref().map(|gate| gate.listener.local_addr().unwrap());
        let (factory, entries, told) = Fresh::new();
        let server = Server::new(Doorkeeper::default(), factory, setup.config, Clock::starting_at(now(), 1));
        let [handle, keys, machines] = [(); 3].map(|()| server.handle());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let of_runtime = runtime.handle().clone();
        let serving = runtime.spawn(server.serve(gates, async {
            let _ = stopped.await;
        }));
        Standing {
            address,
            plain,
            entries,
            told,
            tell: Box::new(move |key, input| of_runtime.block_on(machines.send(key, Event::Input(input))).unwrap()),
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

    use super::*;

    impl Host<Csms> for Clerk {
        fn perform(&mut self, _: Instant, deeds: Vec<Deed<csms::Output>>) -> Vec<Event<csms::Input>> {
            self.keep(deeds);
            Vec::new()
        }
    }

    impl Authenticator for Doorkeeper {
        fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            self.judge(upgrade)
        }
    }

    impl Factory for Fresh {
        type Machine = Csms;
        type Host = Clerk;

        fn open(&self, key: &str) -> Option<Node<Csms, Clerk>> {
            let (machine, power_up) = Self::machine(key);
            Some(Node { machine, host: self.clerk(), power_up })
        }
    }

    pub(crate) fn start(setup: Setup) -> Standing {
        let listen = || std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let gates = [Gate { listener: listen(), tls: setup.tls }, Gate { listener: listen(), tls: None }];
        let [address, plain] = gates.each_ref().map(|gate| gate.listener.local_addr().unwrap());
        let threads = ServerConfig::of_threads();
        let config = ServerConfig { handshakes: threads.handshakes, stations: threads.stations, ..setup.config };
        let ((factory, entries, told), clock) = (Fresh::new(), Clock::starting_at(now(), 1));
        let server = Server::start(Doorkeeper::default(), factory, config, clock, gates).unwrap();
        let [handle, keys, machines] = [(); 3].map(|()| server.handle());
        Standing {
            address,
            plain,
            entries,
            told,
            tell: Box::new(move |key, input| machines.send(key, Event::Input(input)).unwrap()),
            is_connected: Box::new(move |key| handle.is_connected(key)),
            keys: Box::new(move || keys.keys()),
            stop: Some(Box::new(move || server.shut_down())),
        }
    }
}

mod of_futures {
    use pilotwire::{Event, Instant};
    use pilotwire_futures::{Authenticator, Factory, Gate, Host, Node, Runtime, Server};

    use super::*;

    impl Host<Csms> for Clerk {
        async fn perform(&mut self, _: Instant, deeds: Vec<Deed<csms::Output>>) -> Vec<Event<csms::Input>> {
            self.keep(deeds);
            Vec::new()
        }
    }

    impl Authenticator for Doorkeeper {
        async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            self.judge(upgrade)
        }
    }

    impl Factory for Fresh {
        type Machine = Csms;
        type Host = Clerk;

        async fn open(&self, key: &str) -> Option<Node<Csms, Clerk>> {
            let (machine, power_up) = Self::machine(key);
            Some(Node { machine, host: self.clerk(), power_up })
        }
    }

    type Listening<R> = (<R as Runtime>::Listener, SocketAddr);

    fn start<R: Runtime>(runtime: R, [first, second]: [Listening<R>; 2], setup: Setup) -> Standing {
        let ((factory, entries, told), clock) = (Fresh::new(), Clock::starting_at(now(), 1));
        let server = Server::new(runtime, Doorkeeper::default(), factory, setup.config, clock);
        let (address, plain) = (first.1, second.1);
        let gates = [Gate { listener: first.0, tls: setup.tls }, Gate { listener: second.0, tls: None }];
        let [handle, keys, machines] = [(); 3].map(|()| server.handle());
        let (stop, stopped) = smol::channel::bounded::<()>(1);
        let (ended, end) = channel();
        runtime.spawn(async move {
            let shutdown = async {
                let _ = stopped.recv().await;
            };
            server.serve(gates, shutdown).await;
            let _ = ended.send(());
        });
        Standing {
            address,
            plain,
            entries,
            told,
            tell: Box::new(move |key, input| smol::block_on(machines.send(key, Event::Input(input))).unwrap()),
            is_connected: Box::new(move |key| handle.is_connected(key)),
            keys: Box::new(move || keys.keys()),
            stop: Some(Box::new(move || {
                drop(stop);
                let _ = end.recv_timeout(crate::peer::PATIENCE);
            })),
        }
    }

    pub(crate) fn on_smol(setup: Setup) -> Standing {
        let listen = |_| {
            let listener = smol::block_on(smol::net::TcpListener::bind("127.0.0.1:0")).unwrap();
            let address = listener.local_addr().unwrap();
            (listener, address)
        };
        start(pilotwire_smol::Smol, [(), ()].map(listen), setup)
    }

    pub(crate) fn on_async_std(setup: Setup) -> Standing {
        let listen = |_| {
            let listener = async_std::task::block_on(async_std::net::TcpListener::bind("127.0.0.1:0")).unwrap();
            let address = listener.local_addr().unwrap();
            (listener, address)
        };
        start(pilotwire_async_std::AsyncStd, [(), ()].map(listen), setup)
    }
}

pub(crate) use of_futures::{on_async_std, on_smol};
pub(crate) use of_threads::start as on_threads;
pub(crate) use of_tokio::start as on_tokio;
