//! Functional block P: data transfer.

use super::StatusInfo;
use crate::{Json, Text};

enums! {
    /// What the receiver made of the data.
    DataTransferStatus { Accepted, Rejected, UnknownMessageId, UnknownVendorId }
}

messages! { structs:
    /// Carries what OCPP has no message for (P01, P02).
    DataTransfer (Both, "Data Transfer")
    DataTransferRequest {
        /// Whose message it is, by domain name.
        vendor_id: Text [..=255];
        /// Which of the vendor's messages.
        message_id: Text [..=50],
        /// Its content.
        data: Json,
    }
    DataTransferResponse {
        /// The verdict.
        status: DataTransferStatus;
        /// Why.
        status_info: StatusInfo,
        /// The vendor's answer.
        data: Json,
    }
}
