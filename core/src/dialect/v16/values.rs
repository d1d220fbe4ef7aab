//! Meter values (§7.33, §7.43): numbers as texts, units without exponents, and fewer words than 2.x has.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::{Decimal, Text, v2, v16};

use super::super::register::shifted;
use crate::domain::{Measurand, MeterValue, ReadingContext, SampledValue};

/// The measurand of signed data that belongs to no number: what was signed stands in the data.
const SIGNED_DATA: &str = "SignedData";

/// Left out: samples that 1.6 has no words for, and what holds none but such.
pub(super) fn values_out(values: &[MeterValue]) -> Vec<v16::MeterValue> {
    let written = values.iter().map(|value| {
        let samples: Vec<_> = value.sampled_value.iter().flat_map(sample_out).flatten().collect();
        v16::MeterValue::new(value.timestamp, samples)
    });
    written.filter(|value| !value.sampled_value.is_empty()).collect()
}

/// The number and the signed data, which stands in a sample of its own.
fn sample_out(sample: &SampledValue) -> [Option<v16::SampledValue>; 2] {
    let Some(described) = described_out(sample) else { return [None, None] };
    let signed = sample.signed_meter_value.as_deref().map(|signed| v16::SampledValue {
        value: signed_out(signed),
        format: Some(v16::ValueFormat::SignedData),
        ..described.clone()
    });
    if sample.measurand.as_ref().is_some_and(|measurand| measurand.as_str() == SIGNED_DATA) {
        return [None, signed];
    }
    let exponent = sample.unit_of_measure.as_ref().and_then(|unit| unit.multiplier).unwrap_or(0);
    let number = v16::SampledValue { value: number_out(sample.value, exponent), ..described };
    [Some(number), signed]
}

/// Everything but the value; `None` if 1.6 lacks a word for it. An absent member has the same meaning in both families.
fn described_out(sample: &SampledValue) -> Option<v16::SampledValue> {
    let mut described = v16::SampledValue::new("");
    described.measurand = match &sample.measurand {
        Some(Measurand::Unlisted(word)) if *word == SIGNED_DATA => None,
        Some(measurand) => Some(v16::Measurand::from_word(measurand.as_str())),
        None => None,
    };
    described.context = sample.context.as_ref().map(|context| v16::ReadingContext::from_word(context.as_str()));
    described.phase = sample.phase.as_ref().map(|phase| v16::Phase::from_word(phase.as_str()));
    described.location = sample.location.as_ref().map(|location| v16::Location::from_word(location.as_str()));
    described.unit = sample.unit_of_measure.as_ref().and_then(|unit| unit.unit.as_deref()).and_then(unit_out);
    let is_known = !matches!(described.measurand, Some(v16::Measurand::Unlisted(_)))
        && !matches!(described.context, Some(v16::ReadingContext::Unlisted(_)))
        && !matches!(described.phase, Some(v16::Phase::Unlisted(_)))
        && !matches!(described.location, Some(v16::Location::Unlisted(_)))
        && !matches!(described.unit, Some(v16::UnitOfMeasure::Unlisted(_)));
    is_known.then_some(described)
}

/// Frequencies and speeds of rotation have one unit each in 1.6, which is not written (§7.31).
fn unit_out(unit: &str) -> Option<v16::UnitOfMeasure> {
    match unit {
        "Hz" | "RPM" => None,
        unit => Some(v16::UnitOfMeasure::from_word(unit)),
    }
}

/// All digits, whatever the exponent; beyond 18 of them the exponent is written.
fn number_out(value: Decimal, exponent: i32) -> Text {
    match shifted(value, exponent) {
        Some(number) => format!("{number}").into(),
        None => format!("{value}e{exponent}").into(),
    }
}

/// The text of signed data; if its method or its key is known, they go along in the JSON of 2.x's type.
fn signed_out(signed: &v2::SignedMeterValue) -> Text {
    let is_plain = signed.encoding_method.is_empty() && signed.signing_method.is_none() && signed.public_key.is_none();
    if is_plain { signed.signed_meter_data.clone() } else { signed.to_16_value() }
}

fn signed_in(text: &str) -> v2::SignedMeterValue {
    v2::SignedMeterValue::from_16_value(text).unwrap_or_else(|_| v2::SignedMeterValue::new(text, ""))
}

/// Left out: texts that are neither numbers nor signed data, and what holds none but such.
pub(super) fn values_in(values: Vec<v16::MeterValue>) -> Vec<MeterValue> {
    let read = values.into_iter().map(|value| {
        let mut samples = Vec::with_capacity(value.sampled_value.len());
        let mut signed = Vec::new();
        for sample in value.sampled_value {
            match (&sample.format, number_in(&sample.value)) {
                (Some(v16::ValueFormat::SignedData), _) => signed.push(sample),
                (_, Some(number)) => samples.push(sample_in(number, &sample)),
                (_, None) => {}
            }
        }
        for sample in signed {
            attach(&mut samples, &sample);
        }
        MeterValue::new(value.timestamp, samples)
    });
    read.filter(|value| !value.sampled_value.is_empty()).collect()
}

/// Signed data belongs to the number that is described in the same words. Without such a number it is carried as a
/// value of no quantity, so that its 0 is never taken for a reading.
fn attach(samples: &mut Vec<SampledValue>, sample: &v16::SampledValue) {
    let data = Some(Box::new(signed_in(&sample.value)));
    let mut described = sample_in(Decimal::ZERO, sample);
    let number = samples.iter_mut().find(|known| {
        known.signed_meter_value.is_none()
            && (&known.measurand, &known.context) == (&described.measurand, &described.context)
            && (&known.phase, &known.location) == (&described.phase, &described.location)
    });
    match number {
        Some(number) => number.signed_meter_value = data,
        None => {
            described.measurand = Some(Measurand::from_word(SIGNED_DATA));
            described.signed_meter_value = data;
            samples.push(described);
        }
    }
}

fn sample_in(number: Decimal, sample: &v16::SampledValue) -> SampledValue {
    let mut read = SampledValue::new(number);
    // Measurands that 2.x lacks (Temperature, RPM) keep their names.
    read.measurand = sample.measurand.as_ref().map(|measurand| Measurand::from_word(measurand.as_str()));
    read.context = sample.context.as_ref().map(|context| ReadingContext::from_word(context.as_str()));
    read.phase = sample.phase.as_ref().map(|phase| v2::Phase::from_word(phase.as_str()));
    read.location = sample.location.as_ref().map(|location| v2::Location::from_word(location.as_str()));
    read.unit_of_measure = unit_in(sample).map(|unit| {
        let mut measure = v2::UnitOfMeasure::new();
        measure.unit = Some(unit.into());
        measure
    });
    read
}

/// The unit in the words of 2.x: with the units that 1.6 does not write, and degrees spelt well.
fn unit_in(sample: &v16::SampledValue) -> Option<&str> {
    match (&sample.unit, &sample.measurand) {
        (Some(v16::UnitOfMeasure::Celcius), _) => Some("Celsius"),
        (Some(unit), _) => Some(unit.as_str()),
        (None, Some(v16::Measurand::Frequency)) => Some("Hz"),
        (None, Some(v16::Measurand::RPM)) => Some("RPM"),
        (None, _) => None,
    }
}

/// A number of a peer that may print more digits than it knows: those beyond the 18th are cut off if they are decimals.
fn number_in(text: &str) -> Option<Decimal> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let (kept, cut) = text.split_at_checked(19 + usize::from(text.starts_with('-')))?;
        let is_fraction = kept.contains('.') && cut.bytes().all(|byte| byte.is_ascii_digit());
        if is_fraction { kept.trim_end_matches('.').parse().ok() } else { None }
    })
}
