//! `charger-sim schedule`: profiles in a file, the composite schedule in OCPP's own JSON.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

const FROM: &str = "2026-03-02T06:00:00Z";

/// A request of 2.0.1 with one schedule.
fn profile(id: i32, evse: i32, level: i32, purpose: &str, schedule: Value) -> Value {
    json!({ "evseId": evse, "chargingProfile": {
        "id": id, "stackLevel": level, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    }})
}

/// From a start on, in a unit: seconds and limits.
fn from(start: &str, unit: &str, periods: &[(i32, f64)]) -> Value {
    let periods: Vec<Value> =
        periods.iter().map(|(start, limit)| json!({ "startPeriod": start, "limit": limit })).collect();
    json!({ "id": 1, "startSchedule": start, "chargingRateUnit": unit, "chargingSchedulePeriod": periods })
}

fn limited(mut schedule: Value, duration: i32) -> Value {
    schedule["duration"] = duration.into();
    schedule
}

struct Run {
    directory: TempDir,
}

impl Run {
    fn new(profiles: &Value) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("profiles.json"), profiles.to_string()).expect("a file");
        Self { directory }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn output(&self, options: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_charger-sim"));
        command.args(["schedule", "--profiles", &self.path("profiles.json"), "--from", FROM]).args(options);
        command.output().expect("the program runs")
    }

    fn schedule(&self, options: &[&str]) -> Value {
        let output = self.output(options);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn error(&self, options: &[&str]) -> String {
        let output = self.output(options);
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).expect("a text")
    }
}

/// Starts and limits.
fn steps(schedule: &Value) -> Vec<(u64, Value)> {
    let periods = schedule["chargingSchedulePeriod"].as_array().expect("periods");
    periods.iter().map(|period| (period["startPeriod"].as_u64().expect("a start"), period["limit"].clone())).collect()
}

#[test]
fn the_schedule_is_what_a_station_would_answer() {
    let run = Run::new(&json!([
        profile(1, 0, 0, "ChargingStationMaxProfile", from("2026-01-01T00:00:00Z", "A", &[(0, 20.0)])),
        profile(2, 1, 0, "TxDefaultProfile", limited(from(FROM, "A", &[(0, 16.0), (600, 32.0)]), 1_200)),
    ]));
    let schedule = run.schedule(&["--evse", "1", "--duration", "3600"]);
    assert_eq!(steps(&schedule), [(0, json!(16)), (600, json!(20))]);
    assert_eq!(schedule["scheduleStart"], "2026-03-02T06:00:00.000Z");
    assert_eq!((&schedule["duration"], &schedule["evseId"]), (&json!(3_600), &json!(1)));
    assert_eq!(schedule["chargingRateUnit"], "A");
}

#[test]
fn where_nothing_limits_stands_null_unless_the_rating_fills_it() {
    let run = Run::new(&json!([profile(
        2,
        1,
        0,
        "TxDefaultProfile",
        limited(from("2026-03-02T06:10:00Z", "W", &[(0, 4_600.0)]), 600)
    ),]));
    let asked = ["--evse", "1", "--duration", "3600"];
    assert_eq!(steps(&run.schedule(&asked)), [(0, Value::Null), (600, json!(4_600)), (1_200, Value::Null)]);
    let rated = run.schedule(&[&asked[..], &["--rated", "22000"]].concat());
    assert_eq!(steps(&rated), [(0, json!(22_000)), (600, json!(4_600)), (1_200, json!(22_000))]);
}

/// K01.FR.49, K01.FR.50.
#[test]
fn units_are_converted_by_voltage_and_phases() {
    let run = Run::new(&json!([profile(2, 1, 0, "TxDefaultProfile", from(FROM, "W", &[(0, 6_600.0)]))]));
    let asked = ["--evse", "1", "--duration", "60", "--unit", "A"];
    assert_eq!(steps(&run.schedule(&asked)), [(0, json!(9.5))]);
    assert_eq!(steps(&run.schedule(&[&asked[..], &["--voltage", "110"]].concat())), [(0, json!(20))]);
}

/// K01.FR.09: a TxProfile is for the transaction that it names.
#[test]
fn a_tx_profile_counts_in_its_transaction_alone() {
    let mut tx = profile(3, 1, 0, "TxProfile", from(FROM, "A", &[(0, 8.0)]));
    tx["chargingProfile"]["transactionId"] = "T1".into();
    let run = Run::new(&json!([profile(2, 0, 0, "TxDefaultProfile", from(FROM, "A", &[(0, 16.0)])), tx,]));
    let asked = ["--evse", "1", "--duration", "60"];
    let output = run.output(&asked);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("profile 2 does not count"), "{said}");
    assert_eq!(steps(&serde_json::from_slice(&output.stdout).unwrap()), [(0, json!(16))]);
    let in_it = run.schedule(&[&asked[..], &["--transaction", "T1,2026-03-02T05:00:00Z"]].concat());
    assert_eq!(steps(&in_it), [(0, json!(8))]);
}

/// Errata 3.57: the schedule of 1.6 has no start of its own.
#[test]
fn version_1_6_is_read_and_written_in_its_own_words() {
    let run = Run::new(&json!([{ "connectorId": 1, "csChargingProfiles": {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Recurring", "recurrencyKind": "Daily",
        "chargingSchedule": { "startSchedule": "2026-01-01T06:30:00Z", "chargingRateUnit": "A", "duration": 3_600,
            "chargingSchedulePeriod": [{ "startPeriod": 0, "limit": 10.5, "numberPhases": 1 }] },
    }}]));
    let schedule = run.schedule(&["--version", "1.6", "--evse", "1", "--duration", "7200"]);
    assert_eq!(
        schedule,
        json!({ "duration": 7_200, "chargingRateUnit": "A", "chargingSchedulePeriod": [
            { "startPeriod": 0, "limit": null },
            { "startPeriod": 1_800, "limit": 10.5, "numberPhases": 1 },
            { "startPeriod": 5_400, "limit": null },
        ]})
    );
}

/// K11, K12: as if the site had set them.
#[test]
fn external_constraints_may_stand_in_the_file() {
    let external = profile(9, 0, 0, "ChargingStationExternalConstraints", from(FROM, "A", &[(0, 7.0)]));
    let run = Run::new(&json!([profile(2, 0, 0, "TxDefaultProfile", from(FROM, "A", &[(0, 16.0)])), external]));
    assert_eq!(steps(&run.schedule(&["--evse", "1", "--duration", "60"])), [(0, json!(7))]);
}

/// K08.FR.03: two EVSEs with 16 A each, under 25 A of the station.
#[test]
fn evse_0_is_the_whole_station() {
    let of = |id: i32, evse: i32| profile(id, evse, 0, "TxDefaultProfile", from(FROM, "A", &[(0, 16.0)]));
    let most = profile(3, 0, 0, "ChargingStationMaxProfile", from("2026-03-02T07:00:00Z", "A", &[(0, 25.0)]));
    let run = Run::new(&json!([of(1, 1), of(2, 2), most]));
    let schedule = run.schedule(&["--evse", "0", "--duration", "7200"]);
    assert_eq!(steps(&schedule), [(0, json!(32)), (3_600, json!(25))]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let asked = ["--evse", "1", "--duration", "60"];
    let good = profile(1, 1, 0, "TxDefaultProfile", from(FROM, "A", &[(0, 16.0)]));
    let disorder = profile(2, 1, 1, "TxDefaultProfile", from(FROM, "A", &[(60, 1.0), (0, 1.0)]));
    for (file, why) in [
        (json!({}), "not a JSON array"),
        (json!([good, { "evseId": 1 }]), "profile 2: OccurrenceConstraintViolation"),
        (json!([good, disorder]), "profile 2 is not taken: InvalidSchedule"),
        (json!([profile(1, 99_999, 0, "TxDefaultProfile", from(FROM, "A", &[(0, 1.0)]))]), "beyond 1000"),
    ] {
        let said = Run::new(&file).error(&asked);
        assert!(said.contains(why), "{file}: {said}");
    }
    let said = Run::new(&json!([good])).error(&["--evse", "2000", "--duration", "60"]);
    assert!(said.contains("EVSEs are numbered"), "{said}");
}

#[test]
fn the_plot_shows_profiles_as_layers_and_the_result_over_them() {
    let run = Run::new(&json!([
        profile(1, 0, 0, "ChargingStationMaxProfile", from("2026-01-01T00:00:00Z", "A", &[(0, 32.0)])),
        profile(2, 1, 3, "TxDefaultProfile", from(FROM, "A", &[(0, 16.0), (43_200, 24.0)])),
    ]));
    let picture = run.path("day.svg");
    run.schedule(&["--evse", "1", "--duration", "86400", "--svg", &picture]);
    let svg = std::fs::read_to_string(&picture).unwrap();
    for part in ["Composite schedule of EVSE 1", "StationMax #1, level 0", "TxDefault #2, level 3", "24 A", "08:00"] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(Path::new(&picture).exists() && svg.trim_end().ends_with("</svg>"));
}

#[test]
fn a_bench_tells_the_median_with_and_without_installation() {
    let run = Run::new(&json!([profile(2, 1, 0, "TxDefaultProfile", from(FROM, "A", &[(0, 16.0)]))]));
    let output = run.output(&["--evse", "1", "--duration", "60", "--bench", "5"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("median of 5: ") && lines[1].starts_with("median of 5 with installation: "), "{said}");
}

/// What the documents show is what the tool draws: docs/pictures/draw.sh draws it anew.
#[test]
fn the_pictures_in_the_documents_are_those_that_the_tool_draws() {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
    let drawn = tempfile::tempdir().expect("a directory");
    for (name, from, duration, transaction) in [
        ("day", FROM, "86400", Some("T1,2026-03-02T09:00:00Z")),
        ("stack", "2026-03-02T00:00:00Z", "604800", None),
        ("gap", FROM, "10800", Some("T1,2026-03-02T06:00:00Z")),
    ] {
        let svg = drawn.path().join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_charger-sim"));
        command.arg("schedule").arg("--profiles").arg(pictures.join(format!("{name}.json")));
        command.args(["--evse", "1", "--from", from, "--duration", duration]).arg("--svg").arg(&svg);
        command.args(transaction.map(|transaction| ["--transaction", transaction]).into_iter().flatten());
        assert!(command.output().expect("the program runs").status.success());
        let read = |path: &Path| std::fs::read_to_string(path).expect("a picture");
        assert!(read(&svg) == read(&pictures.join(format!("{name}.svg"))), "{name}.svg is outdated");
    }
}
