//! What is going on at one EVSE, as the transactions block keeps it.

use pilotwire_messages::{DateTime, Decimal, Text};
use serde::{Deserialize, Serialize};

use super::shared::Evse;
use crate::domain::{
    ChargingState, EvseId, IdToken, ResetKind, StoppedReason, TransactionEvent, TransactionStage, TriggerReason,
};

/// The points at which transactions start and stop (Part 2 §2.7.2, TxStartPoint and TxStopPoint), as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Points(u8);

impl Points {
    pub(crate) const EV_CONNECTED: Self = Self(1);
    pub(crate) const AUTHORIZED: Self = Self(2);
    pub(crate) const POWER_PATH_CLOSED: Self = Self(4);
    pub(crate) const ENERGY_TRANSFER: Self = Self(8);

    /// The points that a variable lists.
    pub(crate) fn listed<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        words.fold(Self::default(), |set, word| match word {
            "EVConnected" => set.with(Self::EV_CONNECTED),
            "Authorized" => set.with(Self::AUTHORIZED),
            "PowerPathClosed" => set.with(Self::POWER_PATH_CLOSED),
            "EnergyTransfer" => set.with(Self::ENERGY_TRANSFER),
            _ => set,
        })
    }

    /// The points that hold now.
    pub(crate) fn holding(plugged: bool, authorized: bool, energy: bool) -> Self {
        let when = |holds: bool, point: Self| if holds { point } else { Self::default() };
        when(plugged, Self::EV_CONNECTED)
            .with(when(authorized, Self::AUTHORIZED))
            .with(when(plugged && authorized, Self::POWER_PATH_CLOSED))
            .with(when(energy, Self::ENERGY_TRANSFER))
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Who may charge here, and who said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Authorized {
    pub(crate) token: IdToken,
    pub(crate) group: Option<IdToken>,
    pub(crate) remote_start_id: Option<i32>,
    /// The CSMS does not accept the token, and the variables say that the transaction goes on without energy.
    pub(crate) suspended: bool,
}

/// An open transaction; what its durable record holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) id: Text,
    pub(crate) evse: EvseId,
    pub(crate) connector: i32,
    pub(crate) next_seq: i32,
    pub(crate) started: DateTime,
    pub(crate) last_wh: Decimal,
    /// Points that have held since it started: losing one of the stop points ends it.
    pub(crate) seen: Points,
    pub(crate) authorized: Option<Authorized>,
    /// The vehicle was connected when this was written.
    #[serde(default)]
    pub(crate) vehicle: bool,
}

impl Transaction {
    /// What an event of the queue tells about a transaction whose own record is older or missing: a power cut came between.
    pub(crate) fn caught_up(known: Option<Self>, event: &TransactionEvent) -> Option<Self> {
        let seq = event.seq_no.unwrap_or(0);
        let register = event.register_wh.unwrap_or_default();
        match known {
            Some(transaction) if transaction.id == event.transaction => Some(Self {
                next_seq: transaction.next_seq.max(seq + 1),
                last_wh: transaction.last_wh.max(register),
                ..transaction
            }),
            None if event.stage == TransactionStage::Started => Some(Self {
                id: event.transaction.clone(),
                evse: event.evse?,
                connector: event.connector.unwrap_or(1),
                next_seq: seq + 1,
                started: event.at,
                last_wh: register,
                seen: Points::default(),
                authorized: event.id_token.clone().map(|token| Authorized {
                    token,
                    group: None,
                    remote_start_id: event.remote_start_id,
                    suspended: false,
                }),
                vehicle: event.charging_state != Some(ChargingState::Idle),
            }),
            // An open record of another transaction is the newer one: its own events come later.
            other => other,
        }
    }
}

/// Why a transaction ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ending {
    pub(crate) trigger: TriggerReason,
    pub(crate) reason: StoppedReason,
    pub(crate) reset: Option<ResetKind>,
    /// The token that ended it, if one did.
    pub(crate) token: Option<IdToken>,
}

impl Ending {
    /// The same end, told by what completed it: who began it was told before.
    pub(crate) fn told_by(self, trigger: TriggerReason) -> Self {
        if self.trigger == trigger { self } else { Self { trigger, token: None, ..self } }
    }
}

/// One EVSE.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) authorized: Option<Authorized>,
    pub(crate) transaction: Option<Transaction>,
    /// Start points that held when it was last looked at: a transaction starts when one begins to hold.
    pub(crate) held: Points,
    /// The charging state that was told last.
    pub(crate) told: Option<ChargingState>,
    /// The power path was closed in this transaction.
    pub(crate) was_closed: bool,
    /// Why the authorization ended, in case the transaction goes on for a while.
    pub(crate) withdrawn: Option<Ending>,
    /// The transaction ends as soon as the meter has shown its final reading.
    pub(crate) ending: Option<Ending>,
    /// A token that the next event must tell.
    pub(crate) news: Option<IdToken>,
    /// A remote start that the next event must tell.
    pub(crate) remote_news: bool,
    /// The transaction ended, and the cable is still there.
    pub(crate) finishing: bool,
    /// What the power cut interrupted: ends when the meter has shown its register.
    pub(crate) interrupted: Option<Transaction>,
}

impl Session {
    /// Nobody may charge here any more, and nothing is left to tell about who might have.
    pub(crate) fn forget_authorization(&mut self) {
        self.authorized = None;
        self.news = None;
        self.remote_news = false;
    }

    /// Energy flows if a transaction runs, and as the limits are.
    pub(crate) fn may_flow(&self, evse: &Evse) -> bool {
        self.wants_energy(evse) && !evse.offers_nothing
    }

    /// Energy would flow if the limits were not in the way.
    pub(crate) fn wants_energy(&self, evse: &Evse) -> bool {
        let authorized = self.authorized.as_ref().is_some_and(|authorized| !authorized.suspended);
        authorized && self.ending.is_none() && evse.plugged.is_some() && evse.ev_ready && !evse.is_faulted()
    }

    /// E01.FR.06: a transaction that starts with the flow of energy starts charging, though its start is durable first.
    pub(crate) fn told_state(&self, stage: TransactionStage, evse: &Evse) -> ChargingState {
        let flows = !self.held.and(Points::ENERGY_TRANSFER).is_empty();
        if stage == TransactionStage::Started && flows { ChargingState::Charging } else { self.charging_state(evse) }
    }

    pub(crate) fn charging_state(&self, evse: &Evse) -> ChargingState {
        let authorized = self.authorized.as_ref();
        match (evse.plugged, authorized) {
            (None, _) => ChargingState::Idle,
            (Some(_), None) => ChargingState::EVConnected,
            (Some(_), Some(authorized)) if authorized.suspended || evse.is_faulted() || evse.offers_nothing => {
                ChargingState::SuspendedEVSE
            }
            (Some(_), Some(_)) if evse.contactor_closed => ChargingState::Charging,
            (Some(_), Some(_)) if self.was_closed => ChargingState::SuspendedEV,
            (Some(_), Some(_)) => ChargingState::EVConnected,
        }
    }
}
