//! The contract with whoever knows what a scene is: the panels edit a scene's text and know nothing of its types.
//!
//! | module | concept |
//! |---|---|
//! | [`schema`] | what a scene may hold, as a tree of documented fields |
//! | [`document`] | the text being edited, with undo, and what is known about it |
//!
//! A program that has scenes inserts an [`Authoring`] resource. Without it the editor colours and saves, but neither
//! checks nor completes, and there is no form.

pub mod document;
pub mod schema;
mod words;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bevy::prelude::*;

pub use document::Document;
pub use schema::{FieldDoc, Payload, Schema, Shape, ShapeId, VariantDoc};

/// Somebody who knows what a scene is.
#[derive(Resource, Clone)]
pub struct Authoring(pub Arc<dyn SceneAuthor>);

impl std::fmt::Debug for Authoring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authoring")
    }
}

/// What the panels need to know about scenes to edit their text.
pub trait SceneAuthor: Send + Sync {
    /// What a scene may hold.
    fn schema(&self) -> &Schema;

    /// The values of a text with their places, without checking them; nothing if it isn't RON.
    fn read(&self, text: &str) -> Option<Value>;

    /// Reads a text: its values with their places, and everything that is wrong. Includes and tables are looked up in
    /// `folder`.
    fn analyse(&self, name: &str, text: &str, folder: Option<&Path>) -> Analysis;

    /// The one replacement in the text that makes a change at a path and leaves every other byte as it is.
    ///
    /// # Errors
    /// With a sentence, if the text can't be read, the path leads nowhere, or the new text is no value.
    fn edit(&self, text: &str, path: &[Step], change: &Change) -> Result<TextEdit, String>;

    /// What could stand at a byte of the text, which may be unfinished. `known` is the last reading of it that went well.
    fn complete(&self, text: &str, cursor: usize, known: &Analysis) -> Completions;

    /// The text with even indentation; comments and line breaks stay.
    fn format(&self, text: &str) -> String;

    /// Scenes to begin with: a name, what it is, and its text.
    fn templates(&self) -> Vec<Template>;
}

/// A scene to begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// What it is called.
    pub name: String,
    /// What it holds, in a sentence.
    pub about: String,
    /// Its text.
    pub text: String,
}

/// What is known about a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// Its values; nothing if the text isn't RON.
    pub value: Option<Value>,
    /// What is wrong, in the order of the text.
    pub problems: Vec<TextProblem>,
    /// The names of the metrics that the scene has, if it could be put together.
    pub metrics: Vec<String>,
}

/// Something that is wrong with a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextProblem {
    /// The bytes that are wrong.
    pub span: Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The file: the edited one, or one that it includes.
    pub file: String,
    /// Whether it is in the edited text itself.
    pub here: bool,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
    /// The line of the text that is wrong; of a long line what stands around the place.
    pub excerpt: String,
    /// How many characters of the excerpt stand before the place.
    pub caret: usize,
}

impl TextProblem {
    /// Where it is, as compilers write it: `flock.ron:12:5`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A value with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// Its bytes.
    pub span: Range<usize>,
}

/// What a value can be.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueKind {
    /// A number as it was written.
    Number(String),
    /// Text, unescaped.
    Text(String),
    /// A word: `true`, `None`, a variant.
    Word(String),
    /// `Name(field: value)` or `(field: value)`.
    Record(Option<String>, Vec<(String, Value)>),
    /// `Name(value)` or `(value, value)`.
    Tuple(Option<String>, Vec<Value>),
    /// `[value]`.
    List(Vec<Value>),
    /// `{key: value}`.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The value without a `Some(…)` around it.
    #[must_use]
    pub fn plain(&self) -> &Self {
        match &self.kind {
            ValueKind::Tuple(Some(name), items) if name == "Some" && items.len() == 1 => items[0].plain(),
            _ => self,
        }
    }

    /// The value one step further.
    #[must_use]
    pub fn step(&self, step: &Step) -> Option<&Self> {
        let value = self.plain();
        match (&value.kind, step) {
            (ValueKind::Record(_, fields), Step::Field(name)) => {
                fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
            }
            // `Kill((select: All))` stands for `Kill(select: All)`.
            (ValueKind::Tuple(Some(_), items), Step::Field(_)) if items.len() == 1 => items[0].step(step),
            (ValueKind::Tuple(_, items) | ValueKind::List(items), Step::Item(index)) => items.get(*index),
            (ValueKind::Map(entries), Step::Key(key)) => {
                entries.iter().find(|(own, _)| own == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The value at a path.
    #[must_use]
    pub fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |value, step| value.step(step))
    }

    /// How many items, fields or entries it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.plain().kind {
            ValueKind::Record(_, fields) => fields.len(),
            ValueKind::Tuple(_, items) | ValueKind::List(items) => items.len(),
            ValueKind::Map(entries) => entries.len(),
            _ => 0,
        }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The path of the innermost value around a byte.
    #[must_use]
    pub fn path_at(&self, byte: usize) -> Vec<Step> {
        let inside = |value: &Self| value.span.start <= byte && byte <= value.span.end;
        let found = match &self.kind {
            ValueKind::Record(_, fields) => fields
                .iter()
                .find(|(_, value)| inside(value))
                .map(|(name, value)| (Some(Step::Field(name.clone())), value)),
            ValueKind::Map(entries) => entries
                .iter()
                .find(|(_, value)| inside(value))
                .map(|(key, value)| (Some(Step::Key(key.clone())), value)),
            ValueKind::Tuple(Some(name), items) if name == "Some" && items.len() == 1 => {
                inside(&items[0]).then(|| (None, &items[0]))
            }
            ValueKind::Tuple(_, items) | ValueKind::List(items) => items
                .iter()
                .enumerate()
                .find(|(_, value)| inside(value))
                .map(|(index, value)| (Some(Step::Item(index)), value)),
            _ => None,
        };
        let Some((step, value)) = found else {
            return Vec::new();
        };
        let mut path: Vec<Step> = step.into_iter().collect();
        path.extend(value.path_at(byte));
        path
    }
}

/// One step of a path into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A field of a record.
    Field(String),
    /// An item of a list or tuple.
    Item(usize),
    /// An entry of a map.
    Key(String),
}

/// A path as people write it: `boids.flocks[0].max_speed`.
#[must_use]
pub fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) | Step::Key(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Item(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// What is to be done at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Put this there; what is missing on the way comes into being.
    Set(String),
    /// Take the field, item or entry away.
    Remove,
    /// Put this in front of the item of a list, or at its end.
    Insert(String),
    /// Put a copy of the item after it.
    Duplicate,
    /// Let the item of a list change places with the one at this index.
    Swap(usize),
    /// Give the entry of a map another key.
    Rename(String),
}

/// A replacement in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes that go.
    pub span: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

/// What could stand at a place of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The bytes that a completion replaces: what was typed of it so far.
    pub span: Range<usize>,
    /// The completions, best first.
    pub items: Vec<Completion>,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// What is listed.
    pub label: String,
    /// What is put into the text. The caret lands on the first `|`, which is left out, or behind the text.
    pub insert: String,
    /// Type, unit and range.
    pub detail: String,
    /// What it means.
    pub docs: String,
}

/// Line and column (in characters) of a byte, both from 1.
#[must_use]
pub fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_file_line_caret_and_help() {
        let problem = TextProblem {
            line: 2,
            column: 3,
            file: "flock.ron".into(),
            message: "no field".into(),
            help: "did you mean seed?".into(),
            excerpt: "  sed: 1".into(),
            caret: 2,
            ..Default::default()
        };
        assert_eq!(problem.to_text(), "flock.ron:2:3: no field\n      sed: 1\n      ^\n  help: did you mean seed?\n");
    }

    #[test]
    fn paths_read_like_people_write_them() {
        let path = [Step::Field("boids".into()), Step::Field("flocks".into()), Step::Item(2), Step::Key("a".into())];
        assert_eq!(path_text(&path), "boids.flocks[2].a");
        assert_eq!(line_and_column("a\nüx", 4), (2, 2));
    }
}
