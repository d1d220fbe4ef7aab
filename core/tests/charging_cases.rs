//! Charging profiles case by case: what the clauses say, worked out by hand.
//!
//! Where a stack that is in use goes wrong, the case says so.

#[path = "charging/build.rs"]
mod build;
#[path = "charging/cases/certification.rs"]
mod certification;
#[path = "charging/cases/refusals.rs"]
mod refusals;
#[path = "charging/cases/replacing.rs"]
mod replacing;
#[path = "charging/cases/stacks.rs"]
mod stacks;
#[path = "charging/cases/time.rs"]
mod time;
#[path = "charging/cases/units.rs"]
mod units;
#[path = "charging/cases/v21.rs"]
mod v21;
#[path = "charging/cases/vehicle.rs"]
mod vehicle;
#[path = "charging/cases/window.rs"]
mod window;
