use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use pilotwire_messages::{Version, v2};

use super::{ID, answered, commanded, heard, replied, written};
use crate::dialect::{write_command, write_request};
use crate::domain::{
    Answer, CertificateHashData, CertificateHashDataChain, CertificateSigningUse, Command, DeleteCertificateStatus,
    GetCertificateIdUse, InstallCertificateStatus, InstallCertificateUse, Reply, Request, StatusInfo,
};

const STATION: CertificateSigningUse = CertificateSigningUse::ChargingStationCertificate;

fn name() -> CertificateHashData {
    CertificateHashData::new(v2::HashAlgorithm::SHA384, "0a", "0b", "1f")
}

/// A02.FR.13; the number is of 2.1.
#[test]
fn a_signing_request_is_heard_as_it_was_made() {
    let sign = |usage: Option<CertificateSigningUse>, request_id| Request::SignCertificate {
        csr: "csr".into(),
        usage,
        request_id,
    };
    for version in Version::ALL {
        assert_eq!(heard(version, &sign(Some(STATION), None)), sign(Some(STATION), None), "{version}");
        for accepted in [true, false] {
            let answer = Answer::SignCertificate { accepted };
            assert_eq!(answered(version, &sign(Some(STATION), None), &answer), answer);
        }
    }
    let v2g = Some(CertificateSigningUse::V2GCertificate);
    assert_eq!(heard(Version::V21, &sign(v2g.clone(), Some(7))), sign(v2g.clone(), Some(7)));
    assert_eq!(heard(Version::V201, &sign(None, Some(7))), sign(None, None));
    assert!(!written(Version::V201, &sign(None, Some(7))).unwrap().contains("requestId"));
    assert!(write_request(Version::V16, ID, &sign(v2g, None), super::NAMES).is_err());
}

/// A02.FR.14.
#[test]
fn a_signed_certificate_is_heard_as_it_was_sent() {
    let signed = |usage: Option<CertificateSigningUse>, request_id| Command::CertificateSigned {
        chain: "chain".into(),
        usage,
        request_id,
    };
    for version in Version::ALL {
        let command = signed(Some(STATION), None);
        assert_eq!(commanded(version, &command), command, "{version}");
        for accepted in [true, false] {
            let reply = Reply::CertificateSigned { accepted, why: None };
            assert_eq!(replied(version, &command, &reply), reply);
        }
    }
    assert_eq!(commanded(Version::V21, &signed(None, Some(3))), signed(None, Some(3)));
    assert_eq!(commanded(Version::V201, &signed(None, Some(3))), signed(None, None));
    assert!(write_command(Version::V16, ID, &signed(Some(CertificateSigningUse::V2GCertificate), None)).is_err());
    let reply = Reply::CertificateSigned { accepted: false, why: Some(StatusInfo::new("InvalidCertificate")) };
    assert_eq!(replied(Version::V201, &signed(None, None), &reply), reply);
}

#[test]
fn roots_are_installed_listed_and_deleted_alike_in_all_editions() {
    let kinds = [
        (InstallCertificateUse::CSMSRootCertificate, GetCertificateIdUse::CSMSRootCertificate),
        (InstallCertificateUse::ManufacturerRootCertificate, GetCertificateIdUse::ManufacturerRootCertificate),
    ];
    for version in Version::ALL {
        for (usage, listed) in kinds.clone() {
            let install = Command::InstallCertificate { usage, certificate: "pem".into() };
            assert_eq!(commanded(version, &install), install, "{version}");
            for status in [
                InstallCertificateStatus::Accepted,
                InstallCertificateStatus::Rejected,
                InstallCertificateStatus::Failed,
            ] {
                let reply = Reply::InstallCertificate { status, why: None };
                assert_eq!(replied(version, &install, &reply), reply);
            }
            let list = Command::InstalledCertificates { usages: vec![listed.clone()] };
            assert_eq!(commanded(version, &list), list);
            for found in [vec![CertificateHashDataChain::new(name(), listed)], Vec::new()] {
                let reply = Reply::InstalledCertificates(found);
                assert_eq!(replied(version, &list, &reply), reply);
            }
        }
        let delete = Command::DeleteCertificate(Box::new(name()));
        assert_eq!(commanded(version, &delete), delete);
        for status in
            [DeleteCertificateStatus::Accepted, DeleteCertificateStatus::Failed, DeleteCertificateStatus::NotFound]
        {
            let reply = Reply::DeleteCertificate(status);
            assert_eq!(replied(version, &delete, &reply), reply);
        }
    }
}

#[test]
fn what_1_6_has_no_word_for_is_not_sent() {
    let all = Command::InstalledCertificates { usages: Vec::new() };
    assert_eq!(commanded(Version::V201, &all), all);
    assert!(write_command(Version::V16, ID, &all).is_err());
    let usage = InstallCertificateUse::V2GRootCertificate;
    let install = Command::InstallCertificate { usage, certificate: "pem".into() };
    assert_eq!(commanded(Version::V21, &install), install);
    assert!(write_command(Version::V16, ID, &install).is_err());
}

/// M03.FR.05.
#[test]
fn the_certificates_above_a_v2g_certificate_stand_below_it() {
    let mut chain = CertificateHashDataChain::new(name(), GetCertificateIdUse::V2GCertificateChain);
    chain.child_certificate_hash_data = Some(vec![name(), name()]);
    let list = Command::InstalledCertificates { usages: vec![GetCertificateIdUse::V2GCertificateChain] };
    let reply = Reply::InstalledCertificates(vec![chain]);
    assert_eq!(replied(Version::V201, &list, &reply), reply);
}
