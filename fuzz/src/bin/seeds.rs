//! Writes the examples of `core/messages/tests/examples` as first inputs into `corpus`.

use std::fs;
use std::path::Path;

use pilotwire_messages::Version;
use pilotwire_messages::table::codecs;

fn main() -> std::io::Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (version, target) in
        [(Version::V16, "payloads_16"), (Version::V201, "payloads_201"), (Version::V21, "payloads_21")]
    {
        let examples = fs::read_to_string(home.join(format!("../core/messages/tests/examples/{version}.txt")))?;
        let actions = codecs(version);
        for target in [target, "again", "frames"] {
            fs::create_dir_all(home.join("corpus").join(target))?;
        }
        for (number, line) in examples.lines().filter(|line| !line.starts_with('#')).enumerate() {
            let mut words = line.splitn(3, ' ');
            let (Some(action), Some(direction), Some(payload)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let Some(at) = actions.iter().position(|codec| codec.info.name == action) else { continue };
            let mut input = vec![(at as u8) << 1 | u8::from(direction == "response")];
            input.extend_from_slice(payload.as_bytes());
            for target in [target, "again"] {
                fs::write(home.join(format!("corpus/{target}/{version}-{number}")), &input)?;
            }
            let frame = match direction {
                "request" => format!(r#"[2,"id-{number}","{action}",{payload}]"#),
                _ => format!(r#"[3,"id-{number}",{payload}]"#),
            };
            fs::write(home.join(format!("corpus/frames/{version}-{number}")), frame)?;
        }
    }
    Ok(())
}
