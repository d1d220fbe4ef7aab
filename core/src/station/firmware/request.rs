//! UpdateFirmware, and how it is answered (L01.FR.21, L01.FR.22, L01.FR.24).

use alloc::boxed::Box;

use pilotwire_messages::Text;

use super::super::certificates;
use super::super::response::{Awaited, Response};
use super::super::security;
use super::super::shared::Cx;
use super::state::{Current, Firmware, Step};
use crate::domain::{ChainFacts, FileTask, FirmwareUpdate, Reply, StatusInfo, UpdateFirmwareStatus};

impl Firmware {
    /// The certificate is looked at before anything is answered.
    pub(crate) fn request(&mut self, cx: &mut Cx<'_>, update: &FirmwareUpdate) -> Response {
        if let Some(refused) = self.refusal(cx) {
            return Response::Now(refused);
        }
        let Some(signed) = &update.signed else {
            // L02 only where it is wanted (S-14, TC_L_18_CS).
            return Response::Now(match cx.config.files.unsigned_firmware {
                true => self.take(cx, update.clone()),
                false => rejected("MissingParam", "only signed firmware is taken"),
            });
        };
        let Some(certificate) = &signed.certificate else {
            return Response::Now(rejected("MissingParam", "there is no certificate to check the signature by"));
        };
        match certificates::examine_signer(cx, update, certificate) {
            Some(operation) => Response::Later(Awaited::Crypto(operation)),
            None => Response::Now(rejected("InternalError", "certificates cannot be examined now")),
        }
    }

    /// The host has looked at the certificate.
    pub(crate) fn on_examined(
        &mut self,
        cx: &mut Cx<'_>,
        update: FirmwareUpdate,
        examined: &Result<ChainFacts, Text>,
    ) -> Reply {
        let flaw = match examined {
            Ok(facts) => flaw(facts),
            Err(why) => Some(why.clone()),
        };
        match (flaw, self.refusal(cx)) {
            (Some(why), _) => {
                // L01.FR.02, L01.FR.22.
                security::event(cx, "InvalidFirmwareSigningCertificate", Some(why.clone()));
                let why = Some(info("InvalidCertificate", &why));
                Reply::UpdateFirmware { status: UpdateFirmwareStatus::InvalidCertificate, why }
            }
            (None, Some(refused)) => refused,
            (None, None) => self.take(cx, update),
        }
    }

    /// L01.FR.27: what is being installed cannot be stopped any more.
    fn refusal(&self, cx: &Cx<'_>) -> Option<Reply> {
        match self.step() {
            Some(Step::Installing | Step::Restart) => {
                Some(rejected("FwUpdateInProgress", "firmware is being installed"))
            }
            _ if cx.storage_failed => Some(rejected("InternalError", "nothing can be kept")),
            _ => None,
        }
    }

    /// It is begun behind the answer, and durable before it. L01.FR.24: it ends the one before, whose file is gone by then: no
    /// part of it may be taken for one of this.
    fn take(&mut self, cx: &mut Cx<'_>, update: FirmwareUpdate) -> Reply {
        if let Some(operation) = self.open.take() {
            cx.file_unanswered(FileTask::Stop { operation });
        }
        let status = match self.saved.current {
            Some(_) => {
                cx.file_unanswered(FileTask::Discard);
                UpdateFirmwareStatus::AcceptedCanceled
            }
            None => UpdateFirmwareStatus::Accepted,
        };
        self.saved.current = Some(Box::new(Current { update, step: Step::Fetch, failures: 0 }));
        (self.due, self.saved.last) = (None, None);
        (self.fetched, self.verified) = (false, false);
        self.save(cx);
        Reply::UpdateFirmware { status, why: None }
    }
}

/// L01.FR.12: why the certificate is not one to sign firmware with, if so.
fn flaw(facts: &ChainFacts) -> Option<Text> {
    let Some(first) = facts.certificates.first() else { return Some("there is no certificate in it".into()) };
    if !first.is_strong {
        return Some("its key is too short".into());
    }
    match facts.trusted_by {
        Some(_) => None,
        None => Some(facts.flaw.clone().unwrap_or_else(|| "it descends from no manufacturer that is trusted".into())),
    }
}

fn rejected(code: &str, why: &str) -> Reply {
    Reply::UpdateFirmware { status: UpdateFirmwareStatus::Rejected, why: Some(info(code, why)) }
}

fn info(code: &str, why: &str) -> StatusInfo {
    let mut info = StatusInfo::new(code);
    info.additional_info = Some(Text::truncated(why, 500));
    info
}
