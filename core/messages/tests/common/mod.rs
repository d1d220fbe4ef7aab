//! What the tests share: the examples, and payloads by the name of their action.
#![allow(dead_code, clippy::unwrap_used)]

use pilotwire_messages::table::codecs;
use pilotwire_messages::{ActionInfo, Version, Violation};

/// Which of an action's payloads is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Request,
    Response,
}

pub(crate) mod schema;

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
        (Version::V201, include_str!("../examples/2.0.1-only.txt")),
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
    codecs(version).into_iter().map(|codec| codec.info).collect()
}

/// Decodes a payload, and encodes it again.
pub(crate) fn through(
    version: Version,
    action: &str,
    direction: Direction,
    payload: &str,
) -> Result<String, Violation> {
    let codec = codecs(version).into_iter().find(|codec| codec.info.name == action);
    let codec = codec.unwrap_or_else(|| panic!("{version} has no {action}"));
    match direction {
        Req => (codec.request.strictly)(payload, version),
        Res => (codec.response.strictly)(payload, version),
    }
}
