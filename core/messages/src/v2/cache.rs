//! Functional block C: clearing the authorization cache.

enums! {
    /// Whether the cache is empty now (C11).
    ClearCacheStatus { Accepted, Rejected }
}

messages! { structs:
    /// Empties the station's authorization cache (C11).
    ClearCache (Csms, "Authorization")
    ClearCacheRequest {}
    ClearCacheResponse { => ClearCacheStatus }
}
