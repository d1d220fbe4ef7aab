//! The official schemas, as far as payloads can be made from them.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use pilotwire_messages::{ActionInfo, Version};
use serde_json::{Map, Value, json};

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/spec");

/// The folder of a version's schemas.
pub(crate) struct Schemas {
    folder: PathBuf,
    version: Version,
}

/// The schemas of a version, if they are at hand.
pub(crate) fn schemas(version: Version) -> Option<Schemas> {
    let folder = PathBuf::from(SPEC).join(version.name()).join("schemas");
    folder.is_dir().then_some(Schemas { folder, version })
}

impl Schemas {
    pub(crate) fn request(&self, action: &ActionInfo) -> Schema {
        // 1.6 names the file after the action alone, as does 2.1 for what is sent without an answer.
        let bare = self.version == Version::V16 || action.response.is_none();
        self.read(&format!("{}{}.json", action.name, if bare { "" } else { "Request" }))
    }

    pub(crate) fn response(&self, action: &ActionInfo) -> Schema {
        self.read(&format!("{}Response.json", action.name))
    }

    fn read(&self, file: &str) -> Schema {
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let root: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("a schema in JSON");
        Schema { node: root.clone(), root: Rc::new(root) }
    }
}

/// One node of a schema.
#[derive(Clone)]
pub(crate) struct Schema {
    root: Rc<Value>,
    node: Value,
}

/// The way from a payload to a value inside it.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Member(String),
    Item(usize),
}

/// The JSON pointer of a way.
pub(crate) fn pointer(steps: &[Step]) -> String {
    let segment = |step: &Step| match step {
        Step::Member(name) => format!("/{name}"),
        Step::Item(at) => format!("/{at}"),
    };
    steps.iter().map(segment).collect()
}

/// The value at the end of a way.
pub(crate) fn at_mut<'a>(payload: &'a mut Value, steps: &[Step]) -> &'a mut Value {
    steps.iter().fold(payload, |value, step| match step {
        Step::Member(name) => &mut value[name.as_str()],
        Step::Item(at) => &mut value[*at],
    })
}

/// A small generator: the same payloads on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides.max(1)
    }
}

/// How much of what may be left out is there.
enum Extent<'a> {
    Nothing,
    Everything,
    Dice(&'a mut Dice),
}

impl Extent<'_> {
    fn takes(&mut self) -> bool {
        match self {
            Extent::Nothing => false,
            Extent::Everything => true,
            Extent::Dice(dice) => dice.roll(2) == 1,
        }
    }

    /// A number from 0 to `last`: the first if nothing is left to chance.
    fn pick(&mut self, last: u64) -> u64 {
        match self {
            Extent::Dice(dice) => dice.roll(last.saturating_add(1)),
            _ => 0,
        }
    }
}

impl Schema {
    fn child(&self, node: &Value) -> Self {
        let mut node = node;
        while let Some(name) = node["$ref"].as_str() {
            node = &self.root["definitions"][name.trim_start_matches("#/definitions/")];
        }
        Self { root: Rc::clone(&self.root), node: node.clone() }
    }

    pub(crate) fn kind(&self) -> &str {
        self.node["type"].as_str().unwrap_or_default()
    }

    pub(crate) fn has(&self, keyword: &str) -> bool {
        self.node.get(keyword).is_some()
    }

    pub(crate) fn bound(&self, keyword: &str) -> Option<i64> {
        let bound = self.node.get(keyword)?;
        bound.as_i64().or_else(|| bound.as_f64().map(|number| number as i64))
    }

    pub(crate) fn is_timestamp(&self) -> bool {
        self.node["format"] == "date-time"
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.node["additionalProperties"] == false
    }

    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        self.node["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    fn members(&self) -> impl Iterator<Item = (&String, Self)> {
        let members = self.node["properties"].as_object().into_iter().flatten();
        members.map(|(name, node)| (name, self.child(node)))
    }

    /// A payload with every member.
    pub(crate) fn full(&self) -> Value {
        self.value(&mut Extent::Everything)
    }

    /// A payload with required members only.
    pub(crate) fn smallest(&self) -> Value {
        self.value(&mut Extent::Nothing)
    }

    /// A payload by chance; the same for the same seed.
    pub(crate) fn random(&self, seed: u64) -> Value {
        self.value(&mut Extent::Dice(&mut Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)))
    }

    fn value(&self, extent: &mut Extent<'_>) -> Value {
        match self.kind() {
            "string" => self.text(extent),
            "integer" => self.integer(extent).into(),
            "number" => self.number(extent),
            "boolean" => (extent.pick(1) == 1).into(),
            "array" => self.list(extent),
            "object" => self.object(extent),
            // Anything goes: vendor data.
            _ => json!({ "any": [1, "x", null, { "deep": [[]] }] }),
        }
    }

    fn text(&self, extent: &mut Extent<'_>) -> Value {
        if let Some(words) = self.node["enum"].as_array() {
            return words[extent.pick(words.len() as u64 - 1) as usize].clone();
        }
        if self.is_timestamp() {
            let second = extent.pick(59);
            return format!("2026-01-31T12:00:{second:02}.{:03}Z", extent.pick(999)).into();
        }
        if self.node["format"] == "uri" {
            return format!("ftp://host.example:21/{}", extent.pick(9_999)).into();
        }
        let longest = self.bound("maxLength").unwrap_or(60).min(3_000) as u64;
        let length = match extent.pick(3) {
            // Short, so that a payload with everything stays readable.
            0 if !matches!(extent, Extent::Dice(_)) => longest.min(9),
            0 => longest,
            1 => 0,
            _ => extent.pick(longest),
        };
        "aé\"\\\n😀 z".chars().cycle().skip(extent.pick(8) as usize).take(length as usize).collect::<String>().into()
    }

    fn integer(&self, extent: &mut Extent<'_>) -> i64 {
        let (low, high) =
            (self.bound("minimum").unwrap_or(-1_000), self.bound("maximum").unwrap_or(i64::from(i32::MAX)));
        match extent.pick(3) {
            0 => low,
            1 => high,
            _ => low + extent.pick((high - low).min(100_000) as u64) as i64,
        }
    }

    fn number(&self, extent: &mut Extent<'_>) -> Value {
        let whole = self.integer(extent);
        let inside = self.bound("maximum").is_none_or(|high| whole < high);
        let tenths = i64::from(inside) * extent.pick(9) as i64;
        let scaled = whole.saturating_mul(10) + tenths;
        let sign = if scaled < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{}", (scaled / 10).abs(), (scaled % 10).abs());
        serde_json::from_str(&text).expect("a number")
    }

    fn list(&self, extent: &mut Extent<'_>) -> Value {
        let low = self.bound("minItems").unwrap_or(0).max(1) as u64;
        let high = self.bound("maxItems").unwrap_or(4).min(4).max(low as i64) as u64;
        let count = low + extent.pick(high - low);
        let item = self.child(&self.node["items"]);
        (0..count).map(|_| item.value(extent)).collect()
    }

    fn object(&self, extent: &mut Extent<'_>) -> Value {
        let required: Vec<&str> = self.required().collect();
        let mut members = Map::new();
        for (name, member) in self.members() {
            if required.contains(&name.as_str()) || extent.takes() {
                members.insert(name.clone(), member.value(extent));
            }
        }
        members.into()
    }

    /// Shows every value of a payload, its way and its schema.
    pub(crate) fn walk(&self, payload: &Value, visit: &mut dyn FnMut(&[Step], &Self, &Value)) {
        self.walk_from(&mut Vec::new(), payload, visit);
    }

    fn walk_from(&self, way: &mut Vec<Step>, found: &Value, visit: &mut dyn FnMut(&[Step], &Self, &Value)) {
        visit(way, self, found);
        for (name, member) in self.members() {
            if let Some(value) = found.get(name) {
                way.push(Step::Member(name.clone()));
                member.walk_from(way, value, visit);
                way.pop();
            }
        }
        if let Some(first) = found.as_array().and_then(|items| items.first()) {
            way.push(Step::Item(0));
            self.child(&self.node["items"]).walk_from(way, first, visit);
            way.pop();
        }
    }
}
