//! RON as a tree with places: what error reports point at, what includes merge and `--set` changes.
//!
//! The `ron` crate turns text into values and forgets where they stood. This reader keeps the places and nothing else:
//! types are checked against the tree (see [`super::conform`]), and the values themselves are read by `ron` from the
//! text of the resolved tree.

use std::ops::Range;

/// Nesting beyond this is refused, so that no input can exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Which text a node came from: an index into [`super::load::Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(pub usize);

/// A place in a text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: SourceId,
    /// The bytes.
    pub span: Range<usize>,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub place: Place,
}

/// A field's or variant's name with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// What a RON value can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A number as it was written.
    Number(String),
    /// Text or a character, unescaped.
    Text(String),
    /// A word: `true`, `None`, a variant.
    Word(String),
    /// `Name(field: value)` or `(field: value)`.
    Struct(Option<Name>, Vec<(Name, Node)>),
    /// `Name(value, value)`, `(value, value)` or `()`.
    Tuple(Option<Name>, Vec<Node>),
    /// `[value, value]`.
    List(Vec<Node>),
    /// `{key: value}`.
    Map(Vec<(Node, Node)>),
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl Node {
    /// The field of a struct.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Struct(_, fields) => fields.iter().find(|(field, _)| field.text == name).map(|(_, node)| node),
            Kind::Map(entries) => entries
                .iter()
                .find(|(key, _)| matches!(&key.kind, Kind::Text(text) if text == name))
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// Writes the value as RON text.
    pub fn write(&self, out: &mut String, indent: usize) {
        match &self.kind {
            Kind::Number(text) | Kind::Word(text) => out.push_str(text),
            Kind::Text(text) => write_text(out, text),
            Kind::Struct(name, fields) => {
                if let Some(name) = name {
                    out.push_str(&name.text);
                }
                out.push('(');
                write_items(out, indent, fields, |out, (name, node), indent| {
                    out.push_str(&name.text);
                    out.push_str(": ");
                    node.write(out, indent);
                });
                out.push(')');
            }
            Kind::Tuple(name, items) => {
                if let Some(name) = name {
                    out.push_str(&name.text);
                }
                out.push('(');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.write(out, indent);
                }
                out.push(')');
            }
            Kind::List(items) => {
                out.push('[');
                write_items(out, indent, items, |out, item, indent| item.write(out, indent));
                out.push(']');
            }
            Kind::Map(entries) => {
                out.push('{');
                write_items(out, indent, entries, |out, (key, value), indent| {
                    key.write(out, indent);
                    out.push_str(": ");
                    value.write(out, indent);
                });
                out.push('}');
            }
        }
    }

    /// The value as RON text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.push('\n');
        out
    }

    fn is_short(&self) -> bool {
        match &self.kind {
            Kind::Number(_) | Kind::Word(_) => true,
            Kind::Text(text) => text.len() < 40,
            Kind::Tuple(_, items) => items.len() <= 3 && items.iter().all(Self::is_short),
            Kind::Struct(_, fields) => fields.len() <= 3 && fields.iter().all(|(_, node)| node.is_leaf()),
            Kind::List(items) => items.len() <= 4 && items.iter().all(Self::is_leaf),
            Kind::Map(entries) => entries.is_empty(),
        }
    }

    fn is_leaf(&self) -> bool {
        matches!(self.kind, Kind::Number(_) | Kind::Word(_) | Kind::Text(_))
            || matches!(&self.kind, Kind::Tuple(_, items) if items.iter().all(Self::is_leaf))
    }
}

/// Items on one line if they are few and short, else a line each.
fn write_items<T: Short>(out: &mut String, indent: usize, items: &[T], write: impl Fn(&mut String, &T, usize)) {
    if items.len() <= 4 && items.iter().all(Short::short) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write(out, item, indent);
        }
        return;
    }
    for item in items {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', (indent + 1) * 4));
        write(out, item, indent + 1);
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent * 4));
}

trait Short {
    fn short(&self) -> bool;
}

impl Short for Node {
    fn short(&self) -> bool {
        self.is_short()
    }
}

impl<N> Short for (N, Node) {
    fn short(&self) -> bool {
        self.1.is_short()
    }
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

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
            let trimmed = rest.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
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
            return Err(self.error_here(
                format!("values are nested deeper than {MAX_DEPTH} levels"),
                "scenes need no such depth",
            ));
        }
        let kind = match self.peek() {
            None => return Err(self.error_here("the text ends where a value should stand", "add a value")),
            Some('(') => self.parenthesised(None, depth)?,
            Some('[') => self.list(depth)?,
            Some('{') => self.map(depth)?,
            Some('"') => Kind::Text(self.quoted()?),
            Some('\'') => Kind::Text(self.character()?),
            Some('r') if self.rest().starts_with("r\"") || self.rest().starts_with("r#\"") || self.rest().starts_with("r##") => {
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
                return Err(self.error_here(format!("a value can't begin with '{other}'"), "a number, \"text\", a name, (…), […] or {…}"));
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
        Ok(Kind::Number(text.to_owned()))
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
        let bad = |parser: &Self| parser.error(start, "this escape is unknown", "\\n, \\r, \\t, \\0, \\\\, \\\", \\' or \\u{1f600}");
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
                None => {
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
                    return Err(self.error_here(format!("a comma or {close} is missing here"), "separate values with commas"));
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
        for (index, (key, _)) in entries.iter().enumerate() {
            if entries[..index].iter().any(|(earlier, _)| earlier.kind == key.kind) {
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
        for (index, (field, _)) in fields.iter().enumerate() {
            if fields[..index].iter().any(|(earlier, _)| earlier.text == field.text) {
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
    let plain: String = text.chars().filter(|character| *character != '_').collect();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let radix = |prefix: &str, base| digits.strip_prefix(prefix).and_then(|rest| u64::from_str_radix(rest, base).ok());
    if let Some(whole) = radix("0x", 16).or_else(|| radix("0b", 2)).or_else(|| radix("0o", 8)) {
        return Some(sign * whole as f64);
    }
    if digits.starts_with(['+', '-']) {
        return None;
    }
    digits.parse::<f64>().ok().map(|number| sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Node, SyntaxError> {
        parse(SourceId(0), text)
    }

    #[test]
    fn places_are_exact() {
        let text = "Scene(\n  // birds\n  agents: [(name: \"bird\", count: 12)],\n)";
        let node = read(text).unwrap();
        let agents = node.field("agents").unwrap();
        let Kind::List(groups) = &agents.kind else { panic!() };
        let count = groups[0].field("count").unwrap();
        assert_eq!(&text[count.place.span.clone()], "12");
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let text = r#"S(a: -1.5e3, b: "x\n\"y\u{e9}", c: [1, 2, (x: N)], d: {"k": Some(())}, e: Disc(center: (0, 1), radius: 2), f: r"raw\", g: true)"#;
        let node = read(text).unwrap();
        let again = read(&node.to_text()).unwrap();
        assert_eq!(node.to_text(), again.to_text());
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, message, at) in [
            ("(a: 1 b: 2)", "comma", 6),
            ("(a: 1, a: 2)", "twice", 7),
            ("(a: [1, 2)", "comma", 9),
            ("(a: 1", "never closed", 0),
            ("(a: \"x", "never ends", 4),
            ("(a: 1.2.3)", "not a number", 4),
            ("(a: 1) x", "after the end", 7),
            ("/* x", "never ends", 0),
            ("", "ends where", 0),
            ("(a: @)", "can't begin", 4),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message.contains(message), "{text}: {error:?}");
            assert_eq!(error.place.span.start, at, "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(read(&"(".repeat(10_000)).is_err());
        assert!(read(&"[".repeat(10_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\PC\\n\"'()\\[\\]{}:,r#/*\\\\]{0,80}") {
            let _ = read(&text);
        }
    }
}
