//! The energy register inside of meter values: what the bill is made of, whoever wrote it.

use alloc::format;

use pilotwire_messages::Decimal;

use crate::domain::{Measurand, MeterValue, ReadingContext, SampledValue, TransactionStage};

/// `value` × 10^`exponent`; `None` beyond 18 digits.
pub(super) fn shifted(value: Decimal, exponent: i32) -> Option<Decimal> {
    if exponent == 0 { Some(value) } else { format!("{value}e{exponent}").parse().ok() }
}

/// Energy.Active.Import.Register in Wh as these values show it: at the begin of a transaction for its start, at its end
/// for its end, otherwise the latest.
///
/// A value of one phase is a part of the register and never taken for it. The outlet's is preferred, as it is what the
/// vehicle got.
pub(super) fn register_wh(stage: TransactionStage, values: &[MeterValue]) -> Option<Decimal> {
    let wanted = match stage {
        TransactionStage::Started => Some(ReadingContext::TransactionBegin),
        TransactionStage::Updated => None,
        TransactionStage::Ended => Some(ReadingContext::TransactionEnd),
    };
    let registers = values.iter().flat_map(|value| {
        value.sampled_value.iter().filter_map(|sample| Some((value.timestamp, sample, energy_wh(sample)?)))
    });
    let best = registers.max_by_key(|(timestamp, sample, _)| {
        let fits = wanted.is_some() && sample.context == wanted;
        (fits, is_at_outlet(sample), *timestamp)
    });
    best.map(|(_, _, energy)| energy)
}

/// Absent means the outlet (1.6 §7.43; Part 2, SampledValueType).
fn is_at_outlet(sample: &SampledValue) -> bool {
    sample.location.as_ref().is_none_or(|location| location.as_str() == "Outlet")
}

/// The sample in Wh, if it is one of the register: an absent measurand means exactly that, an absent unit Wh.
fn energy_wh(sample: &SampledValue) -> Option<Decimal> {
    let measurand = sample.measurand.as_ref().unwrap_or(&Measurand::EnergyActiveImportRegister);
    if *measurand != Measurand::EnergyActiveImportRegister || sample.phase.is_some() {
        return None;
    }
    let unit = sample.unit_of_measure.as_ref();
    let exponent = match unit.and_then(|unit| unit.unit.as_deref()) {
        None | Some("Wh") => 0,
        Some("kWh") => 3,
        Some(_) => return None,
    };
    let multiplier = unit.and_then(|unit| unit.multiplier).unwrap_or(0);
    shifted(sample.value, multiplier.checked_add(exponent)?)
}
