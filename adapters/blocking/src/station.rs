//! A charging station: the client's side.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use pilotwire::{Event, Machine, Version};
use pilotwire_wire::{AttemptError, Limits, Target, close_code};

use crate::dial::dial;
use crate::link::Wake;
use crate::session::Session;
use crate::{Clock, Host, Node};

/// Speaks to a station that runs in another thread. Cheap to clone.
#[derive(Debug)]
pub struct Remote<I> {
    wakes: Sender<Wake<I>>,
    target: Arc<Mutex<Option<Target>>>,
}

impl<I> Clone for Remote<I> {
    fn clone(&self) -> Self {
        Self { wakes: self.wakes.clone(), target: Arc::clone(&self.target) }
    }
}

impl<I> Remote<I> {
    /// Tells the machine; nothing happens when it runs no more.
    pub fn send(&self, event: Event<I>) {
        let _ = self.wakes.send(Wake::Event(event));
    }

    /// From the next attempt on, the station calls this. With `None`, attempts fail at once ([`AttemptError::NoTarget`]).
    pub fn set_target(&self, target: Option<Target>) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// While it is off, the network is cut: the socket is dropped, and attempts fail at once.
    pub fn set_network(&self, on: bool) {
        let _ = self.wakes.send(Wake::Network(on));
    }

    /// Lets [`run_station`] return, after a goodbye in good order.
    pub fn stop(&self) {
        let _ = self.wakes.send(Wake::Stop);
    }
}

/// The other end of a [`Remote`].
#[derive(Debug)]
pub struct Inputs<I> {
    wakes: Sender<Wake<I>>,
    received: Receiver<Wake<I>>,
    target: Arc<Mutex<Option<Target>>>,
}

/// A way to speak to a station that calls this target, and the end that the station needs.
pub fn remote<I>(target: Target) -> (Remote<I>, Inputs<I>) {
    let (wakes, received) = channel();
    let target = Arc::new(Mutex::new(Some(target)));
    (Remote { wakes: wakes.clone(), target: Arc::clone(&target) }, Inputs { wakes, received, target })
}

/// How to run a station.
#[derive(Clone, Copy, Debug, Default)]
pub struct StationConfig {
    /// What the CSMS may cost it. The handshake is timed in real time, however fast the clock runs.
    pub limits: Limits,
}

/// Runs a charging station in this thread until somebody [stops](Remote::stop) it: powers it up, connects when it asks for
/// it, and performs what it wants done.
///
/// Returns machine and host after a shutdown in good order.
pub fn run_station<M, H>(node: Node<M, H>, config: StationConfig, inputs: Inputs<M::Input>, clock: Clock) -> (M, H)
where
    M: Machine<Input: Send + 'static>,
    H: Host<M>,
{
    let Inputs { wakes, received, target } = inputs;
    let mut session = Session::power_up(node, clock, wakes.clone());
    let (mut attempts, mut wanted, mut network) = (0_u64, None, true);
    loop {
        if let Some(version) = session.settle() {
            attempts += 1;
            wanted = Some(version);
            let target = target.lock().unwrap_or_else(PoisonError::into_inner).clone();
            start(attempts, target, version, config.limits, network, &wakes);
        }
        if !session.driver.is_connecting() {
            wanted = None;
        }
        match session.wait(&received) {
            None => {}
            Some(Wake::Event(event)) => session.driver.handle(clock.now(), event),
            Some(Wake::Bytes(link, bytes)) => session.on_link(link, Some(&bytes)),
            Some(Wake::Ended(link)) => session.on_link(link, None),
            Some(Wake::Attempted(number, result)) => {
                if let Some(version) = wanted.filter(|_| number == attempts) {
                    wanted = None;
                    attempted(&mut session, version, result);
                }
            }
            Some(Wake::Network(on)) => {
                network = on;
                if !on {
                    wanted = None;
                    session.lost();
                }
            }
            Some(Wake::Connected(..)) => {}
            Some(Wake::Stop) => return session.shut_down(close_code::AWAY, "shutting down"),
        }
    }
}

fn attempted<M, H>(
    session: &mut Session<M, H>,
    version: Version,
    result: Result<(std::net::TcpStream, Box<pilotwire_wire::Connection>), AttemptError>,
) where
    M: Machine<Input: Send + 'static>,
    H: Host<M>,
{
    match result {
        Ok((socket, connection)) => session.connected(socket, *connection, version),
        Err(error) => {
            let now = session.clock.now();
            if let Some(input) = session.driver.observer_mut().attempt_failed(now, &error) {
                session.driver.handle(now, Event::Input(input));
            }
            session.lost();
        }
    }
}

/// Dials in a thread of its own, so that the machine is not kept from its work.
fn start<I: Send + 'static>(
    number: u64,
    target: Option<Target>,
    version: Version,
    limits: Limits,
    network: bool,
    wakes: &Sender<Wake<I>>,
) {
    let told = wakes.clone();
    let work = move || {
        let result = match target {
            _ if !network => Err(AttemptError::NetworkDown),
            None => Err(AttemptError::NoTarget),
            Some(target) => dial(&target.call(version), limits),
        };
        // A station that has ended needs no connection.
        let _ = told.send(Wake::Attempted(number, result));
    };
    if let Err(error) = std::thread::Builder::new().name("pilotwire-dial".into()).spawn(work) {
        let _ = wakes.send(Wake::Attempted(number, Err(error.into())));
    }
}
