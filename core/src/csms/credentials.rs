//! Whom a CSMS lets in: passwords that change (A01), and security profiles that only rise (A05).

use alloc::format;

use serde::{Deserialize, Serialize};

use super::api::{Outcome, Output, PasswordFate};
use super::order::Order;
use super::{Csms, Out};
use crate::Action;
use crate::domain::{Command, Reply, SecurityProfile, SetVariableStatus};

/// The name of the variable, in every component that has it.
const PASSWORD: &str = "BasicAuthPassword";

/// The passwords with which a station is let in. `C` is what the host keeps of one: a salted hash, say (A01.FR.08).
///
/// ```
/// use pilotwire::csms::{PasswordFate, Passwords};
///
/// let mut passwords = Passwords::new("old");
/// assert!(passwords.offer("new")); // and keep it, before the command is sent
/// passwords.settle(PasswordFate::Unknown); // the connection broke
/// assert!(passwords.admit(|known| *known == "new"), "the station uses it");
/// assert!(!passwords.admit(|known| *known == "old"), "and has said so");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passwords<C> {
    /// The one that was used last, or that the station accepted.
    current: C,
    /// One that the station may use already.
    offered: Option<C>,
    /// A command with the offered one is under way, and what became of it will be told. Nothing is any more after a restart.
    #[serde(skip)]
    is_under_way: bool,
}

impl<C> Passwords<C> {
    /// A station that has one.
    pub const fn new(current: C) -> Self {
        Self { current, offered: None, is_under_way: false }
    }

    /// A command will set this one. Make it durable before the command is sent: the station may use it before its answer
    /// is heard. `false` if the fate of another one is not known yet: nothing is changed then.
    #[must_use = "a second one would lock out a station that uses the first"]
    pub fn offer(&mut self, password: C) -> bool {
        if self.offered.is_some() {
            return false;
        }
        self.offered = Some(password);
        self.is_under_way = true;
        true
    }

    /// The one that was used last, or that the station accepted.
    pub const fn current(&self) -> &C {
        &self.current
    }

    /// The one that was offered, while it is not known what became of it.
    pub const fn offered(&self) -> Option<&C> {
        self.offered.as_ref()
    }

    /// Whether what became of the offered one will be told: a station that has not heard of it yet shows the current one
    /// meanwhile, and that settles nothing.
    pub const fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// What became of the one that was offered.
    pub fn settle(&mut self, fate: PasswordFate) {
        self.is_under_way = false;
        match fate {
            // A01.FR.03.
            PasswordFate::Accepted => {
                if let Some(offered) = self.offered.take() {
                    self.current = offered;
                }
            }
            // A01.FR.04.
            PasswordFate::Refused => self.offered = None,
            // Both are let in until the station has shown one of them.
            PasswordFate::Unknown => {}
        }
    }

    /// Whether a station that shows a password is let in; `is_it` compares one that is kept with it. Which one it uses is
    /// settled by that, unless a command that changes it is under way.
    pub fn admit(&mut self, mut is_it: impl FnMut(&C) -> bool) -> bool {
        if self.offered.as_ref().is_some_and(&mut is_it) {
            self.settle(PasswordFate::Accepted);
            return true;
        }
        let admitted = is_it(&self.current);
        if admitted && !self.is_under_way {
            self.settle(PasswordFate::Refused);
        }
        admitted
    }
}

/// The fate of the password that an order would set; `None` if it sets none.
pub(super) fn fate_of(order: &Order, outcome: &Outcome) -> Option<PasswordFate> {
    let Order::Command(command) = order else { return None };
    let Command::SetVariables(settings) = &**command else { return None };
    let set = settings.iter().find(|setting| setting.id.variable.eq_ignore_ascii_case(PASSWORD))?;
    Some(match outcome {
        Outcome::Reply(Reply::SetVariables(results)) => {
            let result = results.iter().find(|result| result.id.names(&set.id));
            match result.map(|result| &result.status) {
                Some(SetVariableStatus::Accepted | SetVariableStatus::RebootRequired) => PasswordFate::Accepted,
                Some(_) => PasswordFate::Refused,
                None => PasswordFate::Unknown,
            }
        }
        Outcome::CallError { .. } | Outcome::Offline | Outcome::NotAccepted | Outcome::Busy => PasswordFate::Refused,
        Outcome::Reply(_) | Outcome::Payload(_) | Outcome::Lost | Outcome::TimedOut | Outcome::Invalid(_) => {
            PasswordFate::Unknown
        }
    })
}

impl Csms {
    /// Whether a connection with this security profile may be opened: none below the highest that the station ever had
    /// (A05.FR.07; 1.6: A05.FR.09).
    pub fn admits(&self, profile: SecurityProfile) -> bool {
        self.secured.is_none_or(|highest| profile >= highest)
    }

    /// The security profile of the connection.
    pub(super) fn on_secured(&mut self, profile: SecurityProfile, out: &mut Out) {
        if !self.admits(profile) {
            let highest = self.secured.unwrap_or(profile);
            self.violation(&format!("it had security profile {highest}, and comes with {profile}"), out);
            out.push(Action::Close);
        } else if self.secured != Some(profile) {
            self.secured = Some(profile);
            self.persist_secured(out);
        }
    }

    /// Tells what became of a password.
    pub(super) fn tell_fate(operation: u64, fate: PasswordFate, out: &mut Out) {
        out.push(Action::Output(Output::PasswordChange { operation, fate }));
    }
}
