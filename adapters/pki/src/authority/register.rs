//! What an authority has issued and revoked, one line each, only ever appended to.
//!
//! ```text
//! issued 4f1d...
//! revoked 4f1d... 2026-01-31T12:00:00.000Z
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use pilotwire::DateTime;

use crate::files;
use crate::ocsp::answer::Known;

/// Serial numbers, as OCPP writes them, and when they were revoked.
#[derive(Debug, Default)]
pub(super) struct Register {
    serials: BTreeMap<String, Option<DateTime>>,
    file: Option<PathBuf>,
}

/// A line of the file that says nothing, by its number.
pub(super) struct BadLine(pub(super) usize);

impl Register {
    /// Reads a file. What stands behind its last line end was never promised to anybody, and is cut off.
    pub(super) fn load(file: &Path) -> io::Result<Result<Self, BadLine>> {
        let text = fs::read_to_string(file)?;
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        if whole.len() < text.len() {
            files::write(file, whole.as_bytes())?;
        }
        let mut register = Self::default();
        for (index, line) in whole.lines().enumerate() {
            if register.read(line).is_none() {
                return Ok(Err(BadLine(index + 1)));
            }
        }
        register.file = Some(file.to_owned());
        Ok(Ok(register))
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let (kind, serial) = (words.next()?, words.next()?);
        let revoked = match (kind, words.next()) {
            ("issued", None) => None,
            ("revoked", Some(at)) => Some(at.parse().ok()?),
            _ => return None,
        };
        self.serials.insert(serial.to_owned(), revoked);
        Some(())
    }

    /// Writes all of it to a new file, and every change from now on.
    pub(super) fn save(&mut self, file: &Path) -> io::Result<()> {
        let lines: String = self.serials.iter().map(|(serial, revoked)| line(serial, *revoked)).collect();
        files::write(file, lines.as_bytes())?;
        self.file = Some(file.to_owned());
        Ok(())
    }

    pub(super) fn file(&self) -> PathBuf {
        self.file.clone().unwrap_or_default()
    }

    /// Notes that a certificate was issued, or revoked.
    pub(super) fn note(&mut self, serial: &str, revoked: Option<DateTime>) -> io::Result<()> {
        if let Some(file) = &self.file {
            files::append(file, line(serial, revoked).as_bytes())?;
        }
        self.serials.insert(serial.to_owned(), revoked);
        Ok(())
    }

    /// All that are revoked, and since when.
    pub(super) fn revoked(&self) -> impl Iterator<Item = (&str, DateTime)> {
        self.serials.iter().filter_map(|(serial, revoked)| Some((serial.as_str(), (*revoked)?)))
    }

    pub(super) fn known(&self, serial: &str) -> Known {
        match self.serials.get(serial) {
            None => Known::Unknown,
            Some(None) => Known::Good,
            Some(Some(at)) => Known::Revoked(*at),
        }
    }
}

fn line(serial: &str, revoked: Option<DateTime>) -> String {
    match revoked {
        None => format!("issued {serial}\n"),
        Some(at) => format!("revoked {serial} {at}\n"),
    }
}
