//! Functional block F: remote control.

use alloc::boxed::Box;

use super::{ChargingProfile, Evse, IdToken, StatusInfo};
use crate::Text;

enums! {
    /// Whether the station tries to start or stop.
    RequestStartStopStatus { Accepted, Rejected }

    /// The message that the CSMS wants to see.
    MessageTrigger {
        BootNotification, CustomTrigger [V21], FirmwareStatusNotification, Heartbeat, LogStatusNotification,
        MeterValues, PublishFirmwareStatusNotification, SignChargingStationCertificate, SignCombinedCertificate,
        SignV2GCertificate, SignV2G20Certificate [V21],
        StatusNotification, TransactionEvent,
    }

    /// Whether the message follows.
    TriggerMessageStatus { Accepted, Rejected, NotImplemented }

    /// What became of the connector's lock.
    UnlockStatus { Unlocked, UnlockFailed, OngoingAuthorizedTransaction, UnknownConnector }
}

messages! { structs:
    /// Starts a transaction for somebody (F01, F02).
    RequestStartTransaction (Csms, "Remote Control")
    RequestStartTransactionRequest {
        /// For whom.
        id_token: IdToken,
        /// Comes back in the transaction's events.
        remote_start_id: i32;
        /// Where; the station chooses if absent and it can.
        evse_id: i32 [1..] [V201 ..],
        /// The group that may stop it too.
        group_id_token: IdToken,
        /// A profile for this transaction (F01.FR.08).
        charging_profile: Box<ChargingProfile>,
    }
    RequestStartTransactionResponse {
        /// The verdict.
        status: RequestStartStopStatus;
        /// Why.
        status_info: StatusInfo,
        /// If a cable was plugged in before, the transaction that already runs.
        transaction_id: Text [..=36],
    }

    /// Stops a transaction (F03).
    RequestStopTransaction (Csms, "Remote Control")
    RequestStopTransactionRequest {
        /// The transaction.
        transaction_id: Text [..=36],
    }
    RequestStopTransactionResponse { => RequestStartStopStatus }

    /// Makes the station send a message now (F06).
    TriggerMessage (Csms, "Remote Control")
    TriggerMessageRequest {
        /// Which message.
        requested_message: MessageTrigger;
        /// Of which EVSE; of all if absent.
        evse: Evse,
        /// The vendor's own trigger, if that is the message.
        custom_trigger: Text [V21 ..=50],
    }
    TriggerMessageResponse {
        /// Whether it follows.
        status: TriggerMessageStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// Unlocks a connector whose cable is stuck (F05).
    UnlockConnector (Csms, "Remote Control")
    UnlockConnectorRequest {
        /// The EVSE.
        evse_id: i32 [0..] [V201 ..],
        /// The connector of that EVSE.
        connector_id: i32 [0..] [V201 ..],
    }
    UnlockConnectorResponse {
        /// What became of it.
        status: UnlockStatus;
        /// Why.
        status_info: StatusInfo,
    }
}
