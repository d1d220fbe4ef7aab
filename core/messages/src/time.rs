//! Points in time as OCPP writes them.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time (UTC) with a resolution of one millisecond.
///
/// Reads what RFC 3339 allows, with any offset, and writes milliseconds and `Z`: `2026-01-31T12:00:00.000Z`. Only the
/// years 0001 to 9999 exist, so that whatever was accepted can be written, stored and read again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(i64);

/// The text is not a timestamp of RFC 3339 in the years 0001 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 timestamp with an offset, in the years 0001 to 9999")]
pub struct BadDateTime;

const DAY_MS: i64 = 86_400_000;
const DAY_MINUTES: i64 = 1_440;

/// How long a timestamp is as this crate writes it.
pub(crate) const WRITTEN: usize = 24;

/// Whether a timestamp has more than three decimals of a second. Readers cut them; 2.x does not want them sent (Part 2
/// §3.1).
pub(crate) fn is_fine(text: &str) -> bool {
    // Date, time and the letter between them are of fixed width.
    let fraction = text.as_bytes().get(19..).and_then(|rest| rest.strip_prefix(b"."));
    fraction.is_some_and(|fraction| fraction.iter().take_while(|c| c.is_ascii_digit()).count() > 3)
}

impl DateTime {
    /// 1970-01-01T00:00:00.000Z.
    pub const UNIX_EPOCH: Self = Self(0);
    /// 0001-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The time `millis` after (or before) 1970; outside of the years 0001 to 9999 the nearest that exists.
    pub const fn from_unix_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// This time plus `millis`, kept inside the years that exist.
    pub const fn saturating_add_millis(self, millis: i64) -> Self {
        Self::from_unix_millis(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this time; negative if this time is the earlier one.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Writes the 24 bytes of the canonical form into `buffer` and returns them as text.
    pub(crate) fn write_to(self, buffer: &mut [u8; WRITTEN]) -> &str {
        let (days, in_day) = (self.0.div_euclid(DAY_MS), self.0.rem_euclid(DAY_MS));
        let (year, month, day) = civil_from_days(days);
        *buffer = *b"0000-00-00T00:00:00.000Z";
        let parts = [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, in_day / 3_600_000),
            (14, 2, in_day / 60_000 % 60),
            (17, 2, in_day / 1_000 % 60),
            (20, 3, in_day % 1_000),
        ];
        for (start, width, value) in parts {
            let mut rest = value;
            for digit in buffer[start..start + width].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        core::str::from_utf8(buffer).unwrap_or_default()
    }
}

/// Days since 1970 to a date of the Gregorian calendar, by counting 400-year eras from 1 March of year 0.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A cursor over the fixed-width numbers of a timestamp.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self, width: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(width)?;
        self.0 = rest;
        digits.iter().try_fold(0, |sum, d| d.is_ascii_digit().then(|| sum * 10 + i64::from(d - b'0')))
    }

    fn skip(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        allowed.contains(first).then_some(*first)
    }

    /// The digits after a decimal point, cut to milliseconds.
    fn fraction_ms(&mut self) -> Option<i64> {
        if self.0.first() != Some(&b'.') {
            return Some(0);
        }
        self.0 = &self.0[1..];
        let digits = self.0.iter().take_while(|c| c.is_ascii_digit()).count();
        let (fraction, rest) = self.0.split_at(digits);
        self.0 = rest;
        let millis = (0..3).fold(0, |sum, at| sum * 10 + fraction.get(at).map_or(0, |d| i64::from(d - b'0')));
        (digits > 0).then_some(millis)
    }

    fn offset_minutes(&mut self) -> Option<i64> {
        let sign = match self.skip(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2)?;
        self.skip(b":")?;
        let minutes = self.number(2)?;
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
    }
}

fn parse(text: &str) -> Option<DateTime> {
    let mut fields = Fields(text.as_bytes());
    let year = fields.number(4)?;
    fields.skip(b"-")?;
    let month = fields.number(2)?;
    fields.skip(b"-")?;
    let day = fields.number(2)?;
    fields.skip(b"Tt ")?;
    let hour = fields.number(2)?;
    fields.skip(b":")?;
    let minute = fields.number(2)?;
    fields.skip(b":")?;
    let second = fields.number(2)?;
    let millis = fields.fraction_ms()?;
    let offset = fields.offset_minutes()?;
    // RFC 3339 §5.7: a leap second is written :60, and ends a day of UTC; here it is the first second of the next one.
    let ends_day = || (hour * 60 + minute - offset).rem_euclid(DAY_MINUTES) == DAY_MINUTES - 1;
    let valid = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && (second <= 59 || (second == 60 && ends_day()))
        && fields.0.is_empty();
    let seconds = hour * 3_600 + (minute - offset) * 60 + second;
    let total = days_from_civil(year, month, day) * DAY_MS + seconds * 1_000 + millis;
    (valid && (DateTime::MIN.0..=DateTime::MAX.0).contains(&total)).then_some(DateTime(total))
}

impl FromStr for DateTime {
    type Err = BadDateTime;

    fn from_str(text: &str) -> Result<Self, BadDateTime> {
        parse(text).ok_or(BadDateTime)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.write_to(&mut [0; WRITTEN]))
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.write_to(&mut [0; WRITTEN]))
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = DateTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 timestamp")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime, E> {
                parse(text).ok_or_else(|| E::custom(BadDateTime))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn canonical(text: &str) -> Option<alloc::string::String> {
        text.parse::<DateTime>().ok().map(|t| t.to_string())
    }

    #[test]
    fn goes_out_in_milliseconds_with_z() {
        assert_eq!(canonical("2026-11-23T07:11:30Z").unwrap(), "2026-11-23T07:11:30.000Z");
        assert_eq!(canonical("2026-11-23T07:11:30.4567+01:30").unwrap(), "2026-11-23T05:41:30.456Z");
        assert_eq!(canonical("2026-01-01t00:30:00.1-01:00").unwrap(), "2026-01-01T01:30:00.100Z");
    }

    #[test]
    fn every_day_of_eight_centuries_survives_a_round_trip() {
        for day in -250_000_i64..50_000 {
            let time = DateTime::from_unix_millis(day * DAY_MS + day.rem_euclid(DAY_MS));
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        for edge in [DateTime::MIN, DateTime::MAX] {
            assert_eq!(edge.to_string().parse(), Ok(edge));
        }
    }

    #[test]
    fn a_leap_second_is_the_first_second_of_the_next_minute() {
        assert_eq!(canonical("2016-12-31T23:59:60Z").unwrap(), "2017-01-01T00:00:00.000Z");
        assert_eq!(canonical("2017-01-01T05:29:60+05:30").unwrap(), "2017-01-01T00:00:00.000Z");
        assert_eq!(canonical("2016-12-31T16:59:60.5-07:00").unwrap(), "2017-01-01T00:00:00.500Z");
    }

    #[test]
    fn a_leap_second_ends_a_day_of_utc_and_no_other_minute() {
        for text in ["2016-12-31T12:00:60Z", "2016-12-31T23:58:60Z", "2016-12-31T23:59:60+05:30"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn four_decimals_of_a_second_are_too_fine() {
        for text in ["2026-01-31T12:00:00.1234Z", "2026-01-31T12:00:00.0000", "2026-01-31T12:00:00.123456789+01:00"] {
            assert!(is_fine(text), "{text}");
        }
        for text in ["2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00.1+01:00", "", "é"] {
            assert!(!is_fine(text), "{text}");
        }
    }

    /// S-2: a poisoned timestamp is refused at the border.
    #[test]
    fn refuses_what_could_not_be_written_again() {
        for text in [
            "222222017-10-27T19:10:11Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00+25:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00Zx",
            "2026-01-01",
            "",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
