//! Messages of OCPP 1.6.

mod certificates;
mod core;
mod extended_trigger;
mod firmware;
mod local_list;
mod logs;
mod metering;
mod reservation;
mod security;
mod signed_firmware;
mod smart_charging;
mod trigger;

pub use self::core::*;
pub use certificates::*;
pub use extended_trigger::*;
pub use firmware::*;
pub use local_list::*;
pub use logs::*;
pub use metering::*;
pub use reservation::*;
pub use security::*;
pub use signed_firmware::*;
pub use smart_charging::*;
pub use trigger::*;

blocks! {
    core firmware local_list reservation smart_charging trigger security certificates logs signed_firmware
    extended_trigger
}
