//! The cryptography that a pilotwire machine asks its host for, and what goes with it on either side.
//!
//! ```text
//!  machine ── CryptoTask ──► perform(&mut Keys, task) ── CryptoResult ──► machine
//!                              │
//!         Keys: a folder of private keys, which TLS asks for too
//!
//!  CSMS ── a station's CSR ──► Csr::read ──► authority::Authority::sign ── chain ──► CertificateSigned
//!  CSMS ── GetCertificateStatus ──► ocsp::request ──► (HTTP, the host's deed) ──► the station's ReadOcsp
//! ```
//!
//! Nothing here waits, starts threads or reads a clock: the moment is always an argument. Randomness (keys, serial numbers,
//! signatures) comes from the system. What others made (certificates, requests, answers, signatures) is read under limits and
//! can make an operation fail, never panic; the errors say what is wrong and whose fault it is.
//!
//! | limit | value |
//! | --- | --- |
//! | certificates in a chain | [`MAX_CERTIFICATES`] |
//! | bytes of a chain | [`MAX_CHAIN_BYTES`] |
//! | trusted certificates | [`MAX_ROOTS`] |
//! | bytes of a request for a certificate | [`MAX_CSR_BYTES`] |
//! | bytes of an answer of OCSP | [`ocsp::MAX_RESPONSE_BYTES`] |
//!
//! Signatures that count are those that TLS takes: ECDSA on P-256 and P-384, Ed25519, RSA of 2048 bits and more, with SHA-256
//! or longer (A00.FR.504).
#![forbid(unsafe_code)]

pub mod authority;
mod certificate;
mod chain;
mod csr;
mod files;
mod host;
mod keys;
pub mod ocsp;
mod pem;
mod seal;
pub mod signature;

pub use chain::MAX_ROOTS;
pub use csr::{Csr, CsrError, MAX_CSR_BYTES};
pub use host::perform;
pub use keys::{Keys, KeysError, Oddity};
pub use pem::{ChainError, MAX_CERTIFICATES, MAX_CHAIN_BYTES};
