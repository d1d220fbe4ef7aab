//! Functional block L: firmware.

use alloc::vec::Vec;

use super::{GenericStatus, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// What the station makes of a firmware update (L01, L02).
    UpdateFirmwareStatus { Accepted, Rejected, AcceptedCanceled, InvalidCertificate, RevokedCertificate }

    /// How far a firmware update has come (L01, L02).
    FirmwareStatus {
        Downloaded, DownloadFailed, Downloading, DownloadScheduled, DownloadPaused, Idle, InstallationFailed,
        Installing, Installed, InstallRebooting, InstallScheduled, InstallVerificationFailed, InvalidSignature,
        SignatureVerified,
    }

    /// How far a Local Controller has come with publishing firmware (L03).
    PublishFirmwareStatus {
        Idle, DownloadScheduled, Downloading, Downloaded, Published, DownloadFailed, DownloadPaused, InvalidChecksum,
        ChecksumVerified, PublishFailed,
    }

    /// What became of published firmware that is taken back (L04).
    UnpublishFirmwareStatus { DownloadOngoing, NoFirmware, Unpublished }
}

structs! {
    /// Firmware, and when to fetch and install it.
    Firmware {
        /// Where it is fetched from.
        location: Text [..=2000] [V201 ..=512],
        /// When it may be fetched at the earliest.
        retrieve_date_time: DateTime;
        /// When it may be installed at the earliest; as soon as fetched and possible if absent (L01.FR.05).
        install_date_time: DateTime,
        /// The certificate that it is signed with, in PEM (L01).
        signing_certificate: Text [..=5500],
        /// The signature, in Base64 (L01).
        signature: Text [..=800],
    }
}

messages! { structs:
    /// Has the station fetch and install firmware (L01, L02).
    UpdateFirmware (Csms, "Firmware Management")
    UpdateFirmwareRequest {
        /// Comes back in every status of this update.
        request_id: i32,
        /// The firmware.
        firmware: Firmware;
        /// How often fetching is tried again, 0 for never; up to the station if absent.
        retries: i32 [0..] [V201 ..],
        /// Seconds between two tries; up to the station if absent.
        retry_interval: i32,
    }
    UpdateFirmwareResponse { => UpdateFirmwareStatus }

    /// Tells how far a firmware update has come (L01, L02).
    FirmwareStatusNotification (Station, "Firmware Management")
    FirmwareStatusNotificationRequest {
        /// How far.
        status: FirmwareStatus;
        /// The update that it is about; absent only for `Idle` (L01.FR.20).
        request_id: i32,
        /// More about it.
        status_info: StatusInfo [V21],
    }
    FirmwareStatusNotificationResponse {}

    /// Has a Local Controller fetch firmware and offer it to its stations (L03).
    PublishFirmware (Csms, "Firmware Management")
    PublishFirmwareRequest {
        /// Where it is fetched from.
        location: Text [..=2000] [V201 ..=512],
        /// MD5 of the whole file, in hexadecimal.
        checksum: Text [..=32],
        /// Comes back in every status of this publication.
        request_id: i32 [0..] [V201 ..];
        /// How often fetching is tried again, 0 for never; up to the Local Controller if absent.
        retries: i32 [0..] [V201 ..],
        /// Seconds between two tries; up to the Local Controller if absent.
        retry_interval: i32 [0..] [V201 ..],
    }
    PublishFirmwareResponse { => GenericStatus }

    /// Tells how far publishing firmware has come (L03).
    PublishFirmwareStatusNotification (Station, "Firmware Management")
    PublishFirmwareStatusNotificationRequest {
        /// How far.
        status: PublishFirmwareStatus;
        /// Where stations find it, by every protocol offered; there if the status is `Published` (L03.FR.04).
        location: Vec<Text> [1..; ..=2000] [V201 1..; ..=512],
        /// The publication that it is about.
        request_id: i32 [0..] [V201 ..],
        /// More about it.
        status_info: StatusInfo [V21],
    }
    PublishFirmwareStatusNotificationResponse {}

    /// Takes published firmware back (L04).
    UnpublishFirmware (Csms, "Firmware Management")
    UnpublishFirmwareRequest {
        /// MD5 of the whole file, in hexadecimal.
        checksum: Text [..=32],
    }
    UnpublishFirmwareResponse {
        /// The verdict.
        status: UnpublishFirmwareStatus,
    }
}
