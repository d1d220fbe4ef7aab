//! Logs that the CSMS wants (N01; whitepaper of 1.6, N01). The host has them and uploads them; when, how often, and what the
//! CSMS hears of it is decided here. An upload that a power cut interrupted begins anew.

use alloc::boxed::Box;
use alloc::format;

use pilotwire_messages::Text;
use serde::{Deserialize, Serialize};

use super::config::Config;
use super::files::patience;
use super::notices::Notices;
use super::shared::{Cx, Timer};
use crate::domain::{
    FileFault, FileResult, FileTask, LogKind, LogRequest, LogStatus, Reply, Request, StatusInfo, UploadLogStatus,
};
use crate::time::Instant;

/// The durable record of the upload that is under way, and of what the CSMS was not told.
pub(crate) const RECORD: &str = "logs";

/// Logs, and the one that is being uploaded.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    saved: Saved,
    /// The operation that the host is at.
    open: Option<u64>,
    /// When the next attempt is made.
    due: Option<Instant>,
    /// When the last one began.
    began: Instant,
}

/// The durable record.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Saved {
    upload: Option<Upload>,
    untold: Notices<UploadLogStatus>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Upload {
    request: LogRequest,
    name: Text,
    failures: u32,
}

impl Logs {
    /// `None` if the host uploads none.
    pub(crate) fn new(config: &Config) -> Option<Box<Self>> {
        (config.files.security_log || config.files.diagnostics_log).then(Box::default)
    }

    pub(crate) fn restore(&mut self, saved: Saved) {
        self.saved = saved;
    }

    /// Power came.
    pub(crate) fn wake(&mut self, cx: &Cx<'_>) {
        self.due = self.saved.upload.as_ref().map(|_| cx.now);
    }

    /// Whether an operation of the host is about a log.
    pub(crate) fn owns(&self, operation: u64) -> bool {
        self.open == Some(operation)
    }

    /// GetLog. The upload begins behind the answer.
    pub(crate) fn request(&mut self, cx: &mut Cx<'_>, request: &LogRequest) -> Reply {
        if let Some((code, why)) = unavailable(cx, request) {
            let mut info = StatusInfo::new(code);
            info.additional_info = Some(why.into());
            return Reply::GetLog { status: LogStatus::Rejected, name: None, why: Some(info.into()) };
        }
        let canceled = self.cancel(cx);
        let what = if request.kind == LogKind::SecurityLog { "security" } else { "diagnostics" };
        let name = Text::from(format!("{what}-{}.txt", request.request_id));
        self.saved.upload = Some(Upload { request: request.clone(), name: name.clone(), failures: 0 });
        self.due = Some(cx.now);
        self.save(cx);
        let status = if canceled { LogStatus::AcceptedCanceled } else { LogStatus::Accepted };
        Reply::GetLog { status, name: Some(name), why: None }
    }

    /// N01.FR.12, N01.FR.20.
    fn cancel(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(upload) = self.saved.upload.take() else { return false };
        if let Some(operation) = self.open.take() {
            cx.file_unanswered(FileTask::Stop { operation });
        }
        self.saved.untold.push(cx, UploadLogStatus::AcceptedCanceled, upload.request.request_id);
        true
    }

    /// Goes on as far as it can: called when nothing else is left to do.
    pub(crate) fn advance(&mut self, cx: &mut Cx<'_>) {
        // An outage costs no attempts.
        if self.due.is_some_and(|due| due <= cx.now) && cx.is_online() {
            self.due = None;
            self.upload(cx);
        }
        if let Some((status, request_id)) = self.saved.untold.next(cx) {
            let queued = cx.call(Request::LogStatus { status, request_id: Some(request_id) });
            self.saved.untold.on_queued(cx, queued);
        }
        let next = self.due.filter(|due| *due > cx.now);
        match [next, self.saved.untold.due(cx)].into_iter().flatten().min() {
            Some(at) => cx.timers.set(Timer::Logs, at),
            None => cx.timers.clear(Timer::Logs),
        }
    }

    fn upload(&mut self, cx: &mut Cx<'_>) {
        let Some(Upload { request, name, .. }) = &self.saved.upload else { return };
        let task = FileTask::Upload {
            kind: request.kind.clone(),
            name: name.clone(),
            location: request.location.clone(),
            oldest: request.oldest,
            latest: request.latest,
        };
        // N01.FR.08.
        self.saved.untold.push(cx, UploadLogStatus::Uploading, request.request_id);
        self.save(cx);
        self.began = cx.now;
        self.open = Some(cx.file(task));
    }

    /// The host did it, or could not. Every attempt that failed is told (N01.FR.10, TC_N_26_CS).
    pub(crate) fn on_done(&mut self, cx: &mut Cx<'_>, result: FileResult) {
        self.open = None;
        let Some(upload) = &mut self.saved.upload else { return };
        let request_id = upload.request.request_id;
        let (status, hopeless) = match result {
            FileResult::Done => (UploadLogStatus::Uploaded, true),
            FileResult::NeedsReboot => (UploadLogStatus::UploadFailure, false),
            FileResult::Failed { fault, .. } => (failure(fault), fault == FileFault::Unsupported),
        };
        upload.failures += 1;
        let (retries, interval) = patience(cx, upload.request.retries, upload.request.retry_interval_s);
        if hopeless || upload.failures > retries {
            self.saved.upload = None;
        } else {
            // TC_N_26_CS: from one attempt to the next, however long it took to fail.
            self.due = Some((self.began + interval).max(cx.now));
        }
        self.saved.untold.push(cx, status, request_id);
        self.save(cx);
    }

    /// F06.FR.14, F06.FR.15.
    pub(crate) fn trigger(&self, cx: &mut Cx<'_>) -> bool {
        let (status, request_id) = match &self.saved.upload {
            Some(upload) => (UploadLogStatus::Uploading, Some(upload.request.request_id)),
            None => (UploadLogStatus::Idle, None),
        };
        cx.call_as_asked(Request::LogStatus { status, request_id });
        true
    }

    pub(crate) fn on_heard(&mut self, cx: &mut Cx<'_>, status: &UploadLogStatus, request_id: Option<i32>) {
        if self.saved.untold.on_heard(status, request_id) {
            self.save(cx);
        }
    }

    pub(crate) fn on_lost(&mut self, cx: &mut Cx<'_>, status: &UploadLogStatus, request_id: Option<i32>) {
        if self.saved.untold.on_lost(cx, status, request_id) {
            self.save(cx);
        }
    }

    fn save(&self, cx: &mut Cx<'_>) {
        if self.saved.upload.is_none() && self.saved.untold.is_empty() {
            cx.delete(RECORD.into());
        } else {
            cx.put(RECORD.into(), &self.saved);
        }
    }
}

/// N01.FR.05: a code and a text, if there is no such log.
fn unavailable(cx: &Cx<'_>, request: &LogRequest) -> Option<(&'static str, &'static str)> {
    let files = &cx.config.files;
    let known = match request.kind {
        LogKind::SecurityLog => files.security_log,
        LogKind::DiagnosticsLog => files.diagnostics_log,
        LogKind::DataCollectorLog | LogKind::Unlisted(_) => false,
    };
    let is_empty = matches!((request.oldest, request.latest), (Some(oldest), Some(latest)) if oldest > latest);
    let is_ahead = cx.clock.is_known() && request.oldest.is_some_and(|oldest| oldest > cx.utc());
    match (known, is_empty || is_ahead) {
        (false, _) => Some(("UnsupportedParam", "there is no such log")),
        (true, true) => Some(("InvalidValue", "nothing is logged for such a time")),
        (true, false) if cx.storage_failed => Some(("InternalError", "nothing can be kept")),
        (true, false) => None,
    }
}

const fn failure(fault: FileFault) -> UploadLogStatus {
    match fault {
        FileFault::Broken | FileFault::Invalid => UploadLogStatus::UploadFailure,
        FileFault::Denied => UploadLogStatus::PermissionDenied,
        FileFault::Unsupported => UploadLogStatus::NotSupportedOperation,
        FileFault::Malformed => UploadLogStatus::BadMessage,
    }
}
