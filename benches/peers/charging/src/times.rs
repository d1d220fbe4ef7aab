//! How long both need for the workloads that the engine is measured with.

use std::hint::black_box;
use std::time::Instant;

use pilotwire_benches::charging::{WORKLOADS, Workload, at};
use pilotwire_benches::counting::allocations;

use crate::kit;

const ROUNDS: usize = 7;
/// What a round should take at least.
const ROUND_NS: f64 = 5e6;

#[expect(clippy::disallowed_methods, reason = "it is what is measured")]
fn nanoseconds(count: usize, work: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    (0..count).for_each(|_| work());
    start.elapsed().as_nanos() as f64 / count as f64
}

/// How often to call in a round, and the allocations of a call.
fn prepare(work: &mut dyn FnMut()) -> (usize, u64) {
    let before = allocations();
    work();
    let spent = allocations() - before;
    let one = nanoseconds(1, work);
    ((ROUND_NS / one).ceil() as usize, spent)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn row(workload: &Workload) {
    let (mut profiles, query) = (workload.store(), workload.query());
    let store = kit::store(profiles.iter());
    let (from, duration) = (kit::time(query.from), i64::from(query.duration_s));
    let (unit, transaction) = (kit::unit(query.unit), Some(("T1", kit::time(at(0)))));
    let ask = || store.composite(1, from, duration, unit, transaction);
    let ours = profiles.composite(&query).map(|composite| kit::ours(&composite)).expect("EVSE 1");
    assert!(ours == kit::theirs(&ask()), "{}: not the same schedule", workload.name);
    let mut our_work = || drop(black_box(profiles.composite(&query)));
    let mut their_work = || drop(black_box(ask()));
    let ((our_count, our_allocations), (their_count, their_allocations)) =
        (prepare(&mut our_work), prepare(&mut their_work));
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(nanoseconds(our_count, &mut our_work));
        their_times.push(nanoseconds(their_count, &mut their_work));
    }
    let (our_time, their_time) = (median(&mut our_times), median(&mut their_times));
    println!(
        "{:<34} {:>8} {:>12.2} {:>6} {:>12.1} {:>8} {:>8.1}",
        workload.name,
        ours.len(),
        our_time / 1e3,
        format!("({our_allocations})"),
        their_time / 1e3,
        format!("({their_allocations})"),
        their_time / our_time,
    );
}

/// Prints the table; panics where the schedules are not the same.
pub fn compare() {
    println!(
        "composite schedules: the same from both; µs (allocations), medians of {ROUNDS} rounds in turn\n{:<34} {:>8} {:>12} {:>6} {:>12} {:>8} {:>8}",
        "", "periods", "pilotwire", "", "ocpp-kit", "", "ratio"
    );
    WORKLOADS.iter().for_each(row);
}
