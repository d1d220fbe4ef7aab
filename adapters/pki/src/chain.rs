//! From a certificate up to one that is trusted.
//!
//! A chain comes in order, the certificate that is meant first and each one's issuer behind it, so there is one way up
//! and nothing to search: no chain takes more than a few signature checks a certificate. What the walk finds sound is
//! then judged by webpki too, unless it is an authority's own certificate, which webpki knows no question for.
//!
//! A certificate's [names](pilotwire::domain::CertificateFacts::names) need its issuer's key. The issuer is
//! looked for among the trusted certificates, then behind the certificate in the chain, then in the certificate itself.
//! One whose issuer is nowhere there has no names: the list is empty.

use std::time::Duration;

use pilotwire::DateTime;
use pilotwire::domain::ChainFacts;
use pilotwire::messages::Text;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};
use x509_cert::ext::pkix::name::GeneralName;

use crate::certificate::Certificate;
use crate::pem::{self, ChainError};
use crate::seal::Unsealed;

/// How many trusted certificates are looked at; those behind them trust nobody, and the flaw says so.
pub const MAX_ROOTS: usize = 64;

/// Who made a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Issuer {
    /// The trusted certificate of this number.
    Root(usize),
    /// The one behind it.
    Next,
    /// It did so itself, and is not trusted.
    Itself,
    Unknown,
}

/// The certificates of a chain that were read, at least one.
pub(crate) fn read(text: &str) -> Result<Vec<Certificate>, ChainError> {
    let read = |(index, der): (usize, Vec<u8>)| {
        Certificate::from_der(&der).map_err(|error| ChainError::Der { number: index + 1, why: error.to_string() })
    };
    pem::certificates(text)?.into_iter().enumerate().map(read).collect()
}

/// Reads a chain and finds out whom it descends from at this moment.
///
/// `key` is the DER of the public key that the first certificate should be for.
///
/// # Errors
/// The chain cannot be read, or is over a limit.
pub(crate) fn examine(text: &str, key: Option<&[u8]>, roots: &[Text], at: DateTime) -> Result<ChainFacts, ChainError> {
    let certificates = read(text)?;
    let mut walk = Walk { certificates: &certificates, roots: Vec::new(), roots_left_out: 0, at, flaws: Vec::new() };
    walk.read_roots(roots);
    let issuers: Vec<Issuer> = (0..certificates.len()).map(|index| walk.issuer_of(index)).collect();
    let reached = walk.up(&issuers).filter(|_| walk.flaws.is_empty());
    let facts = certificates
        .iter()
        .zip(&issuers)
        .enumerate()
        .map(|(index, (certificate, issuer))| certificate.facts(walk.certificate_of(*issuer, index)));
    let fits_key = key.is_some() && der::Encode::to_der(certificates[0].key()).ok().as_deref() == key;
    let flaw = reached.is_none().then(|| walk.flaws.join("; ").into());
    Ok(ChainFacts { certificates: facts.collect(), fits_key, trusted_by: reached, flaw })
}

struct Walk<'a> {
    certificates: &'a [Certificate],
    /// By number; none where one cannot be read.
    roots: Vec<Option<Certificate>>,
    at: DateTime,
    roots_left_out: usize,
    flaws: Vec<String>,
}

impl<'a> Walk<'a> {
    fn read_roots(&mut self, roots: &[Text]) {
        let first = |root: &Text| read(root).ok().map(|mut found| found.swap_remove(0));
        self.roots_left_out = roots.len().saturating_sub(MAX_ROOTS);
        self.roots = roots.iter().take(MAX_ROOTS).map(first).collect();
    }

    /// Of several trusted certificates with one name and one key the first that is valid counts.
    fn issuer_of(&self, index: usize) -> Issuer {
        let certificate = &self.certificates[index];
        let is_root = |root: &Option<Certificate>| {
            root.as_ref().is_some_and(|root| root.der == certificate.der || certificate.is_issued_by(root))
        };
        let numbers: Vec<usize> = (0..self.roots.len()).filter(|&number| is_root(&self.roots[number])).collect();
        let is_valid = |number: &usize| self.roots[*number].as_ref().is_some_and(|root| root.is_valid_at(self.at));
        if let Some(&number) = numbers.iter().find(|number| is_valid(number)).or(numbers.first()) {
            return Issuer::Root(number);
        }
        match self.certificates.get(index + 1) {
            Some(next) if certificate.is_issued_by(next) => Issuer::Next,
            _ if certificate.is_issued_by(certificate) => Issuer::Itself,
            _ => Issuer::Unknown,
        }
    }

    fn certificate_of(&self, issuer: Issuer, index: usize) -> Option<&Certificate> {
        match issuer {
            Issuer::Root(number) => {
                let root = self.roots[number].as_ref()?;
                // A certificate that is trusted itself may have an issuer that is not there.
                self.certificates[index].is_issued_by(root).then_some(root)
            }
            Issuer::Next => self.certificates.get(index + 1),
            Issuer::Itself => self.certificates.get(index),
            Issuer::Unknown => None,
        }
    }

    /// The number of the trusted certificate at the end; what is wrong on the way becomes flaws.
    fn up(&mut self, issuers: &[Issuer]) -> Option<usize> {
        let length = issuers.iter().position(|issuer| *issuer != Issuer::Next)? + 1;
        let path = &self.certificates[..length];
        for (index, certificate) in path.iter().enumerate() {
            self.judge(certificate, index, &format!("certificate {}", index + 1));
        }
        let Issuer::Root(number) = issuers[length - 1] else {
            self.tell_why_it_ends(length - 1, issuers[length - 1]);
            return None;
        };
        let root = self.roots[number].clone()?;
        if path[0].der == root.der {
            return Some(number);
        }
        self.judge(&root, length, &format!("trusted certificate {}", number + 1));
        if !path[0].basic_constraints.ca && self.flaws.is_empty() {
            self.ask_webpki(path, &root);
        }
        if path[0].basic_constraints.ca {
            self.judge_constraints(path, &root);
        }
        Some(number)
    }

    /// What a certificate must be wherever it stands, and to sign the `depth` ones below it.
    fn judge(&mut self, certificate: &Certificate, depth: usize, name: &str) {
        if self.at < certificate.not_before {
            self.flaws.push(format!("{name} is not valid before {}", certificate.not_before));
        }
        if self.at > certificate.not_after {
            self.flaws.push(format!("{name} is not valid after {}", certificate.not_after));
        }
        if let Some(strange) = certificate.strange {
            self.flaws.push(format!("{name} has the critical extension {strange}, which is not understood"));
        }
        if depth == 0 {
            return;
        }
        if !certificate.basic_constraints.ca {
            self.flaws.push(format!("{name} signed another one and is no certificate authority"));
        } else if !certificate.may_sign() {
            self.flaws.push(format!("{name} signed another one, and its key is for other uses"));
        }
        // RFC 5280 §4.2.1.9: neither the last certificate nor those that an authority issued to itself count.
        let between = self.certificates.get(1..depth).unwrap_or_default();
        let between = between.iter().filter(|one| one.issuer != one.subject).count();
        if certificate.basic_constraints.path_len_constraint.is_some_and(|most| between > usize::from(most)) {
            self.flaws.push(format!("{name} has more authorities below it than it may"));
        }
    }

    fn tell_why_it_ends(&mut self, index: usize, end: Issuer) {
        let certificate = &self.certificates[index];
        let number = index + 1;
        let named = |other: &&Certificate| other.subject == certificate.issuer;
        let signer = self.certificates.get(index + 1).filter(named);
        let signer = signer.or_else(|| self.roots.iter().flatten().find(named));
        let flaw = match (end, signer) {
            (Issuer::Itself, _) => format!("certificate {number} is signed by itself and not trusted"),
            (_, Some(signer)) => match certificate.check_signature(signer) {
                Err(Unsealed::Unsupported) => format!("certificate {number}: {}", Unsealed::Unsupported),
                _ => format!("certificate {number} is not signed with the key of the issuer that it names"),
            },
            (_, None) if index + 1 < self.certificates.len() => {
                format!("certificate {number} is not issued by the one behind it, nor by a trusted one")
            }
            (_, None) => format!("the issuer of certificate {number} is not trusted"),
        };
        self.flaws.push(flaw);
        let broken = self.roots.iter().filter(|root| root.is_none()).count();
        if broken > 0 {
            self.flaws.push(format!("{broken} of the trusted certificates cannot be read"));
        }
        if self.roots_left_out > 0 {
            self.flaws.push(format!("{} trusted certificates were left out, behind {MAX_ROOTS}", self.roots_left_out));
        }
    }

    /// Constraints of names (RFC 5280 §4.2.1.10) on authorities: those of a directory are refused as webpki does it, others
    /// can be met only by a certificate that has no alternative names.
    fn judge_constraints(&mut self, path: &[Certificate], root: &Certificate) {
        let above = path.iter().skip(1).chain([root]).filter_map(|one| one.name_constraints.as_ref());
        let has_names = path.iter().any(|one| one.has_other_names);
        for constraints in above {
            let mut bases = constraints.permitted_subtrees.iter().chain(&constraints.excluded_subtrees).flatten();
            if has_names || bases.any(|tree| matches!(tree.base, GeneralName::DirectoryName(_))) {
                self.flaws.push("an authority constrains the names below it in a way that cannot be judged".into());
                return;
            }
        }
    }

    /// A second judgement of a path that is sound so far; it adds the constraints of names.
    fn ask_webpki(&mut self, path: &[Certificate], root: &Certificate) {
        let ders: Vec<CertificateDer<'_>> = path.iter().map(|one| CertificateDer::from(one.der.as_slice())).collect();
        let root = CertificateDer::from(root.der.as_slice());
        let since_1970 = Duration::from_millis(u64::try_from(self.at.unix_millis()).unwrap_or(0));
        let verdict = webpki::anchor_from_trusted_cert(&root).and_then(|anchor| {
            EndEntityCert::try_from(&ders[0])?
                .verify_for_usage(
                    webpki::ALL_VERIFICATION_ALGS,
                    &[anchor],
                    &ders[1..],
                    UnixTime::since_unix_epoch(since_1970),
                    AnyUsage,
                    None,
                    None,
                )
                .map(|_| ())
        });
        match verdict {
            Ok(()) => {}
            Err(webpki::Error::NameConstraintViolation) => {
                self.flaws.push("a name in certificate 1 is outside of what an authority above it may certify".into());
            }
            Err(error) => self.flaws.push(format!("the chain does not hold: {error}")),
        }
    }
}

/// What a certificate is for is not asked here: OCPP recommends certificates that do not say so (A00.FR.514).
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}
