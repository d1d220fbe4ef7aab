//! What breaks a rule of the tables is refused with the code and the place that the standard gives it.

mod common;

use common::Direction::{self, Request as Req, Response as Res};
use common::{example, through};
use pilotwire_messages::ErrorCode::{
    self, FormatViolation, OccurrenceConstraintViolation, PropertyConstraintViolation, TypeConstraintViolation,
};
use pilotwire_messages::Version::{self, V16, V21, V201};
use pilotwire_messages::table::{Policy, decode_leniently};
use pilotwire_messages::{decode, encode_checked, v2};

/// One edit of the action's example: the text that is replaced, and what stands there then.
struct Breaking {
    version: Version,
    action: &'static str,
    direction: Direction,
    edit: (&'static str, &'static str),
    code: ErrorCode,
    path: &'static str,
}

fn breaking(
    version: Version,
    action: &'static str,
    direction: Direction,
    edit: (&'static str, &'static str),
    (code, path): (ErrorCode, &'static str),
) -> Breaking {
    Breaking { version, action, direction, edit, code, path }
}

fn refuses(rows: &[Breaking]) {
    for row in rows {
        let (version, action) = (row.version, row.action);
        let valid = example(version, action, row.direction);
        let (from, to) = row.edit;
        assert!(valid.contains(from), "{version} {action}: {from} is not in the example");
        let broken = valid.replacen(from, &to.replace("LONG", &"x".repeat(60)), 1);
        match through(version, action, row.direction, &broken) {
            Ok(_) => panic!("{version} {action} was accepted: {broken}"),
            Err(violation) => assert_eq!(
                (violation.code, violation.path.as_str()),
                (row.code, row.path),
                "{version} {action} {to}: {violation}"
            ),
        }
    }
}

#[test]
fn a_missing_member_is_an_occurrence_violation() {
    let missing = |path| (OccurrenceConstraintViolation, path);
    refuses(&[
        breaking(V16, "Authorize", Req, (r#""idTag":"04A2B3C4""#, ""), missing("/idTag")),
        breaking(V16, "Authorize", Res, (r#""status":"Accepted","#, ""), missing("/idTagInfo/status")),
        breaking(V16, "MeterValues", Req, (r#""value":"2935.6","#, ""), missing("/meterValue/0/sampledValue/0/value")),
        breaking(V201, "BootNotification", Req, (r#","reason":"PowerUp""#, ""), missing("/reason")),
        breaking(V201, "BootNotification", Req, (r#""model":"Post 22","#, ""), missing("/chargingStation/model")),
        breaking(V21, "Reset", Req, (r#""type":"OnIdle","#, ""), missing("/type")),
        breaking(V21, "BootNotification", Req, (r#""vendorId":"org.example","#, ""), missing("/customData/vendorId")),
    ]);
}

#[test]
fn what_2_0_1_requires_and_2_1_does_not_is_missing_in_2_0_1_only() {
    let key = (r#","publicKey":"MFkw""#, "");
    let path = "/meterValue/0/sampledValue/0/signedMeterValue/publicKey";
    refuses(&[breaking(V201, "TransactionEvent", Req, key, (OccurrenceConstraintViolation, path))]);
    let without = example(V21, "TransactionEvent", Req).replace(key.0, key.1);
    assert!(through(V21, "TransactionEvent", Req, &without).is_ok());
}

#[test]
fn too_few_or_too_many_items_are_an_occurrence_violation() {
    let count = |path| (OccurrenceConstraintViolation, path);
    let ocsp = r#""iso15118CertificateHashData":["#;
    let one =
        r#"{"hashAlgorithm":"SHA256","issuerNameHash":"a","issuerKeyHash":"b","serialNumber":"1","responderURL":"u"},"#;
    let five: &'static str = format!("{ocsp}{}", one.repeat(4)).leak();
    let attribute = r#""variableAttribute":["#;
    let six: &'static str = format!("{attribute}{}", "{},".repeat(5)).leak();
    refuses(&[
        breaking(V201, "Authorize", Req, (ocsp, five), count("/iso15118CertificateHashData")),
        breaking(V201, "Authorize", Res, ("[1,2]", "[]"), count("/idTokenInfo/evseId")),
        breaking(V21, "NotifyReport", Req, (attribute, six), count("/reportData/0/variableAttribute")),
    ]);
}

#[test]
fn too_long_a_text_is_a_property_violation() {
    let long = |path| (PropertyConstraintViolation, path);
    refuses(&[
        breaking(V16, "Authorize", Req, ("04A2B3C4", "04A2B3C4D5E6F7A8B9C0D"), long("/idTag")),
        breaking(V16, "GetConfiguration", Req, ("Nonsense", "LONG"), long("/key/1")),
        breaking(V16, "StatusNotification", Req, ("pilot lost", "LONG"), long("/info")),
        breaking(V201, "BootNotification", Req, ("Post 22", "LONG"), long("/chargingStation/model")),
        breaking(V201, "BootNotification", Res, ("NoError", "LONG"), long("/statusInfo/reasonCode")),
        breaking(V201, "Authorize", Req, ("DEABC123456789", "LONG"), long("/idToken/idToken")),
    ]);
}

#[test]
fn a_limit_counts_characters_and_not_bytes() {
    let accents = example(V16, "Authorize", Req).replace("04A2B3C4", &"é".repeat(20));
    assert!(through(V16, "Authorize", Req, &accents).is_ok());
}

#[test]
fn a_limit_that_grew_in_2_1_is_the_old_one_in_2_0_1() {
    let grown = [
        ("BootNotification", Res, "in commissioning", 512, 1024),
        ("Authorize", Req, "DEABC123456789", 36, 255),
        ("Authorize", Req, "http://ocsp.example.org", 512, 2000),
        ("Authorize", Req, "-----BEGIN CERTIFICATE-----", 5500, 10000),
        ("Authorize", Res, "Welkom", 512, 1024),
        ("SetVariables", Req, "600", 1000, 2500),
        ("TransactionEvent", Req, "T0NNRnw=", 2500, 32768),
    ];
    for (action, direction, text, old, new) in grown {
        for (version, limit) in [(V201, old), (V21, new)] {
            let of_length = |length| example(version, action, direction).replacen(text, &"x".repeat(length), 1);
            assert!(through(version, action, direction, &of_length(limit)).is_ok(), "{version} {action} {limit}");
            let violation = through(version, action, direction, &of_length(limit + 1)).unwrap_err();
            assert_eq!(violation.code, PropertyConstraintViolation, "{version} {action}");
        }
    }
}

#[test]
fn a_number_out_of_range_is_a_property_violation() {
    let range = |path| (PropertyConstraintViolation, path);
    let step = "/chargingProfile/chargingSchedule/0/chargingSchedulePeriod/0";
    let phases: &'static str = format!("{step}/numberPhases").leak();
    let limit = "/chargingProfile/chargingSchedule/chargingSchedulePeriod/0/limit";
    refuses(&[
        breaking(V16, "BootNotification", Res, ("300", "4294967296"), range("/interval")),
        breaking(V16, "RemoteStartTransaction", Req, ("16.5", "16.55"), range(limit)),
        breaking(V21, "TransactionEvent", Req, (r#""seqNo":4"#, r#""seqNo":-1"#), range("/seqNo")),
        breaking(V21, "RequestStartTransaction", Req, (r#""evseId":1"#, r#""evseId":0"#), range("/evseId")),
        breaking(V21, "RequestStartTransaction", Req, (r#""numberPhases":1"#, r#""numberPhases":4"#), range(phases)),
    ]);
    let limitless = example(V201, "TransactionEvent", Req).replace(r#""seqNo":4"#, r#""seqNo":-1"#);
    assert!(through(V201, "TransactionEvent", Req, &limitless).is_ok());
    let padded = example(V16, "RemoteStartTransaction", Req).replace("16.5", "16.50");
    assert!(through(V16, "RemoteStartTransaction", Req, &padded).is_ok());
    let giving = r#"{"startPeriod":0,"dischargeLimit":0.5}"#;
    let profile = example(V21, "RequestStartTransaction", Req);
    let (before, after) = profile.split_once(r#"{"startPeriod""#).unwrap();
    let (_, after) = after.split_once('}').unwrap();
    let violation = through(V21, "RequestStartTransaction", Req, &format!("{before}{giving}{after}")).unwrap_err();
    assert_eq!(violation.path, format!("{step}/dischargeLimit"));
}

/// However large the number is, and however many zeros follow.
#[test]
fn a_number_in_tenths_may_have_one_digit_after_the_point() {
    let with = |limit: &str| {
        let payload = example(V16, "RemoteStartTransaction", Req).replacen("16.5", limit, 1);
        through(V16, "RemoteStartTransaction", Req, &payload).map_err(|violation| violation.text)
    };
    for limit in ["999999999999999999", "99999999999999999.9", "16.50000000000000000", "1.5e1"] {
        assert!(with(limit).is_ok(), "{limit}");
    }
    assert_eq!(with("0.25"), Err("0.25 has more than one digit after the point".into()));
}

#[test]
fn a_wrong_type_is_a_type_violation() {
    let kind = |path| (TypeConstraintViolation, path);
    let value = "/meterValue/0/sampledValue/0/value";
    refuses(&[
        breaking(V16, "StartTransaction", Req, (":1,", r#":"1","#), kind("/connectorId")),
        breaking(V16, "MeterValues", Req, (r#""2935.6""#, "2935.6"), kind(value)),
        breaking(V16, "GetConfiguration", Res, ("false", "0"), kind("/configurationKey/0/readonly")),
        breaking(V16, "BootNotification", Res, ("300", "300.5"), kind("/interval")),
        breaking(V16, "BootNotification", Res, ("300", "0.0012345678901234567"), kind("/interval")),
        breaking(V16, "DataTransfer", Res, (r#""ok""#, "{}"), kind("/data")),
        breaking(V201, "MeterValues", Req, ("-1.50", r#""-1.50""#), kind(value)),
        breaking(V201, "BootNotification", Req, (r#""PowerUp""#, "4"), kind("/reason")),
        breaking(V201, "Reset", Req, (r#""evseId":1"#, r#""evseId":null"#), kind("/evseId")),
        breaking(V21, "TransactionEvent", Req, (r#"{"id":1,"connectorId":1}"#, "[1,1]"), kind("/evse")),
        breaking(V21, "TransactionEvent", Req, (r#""offline":true"#, r#""offline":"true""#), kind("/offline")),
    ]);
}

#[test]
fn an_unknown_word_is_a_property_violation() {
    let word = |path| (PropertyConstraintViolation, path);
    refuses(&[
        breaking(V16, "Reset", Req, ("Soft", "OnIdle"), word("/type")),
        breaking(V16, "StopTransaction", Res, ("Expired", "expired"), word("/idTagInfo/status")),
        breaking(V201, "BootNotification", Req, ("PowerUp", "power_up"), word("/reason")),
        breaking(V201, "Authorize", Req, ("eMAID", "EMAID"), word("/idToken/type")),
        breaking(V21, "StatusNotification", Req, ("Occupied", ""), word("/connectorStatus")),
    ]);
}

/// Typed values and shapes are two ways to the same text.
#[test]
fn the_words_that_are_told_are_those_of_the_edition() {
    let told = |version, word: &str| {
        let payload = format!(r#"{{"type":"{word}"}}"#);
        let typed = decode::<v2::ResetRequest>(&payload, version).unwrap_err();
        assert_eq!(decode_leniently::<v2::ResetRequest>(&payload, version, &Policy::STRICT), Err(typed.clone()));
        typed.text
    };
    assert_eq!(told(V201, "Hard"), r#""Hard" is not one of Immediate, OnIdle"#);
    assert_eq!(told(V21, "Hard"), r#""Hard" is not one of Immediate, OnIdle, ImmediateAndResume"#);
    assert_eq!(told(V201, "ImmediateAndResume"), r#""ImmediateAndResume" exists since OCPP 2.1 only"#);
}

#[test]
fn only_2_1_takes_id_tokens_of_unlisted_kinds_and_bounds_their_length() {
    let of_kind = |version, kind: &str| {
        let payload = example(V201, "Authorize", Req).replace("eMAID", kind);
        through(version, "Authorize", Req, &payload).map_err(|violation| (violation.code, violation.path))
    };
    let refused = Err((PropertyConstraintViolation, "/idToken/type".to_owned()));
    assert_eq!(of_kind(V201, "Tattoo"), refused);
    assert_eq!(of_kind(V201, "EVCCID"), refused);
    assert!(of_kind(V21, "EVCCID").is_ok());
    assert!(of_kind(V21, "Tattoo").is_ok_and(|payload| payload.contains("Tattoo")));
    assert_eq!(of_kind(V21, &"x".repeat(21)), refused);
}

#[test]
fn a_member_that_the_table_does_not_have_is_a_format_violation() {
    let unknown = |path| (FormatViolation, path);
    refuses(&[
        breaking(V16, "Heartbeat", Req, ("{}", r#"{"customData":{"vendorId":"a"}}"#), unknown("/customData")),
        breaking(V16, "Authorize", Req, (r#""idTag""#, r#""":1,"idTag""#), unknown("/")),
        breaking(V201, "Heartbeat", Req, ("{}", r#"{"a/b~c":1}"#), unknown("/a~1b~0c")),
        breaking(V21, "Authorize", Req, (r#""type":"eMAID""#, r#""type":"eMAID","Type":1"#), unknown("/idToken/Type")),
    ]);
    let extended = r#"{"customData":{"vendorId":"org.example","anything":[{"at":"all"}]}}"#;
    assert_eq!(through(V201, "Heartbeat", Req, extended).as_deref(), Ok(extended));
}

#[test]
fn a_member_that_stands_there_twice_is_a_format_violation() {
    refuses(&[
        breaking(V16, "Reset", Req, ("{", r#"{"type":"Hard","#), (FormatViolation, "/type")),
        breaking(
            V201,
            "TransactionEvent",
            Req,
            (r#""seqNo":4"#, r#""seqNo":4,"seqNo":5"#),
            (FormatViolation, "/seqNo"),
        ),
        breaking(V21, "Reset", Req, (r#""evseId":1"#, r#""evseId":1,"evseId":1"#), (FormatViolation, "/evseId")),
    ]);
}

#[test]
fn a_bad_date_is_a_format_violation() {
    let date = |path| (FormatViolation, path);
    refuses(&[
        breaking(V16, "Heartbeat", Res, ("2026-01-31", "2026-02-30"), date("/currentTime")),
        breaking(V16, "StartTransaction", Req, ("T12:00:00.000Z", ""), date("/timestamp")),
        breaking(V201, "StatusNotification", Req, ("Z", ""), date("/timestamp")),
        breaking(V21, "MeterValues", Req, ("2026-01-31T", "yesterday at "), date("/meterValue/0/timestamp")),
    ]);
}

#[test]
fn what_exists_since_2_1_is_refused_in_2_0_1() {
    let later = |path| (FormatViolation, path);
    let word = |path| (PropertyConstraintViolation, path);
    refuses(&[
        breaking(V201, "TransactionEvent", Req, (r#""offline""#, r#""evseSleep":true,"offline""#), later("/evseSleep")),
        breaking(
            V201,
            "TransactionEvent",
            Req,
            (r#""remoteStartId""#, r#""tariffId":"night","remoteStartId""#),
            later("/transactionInfo/tariffId"),
        ),
        breaking(
            V201,
            "NotifyReport",
            Req,
            (r#""unit""#, r#""maxElements":0,"unit""#),
            later("/reportData/0/variableCharacteristics/maxElements"),
        ),
        breaking(V201, "Reset", Req, ("OnIdle", "ImmediateAndResume"), word("/type")),
        breaking(V201, "TransactionEvent", Req, ("EVCommunicationLost", "TxResumed"), word("/triggerReason")),
    ]);
}

#[test]
fn json_that_is_no_object_or_no_json_is_refused() {
    for version in Version::ALL {
        for (payload, code) in [
            ("[]", TypeConstraintViolation),
            ("null", TypeConstraintViolation),
            ("\"\"", TypeConstraintViolation),
            ("", FormatViolation),
            ("{", FormatViolation),
            ("{\"a\":01}", FormatViolation),
        ] {
            let violation = through(version, "Heartbeat", Req, payload).unwrap_err();
            assert_eq!((violation.code, violation.path.as_str()), (code, ""), "{version} {payload}");
        }
    }
}

#[test]
fn each_edition_spells_the_codes_its_own_way() {
    let spelled = [
        (FormatViolation, "FormationViolation", "FormatViolation"),
        (OccurrenceConstraintViolation, "OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
        (PropertyConstraintViolation, "PropertyConstraintViolation", "PropertyConstraintViolation"),
        (TypeConstraintViolation, "TypeConstraintViolation", "TypeConstraintViolation"),
    ];
    for (code, old, new) in spelled {
        assert_eq!([V16, V201, V21].map(|version| code.name(version)), [old, new, new]);
    }
}

/// What a peer of 2.0.1 does not know does not leave.
#[test]
fn a_word_and_a_member_of_2_1_do_not_leave_for_2_0_1() {
    let reset = v2::ResetRequest::new(v2::Reset::ImmediateAndResume);
    assert_eq!(encode_checked(&reset, V21).as_deref(), Ok(r#"{"type":"ImmediateAndResume"}"#));
    let refused = encode_checked(&reset, V201).unwrap_err();
    assert_eq!((refused.code, refused.path.as_str()), (PropertyConstraintViolation, "/type"));
    let mut response = v2::AuthorizeResponse::new(v2::IdTokenInfo::new(v2::AuthorizationStatus::Accepted));
    response.allowed_energy_transfer = Some(vec![v2::EnergyTransferMode::DC]);
    let refused = encode_checked(&response, V201).unwrap_err();
    assert_eq!((refused.code, refused.path.as_str()), (FormatViolation, "/allowedEnergyTransfer"));
}
