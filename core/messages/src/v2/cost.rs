//! Functional block I: running costs, and tariffs in the station. Settlement of payments belongs to block C.

use alloc::vec::Vec;

use super::{GenericStatus, StatusInfo, Tariff};
use crate::{DateTime, Decimal, Text};

enums! {
    /// What the station makes of a default tariff (I07).
    TariffSetStatus { Accepted, Rejected, TooManyElements, ConditionNotSupported, DuplicateTariffId }

    /// Whether there are tariffs to list (I09).
    TariffGetStatus { Accepted, Rejected, NoTariff }

    /// Whether a tariff is for everybody or for one driver.
    TariffKind { DefaultTariff, DriverTariff }

    /// What became of one tariff to clear (I10).
    TariffClearStatus { Accepted, Rejected, NoTariff }

    /// What the station makes of a transaction's new tariff (I11).
    TariffChangeStatus { Accepted, Rejected, TooManyElements, ConditionNotSupported, TxNotFound, NoCurrencyChange }

    /// How the settlement of an ad hoc payment ended (C19 to C22).
    PaymentStatus { Settled, Canceled, Rejected, Failed }
}

structs! {
    /// A tariff in the station, and whom and what it is for (I09).
    TariffAssignment {
        /// The tariff.
        tariff_id: Text [..=60],
        /// Whether it is a default or a driver's own.
        tariff_kind: TariffKind;
        /// From when on it holds; at once if absent.
        valid_from: DateTime,
        /// The EVSEs where it is installed, or where a driver's transaction uses it.
        evse_ids: Vec<i32> [1..; 0..],
        /// The drivers that it is for.
        id_tokens: Vec<Text> [1..; ..=255],
    }

    /// What became of one tariff (I10).
    ClearTariffsResult {
        /// The verdict.
        status: TariffClearStatus;
        /// Why.
        status_info: StatusInfo,
        /// The tariff; absent if none matched.
        tariff_id: Text [..=60],
    }

    /// Where a person or company is.
    Address {
        /// Of the person or company.
        name: Text [..=50],
        /// The first line, such as street and number.
        address1: Text [..=100],
        /// The town.
        city: Text [..=100],
        /// The country's name.
        country: Text [..=50];
        /// A second line.
        address2: Text [..=100],
        /// The town's code for mail.
        postal_code: Text [..=20],
    }
}

messages! { structs:
    /// Tells what a transaction costs so far (I02).
    CostUpdated (Csms, "Tariff and Cost")
    CostUpdatedRequest {
        /// With taxes, in the currency that the station is set to.
        total_cost: Decimal,
        /// The transaction.
        transaction_id: Text [..=36],
    }
    CostUpdatedResponse {}

    /// Installs the tariff for drivers without one of their own (I07).
    SetDefaultTariff (Csms, "Tariff and Cost", V21)
    SetDefaultTariffRequest {
        /// The EVSE; 0 for each of them.
        evse_id: i32 [0..],
        /// The tariff; its id must be new to the station (I07.FR.04).
        tariff: Tariff,
    }
    SetDefaultTariffResponse { => TariffSetStatus }

    /// Asks which tariffs the station has (I09).
    GetTariffs (Csms, "Tariff and Cost", V21)
    GetTariffsRequest {
        /// The EVSE; 0 for all of them.
        evse_id: i32 [0..],
    }
    GetTariffsResponse {
        /// Whether there are any.
        status: TariffGetStatus;
        /// Why.
        status_info: StatusInfo,
        /// The tariffs, default ones and drivers' own; absent if there are none (I09.FR.03).
        tariff_assignments: Vec<TariffAssignment> [1..],
    }

    /// Removes default tariffs; running transactions keep theirs (I10).
    ClearTariffs (Csms, "Tariff and Cost", V21)
    ClearTariffsRequest {
        ;
        /// The tariffs; all if absent.
        tariff_ids: Vec<Text> [1..; ..=60],
        /// The EVSE; all of them if absent.
        evse_id: i32 [0..],
    }
    ClearTariffsResponse {
        /// A verdict for each tariff, or a single one if none matched.
        clear_tariffs_result: Vec<ClearTariffsResult> [1..],
    }

    /// Gives a running transaction another tariff from now on (I11).
    ChangeTransactionTariff (Csms, "Tariff and Cost", V21)
    ChangeTransactionTariffRequest {
        /// The new tariff; its currency must be the old one's (I11.FR.05).
        tariff: Tariff,
        /// The transaction.
        transaction_id: Text [..=36],
    }
    ChangeTransactionTariffResponse { => TariffChangeStatus }

    /// Tells how the settlement of an ad hoc payment ended (C19 to C22).
    NotifySettlement (Station, "Tariff and Cost", V21)
    NotifySettlementRequest {
        /// The payment service provider's reference; the transaction's id token, too.
        psp_ref: Text [..=255],
        /// How it ended.
        status: PaymentStatus,
        /// What was settled, or should have been.
        settlement_amount: Decimal,
        /// When that was.
        settlement_time: DateTime;
        /// The transaction; absent if the payment was cancelled before one began (C19).
        transaction_id: Text [..=36],
        /// What the terminal says about it.
        status_info: Text [..=500],
        /// The receipt's number, if the station or its terminal wrote it.
        receipt_id: Text [..=50],
        /// Where that receipt can be fetched (C21.FR.04).
        receipt_url: Text [..=2000],
        /// The company with that VAT number.
        vat_company: Address,
        /// The VAT number for a company's receipt.
        vat_number: Text [..=20],
    }
    NotifySettlementResponse {
        ;
        /// Where the receipt can be fetched, if the CSMS wrote it; shown to the driver (C21.FR.03).
        receipt_url: Text [..=2000],
        /// That receipt's number.
        receipt_id: Text [..=50],
    }

    /// Tells that a driver is paying on the web, for instance by a QR code (C25).
    NotifyWebPaymentStarted (Csms, "Tariff and Cost", V21)
    NotifyWebPaymentStartedRequest {
        /// The EVSE that is paid for.
        evse_id: i32 [0..],
        /// Seconds after which the payment is no longer expected and the EVSE is free again.
        timeout: i32,
    }
    NotifyWebPaymentStartedResponse {}

    /// Asks whether a VAT number is good, before it goes on a receipt (C18).
    VatNumberValidation (Station, "Tariff and Cost", V21)
    VatNumberValidationRequest {
        /// As the driver entered it.
        vat_number: Text [..=20];
        /// The EVSE that the receipt is for; comes back in the answer.
        evse_id: i32 [0..],
    }
    VatNumberValidationResponse {
        /// As asked.
        vat_number: Text [..=20],
        /// Whether it is valid.
        status: GenericStatus;
        /// The company that it belongs to.
        company: Address,
        /// Why.
        status_info: StatusInfo,
        /// As asked (C18.FR.10).
        evse_id: i32 [0..],
    }
}
