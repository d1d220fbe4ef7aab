//! 2.0.1, Part 6: block A, for a CSMS. A case that has a security profile in it runs with each.

use pilotwire_pki::authority::Validity;
use rcgen::DnType;
use rustls::{AlertDescription, CipherSuite, Error, ProtocolVersion};
use serde_json::json;

use crate::certificates::{self, Facts, leads_to};
use crate::csms::{Csms, HOST, OPERATOR, PASSWORD, STATION, validity};
use crate::hello::{DEFLATE, NO_COMPRESSION, Said, greet};
use crate::renewal::{OF_201, chain, own_request};
use crate::session::Session;
use crate::tool::{Edition, Station};

const NEW_PASSWORD: &str = "battery-staple-horse";
const PROTOCOL_VERSION: Said = Said::Alert(70);

/// Cipher suites that a CSMS has to have (A00.FR.318, A00.FR.421) and that are here, and those of TLS 1.3. TLS_RSA is not: see
/// docs/security.md.
pub(crate) const SUITES: [(CipherSuite, ProtocolVersion); 4] = [
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ProtocolVersion::TLSv1_2),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, ProtocolVersion::TLSv1_2),
    (CipherSuite::TLS13_AES_128_GCM_SHA256, ProtocolVersion::TLSv1_3),
    (CipherSuite::TLS13_AES_256_GCM_SHA384, ProtocolVersion::TLSv1_3),
];

fn station(csms: &Csms, profile: u8) -> Station<'_> {
    Station::new(csms, Edition::V201, profile)
}

fn booted(csms: &Csms, profile: u8) -> Session {
    station(csms, profile).comes().boots()
}

#[test]
fn tc_a_01_csms_the_right_password_opens_the_door() {
    for profile in [1, 2] {
        let csms = Csms::start();
        booted(&csms, profile);
        assert_eq!(csms.station()["security_profile"], profile);
    }
}

#[test]
fn tc_a_02_csms_the_user_name_must_be_the_identity() {
    for profile in [1, 2] {
        let csms = Csms::start();
        let wrong = Station { user: format!("{STATION}Invalid"), ..station(&csms, profile) };
        assert_eq!(wrong.is_refused(), 401);
        booted(&csms, profile);
    }
}

#[test]
fn tc_a_03_csms_another_password_does_not_open_the_door() {
    for profile in [1, 2] {
        let csms = Csms::start();
        for password in ["m4_xW:9-zQ=c2+aT", "m4_xW:9-zQ=c2+aT|8@k.Lr7*Vb3_nY6:Ge1-oU5"] {
            let wrong = Station { password: password.into(), ..station(&csms, profile) };
            assert_eq!(wrong.is_refused(), 401);
        }
        booted(&csms, profile);
    }
}

#[test]
fn tc_a_04_csms_the_server_shows_a_good_certificate() {
    for profile in [2, 3] {
        let csms = Csms::start();
        for (suite, version) in SUITES {
            let session = Station { suite: Some(suite), ..station(&csms, profile) }.comes();
            let met = session.met();
            assert_eq!((met.suite, met.version), (suite, version));
            shows_a_good_certificate(&met.shown[0]);
            session.boots();
        }
        // A00.FR.321
        let ecdhe = [[0xC0, 0x2B], [0xC0, 0x2C]];
        let said = greet(csms.address(profile), [3, 3], &ecdhe, &[DEFLATE, NO_COMPRESSION]);
        let Said::Hello { version: [3, 3], compression: NO_COMPRESSION, suite } = said else { panic!("{said:?}") };
        assert!(ecdhe.contains(&suite), "{suite:?}");
    }
}

/// That it leads to the root and names the host was seen in the handshake.
pub(crate) fn shows_a_good_certificate(shown: &rustls::pki_types::CertificateDer<'_>) {
    let facts = Facts::of(shown);
    // A00.FR.503
    assert!(facts.bits >= 224, "{} bits", facts.bits);
    // A00.FR.508
    assert!(facts.serial.iter().any(|byte| *byte != 0));
    // A00.FR.510
    assert_eq!(facts.common_name.as_deref(), Some(HOST));
}

#[test]
fn tc_a_06_csms_a_tls_version_below_1_2_is_refused() {
    for profile in [2, 3] {
        let csms = Csms::start();
        for version in [[3, 0], [3, 1], [3, 2]] {
            // With a cipher suite of those days.
            let said = greet(csms.address(profile), version, &[[0xC0, 0x09]], &[NO_COMPRESSION]);
            assert_eq!(said, PROTOCOL_VERSION, "{version:?}");
        }
        booted(&csms, profile);
    }
}

#[test]
fn tc_a_07_csms_a_good_certificate_opens_the_door() {
    let csms = Csms::start();
    for (suite, version) in SUITES {
        let session = Station { suite: Some(suite), ..station(&csms, 3) }.comes();
        assert_eq!((session.met().suite, session.met().version), (suite, version));
        session.boots();
        assert_eq!(csms.station()["security_profile"], 3);
    }
}

#[test]
fn tc_a_08_csms_a_bad_certificate_does_not_open_the_door() {
    let csms = Csms::start();
    let subject = [(DnType::OrganizationName, OPERATOR), (DnType::CommonName, STATION)];
    let unknown = certificates::issued(&certificates::root("Another"), &subject);
    // From an authority that has taken the name of the operator's.
    let forged = certificates::issued(&certificates::root(OPERATOR), &subject);
    let over = Validity { not_after: validity().not_before.saturating_add_millis(3_600_000), ..validity() };
    let expired = csms.factory(STATION, over);
    for (own, alert) in [
        (unknown, AlertDescription::UnknownCA),
        (forged, AlertDescription::DecryptError),
        (expired, AlertDescription::CertificateExpired),
    ] {
        let mut wrong = Station { own, ..station(&csms, 3) };
        for (suite, _) in SUITES {
            wrong.suite = Some(suite);
            assert_eq!(wrong.is_refused_by_tls(), Error::AlertReceived(alert), "{suite:?}");
        }
        booted(&csms, 3);
    }
    // Whom the station says to be is known with its upgrade, and not before (A00.FR.405).
    let of_another = Station { own: csms.factory("CS002", validity()), ..station(&csms, 3) };
    assert_eq!(of_another.is_refused(), 403);
    booted(&csms, 3);
}

/// What the operator asks for, and what the station answers.
fn changes_password(csms: &Csms, session: &mut Session, status: &str) {
    let asked = csms.change_password(NEW_PASSWORD);
    let heard = session.hears("SetVariables");
    let wanted = json!({
        "component": { "name": "SecurityCtrlr" },
        "variable": { "name": "BasicAuthPassword" },
        "attributeValue": NEW_PASSWORD,
    });
    assert_eq!(heard.payload, json!({ "setVariableData": [wanted] }));
    let result = json!({ "attributeStatus": status, "component": wanted["component"], "variable": wanted["variable"] });
    session.answers(&heard, &json!({ "setVariableResult": [result] }));
    assert_eq!(asked.told()["status"], status);
}

#[test]
fn tc_a_09_csms_a_new_password_takes_the_place_of_the_old_one() {
    for profile in [1, 2] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        changes_password(&csms, &mut session, "Accepted");
        drop(session);
        let new = Station { password: NEW_PASSWORD.into(), ..station(&csms, profile) };
        new.comes().boots();
        // A01.FR.03
        assert_eq!(station(&csms, profile).is_refused(), 401, "the old one");
    }
}

#[test]
fn tc_a_10_csms_a_password_that_is_rejected_changes_nothing() {
    for profile in [1, 2] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        changes_password(&csms, &mut session, "Rejected");
        session.goes_on();
        drop(session);
        // A01.FR.04
        booted(&csms, profile);
        let new = Station { password: NEW_PASSWORD.into(), ..station(&csms, profile) };
        assert_eq!(new.is_refused(), 401);
        assert_eq!(PASSWORD, station(&csms, profile).password);
    }
}

/// The memory state RenewChargingStationCertificate; gives the station with its new certificate.
fn renews<'a>(csms: &'a Csms, session: &mut Session) -> Station<'a> {
    let request = own_request();
    let brought = OF_201.runs(csms, session, &request);
    session.answers(&brought, &json!({ "status": "Accepted" }));
    let own = request.granted(chain(&brought));
    assert!(leads_to(&own.chain, &csms.root()));
    Station { own, ..station(csms, 3) }
}

#[test]
fn tc_a_11_csms_a_station_gets_a_new_certificate() {
    let csms = Csms::start();
    let mut session = booted(&csms, 3);
    let renewed = renews(&csms, &mut session);
    session.goes_on();
    renewed.comes().boots();
}

#[test]
fn tc_a_14_csms_a_station_may_reject_its_new_certificate() {
    let csms = Csms::start();
    let mut session = booted(&csms, 3);
    let brought = OF_201.runs(&csms, &mut session, &own_request());
    session.answers(&brought, &json!({ "status": "Rejected" }));
    session.goes_on();
    drop(session);
    booted(&csms, 3);
}

/// The operator asks for a way with this security profile, in slot 2.
fn upgrades(csms: &Csms, session: &mut Session, profile: u8) {
    let scheme = if profile < 2 { "ws" } else { "wss" };
    let url = format!("{scheme}://{HOST}:{}/ocpp", csms.address(profile).port());
    let way = json!({ "configurationSlot": 2, "connectionData": {
        "messageTimeout": 30,
        "ocppCsmsUrl": url,
        "ocppInterface": "Wired0",
        "ocppTransport": "JSON",
        "ocppVersion": "OCPP20",
        "securityProfile": profile,
    } });
    let asked = csms.call("SetNetworkProfile", &way);
    assert_eq!(session.hears_and_says("SetNetworkProfile", "Accepted"), way);
    assert_eq!(asked.told()["status"], "Accepted");
}

fn prefers_slot_2(csms: &Csms, session: &mut Session) {
    let component = json!({ "name": "OCPPCommCtrlr" });
    let variable = json!({ "name": "NetworkConfigurationPriority" });
    let wanted =
        json!({ "setVariableData": [{ "component": component, "variable": variable, "attributeValue": "2,1" }] });
    let asked = csms.call("SetVariables", &wanted);
    let heard = session.hears("SetVariables");
    assert_eq!(heard.payload, wanted);
    let result = json!({ "attributeStatus": "Accepted", "component": component, "variable": variable });
    session.answers(&heard, &json!({ "setVariableResult": [result] }));
    assert_eq!(asked.told()["setVariableResult"][0]["attributeStatus"], "Accepted");
}

fn resets(csms: &Csms, session: &mut Session) {
    let wanted = json!({ "type": "OnIdle" });
    let asked = csms.call("Reset", &wanted);
    assert_eq!(session.hears_and_says("Reset", "Accepted"), wanted);
    assert_eq!(asked.told()["status"], "Accepted");
}

#[test]
fn tc_a_19_csms_a_higher_security_profile_is_the_lowest_from_then_on() {
    for profile in [1, 2] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        let higher = match profile {
            1 => station(&csms, 2),
            _ => renews(&csms, &mut session),
        };
        upgrades(&csms, &mut session, profile + 1);
        prefers_slot_2(&csms, &mut session);
        resets(&csms, &mut session);
        drop(session);
        higher.comes().boots();
        assert_eq!(csms.station()["security_profile"], profile + 1);
        // A05.FR.07
        assert_eq!(station(&csms, profile).is_refused(), 403);
    }
}

#[cfg(unix)]
mod for_vehicles {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::sync::Arc;

    use csms_lite::{Signer, pki};
    use pilotwire::domain::Subject;
    use pilotwire_pki::authority::Authority;
    use pilotwire_tokio::Clock;

    use super::*;
    use crate::renewal::Renewal;

    const V2G: Renewal =
        Renewal { trigger: "TriggerMessage", requested: "SignV2GCertificate", usage: Some("V2GCertificate") };
    const COMBINED: Renewal = Renewal { trigger: "TriggerMessage", requested: "SignCombinedCertificate", usage: None };

    /// A sub-CA below the root of vehicles, in a folder with the command that signs by it; gives that root.
    fn v2g_authority(folder: &Path) -> String {
        let subject = |name: &str| Subject { organization: "V2G".into(), common_name: name.into() };
        // Longer than what it signs.
        let validity = pki::validity(Clock::of_this_computer(1).wall(), 2);
        let mut root = Authority::root(&subject("V2G Root"), validity).unwrap();
        root.sub(&subject("V2G Sub-CA"), validity).unwrap().save(folder).unwrap();
        // A script is linked, because a file that somebody has just written cannot be run while another child is born.
        symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certification/sign.sh"), folder.join("sign"))
            .unwrap();
        symlink(env!("CARGO_BIN_EXE_csms-lite"), folder.join("csms-lite")).unwrap();
        root.root_pem()
    }

    /// A CSMS whose certificates are signed by the authority of vehicles, which it trusts; and that one's root.
    fn signed_for_vehicles() -> (Csms, String) {
        let mut root = String::new();
        let csms = Csms::start_with(|options, folder| {
            let folder = folder.join("v2g");
            fs::create_dir(&folder).unwrap();
            root = v2g_authority(&folder);
            options.signer = Some(Arc::new(Signer::Command(folder.join("sign"))));
            options.tls.as_mut().unwrap().client_roots.push(root.clone());
        });
        (csms, root)
    }

    #[test]
    fn tc_a_12_csms_a_station_gets_a_certificate_for_vehicles() {
        let place = [
            (DnType::CountryName, "NL"),
            (DnType::OrganizationName, OPERATOR),
            (DnType::OrganizationalUnitName, "Charging"),
        ];
        // The case names no commonName; vehicles know a station by its SECC id.
        let named = [&place[..], &[(DnType::CommonName, "NL*OPE*E0001")]].concat();
        for (profile, subject) in [(1, &named[..]), (2, &place), (3, &named)] {
            let (csms, root) = signed_for_vehicles();
            let mut session = booted(&csms, profile);
            let request = certificates::Request::new(subject);
            let brought = V2G.runs(&csms, &mut session, &request);
            session.answers(&brought, &json!({ "status": "Accepted" }));
            let granted = request.granted(chain(&brought));
            assert!(leads_to(&granted.chain, &root));
            assert!(Facts::of(&granted.chain[0]).bits >= 224);
            session.goes_on();
        }
    }

    #[test]
    fn tc_a_13_csms_a_station_gets_a_certificate_for_both() {
        let (csms, root) = signed_for_vehicles();
        let mut session = booted(&csms, 3);
        let request = own_request();
        let brought = COMBINED.runs(&csms, &mut session, &request);
        session.answers(&brought, &json!({ "status": "Accepted" }));
        let own = request.granted(chain(&brought));
        assert!(leads_to(&own.chain, &root));
        let facts = Facts::of(&own.chain[0]);
        assert!(facts.bits >= 224 && facts.serial.iter().any(|byte| *byte != 0));
        assert_eq!(facts.common_name.as_deref(), Some(STATION));
        drop(session);
        Station { own, ..station(&csms, 3) }.comes().boots();
    }
}
