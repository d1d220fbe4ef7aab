//! A station whose certificates the CSMS manages (A02, A03, M03–M05), on a host whose cryptography is a script.

use pilotwire::Version;
use pilotwire::domain::{ClientCertificate, CryptoTask, KeyId, SecurityProfile, VariableId};
use pilotwire::station::{Config, NetworkSlot, Output};
use pilotwire_tests::crypto::{Paper, root};
use pilotwire_tests::site::{Site, slot, way};
use serde_json::{Value, json};

const V2: [Version; 2] = [Version::V201, Version::V21];

fn slots(security: SecurityProfile) -> Vec<NetworkSlot> {
    vec![slot(1, "one", security), NetworkSlot::free(2)]
}

fn managed(config: &mut Config) {
    config.identity.serial_number = Some("SN1".into());
    config.certificates.enabled = true;
    config.certificates.organization = "CPO".into();
    config.certificates.secc_id = Some("SECC1".into());
    config.security.roots = vec![root("A", "A").pem().into()];
    let chain = Paper::factory(KeyId(1), "A").pem().into();
    config.security.client = Some(ClientCertificate { key: KeyId(1), chain });
}

fn set(config: &mut Config, variable: &str, value: &str) {
    config.variables.push((VariableId::new("SecurityCtrlr", variable), value.into()));
}

fn checked(config: &mut Config) {
    managed(config);
    set(config, "AdditionalRootCertificateCheck", "true");
}

fn site(version: Version) -> Site {
    Site::connected(version, slots(SecurityProfile::TlsClient), managed)
}

fn trigger(site: &mut Site, version: Version, kind: &str) -> Value {
    let action = if version == Version::V16 { "ExtendedTriggerMessage" } else { "TriggerMessage" };
    site.call(action, json!({ "requestedMessage": kind }))["status"].clone()
}

fn station_trigger(version: Version) -> &'static str {
    if version == Version::V16 { "SignChargePointCertificate" } else { "SignChargingStationCertificate" }
}

/// The signing requests so far.
fn requests(site: &Site) -> Vec<Value> {
    let sent = site.requests.iter().filter(|(action, _)| action == "SignCertificate");
    sent.map(|(_, payload)| payload.clone()).collect()
}

fn csr(site: &Site) -> String {
    requests(site).last().expect("a signing request")["csr"].as_str().unwrap_or_default().into()
}

fn signed(site: &mut Site, version: Version, paper: &Paper) -> Value {
    let mut payload = json!({ "certificateChain": paper.pem() });
    if version != Version::V16 {
        payload["certificateType"] = "ChargingStationCertificate".into();
    }
    site.call("CertificateSigned", payload)["status"].clone()
}

fn kinds(site: &Site) -> Vec<&str> {
    let kinds = site.outputs.iter().filter_map(|output| match output {
        Output::SecurityEvent { kind, .. } => Some(kind.as_str()),
        _ => None,
    });
    kinds.filter(|kind| *kind != "ReconfigurationOfSecurityParameters").collect()
}

fn shown(site: &Site) -> Vec<u64> {
    site.targets.iter().filter_map(|target| target.client.as_ref()).map(|client| client.key.0).collect()
}

fn install(site: &mut Site, version: Version, paper: &Paper) -> Value {
    let usage = if version == Version::V16 { "CentralSystemRootCertificate" } else { "CSMSRootCertificate" };
    install_as(site, usage, paper)
}

fn install_as(site: &mut Site, usage: &str, paper: &Paper) -> Value {
    let payload = json!({ "certificateType": usage, "certificate": paper.pem() });
    site.call("InstallCertificate", payload)["status"].clone()
}

fn installed(site: &mut Site, version: Version, usage: &str) -> Vec<Value> {
    let usage = if version == Version::V16 { json!(usage) } else { json!([usage]) };
    let answer = site.call("GetInstalledCertificateIds", json!({ "certificateType": usage }));
    let member = if version == Version::V16 { "certificateHashData" } else { "certificateHashDataChain" };
    let found = answer[member].as_array().cloned().unwrap_or_default();
    assert_eq!(answer["status"] == "Accepted", !found.is_empty());
    found
}

fn csms_roots(site: &mut Site, version: Version) -> Vec<Value> {
    let usage = if version == Version::V16 { "CentralSystemRootCertificate" } else { "CSMSRootCertificate" };
    installed(site, version, usage)
}

fn delete(site: &mut Site, paper: &Paper, algorithm: usize) -> Value {
    let name = serde_json::to_value(&paper.names()[algorithm]).expect("JSON");
    site.call("DeleteCertificate", json!({ "certificateHashData": name }))["status"].clone()
}

fn trusted(site: &Site) -> Vec<String> {
    let target = site.targets.last().expect("a target");
    target.roots.iter().map(|root| serde_json::from_str::<Paper>(root).expect("a root").name).collect()
}

/// TC_A_11_CS, TC_074_CS; A02.FR.02, A02.FR.03, A02.FR.08, A02.FR.09.
#[test]
fn tc_a_11_tc_074_a_new_certificate_is_asked_for_and_used() {
    for version in Version::ALL {
        let mut site = site(version);
        assert_eq!(shown(&site), [1]);
        assert_eq!(trigger(&mut site, version, station_trigger(version)), "Accepted", "{version}");
        let request = requests(&site).remove(0);
        let made: Value = serde_json::from_str(&csr(&site)).expect("a request");
        assert_eq!((&made["name"], &made["organization"], &made["key"]), (&json!("SN1"), &json!("CPO"), &json!("2")));
        if version != Version::V16 {
            assert_eq!(request["certificateType"], "ChargingStationCertificate");
        }
        let paper = Paper::signed(&csr(&site), "A");
        assert_eq!(signed(&mut site, version, &paper), "Accepted");
        site.run(1);
        assert_eq!((site.online, shown(&site)), (true, vec![1, 2]), "{version}");
        assert_eq!(kinds(&site), Vec::<&str>::new());
        site.power_up();
        site.run(1);
        assert_eq!((site.online, shown(&site)), (true, vec![1, 2, 2]), "it survives a restart");
    }
}

/// TC_A_12_CS, TC_A_13_CS: certificates for vehicles, and one for both.
#[test]
fn tc_a_12_tc_a_13_certificates_for_vehicles() {
    for version in V2 {
        let mut site = site(version);
        assert_eq!(install_as(&mut site, "V2GRootCertificate", &root("V", "V")), "Accepted");
        assert_eq!(trigger(&mut site, version, "SignV2GCertificate"), "Accepted");
        assert_eq!(requests(&site)[0]["certificateType"], "V2GCertificate");
        let above = root("Sub", "V");
        let paper = Paper::signed(&csr(&site), "Sub");
        assert_eq!(paper.name, "SECC1");
        let chain = format!("{}{}", paper.pem(), above.pem());
        let payload = json!({ "certificateChain": chain, "certificateType": "V2GCertificate" });
        assert_eq!(site.call("CertificateSigned", payload)["status"], "Accepted");
        site.run(1);
        assert_eq!(shown(&site), [1], "the CSMS has nothing to do with it");
        assert_eq!(site.station.v2g_certificates()[0].key, KeyId(2));
        // M03.FR.05, TC_M_15_CS.
        let found = installed(&mut site, version, "V2GCertificateChain");
        let name = |paper: &Paper| serde_json::to_value(&paper.names()[0]).expect("JSON");
        assert_eq!(found[0]["certificateHashData"], name(&paper));
        assert_eq!(found[0]["childCertificateHashData"], json!([name(&above)]));

        assert_eq!(trigger(&mut site, version, "SignCombinedCertificate"), "Accepted");
        assert_eq!(requests(&site)[1]["certificateType"], Value::Null);
        let combined = Paper::signed(&csr(&site), "V");
        assert_eq!(site.call("CertificateSigned", json!({ "certificateChain": combined.pem() }))["status"], "Accepted");
        site.run(1);
        assert_eq!((site.online, shown(&site)), (true, vec![1, 3]));
    }
}

/// TC_A_14_CS, TC_077_CS; A02.FR.06, A02.FR.07, A02.FR.20; S-13.
#[test]
fn tc_a_14_tc_077_a_certificate_that_is_not_good_is_discarded() {
    for version in Version::ALL {
        let spoil: [fn(&mut Paper); 8] = [
            |paper| paper.key = "9".into(),
            |paper| paper.name = "SN2".into(),
            |paper| paper.organization = "Other".into(),
            |paper| paper.signer = "Stranger".into(),
            |paper| paper.strong = false,
            |paper| paper.ca = true,
            |paper| paper.until = "2026-02-28T00:00:00Z".into(),
            |paper| paper.from = "nonsense".into(),
        ];
        for (count, spoil) in spoil.into_iter().enumerate() {
            let mut site = site(version);
            trigger(&mut site, version, station_trigger(version));
            let good = Paper::signed(&csr(&site), "A");
            let mut bad = good.clone();
            spoil(&mut bad);
            assert_eq!(signed(&mut site, version, &bad), "Rejected", "{version}: {count}");
            assert_eq!(kinds(&site), ["InvalidChargingStationCertificate"], "{version}: {count}");
            let told = site.requests.iter().any(|(action, payload)| {
                let kind = if version == Version::V16 {
                    "InvalidChargePointCertificate"
                } else {
                    "InvalidChargingStationCertificate"
                };
                action == "SecurityEventNotification" && payload["type"] == kind
            });
            assert!(told, "{version}");
            // A02.FR.20.
            site.run(20_000);
            assert_eq!((requests(&site).len(), shown(&site)), (1, vec![1]));
            // What the CSMS mends is taken.
            assert_eq!(signed(&mut site, version, &good), "Accepted");
            site.run(1);
            assert_eq!(shown(&site), [1, 2]);
        }
    }
}

/// A02.FR.16; S-13.
#[test]
fn a_chain_that_is_too_long_is_rejected_unread() {
    for version in Version::ALL {
        let change = |config: &mut Config| {
            managed(config);
            set(config, "MaxCertificateChainSize", "100");
        };
        let mut site = Site::connected(version, slots(SecurityProfile::TlsClient), change);
        trigger(&mut site, version, station_trigger(version));
        let tasks = site.crypto.log.len();
        let paper = Paper::signed(&csr(&site), "A");
        assert_eq!(signed(&mut site, version, &paper), "Rejected");
        assert_eq!((site.crypto.log.len(), shown(&site)), (tasks, vec![1]));
    }
}

/// A certificate that nobody asked for.
#[test]
fn a_certificate_that_was_not_asked_for_is_rejected() {
    let mut site = site(Version::V201);
    assert_eq!(signed(&mut site, Version::V201, &Paper::factory(KeyId(1), "A")), "Rejected");
    assert_eq!(kinds(&site), ["InvalidChargingStationCertificate"]);
}

/// TC_A_15_CS.
#[test]
fn tc_a_15_a_request_that_is_rejected_is_not_sent_again() {
    for version in Version::ALL {
        let mut site = site(version);
        site.world.signing = Some("Rejected");
        assert_eq!(trigger(&mut site, version, station_trigger(version)), "Accepted");
        site.run(100_000);
        assert_eq!(requests(&site).len(), 1);
        site.power_up();
        site.run(100_000);
        assert_eq!(requests(&site).len(), 1, "nor after a restart");
        assert_eq!(trigger(&mut site, version, station_trigger(version)), "Accepted");
        assert_eq!(requests(&site).len(), 2, "but when it is triggered");
    }
}

/// TC_A_23_CS; A02.FR.17–A02.FR.19.
#[test]
fn tc_a_23_a_request_without_a_certificate_is_sent_again() {
    for version in Version::ALL {
        let change = |config: &mut Config| {
            managed(config);
            set(config, "CertSigningWaitMinimum", "60");
            set(config, "CertSigningRepeatTimes", "1");
        };
        let mut site = Site::connected(version, slots(SecurityProfile::TlsClient), change);
        trigger(&mut site, version, station_trigger(version));
        let counts = [(59, 1), (1, 2), (119, 2), (1, 3), (10_000, 3)].map(|(seconds, count)| {
            site.run(seconds);
            (requests(&site).len(), count)
        });
        assert!(counts.iter().all(|(sent, expected)| sent == expected), "{version}: {counts:?}");
        let all = requests(&site);
        assert!(all.iter().all(|request| request == &all[0]), "the same request");
        let paper = Paper::signed(&csr(&site), "A");
        assert_eq!(signed(&mut site, version, &paper), "Accepted", "however late");
    }
}

/// A03.FR.02, A03.FR.03: in good time before the end, once.
#[test]
fn a_certificate_is_renewed_before_it_expires() {
    for version in Version::ALL {
        let change = |config: &mut Config| {
            managed(config);
            let paper = Paper { until: "2026-04-01T00:00:00Z".into(), ..Paper::factory(KeyId(1), "A") };
            config.security.client = Some(ClientCertificate { key: KeyId(1), chain: paper.pem().into() });
        };
        let mut site = Site::connected(version, slots(SecurityProfile::TlsClient), change);
        site.run(13 * 3_600);
        assert_eq!(requests(&site).len(), 0, "{version}: more than 30 days are left");
        site.run(5_400);
        assert_eq!(requests(&site).len(), 1, "{version}");
        let paper = Paper::signed(&csr(&site), "A");
        assert_eq!(signed(&mut site, version, &paper), "Accepted");
        site.run(40 * 3_600);
        assert_eq!((requests(&site).len(), shown(&site).last()), (1, Some(&2)));
    }
}

/// A02.FR.08: one that is for later is used then.
#[test]
fn a_certificate_for_later_is_used_when_it_begins() {
    for version in Version::ALL {
        let mut site = site(version);
        trigger(&mut site, version, station_trigger(version));
        let paper = Paper { from: "2026-03-01T11:00:00Z".into(), ..Paper::signed(&csr(&site), "A") };
        assert_eq!(signed(&mut site, version, &paper), "Accepted", "{version}");
        site.run(3_500);
        assert_eq!(shown(&site), [1]);
        site.run(200);
        assert_eq!((site.online, shown(&site)), (true, vec![1, 2]));
    }
}

/// A02.FR.10: the old one lets the station in again if the new one does not, and the new one is given up.
#[test]
fn a_new_certificate_that_the_csms_does_not_let_in_is_given_up() {
    for is_mute in [false, true] {
        for version in Version::ALL {
            let mut site = site(version);
            site.world.admits_client = Some("\"key\":\"1\"".into());
            site.world.is_mute = is_mute;
            trigger(&mut site, version, station_trigger(version));
            let paper = Paper::signed(&csr(&site), "A");
            assert_eq!(signed(&mut site, version, &paper), "Accepted");
            site.run(60);
            assert_eq!((site.online, shown(&site)), (true, vec![1, 2, 1]), "{version}");
            let discarded = kinds(&site).contains(&"DiscardedRenewedClientCertificate");
            assert_eq!(discarded, !is_mute, "who does not know why keeps it");
            assert_eq!(site.crypto.keys.len(), if is_mute { 2 } else { 1 });
            site.break_off();
            site.run(60);
            assert!(site.online);
        }
    }
}

/// A02.FR.10: a month after the new one has worked the old one goes, with its key.
#[test]
fn an_old_certificate_is_kept_for_a_month() {
    for version in Version::ALL {
        let mut site = site(version);
        for _ in 0..2 {
            trigger(&mut site, version, station_trigger(version));
            let paper = Paper::signed(&csr(&site), "A");
            assert_eq!(signed(&mut site, version, &paper), "Accepted");
            site.run(1);
        }
        let keys = |site: &Site| site.crypto.keys.iter().map(|key| key.0).collect::<Vec<_>>();
        site.run(29 * 86_400);
        assert_eq!((shown(&site), keys(&site)), (vec![1, 2, 3], vec![1, 2, 3]), "{version}");
        site.run(2 * 86_400);
        assert_eq!(keys(&site), [1, 3], "the factory's key stays");
        site.power_up();
        site.run(1);
        assert_eq!(shown(&site).last(), Some(&3));
    }
}

/// A power cut between the key and the certificate: what was interrupted goes on with the same key.
#[test]
fn a_request_survives_a_power_cut() {
    for version in Version::ALL {
        let mut site = site(version);
        trigger(&mut site, version, station_trigger(version));
        let first = csr(&site);
        site.power_up();
        site.run(1);
        assert_eq!((requests(&site).len(), csr(&site)), (2, first), "{version}");
        let paper = Paper::signed(&csr(&site), "A");
        assert_eq!(signed(&mut site, version, &paper), "Accepted");
    }
}

/// A host that does nothing: every CALL is answered all the same, and what it says too late has no effect.
#[test]
fn a_host_that_does_not_answer_leaves_nobody_waiting() {
    for version in Version::ALL {
        let mut site = site(version);
        site.crypto.is_dead = true;
        let usage = if version == Version::V16 { "CentralSystemRootCertificate" } else { "CSMSRootCertificate" };
        let payload = json!({ "certificateType": usage, "certificate": root("B", "B").pem() });
        let id = site.ask("InstallCertificate", payload);
        assert!(site.answer_to(&id).is_none());
        site.run(10);
        assert_eq!(site.answer_to(&id).expect("an answer")["status"], "Failed", "{version}");
        site.crypto.is_dead = false;
        site.run(1);
        assert_eq!(csms_roots(&mut site, version).len(), 1);
    }
}

/// Without cryptography the station says so.
#[test]
fn without_it_nothing_is_promised() {
    for version in Version::ALL {
        let mut site = Site::connected(version, slots(SecurityProfile::TlsClient), |config| {
            managed(config);
            config.certificates.enabled = false;
        });
        assert_eq!(trigger(&mut site, version, station_trigger(version)), "NotImplemented");
        let name = serde_json::to_value(&root("A", "A").names()[0]).expect("JSON");
        let id = site.ask("DeleteCertificate", json!({ "certificateHashData": name }));
        assert!(site.answer_to(&id).is_none(), "a CALLERROR");
        assert!(site.crypto.log.is_empty());
    }
}

/// TC_M_01_CS to TC_M_04_CS, TC_M_12_CS to TC_M_19_CS, TC_075_CS.
#[test]
fn tc_m_01_to_04_and_12_to_19_roots_are_installed_and_listed() {
    for version in Version::ALL {
        let mut site = site(version);
        let kinds: &[&str] = match version {
            Version::V16 => &["CentralSystemRootCertificate", "ManufacturerRootCertificate"],
            _ => &["CSMSRootCertificate", "ManufacturerRootCertificate", "V2GRootCertificate", "MORootCertificate"],
        };
        for kind in kinds {
            let paper = root(kind, kind);
            let before = installed(&mut site, version, kind).len();
            assert_eq!(install_as(&mut site, kind, &paper), "Accepted", "{version}: {kind}");
            let found = installed(&mut site, version, kind);
            assert_eq!(found.len(), before + 1);
            let name = serde_json::to_value(&paper.names()[0]).expect("JSON");
            let last = found.last().expect("the new one");
            assert!(*last == name || last["certificateHashData"] == name, "{last}");
        }
        if version != Version::V16 {
            let both = json!({ "certificateType": ["CSMSRootCertificate", "ManufacturerRootCertificate"] });
            let found = site.call("GetInstalledCertificateIds", both);
            assert_eq!(found["certificateHashDataChain"].as_array().map(Vec::len), Some(3), "TC_M_17_CS");
            let all = site.call("GetInstalledCertificateIds", json!({}));
            assert_eq!(all["certificateHashDataChain"].as_array().map(Vec::len), Some(5), "TC_M_18_CS");
            assert_eq!(site.get("SecurityCtrlr", "CertificateEntries").1, "5");
            assert!(installed(&mut site, version, "V2GCertificateChain").is_empty(), "TC_M_19_CS");
        }
        site.power_up();
        site.run(1);
        assert_eq!(csms_roots(&mut site, version).len(), 2);
    }
}

/// TC_M_07_CS, TC_078_CS; M05.FR.07, M05.FR.06, M05.FR.17.
#[test]
fn tc_m_07_tc_078_what_is_no_root_is_rejected_and_told() {
    for version in Version::ALL {
        let change = |config: &mut Config| {
            managed(config);
            config.certificates.entries = 2;
        };
        let mut site = Site::connected(version, slots(SecurityProfile::TlsBasic), change);
        let spoil: [fn(&mut Paper); 4] = [
            |paper| paper.ca = false,
            |paper| paper.strong = false,
            |paper| paper.until = "2026-02-28T00:00:00Z".into(),
            |paper| paper.from = "nonsense".into(),
        ];
        for spoil in spoil {
            let mut paper = root("B", "B");
            spoil(&mut paper);
            assert_eq!(install(&mut site, version, &paper), "Rejected", "{version}");
        }
        assert_eq!(kinds(&site), ["InvalidCsmsCertificate"; 4]);
        assert_eq!(install(&mut site, version, &root("B", "B")), "Accepted");
        assert_eq!(install(&mut site, version, &root("C", "C")), "Rejected", "M05.FR.06");
        assert_eq!(kinds(&site).len(), 4, "nothing is wrong with it");
        assert_eq!(install(&mut site, version, &root("B", "B")), "Accepted", "M05.FR.17");
        assert_eq!(csms_roots(&mut site, version).len(), 2);
    }
}

/// TC_M_09_CS, S-13; M05.FR.10, M05.FR.11.
#[test]
fn tc_m_09_a_root_that_the_old_one_did_not_sign_is_rejected() {
    for version in Version::ALL {
        let mut site = Site::connected(version, slots(SecurityProfile::TlsBasic), checked);
        assert_eq!(install(&mut site, version, &root("B", "B")), "Rejected", "{version}");
        assert_eq!(csms_roots(&mut site, version).len(), 1);
        site.break_off();
        site.run(60);
        assert_eq!(trusted(&site), ["A"]);
    }
}

/// TC_M_30_CS, M05.FR.12, M05.FR.13: the new one has worked, and the old one goes.
#[test]
fn tc_m_30_a_root_replaces_the_one_that_signed_it() {
    for version in Version::ALL {
        let mut site = Site::connected(version, slots(SecurityProfile::TlsBasic), checked);
        assert_eq!(install(&mut site, version, &root("B", "A")), "Accepted", "{version}");
        assert_eq!(csms_roots(&mut site, version).len(), 2, "the fallback is there");
        for paper in [root("A", "A"), root("B", "A")] {
            assert_eq!(delete(&mut site, &paper, 0), "Failed", "neither may go now");
        }
        site.world.root = Some(root("B", "A").pem());
        site.break_off();
        site.run(60);
        assert_eq!((site.online, trusted(&site)), (true, vec!["B".to_owned()]));
        assert_eq!(csms_roots(&mut site, version).len(), 1);
    }
}

/// TC_M_31_CS, M05.FR.14: the CSMS's certificate is still one of the old root.
#[test]
fn tc_m_31_the_fallback_verifies_what_the_new_root_does_not() {
    for is_mute in [false, true] {
        for version in Version::ALL {
            let mut site = Site::connected(version, slots(SecurityProfile::TlsBasic), checked);
            (site.world.root, site.world.is_mute) = (Some(root("A", "A").pem()), is_mute);
            assert_eq!(install(&mut site, version, &root("B", "A")), "Accepted");
            site.break_off();
            site.run(120);
            assert_eq!((site.online, trusted(&site)), (true, vec!["A".to_owned()]), "{version} {is_mute}");
            assert_eq!(csms_roots(&mut site, version).len(), 2, "both stay");
            // A better one takes the place of that which never worked.
            assert_eq!(install(&mut site, version, &root("C", "A")), "Accepted");
            assert_eq!(csms_roots(&mut site, version).len(), 2);
            site.world.root = Some(root("C", "A").pem());
            site.break_off();
            site.run(120);
            assert_eq!((site.online, trusted(&site)), (true, vec!["C".to_owned()]));
        }
    }
}

/// M05.FR.15, M05.FR.16; B10: another CSMS is tried with the new root alone, as often as any way is; who comes back from there
/// verifies the old CSMS by the old root.
#[test]
fn a_migration_that_fails_comes_back_with_the_fallback() {
    for version in V2 {
        let mut site = Site::connected(version, slots(SecurityProfile::TlsBasic), checked);
        assert_eq!(install(&mut site, version, &root("B", "A")), "Accepted");
        assert_eq!(site.set_profile(2, &way("two", SecurityProfile::TlsBasic))["status"], "Accepted", "{version}");
        assert_eq!(site.set("OCPPCommCtrlr", "NetworkProfileConnectionAttempts", "3"), "Accepted");
        assert_eq!(site.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1"), "RebootRequired");
        // Both show certificates of the old root.
        site.world.root = Some(root("A", "A").pem());
        site.targets.clear();
        site.take_attempts();
        site.power_up();
        site.run(600);
        assert!(site.online);
        let tried = site.take_attempts();
        assert_eq!(tried[..3], [2, 2, 2], "{version}: {tried:?}");
        assert!(tried[3..].iter().all(|slot| *slot == 1), "{tried:?}");
        for target in site.targets.iter().filter(|target| target.slot == 2) {
            assert_eq!(target.roots, [root("B", "A").pem().as_str()], "M05.FR.15");
        }
        let last = site.targets.last().expect("an attempt");
        assert_eq!((last.slot, &last.roots[..]), (1, &[root("A", "A").pem().into()][..]), "M05.FR.16");
        assert_eq!(csms_roots(&mut site, version).len(), 2, "the new one has not worked yet");
    }
}

/// M05.FR.13, B10: another CSMS whose certificate is one of the new root is where the station stays, and the old one goes.
#[test]
fn a_migration_to_a_csms_of_the_new_root_ends_the_fallback() {
    for version in V2 {
        let mut site = Site::connected(version, slots(SecurityProfile::TlsBasic), checked);
        assert_eq!(install(&mut site, version, &root("B", "A")), "Accepted");
        assert_eq!(site.set_profile(2, &way("two", SecurityProfile::TlsBasic))["status"], "Accepted");
        assert_eq!(site.set("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1"), "RebootRequired");
        site.world.root = Some(root("B", "A").pem());
        site.take_attempts();
        site.power_up();
        site.run(60);
        assert_eq!((site.online, site.take_attempts()), (true, vec![2]), "{version}");
        assert_eq!((trusted(&site), csms_roots(&mut site, version).len()), (vec!["B".to_owned()], 1));
    }
}

/// TC_M_20_CS, TC_M_22_CS, TC_076_CS; M04.FR.02, M04.FR.04, M04.FR.07: by every algorithm.
#[test]
fn tc_m_20_tc_m_22_tc_076_a_root_is_deleted_by_its_name() {
    for version in Version::ALL {
        for algorithm in 0..3 {
            let mut site = site(version);
            assert_eq!(delete(&mut site, &root("B", "B"), algorithm), "NotFound");
            install(&mut site, version, &root("B", "B"));
            assert_eq!(delete(&mut site, &root("B", "B"), algorithm), "Accepted", "{version}");
            assert_eq!(csms_roots(&mut site, version).len(), 1);
            // S-13: the last one stays.
            assert_eq!(delete(&mut site, &root("A", "A"), algorithm), "Failed");
            assert_eq!(csms_roots(&mut site, version).len(), 1);
        }
    }
}

/// S-13: an expired root does not count.
#[test]
fn the_last_root_that_is_valid_stays() {
    let old = Paper { until: "2026-01-01T00:00:00Z".into(), ..root("Old", "Old") };
    let mut site = Site::connected(Version::V201, slots(SecurityProfile::TlsBasic), |config| {
        managed(config);
        config.security.roots.push(old.pem().into());
    });
    assert_eq!(delete(&mut site, &root("A", "A"), 0), "Failed");
    assert_eq!(delete(&mut site, &old, 0), "Accepted");
}

/// TC_M_23_CS; M04.FR.06.
#[test]
fn tc_m_23_the_certificate_of_the_station_is_not_deleted() {
    for version in Version::ALL {
        let mut site = site(version);
        assert_eq!(delete(&mut site, &Paper::factory(KeyId(1), "A"), 0), "Failed");
        trigger(&mut site, version, station_trigger(version));
        let paper = Paper::signed(&csr(&site), "A");
        signed(&mut site, version, &paper);
        site.run(1);
        assert_eq!(delete(&mut site, &paper, 1), "Failed", "{version}");
        assert!(site.online);
    }
}

/// M05.FR.06: the CSMS can read how many there may be, in both worlds.
#[test]
fn what_the_csms_reads_of_it() {
    let mut site = site(Version::V201);
    for (variable, value) in [
        ("AdditionalRootCertificateCheck", "false"),
        ("MaxCertificateChainSize", "10000"),
        ("CertificateEntries", "1"),
        ("CertSigningWaitMinimum", "3600"),
        ("CertSigningRepeatTimes", "3"),
        ("OrganizationName", "CPO"),
    ] {
        assert_eq!(site.get("SecurityCtrlr", variable), ("Accepted".into(), value.into()), "{variable}");
    }
    assert_eq!(site.set("SecurityCtrlr", "AdditionalRootCertificateCheck", "true"), "Rejected");
    assert_eq!(site.set("SecurityCtrlr", "OrganizationName", "New"), "Accepted");
    site.power_up();
    site.run(1);
    trigger(&mut site, Version::V201, "SignChargingStationCertificate");
    assert!(csr(&site).contains("\"organization\":\"New\""));

    let mut site = self::site(Version::V16);
    let keys =
        ["AdditionalRootCertificateCheck", "CertificateSignedMaxChainSize", "CertificateStoreMaxLength", "CpoName"];
    let answer = site.call("GetConfiguration", json!({ "key": keys }));
    let told: Vec<(&str, &str)> = answer["configurationKey"]
        .as_array()
        .expect("keys")
        .iter()
        .filter_map(|entry| Some((entry["key"].as_str()?, entry["value"].as_str()?)))
        .collect();
    let expected: Vec<(&str, &str)> = keys.into_iter().zip(["false", "10000", "16", "CPO"]).collect();
    assert_eq!(told, expected);
    assert_eq!(site.configure("CpoName", "New"), "Accepted");
}

/// No number of a key comes twice, whatever happens between.
#[test]
fn every_key_has_a_number_of_its_own() {
    let mut site = site(Version::V201);
    for _ in 0..3 {
        site.world.signing = Some("Rejected");
        trigger(&mut site, Version::V201, "SignChargingStationCertificate");
        site.power_up();
        site.run(1);
    }
    let made = site.crypto.log.iter().filter_map(|task| match task {
        CryptoTask::MakeCsr { key, .. } => Some(key.0),
        _ => None,
    });
    assert_eq!(made.collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(site.crypto.keys.len(), 2, "the factory's and the last: {:?}", site.crypto.keys);
}
