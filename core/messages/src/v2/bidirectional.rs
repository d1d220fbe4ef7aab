//! Functional block Q: bidirectional power transfer.

use alloc::vec::Vec;

use super::{EnergyTransferMode, GenericStatus};
use crate::{DateTime, Text};

enums! {
    /// What the station makes of the kinds of energy transfer (Q02).
    NotifyAllowedEnergyTransferStatus { Accepted, Rejected }
}

messages! { structs:
    /// Hands on a signal of the frequency service (Q08).
    AFRRSignal (Csms, "Bidirectional Power Transfer", V21)
    AFRRSignalRequest {
        /// From when on the signal holds.
        timestamp: DateTime,
        /// Looked up in the step's `v2x_signal_watt_curve` for the power.
        signal: i32,
    }
    AFRRSignalResponse { => GenericStatus }

    /// Tells which kinds of energy transfer a transaction may use (Q02).
    NotifyAllowedEnergyTransfer (Csms, "Bidirectional Power Transfer", V21)
    NotifyAllowedEnergyTransferRequest {
        /// The transaction.
        transaction_id: Text [..=36],
        /// The kinds.
        allowed_energy_transfer: Vec<EnergyTransferMode> [1..],
    }
    NotifyAllowedEnergyTransferResponse { => NotifyAllowedEnergyTransferStatus }
}
