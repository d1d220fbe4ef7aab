//! 1.6: certification cases of security, for a central system. A case that has a security profile in it runs with each.

use serde_json::{Value, json};

use crate::cases_201::{SUITES, shows_a_good_certificate};
use crate::certificates::{self, hash_data, leads_to};
use crate::csms::Csms;
use crate::renewal::{OF_16, chain, own_request};
use crate::session::Session;
use crate::tool::{Edition, Station};

fn point(csms: &Csms, profile: u8) -> Station<'_> {
    Station::new(csms, Edition::V16, profile)
}

fn booted(csms: &Csms, profile: u8) -> Session {
    point(csms, profile).comes().boots()
}

#[test]
fn tc_073_csms_the_operator_changes_a_password() {
    const NEW: &str = "battery-staple";
    for profile in [1, 2] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        let new = format!("{NEW}-{profile}");
        let asked = csms.change_password(&new);
        let told = session.hears_and_says("ChangeConfiguration", "Accepted");
        assert_eq!((&told["key"], told.as_object().unwrap().len()), (&json!("AuthorizationKey"), 2));
        assert_eq!(asked.told()["status"], "Accepted");
        drop(session);
        // A key is told in hexadecimal digits (1.6J §6.2.2).
        let digits: String = new.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(told["value"].as_str().unwrap().eq_ignore_ascii_case(&digits), "{told}");
        Station { password: new, ..point(&csms, profile) }.comes().boots();
        assert_eq!(point(&csms, profile).is_refused(), 401, "the old one");
    }
}

#[test]
fn tc_074_csms_a_charge_point_renews_its_certificate() {
    let csms = Csms::start();
    let mut session = booted(&csms, 3);
    let request = own_request();
    let brought = OF_16.runs(&csms, &mut session, &request);
    session.answers(&brought, &json!({ "status": "Accepted" }));
    let own = request.granted(chain(&brought));
    assert!(leads_to(&own.chain, &csms.root()));
    drop(session);
    Station { own, ..point(&csms, 3) }.comes().boots();
}

/// The operator has a root installed, and the charge point answers so.
fn installs(csms: &Csms, session: &mut Session, usage: &str, certificate: &str, status: &str) {
    let wanted = json!({ "certificateType": usage, "certificate": certificate });
    let asked = csms.call("InstallCertificate", &wanted);
    assert_eq!(session.hears_and_says("InstallCertificate", status), wanted);
    assert_eq!(asked.told()["status"], status);
}

/// The operator asks what is installed, and is told that this root is.
fn lists(csms: &Csms, session: &mut Session, usage: &str, root: &str) -> Value {
    let wanted = json!({ "certificateType": usage });
    let asked = csms.call("GetInstalledCertificateIds", &wanted);
    let heard = session.hears("GetInstalledCertificateIds");
    assert_eq!(heard.payload, wanted);
    let installed = json!({ "status": "Accepted", "certificateHashData": [hash_data(root)] });
    session.answers(&heard, &installed);
    let told = asked.told();
    assert_eq!(told, installed);
    told["certificateHashData"][0].clone()
}

fn is_installed(usage: &str) {
    for profile in [2, 3] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        let root = certificates::root("Another").pem();
        installs(&csms, &mut session, usage, &root, "Accepted");
        lists(&csms, &mut session, usage, &root);
        session.goes_on();
    }
}

#[test]
fn tc_075_1_csms_the_operator_installs_a_root_of_the_manufacturer() {
    is_installed("ManufacturerRootCertificate");
}

#[test]
fn tc_075_2_csms_the_operator_installs_a_root_of_a_central_system() {
    is_installed("CentralSystemRootCertificate");
}

#[test]
fn tc_076_csms_the_operator_deletes_a_root() {
    let usage = "CentralSystemRootCertificate";
    for profile in [1, 2, 3] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        let root = certificates::root("Root 2").pem();
        installs(&csms, &mut session, usage, &root, "Accepted");
        let listed = lists(&csms, &mut session, usage, &root);
        let asked = csms.call("DeleteCertificate", &json!({ "certificateHashData": listed }));
        let told = session.hears_and_says("DeleteCertificate", "Accepted");
        assert_eq!(told, json!({ "certificateHashData": hash_data(&root) }));
        assert_eq!(asked.told()["status"], "Accepted");
    }
}

fn tells_event(session: &mut Session, kind: &str) {
    let event = json!({ "type": kind, "timestamp": "2026-03-01T12:00:00Z" });
    assert_eq!(session.call("SecurityEventNotification", &event), json!({}));
    session.goes_on();
}

#[test]
fn tc_077_csms_a_charge_point_may_find_its_new_certificate_invalid() {
    let csms = Csms::start();
    let mut session = booted(&csms, 3);
    let request = own_request();
    let brought = OF_16.runs(&csms, &mut session, &request);
    session.answers(&brought, &json!({ "status": "Rejected" }));
    assert!(leads_to(&request.granted(chain(&brought)).chain, &csms.root()));
    tells_event(&mut session, "InvalidChargePointCertificate");
}

#[test]
fn tc_078_csms_a_charge_point_may_find_a_root_invalid() {
    for profile in [2, 3] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        let root = certificates::root("Another").pem();
        installs(&csms, &mut session, "CentralSystemRootCertificate", &root, "Rejected");
        tells_event(&mut session, "InvalidCentralSystemCertificate");
    }
}

/// The operator asks for something, and is told that it will be done.
fn asks(csms: &Csms, session: &mut Session, action: &str, wanted: &Value) {
    let asked = csms.call(action, wanted);
    assert_eq!(session.hears_and_says(action, "Accepted"), *wanted);
    assert_eq!(asked.told()["status"], "Accepted");
}

/// The charge point tells these, one after the other; the operator sees the latest in this member.
fn tells_statuses(csms: &Csms, session: &mut Session, action: &str, member: &str, statuses: &[&str]) {
    for status in statuses {
        let told = json!({ "status": status, "requestId": 7 });
        assert_eq!(session.call(action, &told), json!({}));
        assert_eq!(csms.station()[member], *status);
    }
}

#[test]
fn tc_079_csms_the_operator_gets_a_security_log() {
    for profile in [1, 2, 3] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        let log = json!({ "remoteLocation": "https://logs.example/" });
        asks(&csms, &mut session, "GetLog", &json!({ "logType": "SecurityLog", "requestId": 7, "log": log }));
        let statuses = ["Uploading", "Uploaded"];
        tells_statuses(&csms, &mut session, "LogStatusNotification", "log_status", &statuses);
    }
}

const FIRMWARE_STATUS: &str = "SignedFirmwareStatusNotification";

/// The operator has signed firmware installed; the charge point fetches it.
fn updates(csms: &Csms, session: &mut Session, signature: &str) {
    let firmware = json!({
        "location": "https://firmware.example/2.0",
        "retrieveDateTime": "2026-03-01T12:00:00Z",
        "signingCertificate": certificates::root("Maker").pem(),
        "signature": signature,
    });
    asks(csms, session, "SignedUpdateFirmware", &json!({ "requestId": 7, "firmware": firmware }));
    tells_statuses(csms, session, FIRMWARE_STATUS, "firmware_status", &["Downloading", "Downloaded"]);
}

#[test]
fn tc_080_csms_the_operator_has_signed_firmware_installed() {
    for profile in [1, 2, 3] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        updates(&csms, &mut session, "c2lnbmVk");
        let statuses = ["SignatureVerified", "Installing"];
        tells_statuses(&csms, &mut session, FIRMWARE_STATUS, "firmware_status", &statuses);
        drop(session);
        let mut session = booted(&csms, profile);
        tells_event(&mut session, "FirmwareUpdated");
        tells_statuses(&csms, &mut session, FIRMWARE_STATUS, "firmware_status", &["Installed"]);
    }
}

#[test]
fn tc_081_csms_a_charge_point_may_find_a_signature_invalid() {
    for profile in [1, 2, 3] {
        let csms = Csms::start();
        let mut session = booted(&csms, profile);
        updates(&csms, &mut session, "d3Jvbmc=");
        tells_statuses(&csms, &mut session, FIRMWARE_STATUS, "firmware_status", &["InvalidSignature"]);
        session.goes_on();
    }
}

#[test]
fn tc_085_csms_the_right_password_opens_the_door() {
    for profile in [1, 2] {
        let csms = Csms::start();
        booted(&csms, profile);
        assert_eq!(csms.station()["security_profile"], profile);
    }
}

#[test]
fn tc_086_csms_the_server_shows_a_good_certificate() {
    for profile in [2, 3] {
        let csms = Csms::start();
        for (suite, version) in SUITES {
            let session = Station { suite: Some(suite), ..point(&csms, profile) }.comes();
            let met = session.met();
            assert_eq!((met.suite, met.version), (suite, version));
            shows_a_good_certificate(&met.shown[0]);
            session.boots();
        }
    }
}

#[test]
fn tc_087_csms_a_good_certificate_opens_the_door() {
    let csms = Csms::start();
    for (suite, version) in SUITES {
        let session = Station { suite: Some(suite), ..point(&csms, 3) }.comes();
        assert_eq!((session.met().suite, session.met().version), (suite, version));
        session.boots();
    }
    assert_eq!(csms.station()["security_profile"], 3);
}
