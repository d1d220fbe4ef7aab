//! One scenario for every adapter: a charging session in which each thing follows from the one before, so that its frames
//! are the same whoever carries them. Only times differ.

use std::sync::{Arc, Mutex, PoisonError};

use pilotwire::csms::{self, Csms};
use pilotwire::domain::{AuthorizationStatus, EvseId, IdToken, IdTokenInfo, IdTokenKind, Reading, StationIdentity};
use pilotwire::messages::Decimal;
use pilotwire::station::{self, Station};
use pilotwire::{Action, Event, Instant, Machine, Outbox, PowerUp, Version};
use serde_json::Value;

const EVSE: EvseId = EvseId(1);

/// The identity of the station.
pub const IDENTITY: &str = "CS001";

/// The station.
pub fn station(version: Version) -> Station {
    let identity =
        StationIdentity { model: "Wallbox".into(), vendor: "Pilotwire".into(), ..StationIdentity::default() };
    let mut config = station::Config::new(version, identity, 7, 1);
    let quick = |name: &str| (pilotwire::domain::VariableId::new("OCPPCommCtrlr", name), "1".into());
    config.variables = vec![quick("RetryBackOffWaitMinimum"), quick("RetryBackOffRandomRange")];
    Station::new(config)
}

/// The CSMS's side of it.
pub fn csms() -> Csms {
    Csms::new(csms::Config::new(IDENTITY, 1_007))
}

/// What a machine finds: nothing, and the time of day.
pub fn power_up() -> PowerUp {
    PowerUp { records: Vec::new(), clock: "2026-03-01T10:00:00Z".parse().ok() }
}

/// What follows at the charging point from what the station wants done.
pub fn at_the_charging_point(output: &station::Output) -> Vec<station::Input> {
    use station::{Input, Output};
    let meter = |wh: i32| Input::Meter {
        evse: EVSE,
        reading: Reading { energy_wh: Decimal::from_int(wh), ..Reading::default() },
    };
    match output {
        Output::Registered(_) => vec![
            meter(1_000),
            Input::CablePlugged { evse: EVSE, connector: 1 },
            Input::Token { evse: Some(EVSE), token: IdToken::new("TOKEN", IdTokenKind::ISO14443) },
        ],
        Output::CloseContactor { evse } => vec![Input::EvReady { evse: *evse }],
        Output::TransactionStarted { evse, .. } => {
            vec![meter(3_500), Input::CableUnplugged { evse: *evse }]
        }
        Output::OpenContactor { .. } => vec![meter(3_500)],
        _ => Vec::new(),
    }
}

/// What an operator answers.
pub fn at_the_office(output: &csms::Output) -> Vec<csms::Input> {
    match output {
        csms::Output::Authorize { question, .. } => {
            let info = IdTokenInfo::new(AuthorizationStatus::Accepted).into();
            vec![csms::Input::Authorized { question: *question, info }]
        }
        _ => Vec::new(),
    }
}

/// The frames that one side took and gave, in order, without their times.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    /// An event before the machine takes it.
    pub fn took<I>(&self, event: &Event<I>) {
        match event {
            Event::Received(text) => self.note("<", text),
            Event::Connected(version) => self.note("=", &format!("\"connected {version}\"")),
            Event::Disconnected => self.note("=", "\"disconnected\""),
            _ => {}
        }
    }

    /// What the machine wants done.
    pub fn gave<O>(&self, actions: &[Action<O>]) {
        for action in actions {
            match action {
                Action::Send(text) => self.note(">", text),
                Action::Close => self.note("=", "\"close\""),
                _ => {}
            }
        }
    }

    fn note(&self, direction: &str, json: &str) {
        let mut value: Value = serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.into()));
        forget_times(&mut value);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{direction} {value}"));
    }

    /// All of it.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the session is over for this side: its last event was answered.
    pub fn is_over(&self) -> bool {
        let lines = self.lines();
        let last = lines.iter().position(|line| line.contains("\"Ended\"") || line.contains("StopTransaction"));
        last.is_some_and(|at| lines.len() >= at + 2)
    }
}

fn forget_times(value: &mut Value) {
    match value {
        Value::String(text) if text.parse::<pilotwire::DateTime>().is_ok() => "time".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        Value::Object(members) => members.values_mut().for_each(forget_times),
        _ => {}
    }
}

/// One side in memory.
struct Side<M: Machine> {
    machine: M,
    outbox: Outbox<M::Output>,
    trace: Trace,
    now: Instant,
}

impl<M: Machine> Side<M> {
    fn new(machine: M) -> Self {
        Self { machine, outbox: Outbox::new(), trace: Trace::default(), now: Instant::ZERO }
    }

    /// Tells the machine, and what follows around it; gives the frames that it sends, and whether it wants to connect.
    fn tell(&mut self, event: Event<M::Input>, follows: fn(&M::Output) -> Vec<M::Input>) -> (Vec<String>, bool) {
        let (mut frames, mut connects) = (Vec::new(), false);
        let mut events = std::collections::VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            self.trace.took(&event);
            self.machine.handle(self.now, event, &mut self.outbox);
            self.trace.gave(self.outbox.as_slice());
            for action in self.outbox.drain() {
                match action {
                    Action::Send(text) => frames.push(text),
                    Action::Connect(_) => connects = true,
                    Action::Output(output) => events.extend(follows(&output).into_iter().map(Event::Input)),
                    _ => {}
                }
            }
        }
        (frames, connects)
    }
}

/// The scenario without a network: the traces of station and CSMS, to which all others are compared.
///
/// # Panics
/// If it does not come to its end.
pub fn in_memory(version: Version) -> [Vec<String>; 2] {
    let (mut station, mut csms) = (Side::new(station(version)), Side::new(csms()));
    csms.tell(Event::PowerUp(power_up()), at_the_office);
    let (_, connects) = station.tell(Event::PowerUp(power_up()), at_the_charging_point);
    assert!(connects, "the station wants to connect");
    csms.tell(Event::Connected(version), at_the_office);
    let (mut up, _) = station.tell(Event::Connected(version), at_the_charging_point);
    while !(station.trace.is_over() && csms.trace.is_over()) {
        let mut down = Vec::new();
        for frame in up.drain(..) {
            down.extend(csms.tell(Event::Received(frame), at_the_office).0);
        }
        assert!(!down.is_empty(), "nobody has anything to say: {:?}", station.trace.lines());
        for frame in down {
            up.extend(station.tell(Event::Received(frame), at_the_charging_point).0);
        }
    }
    [station.trace.lines(), csms.trace.lines()]
}
