//! Functional block C: clearing the authorization cache.

use super::StatusInfo;

enums! {
    /// Whether the cache is empty now (C11).
    ClearCacheStatus { Accepted, Rejected }
}

messages! { structs:
    /// Empties the station's authorization cache (C11).
    ClearCache (Csms, "Authorization")
    ClearCacheRequest {}
    ClearCacheResponse {
        /// The verdict; `Rejected`, too, if the cache is switched off (C11.FR.04).
        status: ClearCacheStatus;
        /// Why.
        status_info: StatusInfo,
    }
}
