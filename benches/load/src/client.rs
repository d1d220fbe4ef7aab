//! The stations: sockets that boot, and send heartbeats in turn.
#![expect(clippy::disallowed_methods, reason = "what is measured is real time")]

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant as RealTime};

use pilotwire::{DateTime, Instant, Version};
use pilotwire_wire::tls::{ClientTls, TimeSource};
use pilotwire_wire::{Call, ClientHandshake, Clock, Connection, Identity, Limits, Message};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Mutex, Semaphore};

use crate::Options;

/// Stations that connect at once.
const CONNECTING: usize = 128;
/// Sockets from one source address: there are fewer than 28,232 ports.
const PER_ADDRESS: u32 = 20_000;
/// How often a station tries to connect; a server that was just started may be slow.
const ATTEMPTS: u32 = 50;

type Failure = Box<dyn Error + Send + Sync>;

struct Station {
    socket: TcpStream,
    connection: Connection,
    calls: u64,
}

impl Station {
    async fn open(server: SocketAddr, number: u32, tls: Option<ClientTls>) -> Result<Self, Failure> {
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        let call = Call {
            endpoint: format!("{scheme}://{server}/load").parse()?,
            identity: Identity::new(&format!("CS{number:06}"))?,
            version: Version::V201,
            password: None,
            tls,
        };
        let socket = TcpSocket::new_v4()?;
        let source = Ipv4Addr::new(127, 0, 0, u8::try_from(2 + number / PER_ADDRESS)?);
        socket.bind((IpAddr::V4(source), 0).into())?;
        let mut socket = socket.connect(server).await?;
        socket.set_nodelay(true)?;
        let mut handshake = ClientHandshake::new(Instant::ZERO, &call, [7; 16], Limits::default())?;
        let mut chunk = [0; 4_096];
        loop {
            let count = handshake.pending().len();
            socket.write_all(handshake.pending()).await?;
            handshake.sent(count);
            let count = socket.read(&mut chunk).await?;
            if count == 0 {
                return Err("the server hung up in the handshake".into());
            }
            if let Some(connection) = handshake.receive(&chunk[..count])? {
                return Ok(Self { socket, connection, calls: 0 });
            }
        }
    }

    async fn call(&mut self, action: &str, payload: &str) -> Result<(), Failure> {
        self.calls += 1;
        self.connection.send(format!(r#"[2,"{}","{action}",{payload}]"#, self.calls))?;
        let count = self.connection.pending().len();
        self.socket.write_all(self.connection.pending()).await?;
        self.connection.sent(count);
        let mut chunk = [0; 4_096];
        loop {
            match self.connection.poll_message() {
                Some(Message::Text(text)) if text.starts_with(&format!(r#"[3,"{}","#, self.calls)) => return Ok(()),
                Some(other) => return Err(format!("{action}: {other:?}").into()),
                None => {}
            }
            let count = self.socket.read(&mut chunk).await?;
            if count == 0 {
                return Err("the server hung up".into());
            }
            self.connection.receive(&chunk[..count]);
        }
    }

    async fn boot(&mut self) -> Result<(), Failure> {
        let payload = r#"{"reason":"PowerUp","chargingStation":{"vendorName":"Load","model":"One"}}"#;
        self.call("BootNotification", payload).await
    }
}

async fn connect(server: SocketAddr, number: u32, tls: Option<ClientTls>) -> Result<Station, Failure> {
    let mut failure = None;
    for _ in 0..ATTEMPTS {
        let attempt = async {
            let mut station = Station::open(server, number, tls.clone()).await?;
            station.boot().await?;
            Ok::<_, Failure>(station)
        };
        match attempt.await {
            Ok(station) => return Ok(station),
            Err(error) => failure = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(failure.unwrap_or_else(|| "never tried".into()))
}

/// All stations, connected and booted.
async fn connect_all(
    server: SocketAddr,
    options: Options,
    tls: Option<&ClientTls>,
) -> Result<Vec<Arc<Mutex<Station>>>, Failure> {
    let room = Arc::new(Semaphore::new(CONNECTING));
    let mut tasks = Vec::new();
    for number in 0..options.stations {
        let place = Arc::clone(&room).acquire_owned().await?;
        let tls = tls.cloned();
        tasks.push(tokio::spawn(async move {
            let station = connect(server, number, tls).await;
            drop(place);
            station
        }));
    }
    let mut stations = Vec::new();
    for task in tasks {
        stations.push(Arc::new(Mutex::new(task.await??)));
    }
    Ok(stations)
}

/// Heartbeats in a closed loop: each of the workers goes round its stations. Gives the latencies in microseconds.
async fn heartbeats(stations: &[Arc<Mutex<Station>>], options: Options) -> Result<Vec<u32>, Failure> {
    let workers = options.at_once.min(options.stations) as usize;
    let end = RealTime::now() + Duration::from_secs(options.seconds.into());
    let mut tasks = Vec::new();
    for worker in 0..workers {
        let own: Vec<_> = stations.iter().skip(worker).step_by(workers).cloned().collect();
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            for station in own.iter().cycle() {
                let begun = RealTime::now();
                if begun >= end {
                    break;
                }
                station.lock().await.call("Heartbeat", "{}").await?;
                latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok::<_, Failure>(latencies)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    all.sort_unstable();
    Ok(all)
}

fn trusting(folder: &Path) -> Result<ClientTls, Box<dyn Error>> {
    let clock = Clock::of_this_computer(1);
    let time = TimeSource::new(DateTime::UNIX_EPOCH, move || clock.wall());
    Ok(ClientTls::new(&[std::fs::read_to_string(folder.join("root.pem"))?], None, time)?)
}

pub(crate) fn dial(server: SocketAddr, options: Options, folder: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let tls = folder.map(trusting).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let work = async {
        let mut orders = BufReader::new(tokio::io::stdin()).lines();
        let begun = RealTime::now();
        let stations = connect_all(server, options, tls.as_ref()).await?;
        println!("{}", begun.elapsed().as_secs_f64());
        if orders.next_line().await?.is_none() {
            return Ok(());
        }
        let latencies = heartbeats(&stations, options).await?;
        let at = |part: usize| latencies.get((latencies.len() * part / 1_000).min(latencies.len() - 1)).copied();
        println!("{} {} {}", latencies.len(), at(500).unwrap_or(0), at(990).unwrap_or(0));
        // Held until somebody says otherwise.
        let _ = orders.next_line().await?;
        Ok::<_, Failure>(())
    };
    runtime.block_on(work).map_err(|error| error.to_string().into())
}
