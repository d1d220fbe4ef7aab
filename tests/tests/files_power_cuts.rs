//! R-5, I-11: the power is cut after every action of an update of the firmware and of the upload of a log. What the CSMS hears
//! is a legal order of statuses that comes to an end, and nothing is installed whose signature was not found right before (S-14).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use pilotwire::Version;
use pilotwire::domain::SecurityProfile;
use pilotwire_tests::crypto::{Paper, root};
use pilotwire_tests::files::{FIRMWARE, UNFIT, secure, signature};
use pilotwire_tests::site::{Site, slot};
use serde_json::{Value, json};

fn site(version: Version) -> Site {
    Site::new(version, vec![slot(1, "one", SecurityProfile::TlsClient)], |config| {
        secure(config);
        config.files.security_log = true;
    })
}

/// Plays the story with a cut after every one of its actions.
fn sweep(version: Version, is_clockless: bool, story: impl Fn(&mut Site), check: impl Fn(&mut Site, &str)) {
    let play = |cut: Option<u64>| {
        let mut site = site(version);
        site.is_clockless = is_clockless;
        site.run(5);
        site.actions = 0;
        site.cut = cut;
        story(&mut site);
        site.run(900);
        site
    };
    let mut whole = play(None);
    let actions = whole.actions;
    check(&mut whole, "no cut");
    assert!(actions > 15, "{actions}");
    for after in 1..=actions {
        let mut site = play(Some(after));
        assert_eq!(site.cut, None, "no cut happened");
        let clock = if is_clockless { ", no clock" } else { "" };
        check(&mut site, &format!("{version}{clock}: power cut after action {after} of {actions}"));
    }
}

/// Asks until there is an answer; gives the number of the request that got it.
fn ask(site: &mut Site, action: &str, payload: impl Fn(i32) -> Value) -> i32 {
    for request_id in 1..10 {
        let id = site.ask(action, payload(request_id));
        site.run(30);
        if site.answer_to(&id).is_some() {
            return request_id;
        }
    }
    panic!("no answer")
}

fn update(site: &mut Site, version: Version, file: &str, install_in_s: i64) -> i32 {
    let at = site.clock_in(install_in_s);
    let signer = Paper { ca: false, ..root("Firmware Signing", "Maker") };
    let payload = |request_id| {
        json!({ "requestId": request_id, "firmware": {
            "location": "http://maker/firmware", "retrieveDateTime": "2026-01-01T00:00:00Z", "installDateTime": at,
            "signingCertificate": signer.pem(), "signature": signature(file),
        }})
    };
    ask(site, if version == Version::V16 { "SignedUpdateFirmware" } else { "UpdateFirmware" }, payload)
}

/// The statuses of an update or of an upload, by the request.
fn told(site: &Site, request_id: i32) -> Vec<String> {
    let of_files = |(action, payload): &&(String, Value)| {
        action.ends_with("StatusNotification") && payload["requestId"] == request_id
    };
    site.requests.iter().filter(of_files).map(|(_, payload)| payload["status"].as_str().unwrap().into()).collect()
}

const ORDER: [&str; 8] = [
    "DownloadScheduled",
    "Downloading",
    "Downloaded",
    "SignatureVerified",
    "InstallScheduled",
    "Installing",
    "InstallRebooting",
    "Installed",
];

/// Firmware status transitions (L01): forward, or a download that goes on, or an end; the same once more if the CSMS may not
/// have heard it.
fn is_legal(from: &str, to: &str) -> bool {
    let rank = |status: &str| ORDER.iter().position(|known| *known == status);
    match (rank(from), rank(to)) {
        (Some(from), Some(to)) => to >= from || (to == 1 && from < 5),
        (Some(from), None) => from < 7,
        (None, _) => from == to,
    }
}

fn check_update(site: &mut Site, what: &str, ends: &[&str]) {
    for request_id in 1..10 {
        let told = told(site, request_id);
        let legal = told.windows(2).all(|pair| is_legal(&pair[0], &pair[1]));
        assert!(legal, "{what}: {told:?}");
    }
    let last = site.requests.iter().rev().find(|(action, _)| action.ends_with("FirmwareStatusNotification"));
    let last = last.map(|(_, payload)| payload["status"].as_str().unwrap()).unwrap_or_default();
    assert!(ends.contains(&last), "{what}: {last}\n{:?}\n{:?}", site.requests, site.disk);
    assert!(site.files.installations.iter().all(|(_, verified)| *verified), "{what}: {:?}", site.files.installations);
    // A CSMS that heard no answer asks again.
    let updates = (1..10).filter(|request_id| !told(site, *request_id).is_empty()).count();
    assert!(site.files.installations.len() <= updates, "{what}: installed twice");
    assert_eq!(last == "Installed", site.files.running.is_some(), "{what}: what is told is what runs");
    let updated = site.requests.iter().any(|(_, payload)| payload["type"] == "FirmwareUpdated");
    assert!(last != "Installed" || updated, "{what}: no security event");
    assert_eq!(site.files.fetched, None, "{what}: what was fetched was left behind");
    let heard = site.requests.len();
    site.power_up();
    site.run(900);
    let more = site.requests[heard..].iter().filter(|(action, _)| action.ends_with("FirmwareStatusNotification"));
    assert_eq!(more.count(), 0, "{what}: it was over");
}

/// L01.FR.15, L01.FR.28, L01.FR.32: after the restart the outcome is told, with the request's number.
#[test]
fn an_update() {
    for version in Version::ALL {
        for install_in_s in [-10, 300] {
            let story = |site: &mut Site| {
                update(site, version, FIRMWARE, install_in_s);
            };
            for is_clockless in [false, true] {
                sweep(version, is_clockless, story, |site, what| {
                    // Only what was being written when the power went may be lost.
                    let is_hit = site.disk_at_cut.get("firmware").is_some_and(|record| record.contains("installing"));
                    let ends: &[&str] = if is_hit { &["Installed", "InstallationFailed"] } else { &["Installed"] };
                    check_update(site, what, ends);
                });
            }
        }
    }
}

/// TC_L_06, TC_081: no power cut makes a wrong signature right.
#[test]
fn an_update_with_a_wrong_signature() {
    for version in Version::ALL {
        let story = |site: &mut Site| {
            update(site, version, UNFIT, -10);
        };
        sweep(version, false, story, |site, what| {
            check_update(site, what, &["InvalidSignature"]);
            assert_eq!(site.files.installations.len(), 0, "{what}");
        });
    }
}

/// S-14: what lies on the host's disk may be another file after a power cut.
#[test]
fn an_update_whose_file_is_swapped_while_it_waits() {
    for version in Version::ALL {
        let mut site = site(version);
        site.run(5);
        let number = update(&mut site, version, FIRMWARE, 300);
        assert_eq!(told(&site, number).last().unwrap(), "InstallScheduled");
        site.power_up();
        site.files.fetched = Some("evil");
        site.run(900);
        assert_eq!(told(&site, number).last().unwrap(), "InvalidSignature", "{version}");
        assert_eq!(site.files.installations.len(), 0);
    }
}

/// the host has installed it, and the power goes before the station hears of it.
#[test]
fn an_installation_whose_end_is_not_heard_is_told_after_the_power_cut() {
    for version in Version::ALL {
        for installed in [true, false] {
            let mut site = site(version);
            site.run(5);
            let number = update(&mut site, version, FIRMWARE, 60);
            site.files.is_held = true;
            site.run(120);
            assert_eq!(told(&site, number).last().unwrap(), "Installing");
            site.files.is_held = false;
            if installed {
                site.files.do_next();
            }
            site.power_up();
            site.run(60);
            let end = if installed { "Installed" } else { "InstallationFailed" };
            assert_eq!(told(&site, number).last().unwrap(), end, "{version}");
        }
    }
}

/// a record that cannot be read makes no old installation a new one.
#[test]
fn an_installation_has_a_number_of_its_own_even_if_the_record_is_lost() {
    for version in Version::ALL {
        let mut site = site(version);
        site.run(5);
        update(&mut site, version, FIRMWARE, -10);
        site.run(60);
        let first = site.files.running.expect("an installation");
        site.disk.insert("firmware".into(), "nonsense".into());
        site.power_up();
        site.files.is_dud = true;
        site.run(60);
        let number = update(&mut site, version, FIRMWARE, -10);
        site.run(60);
        assert_eq!(told(&site, number).last().unwrap(), "InstallationFailed", "{version}");
        assert_eq!(site.files.running, Some(first));
    }
}

/// N01: the upload begins anew, or its end is told.
#[test]
fn an_upload() {
    for version in Version::ALL {
        let story = |site: &mut Site| {
            let payload = |request_id| {
                let log = json!({ "remoteLocation": "http://logs/1" });
                json!({ "requestId": request_id, "logType": "SecurityLog", "log": log })
            };
            ask(site, "GetLog", payload);
        };
        let play = |cut: Option<u64>| {
            let mut site = site(version);
            site.run(5);
            site.actions = 0;
            site.cut = cut;
            story(&mut site);
            site.run(900);
            site
        };
        let actions = play(None).actions;
        assert!(actions > 5, "{actions}");
        for after in 1..=actions {
            let site = play(Some(after));
            let what = format!("{version}: power cut after action {after} of {actions}: {:?}", site.requests);
            let last = site.requests.iter().rev().find(|(action, _)| action == "LogStatusNotification").expect(&what);
            assert_eq!(last.1["status"], "Uploaded", "{what}");
            assert!(!site.disk.contains_key("logs"), "{what}");
        }
    }
}
