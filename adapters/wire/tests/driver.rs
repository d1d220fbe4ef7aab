//! The driver around a toy machine.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use core::time::Duration;

use pilotwire::{Action, DateTime, Event, Instant, Machine, Outbox, PowerUp, Record, Version, Write};
use pilotwire_wire::{
    Call, ClientHandshake, Connection, Deed, Driver, Effect, Identity, Limits, LinkEnd, Message, Observer,
    ServerHandshake, close_code,
};

/// Does what its input says, persists each text before it echoes it, and reports the rest.
#[derive(Default)]
struct Toy {
    deadline: Option<Instant>,
}

type Do = Vec<ToyAction>;

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum ToyAction {
    Persist(String),
    Output(String),
    Connect,
    Send(String),
    Ping,
    Close,
    Deadline(u64),
}

impl Machine for Toy {
    type Input = Do;
    type Output = String;
    type Timer = ();

    fn handle(&mut self, _: Instant, event: Event<Do>, out: &mut Outbox<String>) {
        match event {
            Event::Received(text) => {
                out.push(Action::Persist(put(&text)));
                out.push(Action::Send(format!("echo {text}")));
            }
            Event::Input(actions) => actions.into_iter().for_each(|action| self.act(action, out)),
            Event::Timeout => {
                self.deadline = None;
                out.push(Action::Output("timeout".into()));
            }
            Event::Connected(version) => out.push(Action::Output(format!("connected {version}"))),
            Event::Disconnected => out.push(Action::Output("disconnected".into())),
            Event::Pong => out.push(Action::Output("pong".into())),
            Event::PowerUp(_) => out.push(Action::Output("power".into())),
            Event::Clock(_) | Event::PersistFailed(_) => {}
        }
    }

    fn poll_timeout(&self) -> Option<(Instant, ())> {
        self.deadline.map(|at| (at, ()))
    }
}

impl Toy {
    fn act(&mut self, action: ToyAction, out: &mut Outbox<String>) {
        out.push(match action {
            ToyAction::Persist(key) => Action::Persist(put(&key)),
            ToyAction::Output(text) => Action::Output(text),
            ToyAction::Connect => Action::Connect(Version::V21),
            ToyAction::Send(text) => Action::Send(text),
            ToyAction::Ping => Action::Ping,
            ToyAction::Close => Action::Close,
            ToyAction::Deadline(at) => return self.deadline = Some(Instant::from_millis(at)),
        });
    }
}

fn put(key: &str) -> Write {
    Write::Put(Record { key: key.into(), value: "1".into() })
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn send(text: &str) -> ToyAction {
    ToyAction::Send(text.into())
}

const T: Instant = Instant::ZERO;

fn pair(limits: Limits) -> (Connection, Connection) {
    let call = Call {
        endpoint: "ws://127.0.0.1:9000".parse().unwrap(),
        identity: Identity::new("CS1").unwrap(),
        version: Version::V21,
        password: None,
        tls: None,
    };
    let mut client = ClientHandshake::new(T, &call, [7; 16], limits).unwrap();
    let request = client.pending().to_vec();
    client.sent(request.len());
    let upgrade = ServerHandshake::new(T, limits).receive(&request);
    let mut server = upgrade.unwrap().unwrap().accept(Version::V21);
    let client = client.receive(server.pending()).unwrap().unwrap();
    let count = server.pending().len();
    server.sent(count);
    (client, server)
}

/// A driver with an open connection, and the other end of it.
fn connected(limits: Limits) -> (Driver<Toy>, Connection) {
    let mut driver = Driver::new(Toy::default(), ());
    let (peer, ours) = pair(limits);
    assert!(driver.connected(T, ours, Version::V21).is_none());
    assert_eq!(effects(&mut driver), ["connected 2.1"]);
    (driver, peer)
}

/// Takes and performs all effects.
fn effects<J: Observer<Do, String>>(driver: &mut Driver<Toy, J>) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let before = seen.len();
        while let Some(effect) = driver.next_effect(T) {
            seen.push(match effect {
                Effect::Deed(Deed::Persist(write)) => format!("persist {}", write.key()),
                Effect::Deed(Deed::Output(text)) => text,
                Effect::Connect(version) => format!("connect {version}"),
                Effect::Disconnect(_) => "hang up".into(),
            });
        }
        if seen.len() == before {
            return seen;
        }
        driver.performed();
    }
}

fn read(driver: &mut Driver<Toy>, peer: &mut Connection) -> Vec<Message> {
    peer.receive(driver.pending());
    driver.sent(driver.pending().len());
    std::iter::from_fn(|| peer.poll_message()).collect()
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

/// C-7: what could not be kept is not acknowledged; everything else goes on.
#[test]
fn a_failed_write_takes_back_the_frames_behind_it_and_nothing_else() {
    let (mut driver, mut peer) = connected(Limits::default());
    let write = |key: &str, text: &str| vec![ToyAction::Persist(key.into()), send(text), ToyAction::Output(key.into())];
    driver.handle(T, Event::Input(write("lost", "1")));
    driver.handle(T, Event::Input(write("kept", "2")));
    assert!(matches!(driver.next_effect(T), Some(Effect::Deed(Deed::Persist(write))) if write.key() == "lost"));
    assert!(driver.next_effect(T).is_none());
    driver.performed();
    driver.handle(T, Event::PersistFailed("lost".into()));
    assert_eq!(effects(&mut driver), ["lost", "persist kept", "kept"]);
    assert_eq!(read(&mut driver, &mut peer), [text("2")]);
}

#[test]
fn no_byte_is_pending_before_what_stands_before_it_is_durable() {
    let (mut driver, mut peer) = connected(Limits::default());
    let actions = vec![
        ToyAction::Persist("a".into()),
        ToyAction::Persist("b".into()),
        send("1"),
        ToyAction::Output("deed".into()),
        ToyAction::Ping,
        ToyAction::Persist("c".into()),
        ToyAction::Close,
    ];
    driver.handle(T, Event::Input(actions));
    for key in ["a", "b"] {
        assert!(matches!(driver.next_effect(T), Some(Effect::Deed(Deed::Persist(write))) if write.key() == key));
        assert_eq!(driver.pending(), b"");
    }
    assert!(driver.next_effect(T).is_none());
    assert_eq!(driver.pending(), b"");
    driver.performed();
    assert!(matches!(driver.next_effect(T), Some(Effect::Deed(Deed::Output(_)))));
    assert_eq!(read(&mut driver, &mut peer), [text("1")]);
    assert!(driver.next_effect(T).is_none());
    assert_eq!(driver.pending(), b"");
    driver.performed();
    assert!(matches!(driver.next_effect(T), Some(Effect::Deed(Deed::Persist(_)))));
    assert_eq!(driver.pending().len(), 2, "the ping alone");
    assert!(driver.next_effect(T).is_none());
    assert_eq!(read(&mut driver, &mut peer), []);
    driver.performed();
    assert!(driver.next_effect(T).is_none());
    assert!(matches!(read(&mut driver, &mut peer)[..], [Message::Closed(_)]));
}

#[test]
fn an_event_that_comes_while_a_write_is_under_way_does_not_overtake_it() {
    let (mut driver, mut peer) = connected(Limits::default());
    peer.send("one".into()).unwrap();
    driver.receive(T, peer.pending());
    assert!(matches!(driver.next_effect(T), Some(Effect::Deed(Deed::Persist(_)))));
    driver.handle(T, Event::Input(vec![send("two")]));
    assert!(driver.next_effect(T).is_none());
    assert_eq!(driver.pending(), b"");
    driver.performed();
    assert!(driver.next_effect(T).is_none());
    assert_eq!(read(&mut driver, &mut peer), [text("echo one"), text("two")]);
}

#[test]
fn a_newer_connection_takes_over_and_gets_no_byte_that_was_meant_for_the_old_one() {
    let (mut driver, mut old_peer) = connected(Limits::default());
    driver.handle(T, Event::Input(vec![send("sent"), ToyAction::Persist("k".into()), send("void")]));
    assert!(driver.next_effect(T).is_some());
    let (mut new_peer, ours) = pair(Limits::default());
    let old = driver.connected(T, ours, Version::V16).unwrap();
    driver.performed();
    assert_eq!(effects(&mut driver), ["disconnected", "connected 1.6"]);
    driver.handle(T, Event::Input(vec![send("new")]));
    assert_eq!(effects(&mut driver), [""; 0]);
    assert_eq!(read(&mut driver, &mut new_peer), [text("new")]);

    old_peer.receive(old.pending());
    assert_eq!(old_peer.poll_message(), Some(text("sent")));
    assert!(
        matches!(old_peer.poll_message(), Some(Message::Closed(closed)) if closed.code == Some(close_code::REPLACED))
    );
    assert!(driver.is_connected());
}

#[test]
fn what_was_meant_for_a_lost_connection_is_not_sent_over_the_next() {
    let (mut driver, _) = connected(Limits::default());
    driver.handle(T, Event::Input(vec![ToyAction::Persist("k".into()), send("void"), ToyAction::Close]));
    assert!(driver.next_effect(T).is_some());
    driver.lost(T);
    driver.lost(T);
    let (mut peer, ours) = pair(Limits::default());
    assert!(driver.connected(T, ours, Version::V21).is_none());
    driver.performed();
    assert_eq!(effects(&mut driver), ["disconnected", "connected 2.1"]);
    assert_eq!(read(&mut driver, &mut peer), []);
    assert!(driver.is_connected());
}

#[test]
fn the_machine_is_asked_for_a_connection_only_by_itself_and_hears_of_a_failed_attempt_once() {
    let mut driver = Driver::new(Toy::default(), ());
    driver.handle(T, Event::Input(vec![ToyAction::Connect, ToyAction::Connect]));
    assert_eq!(effects(&mut driver), ["connect 2.1"]);
    assert!(driver.is_connecting());
    driver.lost(T);
    driver.lost(T);
    assert_eq!(effects(&mut driver), ["disconnected"]);
    driver.handle(T, Event::Input(vec![ToyAction::Connect, ToyAction::Close]));
    assert_eq!(effects(&mut driver), ["connect 2.1", "disconnected"]);
    assert!(!driver.is_connecting());
}

#[test]
fn a_close_that_nobody_answers_ends_at_its_deadline() {
    let (mut driver, _) = connected(Limits::default());
    driver.handle(T, Event::Input(vec![ToyAction::Close]));
    assert_eq!(effects(&mut driver), [""; 0]);
    assert_eq!(driver.poll_timeout(), Some(at(5_000)));
    driver.handle_timeout(at(4_999));
    assert!(driver.is_connected());
    driver.handle_timeout(at(5_000));
    assert_eq!(effects(&mut driver), ["hang up", "disconnected"]);
    assert_eq!(driver.poll_timeout(), None);
}

#[test]
fn a_close_that_is_answered_hangs_up_and_is_told_once() {
    let (mut driver, mut peer) = connected(Limits::default());
    driver.handle(T, Event::Input(vec![ToyAction::Close]));
    assert_eq!(effects(&mut driver), [""; 0]);
    assert!(matches!(read(&mut driver, &mut peer)[..], [Message::Closed(_)]));
    driver.receive(T, peer.pending());
    assert_eq!(effects(&mut driver), ["hang up", "disconnected"]);
    driver.lost(T);
    assert_eq!(effects(&mut driver), [""; 0]);
}

#[test]
fn deadlines_of_the_machine_are_told_when_they_have_come() {
    let mut driver = Driver::new(Toy::default(), ());
    driver.handle(T, Event::Input(vec![ToyAction::Deadline(70)]));
    assert_eq!(driver.poll_timeout(), Some(at(70)));
    driver.handle_timeout(at(69));
    assert_eq!(effects(&mut driver), [""; 0]);
    driver.handle_timeout(at(70));
    assert_eq!(effects(&mut driver), ["timeout"]);
}

#[test]
fn power_cuts_the_connection_and_forgets_what_was_not_done() {
    let (mut driver, mut peer) = connected(Limits::default());
    driver.handle(T, Event::Input(vec![send("gone"), ToyAction::Output("gone".into())]));
    driver.handle(T, Event::PowerUp(PowerUp::default()));
    assert_eq!(effects(&mut driver), ["hang up", "power"]);
    assert_eq!(read(&mut driver, &mut peer), []);
    assert!(!driver.is_connected());
}

#[test]
fn a_peer_that_does_not_read_is_first_not_read_and_then_cut_off() {
    let limits = Limits { unsent_bytes: 10_000, ..Limits::default() };
    let (mut driver, _) = connected(limits);
    let kilobyte = || Event::Input(vec![send(&"x".repeat(1000))]);
    assert_eq!(driver.may_read(T), Ok(()));
    (0..5).for_each(|_| driver.handle(T, kilobyte()));
    assert_eq!(effects(&mut driver), [""; 0]);
    assert_eq!(driver.may_read(T), Err(None));
    (0..5).for_each(|_| driver.handle(T, kilobyte()));
    assert_eq!(effects(&mut driver), ["hang up", "disconnected"]);
}

#[test]
fn a_peer_that_floods_is_read_more_slowly_and_loses_nothing() {
    let limits = Limits { frames_per_s: 10, frame_burst: 2, ..Limits::default() };
    let (mut driver, mut peer) = connected(limits);
    for n in 0..5 {
        peer.send(n.to_string()).unwrap();
    }
    driver.receive(T, peer.pending());
    // Three more than there was room for, and one to go on with.
    assert_eq!(driver.may_read(T), Err(Some(at(400))));
    assert_eq!(driver.may_read(at(399)), Err(Some(at(400))));
    assert_eq!(driver.may_read(at(400)), Ok(()));
    assert_eq!(effects(&mut driver).len(), 5);
}

#[test]
fn a_pong_is_told() {
    let (mut driver, mut peer) = connected(Limits::default());
    driver.handle(T, Event::Input(vec![ToyAction::Ping]));
    assert_eq!(effects(&mut driver), [""; 0]);
    assert_eq!(read(&mut driver, &mut peer), []);
    driver.receive(T, peer.pending());
    assert_eq!(effects(&mut driver), ["pong"]);
}

#[derive(Default)]
struct Journal(Vec<String>);

impl Observer<Do, String> for Journal {
    fn before(&mut self, now: Instant, event: &Event<Do>) {
        self.0.push(format!("{now} {event:?}"));
    }

    fn after(&mut self, _: Instant, actions: &[Action<String>]) {
        self.0.push(format!("{} actions", actions.len()));
    }

    fn link_ended(&mut self, _: Instant, end: &LinkEnd) {
        self.0.push(format!("{end:?}"));
    }
}

#[test]
fn a_journal_sees_every_event_before_and_every_action_after_the_machine() {
    let mut driver = Driver::new(Toy::default(), Journal::default());
    driver.handle(at(1), Event::Clock(DateTime::UNIX_EPOCH));
    let (_, ours) = pair(Limits::default());
    assert!(driver.connected(at(1) + Duration::from_secs(1), ours, Version::V21).is_none());
    driver.lost(at(2_000));
    let (_, journal) = driver.into_parts();
    let (first, rest) = journal.0.split_first().unwrap();
    assert!(first.starts_with("0.001s Clock("), "{first}");
    let expected = ["0 actions", "1.001s Connected(V21)", "1 actions", "Lost", "2.000s Disconnected", "1 actions"];
    assert_eq!(rest, expected);
}
