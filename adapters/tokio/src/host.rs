//! What a machine needs beside a network.

use std::future::Future;

use pilotwire::{Event, Instant, Machine, PowerUp};
use pilotwire_wire::{Deed, Observer};

use crate::AttemptError;

/// Performs the deeds of one machine. It is its [`Observer`] too, so that a journal needs no place of its own;
/// `impl Observer<..> for MyHost {}` is enough if there is none.
pub trait Host<M: Machine>: Observer<M::Input, M::Output> + Send + 'static {
    /// Performs a run of deeds, in order. Every [`Deed::Persist`] must be durable before the first [`Deed::Output`] behind
    /// it is performed, and all of them before the future is ready: only then do the bytes go out that follow. One
    /// transaction for the whole run is the way for a database.
    ///
    /// Returns what the machine has to know at once: [`Event::PersistFailed`] for a write that failed, and answers that
    /// are ready already. Other answers come through the inputs later.
    ///
    /// `now` is when the deeds were handed out. While the future runs, this machine stands still.
    fn perform(
        &mut self,
        now: Instant,
        deeds: Vec<Deed<M::Output>>,
    ) -> impl Future<Output = Vec<Event<M::Input>>> + Send;

    /// An attempt to connect failed. What is returned is told to the machine right before [`Event::Disconnected`], which has
    /// no room for the reason: a station that chooses its ways by itself wants `ConnectionFailed` with
    /// [`AttemptError::fault`].
    fn attempt_failed(&mut self, now: Instant, error: &AttemptError) -> Option<M::Input> {
        let _ = (now, error);
        None
    }
}

/// A machine that is ready to be powered up, and its host.
#[derive(Debug)]
pub struct Node<M, H> {
    /// New: it takes [`Event::PowerUp`] first, from whoever runs the node.
    pub machine: M,
    /// Performs its deeds.
    pub host: H,
    /// What it finds when it wakes up.
    pub power_up: PowerUp,
}
