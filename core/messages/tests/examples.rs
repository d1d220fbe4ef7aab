//! Valid payloads come through unchanged.

mod common;

use std::collections::BTreeSet;

use common::{Direction, actions, examples, through};
use pilotwire_messages::Version;
use pilotwire_messages::table::Shape;
use serde_json::Value;

#[test]
fn every_example_is_accepted_and_goes_out_as_it_came_in() {
    for example in examples() {
        let (version, action, payload) = (example.version, example.action, example.payload);
        let again = through(version, action, example.direction, payload)
            .unwrap_or_else(|violation| panic!("{version} {action}: {violation}"));
        let [before, after] = [payload, &again].map(|text| serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(before, after, "{version} {action}");
    }
}

#[test]
fn a_number_keeps_its_digits() {
    let payload =
        r#"{"evseId":1,"meterValue":[{"timestamp":"2026-01-31T12:00:00.000Z","sampledValue":[{"value":2935.600}]}]}"#;
    let again = through(Version::V201, "MeterValues", Direction::Request, payload).unwrap();
    assert_eq!(again, payload);
}

#[test]
fn every_action_has_an_example_of_both_directions() {
    for version in Version::ALL {
        let shown: BTreeSet<_> = examples()
            .iter()
            .filter(|example| example.version == version)
            .map(|example| (example.action, example.direction))
            .collect();
        for action in actions(version) {
            let response = action.response.map(|_| Direction::Response);
            for direction in [Direction::Request].into_iter().chain(response) {
                assert!(shown.contains(&(action.name, direction)), "{version} {} {direction:?}", action.name);
            }
        }
    }
}

/// The names of an object's members stand for its type.
type MemberOf = (Vec<&'static str>, &'static str);

fn declared(shape: &'static Shape, version: Version, found: &mut BTreeSet<MemberOf>) {
    match shape {
        Shape::List(item) => declared(item, version, found),
        Shape::Object { members, .. } => {
            let names: Vec<_> = members.iter().map(|member| member.name).collect();
            for member in members.iter().filter(|member| member.rule.exists_in(version)) {
                if found.insert((names.clone(), member.name)) {
                    declared(member.shape, version, found);
                }
            }
        }
        _ => {}
    }
}

fn shown(shape: &'static Shape, value: &Value, found: &mut BTreeSet<MemberOf>) {
    match (shape, value) {
        (Shape::List(item), Value::Array(values)) => values.iter().for_each(|value| shown(item, value, found)),
        (Shape::Object { members, .. }, Value::Object(map)) => {
            let names: Vec<_> = members.iter().map(|member| member.name).collect();
            for member in members.iter() {
                if let Some(value) = map.get(member.name) {
                    found.insert((names.clone(), member.name));
                    shown(member.shape, value, found);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_member_of_every_object_stands_in_some_example() {
    for version in [Version::V16, Version::V201, Version::V21] {
        let (mut all, mut seen) = (BTreeSet::new(), BTreeSet::new());
        for action in actions(version) {
            let response = action.response.map(|shape| (Direction::Response, shape));
            for (direction, shape) in [(Direction::Request, action.request)].into_iter().chain(response) {
                declared(shape, version, &mut all);
                for example in examples() {
                    if (example.version, example.action, example.direction) == (version, action.name, direction) {
                        shown(shape, &serde_json::from_str(example.payload).unwrap(), &mut seen);
                    }
                }
            }
        }
        // Vendor data looks the same everywhere; one object that carries it is enough.
        let unseen: Vec<_> = all.difference(&seen).filter(|(_, name)| *name != "customData").collect();
        assert!(unseen.is_empty(), "{version}: {unseen:#?}");
    }
}
