//! What attacks cost: memory stays under the limits and comes back, and when they are over nothing runs on. One test, for it
//! counts all that this process allocates and computes.
#![allow(clippy::unwrap_used, unsafe_code, reason = "helpers of tests are tests; an allocator is unsafe by nature")]

mod cost;
#[allow(dead_code, reason = "the attacks look at answers, which cost nothing here")]
#[path = "attacks/peer.rs"]
mod peer;
#[allow(dead_code, reason = "the attacks look at machines and ledgers, which cost nothing here")]
#[path = "attacks/stands.rs"]
mod stands;

use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

use cost::{KIB, LIVE, PEAK, is_idle};
use peer::{Peer, Who, connect, raw};
use pilotwire_tests::frames::{masked as frame, masked_head as head};
use pilotwire_wire::{Limits, ServerConfig, ThrottleConfig};
use stands::{Setup, Start, on_async_std, on_smol, on_threads, on_tokio};

/// The bytes of an attack, over so many connections; what they may cost at most, in KiB; and what it is.
struct Attack {
    what: &'static str,
    bytes: Vec<u8>,
    connections: usize,
    /// The WebSocket is open first.
    upgraded: bool,
    kib: usize,
}

fn attacks() -> Vec<Attack> {
    let call = r#"[2,"1","DataTransfer",{"vendorId":"W"}]"#;
    let fragments = std::iter::once(frame(0x01, b"[")).chain(std::iter::repeat_n(frame(0x00, b" "), 1_000));
    let one = |what, bytes, kib| Attack { what, bytes, connections: 1, upgraded: true, kib };
    vec![
        one("a frame of 64 MiB, by its head", [head(0x81, 64 << 20), vec![0; 4]].concat(), 64),
        one("the longest message that never ends", frame(0x01, &vec![b' '; 65_000]), 256),
        one("1000 tiny fragments that never end", fragments.flatten().collect(), 64),
        one("CALLs, and nobody reads the answers", frame(0x81, call.as_bytes()).repeat(60_000), 512),
        one("pings, and nobody reads the pongs", frame(0x89, &[7; 100]).repeat(20_000), 256),
        Attack {
            what: "half-open handshakes",
            bytes: [b"GET /ocpp/CS001 HTTP/1.1\r\nX: ".to_vec(), vec![b'y'; 7_000]].concat(),
            connections: 60,
            upgraded: false,
            kib: 60 * 16,
        },
    ]
}

/// S-19, S-21, S-23, S-24, S-25.
#[test]
fn attacks_cost_no_more_than_the_limits_say_and_leave_nothing_behind() {
    let adapters: [(&str, Start); 4] =
        [("tokio", on_tokio), ("blocking", on_threads), ("smol", on_smol), ("async-std", on_async_std)];
    let attacks = attacks();
    for (adapter, start) in adapters {
        let throttle = ThrottleConfig { per_address: 10_000, takeovers: 10_000, ..ThrottleConfig::default() };
        let limits = Limits { handshake: Duration::from_secs(2), ..Limits::default() };
        let csms = start(Setup { tls: None, config: ServerConfig { limits, throttle, ..ServerConfig::default() } });
        let mut honest = Peer::booted(csms.address, Who::honest("CS002"));
        // What is made once, and kept.
        drop(Peer::booted(csms.address, Who::honest("CS001")));
        honest.heartbeat();
        for attack in &attacks {
            let before = LIVE.load(Ordering::Relaxed);
            PEAK.store(before, Ordering::Relaxed);
            let mut sockets = Vec::new();
            for _ in 0..attack.connections {
                let mut socket = if attack.upgraded { raw(csms.address) } else { connect(csms.address) };
                socket.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
                // The server reads no further, or hangs up.
                let _ = socket.write_all(&attack.bytes);
                sockets.push(socket);
            }
            // Meanwhile the server sees to the others.
            (0..200).for_each(|_| honest.heartbeat());
            let cost = PEAK.load(Ordering::Relaxed).saturating_sub(before) / KIB;
            assert!(cost <= attack.kib, "{adapter}, {}: {cost} KiB", attack.what);
            drop(sockets);
            // It is freed when the server has seen that they are gone.
            let is_freed = |_: &u32| LIVE.load(Ordering::Relaxed) <= before + 64 * KIB;
            let freed = (0..100_000).inspect(|_| honest.heartbeat()).find(is_freed);
            assert!(
                freed.is_some(),
                "{adapter}, {}: {} bytes left",
                attack.what,
                LIVE.load(Ordering::Relaxed) - before
            );
        }
        let mut idle = raw(csms.address);
        idle.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        is_idle(adapter, || assert!(idle.read(&mut [0; 16]).is_err()));
    }
}
