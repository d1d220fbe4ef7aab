//! What a machine asks for, done.

use pilotwire::DateTime;
use pilotwire::domain::{ChainFacts, CryptoResult, CryptoTask, KeyId};
use pilotwire::messages::Text;

use crate::chain::descent;
use crate::keys::Keys;
use crate::read::{Certificate, certificates};

/// Does what a machine asks for. `None` for what is not answered.
///
/// Takes milliseconds (a key pair of RSA would take seconds; ours are of elliptic curves), so that a host may do it in place.
pub fn perform(keys: &mut Keys, task: &CryptoTask) -> Option<CryptoResult> {
    let result = match task {
        CryptoTask::MakeCsr { key, subject } => {
            keys.request(*key, subject).map(|csr| CryptoResult::Csr(csr.into())).map_err(|error| error.to_string())
        }
        CryptoTask::Examine { chain, key, roots, at } => {
            examine(keys, chain, *key, roots, *at).map(CryptoResult::Examined)
        }
        CryptoTask::KeepKeys { keys: kept } => {
            keys.keep(kept);
            return None;
        }
    };
    Some(result.unwrap_or_else(|why| CryptoResult::Failed { why: Text::truncated(&why, 500) }))
}

fn examine(keys: &Keys, chain: &str, key: Option<KeyId>, roots: &[Text], at: DateTime) -> Result<ChainFacts, String> {
    let chain = certificates(chain)?;
    let mut trusted = Vec::new();
    // What is trusted was read before; what cannot be read any more is passed over, and its place is kept.
    for (place, root) in roots.iter().enumerate() {
        if let Some(root) = certificates(root).ok().and_then(|mut read| (!read.is_empty()).then(|| read.swap_remove(0)))
        {
            trusted.push((place, root));
        }
    }
    let (places, trusted): (Vec<usize>, Vec<Certificate>) = trusted.into_iter().unzip();
    let verdict = descent(&chain, &trusted, at);
    let known = || chain.iter().chain(&trusted);
    let facts = chain.iter().map(|certificate| certificate.facts(known().find(|other| other.signed(certificate))));
    let fits = key.and_then(|key| keys.public_key(key));
    Ok(ChainFacts {
        certificates: facts.collect(),
        fits_key: fits.is_some_and(|public| public == chain[0].key().subject_public_key.raw_bytes()),
        trusted_by: verdict.as_ref().ok().map(|place| places[*place]),
        flaw: verdict.err().map(|why| Text::truncated(&why, 200)),
    })
}
