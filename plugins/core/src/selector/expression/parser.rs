//! From tokens to a selector.

use bevy::math::Vec2;

use super::lexer::{Kind, Token, tokens};
use super::write::{term, written};
use super::{ExpressionError, KEYWORDS, Vocabulary};
use crate::agent::{AgentId, Status, parse_pattern};
use crate::check::{nearest, suggest};
use crate::selector::{Comparison, Selector};

/// Deeper expressions are refused: nobody writes them, and each level takes memory of the thread.
const DEEPEST: usize = 128;

type Outcome<T> = Result<T, ExpressionError>;

pub struct Parser<'a> {
    text: &'a str,
    known: Option<&'a Vocabulary>,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str, known: Option<&'a Vocabulary>) -> Outcome<Self> {
        match tokens(text) {
            (_, Some(error)) => Err(error),
            (tokens, None) => Ok(Self { text, known, tokens, next: 0, depth: 0 }),
        }
    }

    pub fn whole(mut self) -> Outcome<Selector> {
        let selector = self.either()?;
        if self.next < self.tokens.len() {
            return Err(self.wrong("this doesn't belong to what stands before it", "join two parts with `and` or `or`"));
        }
        Ok(selector)
    }

    fn either(&mut self) -> Outcome<Selector> {
        self.chain("or", Self::both, Selector::Or)
    }

    fn both(&mut self) -> Outcome<Selector> {
        self.chain("and", Self::operand, Selector::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Outcome<Selector>,
        join: fn(Vec<Selector>) -> Selector,
    ) -> Outcome<Selector> {
        let first = part(self)?;
        if !self.peek_word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn operand(&mut self) -> Outcome<Selector> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("this is nested too deeply", format!("at most {DEEPEST} levels can be read")));
        }
        let found = if self.take_word("not") {
            self.operand().map(|selector| Selector::Not(Box::new(selector)))
        } else if self.take_sign("(") {
            let inner = self.either()?;
            self.expect(")")?;
            Ok(inner)
        } else {
            self.term()
        };
        self.depth -= 1;
        found
    }

    fn term(&mut self) -> Outcome<Selector> {
        let Some(Token { kind, .. }) = self.tokens.get(self.next) else {
            return Err(self.wrong("something is missing", "for example: group ant and speed > 2"));
        };
        let compares = matches!(self.tokens.get(self.next + 1), Some(Token { kind: Kind::Sign(sign), .. })
            if Comparison::ALL.iter().any(|comparison| comparison.symbol() == *sign));
        let word = match kind {
            Kind::Word(_) | Kind::Quoted(_) if compares => return self.comparison(),
            Kind::Word(word) => word.clone(),
            Kind::Quoted(_) => return Err(self.not_compared()),
            Kind::Number(_) | Kind::Sign(_) => {
                return Err(self.wrong("a selector has to start here", "for example: group ant and speed > 2"));
            }
        };
        if !matches!(
            word.as_str(),
            "all"
                | "none"
                | "group"
                | "role"
                | "can"
                | "capability"
                | "id"
                | "active"
                | "failed"
                | "frozen"
                | "within"
                | "region"
                | "inside"
                | "nearest"
                | "any"
                | "and"
                | "or"
        ) {
            return Err(self.not_compared());
        }
        self.next += 1;
        Ok(match word.as_str() {
            "all" => Selector::All,
            "none" => Selector::Ids(Vec::new()),
            "group" => {
                let known = self.known.map(|known| known.groups.as_slice());
                Selector::Named(self.known_name("group", known)?)
            }
            "role" => {
                let known = self.known.map(|known| known.roles.as_slice());
                Selector::Role(self.known_name("role", known)?)
            }
            "can" | "capability" => self.capability()?,
            "id" => self.ids()?,
            "active" => Selector::HasStatus(Status::Active),
            "failed" => Selector::HasStatus(Status::Failed),
            "frozen" => Selector::HasStatus(Status::Frozen),
            "within" => self.circle()?,
            "region" if !self.peek_sign("(") => {
                let known = self.known.map(|known| known.regions.as_slice());
                Selector::InRegion(self.known_name("region", known)?)
            }
            "region" => {
                let center = self.point()?;
                self.take_word("size");
                Selector::Region { center, size: self.point()? }
            }
            "inside" => {
                let mut corners = Vec::new();
                while self.peek_sign("(") {
                    corners.push(self.point()?);
                }
                if corners.is_empty() {
                    return Err(self.wrong("a polygon needs corners", "for example: inside (0, 0) (9, 0) (9, 9)"));
                }
                Selector::Inside(corners)
            }
            "nearest" => {
                let count = if matches!(self.peek(), Some(Kind::Number(_))) { self.integer("how many")? } else { 1 };
                self.take_word("to");
                Selector::Nearest { to: self.point()?, count }
            }
            "any" => self.choice()?,
            // `and(a)`: what has fewer than two parts has no word between them.
            "and" => Selector::And(self.list()?),
            _ => Selector::Or(self.list()?),
        })
    }

    fn list(&mut self) -> Outcome<Vec<Selector>> {
        if !self.peek_sign("(") {
            self.next -= 1;
            return Err(self.wrong("there is nothing before this word", "it stands between two selectors"));
        }
        self.expect("(")?;
        let mut parts = Vec::new();
        if self.take_sign(")") {
            return Ok(parts);
        }
        loop {
            parts.push(self.either()?);
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(parts)
    }

    fn comparison(&mut self) -> Outcome<Selector> {
        let known = self.known.map(|known| known.quantities.as_slice());
        let quantity = self.known_name("quantity", known)?;
        let is = Comparison::ALL.into_iter().find(|comparison| self.take_sign(comparison.symbol()));
        let Some(is) = is else {
            return Err(self.wrong("a comparison is missing", "for example: speed > 2"));
        };
        Ok(Selector::Compare { quantity, is, value: self.number("the value to compare with")? })
    }

    fn capability(&mut self) -> Outcome<Selector> {
        let place = self.next;
        let pattern = self.name("a capability", "for example: can database.*")?;
        if let Err(error) = parse_pattern(&pattern) {
            self.next = place;
            return Err(self.wrong(error.to_string(), "for example: can database.*"));
        }
        if let (Some(known), Ok((literal, wildcard))) = (self.known, parse_pattern(&pattern)) {
            let names = known.capabilities.iter().map(String::as_str);
            if !names.clone().any(|name| if wildcard { name.starts_with(literal) } else { name == literal }) {
                self.next = place;
                return Err(self.wrong(
                    format!("no agent has a capability that matches `{pattern}`"),
                    suggest(&pattern, names, "capability"),
                ));
            }
        }
        Ok(Selector::WithCapability(pattern))
    }

    fn ids(&mut self) -> Outcome<Selector> {
        let first = AgentId(self.integer("an agent's number")?);
        if self.take_sign("..") {
            let last = AgentId(self.integer("the last number")?);
            if last < first {
                self.next -= 1;
                return Err(self.wrong(format!("{last} is less than {first}"), "write the lower number first"));
            }
            return Ok(Selector::IdRange { first, last });
        }
        let mut ids = vec![first];
        while self.peek_sign(",") && matches!(self.tokens.get(self.next + 1), Some(Token { kind: Kind::Number(_), .. }))
        {
            self.next += 1;
            ids.push(AgentId(self.integer("an agent's number")?));
        }
        Ok(Selector::Ids(ids))
    }

    fn circle(&mut self) -> Outcome<Selector> {
        if self.peek_sign("(") {
            let center = self.point()?;
            return Ok(Selector::Within { center, radius: self.small_number("the radius")? });
        }
        let radius = self.small_number("the radius")?;
        self.take_word("of");
        Ok(Selector::Within { center: self.point()?, radius })
    }

    fn choice(&mut self) -> Outcome<Selector> {
        if !matches!(self.tokens.get(self.next + 1), Some(Token { kind: Kind::Sign("%"), .. })) {
            return Ok(Selector::Count(self.integer("how many")?));
        }
        let share = self.number("how many")? / 100.0;
        if !(0.0..=1.0).contains(&share) {
            self.next -= 1;
            return Err(self.wrong("a share is out of range", "write 0% to 100%"));
        }
        self.expect("%")?;
        Ok(Selector::Fraction(share as f32))
    }

    fn point(&mut self) -> Outcome<Vec2> {
        self.expect_or("(", "a point is missing", "for example (0, 0)")?;
        let x = self.small_number("x")?;
        self.expect(",")?;
        let y = self.small_number("y")?;
        self.expect(")")?;
        Ok(Vec2::new(x, y))
    }

    fn number(&mut self, what: &str) -> Outcome<f64> {
        let Some(Kind::Number(written)) = self.peek() else {
            return Err(self.wrong(format!("{what} is missing"), "write a number"));
        };
        match written.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.next += 1;
                Ok(number)
            }
            _ => Err(self.wrong("this number is too large", "write a smaller one")),
        }
    }

    fn small_number(&mut self, what: &str) -> Outcome<f32> {
        let Some(Kind::Number(written)) = self.peek() else {
            return Err(self.wrong(format!("{what} is missing"), "write a number"));
        };
        match written.parse::<f32>() {
            Ok(number) if number.is_finite() => {
                self.next += 1;
                Ok(number)
            }
            _ => Err(self.wrong("this number is too large", "write a smaller one")),
        }
    }

    fn integer(&mut self, what: &str) -> Outcome<u32> {
        let Some(Kind::Number(written)) = self.peek() else {
            return Err(self.wrong(format!("{what} is missing"), "write a whole number"));
        };
        match written.parse::<u32>() {
            Ok(number) => {
                self.next += 1;
                Ok(number)
            }
            Err(_) => Err(self.wrong("this is not a whole number", format!("write 0 to {}", u32::MAX))),
        }
    }

    fn name(&mut self, what: &str, help: &str) -> Outcome<String> {
        match self.peek() {
            Some(Kind::Word(name) | Kind::Quoted(name)) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.wrong(format!("{what} is missing"), help)),
        }
    }

    fn known_name(&mut self, what: &str, known: Option<&[String]>) -> Outcome<String> {
        let place = self.next;
        let help = known.map_or_else(
            || format!("write the name of a {what}"),
            |known| suggest("", known.iter().map(String::as_str), what),
        );
        let name = self.name(&format!("the name of a {what}"), &help)?;
        if let Some(known) = known
            && !known.contains(&name)
        {
            self.next = place;
            let help = suggest(&name, known.iter().map(String::as_str), what);
            return Err(self.wrong(format!("there is no {what} `{name}`"), help));
        }
        Ok(name)
    }

    /// A word that is no keyword, and nothing compares it.
    fn not_compared(&self) -> ExpressionError {
        let word = match self.peek() {
            Some(Kind::Word(word) | Kind::Quoted(word)) => word.as_str(),
            _ => "",
        };
        if let Some(known) = self.known {
            if known.quantities.iter().any(|quantity| quantity == word) {
                return self.wrong(
                    format!("`{word}` is not compared with anything"),
                    format!("for example: {} > 0", term(word)),
                );
            }
            if known.groups.iter().any(|group| group == word) {
                return self.wrong(format!("`{word}` alone is no selector"), format!("write: group {}", written(word)));
            }
        }
        let quantities = self.known.map_or(&[][..], |known| known.quantities.as_slice());
        let words = KEYWORDS.iter().map(|(word, _)| *word).chain(quantities.iter().map(String::as_str));
        let help = match nearest(word, words) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "for example: group ant and speed > 2".into(),
        };
        self.wrong(format!("`{word}` is not a selector"), help)
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn peek_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Kind::Word(found)) if found == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek_word(word);
        self.next += usize::from(found);
        found
    }

    fn peek_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Kind::Sign(found)) if *found == sign)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.peek_sign(sign);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Outcome<()> {
        self.expect_or(sign, &format!("`{sign}` is missing"), "close what was opened")
    }

    fn expect_or(&mut self, sign: &str, message: &str, help: &str) -> Outcome<()> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.wrong(message, help)) }
    }

    /// Something is wrong with the next token, or after the last one.
    fn wrong(&self, message: impl Into<String>, help: impl Into<String>) -> ExpressionError {
        let end = self.text.trim_end().len();
        let at = self.tokens.get(self.next).map_or(end..end, |token| token.at.clone());
        ExpressionError { at, message: message.into(), help: help.into() }
    }
}
