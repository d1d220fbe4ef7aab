//! Charging profiles in the station: kept, compared, and held against vehicles' plans.

use alloc::boxed::Box;
use alloc::vec;

use super::super::ProfileDifferences;
use super::*;
use crate::domain::{
    ChargingProfile, ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit, ChargingSchedule,
    ChargingSchedulePeriod, EvseId, IdToken, IdTokenKind, NotifyEvChargingNeedsStatus, ProfileCriteria,
};

fn profile(id: i32, purpose: ChargingProfilePurpose, limits: &[(i32, i32)]) -> ChargingProfile {
    let periods = limits.iter().map(|(start, limit)| {
        let mut period = ChargingSchedulePeriod::new(*start);
        period.limit = Some((*limit).into());
        period
    });
    let mut schedule = ChargingSchedule::new(1, ChargingRateUnit::A, periods.collect::<Vec<_>>());
    schedule.start_schedule = NOW.parse().ok();
    let mut profile = ChargingProfile::new(id, 0, purpose, ChargingProfileKind::Absolute, vec![schedule]);
    profile.transaction_id =
        (profile.charging_profile_purpose == ChargingProfilePurpose::TxProfile).then(|| "T".into());
    profile
}

impl Desk {
    /// Sends a command, and lets the station answer with this payload.
    fn ask(&mut self, command: Command, payload: &str) -> Actions {
        let call = answer(&self.command(1, command, 0));
        self.receive(&format!(r#"[3,{},{payload}]"#, call[1]))
    }

    fn set(&mut self, evse: i32, profile: ChargingProfile, status: &str) -> Actions {
        let command = Command::SetChargingProfile { evse: EvseId(evse), profile: Box::new(profile) };
        self.ask(command, &format!(r#"{{"status":"{status}"}}"#))
    }

    fn ids(&self) -> Vec<i32> {
        self.csms.profiles().map(|(_, profile)| profile.id).collect()
    }

    fn report(&mut self, profiles: &[ChargingProfile], tbc: bool) -> Actions {
        let profiles = pilotwire_messages::encode(profiles);
        self.receive(&format!(
            r#"[2,"r{}","ReportChargingProfiles",{{"requestId":4,"chargingLimitSource":"CSO","evseId":1,"tbc":{tbc},"chargingProfile":{profiles}}}]"#,
            profiles.len(),
        ))
    }
}

fn default(id: i32) -> ChargingProfile {
    profile(id, ChargingProfilePurpose::TxDefaultProfile, &[(0, 16)])
}

fn compared(actions: &[Action<Output>]) -> Option<&ProfileDifferences> {
    outputs(actions).into_iter().find_map(|output| match output {
        Output::ProfilesCompared(differences) => Some(differences),
        _ => None,
    })
}

/// K01: what the station took is remembered, through a restart; what it refused is not.
#[test]
fn what_the_station_took_is_remembered() {
    let mut desk = Desk::accepted(Version::V201);
    desk.set(1, default(1), "Accepted");
    desk.set(1, default(2), "Rejected");
    assert_eq!(desk.ids(), [1]);
    let restarted = Desk::restarted(config(), desk.disk.clone());
    assert_eq!(restarted.ids(), [1]);
}

/// 1.6 §3.13.2: a profile of the same purpose and level replaces the other one; in 2.x the id decides.
#[test]
fn editions_replace_as_their_stations_do() {
    for (version, left) in [(Version::V16, vec![2]), (Version::V201, vec![1, 2])] {
        let mut desk = Desk::accepted(version);
        desk.set(1, default(1), "Accepted");
        desk.set(1, default(2), "Accepted");
        assert_eq!(desk.ids(), left, "{version}");
    }
}

/// K10; what the station does not know is not there either.
#[test]
fn what_is_cleared_is_forgotten() {
    let mut desk = Desk::accepted(Version::V201);
    desk.set(1, default(1), "Accepted");
    desk.set(2, default(2), "Accepted");
    desk.ask(Command::ClearChargingProfile(ProfileCriteria::id(1)), r#"{"status":"Unknown"}"#);
    assert_eq!(desk.ids(), [2]);
    desk.ask(Command::ClearChargingProfile(ProfileCriteria::default()), r#"{"status":"Accepted"}"#);
    assert_eq!(desk.ids(), [0; 0]);
    assert!(!desk.disk.keys().any(|key| key.starts_with("profile/")));
}

/// A call that the host wrote itself means what a command does.
#[test]
fn raw_calls_count_as_well() {
    let mut desk = Desk::accepted(Version::V201);
    let payload = format!(r#"{{"evseId":1,"chargingProfile":{}}}"#, pilotwire_messages::encode(&default(7)));
    let payload = pilotwire_messages::Json::parse(&payload).unwrap();
    let raw = Input::RawCall { operation: 1, action: "SetChargingProfile".into(), payload, wait_s: 0 };
    let call = answer(&desk.input(raw));
    desk.receive(&format!(r#"[3,{},{{"status":"Accepted"}}]"#, call[1]));
    assert_eq!(desk.ids(), [7]);
}

/// K02.FR.05: TxProfiles end with their transaction; K05: a remote start's gets its place when the transaction begins.
#[test]
fn profiles_of_transactions_come_and_go_with_them() {
    let mut desk = Desk::accepted(Version::V201);
    let tx = ChargingProfile { transaction_id: None, ..profile(3, ChargingProfilePurpose::TxProfile, &[(0, 8)]) };
    let start = Command::RequestStart {
        evse: Some(EvseId(2)),
        token: IdToken::new("R", IdTokenKind::Central),
        remote_start_id: Some(5),
        profile: Some(Box::new(tx)),
    };
    desk.ask(start, r#"{"status":"Accepted"}"#);
    assert_eq!(desk.ids(), [0; 0], "no transaction yet");
    let event = |kind: &str, seq: u32, rest: &str| {
        format!(
            r#"[2,"e{seq}","TransactionEvent",{{"eventType":"{kind}","timestamp":"{NOW}","triggerReason":"RemoteStart","seqNo":{seq},"transactionInfo":{{"transactionId":"T9"}}{rest}}}]"#
        )
    };
    desk.receive(&event("Started", 0, r#","evse":{"id":2},"idToken":{"idToken":"R","type":"Central"}"#));
    let kept: Vec<_> = desk.csms.profiles().map(|(evse, profile)| (evse, profile.transaction_id.clone())).collect();
    assert_eq!(kept, [(EvseId(2), Some("T9".into()))]);
    desk.receive(&event("Ended", 1, ""));
    assert_eq!(desk.ids(), [0; 0]);
}

/// K09: what the station reports is compared with what was set there; the station is right about itself.
#[test]
fn a_report_is_compared_with_what_was_set() {
    let mut desk = Desk::accepted(Version::V201);
    for id in [1, 2, 3] {
        desk.set(1, default(id), "Accepted");
    }
    let criteria = ProfileCriteria { evse: Some(EvseId(1)), ..ProfileCriteria::default() };
    desk.ask(Command::GetChargingProfiles { request_id: 4, criteria }, r#"{"status":"Accepted"}"#);
    assert_eq!(compared(&desk.report(&[default(1)], true)), None, "more follows");
    let other = profile(2, ChargingProfilePurpose::TxDefaultProfile, &[(0, 10)]);
    let actions = desk.report(&[other, default(9)], false);
    let differences = ProfileDifferences { request_id: 4, missing: vec![3], changed: vec![2], unexpected: vec![9] };
    assert_eq!(compared(&actions), Some(&differences));
    let mut ids = desk.ids();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 9]);
}

#[test]
fn a_station_without_profiles_is_compared_at_once() {
    let mut desk = Desk::accepted(Version::V201);
    desk.set(1, default(1), "Accepted");
    let criteria = ProfileCriteria::default();
    let actions = desk.ask(Command::GetChargingProfiles { request_id: 4, criteria }, r#"{"status":"NoProfiles"}"#);
    assert_eq!(compared(&actions).map(|differences| differences.missing.clone()), Some(vec![1]));
}

/// K15.FR.11, K15.FR.12, TC_K_55_CSMS: a plan within its limits is accepted, another one is not.
#[test]
fn a_vehicles_plan_is_held_against_its_limits() {
    for (limits, verdict) in
        [(&[(0, 16), (600, 10)][..], "Accepted"), (&[(0, 16), (300, 10)], "Rejected"), (&[(0, 15)], "Rejected")]
    {
        let mut desk = Desk::accepted(Version::V201);
        desk.set(1, profile(3, ChargingProfilePurpose::TxProfile, limits), "Accepted");
        let actions = desk.receive(&format!(
            r#"[2,"p","NotifyEVChargingSchedule",{{"timeBase":"{NOW}","evseId":1,"chargingSchedule":{{"id":1,"chargingRateUnit":"A","duration":900,"chargingSchedulePeriod":[{{"startPeriod":0,"limit":16}},{{"startPeriod":500,"limit":10}}]}}}}]"#
        ));
        assert_eq!(answer(&actions)[2]["status"], verdict, "{limits:?}");
        let told = outputs(&actions);
        assert!(matches!(told[..], [Output::EvSchedule { accepted, .. }] if *accepted == (verdict == "Accepted")));
    }
}

/// K15.FR.02 to K15.FR.05, TC_K_53_CSMS, TC_K_57_CSMS: the host knows whether a schedule will come.
#[test]
fn a_vehicles_needs_are_answered_by_the_host() {
    let mut desk = Desk::accepted(Version::V201);
    let needs = r#"[2,"n","NotifyEVChargingNeeds",{"evseId":1,"chargingNeeds":{"requestedEnergyTransfer":"DC","dcChargingParameters":{"evMaxCurrent":200,"evMaxVoltage":400}}}]"#;
    let actions = desk.receive(needs);
    assert_eq!(sent(&actions), [""; 0]);
    let [Output::EvNeeds { question, .. }] = outputs(&actions)[..] else { panic!("{actions:?}") };
    let status = NotifyEvChargingNeedsStatus::Processing;
    let actions = desk.input(Input::EvNeedsAnswered { question: *question, status });
    assert_eq!(answer(&actions)[2]["status"], "Processing");
}

/// TC_K_48_CSMS, TC_K_50_CSMS, TC_K_51_CSMS.
#[test]
fn limits_from_elsewhere_are_told_to_the_host() {
    let mut desk = Desk::accepted(Version::V201);
    let limit = r#"[2,"l","NotifyChargingLimit",{"evseId":1,"chargingLimit":{"chargingLimitSource":"EMS"}}]"#;
    let actions = desk.receive(limit);
    assert!(matches!(outputs(&actions)[..], [Output::ChargingLimit(limit)] if limit.evse == EvseId(1)));
    let actions = desk.receive(r#"[2,"c","ClearedChargingLimit",{"chargingLimitSource":"EMS"}]"#);
    assert!(matches!(outputs(&actions)[..], [Output::ChargingLimitCleared { evse: EvseId(0), .. }]));
}

#[test]
fn what_is_too_much_to_remember_is_told() {
    let mut config = config();
    config.limits.profiles = 1;
    let mut desk = Desk::new(config);
    desk.tell(Event::Connected(Version::V201));
    desk.boot(Version::V201);
    desk.set(1, default(1), "Accepted");
    let actions = desk.set(1, default(2), "Accepted");
    assert!(outputs(&actions).iter().any(|output| matches!(output, Output::LimitHit { .. })));
    assert_eq!(desk.ids(), [1]);
}
