//! Search in the text, and the way to a line.

use agent2028_language::patch::TextEdit as Edit;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Key, TextEdit, Ui, WidgetType};
use egui_material_icons::icons::{
    ICON_CLOSE, ICON_FIND_REPLACE, ICON_KEYBOARD_ARROW_DOWN, ICON_KEYBOARD_ARROW_UP, ICON_SEARCH,
};

use super::{EditorState, editor_id};
use crate::document::Document;
use crate::theme::{Look, measure};
use crate::{format, widgets};

/// Marks of search results end after so many, so that searching for a blank stays quick.
pub(super) const MOST_FOUND: usize = 10_000;

/// A search in the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Find {
    pub(super) wanted: String,
    pub(super) instead: String,
    /// Where it was found, in bytes; for which text and words that holds.
    pub(super) found: Vec<usize>,
    pub(super) known: Option<(u64, String)>,
    pub(super) at: usize,
    pub(super) fresh: bool,
}

pub(super) fn goto_bar(ui: &mut Ui, look: &Look, document: &Document, state: &mut EditorState) {
    let mut target = None;
    let mut close = false;
    if let Some(line) = &mut state.goto {
        ui.horizontal(|ui| {
            ui.label(look.quiet("Go to line"));
            let field = ui.add(TextEdit::singleline(line).desired_width(measure::NUMBER));
            widgets::named(ui, &field, WidgetType::TextEdit, "Line to go to");
            ui.label(look.quiet(format!("of {}", format::count(document.lines().len() as u64))));
            if field.lost_focus() {
                close = true;
                // The text below gets the keyboard in this very frame: the key must not be in it any more.
                if ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Enter)) {
                    target = line.trim().parse::<usize>().ok();
                }
            } else {
                field.request_focus();
            }
        });
    }
    if let Some(line) = target {
        let line = line.clamp(1, document.lines().len());
        state.jump_to(document.line_span(line - 1).start);
    }
    if close {
        state.goto = None;
    }
}

impl Find {
    /// Looks again if the text or the words have changed.
    pub(super) fn look(&mut self, document: &Document) {
        let now = (document.version(), self.wanted.clone());
        if self.known.as_ref() == Some(&now) {
            return;
        }
        self.known = Some(now);
        self.found.clear();
        if self.wanted.is_empty() {
            return;
        }
        // Letters that change their length in lower case would move the bytes: ASCII is enough for names of fields.
        let (text, wanted) = (document.text().to_ascii_lowercase(), self.wanted.to_ascii_lowercase());
        self.found.extend(text.match_indices(&wanted).map(|(at, _)| at).take(MOST_FOUND));
        self.at = self.at.min(self.found.len().saturating_sub(1));
    }
}

pub(super) fn find_bar(ui: &mut Ui, look: &Look, document: &mut Document, state: &mut EditorState, now: f64) {
    let Some(mut find) = state.find.take() else {
        return;
    };
    find.look(document);
    let mut close = false;
    let mut step = 0_i64;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let icon = look.icon(ICON_SEARCH).color(look.secondary);
        let field = TextEdit::singleline(&mut find.wanted).prefix(icon).hint_text("Find").desired_width(measure::LABEL);
        let field = ui.add(field);
        widgets::named(ui, &field, WidgetType::TextEdit, "Find");
        if std::mem::take(&mut find.fresh) {
            field.request_focus();
        }
        if field.changed() {
            find.look(document);
            find.at = find.found.partition_point(|at| *at < state.selection.start);
            find.at = find.at.min(find.found.len().saturating_sub(1));
            if let Some(at) = find.found.get(find.at) {
                state.jump = Some(*at);
            }
        }
        if let Some(held) = widgets::pressed_with(ui, Key::Enter).filter(|_| field.lost_focus()) {
            step = if held.shift { -1 } else { 1 };
            field.request_focus();
        }
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
            close = true;
        }
        let up = widgets::icon_button(ui, look, ICON_KEYBOARD_ARROW_UP, "Previous place");
        step -= i64::from(widgets::tip(up, look, "Previous place", "Shift Enter").clicked());
        let down = widgets::icon_button(ui, look, ICON_KEYBOARD_ARROW_DOWN, "Next place");
        step += i64::from(widgets::tip(down, look, "Next place", "Enter").clicked());
        let instead = TextEdit::singleline(&mut find.instead).hint_text("Replace by").desired_width(measure::LABEL);
        let instead = ui.add(instead);
        widgets::named(ui, &instead, WidgetType::TextEdit, "Replace by");
        let some = !find.found.is_empty();
        let one = ui.add_enabled_ui(some, |ui| widgets::text_button(ui, look.body("Replace"))).inner;
        if one.on_hover_text(look.body("Replace this place and go to the next")).clicked()
            && let Some(at) = find.found.get(find.at)
        {
            let edit = Edit { span: *at..*at + find.wanted.len(), text: find.instead.clone() };
            document.apply(&edit, now);
            find.look(document);
        }
        let all = widgets::icon_button(ui, look, ICON_FIND_REPLACE, "Replace all places");
        if widgets::tip(all, look, "Replace all places at once; undo takes it back at once", "").clicked() && some {
            let mut text = document.text().to_owned();
            for at in find.found.iter().rev() {
                text.replace_range(*at..*at + find.wanted.len(), &find.instead);
            }
            document.changed_to(&text, now);
            find.look(document);
        }
        let count = if find.wanted.is_empty() {
            String::new()
        } else if find.found.is_empty() {
            "nowhere".into()
        } else {
            format!("{} of {}", find.at + 1, format::count(find.found.len() as u64))
        };
        ui.label(look.quiet(count));
        let end = widgets::icon_button(ui, look, ICON_CLOSE, "Close the search");
        close |= widgets::tip(end, look, "Close the search", "Escape").clicked();
    });
    if step != 0 && !find.found.is_empty() {
        let count = find.found.len() as i64;
        find.at = (find.at as i64 + step).rem_euclid(count) as usize;
        state.jump = find.found.get(find.at).copied();
    }
    if !close {
        state.find = Some(find);
    } else {
        ui.memory_mut(|memory| memory.request_focus(editor_id()));
    }
}
