//! A choice of one from a list.

use bevy_egui::egui;
use egui::{Align2, ComboBox, FontId, Rect, Ui, WidgetText, style::WidgetVisuals};
use egui_material_icons::icons::ICON_EXPAND_MORE;
use std::hash::Hash;

use agent2028_view::tokens::spacing;

/// A field of a width that shows what is chosen and opens the list.
pub fn choice(salt: impl Hash + std::fmt::Debug, width: f32, chosen: impl Into<WidgetText>) -> ComboBox {
    ComboBox::from_id_salt(salt).width(width).truncate().icon(chevron).selected_text(chosen)
}

fn chevron(ui: &Ui, rect: Rect, visuals: &WidgetVisuals, _: bool) {
    let font = FontId::new(spacing::ICON, ICON_EXPAND_MORE.font_family());
    let tint = visuals.fg_stroke.color;
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, ICON_EXPAND_MORE.codepoint, font, tint);
}
