//! Who may charge (C01, C04, C13, C15; 1.6 §4.1): presented tokens, the CSMS's answer, and what holds while it cannot be
//! asked.

use alloc::format;

use super::api::Output;
use super::availability::no_such_evse;
use super::shared::{Cx, Evse, Origin, Signal};
use super::transactions::unfit;
use crate::device_model::Known;
use crate::domain::{AuthorizationStatus, EvseId, IdToken, IdTokenInfo, Request};

/// Finds out whether tokens may charge.
#[derive(Debug, Default)]
pub(crate) struct Authorization {
    /// The question that the CSMS has not answered yet; one driver at a time.
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    evse: EvseId,
    token: IdToken,
    origin: Origin,
}

impl Authorization {
    /// Someone presents a token: to start, or to stop.
    pub(crate) fn on_token(&mut self, cx: &mut Cx<'_>, evse: Option<EvseId>, token: IdToken) {
        let Some(evse) = self.choose(cx, evse, &token) else {
            return;
        };
        let Some(state) = cx.evse(evse) else {
            let text = no_such_evse(evse);
            cx.tell(Output::Refused { text });
            return;
        };
        match state.session.token.as_ref() {
            // C01.FR.03: the token that started it stops it, and nobody needs to be asked.
            Some(started) if same_token(started, &token) => {
                cx.tell(checked(Some(evse), &token, AuthorizationStatus::Accepted));
                cx.signal(Signal::StopAuthorized { evse, token });
            }
            _ => self.ask(cx, evse, token, Origin::Local),
        }
    }

    /// The EVSE that a token at a common reader is meant for.
    fn choose(&self, cx: &mut Cx<'_>, asked: Option<EvseId>, token: &IdToken) -> Option<EvseId> {
        if asked.is_some() {
            return asked;
        }
        let own = |evse: &&Evse| evse.session.token.as_ref().is_some_and(|started| same_token(started, token));
        let free = |evse: &&Evse| !evse.is_authorized() && unfit(cx, evse).is_none();
        let chosen = cx
            .evses
            .iter()
            .find(own)
            .or_else(|| cx.evses.iter().find(|evse| free(evse) && evse.plugged.is_some()))
            .or_else(|| cx.evses.iter().find(free))
            // All are in use: another token may still be of the same group as one of theirs.
            .or_else(|| cx.evses.iter().find(|evse| evse.session.group.is_some()))
            .map(|evse| evse.id);
        if chosen.is_none() {
            cx.tell(checked(None, token, AuthorizationStatus::NotAtThisTime));
        }
        chosen
    }

    /// Whether a token is being checked.
    pub(crate) const fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// C01.FR.02: asks the CSMS, or decides alone while it cannot be asked.
    pub(crate) fn ask(&mut self, cx: &mut Cx<'_>, evse: EvseId, token: IdToken, origin: Origin) {
        if self.asked.is_some() {
            cx.refuse(format!("another token is being checked; EVSE {evse} has to wait"));
            return;
        }
        if cx.is_online() {
            let queued = cx.call(Request::Authorize(token.clone()));
            self.asked = Some(Asked { evse, token, origin });
            if !queued {
                self.on_lost(cx);
            }
            return;
        }
        let status = offline_status(cx);
        self.decide(cx, Asked { evse, token, origin }, IdTokenInfo::new(status));
    }

    pub(crate) fn on_answer(&mut self, cx: &mut Cx<'_>, info: IdTokenInfo) {
        if let Some(asked) = self.asked.take() {
            self.decide(cx, asked, info);
        }
    }

    /// The CSMS did not answer, or the link went away meanwhile: then it is as if we had been offline.
    pub(crate) fn on_lost(&mut self, cx: &mut Cx<'_>) {
        if let Some(asked) = self.asked.take() {
            let status = offline_status(cx);
            self.decide(cx, asked, IdTokenInfo::new(status));
        }
    }

    fn decide(&mut self, cx: &mut Cx<'_>, asked: Asked, info: IdTokenInfo) {
        let Asked { evse, token, origin } = asked;
        let Some(state) = cx.evse(evse) else { return };
        let accepted = info.status == AuthorizationStatus::Accepted;
        let same_group = match (&state.session.group, &info.group_id_token) {
            (Some(ours), Some(theirs)) => ours.id_token.eq_ignore_ascii_case(&theirs.id_token),
            _ => false,
        };
        let in_use = state.is_authorized();
        let taken = in_use && !same_group;
        let status = if accepted && taken { AuthorizationStatus::ConcurrentTx } else { info.status.clone() };
        cx.tell(checked(Some(evse), &token, status));
        if accepted && !in_use {
            cx.signal(Signal::Authorized { evse, token, group: info.group_id_token, origin });
        } else if accepted && same_group {
            // E07.FR.01: a token of the same group stops what the other one started.
            cx.signal(Signal::StopAuthorized { evse, token });
        }
    }
}

/// C13.FR.01, C15: an unknown token while the CSMS cannot be asked.
fn offline_status(cx: &Cx<'_>) -> AuthorizationStatus {
    let before_accepted = cx.known_to_csms || cx.variables.flag(Known::TxBeforeAccepted);
    let allowed = cx.variables.flag(Known::LocalAuthorizeOffline) && cx.variables.flag(Known::OfflineTxForUnknownId);
    if allowed && before_accepted { AuthorizationStatus::Accepted } else { AuthorizationStatus::Invalid }
}

fn checked(evse: Option<EvseId>, token: &IdToken, status: AuthorizationStatus) -> Output {
    Output::TokenChecked { evse, token: token.clone(), status }
}

/// Identifiers are compared without regard to case (Part 2, identifierString; 1.6 CiString).
pub(crate) fn same_token(a: &IdToken, b: &IdToken) -> bool {
    a.id_token.eq_ignore_ascii_case(&b.id_token)
}
