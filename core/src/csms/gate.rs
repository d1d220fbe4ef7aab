//! Who may say what before the station is accepted (B02, B03). The last answer to a boot is durable, so that nobody gets
//! past the gate by connecting again.

use alloc::vec::Vec;

use pilotwire_messages::Text;

use super::order::Order;
use crate::domain::{MessageTrigger, RegistrationStatus};

/// The most kinds of messages that are asked for while the station is pending; all that exist are fewer.
const MAX_ASKED: usize = 32;

const BOOT: &str = "BootNotification";

/// The state of a station's registration.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// What the next boot is answered.
    pub(super) status: RegistrationStatus,
    /// Seconds; goes with it.
    pub(super) interval_s: i32,
    /// What the last boot was answered; `None` if the station never booted here.
    pub(super) answered: Option<RegistrationStatus>,
    /// Actions that we asked the pending station for.
    asked: Vec<Text>,
    /// Whether the station was told to boot in this connection.
    pub(super) told_to_boot: bool,
}

/// What becomes of a command now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    /// It may be sent.
    Granted,
    /// Not before the station booted.
    Later,
    /// Not to a station with this status.
    Denied,
}

impl Gate {
    pub(super) const fn new(status: RegistrationStatus, interval_s: i32) -> Self {
        Self { status, interval_s, answered: None, asked: Vec::new(), told_to_boot: false }
    }

    /// A connection began or ended: what was asked for in the one before is void.
    pub(super) fn on_new_connection(&mut self) {
        self.asked.clear();
        self.told_to_boot = false;
    }

    /// A boot is answered with the present status.
    pub(super) fn on_boot(&mut self) {
        self.answered = Some(self.status.clone());
        self.asked.clear();
    }

    /// Whether the station should boot, to learn what it is answered now. One who was rejected is sent nothing
    /// (B03.FR.03), and comes back by itself.
    pub(super) fn is_outdated(&self) -> bool {
        let answered = self.answered.as_ref().filter(|answered| **answered != RegistrationStatus::Rejected);
        answered.is_some_and(|answered| *answered != self.status)
    }

    /// Whether the station may send this CALL (B02.FR.02, B03.FR.02).
    pub(super) fn admits(&self, action: &str) -> bool {
        match &self.answered {
            _ if action == BOOT => true,
            Some(RegistrationStatus::Accepted) => true,
            Some(RegistrationStatus::Pending) => self.asked.iter().any(|asked| asked == action),
            _ => false,
        }
    }

    /// Whether the station may be sent this (B02.FR.01, B02.FR.05, B03.FR.03).
    pub(super) fn permits(&self, order: &Order) -> Permission {
        match &self.answered {
            Some(RegistrationStatus::Accepted) => Permission::Granted,
            Some(RegistrationStatus::Pending) if !order.starts_or_stops() => Permission::Granted,
            Some(_) => Permission::Denied,
            None if order.triggers(&MessageTrigger::BootNotification) => Permission::Granted,
            None => Permission::Later,
        }
    }

    /// A command is sent: what it asks for is let through from now on, until the next boot or the end of the connection. A
    /// status is asked for once and told for every connector, and a report has many parts: so it cannot be counted.
    pub(super) fn on_sent(&mut self, order: &Order) {
        if let Some(action) = order.asks_for()
            && self.asked.len() < MAX_ASKED
            && !self.admits(&action)
        {
            self.asked.push(action);
        }
    }
}
