//! Profiles as the messages of an edition have them, for who works without a station.

use alloc::string::String;

use pilotwire_messages::Version;
use pilotwire_messages::v2::ChargingProfile;

use crate::dialect;
use crate::domain::{Command, EvseId};

/// The EVSE and the profile of a SetChargingProfile request.
///
/// # Errors
/// What is wrong with the payload, with the place.
pub fn read_profile(version: Version, payload: &str) -> Result<(EvseId, ChargingProfile), String> {
    match dialect::read_command(version, "SetChargingProfile", payload) {
        Ok(Command::SetChargingProfile { evse, profile }) => Ok((evse, *profile)),
        Ok(_) => Err("not a SetChargingProfile request".into()),
        Err(refusal) => Err(alloc::format!("{}: {}", refusal.code.name(version), refusal.text)),
    }
}
