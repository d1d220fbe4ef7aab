//! CALLs of the station and their answers.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::mem;
use core::time::Duration;

use pilotwire_messages::{ErrorCode, Text, frame};

use super::api::{Entry, Output};
use super::events::connectors;
use super::questions::{Call, Question};
use super::{Csms, Out};
use crate::Action;
use crate::dialect::{self, Refusal};
use crate::domain::{
    Answer, DataTransferAnswer, IdTokenInfo, NotifyEvChargingNeedsStatus, Request, TransactionAnswer, TransactionEvent,
    TransactionStage, is_critical,
};

impl Csms {
    pub(super) fn on_call(&mut self, call: Call, action: &str, payload: &str, out: &mut Out) {
        if self.questions.contains(call.fingerprint) {
            return self.violation("a CALL came again before it was answered", out);
        }
        if !self.gate.admits(action) {
            return self.on_call_before_acceptance(&call, action, out);
        }
        if !self.clock.is_known() {
            // A station would set its clock by our answer.
            self.limit_hit("a CALL cannot be answered before the clock is set", out);
            return self.fail(&call, out);
        }
        match dialect::read_request(call.version, action, payload) {
            Ok(request) => self.on_request(call, request, out),
            Err(refusal) => self.refuse(&call, &refusal, out),
        }
    }

    /// B02.FR.09, B03.FR.07.
    fn on_call_before_acceptance(&mut self, call: &Call, action: &str, out: &mut Out) {
        let text = format!("{} before the station is accepted", Text::truncated(action, 60));
        self.refuse(call, &Refusal { code: ErrorCode::SecurityError, text }, out);
        if self.gate.answered.is_none() && !self.gate.told_to_boot {
            self.tell_to_boot(out);
        }
    }

    fn on_request(&mut self, call: Call, request: Request, out: &mut Out) {
        match request {
            Request::Boot(_) => self.on_boot(&call, request, out),
            Request::Transaction(event) => self.on_transaction(call, event, out),
            Request::CertificateStatus(_) if !self.config.asks_responders => {
                self.report_and_answer(&call, request, &Answer::CertificateStatus { response: None }, out);
            }
            Request::Authorize(_) | Request::DataTransfer(_) | Request::EvNeeds(_) | Request::CertificateStatus(_) => {
                self.ask(call, request, out);
            }
            Request::Heartbeat => {
                let answer = Answer::Heartbeat { time: self.clock.at(self.now) };
                self.report_and_answer(&call, request, &answer, out);
            }
            Request::ChargingProfiles(report) => {
                let compared = report.clone();
                self.report_and_answer(&call, Request::ChargingProfiles(report), &Answer::Done, out);
                self.on_profiles_reported(&compared, out);
            }
            Request::EvSchedule(plan) => {
                let accepted = self.keeps_limits(&plan);
                let answer = Answer::EvSchedule { accepted };
                self.report_and_answer(&call, Request::EvSchedule(plan), &answer, out);
            }
            Request::SignCertificate { .. } => {
                let answer = self.judge_signing(out);
                self.report_and_answer(&call, request, &answer, out);
            }
            Request::Events(part) => {
                connectors(&part).for_each(|report| out.push(Action::Output(Output::Status(Box::new(report)))));
                self.report_and_answer(&call, Request::Events(part), &Answer::Done, out);
            }
            Request::Status(_)
            | Request::MeterValues { .. }
            | Request::Report(_)
            | Request::ChargingLimit(_)
            | Request::ChargingLimitCleared { .. }
            | Request::SecurityEvent { .. }
            | Request::LogStatus { .. }
            | Request::FirmwareStatus { .. } => {
                self.report_and_answer(&call, request, &Answer::Done, out);
            }
        }
    }

    fn on_boot(&mut self, call: &Call, request: Request, out: &mut Out) {
        let status = self.gate.status.clone();
        let is_news = self.gate.answered.as_ref() != Some(&status);
        if is_news && !self.store.is_trusted() {
            return self.fail(call, out);
        }
        self.gate.on_boot();
        if is_news {
            self.persist_boot(out);
        }
        let (time, interval_s) = (self.clock.at(self.now), self.gate.interval_s);
        self.report_and_answer(call, request, &Answer::Boot { status, time, interval_s }, out);
        self.send_next(out);
    }

    /// The event goes into the ledger first, then to the host, and is answered last (C-7, C-8).
    fn on_transaction(&mut self, call: Call, mut event: Box<TransactionEvent>, out: &mut Out) {
        if !self.store.is_trusted() {
            return self.fail(&call, out);
        }
        if event.id_token.is_some() && !self.may_ask(out) {
            return self.fail(&call, out);
        }
        let is_nameless = event.stage == TransactionStage::Started && event.seq_no.is_none();
        if is_nameless && !self.name(&mut event, out) {
            return self.fail(&call, out);
        }
        self.on_profile_transaction(&event, out);
        let taken = self.ledger.take(&event, &self.config.limits);
        self.persist_taken(&taken, out);
        let (event, asked) = Self::split(event);
        let entry = Entry { received: self.clock.at(self.now), verdict: taken.verdict, event, state: taken.state };
        out.push(Action::Output(Output::Transaction(Box::new(entry))));
        if asked.id_token.is_some() {
            return self.ask(call, Request::Transaction(asked), out);
        }
        let answer = transaction_answer(&asked, None);
        self.report_and_answer(&call, Request::Transaction(asked), &answer, out);
    }

    /// The event for the host, and what of it the answer needs: no measurements, which are its bulk.
    fn split(mut event: Box<TransactionEvent>) -> (TransactionEvent, Box<TransactionEvent>) {
        let meter_values = mem::take(&mut event.meter_values);
        (TransactionEvent { meter_values, ..(*event).clone() }, event)
    }

    /// 1.6: fills in the id of the transaction that the event starts. `false`: no id is left.
    fn name(&mut self, event: &mut TransactionEvent, out: &mut Out) -> bool {
        if let Some(id) = self.ledger.id_of_start(event) {
            event.transaction = id.clone();
            return true;
        }
        let Some(id) = self.store.take_id() else {
            self.limit_hit("no transaction id is left: a start is not taken", out);
            return false;
        };
        event.transaction = Text::from(format!("{id}"));
        self.persist_ids(out);
        true
    }

    /// Answers what can be answered at once. The report comes first: what was acknowledged has been told.
    fn report_and_answer(&mut self, call: &Call, request: Request, answer: &Answer, out: &mut Out) {
        let text = dialect::write_answer(call.version, &call.id, &request, answer);
        if let Some(report) = report(request, answer) {
            out.push(Action::Output(report));
        }
        self.send_answer(call, text, out);
    }

    fn send_answer(&mut self, call: &Call, text: Result<String, Refusal>, out: &mut Out) {
        match text {
            Ok(text) => {
                self.link.answered(call.fingerprint, &text);
                out.push(Action::Send(text));
            }
            Err(refusal) => {
                self.limit_hit(&format!("an answer cannot be written: {}", refusal.text), out);
                self.fail(call, out);
            }
        }
    }

    fn may_ask(&mut self, out: &mut Out) -> bool {
        let may = self.questions.len() < self.config.limits.questions;
        if !may {
            self.limit_hit("too many CALLs wait for an answer of the host: one was refused", out);
        }
        may
    }

    /// Leaves the answer to the host.
    fn ask(&mut self, call: Call, request: Request, out: &mut Out) {
        // Of an event this was made sure of before it was stored.
        if !matches!(request, Request::Transaction(_)) && !self.may_ask(out) {
            return self.fail(&call, out);
        }
        let question = self.questions.next_number();
        let output = match &request {
            Request::DataTransfer(message) => Output::DataTransfer { question, message: message.clone() },
            Request::EvNeeds(needs) => Output::EvNeeds { question, needs: needs.clone() },
            Request::CertificateStatus(about) => Output::CertificateStatus { question, about: about.clone() },
            Request::Authorize(token) => {
                Output::Authorize { question, transaction: None, token: Box::new(token.clone()) }
            }
            Request::Transaction(event) => match &event.id_token {
                Some(token) => {
                    let transaction = Some(event.transaction.clone());
                    Output::Authorize { question, transaction, token: Box::new(token.clone()) }
                }
                None => return,
            },
            _ => return,
        };
        let deadline = self.now + Duration::from_secs(self.config.limits.answer_timeout_s.into());
        self.questions.add(call, request, deadline);
        out.push(Action::Output(output));
    }

    /// The host knows the token. The answer to a question that is not open, or whose connection is gone, is dropped.
    pub(super) fn on_authorized(&mut self, number: u64, info: IdTokenInfo, out: &mut Out) {
        let is_kind = |request: &Request| matches!(request, Request::Authorize(_) | Request::Transaction(_));
        let Some(question) = self.questions.take(number, is_kind) else {
            return;
        };
        let is_event = matches!(*question.request, Request::Transaction(_));
        if is_event && !self.store.is_trusted() {
            // The write of the event itself may be the one that failed.
            return self.fail(&question.call, out);
        }
        let answer = match &*question.request {
            Request::Transaction(event) => transaction_answer(event, Some(info)),
            _ => Answer::Authorize(info),
        };
        let text = dialect::write_answer(question.call.version, &question.call.id, &question.request, &answer);
        self.send_answer(&question.call, text, out);
    }

    /// The host answers a vendor's message.
    pub(super) fn on_data_transferred(&mut self, number: u64, answer: DataTransferAnswer, out: &mut Out) {
        let is_kind = |request: &Request| matches!(request, Request::DataTransfer(_));
        let Some(question) = self.questions.take(number, is_kind) else {
            return;
        };
        let answer = Answer::DataTransfer(answer);
        let text = dialect::write_answer(question.call.version, &question.call.id, &question.request, &answer);
        self.send_answer(&question.call, text, out);
    }

    /// The host knows what to do about a vehicle's needs.
    pub(super) fn on_needs_answered(&mut self, number: u64, status: NotifyEvChargingNeedsStatus, out: &mut Out) {
        let Some(question) = self.questions.take(number, |request| matches!(request, Request::EvNeeds(_))) else {
            return;
        };
        let answer = Answer::EvNeeds(status);
        let text = dialect::write_answer(question.call.version, &question.call.id, &question.request, &answer);
        self.send_answer(&question.call, text, out);
    }

    /// The host has asked the responder, or could not.
    pub(super) fn on_certificate_status(&mut self, number: u64, response: Option<Text>, out: &mut Out) {
        if let Some(question) = self.questions.take(number, |request| matches!(request, Request::CertificateStatus(_)))
        {
            self.tell_status(&question, response, out);
        }
    }

    fn tell_status(&mut self, question: &Question, response: Option<Text>, out: &mut Out) {
        let (call, request) = (&question.call, &*question.request);
        let answer = Answer::CertificateStatus { response };
        let text = dialect::write_answer(call.version, &call.id, request, &answer).or_else(|refusal| {
            self.limit_hit(&format!("the status of a certificate cannot be passed on: {}", refusal.text), out);
            let failed = Answer::CertificateStatus { response: None };
            dialect::write_answer(call.version, &call.id, request, &failed)
        });
        self.send_answer(call, text, out);
    }

    /// The host did not answer in time: the station shall not wait for ever. If it was an event, the ledger has it, and
    /// the station will repeat it.
    pub(super) fn on_questions_due(&mut self, out: &mut Out) {
        while let Some(question) = self.questions.take_due(self.now) {
            self.limit_hit("the host did not answer in time: a CALL was refused", out);
            match *question.request {
                // M06.FR.04.
                Request::CertificateStatus(_) => self.tell_status(&question, None, out),
                _ => self.fail(&question.call, out),
            }
        }
    }

    /// The station broke a rule.
    fn refuse(&mut self, call: &Call, refusal: &Refusal, out: &mut Out) {
        self.violation(&format!("{}: {}", refusal.code.name(call.version), refusal.text), out);
        out.push(Action::Send(frame::error_text(&call.id, refusal.code, &refusal.text, call.version)));
    }

    /// It is our fault. Nothing of the CALL took effect, or it was stored and may be repeated; that it can be repeated is
    /// why errors are not remembered for the same CALL.
    fn fail(&self, call: &Call, out: &mut Out) {
        let text = frame::error_text(&call.id, ErrorCode::InternalError, "try again later", call.version);
        out.push(Action::Send(text));
    }
}

/// The id goes out where the edition has it: a 1.6 station learns it from the answer to its start.
fn transaction_answer(event: &TransactionEvent, id_token_info: Option<IdTokenInfo>) -> Answer {
    Answer::Transaction(TransactionAnswer { id_token_info, transaction: Some(event.transaction.clone()) })
}

/// What the host is told of a request that is answered at once.
fn report(request: Request, answer: &Answer) -> Option<Output> {
    match (request, answer) {
        (Request::Boot(boot), Answer::Boot { status, .. }) => {
            Some(Output::Booted { boot: Box::new(boot), status: status.clone() })
        }
        (Request::Heartbeat, _) => Some(Output::Heartbeat),
        (Request::Status(report), _) => Some(Output::Status(Box::new(report))),
        (Request::MeterValues { evse, values }, _) => Some(Output::MeterValues { evse, values }),
        (Request::Report(part), _) => Some(Output::Report(part)),
        (Request::Events(part), _) => Some(Output::Events(part)),
        (Request::ChargingProfiles(report), _) => Some(Output::ChargingProfiles(report)),
        (Request::ChargingLimit(limit), _) => Some(Output::ChargingLimit(limit)),
        (Request::ChargingLimitCleared { evse, source }, _) => Some(Output::ChargingLimitCleared { evse, source }),
        (Request::EvSchedule(plan), Answer::EvSchedule { accepted }) => {
            Some(Output::EvSchedule { plan, accepted: *accepted })
        }
        (Request::SignCertificate { csr, usage, request_id }, Answer::SignCertificate { accepted: true }) => {
            Some(Output::SigningRequested { csr, usage, request_id })
        }
        (Request::SecurityEvent { kind, at, info }, _) => {
            let critical = is_critical(&kind);
            Some(Output::SecurityEvent { kind, at, info, critical })
        }
        (Request::LogStatus { status, request_id }, _) => Some(Output::LogStatus { status, request_id }),
        (Request::FirmwareStatus { status, request_id }, _) => Some(Output::FirmwareStatus { status, request_id }),
        _ => None,
    }
}
