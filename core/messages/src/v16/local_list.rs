//! The profile of the local authorization list.

use alloc::vec::Vec;

use super::IdTagInfo;
use crate::Text;

enums! {
    /// Whether the entries change the old list or replace it (§7.48).
    UpdateKind { Differential, Full }

    /// What became of the update (§7.47).
    UpdateStatus { Accepted, Failed, NotSupported, VersionMismatch }
}

objects! {
    /// One tag of the list (§7.1).
    AuthorizationData {
        /// The tag; at most once in a message.
        id_tag: Text [..=20];
        /// What to store; absence, in a differential update only, takes the tag off the list.
        id_tag_info: IdTagInfo,
    }
}

messages! { objects:
    /// Asks which version of the list the charge point has (§5.10).
    GetLocalListVersion (Csms, "Local Auth List Management")
    GetLocalListVersionRequest {}
    GetLocalListVersionResponse {
        /// The version; 0 for an empty list, -1 if lists are not supported.
        list_version: i32,
    }

    /// Replaces or changes the list (§5.15).
    SendLocalList (Csms, "Local Auth List Management")
    SendLocalListRequest {
        /// The list's version once it is updated; neither 0 nor -1.
        list_version: i32,
        /// Whether the old list stays.
        update_type: UpdateKind;
        /// The entries; a full update without any empties the list.
        local_authorization_list: Vec<AuthorizationData>,
    }
    SendLocalListResponse { => UpdateStatus }
}
