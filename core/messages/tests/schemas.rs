//! Compares the tables with the official JSON schemas, where these are at hand: they may not be part of this project.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use pilotwire_messages::table::{Limits, Member, Rule, Shape, Word};
use pilotwire_messages::{ActionInfo, Version, v2, v16};
use serde_json::Value;

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/spec");

/// What a schema may say; a word that is not here would go unread.
const READ: &[&str] = &[
    "$ref",
    "additionalProperties",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minimum",
    "multipleOf",
    "properties",
    "required",
    "type",
];
/// What binds nobody.
const UNREAD: &[&str] = &[
    // Means something beside a list of `items` only.
    "additionalItems",
    "$id",
    "$schema",
    "comment",
    "default",
    "definitions",
    "description",
    "id",
    "javaType",
    "title",
];

struct Comparison<'a> {
    version: Version,
    definitions: &'a Value,
    problems: Vec<String>,
}

impl Comparison<'_> {
    fn problem(&mut self, path: &str, text: &str) {
        self.problems.push(format!("{} {path}: {text}", self.version));
    }

    fn expect(&mut self, path: &str, what: &str, ours: Option<i64>, schema: &Value) {
        let theirs = schema.get(what).and_then(|n| n.as_i64().or_else(|| n.as_f64().map(|n| n as i64)));
        if ours != theirs {
            self.problem(path, &format!("{what} is {ours:?} here and {theirs:?} in the schema"));
        }
    }

    fn value(&mut self, path: &str, schema: &Value, shape: &Shape, limits: &Limits) {
        if let Some(name) = schema["$ref"].as_str() {
            let definition = &self.definitions[name.trim_start_matches("#/definitions/")];
            return self.value(path, definition, shape, limits);
        }
        for keyword in schema.as_object().into_iter().flat_map(|map| map.keys()) {
            if !READ.contains(&keyword.as_str()) && !UNREAD.contains(&keyword.as_str()) {
                self.problem(path, &format!("{keyword} is not compared"));
            }
        }
        let bound = |bound: i64| (bound != i64::MIN && bound != i64::MAX).then_some(bound);
        match (shape, schema["type"].as_str(), schema["format"].as_str()) {
            (Shape::Any, None, None) => {}
            (Shape::Boolean, Some("boolean"), None) | (Shape::DateTime, Some("string"), Some("date-time")) => {}
            (Shape::Text, Some("string"), format @ (None | Some("uri"))) if schema["enum"].is_null() => {
                if limits.uri != format.is_some() {
                    self.problem(path, "format differs");
                }
                self.expect(path, "maxLength", bound(limits.max), schema);
            }
            (Shape::Words { words, others_since_21 }, Some("string"), None) => {
                self.words(path, schema, words, *others_since_21);
            }
            (Shape::Number, Some("integer"), None) if !limits.whole => self.problem(path, "an integer in the schema"),
            (Shape::Integer | Shape::Long | Shape::Number, Some("integer"), None)
            | (Shape::Number, Some("number"), None) => {
                self.expect(path, "minimum", bound(limits.min), schema);
                self.expect(path, "maximum", bound(limits.max), schema);
                if limits.tenths != (schema["multipleOf"].as_f64() == Some(0.1)) {
                    self.problem(path, "multipleOf differs");
                }
            }
            (Shape::List(item), Some("array"), None) => {
                self.expect(path, "minItems", bound(limits.min).filter(|min| *min > 0), schema);
                self.expect(path, "maxItems", bound(limits.max), schema);
                self.value(&format!("{path}/0"), &schema["items"], item, &limits.of_items());
            }
            (Shape::Object { members, open }, Some("object"), None) => self.object(path, schema, members, *open),
            (_, found, format) => self.problem(path, &format!("{shape:?} here, {found:?} {format:?} in the schema")),
        }
    }

    fn words(&mut self, path: &str, schema: &Value, words: &[Word], others_since_21: Option<i64>) {
        if let Some(max) = others_since_21.filter(|_| self.version == Version::V21) {
            return self.expect(path, "maxLength", Some(max), schema);
        }
        let ours: BTreeSet<&str> =
            words.iter().filter(|word| !word.since_21 || self.version == Version::V21).map(|word| word.text).collect();
        let theirs: BTreeSet<&str> =
            schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for word in ours.symmetric_difference(&theirs) {
            let place = if ours.contains(word) { "here" } else { "in the schema" };
            self.problem(path, &format!("the word {word} stands {place} only"));
        }
    }

    fn object(&mut self, path: &str, schema: &Value, members: &[Member], open: bool) {
        if open != (schema["additionalProperties"] != Value::Bool(false)) {
            self.problem(path, "additionalProperties differs");
        }
        let empty = serde_json::Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let required = |name: &str| schema["required"].as_array().is_some_and(|list| list.iter().any(|r| r == name));
        let (ours, later): (Vec<&Member>, Vec<&Member>) =
            members.iter().partition(|member| member.rule.exists_in(self.version));
        for member in later {
            if properties.contains_key(member.name) {
                self.problem(path, &format!("{} is said to be of a later edition", member.name));
            }
        }
        for name in properties.keys() {
            if !ours.iter().any(|member| member.name == name) {
                self.problem(path, &format!("{name} stands in the schema only"));
            }
        }
        for member in ours {
            let path = format!("{path}/{}", member.name);
            match properties.get(member.name) {
                None => self.problem(&path, "stands here only"),
                Some(schema) => self.value(&path, schema, member.shape, member.rule.limits(self.version)),
            }
            if (member.required || member.rule.required_in(self.version)) != required(member.name) {
                self.problem(&path, "required in one of both only");
            }
        }
    }
}

fn compare(version: Version, file: &Path, shape: &Shape) -> Vec<String> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return vec![format!("{}: {error}", file.display())],
    };
    let schema: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("a schema in JSON");
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut comparison = Comparison { version, definitions: &schema["definitions"], problems: Vec::new() };
    comparison.value(&name, &schema, shape, Rule::ANY.limits(version));
    comparison.problems
}

/// Straight to standard error: what was not compared must be seen although the test passes.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn compare_all(version: Version, actions: &[&[ActionInfo]]) {
    let schemas = PathBuf::from(SPEC).join(version.name()).join("schemas");
    let actions: Vec<&ActionInfo> = actions.iter().copied().flatten().filter(|a| a.exists_in(version)).collect();
    if !schemas.is_dir() {
        let names: Vec<&str> = actions.iter().map(|action| action.name).collect();
        say(&format!(
            "SKIPPED: no OCPP {version} schemas in {}; not compared: {}",
            schemas.display(),
            names.join(", ")
        ));
        return;
    }
    let request = if version == Version::V16 { "" } else { "Request" };
    let mut problems = Vec::new();
    for action in &actions {
        let request = action.response.map_or("", |_| request);
        problems.extend(compare(version, &schemas.join(format!("{}{request}.json", action.name)), action.request));
        if let Some(response) = action.response {
            problems.extend(compare(version, &schemas.join(format!("{}Response.json", action.name)), response));
        }
    }
    say(&format!("compared {} actions with the OCPP {version} schemas", actions.len()));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_tables_of_1_6_say_what_its_schemas_say() {
    compare_all(Version::V16, v16::ACTIONS);
}

#[test]
fn the_tables_of_2_0_1_say_what_its_schemas_say() {
    compare_all(Version::V201, v2::ACTIONS);
}

#[test]
fn the_tables_of_2_1_say_what_its_schemas_say() {
    compare_all(Version::V21, v2::ACTIONS);
}
