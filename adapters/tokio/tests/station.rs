//! The station over real sockets, against the server.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use common::{Csms, Do, Toy, ToyHost, config, node, soon};
use pilotwire::{DateTime, Event, Version};
use pilotwire_tokio::{Clock, StationConfig, Target, run_station};
use pilotwire_wire::{Identity, Password};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

struct Station {
    inputs: mpsc::Sender<Event<Do>>,
    seen: mpsc::UnboundedReceiver<String>,
    target: watch::Sender<Option<Target>>,
    network: watch::Sender<bool>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<(Toy, ToyHost)>,
}

impl Station {
    fn start(url: &str, password: &str) -> Self {
        let (inputs, received) = mpsc::channel(4);
        let (host, seen) = ToyHost::new("station");
        let first = target(url, password);
        let (target, targets) = watch::channel(Some(first.clone()));
        let (network, switch) = watch::channel(true);
        let (stop, stopped) = oneshot::channel::<()>();
        let config = StationConfig { target: targets, network: switch, ..StationConfig::plain(first) };
        let clock = Clock::starting_at(DateTime::UNIX_EPOCH, 1);
        let task = tokio::spawn(run_station(node(host), config, received, clock, async {
            let _ = stopped.await;
        }));
        Self { inputs, seen, target, network, stop, task }
    }

    async fn input(&self, input: Do) {
        self.inputs.send(Event::Input(input)).await.unwrap();
    }

    async fn connect(&self) {
        self.input(Do::Connect(Version::V201)).await;
    }

    async fn expect(&mut self, expected: &[&str]) {
        for line in expected {
            assert_eq!(soon(self.seen.recv()).await.unwrap(), format!("station {line}"));
        }
    }

    async fn expect_failure(&mut self, reason: &str) {
        let line = soon(self.seen.recv()).await.unwrap();
        assert!(line.contains("attempt failed") && line.contains(reason), "{line}");
        self.expect(&["disconnected"]).await;
    }
}

fn target(url: &str, password: &str) -> Target {
    Target {
        endpoint: url.parse().unwrap(),
        identity: Identity::new("CS 1").unwrap(),
        password: Some(Password::new(password)),
        tls: None,
    }
}

async fn csms() -> (Csms, String) {
    let csms = Csms::start(config()).await;
    let url = format!("ws://{}/ocpp", csms.address);
    (csms, url)
}

#[tokio::test]
async fn a_station_connects_when_its_machine_wants_to_and_speaks() {
    let (mut csms, url) = csms().await;
    let mut station = Station::start(&url, "secret");
    station.expect(&["power 0"]).await;
    station.connect().await;
    station.expect(&["connected 2.0.1"]).await;
    csms.expect(&["CS 1 power 0", "CS 1 connected 2.0.1"]).await;
    station.input(Do::Send("hello".into())).await;
    csms.expect(&["CS 1 persist hello"]).await;
    station.expect(&["echo hello"]).await;
    station.input(Do::Close).await;
    station.expect(&["disconnected"]).await;
    csms.expect(&["CS 1 disconnected"]).await;
    station.connect().await;
    station.expect(&["connected 2.0.1"]).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_a_new_one_is_used_for_the_next_attempt() {
    let (_csms, url) = csms().await;
    let mut station = Station::start(&url, "wrong");
    station.expect(&["power 0"]).await;
    station.connect().await;
    station.expect_failure("check identity and password").await;
    station.target.send_replace(Some(target(&url, "secret")));
    station.connect().await;
    station.expect(&["connected 2.0.1"]).await;
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_as_a_failed_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut station = Station::start(&nobody, "secret");
    station.expect(&["power 0"]).await;
    station.connect().await;
    station.expect_failure("cannot be reached").await;
    station.target.send_replace(Some(target("wss://127.0.0.1:1", "secret")));
    station.connect().await;
    station.expect_failure("wss://").await;
    station.target.send_replace(None);
    station.connect().await;
    station.expect_failure("nobody to call").await;
}

#[tokio::test]
async fn a_cut_network_drops_the_connection_and_fails_attempts_until_it_is_back() {
    let (mut csms, url) = csms().await;
    let mut station = Station::start(&url, "secret");
    station.connect().await;
    station.expect(&["power 0", "connected 2.0.1"]).await;
    csms.expect(&["CS 1 power 0", "CS 1 connected 2.0.1"]).await;
    station.network.send_replace(false);
    station.expect(&["disconnected"]).await;
    csms.expect(&["CS 1 disconnected"]).await;
    station.connect().await;
    station.expect_failure("switched off").await;
    station.network.send_replace(true);
    station.connect().await;
    station.expect(&["connected 2.0.1"]).await;
}

#[tokio::test]
async fn an_attempt_that_hangs_does_not_keep_the_machine_from_its_work() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("ws://{}", listener.local_addr().unwrap());
    let mut station = Station::start(&silent, "secret");
    station.connect().await;
    station.input(Do::Sleep(1)).await;
    station.expect(&["power 0", "timeout"]).await;
    station.network.send_replace(false);
    station.expect(&["disconnected"]).await;
}

#[tokio::test]
async fn a_station_shuts_down_in_good_order_even_without_inputs() {
    let (mut csms, url) = csms().await;
    let mut station = Station::start(&url, "secret");
    station.connect().await;
    station.expect(&["power 0", "connected 2.0.1"]).await;
    drop(station.inputs);
    station.stop.send(()).unwrap();
    soon(station.task).await.unwrap();
    csms.expect(&["CS 1 power 0", "CS 1 connected 2.0.1", "CS 1 disconnected"]).await;
}
