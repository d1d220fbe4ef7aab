//! Functional block L: firmware.

use alloc::vec::Vec;

use super::{GenericStatus, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// DOC
    UpdateFirmwareStatus { Accepted, Rejected, AcceptedCanceled, InvalidCertificate, RevokedCertificate }

    /// DOC
    FirmwareStatus {
        Downloaded, DownloadFailed, Downloading, DownloadScheduled, DownloadPaused, Idle, InstallationFailed,
        Installing, Installed, InstallRebooting, InstallScheduled, InstallVerificationFailed, InvalidSignature,
        SignatureVerified,
    }

    /// DOC
    PublishFirmwareStatus {
        Idle, DownloadScheduled, Downloading, Downloaded, Published, DownloadFailed, DownloadPaused, InvalidChecksum,
        ChecksumVerified, PublishFailed,
    }

    /// DOC
    UnpublishFirmwareStatus { DownloadOngoing, NoFirmware, Unpublished }
}

structs! {
    /// DOC
    Firmware {
        /// DOC
        location: Text [..=2000] [V201 ..=512],
        /// DOC
        retrieve_date_time: DateTime;
        /// DOC
        install_date_time: DateTime,
        /// DOC
        signing_certificate: Text [..=5500],
        /// DOC
        signature: Text [..=800],
    }
}

messages! { structs:
    /// DOC
    UpdateFirmware (Csms, "FirmwareManagement")
    UpdateFirmwareRequest {
        /// DOC
        request_id: i32,
        /// DOC
        firmware: Firmware;
        /// DOC
        retries: i32 [0..] [V201 ..],
        /// DOC
        retry_interval: i32,
    }
    UpdateFirmwareResponse {
        /// DOC
        status: UpdateFirmwareStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    FirmwareStatusNotification (Station, "FirmwareManagement")
    FirmwareStatusNotificationRequest {
        /// DOC
        status: FirmwareStatus;
        /// DOC
        request_id: i32,
        /// DOC
        status_info: StatusInfo [V21],
    }
    FirmwareStatusNotificationResponse {}

    /// DOC
    PublishFirmware (Csms, "FirmwareManagement")
    PublishFirmwareRequest {
        /// DOC
        location: Text [..=2000] [V201 ..=512],
        /// DOC
        checksum: Text [..=32],
        /// DOC
        request_id: i32 [0..] [V201 ..];
        /// DOC
        retries: i32 [0..] [V201 ..],
        /// DOC
        retry_interval: i32 [0..] [V201 ..],
    }
    PublishFirmwareResponse {
        /// DOC
        status: GenericStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    PublishFirmwareStatusNotification (Station, "FirmwareManagement")
    PublishFirmwareStatusNotificationRequest {
        /// DOC
        status: PublishFirmwareStatus;
        /// DOC
        location: Vec<Text> [1..; ..=2000] [V201 1..; ..=512],
        /// DOC
        request_id: i32 [0..] [V201 ..],
        /// DOC
        status_info: StatusInfo [V21],
    }
    PublishFirmwareStatusNotificationResponse {}

    /// DOC
    UnpublishFirmware (Csms, "FirmwareManagement")
    UnpublishFirmwareRequest {
        /// DOC
        checksum: Text [..=32],
    }
    UnpublishFirmwareResponse {
        /// DOC
        status: UnpublishFirmwareStatus,
    }
}
