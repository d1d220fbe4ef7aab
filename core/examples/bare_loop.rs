//! A charging station without any runtime: a loop that owns a `Station`, feeds it facts and performs its actions.
//!
//! The "CSMS" is a function that answers frames, the "disk" a map, the "hardware" a few lines of print. Time is a counter.
//! See docs/embedding.md for the contract that `perform` fulfils.

use std::collections::{BTreeMap, VecDeque};

use pilotwire::domain::{EvseId, IdToken, IdTokenKind, Reading, StationIdentity};
use pilotwire::station::{Config, Input, Output};
use pilotwire::{Action, Event, Instant, Machine, Outbox, PowerUp, Station, Version, Write};

fn main() {
    let identity = StationIdentity { model: "Bare".into(), vendor: "Example".into(), ..StationIdentity::default() };
    let mut station = Station::new(Config::new(Version::V201, identity, 42, 1));
    let mut outbox = Outbox::new();
    let mut disk = BTreeMap::new();
    let mut energy_wh = 0;
    // What happens by itself: seconds since power-up, and the fact.
    let evse = EvseId(1);
    let token = IdToken::new("04A1B2C3", IdTokenKind::ISO14443);
    let mut script = VecDeque::from([
        (5, Input::CablePlugged { evse, connector: 1 }),
        (6, Input::Token { evse: Some(evse), token: token.clone() }),
        (8, Input::EvReady { evse }),
        (20, Input::Token { evse: Some(evse), token }),
        (25, Input::CableUnplugged { evse }),
    ]);
    let clock = Some("2026-03-01T10:00:00Z".parse().expect("a timestamp"));
    let mut events = VecDeque::from([Event::PowerUp(PowerUp { records: Vec::new(), clock })]);
    for second in 0..40 {
        let now = Instant::from_millis(second * 1_000);
        if script.front().is_some_and(|(at, _)| *at == second) {
            events.extend(script.pop_front().map(|(_, fact)| Event::Input(fact)));
        }
        if station.poll_timeout().is_some_and(|(at, _)| at <= now) {
            events.push_back(Event::Timeout);
        }
        // Whatever an action brings about is the next event; the machine is never called from within itself.
        while let Some(event) = events.pop_front() {
            station.handle(now, event, &mut outbox);
            for action in outbox.drain() {
                perform(action, &mut disk, &mut energy_wh, &mut events);
            }
        }
    }
    println!("{} records on disk, {} events waiting", disk.len(), station.queued_events());
    assert_eq!(station.queued_events(), 0, "every event of the transaction was delivered");
}

/// Performs one action. A `Persist` is durable when this returns.
fn perform(
    action: Action<Output>,
    disk: &mut BTreeMap<String, String>,
    energy_wh: &mut i32,
    events: &mut VecDeque<Event<Input>>,
) {
    match action {
        Action::Persist(Write::Put(record)) => drop(disk.insert(record.key, record.value)),
        Action::Persist(Write::Delete(key)) => drop(disk.remove(&key)),
        Action::Connect(version) => events.push_back(Event::Connected(version)),
        Action::Send(frame) => events.extend(answer(&frame).map(Event::Received)),
        Action::Ping => events.push_back(Event::Pong),
        Action::Close => events.push_back(Event::Disconnected),
        Action::Output(Output::OpenContactor { evse }) => {
            *energy_wh += 25;
            let reading = Reading { energy_wh: (*energy_wh).into(), ..Reading::default() };
            events.push_back(Event::Input(Input::Meter { evse, reading }));
        }
        Action::Output(deed) => println!("hardware: {deed:?}"),
    }
}

/// The smallest CSMS there is: accepts everything.
fn answer(frame: &str) -> Option<String> {
    println!("> {frame}");
    let (id, rest) = frame.strip_prefix("[2,\"")?.split_once("\",\"")?;
    let now = "2026-03-01T10:00:00Z";
    let payload = match rest.split('"').next()? {
        "BootNotification" => format!(r#"{{"currentTime":"{now}","interval":300,"status":"Accepted"}}"#),
        "Heartbeat" => format!(r#"{{"currentTime":"{now}"}}"#),
        "Authorize" => r#"{"idTokenInfo":{"status":"Accepted"}}"#.into(),
        _ => "{}".into(),
    };
    Some(format!("[3,\"{id}\",{payload}]"))
}
