//! What compression costs in memory: counted, not guessed.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use pilotwire::{Instant, Version};
use pilotwire_wire::{Call, ClientHandshake, Compression, Connection, Identity, Limits, Message, ServerHandshake};

struct Counting;

thread_local! {
    /// Bytes in use, and the most that ever were; of one thread, so that tests do not count each other's.
    static LIVE: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
}

fn count(bytes: i64) {
    LIVE.with(|live| {
        let now = live.get().0 + bytes;
        live.set((now, live.get().1.max(now)));
    });
}

// SAFETY: every call is handed to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn live() -> i64 {
    LIVE.get().0
}

/// The most that `act` used above what was in use before it.
fn peak(act: impl FnOnce()) -> i64 {
    let before = live();
    LIVE.set((before, before));
    act();
    LIVE.get().1 - before
}

fn pair(compression: Option<Compression>) -> (Connection, Connection) {
    let limits = Limits { compression, ..Limits::default() };
    let call = Call {
        endpoint: "ws://127.0.0.1:9000".parse().unwrap(),
        identity: Identity::new("CS1").unwrap(),
        version: Version::V21,
        password: None,
        tls: None,
    };
    let mut client = ClientHandshake::new(Instant::ZERO, &call, [7; 16], limits).unwrap();
    let upgrade = ServerHandshake::new(Instant::ZERO, limits).receive(client.pending());
    let mut server = upgrade.unwrap().unwrap().accept(Version::V21);
    let client = client.receive(server.pending()).unwrap().unwrap();
    server.sent(usize::MAX / 2);
    (client, server)
}

fn carry(from: &mut Connection, to: &mut Connection) {
    let bytes = from.pending().to_vec();
    from.sent(bytes.len());
    to.receive(&bytes);
    while let Some(message) = to.poll_message() {
        assert!(matches!(message, Message::Text(_)), "{message:?}");
    }
}

/// What a server's connection holds after 100 messages of a few KiB in either direction.
fn idle(compression: Option<Compression>) -> i64 {
    let (mut client, mut server) = pair(compression);
    for n in 0..100_u32 {
        let text: String = (0..200).map(|m| format!("{{\"value\":{}}}", (n * 1_009 + m) * 7_919 % 65_536)).collect();
        client.send(text.clone()).unwrap();
        server.send(text).unwrap();
        carry(&mut client, &mut server);
        carry(&mut server, &mut client);
    }
    let before = live();
    drop(server);
    let heap = before - live();
    heap + size_of::<Connection>() as i64
}

#[test]
fn an_idle_connection_keeps_no_compressor() {
    let with = |takeover, window_bits| Some(Compression { takeover, window_bits, ..Compression::default() });
    let plain = idle(None);
    let alone = idle(with(false, 15));
    let ten = idle(with(true, 10));
    let fifteen = idle(with(true, 15));
    println!("bytes per idle connection: plain {plain}, alone {alone}, takeover 10 bits {ten}, 15 bits {fifteen}");
    assert!(alone - plain < 256, "{plain} {alone}");
    // Two windows, and not a byte of tables.
    assert_eq!(ten - alone, 2 * 1024, "{alone} {ten}");
    assert_eq!(fifteen - alone, 2 * 32 * 1024, "{alone} {fifteen}");
}

#[test]
fn a_bomb_never_makes_more_room_than_the_limit() {
    // A thousand zeros for every byte; the limit is the default one of 64 KiB.
    let mut engine = zlib_rs::Deflate::new(9, false, 15);
    let mut payload = vec![0; 65_000];
    engine.compress(&vec![0; 50_000_000], &mut payload, zlib_rs::DeflateFlush::SyncFlush).unwrap();
    payload.truncate(engine.total_out() as usize - 4);
    assert!(payload.len() > 40_000);
    let mut frame = vec![0xc1, 0xfe];
    frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(&payload);
    for takeover in [false, true] {
        let (_, mut server) = pair(Some(Compression { takeover, ..Compression::default() }));
        let used = peak(|| server.receive(&frame));
        assert!(matches!(server.poll_message(), Some(Message::Closed(closed)) if closed.code == Some(1009)));
        // The frame, twice the text while it grows, and the inflater with its window.
        assert!(used < 4 * 65_536 + 64 * 1024, "{used}");
        println!("takeover {takeover}: {used} bytes at most for a bomb of 50 MB");
    }
}
