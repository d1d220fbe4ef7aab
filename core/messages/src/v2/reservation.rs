//! Functional block H: reservations.

use super::IdToken;
use crate::DateTime;

enums! {
    /// What a connector is: c is a cable, s a socket, w wireless. Since 2.1 a word of up to 20 characters.
    ConnectorKind [V21 ..=20] {
        CCCS1 = "cCCS1", CCCS2 = "cCCS2", CG105 = "cG105", CTesla = "cTesla", CType1 = "cType1", CType2 = "cType2",
        S3091P16A = "s309-1P-16A", S3091P32A = "s309-1P-32A", S3093P16A = "s309-3P-16A", S3093P32A = "s309-3P-32A",
        SBS1361 = "sBS1361", SCEE77 = "sCEE-7-7", SType2 = "sType2", SType3 = "sType3", Other1PhMax16A,
        Other1PhOver16A, Other3Ph, Pan, WInductive = "wInductive", WResonant = "wResonant", Undetermined, Unknown,
    }

    /// Whether the station reserved something, or why not (H01).
    ReserveNowStatus { Accepted, Faulted, Occupied, Rejected, Unavailable }

    /// Whether there was such a reservation (H02).
    CancelReservationStatus { Accepted, Rejected }

    /// How a reservation ended without a transaction (H01, H03, H04).
    ReservationUpdateStatus { Expired, Removed, NoTransaction [V21] }
}

messages! { structs:
    /// Keeps an EVSE free for a driver (H01).
    ReserveNow (Csms, "Reservation")
    ReserveNowRequest {
        /// The reservation's number; one with the same number is replaced (H01.FR.02).
        id: i32 [0..] [V201 ..],
        /// When it ends if nobody came.
        expiry_date_time: DateTime,
        /// Whom it is for.
        id_token: IdToken;
        /// The connector that the driver needs; any if absent.
        connector_type: ConnectorKind [V201 ..],
        /// The EVSE; if absent, the station keeps any one of them free (H01.FR.07).
        evse_id: i32 [0..] [V201 ..],
        /// The group whose tokens may use it as well (H03).
        group_id_token: IdToken,
    }
    ReserveNowResponse { => ReserveNowStatus }

    /// Ends a reservation (H02).
    CancelReservation (Csms, "Reservation")
    CancelReservationRequest {
        /// The reservation.
        reservation_id: i32 [0..] [V201 ..],
    }
    CancelReservationResponse { => CancelReservationStatus }

    /// Tells that a reservation ended unused or could not be kept (H01, H03, H04).
    ReservationStatusUpdate (Station, "Reservation")
    ReservationStatusUpdateRequest {
        /// The reservation.
        reservation_id: i32 [0..] [V201 ..],
        /// How it ended.
        reservation_update_status: ReservationUpdateStatus,
    }
    ReservationStatusUpdateResponse {}
}
