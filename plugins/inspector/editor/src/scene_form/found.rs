//! What a search in the form finds, flat, with its paths.

use agent2028_language::path::{Step, path_text};
use agent2028_language::syntax::Node;
use agent2028_language::types::{FieldDoc, Shape, Types};
use bevy_egui::egui;
use egui::Ui;
use egui_material_icons::icons::ICON_SEARCH_OFF;

use super::Form;
use super::lists::PAGE;
use crate::widgets;

/// A search goes so deep into what isn't set.
pub(super) const SEARCH_DEPTH: usize = 5;

/// A search shows so many fields.
pub(super) const MOST_FOUND: usize = 80;

/// The fields below that hold all words in name, path or meaning.
pub(super) fn gather(
    types: &Types,
    fields: &[FieldDoc],
    way: &mut Vec<Step>,
    holder: Option<&Node>,
    words: &[String],
    depth: usize,
    out: &mut Vec<(FieldDoc, Vec<Step>)>,
) {
    for field in fields {
        if out.len() >= MOST_FOUND {
            return;
        }
        let step = Step::Field(field.name.clone());
        let value = holder.and_then(|holder| holder.step(&step));
        way.push(step);
        let text = format!("{} {} {}", path_text(way), field.name.replace('_', " "), field.docs).to_lowercase();
        let hit = words.iter().all(|word| text.contains(word));
        if hit {
            out.push((field.clone(), way.clone()));
        }
        let inner = types.plain(field.shape);
        // What is found as a whole section opens there; what is not set has no items.
        if !hit && depth > 0 {
            match types.shape(inner) {
                Shape::Record { fields, .. }
                    if value.is_some() || !matches!(types.shape(field.shape), Shape::Optional(_)) =>
                {
                    gather(types, fields, way, value.map(Node::plain), words, depth - 1, out);
                }
                Shape::List(item) => {
                    if let Shape::Record { fields, .. } = types.shape(types.plain(*item)) {
                        for index in 0..value.map_or(0, Node::len).min(PAGE) {
                            way.push(Step::Item(index));
                            let item = value.and_then(|value| value.step(&Step::Item(index)));
                            gather(types, fields, way, item, words, depth - 1, out);
                            way.pop();
                        }
                    }
                }
                _ => {}
            }
        }
        way.pop();
    }
}

impl Form<'_> {
    /// Everything that the search finds, flat, with the paths as titles.
    pub(super) fn found(&mut self, ui: &mut Ui, fields: &[FieldDoc], value: &Node) {
        let words: Vec<String> = self.state.search.split_whitespace().map(str::to_lowercase).collect();
        let mut hits = Vec::new();
        gather(self.types, fields, &mut Vec::new(), Some(value), &words, SEARCH_DEPTH, &mut hits);
        hits.retain(|(_, path)| !self.state.only_set || value.at(path).is_some());
        if hits.is_empty() {
            let how = "Search by the name of a field, its path or what it means.";
            widgets::empty(ui, self.look, ICON_SEARCH_OFF, "No field matches", how);
        }
        for (field, mut path) in hits {
            let title = path_text(&path);
            let at = value.at(&path);
            self.field(ui, &field, &title, &mut path, at);
        }
    }
}
