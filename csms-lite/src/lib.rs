//! A small, real CSMS: OCPP 1.6 and 2.0.1 on one port, an SQLite database, and an HTTP API.
//!
//! ```text
//!   stations ══ WebSocket ══► Doorkeeper ──► a machine for each station (pilotwire::Csms)
//!                                               │ deeds: records, facts, questions
//!                                               ▼
//!   operators ══ HTTP ══► API ──────────────► Store: one commit for each run of deeds, before anything is answered
//! ```
//!
//! [`serve`] starts one in the present tokio runtime:
//!
//! ```no_run
//! # async fn example() -> Result<(), csms_lite::ServeError> {
//! let running = csms_lite::serve(csms_lite::Options::new("/var/lib/csms-lite")).await?;
//! println!("stations connect to ws://{}/ocpp/<identity>", running.ocpp);
//! running.shutdown().await;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

pub mod api;
mod doorkeeper;
mod journal;
mod password;
pub mod pki;
mod responders;
mod serve;
mod shared;
mod signer;
mod station;
pub mod store;

pub use password::{Hasher, PasswordError, PasswordHash};
pub use serve::{Options, Running, ServeError, TlsOptions, serve};
pub use signer::Signer;
