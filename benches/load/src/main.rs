//! Many stations on one CSMS: what each costs. Loopback only, and bounded in count and time.
//!
//! `run` starts a server and a client as processes of their own, lets all stations connect and boot, reads the server's memory,
//! lets them send heartbeats one after the other for a while, reads its processor time, then kills the server, starts it anew,
//! and sees how long it takes until all are back.
#![forbid(unsafe_code)]

mod client;
mod figures;
mod run;
mod server;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Servers and client, and the figures of both.
    Run {
        #[command(flatten)]
        options: Options,
        /// What is measured, in turn: tokio, smol, async-std, blocking, or a program that takes `--listen`, prints its
        /// address and ends with its input. May be given several times.
        #[arg(long = "server", default_value = "tokio")]
        servers: Vec<run::Subject>,
        /// How often each of them is measured; medians are told, and the least and the greatest.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
        rounds: u32,
    },
    /// The server alone: prints its address, and serves until its input ends.
    Serve {
        /// Whose sockets.
        #[arg(long, value_enum, default_value_t = server::Adapter::Tokio)]
        adapter: server::Adapter,
        /// 127.0.0.1:0 picks a free port.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: std::net::SocketAddr,
        /// By TLS, with certificates of the authority in this folder.
        #[arg(long)]
        tls: Option<std::path::PathBuf>,
    },
    /// The client alone: connects, boots, and waits for a line before each thing that it does.
    Dial {
        /// The server.
        #[arg(long)]
        connect: std::net::SocketAddr,
        #[command(flatten)]
        options: Options,
        /// By TLS, trusting the root in this folder.
        #[arg(long)]
        tls_folder: Option<std::path::PathBuf>,
    },
}

/// What is to be borne.
#[derive(Args, Clone, Copy)]
struct Options {
    /// How many stations.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    stations: u32,
    /// How long heartbeats are sent, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: u32,
    /// Heartbeats under way at once, over all stations.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    at_once: u32,
    /// By TLS (security profile 2).
    #[arg(long)]
    tls: bool,
    /// The server on one CPU and the client on the other, by `taskset`: then the slower of both sets the pace.
    #[arg(long)]
    pin: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Cli::parse().command {
        Command::Run { options, servers, rounds } => run::run(options, &servers, rounds),
        Command::Serve { adapter, listen, tls } => server::serve(adapter, listen, tls.as_deref()),
        Command::Dial { connect, options, tls_folder } => client::dial(connect, options, tls_folder.as_deref()),
    }
}
