//! A station whose CSMS is the test: frames as JSON, in virtual time, with a disk that survives power cuts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pilotwire::domain::{EvseId, IdToken, IdTokenKind, Reading, StationIdentity, VariableId};
use pilotwire::station::{Config, EvseConfig, Input, Output};
use pilotwire::{Action, DateTime, Event, Instant, Machine, Outbox, PowerUp, Record, Station, Version, Write};
use serde_json::{Value, json};

/// The EVSE of most tests.
pub const EVSE: EvseId = EvseId(1);

/// The station, and everything that it said and did.
pub struct Transcript {
    /// The station.
    pub station: Station,
    version: Version,
    config: Config,
    now: Instant,
    outbox: Outbox<Output>,
    /// What would be there after a power cut.
    pub disk: BTreeMap<String, String>,
    /// Frames that nobody has looked at.
    frames: VecDeque<Value>,
    /// What the station told its host since the beginning.
    pub outputs: Vec<Output>,
    /// Wants to connect, ping or close: the kinds of link actions that nobody has looked at.
    pub link: Vec<&'static str>,
    energy_wh: i32,
    count: u32,
}

impl Transcript {
    /// A station with two EVSEs that has power and is not connected.
    pub fn new(version: Version) -> Self {
        Self::with(version, &[])
    }

    /// The same, with factory values: component, variable, instance or "", value.
    pub fn with(version: Version, variables: &[(&str, &str, &str, &str)]) -> Self {
        Self::of(version, EvseConfig::new(1, false), variables)
    }

    /// The same, with two EVSEs like this one.
    pub fn of(version: Version, evse: EvseConfig, variables: &[(&str, &str, &str, &str)]) -> Self {
        let identity = StationIdentity { model: "M".into(), vendor: "V".into(), ..StationIdentity::default() };
        let mut config = Config::new(version, identity, 9, 2);
        config.evses.fill(evse);
        Self::made(config, variables)
    }

    /// The same, made another way; connected, accepted, and quiet.
    pub fn configured(version: Version, change: impl FnOnce(&mut Config)) -> Self {
        let identity = StationIdentity { model: "M".into(), vendor: "V".into(), ..StationIdentity::default() };
        let mut config = Config::new(version, identity, 9, 2);
        change(&mut config);
        let mut transcript = Self::made(config, &[]);
        transcript.connect();
        transcript.accept();
        transcript
    }

    fn made(mut config: Config, variables: &[(&str, &str, &str, &str)]) -> Self {
        let version = config.version;
        let quiet = [("OCPPCommCtrlr", "WebSocketPingInterval", "", "0")];
        config.variables = quiet
            .iter()
            .chain(variables)
            .map(|(component, variable, instance, value)| {
                let id = VariableId::new(component, variable);
                (if instance.is_empty() { id } else { id.instance(instance) }, (*value).into())
            })
            .collect();
        let mut transcript = Self {
            station: Station::new(config.clone()),
            version,
            config,
            now: Instant::ZERO,
            outbox: Outbox::new(),
            disk: BTreeMap::new(),
            frames: VecDeque::new(),
            outputs: Vec::new(),
            link: Vec::new(),
            energy_wh: 0,
            count: 0,
        };
        transcript.power_up();
        transcript
    }

    /// The same, connected, accepted, and quiet.
    pub fn accepted(version: Version, variables: &[(&str, &str, &str, &str)]) -> Self {
        let mut transcript = Self::with(version, variables);
        transcript.connect();
        transcript.accept();
        transcript
    }

    /// Power comes, with what is on the disk.
    pub fn power_up(&mut self) {
        self.power_up_at("2026-03-01T10:00:00Z".parse().ok());
    }

    /// The same, with a clock that did not survive.
    pub fn power_up_without_clock(&mut self) {
        self.power_up_at(None);
    }

    fn power_up_at(&mut self, clock: Option<DateTime>) {
        self.station = Station::new(self.config.clone());
        let record = |(key, value): (&String, &String)| Record { key: key.clone(), value: value.clone() };
        let records = self.disk.iter().map(record).collect();
        self.frames.clear();
        self.event(Event::PowerUp(PowerUp { records, clock }));
    }

    /// An event, and everything that follows from it at once.
    pub fn event(&mut self, event: Event<Input>) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            self.station.handle(self.now, event, &mut self.outbox);
            let actions: Vec<_> = self.outbox.drain().collect();
            for action in actions {
                match action {
                    Action::Persist(Write::Put(record)) => drop(self.disk.insert(record.key, record.value)),
                    Action::Persist(Write::Delete(key)) => drop(self.disk.remove(&key)),
                    Action::Connect(_) => self.link.push("connect"),
                    Action::Ping => self.link.push("ping"),
                    Action::Close => self.link.push("close"),
                    Action::Send(text) => {
                        self.frames.push_back(serde_json::from_str(&text).expect("a frame in JSON"));
                    }
                    Action::Output(output) => {
                        if let Output::OpenContactor { evse } = output {
                            self.energy_wh += 100;
                            let reading = Reading { energy_wh: self.energy_wh.into(), ..Reading::default() };
                            events.push_back(Event::Input(Input::Meter { evse, reading }));
                        }
                        self.outputs.push(output);
                    }
                }
            }
        }
    }

    /// The WebSocket is open; what was sent through the last one is lost.
    pub fn connect(&mut self) {
        self.frames.clear();
        self.event(Event::Connected(self.version));
    }

    /// Answers boot and statuses until nothing is open.
    pub fn accept(&mut self) {
        let boot = json!({ "currentTime": "2026-03-01T10:00:00Z", "interval": 300, "status": "Accepted" });
        self.expect("BootNotification");
        self.answer(boot);
        self.answer_all("StatusNotification");
    }

    /// Answers all requests of this action that follow each other; gives their payloads.
    pub fn answer_all(&mut self, action: &str) -> Vec<Value> {
        let mut payloads = Vec::new();
        while self.frames.front().is_some_and(|frame| frame[2] == action) {
            payloads.push(self.expect(action));
            self.answer(json!({}));
        }
        payloads
    }

    /// The next frame must be this request; gives its payload. It stays open until it is answered.
    ///
    /// # Panics
    /// If it is not.
    pub fn expect(&mut self, action: &str) -> Value {
        let frame = self.frames.front().unwrap_or_else(|| panic!("no {action}: nothing was sent"));
        assert!(frame[0] == 2 && frame[2] == action, "{action} expected, not {frame}");
        frame[3].clone()
    }

    /// The action of the next request, if there is one.
    pub fn next_action(&self) -> Option<String> {
        self.frames.front().and_then(|frame| frame[2].as_str()).map(String::from)
    }

    /// Answers the request that was expected last.
    ///
    /// # Panics
    /// If there is none.
    pub fn answer(&mut self, payload: Value) {
        let call = self.frames.pop_front().expect("an open request");
        self.event(Event::Received(json!([3, call[1], payload]).to_string()));
    }

    /// Answers the request that was expected last with a CALLERROR.
    ///
    /// # Panics
    /// If there is none.
    pub fn answer_error(&mut self, code: &str) {
        let call = self.frames.pop_front().expect("an open request");
        self.event(Event::Received(json!([4, call[1], code, "", {}]).to_string()));
    }

    /// Expects a request, gives its payload, and answers it.
    pub fn exchange(&mut self, action: &str, payload: Value) -> Value {
        let request = self.expect(action);
        self.answer(payload);
        request
    }

    /// A request of the CSMS; gives the frame that answers it.
    ///
    /// # Panics
    /// If it is not answered at once.
    pub fn call(&mut self, action: &str, payload: Value) -> Value {
        self.count += 1;
        let id = format!("csms-{}", self.count);
        self.event(Event::Received(json!([2, id, action, payload]).to_string()));
        let at = self.frames.iter().position(|frame| frame[1] == id.as_str());
        let at = at.unwrap_or_else(|| panic!("{action} was not answered"));
        self.frames.remove(at).expect("the answer")
    }

    /// The payload that answers the CSMS's request with this id.
    ///
    /// # Panics
    /// If it is not answered with a result.
    pub fn pop_answer(&mut self, id: &str) -> Value {
        let at = self.frames.iter().position(|frame| frame[0] == 3 && frame[1] == id);
        let at = at.unwrap_or_else(|| panic!("{id} was not answered: {:?}", self.frames));
        self.frames.remove(at).map(|frame| frame[2].clone()).unwrap_or_default()
    }

    /// The code of the CALLERROR that answers the CSMS's request with this id.
    ///
    /// # Panics
    /// If it is not answered with an error.
    pub fn pop_error(&mut self, id: &str) -> String {
        let at = self.frames.iter().position(|frame| frame[0] == 4 && frame[1] == id);
        let at = at.unwrap_or_else(|| panic!("{id} was not refused: {:?}", self.frames));
        self.frames.remove(at).and_then(|frame| frame[2].as_str().map(String::from)).unwrap_or_default()
    }

    /// Nothing was sent that is not answered.
    ///
    /// # Panics
    /// If something was.
    pub fn expect_nothing(&self) {
        assert!(self.frames.is_empty(), "{:?}", self.frames);
    }

    /// Something happens at the station.
    pub fn fact(&mut self, input: Input) {
        self.event(Event::Input(input));
    }

    /// A cable at EVSE 1.
    pub fn plug(&mut self) {
        self.fact(Input::CablePlugged { evse: EVSE, connector: 1 });
    }

    /// A token at EVSE 1.
    pub fn token(&mut self, token: &str) {
        self.fact(Input::Token { evse: Some(EVSE), token: IdToken::new(token, IdTokenKind::ISO14443) });
    }

    /// Lets seconds pass; timers that are due are heeded when they are.
    pub fn advance(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        for _ in 0..10_000 {
            match self.station.poll_timeout() {
                Some((at, _)) if at <= end => {
                    self.now = self.now.max(at);
                    self.event(Event::Timeout);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// A transaction at EVSE 1 whose vehicle waits, all of it answered.
    pub fn authorize(&mut self) {
        self.plug();
        self.answer_all("StatusNotification");
        self.token("A");
        let accepted = json!({ "status": "Accepted" });
        match self.version {
            Version::V16 => {
                self.exchange("Authorize", json!({ "idTagInfo": accepted }));
                self.answer_all("StatusNotification");
                self.exchange("StartTransaction", json!({ "idTagInfo": accepted, "transactionId": 77 }));
            }
            _ => {
                self.exchange("Authorize", json!({ "idTokenInfo": accepted }));
                self.exchange("TransactionEvent", json!({}));
            }
        }
    }

    /// A session that charges at EVSE 1, all of it answered.
    pub fn charge(&mut self) {
        self.authorize();
        self.fact(Input::EvReady { evse: EVSE });
        self.answer_all("StatusNotification");
        self.answer_all("TransactionEvent");
        self.expect_nothing();
    }
}

/// The CSMS's answer to a boot.
pub fn boot_answer(status: &str, interval: i64) -> Value {
    json!({ "currentTime": "2026-03-01T10:00:00Z", "interval": interval, "status": status })
}

/// The status that a StatusNotification of either version tells.
pub fn status_of(payload: &Value) -> &str {
    payload.get("status").or(payload.get("connectorStatus")).and_then(Value::as_str).unwrap_or_default()
}

/// Leaves out the member that the version does not have.
pub trait Pick {
    /// The value without the other version's member.
    fn pick(self, version: Version) -> Value;
}

impl Pick for Value {
    fn pick(mut self, version: Version) -> Value {
        let foreign = if version == Version::V16 { "idTokenInfo" } else { "idTagInfo" };
        if let Some(members) = self.as_object_mut() {
            members.remove(foreign);
        }
        self
    }
}

/// A request to start for the token `REMOTE` at this EVSE; gives the frame that answers it.
pub fn remote_start(station: &mut Transcript, version: Version, evse: i32) -> Value {
    match version {
        Version::V16 => station.call("RemoteStartTransaction", json!({ "connectorId": evse, "idTag": "REMOTE" })),
        _ => {
            let token = json!({ "idToken": "REMOTE", "type": "Central" });
            station.call("RequestStartTransaction", json!({ "evseId": evse, "remoteStartId": 4711, "idToken": token }))
        }
    }
}
