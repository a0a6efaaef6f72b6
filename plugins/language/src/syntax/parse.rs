//! Text to tree, all faults at once.

use std::collections::BTreeMap;

use super::lexer::{Lexer, Token, TokenKind};
use super::literal::{Decoded, Encoding, decode, plain_number};
use super::{Fault, Kind, Name, Node, Place, SourceId, parse_number};

/// Nesting beyond this is refused, so that no input can exhaust the stack.
pub const MAX_DEPTH: usize = 64;
/// Once so many faults are found, the rest of the text isn't looked at.
const MOST_FAULTS: usize = 200;
/// The extensions of RON that a text may enable. Those that change how values are read are always on.
const EXTENSIONS: [&str; 4] = ["implicit_some", "unwrap_newtypes", "unwrap_variant_newtypes", "explicit_struct_names"];

/// A text that isn't RON.
#[derive(Clone, Debug, PartialEq)]
pub struct Broken {
    /// What is wrong, in the order of the text; never empty. What can't be understood ends the list.
    pub faults: Vec<Fault>,
    /// The value, if it is plain all the same which one is meant: of fields that stand there twice the first.
    pub tree: Option<Box<Node>>,
}

impl Broken {
    /// The first fault's message.
    #[must_use]
    pub fn message(&self) -> &str {
        self.faults.first().map_or("", |fault| &fault.message)
    }
}

/// Reads a whole text as one value.
///
/// # Errors
/// With the places of what isn't RON: as far as it is sound to go on, all of it.
pub fn parse(source: SourceId, text: &str) -> Result<Node, Broken> {
    let lexer = Lexer::new(text);
    let mut parser = Parser { source, text, lexer, faults: Vec::new(), sound: true, closings: Vec::new(), lines: None };
    let value = parser.document();
    if parser.faults.is_empty()
        && let Ok(Some(node)) = value
    {
        return Ok(node);
    }
    parser.faults.sort_by_key(|fault| fault.place.span.start);
    let tree = value.ok().flatten().filter(|_| parser.sound).map(Box::new);
    Err(Broken { faults: parser.faults, tree })
}

/// Says that the rest of the text can't be understood; what is wrong has been noted.
struct Stop;

/// What is read; nothing if it is wrong and what follows can be understood all the same.
type Read<T> = Result<Option<T>, Stop>;

struct Parser<'t> {
    source: SourceId,
    text: &'t str,
    lexer: Lexer<'t>,
    faults: Vec<Fault>,
    /// Whether it is plain what is meant in spite of all faults.
    sound: bool,
    /// What closes the brackets that are open, the innermost last.
    closings: Vec<char>,
    /// The bytes at which lines begin, once they are needed.
    lines: Option<Vec<usize>>,
}

impl<'t> Parser<'t> {
    fn place(&self, from: usize, to: usize) -> Place {
        Place { source: self.source, span: from..to.max(from) }
    }

    fn fault(&mut self, from: usize, to: usize, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::new(self.place(from, to), message, help));
    }

    /// Notes what is wrong with the next character; at the end of the text, with the end.
    fn fault_at(&mut self, at: usize, message: impl Into<String>, help: impl Into<String>) {
        let width = self.text[at..].chars().next().map_or(0, char::len_utf8);
        self.fault(at, at + width, message, help);
    }

    /// Notes what is wrong; what follows can be understood, but what is meant can't be told.
    fn doubt(&mut self, from: usize, to: usize, message: impl Into<String>, help: impl Into<String>) {
        self.sound = false;
        self.fault(from, to, message, help);
    }

    /// Goes on unless too much is wrong.
    fn go_on(&self) -> Result<(), Stop> {
        if self.faults.len() >= MOST_FAULTS { Err(Stop) } else { Ok(()) }
    }

    /// The next token that is no comment.
    fn take(&mut self) -> Read<Token> {
        loop {
            let Some(token) = self.lexer.next() else { return Ok(None) };
            if token.kind != TokenKind::Comment {
                return Ok(Some(token));
            }
            if !token.whole {
                let start = token.span.start;
                self.fault(start, start + 2, "this comment never ends", "close it with */");
                return Err(Stop);
            }
        }
    }

    fn peek(&mut self) -> Read<Token> {
        let before = self.lexer.clone();
        let token = self.take();
        self.lexer = before;
        token
    }

    /// The two tokens that follow.
    fn peek_two(&mut self) -> Result<(Option<Token>, Option<Token>), Stop> {
        let before = self.lexer.clone();
        let first = self.take()?;
        let second = self.take();
        self.lexer = before;
        Ok((first, second?))
    }

    fn content(&self, token: &Token) -> &'t str {
        &self.text[token.span.clone()]
    }

    fn is(&self, token: Option<&Token>, content: char) -> bool {
        token.is_some_and(|token| {
            self.text[token.span.clone()].starts_with(content) && token.span.len() == content.len_utf8()
        })
    }

    fn document(&mut self) -> Read<Node> {
        self.attributes()?;
        let node = self.value(0)?;
        // Where brackets don't fit, what seems to stand after the end may belong to the value.
        if let Some(token) = self.peek()?
            && self.sound
        {
            self.fault_at(token.span.start, "something stands after the end of the value", "remove it");
            return Err(Stop);
        }
        Ok(node)
    }

    /// Reads `#![enable(…)]`, `#![type = "…"]` and `#![schema = "…"]`.
    fn attributes(&mut self) -> Result<(), Stop> {
        loop {
            let before = self.lexer.clone();
            let Some(first) = self.take()? else { return Ok(()) };
            if !self.is(Some(&first), '#') {
                self.lexer = before;
                return Ok(());
            }
            let start = first.span.start;
            if self.attribute()? != Some(()) {
                let end = self.text[start..].find(['\n', ']']).map_or(self.text.len(), |end| start + end);
                let closed = self.text[start..].contains(']');
                let message = if closed { "this attribute is unknown" } else { "this attribute never ends" };
                let help = if closed { "for example #![enable(implicit_some)]" } else { "close it with ]" };
                self.fault(start, end, message, help);
                return Err(Stop);
            }
        }
    }

    /// What follows the `#` of an attribute; nothing if it isn't one.
    fn attribute(&mut self) -> Read<()> {
        for expected in ['!', '['] {
            let token = self.take()?;
            if !self.is(token.as_ref(), expected) {
                return Ok(None);
            }
        }
        let Some(name) = self.take()? else { return Ok(None) };
        match self.content(&name) {
            "enable" => {
                let token = self.take()?;
                if !self.is(token.as_ref(), '(') {
                    return Ok(None);
                }
                let mut any = false;
                loop {
                    let token = self.take()?;
                    if any && self.is(token.as_ref(), ')') {
                        break;
                    }
                    let Some(token) = token.filter(|token| EXTENSIONS.contains(&self.content(token))) else {
                        return Ok(None);
                    };
                    any |= token.kind == TokenKind::Word;
                    let token = self.take()?;
                    if self.is(token.as_ref(), ')') {
                        break;
                    }
                    if !self.is(token.as_ref(), ',') {
                        return Ok(None);
                    }
                }
            }
            "type" | "schema" => {
                let token = self.take()?;
                let text = self.take()?;
                let is_text = text.is_some_and(|text| {
                    text.kind == TokenKind::Text && text.whole && self.content(&text).starts_with(['"', 'r'])
                });
                if !self.is(token.as_ref(), '=') || !is_text {
                    return Ok(None);
                }
            }
            _ => return Ok(None),
        }
        let token = self.take()?;
        Ok(self.is(token.as_ref(), ']').then_some(()))
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        self.go_on()?;
        let Some(token) = self.peek()? else {
            let end = self.text.len();
            self.fault(end, end, "the text ends where a value should stand", "add a value");
            return Err(Stop);
        };
        let start = token.span.start;
        if depth > MAX_DEPTH {
            let message = format!("values are nested deeper than {MAX_DEPTH} levels");
            self.fault_at(start, message, "scenes need no such depth");
            return Err(Stop);
        }
        let kind = match token.kind {
            TokenKind::Open => match self.content(&token) {
                "(" => self.parenthesised(None, depth)?,
                "[" => Some(Kind::List(self.items(']', false, |parser| parser.value(depth + 1))?)),
                _ => Some(self.map(depth)?),
            },
            TokenKind::Text => {
                self.lexer.skip_to(token.span.end);
                self.text_of(&token)?
            }
            TokenKind::Number => {
                self.lexer.skip_to(token.span.end);
                self.number(&token)
            }
            TokenKind::Word | TokenKind::Field => {
                self.lexer.skip_to(token.span.end);
                let name = self.name(&token);
                let next = self.peek()?;
                if self.is(next.as_ref(), '(') {
                    self.parenthesised(Some(name), depth)?
                } else {
                    Some(Kind::Word(name.text))
                }
            }
            TokenKind::Close | TokenKind::Comma | TokenKind::Colon | TokenKind::Other | TokenKind::Comment => {
                let letter = self.text[start..].chars().next().unwrap_or_default();
                let message = format!("a value can't begin with '{}'", letter.escape_debug());
                self.sound = false;
                self.fault_at(start, message, "a number, \"text\", a name, (…), […] or {…}");
                // Whoever reads items goes on with the next.
                if matches!(token.kind, TokenKind::Colon | TokenKind::Other) {
                    self.lexer.skip_to(token.span.end);
                }
                None
            }
        };
        let end = self.lexer.at();
        Ok(kind.map(|kind| Node { kind, place: self.place(start, end) }))
    }

    fn name(&self, token: &Token) -> Name {
        let content = self.content(token);
        let text = content.strip_prefix("r#").unwrap_or(content).to_owned();
        Name { text, place: self.place(token.span.start, token.span.end) }
    }

    fn number(&mut self, token: &Token) -> Option<Kind> {
        let text = self.content(token);
        if parse_number(text).is_none() {
            let message = format!("\"{text}\" is not a number");
            self.doubt(token.span.start, token.span.end, message, "for example 12, 0.5 or 1e3");
            return None;
        }
        Some(Kind::Number(plain_number(text)))
    }

    /// Text, a character or bytes.
    fn text_of(&mut self, token: &Token) -> Read<Kind> {
        let content = self.content(token);
        let start = token.span.start;
        let opening = content.find(['"', '\'']);
        let Some(opening) = opening.filter(|_| token.whole) else {
            let raw = content.starts_with('r') || content.starts_with("br");
            if content.starts_with('\'') {
                let help = "text stands in double quotes";
                self.fault(start, token.span.end, "this is not a single character", help);
            } else if raw {
                let hashes = "#"
                    .repeat(content.bytes().skip_while(|byte| *byte != b'#').take_while(|byte| *byte == b'#').count());
                self.fault(start, start + 1, "this raw text never ends", format!("close it with \"{hashes}"));
            } else {
                self.fault(start, start + 1, "this text never ends", "close it with \"");
            }
            return Err(Stop);
        };
        let is_bytes = content.starts_with('b');
        if content[..opening].ends_with(['r', '#']) {
            let hashes = content[..opening].bytes().filter(|byte| *byte == b'#').count();
            let body = &content[opening + 1..content.len() - 1 - hashes];
            return Ok(Some(if is_bytes { Kind::Bytes(body.into()) } else { Kind::Text(body.into()) }));
        }
        let body = &content[opening + 1..content.len() - 1];
        let encoding = match (is_bytes, content.starts_with('\'')) {
            (true, _) => Encoding::Bytes,
            (_, true) => Encoding::Character,
            _ => Encoding::Text,
        };
        let Decoded { bytes, wrong, .. } = decode(body, encoding);
        for span in &wrong {
            let help = match encoding {
                Encoding::Bytes => r#"\n, \r, \t, \0, \\, \", \' or \x1f"#,
                _ => r#"\n, \r, \t, \0, \\, \", \' or \u{1f600}"#,
            };
            let from = start + opening + 1;
            self.fault(from + span.start, from + span.end, "this escape is unknown", help);
        }
        if is_bytes {
            return Ok(Some(Kind::Bytes(bytes)));
        }
        // Escapes write whole characters, so that this is never wrong.
        let text =
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        if encoding == Encoding::Text {
            return Ok(Some(Kind::Text(text)));
        }
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Ok(Some(Kind::Character(letter))),
            _ => {
                if wrong.is_empty() {
                    let help = "text stands in double quotes";
                    self.fault(start, token.span.end, "this is not a single character", help);
                }
                self.sound = false;
                Ok(None)
            }
        }
    }

    /// Reads items up to a closing bracket, with commas between them and perhaps after the last. What is named has a word and a
    /// colon before it. After a fault it goes on with the next item.
    fn items<T>(
        &mut self,
        close: char,
        named: bool,
        mut item: impl FnMut(&mut Self) -> Read<T>,
    ) -> Result<Vec<T>, Stop> {
        let open = self.take()?.map_or(self.text.len(), |token| token.span.start);
        self.closings.push(close);
        let mut items = Vec::new();
        // That what has names stands among what has none is told once.
        let mut mixed = false;
        loop {
            let next = self.peek()?;
            if self.is(next.as_ref(), close) {
                self.take()?;
                break;
            }
            // Another bracket's end, or the text's.
            let Some(next) = next.filter(|next| next.kind != TokenKind::Close) else {
                self.doubt(open, open + 1, "this bracket is never closed", format!("close it with {close}"));
                self.leave_to_others()?;
                break;
            };
            let read = item(self)?;
            let is_missing = read.is_none();
            items.extend(read);
            let end = self.lexer.at();
            let is_word = next.kind == TokenKind::Word && next.span.end == end;
            let (next, after) = self.peek_two()?;
            let Some(next) = next else { continue };
            if next.kind == TokenKind::Comma {
                self.lexer.skip_to(next.span.end);
                continue;
            }
            if self.is(Some(&next), close) || (is_missing && next.kind == TokenKind::Close) {
                continue;
            }
            if is_missing {
                self.skip_item(named)?;
                continue;
            }
            if !named && close != '}' && is_word && next.kind == TokenKind::Colon {
                if !mixed {
                    let message = "what has a name stands here among values without";
                    self.fault_at(next.span.start, message, "give all of them names, or none");
                    mixed = true;
                }
                self.sound = false;
                self.lexer.skip_to(next.span.end);
                item(self)?;
                self.skip_item(named)?;
                continue;
            }
            self.fault_at(
                next.span.start,
                format!("a comma or {close} is missing here"),
                "separate values with commas",
            );
            self.go_on()?;
            if next.kind == TokenKind::Close {
                self.leave_to_others()?;
                break;
            }
            // Two values that stand apart are two; what touches is more likely one that is written wrongly.
            let apart = next.span.start > end;
            let begins = match next.kind {
                TokenKind::Word if named => after.is_some_and(|after| after.kind == TokenKind::Colon),
                TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Open => !named,
                _ => false,
            };
            if !(apart && begins) {
                self.skip_item(named)?;
            }
        }
        self.closings.pop();
        Ok(items)
    }

    /// Leaves a bracket that is not closed where another one's end stands: that is left for the one around it to which it
    /// belongs; if there is none, it stands for the end that is missing.
    fn leave_to_others(&mut self) -> Result<(), Stop> {
        self.sound = false;
        self.go_on()?;
        let Some(found) = self.peek()? else { return Err(Stop) };
        let around = self.closings.split_last().map_or(&[][..], |(_, around)| around);
        if !around.iter().any(|closing| self.is(Some(&found), *closing)) {
            self.lexer.skip_to(found.span.end);
        }
        Ok(())
    }

    /// Leaves out what is left of an item in which something is wrong: up to behind the next comma, to the end of the bracket, or
    /// to where another named item begins.
    fn skip_item(&mut self, named: bool) -> Result<(), Stop> {
        self.sound = false;
        let mut depth = 0_usize;
        loop {
            let (next, after) = self.peek_two()?;
            // Text without an end makes a riddle of what comes after it, and has been met because of what was told already.
            let Some(next) = next.filter(|next| next.whole) else { return Err(Stop) };
            match next.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close if depth == 0 => return Ok(()),
                TokenKind::Close => depth -= 1,
                TokenKind::Comma if depth == 0 => {
                    self.lexer.skip_to(next.span.end);
                    return Ok(());
                }
                TokenKind::Word if named && depth == 0 && after.is_some_and(|after| after.kind == TokenKind::Colon) => {
                    return Ok(());
                }
                _ => {}
            }
            self.lexer.skip_to(next.span.end);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Stop> {
        let mut entries = self.items('}', false, |parser| {
            let key = parser.value(depth + 1)?;
            if !parser.colon()? {
                return Ok(None);
            }
            let value = parser.value(depth + 1)?;
            Ok(key.zip(value))
        })?;
        let texts: Vec<String> = entries.iter().map(|(key, _)| key.to_text()).collect();
        for (later, first) in repeated(texts.iter().map(String::as_str)).into_iter().rev() {
            let (place, first) = (entries[later].0.place.clone(), entries[first].0.place.clone());
            if self.go_on().is_err() {
                self.sound = false;
                break;
            }
            self.twice(place, &first, "this key");
            entries.remove(later);
        }
        Ok(Kind::Map(entries))
    }

    /// Notes that something stands in a bracket a second time.
    fn twice(&mut self, place: Place, first: &Place, what: &str) {
        let text = self.text;
        let lines = self
            .lines
            .get_or_insert_with(|| std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect());
        let line = lines.partition_point(|begin| *begin <= first.span.start);
        let begin = lines.get(line - 1).copied().unwrap_or(0);
        // Of a line without end nobody counts the letters.
        let column = text[begin..first.span.start].chars().count() + 1;
        let help = format!("remove one of the two; the first stands in line {line}, column {column}");
        self.faults.push(Fault::new(place, format!("{what} stands here twice"), help));
    }

    /// Reads the colon behind a name; whether a value may follow.
    fn colon(&mut self) -> Result<bool, Stop> {
        let next = self.peek()?;
        if self.is(next.as_ref(), ':') {
            self.take()?;
            return Ok(true);
        }
        let at = next.as_ref().map_or(self.text.len(), |next| next.span.start);
        self.sound = false;
        self.fault_at(at, "a colon is missing here", "write name: value");
        self.go_on()?;
        // What is odd may stand for it.
        if let Some(odd) = next.filter(|next| next.kind == TokenKind::Other) {
            self.lexer.skip_to(odd.span.end);
        }
        Ok(self.peek()?.is_some_and(|next| is_value(next.kind)))
    }

    /// A struct if the first item is `name:`, else a tuple. A name behind which only the colon is missing is one all the same.
    fn parenthesised(&mut self, name: Option<Name>, depth: usize) -> Read<Kind> {
        let before = self.lexer.clone();
        self.take()?;
        let (first, second) = self.peek_two()?;
        let is_struct = first.zip(second).is_some_and(|(first, second)| match (first.kind, second.kind) {
            (TokenKind::Word | TokenKind::Text, TokenKind::Colon) => !self.text[second.span.end..].starts_with(':'),
            (TokenKind::Word, TokenKind::Open) => self.content(&second) != "(",
            (TokenKind::Word, TokenKind::Other) => self.content(&second) == "=",
            (TokenKind::Word, kind) => is_value(kind),
            _ => false,
        });
        self.lexer = before;
        if !is_struct {
            return Ok(Some(Kind::Tuple(name, self.items(')', false, |parser| parser.value(depth + 1))?)));
        }
        let mut fields = self.items(')', true, |parser| {
            let (token, next) = parser.peek_two()?;
            let is_quoted = token.as_ref().is_some_and(|token| token.kind == TokenKind::Text)
                && next.is_some_and(|next| next.kind == TokenKind::Colon);
            let Some(token) = token.filter(|token| token.kind == TokenKind::Word || is_quoted) else {
                let at = parser.peek()?.map_or(parser.text.len(), |token| token.span.start);
                parser.sound = false;
                parser.fault_at(at, "a field's name is missing here", "write name: value");
                return Ok(None);
            };
            if is_quoted {
                parser.doubt(token.span.start, token.span.end, "a field's name has no quotes", "write name: value");
            }
            parser.lexer.skip_to(token.span.end);
            let field = parser.name(&token);
            if !parser.colon()? {
                return Ok(None);
            }
            Ok(parser.value(depth + 1)?.map(|value| (field, value)))
        })?;
        for (later, first) in repeated(fields.iter().map(|(field, _)| field.text.as_str())).into_iter().rev() {
            let (place, first) = (fields[later].0.place.clone(), fields[first].0.place.clone());
            let what = format!("the field \"{}\"", fields[later].0.text);
            if self.go_on().is_err() {
                self.sound = false;
                break;
            }
            self.twice(place, &first, &what);
            fields.remove(later);
        }
        Ok(Some(Kind::Struct(name, fields)))
    }
}

/// Whether a value may begin with a token.
const fn is_value(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Open)
}

/// Which names stand in a list again, by their numbers, each with the number of the first that is the same.
fn repeated<'n>(names: impl Iterator<Item = &'n str>) -> Vec<(usize, usize)> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    let mut again = Vec::new();
    for (index, name) in names.enumerate() {
        match first.get(name) {
            Some(known) => again.push((index, *known)),
            None => drop(first.insert(name, index)),
        }
    }
    again
}
