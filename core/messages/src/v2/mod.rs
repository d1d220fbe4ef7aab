//! Messages of OCPP 2.0.1 and 2.1: one family. What 2.1 added or changed stands beside it as `[V21]` and `[V201 ..]`.

mod authorization;
mod availability;
mod battery_swap;
mod bidirectional;
mod cache;
mod certificate_signing;
mod certificates;
mod charging_needs;
mod charging_profiles;
mod cost;
mod custom_data;
mod data_transfer;
mod der_control;
mod display;
mod event_streams;
mod firmware;
mod local_list;
mod logs;
mod metering;
mod monitoring;
mod network;
mod prices;
mod provisioning;
mod remote_control;
mod reservation;
mod security;
mod smart_charging;
mod stream_data;
mod tariffs;
mod transactions;

pub use authorization::*;
pub use availability::*;
pub use battery_swap::*;
pub use bidirectional::*;
pub use cache::*;
pub use certificate_signing::*;
pub use certificates::*;
pub use charging_needs::*;
pub use charging_profiles::*;
pub use cost::*;
pub use custom_data::CustomData;
pub use data_transfer::*;
pub use der_control::*;
pub use display::*;
pub use event_streams::*;
pub use firmware::*;
pub use local_list::*;
pub use logs::*;
pub use metering::*;
pub use monitoring::*;
pub use network::*;
pub use prices::*;
pub use provisioning::*;
pub use remote_control::*;
pub use reservation::*;
pub use security::*;
pub use smart_charging::*;
pub use stream_data::*;
pub use tariffs::*;
pub use transactions::*;

blocks! {
    security certificate_signing provisioning network authorization cache local_list transactions remote_control
    availability reservation cost metering charging_profiles charging_needs firmware certificates monitoring logs
    event_streams stream_data display data_transfer bidirectional der_control battery_swap
}
