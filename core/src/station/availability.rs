//! The state of connectors, and taking them out of service (G01, G03, G04, B04).

use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::Text;
use serde::{Deserialize, Serialize};

use super::api::Output;
use super::shared::{Cx, Evse, Shared, Signal, Waiting};
use crate::dialect;
use crate::domain::{
    ChangeAvailabilityStatus, ChargingState, ConnectorReport, ConnectorStatus, EvseId, Occupation, Place, Request,
    StoppedReason, TriggerReason,
};

/// The durable record of what is out of service.
pub(crate) const RECORD: &str = "availability";

/// What is in service, and what the CSMS knows of each connector.
#[derive(Debug)]
pub(crate) struct Availability {
    /// The station as a whole first, as connector 0 of EVSE 0.
    connectors: Vec<Connector>,
    /// The CSMS has not been told something for want of room.
    behind: bool,
}

#[derive(Debug)]
struct Connector {
    evse: EvseId,
    connector: i32,
    operative: bool,
    /// Whether it shall be in service, for its own part.
    wanted: bool,
    /// As it was when the host was told last.
    shown: Option<ConnectorReport>,
    /// As it was when the CSMS was told last on the way that reached it.
    told: Option<ConnectorReport>,
}

/// What is out of service (G03.FR.05, B11.FR.02: it stays so after a reboot).
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Saved {
    station: bool,
    connectors: Vec<(EvseId, i32)>,
}

impl Availability {
    pub(crate) fn new(shared: &Shared) -> Self {
        let station = core::iter::once((EvseId(0), 0));
        let connectors =
            shared.evses.iter().flat_map(|evse| (1..=evse.connectors).map(|connector| (evse.id, connector)));
        let connectors = station.chain(connectors).map(|(evse, connector)| Connector {
            evse,
            connector,
            operative: true,
            wanted: true,
            shown: None,
            told: None,
        });
        Self { connectors: connectors.collect(), behind: false }
    }

    pub(crate) fn restore(&mut self, cx: &mut Cx<'_>, saved: &Saved) {
        for connector in &mut self.connectors {
            let station_off = saved.station && connector.evse == EvseId(0);
            let off = saved.connectors.contains(&(connector.evse, connector.connector));
            connector.wanted = !(off || station_off);
        }
        self.apply(cx);
    }

    /// Everything is told anew: the CSMS has just accepted us (B01.FR.05).
    pub(crate) fn tell_all(&mut self, cx: &mut Cx<'_>) {
        for connector in &mut self.connectors {
            connector.told = None;
        }
        self.refresh(cx);
    }

    /// A status did not reach the CSMS.
    pub(crate) fn on_lost(&mut self, report: &ConnectorReport) {
        let lost = self.connectors.iter_mut().find(|c| (c.evse, c.connector) == (report.evse, report.connector));
        if let Some(connector) = lost {
            connector.told = None;
        }
    }

    /// Tells what has changed: the host at once, the CSMS if it can be reached; otherwise it is told what is true then
    /// (B04.FR.01).
    pub(crate) fn refresh(&mut self, cx: &mut Cx<'_>) {
        for at in 0..self.connectors.len() {
            let report = self.report(cx, at);
            let connector = &mut self.connectors[at];
            let news = |known: &Option<ConnectorReport>| known.as_ref().is_none_or(|known| !same(known, &report));
            if news(&connector.shown) {
                connector.shown = Some(report.clone());
                cx.tell(Output::Status(report.clone()));
            }
            let report = connector.shown.clone().unwrap_or(report);
            let Some(version) = cx.online.filter(|_| cx.is_accepted()) else {
                continue;
            };
            if dialect::is_status_news(version, connector.told.as_ref(), &report) {
                // When room gets scarce, one that is no longer true gives way (B04.FR.01).
                let scarce = cx.waiting.len() * 2 >= cx.config.limits.waiting_calls;
                let stale = |waiting: &Waiting| scarce && !waiting.asked_for && is_about(&waiting.request, &report);
                cx.waiting.retain(|waiting| !stale(waiting));
                let told = report.clone();
                connector.told = cx.call(Request::Status(report)).then_some(told);
                self.behind |= connector.told.is_none();
            }
        }
    }

    /// A status found no room: told as soon as there is some.
    pub(crate) fn catch_up(&mut self, cx: &mut Cx<'_>) {
        if self.behind && cx.waiting.is_empty() {
            self.behind = false;
            self.refresh(cx);
        }
    }

    fn report(&self, cx: &Cx<'_>, at: usize) -> ConnectorReport {
        let connector = &self.connectors[at];
        let evse = cx.evse(connector.evse);
        let problem = evse.and_then(|evse| evse.problem.clone()).or_else(|| cx.problem.clone());
        let here = evse.filter(|evse| evse.in_use().is_none_or(|in_use| in_use == connector.connector));
        let occupation = here.map_or(Occupation::Free, occupation);
        let operative = connector.operative;
        let occupied = here.is_some_and(|evse| evse.in_use().is_some());
        let status = match (&problem, operative) {
            (Some(_), _) => ConnectorStatus::Faulted,
            (None, false) => ConnectorStatus::Unavailable,
            (None, true) if occupied => ConnectorStatus::Occupied,
            (None, true) => ConnectorStatus::Available,
        };
        ConnectorReport {
            evse: connector.evse,
            connector: connector.connector,
            at: Some(cx.utc()),
            status,
            occupation,
            problem,
        }
    }

    /// The current state of what `place` names, for a trigger.
    pub(crate) fn trigger(&mut self, cx: &mut Cx<'_>, place: Option<Place>) -> bool {
        let version = cx.version();
        let wanted = |connector: &Connector| match place {
            Some(Place { evse, connector: None }) => connector.evse == evse,
            Some(Place { evse, connector: Some(number) }) => {
                connector.evse == evse && connector.connector == if evse == EvseId(0) { 0 } else { number }
            }
            None => true,
        };
        let places: Vec<usize> = (0..self.connectors.len()).filter(|at| wanted(&self.connectors[*at])).collect();
        let reports = places.into_iter().map(|at| self.report(cx, at));
        let reports: Vec<ConnectorReport> =
            reports.filter(|report| dialect::is_status_news(version, None, report)).collect();
        let any = !reports.is_empty();
        for report in reports {
            cx.call_as_asked(Request::Status(report));
        }
        any
    }

    /// G03, G04: now if possible, otherwise when the transaction is over.
    pub(crate) fn change(
        &mut self,
        cx: &mut Cx<'_>,
        place: Option<Place>,
        operative: bool,
    ) -> ChangeAvailabilityStatus {
        let station = Place::evse(EvseId(0));
        let place = place.filter(|place| place.evse != EvseId(0)).unwrap_or(station);
        let named = |connector: &Connector| {
            connector.evse == place.evse && place.connector.is_none_or(|number| number == connector.connector)
        };
        if !self.connectors.iter().any(named) {
            return ChangeAvailabilityStatus::Rejected;
        }
        let version = cx.version();
        let everywhere = place == station && dialect::changes_connectors_with_station(version);
        let meant = self.connectors.iter_mut().filter(|connector| everywhere || named(connector));
        meant.for_each(|found| found.wanted = operative);
        self.apply(cx);
        self.save(cx);
        let mut affected = self.connectors.iter().filter(|connector| place == station || named(connector));
        if affected.any(|connector| connector.operative != self.target(cx, connector)) {
            ChangeAvailabilityStatus::Scheduled
        } else {
            ChangeAvailabilityStatus::Accepted
        }
    }

    /// What a connector shall be when no transaction is in the way: the station's wish and its own, unless firmware is in
    /// the way (L01.FR.07).
    fn target(&self, cx: &Cx<'_>, connector: &Connector) -> bool {
        let alone = dialect::changes_connectors_with_station(cx.version());
        !cx.updating && connector.wanted && (alone || self.connectors.first().is_none_or(|station| station.wanted))
    }

    /// Makes those changes that no transaction is in the way of (G03.FR.05, G04.FR.06).
    pub(crate) fn apply(&mut self, cx: &mut Cx<'_>) {
        for at in 0..self.connectors.len() {
            let target = self.target(cx, &self.connectors[at]);
            let connector = &mut self.connectors[at];
            let (evse, number) = (connector.evse, connector.connector);
            let here = |facts: &Evse| evse == EvseId(0) || facts.id == evse;
            let busy = cx.evses.iter().any(|facts| here(facts) && facts.session.transaction.is_some());
            if connector.operative == target || (busy && !target) {
                continue;
            }
            connector.operative = target;
            if let Some(facts) = cx.evse_mut(evse) {
                facts.inoperative.retain(|known| *known != number);
                facts.inoperative.extend((!target).then_some(number));
            }
            on_switched(cx, evse);
        }
    }

    /// The wish is what lasts: an interrupted schedule is carried out by the reboot that interrupted it.
    fn save(&self, cx: &mut Cx<'_>) {
        let off = self.connectors.iter().filter(|connector| !connector.wanted);
        let off = off.map(|connector| (connector.evse, connector.connector));
        let (station, connectors): (Vec<_>, Vec<_>) = off.partition(|(evse, _)| *evse == EvseId(0));
        cx.put(RECORD.into(), &Saved { station: !station.is_empty(), connectors });
    }
}

/// Who was authorized there and has not begun to charge will not.
fn on_switched(cx: &mut Cx<'_>, evse: EvseId) {
    cx.signal(Signal::StatusChanged);
    let Some(facts) = cx.evse(evse) else { return };
    let trigger = TriggerReason::AbnormalCondition;
    if facts.is_operative() {
        cx.signal(Signal::Changed(evse, trigger));
    } else if facts.is_authorized() {
        cx.signal(Signal::Stop { evse, trigger, reason: StoppedReason::Other, reset: None });
    }
}

/// Whether a request tells the state of the connector that `report` is about.
fn is_about(request: &Request, report: &ConnectorReport) -> bool {
    matches!(request, Request::Status(other) if (other.evse, other.connector) == (report.evse, report.connector))
}

/// Whether two reports say the same, whenever they were made.
fn same(a: &ConnectorReport, b: &ConnectorReport) -> bool {
    (&a.status, a.occupation, &a.problem) == (&b.status, b.occupation, &b.problem)
}

fn occupation(evse: &Evse) -> Occupation {
    let session = &evse.session;
    match (&session.transaction, &session.charging_state) {
        (Some(_), Some(ChargingState::Charging)) => Occupation::Charging,
        (Some(_), Some(ChargingState::SuspendedEVSE)) => Occupation::SuspendedEvse,
        (Some(_), Some(ChargingState::SuspendedEV)) => Occupation::SuspendedEv,
        (Some(_), _) if session.finishing => Occupation::Finishing,
        (Some(_), _) if evse.is_authorized() && evse.plugged.is_some() => Occupation::SuspendedEv,
        (Some(_), _) if session.had_vehicle && evse.plugged.is_none() => Occupation::Disconnected,
        (Some(_), _) => Occupation::Preparing,
        (None, _) if session.finishing => Occupation::Finishing,
        (None, _) if evse.plugged.is_some() || evse.is_authorized() => Occupation::Preparing,
        (None, _) => Occupation::Free,
    }
}

/// The name of a place that does not exist, for error texts.
pub(crate) fn no_such_evse(evse: EvseId) -> Text {
    Text::from(format!("there is no EVSE {evse}"))
}
