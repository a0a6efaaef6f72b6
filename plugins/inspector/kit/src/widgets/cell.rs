//! Rows and cells of tables with columns of fixed width.

use agent2028_view::Combine;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Event, Key, Layout, Modifiers, Rect, Response, RichText, Sense, Ui, UiBuilder, vec2};

use crate::theme::{Look, measure};

/// How a cell holds its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// At the left, for words.
    Left,
    /// At the right, for numbers.
    Right,
}

/// A cell of a fixed width; what doesn't fit is cut with an ellipsis and shown whole under the pointer.
pub fn cell<R>(ui: &mut Ui, width: f32, align: Cell, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let (_, rect) = ui.allocate_space(vec2(width, measure::TABLE_ROW));
    let layout = match align {
        Cell::Left => Layout::left_to_right(Align::Center),
        Cell::Right => Layout::right_to_left(Align::Center),
    };
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    child.set_clip_rect(rect.intersect(ui.clip_rect()));
    child.spacing_mut().item_spacing.x = spacing::TIGHT;
    child.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
    contents(&mut child)
}

/// A number at the right end of a cell.
pub fn right_figure(ui: &mut Ui, width: f32, text: impl Into<RichText>) {
    cell(ui, width, Cell::Right, |ui| ui.label(text.into()));
}

/// Makes the row that is about to be drawn clickable, and marks it under the pointer or while chosen.
pub fn row_background(
    ui: &mut Ui,
    look: &Look,
    salt: impl std::hash::Hash + std::fmt::Debug,
    chosen: bool,
) -> Response {
    line_background(ui, look, salt, measure::TABLE_ROW, chosen)
}

/// The same for a line of another height.
pub fn line_background(
    ui: &mut Ui,
    look: &Look,
    salt: impl std::hash::Hash + std::fmt::Debug,
    height: f32,
    chosen: bool,
) -> Response {
    let start = ui.cursor().min;
    let rect = Rect::from_min_size(start, vec2(ui.available_width(), height));
    let id = ui.id().with(salt);
    let response = ui.interact(rect, id, Sense::click());
    if chosen || response.hovered() || response.has_focus() {
        let fill = if chosen { ui.visuals().selection.bg_fill } else { look.raised };
        ui.painter().rect_filled(rect, crate::theme::radius(), fill);
    }
    response
}

/// How a click that selects combines with what is selected, by the keys that are held with it.
pub fn combine_held(ui: &Ui) -> Combine {
    match held_with(ui) {
        held if held.alt || held.command => Combine::Subtract,
        held if held.shift => Combine::Add,
        _ => Combine::Replace,
    }
}

/// What was held at the last click or key press of this frame; what is held now if there was none.
pub fn held_with(ui: &Ui) -> Modifiers {
    ui.input(|input| {
        let of = |event: &Event| match event {
            Event::PointerButton { modifiers, .. } | Event::Key { modifiers, .. } => Some(*modifiers),
            _ => None,
        };
        input.events.iter().rev().find_map(of).unwrap_or(input.modifiers)
    })
}

/// What was held when a key was pressed in this frame; nothing if it was not.
pub fn pressed_with(ui: &Ui, wanted: Key) -> Option<Modifiers> {
    ui.input(|input| {
        input.events.iter().find_map(|event| match event {
            Event::Key { key, pressed: true, modifiers, .. } if *key == wanted => Some(*modifiers),
            _ => None,
        })
    })
}
