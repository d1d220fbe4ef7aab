//! A station that was let in.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::tool::{Edition, Met, Stream};

/// A CSMS that pings so often, once a minute, does not say what is waited for.
const PINGS: u32 = 3;

/// A CALL of the CSMS.
pub(crate) struct Heard {
    id: Value,
    action: String,
    pub(crate) payload: Value,
}

pub(crate) struct Session {
    socket: WebSocket<Box<dyn Stream>>,
    edition: Edition,
    met: Option<Met>,
    /// What the CSMS said and nobody asked for yet.
    heard: VecDeque<Heard>,
    calls: u32,
}

impl Session {
    pub(crate) fn new(socket: WebSocket<Box<dyn Stream>>, edition: Edition, met: Option<Met>) -> Self {
        Self { socket, edition, met, heard: VecDeque::new(), calls: 0 }
    }

    /// How TLS came about.
    pub(crate) fn met(&self) -> &Met {
        self.met.as_ref().expect("a session by TLS")
    }

    fn frame(&mut self) -> Value {
        for _ in 0..PINGS {
            match self.socket.read().expect("the CSMS goes on") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(why) => panic!("the CSMS hangs up: {why:?}"),
                _ => {}
            }
        }
        panic!("the CSMS has nothing to say");
    }

    fn send(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).unwrap();
    }

    /// Sends a CALL; gives the payload of its CALLRESULT.
    pub(crate) fn call(&mut self, action: &str, payload: &Value) -> Value {
        self.calls += 1;
        let id = format!("tool-{}", self.calls);
        self.send(&json!([2, id, action, payload]));
        loop {
            let frame = self.frame();
            if frame[0] == 2 {
                self.heard.push_back(Heard::of(&frame));
                continue;
            }
            assert_eq!((&frame[0], &frame[1]), (&json!(3), &json!(id)), "{action}: {frame}");
            return frame[2].clone();
        }
    }

    /// The next CALL, which has to be this one.
    pub(crate) fn hears(&mut self, action: &str) -> Heard {
        let heard = match self.heard.pop_front() {
            Some(heard) => heard,
            None => Heard::of(&self.frame()),
        };
        assert_eq!(heard.action, action, "{}", heard.payload);
        heard
    }

    pub(crate) fn answers(&mut self, heard: &Heard, payload: &Value) {
        self.send(&json!([3, heard.id, payload]));
    }

    /// Hears a CALL and answers with this status; gives its payload.
    pub(crate) fn hears_and_says(&mut self, action: &str, status: &str) -> Value {
        let heard = self.hears(action);
        self.answers(&heard, &json!({ "status": status }));
        heard.payload
    }

    /// The reusable state Booted: it is accepted, and what it tells of its connectors is taken.
    pub(crate) fn boots(mut self) -> Self {
        let boot = match self.edition {
            Edition::V16 => json!({ "chargePointVendor": "Wire", "chargePointModel": "One" }),
            Edition::V201 => {
                json!({ "reason": "PowerUp", "chargingStation": { "vendorName": "Wire", "model": "One" } })
            }
        };
        let answer = self.call("BootNotification", &boot);
        assert_eq!(answer["status"], "Accepted", "{answer}");
        let now = &answer["currentTime"];
        match self.edition {
            Edition::V16 => self.tells_points(),
            Edition::V201 => self.tells_connector(now),
        }
        self
    }

    fn tells_points(&mut self) {
        for connector in [0, 1] {
            let status = json!({ "connectorId": connector, "errorCode": "NoError", "status": "Available" });
            assert_eq!(self.call("StatusNotification", &status), json!({}));
        }
    }

    /// In both ways that 2.0.1 has (G01).
    fn tells_connector(&mut self, now: &Value) {
        let status = json!({ "timestamp": now, "connectorStatus": "Available", "evseId": 1, "connectorId": 1 });
        assert_eq!(self.call("StatusNotification", &status), json!({}));
        let event = json!({
            "eventId": 1,
            "timestamp": now,
            "trigger": "Delta",
            "actualValue": "Available",
            "eventNotificationType": "HardWiredNotification",
            "component": { "name": "Connector", "evse": { "id": 1, "connectorId": 1 } },
            "variable": { "name": "AvailabilityState" },
        });
        let events = json!({ "generatedAt": now, "seqNo": 0, "eventData": [event] });
        assert_eq!(self.call("NotifyEvent", &events), json!({}));
    }

    /// It still talks to the CSMS.
    pub(crate) fn goes_on(&mut self) {
        let answer = self.call("Heartbeat", &json!({}));
        assert!(answer["currentTime"].is_string(), "{answer}");
    }
}

impl Heard {
    fn of(frame: &Value) -> Self {
        assert_eq!(frame[0], 2, "{frame}");
        Self { id: frame[1].clone(), action: frame[2].as_str().unwrap().to_owned(), payload: frame[3].clone() }
    }
}
