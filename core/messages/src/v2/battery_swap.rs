//! Functional block S: battery swap

use alloc::vec::Vec;

use super::{GenericStatus, IdToken, StatusInfo};
use crate::{DateTime, Decimal, Text};

enums! {
    /// DOC
    BatterySwapEvent { BatteryIn, BatteryOut, BatteryOutTimeout }
}

structs! {
    /// DOC
    BatteryData {
        /// DOC
        evse_id: i32 [0..],
        /// DOC
        serial_number: Text [..=50],
        /// DOC
        soc: Decimal [0..=100] = "soC",
        /// DOC
        soh: Decimal [0..=100] = "soH";
        /// DOC
        production_date: DateTime,
        /// DOC
        vendor_info: Text [..=500],
    }
}

messages! { structs:
    /// DOC
    BatterySwap (Station, "BatterySwapping", V21)
    BatterySwapRequest {
        /// DOC
        battery_data: Vec<BatteryData> [1..],
        /// DOC
        event_type: BatterySwapEvent,
        /// DOC
        id_token: IdToken,
        /// DOC
        request_id: i32,
    }
    BatterySwapResponse {}

    /// DOC
    RequestBatterySwap (Csms, "BatterySwapping", V21)
    RequestBatterySwapRequest {
        /// DOC
        id_token: IdToken,
        /// DOC
        request_id: i32,
    }
    RequestBatterySwapResponse {
        /// DOC
        status: GenericStatus;
        /// DOC
        status_info: StatusInfo,
    }
}
