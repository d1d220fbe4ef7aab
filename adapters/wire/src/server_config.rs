//! How a server is run, on whatever runtime.

use pilotwire::Version;

use crate::{Limits, ThrottleConfig};

/// How to run a server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What a peer may cost us. The handshake is timed in real time, however fast the clock runs.
    pub limits: Limits,
    /// The versions that are spoken. Default: all.
    pub versions: Vec<Version>,
    /// Handshakes under way at once; when there are more, the oldest is dropped, which is a slow one: the honest take
    /// milliseconds. Default 4096.
    pub handshakes: usize,
    /// Stations that are kept at once, connected or not; more are refused with 503. Default 100 000.
    pub stations: usize,
    /// What is borne of who guesses passwords.
    pub throttle: ThrottleConfig,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            versions: Version::ALL.to_vec(),
            handshakes: 4096,
            stations: 100_000,
            throttle: ThrottleConfig::default(),
        }
    }
}

impl ServerConfig {
    /// For an adapter in which every handshake and every station is a thread: 64 handshakes and 500 stations at once.
    pub fn of_threads() -> Self {
        Self { handshakes: 64, stations: 500, ..Self::default() }
    }
}
