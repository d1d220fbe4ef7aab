//! The core profile. Clauses are those of OCPP 1.6 edition 2.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{ChargingProfile, MeterValue};
use crate::{DateTime, Text};

enums! {
    /// Whether a tag may charge, or why not (§7.2).
    AuthorizationStatus { Accepted, Blocked, Expired, Invalid, ConcurrentTx }

    /// Whether the central system takes the charge point in (§4.2).
    RegistrationStatus { Accepted, Pending, Rejected }

    /// Whether something shall serve drivers (§5.2).
    AvailabilityKind { Inoperative, Operative }

    /// When the change happens, if it does.
    AvailabilityStatus { Accepted, Rejected, Scheduled }

    /// What became of a key's new value (§5.3).
    ConfigurationStatus { Accepted, Rejected, RebootRequired, NotSupported }

    /// Whether the cache is empty now (§5.4).
    ClearCacheStatus { Accepted, Rejected }

    /// What the receiver made of the data (§4.3).
    DataTransferStatus { Accepted, Rejected, UnknownMessageId, UnknownVendorId }

    /// Whether the charge point tries to start or stop (§5.11, §5.12).
    RemoteStartStopStatus { Accepted, Rejected }

    /// Whether transactions are stopped in good order before (§5.14).
    ResetKind { Hard, Soft }

    /// Whether the reset happens.
    ResetStatus { Accepted, Rejected }

    /// What a connector does (§4.9).
    ChargePointStatus {
        Available, Preparing, Charging, SuspendedEVSE, SuspendedEV, Finishing,
        Reserved, Unavailable, Faulted,
    }

    /// What is wrong with a connector (§7.6).
    ChargePointErrorCode {
        ConnectorLockFailure, EVCommunicationError, GroundFailure, HighTemperature,
        InternalError, LocalListConflict, NoError, OtherError, OverCurrentFailure, OverVoltage, PowerMeterFailure,
        PowerSwitchFailure, ReaderFailure, ResetFailure, UnderVoltage, WeakSignal,
    }

    /// Why a transaction ended (§7.36).
    StopReason {
        DeAuthorized, EmergencyStop, EVDisconnected, HardReset, Local, Other, PowerLoss, Reboot,
        Remote, SoftReset, UnlockCommand,
    }

    /// What became of the connector's lock (§5.18).
    UnlockStatus { Unlocked, UnlockFailed, NotSupported }
}

objects! {
    /// What the central system knows of a tag.
    IdTagInfo {
        /// Whether it may charge.
        status: AuthorizationStatus;
        /// Until when the answer may be cached.
        expiry_date: DateTime,
        /// The group it belongs to.
        parent_id_tag: Text [..=20],
    }

    /// One key of the configuration.
    KeyValue {
        /// Its name.
        key: Text [..=50],
        /// Whether the central system cannot change it.
        readonly: bool;
        /// Its value; absent if it has none.
        value: Text [..=500],
    }
}

messages! { objects:
    /// Asks whether a tag may charge (§4.1).
    Authorize (Station, "Core")
    AuthorizeRequest {
        /// The tag; compared without case.
        id_tag: Text [..=20],
    }
    AuthorizeResponse {
        /// What the central system knows of it.
        id_tag_info: IdTagInfo,
    }

    /// Announces the charge point after it started (§4.2).
    BootNotification (Station, "Core")
    BootNotificationRequest {
        /// Who built it.
        charge_point_vendor: Text [..=20],
        /// The vendor's name of the product.
        charge_point_model: Text [..=20];
        /// The vendor's number of this one charge point.
        charge_point_serial_number: Text [..=25],
        /// The number of the box inside it; obsolete.
        charge_box_serial_number: Text [..=25],
        /// What it runs.
        firmware_version: Text [..=50],
        /// The SIM card's number.
        iccid: Text [..=20],
        /// The subscriber's number.
        imsi: Text [..=20],
        /// The main meter's model.
        meter_type: Text [..=25],
        /// The main meter's number.
        meter_serial_number: Text [..=25],
    }
    BootNotificationResponse {
        /// The verdict.
        status: RegistrationStatus,
        /// The central system's clock.
        current_time: DateTime,
        /// Seconds: heartbeats if accepted, the next attempt otherwise; 0 leaves it to the charge point.
        interval: i32,
    }

    /// Takes a connector out of service, or back into it (§5.2).
    ChangeAvailability (Csms, "Core")
    ChangeAvailabilityRequest {
        /// The connector; 0 for all of them.
        connector_id: i32,
        /// What it shall be.
        kind: AvailabilityKind = "type",
    }
    ChangeAvailabilityResponse { => AvailabilityStatus }

    /// Gives a key of the configuration a new value (§5.3).
    ChangeConfiguration (Csms, "Core")
    ChangeConfigurationRequest {
        /// The key.
        key: Text [..=50],
        /// Its value.
        value: Text [..=500],
    }
    ChangeConfigurationResponse { => ConfigurationStatus }

    /// Empties the authorization cache (§5.4).
    ClearCache (Csms, "Core")
    ClearCacheRequest {}
    ClearCacheResponse { => ClearCacheStatus }

    /// Carries what OCPP has no message for (§4.3, §5.6).
    DataTransfer (Both, "Core")
    DataTransferRequest {
        /// Whose message it is, by domain name.
        vendor_id: Text [..=255];
        /// Which of the vendor's messages.
        message_id: Text [..=50],
        /// Its content.
        data: Text,
    }
    DataTransferResponse {
        /// The verdict.
        status: DataTransferStatus;
        /// The vendor's answer.
        data: Text,
    }

    /// Reads the configuration (§5.8).
    GetConfiguration (Csms, "Core")
    GetConfigurationRequest {
        ;
        /// The keys; all if absent or empty.
        key: Vec<Text> [0..; ..=50],
    }
    GetConfigurationResponse {
        ;
        /// The keys that exist.
        configuration_key: Vec<KeyValue>,
        /// The keys that do not.
        unknown_key: Vec<Text> [0..; ..=50],
    }

    /// Shows that the charge point is alive, and asks for the time (§4.6).
    Heartbeat (Station, "Core")
    HeartbeatRequest {}
    HeartbeatResponse {
        /// The central system's clock.
        current_time: DateTime,
    }

    /// Tells what the meter showed (§4.7).
    MeterValues (Station, "Core")
    MeterValuesRequest {
        /// The connector; 0 is the main meter.
        connector_id: i32,
        /// What it showed.
        meter_value: Vec<MeterValue>;
        /// The transaction that used it.
        transaction_id: i32,
    }
    MeterValuesResponse {}

    /// Starts a transaction for somebody (§5.11).
    RemoteStartTransaction (Csms, "Core")
    RemoteStartTransactionRequest {
        /// For whom.
        id_tag: Text [..=20];
        /// Where; the charge point chooses if absent and it can.
        connector_id: i32,
        /// A profile for this transaction.
        charging_profile: Box<ChargingProfile>,
    }
    RemoteStartTransactionResponse { => RemoteStartStopStatus }

    /// Stops a transaction (§5.12).
    RemoteStopTransaction (Csms, "Core")
    RemoteStopTransactionRequest {
        /// The transaction.
        transaction_id: i32,
    }
    RemoteStopTransactionResponse { => RemoteStartStopStatus }

    /// Restarts the charge point (§5.14).
    Reset (Csms, "Core")
    ResetRequest {
        /// How.
        kind: ResetKind = "type",
    }
    ResetResponse { => ResetStatus }

    /// Tells that a transaction began (§4.8).
    StartTransaction (Station, "Core")
    StartTransactionRequest {
        /// Where.
        connector_id: i32,
        /// Who started it.
        id_tag: Text [..=20],
        /// Wh that the meter showed.
        meter_start: i64,
        /// When.
        timestamp: DateTime;
        /// The reservation that it uses up.
        reservation_id: i32,
    }
    StartTransactionResponse {
        /// What the central system knows of the tag.
        id_tag_info: IdTagInfo,
        /// Its number from now on.
        transaction_id: i32,
    }

    /// Tells a connector's status (§4.9).
    StatusNotification (Station, "Core")
    StatusNotificationRequest {
        /// The connector; 0 is the charge point's main controller.
        connector_id: i32,
        /// What is wrong.
        error_code: ChargePointErrorCode,
        /// What it does.
        status: ChargePointStatus;
        /// A text for technicians.
        info: Text [..=50],
        /// Since when; since now if absent.
        timestamp: DateTime,
        /// Whose error code follows.
        vendor_id: Text [..=255],
        /// The vendor's error code.
        vendor_error_code: Text [..=50],
    }
    StatusNotificationResponse {}

    /// Tells that a transaction ended (§4.10).
    StopTransaction (Station, "Core")
    StopTransactionRequest {
        /// Wh that the meter showed.
        meter_stop: i64,
        /// When.
        timestamp: DateTime,
        /// Which.
        transaction_id: i32;
        /// Who stopped it, if somebody did.
        id_tag: Text [..=20],
        /// Why; `Local` if absent.
        reason: StopReason,
        /// Meter values for billing.
        transaction_data: Vec<MeterValue>,
    }
    StopTransactionResponse {
        ;
        /// What the central system knows of the tag.
        id_tag_info: IdTagInfo,
    }

    /// Unlocks a connector whose cable is stuck (§5.18).
    UnlockConnector (Csms, "Core")
    UnlockConnectorRequest {
        /// The connector.
        connector_id: i32,
    }
    UnlockConnectorResponse { => UnlockStatus }
}
