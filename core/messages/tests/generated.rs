//! Files that are made from the tables: every change of a table shows in them.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::actions;
use pilotwire_messages::table::{Limits, Member, Shape};
use pilotwire_messages::{ActionInfo, Sender, Version, v2, v16};

fn same(file: &str, text: &str) {
    let written = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default();
    if text == written {
        return;
    }
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file.replace(['/', '.'], "_"));
    std::fs::write(&new, text).expect("a place for the new file");
    let differs = text.lines().zip(written.lines()).find(|(ours, theirs)| ours != theirs);
    panic!(
        "{file} is not what the tables say; first difference: {differs:?}\nif it is meant: cp {} {file}",
        new.display()
    );
}

/// The facts of one version's tables: objects by number, then actions.
struct Facts {
    version: Version,
    numbers: BTreeMap<String, usize>,
    objects: Vec<String>,
}

impl Facts {
    fn shape(&mut self, shape: &Shape, limits: &Limits) -> String {
        let range = |low: i64, high: i64| match (low, high) {
            (i64::MIN, i64::MAX) => String::new(),
            (low, i64::MAX) => format!(" {low}.."),
            (i64::MIN, high) => format!(" ..{high}"),
            (low, high) => format!(" {low}..{high}"),
        };
        let own = range(limits.min, limits.max);
        match shape {
            Shape::Text if limits.uri => format!("uri{own}"),
            Shape::Text => format!("text{own}"),
            Shape::Words { words, others_since_21 } => {
                let exists = words.iter().filter(|word| !word.since_21 || self.version == Version::V21);
                let words: Vec<&str> = exists.map(|word| word.text).collect();
                match others_since_21.filter(|_| self.version == Version::V21) {
                    Some(max) => format!("text ..{max}"),
                    None => words.join("|"),
                }
            }
            Shape::Integer => format!("i32{own}"),
            Shape::Long => format!("i64{own}"),
            Shape::Number if limits.whole => format!("integer{own}"),
            Shape::Number if limits.tenths => format!("tenths{own}"),
            Shape::Number => format!("number{own}"),
            Shape::Boolean => "boolean".into(),
            Shape::DateTime => "timestamp".into(),
            Shape::Any => "any".into(),
            Shape::List(item) => format!("[{}]{own}", self.shape(item, &limits.of_items())),
            Shape::Object { members, open } => self.object(members, *open),
        }
    }

    fn object(&mut self, members: &[Member], open: bool) -> String {
        let mut parts = Vec::new();
        let version = self.version;
        for member in members.iter().filter(|member| member.rule.exists_in(version)) {
            let must = if member.required || member.rule.required_in(version) { "!" } else { "" };
            let shape = self.shape(member.shape, member.rule.limits(version));
            parts.push(format!("{}{must} {shape}", member.name));
        }
        let text = format!("{{{}{}}}", parts.join(", "), if open { ", .." } else { "" });
        let next = self.numbers.len();
        let number = *self.numbers.entry(text.clone()).or_insert(next);
        if number == next {
            self.objects.push(text);
        }
        format!("#{number}")
    }
}

fn facts(version: Version) -> String {
    let mut facts = Facts { version, numbers: BTreeMap::new(), objects: Vec::new() };
    let mut rows = String::new();
    for action in actions(version) {
        let request = facts.shape(action.request, &Limits::NONE);
        let response = action.response.map(|shape| facts.shape(shape, &Limits::NONE)).unwrap_or("-".into());
        let ActionInfo { name, sender, block, .. } = action;
        rows += &format!("{name} {sender:?} \"{block}\" {request} {response}\n");
    }
    let objects = facts.objects.iter().enumerate().map(|(number, object)| format!("#{number} {object}\n"));
    objects.collect::<String>() + &rows
}

/// What the comparison with the schemas proved stays so where these are absent.
#[test]
fn the_tables_are_what_they_were() {
    for version in Version::ALL {
        same(&format!("tests/facts/{version}.txt"), &facts(version));
    }
}

fn direction(sender: Sender) -> &'static str {
    match sender {
        Sender::Station => "station → CSMS",
        Sender::Csms => "CSMS → station",
        Sender::Both => "both",
    }
}

fn list(title: &str, blocks: &[&[ActionInfo]], versions: &[Version]) -> String {
    let all: Vec<&ActionInfo> = blocks.iter().copied().flatten().collect();
    let count = |version: Version| all.iter().filter(|action| action.exists_in(version)).count();
    let counts: Vec<String> = versions.iter().map(|v| format!("{v}: {} actions", count(*v))).collect();
    let mut text = format!(
        "\n## {title}\n\n{}.\n\n| action | block | sent by | since |\n| --- | --- | --- | --- |\n",
        counts.join(", ")
    );
    for action in all {
        let since = if action.since_21 { "2.1" } else { versions[0].name() };
        let unconfirmed = if action.response.is_none() { ", SEND" } else { "" };
        let by = direction(action.sender);
        text += &format!("| {} | {} | {by}{unconfirmed} | {since} |\n", action.name, action.block);
    }
    text
}

#[test]
fn the_list_of_messages_is_up_to_date() {
    let mut text = String::from("# Messages\n\nMade from the tables of `core/messages` by its test `generated`.\n");
    text += &list("OCPP 1.6", v16::ACTIONS, &[Version::V16]);
    text += &list("OCPP 2.0.1 and 2.1", v2::ACTIONS, &[Version::V201, Version::V21]);
    same("../../docs/messages.md", &text);
}
