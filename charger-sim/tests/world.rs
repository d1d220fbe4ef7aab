//! The program `charger-sim run`: the physical world, and what outlives the process.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::io::{Read, Write};
use std::process::{Command, Output};

use serde_json::{Value, json};

use common::{Csms, NOWHERE, SIM, Sim, command};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_killed_process_leaves_the_world_as_it_was_and_the_meter_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let csms = Csms::start();
    let mut sim = Sim::in_directory(&csms.url, folder.path());
    sim.charge(json!({ "max_current_a": 16, "phases": 3 }));
    sim.play(json!({ "command": "wait", "s": 120 }));
    let before = sim.evse();
    assert_eq!((&before["power_w"], &before["contactor_closed"]), (&json!(11_040), &json!(true)));
    assert!(before["transaction"].is_string(), "{before}");
    sim.child.kill().unwrap();
    sim.child.wait().unwrap();
    let mut sim = Sim::in_directory(NOWHERE, folder.path());
    let ended = sim.until("transaction_ended");
    assert_eq!((&ended["reason"], &ended["transaction"]), (&json!("PowerLoss"), &before["transaction"]));
    let after = sim.evse();
    assert_eq!((&after["plugged"], &after["ready"]), (&json!(1), &json!(true)));
    assert!(number(&after["register_wh"]) >= number(&before["register_wh"]), "{before} {after}");
    assert_eq!(ended["register_wh"], after["register_wh"]);
    assert_eq!(sim.refused(json!({ "command": "plug", "evse": 1 })), "a cable is plugged there already");
    sim.quit();
}

#[test]
fn a_full_vehicle_ends_the_flow_by_itself() {
    let csms = Csms::start();
    let mut sim = Sim::start(&csms.url, &[]);
    assert!(sim.refused(json!({ "command": "plug", "evse": 1, "soc_percent": 5 })).contains("needs a battery"));
    assert!(sim.refused(json!({ "command": "plug", "evse": 1, "phases": 2 })).contains("1 or 3"));
    assert_eq!(sim.evse()["plugged"], Value::Null);
    sim.charge(json!({ "capacity_wh": 400, "soc_percent": 75.0, "power_w": 11_000 }));
    assert_eq!(sim.until("contactor")["closed"], false);
    let evse = sim.evse();
    assert_eq!((number(&evse["register_wh"]), number(&evse["soc_percent"])), (100.0, 100.0));
    assert_eq!((&evse["power_w"], &evse["ready"]), (&json!(0), &json!(false)));
    assert!(evse["transaction"].is_string());
    assert_eq!(sim.refused(json!({ "command": "ev_ready", "evse": 1 })), "the vehicle is full");
    sim.play(json!({ "command": "unplug", "evse": 1 }));
    assert_eq!(sim.until("transaction_ended")["register_wh"], json!(100.0));
    sim.quit();
}

/// K11.FR.01, K13.FR.01: the vehicle draws what the site allows, and the meter shows it.
#[test]
fn a_vehicle_draws_what_the_site_allows() {
    let csms = Csms::start();
    let mut sim = Sim::start(&csms.url, &[]);
    sim.charge(json!({ "max_current_a": 16, "phases": 3 }));
    assert_eq!(sim.evse()["power_w"], 11_040);
    sim.play(json!({ "command": "site_limit", "current_a": 10 }));
    assert_eq!(sim.until("limit")["limit"]["current_a"], 10);
    assert_eq!(sim.evse()["power_w"], 6_900);
    sim.play(json!({ "command": "site_limit", "evse": 1, "source": "SO", "power_w": 4_600, "phases": 1 }));
    while sim.until("limit")["limit"]["number_phases"] != 1 {}
    assert_eq!(sim.evse()["power_w"], 2_300, "one phase of 10 A");
    sim.play(json!({ "command": "clear_site_limit", "evse": 1, "source": "SO" }));
    sim.play(json!({ "command": "site_limit", "current_a": 0 }));
    assert_eq!(sim.until("contactor")["closed"], false);
    assert_eq!((&sim.evse()["power_w"], &sim.evse()["occupation"]), (&json!(0), &json!("suspended_evse")));
    sim.play(json!({ "command": "clear_site_limit" }));
    assert_eq!(sim.until("contactor")["closed"], true);
    assert_eq!(sim.evse()["power_w"], 11_040);
    assert!(sim.refused(json!({ "command": "site_limit" })).contains("tell current_a or power_w"));
    sim.quit();
}

#[test]
fn the_clock_that_somebody_set_goes_on_through_a_power_cut_and_a_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = Sim::in_directory(NOWHERE, folder.path());
    sim.play(json!({ "command": "clock", "time": "2031-05-05T00:00:00Z" }));
    sim.play(json!({ "command": "power_cut", "off_s": 60 }));
    let status = sim.play(json!({ "command": "status" }));
    assert!(status["clock"].as_str().unwrap().starts_with("2031-05-05T00:0"), "{status}");
    assert!(!status["time"].as_str().unwrap().starts_with("2031"), "{status}");
    sim.quit();
    let mut sim = Sim::in_directory(NOWHERE, folder.path());
    let status = sim.play(json!({ "command": "status" }));
    assert!(status["clock"].as_str().unwrap().starts_with("2031-05-05"), "{status}");
    sim.quit();
}

#[test]
fn a_fault_is_there_until_somebody_repairs_it() {
    let mut sim = Sim::start(NOWHERE, &[]);
    sim.play(json!({ "command": "fault", "evse": 1, "code": "GroundFailure", "info": "wet" }));
    sim.play(json!({ "command": "power_cut" }));
    while sim.until("status")["status"] != "Faulted" {}
    let evse = sim.evse();
    assert_eq!(evse["fault"], json!({ "code": "GroundFailure", "info": "wet" }));
    sim.play(json!({ "command": "clear_fault", "evse": 1 }));
    while sim.until("status")["status"] != "Available" {}
    assert_eq!(sim.evse()["fault"], Value::Null);
    sim.play(json!({ "command": "fault", "evse": 0 }));
    assert_eq!(sim.play(json!({ "command": "status" }))["problem"]["code"], "OtherError");
    assert_eq!(sim.refused(json!({ "command": "clear_fault", "evse": 7 })), "there is no EVSE 7");
    sim.quit();
}

/// A whole session from a file, as in `charger-sim run … < file`.
fn played(url: &str, lines: &[Value], more: &[&str]) -> Output {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut child = command(url, more).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn the_end_of_the_input_ends_the_process_when_all_was_heard() {
    let folder = tempfile::tempdir().unwrap();
    let csms = Csms::start();
    let journal = folder.path().join("journal.jsonl");
    let session = [
        json!({ "command": "wait", "s": 90, "id": 0 }),
        json!({ "command": "plug", "evse": 1, "id": 1 }),
        json!({ "command": "token", "token": "04A1B2C3", "evse": 1, "id": 2 }),
        json!({ "command": "wait", "s": 45, "id": 3 }),
        json!({ "command": "ev_ready", "evse": 1, "id": 4 }),
        json!({ "command": "wait", "s": 60, "id": 5 }),
        json!({ "command": "unplug", "evse": 1, "id": 6 }),
        json!({ "command": "reset", "id": 7 }),
    ];
    let output = played(&csms.url, &session, &["--journal", journal.to_str().unwrap(), "--journal-actions"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&Value> = lines.iter().filter(|line| line.get("reply").is_some()).map(|line| &line["id"]).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert!(lines.iter().any(|line| line["event"] == "transaction_ended"), "{text}");
    let recorded = std::fs::read_to_string(&journal).unwrap();
    assert!(recorded.contains("\"did\":["), "{recorded}");
    let replay = Command::new(SIM).arg("replay").arg(&journal).output().unwrap();
    assert!(replay.status.success() && String::from_utf8_lossy(&replay.stdout).contains("identical"));
    std::fs::write(&journal, &recorded[..recorded.len() - 40]).unwrap();
    let replay = Command::new(SIM).arg("replay").arg(&journal).output().unwrap();
    assert_eq!(replay.status.code(), Some(1));
    let verdict = String::from_utf8_lossy(&replay.stdout).into_owned();
    assert!(verdict.contains(&format!("line {}: the line is cut off", recorded.lines().count())), "{verdict}");
}

#[test]
fn what_makes_no_sense_on_the_command_line_is_a_usage_error() {
    for wrong in [
        &["run", "--csms", "http://127.0.0.1/", "--id", "A"][..],
        &["run", "--csms", "wss://127.0.0.1/", "--id", "A", "--tls-cert", "own.pem"],
        &["run", "--csms", "wss://127.0.0.1/", "--id", "A", "--security-profile", "4"],
        &["run", "--csms", "ws://127.0.0.1/", "--id", "a/b"],
        &["run", "--csms", "ws://127.0.0.1/", "--id", "A", "--version", "1.5"],
        &["run", "--csms", "ws://127.0.0.1/", "--id", "A", "--set", "x"],
        &["dance"],
    ] {
        let output = Command::new(SIM).args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn a_process_whose_output_nobody_reads_ends() {
    let mut child = command(NOWHERE, &[]).spawn().unwrap();
    let mut first = [0; 16];
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut first).unwrap();
    drop(output);
    let mut input = child.stdin.take().unwrap();
    // It may be gone already: there are events, too.
    let _ = writeln!(input, "{}", json!({ "command": "status" }));
    assert!(child.wait().unwrap().success());
}
