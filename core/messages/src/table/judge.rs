//! Reads a payload slowly, by its shape: finds the first rule that it breaks, and mends what a policy forgives.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::check::{missing, too_new, unknown_word};
use super::policy::{Leniency, LeniencyKind, Policy};
use super::{Check, Limits, Member, Rule, Shape, Wire, Word, wire};
use crate::reader::{MAX_DEPTH, Reader};
use crate::time::is_fine;
use crate::{DateTime, Decimal, ErrorCode, Text, Version, Violation, writer};

/// The payload as it can be read, and what was forgiven.
pub(super) struct Mended {
    pub(super) text: String,
    pub(super) leniencies: Vec<Leniency>,
}

/// Judges a payload by every rule of its table.
///
/// # Errors
/// The first rule that it breaks and the policy does not forgive.
#[cold]
pub(super) fn judge(shape: &Shape, payload: &str, version: Version, policy: &Policy) -> Result<Mended, Violation> {
    let mut reader = Reader::new(payload);
    if reader.any().is_err() {
        let text = format!("no valid JSON, or nested deeper than {MAX_DEPTH} levels");
        return Err(Violation::here(ErrorCode::FormatViolation, text));
    }
    if reader.end().is_err() {
        // The frame was cut at its first and last bracket only: there were more elements than a frame has.
        return Err(Violation::here(ErrorCode::RpcFrameworkError, "something stands behind the payload".into()));
    }
    let mended = Mended { text: String::new(), leniencies: Vec::new() };
    let mut judge = Judge { version, policy, way: String::new(), mended };
    match judge.value(shape, &Rule::ANY, payload.trim()) {
        Ok(()) => Ok(judge.mended),
        Err(violation) => Err(Violation { path: judge.way + &violation.path, ..violation }),
    }
}

struct Judge<'a> {
    version: Version,
    policy: &'a Policy,
    /// JSON pointer of the value that is looked at; where it broke off, if it did.
    way: String,
    mended: Mended,
}

fn broken<E>(_: E) -> Violation {
    Violation::here(ErrorCode::FormatViolation, "no valid JSON".into())
}

impl Judge<'_> {
    fn out(&mut self) -> &mut String {
        &mut self.mended.text
    }

    fn forgive(&mut self, kind: LeniencyKind, found: &str) {
        let found = Text::from(excerpt(found));
        self.mended.leniencies.push(Leniency { kind, path: self.way.clone(), found });
    }

    /// Judges what stands one step deeper.
    fn deeper(&mut self, step: &str, judge: impl FnOnce(&mut Self) -> Result<(), Violation>) -> Result<(), Violation> {
        let length = self.way.len();
        self.way.push('/');
        self.way.push_str(step);
        judge(self)?;
        self.way.truncate(length);
        Ok(())
    }

    /// `text` is one valid JSON value without white space around it.
    fn value(&mut self, shape: &Shape, rule: &Rule, text: &str) -> Result<(), Violation> {
        match (shape, text.as_bytes().first()) {
            (Shape::Text, Some(b'"')) => self.text(rule, text),
            (Shape::Words { words, others_since_21 }, Some(b'"')) => self.word(words, *others_since_21, text),
            (Shape::DateTime, Some(b'"')) => self.timestamp(text),
            (Shape::List(item), Some(b'[')) => self.list(item, rule, text),
            (Shape::Object { members, open }, Some(b'{')) => self.object(members, *open, text),
            (Shape::Any, _) | (Shape::Boolean, Some(b't' | b'f')) => self.as_it_is(text),
            (Shape::Integer, Some(b'-' | b'0'..=b'9')) => {
                self.integer(rule, text, i64::from(i32::MIN)..=i64::from(i32::MAX))
            }
            (Shape::Long, Some(b'-' | b'0'..=b'9')) => self.integer(rule, text, i64::MIN..=i64::MAX),
            (Shape::Number, Some(b'-' | b'0'..=b'9')) => self.number(rule, text),
            (Shape::Integer | Shape::Long | Shape::Number | Shape::Boolean, Some(b'"'))
                if self.policy.quoted_values =>
            {
                self.quoted(shape, rule, text)
            }
            _ => Err(wrong_type(shape, text)),
        }
    }

    fn as_it_is(&mut self, text: &str) -> Result<(), Violation> {
        self.out().push_str(text);
        Ok(())
    }

    fn text(&mut self, rule: &Rule, text: &str) -> Result<(), Violation> {
        let value = Text::from(Reader::new(text).string().map_err(broken)?);
        let limits = rule.limits(self.version);
        limits.format(&value)?;
        match limits.length(&value) {
            Err(_) if self.policy.long_texts => self.forgive(LeniencyKind::LongText, text),
            result => result?,
        }
        self.as_it_is(text)
    }

    fn word(&mut self, words: &[Word], others_since_21: Option<i64>, text: &str) -> Result<(), Violation> {
        let word = Reader::new(text).string().map_err(broken)?;
        let known = words.iter().any(|known| known.text == word && known.exists_in(self.version));
        let open = others_since_21.filter(|_| self.version == Version::V21);
        match open {
            _ if known => self.as_it_is(text),
            // 2.1 made a text of it, with a list of usual words.
            Some(max) => self.text(&Rule::ANY.within(Limits::NONE.max(max)), text),
            None if self.policy.unknown_words => {
                self.forgive(LeniencyKind::UnknownWord, text);
                self.as_it_is(text)
            }
            None => Err(unknown_word(&word, words, self.version)),
        }
    }

    fn timestamp(&mut self, text: &str) -> Result<(), Violation> {
        let value = Reader::new(text).string().map_err(broken)?;
        if self.version != Version::V16 && is_fine(&value) {
            self.forgive(LeniencyKind::FineTimestamp, text);
        }
        let Err(error) = value.parse::<DateTime>() else {
            return self.as_it_is(text);
        };
        let local = format!("{value}Z");
        if !self.policy.timestamps_without_offset || local.parse::<DateTime>().is_err() {
            let text = format!("{} is {error}", excerpt(text));
            return Err(Violation::here(ErrorCode::FormatViolation, text));
        }
        self.forgive(LeniencyKind::TimestampWithoutOffset, text);
        writer::string(&local, self.out());
        Ok(())
    }

    fn integer(&mut self, rule: &Rule, text: &str, range: core::ops::RangeInclusive<i64>) -> Result<(), Violation> {
        match wire::integer(text) {
            Some(integer) if range.contains(&integer) => {
                integer.check(rule, self.version)?;
                self.as_it_is(text)
            }
            // All that rounding gives up is a fraction.
            None if Decimal::rounded(text).is_ok() => Err(wrong_type(&Shape::Integer, text)),
            _ => {
                let text = format!("{} is not in {} to {}", excerpt(text), range.start(), range.end());
                Err(Violation::here(ErrorCode::PropertyConstraintViolation, text))
            }
        }
    }

    fn number(&mut self, rule: &Rule, text: &str) -> Result<(), Violation> {
        let error = match text.parse::<Decimal>() {
            Ok(value) => {
                value.check(rule, self.version)?;
                return self.as_it_is(text);
            }
            Err(error) => error,
        };
        match Decimal::rounded(text) {
            Ok(value) if self.policy.long_numbers => {
                value.check(rule, self.version)?;
                self.forgive(LeniencyKind::LongNumber, text);
                value.write(self.out());
                Ok(())
            }
            _ => {
                let text = format!("{}: {error}", excerpt(text));
                Err(Violation::here(ErrorCode::PropertyConstraintViolation, text))
            }
        }
    }

    /// A number or a truth value in quotes.
    fn quoted(&mut self, shape: &Shape, rule: &Rule, text: &str) -> Result<(), Violation> {
        let inner = Reader::new(text).string().map_err(broken)?;
        let inner = inner.trim();
        let mut reader = Reader::new(inner);
        let is_scalar = reader.any().is_ok() && reader.end().is_ok() && !inner.starts_with('"');
        if !is_scalar || self.value(shape, rule, inner).is_err() {
            return Err(wrong_type(shape, text));
        }
        self.forgive(LeniencyKind::QuotedValue, text);
        Ok(())
    }

    fn list(&mut self, item: &Shape, rule: &Rule, text: &str) -> Result<(), Violation> {
        let limits = rule.limits(self.version);
        let of_items = Rule::ANY.within(limits.of_items());
        let mut reader = Reader::new(text);
        let (mut first, mut count) = (true, 0_usize);
        reader.open(b'[').map_err(broken)?;
        self.out().push('[');
        while reader.more(&mut first, b']').map_err(broken)? {
            let text = reader.any().map_err(broken)?;
            if count > 0 {
                self.out().push(',');
            }
            self.deeper(&format!("{count}"), |judge| judge.value(item, &of_items, text))?;
            count += 1;
        }
        self.out().push(']');
        limits.count(count)
    }

    fn object(&mut self, members: &[Member], open: bool, text: &str) -> Result<(), Violation> {
        let mut found = vec![None; members.len()];
        let mut others = Vec::new();
        let mut reader = Reader::new(text);
        let mut first = true;
        reader.open(b'{').map_err(broken)?;
        while reader.more(&mut first, b'}').map_err(broken)? {
            let name = reader.name().map_err(broken)?;
            let value = reader.any().map_err(broken)?;
            match members.iter().position(|member| member.name == name) {
                Some(at) if found[at].replace(value).is_some() => {
                    let twice = Violation::here(ErrorCode::FormatViolation, "stands there twice".into());
                    return Err(twice.under(escape(&name)));
                }
                Some(_) => {}
                None => others.push((name, value)),
            }
        }
        let (start, forgiven) = (self.mended.text.len(), self.mended.leniencies.len());
        let mut first = true;
        self.out().push('{');
        for (member, text) in members.iter().zip(found) {
            self.deeper(member.name, |judge| judge.member(member, text, &mut first))?;
        }
        for (name, text) in others {
            if open {
                self.begin(&name, &mut first);
                self.as_it_is(text)?;
            } else {
                self.deeper(&escape(&name), |judge| judge.unknown(text))?;
            }
        }
        self.out().push('}');
        if open && self.mended.leniencies.len() == forgiven {
            // Vendor data is carried as it came, whatever was forgiven elsewhere.
            self.mended.text.truncate(start);
            self.mended.text.push_str(text);
        }
        Ok(())
    }

    fn begin(&mut self, name: &str, first: &mut bool) {
        if !core::mem::replace(first, false) {
            self.out().push(',');
        }
        writer::string(name, self.out());
        self.out().push(':');
    }

    fn member(&mut self, member: &Member, text: Option<&str>, first: &mut bool) -> Result<(), Violation> {
        let Some(text) = text else {
            return match member.required || member.rule.required_in(self.version) {
                true => Err(missing(self.version)),
                false => Ok(()),
            };
        };
        if !member.rule.exists_in(self.version) {
            if !self.policy.unknown_members {
                return Err(too_new(self.version));
            }
            self.forgive(LeniencyKind::UnknownMember, text);
            return Ok(());
        }
        self.begin(member.name, first);
        self.value(member.shape, &member.rule, text)
    }

    fn unknown(&mut self, text: &str) -> Result<(), Violation> {
        if !self.policy.unknown_members {
            return Err(Violation::here(ErrorCode::FormatViolation, "is no member of this message".into()));
        }
        self.forgive(LeniencyKind::UnknownMember, text);
        Ok(())
    }
}

fn wrong_type(shape: &Shape, text: &str) -> Violation {
    let text = format!("{} is not {}", excerpt(text), shape.name());
    Violation::here(ErrorCode::TypeConstraintViolation, text)
}

/// A member name of the peer's as a segment of a JSON pointer, cut to a length that fits an error text.
fn escape(name: &str) -> String {
    name.chars().take(50).collect::<String>().replace('~', "~0").replace('/', "~1")
}

/// The beginning of a value, so that an error text stays short whatever was sent.
fn excerpt(text: &str) -> Cow<'_, str> {
    match text.as_bytes().first() {
        Some(b'{') => "an object".into(),
        Some(b'[') => "an array".into(),
        _ => match text.char_indices().nth(40) {
            Some((end, _)) => format!("{}…", &text[..end]).into(),
            None => text.into(),
        },
    }
}
