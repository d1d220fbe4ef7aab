//! OCPP 1.6 and 2.0.1 as pure state machines: a charging [`Station`], and [`Csms`], a CSMS's durable side of one station.
//!
//! They own no socket, file, thread, clock or random source. You tell a machine what happened, perform what it wants in its
//! order, and come back when its deadline is due:
//!
//! ```
//! use pilotwire::domain::StationIdentity;
//! use pilotwire::{Action, Event, Instant, Machine, Outbox, PowerUp, Station, Version, station};
//!
//! let identity = StationIdentity { model: "M1".into(), vendor: "Example".into(), ..StationIdentity::default() };
//! let mut station = Station::new(station::Config::new(Version::V201, identity, 7, 1));
//! let mut outbox = Outbox::new();
//!
//! station.handle(Instant::ZERO, Event::PowerUp(PowerUp::default()), &mut outbox);
//! assert!(outbox.drain().any(|action| action == Action::Connect(Version::V201)));
//!
//! station.handle(Instant::from_millis(40), Event::Connected(Version::V201), &mut outbox);
//! let frames = outbox.drain().filter_map(|action| match action {
//!     Action::Send(text) => Some(text),
//!     _ => None,
//! });
//! assert!(frames.last().is_some_and(|frame| frame.contains("BootNotification")));
//! ```
//!
//! * [`machine`] is the contract: events in, actions out, one deadline, and what must be durable when.
//! * [`station`] and [`csms`] are the two roles: what they are told, and what they want done.
//! * [`domain`] is what OCPP talks about, in the words of 2.x. A transaction is the same thing in every version; how it is
//!   written is settled when it is sent.
//! * [`journal`] records runs and replays them.
//! * [`messages`] are the typed payloads and frames beneath.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod charging;
mod clock;
pub mod csms;
mod device_model;
mod dialect;
pub mod domain;
pub mod journal;
mod link;
pub mod machine;
mod rng;
pub mod station;
pub mod time;
mod timers;

pub use csms::Csms;
pub use machine::{Action, Event, Machine, Outbox, PowerUp, Record, Write};
pub use pilotwire_messages as messages;
pub use pilotwire_messages::Version;
pub use station::Station;
pub use time::{DateTime, Instant};
