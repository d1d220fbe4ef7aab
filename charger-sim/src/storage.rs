//! The durable records of a station: a file each, or none at all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use pilotwire::{Record, Write};

use crate::hardware::Hardware;

/// Where records are kept.
#[derive(Debug)]
pub enum Storage {
    /// As long as the process lives.
    Memory(BTreeMap<String, String>),
    /// In a directory: one file a record, `/` of the key as `,`. A record is written beside its place, synced, and moved.
    Directory(PathBuf),
}

/// The end of the name of a file that is being written.
const UNFINISHED: &str = ".new";

impl Storage {
    /// An empty memory.
    pub const fn memory() -> Self {
        Self::Memory(BTreeMap::new())
    }

    /// A directory, which is created if it does not exist.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn directory(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self::Directory(path.into()))
    }

    /// All records, and the names of files that are none.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn load(&self) -> io::Result<(Vec<Record>, Vec<String>)> {
        let path = match self {
            Self::Memory(records) => {
                let record = |(key, value): (&String, &String)| Record { key: key.clone(), value: value.clone() };
                return Ok((records.iter().map(record).collect(), Vec::new()));
            }
            Self::Directory(path) => path,
        };
        let (mut records, mut foreign) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            // A file that was not finished when the power went was never promised to anyone.
            if name.ends_with(UNFINISHED) {
                fs::remove_file(path.join(&name))?;
                continue;
            }
            match fs::read_to_string(path.join(&name)) {
                Ok(value) if is_key(&name) => records.push(Record { key: name.replace(',', "/"), value }),
                _ => foreign.push(name),
            }
        }
        records.sort_by(|a, b| a.key.cmp(&b.key));
        foreign.sort();
        Ok((records, foreign))
    }

    /// Makes a change durable.
    ///
    /// # Errors
    /// It could not be made durable; what was there before still is.
    pub fn write(&mut self, write: Write) -> io::Result<()> {
        match (self, write) {
            (Self::Memory(records), Write::Put(record)) => {
                records.insert(record.key, record.value);
                Ok(())
            }
            (Self::Memory(records), Write::Delete(key)) => {
                records.remove(&key);
                Ok(())
            }
            (Self::Directory(path), Write::Put(record)) => put(path, &file_name(&record.key)?, &record.value),
            (Self::Directory(path), Write::Delete(key)) => delete(path, &file_name(&key)?),
        }
    }
}

fn is_key(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ",.-_".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.len() <= 64 && name.chars().all(allowed)
}

fn file_name(key: &str) -> io::Result<String> {
    let name = key.replace('/', ",");
    if is_key(&name) {
        return Ok(name);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("\"{key}\" is no key of a record")))
}

fn put(directory: &Path, name: &str, value: &str) -> io::Result<()> {
    let unfinished = directory.join(format!("{name}{UNFINISHED}"));
    let mut file = create_private(&unfinished)?;
    file.write_all(value.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, directory.join(name))?;
    sync(directory)
}

/// A new file that its owner alone can read: there are passwords in records and journals.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn delete(directory: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(directory.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync(directory),
    }
}

/// A file's name is durable when its directory is.
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The hardware itself in a file: registers, cables and vehicles are still there when the process is not.
#[derive(Debug)]
pub struct HardwareFile {
    path: PathBuf,
    saved: String,
}

impl HardwareFile {
    /// A file, and the hardware in it, if there is one.
    ///
    /// # Errors
    /// There is a file, and it cannot be read; where and why.
    pub fn open(path: &Path) -> Result<(Self, Option<Hardware>), String> {
        let saved = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
        };
        let hardware = match saved.as_str() {
            "" => None,
            text => Some(serde_json::from_str(text).map_err(|error| {
                format!("{} is no state of hardware ({error}); remove it to begin with new hardware", path.display())
            })?),
        };
        Ok((Self { path: path.into(), saved }, hardware))
    }

    /// Writes it down if it changed. It need not be synced: it has to outlive this process, not this computer.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&mut self, hardware: &Hardware) -> io::Result<()> {
        let text = serde_json::to_string(hardware)?;
        if text != self.saved {
            let unfinished = self.path.with_extension("unfinished");
            fs::write(&unfinished, &text)?;
            fs::rename(&unfinished, &self.path)?;
            self.saved = text;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: &str, value: &str) -> Record {
        Record { key: key.into(), value: value.into() }
    }

    #[test]
    fn records_survive_and_are_replaced_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        for mut storage in [Storage::memory(), Storage::directory(folder.path()).unwrap()] {
            storage.write(Write::Put(record("event/1", "a"))).unwrap();
            storage.write(Write::Put(record("event/2", "b"))).unwrap();
            storage.write(Write::Put(record("event/1", "c"))).unwrap();
            storage.write(Write::Delete("event/2".into())).unwrap();
            storage.write(Write::Delete("never".into())).unwrap();
            assert_eq!(storage.load().unwrap(), (vec![record("event/1", "c")], vec![]));
        }
        let again = Storage::directory(folder.path()).unwrap();
        assert_eq!(again.load().unwrap().0, [record("event/1", "c")]);
    }

    #[cfg(unix)]
    #[test]
    fn records_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut storage = Storage::directory(folder.path()).unwrap();
        storage.write(Write::Put(record("network/slot/1", "a password"))).unwrap();
        let metadata = fs::metadata(folder.path().join("network,slot,1")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_torn_file_is_forgotten_and_a_foreign_one_reported() {
        let folder = tempfile::tempdir().unwrap();
        let mut storage = Storage::directory(folder.path()).unwrap();
        storage.write(Write::Put(record("lives", "1"))).unwrap();
        fs::write(folder.path().join("lives.new"), "2 but to").unwrap();
        fs::write(folder.path().join("Notes.txt"), "hello").unwrap();
        fs::write(folder.path().join("binary"), [0xFF, 0xFE]).unwrap();
        let (records, foreign) = storage.load().unwrap();
        assert_eq!(records, [record("lives", "1")]);
        assert_eq!(foreign, ["Notes.txt", "binary"]);
        assert!(!folder.path().join("lives.new").exists());
    }

    #[test]
    fn a_key_cannot_leave_the_directory() {
        let folder = tempfile::tempdir().unwrap();
        let mut storage = Storage::directory(folder.path()).unwrap();
        for key in ["../x", ".", "", "A", "a b", "a\0"] {
            assert!(storage.write(Write::Put(record(key, "x"))).is_err(), "{key}");
        }
    }

    #[test]
    fn hardware_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hardware.json");
        let (mut file, none) = HardwareFile::open(&path).unwrap();
        assert!(none.is_none());
        let mut hardware = Hardware::new(1);
        let evse = hardware.evse(pilotwire::domain::EvseId(1)).unwrap();
        evse.plugged = Some(1);
        assert!(evse.set_register_wh("12.345".parse().unwrap()));
        file.save(&hardware).unwrap();
        let mut again = HardwareFile::open(&path).unwrap().1.unwrap();
        let evse = again.evse(pilotwire::domain::EvseId(1)).unwrap();
        assert_eq!((evse.plugged, evse.register_wh().to_string().as_str()), (Some(1), "12.345"));
        fs::write(&path, "{ torn").unwrap();
        assert!(HardwareFile::open(&path).unwrap_err().contains("hardware.json is no state of hardware"));
    }
}
