//! What one side writes, the other reads: in every edition, up to the losses that the dialects document.

mod certificates;
mod commands;
mod files;
mod refusals;
mod requests;
mod security;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Decimal, Frame, Version, v2};

use super::Names;
use crate::domain::{
    Answer, Command, EvseId, IdToken, IdTokenInfo, IdTokenKind, Measurand, MeterValue, ReadingContext, Reply, Request,
    SampledValue, TransactionEvent, TransactionStage, TriggerReason,
};

/// The id of every CALL in these tests.
pub(super) const ID: &str = "1";

pub(super) const NAMES: Names<'_> = Names { csms_transaction: Some("7") };

pub(super) fn time(text: &str) -> DateTime {
    text.parse().unwrap()
}

pub(super) fn noon() -> DateTime {
    time("2026-01-31T12:00:00Z")
}

pub(super) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(super) fn card(tag: &str) -> IdToken {
    IdToken::new(tag, IdTokenKind::ISO14443)
}

pub(super) fn info(status: &str) -> IdTokenInfo {
    let mut info = IdTokenInfo::new(v2::AuthorizationStatus::from_word(status));
    info.cache_expiry_date_time = Some(noon());
    info.group_id_token = Some(card("GROUP"));
    info
}

pub(super) fn sample(value: &str, measurand: Option<Measurand>, unit: &str) -> SampledValue {
    let mut measure = v2::UnitOfMeasure::new();
    measure.unit = Some(unit.into());
    let mut sample = SampledValue::new(decimal(value));
    sample.measurand = measurand;
    sample.context = Some(ReadingContext::SamplePeriodic);
    sample.unit_of_measure = Some(measure);
    sample
}

pub(super) fn measured(samples: Vec<SampledValue>) -> Vec<MeterValue> {
    vec![MeterValue::new(noon(), samples)]
}

pub(super) fn event(stage: TransactionStage, trigger: TriggerReason) -> TransactionEvent {
    TransactionEvent {
        stage,
        transaction: "tx-1".into(),
        seq_no: Some(3),
        at: noon(),
        trigger,
        offline: false,
        evse: Some(EvseId(2)),
        connector: Some(1),
        charging_state: None,
        stopped_reason: None,
        reset: None,
        id_token: None,
        remote_start_id: None,
        register_wh: Some(decimal("1234.567")),
        meter_values: Vec::new(),
    }
}

/// Action (empty for a CALLRESULT) and payload of a frame.
fn parts(text: &str, version: Version) -> (String, String) {
    match Frame::parse(text, version).unwrap() {
        Frame::Call { id, action, payload } => {
            assert_eq!(id, ID);
            (action.to_string(), payload.to_string())
        }
        Frame::CallResult { id, payload } => {
            assert_eq!(id, ID);
            (String::new(), payload.to_string())
        }
        other => panic!("{other:?}"),
    }
}

pub(super) fn written(version: Version, request: &Request) -> Option<String> {
    super::write_request(version, ID, request, NAMES).unwrap()
}

/// The request as the CSMS reads it.
pub(super) fn heard(version: Version, request: &Request) -> Request {
    let (action, payload) = parts(&written(version, request).unwrap(), version);
    super::read_request(version, &action, &payload).unwrap()
}

/// The answer as the station reads it.
pub(super) fn answered(version: Version, request: &Request, answer: &Answer) -> Answer {
    let text = super::write_answer(version, ID, request, answer).unwrap();
    super::read_answer(version, request, &parts(&text, version).1).unwrap()
}

/// The command as the station reads it.
pub(super) fn commanded(version: Version, command: &Command) -> Command {
    let (action, payload) = parts(&super::write_command(version, ID, command).unwrap(), version);
    super::read_command(version, &action, &payload).unwrap()
}

/// The reply as the CSMS reads it.
pub(super) fn replied(version: Version, command: &Command, reply: &Reply) -> Reply {
    let text = super::write_reply(version, ID, command, reply).unwrap();
    super::read_reply(version, command, &parts(&text, version).1).unwrap()
}
