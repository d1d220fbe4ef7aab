//! `check` and `actions`: the message tables for people and scripts.

use std::collections::{HashMap, VecDeque};
use std::io::BufRead;

use pilotwire::Version;
use pilotwire::messages::table::{Codec, Leniency, PayloadCodec, Policy, codecs};
use pilotwire::messages::{ErrorCode, Failure, Frame, Json, Sender, Text, Violation, frame};

/// What the lines of the input are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Payloads of this action.
    Payloads {
        /// The action.
        action: String,
        /// Whether they answer it.
        response: bool,
    },
    /// Whole frames; a result is read as the answer to the CALL with its id that came before.
    Frames,
}

/// How lines are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The version of OCPP.
    pub version: Version,
    /// What the lines are.
    pub lines: Lines,
    /// Whether what field devices really send is forgiven, and told.
    pub lenient: bool,
}

/// Judges every line of `input` and shows one line for each: `ok`, or the error code, the JSON pointer and the text with
/// a space between them. Gives whether all are ok.
///
/// # Errors
/// The input cannot be read, or the version has no such action.
pub fn check(options: &Options, input: impl BufRead, mut show: impl FnMut(&str) -> bool) -> Result<bool, String> {
    let mut judge = Judge::new(options)?;
    let mut all_ok = true;
    for (number, line) in input.lines().enumerate() {
        let line = line.map_err(|error| format!("line {}: {error}", number + 1))?;
        let verdict = judge.line(&line);
        all_ok &= verdict.is_ok();
        if !show(&verdict.unwrap_or_else(|refused| refused)) {
            break;
        }
    }
    Ok(all_ok)
}

/// The actions of one version, a line each: name, who sends it, functional block.
pub fn actions(version: Version) -> impl Iterator<Item = String> {
    codecs(version).into_iter().map(|codec| {
        let direction = match codec.info.sender {
            Sender::Station => "station to CSMS",
            Sender::Csms => "CSMS to station",
            Sender::Both => "both directions",
        };
        format!("{:<34} {direction}  {}", codec.info.name, codec.info.block)
    })
}

struct Judge<'a> {
    options: &'a Options,
    codecs: HashMap<&'static str, Codec>,
    /// The actions of open CALLs by their ids, the oldest first. An id is unique for its sender alone (Part 4 §4.1.4), so
    /// both sides may have a CALL open with it.
    asked: HashMap<Text, VecDeque<&'static str>>,
}

/// How many open CALLs with the same id are remembered.
const MOST_OPEN: usize = 4;

type Verdict = Result<String, String>;

impl<'a> Judge<'a> {
    fn new(options: &'a Options) -> Result<Self, String> {
        let codecs = codecs(options.version).into_iter().map(|codec| (codec.info.name, codec)).collect();
        let judge = Self { options, codecs, asked: HashMap::new() };
        if let Lines::Payloads { action, response } = &options.lines {
            let codec = judge.codecs.get(action.as_str());
            let codec = codec.ok_or_else(|| format!("OCPP {} has no action {action}", options.version))?;
            if *response && codec.info.response.is_none() {
                return Err(format!("{action} is sent without an answer"));
            }
        }
        Ok(judge)
    }

    fn line(&mut self, line: &str) -> Verdict {
        match &self.options.lines {
            Lines::Payloads { action, response } => match self.codecs.get(action.as_str()) {
                Some(codec) => self.payload(if *response { codec.response } else { codec.request }, line),
                None => Err(self.refused(ErrorCode::NotImplemented, "", "the action does not exist")),
            },
            Lines::Frames => self.frame(line),
        }
    }

    fn refused(&self, code: ErrorCode, path: &str, text: &str) -> String {
        format!("{} {path} {text}", code.name(self.options.version))
    }

    fn violation(&self, violation: &Violation) -> String {
        self.refused(violation.code, &violation.path, &violation.text)
    }

    fn payload(&self, codec: PayloadCodec, payload: &str) -> Verdict {
        let policy = if self.options.lenient { Policy::FIELD } else { Policy::STRICT };
        let read = (codec.leniently)(payload, self.options.version, &policy);
        let leniencies = read.map_err(|violation| self.violation(&violation))?.leniencies;
        // What sessions take from everyone, and the standard does not allow.
        if let (false, Some(fine)) = (self.options.lenient, leniencies.first()) {
            let text = format!("{} has more than 3 decimals of a second", fine.found);
            return Err(self.refused(ErrorCode::FormatViolation, &fine.path, &text));
        }
        let forgiven = |leniency: &Leniency| format!(", {:?} {}", leniency.kind, leniency.path);
        Ok(format!("ok{}", leniencies.iter().map(forgiven).collect::<String>()))
    }

    fn frame(&mut self, line: &str) -> Verdict {
        let frame = Frame::parse(line, self.options.version).map_err(|error| match error.answer {
            Some((_, code)) => self.refused(code, "", &error.text),
            None => format!("ignored  {}", error.text),
        })?;
        match frame {
            Frame::Call { id, action, payload } => self.call(Text::from(id), &action, payload),
            Frame::Send { action, payload, .. } => match self.codecs.get(&*action) {
                Some(codec) if codec.info.response.is_none() => self.payload(codec.request, payload),
                _ => Err(self.refused(ErrorCode::NotImplemented, "", &format!("{action} is not sent as SEND"))),
            },
            Frame::CallResult { id, payload } => self.result(&id, payload),
            Frame::CallError(failure) => {
                self.answered(&failure.id, 0);
                self.failure(&failure, line)
            }
            Frame::CallResultError(failure) => self.failure(&failure, line),
        }
    }

    /// A result answers the CALL whose response it can be; the oldest, if it can be none's.
    fn result(&mut self, id: &str, payload: &str) -> Verdict {
        let open: Vec<&Codec> =
            self.asked.get(id).into_iter().flatten().filter_map(|action| self.codecs.get(action)).collect();
        let strictly = |codec: &&Codec| (codec.response.strictly)(payload, self.options.version).is_ok();
        let leniently = |codec: &&Codec| self.payload(codec.response, payload).is_ok();
        let fitting = open.iter().position(strictly).or_else(|| open.iter().position(leniently)).unwrap_or(0);
        let Some(codec) = open.get(fitting) else {
            return Err(self.refused(ErrorCode::GenericError, "", &format!("no CALL {id} came before")));
        };
        let verdict = self.payload(codec.response, payload);
        self.answered(id, fitting);
        verdict
    }

    fn answered(&mut self, id: &str, place: usize) {
        let Some(open) = self.asked.get_mut(id) else { return };
        open.remove(place);
        if open.is_empty() {
            self.asked.remove(id);
        }
    }

    fn call(&mut self, id: Text, action: &str, payload: &str) -> Verdict {
        match self.codecs.get(action) {
            Some(codec) if codec.info.response.is_some() => {
                let open = self.asked.entry(id).or_default();
                if open.len() == MOST_OPEN {
                    open.pop_front();
                }
                open.push_back(codec.info.name);
                self.payload(codec.request, payload)
            }
            _ => Err(self.refused(ErrorCode::NotImplemented, "", &format!("{action} is no request of this version"))),
        }
    }

    fn failure(&self, failure: &Failure, line: &str) -> Verdict {
        if !self.options.lenient {
            self.elements(line)?;
        }
        let version = self.options.version;
        let known = ErrorCode::ALL.iter().any(|code| failure.code == code.name(version));
        if !known {
            let text = format!("{} is no error code of OCPP {version}", failure.code);
            return Err(self.refused(ErrorCode::PropertyConstraintViolation, "/2", &text));
        }
        let length = failure.description.chars().count();
        if length > frame::MAX_DESCRIPTION {
            let text = format!("{length} characters, at most {} are allowed", frame::MAX_DESCRIPTION);
            return Err(self.refused(ErrorCode::PropertyConstraintViolation, "/3", &text));
        }
        Ok("ok".into())
    }

    /// Whether an error has the elements that 1.6J §4.2.3 and Part 4 §4.2.3 want; sessions take fewer.
    fn elements(&self, line: &str) -> Result<(), String> {
        let elements: Vec<Json> = serde_json::from_str(line)
            .map_err(|error| self.refused(ErrorCode::FormatViolation, "", &format!("not a JSON array: {error}")))?;
        let [_, _, _, description, details] = &elements[..] else {
            let text = format!("an error has 5 elements, this one has {}", elements.len());
            return Err(self.refused(ErrorCode::RpcFrameworkError, "", &text));
        };
        for (path, element, begins, kind) in [("/3", description, '"', "a string"), ("/4", details, '{', "an object")] {
            if !element.as_str().starts_with(begins) {
                return Err(self.refused(ErrorCode::TypeConstraintViolation, path, &format!("is not {kind}")));
            }
        }
        Ok(())
    }
}
