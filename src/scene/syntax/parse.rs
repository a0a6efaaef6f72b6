//! Text to tree.

use std::collections::BTreeSet;

use super::{Kind, MAX_DEPTH, Name, Node, Place, SourceId, SyntaxError};

/// Reads a whole text as one value.
///
/// # Errors
/// With the place of the first thing that isn't RON.
pub fn parse(source: SourceId, text: &str) -> Result<Node, SyntaxError> {
    let mut parser = Parser { source, text, at: 0 };
    parser.skip_extensions()?;
    let node = parser.value(0)?;
    parser.skip_blank()?;
    if parser.at < text.len() {
        return Err(parser.error_here("something stands after the end of the value", "remove it"));
    }
    Ok(node)
}

struct Parser<'t> {
    source: SourceId,
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn place(&self, from: usize) -> Place {
        Place { source: self.source, span: from..self.at.max(from) }
    }

    fn error(&self, from: usize, message: impl Into<String>, help: impl Into<String>) -> SyntaxError {
        SyntaxError { place: self.place(from), message: message.into(), help: help.into() }
    }

    fn error_here(&self, message: impl Into<String>, help: impl Into<String>) -> SyntaxError {
        let width = self.peek().map_or(0, char::len_utf8);
        let place = Place { source: self.source, span: self.at..self.at + width };
        SyntaxError { place, message: message.into(), help: help.into() }
    }

    /// Skips white space and comments.
    fn skip_blank(&mut self) -> Result<(), SyntaxError> {
        loop {
            let rest = self.rest();
            let trimmed =
                rest.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                self.skip_block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn skip_block_comment(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(character) = self.peek() {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.at += character.len_utf8();
            }
        }
        self.at = (start + 2).min(self.text.len());
        Err(self.error(start, "this comment never ends", "close it with */"))
    }

    /// Skips `#![enable(…)]` lines; the extensions that scenes need are always on.
    fn skip_extensions(&mut self) -> Result<(), SyntaxError> {
        self.skip_blank()?;
        while self.rest().starts_with("#!") {
            let start = self.at;
            match self.rest().find(']') {
                Some(end) => self.at += end + 1,
                None => {
                    self.at = self.text.len();
                    return Err(self.error(start, "this attribute never ends", "close it with ]"));
                }
            }
            self.skip_blank()?;
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.skip_blank()?;
        let start = self.at;
        if depth > MAX_DEPTH {
            return Err(self
                .error_here(format!("values are nested deeper than {MAX_DEPTH} levels"), "scenes need no such depth"));
        }
        let kind = match self.peek() {
            None => return Err(self.error_here("the text ends where a value should stand", "add a value")),
            Some('(') => self.parenthesised(None, depth)?,
            Some('[') => self.list(depth)?,
            Some('{') => self.map(depth)?,
            Some('"') => Kind::Text(self.quoted()?),
            Some('\'') => Kind::Text(self.character()?),
            Some('r')
                if self.rest().starts_with("r\"")
                    || self.rest().starts_with("r#\"")
                    || self.rest().starts_with("r##") =>
            {
                Kind::Text(self.raw_text()?)
            }
            Some(first) if first.is_ascii_digit() || matches!(first, '+' | '-' | '.') => self.number()?,
            Some(first) if first == '_' || first.is_alphabetic() => {
                let name = self.word();
                let before_blank = self.at;
                self.skip_blank()?;
                if self.peek() == Some('(') {
                    self.parenthesised(Some(name), depth)?
                } else {
                    self.at = before_blank;
                    Kind::Word(name.text)
                }
            }
            Some(other) => {
                return Err(self.error_here(
                    format!("a value can't begin with '{other}'"),
                    "a number, \"text\", a name, (…), […] or {…}",
                ));
            }
        };
        Ok(Node { kind, place: self.place(start) })
    }

    fn word(&mut self) -> Name {
        let start = self.at;
        let rest = self.rest();
        let raw = rest.strip_prefix("r#").map_or(0, |_| 2);
        let end = rest[raw..]
            .find(|character: char| !(character.is_alphanumeric() || character == '_'))
            .map_or(rest.len(), |end| end + raw);
        self.at += end;
        Name { text: rest[raw..end].to_owned(), place: self.place(start) }
    }

    fn number(&mut self) -> Result<Kind, SyntaxError> {
        let start = self.at;
        let rest = self.rest();
        let end = rest
            .find(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.' | '_')))
            .unwrap_or(rest.len());
        self.at += end;
        let text = &rest[..end];
        if parse_number(text).is_none() {
            return Err(self.error(start, format!("\"{text}\" is not a number"), "for example 12, 0.5 or 1e3"));
        }
        // RON takes other bases for whole numbers only; here they stand for their value everywhere.
        let (sign, digits) = split_sign(text);
        Ok(Kind::Number(whole_in_base(&digits).map_or_else(|| text.to_owned(), |whole| format!("{sign}{whole}"))))
    }

    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(character) = self.peek() else {
                self.at = start + 1;
                return Err(self.error(start, "this text never ends", "close it with \""));
            };
            self.at += character.len_utf8();
            match character {
                '"' => return Ok(out),
                '\\' => out.extend(self.escape()?),
                other => out.push(other),
            }
        }
    }

    /// What follows a backslash; a backslash before a line's end joins the lines.
    fn escape(&mut self) -> Result<Option<char>, SyntaxError> {
        let start = self.at - 1;
        let Some(character) = self.peek() else {
            return Err(self.error(start, "the text ends after a backslash", "close it with \""));
        };
        self.at += character.len_utf8();
        let bad = |parser: &Self| {
            parser.error(start, "this escape is unknown", "\\n, \\r, \\t, \\0, \\\\, \\\", \\' or \\u{1f600}")
        };
        Ok(Some(match character {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            '\\' | '"' | '\'' => character,
            'x' => {
                let digits = self.rest().get(..2).ok_or_else(|| bad(self))?;
                let code = u8::from_str_radix(digits, 16).map_err(|_| bad(self))?;
                self.at += 2;
                char::from(code)
            }
            'u' => {
                let inner = self.rest().strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let (digits, _) = inner.ok_or_else(|| bad(self))?;
                let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or_else(|| bad(self))?;
                self.at += digits.len() + 2;
                code
            }
            '\n' => {
                let rest = self.rest();
                self.at += rest.len() - rest.trim_start().len();
                return Ok(None);
            }
            _ => return Err(bad(self)),
        }))
    }

    fn character(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        while let Some(character) = self.peek() {
            self.at += character.len_utf8();
            match character {
                '\'' if !out.is_empty() => return Ok(out),
                '\\' => out.extend(self.escape()?),
                other => out.push(other),
            }
            if out.chars().count() > 1 {
                break;
            }
        }
        Err(self.error(start, "this is not a single character", "text stands in double quotes"))
    }

    fn raw_text(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let rest = &self.rest()[1..];
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let close = format!("\"{}", "#".repeat(hashes));
        let body = rest[hashes..].strip_prefix('"');
        let end = body.and_then(|body| body.find(&close));
        match (body, end) {
            (Some(body), Some(end)) => {
                self.at += 1 + hashes + 1 + end + close.len();
                Ok(body[..end].to_owned())
            }
            _ => {
                self.at += 1;
                Err(self.error(start, "this raw text never ends", format!("close it with {close}")))
            }
        }
    }

    /// Reads items up to a closing bracket, with commas between them and perhaps after the last.
    fn items<T>(
        &mut self,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<Vec<T>, SyntaxError> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_blank()?;
            match self.peek() {
                Some(character) if character == close => {
                    self.at += 1;
                    return Ok(items);
                }
                // Another bracket's end, or the text's.
                None | Some(')' | ']' | '}') => {
                    self.at = open + 1;
                    return Err(self.error(open, "this bracket is never closed", format!("close it with {close}")));
                }
                _ => items.push(item(self)?),
            }
            self.skip_blank()?;
            match self.peek() {
                Some(',') => self.at += 1,
                Some(character) if character == close => {}
                None => {}
                Some(_) => {
                    return Err(
                        self.error_here(format!("a comma or {close} is missing here"), "separate values with commas")
                    );
                }
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind, SyntaxError> {
        Ok(Kind::List(self.items(']', |parser| parser.value(depth + 1))?))
    }

    fn map(&mut self, depth: usize) -> Result<Kind, SyntaxError> {
        let entries = self.items('}', |parser| {
            let key = parser.value(depth + 1)?;
            parser.colon()?;
            Ok((key, parser.value(depth + 1)?))
        })?;
        let mut seen = BTreeSet::new();
        for (key, _) in &entries {
            if !seen.insert(key.to_text()) {
                return Err(SyntaxError {
                    place: key.place.clone(),
                    message: "this key stands here twice".into(),
                    help: "remove one of the two".into(),
                });
            }
        }
        Ok(Kind::Map(entries))
    }

    fn colon(&mut self) -> Result<(), SyntaxError> {
        self.skip_blank()?;
        if self.peek() == Some(':') {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error_here("a colon is missing here", "write name: value"))
        }
    }

    /// A struct if the first item is `name:`, else a tuple.
    fn parenthesised(&mut self, name: Option<Name>, depth: usize) -> Result<Kind, SyntaxError> {
        let open = self.at;
        self.at += 1;
        self.skip_blank()?;
        let is_struct = self.peek().is_some_and(|first| first == '_' || first.is_alphabetic()) && {
            let before = self.at;
            let _ = self.word();
            self.skip_blank()?;
            let colon = self.rest().starts_with(':') && !self.rest().starts_with("::");
            self.at = before;
            colon
        };
        self.at = open;
        if !is_struct {
            return Ok(Kind::Tuple(name, self.items(')', |parser| parser.value(depth + 1))?));
        }
        let fields = self.items(')', |parser| {
            parser.skip_blank()?;
            if !parser.peek().is_some_and(|first| first == '_' || first.is_alphabetic()) {
                return Err(parser.error_here("a field's name is missing here", "write name: value"));
            }
            let field = parser.word();
            parser.colon()?;
            Ok((field, parser.value(depth + 1)?))
        })?;
        let mut seen = BTreeSet::new();
        for (field, _) in &fields {
            if !seen.insert(&field.text) {
                return Err(SyntaxError {
                    place: field.place.clone(),
                    message: format!("the field \"{}\" stands here twice", field.text),
                    help: "remove one of the two".into(),
                });
            }
        }
        Ok(Kind::Struct(name, fields))
    }
}

/// The value of a RON number; what is not finite is read too, to be refused with its place.
#[must_use]
pub fn parse_number(text: &str) -> Option<f64> {
    let (sign, digits) = split_sign(text);
    let number = match whole_in_base(&digits) {
        Some(whole) => whole as f64,
        None if digits.starts_with(['+', '-']) => return None,
        None => digits.parse().ok()?,
    };
    Some(if sign == "-" { -number } else { number })
}

/// The sign, empty for plus, and the digits without underscores.
fn split_sign(text: &str) -> (&'static str, String) {
    let plain: String = text.chars().filter(|character| *character != '_').collect();
    match plain.strip_prefix('-') {
        Some(rest) => ("-", rest.to_owned()),
        None => ("", plain.strip_prefix('+').unwrap_or(&plain).to_owned()),
    }
}

/// A whole number written with the prefix of a base.
fn whole_in_base(digits: &str) -> Option<u64> {
    let read = |prefix: &str, base| {
        let rest = digits.strip_prefix(prefix).filter(|rest| !rest.starts_with('+'))?;
        u64::from_str_radix(rest, base).ok()
    };
    read("0x", 16).or_else(|| read("0b", 2)).or_else(|| read("0o", 8))
}
