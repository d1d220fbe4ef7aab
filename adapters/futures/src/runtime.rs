//! The few things in which runtimes differ.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_lite::future::race;
use futures_lite::{AsyncRead, AsyncWrite};

/// Sockets, sleeping and spawning.
pub trait Runtime: Copy + Send + Sync + 'static {
    /// An open TCP connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// A bound TCP port.
    type Listener: Send + Sync + 'static;

    /// Opens a TCP connection that sends small answers at once.
    ///
    /// # Errors
    /// Whatever the environment has to say.
    fn connect(self, host: String, port: u16) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Waits for the next connection to a port, which sends small answers at once.
    ///
    /// # Errors
    /// Whatever the environment has to say.
    fn accept(self, listener: &Self::Listener) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Ends our side of a connection: the peer sees the end of the stream. Closing a stream does that on some runtimes only.
    ///
    /// # Errors
    /// The connection is gone already.
    fn end(self, stream: &Self::Stream) -> io::Result<()>;

    /// Sleeps so long, in real time.
    fn sleep(self, span: Duration) -> impl Future<Output = ()> + Send;

    /// Runs a task beside this one, to its end.
    fn spawn(self, task: impl Future<Output = ()> + Send + 'static);
}

/// `None` if it takes longer than this.
pub(crate) async fn within<R: Runtime, T>(runtime: R, span: Duration, work: impl Future<Output = T>) -> Option<T> {
    race(async { Some(work.await) }, async {
        runtime.sleep(span).await;
        None
    })
    .await
}
