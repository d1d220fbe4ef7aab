//! The cryptography that pilotwire machines ask for and that their hosts need: keys, signing requests, chains of
//! certificates, their names by hash; and a small authority for trying things out.
//!
//! ```text
//!  CryptoTask ──► perform(&mut Keys, ..) ──► CryptoResult        a station's host
//!  CSR ──► SigningRequest::read ──► Authority::sign ──► chain    a CSMS's host
//! ```
//!
//! Nothing here reads a clock: the time is always given. Signatures are checked by ring, paths by webpki (with its budget
//! against chains that are made to be slow), ASN.1 is read by x509-cert, certificates are written by rcgen.
#![forbid(unsafe_code)]

mod authority;
mod chain;
mod csr;
mod host;
mod keys;
mod read;
mod signature;

pub use authority::{Authority, AuthorityError, Validity};
pub use csr::{BadRequest, SigningRequest};
pub use host::perform;
pub use keys::{KeyError, Keys, write_private};
pub use read::MAX_CHAIN;
