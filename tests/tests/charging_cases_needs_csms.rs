//! Certification cases of a CSMS of 2.0.1 that negotiates with vehicles (K15 to K17), with their errata.

use pilotwire::Version;
use pilotwire::csms::{Input, Output};
use pilotwire::domain::{Command, EvseId, NotifyEvChargingNeedsStatus};
use pilotwire_tests::charging::{T0, lasting, profile};
use pilotwire_tests::desk::{Desk, started, updated};
use serde_json::{Value, json};

const TRANSACTION: &str = "T1";

/// A vehicle that is connected and authorized, and does not charge yet.
fn authorized() -> Desk {
    let mut desk = Desk::accepted(Version::V201);
    let accepted = desk.call("TransactionEvent", started(TRANSACTION));
    assert_eq!(accepted["idTokenInfo"]["status"], "Accepted");
    desk
}

/// A vehicle tells its needs; the host answers with this status, and so does the CSMS.
fn hears_needs(desk: &mut Desk, status: NotifyEvChargingNeedsStatus) {
    let needs = json!({ "requestedEnergyTransfer": "DC", "dcChargingParameters": { "evMaxCurrent": 200, "evMaxVoltage": 400 } });
    let told = json!({ "evseId": 1, "maxScheduleTuples": 3, "chargingNeeds": needs });
    let id = desk.send("NotifyEVChargingNeeds", told);
    let Some(Output::EvNeeds { question, needs }) = desk.outputs.last().cloned() else { panic!("{:?}", desk.outputs) };
    assert_eq!((needs.evse, needs.max_schedule_tuples), (EvseId(1), Some(3)));
    desk.expect_nothing();
    let word = status.as_str().to_owned();
    desk.input(Input::EvNeedsAnswered { question, status });
    assert_eq!(desk.result(&id), json!({ "status": word }));
}

/// The CSMS limits the transaction; gives the schedule.
fn sets_limit(desk: &mut Desk, limit: i32) -> Value {
    let mut tx = lasting(profile(1, 0, "TxProfile", &[(0, limit)]), 300);
    tx["transactionId"] = TRANSACTION.into();
    let given = Box::new(serde_json::from_value(tx.clone()).expect("a profile"));
    let command = Command::SetChargingProfile { evse: EvseId(1), profile: given };
    let sent = desk.command("SetChargingProfile", command);
    assert_eq!(sent, json!({ "evseId": 1, "chargingProfile": tx }));
    desk.answer(json!({ "status": "Accepted" }));
    tx["chargingSchedule"][0].clone()
}

/// A vehicle plans to charge like this; gives what the CSMS says to it.
fn hears_plan(desk: &mut Desk, schedule: &Value) -> Value {
    let plan = json!({ "timeBase": T0, "evseId": 1, "chargingSchedule": schedule });
    let answer = desk.call("NotifyEVChargingSchedule", plan);
    let accepted = answer["status"] == "Accepted";
    let told = desk.outputs.last();
    assert!(matches!(told, Some(Output::EvSchedule { accepted: known, .. }) if *known == accepted), "{told:?}");
    answer["status"].clone()
}

fn hears_that_it_charges(desk: &mut Desk) {
    assert_eq!(desk.call("TransactionEvent", updated(TRANSACTION, 1, "ChargingStateChanged")), json!({}));
    desk.expect_nothing();
}

/// A transaction that charges within a limit of 10 A that was negotiated.
fn negotiated() -> Desk {
    let mut desk = authorized();
    hears_needs(&mut desk, NotifyEvChargingNeedsStatus::Accepted);
    let schedule = sets_limit(&mut desk, 10);
    assert_eq!(hears_plan(&mut desk, &schedule), "Accepted");
    hears_that_it_charges(&mut desk);
    desk
}

/// TC_K_53_CSMS, K15.FR.02, K15.FR.03, K15.FR.05, K15.FR.07, K15.FR.11, errata 6.3.17: nothing is renegotiated without cause.
#[test]
fn tc_k_53_csms_a_vehicle_charges_as_it_was_negotiated() {
    for status in [NotifyEvChargingNeedsStatus::Accepted, NotifyEvChargingNeedsStatus::Processing] {
        let mut desk = authorized();
        hears_needs(&mut desk, status);
        let schedule = sets_limit(&mut desk, 10);
        assert_eq!(hears_plan(&mut desk, &schedule), "Accepted");
        hears_that_it_charges(&mut desk);
    }
}

/// TC_K_55_CSMS, K15.FR.12, K15.FR.13, K16.FR.07, K16.FR.08, errata 6.3.18.
#[test]
fn tc_k_55_csms_a_plan_beyond_the_limits_is_rejected() {
    let mut desk = authorized();
    hears_needs(&mut desk, NotifyEvChargingNeedsStatus::Accepted);
    let mut schedule = sets_limit(&mut desk, 10);
    schedule["chargingSchedulePeriod"][0]["limit"] = 11.into();
    assert_eq!(hears_plan(&mut desk, &schedule), "Rejected");
    hears_that_it_charges(&mut desk);
    let schedule = sets_limit(&mut desk, 8);
    assert_eq!(hears_plan(&mut desk, &schedule), "Accepted");
}

/// TC_K_57_CSMS, K17.FR.02, K17.FR.03, K17.FR.05, K17.FR.07, K17.FR.11, errata 6.3.18.
#[test]
fn tc_k_57_csms_a_vehicle_renegotiates() {
    for status in [NotifyEvChargingNeedsStatus::Accepted, NotifyEvChargingNeedsStatus::Processing] {
        let mut desk = negotiated();
        hears_needs(&mut desk, status);
        let schedule = sets_limit(&mut desk, 15);
        assert_eq!(hears_plan(&mut desk, &schedule), "Accepted");
        desk.expect_nothing();
    }
}

/// TC_K_58_CSMS, K16.FR.06, errata 6.3.18: the limits are those that were set last.
#[test]
fn tc_k_58_csms_the_csms_renegotiates() {
    let mut desk = negotiated();
    let schedule = sets_limit(&mut desk, 8);
    assert_eq!(hears_plan(&mut desk, &schedule), "Accepted");
    let mut before = schedule;
    before["chargingSchedulePeriod"][0]["limit"] = 10.into();
    assert_eq!(hears_plan(&mut desk, &before), "Rejected");
}

/// TC_K_59_CSMS, K16.FR.12, errata 6.3.18.
#[test]
fn tc_k_59_csms_a_vehicle_tells_its_needs_again_when_the_csms_renegotiates() {
    let mut desk = negotiated();
    sets_limit(&mut desk, 8);
    hears_needs(&mut desk, NotifyEvChargingNeedsStatus::Accepted);
    let schedule = sets_limit(&mut desk, 8);
    assert_eq!(hears_plan(&mut desk, &schedule), "Accepted");
    desk.expect_nothing();
}
