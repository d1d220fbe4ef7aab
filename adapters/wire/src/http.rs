//! HTTP/1.1 heads: collecting them under limits, reading requests and responses, and saying no.

use httparse::{Header, Status};

use crate::Limits;
use crate::auth::{BASE64, Credentials};
use crate::compression::{Agreed, Compression, Wrong};

/// Room for header lines on the stack; [`Limits::headers`] may be smaller.
const MAX_HEADERS: usize = 128;
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
/// RFC 6455 §1.3.
const ACCEPT_SALT: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why a server does not let a client in; becomes an HTTP response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: what came is no WebSocket request. The text says what is wrong with it.
    #[error("400 Bad Request: {0}")]
    BadRequest(&'static str),
    /// 401: credentials are missing or wrong.
    #[error("401 Unauthorized: a user name equal to the identity, and its password, are required")]
    Unauthorized,
    /// 403: what is shown is right, and does not do: another station's certificate, or a security profile below the one
    /// that the station has reached (A05.FR.06).
    #[error("403 Forbidden: {0}")]
    Forbidden(&'static str),
    /// 404: no such charging station (Part 4 §3.3).
    #[error("404 Not Found: no charging station with this identity is known here")]
    NotFound,
    /// 405: not a GET.
    #[error("405 Method Not Allowed: a WebSocket is opened by GET")]
    MethodNotAllowed,
    /// 426: no upgrade to WebSocket version 13 was asked for (RFC 6455 §4.4).
    #[error("426 Upgrade Required: this is a WebSocket endpoint, version 13")]
    UpgradeRequired,
    /// 429: too many failed attempts; to be tried again after this many seconds.
    #[error("429 Too Many Requests: try again in {0} s")]
    TooManyRequests(u32),
    /// 431: the head is longer than [`Limits::head_bytes`] or has more lines than [`Limits::headers`].
    #[error("431 Request Header Fields Too Large: the head of the request is over the limit")]
    HeadTooLarge,
    /// 408: the head did not come within [`Limits::handshake`].
    #[error("408 Request Timeout: the head of the request came too slowly")]
    TooSlow,
    /// 503: no room at the moment.
    #[error("503 Service Unavailable: try again later")]
    Unavailable,
}

impl Refusal {
    /// The HTTP status code.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::Unauthorized => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooSlow => 408,
            Self::UpgradeRequired => 426,
            Self::TooManyRequests(_) => 429,
            Self::HeadTooLarge => 431,
            Self::Unavailable => 503,
        }
    }

    /// The whole response. The connection is to be closed when it is written.
    pub fn response(self) -> Vec<u8> {
        let text = self.to_string();
        let status = text.split(':').next().unwrap_or_default();
        let hint = match self {
            Self::Unauthorized => "WWW-Authenticate: Basic realm=\"OCPP\"\r\n".to_owned(),
            Self::MethodNotAllowed => "Allow: GET\r\n".to_owned(),
            Self::UpgradeRequired => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n".to_owned(),
            Self::TooManyRequests(seconds) => format!("Retry-After: {seconds}\r\n"),
            _ => String::new(),
        };
        let length = text.len() + 1;
        format!(
            "HTTP/1.1 {status}\r\n{hint}Content-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n\
             {text}\n"
        )
        .into_bytes()
    }
}

/// Collects a head until its empty line. Looks at every byte once: a slow peer costs no more than a fast one.
#[derive(Debug)]
pub(crate) struct HeadBuffer {
    bytes: Vec<u8>,
    limit: usize,
}

/// A whole head with its empty line, and what came after it.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) bytes: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

/// The head is longer than the limit.
pub(crate) struct HeadTooLarge;

impl HeadBuffer {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { bytes: Vec::new(), limit: limits.head_bytes }
    }

    /// Takes what arrived; gives the head once it is complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Option<Head>, HeadTooLarge> {
        let searched = self.bytes.len().saturating_sub(3);
        let room = self.limit.saturating_sub(self.bytes.len()).min(bytes.len());
        let (fitting, over) = bytes.split_at(room);
        self.bytes.extend_from_slice(fitting);
        let end = self.bytes[searched..].windows(4).position(|four| four == b"\r\n\r\n");
        match end {
            Some(at) => {
                let mut rest = self.bytes.split_off(searched + at + 4);
                rest.extend_from_slice(over);
                let bytes = std::mem::take(&mut self.bytes);
                Ok(Some(Head { bytes, rest }))
            }
            None if self.bytes.len() >= self.limit => Err(HeadTooLarge),
            None => Ok(None),
        }
    }

    pub(crate) fn first_byte(&self) -> Option<u8> {
        self.bytes.first().copied()
    }
}

/// What an upgrade request says, checked for all that RFC 6455 §4.2.1 demands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) target: String,
    pub(crate) key: String,
    pub(crate) protocols: Vec<String>,
    pub(crate) credentials: Option<Credentials>,
    /// What compression the client offers and we accept, and the header value that says so.
    pub(crate) compression: Option<(Agreed, String)>,
}

impl Request {
    pub(crate) fn parse(head: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut room = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let allowed = limits.headers.min(MAX_HEADERS);
        let mut parsed = httparse::Request::new(&mut room[..allowed]);
        match parsed.parse(head) {
            Ok(Status::Complete(_)) => {}
            Ok(Status::Partial) => return Err(Refusal::BadRequest("the head of the request is incomplete")),
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
            Err(_) => return Err(Refusal::BadRequest("the head of the request is no HTTP/1.1")),
        }
        if parsed.method != Some("GET") {
            return Err(Refusal::MethodNotAllowed);
        }
        if parsed.version != Some(1) {
            return Err(Refusal::BadRequest("HTTP/1.1 is required"));
        }
        let target = match parsed.path {
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => return Err(Refusal::BadRequest("the target of the request must be a path")),
        };
        let headers = Headers(parsed.headers);
        headers.check_upgrade()?;
        let accept = |wanted: Compression| wanted.accept(headers.all(EXTENSIONS));
        Ok(Self {
            target,
            key: headers.key()?,
            protocols: headers.protocols(),
            credentials: headers.credentials()?,
            compression: limits.compression.and_then(accept),
        })
    }
}

/// What a response to our upgrade request says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) upgraded: bool,
    pub(crate) accept: Option<Vec<u8>>,
    pub(crate) protocols: Vec<String>,
    /// The compression of ours that it accepts, or what is wrong with what it says about extensions.
    pub(crate) compression: Result<Option<Agreed>, Wrong>,
}

impl Response {
    /// `None`: what came is no HTTP/1.1 response under the limits.
    pub(crate) fn parse(head: &[u8], limits: &Limits) -> Option<Self> {
        let mut room = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let allowed = limits.headers.min(MAX_HEADERS);
        let mut parsed = httparse::Response::new(&mut room[..allowed]);
        let Ok(Status::Complete(_)) = parsed.parse(head) else {
            return None;
        };
        let status = parsed.code?;
        if status == 101 && parsed.version != Some(1) {
            // HTTP/1.0 has no upgrade (RFC 6455 §4.1). What it refuses is refused.
            return None;
        }
        let headers = Headers(parsed.headers);
        Some(Self {
            status,
            upgraded: headers.has_token("Upgrade", "websocket") && headers.has_token("Connection", "upgrade"),
            accept: headers.only("Sec-WebSocket-Accept").ok()?.map(<[u8]>::to_vec),
            protocols: headers.protocols(),
            compression: headers.compression(limits),
        })
    }
}

/// Header lines; names are compared without case, values are bytes of any kind.
struct Headers<'a>(&'a [Header<'a>]);

impl<'a> Headers<'a> {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        let matching = self.0.iter().filter(move |line| line.name.eq_ignore_ascii_case(name));
        matching.map(|line| line.value)
    }

    /// Two lines of a header that may come once are how requests are smuggled.
    fn only(&self, name: &'static str) -> Result<Option<&'a [u8]>, Refusal> {
        let mut lines = self.all(name);
        let first = lines.next();
        match lines.next() {
            Some(_) => Err(Refusal::BadRequest("a header that may come once came twice")),
            None => Ok(first),
        }
    }

    fn tokens(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name).flat_map(|value| value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
    }

    fn has_token(&self, name: &'static str, token: &str) -> bool {
        self.tokens(name).any(|found| found.eq_ignore_ascii_case(token.as_bytes()))
    }

    fn check_upgrade(&self) -> Result<(), Refusal> {
        if !self.has_token("Upgrade", "websocket") || !self.has_token("Connection", "upgrade") {
            return Err(Refusal::UpgradeRequired);
        }
        if self.only("Sec-WebSocket-Version")? != Some(b"13") {
            return Err(Refusal::UpgradeRequired);
        }
        if self.only("Host")?.is_none() {
            return Err(Refusal::BadRequest("the Host header is missing"));
        }
        // What a body would bring would be read as frames.
        let length = self.only("Content-Length")?.unwrap_or(b"0");
        if length != b"0" || self.all("Transfer-Encoding").next().is_some() {
            return Err(Refusal::BadRequest("an upgrade request has no body"));
        }
        Ok(())
    }

    fn key(&self) -> Result<String, Refusal> {
        use base64::Engine;
        let wrong = Refusal::BadRequest("Sec-WebSocket-Key must be the base64 of 16 bytes");
        let key = self.only("Sec-WebSocket-Key")?.ok_or(wrong)?;
        match BASE64.decode(key) {
            Ok(bytes) if bytes.len() == 16 => String::from_utf8(key.to_vec()).map_err(|_| wrong),
            _ => Err(wrong),
        }
    }

    fn compression(&self, limits: &Limits) -> Result<Option<Agreed>, Wrong> {
        match limits.compression {
            Some(offered) => offered.agree(self.all(EXTENSIONS)),
            None if self.all(EXTENSIONS).next().is_some() => Err("it uses an extension that was not offered"),
            None => Ok(None),
        }
    }

    /// In the order of preference. What is no ASCII is no subprotocol of ours, and is left out.
    fn protocols(&self) -> Vec<String> {
        self.tokens("Sec-WebSocket-Protocol")
            .filter(|token| !token.is_empty() && token.iter().all(u8::is_ascii_graphic))
            .filter_map(|token| String::from_utf8(token.to_vec()).ok())
            .collect()
    }

    fn credentials(&self) -> Result<Option<Credentials>, Refusal> {
        match self.only("Authorization")? {
            None => Ok(None),
            Some(value) => Credentials::parse(value)
                .map_err(|_| Refusal::BadRequest("the Authorization header must be `Basic` and base64")),
        }
    }
}

/// The value of `Sec-WebSocket-Accept` for a key (RFC 6455 §4.2.2).
pub(crate) fn accept_value(key: &str) -> String {
    use base64::Engine;
    use sha1::{Digest, Sha1};
    let mut digest = Sha1::new();
    digest.update(key.as_bytes());
    digest.update(ACCEPT_SALT);
    BASE64.encode(digest.finalize())
}

/// The head that opens the WebSocket.
pub(crate) fn switching_protocols(key: &str, subprotocol: Option<&str>, extension: Option<&str>) -> Vec<u8> {
    let protocol = subprotocol.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    let extension = extension.map_or(String::new(), |value| format!("{EXTENSIONS}: {value}\r\n"));
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n{protocol}{extension}\r\n",
        accept_value(key)
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_value_is_that_of_the_specification() {
        // RFC 6455 §1.3
        assert_eq!(accept_value("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_refusal_is_a_complete_response_with_the_hint_that_its_status_needs() {
        for (refusal, hint) in [
            (Refusal::Unauthorized, "WWW-Authenticate: Basic realm=\"OCPP\"\r\n"),
            (Refusal::MethodNotAllowed, "Allow: GET\r\n"),
            (Refusal::UpgradeRequired, "Sec-WebSocket-Version: 13\r\n"),
            (Refusal::TooManyRequests(7), "Retry-After: 7\r\n"),
            (Refusal::NotFound, ""),
        ] {
            let response = String::from_utf8(refusal.response()).unwrap();
            assert!(response.starts_with(&format!("HTTP/1.1 {} ", refusal.status())), "{response}");
            assert!(response.contains(hint), "{response}");
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{response}");
        }
    }

    #[test]
    fn a_head_of_exactly_the_limit_fits_and_one_byte_more_does_not() {
        let limits = Limits { head_bytes: 8, ..Limits::default() };
        let mut buffer = HeadBuffer::new(&limits);
        assert!(
            matches!(buffer.push(b"abcd\r\n\r\nxyz"), Ok(Some(head)) if head.bytes.len() == 8 && head.rest == b"xyz")
        );
        assert!(HeadBuffer::new(&limits).push(b"abcde\r\n\r\n").is_err());
    }
}
