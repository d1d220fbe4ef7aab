//! What core asks for, done.

use pilotwire::domain::{CryptoResult, CryptoTask, KeyId, Subject};
use rcgen::{CertificateParams, DistinguishedName, DnType};

use crate::keys::{Keys, KeysError};
use crate::{chain, ocsp, pem};

/// Does what a machine asked for. `None` for a task that is not answered.
///
/// It computes and, for [`CryptoTask::MakeCsr`] and [`CryptoTask::KeepKeys`], writes files; nothing here waits for anybody.
/// What a peer sent can make it fail and never make it panic. What goes wrong with files when keys are deleted is told by
/// [`Keys::take_oddities`].
pub fn perform(keys: &mut Keys, task: &CryptoTask) -> Option<CryptoResult> {
    match task {
        CryptoTask::MakeCsr { key, subject } => {
            Some(result(make_csr(keys, *key, subject), |csr| CryptoResult::Csr(csr.into())))
        }
        CryptoTask::Examine { chain, key, roots, at } => {
            let public_key = key.and_then(|key| keys.pair(key)).map(rcgen::PublicKeyData::subject_public_key_info);
            Some(result(chain::examine(chain, public_key.as_deref(), roots, *at), CryptoResult::Examined))
        }
        CryptoTask::ReadOcsp { response, chain, at } => {
            Some(result(ocsp::read(response, chain, *at), CryptoResult::Ocsp))
        }
        CryptoTask::KeepKeys { keys: wanted } => {
            keys.keep_only(wanted);
            None
        }
    }
}

fn result<T, E: std::fmt::Display>(done: Result<T, E>, told: impl FnOnce(T) -> CryptoResult) -> CryptoResult {
    done.map_or_else(|error| CryptoResult::Failed { why: error.to_string().into() }, told)
}

/// A request for a certificate, signed with the key, which is made if it is missing.
fn make_csr(keys: &mut Keys, key: KeyId, subject: &Subject) -> Result<String, KeysError> {
    keys.make(key)?;
    let pair = keys.pair(key).ok_or(KeysError::Unreadable(key))?;
    let mut params = CertificateParams::default();
    params.distinguished_name = name(subject);
    let request = params.serialize_request(pair).map_err(|error| KeysError::Generation(error.to_string()))?;
    Ok(pem::encode("CERTIFICATE REQUEST", request.der()))
}

/// O and CN (A00.FR.509, A00.FR.511); one that is empty is left out.
pub(crate) fn name(subject: &Subject) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    let parts = [(DnType::OrganizationName, &subject.organization), (DnType::CommonName, &subject.common_name)];
    for (kind, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        name.push(kind, text.as_str());
    }
    name
}
