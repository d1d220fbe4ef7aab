//! Runs pilotwire machines on tokio: reads, sleeps, writes, performs. No rule of OCPP is in here.
//!
//! - [`run_station`] runs a charging station: it connects when its machine wants to.
//! - [`Server`] runs a CSMS: a listener, and one machine per station that outlives its connections.
//!
//! Both give what is to be done outside of the network to a [`Host`], and nothing that depends on it leaves before it is
//! done. [`Clock`] lets all of it run faster than real time.
#![forbid(unsafe_code)]

mod clock;
mod host;
mod registry;
mod server;
mod session;
mod station;

pub use clock::Clock;
pub use host::{Host, Node};
pub use pilotwire_wire::{Admission, AttemptError, ServerConfig, Target, ThrottleConfig};
pub use registry::{Factory, NoStation};
pub use server::{Authenticator, Door, Gate, Server, ServerHandle};
pub use session::{Socket, Stream};
pub use station::{Connector, StationConfig, Tcp, run_station};
