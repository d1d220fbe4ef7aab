//! The program `charger-sim check` and `actions`: what scripts may rely on.

use std::io::Write;
use std::process::{Command, Stdio};

/// The lines that the program prints for this input, and its exit status.
fn program(arguments: &[&str], input: &str) -> (Vec<String>, Option<i32>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_charger-sim"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("charger-sim starts");
    // A program that refuses its arguments ends without reading.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("text");
    (text.lines().map(String::from).collect(), output.status.code())
}

#[test]
fn payloads_are_ok_or_get_code_pointer_and_text() {
    let input = concat!(
        r#"{"idTag":"04A1"}"#,
        "\n",
        r#"{"idTag":"123456789012345678901"}"#,
        "\n",
        r#"{}"#,
        "\n",
        r#"{"idTag":7}"#,
        "\n",
        r#"{"idTag":"04A1","extra":1}"#,
        "\n",
        "nonsense\n"
    );
    let (lines, status) = program(&["check", "--version", "1.6", "--action", "Authorize"], input);
    let expected = [
        "ok",
        "PropertyConstraintViolation /idTag",
        "OccurenceConstraintViolation /idTag",
        "TypeConstraintViolation /idTag",
        "FormationViolation /extra",
        "FormationViolation ",
    ];
    assert_eq!(heads(&lines), expected);
    assert_eq!(status, Some(1));
}

#[test]
fn only_a_file_that_is_all_right_ends_with_0() {
    let payload = "{\"currentTime\":\"2026-01-31T12:00:00Z\",\"interval\":300,\"status\":\"Accepted\"}\n";
    let check = ["check", "--version", "2.1", "--action", "BootNotification", "--response"];
    assert_eq!(program(&check, payload), (vec!["ok".to_owned()], Some(0)));
    assert_eq!(program(&check, ""), (vec![], Some(0)));
}

#[test]
fn frames_are_read_in_their_context() {
    let input = concat!(
        r#"[2,"1","Heartbeat",{}]"#,
        "\n",
        r#"[3,"1",{"currentTime":"2026-01-31T12:00:00Z"}]"#,
        "\n",
        r#"[3,"1",{"currentTime":"2026-01-31T12:00:00Z"}]"#,
        "\n",
        r#"[2,"2","NoSuchAction",{}]"#,
        "\n",
        r#"[4,"2","NotImplemented","",{}]"#,
        "\n",
        r#"[4,"2","OccurenceConstraintViolation","",{}]"#,
        "\n",
        r#"[6,"3","NotifyPeriodicEventStream",{"data":[{"t":0,"v":"1"}],"id":1,"pending":0,"basetime":"2026-01-31T12:00:00Z"}]"#,
        "\n",
        r#"[2,"4","NotifyPeriodicEventStream",{}]"#,
        "\n"
    );
    let (lines, _) = program(&["check", "--version", "2.1", "--frames"], input);
    let heads: Vec<&str> = lines.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    let expected =
        ["ok", "ok", "GenericError", "NotImplemented", "ok", "PropertyConstraintViolation", "ok", "NotImplemented"];
    assert_eq!(heads, expected, "{lines:?}");
}

fn heads(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

/// Part 4 §4.1.4: an id is unique for its sender alone.
#[test]
fn both_sides_may_ask_with_the_same_id() {
    let input = concat!(
        r#"[2,"1","Heartbeat",{}]"#,
        "\n",
        r#"[2,"1","Reset",{"type":"Immediate"}]"#,
        "\n",
        r#"[3,"1",{"status":"Accepted"}]"#,
        "\n",
        r#"[3,"1",{"currentTime":"2026-01-31T12:00:00Z"}]"#,
        "\n",
        r#"[3,"1",{"currentTime":"2026-01-31T12:00:00Z"}]"#,
        "\n",
        r#"[2,"1","Reset",{"type":"Immediate"}]"#,
        "\n",
        r#"[2,"1","Heartbeat",{}]"#,
        "\n",
        r#"[3,"1",{"status":7}]"#,
        "\n",
        r#"[4,"1","InternalError","",{}]"#,
        "\n",
        r#"[3,"1",{"status":"Accepted"}]"#,
        "\n"
    );
    let (lines, _) = program(&["check", "--version", "2.0.1", "--frames"], input);
    let refused = "TypeConstraintViolation /status";
    assert_eq!(heads(&lines), ["ok", "ok", "ok", "ok", "GenericError ", "ok", "ok", refused, "ok", "GenericError "]);
}

#[test]
fn an_error_has_five_elements_each_of_its_kind() {
    let input = concat!(
        r#"[4,"1","InternalError",""]"#,
        "\n",
        r#"[4,"1","InternalError","",{},1]"#,
        "\n",
        r#"[4,"1","InternalError",null,{}]"#,
        "\n",
        r#"[5,"1","InternalError","","none"]"#,
        "\n",
        r#"[5,"1","InternalError","why",{"at":[1]}]"#,
        "\n"
    );
    let (lines, status) = program(&["check", "--version", "2.1", "--frames"], input);
    let kinds = ["TypeConstraintViolation /3", "TypeConstraintViolation /4", "ok"];
    assert_eq!(heads(&lines)[2..], kinds);
    assert_eq!(lines[0], "RpcFrameworkError  an error has 5 elements, this one has 4");
    assert_eq!(lines[1], "RpcFrameworkError  an error has 5 elements, this one has 6");
    assert_eq!(status, Some(1));
    let (lines, status) = program(&["check", "--version", "2.1", "--frames", "--lenient"], input);
    assert_eq!((lines, status), (vec!["ok".to_owned(); 5], Some(0)));
}

/// Part 2 §3.1; sessions take them.
#[test]
fn more_than_three_decimals_of_a_second_are_refused_in_2x_unless_they_are_forgiven() {
    let payload = "{\"currentTime\":\"2026-01-31T12:00:00.1234Z\"}\n";
    let check = |version: &str, more: &[&str]| {
        let mut arguments = vec!["check", "--version", version, "--action", "Heartbeat", "--response"];
        arguments.extend(more);
        program(&arguments, payload)
    };
    let refused = "FormatViolation /currentTime \"2026-01-31T12:00:00.1234Z\" has more than 3 decimals of a second";
    assert_eq!(check("2.0.1", &[]), (vec![refused.to_owned()], Some(1)));
    assert_eq!(check("2.1", &["--lenient"]), (vec!["ok, FineTimestamp /currentTime".to_owned()], Some(0)));
    assert_eq!(check("1.6", &[]), (vec!["ok".to_owned()], Some(0)));
}

#[test]
fn what_was_forgiven_is_told() {
    let payload = "{\"currentTime\":\"2026-01-31T12:00:00\",\"interval\":\"300\",\"status\":\"Perhaps\",\"x\":1}\n";
    let check = ["check", "--version", "2.0.1", "--action", "BootNotification", "--response", "--lenient"];
    let (lines, status) = program(&check, payload);
    let told = "ok, TimestampWithoutOffset /currentTime, QuotedValue /interval, UnknownWord /status, UnknownMember /x";
    assert_eq!((lines, status), (vec![told.to_owned()], Some(0)));
}

#[test]
fn an_action_that_the_version_does_not_have_is_an_error() {
    assert_eq!(program(&["check", "--version", "2.0.1", "--action", "NotifySettlement"], "{}\n"), (vec![], Some(1)));
    assert_eq!(program(&["check", "--version", "2.0.1"], "{}\n"), (vec![], Some(2)));
}

#[test]
fn every_action_is_listed() {
    for (version, count) in [("1.6", 39), ("2.0.1", 64), ("2.1", 91)] {
        let (lines, status) = program(&["actions", "--version", version], "");
        assert_eq!((lines.len(), status), (count, Some(0)), "{version}");
        assert!(lines[0].contains("station") && lines[0].split_whitespace().count() > 3, "{}", lines[0]);
    }
    assert_eq!(program(&["actions"], "").0.len(), 39 + 64 + 91);
}
