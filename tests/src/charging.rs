//! Charging profiles as a CSMS writes them, and a station's answers about them.

use pilotwire::domain::EvseId;
use pilotwire::messages::Decimal;
use pilotwire::station::Output;
use serde_json::{Value, json};

use crate::transcript::Transcript;

/// The first second of every [`Transcript`].
pub const T0: &str = "2026-03-01T10:00:00.000Z";

/// A profile of 2.0.1: absolute from the station's first second on, in amperes.
pub fn profile(id: i32, level: i32, purpose: &str, periods: &[(i32, i32)]) -> Value {
    let periods: Vec<Value> =
        periods.iter().map(|(start, limit)| json!({ "startPeriod": start, "limit": limit })).collect();
    json!({
        "id": id, "stackLevel": level, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute",
        "chargingSchedule": [{ "id": 1, "startSchedule": T0, "chargingRateUnit": "A", "chargingSchedulePeriod": periods }],
    })
}

/// The same, whose schedule ends after `duration` seconds.
pub fn lasting(mut profile: Value, duration: i32) -> Value {
    profile["chargingSchedule"][0]["duration"] = duration.into();
    profile
}

/// The same, whose schedule starts when the profile does.
pub fn relative(mut profile: Value) -> Value {
    profile["chargingProfileKind"] = "Relative".into();
    profile["chargingSchedule"][0].as_object_mut().map(|schedule| schedule.remove("startSchedule"));
    profile
}

/// The same, valid from one time to another.
pub fn valid(mut profile: Value, from: Option<&str>, to: Option<&str>) -> Value {
    for (member, time) in [("validFrom", from), ("validTo", to)] {
        if let Some(time) = time {
            profile[member] = time.into();
        }
    }
    profile
}

/// The same, in each period for three phases.
pub fn on_three_phases(mut profile: Value) -> Value {
    let periods = profile["chargingSchedule"][0]["chargingSchedulePeriod"].as_array_mut();
    for period in periods.into_iter().flatten() {
        period["numberPhases"] = 3.into();
    }
    profile
}

/// The same, for the transaction that started last.
pub fn of_transaction(mut profile: Value, station: &Transcript) -> Value {
    profile["transactionId"] = transaction(station).into();
    profile
}

/// The transaction that started last.
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

/// What the station says to a profile.
pub fn set(station: &mut Transcript, evse: i32, profile: &Value) -> Value {
    station.call("SetChargingProfile", json!({ "evseId": evse, "chargingProfile": profile }))[2].clone()
}

/// The station must take this profile.
///
/// # Panics
/// If it does not.
pub fn accepts(station: &mut Transcript, evse: i32, profile: &Value) {
    assert_eq!(set(station, evse, profile)["status"], "Accepted", "{profile}");
}

/// The station must not take this profile, for this reason.
///
/// # Panics
/// If it takes it, or says something else.
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
/// If there is none, or it is not the one that was asked for.
pub fn composite(station: &mut Transcript, evse: i32, duration: i32) -> Vec<(i64, f64)> {
    let asked = json!({ "evseId": evse, "duration": duration, "chargingRateUnit": "A" });
    let answer = station.call("GetCompositeSchedule", asked)[2].clone();
    assert_eq!(answer["status"], "Accepted", "{answer}");
    let schedule = &answer["schedule"];
    let covered = (&schedule["evseId"], &schedule["duration"], &schedule["chargingRateUnit"]);
    assert_eq!(covered, (&json!(evse), &json!(duration), &json!("A")));
    steps(schedule)
}

/// Starts and limits of a schedule.
pub fn steps(schedule: &Value) -> Vec<(i64, f64)> {
    let periods = schedule["chargingSchedulePeriod"].as_array().cloned().unwrap_or_default();
    let step = |period: &Value| Some((period["startPeriod"].as_i64()?, period["limit"].as_f64()?));
    periods.iter().filter_map(step).collect()
}

/// Asks for profiles, answers all reports, and gives them.
///
/// # Panics
/// If the answer does not say whether reports follow, or they answer another request.
pub fn reports(station: &mut Transcript, criterion: Value, evse: Option<i32>) -> Vec<Value> {
    let mut asked = json!({ "requestId": 5, "chargingProfile": criterion });
    if let Some(evse) = evse {
        asked["evseId"] = evse.into();
    }
    let answer = station.call("GetChargingProfiles", asked)[2].clone();
    let reports = station.answer_all("ReportChargingProfiles");
    let expected = if reports.is_empty() { "NoProfiles" } else { "Accepted" };
    assert_eq!(answer["status"], expected);
    assert!(reports.iter().all(|report| report["requestId"] == 5), "K09.FR.01: {reports:?}");
    reports
}

/// The profiles of all reports.
pub fn reported(reports: &[Value]) -> Vec<Value> {
    reports.iter().flat_map(|report| report["chargingProfile"].as_array().cloned().unwrap_or_default()).collect()
}

/// The ids of the profiles of all reports.
pub fn ids(reports: &[Value]) -> Vec<i64> {
    reported(reports).iter().filter_map(|profile| profile["id"].as_i64()).collect()
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

/// As [`told`] tells it.
pub fn amperes(limit: i32) -> Option<Decimal> {
    Some(Decimal::from_int(limit))
}
