//! The client's side: the address of a CSMS, and the handshake with it.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use pilotwire::domain::ConnectionFault;
use pilotwire::{Instant, Version};

use crate::auth::BASE64;
use crate::compression::{Agreed, Compression};
use crate::connection::Connection;
use crate::http::{HeadBuffer, Response, accept_value};
use crate::side::Side;
use crate::tls::{ClientTls, TlsError};
use crate::transport::Transport;
use crate::{Credentials, Identity, Limits, Password};

/// The OCPP-J endpoint URL of a CSMS: `ws://host:port/path`, without the identity (Part 4 §3.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it is `wss`: TLS between TCP and HTTP.
    pub secure: bool,
    /// A name or an address; that of IPv6 without its brackets.
    pub host: String,
    /// 80 or 443 unless the URL says otherwise.
    pub port: u16,
    /// Begins with a slash and does not end with one, or is empty.
    pub path: String,
}

/// The text is no endpoint URL. Our own configuration's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Neither `ws` nor `wss`.
    #[error("the URL of a CSMS begins with ws:// or wss://")]
    Scheme,
    /// There is none, or it has characters that no host has.
    #[error("the URL of a CSMS needs a host after ws://")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// User or password stand in the URL, where they would be logged.
    #[error("credentials do not belong into the URL; configure the password apart")]
    Credentials,
    /// A query, a fragment, a space or a control character.
    #[error("the path must not have a query, a fragment, spaces or control characters, nor anything but ASCII")]
    Path,
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(url: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = url.split_once("://").ok_or(EndpointError::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            _ => return Err(EndpointError::Scheme),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains('@') {
            return Err(EndpointError::Credentials);
        }
        if !path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#')) {
            return Err(EndpointError::Path);
        }
        let (host, port) = split_port(authority)?;
        Ok(Self {
            secure,
            host: host.to_owned(),
            port: port.unwrap_or(if secure { 443 } else { 80 }),
            path: path.trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

impl Endpoint {
    /// The value of the Host header: brackets around IPv6, and no default port.
    fn authority(&self) -> String {
        let default = if self.secure { 443 } else { 80 };
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match self.port == default {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or(EndpointError::Host)?;
            let port = after.strip_prefix(':');
            if port.is_none() && !after.is_empty() {
                return Err(EndpointError::Port);
            }
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    if host.is_empty() || !host.bytes().all(plain) {
        return Err(EndpointError::Host);
    }
    let number = |text: &str| match text.parse() {
        Ok(0) | Err(_) => Err(EndpointError::Port),
        Ok(port) => Ok(port),
    };
    Ok((host, port.map(number).transpose()?))
}

/// Why no WebSocket could be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The CSMS said no; the status tells whose fault it was: 401 and 403 are about our password, 404 about our identity
    /// or the path, 5xx are the CSMS's own.
    #[error("the CSMS refused the connection with HTTP status {0}: {hint}", hint = status_hint(*.0))]
    Refused(u16),
    /// The CSMS does not speak the offered version: it named no subprotocol, or another one. The peer's fault, unless we
    /// are configured for the wrong version.
    #[error("the CSMS does not speak {offered}; it chose {chosen:?}. Offer another version")]
    Subprotocol {
        /// What we offered.
        offered: Version,
        /// What it answered, cut to 40 characters; nothing if it left the choice out.
        chosen: String,
    },
    /// What came back is no valid answer to an upgrade request. The peer's fault, or that of a proxy between us.
    #[error("the answer of the CSMS is no WebSocket handshake: {0}. Check host, port and path, and proxies between")]
    Invalid(&'static str),
    /// TLS failed; see [`TlsError::fault`] for whose fault it was.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The endpoint is `wss`, and nothing was given to verify it by. Our own configuration's fault.
    #[error("wss:// needs root certificates to verify the CSMS by")]
    NoTls,
    /// The head of the response is over [`Limits::head_bytes`]. The peer's fault.
    #[error("the head of the CSMS's response is over the limit")]
    HeadTooLarge,
}

impl HandshakeError {
    /// What a charging station has to know of it.
    pub fn fault(&self) -> ConnectionFault {
        match self {
            Self::Tls(error) => error.fault.into(),
            Self::Refused(401 | 403 | 404) => ConnectionFault::Refused,
            Self::Subprotocol { .. } => ConnectionFault::Version,
            Self::Refused(_) | Self::Invalid(_) | Self::NoTls | Self::HeadTooLarge => ConnectionFault::Unreachable,
        }
    }
}

fn status_hint(status: u16) -> &'static str {
    match status {
        300..=399 => "it points elsewhere, and redirects are not followed; configure the final URL",
        401 | 403 => "check identity and password",
        404 => "check the path of the URL, and whether the CSMS knows this identity",
        429 | 503 => "it has no room now; try later",
        500..=599 => "it has a fault of its own",
        _ => "check that host, port and path are those of an OCPP-J endpoint",
    }
}

/// Whom we call, and as whom.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where the CSMS is.
    pub endpoint: Endpoint,
    /// Who we are.
    pub identity: Identity,
    /// The one version that is offered.
    pub version: Version,
    /// For Basic authentication; the user is the identity.
    pub password: Option<Password>,
    /// For an endpoint that is [`secure`](Endpoint::secure).
    pub tls: Option<ClientTls>,
}

/// Opens a WebSocket to a CSMS.
///
/// Write [`pending`](Self::pending), feed what arrives to [`receive`](Self::receive) until it yields a [`Connection`] or
/// an error, and give up at [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub struct ClientHandshake {
    transport: Transport,
    head: HeadBuffer,
    key: String,
    version: Version,
    limits: Limits,
    deadline: Instant,
}

impl ClientHandshake {
    /// A handshake that begins now, when TCP is through: TLS first, if the endpoint is secure. `key` should be 16 fresh
    /// random bytes; it protects from confused caches, not from attackers. Compression is offered if
    /// [`Limits::compression`] says so.
    ///
    /// # Errors
    /// TLS cannot begin: our own configuration's fault.
    pub fn new(now: Instant, call: &Call, key: [u8; 16], limits: Limits) -> Result<Self, HandshakeError> {
        let key = BASE64.encode(key);
        let mut transport = match (call.endpoint.secure, &call.tls) {
            (false, _) => Transport::plain(),
            (true, Some(tls)) => Transport::client(tls, &call.endpoint.host)?,
            (true, None) => return Err(HandshakeError::NoTls),
        };
        // TLS keeps it until it is up.
        transport.send(&request(call, &key, &limits));
        Ok(Self {
            transport,
            head: HeadBuffer::new(&limits),
            key,
            version: call.version,
            limits,
            deadline: now + limits.handshake,
        })
    }

    /// When the handshake has failed, unless it is complete by then.
    pub const fn poll_timeout(&self) -> Instant {
        self.deadline
    }

    /// Bytes to write, also after an error: TLS says goodbye.
    pub fn pending(&self) -> &[u8] {
        self.transport.pending()
    }

    /// The first `count` bytes of [`pending`](Self::pending) are written.
    pub fn sent(&mut self, count: usize) {
        self.transport.sent(count);
    }

    /// Takes what arrived. `None`: more is needed, or is to be written. Frames that came with the response are already in
    /// the connection.
    ///
    /// # Errors
    /// Says what went wrong and whose fault it was; hang up then.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Option<Connection>, HandshakeError> {
        let text = self.transport.decrypt(bytes)?;
        let complete = self.head.push(&text).map_err(|_| HandshakeError::HeadTooLarge)?;
        let Some(head) = complete else {
            return Ok(None);
        };
        let response =
            Response::parse(&head.bytes, &self.limits).ok_or(HandshakeError::Invalid("it is no HTTP/1.1"))?;
        let agreed = self.check(&response)?;
        let mut transport = std::mem::take(&mut self.transport);
        if !transport.is_secure() {
            // It was answered, so it was sent, whether anybody said so or not.
            transport.abandon();
        }
        let mut connection = Connection::new(Side::Client, self.limits, transport, agreed);
        connection.receive_plain(&head.rest);
        Ok(Some(connection))
    }

    fn check(&self, response: &Response) -> Result<Option<Agreed>, HandshakeError> {
        if response.status != 101 {
            return Err(HandshakeError::Refused(response.status));
        }
        if !response.upgraded {
            return Err(HandshakeError::Invalid("it upgrades to something else"));
        }
        if response.accept.as_deref() != Some(accept_value(&self.key).as_bytes()) {
            return Err(HandshakeError::Invalid("Sec-WebSocket-Accept does not fit our key"));
        }
        let agreed = response.compression.map_err(HandshakeError::Invalid)?;
        match response.protocols.as_slice() {
            [chosen] if *chosen == self.version.subprotocol() => Ok(agreed),
            chosen => Err(HandshakeError::Subprotocol {
                offered: self.version,
                chosen: chosen.join(", ").chars().take(40).collect(),
            }),
        }
    }
}

fn request(call: &Call, key: &str, limits: &Limits) -> Vec<u8> {
    let credentials = call
        .password
        .as_ref()
        .map(|password| Credentials { user: call.identity.as_str().to_owned(), password: password.clone() });
    let authorization =
        credentials.map_or(String::new(), |credentials| format!("Authorization: {}\r\n", credentials.header()));
    let offer = |wanted: Compression| format!("Sec-WebSocket-Extensions: {}\r\n", wanted.offer());
    let extension = limits.compression.map_or(String::new(), offer);
    format!(
        "GET {path}/{identity} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n\
         {extension}{authorization}\r\n",
        path = call.endpoint.path,
        identity = call.identity.to_segment(),
        host = call.endpoint.authority(),
        protocol = call.version.subprotocol(),
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_and_written_back() {
        for (url, host, port, path) in [
            ("ws://csms.example.com/ocpp", "csms.example.com", 80, "/ocpp"),
            ("wss://csms.example.com", "csms.example.com", 443, ""),
            ("ws://127.0.0.1:9000", "127.0.0.1", 9000, ""),
            ("WS://[::1]:9000/a/b", "::1", 9000, "/a/b"),
        ] {
            let endpoint: Endpoint = url.parse().unwrap();
            assert_eq!((endpoint.host.as_str(), endpoint.port, endpoint.path.as_str()), (host, port, path));
            assert_eq!(endpoint.to_string(), url.replace("WS:", "ws:"));
        }
        assert_eq!("ws://h/ocpp/".parse::<Endpoint>().unwrap().path, "/ocpp");
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_its_reason() {
        for (url, error) in [
            ("http://h", EndpointError::Scheme),
            ("h:80", EndpointError::Scheme),
            ("ws:///x", EndpointError::Host),
            ("ws://h\r\nX: y", EndpointError::Host),
            ("ws://[::1", EndpointError::Host),
            ("ws://[::1]9", EndpointError::Port),
            ("ws://h:0", EndpointError::Port),
            ("ws://h:99999", EndpointError::Port),
            ("ws://user:secret@h", EndpointError::Credentials),
            ("ws://h/a?b", EndpointError::Path),
            ("ws://h/a b", EndpointError::Path),
            ("ws://h/a\r\nX: y", EndpointError::Path),
        ] {
            assert_eq!(url.parse::<Endpoint>(), Err(error), "{url:?}");
        }
    }
}
