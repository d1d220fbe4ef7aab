//! Functional block N: periodic event streams, from opening to closing (N11 to N15).

use alloc::vec::Vec;

use super::{GenericStatus, PeriodicEventStreamParams};

structs! {
    /// A stream: what it carries, and how often.
    ConstantStreamData {
        /// The stream's number, chosen by the station.
        id: i32 [0..],
        /// How often data goes out.
        params: PeriodicEventStreamParams,
        /// The monitor that feeds it.
        variable_monitoring_id: i32 [0..],
    }
}

messages! { structs:
    /// Opens a stream for the data of a monitor (N11).
    OpenPeriodicEventStream (Station, "Diagnostics", V21)
    OpenPeriodicEventStreamRequest {
        /// The stream.
        constant_stream_data: ConstantStreamData,
    }
    OpenPeriodicEventStreamResponse { => GenericStatus }

    /// Changes how often a stream sends (N14).
    AdjustPeriodicEventStream (Csms, "Diagnostics", V21)
    AdjustPeriodicEventStreamRequest {
        /// The stream.
        id: i32 [0..],
        /// How often data goes out from now on.
        params: PeriodicEventStreamParams,
    }
    AdjustPeriodicEventStreamResponse { => GenericStatus }

    /// Asks which streams are open (N12).
    GetPeriodicEventStream (Csms, "Diagnostics", V21)
    GetPeriodicEventStreamRequest {}
    GetPeriodicEventStreamResponse {
        ;
        /// The streams; absent if none is open.
        constant_stream_data: Vec<ConstantStreamData> [1..],
    }

    /// Tells that a stream sends nothing any more (N13).
    ClosePeriodicEventStream (Station, "Diagnostics", V21)
    ClosePeriodicEventStreamRequest {
        /// The stream.
        id: i32 [0..],
    }
    ClosePeriodicEventStreamResponse {}
}
