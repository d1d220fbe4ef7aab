//! How long the charging engine needs: for composite schedules, for the limit now, and to take in a profile.
//!
//! Aims: the limit between two changes in 50 ns; a profile of 1,024 periods taken in 100 µs; 1,000 profiles that nobody sees
//! cost less than 5 %.

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main};
use pilotwire::charging::Profiles;
use pilotwire::domain::EvseId;
use pilotwire::messages::DateTime;
use pilotwire_benches::charging::{WORKLOADS, Workload, at, gaps, long_profile, store};

const EVSE: EvseId = EvseId(1);

fn composite(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, profiles: &mut Profiles, workload: &Workload) {
    let query = workload.query();
    group.bench_function(name, |b| b.iter(|| profiles.composite(&query)));
}

fn composites(c: &mut Criterion) {
    let mut group = c.benchmark_group("composite");
    for workload in &WORKLOADS {
        composite(&mut group, workload.name, &mut workload.store(), workload);
    }
}

/// The same answers, with a thousand profiles below those that are seen.
fn hidden(c: &mut Criterion) {
    let mut group = c.benchmark_group("hidden profiles");
    for workload in [&WORKLOADS[3], &WORKLOADS[5]] {
        for count in [0, 1_000] {
            let name = format!("{}, {count} hidden", workload.name);
            composite(&mut group, &name, &mut workload.store_with_hidden(count), workload);
        }
    }
}

/// Everything visible, gaps between.
fn worst(c: &mut Criterion) {
    let mut group = c.benchmark_group("all visible between gaps");
    for profiles in [1_000, 2_000, 4_000, 8_000] {
        let workload = gaps(profiles);
        composite(&mut group, &format!("{profiles} profiles"), &mut workload.store(), &workload);
    }
}

/// The moments of the first day at which the limit changes.
fn changes(profiles: &mut Profiles) -> Vec<DateTime> {
    let mut now = at(0);
    let next = || {
        now = profiles.limit(EVSE, now)?.until?;
        (now < at(86_400)).then_some(now)
    };
    std::iter::from_fn(next).collect()
}

fn limits(c: &mut Criterion) {
    let mut group = c.benchmark_group("limit");
    for workload in [&WORKLOADS[1], &WORKLOADS[3], &WORKLOADS[5]] {
        let mut profiles = workload.store();
        let changes = changes(&mut profiles);
        let mut next = changes.iter().cycle();
        group.bench_function(format!("at a change, {}", workload.name), |b| {
            b.iter(|| next.next().map(|now| profiles.limit(EVSE, *now)));
        });
        let now = at(3_601);
        group.bench_function(format!("between changes, {}", workload.name), |b| b.iter(|| profiles.limit(EVSE, now)));
    }
}

fn install(c: &mut Criterion) {
    let ready = || (store(Vec::new()), long_profile(1_024));
    c.bench_function("install a profile of 1,024 periods", |b| {
        b.iter_batched(
            ready,
            |(mut profiles, profile)| {
                let taken = profiles.set(EVSE, profile, at(0));
                (profiles, taken)
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, composites, hidden, worst, limits, install);
criterion_main!(benches);
