//! Allocations and bytes of the charging engine: counted, not timed, so they are the same on every run. Only the last two tables,
//! how time grows with what is visible and does not with what is hidden, are timed: ratios within one run.

use std::hint::black_box;
use std::time::Instant;

use pilotwire::charging::Profiles;
use pilotwire::domain::EvseId;
use pilotwire_benches::charging::{WORKLOADS, Workload, at, gaps, long_profile, store};
use pilotwire_benches::counting::{Counting, allocations, live};

#[global_allocator]
static COUNTING: Counting = Counting;

const EVSE: EvseId = EvseId(1);
/// Room that every composite schedule begins with.
const ROOM: usize = 32;

/// Periods and allocations of one composite schedule.
fn composite(profiles: &mut Profiles, workload: &Workload) -> (usize, u64) {
    let before = allocations();
    let periods = profiles.composite(&workload.query()).map_or(0, |composite| composite.periods.len());
    (periods, allocations() - before)
}

/// Allocations of a list that begins with [`ROOM`] and doubles.
fn of_the_list(periods: usize) -> u64 {
    1 + u64::from(periods.div_ceil(ROOM).next_power_of_two().trailing_zeros())
}

fn composites() {
    println!("{:<40} {:>10} {:>12} {:>10}", "composite schedules", "periods", "allocations", "aim");
    let more = [gaps(1_000), gaps(8_000)];
    for workload in WORKLOADS.iter().chain(&more) {
        let (periods, spent) = composite(&mut workload.store(), workload);
        let aim = of_the_list(periods);
        let name = if workload.name == "gaps" { format!("{} gaps", workload.profiles) } else { workload.name.into() };
        println!("{name:<40} {periods:>10} {spent:>12} {aim:>10}");
        assert_eq!(spent, aim, "something else than the answer is allocated");
    }
}

fn limits() {
    println!("\n{:<40} {:>10} {:>12} {:>10}", "limit, a week of changes", "calls", "allocations", "aim");
    let (mut changes, mut at_changes, mut between) = (0_u64, 0, 0);
    for workload in &WORKLOADS {
        let mut profiles = workload.store();
        let (mut now, end) = (at(0), at(7 * 86_400));
        while now < end {
            let before = allocations();
            let known = profiles.limit(EVSE, now);
            at_changes += allocations() - before;
            let before = allocations();
            black_box(profiles.limit(EVSE, now));
            between += allocations() - before;
            changes += 1;
            let Some(until) = known.and_then(|known| known.until) else { break };
            now = until;
        }
    }
    println!("{:<40} {changes:>10} {at_changes:>12} {:>10}", "at a change", 0);
    println!("{:<40} {changes:>10} {between:>12} {:>10}", "between two changes", 0);
    assert_eq!(at_changes + between, 0, "the limit is allocated");
}

fn bytes() {
    const PERIODS: usize = 1_024;
    let before = live();
    let profile = long_profile(PERIODS);
    let as_it_came = live() - before;
    let mut profiles = store(Vec::new());
    let before = live();
    let taken = profiles.set(EVSE, profile, at(0));
    let compiled = live() - before;
    assert!(taken.is_ok(), "a profile to measure with is not taken");
    let per_period = |bytes: i64| bytes as f64 / PERIODS as f64;
    println!("\n{:<40} {:>10} {:>12}", "a profile of 1,024 periods", "bytes", "per period");
    println!("{:<40} {compiled:>10} {:>12.1}", "made ready, with its place in the store", per_period(compiled));
    println!("{:<40} {as_it_came:>10} {:>12.1}", "as it came", per_period(as_it_came));
    let both = compiled + as_it_came;
    println!("{:<40} {both:>10} {:>12.1}", "both", per_period(both));
}

#[expect(clippy::disallowed_methods, reason = "it is what is measured")]
fn nanoseconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}

/// The median time of a composite schedule of each. They take turns, so that what disturbs one disturbs all.
fn medians(rows: &mut [(Workload, Profiles)]) -> Vec<f64> {
    const ROUNDS: usize = 301;
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); rows.len()];
    for _ in 0..ROUNDS {
        for ((workload, profiles), times) in rows.iter_mut().zip(&mut times) {
            let query = workload.query();
            times.push(nanoseconds(|| drop(black_box(profiles.composite(&query)))));
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    times.iter_mut().map(median).collect()
}

fn growth() {
    println!("\n{:<40} {:>10} {:>12} {:>10}", "all visible between gaps", "visible", "ns a period", "ratio");
    let mut rows = [1_000, 2_000, 4_000, 8_000].map(|profiles| (gaps(profiles), gaps(profiles).store()));
    let mut first = None;
    for (time, (workload, profiles)) in medians(&mut rows).into_iter().zip(&mut rows) {
        let (visible, _) = composite(profiles, workload);
        assert!(visible >= workload.profiles, "not every profile is visible");
        let each = time / visible as f64;
        let ratio = each / *first.get_or_insert(each);
        println!("{:<40} {visible:>10} {each:>12.1} {ratio:>10.2}", format!("{} profiles", workload.profiles));
    }
}

fn hidden() {
    println!("\n{:<40} {:>10} {:>12} {:>10}", "1,000 further profiles below", "periods", "ns", "ratio");
    for workload in [WORKLOADS[3], WORKLOADS[5]] {
        let mut rows = [0, 1_000].map(|count| (workload, workload.store_with_hidden(count)));
        let [alone, with] = medians(&mut rows)[..] else { return };
        let [periods, same] = rows.map(|(workload, mut profiles)| composite(&mut profiles, &workload).0);
        assert_eq!(periods, same, "what is hidden is seen");
        println!("{:<40} {periods:>10} {with:>12.0} {:>10.2}", workload.name, with / alone);
    }
}

fn main() {
    composites();
    limits();
    bytes();
    growth();
    hidden();
}
