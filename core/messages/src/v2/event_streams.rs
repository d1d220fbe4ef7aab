//! Functional block N: periodic event streams.

use alloc::vec::Vec;

use super::{GenericStatus, PeriodicEventStreamParams, StatusInfo};

structs! {
    /// DOC
    ConstantStreamData {
        /// DOC
        id: i32 [0..],
        /// DOC
        params: PeriodicEventStreamParams,
        /// DOC
        variable_monitoring_id: i32 [0..],
    }
}

messages! { structs:
    /// DOC
    OpenPeriodicEventStream (Station, "Diagnostics", V21)
    OpenPeriodicEventStreamRequest {
        /// DOC
        constant_stream_data: ConstantStreamData,
    }
    OpenPeriodicEventStreamResponse {
        /// DOC
        status: GenericStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    AdjustPeriodicEventStream (Csms, "Diagnostics", V21)
    AdjustPeriodicEventStreamRequest {
        /// DOC
        id: i32 [0..],
        /// DOC
        params: PeriodicEventStreamParams,
    }
    AdjustPeriodicEventStreamResponse {
        /// DOC
        status: GenericStatus;
        /// DOC
        status_info: StatusInfo,
    }

    /// DOC
    GetPeriodicEventStream (Csms, "Diagnostics", V21)
    GetPeriodicEventStreamRequest {}
    GetPeriodicEventStreamResponse {
        ;
        /// DOC
        constant_stream_data: Vec<ConstantStreamData> [1..],
    }

    /// DOC
    ClosePeriodicEventStream (Station, "Diagnostics", V21)
    ClosePeriodicEventStreamRequest {
        /// DOC
        id: i32 [0..],
    }
    ClosePeriodicEventStreamResponse {}
}
