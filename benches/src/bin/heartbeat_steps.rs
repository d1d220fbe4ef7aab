//! One station's heartbeats through WebSocket, driver and CSMS, without a socket, so that a tool can count the instructions:
//! `heartbeat_steps NAME COUNT`. Without arguments it prints the names.

use std::hint::black_box;
use std::process::ExitCode;

use pilotwire::csms::{Config, Csms};
use pilotwire::{Event, Instant, PowerUp, Version};
use pilotwire_wire::{Driver, Effect, Limits, ServerHandshake};

/// Each with the version that it speaks.
const NAMES: [(&str, Version); 2] = [("heartbeat, 1.6", Version::V16), ("heartbeat, 2.0.1", Version::V201)];

/// Heartbeats that can be sent in one run.
const MOST: usize = 40;

type Server = Driver<Csms>;

/// A text as a client sends it, with a mask of zeroes.
fn masked(text: &str) -> Vec<u8> {
    let head = match u8::try_from(text.len()) {
        Ok(length) if length < 126 => vec![0x81, 0x80 | length],
        _ => [&[0x81, 0xFE][..], &u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes()].concat(),
    };
    [&head[..], &[0; 4], text.as_bytes()].concat()
}

/// Performs all there is to perform, and writes all there is to write.
fn settle(server: &mut Server) -> usize {
    while let Some(effect) = server.next_effect(Instant::ZERO) {
        if let Effect::Deed(deed) = effect {
            black_box(deed);
            server.performed();
        }
    }
    let count = server.pending().len();
    server.sent(count);
    count
}

fn hear(server: &mut Server, frame: &[u8]) -> usize {
    server.receive(Instant::ZERO, frame);
    settle(server)
}

/// A CSMS with a station that has booted.
fn booted(version: Version) -> Option<Server> {
    let request = format!(
        "GET /ocpp/CS001 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
        version.subprotocol()
    );
    let mut handshake = ServerHandshake::new(Instant::ZERO, Limits::default());
    let connection = handshake.receive(request.as_bytes()).ok()??.accept(version);
    let mut server = Driver::new(Csms::new(Config::new("CS001", 7)), ());
    let clock = "2026-03-01T10:00:00Z".parse().ok();
    server.handle(Instant::ZERO, Event::PowerUp(PowerUp { records: Vec::new(), clock }));
    settle(&mut server);
    let old = server.connected(Instant::ZERO, connection, version);
    settle(&mut server);
    let payload = match version {
        Version::V16 => r#"{"chargePointModel":"M","chargePointVendor":"V"}"#,
        _ => r#"{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}"#,
    };
    let answered = hear(&mut server, &masked(&format!(r#"[2,"boot","BootNotification",{payload}]"#)));
    (old.is_none() && answered > 0).then_some(server)
}

fn run(name: &str, count: usize) -> Option<()> {
    let (_, version) = NAMES.iter().find(|(known, _)| *known == name)?;
    let mut server = booted(*version)?;
    // As many are made ready however many are sent, so that a difference of two counts is of hearing them alone.
    let frames: Vec<_> = (0..MOST).map(|at| masked(&format!(r#"[2,"beat-{at:04}","Heartbeat",{{}}]"#))).collect();
    let answered = frames.iter().take(count).all(|frame| hear(&mut server, black_box(frame)) > 0);
    (answered && count <= MOST).then_some(())
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        NAMES.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let count = arguments.next().and_then(|count| count.parse().ok());
    match count.and_then(|count| run(&name, count)) {
        Some(()) => ExitCode::SUCCESS,
        None => {
            eprintln!("heartbeat_steps NAME COUNT; without arguments the names are listed");
            ExitCode::FAILURE
        }
    }
}
