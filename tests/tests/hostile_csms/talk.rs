//! A WebSocket with a station, by TLS, seen from the CSMS: honest as long as nobody does anything else with it.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use pilotwire::{Instant, Version};
use pilotwire_wire::{Connection, Limits, Message, ServerHandshake, Upgrade};
use serde_json::{Value, json};

use crate::port::{Book, Caller, Line};

/// What an honest CSMS's clock shows.
pub(crate) const NOW: &str = "2026-03-01T10:00:00Z";

/// A connection.
pub(crate) struct Talk {
    pub(crate) line: Line,
    pub(crate) connection: Connection,
    book: Arc<Book>,
    /// What the clock of this CSMS shows.
    pub(crate) clock: &'static str,
}

/// Reads the request of a station. The upgrade is without TLS, for it is spoken inside of it.
pub(crate) fn greet(line: &mut Line, limits: Limits) -> io::Result<Upgrade> {
    let mut handshake = ServerHandshake::new(Instant::ZERO, limits);
    let mut chunk = [0; 4_096];
    loop {
        match line.read(&mut chunk)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => match handshake.receive(&chunk[..count]) {
                Ok(None) => {}
                Ok(Some(upgrade)) => return Ok(upgrade),
                Err(why) => panic!("the station sent no good request: {why}"),
            },
        }
    }
}

/// The response that would let the station in, and the connection behind it.
pub(crate) fn response(upgrade: Upgrade) -> (String, Connection) {
    let version = upgrade.version(&Version::ALL).unwrap();
    let mut connection = upgrade.accept(version);
    let text = String::from_utf8(connection.pending().to_vec()).unwrap();
    connection.sent(text.len());
    (text, connection)
}

impl Talk {
    /// Lets a station in.
    pub(crate) fn new(caller: Caller) -> io::Result<Self> {
        Self::under(caller, Limits::default())
    }

    /// The same under other limits.
    pub(crate) fn under(caller: Caller, limits: Limits) -> io::Result<Self> {
        let book = Arc::clone(&caller.book);
        Self::over(caller.line(), limits, book)
    }

    /// The same on a line that is there.
    pub(crate) fn over(mut line: Line, limits: Limits, book: Arc<Book>) -> io::Result<Self> {
        let upgrade = greet(&mut line, limits)?;
        let password = upgrade.credentials().map(|shown| shown.password.reveal().to_vec()).unwrap_or_default();
        book.note(|heard| heard.passwords.push(String::from_utf8(password).unwrap()));
        let (text, connection) = response(upgrade);
        line.write_all(text.as_bytes())?;
        Ok(Self { line, connection, book, clock: NOW })
    }

    /// Answers until the station hangs up.
    pub(crate) fn serve(mut self) -> io::Result<()> {
        loop {
            self.frame()?;
        }
    }

    /// Answers until the station has asked for this, which is answered, too.
    pub(crate) fn serve_until(&mut self, action: &str) -> io::Result<()> {
        while self.request()? != Some(action.to_owned()) {}
        Ok(())
    }

    /// Sends a frame as it is, and gives the station's next frame that is no request; requests are answered.
    pub(crate) fn ask(&mut self, frame: &str) -> io::Result<String> {
        self.send(frame)?;
        self.frame()
    }

    /// A CALL with this payload; gives the payload of its result.
    pub(crate) fn call(&mut self, id: &str, action: &str, payload: &Value) -> io::Result<Value> {
        let answer = self.ask(&json!([2, id, action, payload]).to_string())?;
        let answer: Value = serde_json::from_str(&answer)?;
        assert_eq!((&answer[0], &answer[1]), (&json!(3), &json!(id)), "{answer}");
        Ok(answer[2].clone())
    }

    pub(crate) fn send(&mut self, text: &str) -> io::Result<()> {
        self.connection.send(text.to_owned()).map_err(io::Error::other)?;
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.line.write_all(self.connection.pending())?;
        self.connection.sent(self.connection.pending().len());
        self.line.flush()
    }

    /// The station's next frame that is no request.
    pub(crate) fn frame(&mut self) -> io::Result<String> {
        loop {
            let text = self.text()?;
            if self.answer(&text)?.is_none() {
                return Ok(text);
            }
        }
    }

    /// Whatever text comes next.
    pub(crate) fn text(&mut self) -> io::Result<String> {
        loop {
            match self.connection.poll_message() {
                Some(Message::Text(text)) => return Ok(text),
                Some(Message::Pong) => {}
                Some(Message::Closed(closed)) => {
                    self.flush()?;
                    return Err(io::Error::other(closed));
                }
                None => {
                    let mut chunk = [0; 4_096];
                    match self.line.read(&mut chunk)? {
                        0 => return Err(ErrorKind::UnexpectedEof.into()),
                        count => self.connection.receive(&chunk[..count]),
                    }
                    // Pings are answered.
                    self.flush()?;
                }
            }
        }
    }

    /// The action of the next frame, if it is a request; it is answered.
    fn request(&mut self) -> io::Result<Option<String>> {
        let text = self.text()?;
        self.answer(&text)
    }

    /// Answers a request, and gives its action; `None` if it is none.
    fn answer(&mut self, text: &str) -> io::Result<Option<String>> {
        let frame: Value = serde_json::from_str(text)?;
        let (Some(2), Some(action)) = (frame[0].as_i64(), frame[2].as_str()) else { return Ok(None) };
        let payload = match action {
            "BootNotification" => json!({ "currentTime": self.clock, "interval": 3_600, "status": "Accepted" }),
            "Heartbeat" => json!({ "currentTime": self.clock }),
            "Authorize" => json!({ "idTokenInfo": { "status": "Accepted" } }),
            _ => json!({}),
        };
        // Noted when it was answered: who waits for it may cut the line.
        self.send(&json!([3, frame[1], payload]).to_string())?;
        self.book.note(|heard| heard.requests.push((action.to_owned(), frame[3].clone())));
        Ok(Some(action.to_owned()))
    }
}
