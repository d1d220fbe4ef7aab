//! Smart charging as a CSMS writes it, for tests.

use pilotwire::domain::EvseId;
use pilotwire::messages::Decimal;
use pilotwire::station::Output;
use serde_json::{Value, json};

use crate::transcript::Transcript;

/// When the schedules of [`profile`] begin: the first second of a [`Transcript`].
pub const T0: &str = "2026-03-01T10:00:00Z";

/// A profile of 2.0.1: absolute from the station's first second on, in amperes.
pub fn profile(id: i32, level: i32, purpose: &str, periods: &[(i32, i32)]) -> Value {
    let periods: Vec<Value> =
        periods.iter().map(|(start, limit)| json!({ "startPeriod": start, "limit": limit })).collect();
    json!({
        "id": id, "stackLevel": level, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute",
        "chargingSchedule": [{ "id": 1, "startSchedule": T0, "chargingRateUnit": "A", "chargingSchedulePeriod": periods }],
    })
}

/// The same, for so many seconds.
pub fn lasting(mut profile: Value, duration: i32) -> Value {
    profile["chargingSchedule"][0]["duration"] = duration.into();
    profile
}

/// The same, for the transaction that runs.
pub fn of_transaction(mut profile: Value, station: &Transcript) -> Value {
    profile["transactionId"] = transaction(station).into();
    profile
}

/// The id of the transaction that started last.
///
/// # Panics
/// If none did.
pub fn transaction(station: &Transcript) -> String {
    let started = station.outputs.iter().rev().find_map(|output| match output {
        Output::TransactionStarted { transaction, .. } => Some(transaction.to_string()),
        _ => None,
    });
    started.expect("a transaction runs")
}

/// Sets a profile of 2.0.1; gives the payload of the answer.
pub fn set(station: &mut Transcript, evse: i32, profile: &Value) -> Value {
    station.call("SetChargingProfile", json!({ "evseId": evse, "chargingProfile": profile }))[2].clone()
}

/// The station accepts the profile.
///
/// # Panics
/// If it does not.
pub fn accepts(station: &mut Transcript, evse: i32, profile: &Value) {
    assert_eq!(set(station, evse, profile)["status"], "Accepted", "{profile}");
}

/// The station rejects the profile for this reason.
///
/// # Panics
/// If it does not.
pub fn refuses(station: &mut Transcript, evse: i32, profile: &Value, reason: &str) {
    let answer = set(station, evse, profile);
    assert_eq!(
        (&answer["status"], &answer["statusInfo"]["reasonCode"]),
        (&json!("Rejected"), &json!(reason)),
        "{answer}"
    );
}

/// The composite schedule in amperes: starts and limits.
///
/// # Panics
/// If the station rejects it.
pub fn composite(station: &mut Transcript, evse: i32, duration: i32) -> Vec<(i64, f64)> {
    let asked = json!({ "evseId": evse, "duration": duration, "chargingRateUnit": "A" });
    let answer = station.call("GetCompositeSchedule", asked)[2].clone();
    assert_eq!(answer["status"], "Accepted", "{answer}");
    steps(&answer["schedule"])
}

/// The starts and limits of a schedule of either version.
pub fn steps(schedule: &Value) -> Vec<(i64, f64)> {
    let periods = schedule["chargingSchedulePeriod"].as_array().cloned().unwrap_or_default();
    let step = |period: &Value| Some((period["startPeriod"].as_i64()?, period["limit"].as_f64()?));
    periods.iter().filter_map(step).collect()
}

/// Asks for profiles, answers all reports, and gives them.
///
/// # Panics
/// If the answer does not fit the reports.
pub fn reports(station: &mut Transcript, criterion: Value, evse: Option<i32>) -> Vec<Value> {
    let mut asked = json!({ "requestId": 5, "chargingProfile": criterion });
    if let Some(evse) = evse {
        asked["evseId"] = evse.into();
    }
    let answer = station.call("GetChargingProfiles", asked)[2].clone();
    let reports = station.answer_all("ReportChargingProfiles");
    let expected = if reports.is_empty() { "NoProfiles" } else { "Accepted" };
    assert_eq!(answer["status"], expected);
    reports
}

/// The ids of the profiles in reports.
pub fn ids(reports: &[Value]) -> Vec<i64> {
    let profiles = reports.iter().flat_map(|report| report["chargingProfile"].as_array().cloned().unwrap_or_default());
    profiles.filter_map(|profile| profile["id"].as_i64()).collect()
}

/// The last limit in amperes that the hardware of an EVSE was told.
///
/// # Panics
/// If it was told none.
pub fn told(station: &Transcript, evse: EvseId) -> Option<Decimal> {
    let limit = station.outputs.iter().rev().find_map(|output| match output {
        Output::SetLimit { evse: at, limit } if *at == evse => Some(*limit),
        _ => None,
    });
    limit.expect("a limit was told").current_a
}

/// A current, to be compared with [`told`].
pub fn amperes(limit: i32) -> Option<Decimal> {
    Some(Decimal::from_int(limit))
}
