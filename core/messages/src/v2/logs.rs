//! Functional block N: logs and customer information.

use super::{CertificateHashData, IdToken, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// DOC
    LogKind { DiagnosticsLog, SecurityLog, DataCollectorLog [V21] }

    /// DOC
    LogStatus { Accepted, Rejected, AcceptedCanceled }

    /// DOC
    UploadLogStatus {
        BadMessage, Idle, NotSupportedOperation, PermissionDenied, Uploaded, UploadFailure, Uploading,
        AcceptedCanceled,
    }

    /// DOC
    CustomerInformationStatus { Accepted, Rejected, Invalid }
}

structs! {
    /// DOC
    LogParameters {
        /// DOC
        remote_location: Text [..=2000] [V201 ..=512];
        /// DOC
        oldest_timestamp: DateTime,
        /// DOC
        latest_timestamp: DateTime,
    }
}

messages! { structs:
    /// DOC
    GetLog (Csms, "Diagnostics")
    GetLogRequest {
        /// DOC
        log: LogParameters,
        /// DOC
        log_type: LogKind,
        /// DOC
        request_id: i32;
        /// DOC
        retries: i32 [0..] [V201 ..],
        /// DOC
        retry_interval: i32,
    }
    GetLogResponse {
        /// DOC
        status: LogStatus;
        /// DOC
        status_info: StatusInfo,
        /// DOC
        filename: Text [..=255],
    }

    /// DOC
    LogStatusNotification (Station, "Diagnostics")
    LogStatusNotificationRequest {
        /// DOC
        status: UploadLogStatus;
        /// DOC
        request_id: i32,
        /// DOC
        status_info: StatusInfo [V21],
    }
    LogStatusNotificationResponse {}

    /// DOC
    CustomerInformation (Csms, "Diagnostics")
    CustomerInformationRequest {
        /// DOC
        request_id: i32 [0..] [V201 ..],
        /// DOC
        report: bool,
        /// DOC
        clear: bool;
        /// DOC
        customer_certificate: CertificateHashData,
        /// DOC
        id_token: IdToken,
        /// DOC
        customer_identifier: Text [..=64],
    }
    CustomerInformationResponse {
        /// DOC
        status: CustomerInformationStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    NotifyCustomerInformation (Station, "Diagnostics")
    NotifyCustomerInformationRequest {
        /// DOC
        data: Text [..=512],
        /// DOC
        seq_no: i32 [0..] [V201 ..],
        /// DOC
        generated_at: DateTime,
        /// DOC
        request_id: i32 [0..] [V201 ..];
        /// DOC
        tbc: bool,
    }
    NotifyCustomerInformationResponse {}
}
