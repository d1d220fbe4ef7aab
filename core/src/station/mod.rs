//! The charging station: functional blocks, a router over them, and their place on the link.
//!
//! Each block keeps its own state and handles what is its own; blocks tell each other `Signal`s, which
//! the router hands on until none is left. A new block is a new file and a line in the router.

mod api;
mod authorization;
mod availability;
mod cable;
mod certificates;
mod commands;
mod config;
mod connection;
mod delivery;
mod events;
mod files;
mod firmware;
mod limits;
mod logs;
mod meter;
mod network;
mod notices;
mod offers;
mod power_up;
mod provisioning;
mod reset;
mod response;
mod samples;
mod security;
mod session;
mod shared;
mod smart_charging;
mod traffic;
mod transactions;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::Text;

pub use api::{CertificateStatus, Input, Output};
pub use config::{
    CertificatesConfig, ChargingConfig, Config, EvseConfig, FilesConfig, Limits, NetworkSlot, SecurityConfig,
};
pub use shared::Timer;

use authorization::Authorization;
use availability::{Availability, no_such_evse};
use certificates::state::Certificates;
use commands::Blocks;
use connection::Connection;
use delivery::Delivery;
use events::Events;
use firmware::Firmware;
use logs::Logs;
use network::state::{Credentials, Network};
use offers::Charging;
use provisioning::Provisioning;
use reset::Reset;
use session::Ending;
use shared::{Cx, Evse, SessionView, Shared, Signal};
use traffic::Traffic;
use transactions::Transactions;

use crate::charging::{Composite, Installed, Query};
use crate::clock::Clock;
use crate::device_model::{Known, Variables};
use crate::domain::{
    BootReason, ClientCertificate, EvseId, FileResult, InstallCertificateUse, Problem, Reading, Request, StoppedReason,
    TriggerReason, VariableSetting,
};
use crate::machine::{Event, Machine, Outbox};
use crate::rng::Rng;
use crate::time::{DateTime, Instant};
use crate::timers::Timers;

/// A charging station of OCPP 1.6 or 2.0.1, as a pure state machine.
///
/// Its methods are of two kinds: those of [`Machine`], through which everything goes in and out, and a few getters.
#[derive(Debug)]
pub struct Station {
    shared: Shared,
    /// Power came, and no restart was asked for since.
    powered: bool,
    authorization: Authorization,
    availability: Availability,
    connection: Connection,
    delivery: Delivery,
    /// None if the host installs no firmware.
    firmware: Option<Box<Firmware>>,
    /// None if the host uploads no logs.
    logs: Option<Box<Logs>>,
    provisioning: Provisioning,
    reset: Reset,
    traffic: Traffic,
    transactions: Transactions,
    next_question: u64,
}

impl Station {
    /// A station without power: the first event must be [`Event::PowerUp`].
    pub fn new(config: Config) -> Self {
        let mut shared = Shared {
            now: Instant::ZERO,
            clock: Clock::default(),
            rng: Rng::new(config.seed),
            timers: Timers::new(),
            variables: Variables::new(config.limits.custom_variables),
            charging: Charging::new(&config),
            security: Events::default(),
            network: Network::new(&config),
            certificates: Certificates::new(&config),
            credentials: Credentials { client: config.security.client.clone(), roots: config.security.roots.clone() },
            evses: evses(&config),
            problem: None,
            online: None,
            offline_since: None,
            registration: None,
            known_to_csms: false,
            closing: false,
            updating: false,
            next_file: 1,
            storage_failed: false,
            waiting: VecDeque::new(),
            signals: VecDeque::new(),
            config,
        };
        if let Some(network) = &shared.network {
            network.describe_slots(shared.config.version, &mut shared.variables);
        }
        if shared.certificates.is_some() {
            shared.variables.set_certificates(i32::try_from(shared.config.certificates.entries).unwrap_or(i32::MAX));
        }
        if shared.config.files.any() {
            shared.variables.set_files(&shared.config.files.protocols);
        }
        let (firmware, logs) = (Firmware::new(&shared.config), Logs::new(&shared.config));
        let count = shared.evses.len();
        let traffic = Traffic::new(&mut shared.rng);
        let availability = Availability::new(&shared);
        Self {
            shared,
            powered: false,
            authorization: Authorization::default(),
            availability,
            connection: Connection::default(),
            delivery: Delivery::default(),
            firmware,
            logs,
            provisioning: Provisioning::new(BootReason::PowerUp),
            reset: Reset::default(),
            traffic,
            transactions: Transactions::new(count),
            next_question: 1,
        }
    }

    /// What the station was made with.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The station's time; a guess while nobody told it.
    pub fn time(&self) -> DateTime {
        self.shared.utc()
    }

    /// A composite schedule, for who negotiates with the vehicle (K15.FR.07, K16.FR.03); `None` if there is no such EVSE.
    pub fn composite(&mut self, query: &Query) -> Option<Composite> {
        self.shared.charging.profiles.composite(query)
    }

    /// The charging profiles, in the order of their coming.
    pub fn profiles(&self) -> impl Iterator<Item = &Installed> {
        self.shared.charging.profiles.iter()
    }

    /// The certificates for vehicles and their keys, the newest first (A02.FR.15); none if [`CertificatesConfig`] is off.
    pub fn v2g_certificates(&self) -> Vec<ClientCertificate> {
        self.shared.certificates.as_ref().map(|certificates| certificates.of_vehicles()).unwrap_or_default()
    }

    /// What is known of the status of certificates for vehicles (M06): for the stapled answers that vehicles ask for. None if
    /// [`CertificatesConfig`] is off, and before the CSMS has answered.
    pub fn certificate_statuses(&self) -> Vec<CertificateStatus> {
        self.shared.certificates.as_ref().map(|certificates| certificates.statuses()).unwrap_or_default()
    }

    /// What the CSMS has installed to be trusted for this use, in PEM; none if [`CertificatesConfig`] is off.
    pub fn roots(&self, usage: &InstallCertificateUse) -> impl Iterator<Item = &Text> {
        self.shared.certificates.iter().flat_map(move |certificates| certificates.roots(usage))
    }

    /// The number of transaction events that wait for the CSMS.
    pub fn queued_events(&self) -> usize {
        self.delivery.events().count()
    }
}

fn evses(config: &Config) -> Vec<Evse> {
    let numbered = config.evses.iter().zip(1..);
    let evse = |(evse, number): (&EvseConfig, i32)| Evse {
        id: EvseId(number),
        connectors: evse.connectors,
        plugged: None,
        ev_ready: false,
        reading: Reading::default(),
        problem: None,
        station_faulted: false,
        inoperative: Vec::new(),
        contactor_closed: false,
        offers_nothing: false,
        locked: None,
        socket: evse.socket,
        kept: None,
        session: SessionView::default(),
    };
    numbered.map(evse).collect()
}

impl Machine for Station {
    type Input = Input;
    type Output = Output;
    type Timer = Timer;

    fn handle(&mut self, now: Instant, event: Event<Input>, out: &mut Outbox<Output>) {
        if let Event::PowerUp(power_up) = event {
            self.power_up(now, power_up, out);
            self.settle(out);
            return;
        }
        if !self.powered {
            return;
        }
        self.shared.now = self.shared.now.max(now);
        match event {
            Event::PowerUp(_) => {}
            Event::Timeout => self.on_timeout(out),
            Event::Clock(time) => self.on_clock(time, out),
            Event::Connected(version) => self.on_connected(version, out),
            Event::Disconnected => self.on_disconnected(out),
            Event::Received(text) => self.on_received(&text, out),
            Event::Pong => self.on_pong(out),
            Event::PersistFailed(key) => self.on_persist_failed(&key, out),
            Event::Input(input) => self.on_input(input, out),
        }
        self.settle(out);
    }

    fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.shared.timers.next().filter(|_| self.powered)
    }
}

impl Station {
    fn cx<'a>(&'a mut self, out: &'a mut Outbox<Output>) -> Cx<'a> {
        Cx { shared: &mut self.shared, out }
    }

    /// Hands signals on until none is left, then lets the link and a waiting restart go on.
    fn settle(&mut self, out: &mut Outbox<Output>) {
        loop {
            while let Some(signal) = self.shared.signals.pop_front() {
                self.route(signal, out);
            }
            let mut cx = Cx { shared: &mut self.shared, out };
            limits::settle(&mut cx);
            smart_charging::send_untold(&mut cx);
            if let Some(logs) = &mut self.logs {
                logs.advance(&mut cx);
            }
            if let Some(firmware) = &mut self.firmware {
                firmware.advance(&mut cx, self.transactions.is_any_open());
            }
            let installing = self.firmware.as_ref().is_some_and(|firmware| firmware.is_installing());
            let rebooting = self.reset.advance(&mut cx, installing, &self.transactions, &self.delivery);
            if rebooting {
                self.powered = false;
                return;
            }
            if self.shared.signals.is_empty() {
                break;
            }
        }
        self.availability.catch_up(&mut Cx { shared: &mut self.shared, out });
        self.pump(out);
    }

    /// The router: which block cares for what.
    fn route(&mut self, signal: Signal, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        let (cx, delivery) = (&mut cx, &mut self.delivery);
        match signal {
            Signal::Accepted => {
                self.availability.tell_all(cx);
                certificates::on_accepted(cx);
            }
            Signal::Authorized { evse, token, group, origin } => {
                let who = (evse, token);
                self.transactions.on_authorized(cx, delivery, who, group, &origin);
            }
            Signal::StopAuthorized { evse, token } => self.transactions.on_stop_authorized(cx, delivery, evse, token),
            Signal::Stop { evse, trigger, reason, reset } => {
                let ending = Ending { trigger, reason, reset, token: None };
                self.transactions.on_stop(cx, delivery, evse, ending);
            }
            Signal::Deauthorized { transaction } => self.transactions.on_deauthorized(cx, delivery, &transaction),
            Signal::Changed(evse, trigger) => self.transactions.evaluate(cx, delivery, evse, trigger),
            Signal::RateChanged(evse) => self.transactions.on_rate_changed(cx, delivery, evse),
            Signal::StatusChanged => self.availability.refresh(cx),
            Signal::VariableChanged(known) => self.on_variable_changed(known, out),
            Signal::Idle | Signal::UpdatingChanged => self.availability.apply(cx),
            Signal::SignerExamined { operation, update, examined } => {
                if let Some(firmware) = &mut self.firmware {
                    let reply = firmware.on_examined(cx, *update, &examined);
                    self.traffic.examined(cx, operation, &reply);
                }
            }
            Signal::Restart(reason) => self.reset.request_for(cx, reason),
            Signal::ConnectFailed(fault) => {
                security::on_connection_fault(cx, fault);
                self.connection.on_connect_failed(fault);
            }
            Signal::CredentialsChanged => network::on_credentials_changed(cx),
            Signal::Reconnect => self.connection.renew(cx),
            Signal::Named { transaction, csms } => {
                let named = |evse: &&mut Evse| evse.session.transaction.as_ref() == Some(&transaction);
                if let Some(facts) = cx.evses.iter_mut().find(named) {
                    facts.session.csms_transaction = Some(csms.clone());
                    let evse = facts.id;
                    limits::on_named(cx, evse, csms);
                }
            }
        }
    }

    fn on_variable_changed(&mut self, known: Known, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        match known {
            Known::HeartbeatInterval if cx.is_online() => self.provisioning.schedule_heartbeat(&mut cx),
            Known::PingInterval if cx.online.is_some() => Connection::schedule_ping(&mut cx),
            Known::SampledUpdatedInterval => self.transactions.on_interval_changed(&mut cx),
            Known::AlignedInterval => schedule_aligned(&mut cx),
            _ => {}
        }
    }

    fn on_timeout(&mut self, out: &mut Outbox<Output>) {
        // Timers that were due when the event came; one that is set again meanwhile waits for the next.
        for _ in 0..=self.shared.evses.len() * 4 + 16 {
            let now = self.shared.now;
            let Some(timer) = self.shared.timers.take_due(now) else {
                return;
            };
            self.on_timer(timer, out);
            self.settle(out);
            if !self.powered {
                return;
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        let cx = &mut cx;
        match timer {
            Timer::Reconnect => Connection::connect(cx),
            Timer::CallTimeout => self.on_call_timeout(out),
            Timer::Boot => self.provisioning.on_boot_timer(),
            Timer::Heartbeat => self.provisioning.on_heartbeat_timer(cx),
            Timer::Ping => Connection::on_ping_timer(cx),
            Timer::Pong => Connection::on_pong_missing(cx),
            // What waited for it is looked at when all is settled.
            Timer::EventRetry
            | Timer::SecurityRetry
            | Timer::Reset
            | Timer::Now
            | Timer::Limit
            | Timer::Logs
            | Timer::Firmware => {}
            Timer::EvConnection(evse) => self.transactions.on_connection_timeout(cx, &mut self.delivery, evse),
            Timer::Sample(evse) => self.transactions.on_sample_timer(cx, &mut self.delivery, evse),
            Timer::AlignedSample => {
                schedule_aligned(cx);
                self.transactions.on_aligned_timer(cx, &mut self.delivery);
            }
            Timer::FinalReading(evse) => self.transactions.on_reading_missing(cx, &mut self.delivery, evse),
            Timer::Reply => self.traffic.on_reply_timer(cx),
            Timer::Certificates => certificates::on_timer(cx),
        }
    }

    fn on_clock(&mut self, time: DateTime, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        let was_known = cx.clock.is_known();
        let (now, before) = (cx.now, cx.utc());
        cx.clock.set(now, time);
        if was_known {
            security::on_clock_set(&mut cx, before, time);
        } else {
            self.delivery.on_clock_known(&mut cx);
            security::on_clock_known(&mut cx);
        }
        schedule_aligned(&mut cx);
        certificates::schedule(&mut cx);
    }

    /// what cannot be kept is not begun; what runs goes on.
    fn on_persist_failed(&mut self, key: &str, out: &mut Outbox<Output>) {
        let mut cx = self.cx(out);
        cx.storage_failed = true;
        cx.limit_hit(format!("{key} could not be written; no transaction is started until the next restart"));
        security::on_memory_exhausted(&mut cx, "a record could not be written");
        if let Some(evse) = self.delivery.start_at(key) {
            // A transaction whose start is not kept must not go on (embedding.md).
            let (trigger, reason) = (TriggerReason::AbnormalCondition, StoppedReason::Other);
            self.shared.signal(Signal::Stop { evse, trigger, reason, reset: None });
        }
    }

    fn on_input(&mut self, input: Input, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        let cx = &mut cx;
        match input {
            Input::CablePlugged { evse, connector } => on_plugged(cx, evse, connector),
            Input::CableUnplugged { evse } => on_unplugged(cx, evse),
            Input::EvReady { evse } => on_ev_ready(cx, evse, true),
            Input::EvSuspended { evse } => on_ev_ready(cx, evse, false),
            Input::Meter { evse, reading } => match cx.evse_mut(evse) {
                Some(facts) => {
                    facts.reading = reading;
                    self.transactions.on_reading(cx, &mut self.delivery, evse);
                }
                None => refuse_evse(cx, evse),
            },
            Input::Token { evse, token } => self.authorization.on_token(cx, evse, token),
            Input::Fault { evse, problem } => on_fault(cx, evse, Some(problem)),
            Input::FaultCleared { evse } => on_fault(cx, evse, None),
            Input::Unlocked { evse, connector, success } => {
                if success {
                    cable::on_unlocked(cx, evse, connector);
                }
                self.traffic.unlocked(cx, evse, connector, success);
            }
            Input::Variable { id, value } => {
                commands::force_variable(cx, &VariableSetting { id, attribute: None, value });
            }
            Input::SendDataTransfer(message) => {
                if cx.is_online() {
                    cx.call(Request::DataTransfer(message));
                } else {
                    cx.tell(Output::DataTransferAnswered(None));
                }
            }
            Input::DataTransferred { question, answer } => self.traffic.data_transferred(cx, question, answer),
            Input::LocalReset => self.reset.request_locally(cx),
            Input::ExternalLimit(limit) => smart_charging::on_external_limit(cx, limit),
            Input::ExternalLimitCleared { evse, source } => {
                smart_charging::on_external_limit_cleared(cx, evse, &source);
            }
            Input::EvNeeds(needs) => {
                let unanswered = Output::EvNeedsAnswered { evse: needs.evse, status: None };
                smart_charging::ask(cx, Request::EvNeeds(needs), unanswered);
            }
            Input::EvSchedule(plan) => smart_charging::on_ev_schedule(cx, plan),
            Input::ConnectionFailed(fault) => cx.signal(Signal::ConnectFailed(fault)),
            Input::SecurityEvent { kind, info } => security::raise(cx, kind, info),
            Input::CryptoDone { operation, result } => {
                if let Some(reply) = certificates::on_done(cx, operation, result) {
                    self.traffic.examined(cx, operation, &reply);
                }
            }
            Input::FileDone { operation, result } => self.on_file_done(operation, result, out),
        }
    }

    fn on_file_done(&mut self, operation: u64, result: FileResult, out: &mut Outbox<Output>) {
        let mut cx = Cx { shared: &mut self.shared, out };
        if operation == 0 || operation >= cx.next_file {
            return cx.refuse(format!("nothing was to be done with a file under the number {operation}"));
        }
        if let Some(logs) = self.logs.as_mut().filter(|logs| logs.owns(operation)) {
            logs.on_done(&mut cx, result);
        } else if let Some(firmware) = self.firmware.as_mut().filter(|firmware| firmware.owns(operation)) {
            firmware.on_done(&mut cx, result);
        }
        // Nobody waits for what was stopped.
    }

    fn blocks(&mut self) -> (&mut Shared, &mut Traffic, Blocks<'_>) {
        let blocks = Blocks {
            authorization: &mut self.authorization,
            availability: &mut self.availability,
            delivery: &mut self.delivery,
            firmware: self.firmware.as_deref_mut(),
            logs: self.logs.as_deref_mut(),
            provisioning: &mut self.provisioning,
            reset: &mut self.reset,
            transactions: &mut self.transactions,
            next_question: &mut self.next_question,
        };
        (&mut self.shared, &mut self.traffic, blocks)
    }
}

fn refuse_evse(cx: &mut Cx<'_>, evse: EvseId) {
    let text = no_such_evse(evse);
    cx.tell(Output::Refused { text });
}

fn on_plugged(cx: &mut Cx<'_>, evse: EvseId, connector: i32) {
    match cx.evse_mut(evse) {
        Some(facts) if !(1..=facts.connectors).contains(&connector) => {
            cx.refuse(format!("EVSE {evse} has no connector {connector}"));
        }
        Some(facts) if facts.plugged.is_some() => cx.refuse(format!("a cable is plugged at EVSE {evse} already")),
        Some(facts) => {
            facts.plugged = Some(connector);
            cx.signal(Signal::Changed(evse, TriggerReason::CablePluggedIn));
            cx.signal(Signal::StatusChanged);
        }
        None => refuse_evse(cx, evse),
    }
}

fn on_unplugged(cx: &mut Cx<'_>, evse: EvseId) {
    match cx.evse_mut(evse) {
        Some(facts) if facts.plugged.is_none() => cx.refuse(format!("no cable is plugged at EVSE {evse}")),
        Some(facts) => {
            facts.plugged = None;
            facts.ev_ready = false;
            cx.signal(Signal::Changed(evse, TriggerReason::EVCommunicationLost));
            cx.signal(Signal::StatusChanged);
        }
        None => refuse_evse(cx, evse),
    }
}

fn on_ev_ready(cx: &mut Cx<'_>, evse: EvseId, ready: bool) {
    match cx.evse_mut(evse) {
        Some(facts) if facts.plugged.is_none() => cx.refuse(format!("no vehicle is connected to EVSE {evse}")),
        Some(facts) => {
            facts.ev_ready = ready;
            cx.signal(Signal::Changed(evse, TriggerReason::ChargingStateChanged));
        }
        None => refuse_evse(cx, evse),
    }
}

/// A fault of EVSE 0 is one of the station, and stops every EVSE; each keeps its own.
fn on_fault(cx: &mut Cx<'_>, evse: EvseId, problem: Option<Problem>) {
    let trigger =
        if problem.is_some() { TriggerReason::AbnormalCondition } else { TriggerReason::ChargingStateChanged };
    if evse == EvseId(0) {
        cx.problem.clone_from(&problem);
    }
    let hit: Vec<EvseId> =
        cx.evses.iter().map(|facts| facts.id).filter(|id| evse == EvseId(0) || *id == evse).collect();
    if hit.is_empty() {
        refuse_evse(cx, evse);
        return;
    }
    for id in hit {
        match cx.evse_mut(id) {
            Some(facts) if evse == EvseId(0) => facts.station_faulted = problem.is_some(),
            Some(facts) => facts.problem.clone_from(&problem),
            None => {}
        }
        cx.signal(Signal::Changed(id, trigger.clone()));
    }
    cx.signal(Signal::StatusChanged);
}

/// Samples are aligned to the clock's midnight (J01.FR.14): the next one, as far as the clock is known.
fn schedule_aligned(cx: &mut Cx<'_>) {
    let interval_ms = i64::try_from(cx.seconds(Known::AlignedInterval).as_millis()).unwrap_or(0);
    if interval_ms == 0 {
        cx.timers.clear(Timer::AlignedSample);
        return;
    }
    const DAY_MS: i64 = 86_400_000;
    let in_day = cx.utc().unix_millis().rem_euclid(DAY_MS);
    let next = ((in_day / interval_ms + 1) * interval_ms).min(DAY_MS);
    let wait = core::time::Duration::from_millis(u64::try_from(next - in_day).unwrap_or(1));
    let at = cx.now + wait;
    cx.timers.set(Timer::AlignedSample, at);
}
