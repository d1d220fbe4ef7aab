//! Functional block A: security.

use crate::{DateTime, Text};

messages! { structs:
    /// Tells a security event (A04).
    SecurityEventNotification (Station, "Security")
    SecurityEventNotificationRequest {
        /// The event's name in the standardized list.
        kind: Text [..=50] = "type",
        /// When it happened.
        timestamp: DateTime;
        /// What a technician may need to know.
        tech_info: Text [..=255],
    }
    SecurityEventNotificationResponse {}
}
