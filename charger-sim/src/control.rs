//! The physical world as JSON lines: see docs/control-interface.md.

use std::io;
use std::time::Duration;

use pilotwire::domain::{
    ChargingLimitSource, ChargingRateUnit, ChargingSchedule, ChargingSchedulePeriod, EvseId, ExternalLimit, IdToken,
    IdTokenKind, Problem, VariableId,
};
use pilotwire::messages::{Decimal, Text};
use pilotwire::station::Input;
use serde_json::{Map, Value, json};

use crate::charger::{Charger, Unheard};
use crate::command::{Command, Line, parse};
use crate::hardware::{Evse, Hardware};
use crate::vehicle::{NoSuchVehicle, VehicleChange};

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// The longest time that one command takes, in seconds of the hardware's time.
const LONGEST_S: u64 = 24 * 60 * 60;

/// What became of a line.
#[derive(Debug)]
pub struct Reply {
    /// The line to answer with.
    pub line: Value,
    /// The charger is to be switched off.
    pub quit: bool,
}

/// Why a command was not performed; nothing has changed.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("there is no EVSE {0}")]
    NoEvse(EvseId),
    #[error("{0}")]
    State(&'static str),
    #[error("\"{0}\" is no type of token; use one of {1}")]
    TokenKind(String, String),
    #[error("a meter shows from 0 to 1000000000000 Wh")]
    Register,
    #[error("at most {LONGEST_S} s")]
    TooLong,
    #[error(transparent)]
    Vehicle(#[from] NoSuchVehicle),
    #[error(transparent)]
    Unheard(#[from] Unheard),
    #[error("the station could not be restarted: {0}")]
    Restart(#[from] io::Error),
}

/// Answers a line that could not even be read.
pub fn unreadable(error: &str) -> Reply {
    reply(&Line::default(), Err(error.into()))
}

/// Performs one line on a charger.
pub async fn perform(charger: &mut Charger, text: &str) -> Reply {
    let line = parse(text);
    let result = match &line.command {
        Ok(command) => play(charger, command).await.map_err(|refusal| refusal.to_string()),
        Err(error) => Err(error.clone()),
    };
    reply(&line, result)
}

fn reply(line: &Line, result: Result<Value, String>) -> Reply {
    let ok = result.is_ok();
    let mut members = match result {
        Ok(Value::Object(members)) => members,
        Ok(_) => Map::new(),
        Err(error) => Map::from_iter([("error".to_owned(), error.into())]),
    };
    members.insert("reply".into(), line.name.as_str().into());
    members.insert("ok".into(), ok.into());
    if let Some(id) = &line.id {
        members.insert("id".into(), id.clone());
    }
    Reply { line: members.into(), quit: ok && matches!(line.command, Ok(Command::Quit {})) }
}

async fn play(charger: &mut Charger, command: &Command) -> Result<Value, Refusal> {
    charger.check_room()?;
    match command {
        Command::Plug { evse, connector, vehicle } => plug(charger, *evse, connector.unwrap_or(1), (*vehicle).into())?,
        Command::Unplug { evse } => unplug(charger, *evse)?,
        Command::Token { token, kind, evse } => present(charger, token, kind.as_deref(), *evse)?,
        Command::EvReady { evse } => ready(charger, *evse, true)?,
        Command::EvSuspend { evse } => ready(charger, *evse, false)?,
        Command::Meter { evse, energy_wh, vehicle } => {
            change(charger, *evse, |facts| {
                let changed = facts.vehicle.changed((*vehicle).into())?;
                if energy_wh.is_some_and(|energy_wh| !facts.set_register_wh(energy_wh)) {
                    return Err(Refusal::Register);
                }
                facts.vehicle = changed;
                Ok(())
            })?;
            tell_meter(charger, *evse)?;
        }
        Command::Fault { evse, code, info } => {
            let code = Text::from(code.as_deref().unwrap_or("OtherError"));
            let problem = Problem { code, info: info.as_deref().map(Text::from) };
            set_problem(charger, *evse, Some(problem.clone()))?;
            tell_meter(charger, *evse)?;
            charger.fact(Input::Fault { evse: *evse, problem })?;
        }
        Command::ClearFault { evse } => {
            set_problem(charger, *evse, None)?;
            charger.fact(Input::FaultCleared { evse: *evse })?;
        }
        Command::PowerCut { off_s } => charger.cut_power(span(off_s.unwrap_or(5))?).await?,
        Command::Wait { s } => {
            let real = span(*s)? / charger.clock().speed();
            charger.live(tokio::time::sleep(real)).await?;
        }
        Command::NetDown {} => charger.set_network(false),
        Command::NetUp {} => charger.set_network(true),
        Command::Clock { time } => charger.set_clock(*time)?,
        Command::Variable { component, variable, instance, value } => {
            let mut id = VariableId::new(component, variable);
            id.instance = instance.as_deref().map(Text::from);
            charger.fact(Input::Variable { id, value: value.as_str().into() })?;
        }
        Command::SiteLimit { evse, source, current_a, power_w, phases, duration_s } => {
            let schedule = site_schedule(*current_a, *power_w, *phases, *duration_s)?;
            let (evse, source) = site(charger, *evse, source.as_deref())?;
            let limit = ExternalLimit {
                evse,
                source,
                is_grid_critical: None,
                is_local_generation: false,
                schedules: vec![schedule],
            };
            charger.fact(Input::ExternalLimit(limit))?;
        }
        Command::ClearSiteLimit { evse, source } => {
            let (evse, source) = site(charger, *evse, source.as_deref())?;
            charger.fact(Input::ExternalLimitCleared { evse, source })?;
        }
        Command::Reset {} => charger.fact(Input::LocalReset)?,
        Command::Status {} => return Ok(status(charger)),
        Command::Quit {} => {}
    }
    Ok(json!({}))
}

fn span(seconds: u64) -> Result<Duration, Refusal> {
    if seconds > LONGEST_S { Err(Refusal::TooLong) } else { Ok(Duration::from_secs(seconds)) }
}

/// Does something to an EVSE, which has changed only if that succeeds.
fn change(charger: &Charger, id: EvseId, what: impl FnOnce(&mut Evse) -> Result<(), Refusal>) -> Result<(), Refusal> {
    charger.with_hardware(|hardware| what(hardware.evse(id).ok_or(Refusal::NoEvse(id))?))
}

/// Tells what the meter shows, before something that may end the flow (see docs/embedding.md).
fn tell_meter(charger: &Charger, evse: EvseId) -> Result<(), Refusal> {
    let meters = |hardware: &mut Hardware| match evse {
        EvseId(0) => hardware.live_readings(),
        _ => hardware.evse(evse).map(|facts| Input::Meter { evse, reading: facts.reading() }).into_iter().collect(),
    };
    for reading in charger.with_hardware(meters) {
        charger.fact(reading)?;
    }
    Ok(())
}

fn plug(charger: &Charger, evse: EvseId, connector: i32, vehicle: VehicleChange) -> Result<(), Refusal> {
    change(charger, evse, |facts| {
        if facts.plugged.is_some() {
            return Err(Refusal::State("a cable is plugged there already"));
        }
        if connector != 1 {
            return Err(Refusal::State("each EVSE of this charger has one connector, number 1"));
        }
        facts.vehicle = facts.vehicle.changed(vehicle)?;
        facts.plugged = Some(connector);
        Ok(())
    })?;
    Ok(charger.fact(Input::CablePlugged { evse, connector })?)
}

fn unplug(charger: &Charger, evse: EvseId) -> Result<(), Refusal> {
    change(charger, evse, |facts| {
        if facts.plugged.is_none() {
            return Err(Refusal::State("no cable is plugged there"));
        }
        (facts.plugged, facts.ready) = (None, false);
        Ok(())
    })?;
    tell_meter(charger, evse)?;
    Ok(charger.fact(Input::CableUnplugged { evse })?)
}

fn ready(charger: &Charger, evse: EvseId, ready: bool) -> Result<(), Refusal> {
    change(charger, evse, |facts| {
        if facts.plugged.is_none() {
            return Err(Refusal::State("no vehicle is connected there"));
        }
        if ready && facts.vehicle.is_full() {
            return Err(Refusal::State("the vehicle is full"));
        }
        facts.ready = ready;
        Ok(())
    })?;
    tell_meter(charger, evse)?;
    let fact = if ready { Input::EvReady { evse } } else { Input::EvSuspended { evse } };
    Ok(charger.fact(fact)?)
}

fn present(charger: &Charger, token: &str, kind: Option<&str>, evse: Option<EvseId>) -> Result<(), Refusal> {
    let kind = match kind {
        Some(word) => match IdTokenKind::from_word(word) {
            IdTokenKind::Unlisted(_) => return Err(Refusal::TokenKind(word.into(), IdTokenKind::WORDS.join(", "))),
            kind => kind,
        },
        None => IdTokenKind::ISO14443,
    };
    if let Some(evse) = evse {
        change(charger, evse, |_| Ok(()))?;
    }
    tell_meter(charger, evse.unwrap_or(EvseId(0)))?;
    Ok(charger.fact(Input::Token { evse, token: IdToken::new(token, kind) })?)
}

fn set_problem(charger: &Charger, evse: EvseId, problem: Option<Problem>) -> Result<(), Refusal> {
    if evse == EvseId(0) {
        charger.with_hardware(|hardware| hardware.problem = problem);
        return Ok(());
    }
    change(charger, evse, |facts| {
        facts.problem = problem;
        Ok(())
    })
}

/// Where a limit of the site holds, and whose it is: the energy management's, unless told.
fn site(
    charger: &Charger,
    evse: Option<EvseId>,
    source: Option<&str>,
) -> Result<(EvseId, ChargingLimitSource), Refusal> {
    let evse = evse.unwrap_or(EvseId(0));
    if evse != EvseId(0) {
        change(charger, evse, |_| Ok(()))?;
    }
    Ok((evse, source.map_or(ChargingLimitSource::EMS, ChargingLimitSource::from_word)))
}

/// One limit from now on.
fn site_schedule(
    current_a: Option<Decimal>,
    power_w: Option<Decimal>,
    phases: Option<i32>,
    duration_s: Option<i32>,
) -> Result<ChargingSchedule, Refusal> {
    let (unit, limit) = match (current_a, power_w) {
        (Some(current), None) => (ChargingRateUnit::A, current),
        (None, Some(power)) => (ChargingRateUnit::W, power),
        _ => return Err(Refusal::State("tell current_a or power_w")),
    };
    let mut period = ChargingSchedulePeriod::new(0);
    (period.limit, period.number_phases) = (Some(limit), phases);
    let mut schedule = ChargingSchedule::new(1, unit, vec![period]);
    schedule.duration = duration_s;
    Ok(schedule)
}

/// Everything that can be seen from outside.
fn status(charger: &Charger) -> Value {
    let (mut station, told) = charger.look();
    let evse = |(id, evse): (EvseId, &Evse)| {
        let hardware = json!({
            "evse": id,
            "plugged": evse.plugged,
            "ready": evse.ready,
            "contactor_closed": evse.contactor_closed,
            "locked": evse.locked,
            "power_w": evse.power_w(),
            "limit": evse.limit,
            "register_wh": evse.register_wh(),
            "soc_percent": evse.vehicle.soc_percent(),
            "fault": evse.problem,
        });
        (id, hardware)
    };
    let evses = charger.with_hardware(|hardware| hardware.evses().map(evse).collect::<Vec<_>>());
    let with_told = evses.into_iter().map(|(id, mut members)| {
        if let Value::Object(members) = &mut members {
            members.extend(told(id));
        }
        members
    });
    let evses = with_told.collect();
    if let Value::Object(members) = &mut station {
        members.insert("evses".into(), evses);
    }
    station
}
