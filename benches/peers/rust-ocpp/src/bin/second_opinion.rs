//! Examples through the types of rust-ocpp, then through ours, then through theirs again: nothing may be lost or changed.

use harness::opinion::{Opinion, Verdict};
use pilotwire_messages::Version;
use rust_ocpp::{v1_6, v2_0_1};
use serde_json::Value;

fn through<T: serde::de::DeserializeOwned + serde::Serialize>(payload: &str) -> Option<String> {
    serde_json::from_str::<T>(payload).ok().and_then(|value| serde_json::to_string(&value).ok())
}

/// A wire name: the type's without its ending, in the spelling of the schemas.
fn is(action: &str, name: &str, ending: &str) -> bool {
    name.strip_suffix(ending).is_some_and(|name| name.eq_ignore_ascii_case(action))
}

macro_rules! theirs {
    ($family:ident $action:ident $direction:ident $payload:ident: $($module:ident $request:ident $response:ident,)*) => {
        match $direction {
            "request" => match $action {
                $(name if is(name, stringify!($request), "Request") => {
                    through::<$family::messages::$module::$request>($payload)
                })*
                _ => None,
            },
            _ => match $action {
                $(name if is(name, stringify!($response), "Response") => {
                    through::<$family::messages::$module::$response>($payload)
                })*
                _ => None,
            },
        }
    };
}

fn v16(action: &str, direction: &str, payload: &str) -> Option<String> {
    theirs!(v1_6 action direction payload:
        authorize AuthorizeRequest AuthorizeResponse,
        boot_notification BootNotificationRequest BootNotificationResponse,
        cancel_reservation CancelReservationRequest CancelReservationResponse,
        change_availability ChangeAvailabilityRequest ChangeAvailabilityResponse,
        change_configuration ChangeConfigurationRequest ChangeConfigurationResponse,
        clear_cache ClearCacheRequest ClearCacheResponse,
        clear_charging_profile ClearChargingProfileRequest ClearChargingProfileResponse,
        data_transfer DataTransferRequest DataTransferResponse,
        diagnostics_status_notification DiagnosticsStatusNotificationRequest DiagnosticsStatusNotificationResponse,
        firmware_status_notification FirmwareStatusNotificationRequest FirmwareStatusNotificationResponse,
        get_composite_schedule GetCompositeScheduleRequest GetCompositeScheduleResponse,
        get_configuration GetConfigurationRequest GetConfigurationResponse,
        get_diagnostics GetDiagnosticsRequest GetDiagnosticsResponse,
        get_local_list_version GetLocalListVersionRequest GetLocalListVersionResponse,
        heart_beat HeartbeatRequest HeartbeatResponse, meter_values MeterValuesRequest MeterValuesResponse,
        remote_start_transaction RemoteStartTransactionRequest RemoteStartTransactionResponse,
        remote_stop_transaction RemoteStopTransactionRequest RemoteStopTransactionResponse,
        reserve_now ReserveNowRequest ReserveNowResponse, reset ResetRequest ResetResponse,
        send_local_list SendLocalListRequest SendLocalListResponse,
        set_charging_profile SetChargingProfileRequest SetChargingProfileResponse,
        start_transaction StartTransactionRequest StartTransactionResponse,
        status_notification StatusNotificationRequest StatusNotificationResponse,
        stop_transaction StopTransactionRequest StopTransactionResponse,
        trigger_message TriggerMessageRequest TriggerMessageResponse,
        unlock_connector UnlockConnectorRequest UnlockConnectorResponse,
        update_firmware UpdateFirmwareRequest UpdateFirmwareResponse,
    )
}

fn v201(action: &str, direction: &str, payload: &str) -> Option<String> {
    theirs!(v2_0_1 action direction payload:
        authorize AuthorizeRequest AuthorizeResponse,
        boot_notification BootNotificationRequest BootNotificationResponse,
        cancel_reservation CancelReservationRequest CancelReservationResponse,
        certificate_signed CertificateSignedRequest CertificateSignedResponse,
        change_availability ChangeAvailabilityRequest ChangeAvailabilityResponse,
        clear_cache ClearCacheRequest ClearCacheResponse,
        clear_charging_profile ClearChargingProfileRequest ClearChargingProfileResponse,
        clear_display_message ClearDisplayMessageRequest ClearDisplayMessageResponse,
        clear_variable_monitoring ClearVariableMonitoringRequest ClearVariableMonitoringResponse,
        cleared_charging_limit ClearedChargingLimitRequest ClearedChargingLimitResponse,
        cost_updated CostUpdatedRequest CostUpdatedResponse,
        customer_information CustomerInformationRequest CustomerInformationResponse,
        datatransfer DataTransferRequest DataTransferResponse,
        delete_certificate DeleteCertificateRequest DeleteCertificateResponse,
        firmware_status_notification FirmwareStatusNotificationRequest FirmwareStatusNotificationResponse,
        get_15118ev_certificate Get15118EVCertificateRequest Get15118EVCertificateResponse,
        get_base_report GetBaseReportRequest GetBaseReportResponse,
        get_certificate_status GetCertificateStatusRequest GetCertificateStatusResponse,
        get_charging_profiles GetChargingProfilesRequest GetChargingProfilesResponse,
        get_composite_schedule GetCompositeScheduleRequest GetCompositeScheduleResponse,
        get_display_message GetDisplayMessagesRequest GetDisplayMessagesResponse,
        get_installed_certificate_ids GetInstalledCertificateIdsRequest GetInstalledCertificateIdsResponse,
        get_local_list_version GetLocalListVersionRequest GetLocalListVersionResponse,
        get_log GetLogRequest GetLogResponse,
        get_monitoring_report GetMonitoringReportRequest GetMonitoringReportResponse,
        get_report GetReportRequest GetReportResponse,
        get_transaction_status GetTransactionStatusRequest GetTransactionStatusResponse,
        get_variables GetVariablesRequest GetVariablesResponse, heartbeat HeartbeatRequest HeartbeatResponse,
        install_certificate InstallCertificateRequest InstallCertificateResponse,
        log_status_notification LogStatusNotificationRequest LogStatusNotificationResponse,
        meter_values MeterValuesRequest MeterValuesResponse,
        notify_charging_limit NotifyChargingLimitRequest NotifyChargingLimitResponse,
        notify_customer_information NotifyCustomerInformationRequest NotifyCustomerInformationResponse,
        notify_display_messages NotifyDisplayMessagesRequest NotifyDisplayMessagesResponse,
        notify_ev_charging_needs NotifyEVChargingNeedsRequest NotifyEVChargingNeedsResponse,
        notify_ev_charging_schedule NotifyEVChargingScheduleRequest NotifyEVChargingScheduleResponse,
        notify_event NotifyEventRequest NotifyEventResponse,
        notify_monitoring_report NotifyMonitoringReportRequest NotifyMonitoringReportResponse,
        notify_report NotifyReportRequest NotifyReportResponse,
        publish_firmware PublishFirmwareRequest PublishFirmwareResponse,
        publish_firmware_status_notification PublishFirmwareStatusNotificationRequest PublishFirmwareStatusNotificationResponse,
        report_charging_profiles ReportChargingProfilesRequest ReportChargingProfilesResponse,
        request_start_transaction RequestStartTransactionRequest RequestStartTransactionResponse,
        request_stop_transaction RequestStopTransactionRequest RequestStopTransactionResponse,
        reservation_status_update ReservationStatusUpdateRequest ReservationStatusUpdateResponse,
        reserve_now ReserveNowRequest ReserveNowResponse, reset ResetRequest ResetResponse,
        security_event_notification SecurityEventNotificationRequest SecurityEventNotificationResponse,
        send_local_list SendLocalListRequest SendLocalListResponse,
        set_charging_profile SetChargingProfileRequest SetChargingProfileResponse,
        set_display_message SetDisplayMessageRequest SetDisplayMessageResponse,
        set_monitoring_base SetMonitoringBaseRequest SetMonitoringBaseResponse,
        set_monitoring_level SetMonitoringLevelRequest SetMonitoringLevelResponse,
        set_network_profile SetNetworkProfileRequest SetNetworkProfileResponse,
        set_variable_monitoring SetVariableMonitoringRequest SetVariableMonitoringResponse,
        set_variables SetVariablesRequest SetVariablesResponse,
        sign_certificate SignCertificateRequest SignCertificateResponse,
        status_notification StatusNotificationRequest StatusNotificationResponse,
        transaction_event TransactionEventRequest TransactionEventResponse,
        trigger_message TriggerMessageRequest TriggerMessageResponse,
        unlock_connector UnlockConnectorRequest UnlockConnectorResponse,
        unpublish_firmware UnpublishFirmwareRequest UnpublishFirmwareResponse,
        update_firmware UpdateFirmwareRequest UpdateFirmwareResponse,
    )
}

/// Their numbers may be floats: values are compared, not digits.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn equal(first: &str, second: &str) -> bool {
    match (serde_json::from_str(first), serde_json::from_str(second)) {
        (Ok(first), Ok(second)) => same(&first, &second),
        _ => false,
    }
}

fn main() {
    let mut verdict = Verdict::default();
    Opinion { version: Version::V16, theirs: &v16, equal: &equal }.ask(&mut verdict);
    Opinion { version: Version::V201, theirs: &v201, equal: &equal }.ask(&mut verdict);
    verdict.tell("rust-ocpp");
}
