//! What every peer's program does: reads its cases, times them, and prints one line for each.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

mod frames;
pub mod opinion;

pub use frames::{Frame, frames};

/// Counts allocations.
pub struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What a peer does with one frame.
pub struct Case {
    /// The frame's name.
    pub name: &'static str,
    /// Reads the text, with all checks that the peer has.
    pub decode: Box<dyn Fn()>,
    /// Writes the typed message; gives the text.
    pub encode: Box<dyn Fn() -> String>,
}

const BATCHES: usize = 25;

/// The median time of one call in nanoseconds, and its allocations.
fn time(work: &dyn Fn()) -> (f64, u64) {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    work();
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let start = Instant::now();
    (0..100).for_each(|_| work());
    let one = (start.elapsed().as_nanos() as f64 / 100.0).max(1.0);
    let count = ((1_000_000.0 / one) as usize).max(20);
    let mut batches: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            (0..count).for_each(|_| work());
            start.elapsed().as_nanos() as f64 / count as f64
        })
        .collect();
    batches.sort_by(f64::total_cmp);
    (batches[BATCHES / 2], allocations)
}

/// Times the cases: `name <tab> operation <tab> ns <tab> allocations`.
pub fn run(cases: Vec<Case>) {
    for case in cases {
        let (ns, allocations) = time(&*case.decode);
        println!("{}\tdecode\t{ns:.1}\t{allocations}", case.name);
        let encode = || {
            black_box((case.encode)());
        };
        let (ns, allocations) = time(&encode);
        println!("{}\tencode\t{ns:.1}\t{allocations}", case.name);
    }
}
