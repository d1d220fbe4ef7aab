//! What is known of certificates, and what is under way with them. Nothing here acts.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pilotwire_messages::{DateTime, Text};
use serde::{Deserialize, Serialize};

use super::super::api::CertificateStatus;
use super::super::config::Config;
use crate::domain::{
    CertificateFacts, CertificateHashData, CertificateSigningUse, ChainFacts, ClientCertificate, FirmwareUpdate,
    InstallCertificateUse, KeyId, OCSPRequestData, OcspFacts, Request, Subject,
};
use crate::time::Instant;

/// All certificates, and what is under way with them.
#[derive(Debug)]
pub(crate) struct Certificates {
    pub(super) saved: Saved,
    pub(super) open: Vec<Open>,
    pub(super) next_operation: u64,
    /// What is known of certificates for vehicles.
    pub(super) statuses: Vec<Status>,
    /// The record could not be read: keys that nobody seems to use may be in use all the same.
    pub(super) unreadable: bool,
    /// That it cannot renew its certificate was told in this life.
    pub(super) told: bool,
    /// The certificate before the newest is tried.
    pub(super) with_previous: bool,
    /// The root before the newest is tried (M05.FR.14).
    pub(super) with_fallback: bool,
    /// The newest certificate was refused by the CSMS since the last connection.
    pub(super) refused: bool,
    /// What the attempt that is under way shows, and whether it trusts the fallback.
    pub(super) attempt: (Option<KeyId>, bool),
}

/// The durable record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) next_key: u64,
    pub(super) own: Vec<Own>,
    pub(super) roots: Vec<Root>,
    pub(super) signing: Vec<Signing>,
}

/// A certificate of the station.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Own {
    /// What for; for the CSMS and for vehicles alike if absent.
    pub(super) usage: Option<CertificateSigningUse>,
    pub(super) key: KeyId,
    pub(super) chain: Text,
    /// `None` while the host has not read it.
    pub(super) facts: Option<Facts>,
    /// The CSMS let the station in with it.
    pub(super) proven: bool,
    /// When a newer one had proven itself (A02.FR.10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retired: Option<DateTime>,
}

impl Own {
    /// Whether it is one for the CSMS.
    pub(super) fn is_client(&self) -> bool {
        matches!(self.usage, None | Some(CertificateSigningUse::ChargingStationCertificate))
    }
}

/// A certificate that is trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Root {
    pub(super) usage: InstallCertificateUse,
    pub(super) pem: Text,
    pub(super) facts: Option<Facts>,
    /// It was replaced by one that has not proven itself (M05.FR.12).
    pub(super) fallback: bool,
}

/// What is kept of what the host found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) not_before: DateTime,
    pub(super) not_after: DateTime,
    /// The certificate's names by each algorithm.
    pub(super) names: Vec<CertificateHashData>,
    /// Those of the ones above it, by the first algorithm.
    pub(super) above: Vec<CertificateHashData>,
    /// Whom to ask for the status of which of them, by number from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) responders: Vec<(usize, OCSPRequestData)>,
}

impl Facts {
    pub(super) fn new(chain: &ChainFacts) -> Option<Self> {
        let (first, above) = chain.certificates.split_first()?;
        Some(Self {
            not_before: first.not_before,
            not_after: first.not_after,
            names: first.names.clone(),
            above: above.iter().filter_map(|facts| facts.names.first().cloned()).collect(),
            responders: chain.certificates.iter().enumerate().filter_map(responder).collect(),
        })
    }

    pub(super) fn is_valid(&self, at: DateTime) -> bool {
        self.not_before <= at && at <= self.not_after
    }
}

/// Whom to ask for the status of a certificate, if it says so.
pub(super) fn responder((position, facts): (usize, &CertificateFacts)) -> Option<(usize, OCSPRequestData)> {
    let (name, url) = (facts.names.first()?, facts.ocsp_url.as_ref()?);
    let (algorithm, serial) = (name.hash_algorithm.clone(), name.serial_number.clone());
    let (issuer, key) = (name.issuer_name_hash.clone(), name.issuer_key_hash.clone());
    Some((position, OCSPRequestData::new(algorithm, issuer, key, serial, url.clone())))
}

/// A task of the host that is not answered.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) operation: u64,
    pub(super) purpose: Purpose,
}

/// What a task is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// A signing request with this key.
    Csr(KeyId),
    /// What the factory gave: a certificate with this key.
    ReadOwn(KeyId),
    /// What the factory gave: this root.
    ReadRoot(Text),
    /// A certificate that the CSMS sent, for this key.
    Signed {
        key: KeyId,
        chain: Text,
        /// It is for later, and examined as of then.
        is_later: bool,
    },
    /// What a responder said of a certificate.
    Ocsp(Text),
    /// The certificate that this firmware is signed with.
    Firmware(Box<FirmwareUpdate>),
    /// A root that the CSMS sent.
    Install { usage: InstallCertificateUse, pem: Text },
}

impl Certificates {
    /// What the factory gave; `None` if the host does no cryptography.
    pub(crate) fn new(config: &Config) -> Option<Box<Self>> {
        if !config.certificates.enabled || config.network.is_empty() {
            return None;
        }
        let client = config.security.client.as_ref();
        let own = client.map(|client| Own {
            usage: Some(CertificateSigningUse::ChargingStationCertificate),
            key: client.key,
            chain: client.chain.clone(),
            facts: None,
            proven: true,
            retired: None,
        });
        let usage = InstallCertificateUse::CSMSRootCertificate;
        let root = |pem: &Text| Root { usage: usage.clone(), pem: pem.clone(), facts: None, fallback: false };
        Some(Box::new(Self {
            saved: Saved {
                next_key: client.map_or(1, |client| client.key.0.saturating_add(1)),
                own: own.into_iter().collect(),
                roots: config.security.roots.iter().map(root).collect(),
                signing: Vec::new(),
            },
            open: Vec::new(),
            next_operation: 1,
            statuses: Vec::new(),
            unreadable: false,
            told: false,
            with_previous: false,
            with_fallback: false,
            refused: false,
            attempt: (None, false),
        }))
    }

    /// Takes the record back: it goes before what the factory gave.
    ///
    /// # Errors
    /// A text that says what is wrong with the record.
    pub(crate) fn restore(&mut self, value: &str) -> Result<(), String> {
        match serde_json::from_str(value) {
            Ok(saved) => {
                self.saved = saved;
                Ok(())
            }
            Err(error) => {
                self.unreadable = true;
                Err(format!("{error}"))
            }
        }
    }

    /// The certificates for vehicles, the newest first.
    pub(crate) fn of_vehicles(&self) -> Vec<ClientCertificate> {
        let mut found: Vec<&Own> = self.saved.own.iter().filter(|own| own.usage != client_use()).collect();
        found.sort_by_key(|own| core::cmp::Reverse(begin(own)));
        found.into_iter().map(|own| ClientCertificate { key: own.key, chain: own.chain.clone() }).collect()
    }

    /// What is known of their status.
    pub(crate) fn statuses(&self) -> Vec<CertificateStatus> {
        self.statuses.iter().filter_map(Status::held).collect()
    }

    /// What is trusted for this use, in PEM.
    pub(crate) fn roots(&self, usage: &InstallCertificateUse) -> impl Iterator<Item = &Text> {
        self.saved.roots.iter().filter(move |root| root.usage == *usage).map(|root| &root.pem)
    }
}

pub(super) const fn client_use() -> Option<CertificateSigningUse> {
    Some(CertificateSigningUse::ChargingStationCertificate)
}

/// A certificate that was or will be asked for; what is durable of it lets a certificate that comes late find its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Signing {
    pub(super) usage: Option<CertificateSigningUse>,
    pub(super) key: KeyId,
    pub(super) subject: Subject,
    pub(super) request_id: Option<i32>,
    /// Nothing is sent any more until the CSMS triggers it (A02.FR.19, A02.FR.20).
    pub(super) quiet: bool,
    #[serde(skip)]
    pub(super) step: SigningStep,
}

/// How far it is in this life.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum SigningStep {
    #[default]
    Idle,
    /// The host makes the request.
    Making {
        /// The CSMS triggered it.
        asked_for: bool,
    },
    /// The request is on its way.
    Asked { csr: Text, repeats: u64 },
    /// The CSMS has it, or could not be reached: it is sent again then; if no time is set, when the CSMS is there.
    Waiting { csr: Text, repeats: u64, due: Option<Instant> },
}

impl Signing {
    /// When it goes on.
    pub(super) const fn due(&self) -> Option<Instant> {
        match &self.step {
            SigningStep::Waiting { due, .. } => *due,
            _ => None,
        }
    }

    pub(super) fn request(&self, csr: &Text) -> Request {
        Request::SignCertificate { csr: csr.clone(), usage: self.usage.clone(), request_id: self.request_id }
    }
}

/// The status of one certificate of a chain.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) key: KeyId,
    pub(super) position: usize,
    pub(super) about: OCSPRequestData,
    pub(super) step: StatusStep,
    pub(super) held: Option<(Text, OcspFacts)>,
}

#[derive(Debug, PartialEq)]
pub(super) enum StatusStep {
    /// It is asked for then.
    Due(Instant),
    /// The CSMS was asked.
    Asked,
    /// The host reads what came.
    Reading(u64),
}

impl Status {
    /// When it is asked for.
    pub(super) const fn due(&self) -> Option<Instant> {
        match self.step {
            StatusStep::Due(at) => Some(at),
            StatusStep::Asked | StatusStep::Reading(_) => None,
        }
    }

    /// What is known of it.
    pub(super) fn held(&self) -> Option<CertificateStatus> {
        let (response, facts) = self.held.as_ref()?;
        let (key, position, response) = (self.key, self.position, response.clone());
        Some(CertificateStatus { key, position, status: facts.status, response })
    }
}

/// The start of its validity; that of an unread one of the factory is before all others.
pub(super) fn begin(own: &Own) -> Option<DateTime> {
    own.facts.as_ref().map(|facts| facts.not_before)
}

pub(super) fn is_of_csms(usage: &InstallCertificateUse) -> bool {
    *usage == InstallCertificateUse::CSMSRootCertificate
}
