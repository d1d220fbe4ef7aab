//! Four deeds for one machine: read, sleep, write, perform.

use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use pilotwire::{Event, Machine, Version};
use pilotwire_wire::{Connection, Driver, Effect};

use crate::link::{Link, RETRY, Wake, linger};
use crate::{Clock, Host, Node};

/// One machine, its host and its socket.
pub(crate) struct Session<M: Machine, H> {
    pub(crate) driver: Driver<M, H>,
    pub(crate) clock: Clock,
    link: Option<Link>,
    links: u64,
    wakes: Sender<Wake<M::Input>>,
}

impl<M, H> Session<M, H>
where
    M: Machine<Input: Send + 'static>,
    H: Host<M>,
{
    pub(crate) fn power_up(node: Node<M, H>, clock: Clock, wakes: Sender<Wake<M::Input>>) -> Self {
        let mut driver = Driver::new(node.machine, node.host);
        driver.handle(clock.now(), Event::PowerUp(node.power_up));
        Self { driver, clock, link: None, links: 0, wakes }
    }

    /// Performs all there is to perform. Returns the version if the machine wants a connection.
    pub(crate) fn settle(&mut self) -> Option<Version> {
        let mut wanted = None;
        let mut deeds = Vec::new();
        loop {
            let now = self.clock.now();
            match self.driver.next_effect(now) {
                Some(Effect::Deed(deed)) => deeds.push(deed),
                Some(Effect::Connect(version)) => wanted = Some(version),
                Some(Effect::Disconnect(connection)) => self.hang_up(connection),
                None if deeds.is_empty() => break,
                None => {
                    let run = std::mem::take(&mut deeds);
                    let answers = self.driver.observer_mut().perform(now, run);
                    self.driver.performed();
                    for event in answers {
                        self.driver.handle(self.clock.now(), event);
                    }
                }
            }
        }
        self.write();
        wanted
    }

    /// Waits for what comes next: a wake, or the deadline.
    pub(crate) fn wait(&mut self, wakes: &Receiver<Wake<M::Input>>) -> Option<Wake<M::Input>> {
        let now = self.clock.now();
        let pause = match self.driver.may_read(now) {
            Ok(()) => {
                if let Some(link) = self.link.as_mut().filter(|link| link.reader_waits) {
                    link.read_on();
                }
                None
            }
            Err(until) => until,
        };
        let deadline = [self.driver.poll_timeout(), pause].into_iter().flatten().min();
        let patience = self.clock.span_until(deadline).min(self.write_again());
        match wakes.recv_timeout(patience) {
            Ok(wake) => Some(wake),
            Err(RecvTimeoutError::Timeout) => {
                self.driver.handle_timeout(self.clock.now());
                None
            }
            // The session holds a sender itself.
            Err(RecvTimeoutError::Disconnected) => Some(Wake::Stop),
        }
    }

    /// Bytes or the end of a link; those of an older one are nobody's.
    pub(crate) fn on_link(&mut self, number: u64, bytes: Option<&[u8]>) {
        let Some(link) = self.link.as_mut().filter(|link| link.number == number) else { return };
        match bytes {
            Some(bytes) => {
                link.reader_waits = true;
                self.driver.receive(self.clock.now(), bytes);
            }
            None => self.lost(),
        }
    }

    /// Takes a new socket; the one before is closed by its own close frame, apart from this session.
    pub(crate) fn connected(&mut self, socket: TcpStream, connection: Connection, version: Version) {
        self.links += 1;
        let link = Link::open(self.links, socket, self.wakes.clone());
        let old = self.driver.connected(self.clock.now(), connection, version);
        let old_link = std::mem::replace(&mut self.link, link);
        if let (Some(mut old), Some(old_link)) = (old, old_link) {
            linger(old_link.into_socket(), old.farewell());
        }
        if self.link.is_none() {
            self.lost();
        }
    }

    /// The network is gone.
    pub(crate) fn lost(&mut self) {
        if let Some(link) = self.link.take() {
            link.cut();
        }
        self.driver.lost(self.clock.now());
    }

    /// Says goodbye and performs what is left.
    pub(crate) fn shut_down(mut self, code: u16, reason: &str) -> (M, H) {
        self.driver.close(self.clock.now(), code, reason);
        // A machine that wants to connect again is not heard any more.
        let _ = self.settle();
        self.driver.into_parts()
    }

    fn hang_up(&mut self, mut connection: Box<Connection>) {
        if let Some(link) = self.link.take() {
            linger(link.into_socket(), connection.farewell());
        }
    }

    fn write(&mut self) {
        while let Some(link) = self.link.as_mut() {
            let pending = self.driver.pending();
            if pending.is_empty() {
                return;
            }
            match link.write(pending) {
                Ok(0) => return,
                Ok(count) => self.driver.sent(count),
                Err(_) => return self.lost(),
            }
        }
    }

    fn write_again(&self) -> Duration {
        let waits = self.link.is_some() && !self.driver.pending().is_empty();
        if waits { RETRY } else { Duration::MAX }
    }
}
