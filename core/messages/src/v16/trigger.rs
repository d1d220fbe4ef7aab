//! The remote trigger profile.

enums! {
    /// The message that the central system wants to see (§7.32).
    MessageTrigger {
        BootNotification, DiagnosticsStatusNotification, FirmwareStatusNotification, Heartbeat, MeterValues,
        StatusNotification,
    }

    /// Whether the message follows (§7.44).
    TriggerMessageStatus { Accepted, Rejected, NotImplemented }
}

messages! { objects:
    /// Makes the charge point send a message now (§5.17).
    TriggerMessage (Csms, "Remote Trigger")
    TriggerMessageRequest {
        /// Which message.
        requested_message: MessageTrigger;
        /// Of which connector; of all if absent.
        connector_id: i32,
    }
    TriggerMessageResponse { => TriggerMessageStatus }
}
