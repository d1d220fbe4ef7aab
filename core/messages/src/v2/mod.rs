//! Messages of OCPP 2.0.1 and 2.1: one family. What 2.1 added or changed stands beside it as `[V21]` and `[V201 ..]`.

mod authorization;
mod availability;
mod custom_data;
mod data_transfer;
mod metering;
mod prices;
mod provisioning;
mod remote_control;
mod security;
mod smart_charging;
mod tariffs;
mod transactions;

pub use authorization::*;
pub use availability::*;
pub use custom_data::CustomData;
pub use data_transfer::*;
pub use metering::*;
pub use prices::*;
pub use provisioning::*;
pub use remote_control::*;
pub use security::*;
pub use smart_charging::*;
pub use tariffs::*;
pub use transactions::*;

/// The actions of every functional block.
pub const ACTIONS: &[&[crate::ActionInfo]] = &[
    security::ACTIONS,
    provisioning::ACTIONS,
    authorization::ACTIONS,
    transactions::ACTIONS,
    remote_control::ACTIONS,
    availability::ACTIONS,
    metering::ACTIONS,
    data_transfer::ACTIONS,
];
