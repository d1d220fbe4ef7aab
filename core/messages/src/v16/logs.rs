//! Retrieval of logs, from the security whitepaper.

use crate::{DateTime, Text};

enums! {
    /// Which log is meant (N01).
    LogKind { DiagnosticsLog, SecurityLog }

    /// Whether the upload starts; `AcceptedCanceled` if it ends another one (N01).
    LogStatus { Accepted, Rejected, AcceptedCanceled }

    /// How far an upload is, or why it failed; `Idle` in a triggered message only (N01).
    UploadLogStatus {
        BadMessage, Idle, NotSupportedOperation, PermissionDenied, Uploaded, UploadFailure, Uploading,
    }
}

objects! {
    /// Where a log goes, and which part of it.
    LogParameters {
        /// The URL that receives the file.
        remote_location: Text [..=512];
        /// Nothing older is wanted; no such limit if absent.
        oldest_timestamp: DateTime,
        /// Nothing newer is wanted; no such limit if absent.
        latest_timestamp: DateTime,
    }
}

messages! { objects:
    /// Makes the charge point upload a log as one file (N01).
    GetLog (Csms, "Security")
    GetLogRequest {
        /// Where it goes, and which part.
        log: LogParameters,
        /// Which log it is.
        log_type: LogKind,
        /// What the status notifications refer to.
        request_id: i32;
        /// How many attempts to make; the charge point decides if absent.
        retries: i32,
        /// Seconds between two attempts; the charge point decides if absent.
        retry_interval: i32,
    }
    GetLogResponse {
        /// Whether the upload starts.
        status: LogStatus;
        /// How the file is called; absent if there is nothing to upload.
        filename: Text [..=255],
    }

    /// Tells how far the upload of a log is (N01).
    LogStatusNotification (Station, "Security")
    LogStatusNotificationRequest {
        /// How far it is.
        status: UploadLogStatus;
        /// The number from `GetLog`; absent only if triggered while nothing is uploaded.
        request_id: i32,
    }
    LogStatusNotificationResponse {}
}
