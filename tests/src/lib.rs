//! Harnesses: a station and its CSMS side in one virtual time, with a network, disks, hardware and a driver that a test or
//! a seed can disturb.

pub mod charging;
pub mod crypto;
pub mod desk;
pub mod files;
pub mod frames;
mod hardware;
mod net;
mod pair;
pub mod scenario;
pub mod site;
pub mod transcript;

pub use hardware::Hardware;
pub use net::{Net, Side};
pub use pair::{Cut, Pair, Setup, Step};
