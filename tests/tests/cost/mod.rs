//! What this process costs: what it has allocated, and what it has computed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const KIB: usize = 1_024;

struct Counting;

/// Bytes that are allocated now.
pub(crate) static LIVE: AtomicUsize = AtomicUsize::new(0);
/// The most that were since somebody stored less.
pub(crate) static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What it computes in a second in which nothing should be is nothing to speak of. `wait` takes that second.
#[cfg(target_os = "linux")]
pub(crate) fn is_idle(what: &str, wait: impl FnOnce()) {
    let before = processor_ms();
    wait();
    let spent = processor_ms() - before;
    assert!(spent <= 200, "{what}: {spent} ms of processor time in a second in which nothing happens");
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_idle(_: &str, wait: impl FnOnce()) {
    wait();
}

/// Processor time of this process so far, in milliseconds.
#[cfg(target_os = "linux")]
fn processor_ms() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, numbers) = text.rsplit_once(") ").unwrap();
    let ticks = |at: usize| numbers.split(' ').nth(at).unwrap().parse::<u64>().unwrap();
    (ticks(11) + ticks(12)) * 10
}
