//! RON as a row of tokens, whatever state the text is in: for colours, brackets and completion. Nothing is an error here.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `// …` or `/* … */`.
    Comment,
    /// Text in quotes, raw text, a character.
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

fn is_word_start(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// All tokens of a text but white space.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 6);
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() || first == '\u{feff}' {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (kind, length, whole) = token(rest, first);
        if kind == TokenKind::Colon
            && let Some(last) = tokens.iter_mut().rev().find(|token| token.kind != TokenKind::Comment)
            && last.kind == TokenKind::Word
        {
            last.kind = TokenKind::Field;
        }
        tokens.push(Token { kind, span: at..at + length, whole });
        at += length;
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
    if first == '"' {
        let (length, whole) = quoted(rest, '"');
        return (TokenKind::Text, length, whole);
    }
    if first == '\'' {
        let (length, whole) = quoted(rest, '\'');
        return (TokenKind::Text, length, whole);
    }
    if first == 'r'
        && let Some((length, whole)) = raw(rest)
    {
        return (TokenKind::Text, length, whole);
    }
    let run = |test: fn(char) -> bool| rest.find(|character| !test(character)).unwrap_or(rest.len());
    match first {
        '(' | '[' | '{' => (TokenKind::Open, 1, true),
        ')' | ']' | '}' => (TokenKind::Close, 1, true),
        ',' => (TokenKind::Comma, 1, true),
        ':' => (TokenKind::Colon, 1, true),
        first if first.is_ascii_digit() || matches!(first, '+' | '-' | '.') => {
            let length =
                run(|character| character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.' | '_'));
            (TokenKind::Number, length, true)
        }
        first if is_word_start(first) => (TokenKind::Word, run(is_word), true),
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
fn quoted(rest: &str, quote: char) -> (usize, bool) {
    let mut escaped = false;
    let mut line_end = None;
    for (at, character) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return (at + 1, true);
        } else if character == '\n' && line_end.is_none() {
            line_end = Some(at);
            if quote == '\'' {
                break;
            }
        }
    }
    (line_end.unwrap_or(rest.len()), false)
}

fn raw(rest: &str) -> Option<(usize, bool)> {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    let body = rest.get(1 + hashes..)?.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let start = hashes + 2;
    Some(body.find(&close).map_or((rest.len(), false), |end| (start + end + close.len(), true)))
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
        for text in ["r\"", "r##", "'", "\\", "é@", "/*/", "\"\\"] {
            let _ = tokens(text);
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
