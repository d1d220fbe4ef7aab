//! Examples through the types of ocpp-kit, then through ours, then through theirs again: nothing may be lost or changed.

use harness::opinion::{Opinion, Verdict};
use ocpp_kit::decode::DecodeOptions;
use ocpp_kit::{v1_6, v2_0_1, v2_1};
use pilotwire_messages::Version;
use serde_json::Value;
use serde_json::value::RawValue;

macro_rules! theirs {
    ($name:ident $family:ident) => {
        fn $name(action: &str, direction: &str, payload: &str) -> Option<String> {
            let action: $family::Action = action.parse().ok()?;
            let raw = RawValue::from_string(payload.to_owned()).ok()?;
            let options = DecodeOptions::strict();
            let text = match direction {
                "request" => $family::transcode_request(action, &raw, &options),
                _ => $family::transcode_response(action, &raw, &options),
            };
            text.ok().map(|text| text.get().to_owned())
        }
    };
}

theirs!(v16 v1_6);
theirs!(v201 v2_0_1);
theirs!(v21 v2_1);

fn equal(first: &str, second: &str) -> bool {
    serde_json::from_str::<Value>(first).ok() == serde_json::from_str::<Value>(second).ok()
}

fn main() {
    let mut verdict = Verdict::default();
    Opinion { version: Version::V16, theirs: &v16, equal: &equal }.ask(&mut verdict);
    Opinion { version: Version::V201, theirs: &v201, equal: &equal }.ask(&mut verdict);
    Opinion { version: Version::V21, theirs: &v21, equal: &equal }.ask(&mut verdict);
    verdict.tell("ocpp-kit");
}
