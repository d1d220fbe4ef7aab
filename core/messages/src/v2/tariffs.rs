//! Functional block I: tariffs and costs; all of it since 2.1.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::MessageContent;
use crate::{DateTime, Decimal, Text};

enums! {
    /// A day of the week.
    DayOfWeek { Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday }

    /// What an EVSE gives.
    EvseKind { AC, DC }

    /// Whether a total is the sum, or one of the tariff's bounds.
    TariffCost { NormalCost, MinCost, MaxCost }

    /// What is counted in one part of a transaction; the odd spelling is the wire's.
    CostDimensionKind { Energy, MaxCurrent, MinCurrent, MaxPower, MinPower, IdleTime = "IdleTIme", ChargingTime }
}

structs! {
    /// A tax on a price.
    TaxRate {
        /// Its name, such as `VAT`.
        kind: Text [..=20] = "type",
        /// Percent.
        tax: Decimal;
        /// On what it is levied: taxes of a higher stack include those of the lower ones; 0 if absent.
        stack: i32 [0..],
    }

    /// An amount of money, with at least one of both sums.
    Price {
        ;
        /// Without taxes.
        excl_tax: Decimal,
        /// With taxes.
        incl_tax: Decimal,
        /// The taxes in it.
        tax_rates: Vec<TaxRate> [1..=5],
    }

    /// When a price holds; all that is given must be met.
    TariffConditions {
        ;
        /// From this local time on (`hh:mm`).
        start_time_of_day: Text,
        /// Until this local time (`hh:mm`).
        end_time_of_day: Text,
        /// On these days.
        day_of_week: Vec<DayOfWeek> [1..=7],
        /// From this local date on (`yyyy-mm-dd`).
        valid_from_date: Text,
        /// Until this local date, exclusive.
        valid_to_date: Text,
        /// On such an EVSE.
        evse_kind: EvseKind,
        /// Wh, at least.
        min_energy: Decimal,
        /// Wh, less than.
        max_energy: Decimal,
        /// A over all phases, at least.
        min_current: Decimal,
        /// A over all phases, less than.
        max_current: Decimal,
        /// W, at least.
        min_power: Decimal,
        /// W, less than.
        max_power: Decimal,
        /// Seconds since the start, at least.
        min_time: i32,
        /// Seconds since the start, less than.
        max_time: i32,
        /// Seconds of charging, at least.
        min_charging_time: i32,
        /// Seconds of charging, less than.
        max_charging_time: i32,
        /// Seconds of idling, at least.
        min_idle_time: i32,
        /// Seconds of idling, less than.
        max_idle_time: i32,
    }

    /// When a fixed fee is due, as known at the start.
    TariffConditionsFixed {
        ;
        /// From this local time on (`hh:mm`).
        start_time_of_day: Text,
        /// Until this local time (`hh:mm`).
        end_time_of_day: Text,
        /// On these days.
        day_of_week: Vec<DayOfWeek> [1..=7],
        /// From this local date on (`yyyy-mm-dd`).
        valid_from_date: Text,
        /// Until this local date, exclusive.
        valid_to_date: Text,
        /// On such an EVSE.
        evse_kind: EvseKind,
        /// Paid with such a card or wallet.
        payment_brand: Text [..=20],
        /// Paid in such a way.
        payment_recognition: Text [..=20],
    }

    /// A price of energy.
    TariffEnergyPrice {
        /// Per kWh, without taxes.
        price_kwh: Decimal;
        /// When it holds; always if absent.
        conditions: Box<TariffConditions>,
    }

    /// The prices of energy; the first whose conditions are met holds.
    TariffEnergy {
        /// The prices.
        prices: Vec<TariffEnergyPrice> [1..];
        /// The taxes on them.
        tax_rates: Vec<TaxRate> [1..=5],
    }

    /// A price of time.
    TariffTimePrice {
        /// Per minute, without taxes.
        price_minute: Decimal;
        /// When it holds; always if absent.
        conditions: Box<TariffConditions>,
    }

    /// The prices of time; the first whose conditions are met holds.
    TariffTime {
        /// The prices.
        prices: Vec<TariffTimePrice> [1..];
        /// The taxes on them.
        tax_rates: Vec<TaxRate> [1..=5],
    }

    /// A fee that is due once.
    TariffFixedPrice {
        /// Without taxes.
        price_fixed: Decimal;
        /// When it is due; always if absent.
        conditions: Box<TariffConditionsFixed>,
    }

    /// The fees that are due once.
    TariffFixed {
        /// The fees.
        prices: Vec<TariffFixedPrice> [1..];
        /// The taxes on them.
        tax_rates: Vec<TaxRate> [1..=5],
    }

    /// What charging costs.
    Tariff {
        /// Unique in the CSMS.
        tariff_id: Text [..=60],
        /// ISO 4217.
        currency: Text [..=3];
        /// For people, once a language.
        description: Vec<MessageContent> [1..=10],
        /// From when on it holds; at once if absent.
        valid_from: DateTime,
        /// Energy.
        energy: TariffEnergy,
        /// Time of charging.
        charging_time: TariffTime,
        /// Time of standing there without charging.
        idle_time: TariffTime,
        /// Fees of a transaction.
        fixed_fee: TariffFixed,
        /// Time of a reservation.
        reservation_time: TariffTime,
        /// Fees of a reservation.
        reservation_fixed: TariffFixed,
        /// The least that a transaction costs.
        min_cost: Price,
        /// The most that a transaction costs.
        max_cost: Price,
    }

    /// One count of one part of a transaction.
    CostDimension {
        /// What is counted.
        kind: CostDimensionKind = "type",
        /// How much of it.
        volume: Decimal,
    }

    /// A part of a transaction with one price.
    ChargingPeriod {
        /// When it begins; it ends where the next one begins.
        start_period: DateTime;
        /// What is counted.
        dimensions: Vec<CostDimension> [1..],
        /// The tariff that holds; energy is free if absent.
        tariff_id: Text [..=60],
    }

    /// The sum of a transaction's costs.
    TotalPrice {
        ;
        /// Without taxes.
        excl_tax: Decimal,
        /// With taxes.
        incl_tax: Decimal,
    }

    /// What a transaction costs, item by item.
    TotalCost {
        /// ISO 4217.
        currency: Text [..=3],
        /// Whether the total is the sum, or one of the tariff's bounds.
        type_of_cost: TariffCost,
        /// The sum.
        total: TotalPrice;
        /// Fees.
        fixed: Price,
        /// Energy.
        energy: Price,
        /// Time of charging.
        charging_time: Price,
        /// Time of standing there without charging.
        idle_time: Price,
        /// Time of the reservation.
        reservation_time: Price,
        /// Fees of the reservation.
        reservation_fixed: Price,
    }

    /// What a transaction used.
    TotalUsage {
        /// Wh.
        energy: Decimal,
        /// Seconds of the session, pauses included.
        charging_time: i32,
        /// Seconds of standing there without charging.
        idle_time: i32;
        /// Seconds of the reservation.
        reservation_time: i32,
    }

    /// What a transaction costs, as the station reckons (I12).
    CostDetails {
        /// The costs.
        total_cost: TotalCost,
        /// What they are for.
        total_usage: TotalUsage;
        /// The parts with one price each.
        charging_periods: Vec<ChargingPeriod> [1..],
        /// Whether the station could not reckon.
        failure_to_calculate: bool,
        /// Why not.
        failure_reason: Text [..=500],
    }
}
