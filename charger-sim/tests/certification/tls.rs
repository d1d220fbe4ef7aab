//! What is shown and judged in TLS handshakes (A00).

use rustls::{AlertDescription, CipherSuite, Error, ProtocolVersion};
use x509_cert::Certificate;
use x509_cert::der::DecodePem;

use crate::certificates::is_strong;
use crate::charger::Charger;
use crate::tool::{Greeting, Met, Tool, root, validity};

const SUITES: [CipherSuite; 2] =
    [CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384];

fn is_modern(met: &Met) -> bool {
    SUITES.iter().all(|suite| met.offered.contains(suite))
        && [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3].contains(&met.version)
}

/// The charger takes a good certificate, with TLS 1.2 and 1.3, and with each of the suites that it has to have.
fn takes_a_good_certificate(version: &str) {
    for profile in [2, 3] {
        let mut tool = Tool::start();
        let (all, older) = (tool.good(profile == 3), vec![&rustls::version::TLS12]);
        let alone =
            SUITES.map(|suite| Greeting { versions: older.clone(), suites: vec![suite], ..tool.good(profile == 3) });
        for greeting in [all].iter().chain(&alone) {
            let _charger = Charger::start(&tool, version, profile, "");
            let session = tool.secure(greeting).boots();
            let met = session.met.as_ref().unwrap();
            assert!(is_modern(met), "{:?} {:?}", met.version, met.offered);
            assert!(greeting.suites.is_empty() || greeting.suites == [met.suite]);
            assert_eq!(session.authorization.is_some(), profile == 2, "a password in profile 2 only");
            assert_eq!(met.shown.is_some(), profile == 3, "a certificate in profile 3 only");
        }
    }
}

#[test]
fn tc_a_04_cs_a_good_certificate_is_taken() {
    takes_a_good_certificate("2.0.1");
}

#[test]
fn tc_086_cs_a_good_certificate_is_taken() {
    takes_a_good_certificate("1.6");
}

/// One attempt is refused, the next one meets the right CSMS.
#[test]
fn tc_a_05_cs_a_bad_certificate_is_refused_and_told() {
    for profile in [2, 3] {
        let mut tool = Tool::start();
        let mut past = validity();
        past.not_after = past.not_before.saturating_add_millis(3_600_000);
        let kinds = [
            ("unknown", root("Stranger").server("Operator", &["127.0.0.1"], validity()).unwrap()),
            ("expired", tool.authority.server("Operator", &["127.0.0.1"], past).unwrap()),
            ("of another host", tool.authority.server("Operator", &["csms.example"], validity()).unwrap()),
        ];
        for (what, server) in kinds {
            let attempts = "--set OCPPCommCtrlr.NetworkProfileConnectionAttempts=2";
            let _charger = Charger::start(&tool, "2.0.1", profile, attempts);
            let bad = Greeting { server, ..tool.good(profile == 3) };
            let refusal = tool.is_refused(&bad);
            assert!(matches!(refusal, Error::AlertReceived(_)), "{what}: {refusal:?}");
            tool.greet(profile).boots().hears_event("InvalidCsmsCertificate");
        }
    }
}

#[test]
fn tc_a_06_cs_a_version_that_is_too_low_is_refused_and_told() {
    for profile in [2, 3] {
        let mut tool = Tool::start();
        let attempts = "--set OCPPCommCtrlr.NetworkProfileConnectionAttempts=1";
        let _charger = Charger::start(&tool, "2.0.1", profile, attempts);
        let said = tool.answers_old_tls();
        let fatal = [2, u8::from(AlertDescription::ProtocolVersion)];
        assert_eq!((said.first(), &said[5..7]), (Some(&21), &fatal[..]), "{said:?}");
        let mut session = tool.greet(profile).boots();
        session.hears_event("StartupOfTheDevice");
        session.hears_event("InvalidTLSVersion");
    }
}

/// The certificate that the charger shows is what A00.FR.503 to A00.FR.511 say.
fn shows_a_good_certificate(version: &str) {
    let mut tool = Tool::start();
    let _charger = Charger::start(&tool, version, 3, "");
    let session = tool.greet(3).boots();
    let met = session.met.as_ref().unwrap();
    assert!(is_modern(met), "{:?} {:?}", met.version, met.offered);
    let shown = Certificate::from_pem(met.shown.as_ref().unwrap()).unwrap();
    let certificate = shown.tbs_certificate();
    assert!(is_strong(certificate.subject_public_key_info()));
    assert!(!certificate.serial_number().as_bytes().is_empty());
    let subject = certificate.subject().to_string();
    assert!(subject.split(',').any(|part| part == "CN=CS001"), "{subject}");
}

#[test]
fn tc_a_07_cs_a_certificate_with_its_serial_number_is_shown() {
    shows_a_good_certificate("2.0.1");
}

#[test]
fn tc_087_cs_a_certificate_with_its_serial_number_is_shown() {
    shows_a_good_certificate("1.6");
}
