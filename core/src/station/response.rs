//! What a command of the CSMS comes to.

use crate::domain::{EvseId, Reply};

/// What a command is answered.
pub(crate) enum Response {
    /// This, now. The signals it raised are handled after the answer is sent (F06.FR.04).
    Now(Reply),
    /// When the host has told how it went.
    Later(Awaited),
    /// Never: it is of a block that is switched off.
    Unsupported,
}

/// What an answer waits for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Awaited {
    /// [`super::Input::Unlocked`].
    Unlocked(EvseId, i32),
    /// [`super::Input::DataTransferred`].
    DataTransferred(u64),
    /// [`super::Input::CryptoDone`].
    Crypto(u64),
}
