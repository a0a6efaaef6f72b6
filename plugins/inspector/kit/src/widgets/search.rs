//! A field to search in.

use bevy_egui::egui;
use egui::{TextEdit, Ui, WidgetType};
use egui_material_icons::icons::ICON_SEARCH;

use super::named;
use crate::theme::{Look, measure};

/// A field to search in a table.
pub fn search(ui: &mut Ui, look: &Look, text: &mut String, name: &str) {
    let icon = look.icon(ICON_SEARCH).color(look.secondary);
    let response =
        ui.add(TextEdit::singleline(text).prefix(icon).hint_text(name.to_owned()).desired_width(measure::SEARCH));
    named(ui, &response, WidgetType::TextEdit, name);
}
