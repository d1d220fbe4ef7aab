//! OCPP-J over WebSocket without I/O: bytes in, bytes out, one deadline.
//!
//! ```text
//!  socket ── bytes ──► ServerHandshake ── Upgrade ──► Connection ──┐
//!                                                                  ├──► Driver<Machine> ── Effect ──► runtime
//!  socket ── bytes ──► ClientHandshake ─────────────► Connection ──┘
//! ```
//!
//! Nothing here reads a clock, owns a socket or waits. A runtime reads and writes bytes, sleeps until a deadline, and
//! performs the [`Effect`]s that the [`Driver`] hands out in order. Everything a peer sends is held under [`Limits`].
#![forbid(unsafe_code)]

mod attempt;
mod auth;
mod client;
mod connection;
mod driver;
mod frames;
mod gatekeeper;
mod http;
mod identity;
mod limits;
mod pace;
mod scale;
mod server;
mod throttle;
pub mod tls;
mod transport;

pub use attempt::{AttemptError, Target};
pub use auth::{Credentials, Password, UnreadableCredentials, same_bytes};
pub use client::{Call, ClientHandshake, Endpoint, EndpointError, HandshakeError};
pub use connection::{Closed, Connection, Message, SendError, Side, close_code};
pub use driver::{Deed, Driver, Effect, LinkEnd, Observer};
pub use gatekeeper::{Admission, Gatekeeper};
pub use http::Refusal;
pub use identity::{Identity, IdentityError, MAX_IDENTITY_CHARS};
pub use limits::Limits;
pub use scale::TimeScale;
pub use server::{Rejection, ServerHandshake, Upgrade};
pub use throttle::ThrottleConfig;
