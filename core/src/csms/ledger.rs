//! The book of a station's transactions: takes every event, refuses none, and says what it thinks of it (C-2, C-3, C-4).
//!
//! Pure: no clock, no wire. The same event twice changes nothing the second time, so a station may repeat whatever it is
//! not sure of. What is told apart, and how far the memory reaches:
//!
//! * Events of 2.x are known by transaction and sequence number; all numbers that came are remembered as ranges, so a
//!   repeated number is always recognised. Whether the content is the same too is known for the start, the end, and the
//!   latest [`RECENT`] others; further back a repetition is taken for one ([`Verdict::Duplicate`]).
//! * Events of 1.6 have no number. Start and end are unique; other events are recognised among the latest [`RECENT`].
//! * Of a transaction that was set aside nothing is remembered: its events open a new entry, as [`Verdict::Orphan`].
//!
//! The bill is the difference of the energy register at the ends, never a matter of clocks (S-27).

use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Decimal, Text, encode};
use serde::{Deserialize, Serialize};

use super::api::{Limits, TransactionState, Verdict};
use super::seen::Seen;
use crate::domain::{EvseId, IdToken, StoppedReason, TransactionEvent, TransactionStage};

/// Events of a transaction whose content is remembered, beside its start and its end.
const RECENT: usize = 4;

/// All transactions of a station that matter still.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    transactions: Vec<Transaction>,
    /// The greatest number of a record that cannot be read; it is not overwritten.
    unreadable: u32,
}

/// What became of an event.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) verdict: Verdict,
    pub(super) state: TransactionState,
    /// The transaction whose record is to be written; `None` if nothing changed.
    pub(super) changed: Option<u32>,
    /// What was set aside to make room; its record is to be deleted.
    pub(super) set_aside: Option<SetAside>,
    /// Sequence numbers that are no longer awaited, because too many others are missing as well.
    pub(super) given_up: Option<(i32, i32)>,
}

/// A transaction that is no longer remembered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SetAside {
    pub(super) number: u32,
    pub(super) id: Text,
    /// Whether nothing of it was missing: then this is no loss.
    pub(super) complete: bool,
}

/// One transaction, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Transaction {
    /// Names the record; of two open transactions the one with the greater number is the younger one.
    #[serde(skip)]
    number: u32,
    id: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evse: Option<EvseId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<IdToken>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started: Option<DateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<DateTime>,
    /// Counts the ends, so that the oldest is known.
    #[serde(default)]
    ended_as: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stopped_reason: Option<StoppedReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_register: Option<Register>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_register: Option<Register>,
    seen: Seen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<Mark>,
    recent: Vec<Mark>,
}

/// The energy register as an event told it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Register {
    /// The place of the event among the others: its sequence number, or what stands for it in 1.6.
    rank: i32,
    wh: Decimal,
}

/// An event whose content is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq_no: Option<i32>,
    print: u64,
}

impl Mark {
    /// What may differ between two deliveries of one event is left out: whether it was `offline`, and the id of the
    /// transaction, which the start of a transaction of 1.6 does not have yet.
    fn of(event: &TransactionEvent) -> Self {
        let mut print = Print::default();
        print.text(event.stage.as_str());
        print.number(event.at.unix_millis());
        print.text(event.trigger.as_str());
        print.number(event.evse.map_or(-1, |evse| i64::from(evse.0)));
        print.number(event.connector.map_or(-1, i64::from));
        print.text(event.charging_state.as_ref().map_or("", |state| state.as_str()));
        print.text(event.stopped_reason.as_ref().map_or("", |reason| reason.as_str()));
        print.text(event.id_token.as_ref().map_or("", |token| &token.id_token));
        print.number(event.remote_start_id.map_or(-1, i64::from));
        print.number(event.register_wh.map_or(-1, |wh| wh.scaled(6)));
        for value in &event.meter_values {
            print.number(value.timestamp.unix_millis());
            for sampled in &value.sampled_value {
                print.number(sampled.value.scaled(6));
                print.text(sampled.measurand.as_ref().map_or("", |measurand| measurand.as_str()));
                print.text(sampled.phase.as_ref().map_or("", |phase| phase.as_str()));
            }
        }
        Self { seq_no: event.seq_no, print: print.0 }
    }
}

/// FNV-1a over words. Its result is kept in records, so it is made of words of the wire and not of our own numbering.
struct Print(u64);

impl Default for Print {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Print {
    fn number(&mut self, number: i64) {
        self.0 = (self.0 ^ number.cast_unsigned()).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(23);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        for chunk in text.as_bytes().chunks(8) {
            self.number(chunk.iter().fold(0, |word, byte| word << 8 | i64::from(*byte)));
        }
    }
}

impl Ledger {
    /// Takes back a transaction from its record. `false`: it cannot be read.
    pub(super) fn restore(&mut self, number: u32, value: &str) -> bool {
        match serde_json::from_str::<Transaction>(value) {
            Ok(transaction) => self.transactions.push(Transaction { number, ..transaction }),
            Err(_) => {
                self.unreadable = self.unreadable.max(number);
                return false;
            }
        }
        true
    }

    /// The record's value of the transaction with this number; `None` if it was set aside.
    pub(super) fn record(&self, number: u32) -> Option<alloc::string::String> {
        self.transactions.iter().find(|transaction| transaction.number == number).map(encode)
    }

    /// The id of the transaction that this event of 1.6 has started already, if it is repeated (R-11, C-2): a start with
    /// the same connector, token, time and register is the same start.
    pub(super) fn id_of_start(&self, event: &TransactionEvent) -> Option<&Text> {
        let mark = Mark::of(event);
        self.transactions.iter().find(|transaction| transaction.start == Some(mark)).map(|transaction| &transaction.id)
    }

    /// Takes an event. `event.transaction` must be filled in.
    pub(super) fn take(&mut self, event: &TransactionEvent, limits: &Limits) -> Taken {
        let mark = Mark::of(event);
        let known = self.transactions.iter().position(|transaction| transaction.id == event.transaction);
        let (at, verdict) = match known {
            Some(at) => (at, self.transactions[at].judge(event, mark)),
            None => (self.open(event), if is_start(event) { Verdict::InOrder } else { Verdict::Orphan }),
        };
        let next = self.next_number();
        let transaction = &mut self.transactions[at];
        if matches!(verdict, Verdict::Duplicate | Verdict::Conflict) {
            return Taken { verdict, state: transaction.state(), changed: None, set_aside: None, given_up: None };
        }
        let given_up = transaction.apply(event, mark, verdict, next);
        let (state, changed) = (transaction.state(), Some(transaction.number));
        Taken { verdict, state, changed, set_aside: self.set_aside(limits), given_up }
    }

    fn open(&mut self, event: &TransactionEvent) -> usize {
        let number = self.next_number();
        // Stations have a few transactions at most: doubling would waste what every idle station keeps.
        self.transactions.reserve_exact(1);
        self.transactions.push(Transaction::new(number, event.transaction.clone()));
        self.transactions.len() - 1
    }

    fn next_number(&self) -> u32 {
        let known = self.transactions.iter().map(|transaction| transaction.number.max(transaction.ended_as));
        known.fold(self.unreadable, u32::max).saturating_add(1)
    }

    /// Removes the oldest of those that are too many. One event adds one transaction, so one leaves at most.
    fn set_aside(&mut self, limits: &Limits) -> Option<SetAside> {
        let ended = self.transactions.iter().filter(|transaction| transaction.ended.is_some()).count();
        let open = self.transactions.len() - ended;
        let oldest = if open > limits.open_transactions {
            self.oldest(|transaction| transaction.ended.is_none().then_some(transaction.number))
        } else if ended > limits.ended_transactions {
            self.oldest(|transaction| transaction.ended.map(|_| transaction.ended_as))
        } else {
            None
        };
        let gone = self.transactions.swap_remove(oldest?);
        let complete = gone.state().is_complete();
        Some(SetAside { number: gone.number, id: gone.id, complete })
    }

    fn oldest(&self, age: impl Fn(&Transaction) -> Option<u32>) -> Option<usize> {
        let ages = self.transactions.iter().enumerate().filter_map(|(at, transaction)| Some((age(transaction)?, at)));
        ages.min().map(|(_, at)| at)
    }
}

impl Transaction {
    fn new(number: u32, id: Text) -> Self {
        Self {
            number,
            id,
            evse: None,
            id_token: None,
            started: None,
            ended: None,
            ended_as: 0,
            stopped_reason: None,
            first_register: None,
            last_register: None,
            seen: Seen::default(),
            start: None,
            end: None,
            recent: Vec::new(),
        }
    }

    fn judge(&self, event: &TransactionEvent, mark: Mark) -> Verdict {
        let Some(seq_no) = event.seq_no else {
            return self.judge_unnumbered(event, mark);
        };
        if self.seen.contains(seq_no) {
            let known = self.marks().find(|known| known.seq_no == Some(seq_no));
            let differs = known.is_some_and(|known| known.print != mark.print);
            return if differs { Verdict::Conflict } else { Verdict::Duplicate };
        }
        let end = self.end.and_then(|end| end.seq_no);
        match self.seen.last() {
            _ if end.is_some_and(|end| seq_no > end) => Verdict::AfterEnd,
            Some(last) if seq_no < last => Verdict::Late,
            Some(last) if seq_no > last.saturating_add(1) => Verdict::Gap,
            _ => Verdict::InOrder,
        }
    }

    fn judge_unnumbered(&self, event: &TransactionEvent, mark: Mark) -> Verdict {
        let happened = match event.stage {
            TransactionStage::Started => self.started.is_some(),
            TransactionStage::Updated => false,
            TransactionStage::Ended => self.ended.is_some(),
        };
        if self.marks().any(|known| known == mark) {
            Verdict::Duplicate
        } else if happened && self.started.is_none() {
            // Stations that never learned an id send 0 or -1 for each of their transactions: other content is another end.
            Verdict::Orphan
        } else if happened {
            Verdict::Conflict
        } else if is_start(event) {
            Verdict::Late
        } else if self.ended.is_some() {
            Verdict::AfterEnd
        } else {
            Verdict::InOrder
        }
    }

    fn marks(&self) -> impl Iterator<Item = Mark> + '_ {
        self.start.into_iter().chain(self.end).chain(self.recent.iter().copied())
    }

    /// Gives back the sequence numbers that are no longer awaited.
    fn apply(&mut self, event: &TransactionEvent, mark: Mark, verdict: Verdict, next: u32) -> Option<(i32, i32)> {
        self.evse = self.evse.or(event.evse);
        match event.stage {
            TransactionStage::Started if self.start.is_none() => {
                self.started = Some(event.at);
                self.start = Some(mark);
            }
            TransactionStage::Ended if self.end.is_none() || verdict == Verdict::Orphan => {
                let before = self.end.replace(mark);
                before.into_iter().for_each(|before| self.remember(before));
                self.ended = Some(event.at);
                self.ended_as = next;
                self.stopped_reason.clone_from(&event.stopped_reason);
            }
            _ => self.remember(mark),
        }
        if self.id_token.is_none() && event.stage != TransactionStage::Ended {
            self.id_token = event.id_token.as_ref().map(bare);
        }
        self.read_register(event, verdict);
        event.seq_no.and_then(|seq_no| self.seen.insert(seq_no))
    }

    fn remember(&mut self, mark: Mark) {
        if self.recent.len() == RECENT {
            self.recent.remove(0);
        }
        self.recent.reserve_exact(1);
        self.recent.push(mark);
    }

    fn read_register(&mut self, event: &TransactionEvent, verdict: Verdict) {
        let Some(wh) = event.register_wh else { return };
        let rank = event.seq_no.unwrap_or(match event.stage {
            TransactionStage::Started => i32::MIN,
            TransactionStage::Updated => 0,
            TransactionStage::Ended => i32::MAX,
        });
        let register = Register { rank, wh };
        if self.first_register.is_none_or(|first| rank < first.rank) {
            self.first_register = Some(register);
        }
        // What a station says after the end is kept with its event, and does not change the bill.
        if verdict != Verdict::AfterEnd && self.last_register.is_none_or(|last| rank >= last.rank) {
            self.last_register = Some(register);
        }
    }

    fn state(&self) -> TransactionState {
        TransactionState {
            transaction: self.id.clone(),
            evse: self.evse,
            id_token: self.id_token.clone(),
            started: self.started,
            ended: self.ended,
            // While the start is missing, the first register that came is not the one to bill from.
            start_wh: self.started.and(self.first_register).map(|register| register.wh),
            last_wh: self.last_register.map(|register| register.wh),
            stopped_reason: self.stopped_reason.clone(),
            missing: self.seen.missing(),
        }
    }
}

fn is_start(event: &TransactionEvent) -> bool {
    event.stage == TransactionStage::Started
}

/// What identifies a token: additions of vendors stay with the event, so that memory is bounded.
fn bare(token: &IdToken) -> IdToken {
    IdToken::new(token.id_token.clone(), token.kind.clone())
}
