//! Whom a CSMS lets in (A01, A05), and what it is told of security (A04).

use super::super::{PasswordFate, Passwords};
use super::*;
use crate::domain::{NetworkConnectionProfile, Secret, SecurityProfile, VariableId, VariableSetting};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn set(password: &str) -> Command {
    let id = VariableId::new("SecurityCtrlr", "BasicAuthPassword");
    Command::SetVariables(Vec::from([VariableSetting { id, attribute: None, value: password.into() }]))
}

fn fates(actions: &[Action<Output>]) -> Vec<(u64, PasswordFate)> {
    let fates = outputs(actions).into_iter().filter_map(|output| match output {
        Output::PasswordChange { operation, fate } => Some((*operation, *fate)),
        _ => None,
    });
    fates.collect()
}

/// The station's answer to the command that was sent.
fn reply(actions: &[Action<Output>], version: Version, status: &str) -> String {
    let id = answer(actions)[1].as_str().unwrap().to_string();
    match version {
        Version::V16 => format!(r#"[3,"{id}",{{"status":"{status}"}}]"#),
        _ => format!(
            r#"[3,"{id}",{{"setVariableResult":[{{"attributeStatus":"{status}","component":{{"name":"SecurityCtrlr"}},"variable":{{"name":"BasicAuthPassword"}}}}]}}]"#
        ),
    }
}

/// TC_A_09_CSMS, TC_A_10_CSMS; A01.FR.02, A01.FR.03, A01.FR.04: told before the operation is done.
#[test]
fn tc_a_09_tc_a_10_the_fate_of_a_password_is_told() {
    let cases = [
        ("Accepted", PasswordFate::Accepted),
        ("RebootRequired", PasswordFate::Accepted),
        ("Rejected", PasswordFate::Refused),
    ];
    for version in VERSIONS {
        for (status, fate) in cases {
            let mut desk = Desk::accepted(version);
            let sent = desk.command(1, set(KEY), 9);
            assert!(answer(&sent)[3].to_string().contains(KEY), "{version}");
            let actions = desk.receive(&reply(&sent, version, status));
            assert_eq!(fates(&actions), [(1, fate)], "{version} {status}");
            let told = outputs(&actions);
            assert!(matches!(told[..], [Output::PasswordChange { .. }, Output::Done { .. }]), "{told:?}");
        }
    }
}

/// A station that was asked and is gone may have the new one; one that was never asked has not.
#[test]
fn the_fate_is_unknown_when_the_answer_is_lost() {
    let mut desk = Desk::accepted(Version::V201);
    desk.command(1, set(KEY), 9);
    assert_eq!(fates(&desk.tell(Event::Disconnected)), [(1, PasswordFate::Unknown)]);
    assert_eq!(fates(&desk.command(2, set(KEY), 0)), [(2, PasswordFate::Refused)]);
    let mut desk = Desk::accepted(Version::V201);
    desk.command(1, set(KEY), 9);
    assert_eq!(fates(&desk.wait(30)), [(1, PasswordFate::Unknown)]);
    let sent = desk.command(2, set(KEY), 9);
    let id = answer(&sent)[1].as_str().unwrap().to_string();
    let actions = desk.receive(&format!(r#"[4,"{id}","InternalError","",{{}}]"#));
    assert_eq!(fates(&actions), [(2, PasswordFate::Refused)]);
    assert_eq!(fates(&desk.command(3, reset(), 9)), []);
}

/// A01.FR.03, A01.FR.04.
#[test]
fn passwords_are_let_in_as_far_as_the_station_may_use_them() {
    let after = |fate| {
        let mut passwords = Passwords::new("old");
        assert!(passwords.offer("new"));
        assert!(!passwords.offer("newer"), "one at a time");
        passwords.settle(fate);
        passwords
    };
    let admits = |passwords: &Passwords<&str>| {
        ["old", "new", "newer"].map(|shown| passwords.clone().admit(|known| *known == shown))
    };
    assert_eq!(admits(&after(PasswordFate::Accepted)), [false, true, false]);
    assert_eq!(admits(&after(PasswordFate::Refused)), [true, false, false]);
    assert_eq!(admits(&after(PasswordFate::Unknown)), [true, true, false]);
    for (shown, other) in [("old", "new"), ("new", "old")] {
        let mut passwords = after(PasswordFate::Unknown);
        assert!(passwords.admit(|known| *known == shown));
        assert!(!passwords.admit(|known| *known == other), "the first use settles it");
        assert!(passwords.offer("newer"));
    }
}

/// A command may wait for a station that is away: it comes back with the password that it has, and hears of the new one then.
#[test]
fn a_password_under_way_is_not_settled_by_who_has_not_heard_of_it() {
    let mut passwords = Passwords::new("old");
    assert!(passwords.offer("new") && passwords.is_under_way());
    assert!(passwords.admit(|known| *known == "old"));
    assert_eq!(passwords.offered(), Some(&"new"));
    passwords.settle(PasswordFate::Accepted);
    assert_eq!((passwords.current(), passwords.offered(), passwords.is_under_way()), (&"new", None, false));
}

/// R-6 on the CSMS's side: its power is cut between any two steps, and nothing is left but what the host wrote.
#[test]
fn a_csms_that_forgets_lets_the_station_in_all_the_same() {
    for accepts in [true, false] {
        let mut passwords = Passwords::new(String::from("old"));
        let mut disk = pilotwire_messages::encode(&passwords);
        let mut station = "old";
        // Offer, write, the command, write; the station changes before its answer is heard.
        for step in 0..4 {
            match step {
                0 => assert!(passwords.offer("new".into())),
                1 | 3 => disk = pilotwire_messages::encode(&passwords),
                _ => {
                    station = if accepts { "new" } else { "old" };
                    passwords.settle(if accepts { PasswordFate::Accepted } else { PasswordFate::Refused });
                }
            }
            let mut reborn: Passwords<String> = serde_json::from_str(&disk).unwrap();
            assert!(reborn.admit(|known| known == station), "{accepts}, step {step}: {disk}");
        }
        let mut last: Passwords<String> = serde_json::from_str(&disk).unwrap();
        assert!(!last.admit(|known| known == if accepts { "old" } else { "new" }));
    }
}

/// TC_A_19_CSMS, S-8; A05.FR.07, in 1.6 A05.FR.09: through restarts.
#[test]
fn tc_a_19_a_station_that_came_with_a_higher_profile_is_never_let_in_with_a_lower_one() {
    use SecurityProfile::{Basic, TlsBasic, TlsClient, Unsecured};
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        assert!(desk.csms.admits(Unsecured));
        for profile in [Basic, TlsBasic] {
            desk.tell(Event::Connected(version));
            let actions = desk.input(Input::Secured(profile));
            assert!(matches!(actions[..], [Action::Persist(_)]), "{actions:?}");
        }
        assert_eq!(desk.input(Input::Secured(TlsBasic)), []);
        let mut desk = Desk::restarted(Config { seed: 8, ..config() }, desk.disk);
        assert_eq!([Basic, TlsBasic, TlsClient].map(|profile| desk.csms.admits(profile)), [false, true, true]);
        desk.tell(Event::Connected(version));
        let actions = desk.input(Input::Secured(Basic));
        assert!(matches!(actions[..], [Action::Output(Output::Violation { .. }), Action::Close]), "{actions:?}");
        assert!(!desk.csms.admits(Basic));
    }
}

/// A04.FR.03; whitepaper of 1.6, §8: its names are those of 2.x for the host.
#[test]
fn a_security_event_is_told_with_its_weight_and_answered() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let mut told = |kind: &str| {
            let event = format!(
                r#"[2,"{kind}","SecurityEventNotification",{{"type":"{kind}","timestamp":"{NOW}","techInfo":"x"}}]"#
            );
            let actions = desk.receive(&event);
            assert_eq!(answer(&actions)[0], 3);
            match outputs(&actions)[..] {
                [Output::SecurityEvent { kind, critical, .. }] => (kind.to_string(), *critical),
                ref other => panic!("{other:?}"),
            }
        };
        let certificate =
            if version == Version::V16 { "InvalidCentralSystemCertificate" } else { "InvalidCsmsCertificate" };
        assert_eq!(told(certificate), ("InvalidCsmsCertificate".into(), Some(true)));
        assert_eq!(told("InvalidMessages"), ("InvalidMessages".into(), Some(false)));
        assert_eq!(told("Own"), ("Own".into(), None));
    }
}

/// A01.FR.09: no password in clear text in debug information.
#[test]
fn no_password_is_in_debug_information() {
    let way: NetworkConnectionProfile = serde_json::from_str(
        r#"{"ocppInterface":"Wired0","ocppTransport":"JSON","messageTimeout":30,"ocppCsmsUrl":"ws://a","securityProfile":1}"#,
    )
    .unwrap();
    let network =
        Command::SetNetworkProfile { slot: 1, way: alloc::boxed::Box::new(way), password: Some(Secret::new(KEY)) };
    for command in [set(KEY), network] {
        assert!(!format!("{command:?}").contains(KEY), "{command:?}");
    }
}
