//! The scene as text: coloured, with what is wrong underlined, completion, search, and a way to try it out.

mod canvas;
mod completion;
mod find;
mod keys;
mod problem_list;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use agent2028_language::indent::indent;
use agent2028_view::Theme;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Galley, Id, Label, Layout, Rect, ScrollArea, TextBuffer, TextEdit, Ui, Vec2, WidgetType, vec2};
use egui_material_icons::icons::{
    ICON_EDIT_NOTE, ICON_FORMAT_INDENT_INCREASE, ICON_PLAY_ARROW, ICON_REDO, ICON_RESTART_ALT as ICON_REVERT,
    ICON_SAVE, ICON_SEARCH, ICON_UNDO,
};

use crate::actions::{Action, Actions};
use crate::authoring::{SceneAuthor, line_and_column};
use crate::document::Document;
use crate::scene::SceneRequest;
use crate::theme::{Look, hairline, measure, radius};
use crate::{format, widgets};

use canvas::{Canvas, lay_out};
use completion::{Offer, after_typing, offer};
use find::{Find, find_bar, goto_bar};
use keys::{byte_of, keys, set_caret};
use problem_list::problem_list;

/// What the panel remembers.
#[derive(Default)]
pub struct EditorState {
    caret: usize,
    selection: std::ops::Range<usize>,
    find: Option<Find>,
    goto: Option<String>,
    offer: Option<Offer>,
    jump: Option<usize>,
    laid_out: Option<(u64, Theme, Arc<Galley>)>,
    note: Option<String>,
    /// How high the text was shown last.
    height: f32,
}

impl std::fmt::Debug for EditorState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EditorState").field("caret", &self.caret).finish_non_exhaustive()
    }
}

impl EditorState {
    /// Puts the caret at a byte, scrolls to it and takes the keyboard.
    pub fn jump_to(&mut self, byte: usize) {
        self.jump = Some(byte);
        self.offer = None;
    }

    /// The byte at which the caret stands.
    #[must_use]
    pub fn caret(&self) -> usize {
        self.caret
    }

    /// The text as it was last laid out, which is kept as long as it stays the same.
    #[cfg(test)]
    pub(crate) fn layout(&self) -> Option<Arc<Galley>> {
        self.laid_out.as_ref().map(|(_, _, galley)| galley.clone())
    }
}

/// The text field.
#[must_use]
pub fn editor_id() -> Id {
    Id::new("scene text")
}

/// Shows the editor. `author` checks and completes, if there is one.
pub fn show(
    ui: &mut Ui,
    look: &Look,
    author: Option<&Arc<dyn SceneAuthor>>,
    document: &mut Document,
    state: &mut EditorState,
    actions: &mut Actions,
) {
    let now = ui.input(|input| input.time);
    ui.data_mut(|data| data.insert_temp(editor_id(), ui.max_rect()));
    if let Some(bytes) = document.withheld() {
        too_long(ui, look, bytes);
        return;
    }
    if let Some(author) = author
        && document.analyse(author, now)
    {
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(60));
    }
    if document.text().is_empty() && document.name().is_empty() {
        widgets::empty(
            ui,
            look,
            ICON_EDIT_NOTE,
            "No scene is open",
            "Press Ctrl O and choose one, or begin a new one there: its text stands here then.",
        );
        return;
    }
    let focused = ui.memory(|memory| memory.has_focus(editor_id()));
    keys(ui, author, document, state, actions, focused, now);
    tools(ui, look, document, state, actions, now);
    if state.find.is_some() {
        find_bar(ui, look, document, state, now);
    }
    if state.goto.is_some() {
        goto_bar(ui, look, document, state);
    }
    let problems = document.analysis().problems.len();
    let list = (problems.min(3) as f32 * measure::PROBLEM_ROW) + if problems > 0 { spacing::NORMAL } else { 0.0 };
    let rest = list + measure::CONTROL + spacing::NORMAL;
    let height = (ui.available_height() - rest).max(measure::PROBLEM_ROW * 2.0);
    text(ui, look, author, document, state, height, now);
    foot(ui, look, document, state);
    if problems > 0 {
        problem_list(ui, look, document, state, list);
    }
}

/// Stands where a text would that is too long to be edited.
pub(crate) fn too_long(ui: &mut Ui, look: &Look, bytes: u64) {
    let how = format!(
        "It has {}: more than can be edited here. The scene runs all the same; change its file with another program.",
        format::bytes(bytes)
    );
    widgets::empty(ui, look, ICON_EDIT_NOTE, "The text of this scene is too long", &how);
}

fn run(document: &Document, actions: &mut Actions) {
    actions.push(Action::Scene(SceneRequest::Run(document.text().to_owned())));
}

fn tools(ui: &mut Ui, look: &Look, document: &mut Document, state: &mut EditorState, actions: &mut Actions, now: f64) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let tint = if document.is_ahead() { look.accent } else { look.secondary };
        let apply = widgets::verb_button(ui, look, ICON_PLAY_ARROW, tint, "Apply", measure::LABEL);
        if widgets::tip(apply, look, "Run this text from tick 0, without saving it", "Ctrl Enter").clicked() {
            run(document, actions);
        }
        let save = widgets::icon_button(ui, look, ICON_SAVE, "Save the scene");
        if widgets::tip(save, look, "Save the scene", "Ctrl S").clicked() {
            actions.push(Action::SaveScene { ask: false });
        }
        let (undo, redo) = document.can_undo();
        let back =
            ui.add_enabled_ui(undo, |ui| widgets::icon_button(ui, look, ICON_UNDO, "Undo the last change")).inner;
        if widgets::tip(back, look, "Undo the last change of the text", "Ctrl Z").clicked()
            && let Some(caret) = document.undo(now)
        {
            state.jump_to(caret);
        }
        let forth = ui.add_enabled_ui(redo, |ui| widgets::icon_button(ui, look, ICON_REDO, "Redo the change")).inner;
        if widgets::tip(forth, look, "Redo the change that was undone", "Ctrl Shift Z").clicked()
            && let Some(caret) = document.redo(now)
        {
            state.jump_to(caret);
        }
        let search = widgets::icon_toggle(ui, look, ICON_SEARCH, "Find in the text", state.find.is_some());
        if widgets::tip(search, look, "Find and replace", "Ctrl F").clicked() {
            state.find = match state.find.take() {
                Some(_) => None,
                None => Some(Find { fresh: true, ..Find::default() }),
            };
        }
        let format = widgets::icon_button(ui, look, ICON_FORMAT_INDENT_INCREASE, "Indent the text evenly");
        if widgets::tip(format, look, "Indent the text evenly; comments and lines stay", "").clicked() {
            let text = indent(document.text());
            document.changed_to(&text, now);
        }
        let dirty = document.is_dirty();
        let revert = ui
            .add_enabled_ui(dirty, |ui| widgets::icon_button(ui, look, ICON_REVERT, "Revert to the saved text"))
            .inner;
        if widgets::tip(revert, look, "Go back to the text as it was saved; undo brings the changes back", "").clicked()
        {
            document.revert(now);
        }
    });
}

/// The line below the text: how it stands, and where the caret is.
fn foot(ui: &mut Ui, look: &Look, document: &Document, state: &mut EditorState) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (line, column) = line_and_column(document.text(), state.caret);
            let place = format!("{line}:{column}");
            let at = ui.add(egui::Button::new(look.figure(place.as_str())).frame_when_inactive(false));
            widgets::named(ui, &at, WidgetType::Button, &format!("Line {line}, column {column}"));
            if widgets::tip(at, look, "Line and column of the caret; click to go to a line", "Ctrl G").clicked() {
                state.goto = Some(String::new());
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                status(ui, look, document, state.note.as_deref());
            });
        });
    });
}

/// What is to be known about the text, in words.
fn status(ui: &mut Ui, look: &Look, document: &Document, note: Option<&str>) {
    let problems = document.analysis().problems.len() as u64;
    let words = match (note, problems) {
        (Some(note), _) => look.quiet(note),
        (None, 0) if document.is_ahead() => look.quiet("Changed; Apply runs it"),
        (None, 0) => look.quiet("Runs as it stands"),
        (None, count) => look.quiet(format::counted(count, "problem", "problems")).color(look.danger),
    };
    ui.add(Label::new(words).truncate());
}

fn text(
    ui: &mut Ui,
    look: &Look,
    author: Option<&Arc<dyn SceneAuthor>>,
    document: &mut Document,
    state: &mut EditorState,
    height: f32,
    now: f64,
) {
    let digits = document.lines().len().to_string().len().max(3);
    let gutter = measure::DIGIT * digits as f32 + spacing::WIDE * 2.0;
    let jump = state.jump.take();
    if let Some(byte) = jump {
        set_caret(ui, document, state, byte..byte);
        let typing_elsewhere = state.find.is_some() || state.goto.is_some();
        if !typing_elsewhere {
            ui.memory_mut(|memory| memory.request_focus(editor_id()));
        }
    }
    let frame = egui::Frame::new().fill(look.background).stroke(hairline(look)).corner_radius(radius());
    frame.show(ui, |ui| {
        ui.set_height(height);
        ScrollArea::both().id_salt("scene text").auto_shrink([false, false]).max_height(height).show(ui, |ui| {
            crate::texts::scrolls_sideways(ui);
            let mut content = document.text().to_owned();
            // As wide as the longest line was in the last frame: lines are not broken, the view scrolls sideways.
            let longest = state.laid_out.as_ref().map_or(0.0, |(.., galley)| galley.size().x);
            let width = (longest + gutter + spacing::SECTION * 2.0).max(ui.clip_rect().width());
            let EditorState { laid_out, .. } = state;
            let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, _: f32| {
                let mut hasher = DefaultHasher::new();
                buffer.as_str().hash(&mut hasher);
                ui.pixels_per_point().to_bits().hash(&mut hasher);
                let hash = hasher.finish();
                if let Some((known, theme, galley)) = laid_out
                    && (*known, *theme) == (hash, look.theme)
                {
                    return galley.clone();
                }
                let galley = lay_out(ui, look, buffer.as_str());
                *laid_out = Some((hash, look.theme, galley.clone()));
                galley
            };
            let margin = egui::Margin { left: gutter as i8, ..crate::theme::margin(spacing::NORMAL, spacing::TIGHT) };
            let output = TextEdit::multiline(&mut content)
                .id(editor_id())
                .code_editor()
                .frame(egui::Frame::new().inner_margin(margin))
                .desired_width(width)
                .lock_focus(true)
                .layouter(&mut layouter)
                .min_size(vec2(width, height - spacing::NORMAL))
                .show(ui);
            widgets::named(ui, &output.response, WidgetType::TextEdit, "Scene text");
            let (galley, at) = (output.galley.clone(), output.galley_pos);
            if output.response.changed() {
                document.changed_to(&content, now);
            }
            if let Some(range) = output.cursor_range {
                let [first, last] = range.sorted_cursors();
                let (start, end) = (byte_of(document.text(), first.index.0), byte_of(document.text(), last.index.0));
                let caret = byte_of(document.text(), range.primary.index.0);
                if caret != state.caret {
                    state.note = None;
                }
                (state.caret, state.selection) = (caret, start..end);
            }
            if output.response.changed() {
                after_typing(author, document, state);
            }
            let canvas = Canvas { document, galley: &galley, at, visible: ui.clip_rect() };
            canvas.decorate(ui, look, state);
            canvas.numbers(ui, look, gutter, state.caret);
            // A list of problems that opens below takes room away: the line being typed stays in sight.
            let lower = std::mem::replace(&mut state.height, height) > height + 0.5;
            let hidden = (lower && output.response.has_focus()).then_some(state.caret);
            if let Some(byte) = jump.or(hidden) {
                let (line, x) = canvas.place(byte);
                if let Some(row) = galley.rows.get(line) {
                    let place = Rect::from_min_size(at + vec2(x, row.pos.y), Vec2::splat(row.size.y));
                    ui.scroll_to_rect(place.expand(measure::CONTROL * 2.0), None);
                }
            }
            let has_focus = output.response.has_focus();
            if state.offer.is_some() && has_focus {
                let (line, _) = canvas.place(state.caret);
                let x = state.offer.as_ref().map_or(0.0, |offer| canvas.place(offer.completions.span.start).1);
                let row = galley.rows.get(line).map_or(0.0, |row| row.pos.y + row.size.y);
                offer(ui, look, document, state, at + vec2(x, row), now);
            } else if !has_focus {
                state.offer = None;
            }
        });
    });
}
