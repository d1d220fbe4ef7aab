//! A CSMS whose station is the test: commands of its host come out as JSON, and the station's CALLs go in.

use std::collections::VecDeque;

use pilotwire::csms::{Config, Csms, Input, Outcome, Output};
use pilotwire::domain::{AuthorizationStatus, ChargingProfile, Command, EvseId, IdTokenInfo};
use pilotwire::{Action, Event, Instant, Machine, Outbox, PowerUp, Version};
use serde_json::{Value, json};

use crate::charging::T0;

/// The CSMS, and everything that it said. Its host accepts every token.
pub struct Desk {
    csms: Csms,
    version: Version,
    outbox: Outbox<Output>,
    /// Frames that nobody has looked at.
    frames: VecDeque<Value>,
    /// What it told its host since the beginning.
    pub outputs: Vec<Output>,
    operations: u64,
    calls: u32,
}

impl Desk {
    /// A station of this version is connected and accepted.
    pub fn accepted(version: Version) -> Self {
        let mut desk = Self {
            csms: Csms::new(Config::new("CS001", 5)),
            version,
            outbox: Outbox::new(),
            frames: VecDeque::new(),
            outputs: Vec::new(),
            operations: 0,
            calls: 0,
        };
        desk.event(Event::PowerUp(PowerUp { records: Vec::new(), clock: T0.parse().ok() }));
        desk.event(Event::Connected(version));
        let boot = match version {
            Version::V16 => json!({ "chargePointVendor": "V", "chargePointModel": "M" }),
            _ => json!({ "chargingStation": { "model": "M", "vendorName": "V" }, "reason": "PowerUp" }),
        };
        assert_eq!(desk.call("BootNotification", boot)["status"], "Accepted");
        desk
    }

    fn event(&mut self, event: Event<Input>) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            self.csms.handle(Instant::ZERO, event, &mut self.outbox);
            for action in self.outbox.drain() {
                match action {
                    Action::Send(text) => {
                        self.frames.push_back(serde_json::from_str(&text).expect("a frame in JSON"));
                    }
                    Action::Output(output) => {
                        if let Output::Authorize { question, .. } = output {
                            let info = IdTokenInfo::new(AuthorizationStatus::Accepted).into();
                            events.push_back(Event::Input(Input::Authorized { question, info }));
                        }
                        self.outputs.push(output);
                    }
                    Action::Persist(_) | Action::Connect(_) | Action::Ping | Action::Close => {}
                }
            }
        }
    }

    /// The host tells the CSMS something.
    pub fn input(&mut self, input: Input) {
        self.event(Event::Input(input));
    }

    /// A command of the host; gives the payload of its CALL, which must be of this action and stays open.
    ///
    /// # Panics
    /// If another frame comes of it, or none.
    pub fn command(&mut self, action: &str, command: Command) -> Value {
        self.operations += 1;
        self.input(Input::Command { operation: self.operations, command, wait_s: 0 });
        let frame = self.frames.front().unwrap_or_else(|| panic!("no {action}: {:?}", self.outputs.last()));
        assert!(frame[0] == 2 && frame[2] == action, "{action} expected, not {frame}");
        frame[3].clone()
    }

    /// The station answers the command; gives how it ended.
    ///
    /// # Panics
    /// If none is open, or it does not end.
    pub fn answer(&mut self, payload: Value) -> Outcome {
        let call = self.frames.pop_front().expect("an open command");
        self.event(Event::Received(json!([3, call[1], payload]).to_string()));
        self.outcome()
    }

    /// The station answers the command with a CALLERROR; gives how it ended.
    ///
    /// # Panics
    /// If none is open, or it does not end.
    pub fn answer_error(&mut self, code: &str) -> Outcome {
        let call = self.frames.pop_front().expect("an open command");
        self.event(Event::Received(json!([4, call[1], code, "", {}]).to_string()));
        self.outcome()
    }

    fn outcome(&self) -> Outcome {
        let ended = self.outputs.iter().find_map(|output| match output {
            Output::Done { operation, outcome } if *operation == self.operations => Some(outcome.clone()),
            _ => None,
        });
        ended.expect("the command ends")
    }

    /// A CALL of the station, whose answer may need the host; gives its id.
    pub fn send(&mut self, action: &str, payload: Value) -> String {
        self.calls += 1;
        let id = format!("station-{}", self.calls);
        self.event(Event::Received(json!([2, id, action, payload]).to_string()));
        id
    }

    /// The payload of the result of the station's CALL with this id.
    ///
    /// # Panics
    /// If there is no result.
    pub fn result(&mut self, id: &str) -> Value {
        let at = self.frames.iter().position(|frame| frame[0] == 3 && frame[1] == id);
        let at = at.unwrap_or_else(|| panic!("{id} has no result: {:?}", self.frames));
        self.frames.remove(at).map(|frame| frame[2].clone()).unwrap_or_default()
    }

    /// A CALL of the station; gives the payload of its result.
    pub fn call(&mut self, action: &str, payload: Value) -> Value {
        let id = self.send(action, payload);
        self.result(&id)
    }

    /// The station tells that energy flows for a transaction at EVSE 1; gives its id.
    pub fn charge(&mut self) -> String {
        match self.version {
            Version::V16 => {
                let start = json!({ "connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": T0 });
                self.call("StartTransaction", start)["transactionId"].to_string()
            }
            _ => {
                let accepted = self.call("TransactionEvent", started("T1"));
                assert_eq!(accepted["idTokenInfo"]["status"], "Accepted");
                self.call("TransactionEvent", updated("T1", 1, "ChargingStateChanged"));
                "T1".into()
            }
        }
    }

    /// The profiles that it knows in the station.
    pub fn profiles(&self) -> Vec<(EvseId, ChargingProfile)> {
        self.csms.profiles().map(|(evse, profile)| (evse, profile.clone())).collect()
    }

    /// Nothing was sent that is not answered.
    ///
    /// # Panics
    /// If something was.
    pub fn expect_nothing(&self) {
        assert!(self.frames.is_empty(), "{:?}", self.frames);
    }
}

/// The start of a transaction of 2.x at EVSE 1.
pub fn started(transaction: &str) -> Value {
    json!({
        "eventType": "Started", "timestamp": T0, "triggerReason": "Authorized", "seqNo": 0,
        "transactionInfo": { "transactionId": transaction, "chargingState": "EVConnected" },
        "evse": { "id": 1, "connectorId": 1 }, "idToken": { "idToken": "A", "type": "ISO14443" },
    })
}

/// News of a transaction of 2.x that charges.
pub fn updated(transaction: &str, seq_no: i32, trigger: &str) -> Value {
    json!({
        "eventType": "Updated", "timestamp": T0, "triggerReason": trigger, "seqNo": seq_no,
        "transactionInfo": { "transactionId": transaction, "chargingState": "Charging" },
    })
}
