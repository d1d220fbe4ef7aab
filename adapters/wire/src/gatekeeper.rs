//! Who is let in, and how often one may ask: what every server does around its authenticator.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use pilotwire::Instant;

use crate::throttle::Throttle;
use crate::{Identity, Refusal, ThrottleConfig};

/// The verdict on an upgrade request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Let it in, as the station with this key: the identity, or the identity within a tenant.
    Accept(String),
    /// Answer this. 401, 403 and 404 count as failed attempts (see [`ThrottleConfig`]).
    Refuse(Refusal),
}

/// Counts who fails and who throws others out, and turns them away in time. Shared by all handshakes of a server.
#[derive(Debug)]
pub struct Gatekeeper(Mutex<Throttle>);

impl Gatekeeper {
    /// Nobody has failed yet.
    pub fn new(config: ThrottleConfig) -> Self {
        Self(Mutex::new(Throttle::new(config)))
    }

    /// Before anybody is asked for a verdict. `now` is real time, however fast the machines' clock runs.
    ///
    /// # Errors
    /// This one failed too often to be heard.
    pub fn knock(&self, now: Instant, address: IpAddr, identity: &Identity) -> Result<(), Refusal> {
        let mut throttle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match throttle.admits(now, address, identity.as_str()) {
            true => Ok(()),
            false => Err(Refusal::TooManyRequests(throttle.retry_after_s())),
        }
    }

    /// When the verdict is there: the key of the station that is let in. `is_connected` tells whether it would throw out an
    /// older connection.
    ///
    /// # Errors
    /// What to answer.
    pub fn decide(
        &self,
        now: Instant,
        address: IpAddr,
        identity: &Identity,
        verdict: Admission,
        is_connected: impl FnOnce(&str) -> bool,
    ) -> Result<String, Refusal> {
        let mut throttle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match verdict {
            Admission::Accept(key) => {
                throttle.succeeded(address, identity.as_str());
                if is_connected(&key) && !throttle.admits_takeover(now, &key) {
                    return Err(Refusal::Unavailable);
                }
                Ok(key)
            }
            Admission::Refuse(refusal) => {
                if matches!(refusal.status(), 401 | 403 | 404) {
                    throttle.failed(now, address, identity.as_str());
                }
                Err(refusal)
            }
        }
    }
}
