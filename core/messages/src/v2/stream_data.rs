//! Functional block N: what a periodic event stream carries.

use alloc::vec::Vec;

use crate::{DateTime, Decimal, Text};

structs! {
    /// One value of a stream.
    StreamDataElement {
        /// Seconds after the message's `basetime`.
        t: Decimal,
        /// The value, as text.
        v: Text [..=2500],
    }
}

sends! { structs:
    /// Carries values of a stream, and waits for no answer (N15).
    NotifyPeriodicEventStream (Station, "Diagnostics", V21)
    NotifyPeriodicEventStream {
        /// The values.
        data: Vec<StreamDataElement> [1..],
        /// The stream.
        id: i32 [0..],
        /// How many values wait in the station behind these.
        pending: i32 [0..],
        /// The time that the values' times are counted from: that of the first (N15.FR.09).
        basetime: DateTime,
    }
}
