//! A labelled value.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Label, Layout, Response, RichText, Ui, vec2};

use crate::theme::{Look, measure};

/// A row with a quiet label at the left and a value at the right. Returns the label and what the value returned.
pub fn property<R>(ui: &mut Ui, look: &Look, label: &str, value: impl FnOnce(&mut Ui) -> R) -> (Response, R) {
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let response = ui
            .allocate_ui_with_layout(
                vec2(measure::LABEL, measure::CONTROL),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.set_min_width(measure::LABEL);
                    ui.add(Label::new(look.quiet(label)).truncate())
                },
            )
            .inner;
        let value = ui.with_layout(Layout::right_to_left(Align::Center), value).inner;
        (response, value)
    })
    .inner
}

/// A row whose value is text that is only read.
pub fn property_text(ui: &mut Ui, look: &Look, label: &str, value: impl Into<RichText>) -> Response {
    property(ui, look, label, |ui| ui.add(Label::new(value.into()).truncate())).1
}
