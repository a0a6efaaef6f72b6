//! What keys do in the editor, and where the caret goes.

use std::sync::Arc;

use agent2028_language::patch::TextEdit as Edit;
use bevy_egui::egui;
use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Key, Modifiers, Ui};

use super::completion::{complete, take};
use super::find::Find;
use super::{EditorState, editor_id, run};
use crate::actions::Actions;
use crate::authoring::SceneAuthor;
use crate::document::Document;

/// Four blanks, as scenes are written.
pub(super) const INDENT: &str = "    ";

/// What keys do in the editor, before the text field sees them.
pub(super) fn keys(
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
pub(super) fn new_line(ui: &Ui, document: &mut Document, state: &mut EditorState, now: f64) {
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

pub(super) fn replace_selection(ui: &Ui, document: &mut Document, state: &mut EditorState, text: &str, now: f64) {
    let span = state.selection.clone();
    let caret = span.start + text.len();
    document.apply(&Edit { span, text: text.into() }, now);
    set_caret(ui, document, state, caret..caret);
}

pub(super) fn chars_before(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    if text.is_ascii() { byte } else { text[..byte].chars().count() }
}

pub(super) fn byte_of(text: &str, characters: usize) -> usize {
    if text.is_ascii() {
        return characters.min(text.len());
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

pub(super) fn set_caret(ui: &Ui, document: &Document, state: &mut EditorState, span: std::ops::Range<usize>) {
    let cursor = |byte: usize| CCursor::new(chars_before(document.text(), byte));
    let mut remembered = TextEditState::load(ui.ctx(), editor_id()).unwrap_or_default();
    remembered.cursor.set_char_range(Some(CCursorRange::two(cursor(span.start), cursor(span.end))));
    remembered.store(ui.ctx(), editor_id());
    state.caret = span.end;
    state.selection = span;
}
