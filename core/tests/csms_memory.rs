//! What a station costs a CSMS: measured with an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use pilotwire::csms::Config;
use pilotwire::{Action, Csms, Event, Instant, Machine, Outbox, PowerUp, Version};

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is the system allocator's; beside it only counters of the own thread change.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.set(HELD.get().wrapping_add(layout.size()));
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps alloc's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.set(HELD.get().wrapping_sub(layout.size()));
        // SAFETY: the caller keeps dealloc's contract.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A connected station that was accepted.
fn accepted(out: &mut Outbox<<Csms as Machine>::Output>) -> Csms {
    let mut csms = Csms::new(Config::new("CS-0001", 7));
    let boot = r#"[2,"b","BootNotification",{"chargingStation":{"model":"M","vendorName":"V"},"reason":"PowerUp"}]"#;
    let clock = "2026-03-01T12:00:00Z".parse().ok();
    let power_up = PowerUp { records: Vec::new(), clock };
    for event in [Event::PowerUp(power_up), Event::Connected(Version::V201), Event::Received(boot.into())] {
        csms.handle(Instant::ZERO, event, out);
        out.drain().for_each(drop);
    }
    csms
}

fn heartbeat(number: u64) -> Event<<Csms as Machine>::Input> {
    Event::Received(format!(r#"[2,"heartbeat-{number:06}","Heartbeat",{{}}]"#))
}

#[test]
fn an_idle_station_holds_less_than_two_kilobytes() {
    let mut out = Outbox::new();
    drop(accepted(&mut out));
    let before = HELD.get();
    let mut csms = accepted(&mut out);
    csms.handle(Instant::ZERO, heartbeat(1), &mut out);
    out.drain().for_each(drop);
    let heap = HELD.get() - before;
    println!("{} bytes inside, {heap} on the heap", size_of::<Csms>());
    assert!(size_of::<Csms>() + heap < 2_048);
}

#[test]
fn a_heartbeat_allocates_its_answer_and_nothing_else() {
    let mut out = Outbox::new();
    let mut csms = accepted(&mut out);
    for number in 0..100 {
        let event = heartbeat(number);
        let before = COUNT.get();
        csms.handle(Instant::from_millis(number), event, &mut out);
        let allocated = COUNT.get() - before;
        let answers = out.drain().filter(|action| matches!(action, Action::Send(_))).count();
        assert_eq!(answers, 1);
        // In the first round the buffers find their size.
        assert!(number == 0 || allocated == 1, "{allocated} allocations");
    }
}
