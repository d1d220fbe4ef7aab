//! StatusNotification (§4.9): 1.6 has one status where 2.x has a connector's status and a transaction's charging state.

use pilotwire_messages::{Text, v16};

use super::connector_of;
use crate::domain::{ConnectorReport, ConnectorStatus, EvseId, Occupation, Problem};

/// What 1.6 says of a vehicle that is gone while its transaction goes on (TC_005_3_CS).
const DISCONNECTED: &str = "EV side disconnected";

fn is_disconnected(report: &ConnectorReport) -> bool {
    report.occupation == Occupation::Disconnected
}

pub(super) fn status_out(report: &ConnectorReport) -> v16::StatusNotificationRequest {
    let (error, vendor_error) = error_out(report.problem.as_ref());
    let mut payload = v16::StatusNotificationRequest::new(report.evse.0, error, word_out(report));
    payload.info = match &report.problem {
        Some(problem) => problem.info.clone(),
        None => is_disconnected(report).then(|| DISCONNECTED.into()),
    };
    payload.timestamp = report.at;
    payload.vendor_error_code = vendor_error;
    payload
}

/// Whether two reports are one status of 1.6, whatever else they tell.
pub(crate) fn is_same_status(a: &ConnectorReport, b: &ConnectorReport) -> bool {
    word_out(a) == word_out(b) && is_disconnected(a) == is_disconnected(b) && a.problem == b.problem
}

/// What keeps a connector from serving wins over how it is used.
fn word_out(report: &ConnectorReport) -> v16::ChargePointStatus {
    match (&report.status, report.occupation) {
        (ConnectorStatus::Faulted, _) => v16::ChargePointStatus::Faulted,
        (ConnectorStatus::Unavailable, _) => v16::ChargePointStatus::Unavailable,
        (ConnectorStatus::Reserved, _) => v16::ChargePointStatus::Reserved,
        (_, Occupation::Free) => v16::ChargePointStatus::Available,
        (_, Occupation::Preparing) => v16::ChargePointStatus::Preparing,
        (_, Occupation::Charging) => v16::ChargePointStatus::Charging,
        (_, Occupation::SuspendedEv | Occupation::Disconnected) => v16::ChargePointStatus::SuspendedEV,
        (_, Occupation::SuspendedEvse) => v16::ChargePointStatus::SuspendedEVSE,
        (_, Occupation::Finishing) => v16::ChargePointStatus::Finishing,
    }
}

fn error_out(problem: Option<&Problem>) -> (v16::ChargePointErrorCode, Option<Text>) {
    let Some(problem) = problem else {
        return (v16::ChargePointErrorCode::NoError, None);
    };
    match v16::ChargePointErrorCode::from_word(&problem.code) {
        v16::ChargePointErrorCode::Unlisted(own) => (v16::ChargePointErrorCode::OtherError, Some(own)),
        known => (known, None),
    }
}

pub(super) fn status_in(payload: v16::StatusNotificationRequest) -> ConnectorReport {
    use v16::ChargePointStatus as Word;
    let (status, occupation) = match payload.status {
        Word::Available => (ConnectorStatus::Available, Occupation::Free),
        Word::Preparing => (ConnectorStatus::Occupied, Occupation::Preparing),
        Word::Charging => (ConnectorStatus::Occupied, Occupation::Charging),
        Word::SuspendedEV if payload.info.as_ref().is_some_and(|info| *info == DISCONNECTED) => {
            (ConnectorStatus::Occupied, Occupation::Disconnected)
        }
        Word::SuspendedEV => (ConnectorStatus::Occupied, Occupation::SuspendedEv),
        Word::SuspendedEVSE => (ConnectorStatus::Occupied, Occupation::SuspendedEvse),
        Word::Finishing => (ConnectorStatus::Occupied, Occupation::Finishing),
        Word::Reserved => (ConnectorStatus::Reserved, Occupation::Free),
        Word::Unavailable => (ConnectorStatus::Unavailable, Occupation::Free),
        Word::Faulted => (ConnectorStatus::Faulted, Occupation::Free),
        Word::Unlisted(word) => (ConnectorStatus::Unlisted(word), Occupation::Free),
    };
    let evse = EvseId(payload.connector_id);
    ConnectorReport {
        evse,
        connector: connector_of(evse),
        at: payload.timestamp,
        status,
        occupation,
        problem: problem_in(&payload.error_code, payload.vendor_error_code, payload.info),
    }
}

/// A code of the vendor's own says more than `OtherError` or `NoError`; an info without any code is none.
fn problem_in(error: &v16::ChargePointErrorCode, vendor: Option<Text>, info: Option<Text>) -> Option<Problem> {
    use v16::ChargePointErrorCode as Code;
    let vendor = vendor.filter(|code| !code.is_empty() && !code.eq_ignore_ascii_case("NoError"));
    let code = match (error, vendor) {
        (Code::NoError | Code::OtherError, Some(own)) => own,
        (Code::NoError, None) => return None,
        (known, _) => Text::new(known.as_str()),
    };
    Some(Problem { code, info: info.filter(|info| !info.is_empty()) })
}
