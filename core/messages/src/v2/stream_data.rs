//! Functional block N: what a periodic event stream carries.

use alloc::vec::Vec;

use crate::{DateTime, Decimal, Text};

structs! {
    /// DOC
    StreamDataElement {
        /// DOC
        t: Decimal,
        /// DOC
        v: Text [..=2500],
    }
}

sends! { structs:
    /// DOC
    NotifyPeriodicEventStream (Station, "Diagnostics", V21)
    NotifyPeriodicEventStream {
        /// DOC
        data: Vec<StreamDataElement> [1..],
        /// DOC
        id: i32 [0..],
        /// DOC
        pending: i32 [0..],
        /// DOC
        basetime: DateTime,
    }
}
