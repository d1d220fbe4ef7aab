//! Runs pilotwire machines on smol: reads, sleeps, writes, performs. No rule of OCPP is in here, and little else:
//! all but sockets, sleeping and spawning is [shared](pilotwire_futures) with the other runtimes of its kind.
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

pub use pilotwire_futures::*;
use smol::net::{TcpListener, TcpStream};

/// The runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smol;

impl Runtime for Smol {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn connect(self, host: String, port: u16) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn accept(self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = listener.accept().await?;
        // Without it small answers wait for acknowledgements; nothing breaks.
        let _ = stream.set_nodelay(true);
        Ok((stream, peer))
    }

    fn end(self, stream: &TcpStream) -> io::Result<()> {
        stream.shutdown(Shutdown::Write)
    }

    async fn sleep(self, span: Duration) {
        smol::Timer::after(span).await;
    }

    fn spawn(self, task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }
}
