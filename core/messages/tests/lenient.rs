//! What field devices really send is taken by policy, and told; everything else is refused as ever.
#![allow(clippy::unwrap_used)]

use pilotwire_messages::table::{Leniency, LeniencyCounts, LeniencyKind, Lenient, Policy, decode_leniently};
use pilotwire_messages::{ErrorCode, Version, text_of, v2, v16};

fn kinds(leniencies: &[Leniency]) -> Vec<(LeniencyKind, &str)> {
    leniencies.iter().map(|leniency| (leniency.kind, leniency.path.as_str())).collect()
}

#[test]
fn a_payload_without_faults_needs_no_forgiveness() {
    let boot = r#"{"chargePointVendor":"V","chargePointModel":"M"}"#;
    let lenient: Lenient<v16::BootNotificationRequest> = decode_leniently(boot, Version::V16, &Policy::FIELD).unwrap();
    assert_eq!(lenient.leniencies, []);
}

/// Numbers in strings, statuses of a vendor's own, local times and long names, all in one message.
#[test]
fn every_kind_is_forgiven_and_told_with_its_place() {
    let status = format!(
        r#"{{"connectorId":"1","errorCode":"NoError","status":"Sleeping","info":"{}","timestamp":"2026-01-31T12:00:00","vendorFlag":true}}"#,
        "x".repeat(51)
    );
    let lenient: Lenient<v16::StatusNotificationRequest> =
        decode_leniently(&status, Version::V16, &Policy::FIELD).unwrap();
    let expected = [
        (LeniencyKind::QuotedValue, "/connectorId"),
        (LeniencyKind::UnknownWord, "/status"),
        (LeniencyKind::LongText, "/info"),
        (LeniencyKind::TimestampWithoutOffset, "/timestamp"),
        (LeniencyKind::UnknownMember, "/vendorFlag"),
    ];
    assert_eq!(kinds(&lenient.leniencies), expected);
    assert_eq!(lenient.value.connector_id, 1);
    assert_eq!(lenient.value.status.as_str(), "Sleeping");
    assert_eq!(lenient.value.timestamp.map(|at| at.to_string()).as_deref(), Some("2026-01-31T12:00:00.000Z"));
    let mut counts = LeniencyCounts::default();
    counts.add(&lenient.leniencies);
    counts.add(&lenient.leniencies);
    assert!(LeniencyKind::ALL.iter().all(|kind| counts.of(*kind) == 2));
}

#[test]
fn each_part_of_the_policy_is_for_itself() {
    let heartbeat = r#"{"currentTime":"2026-01-31T12:00:00"}"#;
    let without = Policy { timestamps_without_offset: false, ..Policy::FIELD };
    let refused = decode_leniently::<v16::HeartbeatResponse>(heartbeat, Version::V16, &without).unwrap_err();
    assert_eq!((refused.code, refused.path.as_str()), (ErrorCode::FormatViolation, "/currentTime"));
}

#[test]
fn what_cannot_be_mended_is_refused_with_its_place() {
    for (payload, code, path) in [
        (r#"{"interval":"many","currentTime":"2026-01-31T12:00:00Z","status":"Accepted"}"#, "Type", "/interval"),
        (r#"{"interval":300,"currentTime":"yesterday","status":"Accepted"}"#, "Format", "/currentTime"),
        (r#"{"interval":"300","currentTime":"2026-01-31T12:00:00"}"#, "Occurrence", "/status"),
        (r#"{"interval":"99999999999","currentTime":"2026-01-31T12:00:00Z","status":"Accepted"}"#, "Type", "/interval"),
        (r#"{"interval":"\"300\"","currentTime":"2026-01-31T12:00:00Z","status":"Accepted"}"#, "Type", "/interval"),
    ] {
        let refused =
            decode_leniently::<v2::BootNotificationResponse>(payload, Version::V201, &Policy::FIELD).unwrap_err();
        assert!(format!("{:?}", refused.code).starts_with(code), "{payload}: {refused:?}");
        assert_eq!(refused.path, path, "{payload}");
    }
}

/// What was forgiven keeps its digits: nothing is guessed, nothing rounded.
#[test]
fn a_number_in_quotes_keeps_its_digits() {
    let payload =
        r#"{"evseId":1,"meterValue":[{"timestamp":"2026-01-31T12:00:00.000Z","sampledValue":[{"value":"2935.600"}]}]}"#;
    let lenient: Lenient<v2::MeterValuesRequest> = decode_leniently(payload, Version::V201, &Policy::FIELD).unwrap();
    assert_eq!(text_of(&lenient.value), payload.replace(r#""2935.600""#, "2935.600"));
}

/// 2.0.1 does not know what 2.1 added: left out, and told.
#[test]
fn a_member_of_a_later_edition_is_left_out() {
    let event = r#"{"type":"OnIdle","customData":{"vendorId":"v","kept":[1]}}"#;
    let lenient: Lenient<v2::ResetRequest> = decode_leniently(event, Version::V201, &Policy::FIELD).unwrap();
    assert_eq!(lenient.leniencies, []);
    let payload = r#"{"requestId":1,"generatedAt":"2026-01-31T12:00:00.000Z","seqNo":0,"reportData":[{"component":{"name":"A"},"variable":{"name":"B"},"variableAttribute":[{}],"variableCharacteristics":{"dataType":"string","supportsMonitoring":false,"maxElements":4}}]}"#;
    let lenient: Lenient<v2::NotifyReportRequest> = decode_leniently(payload, Version::V201, &Policy::FIELD).unwrap();
    let path = "/reportData/0/variableCharacteristics/maxElements";
    assert_eq!(kinds(&lenient.leniencies), [(LeniencyKind::UnknownMember, path)]);
}
