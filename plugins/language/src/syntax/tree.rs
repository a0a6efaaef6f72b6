//! Values with their places.

use std::collections::BTreeSet;

use super::place::{Place, SourceId};

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
    /// A number as it was written, in digits.
    Number(String),
    /// Text, unescaped.
    Text(String),
    /// A character.
    Character(char),
    /// Bytes.
    Bytes(Vec<u8>),
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

    /// Takes a field out of a struct.
    pub fn take_field(&mut self, name: &str) -> Option<Self> {
        let Kind::Struct(_, fields) = &mut self.kind else { return None };
        let at = fields.iter().position(|(field, _)| field.text == name)?;
        Some(fields.remove(at).1)
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
            _ => {}
        }
    }

    /// What it is, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Number(text) => format!("the number {text}"),
            Kind::Text(text) if text.len() < 30 => format!("the text \"{text}\""),
            Kind::Text(_) => "text".into(),
            Kind::Character(letter) => format!("the character '{letter}'"),
            Kind::Bytes(_) => "bytes".into(),
            Kind::Word(word) => format!("the word {word}"),
            Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => format!("{}(…)", name.text),
            Kind::Struct(None, _) => "(field: value, …)".into(),
            Kind::Tuple(None, items) if items.is_empty() => "()".into(),
            Kind::Tuple(None, _) => "(value, …)".into(),
            Kind::List(_) => "a list […]".into(),
            Kind::Map(_) => "a map {…}".into(),
        }
    }
}
