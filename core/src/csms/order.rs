//! What a station shall do, in the words of the domain or in those of the wire.

use alloc::boxed::Box;
use alloc::string::String;

use pilotwire_messages::{ErrorCode, Json, Text, Version, frame};

use super::api::Outcome;
use crate::dialect::{self, Refusal};
use crate::domain::{Command, MessageTrigger};

/// A command, or a CALL that the host wrote itself.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Command(Box<Command>),
    Raw { action: Text, payload: Json },
}

impl Order {
    pub(super) fn write(&self, version: Version, id: &str) -> Result<String, Refusal> {
        match self {
            Self::Command(command) => dialect::write_command(version, id, command),
            Self::Raw { payload, .. } if !payload.as_str().starts_with('{') => {
                Err(Refusal { code: ErrorCode::FormatViolation, text: "the payload is no object".into() })
            }
            Self::Raw { action, payload } => Ok(frame::call_text(id, action, payload)),
        }
    }

    pub(super) fn read(&self, version: Version, payload: &str) -> Result<Outcome, Refusal> {
        match self {
            Self::Command(command) => dialect::read_reply(version, command, payload).map(Outcome::Reply),
            Self::Raw { .. } => Json::parse(payload).map(Outcome::Payload).map_err(|error| Refusal {
                code: ErrorCode::FormatViolation,
                text: alloc::format!("the result is no JSON: {error}"),
            }),
        }
    }

    pub(super) fn triggers(&self, trigger: &MessageTrigger) -> bool {
        matches!(self, Self::Command(command) if matches!(&**command, Command::Trigger { message, .. } if message == trigger))
    }

    pub(super) fn starts_or_stops(&self) -> bool {
        match self {
            Self::Command(command) => matches!(**command, Command::RequestStart { .. } | Command::RequestStop { .. }),
            Self::Raw { action, .. } => START_OR_STOP.contains(&action.as_str()),
        }
    }

    /// The action that the station is asked to call (B02.FR.02).
    pub(super) fn asks_for(&self) -> Option<Text> {
        match self {
            Self::Command(command) => match &**command {
                Command::Trigger { message, .. } => Some(triggered(message.as_str())),
                Command::GetReport { .. } => Some("NotifyReport".into()),
                Command::GetChargingProfiles { .. } => Some("ReportChargingProfiles".into()),
                _ => None,
            },
            Self::Raw { action, .. } if action == "GetBaseReport" || action == "GetReport" => {
                Some("NotifyReport".into())
            }
            Self::Raw { action, .. } if action == "GetChargingProfiles" => Some("ReportChargingProfiles".into()),
            Self::Raw { action, payload } if action == "TriggerMessage" || action == "ExtendedTriggerMessage" => {
                let head: Triggered = serde_json::from_str(payload.as_str()).ok()?;
                Some(triggered(&head.requested_message))
            }
            Self::Raw { .. } => None,
        }
    }
}

/// Both editions' names: raw calls are in the words of the wire.
const START_OR_STOP: [&str; 4] =
    ["RequestStartTransaction", "RequestStopTransaction", "RemoteStartTransaction", "RemoteStopTransaction"];

/// The member of a TriggerMessage that counts here; all editions have it.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Triggered {
    requested_message: Text,
}

/// A trigger is called like the action that it asks for, but for the certificates.
fn triggered(message: &str) -> Text {
    if message.starts_with("Sign") { "SignCertificate".into() } else { message.into() }
}
