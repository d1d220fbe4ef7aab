//! Meter values out of what the meter showed (E02, J01, J02).

use alloc::vec::Vec;

use pilotwire_messages::Decimal;
use pilotwire_messages::v2::{Phase, UnitOfMeasure};

use super::shared::Cx;
use crate::device_model::Known;
use crate::domain::{EvseId, Measurand, MeterValue, PhaseReading, Reading, ReadingContext, SampledValue};

/// The phases in the order of a reading; voltages are measured against neutral.
const LINES: [Phase; 3] = [Phase::L1, Phase::L2, Phase::L3];
const TO_NEUTRAL: [Phase; 3] = [Phase::L1N, Phase::L2N, Phase::L3N];

/// Samples of one kind.
struct Sampler<'a> {
    context: &'a ReadingContext,
    samples: Vec<SampledValue>,
}

impl Sampler<'_> {
    fn take(&mut self, reading: &Reading, measurand: &Measurand) {
        match (measurand, &reading.phases) {
            (Measurand::EnergyActiveImportRegister, _) => self.push(measurand, None, Some(reading.energy_wh), "Wh"),
            (Measurand::PowerActiveImport, _) => self.push(measurand, None, reading.power_w, "W"),
            (Measurand::CurrentImport, Some(phases)) => self.each(measurand, &LINES, phases, |p| p.current_a, "A"),
            (Measurand::CurrentImport, None) => self.push(measurand, None, reading.current_a, "A"),
            (Measurand::Voltage, Some(phases)) => self.each(measurand, &TO_NEUTRAL, phases, |p| p.voltage_v, "V"),
            (Measurand::Voltage, None) => self.push(measurand, None, reading.voltage_v, "V"),
            (Measurand::SoC, _) => self.push(measurand, None, reading.soc_percent, "Percent"),
            (Measurand::PowerFactor, _) => self.push(measurand, None, reading.power_factor, ""),
            _ => {}
        }
    }

    fn each(
        &mut self,
        measurand: &Measurand,
        names: &[Phase; 3],
        phases: &[PhaseReading; 3],
        value: fn(&PhaseReading) -> Decimal,
        unit: &str,
    ) {
        for (name, phase) in names.iter().zip(phases) {
            self.push(measurand, Some(name.clone()), Some(value(phase)), unit);
        }
    }

    fn push(&mut self, measurand: &Measurand, phase: Option<Phase>, value: Option<Decimal>, unit: &str) {
        let Some(value) = value else { return };
        let mut sampled = SampledValue::new(value);
        if !unit.is_empty() {
            let mut measure = UnitOfMeasure::new();
            measure.unit = Some(unit.into());
            sampled.unit_of_measure = Some(measure);
        }
        sampled.context = Some(self.context.clone());
        sampled.measurand = Some(measurand.clone());
        sampled.phase = phase;
        self.samples.push(sampled);
    }
}

/// What the variable `measurands` asks for, as the meter of `evse` showed it last; empty if it shows nothing of it.
pub(crate) fn sample(cx: &Cx<'_>, evse: EvseId, measurands: Known, context: &ReadingContext) -> Vec<MeterValue> {
    let Some(evse) = cx.evse(evse) else { return Vec::new() };
    let mut sampler = Sampler { context, samples: Vec::new() };
    for measurand in cx.variables.words(measurands) {
        sampler.take(&evse.reading, &Measurand::from_word(measurand));
    }
    if sampler.samples.is_empty() {
        return Vec::new();
    }
    alloc::vec![MeterValue { timestamp: cx.utc(), sampled_value: sampler.samples, custom_data: None }]
}
