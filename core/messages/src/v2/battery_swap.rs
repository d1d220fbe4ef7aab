//! Functional block S: swapping batteries.

use alloc::vec::Vec;

use super::{GenericStatus, IdToken};
use crate::{DateTime, Decimal, Text};

enums! {
    /// What happened to batteries; `BatteryOutTimeout` if nobody took them in time (S03).
    BatterySwapEvent { BatteryIn, BatteryOut, BatteryOutTimeout }
}

structs! {
    /// One battery of a swap (S03).
    BatteryData {
        /// The slot that it goes into or comes out of.
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
        /// What the events of one swap, and the request for it if any, have in common.
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
