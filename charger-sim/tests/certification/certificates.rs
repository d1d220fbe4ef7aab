//! Certificates that the CSMS manages (A02, M03 to M05).

use ring::digest;
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{DecodePem, Encode};
use x509_cert::request::CertReq;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::charger::Charger;
use crate::tool::{OPERATOR, Session, Tool, root};

/// The end of a root that is over.
const AN_HOUR_MS: i64 = 3_600_000;

/// Keys on elliptic curves have 224 bits or more, others 2048.
pub(crate) fn is_strong(key: &SubjectPublicKeyInfoOwned) -> bool {
    const ON_A_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    let bits = key.subject_public_key.bit_len();
    // A point that is not compressed: a byte, and two numbers.
    if key.algorithm.oid == ON_A_CURVE { (bits - 8) / 2 >= 224 } else { bits >= 2_048 }
}

/// Asks for a new certificate of this kind; gives back the request for it.
fn asks(session: &mut Session, kind: &str) -> Value {
    let (action, message) = match kind {
        "ChargePointCertificate" => ("ExtendedTriggerMessage", "SignChargePointCertificate"),
        "ChargingStationCertificate" => ("TriggerMessage", "SignChargingStationCertificate"),
        "V2GCertificate" => ("TriggerMessage", "SignV2GCertificate"),
        _ => ("TriggerMessage", "SignCombinedCertificate"),
    };
    assert_eq!(session.call(action, json!({ "requestedMessage": message }))["status"], "Accepted");
    requested(session)
}

/// The next request for a certificate, which is one.
fn requested(session: &mut Session) -> Value {
    let request = session.hears("SignCertificate", |_| true);
    let csr = CertReq::from_pem(request["csr"].as_str().unwrap()).unwrap();
    assert!(is_strong(&csr.info.public_key), "{csr:?}");
    request
}

/// Hands over a certificate, and gives back the status.
fn signed(session: &mut Session, kind: &str, chain: &str) -> Value {
    let mut payload = json!({ "certificateChain": chain });
    if ["ChargingStationCertificate", "V2GCertificate"].contains(&kind) {
        payload["certificateType"] = kind.into();
    }
    session.call("CertificateSigned", payload)["status"].clone()
}

/// The charger asks for a certificate of this kind, and takes it. Gives it back.
pub(crate) fn renew(session: &mut Session, tool: &mut Tool, kind: &str) -> String {
    let request = asks(session, kind);
    let chain = tool.sign(&request["csr"]);
    assert_eq!(signed(session, kind, &chain), "Accepted");
    chain
}

pub(crate) fn install(session: &mut Session, usage: &str, root: &str) -> Value {
    session.call("InstallCertificate", json!({ "certificateType": usage, "certificate": root }))["status"].clone()
}

/// A certificate is renewed, and the next connection shows it.
fn renews_and_shows(version: &str, kind: &str) {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, version, 3, "");
    let mut session = tool.greet(3).boots();
    let chain = renew(&mut session, &mut tool, kind);
    session.ends();
    let session = tool.greet(3);
    assert_eq!(session.met.unwrap().shown, Some(chain));
}

#[test]
fn tc_a_11_cs_a_new_certificate_is_used() {
    renews_and_shows("2.0.1", "ChargingStationCertificate");
}

#[test]
fn tc_074_cs_a_new_certificate_is_used() {
    renews_and_shows("1.6", "ChargePointCertificate");
}

#[test]
fn tc_a_12_cs_a_certificate_for_vehicles_is_taken() {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, "2.0.1", 2, "--secc-id SECC1");
    let mut session = tool.greet(2).boots();
    assert_eq!(session.set("SecurityCtrlr", "OrganizationName", OPERATOR), "Accepted");
    assert_eq!(install(&mut session, "V2GRootCertificate", &tool.authority.root_pem()), "Accepted");
    let chain = renew(&mut session, &mut tool, "V2GCertificate");
    let subject = Certificate::from_pem(&chain).unwrap().tbs_certificate().subject().to_string();
    assert!(subject.split(',').any(|part| part == "CN=SECC1"), "{subject}");
}

#[test]
fn tc_a_13_cs_a_combined_certificate_is_taken() {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, "2.0.1", 3, "--secc-id SECC1");
    let mut session = tool.greet(3).boots();
    assert_eq!(install(&mut session, "V2GRootCertificate", &tool.authority.root_pem()), "Accepted");
    renew(&mut session, &mut tool, "Combined");
}

/// A certificate that a stranger signed is not taken, and that is told.
fn refuses_a_bad_certificate(version: &str, kind: &str, event: &str) {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, version, 3, "");
    let mut session = tool.greet(3).boots();
    let request = asks(&mut session, kind);
    let good = std::mem::replace(&mut tool.authority, root(OPERATOR));
    let bad = tool.sign(&request["csr"]);
    tool.authority = good;
    assert_eq!(signed(&mut session, kind, &bad), "Rejected");
    session.hears_event(event);
}

#[test]
fn tc_a_14_cs_a_bad_certificate_is_rejected_and_told() {
    refuses_a_bad_certificate("2.0.1", "ChargingStationCertificate", "InvalidChargingStationCertificate");
}

#[test]
fn tc_077_cs_a_bad_certificate_is_rejected_and_told() {
    refuses_a_bad_certificate("1.6", "ChargePointCertificate", "InvalidChargePointCertificate");
}

#[test]
fn tc_a_15_cs_a_refused_request_is_not_repeated() {
    let mut tool = Tool::start();
    let quick = "--set SecurityCtrlr.CertSigningWaitMinimum=10 --set SecurityCtrlr.CertSigningRepeatTimes=5";
    let _charger = Charger::start(&tool, "2.0.1", 3, quick);
    let mut session = tool.greet(3).boots();
    session.signing = "Rejected";
    asks(&mut session, "ChargingStationCertificate");
    session.does_not_hear("SignCertificate", 5);
}

#[test]
fn tc_a_23_cs_a_request_without_a_certificate_is_repeated() {
    let mut tool = Tool::start();
    let waits = "--set SecurityCtrlr.CertSigningWaitMinimum=100 --set SecurityCtrlr.CertSigningRepeatTimes=1";
    let _charger = Charger::start(&tool, "2.0.1", 3, waits);
    let mut session = tool.greet(3).boots();
    asks(&mut session, "ChargingStationCertificate");
    // A heartbeat comes every ten seconds: far fewer than that takes, for the test may be slow.
    session.does_not_hear("SignCertificate", 6);
    requested(&mut session);
    session.does_not_hear("SignCertificate", 12);
    let request = requested(&mut session);
    let chain = tool.sign(&request["csr"]);
    assert_eq!(signed(&mut session, "ChargingStationCertificate", &chain), "Accepted");
}

/// The hash data of a certificate, by nobody's count but this one's.
fn hash_data(certificate: &str) -> Value {
    let certificate = Certificate::from_pem(certificate).unwrap();
    let certificate = certificate.tbs_certificate();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hash = |bytes: &[u8]| hex(digest::digest(&digest::SHA256, bytes).as_ref());
    let key = certificate.subject_public_key_info().subject_public_key.raw_bytes();
    json!({
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hash(&certificate.issuer().to_der().unwrap()),
        // It is its own issuer.
        "issuerKeyHash": hash(key),
        "serialNumber": hex(certificate.serial_number().as_bytes()).trim_start_matches('0'),
    })
}

/// What 1.6 tells of the certificates of this usage.
fn installed(session: &mut Session, usage: &str) -> Vec<Value> {
    let answer = session.call("GetInstalledCertificateIds", json!({ "certificateType": usage }));
    let found = answer["certificateHashData"].as_array().cloned().unwrap_or_default();
    assert_eq!(answer["status"], if found.is_empty() { "NotFound" } else { "Accepted" });
    found
}

fn installs(usage: &str) {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, "1.6", 2, "");
    let mut session = tool.greet(2).boots();
    let new = root("Another").root_pem();
    assert_eq!(install(&mut session, usage, &new), "Accepted");
    let found = installed(&mut session, usage);
    assert!(found.contains(&hash_data(&new)), "{found:?}");
}

#[test]
fn tc_075_1_cs_a_root_of_the_manufacturer_is_installed() {
    installs("ManufacturerRootCertificate");
}

#[test]
fn tc_075_2_cs_a_root_of_the_csms_is_installed() {
    installs("CentralSystemRootCertificate");
}

#[test]
fn tc_076_cs_a_root_is_deleted() {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, "1.6", 2, "");
    let mut session = tool.greet(2).boots();
    let new = root("Another").root_pem();
    assert_eq!(install(&mut session, "CentralSystemRootCertificate", &new), "Accepted");
    let name = hash_data(&new);
    assert!(installed(&mut session, "CentralSystemRootCertificate").contains(&name));
    let answer = session.call("DeleteCertificate", json!({ "certificateHashData": name }));
    assert_eq!(answer["status"], "Accepted");
    assert!(!installed(&mut session, "CentralSystemRootCertificate").contains(&name));
}

#[test]
fn tc_078_cs_a_root_that_is_no_good_is_rejected_and_told() {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, "1.6", 2, "");
    let mut session = tool.greet(2).boots();
    let over = crate::tool::root_until("Another", -AN_HOUR_MS).root_pem();
    assert_eq!(install(&mut session, "CentralSystemRootCertificate", &over), "Rejected");
    session.hears_event("InvalidCentralSystemCertificate");
}
