//! Performs what the station wants on virtual hardware, and tells what happened.

use pilotwire::domain::{CryptoTask, NetworkTarget};
use pilotwire::journal::Recorder;
use pilotwire::station::{Input, Output};
use pilotwire::{Action, DateTime, Event, Instant, Station, Version};
use pilotwire_pki::perform;
use pilotwire_tokio::{AttemptError, Target};
use pilotwire_wire::tls::{TimeSource, WRITTEN};
use pilotwire_wire::{Deed, LinkEnd, Observer};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::file_tasks;
use crate::world::Shared;

/// The host of one life of the station.
pub(crate) struct Host {
    pub(crate) shared: Shared,
    pub(crate) version: Version,
    pub(crate) recorder: Recorder,
    /// The way on which the station is told facts.
    pub(crate) inputs: mpsc::Sender<Event<Input>>,
    /// Whom the station calls; nobody while that cannot be used.
    pub(crate) target: watch::Sender<Option<Target>>,
}

impl Observer<Input, Output> for Host {
    fn before(&mut self, now: Instant, event: &Event<Input>) {
        if self.shared.world().journal.is_some() {
            self.recorder.before(now, event);
        }
        match event {
            Event::Received(text) => self.tell_frame("received", text),
            Event::Connected(version) => {
                self.shared.world().seen.connected = Some(*version);
                self.shared.tell("connected", json!({ "version": version }));
            }
            Event::Disconnected => {
                self.shared.world().seen.connected = None;
                self.shared.tell("disconnected", json!({}));
            }
            _ => {}
        }
    }

    fn after(&mut self, _: Instant, actions: &[Action<Output>]) {
        if let Some(line) = self.recorder.after(actions) {
            let failed = self.shared.world().journal.as_mut().and_then(|journal| journal.line(&line).err());
            if let Some(error) = failed {
                self.shared.world().journal = None;
                self.shared.tell("journal_failed", json!({ "error": error.to_string() }));
            }
        }
        for action in actions {
            if let Action::Send(text) = action {
                self.tell_frame("sent", text);
            }
        }
    }

    fn link_ended(&mut self, _: Instant, end: &LinkEnd) {
        self.shared.tell("link_ended", json!({ "reason": format!("{end:?}") }));
    }
}

impl pilotwire_tokio::Host<Station> for Host {
    async fn perform(&mut self, now: Instant, deeds: Vec<Deed<Output>>) -> Vec<Event<Input>> {
        let mut answers = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Persist(write) => {
                    let key = write.key().to_owned();
                    let result = self.shared.world().storage.write(write);
                    if let Err(error) = result {
                        self.shared.tell("storage_failed", json!({ "key": key, "error": error.to_string() }));
                        answers.push(Event::PersistFailed(key));
                    }
                }
                Deed::Output(output) => answers.extend(self.deed(now, &output).map(Event::Input)),
            }
        }
        answers
    }

    fn attempt_failed(&mut self, _: Instant, error: &AttemptError) -> Option<Input> {
        self.shared.tell("connect_failed", json!({ "error": error.to_string() }));
        Some(Input::ConnectionFailed(error.fault()))
    }
}

impl Host {
    fn tell_frame(&self, direction: &str, text: &str) {
        if self.shared.world().frames {
            self.shared.tell("frame", json!({ "direction": direction, "frame": text }));
        }
    }

    /// Performs one deed; gives back what the station must be told about it.
    fn deed(&mut self, now: Instant, output: &Output) -> Option<Input> {
        let answer = self.move_hardware(now, output);
        self.shared.save_hardware();
        self.shared.world().seen.output(output);
        match output {
            Output::Reboot => {
                self.shared.tell("reboot", json!({}));
                self.shared.reboot.notify_one();
            }
            other => {
                let (event, details) = describe(other);
                self.shared.tell(event, details);
            }
        }
        match output {
            Output::UseNetwork(network) => {
                self.use_network(network);
                None
            }
            Output::Crypto { operation, task } => self.compute(*operation, task),
            Output::File { operation, task } => file_tasks::perform(&self.shared, &self.inputs, *operation, task),
            Output::SecurityEvent { kind, at, info, critical } => {
                self.log(*at, kind, info.as_deref(), *critical);
                None
            }
            _ => answer,
        }
    }

    fn log(&self, at: DateTime, kind: &str, info: Option<&str>, critical: bool) {
        let written = self.shared.world().logbook.secure(at, kind, info, critical);
        if let Err(error) = written {
            self.shared.tell("storage_failed", json!({ "key": "security.log", "error": error.to_string() }));
        }
    }

    fn use_network(&self, network: &NetworkTarget) {
        {
            let world = &mut *self.shared.world();
            world.files.roots = network.roots.iter().chain(&world.file_roots).cloned().collect();
        }
        let private_key = |key| Some(self.shared.world().keys.private_key(key)?.secret_pkcs8_der().to_vec());
        let clock = self.shared.clock;
        let time = TimeSource::new(WRITTEN, move || clock.wall());
        let target = Target::of_network(network, self.version, &self.shared.identity, private_key, time);
        if let Err(error) = &target {
            self.shared.tell("network_unusable", json!({ "slot": network.slot, "error": error.to_string() }));
        }
        self.target.send_replace(target.ok());
    }

    fn compute(&self, operation: u64, task: &CryptoTask) -> Option<Input> {
        let (result, oddities) = {
            let keys = &mut self.shared.world().keys;
            (perform(keys, task), keys.take_oddities())
        };
        for oddity in oddities {
            self.shared.tell("keys_odd", json!({ "file": oddity.path, "what": oddity.what }));
        }
        result.map(|result| Input::CryptoDone { operation, result })
    }

    fn move_hardware(&self, now: Instant, output: &Output) -> Option<Input> {
        let mut world = self.shared.world();
        world.hardware.advance(now);
        match output {
            Output::CloseContactor { evse } => {
                world.hardware.evse(*evse)?.contactor_closed = true;
                None
            }
            Output::OpenContactor { evse } => {
                let hardware = world.hardware.evse(*evse)?;
                hardware.contactor_closed = false;
                let last = Input::Meter { evse: *evse, reading: hardware.reading() };
                // The reading of a moment ago may still be on its way, and would be believed: this one comes behind it.
                let _ = self.inputs.try_send(Event::Input(last.clone()));
                Some(last)
            }
            Output::SetLimit { evse, limit } => {
                world.hardware.evse(*evse)?.limit = *limit;
                None
            }
            Output::LockConnector { evse, .. } => {
                world.hardware.evse(*evse)?.locked = true;
                None
            }
            Output::UnlockConnector { evse, connector, confirm } => {
                world.hardware.evse(*evse)?.locked = false;
                confirm.then_some(Input::Unlocked { evse: *evse, connector: *connector, success: true })
            }
            Output::SetClock(time) => {
                world.hardware.set_clock(self.shared.clock.wall(), *time);
                None
            }
            Output::DataTransfer { question, .. } => {
                let status = pilotwire::domain::DataTransferStatus::UnknownVendorId;
                let answer = pilotwire::domain::DataTransferAnswer { status, data: None };
                Some(Input::DataTransferred { question: *question, answer })
            }
            _ => None,
        }
    }
}

const fn name_of(task: &CryptoTask) -> &'static str {
    match task {
        CryptoTask::MakeCsr { .. } => "make_csr",
        CryptoTask::Examine { .. } => "examine",
        CryptoTask::ReadOcsp { .. } => "read_ocsp",
        CryptoTask::KeepKeys { .. } => "keep_keys",
    }
}

/// An output as an event: its name, and its members.
fn describe(output: &Output) -> (&'static str, Value) {
    match output {
        Output::CloseContactor { evse } => ("contactor", json!({ "evse": evse, "closed": true })),
        Output::OpenContactor { evse } => ("contactor", json!({ "evse": evse, "closed": false })),
        Output::SetLimit { evse, limit } => ("limit", json!({ "evse": evse, "limit": limit })),
        Output::ProfilesChanged => ("profiles_changed", json!({})),
        Output::EvNeedsAnswered { evse, status } => ("ev_needs_answered", json!({ "evse": evse, "status": status })),
        Output::EvScheduleAnswered { evse, accepted } => {
            ("ev_schedule_answered", json!({ "evse": evse, "accepted": accepted }))
        }
        Output::LockConnector { evse, connector } => {
            ("lock", json!({ "evse": evse, "connector": connector, "locked": true }))
        }
        Output::UnlockConnector { evse, connector, .. } => {
            ("lock", json!({ "evse": evse, "connector": connector, "locked": false }))
        }
        Output::SetClock(time) => ("clock_set", json!({ "to": time })),
        Output::Reboot => ("reboot", json!({})),
        Output::RebootEvse { evse } => ("reboot_evse", json!({ "evse": evse })),
        Output::DataTransfer { message, .. } => ("data_transfer", json!({ "message": message })),
        Output::DataTransferAnswered(answer) => ("data_transfer_answered", json!({ "answer": answer })),
        Output::Registered(status) => ("registered", json!({ "status": status })),
        Output::TokenChecked { evse, token, status } => {
            ("token_checked", json!({ "evse": evse, "token": token.id_token, "status": status }))
        }
        Output::Status(report) => (
            "status",
            json!({
                "evse": report.evse,
                "connector": report.connector,
                "status": report.status,
                "occupation": report.occupation,
                "problem": report.problem,
            }),
        ),
        Output::TransactionStarted { evse, transaction, register_wh } => {
            ("transaction_started", json!({ "evse": evse, "transaction": transaction, "register_wh": register_wh }))
        }
        Output::TransactionEnded { evse, transaction, register_wh, reason } => (
            "transaction_ended",
            json!({ "evse": evse, "transaction": transaction, "register_wh": register_wh, "reason": reason }),
        ),
        Output::UseNetwork(target) => {
            let (url, security, key) =
                (&target.way.ocpp_csms_url, target.security, target.client.as_ref().map(|own| own.key));
            ("use_network", json!({ "slot": target.slot, "url": url, "security_profile": security, "key": key }))
        }
        Output::Crypto { operation, task } => ("crypto", json!({ "operation": operation, "task": name_of(task) })),
        Output::File { operation, task } => {
            ("file", json!({ "operation": operation, "task": file_tasks::name_of(task) }))
        }
        Output::CertificateStatus(held) => {
            ("certificate_status", json!({ "key": held.key, "position": held.position, "status": held.status }))
        }
        Output::SecurityEvent { kind, at, info, critical } => {
            ("security_event", json!({ "kind": kind, "at": at, "info": info, "critical": critical }))
        }
        Output::Discarded { transaction, seq_no, why } => {
            ("discarded", json!({ "transaction": transaction, "seq_no": seq_no, "why": why }))
        }
        Output::Violation { text } => ("violation", json!({ "text": text })),
        Output::Refused { text } => ("refused", json!({ "text": text })),
        Output::LimitHit { text } => ("limit_hit", json!({ "text": text })),
    }
}
