//! Functional block D: the local authorization list.

use alloc::vec::Vec;

use super::{IdToken, IdTokenInfo};

enums! {
    /// Whether a list changes the station's list or replaces it.
    UpdateKind { Differential, Full }

    /// Whether the station's list is now the new one (D01).
    SendLocalListStatus { Accepted, Failed, VersionMismatch }
}

structs! {
    /// An entry of the list.
    AuthorizationData {
        /// The token; once in a list.
        id_token: IdToken;
        /// What is known of it; if absent, a differential update removes the entry.
        id_token_info: IdTokenInfo,
    }
}

messages! { structs:
    /// Asks for the version of the station's list (D02).
    GetLocalListVersion (Csms, "Local Authorization List Management")
    GetLocalListVersionRequest {}
    GetLocalListVersionResponse {
        /// The version; 0 if there is no list.
        version_number: i32,
    }

    /// Replaces the station's list or changes it (D01).
    SendLocalList (Csms, "Local Authorization List Management")
    SendLocalListRequest {
        /// The list's version afterwards, more than 0; in a differential update also more than before.
        version_number: i32,
        /// Whether to change the list or to replace it.
        update_type: UpdateKind;
        /// The entries; if absent, a full update empties the list and a differential one leaves it.
        local_authorization_list: Vec<AuthorizationData> [1..],
    }
    SendLocalListResponse { => SendLocalListStatus }
}
