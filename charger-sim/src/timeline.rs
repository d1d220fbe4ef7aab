//! A session as people read it: what happened, when, and how it was answered.

use std::sync::{Mutex, PoisonError};

use pilotwire::messages::Frame;
use pilotwire::{DateTime, Version};
use serde_json::Value;

use crate::say;

/// The longest excerpt of a payload, in characters.
const EXCERPT: usize = 90;

/// Prints lines as they become complete, and remembers which actions were answered well.
#[derive(Debug)]
pub struct Timeline {
    station: String,
    version: Version,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests without an answer: message id, time, who asked, action, excerpt.
    open: Vec<(String, String, &'static str, String, String)>,
    answered: Vec<String>,
    errors: Vec<String>,
}

impl Timeline {
    /// The timeline of a station.
    pub fn new(station: &str, version: Version) -> Self {
        Self { station: station.into(), version, state: Mutex::default() }
    }

    /// Something that a person or the hardware did.
    pub fn deed(&self, time: DateTime, what: &str) {
        say(&format!("{}  {:<8} *       {what}", clock(&time.to_string()), self.station));
    }

    /// An event of the charger: frames become lines, everything else is passed over.
    pub fn event(&self, event: &Value) {
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("event") == "frame" {
            self.frame(text("time"), text("direction") == "sent", text("frame"));
        }
    }

    fn frame(&self, time: &str, sent: bool, raw: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match Frame::parse(raw, self.version) {
            Ok(Frame::Call { id, action, payload }) => {
                let who = if sent { "charger" } else { "csms" };
                state.open.push((id.into(), time.into(), who, action.into_owned(), excerpt(payload)));
            }
            Ok(Frame::CallResult { id, payload }) => {
                if let Some((time, who, action, request)) = take(&mut state.open, &id) {
                    self.line(&time, who, &action, &request, &excerpt(payload));
                    state.answered.push(told(&action, &request));
                }
            }
            Ok(Frame::CallError(failure)) => {
                if let Some((time, who, action, request)) = take(&mut state.open, &failure.id) {
                    let answer = format!("{}: {}", failure.code, failure.description);
                    self.line(&time, who, &action, &request, &answer);
                    state.errors.push(format!("{action}: {answer}"));
                }
            }
            Ok(_) => {}
            Err(error) => state.errors.push(format!("a frame that is none: {error}")),
        }
    }

    fn line(&self, time: &str, who: &str, action: &str, request: &str, answer: &str) {
        say(&format!("{}  {:<8} {who:<7} {action:<18} {request}\n{:42}→ {answer}", clock(time), self.station, ""));
    }

    /// What was answered: the action, and the stage of a TransactionEvent behind it.
    pub fn answered(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).answered.clone()
    }

    /// What was answered with an error, or was none of the protocol.
    pub fn errors(&self) -> Vec<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).errors.clone()
    }
}

type Open = (String, String, &'static str, String, String);

fn take(open: &mut Vec<Open>, id: &str) -> Option<(String, &'static str, String, String)> {
    let at = open.iter().position(|(known, ..)| known == id)?;
    let (_, time, who, action, request) = open.remove(at);
    Some((time, who, action, request))
}

/// `TransactionEvent Started` and the like: three kinds of events under one action.
fn told(action: &str, request: &str) -> String {
    let stages = ["Started", "Updated", "Ended"];
    let stage = stages.iter().find(|stage| request.contains(&format!("eventType:{stage}")));
    match stage {
        Some(stage) => format!("{action} {stage}"),
        None => action.into(),
    }
}

/// The time of day out of a timestamp.
fn clock(time: &str) -> &str {
    time.get(11..21).unwrap_or(time)
}

/// The beginning of a payload, without quotes and outer braces.
fn excerpt(payload: &str) -> String {
    let plain: String = payload.chars().filter(|c| *c != '"').collect();
    let plain = plain.trim_start_matches('{').trim_end_matches('}');
    let short: String = plain.chars().take(EXCERPT).collect();
    match (short.len() < plain.len(), short.is_empty()) {
        (true, _) => format!("{short}…"),
        (false, true) => "(nothing more)".into(),
        (false, false) => short,
    }
}
