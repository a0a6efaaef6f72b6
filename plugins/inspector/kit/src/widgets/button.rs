//! Buttons: square ones with an icon, and ones with a verb.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{
    Align2, Atom, AtomExt as _, Button, Color32, FontId, Response, RichText, Sense, Stroke, Ui, WidgetInfo, WidgetType,
};
use egui_material_icons::MaterialIcon;

use crate::theme::{Look, icon_button_size, radius};

/// A square button that shows an icon only; `name` is what screen readers say.
pub fn icon_button(ui: &mut Ui, look: &Look, icon: MaterialIcon, name: &str) -> Response {
    let response = square(ui, look, icon, false);
    super::named(ui, &response, WidgetType::Button, name);
    response
}

/// A square button that is on or off.
pub fn icon_toggle(ui: &mut Ui, look: &Look, icon: MaterialIcon, name: &str, on: bool) -> Response {
    let response = square(ui, look, icon, on);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(WidgetType::Button, enabled, on, name));
    response
}

fn square(ui: &mut Ui, look: &Look, icon: MaterialIcon, on: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(icon_button_size(), Sense::click());
    if ui.is_rect_visible(rect) {
        let visuals = ui.style().interact(&response);
        let (fill, tint) = if !ui.is_enabled() {
            (Color32::TRANSPARENT, look.disabled)
        } else if response.is_pointer_button_down_on() || response.hovered() {
            (visuals.weak_bg_fill, look.text)
        } else if on {
            (look.raised, look.accent)
        } else {
            (Color32::TRANSPARENT, look.secondary)
        };
        let ring = if response.has_focus() { look.accent } else { Color32::TRANSPARENT };
        ui.painter().rect(rect, radius(), fill, Stroke::new(spacing::HAIRLINE, ring), egui::StrokeKind::Inside);
        let tint = if on && ui.is_enabled() { look.accent } else { tint };
        let font = FontId::new(spacing::ICON, icon.font_family());
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, icon.codepoint, font, tint);
    }
    response
}

/// A button with text.
pub fn text_button(ui: &mut Ui, text: impl Into<RichText>) -> Response {
    ui.add(Button::new(text.into()))
}

/// A button of a given width whose text starts with a verb, an icon in front of it.
pub fn verb_button(ui: &mut Ui, look: &Look, icon: MaterialIcon, tint: Color32, text: &str, width: f32) -> Response {
    let tint = if ui.is_enabled() { tint } else { look.disabled };
    let response = ui
        .scope(|ui| {
            // The icon's line is higher than the text's; the row must not be.
            ui.spacing_mut().button_padding.y = 0.0;
            let label = look.body(text);
            let label = if ui.is_enabled() { label } else { label.color(look.disabled) };
            let atoms = (look.icon(icon).color(tint), label.atom_shrink(true), Atom::grow());
            ui.add_sized(egui::vec2(width, icon_button_size().y), Button::new(atoms).truncate().gap(spacing::TIGHT))
        })
        .inner;
    super::named(ui, &response, WidgetType::Button, text);
    response
}

/// A line of buttons from the right, below what they answer. A plain layout from the right would take all the height that
/// there is: in a dialog or a notice that is the whole window.
pub fn buttons(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let size = egui::vec2(ui.available_width(), crate::theme::measure::CONTROL);
    ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), add);
}
