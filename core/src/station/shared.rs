//! What the functional blocks of a station share: facts, variables, clock, timers. Blocks hold no reference to each other;
//! they read facts here, and tell each other [`Signal`]s through the router.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use core::time::Duration;

use pilotwire_messages::{DateTime, Text, Version};
use serde::{Deserialize, Serialize};

use super::api::Output;
use super::certificates::state::Certificates;
use super::config::Config;
use super::events::Events;
use super::network::state::{Credentials, Network};
use super::offers::Charging;
use crate::clock::Clock;
use crate::device_model::{Known, Variables};
use crate::domain::{
    BootReason, ChainFacts, ChargingState, ConnectionFault, EvseId, FirmwareUpdate, IdToken, Problem, Reading,
    RegistrationStatus, Request, ResetKind, StoppedReason, TriggerReason,
};
use crate::machine::{Action, Outbox, Record, Write};
use crate::rng::Rng;
use crate::time::Instant;
use crate::timers::Timers;

/// Why a station has a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The next attempt to connect (Part 4 §5.4).
    Reconnect,
    /// Our open CALL is not answered.
    CallTimeout,
    /// The next BootNotification (B02.FR.08).
    Boot,
    /// The next Heartbeat (G02.FR.02).
    Heartbeat,
    /// The next ping.
    Ping,
    /// The peer did not answer our ping.
    Pong,
    /// The next attempt for a transaction event that was not processed (E13.FR.03).
    EventRetry,
    /// The next attempt for a security event that was not processed (A04).
    SecurityRetry,
    /// Nobody plugged in after a token was accepted (E03.FR.05).
    EvConnection(EvseId),
    /// The next periodic sample of a transaction.
    Sample(EvseId),
    /// A limit of a charging profile changes.
    Limit,
    /// The next sample that is aligned to the clock.
    AlignedSample,
    /// The meter did not show its final reading after the contactor opened.
    FinalReading(EvseId),
    /// The host has not answered for us in time.
    Reply,
    /// A reset waits no longer for the CSMS to take the last events (B12.FR.05).
    Reset,
    /// A certificate comes of age, or is asked for again (A02.FR.08, A02.FR.17).
    Certificates,
    /// The upload of a log is tried again, or a status of it is told again (N01).
    Logs,
    /// Firmware is to be fetched or installed, or a status of it is told again (L01).
    Firmware,
    /// Work of this event that goes on at once.
    Now,
}

/// What a block tells the others.
#[derive(Clone, Debug)]
pub(crate) enum Signal {
    /// The CSMS accepted the station.
    Accepted,
    /// A token may charge at this EVSE.
    Authorized { evse: EvseId, token: IdToken, group: Option<IdToken>, origin: Origin },
    /// The driver may stop charging at this EVSE.
    StopAuthorized { evse: EvseId, token: IdToken },
    /// Charging at this EVSE must stop.
    Stop { evse: EvseId, trigger: TriggerReason, reason: StoppedReason, reset: Option<ResetKind> },
    /// The CSMS does not accept the token of this transaction.
    Deauthorized { transaction: Text },
    /// A fact about this EVSE changed.
    Changed(EvseId, TriggerReason),
    /// What an EVSE may offer changed, and not by the CSMS's own doing.
    RateChanged(EvseId),
    /// The state of connectors may have changed.
    StatusChanged,
    /// A variable has a new value.
    VariableChanged(Known),
    /// A transaction is over.
    Idle,
    /// 1.6: the CSMS named a transaction.
    Named { transaction: Text, csms: Text },
    /// An attempt to connect failed; `Disconnected` follows.
    ConnectFailed(ConnectionFault),
    /// A password, a certificate or what is trusted changed: the next connection uses it.
    CredentialsChanged,
    /// The link shall be closed as soon as nothing is open on it, and opened again at once.
    Reconnect,
    /// EVSEs are to be taken out of service for an update of the firmware, or not any more.
    UpdatingChanged,
    /// The host has looked at the certificate that firmware is signed with.
    SignerExamined { operation: u64, update: Box<FirmwareUpdate>, examined: Box<Result<ChainFacts, Text>> },
    /// The station shall be restarted for this reason, as soon as no transaction is open.
    Restart(BootReason),
}

/// Where an authorization came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Presented at the station.
    Local,
    /// Sent by the CSMS, with its number.
    Remote(Option<i32>),
}

/// The facts about one EVSE.
#[derive(Clone, Debug)]
pub(crate) struct Evse {
    pub(crate) id: EvseId,
    pub(crate) connectors: i32,
    /// The connector that a cable connects to a vehicle.
    pub(crate) plugged: Option<i32>,
    pub(crate) ev_ready: bool,
    pub(crate) reading: Reading,
    /// What is wrong with it, whatever is wrong with the station.
    pub(crate) problem: Option<Problem>,
    /// The station as a whole is faulted.
    pub(crate) station_faulted: bool,
    /// Its connectors that are out of service.
    pub(crate) inoperative: Vec<i32>,
    pub(crate) contactor_closed: bool,
    /// Its limit is zero, or too low to be offered.
    pub(crate) offers_nothing: bool,
    pub(crate) locked: Option<i32>,
    pub(crate) socket: bool,
    /// A cable that waits for its owner.
    pub(crate) kept: Option<Kept>,
    /// What the transactions block tells of its session.
    pub(crate) session: SessionView,
}

/// A cable that is locked though nothing is charged through it any more; also its durable record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) evse: EvseId,
    pub(crate) connector: i32,
    pub(crate) token: IdToken,
    pub(crate) group: Option<IdToken>,
}

/// What the other blocks may know of an EVSE's session.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionView {
    pub(crate) token: Option<IdToken>,
    pub(crate) group: Option<IdToken>,
    pub(crate) transaction: Option<Text>,
    pub(crate) csms_transaction: Option<Text>,
    pub(crate) charging_state: Option<ChargingState>,
    /// A vehicle was connected in the transaction.
    pub(crate) had_vehicle: bool,
    /// The transaction ended, and the cable is still there.
    pub(crate) finishing: bool,
}

impl Evse {
    pub(crate) fn connector(&self) -> i32 {
        self.in_use().unwrap_or(1)
    }

    /// The connector that a vehicle or a driver's cable takes up.
    pub(crate) fn in_use(&self) -> Option<i32> {
        self.plugged.or(self.locked.filter(|_| self.socket))
    }

    pub(crate) const fn is_faulted(&self) -> bool {
        self.problem.is_some() || self.station_faulted
    }

    /// Whether the connector in use, or else any of them, is in service.
    pub(crate) fn is_operative(&self) -> bool {
        let mut usable = (1..=self.connectors).filter(|connector| !self.inoperative.contains(connector));
        match self.plugged {
            Some(plugged) => usable.any(|connector| connector == plugged),
            None => usable.next().is_some(),
        }
    }

    pub(crate) fn is_authorized(&self) -> bool {
        self.session.token.is_some()
    }
}

/// A request that waits for its turn on the link.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) request: Request,
    /// The CSMS asked for it: may be sent before it accepted the station (B02.FR.02).
    pub(crate) asked_for: bool,
}

/// The state that all blocks may read, and the services that they use.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) now: Instant,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) timers: Timers<Timer>,
    pub(crate) variables: Variables,
    pub(crate) charging: Charging,
    pub(crate) security: Events,
    /// The ways to the CSMS; none if the host chooses it.
    pub(crate) network: Option<Box<Network>>,
    pub(crate) credentials: Credentials,
    /// Certificates that the CSMS manages; none if the host does no cryptography.
    pub(crate) certificates: Option<Box<Certificates>>,
    pub(crate) evses: Vec<Evse>,
    /// What is wrong with the station as a whole.
    pub(crate) problem: Option<Problem>,
    /// Connected, and in which version.
    pub(crate) online: Option<Version>,
    /// Since when there has been no connection, after there was one.
    pub(crate) offline_since: Option<Instant>,
    /// What the CSMS said to the last boot since power came.
    pub(crate) registration: Option<RegistrationStatus>,
    /// The CSMS accepted this station once in its life.
    pub(crate) known_to_csms: bool,
    /// No new session may begin: a reset waits.
    pub(crate) closing: bool,
    /// EVSEs that no transaction uses are out of service: firmware waits, or is being installed (L01.FR.07).
    pub(crate) updating: bool,
    /// The number of the next operation on a file.
    pub(crate) next_file: u64,
    /// Nothing more can be promised to be kept: the queue or the storage failed.
    pub(crate) storage_failed: bool,
    pub(crate) waiting: VecDeque<Waiting>,
    pub(crate) signals: VecDeque<Signal>,
}

impl Shared {
    pub(crate) fn evse(&self, id: EvseId) -> Option<&Evse> {
        self.evses.get(index(id)?)
    }

    pub(crate) fn evse_mut(&mut self, id: EvseId) -> Option<&mut Evse> {
        self.evses.get_mut(index(id)?)
    }

    /// The time now; a guess while nobody told.
    pub(crate) fn utc(&self) -> DateTime {
        self.clock.at(self.now)
    }

    /// The version that is spoken, or will be.
    pub(crate) fn version(&self) -> Version {
        self.online.unwrap_or(self.config.version)
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.registration == Some(RegistrationStatus::Accepted)
    }

    /// Connected and accepted: the CSMS can be asked.
    pub(crate) fn is_online(&self) -> bool {
        self.online.is_some() && self.is_accepted()
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.signals.push_back(signal);
    }

    pub(crate) fn after(&mut self, timer: Timer, seconds: u64) {
        let at = self.now + Duration::from_secs(seconds);
        self.timers.set(timer, at);
    }

    pub(crate) fn seconds(&self, known: Known) -> Duration {
        Duration::from_secs(self.variables.number(known))
    }
}

fn index(id: EvseId) -> Option<usize> {
    usize::try_from(id.0).ok()?.checked_sub(1)
}

/// A block's view of the station while it handles something.
pub(crate) struct Cx<'a> {
    pub(crate) shared: &'a mut Shared,
    pub(crate) out: &'a mut Outbox<Output>,
}

impl Deref for Cx<'_> {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        self.shared
    }
}

impl DerefMut for Cx<'_> {
    fn deref_mut(&mut self) -> &mut Shared {
        self.shared
    }
}

impl Cx<'_> {
    pub(crate) fn tell(&mut self, output: Output) {
        self.out.push(Action::Output(output));
    }

    pub(crate) fn refuse(&mut self, text: String) {
        self.tell(Output::Refused { text: text.into() });
    }

    pub(crate) fn limit_hit(&mut self, text: String) {
        self.tell(Output::LimitHit { text: text.into() });
    }

    pub(crate) fn put<T: Serialize>(&mut self, key: String, value: &T) {
        self.put_text(key, pilotwire_messages::encode(value));
    }

    pub(crate) fn put_text(&mut self, key: String, value: String) {
        self.out.push(Action::Persist(Write::Put(Record { key, value })));
    }

    pub(crate) fn delete(&mut self, key: String) {
        self.out.push(Action::Persist(Write::Delete(key)));
    }

    /// Queues a request for its turn; `false` if there is no room, and nobody will answer it.
    pub(crate) fn call(&mut self, request: Request) -> bool {
        self.enqueue(Waiting { request, asked_for: false })
    }

    /// Queues a request that the CSMS asked for.
    pub(crate) fn call_as_asked(&mut self, request: Request) {
        self.enqueue(Waiting { request, asked_for: true });
    }

    fn enqueue(&mut self, waiting: Waiting) -> bool {
        let limit = self.config.limits.waiting_calls;
        if self.waiting.len() >= limit {
            self.limit_hit(format!("{limit} messages wait already; one more was not queued"));
            return false;
        }
        self.waiting.push_back(waiting);
        true
    }
}
