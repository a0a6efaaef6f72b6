//! The scene as text: coloured, with what is wrong underlined, completion, search, and a way to try it out.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use agent2028_language::complete::{self, Completion, Completions, Known};
use agent2028_language::indent::indent;
use agent2028_language::patch::TextEdit as Edit;
use agent2028_language::syntax::lexer::{TokenKind, matching_brackets};
use agent2028_view::Theme;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::text::{CCursor, CCursorRange, CharIndex, LayoutJob, TextFormat};
use egui::text_edit::TextEditState;
use egui::{
    Align, Area, FontId, Galley, Id, Key, Label, Layout, Modifiers, Order, Pos2, Rect, ScrollArea, Sense, Stroke,
    TextBuffer, TextEdit, Ui, Vec2, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_material_icons::icons::{
    ICON_CLOSE, ICON_EDIT_NOTE, ICON_ERROR, ICON_FIND_REPLACE, ICON_FORMAT_INDENT_INCREASE, ICON_KEYBOARD_ARROW_DOWN,
    ICON_KEYBOARD_ARROW_UP, ICON_PLAY_ARROW, ICON_REDO, ICON_RESTART_ALT as ICON_REVERT, ICON_SAVE, ICON_SEARCH,
    ICON_UNDO,
};

use crate::actions::{Action, Actions};
use crate::authoring::{SceneAuthor, TextProblem, line_and_column};
use crate::document::Document;
use crate::editing::ScenesState;
use crate::format;
use crate::panel::{Group, Panel, PanelContext, PanelFacts, PanelKey, Place};
use crate::scene::SceneRequest;
use crate::theme::{Look, floating_frame, hairline, measure, radius};
use crate::widgets;

/// Four blanks, as scenes are written.
const INDENT: &str = "    ";
/// So many completions are listed at once.
const LISTED: usize = 9;
/// Marks of search results end after so many, so that searching for a blank stays quick.
const MOST_FOUND: usize = 10_000;

/// A search in the text.
#[derive(Clone, Debug, Default)]
struct Find {
    wanted: String,
    instead: String,
    /// Where it was found, in bytes; for which text and words that holds.
    found: Vec<usize>,
    known: Option<(u64, String)>,
    at: usize,
    fresh: bool,
}

/// The list of completions while it is open.
#[derive(Clone, Debug)]
struct Offer {
    completions: Completions,
    chosen: usize,
}

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

/// The panel of the scene as text.
#[derive(Clone, Copy, Debug)]
pub struct EditorPanel;

impl Panel for EditorPanel {
    type State = ();
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Editor"),
        title: "Scene text",
        icon: ICON_EDIT_NOTE,
        help: "The scene as text, with errors in place and completion.",
        group: Group::Scene,
        place: Place::Right,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        let mut scenes = context.states.take::<ScenesState>();
        let ScenesState { document, editor, .. } = &mut *scenes;
        let author = context.facts.author.map(|author| &author.0);
        show(ui, context.look, author, document, editor, context.actions);
        context.states.put(scenes);
    }
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

/// What keys do in the editor, before the text field sees them.
fn keys(
    ui: &Ui,
    author: Option<&Arc<dyn SceneAuthor>>,
    document: &mut Document,
    state: &mut EditorState,
    actions: &mut Actions,
    focused: bool,
    now: f64,
) {
    let pressed = |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
    if !focused {
        return;
    }
    let ctrl = Modifiers::COMMAND;
    if state.offer.is_some() {
        if pressed(Modifiers::NONE, Key::Escape) {
            state.offer = None;
            ui.memory_mut(|memory| memory.request_focus(editor_id()));
        }
        let step =
            i64::from(pressed(Modifiers::NONE, Key::ArrowDown)) - i64::from(pressed(Modifiers::NONE, Key::ArrowUp));
        if let Some(offer) = &mut state.offer {
            let count = offer.completions.items.len() as i64;
            offer.chosen = (offer.chosen as i64 + step).rem_euclid(count.max(1)) as usize;
        }
        if (pressed(Modifiers::NONE, Key::Enter) || pressed(Modifiers::NONE, Key::Tab))
            && let Some(offer) = state.offer.take()
            && let Some(chosen) = offer.completions.items.get(offer.chosen)
        {
            take(ui, document, state, &offer.completions.span, chosen, now);
        }
    }
    if pressed(ctrl | Modifiers::SHIFT, Key::Z) || pressed(ctrl, Key::Y) {
        if let Some(caret) = document.redo(now) {
            state.jump_to(caret);
        }
    } else if pressed(ctrl, Key::Z)
        && let Some(caret) = document.undo(now)
    {
        state.jump_to(caret);
    }
    if pressed(ctrl, Key::Enter) {
        run(document, actions);
    }
    if pressed(ctrl, Key::F) {
        let chosen = document.text().get(state.selection.clone()).unwrap_or_default();
        let wanted = if chosen.contains('\n') { String::new() } else { chosen.to_owned() };
        state.find = Some(Find { wanted, fresh: true, ..Find::default() });
    }
    if pressed(ctrl, Key::G) {
        state.goto = Some(String::new());
    }
    if pressed(ctrl, Key::Space) {
        complete(author, document, state, true);
    }
    if pressed(Modifiers::NONE, Key::Tab) {
        replace_selection(ui, document, state, INDENT, now);
    }
    if pressed(Modifiers::NONE, Key::Enter) {
        new_line(ui, document, state, now);
    }
}

/// A new line begins under the one before, one step further in if that opens a bracket.
fn new_line(ui: &Ui, document: &mut Document, state: &mut EditorState, now: f64) {
    let text = document.text();
    let start = state.selection.start.min(text.len());
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let before = text.get(line_start..start).unwrap_or_default();
    let indent: String = before.chars().take_while(|letter| *letter == ' ').collect();
    let opens = before.trim_end().ends_with(['(', '[', '{']);
    let closes = text.get(state.selection.end..).is_some_and(|rest| rest.starts_with([')', ']', '}']));
    let inner = if opens { format!("{indent}{INDENT}") } else { indent.clone() };
    let caret = start + 1 + inner.len();
    let tail = if opens && closes { format!("\n{indent}") } else { String::new() };
    replace_selection(ui, document, state, &format!("\n{inner}{tail}"), now);
    set_caret(ui, document, state, caret..caret);
}

fn replace_selection(ui: &Ui, document: &mut Document, state: &mut EditorState, text: &str, now: f64) {
    let span = state.selection.clone();
    let caret = span.start + text.len();
    document.apply(&Edit { span, text: text.into() }, now);
    set_caret(ui, document, state, caret..caret);
}

fn chars_before(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    if text.is_ascii() { byte } else { text[..byte].chars().count() }
}

fn byte_of(text: &str, characters: usize) -> usize {
    if text.is_ascii() {
        return characters.min(text.len());
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

fn set_caret(ui: &Ui, document: &Document, state: &mut EditorState, span: std::ops::Range<usize>) {
    let cursor = |byte: usize| CCursor::new(chars_before(document.text(), byte));
    let mut remembered = TextEditState::load(ui.ctx(), editor_id()).unwrap_or_default();
    remembered.cursor.set_char_range(Some(CCursorRange::two(cursor(span.start), cursor(span.end))));
    remembered.store(ui.ctx(), editor_id());
    state.caret = span.end;
    state.selection = span;
}

fn run(document: &Document, actions: &mut Actions) {
    actions.push(Action::Scene(SceneRequest::Run(document.text().to_owned())));
}

/// Puts a completion into the text; the caret lands where it says.
fn take(
    ui: &Ui,
    document: &mut Document,
    state: &mut EditorState,
    span: &std::ops::Range<usize>,
    chosen: &Completion,
    now: f64,
) {
    let caret = span.start + chosen.insert.find('|').unwrap_or(chosen.insert.len());
    document.apply(&Edit { span: span.clone(), text: chosen.insert.replacen('|', "", 1) }, now);
    set_caret(ui, document, state, caret..caret);
    ui.memory_mut(|memory| memory.request_focus(editor_id()));
}

fn complete(author: Option<&Arc<dyn SceneAuthor>>, document: &Document, state: &mut EditorState, asked: bool) {
    let Some(author) = author else {
        return;
    };
    let analysis = document.analysis();
    let known = Known { tree: analysis.tree.as_ref(), metrics: &analysis.metrics };
    let completions = complete::complete(author.types(), document.text(), state.caret, known);
    let typed = document.text().get(completions.span.start..state.caret).unwrap_or_default();
    let done = completions.items.len() == 1 && completions.items[0].label == typed;
    if completions.items.is_empty() || (done && !asked) {
        state.offer = None;
        if asked && completions.items.is_empty() {
            state.note = Some("Nothing is known to stand here".into());
        }
        return;
    }
    state.offer = Some(Offer { completions, chosen: 0 });
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

fn goto_bar(ui: &mut Ui, look: &Look, document: &Document, state: &mut EditorState) {
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
    fn look(&mut self, document: &Document) {
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

fn find_bar(ui: &mut Ui, look: &Look, document: &mut Document, state: &mut EditorState, now: f64) {
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

/// The text as rows of glyphs, coloured by what its words are.
fn lay_out(ui: &Ui, look: &Look, text: &str) -> Arc<Galley> {
    let font = FontId::monospace(agent2028_view::tokens::type_size::BODY);
    let plain = TextFormat { font_id: font.clone(), color: look.secondary, ..TextFormat::default() };
    let mut job = LayoutJob { break_on_newline: true, keep_trailing_whitespace: true, ..LayoutJob::default() };
    job.wrap.max_width = f32::INFINITY;
    let mut end = 0;
    for token in agent2028_language::syntax::lexer::tokens(text) {
        if token.span.start > end {
            job.append(&text[end..token.span.start], 0.0, plain.clone());
        }
        let color = match token.kind {
            TokenKind::Text => look.good,
            TokenKind::Number => look.warning,
            TokenKind::Word => look.info,
            TokenKind::Field => look.text,
            TokenKind::Comment | TokenKind::Open | TokenKind::Close | TokenKind::Comma | TokenKind::Colon => {
                look.secondary
            }
            TokenKind::Other => look.danger,
        };
        let italics = token.kind == TokenKind::Comment;
        job.append(&text[token.span.clone()], 0.0, TextFormat { color, italics, ..plain.clone() });
        end = token.span.end;
    }
    if end < text.len() {
        job.append(&text[end..], 0.0, plain);
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
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

/// Completion opens by itself once a word is being typed.
fn after_typing(author: Option<&Arc<dyn SceneAuthor>>, document: &Document, state: &mut EditorState) {
    let before = document.text().get(..state.caret).and_then(|text| text.chars().next_back());
    if before.is_some_and(|letter| letter == '_' || letter == '"' || letter == '.' || letter.is_alphabetic()) {
        complete(author, document, state, false);
    } else {
        state.offer = None;
    }
}

/// The text where it is drawn.
struct Canvas<'a> {
    document: &'a Document,
    galley: &'a Galley,
    at: Pos2,
    visible: Rect,
}

impl Canvas<'_> {
    /// The line of a byte and its distance from the left edge.
    fn place(&self, byte: usize) -> (usize, f32) {
        let text = self.document.text();
        let line = self.document.line_of(byte.min(text.len()));
        let start = self.document.line_span(line).start;
        let column = text.get(start..byte.min(text.len())).map_or(0, |before| before.chars().count());
        (line, self.galley.rows.get(line).map_or(0.0, |row| row.pos.x + row.x_offset(CharIndex(column))))
    }

    fn visible_lines(&self) -> std::ops::Range<usize> {
        let rows = &self.galley.rows;
        let first = rows.partition_point(|row| self.at.y + row.max_y() < self.visible.top());
        let last = rows.partition_point(|row| self.at.y + row.min_y() < self.visible.bottom());
        first..last.max(first)
    }

    /// The rectangle of some bytes of one line.
    fn span(&self, span: &std::ops::Range<usize>) -> Option<Rect> {
        let (line, from) = self.place(span.start);
        let end = span.end.min(self.document.line_span(line).end);
        let (_, to) = self.place(end.max(span.start));
        let row = self.galley.rows.get(line)?;
        let least = measure::DIGIT;
        let size = vec2((to - from).max(least), row.size.y);
        Some(Rect::from_min_size(self.at + vec2(from, row.pos.y), size))
    }

    /// Underlines, brackets that belong together, and what was found.
    fn decorate(&self, ui: &Ui, look: &Look, state: &EditorState) {
        let lines = self.visible_lines();
        let painter = ui.painter();
        let first = self.document.line_span(lines.start).start;
        let last = self.document.line_span(lines.end.saturating_sub(1).max(lines.start)).end;
        if let Some(find) = &state.find {
            let from = find.found.partition_point(|at| *at < first);
            for (index, at) in find.found[from..].iter().enumerate().take_while(|(_, at)| **at <= last) {
                if let Some(rect) = self.span(&(*at..*at + find.wanted.len())) {
                    let strength = if from + index == find.at { 0.45 } else { 0.2 };
                    painter.rect_filled(rect, radius(), look.accent.gamma_multiply(strength));
                }
            }
        }
        let brackets = matching_brackets(self.document.text(), self.document.tokens(), state.caret);
        for span in brackets.iter().flat_map(|(one, other)| [one, other]) {
            if let Some(rect) = self.span(span).filter(|rect| self.visible.intersects(*rect)) {
                let stroke = Stroke::new(spacing::HAIRLINE, look.accent);
                painter.rect_stroke(rect, radius(), stroke, egui::StrokeKind::Inside);
            }
        }
        for problem in self.document.analysis().problems.iter().filter(|problem| problem.here) {
            if problem.span.start < first || problem.span.start > last {
                continue;
            }
            if let Some(rect) = self.span(&problem.span) {
                squiggle(painter, rect, look.danger);
                let id = ui.id().with(("problem", problem.span.start, problem.message.as_str()));
                let about = ui.interact(rect, id, Sense::hover());
                about.on_hover_ui(|ui| {
                    ui.label(look.body(problem.message.as_str()));
                    if !problem.help.is_empty() {
                        ui.label(look.quiet(problem.help.as_str()));
                    }
                });
            }
        }
    }

    /// The numbers of the lines, at the left edge wherever the text is scrolled to.
    fn numbers(&self, ui: &Ui, look: &Look, width: f32, caret: usize) {
        let left = self.visible.left();
        let strip = Rect::from_min_max(
            pos2(left, self.visible.top()),
            pos2(left + width - spacing::NORMAL, self.visible.bottom()),
        );
        ui.painter().rect_filled(strip, 0.0, look.panel);
        let here = self.document.line_of(caret);
        let wrong: Vec<usize> = self
            .document
            .analysis()
            .problems
            .iter()
            .filter(|problem| problem.here)
            .map(|problem| problem.line)
            .collect();
        for line in self.visible_lines() {
            let Some(row) = self.galley.rows.get(line) else {
                continue;
            };
            let color = if wrong.contains(&(line + 1)) {
                look.danger
            } else if line == here {
                look.text
            } else {
                look.secondary
            };
            let font = FontId::monospace(agent2028_view::tokens::type_size::SMALL);
            let at = pos2(strip.right() - spacing::NORMAL, self.at.y + row.rect().center().y);
            ui.painter().text(at, egui::Align2::RIGHT_CENTER, line + 1, font, color);
        }
    }
}

/// A wavy line under what is wrong.
fn squiggle(painter: &egui::Painter, rect: Rect, color: egui::Color32) {
    let step = spacing::TIGHT / 2.0;
    let points: Vec<Pos2> = (0..=((rect.width() / step) as usize))
        .map(|index| {
            let up = if index % 2 == 0 { 0.0 } else { step };
            pos2(rect.left() + index as f32 * step, rect.bottom() - up)
        })
        .collect();
    painter.add(egui::Shape::line(points, Stroke::new(spacing::HAIRLINE, color)));
}

/// The list of completions at the caret, with what the chosen one means.
fn offer(ui: &Ui, look: &Look, document: &mut Document, state: &mut EditorState, at: Pos2, now: f64) {
    let Some(offer) = state.offer.clone() else {
        return;
    };
    let mut picked = None;
    Area::new(Id::new("completions")).order(Order::Foreground).fixed_pos(at).constrain(true).show(ui.ctx(), |ui| {
        floating_frame(look).inner_margin(crate::theme::margin(spacing::TIGHT, spacing::TIGHT)).show(ui, |ui| {
            ui.set_width(measure::COMPLETIONS);
            ui.spacing_mut().item_spacing.y = 0.0;
            let first = offer.chosen.saturating_sub(LISTED - 1);
            for (index, item) in offer.completions.items.iter().enumerate().skip(first).take(LISTED) {
                let chosen = index == offer.chosen;
                let response = widgets::row_background(ui, look, ("completion", index), chosen);
                let enabled = ui.is_enabled();
                response.widget_info(|| {
                    WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, item.label.as_str())
                });
                ui.horizontal(|ui| {
                    ui.set_min_height(measure::TABLE_ROW);
                    ui.label(look.figure(item.label.as_str()));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.add(Label::new(look.quiet(item.detail.as_str())).truncate());
                    });
                });
                if response.clicked() {
                    picked = Some(index);
                }
            }
            let more = offer.completions.items.len().saturating_sub(first + LISTED);
            if more > 0 {
                ui.label(look.quiet(format!("{more} more")));
            }
            if let Some(docs) =
                offer.completions.items.get(offer.chosen).map(|item| item.docs.as_str()).filter(|docs| !docs.is_empty())
            {
                ui.separator();
                ui.add(Label::new(look.quiet(docs)).wrap());
            }
        });
    });
    if let Some(index) = picked {
        state.offer = None;
        take(ui, document, state, &offer.completions.span, &offer.completions.items[index], now);
    }
}

fn problem_list(ui: &mut Ui, look: &Look, document: &Document, state: &mut EditorState, height: f32) {
    ui.add_space(spacing::TIGHT);
    let problems = &document.analysis().problems;
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut jump = None;
    ScrollArea::vertical().id_salt("problems of the text").max_height(height).auto_shrink([false, true]).show_rows(
        ui,
        measure::PROBLEM_ROW,
        problems.len(),
        |ui, rows| {
            for problem in &problems[rows] {
                if row(ui, look, problem) && problem.here {
                    jump = Some(problem.span.start);
                }
            }
        },
    );
    if let Some(byte) = jump {
        state.jump_to(byte);
    }
}

/// A problem in two lines; true if it is clicked.
fn row(ui: &mut Ui, look: &Look, problem: &TextProblem) -> bool {
    let start = ui.cursor().min;
    let rect = Rect::from_min_size(start, vec2(ui.available_width(), measure::PROBLEM_ROW));
    let id = ui.id().with(("row", problem.span.start, problem.message.as_str()));
    let response = ui.interact(rect, id, Sense::click());
    let enabled = ui.is_enabled();
    let name = format!("Line {}: {}", problem.line, problem.message);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, enabled, name.as_str()));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, radius(), look.raised);
    }
    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(spacing::TIGHT, 0.0))));
    inner.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
    inner.horizontal(|ui| {
        ui.label(look.icon(ICON_ERROR).color(look.danger));
        let place = if problem.here { format!("{}:{}", problem.line, problem.column) } else { problem.place() };
        ui.label(look.figure(place).color(look.secondary));
        ui.add(Label::new(look.body(problem.message.as_str())).truncate());
    });
    inner.horizontal(|ui| {
        ui.add_space(spacing::ICON + spacing::NORMAL);
        ui.add(Label::new(look.quiet(problem.help.as_str())).truncate());
    });
    ui.allocate_rect(rect, Sense::hover());
    response.on_hover_text(look.body("Go to this place")).clicked()
}
