//! `charger-sim`: a virtual charger on the command line.

mod cli;
mod run;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::ExitCode;

use charger_sim::journal::{replay_file, trace_file, verdict};
use charger_sim::say;
use clap::Parser;
use pilotwire::Version;
use pilotwire::journal::Limits;

use cli::{Cli, Command};

fn main() -> ExitCode {
    match perform(Cli::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("charger-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

/// Whether all went well.
fn perform(command: Command) -> Result<bool, Failure> {
    match command {
        Command::Demo(options) => in_runtime(charger_sim::demo::demo(options.into())),
        Command::Run(options) => in_runtime(run::run(*options)),
        Command::Replay { file } => {
            let (about, replayed) = replay_file(&file, Limits::default())?;
            say(&format!("{} ({:?} {}): {}", file.display(), about.role, about.name, verdict(&replayed)));
            Ok(replayed.is_identical())
        }
        Command::Check(options) => {
            let input: Box<dyn BufRead> = match &options.file {
                Some(file) => {
                    Box::new(BufReader::new(File::open(file).map_err(|e| format!("{}: {e}", file.display()))?))
                }
                None => Box::new(std::io::stdin().lock()),
            };
            Ok(charger_sim::check::check(&options.into(), input, say)?)
        }
        Command::Schedule(options) => {
            let path = options.profiles.clone();
            let file = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let show = |line: &str| {
                say(line);
            };
            let left_out = charger_sim::schedule::schedule(&(*options).into(), &file, show)
                .map_err(|why| format!("{}: {why}", path.display()))?;
            for why in left_out {
                eprintln!("charger-sim: {why}");
            }
            Ok(true)
        }
        Command::Actions { version: Some(version) } => {
            charger_sim::check::actions(version).all(|action| say(&action));
            Ok(true)
        }
        Command::Actions { version: None } => {
            for version in Version::ALL {
                charger_sim::check::actions(version).all(|action| say(&format!("{:<6} {action}", version.name())));
            }
            Ok(true)
        }
        Command::Trace { file } => {
            trace_file(&file, Limits::default(), |line| say(&line))?;
            Ok(true)
        }
    }
}

fn in_runtime(work: impl Future<Output = Result<bool, Failure>>) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let succeeded = runtime.block_on(work);
    // Standard input is read by a thread that cannot be interrupted.
    runtime.shutdown_background();
    succeeded
}
