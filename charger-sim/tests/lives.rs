//! Lives full of mishaps, over real sockets and through killed processes: every watt-hour is billed, and only once.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::path::Path;

use csms_lite::store::TransactionRow;
use pilotwire::messages::Decimal;
use serde_json::{Value, json};

use common::{Csms, Sim};

/// What happens between sessions, and in the middle of them.
const MISHAPS: [&str; 10] =
    ["unplug", "ev_suspend", "net_down", "net_up", "power_cut", "reset", "kill", "restart", "fault", "clear_fault"];
const SESSION: [&str; 5] = ["plug", "token", "wait", "ev_ready", "wait"];

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }
}

fn start(csms: &Csms, state: &Path, version: &str) -> Sim {
    let quick = "OCPPCommCtrlr.RetryBackOffWaitMinimum=1";
    let steady = "OCPPCommCtrlr.RetryBackOffRandomRange=1";
    let offline = "AuthCtrlr.OfflineTxForUnknownIdEnabled=true";
    let state = state.to_str().unwrap();
    let sets = ["--set", quick, "--set", steady, "--set", offline];
    Sim::start(&csms.url, &[&["--version", version, "--state", state][..], &sets].concat())
}

fn line(command: &str) -> Value {
    match command {
        "token" => json!({ "command": command, "token": "04A1B2C3", "evse": 1 }),
        "wait" => json!({ "command": command, "s": 5 }),
        "power_cut" => json!({ "command": command, "off_s": 3 }),
        "net_down" | "net_up" | "reset" => json!({ "command": command }),
        _ => json!({ "command": command, "evse": 1 }),
    }
}

fn decimal(value: &Value) -> Decimal {
    value.to_string().parse().unwrap()
}

fn live(version: &str, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let csms = Csms::start();
    let mut sim = start(&csms, folder.path(), version);
    sim.until("registered");
    let (mut dice, mut todo, mut register) = (Dice(seed), Vec::new(), Decimal::ZERO);
    for _ in 0..70 {
        if todo.is_empty() {
            todo = SESSION.to_vec();
            let at = dice.below(todo.len() + 1);
            todo.insert(at, MISHAPS[dice.below(MISHAPS.len())]);
            todo.extend(["token", "wait", "unplug", "clear_fault", "net_up"]);
        }
        match todo.remove(0) {
            "kill" => {
                sim.child.kill().unwrap();
                sim.child.wait().unwrap();
                sim = start(&csms, folder.path(), version);
            }
            "restart" => {
                sim.quit();
                sim = start(&csms, folder.path(), version);
            }
            command => drop(sim.reply(line(command))),
        }
        let shown = decimal(&sim.evse()["register_wh"]);
        assert!(shown >= register, "{version}, seed {seed}: {shown} after {register}");
        register = shown;
    }
    for command in ["net_up", "clear_fault", "wait", "unplug", "wait"] {
        sim.reply(line(command));
    }
    if sim.evse()["transaction"].is_string() {
        sim.play(line("token"));
    }
    let register = decimal(&sim.evse()["register_wh"]);
    let bills = csms.bills(|bills| is_billed(bills, register, version));
    assert!(bills.len() > 2 && register > Decimal::ZERO, "{version}, seed {seed}: {} bills", bills.len());
    let told = format!("{} Wh billed, {register} Wh metered", billed_wh(&bills));
    assert!(is_billed(&bills, register, version), "{version}, seed {seed}: {told}");
    assert!(bills.iter().all(|bill| bill.complete), "{version}, seed {seed}");
    sim.quit();
}

fn billed_wh(bills: &[TransactionRow]) -> Decimal {
    bills.iter().filter_map(|bill| bill.energy_wh).try_fold(Decimal::ZERO, Decimal::checked_add).unwrap()
}

fn is_billed(bills: &[TransactionRow], register: Decimal, version: &str) -> bool {
    let billed = billed_wh(bills);
    // 1.6 bills whole watt-hours.
    let room = if version == "1.6" { Decimal::from_int(bills.len() as i32) } else { Decimal::ZERO };
    billed.checked_sub(register).unwrap() <= room && register.checked_sub(billed).unwrap() <= room
}

#[test]
fn every_watt_hour_is_billed_once_in_1_6() {
    live("1.6", 1);
}

#[test]
fn every_watt_hour_is_billed_once_in_2_0_1() {
    live("2.0.1", 2);
}
