//! Functional block N: logs and customer information.

use super::{CertificateHashData, IdToken, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// Which log is asked for (N01).
    LogKind { DiagnosticsLog, SecurityLog, DataCollectorLog [V21] }

    /// What the station makes of the request for a log (N01).
    LogStatus { Accepted, Rejected, AcceptedCanceled }

    /// How far the upload of a log has come (N01).
    UploadLogStatus {
        BadMessage, Idle, NotSupportedOperation, PermissionDenied, Uploaded, UploadFailure, Uploading,
        AcceptedCanceled,
    }

    /// What the station makes of a request about a customer (N09, N10).
    CustomerInformationStatus { Accepted, Rejected, Invalid }
}

structs! {
    /// Where a log goes, and what of it.
    LogParameters {
        /// Where it is uploaded to.
        remote_location: Text [..=2000] [V201 ..=512];
        /// Entries before it are not asked for.
        oldest_timestamp: DateTime,
        /// Entries after it are not asked for.
        latest_timestamp: DateTime,
    }
}

messages! { structs:
    /// Has the station upload a log (N01).
    GetLog (Csms, "Diagnostics")
    GetLogRequest {
        /// Where it goes, and what of it.
        log: LogParameters,
        /// Which log.
        log_type: LogKind,
        /// Comes back in every status of this upload.
        request_id: i32;
        /// How often uploading is tried again, 0 for never; up to the station if absent.
        retries: i32 [0..] [V201 ..],
        /// Seconds between two tries; up to the station if absent.
        retry_interval: i32,
    }
    GetLogResponse {
        /// The verdict.
        status: LogStatus;
        /// Why.
        status_info: StatusInfo,
        /// What the file will be called; absent if there is nothing to upload.
        filename: Text [..=255],
    }

    /// Tells how far the upload of a log has come (N01).
    LogStatusNotification (Station, "Diagnostics")
    LogStatusNotificationRequest {
        /// How far.
        status: UploadLogStatus;
        /// The request that it is about; absent only for `Idle`.
        request_id: i32,
        /// More about it.
        status_info: StatusInfo [V21],
    }
    LogStatusNotificationResponse {}

    /// Has the station report what it keeps about a customer, or forget it (N09, N10).
    CustomerInformation (Csms, "Diagnostics")
    CustomerInformationRequest {
        /// Comes back in every part of the report.
        request_id: i32 [0..] [V201 ..],
        /// Whether it is reported.
        report: bool,
        /// Whether it is forgotten; the local list stays as it is (N10.FR.03).
        clear: bool;
        /// The customer, by certificate.
        customer_certificate: CertificateHashData,
        /// The customer, by token.
        id_token: IdToken,
        /// The customer, by some other name; just one of the three is given (N09.FR.09).
        customer_identifier: Text [..=64],
    }
    CustomerInformationResponse { => CustomerInformationStatus }

    /// One part of what the station keeps about a customer (N09, N10).
    NotifyCustomerInformation (Station, "Diagnostics")
    NotifyCustomerInformationRequest {
        /// Text for people, part by part.
        data: Text [..=512],
        /// The part's number, from 0.
        seq_no: i32 [0..] [V201 ..],
        /// When the station made this message.
        generated_at: DateTime,
        /// The request that it answers.
        request_id: i32 [0..] [V201 ..];
        /// Whether another part follows; `false` if absent.
        tbc: bool,
    }
    NotifyCustomerInformationResponse {}
}
