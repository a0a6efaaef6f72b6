//! Options of a tool, in the strip over the world.

use bevy_egui::egui;
use egui::{Align, DragValue, Layout, Ui, WidgetInfo, WidgetType};

use super::{choice, named, tip};
use crate::theme::{Look, measure};

/// A named number with a quiet label before it. Whether it was changed.
pub fn tool_number(ui: &mut Ui, look: &Look, name: &str, help: &str, field: DragValue) -> bool {
    ui.label(look.quiet(name));
    let response = ui.add(field);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, enabled, name));
    tip(response, look, help, "").changed()
}

/// One of several names.
pub fn tool_choice<'a>(ui: &mut Ui, name: &str, chosen: &mut String, among: impl Iterator<Item = &'a str>) {
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        let response = choice(name, measure::NUMBER, chosen.as_str())
            .show_ui(ui, |ui| {
                for known in among {
                    ui.selectable_value(chosen, known.to_owned(), known);
                }
            })
            .response;
        named(ui, &response, WidgetType::ComboBox, name);
    });
}
