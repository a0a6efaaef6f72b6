//! What the window's panels need to edit a scene's text, from the scene's types: the inspector's [`SceneAuthor`].
//!
//! | module | concept |
//! |---|---|
//! | [`mod@schema`] | the types of a scene as a tree of documented fields |
//! | [`patch`] | changes at a path of the text that leave all other bytes alone |
//! | [`complete`] | what could stand at the caret |
//! | [`indent`] | even indentation |

pub mod complete;
pub mod indent;
pub mod patch;
pub mod schema;

use std::path::Path;
use std::sync::Arc;

use agent2028_inspector::authoring::{
    Analysis, Authoring, Change, Completions, SceneAuthor, Schema, Step, Template, TextEdit, TextProblem, Value,
    ValueKind,
};

use crate::assemble::{ExtraPlugins, metrics_of, with_all_problems};
use crate::scene::load::load_text;
use crate::scene::report::{Found, SceneError};
use crate::scene::syntax::{Kind, Node, SourceId, parse};

/// A scene with more agents than this is not put together to check it while it is edited; running it does.
const MOST_AGENTS_TO_TRY: u64 = 1 << 24;

/// Knows scenes.
pub struct Author {
    schema: Schema,
    plugins: ExtraPlugins,
}

impl Author {
    /// Somebody who knows scenes, with plugins of your own.
    #[must_use]
    pub fn new(plugins: ExtraPlugins) -> Self {
        Self { schema: schema::of_scenes(), plugins }
    }

    /// The same as a resource for the inspector.
    #[must_use]
    pub fn resource(plugins: ExtraPlugins) -> Authoring {
        Authoring(Arc::new(Self::new(plugins)))
    }
}

impl SceneAuthor for Author {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn read(&self, text: &str) -> Option<Value> {
        parse(SourceId(0), text).ok().map(|node| value_of(&node))
    }

    fn analyse(&self, name: &str, text: &str, folder: Option<&Path>) -> Analysis {
        let value = self.read(text);
        let loaded = load_text(name, text, folder, &[]).map_err(|error| with_all_problems(error, &self.plugins));
        let read = loaded.and_then(|loaded| {
            let agents: u64 = loaded.scene.agents.iter().map(|group| u64::from(group.initial_count())).sum();
            if agents > MOST_AGENTS_TO_TRY { Ok(Vec::new()) } else { metrics_of(&loaded, &self.plugins) }
        });
        match read {
            Ok(metrics) => Analysis { value, problems: Vec::new(), metrics },
            Err(error) => Analysis { value, problems: problems_of(&error, name), metrics: Vec::new() },
        }
    }

    fn edit(&self, text: &str, path: &[Step], change: &Change) -> Result<TextEdit, String> {
        patch::edit(text, path, change)
    }

    fn complete(&self, text: &str, cursor: usize, known: &Analysis) -> Completions {
        complete::complete(&self.schema, text, cursor, known)
    }

    fn format(&self, text: &str) -> String {
        indent::indent(text)
    }

    fn templates(&self) -> Vec<Template> {
        [
            (
                "Empty",
                "One group of agents that stand still: a scene to build on.",
                include_str!("authoring/templates/empty.ron"),
            ),
            (
                "Flock",
                "Birds that keep together, with sliders for the three rules.",
                include_str!("authoring/templates/flock.ron"),
            ),
            (
                "Foraging",
                "Ants, a nest and food, with trails that others follow.",
                include_str!("authoring/templates/foraging.ron"),
            ),
        ]
        .map(|(name, about, text)| Template { name: name.into(), about: about.into(), text: text.into() })
        .into()
    }
}

/// The problems of a scene as panels show them; `name` is the edited text's.
#[must_use]
pub fn problems_of(error: &SceneError, name: &str) -> Vec<TextProblem> {
    error
        .places()
        .into_iter()
        .map(|Found { file, in_text, span, line, column, excerpt, caret, message, help }| TextProblem {
            here: in_text && file == name,
            span,
            line,
            column,
            file,
            message,
            help,
            excerpt,
            caret,
        })
        .collect()
}

/// A syntax tree as panels read it.
fn value_of(node: &Node) -> Value {
    let kind = match &node.kind {
        Kind::Number(text) => ValueKind::Number(text.clone()),
        Kind::Text(text) => ValueKind::Text(text.clone()),
        Kind::Word(word) => ValueKind::Word(word.clone()),
        // No scene has such values; the form shows them as they stand.
        Kind::Character(_) | Kind::Bytes(_) => ValueKind::Word(node.to_line()),
        Kind::Struct(name, fields) => ValueKind::Record(
            name.as_ref().map(|name| name.text.clone()),
            fields.iter().map(|(name, node)| (name.text.clone(), value_of(node))).collect(),
        ),
        Kind::Tuple(name, items) => {
            ValueKind::Tuple(name.as_ref().map(|name| name.text.clone()), items.iter().map(value_of).collect())
        }
        Kind::List(items) => ValueKind::List(items.iter().map(value_of).collect()),
        Kind::Map(entries) => ValueKind::Map(
            entries
                .iter()
                .map(|(key, node)| {
                    let key = match &key.kind {
                        Kind::Text(text) | Kind::Word(text) | Kind::Number(text) => text.clone(),
                        _ => key.to_text().trim().to_owned(),
                    };
                    (key, value_of(node))
                })
                .collect(),
        ),
    };
    Value { kind, span: node.place.span.clone() }
}
