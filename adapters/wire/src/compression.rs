//! Agreeing on permessage-deflate (RFC 7692): what is offered, what is accepted, and what both ends are bound to then.

use std::fmt::Write;

/// The name of the extension (RFC 7692 §7).
const NAME: &str = "permessage-deflate";
const SERVER_FORGETS: &str = "server_no_context_takeover";
const CLIENT_FORGETS: &str = "client_no_context_takeover";
const SERVER_WINDOW: &str = "server_max_window_bits";
const CLIENT_WINDOW: &str = "client_max_window_bits";
/// The largest window of DEFLATE, which is what counts where none is named (RFC 7692 §7.1.2).
const LARGEST_WINDOW: u8 = 15;
/// The smallest window that we ask a peer to compress with: the compressor of zlib has no smaller one, so many a peer fails at 8.
const SMALLEST_ASKED: u8 = 9;

/// How to compress messages where the peer does it, too: permessage-deflate (RFC 7692), which Part 4 of OCPP 2.x demands of a
/// CSMS (2.0.1 §3.3, 2.1 §3.4). A server accepts it if it is offered; a client offers it, and goes on without it if it is not
/// accepted.
///
/// Between messages a connection holds no compressor: hardly more than without compression, unless
/// [`takeover`](Self::takeover) is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compression {
    /// Whether a message may refer to the ones before it. Short messages that repeat become much smaller; each connection
    /// keeps the newest `2^window_bits` bytes of either direction for it, and their lengths tell an eavesdropper more about
    /// what repeats, even through TLS. Default: each message stands alone.
    pub takeover: bool,
    /// How far back a message may refer, as the power of two of bytes: 9 to 15, and what is outside counts as the nearest. A
    /// peer may ask for less, down to 8. Default 15.
    pub window_bits: u8,
    /// Texts of fewer bytes are sent as they are. Default 128.
    pub threshold_bytes: usize,
}

impl Default for Compression {
    fn default() -> Self {
        Self { takeover: false, window_bits: LARGEST_WINDOW, threshold_bytes: 128 }
    }
}

/// What a direction is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// 8 to 15.
    pub(crate) bits: u8,
    pub(crate) takeover: bool,
}

/// What both ends agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) from_server: Window,
    pub(crate) from_client: Window,
    pub(crate) threshold_bytes: usize,
}

/// A value of `Sec-WebSocket-Extensions` that is not what was agreed to be possible. The text says what is wrong.
pub(crate) type Wrong = &'static str;

impl Compression {
    fn bits(&self) -> u8 {
        self.window_bits.clamp(SMALLEST_ASKED, LARGEST_WINDOW)
    }

    /// The value of the header with which a client offers compression.
    pub(crate) fn offer(&self) -> String {
        let bits = self.bits();
        let mut offer = NAME.to_owned();
        if !self.takeover {
            offer.push_str("; server_no_context_takeover; client_no_context_takeover");
        }
        if bits < LARGEST_WINDOW {
            let _ = write!(offer, "; {SERVER_WINDOW}={bits}; {CLIENT_WINDOW}={bits}");
        } else {
            let _ = write!(offer, "; {CLIENT_WINDOW}");
        }
        offer
    }

    /// The first offer that a server can accept (RFC 7692 §5), and the value of the header that accepts it. A line that is
    /// not well-formed offers nothing, like a subprotocol that is not: a station that cannot write it can still be served.
    pub(crate) fn accept<'a>(&self, lines: impl Iterator<Item = &'a [u8]>) -> Option<(Agreed, String)> {
        lines.filter_map(parse).flatten().find_map(|offer| Some(self.answer(&Parameters::read(&offer, true).ok()?)))
    }

    fn answer(&self, offer: &Parameters) -> (Agreed, String) {
        let bits = self.bits();
        let from_server = Window {
            bits: offer.server_bits.unwrap_or(LARGEST_WINDOW).min(bits),
            takeover: self.takeover && !offer.server_forgets,
        };
        // What the client offered is the most that it will use, even where it is not told so (RFC 7692 §7.1.2.2).
        let client_bits = offer.client_bits.unwrap_or(LARGEST_WINDOW);
        let from_client = Window {
            bits: if offer.client_window { client_bits.min(bits) } else { client_bits },
            // A client that cannot be told to remember less is told to remember nothing.
            takeover: self.takeover && !offer.client_forgets && (offer.client_window || bits == LARGEST_WINDOW),
        };
        let mut answer = NAME.to_owned();
        if !from_server.takeover {
            let _ = write!(answer, "; {SERVER_FORGETS}");
        }
        if !from_client.takeover {
            let _ = write!(answer, "; {CLIENT_FORGETS}");
        }
        if offer.server_bits.is_some() || from_server.bits < LARGEST_WINDOW {
            let _ = write!(answer, "; {SERVER_WINDOW}={}", from_server.bits);
        }
        if offer.client_window && from_client.bits < LARGEST_WINDOW {
            let _ = write!(answer, "; {CLIENT_WINDOW}={}", from_client.bits);
        }
        (Agreed { from_server, from_client, threshold_bytes: self.threshold_bytes }, answer)
    }

    /// What a server's answer to our [`offer`](Self::offer) binds us to; `None`: not to compress.
    pub(crate) fn agree<'a>(&self, lines: impl Iterator<Item = &'a [u8]>) -> Result<Option<Agreed>, Wrong> {
        let mut extensions = Vec::new();
        for line in lines {
            extensions.extend(parse(line).ok_or("Sec-WebSocket-Extensions is not well-formed")?);
        }
        let answer = match extensions.as_slice() {
            [] => return Ok(None),
            [one] => Parameters::read(one, false)?,
            _ => return Err("it uses an extension that was not offered"),
        };
        let bits = self.bits();
        let server_bits = answer.server_bits.unwrap_or(LARGEST_WINDOW);
        // RFC 7692 §7.1.1.1, §7.1.2.1: who accepts these must say so.
        if server_bits > bits || (!self.takeover && !answer.server_forgets) {
            return Err("it wants to compress in another way than was offered");
        }
        Ok(Some(Agreed {
            from_server: Window { bits: server_bits, takeover: !answer.server_forgets },
            from_client: Window {
                bits: answer.client_bits.unwrap_or(LARGEST_WINDOW).min(bits),
                takeover: self.takeover && !answer.client_forgets,
            },
            threshold_bytes: self.threshold_bytes,
        }))
    }
}

/// One element of the header.
#[derive(Debug, PartialEq, Eq)]
struct Extension {
    name: String,
    parameters: Vec<(String, Option<String>)>,
}

/// The parameters of RFC 7692 §7.1, each at most once and with a value that it may have.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parameters {
    server_forgets: bool,
    client_forgets: bool,
    server_bits: Option<u8>,
    client_window: bool,
    client_bits: Option<u8>,
}

impl Parameters {
    fn read(extension: &Extension, offered: bool) -> Result<Self, Wrong> {
        if !extension.name.eq_ignore_ascii_case(NAME) {
            return Err("it uses an extension that was not offered");
        }
        let mut read = Self::default();
        for (name, value) in &extension.parameters {
            let value = value.as_deref();
            let seen = match (name.as_str(), value) {
                (SERVER_FORGETS, None) => std::mem::replace(&mut read.server_forgets, true),
                (CLIENT_FORGETS, None) => std::mem::replace(&mut read.client_forgets, true),
                (SERVER_WINDOW, Some(value)) => read.server_bits.replace(window_bits(value)?).is_some(),
                // Only an offer may leave the value out (RFC 7692 §7.1.2.2).
                (CLIENT_WINDOW, value) if offered || value.is_some() => {
                    read.client_bits = value.map(window_bits).transpose()?;
                    std::mem::replace(&mut read.client_window, true)
                }
                _ => return Err("it names a parameter of permessage-deflate that does not exist, or a wrong value"),
            };
            if seen {
                return Err("it names a parameter of permessage-deflate twice");
            }
        }
        Ok(read)
    }
}

/// 8 to 15, without leading zeros (RFC 7692 §7.1.2).
fn window_bits(value: &str) -> Result<u8, Wrong> {
    match value {
        "8" => Ok(8),
        "9" => Ok(9),
        "10" => Ok(10),
        "11" => Ok(11),
        "12" => Ok(12),
        "13" => Ok(13),
        "14" => Ok(14),
        "15" => Ok(15),
        _ => Err("the window bits of permessage-deflate are 8 to 15"),
    }
}

/// The elements of one header line (RFC 6455 §9.1); `None` if it is not well-formed.
fn parse(line: &[u8]) -> Option<Vec<Extension>> {
    let mut rest = Cursor(line);
    let mut extensions = Vec::new();
    loop {
        // Lists may have empty elements (RFC 9110 §5.6.1.2).
        while rest.take(b',') {}
        if rest.is_at_end() {
            return Some(extensions);
        }
        let name = rest.token()?;
        let mut parameters = Vec::new();
        while rest.take(b';') {
            let name = rest.token()?;
            let value = if rest.take(b'=') { Some(rest.value()?) } else { None };
            parameters.push((name, value));
        }
        extensions.push(Extension { name, parameters });
        if !rest.is_at_end() && !rest.take(b',') {
            return None;
        }
    }
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn is_at_end(&mut self) -> bool {
        self.0 = self.0.trim_ascii_start();
        self.0.is_empty()
    }

    fn take(&mut self, byte: u8) -> bool {
        self.0 = self.0.trim_ascii_start();
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn token(&mut self) -> Option<String> {
        self.0 = self.0.trim_ascii_start();
        let length = self.0.iter().take_while(|&&byte| is_token(byte)).count();
        let (token, rest) = self.0.split_at(length);
        self.0 = rest;
        (length > 0).then(|| String::from_utf8_lossy(token).into_owned())
    }

    /// A token, or a quoted string that holds one (RFC 6455 §9.1).
    fn value(&mut self) -> Option<String> {
        if !self.take(b'"') {
            return self.token();
        }
        let mut value = String::new();
        loop {
            let (&byte, mut rest) = self.0.split_first()?;
            let byte = match byte {
                b'"' => {
                    self.0 = rest;
                    return (!value.is_empty()).then_some(value);
                }
                b'\\' => {
                    let (&escaped, after) = rest.split_first()?;
                    rest = after;
                    escaped
                }
                other => other,
            };
            self.0 = rest;
            value.push(is_token(byte).then_some(char::from(byte))?);
        }
    }
}

/// RFC 9110 §5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_by_its_grammar_or_not_at_all() {
        for (line, shown) in [
            ("", Some("")),
            (" , ,", Some("")),
            ("a", Some("a")),
            ("a;b, c ; d = 1 ;e=\"2\" ,,", Some("a;b c;d=1;e=2")),
            ("a;b=\"\\1\\0\"", Some("a;b=10")),
            ("a;b=\"1", None),
            ("a;b=\"1\\", None),
            ("a;b=\"\"", None),
            ("a;b=\"1,2\"", None),
            ("a;b=", None),
            ("a;", None),
            (";a", None),
            ("a b", None),
            ("a;b=1 2", None),
            ("a=1", None),
            ("\u{e9}", None),
        ] {
            let read = parse(line.as_bytes()).map(|extensions| {
                let parameter = |(name, value): &(String, Option<String>)| match value {
                    Some(value) => format!(";{name}={value}"),
                    None => format!(";{name}"),
                };
                let one = |extension: &Extension| {
                    extension.name.clone() + &extension.parameters.iter().map(parameter).collect::<String>()
                };
                extensions.iter().map(one).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(read.as_deref(), shown, "{line}");
        }
    }
}
