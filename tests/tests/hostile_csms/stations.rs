//! A charging station on each adapter: a real machine that chooses its way by itself, and a host with keys, a clock and a
//! meter.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pilotwire::domain::{
    ConnectionFault, EvseId, IdToken, IdTokenKind, NetworkTarget, Reading, Secret, SecurityProfile, StationIdentity,
    VariableId,
};
use pilotwire::station::{Config, Input, NetworkSlot, Output, Station};
use pilotwire::{DateTime, Event, Instant, PowerUp, Version};
use pilotwire_pki::{Keys, perform};
use pilotwire_tests::site::way;
use pilotwire_wire::tls::TimeSource;
use pilotwire_wire::{AttemptError, Deed, Identity, Limits, LinkEnd, Observer, Target};

pub(crate) const IDENTITY: &str = "CS001";
pub(crate) const PASSWORD: &str = "a-password-of-mine";
const EVSE: EvseId = EvseId(1);

/// Nothing here takes longer than this, or it will never come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The machine's time runs faster than the test's, so that waiting between attempts costs little.
const SPEED: u32 = 50;

pub(crate) fn now() -> DateTime {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

/// How a station is made.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) limits: Limits,
    pub(crate) keys: Keys,
}

impl Plan {
    /// One that calls this address by TLS, and trusts this root; it tries again after a second of its own time.
    pub(crate) fn new(address: SocketAddr, root: &str, security: SecurityProfile) -> Self {
        let text = |text: &str| text.to_owned().into();
        let identity = StationIdentity {
            model: text("One"),
            vendor: text("Wire"),
            serial_number: Some(text(IDENTITY)),
            ..StationIdentity::default()
        };
        let mut config = Config::new(Version::V201, identity, 7, 1);
        let password = security.has_password().then(|| Secret::new(PASSWORD));
        let mut way = way(&address.to_string(), security);
        // Two seconds and more of the test's time.
        way.message_timeout = 120;
        config.network = vec![NetworkSlot::new(1, way, password), NetworkSlot::free(2)];
        config.security.roots = vec![text(root)];
        let set = |name: &str, value: &str| (VariableId::new("OCPPCommCtrlr", name), text(value));
        config.variables = vec![
            set("RetryBackOffWaitMinimum", "1"),
            set("RetryBackOffRandomRange", "0"),
            set("RetryBackOffRepeatTimes", "0"),
            set("WebSocketPingInterval", "0"),
        ];
        Self { config, limits: Limits::default(), keys: Keys::in_memory() }
    }

    fn power_up() -> PowerUp {
        PowerUp { records: Vec::new(), clock: Some(now()) }
    }
}

/// What a host was told, by the machine and by the adapter.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Output(Box<Output>),
    /// An attempt to connect failed.
    Failed(ConnectionFault, String),
    Connected,
    /// A connection ended.
    Ended(LinkEnd),
}

/// What the hardware shows, and what changes it.
#[derive(Clone)]
struct Hardware {
    clock: Arc<Mutex<DateTime>>,
    meter_wh: Arc<AtomicI32>,
}

impl Hardware {
    fn meter(&self) -> Input {
        let reading = Reading { energy_wh: self.meter_wh.load(Ordering::SeqCst).into(), ..Reading::default() };
        Input::Meter { evse: EVSE, reading }
    }
}

/// Does what the machine wants done.
struct Keeper {
    version: Version,
    keys: Keys,
    hardware: Hardware,
    told: Sender<Told>,
    call: Box<dyn Fn(Option<Target>) + Send>,
}

impl Keeper {
    fn tell(&self, told: Told) {
        // A test that has seen enough listens no more.
        let _ = self.told.send(told);
    }

    fn play(&mut self, deeds: Vec<Deed<Output>>) -> Vec<Event<Input>> {
        let outputs = deeds.into_iter().filter_map(|deed| match deed {
            Deed::Output(output) => Some(output),
            Deed::Persist(_) => None,
        });
        outputs.filter_map(|output| self.deed(output)).map(Event::Input).collect()
    }

    fn deed(&mut self, output: Output) -> Option<Input> {
        let answer = match &output {
            Output::UseNetwork(network) => {
                (self.call)(Some(self.target(network)));
                None
            }
            Output::Crypto { operation, task } => {
                let operation = *operation;
                perform(&mut self.keys, task).map(|result| Input::CryptoDone { operation, result })
            }
            Output::SetClock(time) => {
                *self.hardware.clock.lock().unwrap() = *time;
                None
            }
            Output::CloseContactor { evse } => Some(Input::EvReady { evse: *evse }),
            Output::OpenContactor { .. } => Some(self.hardware.meter()),
            Output::UnlockConnector { evse, connector, confirm: true } => {
                Some(Input::Unlocked { evse: *evse, connector: *connector, success: true })
            }
            _ => None,
        };
        self.tell(Told::Output(Box::new(output)));
        answer
    }

    /// Certificates are judged by the hardware's clock, which is never believed to be before the day of the test (S-12).
    fn target(&self, network: &NetworkTarget) -> Target {
        let clock = Arc::clone(&self.hardware.clock);
        let time = TimeSource::new(now(), move || *clock.lock().unwrap());
        let key = |key| Some(self.keys.private_key(key)?.secret_pkcs8_der().to_vec());
        Target::of_network(network, self.version, &Identity::new(IDENTITY).unwrap(), key, time).unwrap()
    }

    fn failed(&self, error: &AttemptError) -> Option<Input> {
        self.tell(Told::Failed(error.fault(), error.to_string()));
        Some(Input::ConnectionFailed(error.fault()))
    }
}

impl Observer<Input, Output> for Keeper {
    fn before(&mut self, _: Instant, event: &Event<Input>) {
        if matches!(event, Event::Connected(_)) {
            self.tell(Told::Connected);
        }
    }

    fn link_ended(&mut self, _: Instant, end: &LinkEnd) {
        self.tell(Told::Ended(end.clone()));
    }
}

/// A station that runs until it is dropped.
pub(crate) struct Running {
    told: Receiver<Told>,
    hardware: Hardware,
    tell: Box<dyn Fn(Input)>,
    switch: Box<dyn Fn(bool)>,
    stop: Option<Box<dyn FnOnce()>>,
}

impl Running {
    /// Waits for this, and gives all that was told until then.
    pub(crate) fn until(&self, what: &str, is_it: impl Fn(&Told) -> bool) -> Vec<Told> {
        let mut all = Vec::new();
        // A station that tries for ever tells for ever.
        while all.len() < 300 {
            match self.told.recv_timeout(PATIENCE) {
                Ok(told) => all.push(told),
                Err(why) => panic!("{what} was not told ({why}): {all:#?}"),
            }
            if all.last().is_some_and(&is_it) {
                return all;
            }
        }
        panic!("{what} was not told: {all:#?}");
    }

    /// The next attempts that fail: why.
    pub(crate) fn failures(&self, count: usize) -> Vec<(ConnectionFault, String)> {
        let next = |_| match self.until("a failed attempt", |told| matches!(told, Told::Failed(..))).pop() {
            Some(Told::Failed(fault, text)) => (fault, text),
            other => panic!("{other:?}"),
        };
        (0..count).map(next).collect()
    }

    /// The next connections that end: how.
    pub(crate) fn ends(&self, count: usize) -> Vec<LinkEnd> {
        let next = |_| match self.until("the end of a connection", |told| matches!(told, Told::Ended(_))).pop() {
            Some(Told::Ended(end)) => end,
            other => panic!("{other:?}"),
        };
        (0..count).map(next).collect()
    }

    /// Waits until a CSMS has taken it in, and gives all that was told until then.
    pub(crate) fn registered(&self) -> Vec<Told> {
        self.until("a registration", |told| is_output(told, |output| matches!(output, Output::Registered(_))))
    }

    /// What was told so far.
    pub(crate) fn so_far(&self) -> Vec<Told> {
        self.told.try_iter().collect()
    }

    pub(crate) fn tell(&self, input: Input) {
        (self.tell)(input);
    }

    pub(crate) fn meter(&self, wh: i32) {
        self.hardware.meter_wh.store(wh, Ordering::SeqCst);
        self.tell(self.hardware.meter());
    }

    /// The network goes and comes, and with it the connection; gives all that was told until there is another one.
    pub(crate) fn reconnect(&self) -> Vec<Told> {
        (self.switch)(false);
        let mut told = self.until("the end of the connection", |told| matches!(told, Told::Ended(_)));
        (self.switch)(true);
        told.extend(self.until("another connection", |told| matches!(told, Told::Connected)));
        told
    }

    /// A vehicle comes, and energy flows.
    pub(crate) fn charge(&self) {
        self.meter(1_000);
        self.tell(Input::CablePlugged { evse: EVSE, connector: 1 });
        self.tell(Input::Token { evse: Some(EVSE), token: IdToken::new("TOKEN", IdTokenKind::ISO14443) });
        self.until("a transaction", |told| {
            is_output(told, |output| matches!(output, Output::TransactionStarted { .. }))
        });
    }

    /// It goes.
    pub(crate) fn unplug(&self) {
        self.tell(Input::CableUnplugged { evse: EVSE });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop();
        }
    }
}

pub(crate) fn is_output(told: &Told, is_it: impl Fn(&Output) -> bool) -> bool {
    matches!(told, Told::Output(output) if is_it(output))
}

/// The kinds of the security events among what was told.
pub(crate) fn kinds(told: &[Told]) -> Vec<&str> {
    let outputs = told.iter().filter_map(|told| match told {
        Told::Output(output) => Some(&**output),
        _ => None,
    });
    let kinds = outputs.filter_map(|output| match output {
        Output::SecurityEvent { kind, .. } => Some(kind.as_str()),
        _ => None,
    });
    kinds.collect()
}

/// Starts one on an adapter.
pub(crate) type Go = fn(Plan) -> Running;

/// The machine's parts, and what the test keeps of them.
struct Made {
    station: Station,
    limits: Limits,
    keeper: Keeper,
    told: Receiver<Told>,
    hardware: Hardware,
}

fn make(plan: Plan, call: impl Fn(Option<Target>) + Send + 'static) -> Made {
    let (version, limits) = (plan.config.version, plan.limits);
    let (tell, told) = channel();
    let hardware = Hardware { clock: Arc::new(Mutex::new(now())), meter_wh: Arc::default() };
    let keeper = Keeper { version, keys: plan.keys, hardware: hardware.clone(), told: tell, call: Box::new(call) };
    Made { station: Station::new(plan.config), limits, keeper, told, hardware }
}

/// Of whom adapters want to know before the machine has said it.
fn nobody() -> Target {
    Target {
        endpoint: "ws://127.0.0.1:1".parse().unwrap(),
        identity: Identity::new(IDENTITY).unwrap(),
        password: None,
        tls: None,
    }
}

mod of_tokio {
    use pilotwire_tokio::{Clock, Host, Node, StationConfig, run_station};
    use tokio::sync::{mpsc, oneshot, watch};

    use super::*;

    impl Host<Station> for Keeper {
        async fn perform(&mut self, _: Instant, deeds: Vec<Deed<Output>>) -> Vec<Event<Input>> {
            self.play(deeds)
        }

        fn attempt_failed(&mut self, _: Instant, error: &AttemptError) -> Option<Input> {
            self.failed(error)
        }
    }

    pub(crate) fn start(plan: Plan) -> Running {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (target, targets) = watch::channel(None);
        let made = make(plan, move |wanted| drop(target.send_replace(wanted)));
        let (inputs, received) = mpsc::channel(64);
        let (stop, stopped) = oneshot::channel::<()>();
        let (switch, network) = watch::channel(true);
        let plain = StationConfig::plain(nobody());
        let config = StationConfig { target: targets, limits: made.limits, network, ..plain };
        let node = Node { machine: made.station, host: made.keeper, power_up: Plan::power_up() };
        let running = runtime.spawn(run_station(node, config, received, Clock::starting_at(now(), SPEED), async {
            let _ = stopped.await;
        }));
        Running {
            told: made.told,
            hardware: made.hardware,
            tell: Box::new(move |input| inputs.blocking_send(Event::Input(input)).unwrap()),
            switch: Box::new(move |on| switch.send(on).unwrap()),
            stop: Some(Box::new(move || {
                let _ = stop.send(());
                drop(runtime.block_on(running).unwrap());
            })),
        }
    }
}

mod of_threads {
    use pilotwire_blocking::{Clock, Host, Node, StationConfig, remote, run_station};

    use super::*;

    impl Host<Station> for Keeper {
        fn perform(&mut self, _: Instant, deeds: Vec<Deed<Output>>) -> Vec<Event<Input>> {
            self.play(deeds)
        }

        fn attempt_failed(&mut self, _: Instant, error: &AttemptError) -> Option<Input> {
            self.failed(error)
        }
    }

    pub(crate) fn start(plan: Plan) -> Running {
        let (remote, inputs) = remote(nobody());
        let [to_call, to_switch, to_stop] = [(); 3].map(|()| remote.clone());
        let made = make(plan, move |wanted| to_call.set_target(wanted));
        let config = StationConfig { limits: made.limits };
        let node = Node { machine: made.station, host: made.keeper, power_up: Plan::power_up() };
        let clock = Clock::starting_at(now(), SPEED);
        let thread = std::thread::spawn(move || drop(run_station(node, config, inputs, clock)));
        Running {
            told: made.told,
            hardware: made.hardware,
            tell: Box::new(move |input| remote.send(Event::Input(input))),
            switch: Box::new(move |on| to_switch.set_network(on)),
            stop: Some(Box::new(move || {
                to_stop.stop();
                thread.join().unwrap();
            })),
        }
    }
}

mod of_futures {
    use pilotwire_futures::{Clock, Host, Node, Runtime, StationConfig, remote, run_station};

    use super::*;

    impl Host<Station> for Keeper {
        async fn perform(&mut self, _: Instant, deeds: Vec<Deed<Output>>) -> Vec<Event<Input>> {
            self.play(deeds)
        }

        fn attempt_failed(&mut self, _: Instant, error: &AttemptError) -> Option<Input> {
            self.failed(error)
        }
    }

    fn start<R: Runtime>(runtime: R, plan: Plan) -> Running {
        let (remote, inputs) = remote(nobody());
        let [to_call, to_switch, to_stop] = [(); 3].map(|()| remote.clone());
        let made = make(plan, move |wanted| to_call.set_target(wanted));
        let config = StationConfig { limits: made.limits };
        let node = Node { machine: made.station, host: made.keeper, power_up: Plan::power_up() };
        let clock = Clock::starting_at(now(), SPEED);
        let (ended, end) = channel();
        runtime.spawn(async move {
            drop(run_station(runtime, node, config, inputs, clock).await);
            let _ = ended.send(());
        });
        Running {
            told: made.told,
            hardware: made.hardware,
            tell: Box::new(move |input| remote.send(Event::Input(input))),
            switch: Box::new(move |on| to_switch.set_network(on)),
            stop: Some(Box::new(move || {
                to_stop.stop();
                let _ = end.recv_timeout(PATIENCE);
            })),
        }
    }

    pub(crate) fn on_smol(plan: Plan) -> Running {
        start(pilotwire_smol::Smol, plan)
    }

    pub(crate) fn on_async_std(plan: Plan) -> Running {
        start(pilotwire_async_std::AsyncStd, plan)
    }
}

pub(crate) use of_futures::{on_async_std, on_smol};
pub(crate) use of_threads::start as on_threads;
pub(crate) use of_tokio::start as on_tokio;
