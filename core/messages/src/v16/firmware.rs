//! The firmware management profile.

use crate::{DateTime, Text};

enums! {
    /// How far an upload of diagnostics is; `Idle` in a triggered message only (§7.24).
    DiagnosticsStatus { Idle, Uploaded, UploadFailed, Uploading }

    /// How far an update is; `Idle` in a triggered message only (§7.25).
    FirmwareStatus { Downloaded, DownloadFailed, Downloading, Idle, InstallationFailed, Installing, Installed }
}

messages! { objects:
    /// Tells how far an upload of diagnostics is (§4.4).
    DiagnosticsStatusNotification (Station, "Firmware Management")
    DiagnosticsStatusNotificationRequest {
        /// How far it is.
        status: DiagnosticsStatus,
    }
    DiagnosticsStatusNotificationResponse {}

    /// Tells how far a firmware update is (§4.5).
    FirmwareStatusNotification (Station, "Firmware Management")
    FirmwareStatusNotificationRequest {
        /// How far it is.
        status: FirmwareStatus,
    }
    FirmwareStatusNotificationResponse {}

    /// Makes the charge point upload its diagnostics as one file (§5.9).
    GetDiagnostics (Csms, "Firmware Management")
    GetDiagnosticsRequest {
        /// The URI of the directory that receives the file.
        location: Text [uri];
        /// How many attempts to make; the charge point decides if absent.
        retries: i32,
        /// Seconds between two attempts; the charge point decides if absent.
        retry_interval: i32,
        /// Nothing older is wanted; no such limit if absent.
        start_time: DateTime,
        /// Nothing newer is wanted; no such limit if absent.
        stop_time: DateTime,
    }
    GetDiagnosticsResponse {
        ;
        /// How the file is called; absent if there is nothing to upload.
        file_name: Text [..=255],
    }

    /// Makes the charge point fetch and install firmware (§5.19).
    UpdateFirmware (Csms, "Firmware Management")
    UpdateFirmwareRequest {
        /// The URI of the firmware.
        location: Text [uri],
        /// The download begins no earlier.
        retrieve_date: DateTime;
        /// How many attempts to make; the charge point decides if absent.
        retries: i32,
        /// Seconds between two attempts; the charge point decides if absent.
        retry_interval: i32,
    }
    UpdateFirmwareResponse {}
}
