//! What hostile CSMSs cost a station: memory stays under the limits and comes back, and neither while they keep it waiting
//! nor afterwards does anything run on. One test, for it counts all that this process allocates and computes.
#![allow(clippy::unwrap_used, unsafe_code, reason = "helpers of tests are tests; an allocator is unsafe by nature")]

#[allow(dead_code, reason = "the tests of TLS without a network need more")]
#[path = "../../adapters/wire/tests/common/mod.rs"]
mod certificates;
mod cost;
#[allow(dead_code, reason = "the attacks look at what is said, which costs nothing here")]
#[path = "hostile_csms/frames.rs"]
mod frames;
#[allow(dead_code, reason = "the same")]
#[path = "hostile_csms/handshakes.rs"]
mod handshakes;
#[allow(dead_code, reason = "the same")]
#[path = "hostile_csms/port.rs"]
mod port;
#[allow(dead_code, reason = "the same")]
#[path = "hostile_csms/stations.rs"]
mod stations;
#[allow(dead_code, reason = "the same")]
#[path = "hostile_csms/talk.rs"]
mod talk;
#[allow(dead_code, reason = "the same")]
#[path = "hostile_csms/trust.rs"]
mod trust;

use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use cost::{KIB, LIVE, PEAK};
use handshakes::{noise, silent_after};
use pilotwire::domain::SecurityProfile;
use pilotwire_tests::frames::{frame, head};
use pilotwire_wire::Message;
use port::{Port, Script, rest};
use stations::{Go, Plan, Running, Told, on_async_std, on_smol, on_threads, on_tokio};
use trust::talking;

/// A second in which nothing should be computed.
fn is_idle(what: &str) {
    let (_keep, never) = channel::<()>();
    cost::is_idle(what, || assert!(never.recv_timeout(Duration::from_secs(1)).is_err()));
}

fn plan(port: &Port) -> Plan {
    Plan::new(port.address, &port.root.pem(), SecurityProfile::TlsBasic)
}

/// The bytes of an attack over an open WebSocket; what it may cost both ends at most, in KiB; whether the station hangs up.
fn attacks() -> Vec<(&'static str, Vec<u8>, usize, bool)> {
    let fragments = std::iter::once(frame(0x01, b"[")).chain(std::iter::repeat_n(frame(0x00, b" "), 1_000));
    vec![
        ("a frame of 64 MiB, by its head", [head(0x81, 64 << 20), vec![0; 4]].concat(), 64, true),
        ("the longest message that never ends", frame(0x01, &vec![b' '; 65_000]), 256, false),
        ("1000 tiny fragments that never end", fragments.flatten().collect(), 64, false),
    ]
}

/// Sends these bytes, and tells when the station has taken all of them: it hangs up, or answers the ping behind them.
fn sending(bytes: Vec<u8>, tell: Sender<()>) -> Script {
    talking(move |mut talk| {
        talk.line.write_all(&bytes)?;
        talk.connection.ping();
        talk.flush()?;
        let mut chunk = [0; 4_096];
        while !matches!(talk.connection.poll_message(), Some(Message::Pong | Message::Closed(_))) {
            match talk.line.read(&mut chunk) {
                Ok(count @ 1..) => talk.connection.receive(&chunk[..count]),
                _ => break,
            }
        }
        tell.send(()).unwrap();
        rest(&mut talk.line);
        Ok(())
    })
}

/// S-25: a station that is kept waiting in the handshake waits, and does nothing else.
fn waits_idly(adapter: &str, go: Go) {
    for (what, bytes, _) in noise().into_iter().filter(|(_, _, at_once)| !at_once).take(2) {
        let port = Port::open();
        port.then([silent_after(bytes)]);
        let mut plan = plan(&port);
        plan.limits.handshake = Duration::from_millis(1_200);
        let station = go(plan);
        is_idle(&format!("{adapter}, {what}"));
        station.failures(1);
        port.boots();
    }
}

/// S-19: each attack alone, on a station that was idle before and is idle after it.
fn costs_little(adapter: &str, go: Go) {
    let port = Port::open();
    let station = go(plan(&port));
    station.registered();
    // What is made once, and kept.
    port.cut();
    connects(&station);
    for (what, bytes, kib, hangs_up) in attacks() {
        let (tell, told) = channel();
        port.then([sending(bytes, tell)]);
        let before = LIVE.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        port.cut();
        connects(&station);
        told.recv_timeout(port::PATIENCE).unwrap();
        let cost = PEAK.load(Ordering::Relaxed).saturating_sub(before) / KIB;
        assert!(cost <= kib, "{adapter}, {what}: {cost} KiB");
        if !hangs_up {
            port.cut();
        }
        connects(&station);
        let left = LIVE.load(Ordering::Relaxed).saturating_sub(before) / KIB;
        assert!(left <= 64, "{adapter}, {what}: {left} KiB left");
    }
    is_idle(&format!("{adapter}, at the honest one"));
}

fn connects(station: &Running) {
    station.until("another connection", |told| matches!(told, Told::Connected));
}

#[test]
fn hostile_csmss_cost_no_more_than_the_limits_say_and_leave_nothing_behind() {
    let adapters: [(&str, Go); 4] =
        [("tokio", on_tokio), ("blocking", on_threads), ("smol", on_smol), ("async-std", on_async_std)];
    for (adapter, go) in adapters {
        waits_idly(adapter, go);
        costs_little(adapter, go);
    }
}
