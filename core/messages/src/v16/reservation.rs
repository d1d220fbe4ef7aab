//! The reservation profile.

use crate::{DateTime, Text};

enums! {
    /// Whether the connector is reserved now, or why not (§7.40).
    ReservationStatus { Accepted, Faulted, Occupied, Rejected, Unavailable }

    /// Whether there was such a reservation (§7.5).
    CancelReservationStatus { Accepted, Rejected }
}

messages! { objects:
    /// Gives up a reservation (§5.1).
    CancelReservation (Csms, "Reservation")
    CancelReservationRequest {
        /// Which reservation ends.
        reservation_id: i32,
    }
    CancelReservationResponse { => CancelReservationStatus }

    /// Keeps a connector free for a tag (§5.13).
    ReserveNow (Csms, "Reservation")
    ReserveNowRequest {
        /// The connector; 0 for whichever is free.
        connector_id: i32,
        /// Until when it is kept free.
        expiry_date: DateTime,
        /// The tag that may use it.
        id_tag: Text [..=20],
        /// The reservation's number; one that exists already is replaced.
        reservation_id: i32;
        /// A group whose tags may use it too.
        parent_id_tag: Text [..=20],
    }
    ReserveNowResponse { => ReservationStatus }
}
