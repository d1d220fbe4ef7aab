//! A host that does cryptography without any: certificates are short texts that say what they are, and a signature is the
//! name of who signed.

use std::collections::{BTreeSet, VecDeque};

use pilotwire::DateTime;
use pilotwire::domain::{CertificateFacts, CertificateHashData, ChainFacts, CryptoResult, CryptoTask, KeyId, Subject};
use pilotwire::messages::Text;
use pilotwire::messages::v2::HashAlgorithm;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A certificate, or a request for one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    /// CN.
    pub name: String,
    /// O.
    pub organization: String,
    /// Whose key it holds.
    pub key: String,
    /// CN of who signed it.
    pub signer: String,
    /// First and last moment.
    pub from: String,
    /// Last moment.
    pub until: String,
    /// Whether it may sign others.
    pub ca: bool,
    /// Whether its key is long enough.
    pub strong: bool,
}

/// A root that signed itself, or was signed by another.
pub fn root(name: &str, signer: &str) -> Paper {
    Paper {
        name: name.into(),
        organization: "Root".into(),
        key: format!("key of {name}"),
        signer: signer.into(),
        from: "2020-01-01T00:00:00Z".into(),
        until: "2040-01-01T00:00:00Z".into(),
        ca: true,
        strong: true,
    }
}

impl Paper {
    /// The certificate that a CA makes of a request.
    ///
    /// # Panics
    /// If it is no request.
    pub fn signed(csr: &str, signer: &str) -> Self {
        let request: Self = serde_json::from_str(csr).expect("a request");
        let (from, until) = ("2026-03-01T00:00:00Z".into(), "2027-03-01T00:00:00Z".into());
        Self { signer: signer.into(), from, until, ..request }
    }

    /// One of the factory for this key.
    pub fn factory(key: KeyId, signer: &str) -> Self {
        let subject = Subject { organization: "Factory".into(), common_name: "SN1".into() };
        let csr = request(key, &subject);
        Self { from: "2025-01-01T00:00:00Z".into(), ..Self::signed(&csr, signer) }
    }

    /// Its text.
    ///
    /// # Panics
    /// Never: it is made of texts.
    pub fn pem(&self) -> String {
        serde_json::to_string(self).expect("JSON")
    }

    fn times(&self) -> Option<(DateTime, DateTime)> {
        Some((self.from.parse().ok()?, self.until.parse().ok()?))
    }

    /// Its names by the three algorithms.
    pub fn names(&self) -> Vec<CertificateHashData> {
        let name = |algorithm: HashAlgorithm| {
            let mark = format!("{}-{}", algorithm.as_str(), self.signer.to_lowercase());
            let serial = self
                .name
                .bytes()
                .chain(self.key.bytes())
                .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
            CertificateHashData::new(algorithm, mark.clone(), mark, format!("{serial:x}"))
        };
        [HashAlgorithm::SHA256, HashAlgorithm::SHA384, HashAlgorithm::SHA512].map(name).into()
    }

    fn facts(&self) -> Option<CertificateFacts> {
        let (not_before, not_after) = self.times()?;
        Some(CertificateFacts {
            pem: self.pem().into(),
            common_name: Some(self.name.clone().into()),
            organization: Some(self.organization.clone().into()),
            not_before,
            not_after,
            is_ca: self.ca,
            is_self_signed: self.name == self.signer,
            is_strong: self.strong,
            names: self.names(),
            ocsp_url: None,
        })
    }
}

fn request(key: KeyId, subject: &Subject) -> String {
    Paper {
        name: subject.common_name.to_string(),
        organization: subject.organization.to_string(),
        key: format!("{key}"),
        signer: String::new(),
        from: String::new(),
        until: String::new(),
        ca: false,
        strong: true,
    }
    .pem()
}

/// The keys of the station, and tasks that are not done yet.
#[derive(Debug)]
pub struct Crypto {
    /// Keys that the host has.
    pub keys: BTreeSet<KeyId>,
    /// Tasks are not done until [`Crypto::do_next`] is asked.
    pub tasks: VecDeque<(u64, CryptoTask)>,
    /// Every task.
    pub log: Vec<CryptoTask>,
    /// Nothing is done at all.
    pub is_dead: bool,
}

impl Default for Crypto {
    /// A host with the factory's key.
    fn default() -> Self {
        let keys = BTreeSet::from([KeyId(1)]);
        Self { keys, tasks: VecDeque::new(), log: Vec::new(), is_dead: false }
    }
}

impl Crypto {
    /// Takes a task.
    pub fn take(&mut self, operation: u64, task: CryptoTask) {
        self.log.push(task.clone());
        if let CryptoTask::KeepKeys { keys } = task {
            self.keys.retain(|key| keys.contains(key));
            return;
        }
        self.tasks.push_back((operation, task));
    }

    /// Does the next task.
    pub fn do_next(&mut self) -> Option<(u64, CryptoResult)> {
        if self.is_dead {
            return None;
        }
        let (operation, task) = self.tasks.pop_front()?;
        Some((operation, self.perform(&task)))
    }

    fn perform(&mut self, task: &CryptoTask) -> CryptoResult {
        match task {
            CryptoTask::MakeCsr { key, subject } => {
                self.keys.insert(*key);
                CryptoResult::Csr(request(*key, subject).into())
            }
            CryptoTask::Examine { chain, key, roots, at } => match self.examine(chain, *key, roots, *at) {
                Some(facts) => CryptoResult::Examined(facts),
                None => CryptoResult::Failed { why: "it cannot be read".into() },
            },
            // No machine asks for the first yet, and the second is not answered.
            CryptoTask::ReadOcsp { .. } | CryptoTask::KeepKeys { .. } => {
                CryptoResult::Failed { why: "this host cannot".into() }
            }
        }
    }

    fn examine(&self, chain: &str, key: Option<KeyId>, roots: &[Text], at: DateTime) -> Option<ChainFacts> {
        let papers = papers(chain)?;
        let certificates: Vec<CertificateFacts> = papers.iter().map(Paper::facts).collect::<Option<_>>()?;
        let first = papers.first()?;
        let trusted_by = trusted_by(&papers, roots, at);
        let fits_key = key.is_some_and(|key| self.keys.contains(&key) && first.key == format!("{key}"));
        let flaw = trusted_by.is_none().then(|| "no way to a root".into());
        Some(ChainFacts { certificates, fits_key, trusted_by, flaw })
    }
}

/// Whether a chain leads to one of these roots at this moment.
pub(crate) fn is_trusted(chain: &str, roots: &[Text], at: DateTime) -> bool {
    papers(chain).is_some_and(|papers| trusted_by(&papers, roots, at).is_some())
}

fn trusted_by(papers: &[Paper], roots: &[Text], at: DateTime) -> Option<usize> {
    let is_valid = |paper: &Paper| paper.times().is_some_and(|(from, until)| from <= at && at <= until);
    let all_valid = papers.iter().all(is_valid);
    let linked = papers.windows(2).all(|pair| pair[0].signer == pair[1].name && pair[1].ca);
    let (first, top) = (papers.first()?, papers.last()?);
    let trusted_by = roots.iter().position(|root| {
        let Some(root) = papers_of(root) else { return false };
        let is_signer = root.name == top.signer && root.ca;
        is_valid(&root) && (is_signer || root == *first)
    });
    trusted_by.filter(|_| all_valid && linked)
}

fn papers(chain: &str) -> Option<Vec<Paper>> {
    let values = serde_json::Deserializer::from_str(chain).into_iter::<Value>();
    let read: Option<Vec<Paper>> = values.map(|value| serde_json::from_value(value.ok()?).ok()).collect();
    read.filter(|read| !read.is_empty())
}

fn papers_of(root: &str) -> Option<Paper> {
    papers(root)?.into_iter().next()
}
