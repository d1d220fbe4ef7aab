//! The border between domain and wire: the only place that knows how an edition writes things.
//!
//! Each direction of each mapping stands beside its inverse, so that station and CSMS cannot drift apart: what one
//! side's `write_*` produces, the other side's `read_*` takes.

mod register;
#[cfg(test)]
mod tests;
pub(crate) mod v16;
pub(crate) mod v2;

use alloc::string::String;

use pilotwire_messages as wire;
use pilotwire_messages::{ActionInfo, ErrorCode, Payload, Rule, Text, Version, Violation, frame};

use crate::charging::Edition;
use crate::domain::{Answer, Command, ConnectorReport, EvseId, Reply, Request};

/// Why a payload was refused; answers a CALL as CALLERROR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The code of the CALLERROR.
    pub(crate) code: ErrorCode,
    /// Its description.
    pub(crate) text: String,
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self { code: violation.code, text: alloc::format!("{violation}") }
    }
}

impl Refusal {
    /// Whether the peer sent what is no OCPP: not a message that nobody supports, nor a mistake of ours.
    pub(crate) fn is_invalid(&self) -> bool {
        !matches!(
            self.code,
            ErrorCode::NotSupported | ErrorCode::NotImplemented | ErrorCode::InternalError | ErrorCode::SecurityError
        )
    }

    /// An answer of another kind than its request: a mistake of ours, which the peer must not pay for with silence.
    pub(crate) fn mismatch() -> Self {
        Self { code: ErrorCode::InternalError, text: "the answer does not fit the request".into() }
    }

    /// The action exists in this edition, and this build does not support it; or it does not exist at all.
    pub(crate) fn unknown_action(action: &str, known: bool) -> Self {
        let code = if known { ErrorCode::NotSupported } else { ErrorCode::NotImplemented };
        let action = Text::truncated(action, 60);
        Self { code, text: alloc::format!("{action} is not supported") }
    }

    /// This edition has no words for what is to be said, or this build has none for what was said.
    pub(crate) fn unsupported(text: impl Into<String>) -> Self {
        Self { code: ErrorCode::NotSupported, text: text.into() }
    }

    /// This edition requires a member that nobody filled in.
    pub(crate) fn missing(member: &str) -> Self {
        Self { code: ErrorCode::OccurrenceConstraintViolation, text: alloc::format!("/{member}: is missing") }
    }

    /// A member has a value that cannot be carried.
    pub(crate) fn value(member: &str, text: &str) -> Self {
        Self { code: ErrorCode::PropertyConstraintViolation, text: alloc::format!("/{member}: {text}") }
    }
}

/// Whether this edition has `action`, in either direction.
fn is_action(version: Version, actions: &[&[ActionInfo]], action: &str) -> bool {
    actions.iter().copied().flatten().any(|known| known.name == action && known.exists_in(version))
}

/// The text of a CALL, if `payload` keeps every rule of this edition.
fn call<R: wire::Request>(version: Version, id: &str, payload: &R) -> Result<String, Refusal> {
    payload.check(&Rule::ANY, version)?;
    Ok(frame::call_text(id, R::ACTION.name, payload))
}

/// The text of a CALLRESULT, if `payload` keeps every rule of this edition.
fn result<P: Payload>(version: Version, id: &str, payload: &P) -> Result<String, Refusal> {
    payload.check(&Rule::ANY, version)?;
    Ok(frame::result_text(id, payload))
}

/// What a station's dialect must know beside the request itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Names<'a> {
    /// 1.6: the id that the CSMS gave to the transaction that the request is about.
    pub(crate) csms_transaction: Option<&'a str>,
}

/// Writes a station's request as the text of a CALL; `Ok(None)` if this edition has nothing to say there.
///
/// # Errors
/// A value that does not fit this edition's limits, or a 1.6 transaction whose id is not known.
pub(crate) fn write_request(
    version: Version,
    id: &str,
    request: &Request,
    names: Names<'_>,
) -> Result<Option<String>, Refusal> {
    match version {
        Version::V16 => v16::write_request(id, request, names),
        Version::V201 | Version::V21 => v2::write_request(version, id, request).map(Some),
    }
}

/// Reads a station's request.
///
/// # Errors
/// The CALLERROR to answer with.
pub(crate) fn read_request(version: Version, action: &str, payload: &str) -> Result<Request, Refusal> {
    match version {
        Version::V16 => v16::read_request(action, payload),
        Version::V201 | Version::V21 => v2::read_request(version, action, payload),
    }
}

/// Writes the CSMS's answer to `request` as the text of a CALLRESULT.
///
/// # Errors
/// A value that does not fit this edition's limits.
pub(crate) fn write_answer(version: Version, id: &str, request: &Request, answer: &Answer) -> Result<String, Refusal> {
    match version {
        Version::V16 => v16::write_answer(id, request, answer),
        Version::V201 | Version::V21 => v2::write_answer(version, id, request, answer),
    }
}

/// Reads the CSMS's answer to `request`.
///
/// # Errors
/// What was wrong with it.
pub(crate) fn read_answer(version: Version, request: &Request, payload: &str) -> Result<Answer, Refusal> {
    match version {
        Version::V16 => v16::read_answer(request, payload),
        Version::V201 | Version::V21 => v2::read_answer(version, request, payload),
    }
}

/// Writes a CSMS's command as the text of a CALL.
///
/// # Errors
/// A value that does not fit this edition's limits, or a command that this edition does not have.
pub(crate) fn write_command(version: Version, id: &str, command: &Command) -> Result<String, Refusal> {
    match version {
        Version::V16 => v16::write_command(id, command),
        Version::V201 | Version::V21 => v2::write_command(version, id, command),
    }
}

/// Reads a CSMS's command.
///
/// # Errors
/// The CALLERROR to answer with.
pub(crate) fn read_command(version: Version, action: &str, payload: &str) -> Result<Command, Refusal> {
    match version {
        Version::V16 => v16::read_command(action, payload),
        Version::V201 | Version::V21 => v2::read_command(version, action, payload),
    }
}

/// Writes a station's reply to `command` as the text of a CALLRESULT.
///
/// # Errors
/// A value that does not fit this edition's limits.
pub(crate) fn write_reply(version: Version, id: &str, command: &Command, reply: &Reply) -> Result<String, Refusal> {
    match version {
        Version::V16 => v16::write_reply(id, command, reply),
        Version::V201 | Version::V21 => v2::write_reply(version, id, command, reply),
    }
}

/// Reads a station's reply to `command`.
///
/// # Errors
/// What was wrong with it.
pub(crate) fn read_reply(version: Version, command: &Command, payload: &str) -> Result<Reply, Refusal> {
    match version {
        Version::V16 => v16::read_reply(command, payload),
        Version::V201 | Version::V21 => v2::read_reply(version, command, payload),
    }
}

/// Whether a station that is accepted boots again if it is told to: 2.x triggers a boot only until one is accepted
/// (F06.FR.17), 1.6 knows no such limit (§5.17).
pub(crate) const fn boots_when_accepted(version: Version) -> bool {
    matches!(version, Version::V16)
}

/// Whether the restart that firmware needs is announced: 1.6 may leave that out where it is a part of the installation
/// (whitepaper §6.8), and its certification waits for the boot (TC_080_CS).
pub(crate) const fn announces_restart_of_firmware(version: Version) -> bool {
    !matches!(version, Version::V16)
}

/// Whether a transaction can begin before anybody is known who pays for it: 1.6 names a token at every start (§6.45).
pub(crate) const fn starts_without_token(version: Version) -> bool {
    !matches!(version, Version::V16)
}

/// What the editions settle differently about charging profiles.
pub(crate) const fn charging_edition(version: Version) -> Edition {
    let is_16 = matches!(version, Version::V16);
    Edition {
        same_level_replaces: is_16,
        tx_profile_hides_defaults: is_16,
        start_is_optional: is_16,
        transaction_is_named: !is_16,
    }
}

/// Whether a change of the station's availability is one of each connector too (1.6 §5.2), or goes over the states that
/// these keep for their own part (G03, G04).
pub(crate) const fn changes_connectors_with_station(version: Version) -> bool {
    matches!(version, Version::V16)
}

/// Whether a station must tell `now` to a CSMS that knows `told`: 1.6 has more statuses than 2.x, and one for the station.
pub(crate) fn is_status_news(version: Version, told: Option<&ConnectorReport>, now: &ConnectorReport) -> bool {
    match version {
        Version::V16 => told.is_none_or(|told| !v16::is_same_status(told, now)),
        _ => now.evse != EvseId(0) && told.is_none_or(|told| told.status != now.status),
    }
}
