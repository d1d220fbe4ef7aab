//! Passwords and security profiles (A00, A01, A05).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::certificates::{install, renew};
use crate::charger::{Charger, PASSWORD};
use crate::tool::{OPERATOR, Session, Tool};

fn shows(session: &Session, password: &str) -> bool {
    assert!(session.path.ends_with("/CS001"), "{}", session.path);
    session.authorization.as_deref() == Some(&format!("Basic {}", STANDARD.encode(format!("CS001:{password}"))))
}

/// The charger comes with its password, with each of the profiles that have one.
fn shows_its_password(version: &str, reset: &str) {
    for profile in [1, 2] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, version, profile, "");
        let session = tool.greet(profile).boots();
        assert!(shows(&session, PASSWORD), "{profile}: {:?}", session.authorization);
        session.restarts(reset);
        assert!(shows(&tool.greet(profile).boots(), PASSWORD), "{profile}");
    }
}

#[test]
fn tc_a_01_cs_the_identity_and_the_password_are_shown() {
    shows_its_password("2.0.1", "Immediate");
}

#[test]
fn tc_085_cs_the_identity_and_the_password_are_shown() {
    shows_its_password("1.6", "Hard");
}

#[test]
fn tc_a_09_cs_a_new_password_is_used() {
    for profile in [1, 2] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "2.0.1", profile, "");
        let mut session = tool.greet(profile).boots();
        assert_eq!(session.set("SecurityCtrlr", "BasicAuthPassword", "another-password"), "Accepted");
        session.ends();
        assert!(shows(&tool.greet(profile), "another-password"), "{profile}");
    }
}

#[test]
fn tc_073_cs_a_new_password_is_used() {
    for profile in [1, 2] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "1.6", profile, "");
        let mut session = tool.greet(profile).boots();
        // "OCA_OCTT_admin_test" in hexadecimal digits, which the case prescribes.
        assert_eq!(session.configure("AuthorizationKey", "4F43415F4F4354545F61646D696E5F74657374"), "Accepted");
        session.ends();
        assert!(shows(&tool.greet(profile), "OCA_OCTT_admin_test"), "{profile}");
    }
}

#[test]
fn tc_a_10_cs_a_password_that_is_too_short_is_rejected() {
    for profile in [1, 2] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "2.0.1", profile, "");
        let mut session = tool.greet(profile).boots();
        assert_eq!(session.set("SecurityCtrlr", "BasicAuthPassword", "too-short"), "Rejected");
        session.restarts("Immediate");
        assert!(shows(&tool.greet(profile).boots(), PASSWORD), "{profile}");
    }
}

/// Puts the way to the same CSMS with this profile into the second slot.
fn set_way(session: &mut Session, tool: &Tool, profile: u8) -> Value {
    let scheme = if profile < 2 { "ws" } else { "wss" };
    let way = json!({
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppInterface": "Wired0",
        "ocppCsmsUrl": format!("{scheme}://{}/ocpp", tool.address),
        "messageTimeout": 600,
        "securityProfile": profile,
    });
    session.call("SetNetworkProfile", json!({ "configurationSlot": 2, "connectionData": way }))["status"].clone()
}

#[test]
fn tc_a_19_cs_a_higher_profile_is_used_and_the_lower_one_removed() {
    for low in [1, 2] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "2.0.1", low, "");
        let mut session = tool.greet(low).boots();
        if low == 1 {
            assert_eq!(install(&mut session, "CSMSRootCertificate", &tool.authority.root_pem()), "Accepted");
        } else {
            assert_eq!(session.set("SecurityCtrlr", "OrganizationName", OPERATOR), "Accepted");
            renew(&mut session, &mut tool, "ChargingStationCertificate");
        }
        assert_eq!(set_way(&mut session, &tool, low + 1), "Accepted");
        assert_eq!(session.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1"), "RebootRequired");
        session.restarts("OnIdle");
        let mut session = tool.greet(low + 1).boots();
        assert_eq!(session.get("SecurityCtrlr", "SecurityProfile"), (low + 1).to_string());
        assert_eq!(session.get("OCPPCommCtrlr", "NetworkConfigurationPriority"), "2");
    }
}

#[test]
fn tc_083_cs_a_higher_profile_is_used() {
    for low in [1, 2] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "1.6", low, "");
        let mut session = tool.greet(low).boots();
        if low == 1 {
            assert_eq!(install(&mut session, "CentralSystemRootCertificate", &tool.authority.root_pem()), "Accepted");
        } else {
            assert_eq!(session.configure("CpoName", OPERATOR), "Accepted");
            renew(&mut session, &mut tool, "ChargePointCertificate");
        }
        let status = session.configure("SecurityProfile", &(low + 1).to_string());
        assert_eq!(status, "Accepted", "it comes again by itself, without a restart");
        session.ends();
        tool.greet(low + 1).hears("Heartbeat", |_| true);
    }
}

#[test]
fn tc_a_20_cs_without_a_root_there_is_no_tls() {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, "2.0.1", 1, "");
    let mut session = tool.greet(1).boots();
    assert_eq!(set_way(&mut session, &tool, 2), "Accepted");
    assert_eq!(session.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1"), "Rejected");
}

#[test]
fn tc_a_21_cs_without_a_certificate_there_is_no_profile_3() {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, "2.0.1", 2, "");
    let mut session = tool.greet(2).boots();
    assert_eq!(set_way(&mut session, &tool, 3), "Accepted");
    assert_eq!(session.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1"), "Rejected");
}

#[test]
fn tc_a_22_cs_a_lower_profile_is_rejected() {
    for (high, low) in [(2, 1), (3, 2), (3, 1)] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "2.0.1", high, "");
        let mut session = tool.greet(high).boots();
        assert_eq!(set_way(&mut session, &tool, low), "Rejected", "{low} after {high}");
    }
}

#[test]
fn tc_084_cs_a_lower_profile_is_rejected() {
    for high in [2, 3] {
        let mut tool = Tool::start();
        let _charger = Charger::start(&tool, "1.6", high, "");
        let mut session = tool.greet(high).boots();
        assert_eq!(session.configure("SecurityProfile", &(high - 1).to_string()), "Rejected", "{high}");
    }
}
