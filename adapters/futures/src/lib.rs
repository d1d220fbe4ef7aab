//! What the adapters for smol and async-std share: machines on any [`Runtime`] whose streams have the I/O traits of futures.
//!
//! - [`run_station`] runs a charging station: it connects when its machine wants to.
//! - [`Server`] runs a CSMS: listeners, and one machine per station that outlives its connections.
#![forbid(unsafe_code)]

mod host;
mod registry;
mod runtime;
mod server;
mod session;
mod station;

pub use futures_lite::{AsyncRead, AsyncWrite};
pub use host::{Host, Node};
pub use pilotwire_wire::{Admission, AttemptError, Clock, ServerConfig, Target, ThrottleConfig};
pub use registry::{Factory, NoStation};
pub use runtime::Runtime;
pub use server::{Authenticator, Gate, Server, ServerHandle};
pub use station::{Inputs, Remote, StationConfig, remote, run_station};
