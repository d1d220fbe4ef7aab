//! One step of an update after the other.

use core::time::Duration;

use pilotwire_messages::DateTime;

use super::super::files::patience;
use super::super::shared::{Cx, Signal, Timer};
use super::super::{certificates, security};
use super::state::{Firmware, Step};
use crate::device_model::Known;
use crate::dialect;
use crate::domain::{BootReason, FileFault, FileResult, FileTask, FirmwareSignature, FirmwareStatus, Request};
use crate::time::Instant;

impl Firmware {
    /// Goes on as far as it can: called when nothing else is left to do. `busy`: a transaction is open.
    pub(crate) fn advance(&mut self, cx: &mut Cx<'_>, busy: bool) {
        let wait = if self.open.is_none() { self.go_on(cx, busy) } else { None };
        let updating = self.keeps_drivers_away(cx, busy);
        if core::mem::replace(&mut cx.updating, updating) != updating {
            cx.signal(Signal::UpdatingChanged);
        }
        if let Some((status, request_id)) = self.saved.untold.next(cx) {
            let queued = cx.call(Request::FirmwareStatus { status, request_id: Some(request_id) });
            self.saved.untold.on_queued(cx, queued);
        }
        match [wait, self.saved.untold.due(cx)].into_iter().flatten().min() {
            Some(at) => cx.timers.set(Timer::Firmware, at),
            None => cx.timers.clear(Timer::Firmware),
        }
    }

    /// Begins what can be begun; or tells when to look again.
    fn go_on(&mut self, cx: &mut Cx<'_>, busy: bool) -> Option<Instant> {
        let step = self.step()?;
        // Without the time nobody knows whether a moment has come, and whether a certificate is valid.
        if matches!(step, Step::Fetch | Step::Verify | Step::Install) && !cx.clock.is_known() {
            return None;
        }
        match step {
            Step::Fetch => self.fetch(cx),
            Step::Verify => self.verify(cx),
            Step::Install => self.install(cx, busy),
            Step::Installing => None,
            Step::Restart => self.restart(cx, busy),
        }
    }

    fn fetch(&mut self, cx: &mut Cx<'_>) -> Option<Instant> {
        let current = self.saved.current.as_ref()?;
        let (location, begin) = (current.update.location.clone(), moment(cx, current.update.retrieve_at));
        if begin.is_some() {
            // L01.FR.13; a clock that was set back makes nothing scheduled that had begun.
            if self.saved.last.is_none() && self.enter(cx, FirmwareStatus::DownloadScheduled) {
                self.save(cx);
            }
            return begin;
        }
        if self.due.is_some_and(|due| due > cx.now) {
            return self.due;
        }
        // An outage costs no attempts.
        if !cx.is_online() {
            return None;
        }
        self.due = None;
        if self.enter(cx, FirmwareStatus::Downloading) {
            self.save(cx);
        }
        self.open = Some(cx.file(FileTask::Download { location }));
        None
    }

    /// L01.FR.04. A certificate without a signature proves nothing (L01, scenario, 5).
    fn verify(&mut self, cx: &mut Cx<'_>) -> Option<Instant> {
        let signed = self.saved.current.as_ref().and_then(|current| current.update.signed.as_deref().cloned());
        match signed {
            Some(FirmwareSignature { certificate: Some(certificate), signature: Some(signature) }) => {
                let (roots, at) = (certificates::manufacturers(cx), cx.utc());
                self.open = Some(cx.file(FileTask::Verify { certificate, signature, roots, at }));
            }
            _ => self.on_invalid_signature(cx, "there is none"),
        }
        None
    }

    fn install(&mut self, cx: &mut Cx<'_>, busy: bool) -> Option<Instant> {
        let current = self.saved.current.as_ref()?;
        let begin = current.update.install_at.and_then(|at| moment(cx, at));
        let must_wait = busy && !cx.config.files.installs_while_charging;
        if begin.is_some() || must_wait {
            // L01.FR.16, L01.FR.34.
            if self.enter(cx, FirmwareStatus::InstallScheduled) {
                self.save(cx);
            }
            return begin;
        }
        // A restart that is wanted comes first: it would cut the power in the middle. The update survives it.
        if cx.closing {
            return None;
        }
        if current.update.signed.is_some() && !self.verified {
            // Verified in another life: whoever holds the file may have changed it since (S-14).
            return self.verify(cx);
        }
        if cx.storage_failed {
            self.end(cx, FirmwareStatus::InstallationFailed);
            return None;
        }
        // The clock tells installations apart whose count was lost.
        let moment = u64::try_from(cx.utc().unix_millis()).unwrap_or(0);
        self.saved.installations = moment.max(self.saved.installations + 1);
        self.enter(cx, FirmwareStatus::Installing);
        self.set_step(cx, Step::Installing);
        self.open = Some(cx.file(FileTask::Install { number: self.saved.installations }));
        None
    }

    /// L01.FR.32, L01.FR.33: once no transaction is open, and the CSMS was told, if it listens.
    fn restart(&mut self, cx: &mut Cx<'_>, busy: bool) -> Option<Instant> {
        if busy || self.restarting {
            return None;
        }
        let until = *self.patience.get_or_insert(cx.now + cx.seconds(Known::MessageTimeout));
        let is_told = self.saved.untold.is_empty() || !cx.is_online();
        if !is_told && until > cx.now {
            return Some(until);
        }
        self.restarting = true;
        cx.signal(Signal::Restart(BootReason::FirmwareUpdate));
        None
    }

    /// L01.FR.07: whether EVSEs that no transaction uses are out of service.
    fn keeps_drivers_away(&self, cx: &Cx<'_>, busy: bool) -> bool {
        let files = &cx.config.files;
        let may_wait = busy && !cx.variables.flag(Known::AllowNewSessionsPendingUpdate);
        let is_waited_for = |current: &super::state::Current| {
            current.update.install_at.is_none_or(|at| moment(cx, at).is_none()) && !files.installs_while_charging
        };
        match self.step() {
            None | Some(Step::Fetch | Step::Verify) => false,
            Some(Step::Install) => may_wait && self.saved.current.as_deref().is_some_and(is_waited_for),
            Some(Step::Installing) => !self.confirming && !files.installs_while_charging,
            Some(Step::Restart) => !self.confirming && (may_wait || !busy),
        }
    }

    /// The host did what it was at.
    pub(crate) fn on_done(&mut self, cx: &mut Cx<'_>, result: FileResult) {
        self.open = None;
        let confirming = core::mem::take(&mut self.confirming);
        match (self.step(), result) {
            (Some(Step::Fetch), result) => self.on_fetched(cx, result),
            (Some(Step::Verify | Step::Install), result) => self.on_verified(cx, result),
            (Some(Step::Installing | Step::Restart), FileResult::Done) => self.on_installed(cx),
            (Some(Step::Installing), FileResult::NeedsReboot) if !confirming => {
                if dialect::announces_restart_of_firmware(cx.version()) {
                    self.enter(cx, FirmwareStatus::InstallRebooting);
                }
                self.set_step(cx, Step::Restart);
            }
            // L01.FR.29.
            (Some(Step::Installing), FileResult::Failed { fault: FileFault::Invalid, .. }) if !confirming => {
                self.end(cx, FirmwareStatus::InstallVerificationFailed);
            }
            (Some(Step::Installing | Step::Restart), _) => self.end(cx, FirmwareStatus::InstallationFailed),
            (None, _) => {}
        }
    }

    fn on_fetched(&mut self, cx: &mut Cx<'_>, result: FileResult) {
        let fault = match result {
            FileResult::Done => {
                self.fetched = true;
                self.enter(cx, FirmwareStatus::Downloaded);
                let is_signed = self.saved.current.as_ref().is_some_and(|current| current.update.signed.is_some());
                return self.set_step(cx, if is_signed { Step::Verify } else { Step::Install });
            }
            FileResult::NeedsReboot => FileFault::Broken,
            FileResult::Failed { fault, .. } => fault,
        };
        self.on_not_fetched(cx, fault);
    }

    /// L01.FR.30.
    fn on_not_fetched(&mut self, cx: &mut Cx<'_>, fault: FileFault) {
        let Some(current) = &mut self.saved.current else { return };
        current.failures += 1;
        current.step = Step::Fetch;
        let (retries, interval) = patience(cx, current.update.retries, current.update.retry_interval_s);
        let is_hopeless = matches!(fault, FileFault::Unsupported | FileFault::Invalid);
        if is_hopeless || current.failures > retries {
            return self.end(cx, FirmwareStatus::DownloadFailed);
        }
        self.due = Some(cx.now + interval);
        self.save(cx);
    }

    fn on_verified(&mut self, cx: &mut Cx<'_>, result: FileResult) {
        match result {
            FileResult::Done => {
                self.verified = true;
                if self.step() == Some(Step::Verify) {
                    self.enter(cx, FirmwareStatus::SignatureVerified);
                    self.set_step(cx, Step::Install);
                }
            }
            FileResult::Failed { fault: FileFault::Invalid, why } => self.on_invalid_signature(cx, &why),
            FileResult::Failed { .. } | FileResult::NeedsReboot => self.on_missing(cx),
        }
    }

    /// What was fetched is not there any more. If another life fetched it, that is no failure of a download, and those from
    /// before count no more; once in a life.
    fn on_missing(&mut self, cx: &mut Cx<'_>) {
        if self.fetched {
            return self.on_not_fetched(cx, FileFault::Broken);
        }
        if let Some(current) = &mut self.saved.current {
            (current.failures, self.fetched) = (0, true);
        }
        self.set_step(cx, Step::Fetch);
    }

    /// L01.FR.03, S-14.
    fn on_invalid_signature(&mut self, cx: &mut Cx<'_>, why: &str) {
        security::event(cx, "InvalidFirmwareSignature", Some(why.into()));
        self.end(cx, FirmwareStatus::InvalidSignature);
    }

    /// L01.FR.28, L01.FR.31.
    fn on_installed(&mut self, cx: &mut Cx<'_>) {
        security::event(cx, "FirmwareUpdated", None);
        self.end(cx, FirmwareStatus::Installed);
    }

    /// The update is over.
    fn end(&mut self, cx: &mut Cx<'_>, status: FirmwareStatus) {
        self.enter(cx, status);
        self.saved.current = None;
        (self.due, self.patience) = (None, None);
        (self.fetched, self.verified) = (false, false);
        self.save(cx);
        cx.file_unanswered(FileTask::Discard);
    }

    fn set_step(&mut self, cx: &mut Cx<'_>, step: Step) {
        if let Some(current) = &mut self.saved.current {
            current.step = step;
        }
        self.save(cx);
    }
}

/// When a moment of the wall clock comes, by the clock as it is now; `None` if it has come.
fn moment(cx: &Cx<'_>, at: DateTime) -> Option<Instant> {
    let millis = u64::try_from(at.millis_since(cx.utc())).ok().filter(|millis| *millis > 0)?;
    Some(cx.now + Duration::from_millis(millis))
}
