//! RON as a row of tokens, whatever state the text is in. Nothing is an error here: the parser judges, the editor colours.

use std::ops::Range;

use unicode_ident::{is_xid_continue, is_xid_start};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `// …` or `/* … */`.
    Comment,
    /// Text in quotes, raw text, a character, bytes.
    Text,
    /// A number.
    Number,
    /// A word before a colon: a field's name.
    Field,
    /// Another word: `true`, a variant.
    Word,
    /// `(`, `[` or `{`.
    Open,
    /// `)`, `]` or `}`.
    Close,
    /// A comma.
    Comma,
    /// A colon.
    Colon,
    /// Anything else.
    Other,
}

/// A token with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub span: Range<usize>,
    /// Whether it ends as it should: text that is never closed does not.
    pub whole: bool,
}

/// What separates tokens: what Unicode calls pattern white space, as RON has it.
#[must_use]
pub const fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t'..='\r' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn is_word_start(letter: char) -> bool {
    letter == '_' || is_xid_start(letter)
}

/// What a word behind `r#` may hold.
pub(super) fn is_in_raw_word(letter: char) -> bool {
    matches!(letter, '.' | '+' | '-') || is_xid_continue(letter)
}

/// The tokens of a text one after the other; blanks are left out.
#[derive(Clone, Debug)]
pub struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    /// The tokens of a text.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        // Some editors begin a file with a byte order mark.
        Self { text, at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 } }
    }

    /// The end of the last token.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Goes on behind a byte.
    pub(super) fn skip_to(&mut self, byte: usize) {
        self.at = byte;
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let rest = &self.text[self.at..];
        let rest = rest.trim_start_matches(is_blank);
        self.at = self.text.len() - rest.len();
        let first = rest.chars().next()?;
        let (kind, length, whole) = token(rest, first);
        let start = self.at;
        self.at += length;
        Some(Token { kind, span: start..self.at, whole })
    }
}

/// All tokens of a text but blanks.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 6);
    for token in Lexer::new(text) {
        if token.kind == TokenKind::Colon
            && let Some(last) = tokens.iter_mut().rev().find(|token| token.kind != TokenKind::Comment)
            && last.kind == TokenKind::Word
        {
            last.kind = TokenKind::Field;
        }
        tokens.push(token);
    }
    tokens
}

/// Kind and length of the token at the start, and whether it ends as it should.
fn token(rest: &str, first: char) -> (TokenKind, usize, bool) {
    if rest.starts_with("//") {
        return (TokenKind::Comment, rest.find('\n').unwrap_or(rest.len()), true);
    }
    if rest.starts_with("/*") {
        let (length, whole) = block_comment(rest);
        return (TokenKind::Comment, length, whole);
    }
    let text = |(length, whole): (usize, bool)| (TokenKind::Text, length, whole);
    match first {
        '"' => return text(quoted(rest, 1)),
        '\'' => return text(character(rest, 1)),
        'b' if rest.starts_with("b\"") => return text(quoted(rest, 2)),
        'b' if rest.starts_with("b'") => {
            let (length, whole) = character(rest, 2);
            return (TokenKind::Number, length, whole);
        }
        'b' if rest.starts_with("br\"") || rest.starts_with("br#") => return text(raw(rest, 2)),
        'r' if rest.starts_with("r\"") || rest.starts_with("r#\"") || rest.starts_with("r##") => {
            return text(raw(rest, 1));
        }
        _ => {}
    }
    let run = |from: usize, test: fn(char) -> bool| {
        rest[from..].find(|letter| !test(letter)).map_or(rest.len(), |length| from + length)
    };
    match first {
        '(' | '[' | '{' => (TokenKind::Open, 1, true),
        ')' | ']' | '}' => (TokenKind::Close, 1, true),
        ',' => (TokenKind::Comma, 1, true),
        ':' => (TokenKind::Colon, 1, true),
        first if first.is_ascii_digit() || matches!(first, '+' | '-' | '.') => {
            let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.' | '_');
            (TokenKind::Number, run(0, is_part), true)
        }
        'r' if rest[1..].starts_with('#') && rest[2..].starts_with(is_in_raw_word) => {
            (TokenKind::Word, run(2, is_in_raw_word), true)
        }
        first if is_word_start(first) => (TokenKind::Word, run(0, is_xid_continue).max(first.len_utf8()), true),
        first => (TokenKind::Other, first.len_utf8(), true),
    }
}

fn block_comment(rest: &str) -> (usize, bool) {
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = rest.as_bytes();
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => {
                depth += 1;
                at += 2;
            }
            Some(b"*/") => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return (at, true);
                }
            }
            _ => at += 1,
        }
    }
    (rest.len(), false)
}

/// Text that is not closed ends with its line, so that one missing quote doesn't colour the rest.
fn quoted(rest: &str, from: usize) -> (usize, bool) {
    let mut escaped = false;
    let mut line_end = None;
    for (at, byte) in rest.bytes().enumerate().skip(from) {
        if byte == b'\n' && line_end.is_none() {
            line_end = Some(at);
        }
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            return (at + 1, true);
        }
    }
    (line_end.unwrap_or(rest.len()), false)
}

/// A character between single quotes. One that is not closed ends with its line.
fn character(rest: &str, from: usize) -> (usize, bool) {
    let inner = &rest[from..];
    // Any single character may stand there as it is, a quote or the end of a line, too.
    if let Some(letter) = inner.chars().next()
        && letter != '\\'
        && inner[letter.len_utf8()..].starts_with('\'')
    {
        return (from + letter.len_utf8() + 1, true);
    }
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'\n' => return (from + at, false),
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'\'' => return (from + at + 1, true),
            _ => {}
        }
    }
    (rest.len(), false)
}

fn raw(rest: &str, from: usize) -> (usize, bool) {
    let hashes = rest[from..].bytes().take_while(|byte| *byte == b'#').count();
    let start = from + hashes;
    if !rest[start..].starts_with('"') {
        return (start, false);
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let body = &rest[start + 1..];
    body.find(&close).map_or((rest.len(), false), |end| (start + 1 + end + close.len(), true))
}

/// The bracket beside a byte and the one that belongs to it.
#[must_use]
pub fn matching_brackets(text: &str, tokens: &[Token], byte: usize) -> Option<(Range<usize>, Range<usize>)> {
    let is_bracket = |token: &&Token| matches!(token.kind, TokenKind::Open | TokenKind::Close);
    // The bracket before the caret counts before the one after it, as people who have just typed it expect.
    let near = |end: bool| {
        let at = tokens.partition_point(|token| token.span.start < if end { byte.saturating_sub(1) } else { byte });
        let token = tokens.get(at).filter(is_bracket)?;
        let beside = if end { token.span.end == byte } else { token.span.start == byte };
        beside.then_some(at)
    };
    let at = near(true).or_else(|| near(false))?;
    let mine = &tokens[at];
    let opens = mine.kind == TokenKind::Open;
    let mut depth = 0_i64;
    let mut walk: Box<dyn Iterator<Item = &Token>> =
        if opens { Box::new(tokens[at..].iter()) } else { Box::new(tokens[..=at].iter().rev()) };
    let other = walk.find(|token| {
        match token.kind {
            TokenKind::Open => depth += if opens { 1 } else { -1 },
            TokenKind::Close => depth += if opens { -1 } else { 1 },
            _ => return false,
        }
        depth == 0
    })?;
    let pair = (&text[mine.span.clone()], &text[other.span.clone()]);
    let fits = matches!(pair, ("(", ")") | (")", "(") | ("[", "]") | ("]", "[") | ("{", "}") | ("}", "{"));
    fits.then(|| (mine.span.clone(), other.span.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use TokenKind as T;

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        tokens(text).iter().map(|token| (token.kind, &text[token.span.clone()])).collect()
    }

    #[test]
    fn every_kind_is_known() {
        assert_eq!(
            kinds("Scene( // c\n a: -1.5e3, b /* x */ : r#\"q\"#, d: [true, 'x'])"),
            [
                (T::Word, "Scene"),
                (T::Open, "("),
                (T::Comment, "// c"),
                (T::Field, "a"),
                (T::Colon, ":"),
                (T::Number, "-1.5e3"),
                (T::Comma, ","),
                (T::Field, "b"),
                (T::Comment, "/* x */"),
                (T::Colon, ":"),
                (T::Text, "r#\"q\"#"),
                (T::Comma, ","),
                (T::Field, "d"),
                (T::Colon, ":"),
                (T::Open, "["),
                (T::Word, "true"),
                (T::Comma, ","),
                (T::Text, "'x'"),
                (T::Close, "]"),
                (T::Close, ")"),
            ]
        );
    }

    #[test]
    fn what_is_not_closed_ends_somewhere() {
        assert_eq!(kinds("a: \"x\nb: 1").len(), 6);
        assert!(!tokens("/* x").last().unwrap().whole);
        assert!(tokens("\"a\\\"b\"")[0].whole);
        for text in ["r\"", "r##", "'", "\\", "é@", "/*/", "\"\\", "b'", "br#", "'\\", "r#"] {
            let found = tokens(text);
            assert_eq!(found.last().map(|token| token.span.end), Some(text.len()), "{text}");
        }
    }

    #[test]
    fn brackets_find_each_other() {
        let text = "(a: [1, (2)], b: \")\")";
        let found = tokens(text);
        let pair = |byte| matching_brackets(text, &found, byte);
        assert_eq!(pair(0), Some((0..1, 20..21)));
        assert_eq!(pair(21), Some((20..21, 0..1)));
        assert_eq!(pair(5), Some((4..5, 11..12)));
        assert_eq!(pair(2), None);
        let crossed = "([)";
        assert_eq!(matching_brackets(crossed, &tokens(crossed), 2), None);
    }
}
