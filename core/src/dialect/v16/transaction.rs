//! Transactions: three messages for what is one in 2.x (§4.7, §4.8, §4.10).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Decimal, Text, Version, v16};

use super::super::register::register_wh;
use super::super::{Names, Refusal, call};
use super::values::{values_in, values_out};
use super::{connector_of, info_in, info_out, token_in, transaction_in, transaction_out};
use crate::domain::{
    EvseId, MeterValue, ReadingContext, Request, ResetKind, StoppedReason, TransactionAnswer, TransactionEvent,
    TransactionStage, TriggerReason,
};

const V: Version = Version::V16;

pub(super) fn write_event(id: &str, event: &TransactionEvent, names: Names<'_>) -> Result<Option<String>, Refusal> {
    match event.stage {
        TransactionStage::Started => call(V, id, &started_out(event)?).map(Some),
        TransactionStage::Updated => match measured_out(event, names)? {
            Some(payload) => call(V, id, &payload).map(Some),
            None => Ok(None),
        },
        TransactionStage::Ended => call(V, id, &stopped_out(event, names)?).map(Some),
    }
}

fn started_out(event: &TransactionEvent) -> Result<v16::StartTransactionRequest, Refusal> {
    let evse = event.evse.ok_or_else(|| Refusal::missing("connectorId"))?;
    let token = event.id_token.as_ref().ok_or_else(|| Refusal::missing("idTag"))?;
    let register = event.register_wh.ok_or_else(|| Refusal::missing("meterStart"))?;
    Ok(v16::StartTransactionRequest::new(evse.0, token.id_token.clone(), register.round(), event.at))
}

/// 1.6 tells measurements only; an event without them is not worth a message.
fn measured_out(event: &TransactionEvent, names: Names<'_>) -> Result<Option<v16::MeterValuesRequest>, Refusal> {
    let values = values_out(&event.meter_values);
    if values.is_empty() {
        return Ok(None);
    }
    let evse = event.evse.ok_or_else(|| Refusal::missing("connectorId"))?;
    let mut payload = v16::MeterValuesRequest::new(evse.0, values);
    payload.transaction_id = Some(named(names)?);
    Ok(Some(payload))
}

fn stopped_out(event: &TransactionEvent, names: Names<'_>) -> Result<v16::StopTransactionRequest, Refusal> {
    let register = event.register_wh.ok_or_else(|| Refusal::missing("meterStop"))?;
    let mut payload = v16::StopTransactionRequest::new(register.round(), event.at, named(names)?);
    payload.id_tag = event.id_token.as_ref().map(|token| token.id_token.clone());
    payload.reason = reason_out(event);
    payload.transaction_data = Some(values_out(&event.meter_values)).filter(|values| !values.is_empty());
    Ok(payload)
}

/// What stands for a transaction whose start the central system never answered (errata 4.0 §3.18).
const NEVER_NAMED: i32 = -1;

/// The id that the central system gave. Events are delivered in order, so one without it has lost its start for good.
fn named(names: Names<'_>) -> Result<i32, Refusal> {
    let Some(id) = names.csms_transaction else {
        return Ok(NEVER_NAMED);
    };
    let wrong = || Refusal::value("transactionId", &alloc::format!("{} is no integer", Text::truncated(id, 40)));
    transaction_out(id).ok_or_else(wrong)
}

/// Where 1.6 is more exact than 2.x, the kind of reset or the trigger tells the rest. An absent reason means `Local`
/// in both families (§6.49; Part 2, TransactionType).
fn reason_out(event: &TransactionEvent) -> Option<v16::StopReason> {
    use v16::StopReason as Word;
    match event.reset {
        Some(ResetKind::Immediate) => return Some(Word::HardReset),
        Some(ResetKind::Graceful | ResetKind::OnIdle) => return Some(Word::SoftReset),
        None => {}
    }
    Some(match event.stopped_reason.as_ref()? {
        StoppedReason::Other if event.trigger == TriggerReason::UnlockCommand => Word::UnlockCommand,
        StoppedReason::ImmediateReset => Word::HardReset,
        reason => match Word::from_word(reason.as_str()) {
            Word::Unlisted(_) => Word::Other,
            known => known,
        },
    })
}

/// What a reason of 1.6 says in the words of 2.x: the reason, the trigger, the kind of reset.
fn reason_in(reason: Option<v16::StopReason>) -> (Option<StoppedReason>, TriggerReason, Option<ResetKind>) {
    use v16::StopReason as Word;
    let Some(word) = reason else {
        return (None, TriggerReason::StopAuthorized, None);
    };
    let (reason, trigger) = match &word {
        Word::DeAuthorized => (StoppedReason::DeAuthorized, TriggerReason::Deauthorized),
        Word::EmergencyStop => (StoppedReason::EmergencyStop, TriggerReason::AbnormalCondition),
        Word::EVDisconnected => (StoppedReason::EVDisconnected, TriggerReason::EVCommunicationLost),
        Word::HardReset | Word::SoftReset => (StoppedReason::ImmediateReset, TriggerReason::ResetCommand),
        Word::Local => (StoppedReason::Local, TriggerReason::StopAuthorized),
        Word::PowerLoss => (StoppedReason::PowerLoss, TriggerReason::AbnormalCondition),
        Word::Reboot => (StoppedReason::Reboot, TriggerReason::AbnormalCondition),
        Word::Remote => (StoppedReason::Remote, TriggerReason::RemoteStop),
        // 2.x has a trigger for it and no reason.
        Word::UnlockCommand => (StoppedReason::Other, TriggerReason::UnlockCommand),
        Word::Other | Word::Unlisted(_) => (StoppedReason::Other, TriggerReason::AbnormalCondition),
    };
    let reset = match word {
        Word::HardReset => Some(ResetKind::Immediate),
        Word::SoftReset => Some(ResetKind::Graceful),
        _ => None,
    };
    (Some(reason), trigger, reset)
}

fn event(stage: TransactionStage, transaction: Text, at: DateTime, trigger: TriggerReason) -> TransactionEvent {
    TransactionEvent {
        stage,
        transaction,
        seq_no: None,
        at,
        trigger,
        offline: false,
        evse: None,
        connector: None,
        charging_state: None,
        stopped_reason: None,
        reset: None,
        id_token: None,
        remote_start_id: None,
        register_wh: None,
        meter_values: Vec::new(),
    }
}

pub(super) fn started_in(payload: v16::StartTransactionRequest) -> Result<TransactionEvent, Refusal> {
    let evse = EvseId(payload.connector_id);
    Ok(TransactionEvent {
        evse: Some(evse),
        connector: Some(connector_of(evse)),
        id_token: Some(token_in(payload.id_tag)),
        register_wh: Some(register_in("meterStart", payload.meter_start)?),
        ..event(TransactionStage::Started, Text::default(), payload.timestamp, TriggerReason::Authorized)
    })
}

/// MeterValues belong to a transaction if they say so. They tell no time of the event: it is that of the latest value.
pub(super) fn measured_in(payload: v16::MeterValuesRequest) -> Request {
    let evse = EvseId(payload.connector_id);
    let at = payload.meter_value.iter().map(|value| value.timestamp).max();
    let values = values_in(payload.meter_value);
    let (Some(id), Some(at)) = (payload.transaction_id, at) else {
        return Request::MeterValues { evse, values };
    };
    // The main meter's values do not tell where the transaction is.
    let place = Some(evse).filter(|evse| *evse != EvseId(0));
    let updated = event(TransactionStage::Updated, transaction_in(id), at, trigger_of(&values));
    Request::Transaction(Box::new(TransactionEvent {
        evse: place,
        connector: place.map(connector_of),
        register_wh: register_wh(TransactionStage::Updated, &values),
        meter_values: values,
        ..updated
    }))
}

fn trigger_of(values: &[MeterValue]) -> TriggerReason {
    let context = values.iter().flat_map(|value| &value.sampled_value).find_map(|sample| sample.context.as_ref());
    match context {
        Some(ReadingContext::SampleClock) => TriggerReason::MeterValueClock,
        Some(ReadingContext::Trigger) => TriggerReason::Trigger,
        _ => TriggerReason::MeterValuePeriodic,
    }
}

pub(super) fn stopped_in(payload: v16::StopTransactionRequest) -> Result<TransactionEvent, Refusal> {
    let (stopped_reason, trigger, reset) = reason_in(payload.reason);
    Ok(TransactionEvent {
        stopped_reason,
        reset,
        id_token: payload.id_tag.map(token_in),
        register_wh: Some(register_in("meterStop", payload.meter_stop)?),
        meter_values: values_in(payload.transaction_data.unwrap_or_default()),
        ..event(TransactionStage::Ended, transaction_in(payload.transaction_id), payload.timestamp, trigger)
    })
}

fn register_in(member: &str, wh: i64) -> Result<Decimal, Refusal> {
    Decimal::new(wh, 0).ok_or_else(|| Refusal::value(member, "has more than 18 digits"))
}

/// §4.8: the answer names the transaction, and tells what is known of the tag.
pub(super) fn start_answer_out(answer: &TransactionAnswer) -> Result<v16::StartTransactionResponse, Refusal> {
    let info = answer.id_token_info.as_ref().ok_or_else(|| Refusal::missing("idTagInfo"))?;
    let id = answer.transaction.as_ref().ok_or_else(|| Refusal::missing("transactionId"))?;
    let id = transaction_out(id).ok_or_else(|| Refusal::value("transactionId", "is no integer"))?;
    Ok(v16::StartTransactionResponse::new(info_out(info), id))
}

pub(super) fn start_answer_in(payload: v16::StartTransactionResponse) -> TransactionAnswer {
    TransactionAnswer {
        id_token_info: Some(info_in(payload.id_tag_info)),
        transaction: Some(transaction_in(payload.transaction_id)),
    }
}
