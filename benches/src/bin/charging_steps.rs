//! Asks the charging engine the same question again and again, so that a tool can count the instructions:
//! `charging_steps NAME COUNT`. Without arguments it prints the names.

use std::hint::black_box;
use std::process::ExitCode;

use pilotwire::domain::EvseId;
use pilotwire_benches::charging::{WORKLOADS, at, long_profile, store};

const INSTALL: &str = "install 1,024 periods";
const HIDDEN: &str = "100x300 staggered, 1,000 more hidden";
const LIMIT: &str = "limit between changes";
/// Profiles that can be taken in one run.
const MOST: usize = 40;

fn run(name: &str, count: usize) -> Option<()> {
    if name == INSTALL {
        // As many are made ready however many are taken, so that a difference of two counts is of taking alone.
        let mut ready: Vec<_> = (0..MOST).map(|_| (store(Vec::new()), Some(long_profile(1_024)))).collect();
        for (profiles, profile) in ready.iter_mut().take(count) {
            black_box(profile.take().map(|profile| profiles.set(EvseId(1), profile, at(0)))).transpose().ok()?;
        }
        return (count <= MOST).then_some(());
    }
    let (workload, hidden) = match name {
        LIMIT => (&WORKLOADS[5], 0),
        HIDDEN => (&WORKLOADS[5], 1_000),
        _ => (WORKLOADS.iter().find(|workload| workload.name == name)?, 0),
    };
    let (mut profiles, query) = (workload.store_with_hidden(hidden), workload.query());
    profiles.limit(EvseId(1), at(0));
    for _ in 0..count {
        if name == LIMIT {
            black_box(profiles.limit(EvseId(1), black_box(at(1))));
        } else {
            black_box(profiles.composite(black_box(&query)));
        }
    }
    Some(())
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        let names = WORKLOADS.iter().map(|workload| workload.name).chain([HIDDEN, INSTALL, LIMIT]);
        names.for_each(|name| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let count = arguments.next().and_then(|count| count.parse().ok());
    match count.and_then(|count| run(&name, count)) {
        Some(()) => ExitCode::SUCCESS,
        None => {
            eprintln!("charging_steps NAME COUNT; without arguments the names are listed");
            ExitCode::FAILURE
        }
    }
}
