//! Lists and maps of the form: items with a title, more of them, and their order.

use agent2028_language::patch::Change;
use agent2028_language::path::{Step, path_text};
use agent2028_language::syntax::{Kind, Node};
use agent2028_language::types::{FieldDoc, Shape, ShapeId};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Layout, TextEdit, Ui, WidgetType};
use egui_material_icons::icons::{ICON_ADD, ICON_ARROW_DOWNWARD, ICON_ARROW_UPWARD, ICON_CONTENT_COPY, ICON_DELETE};

use super::{Form, head_of};
use crate::theme::measure;
use crate::{format, widgets};

/// So many items of a list are shown before a button asks for more.
pub(super) const PAGE: usize = 50;

/// What a value is called in a list: its name, its first text, or its variant.
pub(super) fn title_of(value: &Node, index: usize) -> String {
    let value = value.plain();
    match &value.kind {
        Kind::Struct(head, fields) => {
            let named = ["name", "title", "text", "metric", "agents", "layer", "at"]
                .iter()
                .find_map(|key| fields.iter().find(|(name, _)| name.text == *key))
                .and_then(|(name, value)| match &value.kind {
                    Kind::Text(text) => Some(text.clone()),
                    Kind::Number(number) if name.text == "at" => Some(format!("tick {number}")),
                    _ => None,
                });
            let action = fields.iter().find(|(name, _)| name.text == "do").and_then(|(_, value)| head_of(value));
            match (named, action, head) {
                (Some(named), Some(action), _) => format!("{named}: {action}"),
                (Some(named), ..) => named,
                (None, Some(action), _) => action,
                (None, None, Some(head)) => head.text.clone(),
                _ => format!("{}", index + 1),
            }
        }
        Kind::Text(text) | Kind::Number(text) | Kind::Word(text) => text.clone(),
        _ => head_of(value).unwrap_or_else(|| format!("{}", index + 1)),
    }
}

impl Form<'_> {
    pub(super) fn items(&mut self, ui: &mut Ui, inner: ShapeId, path: &mut Vec<Step>, value: Option<&Node>) {
        let items: &[Node] = match value.map(|value| &value.plain().kind) {
            Some(Kind::List(items)) => items,
            _ => &[],
        };
        let shown = (self.state.pages + 1) * PAGE;
        let blank = self.types.blank(inner);
        let plain = self.types.plain(inner);
        let flat = !matches!(
            self.types.shape(plain),
            Shape::Record { .. } | Shape::Choice { .. } | Shape::List(_) | Shape::Map(_)
        );
        for (index, item) in items.iter().enumerate().take(shown) {
            path.push(Step::Item(index));
            let field = FieldDoc { shape: inner, ..FieldDoc::default() };
            let title = if flat { format!("{}", index + 1) } else { title_of(item, index) };
            // From the right, so that the tools keep their place and the field has what is left.
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                self.item_tools(ui, path, index, items.len());
                ui.with_layout(Layout::top_down(Align::Min), |ui| self.field(ui, &field, &title, path, Some(item)));
            });
            path.pop();
        }
        ui.horizontal(|ui| {
            let add = widgets::icon_button(ui, self.look, ICON_ADD, &format!("Add to {}", path_text(path)));
            if widgets::tip(add, self.look, "Add one at the end", "").clicked() {
                path.push(Step::Item(items.len()));
                self.want(path, Change::Insert(blank));
                path.pop();
            }
            let more = items.len().saturating_sub(shown);
            if items.is_empty() {
                ui.label(self.look.quiet("None so far"));
            } else if more > 0 {
                let text = format!("Show {} more of {}", more.min(PAGE), format::count(items.len() as u64));
                if widgets::text_button(ui, self.look.body(text)).clicked() {
                    self.state.pages += 1;
                }
            }
        });
    }

    pub(super) fn item_tools(&mut self, ui: &mut Ui, path: &[Step], index: usize, count: usize) {
        let look = self.look;
        let place = path_text(path);
        let tools = [
            (ICON_ARROW_UPWARD, "Move up", index > 0, Change::Swap(index.saturating_sub(1))),
            (ICON_ARROW_DOWNWARD, "Move down", index + 1 < count, Change::Swap(index + 1)),
            (ICON_CONTENT_COPY, "Duplicate", true, Change::Duplicate),
            (ICON_DELETE, "Remove", true, Change::Remove),
        ];
        for (icon, what, can, change) in tools.into_iter().rev() {
            let button = ui.add_enabled_ui(can, |ui| widgets::icon_button(ui, look, icon, &format!("{what} {place}")));
            if widgets::tip(button.inner, look, what, "").clicked() {
                self.want(path, change);
            }
        }
    }

    pub(super) fn entries(&mut self, ui: &mut Ui, inner: ShapeId, path: &mut Vec<Step>, value: Option<&Node>) {
        let entries: &[(Node, Node)] = match value.map(|value| &value.plain().kind) {
            Some(Kind::Map(entries)) => entries,
            _ => &[],
        };
        for (key, item) in entries {
            let key = &key.key_text();
            path.push(Step::Key(key.clone()));
            ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                let remove = widgets::icon_button(ui, self.look, ICON_DELETE, &format!("Remove {key}"));
                if widgets::tip(remove, self.look, "Remove this entry", "").clicked() {
                    self.want(path, Change::Remove);
                }
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    self.key(ui, path, key);
                    let field = FieldDoc { shape: inner, ..FieldDoc::default() };
                    self.field(ui, &field, key, path, Some(item));
                });
            });
            path.pop();
        }
        let add = widgets::icon_button(ui, self.look, ICON_ADD, &format!("Add to {}", path_text(path)));
        if widgets::tip(add, self.look, "Add an entry", "").clicked() {
            let free = (1..).map(|number| format!("new-{number}"));
            let mut free = free.filter(|name| !entries.iter().any(|(key, _)| key.key_text() == *name));
            path.push(Step::Key(free.next().unwrap_or_default()));
            let blank = self.types.blank(inner);
            self.want(path, Change::Set(blank));
            path.pop();
        }
    }

    /// The name of an entry, which is written at once when the field is left.
    pub(super) fn key(&mut self, ui: &mut Ui, path: &[Step], key: &str) {
        let marker: Vec<Step> = path.iter().cloned().chain([Step::Key("name".into())]).collect();
        let mut text = match &self.state.writing {
            Some((at, text)) if *at == marker => text.clone(),
            _ => key.to_owned(),
        };
        let field = ui.add(TextEdit::singleline(&mut text).desired_width(measure::CHOICE));
        widgets::named(ui, &field, WidgetType::TextEdit, &format!("Name of entry {key}"));
        if field.changed() {
            self.state.writing = Some((marker, text));
        } else if field.lost_focus()
            && let Some((_, text)) = self.state.writing.take_if(|(at, _)| *at == marker)
            && text != key
        {
            self.want(path, Change::Rename(text));
        }
    }
}
