//! Bytes per idle machine, and allocations per exchange: counted, not timed, so they are the same on every run.

use pilotwire::Version;
use pilotwire_benches::Wired;
use pilotwire_benches::counting::{Counting, allocations, live};

#[global_allocator]
static COUNTING: Counting = Counting;

/// What a machine holds: itself and its share of the heap.
fn bytes_of<T>(make: impl FnOnce() -> T) -> i64 {
    let before = live();
    let kept = make();
    let heap = live() - before;
    let total = heap + size_of::<T>() as i64;
    drop(kept);
    total
}

/// Allocations and frames of `count` rounds, after a warm-up.
fn per_round(wired: &mut Wired, count: u64) -> (f64, f64) {
    (0..10).for_each(|_| wired.next_deadline());
    let (before, frames) = (allocations(), wired.frames);
    (0..count).for_each(|_| wired.next_deadline());
    let spent = allocations() - before;
    (spent as f64 / count as f64, (wired.frames - frames) as f64 / count as f64)
}

fn main() {
    println!("{:<52} {:>10} {:>10} {:>10}", "", "1.6", "2.0.1", "aim");
    let idle_csms = |version| bytes_of(|| Wired::booted(version).csms);
    let idle_station = |version| bytes_of(|| Wired::booted(version).station);
    let row = |name: &str, value: &dyn Fn(Version) -> String, aim: &str| {
        println!("{name:<52} {:>10} {:>10} {aim:>10}", value(Version::V16), value(Version::V201));
    };
    row("bytes per idle Csms", &|version| idle_csms(version).to_string(), "2048");
    row("bytes per idle Station with one EVSE", &|version| idle_station(version).to_string(), "8192");
    let beat = |version| per_round(&mut Wired::booted(version), 1_000);
    row("allocations per heartbeat exchange", &|version| format!("{:.2}", beat(version).0), "frames");
    row("frames per heartbeat exchange", &|version| format!("{:.2}", beat(version).1), "2");
    let sample = |version| per_round(&mut Wired::sampling(version), 1_000);
    row("allocations per event with 10 sampled values", &|version| format!("{:.2}", sample(version).0), "");
    row("frames per event with 10 sampled values", &|version| format!("{:.2}", sample(version).1), "2");
}
