//! A toy machine with its host, a toy CSMS, and a station that is nothing but a socket.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::future::Future;
use std::net::{IpAddr, SocketAddr};

use std::time::Duration;

use pilotwire::{Action, DateTime, Event, Instant, Machine, Outbox, PowerUp, Record, Version, Write};
use pilotwire_tokio::{
    Admission, AttemptError, Authenticator, Clock, Factory, Host, Node, Server, ServerConfig, ServerHandle,
};
use pilotwire_wire::{
    Call, ClientHandshake, Connection, Deed, HandshakeError, Identity, Limits, Message, Observer, Password, Refusal,
    Upgrade,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Far beyond what anything here takes; only a test that hangs gets there.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("the test hangs")
}

/// Persists what it receives and echoes it then; does what its input says.
#[derive(Default)]
pub(crate) struct Toy {
    deadline: Option<Instant>,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) enum Do {
    Connect(Version),
    Send(String),
    Close,
    Sleep(u64),
    Tell(String),
}

impl Machine for Toy {
    type Input = Do;
    type Output = String;
    type Timer = ();

    fn handle(&mut self, now: Instant, event: Event<Do>, out: &mut Outbox<String>) {
        let output = |text: String| Action::Output(text);
        match event {
            Event::PowerUp(power_up) => out.push(output(format!("power {}", power_up.records.len()))),
            Event::Received(text) if text.starts_with("echo") => out.push(output(text)),
            Event::Received(text) => {
                out.push(Action::Persist(Write::Put(Record { key: text.clone(), value: "1".into() })));
                out.push(Action::Send(format!("echo {text}")));
            }
            Event::Timeout => {
                self.deadline = None;
                out.push(output("timeout".into()));
            }
            Event::Connected(version) => out.push(output(format!("connected {version}"))),
            Event::Disconnected => out.push(output("disconnected".into())),
            Event::PersistFailed(key) => out.push(output(format!("failed {key}"))),
            Event::Pong | Event::Clock(_) => {}
            Event::Input(Do::Connect(version)) => out.push(Action::Connect(version)),
            Event::Input(Do::Send(text)) => out.push(Action::Send(text)),
            Event::Input(Do::Tell(text)) => out.push(output(text)),
            Event::Input(Do::Close) => out.push(Action::Close),
            Event::Input(Do::Sleep(millis)) => self.deadline = Some(now + Duration::from_millis(millis)),
        }
    }

    fn poll_timeout(&self) -> Option<(Instant, ())> {
        self.deadline.map(|at| (at, ()))
    }
}

/// Tells the test what it is asked to perform. A key that contains `bad` cannot be written.
pub(crate) struct ToyHost {
    name: String,
    seen: mpsc::UnboundedSender<String>,
}

impl ToyHost {
    pub(crate) fn new(name: &str) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (seen, received) = mpsc::unbounded_channel();
        let name = name.to_owned();
        (Self { name, seen }, received)
    }

    fn tell(&self, text: &str) {
        // The test may have seen enough.
        let _ = self.seen.send(format!("{} {text}", self.name));
    }
}

impl Observer<Do, String> for ToyHost {}

impl Host<Toy> for ToyHost {
    async fn perform(&mut self, _: Instant, deeds: Vec<Deed<String>>) -> Vec<Event<Do>> {
        tokio::task::yield_now().await;
        let mut answers = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Persist(write) if write.key().contains("bad") => {
                    answers.push(Event::PersistFailed(write.key().to_owned()));
                }
                Deed::Persist(write) => self.tell(&format!("persist {}", write.key())),
                Deed::Output(text) => self.tell(&text),
            }
        }
        answers
    }

    fn attempt_failed(&mut self, _: Instant, error: &AttemptError) -> Option<Do> {
        Some(Do::Tell(format!("attempt failed: {error}")))
    }
}

pub(crate) fn node(host: ToyHost) -> Node<Toy, ToyHost> {
    Node { machine: Toy::default(), host, power_up: PowerUp::default() }
}

pub(crate) struct ToyFactory(mpsc::UnboundedSender<String>);

impl Factory for ToyFactory {
    type Machine = Toy;
    type Host = ToyHost;

    async fn open(&self, key: &str) -> Option<Node<Toy, ToyHost>> {
        tokio::task::yield_now().await;
        (!key.contains("broken")).then(|| node(ToyHost { name: key.to_owned(), seen: self.0.clone() }))
    }
}

/// Knows every station but those called `unknown`; the password is `secret` and the user the identity.
pub(crate) struct Doorkeeper;

impl Authenticator for Doorkeeper {
    async fn admit(&self, upgrade: &Upgrade, _: SocketAddr) -> Admission {
        tokio::task::yield_now().await;
        let identity = upgrade.identity().as_str();
        if identity.contains("unknown") {
            return Admission::Refuse(Refusal::NotFound);
        }
        let known = upgrade.credentials().is_some_and(|credentials| {
            credentials.user == identity && credentials.password.matches(&Password::new("secret"))
        });
        match known {
            true => Admission::Accept(identity.to_owned()),
            false => Admission::Refuse(Refusal::Unauthorized),
        }
    }
}

pub(crate) struct Csms {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle<ToyFactory>,
    pub(crate) seen: mpsc::UnboundedReceiver<String>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Csms {
    pub(crate) async fn start(config: ServerConfig) -> Self {
        let (sender, seen) = mpsc::unbounded_channel();
        let clock = Clock::starting_at(DateTime::UNIX_EPOCH, 1);
        let server = Server::new(Doorkeeper, ToyFactory(sender), config, clock);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let handle = server.handle();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.serve([listener.into()], async {
            let _ = stopped.await;
        }));
        Self { address, handle, seen, stop: Some(stop), task }
    }

    pub(crate) async fn next(&mut self) -> String {
        soon(self.seen.recv()).await.unwrap()
    }

    /// The next things that machines wanted done.
    pub(crate) async fn expect(&mut self, expected: &[&str]) {
        for line in expected {
            assert_eq!(self.next().await, *line);
        }
    }

    pub(crate) async fn shut_down(mut self) -> mpsc::UnboundedReceiver<String> {
        drop(self.stop.take());
        soon(self.task).await.unwrap();
        self.seen
    }
}

/// A station's end of a WebSocket.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    pub(crate) connection: Connection,
}

impl Peer {
    pub(crate) async fn dial(address: SocketAddr, identity: &str, password: &str) -> Result<Self, HandshakeError> {
        Self::dial_from([127, 0, 0, 1].into(), address, identity, password).await
    }

    pub(crate) async fn dial_from(
        from: IpAddr,
        address: SocketAddr,
        identity: &str,
        password: &str,
    ) -> Result<Self, HandshakeError> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let mut stream = soon(socket.connect(address)).await.unwrap();
        let call = Call {
            endpoint: format!("ws://{address}/ocpp").parse().unwrap(),
            identity: Identity::new(identity).unwrap(),
            version: Version::V21,
            password: (!password.is_empty()).then(|| Password::new(password)),
            tls: None,
        };
        let mut handshake = ClientHandshake::new(Instant::ZERO, &call, [3; 16], Limits::default())?;
        stream.write_all(handshake.pending()).await.unwrap();
        loop {
            let mut byte = [0; 1];
            match soon(stream.read(&mut byte)).await {
                Ok(1) => {}
                other => panic!("the server hung up in the handshake: {other:?}"),
            }
            if let Some(connection) = handshake.receive(&byte)? {
                return Ok(Self { stream, connection });
            }
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.connection.send(text.to_owned()).unwrap();
        self.flush().await;
    }

    pub(crate) async fn flush(&mut self) {
        self.stream.write_all(self.connection.pending()).await.unwrap();
        self.connection.sent(self.connection.pending().len());
    }

    /// The next message; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.connection.poll_message() {
                return Some(message);
            }
            let mut chunk = [0; 1000];
            match soon(self.stream.read(&mut chunk)).await.unwrap() {
                0 => return None,
                count => self.connection.receive(&chunk[..count]),
            }
        }
    }

    pub(crate) async fn expect_text(&mut self, expected: &str) {
        assert_eq!(self.next().await, Some(Message::Text(expected.into())));
    }

    pub(crate) async fn expect_close(&mut self, expected: u16) {
        match self.next().await {
            Some(Message::Closed(closed)) if closed.by_peer => assert_eq!(closed.code, Some(expected)),
            other => panic!("{other:?}"),
        }
        // The answer may find the socket closed already.
        let _ = self.stream.write_all(self.connection.pending()).await;
    }
}

/// Sends raw bytes and returns all that comes back until the server hangs up.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub(crate) fn config() -> ServerConfig {
    ServerConfig::default()
}
