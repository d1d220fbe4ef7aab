//! the power is cut after every action of a change of passwords, security profiles and ways to the CSMS. The old one or
//! the new one works afterwards, and what works is what the CSMS believes.

use pilotwire::domain::SecurityProfile;
use pilotwire::station::NetworkSlot;
use pilotwire::{Event, Version};
use pilotwire_tests::site::{NEW, OLD, Site, World, client, set_variable, slot, way};
use serde_json::json;

use SecurityProfile::{Basic, TlsBasic, TlsClient};

fn site(version: Version, slots: Vec<NetworkSlot>, world: World) -> Site {
    let mut site = Site::new(version, slots, |config| {
        config.security.roots = vec!["root".into()];
        config.security.client = Some(client());
        config.security.device_events = true;
    });
    site.world = world;
    site
}

/// Plays the whole story, cutting the power after every one of its actions; `check` looks at how each ended.
fn sweep(make: impl Fn() -> Site, story: impl Fn(&mut Site), check: impl Fn(&mut Site, &str)) {
    let play = |cut: Option<u64>| {
        let mut site = make();
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
        check(&mut site, &format!("power cut after action {after} of {actions}"));
    }
}

fn works(site: &mut Site, what: &str) {
    assert!(site.online, "{what}: {:?}\n{:?}", site.attempts, site.disk);
    // And so it does after another start.
    site.power_up();
    site.run(600);
    assert!(site.online, "{what}, and another start: {:?}\n{:?}", site.attempts, site.disk);
    site.tell(Event::Pong);
}

fn change_password(version: Version, site: &mut Site) {
    match version {
        Version::V16 => site.ask("ChangeConfiguration", json!({ "key": "AuthorizationKey", "value": NEW })),
        _ => site.ask("SetVariables", set_variable("SecurityCtrlr", "BasicAuthPassword", NEW)),
    };
}

/// A01.FR.03, A01.FR.04: the CSMS lets in the new password alone if it heard `Accepted`, and the old one alone if not.
#[test]
fn a_password_change() {
    for version in Version::ALL {
        let strict = || World { passwords: vec![OLD], once_accepted: Some(NEW), ..World::default() };
        let make = || {
            let mut site = site(version, vec![slot(1, "one", Basic), NetworkSlot::free(2)], strict());
            // What is accepted while nothing is changed does not count.
            site.world.once_accepted = None;
            site
        };
        let story = |site: &mut Site| {
            site.world.once_accepted = Some(NEW);
            change_password(version, site);
        };
        sweep(make, story, works);
    }
}

/// The CSMS was told `Accepted`, and forgot it with its own power: it lets in the old password alone.
#[test]
fn a_password_change_that_the_csms_forgot() {
    for version in Version::ALL {
        let old = || World { passwords: vec![OLD], ..World::default() };
        let make = || site(version, vec![slot(1, "one", TlsBasic)], old());
        sweep(make, |site| change_password(version, site), works);
    }
}

fn priority(site: &mut Site, slots: &str) {
    site.ask("SetVariables", set_variable("OCPPCommCtrlr", "NetworkConfigurationPriority", slots));
}

fn fill(site: &mut Site, slot: i32, host: &str, security: SecurityProfile) {
    let payload = json!({ "configurationSlot": slot, "connectionData": way(host, security) });
    site.ask("SetNetworkProfile", payload);
}

/// A05 of 2.x: the CSMS lets no lower profile in once it saw a higher one.
#[test]
fn a_profile_change() {
    for version in [Version::V201, Version::V21] {
        for (low, high) in [(Basic, TlsBasic), (TlsBasic, TlsClient)] {
            let rising = || World { only_rises: true, ..World::default() };
            let make = || site(version, vec![slot(1, "one", low), NetworkSlot::free(2)], rising());
            let story = |site: &mut Site| {
                fill(site, 2, "two", high);
                priority(site, "2,1");
                site.ask("Reset", json!({ "type": "OnIdle" }));
            };
            sweep(make, story, |site, what| {
                works(site, what);
                let reached = site.world.lowest == Some(high);
                let kept = site.disk.get("network/state").is_some_and(|state| state.contains("\"priority\":[2]"));
                assert_eq!(
                    reached, kept,
                    "{what}: the lower way is removed when the higher one has worked, not before"
                );
            });
        }
    }
}

/// A05 of 1.6, with a CSMS that the station reaches and one that it does not reach with the new profile.
#[test]
fn a_profile_change_of_1_6() {
    for faults in [vec![], vec![("wss://", pilotwire::domain::ConnectionFault::Unreachable)]] {
        let rising = || World { only_rises: true, faults: faults.clone(), ..World::default() };
        let make = || site(Version::V16, vec![slot(1, "one", Basic)], rising());
        let story = |site: &mut Site| {
            site.ask("ChangeConfiguration", json!({ "key": "SecurityProfile", "value": "2" }));
        };
        sweep(make, story, works);
    }
}

/// B09, B10: to another CSMS that is there, to one that is not, and over the way that is in use.
#[test]
fn a_change_of_the_way() {
    let gone = || vec![("nowhere", pilotwire::domain::ConnectionFault::Unreachable)];
    for version in [Version::V201, Version::V21] {
        for (target, host, order) in
            [(2, "two", "2,1"), (2, "nowhere", "2,1"), (2, "nowhere", "2"), (1, "two", "1"), (1, "nowhere", "1")]
        {
            let world = || World { faults: gone(), ..World::default() };
            let make = || site(version, vec![slot(1, "one", Basic), NetworkSlot::free(2)], world());
            let story = |site: &mut Site| {
                fill(site, target, host, Basic);
                priority(site, order);
                site.ask("Reset", json!({ "type": "OnIdle" }));
            };
            sweep(make, story, works);
        }
    }
}
