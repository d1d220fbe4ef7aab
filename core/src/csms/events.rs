//! What variables of the station did, and states of connectors among it.

use crate::domain::{ConnectorReport, ConnectorStatus, EventData, EventsPart, EvseId};

/// A station may tell the state of a connector as what its variable did, in the place of a StatusNotification (G01).
pub(super) fn connectors(part: &EventsPart) -> impl Iterator<Item = ConnectorReport> {
    part.events.iter().filter_map(connector)
}

/// The value is that of the moment, whatever made the station tell it.
fn connector(event: &EventData) -> Option<ConnectorReport> {
    let is = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
    let is_state = is(&event.component.name, "Connector") && is(&event.variable.name, "AvailabilityState");
    let evse = event.component.evse.as_ref().filter(|_| is_state)?;
    match ConnectorStatus::from_word(&event.actual_value) {
        ConnectorStatus::Unlisted(_) => None,
        status => Some(ConnectorReport::of_status(EvseId(evse.id), evse.connector_id?, event.timestamp, status)),
    }
}
