//! The composite schedule of ocpp-kit beside ours, in one run: how long both need, and whether they say the same. Where they
//! do not, the reason is named with its clause; a difference without one ends the program.

mod kit;
mod model;
mod random;
mod results;
mod times;

use std::process::ExitCode;

use pilotwire_benches::counting::Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn main() -> ExitCode {
    times::compare();
    if results::compare() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
