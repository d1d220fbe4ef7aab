//! A CSMS on ocpp-kit that does what the server of `pilotwire-load` does: it lets everybody in, answers BootNotification and
//! Heartbeat of 2.0.1 from decoded and validated requests, keeps nothing, and sends no pings. Takes `--listen ADDRESS`, prints
//! the address, and ends with its input.

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;

use ocpp_kit::engine::IncomingRequest;
use ocpp_kit::rpc::CallError;
use ocpp_kit::transport::{AcceptEveryStation, BoxFuture, Csms, Ctx, Handler};
use ocpp_kit::types::DateTime;
use ocpp_kit::{RawValue, Version, v2_0_1};
use tokio::io::AsyncReadExt;

struct Answers;

impl Handler for Answers {
    fn on_request(&self, ctx: Ctx, request: IncomingRequest) -> BoxFuture<'_, Result<Box<RawValue>, CallError>> {
        Box::pin(async move {
            let action = v2_0_1::Action::from_wire(&request.action)
                .ok_or_else(|| CallError::not_implemented(&request.action))?;
            match v2_0_1::CsRequest::decode(action, &request.payload, ctx.decode_options())? {
                v2_0_1::CsRequest::BootNotification(_) => {
                    let status = v2_0_1::RegistrationStatus::Accepted;
                    ctx.reply(&v2_0_1::BootNotificationResponse::new(DateTime::now(), 300, status))
                }
                v2_0_1::CsRequest::Heartbeat(_) => ctx.reply(&v2_0_1::HeartbeatResponse::new(DateTime::now())),
                other => Err(CallError::not_supported(other.action().as_str())),
            }
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen: SocketAddr = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--listen"), Some(address)) => address.parse()?,
        _ => return Err("use --listen ADDRESS".into()),
    };
    // It takes an address and no listener, so a free port is found first.
    let free = std::net::TcpListener::bind(listen)?.local_addr()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let csms = Csms::builder()
            .bind(free)
            .versions([Version::V2_0_1])
            .authenticate(AcceptEveryStation)
            .handler(Answers)
            .ping_interval(None)
            .max_connections(60_000)
            .build()?;
        println!("{free}");
        std::io::stdout().flush()?;
        let mut unread = Vec::new();
        let mut input = tokio::io::stdin();
        tokio::select! {
            served = csms.serve() => served?,
            // Whatever ends the input ends us.
            _ = input.read_to_end(&mut unread) => {}
        }
        Ok(())
    })
}
