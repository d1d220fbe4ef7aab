//! The port that a station calls: who answers there is another one each time, and in the end an honest CSMS.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use rcgen::{CertificateParams, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::certificates::{Authority, leaf};
use crate::talk::Talk;

/// Nothing here takes longer than this, or it will never come.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// The host of every URL here.
pub(crate) const HOST: &str = "127.0.0.1";

/// What somebody does with a station that has called.
pub(crate) type Script = Box<dyn FnOnce(Caller) + Send>;

/// The socket of a station that has called, before anything was said.
pub(crate) struct Caller {
    pub(crate) socket: TcpStream,
    tls: Arc<ServerConfig>,
    pub(crate) book: Arc<Book>,
}

/// What honest CSMSs have heard.
#[derive(Default)]
pub(crate) struct Book {
    heard: Mutex<Heard>,
    more: Condvar,
}

#[derive(Default)]
pub(crate) struct Heard {
    /// Requests of the station: actions and payloads.
    pub(crate) requests: Vec<(String, Value)>,
    /// The passwords that came with the connections; empty if there was none.
    pub(crate) passwords: Vec<String>,
    /// How many sockets there were.
    pub(crate) sockets: usize,
}

impl Book {
    pub(crate) fn note<T>(&self, write: impl FnOnce(&mut Heard) -> T) -> T {
        let written = write(&mut self.heard.lock().unwrap());
        self.more.notify_all();
        written
    }
}

/// Listens until it is dropped.
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    /// What the station trusts.
    pub(crate) root: Authority,
    book: Arc<Book>,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    current: Arc<Mutex<Option<TcpStream>>>,
    closes: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Port {
    pub(crate) fn open() -> Self {
        let root = Authority::root("Root");
        let listener = listen();
        let address = listener.local_addr().unwrap();
        let tls = server_config(&root, None);
        let (book, closes) = (Arc::<Book>::default(), Arc::<AtomicBool>::default());
        let (scripts, current) =
            (Arc::<Mutex<VecDeque<Script>>>::default(), Arc::<Mutex<Option<TcpStream>>>::default());
        let (of_thread, next, line, ends) = (book.clone(), scripts.clone(), current.clone(), closes.clone());
        let thread = std::thread::spawn(move || {
            for socket in listener.incoming() {
                let socket = socket.unwrap();
                of_thread.note(|heard| heard.sockets += 1);
                *line.lock().unwrap() = Some(socket.try_clone().unwrap());
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                socket.set_nodelay(true).unwrap();
                socket.set_read_timeout(Some(PATIENCE)).unwrap();
                socket.set_write_timeout(Some(PATIENCE)).unwrap();
                let script = next.lock().unwrap().pop_front();
                let caller = Caller { socket, tls: Arc::clone(&tls), book: Arc::clone(&of_thread) };
                script.unwrap_or_else(|| Box::new(honest))(caller);
                end(&line);
            }
        });
        Self { address, root, book, scripts, current, closes, thread: Some(thread) }
    }

    /// These answer next, one after the other; honest ones follow.
    pub(crate) fn then(&self, scripts: impl IntoIterator<Item = Script>) {
        self.scripts.lock().unwrap().extend(scripts);
    }

    /// Breaks the connection that is there.
    pub(crate) fn cut(&self) {
        end(&self.current);
    }

    /// Waits until honest ears have heard this.
    pub(crate) fn until<T>(&self, what: &str, mut is_there: impl FnMut(&Heard) -> Option<T>) -> T {
        let mut found = None;
        let heard = self.book.heard.lock().unwrap();
        let waited = self.book.more.wait_timeout_while(heard, PATIENCE, |heard| {
            found = is_there(heard);
            found.is_none()
        });
        let (heard, _) = waited.unwrap();
        found.unwrap_or_else(|| panic!("{what} did not come: {:#?}", heard.requests))
    }

    /// What was heard so far.
    pub(crate) fn heard<T>(&self, look: impl FnOnce(&Heard) -> T) -> T {
        look(&self.book.heard.lock().unwrap())
    }

    /// Waits for the station's next boot at an honest CSMS.
    pub(crate) fn boots(&self) {
        self.until("a boot", |heard| position(heard, "BootNotification"));
    }

    /// Waits for a security event of this kind, and gives how many of another have come before it.
    pub(crate) fn hears_before(&self, last: &str, kind: &str) -> usize {
        self.until(last, |heard| {
            let is = |wanted: &str| heard.requests.iter().filter(|(_, payload)| payload["type"] == *wanted).count();
            (is(last) > 0).then(|| is(kind))
        })
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.closes.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// What nobody reads hides in no large buffer.
fn listen() -> TcpListener {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _in_it = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let listener = socket.listen(8).unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    listener
}

fn end(line: &Mutex<Option<TcpStream>>) {
    if let Some(socket) = line.lock().unwrap().take() {
        // It may be over already.
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// Where a request of this kind stands.
pub(crate) fn position(heard: &Heard, action: &str) -> Option<usize> {
    heard.requests.iter().position(|(known, _)| known == action)
}

fn honest(caller: Caller) {
    // The station hangs up some day.
    let _ = Talk::new(caller).and_then(Talk::serve);
}

/// A certificate that is good for twenty years, whatever the clock says.
fn lasting() -> CertificateParams {
    let mut params = leaf(HOST);
    params.not_after = date_time_ymd(2045, 1, 1);
    params
}

/// TLS with a good certificate, cut into records of this size.
pub(crate) fn server_config(root: &Authority, record: Option<usize>) -> Arc<ServerConfig> {
    let [chain, key] = root.issue(&lasting(), &PKCS_ECDSA_P256_SHA256);
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.max_fragment_size = record;
    Arc::new(config)
}

/// A stream inside TLS.
pub(crate) type Line = StreamOwned<ServerConnection, Wire>;

/// A socket that takes so many bytes at once.
pub(crate) struct Wire {
    pub(crate) socket: TcpStream,
    most: usize,
}

impl Read for Wire {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.socket.read(room)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(&bytes[..bytes.len().min(self.most)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Caller {
    /// By TLS, with a good certificate.
    pub(crate) fn line(self) -> Line {
        self.line_of(usize::MAX)
    }

    /// The same, a few bytes at a time.
    pub(crate) fn line_of(self, most: usize) -> Line {
        let tls = ServerConnection::new(self.tls).unwrap();
        StreamOwned::new(tls, Wire { socket: self.socket, most })
    }

    /// The same with other TLS.
    pub(crate) fn with(self, tls: Arc<ServerConfig>) -> Self {
        Self { tls, ..self }
    }
}

/// All that comes until the station hangs up; a reset is an end, too.
pub(crate) fn rest(from: &mut impl Read) -> Vec<u8> {
    let (mut all, mut chunk) = (Vec::new(), [0; 4_096]);
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        all.extend_from_slice(&chunk[..count]);
    }
    all
}
