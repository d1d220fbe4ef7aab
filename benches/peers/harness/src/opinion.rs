//! A second opinion: what a peer's types write, ours take, and the other way round.

use std::path::Path;

use pilotwire_messages::Version;
use pilotwire_messages::table::codecs;

/// Action, direction and payload to what the peer writes after reading it; `None` if it cannot.
pub type Theirs = dyn Fn(&str, &str, &str) -> Option<String>;

/// A peer's types of one version.
pub struct Opinion<'a> {
    /// The version.
    pub version: Version,
    /// Through the peer's types.
    pub theirs: &'a Theirs,
    /// Whether two payloads mean the same.
    pub equal: &'a dyn Fn(&str, &str) -> bool,
}

/// What came of it.
#[derive(Default)]
pub struct Verdict {
    agreed: usize,
    unread: Vec<String>,
    problems: Vec<String>,
}

impl Opinion<'_> {
    /// Asks about every example of the version.
    pub fn ask(&self, verdict: &mut Verdict) {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../core/messages/tests/examples");
        let examples = std::fs::read_to_string(home.join(format!("{}.txt", self.version))).expect("the examples");
        let codecs = codecs(self.version);
        for line in examples.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.splitn(3, ' ').collect();
            let [action, direction, payload] = words[..] else { continue };
            let codec = codecs.iter().find(|codec| codec.info.name == action).expect("an action of ours");
            let ours = if direction == "request" { codec.request } else { codec.response };
            let name = format!("{} {action} {direction}", self.version);
            let Some(theirs) = (self.theirs)(action, direction, payload) else {
                verdict.unread.push(name);
                continue;
            };
            match (ours.strictly)(&theirs, self.version) {
                Err(violation) => verdict.problems.push(format!("{name}: ours refuses {theirs}: {violation}")),
                Ok(text) => match (self.theirs)(action, direction, &text) {
                    Some(again) if (self.equal)(&again, &theirs) => verdict.agreed += 1,
                    again => verdict.problems.push(format!("{name}: {theirs} became {again:?} through ours")),
                },
            }
        }
    }
}

impl Verdict {
    /// Prints it; the process ends with 1 if there are problems.
    pub fn tell(&self, peer: &str) {
        println!("{peer}: {} payloads agreed, {} it cannot read, {} problems", self.agreed, self.unread.len(), self.problems.len());
        println!("not read by {peer}: {}", self.unread.join(", "));
        self.problems.iter().for_each(|problem| println!("PROBLEM {problem}"));
        if !self.problems.is_empty() {
            std::process::exit(1);
        }
    }
}
