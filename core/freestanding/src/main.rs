//! A program that has nothing but the core: no std, no C library, no operating system but for the exit.
//!
//! It links only while nothing below it uses std: std brings a panic handler of its own, and the compiler refuses two.
//! Any use of the C library is an undefined symbol. Tried, and refused with E0152 (`panic_impl` found twice): `extern crate
//! std` in pilotwire-messages, the feature `std` of serde_json, and pilotwire without its `#![no_std]`. What it does is the least that drags the code in: decode and encode
//! a payload of each family, and let a station and a CSMS meet over BootNotification.
//!
//! Exits with status 0 on Linux x86_64, else with the number of the step that failed, or 101 after a panic.
#![no_std]
#![no_main]

extern crate alloc;

mod bare;

use alloc::string::String;
use alloc::vec::Vec;

use pilotwire::domain::StationIdentity;
use pilotwire::{Action, Csms, Event, Instant, Machine, Outbox, PowerUp, Station, Version, csms, station};
use pilotwire_messages::{decode, encode, v2, v16};

/// The steps, in order; each is worth its number when it fails.
fn run() -> Result<(), u8> {
    old_payload().ok_or(1)?;
    new_payload().ok_or(2)?;
    refused_payload().ok_or(3)?;
    for version in [Version::V16, Version::V201] {
        boot(version).ok_or(4)?;
    }
    Ok(())
}

fn old_payload() -> Option<()> {
    let text = r#"{"status":"Accepted","currentTime":"2026-01-31T12:00:00.000Z","interval":300}"#;
    let answer: v16::BootNotificationResponse = decode(text, Version::V16).ok()?;
    (encode(&answer) == text).then_some(())
}

fn new_payload() -> Option<()> {
    let text = concat!(
        r#"{"evseId":1,"meterValue":[{"timestamp":"2026-01-31T12:00:00.000Z","#,
        r#""sampledValue":[{"value":2935.600}]}]}"#
    );
    let values: v2::MeterValuesRequest = decode(text, Version::V21).ok()?;
    (encode(&values) == text).then_some(())
}

fn refused_payload() -> Option<()> {
    let violation = decode::<v2::ResetRequest>(r#"{"type":"Tomorrow"}"#, Version::V201).err()?;
    (violation.path == "/type").then_some(())
}

/// The station's first frame gets an answer from the CSMS that the station understands.
fn boot(version: Version) -> Option<()> {
    let identity = StationIdentity { model: "Bare".into(), vendor: "Example".into(), ..StationIdentity::default() };
    let mut station = Station::new(station::Config::new(version, identity, 42, 1));
    let mut csms = Csms::new(csms::Config::new("bare", 43));
    let clock = "2026-03-01T10:00:00Z".parse().ok();
    let mut frames = sent(&mut csms, Event::PowerUp(PowerUp { records: Vec::new(), clock }));
    frames.extend(sent(&mut csms, Event::Connected(version)));
    frames.extend(sent(&mut station, Event::PowerUp(PowerUp::default())));
    frames.extend(sent(&mut station, Event::Connected(version)));
    let question = frames.iter().find(|frame| frame.contains("BootNotification"))?;
    let answers = sent(&mut csms, Event::Received(question.clone()));
    let answer = answers.iter().find(|frame| frame.starts_with("[3,") && frame.contains("Accepted"))?;
    let next = sent(&mut station, Event::Received(answer.clone()));
    next.iter().any(|frame| frame.contains("StatusNotification")).then_some(())
}

/// The frames that a machine sends because of an event.
fn sent<M: Machine>(machine: &mut M, event: Event<M::Input>) -> Vec<String> {
    let mut outbox = Outbox::new();
    machine.handle(Instant::from_millis(1), event, &mut outbox);
    let frames = outbox.drain().filter_map(|action| match action {
        Action::Send(frame) => Some(frame),
        _ => None,
    });
    frames.collect()
}
