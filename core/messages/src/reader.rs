//! Reads JSON text from front to back: what decoding needs, and nothing that would have to be undone.
//!
//! Faults carry no reason here. They are rare, and found out about by reading once more with the shape of the message
//! at hand (`table::explain`); so the way that every good frame takes stays short.

use alloc::borrow::Cow;
use alloc::string::String;

/// The text is not what was expected at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad;

/// How deep vendor data may nest: one bit each in a word of the machine.
pub(crate) const MAX_DEPTH: u32 = 128;

/// A place in a JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Whether a timestamp had more decimals of a second than 2.x wants sent.
    pub(crate) saw_fine_time: bool,
}

impl<'a> Reader<'a> {
    /// At the beginning of `text`.
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0, saw_fine_time: false }
    }

    /// The next byte that is no white space; it is not passed.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Passes `byte`.
    #[inline]
    fn eat(&mut self, byte: u8) -> Result<(), Bad> {
        if self.peek() != Some(byte) {
            return Err(Bad);
        }
        self.at += 1;
        Ok(())
    }

    /// How many bytes follow.
    pub(crate) const fn left(&self) -> usize {
        self.text.len() - self.at
    }

    /// Nothing but white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), Bad> {
        if self.peek().is_none() { Ok(()) } else { Err(Bad) }
    }

    /// Passes the bracket that an object or array begins with.
    pub(crate) fn open(&mut self, bracket: u8) -> Result<(), Bad> {
        self.eat(bracket)
    }

    /// Goes on to the next member or item; `false` at the closing bracket, which is passed.
    #[inline]
    pub(crate) fn more(&mut self, first: &mut bool, closing: u8) -> Result<bool, Bad> {
        let is_first = core::mem::replace(first, false);
        match self.peek() {
            Some(byte) if byte == closing => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !is_first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if is_first => Ok(true),
            _ => Err(Bad),
        }
    }

    /// A member's name, and the colon behind it.
    pub(crate) fn name(&mut self) -> Result<Cow<'a, str>, Bad> {
        let name = self.string()?;
        self.eat(b':')?;
        Ok(name)
    }

    /// Goes on to the next member of an object: its place in `names`, where `next` is looked at first. `None` at the
    /// closing bracket.
    pub(crate) fn member(&mut self, names: &[&str], next: &mut usize, first: &mut bool) -> Result<Option<usize>, Bad> {
        if !self.more(first, b'}')? {
            return Ok(None);
        }
        let place = match self.expected(names, *next) {
            Some(place) => place,
            None => self.anywhere(names)?,
        };
        self.eat(b':')?;
        *next = place + 1;
        Ok(Some(place))
    }

    /// Passes a name that stands elsewhere in the table.
    fn anywhere(&mut self, names: &[&str]) -> Result<usize, Bad> {
        let name = self.string()?;
        names.iter().position(|known| *known == name).ok_or(Bad)
    }

    /// Passes a name that stands where the table goes on: peers mostly write in its order.
    #[inline]
    fn expected(&mut self, names: &[&str], next: usize) -> Option<usize> {
        self.peek();
        let rest = self.text.as_bytes().get(self.at..)?.strip_prefix(b"\"")?;
        let first = *rest.first()?;
        let (place, name) = names.iter().enumerate().skip(next).find(|(_, name)| {
            let name = name.as_bytes();
            name.first() == Some(&first) && rest.get(name.len()) == Some(&b'"') && rest.starts_with(name)
        })?;
        self.at += name.len() + 2;
        Some(place)
    }

    /// A string.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, Bad> {
        self.eat(b'"')?;
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).ok_or(Bad)?;
        let end = end_of_plain(rest).ok_or(Bad)?;
        self.at = start + end;
        let plain = self.text.get(start..self.at).ok_or(Bad)?;
        match rest[end] {
            b'"' => {
                self.at += 1;
                Ok(Cow::Borrowed(plain))
            }
            b'\\' => self.escaped(plain).map(Cow::Owned),
            _ => Err(Bad),
        }
    }

    /// The rest of a string from its first escape on.
    #[cold]
    fn escaped(&mut self, before: &str) -> Result<String, Bad> {
        let mut text = String::from(before);
        loop {
            let rest = self.text.get(self.at..).ok_or(Bad)?;
            let end = end_of_plain(rest.as_bytes()).ok_or(Bad)?;
            text.push_str(&rest[..end]);
            self.at += end + 1;
            match rest.as_bytes()[end] {
                b'"' => return Ok(text),
                b'\\' => text.push(self.escape()?),
                _ => return Err(Bad),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Bad> {
        let letter = *self.text.as_bytes().get(self.at).ok_or(Bad)?;
        self.at += 1;
        match letter {
            b'"' | b'\\' | b'/' => Ok(char::from(letter)),
            b'b' => Ok('\u{8}'),
            b'f' => Ok('\u{c}'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => self.unicode(),
            _ => Err(Bad),
        }
    }

    /// The character behind `\u`: half of a pair must be followed by its other half.
    fn unicode(&mut self) -> Result<char, Bad> {
        let first = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first).ok_or(Bad);
        }
        if self.text.as_bytes().get(self.at..self.at + 2) != Some(b"\\u") {
            return Err(Bad);
        }
        self.at += 2;
        let second = self.four_digits()?;
        if !(0xDC00..0xE000).contains(&second) {
            return Err(Bad);
        }
        char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)).ok_or(Bad)
    }

    fn four_digits(&mut self) -> Result<u32, Bad> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(Bad)?;
        self.at += 4;
        digits.iter().try_fold(0, |sum, digit| char::from(*digit).to_digit(16).map(|d| sum * 16 + d)).ok_or(Bad)
    }

    /// The text of a number.
    pub(crate) fn number(&mut self) -> Result<&'a str, Bad> {
        self.peek();
        let start = self.at;
        let bytes = self.text.as_bytes();
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
        let digits = |at: usize| {
            let count = bytes[at.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            (at + count, count > 0)
        };
        let mut at = start + usize::from(byte(start) == b'-');
        let zero = byte(at) == b'0';
        let (end, any) = digits(at);
        if !any || (zero && end > at + 1) {
            return Err(Bad);
        }
        at = end;
        if byte(at) == b'.' {
            let (end, any) = digits(at + 1);
            if !any {
                return Err(Bad);
            }
            at = end;
        }
        if matches!(byte(at), b'e' | b'E') {
            let (end, any) = digits(at + 1 + usize::from(matches!(byte(at + 1), b'+' | b'-')));
            if !any {
                return Err(Bad);
            }
            at = end;
        }
        self.at = at;
        self.text.get(start..at).ok_or(Bad)
    }

    /// Up to 18 digits with a sign and a point, as they are mostly written: the digits, and how many stand behind the
    /// point. `None` for everything else; then nothing is passed.
    #[inline]
    pub(crate) fn short_number(&mut self) -> Option<(i64, u8)> {
        self.peek();
        let bytes = self.text.as_bytes().get(self.at..)?;
        let negative = *bytes.first()? == b'-';
        let start = usize::from(negative);
        let (whole, point) = digits(bytes, start, 0);
        let mut value = whole;
        let mut end = point;
        if bytes.get(point) == Some(&b'.') {
            (value, end) = digits(bytes, point + 1, whole);
            if end == point + 1 {
                return None;
            }
        }
        let leading_zero = point > start + 1 && bytes.get(start) == Some(&b'0');
        let is_short = point > start && end - start <= 19 && !leading_zero;
        if !is_short || matches!(bytes.get(end), Some(b'e' | b'E' | b'.')) || (end == point && end - start > 18) {
            return None;
        }
        self.at += end;
        // The point itself is no digit.
        let scale = (end - point).saturating_sub(1) as u8;
        Some((if negative { -value } else { value }, scale))
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self) -> Result<bool, Bad> {
        self.peek();
        let rest = self.text.as_bytes().get(self.at..).ok_or(Bad)?;
        let (word, length) = if rest.starts_with(b"true") { (true, 4) } else { (false, 5) };
        if !word && !rest.starts_with(b"false") {
            return Err(Bad);
        }
        self.at += length;
        Ok(word)
    }

    /// Any value: its text. Objects and arrays are passed without recursion, however deep they claim to be.
    pub(crate) fn any(&mut self) -> Result<&'a str, Bad> {
        self.peek();
        let start = self.at;
        // One bit for every open bracket, the innermost lowest: 1 is an object.
        let (mut open, mut depth) = (0_u128, 0_u32);
        loop {
            match self.peek().ok_or(Bad)? {
                bracket @ (b'{' | b'[') => {
                    if depth == MAX_DEPTH {
                        return Err(Bad);
                    }
                    self.at += 1;
                    depth += 1;
                    open = (open << 1) | u128::from(bracket == b'{');
                    if self.begins(open)? {
                        continue;
                    }
                    (open, depth) = (open >> 1, depth - 1);
                }
                b'"' => drop(self.string()?),
                b't' | b'f' => drop(self.boolean()?),
                b'n' => self.null()?,
                _ => drop(self.number()?),
            }
            loop {
                if depth == 0 {
                    return self.text.get(start..self.at).ok_or(Bad);
                }
                if self.goes_on(open)? {
                    break;
                }
                (open, depth) = (open >> 1, depth - 1);
            }
        }
    }

    /// Behind an opening bracket: whether something stands there.
    fn begins(&mut self, open: u128) -> Result<bool, Bad> {
        let is_object = open & 1 == 1;
        let more = self.more(&mut true, if is_object { b'}' } else { b']' })?;
        if more && is_object {
            self.name()?;
        }
        Ok(more)
    }

    /// Behind a value: whether another one follows.
    fn goes_on(&mut self, open: u128) -> Result<bool, Bad> {
        let is_object = open & 1 == 1;
        let more = self.more(&mut false, if is_object { b'}' } else { b']' })?;
        if more && is_object {
            self.name()?;
        }
        Ok(more)
    }

    fn null(&mut self) -> Result<(), Bad> {
        if !self.text.get(self.at..).ok_or(Bad)?.starts_with("null") {
            return Err(Bad);
        }
        self.at += 4;
        Ok(())
    }
}

/// The number that the digits from `at` on make behind those of `value`, and where they end. Beyond 19 digits the number is
/// wrong; nobody uses it then.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mut value: i64) -> (i64, usize) {
    while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
        at += 1;
    }
    (value, at)
}

/// Where a string's plain part ends: the first quote, backslash or control character.
#[inline]
pub(crate) fn end_of_plain(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The lowest byte that is zero, or less than a space, is marked by its highest bit; higher bytes may be marked
        // wrongly, and are not looked at.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5C)) | control) & HIGHS;
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    Some(words.len() * 8 + end)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    fn whole(text: &str) -> Result<&str, Bad> {
        let mut reader = Reader::new(text);
        let value = reader.any()?;
        reader.end().map(|()| value)
    }

    /// What another reader of JSON takes, ours takes, and the other way round.
    #[test]
    fn takes_what_json_is_and_nothing_else() {
        let texts = [
            "0",
            "-0",
            "1.5",
            "-1.50e+10",
            "1E5",
            "01",
            "1.",
            ".5",
            "-",
            "+1",
            "1e",
            "0x1",
            "NaN",
            "true",
            "false",
            "null",
            "nul",
            "tru",
            "\"\"",
            "\"a\"",
            "\"\\u0041\"",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\x\"",
            "\"\n\"",
            "\"a",
            "[]",
            "[1]",
            "[1,2]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[",
            "]",
            "{}",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":{\"b\":[{},[],\"x\"]}}",
            " [ 1 , { \"a\" : null } ] ",
            "[}",
            "{]",
            "",
            " ",
            "1 2",
            "\"\\ud83d\\u0041\"",
            "[true,false]",
            "\"é€😀\"",
            "\"\u{7f}\"",
            "[[[]],[]]",
        ];
        for text in texts {
            let theirs = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(whole(text).is_ok(), theirs, "{text}");
        }
    }

    #[test]
    fn strings_mean_what_they_say() {
        for text in [r#""a\"b\\c\/d\b\f\n\r\t""#, r#""\u00e9\ud83d\ude00x""#, r#""plain""#] {
            let theirs: String = serde_json::from_str(text).unwrap();
            assert_eq!(Reader::new(text).string().unwrap(), theirs);
        }
    }

    #[test]
    fn depth_is_bounded_and_costs_no_stack() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(whole(&nested(MAX_DEPTH as usize)).is_ok());
        assert_eq!(whole(&nested(MAX_DEPTH as usize + 1)), Err(Bad));
        assert_eq!(whole(&"[{\"a\":".repeat(1_000_000)), Err(Bad));
    }

    #[test]
    fn short_numbers_are_those_that_need_no_thought() {
        let read = |text: &str| Reader::new(text).short_number();
        assert_eq!(read("2935.600,"), Some((2_935_600, 3)));
        assert_eq!(read("-0.5}"), Some((-5, 1)));
        assert_eq!(read("0]"), Some((0, 0)));
        for text in ["1e5,", "01,", "1.,", ".5,", "-,", "x", "1234567890123456789,", "--1,", "1.2.3,"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn members_are_found_in_any_order() {
        let mut reader = Reader::new(r#"{"c":1,"a":2,"b":3}"#);
        reader.open(b'{').unwrap();
        let (mut next, mut first) = (0, true);
        let mut places = Vec::new();
        while let Some(place) = reader.member(&["a", "b", "c"], &mut next, &mut first).unwrap() {
            places.push(place);
            reader.number().unwrap().to_string();
        }
        assert_eq!(places, [2, 0, 1]);
        assert!(reader.end().is_ok());
    }
}
