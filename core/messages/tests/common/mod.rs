//! What the tests share: the examples, and payloads by the name of their action.
#![allow(dead_code, clippy::unwrap_used)]

use pilotwire_messages::{ActionInfo, Request, Version, Violation, decode, encode, v2, v16};

/// Which of an action's payloads is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Request,
    Response,
}

use Direction::{Request as Req, Response as Res};

/// A valid payload.
pub(crate) struct Example {
    pub(crate) version: Version,
    pub(crate) action: &'static str,
    pub(crate) direction: Direction,
    pub(crate) payload: &'static str,
}

pub(crate) fn examples() -> Vec<Example> {
    let files = [
        (Version::V16, include_str!("../examples/1.6.txt")),
        (Version::V201, include_str!("../examples/2.0.1.txt")),
        (Version::V21, include_str!("../examples/2.0.1.txt")),
        (Version::V21, include_str!("../examples/2.1.txt")),
    ];
    let mut examples = Vec::new();
    for (version, file) in files {
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.splitn(3, ' ');
            examples.push(Example {
                version,
                action: words.next().unwrap(),
                direction: if words.next() == Some("request") { Req } else { Res },
                payload: words.next().unwrap(),
            });
        }
    }
    examples
}

pub(crate) fn example(version: Version, action: &str, direction: Direction) -> &'static str {
    let examples = examples().into_iter();
    let mut fitting = examples.filter(|e| (e.version, e.action, e.direction) == (version, action, direction));
    fitting.next().unwrap_or_else(|| panic!("no example of {action} in {version}")).payload
}

pub(crate) fn actions(version: Version) -> Vec<ActionInfo> {
    let blocks = if version == Version::V16 { v16::ACTIONS } else { v2::ACTIONS };
    blocks.iter().copied().flatten().copied().collect()
}

fn again<R: Request>(direction: Direction, payload: &str, version: Version) -> Result<String, Violation> {
    match direction {
        Req => decode::<R>(payload, version).map(|value| encode(&value)),
        Res => decode::<R::Response>(payload, version).map(|value| encode(&value)),
    }
}

macro_rules! by_name {
    ($family:ident $action:ident, $direction:ident, $payload:ident, $version:ident: $($name:ident)*) => {
        match $action {
            $(name if name == <$family::$name as Request>::ACTION.name => {
                again::<$family::$name>($direction, $payload, $version)
            })*
            _ => panic!("{} has no {}", $version, $action),
        }
    };
}

/// Decodes a payload, and encodes it again.
pub(crate) fn through(
    version: Version,
    action: &str,
    direction: Direction,
    payload: &str,
) -> Result<String, Violation> {
    match version {
        Version::V16 => by_name!(v16 action, direction, payload, version:
            AuthorizeRequest BootNotificationRequest ChangeAvailabilityRequest ChangeConfigurationRequest
            ClearCacheRequest DataTransferRequest GetConfigurationRequest HeartbeatRequest MeterValuesRequest
            RemoteStartTransactionRequest RemoteStopTransactionRequest ResetRequest SecurityEventNotificationRequest
            StartTransactionRequest StatusNotificationRequest StopTransactionRequest TriggerMessageRequest
            UnlockConnectorRequest),
        Version::V201 | Version::V21 => by_name!(v2 action, direction, payload, version:
            AuthorizeRequest BootNotificationRequest ChangeAvailabilityRequest DataTransferRequest GetBaseReportRequest
            GetTransactionStatusRequest GetVariablesRequest HeartbeatRequest MeterValuesRequest NotifyReportRequest
            RequestStartTransactionRequest RequestStopTransactionRequest ResetRequest SecurityEventNotificationRequest
            SetVariablesRequest StatusNotificationRequest TransactionEventRequest TriggerMessageRequest
            UnlockConnectorRequest),
    }
}
