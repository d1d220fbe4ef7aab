//! `charger-sim run`: one charger against any CSMS.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use charger_sim::charger::{Charger, Settings};
use charger_sim::control::{self, MAX_LINE};
use charger_sim::say;
use charger_sim::storage::Storage;
use pilotwire::DateTime;
use pilotwire::charging::Rating;
use pilotwire::domain::StationIdentity;
use pilotwire::messages::Text;
use pilotwire::station::Config;
use pilotwire_tokio::{Clock, Target};
use pilotwire_wire::Password;
use pilotwire_wire::tls::{ClientTls, KeyedChain, TimeSource};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Stdin};
use tokio::sync::Notify;

use crate::cli::RunOptions;

/// Runs until the standard input ends, `quit`, a signal, or until nobody reads the standard output any more.
pub(crate) async fn run(options: RunOptions) -> Result<bool, Box<dyn Error>> {
    let unread = Arc::new(Notify::new());
    let stop = stopped(Arc::clone(&unread))?;
    let mut charger = Charger::start(settings(&options, unread)?)?;
    if options.control {
        obey(&mut charger, stop).await?;
    } else {
        charger.live(stop).await?;
    }
    charger.stop().await;
    Ok(true)
}

fn settings(options: &RunOptions, unread: Arc<Notify>) -> Result<Settings, Box<dyn Error>> {
    let clock = Clock::of_this_computer(options.speed);
    let target = target(options, clock)?;
    let storage = match &options.state {
        Some(path) => {
            let records = path.join("records");
            Storage::directory(&records).map_err(|error| format!("--state {}: {error}", records.display()))?
        }
        None => Storage::memory(),
    };
    let print = if options.control { |event: Value| say(&event.to_string()) } else { |event| say(&for_people(event)) };
    Ok(Settings {
        config: config(options),
        target,
        clock,
        storage,
        hardware: options.state.as_ref().map(|path| path.join("hardware.json")),
        meter_interval_s: options.meter_interval,
        journal: options.journal.clone(),
        journal_actions: options.journal_actions,
        frames: options.frames,
        tell: Box::new(move |event| {
            if !print(event) {
                unread.notify_one();
            }
        }),
    })
}

fn config(options: &RunOptions) -> Config {
    let identity = StationIdentity {
        model: options.model.as_str().into(),
        vendor: options.vendor.as_str().into(),
        serial_number: options.serial.as_deref().map(Text::from),
        firmware_version: Some(options.firmware.as_str().into()),
        ..StationIdentity::default()
    };
    let of_identity = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let seed = options.seed.unwrap_or_else(|| options.id.as_str().bytes().fold(0xCBF2_9CE4_8422_2325, of_identity));
    let mut config = Config::new(options.version, identity, seed, options.evses.into());
    let rating = |current_a| Rating { current_a, phases: options.phases };
    for evse in &mut config.evses {
        evse.socket = options.sockets;
        evse.rating = rating(options.max_current);
        evse.minimum_a = options.min_current;
    }
    config.charging.rating = options.grid_current.map(rating);
    config.variables = options.variables.iter().map(|(id, value)| (id.clone(), value.as_str().into())).collect();
    config
}

/// Whom the charger calls, and with what; refused if that is not the security profile that was asked for.
fn target(options: &RunOptions, clock: Clock) -> Result<Target, String> {
    let target = Target {
        endpoint: options.csms.clone(),
        identity: options.id.clone(),
        password: password(options)?,
        tls: tls(options, clock)?,
    };
    let (secure, password, own) = (target.endpoint.secure, target.password.is_some(), options.tls_cert.is_some());
    if secure && target.tls.is_none() {
        return Err("wss:// needs --tls-ca: what the CSMS's certificate has to lead to".into());
    }
    let comes_with = match (secure, password, own) {
        (true, _, true) => 3,
        (true, true, false) => 2,
        (false, true, _) => 1,
        _ => 0,
    };
    match options.security_profile {
        Some(asked) if asked != comes_with => Err(format!(
            "--security-profile {asked} does not fit: {}",
            match asked {
                0 => "profile 0 is ws:// without a password",
                1 => "profile 1 is ws:// with a password",
                2 => "profile 2 is wss:// with a password and without --tls-cert",
                _ => "profile 3 is wss:// with --tls-cert and --tls-key",
            }
        )),
        _ => Ok(target),
    }
}

fn tls(options: &RunOptions, clock: Clock) -> Result<Option<ClientTls>, String> {
    let Some(root) = &options.tls_ca else { return Ok(None) };
    let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let own = match (&options.tls_cert, &options.tls_key) {
        (Some(certificate), Some(key)) => {
            let chain = KeyedChain::from_pem(&read(certificate)?, &read(key)?);
            Some(chain.map_err(|error| format!("--tls-cert {}: {error}", certificate.display()))?)
        }
        _ => None,
    };
    let time = TimeSource::new(DateTime::UNIX_EPOCH, move || clock.wall());
    let tls = ClientTls::new(&[read(root)?], own.as_ref(), time);
    tls.map(Some).map_err(|error| format!("--tls-ca {}: {error}", root.display()))
}

fn password(options: &RunOptions) -> Result<Option<Password>, String> {
    let Some(path): Option<&PathBuf> = options.password_file.as_ref() else {
        return Ok(options.password.as_ref().map(|password| Password::new(password.as_bytes())));
    };
    let mut bytes = std::fs::read(path).map_err(|error| format!("--password-file {}: {error}", path.display()))?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(Some(Password::new(bytes)))
}

/// Ready when somebody wants the process to end, or nobody listens to it.
fn stopped(unread: Arc<Notify>) -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let terminated = async move { terminate.recv().await };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    Ok(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated => {}
            () = unread.notified() => {}
        }
    })
}

/// Reads commands until the input ends or one says so; each is answered before the next is read.
async fn obey(charger: &mut Charger, stop: impl Future<Output = ()>) -> Result<(), Box<dyn Error>> {
    let mut stop = std::pin::pin!(stop);
    let mut input = BufReader::new(tokio::io::stdin());
    loop {
        let line = async {
            tokio::select! {
                biased;
                () = &mut stop => Ok(None),
                line = next_line(&mut input) => line,
            }
        };
        let Some(line) = charger.live(line).await?? else { return Ok(()) };
        let reply = match line {
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => {
                let performed = control::perform(charger, &text);
                tokio::select! {
                    biased;
                    reply = performed => reply,
                    () = &mut stop => return Ok(()),
                }
            }
            Err(error) => control::unreadable(&error),
        };
        if !say(&reply.line.to_string()) || reply.quit {
            return Ok(());
        }
    }
}

/// The next line, or what is wrong with it; `None` at the end.
async fn next_line(input: &mut BufReader<Stdin>) -> std::io::Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    let read = (&mut *input).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes).await?;
    if read == 0 {
        return Ok(None);
    }
    if read > MAX_LINE {
        let mut rest = Vec::new();
        while !bytes.ends_with(b"\n") && (&mut *input).take(4_096).read_until(b'\n', &mut rest).await? > 0 {
            std::mem::swap(&mut bytes, &mut rest);
            rest.clear();
        }
        return Ok(Some(Err(format!("a line of more than {MAX_LINE} bytes was left out"))));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| "the line is not UTF-8".into())))
}

fn for_people(mut event: Value) -> String {
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let map = event.as_object_mut();
    let (time, name) = match map {
        Some(map) => {
            map.remove("at_ms");
            (text(map.remove("time")), text(map.remove("event")))
        }
        None => Default::default(),
    };
    let details = event.as_object().map(|map| map.iter().map(|(key, value)| format!("{key}={value}")));
    format!("{time}  {name:<20} {}", details.into_iter().flatten().collect::<Vec<_>>().join(" "))
}
