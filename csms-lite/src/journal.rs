//! Journals: one file for each life of a station's machine, to be replayed elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use pilotwire::csms::{Config, Input, Output};
use pilotwire::journal::Recorder;
use pilotwire::{Action, Csms, Event, Instant};

/// The journal of one machine.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    recorder: Recorder,
}

impl Journal {
    /// Begins a journal. Its name is made of the station's number and the time: an identity is text from outside, and must
    /// never be part of a path. The first line tells it.
    pub(crate) fn begin(directory: &Path, number: i64, millis: i64, config: &Config) -> io::Result<Self> {
        let path = directory.join(format!("station-{number}-{millis}.jsonl"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        private(&mut options);
        let mut file = options.open(path)?;
        let line = Recorder::first_line::<Csms>(&config.identity, config);
        write_line(&mut file, line)?;
        Ok(Self { file, recorder: Recorder::default() })
    }

    pub(crate) fn before(&mut self, now: Instant, event: &Event<Input>) {
        self.recorder.before(now, event);
    }

    /// A line is one write to the page cache. What a power cut takes is the end of the journal, which readers bear.
    pub(crate) fn after(&mut self, actions: &[Action<Output>]) -> io::Result<()> {
        match self.recorder.after(actions) {
            Some(line) => write_line(&mut self.file, line),
            None => Ok(()),
        }
    }
}

fn write_line(file: &mut File, mut line: String) -> io::Result<()> {
    line.push('\n');
    file.write_all(line.as_bytes())
}

/// There are tokens in it.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}
