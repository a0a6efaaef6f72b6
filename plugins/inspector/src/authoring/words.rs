//! What is known of a scene's text in words: the types of its values for tooltips, completion and the form, and reports
//! of what is wrong.

use super::TextProblem;
use super::schema::{FieldDoc, Schema, Shape, ShapeId};

impl Schema {
    /// A type in words, such as `list of numbers`.
    #[must_use]
    pub fn words(&self, id: ShapeId) -> String {
        match self.shape(id) {
            Shape::Number { whole: true, .. } => "whole number".into(),
            Shape::Number { .. } => "number".into(),
            Shape::Truth => "true or false".into(),
            Shape::Text => "text".into(),
            Shape::Point => "(x, y)".into(),
            Shape::Free => "number, truth or text".into(),
            Shape::Record { name, .. } | Shape::Choice { name, .. } => name.clone(),
            Shape::Optional(inner) => format!("{}, optional", self.words(*inner)),
            Shape::List(inner) => format!("list of {}", self.words(*inner)),
            Shape::Map(inner) => format!("map to {}", self.words(*inner)),
            Shape::Tuple(inner) => {
                format!("({})", inner.iter().map(|id| self.words(*id)).collect::<Vec<_>>().join(", "))
            }
            Shape::Opaque => "value".into(),
        }
    }

    /// Type, unit and range of a field in words.
    #[must_use]
    pub fn detail(&self, field: &FieldDoc) -> String {
        let mut parts = vec![self.words(field.shape)];
        if !field.unit.is_empty() {
            parts.push(field.unit.clone());
        }
        match field.range {
            Some((least, most)) if most >= f64::from(f32::MAX) => parts.push(format!("at least {least}")),
            Some((least, most)) => parts.push(format!("{least} to {most}")),
            None => {}
        }
        if let Some(default) = &field.default {
            parts.push(format!("default {default}"));
        }
        parts.join(" · ")
    }
}

impl TextProblem {
    /// The problem as plain text, with the line and a caret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}: {}\n", self.place(), self.message);
        if !self.excerpt.is_empty() {
            let before = " ".repeat(self.caret);
            text += &format!("    {}\n    {before}^\n", self.excerpt);
        }
        if !self.help.is_empty() {
            text += &format!("  help: {}\n", self.help);
        }
        text
    }
}

/// What a text is called that lies in no file and has no name yet.
pub(super) const UNTITLED: &str = "Untitled";
