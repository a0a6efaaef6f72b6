//! A placeholder for a panel of a saved layout that no plugin of this program has.

use bevy_egui::egui::Ui;
use egui_material_icons::icons::ICON_EXTENSION_OFF;

use crate::theme::Look;
use crate::widgets;

/// Shows that the panel is of another program, and what to do.
pub fn show(ui: &mut Ui, look: &Look) {
    widgets::empty(
        ui,
        look,
        ICON_EXTENSION_OFF,
        "This panel is not here",
        "A plugin that this program doesn't have brings it. Close it, or keep its place for that program.",
    );
}
