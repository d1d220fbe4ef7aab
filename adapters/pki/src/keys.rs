//! Private keys, in memory or in a folder.
//!
//! A folder holds one file a key, `<name>.key`, in PKCS #8. Nothing but the key's owner can read it, and no message can
//! carry it: there is no way from here to a text (A02.FR.05).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use pilotwire::domain::KeyId;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls_pki_types::PrivatePkcs8KeyDer;

use crate::files;

const EXTENSION: &str = "key";

/// Why keys could not be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The storage failed. The environment's fault.
    #[error("{}: {error}", path.display())]
    Storage {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// No key could be made. The environment's fault: there is no randomness.
    #[error("no key could be made: {0}")]
    Generation(String),
    /// The key is there and cannot be read. It is not overwritten; use another name.
    #[error("key {0} is there and cannot be read; it stays as it is")]
    Unreadable(KeyId),
    /// What was given is no key that can be used here. The caller's fault.
    #[error("no PKCS #8 of a key of RSA (2048 bits or more), P-256, P-384 or Ed25519: {0}")]
    NotAKey(String),
    /// There is another key of this name. The caller's fault: a name is never used twice.
    #[error("there is another key {0} already")]
    Taken(KeyId),
}

/// Something in the folder that is not as it should be. It was left alone, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Where.
    pub path: PathBuf,
    /// What, for people.
    pub what: String,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.what)
    }
}

/// The private keys of a station, by name.
///
/// `Debug` shows names alone.
pub struct Keys {
    keys: BTreeMap<KeyId, KeyPair>,
    folder: Option<PathBuf>,
    unreadable: BTreeSet<KeyId>,
    oddities: Vec<Oddity>,
}

impl Keys {
    /// Keys that are gone when the program ends.
    pub fn in_memory() -> Self {
        Self { keys: BTreeMap::new(), folder: None, unreadable: BTreeSet::new(), oddities: Vec::new() }
    }

    /// The keys in `folder`, which is made if it is missing. What cannot be used there is told by
    /// [`take_oddities`](Self::take_oddities) and stays where it is; only a key that was never finished is deleted, since
    /// nobody can have been promised anything about it.
    ///
    /// # Errors
    /// The folder cannot be made or listed.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, KeysError> {
        let folder = folder.into();
        let storage = |error| KeysError::Storage { path: folder.clone(), error };
        files::make_folder(&folder).map_err(storage)?;
        let mut paths = Vec::new();
        for entry in fs::read_dir(&folder).map_err(storage)? {
            paths.push(entry.map_err(storage)?.path());
        }
        paths.sort();
        let mut keys = Self::in_memory();
        for path in paths {
            keys.load(path);
        }
        keys.folder = Some(folder);
        Ok(keys)
    }

    fn load(&mut self, path: PathBuf) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.strip_suffix(files::UNFINISHED).and_then(key_of).is_some() {
            let what = match fs::remove_file(&path) {
                Ok(()) => "was never finished, and is deleted".to_owned(),
                Err(error) => format!("was never finished, and cannot be deleted: {error}"),
            };
            return self.oddities.push(Oddity { path, what });
        }
        let Some(key) = key_of(name) else {
            return self.oddities.push(Oddity { path, what: "is no key's file".into() });
        };
        let read = fs::read(&path).map_err(|error| error.to_string());
        match read.and_then(|der| key_pair(der.into()).map_err(|error| error.to_string())) {
            Ok(pair) => drop(self.keys.insert(key, pair)),
            Err(what) => {
                self.unreadable.insert(key);
                return self.oddities.push(Oddity { path, what });
            }
        }
        if !matches!(files::is_open_to_others(&path), Ok(false)) {
            self.oddities.push(Oddity { path, what: "others may read this key".into() });
        }
    }

    /// What was found wrong in the folder since this was last asked.
    pub fn take_oddities(&mut self) -> Vec<Oddity> {
        std::mem::take(&mut self.oddities)
    }

    /// The names of the keys that can be used.
    pub fn names(&self) -> impl Iterator<Item = KeyId> {
        self.keys.keys().copied()
    }

    /// The private key, for TLS.
    pub fn private_key(&self, key: KeyId) -> Option<PrivatePkcs8KeyDer<'static>> {
        self.keys.get(&key).map(|pair| pair.serialize_der().into())
    }

    /// Makes a key pair (ECDSA, P-256: A00.FR.503) under this name and keeps it durably, unless there is one already.
    ///
    /// # Errors
    /// It could not be made or kept, or there is one that cannot be read. Nothing has changed then.
    pub fn make(&mut self, key: KeyId) -> Result<(), KeysError> {
        if self.keys.contains_key(&key) {
            return Ok(());
        }
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|e| KeysError::Generation(e.to_string()))?;
        self.keep(key, pair)
    }

    /// Keeps a key that was made elsewhere: the manufacturer's, that a station leaves the factory with (A02.FR.01).
    ///
    /// # Errors
    /// It is no key that can be used, there is another one of this name, or it could not be kept.
    pub fn put(&mut self, key: KeyId, private_key: PrivatePkcs8KeyDer<'static>) -> Result<(), KeysError> {
        let pair = key_pair(private_key)?;
        match self.keys.get(&key) {
            Some(present) if present.serialized_der() == pair.serialized_der() => Ok(()),
            Some(_) => Err(KeysError::Taken(key)),
            None => self.keep(key, pair),
        }
    }

    fn keep(&mut self, key: KeyId, pair: KeyPair) -> Result<(), KeysError> {
        if self.unreadable.contains(&key) {
            return Err(KeysError::Unreadable(key));
        }
        if let Some(folder) = &self.folder {
            let path = path_of(folder, key);
            files::write(&path, pair.serialized_der()).map_err(|error| KeysError::Storage { path, error })?;
        }
        self.keys.insert(key, pair);
        Ok(())
    }

    /// Deletes all keys but these. A file that cannot be deleted is an [oddity](Self::take_oddities); its key is not used any
    /// more in this life. Files that were not read as keys stay.
    pub fn keep_only(&mut self, wanted: &[KeyId]) {
        let gone: Vec<KeyId> = self.names().filter(|key| !wanted.contains(key)).collect();
        for key in &gone {
            self.keys.remove(key);
            let Some(folder) = &self.folder else { continue };
            let path = path_of(folder, *key);
            if let Err(error) = fs::remove_file(&path) {
                self.unreadable.insert(*key);
                self.oddities.push(Oddity { path, what: format!("cannot be deleted: {error}") });
            }
        }
        let Some(folder) = self.folder.as_ref().filter(|_| !gone.is_empty()) else { return };
        if let Err(error) = files::sync_folder_of(&folder.join("any")) {
            let what = format!("deletions in it may not be durable: {error}");
            self.oddities.push(Oddity { path: folder.clone(), what });
        }
    }

    pub(crate) fn pair(&self, key: KeyId) -> Option<&KeyPair> {
        self.keys.get(&key)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

pub(crate) fn key_pair(private_key: PrivatePkcs8KeyDer<'static>) -> Result<KeyPair, KeysError> {
    KeyPair::try_from(&private_key).map_err(|error| KeysError::NotAKey(error.to_string()))
}

fn path_of(folder: &Path, key: KeyId) -> PathBuf {
    folder.join(format!("{key}.{EXTENSION}"))
}

/// The key whose file has this name: only names that this module gives count, so that two files never mean one key.
fn key_of(name: &str) -> Option<KeyId> {
    let (stem, extension) = name.rsplit_once('.')?;
    let key = KeyId(stem.parse().ok()?);
    (extension == EXTENSION && key.to_string() == stem).then_some(key)
}
