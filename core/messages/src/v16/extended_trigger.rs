//! The trigger of the security whitepaper, for its messages too.

use super::TriggerMessageStatus;

enums! {
    /// The message to send; `FirmwareStatusNotification` means that of signed updates (A02, L01, N01).
    ExtendedMessageTrigger {
        BootNotification, LogStatusNotification, FirmwareStatusNotification, Heartbeat, MeterValues,
        SignChargePointCertificate, StatusNotification,
    }
}

messages! { objects:
    /// Makes the charge point send a message now (A02, L01, N01).
    ExtendedTriggerMessage (Csms, "Security")
    ExtendedTriggerMessageRequest {
        /// Which message is wanted.
        requested_message: ExtendedMessageTrigger;
        /// Of which connector, counted from 1; absent if of none in particular.
        connector_id: i32,
    }
    ExtendedTriggerMessageResponse { => TriggerMessageStatus }
}
