//! Whom a certificate descends from (RFC 5280 §6).

use std::time::Duration;

use pilotwire::DateTime;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert,
};

use crate::read::Certificate;

/// Any usage: what a certificate is for is judged by who uses it.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// Which of `roots` the first of `chain` descends from at this time, by number; or why it descends from none.
pub(crate) fn descent(chain: &[Certificate], roots: &[Certificate], at: DateTime) -> Result<usize, String> {
    let (first, above) = chain.split_first().ok_or("there is no certificate")?;
    if let Some(place) = roots.iter().position(|root| root.der == first.der) {
        return if first.is_valid(at) { Ok(place) } else { Err("it is not valid at this time".to_owned()) };
    }
    if first.is_ca() { of_authority(first, above, roots, at) } else { of_end(first, above, roots, at) }
}

fn of_end(first: &Certificate, above: &[Certificate], roots: &[Certificate], at: DateTime) -> Result<usize, String> {
    let end = EndEntityCert::try_from(&first.der).map_err(|error| error.to_string())?;
    let between: Vec<CertificateDer<'_>> = above.iter().map(|certificate| certificate.der.clone()).collect();
    let seconds = u64::try_from(at.unix_millis() / 1_000).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let mut flaw = "there is no trusted certificate".to_owned();
    for (place, root) in roots.iter().enumerate() {
        let Ok(anchor) = anchor_from_trusted_cert(&root.der) else { continue };
        // An anchor has no end of its own to webpki; ours has.
        if !root.is_valid(at) {
            "the trusted certificate is not valid at this time".clone_into(&mut flaw);
            continue;
        }
        match end.verify_for_usage(ALL_VERIFICATION_ALGS, &[anchor], &between, time, AnyUsage, None, None) {
            Ok(_) => return Ok(place),
            Err(error) => flaw = error.to_string(),
        }
    }
    Err(flaw)
}

/// webpki walks up from ends only. Of an authority every step is looked at here: signature, right to sign, and time.
fn of_authority(
    first: &Certificate,
    above: &[Certificate],
    roots: &[Certificate],
    at: DateTime,
) -> Result<usize, String> {
    let mut below = first;
    for next in above.iter().map(Some).chain([None]) {
        if !below.is_valid(at) || !below.is_ca() {
            return Err("a certificate of the chain is not valid at this time, or must not sign".to_owned());
        }
        let signs = |root: &Certificate| root.is_valid(at) && root.is_ca() && root.signed(below);
        if let Some(place) = roots.iter().position(signs) {
            return Ok(place);
        }
        match next {
            Some(next) if next.signed(below) => below = next,
            Some(_) => return Err("a certificate of the chain was not signed by the next one".to_owned()),
            None => {}
        }
    }
    Err("it was signed by none of the trusted certificates".to_owned())
}
