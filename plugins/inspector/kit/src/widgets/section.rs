//! A part of a dock with a title, that opens and closes.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::collapsing_header::CollapsingState;
use egui::{Align, Layout, Sense, Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::icons::{ICON_CHEVRON_RIGHT, ICON_EXPAND_MORE};

use crate::theme::{Look, measure};

/// A title that opens and closes what is below it; `trailing` stands at the right of the title.
pub fn section(ui: &mut Ui, look: &Look, title: &str, trailing: impl FnOnce(&mut Ui), body: impl FnOnce(&mut Ui)) {
    let id = ui.make_persistent_id(("section", title));
    let mut state = CollapsingState::load_with_default_open(ui.ctx(), id, true);
    ui.horizontal(|ui| {
        let width = ui.available_width();
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let icon = if state.is_open() { ICON_EXPAND_MORE } else { ICON_CHEVRON_RIGHT };
        let galley = egui::WidgetText::from(look.strong(title)).into_galley(
            ui,
            Some(egui::TextWrapMode::Truncate),
            width,
            egui::TextStyle::Body,
        );
        let size = vec2(spacing::ICON + spacing::TIGHT + galley.size().x, measure::CONTROL);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let (enabled, open) = (ui.is_enabled(), state.is_open());
        response.widget_info(|| WidgetInfo::selected(WidgetType::CollapsingHeader, enabled, open, title));
        let tint = if response.hovered() || response.has_focus() { look.text } else { look.secondary };
        let font = egui::FontId::new(spacing::ICON, icon.font_family());
        let (left, middle) = (rect.left_center(), rect.center().y);
        ui.painter().text(left, egui::Align2::LEFT_CENTER, icon.codepoint, font, tint);
        let text_at = egui::pos2(rect.left() + spacing::ICON + spacing::TIGHT, middle - galley.size().y / 2.0);
        ui.painter().galley(text_at, galley, look.text);
        if response.clicked() {
            state.toggle(ui);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), trailing);
    });
    state.show_body_unindented(ui, |ui| {
        ui.add_space(spacing::TIGHT);
        body(ui);
    });
    ui.add_space(spacing::NORMAL);
    super::rule(ui, look);
    ui.add_space(spacing::NORMAL);
}
