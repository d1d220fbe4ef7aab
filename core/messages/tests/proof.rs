//! The official schemas as judge, where they are at hand: random valid payloads come through unchanged, and every single
//! rule, broken once, is refused with its code at its place.

mod common;

use std::io::Write;

use common::schema::{Schema, Step, at_mut, pointer, schemas};
use pilotwire_messages::ErrorCode::{
    FormatViolation, OccurrenceConstraintViolation, PropertyConstraintViolation, TypeConstraintViolation,
};
use pilotwire_messages::table::{LeniencyKind, Lenient, PayloadCodec, Policy, codecs};
use pilotwire_messages::{ErrorCode, Version};
use serde_json::{Map, Value, json};

/// Random payloads of every action, direction and version.
const PAYLOADS: u64 = 40;

/// What was tried, and what did not hold.
#[derive(Default)]
struct Tally {
    payloads: usize,
    rules: usize,
    forgiven: usize,
    problems: Vec<String>,
}

impl Tally {
    /// The payload must come through, and mean the same.
    fn holds(&mut self, name: &str, version: Version, codec: PayloadCodec, payload: &Value) {
        self.payloads += 1;
        match (codec.strictly)(&payload.to_string(), version) {
            Ok(text) if serde_json::from_str::<Value>(&text).ok().as_ref() == Some(payload) => {}
            Ok(text) => self.problems.push(format!("{name}: {payload} became {text}")),
            Err(violation) => self.problems.push(format!("{name}: {payload} was refused: {violation}")),
        }
    }

    /// The payload must be refused, with this code at this place.
    fn breaks(&mut self, name: &str, version: Version, codec: PayloadCodec, text: &str, rule: (ErrorCode, &str)) {
        self.rules += 1;
        let (code, path) = rule;
        // Typed values and shapes are two ways to the same verdict.
        let verdicts = [
            (codec.strictly)(text, version),
            (codec.leniently)(text, version, &Policy::STRICT).map(|lenient| lenient.value),
        ];
        for verdict in verdicts {
            match verdict {
                Err(violation) if (violation.code, violation.path.as_str()) == (code, path) => {}
                Err(violation) => {
                    let found = format!("{:?} {}", violation.code, violation.path);
                    self.problems.push(format!("{name}: {code:?} {path} expected, not {found} ({violation})"));
                }
                Ok(_) => self.problems.push(format!("{name}: {code:?} {path} expected, and it was accepted")),
            }
        }
    }

    /// What the field really sends is taken, and said to be forgiven.
    fn forgives(&mut self, name: &str, version: Version, codec: PayloadCodec, text: &str, rule: (LeniencyKind, &str)) {
        self.forgiven += 1;
        let (kind, path) = rule;
        match (codec.leniently)(text, version, &Policy::FIELD) {
            Ok(Lenient { leniencies: used, .. })
                if used.iter().all(|l| (l.kind, l.path.as_str()) == (kind, path)) && !used.is_empty() => {}
            result => self.problems.push(format!("{name} {path}: {kind:?} was not forgiven: {result:?}")),
        }
    }
}

/// Values of every JSON type.
fn samples() -> [Value; 6] {
    [json!(null), json!(true), json!(7), json!("text"), json!([]), json!({})]
}

/// A value that breaks one rule.
struct Broken {
    value: Value,
    code: ErrorCode,
    /// Where below the value the rule is broken.
    below: String,
    /// How a lenient receiver calls it, if it forgives it.
    forgiven: Option<LeniencyKind>,
}

fn broken(value: Value, code: ErrorCode) -> Broken {
    Broken { value, code, below: String::new(), forgiven: None }
}

impl Broken {
    fn forgiven(self, kind: LeniencyKind) -> Self {
        Self { forgiven: Some(kind), ..self }
    }
}

/// Every way to break a value.
fn breakings(schema: &Schema, found: &Value) -> Vec<Broken> {
    let mut all = wrong_types(schema);
    if let Some(max) = schema.bound("maxLength") {
        let text = json!("é".repeat(max as usize + 1));
        all.push(broken(text, PropertyConstraintViolation).forgiven(LeniencyKind::LongText));
    }
    if schema.has("enum") {
        all.push(broken(json!("NoSuchWord"), PropertyConstraintViolation).forgiven(LeniencyKind::UnknownWord));
    }
    if schema.is_timestamp() {
        for text in ["yesterday", "2026-02-30T00:00:00Z", "10000-01-01T00:00:00Z", ""] {
            all.push(broken(json!(text), FormatViolation));
        }
        let local = broken(json!("2026-01-31T12:00:00"), FormatViolation);
        all.push(local.forgiven(LeniencyKind::TimestampWithoutOffset));
    }
    if schema.has("format") && !schema.is_timestamp() {
        all.extend(["", "nowhere", "1http://a", "http:// a"].map(|text| broken(json!(text), FormatViolation)));
    }
    all.extend(schema.bound("minimum").map(|min| broken(json!(min - 1), PropertyConstraintViolation)));
    all.extend(schema.bound("maximum").map(|max| broken(json!(max + 1), PropertyConstraintViolation)));
    if schema.kind() == "integer" {
        all.push(broken(json!(1.5), TypeConstraintViolation));
    }
    if schema.has("multipleOf") {
        all.push(broken(json!(1.25), PropertyConstraintViolation));
    }
    if let Some(items) = found.as_array() {
        all.extend(counts(schema, items).map(|items| broken(items, OccurrenceConstraintViolation)));
    }
    all.extend(found.as_object().into_iter().flat_map(|members| broken_members(schema, members)));
    all
}

fn wrong_types(schema: &Schema) -> Vec<Broken> {
    let right = |sample: &Value| match schema.kind() {
        "string" => sample.is_string(),
        "integer" | "number" => sample.is_number(),
        "boolean" => sample.is_boolean(),
        "array" => sample.is_array(),
        "object" => sample.is_object(),
        _ => true,
    };
    let wrong = samples().into_iter().filter(|sample| !right(sample));
    let mut all: Vec<Broken> = wrong.map(|sample| broken(sample, TypeConstraintViolation)).collect();
    let quoted = match schema.kind() {
        "integer" | "number" => schema.bound("minimum").or(schema.bound("maximum")).unwrap_or(7).to_string(),
        "boolean" => "true".into(),
        _ => return all,
    };
    all.push(broken(json!(quoted), TypeConstraintViolation).forgiven(LeniencyKind::QuotedValue));
    all
}

fn broken_members(schema: &Schema, members: &Map<String, Value>) -> Vec<Broken> {
    let mut all = Vec::new();
    for name in schema.required() {
        let mut without = members.clone();
        without.remove(name);
        let missing = broken(without.into(), OccurrenceConstraintViolation);
        all.push(Broken { below: format!("/{name}"), ..missing });
    }
    if schema.is_closed() {
        let mut with = members.clone();
        with.insert("noSuchMember".into(), json!(1));
        let unknown = broken(with.into(), FormatViolation).forgiven(LeniencyKind::UnknownMember);
        all.push(Broken { below: "/noSuchMember".into(), ..unknown });
    }
    all
}

/// Lists that are too short and too long.
fn counts(schema: &Schema, items: &[Value]) -> impl Iterator<Item = Value> {
    let repeated = |count: usize| Value::from_iter(items.iter().cycle().take(count).cloned());
    let short = schema.bound("minItems").filter(|min| *min > 0).map(|min| repeated(min as usize - 1));
    let long = schema.bound("maxItems").map(|max| repeated(max as usize + 1));
    short.into_iter().chain(long)
}

fn prove(version: Version, tally: &mut Tally, name: &str, schema: &Schema, codec: PayloadCodec) {
    for seed in 0..PAYLOADS {
        tally.holds(name, version, codec, &schema.random(seed));
    }
    let full = schema.full();
    tally.holds(name, version, codec, &full);
    tally.holds(name, version, codec, &schema.smallest());
    schema.walk(&full, &mut |steps: &[Step], schema: &Schema, found: &Value| {
        for broken in breakings(schema, found) {
            let mut payload = full.clone();
            *at_mut(&mut payload, steps) = broken.value.clone();
            let (text, path) = (payload.to_string(), format!("{}{}", pointer(steps), broken.below));
            tally.breaks(name, version, codec, &text, (broken.code, &path));
            if let Some(kind) = broken.forgiven {
                tally.forgives(name, version, codec, &text, (kind, &path));
            }
        }
    });
}

fn prove_all(version: Version) {
    let Some(schemas) = schemas(version) else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no OCPP {version} schemas; nothing was proved by them");
        return;
    };
    let mut tally = Tally::default();
    let mut actions = 0;
    for codec in codecs(version) {
        actions += 1;
        let request = format!("{version} {} request", codec.info.name);
        prove(version, &mut tally, &request, &schemas.request(&codec.info), codec.request);
        if codec.info.response.is_some() {
            let response = format!("{version} {} response", codec.info.name);
            prove(version, &mut tally, &response, &schemas.response(&codec.info), codec.response);
        }
    }
    let Tally { payloads, rules, forgiven, problems } = tally;
    let tried = payloads + rules + forgiven;
    let _ = writeln!(
        std::io::stderr(),
        "OCPP {version}: {actions} actions, {payloads} valid payloads, {rules} rules broken, {forgiven} forgiven; \
         {} of {tried} held",
        tried - problems.len()
    );
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems[..problems.len().min(40)].join("\n"));
}

#[test]
fn every_rule_of_1_6_holds() {
    prove_all(Version::V16);
}

#[test]
fn every_rule_of_2_0_1_holds() {
    prove_all(Version::V201);
}

#[test]
fn every_rule_of_2_1_holds() {
    prove_all(Version::V21);
}
