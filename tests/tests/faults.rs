//! A fault at every point of a session: whatever happens, no energy is lost, billed twice or left open (I-1 to I-4, I-12).

use std::time::Duration;

use pilotwire::Version;
use pilotwire::station::Output;
use pilotwire_tests::{Cut, Pair, Setup, Side, Step};

const VERSIONS: [Version; 2] = [Version::V16, Version::V201];

/// What people do, and when (seconds). The driver does not notice the fault, and unplugs in the end.
const SCRIPT: [(u64, Step); 5] = [
    (5, Step::Plug),
    (8, Step::Token("04A1B2C3")),
    (10, Step::Ready),
    (190, Step::Token("04A1B2C3")),
    (200, Step::Unplug),
];

/// The network goes before the driver comes, and is back long after the driver left.
const OFFLINE: [(u64, Step); 7] =
    [(3, Step::NetDown), SCRIPT[0], SCRIPT[1], SCRIPT[2], SCRIPT[3], SCRIPT[4], (300, Step::NetUp)];

fn play(mut pair: Pair, script: &[(u64, Step)]) -> Pair {
    let mut at = 0;
    for (second, step) in script {
        pair.run(Duration::from_secs(second - at));
        at = *second;
        pair.act(*step);
    }
    // Longer than every back-off and retry together.
    pair.run(Duration::from_secs(1_800));
    pair
}

fn check(pair: &Pair, version: Version, what: &str) {
    let context = || format!("{version}, {what}\n{}", pair.trace.join("\n"));
    assert_eq!(pair.queued_events(), 0, "events were not delivered: {}", context());
    for (id, bill) in &pair.bills {
        assert!(bill.is_complete(), "transaction {id} is not complete: {bill:?}\n{}", context());
        let energy = bill.energy_wh().unwrap_or_default();
        assert!(!energy.is_negative(), "transaction {id} delivered {energy} Wh\n{}", context());
    }
    let metered = pair.hardware.register_wh();
    let lost = metered.checked_sub(pair.billed_wh()).expect("a difference of few digits").scaled(3).abs();
    // Each bill of 1.6 is rounded to whole watt-hours at both ends.
    let tolerance = if version == Version::V16 { 1_000 * pair.bills.len() as i64 } else { 0 };
    assert!(lost <= tolerance, "metered {metered} Wh, billed {} Wh\n{}", pair.billed_wh(), context());
}

fn sweep_power(side: Side, script: &[(u64, Step)]) {
    for version in VERSIONS {
        let whole = play(Pair::new(Setup::new(version, 11)), script);
        check(&whole, version, "no cut");
        // What happens in the quiet time afterwards is the same heartbeat again and again.
        let actions = whole.actions(side).min(160) - 6;
        assert!(actions > 20, "{actions}");
        for after in 1..=actions {
            let setup = Setup { cut: Some(Cut { side, after }), ..Setup::new(version, 11) };
            let pair = play(Pair::new(setup), script);
            check(&pair, version, &format!("power cut of {side:?} after action {after} of {actions}"));
            assert!(pair.lives(side) > 1, "no cut happened: {after}");
        }
    }
}

///
#[test]
fn the_power_of_the_station_is_cut_after_every_action_online() {
    sweep_power(Side::Station, &SCRIPT);
}

///
#[test]
fn the_power_of_the_station_is_cut_after_every_action_offline() {
    sweep_power(Side::Station, &OFFLINE);
}

/// C-8.
#[test]
fn the_csms_is_killed_after_every_action_online() {
    sweep_power(Side::Csms, &SCRIPT);
}

/// C-8.
#[test]
fn the_csms_is_killed_after_every_action_while_it_takes_what_was_queued() {
    sweep_power(Side::Csms, &OFFLINE);
}

/// one record that cannot be read costs no other, is reported, and stops nothing.
#[test]
fn a_spoiled_record_is_reported_and_the_rest_goes_on() {
    let charging = |version| {
        let mut pair = Pair::new(Setup::new(version, 13));
        pair.run(Duration::from_secs(3));
        pair.act(Step::NetDown);
        for step in [Step::Plug, Step::Token("04A1B2C3"), Step::Ready] {
            pair.act(step);
            pair.run(Duration::from_secs(2));
        }
        pair.run(Duration::from_secs(100));
        pair
    };
    for version in VERSIONS {
        let keys = charging(version).records(Side::Station);
        assert!(keys.len() >= 5, "{keys:?}");
        for (key, value) in keys.iter().flat_map(|key| ["", "{", "null", "[1,2"].map(|value| (key, value))) {
            let mut pair = charging(version);
            pair.spoil(Side::Station, key, value);
            pair.run(Duration::from_secs(60));
            let reported = |output: &Output| matches!(output, Output::LimitHit { text } if text.contains(key.as_str()));
            assert!(pair.told.iter().any(reported), "{version}: {key} = {value} was not reported: {:?}", pair.told);
            let pair = play(pair, &[(0, Step::Unplug), (1, Step::NetUp)]);
            assert_eq!(pair.queued_events(), 0, "{version}: {key} = {value}");
        }
    }
}

/// the frame is lost, or it arrives and its answer is lost.
#[test]
fn the_connection_is_cut_at_every_message() {
    for version in VERSIONS {
        for script in [&SCRIPT[..], &OFFLINE[..]] {
            let frames = play(Pair::new(Setup::new(version, 12)), script).net.frames;
            assert!(frames > 20, "{frames}");
            for (at, arrives) in (1..=frames).flat_map(|at| [(at, false), (at, true)]) {
                let mut pair = Pair::new(Setup::new(version, 12));
                pair.net.cut_at_frame = Some(at);
                pair.net.cut_after_arrival = arrives;
                let pair = play(pair, script);
                check(&pair, version, &format!("cut at frame {at} of {frames}, arrives: {arrives}"));
            }
        }
    }
}
