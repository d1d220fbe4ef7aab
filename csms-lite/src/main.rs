//! `csms-lite serve` and `csms-lite pki`: see the library.
#![forbid(unsafe_code)]

mod cli;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, CliError, Command, Serve};
use csms_lite::serve;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(arguments) => {
            arguments.install_log();
            run(*arguments)
        }
        Command::Pki(pki) => pki.run().map_err(CliError::from),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; there is nobody else to tell.
            let _ = writeln!(std::io::stderr(), "csms-lite: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Serve) -> Result<(), CliError> {
    let tls = arguments.tls.clone();
    let options = arguments.options()?;
    if options.insecure {
        tracing::warn!(
            "--insecure: every station is let in without a password, and whoever reaches the port can be any"
        );
    }
    // Before anything is started, so that no signal is missed.
    let stop = cli::stop_signal()?;
    let running = serve(options).await?;
    let ready = cli::ready_line(&running);
    // Whoever started us reads this line; if it is gone, we serve all the same.
    let _ = writeln!(std::io::stdout(), "{ready}");
    tracing::info!(ocpp = %running.ocpp, http = %running.http, "ready");
    let reloading = async {
        cli::reload_on_signal(&tls, &running).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = stop => {}
        () = reloading => {}
    }
    tracing::info!("shutting down");
    running.shutdown().await;
    Ok(())
}
