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
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
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
    let heads: Vec<String> =
        lines.iter().map(|line| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "ok",
        "PropertyConstraintViolation /idTag",
        "OccurenceConstraintViolation /idTag",
        "TypeConstraintViolation /idTag",
        "FormationViolation /extra",
        "FormationViolation ",
    ];
    assert_eq!(heads, expected);
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
