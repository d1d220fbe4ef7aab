//! Journals in files.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use pilotwire::journal::{About, Damage, Difference, Limits, Replayed, Role, Trace, about, replay_within};
use pilotwire::{Csms, Station};

use crate::storage::create_private;

/// A journal that is being written.
#[derive(Debug)]
pub struct JournalFile(BufWriter<File>);

impl JournalFile {
    /// Begins a journal with its first line; a file that was there is replaced. Its owner alone can read it: there are
    /// passwords in it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, first_line: &str) -> io::Result<Self> {
        let mut journal = Self(BufWriter::new(create_private(path)?));
        journal.line(first_line)?;
        Ok(journal)
    }

    /// Appends a line; it is the operating system's when this returns.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(line.as_bytes())?;
        self.0.write_all(b"\n")?;
        self.0.flush()
    }
}

/// Why a journal is not read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The environment's fault.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is no journal, or of no version that we know.
    #[error("{}: {damage}", path.display())]
    NoJournal {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        damage: Damage,
    },
}

/// Replays the journal in a file, whichever role it is of.
///
/// # Errors
/// It cannot be read, or is none.
pub fn replay_file(path: &Path, limits: Limits) -> Result<(About, Replayed), JournalError> {
    let (about, mut lines) = open(path, limits)?;
    let replayed = match about.role {
        Role::Station => replay_within::<Station>(&mut lines, limits),
        Role::Csms => replay_within::<Csms>(&mut lines, limits),
    };
    lines.check(path)?;
    match replayed {
        Ok(replayed) => Ok((about, replayed)),
        Err(damage) => Err(JournalError::NoJournal { path: path.into(), damage }),
    }
}

/// Tells `each` of a journal's frames in the open trace form; it may end the trace by `false`.
///
/// # Errors
/// It cannot be read, is none, or is damaged. What precedes a damage has been told.
pub fn trace_file(path: &Path, limits: Limits, mut each: impl FnMut(String) -> bool) -> Result<(), JournalError> {
    let (about, mut lines) = open(path, limits)?;
    let mut tell = |frames: &mut dyn Iterator<Item = Result<String, Damage>>| {
        for frame in frames {
            if !each(frame?) {
                break;
            }
        }
        Ok(())
    };
    let told = match about.role {
        Role::Station => Trace::of_journal::<Station, _>(&mut lines, limits).and_then(|mut trace| tell(&mut trace)),
        Role::Csms => Trace::of_journal::<Csms, _>(&mut lines, limits).and_then(|mut trace| tell(&mut trace)),
    };
    lines.check(path)?;
    told.map_err(|damage| JournalError::NoJournal { path: path.into(), damage })
}

/// Looks whose journal it is, and begins anew at its first line.
fn open(path: &Path, limits: Limits) -> Result<(About, Lines<BufReader<File>>), JournalError> {
    let open = || match File::open(path) {
        Ok(file) => Ok(Lines { input: BufReader::new(file), longest: limits.line_bytes, failure: None }),
        Err(error) => Err(JournalError::Unreadable { path: path.into(), error }),
    };
    let mut lines = open()?;
    let first = lines.next().unwrap_or_default();
    lines.check(path)?;
    let about = about(&first).map_err(|damage| JournalError::NoJournal { path: path.into(), damage })?;
    Ok((about, open()?))
}

/// Lines as they are read. Of one that is too long, just enough is read to see that it is.
#[derive(Debug)]
struct Lines<R> {
    input: R,
    longest: usize,
    failure: Option<io::Error>,
}

impl<R> Lines<R> {
    fn check(&mut self, path: &Path) -> Result<(), JournalError> {
        match self.failure.take() {
            Some(error) => Err(JournalError::Unreadable { path: path.into(), error }),
            None => Ok(()),
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        let room = u64::try_from(self.longest).unwrap_or(u64::MAX).saturating_add(1);
        if let Err(error) = self.input.by_ref().take(room).read_until(b'\n', &mut bytes) {
            self.failure = Some(error);
        }
        if bytes.is_empty() {
            return None;
        }
        if bytes.ends_with(b"\n") {
            bytes.pop();
        }
        // What was damaged may hold anything; the line is reported as no event, and what precedes it replays.
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// What a replay brought, in words: `identical`, or the reason why not.
pub fn verdict(replayed: &Replayed) -> String {
    let mut text = format!("{} events identical", replayed.steps);
    if let Some(damage) = &replayed.damage {
        text += &format!(", then the journal is damaged: {damage}");
    }
    if let Some(difference) = &replayed.difference {
        text += &describe(difference);
    }
    text
}

fn describe(difference: &Difference) -> String {
    let Difference { line, event, recorded, found, recorded_actions, actions } = difference;
    let list = |actions: &[String]| actions.iter().map(|action| format!("\n    {action}")).collect::<String>();
    let mut text =
        format!(", then line {line} differs\n  event: {event}\n  digest recorded: {recorded}, found: {found}");
    if !recorded_actions.is_empty() {
        text += &format!("\n  actions recorded:{}", list(recorded_actions));
    }
    let none = if actions.is_empty() { " none" } else { "" };
    text + &format!("\n  actions of this run:{none}{}", list(actions))
}

#[cfg(test)]
mod tests {
    use pilotwire::domain::StationIdentity;
    use pilotwire::journal::Recorder;
    use pilotwire::station::{Config, Input};
    use pilotwire::{Event, Instant, Machine, Outbox, PowerUp, Version};

    use super::*;

    fn journal(path: &Path) {
        let config = Config::new(Version::V16, StationIdentity::default(), 1, 1);
        let mut file = JournalFile::create(path, &Recorder::first_line::<Station>("A", &config)).unwrap();
        let (mut station, mut recorder, mut outbox) = (Station::new(config), Recorder::default(), Outbox::new());
        let events = [Event::<Input>::PowerUp(PowerUp::default()), Event::Connected(Version::V16), Event::Timeout];
        for event in events {
            recorder.before(Instant::ZERO, &event);
            station.handle(Instant::ZERO, event, &mut outbox);
            file.line(&recorder.after(outbox.as_slice()).unwrap()).unwrap();
            outbox.drain().for_each(drop);
        }
    }

    #[test]
    fn a_file_replays_and_tells_its_frames() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        journal(&path);
        let (about, replayed) = replay_file(&path, Limits::default()).unwrap();
        assert_eq!((about.role, about.name.as_str()), (Role::Station, "A"));
        assert_eq!(verdict(&replayed), "3 events identical");
        let mut frames = Vec::new();
        trace_file(&path, Limits::default(), |frame| {
            frames.push(frame);
            true
        })
        .unwrap();
        assert_eq!(frames.len(), 1);
        assert!(frames[0].contains("BootNotification"), "{frames:?}");
    }

    #[test]
    fn damage_is_told_with_its_line_and_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        journal(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() - 30;
        bytes[at] = 0xFF;
        std::fs::write(&path, &bytes).unwrap();
        let (_, replayed) = replay_file(&path, Limits::default()).unwrap();
        assert!(verdict(&replayed).starts_with("2 events identical, then "), "{}", verdict(&replayed));
        assert!(verdict(&replayed).contains("line 4"), "{}", verdict(&replayed));
        let error = trace_file(&path, Limits::default(), |_| true).unwrap_err().to_string();
        assert!(error.contains("a.jsonl: line 4"), "{error}");
        std::fs::write(&path, "no journal").unwrap();
        let error = replay_file(&path, Limits::default()).unwrap_err().to_string();
        assert!(error.contains("a.jsonl: line 1: not a journal"), "{error}");
        let error = replay_file(folder.path(), Limits::default()).unwrap_err().to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }

    #[test]
    fn a_line_that_never_ends_is_not_read_to_its_end() {
        let input = io::repeat(b'x');
        let mut lines = Lines { input: BufReader::new(input), longest: 1_000, failure: None };
        assert_eq!(lines.next().map(|line| line.len()), Some(1_001));
    }
}
