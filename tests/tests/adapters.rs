//! The same session through every adapter, by TLS and without, among hostile peers: the same frames as in memory.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use pilotwire::csms::{self, Csms};
use pilotwire::domain::Subject;
use pilotwire::station::{self, Station};
use pilotwire::{Action, DateTime, Event, Instant, Machine, Version};
use pilotwire_pki::authority::{Authority, Validity};
use pilotwire_tests::scenario::{self, IDENTITY, Trace};
use pilotwire_wire::tls::{
    ClientCertificates, ClientRoots, ClientTls, KeyedChain, ServerTls, ServerTlsConfig, TimeSource,
};
use pilotwire_wire::{Admission, AttemptError, Deed, Identity, Observer, Password, Target, Upgrade};

/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(30);
const PASSWORD: &str = "a password of mine";

fn now() -> DateTime {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

/// What an adapter gets: how to be secured, and by what.
#[derive(Clone)]
struct Secured {
    server: Option<ServerTls>,
    client: Option<ClientTls>,
}

impl Secured {
    fn plain() -> Self {
        Self { server: None, client: None }
    }

    /// Certificates on both sides: security profile 3.
    fn by_tls() -> Self {
        let validity = Validity::days(now().saturating_add_millis(-86_400_000), 10);
        let subject = Subject { organization: "Operator".into(), common_name: "Root".into() };
        let mut authority = Authority::root(&subject, validity).unwrap();
        let root = authority.root_pem();
        let keyed = |issued: &pilotwire_pki::authority::Issued| {
            KeyedChain::from_pem_and_pkcs8(&issued.chain_pem, issued.private_key.secret_pkcs8_der()).unwrap()
        };
        let shown = keyed(&authority.server("Operator", &["127.0.0.1"], validity).unwrap());
        let own = keyed(&authority.station(IDENTITY, validity).unwrap());
        let time = || TimeSource::new(DateTime::UNIX_EPOCH, now);
        let roots = ClientRoots { trusted: vec![root.clone()], ..ClientRoots::default() };
        let clients = ClientCertificates::Required(roots);
        let server = ServerTls::new(&ServerTlsConfig { chains: vec![shown], clients, time: time() }).unwrap();
        Self { server: Some(server), client: Some(ClientTls::new(&[root], Some(&own), time()).unwrap()) }
    }

    fn target(&self, address: SocketAddr) -> Target {
        let scheme = if self.client.is_some() { "wss" } else { "ws" };
        Target {
            endpoint: format!("{scheme}://{address}/ocpp").parse().unwrap(),
            identity: Identity::new(IDENTITY).unwrap(),
            password: self.client.is_none().then(|| Password::new(PASSWORD)),
            tls: self.client.clone(),
        }
    }
}

fn verdict(upgrade: &Upgrade) -> Admission {
    let by_certificate = upgrade.certificate().is_some_and(|shown| shown.belongs_to(IDENTITY, Some("Operator")));
    let by_password = upgrade.credentials().is_some_and(|shown| shown.password.matches(&Password::new(PASSWORD)));
    assert!(by_certificate || by_password, "{upgrade:?}");
    Admission::Accept(upgrade.identity().as_str().to_owned())
}

/// The host of either side: notes frames, and answers what follows.
struct Player<M: Machine> {
    trace: Trace,
    follows: fn(&M::Output) -> Vec<M::Input>,
    over: Sender<Result<(), String>>,
}

impl<M: Machine> Player<M> {
    fn play(&self, deeds: Vec<Deed<M::Output>>) -> Vec<Event<M::Input>> {
        let outputs = deeds.into_iter().filter_map(|deed| match deed {
            Deed::Output(output) => Some(output),
            Deed::Persist(_) => None,
        });
        outputs.flat_map(|output| (self.follows)(&output)).map(Event::Input).collect()
    }

    fn failed(&self, error: &AttemptError) {
        let _ = self.over.send(Err(error.to_string()));
    }
}

impl<M: Machine> Observer<M::Input, M::Output> for Player<M> {
    fn before(&mut self, _: Instant, event: &Event<M::Input>) {
        self.trace.took(event);
    }

    fn after(&mut self, _: Instant, actions: &[Action<M::Output>]) {
        self.trace.gave(actions);
        if self.trace.is_over() {
            // Told again and again; the first time counts.
            let _ = self.over.send(Ok(()));
        }
    }
}

type Ends = (Receiver<Result<(), String>>, Trace);

fn player<M: Machine>(follows: fn(&M::Output) -> Vec<M::Input>) -> (Player<M>, Ends) {
    let ((over, ended), trace) = (channel(), Trace::default());
    (Player { trace: trace.clone(), follows, over }, (ended, trace))
}

/// Waits for both ends, and gives what both did until then.
fn finish(ends: &[Ends; 2]) -> [Vec<String>; 2] {
    ends.each_ref().map(|(ended, trace)| {
        let end = ended.recv_timeout(PATIENCE);
        assert_eq!(end, Ok(Ok(())), "{:#?}", trace.lines());
        trace.lines()
    })
}

/// The frames up to the end of the session: what comes behind is goodbye.
fn compare(through: [Vec<String>; 2], version: Version) {
    for (mut lines, expected) in through.into_iter().zip(scenario::in_memory(version)) {
        lines.truncate(expected.len());
        assert_eq!(lines, expected);
    }
}

/// What a hostile peer does before the station comes (S-19, S-23, S-25). Gives the sockets that stay half open meanwhile.
fn attack(address: SocketAddr, secured: &Secured) -> Vec<TcpStream> {
    let dial = || {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    };
    // Silent, slow, and a close_notify where a handshake should be (CVE-2024-32650).
    let half_open = [&b""[..], b"GET /ocpp/CS001 HT", &[22, 3, 1, 0, 200, 1], &[21, 3, 3, 0, 2, 1, 0]];
    let waiting = half_open.iter().cycle().take(48).map(|bytes| {
        let mut socket = dial();
        // The server may have hung up already.
        let _ = socket.write_all(bytes);
        socket
    });
    let waiting: Vec<TcpStream> = waiting.collect();
    let answer = |bytes: &[u8]| {
        let mut socket = dial();
        let _ = socket.write_all(bytes);
        let mut answer = Vec::new();
        // A reset is an answer, too.
        let _ = socket.read_to_end(&mut answer);
        answer
    };
    let flood = format!("GET /ocpp/CS001 HTTP/1.1\r\n{}", "X: y\r\n".repeat(20_000));
    let refused = [answer(&[0; 64]), answer(flood.as_bytes())];
    if secured.server.is_none() {
        assert!(refused[0].starts_with(b"HTTP/1.1 400"), "{refused:?}");
        assert!(refused[1].starts_with(b"HTTP/1.1 431"), "{refused:?}");
    } else {
        assert!(refused.iter().all(|alert| alert.first() == Some(&21)), "{refused:?}");
    }
    waiting
}

const VERSIONS: [Version; 2] = [Version::V16, Version::V201];

mod blocking {
    use pilotwire_blocking::{Authenticator, Clock, Factory, Gate, Host, Node, Server, ServerConfig, StationConfig};

    use super::*;

    impl<M: Machine> Host<M> for Player<M> {
        fn perform(&mut self, _: Instant, deeds: Vec<Deed<M::Output>>) -> Vec<Event<M::Input>> {
            self.play(deeds)
        }

        fn attempt_failed(&mut self, _: Instant, error: &AttemptError) -> Option<M::Input> {
            self.failed(error);
            None
        }
    }

    struct Everybody;

    impl Authenticator for Everybody {
        fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            verdict(upgrade)
        }
    }

    struct One(std::sync::Mutex<Option<Player<Csms>>>);

    impl Factory for One {
        type Machine = Csms;
        type Host = Player<Csms>;

        fn open(&self, key: &str) -> Option<Node<Csms, Player<Csms>>> {
            assert_eq!(key, IDENTITY);
            let host = self.0.lock().unwrap().take()?;
            Some(Node { machine: scenario::csms(), host, power_up: scenario::power_up() })
        }
    }

    fn through(secured: &Secured, version: Version) -> [Vec<String>; 2] {
        let clock = Clock::starting_at(now(), 1);
        let (desk, office) = player::<Csms>(scenario::at_the_office as fn(&csms::Output) -> Vec<csms::Input>);
        let (driver, point) =
            player::<Station>(scenario::at_the_charging_point as fn(&station::Output) -> Vec<station::Input>);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let target = secured.target(address);
        let gate = Gate { listener, tls: secured.server.clone() };
        let factory = One(std::sync::Mutex::new(Some(desk)));
        let server = Server::start(Everybody, factory, ServerConfig::of_threads(), clock, [gate]).unwrap();
        let half_open = attack(address, secured);
        let (remote, inputs) = pilotwire_blocking::remote(target);
        let node = Node { machine: scenario::station(version), host: driver, power_up: scenario::power_up() };
        let station = std::thread::spawn(move || {
            pilotwire_blocking::run_station(node, StationConfig::default(), inputs, clock);
        });
        let lines = finish(&[point, office]);
        drop(half_open);
        assert!(server.handle().is_connected(IDENTITY));
        remote.stop();
        station.join().unwrap();
        server.shut_down();
        lines
    }

    #[test]
    fn a_session_is_the_same_on_threads() {
        VERSIONS.into_iter().for_each(|version| compare(through(&Secured::plain(), version), version));
    }

    #[test]
    fn a_session_is_the_same_on_threads_by_tls() {
        VERSIONS.into_iter().for_each(|version| compare(through(&Secured::by_tls(), version), version));
    }
}

mod of_futures {
    use pilotwire_futures::{
        Authenticator, Clock, Factory, Gate, Host, Node, Runtime, Server, ServerConfig, StationConfig, run_station,
    };

    use super::*;

    impl<M: Machine<Input: Send, Output: Send> + Send + 'static> Host<M> for Player<M> {
        async fn perform(&mut self, _: Instant, deeds: Vec<Deed<M::Output>>) -> Vec<Event<M::Input>> {
            self.play(deeds)
        }

        fn attempt_failed(&mut self, _: Instant, error: &AttemptError) -> Option<M::Input> {
            self.failed(error);
            None
        }
    }

    struct Everybody;

    impl Authenticator for Everybody {
        async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            verdict(upgrade)
        }
    }

    struct One(std::sync::Mutex<Option<Player<Csms>>>);

    impl Factory for One {
        type Machine = Csms;
        type Host = Player<Csms>;

        async fn open(&self, key: &str) -> Option<Node<Csms, Player<Csms>>> {
            assert_eq!(key, IDENTITY);
            let host = self.0.lock().unwrap().take()?;
            Some(Node { machine: scenario::csms(), host, power_up: scenario::power_up() })
        }
    }

    /// In tasks; this thread waits for their end.
    fn through<R: Runtime>(
        runtime: R,
        (listener, address): (R::Listener, SocketAddr),
        secured: &Secured,
        version: Version,
    ) -> [Vec<String>; 2] {
        let clock = Clock::starting_at(now(), 1);
        let (desk, office) = player::<Csms>(scenario::at_the_office as fn(&csms::Output) -> Vec<csms::Input>);
        let (driver, point) =
            player::<Station>(scenario::at_the_charging_point as fn(&station::Output) -> Vec<station::Input>);
        let gate = Gate { listener, tls: secured.server.clone() };
        let factory = One(std::sync::Mutex::new(Some(desk)));
        let server = Server::new(runtime, Everybody, factory, ServerConfig::default(), clock);
        let handle = server.handle();
        let (stop, stopped) = smol::channel::bounded::<()>(1);
        let (ended, end) = channel();
        let csms_ended = ended.clone();
        runtime.spawn(async move {
            let shutdown = async {
                let _ = stopped.recv().await;
            };
            server.serve([gate], shutdown).await;
            csms_ended.send(()).unwrap();
        });
        let half_open = attack(address, secured);
        let (remote, inputs) = pilotwire_futures::remote(secured.target(address));
        let node = Node { machine: scenario::station(version), host: driver, power_up: scenario::power_up() };
        runtime.spawn(async move {
            run_station(runtime, node, StationConfig::default(), inputs, clock).await;
            ended.send(()).unwrap();
        });
        let lines = finish(&[point, office]);
        drop(half_open);
        assert!(handle.is_connected(IDENTITY));
        remote.stop();
        end.recv_timeout(PATIENCE).unwrap();
        drop(stop);
        end.recv_timeout(PATIENCE).unwrap();
        lines
    }

    fn smol_gate() -> (smol::net::TcpListener, SocketAddr) {
        let listener = smol::block_on(smol::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    fn async_std_gate() -> (async_std::net::TcpListener, SocketAddr) {
        let listener = async_std::task::block_on(async_std::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn a_session_is_the_same_on_smol() {
        for version in VERSIONS {
            compare(through(pilotwire_smol::Smol, smol_gate(), &Secured::plain(), version), version);
        }
    }

    #[test]
    fn a_session_is_the_same_on_smol_by_tls() {
        for version in VERSIONS {
            compare(through(pilotwire_smol::Smol, smol_gate(), &Secured::by_tls(), version), version);
        }
    }

    #[test]
    fn a_session_is_the_same_on_async_std() {
        for version in VERSIONS {
            compare(through(pilotwire_async_std::AsyncStd, async_std_gate(), &Secured::plain(), version), version);
        }
    }

    #[test]
    fn a_session_is_the_same_on_async_std_by_tls() {
        for version in VERSIONS {
            compare(through(pilotwire_async_std::AsyncStd, async_std_gate(), &Secured::by_tls(), version), version);
        }
    }
}

mod tokio_adapter {
    use pilotwire_tokio::{Authenticator, Clock, Factory, Gate, Host, Node, Server, ServerConfig, StationConfig};
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    impl<M: Machine<Input: Send, Output: Send> + Send + 'static> Host<M> for Player<M> {
        async fn perform(&mut self, _: Instant, deeds: Vec<Deed<M::Output>>) -> Vec<Event<M::Input>> {
            self.play(deeds)
        }

        fn attempt_failed(&mut self, _: Instant, error: &AttemptError) -> Option<M::Input> {
            self.failed(error);
            None
        }
    }

    struct Everybody;

    impl Authenticator for Everybody {
        async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
            verdict(upgrade)
        }
    }

    struct One(std::sync::Mutex<Option<Player<Csms>>>);

    impl Factory for One {
        type Machine = Csms;
        type Host = Player<Csms>;

        async fn open(&self, key: &str) -> Option<Node<Csms, Player<Csms>>> {
            assert_eq!(key, IDENTITY);
            let host = self.0.lock().unwrap().take()?;
            Some(Node { machine: scenario::csms(), host, power_up: scenario::power_up() })
        }
    }

    async fn through(secured: Secured, version: Version) -> [Vec<String>; 2] {
        let clock = Clock::starting_at(now(), 1);
        let (desk, office) = player::<Csms>(scenario::at_the_office as fn(&csms::Output) -> Vec<csms::Input>);
        let (driver, point) =
            player::<Station>(scenario::at_the_charging_point as fn(&station::Output) -> Vec<station::Input>);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let target = secured.target(address);
        let gate = Gate { listener, tls: secured.server.clone() };
        let server = Server::new(Everybody, One(std::sync::Mutex::new(Some(desk))), ServerConfig::default(), clock);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve([gate], async {
            let _ = stopped.await;
        }));
        let half_open = tokio::task::spawn_blocking(move || attack(address, &secured)).await.unwrap();
        let (_inputs, received) = mpsc::channel(1);
        let node = Node { machine: scenario::station(version), host: driver, power_up: scenario::power_up() };
        let (unplug, unplugged) = oneshot::channel::<()>();
        let station =
            tokio::spawn(pilotwire_tokio::run_station(node, StationConfig::plain(target), received, clock, async {
                let _ = unplugged.await;
            }));
        let lines = tokio::task::spawn_blocking(move || finish(&[point, office])).await.unwrap();
        drop(half_open);
        let _ = unplug.send(());
        station.await.unwrap();
        let _ = stop.send(());
        serving.await.unwrap();
        lines
    }

    #[tokio::test]
    async fn a_session_is_the_same_on_tokio() {
        for version in VERSIONS {
            compare(through(Secured::plain(), version).await, version);
        }
    }

    #[tokio::test]
    async fn a_session_is_the_same_on_tokio_by_tls() {
        for version in VERSIONS {
            compare(through(Secured::by_tls(), version).await, version);
        }
    }
}
