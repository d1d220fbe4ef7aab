//! A CSMS on free loopback ports, and stations that are nothing but sockets.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use csms_lite::{Options, Running, serve};
use pilotwire::{Instant, Version};
use pilotwire_wire::{Call, ClientHandshake, Connection, HandshakeError, Identity, Limits, Message, Password};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far beyond what anything here takes; only a test that hangs gets there.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("the test hangs")
}

pub(crate) async fn start(data: &Path) -> Running {
    let options = Options { seed: Some(7), ..Options::new(data) };
    serve(options).await.unwrap()
}

pub(crate) async fn start_insecure(data: &Path) -> Running {
    let options = Options { insecure: true, ..Options::new(data) };
    serve(options).await.unwrap()
}

/// A request of the HTTP API: status and body.
pub(crate) async fn http(csms: &Running, method: &str, path: &str, body: &str) -> (u16, Value) {
    request(csms.http, method, path, body).await
}

pub(crate) async fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw(address, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

pub(crate) async fn get(csms: &Running, path: &str) -> Value {
    get_from(csms.http, path).await
}

pub(crate) async fn get_from(address: SocketAddr, path: &str) -> Value {
    let (status, body) = request(address, "GET", path, "").await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Sends raw bytes and returns all that comes back until the server hangs up.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// A TransactionEvent of transaction T-1 of 2.0.1.
pub(crate) fn event(kind: &str, seq_no: i32, at: &str, wh: u32, token: Option<&str>) -> Value {
    let mut event = json!({
        "eventType": kind,
        "seqNo": seq_no,
        "timestamp": at,
        "triggerReason": "Authorized",
        "transactionInfo": { "transactionId": "T-1" },
        "evse": { "id": 1, "connectorId": 1 },
        "meterValue": [{ "timestamp": at, "sampledValue": [{
            "value": wh,
            "context": match kind { "Started" => "Transaction.Begin", "Ended" => "Transaction.End", _ => "Sample.Periodic" },
        }] }],
    });
    if let Some(token) = token {
        event["idToken"] = json!({ "idToken": token, "type": "ISO14443" });
    }
    event
}

/// A station's end of a WebSocket.
pub(crate) struct Peer {
    stream: TcpStream,
    connection: Connection,
    calls: u32,
}

impl Peer {
    pub(crate) async fn dial(
        address: SocketAddr,
        identity: &str,
        version: Version,
        password: &str,
    ) -> Result<Self, HandshakeError> {
        let call = Call {
            endpoint: format!("ws://{address}/any/path").parse().unwrap(),
            identity: Identity::new(identity).unwrap(),
            version,
            password: (!password.is_empty()).then(|| Password::new(password)),
            tls: None,
        };
        Self::call_up(address, &call).await
    }

    /// By TLS or without.
    pub(crate) async fn call_up(address: SocketAddr, call: &Call) -> Result<Self, HandshakeError> {
        let mut stream = soon(TcpStream::connect(address)).await.unwrap();
        let mut handshake = ClientHandshake::new(Instant::ZERO, call, [3; 16], Limits::default())?;
        loop {
            let count = handshake.pending().len();
            stream.write_all(handshake.pending()).await.unwrap();
            handshake.sent(count);
            let mut chunk = [0; 1_000];
            let count = match soon(stream.read(&mut chunk)).await {
                Ok(count) if count > 0 => count,
                other => panic!("the server hung up in the handshake: {other:?}"),
            };
            if let Some(connection) = handshake.receive(&chunk[..count])? {
                return Ok(Self { stream, connection, calls: 0 });
            }
        }
    }

    /// Connects to a CSMS that lets everyone in, and boots.
    pub(crate) async fn booted(csms: &Running, identity: &str, version: Version) -> Self {
        let mut peer = Self::dial(csms.ocpp, identity, version, "").await.unwrap();
        let answer = peer.boot(version).await;
        assert_eq!(answer["status"], "Accepted");
        peer
    }

    pub(crate) async fn boot(&mut self, version: Version) -> Value {
        let payload = match version {
            Version::V16 => json!({ "chargePointVendor": "Wire", "chargePointModel": "One" }),
            _ => json!({ "reason": "PowerUp", "chargingStation": { "vendorName": "Wire", "model": "One" } }),
        };
        self.call("BootNotification", payload).await
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.connection.send(text.to_owned()).unwrap();
        self.flush().await;
    }

    async fn flush(&mut self) {
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
            match soon(self.stream.read(&mut chunk)).await {
                Ok(count) if count > 0 => self.connection.receive(&chunk[..count]),
                _ => return None,
            }
        }
    }

    pub(crate) async fn next_frame(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("no frame: {other:?}"),
        }
    }

    /// Sends a CALL, and returns the frame that answers it.
    pub(crate) async fn ask(&mut self, action: &str, payload: Value) -> Value {
        self.calls += 1;
        let id = format!("{action}-{}", self.calls);
        self.send(&json!([2, id, action, payload]).to_string()).await;
        let frame = self.next_frame().await;
        assert_eq!(frame[1], id, "{frame}");
        frame
    }

    /// The same, and returns the payload of a CALLRESULT.
    pub(crate) async fn call(&mut self, action: &str, payload: Value) -> Value {
        let frame = self.ask(action, payload).await;
        assert_eq!(frame[0], 3, "{frame}");
        frame[2].clone()
    }
}
