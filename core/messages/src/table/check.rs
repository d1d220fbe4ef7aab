//! The limits of the tables, applied to typed values.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Word;
use crate::{DateTime, Decimal, ErrorCode, Json, Text, Version, Violation};

/// How large a number, how long a text or how many items: one range for each of them, read by the type beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The smallest number, or the fewest items.
    pub min: i64,
    /// The largest number, the most characters, or the most items.
    pub max: i64,
    /// `min` for the items of a list.
    pub item_min: i64,
    /// `max` for the items of a list.
    pub item_max: i64,
    /// Whether a number has at most one digit after the point.
    pub tenths: bool,
    /// Whether a number is an integer.
    pub whole: bool,
    /// Whether a text is an absolute URI.
    pub uri: bool,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self {
        min: i64::MIN,
        max: i64::MAX,
        item_min: i64::MIN,
        item_max: i64::MAX,
        tenths: false,
        whole: false,
        uri: false,
    };

    /// At least this number or this many items.
    #[must_use]
    pub const fn min(self, min: i64) -> Self {
        Self { min, ..self }
    }

    /// At most this number, this many characters, or this many items.
    #[must_use]
    pub const fn max(self, max: i64) -> Self {
        Self { max, ..self }
    }

    /// Each item of a list within these.
    #[must_use]
    pub const fn items(self, item: Self) -> Self {
        Self { item_min: item.min, item_max: item.max, ..self }
    }

    /// At most one digit after the point.
    #[must_use]
    pub const fn tenths(self) -> Self {
        Self { tenths: true, ..self }
    }

    /// An integer.
    #[must_use]
    pub const fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    const fn is_none(&self) -> bool {
        let Self { min, max, item_min, item_max, tenths, whole, uri } = *self;
        let bounded = min != i64::MIN || max != i64::MAX || item_min != i64::MIN || item_max != i64::MAX;
        !bounded && !tenths && !whole && !uri
    }

    /// An absolute URI.
    #[must_use]
    pub const fn uri(self) -> Self {
        Self { uri: true, ..self }
    }

    /// What holds for each item of a list.
    #[must_use]
    pub const fn of_items(&self) -> Self {
        Self::NONE.min(self.item_min).max(self.item_max)
    }
}

/// The notes that stand beside a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    limits: Limits,
    old_limits: Limits,
    only_since_21: bool,
    required_before_21: bool,
    required_since_21: bool,
}

impl Rule {
    /// No limits.
    pub const ANY: Self = Self {
        limits: Limits::NONE,
        old_limits: Limits::NONE,
        only_since_21: false,
        required_before_21: false,
        required_since_21: false,
    };

    /// These limits in every edition.
    #[must_use]
    pub const fn within(self, limits: Limits) -> Self {
        Self { limits, old_limits: limits, ..self }
    }

    /// Other limits before 2.1.
    #[must_use]
    pub const fn before_21(self, old_limits: Limits) -> Self {
        Self { old_limits, ..self }
    }

    /// Does not exist before 2.1.
    #[must_use]
    pub const fn since_21(self) -> Self {
        Self { only_since_21: true, ..self }
    }

    /// Optional since 2.1 only.
    #[must_use]
    pub const fn required_before_21(self) -> Self {
        Self { required_before_21: true, ..self }
    }

    /// Required since 2.1 only.
    #[must_use]
    pub const fn required_since_21(self) -> Self {
        Self { required_since_21: true, ..self }
    }

    /// The limits of an edition.
    pub const fn limits(&self, version: Version) -> &Limits {
        match version {
            Version::V21 => &self.limits,
            Version::V16 | Version::V201 => &self.old_limits,
        }
    }

    /// Whether no edition limits the value itself; known while compiling, where the rule is.
    #[inline]
    const fn is_free(&self) -> bool {
        self.limits.is_none() && self.old_limits.is_none()
    }

    /// Whether an edition has the member.
    pub const fn exists_in(&self, version: Version) -> bool {
        !self.only_since_21 || matches!(version, Version::V21)
    }

    /// Whether an edition insists on a member that others leave out.
    pub const fn required_in(&self, version: Version) -> bool {
        if matches!(version, Version::V21) { self.required_since_21 } else { self.required_before_21 }
    }

    /// Checks an optional member that is there.
    #[inline(always)]
    pub(crate) fn check_present<T: Check>(&self, value: &T, version: Version) -> Result<(), Violation> {
        if !self.exists_in(version) {
            return Err(too_new(version));
        }
        value.check(self, version)
    }
}

#[cold]
pub(super) fn too_new(version: Version) -> Violation {
    Violation::here(ErrorCode::FormatViolation, format!("exists since OCPP 2.1, not in {version}"))
}

/// A member that is required is not there.
#[cold]
pub(crate) fn missing(version: Version) -> Violation {
    Violation::here(ErrorCode::OccurrenceConstraintViolation, format!("is missing; OCPP {version} requires it"))
}

impl Limits {
    fn number(&self, value: i64) -> Result<(), Violation> {
        if (self.min..=self.max).contains(&value) {
            return Ok(());
        }
        let text = match (self.min, self.max) {
            (min, i64::MAX) => format!("{value} is less than {min}"),
            (i64::MIN, max) => format!("{value} is more than {max}"),
            (min, max) => format!("{value} is not in {min} to {max}"),
        };
        Err(Violation::here(ErrorCode::PropertyConstraintViolation, text))
    }

    pub(super) fn count(&self, count: usize) -> Result<(), Violation> {
        let (count, min) = (count as i64, self.min.max(0));
        if (min..=self.max).contains(&count) {
            return Ok(());
        }
        let text = match self.max {
            i64::MAX => format!("{count} items, at least {min} are needed"),
            max => format!("{count} items, {min} to {max} are allowed"),
        };
        Err(Violation::here(ErrorCode::OccurrenceConstraintViolation, text))
    }
}

/// A value whose limits can be checked. The first violation is returned, with its path.
pub trait Check {
    /// Checks this value against the `rule` beside it and its own members against theirs, as `version` has them.
    fn check(&self, rule: &Rule, version: Version) -> Result<(), Violation>;
}

impl Check for Text {
    #[inline]
    fn check(&self, rule: &Rule, version: Version) -> Result<(), Violation> {
        let limits = rule.limits(version);
        limits.format(self)?;
        limits.length(self)
    }
}

impl Limits {
    /// Whether a text is what belongs there.
    #[inline]
    pub(super) fn format(&self, text: &str) -> Result<(), Violation> {
        if self.uri && !is_uri(text) {
            return Err(Violation::here(ErrorCode::FormatViolation, "is no absolute URI".into()));
        }
        Ok(())
    }

    /// Whether a text is short enough.
    #[inline]
    pub(super) fn length(&self, text: &str) -> Result<(), Violation> {
        // A character has at least one byte, so most texts need no counting.
        if text.len() as i64 <= self.max { Ok(()) } else { counted(text, self.max) }
    }
}

/// As far as RFC 3986 §3 can be told without taking it apart: a scheme, a colon, and no white space.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let begins = scheme.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    begins && scheme.bytes().all(allowed) && !rest.is_empty() && !rest.contains(|c: char| c <= ' ' || c == '\u{7f}')
}

fn counted(text: &str, max: i64) -> Result<(), Violation> {
    let length = text.chars().count() as i64;
    if length <= max {
        return Ok(());
    }
    let text = format!("{length} characters, at most {max} are allowed");
    Err(Violation::here(ErrorCode::PropertyConstraintViolation, text))
}

impl Check for i32 {
    #[inline]
    fn check(&self, rule: &Rule, version: Version) -> Result<(), Violation> {
        if rule.is_free() {
            return Ok(());
        }
        rule.limits(version).number(i64::from(*self))
    }
}

impl Check for i64 {
    #[inline]
    fn check(&self, rule: &Rule, version: Version) -> Result<(), Violation> {
        if rule.is_free() {
            return Ok(());
        }
        rule.limits(version).number(*self)
    }
}

impl Check for Decimal {
    #[inline]
    fn check(&self, rule: &Rule, version: Version) -> Result<(), Violation> {
        if rule.is_free() { Ok(()) } else { rule.limits(version).decimal(*self) }
    }
}

impl Limits {
    fn decimal(&self, value: Decimal) -> Result<(), Violation> {
        let bound = |bound| Decimal::new(bound, 0);
        if self.whole && value.whole().is_none() {
            return Err(Violation::here(ErrorCode::TypeConstraintViolation, format!("{value} is not an integer")));
        }
        let text = if bound(self.min).is_some_and(|min| value < min) {
            format!("{value} is less than {}", self.min)
        } else if bound(self.max).is_some_and(|max| value > max) {
            format!("{value} is more than {}", self.max)
        } else if self.tenths && value.normalized().1 > 1 {
            format!("{value} has more than one digit after the point")
        } else {
            return Ok(());
        };
        Err(Violation::here(ErrorCode::PropertyConstraintViolation, text))
    }
}

impl Check for bool {
    #[inline]
    fn check(&self, _: &Rule, _: Version) -> Result<(), Violation> {
        Ok(())
    }
}

impl Check for DateTime {
    #[inline]
    fn check(&self, _: &Rule, _: Version) -> Result<(), Violation> {
        Ok(())
    }
}

impl Check for Json {
    #[inline]
    fn check(&self, _: &Rule, _: Version) -> Result<(), Violation> {
        Ok(())
    }
}

impl<T: Check> Check for Vec<T> {
    #[inline]
    fn check(&self, rule: &Rule, version: Version) -> Result<(), Violation> {
        let limits = rule.limits(version);
        limits.count(self.len())?;
        let of_items = Rule::ANY.within(limits.of_items());
        for (at, item) in self.iter().enumerate() {
            item.check(&of_items, version).map_err(|violation| violation.under(at))?;
        }
        Ok(())
    }
}

impl<T: Check> Check for Box<T> {
    fn check(&self, rule: &Rule, version: Version) -> Result<(), Violation> {
        (**self).check(rule, version)
    }
}

/// The violation of a word that an enumeration does not have in this edition.
#[cold]
pub(crate) fn unknown_word(word: &str, words: &[Word], version: Version) -> Violation {
    let is_later = words.iter().any(|later| later.text == word);
    let word: String = word.chars().take(40).collect();
    let allowed: Vec<&str> = words.iter().filter(|word| word.exists_in(version)).map(|word| word.text).collect();
    let text = match allowed.len() {
        _ if is_later => format!("\"{word}\" exists since OCPP 2.1 only"),
        0..=8 => format!("\"{word}\" is not one of {}", allowed.join(", ")),
        count => format!("\"{word}\" is not one of the {count} words that are allowed"),
    };
    Violation::here(ErrorCode::PropertyConstraintViolation, text)
}
