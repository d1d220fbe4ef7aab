//! Functional block K: prices that a station hands to the car with a schedule (ISO 15118-2 and -20).

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::{DateTime, Decimal, Text};

enums! {
    /// What a cost of a sales tariff counts.
    CostKind { CarbonDioxideEmission, RelativePricePercentage, RenewableGenerationPercentage }
}

structs! {
    /// One cost of consumption.
    Cost {
        /// What it counts.
        cost_kind: CostKind,
        /// How much per kWh.
        amount: i32;
        /// The exponent of the ten that it is multiplied by, -3 to 3.
        amount_multiplier: i32,
    }

    /// The costs from one consumption on.
    ConsumptionCost {
        /// The lowest consumption.
        start_value: Decimal,
        /// The costs.
        cost: Vec<Cost> [1..=3],
    }

    /// A span of a tariff's time.
    RelativeTimeInterval {
        /// Seconds after the tariff's start.
        start: i32;
        /// Seconds.
        duration: i32,
    }

    /// One span of a sales tariff.
    SalesTariffEntry {
        /// The span.
        relative_time_interval: RelativeTimeInterval;
        /// How dear, from 0 on.
        e_price_level: i32 [0..],
        /// What consumption costs.
        consumption_cost: Vec<ConsumptionCost> [1..=3],
    }

    /// Prices over time (ISO 15118-2).
    SalesTariff {
        /// Unique in the schedules for one car.
        id: i32 [0..] [V201 ..],
        /// The spans.
        sales_tariff_entry: Vec<SalesTariffEntry> [1..=1024];
        /// For people.
        sales_tariff_description: Text [..=32],
        /// How many levels there are.
        num_e_price_levels: i32 [0..] [V201 ..],
    }

    /// `value` × 10^`exponent`.
    RationalNumber {
        /// The exponent of ten.
        exponent: i32,
        /// What it is multiplied with.
        value: i32,
    }

    /// Prices from one power on.
    PriceRule {
        /// Per kWh.
        energy_fee: RationalNumber,
        /// The lowest power, in W.
        power_range_start: RationalNumber;
        /// Seconds that one parking fee is for.
        parking_fee_period: i32,
        /// Grams per kWh.
        carbon_dioxide_emission: i32 [0..],
        /// Percent.
        renewable_generation_percentage: i32 [0..=100],
        /// What a period of parking costs.
        parking_fee: RationalNumber,
    }

    /// The prices of one span.
    PriceRuleStack {
        /// Seconds.
        duration: i32,
        /// Prices by power.
        price_rule: Vec<PriceRule> [1..=8],
    }

    /// A tax and what it is levied on.
    TaxRule {
        /// Unique in the schedule.
        tax_rule_id: i32 [0..] = "taxRuleID",
        /// On energy.
        applies_to_energy_fee: bool,
        /// On parking.
        applies_to_parking_fee: bool,
        /// On staying too long.
        applies_to_overstay_fee: bool,
        /// On the least and the most that is paid.
        applies_to_minimum_maximum_cost: bool,
        /// Percent.
        tax_rate: RationalNumber;
        /// Its name.
        tax_rule_name: Text [..=100],
        /// Whether prices contain it.
        tax_included_in_price: bool,
    }

    /// What staying costs from one time on.
    OverstayRule {
        /// What a period costs.
        overstay_fee: RationalNumber,
        /// Seconds after charging ended.
        start_time: i32,
        /// Seconds that one fee is for.
        overstay_fee_period: i32;
        /// For people.
        overstay_rule_description: Text [..=32],
    }

    /// What staying too long costs.
    OverstayRuleList {
        /// The rules, by time.
        overstay_rule: Vec<OverstayRule> [1..=5];
        /// W below which a car counts as done.
        overstay_power_threshold: RationalNumber,
        /// Seconds that are free.
        overstay_time_threshold: i32,
    }

    /// Something else that is sold.
    AdditionalSelectedServices {
        /// What it costs.
        service_fee: RationalNumber,
        /// What it is.
        service_name: Text [..=80],
    }

    /// Prices over time (ISO 15118-20).
    AbsolutePriceSchedule {
        /// When the first span begins.
        time_anchor: DateTime,
        /// Unique in the session.
        price_schedule_id: i32 [0..] = "priceScheduleID",
        /// ISO 4217.
        currency: Text [..=3],
        /// The language of its texts.
        language: Text [..=8],
        /// The name of the way to reckon.
        price_algorithm: Text [..=2000],
        /// The spans, one after the other.
        price_rule_stacks: Vec<PriceRuleStack> [1..=1024];
        /// For people.
        price_schedule_description: Text [..=160],
        /// The least that is paid.
        minimum_cost: RationalNumber,
        /// The most that is paid.
        maximum_cost: RationalNumber,
        /// The taxes.
        tax_rules: Vec<TaxRule> [1..=10],
        /// What staying too long costs.
        overstay_rule_list: Box<OverstayRuleList>,
        /// What else is sold.
        additional_selected_services: Vec<AdditionalSelectedServices> [1..=5],
    }

    /// One span of a schedule of price levels.
    PriceLevelScheduleEntry {
        /// Seconds.
        duration: i32,
        /// How dear, from 0 on.
        price_level: i32 [0..],
    }

    /// Price levels over time (ISO 15118-20).
    PriceLevelSchedule {
        /// When the first span begins.
        time_anchor: DateTime,
        /// Unique in the session.
        price_schedule_id: i32 [0..],
        /// How many levels there are.
        number_of_price_levels: i32 [0..],
        /// The spans, one after the other.
        price_level_schedule_entries: Vec<PriceLevelScheduleEntry> [1..=100];
        /// For people.
        price_schedule_description: Text [..=32],
    }
}
