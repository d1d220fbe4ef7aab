//! Certificates that the station wants signed (A02, A03), and those that the CSMS manages there (M03–M05).

use alloc::boxed::Box;
use alloc::vec;

use super::*;
use crate::domain::{
    CertificateHashData, CertificateHashDataChain, CertificateSigningUse, DeleteCertificateStatus, GetCertificateIdUse,
    InstallCertificateStatus, InstallCertificateUse, Reply,
};

const STATION: CertificateSigningUse = CertificateSigningUse::ChargingStationCertificate;

fn signing(version: Version) -> Desk {
    let mut desk = Desk::new(Config { signs_certificates: true, ..config() });
    desk.tell(Event::Connected(version));
    desk.boot(version);
    desk
}

fn sign(version: Version, id: usize, csr: &str) -> String {
    match version {
        Version::V16 => format!(r#"[2,"s{id}","SignCertificate",{{"csr":"{csr}"}}]"#),
        _ => {
            format!(r#"[2,"s{id}","SignCertificate",{{"csr":"{csr}","certificateType":"ChargingStationCertificate"}}]"#)
        }
    }
}

fn status(actions: &[Action<Output>]) -> String {
    answer(actions)[2]["status"].as_str().unwrap().to_string()
}

/// TC_A_11_CSMS, TC_A_14_CSMS, TC_074_CSMS; A02.FR.11, A02.FR.14.
#[test]
fn tc_a_11_tc_a_14_a_request_is_passed_on_and_its_certificate_sent() {
    for version in VERSIONS {
        for accepted in ["Accepted", "Rejected"] {
            let mut desk = signing(version);
            let told = desk.receive(&sign(version, 1, "csr"));
            let request = Output::SigningRequested { csr: "csr".into(), usage: Some(STATION), request_id: None };
            assert_eq!(outputs(&told), [&request], "{version}");
            assert_eq!(status(&told), "Accepted");
            let chain = Command::CertificateSigned { chain: "pem".into(), usage: Some(STATION), request_id: None };
            let sent = desk.command(1, chain, 0);
            assert_eq!(answer(&sent)[3]["certificateChain"], "pem");
            let id = answer(&sent)[1].as_str().unwrap().to_string();
            let done = desk.receive(&format!(r#"[3,"{id}",{{"status":"{accepted}"}}]"#));
            let reply = Reply::CertificateSigned { accepted: accepted == "Accepted", why: None };
            assert_eq!(outputs(&done), [&Output::Done { operation: 1, outcome: Outcome::Reply(reply) }]);
        }
    }
}

/// TC_A_12_CSMS, TC_A_13_CSMS: for vehicles, and for both.
#[test]
fn tc_a_12_tc_a_13_the_use_and_the_number_are_passed_on() {
    let mut desk = signing(Version::V21);
    let v2g = Some(CertificateSigningUse::V2GCertificate);
    for (id, member, usage) in [(1, r#""certificateType":"V2GCertificate","#, v2g), (2, "", None)] {
        let told = desk.receive(&format!(r#"[2,"{id}","SignCertificate",{{{member}"requestId":4,"csr":"csr"}}]"#));
        let request = Output::SigningRequested { csr: "csr".into(), usage, request_id: Some(4) };
        assert_eq!(outputs(&told), [&request]);
    }
}

/// A02.FR.12.
#[test]
fn who_cannot_sign_says_so() {
    for version in VERSIONS {
        let mut desk = Desk::accepted(version);
        let told = desk.receive(&sign(version, 1, "csr"));
        assert_eq!((outputs(&told).len(), status(&told)), (0, "Rejected".into()));
    }
}

/// A station that asks without end does not reach the CA, and is heard again after an hour.
#[test]
fn a_flood_of_requests_is_rejected_and_told() {
    for version in VERSIONS {
        let mut desk = signing(version);
        let limit = config().limits.signing_requests;
        for id in 0..limit {
            assert_eq!(status(&desk.receive(&sign(version, id, "csr"))), "Accepted");
        }
        let told = desk.receive(&sign(version, limit, "csr"));
        assert!(matches!(outputs(&told)[..], [Output::LimitHit { .. }]), "{version}: {told:?}");
        assert_eq!(status(&told), "Rejected");
        desk.wait(3_600);
        assert_eq!(status(&desk.receive(&sign(version, limit + 1, "csr"))), "Accepted");
    }
}

/// TC_M_01_CSMS, TC_M_05_CSMS, TC_M_12_CSMS, TC_M_18_CSMS, TC_M_19_CSMS, TC_M_20_CSMS, TC_M_21_CSMS, TC_075_CSMS,
/// TC_076_CSMS.
#[test]
fn tc_m_01_to_21_roots_are_installed_listed_and_deleted() {
    let name = CertificateHashData::new(pilotwire_messages::v2::HashAlgorithm::SHA256, "aa", "bb", "1");
    let listed = GetCertificateIdUse::CSMSRootCertificate;
    let found = vec![CertificateHashDataChain::new(name.clone(), listed.clone())];
    let hash = r#"{"hashAlgorithm":"SHA256","issuerNameHash":"aa","issuerKeyHash":"bb","serialNumber":"1"}"#;
    let root =
        Command::InstallCertificate { usage: InstallCertificateUse::CSMSRootCertificate, certificate: "pem".into() };
    let list = Command::InstalledCertificates { usages: vec![listed] };
    let delete = Command::DeleteCertificate(Box::new(name));
    let install = |status| Reply::InstallCertificate { status, why: None };
    for version in VERSIONS {
        let hashes = match version {
            Version::V16 => format!(r#"{{"status":"Accepted","certificateHashData":[{hash}]}}"#),
            _ => format!(
                r#"{{"status":"Accepted","certificateHashDataChain":[{{"certificateType":"CSMSRootCertificate","certificateHashData":{hash}}}]}}"#
            ),
        };
        let status = |status: &str| format!(r#"{{"status":"{status}"}}"#);
        let cases = [
            (&root, status("Accepted"), install(InstallCertificateStatus::Accepted)),
            (&root, status("Rejected"), install(InstallCertificateStatus::Rejected)),
            (&list, hashes, Reply::InstalledCertificates(found.clone())),
            (&list, status("NotFound"), Reply::InstalledCertificates(Vec::new())),
            (&delete, status("Accepted"), Reply::DeleteCertificate(DeleteCertificateStatus::Accepted)),
            (&delete, status("NotFound"), Reply::DeleteCertificate(DeleteCertificateStatus::NotFound)),
            (&delete, status("Failed"), Reply::DeleteCertificate(DeleteCertificateStatus::Failed)),
        ];
        let mut desk = Desk::accepted(version);
        for (command, payload, reply) in cases {
            let sent = desk.command(1, command.clone(), 0);
            let id = answer(&sent)[1].as_str().unwrap().to_string();
            let done = desk.receive(&format!(r#"[3,"{id}",{payload}]"#));
            let expected = Output::Done { operation: 1, outcome: Outcome::Reply(reply) };
            assert_eq!(outputs(&done), [&expected], "{version}");
        }
    }
}

const ABOUT: &str = r#"{"hashAlgorithm":"SHA256","issuerNameHash":"aa","issuerKeyHash":"bb","serialNumber":"7","responderURL":"http://127.0.0.1/ocsp"}"#;

fn asking(version: Version) -> Desk {
    let mut desk = Desk::new(Config { asks_responders: true, ..config() });
    desk.tell(Event::Connected(version));
    desk.boot(version);
    desk
}

fn ask_status(desk: &mut Desk) -> u64 {
    let told = desk.receive(&format!(r#"[2,"o","GetCertificateStatus",{{"ocspRequestData":{ABOUT}}}]"#));
    match outputs(&told)[..] {
        [Output::CertificateStatus { question, about }] => {
            assert_eq!((about.serial_number.as_str(), about.responder_url.as_str()), ("7", "http://127.0.0.1/ocsp"));
            *question
        }
        _ => panic!("{told:?}"),
    }
}

/// TC_M_24_CSMS; M06.FR.01–M06.FR.04.
#[test]
fn tc_m_24_what_a_responder_says_is_passed_on() {
    for version in [Version::V201, Version::V21] {
        for (response, expected) in [(Some(Text::from("MIIB")), "Accepted"), (None, "Failed")] {
            let mut desk = asking(version);
            let question = ask_status(&mut desk);
            let told = desk.tell(Event::Input(Input::CertificateStatus { question, response: response.clone() }));
            assert_eq!(status(&told), expected, "{version}");
            assert_eq!(answer(&told)[2]["ocspResult"].as_str(), response.as_deref());
            let again = desk.tell(Event::Input(Input::CertificateStatus { question, response }));
            assert!(again.is_empty(), "a question has one answer");
        }
    }
}

/// M06.FR.04: nobody asks, nobody answers in time, and what a message cannot carry.
#[test]
fn a_status_that_cannot_be_had_has_failed() {
    let mut desk = Desk::accepted(Version::V201);
    let told = desk.receive(&format!(r#"[2,"o","GetCertificateStatus",{{"ocspRequestData":{ABOUT}}}]"#));
    assert_eq!((outputs(&told).len(), status(&told)), (0, "Failed".into()));

    let mut desk = asking(Version::V201);
    ask_status(&mut desk);
    let told = desk.wait(u64::from(Config::new("", 0).limits.answer_timeout_s));
    assert_eq!(status(&told), "Failed");

    let mut desk = asking(Version::V201);
    let question = ask_status(&mut desk);
    let response = Some("A".repeat(5_501).into());
    let told = desk.tell(Event::Input(Input::CertificateStatus { question, response }));
    assert_eq!(status(&told), "Failed");
    assert!(matches!(outputs(&told)[..], [Output::LimitHit { .. }]), "{told:?}");
}
