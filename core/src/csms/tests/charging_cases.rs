//! Certification cases of smart charging, as far as a machine has a part in them: what it sends, and what it makes of the
//! answers.

use alloc::boxed::Box;
use alloc::vec;

use serde_json::json;

use super::*;
use crate::domain::{
    ChargingLimitSource, ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit,
    ChargingSchedule, ChargingSchedulePeriod, CompositeQuery, EvseId, IdToken, IdTokenKind, ProfileCriteria, Reply,
};

fn profile(id: i32, level: i32, purpose: ChargingProfilePurpose, kind: ChargingProfileKind) -> ChargingProfile {
    let mut period = ChargingSchedulePeriod::new(0);
    period.limit = Some(6.into());
    let mut schedule = ChargingSchedule::new(1, ChargingRateUnit::A, vec![period]);
    schedule.start_schedule = (kind != ChargingProfileKind::Relative).then(|| NOW.parse().expect("a timestamp"));
    schedule.duration = Some(300);
    ChargingProfile::new(id, level, purpose, kind, vec![schedule])
}

fn default(id: i32, level: i32) -> ChargingProfile {
    profile(id, level, ChargingProfilePurpose::TxDefaultProfile, ChargingProfileKind::Absolute)
}

impl Desk {
    /// Sends a command, gives the payload that went out, and lets the station answer with this one.
    fn sends(&mut self, action: &str, command: Command, answer_payload: &Value) -> (Value, Outcome) {
        let call = answer(&self.command(1, command, 0));
        assert_eq!(call[2], action);
        let actions = self.receive(&json!([3, call[1], answer_payload]).to_string());
        let done = outputs(&actions).into_iter().find_map(|output| match output {
            Output::Done { operation: 1, outcome } => Some(outcome.clone()),
            _ => None,
        });
        (call[3].clone(), done.expect("the operation ended"))
    }

    fn installs(&mut self, evse: i32, profile: &ChargingProfile) -> Value {
        let command = Command::SetChargingProfile { evse: EvseId(evse), profile: Box::new(profile.clone()) };
        let (payload, outcome) = self.sends("SetChargingProfile", command, &json!({ "status": "Accepted" }));
        assert_eq!(outcome, Outcome::Reply(Reply::SetChargingProfile { accepted: true, why: None }));
        assert!(self.csms.profiles().any(|(at, kept)| at == EvseId(evse) && kept == profile));
        payload
    }

    fn asks_for_profiles(&mut self, criteria: ProfileCriteria) -> Value {
        let command = Command::GetChargingProfiles { request_id: 4, criteria };
        let (payload, outcome) = self.sends("GetChargingProfiles", command, &json!({ "status": "Accepted" }));
        assert_eq!(outcome, Outcome::Reply(Reply::GetChargingProfiles { any: true }));
        assert_eq!(payload["requestId"], 4);
        let report = json!({
            "requestId": 4, "chargingLimitSource": "CSO", "evseId": 1, "tbc": false,
            "chargingProfile": [serde_json::to_value(default(1, 0)).expect("JSON")],
        });
        let answered = self.receive(&json!([2, "r", "ReportChargingProfiles", report]).to_string());
        assert_eq!(answer(&answered), json!([3, "r", {}]));
        payload
    }

    fn clears(&mut self, criteria: ProfileCriteria, status: &str) -> (Value, Outcome) {
        self.sends("ClearChargingProfile", Command::ClearChargingProfile(criteria), &json!({ "status": status }))
    }
}

fn desk() -> Desk {
    Desk::accepted(Version::V201)
}

fn of_evse(evse: i32) -> ProfileCriteria {
    ProfileCriteria { evse: Some(EvseId(evse)), ..ProfileCriteria::default() }
}

/// K01.FR.31.
#[test]
fn tc_k_01_csms_a_default_for_an_evse() {
    let payload = desk().installs(1, &default(1, 0));
    let profile = &payload["chargingProfile"];
    assert_eq!((&payload["evseId"], &profile["chargingProfilePurpose"]), (&json!(1), &json!("TxDefaultProfile")));
    assert_eq!(profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["startPeriod"], 0);
    assert_eq!(profile["transactionId"], Value::Null);
}

/// TC_K_15_CSMS as well: what the station refuses or does not support is reported, and not remembered.
#[test]
fn tc_k_02_csms_a_rejected_profile_is_not_remembered() {
    let mut desk = desk();
    let mut tx = profile(1, 0, ChargingProfilePurpose::TxProfile, ChargingProfileKind::Relative);
    tx.transaction_id = Some("T".into());
    let command = Command::SetChargingProfile { evse: EvseId(1), profile: Box::new(tx) };
    let (payload, outcome) = desk.sends("SetChargingProfile", command.clone(), &json!({ "status": "Rejected" }));
    assert_eq!(payload["chargingProfile"]["transactionId"], "T");
    assert_eq!(outcome, Outcome::Reply(Reply::SetChargingProfile { accepted: false, why: None }));
    let call = answer(&desk.command(2, command, 0));
    let actions = desk.receive(&json!([4, call[1], "NotSupported", "", {}]).to_string());
    let not_supported = |output: &&Output| matches!(output, Output::Done { outcome: Outcome::CallError { code, .. }, .. } if code.as_str() == "NotSupported");
    assert!(outputs(&actions).iter().any(not_supported));
    assert_eq!(desk.csms.profiles().count(), 0);
}

/// K01.FR.31, K01.FR.38.
#[test]
fn tc_k_03_csms_a_maximum_for_the_station() {
    let most = profile(1, 0, ChargingProfilePurpose::ChargingStationMaxProfile, ChargingProfileKind::Absolute);
    let payload = desk().installs(0, &most);
    assert_eq!(payload["evseId"], 0);
    assert_eq!(payload["chargingProfile"]["chargingProfilePurpose"], "ChargingStationMaxProfile");
}

/// K01.FR.05.
#[test]
fn tc_k_04_csms_a_profile_is_replaced_by_its_id() {
    let mut desk = desk();
    desk.installs(1, &default(1, 0));
    desk.installs(1, &default(1, 2));
    assert_eq!(desk.csms.profiles().map(|(_, profile)| profile.stack_level).collect::<Vec<_>>(), [2]);
}

/// K10.FR.02.
#[test]
fn tc_k_05_csms_a_profile_is_cleared_by_its_id() {
    let mut desk = desk();
    desk.installs(1, &default(7, 0));
    let (payload, _) = desk.clears(ProfileCriteria::id(7), "Accepted");
    assert_eq!(payload, json!({ "chargingProfileId": 7 }));
    assert_eq!(desk.csms.profiles().count(), 0);
}

/// K10.FR.02.
#[test]
fn tc_k_06_csms_a_profile_is_cleared_by_its_level_and_purpose() {
    let mut desk = desk();
    desk.installs(1, &default(7, 2));
    desk.installs(1, &default(8, 3));
    let purpose = Some(ChargingProfilePurpose::TxDefaultProfile);
    let criteria = ProfileCriteria { purpose, stack_level: Some(2), ..ProfileCriteria::default() };
    let (payload, _) = desk.clears(criteria, "Accepted");
    let expected = json!({ "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2 });
    assert_eq!(payload, json!({ "chargingProfileCriteria": expected }));
    assert_eq!(desk.csms.profiles().map(|(_, profile)| profile.id).collect::<Vec<_>>(), [8]);
}

/// K10: there was none.
#[test]
fn tc_k_08_csms_clearing_nothing_is_told() {
    let (_, outcome) = desk().clears(ProfileCriteria::id(9), "Unknown");
    assert_eq!(outcome, Outcome::Reply(Reply::ClearChargingProfile { any: false }));
}

/// K01.FR.31.
#[test]
fn tc_k_10_csms_a_default_for_all_evses() {
    assert_eq!(desk().installs(0, &default(1, 0))["evseId"], 0);
}

/// K01.FR.40.
#[test]
fn tc_k_19_csms_a_recurring_profile() {
    let mut daily = profile(1, 0, ChargingProfilePurpose::TxDefaultProfile, ChargingProfileKind::Recurring);
    daily.recurrency_kind = Some(pilotwire_messages::v2::RecurrencyKind::Daily);
    let payload = desk().installs(1, &daily);
    let sent = &payload["chargingProfile"];
    assert_eq!((&sent["chargingProfileKind"], &sent["recurrencyKind"]), (&json!("Recurring"), &json!("Daily")));
    assert_eq!(sent["chargingSchedule"][0]["startSchedule"], NOW);
}

/// K09.FR.03.
#[test]
fn tc_k_29_csms_profiles_of_the_station() {
    assert_eq!(desk().asks_for_profiles(of_evse(0))["evseId"], 0);
}

/// K09.FR.03.
#[test]
fn tc_k_30_csms_profiles_of_an_evse() {
    assert_eq!(desk().asks_for_profiles(of_evse(1))["evseId"], 1);
}

/// K09.FR.03.
#[test]
fn tc_k_31_csms_profiles_of_all() {
    let payload = desk().asks_for_profiles(ProfileCriteria::default());
    assert_eq!(payload, json!({ "requestId": 4, "chargingProfile": {} }));
}

/// K09.FR.03.
#[test]
fn tc_k_32_csms_a_profile_by_its_id() {
    let payload = desk().asks_for_profiles(ProfileCriteria::id(1));
    assert_eq!(payload["chargingProfile"], json!({ "chargingProfileId": [1] }));
}

/// K09.FR.03.
#[test]
fn tc_k_33_csms_profiles_by_their_level() {
    let payload = desk().asks_for_profiles(ProfileCriteria { stack_level: Some(2), ..of_evse(1) });
    assert_eq!(payload, json!({ "requestId": 4, "evseId": 1, "chargingProfile": { "stackLevel": 2 } }));
}

/// K09.FR.03; TC_K_52_CSMS: those of the site, too.
#[test]
fn tc_k_34_csms_profiles_by_their_source() {
    let mut desk = desk();
    let payload = desk.asks_for_profiles(ProfileCriteria { sources: vec![ChargingLimitSource::CSO], ..of_evse(1) });
    assert_eq!(payload["chargingProfile"], json!({ "chargingLimitSource": ["CSO"] }));
    let payload = desk.asks_for_profiles(ProfileCriteria { sources: vec![ChargingLimitSource::EMS], ..of_evse(1) });
    assert_eq!(payload["chargingProfile"], json!({ "chargingLimitSource": ["EMS"] }));
}

/// K09.FR.03.
#[test]
fn tc_k_35_csms_profiles_by_their_purpose() {
    let purpose = Some(ChargingProfilePurpose::TxDefaultProfile);
    let payload = desk().asks_for_profiles(ProfileCriteria { purpose, ..of_evse(1) });
    assert_eq!(payload["chargingProfile"], json!({ "chargingProfilePurpose": "TxDefaultProfile" }));
}

/// K09.FR.03.
#[test]
fn tc_k_36_csms_profiles_by_their_purpose_and_level() {
    let purpose = Some(ChargingProfilePurpose::TxDefaultProfile);
    let payload = desk().asks_for_profiles(ProfileCriteria { purpose, stack_level: Some(2), ..of_evse(1) });
    let expected = json!({ "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2 });
    assert_eq!(payload["chargingProfile"], expected);
}

/// K05.FR.02, F01.FR.08 to F01.FR.11.
#[test]
fn tc_k_37_csms_a_remote_start_with_a_profile() {
    let tx = profile(3, 0, ChargingProfilePurpose::TxProfile, ChargingProfileKind::Relative);
    let command = Command::RequestStart {
        evse: Some(EvseId(1)),
        token: IdToken::new("R", IdTokenKind::Central),
        remote_start_id: Some(5),
        profile: Some(Box::new(tx)),
    };
    let (payload, _) = desk().sends("RequestStartTransaction", command, &json!({ "status": "Accepted" }));
    let sent = &payload["chargingProfile"];
    assert_eq!((&payload["evseId"], &payload["idToken"]["idToken"]), (&json!(1), &json!("R")));
    assert_eq!(
        (&sent["chargingProfilePurpose"], &sent["chargingProfileKind"]),
        (&json!("TxProfile"), &json!("Relative"))
    );
    assert_eq!(sent["transactionId"], Value::Null);
}

fn composite(evse: i32) -> (Value, Outcome) {
    let query = CompositeQuery { evse: EvseId(evse), duration_s: 300, unit: Some(ChargingRateUnit::A) };
    let period = json!({ "startPeriod": 0, "limit": 10 });
    let schedule = json!({
        "evseId": evse, "duration": 300, "scheduleStart": NOW, "chargingRateUnit": "A", "chargingSchedulePeriod": [period],
    });
    let answer = json!({ "status": "Accepted", "schedule": schedule });
    desk().sends("GetCompositeSchedule", Command::GetCompositeSchedule(query), &answer)
}

/// TC_K_44_CSMS as well; K08.FR.01.
#[test]
fn tc_k_43_csms_a_composite_schedule() {
    for evse in [1, 0] {
        let (payload, outcome) = composite(evse);
        assert_eq!(payload, json!({ "evseId": evse, "duration": 300, "chargingRateUnit": "A" }));
        let Outcome::Reply(Reply::GetCompositeSchedule { schedule: Some(schedule), .. }) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((schedule.evse_id, schedule.duration), (evse, 300));
        assert_eq!(schedule.charging_schedule_period[0].limit, Some(10.into()));
    }
}

fn plan(limit: i32) -> Value {
    let schedule = json!({
        "id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": limit }],
    });
    json!({ "timeBase": NOW, "evseId": 1, "chargingSchedule": schedule })
}

/// TC_K_59_CSMS and TC_K_60_CSMS as well: a profile for the transaction that runs; K16.FR.06, K16.FR.12, K01.FR.03. The
/// vehicle may ask again, gets another one, and its plan is accepted within it.
#[test]
fn tc_k_58_csms_a_charging_schedule_is_renegotiated() {
    let mut desk = desk();
    desk.receive(&format!(
        r#"[2,"t","TransactionEvent",{{"eventType":"Started","timestamp":"{NOW}","triggerReason":"Authorized","seqNo":0,"transactionInfo":{{"transactionId":"T"}},"evse":{{"id":1,"connectorId":1}}}}]"#
    ));
    let mut tx = profile(3, 0, ChargingProfilePurpose::TxProfile, ChargingProfileKind::Absolute);
    tx.transaction_id = Some("T".into());
    let payload = desk.installs(1, &tx);
    assert_eq!((&payload["evseId"], &payload["chargingProfile"]["transactionId"]), (&json!(1), &json!("T")));
    let needs = json!({ "evseId": 1, "chargingNeeds": { "requestedEnergyTransfer": "AC_single_phase" } });
    let actions = desk.receive(&json!([2, "n", "NotifyEVChargingNeeds", needs]).to_string());
    let question = outputs(&actions).into_iter().find_map(|output| match output {
        Output::EvNeeds { question, .. } => Some(*question),
        _ => None,
    });
    let status = crate::domain::NotifyEvChargingNeedsStatus::Processing;
    let answered = desk.input(Input::EvNeedsAnswered { question: question.expect("a question"), status });
    assert_eq!(answer(&answered), json!([3, "n", { "status": "Processing" }]));
    desk.installs(1, &tx);
    let answered = desk.receive(&json!([2, "p", "NotifyEVChargingSchedule", plan(6)]).to_string());
    assert_eq!(answer(&answered), json!([3, "p", { "status": "Accepted" }]));
}

/// Two profiles that differ in id and level are both remembered.
#[test]
fn tc_k_70_csms_several_profiles() {
    let mut desk = desk();
    desk.installs(1, &default(1, 0));
    let payload = desk.installs(1, &default(2, 1));
    assert_eq!((&payload["chargingProfile"]["id"], &payload["chargingProfile"]["stackLevel"]), (&json!(2), &json!(1)));
    assert_eq!(desk.csms.profiles().count(), 2);
}

/// TC_057_CSMS, TC_059_CSMS, TC_066_CSMS and TC_067_CSMS as well: the same commands in the words of 1.6.
#[test]
fn tc_056_csms_commands_of_smart_charging_in_1_6() {
    let mut desk = Desk::accepted(Version::V16);
    let payload = desk.installs(1, &default(1, 2));
    let sent = &payload["csChargingProfiles"];
    assert_eq!(
        (&payload["connectorId"], &sent["chargingProfileId"], &sent["stackLevel"]),
        (&json!(1), &json!(1), &json!(2))
    );
    assert_eq!(sent["chargingSchedule"]["chargingSchedulePeriod"], json!([{ "startPeriod": 0, "limit": 6 }]));
    let mut tx = profile(3, 0, ChargingProfilePurpose::TxProfile, ChargingProfileKind::Absolute);
    tx.transaction_id = Some("77".into());
    assert_eq!(desk.installs(1, &tx)["csChargingProfiles"]["transactionId"], 77);
    let query = CompositeQuery { evse: EvseId(1), duration_s: 300, unit: Some(ChargingRateUnit::A) };
    let rejected = json!({ "status": "Rejected" });
    let (payload, outcome) = desk.sends("GetCompositeSchedule", Command::GetCompositeSchedule(query), &rejected);
    assert_eq!(payload, json!({ "connectorId": 1, "duration": 300, "chargingRateUnit": "A" }));
    assert!(matches!(outcome, Outcome::Reply(Reply::GetCompositeSchedule { schedule: None, .. })));
    let (payload, _) = desk.clears(ProfileCriteria::id(1), "Accepted");
    assert_eq!(payload, json!({ "id": 1 }));
    let start = Command::RequestStart {
        evse: Some(EvseId(1)),
        token: IdToken::new("R", IdTokenKind::Central),
        remote_start_id: None,
        profile: Some(Box::new(profile(4, 0, ChargingProfilePurpose::TxProfile, ChargingProfileKind::Relative))),
    };
    let (payload, _) = desk.sends("RemoteStartTransaction", start, &json!({ "status": "Accepted" }));
    assert_eq!(payload["chargingProfile"]["chargingProfilePurpose"], "TxProfile");
}
