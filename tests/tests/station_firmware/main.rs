//! Updates of the firmware (L01, L02; whitepaper of 1.6, L01), on a host whose transfers and installations are a script.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod trouble;

use pilotwire::domain::{EvseId, FileFault, FileTask, IdToken, IdTokenKind, SecurityProfile};
use pilotwire::station::{Config, EvseConfig, Input, Output};
use pilotwire::{Event, Version};
use pilotwire_tests::crypto::{Paper, root};
use pilotwire_tests::files::{FIRMWARE, UNFIT, secure, signature};
use pilotwire_tests::site::{Site, slot};
use serde_json::{Value, json};

const V2: [Version; 2] = [Version::V201, Version::V21];

/// What a good update tells until it is installed.
const FETCHED: [&str; 4] = ["Downloading", "Downloaded", "SignatureVerified", "Installing"];

fn site_with(version: Version, change: impl FnOnce(&mut Config)) -> Site {
    Site::connected(version, vec![slot(1, "one", SecurityProfile::TlsClient)], |config| {
        secure(config);
        config.evses.push(EvseConfig::default());
        change(config);
    })
}

fn site(version: Version) -> Site {
    site_with(version, |_| {})
}

/// The certificate that firmware is signed with.
fn signer() -> Paper {
    Paper { ca: false, ..root("Firmware Signing", "Maker") }
}

/// An update that may begin at once, with these changes of the firmware.
fn update_with(request_id: i32, firmware: Value) -> Value {
    let mut all = json!({
        "location": "http://maker/firmware", "retrieveDateTime": "2026-01-01T00:00:00Z",
        "signingCertificate": signer().pem(), "signature": signature(FIRMWARE),
    });
    for (name, value) in firmware.as_object().unwrap() {
        all[name] = value.clone();
    }
    all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({ "requestId": request_id, "retries": 2, "retryInterval": 30, "firmware": all })
}

fn action(version: Version) -> &'static str {
    if version == Version::V16 { "SignedUpdateFirmware" } else { "UpdateFirmware" }
}

fn ask(site: &mut Site, version: Version, update: Value) -> String {
    site.call(action(version), update)["status"].as_str().unwrap().into()
}

fn status_action(version: Version) -> &'static str {
    if version == Version::V16 { "SignedFirmwareStatusNotification" } else { "FirmwareStatusNotification" }
}

/// The statuses so far, with the numbers of their requests.
fn statuses(site: &Site, version: Version) -> Vec<(String, Value)> {
    let sent = site.requests.iter().filter(|(action, _)| action == status_action(version));
    sent.map(|(_, payload)| (payload["status"].as_str().unwrap().into(), payload["requestId"].clone())).collect()
}

fn words(site: &Site, version: Version) -> Vec<String> {
    statuses(site, version).into_iter().map(|(status, _)| status).collect()
}

/// The end of an update that needs a restart: 1.6 does not announce it (TC_080_CS).
fn end(version: Version) -> Vec<&'static str> {
    if version == Version::V16 { vec!["Installed"] } else { vec!["InstallRebooting", "Installed"] }
}

fn whole(version: Version) -> Vec<&'static str> {
    [&FETCHED[..], &end(version)].concat()
}

/// Security events that the CSMS was told.
fn events(site: &Site) -> Vec<String> {
    let sent = site.requests.iter().filter(|(action, _)| action == "SecurityEventNotification");
    sent.map(|(_, payload)| payload["type"].as_str().unwrap().into()).collect()
}

fn installs(site: &Site) -> usize {
    site.files.installations.len()
}

fn trigger(site: &mut Site, version: Version) -> (String, Value) {
    let action = if version == Version::V16 { "ExtendedTriggerMessage" } else { "TriggerMessage" };
    site.requests.clear();
    let answer = site.call(action, json!({ "requestedMessage": "FirmwareStatusNotification" }));
    assert_eq!(answer["status"], "Accepted");
    statuses(site, version).remove(0)
}

/// What the CSMS was told last of each EVSE.
fn shown(site: &Site, version: Version) -> Vec<String> {
    let (place, status) =
        if version == Version::V16 { ("connectorId", "status") } else { ("evseId", "connectorStatus") };
    let last = |evse: i32| {
        let told = site.requests.iter().rev();
        let mut told = told.filter(|(action, payload)| action == "StatusNotification" && payload[place] == evse);
        told.next().map(|(_, payload)| payload[status].as_str().unwrap().to_owned()).unwrap_or_default()
    };
    [1, 2].map(last).into()
}

fn start_transaction(site: &mut Site) {
    let evse = EvseId(1);
    site.tell(Event::Input(Input::CablePlugged { evse, connector: 1 }));
    site.tell(Event::Input(Input::Token { evse: Some(evse), token: IdToken::new("CARD", IdTokenKind::ISO14443) }));
    site.tell(Event::Input(Input::EvReady { evse }));
    site.run(5);
    assert!(site.outputs.iter().any(|output| matches!(output, Output::TransactionStarted { .. })));
}

fn stop_transaction(site: &mut Site) {
    site.tell(Event::Input(Input::CableUnplugged { evse: EvseId(1) }));
    site.run(60);
    assert!(site.outputs.iter().any(|output| matches!(output, Output::TransactionEnded { .. })));
}

/// TC_L_01_CS, TC_080_CS; L01.FR.01, L01.FR.04, L01.FR.10, L01.FR.28, L01.FR.31, L01.FR.32.
#[test]
fn tc_l_01_tc_080_firmware_is_fetched_verified_and_installed() {
    for version in Version::ALL {
        let mut site = site(version);
        let past = json!({ "installDateTime": "2026-01-01T00:00:00Z" });
        assert_eq!(ask(&mut site, version, update_with(5, past)), "Accepted", "{version}");
        site.run(60);
        assert_eq!(words(&site, version), whole(version), "{version}");
        assert!(statuses(&site, version).iter().all(|(_, id)| *id == 5));
        assert_eq!(site.files.installations, [(FIRMWARE, true)]);
        assert_eq!(events(&site), ["FirmwareUpdated"]);
        assert_eq!(site.lives, 2);
        let mut boots = site.requests.iter().filter(|(action, _)| action == "BootNotification");
        let reason = boots.next_back().unwrap().1["reason"].clone();
        assert_eq!(reason == "FirmwareUpdate", version != Version::V16, "{reason}");
        assert_eq!(shown(&site, version), ["Available", "Available"], "step 15 of TC_080_CS");
        site.power_up();
        site.run(600);
        assert_eq!((words(&site, version).len(), installs(&site)), (whole(version).len(), 1), "and that is all");
    }
}

#[test]
fn firmware_that_runs_at_once_needs_no_restart() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.reboots = false;
        ask(&mut site, version, update_with(5, json!({})));
        site.run(60);
        assert_eq!(words(&site, version), [&FETCHED[..], &["Installed"]].concat(), "{version}");
        assert_eq!((site.lives, events(&site)), (1, vec!["FirmwareUpdated".into()]));
        assert_eq!(shown(&site, version), ["Available", "Available"]);
    }
}

/// TC_L_02_CS; L01.FR.16.
#[test]
fn tc_l_02_an_installation_waits_for_its_time() {
    for version in Version::ALL {
        let mut site = site(version);
        let at = site.clock_in(3_600);
        ask(&mut site, version, update_with(5, json!({ "installDateTime": at })));
        site.run(3_500);
        let waiting = ["Downloading", "Downloaded", "SignatureVerified", "InstallScheduled"];
        assert_eq!(words(&site, version), waiting, "{version}");
        assert_eq!(shown(&site, version), ["Available", "Available"], "nobody is kept away before");
        site.run(200);
        assert_eq!(words(&site, version), [&waiting[..], &["Installing"], &end(version)].concat());
    }
}

/// TC_L_03_CS; L01.FR.13.
#[test]
fn tc_l_03_a_download_waits_for_its_time() {
    for version in Version::ALL {
        let mut site = site(version);
        let at = site.clock_in(3_600);
        ask(&mut site, version, update_with(5, json!({ "retrieveDateTime": at })));
        site.run(3_500);
        assert_eq!(words(&site, version), ["DownloadScheduled"], "{version}");
        assert!(!site.files.log.iter().any(|task| matches!(task, FileTask::Download { .. })));
        site.run(200);
        assert_eq!(words(&site, version), [&["DownloadScheduled"], &whole(version)[..]].concat());
    }
}

/// The wall clock decides, whoever sets it.
#[test]
fn a_clock_that_is_set_moves_the_download() {
    for version in Version::ALL {
        let mut site = site(version);
        let (at, later) = (site.clock_in(3_600), site.clock_in(3_601));
        ask(&mut site, version, update_with(5, json!({ "retrieveDateTime": at })));
        site.files.is_held = true;
        site.tell(Event::Clock(later.parse().unwrap()));
        assert_eq!(words(&site, version), ["DownloadScheduled", "Downloading"], "{version}");
    }
}

/// TC_L_05_CS; L01.FR.02, L01.FR.12, L01.FR.21, L01.FR.22.
#[test]
fn tc_l_05_a_certificate_that_is_not_the_manufacturers_is_refused() {
    for version in Version::ALL {
        let spoil: [fn(&mut Paper); 4] = [
            |paper| paper.signer = "Stranger".into(),
            |paper| paper.signer = "A".into(),
            |paper| paper.until = "2026-02-28T00:00:00Z".into(),
            |paper| paper.strong = false,
        ];
        for spoil in spoil {
            let mut site = site(version);
            let mut paper = signer();
            spoil(&mut paper);
            let update = update_with(5, json!({ "signingCertificate": paper.pem() }));
            assert_eq!(ask(&mut site, version, update), "InvalidCertificate", "{version}: {paper:?}");
            site.run(600);
            assert_eq!(events(&site), ["InvalidFirmwareSigningCertificate"]);
            assert_eq!((words(&site, version).len(), installs(&site)), (0, 0));
        }
        let mut site = site(version);
        let update = update_with(5, json!({ "signingCertificate": "nonsense" }));
        assert_eq!(ask(&mut site, version, update), "InvalidCertificate");
    }
}

/// M05: a manufacturer's certificate that the CSMS installed vouches for firmware, too.
#[test]
fn firmware_of_a_manufacturer_whose_root_was_installed_is_taken() {
    for version in Version::ALL {
        let mut site = site(version);
        let theirs = Paper { signer: "Second".into(), ..signer() };
        let update = update_with(5, json!({ "signingCertificate": theirs.pem() }));
        assert_eq!(ask(&mut site, version, update.clone()), "InvalidCertificate", "{version}");
        let pem = root("Second", "Second").pem();
        let install = json!({ "certificateType": "ManufacturerRootCertificate", "certificate": pem });
        assert_eq!(site.call("InstallCertificate", install)["status"], "Accepted");
        assert_eq!(ask(&mut site, version, update), "Accepted");
        site.run(60);
        assert_eq!(words(&site, version), whole(version));
    }
}

/// TC_L_06_CS, TC_081_CS; L01.FR.03; S-14.
#[test]
fn tc_l_06_tc_081_firmware_with_a_wrong_signature_is_not_installed() {
    for version in Version::ALL {
        let mut site = site(version);
        let update = update_with(5, json!({ "signature": signature("another file") }));
        assert_eq!(ask(&mut site, version, update), "Accepted", "{version}");
        site.run(600);
        assert_eq!(words(&site, version), ["Downloading", "Downloaded", "InvalidSignature"], "{version}");
        assert_eq!(events(&site), ["InvalidFirmwareSignature"]);
        assert_eq!((installs(&site), site.files.fetched), (0, None));
        assert_eq!(trigger(&mut site, version), ("InvalidSignature".into(), json!(5)), "L01.FR.26");
    }
}

/// L01, scenario, 5: a certificate proves nothing alone.
#[test]
fn firmware_whose_signature_is_missing_is_not_installed() {
    for version in V2 {
        let mut site = site(version);
        ask(&mut site, version, update_with(5, json!({ "signature": null })));
        site.run(600);
        assert_eq!(words(&site, version), ["Downloading", "Downloaded", "InvalidSignature"], "{version}");
        assert_eq!((events(&site), installs(&site)), (vec!["InvalidFirmwareSignature".into()], 0));
    }
}

/// TC_L_18_CS; S-14.
#[test]
fn tc_l_18_firmware_that_nobody_signed_is_rejected() {
    for version in V2 {
        let mut site = site(version);
        for firmware in
            [json!({ "signature": null, "signingCertificate": null }), json!({ "signingCertificate": null })]
        {
            assert_eq!(ask(&mut site, version, update_with(5, firmware)), "Rejected", "{version}");
        }
        site.run(600);
        assert_eq!((words(&site, version).len(), installs(&site)), (0, 0));
    }
}

/// L02, where it is wanted; what comes with a certificate is verified all the same.
#[test]
fn unsigned_firmware_is_taken_only_where_it_is_allowed() {
    for version in V2 {
        let mut site = site_with(version, |config| config.files.unsigned_firmware = true);
        let unsigned = json!({ "signature": null, "signingCertificate": null });
        assert_eq!(ask(&mut site, version, update_with(5, unsigned)), "Accepted", "{version}");
        site.run(60);
        let told = [&["Downloading", "Downloaded", "Installing"], &end(version)[..]].concat();
        assert_eq!(words(&site, version), told);
        site.requests.clear();
        ask(&mut site, version, update_with(6, json!({ "signature": signature("another file") })));
        site.run(60);
        assert_eq!((words(&site, version)[2].as_str(), installs(&site)), ("InvalidSignature", 1));
    }
}

/// TC_L_07_CS; L01.FR.30.
#[test]
fn tc_l_07_a_download_that_fails_is_tried_again_and_then_told() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.faults = [FileFault::Broken; 9].into();
        ask(&mut site, version, update_with(5, json!({})));
        site.run(59);
        assert_eq!(words(&site, version), ["Downloading"], "{version}");
        site.run(600);
        assert_eq!(words(&site, version), ["Downloading", "DownloadFailed"], "{version}");
        let downloads = site.files.log.iter().filter(|task| matches!(task, FileTask::Download { .. }));
        assert_eq!((downloads.count(), installs(&site)), (3, 0));
        assert_eq!(ask(&mut site, version, update_with(6, json!({}))), "Accepted", "another one can come");
    }
}

#[test]
fn a_download_that_works_at_the_second_attempt_goes_on() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.faults = [FileFault::Denied].into();
        ask(&mut site, version, update_with(5, json!({})));
        site.run(120);
        assert_eq!(words(&site, version), whole(version), "{version}");
    }
}

/// TC_L_08_CS; L01.FR.29.
#[test]
fn tc_l_08_firmware_that_does_not_fit_is_told() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.offered = UNFIT;
        ask(&mut site, version, update_with(5, json!({ "signature": signature(UNFIT) })));
        site.run(600);
        assert_eq!(words(&site, version), [&FETCHED[..], &["InstallVerificationFailed"]].concat(), "{version}");
        assert_eq!(shown(&site, version), ["Available", "Available"]);
        assert_eq!((site.lives, events(&site).len()), (1, 0));
    }
}

/// TC_L_09: the new firmware does not boot, and the one before tells it.
#[test]
fn firmware_that_does_not_boot_is_told_by_the_one_before() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_dud = true;
        ask(&mut site, version, update_with(5, json!({})));
        site.run(600);
        assert_eq!(words(&site, version).last().unwrap(), "InstallationFailed", "{version}");
        assert_eq!((site.lives, events(&site).len()), (2, 0));
        assert_eq!(shown(&site, version), ["Available", "Available"]);
    }
}

/// TC_L_10_CS; L01.FR.24.
#[test]
fn tc_l_10_a_second_update_ends_the_first() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        ask(&mut site, version, update_with(5, json!({})));
        assert_eq!(ask(&mut site, version, update_with(6, json!({}))), "AcceptedCanceled", "{version}");
        assert!(site.files.log.contains(&FileTask::Stop { operation: 1 }));
        site.files.is_held = false;
        site.run(60);
        let told = statuses(&site, version);
        assert_eq!(told[..2], [("Downloading".into(), json!(5)), ("Downloading".into(), json!(6))]);
        assert_eq!(words(&site, version)[1..], whole(version));
        assert_eq!(installs(&site), 1);
    }
}

/// L01.FR.24: what waits for its time is ended, too.
#[test]
fn an_update_that_waits_is_ended_by_another() {
    for version in Version::ALL {
        for member in ["retrieveDateTime", "installDateTime"] {
            let mut site = site(version);
            let at = site.clock_in(3_600);
            ask(&mut site, version, update_with(5, json!({ member: at })));
            site.run(60);
            assert_eq!(ask(&mut site, version, update_with(5, json!({}))), "AcceptedCanceled", "{version}");
            site.run(4_000);
            assert_eq!(words(&site, version)[words(&site, version).len() - whole(version).len()..], whole(version));
            assert_eq!(installs(&site), 1);
        }
    }
}

/// L01.FR.24, L01.FR.22: a bad one ends nothing.
#[test]
fn a_second_update_with_a_bad_certificate_ends_nothing() {
    for version in Version::ALL {
        let mut site = site(version);
        site.files.is_held = true;
        ask(&mut site, version, update_with(5, json!({})));
        let bad = update_with(6, json!({ "signingCertificate": "nonsense" }));
        assert_eq!(ask(&mut site, version, bad), "InvalidCertificate", "{version}");
        site.files.is_held = false;
        site.run(60);
        assert!(statuses(&site, version).iter().all(|(_, id)| *id == 5));
        assert_eq!(words(&site, version), whole(version));
    }
}

/// TC_L_11_CS; L01.FR.27.
#[test]
fn tc_l_11_what_is_being_installed_is_not_ended() {
    for version in Version::ALL {
        let mut site = site(version);
        let at = site.clock_in(60);
        ask(&mut site, version, update_with(5, json!({ "installDateTime": at })));
        site.run(30);
        site.files.is_held = true;
        site.run(60);
        assert_eq!(words(&site, version).last().unwrap(), "Installing", "{version}");
        assert_eq!(ask(&mut site, version, update_with(6, json!({}))), "Rejected", "{version}");
        site.files.is_held = false;
        site.run(60);
        assert_eq!(statuses(&site, version).last().unwrap(), &("Installed".into(), json!(5)));
    }
}

/// TC_L_15_CS; L01.FR.06, L01.FR.07, L01.FR.34.
#[test]
fn tc_l_15_an_installation_waits_for_transactions_and_keeps_other_drivers_away() {
    for version in Version::ALL {
        let mut site = site(version);
        start_transaction(&mut site);
        site.requests.clear();
        ask(&mut site, version, update_with(5, json!({})));
        site.run(600);
        let waiting = ["Downloading", "Downloaded", "SignatureVerified", "InstallScheduled"];
        assert_eq!(words(&site, version), waiting, "{version}");
        assert_eq!(shown(&site, version)[1], "Unavailable", "{version}");
        assert_ne!(shown(&site, version)[0], "Unavailable");
        stop_transaction(&mut site);
        assert_eq!(words(&site, version), [&waiting[..], &["Installing"], &end(version)].concat());
        assert_eq!(shown(&site, version), ["Available", "Available"]);
    }
}

/// TC_L_14_CS; L01.FR.07.
#[test]
fn tc_l_14_other_drivers_may_come_where_the_variable_says_so() {
    for version in V2 {
        let mut site = site(version);
        assert_eq!(site.set("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate", "true"), "Accepted");
        start_transaction(&mut site);
        ask(&mut site, version, update_with(5, json!({})));
        site.run(600);
        assert_eq!(words(&site, version).last().unwrap(), "InstallScheduled", "{version}");
        assert_eq!(shown(&site, version)[1], "Available", "{version}");
        site.files.is_held = true;
        stop_transaction(&mut site);
        assert_eq!(words(&site, version).last().unwrap(), "Installing");
        assert_eq!(shown(&site, version), ["Unavailable", "Unavailable"], "not while it is installed");
    }
}

/// TC_L_16_CS; L01.FR.33: only the restart waits.
#[test]
fn tc_l_16_a_host_that_can_installs_while_vehicles_charge() {
    for version in Version::ALL {
        let mut site = site_with(version, |config| config.files.installs_while_charging = true);
        start_transaction(&mut site);
        ask(&mut site, version, update_with(5, json!({})));
        site.run(600);
        let mut told = whole(version);
        told.pop();
        assert_eq!(
            (words(&site, version), installs(&site), site.lives),
            (told.iter().map(|w| (*w).into()).collect(), 1, 1)
        );
        assert_eq!(shown(&site, version)[1], "Unavailable", "{version}");
        stop_transaction(&mut site);
        assert_eq!((words(&site, version), site.lives), (whole(version).iter().map(|w| (*w).into()).collect(), 2));
    }
}

/// L01.FR.25, L01.FR.26.
#[test]
fn a_triggered_status_is_the_last_one_and_idle_after_installed() {
    for version in Version::ALL {
        let mut site = site(version);
        assert_eq!(trigger(&mut site, version), ("Idle".into(), Value::Null), "{version}");
        let at = site.clock_in(3_600);
        ask(&mut site, version, update_with(5, json!({ "retrieveDateTime": at })));
        assert_eq!(trigger(&mut site, version), ("DownloadScheduled".into(), json!(5)), "{version}");
        site.power_up();
        site.run(10);
        assert_eq!(trigger(&mut site, version), ("DownloadScheduled".into(), json!(5)), "after a power cut, too");
        site.run(4_000);
        assert_eq!(trigger(&mut site, version), ("Idle".into(), Value::Null), "{version}");
    }
}

/// L01.FR.26: what was sent last, not what is entered already.
#[test]
fn a_triggered_status_overtakes_none_that_waits() {
    for version in Version::ALL {
        let mut site = site(version);
        site.world.errors.push(status_action(version));
        ask(&mut site, version, update_with(5, json!({})));
        site.run(5);
        assert_eq!((words(&site, version), installs(&site)), (vec!["Downloading".into()], 1), "{version}");
        assert_eq!(trigger(&mut site, version), ("Downloading".into(), json!(5)), "{version}");
    }
}

/// Rule 6: the CSMS gets an answer from a host that examines nothing.
#[test]
fn a_certificate_that_is_not_examined_in_time_is_rejected() {
    for version in Version::ALL {
        let mut site = site(version);
        site.crypto.is_dead = true;
        let id = site.ask(action(version), update_with(5, json!({})));
        site.run(20);
        assert_eq!(site.answer_to(&id).unwrap()["status"], "Rejected", "{version}");
        site.crypto.is_dead = false;
        site.run(60);
        assert_eq!(words(&site, version).len(), 0, "what it says later has no effect");
    }
}

#[test]
fn nothing_is_installed_when_nothing_can_be_kept() {
    for version in Version::ALL {
        let mut site = site(version);
        let at = site.clock_in(60);
        ask(&mut site, version, update_with(5, json!({ "installDateTime": at })));
        site.tell(Event::PersistFailed("firmware".into()));
        site.run(120);
        assert_eq!((words(&site, version).pop().unwrap().as_str(), installs(&site)), ("InstallationFailed", 0));
        assert_eq!(ask(&mut site, version, update_with(6, json!({}))), "Rejected", "{version}");
    }
}

#[test]
fn a_host_that_installs_nothing_supports_no_updates() {
    for version in Version::ALL {
        let mut site = site_with(version, |config| config.files.firmware = false);
        let id = site.ask(action(version), update_with(5, json!({})));
        assert_eq!(site.answer_to(&id), None, "{version}");
    }
}

/// L01.FR.21: without certificates nobody can say who signed.
#[test]
fn signed_firmware_is_rejected_where_certificates_cannot_be_examined() {
    for version in Version::ALL {
        let mut site = site_with(version, |config| config.certificates.enabled = false);
        assert_eq!(ask(&mut site, version, update_with(5, json!({}))), "Rejected", "{version}");
    }
}
