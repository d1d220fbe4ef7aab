//! Functional block O: messages on the display

use alloc::vec::Vec;

use super::{Component, MessageContent, StatusInfo};
use crate::{DateTime, Text};

enums! {
    /// DOC
    MessagePriority { AlwaysFront, InFront, NormalCycle }

    /// DOC
    MessageState { Charging, Faulted, Idle, Unavailable, Suspended [V21], Discharging [V21] }

    /// DOC
    DisplayMessageStatus {
        Accepted, NotSupportedMessageFormat, Rejected, NotSupportedPriority, NotSupportedState, UnknownTransaction,
        LanguageNotSupported [V21],
    }

    /// DOC
    GetDisplayMessagesStatus { Accepted, Unknown }

    /// DOC
    ClearMessageStatus { Accepted, Unknown, Rejected [V21] }
}

structs! {
    /// DOC
    MessageInfo {
        /// DOC
        id: i32 [0..] [V201 ..],
        /// DOC
        priority: MessagePriority,
        /// DOC
        message: MessageContent;
        /// DOC
        display: Component,
        /// DOC
        state: MessageState,
        /// DOC
        start_date_time: DateTime,
        /// DOC
        end_date_time: DateTime,
        /// DOC
        transaction_id: Text [..=36],
        /// DOC
        message_extra: Vec<MessageContent> [V21 1..=4],
    }
}

messages! { structs:
    /// DOC
    SetDisplayMessage (Csms, "DisplayMessage")
    SetDisplayMessageRequest {
        /// DOC
        message: MessageInfo,
    }
    SetDisplayMessageResponse {
        /// DOC
        status: DisplayMessageStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    GetDisplayMessages (Csms, "DisplayMessage")
    GetDisplayMessagesRequest {
        /// DOC
        request_id: i32;
        /// DOC
        id: Vec<i32> [1..; 0..] [V201 1..],
        /// DOC
        priority: MessagePriority,
        /// DOC
        state: MessageState,
    }
    GetDisplayMessagesResponse {
        /// DOC
        status: GetDisplayMessagesStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    NotifyDisplayMessages (Station, "DisplayMessage")
    NotifyDisplayMessagesRequest {
        /// DOC
        request_id: i32;
        /// DOC
        message_info: Vec<MessageInfo> [1..],
        /// DOC
        tbc: bool,
    }
    NotifyDisplayMessagesResponse {}

    /// DOC
    ClearDisplayMessage (Csms, "DisplayMessage")
    ClearDisplayMessageRequest {
        /// DOC
        id: i32 [0..] [V201 ..],
    }
    ClearDisplayMessageResponse {
        /// DOC
        status: ClearMessageStatus;
        /// DOC
        status_info: StatusInfo,
    }
}
