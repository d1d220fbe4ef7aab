//! Transactions (E01–E07, E15; 1.6 §4.8, §4.10): when they start and stop, what is told about them, and the power path.
//!
//! A transaction starts when one of the points of TxStartPoint begins to hold, and stops when one of TxStopPoint that has
//! held ceases to. The contactor is closed only while the EVSE is authorized, plugged, asked for energy and free of faults,
//! and only after the start of the transaction is durable (I-1, I-6).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::Text;

use super::api::Output;
use super::cable;
use super::delivery::Delivery;
use super::limits;
use super::meter;
use super::session::{Authorized, Ending, Points, Session, Transaction};
use super::shared::{Cx, Evse, Origin, Signal, Timer};
use crate::device_model::Known;
use crate::dialect;
use crate::domain::{
    EvseId, IdToken, ReadingContext, StoppedReason, TransactionEvent, TransactionStage, TriggerReason,
};
use crate::machine::Action;

/// How long a contactor may take to open and the meter to show its final reading.
const FINAL_READING_S: u64 = 2;

/// The prefix of the records of open transactions.
pub(crate) const RECORD_PREFIX: &str = "transaction/";

pub(crate) fn key(evse: EvseId) -> String {
    format!("{RECORD_PREFIX}{evse}")
}

/// The transactions of a station.
#[derive(Debug)]
pub(crate) struct Transactions {
    pub(crate) sessions: Vec<Session>,
}

/// What an event tells beside what every event tells.
pub(crate) struct Telling {
    stage: TransactionStage,
    trigger: TriggerReason,
    context: ReadingContext,
    measurands: Option<Known>,
    ending: Option<Ending>,
}

impl Telling {
    const fn started(trigger: TriggerReason) -> Self {
        let (stage, context) = (TransactionStage::Started, ReadingContext::TransactionBegin);
        Self { stage, trigger, context, measurands: Some(Known::SampledStartedMeasurands), ending: None }
    }

    const fn updated(trigger: TriggerReason) -> Self {
        let (stage, context) = (TransactionStage::Updated, ReadingContext::Trigger);
        Self { stage, trigger, context, measurands: None, ending: None }
    }

    pub(crate) const fn measured(trigger: TriggerReason, context: ReadingContext, measurands: Known) -> Self {
        Self { stage: TransactionStage::Updated, trigger, context, measurands: Some(measurands), ending: None }
    }

    fn ended(ending: Ending) -> Self {
        let (stage, context) = (TransactionStage::Ended, ReadingContext::TransactionEnd);
        let trigger = ending.trigger.clone();
        Self { stage, trigger, context, measurands: Some(Known::SampledEndedMeasurands), ending: Some(ending) }
    }
}

impl Transactions {
    pub(crate) fn new(evses: usize) -> Self {
        Self { sessions: (0..evses).map(|_| Session::default()).collect() }
    }

    pub(crate) fn session(&mut self, evse: EvseId) -> Option<&mut Session> {
        self.sessions.get_mut(usize::try_from(evse.0).ok()?.checked_sub(1)?)
    }

    pub(crate) fn is_any_open(&self) -> bool {
        self.sessions.iter().any(|session| session.transaction.is_some() || session.interrupted.is_some())
    }

    /// The EVSE of an open transaction, by our id or by the CSMS's.
    pub(crate) fn find(&self, cx: &Cx<'_>, transaction: &str) -> Option<EvseId> {
        let named = |evse: &&Evse| {
            evse.session.transaction.as_ref().is_some_and(|id| id.eq_ignore_ascii_case(transaction))
                || evse.session.csms_transaction.as_ref().is_some_and(|id| *id == transaction)
        };
        cx.evses.iter().find(named).map(|evse| evse.id)
    }

    /// After a power cut: what was open ends with reason PowerLoss once the meter has shown its register, which counted
    /// on to the very moment of the cut.
    pub(crate) fn restore(&mut self, cx: &mut Cx<'_>, open: Vec<Transaction>) {
        for transaction in open {
            cx.clock.not_before(transaction.started);
            let evse = transaction.evse;
            match self.session(evse) {
                Some(session) => {
                    if let Some(facts) = cx.evse_mut(evse) {
                        // Its cable may be held still: it is let go when the transaction is over.
                        facts.locked = Some(transaction.connector);
                    }
                    session.interrupted = Some(transaction);
                    cx.after(Timer::FinalReading(evse), FINAL_READING_S);
                }
                None => {
                    let id = &transaction.id;
                    cx.limit_hit(format!("transaction {id} was open at EVSE {evse}, which does not exist any more"));
                }
            }
        }
    }

    /// The meter of an EVSE has shown its register.
    pub(crate) fn on_reading(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId) {
        let Some(session) = self.session(evse) else { return };
        if session.interrupted.is_some() {
            self.end_interrupted(cx, delivery, evse);
        } else if session.ending.is_some() {
            self.finish(cx, delivery, evse);
        } else if let (Some(transaction), Some(facts)) = (&mut session.transaction, cx.evse(evse)) {
            transaction.last_wh = facts.reading.energy_wh;
        }
    }

    /// The meter did not show it: the last that is known must do.
    pub(crate) fn on_reading_missing(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId) {
        cx.limit_hit(format!("the meter of EVSE {evse} showed no final reading; the last one is used"));
        self.on_reading(cx, delivery, evse);
    }

    fn end_interrupted(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId) {
        let Some(session) = self.session(evse) else { return };
        let Some(transaction) = session.interrupted.take() else {
            return;
        };
        let (id, last_wh) = (transaction.id.clone(), transaction.last_wh);
        session.authorized = transaction.authorized.clone();
        session.transaction = Some(transaction);
        if let Some(facts) = cx.evse_mut(evse) {
            // A meter that forgot its register must not turn the bill negative.
            facts.reading.energy_wh = facts.reading.energy_wh.max(last_wh);
            facts.session.transaction = Some(id);
        }
        let (trigger, reason) = (TriggerReason::AbnormalCondition, StoppedReason::PowerLoss);
        session_end(session, Ending { trigger, reason, reset: None, token: None });
        self.finish(cx, delivery, evse);
    }

    /// C01, F01, F02: a token may charge here.
    pub(crate) fn on_authorized(
        &mut self,
        cx: &mut Cx<'_>,
        delivery: &mut Delivery,
        (evse, token): (EvseId, IdToken),
        group: Option<IdToken>,
        origin: &Origin,
    ) {
        let Some(facts) = cx.evse(evse) else { return };
        if let Some(why) = unfit(cx, facts) {
            cx.refuse(format!("EVSE {evse} cannot begin a session: {why}"));
            return;
        }
        let plugged = facts.plugged.is_some();
        let Some(session) = self.session(evse) else { return };
        if session.interrupted.is_some() {
            self.end_interrupted(cx, delivery, evse);
        }
        let Some(session) = self.session(evse) else { return };
        if session.authorized.is_some() || session.ending.is_some() {
            cx.refuse(format!("EVSE {evse} cannot begin a session: another one is not over"));
            return;
        }
        let remote_start_id = match origin {
            Origin::Local => None,
            Origin::Remote(id) => *id,
        };
        session.authorized = Some(Authorized { token: token.clone(), group, remote_start_id, suspended: false });
        session.news = Some(token);
        session.remote_news = remote_start_id.is_some();
        session.withdrawn = None;
        session.finishing = false;
        if !plugged {
            let patience = cx.variables.number(Known::EvConnectionTimeOut);
            cx.after(Timer::EvConnection(evse), patience);
        }
        let remote = matches!(origin, Origin::Remote(_));
        let trigger = if remote { TriggerReason::RemoteStart } else { TriggerReason::Authorized };
        self.evaluate(cx, delivery, evse, trigger);
    }

    /// E03.FR.05, F02.FR.07: nobody plugged in.
    pub(crate) fn on_connection_timeout(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId) {
        let (trigger, reason) = (TriggerReason::EVConnectTimeout, StoppedReason::Timeout);
        self.withdraw(cx, delivery, evse, Ending { trigger, reason, reset: None, token: None });
    }

    /// E07: the driver stops, or comes for the cable that was kept for him (E05.FR.11, E09.FR.03).
    pub(crate) fn on_stop_authorized(
        &mut self,
        cx: &mut Cx<'_>,
        delivery: &mut Delivery,
        evse: EvseId,
        token: IdToken,
    ) {
        if cable::release(cx, evse) {
            return;
        }
        let (trigger, reason) = (TriggerReason::StopAuthorized, StoppedReason::Local);
        self.withdraw(cx, delivery, evse, Ending { trigger, reason, reset: None, token: Some(token) });
    }

    /// Somebody else stops: the CSMS, a reset, an unlocking.
    pub(crate) fn on_stop(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId, ending: Ending) {
        let reset = ending.reset.is_some();
        let Some(session) = self.session(evse) else { return };
        if session.interrupted.is_some() {
            self.end_interrupted(cx, delivery, evse);
            return;
        }
        if session.ending.is_some() {
            return;
        }
        if reset && session.transaction.is_some() {
            // B12.FR.04: whatever the stop points say, a reset leaves no transaction open.
            session_end(session, ending);
            self.open_path(cx, delivery, evse);
            return;
        }
        self.withdraw(cx, delivery, evse, ending);
    }

    /// C10, E05; 1.6 §5.14: the CSMS does not accept the token of a running transaction.
    pub(crate) fn on_deauthorized(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, transaction: &str) {
        let Some(evse) = self.find(cx, transaction) else { return };
        let stop = cx.variables.flag(Known::StopTxOnInvalidId);
        let Some(session) = self.session(evse) else { return };
        let Some(authorized) = &mut session.authorized else {
            return;
        };
        if stop {
            let (trigger, reason) = (TriggerReason::Deauthorized, StoppedReason::DeAuthorized);
            self.withdraw(cx, delivery, evse, Ending { trigger, reason, reset: None, token: None });
        } else if !authorized.suspended {
            // E05.FR.02: the transaction goes on, the energy does not.
            authorized.suspended = true;
            self.evaluate(cx, delivery, evse, TriggerReason::ChargingStateChanged);
        }
    }

    /// K11.FR.04, SC.02: the station offers another rate than the CSMS would expect.
    pub(crate) fn on_rate_changed(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId) {
        let Some(session) = self.session(evse) else { return };
        if session.transaction.is_some() && session.ending.is_none() {
            self.tell(cx, delivery, evse, Telling::updated(TriggerReason::ChargingRateChanged));
        }
    }

    /// Nobody may charge here any more.
    fn withdraw(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId, ending: Ending) {
        cx.timers.clear(Timer::EvConnection(evse));
        limits::set_ahead(cx, evse, None);
        let Some(session) = self.session(evse) else { return };
        if session.authorized.take().is_none() && session.transaction.is_none() {
            return;
        }
        let trigger = ending.trigger.clone();
        session.news.clone_from(&ending.token);
        session.withdrawn = Some(ending);
        self.evaluate(cx, delivery, evse, trigger);
    }

    /// Something about an EVSE changed: starts, updates or ends its transaction, and moves the power path.
    pub(crate) fn evaluate(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId, trigger: TriggerReason) {
        let (start_points, stop_points) = (start_points(cx), stop_points(cx));
        if cx.evse(evse).is_some_and(|facts| facts.plugged.is_some()) {
            cx.timers.clear(Timer::EvConnection(evse));
        }
        let stop_on_leave = cx.variables.flag(Known::StopTxOnEvSideDisconnect);
        let Some(session) = self.session(evse) else { return };
        if session.ending.is_some() || session.interrupted.is_some() {
            return;
        }
        if trigger == TriggerReason::EVCommunicationLost {
            on_vehicle_gone(cx, session, stop_on_leave);
        }
        let Some(facts) = cx.evse(evse) else { return };
        let is_fit = unfit(cx, facts).is_none();
        let will_flow = session.may_flow(facts);
        let holding = Points::holding(facts.plugged.is_some(), session.authorized.is_some(), will_flow);
        let now_held = holding.and(start_points);
        let begun = if is_fit { now_held.without(session.held) } else { Points::default() };
        // What begins to hold while nothing can start has yet to begin.
        session.held = if is_fit { now_held } else { now_held.and(session.held) };
        if facts.plugged.is_none() {
            session.finishing = false;
        }
        let started = session.transaction.is_none() && !begun.is_empty() && self.start(cx, delivery, evse, &trigger);
        let cable_left = trigger == TriggerReason::EVCommunicationLost;
        self.update(cx, delivery, evse, (trigger, started), holding, stop_points);
        if cable_left {
            self.expect_return(cx, evse);
        }
        self.publish(cx, evse);
    }

    /// E10.FR.02: a fixed cable is free for the next driver if this one does not come back. One of the driver's own waits
    /// for him (E10.FR.01).
    fn expect_return(&mut self, cx: &mut Cx<'_>, evse: EvseId) {
        let fixed_cable = cx.evse(evse).is_some_and(|facts| !facts.socket);
        let Some(session) = self.session(evse) else { return };
        let goes_on = session.transaction.is_some() && session.authorized.is_some() && session.ending.is_none();
        if fixed_cable && goes_on {
            let patience = cx.variables.number(Known::EvConnectionTimeOut);
            cx.after(Timer::EvConnection(evse), patience);
        }
    }

    fn start(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId, trigger: &TriggerReason) -> bool {
        if delivery.is_full(cx) || cx.storage_failed {
            // a transaction that cannot be kept is not begun.
            cx.limit_hit(format!("no transaction is started at EVSE {evse}: its events could not be kept"));
            if let Some(session) = self.session(evse) {
                session.forget_authorization();
            }
            return false;
        }
        let id = new_id(cx);
        let started = cx.utc();
        let Some(facts) = cx.evse(evse) else { return false };
        let (connector, register_wh) = (facts.connector(), facts.reading.energy_wh);
        let Some(session) = self.session(evse) else {
            return false;
        };
        session.transaction = Some(Transaction {
            id: id.clone(),
            evse,
            connector,
            next_seq: 0,
            started,
            last_wh: register_wh,
            seen: Points::default(),
            authorized: None,
            vehicle: false,
        });
        session.was_closed = false;
        session.told = None;
        if let Some(facts) = cx.evse_mut(evse) {
            facts.session.transaction = Some(id.clone());
        }
        self.tell(cx, delivery, evse, Telling::started(trigger.clone()));
        cx.tell(Output::TransactionStarted { evse, transaction: id, register_wh });
        self.schedule_sample(cx, evse);
        true
    }

    fn update(
        &mut self,
        cx: &mut Cx<'_>,
        delivery: &mut Delivery,
        evse: EvseId,
        (trigger, started): (TriggerReason, bool),
        holding: Points,
        stop_points: Points,
    ) {
        let Some(session) = self.session(evse) else { return };
        if let Some(transaction) = &mut session.transaction {
            let lost = transaction.seen.and(stop_points).without(holding);
            transaction.seen = transaction.seen.with(holding);
            if !lost.is_empty() {
                let unoffered = cx.evse(evse).is_some_and(|facts| facts.offers_nothing);
                let suspended = session.authorized.as_ref().is_some_and(|authorized| authorized.suspended);
                let ending = session.withdrawn.take().unwrap_or_else(|| lost_ending(&trigger, suspended, unoffered));
                session_end(session, ending.told_by(trigger));
                self.open_path(cx, delivery, evse);
                return;
            }
        }
        self.drive_path(cx, evse);
        let Some(facts) = cx.evse(evse) else { return };
        let Some(session) = self.session(evse) else { return };
        if session.transaction.is_none() {
            return;
        }
        let state = session.charging_state(facts);
        let changed = session.told.as_ref() != Some(&state);
        let notable = !matches!(trigger, TriggerReason::ChargingStateChanged | TriggerReason::AbnormalCondition);
        if changed || (notable && !started) {
            let trigger = if started { TriggerReason::ChargingStateChanged } else { trigger };
            self.tell(cx, delivery, evse, Telling::updated(trigger));
        }
    }

    /// Opens or closes the contactor as the facts allow, and holds the plug while somebody may charge.
    fn drive_path(&mut self, cx: &mut Cx<'_>, evse: EvseId) {
        let Some(session) = self.session(evse) else { return };
        let authorized = session.authorized.is_some();
        cable::hold(cx, evse, authorized);
        let Some(facts) = cx.evse(evse) else { return };
        let wants = session.wants_energy(facts) && session.transaction.is_some();
        if let Some(transaction) = &session.transaction {
            let ready = authorized && facts.plugged.is_some();
            let token = session.authorized.as_ref().map(|authorized| &authorized.token);
            limits::on_transaction(cx, evse, &transaction.id, ready, token);
        }
        // K02.FR.02, I-5: the limit is told before the contactor closes.
        limits::claim(cx, evse, wants);
        let Some(facts) = cx.shared.evse_mut(evse) else { return };
        let flow = wants && !facts.offers_nothing;
        if flow != facts.contactor_closed {
            facts.contactor_closed = flow;
            session.was_closed |= flow;
            let deed = if flow { Output::CloseContactor { evse } } else { Output::OpenContactor { evse } };
            cx.out.push(Action::Output(deed));
        }
        cable::let_go(cx, evse, authorized);
    }

    /// Ends the flow first; the meter then shows what the bill is made of.
    fn open_path(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId) {
        let Some(facts) = cx.evse_mut(evse) else { return };
        if !core::mem::take(&mut facts.contactor_closed) {
            limits::claim(cx, evse, false);
            self.finish(cx, delivery, evse);
            return;
        }
        cx.tell(Output::OpenContactor { evse });
        limits::claim(cx, evse, false);
        cx.after(Timer::FinalReading(evse), FINAL_READING_S);
        self.publish(cx, evse);
    }

    /// The transaction is over, and so is the session.
    fn finish(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId) {
        cx.timers.clear(Timer::FinalReading(evse));
        cx.timers.clear(Timer::Sample(evse));
        cx.timers.clear(Timer::EvConnection(evse));
        let Some(session) = self.session(evse) else { return };
        let Some(ending) = session.ending.take() else { return };
        session.news.clone_from(&ending.token);
        let reason = ending.reason.clone();
        let last = session.transaction.as_ref().and_then(|transaction| transaction.authorized.clone());
        let owner = session.authorized.clone().or(last);
        let had_vehicle = session.transaction.as_ref().is_some_and(|transaction| transaction.vehicle);
        let here = cx.evse(evse).is_some_and(|facts| facts.plugged.is_some());
        let is_gone = if reason == StoppedReason::PowerLoss { !had_vehicle } else { !here };
        cable::keep(cx, evse, &ending, is_gone, owner);
        self.tell(cx, delivery, evse, Telling::ended(ending));
        let start_points = start_points(cx);
        let plugged = cx.evse(evse).is_some_and(|facts| facts.plugged.is_some());
        let register_wh = cx.evse(evse).map(|facts| facts.reading.energy_wh).unwrap_or_default();
        let Some(session) = self.session(evse) else { return };
        let transaction = session.transaction.take();
        // The authorization is over with the transaction: what the next one needs must begin to hold anew.
        let held = Points::holding(plugged, false, false).and(start_points);
        *session = Session { held, finishing: plugged, ..Session::default() };
        cx.delete(key(evse));
        limits::on_transaction_ended(cx, evse);
        if let Some(transaction) = transaction {
            cx.tell(Output::TransactionEnded { evse, transaction: transaction.id, register_wh, reason });
        }
        self.drive_path(cx, evse);
        self.publish(cx, evse);
        cx.signal(Signal::Idle);
    }

    /// Lets the other blocks see what they may know.
    fn publish(&mut self, cx: &mut Cx<'_>, evse: EvseId) {
        let Some(session) = self.session(evse) else { return };
        let Some(facts) = cx.shared.evse_mut(evse) else { return };
        let state = session.transaction.is_some().then(|| session.charging_state(facts));
        let view = &mut facts.session;
        let kept = facts.kept.as_ref().map(|kept| (&kept.token, &kept.group));
        let authorized = session.authorized.as_ref().map(|authorized| (&authorized.token, &authorized.group));
        let holder = authorized.or(kept);
        view.token = holder.map(|(token, _)| token.clone());
        view.group = holder.and_then(|(_, group)| group.clone());
        view.transaction = session.transaction.as_ref().map(|transaction| transaction.id.clone());
        if view.transaction.is_none() {
            view.csms_transaction = None;
        }
        view.charging_state = state;
        let seen = session.transaction.as_ref().map(|transaction| transaction.seen).unwrap_or_default();
        view.had_vehicle = !seen.and(Points::EV_CONNECTED).is_empty();
        let is_over = session.finishing || session.withdrawn.is_some() || session.ending.is_some();
        view.finishing = is_over || facts.kept.is_some();
        cx.signal(Signal::StatusChanged);
    }

    /// Makes an event of what just happened, and keeps it.
    pub(crate) fn tell(&mut self, cx: &mut Cx<'_>, delivery: &mut Delivery, evse: EvseId, telling: Telling) {
        let offline = cx.online.is_none();
        let meter_values =
            telling.measurands.map(|known| meter::sample(cx, evse, known, &telling.context)).unwrap_or_default();
        let at = cx.utc();
        let Some(facts) = cx.evse(evse) else { return };
        let Some(session) = self.session(evse) else { return };
        let state = session.told_state(telling.stage, facts);
        let (in_use, vehicle) = (facts.in_use(), facts.plugged.is_some());
        let register = facts.reading.energy_wh;
        let remote_start_id = session.authorized.as_ref().and_then(|authorized| authorized.remote_start_id);
        // F01.FR.19: the first event after a remote start is about it, whatever else happened meanwhile.
        let remote_news = core::mem::take(&mut session.remote_news) && telling.ending.is_none();
        let id_token = session.news.take();
        session.told = Some(state.clone());
        let authorized = session.authorized.clone();
        let Some(transaction) = &mut session.transaction else {
            return;
        };
        let seq_no = transaction.next_seq;
        transaction.next_seq += 1;
        transaction.last_wh = register;
        transaction.authorized = authorized;
        transaction.connector = in_use.unwrap_or(transaction.connector);
        transaction.vehicle = vehicle;
        let event = TransactionEvent {
            stage: telling.stage,
            transaction: transaction.id.clone(),
            seq_no: Some(seq_no),
            at,
            trigger: if remote_news { TriggerReason::RemoteStart } else { telling.trigger },
            offline,
            evse: Some(evse),
            connector: Some(transaction.connector),
            charging_state: Some(state),
            stopped_reason: telling.ending.as_ref().map(|ending| ending.reason.clone()),
            reset: telling.ending.and_then(|ending| ending.reset),
            id_token,
            remote_start_id: remote_start_id.filter(|_| remote_news || telling.stage == TransactionStage::Started),
            register_wh: Some(register),
            meter_values,
        };
        let record = transaction.clone();
        delivery.push(cx, event);
        cx.put(key(evse), &record);
    }
}

/// The vehicle left: what its driver may still do, and what a power cut must not forget.
fn on_vehicle_gone(cx: &mut Cx<'_>, session: &mut Session, deauthorizes: bool) {
    let Some(transaction) = &mut session.transaction else {
        // I-6: who leaves without having charged leaves nothing to the next vehicle.
        session.forget_authorization();
        return;
    };
    transaction.vehicle = false;
    cx.put(key(transaction.evse), transaction);
    if deauthorizes && session.authorized.take().is_some() {
        // E09.FR.01: energy flows again for who is authorized again.
        let (trigger, reason) = (TriggerReason::EVCommunicationLost, StoppedReason::EVDisconnected);
        session.withdrawn = Some(Ending { trigger, reason, reset: None, token: None });
    }
}

fn session_end(session: &mut Session, ending: Ending) {
    if session.ending.is_none() {
        session.ending = Some(ending);
    }
}

/// Where no transaction begins without a token, a vehicle alone does not begin one.
fn start_points(cx: &Cx<'_>) -> Points {
    let listed = Points::listed(cx.variables.words(Known::TxStartPoint));
    if dialect::starts_without_token(cx.version()) || listed.and(Points::EV_CONNECTED).is_empty() {
        return listed;
    }
    listed.without(Points::EV_CONNECTED).with(Points::POWER_PATH_CLOSED)
}

/// Without StopTxOnEVSideDisconnect a pulled cable ends nothing: the transaction waits for its driver (1.6 §4.10).
fn stop_points(cx: &Cx<'_>) -> Points {
    let listed = Points::listed(cx.variables.words(Known::TxStopPoint));
    if cx.variables.flag(Known::StopTxOnEvSideDisconnect) {
        return listed;
    }
    let cable = Points::EV_CONNECTED.with(Points::POWER_PATH_CLOSED).with(Points::ENERGY_TRANSFER);
    listed.without(cable).with(Points::AUTHORIZED)
}

/// Why a transaction ends whose stop point was lost without anyone having stopped it.
fn lost_ending(trigger: &TriggerReason, suspended: bool, unoffered: bool) -> Ending {
    let reason = match trigger {
        _ if suspended => StoppedReason::DeAuthorized,
        TriggerReason::EVCommunicationLost | TriggerReason::EVDeparted => StoppedReason::EVDisconnected,
        // A limit of zero is nobody's wish to stop.
        TriggerReason::ChargingStateChanged if !unoffered => StoppedReason::StoppedByEV,
        _ => StoppedReason::Other,
    };
    Ending { trigger: trigger.clone(), reason, reset: None, token: None }
}

/// Why no session can begin at an EVSE, if so.
pub(crate) fn unfit(cx: &Cx<'_>, evse: &Evse) -> Option<&'static str> {
    if evse.is_faulted() {
        Some("it is faulted")
    } else if !evse.is_operative() {
        Some("it is out of service")
    } else if evse.kept.is_some() {
        Some("a cable waits there for its owner")
    } else if cx.closing {
        Some("the station is about to restart")
    } else {
        None
    }
}

/// E02.FR.08: never used before. The generator's state follows a count of the station's lives.
fn new_id(cx: &mut Cx<'_>) -> Text {
    let (high, low) = (cx.rng.bits(), cx.rng.bits());
    Text::from(format!("{high:016x}{low:016x}"))
}
