//! Starts both, and reads what the server costs.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Options;

/// A process of ours, which ends with its input.
struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
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

    fn kill(mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

fn server(listen: &str, folder: Option<&Path>) -> Result<(Process, String), Box<dyn Error>> {
    let mut arguments = vec!["serve".to_owned(), "--listen".to_owned(), listen.to_owned()];
    arguments.extend(folder.iter().flat_map(|folder| ["--tls".to_owned(), folder.to_string_lossy().into_owned()]));
    let mut server = Process::start(&arguments)?;
    let address = server.line()?;
    Ok((server, address))
}

fn client(address: &str, options: Options, folder: Option<&Path>) -> Result<Process, Box<dyn Error>> {
    let number = |name: &str, value: u32| [name.to_owned(), value.to_string()];
    let mut arguments = vec!["dial".to_owned(), "--connect".to_owned(), address.to_owned()];
    arguments.extend(number("--stations", options.stations));
    arguments.extend(number("--seconds", options.seconds));
    arguments.extend(number("--at-once", options.at_once));
    arguments
        .extend(folder.iter().flat_map(|folder| ["--tls-folder".to_owned(), folder.to_string_lossy().into_owned()]));
    Process::start(&arguments)
}

pub(crate) fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let folder = options.tls.then(folder).transpose()?;
    let (server_process, address) = server("127.0.0.1:0", folder.as_deref())?;
    let empty = server_process.resident_kib()?;
    let mut stations = client(&address, options, folder.as_deref())?;
    let connected_s = stations.line()?;
    let idle = server_process.resident_kib()?;
    let before = server_process.processor_us()?;
    stations.go_on()?;
    let done = stations.line()?;
    let spent = server_process.processor_us()? - before;
    let loaded = server_process.resident_kib()?;
    let mut figures = done.split(' ').map(str::parse::<f64>);
    let mut figure = || figures.next().ok_or("a figure is missing")?.map_err(Box::<dyn Error>::from);
    let (beats, p50, p99) = (figure()?, figure()?, figure()?);
    server_process.kill()?;
    drop(stations);
    let (again, _) = server(&address, folder.as_deref())?;
    let mut stations = client(&address, options, folder.as_deref())?;
    let back_s = stations.line()?;
    again.kill()?;

    let count = f64::from(options.stations);
    println!("| what | figure |\n| --- | --- |");
    println!("| stations, {} | {} |", if options.tls { "by TLS" } else { "plain" }, options.stations);
    println!("| all connected and booted after | {connected_s} s |");
    println!("| resident memory of one idle connection | {:.2} KiB |", (idle - empty) / count);
    println!("| the same after the load | {:.2} KiB |", (loaded - empty) / count);
    println!("| heartbeats | {beats} in {} s, {:.0} a second |", options.seconds, beats / f64::from(options.seconds));
    println!("| latency, median and 99th percentile | {p50} µs, {p99} µs |");
    println!("| the server's processor time for one | {:.2} µs |", spent / beats);
    println!("| all back after a restart of the server | {back_s} s |");
    Ok(())
}

/// A place for the root of the day.
fn folder() -> std::io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("pilotwire-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
