//! A station as seen from its wire: raw texts go in, actions come out, time is virtual and the disk is a map.

mod commands;
mod credentials;
mod events;
mod files;
mod gate;
mod ledger;
mod link;
mod profiles;
mod restart;
mod signing;
mod transactions;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use pilotwire_messages::{DateTime, Text, Version};
use serde_json::Value;

use super::Csms;
use super::api::{Config, Entry, Input, Outcome, Output};
use crate::domain::{Command, MessageTrigger, RegistrationStatus, ResetKind};
use crate::machine::{Action, Event, Machine, Outbox, PowerUp, Record, Write};
use crate::time::Instant;

const VERSIONS: [Version; 3] = [Version::V16, Version::V201, Version::V21];
const NOW: &str = "2026-03-01T12:00:00.000Z";

type Actions = Vec<Action<Output>>;

/// The machine with its disk and its clock.
#[derive(Clone)]
struct Desk {
    csms: Csms,
    now: Instant,
    disk: BTreeMap<String, String>,
}

impl Desk {
    fn new(config: Config) -> Self {
        Self::restarted(config, BTreeMap::new())
    }

    fn restarted(config: Config, disk: BTreeMap<String, String>) -> Self {
        let mut desk = Self { csms: Csms::new(config), now: Instant::ZERO, disk };
        let records = desk.disk.iter().map(|(key, value)| Record { key: key.clone(), value: value.clone() }).collect();
        let actions = desk.tell(Event::PowerUp(PowerUp { records, clock: NOW.parse().ok() }));
        assert_eq!(actions, []);
        desk
    }

    /// A connected station that was accepted.
    fn accepted(version: Version) -> Self {
        let mut desk = Self::new(config());
        desk.tell(Event::Connected(version));
        desk.boot(version);
        desk
    }

    fn tell(&mut self, event: Event<Input>) -> Actions {
        let actions = self.tell_only(event);
        actions.iter().for_each(|action| self.perform(action));
        actions
    }

    fn tell_only(&mut self, event: Event<Input>) -> Actions {
        let mut out = Outbox::new();
        self.csms.handle(self.now, event, &mut out);
        out.drain().collect()
    }

    fn perform(&mut self, action: &Action<Output>) {
        match action {
            Action::Persist(Write::Put(record)) => {
                let safe = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"/.-_".contains(&c);
                assert!(record.key.len() <= 64 && record.key.bytes().all(safe), "{}", record.key);
                assert!(!record.value.contains('\n'));
                self.disk.insert(record.key.clone(), record.value.clone());
            }
            Action::Persist(Write::Delete(key)) => {
                self.disk.remove(key);
            }
            _ => {}
        }
    }

    fn receive(&mut self, text: &str) -> Actions {
        self.tell(Event::Received(text.into()))
    }

    fn input(&mut self, input: Input) -> Actions {
        self.tell(Event::Input(input))
    }

    fn command(&mut self, operation: u64, command: Command, wait_s: u32) -> Actions {
        self.input(Input::Command { operation, command, wait_s })
    }

    fn boot(&mut self, version: Version) -> Actions {
        self.receive(boot(version))
    }

    fn registration(&mut self, status: RegistrationStatus) -> Actions {
        self.input(Input::Registration { status, interval_s: 60 })
    }

    /// Lets time pass, and wakes the machine whenever it wants to be.
    fn wait(&mut self, span_s: u64) -> Actions {
        let end = self.now + Duration::from_secs(span_s);
        let mut actions = Vec::new();
        for _ in 0..10_000 {
            let Some((at, _)) = self.csms.poll_timeout().filter(|(at, _)| *at <= end) else {
                self.now = end;
                return actions;
            };
            self.now = self.now.max(at);
            actions.extend(self.tell(Event::Timeout));
        }
        panic!("never at rest");
    }
}

fn config() -> Config {
    Config::new("CS-1", 7)
}

fn boot(version: Version) -> &'static str {
    match version {
        Version::V16 => r#"[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]"#,
        _ => r#"[2,"b","BootNotification",{"chargingStation":{"model":"M","vendorName":"V"},"reason":"PowerUp"}]"#,
    }
}

fn trigger(message: MessageTrigger) -> Command {
    Command::Trigger { message, place: None }
}

/// A command that every version has.
fn reset() -> Command {
    Command::Reset { kind: ResetKind::Immediate, evse: None }
}

fn remote_stop() -> Command {
    Command::RequestStop { transaction: "1".into() }
}

fn sent(actions: &[Action<Output>]) -> Vec<&str> {
    let texts = actions.iter().filter_map(|action| match action {
        Action::Send(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// The only frame that was sent.
fn answer(actions: &[Action<Output>]) -> Value {
    let [text] = sent(actions)[..] else { panic!("one frame expected: {actions:?}") };
    serde_json::from_str(text).unwrap()
}

/// The code of the CALLERROR that was sent.
fn error_code(actions: &[Action<Output>]) -> String {
    let frame = answer(actions);
    assert_eq!(frame[0], 4, "{frame}");
    frame[2].as_str().unwrap().to_string()
}

fn outputs(actions: &[Action<Output>]) -> Vec<&Output> {
    let outputs = actions.iter().filter_map(|action| match action {
        Action::Output(output) => Some(output),
        _ => None,
    });
    outputs.collect()
}

fn done(actions: &[Action<Output>]) -> Vec<(u64, &Outcome)> {
    let done = outputs(actions).into_iter().filter_map(|output| match output {
        Output::Done { operation, outcome } => Some((*operation, outcome)),
        _ => None,
    });
    done.collect()
}

fn entry(actions: &[Action<Output>]) -> &Entry {
    let mut entries = outputs(actions).into_iter().filter_map(|output| match output {
        Output::Transaction(entry) => Some(&**entry),
        _ => None,
    });
    entries.next().expect("a transaction event is reported")
}

/// The number of the question that was asked.
fn question(actions: &[Action<Output>]) -> u64 {
    let mut questions = outputs(actions).into_iter().filter_map(|output| match output {
        Output::Authorize { question, .. } | Output::DataTransfer { question, .. } => Some(*question),
        _ => None,
    });
    questions.next().expect("a question is asked")
}

fn authorized(question: u64, status: &str) -> Input {
    let info = serde_json::from_str(&format!(r#"{{"status":"{status}"}}"#)).unwrap();
    Input::Authorized { question, info }
}

fn hit_limits(actions: &[Action<Output>]) -> usize {
    outputs(actions).iter().filter(|output| matches!(output, Output::LimitHit { .. })).count()
}

fn violations(actions: &[Action<Output>]) -> Vec<&Text> {
    let violations = outputs(actions).into_iter().filter_map(|output| match output {
        Output::Violation { text } => Some(text),
        _ => None,
    });
    violations.collect()
}

/// C-7: what acknowledges an event comes after its write, and after its report.
fn assert_durable_before_sent(actions: &[Action<Output>]) {
    let last = |is: fn(&Action<Output>) -> bool| actions.iter().rposition(is);
    let persist = last(|action| matches!(action, Action::Persist(_)));
    let report = last(|action| matches!(action, Action::Output(Output::Transaction(_) | Output::Booted { .. })));
    let first_send = actions.iter().position(|action| matches!(action, Action::Send(_)));
    if let Some(send) = first_send {
        assert!(persist < Some(send) && report < Some(send), "{actions:?}");
    }
    assert!(persist < report || report.is_none(), "{actions:?}");
}

fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}
