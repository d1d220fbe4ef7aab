//! What field devices really send is taken by policy, and told; everything else is refused as ever.
#![allow(clippy::unwrap_used)]

use pilotwire_messages::table::{Leniency, LeniencyCounts, LeniencyKind, Lenient, Policy, decode_leniently};
use pilotwire_messages::{ErrorCode, Version, decode, text_of, v2, v16};

fn kinds(leniencies: &[Leniency]) -> Vec<(LeniencyKind, &str)> {
    leniencies.iter().map(|leniency| (leniency.kind, leniency.path.as_str())).collect()
}

#[test]
fn a_payload_without_faults_needs_no_forgiveness() {
    let boot = r#"{"chargePointVendor":"V","chargePointModel":"M"}"#;
    let lenient: Lenient<v16::BootNotificationRequest> = decode_leniently(boot, Version::V16, &Policy::FIELD).unwrap();
    assert_eq!(lenient.leniencies, []);
}

/// Numbers in strings or with the noise of floats, words of a vendor's own, local and overly exact times, and long texts,
/// all in one message.
#[test]
fn every_kind_is_forgiven_and_told_with_its_place() {
    let event = format!(
        r#"{{"eventType":"Paused","timestamp":"2026-01-31T12:00:00","triggerReason":"Authorized","seqNo":"1","transactionInfo":{{"transactionId":"{}"}},"meterValue":[{{"timestamp":"2026-01-31T12:00:00.123456Z","sampledValue":[{{"value":99.99999999999999999999}}]}}],"vendorFlag":true}}"#,
        "x".repeat(37)
    );
    let lenient: Lenient<v2::TransactionEventRequest> =
        decode_leniently(&event, Version::V201, &Policy::FIELD).unwrap();
    let expected = [
        (LeniencyKind::UnknownWord, "/eventType"),
        (LeniencyKind::TimestampWithoutOffset, "/timestamp"),
        (LeniencyKind::QuotedValue, "/seqNo"),
        (LeniencyKind::LongText, "/transactionInfo/transactionId"),
        (LeniencyKind::FineTimestamp, "/meterValue/0/timestamp"),
        (LeniencyKind::LongNumber, "/meterValue/0/sampledValue/0/value"),
        (LeniencyKind::UnknownMember, "/vendorFlag"),
    ];
    assert_eq!(kinds(&lenient.leniencies), expected);
    assert_eq!(lenient.value.seq_no, 1);
    assert_eq!(lenient.value.event_type.as_str(), "Paused");
    assert_eq!(lenient.value.timestamp.to_string(), "2026-01-31T12:00:00.000Z");
    let mut counts = LeniencyCounts::default();
    counts.add(&lenient.leniencies);
    counts.add(&lenient.leniencies);
    assert!(LeniencyKind::ALL.iter().all(|kind| counts.of(*kind) == 2));
}

fn metered(value: &str) -> String {
    format!(
        r#"{{"evseId":1,"meterValue":[{{"timestamp":"2026-01-31T12:00:00.000Z","sampledValue":[{{"value":{value}}}]}}]}}"#
    )
}

/// Floats of stations come with 17 digits, wherever their point stands.
#[test]
fn a_number_with_too_many_digits_is_rounded_by_policy_only() {
    for (value, rounded) in [
        ("0.0012345678901234567", "0.001234567890123457"),
        ("5.551115123125783e-17", "0.000000000000000056"),
        ("-0.1234567890123456785", "-0.123456789012345679"),
    ] {
        let refused = decode::<v2::MeterValuesRequest>(&metered(value), Version::V201).unwrap_err();
        assert_eq!(refused.path, "/meterValue/0/sampledValue/0/value");
        assert_eq!(refused.text, format!("{value}: a number with more than 18 digits after the point"));
        let lenient: Lenient<v2::MeterValuesRequest> =
            decode_leniently(&metered(value), Version::V201, &Policy::FIELD).unwrap();
        assert_eq!(kinds(&lenient.leniencies), [(LeniencyKind::LongNumber, "/meterValue/0/sampledValue/0/value")]);
        assert_eq!(text_of(&lenient.value), metered(rounded));
    }
    let huge = decode_leniently::<v2::MeterValuesRequest>(&metered("1e99999"), Version::V201, &Policy::FIELD);
    assert_eq!(huge.unwrap_err().text, "1e99999: a number with more than 18 digits");
}

/// Part 2 §3.1 allows three decimals, 1.6 any number of them.
#[test]
fn more_than_three_decimals_of_a_second_are_taken_and_told_in_2x() {
    let heartbeat = r#"{"currentTime":"2026-01-31T12:00:00.1234567+01:00"}"#;
    let time = decode::<v2::HeartbeatResponse>(heartbeat, Version::V21).unwrap().current_time;
    assert_eq!(time.to_string(), "2026-01-31T11:00:00.123Z");
    let told = |version| {
        let lenient = decode_leniently::<v2::HeartbeatResponse>(heartbeat, version, &Policy::STRICT).unwrap();
        assert_eq!(lenient.value.current_time, time);
        lenient.leniencies.into_iter().map(|leniency| leniency.path).collect::<Vec<_>>()
    };
    assert_eq!([told(Version::V201), told(Version::V21)], [["/currentTime"], ["/currentTime"]]);
    let old = decode_leniently::<v16::HeartbeatResponse>(heartbeat, Version::V16, &Policy::FIELD).unwrap();
    assert_eq!(old.leniencies, []);
}

/// How long it is has nothing to do with it.
#[test]
fn a_text_that_is_no_uri_is_not_forgiven_as_a_long_one() {
    let refused =
        decode_leniently::<v16::GetDiagnosticsRequest>(r#"{"location":"nowhere"}"#, Version::V16, &Policy::FIELD);
    let refused = refused.unwrap_err();
    assert_eq!((refused.code, refused.path.as_str()), (ErrorCode::FormatViolation, "/location"));
}

/// `vendorId` need not be its first member.
#[test]
fn vendor_data_stays_as_it_came_when_something_else_is_forgiven() {
    let vendor = r#"{"b":1.50, "vendorId":"v","a":[ ]}"#;
    let payload = format!(r#"{{"type":"Softly","customData":{vendor}}}"#);
    let lenient: Lenient<v2::ResetRequest> = decode_leniently(&payload, Version::V201, &Policy::FIELD).unwrap();
    assert_eq!(kinds(&lenient.leniencies), [(LeniencyKind::UnknownWord, "/type")]);
    assert_eq!(lenient.value.custom_data.map(|data| data.json().as_str().to_owned()).as_deref(), Some(vendor));
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
