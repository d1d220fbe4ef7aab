//! How messages are declared: one row a member, with its limits and editions beside it.
//!
//! ```text
//! structs! {
//!     /// What the station is.
//!     ChargingStation {
//!         model: Text [..=20],               required, at most 20 characters
//!         vendor_name: Text [..=50];         the semicolon: what follows is optional
//!         modem: Modem,
//!         evse: Vec<Evse> [1..=8],            1 to 8 items
//!         names: Vec<Text> [1..; ..=50],      behind the semicolon the items' limits: at most 50 characters
//!         limit: i32 [0..],                   not negative
//!         mode: Mode [V21],                   since 2.1 only
//!         info: Text [..=1024] [V201 ..=512], grew in 2.1
//!         seq_no: i32 [0..] [V201 ..],        has a limit since 2.1 only
//!         key: Text [..=250] [V201 required], optional in 2.1, required in 2.0.1
//!         status: Status [V21 required],      since 2.1, and required there
//!         rate: Decimal [tenths],             at most one digit after the point
//!         location: Text [uri],               an absolute URI
//!         power: Decimal [V201 whole],        an integer in 2.0.1
//!         kind: Kind = "type",                a name on the wire that is not the camel case of the member
//!     }
//! }
//! ```
//!
//! The response of an action may be `{ => Status }`: a verdict, in 2.x with its reason.
//!
//! From these rows come the type, its constructor with the required members, JSON, the check of all limits with the
//! path of the offender, and the shape that explains a payload which does not even decode.

mod check;
mod codec;
#[macro_use]
mod declare;
mod decode;
mod judge;
mod names;
mod policy;
mod serde_bridge;
mod shape;
mod unconfirmed;
mod wire;

pub use check::{Check, Limits, Rule};
pub(crate) use check::{missing, unknown_word};
pub use codec::{Codec, PayloadCodec, codecs};
pub use decode::{Lenient, decode, decode_leniently, encode_checked, text_of};
pub(crate) use names::{camel, camel_len};
pub use policy::{Leniency, LeniencyCounts, LeniencyKind, Policy};
pub(crate) use serde_bridge::{deserialize, serialize};
pub use shape::{Member, Shape, Shaped, Word};
pub use unconfirmed::Unconfirmed;
pub use wire::Wire;
pub(crate) use wire::{integer, read_member, write_end, write_member};

use crate::Version;

/// Who may send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The charging station.
    Station,
    /// The CSMS.
    Csms,
    /// Either.
    Both,
}

/// The facts about an action that its row states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionInfo {
    /// The name in the frame.
    pub name: &'static str,
    /// Who sends the request.
    pub sender: Sender,
    /// Functional block (2.x) or profile (1.6).
    pub block: &'static str,
    /// Whether it does not exist before 2.1.
    pub since_21: bool,
    /// The form of the CALL's payload.
    pub request: &'static Shape,
    /// The form of the CALLRESULT's payload; `None` if the action is sent as SEND, which nobody answers.
    pub response: Option<&'static Shape>,
}

impl ActionInfo {
    /// Whether an edition of its table has it.
    pub const fn exists_in(&self, version: Version) -> bool {
        !self.since_21 || matches!(version, Version::V21)
    }
}

/// A payload that is a request, with what its action is and the payload that answers it.
pub trait Request: Payload {
    /// The row's facts.
    const ACTION: ActionInfo;
    /// The payload of the CALLRESULT; [`Unconfirmed`] for a SEND.
    type Response: Payload;
}

/// Looks at every action as a type: what cannot be done with a list of [`ActionInfo`] alone.
pub trait Visitor {
    /// The next action.
    fn action<R: Request>(&mut self);
}

/// A payload of a frame.
pub trait Payload: Wire + Check + Shaped {}
