//! `csms-lite pki`: an authority for trying things out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pilotwire::DateTime;
use pilotwire::domain::Subject;
use pilotwire_pki::authority::{Authority, AuthorityError, Validity};
use pilotwire_pki::{Csr, CsrError};
use pilotwire_wire::tls::{KeyedChain, TlsSetupError};
use pilotwire_wire::{Identity, IdentityError};

/// A certificate is good from a while ago, because clocks differ.
const BEFORE_MS: i64 = 24 * 60 * 60 * 1_000;

/// What was revoked.
const REVOKED: &str = "crl.pem";
/// A new list is made with the next revocation; until then this one counts.
const LIST_GOOD_FOR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Why it cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The authority cannot do it.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A request for a certificate cannot be used. The station's fault.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// A file cannot be read. The environment's fault.
    #[error("{0}: {1}")]
    File(PathBuf, #[source] io::Error),
    /// A certificate or key cannot be used.
    #[error("{0}: {1}")]
    Unusable(PathBuf, #[source] TlsSetupError),
    /// Our caller's fault: a serial number is an identity, and stands in a file's name.
    #[error("the serial number: {0}")]
    SerialNumber(#[from] IdentityError),
}

/// From yesterday on, for so many years.
pub fn validity(now: DateTime, years: u16) -> Validity {
    let mut validity = Validity::days(now, u32::from(years) * 365);
    validity.not_before = now.saturating_add_millis(-BEFORE_MS);
    validity
}

/// Makes an authority in a folder, and a certificate for a server with these names: `ca.pem`, which everybody may have,
/// `server.pem`, `server.key`, and the authority's own files. The authority is good for twice as long as its server.
///
/// # Errors
/// There is one already, or the folder cannot be written.
pub fn init(folder: &Path, organization: &str, names: &[&str], validity: Validity) -> Result<(), PkiError> {
    let subject = Subject { organization: organization.into(), common_name: format!("{organization} Root").into() };
    // It outlives what it signs, now and later.
    let span_ms = validity.not_after.unix_millis().saturating_sub(validity.not_before.unix_millis());
    let of_root = Validity { not_after: validity.not_after.saturating_add_millis(span_ms), ..validity };
    let mut authority = Authority::root(&subject, of_root)?;
    authority.save(folder)?;
    let ca = folder.join("ca.pem");
    fs::write(&ca, authority.root_pem()).map_err(|error| PkiError::File(ca, error))?;
    let server = authority.server(organization, names, validity)?;
    Ok(server.save(&folder.join("server.pem"), &folder.join("server.key"))?)
}

/// Makes a station's certificate and key beside the authority, as a factory would: `<serial number>.pem` and `.key`.
///
/// # Errors
/// There is no authority, or the folder cannot be written.
pub fn station(folder: &Path, serial_number: &str, validity: Validity) -> Result<(PathBuf, PathBuf), PkiError> {
    let serial_number = Identity::new(serial_number)?;
    let issued = Authority::load(folder)?.station(serial_number.as_str(), validity)?;
    let path = |ending: &str| folder.join(format!("{}.{ending}", serial_number.as_str()));
    let (certificate, key) = (path("pem"), path("key"));
    issued.save(&certificate, &key)?;
    Ok((certificate, key))
}

/// Signs a request in PEM with the authority in this folder: gives the certificate and the sub-CAs above it. This is what
/// [`Signer::Command`](crate::Signer::Command) may run for certificates that vehicles ask to see; whom the request names
/// has been judged before.
///
/// # Errors
/// The request cannot be used, or there is no authority, or it cannot note what it signs.
pub fn sign(folder: &Path, csr: &str, validity: Validity) -> Result<String, PkiError> {
    let csr = Csr::read_for_vehicles(csr)?;
    Ok(Authority::load(folder)?.sign(&csr, validity)?)
}

/// Revokes a station's certificate, and writes the list of all that were revoked into `crl.pem` (A00.FR.704). A server that
/// reads it lets none of them in.
///
/// # Errors
/// There is no authority, the certificate is not one of its own, or the folder cannot be written.
pub fn revoke(folder: &Path, certificate: &Path, now: DateTime) -> Result<PathBuf, PkiError> {
    let mut authority = Authority::load(folder)?;
    authority.revoke(&read(certificate)?, now)?;
    let list = folder.join(REVOKED);
    let unfinished = list.with_extension("unfinished");
    let written = fs::write(&unfinished, authority.revocation_list(now, LIST_GOOD_FOR)?);
    written.and_then(|()| fs::rename(&unfinished, &list)).map_err(|error| PkiError::File(list.clone(), error))?;
    Ok(list)
}

/// The list of what was revoked, if anything was.
///
/// # Errors
/// It is there, and cannot be read.
pub fn revoked(folder: &Path) -> Result<Option<String>, PkiError> {
    let list = folder.join(REVOKED);
    match fs::read_to_string(&list) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PkiError::File(list, error)),
    }
}

/// A certificate and its key from two files in PEM.
///
/// # Errors
/// One of them cannot be read or used.
pub fn keyed_chain(certificate: &Path, key: &Path) -> Result<KeyedChain, PkiError> {
    let chain = KeyedChain::from_pem(&read(certificate)?, &read(key)?);
    chain.map_err(|error| PkiError::Unusable(certificate.to_owned(), error))
}

/// A file in PEM.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> Result<String, PkiError> {
    fs::read_to_string(path).map_err(|error| PkiError::File(path.to_owned(), error))
}
