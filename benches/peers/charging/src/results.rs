//! Whether both say the same about random stations, and why not where they do not.

use std::collections::{BTreeMap, BTreeSet};

use pilotwire::charging::{Installed, Profiles, Query, Rules, Supply};
use pilotwire::domain::EvseId;
use pilotwire_benches::charging::{T0, at};

use crate::kit::{self, Steps};
use crate::model::{ALL, Model, REASONS};
use crate::random::{Random, Set, set};

const SETS: usize = 5_000;
const SEED: u64 = 20_260_302;
const EVSE: EvseId = EvseId(1);

#[derive(Default)]
struct Tally {
    profiles: usize,
    /// Refusals by code.
    refused: BTreeMap<&'static str, usize>,
    moments: usize,
    different: usize,
    /// Sets that are in one unit: how many, and of how many both schedules are the same.
    plain: (usize, usize),
    mixed: (usize, usize),
    /// Moments and sets of each reason.
    reasons: [(usize, usize); REASONS.len()],
}

/// Installs what is taken.
fn install(set: &Set, tally: &mut Tally) -> Profiles {
    let mut profiles = Profiles::new(Rules::of(set.version), Supply::default(), 2);
    if let Some(charging) = set.charging {
        profiles.transaction_runs(EVSE, "T1".into(), Some(at(charging)));
    }
    for one in &set.profiles {
        match profiles.restore(one.clone()) {
            Ok(_) => tally.profiles += 1,
            Err(refusal) => *tally.refused.entry(refusal.reason.code()).or_default() += 1,
        }
    }
    profiles.use_priority(EVSE, true);
    profiles
}

/// Every second of the window around which anything may change, and some more.
fn moments(set: &Set, installed: &[Installed], schedules: [&Steps; 2], random: &mut Random) -> BTreeSet<i64> {
    let mut moments: BTreeSet<i64> = schedules.into_iter().flatten().map(|(start, _)| *start).collect();
    for one in installed {
        let (profile, schedule) = (&one.profile, &one.profile.charging_schedule[0]);
        let seconds = |time: pilotwire::messages::DateTime| time.unix_millis() / 1_000 - T0 - set.from;
        moments.extend([profile.valid_from, profile.valid_to].into_iter().flatten().map(seconds));
        let starts =
            [schedule.start_schedule.map(seconds), set.charging.map(|at| at - set.from), Some(seconds(one.since))];
        for start in starts.into_iter().flatten().chain([0]) {
            for day in 0..=22 {
                let start = start + day * 86_400;
                moments.extend(
                    schedule.charging_schedule_period.iter().map(|period| start + i64::from(period.start_period)),
                );
                moments.extend(schedule.duration.map(|duration| start + i64::from(duration)));
            }
        }
    }
    let before: Vec<i64> = moments.iter().map(|moment| moment - 1).collect();
    moments.extend(before);
    moments.extend((0..20).map(|_| random.within(0, set.duration)));
    moments.retain(|moment| (0..set.duration).contains(moment));
    moments
}

fn is_merged(steps: &Steps) -> bool {
    steps.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1)
}

/// Whether every difference has its reason.
fn judge(set: &Set, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
    let mut profiles = install(set, tally);
    let query = Query::new(EVSE, at(set.from), set.duration as u32, set.unit);
    let ours = profiles.composite(&query).map(|composite| kit::ours(&composite)).ok_or("no such EVSE")?;
    let installed: Vec<Installed> = profiles.iter().cloned().collect();
    let transaction = set.charging.map(|charging| ("T1", kit::time(at(charging))));
    let theirs = kit::store(installed.iter());
    let theirs = theirs.composite(1, kit::time(at(set.from)), set.duration, kit::unit(set.unit), transaction);
    let theirs = kit::theirs(&theirs);
    if !is_merged(&ours) || !is_merged(&theirs) {
        return Err("neighbours are not merged".into());
    }
    let counts = if set.mixed { &mut tally.mixed } else { &mut tally.plain };
    *counts = (counts.0 + 1, counts.1 + usize::from(ours == theirs));
    let model = |ours| Model { set, installed: &installed, ours };
    let mut met = [false; REASONS.len()];
    for moment in moments(set, &installed, [&ours, &theirs], random) {
        let second = T0 + set.from + moment;
        let (our_word, their_word) = (kit::at(&ours, moment), kit::at(&theirs, moment));
        let (our_model, their_model) = (model(ALL).said(second), model(0).said(second));
        if our_word != our_model {
            return Err(format!("second {moment}: ours says {our_word:?}, by its reading it is {our_model:?}"));
        }
        if their_word != their_model {
            return Err(format!("second {moment}: theirs says {their_word:?}, by its reading it is {their_model:?}"));
        }
        tally.moments += 1;
        tally.different += usize::from(our_word != their_word);
        if our_word == their_word {
            continue;
        }
        let mut said = their_model;
        // From their reading to ours, one reason after the other.
        for (reason, (met, (moments, _))) in met.iter_mut().zip(&mut tally.reasons).enumerate() {
            let next = model((2 << reason) - 1).said(second);
            if next != said {
                *moments += 1;
                *met = true;
            }
            said = next;
        }
    }
    for (reason, met) in met.into_iter().enumerate() {
        tally.reasons[reason].1 += usize::from(met);
    }
    Ok(())
}

/// Prints what was found; `false` if something has no reason.
pub fn compare() -> bool {
    let (mut random, mut tally) = (Random::new(SEED), Tally::default());
    for number in 0..SETS {
        let set = set(&mut random);
        if let Err(why) = judge(&set, &mut random, &mut tally) {
            println!("\nset {number}: {why}\n{set:#?}");
            return false;
        }
    }
    println!("\n{SETS} random stations with {} profiles; refused by us: {:?}", tally.profiles, tally.refused);
    println!(
        "the same schedule: {} of {} in one unit, {} of {} in both",
        tally.plain.1, tally.plain.0, tally.mixed.1, tally.mixed.0
    );
    println!("different at {} of {} moments, every one of them for these reasons:", tally.different, tally.moments);
    println!("{:>10} {:>8}", "moments", "stations");
    for (reason, (moments, sets)) in REASONS.iter().zip(tally.reasons) {
        println!("{moments:>10} {sets:>8}  {reason}");
    }
    true
}
