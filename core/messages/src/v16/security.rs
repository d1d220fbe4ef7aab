//! What the security whitepaper (edition 3) adds to 1.6.

use crate::{DateTime, Text};

messages! { objects:
    /// Tells a security event (A04).
    SecurityEventNotification (Station, "Security")
    SecurityEventNotificationRequest {
        /// The event's name in the whitepaper's list.
        kind: Text [..=50] = "type",
        /// When it happened.
        timestamp: DateTime;
        /// What a technician may need to know.
        tech_info: Text [..=255],
    }
    SecurityEventNotificationResponse {}
}
