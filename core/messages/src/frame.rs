//! OCPP-J framing: CALL, CALLRESULT, CALLERROR and, in 2.1, CALLRESULTERROR and SEND (1.6J §4.2; Part 4 §4.2).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::value::RawValue;

use crate::reader::{Reader, end_of_plain};
use crate::table::{Wire, integer};
use crate::{ErrorCode, Text, Version, writer};

/// The id that answers a message whose own id cannot be read or repeated (Part 4 §4.2.3).
pub const UNREADABLE_ID: &str = "-1";

/// The longest message id, in characters (Part 4 §4.1.4).
pub const MAX_ID: usize = 36;

/// The longest error description, in characters (Part 4 §4.2.3).
pub const MAX_DESCRIPTION: usize = 255;

/// One message of a connection. Payloads are JSON texts that nobody has checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A request.
    Call {
        /// Repeated by the answer.
        id: Cow<'a, str>,
        /// The name of the action.
        action: Cow<'a, str>,
        /// The request's payload.
        payload: &'a str,
    },
    /// The answer to a request.
    CallResult {
        /// The request's.
        id: Cow<'a, str>,
        /// The response's payload.
        payload: &'a str,
    },
    /// The answer to a request that could not be processed.
    CallError(Failure),
    /// 2.1: the answer to an answer that could not be processed.
    CallResultError(Failure),
    /// 2.1: a message without an answer.
    Send {
        /// Unique, like a request's.
        id: Cow<'a, str>,
        /// The name of the action.
        action: Cow<'a, str>,
        /// The message's payload.
        payload: &'a str,
    },
}

/// What a CALLERROR or CALLRESULTERROR says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The message that failed.
    pub id: Text,
    /// The code as the peer wrote it; see [`ErrorCode::from_name`].
    pub code: Text,
    /// A text for people.
    pub description: Text,
    /// The details as JSON text.
    pub details: String,
}

/// A text that is no frame of this version, and what to answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FrameError {
    /// The answer's id and code: `None` where the version wants the message to be ignored.
    pub answer: Option<(Text, ErrorCode)>,
    /// What was wrong.
    pub text: String,
}

impl<'a> Frame<'a> {
    /// Reads a frame. The payload of a CALL is only delimited here, and read when its action is known.
    ///
    /// # Errors
    /// [`FrameError::answer`] tells whether, with which id and with which code the version answers.
    pub fn parse(text: &'a str, version: Version) -> Result<Self, FrameError> {
        match Header::scan(text) {
            Some(header) => header.frame(),
            None => None,
        }
        .map_or_else(|| parse_slowly(text, version), Ok)
    }
}

/// The members of a frame before its payload, read without looking at the payload.
struct Header<'a> {
    kind: u8,
    id: &'a str,
    rest: &'a str,
}

/// What follows `text`'s leading white space.
fn trimmed(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

/// A JSON string without escapes, and what follows the comma behind it.
fn plain_string(text: &str) -> Option<(&str, &str)> {
    let inside = trimmed(text).strip_prefix('"')?;
    let end = end_of_plain(inside.as_bytes())?;
    let (string, rest) = inside.split_at(end);
    let rest = trimmed(rest.strip_prefix('"')?).strip_prefix(',')?;
    Some((string, rest))
}

impl<'a> Header<'a> {
    fn scan(text: &'a str) -> Option<Self> {
        let body = trimmed(text).strip_prefix('[')?;
        let body = body.trim_end_matches([' ', '\t', '\n', '\r']).strip_suffix(']')?;
        let body = trimmed(body);
        let kind = *body.as_bytes().first()?;
        let (id, rest) = plain_string(trimmed(body.get(1..)?).strip_prefix(',')?)?;
        let fits = !id.is_empty() && (id.len() <= MAX_ID || id.chars().count() <= MAX_ID);
        fits.then_some(Self { kind, id, rest })
    }

    /// The frame of the two frequent types; anything doubtful is left to the slow path, which knows why.
    fn frame(self) -> Option<Frame<'a>> {
        match self.kind {
            b'2' => {
                let (action, payload) = plain_string(self.rest)?;
                let payload = one_object(payload)?;
                Some(Frame::Call { id: Cow::Borrowed(self.id), action: Cow::Borrowed(action), payload })
            }
            b'3' => Some(Frame::CallResult { id: Cow::Borrowed(self.id), payload: one_object(self.rest)? }),
            _ => None,
        }
    }
}

/// `text` if it looks like a single object; that it really is one shows when it is decoded.
fn one_object(text: &str) -> Option<&str> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    (text.starts_with('{') && text.ends_with('}')).then_some(text)
}

#[cold]
fn parse_slowly(text: &str, version: Version) -> Result<Frame<'_>, FrameError> {
    let parts: Vec<&RawValue> = match serde_json::from_str(text) {
        Ok(parts) => parts,
        Err(error) => return Err(not_json(text, version, &error)),
    };
    let kind = parts.first().and_then(|part| integer(part.get()));
    let id = parts.get(1).and_then(|part| serde_json::from_str::<Text>(part.get()).ok()).filter(is_usable);
    let known = match (kind, version) {
        (Some(2..=4), _) | (Some(5 | 6), Version::V21) => kind.zip(id.clone()),
        _ => None,
    };
    match known {
        Some((2, id)) => call(&parts, id, version, |id, action, payload| Frame::Call { id, action, payload }),
        Some((3, id)) => result(&parts, id),
        Some((4, id)) => failure(&parts, id).map(Frame::CallError),
        Some((5, id)) => failure(&parts, id).map(Frame::CallResultError),
        Some((_, id)) => call(&parts, id, version, |id, action, payload| Frame::Send { id, action, payload })
            .map_err(|error| FrameError { answer: None, ..error }),
        None => {
            let text = match id {
                Some(_) => "the message type is unknown",
                None => "the message id is no string of 1 to 36 characters",
            };
            Err(FrameError { answer: answer(kind, id, version), text: text.into() })
        }
    }
}

/// Whether an answer may repeat the id.
fn is_usable(id: &Text) -> bool {
    !id.is_empty() && id.chars().count() <= MAX_ID
}

#[cold]
fn not_json(text: &str, version: Version, error: &serde_json::Error) -> FrameError {
    let (kind, id) = readable_prefix(text);
    FrameError { answer: answer(kind, id, version), text: alloc::format!("not a JSON array: {error}") }
}

/// Type and id of a frame that is damaged behind them, as far as they can be read.
fn readable_prefix(text: &str) -> (Option<i64>, Option<Text>) {
    let mut reader = Reader::new(text);
    let mut first = true;
    if reader.open(b'[').is_err() || reader.more(&mut first, b']') != Ok(true) {
        return (None, None);
    }
    let Ok(kind) = reader.any().map(integer) else {
        return (None, None);
    };
    let id = match reader.more(&mut first, b']') {
        Ok(true) => reader.string().ok().map(Text::from),
        _ => None,
    };
    (kind, id.filter(is_usable))
}

/// What a frame that cannot be used is answered with.
fn answer(kind: Option<i64>, id: Option<Text>, version: Version) -> Option<(Text, ErrorCode)> {
    let code = match (kind, version) {
        // Answers are answered by nobody, and neither is a SEND (Part 4 §4.2.4).
        (Some(3 | 4), _) | (Some(5 | 6), Version::V21) => return None,
        (Some(2), _) => ErrorCode::FormatViolation,
        // 1.6J §4.1.3 wants unknown types ignored; 2.x has a code for them.
        (_, Version::V16) => return None,
        _ => ErrorCode::MessageTypeNotSupported,
    };
    // "-1" is for ids that cannot be read, and for nothing else (Part 4 §4.2.3).
    Some(id.map_or((Text::new(UNREADABLE_ID), ErrorCode::RpcFrameworkError), |id| (id, code)))
}

fn call<'a>(
    parts: &[&'a RawValue],
    id: Text,
    version: Version,
    frame: fn(Cow<'a, str>, Cow<'a, str>, &'a str) -> Frame<'a>,
) -> Result<Frame<'a>, FrameError> {
    let wrong = |code, text: &str| FrameError { answer: Some((id.clone(), code)), text: text.into() };
    let [_, _, action, payload] = parts else {
        let text = alloc::format!("a CALL has 4 elements, this one has {}", parts.len());
        return Err(wrong(ErrorCode::RpcFrameworkError, &text));
    };
    let Ok(action) = serde_json::from_str::<String>(action.get()) else {
        return Err(wrong(ErrorCode::RpcFrameworkError, "the action is no string"));
    };
    // 1.6J §4.2.1 and Part 4 §4.1.5 allow null for an empty payload.
    let payload = if payload.get() == "null" { "{}" } else { payload.get() };
    if !payload.starts_with('{') {
        let code = if version == Version::V16 { ErrorCode::FormatViolation } else { ErrorCode::ProtocolError };
        return Err(wrong(code, "the payload is no object"));
    }
    Ok(frame(Cow::Owned(id.into()), Cow::Owned(action), payload))
}

fn result<'a>(parts: &[&'a RawValue], id: Text) -> Result<Frame<'a>, FrameError> {
    match parts {
        [_, _, payload] => {
            let payload = if payload.get() == "null" { "{}" } else { payload.get() };
            Ok(Frame::CallResult { id: Cow::Owned(id.into()), payload })
        }
        _ => {
            let text = alloc::format!("a CALLRESULT has 3 elements, this one has {}", parts.len());
            Err(FrameError { answer: None, text })
        }
    }
}

fn failure(parts: &[&RawValue], id: Text) -> Result<Failure, FrameError> {
    let string = |at: usize| parts.get(at).and_then(|part| serde_json::from_str::<Text>(part.get()).ok());
    // Field stations leave out the details or the description; the code is what counts.
    let Some(code) = string(2) else {
        return Err(FrameError { answer: None, text: "an error without an error code".into() });
    };
    let details = parts.get(4).map_or("{}", |part| part.get()).into();
    Ok(Failure { id, code, description: string(3).unwrap_or_default(), details })
}

/// A CALL's text.
pub fn call_text<T: Wire>(id: &str, action: &str, payload: &T) -> String {
    let mut text = begun(2, id);
    text.push(',');
    writer::string(action, &mut text);
    ended(text, payload)
}

/// A CALLRESULT's text.
pub fn result_text<T: Wire>(id: &str, payload: &T) -> String {
    ended(begun(3, id), payload)
}

/// A CALLERROR's text; the description is cut to the length that the specification allows.
pub fn error_text(id: &str, code: ErrorCode, description: &str, version: Version) -> String {
    failure_text(4, id, code, description, version)
}

/// 2.1: a CALLRESULTERROR's text.
pub fn result_error_text(id: &str, code: ErrorCode, description: &str, version: Version) -> String {
    failure_text(5, id, code, description, version)
}

/// 2.1: a SEND's text.
pub fn send_text<T: Wire>(id: &str, action: &str, payload: &T) -> String {
    let mut text = begun(6, id);
    text.push(',');
    writer::string(action, &mut text);
    ended(text, payload)
}

/// Type and id.
fn begun(kind: i64, id: &str) -> String {
    let mut text = String::with_capacity(256);
    text.push('[');
    writer::number(kind, 0, &mut text);
    text.push(',');
    writer::string(id, &mut text);
    text
}

fn ended<T: Wire>(mut text: String, payload: &T) -> String {
    text.push(',');
    payload.write(&mut text);
    text.push(']');
    text
}

fn failure_text(kind: i64, id: &str, code: ErrorCode, description: &str, version: Version) -> String {
    let mut text = begun(kind, id);
    for part in [code.name(version), &Text::truncated(description, MAX_DESCRIPTION)] {
        text.push(',');
        writer::string(part, &mut text);
    }
    text.push_str(",{}]");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str, version: Version) -> Option<(String, &'static str)> {
        let (id, code) = Frame::parse(text, version).unwrap_err().answer?;
        Some((id.into(), code.name(version)))
    }

    #[test]
    fn reads_every_type_that_its_version_has() {
        let call = Frame::parse(r#" [ 2 , "a" , "Heartbeat" , { } ] "#, Version::V16);
        assert_eq!(call, Ok(Frame::Call { id: "a".into(), action: "Heartbeat".into(), payload: "{ }" }));
        let null = Frame::parse(r#"[2,"a","Heartbeat",null]"#, Version::V16);
        assert_eq!(null, Ok(Frame::Call { id: "a".into(), action: "Heartbeat".into(), payload: "{}" }));
        let result = Frame::parse(r#"[3,"a",{"x":[1]}]"#, Version::V201);
        assert_eq!(result, Ok(Frame::CallResult { id: "a".into(), payload: r#"{"x":[1]}"# }));
        let failure =
            |text| Failure { id: "a".into(), code: "InternalError".into(), description: text, details: "{}".into() };
        let error = Frame::parse(r#"[4,"a","InternalError","why",{}]"#, Version::V16);
        assert_eq!(error, Ok(Frame::CallError(failure("why".into()))));
        let error = Frame::parse(r#"[5,"a","InternalError","",{}]"#, Version::V21);
        assert_eq!(error, Ok(Frame::CallResultError(failure("".into()))));
        let send = Frame::parse(r#"[6,"a","NotifyPeriodicEventStream",{}]"#, Version::V21);
        assert_eq!(send, Ok(Frame::Send { id: "a".into(), action: "NotifyPeriodicEventStream".into(), payload: "{}" }));
    }

    #[test]
    fn reads_an_id_with_escapes() {
        let frame = Frame::parse(r#"[3,"a\u0041\"",{}]"#, Version::V201);
        assert_eq!(frame, Ok(Frame::CallResult { id: "aA\"".into(), payload: "{}" }));
    }

    #[test]
    fn answers_broken_json_with_the_id_if_it_can_be_read() {
        let broken = Some(("x".into(), "FormatViolation"));
        assert_eq!(answer(r#"[2,"x","Heartbeat",{"#, Version::V201), broken);
        assert_eq!(answer(r#"[2,"x","Heartbeat",{"#, Version::V16), Some(("x".into(), "FormationViolation")));
        assert_eq!(answer(r#"[2,"x"#, Version::V201), Some(("-1".into(), "RpcFrameworkError")));
        assert_eq!(answer("nonsense", Version::V21), Some(("-1".into(), "RpcFrameworkError")));
        assert_eq!(answer("nonsense", Version::V16), None);
        assert_eq!(answer("", Version::V201), Some(("-1".into(), "RpcFrameworkError")));
    }

    /// Part 4 §4.2.3: "-1" only if the id cannot be read.
    #[test]
    fn an_id_with_escapes_can_be_read_in_broken_json_too() {
        let broken = Some(("aA\"".into(), "FormatViolation"));
        assert_eq!(answer(r#" [ 2 , "a\u0041\"" , "Heartbeat" , {"#, Version::V201), broken);
        assert_eq!(answer(r#"[2,"x""#, Version::V201), Some(("x".into(), "FormatViolation")));
        for unreadable in [r#"[2,"\ud800","Heartbeat",{"#, r#"[2,"","Heartbeat",{"#, r#"[2,7,"Heartbeat",{"#] {
            assert_eq!(answer(unreadable, Version::V201), Some(("-1".into(), "RpcFrameworkError")), "{unreadable}");
        }
    }

    /// Part 4 §4.2.4: never answered.
    #[test]
    fn a_send_is_not_answered_however_broken_it_is() {
        for text in [
            r#"[6,"x","NotifyPeriodicEventStream",{"#,
            r#"[6,"","NotifyPeriodicEventStream",{}]"#,
            r#"[6,7,"NotifyPeriodicEventStream",{"#,
            r#"[6,"x","NotifyPeriodicEventStream",[]]"#,
            r#"[6,"x"]"#,
            "[6]",
            "[6,",
        ] {
            assert_eq!(answer(text, Version::V21), None, "{text}");
        }
    }

    #[test]
    fn answers_wrong_array_lengths() {
        assert_eq!(answer(r#"[2,"x","Heartbeat"]"#, Version::V201), Some(("x".into(), "RpcFrameworkError")));
        assert_eq!(answer(r#"[2,"x","Heartbeat",{},1]"#, Version::V16), Some(("x".into(), "FormationViolation")));
        assert_eq!(answer(r#"[2]"#, Version::V201), Some(("-1".into(), "RpcFrameworkError")));
        assert_eq!(answer(r#"[]"#, Version::V201), Some(("-1".into(), "RpcFrameworkError")));
    }

    #[test]
    fn answers_a_payload_that_is_no_object() {
        assert_eq!(answer(r#"[2,"x","Heartbeat",[]]"#, Version::V201), Some(("x".into(), "ProtocolError")));
        assert_eq!(answer(r#"[2,"x","Heartbeat",7]"#, Version::V16), Some(("x".into(), "FormationViolation")));
    }

    /// Part 4 §4.1.3 and §4.3; 1.6J §4.1.3: to be ignored.
    #[test]
    fn unknown_types_are_answered_in_2x_and_ignored_in_16() {
        for text in [r#"[0,"x",{}]"#, r#"["2","x","Heartbeat",{}]"#, r#"[7,"x",{}]"#, r#"[5,"x","e","",{}]"#] {
            assert_eq!(answer(text, Version::V201), Some(("x".into(), "MessageTypeNotSupported")), "{text}");
            assert_eq!(answer(text, Version::V16), None, "{text}");
            let broken = text.trim_end_matches(['}', ']']);
            assert_eq!(answer(broken, Version::V201), Some(("x".into(), "MessageTypeNotSupported")), "{broken}");
            assert_eq!(answer(broken, Version::V16), None, "{broken}");
        }
    }

    /// As everywhere in JSON, `2.0` is the integer 2.
    #[test]
    fn the_type_is_a_number_however_it_is_written() {
        for text in [r#"[2.0,"x","Heartbeat",{}]"#, r#"[20e-1,"x","Heartbeat",{}]"#] {
            assert!(matches!(Frame::parse(text, Version::V16), Ok(Frame::Call { .. })), "{text}");
        }
        assert_eq!(answer(r#"[3.0,"x",{"#, Version::V201), None);
        assert_eq!(answer(r#"[2.5,"x",{}]"#, Version::V201), Some(("x".into(), "MessageTypeNotSupported")));
    }

    #[test]
    fn an_id_that_is_too_long_cannot_be_repeated() {
        let text = alloc::format!(r#"[2,"{}","Heartbeat",{{}}]"#, "x".repeat(37));
        assert_eq!(answer(&text, Version::V201), Some(("-1".into(), "RpcFrameworkError")));
        let longest = text.replacen('x', "", 1);
        assert!(Frame::parse(&longest, Version::V201).is_ok());
    }

    #[test]
    fn answers_never_answer_answers() {
        for text in [
            r#"[3,"x"]"#,
            r#"[3,"",{}]"#,
            r#"[4,"x"]"#,
            r#"[4,1]"#,
            r#"[3,"x",{"#,
            r#"[3,"\u0041",{"#,
            r#"[4,"","#,
            r#"[4,1,"#,
        ] {
            assert_eq!(answer(text, Version::V201), None, "{text}");
        }
        for text in [r#"[5,"x"]"#, r#"[5,"x","InternalError","",{"#, r#"[5,1,{"#] {
            assert_eq!(answer(text, Version::V21), None, "{text}");
        }
    }

    #[test]
    fn descriptions_are_cut_to_their_limit() {
        let text = error_text("x", ErrorCode::FormatViolation, &"é".repeat(300), Version::V201);
        let Ok(Frame::CallError(failure)) = Frame::parse(&text, Version::V201) else { panic!("{text}") };
        assert_eq!(failure.description.chars().count(), MAX_DESCRIPTION);
    }
}
