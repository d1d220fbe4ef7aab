//! Functional block O: messages on the station's display.

use alloc::vec::Vec;

use super::{Component, MessageContent, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// How a message stands among others (O01).
    MessagePriority { AlwaysFront, InFront, NormalCycle }

    /// The state of the station in which a message is shown.
    MessageState { Charging, Faulted, Idle, Unavailable, Suspended [V21], Discharging [V21] }

    /// What the station makes of a message (O01, O02, O06).
    DisplayMessageStatus {
        Accepted, NotSupportedMessageFormat, Rejected, NotSupportedPriority, NotSupportedState, UnknownTransaction,
        LanguageNotSupported [V21],
    }

    /// Whether messages of this kind exist (O03, O04).
    GetDisplayMessagesStatus { Accepted, Unknown }

    /// What became of a message that is taken away (O05).
    ClearMessageStatus { Accepted, Unknown, Rejected [V21] }
}

structs! {
    /// A message, and when it is shown.
    MessageInfo {
        /// Its number, unique in the station.
        id: i32 [0..] [V201 ..],
        /// How it stands among others.
        priority: MessagePriority,
        /// What it says.
        message: MessageContent;
        /// The display that it is meant for; the station's main one if absent.
        display: Component,
        /// Shown in this state only; in all of them if absent.
        state: MessageState,
        /// Shown from then on; at once if absent.
        start_date_time: DateTime,
        /// Shown until then; until it is taken away if absent.
        end_date_time: DateTime,
        /// Shown while this transaction lasts, and gone with it (O02).
        transaction_id: Text [..=36],
        /// The same in other languages.
        message_extra: Vec<MessageContent> [V21 1..=4],
    }
}

messages! { structs:
    /// Puts a message on the display, or another one in its place (O01, O02, O06).
    SetDisplayMessage (Csms, "Display Message")
    SetDisplayMessageRequest {
        /// The message.
        message: MessageInfo,
    }
    SetDisplayMessageResponse { => DisplayMessageStatus }

    /// Asks for the messages that are set, by criteria (O03, O04).
    GetDisplayMessages (Csms, "Display Message")
    GetDisplayMessagesRequest {
        /// Comes back in every part of the list.
        request_id: i32;
        /// With these numbers only.
        id: Vec<i32> [1..; 0..] [V201 1..],
        /// With this priority only.
        priority: MessagePriority,
        /// For this state only.
        state: MessageState,
    }
    GetDisplayMessagesResponse {
        /// Whether a list follows.
        status: GetDisplayMessagesStatus;
        /// Why.
        status_info: StatusInfo,
    }

    /// One part of the list of messages (O03, O04).
    NotifyDisplayMessages (Station, "Display Message")
    NotifyDisplayMessagesRequest {
        /// The request that it answers.
        request_id: i32;
        /// The messages.
        message_info: Vec<MessageInfo> [1..],
        /// Whether another part follows; `false` if absent.
        tbc: bool,
    }
    NotifyDisplayMessagesResponse {}

    /// Takes a message away (O05).
    ClearDisplayMessage (Csms, "Display Message")
    ClearDisplayMessageRequest {
        /// The message.
        id: i32 [0..] [V201 ..],
    }
    ClearDisplayMessageResponse { => ClearMessageStatus }
}
