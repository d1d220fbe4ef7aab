//! CALLs of the station that wait for an answer of the host.

use alloc::boxed::Box;
use alloc::vec::Vec;

use pilotwire_messages::{Text, Version};

use crate::domain::Request;
use crate::time::Instant;

/// A CALL of the station, as far as its answer needs it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) id: Text,
    pub(super) fingerprint: u64,
    pub(super) version: Version,
}

/// A CALL that is not answered yet.
#[derive(Clone, Debug)]
pub(super) struct Question {
    number: u64,
    pub(super) call: Call,
    /// What the station asked; measurements are left out.
    pub(super) request: Box<Request>,
    /// When the host has not answered in time.
    deadline: Instant,
}

/// All of them. They belong to a connection, and go with it.
#[derive(Clone, Debug)]
pub(super) struct Questions {
    open: Vec<Question>,
    next: u64,
}

impl Questions {
    /// Numbers begin at a place of their own in every life, so that a late answer to an earlier one fits no question.
    pub(super) const fn new(first: u64) -> Self {
        Self { open: Vec::new(), next: first }
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether this CALL is among them, and came again.
    pub(super) fn contains(&self, fingerprint: u64) -> bool {
        self.open.iter().any(|question| question.call.fingerprint == fingerprint)
    }

    /// The number that the next question gets.
    pub(super) const fn next_number(&self) -> u64 {
        self.next
    }

    pub(super) fn add(&mut self, call: Call, request: Request, deadline: Instant) {
        self.open.push(Question { number: self.next, call, request: Box::new(request), deadline });
        self.next = self.next.wrapping_add(1);
    }

    /// Takes out the question with this number, if its answer is of the right kind.
    pub(super) fn take(&mut self, number: u64, is_kind: impl Fn(&Request) -> bool) -> Option<Question> {
        let at = self.open.iter().position(|question| question.number == number && is_kind(&question.request))?;
        Some(self.open.remove(at))
    }

    /// Takes out one whose time is over.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Question> {
        let at = self.open.iter().position(|question| question.deadline <= now)?;
        Some(self.open.remove(at))
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.open.iter().map(|question| question.deadline).min()
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
    }
}
