//! Runs pilotwire machines on threads and blocking sockets: reads, sleeps, writes, performs. No rule of OCPP is in here.
//!
//! - [`run_station`] runs a charging station in the calling thread: it connects when its machine wants to.
//! - [`Server`] runs a CSMS: listeners, and one machine per station that outlives its connections.
//!
//! Every machine has a thread of its own, and every open socket one that reads. That is plenty for firmware and for a few
//! hundred stations; for more there are the other adapters, which do the same in tasks.
#![forbid(unsafe_code)]

mod dial;
mod host;
mod link;
mod registry;
mod server;
mod session;
mod station;

pub use host::{Host, Node};
pub use pilotwire_wire::{Admission, AttemptError, Clock, ServerConfig, Target, ThrottleConfig};
pub use registry::{Factory, NoStation};
pub use server::{Authenticator, Gate, Server, ServerHandle};
pub use station::{Inputs, Remote, StationConfig, remote, run_station};
