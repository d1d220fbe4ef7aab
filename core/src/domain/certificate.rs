//! Certificates, and the cryptography that a host does for a machine.
//!
//! Core judges and never computes: it has no keys, no hashes and no ASN.1. What must be computed is a [`CryptoTask`] for the
//! host, whose [`CryptoResult`] tells facts; what follows from them is decided here.

use alloc::vec::Vec;

use pilotwire_messages::v2::CertificateHashData;
use pilotwire_messages::{DateTime, Text};
use serde::{Deserialize, Serialize};

/// Names a private key of the station. The host makes it and keeps it where nobody can read it (A02.FR.05); a machine only
/// says which one is meant. A number is never used twice in a station's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub u64);

impl core::fmt::Display for KeyId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// Whose certificate it is to be: what stands in a signing request (A00.FR.509, A00.FR.511).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// O: the operator of the charging stations.
    pub organization: Text,
    /// CN: the station's serial number; of a V2G certificate the SECC's id.
    pub common_name: Text,
}

/// Cryptography that a host shall do. It may take its time; the machine goes on meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CryptoTask {
    /// Make a key pair under this name, unless there is one already, keep it durably, and sign a request for a certificate
    /// with it (A02.FR.02, A02.FR.03). Answered by [`CryptoResult::Csr`].
    MakeCsr {
        /// The key's name.
        key: KeyId,
        /// Whose certificate.
        subject: Subject,
    },
    /// Read certificates, and find out whom they descend from. Answered by [`CryptoResult::Examined`].
    Examine {
        /// The certificates in PEM, the one that is meant first, then those above it.
        chain: Text,
        /// Whether the first one is for this key is wanted too.
        key: Option<KeyId>,
        /// The certificates that are trusted, in PEM.
        roots: Vec<Text>,
        /// When they have to be valid.
        at: DateTime,
    },
    /// Read what an OCSP responder said, and check its signature (RFC 6960). Answered by [`CryptoResult::Ocsp`].
    ReadOcsp {
        /// The answer in DER and Base64.
        response: Text,
        /// The certificate that was asked for, and those above it, in PEM.
        chain: Text,
        /// When it has to be valid.
        at: DateTime,
    },
    /// Delete all keys but these. Not answered.
    KeepKeys {
        /// The names of the keys in use.
        keys: Vec<KeyId>,
    },
}

/// How a [`CryptoTask`] ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CryptoResult {
    /// The signing request (PKCS #10) in PEM.
    Csr(Text),
    /// What the certificates are.
    Examined(ChainFacts),
    /// What the OCSP responder said.
    Ocsp(OcspFacts),
    /// It could not be done: what was given cannot be read, or the host's cryptography failed.
    Failed {
        /// Why, for people.
        why: Text,
    },
}

/// What certificates are, the one that is meant first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChainFacts {
    /// The certificates in the order in which they were given; at least one.
    pub certificates: Vec<CertificateFacts>,
    /// Whether the first one is for the key that was named; `false` if none was.
    pub fits_key: bool,
    /// Which of the trusted certificates the first one descends from, by number from 0: every signature between them is
    /// right, every one is valid at the moment that was given, and those that sign may sign. A trusted certificate descends
    /// from itself.
    pub trusted_by: Option<usize>,
    /// What spoils the chain if it descends from none, for people.
    pub flaw: Option<Text>,
}

/// What stands in a certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// The certificate alone, in PEM.
    pub pem: Text,
    /// CN of its subject.
    pub common_name: Option<Text>,
    /// O of its subject.
    pub organization: Option<Text>,
    /// Its first moment.
    pub not_before: DateTime,
    /// Its last moment.
    pub not_after: DateTime,
    /// Whether it may sign others.
    pub is_ca: bool,
    /// Whether it signed itself.
    pub is_self_signed: bool,
    /// Whether its key is long enough (A00.FR.502, A00.FR.503): 2048 bits of RSA, 224 bits of an elliptic
    /// curve.
    pub is_strong: bool,
    /// Its names by SHA-256, SHA-384 and SHA-512, in this order (M04.FR.07).
    pub names: Vec<CertificateHashData>,
    /// Where its status can be asked for.
    pub ocsp_url: Option<Text>,
}

/// What an OCSP responder said of a certificate, once its signature was found right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OcspFacts {
    /// Whether it is still good.
    pub status: OcspStatus,
    /// When the responder will have something newer to say.
    pub next_update: Option<DateTime>,
}

/// The status of a certificate (RFC 6960 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OcspStatus {
    /// It is not revoked.
    Good,
    /// It is not to be trusted any more.
    Revoked,
    /// The responder does not know it.
    Unknown,
}
