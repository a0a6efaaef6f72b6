//! RON as a tree with places: what error reports point at, what includes merge and `--set` changes.
//!
//! The `ron` crate turns text into values and forgets where they stood. This reader keeps the places and nothing else:
//! types are checked against the tree (see [`super::conform`]), and the values themselves are read by `ron` from the
//! text of the resolved tree.

mod parse;
mod write;

use std::collections::BTreeSet;
use std::ops::Range;

pub use parse::{parse, parse_number};

/// Nesting beyond this is refused, so that no input can exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Which text a node came from: an index into [`Sources`](super::report::Sources).
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

    /// The field of a struct, to change it.
    pub fn field_mut(&mut self, name: &str) -> Option<&mut Self> {
        match &mut self.kind {
            Kind::Struct(_, fields) => fields.iter_mut().find(|(field, _)| field.text == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// An item of a list, to change it.
    pub fn item_mut(&mut self, index: usize) -> Option<&mut Self> {
        match &mut self.kind {
            Kind::List(items) => items.get_mut(index),
            _ => None,
        }
    }

    /// Removes type names at these places.
    pub fn remove_names(&mut self, places: &[Place]) {
        if !places.is_empty() {
            self.remove_names_at(&places.iter().map(|place| (place.source, place.span.start)).collect());
        }
    }

    fn remove_names_at(&mut self, places: &BTreeSet<(SourceId, usize)>) {
        let is_one = |name: &Name| places.contains(&(name.place.source, name.place.span.start));
        match &mut self.kind {
            Kind::Struct(name, fields) => {
                if name.as_ref().is_some_and(is_one) {
                    *name = None;
                }
                fields.iter_mut().for_each(|(_, node)| node.remove_names_at(places));
            }
            Kind::Tuple(name, items) => {
                if name.as_ref().is_some_and(is_one) {
                    *name = None;
                }
                items.iter_mut().for_each(|node| node.remove_names_at(places));
            }
            Kind::List(items) => items.iter_mut().for_each(|node| node.remove_names_at(places)),
            Kind::Map(entries) => entries.iter_mut().for_each(|(_, node)| node.remove_names_at(places)),
            Kind::Number(_) | Kind::Text(_) | Kind::Word(_) => {}
        }
    }
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
    fn what_is_written_says_the_same_in_plain_form() {
        for (text, plain) in [
            ("Some((1, -2))", "(1, -2)"),
            ("Some((max_speed: 4))", "(max_speed: 4)"),
            ("Some(Some(3))", "3"),
            ("Point((1, 2))", "Point(1, 2)"),
            ("0x1e", "30"),
            ("-0b1_01", "-5"),
            ("0xffff_ffff_ffff_ffff", "18446744073709551615"),
            ("1_000.5", "1_000.5"),
        ] {
            assert_eq!(read(text).unwrap().to_text().trim(), plain, "{text}");
        }
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
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn no_text_panics(text in "[\\PC\\n\"'()\\[\\]{}:,r#/*\\\\]{0,80}") {
            let _ = read(&text);
        }
    }
}
