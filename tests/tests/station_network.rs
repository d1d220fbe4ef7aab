//! A station that chooses its way to the CSMS: passwords (A01), security profiles (A05), network connection profiles (B09, B10).

use pilotwire::domain::{ConnectionFault, Secret, SecurityProfile};
use pilotwire::station::{Config, Input, NetworkSlot, Output};
use pilotwire::{Event, Version};
use pilotwire_tests::site::{NEW, OLD, Site, client, set_variable, slot, way};
use pilotwire_tests::transcript::Transcript;
use serde_json::json;

use SecurityProfile::{Basic, TlsBasic, TlsClient, Unsecured};

const V2: [Version; 2] = [Version::V201, Version::V21];
const COMM: &str = "OCPPCommCtrlr";
const PRIORITY: &str = "NetworkConfigurationPriority";
const SECURITY: &str = "SecurityCtrlr";
const PASSWORD: &str = "BasicAuthPassword";

fn roots(config: &mut Config) {
    config.security.roots = vec!["root".into()];
}

fn full(config: &mut Config) {
    roots(config);
    config.security.client = Some(client());
}

fn one_attempt(config: &mut Config) {
    full(config);
    let id = pilotwire::domain::VariableId::new(COMM, "NetworkProfileConnectionAttempts");
    config.variables.push((id, "1".into()));
}

/// One slot with a way of this profile, and a free one.
fn two(security: SecurityProfile) -> Vec<NetworkSlot> {
    vec![slot(1, "one", security), NetworkSlot::free(2)]
}

fn shown(site: &Site) -> Vec<&str> {
    site.attempts.iter().map(|(_, _, password, _)| password.as_str()).collect()
}

fn kinds(site: &Site) -> Vec<&str> {
    let kinds = site.outputs.iter().filter_map(|output| match output {
        Output::SecurityEvent { kind, .. } => Some(kind.as_str()),
        _ => None,
    });
    kinds.collect()
}

fn is_set(version: Version, site: &mut Site, password: &str) -> String {
    match version {
        Version::V16 => site.configure("AuthorizationKey", password),
        _ => site.set(SECURITY, PASSWORD, password),
    }
}

/// TC_A_09_CS, TC_073_CS; A01.FR.01, A01.FR.11: the station comes back with the new password, at once and without a boot.
#[test]
fn tc_a_09_a_new_password_is_used_from_then_on() {
    for version in Version::ALL {
        let mut site = Site::connected(version, two(Basic), |_| {});
        site.requests.clear();
        site.attempts.clear();
        assert_eq!(is_set(version, &mut site, NEW), "Accepted", "{version}");
        assert!(site.online);
        assert_eq!(shown(&site), [NEW], "{version}");
        assert_eq!(kinds(&site), ["ReconfigurationOfSecurityParameters"]);
        assert!(site.requests.iter().all(|(action, _)| action != "BootNotification"), "{:?}", site.requests);
        site.power_up();
        site.run(1);
        assert_eq!(shown(&site), [NEW, NEW]);
        assert!(site.disk.values().all(|value| !value.contains(OLD)), "the old one is forgotten");
    }
}

/// TC_A_10_CS; A01.FR.04: nothing changes, and the connection stays.
#[test]
fn tc_a_10_a_password_that_is_too_short_is_rejected() {
    for version in Version::ALL {
        let mut site = Site::connected(version, two(TlsBasic), roots);
        for bad in ["0123456789abcde", "", &"0".repeat(65)] {
            assert_eq!(is_set(version, &mut site, bad), "Rejected", "{version}: {bad}");
        }
        assert_eq!((site.online, shown(&site)), (true, vec![OLD]));
        site.power_up();
        site.run(1);
        assert_eq!(shown(&site), [OLD, OLD]);
    }
}

/// TC_073_CS with its own value.
#[test]
fn tc_073_the_key_is_hexadecimal() {
    let mut site = Site::connected(Version::V16, two(Basic), |_| {});
    assert_eq!(site.configure("AuthorizationKey", "4F43415F4F4354545F61646D696E5F74657374"), "Accepted");
    assert!(site.online);
    assert_eq!(site.configure("AuthorizationKey", "OCA_OCTT_admin_test_0123456789abcdef"), "Rejected");
}

/// S-7, B06.FR.09, whitepaper §7.2: a password is written and never read, and is in no Debug output.
#[test]
fn a_password_is_never_shown() {
    for version in V2 {
        let mut site = Site::connected(version, two(Basic), |_| {});
        assert_eq!(is_set(version, &mut site, NEW), "Accepted");
        assert_eq!(site.get(SECURITY, PASSWORD), ("Rejected".into(), serde_json::Value::Null));
        site.call("GetBaseReport", json!({ "requestId": 1, "reportBase": "FullInventory" }));
        site.run(10);
        let told = format!("{:?}", site.requests);
        assert!(told.contains(PASSWORD) && !told.contains(NEW), "{told}");
        let debug = format!("{:?}{:?}{:?}", site.station, site.outputs, site.target);
        assert!(!debug.contains(NEW) && !debug.contains(OLD), "{debug}");
    }
    let mut site = Site::connected(Version::V16, two(Basic), |_| {});
    assert_eq!(site.configure("AuthorizationKey", NEW), "Accepted");
    let keys = site.call("GetConfiguration", json!({}))["configurationKey"].clone();
    let key = |name: &str| keys.as_array().unwrap().iter().find(|key| key["key"] == name).cloned().unwrap();
    assert_eq!(key("AuthorizationKey"), json!({ "key": "AuthorizationKey", "readonly": false }));
    assert_eq!(key("SecurityProfile"), json!({ "key": "SecurityProfile", "readonly": false, "value": "1" }));
    assert!(!keys.to_string().contains(NEW));
}

/// A01: a CSMS that lost our answer, or its own memory, still knows the old password.
#[test]
fn a_csms_that_refuses_the_new_password_gets_the_old_one_back() {
    for version in Version::ALL {
        let mut site = Site::connected(version, two(Basic), |_| {});
        site.attempts.clear();
        site.world.passwords = vec![OLD];
        assert_eq!(is_set(version, &mut site, NEW), "Accepted");
        site.run(60);
        assert!(site.online);
        assert_eq!(shown(&site), [NEW, OLD], "{version}");
        assert!(kinds(&site).contains(&"FailedToAuthenticateAtCsms"));
        site.power_up();
        site.run(1);
        assert_eq!(shown(&site)[2..], [OLD], "and it stays");
        site.world.passwords = vec![NEW];
        assert_eq!(is_set(version, &mut site, NEW), "Accepted", "it may be tried again");
        assert!(site.online);
    }
}

/// A network that is away says nothing about passwords: the old one is not shown to whoever is there then.
#[test]
fn the_old_password_is_tried_only_when_the_new_one_was_refused() {
    let mut site = Site::connected(Version::V201, two(Basic), |_| {});
    site.attempts.clear();
    site.world.faults = vec![("one", ConnectionFault::Unreachable)];
    assert_eq!(is_set(Version::V201, &mut site, NEW), "Accepted");
    site.run(300);
    assert!(site.attempts.len() > 10 && shown(&site).iter().all(|password| *password == NEW), "{:?}", site.attempts);
    site.world.faults.clear();
    site.run(30);
    assert!(site.online);
}

/// S-7: what the factory set does not come back with a new firmware, nor by itself.
#[test]
fn a_password_of_the_csms_outlives_the_factorys() {
    let mut site = Site::connected(Version::V201, two(Basic), |_| {});
    assert_eq!(is_set(Version::V201, &mut site, NEW), "Accepted");
    let disk = site.disk.clone();
    let mut updated =
        Site::new(Version::V201, two(Basic), |config| config.identity.firmware_version = Some("2".into()));
    updated.disk = disk;
    updated.power_up();
    updated.run(1);
    assert_eq!(shown(&updated), [NEW]);
}

/// A01, step 3: what is open is finished first, and what is queued is not lost.
#[test]
fn the_link_is_closed_when_nothing_is_open_on_it() {
    let mut site = Site::connected(Version::V201, two(Basic), |_| {});
    site.world.deaf = true;
    let trigger = json!({ "requestedMessage": "Heartbeat" });
    site.ask("TriggerMessage", trigger);
    site.ask("SetVariables", set_variable(SECURITY, PASSWORD, NEW));
    assert!(site.online, "the heartbeat is open");
    site.world.deaf = false;
    site.run(120);
    assert_eq!((site.online, shown(&site)), (true, vec![OLD, NEW]));
}

/// TC_A_19_CS; A05.FR.04, A05.FR.05, A05.FR.06.
#[test]
fn tc_a_19_a_higher_security_profile_is_used_after_the_restart_and_the_lower_one_removed() {
    for (version, low, high) in [(Version::V201, Basic, TlsBasic), (Version::V21, TlsBasic, TlsClient)] {
        let mut site = Site::connected(version, two(low), full);
        assert_eq!(site.set_profile(2, &way("two", high))["status"], "Accepted");
        assert_eq!(site.set(COMM, PRIORITY, "2,1"), "RebootRequired");
        assert_eq!(site.get(SECURITY, "SecurityProfile").1, i32::from(low).to_string());
        assert_eq!(site.call("Reset", json!({ "type": "OnIdle" }))["status"], "Accepted");
        site.run(5);
        assert_eq!(site.target.as_ref().map(|target| (target.slot, target.security)), Some((2, high)));
        assert_eq!(site.get(SECURITY, "SecurityProfile").1, i32::from(high).to_string());
        assert_eq!(site.get(COMM, PRIORITY).1, "2");
        assert_eq!(site.get(COMM, "ActiveNetworkProfile").1, "2");
        assert_eq!(site.set(COMM, PRIORITY, "1,2"), "Rejected", "B10.FR.02: there is no way in it any more");
        assert_eq!(site.requests.iter().filter(|(action, _)| action == "BootNotification").count(), 2);
        // Nothing of it comes back with the power.
        site.world.faults = vec![("two", ConnectionFault::Unreachable)];
        site.power_up();
        site.attempts.clear();
        site.run(600);
        assert!(site.attempts.len() > 5 && site.attempts.iter().all(|(_, slot, ..)| *slot == 2));
    }
}

/// TC_A_20_CS, TC_A_21_CS; A05.FR.02, A05.FR.03: the way may be set, and not be used.
#[test]
fn tc_a_20_tc_a_21_what_a_profile_needs_must_be_there() {
    for version in V2 {
        let mut site = Site::connected(version, two(Basic), |_| {});
        assert_eq!(site.set_profile(2, &way("two", TlsBasic))["status"], "Accepted");
        assert_eq!(site.set(COMM, PRIORITY, "2,1"), "Rejected", "TC_A_20_CS");
        let mut site = Site::connected(version, two(TlsBasic), roots);
        assert_eq!(site.set_profile(2, &way("two", TlsClient))["status"], "Accepted");
        assert_eq!(site.set(COMM, PRIORITY, "2,1"), "Rejected", "TC_A_21_CS");
        assert_eq!(site.get(COMM, PRIORITY).1, "1");
        let bare = vec![NetworkSlot::new(1, way("one", TlsClient), None), NetworkSlot::free(2)];
        let mut site = Site::connected(version, bare, |config| {
            full(config);
            let id = pilotwire::domain::VariableId::new(SECURITY, "AllowSecurityProfileDowngrade");
            config.variables.push((id, "true".into()));
        });
        assert_eq!(site.set_profile(2, &way("two", TlsBasic))["status"], "Accepted");
        assert_eq!(site.set(COMM, PRIORITY, "2,1"), "Rejected", "there is no password");
    }
}

/// TC_A_22_CS, S-8; B09.FR.04, A05.FR.10.
#[test]
fn tc_a_22_a_lower_security_profile_is_rejected() {
    for version in V2 {
        for (high, low) in [(TlsBasic, Basic), (TlsClient, TlsBasic), (TlsClient, Basic), (TlsBasic, Unsecured)] {
            let mut site = Site::connected(version, two(high), |config| {
                full(config);
                config.security.allow_unsecured = true;
            });
            let answer = site.set_profile(2, &way("two", low));
            assert_eq!(answer["status"], "Rejected", "{high} {low}");
            assert_eq!(answer["statusInfo"]["reasonCode"], "NoSecurityDowngrade");
            assert_eq!(site.set(SECURITY, "SecurityProfile", "1"), "Rejected");
            assert_eq!(site.set(SECURITY, "AllowSecurityProfileDowngrade", "true"), "Rejected");
        }
    }
}

/// A05.FR.08, A05.FR.09, B09.FR.31, B09.FR.32: from 3 to 2 if the operator said so, and never to 1.
#[test]
fn a_downgrade_that_is_allowed_goes_from_3_to_2_only() {
    for version in V2 {
        let mut site = Site::connected(version, two(TlsClient), |config| {
            full(config);
            let id = pilotwire::domain::VariableId::new(SECURITY, "AllowSecurityProfileDowngrade");
            config.variables.push((id, "true".into()));
        });
        assert_eq!(site.set_profile(2, &way("two", Basic))["status"], "Rejected");
        assert_eq!(site.set_profile(2, &way("two", TlsBasic))["status"], "Accepted");
        assert_eq!(site.set(COMM, PRIORITY, "2,1"), "RebootRequired");
        site.call("Reset", json!({ "type": "OnIdle" }));
        site.run(5);
        assert_eq!(site.get(SECURITY, "SecurityProfile").1, "2");
        assert_eq!(site.get(COMM, PRIORITY).1, "2,1", "the higher one is not removed");
    }
}

/// Security profile 0 is for trying things out.
#[test]
fn profile_0_is_used_only_if_it_is_allowed() {
    let mut site = Site::connected(Version::V16, two(Unsecured), |config| config.security.allow_unsecured = true);
    assert_eq!(site.target.take().map(|target| target.password), Some(None));
    let mut site = Site::new(Version::V16, two(Unsecured), |_| {});
    site.run(60);
    assert_eq!((site.online, site.attempts.len()), (false, 0));
    assert!(site.outputs.iter().any(|output| matches!(output, Output::Refused { text } if text.contains("profile 0"))));
    let mut site = Site::connected(Version::V201, two(Basic), |_| {});
    assert_eq!(site.set_profile(2, &way("two", Unsecured))["status"], "Rejected");
}

/// TC_B_43_CS; B09.FR.02, B09.FR.05: content that makes no sense.
#[test]
fn tc_b_43_an_invalid_way_is_rejected() {
    let mut site = Site::connected(Version::V21, two(Basic), roots);
    assert_eq!(site.set_profile(999, &way("two", Basic))["statusInfo"]["reasonCode"], "InvalidConfSlot");
    let mut reject = |change: fn(&mut pilotwire::domain::NetworkConnectionProfile)| {
        let mut bad = way("two", Basic);
        change(&mut bad);
        let answer = site.set_profile(2, &bad);
        assert_eq!(
            (&answer["status"], &answer["statusInfo"]["reasonCode"]),
            (&json!("Rejected"), &json!("InvalidNetworkConf"))
        );
    };
    reject(|bad| bad.security_profile = 4);
    reject(|bad| bad.security_profile = 2);
    reject(|bad| bad.ocpp_csms_url = "https://two/".into());
    reject(|bad| bad.ocpp_csms_url = "ws://user@two/".into());
    reject(|bad| bad.ocpp_transport = pilotwire::messages::v2::OcppTransport::SOAP);
    reject(|bad| bad.ocpp_version = Some(pilotwire::messages::v2::OcppVersion::OCPP16));
    reject(|bad| bad.message_timeout = 0);
    reject(|bad| bad.identity = Some("a:b".into()));
    reject(|bad| bad.basic_auth_password = Some("short".into()));
    assert!(site.disk.keys().all(|key| key != "network/slot/2"), "nothing was kept");
}

/// B09.FR.05, part 2 §2.1.6: the CSMS learns which slots there are.
#[test]
fn the_slots_are_reported() {
    let mut site = Site::connected(Version::V201, two(Basic), |_| {});
    site.call("GetBaseReport", json!({ "requestId": 1, "reportBase": "FullInventory" }));
    site.run(10);
    let parts = site.requests.iter().filter(|(action, _)| action == "NotifyReport");
    let data: Vec<_> = parts.flat_map(|(_, part)| part["reportData"].as_array().cloned().unwrap_or_default()).collect();
    let of = |name: &str| data.iter().find(|data| data["variable"]["name"] == name).cloned().unwrap();
    let priority = of(PRIORITY);
    assert_eq!(priority["variableCharacteristics"]["valuesList"], "1,2");
    assert_eq!(priority["variableCharacteristics"]["dataType"], "SequenceList");
    assert_eq!(priority["variableAttribute"][0]["value"], "1");
    let password = of(PASSWORD);
    assert_eq!(password["variableCharacteristics"]["maxLimit"], 40);
    assert_eq!(password["variableAttribute"][0]["mutability"], "WriteOnly");
    assert!(password["variableAttribute"][0].get("value").is_none());
}

/// B09.FR.08, B09.FR.09, B09.FR.11, B06.FR.09: 2.1 reads the slots as a component; they are set as a whole.
#[test]
fn a_slot_is_a_component_of_2_1() {
    let mut site = Site::connected(Version::V21, two(Basic), |_| {});
    assert_eq!(site.set_profile(2, &way("two", Basic))["status"], "Accepted");
    let component = json!({ "name": "NetworkConfiguration", "instance": "2" });
    let mut get = |variable: &str| {
        let data = json!([{ "component": component, "variable": { "name": variable } }]);
        let answer = site.call("GetVariables", json!({ "getVariableData": data }));
        let result = &answer["getVariableResult"][0];
        (result["attributeStatus"].clone(), result["attributeValue"].clone())
    };
    assert_eq!(get("OcppCsmsUrl"), (json!("Accepted"), json!("ws://two/ocpp")));
    assert_eq!(get("ApnEnabled"), (json!("Accepted"), json!("false")));
    assert_eq!(get(PASSWORD), (json!("Rejected"), json!(null)));
    assert_eq!(get("Colour").0, "UnknownVariable");
    let (status, _) = site.get("NetworkConfiguration", "OcppCsmsUrl");
    assert_eq!(status, "UnknownComponent");
    let data = json!([{ "attributeValue": "1", "component": component, "variable": { "name": "SecurityProfile" } }]);
    let answer = site.call("SetVariables", json!({ "setVariableData": data }));
    assert_eq!(answer["setVariableResult"][0]["attributeStatus"], "Rejected");
    site.call("GetBaseReport", json!({ "requestId": 1, "reportBase": "FullInventory" }));
    site.run(10);
    let told = format!("{:?}", site.requests);
    assert_eq!(told.matches("NetworkConfiguration\"").count(), 20, "{told}");
    assert!(!told.contains(OLD));
}

/// TC_B_45_CS; B10.FR.01, B10.FR.04, B10.FR.06, B10.FR.10.
#[test]
fn tc_b_45_the_station_migrates_with_its_next_start() {
    for version in V2 {
        let mut site = Site::connected(version, two(Basic), |_| {});
        assert_eq!(site.set_profile(2, &way("two", Basic))["status"], "Accepted");
        assert_eq!(site.set(COMM, PRIORITY, "2,1"), "RebootRequired");
        site.take_attempts();
        site.break_off();
        site.run(30);
        assert_eq!(site.take_attempts(), [1], "not before the start");
        site.requests.clear();
        assert_eq!(site.call("Reset", json!({ "type": "OnIdle" }))["status"], "Accepted");
        site.run(5);
        assert_eq!(site.take_attempts(), [2]);
        assert_eq!(site.requests[0].0, "BootNotification");
        assert_eq!(site.set(COMM, PRIORITY, "2"), "Accepted", "B09.FR.20");
    }
}

/// B10.FR.02, and what is no list of slots at all.
#[test]
fn a_priority_of_slots_that_cannot_be_used_is_rejected() {
    let mut site = Site::connected(Version::V201, two(Basic), |_| {});
    for bad in ["", "2", "1,2", "1,1", "x", "1,", "3", "1;2"] {
        assert_eq!(site.set(COMM, PRIORITY, bad), "Rejected", "{bad}");
    }
    assert_eq!(site.set(COMM, PRIORITY, "1"), "Accepted");
    assert_eq!(site.get(COMM, PRIORITY).1, "1");
}

/// TC_B_46_CS; B10.FR.03, B10.FR.10: a number of attempts for each, and a boot where it ends up.
#[test]
fn tc_b_46_the_next_way_is_tried_after_the_attempts_with_the_first() {
    let slots = vec![slot(1, "one", Basic), slot(2, "two", Basic)];
    let mut site = Site::connected(Version::V201, slots, |_| {});
    assert_eq!(site.set(COMM, "NetworkProfileConnectionAttempts", "2"), "Accepted");
    assert_eq!(site.set(COMM, PRIORITY, "2,1"), "RebootRequired");
    site.world.faults = vec![("two", ConnectionFault::Unreachable)];
    site.call("Reset", json!({ "type": "OnIdle" }));
    site.take_attempts();
    site.requests.clear();
    site.run(60);
    assert!(site.online);
    assert_eq!(site.take_attempts(), [2, 1]);
    assert_eq!(site.requests[0].0, "BootNotification");
    // In the middle of a life, too: whoever is there now has not accepted us.
    site.world.faults = vec![("one", ConnectionFault::Unreachable)];
    site.requests.clear();
    site.break_off();
    site.run(120);
    assert_eq!(site.take_attempts(), [1, 1, 1, 1, 2]);
    assert_eq!(site.requests[0].0, "BootNotification");
}

/// TC_B_49_CS; B10.FR.07, B10.FR.08, B10.FR.09: back to what worked last, and never at rest.
#[test]
fn tc_b_49_when_all_fail_the_one_that_worked_last_is_tried_and_then_all_again() {
    let mut site = Site::connected(Version::V201, two(Basic), one_attempt);
    assert_eq!(site.set_profile(2, &way("two", Basic))["status"], "Accepted");
    assert_eq!(site.set(COMM, PRIORITY, "2"), "RebootRequired");
    site.world.faults = vec![("two", ConnectionFault::Unreachable), ("one", ConnectionFault::Unreachable)];
    site.take_attempts();
    site.call("Reset", json!({ "type": "OnIdle" }));
    site.run(45);
    let times: Vec<u64> = site.attempts.iter().map(|(at, ..)| *at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 10), "RetryBackOffWaitMinimum: {times:?}");
    assert_eq!(site.take_attempts(), [2, 1, 2, 1, 2]);
    site.world.faults.pop();
    site.run(20);
    assert!(site.online);
    assert_eq!(site.target.as_ref().map(|target| target.slot), Some(1));
}

/// the way in use is replaced by one that leads nowhere.
#[test]
fn the_way_that_worked_is_kept_beside_the_one_that_replaced_it() {
    let mut site = Site::connected(Version::V201, vec![slot(1, "one", Basic)], one_attempt);
    assert_eq!(site.set_profile(1, &way("nowhere", Basic))["status"], "Accepted");
    site.break_off();
    site.run(30);
    assert!(site.online, "B09: what is in use stays in use until the next start");
    site.world.faults = vec![("nowhere", ConnectionFault::Unreachable)];
    site.call("Reset", json!({ "type": "OnIdle" }));
    site.run(30);
    assert!(site.online);
    let target = site.target.clone().unwrap();
    assert!(target.way.ocpp_csms_url.contains("one"), "{target:?}");
}

/// 2.1: a way may have its own identity and password; without one, the usual one is used (B09.FR.27).
#[test]
fn a_way_has_its_own_password_or_the_usual_one() {
    let mut site =
        Site::connected(Version::V21, vec![slot(1, "one", Basic), NetworkSlot::free(2), NetworkSlot::free(3)], |_| {});
    let mut own = way("two", Basic);
    own.identity = Some("CS-2".into());
    own.basic_auth_password = Some(NEW.into());
    assert_eq!(site.set_profile(2, &own)["status"], "Accepted");
    assert_eq!(site.set_profile(3, &way("three", Basic))["status"], "Accepted");
    for (priority, password, identity) in [("2,3,1", NEW, Some("CS-2")), ("3,2,1", OLD, None)] {
        assert_eq!(site.set(COMM, PRIORITY, priority), "RebootRequired");
        site.call("Reset", json!({ "type": "OnIdle" }));
        site.run(5);
        let target = site.target.clone().unwrap();
        assert_eq!(target.password.as_ref().map(Secret::reveal), Some(password));
        assert_eq!(target.identity.as_deref(), identity);
        assert_eq!(target.way.basic_auth_password, None, "it is in one place only");
    }
}

/// TC_083_CS; A05.FR.05, A05.FR.06, A05.FR.07 of 1.6.
#[test]
fn tc_083_a_higher_profile_is_used_at_once() {
    for (low, high) in [(Basic, TlsBasic), (TlsBasic, TlsClient), (Basic, TlsClient), (Unsecured, Basic)] {
        let mut site = Site::connected(Version::V16, vec![slot(1, "one", low)], |config| {
            full(config);
            config.security.allow_unsecured = true;
        });
        assert_eq!(site.configure("SecurityProfile", &i32::from(high).to_string()), "Accepted");
        assert!(site.online);
        let target = site.target.clone().unwrap();
        assert_eq!((target.security, target.client.is_some()), (high, high == TlsClient));
        assert!(target.way.ocpp_csms_url.starts_with(if high.has_tls() { "wss://one/" } else { "ws://one/" }));
        site.power_up();
        site.run(1);
        assert_eq!(site.target.clone().map(|target| target.security), Some(high));
        // TC_084_CS; A05.FR.01 of 1.6.
        assert_eq!(site.configure("SecurityProfile", &i32::from(low).to_string()), "Rejected");
        assert_eq!(site.configure("SecurityProfile", &i32::from(high).to_string()), "Rejected");
        assert_eq!(site.configure("SecurityProfile", "4"), "Rejected");
    }
}

/// A05.FR.02, A05.FR.03, A05.FR.04 of 1.6.
#[test]
fn a_profile_of_1_6_needs_its_means() {
    let attempt = |change: fn(&mut Config), slots: Vec<NetworkSlot>, profile: &str| {
        let mut site = Site::connected(Version::V16, slots, change);
        let status = site.configure("SecurityProfile", profile);
        assert_eq!(site.attempts.len(), 1, "it stays connected");
        status
    };
    assert_eq!(attempt(|_| {}, two(Basic), "2"), "Rejected", "no root");
    assert_eq!(attempt(roots, two(Basic), "3"), "Rejected", "no certificate");
    let unsecured = |config: &mut Config| config.security.allow_unsecured = true;
    let bare = vec![NetworkSlot::new(1, way("one", Unsecured), None)];
    assert_eq!(attempt(unsecured, bare, "1"), "Rejected", "no password");
}

/// A05.FR.08 of 1.6: what does not connect is given up.
#[test]
fn a_higher_profile_that_does_not_connect_is_given_up() {
    let mut site = Site::connected(Version::V16, two(Basic), full);
    site.world.faults = vec![("wss://one", ConnectionFault::InvalidCsmsCertificate)];
    assert_eq!(site.configure("SecurityProfile", "2"), "Accepted");
    site.run(120);
    assert!(site.online);
    assert_eq!(site.target.clone().map(|target| target.security), Some(Basic));
    assert_eq!(site.attempts.len(), 1 + 3 + 1);
    let key = site.call("GetConfiguration", json!({ "key": ["SecurityProfile"] }))["configurationKey"][0].clone();
    assert_eq!(key["value"], "1");
    // TC_078_CS, A00.FR.310: told once, in the words of 1.6, when somebody can be told.
    let told: Vec<_> = site.requests.iter().filter(|(action, _)| action == "SecurityEventNotification").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1["type"], "InvalidCentralSystemCertificate");
    site.power_up();
    site.world.faults.clear();
    site.run(1);
    assert_eq!(site.target.clone().map(|target| target.security), Some(Basic));
}

/// TC_085_CS, TC_086_CS, TC_087_CS; A00.FR.202, A00.FR.301, A00.FR.402: what each profile shows, and what it trusts.
#[test]
fn tc_085_tc_086_tc_087_a_target_has_what_its_profile_needs_and_nothing_else() {
    for (security, password, has_roots, has_client) in
        [(Basic, Some(OLD), false, false), (TlsBasic, Some(OLD), true, false), (TlsClient, None, true, true)]
    {
        for version in Version::ALL {
            let site = Site::connected(version, two(security), full);
            let target = site.target.unwrap();
            assert_eq!(target.password.as_ref().map(Secret::reveal), password, "{version} {security}");
            assert_eq!((!target.roots.is_empty(), target.client.is_some()), (has_roots, has_client));
            assert_eq!((target.slot, target.security), (1, security));
        }
    }
}

/// S-7: there is no default password, and the factory's is held to the rules.
#[test]
fn a_weak_password_of_the_factory_is_not_used() {
    for version in Version::ALL {
        let weak = NetworkSlot::new(1, way("one", Basic), Some(Secret::new("admin")));
        let mut site = Site::new(version, vec![weak], |_| {});
        site.run(1);
        assert_eq!(shown(&site), [""]);
        assert!(
            site.outputs.iter().any(|output| matches!(output, Output::Refused { text } if text.contains("too weak")))
        );
    }
}

/// A host that does not tell why an attempt failed.
#[test]
fn without_a_reason_the_old_password_is_tried_too() {
    let mut station = Transcript::configured(Version::V201, |config| config.network = two(Basic));
    let shown = |station: &Transcript| {
        let targets = station.outputs.iter().filter_map(|output| match output {
            Output::UseNetwork(target) => target.password.as_ref().map(|password| password.reveal().to_owned()),
            _ => None,
        });
        targets.collect::<Vec<_>>()
    };
    station.call("SetVariables", set_variable(SECURITY, PASSWORD, NEW));
    assert_eq!(station.link.last(), Some(&"close"));
    station.event(Event::Disconnected);
    assert_eq!(station.link.last(), Some(&"connect"), "at once");
    station.event(Event::Disconnected);
    station.advance(30);
    assert_eq!(shown(&station), [OLD, NEW, OLD]);
}

/// Without slots the host chooses, as ever: nothing is told, and nothing can be set.
#[test]
fn a_station_without_slots_leaves_it_to_its_host() {
    let mut station = Transcript::accepted(Version::V201, &[]);
    let answer = station.call("SetVariables", set_variable(SECURITY, PASSWORD, NEW));
    assert_eq!(answer[2]["setVariableResult"][0]["attributeStatus"], "UnknownComponent");
    let data = serde_json::to_value(way("two", Basic)).unwrap();
    let answer = station.call("SetNetworkProfile", json!({ "configurationSlot": 1, "connectionData": data }));
    assert_eq!(answer[2]["status"], "Rejected");
    station.fact(Input::ConnectionFailed(ConnectionFault::Unreachable));
    station.event(Event::Disconnected);
    assert!(station.outputs.iter().all(|output| !matches!(output, Output::UseNetwork(_))));
}
