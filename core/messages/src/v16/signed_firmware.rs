//! Firmware updates with a signature, from the security whitepaper.

use crate::{DateTime, Text};

enums! {
    /// Whether the update starts; `AcceptedCanceled` if it ends another one (L01).
    UpdateFirmwareStatus { Accepted, Rejected, AcceptedCanceled, InvalidCertificate, RevokedCertificate }

    /// How far an update is, or why it failed; `Idle` in a triggered message only (L01).
    SignedFirmwareStatus {
        Downloaded, DownloadFailed, Downloading, DownloadScheduled, DownloadPaused, Idle, InstallationFailed,
        Installing, Installed, InstallRebooting, InstallScheduled, InstallVerificationFailed, InvalidSignature,
        SignatureVerified,
    }
}

objects! {
    /// Where firmware is, when it is wanted, and who signed it.
    Firmware {
        /// The URI of the firmware.
        location: Text [..=512],
        /// When the download begins.
        retrieve_date_time: DateTime,
        /// The signer's certificate in PEM.
        signing_certificate: Text [..=5500],
        /// The signature in base64.
        signature: Text [..=800];
        /// When the installation begins; once it is verified if absent.
        install_date_time: DateTime,
    }
}

messages! { objects:
    /// Tells how far a signed update is (L01).
    SignedFirmwareStatusNotification (Station, "Security")
    SignedFirmwareStatusNotificationRequest {
        /// How far it is.
        status: SignedFirmwareStatus;
        /// The number from `SignedUpdateFirmware`; absent only if `Idle`.
        request_id: i32,
    }
    SignedFirmwareStatusNotificationResponse {}

    /// Makes the charge point fetch, verify and install firmware (L01).
    SignedUpdateFirmware (Csms, "Security")
    SignedUpdateFirmwareRequest {
        /// What the status notifications refer to.
        request_id: i32,
        /// Where it is, and who signed it.
        firmware: Firmware;
        /// How many attempts to make; the charge point decides if absent.
        retries: i32,
        /// Seconds between two attempts; the charge point decides if absent.
        retry_interval: i32,
    }
    SignedUpdateFirmwareResponse { => UpdateFirmwareStatus }
}
