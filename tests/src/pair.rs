//! A station and its CSMS side, with everything around them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pilotwire::csms::{self, Csms};
use pilotwire::domain::{AuthorizationStatus, EvseId, IdToken, IdTokenInfo, IdTokenKind, StationIdentity, VariableId};
use pilotwire::messages::{Decimal, Text};
use pilotwire::station::{self, Station};
use pilotwire::{Action, DateTime, Event, Instant, Machine, Outbox, PowerUp, Record, Version, Write};

use crate::{Hardware, Net, Side};

/// The one EVSE.
const EVSE: EvseId = EvseId(1);

/// How a pair is made.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The version that the station offers.
    pub version: Version,
    /// Makes delays, ids and jitter.
    pub seed: u64,
    /// Values of the station's variables.
    pub variables: Vec<(VariableId, Text)>,
    /// The longest delay of a frame in milliseconds.
    pub max_delay_ms: u64,
    /// Where the power is cut, once.
    pub cut: Option<Cut>,
}

impl Setup {
    /// A station that also charges unknown tokens while it is offline, on a wire with up to 80 ms of delay.
    pub fn new(version: Version, seed: u64) -> Self {
        let set = |component: &str, variable: &str, value: &str| (VariableId::new(component, variable), value.into());
        let variables = vec![
            set("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"),
            set("OCPPCommCtrlr", "RetryBackOffRandomRange", "2"),
            set("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "2"),
        ];
        Self { version, seed, variables, max_delay_ms: 80, cut: None }
    }
}

/// What someone does at the station, or to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The driver plugs in.
    Plug,
    /// The driver presents a token.
    Token(&'static str),
    /// The vehicle asks for energy.
    Ready,
    /// The vehicle has had enough.
    Suspend,
    /// The driver unplugs.
    Unplug,
    /// The network goes.
    NetDown,
    /// The network comes back.
    NetUp,
}

/// Where the power is cut: right after the machine's action of this number (from 1) was performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Whose power.
    pub side: Side,
    /// After how many of its actions.
    pub after: u64,
}

/// The pair.
pub struct Pair {
    setup: Setup,
    now: Instant,
    origin: DateTime,
    station: Station,
    csms: Csms,
    disks: [BTreeMap<String, String>; 2],
    /// The wire.
    pub net: Net,
    /// The physical EVSE.
    pub hardware: Hardware,
    powered: [bool; 2],
    back_on: [Option<Instant>; 2],
    outbox_station: Outbox<station::Output>,
    outbox_csms: Outbox<csms::Output>,
    actions: [u64; 2],
    cut: Option<Cut>,
    connect_wanted: bool,
    next_tick: Instant,
    lives: [u64; 2],
    /// What the CSMS's host would have in its database: the transactions by id.
    pub bills: BTreeMap<String, csms::TransactionState>,
    /// Every action in order, as text: for comparisons.
    pub trace: Vec<String>,
    /// What the station told its host.
    pub told: Vec<station::Output>,
    /// What the CSMS side told its host.
    pub facts: Vec<csms::Output>,
    inbox: VecDeque<Event<station::Input>>,
}

fn slot(side: Side) -> usize {
    match side {
        Side::Station => 0,
        Side::Csms => 1,
    }
}

impl Pair {
    /// Both sides have power; the station begins to connect.
    pub fn new(setup: Setup) -> Self {
        let mut pair = Self {
            now: Instant::ZERO,
            origin: "2026-03-01T10:00:00Z".parse().expect("a timestamp"),
            station: Station::new(station_config(&setup)),
            csms: Csms::new(csms_config(&setup, 0)),
            disks: [BTreeMap::new(), BTreeMap::new()],
            net: Net::new(setup.seed, setup.max_delay_ms),
            hardware: Hardware::new(7_360),
            powered: [false, false],
            back_on: [Some(Instant::ZERO), Some(Instant::ZERO)],
            outbox_station: Outbox::new(),
            outbox_csms: Outbox::new(),
            actions: [0, 0],
            cut: setup.cut,
            connect_wanted: false,
            next_tick: Instant::ZERO,
            lives: [0, 0],
            bills: BTreeMap::new(),
            trace: Vec::new(),
            told: Vec::new(),
            facts: Vec::new(),
            inbox: VecDeque::new(),
            setup,
        };
        pair.run(Duration::ZERO);
        pair
    }

    /// How many actions a side has performed.
    pub fn actions(&self, side: Side) -> u64 {
        self.actions[slot(side)]
    }

    /// The keys of a side's records.
    pub fn records(&self, side: Side) -> Vec<String> {
        self.disks[slot(side)].keys().cloned().collect()
    }

    /// Cuts a side's power at once, and spoils one of its records meanwhile.
    pub fn spoil(&mut self, side: Side, key: &str, value: &str) {
        self.lose_power(side, Duration::from_secs(20));
        self.disks[slot(side)].insert(key.into(), value.into());
        self.run(Duration::ZERO);
    }

    /// How often a side woke up.
    pub fn lives(&self, side: Side) -> u64 {
        self.lives[slot(side)]
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The wall clock of everyone's hardware.
    pub fn wall(&self) -> DateTime {
        self.origin.saturating_add_millis(self.now.as_millis() as i64)
    }

    /// Events that the CSMS has not processed yet.
    pub fn queued_events(&self) -> usize {
        self.station.queued_events()
    }

    /// Energy over all bills.
    pub fn billed_wh(&self) -> Decimal {
        let energies = self.bills.values().filter_map(csms::TransactionState::energy_wh);
        energies.fold(Decimal::ZERO, |sum, energy| sum.checked_add(energy).expect("a sum of few digits"))
    }

    /// Somebody does something, at once.
    pub fn act(&mut self, step: Step) {
        self.hardware.advance(self.now);
        let evse = EVSE;
        match step {
            Step::Plug => self.hardware.plugged = true,
            Step::Ready => self.hardware.ready = true,
            Step::Suspend => self.hardware.ready = false,
            Step::Unplug => (self.hardware.plugged, self.hardware.ready) = (false, false),
            Step::NetUp => self.net.up = true,
            Step::NetDown => {
                self.net.up = false;
                self.lose_link();
            }
            Step::Token(_) => {}
        }
        self.tell_meter();
        match step {
            Step::Plug => self.tell(station::Input::CablePlugged { evse, connector: 1 }),
            Step::Ready => self.tell(station::Input::EvReady { evse }),
            Step::Suspend => self.tell(station::Input::EvSuspended { evse }),
            Step::Unplug => self.tell(station::Input::CableUnplugged { evse }),
            Step::Token(token) => {
                let token = IdToken::new(token, IdTokenKind::ISO14443);
                self.tell(station::Input::Token { evse: None, token });
            }
            Step::NetUp | Step::NetDown => {}
        }
        self.run(Duration::ZERO);
    }

    /// Tells the station something at once.
    pub fn tell_station(&mut self, input: station::Input) {
        self.tell(input);
        self.run(Duration::ZERO);
    }

    /// Tells the CSMS side something at once.
    pub fn tell_csms(&mut self, input: csms::Input) {
        if self.powered[1] {
            self.csms_event(Event::Input(input));
        }
        self.run(Duration::ZERO);
    }

    fn tell(&mut self, input: station::Input) {
        if self.powered[0] {
            self.inbox.push_back(Event::Input(input));
        }
    }

    fn tell_meter(&mut self) {
        let reading = self.hardware.reading();
        self.tell(station::Input::Meter { evse: EVSE, reading });
    }

    /// Lets time pass; everything that is due in it happens.
    ///
    /// # Panics
    /// If the machines do not come to rest: more than 200,000 events in one call.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..200_000 {
            if self.happen_now() {
                continue;
            }
            let Some(next) = self.next_moment().filter(|next| *next <= end) else {
                self.now = end;
                self.hardware.advance(end);
                return;
            };
            self.now = next.max(self.now);
            self.hardware.advance(self.now);
        }
        panic!("the machines do not come to rest at {}", self.now);
    }

    fn next_moment(&self) -> Option<Instant> {
        let timers = [
            self.station.poll_timeout().map(|(at, _)| at).filter(|_| self.powered[0]),
            self.csms.poll_timeout().map(|(at, _)| at).filter(|_| self.powered[1]),
            self.net.next_arrival(),
            self.back_on[0],
            self.back_on[1],
            self.hardware.flows().then_some(self.next_tick),
        ];
        timers.into_iter().flatten().min()
    }

    /// Lets one thing happen that is due; `false` if nothing is.
    fn happen_now(&mut self) -> bool {
        if let Some(event) = self.inbox.pop_front() {
            self.station_event(event);
            return true;
        }
        for side in [Side::Csms, Side::Station] {
            if self.back_on[slot(side)].is_some_and(|at| at <= self.now) {
                self.wake(side);
                return true;
            }
        }
        if let Some((from, text)) = self.net.take_arrived(self.now) {
            self.arrive(from, text);
            return true;
        }
        if self.connect_wanted {
            self.connect_wanted = false;
            self.connect();
            return true;
        }
        if self.hardware.flows() && self.next_tick <= self.now {
            self.next_tick = self.now + Duration::from_secs(1);
            self.tell_meter();
            return true;
        }
        let due = |timeout: Option<(Instant, _)>| timeout.is_some_and(|(at, _)| at <= self.now);
        if self.powered[0] && self.station.poll_timeout().is_some_and(|(at, _)| at <= self.now) {
            self.station_event(Event::Timeout);
            return true;
        }
        let csms_due = self.csms.poll_timeout().map(|(at, _)| (at, ()));
        if self.powered[1] && due(csms_due) {
            self.csms_event(Event::Timeout);
            return true;
        }
        false
    }

    fn arrive(&mut self, from: Side, text: String) {
        let breaks = self.net.cut_after_arrival && self.net.cut_at_frame.is_some_and(|at| at <= self.net.frames);
        if breaks {
            self.net.cut_at_frame = None;
        }
        match from {
            Side::Station => self.csms_event(Event::Received(text)),
            Side::Csms => self.station_event(Event::Received(text)),
        }
        if breaks {
            self.lose_link();
        }
    }

    fn connect(&mut self) {
        let version = self.setup.version;
        if !self.net.up || !self.powered[1] {
            self.inbox.push_back(Event::Disconnected);
            return;
        }
        self.net.cut();
        self.net.connected = true;
        self.inbox.push_back(Event::Connected(version));
        self.csms_event(Event::Connected(version));
    }

    fn lose_link(&mut self) {
        if !self.net.connected {
            return;
        }
        self.net.cut();
        if self.powered[0] {
            self.inbox.push_back(Event::Disconnected);
        }
        if self.powered[1] {
            self.csms_event(Event::Disconnected);
        }
    }

    fn wake(&mut self, side: Side) {
        self.back_on[slot(side)] = None;
        self.powered[slot(side)] = true;
        self.lives[slot(side)] += 1;
        let disk = &self.disks[slot(side)];
        let records = disk.iter().map(|(key, value)| Record { key: key.clone(), value: value.clone() }).collect();
        let clock = Some(self.wall());
        let power_up = PowerUp { records, clock };
        match side {
            Side::Station => {
                self.station = Station::new(station_config(&self.setup));
                self.inbox.clear();
                self.inbox.push_back(Event::PowerUp(power_up));
                self.tell_meter();
                if self.hardware.plugged {
                    self.tell(station::Input::CablePlugged { evse: EVSE, connector: 1 });
                }
                if self.hardware.ready {
                    self.tell(station::Input::EvReady { evse: EVSE });
                }
            }
            Side::Csms => {
                self.csms = Csms::new(csms_config(&self.setup, self.lives[1]));
                self.csms_event(Event::PowerUp(power_up));
            }
        }
    }

    fn lose_power(&mut self, side: Side, off: Duration) {
        self.powered[slot(side)] = false;
        self.back_on[slot(side)] = Some(self.now + off);
        if side == Side::Station {
            self.hardware.advance(self.now);
            self.hardware.contactor(false);
            self.inbox.clear();
            self.connect_wanted = false;
        }
        self.lose_link();
    }

    fn count_action(&mut self, side: Side) -> bool {
        self.actions[slot(side)] += 1;
        let cut = Cut { side, after: self.actions[slot(side)] };
        if self.cut != Some(cut) {
            return false;
        }
        self.cut = None;
        self.trace.push(format!("{} power cut of {side:?}", self.now));
        self.lose_power(side, Duration::from_secs(20));
        true
    }

    fn persist(&mut self, side: Side, write: Write) {
        let disk = &mut self.disks[slot(side)];
        match write {
            Write::Put(record) => {
                disk.insert(record.key, record.value);
            }
            Write::Delete(key) => {
                disk.remove(&key);
            }
        }
    }

    fn station_event(&mut self, event: Event<station::Input>) {
        if !self.powered[0] {
            return;
        }
        let mut outbox = std::mem::take(&mut self.outbox_station);
        self.station.handle(self.now, event, &mut outbox);
        let actions: Vec<_> = outbox.drain().collect();
        self.outbox_station = outbox;
        for action in actions {
            self.trace.push(format!("{} station {action:?}", self.now));
            match action {
                Action::Persist(write) => self.persist(Side::Station, write),
                Action::Connect(_) => self.connect_wanted = true,
                Action::Send(text) => {
                    if !self.net.send(self.now, Side::Station, text) {
                        self.lose_link();
                    }
                }
                Action::Ping if self.net.connected => self.inbox.push_back(Event::Pong),
                Action::Ping => {}
                Action::Close => self.lose_link(),
                Action::Output(output) => self.perform(output),
            }
            if self.count_action(Side::Station) {
                return;
            }
        }
    }

    fn perform(&mut self, output: station::Output) {
        self.hardware.advance(self.now);
        match &output {
            station::Output::CloseContactor { .. } => {
                self.hardware.contactor(true);
                self.next_tick = self.now + Duration::from_secs(1);
            }
            station::Output::OpenContactor { .. } => {
                self.hardware.contactor(false);
                self.tell_meter();
            }
            station::Output::UnlockConnector { evse, connector, confirm: true } => {
                self.tell(station::Input::Unlocked { evse: *evse, connector: *connector, success: true });
            }
            station::Output::Reboot => self.lose_power(Side::Station, Duration::from_secs(5)),
            _ => {}
        }
        self.told.push(output);
    }

    fn csms_event(&mut self, event: Event<csms::Input>) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            if !self.powered[1] {
                return;
            }
            let mut outbox = std::mem::take(&mut self.outbox_csms);
            self.csms.handle(self.now, event, &mut outbox);
            let actions: Vec<_> = outbox.drain().collect();
            self.outbox_csms = outbox;
            for action in actions {
                self.trace.push(format!("{} csms {action:?}", self.now));
                match action {
                    Action::Persist(write) => self.persist(Side::Csms, write),
                    Action::Send(text) => {
                        if !self.net.send(self.now, Side::Csms, text) {
                            self.lose_link();
                        }
                    }
                    Action::Ping => events.push_back(Event::Pong),
                    Action::Close => self.lose_link(),
                    Action::Connect(_) => {}
                    Action::Output(output) => self.learn(output, &mut events),
                }
                if self.count_action(Side::Csms) {
                    return;
                }
            }
        }
    }

    fn learn(&mut self, output: csms::Output, events: &mut VecDeque<Event<csms::Input>>) {
        match &output {
            csms::Output::Authorize { question, token, .. } => {
                let known = !token.id_token.starts_with("BAD");
                let status = if known { AuthorizationStatus::Accepted } else { AuthorizationStatus::Invalid };
                let info = IdTokenInfo::new(status).into();
                events.push_back(Event::Input(csms::Input::Authorized { question: *question, info }));
            }
            csms::Output::Transaction(entry) => {
                self.bills.insert(entry.state.transaction.as_str().into(), entry.state.clone());
            }
            _ => {}
        }
        self.facts.push(output);
    }
}

fn station_config(setup: &Setup) -> station::Config {
    let identity =
        StationIdentity { model: "Wallbox".into(), vendor: "Pilotwire".into(), ..StationIdentity::default() };
    let mut config = station::Config::new(setup.version, identity, setup.seed, 1);
    config.variables.clone_from(&setup.variables);
    config
}

/// A CSMS process that starts anew has a new seed.
fn csms_config(setup: &Setup, life: u64) -> csms::Config {
    csms::Config::new("CS001", setup.seed.wrapping_add(1_000 + life))
}
