//! Parts that several panels are made of.

mod button;
mod capability;
mod cell;
mod choice;
mod empty;
pub mod file_dialog;
mod long_list;
mod property;
mod search;
mod section;
mod slider;
mod sort_head;
mod sparkline;
mod status;
mod tally;
mod tool;

pub use button::{buttons, icon_button, icon_toggle, text_button, verb_button};
pub use capability::capability_field;
pub use cell::{Cell, cell, combine_held, held_with, line_background, pressed_with, right_figure, row_background};
pub use choice::choice;
pub use empty::empty;
pub use file_dialog::{FileDialog, FileQuestion, FileTask};
pub use long_list::LongList;
pub use property::{property, property_text};
pub use search::search;
pub use section::section;
pub use slider::slider;
pub use sort_head::{sort_head, sorted_after};
pub use sparkline::sparkline;
pub use status::{dot, status_color, status_icon, status_word, swatch, tone_color};
pub use tally::{tallies, tally};
pub use tool::{tool_choice, tool_number};

use bevy_egui::egui;
use egui::{Response, TextStyle, TextWrapMode, Ui, WidgetInfo, WidgetText, WidgetType};

use crate::theme::{Look, measure};

/// The width that is left beside something so wide; none, and not less than none, in a window that is narrower.
pub fn rest(ui: &Ui, beside: f32) -> f32 {
    (ui.available_width() - beside).max(0.0)
}

/// Goes to the next line of a row that wraps if there is less room left than this: some widgets would be cut instead, others
/// belong together.
pub fn room(ui: &mut Ui, width: f32) {
    let layout = ui.layout();
    if layout.is_horizontal() && layout.main_wrap() && ui.available_size_before_wrap().x < width {
        ui.end_row();
        ui.set_row_height(measure::CONTROL);
    }
}

/// How wide a text is that isn't wrapped.
pub fn text_width(ui: &Ui, text: impl Into<WidgetText>) -> f32 {
    text.into().into_galley(ui, Some(TextWrapMode::Extend), f32::INFINITY, TextStyle::Body).size().x
}

/// Gives a widget the name by which screen readers and tests know it.
pub fn named(ui: &Ui, response: &Response, kind: WidgetType, name: &str) {
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(kind, enabled, name));
}

/// A tooltip: what it does, and the key that does it too.
pub fn tip(response: Response, look: &Look, text: &str, shortcut: &str) -> Response {
    if shortcut.is_empty() {
        return response.on_hover_text(look.body(text));
    }
    response.on_hover_ui(|ui| {
        ui.horizontal(|ui| {
            ui.label(look.body(text));
            ui.label(look.figure(shortcut).color(look.secondary));
        });
    })
}

/// A hairline over the whole width.
pub fn rule(ui: &mut Ui, look: &Look) {
    let clip = ui.clip_rect().x_range();
    let y = ui.cursor().top().round();
    ui.painter().hline(clip, y, crate::theme::hairline(look));
}
