use alloc::vec;
use alloc::vec::Vec;

use pilotwire_messages::{Version, v2};

use super::super::super::tests::{decimal, event, heard, measured, noon, sample, written};
use super::super::values::values_out;
use super::{read_event, text, transaction};
use crate::domain::{EvseId, Measurand, Request, TransactionEvent, TransactionStage, TriggerReason};

#[test]
fn what_1_6_has_no_words_for_is_left_out_with_its_value() {
    let mut upstream = sample("1", None, "Wh");
    upstream.location = Some(v2::Location::Upstream);
    let values = measured(vec![
        sample("1", Some(Measurand::EnergyActiveNet), "Wh"),
        sample("50", Some(Measurand::Frequency), "Hz"),
        sample("1", Some(Measurand::SoC), "parsec"),
        upstream,
    ]);
    let request = Request::MeterValues { evse: EvseId(1), values };
    let expected = concat!(
        r#"[2,"1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2026-01-31T12:00:00.000Z","#,
        r#""sampledValue":[{"value":"50","context":"Sample.Periodic","measurand":"Frequency"}]}]}]"#,
    );
    assert_eq!(text(&request), expected);
    let nothing = Request::MeterValues {
        evse: EvseId(1),
        values: measured(vec![sample("1", Some(Measurand::EnergyApparentNet), "VAh")]),
    };
    assert_eq!(written(Version::V16, &nothing), None);
}

#[test]
fn exponents_are_written_out_digit_by_digit() {
    let value_of = |value: &str, exponent| {
        let mut sample = sample(value, None, "Wh");
        sample.unit_of_measure.as_mut().unwrap().multiplier = Some(exponent);
        let values = values_out(&measured(vec![sample]));
        values[0].sampled_value[0].value.clone()
    };
    assert_eq!(value_of("2935.600", 0), "2935.600");
    assert_eq!(value_of("2935.600", 3), "2935600");
    assert_eq!(value_of("2935.600", -3), "2.935600");
    assert_eq!(value_of("-1", 2), "-100");
    assert_eq!(value_of("1", 99), "1e99");
}

fn read_values(samples: &str) -> Vec<v2::SampledValue> {
    let payload = alloc::format!(
        concat!(
            r#"{{"connectorId":1,"transactionId":7,"meterValue":[{{"timestamp":"2026-01-31T12:00:00Z","#,
            r#""sampledValue":[{}]}}]}}"#
        ),
        samples
    );
    let event = read_event("MeterValues", &payload);
    assert_eq!((event.transaction.as_str(), event.at, event.evse), ("7", noon(), Some(EvseId(1))));
    event.meter_values.into_iter().flat_map(|value| value.sampled_value).collect()
}

#[test]
fn values_that_are_no_numbers_are_skipped_and_the_message_is_not() {
    assert_eq!(read_values(r#"{"value":"n/a"}"#), []);
    let read = read_values(r#"{"value":""},{"value":" 12.50 "},{"value":"NaN"},{"value":"1,5"}"#);
    assert_eq!(read.len(), 1);
    assert_eq!(alloc::format!("{}", read[0].value), "12.50");
}

#[test]
fn digits_that_nobody_measured_are_cut_off() {
    let value = |text: &str| read_values(&alloc::format!(r#"{{"value":"{text}"}}"#)).first().map(|read| read.value);
    assert_eq!(value("22.100000000000001421085"), Some(decimal("22.1000000000000014")));
    assert_eq!(value("-22.100000000000001421085"), Some(decimal("-22.1000000000000014")));
    assert_eq!(value("1e3"), Some(decimal("1000")));
    assert_eq!(value("1234567890123456789012"), None);
    assert_eq!(value("123456789012345678.9"), Some(decimal("123456789012345678")));
    assert_eq!(value("22.1000000000000014210-5"), None);
}

/// §7.43: the block goes with the number that it signs; without one it is carried as a value of no quantity.
#[test]
fn signed_data_is_carried() {
    let read = read_values(concat!(
        concat!(r#"{"value":"5","unit":"kWh","context":"Transaction.End"},{"value":"A1B2","format":"SignedData","#),
        r#""context":"Transaction.End"}"#
    ));
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].signed_meter_value.as_ref().unwrap().signed_meter_data, "A1B2");

    let alone = read_values(r#"{"value":"1234","format":"SignedData"}"#);
    assert_eq!(alone[0].measurand, Some(Measurand::Unlisted("SignedData".into())));
    assert_eq!(alone[0].signed_meter_value.as_ref().unwrap().signed_meter_data, "1234");
    let event = transaction(TransactionEvent {
        meter_values: measured(alone.clone()),
        ..event(TransactionStage::Updated, TriggerReason::MeterValuePeriodic)
    });
    assert!(text(&event).contains(r#""sampledValue":[{"value":"1234","format":"SignedData"}]"#));
    let Request::Transaction(again) = heard(Version::V16, &event) else { panic!() };
    assert_eq!((again.meter_values, again.register_wh), (measured(alone), None));
}

#[test]
fn signatures_of_2x_survive_1_6() {
    let mut signed = v2::SignedMeterValue::new("AQID", "OCMF");
    signed.signing_method = Some("ECDSA".into());
    signed.public_key = Some("BAUG".into());
    let mut sample = sample("5", None, "kWh");
    sample.signed_meter_value = Some(signed.into());
    let request = Request::MeterValues { evse: EvseId(1), values: measured(vec![sample]) };
    assert!(text(&request).contains(r#""format":"SignedData""#));
    assert_eq!(heard(Version::V16, &request), request);
}

#[test]
fn degrees_are_read_in_both_spellings_and_measurands_that_2x_lacks_keep_their_names() {
    for spelling in ["Celcius", "Celsius"] {
        let sample = alloc::format!(r#"{{"value":"20","measurand":"Temperature","unit":"{spelling}"}}"#);
        let read = read_values(&sample);
        assert_eq!(read[0].measurand, Some(Measurand::Unlisted("Temperature".into())));
        assert_eq!(read[0].unit_of_measure.as_ref().unwrap().unit.as_deref(), Some("Celsius"));
    }
    let read = read_values(r#"{"value":"50","measurand":"Frequency"}"#);
    assert_eq!(read[0].unit_of_measure.as_ref().unwrap().unit.as_deref(), Some("Hz"));
}
