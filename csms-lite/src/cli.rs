//! The command line.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use csms_lite::{Options, Running, ServeError};
use pilotwire_wire::Password;
use tracing_subscriber::filter::LevelFilter;

/// A small, real CSMS for OCPP 1.6 and 2.0.1.
#[derive(Parser)]
#[command(name = "csms-lite", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve charging stations and the HTTP API until SIGINT or SIGTERM.
    ///
    /// Prints one line of JSON when it is ready: {"ocpp":"127.0.0.1:9000","http":"127.0.0.1:9080"}
    Serve(Serve),
}

#[derive(Args)]
pub(crate) struct Serve {
    /// Where stations connect: ws://ADDR/<any path>/<identity>. Port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    ocpp: SocketAddr,
    /// Where the HTTP API listens; other than loopback only with --api-token-file.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9080")]
    http: SocketAddr,
    /// The directory of the database; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Let every station in, known or not, without a password.
    #[arg(long)]
    insecure: bool,
    /// Seconds between heartbeats.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(i32).range(1..))]
    heartbeat_s: i32,
    /// Keep a journal of every station in this directory, to be replayed elsewhere. There are tokens in it.
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// The log on standard error: one line for each event.
    #[arg(long, value_enum, default_value_t = LogFormat::Plain)]
    log_format: LogFormat,
    /// What to log: off, error, warn, info, debug or trace.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: LevelFilter,
    /// A file with the token that clients of the HTTP API have to present: `Authorization: Bearer <token>`.
    #[arg(long, value_name = "F")]
    api_token_file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Plain,
    Json,
}

/// The program cannot do what it was started for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("cannot read the API token from {0}: {1}")]
    TokenFile(PathBuf, #[source] io::Error),
    #[error("cannot listen to signals: {0}")]
    Signal(#[source] io::Error),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl Serve {
    /// Logs to standard error from now on. Values from outside are fields, and fields are escaped.
    pub(crate) fn install_log(&self) {
        let log = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(self.log_level).with_ansi(false);
        match self.log_format {
            LogFormat::Plain => log.init(),
            LogFormat::Json => log.json().flatten_event(true).init(),
        }
    }

    pub(crate) fn options(self) -> Result<Options, CliError> {
        Ok(Options {
            ocpp: self.ocpp,
            http: self.http,
            insecure: self.insecure,
            heartbeat_s: self.heartbeat_s,
            journals: self.journal,
            api_token: self.api_token_file.map(read_token).transpose()?,
            ..Options::new(self.data)
        })
    }
}

fn read_token(file: PathBuf) -> Result<Password, CliError> {
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Password::new(text.trim())),
        Err(error) => Err(CliError::TokenFile(file, error)),
    }
}

/// What a program that started us has to know.
pub(crate) fn ready_line(running: &Running) -> String {
    serde_json::json!({ "ocpp": running.ocpp.to_string(), "http": running.http.to_string() }).to_string()
}

/// Ready when somebody asks us to stop. Listens from now on.
#[cfg(not(unix))]
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>, CliError> {
    Ok(async {
        // Where there are no signals to wait for, only an end by force is left.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}

/// Ready when somebody asks us to stop. Listens from now on.
#[cfg(unix)]
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>, CliError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CliError::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CliError::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
