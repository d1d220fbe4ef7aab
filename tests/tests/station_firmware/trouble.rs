//! What comes between an update and its end: restarts, power cuts, outages, clocks, and what a host loses.

use pilotwire::domain::{ConnectionFault, FileFault, FileTask, VariableId};
use pilotwire::station::Input;
use pilotwire::{Event, Version};
use pilotwire_tests::crypto::{Paper, root};
use pilotwire_tests::files::FIRMWARE;
use pilotwire_tests::site::Site;
use serde_json::{Value, json};

use super::{
    V2, action, ask, end, events, installs, signer, site, site_with, start_transaction, stop_transaction, update_with,
    whole, words,
};

fn no_csms(site: &mut Site) {
    site.world.faults.push(("one", ConnectionFault::Unreachable));
    site.break_off();
}

fn downloads(site: &Site) -> usize {
    site.files.log.iter().filter(|task| matches!(task, FileTask::Download { .. })).count()
}

/// B12.FR.01: the transaction ends, the station restarts, and only then is anything installed.
#[test]
fn an_installation_does_not_begin_when_a_reset_on_idle_waits() {
    for version in V2 {
        let mut site = site(version);
        start_transaction(&mut site);
        ask(&mut site, version, update_with(5, json!({})));
        site.run(60);
        assert_eq!(words(&site, version).last().unwrap(), "InstallScheduled", "{version}");
        assert_eq!(site.call("Reset", json!({ "type": "OnIdle" }))["status"], "Scheduled");
        stop_transaction(&mut site);
        let told = ["Downloading", "Downloaded", "SignatureVerified", "InstallScheduled", "Installing"];
        assert_eq!(words(&site, version), [&told[..], &end(version)].concat(), "{version}");
        assert_eq!((installs(&site), site.files.cut_short, site.lives), (1, 0, 3));
    }
}

/// FwUpdateInProgress: a reset would cut the power in the middle of it.
#[test]
fn a_reset_is_rejected_while_firmware_is_installed() {
    for version in Version::ALL {
        let mut site = site(version);
        let at = site.clock_in(60);
        ask(&mut site, version, update_with(5, json!({ "installDateTime": at })));
        site.run(30);
        site.files.is_held = true;
        site.run(60);
        let kind = if version == Version::V16 { "Hard" } else { "Immediate" };
        let answer = site.call("Reset", json!({ "type": kind }));
        let code = if version == Version::V16 { Value::Null } else { json!("FwUpdateInProgress") };
        assert_eq!((&answer["status"], &answer["statusInfo"]["reasonCode"]), (&json!("Rejected"), &code), "{version}");
        site.run(600);
        assert_eq!(site.lives, 1, "{version}");
        site.files.is_held = false;
        site.run(60);
        assert_eq!((words(&site, version).last().unwrap().as_str(), site.files.cut_short), ("Installed", 0));
        assert_eq!(site.call("Reset", json!({ "type": kind }))["status"], "Accepted", "{version}");
    }
}

#[test]
fn a_local_reset_waits_until_firmware_is_installed() {
    for version in Version::ALL {
        let mut site = site(version);
        let at = site.clock_in(60);
        ask(&mut site, version, update_with(5, json!({ "installDateTime": at })));
        site.run(30);
        site.files.is_held = true;
        site.run(60);
        site.tell(Event::Input(Input::LocalReset));
        site.run(600);
        assert_eq!((words(&site, version).last().unwrap().as_str(), site.lives), ("Installing", 1), "{version}");
        site.files.is_held = false;
        site.run(60);
        assert_eq!((words(&site, version).last().unwrap().as_str(), site.lives), ("Installed", 2), "{version}");
        assert_eq!(site.files.cut_short, 0);
    }
}

/// The CSMS does not hear the answer: it asks again, or thinks that nothing is under way.
#[test]
fn an_update_whose_request_the_link_took_along_does_not_begin() {
    for version in Version::ALL {
        let mut site = site(version);
        site.crypto.is_dead = true;
        site.ask(action(version), update_with(5, json!({})));
        site.break_off();
        site.crypto.is_dead = false;
        site.run(60);
        assert!(site.online);
        assert_eq!((words(&site, version).len(), downloads(&site)), (0, 0), "{version}");
        assert_eq!(ask(&mut site, version, update_with(6, json!({}))), "Accepted");
    }
}

/// The same for a root: what is trusted is what the CSMS knows to be trusted.
#[test]
fn a_root_whose_request_the_link_took_along_is_not_installed() {
    for version in Version::ALL {
        let mut site = site(version);
        site.crypto.is_dead = true;
        let pem = root("Second", "Second").pem();
        let install = json!({ "certificateType": "ManufacturerRootCertificate", "certificate": pem });
        site.ask("InstallCertificate", install);
        site.break_off();
        site.crypto.is_dead = false;
        site.run(60);
        let theirs = Paper { signer: "Second".into(), ..signer() };
        let update = update_with(5, json!({ "signingCertificate": theirs.pem() }));
        assert_eq!(ask(&mut site, version, update), "InvalidCertificate", "{version}");
    }
}

/// Which firmware runs is a fact of one life: another program knows it better than a record.
#[test]
fn the_version_that_the_host_told_is_that_of_one_life() {
    for version in Version::ALL {
        let mut site = site_with(version, |config| config.identity.firmware_version = Some("1.0".into()));
        let boots = |site: &Site| -> Vec<Value> {
            let boots = site.requests.iter().filter(|(action, _)| action == "BootNotification");
            let place = |boot: &Value| {
                boot["firmwareVersion"]
                    .as_str()
                    .or(boot["chargingStation"]["firmwareVersion"].as_str())
                    .map(Value::from)
            };
            boots.filter_map(|(_, boot)| place(boot)).collect()
        };
        let id = VariableId::new("ChargingStation", "FirmwareVersion");
        site.tell(Event::Input(Input::Variable { id: id.clone(), value: "2.0".into() }));
        assert!(!site.disk.values().any(|record| record.contains("2.0")), "{version}: {:?}", site.disk);
        // What an earlier version of this program wrote down.
        site.disk.insert("var/0".into(), json!({ "id": id, "value": "2.0" }).to_string());
        site.power_up();
        site.run(5);
        assert_eq!(boots(&site), ["1.0", "1.0"], "{version}");
    }
}

/// A station without a battery: certificates are judged by no guess of the time.
#[test]
fn an_update_waits_until_the_time_is_known_again() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        ask(&mut site, version, update_with(5, json!({})));
        no_csms(&mut site);
        // As if the power had gone right behind the download.
        site.files.fetched = Some(FIRMWARE);
        let record = site.disk["firmware"].replace("\"fetch\"", "\"verify\"");
        site.disk.insert("firmware".into(), record);
        site.is_clockless = true;
        site.power_up();
        site.files.is_held = false;
        let tasks = site.files.log.len();
        site.run(60);
        assert_eq!((site.files.log.len(), installs(&site)), (tasks, 0), "{version}");
        site.world.faults.clear();
        site.run(600);
        assert_eq!((words(&site, version).last().unwrap().as_str(), installs(&site)), ("Installed", 1), "{version}");
        assert_eq!(events(&site), ["FirmwareUpdated"]);
    }
}

#[test]
fn a_download_that_began_is_not_scheduled_again_by_a_station_that_lost_the_time() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        ask(&mut site, version, update_with(5, json!({})));
        site.is_clockless = true;
        site.power_up();
        site.files.is_held = false;
        site.run(60);
        assert_eq!(words(&site, version), whole(version), "{version}");
    }
}

#[test]
fn a_clock_that_is_set_back_makes_no_download_scheduled_that_had_begun() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.faults = [FileFault::Broken].into();
        let at = site.clock_in(60);
        ask(&mut site, version, update_with(5, json!({ "retrieveDateTime": at })));
        site.run(61);
        let earlier = site.clock_in(-30);
        site.tell(Event::Clock(earlier.parse().unwrap()));
        site.run(600);
        assert_eq!(words(&site, version), [&["DownloadScheduled"], &whole(version)[..]].concat(), "{version}");
    }
}

/// A power cut that takes the file is no failure of the download.
#[test]
fn a_file_that_a_power_cut_took_is_fetched_once_more() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.faults = [FileFault::Broken].into();
        let at = site.clock_in(300);
        let mut update = update_with(5, json!({ "installDateTime": at }));
        update["retries"] = 1.into();
        ask(&mut site, version, update);
        site.run(60);
        assert_eq!((downloads(&site), words(&site, version).pop().unwrap().as_str()), (2, "InstallScheduled"));
        site.power_up();
        site.files.fetched = None;
        site.files.faults = [FileFault::Broken].into();
        site.run(600);
        assert_eq!(words(&site, version).last().unwrap(), "Installed", "{version}");
        assert_eq!(downloads(&site), 4, "{version}");
    }
}

#[test]
fn a_host_that_loses_every_file_is_not_asked_for_ever() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_forgetful = true;
        ask(&mut site, version, update_with(5, json!({})));
        site.run(5_000);
        assert_eq!(words(&site, version).last().unwrap(), "DownloadFailed", "{version}");
        assert_eq!(downloads(&site), 3, "{version}");
    }
}

#[test]
fn an_outage_costs_no_attempts_to_fetch() {
    for version in Version::ALL {
        let mut site = site(version);
        let at = site.clock_in(60);
        ask(&mut site, version, update_with(5, json!({ "retrieveDateTime": at })));
        no_csms(&mut site);
        site.power_up();
        site.files.faults = [FileFault::Broken; 2].into();
        site.run(600);
        assert_eq!(downloads(&site), 0, "{version}");
        site.world.faults.clear();
        site.run(600);
        assert_eq!(words(&site, version).last().unwrap(), "Installed", "{version}");
    }
}

/// L01.FR.24: a power cut between the two leaves no part of the first file to be taken for one of the second.
#[test]
fn the_file_of_an_update_is_gone_before_the_next_one_is_durable() {
    for version in Version::ALL {
        let mut site = site(version);
        let at = site.clock_in(3_600);
        ask(&mut site, version, update_with(5, json!({ "installDateTime": at })));
        site.run(30);
        site.requests.clear();
        for cut in 1..20 {
            site.files.fetched = Some(FIRMWARE);
            let later = site.clock_in(7_200);
            (site.actions, site.cut) = (0, Some(cut));
            let next = update_with(6, json!({ "location": "http://maker/2", "retrieveDateTime": later }));
            site.ask(action(version), next);
            let is_second = site.disk_at_cut["firmware"].contains("http://maker/2");
            if is_second {
                assert_eq!(site.files.fetched, None, "{version}: cut after action {cut}");
                break;
            }
            site.run(30);
        }
        assert!(site.disk["firmware"].contains("http://maker/2"), "{version}");
    }
}

/// L01.FR.28: the outcome reaches a CSMS that was not there.
#[test]
fn statuses_of_an_outage_are_told_after_it() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        ask(&mut site, version, update_with(5, json!({})));
        no_csms(&mut site);
        site.files.is_held = false;
        site.run(600);
        assert_eq!((words(&site, version).len(), installs(&site)), (1, 1), "{version}");
        site.world.faults.clear();
        site.run(600);
        assert_eq!(words(&site, version), whole(version), "{version}");
    }
}
