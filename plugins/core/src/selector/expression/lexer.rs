//! From text to words, numbers and signs.

use std::ops::Range;

use super::ExpressionError;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A keyword or a name.
    Word(String),
    /// A name in quotes.
    Quoted(String),
    /// A number, as it is written.
    Number(String),
    /// `(`, `)`, `,`, `%`, `..` or a comparison.
    Sign(&'static str),
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes in the text.
    pub at: Range<usize>,
}

/// The signs, longer ones first.
const SIGNS: [&str; 12] = ["..", "<=", ">=", "!=", "==", "<", ">", "=", "(", ")", ",", "%"];

pub fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '*' | '[' | ']')
}

/// Whether a name can stand without quotes.
pub fn is_bare(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_' || letter == '*')
        && name.chars().all(is_name)
        && !name.contains("..")
}

/// The tokens of a text, with the first thing that is none.
pub fn tokens(text: &str) -> (Vec<Token>, Option<ExpressionError>) {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let (kind, length) = if letter == '"' {
            match quoted(rest) {
                Some((name, length)) => (Kind::Quoted(name), length),
                None => {
                    let help = "end the name with a double quote".into();
                    let error = ExpressionError { at: at..text.len(), message: "a quote is not closed".into(), help };
                    return (found, Some(error));
                }
            }
        } else if let Some(length) = number(rest) {
            (Kind::Number(rest[..length].to_owned()), length)
        } else if letter.is_alphabetic() || letter == '_' || letter == '*' {
            let whole: usize = rest.chars().take_while(|letter| is_name(*letter)).map(char::len_utf8).sum();
            let length = rest[..whole].find("..").unwrap_or(whole);
            (Kind::Word(rest[..length].to_owned()), length)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            // People who program write equality twice.
            (Kind::Sign(if *sign == "==" { "=" } else { sign }), sign.len())
        } else {
            let error = ExpressionError {
                at: at..at + letter.len_utf8(),
                message: format!("`{letter}` means nothing here"),
                help: "for example: group ant and speed > 2".into(),
            };
            return (found, Some(error));
        };
        found.push(Token { kind, at: at..at + length });
        at += length;
    }
    (found, None)
}

/// The length of the number at the start of a text.
fn number(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let start = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let mut end = digits(start);
    let whole = end > start;
    // Two points are a range, not a fraction.
    let mut fraction = false;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        let after = digits(end + 1);
        fraction = after > end + 1;
        if whole || fraction {
            end = after;
        }
    }
    if !(whole || fraction) {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    Some(end)
}

/// The name in quotes at the start of a text, and its length with the quotes.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((name, at + 1)),
            '\\' => name.push(letters.next()?.1),
            _ => name.push(letter),
        }
    }
    None
}

/// A name in quotes.
pub fn quote(name: &str) -> String {
    let mut written = String::from("\"");
    for letter in name.chars() {
        if matches!(letter, '"' | '\\') {
            written.push('\\');
        }
        written.push(letter);
    }
    written.push('"');
    written
}
