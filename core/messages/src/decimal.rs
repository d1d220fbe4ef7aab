//! Exact decimal numbers: what is billed is never a float.

use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::num::NonZeroU8;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

use crate::writer;

/// A decimal number that goes out as it came in: `2935.600` stays `2935.600`.
///
/// Up to 18 digits, up to 18 of them after the point; zeros at the end of a longer fraction are dropped. Equality and order
/// are those of the value (`1.50 == 1.5`).
#[derive(Clone, Copy)]
pub struct Decimal {
    mantissa: i64,
    /// One more than the digits after the point, so that an `Option` needs no more room.
    scale_and_one: NonZeroU8,
}

/// The text is not a decimal number, or has more digits than are kept exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDecimal {
    /// Not a number in JSON's notation.
    #[error("not a decimal number")]
    NotANumber,
    /// More than 18 digits.
    #[error("a number with more than 18 digits")]
    TooLong,
    /// More than 18 digits after the point.
    #[error("a number with more than 18 digits after the point")]
    TooFine,
}

const MAX_DIGITS: i64 = 18;
/// The least number that has too many digits.
const TOO_MANY: u64 = 1_000_000_000_000_000_000;

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale_and_one: NonZeroU8::MIN };

    /// `mantissa` × 10^-`scale`; `None` beyond 18 digits.
    pub const fn new(mantissa: i64, scale: u8) -> Option<Self> {
        if mantissa.unsigned_abs() >= TOO_MANY || scale > MAX_DIGITS as u8 {
            return None;
        }
        Some(Self { mantissa, scale_and_one: NonZeroU8::MIN.saturating_add(scale) })
    }

    /// The integer `value`.
    pub const fn from_int(value: i32) -> Self {
        Self { mantissa: value as i64, scale_and_one: NonZeroU8::MIN }
    }

    /// How many digits stand after the point.
    const fn scale(self) -> u8 {
        self.scale_and_one.get() - 1
    }

    /// The value in units of 10^-`scale`, rounded towards zero: `2.5` at scale 3 is 2500. Saturates.
    #[inline]
    pub fn scaled(self, scale: u8) -> i64 {
        let Some(up) = scale.checked_sub(self.scale()) else {
            return self.mantissa / 10_i64.pow(u32::from(self.scale() - scale));
        };
        let unit = 10_i64.checked_pow(u32::from(up));
        match unit.and_then(|unit| self.mantissa.checked_mul(unit)) {
            Some(value) => value,
            None if self.mantissa == 0 => 0,
            None if self.mantissa < 0 => i64::MIN,
            None => i64::MAX,
        }
    }

    /// Nearest integer, halves away from zero. Saturates.
    pub fn round(self) -> i64 {
        let unit = 10_i64.pow(u32::from(self.scale()));
        let (whole, rest) = (self.mantissa / unit, self.mantissa % unit);
        if rest.unsigned_abs() * 2 >= unit.unsigned_abs() && unit > 1 { whole + self.mantissa.signum() } else { whole }
    }

    /// The sum, at the finer scale of both; `None` beyond 18 digits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale().max(other.scale());
        let sum = self.aligned(scale).checked_add(other.aligned(scale))?;
        Self::new(i64::try_from(sum).ok()?, scale)
    }

    /// The difference, at the finer scale of both; `None` beyond 18 digits.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { mantissa: -other.mantissa, ..other })
    }

    /// The number times 10^`power`; `None` beyond 18 digits.
    pub fn shifted(self, power: i32) -> Option<Self> {
        Self::assemble(i128::from(self.mantissa), i64::from(self.scale()) - i64::from(power)).ok()
    }

    /// The number, if it is an integer of 64 bits, however it is written.
    pub fn whole(self) -> Option<i64> {
        let (mantissa, scale) = self.normalized();
        (scale == 0).then_some(mantissa)
    }

    /// The digits, and how many of them stand behind the point.
    pub(crate) const fn parts(self) -> (i64, u8) {
        (self.mantissa, self.scale())
    }

    /// Whether the number is below zero.
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    fn aligned(self, scale: u8) -> i128 {
        i128::from(self.mantissa) * 10_i128.pow(u32::from(scale - self.scale()))
    }

    /// The same without zeros at the end of the fraction.
    pub(crate) fn normalized(self) -> (i64, u8) {
        let (mut mantissa, mut scale) = (self.mantissa, self.scale());
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        (mantissa, scale)
    }
}

/// Splits off the digits that `text` begins with.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// What stands behind the digits: nothing, or an exponent.
fn exponent(text: &str) -> Result<i64, BadDecimal> {
    let Some(exponent) = text.strip_prefix(['e', 'E']) else {
        return if text.is_empty() { Ok(0) } else { Err(BadDecimal::NotANumber) };
    };
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadDecimal::NotANumber);
    }
    // Beyond 64 bits one exponent is as good as another.
    let far = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    Ok(exponent.parse().unwrap_or(far))
}

/// A number as it is written: `mantissa` × 10^-`scale`.
struct Written {
    /// The first 38 digits that count: as many as 128 bits hold.
    mantissa: i128,
    scale: i64,
    /// Whether others than zeros follow them.
    goes_on: bool,
}

impl Written {
    fn read(text: &str) -> Result<Self, BadDecimal> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, rest) = digits(rest);
        let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
        let point_without_digits = fraction.is_empty() && text.contains('.');
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leading_zero || point_without_digits {
            return Err(BadDecimal::NotANumber);
        }
        let scale = (fraction.len() as i64).saturating_sub(exponent(rest)?);
        let all = whole.bytes().chain(fraction.bytes()).map(|digit| i128::from(digit - b'0'));
        let mut all = all.skip_while(|digit| *digit == 0);
        let magnitude = all.by_ref().take(38).fold(0, |sum, digit| sum * 10 + digit);
        let (more, goes_on) = all.fold((0, false), |(count, any), digit| (count + 1, any | (digit != 0)));
        let mantissa = if negative { -magnitude } else { magnitude };
        Ok(Self { mantissa, scale: scale.saturating_sub(more), goes_on })
    }
}

impl FromStr for Decimal {
    type Err = BadDecimal;

    /// Reads JSON's notation, with an exponent if it stays within 18 digits.
    fn from_str(text: &str) -> Result<Self, BadDecimal> {
        let Written { mantissa, scale, goes_on } = Written::read(text)?;
        let number = Self::assemble(mantissa, scale)?;
        if goes_on { Err(BadDecimal::TooFine) } else { Ok(number) }
    }
}

impl Decimal {
    /// Reads JSON's notation, and gives up digits after the point beyond those that are kept; halves go away from zero.
    ///
    /// # Errors
    /// It is no number, or has more than 18 digits before the point.
    pub fn rounded(text: &str) -> Result<Self, BadDecimal> {
        let Written { mantissa, scale, .. } = Written::read(text)?;
        let digits = mantissa.unsigned_abs().checked_ilog10().map_or(0, |log| i64::from(log) + 1);
        let surplus = (digits - MAX_DIGITS).max(scale.saturating_sub(MAX_DIGITS)).clamp(0, scale.max(0));
        let unit = u32::try_from(surplus).ok().and_then(|surplus| 10_i128.checked_pow(surplus));
        // All 38 digits are less than half of a unit that 128 bits do not hold.
        let kept = unit.map_or(0, |unit| nearest(mantissa, unit));
        Self::assemble(kept, scale.saturating_sub(surplus))
    }

    fn assemble(mut mantissa: i128, mut scale: i64) -> Result<Self, BadDecimal> {
        if mantissa == 0 {
            return Self::new(0, scale.clamp(0, MAX_DIGITS) as u8).ok_or(BadDecimal::TooFine);
        }
        let is_long = |mantissa: i128| mantissa.unsigned_abs() >= u128::from(TOO_MANY);
        while scale > 0 && (scale > MAX_DIGITS || is_long(mantissa)) && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        if scale > MAX_DIGITS {
            return Err(BadDecimal::TooFine);
        }
        let zeros = u32::try_from(scale.min(0).unsigned_abs()).unwrap_or(u32::MAX);
        let raised = mantissa.saturating_mul(10_i128.saturating_pow(zeros));
        let mantissa = i64::try_from(raised).map_err(|_| BadDecimal::TooLong)?;
        Self::new(mantissa, scale.max(0) as u8).ok_or(BadDecimal::TooLong)
    }
}

/// `value` / `unit`, halves away from zero.
const fn nearest(value: i128, unit: i128) -> i128 {
    let (whole, rest) = (value / unit, value % unit);
    if unit > 1 && rest.unsigned_abs() * 2 >= unit.unsigned_abs() { whole + value.signum() } else { whole }
}

impl Default for Decimal {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self::from_int(value)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale().max(other.scale());
        self.aligned(scale).cmp(&other.aligned(scale))
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalized().hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(writer::number_in(self.mantissa, self.scale(), &mut [0; 40]))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.scale() == 0 {
            return serializer.serialize_i64(self.mantissa);
        }
        let mut buffer = [0; 40];
        let text = writer::number_in(self.mantissa, self.scale(), &mut buffer);
        let raw: &RawValue = serde_json::from_str(text).map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// From the raw text of a JSON number, so that no digit is lost: works with deserializers of `serde_json` that
    /// borrow from their input.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        raw.get().parse().map_err(de::Error::custom)
    }
}

impl From<Decimal> for String {
    fn from(value: Decimal) -> Self {
        alloc::format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn json(text: &str) -> Result<String, serde_json::Error> {
        serde_json::to_string(&serde_json::from_str::<Decimal>(text)?)
    }

    #[test]
    fn goes_out_as_it_came_in() {
        for text in ["2935.600", "0", "-0.5", "16", "0.000000000000000001", "999999999999999999", "-1.0"] {
            assert_eq!(json(text).unwrap(), text);
        }
        assert_eq!(json("1.5e3").unwrap(), "1500");
        assert_eq!(json("25E-1").unwrap(), "2.5");
    }

    #[test]
    fn zeros_at_the_end_of_a_fraction_do_not_count() {
        assert_eq!(json("0.1000000000000000000").unwrap(), "0.100000000000000000");
        assert_eq!(json("-99.00000000000000000000").unwrap(), "-99.0000000000000000");
        assert_eq!(json(&format!("1.5{}", "0".repeat(100_000))).unwrap(), "1.50000000000000000");
        assert_eq!(json(&format!("0.{}1e50", "0".repeat(50))).unwrap(), "0.1");
        assert_eq!(json(&format!("1{}e-60", "0".repeat(60))).unwrap(), "1.00000000000000000");
    }

    #[test]
    fn zero_is_zero_whatever_its_exponent() {
        for text in ["0e99999999999", "-0e99999999999999999999", "0.00E-99999999999", "0e-9223372036854775808"] {
            assert_eq!(text.parse(), Ok(Decimal::ZERO), "{text}");
        }
    }

    #[test]
    fn the_reason_tells_which_digits_are_too_many() {
        for text in ["0.0012345678901234567", "5.551115123125783e-17", "99.99999999999999999999", "1e-19"] {
            assert_eq!(text.parse::<Decimal>(), Err(BadDecimal::TooFine), "{text}");
        }
        for text in ["1e18", "12.34567890123456789", "1e99999999999", "1234567890123456789"] {
            assert_eq!(text.parse::<Decimal>(), Err(BadDecimal::TooLong), "{text}");
        }
        let far = format!("1.{}1", "0".repeat(60));
        assert_eq!(far.parse::<Decimal>(), Err(BadDecimal::TooFine));
    }

    #[test]
    fn rounding_keeps_what_can_be_kept() {
        let rounded = |text: &str| Decimal::rounded(text).map(|number| number.to_string());
        for (text, expected) in [
            ("2935.600", "2935.600"),
            ("0.0012345678901234567", "0.001234567890123457"),
            ("5.551115123125783e-17", "0.000000000000000056"),
            ("-0.0000000000000000005", "-0.000000000000000001"),
            ("99.99999999999999999999", "100.000000000000000"),
            ("123456789012345678.5", "123456789012345679"),
            ("1e-400", "0.000000000000000000"),
            ("99999999999999999999999999999999999999e-57", "0.000000000000000000"),
        ] {
            assert_eq!(rounded(text).as_deref(), Ok(expected), "{text}");
        }
        let long = format!("0.{}", "9".repeat(100_000));
        assert_eq!(rounded(&long).as_deref(), Ok("1.00000000000000000"));
        for text in ["1e18", "999999999999999999.5", "1e99999999999", "1000000000000000000"] {
            assert_eq!(rounded(text), Err(BadDecimal::TooLong), "{text}");
        }
        assert_eq!(rounded("1."), Err(BadDecimal::NotANumber));
    }

    #[test]
    fn refuses_what_it_cannot_keep() {
        let thousand = "1".repeat(1_000);
        for digits in 18..60 {
            assert!(json(&"9".repeat(digits + 1)).is_err(), "{digits}");
            assert!(json(&format!("0.{}", "9".repeat(digits + 1))).is_err(), "{digits}");
        }
        for text in [
            "1e400",
            "1e19",
            "1e-2147483648",
            "0.1e-2147483648",
            "1e2147483647",
            "1e-19",
            "1000000000000000000",
            thousand.as_str(),
            "\"1\"",
            "null",
            "true",
            "[]",
        ] {
            assert!(json(text).is_err(), "{text}");
        }
        for text in ["", "-", ".5", "1.", "01", "1e", "NaN", "+1", "1x", "1e+"] {
            assert_eq!(text.parse::<Decimal>(), Err(BadDecimal::NotANumber), "{text}");
        }
    }

    #[test]
    fn compares_and_adds_by_value() {
        let value = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(value("1.50"), value("1.5"));
        assert!(value("-2") < value("-1.999"));
        assert_eq!(value("0.1").checked_add(value("0.20")).unwrap().to_string(), "0.30");
        assert_eq!(value("999999999999999999").checked_add(value("1")), None);
        assert_eq!(value("2.5").scaled(3), 2_500);
        assert_eq!(value("2.5678").scaled(2), 256);
        assert_eq!([value("-2.5678").scaled(0), value("0.000000000000000001").scaled(0)], [-2, 0]);
        assert_eq!([value("1000").scaled(18), value("-1000").scaled(18)], [i64::MAX, i64::MIN]);
        assert_eq!([0, 1, -1].map(|whole| Decimal::from_int(whole).scaled(255)), [0, i64::MAX, i64::MIN]);
        assert_eq!([value("2.5").round(), value("-2.5").round(), value("2.49").round()], [3, -3, 2]);
    }
}
