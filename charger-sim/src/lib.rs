//! A virtual charger: what a [`pilotwire::Station`] needs to believe that it is one.
//!
//! * [`hardware`] — EVSEs, cables, contactors, meters and vehicles, exact to the millijoule;
//! * [`storage`] — the records of a station in a directory, or in memory;
//! * [`charger`] — the station, its hardware and its link on tokio, with power cuts;
//! * [`factory`] — whom it calls, and what it shows and trusts;
//! * [`firmware`] — what runs on it, fetched and installed over the air;
//! * [`control`] — the physical world as JSON lines;
//! * [`journal`] — journals in files: written, replayed, traced;
//! * [`check`] — payloads and frames against the message tables;
//! * [`schedule`] — composite schedules of profiles in a file, with a plot;
//! * [`demo`] — two chargers, a CSMS, and a session of each.

pub mod charger;
pub mod check;
mod command;
pub mod control;
pub mod demo;
pub mod factory;
mod file_tasks;
mod files;
pub mod firmware;
pub mod hardware;
mod host;
pub mod journal;
mod logbook;
mod plot;
pub mod schedule;
mod seen;
mod site;
pub mod storage;
pub mod timeline;
mod transfer;
pub mod vehicle;
mod world;

use std::io::Write;

/// Writes a line to standard output; `false` if nobody reads it any more.
pub fn say(line: &str) -> bool {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).is_ok()
}
