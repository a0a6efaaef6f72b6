//! What numbers, texts and characters stand for, as RON has it.

use std::ops::Range;
use std::str::FromStr;

use unicode_ident::is_xid_continue;

/// The types that a number's suffix may name.
const WHOLE_SUFFIXES: [&str; 8] = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"];
const REAL_SUFFIXES: [&str; 2] = ["f32", "f64"];

/// A whole number as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<'t> {
    /// Whether it stands behind a minus.
    pub negative: bool,
    /// How large it is without its sign; nothing if it is too large for any type.
    pub magnitude: Option<u64>,
    /// The type that it names, such as `u8`; empty if it names none.
    pub suffix: &'t str,
}

impl Whole<'_> {
    /// The number, if it isn't too large for all types.
    #[must_use]
    pub fn value(&self) -> Option<i128> {
        let magnitude = i128::from(self.magnitude?);
        Some(if self.negative { -magnitude } else { magnitude })
    }
}

/// Reads a whole number: a sign, a base, digits with underscores between them, and a type; or a byte, `b'a'`.
#[must_use]
pub fn whole(text: &str) -> Option<Whole<'_>> {
    if let Some(byte) = text.strip_prefix("b'") {
        let decoded = decode(byte.strip_suffix('\'')?, Encoding::Bytes);
        let [byte] = *decoded.bytes else { return None };
        let is_ascii = decoded.has_escapes || byte.is_ascii();
        let right = decoded.wrong.is_empty() && is_ascii;
        return right.then_some(Whole { negative: false, magnitude: Some(byte.into()), suffix: "u8" });
    }
    let (negative, rest) = signed(text);
    let (base, rest) = ["0b", "0o", "0x"]
        .into_iter()
        .zip([2, 8, 16])
        .find_map(|(prefix, base)| Some((base, rest.strip_prefix(prefix)?)))
        .unwrap_or((10, rest));
    let end = rest.find(|letter: char| !(letter.is_ascii_hexdigit() || letter == '_')).unwrap_or(rest.len());
    let (digits, suffix) = rest.split_at(end);
    if digits.is_empty() || digits.starts_with('_') || !(suffix.is_empty() || WHOLE_SUFFIXES.contains(&suffix)) {
        return None;
    }
    let mut magnitude = Some(0_u64);
    for letter in digits.chars().filter(|letter| *letter != '_') {
        let digit = letter.to_digit(base)?;
        let step = |sum: u64| sum.checked_mul(u64::from(base))?.checked_add(u64::from(digit));
        magnitude = magnitude.and_then(step);
    }
    Some(Whole { negative, magnitude, suffix })
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Reads a number with a fraction, `inf` or `NaN`, into the type of this name: `f32` or `f64`.
#[must_use]
pub fn real<T: FromStr>(text: &str, name: &str) -> Option<T> {
    let (digits, suffix) = real_parts(text)?;
    if !(suffix.is_empty() || suffix == name) {
        return None;
    }
    digits.parse().ok()
}

/// The digits without underscores and the type that is named behind them.
fn real_parts(text: &str) -> Option<(String, &str)> {
    let (_, unsigned) = signed(text);
    for word in ["inf", "NaN"] {
        if let Some(suffix) = unsigned.strip_prefix(word) {
            let known = suffix.is_empty() || REAL_SUFFIXES.contains(&suffix);
            return known.then(|| (text[..text.len() - suffix.len()].to_owned(), suffix));
        }
    }
    let is_part = |letter: char| letter.is_ascii_digit() || matches!(letter, 'e' | 'E' | '.' | '+' | '-' | '_');
    let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    if !(suffix.is_empty() || REAL_SUFFIXES.contains(&suffix)) {
        return None;
    }
    let mut plain = String::with_capacity(digits.len());
    let mut may_follow = false;
    for letter in digits.chars() {
        match letter {
            '_' if may_follow => continue,
            '_' => return None,
            '0'..='9' | 'e' | 'E' => may_follow = true,
            '.' => may_follow = false,
            _ => {}
        }
        plain.push(letter);
    }
    Some((plain, suffix))
}

/// The type that a number names behind its digits; empty if it names none.
#[must_use]
pub fn suffix_of(text: &str) -> &str {
    match whole(text) {
        Some(whole) => whole.suffix,
        None => real_parts(text).map_or("", |(_, suffix)| suffix),
    }
}

/// The value of a RON number; what is not finite is read too, to be refused with its place.
#[must_use]
pub fn parse_number(text: &str) -> Option<f64> {
    if let Some(number) = whole(text)
        && let Some(magnitude) = number.magnitude
    {
        return Some(if number.negative { -(magnitude as f64) } else { magnitude as f64 });
    }
    real(text, "f64").or_else(|| real::<f32>(text, "f32").map(f64::from))
}

/// A number as the tree holds it: those in other bases, and bytes, in digits.
pub(super) fn plain_number(text: &str) -> String {
    let (_, unsigned) = signed(text);
    let in_other_base = ["0b", "0o", "0x", "b'"].iter().any(|prefix| unsigned.starts_with(prefix));
    match whole(text) {
        Some(Whole { negative, magnitude: Some(magnitude), suffix }) if in_other_base => {
            format!("{}{magnitude}{suffix}", if negative { "-" } else { "" })
        }
        _ => text.to_owned(),
    }
}

/// What is between quotes, decoded.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    /// The bytes; where they are text, UTF-8.
    pub(super) bytes: Vec<u8>,
    /// What is wrong, in bytes of what was decoded.
    pub(super) wrong: Vec<Range<usize>>,
    /// Whether anything stands for something else.
    pub(super) has_escapes: bool,
}

/// Whether text or bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Text: `\x` writes the bytes of characters.
    Text,
    /// One character: `\x` writes one of the first 128.
    Character,
    /// Bytes.
    Bytes,
}

/// Decodes what stands between quotes; an escape that is unknown stands for nothing.
pub(super) fn decode(text: &str, encoding: Encoding) -> Decoded {
    let mut decoded = Decoded::default();
    let mut at = 0;
    while let Some(length) = text[at..].find('\\') {
        decoded.bytes.extend_from_slice(&text.as_bytes()[at..at + length]);
        let start = at + length;
        decoded.has_escapes = true;
        match escape(&text[start + 1..], encoding) {
            Ok((bytes, length)) => {
                decoded.bytes.extend(bytes);
                at = start + 1 + length;
            }
            Err(length) => {
                at = start + 1 + length;
                decoded.wrong.push(start..at);
            }
        }
    }
    decoded.bytes.extend_from_slice(&text.as_bytes()[at..]);
    decoded
}

/// What is written behind a backslash, and how many bytes that takes; or how many are wrong.
fn escape(rest: &str, encoding: Encoding) -> Result<(Vec<u8>, usize), usize> {
    let Some(letter) = rest.chars().next() else { return Err(0) };
    let simple = |byte: u8| Ok((vec![byte], 1));
    match letter {
        'n' => simple(b'\n'),
        'r' => simple(b'\r'),
        't' => simple(b'\t'),
        '0' => simple(b'\0'),
        '\\' => simple(b'\\'),
        '"' => simple(b'"'),
        '\'' => simple(b'\''),
        // A backslash before a line's end joins the lines.
        '\n' | '\r' if encoding != Encoding::Character && (letter == '\n' || rest.starts_with("\r\n")) => {
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            Ok((Vec::new(), blank))
        }
        'x' => hexadecimal(rest, encoding),
        'u' => {
            let digits = rest[1..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
            let digits = digits.ok_or(1_usize)?;
            let right = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let code = right.then(|| u32::from_str_radix(digits, 16).ok()).flatten().and_then(char::from_u32);
            // Of what has no end that makes sense only the beginning is wrong.
            let letter = code.ok_or(if digits.len() <= 8 { digits.len() + 3 } else { 1 })?;
            Ok((letter.encode_utf8(&mut [0; 4]).as_bytes().to_vec(), digits.len() + 3))
        }
        other => Err(other.len_utf8()),
    }
}

/// `\x` with two digits: a byte, or in text as many of them as make up a character.
fn hexadecimal(rest: &str, encoding: Encoding) -> Result<(Vec<u8>, usize), usize> {
    let byte = |from: usize| {
        let digits = rest.get(from..from + 2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u8::from_str_radix(digits, 16).ok()
    };
    let mut bytes = vec![byte(1).ok_or(1_usize)?];
    let mut length = 3;
    if encoding == Encoding::Bytes {
        return Ok((bytes, length));
    }
    let most = if encoding == Encoding::Character { 1 } else { 4 };
    while std::str::from_utf8(&bytes).is_err() {
        if bytes.len() == most || !rest[length..].starts_with("\\x") {
            return Err(length);
        }
        bytes.push(byte(length + 2).ok_or(length)?);
        length += 4;
    }
    Ok((bytes, length))
}

/// Whether a word is a number that isn't finite, or is called so elsewhere.
#[must_use]
pub fn is_not_finite(word: &str) -> bool {
    let unsuffixed = REAL_SUFFIXES.iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word);
    matches!(unsuffixed, "NaN" | "inf") || matches!(word, "nan" | "infinity")
}

/// Whether a name can stand as it is, without `r#`.
pub(super) fn is_plain_word(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(super::lexer::is_word_start) && letters.all(is_xid_continue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_signs_bases_and_types() {
        let value = |text: &str| whole(text).and_then(|number| number.value());
        for (text, number) in [
            ("0", 0),
            ("-12", -12),
            ("+1_000", 1000),
            ("0xfF", 255),
            ("-0b1_01", -5),
            ("0o17u16", 15),
            ("18446744073709551615", i128::from(u64::MAX)),
            ("b'a'", 97),
            ("b'\\xff'", 255),
        ] {
            assert_eq!(value(text), Some(number), "{text}");
        }
        for text in ["", "_1", "0x_1", "0b2", "1e3", "1.0", "5u7", "--1", "b'ab'", "b'é'", "0xg", "+", "b''"] {
            assert_eq!(whole(text), None, "{text}");
        }
        assert_eq!(whole("18446744073709551616").map(|number| number.magnitude), Some(None));
    }

    #[test]
    fn numbers_with_fractions_are_read_like_rust_reads_them() {
        for (text, number) in
            [("1.5e-3", 1.5e-3), (".5", 0.5), ("5.", 5.0), ("1_0.2_5", 10.25), ("7f64", 7.0), ("-2E+1", -20.0)]
        {
            assert_eq!(real::<f64>(text, "f64"), Some(number), "{text}");
        }
        for text in ["1._5", "_1.0", "1.2.3", "1e", "7f32", "infinity", "nan", "", ".", "0x1p3", "inff16"] {
            assert_eq!(real::<f64>(text, "f64"), None, "{text}");
        }
        assert!(real::<f64>("-inf", "f64").is_some_and(|number| number == f64::NEG_INFINITY));
        assert!(real::<f32>("NaNf32", "f32").is_some_and(f32::is_nan));
    }

    #[test]
    fn escapes_stand_for_characters_and_bytes() {
        let text = |text: &str| {
            let decoded = decode(text, Encoding::Text);
            assert_eq!(decoded.wrong, [], "{text}");
            String::from_utf8(decoded.bytes).unwrap()
        };
        assert_eq!(text(r#"a\n\t\0\\\"\'\x41\u{1f600}\xc3\xa9"#), "a\n\t\0\\\"'A\u{1f600}é");
        assert_eq!(text("a\\\n   b\\\r\n c"), "abc");
        assert_eq!(decode(r"\xe9\x00", Encoding::Bytes).bytes, [0xe9, 0]);
        for (text, wrong) in
            [(r"\q", 0..2), (r"a\xe9b", 1..5), (r"\u{110000}", 0..10), (r"\u{}", 0..4), (r"\x4", 0..2), ("\\", 0..1)]
        {
            assert_eq!(decode(text, Encoding::Text).wrong, [wrong], "{text}");
        }
    }
}
