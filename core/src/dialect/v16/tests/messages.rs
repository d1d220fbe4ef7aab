use alloc::boxed::Box;
use alloc::vec;

use pilotwire_messages::{Decimal, ErrorCode, Json, Version};

use super::super::super::tests::{ID, NAMES, commanded, decimal, heard, noon, time};
use super::super::{read_command, read_request, write_command, write_reply, write_request};
use super::text;
use crate::domain::{
    ChargingRateUnit, ChargingSchedulePeriod, Command, CompositeQuery, CompositeSchedule, ConnectorReport,
    ConnectorStatus, DataTransfer, EvseId, Occupation, Problem, ProfileCriteria, Reply, Request, StatusInfo,
};

fn status(status: ConnectorStatus, occupation: Occupation, problem: Option<Problem>) -> Request {
    Request::Status(ConnectorReport { evse: EvseId(1), connector: 1, at: Some(noon()), status, occupation, problem })
}

/// §4.9.
#[test]
fn occupations_are_statuses_and_what_is_out_of_order_wins() {
    use {ConnectorStatus as Status, Occupation as Use};
    let rows = [
        (Status::Available, Use::Free, "Available"),
        (Status::Available, Use::Preparing, "Preparing"),
        (Status::Occupied, Use::Preparing, "Preparing"),
        (Status::Occupied, Use::Charging, "Charging"),
        (Status::Occupied, Use::SuspendedEv, "SuspendedEV"),
        (Status::Occupied, Use::SuspendedEvse, "SuspendedEVSE"),
        (Status::Occupied, Use::Finishing, "Finishing"),
        (Status::Reserved, Use::Free, "Reserved"),
        (Status::Unavailable, Use::Charging, "Unavailable"),
        (Status::Faulted, Use::Charging, "Faulted"),
    ];
    for (given, occupation, word) in rows {
        let expected = alloc::format!(
            concat!(
                r#"[2,"1","StatusNotification",{{"connectorId":1,"errorCode":"NoError","status":"{}","#,
                r#""timestamp":"2026-01-31T12:00:00.000Z"}}]"#
            ),
            word
        );
        assert_eq!(text(&status(given, occupation, None)), expected);
    }
}

#[test]
fn codes_of_the_vendor_stand_beside_other_error() {
    let of = |code: &str| {
        let problem = Problem { code: code.into(), info: Some("hot".into()) };
        text(&status(ConnectorStatus::Faulted, Occupation::Free, Some(problem)))
    };
    let prefix = r#"[2,"1","StatusNotification",{"connectorId":1,"errorCode":"#;
    let rest = r#""status":"Faulted","info":"hot","timestamp":"2026-01-31T12:00:00.000Z""#;
    assert_eq!(of("HighTemperature"), alloc::format!(r#"{prefix}"HighTemperature",{rest}}}]"#));
    assert_eq!(of("E42"), alloc::format!(r#"{prefix}"OtherError",{rest},"vendorErrorCode":"E42"}}]"#));
}

/// §4.9: the time and all about errors are optional.
#[test]
fn a_bare_status_is_read() {
    let payload = concat!(
        concat!(r#"{"connectorId":3,"errorCode":"NoError","status":"SuspendedEV","info":"","vendorId":"x","#),
        r#""vendorErrorCode":""}"#
    );
    let Request::Status(report) = read_request("StatusNotification", payload).unwrap() else { panic!() };
    assert_eq!((report.at, report.problem), (None, None));
    assert_eq!((report.evse, report.connector, report.occupation), (EvseId(3), 1, Occupation::SuspendedEv));
}

#[test]
fn a_second_connector_of_an_evse_is_not_told() {
    let Request::Status(mut report) = status(ConnectorStatus::Available, Occupation::Free, None) else { panic!() };
    report.connector = 2;
    assert_eq!(write_request(ID, &Request::Status(report), NAMES), Ok(None));
}

/// §4.3: data is a text.
#[test]
fn data_of_vendors_is_carried_as_text() {
    let message = |json: &str| {
        Request::DataTransfer(DataTransfer {
            vendor_id: "v".into(),
            message_id: None,
            data: Some(Json::parse(json).unwrap()),
        })
    };
    assert_eq!(
        text(&message(r#"{"a":[1,"b"]}"#)),
        r#"[2,"1","DataTransfer",{"vendorId":"v","data":"{\"a\":[1,\"b\"]}"}]"#
    );
    assert_eq!(text(&message(r#""plain""#)), r#"[2,"1","DataTransfer",{"vendorId":"v","data":"plain"}]"#);
    assert_eq!(heard(Version::V16, &message(r#"{"a":1}"#)), message(r#""{\"a\":1}""#));
}

/// §5.16.2: a profile for the transaction that begins.
#[test]
fn a_remote_start_brings_its_profile() {
    let payload = concat!(
        r#"{"idTag":"AB12","connectorId":1,"chargingProfile":{"chargingProfileId":1,"stackLevel":0,"#,
        r#""chargingProfilePurpose":"TxProfile","chargingProfileKind":"Relative","chargingSchedule":"#,
        r#"{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16.0}]}}}"#,
    );
    let Ok(Command::RequestStart { evse: Some(EvseId(1)), profile: Some(profile), .. }) =
        read_command("RemoteStartTransaction", payload)
    else {
        panic!("a remote start with a profile");
    };
    assert_eq!((profile.id, profile.charging_schedule.len()), (1, 1));
    assert_eq!(profile.charging_schedule[0].charging_schedule_period[0].limit, Some(Decimal::from_int(16)));
}

/// Errata 3.39: an error, where 2.x rejects.
#[test]
fn a_profile_for_a_connector_that_does_not_exist_is_an_error() {
    let payload = concat!(
        r#"{"connectorId":9,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,"#,
        r#""chargingProfilePurpose":"TxDefaultProfile","chargingProfileKind":"Relative","chargingSchedule":"#,
        r#"{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":16.0}]}}}"#,
    );
    let command = read_command("SetChargingProfile", payload).unwrap();
    let rejected = |reason: &str| Reply::SetChargingProfile { accepted: false, why: Some(StatusInfo::new(reason)) };
    let refusal = write_reply(ID, &command, &rejected("UnknownEvse")).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::PropertyConstraintViolation);
    assert_eq!(write_reply(ID, &command, &rejected("InvalidSchedule")).unwrap(), r#"[3,"1",{"status":"Rejected"}]"#);
}

/// Errata 3.26: an id says it all.
#[test]
fn clearing_by_id_ignores_the_rest() {
    let command = read_command("ClearChargingProfile", r#"{"id":7,"connectorId":2,"stackLevel":3}"#);
    assert_eq!(command, Ok(Command::ClearChargingProfile(ProfileCriteria::id(7))));
}

/// Errata 3.57: the schedule has no start of its own.
#[test]
fn a_composite_schedule_starts_where_the_answer_says() {
    let query = CompositeQuery { evse: EvseId(1), duration_s: 60, unit: None };
    let mut period = ChargingSchedulePeriod::new(0);
    period.limit = Some(decimal("16.25"));
    let schedule = CompositeSchedule::new(1, 60, time("2026-01-31T12:00:00Z"), ChargingRateUnit::A, vec![period]);
    let reply = Reply::GetCompositeSchedule { schedule: Some(Box::new(schedule)), why: None };
    let text = write_reply(ID, &Command::GetCompositeSchedule(query), &reply).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"[3,"1",{"status":"Accepted","connectorId":1,"scheduleStart":"2026-01-31T12:00:00.000Z","#,
            r#""chargingSchedule":{"chargingRateUnit":"A","chargingSchedulePeriod":"#,
            r#"[{"startPeriod":0,"limit":16.2}],"duration":60}}]"#,
        ),
        "one digit after the point, cut"
    );
}

/// §5.2: connector 0 is the charge point with all its connectors.
#[test]
fn the_whole_charge_point_is_connector_0() {
    let change = Command::ChangeAvailability { place: None, operative: false };
    assert_eq!(
        write_command(ID, &change).unwrap(),
        r#"[2,"1","ChangeAvailability",{"connectorId":0,"type":"Inoperative"}]"#
    );
    assert_eq!(commanded(Version::V16, &change), change);
}

#[test]
fn a_boot_tells_the_box_number_where_that_is_all_there_is() {
    let payload = r#"{"chargePointVendor":"V","chargePointModel":"M","chargeBoxSerialNumber":"B"}"#;
    let Request::Boot(boot) = read_request("BootNotification", payload).unwrap() else { panic!() };
    assert_eq!(boot.identity.serial_number.as_deref(), Some("B"));
}
