//! Parts that several panels are made of.

mod button;
mod cell;
mod choice;
mod empty;
pub mod file_dialog;
mod long_list;
mod property;
mod section;
mod slider;
mod sparkline;
mod status;

pub use button::{buttons, icon_button, icon_toggle, text_button, verb_button};
pub use cell::{Cell, cell, combine_held, line_background, right_figure, row_background};
pub use choice::choice;
pub use empty::empty;
pub use file_dialog::{FileDialog, FileQuestion, FileTask};
pub use long_list::LongList;
pub use property::{property, property_text};
pub use section::section;
pub use slider::slider;
pub use sparkline::sparkline;
pub use status::{dot, status_color, status_icon, status_word, swatch};

use bevy_egui::egui;
use egui::{Response, Ui, WidgetInfo, WidgetType};

use crate::theme::Look;

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
