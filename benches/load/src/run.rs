//! Starts both, and reads what the server costs.

use std::error::Error;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::str::FromStr;

use clap::ValueEnum;

use crate::Options;
use crate::figures::{self, Figures};
use crate::server::Adapter;

/// A process of ours, which ends with its input.
struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// On this CPU alone, if one is named.
    fn start(program: &Path, arguments: &[String], cpu: Option<&str>) -> Result<Self, Box<dyn Error>> {
        let mut command = match cpu {
            Some(cpu) => {
                let mut command = Command::new("taskset");
                command.args(["-c", cpu]).arg(program);
                command
            }
            None => Command::new(program),
        };
        let mut child = command
            .args(arguments)
            // As many threads as the other runtimes have.
            .env("SMOL_THREADS", "2")
            .env("ASYNC_STD_THREAD_COUNT", "2")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = (input, output) else { return Err("no pipes".into()) };
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    fn line(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() { Err("a process ended before its time".into()) } else { Ok(line.trim().to_owned()) }
    }

    fn go_on(&mut self) -> std::io::Result<()> {
        writeln!(self.input, "go on")
    }

    fn status(&self, field: &str) -> Result<f64, Box<dyn Error>> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find(|line| line.starts_with(field)).ok_or("no such field")?;
        Ok(line.split_whitespace().nth(1).ok_or("no value")?.parse()?)
    }

    /// Resident memory in KiB.
    fn resident_kib(&self) -> Result<f64, Box<dyn Error>> {
        self.status("VmRSS:")
    }

    /// Processor time in microseconds, that of the system included; a tick is 10 ms.
    fn processor_us(&self) -> Result<f64, Box<dyn Error>> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Behind the name, which may hold spaces, stand the state and then numbers; the 12th and 13th are ticks.
        let (_, numbers) = text.rsplit_once(") ").ok_or("no name")?;
        let ticks = |at: usize| numbers.split(' ').nth(at).and_then(|number| number.parse::<f64>().ok());
        let (user, system) = (ticks(11).ok_or("no time")?, ticks(12).ok_or("no time")?);
        Ok((user + system) * 10_000.0)
    }
}

/// As a power cut would end it, and nothing is left of it.
impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server to be measured.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// One of ours.
    Ours(Adapter),
    /// A program that takes `--listen`, prints its address, and ends with its input.
    Other(PathBuf),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Adapter::from_str(text, false) {
            Ok(adapter) => Ok(Self::Ours(adapter)),
            Err(_) if Path::new(text).is_file() => Ok(Self::Other(text.into())),
            Err(error) => Err(format!("{error}, and no program has this name")),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(adapter) => write!(f, "{adapter:?}"),
            Self::Other(path) => f.write_str(&path.file_name().unwrap_or_default().to_string_lossy()),
        }
    }
}

impl Subject {
    fn start(
        &self,
        listen: &str,
        folder: Option<&Path>,
        options: Options,
    ) -> Result<(Process, String), Box<dyn Error>> {
        let cpu = options.pin.then_some("0");
        let mut arguments = vec!["--listen".to_owned(), listen.to_owned()];
        arguments.extend(folder.iter().flat_map(|folder| ["--tls".to_owned(), folder.to_string_lossy().into_owned()]));
        let mut server = match self {
            Self::Other(program) => Process::start(program, &arguments, cpu)?,
            Self::Ours(adapter) => {
                let name = adapter.to_possible_value().ok_or("no name")?.get_name().to_owned();
                let ours = ["serve".to_owned(), "--adapter".to_owned(), name];
                Process::start(&std::env::current_exe()?, &[&ours[..], &arguments].concat(), cpu)?
            }
        };
        let address = server.line()?;
        Ok((server, address))
    }
}

fn client(address: &str, options: Options, folder: Option<&Path>) -> Result<Process, Box<dyn Error>> {
    let number = |name: &str, value: u32| [name.to_owned(), value.to_string()];
    let mut arguments = vec!["dial".to_owned(), "--connect".to_owned(), address.to_owned()];
    arguments.extend(number("--stations", options.stations));
    arguments.extend(number("--seconds", options.seconds));
    arguments.extend(number("--at-once", options.at_once));
    arguments
        .extend(folder.iter().flat_map(|folder| ["--tls-folder".to_owned(), folder.to_string_lossy().into_owned()]));
    Process::start(&std::env::current_exe()?, &arguments, options.pin.then_some("1"))
}

/// Every server in turn, as many rounds as wanted.
pub(crate) fn run(options: Options, servers: &[Subject], rounds: u32) -> Result<(), Box<dyn Error>> {
    let mut figures: Vec<(String, Vec<Figures>)> =
        servers.iter().map(|subject| (subject.to_string(), Vec::new())).collect();
    for _ in 0..rounds {
        for (subject, (_, rounds)) in servers.iter().zip(&mut figures) {
            rounds.push(measure(subject, options)?);
        }
    }
    println!("{} stations, {}, {rounds} rounds\n", options.stations, if options.tls { "by TLS" } else { "plain" });
    figures::print(&figures);
    Ok(())
}

fn measure(subject: &Subject, options: Options) -> Result<Figures, Box<dyn Error>> {
    let folder = options.tls.then(folder).transpose()?;
    let (server, address) = subject.start("127.0.0.1:0", folder.as_deref(), options)?;
    let empty = server.resident_kib()?;
    let mut stations = client(&address, options, folder.as_deref())?;
    let connected_s = stations.line()?.parse()?;
    let idle = server.resident_kib()?;
    let before = server.processor_us()?;
    stations.go_on()?;
    let done = stations.line()?;
    let spent = server.processor_us()? - before;
    let loaded = server.resident_kib()?;
    let mut told = done.split(' ').map(str::parse::<f64>);
    let mut figure = || told.next().ok_or("a figure is missing")?.map_err(Box::<dyn Error>::from);
    let (beats, p50_us, p99_us) = (figure()?, figure()?, figure()?);
    drop((server, stations));
    let (again, _) = subject.start(&address, folder.as_deref(), options)?;
    let mut stations = client(&address, options, folder.as_deref())?;
    let back_s = stations.line()?.parse()?;
    drop((again, stations));
    folder.map(std::fs::remove_dir_all).transpose()?;
    let count = f64::from(options.stations);
    Ok(Figures {
        connected_s,
        idle_kib: (idle - empty) / count,
        loaded_kib: (loaded - empty) / count,
        beats_a_second: beats / f64::from(options.seconds),
        p50_us,
        p99_us,
        processor_us: spent / beats,
        back_s,
    })
}

/// A place for the root of the day.
fn folder() -> std::io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("pilotwire-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
