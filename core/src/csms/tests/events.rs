//! What variables of a station did.

use super::*;
use crate::domain::{ConnectorReport, ConnectorStatus, EvseId, Occupation};

fn told(version: Version, changes: &[(&str, &str, &str)]) -> Actions {
    let event = |(component, variable, value): &(&str, &str, &str)| {
        format!(
            r#"{{"eventId":1,"timestamp":"{NOW}","trigger":"Delta","actualValue":"{value}","eventNotificationType":"HardWiredNotification","component":{component},"variable":{{"name":"{variable}"}}}}"#
        )
    };
    let events: Vec<String> = changes.iter().map(event).collect();
    let payload = format!(r#"{{"generatedAt":"{NOW}","seqNo":0,"eventData":[{}]}}"#, events.join(","));
    Desk::accepted(version).receive(&format!(r#"[2,"n","NotifyEvent",{payload}]"#))
}

const PLUG: &str = r#"{"name":"Connector","evse":{"id":2,"connectorId":1}}"#;

/// G01, and the reusable state Booted of the certification cases: a state told in this way is one like any other.
#[test]
fn a_station_may_tell_the_state_of_a_connector_as_an_event() {
    for version in [Version::V201, Version::V21] {
        let actions = told(version, &[(PLUG, "AvailabilityState", "Occupied"), (PLUG, "availabilitystate", "Faulted")]);
        let [Output::Status(first), Output::Status(second), Output::Events(part)] = outputs(&actions)[..] else {
            panic!("{actions:?}")
        };
        let expected = ConnectorReport {
            evse: EvseId(2),
            connector: 1,
            at: NOW.parse().ok(),
            status: ConnectorStatus::Occupied,
            occupation: Occupation::Preparing,
            problem: None,
        };
        assert_eq!((&**first, &second.status, part.events.len()), (&expected, &ConnectorStatus::Faulted, 2));
        assert_eq!(answer(&actions).to_string(), r#"[3,"n",{}]"#);
    }
}

/// N07: whatever happened is taken; what is no state of a connector is not taken for one.
#[test]
fn other_events_are_told_and_no_more() {
    for (component, variable, value) in [
        (PLUG, "AvailabilityState", "Melted"),
        (PLUG, "Problem", "Available"),
        (r#"{"name":"EVSE","evse":{"id":2}}"#, "AvailabilityState", "Available"),
        (r#"{"name":"Connector","evse":{"id":2}}"#, "AvailabilityState", "Available"),
        (r#"{"name":"ChargingStation"}"#, "AvailabilityState", "Available"),
    ] {
        let actions = told(Version::V201, &[(component, variable, value)]);
        assert!(matches!(outputs(&actions)[..], [Output::Events(_)]), "{actions:?}");
        assert_eq!(answer(&actions)[0], 3);
    }
}
