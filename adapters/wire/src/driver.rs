//! The loop around a machine that all runtimes share.

use std::collections::VecDeque;

use pilotwire::{Action, Event, Instant, Machine, Outbox, Version, Write};

use crate::connection::{Closed, Connection, Message, SendError, close_code};
use crate::pace::Pace;

/// Sees all that goes into a machine and all that comes out of it: a journal. Every method does nothing unless it is
/// overridden; `()` is the observer that sees nothing.
pub trait Observer<I, O> {
    /// The machine is about to take this event.
    fn before(&mut self, now: Instant, event: &Event<I>) {
        let _ = (now, event);
    }

    /// The machine took the event, and wants these actions done, in order. None of them is done yet.
    fn after(&mut self, now: Instant, actions: &[Action<O>]) {
        let _ = (now, actions);
    }

    /// A WebSocket ended, and why. For people and counters: the machine learns of it by [`Event::Disconnected`].
    fn link_ended(&mut self, now: Instant, end: &LinkEnd) {
        let _ = (now, end);
    }
}

impl<I, O> Observer<I, O> for () {}

/// Why a WebSocket ended, or an attempt to open one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkEnd {
    /// A close frame was exchanged, or we closed because of what the peer sent.
    #[error("{0}")]
    Closed(#[from] Closed),
    /// The socket broke or ended without a close frame, or the attempt failed. The environment's fault.
    #[error("the connection was lost, or could not be opened")]
    Lost,
    /// The machine closed, and the peer did not answer within [`Limits::closing`](crate::Limits::closing).
    #[error("the peer did not answer our close frame in time")]
    CloseUnanswered,
    /// [`Limits::unsent_bytes`](crate::Limits::unsent_bytes) was hit.
    #[error("the peer did not take what was sent to it")]
    PeerTooSlow,
    /// A newer connection took over.
    #[error("a newer connection of the same station took over")]
    Replaced,
    /// The machine was powered up anew.
    #[error("the machine was powered up anew")]
    PowerUp,
}

/// What the host has to do, outside of the network.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed<O> {
    /// Make this durable before the next deed that is no `Persist`.
    Persist(Write),
    /// Do or report this.
    Output(O),
}

/// What the runtime has to do.
#[derive(Debug)]
pub enum Effect<O> {
    /// Let the host do this, and call [`Driver::performed`] when it and all deeds before it are done.
    Deed(Deed<O>),
    /// Open a connection to the CSMS and hand it to [`Driver::connected`], or call [`Driver::lost`].
    Connect(Version),
    /// Write what is [pending](Connection::pending) in this connection, for as long as you care, and hang up. The driver
    /// has forgotten it already: whatever becomes of its socket concerns nobody.
    Disconnect(Box<Connection>),
}

/// Owns a machine, its outbox and its WebSocket, and does what a runtime would otherwise do by itself, and wrongly once.
///
/// Inputs: [`handle`](Self::handle), [`receive`](Self::receive), [`connected`](Self::connected), [`lost`](Self::lost) and
/// [`handle_timeout`](Self::handle_timeout). After each of them take [`next_effect`](Self::next_effect) until there is
/// none, write [`pending`](Self::pending), and sleep until [`poll_timeout`](Self::poll_timeout).
///
/// The durability contract of [`Action`] holds by construction: while a deed that was handed out is not
/// [`performed`](Self::performed), no effect of the network behind it is handed out and no byte of it becomes pending.
#[derive(Debug)]
pub struct Driver<M: Machine, J = ()> {
    machine: M,
    observer: J,
    /// What is to be performed, the oldest outbox first. Empty between events: what a quiet station would keep is cold, and
    /// what was freed a moment ago is not.
    current: Batch<M::Output>,
    /// Outboxes of events that came before the current one was performed.
    later: VecDeque<Batch<M::Output>>,
    hung_up: VecDeque<Box<Connection>>,
    unconfirmed: usize,
    link: Link,
    /// Counts links, so that what was meant for one is never sent over the next.
    epoch: u32,
    /// Counts events, so that what stands behind a write of the same outbox is known.
    step: u32,
    /// The writes of the run of deeds that was handed out last: whose they are, and their keys.
    written: Vec<(u32, String)>,
}

/// The actions of one event.
#[derive(Debug)]
struct Batch<O> {
    epoch: u32,
    step: u32,
    actions: VecDeque<Action<O>>,
}

impl<O> Default for Batch<O> {
    fn default() -> Self {
        Self { epoch: 0, step: 0, actions: VecDeque::new() }
    }
}

#[derive(Debug)]
enum Link {
    Down,
    /// The machine asked for a connection and waits for the answer.
    Connecting,
    Up {
        connection: Box<Connection>,
        pace: Pace,
        closing_until: Option<Instant>,
    },
}

impl<M: Machine, J: Observer<M::Input, M::Output>> Driver<M, J> {
    /// A driver for a machine that has not been powered up: that is the first event to [`handle`](Self::handle).
    pub fn new(machine: M, observer: J) -> Self {
        Self {
            machine,
            observer,
            current: Batch::default(),
            later: VecDeque::new(),
            hung_up: VecDeque::new(),
            unconfirmed: 0,
            link: Link::Down,
            epoch: 0,
            step: 0,
            written: Vec::new(),
        }
    }

    /// Tells the machine of an event that does not come from the network: power, clock, inputs, failed writes.
    ///
    /// [`Event::PowerUp`] cuts the connection and forgets every action that was not taken yet, as losing power does.
    ///
    /// [`Event::PersistFailed`] takes back the frames that stand behind the write in its outbox: what could not be kept is
    /// not acknowledged. Tell it before the next effect is taken. Of two writes to one key in the same run nobody can tell
    /// which failed: the frames behind both are taken back.
    pub fn handle(&mut self, now: Instant, event: Event<M::Input>) {
        if let Event::PersistFailed(key) = &event {
            self.take_back(key);
        }
        if matches!(event, Event::PowerUp(_)) {
            self.current = Batch::default();
            self.later = VecDeque::new();
            self.unconfirmed = 0;
            if let Some(mut old) = self.take_link(now, &LinkEnd::PowerUp) {
                old.abandon();
                self.hung_up.push_back(old);
            }
        }
        self.tell(now, event);
    }

    /// A WebSocket is open, and this version was negotiated.
    ///
    /// An older connection, if there is still one, is returned with a close frame of code [`close_code::REPLACED`] in it:
    /// write what is pending in it, for as long as you care, and hang up. The machine was told
    /// [`Disconnected`](Event::Disconnected) first, and nothing that was meant for the old connection goes to the new one.
    #[must_use = "the old connection is still open"]
    pub fn connected(&mut self, now: Instant, connection: Connection, version: Version) -> Option<Box<Connection>> {
        let mut old = self.take_link(now, &LinkEnd::Replaced);
        if let Some(old) = &mut old {
            old.close(close_code::REPLACED, "a newer connection of this station took over");
            self.tell(now, Event::Disconnected);
        }
        self.epoch = self.epoch.wrapping_add(1);
        self.link = Link::Up {
            pace: Pace::new(now, connection.limits()),
            connection: Box::new(connection),
            closing_until: None,
        };
        self.tell(now, Event::Connected(version));
        self.receive(now, &[]);
        old
    }

    /// The socket of the current connection is gone, or the attempt to open one failed.
    pub fn lost(&mut self, now: Instant) {
        if matches!(self.link, Link::Down) {
            return;
        }
        drop(self.take_link(now, &LinkEnd::Lost));
        self.tell(now, Event::Disconnected);
    }

    /// Bytes arrived on the current connection.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        let Link::Up { connection, pace, .. } = &mut self.link else {
            return;
        };
        let before = connection.frames_seen();
        connection.receive(bytes);
        pace.spend(now, connection.frames_seen() - before);
        while let Link::Up { connection, .. } = &mut self.link {
            match connection.poll_message() {
                None => return,
                Some(Message::Text(text)) => self.tell(now, Event::Received(text)),
                Some(Message::Pong) => self.tell(now, Event::Pong),
                Some(Message::Closed(closed)) => self.hang_up(now, &LinkEnd::Closed(closed)),
            }
        }
    }

    /// The deadline of [`poll_timeout`](Self::poll_timeout) has come. Too early is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Link::Up { closing_until: Some(until), .. } = self.link
            && until <= now
        {
            self.hang_up(now, &LinkEnd::CloseUnanswered);
        }
        if self.machine.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.tell(now, Event::Timeout);
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest. May change with every input and with every
    /// effect that was taken.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let machine = self.machine.poll_timeout().map(|(at, _)| at);
        let closing = match self.link {
            Link::Up { closing_until, .. } => closing_until,
            Link::Down | Link::Connecting => None,
        };
        [machine, closing].into_iter().flatten().min()
    }

    /// The next thing to do. `None`: nothing now, or nothing until [`performed`](Self::performed) is called.
    pub fn next_effect(&mut self, now: Instant) -> Option<Effect<M::Output>> {
        loop {
            if let Some(connection) = self.hung_up.pop_front() {
                return Some(Effect::Disconnect(connection));
            }
            let Some(next) = self.current.actions.front() else {
                self.current = Batch::default();
                match self.later.pop_front() {
                    Some(next) => self.current = next,
                    None => {
                        self.later = VecDeque::new();
                        return None;
                    }
                }
                continue;
            };
            let deed = matches!(next, Action::Persist(_) | Action::Output(_));
            if !deed && self.unconfirmed > 0 {
                return None;
            }
            let action = self.current.actions.pop_front()?;
            let (epoch, step) = (self.current.epoch, self.current.step);
            if let Action::Persist(write) = &action {
                if self.unconfirmed == 0 {
                    self.written.clear();
                }
                self.written.push((step, write.key().to_owned()));
            }
            if let Some(effect) = self.perform(now, epoch, action) {
                return Some(effect);
            }
        }
    }

    /// All deeds that were handed out are done, and what they were to make durable is durable (or its failure was told).
    pub fn performed(&mut self) {
        self.unconfirmed = 0;
    }

    /// Bytes to write to the socket of the current connection.
    pub fn pending(&self) -> &[u8] {
        match &self.link {
            Link::Up { connection, .. } => connection.pending(),
            Link::Down | Link::Connecting => &[],
        }
    }

    /// The first `count` bytes of [`pending`](Self::pending) are written.
    pub fn sent(&mut self, count: usize) {
        if let Link::Up { connection, .. } = &mut self.link {
            connection.sent(count);
        }
    }

    /// Whether to read from the socket now: `Ok`, or not before this instant, or (`None`) not before more of what is
    /// pending is written. So a peer that floods, or does not read, is slowed down by its own socket.
    ///
    /// # Errors
    /// Reading has to pause.
    pub fn may_read(&self, now: Instant) -> Result<(), Option<Instant>> {
        match &self.link {
            Link::Up { connection, .. } if connection.is_clogged() => Err(None),
            Link::Up { pace, .. } => pace.pause_until(now).map_or(Ok(()), |until| Err(Some(until))),
            Link::Down | Link::Connecting => Err(None),
        }
    }

    /// Whether a connection is open.
    pub const fn is_connected(&self) -> bool {
        matches!(self.link, Link::Up { .. })
    }

    /// Whether the machine still waits for the connection that [`Effect::Connect`] asked for. If not, drop the attempt.
    pub const fn is_connecting(&self) -> bool {
        matches!(self.link, Link::Connecting)
    }

    /// Ends the connection from outside (shutdown), and tells the machine. The connection comes out as
    /// [`Effect::Disconnect`], with this close frame in it.
    pub fn close(&mut self, now: Instant, code: u16, reason: &str) {
        if let Link::Up { connection, .. } = &mut self.link {
            connection.close(code, reason);
            self.hang_up(now, &LinkEnd::Closed(Closed { code: Some(code), reason: reason.to_owned(), by_peer: false }));
        }
    }

    /// The machine, for looking at it.
    pub const fn machine(&self) -> &M {
        &self.machine
    }

    /// The observer; where it is the host too, the one to perform deeds.
    pub const fn observer_mut(&mut self) -> &mut J {
        &mut self.observer
    }

    /// Gives machine and observer back.
    pub fn into_parts(self) -> (M, J) {
        (self.machine, self.observer)
    }

    fn tell(&mut self, now: Instant, event: Event<M::Input>) {
        let mut outbox = Outbox::new();
        self.observer.before(now, &event);
        self.machine.handle(now, event, &mut outbox);
        self.observer.after(now, outbox.as_slice());
        self.step = self.step.wrapping_add(1);
        let batch = Batch { epoch: self.epoch, step: self.step, actions: outbox.into_actions().into() };
        if self.current.actions.is_empty() && self.later.is_empty() {
            self.current = batch;
        } else if !batch.actions.is_empty() {
            self.later.push_back(batch);
        }
    }

    /// Leaves out the frames of the outboxes in which this key was written.
    fn take_back(&mut self, key: &str) {
        let failed = self.written.iter().filter(|(_, written)| written == key);
        let steps: Vec<u32> = failed.map(|(step, _)| *step).collect();
        let batches = self.later.iter_mut().chain([&mut self.current]);
        for batch in batches.filter(|batch| steps.contains(&batch.step)) {
            batch.actions.retain(|action| !matches!(action, Action::Send(_)));
        }
    }

    fn perform(&mut self, now: Instant, epoch: u32, action: Action<M::Output>) -> Option<Effect<M::Output>> {
        match action {
            Action::Persist(write) => Some(self.deed(Deed::Persist(write))),
            Action::Output(output) => Some(self.deed(Deed::Output(output))),
            // What an older link was asked to do is void: the machine was told that it is gone.
            _ if epoch != self.epoch => None,
            Action::Connect(version) => self.connect(version),
            Action::Send(text) => {
                self.send(now, text);
                None
            }
            Action::Ping => {
                if let Link::Up { connection, .. } = &mut self.link {
                    connection.ping();
                }
                None
            }
            Action::Close => {
                self.start_closing(now);
                None
            }
        }
    }

    fn deed(&mut self, deed: Deed<M::Output>) -> Effect<M::Output> {
        self.unconfirmed += 1;
        Effect::Deed(deed)
    }

    fn connect(&mut self, version: Version) -> Option<Effect<M::Output>> {
        if !matches!(self.link, Link::Down) {
            return None;
        }
        self.link = Link::Connecting;
        Some(Effect::Connect(version))
    }

    fn send(&mut self, now: Instant, text: String) {
        if let Link::Up { connection, .. } = &mut self.link
            && connection.send(text) == Err(SendError::PeerTooSlow)
        {
            self.hang_up(now, &LinkEnd::PeerTooSlow);
        }
    }

    fn start_closing(&mut self, now: Instant) {
        match &mut self.link {
            Link::Up { connection, closing_until, .. } => {
                connection.close(close_code::NORMAL, "");
                let until = now + connection.limits().closing;
                closing_until.get_or_insert(until);
            }
            // The attempt is abandoned: when it comes to something after all, `connected` would find nobody waiting.
            Link::Connecting => self.lost(now),
            Link::Down => {}
        }
    }

    fn hang_up(&mut self, now: Instant, end: &LinkEnd) {
        if let Some(connection) = self.take_link(now, end) {
            self.hung_up.push_back(connection);
            self.tell(now, Event::Disconnected);
        }
    }

    /// Ends the link for everything that is queued, too.
    fn take_link(&mut self, now: Instant, end: &LinkEnd) -> Option<Box<Connection>> {
        let link = std::mem::replace(&mut self.link, Link::Down);
        if matches!(link, Link::Down) {
            return None;
        }
        self.epoch = self.epoch.wrapping_add(1);
        match link {
            Link::Up { connection, .. } => {
                self.observer.link_ended(now, end);
                Some(connection)
            }
            Link::Connecting | Link::Down => None,
        }
    }
}
