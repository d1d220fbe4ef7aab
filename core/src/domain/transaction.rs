//! Transactions and what is measured in them.

use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Decimal, Text};
use serde::{Deserialize, Serialize};

use super::{ChargingState, EvseId, IdToken, MeterValue, ResetKind, StoppedReason, TriggerReason};

/// Which of the three kinds of events of a transaction (E01–E06).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionStage {
    /// The first event; 1.6: StartTransaction.
    Started,
    /// Something changed or was measured; 1.6: MeterValues if something was measured.
    Updated,
    /// The last event; 1.6: StopTransaction.
    Ended,
}

impl TransactionStage {
    /// The word of 2.x.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Updated => "Updated",
            Self::Ended => "Ended",
        }
    }
}

/// Something that happened in a transaction, stamped when it happened, whenever it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransactionEvent {
    /// Started, Updated or Ended.
    pub stage: TransactionStage,
    /// The station's own id, unique for ever (E02.FR.08). On the CSMS's side of 1.6: the id that the CSMS gave, empty in
    /// the event that starts the transaction.
    pub transaction: Text,
    /// Counts the events of the transaction from 0 without gaps (E01.FR.07); 1.6 does not have it.
    pub seq_no: Option<i32>,
    /// When it happened.
    pub at: DateTime,
    /// Why it is told.
    pub trigger: TriggerReason,
    /// Whether it happened while there was no connection (E04.FR.03).
    pub offline: bool,
    /// The EVSE, once it is known.
    pub evse: Option<EvseId>,
    /// The connector of that EVSE, once it is known.
    pub connector: Option<i32>,
    /// What the energy does; 1.6 does not have it.
    pub charging_state: Option<ChargingState>,
    /// Why the transaction ended.
    pub stopped_reason: Option<StoppedReason>,
    /// The kind of reset that ended the transaction: 1.6 has a reason for each.
    pub reset: Option<ResetKind>,
    /// Who started, continued or stopped the transaction, if that is news.
    pub id_token: Option<IdToken>,
    /// The CSMS's number of the request that started it (F01.FR.25).
    pub remote_start_id: Option<i32>,
    /// The energy register (Wh) at this instant: what the bill is made of. 1.6 sends it as meterStart and meterStop.
    pub register_wh: Option<Decimal>,
    /// Measurements.
    pub meter_values: Vec<MeterValue>,
}

/// What a meter shows at one instant. The register counts for ever and is kept by the meter when the power is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Energy.Active.Import.Register, in Wh.
    pub energy_wh: Decimal,
    /// Power.Active.Import, in W.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_w: Option<Decimal>,
    /// Current.Import of one phase, in A.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_a: Option<Decimal>,
    /// Voltage of one phase against neutral, in V.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voltage_v: Option<Decimal>,
    /// Current and voltage of each phase; sampled instead of the two above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<[PhaseReading; 3]>,
    /// State of charge of the vehicle, in percent, if it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soc_percent: Option<Decimal>,
    /// Power.Factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_factor: Option<Decimal>,
}

/// What a meter shows of one phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhaseReading {
    /// Current.Import, in A.
    pub current_a: Decimal,
    /// Voltage against neutral, in V.
    pub voltage_v: Decimal,
}
