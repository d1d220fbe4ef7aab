//! Functional block Q: bidirectional

use alloc::vec::Vec;

use super::{EnergyTransferMode, GenericStatus, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// DOC
    NotifyAllowedEnergyTransferStatus { Accepted, Rejected }
}

messages! { structs:
    /// DOC
    AFRRSignal (Csms, "BidirectionalPowerTransfer", V21)
    AFRRSignalRequest {
        /// DOC
        timestamp: DateTime,
        /// DOC
        signal: i32,
    }
    AFRRSignalResponse {
        /// DOC
        status: GenericStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    NotifyAllowedEnergyTransfer (Csms, "BidirectionalPowerTransfer", V21)
    NotifyAllowedEnergyTransferRequest {
        /// DOC
        transaction_id: Text [..=36],
        /// DOC
        allowed_energy_transfer: Vec<EnergyTransferMode> [1..],
    }
    NotifyAllowedEnergyTransferResponse {
        /// DOC
        status: NotifyAllowedEnergyTransferStatus;
        /// DOC
        status_info: StatusInfo,
    }
}
