//! The contract with whoever knows what a scene is: the panels edit a scene's text and know nothing of its types but what
//! the language describes.
//!
//! A program that has scenes inserts an [`Authoring`] resource. Without it the editor colours and saves, but neither
//! checks nor completes, and there is no form.

mod words;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent2028_language::syntax::Node;
use agent2028_language::types::Types;
use bevy::prelude::*;

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
    /// The types of a scene.
    fn types(&self) -> &Types;

    /// Reads a text: its values with their places, and everything that is wrong. Includes and tables are looked up in
    /// `folder`.
    fn analyse(&self, name: &str, text: &str, folder: Option<&Path>) -> Analysis;

    /// Scenes to begin with: a name, what it is, and its text.
    fn templates(&self) -> Vec<Template>;
}

/// A text as it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The name by which the scene was opened, as reports show it.
    pub name: String,
    /// The title of the scene.
    pub title: String,
    /// The text.
    pub text: String,
    /// The file; nothing for a built-in scene and one that was never saved.
    pub path: Option<PathBuf>,
    /// Whether it could not be run: another scene runs while it is mended.
    pub broken: bool,
    /// The text is too long to be edited: so many bytes. Then `text` is empty, and the scene runs all the same.
    pub withheld: Option<u64>,
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
    pub tree: Option<Node>,
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
    fn columns_count_characters() {
        assert_eq!(line_and_column("a\nüx", 4), (2, 2));
    }
}
