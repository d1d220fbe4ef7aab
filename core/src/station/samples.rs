//! Samples of the meter in and outside of transactions (E02.FR.10, J01, J02; 1.6 §3.16): when they are due, and on demand.

use alloc::vec::Vec;
use core::time::Duration;

use super::delivery::Delivery;
use super::meter;
use super::shared::{Cx, Timer};
use super::transactions::{Telling, Transactions};
use crate::device_model::Known;
use crate::domain::{EvseId, ReadingContext, Request, TriggerReason};

impl Transactions {
    /// The interval of periodic samples runs from the start of the transaction.
    pub(crate) fn schedule_sample(&self, cx: &mut Cx<'_>, evse: EvseId) {
        match cx.seconds(Known::SampledUpdatedInterval) {
            Duration::ZERO => cx.timers.clear(Timer::Sample(evse)),
            interval => {
                let at = cx.now + interval;
                cx.timers.set(Timer::Sample(evse), at);
            }
        }
    }

    /// The interval was changed: it counts from now.
    pub(crate) fn on_interval_changed(&self, cx: &mut Cx<'_>) {
        for session in &self.sessions {
            if let Some(transaction) = &session.transaction {
                self.schedule_sample(cx, transaction.evse);
            }
        }
    }

    /// E02.FR.10, J02: a periodic sample is due.
    pub(crate) fn on_sample_timer(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId) {
        self.schedule_sample(cx, evse);
        let known = Known::SampledUpdatedMeasurands;
        let (trigger, context) = (TriggerReason::MeterValuePeriodic, ReadingContext::SamplePeriodic);
        self.tell_sample(cx, delivery, evse, trigger, context, known);
    }

    /// J01: samples that are aligned to the clock, in and outside of transactions.
    pub(crate) fn on_aligned_timer(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery) {
        let idle_only = cx.variables.flag(Known::AlignedSendDuringIdle) && self.is_any_open();
        let known = Known::AlignedMeasurands;
        for at in 0..self.sessions.len() {
            let Some(evse) = cx.evses.get(at).map(|evse| evse.id) else {
                break;
            };
            if self.sessions[at].transaction.is_some() && !idle_only {
                let (trigger, context) = (TriggerReason::MeterValueClock, ReadingContext::SampleClock);
                self.tell_sample(cx, delivery, evse, trigger, context, known);
            } else if self.sessions[at].transaction.is_none() && cx.is_online() && !idle_only {
                let values = meter::sample(cx, evse, known, &ReadingContext::SampleClock);
                if !values.is_empty() {
                    cx.call(Request::MeterValues { evse, values });
                }
            }
        }
    }

    fn tell_sample(
        &mut self,
        cx: &mut Cx<'_>,
        delivery: &mut Delivery,
        evse: EvseId,
        trigger: TriggerReason,
        context: ReadingContext,
        known: Known,
    ) {
        let Some(session) = self.session(evse) else { return };
        let open = session.transaction.is_some() && session.ending.is_none();
        let nothing = trigger != TriggerReason::Trigger && cx.variables.words(known).next().is_none();
        if open && !nothing {
            self.tell(cx, delivery, evse, Telling::measured(trigger, context, known));
        }
    }

    /// F06.FR.07: the CSMS wants to know how transactions stand; `None` asks for all.
    pub(crate) fn on_trigger(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: Option<EvseId>) -> bool {
        let open = self.sessions.iter().filter_map(|session| session.transaction.as_ref());
        let asked: Vec<EvseId> =
            open.map(|transaction| transaction.evse).filter(|id| evse.is_none_or(|asked| asked == *id)).collect();
        for evse in &asked {
            let known = Known::SampledUpdatedMeasurands;
            self.tell_sample(cx, delivery, *evse, TriggerReason::Trigger, ReadingContext::Trigger, known);
        }
        !asked.is_empty()
    }
}
