//! Functional block G: availability.

use crate::DateTime;

enums! {
    /// What a connector can do for the next driver.
    ConnectorStatus { Available, Occupied, Reserved, Unavailable, Faulted }

    /// Whether something shall serve drivers.
    OperationalStatus { Inoperative, Operative }

    /// When the change happens, if it does.
    ChangeAvailabilityStatus { Accepted, Rejected, Scheduled }
}

structs! {
    /// An EVSE, or one connector of it.
    Evse {
        /// The EVSE, from 1; 0 is the station.
        id: i32 [0..] [V201 ..];
        /// The connector of that EVSE, from 1.
        connector_id: i32 [0..] [V201 ..],
    }
}

messages! { structs:
    /// Shows that the station is alive, and asks for the time (G02).
    Heartbeat (Station, "Availability")
    HeartbeatRequest {}
    HeartbeatResponse {
        /// The CSMS's clock.
        current_time: DateTime,
    }

    /// Tells a connector's status (G01).
    StatusNotification (Station, "Availability")
    StatusNotificationRequest {
        /// Since when.
        timestamp: DateTime,
        /// The status.
        connector_status: ConnectorStatus,
        /// The EVSE.
        evse_id: i32 [0..] [V201 ..],
        /// The connector of that EVSE.
        connector_id: i32 [0..] [V201 ..],
    }
    StatusNotificationResponse {}

    /// Takes something out of service, or back into it (G03, G04).
    ChangeAvailability (Csms, "Availability")
    ChangeAvailabilityRequest {
        /// What it shall be.
        operational_status: OperationalStatus;
        /// An EVSE or connector; the whole station if absent.
        evse: Evse,
    }
    ChangeAvailabilityResponse { => ChangeAvailabilityStatus }
}
