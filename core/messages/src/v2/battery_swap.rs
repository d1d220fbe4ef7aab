//! Functional block S: swapping batteries.

use alloc::vec::Vec;

use super::{GenericStatus, IdToken};
use crate::{DateTime, Decimal, Text};

enums! {
    /// What happened to batteries (S03).
    BatterySwapEvent { BatteryIn, BatteryOut, BatteryOutTimeout }
}

structs! {
    /// One battery.
    BatteryData {
        /// Where it goes in or comes out.
        evse_id: i32 [0..],
        /// Its own number.
        serial_number: Text [..=50],
        /// Percent of charge.
        soc: Decimal [0..=100] = "soC",
        /// Percent of health.
        soh: Decimal [0..=100] = "soH";
        /// When it was made.
        production_date: DateTime,
        /// What the vendor has to say.
        vendor_info: Text [..=500],
    }
}

messages! { structs:
    /// Tells that batteries went in or came out (S03).
    BatterySwap (Station, "Battery Swapping", V21)
    BatterySwapRequest {
        /// The batteries.
        battery_data: Vec<BatteryData> [1..],
        /// What happened.
        event_type: BatterySwapEvent,
        /// Who swaps.
        id_token: IdToken,
        /// What both events of one swap have in common.
        request_id: i32,
    }
    BatterySwapResponse {}

    /// Lets somebody swap batteries (S02).
    RequestBatterySwap (Csms, "Battery Swapping", V21)
    RequestBatterySwapRequest {
        /// Who.
        id_token: IdToken,
        /// Comes back in the events of this swap.
        request_id: i32,
    }
    RequestBatterySwapResponse { => GenericStatus }
}
