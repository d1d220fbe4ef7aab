//! One charging session from plug to unplug, in both versions, online and offline.

use std::time::Duration;

use pilotwire::Version;
use pilotwire::domain::StoppedReason;
use pilotwire_tests::{Pair, Setup, Step};

const VERSIONS: [Version; 2] = [Version::V16, Version::V201];

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Plug, authorize, charge for five minutes, stop, unplug.
fn session(pair: &mut Pair) {
    pair.run(seconds(5));
    pair.act(Step::Plug);
    pair.run(seconds(3));
    pair.act(Step::Token("04A1B2C3"));
    pair.run(seconds(3));
    pair.act(Step::Ready);
    pair.run(seconds(300));
    pair.act(Step::Token("04A1B2C3"));
    pair.run(seconds(10));
    pair.act(Step::Unplug);
    pair.run(seconds(60));
}

#[test]
fn a_session_ends_in_one_complete_bill_that_says_what_the_meter_says() {
    for version in VERSIONS {
        let mut pair = Pair::new(Setup::new(version, 1));
        session(&mut pair);
        assert_eq!(pair.bills.len(), 1, "{version}: {:#?}", pair.trace);
        let bill = pair.bills.values().next().unwrap();
        assert!(bill.is_complete(), "{version}: {bill:?}");
        assert_eq!(bill.stopped_reason, Some(StoppedReason::Local), "{version}");
        let minutes = bill.ended.unwrap().millis_since(bill.started.unwrap());
        assert!((300_000..330_000).contains(&minutes), "{version}: {minutes} ms");
        let metered = pair.hardware.register_wh();
        assert!(metered > 600.into(), "{metered} Wh");
        // 1.6 bills in whole watt-hours.
        let difference = metered.checked_sub(pair.billed_wh()).unwrap();
        let tolerance = if version == Version::V16 { 500 } else { 0 };
        assert!(difference.scaled(3).abs() <= tolerance, "{version}: metered {metered}, billed {}", pair.billed_wh());
    }
}

#[test]
fn a_session_without_a_network_is_billed_afterwards_with_the_times_when_it_happened() {
    for version in VERSIONS {
        let mut pair = Pair::new(Setup::new(version, 2));
        pair.run(seconds(3));
        pair.act(Step::NetDown);
        let plugged = pair.wall();
        session(&mut pair);
        assert!(pair.bills.is_empty());
        assert!(pair.queued_events() > 2, "{version}");
        pair.act(Step::NetUp);
        pair.run(seconds(900));
        assert_eq!(pair.queued_events(), 0, "{version}");
        let bill = pair.bills.values().next().unwrap();
        assert!(bill.is_complete(), "{version}: {bill:?}");
        let started_after = bill.started.unwrap().millis_since(plugged);
        assert!((5_000..20_000).contains(&started_after), "{version}: {started_after} ms");
    }
}

#[test]
fn the_same_seed_gives_the_same_actions_byte_for_byte() {
    for version in VERSIONS {
        let run = |seed| {
            let mut pair = Pair::new(Setup::new(version, seed));
            session(&mut pair);
            pair.trace
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}

#[test]
fn a_token_that_the_csms_does_not_know_charges_nothing() {
    for version in VERSIONS {
        let mut pair = Pair::new(Setup::new(version, 3));
        pair.run(seconds(5));
        pair.act(Step::Plug);
        pair.act(Step::Token("BAD"));
        pair.act(Step::Ready);
        pair.run(seconds(120));
        assert!(pair.bills.is_empty());
        assert_eq!(pair.hardware.register_wh(), 0.into());
    }
}

/// E06.FR.02: the cable is the stop.
#[test]
fn unplugging_ends_the_transaction() {
    for version in VERSIONS {
        let mut pair = Pair::new(Setup::new(version, 4));
        pair.run(seconds(5));
        pair.act(Step::Plug);
        pair.act(Step::Token("04A1B2C3"));
        pair.run(seconds(3));
        pair.act(Step::Ready);
        pair.run(seconds(60));
        pair.act(Step::Unplug);
        pair.run(seconds(60));
        let bill = pair.bills.values().next().unwrap();
        assert!(bill.is_complete(), "{version}");
        assert_eq!(bill.stopped_reason, Some(StoppedReason::EVDisconnected), "{version}");
    }
}

/// E03.FR.05: a token without a cable is forgotten.
#[test]
fn nobody_plugs_in_and_the_authorization_ends() {
    for version in VERSIONS {
        let mut pair = Pair::new(Setup::new(version, 5));
        pair.run(seconds(5));
        pair.act(Step::Token("04A1B2C3"));
        pair.run(seconds(90));
        pair.act(Step::Plug);
        pair.act(Step::Ready);
        pair.run(seconds(60));
        assert!(pair.bills.is_empty());
        assert_eq!(pair.hardware.register_wh(), 0.into());
    }
}
