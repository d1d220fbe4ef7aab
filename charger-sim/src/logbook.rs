//! The logs that a charger keeps: what concerns security, and what it told of itself. Each holds the last of what came.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use pilotwire::DateTime;
use serde_json::{Value, json};

use crate::storage::create_private;

/// Entries of each log; the oldest ones go.
const MOST: usize = 1_000;

/// The logs.
#[derive(Debug, Default)]
pub(crate) struct Logbook {
    security: VecDeque<Entry>,
    events: VecDeque<Entry>,
    /// Where the security log is written, and how many lines are in that file.
    file: Option<(PathBuf, usize)>,
}

/// When, and a line of JSON.
type Entry = (DateTime, String);

impl Logbook {
    /// Logs that are forgotten with the process, or of which that of security is kept in a file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes?,
        };
        let text = String::from_utf8_lossy(&bytes);
        // Nothing may be written behind a line that was left unfinished: the next entry is written with all the others.
        let is_whole = text.is_empty() || text.ends_with('\n');
        let lines = if is_whole { text.lines().count() } else { MOST * 2 };
        let mut logbook = Self { file: Some((path.into(), lines)), ..Self::default() };
        for line in text.lines() {
            // A line that a power cut left unfinished is none.
            let read: Option<Value> = serde_json::from_str(line).ok();
            let at = read.and_then(|line| line["at"].as_str()?.parse().ok());
            if let Some(at) = at {
                push(&mut logbook.security, (at, line.into()));
            }
        }
        Ok(logbook)
    }

    /// Something happened that concerns security (A04.FR.04).
    ///
    /// # Errors
    /// It could not be written down; it is in the log as long as the process lives.
    pub(crate) fn secure(&mut self, at: DateTime, kind: &str, info: Option<&str>, critical: bool) -> io::Result<()> {
        let line = json!({ "at": at, "kind": kind, "info": info, "critical": critical }).to_string();
        push(&mut self.security, (at, line.clone()));
        let Some((path, lines)) = &mut self.file else { return Ok(()) };
        if *lines < MOST * 2 && path.exists() {
            *lines += 1;
            return writeln!(File::options().append(true).open(&*path)?, "{line}");
        }
        let all: String = self.security.iter().map(|(_, line)| format!("{line}\n")).collect();
        let unfinished = path.with_extension("unfinished");
        create_private(&unfinished)?.write_all(all.as_bytes())?;
        fs::rename(&unfinished, &*path)?;
        *lines = self.security.len();
        Ok(())
    }

    /// Something was told. Frames are left out: there are passwords in them.
    pub(crate) fn note(&mut self, at: DateTime, event: &Value) {
        if event["event"] != "frame" {
            push(&mut self.events, (at, event.to_string()));
        }
    }

    /// The entries of a log from a first to a last moment, one a line.
    pub(crate) fn text(&self, security: bool, oldest: Option<DateTime>, latest: Option<DateTime>) -> String {
        let log = if security { &self.security } else { &self.events };
        let wanted =
            |(at, _): &&Entry| oldest.is_none_or(|oldest| *at >= oldest) && latest.is_none_or(|latest| *at <= latest);
        log.iter().filter(wanted).map(|(_, line)| format!("{line}\n")).collect()
    }
}

fn push(log: &mut VecDeque<Entry>, entry: Entry) {
    if log.len() >= MOST {
        log.pop_front();
    }
    log.push_back(entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime {
        DateTime::from_unix_millis(second * 1_000)
    }

    #[test]
    fn the_security_log_survives_and_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("security.log");
        let mut logbook = Logbook::open(Some(&path)).unwrap();
        for second in 0..2_500 {
            logbook.secure(at(second), "InvalidMessages", None, false).unwrap();
        }
        let text = Logbook::open(Some(&path)).unwrap().text(true, None, None);
        assert_eq!((text.lines().count(), logbook.text(true, None, None)), (MOST, text.clone()));
        assert!(text.starts_with("{\"at\":\"1970-01-01T00:25:00"), "{text}");
        assert!(fs::read_to_string(&path).unwrap().lines().count() <= MOST * 2);
        fs::write(&path, format!("{text}{{\"at\":")).unwrap();
        assert_eq!(Logbook::open(Some(&path)).unwrap().text(true, None, None), text);
    }

    #[test]
    fn what_is_written_behind_a_torn_line_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("security.log");
        fs::write(&path, "{\"at\":\"2026-01-01T00:0").unwrap();
        Logbook::open(Some(&path)).unwrap().secure(at(1), "InvalidMessages", None, false).unwrap();
        let text = Logbook::open(Some(&path)).unwrap().text(true, None, None);
        assert!(text.lines().count() == 1 && text.contains("InvalidMessages"), "{text}");
    }

    #[test]
    fn a_byte_that_is_no_text_costs_its_own_line_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("security.log");
        Logbook::open(Some(&path)).unwrap().secure(at(1), "InvalidMessages", None, false).unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&b"\xff\n"[..], &whole].concat()).unwrap();
        let text = Logbook::open(Some(&path)).unwrap().text(true, None, None);
        assert_eq!(text.as_bytes(), whole);
    }

    #[test]
    fn only_what_was_asked_for_is_in_the_text_and_no_frame() {
        let mut logbook = Logbook::default();
        for second in 0..5 {
            logbook.note(at(second), &json!({ "event": "status", "second": second }));
            logbook.note(at(second), &json!({ "event": "frame", "frame": "[2,\"1\",\"SetVariables\",{}]" }));
        }
        let text = logbook.text(false, Some(at(1)), Some(at(3)));
        assert_eq!(text.lines().count(), 3);
        assert!(text.contains("\"second\":1") && text.contains("\"second\":3") && !text.contains("frame"), "{text}");
        assert_eq!(logbook.text(true, None, None), "");
    }
}
