//! R-6, S-13: the power is cut after every action of a renewal of the station's certificate and of a replacement of the
//! root. A certificate and a root are left that work, and what the CSMS was promised holds.

use pilotwire::Version;
use pilotwire::domain::{ClientCertificate, KeyId, SecurityProfile, VariableId};
use pilotwire_tests::crypto::{Paper, root};
use pilotwire_tests::site::{Site, slot};
use serde_json::json;

fn site(version: Version) -> Site {
    Site::new(version, vec![slot(1, "one", SecurityProfile::TlsClient)], |config| {
        config.identity.serial_number = Some("SN1".into());
        config.certificates.enabled = true;
        config.certificates.organization = "CPO".into();
        config.security.roots = vec![root("A", "A").pem().into()];
        let chain = Paper::factory(KeyId(1), "A").pem().into();
        config.security.client = Some(ClientCertificate { key: KeyId(1), chain });
        let check = VariableId::new("SecurityCtrlr", "AdditionalRootCertificateCheck");
        config.variables.push((check, "true".into()));
    })
}

/// Plays the story with a cut after every one of its actions; `change` is what the CSMS's side does with the answer.
fn sweep(version: Version, story: impl Fn(&mut Site), check: impl Fn(&mut Site, &str)) {
    let play = |cut: Option<u64>| {
        let mut site = site(version);
        site.cut = cut;
        site.run(5);
        story(&mut site);
        site.run(900);
        site
    };
    let mut whole = play(None);
    let actions = whole.actions;
    check(&mut whole, "no cut");
    assert!(actions > 20, "{actions}");
    for after in 1..=actions {
        let mut site = play(Some(after));
        assert_eq!(site.cut, None, "no cut happened");
        check(&mut site, &format!("{version}: power cut after action {after} of {actions}"));
    }
}

fn works(site: &mut Site, what: &str) {
    for _ in 0..2 {
        assert!(site.online, "{what}: {:?}\n{:?}", site.attempts, site.disk);
        let target = site.target.as_ref().expect("a target");
        let client = target.client.as_ref().expect("a certificate");
        assert!(site.crypto.keys.contains(&client.key), "{what}: the key of the certificate is gone");
        assert!(!target.roots.is_empty(), "{what}: no root");
        site.power_up();
        site.run(600);
    }
}

fn renew(site: &mut Site, version: Version) -> Option<bool> {
    match version {
        Version::V16 => site.ask("ExtendedTriggerMessage", json!({ "requestedMessage": "SignChargePointCertificate" })),
        _ => site.ask("TriggerMessage", json!({ "requestedMessage": "SignChargingStationCertificate" })),
    };
    site.run(60);
    let asked = site.requests.iter().rev().find(|(action, _)| action == "SignCertificate")?;
    let csr = asked.1["csr"].as_str()?.to_owned();
    let payload = json!({ "certificateChain": Paper::signed(&csr, "A").pem() });
    let id = site.ask("CertificateSigned", payload);
    site.run(60);
    site.answer_to(&id).map(|answer| answer["status"] == "Accepted")
}

/// The CSMS lets in the old certificate until it heard that the new one was taken, and the new one alone after that.
#[test]
fn a_renewal() {
    for version in Version::ALL {
        let story = |site: &mut Site| {
            if renew(site, version) == Some(true) {
                site.world.admits_client = Some("\"organization\":\"CPO\"".into());
            }
        };
        sweep(version, story, works);
    }
}

/// The CSMS takes neither the new certificate nor the word of the station that it uses it.
#[test]
fn a_renewal_that_the_csms_does_not_let_in() {
    for version in Version::ALL {
        let story = |site: &mut Site| {
            site.world.admits_client = Some("\"key\":\"1\"".into());
            renew(site, version);
        };
        sweep(version, story, works);
    }
}

fn replace(site: &mut Site, version: Version) -> bool {
    let usage = if version == Version::V16 { "CentralSystemRootCertificate" } else { "CSMSRootCertificate" };
    let payload = json!({ "certificateType": usage, "certificate": root("B", "A").pem() });
    let id = site.ask("InstallCertificate", payload);
    site.run(60);
    site.answer_to(&id).is_some_and(|answer| answer["status"] == "Accepted")
}

/// M05.FR.12–M05.FR.14: the CSMS shows a certificate of the new root once the station said that it has it.
#[test]
fn a_replacement_of_the_root() {
    for version in Version::ALL {
        for moves in [true, false] {
            let story = |site: &mut Site| {
                site.world.root = Some(root("A", "A").pem());
                if replace(site, version) && moves {
                    site.world.root = Some(root("B", "A").pem());
                }
                if site.online {
                    site.break_off();
                }
            };
            sweep(version, story, works);
        }
    }
}

/// S-13: whatever the CSMS deletes, a root is left.
#[test]
fn deletions_of_roots() {
    for version in Version::ALL {
        let story = |site: &mut Site| {
            replace(site, version);
            for paper in [root("A", "A"), root("B", "A")] {
                let name = serde_json::to_value(&paper.names()[0]).expect("JSON");
                site.ask("DeleteCertificate", json!({ "certificateHashData": name }));
                site.run(10);
            }
            if site.online {
                site.break_off();
            }
        };
        sweep(version, story, works);
    }
}
