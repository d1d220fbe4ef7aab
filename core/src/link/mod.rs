//! The OCPP-J session of either role: ids, correlation, one open CALL, timeouts, and the answers to frames that are none.

mod ids;

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use pilotwire_messages::{ErrorCode, Failure, Frame, Text, Version, frame};

use crate::rng::Rng;
use crate::time::Instant;
pub(crate) use ids::Ids;

/// The longest frame that is looked at, in bytes. Adapters refuse longer ones before they are read to the end.
pub(crate) const MAX_FRAME: usize = 64 * 1024;

/// A connection's protocol state. `T` is what the role remembers of its open CALL.
#[derive(Clone, Debug)]
pub(crate) struct Link<T> {
    version: Option<Version>,
    open: Option<Open<T>>,
    ids: Ids,
    last: LastAnswer,
}

#[derive(Clone, Debug)]
struct Open<T> {
    id: Text,
    what: T,
    deadline: Instant,
}

/// The CALL that was answered last: if the same text comes again it is a repetition, and gets the same answer (S-26).
#[derive(Clone, Debug, Default)]
struct LastAnswer {
    call: Option<u64>,
    answer: String,
}

/// What a received text means for the role.
#[derive(Debug)]
pub(crate) enum Incoming<'a, T> {
    /// The peer asks. `fingerprint` goes back into [`Link::answered`].
    Call { id: Text, action: alloc::borrow::Cow<'a, str>, payload: &'a str, fingerprint: u64 },
    /// The peer answered the open CALL.
    Result { what: T, id: Text, payload: &'a str },
    /// The peer could not process the open CALL.
    Error { what: T, failure: Failure },
    /// Nothing for the role: send `answer` if there is one, and tell the host `why`.
    Nothing { answer: Option<String>, why: String },
    /// A repetition of the last CALL: send the same answer again. `allowed`: a retry may look like this in this edition.
    Again { answer: String, allowed: bool },
}

impl<T> Link<T> {
    pub(crate) const fn new(ids: Ids) -> Self {
        Self { version: None, open: None, ids, last: LastAnswer { call: None, answer: String::new() } }
    }

    /// The version that this connection speaks; `None` without one.
    pub(crate) const fn version(&self) -> Option<Version> {
        self.version
    }

    /// Whether a CALL may be sent: connected, and none is open (I-8).
    pub(crate) const fn is_free(&self) -> bool {
        self.version.is_some() && self.open.is_none()
    }

    pub(crate) fn connected(&mut self, version: Version) {
        self.version = Some(version);
        // An id of 1.6 is unique within its connection only (1.6J §4.1.4).
        self.last.call = None;
    }

    /// The connection is gone; gives back what was open.
    pub(crate) fn disconnected(&mut self) -> Option<T> {
        self.version = None;
        self.open.take().map(|open| open.what)
    }

    /// An id for the next CALL.
    pub(crate) fn next_id(&mut self) -> Text {
        self.ids.next()
    }

    /// A CALL with this id was sent.
    pub(crate) fn sent(&mut self, now: Instant, id: Text, what: T, timeout: Duration) {
        self.open = Some(Open { id, what, deadline: now + timeout });
    }

    /// When the open CALL times out.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.deadline)
    }

    /// The open CALL if it has timed out.
    pub(crate) fn take_timed_out(&mut self, now: Instant) -> Option<T> {
        self.open.take_if(|open| open.deadline <= now).map(|open| open.what)
    }

    /// Remembers the answer to the CALL with this fingerprint, in case it comes again.
    pub(crate) fn answered(&mut self, fingerprint: u64, answer: &str) {
        self.last.call = Some(fingerprint);
        self.last.answer.clear();
        self.last.answer.push_str(answer);
    }

    /// Reads a text frame.
    pub(crate) fn receive<'a>(&mut self, text: &'a str) -> Incoming<'a, T> {
        let Some(version) = self.version else {
            return nothing(None, "a frame without a connection".into());
        };
        if text.len() > MAX_FRAME {
            let id = Text::new(frame::UNREADABLE_ID);
            let why = format!("a frame of {} bytes; at most {MAX_FRAME} are read", text.len());
            let answer = frame::error_text(&id, ErrorCode::GenericError, &why, version);
            return nothing(Some(answer), why);
        }
        match Frame::parse(text, version) {
            Ok(Frame::Call { id, action, payload }) => self.call(text, Text::from(id), action, payload),
            Ok(Frame::CallResult { id, payload }) => match self.take(&id) {
                Some(what) => Incoming::Result { what, id: Text::from(id), payload },
                None => nothing(None, format!("a result for {id}, which is not open")),
            },
            Ok(Frame::CallError(failure)) => match self.take(&failure.id) {
                Some(what) => Incoming::Error { what, failure },
                None => nothing(None, format!("an error for {}, which is not open: {}", failure.id, failure.code)),
            },
            Ok(Frame::CallResultError(failure)) => {
                nothing(None, format!("the peer could not process our answer to {}: {}", failure.id, failure.code))
            }
            Ok(Frame::Send { action, .. }) => {
                nothing(None, format!("{} is not supported", Text::truncated(&action, 60)))
            }
            Err(error) => {
                let answer = error.answer.map(|(id, code)| frame::error_text(&id, code, &error.text, version));
                nothing(answer, error.text)
            }
        }
    }

    fn call<'a>(
        &mut self,
        text: &str,
        id: Text,
        action: alloc::borrow::Cow<'a, str>,
        payload: &'a str,
    ) -> Incoming<'a, T> {
        let fingerprint = fingerprint(text);
        if self.last.call == Some(fingerprint) {
            // Before 2.1 a retry has an id of its own (Part 4 §4.1.4).
            let allowed = self.version == Some(Version::V21);
            return Incoming::Again { answer: self.last.answer.clone(), allowed };
        }
        Incoming::Call { id, action, payload, fingerprint }
    }

    fn take(&mut self, id: &str) -> Option<T> {
        self.open.take_if(|open| open.id == *id).map(|open| open.what)
    }
}

fn nothing<'a, T>(answer: Option<String>, why: String) -> Incoming<'a, T> {
    Incoming::Nothing { answer, why }
}

/// FNV-1a over words of a frame: tells a repetition from a new CALL. Ids differ in new CALLs, so a collision needs an
/// attacker, who gains the answer before.
fn fingerprint(text: &str) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(29);
    let words = text.as_bytes().chunks_exact(8);
    let tail = words.remainder().iter().fold(text.len() as u64, |sum, byte| sum << 8 | u64::from(*byte));
    let hashed = words.fold(0xCBF2_9CE4_8422_2325, |hash, word| {
        mix(hash, u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]))
    });
    mix(hashed, tail)
}

/// A back-off of Part 4 §5.4: a minimum that doubles a number of times, and a random part that is drawn anew each time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackOff {
    pub(crate) minimum_s: u64,
    pub(crate) doublings: u32,
    pub(crate) random_s: u64,
}

impl BackOff {
    /// The time to wait after `failures` attempts that failed.
    pub(crate) fn wait(&self, failures: u32, rng: &mut Rng) -> Duration {
        let doubled = failures.min(self.doublings).min(20);
        let base_ms = self.minimum_s.saturating_mul(1_000).saturating_mul(1 << doubled);
        Duration::from_millis(base_ms.saturating_add(rng.up_to(self.random_s.saturating_mul(1_000))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link<u8> {
        let mut link = Link::new(Ids::new(&mut Rng::new(1)));
        link.connected(Version::V201);
        link
    }

    #[test]
    fn a_result_goes_to_the_call_with_its_id_and_only_once() {
        let mut link = link();
        let id = link.next_id();
        link.sent(Instant::ZERO, id.clone(), 7, Duration::from_secs(30));
        assert!(!link.is_free());
        assert!(matches!(link.receive("[3,\"other\",{}]"), Incoming::Nothing { answer: None, .. }));
        let text = format!("[3,\"{id}\",{{}}]");
        assert!(matches!(link.receive(&text), Incoming::Result { what: 7, .. }));
        assert!(matches!(link.receive(&text), Incoming::Nothing { answer: None, .. }));
        assert!(link.is_free());
    }

    #[test]
    fn a_repeated_call_gets_the_same_answer_and_is_not_executed_again() {
        let mut link = link();
        let text = r#"[2,"1","Heartbeat",{}]"#;
        let Incoming::Call { fingerprint, .. } = link.receive(text) else { panic!() };
        link.answered(fingerprint, "[3,\"1\",{}]");
        assert!(matches!(link.receive(text), Incoming::Again { answer, .. } if answer == "[3,\"1\",{}]"));
        assert!(matches!(link.receive(r#"[2,"2","Heartbeat",{}]"#), Incoming::Call { .. }));
    }

    #[test]
    fn a_call_times_out_once() {
        let mut link = link();
        link.sent(Instant::ZERO, "1".into(), 7, Duration::from_secs(30));
        assert_eq!(link.take_timed_out(Instant::from_millis(29_999)), None);
        assert_eq!(link.take_timed_out(Instant::from_millis(30_000)), Some(7));
        assert_eq!(link.take_timed_out(Instant::from_millis(30_000)), None);
    }

    #[test]
    fn an_oversize_frame_is_answered() {
        let text = " ".repeat(MAX_FRAME + 1);
        let Incoming::Nothing { answer: Some(answer), .. } = link().receive(&text) else { panic!() };
        assert!(answer.starts_with("[4,\"-1\",\"GenericError\""), "{answer}");
    }

    /// Part 4 §5.4: the wait doubles a given number of times and no more.
    #[test]
    fn the_back_off_doubles_and_stays() {
        let back_off = BackOff { minimum_s: 30, doublings: 3, random_s: 0 };
        let waits: alloc::vec::Vec<u64> =
            (0..6).map(|failures| back_off.wait(failures, &mut Rng::new(1)).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 240, 240]);
    }
}
