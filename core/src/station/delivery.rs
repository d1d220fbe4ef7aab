//! Transaction events on their way to the CSMS (E04, E12, E13; 1.6 §3.7): kept until they are processed, in order, through
//! power cuts and outages.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::Text;
use serde::{Deserialize, Serialize};

use super::api::Output;
use super::security;
use super::session::Transaction;
use super::shared::{Cx, Signal, Timer};
use crate::device_model::Known;
use crate::domain::{AuthorizationStatus, EvseId, Request, TransactionAnswer, TransactionEvent, TransactionStage};
use crate::time::Instant;

/// The prefix of the records of queued events.
pub(crate) const EVENT_PREFIX: &str = "event/";

/// The prefix of the records of the names that a 1.6 CSMS gave to transactions.
pub(crate) const NAME_PREFIX: &str = "name/";

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    queue: VecDeque<Queued>,
    next_number: u64,
    /// 1.6: what the CSMS calls the transactions that still have events to deliver.
    names: BTreeMap<Text, Text>,
    /// The first event is on the link.
    in_flight: bool,
}

#[derive(Debug)]
struct Queued {
    number: u64,
    request: Request,
    attempts: u64,
    /// When it happened, if nobody had told the time yet: its stamp is a guess that can be mended in this life.
    guessed_at: Option<Instant>,
}

/// An event's durable record.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    event: TransactionEvent,
}

/// The durable record of a name.
#[derive(Debug, Serialize, Deserialize)]
struct SavedName {
    transaction: Text,
    csms: Text,
}

fn key(number: u64) -> String {
    format!("{EVENT_PREFIX}{number:020}")
}

/// Our transaction ids are made of the key's alphabet.
fn name_key(transaction: &str) -> String {
    format!("{NAME_PREFIX}{transaction}")
}

impl Delivery {
    /// Takes a queued event back; records must come in the order of their keys.
    ///
    /// # Errors
    /// A text that says what is wrong with the record.
    pub(crate) fn restore_event(&mut self, key: &str, value: &str) -> Result<(), String> {
        let number = key.strip_prefix(EVENT_PREFIX).and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| String::from("the key is no number"))?;
        let saved: Saved = serde_json::from_str(value).map_err(|error| format!("{error}"))?;
        let request = Request::Transaction(Box::new(saved.event));
        self.queue.push_back(Queued { number, request, attempts: 0, guessed_at: None });
        self.next_number = self.next_number.max(number + 1);
        Ok(())
    }

    /// Takes a name back.
    ///
    /// # Errors
    /// A text that says what is wrong with the record.
    pub(crate) fn restore_name(&mut self, value: &str) -> Result<(), String> {
        let saved: SavedName = serde_json::from_str(value).map_err(|error| format!("{error}"))?;
        self.names.insert(saved.transaction, saved.csms);
        Ok(())
    }

    /// Names of transactions that have nothing more to tell: a power cut came before they could be deleted.
    pub(crate) fn drop_names(&mut self, cx: &mut Cx<'_>, open: &[Transaction]) {
        let names = core::mem::take(&mut self.names);
        for (transaction, csms) in names {
            let waits = self.events().any(|event| event.transaction == transaction);
            if waits || open.iter().any(|open| open.id == transaction) {
                self.names.insert(transaction, csms);
            } else {
                cx.delete(name_key(&transaction));
            }
        }
    }

    /// The events that wait, the oldest first.
    pub(crate) fn events(&self) -> impl Iterator<Item = &TransactionEvent> {
        self.queue.iter().filter_map(|queued| match &queued.request {
            Request::Transaction(event) => Some(&**event),
            _ => None,
        })
    }

    /// Whether no transaction may begin: its events could not all be kept.
    pub(crate) fn is_full(&self, cx: &Cx<'_>) -> bool {
        self.queue.len() >= cx.config.limits.queued_events
    }

    /// The EVSE of the transaction whose start this record is.
    pub(crate) fn start_at(&self, record: &str) -> Option<EvseId> {
        let number: u64 = record.strip_prefix(EVENT_PREFIX)?.parse().ok()?;
        let queued = self.queue.iter().find(|queued| queued.number == number)?;
        match &queued.request {
            Request::Transaction(event) if event.stage == TransactionStage::Started => event.evse,
            _ => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Keeps an event; it is durable before anything that follows happens.
    pub(crate) fn push(&mut self, cx: &mut Cx<'_>, event: TransactionEvent) {
        let limit = cx.config.limits.queued_events;
        if self.queue.len() >= limit {
            self.thin_out(cx);
        }
        if self.queue.len() >= limit && event.stage == TransactionStage::Updated {
            cx.limit_hit(format!("{limit} transaction events wait already; an intermediate one was not kept"));
            return;
        }
        let number = self.next_number;
        self.next_number += 1;
        let saved = Saved { event };
        cx.put(key(number), &saved);
        let guessed_at = (!cx.clock.is_known()).then_some(cx.now);
        let request = Request::Transaction(Box::new(saved.event));
        self.queue.push_back(Queued { number, request, attempts: 0, guessed_at });
    }

    /// E04.FR.07, E04.FR.08: every second intermediate event gives way; starts and ends never do (I-4).
    fn thin_out(&mut self, cx: &mut Cx<'_>) {
        let mut drop_this = false;
        let in_flight = self.in_flight;
        let mut dropped = Vec::new();
        let mut at = 0;
        self.queue.retain(|queued| {
            at += 1;
            let is_update = matches!(&queued.request, Request::Transaction(e) if e.stage == TransactionStage::Updated);
            if !is_update || (in_flight && at == 1) {
                return true;
            }
            drop_this = !drop_this;
            if drop_this {
                dropped.push(queued.number);
            }
            !drop_this
        });
        for number in &dropped {
            cx.delete(key(*number));
        }
        security::on_memory_exhausted(cx, "the queue of transaction events is full");
        if !dropped.is_empty() {
            cx.limit_hit(format!("the queue is full: {} intermediate transaction events were dropped", dropped.len()));
        }
    }

    /// The event to send now, with the CSMS's name of its transaction.
    pub(crate) fn next(&mut self, cx: &Cx<'_>) -> Option<(&Request, Option<&Text>)> {
        if self.in_flight || cx.timers.is_set(Timer::EventRetry) {
            return None;
        }
        let first = self.queue.front()?;
        let Request::Transaction(event) = &first.request else {
            return None;
        };
        Some((&first.request, self.names.get(&event.transaction)))
    }

    pub(crate) fn on_sent(&mut self) {
        self.in_flight = true;
        if let Some(first) = self.queue.front_mut() {
            first.attempts += 1;
        }
    }

    /// The request that the open CALL carries.
    pub(crate) fn in_flight(&self) -> Option<&Request> {
        self.queue.front().filter(|_| self.in_flight).map(|first| &first.request)
    }

    /// The link went away: the attempt does not count, for nobody refused it.
    pub(crate) fn on_disconnected(&mut self, cx: &mut Cx<'_>) {
        cx.timers.clear(Timer::EventRetry);
        if core::mem::take(&mut self.in_flight)
            && let Some(first) = self.queue.front_mut()
        {
            first.attempts = first.attempts.saturating_sub(1);
        }
    }

    /// The CSMS processed the first event.
    pub(crate) fn on_answer(&mut self, cx: &mut Cx<'_>, answer: TransactionAnswer) {
        self.in_flight = false;
        let Some(Request::Transaction(event)) = self.queue.front().map(|first| &first.request) else {
            return;
        };
        let (transaction, stage, had_token) = (event.transaction.clone(), event.stage, event.id_token.is_some());
        if let (TransactionStage::Started, Some(csms)) = (stage, answer.transaction) {
            let saved = SavedName { transaction: transaction.clone(), csms: csms.clone() };
            cx.put(name_key(&transaction), &saved);
            self.names.insert(transaction.clone(), csms.clone());
            cx.signal(Signal::Named { transaction: transaction.clone(), csms });
        }
        let invalid = answer.id_token_info.is_some_and(|info| info.status != AuthorizationStatus::Accepted);
        if invalid && had_token && stage != TransactionStage::Ended {
            cx.signal(Signal::Deauthorized { transaction });
        }
        self.remove_first(cx);
    }

    /// The CSMS did not process the first event: again later, or never (E13.FR.02–E13.FR.04).
    pub(crate) fn on_failed(&mut self, cx: &mut Cx<'_>, why: &str) {
        self.in_flight = false;
        let Some(first) = self.queue.front() else { return };
        if first.attempts < cx.variables.number(Known::MessageAttempts) {
            let wait = cx.variables.number(Known::MessageAttemptInterval).saturating_mul(first.attempts);
            cx.after(Timer::EventRetry, wait);
            return;
        }
        self.discard_first(cx, why);
    }

    /// This edition has nothing to say about the first event: 1.6 tells a change without measurements as a status.
    pub(crate) fn on_unsaid(&mut self, cx: &mut Cx<'_>) {
        self.remove_first(cx);
    }

    /// E13.FR.04: told, never silent.
    pub(crate) fn discard_first(&mut self, cx: &mut Cx<'_>, why: &str) {
        let Some(Request::Transaction(event)) = self.queue.front().map(|first| &first.request) else {
            return;
        };
        let (transaction, seq_no) = (event.transaction.clone(), event.seq_no.unwrap_or(0));
        cx.tell(Output::Discarded { transaction, seq_no, why: Text::truncated(why, 200) });
        self.remove_first(cx);
    }

    fn remove_first(&mut self, cx: &mut Cx<'_>) {
        let Some(Queued { number, request, .. }) = self.queue.pop_front() else {
            return;
        };
        let Request::Transaction(event) = request else { return };
        // The event first: one that a power cut leaves behind is told again, and by its name.
        cx.delete(key(number));
        if event.stage == TransactionStage::Ended && self.names.remove(&event.transaction).is_some() {
            cx.delete(name_key(&event.transaction));
        }
    }

    /// The time became known: what was stamped with a guess in this life gets its true time.
    pub(crate) fn on_clock_known(&mut self, cx: &mut Cx<'_>) {
        for queued in &mut self.queue {
            let (Some(instant), Request::Transaction(event)) = (queued.guessed_at.take(), &mut queued.request) else {
                continue;
            };
            event.at = cx.clock.at(instant);
            for value in &mut event.meter_values {
                value.timestamp = event.at;
            }
            let saved = Saved { event: (**event).clone() };
            cx.put(key(queued.number), &saved);
        }
    }
}
