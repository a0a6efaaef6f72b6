//! What an empty panel says: what would fill it, and how.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Label, Ui};
use egui_material_icons::MaterialIcon;

use crate::theme::Look;

/// An icon, what is missing, and what to do about it.
pub fn empty(ui: &mut Ui, look: &Look, icon: MaterialIcon, what: &str, how: &str) {
    ui.add_space(spacing::WIDE);
    ui.vertical_centered(|ui| {
        ui.label(look.icon(icon).color(look.disabled).size(spacing::ICON + spacing::NORMAL));
        ui.label(look.body(what));
        ui.add(Label::new(look.quiet(how)).wrap());
    });
    ui.add_space(spacing::WIDE);
}
