//! Writes JSON text.

use alloc::string::String;

use crate::reader::end_of_plain;

/// A string with its quotes; what JSON does not allow inside is escaped.
pub(crate) fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = end_of_plain(rest.as_bytes()) {
        out.push_str(&rest[..at]);
        escape(rest.as_bytes()[at], out);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

#[cold]
fn escape(byte: u8, out: &mut String) {
    let short = match byte {
        b'"' | b'\\' => Some(byte),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        _ => None,
    };
    out.push('\\');
    if let Some(letter) = short {
        out.push(char::from(letter));
        return;
    }
    let hex = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    out.push_str("u00");
    out.push(hex(byte >> 4));
    out.push(hex(byte & 15));
}

/// Room for a sign, 19 digits or as many zeros as a scale asks for, and a point.
pub(crate) type Digits = [u8; 40];

/// A number: `digits` with the last `scale` of them behind the point.
pub(crate) fn number(digits: i64, scale: u8, out: &mut String) {
    out.push_str(number_in(digits, scale, &mut [0; 40]));
}

/// The same, as a text in `buffer`.
pub(crate) fn number_in(digits: i64, scale: u8, buffer: &mut Digits) -> &str {
    let mut rest = digits.unsigned_abs();
    let mut at = buffer.len();
    let mut behind = scale;
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if behind == 1 {
            at -= 1;
            buffer[at] = b'.';
        } else if rest == 0 && behind == 0 {
            break;
        }
        behind = behind.saturating_sub(1);
    }
    if digits < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    core::str::from_utf8(&buffer[at..]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_they_were() {
        for text in ["", "plain", "a\"b\\c", "\u{0}\u{1f}\n\r\t\u{8}", "é€😀", "\u{7f}"] {
            let mut out = String::new();
            string(text, &mut out);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        let cases = [
            (0, 0, "0"),
            (7, 0, "7"),
            (-7, 0, "-7"),
            (2_935_600, 3, "2935.600"),
            (-5, 1, "-0.5"),
            (0, 2, "0.00"),
            (1, 18, "0.000000000000000001"),
            (100, 2, "1.00"),
            (i64::MIN, 0, "-9223372036854775808"),
            (i64::MAX, 18, "9.223372036854775807"),
        ];
        for (digits, scale, text) in cases {
            let mut out = String::new();
            number(digits, scale, &mut out);
            assert_eq!(out, text);
        }
    }
}
