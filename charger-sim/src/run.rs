//! `charger-sim run`: one charger against any CSMS.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use charger_sim::charger::{Charger, Settings};
use charger_sim::control::{self, MAX_LINE};
use charger_sim::factory::{self, Factory};
use charger_sim::say;
use charger_sim::storage::Storage;
use pilotwire::charging::Rating;
use pilotwire::domain::{SecurityProfile, StationIdentity, VariableId};
use pilotwire::messages::Text;
use pilotwire::station::{Config, FilesConfig};
use pilotwire_pki::Keys;
use pilotwire_tokio::Clock;
use pilotwire_wire::Password;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
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
    let (storage, mut keys) = match &options.state {
        Some(path) => {
            let records = path.join("records");
            let storage = Storage::directory(&records);
            let storage = storage.map_err(|error| format!("--state {}: {error}", records.display()))?;
            (storage, Keys::open(path.join("keys"))?)
        }
        None => (Storage::memory(), Keys::in_memory()),
    };
    let mut config = config(options);
    let file_roots = options.files_ca.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    config.files = files(options)?;
    fittings(options)?.fit(&mut config, &mut keys, options.id.as_str())?;
    let print = if options.control { |event: Value| say(&event.to_string()) } else { |event| say(&for_people(event)) };
    Ok(Settings {
        config,
        identity: options.id.clone(),
        keys,
        clock,
        storage,
        security_log: options.state.as_ref().map(|path| path.join("security.log")),
        file_roots: file_roots.into_iter().map(Text::from).collect(),
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
    config.certificates.secc_id = options.secc_id.as_deref().map(Text::from);
    config.charging.rating = options.grid_current.map(rating);
    config.variables = options.variables.iter().map(|(id, value)| (id.clone(), value.as_str().into())).collect();
    config
}

/// It has both logs, and takes signed firmware.
fn files(options: &RunOptions) -> Result<FilesConfig, String> {
    let roots = options.firmware_ca.iter().map(|path| read(path).map(Text::from));
    Ok(FilesConfig {
        security_log: true,
        diagnostics_log: true,
        firmware: true,
        firmware_roots: roots.collect::<Result<_, _>>()?,
        ..FilesConfig::default()
    })
}

/// Whom the charger calls, and with what; refused if that is not the security profile that was asked for.
fn fittings(options: &RunOptions) -> Result<Factory, String> {
    let (secure, password, own) = (options.csms.secure, password(options)?, own(options)?);
    if secure && options.tls_ca.is_none() {
        return Err("wss:// needs --tls-ca: what the CSMS's certificate has to lead to".into());
    }
    let comes_with = match (secure, password.is_some(), own.is_some()) {
        (true, _, true) => SecurityProfile::TlsClient,
        (true, _, false) => SecurityProfile::TlsBasic,
        (false, true, _) => SecurityProfile::Basic,
        (false, false, _) => SecurityProfile::Unsecured,
    };
    let asked =
        options.security_profile.map(SecurityProfile::try_from).transpose().map_err(|error| error.to_string())?;
    if comes_with == SecurityProfile::Unsecured && asked.is_none() {
        return Err("nothing protects ws:// without a password; if that is meant, say --security-profile 0".into());
    }
    if asked.is_some_and(|asked| asked != comes_with) || (comes_with == SecurityProfile::TlsBasic && password.is_none())
    {
        return Err(misfit(asked.unwrap_or(comes_with)));
    }
    let roots = options.tls_ca.iter().map(read).collect::<Result<_, _>>()?;
    let (endpoint, message_timeout_s) = (options.csms.clone(), message_timeout_s(options)?);
    Ok(Factory { endpoint, message_timeout_s, profile: comes_with, password, roots, own })
}

/// The way to the CSMS has one of its own, which goes before the variable.
fn message_timeout_s(options: &RunOptions) -> Result<i32, String> {
    let id = VariableId::new("OCPPCommCtrlr", "MessageTimeout").instance("Default");
    match options.variables.iter().rfind(|(set, _)| set.names(&id)) {
        None => Ok(factory::message_timeout_s(options.speed)),
        Some((_, value)) => match value.parse() {
            Ok(seconds @ 1..=3_600) => Ok(seconds),
            _ => Err(format!("OCPPCommCtrlr.MessageTimeout[Default]={value}: use 1 to 3600 seconds")),
        },
    }
}

fn misfit(profile: SecurityProfile) -> String {
    let needs = match profile {
        SecurityProfile::Unsecured => "ws:// without a password",
        SecurityProfile::Basic => "ws:// with a password",
        SecurityProfile::TlsBasic => "wss:// with a password and without --tls-cert",
        SecurityProfile::TlsClient => "wss:// with --tls-cert and --tls-key",
    };
    format!("--security-profile {profile} does not fit: it is {needs}")
}

fn read(path: &PathBuf) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The charger's certificate and key.
fn own(options: &RunOptions) -> Result<Option<(String, PrivatePkcs8KeyDer<'static>)>, String> {
    let (Some(certificate), Some(key)) = (&options.tls_cert, &options.tls_key) else { return Ok(None) };
    let der = PrivatePkcs8KeyDer::from_pem_slice(read(key)?.as_bytes());
    let der = der.map_err(|error| format!("--tls-key {}: no private key in PKCS #8: {error}", key.display()))?;
    Ok(Some((read(certificate)?, der)))
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
