//! What the CSMS wants (F01–F06, B05–B07, G03, P01): each command to the block that it is for.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use pilotwire_messages::{Text, frame};

use super::api::Output;
use super::authorization::Authorization;
use super::availability::Availability;
use super::certificates;
use super::delivery::Delivery;
use super::firmware::Firmware;
use super::limits;
use super::logs::Logs;
use super::meter;
use super::network;
use super::provisioning::Provisioning;
use super::reset::Reset;
use super::response::{Awaited, Response};
use super::session::Ending;
use super::shared::{Cx, Origin, Signal};
use super::smart_charging;
use super::transactions::{Transactions, unfit};
use crate::device_model::{Changed, Known};
use crate::domain::{
    ChargingProfile, Command, EvseId, GenericDeviceModelStatus, IdToken, MessageTrigger, Place, ReadingContext, Reply,
    ReportBase, ReportPart, Request, ResetKind, ResetStatus, SetVariableStatus, StatusInfo, StoppedReason,
    TriggerMessageStatus, TriggerReason, UnlockStatus, VariableResult, VariableSetting,
};

/// Whether hardware or host may have to answer this command.
pub(crate) const fn waits_for_host(command: &Command) -> bool {
    matches!(
        command,
        Command::Unlock { .. }
            | Command::DataTransfer(_)
            | Command::CertificateSigned { .. }
            | Command::InstallCertificate { .. }
            | Command::UpdateFirmware(_)
    )
}

/// The blocks that commands are for.
pub(crate) struct Blocks<'a> {
    pub(crate) authorization: &'a mut Authorization,
    pub(crate) availability: &'a mut Availability,
    pub(crate) delivery: &'a mut Delivery,
    pub(crate) firmware: Option<&'a mut Firmware>,
    pub(crate) logs: Option<&'a mut Logs>,
    pub(crate) provisioning: &'a mut Provisioning,
    pub(crate) reset: &'a mut Reset,
    pub(crate) transactions: &'a mut Transactions,
    pub(crate) next_question: &'a mut u64,
}

impl Blocks<'_> {
    pub(crate) fn perform(&mut self, cx: &mut Cx<'_>, command: &Command) -> Response {
        let reply = match command {
            Command::RequestStart { evse, token, remote_start_id, profile } => {
                // K05.FR.04, 1.6 §5.11: without smart charging a profile is passed over.
                let profile = profile.as_deref().filter(|_| cx.variables.flag(Known::SmartChargingEnabled));
                self.request_start(cx, *evse, token, *remote_start_id, profile)
            }
            Command::RequestStop { transaction } => self.request_stop(cx, transaction),
            Command::Trigger { message, place } => Reply::Trigger(self.trigger(cx, message, *place)),
            Command::Reset { kind, evse } => self.reset(cx, *kind, *evse),
            Command::ChangeAvailability { place, operative } => {
                Reply::ChangeAvailability(self.availability.change(cx, *place, *operative))
            }
            Command::Unlock { evse, connector, end_transaction } => {
                return self.unlock(cx, *evse, *connector, *end_transaction);
            }
            Command::GetVariables(queries) => {
                let get = |query| network::get(cx, query).unwrap_or_else(|| cx.variables.get(query));
                Reply::GetVariables(queries.iter().map(get).collect())
            }
            Command::GetAllVariables => Reply::GetVariables(cx.variables.get_all()),
            Command::SetVariables(settings) => {
                Reply::SetVariables(settings.iter().map(|setting| set_variable(cx, setting)).collect())
            }
            Command::GetReport { request_id, base } => Reply::GetReport(report(cx, *request_id, base)),
            Command::DataTransfer(message) => {
                let question = *self.next_question;
                *self.next_question += 1;
                cx.tell(Output::DataTransfer { question, message: message.clone() });
                return Response::Later(Awaited::DataTransferred(question));
            }
            // K01.FR.29; 1.6 errata 3.39.
            Command::SetChargingProfile { .. }
            | Command::ClearChargingProfile(_)
            | Command::GetChargingProfiles { .. }
            | Command::GetCompositeSchedule(_)
                if !cx.variables.flag(Known::SmartChargingEnabled) =>
            {
                return Response::Unsupported;
            }
            Command::SetChargingProfile { evse, profile } => smart_charging::set_profile(cx, *evse, profile),
            Command::ClearChargingProfile(criteria) => smart_charging::clear_profiles(cx, criteria),
            Command::GetChargingProfiles { request_id, criteria } => {
                smart_charging::get_profiles(cx, *request_id, criteria)
            }
            Command::GetCompositeSchedule(query) => smart_charging::composite(cx, query),
            Command::CertificateSigned { .. }
            | Command::InstallCertificate { .. }
            | Command::InstalledCertificates { .. }
            | Command::DeleteCertificate(_) => return certificates::perform(cx, command),
            Command::SetNetworkProfile { slot, way, password } => {
                network::set_profile(cx, *slot, way, password.as_ref())
            }
            Command::GetLog(request) => match &mut self.logs {
                Some(logs) => logs.request(cx, request),
                None => return Response::Unsupported,
            },
            Command::UpdateFirmware(update) => match &mut self.firmware {
                Some(firmware) => return firmware.request(cx, update),
                None => return Response::Unsupported,
            },
        };
        Response::Now(reply)
    }

    /// B11, B12; 1.6 §5.14.
    fn reset(&mut self, cx: &mut Cx<'_>, kind: ResetKind, evse: Option<EvseId>) -> Reply {
        // B11.FR.09: EVSEs of this station restart with the station only.
        if evse.is_some_and(|evse| evse != EvseId(0)) {
            return Reply::Reset { status: ResetStatus::Rejected, why: None };
        }
        if self.firmware.as_ref().is_some_and(|firmware| firmware.is_installing()) {
            let why = Some(StatusInfo::new("FwUpdateInProgress"));
            return Reply::Reset { status: ResetStatus::Rejected, why };
        }
        Reply::Reset { status: self.reset.request(cx, kind, self.transactions), why: None }
    }

    /// F01, F02; 1.6 §5.11.
    fn request_start(
        &mut self,
        cx: &mut Cx<'_>,
        evse: Option<EvseId>,
        token: &IdToken,
        remote_start_id: Option<i32>,
        profile: Option<&ChargingProfile>,
    ) -> Reply {
        let rejected = Reply::RequestStart { accepted: false, transaction: None };
        // B02.FR.05: not before the CSMS has accepted the station.
        if !cx.is_accepted() {
            return rejected;
        }
        let fits = |evse: &&super::shared::Evse| !evse.is_authorized() && unfit(cx, evse).is_none();
        // F01.FR.20: an EVSE with a vehicle is the one that is meant.
        let chosen = match evse {
            Some(asked) => cx.evses.iter().find(|evse| evse.id == asked && fits(evse)),
            None => {
                let with_vehicle = cx.evses.iter().find(|evse| evse.plugged.is_some() && fits(evse));
                with_vehicle.or_else(|| cx.evses.iter().find(fits))
            }
        };
        let Some(chosen) = chosen else { return rejected };
        let (evse, transaction) = (chosen.id, chosen.session.transaction.clone());
        let now = cx.utc();
        if let Some(profile) = profile
            && let Err(why) = cx.charging.profiles.check_for_start(evse, profile, now)
        {
            // K05.FR.05.
            cx.tell(Output::Violation { text: Text::truncated(&format!("{why}"), frame::MAX_DESCRIPTION) });
            return rejected;
        }
        let origin = Origin::Remote(remote_start_id);
        if cx.variables.flag(Known::AuthorizeRemoteStart) {
            // Accepted means that it will be tried, and only one token is checked at a time.
            if self.authorization.is_asking() {
                return rejected;
            }
            self.authorization.ask(cx, evse, token.clone(), origin);
        } else {
            cx.signal(Signal::Authorized { evse, token: token.clone(), group: None, origin });
        }
        let ahead = profile.map(|profile| (token.clone(), Box::new(profile.clone())));
        limits::set_ahead(cx, evse, ahead);
        Reply::RequestStart { accepted: true, transaction }
    }

    /// F03; 1.6 §5.12.
    fn request_stop(&mut self, cx: &mut Cx<'_>, transaction: &str) -> Reply {
        let found = self.transactions.find(cx, transaction).filter(|_| cx.is_accepted());
        if let Some(evse) = found {
            let (trigger, reason) = (TriggerReason::RemoteStop, StoppedReason::Remote);
            cx.signal(Signal::Stop { evse, trigger, reason, reset: None });
        }
        Reply::RequestStop { accepted: found.is_some() }
    }

    /// F06; 1.6 §5.17.
    fn trigger(&mut self, cx: &mut Cx<'_>, message: &MessageTrigger, place: Option<Place>) -> TriggerMessageStatus {
        let evse = place.map(|place| place.evse).filter(|evse| *evse != EvseId(0));
        // F06.FR.03: a place that has nothing to do with the message is ignored.
        let of_a_place = !matches!(
            message,
            MessageTrigger::BootNotification
                | MessageTrigger::FirmwareStatusNotification
                | MessageTrigger::Heartbeat
                | MessageTrigger::LogStatusNotification
        );
        if of_a_place && evse.is_some_and(|evse| cx.evse(evse).is_none()) {
            return TriggerMessageStatus::Rejected;
        }
        let sent = match message {
            MessageTrigger::BootNotification => self.provisioning.trigger_boot(cx),
            MessageTrigger::Heartbeat => {
                cx.call_as_asked(Request::Heartbeat);
                true
            }
            MessageTrigger::StatusNotification => self.availability.trigger(cx, place),
            MessageTrigger::MeterValues => trigger_meter_values(cx, evse),
            MessageTrigger::TransactionEvent => self.transactions.on_trigger(cx, self.delivery, evse),
            MessageTrigger::LogStatusNotification => match &self.logs {
                Some(logs) => logs.trigger(cx),
                None => return TriggerMessageStatus::NotImplemented,
            },
            MessageTrigger::FirmwareStatusNotification => match &self.firmware {
                Some(firmware) => firmware.trigger(cx),
                None => return TriggerMessageStatus::NotImplemented,
            },
            other => return certificates::trigger(cx, other).unwrap_or(TriggerMessageStatus::NotImplemented),
        };
        if sent { TriggerMessageStatus::Accepted } else { TriggerMessageStatus::Rejected }
    }

    /// F05; 1.6 §5.18.
    fn unlock(&mut self, cx: &mut Cx<'_>, evse: EvseId, connector: i32, end_transaction: bool) -> Response {
        let Some(facts) = cx.evse(evse).filter(|facts| (1..=facts.connectors).contains(&connector)) else {
            return Response::Now(Reply::Unlock(UnlockStatus::UnknownConnector));
        };
        let ongoing = facts.session.transaction.is_some() && facts.is_authorized();
        if ongoing && !end_transaction {
            return Response::Now(Reply::Unlock(UnlockStatus::OngoingAuthorizedTransaction));
        }
        if ongoing {
            let (trigger, reason) = (TriggerReason::UnlockCommand, StoppedReason::Other);
            self.transactions.on_stop(cx, self.delivery, evse, Ending { trigger, reason, reset: None, token: None });
        }
        cx.tell(Output::UnlockConnector { evse, connector, confirm: true });
        Response::Later(Awaited::Unlocked(evse, connector))
    }
}

/// F06.FR.06: the latest measurements of the aligned measurands.
fn trigger_meter_values(cx: &mut Cx<'_>, evse: Option<EvseId>) -> bool {
    let evses: Vec<EvseId> =
        cx.evses.iter().map(|facts| facts.id).filter(|id| evse.is_none_or(|asked| asked == *id)).collect();
    let mut any = false;
    for evse in evses {
        let values = meter::sample(cx, evse, Known::AlignedMeasurands, &ReadingContext::Trigger);
        if !values.is_empty() {
            any = true;
            cx.call_as_asked(Request::MeterValues { evse, values });
        }
    }
    any
}

/// B05; 1.6 §5.3.
fn set_variable(cx: &mut Cx<'_>, setting: &VariableSetting) -> VariableResult {
    if let Some(known) = cx.variables.known(&setting.id).filter(|known| network::owns(*known)) {
        let status = network::set_variable(cx, known, setting);
        return VariableResult { id: setting.id.clone(), attribute: setting.attribute.clone(), status };
    }
    let outcome = match network::refuse(cx, &setting.id) {
        Some(refused) => Err(refused),
        None => cx.variables.set(&setting.id, setting.attribute.as_ref(), &setting.value),
    };
    if let Ok(changed) = &outcome {
        keep_variable(cx, setting, changed);
    }
    let status = outcome.err().unwrap_or(SetVariableStatus::Accepted);
    VariableResult { id: setting.id.clone(), attribute: setting.attribute.clone(), status }
}

fn keep_variable(cx: &mut Cx<'_>, setting: &VariableSetting, changed: &Changed) {
    if changed.is_kept()
        && let Some((key, value)) = cx.variables.record(&setting.id)
    {
        cx.put_text(key, value);
    }
    if let Changed::Known(known) = changed {
        cx.signal(Signal::VariableChanged(*known));
    }
}

/// The host sets a variable.
pub(crate) fn force_variable(cx: &mut Cx<'_>, setting: &VariableSetting) {
    if let Some(known) = cx.variables.known(&setting.id).filter(|known| network::owns(*known)) {
        if network::set_variable(cx, known, setting) == SetVariableStatus::Rejected {
            cx.refuse(format!("{} cannot be set to this", setting.id));
        }
        return;
    }
    match cx.variables.force(&setting.id, &setting.value) {
        Ok(changed) => keep_variable(cx, setting, &changed),
        Err(why) => cx.refuse(why),
    }
}

/// B07: the report follows in parts.
fn report(cx: &mut Cx<'_>, request_id: i32, base: &ReportBase) -> GenericDeviceModelStatus {
    if matches!(base, ReportBase::Unlisted(_)) {
        return GenericDeviceModelStatus::NotSupported;
    }
    let mut variables = cx.variables.report(base);
    if *base == ReportBase::FullInventory {
        variables.extend(network::report(cx));
    }
    let size = cx.config.limits.report_part.max(1);
    let parts = variables.len().div_ceil(size);
    if parts == 0 {
        return GenericDeviceModelStatus::EmptyResultSet;
    }
    if cx.waiting.len() + parts > cx.config.limits.waiting_calls {
        cx.limit_hit(format!("a report of {parts} parts does not fit among the messages that wait"));
        return GenericDeviceModelStatus::Rejected;
    }
    let generated_at = cx.utc();
    for (at, chunk) in variables.chunks(size).enumerate() {
        let seq_no = i32::try_from(at).unwrap_or(i32::MAX);
        let to_be_continued = at + 1 < parts;
        let variables = chunk.to_vec();
        cx.call_as_asked(Request::Report(ReportPart { request_id, seq_no, to_be_continued, generated_at, variables }));
    }
    GenericDeviceModelStatus::Accepted
}
