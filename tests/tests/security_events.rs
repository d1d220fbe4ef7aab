//! Security events (A04; whitepaper of 1.6, §8), and a clock that lies (S-12).

use pilotwire::domain::{ConnectionFault, Reading, SecurityProfile, VariableId};
use pilotwire::station::{Config, Input, Output};
use pilotwire::{Event, Machine, Version};
use pilotwire_tests::site::{Site, slot};
use pilotwire_tests::transcript::{EVSE, Transcript};
use serde_json::{Value, json};

const ACTION: &str = "SecurityEventNotification";

fn device(config: &mut Config) {
    config.security.device_events = true;
}

fn made(version: Version, change: impl FnOnce(&mut Config)) -> Site {
    Site::new(version, vec![slot(1, "one", SecurityProfile::Basic)], change)
}

fn tamper(site: &mut Site, info: &str) {
    let kind = "TamperDetectionActivated".into();
    site.tell(Event::Input(Input::SecurityEvent { kind, info: Some(info.into()) }));
}

/// What the CSMS was told: kinds and details.
fn told(site: &Site) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let events = site.requests.iter().filter(|(action, _)| action == ACTION);
    events.map(|(_, event)| (text(&event["type"]), text(&event["techInfo"]))).collect()
}

fn kinds(site: &Site) -> Vec<String> {
    told(site).into_iter().map(|(kind, _)| kind).collect()
}

fn kept(site: &Site) -> usize {
    site.disk.keys().filter(|key| key.starts_with("security/")).count()
}

/// A04.FR.01, A04.FR.03.
#[test]
fn a_critical_event_is_told_and_then_forgotten() {
    for version in Version::ALL {
        let mut site = made(version, |_| {});
        site.run(1);
        tamper(&mut site, "lid");
        assert_eq!(told(&site), [("TamperDetectionActivated".into(), "lid".into())], "{version}");
        assert_eq!(kept(&site), 0);
        let event = site.requests.last().unwrap().1.clone();
        assert_eq!(event["timestamp"], "2026-03-01T10:00:01.000Z");
    }
}

/// A04.FR.04: what is not critical is for the log alone; what nobody knows is told.
#[test]
fn an_event_that_is_not_critical_is_logged_and_not_told() {
    let mut site = made(Version::V201, |_| {});
    site.run(1);
    for kind in ["AttemptedReplayAttacks", "VendorsOwn"] {
        site.tell(Event::Input(Input::SecurityEvent { kind: kind.into(), info: None }));
    }
    assert_eq!(kinds(&site), ["VendorsOwn"]);
    let logged = |output: &Output| matches!(output, Output::SecurityEvent { kind, critical: false, .. } if kind == "AttemptedReplayAttacks");
    assert!(site.outputs.iter().any(logged));
}

/// Whitepaper §8: 1.6 has its own names for four of them.
#[test]
fn events_have_the_names_of_their_edition() {
    for (version, client) in
        [(Version::V16, "InvalidChargePointCertificate"), (Version::V201, "InvalidChargingStationCertificate")]
    {
        let mut site = made(version, |_| {});
        site.run(1);
        let kind = "InvalidChargingStationCertificate".into();
        site.tell(Event::Input(Input::SecurityEvent { kind, info: None }));
        assert_eq!(kinds(&site), [client]);
    }
}

/// A04.FR.02: offline, through power cuts, in order, bounded, and what does not fit is told.
#[test]
fn events_wait_for_the_csms_and_stay_bounded() {
    for version in Version::ALL {
        let mut site = made(version, |config| config.limits.security_events = 20);
        site.world.faults = vec![("one", ConnectionFault::Unreachable)];
        site.run(1);
        for number in 0..25 {
            tamper(&mut site, &number.to_string());
        }
        assert_eq!(kept(&site), 20);
        let hits = site.outputs.iter().filter(|output| matches!(output, Output::LimitHit { .. })).count();
        assert_eq!(hits, 5, "{version}");
        site.power_up();
        site.run(1);
        site.world.faults.clear();
        site.run(60);
        let numbers: Vec<String> = told(&site).into_iter().map(|(_, info)| info).collect();
        assert_eq!(numbers, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(kept(&site), 0);
    }
}

/// A04.FR.02 with a cut after every action: each is told at least once, and none is left.
#[test]
fn no_power_cut_loses_an_event() {
    let play = |cut: Option<u64>| {
        let mut site = made(Version::V201, device);
        site.run(1);
        let begun = site.actions;
        site.cut = cut.map(|cut| begun + cut);
        site.world.faults = vec![("one", ConnectionFault::Unreachable)];
        site.break_off();
        tamper(&mut site, "first");
        site.run(1);
        tamper(&mut site, "second");
        site.world.faults.clear();
        site.run(120);
        (site.actions - begun, site)
    };
    let (actions, _) = play(None);
    assert!(actions > 5, "{actions}");
    for cut in 1..=actions {
        let (_, site) = play(Some(cut));
        let heard = told(&site);
        for info in ["first", "second"] {
            let is_it =
                |output: &Output| matches!(output, Output::SecurityEvent { info: Some(told), .. } if told == info);
            if site.outputs.iter().any(is_it) {
                assert!(heard.iter().any(|(_, told)| told == info), "{info} is lost by the cut after action {cut}");
            }
        }
        assert_eq!(kept(&site), 0, "{cut}");
        let starts = heard.iter().filter(|(kind, _)| kind == "StartupOfTheDevice").count() as u64;
        assert!(starts >= site.lives, "{cut}: {heard:?}");
    }
}

/// A CSMS that answers with an error does not stop the events behind it, and nothing is dropped silently.
#[test]
fn an_event_that_is_not_processed_is_tried_again_and_then_reported() {
    for version in Version::ALL {
        let mut site = made(version, |_| {});
        site.run(1);
        site.world.errors = vec![ACTION];
        tamper(&mut site, "a");
        tamper(&mut site, "b");
        site.run(600);
        let attempts: Vec<String> = told(&site).into_iter().map(|(_, info)| info).collect();
        assert_eq!(attempts, ["a", "a", "a", "b", "b", "b"], "{version}: MessageAttempts");
        assert_eq!(kept(&site), 0);
        let hits = site
            .outputs
            .iter()
            .filter(|output| matches!(output, Output::LimitHit { text } if text.contains("discarded")));
        assert_eq!(hits.count(), 2);
    }
}

/// `StartupOfTheDevice`, `ResetOrReboot`: told of every life, if that is wanted.
#[test]
fn starts_and_resets_are_told_if_the_station_is_made_so() {
    for (version, reset) in [(Version::V16, json!({ "type": "Hard" })), (Version::V201, json!({ "type": "Immediate" }))]
    {
        let mut site = made(version, device);
        site.run(1);
        site.call("Reset", reset.clone());
        site.run(5);
        assert_eq!(kinds(&site), ["StartupOfTheDevice", "ResetOrReboot", "StartupOfTheDevice"], "{version}");
        let mut quiet = made(version, |_| {});
        quiet.run(1);
        quiet.call("Reset", reset);
        quiet.run(5);
        assert_eq!(kinds(&quiet), [""; 0]);
    }
}

/// A00.FR.310, A00.FR.316, A00.FR.323: once for repeated attempts; FailedToAuthenticateAtCsms is for the log.
#[test]
fn a_fault_of_connecting_is_told_once_when_there_is_a_connection() {
    let faults = [
        (ConnectionFault::InvalidCsmsCertificate, Some("InvalidCsmsCertificate")),
        (ConnectionFault::InvalidTlsVersion, Some("InvalidTLSVersion")),
        (ConnectionFault::InvalidTlsCipherSuite, Some("InvalidTLSCipherSuite")),
        (ConnectionFault::Refused, None),
        (ConnectionFault::Unreachable, None),
        (ConnectionFault::Version, None),
    ];
    for (fault, kind) in faults {
        let mut site = made(Version::V201, |_| {});
        site.world.faults = vec![("one", fault)];
        site.run(100);
        assert!(site.attempts.len() > 5);
        site.world.faults.clear();
        site.run(30);
        assert_eq!(kinds(&site), kind.into_iter().collect::<Vec<_>>());
        let logged = site.outputs.iter().filter(|output| matches!(output, Output::SecurityEvent { .. })).count();
        let expected = match fault {
            ConnectionFault::InvalidCsmsCertificate => 2,
            ConnectionFault::Unreachable | ConnectionFault::Version => 0,
            _ => 1,
        };
        assert_eq!(logged, expected, "{fault:?}");
        site.world.faults = vec![("one", fault)];
        site.break_off();
        site.run(30);
        site.world.faults.clear();
        site.run(30);
        assert_eq!(kinds(&site).len(), 2 * kind.into_iter().count(), "another outage is another event");
    }
}

#[test]
fn what_is_no_ocpp_is_logged() {
    let mut site = made(Version::V201, |_| {});
    site.run(1);
    site.tell(Event::Received("[2,\"x\"".into()));
    site.tell(Event::Received("[2,\"y\",\"Reset\",{\"type\":7}]".into()));
    let invalid = |output: &&Output| matches!(output, Output::SecurityEvent { kind, critical: false, .. } if kind == "InvalidMessages");
    assert_eq!(site.outputs.iter().filter(invalid).count(), 2);
    assert_eq!(kinds(&site), [""; 0]);
}

/// S-26: for the log, whatever it asked for; the CSMS knows what it did.
#[test]
fn a_call_that_was_answered_and_comes_again_is_logged_as_a_replay() {
    for version in Version::ALL {
        let mut site = made(version, |_| {});
        site.run(1);
        let call = r#"[2,"same","TriggerMessage",{"requestedMessage":"Heartbeat"}]"#;
        (0..3).for_each(|_| site.tell(Event::Received(call.into())));
        let replay = |output: &&Output| matches!(output, Output::SecurityEvent { kind, critical: false, .. } if kind == "AttemptedReplayAttacks");
        // In 2.1 a retry may have the id of what it repeats (Part 4 §4.1.4).
        let logged = if version == Version::V21 { 0 } else { 2 };
        assert_eq!(site.outputs.iter().filter(replay).count(), logged, "{version}");
        let heartbeats = site.requests.iter().filter(|(action, _)| action == "Heartbeat");
        assert_eq!(heartbeats.count(), 1, "{version}");
        assert_eq!(kinds(&site), [""; 0]);
    }
}

/// A full queue or a failing disk, once in a life.
#[test]
fn memory_that_runs_out_is_told_once() {
    let mut site = made(Version::V201, device);
    site.run(1);
    site.tell(Event::PersistFailed("var/1".into()));
    site.tell(Event::PersistFailed("var/2".into()));
    assert_eq!(kinds(&site), ["StartupOfTheDevice", "MemoryExhaustion"]);
}

/// An event of a life without a clock gets its time when somebody tells it.
#[test]
fn an_event_is_stamped_when_the_time_is_known() {
    let mut station = Transcript::new(Version::V201);
    station.power_up_without_clock();
    station.fact(Input::SecurityEvent { kind: "TamperDetectionActivated".into(), info: None });
    station.advance(50);
    station.connect();
    station.accept();
    let event = station.exchange(ACTION, json!({}));
    assert_eq!(event["timestamp"], "2026-03-01T09:59:10.000Z");
}

/// S-12: a CSMS whose clock is ten years wrong is told of as such, and nothing that runs on a timer runs longer or shorter.
#[test]
fn a_hostile_clock_raises_an_event_and_extends_nothing() {
    for version in [Version::V16, Version::V201] {
        for (lie, event) in
            [("2036-03-01T10:00:00Z", true), ("2016-03-01T10:00:00Z", true), ("2026-03-01T10:00:15Z", false)]
        {
            let mut station = Transcript::configured(version, device);
            station.exchange(ACTION, json!({}));
            station.token("A");
            let accepted = json!({ "status": "Accepted" });
            let answer = if version == Version::V16 { "idTagInfo" } else { "idTokenInfo" };
            station.exchange("Authorize", json!({ answer: accepted }));
            station.answer_all("StatusNotification");
            let before = station.station.poll_timeout();
            station.call("TriggerMessage", json!({ "requestedMessage": "Heartbeat" }));
            station.exchange("Heartbeat", json!({ "currentTime": lie }));
            if event {
                assert_eq!(station.exchange(ACTION, json!({}))["type"], "SettingSystemTime");
            }
            station.expect_nothing();
            let due = |timeout: Option<(pilotwire::Instant, _)>| timeout.map(|(at, _)| at);
            assert_eq!(due(station.station.poll_timeout()), due(before), "EVConnectionTimeOut has not moved");
        }
    }
}

/// S-12: a sample a minute, whatever the clock does, and the register that the meter shows.
#[test]
fn a_hostile_clock_changes_no_measurement() {
    for lie in ["2036-03-01T10:00:00Z", "2016-03-01T10:00:00Z"] {
        let mut station = Transcript::configured(Version::V201, device);
        station.exchange(ACTION, json!({}));
        station.charge();
        station.call("TriggerMessage", json!({ "requestedMessage": "Heartbeat" }));
        station.exchange("Heartbeat", json!({ "currentTime": lie }));
        station.exchange(ACTION, json!({}));
        let reading = Reading { energy_wh: 250.into(), ..Reading::default() };
        station.fact(Input::Meter { evse: EVSE, reading });
        station.advance(59);
        station.expect_nothing();
        station.advance(1);
        let samples = station.answer_all("TransactionEvent");
        assert_eq!(samples.len(), 1, "{lie}: {samples:?}");
        let values = samples[0]["meterValue"][0]["sampledValue"].as_array().unwrap();
        assert!(values.iter().any(|value| value["value"] == 250), "{values:?}");
    }
}

/// The threshold is the operator's (ClockCtrlr.TimeAdjustmentReportingThreshold).
#[test]
fn a_change_of_the_clock_below_the_threshold_is_no_event() {
    let threshold = |config: &mut Config| {
        device(config);
        let id = VariableId::new("ClockCtrlr", "TimeAdjustmentReportingThreshold");
        config.variables.push((id, "600".into()));
    };
    let mut site = made(Version::V201, threshold);
    site.run(1);
    site.tell(Event::Clock("2026-03-01T10:09:00Z".parse().unwrap()));
    assert_eq!(kinds(&site), ["StartupOfTheDevice"]);
    site.tell(Event::Clock("2026-03-01T10:29:00Z".parse().unwrap()));
    assert_eq!(kinds(&site), ["StartupOfTheDevice", "SettingSystemTime"]);
}
