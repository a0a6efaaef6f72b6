//! A labelled value.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Label, Layout, Response, RichText, Ui, vec2};

use crate::theme::{Look, measure};

/// A row with a quiet label at the left and a value at the right; where both find no room beside each other, the value stands
/// below its label. Returns the label and what the value returned.
pub fn property<R>(ui: &mut Ui, look: &Look, label: &str, value: impl FnOnce(&mut Ui) -> R) -> (Response, R) {
    // How wide a row would have to be: it is known once the value did not fit. Values that fill what there is always fit.
    let id = ui.next_auto_id().with("property");
    let needed = ui.data(|data| data.get_temp::<f32>(id));
    let row = ui.available_width();
    if needed.is_some_and(|needed| row < needed) {
        return ui
            .vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let response = ui.add(Label::new(look.quiet(label)).truncate());
                let value = ui.horizontal(|ui| {
                    ui.set_min_height(measure::CONTROL);
                    ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                    ui.with_layout(Layout::right_to_left(Align::Center), value).inner
                });
                (response, value.inner)
            })
            .inner;
    }
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
        let left = ui.available_width();
        let value = ui.with_layout(Layout::right_to_left(Align::Center), value);
        let missing = value.response.rect.width() - left;
        // Half a pixel is rounding.
        if missing > 0.5 {
            ui.data_mut(|data| data.insert_temp(id, row + missing));
            // In the next frame it stands below. To lay the whole window out again in this one would be too much for that.
            ui.ctx().request_repaint();
        } else if needed.is_some() {
            ui.data_mut(|data| data.remove_temp::<f32>(id));
        }
        (response, value.inner)
    })
    .inner
}

/// A row whose value is text that is only read.
pub fn property_text(ui: &mut Ui, look: &Look, label: &str, value: impl Into<RichText>) -> Response {
    property(ui, look, label, |ui| ui.add(Label::new(value.into()).truncate())).1
}
