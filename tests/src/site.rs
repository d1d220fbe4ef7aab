//! A station that chooses its way to the CSMS by itself, the host that follows it, and the CSMSs that are there.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pilotwire::domain::{
    ClientCertificate, ConnectionFault, FileTask, KeyId, NetworkConnectionProfile, NetworkTarget, Secret,
    SecurityProfile, StationIdentity,
};
use pilotwire::messages::Text;
use pilotwire::messages::v2::{OcppInterface, OcppTransport, OcppVersion};
use pilotwire::station::{Config, Input, NetworkSlot, Output};
use pilotwire::{Action, Event, Instant, Machine, Outbox, PowerUp, Record, Station, Version, Write};
use serde_json::{Value, json};

use crate::crypto::Crypto;
use crate::files::Files;

/// A password that is good in every edition: 20 bytes as hexadecimal digits.
pub const OLD: &str = "0123456789abcdef0123456789abcdef01234567";

/// Another one.
pub const NEW: &str = "fedcba9876543210fedcba9876543210fedcba98";

/// A way to a CSMS at this address, with this security profile.
pub fn way(host: &str, security: SecurityProfile) -> NetworkConnectionProfile {
    let scheme = if security.has_tls() { "wss" } else { "ws" };
    let url = Text::from(format!("{scheme}://{host}/ocpp"));
    let mut way =
        NetworkConnectionProfile::new(OcppInterface::Wired0, OcppTransport::JSON, 30, url, i32::from(security));
    way.ocpp_version = Some(OcppVersion::OCPP20);
    way
}

/// A slot with a way in it, and the password [`OLD`].
pub fn slot(number: i32, host: &str, security: SecurityProfile) -> NetworkSlot {
    NetworkSlot::new(number, way(host, security), Some(Secret::new(OLD)))
}

/// A certificate of the station.
pub fn client() -> ClientCertificate {
    ClientCertificate { key: KeyId(1), chain: "station".into() }
}

/// The CSMSs, and the way to them.
#[derive(Default)]
pub struct World {
    /// The passwords that are let in; all if there is none.
    pub passwords: Vec<&'static str>,
    /// Hosts where attempts to connect fail, and how.
    pub faults: Vec<(&'static str, ConnectionFault)>,
    /// The lowest security profile that is let in.
    pub lowest: Option<SecurityProfile>,
    /// The station is not heard, and gets no answer.
    pub deaf: bool,
    /// The only password that is let in once the station said `Accepted`.
    pub once_accepted: Option<&'static str>,
    /// No security profile is let in that is lower than one before (A05.FR.07).
    pub only_rises: bool,
    /// Actions that are answered with a CALLERROR.
    pub errors: Vec<&'static str>,
    /// What the CSMS's clock shows, if that is not the time.
    pub clock: Option<&'static str>,
    /// Certificates of stations that are let in contain this.
    pub admits_client: Option<String>,
    /// The CSMS's own certificate is good for who trusts this.
    pub root: Option<String>,
    /// The host does not know why an attempt failed.
    pub is_mute: bool,
    /// What a signing request is answered.
    pub signing: Option<&'static str>,
}

impl World {
    fn judge(&self, target: &NetworkTarget) -> Option<ConnectionFault> {
        let url = target.way.ocpp_csms_url.as_str();
        let fault = self.faults.iter().find(|(host, _)| url.contains(host)).map(|(_, fault)| *fault);
        let password = target.password.as_ref().map(Secret::reveal);
        let known = self.passwords.is_empty() || password.is_none_or(|shown| self.passwords.contains(&shown));
        let high = self.lowest.is_none_or(|lowest| target.security >= lowest);
        let shown = target.client.as_ref().map_or("", |client| &client.chain);
        let known = known && self.admits_client.as_ref().is_none_or(|part| shown.contains(part));
        if self.root.as_ref().is_some_and(|root| !target.roots.iter().any(|trusted| trusted == root.as_str())) {
            return Some(ConnectionFault::InvalidCsmsCertificate);
        }
        let refused = (!known || !high).then_some(ConnectionFault::Refused);
        fault.or(refused)
    }
}

/// The station and its surroundings.
pub struct Site {
    /// The station.
    pub station: Station,
    config: Config,
    now: Instant,
    outbox: Outbox<Output>,
    inbox: VecDeque<Event<Input>>,
    /// What would be there after a power cut.
    pub disk: BTreeMap<String, String>,
    /// The CSMSs.
    pub world: World,
    /// The host's cryptography.
    pub crypto: Crypto,
    /// What the host does with files.
    pub files: Files,
    /// Every target of an attempt, with what came of it.
    pub targets: Vec<NetworkTarget>,
    /// Whom the host was told to connect to since power came.
    pub target: Option<NetworkTarget>,
    /// Whether there is a connection.
    pub online: bool,
    /// Every attempt to connect: when (seconds), to which slot, with which password, and what came of it.
    pub attempts: Vec<(u64, i32, String, Option<ConnectionFault>)>,
    /// What the station told its host.
    pub outputs: Vec<Output>,
    /// Requests of the station, in order: action and payload.
    pub requests: Vec<(String, Value)>,
    answers: Vec<Value>,
    /// How many actions were performed.
    pub actions: u64,
    /// After how many actions the power is cut; none when it was.
    pub cut: Option<u64>,
    /// What would have been there when it was cut.
    pub disk_at_cut: BTreeMap<String, String>,
    /// The host does not know the time when power comes.
    pub is_clockless: bool,
    /// How often power came.
    pub lives: u64,
    count: u32,
}

impl Site {
    /// Power comes; nothing has happened yet beyond that.
    pub fn new(version: Version, slots: Vec<NetworkSlot>, change: impl FnOnce(&mut Config)) -> Self {
        let identity = StationIdentity { model: "M".into(), vendor: "V".into(), ..StationIdentity::default() };
        let mut config = Config::new(version, identity, 5, 1);
        config.network = slots;
        let set =
            |variable: &str, value: &str| (pilotwire::domain::VariableId::new("OCPPCommCtrlr", variable), value.into());
        config.variables = vec![
            set("WebSocketPingInterval", "0"),
            set("RetryBackOffRandomRange", "0"),
            set("RetryBackOffRepeatTimes", "0"),
        ];
        change(&mut config);
        let mut site = Self {
            station: Station::new(config.clone()),
            config,
            now: Instant::ZERO,
            outbox: Outbox::new(),
            inbox: VecDeque::new(),
            disk: BTreeMap::new(),
            world: World::default(),
            crypto: Crypto::default(),
            files: Files::default(),
            targets: Vec::new(),
            target: None,
            online: false,
            attempts: Vec::new(),
            outputs: Vec::new(),
            requests: Vec::new(),
            answers: Vec::new(),
            actions: 0,
            cut: None,
            disk_at_cut: BTreeMap::new(),
            is_clockless: false,
            lives: 0,
            count: 0,
        };
        site.power_up();
        site
    }

    /// The same, connected and accepted.
    pub fn connected(version: Version, slots: Vec<NetworkSlot>, change: impl FnOnce(&mut Config)) -> Self {
        let mut site = Self::new(version, slots, change);
        site.run(1);
        assert!(site.online);
        site
    }

    /// Power goes and comes: nothing is left but the disk.
    pub fn power_up(&mut self) {
        self.station = Station::new(self.config.clone());
        self.inbox.clear();
        (self.online, self.target) = (false, None);
        self.crypto.tasks.clear();
        self.files.power_up();
        self.lives += 1;
        let record = |(key, value): (&String, &String)| Record { key: key.clone(), value: value.clone() };
        let records = self.disk.iter().map(record).collect();
        let clock = self.wall().parse().ok().filter(|_| !self.is_clockless);
        self.inbox.push_back(Event::PowerUp(PowerUp { records, clock }));
    }

    fn wall(&self) -> String {
        let seconds = self.now.as_millis() / 1_000 + 10 * 3_600;
        let (days, hour) = (seconds / 86_400, seconds / 3_600 % 24);
        let (month, day) = if days < 31 { (3, 1 + days) } else { (4, days - 30) };
        format!("2026-{month:02}-{day:02}T{hour:02}:{:02}:{:02}Z", seconds / 60 % 60, seconds % 60)
    }

    /// The connection breaks.
    pub fn break_off(&mut self) {
        self.online = false;
        self.inbox.push_back(Event::Disconnected);
        self.settle();
    }

    /// Somebody tells the station something.
    pub fn tell(&mut self, event: Event<Input>) {
        self.inbox.push_back(event);
        self.settle();
    }

    /// Lets seconds pass.
    pub fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        for _ in 0..10_000 {
            self.settle();
            match self.station.poll_timeout() {
                Some((at, _)) if at <= end => {
                    self.now = self.now.max(at);
                    self.inbox.push_back(Event::Timeout);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// The time of day so many seconds from now.
    pub fn clock_in(&self, seconds: i64) -> String {
        let now: pilotwire::DateTime = self.wall().parse().expect("a time");
        now.saturating_add_millis(seconds * 1_000).to_string()
    }

    /// A request of the CSMS; gives the payload of its answer.
    ///
    /// # Panics
    /// If it is not answered with a result.
    pub fn call(&mut self, action: &str, payload: Value) -> Value {
        let id = self.ask(action, payload);
        let answer = self.answers.iter().find(|answer| answer[1] == id.as_str()).expect("an answer").clone();
        assert_eq!(answer[0], 3, "{action}: {answer}");
        answer[2].clone()
    }

    /// A request of the CSMS whose answer may be lost, as it is itself without a connection; gives its id.
    pub fn ask(&mut self, action: &str, payload: Value) -> String {
        self.count += 1;
        let id = format!("csms-{}", self.count);
        if !self.online {
            return id;
        }
        self.inbox.push_back(Event::Received(json!([2, id, action, payload]).to_string()));
        self.settle();
        id
    }

    /// The payload of the result that answers the CSMS's request with this id, if it came.
    pub fn answer_to(&self, id: &str) -> Option<&Value> {
        self.answers.iter().find(|answer| answer[1] == id && answer[0] == 3).map(|answer| &answer[2])
    }

    /// Sets a variable of 2.x; gives the status.
    pub fn set(&mut self, component: &str, variable: &str, value: &str) -> String {
        let answer = self.call("SetVariables", set_variable(component, variable, value));
        answer["setVariableResult"][0]["attributeStatus"].as_str().unwrap_or_default().into()
    }

    /// Reads a variable of 2.x; gives status and value.
    pub fn get(&mut self, component: &str, variable: &str) -> (String, Value) {
        let data = json!([{ "component": { "name": component }, "variable": { "name": variable } }]);
        let answer = self.call("GetVariables", json!({ "getVariableData": data }));
        let result = &answer["getVariableResult"][0];
        (result["attributeStatus"].as_str().unwrap_or_default().into(), result["attributeValue"].clone())
    }

    /// Sets a key of 1.6; gives the status.
    pub fn configure(&mut self, key: &str, value: &str) -> String {
        let answer = self.call("ChangeConfiguration", json!({ "key": key, "value": value }));
        answer["status"].as_str().unwrap_or_default().into()
    }

    /// Puts a way into a slot; gives the answer.
    pub fn set_profile(&mut self, slot: i32, way: &NetworkConnectionProfile) -> Value {
        self.call("SetNetworkProfile", json!({ "configurationSlot": slot, "connectionData": way }))
    }

    /// The slots of the attempts since the last one that was looked at.
    pub fn take_attempts(&mut self) -> Vec<i32> {
        self.attempts.drain(..).map(|(_, slot, ..)| slot).collect()
    }

    /// Everything that is due now.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            let Some(event) = self.inbox.pop_front().or_else(|| self.do_next()) else { return };
            self.station.handle(self.now, event, &mut self.outbox);
            let actions: Vec<_> = self.outbox.drain().collect();
            for action in actions {
                let reboots = matches!(action, Action::Output(Output::Reboot));
                self.perform(action);
                self.actions += 1;
                let cuts = self.cut.take_if(|cut| *cut == self.actions).is_some();
                if cuts {
                    self.disk_at_cut = self.disk.clone();
                }
                if reboots || cuts {
                    self.power_up();
                    break;
                }
            }
        }
    }

    /// The host does the next thing that it was asked to.
    fn do_next(&mut self) -> Option<Event<Input>> {
        let computed = self.crypto.do_next().map(|(operation, result)| Input::CryptoDone { operation, result });
        let done = || self.files.do_next().map(|(operation, result)| Input::FileDone { operation, result });
        computed.or_else(done).map(Event::Input)
    }

    fn perform(&mut self, action: Action<Output>) {
        match action {
            Action::Persist(Write::Put(record)) => drop(self.disk.insert(record.key, record.value)),
            Action::Persist(Write::Delete(key)) => drop(self.disk.remove(&key)),
            Action::Connect(version) => self.connect(version),
            Action::Send(text) if self.online => self.receive(&text),
            Action::Close if self.online => {
                self.online = false;
                self.inbox.push_back(Event::Disconnected);
            }
            Action::Output(Output::UseNetwork(target)) => {
                assert_ne!(self.target.as_ref(), Some(&*target), "told twice");
                self.target = Some((*target).clone());
                self.outputs.push(Output::UseNetwork(target));
            }
            Action::Output(Output::Crypto { operation, task }) => self.crypto.take(operation, task),
            Action::Output(Output::File { operation, task }) => {
                if matches!(task, FileTask::Install { .. }) {
                    let known = self.disk.get("firmware").is_some_and(|record| record.contains("installing"));
                    assert!(known, "an installation is durable before it begins");
                }
                self.files.take(operation, task);
            }
            Action::Output(output) => self.outputs.push(output),
            Action::Ping | Action::Send(_) | Action::Close => {}
        }
    }

    fn connect(&mut self, version: Version) {
        let target = self.target.as_ref().expect("a target before the attempt");
        let fault = self.world.judge(target);
        self.targets.push(target.clone());
        let password = target.password.as_ref().map_or("", Secret::reveal).into();
        self.attempts.push((self.now.as_millis() / 1_000, target.slot, password, fault));
        match fault {
            None => {
                if self.world.only_rises {
                    self.world.lowest = self.world.lowest.max(Some(target.security));
                }
                self.online = true;
                self.inbox.push_back(Event::Connected(version));
            }
            Some(fault) => {
                if !self.world.is_mute {
                    self.inbox.push_back(Event::Input(Input::ConnectionFailed(fault)));
                }
                self.inbox.push_back(Event::Disconnected);
            }
        }
    }

    fn receive(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).expect("a frame in JSON");
        if frame[0] != 2 {
            if !self.world.deaf {
                if text.contains("\"Accepted\"")
                    && let Some(password) = self.world.once_accepted.take()
                {
                    self.world.passwords = vec![password];
                }
                self.answers.push(frame);
            }
            return;
        }
        let action = frame[2].as_str().unwrap_or_default();
        let wall = self.world.clock.map_or_else(|| self.wall(), String::from);
        let answer = match action {
            "BootNotification" => json!({ "currentTime": wall, "interval": 3_600, "status": "Accepted" }),
            "Heartbeat" => json!({ "currentTime": wall }),
            "Authorize" if self.config.version == Version::V16 => json!({ "idTagInfo": { "status": "Accepted" } }),
            "Authorize" => json!({ "idTokenInfo": { "status": "Accepted" } }),
            "StartTransaction" => json!({ "transactionId": 7, "idTagInfo": { "status": "Accepted" } }),
            "SignCertificate" => json!({ "status": self.world.signing.unwrap_or("Accepted") }),
            _ => json!({}),
        };
        self.requests.push((action.into(), frame[3].clone()));
        let reply = match self.world.errors.contains(&action) {
            true => json!([4, frame[1], "InternalError", "", {}]),
            false => json!([3, frame[1], answer]),
        };
        if !self.world.deaf {
            self.inbox.push_back(Event::Received(reply.to_string()));
        }
    }
}

/// The payload of SetVariables for one variable.
pub fn set_variable(component: &str, variable: &str, value: &str) -> Value {
    let data = json!({
        "attributeValue": value, "component": { "name": component }, "variable": { "name": variable },
    });
    json!({ "setVariableData": [data] })
}
