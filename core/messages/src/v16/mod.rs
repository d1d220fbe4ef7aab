//! Messages of OCPP 1.6.

mod core;
mod metering;
mod security;
mod smart_charging;
mod trigger;

pub use self::core::*;
pub use metering::*;
pub use security::*;
pub use smart_charging::*;
pub use trigger::*;

/// The actions of every profile.
pub const ACTIONS: &[&[crate::ActionInfo]] = &[core::ACTIONS, trigger::ACTIONS, security::ACTIONS];
