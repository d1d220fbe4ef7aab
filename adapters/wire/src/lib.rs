//! OCPP-J over WebSocket without I/O: bytes in, bytes out, one deadline.
//!
//! ```text
//!  socket ── bytes ──► ServerHandshake ── Upgrade ──► Connection ──┐
//!                                                                  ├──► Driver<Machine> ── Effect ──► runtime
//!  socket ── bytes ──► ClientHandshake ─────────────► Connection ──┘
//! ```
//!
//! Nothing here owns a socket or waits, and nothing but [`Clock`] reads the time, which adapters use. A runtime reads and writes bytes, sleeps until a deadline, and
//! performs the [`Effect`]s that the [`Driver`] hands out in order. Everything a peer sends is held under [`Limits`].
//!
//! Messages are compressed (permessage-deflate) where [`Limits::compression`] says so and the peer does it, too.
#![forbid(unsafe_code)]

mod attempt;
mod auth;
mod client;
mod clock;
mod compression;
mod connection;
mod deflate;
mod driver;
mod frames;
mod gatekeeper;
mod http;
mod identity;
mod limits;
mod pace;
mod scale;
mod server;
mod server_config;
mod side;
mod throttle;
pub mod tls;
mod transport;

pub use attempt::{AttemptError, Target, TargetError};
pub use auth::{Credentials, Password, UnreadableCredentials, same_bytes};
pub use client::{Call, ClientHandshake, Endpoint, EndpointError, HandshakeError};
pub use clock::Clock;
pub use compression::Compression;
pub use connection::{Closed, Connection, Message, SendError, close_code};
pub use driver::{Deed, Driver, Effect, LinkEnd, Observer};
pub use gatekeeper::{Admission, Gatekeeper};
pub use http::Refusal;
pub use identity::{Identity, IdentityError, MAX_IDENTITY_CHARS};
pub use limits::Limits;
pub use scale::TimeScale;
pub use server::{Rejection, ServerHandshake, Upgrade};
pub use server_config::ServerConfig;
pub use side::Side;
pub use throttle::ThrottleConfig;
