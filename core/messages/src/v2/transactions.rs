//! Functional block E: transactions.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{CostDetails, Evse, IdToken, IdTokenInfo, MessageContent, MeterValue, OperationMode};
use crate::{DateTime, Decimal, Text};

enums! {
    /// Where in its life a transaction is.
    TransactionEventKind { Started, Updated, Ended }

    /// What made the station send an event.
    TriggerReason {
        AbnormalCondition, Authorized, CablePluggedIn, ChargingRateChanged, ChargingStateChanged,
        CostLimitReached [V21], Deauthorized, EnergyLimitReached, EVCommunicationLost,
        EVConnectTimeout, EVDeparted, EVDetected, LimitSet [V21],
        MeterValueClock, MeterValuePeriodic, OperationModeChanged [V21], RemoteStart, RemoteStop, ResetCommand,
        RunningCost [V21], SignedDataReceived, SoCLimitReached [V21], StopAuthorized, TariffChanged [V21],
        TariffNotAccepted [V21], TimeLimitReached, Trigger, TxResumed [V21], UnlockCommand,
    }

    /// What the energy does.
    ChargingState {
        Charging, EVConnected, SuspendedEV, SuspendedEVSE, Idle,
    }

    /// Why a transaction ended; `Local` where a message does not say.
    StoppedReason {
        DeAuthorized, EmergencyStop, EnergyLimitReached, EVDisconnected, GroundFault, ImmediateReset,
        Local, LocalOutOfCredit, MasterPass, Other, OvercurrentFault, PowerLoss, PowerQuality, Reboot, Remote,
        ReqEnergyTransferRejected [V21], SOCLimitReached, StoppedByEV,
        TimeLimitReached, Timeout,
    }

    /// Whether the car's battery is warm enough.
    PreconditioningStatus { Unknown, Ready, NotReady, Preconditioning }
}

structs! {
    /// What ends a transaction, or suspends its energy (E16).
    TransactionLimit {
        ;
        /// In the tariff's currency, with taxes.
        max_cost: Decimal,
        /// Wh.
        max_energy: Decimal,
        /// Seconds.
        max_time: i32,
        /// Percent of the battery.
        max_soc: i32 [0..=100] = "maxSoC",
    }

    /// A transaction, as one event shows it.
    Transaction {
        /// The station's own id, unique beyond reboots.
        transaction_id: Text [..=36];
        /// What the energy does; absent if it did not change.
        charging_state: ChargingState,
        /// Seconds of energy transfer so far.
        time_spent_charging: i32,
        /// Why it ended; `Local` if absent from the last event.
        stopped_reason: StoppedReason,
        /// The request that started it (F01, F02).
        remote_start_id: i32,
        /// How energy is controlled just now (block Q).
        operation_mode: OperationMode [V21],
        /// The tariff that its cost is reckoned with (block I).
        tariff_id: Text [V21 ..=60],
        /// What will end it.
        transaction_limit: TransactionLimit [V21],
    }
}

messages! { structs:
    /// Tells of a transaction (E01 to E15).
    TransactionEvent (Station, "Transactions")
    TransactionEventRequest {
        /// Where in its life the transaction is.
        event_type: TransactionEventKind,
        /// When it happened, not when it is sent.
        timestamp: DateTime,
        /// What made the station send this.
        trigger_reason: TriggerReason,
        /// One more than in the transaction's event before.
        seq_no: i32 [0..] [V201 ..],
        /// The transaction.
        transaction_info: Transaction;
        /// What the meter showed.
        meter_value: Vec<MeterValue> [1..],
        /// Whether it happened without a connection; `false` if absent.
        offline: bool,
        /// 0 for direct current.
        number_of_phases_used: i32 [0..=3] [V201 ..],
        /// What the cable bears, in A.
        cable_max_current: i32,
        /// The reservation that the transaction uses up (H).
        reservation_id: i32 [0..] [V201 ..],
        /// Whether the car's battery is warm enough.
        preconditioning_status: PreconditioningStatus [V21],
        /// Whether the station's power electronics sleep.
        evse_sleep: bool [V21],
        /// Where it happens; once a transaction is enough.
        evse: Evse,
        /// Who starts or ends it; only in the event where that becomes known.
        id_token: IdToken,
        /// What it costs so far, reckoned by the station (I12).
        cost_details: Box<CostDetails> [V21],
    }
    TransactionEventResponse {
        ;
        /// With taxes, in the CSMS's currency: final in the answer to the last event, running before (I02, I03).
        total_cost: Decimal,
        /// From -9 to 9, for this transaction from now on.
        charging_priority: i32,
        /// What the CSMS knows of the event's token.
        id_token_info: IdTokenInfo,
        /// What will end the transaction from now on.
        transaction_limit: TransactionLimit [V21],
        /// Shown to the driver from now on.
        updated_personal_message: MessageContent,
        /// The same in other languages.
        updated_personal_message_extra: Vec<MessageContent> [V21 1..=4],
    }

    /// Asks whether events of a transaction wait to be sent (E14).
    GetTransactionStatus (Csms, "Transactions")
    GetTransactionStatusRequest {
        ;
        /// The transaction; all of them if absent.
        transaction_id: Text [..=36],
    }
    GetTransactionStatusResponse {
        /// Whether events wait.
        messages_in_queue: bool;
        /// Whether the transaction goes on; only if one was asked for.
        ongoing_indicator: bool,
    }
}
