//! Private keys: made here, kept where only their owner reads, and never shown.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pilotwire::domain::{KeyId, Subject};
use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData};

/// Why a key cannot be made, read or used. The environment's fault.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder of keys, or a file in it, cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file in the folder is no key of ours. Nothing was changed; move it away, or restore it.
    #[error("{path} is no private key of this station")]
    Foreign {
        /// Which.
        path: PathBuf,
    },
    /// The key pair or the request could not be made.
    #[error("the cryptography failed: {0}")]
    Crypto(#[from] rcgen::Error),
}

/// The private keys of one station, by their names. Never shown by `Debug`.
///
/// Keys are of the elliptic curve P-256 (A00.FR.503). In a folder each is a file that only its owner can read; it is complete
/// before it has its name, so that a power cut leaves the key or none.
pub struct Keys {
    folder: Option<PathBuf>,
    pairs: BTreeMap<KeyId, KeyPair>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("folder", &self.folder).field("names", &self.pairs.keys()).finish()
    }
}

impl Keys {
    /// In memory: gone with the process.
    pub fn in_memory() -> Self {
        Self { folder: None, pairs: BTreeMap::new() }
    }

    /// In a folder, which is made if it is not there.
    ///
    /// # Errors
    /// It cannot be made or read, or holds what is no key.
    pub fn in_folder(folder: &Path) -> Result<Self, KeyError> {
        let wrong = |path: &Path| {
            let path = path.to_owned();
            move |error| KeyError::File { path, error }
        };
        fs::create_dir_all(folder).map_err(wrong(folder))?;
        let mut pairs = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(wrong(folder))? {
            let path = entry.map_err(wrong(folder))?.path();
            match path.extension().and_then(|ending| ending.to_str()) {
                // Of a write that a power cut ended.
                Some("part") => fs::remove_file(&path).map_err(wrong(&path))?,
                Some("key") => {
                    let text = fs::read_to_string(&path).map_err(wrong(&path))?;
                    let name = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
                    let (Some(name), Ok(pair)) = (name, KeyPair::from_pem(&text)) else {
                        return Err(KeyError::Foreign { path });
                    };
                    pairs.insert(KeyId(name), pair);
                }
                _ => {}
            }
        }
        Ok(Self { folder: Some(folder.to_owned()), pairs })
    }

    /// The names of the keys.
    pub fn names(&self) -> impl Iterator<Item = KeyId> {
        self.pairs.keys().copied()
    }

    /// The private key in DER (PKCS #8), for TLS; for nobody else.
    pub fn private_key(&self, name: KeyId) -> Option<Vec<u8>> {
        self.pairs.get(&name).map(KeyPair::serialize_der)
    }

    /// Takes in a key that was made elsewhere, such as in the factory, in PEM.
    ///
    /// # Errors
    /// It cannot be read or kept.
    pub fn import(&mut self, name: KeyId, pem: &str) -> Result<(), KeyError> {
        let pair = KeyPair::from_pem(pem)?;
        self.store(name, &pair)?;
        self.pairs.insert(name, pair);
        Ok(())
    }

    /// A signing request (PKCS #10) in PEM, with the key of this name, which is made if it is not there (A02.FR.02). The key
    /// is durable before anybody hears of it.
    pub(crate) fn request(&mut self, name: KeyId, subject: &Subject) -> Result<String, KeyError> {
        if !self.pairs.contains_key(&name) {
            let pair = KeyPair::generate()?;
            self.store(name, &pair)?;
            self.pairs.insert(name, pair);
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, subject.organization.as_str());
        params.distinguished_name.push(DnType::CommonName, subject.common_name.as_str());
        Ok(params.serialize_request(&self.pairs[&name])?.pem()?)
    }

    pub(crate) fn public_key(&self, name: KeyId) -> Option<&[u8]> {
        self.pairs.get(&name).map(PublicKeyData::der_bytes)
    }

    /// Deletes all but these. What cannot be deleted stays, and is tried again the next time.
    pub(crate) fn keep(&mut self, names: &[KeyId]) {
        let folder = self.folder.clone();
        self.pairs.retain(|name, _| {
            let gone = !names.contains(name)
                && folder.as_ref().is_none_or(|folder| fs::remove_file(path(folder, *name)).is_ok());
            !gone
        });
    }

    fn store(&self, name: KeyId, pair: &KeyPair) -> Result<(), KeyError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let path = path(folder, name);
        let part = path.with_extension("part");
        let kept = write_private(&part, &pair.serialize_pem())
            .and_then(|()| fs::rename(&part, &path))
            .and_then(|()| File::open(folder)?.sync_all());
        kept.map_err(|error| KeyError::File { path, error })
    }
}

fn path(folder: &Path, name: KeyId) -> PathBuf {
    folder.join(format!("{name}.key"))
}

/// Writes a file that is durable when this returns, and that its owner alone can read.
///
/// # Errors
/// It cannot be written.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
