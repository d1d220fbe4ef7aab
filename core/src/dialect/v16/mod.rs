//! OCPP 1.6: another language for the same things. Clauses are those of OCPP 1.6 edition 2.
//!
//! EVSE n is connector n, with one connector of its own (number 1); connector 0 is the station. An event of a
//! transaction becomes StartTransaction, MeterValues or StopTransaction.
//!
//! What 1.6 cannot say is lost, or refused where losing it would change the meaning. Lost are:
//!
//! * Of a boot, the reason. Of a transaction, sequence numbers, `offline`, charging states, numbers of remote starts,
//!   updates without measurements, and where it ended; triggers are guessed from reasons and reading contexts.
//! * The kind of a token: every tag is read as [`IdTokenKind::ISO14443`].
//! * Measurands, units and locations that 1.6 does not have, with their values.
//! * Why a variable cannot be read or set, beyond that its key is unknown; variables that have no key.
//! * The vendor of an error code, and an info without an error.
//! * Why a profile is not taken; the number of its schedule. A profile that chooses a phase, has several schedules, or a
//!   period without a limit is refused; limits are cut to one digit after the point.
//! * Why a log or firmware is not taken; that an upload was ended by another one.
//! * Whether a transaction keeps a connector from being unlocked: 1.6 always ends it (§5.18).

mod certificates;
mod charging;
mod command;
mod configuration;
mod files;
mod keys;
mod request;
mod status;
#[cfg(test)]
mod tests;
mod transaction;
mod values;

use pilotwire_messages::{Json, Text, v16};

pub(crate) use command::{read_command, read_reply, write_command, write_reply};
pub(crate) use request::{read_answer, read_request, write_answer, write_request};
pub(crate) use status::is_same_status;

use super::Refusal;
use crate::domain::{AuthorizationStatus, EvseId, IdToken, IdTokenInfo, IdTokenKind, Place};

/// The connector that is meant by a place of 2.x.
fn connector_out(place: Place) -> Result<i32, Refusal> {
    match place.connector {
        None | Some(0 | 1) => Ok(place.evse.0),
        Some(_) => Err(Refusal::unsupported("1.6 knows one connector of an EVSE only")),
    }
}

/// The only connector of an EVSE; the station as a whole has the number 0.
fn connector_of(evse: EvseId) -> i32 {
    i32::from(evse != EvseId(0))
}

/// 1.6 does not tell the kind of a token. What is at a station's reader is nearly always a card, and tokens of one
/// kind compare as tags do.
fn token_in(tag: Text) -> IdToken {
    IdToken::new(tag, IdTokenKind::ISO14443)
}

fn info_out(info: &IdTokenInfo) -> v16::IdTagInfo {
    let status = match v16::AuthorizationStatus::from_word(info.status.as_str()) {
        // Whatever 2.x knows beyond 1.6 is a reason not to charge.
        v16::AuthorizationStatus::Unlisted(_) => v16::AuthorizationStatus::Invalid,
        known => known,
    };
    let mut tag = v16::IdTagInfo::new(status);
    tag.expiry_date = info.cache_expiry_date_time;
    tag.parent_id_tag = info.group_id_token.as_ref().map(|group| group.id_token.clone());
    tag
}

fn info_in(tag: v16::IdTagInfo) -> IdTokenInfo {
    let mut info = IdTokenInfo::new(AuthorizationStatus::from_word(tag.status.as_str()));
    info.cache_expiry_date_time = tag.expiry_date;
    info.group_id_token = tag.parent_id_tag.map(token_in);
    info
}

/// 1.6 carries texts only (§4.3): a JSON string goes out as the text that it is, another value as its JSON text.
fn data_out(data: &Json) -> Text {
    serde_json::from_str::<Text>(data.as_str()).unwrap_or_else(|_| Text::new(data.as_str()))
}

fn data_in(data: &Text) -> Json {
    Json::string(data)
}

/// The central system numbers transactions; the domain knows ids as texts.
fn transaction_out(id: &str) -> Option<i32> {
    id.parse().ok()
}

fn transaction_in(id: i32) -> Text {
    alloc::format!("{id}").into()
}
