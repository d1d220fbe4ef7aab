//! `schedule`: the composite schedule of profiles in a file, as a station would answer it.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use pilotwire::charging::{Composite, Installed, Profiles, Query, RateUnit, Reason, Rules, Supply, read_profile};
use pilotwire::domain::{ChargingLimitSource, ChargingProfile, ChargingProfilePurpose, EvseId};
use pilotwire::messages::{Decimal, Text};
use pilotwire::{DateTime, Version};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::plot::{self, Lane};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// The edition of the payloads and of the answer.
    pub version: Version,
    /// The EVSE; 0 for the whole station.
    pub evse: i32,
    /// Where the window begins.
    pub from: DateTime,
    /// How many seconds it has.
    pub duration_s: u32,
    /// What limits are counted in; that of the profiles if absent, amperes if they differ.
    pub unit: Option<RateUnit>,
    /// The nominal voltage of a phase.
    pub voltage_v: u16,
    /// What stands where nothing limits.
    pub rated: Option<Decimal>,
    /// A transaction at the EVSE, and since when energy may flow in it.
    pub transaction: Option<(Text, DateTime)>,
    /// The transaction uses its profile for priority charging (K21).
    pub priority: bool,
    /// Where a plot is drawn.
    pub svg: Option<PathBuf>,
    /// How often the calculation is repeated and timed.
    pub bench: Option<u32>,
}

/// EVSEs that a file may speak of.
const MOST_EVSES: i32 = 1_000;

/// A profile of the file, with its place in it.
struct Entry {
    place: usize,
    evse: EvseId,
    profile: ChargingProfile,
}

/// Computes the schedule of the profiles in `file`, and shows it or what it costs. Gives what was left out, for the user to
/// know.
///
/// # Errors
/// The text is no array of requests, a profile is not taken, or the plot cannot be drawn.
pub fn schedule(options: &Options, file: &str, mut show: impl FnMut(&str)) -> Result<Vec<String>, String> {
    let entries = read(options.version, file)?;
    let (mut profiles, left_out) = install(options, &entries)?;
    let query = query(options, &profiles);
    let composite = composite(&mut profiles, &query)?;
    match options.bench {
        None => show(&json(options.version, &composite).to_string()),
        Some(times) => bench(options, &entries, &mut profiles, &query, times, &mut show)?,
    }
    if let Some(path) = &options.svg {
        let lanes = lanes(options, &entries, &query)?;
        plot::draw(path, &composite, &lanes).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    if composite.is_cut {
        return Err("the schedule was cut".into());
    }
    Ok(left_out)
}

fn read(version: Version, file: &str) -> Result<Vec<Entry>, String> {
    let payloads: Vec<&RawValue> = serde_json::from_str(file)
        .map_err(|error| format!("not a JSON array of SetChargingProfile requests: {error}"))?;
    let entry = |(payload, place): (&&RawValue, usize)| {
        let (evse, profile) = read_profile(version, payload.get()).map_err(|why| format!("profile {place}: {why}"))?;
        if evse.0 > MOST_EVSES {
            return Err(format!("profile {place}: EVSE {evse} is beyond {MOST_EVSES}"));
        }
        Ok(Entry { place, evse, profile })
    };
    payloads.iter().zip(1..).map(entry).collect()
}

fn is_of_site(profile: &ChargingProfile) -> bool {
    profile.charging_profile_purpose == ChargingProfilePurpose::ChargingStationExternalConstraints
}

/// A store with all of them, and what was left out of it.
fn install(options: &Options, entries: &[Entry]) -> Result<(Profiles, Vec<String>), String> {
    let mut profiles = store(options, entries)?;
    let mut left_out = Vec::new();
    for Entry { place, evse, profile } in entries {
        let taken = if is_of_site(profile) {
            // As if the site had set it.
            let source = ChargingLimitSource::EMS;
            profiles.restore(Installed { evse: *evse, source, since: options.from, profile: profile.clone() })
        } else {
            profiles.set(*evse, profile.clone(), options.from)
        };
        match taken {
            Ok(_) => {}
            Err(why) if why.reason == Reason::TxNotFound => {
                left_out.push(format!("profile {place} does not count: {}; see --transaction", why.text));
            }
            Err(why) => return Err(format!("profile {place} is not taken: {why}")),
        }
    }
    if let Some((evse, _)) = options.transaction.as_ref().map(|(id, _)| (place_of(options, entries, id), id))
        && options.priority
        && !profiles.use_priority(evse, true)
    {
        return Err("there is no profile for priority charging (K21.FR.01)".into());
    }
    Ok((profiles, left_out))
}

/// An empty store in which the transaction runs.
fn store(options: &Options, entries: &[Entry]) -> Result<Profiles, String> {
    let named = entries.iter().map(|entry| entry.evse.0).chain([options.evse, 1]);
    let most = named.max().unwrap_or(1);
    let Some(evses) = usize::try_from(most).ok().filter(|_| (0..=MOST_EVSES).contains(&options.evse)) else {
        return Err(format!("EVSEs are numbered from 0 to {MOST_EVSES}"));
    };
    let rules = Rules { max_stack_level: i32::MAX, max_profiles: usize::MAX, ..Rules::of(options.version) };
    let mut profiles = Profiles::new(rules, Supply { voltage_v: options.voltage_v }, evses);
    if let Some((id, charging)) = &options.transaction {
        profiles.transaction_runs(place_of(options, entries, id), id.clone(), Some(*charging));
    }
    Ok(profiles)
}

/// Where a transaction runs: at the EVSE that is asked for; for the whole station, where its profile is.
fn place_of(options: &Options, entries: &[Entry], id: &str) -> EvseId {
    let named = |entry: &&Entry| entry.profile.transaction_id.as_deref() == Some(id) && entry.evse.0 > 0;
    match options.evse {
        0 => entries.iter().find(named).map_or(EvseId(1), |entry| entry.evse),
        evse => EvseId(evse),
    }
}

fn query(options: &Options, profiles: &Profiles) -> Query {
    let unit = options.unit.unwrap_or_else(|| profiles.usual_unit());
    Query { fill: options.rated, ..Query::new(EvseId(options.evse), options.from, options.duration_s, unit) }
}

fn composite(profiles: &mut Profiles, query: &Query) -> Result<Composite, String> {
    profiles.composite(query).ok_or_else(|| format!("there is no EVSE {}", query.evse))
}

/// What 1.6 says of a period.
const OF_16: [&str; 3] = ["startPeriod", "limit", "numberPhases"];

/// 2.x's `schedule`, 1.6's `chargingSchedule`, with `null` where there is no limit.
fn json(version: Version, composite: &Composite) -> Value {
    let period = |period: &pilotwire::charging::CompositePeriod| {
        let mut value = json!(period.to_wire());
        if let Value::Object(members) = &mut value {
            members.entry("limit").or_insert(Value::Null);
            if version == Version::V16 {
                members.retain(|name, _| OF_16.contains(&name.as_str()));
            }
        }
        value
    };
    let periods: Vec<Value> = composite.periods.iter().map(period).collect();
    let unit = pilotwire::domain::ChargingRateUnit::from(composite.unit);
    if version == Version::V16 {
        return json!({
            "duration": composite.duration_s,
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": periods,
        });
    }
    json!({
        "evseId": composite.evse,
        "duration": composite.duration_s,
        "scheduleStart": composite.start,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    })
}

/// Each profile alone, the one that goes over the others first.
fn lanes(options: &Options, entries: &[Entry], query: &Query) -> Result<Vec<Lane>, String> {
    let mut lanes = Vec::new();
    for entry in entries {
        let here = entry.evse == query.evse || entry.evse == EvseId(0) || query.evse == EvseId(0);
        if !here {
            continue;
        }
        let alone = [Entry { place: entry.place, evse: entry.evse, profile: entry.profile.clone() }];
        let (mut profiles, left_out) = install(&Options { priority: false, ..options.clone() }, &alone)?;
        if !left_out.is_empty() {
            continue;
        }
        if entry.profile.charging_profile_purpose == ChargingProfilePurpose::PriorityCharging {
            profiles.use_priority(EvseId(options.evse), true);
        }
        let evse = if entry.evse == EvseId(0) { query.evse } else { entry.evse };
        let schedule = composite(&mut profiles, &Query { evse, fill: None, ..*query })?;
        lanes.push(Lane {
            purpose: entry.profile.charging_profile_purpose.clone(),
            level: entry.profile.stack_level,
            id: entry.profile.id,
            schedule,
        });
    }
    Ok(lanes)
}

fn bench(
    options: &Options,
    entries: &[Entry],
    profiles: &mut Profiles,
    query: &Query,
    times: u32,
    show: &mut impl FnMut(&str),
) -> Result<(), String> {
    let alone = median(times, || drop(black_box(profiles.composite(black_box(query)))));
    let mut failed = None;
    let installed = median(times, || match install(options, entries) {
        Ok((mut profiles, _)) => drop(black_box(profiles.composite(black_box(query)))),
        Err(why) => failed = Some(why),
    });
    if let Some(why) = failed {
        return Err(why);
    }
    show(&format!("median of {times}: {alone} ns"));
    show(&format!("median of {times} with installation: {installed} ns"));
    Ok(())
}

/// The median time of one run, in ns.
fn median(times: u32, mut run: impl FnMut()) -> u128 {
    let mut spans: Vec<u128> = (0..times.max(1))
        .map(|_| {
            #[expect(clippy::disallowed_methods, reason = "this is what is measured")]
            let begin = Instant::now();
            run();
            #[expect(clippy::disallowed_methods, reason = "this is what is measured")]
            let span = begin.elapsed();
            span.as_nanos()
        })
        .collect();
    spans.sort_unstable();
    spans[spans.len() / 2]
}
